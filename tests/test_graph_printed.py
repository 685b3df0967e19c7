"""No line of the working is false: every formula shown is worked out again.

First the steps as data, in full precision; then the text as it is printed, with no more
than the digits that it shows. The evaluator (`recomputed.py`) shares nothing with the
program but the parser.
"""

from __future__ import annotations

import random
import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from recomputed import Evaluator, Floats, Interval, Intervals, Rounded, Unknown, interval
from test_graph_random import BINARY, RATIONAL, TERNARY, UNARY, array_graph, written

from hwsolve.errors import EquationError
from hwsolve.expr.notation import text
from hwsolve.expr.parser import parse_expression
from hwsolve.expr.tree import Deriv, Expr, Num, Sym, walk
from hwsolve.problem.reader import read_problem, read_text
from hwsolve.render.terminal import render
from hwsolve.solution import Solution, Step
from hwsolve.solvers import solve

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1] / "problems"
FILES = sorted(ROOT.rglob("*.yaml"))
GRAPHS = {"graph", "network", "recurrent"}


def parts_of(solution: Solution) -> Iterator[Solution]:
    for part in solution.parts:
        yield from parts_of(part)
    if not solution.parts:
        yield solution


# -- the steps as data ----------------------------------------------------------------


def is_path(name: Expr | None) -> bool:
    return isinstance(name, Sym) and re.fullmatch(r"path ?\d+", name.name) is not None


def evaluator(solution: Solution, known: dict[Expr, Any]) -> Evaluator:
    """An evaluator in the number system and the numbering of a solution."""
    places = solution.settings.get("round_steps")
    ties = next((c.meaning for c in solution.conventions if c.name == "round_steps"), "")
    numbers = Floats() if places is None else Rounded(places, "even" if "even" in ties else "away")
    first = next((int(c.value) for c in solution.conventions if c.name == "first_index"), 0)
    return Evaluator(known, numbers, first)


def steps_of(solution: Solution) -> Iterator[Step]:
    for step in solution.given:
        # the formula of a given value is a text
        forms = tuple(parse_expression(f.name) for f in step.forms if isinstance(f, Sym))
        yield step._replace(forms=forms)
    for section in solution.sections:
        yield from (block for block in section.blocks if isinstance(block, Step))


def same(found: Any, stated: Any, *, exactly: bool) -> bool:
    one, other = np.array(found, dtype=object), np.array(stated, dtype=object)
    if one.shape != other.shape:
        return False
    pairs = zip(one.ravel(), other.ravel(), strict=True)
    if exactly:
        return all(a == b for a, b in pairs)
    size = max((abs(float(b)) for b in other.ravel()), default=0.0)
    return all(
        abs(float(a) - float(b)) <= 1e-9 * max(abs(float(b)), 1e-3 * size) + 1e-13 for a, b in pairs
    )


def false_steps(solution: Solution) -> list[str]:
    """The forms in a solution's steps that do not have the step's value."""
    known: dict[Expr, Any] = {}
    steps = list(steps_of(solution))
    for step in steps:
        if step.name is not None and step.value is not None and not is_path(step.name):
            known.setdefault(step.name, step.value)
    rounded = solution.settings.get("round_steps") is not None
    work = evaluator(solution, known)
    found = []
    for step in steps:
        if step.name is not None and is_path(step.name):
            known[step.name] = step.value
        for form in step.forms if step.value is not None else ():
            try:
                value = work.value(form)
            except Unknown:
                # a symbol of a layer's formula, or a local derivative that has no line
                if solution.kind in GRAPHS and not (has_partial(form) or "step(" in text(form)):
                    found.append(f"unknown: {text(form)}")
                continue
            if not same(value, step.value, exactly=rounded):
                name = "" if step.name is None else f"{text(step.name)} = "
                found.append(f"{name}{text(form)} is {value} and not {step.value}")
    return found


def has_partial(form: Expr) -> bool:
    return any(isinstance(node, Deriv) and node.partial for node in walk(form))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_step_of_a_problems_working_is_false(path: Path) -> None:
    for part in parts_of(solve(read_problem(str(path)))):
        assert false_steps(part) == []


def random_graph(chance: random.Random, size: int, rules: Any = None, **more: str) -> str:
    names = [f"x{k}" for k in range(4)]
    values = [Fraction(chance.randint(-150, 150), 100) for _ in names]
    lines = ["f(z) = (1 + z*z)/4", "g(u, v) = 0.3*u*v - 0.2*u"]
    known = list(names)
    for number in range(size):
        pool = rules or chance.choice([UNARY, BINARY, BINARY, TERNARY])
        template, _ = chance.choice(pool)
        arity = 1 + max(int(k) for k in re.findall(r"\{(\d)\}", template))
        lines.append(f"y{number} = {template.format(*[chance.choice(known[-6:]) for _ in range(arity)])}")
        known.append(f"y{number}")
    lines.append(f"L = tanh(y{size - 1})" if rules is None else f"L = y{size - 1}/2")
    return written(names, [float(v) for v in values], lines, "L", **more)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("mode", ["", "round_steps: 3", "round_steps: 5\nties: even", "exact: true"])
def test_no_step_of_a_random_problems_working_is_false(seed: int, mode: str) -> None:
    chance = random.Random(seed)
    rules = RATIONAL if mode == "exact: true" else None
    problem = random_graph(chance, chance.choice([3, 8, 20]), rules) + mode + "\n"
    try:
        solution = solve(read_text(problem))
    except EquationError:
        return
    assert false_steps(solution) == []


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("mode", ["", "round_steps: 3"])
def test_no_step_of_a_random_problem_with_matrices_is_false(seed: int, mode: str) -> None:
    chance = random.Random(seed)
    lines, _, numbers = array_graph(chance, chance.choice([3, 8]))
    lines.append(f"L = sum(Y{len(lines) - 1}^2)")
    values = [np.round(numbers[at : at + 6], 2).reshape(shape).tolist()
              for at, shape in ((0, (2, 3)), (6, (3, 2)), (12, (2, 3)))]  # fmt: skip
    solution = solve(read_text(written(["A", "B", "C"], values, lines, "L") + mode + "\n"))
    assert false_steps(solution) == []
