"""One value of a long graph on arrays as compiled functions, for differences by its givens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import EquationError
from hwsolve.expr.compiled import Compiled

if TYPE_CHECKING:
    from collections.abc import Callable

    from hwsolve.expr.graph import Graph

# Sums may be taken in another order; what differs by more is not the same function.
SAME: Final = 1e-12


def tops(graph: Graph, values: list[Any], top: int) -> dict[int, Callable[[Any], Any]]:
    """For each given array of a graph the function from its value to that of the top.

    `values` are those of all nodes in floats; every other given value stays as it is there.
    There is no function where the compiled graph does not give the known value of the top.
    """
    import numpy as np

    compiled = Compiled(graph, [top])
    nodes = compiled.arguments
    if any(isinstance(node, list) for node in nodes):
        return {}

    def usable(node: int, value: Any) -> Any:
        """A float, or an array as a compiled graph takes it."""
        return np.array(value, dtype="float64", order="C") if graph.shapes[node] else float(value)

    start = [usable(node, values[node]) for node in nodes if isinstance(node, int)]

    def function(place: int, node: int) -> Callable[[Any], Any]:
        def moved(value: Any) -> float:
            arguments = start.copy()
            arguments[place] = usable(node, value)
            return float(compiled(arguments)[0])

        return moved

    known = float(values[top])
    try:
        found = float(compiled(start)[0])
    except EquationError:
        return {}
    if abs(found - known) > SAME * abs(known):
        return {}
    return {
        node: function(place, node) for place, node in enumerate(nodes) if isinstance(node, int)
    }
