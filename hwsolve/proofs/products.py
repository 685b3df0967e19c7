"""Sums and products taken apart and put together again, and when two expressions are the same.

A sum is a list of products; a product is a number and factors with exponents. Nothing
is multiplied out here: `(y - z)*h` is a product of two factors, one of them a sum.
"""

from __future__ import annotations

from fractions import Fraction
from math import gcd, lcm
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Over, Sym, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# The exponent of a factor: a number, or an expression (x^n).
Exponent: TypeAlias = "Fraction | Expr"
Key: TypeAlias = tuple[Any, ...]
ONE = Fraction(1)


class Factor(NamedTuple):
    """A base raised to an exponent."""

    base: Expr
    exponent: Exponent = ONE


class Product(NamedTuple):
    """A number times factors, in the order in which they are written."""

    number: Fraction
    factors: tuple[Factor, ...] = ()


def number_of(expr: Expr) -> Fraction | None:
    """The exact value of a number (0.1 is 1/10), or None for anything else."""
    if not isinstance(expr, Num) or isinstance(expr.value, bool):
        return None
    value = expr.value
    if isinstance(value, (int, Fraction)):
        return Fraction(value)
    if isinstance(value, float) and value - value == 0:
        return Fraction(repr(value))
    return None


def product_of(expr: Expr) -> Product:  # noqa: PLR0911  (a case for each form)
    """An expression as a product; what is none is its own only factor."""
    number = number_of(expr)
    if number is not None:
        return Product(number)
    match expr:
        case Apply(op="neg", args=(inner,)):
            return times(product_of(inner), Product(-ONE))
        case Apply(op="mul", args=args, attributes=()):
            result = Product(ONE)
            for arg in args:
                result = times(result, product_of(arg))
            return result
        case Apply(op="div", args=(top, bottom)):
            below = product_of(bottom)
            if below.number:
                return times(product_of(top), raised(below, -1))
        case Apply(op="pow", args=(base, exponent)):
            whole = number_of(exponent)
            if whole is None:
                return Product(ONE, (Factor(base, exponent),))
            root = product_of(base)
            if whole.denominator == 1 and abs(whole) < 1000 and (root.number or whole > 0):  # noqa: PLR2004  (an exact power of reasonable size)
                return raised(root, int(whole))
    return Product(ONE, (Factor(expr),))


def raised(product: Product, exponent: int) -> Product:
    """A product to a whole power."""
    factors = tuple(
        Factor(base, _multiplied(power, exponent)) for base, power in product.factors if exponent
    )
    return Product(product.number**exponent, factors)


def _multiplied(power: Exponent, exponent: int) -> Exponent:
    if isinstance(power, Fraction):
        return power * exponent
    return power if exponent == 1 else Apply("mul", (Num(exponent), power))


def times(left: Product, right: Product) -> Product:
    """The product of two; equal bases are joined, also `y - z` with `z - y`."""
    number = left.number * right.number
    if not number:
        return Product(number)
    joined = list(left.factors)
    keys = [key(base) for base, _ in joined]
    for base, exponent in right.factors:
        number *= _join(joined, keys, base, exponent)
    return Product(number, tuple(factor for factor in joined if factor.exponent != 0))


def _join(joined: list[Factor], keys: list[Key], base: Expr, exponent: Exponent) -> Fraction:
    """Add a factor to a list; -1 is returned where its base had to change its sign."""
    own = key(base)
    if own in keys:
        position = keys.index(own)
        before = joined[position].exponent
        joined[position] = Factor(joined[position].base, _sum_of(before, exponent))
        return ONE
    if _is_whole(exponent) and isinstance(base, Apply) and base.op in {"add", "sub"}:
        opposite = key(negative(base))
        if opposite in keys:
            position = keys.index(opposite)
            before = joined[position].exponent
            joined[position] = Factor(joined[position].base, _sum_of(before, exponent))
            return -ONE if exponent % 2 else ONE  # type: ignore[operator]  # a whole number
    joined.append(Factor(base, exponent))
    keys.append(own)
    return ONE


def _is_whole(exponent: Exponent) -> bool:
    return isinstance(exponent, Fraction) and exponent.denominator == 1


def _sum_of(one: Exponent, other: Exponent) -> Exponent:
    if isinstance(one, Fraction) and isinstance(other, Fraction):
        return one + other
    total = sum_expr(collected([*_as_terms(one), *_as_terms(other)]))
    number = number_of(total)
    return total if number is None else number


