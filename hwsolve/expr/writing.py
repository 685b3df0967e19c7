"""Nodes of a graph as expressions, the way people write them."""

from __future__ import annotations

from itertools import repeat, takewhile
from math import prod
from typing import TYPE_CHECKING, Any, Final

from hwsolve.expr.tree import Apply, Attributes, Deriv, Expr, Index, Num, Sym

if TYPE_CHECKING:
    from hwsolve.expr.graph import Graph
    from hwsolve.expr.operations import Shape


# A constant array of more entries is only hinted at in a formula.
FEW: Final = 24


def expression(  # noqa: C901, PLR0911  (one way of writing after the other)
    graph: Graph, node: int, *, inside: bool = False, plain: bool = False
) -> Expr:
    """A node as an expression in the names of labelled nodes; see `Graph.expression`."""
    label = graph.labels.get(node)
    if label is not None and not inside and not (plain and isinstance(label, Deriv)):
        return label
    row = graph.rows[node]
    if row is None:
        value = graph.values[node]
        if isinstance(value, list):
            return _listed(value) if prod(graph.shapes[node]) <= FEW else Sym("[...]")
        return Num(value)
    args = tuple([expression(graph, arg, plain=plain) for arg in graph.args[node]])
    if row.name == "spread":
        # broadcasting stretches it, except where it is all that there is
        return _stretched(graph, node, args[0]) if inside else args[0]
    if row.shape is not None:
        args = tuple(map(_of_full_shape, repeat(graph), graph.args[node], args))
    match row.name:
        case "identity":
            return args[0]
        case "step":
            return Apply("step", args)
        case "maximum" | "minimum":
            return _extreme(row.name[:3], args)
        case "item":
            at: Any = dict(graph.attributes[node])["at"]
            return Index(args[0], tuple(_index_part(part, graph.first_index) for part in at))
        case "place":
            return _placed(args[0], graph.attributes[node], graph.first_index)
        case "sum_to":
            return _summed(graph, node, args[0])
        case "reshape":
            return _reshaped(graph, node, args[0])
    return Apply(row.name, args, graph.attributes[node])


def _of_full_shape(graph: Graph, node: int, written: Expr) -> Expr:
    """An argument of an operation on whole arrays, which broadcasting does not stretch."""
    row = graph.rows[node]
    if row is None or row.name != "spread" or node in graph.labels:
        return written
    return _stretched(graph, node, written)


def _stretched(graph: Graph, node: int, written: Expr) -> Expr:
    """A number (or a smaller array) stretched to the shape of a node."""
    if graph.shapes[graph.args[node][0]] == graph.shapes[node]:
        return written
    ones = _made("ones", graph.shapes[node])
    return ones if written == Num(1) else Apply("mul", (written, ones))


def _made(name: str, shape: Shape) -> Apply:
    return Apply(name, tuple(map(Num, shape)))


def _listed(value: Any) -> Expr:
    """A constant array as a list in the equation language."""
    if isinstance(value, list):
        return Apply("stack", tuple(_listed(entry) for entry in value))
    return Num(value)


def _extreme(name: str, args: tuple[Expr, ...]) -> Expr:
    """max(max(a, b), c) as max(a, b, c)."""
    flat: list[Expr] = []
    for arg in args:
        inner = isinstance(arg, Apply) and arg.op == name and len(arg.args) > 1
        flat += arg.args if inner and isinstance(arg, Apply) else (arg,)
    return Apply(name, tuple(flat))


def _index_part(part: Any, first: int) -> Expr:
    if part == "all":
        return Apply("slice", (Sym(""), Sym("")))
    if isinstance(part, tuple):
        # counted from 1 a slice includes its end, which is then the same number
        return Apply("slice", (Num(part[0] + first), Num(part[1])))
    return Num(part + first)


def _placed(value: Expr, attributes: Attributes, first: int) -> Expr:
    """A value put into an array of zeros, by unit vectors where that can be said."""
    settings: Any = dict(attributes)
    shape = settings["shape"]
    at = (*settings["at"], *(("all",) * (len(shape) - len(settings["at"]))))
    units = [
        Apply("onehot", (Num(part + first), Num(size))) if isinstance(part, int) else None
        for part, size in zip(at, shape, strict=True)
    ]
    match units:
        case [Apply() as unit]:
            return unit if value == Num(1) else Apply("mul", (value, unit))
        case [Apply() as row, Apply() as column]:
            unit = Apply("outer", (row, column))
            return unit if value == Num(1) else Apply("mul", (value, unit))
        case [Apply() as row, None] if at[1] == "all":
            return Apply("outer", (row, value))
        case [None, Apply() as column] if at[0] == "all":
            return Apply("outer", (value, column))
    whole = [part for part in at if part == "all"]
    if len(whole) == len(at) - 1 and isinstance(part := at[len(_before(at))], tuple):
        return _between_zeros(value, shape, len(_before(at)), part)
    return Apply("place", (value,), attributes)


def _before(at: tuple[Any, ...]) -> tuple[Any, ...]:
    """The parts of an index before the first that is not a whole axis."""
    return tuple(takewhile(lambda part: part == "all", at))


def _between_zeros(value: Expr, shape: Shape, axis: int, part: tuple[int, int]) -> Expr:
    """A slice along one axis of an array that is 0 elsewhere."""
    ends = [
        _made("zeros", (*shape[:axis], size, *shape[axis + 1 :])) if size else None
        for size in (part[0], shape[axis] - part[1])
    ]
    pieces = tuple(piece for piece in (ends[0], value, ends[1]) if piece is not None)
    return Apply("concat", pieces, (("axis", axis),) if axis else ())


def _summed(graph: Graph, node: int, inner: Expr) -> Expr:
    """A sum over the axes along which broadcasting had stretched an array."""
    before, after = graph.shapes[graph.args[node][0]], graph.shapes[node]
    if not after:
        return Apply("sum", (inner,))
    extra = len(before) - len(after)
    for _ in range(extra):
        inner = Apply("sum", (inner,), (("axis", 0),))
    for axis, size in enumerate(after):
        if size == 1 and before[extra + axis] != 1:
            inner = Apply("sum", (inner,), (("axis", axis), ("keepdims", True)))
    return inner


def _reshaped(graph: Graph, node: int, inner: Expr) -> Expr:
    """A reshape, left out where broadcasting or the eye does it anyway."""
    before, after = graph.shapes[graph.args[node][0]], graph.shapes[node]
    if not graph.active[node] or after == (1, *before):
        return inner
    if after == (*before, 1) and len(before) == 1:
        return Apply("column", (inner,))
    return Apply("reshape", (inner,), graph.attributes[node])
