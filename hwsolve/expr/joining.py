"""Lists of arrays and numbers: `[x, 1]` is a vector with a 1 behind it, for a folded bias."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsolve.errors import EquationError
from hwsolve.expr.shapes import shape_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.expr.graph import Graph
    from hwsolve.expr.operations import Shape

_MATRIX = 2


def joined(graph: Graph, nodes: Sequence[int], at: int) -> int:
    """The entries of vectors and numbers in one vector; numbers as columns of a matrix.

    Raises:
        EquationError: for arrays that do not fit beside each other.
    """
    from hwsolve.expr.tensors import TENSORS

    shapes = [graph.shapes[node] for node in nodes]
    most = max(map(len, shapes))
    rows = {shape[0] for shape in shapes if len(shape) == _MATRIX}
    if most > _MATRIX or len(rows) > 1 or (most == _MATRIX and any(len(s) == 1 for s in shapes)):
        first, other = next(
            (one, two) for one in shapes for two in shapes if one != two and max(one, two, key=len)
        )
        raise EquationError(
            f"a list needs entries of one shape, not {shape_text(first)} and {shape_text(other)}",
            at,
            "concat joins arrays along an axis",
        )
    wanted: Shape = (rows.pop(), 1) if most == _MATRIX else (1,)
    parts = tuple(
        node if shape else graph.emit(TENSORS["spread"], (node,), (("shape", wanted),))
        for node, shape in zip(nodes, shapes, strict=True)
    )
    settings = (("axis", 1),) if most == _MATRIX else ()
    return graph.emit(TENSORS["concat"], parts, settings)
