"""What each operation makes of quotients of polynomials; without a rule it makes an atom."""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING, Final

from hwsolve.proofs import bounds, enclosures
from hwsolve.proofs import polynomials as p
from hwsolve.proofs.algebra import (
    ONE,
    Algebra,
    Quotient,
    function_in,
    monomial_poly,
)
from hwsolve.proofs.array_rules import dot, mean, shifted, total
from hwsolve.proofs.intervals import Interval
from hwsolve.proofs.kinks import abs_of, absolute, chosen_branch, compared, jump, larger, relu
from hwsolve.proofs.quotients import ZERO_Q, combined, inverse, leads_negative, number, product

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hwsolve.proofs.polynomials import Monomial, Poly

    Args = Sequence[Quotient]
    Rule = Callable[[Algebra, int, Args], Quotient | None]

HIGHEST_POWER: Final = 12
LARGEST_PRIME: Final = 100


# -- arithmetic ------------------------------------------------------------------


def _add(_: Algebra, __: int, args: Args) -> Quotient | None:
    total: Quotient | None = args[0]
    for arg in args[1:]:
        total = None if total is None else combined(total, arg, 1)
    return total


def _mul(_: Algebra, __: int, args: Args) -> Quotient | None:
    return product(*args)


def _div(algebra: Algebra, node: int, args: Args) -> Quotient | None:
    # the node of the quotient does not show the atom 1/bottom, but its divisor does
    turned = inverse(algebra, algebra.graph.args[node][1], args[1])
    return None if turned is None else product(args[0], turned)


def _pow(algebra: Algebra, node: int, args: Args) -> Quotient | None:
    one, exponent = args
    value = p.known(exponent.top) if exponent.is_poly else None
    if value is None or value.denominator != 1 or abs(value) > HIGHEST_POWER:
        return None
    inside = one if value >= 0 else inverse(algebra, algebra.graph.args[node][0], one)
    if inside is None:
        return None
    top, bottom = p.raised(inside.top, abs(int(value))), p.raised(inside.bottom, abs(int(value)))
    return None if top is None or bottom is None else Quotient(top, bottom)


def _floor(algebra: Algebra, node: int, args: Args) -> Quotient | None:
    """floor(n + x) = n + floor(x) for whole numbers n."""
    (one,) = args
    if not one.is_poly:
        return None
    whole, rest = _whole_part(algebra, one.top)
    value = p.known(rest)
    if value is not None:
        return Quotient(p.add(whole, p.constant(floor(value))), ONE)
    if not whole:
        return None
    inside = algebra.opaque(node, [Quotient(rest, ONE)], enclosures.floor(algebra.enclosure(rest)))
    return Quotient(p.add(whole, inside.top), ONE)


def _whole_part(algebra: Algebra, poly: Poly) -> tuple[Poly, Poly]:
    """The terms of a polynomial that are whole numbers, and the others."""
    parts: tuple[Poly, Poly] = ({}, {})
    for monomial, factor in poly.items():
        keys = [algebra.registry.keys[atom] for atom, _ in monomial]
        whole = all(key[0] == "leaf" and key[1] in algebra.registry.whole for key in keys)
        powers = all(power > 0 and power.denominator == 1 for _, power in monomial)
        is_whole = bool(monomial) and whole and powers and factor.denominator == 1
        parts[0 if is_whole else 1][monomial] = factor
    return parts


# -- exponentials ----------------------------------------------------------------


def _power_of_e(algebra: Algebra, node: int, poly: Poly) -> Monomial | None:
    """exp of a sum as the product of the exponentials of its terms."""
    if len(poly) > HIGHEST_POWER:
        return None
    result: Monomial = ()
    for term, factor in poly.items():
        interval = enclosures.exp(algebra.enclosure({term: Fraction(1)}))
        (base,) = algebra.atom(("exp", term), interval, node)
        if not base:  # it is a number
            return None
        result = p.times(result, tuple((atom, factor) for atom, _ in base))
    return result


def _exp(algebra: Algebra, node: int, args: Args) -> Quotient | None:
    if not args[0].is_poly:
        return None
    power = _power_of_e(algebra, node, args[0].top)
    return None if power is None else monomial_poly(power)


def _in_exponentials(
    algebra: Algebra, node: int, arg: Quotient, factor: int, top: Sequence[int]
) -> Quotient | None:
    """(top[0] + top[1]·E)/(1 + E) with E = exp(factor·arg)."""
    power = _power_of_e(algebra, node, p.scaled(arg.top, factor)) if arg.is_poly else None
    if power is None:
        return None
    above = p.add(p.constant(top[0]), {power: Fraction(1)}, top[1])
    return Quotient(above, p.add(ONE, {power: Fraction(1)}))


