"""The values of a graph's nodes in a number system, and what is said if there is none."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import EquationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.expr.graph import Graph
    from hwsolve.expr.systems import NumberSystem

_PROBLEMS: Final = {
    "div": "division by zero",
    "log": "logarithm of a number that is not positive",
    "log2": "logarithm of a number that is not positive",
    "log10": "logarithm of a number that is not positive",
    "sqrt": "square root of a negative number",
    "pow": "a power that has no value",
}


def evaluate(
    graph: Graph,
    system: NumberSystem,
    nodes: Sequence[int] | None = None,
    *,
    start: list[Any] | None = None,
) -> list[Any]:
    """The values of nodes (all by default), in a number system.

    Args:
        graph: the graph.
        system: the number system; an `Arrays` one if the graph has arrays.
        nodes: the nodes wanted, with all that they need, in order.
        start: values of nodes that are not to be computed (None elsewhere).

    Raises:
        EquationError: naming the first step that has no finite value.
    """
    values: list[Any] = [None] * len(graph) if start is None else start
    rows, args, attributes = graph.rows, graph.args, graph.attributes
    finish = system.finish
    node = -1
    with system.scope():
        try:
            for node in range(len(graph)) if nodes is None else nodes:
                if values[node] is not None:
                    continue
                row = rows[node]
                if row is None:
                    values[node] = system.number(graph.values[node])
                elif attributes[node]:
                    terms = [values[arg] for arg in args[node]]
                    values[node] = finish(row.compute(system, *terms, **dict(attributes[node])))
                else:
                    values[node] = finish(row.compute(system, *[values[a] for a in args[node]]))
        except (ArithmeticError, ValueError) as error:
            raise _unfinished(graph, values, node, error) from None
    if not system.exact and not graph.has_arrays:
        isfinite = math.isfinite
        for node in range(len(graph)) if nodes is None else nodes:
            value = values[node]
            if isinstance(value, float) and not isfinite(value):
                raise _unfinished(graph, values, node, OverflowError())
    return values


def _unfinished(graph: Graph, values: list[Any], node: int, error: Exception) -> EquationError:
    """The error for a step that has no value, with the numbers that it was given."""
    from hwsolve.expr.notation import text

    row = graph.rows[node]
    if row is None:
        return EquationError(f"the number {graph.values[node]} is too large", equation=-1)
    kind = type(error).__name__
    what = _PROBLEMS.get(row.name, "a value that does not exist")
    if "Overflow" in kind or "overflow" in str(error):
        what = "a number too large to hold"
    elif "divi" in kind.lower() or "division" in str(error) or "divide" in str(error):
        what = _PROBLEMS.get(row.name, "division by zero")
    owner = node
    while owner < len(graph) - 1 and owner not in graph.labels:
        owner += 1
    formula = text(graph.expression(node, inside=True))
    numbers = {
        text(graph.labels[arg]): values[arg]
        for arg in graph.args[node]
        if arg in graph.labels and not graph.shapes[arg]
    }
    with_values = ", ".join(f"{name} = {float(value):g}" for name, value in numbers.items())
    where = f" with {with_values}" if with_values else ""
    name = graph.labels.get(node)
    shown = f"{text(name)} = {formula}" if name is not None else formula
    return EquationError(f"{what} in {shown}{where}", equation=graph.origin[node])
