"""Formulas as people write them: no `1*`, no `+ 0`, signs and numbers in front.

Nothing changes its value where the formula has one: constants are added up exactly,
equal terms are collected, a factor that does not depend on a sum's index stands before
the sum, and a Kronecker delta inside a sum picks the one term that it is 1 for.
(`x/x` becomes 1, which also has a value where x is 0.)
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Over, Sym, walk
from hwsolve.proofs.index_ranges import Facts, affine, written
from hwsolve.proofs.names import free_names, fresh, substitute, with_index
from hwsolve.proofs.products import (
    ONE,
    Factor,
    Product,
    collected,
    content,
    key,
    number_of,
    product_expr,
    product_of,
    sum_expr,
    terms_of,
    times,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# The value of a sum that is known beforehand, `sum(y[k] for k in 1..N) = 1`, or None.
Known = "Callable[[Expr], Expr | None]"
_SUMS: Final = frozenset({"add", "sub"})
# Operations without a value for some arguments.
_PARTIAL: Final = frozenset({"div", "log", "log2", "log10", "sqrt", "pow"})
_TESTS: Final = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
}


def tidy(
    expr: Expr,
    facts: Facts | None = None,
    *,
    known: Callable[[Expr], Expr | None] | None = None,
    resolve: bool = True,
) -> Expr:
    """A formula of numbers and entries, written as people do.

    Args:
        expr: the formula; matrix products in it are left alone.
        facts: the ranges of the indices that are free in it.
        known: gives the value of a sum over a range where an assumption says it.
        resolve: whether deltas pick terms out of sums.
    """
    decimals = any(isinstance(node, Num) and isinstance(node.value, float) for node in walk(expr))
    return Tidier(facts or Facts(), known, decimals=decimals, resolve=resolve).expr(expr)


class Tidier:
    """What is known while a formula is tidied; inside of a sum that is more."""

    def __init__(
        self,
        facts: Facts,
        known: Callable[[Expr], Expr | None] | None,
        *,
        decimals: bool,
        resolve: bool,
        single: bool = False,
    ) -> None:
        self.facts = facts
        self.known = known
        self.decimals = decimals
        self.resolve = resolve
        # a sum over one number is kept where it belongs to a product of matrices
        self.single = single

    def within(self, variable: str, low: Expr, high: Expr) -> Tidier:
        """The same inside of a sum."""
        return Tidier(
            self.facts.within(variable, low, high),
            self.known,
            decimals=self.decimals,
            resolve=self.resolve,
            single=self.single,
        )

    def expr(self, expr: Expr) -> Expr:  # noqa: PLR0911  (a case for each kind of node)
        """An expression in its tidy form."""
        match expr:
            case Num():
                number = number_of(expr)
                return expr if number is None else self._made(Product(number))
            case Sym() | Deriv():
                return expr
            case Index():
                return Index(expr.base, tuple(map(self.index, expr.indices)), expr.at)
            case Over():
                return self._over(expr)
            case Apply(op="add" | "sub" | "neg", attributes=()):
                return self.sum(terms_of(self._with_tidy_parts(expr)))
            case Apply(op="mul" | "div" | "pow", attributes=()):
                return self._product(expr)
            case Apply():
                return self._call(expr)
        return expr

    def index(self, expr: Expr) -> Expr:
        """An index expression: its names first, its number last."""
        value = affine(expr)
        if value is not None:
            return written(value)
        return self.expr(expr) if not _is_slice(expr) else expr

    def sum(self, terms: Sequence[Product]) -> Expr:
        """Summands as an expression, equal ones collected."""
        return sum_expr(collected(terms), decimals=self.decimals)

    def _made(self, product: Product) -> Expr:
        return product_expr(product, decimals=self.decimals)

    def _with_tidy_parts(self, expr: Apply) -> Expr:
        """A sum with its summands tidied; the signs between them stay as they are."""
        args = []
        for arg in expr.args:
            if isinstance(arg, Apply) and arg.op in {"add", "sub", "neg"}:
                args.append(self._with_tidy_parts(arg))
            else:
                args.append(self.expr(arg))
        return Apply(expr.op, tuple(args))

    # -- products -------------------------------------------------------------

    def _product(self, expr: Apply) -> Expr:
        args = tuple(self.expr(arg) for arg in expr.args)
        product = product_of(Apply(expr.op, args))
        if len(product.factors) == 1 and product.factors[0].base == Apply(expr.op, args):
            return product.factors[0].base  # it cannot be taken apart: x^(1/2), 1/0
        return self.product(product)

    def product(self, product: Product) -> Expr:
        """A product of tidy factors as an expression."""
        result = Product(product.number)
        for base, exponent in product.factors:
            result = times(result, self._without_content(base, exponent))
        result = deltas_once(result)
        result = _turned(result)
        if abs(result.number) == 1 and len(result.factors) == 1:
            base, exponent = result.factors[0]
            if exponent == 1 and isinstance(base, Apply) and base.op in _SUMS:
                terms = [t._replace(number=t.number * result.number) for t in terms_of(base)]
                return self.sum(terms)
        return self._made(result)

    def _without_content(self, base: Expr, exponent: Fraction | Expr) -> Product:
        """A factor with the number that all its summands share before it: 2a - 2b."""
        whole = isinstance(exponent, Fraction) and exponent.denominator == 1
        if whole and isinstance(base, Apply) and base.op in _SUMS:
            terms = terms_of(base)
            shared = content(terms)
            even = len({abs(term.number) for term in terms}) == 1
            if not even and shared.denominator != 1:
                shared = Fraction(-1 if shared < 0 else 1)
            if shared != 1:
                inner = self.sum([t._replace(number=t.number / shared) for t in terms])
                return Product(shared ** int(exponent), (Factor(inner, exponent),))  # type: ignore[arg-type]  # a whole number
        return Product(ONE, (Factor(base, exponent),))

    # -- functions ------------------------------------------------------------

    def _call(self, expr: Apply) -> Expr:  # noqa: PLR0911  (a case for each function)
        if expr.op == "delta":
            return self._delta(*expr.args)
        if _is_slice(expr):
            return expr
        args = tuple(self.expr(arg) for arg in expr.args)
        match expr.op, args:
            case "identity", (inner,):
                return inner
            case "log", (Num(value=1),):
                return Num(0)
            case "exp", (Num(value=0),):
                return Num(1)
            case "where", (condition, yes, no):
                return self._choice(condition, yes, no)
            case op, (left, right) if op in _TESTS:
                one, other = number_of(left), number_of(right)
                if one is not None and other is not None:
                    return Num(int(_TESTS[op](one, other)))
        return Apply(expr.op, args, expr.attributes, expr.at)

    def _choice(self, condition: Expr, yes: Expr, no: Expr) -> Expr:
        """One of two values, with the factors that both share in front."""
        if isinstance(condition, Num):
            return yes if condition.value else no
        if key(yes) == key(no):
            return yes
        one, other = product_of(yes), product_of(no)
        if not one.number or not other.number:
            kept = one if one.number else other
            own = [f for f in kept.factors if self._is_safe(f, condition)]
            front = Product(kept.number, tuple(own))
            if kept is other and not free_names(condition) <= self.facts.ranges.keys():
                front = Product(ONE)  # `0 if x > 0 else exp(x) - 1` reads as it is
        else:
            keys = {(key(base), repr(power)) for base, power in other.factors}
            same = [f for f in one.factors if (key(f.base), repr(f.exponent)) in keys]
            front = Product(ONE, tuple(same))
        inverse = Product(1 / front.number, tuple(_inverse(f) for f in front.factors))
        parts = tuple(self._made(times(p, inverse)) for p in (one, other))
        is_test = isinstance(condition, Apply) and condition.op in _TESTS
        plain = is_test and parts == (Num(1), Num(0))
        choice = condition if plain else Apply("where", (condition, *parts))
        return self._made(times(front, Product(ONE, (Factor(choice),))))

    def _is_safe(self, factor: Factor, condition: Expr) -> bool:
        """Whether a factor may be evaluated where the condition does not hold: x, but not 1/x."""
        base, power = factor
        if not isinstance(power, Fraction) or power < 0:
            return False
        about_indices = free_names(condition) <= self.facts.ranges.keys()
        return not any(
            (isinstance(node, Apply) and node.op in _PARTIAL)
            or (isinstance(node, (Index, Over)) and about_indices)
            for node in walk(base)
        )

    def _delta(self, left: Expr, right: Expr) -> Expr:
        """1 for equal indices and 0 for different ones, where that is known."""
        left, right = self.index(left), self.index(right)
        if key(left) == key(right):
            return Num(1)
        if self.facts.at_least(left, right) and self.facts.at_least(right, left):
            return Num(1)  # the range holds one number only
        if self.facts.differ(left, right):
            return Num(0)
        return Apply("delta", (left, right))

    # -- sums over ranges -------------------------------------------------------

    def _over(self, expr: Over) -> Expr:
        low, high = self.index(expr.low), self.index(expr.high)
        if key(low) == key(high) and not self.single:
            return self.expr(substitute(expr.body, {expr.variable: low}))
        outer = self.facts.names() | free_names(low) | free_names(high)
        if expr.variable in outer:
            # an index or a size of the same name must not be taken for this one
            expr = with_index(expr, fresh(expr.variable, outer | free_names(expr.body)))
        inner = self.within(expr.variable, low, high)
        body = inner.expr(expr.body)
        if expr.op in {"sum", "mean"}:
            from hwsolve.proofs.deltas import summed

            return summed(self, inner, Over(expr.op, body, expr.variable, low, high, expr.at))
        if expr.op in {"max", "min"} and expr.variable not in free_names(body):
            return body
        if expr.op == "prod" and body == Num(1):
            return body
        return Over(expr.op, body, expr.variable, low, high, expr.at)

    def value_of(self, total: Expr) -> Expr:
        """A sum over a range, or the value that an assumption gives it."""
        value = self.known(total) if self.known is not None else None
        return total if value is None else value


def deltas_once(product: Product) -> Product:
    """A product in which delta^2 is delta."""
    if not any(is_delta(base) and power != 1 for base, power in product.factors):
        return product
    factors = tuple(
        Factor(base)
        if is_delta(base) and isinstance(power, Fraction) and power > 0
        else Factor(base, power)
        for base, power in product.factors
    )
    return Product(product.number, factors)


def is_delta(expr: Expr) -> bool:
    """Whether an expression is a Kronecker delta."""
    return isinstance(expr, Apply) and expr.op == "delta"


def _is_slice(expr: Expr) -> bool:
    return isinstance(expr, Apply) and expr.op == "slice"


def _inverse(factor: Factor) -> Factor:
    base, power = factor
    return Factor(base, -power if isinstance(power, Fraction) else Apply("neg", (power,)))


def _turned(product: Product) -> Product:
    """-(a - b)*c as (b - a)*c: one sign less to read."""
    if product.number.numerator != -1:
        return product
    for position, (base, exponent) in enumerate(product.factors):
        odd = isinstance(exponent, Fraction) and exponent > 0 and exponent % 2 == 1
        if not odd or not isinstance(base, Apply) or base.op != "sub":
            continue
        terms = terms_of(base)
        if len(terms) == 2 and all(term.factors for term in terms):  # noqa: PLR2004  (a difference of two names)
            factors = list(product.factors)
            opposite = [term._replace(number=-term.number) for term in terms]
            factors[position] = Factor(sum_expr(opposite), exponent)
            return Product(-product.number, tuple(factors))
    return product
