"""Arithmetic with quotients of polynomials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hwsolve.proofs import polynomials as p
from hwsolve.proofs.algebra import ONE, Quotient, monomial_poly

if TYPE_CHECKING:
    from fractions import Fraction

    from hwsolve.proofs.algebra import Algebra
    from hwsolve.proofs.polynomials import Poly

# Powers of a denominator up to here are known as such.
HIGHEST: Final = 4
ZERO_Q: Final = Quotient({}, ONE)


def number(value: Fraction | int) -> Quotient:
    """A number as a quotient."""
    return Quotient(p.constant(value), ONE)


def combined(one: Quotient, other: Quotient, factor: int) -> Quotient | None:
    """one + factor·other."""
    if one.bottom == other.bottom:
        return Quotient(p.add(one.top, other.top, factor), one.bottom)
    for low, high, turned in ((one, other, False), (other, one, True)):
        rest = _power_left(high.bottom, low.bottom)
        top = None if rest is None else p.multiply(low.top, rest)
        if top is not None:
            both = (high.top, top) if turned else (top, high.top)
            return Quotient(p.add(*both, factor), high.bottom)
    first, second = p.multiply(one.top, other.bottom), p.multiply(other.top, one.bottom)
    bottom = p.multiply(one.bottom, other.bottom)
    if first is None or second is None or bottom is None:
        return None
    return Quotient(p.add(first, second, factor), bottom)


def _power_left(poly: Poly, base: Poly) -> Poly | None:
    """What a power of a sum is divided by the sum: a smaller power; None for anything else."""
    smaller: Poly | None = base if len(base) > 1 else None
    for _ in range(HIGHEST - 1):
        whole = None if smaller is None else p.multiply(smaller, base)
        if whole == poly:
            return smaller
        smaller = whole
    return None


def product(one: Quotient, other: Quotient) -> Quotient | None:
    """one·other."""
    top, bottom = p.multiply(one.top, other.top), p.multiply(one.bottom, other.bottom)
    return None if top is None or bottom is None else Quotient(top, bottom)


def inverse(algebra: Algebra, node: int, one: Quotient) -> Quotient | None:
    """1 divided by a quotient; None for 0."""
    if not one.top:
        return None
    if len(one.top) == 1:
        ((monomial, factor),) = one.top.items()
        turned = tuple((atom, -power) for atom, power in monomial)
        return product(monomial_poly(turned, 1 / factor), Quotient(one.bottom, ONE))
    if algebra.reading.quotients:
        return Quotient(one.bottom, one.top)
    interval = algebra.enclosure(one.top).inverse()
    return Quotient(algebra.atom(("inverse", algebra.key(one)), interval, node), ONE)


def leads_negative(poly: Poly) -> bool:
    """Whether the first term of a polynomial has a minus."""
    return bool(poly) and poly[min(poly)] < 0