def _turned(algebra: Algebra, node: int, arg: Quotient) -> tuple[Poly, bool]:
    """An increasing function as an atom of ±arg, and whether the sign was turned."""
    turn = arg.is_poly and leads_negative(arg.top)
    inside = p.scaled(arg.top, -1) if turn else arg.top
    row = algebra.graph.rows[node]
    name = row.name if row is not None else ""
    own = enclosures.FUNCTIONS[name](algebra.enclosure(inside)) if arg.is_poly else None
    interval = algebra.intervals[node]
    if turn or own is not None:
        interval = own or interval
    key = (name, algebra.key(Quotient(inside, arg.bottom)))
    return algebra.atom(key, interval, node), turn


def _sigmoid(algebra: Algebra, node: int, args: Args) -> Quotient | None:
    if algebra.reading.quotients:
        return _in_exponentials(algebra, node, args[0], 1, (0, 1))
    atom, turn = _turned(algebra, node, args[0])
    return Quotient(p.add(ONE, atom, -1) if turn else atom, ONE)


def _tanh(algebra: Algebra, node: int, args: Args) -> Quotient | None:
    if algebra.reading.quotients:
        return _in_exponentials(algebra, node, args[0], 2, (-1, 1))
    atom, turn = _turned(algebra, node, args[0])
    return Quotient(p.scaled(atom, -1) if turn else atom, ONE)


def _odd(algebra: Algebra, node: int, args: Args) -> Quotient | None:
    """f(-x) = -f(x): sin, erf."""
    if not args[0].is_poly:
        return None
    atom, turn = _turned(algebra, node, args[0])
    return Quotient(p.scaled(atom, -1) if turn else atom, ONE)


def _even(algebra: Algebra, node: int, args: Args) -> Quotient | None:
    """f(-x) = f(x): cos."""
    if not args[0].is_poly:
        return None
    return Quotient(_turned(algebra, node, args[0])[0], ONE)


def _softplus(algebra: Algebra, node: int, args: Args) -> Quotient | None:
    if not args[0].is_poly:
        return None
    return Quotient(_softplus_of(algebra, node, args[0].top), ONE)


def _log(algebra: Algebra, node: int, args: Args) -> Quotient | None:
    (one,) = args
    found = _log_of(algebra, node, one)
    inner = _squared(algebra, node) if found is None else None
    if inner is None or not algebra.enclosure(inner[0].top).positive:
        return found
    base, exponent = inner
    interval = enclosures.log(algebra.enclosure(base.top))
    return product(number(exponent), algebra.opaque(node, [base], interval))


def _times_log(algebra: Algebra, node: int, args: Args) -> Quotient | None:
    """x·log(y); that it is 0 where x is 0 is so whatever is put in for the logarithm."""
    logarithm = _log_of(algebra, algebra.graph.args[node][1], args[1])
    return None if logarithm is None else product(args[0], logarithm)


def _log_of(algebra: Algebra, node: int, one: Quotient) -> Quotient | None:
    """log(2^k·exp(p)) = k·log(2) + p, log(1 + exp(p)) = softplus(p), log(sigmoid(p)) too."""
    if not one.is_poly:
        return None
    terms = sorted(one.top.items())
    if len(terms) == 1 and terms[0][1] > 0:
        power = _exponent(algebra, terms[0][0])
        if power is not None:
            number_part = _log_of_number(algebra, node, terms[0][1])
            return Quotient(p.add(power, number_part), ONE)
    if len(terms) == 2 and terms[0] == ((), Fraction(1)) and terms[1][1] == 1:  # noqa: PLR2004  (1 + exp)
        power = _exponent(algebra, terms[1][0])
        if power is not None:
            return Quotient(_softplus_of(algebra, node, power), ONE)
    return None


def _squared(algebra: Algebra, node: int) -> tuple[Quotient, Fraction] | None:
    """The polynomial and the exponent where the argument of a node is a power of one."""
    graph = algebra.graph
    inside = graph.args[node][0]
    row = graph.rows[inside]
    if row is None or row.name != "pow":
        return None
    base, exponent = (algebra.of(arg) for arg in graph.args[inside])
    known = p.known(exponent.top) if exponent.is_poly else None
    return (base, known) if known is not None and base.is_poly and len(base.top) > 1 else None


