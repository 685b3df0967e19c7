"""What each operation makes of quotients of polynomials; without a rule it makes an atom."""

from __future__ import annotations

from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, Any, Final

from hwsolve.proofs import bounds, enclosures
from hwsolve.proofs import polynomials as p
from hwsolve.proofs.algebra import ONE, Algebra, NeedsCaseError, Quotient, monomial_poly
from hwsolve.proofs.intervals import Interval

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hwsolve.proofs.polynomials import Monomial, Poly

    Args = Sequence[Quotient]
    Rule = Callable[[Algebra, int, Args], Quotient | None]

HIGHEST_POWER: Final = 12
LARGEST_PRIME: Final = 100
# The key of a function of a quotient: its name, and what is inside.
ATOM_KEY: Final = 2

ZERO_Q: Final = Quotient({}, ONE)


def number(value: Fraction | int) -> Quotient:
    """A number as a quotient."""
    return Quotient(p.constant(value), ONE)


# -- arithmetic ------------------------------------------------------------------


def combined(one: Quotient, other: Quotient, factor: int) -> Quotient | None:
    """one + factor·other."""
    if one.bottom == other.bottom:
        return Quotient(p.add(one.top, other.top, factor), one.bottom)
    first, second = p.multiply(one.top, other.bottom), p.multiply(other.top, one.bottom)
    bottom = p.multiply(one.bottom, other.bottom)
    if first is None or second is None or bottom is None:
        return None
    return Quotient(p.add(first, second, factor), bottom)


def _add(_: Algebra, __: int, args: Args) -> Quotient | None:
    total: Quotient | None = args[0]
    for arg in args[1:]:
        total = None if total is None else combined(total, arg, 1)
    return total


def product(one: Quotient, other: Quotient) -> Quotient | None:
    """one·other."""
    top, bottom = p.multiply(one.top, other.top), p.multiply(one.bottom, other.bottom)
    return None if top is None or bottom is None else Quotient(top, bottom)


def _mul(_: Algebra, __: int, args: Args) -> Quotient | None:
    return product(*args)


def inverse(algebra: Algebra, node: int, one: Quotient) -> Quotient | None:
    """1 divided by a quotient; None for 0."""
    if not one.top:
        return None
    if len(one.top) == 1:
        ((monomial, factor),) = one.top.items()
        turned = tuple((atom, -power) for atom, power in monomial)
        return product(monomial_poly(turned, 1 / factor), Quotient(one.bottom, ONE))
    if algebra.reading.quotients:
        return Quotient(one.bottom, one.top)
    interval = algebra.enclosure(one.top).inverse()
    return Quotient(algebra.atom(("inverse", algebra.key(one)), interval, node), ONE)


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


# -- exponentials ----------------------------------------------------------------


def _leads_negative(poly: Poly) -> bool:
    return bool(poly) and poly[min(poly)] < 0


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
    turn = arg.is_poly and _leads_negative(arg.top)
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
    """log(2^k·exp(p)) = k·log(2) + p, log(1 + exp(p)) = softplus(p), log(sigmoid(p)) too."""
    (one,) = args
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


def _exponent(algebra: Algebra, monomial: Monomial) -> Poly | None:
    """The logarithm of a product of exponentials and other positive atoms, or None."""
    total: Poly = {}
    for atom, power in monomial:
        key = algebra.registry.keys[atom]
        if key[0] == "exp":
            inside: Poly = {key[1]: Fraction(1)}
        elif key[0] == "sigmoid" and len(key) == ATOM_KEY and dict(key[1][1]) == ONE:
            arg = dict(key[1][0])
            inside = p.add(arg, _softplus_of(algebra, algebra.registry.nodes[atom], arg), -1)
        elif algebra.atoms[atom].positive:
            where = enclosures.log(algebra.atoms[atom])
            inside = algebra.atom(("log of atom", atom), where, algebra.registry.nodes[atom])
        else:
            return None
        total = p.add(total, inside, power)
    return total


def _softplus_of(algebra: Algebra, node: int, inside: Poly) -> Poly:
    turn = _leads_negative(inside)
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
            part = _abs(algebra, node, [Quotient(half, ONE)])
        else:
            return None
        result = None if result is None or part is None else product(result, part)
    return result


# -- kinks -------------------------------------------------------------------------


def oriented(poly: Poly) -> tuple[Poly, int]:
    """A polynomial or its negative, the same one for both, and the sign that was taken out."""
    return (p.scaled(poly, -1), -1) if _leads_negative(poly) else (poly, 1)


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
    plain, factor = oriented(sign)
    common = p.content(plain)
    where = p.enclosure({common: Fraction(1)}, algebra.atoms.__getitem__)
    if common and (where.positive or where.negative):
        # a factor with a known sign does not decide
        plain, turned = oriented(p.divided(plain, common))
        factor *= turned if where.positive else -turned
    chosen = algebra.reading.cases.get(case_key(plain))
    if chosen is None:
        raise NeedsCaseError(plain)
    return chosen * factor


def _abs(algebra: Algebra, node: int, args: Args) -> Quotient | None:
    (one,) = args
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


def _relu(algebra: Algebra, _: int, args: Args) -> Quotient | None:
    where = side(algebra, args[0])
    return None if where is None else args[0] if where > 0 else ZERO_Q


def _larger(algebra: Algebra, args: Args, sign: int) -> Quotient | None:
    difference = combined(args[0], args[1], -1)
    where = None if difference is None else side(algebra, difference)
    return None if where is None else args[0] if where * sign >= 0 else args[1]


