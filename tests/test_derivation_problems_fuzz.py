"""Every derivation under problems/proofs, with slips of the pen in its lines: all are caught.

Whether a changed line still holds is decided with floats by `float_derivations`, which
shares no code with the checker but the parser.
"""

from __future__ import annotations

import random
from itertools import pairwise, product
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from changed_lines import everywhere, mistakes, rewritings
from float_derivations import Floats

from hwsolve.errors import EquationError
from hwsolve.expr.notation import text
from hwsolve.expr.tree import Apply, Expr, Index, Num, Over, Sym, walk
from hwsolve.problem.reader import read_problem
from hwsolve.proofs.derivation import settle
from hwsolve.proofs.ranges import Case, whole
from hwsolve.solvers.derivation import checked_derivation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hwsolve.problem.model import Problem
    from hwsolve.proofs.sums import Setting

PROOFS = Path(__file__).parents[1] / "problems" / "proofs"
# A difference of floats above CHANGED is a change; central differences are good to 1e-7.
CHANGED, SAME = 1e-4, 1e-7
PER_LINE = 12
REWRITTEN = 4
SIGNS = {"<=": 1, "<": 1, ">=": -1, ">": -1}


class Step(NamedTuple):
    """Two sides of a line that holds."""

    left: Expr
    sign: str
    right: Expr
    setting: Setting
    case: Case


def files() -> list[Path]:
    found = [path for path in PROOFS.glob("*.yaml") if "kind: derivation" in path.read_text()]
    assert len(found) > 20
    return sorted(found)


def steps(path: Path) -> Iterator[Step]:
    problem = read_problem(str(path))
    parts: list[Problem] = list(problem.parts) or [problem]
    for part in parts:
        checked = checked_derivation(part)
        for number, (line, verdict) in enumerate(zip(checked.lines, checked.verdicts, strict=True)):
            if not verdict.proved or checked.setting.shapes:
                continue
            trees = line.parts
            if line.continues:
                before = number - 1 if line.source is None else line.source
                trees = (checked.lines[before].parts[-1], *trees)
            for sign, (left, right) in zip(line.joins, pairwise(trees), strict=True):
                if not any(getattr(n, "op", "") == "limit" for n in (*walk(left), *walk(right))):
                    yield Step(left, sign, right, checked.setting, line.case)


def signed_gap(step: Step, right: Expr) -> float | None:
    """By how much a line fails at the worst of some points; None where nothing has a value."""
    setting, worst = step.setting, None
    names = setting.indices.used((step.left, right))
    names += [n for pair in (*step.case.equal, *step.case.different) for n in pair]
    names = [name for name in dict.fromkeys(names) if name in setting.indices.free]
    sizes = setting.indices.sizes
    for count in (1, 2, 3) if sizes else (1,):
        at = {size: count + place % 2 for place, size in enumerate(sizes)}
        ranges = [setting.indices.free[name] for name in names]
        spans = [range(whole(low, at), whole(high, at) + 1) for low, high in ranges]
        for numbers in product(*spans):
            where = dict(zip(names, numbers, strict=True))
            if any(where[a] != where[b] for a, b in step.case.equal):
                continue
            if any(where[a] == where[b] for a, b in step.case.different):
                continue
            for seed in range(4):
                found = _at_a_point(step, right, at, where, seed)
                if found is not None and (worst is None or found > worst):
                    worst = found
    return worst


def _at_a_point(  # noqa: PLR0911  (no value for one reason after the other)
    step: Step, right: Expr, sizes: dict[str, int], where: dict[str, int], seed: int
) -> float | None:
    floats = Floats(step.setting.equations, sizes, seed)
    floats.low = -1.7 if seed % 2 else 0.2
    try:
        for body, loops in step.setting.assumptions:
            if isinstance(body, Apply) and body.op == "eq" and not _added_up(body, floats, sizes):
                return None
            if loops and any(
                not floats.value(body, {loops[0].variable: number})
                for number in range(1, whole(loops[0].high, sizes) + 1)
            ):
                return None
            if not loops and body.op != "eq" and not floats.value(body, {}):  # type: ignore[attr-defined]  # a comparison
                return None
        if not all(floats.value(test, dict(where)) for test in step.case.conditions):
            return None
        one, other = floats.value(step.left, dict(where)), floats.value(right, dict(where))
    except (ArithmeticError, ValueError, TypeError):
        return None
    scale = max(1.0, abs(one), abs(other))
    if step.sign == "=":
        return abs(one - other) / scale
    return SIGNS[step.sign] * (one - other) / scale


def _added_up(body: Apply, floats: Floats, sizes: dict[str, int]) -> bool:
    """Make sum(y[j] for j in 1..N) == 1 hold; whether it has this form."""
    match body.args:
        case (Over(op="sum", body=Index(base=Sym(name=name)), high=high), Num(value=1)):
            entries = [floats.leaf((name, (at,))) for at in range(1, whole(high, sizes) + 1)]
            total = sum(entries)
            for at, entry in enumerate(entries, start=1):
                floats.leaves[name, (at,)] = entry / total
            return True
    return False


def judged(step: Step, right: Expr) -> str:
    try:
        return settle(step.left, right, step.setting, step.case, step.sign).status
    except EquationError as error:
        return f"refused: {error}"


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_every_slip_in_a_line_is_caught_and_nothing_false_is_proved(path: Path) -> None:
    source = random.Random(path.stem)  # noqa: S311  (repeatable, not secret)
    changed = 0
    for step in steps(path):
        names = tuple(step.setting.indices.used((step.left, step.right)))
        slips = list(everywhere(step.right, mistakes(names)))
        source.shuffle(slips)
        for right in slips[:PER_LINE]:
            verdict, difference = judged(step, right), signed_gap(step, right)
            said = f"{text(step.left)} {step.sign} {text(right)} [{step.case.text}]: {verdict}"
            if difference is not None and difference > CHANGED:
                changed += 1
                assert verdict == "wrong" or verdict.startswith("refused"), said
            elif difference is not None and difference < SAME and step.sign == "=":
                # equal at positive and negative points: a change of nothing, or of a domain
                assert verdict != "wrong" or changes_domain(step, right), said
    print(f"{path.stem}: {changed} slips caught")  # noqa: T201
    assert changed or path.stem in WITHOUT_SLIPS


# No line of theirs is an equality of numbers that floats can follow.
WITHOUT_SLIPS = {"least-squares", "limits", "linear-layers-collapse"}


def changes_domain(step: Step, right: Expr) -> bool:
    """Whether a change may differ only where one side or a kink is: not decided by floats."""
    jumps = {"sign", "where", "eq", "ne", "abs", "relu", "max", "log", "pow", "div"}
    return any(getattr(node, "op", "") in jumps for node in (*walk(right), *walk(step.left)))


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_no_rewriting_of_a_proved_line_is_refused(path: Path) -> None:
    source = random.Random(path.stem)  # noqa: S311  (repeatable, not secret)
    for step in steps(path):
        every = list(everywhere(step.right, rewritings))
        for right in source.sample(every, min(REWRITTEN, len(every))):
            verdict = judged(step, right)
            said = f"{text(step.left)} {step.sign} {text(right)} [{step.case.text}]: {verdict}"
            assert verdict != "wrong", said
            assert verdict.startswith("proved") or step.sign != "=", said