def _exponent(algebra: Algebra, monomial: Monomial) -> Poly | None:
    """The logarithm of a product of exponentials and other positive atoms, or None."""
    total: Poly = {}
    for atom, power in monomial:
        name, arg = function_in(algebra.registry.keys[atom]) or ("", {})
        inside: Poly
        if name == "exp":
            inside = arg
        elif name == "sigmoid":
            inside = p.add(arg, _softplus_of(algebra, algebra.registry.nodes[atom], arg), -1)
        elif algebra.atoms[atom].positive:
            where = enclosures.log(algebra.atoms[atom])
            inside = algebra.atom(("log of atom", atom), where, algebra.registry.nodes[atom])
        else:
            return None
        total = p.add(total, inside, power)
    return total


def _softplus_of(algebra: Algebra, node: int, inside: Poly) -> Poly:
    if not inside:
        return _log_of_number(algebra, node, Fraction(2))
    turn = leads_negative(inside)
    plain = p.scaled(inside, -1) if turn else inside
    interval = enclosures.softplus(algebra.enclosure(plain))
    atom = algebra.atom(("softplus", algebra.key(Quotient(plain, ONE))), interval, node)
    # softplus(x) = softplus(-x) + x
    return p.add(atom, inside) if turn else atom


def _log_of_number(algebra: Algebra, node: int, value: Fraction) -> Poly:
    """The logarithm of a fraction in logarithms of primes (and of what has no small ones)."""
    total: Poly = {}
    for number_part, sign in ((value.numerator, 1), (value.denominator, -1)):
        rest, prime = number_part, 2
        while rest > 1:
            if prime > LARGEST_PRIME:
                prime = rest
            while rest % prime == 0:
                where = enclosures.log(Interval(prime, prime))
                total = p.add(total, algebra.atom(("log of", prime), where, node), sign)
                rest //= prime
            prime += 1
    return total


def _sqrt(algebra: Algebra, node: int, args: Args) -> Quotient | None:
    """sqrt(9·x²) = 3·|x|, and half the powers of what is not negative."""
    (one,) = args
    if not one.top:
        return ZERO_Q
    inner = _squared(algebra, node)
    if inner is not None and inner[1] == 2:  # noqa: PLR2004  (the root of a square)
        return abs_of(algebra, node, inner[0])
    if not one.is_poly or len(one.top) != 1:
        return None
    ((monomial, factor),) = one.top.items()
    low, high = bounds.sqrt(factor) if factor > 0 else (Fraction(0), Fraction(1))
    if low != high:
        return None
    result: Quotient | None = number(low)
    for atom, power in monomial:
        half: Poly = {((atom, power / 2),): Fraction(1)}
        if algebra.atoms[atom].low >= 0:
            part: Quotient | None = Quotient(half, ONE)
        elif power % 4 == 0:
            part = Quotient(half, ONE)
        elif power % 2 == 0:
            part = abs_of(algebra, node, Quotient(half, ONE))
        else:
            return None
        result = None if result is None or part is None else product(result, part)
    return result


RULES: Final[Mapping[str, Rule]] = {
    "add": _add,
    "sub": lambda _, __, args: combined(args[0], args[1], -1),
    "neg": lambda _, __, args: Quotient(p.scaled(args[0].top, -1), args[0].bottom),
    "identity": lambda _, __, args: args[0],
    "spread": lambda _, __, args: args[0],
    "mul": _mul,
    "div": _div,
    "pow": _pow,
    "exp": _exp,
    "floor": _floor,
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "sin": _odd,
    "cos": _even,
    "erf": _odd,
    "log": _log,
    "xlogy": _times_log,
    "xdivy": _div,
    "sqrt": _sqrt,
    "softplus": _softplus,
    "abs": absolute,
    "relu": relu,
    "maximum": lambda algebra, _, args: larger(algebra, args, 1),
    "minimum": lambda algebra, _, args: larger(algebra, args, -1),
    "step": jump(0, 1),
    "sign": jump(-1, 1),
    "lt": compared(lambda sign: sign < 0),
    "le": compared(lambda sign: sign <= 0),
    "gt": compared(lambda sign: sign > 0),
    "ge": compared(lambda sign: sign >= 0),
    "eq": compared(lambda sign: sign == 0),
    "ne": compared(lambda sign: sign != 0),
    "where": chosen_branch,
    "sum": total,
    "mean": mean,
    "matmul": dot,
    "softmax": shifted(0),
    "log_softmax": shifted(0),
    "max": shifted(1),
    "min": shifted(1),
}
