"""Intervals with open, closed and infinite ends, and arithmetic that never loses a value.

Ends are exact: whole numbers and fractions, so `+ - * /` need no rounding at all.
A function's value is computed with 50 digits and then rounded outwards by one unit
of its last digit (libmpdec rounds exp, ln and sqrt correctly, so that is enough), and
an end that was rounded is not part of the interval. So every interval contains all
values that its expression can have, whatever the real numbers are that go in.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, Final, TypeAlias

from hwsolve.expr.systems import NumberSystem
from hwsolve.proofs import bounds

INFINITY: Final = math.inf
# Fractions with longer numerators are rounded outwards to this many bits.
LONG: Final = 600
KEPT: Final = 200
# A power with a larger exponent is left to exp and log.
LARGEST_POWER: Final = 200

End: TypeAlias = "int | Fraction | float"


class UndecidedError(ArithmeticError):
    """A comparison of two intervals that overlap: it can be true or false."""


class NoValueError(ArithmeticError):
    """An operation that has no value anywhere in its intervals."""


class Interval:
    """All real numbers from `low` to `high`.

    An end is an int, a Fraction or an infinity; an open end does not belong to the
    interval, and infinite ends are open. Comparisons (`<`, `==`) say what holds for
    all pairs of values and raise UndecidedError where some pairs disagree;
    `same_as` compares the intervals themselves.
    """

    __slots__ = ("high", "high_open", "low", "low_open")

    def __init__(
        self,
        low: End,
        high: End,
        low_open: bool = False,  # noqa: FBT001, FBT002  (as mathematicians write: (0, 1])
        high_open: bool = False,  # noqa: FBT001, FBT002  (see low_open)
    ) -> None:
        self.low = low
        self.high = high
        self.low_open = low_open or low == -INFINITY
        self.high_open = high_open or high == INFINITY

    @staticmethod
    def of(value: Any) -> Interval:
        """The interval of a single number; a decimal is the fraction that was written."""
        if isinstance(value, Interval):
            return value
        if hasattr(value, "dtype"):
            return Interval.of(value.item())
        if isinstance(value, float):
            return _written(value)
        number = value if isinstance(value, (int, Fraction)) else Fraction(value)
        return Interval(number, number)

    # -- what it is -----------------------------------------------------------

    @property
    def is_point(self) -> bool:
        """Whether it is a single number."""
        return self.low == self.high

    @property
    def is_everything(self) -> bool:
        """Whether it is the whole real line."""
        return self.low == -INFINITY and self.high == INFINITY

    def same_as(self, other: Interval) -> bool:
        """Whether both are the same set of numbers."""
        return self.key() == other.key()

    def key(self) -> tuple[Any, ...]:
        """What tells it from others."""
        return (self.low, self.high, self.low_open, self.high_open)

    def __contains__(self, value: Any) -> bool:
        below = value < self.low or (self.low_open and value == self.low)
        above = value > self.high or (self.high_open and value == self.high)
        return not below and not above

    def meet(self, other: Interval) -> Interval | None:
        """What both have in common; None where that is nothing."""
        low, low_open = max((self.low, self.low_open), (other.low, other.low_open))
        high, shut = min((self.high, not self.high_open), (other.high, not other.high_open))
        if low > high or (low == high and (low_open or not shut)):
            return None
        return Interval(low, high, low_open, not shut)

    def join(self, other: Interval) -> Interval:
        """The smallest interval that contains both."""
        low, low_open = min((self.low, self.low_open), (other.low, other.low_open))
        high, shut = max((self.high, not self.high_open), (other.high, not other.high_open))
        return Interval(low, high, low_open, not shut)

    def inside(self, other: Interval) -> bool:
        """Whether all of it lies in the other one."""
        return self.join(other).same_as(other)

    @property
    def positive(self) -> bool:
        """Whether all of it is above 0."""
        return self.low > 0 or (self.low == 0 and self.low_open)

    @property
    def negative(self) -> bool:
        """Whether all of it is below 0."""
        return self.high < 0 or (self.high == 0 and self.high_open)

    def __str__(self) -> str:
        if self.is_point:
            return f"{{{_end_text(self.low)}}}"
        left, right = "(" if self.low_open else "[", ")" if self.high_open else "]"
        return f"{left}{_end_text(self.low)}, {_end_text(self.high)}{right}"

    def __repr__(self) -> str:
        return f"Interval{self}"

    def __float__(self) -> float:
        """A number in the middle, for messages."""
        if self.is_everything:
            return 0.0
        if self.low == -INFINITY or self.high == INFINITY:
            return float(self.high if self.low == -INFINITY else self.low)
        return float((Fraction(self.low) + Fraction(self.high)) / 2)

    def rounded(self) -> Interval:
        """The interval with shorter fractions, rounded outwards."""
        low, high = self.low, self.high
        if low is high or low == high:
            if _is_short(low):
                return self
            return Interval(_cut(low, up=False), _cut(low, up=True), True, True)  # noqa: FBT003  (both ends are open)
        if not _is_short(low):
            low = _cut(low, up=False)
        if not _is_short(high):
            high = _cut(high, up=True)
        if low is self.low and high is self.high:
            return self
        open_low = self.low_open or low is not self.low
        return Interval(low, high, open_low, self.high_open or high is not self.high)

    # -- arithmetic -----------------------------------------------------------

    def __add__(self, other: Any) -> Interval:
        if _is_array(other):
            return NotImplemented
        other = Interval.of(other)
        return Interval(
            _sum(self.low, other.low),
            _sum(self.high, other.high),
            self.low_open or other.low_open,
            self.high_open or other.high_open,
        )

    __radd__ = __add__

    def __neg__(self) -> Interval:
        return Interval(-self.high, -self.low, self.high_open, self.low_open)

    def __sub__(self, other: Any) -> Interval:
        return NotImplemented if _is_array(other) else self + (-Interval.of(other))

    def __rsub__(self, other: Any) -> Interval:
        if _is_array(other):
            return NotImplemented
        return Interval.of(other) + (-self)

    def __mul__(self, other: Any) -> Interval:
        if _is_array(other):
            return NotImplemented
        other = Interval.of(other)
        mine, its = self._ends(), other._ends()
        corners = [_product(one, two) for one in mine for two in its]
        low, low_open = min(corners)
        high, shut = max((value, not is_open) for value, is_open in corners)
        return Interval(low, high, low_open, not shut)

    __rmul__ = __mul__

    def _ends(self) -> tuple[tuple[End, bool], tuple[End, bool]]:
        return (self.low, self.low_open), (self.high, self.high_open)

    def inverse(self) -> Interval:
        """1 divided by it, where it is not 0.

        Raises:
            NoValueError: if it is 0 and nothing else.
        """
        if self.low == 0 == self.high:
            raise NoValueError("division by zero")
        if self.low < 0 < self.high:
            return EVERYTHING
        low: End = -INFINITY if self.high == 0 else _reciprocal(self.high)
        high: End = INFINITY if self.low == 0 else _reciprocal(self.low)
        return Interval(low, high, self.high_open, self.low_open)

    def __truediv__(self, other: Any) -> Interval:
        return NotImplemented if _is_array(other) else self * Interval.of(other).inverse()

    def __rtruediv__(self, other: Any) -> Interval:
        return NotImplemented if _is_array(other) else Interval.of(other) * self.inverse()

    def __abs__(self) -> Interval:
        if self.low >= 0:
            return self
        if self.high <= 0:
            return -self
        high, shut = max((-self.low, not self.low_open), (self.high, not self.high_open))
        return Interval(0, high, False, not shut)  # noqa: FBT003  (0 is reached)

    def __pow__(self, exponent: Any) -> Interval:
        return NotImplemented if _is_array(exponent) else power(self, Interval.of(exponent))

    def whole_power(self, exponent: int) -> Interval:
        """The power with a whole exponent.

        Raises:
            NoValueError: for a negative power of 0.
        """
        if exponent < 0:
            return self.whole_power(-exponent).inverse()
        if exponent % 2 == 0:
            if exponent == 0:
                return ONE
            size = abs(self)
            return Interval(
                _raised(size.low, exponent),
                _raised(size.high, exponent),
                size.low_open,
                size.high_open,
            )
        return Interval(
            _raised(self.low, exponent),
            _raised(self.high, exponent),
            self.low_open,
            self.high_open,
        )

    # -- comparisons: what holds for all pairs of values --------------------------

    def certainly_below(self, other: Interval, *, strict: bool) -> bool:
        """Whether each value is below (or, if not strict, at most) each of the other's."""
        if self.high < other.low:
            return True
        return self.high == other.low and (not strict or self.high_open or other.low_open)

    def __lt__(self, other: Any) -> bool:
        if _is_array(other):
            return NotImplemented
        other = Interval.of(other)
        if self.certainly_below(other, strict=True):
            return True
        if other.certainly_below(self, strict=False):
            return False
        raise UndecidedError

    def __le__(self, other: Any) -> bool:
        return NotImplemented if _is_array(other) else not Interval.of(other) < self

    def __gt__(self, other: Any) -> bool:
        return NotImplemented if _is_array(other) else Interval.of(other) < self

    def __ge__(self, other: Any) -> bool:
        return NotImplemented if _is_array(other) else not self < Interval.of(other)

    def __eq__(self, other: object) -> bool:
        if _is_array(other):
            return NotImplemented
        other = Interval.of(other)
        if self.is_point and other.is_point and self.low == other.low:
            return True
        if self.meet(other) is None:
            return False
        raise UndecidedError

    def __ne__(self, other: object) -> bool:
        return NotImplemented if _is_array(other) else not self == other

    __hash__ = None  # type: ignore[assignment]  # equality can be undecided


