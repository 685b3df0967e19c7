"""Two products compared factor by factor: |g·a·(1 - a)| <= 1/4·|g| because a·(1 - a) <= 1/4."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from hwsolve.proofs import polynomials as p
from hwsolve.proofs.intervals import ONE, Interval

if TYPE_CHECKING:
    from hwsolve.proofs.algebra import Algebra
    from hwsolve.proofs.polynomials import Poly


class _Factor(NamedTuple):
    """A polynomial, or with `bars` its absolute value."""

    terms: frozenset[Any]
    bars: bool


Product = dict[_Factor, int]


def factored(
    algebra: Algebra, low: int, high: int, *, strict: bool
) -> tuple[Interval, Interval] | None:
    """What is left of both sides without their common factors, where that settles it.

    The common factors are not negative (positive, if strict), so that `low` is at most
    `high` if what is left of it is.
    """
    try:
        return _settled(algebra, low, high, strict=strict)
    except ArithmeticError:
        return None


def _settled(
    algebra: Algebra, low: int, high: int, *, strict: bool
) -> tuple[Interval, Interval] | None:
    one, other = _product(algebra, low), _product(algebra, high)
    if one is None or other is None:
        return None
    common = ONE
    for factor in list(one[1]):
        times = min(one[1][factor], other[1].get(factor, 0))
        if times <= 0:
            continue
        where = _interval(algebra, factor)
        if not (where.positive or (where.low >= 0 and not strict)):
            continue
        common = common * where**times
        for side in (one[1], other[1]):
            side[factor] -= times
    left, right = _range(algebra, one), _range(algebra, other)
    return (left, right) if left.certainly_below(right, strict=strict) else None


def _range(algebra: Algebra, product: tuple[Fraction, Product]) -> Interval:
    """The interval of a product: factors of the same atoms are multiplied out first."""
    factor, parts = product
    result = Interval.of(factor)
    groups: list[tuple[set[int], Poly]] = []
    for part, times in parts.items():
        if times < 0 or part.bars:
            result = result * _interval(algebra, part) ** times
            continue
        for _ in range(times):
            poly = dict(part.terms)
            names = p.variables(poly)
            for number, (others, before) in enumerate(groups):
                joined = p.multiply(before, poly) if names == others else None
                if joined is not None:
                    groups[number] = (others, joined)
                    break
            else:
                groups.append((names, poly))
    for _, poly in groups:
        result = result * algebra.enclosure(poly)
    return result


def _interval(algebra: Algebra, factor: _Factor) -> Interval:
    found = algebra.enclosure(dict(factor.terms))
    return abs(found) if factor.bars else found


def _product(algebra: Algebra, node: int) -> tuple[Fraction, Product] | None:
    """A node as a number times factors; None where it is 0."""
    graph = algebra.graph
    number, parts = Fraction(1), Product()
    stack: list[tuple[int, int, bool]] = [(node, 1, False)]
    while stack:
        here, times, bars = stack.pop()
        row = graph.rows[here]
        name = row.name if row is not None else ""
        args = graph.args[here]
        if name in {"mul", "identity", "neg", "spread", "abs"}:
            if name == "neg" and not bars and times % 2:
                number = -number
            stack += [(arg, times, bars or name == "abs") for arg in args]
        elif name == "div":
            stack += [(args[0], times, bars), (args[1], -times, bars)]
        else:
            poly = algebra.poly(here)
            known = p.known(poly)
            if known is not None:
                if known == 0:
                    return None
                number *= abs(known) ** times if bars else known**times
                continue
            where = algebra.enclosure(poly)
            factor = _Factor(frozenset(poly.items()), bars)
            if bars and where.low >= 0:
                factor = _Factor(frozenset(poly.items()), bars=False)
            elif bars and where.high <= 0:
                factor = _Factor(frozenset(p.scaled(poly, -1).items()), bars=False)
            parts[factor] = parts.get(factor, 0) + times
    return number, parts
