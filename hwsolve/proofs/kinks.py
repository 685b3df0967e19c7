"""What operations with kinks and jumps make of quotients: cases by the sign of what decides."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from hwsolve.proofs import polynomials as p
from hwsolve.proofs.algebra import ONE, Algebra, NeedsCaseError, Quotient
from hwsolve.proofs.quotients import ZERO_Q, combined, leads_negative, number, product

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hwsolve.proofs.polynomials import Poly

    Args = Sequence[Quotient]
    Rule = Callable[[Algebra, int, Args], Quotient | None]


def oriented(poly: Poly) -> tuple[Poly, int]:
    """A polynomial or its negative, the same one for both, and the sign that was taken out."""
    return (p.scaled(poly, -1), -1) if leads_negative(poly) else (poly, 1)


def case_key(poly: Poly) -> tuple[Any, ...]:
    """The key of a polynomial among the cases."""
    size = abs(poly[min(poly)])
    return ("sign", frozenset(p.scaled(poly, 1 / size).items()))


def side(algebra: Algebra, inside: Quotient) -> int | None:
    """The sign of what decides at a kink: known, chosen, or None where kinks are atoms.

    Raises:
        NeedsCaseError: where it has to be chosen.
    """
    known = algebra.known_sign(inside)
    if known is not None or algebra.reading.cases is None:
        return known
    sign = inside.sign()
    if sign is None:
        return None
    common = p.content(sign)
    rest = p.divided(sign, common)
    result = 1
    for atom, power in common:
        result *= _sign_of_power(algebra, atom, power)
    constant = p.known(rest)
    if constant is not None:
        return result if constant > 0 else -result
    where = algebra.enclosure(rest)
    if where.positive or where.negative:
        return result if where.positive else -result
    return result * _chosen(algebra, rest)


def _sign_of_power(algebra: Algebra, atom: int, power: Fraction) -> int:
    """The sign of a power of an atom: known, or chosen."""
    where = algebra.atoms[atom]
    is_even = power.denominator != 1 or power % 2 == 0
    if where.positive or (where.negative and is_even):
        return 1
    if where.negative:
        return -1
    if is_even:
        # 0 or above; whether it is 0 only matters where something jumps
        return abs(_chosen(algebra, p.variable(atom))) if algebra.reading.jumps else 1
    return _chosen(algebra, p.variable(atom))


def _chosen(algebra: Algebra, poly: Poly) -> int:
    """The sign of a polynomial among the cases.

    Raises:
        NeedsCaseError: where it has to be chosen.
    """
    plain, factor = oriented(poly)
    chosen = (algebra.reading.cases or {}).get(case_key(plain))
    if chosen is None:
        raise NeedsCaseError(plain)
    return chosen * factor


def absolute(algebra: Algebra, node: int, args: Args) -> Quotient | None:
    """|a·b| = |a|·|b|, for the factors as they are written."""
    graph = algebra.graph
    inside = graph.args[node][0]
    row = graph.rows[inside]
    if row is None or row.name != "mul" or algebra.of(inside) != args[0]:
        return abs_of(algebra, node, args[0])
    parts = [abs_of(algebra, node, algebra.of(arg)) for arg in graph.args[inside]]
    if parts[0] is None or parts[1] is None:
        return None
    return product(parts[0], parts[1])


def abs_of(algebra: Algebra, node: int, one: Quotient) -> Quotient | None:
    """The absolute value of a quotient; `node` shows what it is."""
    where = side(algebra, one)
    if where is not None:
        return one if where >= 0 else Quotient(p.scaled(one.top, -1), one.bottom)
    return _factored_abs(algebra, node, one) if one.is_poly else None


def _factored_abs(algebra: Algebra, node: int, one: Quotient) -> Quotient | None:
    """|a·b·(c + d)| = |a|·|b|·|c + d|, with the bars left out where a sign is known."""
    common = p.content(one.top)
    rest = p.divided(one.top, common)
    result: Quotient | None = number(1)
    for atom, power in common:
        where = algebra.atoms[atom]
        factor: Poly = {((atom, power),): Fraction(1)}
        if where.high <= 0 and power.denominator == 1:
            factor = p.scaled(factor, (-1) ** int(power))
        elif where.low < 0 and power % 2:
            size = algebra.atom(("abs", atom), abs(where), algebra.registry.nodes[atom])
            base = next(iter(size), ())
            if not base:  # it is a number
                return None
            factor = {tuple((inner, power) for inner, _ in base): Fraction(1)}
        result = None if result is None else product(result, Quotient(factor, ONE))
    plain, _ = oriented(rest)
    leading = abs(plain[min(plain)])
    plain = p.scaled(plain, 1 / leading)
    interval = algebra.enclosure(plain)
    if interval.low >= 0:
        last = plain
    elif interval.high <= 0:
        last = p.scaled(plain, -1)
    else:
        key = ("abs", frozenset(plain.items()))
        last = algebra.atom(key, abs(interval), node)
    if result is None:
        return None
    return product(result, Quotient(p.scaled(last, leading), ONE))


def relu(algebra: Algebra, _: int, args: Args) -> Quotient | None:
    """The ReLU on the side of its kink that is known or chosen."""
    where = side(algebra, args[0])
    return None if where is None else args[0] if where > 0 else ZERO_Q


def larger(algebra: Algebra, args: Args, sign: int) -> Quotient | None:
    """The larger (or, with sign -1, the smaller) of two."""
    difference = combined(args[0], args[1], -1)
    where = None if difference is None else side(algebra, difference)
    return None if where is None else args[0] if where * sign >= 0 else args[1]


def jump(below: int, above: int) -> Rule:
    """The rule of a step between two numbers."""

    def rule(algebra: Algebra, node: int, args: Args) -> Quotient | None:
        where = side(algebra, args[0])
        if where is None:
            return None
        if where == 0:
            at_zero: Any = dict(algebra.graph.attributes[node]).get("at0", 0)
            return number(Fraction(at_zero))
        return number(above if where > 0 else below)

    return rule


def compared(holds: Callable[[int], bool]) -> Rule:
    """The rule of a comparison, 1 where it holds."""

    def rule(algebra: Algebra, _: int, args: Args) -> Quotient | None:
        difference = combined(args[0], args[1], -1)
        where = None if difference is None else side(algebra, difference)
        return None if where is None else number(int(holds(where)))

    return rule


def chosen_branch(_: Algebra, __: int, args: Args) -> Quotient | None:
    """The branch that a known condition chooses."""
    condition = p.known(args[0].top) if args[0].is_poly else None
    if condition is None:
        return None
    return args[1] if condition else args[2]