def _is_array(value: object) -> bool:
    """Whether numpy has to go through the entries of the other operand."""
    return bool(getattr(value, "shape", ()))


def _written(value: float) -> Interval:
    """A decimal number as a fraction; one that stands for pi or 2/sqrt(pi) holds that too."""
    number = Fraction(repr(float(value)))
    exact = bounds.CONSTANTS.get(float(value))
    if exact is None:
        return Interval(number, number)
    low, high = exact
    return Interval(min(low, number), max(high, number))


def _end_text(end: End) -> str:
    if isinstance(end, float):
        return "inf" if end > 0 else "-inf"
    number = Fraction(end)
    if number.denominator < 1000 and abs(number.numerator) < 10**6:  # noqa: PLR2004  (readable)
        return str(number)
    return f"{float(number):.6g}"


def _is_short(end: End) -> bool:
    return isinstance(end, float) or end.denominator.bit_length() < LONG


def _cut(end: End, *, up: bool) -> Fraction:
    number = Fraction(end)
    bits = KEPT - (number.numerator.bit_length() - number.denominator.bit_length())
    scale = Fraction(2) ** bits
    return Fraction(math.ceil(number * scale) if up else math.floor(number * scale)) / scale


def _reciprocal(end: End) -> End:
    return 0 if isinstance(end, float) else 1 / Fraction(end)


