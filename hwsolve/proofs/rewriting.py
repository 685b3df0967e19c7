"""Formulas recognised in others: a softmax by its name, a sum that is known to be 1.

A pattern is a formula in which some names stand for any index expression. Products
are recognised in larger ones, whatever else is multiplied with them.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

from hwsolve.expr.tree import Apply, Expr, Index, Num, Over, Sym, walk
from hwsolve.proofs.names import substitute
from hwsolve.proofs.products import (
    Factor,
    Product,
    collected,
    key,
    negative,
    product_expr,
    product_of,
    sum_expr,
    terms_of,
    times,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hwsolve.proofs.tidy import Tidier

# A product of sums with more summands is not multiplied out.
MANY: Final = 60
# A sum of so many simple terms is as well written out.
FEW: Final = 4
_SUMS: Final = frozenset({"add", "sub"})


# -- patterns -------------------------------------------------------------------------


def match(pattern: Expr, expr: Expr, variables: frozenset[str]) -> dict[str, Expr] | None:
    """What the variables of a pattern stand for so that it becomes the expression, or None."""
    found: dict[str, Expr] = {}
    return found if _match(pattern, expr, variables, found) else None


def _match(pattern: Expr, expr: Expr, variables: frozenset[str], found: dict[str, Expr]) -> bool:
    if isinstance(pattern, Sym) and pattern.name in variables:
        before = found.setdefault(pattern.name, expr)
        return before is expr or key(before) == key(expr)
    match pattern, expr:
        case Index(base=one, indices=mine), Index(base=other, indices=its):
            return one == other and _match_all(mine, its, variables, found)
        case Over(), Over() if pattern.op == expr.op:
            body = substitute(pattern.body, {pattern.variable: Sym(expr.variable)})
            ends = (pattern.low, pattern.high, body), (expr.low, expr.high, expr.body)
            return _match_all(*ends, variables - {expr.variable}, found)
        case Apply(), Apply() if pattern.op == expr.op and pattern.attributes == expr.attributes:
            return _match_all(pattern.args, expr.args, variables, found)
    return key(pattern) == key(expr)


def _match_all(
    patterns: Sequence[Expr],
    exprs: Sequence[Expr],
    variables: frozenset[str],
    found: dict[str, Expr],
) -> bool:
    return len(patterns) == len(exprs) and all(
        _match(pattern, expr, variables, found)
        for pattern, expr in zip(patterns, exprs, strict=True)
    )


class Named(NamedTuple):
    """A product that has a name: `P[i] = exp(h[i])/sum(exp(h[k]) for k in 1..N)`."""

    target: Expr
    body: Product
    variables: frozenset[str]


def named_product(target: Expr, body: Expr, variables: Iterable[str]) -> Named | None:
    """A definition whose body is a quotient or product of several factors, else None.

    Only such a body cannot be taken for part of something simpler.
    """
    product = product_of(body)
    divides = any(isinstance(f.exponent, Fraction) and f.exponent < 0 for f in product.factors)
    if len(product.factors) < 2 or not divides or product.number != 1:  # noqa: PLR2004  (a quotient has two)
        return None
    return Named(target, product, frozenset(variables))


def with_names(product: Product, named: Named) -> Product:
    """A product with the named one in it put under its name, as often as it is there."""
    for _ in range(MANY):
        found = _once(product, named)
        if found is None:
            return product
        product = found
    return product


def with_names_or_signs(product: Product, named: Named) -> Product:
    """The same, also where a difference stands the other way round: (m - x)/s as -xhat."""
    product = with_names(product, named)
    for position, (base, power) in enumerate(product.factors):
        if not (isinstance(base, Apply) and base.op in _SUMS and isinstance(power, Fraction)):
            continue
        if power.denominator != 1 or power < 1:
            continue
        turned = Factor(negative(base), power)
        factors = (*product.factors[:position], turned, *product.factors[position + 1 :])
        sign = -1 if power % 2 else 1
        other = Product(product.number * sign, factors)
        found = with_names(other, named)
        if found != other:
            return with_names_or_signs(found, named)
    return product


def without_even_roots(expr: Expr) -> Expr:
    """A formula with sqrt(v)^2 as the v that it is."""
    match expr:
        case Over():
            body = without_even_roots(expr.body)
            return Over(expr.op, body, expr.variable, expr.low, expr.high, expr.at)
        case Apply(op="pow", args=(Apply(op="sqrt", args=(root,)), Num(value=int() as power))) if (
            power % 2 == 0
        ):
            root = without_even_roots(root)
            return root if power == 2 else root ** (power // 2)  # noqa: PLR2004  (a square)
        case Apply():
            args = tuple(map(without_even_roots, expr.args))
            return Apply(expr.op, args, expr.attributes, expr.at)
    return expr


def _once(product: Product, named: Named) -> Product | None:
    candidates = _bindings(product, named, 0, {})
    for binding in candidates:
        body = [
            Factor(substitute(base, binding), exponent) for base, exponent in named.body.factors
        ]
        inverse = [Factor(b, -e) if isinstance(e, Fraction) else Factor(b, e) for b, e in body]
        rest = times(product, Product(Fraction(1), tuple(inverse)))
        name = substitute(named.target, binding)
        # the name stands where the first factor of its body stood
        return times(Product(rest.number, (Factor(name),)), Product(Fraction(1), rest.factors))
    return None


def _bindings(
    product: Product, named: Named, position: int, binding: dict[str, Expr]
) -> list[dict[str, Expr]]:
    """What the variables can stand for so that every factor of the named product is there."""
    if position == len(named.body.factors):
        return [binding] if named.variables <= binding.keys() else []
    base, exponent = named.body.factors[position]
    found: list[dict[str, Expr]] = []
    for own, power in product.factors:
        if not (isinstance(exponent, Fraction) and isinstance(power, Fraction)):
            continue
        enough = power >= exponent if exponent > 0 else power <= exponent
        trial = dict(binding)
        if enough and _match(base, own, named.variables, trial):
            found.extend(_bindings(product, named, position + 1, trial))
    return found


# -- other forms of the same ------------------------------------------------------------


def taken_out(expr: Expr, output: Expr) -> Expr:
    """A sum whose summands all have a factor, with that factor in front: P*d - P*Q."""
    terms = terms_of(expr)
    own = key(output)
    if len(terms) < 2 or not all(_has(term, own) for term in terms):  # noqa: PLR2004  (a sum)
        return expr
    divided = Product(Fraction(1), (Factor(output, Fraction(-1)),))
    inner = sum_expr([times(term, divided) for term in terms])
    return product_expr(times(Product(Fraction(1), (Factor(output),)), product_of(inner)))


def _has(term: Product, own: object) -> bool:
    return any(
        key(base) == own and isinstance(power, Fraction) and power >= 1
        for base, power in term.factors
    )


def over_one_divisor(expr: Expr) -> Expr:
    """A sum whose summands are all divided by the same, divided by it once: P/n - Y/n."""
    terms = terms_of(expr)
    if len(terms) < 2:  # noqa: PLR2004  (a sum)
        return expr
    shared = [
        Factor(base, max(power, *(_power_of(base, term) for term in terms[1:])))
        for base, power in terms[0].factors
        if isinstance(power, Fraction) and power < 0
    ]
    shared = [factor for factor in shared if factor.exponent < 0]  # type: ignore[operator]  # fractions
    numbers = {abs(term.number) for term in terms}
    number = numbers.pop() if len(numbers) == 1 else Fraction(1)
    number = Fraction(1, number.denominator)
    if not shared and number == 1:
        return expr
    inverse = Product(1 / number, tuple(Factor(b, -p) for b, p in shared))
    inner = product_of(sum_expr([times(term, inverse) for term in terms]))
    return product_expr(times(inner, Product(number, tuple(shared))))


def shared_in_front(expr: Expr, symbols: Callable[[str], bool]) -> Expr:
    """Sums, also inside of sums over ranges, with the factors that all summands share in front.

    `P*X - Y*X` becomes `X*(P - Y)`; a single symbol (`symbols` tells) stays where it is,
    so that a polynomial stays a polynomial.
    """
    match expr:
        case Over(op="sum" | "mean"):
            body = shared_in_front(expr.body, symbols)
            return Over(expr.op, body, expr.variable, expr.low, expr.high, expr.at)
        case Apply(op="mul" | "div" | "neg", attributes=()):
            args = tuple(shared_in_front(arg, symbols) for arg in expr.args)
            return Apply(expr.op, args, (), expr.at)
        case Apply(op="add" | "sub", attributes=()):
            return _shared(terms_of(expr), expr, symbols)
    return expr


def _shared(terms: list[Product], expr: Expr, symbols: Callable[[str], bool]) -> Expr:
    if len(terms) < 2:  # noqa: PLR2004  (a sum)
        return expr
    shared: list[Factor] = []
    for base, power in terms[0].factors:
        if isinstance(base, Sym) and symbols(base.name):
            continue
        least = min([_power_of(base, term) for term in terms], default=Fraction(0))
        if isinstance(power, Fraction) and least >= 1:
            shared.append(Factor(base, least))
    if not shared:
        return expr
    inverse = Product(Fraction(1), tuple(Factor(b, -p) for b, p in shared))
    inner = product_of(sum_expr([times(term, inverse) for term in terms]))
    return product_expr(times(Product(Fraction(1), tuple(shared)), inner))


def _power_of(base: Expr, term: Product) -> Fraction:
    own = key(base)
    for other, power in term.factors:
        if key(other) == own and isinstance(power, Fraction):
            return power
    return Fraction(0)


def simplest(expr: Expr, tidier: Tidier) -> Expr:
    """The expression, or the same with brackets multiplied out where much cancels then.

    `p*(1 - p)*((1 - t)/(1 - p) - t/p)` becomes `p - t`.
    """
    expr = _simplest_inside(expr, tidier)
    product = product_of(expr)
    found = _cancelled(product)
    if found is None:
        return expr
    terms, rest = found
    once = tidier.sum([product_of(tidier.product(term)) for term in terms])
    fully = tidier.sum([part for term in terms for part in multiplied_out(term)])
    short = min((once, fully), key=size)
    number = Product(product.number)
    cancelled = product_expr(times(times(number, product_of(short)), Product(Fraction(1), rest)))
    return min((expr, cancelled), key=size)


def _simplest_inside(expr: Expr, tidier: Tidier) -> Expr:
    """A sum of products with the sums over ranges in it simplified."""
    terms = terms_of(expr)
    if not any(isinstance(base, Over) for term in terms for base, _ in term.factors):
        return expr
    changed = [
        term._replace(
            factors=tuple(
                factor._replace(base=_simplest_range(factor.base, tidier))
                for factor in term.factors
            )
        )
        for term in terms
    ]
    return expr if changed == terms else sum_expr(changed)


def _simplest_range(base: Expr, tidier: Tidier) -> Expr:
    if not isinstance(base, Over) or base.op not in {"sum", "mean"}:
        return base
    body = simplest(base.body, tidier.within(base.variable, base.low, base.high))
    return base if body is base.body else Over(base.op, body, base.variable, base.low, base.high)


def spread(expr: Expr, tidier: Tidier) -> Expr:
    """An expression with all brackets multiplied out, and a sum for each summand of a sum."""
    tidy = tidier.expr(_spread(expr, tidier))
    terms = [part for term in terms_of(tidy) for part in multiplied_out(term)]
    return tidier.sum([product_of(tidier.product(term)) for term in terms])


def term_by_term(expr: Expr, tidier: Tidier) -> Expr:
    """A sum of a few products of entries written out: `d[1]*k[2] + d[2]*k[1]`."""
    terms: list[Product] = []
    for term in terms_of(expr):
        sums = [base for base, power in term.factors if isinstance(base, Over) and power == 1]
        written_out = [_terms_of_sum(base, tidier) for base in sums]
        if len(term.factors) != 1 or len(written_out) != 1 or written_out[0] is None:
            terms.append(term)
            continue
        terms.extend(part._replace(number=part.number * term.number) for part in written_out[0])
    return tidier.sum(terms)


def _terms_of_sum(total: Over, tidier: Tidier) -> list[Product] | None:
    """The summands of a sum, where they are few and simple."""
    body = product_of(total.body)
    simple = all(isinstance(base, (Index, Sym)) for base, _ in body.factors)
    match total.low, total.high:
        case Num(value=int() as low), Num(value=int() as high) if simple and high - low < FEW:
            values = [{total.variable: Num(number)} for number in range(low, high + 1)]
            found = [tidier.expr(substitute(total.body, value)) for value in values]
            return [product_of(term) for term in found]
    return None


def _spread(expr: Expr, tidier: Tidier) -> Expr:
    match expr:
        case Over(op="sum"):
            inner = tidier.within(expr.variable, expr.low, expr.high)
            body = spread(expr.body, inner)
            sums = [
                product_of(Over("sum", product_expr(term), expr.variable, expr.low, expr.high))
                for term in terms_of(body)
            ]
            return sum_expr(sums)
        case Apply() if expr.op in {"add", "sub", "neg", "mul", "div", "pow"}:
            return Apply(expr.op, tuple(_spread(arg, tidier) for arg in expr.args))
    return expr


def _cancelled(product: Product) -> tuple[list[Product], tuple[Factor, ...]] | None:
    """A sum among the factors multiplied out with those that its divisors cancel.

    What is left of the product beside it; None where there is no such sum.
    """
    keys = {
        key(base): Factor(base, power) for base, power in product.factors if _is_positive(power)
    }
    for position, (base, power) in enumerate(product.factors):
        if power != 1 or not (isinstance(base, Apply) and base.op in _SUMS):
            continue
        terms = terms_of(base)
        divisors = {
            key(inner)
            for term in terms
            for inner, exponent in term.factors
            if not _is_positive(exponent)
        }
        cancelling = [keys[divisor] for divisor in keys if divisor in divisors]
        if not cancelling:
            continue
        others = (*product.factors[:position], *product.factors[position + 1 :])
        rest = tuple(factor for factor in others if factor not in cancelling)
        inside = Product(Fraction(1), tuple(f for f in others if f in cancelling))
        return collected([times(inside, term) for term in terms]), rest
    return None


def _is_positive(power: Fraction | Expr) -> bool:
    return isinstance(power, Fraction) and power > 0


def multiplied_out(product: Product) -> list[Product]:
    """A product as a sum of products without sums in them, unless that is very long."""
    done = [Product(product.number)]
    for base, power in product.factors:
        is_sum = isinstance(base, Apply) and base.op in _SUMS
        if not is_sum or not _is_positive(power) or power.denominator != 1 or power > 4:  # type: ignore[union-attr,operator]  # noqa: PLR2004  # a fraction
            done = [times(term, Product(Fraction(1), (Factor(base, power),))) for term in done]
            continue
        parts = terms_of(base)
        for _ in range(int(power)):  # type: ignore[arg-type]  # a whole number
            if len(done) * len(parts) > MANY:
                return [product]
            done = [times(term, part) for term in done for part in parts]
    return collected(done)


def size(expr: Expr) -> int:
    """How much there is to read: the number of names, numbers and operations."""
    return sum(not isinstance(node, Num) or node.value not in {1, -1} for node in walk(expr))
