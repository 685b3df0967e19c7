"""No line of the working is false: every formula shown is worked out again.

First the steps as data, in full precision; then the text as it is printed, with no more
than the digits that it shows. The evaluator (`recomputed.py`) shares nothing with the
program but the parser.
"""

from __future__ import annotations

import math
import random
import re
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from recomputed import Evaluator, Floats, Interval, Intervals, Rounded, Unknown, interval
from test_graph_random import BINARY, RATIONAL, TERNARY, UNARY, array_graph, written

from hwsolve.errors import EquationError
from hwsolve.expr.notation import text
from hwsolve.expr.parser import parse_expression
from hwsolve.expr.tree import Deriv, Expr, Sym, walk
from hwsolve.problem.reader import read_problem, read_text
from hwsolve.render.terminal import render
from hwsolve.solution import Solution, Step
from hwsolve.solvers import solve

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1] / "problems"
FILES = sorted(ROOT.rglob("*.yaml"))
GRAPHS = {"graph", "network", "recurrent"}
LAYERED = {"architecture"}


@cache
def solved(path: Path) -> Solution:
    return solve(read_problem(str(path)))


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
        abs(float(a) - float(b)) <= 1e-9 * max(abs(float(b)), 1e-3 * size) + 1e-13
        # a claim about floats may be that something is not a number
        or (math.isnan(float(a)) and math.isnan(float(b)))
        for a, b in pairs
    )


def scopes_of(solution: Solution) -> Iterator[list[Step]]:
    """The steps in which a name means the same: a layer has names of its own (`MACs`)."""
    if solution.kind not in LAYERED:
        yield list(steps_of(solution))
        return
    for section in solution.sections:
        yield list(steps_of(solution._replace(sections=(section,))))


def false_steps(solution: Solution) -> list[str]:
    """The forms in a solution's steps that do not have the step's value."""
    return [found for steps in scopes_of(solution) for found in false_in(steps, solution)]


def false_in(steps: list[Step], solution: Solution) -> list[str]:
    known: dict[Expr, Any] = {}
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
            except (Unknown, ArithmeticError):
                # a symbol of a layer's formula, a local derivative that has no line, or
                # arithmetic that is meant to overflow
                if solution.kind in GRAPHS and not has_partial(form):
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
    for part in parts_of(solved(path)):
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
        lines.append(
            f"y{number} = {template.format(*[chance.choice(known[-6:]) for _ in range(arity)])}"
        )
        known.append(f"y{number}")
    lines.append(f"L = tanh(y{size - 1})" if rules is None else f"L = y{size - 1}/2")
    return written(names, [float(v) for v in values], lines, "L", **more)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(
    "mode", ["", "round_steps: 3", "round_steps: 5\nties: even", "exact: true"]
)
def test_no_step_of_a_random_problems_working_is_false(seed: int, mode: str) -> None:
    chance = random.Random(seed)  # noqa: S311  (test data)
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
    chance = random.Random(seed)  # noqa: S311  (test data)
    lines, _, numbers = array_graph(chance, chance.choice([3, 8]))
    lines.append(f"L = sum(Y{len(lines) - 1}^2)")
    values = [np.round(numbers[at : at + 6], 2).reshape(shape).tolist()
              for at, shape in ((0, (2, 3)), (6, (3, 2)), (12, (2, 3)))]  # fmt: skip
    solution = solve(read_text(written(["A", "B", "C"], values, lines, "L") + mode + "\n"))
    assert false_steps(solution) == []


# -- the text as it is printed ------------------------------------------------------------

DIGITS = 6


def statements(printed: str) -> Iterator[list[tuple[str, str]]]:
    """Each line of working as its segments: [("", name), ("=", formula), ("≈", value)]."""
    current = ""
    for line in [*printed.splitlines(), ""]:
        indent = len(line) - len(line.lstrip())
        starts = re.match(r"  \S[^=≈]* [=≈] ", line) is not None
        inside = current.count("[") > current.count("]")
        if current and (inside or (indent > 2 and not starts) or re.match(r"\s*[=≈] ", line)):
            current += " " + without_remark(line)
            continue
        if current:
            yield segments(current)
        current = ""
        if starts:
            *others, current = re.split(r"\s{3,}(?=\S+\s+[=≈] )", without_remark(line).strip())
            for other in others:
                yield segments(other)


def without_remark(line: str) -> str:
    """The line without what stands behind it in brackets."""
    return re.sub(r"\s{3,}\(.*\)\s*$", "", line)