def _sum(one: End, other: End) -> End:
    """The sum of two ends; a long fraction is never turned into a float."""
    if isinstance(one, float):
        return one
    return other if isinstance(other, float) else one + other


def _product(one: tuple[End, bool], other: tuple[End, bool]) -> tuple[End, bool]:
    """A corner of a product, and whether it is only approached."""
    (first, first_open), (second, second_open) = one, other
    if first == 0 or second == 0:
        # 0 times anything is 0, also at an end that is never reached
        reached = (first == 0 and not first_open) or (second == 0 and not second_open)
        return 0, not reached
    if isinstance(first, float) or isinstance(second, float):
        return (INFINITY if (first > 0) == (second > 0) else -INFINITY), True
    return first * second, first_open or second_open


def _raised(end: End, exponent: int) -> End:
    return end**exponent


def power(base: Interval, exponent: Interval) -> Interval:
    """base ** exponent wherever it is a real number.

    Raises:
        NoValueError: where it is not one anywhere.
    """
    if exponent.is_point:
        number = Fraction(exponent.low)
        if number.denominator == 1 and abs(number) <= LARGEST_POWER:
            return base.whole_power(int(number))
    from hwsolve.proofs import enclosures

    allowed = Interval(0, INFINITY, exponent.low <= 0)
    inside = base.meet(allowed)
    if inside is None:
        raise NoValueError("a root of a negative number")
    if exponent.is_point and Fraction(exponent.low) == Fraction(1, 2):
        return enclosures.sqrt(inside)
    if inside.low == 0 and inside.high == 0:
        return ZERO
    result = enclosures.exp(exponent * enclosures.log(inside))
    if inside.low == 0 and not inside.low_open:
        return result.join(ZERO)
    return result


