"""Nodes of a graph as expressions, the way people write them."""

from __future__ import annotations

from itertools import repeat, takewhile
from math import prod
from typing import TYPE_CHECKING, Any, Final

from hwsolve.expr.operations import TENSOR
from hwsolve.expr.tree import Apply, Attributes, Deriv, Expr, Index, Num, Sym

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.expr.graph import Graph
    from hwsolve.expr.operations import Shape


# A vector with one entry that is not 0 is written out if it is not longer.
SHORT: Final = 5
_WINDOWED: Final = frozenset({
    "conv", "conv_transpose", "conv_weight", "max_pool", "avg_pool", "max_unpool", "at_max",
    "avg_unpool", "unfold", "fold",
})  # fmt: skip
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
    if node in graph.guards:
        return expression(graph, graph.guards[node], plain=plain)
    if row is None:
        value = graph.values[node]
        if isinstance(value, list):
            return _listed(value) if prod(graph.shapes[node]) <= FEW else Sym("[...]")
        return Num(value)
    # what a stated value replaces is written as it would be calculated
    row = getattr(row, "original", row)
    args = tuple([expression(graph, arg, plain=plain) for arg in graph.args[node]])
    if row.name == "spread":
        # broadcasting stretches it, except where it is all that there is
        return _stretched(graph, node, args[0]) if inside else args[0]
    if row.shape is not None:
        args = tuple(map(_of_full_shape, repeat(graph), graph.args[node], args))
    match row.name:
        case "identity":
            return args[0]
        case "xlogy" | "xlog2y" | "xlog10y" | "xdivy":
            return elementwise(row.name, args)
        case "concat" if numbers := _numbers_beside(graph, node):
            listed = (numbers.get(k, arg) for k, arg in enumerate(args))
            return Apply("stack", tuple(listed))
        case "step":
            at0: Any = dict(graph.attributes[node]).get("at0", 0)
            return Apply("step", (*args, Num(at0)) if at0 else args)
        case "maximum" | "minimum":
            return _extreme(row.name[:3], args)
    written = _of_places(graph, node, args) if row.kind == TENSOR else None
    return Apply(row.name, args, graph.attributes[node]) if written is None else written


def _windowed(name: str, args: tuple[Expr, ...], attributes: Attributes) -> Expr:
    """A convolution or a pooling as people write it: `conv2d(X, K)`, `max_pool(X, 2)`."""
    settings: Any = dict(attributes)
    dims, size = settings.pop("dims", None), settings.get("size")
    if size is not None and name != "conv_weight":
        del settings["size"]
        square = isinstance(size, tuple) and len({*size}) == 1 and name in {"unfold", "fold"}
        size = size[0] if square and len(size) > 1 else size
        sizes = tuple(map(Num, size)) if isinstance(size, tuple) else ()
        args = (*args, Apply("stack", sizes) if sizes else Num(size))
    return Apply(name if dims is None else f"{name}{dims}d", args, tuple(settings.items()))


def _of_places(  # noqa: C901, PLR0911  (one way of writing after the other)
    graph: Graph, node: int, args: tuple[Expr, ...]
) -> Expr | None:
    """An operation on the places of entries, as an index or in few words; None for others."""
    row = graph.rows[node]
    match row.name if row is not None else "":
        case name if name in _WINDOWED:
            return _windowed(name, args, graph.attributes[node])
        case "item":
            at: Any = dict(graph.attributes[node])["at"]
            sizes = graph.shapes[graph.args[node][0]]
            parts = zip(at, sizes, strict=False)
            return Index(
                args[0], tuple(_index_part(part, graph.first_index, size) for part, size in parts)
            )
        case "gather":
            axis: Any = dict(graph.attributes[node]).get("axis", 0)
            if isinstance(args[1], Apply) and args[1].op == "argsort":
                return Apply("sort", args[1].args, args[1].attributes)
            whole = Apply("slice", (Sym(""), Sym("")))
            return Index(args[0], (*(whole,) * axis, *args[1:]))
        case "scatter_add":
            return Apply("scatter_add", args, _without(graph.attributes[node], "first"))
        case "transpose" if graph.attributes[node]:
            return _turned(args[0], graph.attributes[node])
        case "pad":
            return _padding(args[0], graph.attributes[node])
        case "place":
            return _placed(args[0], graph.attributes[node], graph.first_index)
        case "sum_to":
            return _summed(graph, node, args[0])
        case "reshape":
            return _reshaped(graph, node, args[0])
    return None


def elementwise(name: str, args: tuple[Expr, ...]) -> Expr:
    """An operation entry by entry as people write it: y·log(p) and y/p in losses."""
    if name in {"xlogy", "xlog2y", "xlog10y"}:
        return Apply("mul", (args[0], Apply(name[1:-1], (args[1],))))
    return Apply("div" if name == "xdivy" else name, args)


