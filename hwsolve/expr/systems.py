"""Number systems: what a row of the operation table computes with.

A row says once how an operation is computed, with `+ - * /` and the functions of
a number system. Floats need no numpy; fractions stay exact as long as the
operations allow and turn into floats where they do not (`exp(1)` is no fraction);
rounded decimals round every result the way people do by hand. `Arrays` lifts each
of them to numpy arrays.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from fractions import Fraction

# Large enough for every rounding by hand, and for derivatives by differences with
# steps of 1e-20, whose error is then below 1e-35.
DECIMAL_DIGITS: Final = 60
BRIEF_BITS: Final = 600
# The numbers of some formulas double their digits at every step (x -> r x (1 - x)).
MAX_BITS: Final = 20_000


class LongFractionError(ArithmeticError):
    """A fraction has more digits than anybody can use."""

    def __init__(self) -> None:
        super().__init__("a fraction of more than 6,000 digits")


class NumberSystem:
    """Floats; the other systems override what differs."""

    name = "floats"
    exact = False

    exp = staticmethod(math.exp)
    log1p = staticmethod(math.log1p)
    tanh = staticmethod(math.tanh)
    erf = staticmethod(math.erf)
    sin = staticmethod(math.sin)
    cos = staticmethod(math.cos)

    def scope(self) -> AbstractContextManager[Any]:
        """What must surround a calculation in this system."""
        from contextlib import nullcontext

        return nullcontext()

    @staticmethod
    def number(value: Any) -> Any:
        """The system's own number for an int, float or Fraction."""
        return float(value)

    @staticmethod
    def finish(value: Any) -> Any:
        """What is done to the result of each operation (rounding, in decimals)."""
        return value

    @staticmethod
    def log(value: Any) -> Any:
        """The natural logarithm."""
        return math.log(value)

    @staticmethod
    def sqrt(value: Any) -> Any:
        """The square root."""
        return math.sqrt(value)

    @staticmethod
    def power(base: Any, exponent: Any) -> Any:
        """base ** exponent; a root of a negative number is a ValueError."""
        value = base**exponent
        if isinstance(value, complex):
            raise ValueError("root of a negative number")  # noqa: TRY004  (the value, not the type)
        return value

    @staticmethod
    def floor(value: Any) -> Any:
        """The largest whole number that is not above the value."""
        return float(math.floor(value))

    @staticmethod
    def where(condition: Any, yes: Any, no: Any) -> Any:
        """`yes` where the condition holds, else `no`."""
        return yes if condition else no

    maximum = staticmethod(max)
    minimum = staticmethod(min)
    absolute = staticmethod(abs)


class Exact(NumberSystem):
    """Fractions; a value that is not rational goes on as a float."""

    name = "fractions"
    exact = True

    @staticmethod
    def number(value: Any) -> Any:
        """The fraction that was written: 0.1 is 1/10, not the nearest double."""
        from fractions import Fraction

        return Fraction(repr(float(value))) if isinstance(value, float) else Fraction(value)

    @staticmethod
    def finish(value: Any) -> Any:
        """The value, if it has not too many digits."""
        if not isinstance(value, float):
            bits = max(value.numerator.bit_length(), value.denominator.bit_length())
            if bits > MAX_BITS:
                raise LongFractionError
        return value

    @staticmethod
    def exp(value: Any) -> Any:
        """Of 0 it is 1; anything else is a float."""
        return _fraction(1) if value == 0 else math.exp(value)

    @staticmethod
    def log(value: Any) -> Any:
        """Of 1 it is 0; anything else is a float."""
        return _fraction(0) if value == 1 else math.log(value)

    @staticmethod
    def log1p(value: Any) -> Any:
        """The natural logarithm of 1 + x: of 0 it is 0; anything else is a float."""
        return _fraction(0) if value == 0 else math.log1p(value)

    @staticmethod
    def tanh(value: Any) -> Any:
        """Of 0 it is 0; anything else is a float."""
        return _fraction(0) if value == 0 else math.tanh(value)

    @staticmethod
    def erf(value: Any) -> Any:
        """Of 0 it is 0; anything else is a float."""
        return _fraction(0) if value == 0 else math.erf(value)

    @staticmethod
    def sin(value: Any) -> Any:
        """Of 0 it is 0; anything else is a float."""
        return _fraction(0) if value == 0 else math.sin(value)

    @staticmethod
    def cos(value: Any) -> Any:
        """Of 0 it is 1; anything else is a float."""
        return _fraction(1) if value == 0 else math.cos(value)

    @staticmethod
    def sqrt(value: Any) -> Any:
        """Exact for squares of fractions, else a float."""
        from fractions import Fraction

        if isinstance(value, (int, Fraction)) and value >= 0:
            value = Fraction(value)
            top, bottom = math.isqrt(value.numerator), math.isqrt(value.denominator)
            if top * top == value.numerator and bottom * bottom == value.denominator:
                return Fraction(top, bottom)
        return math.sqrt(value)

    @staticmethod
    def power(base: Any, exponent: Any) -> Any:
        """Exact for whole exponents and square roots of squares, else a float."""
        if isinstance(exponent, float) or isinstance(base, float):
            return NumberSystem.power(base, exponent)
        if exponent == int(exponent):
            bits = max(base.numerator.bit_length(), base.denominator.bit_length())
            if abs(exponent) * bits > 2 * MAX_BITS:
                raise LongFractionError
            return base ** int(exponent)
        if 2 * exponent == int(2 * exponent):
            return Exact.power(Exact.sqrt(base), 2 * exponent)
        return NumberSystem.power(float(base), float(exponent))

    @staticmethod
    def floor(value: Any) -> Any:
        """The largest whole number that is not above the value."""
        return _fraction(math.floor(value))


