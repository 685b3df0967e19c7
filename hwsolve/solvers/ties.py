"""Ties: whether several entries are the largest where a gradient passes through a maximum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from hwsolve.expr.graph import Graph
    from hwsolve.solvers.graph import Solved

_EXTREMES: Final = frozenset({"max", "min", "maximum", "minimum", "max_pool"})


def has_ties(solved: Solved) -> bool:
    """Whether a derivative was taken through a maximum or minimum of equal entries."""
    graph = solved.graph
    tops = [top for top, known in solved.lowering.derivatives.known.items() if known.adjoints]
    return any(
        row.name in _EXTREMES and graph.active[node] and _tied(graph, solved.floats, node, row.name)
        for node in graph.ancestors(tops)
        if (row := graph.rows[node]) is not None
    )


def _tied(graph: Graph, values: list[Any], node: int, name: str) -> bool:
    args = [values[arg] for arg in graph.args[node]]
    if any(arg is None for arg in args) or values[node] is None:
        return False
    if len(args) > 1:
        equal = args[0] == args[1]
        return bool(equal.any() if hasattr(equal, "any") else equal)
    import numpy as np

    settings: dict[str, Any] = dict(graph.attributes[node])
    if name == "max_pool":
        from hwsolve.expr.pooling import largest_entries

        return bool((largest_entries(args[0], **settings) > 1).any())
    settings["keepdims"] = True
    best = args[0].max(**settings) if name == "max" else args[0].min(**settings)
    return bool((np.sum(args[0] == best, axis=settings.get("axis")) > 1).any())
