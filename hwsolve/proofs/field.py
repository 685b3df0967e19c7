"""Arithmetic modulo a prime in which functions are symbols: identities in microseconds.

Every free variable gets a random value modulo p = 2^61 - 1. exp of each independent
term is a random value of its own, and exp(a + b) = exp(a) exp(b), exp(-a) = 1/exp(a),
log(exp(a)) = a, exp(a/2)^2 = exp(a) hold by construction; sigmoid, tanh and softmax
are made of exp. Two expressions whose values agree are equal as rational functions of
these symbols, but for a chance of (degree/p) at each point (Schwartz and Zippel); and
then they are equal for all real numbers for which both are defined.

A value also knows what it is a sum of (`terms`: value of a term -> factor), so that
`exp(x*w + b)` and `exp(b)*exp(w*x)` meet in the same symbols.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from hwsolve.expr.systems import NumberSystem

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

P: Final = (1 << 61) - 1
# exp(a/2), exp(a/3), ...: the symbol of a term a is exp(a/60).
ROOTS: Final = 60
# A sum of more terms is taken as one term: nothing is lost but some identities of exp.
MANY_TERMS: Final = 48

Terms = dict[int, Fraction]
Factors = dict[tuple[str, int], Fraction]


class UnsupportedError(ArithmeticError):
    """The field has no such operation; the identity has to be settled otherwise."""


class DegenerateError(ArithmeticError):
    """A division by 0 at a random point: the divisor is 0 everywhere, or bad luck."""


class ContradictionError(DegenerateError):
    """What is supposed about a value contradicts what is known."""


class NoRootError(DegenerateError):
    """A value that has no square root in the field at this point."""


class Element:
    """A number of the field.

    Attributes:
        value: modulo p.
        terms: the value as a sum, each term by its own value; the constant 1 is a term.
        factors: the value as a product of positive symbols, or None where it is not
            known to be positive; kind "exp" stands for exp(term), "is" for a value.
    """

    __slots__ = ("base", "factors", "field", "terms", "value")

    def __init__(
        self, field: Field, value: int, terms: Terms | None = None, factors: Factors | None = None
    ) -> None:
        self.field = field
        self.value = value % P
        self.terms = {self.value: Fraction(1)} if terms is None else terms
        # what has the value of something positive is positive too: p + 1 - 1 as p
        self.factors = field.positive.setdefault(self.value, factors) if factors else factors
        if factors is None:
            self.factors = field.positive.get(self.value)
        # the part of a product that decides on its sign, where that is known
        self.base: Element | None = None

    def constant(self) -> Fraction | None:
        """The rational number that this is, or None."""
        if not self.terms:
            return Fraction(0)
        return self.terms[1] if len(self.terms) == 1 and 1 in self.terms else None

    def _other(self, other: Any) -> Element:
        return other if isinstance(other, Element) else self.field.number(other)

    def __add__(self, other: Any) -> Element:
        if _is_array(other):
            return NotImplemented
        other = self._other(other)
        if not other.terms:
            return self  # whose sign may be known
        terms = dict(self.terms)
        for key, factor in other.terms.items():
            total = terms.get(key, 0) + factor
            if total:
                terms[key] = Fraction(total)
            else:
                terms.pop(key, None)
        value = (self.value + other.value) % P
        positive = self.factors is not None and other.factors is not None
        if len(terms) > MANY_TERMS:
            terms = {value: Fraction(1)}
        return Element(self.field, value, terms, self._summed(other, value) if positive else None)

    def _summed(self, other: Element, value: int) -> Factors:
        """The factors of a sum of positive numbers: what they share, and the rest.

        So log(1 + exp(-x)) and log(1 + exp(x)) - x meet in the same symbol.
        """
        mine, its = self.factors or {}, other.factors or {}
        shared: Factors = {}
        for key in {**mine, **its}:
            least = min(mine.get(key, Fraction(0)), its.get(key, Fraction(0)))
            if least:
                shared[key] = least
        if shared:
            content = self.field.product(shared)
            if content is None:
                return {("is", value): Fraction(1)}
            value = value * pow(content, -1, P) % P
        return {**shared, ("is", value): Fraction(1)} if value != 1 else shared

    __radd__ = __add__

    def __neg__(self) -> Element:
        terms = {key: -part for key, part in self.terms.items()}
        result = Element(self.field, -self.value, terms)
        if self.base is not None:
            result.base = -self.base
        return result

    def __sub__(self, other: Any) -> Element:
        if _is_array(other):
            return NotImplemented
        return self + (-self._other(other))

    def __rsub__(self, other: Any) -> Element:
        if _is_array(other):
            return NotImplemented
        return self._other(other) - self

    def __mul__(self, other: Any) -> Element:
        if _is_array(other):
            return NotImplemented
        other = self._other(other)
        value = self.value * other.value % P
        terms: Terms = {}
        if len(self.terms) * len(other.terms) > MANY_TERMS:
            terms = {value: Fraction(1)}
        else:
            for one, first in self.terms.items():
                for two, second in other.terms.items():
                    key = one * two % P
                    total = terms.get(key, 0) + first * second
                    if total:
                        terms[key] = Fraction(total)
                    else:
                        terms.pop(key, None)
        result = Element(self.field, value, terms, _joined(self.factors, other.factors, 1))
        if result.factors is None:
            # a positive factor does not change on which side of 0 the product is
            if self.factors is not None:
                result.base = other.base or other
            elif other.factors is not None:
                result.base = self.base or self
        return result

    __rmul__ = __mul__

    def inverse(self) -> Element:
        """1 divided by this.

        Raises:
            DegenerateError: if this is 0.
        """
        if not self.value:
            raise DegenerateError("division by zero")
        value = pow(self.value, -1, P)
        terms: Terms = {value: Fraction(1)}
        if len(self.terms) == 1:
            ((key, factor),) = self.terms.items()
            terms = {pow(key, -1, P): 1 / factor}
        return Element(self.field, value, terms, _joined({}, self.factors, -1))

    def __truediv__(self, other: Any) -> Element:
        if _is_array(other):
            return NotImplemented
        return self * self._other(other).inverse()

    def __rtruediv__(self, other: Any) -> Element:
        if _is_array(other):
            return NotImplemented
        return self._other(other) / self

    def __pow__(self, exponent: Any) -> Element:
        if _is_array(exponent):
            return NotImplemented
        return self.field.power(self, self._other(exponent))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Element) and self.value == other.value

    def __hash__(self) -> int:
        return hash(self.value)

    def __repr__(self) -> str:
        known = self.constant()
        return f"Element({known})" if known is not None else f"Element({self.value} mod p)"


def _is_array(value: Any) -> bool:
    """Whether numpy should go on entry by entry (it does so for NotImplemented)."""
    return bool(getattr(value, "shape", ()))


def _joined(one: Factors | None, other: Factors | None, sign: int) -> Factors | None:
    if one is None or other is None:
        return None
    factors = dict(one)
    for key, power in other.items():
        total = factors.get(key, 0) + sign * power
        if total:
            factors[key] = Fraction(total)
        else:
            factors.pop(key, None)
    return factors


class Field(NumberSystem):
    """The field as a number system: one random point.

    Args:
        source: where the random values come from.
        branches: the sides of kinks (ReLU, abs, max) in this point, in the order in
            which they are met; drawn at random where the list is too short.
    """

    name = "numbers modulo 2^61 - 1"
    exact = True

    def __init__(self, source: random.Random, branches: tuple[bool, ...] = ()) -> None:
        self._random = source
        self._symbols: dict[tuple[str, int], int] = {}
        self._branches = branches
        self._met = 0
        # what each symbol for a logarithm is the logarithm of
        self._inside: dict[int, Element] = {}
        # sums that are positive at this point, as kinks were decided or as was supposed
        self._positive: list[Terms] = []
        self._supposed = 0
        self.positive: dict[int, Factors] = {}
        self.roots = 0
        self.own: Mapping[str, Any] = _OWN

    @property
    def kinks(self) -> int:
        """How many independent kinks have been met."""
        return self._met

    def number(self, value: Any) -> Any:  # type: ignore[override]  # needs the field
        """A rational number in the field; a decimal is the fraction that was written."""
        if isinstance(value, Element):
            return value
        exact = Fraction(repr(float(value))) if isinstance(value, float) else Fraction(value)
        residue = exact.numerator * pow(exact.denominator, -1, P) % P
        terms = {1: exact} if exact else {}
        factors: Factors | None = None
        if exact > 0:
            factors = {} if exact == 1 else {("is", residue): Fraction(1)}
        return Element(self, residue, terms, factors)

    def variable(self, *, positive: bool = False, value: int | None = None) -> Element:
        """A free variable: a random value (or the one that an assumption demands)."""
        drawn = self._random.randrange(2, P - 1) if value is None else value % P
        return Element(self, drawn, None, {("is", drawn): Fraction(1)} if positive else None)

    def known_positive(self, x: Element) -> Element:
        """A value that is assumed to be positive."""
        return Element(self, x.value, x.terms, {("is", x.value): Fraction(1)})

    def symbol(self, kind: str, key: int) -> int:
        """The random value that stands for a function at an argument."""
        drawn = self._symbols.get((kind, key))
        if drawn is None:
            drawn = self._symbols[kind, key] = self._random.randrange(2, P - 1)
        return drawn

    def exp(self, x: Element) -> Element:  # type: ignore[override]  # of the field's elements
        """The product of the symbols of the terms; of a logarithm what it is of."""
        if len(x.terms) == 1:
            ((term, count),) = x.terms.items()
            if count == 1 and term in self._inside:
                return self._inside[term]
        value, factors = 1, {}
        for key, factor in x.terms.items():
            power = factor * ROOTS
            if power.denominator != 1:
                raise UnsupportedError("a root of an exponential")
            value = value * pow(self.symbol("exp", key), power.numerator, P) % P
            factors["exp", key] = factor
        return Element(self, value, {1: Fraction(1)} if value == 1 else None, factors)

    def log(self, x: Element) -> Element:  # type: ignore[override]  # of the field's elements
        """The sum of the logarithms of the factors; a symbol where they are not known."""
        factors = x.factors if x.factors is not None else {("is", x.value): Fraction(1)}
        total: Element = self.number(0)
        for (kind, key), power in factors.items():
            term = key if kind == "exp" else self.symbol("log", key)
            if key == x.value and factors == {("is", key): 1} and x.factors is not None:
                self._inside[term] = x
            total = total + _multiple(self, term, power)
        return total

    def sqrt(self, x: Element) -> Element:  # type: ignore[override]  # of the field's elements
        """A square root; which of the two is drawn at random where signs are not known."""
        return self.power(x, self.number(Fraction(1, 2)))

    def power(self, base: Element, exponent: Element) -> Element:  # type: ignore[override]  # of the field's elements
        """Whole powers, roots of positive products, and exp(b log a) for positive a."""
        known = exponent.constant()
        if known is not None and known.denominator == 1:
            return self._whole_power(base, known.numerator)
        constant = base.constant()
        if known == Fraction(1, 2) and constant is not None and constant >= 0:
            from math import isqrt

            top, bottom = isqrt(constant.numerator), isqrt(constant.denominator)
            if Fraction(top * top, bottom * bottom) == constant:
                return self.number(Fraction(top, bottom))  # type: ignore[no-any-return]  # an Element
        if base.factors is not None and all(kind == "exp" for kind, _ in base.factors):
            return self.exp(exponent * self.log(base))
        if known == Fraction(1, 2):
            return self._square_root(base)
        raise UnsupportedError("a power that is not a whole number")

    def _whole_power(self, base: Element, exponent: int) -> Element:
        if exponent < 0:
            return self._whole_power(base.inverse(), -exponent)
        if exponent > 8:  # noqa: PLR2004  (beyond, the terms would be many)
            value = pow(base.value, exponent, P)
            factors = None
            if base.factors is not None:
                factors = {key: power * exponent for key, power in base.factors.items()}
            return Element(self, value, None, factors)
        result: Element = self.number(1)
        for _ in range(exponent):
            result = result * base
        return result

    def _square_root(self, base: Element) -> Element:
        if not base.value:
            return base
        if pow(base.value, (P - 1) // 2, P) != 1:
            raise NoRootError("no square root at this point")
        self.roots += 1
        root = pow(base.value, (P + 1) // 4, P)
        if self.symbol("sign", base.value) % 2:
            root = P - root
        factors: Factors | None = None
        if base.factors is not None:
            factors = {("is", root): Fraction(1)}
        return Element(self, root, None, factors)

    def product(self, factors: Factors) -> int | None:
        """The value of a product of positive symbols; None where it needs a root."""
        value = 1
        for (kind, key), power in factors.items():
            symbol, exponent = key, power
            if kind == "exp":
                symbol, exponent = self.symbol("exp", key), power * ROOTS
            if exponent.denominator != 1:
                return None
            value = value * pow(symbol, exponent.numerator, P) % P
        return value

    def free(self, name: str, x: Element) -> Element:
        """A function of which nothing is known but that it is one."""
        return Element(self, self.symbol(name, x.value))

    def suppose_positive(self, x: Element) -> None:
        """Take the side of 0 on which a value is as known.

        Raises:
            ContradictionError: if it is known to be on the other side.
        """
        known = self._known_side(x)
        if known is None:
            # so that its logarithm is one symbol, and that of a product with it a sum
            self.positive.setdefault(x.value, {("is", x.value): Fraction(1)})
            self._positive.insert(self._supposed, (x.base or x).terms)
            self._supposed += 1
        elif not known:
            raise ContradictionError

    def supposed_side(self, x: Element) -> bool | None:
        """Whether a value is positive, where that follows from what is supposed."""
        return self._known_side(x, self._supposed)

    def _known_side(self, x: Element, count: int | None = None) -> bool | None:
        """Whether a value is positive, where that follows from what is known."""
        constant = x.constant()
        if constant is not None:
            return constant > 0
        if x.factors is not None:
            return True
        terms = (x.base or x).terms
        for known in self._positive[:count]:
            if _at_least(terms, known):
                return True
            if _at_least({key: -part for key, part in terms.items()}, known):
                return False
        return None

    def above_zero(self, x: Element) -> bool:
        """On which side of 0 a value is at this point: drawn once for each direction."""
        side = self._known_side(x)
        if side is None:
            drawn = self._met < len(self._branches)
            side = self._branches[self._met] if drawn else self._random.random() < 0.5  # noqa: PLR2004  (a coin)
            self._met += 1
            terms = (x.base or x).terms
            self._positive.append({key: part if side else -part for key, part in terms.items()})
        return side


def _at_least(terms: Terms, known: Terms) -> bool:
    """Whether a sum is a positive multiple of a positive sum, or larger by a constant."""
    key = next((key for key in known if key != 1), None)
    if key is None or key not in terms:
        return False
    scale = terms[key] / known[key]
    if scale <= 0:
        return False
    rest = {key: terms.get(key, 0) - scale * known.get(key, 0) for key in {*terms, *known}}
    return rest.pop(1, Fraction(0)) >= 0 and not any(rest.values())


def _multiple(field: Field, term: int, factor: Fraction) -> Element:
    value = term * factor.numerator * pow(factor.denominator, -1, P)
    return Element(field, value, {term: factor})


def _sigmoid(m: Field, x: Element) -> Element:
    power = m.exp(x)
    return power / (power + 1)


def _tanh(m: Field, x: Element) -> Element:
    power = m.exp(x + x)
    return (power - 1) / (power + 1)


def _odd(m: Field, name: str, x: Element) -> Element:
    """A function with f(-x) = -f(x), of which nothing else is known."""
    if not x.terms:
        return x
    turned = x.terms[min(x.terms)] < 0
    value = m.free(name, -x if turned else x)
    return -value if turned else value


def _sine(m: Field, x: Element) -> Element:
    # with t = tan(x/2): sin x = 2t/(1 + t^2), cos x = (1 - t^2)/(1 + t^2)
    half = _odd(m, "tan", x)
    return (half + half) / (half * half + 1)


def _cosine(m: Field, x: Element) -> Element:
    half = _odd(m, "tan", x)
    return (1 - half * half) / (half * half + 1)


def _log_to(base: int) -> Any:
    return lambda m, x: m.log(x) / m.log(m.number(base))


def _unsupported(name: str) -> Any:
    def refuse(*_: Any, **__: Any) -> Any:
        raise UnsupportedError(name)

    return refuse


def _compared(strict_side: int) -> Any:
    def compare(m: Field, a: Element, b: Element) -> Any:
        difference = (a - b) * strict_side
        return m.number(1 if m.above_zero(difference) else 0)

    return compare


def _times_log(log: Any) -> Any:
    """x·log(y), which is 0 where x is 0, whatever y is."""
    return lambda m, x, y: x * log(m, y) if x.value else m.number(0)


# How the field computes what the table computes with comparisons or functions.
_OWN: Final[Mapping[str, Any]] = {
    "exp": lambda m, x: m.exp(x),
    "log": lambda m, x: m.log(x),
    "log2": _log_to(2),
    "log10": _log_to(10),
    "xlogy": _times_log(lambda m, x: m.log(x)),
    "xlog2y": _times_log(_log_to(2)),
    "xlog10y": _times_log(_log_to(10)),
    "xdivy": lambda m, x, y: x / y if x.value else m.number(0),
    "sqrt": lambda m, x: m.sqrt(x),
    "pow": lambda m, a, b: m.power(a, b),
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "softplus": lambda m, x: m.log(m.exp(x) + 1),
    "sin": _sine,
    "cos": _cosine,
    "erf": lambda m, x: _odd(m, "erf", x),
    "floor": _unsupported("floor"),
    "abs": lambda m, x: x if m.above_zero(x) else -x,
    "relu": lambda m, x: x if m.above_zero(x) else m.number(0),
    "step": lambda m, x, at0=0: m.number(1 if m.above_zero(x) else 0),  # noqa: ARG005
    "sign": lambda m, x, at0=0: m.number(1 if m.above_zero(x) else -1),  # noqa: ARG005
    "maximum": lambda m, a, b: a if m.above_zero(a - b) else b,
    "minimum": lambda m, a, b: b if m.above_zero(a - b) else a,
    "where": lambda _, c, a, b: a if c.value else b,
    "gt": _compared(1),
    "ge": _compared(1),
    "lt": _compared(-1),
    "le": _compared(-1),
    "eq": lambda m, a, b: m.number(1 if a.value == b.value else 0),
    "ne": lambda m, a, b: m.number(0 if a.value == b.value else 1),
}