def _fraction(whole: int) -> Fraction:
    """A whole number as a fraction: a quotient of two ints would be a float."""
    from fractions import Fraction

    return Fraction(whole)


class Decimals(NumberSystem):
    """Decimals of 60 digits; `Rounded` rounds each result to a number of decimals.

    Args:
        places: decimals kept after each operation; None keeps all digits.
        ties: "away" (from zero, as people round by hand) or "even".
    """

    name = "decimals"

    def __init__(
        self, places: int | None = None, ties: str = "away", digits: int = DECIMAL_DIGITS
    ) -> None:
        import decimal

        self._decimal = decimal
        rounding = decimal.ROUND_HALF_UP if ties == "away" else decimal.ROUND_HALF_EVEN
        self.context = decimal.Context(
            prec=digits,
            rounding=decimal.ROUND_HALF_EVEN,
            Emin=-999_999,
            Emax=999_999,
            traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
        )
        self.places = places
        self.ties = ties
        self._unit = None if places is None else decimal.Decimal(1).scaleb(-places)
        self._rounding = rounding

    def scope(self) -> AbstractContextManager[Any]:
        """The context of 60 digits."""
        return self._decimal.localcontext(self.context)

    def number(self, value: Any) -> Any:  # type: ignore[override]  # needs the settings
        """The decimal that was written."""
        make = self._decimal.Decimal
        if isinstance(value, float):
            return make(repr(float(value)))
        if isinstance(value, (int, make)):
            return make(value)
        return self.context.divide(make(value.numerator), make(value.denominator))

    def finish(self, value: Any) -> Any:  # type: ignore[override]  # needs the settings
        """The value rounded to the number of decimals."""
        if self._unit is None or not isinstance(value, self._decimal.Decimal):
            return value
        rounded = value.quantize(self._unit, rounding=self._rounding, context=self.context)
        return abs(rounded) if rounded == 0 else rounded

    def exp(self, value: Any) -> Any:
        """e to the power of the value."""
        return self.context.exp(value)

    def log(self, value: Any) -> Any:  # type: ignore[override]  # needs the context
        """The natural logarithm."""
        if value <= 0:
            raise ValueError("logarithm of a number that is not positive")
        return self.context.ln(value)

    def sqrt(self, value: Any) -> Any:  # type: ignore[override]  # needs the context
        """The square root."""
        return self.context.sqrt(value)

    def log1p(self, value: Any) -> Any:
        """The natural logarithm of 1 + x, for small x too."""
        return self._wide(lambda x, _: (1 + x).ln(), value)

    def tanh(self, value: Any) -> Any:
        """From exp(-2|x|), so that it never overflows; for small x too."""
        small = self._wide(lambda x, _: (1 - (-2 * x).exp()) / (1 + (-2 * x).exp()), abs(value))
        return small.copy_sign(value)

    def erf(self, value: Any) -> Any:
        """By its power series; 1 beyond |x| = 12, where 60 digits are all nines."""
        if abs(value) > 12:  # noqa: PLR2004  (1 - erf(12) is 1e-64)
            return self._decimal.Decimal(1).copy_sign(value)
        return self._wide(_erf_series, value)

    def sin(self, value: Any) -> Any:
        """By its power series after taking out whole turns."""
        return self._wide(_sine_series, value)

    def cos(self, value: Any) -> Any:
        """By the series of the sine, a quarter turn on."""
        return self._wide(_cosine_series, value)

    def _wide(self, series: Callable[[Any, Any], Any], value: Any) -> Any:
        # The terms of an alternating series cancel, and so does 1 - exp(-2x): carry more
        # digits, then round.
        with self._decimal.localcontext(self.context) as wide:
            wide.prec = 3 * DECIMAL_DIGITS
            result = series(value, self._decimal.Decimal)
        return self.context.plus(result)

    def power(self, base: Any, exponent: Any) -> Any:  # type: ignore[override]  # needs the context
        """base ** exponent; a root of a negative number is a ValueError."""
        if base == 0 and exponent == 0:
            return self._decimal.Decimal(1)
        if base == 0 and exponent < 0:
            raise ZeroDivisionError
        if base < 0 and exponent != exponent.to_integral_value():
            raise ValueError("root of a negative number")
        return self.context.power(base, exponent)

    def floor(self, value: Any) -> Any:  # type: ignore[override]  # needs the context
        """The largest whole number that is not above the value."""
        return value.to_integral_value(rounding=self._decimal.ROUND_FLOOR)