def segments(statement: str) -> list[tuple[str, str]]:
    statement = re.sub(r"\s+", " ", statement).strip()
    found, depth, sign, start = [], 0, "", 0
    for at, letter in enumerate(statement):
        depth += (letter in "([") - (letter in ")]")
        if depth == 0 and statement[at : at + 3] in {" = ", " ≈ "}:
            found.append((sign, statement[start:at].strip()))
            sign, start = statement[at + 1], at + 3
    return [*found, (sign, statement[start:].strip())]


def read(segment: str) -> tuple[Expr, dict[Expr, str]]:
    """A segment as a tree in which numbers (but not indices and exponents) have names."""
    from hwsolve.expr.tokens import tokens

    named: dict[Expr, str] = {}
    pieces, end = [], 0
    brackets: list[bool] = []
    before = None
    for token in tokens(segment):
        if token.text == "[":
            is_index = before is not None and (
                before.kind in {"name", "deriv"} or before.text in {"]", ")", "="}
            )
            brackets.append(is_index)
        elif token.text == "]" and brackets:
            brackets.pop()
        kept = before is not None and before.text in {"=", "**", "ones", "zeros"}
        if (
            token.kind == "number"
            and not kept
            and not any(brackets)
            and not in_sizes(segment, token.at)
        ):
            name = Sym(f"number{len(named)}")
            named[name] = token.text
            pieces += [segment[end : token.at], name.name]
            end = token.at + len(token.text)
        before = token
    return parse_expression("".join(pieces) + segment[end:]), named


def in_sizes(segment: str, at: int) -> bool:
    """Whether a number is an argument of `ones(2, 3)` and the like, which are sizes."""
    opened = re.search(r"(ones|zeros|eye|onehot|reshape)\([^()]*$", segment[:at])
    return opened is not None


def half_a_digit(number: str) -> float:
    """Half a unit of the last of six digits: zeros at the end are left out, 0.1 is 0.100000."""
    return 0.5 * 10.0 ** (Decimal(number).adjusted() + 1 - DIGITS)


class Fractions(Floats):
    """Exact numbers; a function that is not rational is beyond them."""

    def number(self, value: Any) -> Any:
        return Fraction(str(value)) if isinstance(value, float | str) else Fraction(value)

    def call(self, of: Any, x: Any) -> Any:
        if of != abs:
            raise Unknown(of)
        return of(x)


class Reader:
    """Reads a printed working from top to bottom and works every line out again."""

    def __init__(self, first: int, *, rounded: bool) -> None:
        self.first, self.rounded = first, rounded
        self.known: dict[Expr, Any] = {}  # as intervals, by what was shown
        self.exact: dict[Expr, Any] = {}  # those that were shown in full
        self.checked = 0

    def false(self, statement: list[tuple[str, str]]) -> list[str]:
        """What is wrong with a statement; its name is known from then on."""
        shown = " ".join(" ".join(part) for part in statement)
        try:
            parts = [(sign, *read(text_)) for sign, text_ in statement]
        except EquationError:
            return []  # a sentence, a size (20x6x6), a statement of the author
        wrong = []
        # behind a first ≈ the numbers are rounded, before it they are what they say
        exact = [all(s != "≈" for s, *_ in parts[: k + 1]) for k in range(len(parts))]
        sides = [
            (tree, numbers, full) for (_, tree, numbers), full in zip(parts, exact, strict=True)
        ]
        for one, other, (sign, *_) in zip(sides[1:], sides[2:], parts[2:], strict=False):
            verdict = self.disagreement(sign, one, other)
            if verdict:
                wrong.append(f"{verdict} in {shown}")
        self.learn(parts[0][1], sides[-1])
        return wrong

    def intervals(self, tree: Expr, numbers: dict[Expr, str], full: bool) -> Any:  # noqa: FBT001  (part of a side)
        width = 0.0 if self.rounded or full else 1.0
        own = {
            name: Interval(float(n) - width * half_a_digit(n), float(n) + width * half_a_digit(n))
            for name, n in numbers.items()
        }
        return Evaluator({**self.known, **own}, Intervals(), self.first).value(tree)

    def fractions(self, tree: Expr, numbers: dict[Expr, str], _: bool) -> Any:  # noqa: FBT001  (part of a side)
        own = {name: Fraction(n) for name, n in numbers.items()}
        return Evaluator({**self.exact, **own}, Fractions(), self.first).value(tree)

    def disagreement(self, sign: str, one: Any, other: Any) -> str:
        if sign == "=":
            try:
                a, b = self.fractions(*one), self.fractions(*other)
            except (Unknown, ZeroDivisionError):
                pass
            else:
                self.checked += 1
                return "" if same(a, b, exactly=True) or same(b, a, exactly=True) else f"{a} = {b}"
        try:
            a, b = self.intervals(*one), self.intervals(*other)
        except Unknown:
            return ""
        self.checked += 1
        slack = self.slack(one[0]) if self.rounded else 0.0
        return "" if overlap(a, b, slack) else f"{a} {sign} {b}"

    def slack(self, tree: Expr) -> float:
        """How far rounding after each operation may lead away."""
        operations = sum(1 for _ in walk(tree))
        return 0.5 * self.unit * operations * 4

    unit = 0.0

    def learn(self, name: Expr, side: Any) -> None:
        tree, numbers, full = side
        if any(isinstance(node, Sym) and node not in numbers for node in walk(tree)):
            return
        try:
            value = self.intervals(*side)
        except Unknown:
            return
        self.known[name] = value
        self.exact.pop(name, None)
        if self.rounded or full:
            try:
                self.exact[name] = self.fractions(*side)
            except (Unknown, ZeroDivisionError):
                return


