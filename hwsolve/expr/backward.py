"""Gradients by reverse accumulation, line by line, as a student does it.

A line is a labelled node with what is written out inside it. For scalars a line's
local derivatives are built first and then multiplied by the line's own gradient,
so that every factor of a chain rule can be shown and is what was calculated with.
Arrays pass the gradient through each operation by its adjoint rule.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, Final

from hwsolve.expr.operations import OPERATIONS
from hwsolve.expr.tree import Deriv, Sym

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hwsolve.expr.graph import Graph
    from hwsolve.expr.operations import Shape
    from hwsolve.expr.term import Term

# More contributions than these are added up in one sum.
MANY: Final = 8
_LOGARITHMS: Final = {"log", "log2", "log10", "xlogy", "xlog2y", "xlog10y"}


class Gradient:
    """The gradient of one scalar node.

    Attributes:
        top: the node that is differentiated.
        adjoints: for each labelled node the node of d top / d it.
        locals: for each scalar line its local derivatives, as nodes by argument.
        order: the lines in the order in which their gradients are used.
    """

    def __init__(self, graph: Graph, top: int) -> None:
        self.graph = graph
        self.top = top
        self.adjoints: dict[int, int] = {}
        self.locals: dict[int, dict[int, int]] = {}
        self.order: list[int] = []
        self.wrt: set[int] = set()
        # nodes before this one belong to the forward pass or to other gradients
        self.start = len(graph)
        # the products that make up a gradient: (line, node) pairs by argument
        self.parts: dict[int, list[tuple[int, int]]] = {}


def differentiate(graph: Graph, top: int, wrt: Iterable[int]) -> Gradient:
    """The gradient of `top` with respect to labelled nodes.

    Nodes that `top` does not depend on are left out of `adjoints`.
    """
    gradient = Gradient(graph, top)
    gradient.wrt = set(wrt)
    # what comes before all of them does not depend on them: a thousand steps of an
    # optimizer have a thousand gradients, each of one step
    ancestors = graph.ancestors([top], min(gradient.wrt, default=top))
    reached = bytearray(top + 1)
    for node in ancestors:
        reached[node] = node in gradient.wrt or (
            node not in graph.held and any(reached[arg] for arg in graph.args[node])
        )
    if not reached[top]:
        return gradient
    gradient.adjoints[top] = graph.constant(1)
    for node in reversed(ancestors):
        # inner results of a line are dealt with by the line that they stand in
        if not reached[node] or (node not in graph.labels and node != top):
            continue
        adjoint = _total(gradient, node)
        if adjoint is None or graph.rows[node] is None:
            continue
        gradient.order.append(node)
        _through(gradient, node, adjoint, reached)
    return gradient


def _total(gradient: Gradient, node: int) -> int | None:
    """The gradient of a node: the sum of what the lines that use it contribute."""
    if node == gradient.top:
        return gradient.adjoints[node]
    graph = gradient.graph
    parts = [part for _, part in gradient.parts.get(node, ())]
    if not parts:
        return None
    if len(parts) > 1:
        row = OPERATIONS["add"]
        # the first use of a value in the forward pass is the first summand
        total = graph.derive(row, tuple(reversed(parts)))
    else:
        total = parts[0]
    if total < gradient.start and total not in graph.labels and graph.rows[total] is not None:
        # it stands inside another line (h - t in a loss, say), which must keep its own form
        total = graph.derive(OPERATIONS["identity"], (total,))
        graph.shapes[total] = graph.shapes[node]
    name = derivative_label(graph, gradient.top, node)
    if graph.labels.get(total, name) != name and not graph.active[total]:
        # an array of constants is shared, but each gradient has its own name
        total = graph.emit(OPERATIONS["identity"], (total,))
        graph.shapes[total] = graph.shapes[node]
    gradient.adjoints[node] = total
    # A gradient that is used further down gets a name: dL/dz, d2L/dw2 reads well then.
    if total not in graph.labels and graph.rows[total] is not None:
        graph.labels[total] = name
    return total


def derivative_label(graph: Graph, top: int, node: int) -> Deriv:
    """d top / d node; the derivative of a derivative is one of second order."""
    over = graph.labels.get(top, Sym("result"))
    below = graph.labels.get(node, Sym("result"))
    if isinstance(over, Deriv):
        return Deriv(over.top, (*over.bottoms, below))
    return Deriv(over, (below,))


def _through(gradient: Gradient, line: int, adjoint: int, reached: bytearray) -> None:
    """Pass the gradient of a line on to the labelled nodes that it is computed from."""
    graph = gradient.graph
    scalar = not graph.shapes[line]
    if scalar and _all_scalar(graph, line):
        local = accumulate(graph, line, graph.term(graph.constant(1)), reached)
        gradient.locals[line] = {arg: term.node for arg, term in local.items()}
        upstream = graph.term(adjoint)
        for arg, term in local.items():
            product = upstream.times(term)
            gradient.parts.setdefault(arg, []).append((line, product.node))
    else:
        for arg, term in accumulate(graph, line, graph.term(adjoint), reached).items():
            gradient.parts.setdefault(arg, []).append((line, term.node))


def _all_scalar(graph: Graph, line: int) -> bool:
    stack = [line]
    while stack:
        for arg in graph.args[stack.pop()]:
            if graph.shapes[arg]:
                return False
            if arg not in graph.labels:
                stack.append(arg)
    return True


def accumulate(graph: Graph, line: int, seed: Term, reached: bytearray) -> dict[int, Term]:
    """Reverse accumulation inside one line, from its result to labelled nodes."""
    from heapq import heappop, heappush

    pending: dict[int, list[Term]] = {line: [seed]}
    leaves: dict[int, list[Term]] = {}
    # the latest node first: all that uses it has passed its part on by then
    latest = [-line]
    while latest:
        node = -heappop(latest)
        upstream = _added(pending.pop(node))
        for arg, term in contributions(graph, node, upstream, reached):
            if arg in graph.labels or graph.rows[arg] is None:
                leaves.setdefault(arg, []).append(term)
            elif arg in pending:
                pending[arg].append(term)
            else:
                pending[arg] = [term]
                heappush(latest, -arg)
    return {arg: _added(terms) for arg, terms in leaves.items()}


def _added(terms: list[Term]) -> Term:
    """The sum of what the uses of a value contribute, the first use first."""
    if len(terms) > MANY:
        # one sum of many terms, not sums of two in each other
        numbers = [term.known() for term in terms]
        total = sum(number for number in numbers if number is not None)
        rest = [term for term, number in zip(terms, numbers, strict=True) if number is None]
        if not rest:
            return terms[0].number(total)
        constant = [rest[0].number(total)] if total else []
        nodes = tuple(term.node for term in reversed([*constant, *rest]))
        return rest[0].graph.term(rest[0].graph.derive(OPERATIONS["add"], nodes))
    total = terms[-1]
    for term in reversed(terms[:-1]):
        total = total + term
    return total


def contributions(
    graph: Graph, node: int, upstream: Term, reached: bytearray
) -> list[tuple[int, Term]]:
    """What one operation passes on to each of its arguments."""
    row, args = graph.rows[node], graph.args[node]
    if row is None:
        return []
    result = graph.term(node)
    terms = [graph.term(arg) for arg in args]
    found: list[tuple[int, Term]] = []
    if row.adjoint is not None:
        passed = row.adjoint(upstream, result, terms, graph.attributes[node])
        found.extend(
            (arg, term)
            for arg, term in zip(args, passed, strict=True)
            if reached[arg] and term is not None
        )
        return found
    partials = _of_quotient(graph, node, terms, reached) or _partials(graph, node, terms, reached)
    return [(arg, _fitted(upstream, partial, graph.shapes[arg])) for arg, partial in partials]


def _of_quotient(
    graph: Graph, node: int, terms: list[Term], reached: bytearray
) -> list[tuple[int, Any]]:
    """The partial derivatives of log(a/b) and y·log(a/b) as of log(a) - log(b), else none.

    So the slope by a is 1/a, and not the quotient of quotients 1/b/(a/b).
    """
    row, inner = graph.rows[node], graph.args[node][-1]
    quotient = graph.rows[inner]
    rules = row.partials if row is not None and row.name in _LOGARITHMS else None
    if not rules or quotient is None or quotient.name != "div" or inner in graph.labels:
        return []
    result, by_log = graph.term(node), rules[-1]
    found = [
        (arg, rule(result, *terms))
        for arg, rule in zip(graph.args[node][:-1], rules[:-1], strict=True)
        if reached[arg]
    ]
    for arg, sign in zip(graph.args[inner], (1, -1), strict=True):
        if reached[arg]:
            found.append((arg, sign * by_log(result, *terms[:-1], graph.term(arg))))
    return found


def _partials(
    graph: Graph, node: int, terms: list[Term], reached: bytearray
) -> Iterator[tuple[int, Any]]:
    """The partial derivative by each argument that counts; a single rule serves them all."""
    row, args, result = graph.rows[node], graph.args[node], graph.term(node)
    rules = row.partials or () if row is not None else ()
    if len(rules) == 1:
        partial = rules[0](result, *terms)
        yield from ((arg, partial) for arg in args if reached[arg])
        return
    for arg, rule in zip(args, rules, strict=False):
        if reached[arg]:
            yield arg, rule(result, *terms)


def _fitted(upstream: Term, partial: Any, shape: Shape) -> Term:
    """Upstream gradient times partial derivative, summed over the axes that were stretched."""
    if upstream.shape and isinstance(partial, int) and partial == 0:
        zero = upstream.number(0)
        return zero.fn("spread", shape=shape) if shape else zero
    term: Term = upstream * partial
    if term.shape == shape:
        return term
    narrower = len(term.shape) > len(shape) or prod(term.shape) > prod(shape)
    return term.fn("sum_to" if narrower else "spread", shape=shape)