def _as_terms(exponent: Exponent) -> list[Product]:
    return [Product(exponent)] if isinstance(exponent, Fraction) else terms_of(exponent)


def terms_of(expr: Expr) -> list[Product]:
    """An expression as a list of summands; what is no sum is its only one."""
    match expr:
        case Apply(op="add", args=args, attributes=()):
            return [term for arg in args for term in terms_of(arg)]
        case Apply(op="sub", args=(left, right)):
            return [*terms_of(left), *map(_opposite, terms_of(right))]
        case Apply(op="neg", args=(inner,)):
            return [_opposite(term) for term in terms_of(inner)]
    product = product_of(expr)
    if abs(product.number) == 1 and len(product.factors) == 1:
        (base, exponent), sign = product.factors[0], product.number
        if exponent == 1 and isinstance(base, Apply) and base.op in {"add", "sub"}:
            return [term._replace(number=term.number * sign) for term in terms_of(base)]
    return [product] if product.number else []


def _opposite(term: Product) -> Product:
    return term._replace(number=-term.number)


def negative(expr: Expr) -> Expr:
    """An expression with the opposite sign, put into each summand."""
    return sum_expr([_opposite(term) for term in terms_of(expr)])


def collected(terms: Iterable[Product]) -> list[Product]:
    """Summands with equal factors added up; what comes to 0 is gone."""
    totals: dict[Key, Product] = {}
    signs: dict[Key, int] = {}
    for term in terms:
        sign, own = _factors_key(term.factors)
        before = totals.get(own)
        # x*(y - z) and x*(z - y) are alike but for the sign
        number = term.number * sign * signs.setdefault(own, sign)
        factors = term.factors if before is None else before.factors
        totals[own] = Product(number + (before.number if before is not None else 0), factors)
    return [term for term in totals.values() if term.number]


def content(terms: Iterable[Product]) -> Fraction:
    """The number that can be taken out of all summands: negative if all of them are."""
    numbers = [term.number for term in terms]
    if not numbers:
        return ONE
    top = gcd(*(abs(number.numerator) for number in numbers))
    bottom = lcm(*(number.denominator for number in numbers))
    return Fraction(top, bottom) * (-1 if all(number < 0 for number in numbers) else 1)


# -- putting together ---------------------------------------------------------------


def sum_expr(terms: list[Product], *, decimals: bool = False) -> Expr:
    """Summands as one expression; the first does not start with a minus sign if another can."""
    ordered = list(terms)
    if ordered and ordered[0].number < 0:
        lead = next((term for term in ordered if term.number > 0), None)
        if lead is not None:
            ordered.remove(lead)
            ordered.insert(0, lead)
    if not ordered:
        return Num(0)
    first, *rest = ordered
    start = product_expr(first, decimals=decimals)
    if not rest:
        return start
    size = [product_expr(Product(abs(t.number), t.factors), decimals=decimals) for t in rest]
    if len(rest) == 1 and rest[0].number < 0:
        return Apply("sub", (start, size[0]))
    signed = (
        Apply("neg", (expr,)) if term.number < 0 else expr
        for expr, term in zip(size, rest, strict=True)
    )
    return Apply("add", (start, *signed))


def product_expr(product: Product, *, decimals: bool = False) -> Expr:
    """A product as an expression: the number first, sums over ranges last, then what divides."""
    number = product.number
    above: list[Expr] = []
    below: list[Expr] = []
    for base, exponent in product.factors:
        if isinstance(exponent, Fraction) and exponent < 0:
            below.append(_power(base, -exponent))
        else:
            above.append(_power(base, exponent))
    above = [f for f in above if not has_range(f)] + [f for f in above if has_range(f)]
    top, bottom = number.numerator, number.denominator
    if bottom != 1 and decimals and _terminates(bottom) and (above or not below):
        if not above:
            return Num(float(number))
        numbers: list[Expr] = [Num(float(number))]
    else:
        if not above and not below:
            return Num(top if bottom == 1 else number)
        if bottom != 1:
            below.insert(0, Num(bottom))
        numbers = [] if abs(top) == 1 and above else [Num(top)]
        if top == -1 and above:
            return _divided(_multiplied_out([Apply("neg", (above[0],)), *above[1:]]), below)
    return _divided(_multiplied_out([*numbers, *above]), below)


def _multiplied_out(factors: list[Expr]) -> Expr:
    result = factors[0]
    if isinstance(result, Apply) and result.op == "neg" and len(factors) > 1:
        # the sign stands before the whole product
        inner = _multiplied_out([result.args[0], *factors[1:]])
        return Apply("neg", (inner,))
    for factor in factors[1:]:
        result = Apply("mul", (result, factor))
    return result


