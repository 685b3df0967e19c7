"""Whether a polynomial in atoms is positive for all values of the atoms: exact methods.

Each method may fail to decide, but what it says holds for all real numbers in the
intervals of the atoms: ranges of terms and of polynomials in one variable (Sturm),
quadratic forms (squares completed), linear inequalities (Fourier and Motzkin), and the
ends of the intervals of atoms in which the polynomial is linear.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product as pairs
from math import lcm
from typing import TYPE_CHECKING, Final, NamedTuple

from hwsolve.proofs import polynomials as p
from hwsolve.proofs.intervals import INFINITY, Interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.proofs.algebra import Algebra
    from hwsolve.proofs.polynomials import Monomial, Poly

MOST_ROWS: Final = 300
MOST_MONOMIALS: Final = 14

DEEPEST: Final = 8

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
        if _by_squares(poly, strict=strict):
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


def _by_squares(poly: Poly, *, strict: bool) -> bool:
    """Whether a polynomial of degree 2 is a sum of squares (and of a positive number)."""
    names = sorted(p.variables(poly))
    position = {name: number for number, name in enumerate(names)}
    size = len(names) + 1
    matrix = [[Fraction(0)] * size for _ in range(size)]
    for monomial, factor in poly.items():
        places: list[int] = []
        for name, exponent in monomial:
            if exponent not in {1, 2}:
                return False
            places += [position[name]] * int(exponent)
        if len(places) > 2:  # noqa: PLR2004  (squares and products of two)
            return False
        places += [size - 1] * (2 - len(places))
        one, other = places
        matrix[one][other] += factor / 2
        matrix[other][one] += factor / 2
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
    return not strict or matrix[-1][-1] > 0


# -- ends of intervals ----------------------------------------------------------------


def _by_ends(algebra: Algebra, poly: Poly, depth: int, *, strict: bool) -> bool:
    """Whether a polynomial is positive at both ends of each atom in which it is linear."""
    if _by_ranges(algebra, poly, strict=strict):
        return True
    name = _linear(poly)
    if name is None or depth == 0:
        return False
    slope: Poly = {}
    rest: Poly = {}
    for monomial, factor in poly.items():
        inside = tuple(part for part in monomial if part[0] != name)
        (rest if inside == monomial else slope)[inside] = factor
    where = algebra.atoms[name]
    if where.low == -INFINITY and where.high == INFINITY:
        return False
    ends = []
    for end, is_open, sign in ((where.low, where.low_open, -1), (where.high, where.high_open, 1)):
        if isinstance(end, float):
            if not _by_ends(algebra, p.scaled(slope, sign), depth - 1, strict=False):
                return False
        else:
            ends.append((p.add(rest, slope, end), is_open))
    if not strict:
        return all(_by_ends(algebra, at, depth - 1, strict=False) for at, _ in ends)
    # above 0 at one end and not below it at the other, which is not reached: above 0 between
    firm = [_by_ends(algebra, at, depth - 1, strict=True) for at, _ in ends]
    loose = [is_open and _by_ends(algebra, at, depth - 1, strict=False) for at, is_open in ends]
    return any(firm) and all(sure or weak for sure, weak in zip(firm, loose, strict=True))


def _linear(poly: Poly) -> int | None:
    """An atom in which a polynomial is linear, or None."""
    names = p.variables(poly)
    for monomial in poly:
        names -= {name for name, exponent in monomial if exponent != 1}
    return min(names, default=None)


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
    goal = Constraint(p.scaled(poly, -1), not strict)
    rows = [_row(each) for each in (goal, *constraints, *_facts(algebra, poly))]
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
        if key[0] == "exp":
            inside: Poly = {key[1]: Fraction(1)}
            line = p.add(p.add(p.variable(name), inside, -1), p.constant(1), -1)
            found.append(Constraint(line, strict=False))
        elif key[0] == "log of atom":
            line = p.add(p.add(p.variable(key[1]), p.variable(name), -1), p.constant(1), -1)
            found.append(Constraint(line, strict=False))
        elif key[0] in {"softplus", "log"} and dict(key[-1][1]) == p.constant(1):
            inside = dict(key[-1][0])
            line = p.add(p.variable(name), inside, -1)
            if key[0] == "softplus":
                found.append(Constraint(line, strict=True))
            else:
                line = p.scaled(p.add(line, p.constant(1)), -1)
                found.append(Constraint(line, strict=False))
    return found


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