def overlap(one: Any, other: Any, slack: float) -> bool:
    a, b = np.array(one, dtype=object), np.array(other, dtype=object)
    if a.shape != b.shape:
        return a.ndim == 0 or b.ndim == 0
    for x, y in zip(map(interval, a.ravel()), map(interval, b.ravel()), strict=True):
        room = slack + 1e-12 * max(abs(x.low), abs(y.high), 1e-300)
        if x.low > y.high + room or y.low > x.high + room:
            return False
    return True


def false_lines(solution: Solution) -> tuple[list[str], int]:
    """The lines of the printed working that are not true, and how many claims were checked."""
    found, checked = [], 0
    for part in parts_of(solution):
        first = next((int(c.value) for c in part.conventions if c.name == "first_index"), 0)
        places = part.settings.get("round_steps")
        reader = Reader(first, rounded=places is not None)
        reader.unit = 0.0 if places is None else 10.0**-places
        for statement in statements(render(part)):
            found += reader.false(statement)
        checked += reader.checked
    return found, checked


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_line_of_a_problems_printed_working_is_false(path: Path) -> None:
    solution = solved(path)
    found, checked = false_lines(solution)
    assert found == []
    calculated = any(step.forms and step.value is not None for step in steps_of(solution))
    assert checked > 0 or not calculated or solution.kind not in GRAPHS


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("mode", ["", "round_steps: 3", "exact: true"])
def test_no_line_of_a_random_problems_printed_working_is_false(seed: int, mode: str) -> None:
    chance = random.Random(seed)  # noqa: S311  (test data)
    rules = RATIONAL if mode == "exact: true" else None
    solution = solve(
        read_text(random_graph(chance, chance.choice([3, 8, 20]), rules) + mode + "\n")
    )
    found, checked = false_lines(solution)
    assert found == []
    assert checked > 10


def test_most_lines_with_a_wrong_digit_are_noticed() -> None:
    chance, noticed, changed = random.Random(1), 0, 0  # noqa: S311  (test data)
    for name in ("t1", "sigmoid-network", "softmax-classifier", "convolution-1d", "lstm-one-step"):
        for part in parts_of(solved(ROOT / f"{name}.yaml")):
            printed = render(part)
            start, end = printed.find("Forward"), printed.find("Answer")
            numbers = list(re.finditer(r"(?<![\w.\[])\d+\.\d{3,}(?![\w\]])", printed[:end]))
            numbers = [match for match in numbers if match.start() > start]
            for match in chance.sample(numbers, min(6, len(numbers))):
                digit = next(
                    at for at in range(match.start(), match.end()) if printed[at] in "12345678"
                )
                wrong = printed[:digit] + str(int(printed[digit]) + 1) + printed[digit + 1 :]
                reader = Reader(1 if "first_index: 1" in printed else 0, rounded=False)
                if part.settings["round_steps"] is None:
                    changed += 1
                    noticed += any(reader.false(statement) for statement in statements(wrong))
    assert changed > 20
    assert noticed > 0.9 * changed


PRINTED = """\
  x    = 3           w    = -0.2
  u1   = x·w         = 3·(-0.2)       = -0.6
  y    = σ(u1)       ≈ 0.354344   (σ' = σ(1 - σ))
  v    = [x, w]      = [3, -0.2]
"""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("= -0.6", "= 0.6"),
        ("3·(-0.2)", "3·(-0.3)"),
        ("≈ 0.354344", "≈ 0.354345"),
        ("≈ 0.354344", "≈ 0.645656"),
        ("= [3, -0.2]", "= [3, 0.2]"),
        ("= x·w ", "= x + w "),
    ],
)
def test_the_reader_of_a_working_notices_a_line_that_is_false(right: str, wrong: str) -> None:
    def found(printed: str) -> list[str]:
        reader = Reader(0, rounded=False)
        return [line for statement in statements(printed) for line in reader.false(statement)]

    assert found(PRINTED) == []
    assert len(found(PRINTED.replace(right, wrong))) >= 1