EVERYTHING: Final = Interval(-INFINITY, INFINITY)
POSITIVE: Final = Interval(0, INFINITY, low_open=True)
NOT_NEGATIVE: Final = Interval(0, INFINITY)
ZERO: Final = Interval(0, 0)
ONE: Final = Interval(1, 1)
UNIT: Final = Interval(0, 1, low_open=True, high_open=True)
EITHER: Final = Interval(0, 1)


class Intervals(NumberSystem):
    """Intervals as a number system: the operation table at a point, with certain digits.

    Raises:
        UndecidedError: where a comparison inside an operation cannot be decided.
        NoValueError: where an operation has no value.
    """

    name = "intervals"
    exact = True

    @staticmethod
    def number(value: Any) -> Any:
        """The interval of the number that was written."""
        return Interval.of(value)

    @staticmethod
    def finish(value: Any) -> Any:
        """The interval with shorter fractions."""
        return value.rounded() if isinstance(value, Interval) else value

    @staticmethod
    def _call(name: str, value: Any) -> Any:
        from hwsolve.proofs import enclosures

        return enclosures.FUNCTIONS[name](Interval.of(value))

    exp = staticmethod(lambda value: Intervals._call("exp", value))
    log = staticmethod(lambda value: Intervals._call("log", value))
    log1p = staticmethod(lambda value: Intervals._call("log", 1 + Interval.of(value)))
    sqrt = staticmethod(lambda value: Intervals._call("sqrt", value))
    tanh = staticmethod(lambda value: Intervals._call("tanh", value))
    erf = staticmethod(lambda value: Intervals._call("erf", value))
    sin = staticmethod(lambda value: Intervals._call("sin", value))
    cos = staticmethod(lambda value: Intervals._call("cos", value))
    floor = staticmethod(lambda value: Intervals._call("floor", value))

    @staticmethod
    def power(base: Any, exponent: Any) -> Any:
        """base ** exponent."""
        return power(Interval.of(base), Interval.of(exponent))

    @staticmethod
    def where(condition: Any, yes: Any, no: Any) -> Any:
        """`yes` where the condition holds, else `no`."""
        return Interval.of(yes if condition else no)

    @staticmethod
    def absolute(value: Any) -> Any:
        """The distance from 0."""
        return abs(Interval.of(value))

    @staticmethod
    def maximum(one: Any, other: Any) -> Any:  # type: ignore[override]  # of two
        """The larger of two, decided or not."""
        one, other = Interval.of(one), Interval.of(other)
        low, low_open = max((one.low, one.low_open), (other.low, other.low_open))
        high, shut = max((one.high, not one.high_open), (other.high, not other.high_open))
        return Interval(low, high, low_open, not shut)

    @staticmethod
    def minimum(one: Any, other: Any) -> Any:  # type: ignore[override]  # of two
        """The smaller of two, decided or not."""
        return -Intervals.maximum(-Interval.of(one), -Interval.of(other))


NUMBERS: Final = Intervals()
