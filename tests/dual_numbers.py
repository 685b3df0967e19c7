"""Dual numbers: values that carry their derivatives along, for references of our own.

Forward accumulation in thirty lines, written from the rules of differentiation and
sharing nothing with the program. `slope` is the derivative by one variable, or an
array with the derivatives by many.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Dual:
    """A value and its slope."""

    def __init__(self, value: float, slope: Any = 0) -> None:
        self.value = value
        self.slope = slope

    def __add__(self, other: Any) -> Dual:
        other = dual(other)
        return Dual(self.value + other.value, self.slope + other.slope)

    __radd__ = __add__

    def __neg__(self) -> Dual:
        return Dual(-self.value, -self.slope)

    def __sub__(self, other: Any) -> Dual:
        return self + -dual(other)

    def __rsub__(self, other: Any) -> Dual:
        return dual(other) + -self

    def __mul__(self, other: Any) -> Dual:
        other = dual(other)
        slope = self.slope * other.value + self.value * other.slope
        return Dual(self.value * other.value, slope)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Dual:
        other = dual(other)
        slope = (self.slope * other.value - self.value * other.slope) / (other.value * other.value)
        return Dual(self.value / other.value, slope)

    def __rtruediv__(self, other: Any) -> Dual:
        return dual(other) / self

    def __lt__(self, other: Any) -> bool:
        return bool(self.value < dual(other).value)

    def __gt__(self, other: Any) -> bool:
        return bool(self.value > dual(other).value)


def dual(value: Any) -> Dual:
    """A number that does not change, or the dual number itself."""
    return value if isinstance(value, Dual) else Dual(value)


def chain(value: float, slope: float, inner: Dual) -> Dual:
    """A function's value and slope at an inner result, by the chain rule."""
    return Dual(value, slope * inner.slope)


def exp(x: Any) -> Any:
    """The exponential function of a number or a dual number."""
    if not isinstance(x, Dual):
        return math.exp(x)
    value = math.exp(x.value)
    return chain(value, value, x)


def log(x: Any) -> Any:
    """The natural logarithm of a number or a dual number."""
    if not isinstance(x, Dual):
        return math.log(x)
    return chain(math.log(x.value), 1 / x.value, x)


def function(
    value: Callable[[float], float], slope: Callable[[float], float]
) -> Callable[[Any], Any]:
    """A function of numbers that takes dual numbers too, from its value and its slope."""

    def of(x: Any) -> Any:
        return chain(value(x.value), slope(x.value), x) if isinstance(x, Dual) else value(x)

    return of


def sources(values: Sequence[float]) -> list[Dual]:
    """Variables of which each has a slope of 1 by itself and 0 by the others."""
    import numpy as np

    return [Dual(value, row) for value, row in zip(values, np.eye(len(values)), strict=True)]


def plain(x: Any) -> float:
    """The value without its slope."""
    return float(x.value if isinstance(x, Dual) else x)
