"""Bounds of functions at a number: two fractions with the true value between them.

exp, ln and sqrt of the decimal module are correctly rounded (libmpdec), so that one
unit of the last digit to either side encloses the value. sigmoid, tanh and softplus
are rational in exp, and what is rational in a bound is computed exactly.
"""

from __future__ import annotations

import decimal
import math
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final, TypeAlias

DIGITS: Final = 50
# Numbers below 10^-3000 are 0 or this small; those above 10^3000 are left undecided.
SMALLEST: Final = 3000
# exp of a larger number is taken to be anything above exp of this one.
FURTHEST: Final = 1500
# The series of the number system Decimals are exact to 60 digits; these 45 are certain.
MARGIN: Final = Fraction(1, 10**45)
# Beyond this argument sin and cos are only known to lie between -1 and 1.
LARGEST_ANGLE: Final = 10**9

Bounds: TypeAlias = tuple[Fraction, Fraction]

_NEAREST: Final = decimal.Context(prec=DIGITS, Emin=-SMALLEST, Emax=SMALLEST)
_DOWN: Final = decimal.Context(
    prec=DIGITS, rounding=decimal.ROUND_FLOOR, Emin=-SMALLEST, Emax=SMALLEST
)
_UP: Final = decimal.Context(
    prec=DIGITS, rounding=decimal.ROUND_CEILING, Emin=-SMALLEST, Emax=SMALLEST
)

# pi and 2/sqrt(pi) as the table of operations writes them, and what they stand for.
_PI: Final = (
    Fraction("3.14159265358979323846264338327950288419716939937510"),
    Fraction("3.14159265358979323846264338327950288419716939937511"),
)
_TWO_OVER_ROOT_PI: Final = (
    Fraction("1.12837916709551257389615890312154517168810125865799"),
    Fraction("1.12837916709551257389615890312154517168810125865800"),
)
CONSTANTS: Final = {math.pi: _PI, 1.1283791670955126: _TWO_OVER_ROOT_PI}


def _pair(value: Fraction) -> tuple[decimal.Decimal, decimal.Decimal]:
    top, bottom = decimal.Decimal(value.numerator), decimal.Decimal(value.denominator)
    return _DOWN.divide(top, bottom), _UP.divide(top, bottom)


def _below(value: decimal.Decimal) -> Fraction:
    return Fraction(_NEAREST.next_minus(value))


def _above(value: decimal.Decimal) -> Fraction:
    return Fraction(_NEAREST.next_plus(value))


@lru_cache(maxsize=4096)
def exp(x: Fraction) -> tuple[Fraction, Fraction | float]:
    """Bounds of e to the power x; the upper one is infinite for an x that is very large."""
    if x == 0:
        return Fraction(1), Fraction(1)
    if x > FURTHEST:
        return exp(Fraction(FURTHEST))[0], math.inf
    if x < -FURTHEST:
        return Fraction(0), exp(Fraction(-FURTHEST))[1]
    low, high = _pair(x)
    return _below(_NEAREST.exp(low)), _above(_NEAREST.exp(high))


@lru_cache(maxsize=4096)
def log(x: Fraction) -> Bounds:
    """Bounds of the natural logarithm of a positive number."""
    if x == 1:
        return Fraction(0), Fraction(0)
    low, high = _pair(x)
    return _below(_NEAREST.ln(low)), _above(_NEAREST.ln(high))


def sqrt(x: Fraction) -> Bounds:
    """Bounds of the square root of a number that is not negative; exact for squares."""
    top, bottom = math.isqrt(x.numerator), math.isqrt(x.denominator)
    if top * top == x.numerator and bottom * bottom == x.denominator:
        root = Fraction(top, bottom)
        return root, root
    low, high = _pair(x)
    return max(Fraction(0), _below(_NEAREST.sqrt(low))), _above(_NEAREST.sqrt(high))


def _decay(x: Fraction) -> Bounds:
    """Bounds of exp(-|x|)."""
    low, high = exp(-abs(x))
    return low, min(Fraction(1), Fraction(high))


def sigmoid(x: Fraction) -> Bounds:
    """Bounds of 1/(1 + exp(-x))."""
    low, high = _decay(x)
    if x >= 0:
        return 1 / (1 + high), 1 / (1 + low)
    return low / (1 + low), high / (1 + high)


def tanh(x: Fraction) -> Bounds:
    """Bounds of the hyperbolic tangent."""
    low, high = _decay(2 * x)
    small, large = (1 - high) / (1 + high), (1 - low) / (1 + low)
    return (small, large) if x >= 0 else (-large, -small)


def softplus(x: Fraction) -> Bounds:
    """Bounds of log(1 + exp(x))."""
    low, high = _decay(x)
    above = max(x, Fraction(0))
    return above + log(1 + low)[0], above + log(1 + high)[1]


def power_of(base: int, x: Fraction) -> int | None:
    """The whole k with base^k = x, or None."""
    guess = round(math.log(x, base)) if 0 < x < 10**300 and x > Fraction(1, 10**300) else None
    return guess if guess is not None and Fraction(base) ** guess == x else None


def _series(name: str, x: Fraction) -> Fraction:
    from hwsolve.expr.systems import Decimals

    decimals: Any = Decimals()
    with decimals.scope():
        value = decimals.number(x)
        return Fraction(getattr(decimals, name)(value))


def sine(x: Fraction) -> Bounds:
    """Bounds of the sine."""
    return _turning("sin", x, Fraction(0))


def cosine(x: Fraction) -> Bounds:
    """Bounds of the cosine."""
    return _turning("cos", x, Fraction(1))


def _turning(name: str, x: Fraction, at_zero: Fraction) -> Bounds:
    one = Fraction(1)
    if x == 0:
        return at_zero, at_zero
    if abs(x) > LARGEST_ANGLE:
        return -one, one
    value = _series(name, x)
    return max(-one, value - MARGIN), min(one, value + MARGIN)


def erf(x: Fraction) -> Bounds:
    """Bounds of the error function."""
    if x == 0:
        return Fraction(0), Fraction(0)
    value = _series("erf", x)
    return max(Fraction(-1), value - MARGIN), min(Fraction(1), value + MARGIN)