def _divided(top: Expr, below: list[Expr]) -> Expr:
    if not below:
        return top
    if isinstance(top, Apply) and top.op == "neg":
        return Apply("neg", (Apply("div", (top.args[0], _multiplied_out(below))),))
    return Apply("div", (top, _multiplied_out(below)))


def _power(base: Expr, exponent: Exponent) -> Expr:
    if exponent == 1:
        return base
    if isinstance(exponent, Fraction):
        whole = exponent.denominator == 1
        return Apply("pow", (base, Num(exponent.numerator if whole else exponent)))
    return Apply("pow", (base, exponent))


def _terminates(bottom: int) -> bool:
    for prime in (2, 5):
        while bottom % prime == 0:
            bottom //= prime
    return bottom == 1


def has_range(expr: Expr) -> bool:
    """Whether a sum (or product, ...) over a range stands in an expression."""
    return any(isinstance(node, Over) for node in walk(expr))


# -- when two expressions are the same ------------------------------------------------

_ARITHMETIC: Final = frozenset({"add", "sub", "neg", "mul", "div", "pow"})
# How many sums are open around a node, in the levels of the indices that they bind.
_DEPTH: Final = ""


def key(  # noqa: PLR0911  (a case for each kind of node)
    expr: Expr, bound: Mapping[str, int] | None = None
) -> Key:
    """Equal for expressions that differ only in order, grouping and the names of bound indices."""
    bound = bound or {_DEPTH: 0}
    match expr:
        case Sym(name=name) if name in bound:
            return ("bound", bound[_DEPTH] - bound[name])
        case Sym(name=name):
            return ("name", name)
        case Num():
            number = number_of(expr)
            return ("number", number) if number is not None else ("value", repr(expr.value))
        case Index():
            indices = tuple(key(part, bound) for part in expr.indices)
            return ("entry", key(expr.base, bound), indices)
        case Over():
            depth = bound[_DEPTH]
            inner = {**bound, expr.variable: depth, _DEPTH: depth + 1}
            ends = key(expr.low, bound), key(expr.high, bound)
            return ("over", expr.op, *ends, key(expr.body, inner))
        case Deriv():
            bottoms = tuple(key(bottom, bound) for bottom in expr.bottoms)
            return ("derivative", expr.partial, key(expr.top, bound), bottoms)
        case Apply(op=op, attributes=()) if op in _ARITHMETIC:
            terms = terms_of(expr)
            if not _is_itself(terms, expr):
                return _sum_key(terms, bound)
    if isinstance(expr, Apply):
        return ("apply", expr.op, tuple(key(arg, bound) for arg in expr.args), expr.attributes)
    return ("other", repr(expr))


def _is_itself(terms: list[Product], expr: Expr) -> bool:
    """Whether an expression could not be taken apart: the square root x^(1/2)."""
    return len(terms) == 1 and any(base is expr for base, _ in terms[0].factors)


def _sum_key(terms: list[Product], bound: Mapping[str, int]) -> Key:
    totals: dict[Key, Fraction] = {}
    for term in terms:
        sign, own = _factors_key(term.factors, bound)
        totals[own] = totals.get(own, Fraction(0)) + sign * term.number
    pairs = [(number, own) for own, number in totals.items() if number]
    match pairs:
        case []:
            return ("number", Fraction(0))
        case [(number, ())]:
            return ("number", number)
        case [(1, ((base, 1),))]:
            whole: Key = base
            return whole
    return ("sum", tuple(sorted(pairs, key=repr)))


def _factors_key(
    factors: tuple[Factor, ...], bound: Mapping[str, int] | None = None
) -> tuple[int, Key]:
    """A sign and a key: of y - z and z - y one stands for both."""
    sign = 1
    powers: dict[Key, Exponent] = {}
    for base, exponent in factors:
        own = key(base, bound)
        if _is_whole(exponent) and isinstance(base, Apply) and base.op in {"add", "sub"}:
            opposite = key(negative(base), bound)
            if repr(opposite) < repr(own):
                own = opposite
                sign *= -1 if exponent % 2 else 1  # type: ignore[operator]  # a whole number
        powers[own] = _sum_of(powers[own], exponent) if own in powers else exponent
    keys = [
        (own, power if isinstance(power, Fraction) else key(power, bound))
        for own, power in powers.items()
        if power != 0
    ]
    return sign, tuple(sorted(keys, key=repr))