def _numbers_beside(graph: Graph, node: int) -> dict[int, Expr]:
    """The places of numbers in a list that was joined of them and arrays: `[x, 1]`."""
    found: dict[int, Expr] = {}
    for place, arg in enumerate(graph.args[node]):
        row, shape = graph.rows[arg], graph.shapes[arg]
        if row is None or row.name != "spread" or arg in graph.labels or shape[-1] != 1:
            continue
        inner = graph.args[arg][0]
        if not graph.shapes[inner]:
            found[place] = expression(graph, inner)
    return found if len(found) < len(graph.args[node]) else {}


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


def _index_part(part: Any, first: int, size: int) -> Expr:
    if part == "all":
        return Apply("slice", (Sym(""), Sym("")))
    if isinstance(part, tuple) and len(part) > 2:  # noqa: PLR2004  (with a step)
        return _stepping(part, size, first)
    if isinstance(part, tuple):
        # counted from 1 a slice includes its end, which is then the same number
        return Apply("slice", (Num(part[0] + first), Num(part[1])))
    return Num(part + first)


def _without(attributes: Attributes, name: str) -> Attributes:
    return tuple(pair for pair in attributes if pair[0] != name)


def _turned(value: Expr, attributes: Attributes) -> Expr:
    """Two axes exchanged, or all of them in another order."""
    order: Any = dict(attributes)["axes"]
    moved = [axis for axis, was in enumerate(order) if axis != was]
    if len(moved) == 2:  # noqa: PLR2004  (two axes)
        return Apply("swap", (value, *map(Num, moved)))
    return Apply("transpose", (value, *map(Num, order)))


def _padding(value: Expr, attributes: Attributes) -> Expr:
    """`pad(x, 1)`, or with a pair of widths for each axis."""
    settings: Any = dict(attributes)
    widths = settings["widths"]
    same = len({side for pair in widths for side in pair}) == 1
    shown = Num(widths[0][0]) if same else _listed([list(pair) for pair in widths])
    return Apply("pad", (value, shown), _without(attributes, "widths"))


def _stepping(part: tuple[int, int, int], size: int, first: int) -> Expr:
    """A slice with a step, its ends left out where it runs to the end: `x[::-1]`."""
    start, end, step = part
    begins = start == (0 if step > 0 else size - 1)
    ends = end >= size if step > 0 else end < 0
    # counted from 1 a slice includes its end
    last = end if step > 0 else end + 2 * first
    return Apply(
        "slice",
        (
            Sym("") if begins else Num(start + first),
            Sym("") if ends else Num(last),
            Num(step),
        ),
    )


def _placed(  # noqa: PLR0911  (one way of writing after the other)
    value: Expr, attributes: Attributes, first: int
) -> Expr:
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
            if shape[0] <= SHORT:
                entries = [value if place == at[0] else Num(0) for place in range(shape[0])]
                return Apply("stack", tuple(entries))
            return unit if value == Num(1) else Apply("mul", (value, unit))
        case [Apply() as row, Apply() as column]:
            unit = Apply("outer", (row, column))
            return unit if value == Num(1) else Apply("mul", (value, unit))
        case [Apply() as row, None] if at[1] == "all":
            return Apply("outer", (row, value))
        case [None, Apply() as column] if at[0] == "all":
            return Apply("outer", (value, column))
    whole = [part for part in at if part == "all"]
    if (
        len(whole) == len(at) - 1
        and isinstance(part := at[len(_before(at))], tuple)
        and len(part) == 2  # noqa: PLR2004  (without a step)
    ):
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
    if extra:
        inner = Apply("sum", (inner,), (("axis", _one_or_all(range(extra))),))
    kept = [axis for axis, size in enumerate(after) if size == 1 and before[extra + axis] != 1]
    if kept:
        inner = Apply("sum", (inner,), (("axis", _one_or_all(kept)), ("keepdims", True)))
    return inner


def _one_or_all(axes: Sequence[int]) -> int | tuple[int, ...]:
    """An axis as a number, several of them as a list."""
    return axes[0] if len(axes) == 1 else tuple(axes)


def _reshaped(graph: Graph, node: int, inner: Expr) -> Expr:
    """A reshape, left out where broadcasting or the eye does it anyway."""
    before, after = graph.shapes[graph.args[node][0]], graph.shapes[node]
    if not graph.active[node] or after == (1, *before):
        return inner
    if after == (*before, 1) and len(before) == 1:
        return Apply("column", (inner,))
    if after == (*before, 1):
        return Apply("unsqueeze", (inner, Num(len(before))))
    if isinstance(inner, Apply) and inner.op == "sum":
        settings: Any = dict(inner.attributes)
        axis = settings.get("axis")
        axes = axis if isinstance(axis, tuple) else (axis,)
        left = tuple(size for at, size in enumerate(before) if at not in axes)
        if settings.get("keepdims") and after == left:
            # without keepdims the axes that are left need no reshaping
            return Apply("sum", inner.args, (("axis", axis),))
    return Apply("reshape", (inner, *map(Num, after)))
