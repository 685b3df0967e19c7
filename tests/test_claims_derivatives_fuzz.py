"""Random claims about derivatives under conditions, against differences of plain floats."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, NamedTuple

import pytest
from claim_floats import HOLDS, value

from hwsolve.expr.parser import parse_comparisons, parse_equation, parse_expression
from hwsolve.expr.tree import Deriv, walk
from hwsolve.proofs.claims import NothingSatisfiesError, decide
from hwsolve.proofs.situation import Claim

if TYPE_CHECKING:
    from collections.abc import Callable

    from hwsolve.expr.tree import Expr

# No sign and no step: their slope where they jump is a convention.
FUNCTIONS = ("sigmoid", "tanh", "relu", "exp", "softplus", "abs")
CONDITIONS: dict[str, Callable[[float, float], bool]] = {
    "": lambda _, __: True,
    "a < b": lambda a, b: a < b,
    "a <= b": lambda a, b: a <= b,
    "a == b": lambda a, b: a == b,
    "b == a": lambda a, b: a == b,
    "b == 2*a": lambda a, b: b == 2 * a,
    "a == 1": lambda a, _: a == 1,
    "a + b > 0": lambda a, b: a + b > 0,
    "b >= 1": lambda _, b: b >= 1,
}
SIMPLE = (-3.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0)
STEP = 1e-5
# Differences this large (relative) are no noise of the numerical slopes.
CLEAR = 2e-4


class Made(NamedTuple):
    """A claim: y by an equation, a condition, and a comparison of y or one of its slopes."""

    formula: str
    condition: str
    claim: str


def formula(source: random.Random, depth: int) -> str:
    if depth == 0 or source.random() < 0.15:
        return source.choice(["a", "b", "a", "b", "1", "1/2"])
    inside = formula(source, depth - 1)
    kind = source.random()
    if kind < 0.5:
        return f"{source.choice(FUNCTIONS)}({inside})"
    other = formula(source, depth - 1)
    if kind < 0.9:
        return f"({inside} {source.choice('+-*')} {other})"
    return f"{source.choice(['max', 'min'])}({inside}, {other})"


def made(seed: int) -> Made:
    source = random.Random(f"slopes {seed}")  # noqa: S311  (repeatable, not secret)
    left = source.choice(["dy/da", "dy/db", "y"])
    right = source.choice(["0", "1", "1/4", "dy/da", "dy/db", "a", "b", f"{left} + 1/10"])
    operator = source.choice(["<", "<=", "==", ">", ">="])
    condition = source.choice(list(CONDITIONS))
    written = f"{formula(source, source.randint(1, 3))} + 0*a + 0*b"
    return Made(written, condition, f"{left} {operator} {right}")


def slope(tree: Expr, name: str, point: dict[str, float]) -> float:
    """The central difference; no number at a kink."""
    ends = [value(tree, {**point, name: point[name] + step}) for step in (-STEP, 0.0, STEP)]
    left, right = (ends[1] - ends[0]) / STEP, (ends[2] - ends[1]) / STEP
    if abs(left - right) > 1e-3 * (1 + abs(left) + abs(right)):
        return math.nan
    return (ends[2] - ends[0]) / (2 * STEP)


def broken(one: Made, point: dict[str, float]) -> bool:
    """Whether the comparison clearly fails at a point."""
    tree = parse_expression(one.formula)
    (comparison,) = parse_comparisons(one.claim)
    names = {**point, "y": value(tree, point)}
    names |= {f"d{name}": slope(tree, name, point) for name in point}
    left, right = (value(_named(side), names) for side in comparison.args)
    if not abs(left - right) > CLEAR * (1 + abs(left) + abs(right)):
        return False
    return not HOLDS[comparison.op](left, right)


def _named(side: Expr) -> Expr:
    """A side with da in the place of dy/da."""
    from hwsolve.expr.notation import text

    written = text(side, unicode=False)
    for node in walk(side):
        if isinstance(node, Deriv):
            written = written.replace(text(node, unicode=False), f"d{text(node.bottoms[0])}")
    return parse_expression(written)


def points(condition: str, source: random.Random) -> list[dict[str, float]]:
    """Points that satisfy a condition, simple and random ones."""
    found = []
    for number in range(60):
        a = source.choice(SIMPLE) if number % 2 else source.uniform(-4, 4)
        b = source.choice(SIMPLE) if number % 3 else source.uniform(-4, 4)
        a = 1.0 if condition == "a == 1" else a
        b = {"a == b": a, "b == a": a, "b == 2*a": 2 * a}.get(condition, b)
        if CONDITIONS[condition](a, b):
            found.append({"a": a, "b": b})
    return found


@pytest.mark.parametrize("part", range(3))
def test_what_is_proved_of_slopes_holds_by_differences_and_what_is_refuted_fails(
    part: int,
) -> None:
    settled = {True: 0, False: 0}
    for seed in range(part, 450, 3):
        one = made(seed)
        claim = Claim(
            parse_comparisons(one.claim),
            parse_comparisons(one.condition) if one.condition else (),
            (parse_equation(f"y = {one.formula}"),),
        )
        try:
            decision = decide(claim, 0.1)
        except NothingSatisfiesError:
            continue
        if decision.truth is None:
            continue
        settled[decision.truth] += 1
        source = random.Random(seed)  # noqa: S311  (repeatable, not secret)
        if decision.truth:
            assert not any(broken(one, point) for point in points(one.condition, source)), one
            continue
        assert decision.counterexample is not None
        named = decision.situation.named(decision.counterexample.point)
        point = {name: float(named.get(name, 0)) for name in ("a", "b")}
        assert CONDITIONS[one.condition](point["a"], point["b"]), one
        assert not clearly_true(one, point), one
    assert settled[True] > 25
    assert settled[False] > 60


def clearly_true(one: Made, point: dict[str, float]) -> bool:
    """Whether the comparison clearly holds where it is said not to."""
    (comparison,) = parse_comparisons(one.claim)
    if comparison.op == "eq":
        return False  # the sides may differ by less than differences see
    operator = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
    left, sign, right = one.claim.split(" ", 2)
    return broken(one._replace(claim=f"{left} {operator[sign]} {right}"), point)