def _jump(below: int, above: int) -> Rule:
    def rule(algebra: Algebra, node: int, args: Args) -> Quotient | None:
        where = side(algebra, args[0])
        if where is None:
            return None
        if where == 0:
            at_zero: Any = dict(algebra.graph.attributes[node]).get("at0", 0)
            return number(Fraction(at_zero))
        return number(above if where > 0 else below)

    return rule


def _compared(holds: Callable[[int], bool]) -> Rule:
    def rule(algebra: Algebra, _: int, args: Args) -> Quotient | None:
        difference = combined(args[0], args[1], -1)
        where = None if difference is None else side(algebra, difference)
        return None if where is None else number(int(holds(where)))

    return rule


def _where(_: Algebra, __: int, args: Args) -> Quotient | None:
    condition = p.known(args[0].top) if args[0].is_poly else None
    if condition is None:
        return None
    return args[1] if condition else args[2]


# -- sums over arrays ----------------------------------------------------------------


def _sum(algebra: Algebra, node: int, args: Args) -> Quotient | None:
    """A sum over an array: numbers come out as factors; a softmax adds up to 1."""
    if algebra.graph.shapes[node]:
        return None
    return _added_up(algebra, node, algebra.graph.args[node][0], args[0])


def _added_up(algebra: Algebra, node: int, arg: int, entries: Quotient) -> Quotient | None:
    """The sum of entries that have the shape of `arg`."""
    if not entries.is_poly:
        return None
    graph = algebra.graph
    shape, total = graph.shapes[arg], ZERO_Q
    for term, factor in entries.top.items():
        outside = tuple(part for part in term if not graph.shapes[algebra.registry.nodes[part[0]]])
        inside = tuple(part for part in term if graph.shapes[algebra.registry.nodes[part[0]]])
        if inside:
            poly: Poly = {inside: Fraction(1)}
            added = _sum_of_one(algebra, node, arg, poly)
        elif algebra.reading.any_size and prod(shape) > 1:
            added = algebra.atom(("count", shape), Interval(1, float("inf")), arg)
        else:
            added = p.constant(prod(shape))
        part = product(monomial_poly(outside, factor), Quotient(added, ONE))
        total_or_none = None if part is None else combined(total, part, 1)
        if total_or_none is None:
            return None
        total = total_or_none
    return total


def _sum_of_one(algebra: Algebra, node: int, arg: int, poly: Poly) -> Poly:
    graph = algebra.graph
    if len(poly) == 1:
        ((term, _),) = poly.items()
        if len(term) == 1 and term[0][1] == 1:
            source = algebra.registry.nodes[term[0][0]]
            row, key = graph.rows[source], algebra.registry.keys[term[0][0]]
            whole = graph.shapes[source] == graph.shapes[arg]
            is_softmax = row is not None and row.name == "softmax" == key[0]
            if is_softmax and whole and len(graph.shapes[arg]) == 1:
                return p.constant(1)
    interval = algebra.enclosure(poly)
    count = Interval(1, float("inf")) if algebra.reading.any_size else prod(graph.shapes[arg])
    from hwsolve.proofs.natural import several

    key = ("sum", graph.shapes[arg], frozenset(poly.items()))
    return algebra.atom(key, several(interval, Interval.of(count)), node)


def _split(algebra: Algebra, poly: Poly) -> tuple[Poly, Poly]:
    """The terms of an array that are the same for all its entries, and the others."""
    same: Poly = {}
    others: Poly = {}
    for term, factor in poly.items():
        scalar = not any(algebra.graph.shapes[algebra.registry.nodes[atom]] for atom, _ in term)
        (same if scalar else others)[term] = factor
    return same, others


def _shifted(keeps: int) -> Rule:
    """softmax(x + c) = softmax(x); with `keeps` 1 the c comes out: max(x + c) = max(x) + c."""

    def rule(algebra: Algebra, node: int, args: Args) -> Quotient | None:
        (one,) = args
        same, others = _split(algebra, one.top)
        if not one.is_poly or not same or not others:
            return None
        rest = algebra.opaque(node, [Quotient(others, ONE)])
        return Quotient(p.add(rest.top, same, keeps), ONE) if keeps else rest

    return rule


def _dot(algebra: Algebra, node: int, args: Args) -> Quotient | None:
    """The product of two vectors is the sum of the products of their entries."""
    graph = algebra.graph
    left, right = graph.args[node]
    if len(graph.shapes[left]) != 1 or len(graph.shapes[right]) != 1:
        return None
    entries = product(*args)
    return None if entries is None else _added_up(algebra, node, left, entries)


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
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "sin": _odd,
    "cos": _even,
    "erf": _odd,
    "log": _log,
    "sqrt": _sqrt,
    "softplus": _softplus,
    "abs": _abs,
    "relu": _relu,
    "maximum": lambda algebra, _, args: _larger(algebra, args, 1),
    "minimum": lambda algebra, _, args: _larger(algebra, args, -1),
    "step": _jump(0, 1),
    "sign": _jump(-1, 1),
    "lt": _compared(lambda sign: sign < 0),
    "le": _compared(lambda sign: sign <= 0),
    "gt": _compared(lambda sign: sign > 0),
    "ge": _compared(lambda sign: sign >= 0),
    "eq": _compared(lambda sign: sign == 0),
    "ne": _compared(lambda sign: sign != 0),
    "where": _where,
    "sum": _sum,
    "matmul": _dot,
    "softmax": _shifted(0),
    "log_softmax": _shifted(0),
    "max": _shifted(1),
    "min": _shifted(1),
}
