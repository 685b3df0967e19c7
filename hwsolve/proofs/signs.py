"""Whether a polynomial in atoms is positive for all values of the atoms: exact methods.

Each method may fail to decide, but what it says holds for all real numbers in the
intervals of the atoms: ranges of terms and of polynomials in one variable (Sturm),
quadratic forms (squares completed), linear inequalities (Fourier and Motzkin), and the
ends of the intervals of atoms in which the polynomial is linear.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from itertools import product as pairs
from math import lcm
from typing import TYPE_CHECKING, Final, NamedTuple

from hwsolve.proofs import polynomials as p
from hwsolve.proofs.algebra import function_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.proofs.algebra import Algebra
    from hwsolve.proofs.intervals import Interval
    from hwsolve.proofs.polynomials import Monomial, Poly

MOST_ROWS: Final = 300
MOST_MONOMIALS: Final = 14

DEEPEST: Final = 8
MOST_SQUARES: Final = 12
MOST_FACTORS: Final = 4

RANGES, SQUARES, LINEAR, ENDS = "ranges", "squares", "linear inequalities", "ends of intervals"


class Constraint(NamedTuple):
    """`poly` is positive (`strict`) or not negative."""

    poly: Poly
    strict: bool


def positive(  # noqa: PLR0911  (one case after the other)
    algebra: Algebra, poly: Poly, constraints: Sequence[Constraint], *, strict: bool
) -> str | None:
    """The method that shows a polynomial to be positive (or not negative), or None."""
    if not poly:
        return None if strict else RANGES
    try:
        if _by_ranges(algebra, poly, strict=strict):
            return RANGES
        if _by_squares(algebra, poly, strict=strict):
            return SQUARES
        if _by_lines(algebra, poly, constraints, strict=strict):
            return LINEAR
        if _by_ends(algebra, poly, DEEPEST, strict=strict):
            return ENDS
    except ArithmeticError:
        return None
    common = p.content(poly)
    if not common:
        return None
    where = p.enclosure({common: Fraction(1)}, algebra.atoms.__getitem__)
    rest = p.divided(poly, common)
    if where.positive or (where.low >= 0 and not strict):
        return positive(algebra, rest, constraints, strict=strict)
    if where.negative or (where.high <= 0 and not strict):
        return positive(algebra, p.scaled(rest, -1), constraints, strict=strict)
    return None


def _by_ranges(algebra: Algebra, poly: Poly, *, strict: bool) -> bool:
    found = algebra.enclosure(poly)
    if found.positive or (found.low >= 0 and not strict):
        return True
    return _in_one_variable(algebra, poly, strict=strict)


def _in_one_variable(algebra: Algebra, poly: Poly, *, strict: bool) -> bool:
    """Powers of one positive atom, which may be fractions or negative, as a polynomial."""
    names = p.variables(poly)
    if len(names) != 1:
        return False
    (name,) = names
    where = algebra.atoms[name]
    exponents = [monomial[0][1] if monomial else Fraction(0) for monomial in poly]
    if all(exponent.denominator == 1 and exponent >= 0 for exponent in exponents):
        return False  # the enclosure has looked at it
    if not where.positive:
        return False
    scale, least = lcm(*(exponent.denominator for exponent in exponents)), min(exponents)
    whole: Poly = {}
    for monomial, factor in poly.items():
        exponent = ((monomial[0][1] if monomial else Fraction(0)) - least) * scale
        whole[((name, exponent),) if exponent else ()] = factor
    row = p.row(whole)
    if row is None:
        return False
    found = p.range_of(row, where ** Fraction(1, scale))
    return found.positive or (found.low >= 0 and not strict)


# -- quadratic forms ---------------------------------------------------------------


def _by_squares(algebra: Algebra, poly: Poly, *, strict: bool) -> bool:
    """Whether a polynomial is a sum of squares (and of a positive number).

    It is written as a quadratic form in the monomials whose squares it has; what is
    positive is the square of its root.
    """
    whole = _halves(poly, set())
    rooted = _halves(poly, {name for name in p.variables(poly) if algebra.atoms[name].positive})
    return any(_is_form(poly, basis, strict=strict) for basis in (whole, rooted) if basis)


def _halves(poly: Poly, rooted: set[int]) -> tuple[Monomial, ...]:
    """The monomials whose squares a polynomial adds, and 1; () where there are too many."""
    found = [
        tuple((name, power / 2) for name, power in monomial)
        for monomial in sorted(poly, reverse=True)
        if monomial
        and poly[monomial] > 0
        and all(power % 2 == 0 or name in rooted for name, power in monomial)
    ]
    # the constant stands last: what is left of it at the end is the number
    return (*found, ()) if len(found) < MOST_SQUARES else ()


def _is_form(poly: Poly, basis: tuple[Monomial, ...], *, strict: bool) -> bool:
    """Whether a polynomial is a quadratic form of the basis that is never negative."""
    size = len(basis)
    products: dict[Monomial, tuple[int, int]] = {}
    for one in range(size):
        for other in range(one, size):
            products.setdefault(p.times(basis[one], basis[other]), (one, other))
    products |= {p.times(half, half): (place, place) for place, half in enumerate(basis)}
    matrix = [[Fraction(0)] * size for _ in range(size)]
    for monomial, factor in poly.items():
        if monomial not in products:
            return False
        one, other = products[monomial]
        matrix[one][other] += factor / 2
        matrix[other][one] += factor / 2
    return _squares_completed(matrix) and (not strict or matrix[-1][-1] > 0)


def _squares_completed(matrix: list[list[Fraction]]) -> bool:
    """Complete one square after the other; whether none has a negative factor."""
    size = len(matrix)
    for pivot in range(size):
        here = matrix[pivot][pivot]
        if here < 0 or (here == 0 and any(matrix[pivot][pivot:])):
            return False
        if here == 0:
            continue
        for row in range(pivot + 1, size):
            factor = matrix[row][pivot] / here
            for column in range(pivot, size):
                matrix[row][column] -= factor * matrix[pivot][column]
    return True


# -- ends of intervals ----------------------------------------------------------------


def _by_ends(algebra: Algebra, poly: Poly, depth: int, *, strict: bool) -> bool:
    """Whether a polynomial is positive at both ends of an atom in which it is linear.

    So it is between the ends, also where it is curved downwards.
    """
    if _by_ranges(algebra, poly, strict=strict) or _by_squares(algebra, poly, strict=strict):
        return True
    if depth < DEEPEST and _contradict(algebra, _denied(algebra, poly, strict=strict)):
        return True
    name = _between_ends(algebra, poly)
    return name is not None and depth > 0 and _at_ends(algebra, poly, name, depth, strict=strict)


def _at_ends(algebra: Algebra, poly: Poly, name: int, depth: int, *, strict: bool) -> bool:
    """Whether a polynomial is positive at both ends of an atom."""
    powers = _in_powers(poly, name)
    where = algebra.atoms[name]
    ends = []
    for end, is_open, sign in ((where.low, where.low_open, -1), (where.high, where.high_open, 1)):
        if isinstance(end, float):
            if not _by_ends(algebra, p.scaled(powers[1], sign), depth - 1, strict=False):
                return False
        else:
            at = p.add(powers[0], powers[1], end)
            ends.append((p.add(at, powers[2], end * end), is_open))
    if not strict:
        return all(_by_ends(algebra, at, depth - 1, strict=False) for at, _ in ends)
    # above 0 at one end and not below it at the other, which is not reached: above 0 between
    firm = [_by_ends(algebra, at, depth - 1, strict=True) for at, _ in ends]
    loose = [is_open and _by_ends(algebra, at, depth - 1, strict=False) for at, is_open in ends]
    return any(firm) and all(sure or weak for sure, weak in zip(firm, loose, strict=True))


def _between_ends(algebra: Algebra, poly: Poly) -> int | None:
    """An atom in which a polynomial is linear, or curved downwards between two ends."""
    linear: list[tuple[int, int]] = []
    for name in sorted(p.variables(poly)):
        exponents = {power for monomial in poly for atom, power in monomial if atom == name}
        where = algebra.atoms[name]
        endless = isinstance(where.low, float) + isinstance(where.high, float)
        if exponents == {1} and endless < 2:  # noqa: PLR2004  (an end to start from)
            linear.append((endless, name))
        elif exponents <= {1, 2} and not endless:
            curve = p.scaled(_in_powers(poly, name)[2], -1)
            if _by_ranges(algebra, curve, strict=False) or _by_squares(
                algebra, curve, strict=False
            ):
                return name
    return min(linear)[1] if linear else None


def _in_powers(poly: Poly, name: int) -> tuple[Poly, Poly, Poly]:
    """A polynomial as a + b·x + c·x² in one of its atoms."""
    parts: tuple[Poly, Poly, Poly] = ({}, {}, {})
    for monomial, factor in poly.items():
        power = next((int(power) for atom, power in monomial if atom == name), 0)
        parts[power][tuple(part for part in monomial if part[0] != name)] = factor
    return parts


# -- linear inequalities ------------------------------------------------------------


class _Row(NamedTuple):
    """A sum of numbers times monomials, which is positive or not negative."""

    parts: dict[Monomial, Fraction]
    rest: Fraction
    strict: bool


def _by_lines(
    algebra: Algebra, poly: Poly, constraints: Sequence[Constraint], *, strict: bool
) -> bool:
    """Whether the opposite contradicts the constraints, monomials taken as variables."""
    known = (*_denied(algebra, poly, strict=strict), *constraints)
    if _contradict(algebra, known):
        return True
    products = _products(algebra, poly, constraints)
    return bool(products) and _contradict(algebra, (*known, *products))


def _denied(algebra: Algebra, poly: Poly, *, strict: bool) -> list[Constraint]:
    """The opposite of what is to be shown, and what is known of the functions in it."""
    return [Constraint(p.scaled(poly, -1), not strict), *_facts(algebra, poly)]


def _products(algebra: Algebra, poly: Poly, constraints: Sequence[Constraint]) -> list[Constraint]:
    """Products of constraints, with each other and with atoms that are not below an end."""
    # the interval of an atom says already what is known of it alone
    constraints = [each for each in constraints if set(each.poly) - {()} != _alone(each.poly)]
    if not 0 < len(constraints) <= MOST_FACTORS:
        return []
    ends = []
    for name in sorted(p.variables(poly)):
        where = algebra.atoms[name]
        if not isinstance(where.low, float):
            line = p.add(p.variable(name), p.constant(Fraction(where.low)), -1)
            ends.append(Constraint(line, where.low_open))
    found = []
    for one, other in (*pairs(constraints, ends), *combinations(constraints, 2)):
        product = p.multiply(one.poly, other.poly)
        if product is not None and product.keys() & poly.keys() - {()}:
            found.append(Constraint(product, one.strict and other.strict))
    return found


def _alone(poly: Poly) -> set[Monomial]:
    """The one atom of a polynomial a·x + b, as a set of monomials."""
    names = p.variables(poly)
    return {((min(names), Fraction(1)),)} if len(names) == 1 else set()


def _contradict(algebra: Algebra, constraints: Sequence[Constraint]) -> bool:
    """Whether constraints exclude each other, monomials taken as variables."""
    rows = [_row(each) for each in constraints]
    monomials = sorted({monomial for row in rows for monomial in row.parts})
    if len(monomials) > MOST_MONOMIALS:
        return False
    for monomial in monomials:
        where = p.enclosure({monomial: Fraction(1)}, algebra.atoms.__getitem__)
        rows += _bounds(monomial, where)
    return not _possible(rows, monomials)


def _facts(algebra: Algebra, poly: Poly) -> list[Constraint]:
    """What is known of functions beside their ranges: exp(x) >= 1 + x, log(x) <= x - 1."""
    found = []
    for name in p.variables(poly):
        key = algebra.registry.keys[name]
        function, inside = function_in(key) or (key[0], {})
        if key[0] == "log of atom":
            function, inside = "log", p.variable(key[1])
        line = p.add(p.variable(name), inside, -1)
        if function == "log":
            line = p.scaled(p.add(line, p.constant(1)), -1)
            found.append(Constraint(line, strict=False))
        elif function == "softplus":
            found.append(Constraint(line, strict=True))
            found += _of_softplus(algebra, name, inside)
    for monomial in poly:
        power = _as_exp(algebra, monomial)
        if power is not None:
            line = p.add(p.add({monomial: Fraction(1)}, power, -1), p.constant(1), -1)
            found.append(Constraint(line, strict=False))
    return found


def _of_softplus(algebra: Algebra, name: int, inside: Poly) -> list[Constraint]:
    """log(1 + t) < t and log(1 + t) > t/(1 + t) for t = exp(x) and for t = exp(-x).

    Its tangent at 0 is below it: softplus(x) >= log(2) + x/2.
    """
    found = []
    upwards, downwards = p.variable(name), p.add(p.variable(name), inside, -1)
    for number in list(algebra.atoms):
        key = algebra.registry.keys[number]
        function, arg = function_in(key) or ("", {})
        if key == ("log of", 2):
            tangent = p.add(p.add(upwards, p.variable(number), -1), inside, Fraction(-1, 2))
            found.append(Constraint(tangent, strict=False))
        elif function == "sigmoid" and arg == inside:
            sigmoid = p.variable(number)
            found.append(Constraint(p.add(upwards, sigmoid, -1), strict=True))
            rest = p.add(p.constant(1), sigmoid, -1)
            found.append(Constraint(p.add(downwards, rest, -1), strict=True))
        elif function == "exp":
            for factor, value in ((1, upwards), (-1, downwards)):
                ratio = _ratio(inside, arg)
                if ratio is not None:
                    power: Poly = {((number, factor * ratio),): Fraction(1)}
                    found.append(Constraint(p.add(power, value, -1), strict=True))
    return found


def _ratio(one: Poly, other: Poly) -> Fraction | None:
    """The number that one polynomial is times another, or None."""
    if not other or one.keys() != other.keys():
        return None
    ratios = {one[monomial] / other[monomial] for monomial in one}
    return ratios.pop() if len(ratios) == 1 else None


def _as_exp(algebra: Algebra, monomial: Monomial) -> Poly | None:
    """What a product of exponentials is the exponential of; None for other monomials."""
    total: Poly = {}
    for atom, power in monomial:
        function, inside = function_in(algebra.registry.keys[atom]) or ("", {})
        if function != "exp":
            return None
        total = p.add(total, inside, power)
    return total or None


def _row(constraint: Constraint) -> _Row:
    parts = {monomial: part for monomial, part in constraint.poly.items() if monomial}
    return _Row(parts, constraint.poly.get((), Fraction(0)), constraint.strict)


def _bounds(monomial: Monomial, where: Interval) -> list[_Row]:
    rows = []
    if not isinstance(where.low, float):
        rows.append(_Row({monomial: Fraction(1)}, -Fraction(where.low), where.low_open))
    if not isinstance(where.high, float):
        rows.append(_Row({monomial: Fraction(-1)}, Fraction(where.high), where.high_open))
    return rows


def _possible(rows: list[_Row], monomials: list[Monomial]) -> bool:
    """Whether linear inequalities can all hold, by eliminating one variable after another."""
    left = list(monomials)
    while left:
        left.sort(key=lambda name: _cost(rows, name))
        name = left.pop(0)
        above = [row for row in rows if row.parts.get(name, 0) > 0]
        below = [row for row in rows if row.parts.get(name, 0) < 0]
        kept = [row for row in rows if not row.parts.get(name)]
        if len(above) * len(below) + len(kept) > MOST_ROWS:
            return True  # too long to find out
        for low, high in pairs(above, below):
            kept.append(_eliminated(low, high, name))
        rows = []
        seen = set()
        for row in kept:
            if not row.parts:
                if row.rest < 0 or (row.rest == 0 and row.strict):
                    return False
                continue
            size = abs(next(iter(row.parts.values())))
            key = (
                frozenset((k, v / size) for k, v in row.parts.items()),
                row.rest / size,
                row.strict,
            )
            if key not in seen:
                seen.add(key)
                rows.append(row)
    return all(row.rest > 0 or (row.rest == 0 and not row.strict) for row in rows)


def _cost(rows: list[_Row], name: Monomial) -> int:
    above = sum(row.parts.get(name, 0) > 0 for row in rows)
    return above * sum(row.parts.get(name, 0) < 0 for row in rows)


def _eliminated(low: _Row, high: _Row, name: Monomial) -> _Row:
    first, second = -high.parts[name], low.parts[name]
    parts: dict[Monomial, Fraction] = {}
    for monomial in {*low.parts, *high.parts}:
        total = first * low.parts.get(monomial, 0) + second * high.parts.get(monomial, 0)
        if total and monomial != name:
            parts[monomial] = total
    rest = first * low.rest + second * high.rest
    return _Row(parts, rest, low.strict or high.strict)
