"""Graphs of a few operations, built without a problem file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hwsolve.expr.backward import differentiate
from hwsolve.expr.evaluation import evaluate
from hwsolve.expr.graph import Graph
from hwsolve.expr.systems import FLOATS, NumberSystem
from hwsolve.expr.tree import Attributes, Sym

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.expr.operations import Operation

NAMES = ("a", "b", "c", "d")


class Applied(NamedTuple):
    """A graph in which one operation was applied to given values, the result named y."""

    graph: Graph
    given: list[int]
    result: int


def apply(
    row: Operation,
    values: Sequence[Any],
    attributes: Attributes = (),
    conventions: dict[str, Any] | None = None,
) -> Applied:
    """A graph of one operation on given numbers or nested lists."""
    graph = Graph(conventions)
    given = [graph.given(value, Sym(name)) for name, value in zip(NAMES, values, strict=False)]
    result = graph.emit(row, tuple(given), attributes)
    graph.labels[result] = Sym("y")
    return Applied(graph, given, result)


def system_for(graph: Graph, scalars: NumberSystem = FLOATS) -> NumberSystem:
    """A number system for a graph, lifted to arrays if the graph has any."""
    if not graph.has_arrays:
        return scalars
    from hwsolve.expr.arrays import Arrays

    return Arrays(scalars)


def value(applied: Applied, scalars: NumberSystem = FLOATS) -> Any:
    """The value of the result."""
    graph = applied.graph
    return evaluate(graph, system_for(graph, scalars))[applied.result]


def slopes(applied: Applied, scalars: NumberSystem = FLOATS) -> list[Any]:
    """The derivative of a scalar result by each of the given values, 0 where there is none."""
    graph = applied.graph
    found = differentiate(graph, applied.result, applied.given).adjoints
    values = evaluate(graph, system_for(graph, scalars))
    return [values[found[node]] if node in found else 0 for node in applied.given]


def second_slopes(applied: Applied, position: int) -> list[Any]:
    """The derivatives of the derivative by one given value, by each of them."""
    graph, given = applied.graph, applied.given
    first = differentiate(graph, applied.result, given).adjoints.get(given[position])
    if first is None:
        return [0.0] * len(given)
    found = differentiate(graph, first, given).adjoints
    values = evaluate(graph, system_for(graph))
    return [values[found[node]] if node in found else 0 for node in given]


def pulled_back(applied: Applied, upstream: Any, scalars: NumberSystem = FLOATS) -> list[Any]:
    """What an operation's adjoint rule passes on to each argument, for an upstream gradient."""
    graph = applied.graph
    row = graph.rows[applied.result]
    assert row is not None
    assert row.adjoint is not None
    above = graph.given(upstream, Sym("g"))
    terms = [graph.term(node) for node in applied.given]
    attributes = graph.attributes[applied.result]
    passed = row.adjoint(graph.term(above), graph.term(applied.result), terms, attributes)
    values = evaluate(graph, system_for(graph, scalars))
    # None: the argument only chooses entries, and passes nothing on
    pairs = zip(passed, terms, strict=True)
    assert all(one is None or one.shape == term.shape for one, term in pairs)
    return [None if one is None else values[one.node] for one in passed]