def _series(term: Any, step: Callable[[Any, int], Any]) -> Any:
    """A power series, summed until its terms no longer count."""
    total, count = term, 0
    smallest = 10 ** (3 * DECIMAL_DIGITS)
    while term and abs(term) * smallest > 1:
        count += 1
        term = step(term, count)
        total += term
    return total


def _erf_series(value: Any, make: Callable[[Any], Any]) -> Any:
    square = value * value
    # Each term of the sum lacks the factor 1/(2n+1); it is put in where terms are added.
    total, power, count = value, value, 0
    while power and abs(power) * 10 ** (2 * DECIMAL_DIGITS) > 1:
        count += 1
        power = -power * square / count
        total += power / (2 * count + 1)
    return 2 * total / _pi(make).sqrt()


def _sine_series(value: Any, make: Callable[[Any], Any]) -> Any:
    turn = 2 * _pi(make)
    value = value - turn * (value / turn).to_integral_value()
    square = value * value
    return _series(value, lambda term, n: -term * square / ((2 * n) * (2 * n + 1)))


def _cosine_series(value: Any, make: Callable[[Any], Any]) -> Any:
    turn = 2 * _pi(make)
    value = value - turn * (value / turn).to_integral_value()
    square = value * value
    return _series(make(1), lambda term, n: -term * square / ((2 * n - 1) * (2 * n)))


@cache
def _pi(make: Callable[[Any], Any]) -> Any:
    """Machin's formula: pi/4 = 4 arctan(1/5) - arctan(1/239)."""

    def arctan_inverse(whole: int) -> Any:
        power = total = make(1) / whole
        count = 0
        while abs(power) * 10 ** (3 * DECIMAL_DIGITS) > 1:
            count += 1
            power = -power / (whole * whole)
            total += power / (2 * count + 1)
        return total

    return 4 * (4 * arctan_inverse(5) - arctan_inverse(239))


class Brief(Exact):
    """Fractions as long as they are short: a long one goes on as a float.

    Sums and products of decimals come out as they do by hand (0.1 + 0.2 - 0.3 is 0),
    at a price that does not grow with the number of steps.
    """

    @staticmethod
    def finish(value: Any) -> Any:
        """The value, as a float once it has more digits than a few floats hold."""
        if isinstance(value, float):
            return value
        bits = max(value.numerator.bit_length(), value.denominator.bit_length())
        return float(value) if bits > BRIEF_BITS else value

    @staticmethod
    def power(base: Any, exponent: Any) -> Any:
        """Exact for small whole exponents; a float where the fraction would be long."""
        if not isinstance(exponent, float) and not isinstance(base, float):
            bits = max(base.numerator.bit_length(), base.denominator.bit_length())
            if abs(exponent) * bits > 2 * BRIEF_BITS:
                return NumberSystem.power(float(base), float(exponent))
        return Exact.power(base, exponent)


FLOATS: Final = NumberSystem()
EXACT: Final = Exact()
BRIEF: Final = Brief()
