"""Functions of intervals: the smallest interval that is sure to hold all values."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from hwsolve.proofs import bounds
from hwsolve.proofs.intervals import (
    INFINITY,
    NOT_NEGATIVE,
    POSITIVE,
    UNIT,
    ZERO,
    End,
    Interval,
    NoValueError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_BETWEEN_ONES: Final = Interval(-1, 1, low_open=True, high_open=True)


def _rising(
    x: Interval, bound: Callable[[Fraction], tuple[Any, Any]], low: End, high: End
) -> Interval:
    """The values of a function that increases strictly from `low` to `high`."""
    low_open, high_open = x.low_open, x.high_open
    if not isinstance(x.low, float):
        below, above = bound(Fraction(x.low))
        low, low_open = below, low_open or below != above
    if not isinstance(x.high, float):
        below, above = bound(Fraction(x.high))
        high, high_open = above, high_open or below != above
    return Interval(low, high, low_open, high_open)


def _within(found: Interval, every: Interval) -> Interval:
    """What is left of an enclosure in the range of its function."""
    inside = found.meet(every)
    return every if inside is None else inside


def exp(x: Interval) -> Interval:
    """e to the power x: every positive number."""
    return _within(_rising(x, bounds.exp, 0, INFINITY), POSITIVE)


def sigmoid(x: Interval) -> Interval:
    """The logistic function: every number between 0 and 1, never 0 or 1."""
    return _within(_rising(x, bounds.sigmoid, 0, 1), UNIT)


def tanh(x: Interval) -> Interval:
    """The hyperbolic tangent: every number between -1 and 1, never -1 or 1."""
    return _within(_rising(x, bounds.tanh, -1, 1), _BETWEEN_ONES)


def erf(x: Interval) -> Interval:
    """The error function: every number between -1 and 1."""
    return _within(_rising(x, bounds.erf, -1, 1), _BETWEEN_ONES)


def softplus(x: Interval) -> Interval:
    """log(1 + exp(x)): every positive number."""
    return _within(_rising(x, bounds.softplus, 0, INFINITY), POSITIVE)


def log(x: Interval) -> Interval:
    """The natural logarithm, where there is one.

    Raises:
        NoValueError: if no number of the interval is positive.
    """
    inside = x.meet(POSITIVE)
    if inside is None:
        raise NoValueError("logarithm of a number that is not positive")
    low = inside.low
    found = _rising(inside, _log_bound, -INFINITY, INFINITY)
    return Interval(-INFINITY, found.high, high_open=found.high_open) if low == 0 else found


def _log_bound(x: Fraction) -> tuple[Any, Any]:
    return bounds.log(x) if x > 0 else (-INFINITY, -INFINITY)


def _log_to(base: int) -> Callable[[Interval], Interval]:
    def logarithm(x: Interval) -> Interval:
        if x.is_point and not isinstance(x.low, float):
            exact = bounds.power_of(base, Fraction(x.low))
            if exact is not None:
                return Interval(exact, exact)
        return log(x) / log(Interval(base, base))

    return logarithm


def sqrt(x: Interval) -> Interval:
    """The square root, where there is one.

    Raises:
        NoValueError: if all of the interval is negative.
    """
    inside = x.meet(NOT_NEGATIVE)
    if inside is None:
        raise NoValueError("square root of a negative number")
    return _rising(inside, bounds.sqrt, 0, INFINITY)


def _turns(x: Interval, bound: Callable[[Fraction], tuple[Any, Any]], peak: Fraction) -> Interval:
    """Sine or cosine: 1 at peak·pi and every whole turn beyond, -1 half a turn later."""
    everything = Interval(-1, 1)
    if isinstance(x.low, float) or isinstance(x.high, float) or x.high - x.low > 6:  # noqa: PLR2004  (nearly a turn)
        return everything
    pi = Interval.of(math.pi)
    ends = [bound(Fraction(x.low)), bound(Fraction(x.high))]
    low, high = min(end[0] for end in ends), max(end[1] for end in ends)
    for target, shift in ((1, peak), (-1, peak + 1)):
        # whether some whole k has (shift + 2k) pi in the interval; unsure counts as yes
        turns = (x / pi - shift) / 2
        if math.floor(turns.high) >= math.ceil(turns.low):
            low, high = (low, Fraction(1)) if target == 1 else (Fraction(-1), high)
    return Interval(low, high).meet(everything) or everything


def sine(x: Interval) -> Interval:
    """The sine."""
    return ZERO if x.low == 0 == x.high else _turns(x, bounds.sine, Fraction(1, 2))


def cosine(x: Interval) -> Interval:
    """The cosine."""
    return _turns(x, bounds.cosine, Fraction(0))


def floor(x: Interval) -> Interval:
    """The largest whole number that is not above x."""
    low: End = x.low if isinstance(x.low, float) else math.floor(x.low)
    high: End = x.high
    if not isinstance(high, float):
        whole = math.floor(high)
        high = whole - 1 if x.high_open and whole == high and not x.is_point else whole
    return Interval(low, high)


FUNCTIONS: Final[Mapping[str, Callable[[Interval], Interval]]] = {
    "exp": exp,
    "log": log,
    "log2": _log_to(2),
    "log10": _log_to(10),
    "sqrt": sqrt,
    "sin": sine,
    "cos": cosine,
    "erf": erf,
    "sigmoid": sigmoid,
    "tanh": tanh,
    "softplus": softplus,
    "floor": floor,
}
