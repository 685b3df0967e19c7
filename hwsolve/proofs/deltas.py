"""Sums over ranges: what can stand before them, and the terms that a Kronecker delta picks.

`sum(delta(e, k)*f(i) for i in a..b)` is f at the one i for which the index e is k, if
that i is in the range. Where it is not known to be, the range of a sum around it is
cut to those for which it is (`for i in max(1, m-2)..min(4, m)`), or the sum stays.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final, NamedTuple

from hwsolve.expr.tree import Apply, Expr, Num, Over, walk
from hwsolve.proofs.index_ranges import Facts, Range, added, affine, ends, solved, tightest, written
from hwsolve.proofs.names import free_names, fresh, substitute, with_index
from hwsolve.proofs.products import (
    Factor,
    Product,
    content,
    key,
    product_expr,
    product_of,
    sum_expr,
    terms_of,
    times,
)
from hwsolve.proofs.tidy import Tidier, deltas_once, is_delta

# Multiplying out more summands than this helps nobody.
MANY: Final = 200


class _Sum(NamedTuple):
    """A sum over a range: inside of it, outside of it, and its parts."""

    outside: Tidier
    inside: Tidier
    variable: str
    range: Range


def summed(outside: Tidier, inside: Tidier, total: Over) -> Expr:
    """A sum (or mean) over a range with a tidy body, in its simplest form."""
    place = _Sum(outside, inside, total.variable, Range(total.low, total.high))
    terms = terms_of(total.body)
    if not terms:
        return Num(0)
    found: list[Product] = []
    if outside.resolve and _mentions(total.body, total.variable):
        rest: list[Product] = []
        for term in map(deltas_once, _split(terms, total.variable)):
            picked = _picked(place, term)
            if picked is None:
                rest.append(term)
            else:
                found.extend(terms_of(picked))
        # each by itself, so that its own factors can stand in front
        found.extend(_factored(place, "sum", [term]) for term in rest)
        if total.op == "mean":
            count = outside.expr(place.range.size)
            found = [times(term, product_of(Num(1) / count)) for term in found]
    else:
        found.append(_factored(place, total.op, terms))
    if len(found) == 1:
        return outside.product(found[0])
    return outside.sum([product_of(outside.product(term)) for term in found])


def _mentions(expr: Expr, variable: str) -> bool:
    """Whether a delta in an expression depends on an index."""
    return any(is_delta(node) and variable in free_names(node) for node in walk(expr))


# -- factors that do not depend on the index ------------------------------------------


def _factored(place: _Sum, op: str, terms: list[Product]) -> Product:
    """The sum of terms with what they share, and what is independent of the index, in front."""
    shared = content(terms)
    even = len({abs(term.number) for term in terms}) == 1
    if not even and len(terms) > 1:
        shared = Fraction(-1 if shared < 0 else 1)
    terms = [term._replace(number=term.number / shared) for term in terms]
    keys = [{(key(base), _hashable(power)) for base, power in term.factors} for term in terms]
    front: list[Factor] = []
    for base, power in terms[0].factors:
        own = (key(base), _hashable(power))
        names = free_names(base) | (free_names(power) if isinstance(power, Expr) else frozenset())
        if place.variable not in names and all(own in others for others in keys):
            front.append(Factor(base, power))
    taken = {(key(base), _hashable(power)) for base, power in front}
    inner = [
        Product(
            term.number,
            tuple(f for f in term.factors if (key(f.base), _hashable(f.exponent)) not in taken),
        )
        for term in terms
    ]
    before = Product(shared, tuple(front))
    body = place.inside.product(inner[0]) if len(inner) == 1 else place.inside.sum(inner)
    if place.variable not in free_names(body):
        count = Num(1) if op == "mean" else place.outside.expr(place.range.size)
        return times(times(before, product_of(body)), product_of(count))
    low, high = place.range
    total = place.outside.value_of(Over(op, body, place.variable, low, high))
    return times(before, product_of(total))


def _hashable(power: Fraction | Expr) -> object:
    return power if isinstance(power, Fraction) else key(power)


# -- deltas ---------------------------------------------------------------------------


def _split(terms: list[Product], variable: str) -> list[Product]:
    """Summands in which each delta of the index is a factor by itself."""
    done: list[Product] = []
    waiting = list(reversed(terms))
    while waiting:
        term = waiting.pop()
        position = _sum_with_delta(term, variable)
        if position is None or len(done) + len(waiting) > MANY:
            done.append(term)
            continue
        base, power = term.factors[position]
        others = list(term.factors)
        others[position] = Factor(base, power - 1)
        rest = Product(term.number, tuple(f for f in others if f.exponent != 0))
        parts = terms_of(base)
        with_delta = [part for part in parts if _mentions(product_expr(part), variable)]
        without = [part for part in parts if part not in with_delta]
        pieces = [times(rest, part) for part in with_delta]
        if without:
            pieces.append(times(rest, product_of(sum_expr(without))))
        waiting.extend(reversed(pieces))
    return done


def _sum_with_delta(term: Product, variable: str) -> int | None:
    """The position of a factor that is a sum with a delta of the index in it."""
    for position, (base, power) in enumerate(term.factors):
        whole = isinstance(power, Fraction) and power.denominator == 1 and power > 0
        is_sum = isinstance(base, Apply) and base.op in {"add", "sub"}
        if whole and is_sum and _mentions(base, variable):
            return position
    return None


def _picked(place: _Sum, term: Product) -> Expr | None:
    """The sum of one term over the range, where a delta decides it; None where none does."""
    for position, (base, power) in enumerate(term.factors):
        if not isinstance(base, Apply) or not is_delta(base) or power != 1:
            continue
        value = _solved(base, place.variable)
        if value is None:
            continue
        if place.outside.facts.contains(place.range.low, value, place.range.high):
            rest = Product(term.number, _without(term.factors, position))
            return place.outside.expr(substitute(product_expr(rest), {place.variable: value}))
        if place.outside.facts.excludes(place.range.low, value, place.range.high):
            return Num(0)
    return _through_inner(place, term)


def _solved(delta: Apply, variable: str) -> Expr | None:
    """The value of an index for which a delta is 1."""
    left, right = delta.args
    return solved(left, right, variable)


def _without(factors: tuple[Factor, ...], position: int) -> tuple[Factor, ...]:
    return (*factors[:position], *factors[position + 1 :])


def _through_inner(place: _Sum, term: Product) -> Expr | None:
    """A delta in a sum inside of this sum: this index is picked, or its range is cut."""
    for position, (base, power) in enumerate(term.factors):
        if not isinstance(base, Over) or base.op != "sum" or power != 1:
            continue
        if not _mentions(base.body, place.variable):
            continue
        outer_rest = Product(term.number, _without(term.factors, position))
        taken = free_names(product_expr(outer_rest)) | place.inside.facts.names()
        inner = base
        if base.variable in taken:
            inner = with_index(base, fresh(base.variable, taken | free_names(base.body)))
        body = product_of(inner.body)
        for at, (candidate, exponent) in enumerate(body.factors):
            if not isinstance(candidate, Apply) or not is_delta(candidate) or exponent != 1:
                continue
            rest = times(outer_rest, Product(body.number, _without(body.factors, at)))
            found = _exchanged(place, inner, candidate, rest) or _cut(place, inner, candidate, rest)
            if found is not None:
                return found
    return None


def _exchanged(place: _Sum, inner: Over, delta: Apply, rest: Product) -> Expr | None:
    """The sums exchanged, where the delta then picks this index for every inner one."""
    if place.variable in free_names(inner.low) | free_names(inner.high):
        return None
    value = _solved(delta, place.variable)
    facts = place.outside.facts.within(inner.variable, inner.low, inner.high)
    if value is None or not facts.contains(place.range.low, value, place.range.high):
        return None
    body = substitute(product_expr(rest), {place.variable: value})
    return place.outside.expr(Over("sum", body, inner.variable, inner.low, inner.high))


def _cut(place: _Sum, inner: Over, delta: Apply, rest: Product) -> Expr | None:
    """This sum over those of its indices for which the inner one stays in its range."""
    value = _solved(delta, inner.variable)
    if value is None:
        return None
    low, high = place.range
    facts = place.inside.facts
    conditions = [(value, end) for end in ends(inner.low, "max")]
    conditions += [(end, value) for end in ends(inner.high, "min")]
    for large, small in conditions:
        if facts.at_least(large, small):
            continue
        bound = _bound(large, small, place.variable)
        if bound is None:
            return None
        end, is_low = bound
        if is_low:
            low = tightest("max", low, end, place.outside.facts)
        else:
            high = tightest("min", high, end, place.outside.facts)
    body = substitute(product_expr(rest), {inner.variable: value})
    if isinstance(low, Num) and isinstance(high, Num) and low.value > high.value:  # type: ignore[operator]  # whole numbers
        return Num(0)
    return place.outside.expr(Over("sum", body, place.variable, low, high))


def _bound(large: Expr, small: Expr, variable: str) -> tuple[Expr, bool] | None:
    """The end that large >= small puts to an index, and whether it is the low one."""
    left, right = affine(large), affine(small)
    if left is None or right is None:
        return None
    factor = left.get(variable, Fraction(0)) - right.get(variable, Fraction(0))
    if abs(factor) != 1:
        return None
    rest = {
        name: (right.get(name, Fraction(0)) - left.get(name, Fraction(0))) / factor
        for name in {**left, **right}
        if name != variable
    }
    rest = {name: part for name, part in rest.items() if part}
    if any(part.denominator != 1 for part in rest.values()):
        return None
    return written(rest), factor == 1


# -- what is left -------------------------------------------------------------------------


def with_condition(expr: Expr, facts: Facts) -> Expr:
    """A sum of which a delta picks one term, if its index is in the range, as that term or 0.

    `sum(v[j]*delta(i+j-1, m) for j in 1..3)` is `v[m-i+1] if (i <= m)*(m <= i+2) else 0`.
    """
    terms = terms_of(expr)
    if len(terms) != 1:
        return expr
    (term,) = terms
    for position, (base, power) in enumerate(term.factors):
        if not isinstance(base, Over) or base.op != "sum" or power != 1:
            continue
        body = product_of(base.body)
        for at, (candidate, exponent) in enumerate(body.factors):
            if not isinstance(candidate, Apply) or not is_delta(candidate) or exponent != 1:
                continue
            value = _solved(candidate, base.variable)
            if value is None:
                continue
            inner = Product(body.number, _without(body.factors, at))
            picked = product_of(substitute(product_expr(inner), {base.variable: value}))
            conditions = _conditions(value, Range(base.low, base.high), facts)
            if conditions is None:
                continue
            rest = Product(term.number, _without(term.factors, position))
            chosen = product_expr(times(rest, picked))
            if not conditions:
                return chosen
            condition = conditions[0]
            for other in conditions[1:]:
                condition = condition * other
            return Apply("where", (condition, chosen, Num(0)))
    return expr


def _conditions(value: Expr, range_: Range, facts: Facts) -> list[Expr] | None:
    """What must hold for a value to be in a range, as far as it is not known."""
    found: list[Expr] = []
    pairs = [(value, end) for end in ends(range_.low, "max")]
    pairs += [(end, value) for end in ends(range_.high, "min")]
    for large, small in pairs:
        if facts.at_least(large, small):
            continue
        difference = added(affine(large), affine(small), -1)
        if difference is None:
            return None
        above = {name: part for name, part in difference.items() if part > 0}
        below = {name: -part for name, part in difference.items() if part < 0}
        found.append(Apply("le", (written(below), written(above))))
    return found
