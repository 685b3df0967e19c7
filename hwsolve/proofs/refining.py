"""What conditions say about single quantities: better intervals for atoms."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hwsolve.proofs import polynomials as p
from hwsolve.proofs.algebra import function_in
from hwsolve.proofs.enclosures import FUNCTIONS
from hwsolve.proofs.intervals import INFINITY, Interval
from hwsolve.proofs.reach import ContradictionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.proofs.algebra import Algebra
    from hwsolve.proofs.polynomials import Poly
    from hwsolve.proofs.signs import Constraint


def refined(algebra: Algebra, constraints: Sequence[Constraint]) -> dict[int, Interval]:
    """The atoms that constraints bound, with their better intervals.

    Raises:
        ContradictionError: if a constraint leaves nothing.
    """
    found: dict[int, Interval] = {}
    for constraint in constraints:
        number = p.known(constraint.poly)
        if number is not None and (number < 0 or (number == 0 and constraint.strict)):
            raise ContradictionError
        names = p.variables(constraint.poly)
        row = p.row(constraint.poly) if len(names) == 1 else None
        if row is not None:
            name = names.pop()
            here = found.get(name, algebra.atoms[name])
            _keep(algebra, found, name, solutions(row, here, strict=constraint.strict))
        else:
            _by_line(algebra, found, constraint)
    if found:
        _passed_on(algebra, found)
    return found


def _keep(algebra: Algebra, found: dict[int, Interval], name: int, where: Interval | None) -> None:
    """Note a better interval, also for x where |x| is bounded."""
    if where is None:
        raise ContradictionError
    before = found.get(name, algebra.atoms[name])
    if where.same_as(before):
        return
    found[name] = where
    key = algebra.registry.keys[name]
    if key[0] == "abs" and isinstance(key[1], int) and key[1] in algebra.atoms:
        inside = found.get(key[1], algebra.atoms[key[1]])
        around = Interval(-where.high, where.high, where.high_open, where.high_open)
        _keep(algebra, found, key[1], inside.meet(around))
    if key[0] == "sum":
        _each_entry(algebra, found, dict(key[2]), where)


def _each_entry(algebra: Algebra, found: dict[int, Interval], poly: Poly, total: Interval) -> None:
    """Numbers that are not negative are each at most their sum."""
    names = p.variables(poly)
    if poly != p.variable(min(names, default=0)):
        return
    (name,) = names
    here = found.get(name, algebra.atoms.get(name))
    if here is not None and here.low >= 0:
        _keep(algebra, found, name, here.meet(Interval(0, total.high, False, total.high_open)))  # noqa: FBT003  (an open end)


def solutions(row: p.Row, where: Interval, *, strict: bool) -> Interval | None:
    """The smallest interval that holds all x of an interval with a positive polynomial."""
    cuts: list[Any] = [where.low]
    roots = [root for root in p.roots(row, where) if root.meet(where) is not None]
    for root in roots:
        cuts += [root.low, root.high]
    cuts.append(where.high)
    result: Interval | None = None

    def take(piece: Interval | None) -> None:
        nonlocal result
        inside = None if piece is None else piece.meet(where)
        if inside is not None:
            result = inside if result is None else result.join(inside)

    for low, high in pairwise(cuts):
        if low < high and p.value(row, _between(low, high)) > 0:
            take(Interval(low, high, low_open=True, high_open=True))
    for root in roots:
        if not strict or not root.is_point:
            take(Interval(root.low, root.high))
    if not isinstance(where.low, float) and _at(row, where.low, strict=strict):
        take(Interval(where.low, where.low))
    if not isinstance(where.high, float) and _at(row, where.high, strict=strict):
        take(Interval(where.high, where.high))
    return result


def _at(row: p.Row, end: Any, *, strict: bool) -> bool:
    value = p.value(row, Fraction(end))
    return value > 0 or (value == 0 and not strict)


def _between(low: Any, high: Any) -> Fraction:
    if low == -INFINITY and high == INFINITY:
        return Fraction(0)
    if low == -INFINITY:
        return Fraction(high) - 1
    if high == INFINITY:
        return Fraction(low) + 1
    return (Fraction(low) + Fraction(high)) / 2


def _by_line(algebra: Algebra, found: dict[int, Interval], constraint: Constraint) -> None:
    """a·x + rest > 0 with an interval for the rest, for each x that stands alone."""
    for monomial, factor in constraint.poly.items():
        if len(monomial) != 1 or monomial[0][1] != 1:
            continue
        name = monomial[0][0]
        rest: Poly = {term: part for term, part in constraint.poly.items() if term != monomial}
        if any(name == other for term in rest for other, _ in term):
            continue
        size = algebra.enclosure(rest).high
        if size == INFINITY:
            continue
        end = -Fraction(size) / factor
        is_open = constraint.strict or algebra.enclosure(rest).high_open
        allowed = (
            Interval(end, INFINITY, low_open=is_open)
            if factor > 0
            else Interval(-INFINITY, end, high_open=is_open)
        )
        here = found.get(name, algebra.atoms[name])
        _keep(algebra, found, name, here.meet(allowed))


def _passed_on(algebra: Algebra, found: dict[int, Interval]) -> None:
    """Better intervals for functions of what has a better interval."""
    before = dict(algebra.atoms)
    algebra.atoms.update(found)
    try:
        for number in sorted(before):
            name, inside = function_in(algebra.registry.keys[number]) or ("", {})
            if name not in FUNCTIONS or not p.variables(inside) & found.keys():
                continue
            where = algebra.atoms[number].meet(FUNCTIONS[name](algebra.enclosure(inside)))
            if where is not None and not where.same_as(algebra.atoms[number]):
                found[number] = algebra.atoms[number] = where
    finally:
        algebra.atoms.clear()
        algebra.atoms.update(before)
