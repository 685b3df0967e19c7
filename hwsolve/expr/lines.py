"""Which intermediate results get a line and a name of their own.

A student writes `a1 = u1 + b0` under `u1 = x0*w0`, but a sum of products and a
loss in one line. The rules below decide that for the right side of an equation,
from the outside in; what gets no name is written out where it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hwsolve.expr.operations import ACTIVATION, ARITHMETIC, FUNCTION, TENSOR
from hwsolve.expr.tree import Sym

if TYPE_CHECKING:
    from hwsolve.expr.graph import Graph
    from hwsolve.expr.lower import Lowering

# A part of more operations than this gets a name, by what uses it: a function's argument
# sooner than a term of a sum.
WORTH: Final = {"function": 2, "quotient": 3, "array": 4, "sum": 4, "product": 2}
# A line may have this many operations before its parts get names.
LONG: Final = 12
# So many operations may stand in each other: prod(x[i] for i in 1..1000) is no one line.
HIGH: Final = 24


def split(lowering: Lowering, root: int) -> None:
    """Name those unnamed results inside an equation that deserve a line."""
    graph = lowering.graph
    if all(arg in graph.labels or graph.rows[arg] is None for arg in graph.args[root]):
        return
    inner = _inner(graph, root)
    users: dict[int, list[int]] = {}
    for node in inner:
        for arg in graph.args[node]:
            if node not in graph.guards or arg == graph.guards[node]:
                users.setdefault(arg, []).append(node)
    heights: dict[int, int] = {}
    # from the inside out: what has a name no longer makes the lines around it long
    for node in inner[:-1]:
        row = graph.rows[node]
        if row is None or node in graph.guards:
            continue
        height = 1 + max([heights.get(arg, 0) for arg in graph.args[node]])
        if height >= HIGH or (graph.active[node] and _is_named(graph, node, users[node], root)):
            graph.labels[node] = Sym(lowering.fresh(row.letter))
        else:
            heights[node] = height


def _is_named(graph: Graph, node: int, users: list[int], root: int) -> bool:
    """Whether an unnamed result gets a line: it is used twice, or its user is too long."""
    size = _size(graph, node)
    return len(users) > 1 or any(
        _deserves(graph, user, node, size, is_root=user == root) for user in users
    )


def _inner(graph: Graph, root: int) -> list[int]:
    """The unnamed operations of a line, in order, the root last."""
    found = {root}
    stack = [root]
    while stack:
        for arg in graph.args[stack.pop()]:
            if graph.rows[arg] is not None and arg not in graph.labels and arg not in found:
                found.add(arg)
                stack.append(arg)
    return sorted(found)


def _size(graph: Graph, node: int) -> int:
    """The number of operations under a node, up to names (constants are free)."""
    total, stack = 0, [node]
    while stack:
        here = stack.pop()
        if graph.rows[here] is None or (here in graph.labels and here != node):
            continue
        total += graph.active[here]
        if total > 4 * LONG or len(graph.args[here]) > 4 * LONG:
            return max(total, 4 * LONG)
        stack.extend(graph.args[here])
    return total


def _deserves(  # noqa: C901, PLR0911  (one rule after the other)
    graph: Graph, node: int, arg: int, size: int, *, is_root: bool
) -> bool:
    """Whether an argument of some size gets a name, for the operation that uses it."""
    row, inner = graph.rows[node], graph.rows[arg]
    if row is None or inner is None:
        return False
    if inner.kind == ACTIVATION:
        return True
    if inner.name == "neg" and row.kind in {ACTIVATION, FUNCTION}:
        return False
    if row.name == "neg":
        return not is_root and size > 1
    if row.kind == ACTIVATION and row.name != "where":
        return inner.kind in {ARITHMETIC, FUNCTION} or inner.name == "matmul"
    if row.kind == FUNCTION:
        return size > WORTH["function"] or (inner.name == "add" and size > 1)
    if row.name in {"div", "pow"}:
        return size > WORTH["quotient"]
    if row.kind == TENSOR:
        return size > WORTH["array"]
    if row.name in {"add", "sub"}:
        if inner.name == "mul" and not graph.shapes[arg]:
            return _lone_product(graph, node, arg)
        return size > WORTH["sum"] and _size(graph, node) > LONG
    return row.name == "mul" and inner.name in {"add", "sub"} and size > WORTH["product"]


def _lone_product(graph: Graph, node: int, arg: int) -> bool:
    """u1 = x0*w0 before a1 = u1 + b0: one product of two names, and one name."""
    args = graph.args[node]
    row = graph.rows[node]
    if row is None or row.name != "add" or len(args) != 2:  # noqa: PLR2004  (a product and a name)
        return False
    other = args[0] if args[1] == arg else args[1]
    leaves = [*graph.args[arg], other]
    return all(leaf in graph.labels for leaf in leaves)
