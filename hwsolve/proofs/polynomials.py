"""Polynomials with fractions as coefficients: arithmetic, and exact ranges in one variable.

The variables are numbered. Whether a polynomial of one variable is positive on an
interval is decided exactly: Sturm's theorem counts its roots there.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeAlias

from hwsolve.proofs.intervals import INFINITY, End, Interval

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Powers of variables, sorted: ((variable, exponent), ...); () is the constant's.
Monomial: TypeAlias = tuple[tuple[int, Fraction], ...]
Poly: TypeAlias = dict[Monomial, Fraction]
# Coefficients of one variable, the constant first.
Row: TypeAlias = list[Fraction]

# More terms than this are not multiplied out.
MOST_TERMS: Final = 400
# A root is enclosed in an interval of this width, relative to where it is searched.
NARROW: Final = Fraction(1, 2**60)
HIGHEST_DEGREE: Final = 24


def constant(value: Fraction | int) -> Poly:
    """The polynomial of a number."""
    return {(): Fraction(value)} if value else {}


def variable(number: int) -> Poly:
    """The polynomial of a variable."""
    return {((number, Fraction(1)),): Fraction(1)}


def known(poly: Poly) -> Fraction | None:
    """The number that a polynomial is, or None."""
    if not poly:
        return Fraction(0)
    return poly[()] if len(poly) == 1 and () in poly else None


def add(one: Poly, other: Poly, factor: Fraction | int = 1) -> Poly:
    """one + factor·other."""
    result = dict(one)
    for monomial, coefficient in other.items():
        total = result.get(monomial, Fraction(0)) + factor * coefficient
        if total:
            result[monomial] = total
        else:
            result.pop(monomial, None)
    return result


def scaled(poly: Poly, factor: Fraction | int) -> Poly:
    """A polynomial times a number."""
    return {monomial: factor * part for monomial, part in poly.items()} if factor else {}


def times(one: Monomial, other: Monomial) -> Monomial:
    """The product of two monomials."""
    powers = dict(one)
    for number, exponent in other:
        total = powers.get(number, Fraction(0)) + exponent
        if total:
            powers[number] = total
        else:
            powers.pop(number, None)
    return tuple(sorted(powers.items()))


def multiply(one: Poly, other: Poly) -> Poly | None:
    """The product; None where it would be too long."""
    if len(one) * len(other) > MOST_TERMS:
        return None
    result: Poly = {}
    for first, factor in one.items():
        for second, other_factor in other.items():
            monomial = times(first, second)
            total = result.get(monomial, Fraction(0)) + factor * other_factor
            if total:
                result[monomial] = total
            else:
                result.pop(monomial, None)
    return result


def raised(poly: Poly, exponent: int) -> Poly | None:
    """A power with a small whole exponent; None where it would be too long."""
    result: Poly | None = constant(1)
    for _ in range(exponent):
        result = multiply(result, poly) if result is not None else None
    return result


def variables(poly: Poly) -> set[int]:
    """The variables of a polynomial."""
    return {number for monomial in poly for number, _ in monomial}


def content(poly: Poly) -> Monomial:
    """The largest monomial that divides every term (exponents may be negative)."""
    terms = [dict(monomial) for monomial in poly]
    every = {number for term in terms for number in term}
    least = {number: min(term.get(number, Fraction(0)) for term in terms) for number in every}
    return tuple(sorted((number, power) for number, power in least.items() if power))


def divided(poly: Poly, monomial: Monomial) -> Poly:
    """A polynomial divided by a monomial."""
    inverse = tuple((number, -power) for number, power in monomial)
    return {times(term, inverse): part for term, part in poly.items()}


def enclosure(poly: Poly, interval: Callable[[int], Interval]) -> Interval:
    """An interval that holds all values, from those of the variables."""
    total = Interval(0, 0)
    for monomial, coefficient in poly.items():
        term = Interval(coefficient, coefficient)
        for number, exponent in monomial:
            term = term * interval(number) ** exponent
        total = total + term
    return total


# -- one variable --------------------------------------------------------------


def row(poly: Poly) -> Row | None:
    """The coefficients of a polynomial in one variable, with whole exponents from 0 up."""
    found: dict[int, Fraction] = {}
    for monomial, coefficient in poly.items():
        exponent = monomial[0][1] if monomial else Fraction(0)
        if len(monomial) > 1 or exponent.denominator != 1 or not 0 <= exponent <= HIGHEST_DEGREE:
            return None
        found[int(exponent)] = coefficient
    return [found.get(power, Fraction(0)) for power in range(max(found, default=0) + 1)]


def value(coefficients: Row, at: Fraction | int) -> Fraction:
    """The value of a polynomial at a number."""
    total = Fraction(0)
    for coefficient in reversed(coefficients):
        total = total * at + coefficient
    return total


def derived(coefficients: Row) -> Row:
    """The derivative."""
    return [power * part for power, part in enumerate(coefficients)][1:] or [Fraction(0)]


def _trimmed(coefficients: Sequence[Fraction]) -> Row:
    result = list(coefficients)
    while len(result) > 1 and not result[-1]:
        result.pop()
    return result


def _remainder(one: Row, other: Row) -> Row:
    rest = list(one)
    while len(rest) >= len(other) and any(rest):
        factor = rest[-1] / other[-1]
        shift = len(rest) - len(other)
        for position, part in enumerate(other):
            rest[shift + position] -= factor * part
        rest.pop()
    return _trimmed(rest or [Fraction(0)])


def _sturm(coefficients: Row) -> list[Row]:
    chain = [_trimmed(coefficients), _trimmed(derived(coefficients))]
    while len(chain[-1]) > 1:
        rest = [-part for part in _remainder(chain[-2], chain[-1])]
        if not any(rest):
            break
        size = max(abs(part) for part in rest)
        chain.append([part / size for part in rest])
    return [poly for poly in chain if any(poly)]


def _changes(chain: list[Row], at: End) -> int:
    signs = []
    for poly in chain:
        if isinstance(at, float):
            sign = poly[-1] if at > 0 or len(poly) % 2 else -poly[-1]
        else:
            sign = value(poly, at)
        if sign:
            signs.append(sign > 0)
    return sum(one != other for one, other in pairwise(signs))


def _square_free(coefficients: Row) -> Row:
    """The polynomial with each of its roots once."""
    chain = _sturm(coefficients)
    divisor = chain[-1]
    if len(divisor) <= 1:
        return _trimmed(coefficients)
    rest, quotient = list(_trimmed(coefficients)), []
    while len(rest) >= len(divisor):
        factor = rest[-1] / divisor[-1]
        quotient.append(factor)
        shift = len(rest) - len(divisor)
        for position, part in enumerate(divisor):
            rest[shift + position] -= factor * part
        rest.pop()
    return quotient[::-1]


def roots(coefficients: Row, where: Interval) -> list[Interval]:
    """Narrow intervals with one root each, in order; a rational root is a point.

    Roots at an end of `where` count whether the end belongs to it or not.
    """
    poly = _square_free(_trimmed(coefficients))
    if len(poly) <= 1:
        return []
    reach = 1 + max(abs(part / poly[-1]) for part in poly)
    low = Fraction(-reach if where.low == -INFINITY else max(Fraction(where.low), -reach))
    high = Fraction(reach if where.high == INFINITY else min(Fraction(where.high), reach))
    if low > high:
        return []
    chain = _sturm(poly)
    found = [Interval(low, low)] if value(poly, low) == 0 else []
    stack = [(low, high)]
    while stack:
        left, right = stack.pop()
        count = _changes(chain, left) - _changes(chain, right)  # roots in (left, right]
        if count == 0:
            continue
        if count == 1:
            found.append(_narrowed(poly, chain, left, right))
            continue
        middle = (left + right) / 2
        stack += [(left, middle), (middle, right)]
    found.sort(key=lambda root: (root.low, root.high))
    return found


def _narrowed(poly: Row, chain: list[Row], left: Fraction, right: Fraction) -> Interval:
    """The only root in (left, right], closer."""
    width = NARROW * max(Fraction(1), abs(left), abs(right))
    while right - left > width:
        simple = simplest(left, right)
        if simple != left and value(poly, simple) == 0:
            return Interval(simple, simple)
        middle = (left + right) / 2
        if _changes(chain, left) - _changes(chain, middle):
            right = middle
        else:
            left = middle
    if value(poly, right) == 0:
        return Interval(right, right)
    return Interval(left, right, low_open=True)


def simplest(low: Fraction, high: Fraction) -> Fraction:
    """The fraction with the smallest denominator from `low` to `high`, both included."""
    if low <= 0 <= high:
        return Fraction(0)
    if high < 0:
        return -simplest(-high, -low)
    whole = -(-low.numerator // low.denominator)
    if whole <= high:
        return Fraction(whole)
    part = low.numerator // low.denominator
    return part + 1 / simplest(1 / (high - part), 1 / (low - part))


def range_of(coefficients: Row, where: Interval) -> Interval:
    """The values of a polynomial of one variable on an interval: exact but for long roots."""
    poly = _trimmed(coefficients)
    if len(poly) == 1:
        return Interval(poly[0], poly[0])
    ends = [
        _end_value(poly, where.low, where.low_open),
        _end_value(poly, where.high, where.high_open),
    ]
    pieces = list(ends)
    for root in roots(derived(poly), where):
        inside = root.meet(where)
        if inside is not None:
            pieces.append(_value_near(poly, inside))
    result = pieces[0]
    for piece in pieces[1:]:
        result = _joined(result, piece)
    return result


def _end_value(poly: Row, end: End, is_open: bool) -> Interval:  # noqa: FBT001  (private)
    if not isinstance(end, float):
        at = value(poly, end)
        return Interval(at, at, is_open, is_open)
    rising = (poly[-1] > 0) == (end > 0 or len(poly) % 2 == 1)
    limit = INFINITY if rising else -INFINITY
    return Interval(limit, limit)


def _joined(one: Interval, other: Interval) -> Interval:
    """The hull; an end is open where no piece that has it reaches it."""
    return one.join(other)


def _value_near(poly: Row, at: Interval) -> Interval:
    if at.is_point:
        exact = value(poly, Fraction(at.low))
        return Interval(exact, exact)
    total = Interval(0, 0)
    for coefficient in reversed(poly):
        total = total * at + coefficient
    return total


def sign_changes_free(coefficients: Row, where: Interval, *, strict: bool) -> bool:
    """Whether a polynomial of one variable is positive (or not negative) on an interval."""
    found = range_of(coefficients, where)
    return found.positive if strict else found.low >= 0
