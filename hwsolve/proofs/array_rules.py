"""What sums, softmax and largest entries make of the quotients of an array's entries."""

from __future__ import annotations

from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING

from hwsolve.proofs import polynomials as p
from hwsolve.proofs.algebra import ONE, Algebra, Quotient, monomial_poly
from hwsolve.proofs.intervals import Interval
from hwsolve.proofs.quotients import ZERO_Q, combined, number, product

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hwsolve.proofs.polynomials import Poly

    Args = Sequence[Quotient]
    Rule = Callable[[Algebra, int, Args], Quotient | None]


def total(algebra: Algebra, node: int, args: Args) -> Quotient | None:
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
            is_softmax = row is not None and row.name == "softmax" and key[1] == "softmax"
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


def shifted(keeps: int) -> Rule:
    """softmax(x + c) = softmax(x); with `keeps` 1 the c comes out: max(x + c) = max(x) + c."""

    def rule(algebra: Algebra, node: int, args: Args) -> Quotient | None:
        (one,) = args
        same, others = _split(algebra, one.top)
        if not one.is_poly or not same or not others:
            return None
        inside = [Quotient(others, ONE)]
        if not keeps:
            return algebra.opaque(node, inside)
        # the largest of the others lies where they lie
        rest = algebra.opaque(node, inside, algebra.enclosure(others))
        return Quotient(p.add(rest.top, same, keeps), ONE)

    return rule


def dot(algebra: Algebra, node: int, args: Args) -> Quotient | None:
    """The product of two vectors is the sum of the products of their entries."""
    graph = algebra.graph
    left, right = graph.args[node]
    if len(graph.shapes[left]) != 1 or len(graph.shapes[right]) != 1:
        return None
    entries = product(*args)
    return None if entries is None else _added_up(algebra, node, left, entries)


def mean(algebra: Algebra, node: int, args: Args) -> Quotient | None:
    """A mean over an array of a known size."""
    graph = algebra.graph
    arg = graph.args[node][0]
    count = prod(graph.shapes[arg])
    if not graph.shapes[arg]:
        return args[0]
    if graph.shapes[node] or (algebra.reading.any_size and count > 1):
        return None
    total = _added_up(algebra, node, arg, args[0])
    return None if total is None else product(number(Fraction(1, count)), total)
