"""Polynomials as numbers: a loss worked out with them is known as a function of its parameters."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

from hwsolve.expr.systems import EXACT, Exact

# The entries of parameters that occur in a product, in order, each as often as its power.
Monomial = tuple[int, ...]
# A loss with more terms is not looked at.
MOST_TERMS: Final = 5_000
HIGHEST: Final = 8


class PolynomialError(ArithmeticError):
    """A value is no polynomial, or one of too many terms."""


class Polynomial:
    """A polynomial in numbered variables; combines with fractions and with others.

    Attributes:
        terms: the coefficient of each product of variables.
    """

    __slots__ = ("terms",)

    def __init__(self, terms: dict[Monomial, Any]) -> None:
        self.terms = {at: value for at, value in terms.items() if value}
        if len(self.terms) > MOST_TERMS or self.degree() > HIGHEST:
            raise PolynomialError("it has too many terms")

    @classmethod
    def variable(cls, number: int) -> Polynomial:
        """A variable."""
        return cls({(number,): Fraction(1)})

    def degree(self) -> int:
        """The largest number of variables in a product."""
        return max(map(len, self.terms), default=0)

    def second(self, i: int, j: int) -> Any:
        """The constant part of the second derivative by two variables."""
        at = (min(i, j), max(i, j))
        return self.terms.get(at, Fraction(0)) * (2 if i == j else 1)

    def known(self) -> Any:
        """The number that it is.

        Raises:
            PolynomialError: if it depends on a variable.
        """
        if self.degree():
            raise PolynomialError("it is no polynomial")
        return self.terms.get((), Fraction(0))

    def __add__(self, other: Any) -> Polynomial:
        total = dict(self.terms)
        for at, value in _terms(other).items():
            total[at] = total.get(at, Fraction(0)) + value
        return Polynomial(total)

    __radd__ = __add__

    def __neg__(self) -> Polynomial:
        return Polynomial({at: -value for at, value in self.terms.items()})

    def __sub__(self, other: Any) -> Polynomial:
        return self.__add__(-1 * other)

    def __rsub__(self, other: Any) -> Polynomial:
        return (-self).__add__(other)

    def __mul__(self, other: Any) -> Polynomial:
        total: dict[Monomial, Any] = {}
        for one, first in self.terms.items():
            for two, second in _terms(other).items():
                at = tuple(sorted(one + two))
                total[at] = total.get(at, Fraction(0)) + first * second
        return Polynomial(total)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Polynomial:
        divisor = other.known() if isinstance(other, Polynomial) else other
        return Polynomial({at: value / divisor for at, value in self.terms.items()})

    def __rtruediv__(self, other: Any) -> Polynomial:
        return Polynomial({(): other / self.known()})

    def __pow__(self, exponent: Any) -> Polynomial:
        power = exponent.known() if isinstance(exponent, Polynomial) else exponent
        if power != int(power) or not 0 <= power <= HIGHEST:
            raise PolynomialError("it is no polynomial")
        result = Polynomial({(): Fraction(1)})
        for _ in range(int(power)):
            result = result * self
        return result

    def __abs__(self) -> Polynomial:
        return Polynomial({(): abs(self.known())})

    def __lt__(self, other: Any) -> bool:
        return bool(self.known() < _number(other))

    def __le__(self, other: Any) -> bool:
        return bool(self.known() <= _number(other))

    def __gt__(self, other: Any) -> bool:
        return bool(self.known() > _number(other))

    def __ge__(self, other: Any) -> bool:
        return bool(self.known() >= _number(other))


def _number(value: Any) -> Any:
    return value.known() if isinstance(value, Polynomial) else value


def _terms(value: Any) -> dict[Monomial, Any]:
    return value.terms if isinstance(value, Polynomial) else {(): value}


class Polynomials(Exact):
    """Fractions and polynomials side by side; functions only of what is a number."""

    name = "polynomials"

    @staticmethod
    def number(value: Any) -> Any:
        """A fraction, or the polynomial itself."""
        return value if isinstance(value, Polynomial) else EXACT.number(value)

    @staticmethod
    def finish(value: Any) -> Any:
        """The value as it is."""
        return value

    @staticmethod
    def power(base: Any, exponent: Any) -> Any:
        """A power, of a polynomial with a whole exponent."""
        if isinstance(base, Polynomial):
            return base**exponent
        return EXACT.power(base, _number(exponent))


def _of_numbers(name: str) -> Any:
    function = getattr(EXACT, name)
    return staticmethod(lambda value: function(_number(value)))


for _name in ("exp", "log", "log1p", "tanh", "erf", "sin", "cos", "sqrt", "floor"):
    setattr(Polynomials, _name, _of_numbers(_name))
