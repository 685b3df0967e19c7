"""Calls that pick, place and order entries: `gather(E, ids)`, `pad(x, 1)`; the table of calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hwsolve.expr.along_calls import ALONG_CALLS, CANONICAL
from hwsolve.expr.array_settings import Settings, known_list
from hwsolve.expr.axis_calls import AXIS_CALLS
from hwsolve.expr.shapes import shape_text
from hwsolve.expr.tree import Apply, Sym
from hwsolve.expr.window_calls import WINDOW_CALLS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hwsolve.expr.lower import Lowering
    from hwsolve.expr.operations import Shape

    Call = Callable[[Lowering, Apply], int]


def gathered(call: Settings, x: int, indices: Sequence[int], axis: int = 0) -> int:
    """Entries along axes, chosen by arrays of whole numbers, as the author counts them.

    Raises:
        EquationError: if an index is known by now and there is no such entry.
    """
    graph = call.lowering.graph
    first = call.lowering.first_index
    label = graph.labels.get(x)
    name = label.name if isinstance(label, Sym) else "the array"
    for place, node in enumerate(indices):
        if axis + place < len(graph.shapes[x]):
            size = graph.shapes[x][axis + place]
            _check_known(call, known_list(call.lowering, node), size, name)
    return call.emit("gather", x, *indices, axis=axis or None, first=first or None)


def _check_known(
    call: Settings, value: Any, size: int, name: str, first: int | None = None
) -> None:
    """Refuse an index that is known by now and leads nowhere."""
    first = call.lowering.first_index if first is None else first
    if isinstance(value, list):
        for each in value:
            _check_known(call, each, size, name, first)
    elif value is None:
        return
    elif value != int(value):
        raise call.fail(f"an index must be a whole number, not {value}")
    elif not first <= value < first + size:
        from hwsolve.expr.indexing import outside

        raise outside(name, int(value), first, size, call.expr.at)


def gather(lowering: Lowering, expr: Apply) -> int:
    """`gather(E, ids)`: the rows of E with these numbers, or along `axis=`."""
    call = Settings(lowering, expr, "axis", "ids")
    call.count(2)
    x = call.array()
    return gathered(call, x, [lowering.node(expr.args[1])], call.axis(x, 0) or 0)


def scatter_add(lowering: Lowering, expr: Apply) -> int:
    """`scatter_add(g, ids, shape=[5, 3])`: each row of g added to the row with its number."""
    call = Settings(lowering, expr, "shape", "axis", "first")
    shape = call.numbers("shape")
    if shape is None or len(expr.args) < 2:  # noqa: PLR2004  (what is added, and where)
        raise call.fail(
            "'scatter_add' needs the shape of its result", "scatter_add(g, ids, shape=[5, 3])"
        )
    nodes = [lowering.node(arg) for arg in expr.args]
    first = call.number("first")
    first = lowering.first_index if first is None else first
    axis = call.number("axis") or None
    for size, node in zip(shape[axis or 0 :], nodes[1:], strict=False):
        _check_known(call, known_list(lowering, node), size, "the result", first)
    return call.emit("scatter_add", *nodes, shape=shape, axis=axis, first=first or None)


def _picked(call: Settings, x: int, axis: int, places: Sequence[int]) -> int:
    """The entries at known places (from 0) of an axis."""
    first = call.lowering.first_index
    chosen = call.lowering.graph.constant([place + first for place in places])
    return gathered(call, x, [chosen], axis)


def one_hot(lowering: Lowering, expr: Apply) -> int:
    """`one_hot(k, classes=3)`: a 1 at the number of a class, or at each of a vector's."""
    call = Settings(lowering, expr, "classes", "axis")
    call.count(1 if "classes" in call.given else 2)
    numbers = lowering.node(expr.args[0])
    axes = len(lowering.graph.shapes[numbers]) + 1
    axis = call.number("axis")
    axis = axes - 1 if axis is None else axis + axes if axis < 0 else axis
    if not 0 <= axis < axes:
        raise call.fail(f"'one_hot' has {axes} axes here, and no axis {call.number('axis')}")
    classes = call.number("classes")
    classes, first = call.whole(expr.args[-1]) if classes is None else classes, lowering.first_index
    if classes < 1:
        raise call.fail("'classes=' is 1 or more")
    _check_known(call, known_list(lowering, numbers), classes, "the vector")
    return call.emit(
        "one_hot",
        numbers,
        classes=classes,
        axis=axis if axis < axes - 1 else None,
        first=first or None,
    )


def repeat(lowering: Lowering, expr: Apply) -> int:
    """`repeat(x, 2)`: each entry twice (as numpy does); `tile` repeats the whole."""
    call = Settings(lowering, expr, "axis", "times")
    call.count(1, 2)
    x = call.array()
    times = call.wholes(expr.args[1]) if len(expr.args) > 1 else call.numbers("times") or (1,)
    if "axis" not in call.given and len(lowering.graph.shapes[x]) > 1:
        raise call.fail(f"'{expr.op}' of a matrix needs an axis", "write axis=0")
    axis = call.axis(x, 0) or 0
    size = lowering.graph.shapes[x][axis]
    if len(times) not in {1, size} or min(times) < 0 or not any(times):
        raise call.fail(f"'{expr.op}' takes one number of times, or one for each entry")
    each = times * size if len(times) == 1 else times
    return _picked(call, x, axis, [k for k in range(size) for _ in range(each[k])])


def tile(lowering: Lowering, expr: Apply) -> int:
    """`tile(x, 2)`, `tile(x, 2, 3)`: the whole array repeated along its last axes."""
    call = Settings(lowering, expr, "times")
    x = call.array()
    times = tuple(each for arg in expr.args[1:] for each in call.wholes(arg))
    times = times or call.numbers("times") or (1,)
    if min(times) < 1:
        raise call.fail(f"'{expr.op}' takes numbers of times of 1 or more")
    shape = lowering.graph.shapes[x]
    new = times[: max(0, len(times) - len(shape))]
    own = times[len(new) :]
    for axis, count in enumerate(own, len(shape) - len(own)):
        if count > 1:
            x = _picked(call, x, axis, [*range(shape[axis])] * count)
    return call.emit("spread", x, shape=(*new, *lowering.graph.shapes[x])) if new else x


def roll(lowering: Lowering, expr: Apply) -> int:
    """`roll(x, 1)`: the entries moved on, the last ones coming back at the front."""
    call = Settings(lowering, expr, "axis")
    call.count(2)
    x = call.array()
    shape = lowering.graph.shapes[x]
    if "axis" not in call.given and len(shape) > 1:
        raise call.fail("'roll' of a matrix needs an axis", "write axis=0")
    axis = call.axis(x, 0) or 0
    by = call.whole(expr.args[1])
    return _picked(call, x, axis, [(k - by) % shape[axis] for k in range(shape[axis])])


def sort(lowering: Lowering, expr: Apply) -> int:
    """`sort(x)`, `sort(x, descending=true)`: a vector in order."""
    call = Settings(lowering, expr, "descending")
    order = _order(call)
    return call.emit("gather", call.array(), order)


def argsort(lowering: Lowering, expr: Apply) -> int:
    """`argsort(x)`: the positions, from 0, that put a vector in order."""
    return _order(Settings(lowering, expr, "descending"))


def _order(call: Settings) -> int:
    call.count(1)
    x = call.array()
    shape = call.lowering.graph.shapes[x]
    if len(shape) > 1:
        raise call.fail(f"'{call.expr.op}' puts a vector in order, not {shape_text(shape)}")
    return call.emit("argsort", x, descending=call.flag("descending") or None)


_MODES: Final[Mapping[str, Callable[[int, int], int]]] = {
    "reflect": lambda k, n: abs((k + n - 1) % max(2 * n - 2, 1) - n + 1) if n > 1 else 0,
    "edge": lambda k, n: min(max(k, 0), n - 1),
    "replicate": lambda k, n: min(max(k, 0), n - 1),
    "circular": lambda k, n: k % n,
    "wrap": lambda k, n: k % n,
}


def pad(lowering: Lowering, expr: Apply) -> int:
    """`pad(x, 1)`, `pad(x, [1, 2])`, `pad(x, [[0, 0], [1, 2]])`: with zeros around it."""
    call = Settings(lowering, expr, "value", "mode")
    call.count(2)
    x = call.array()
    shape = lowering.graph.shapes[x]
    widths = _widths(call, shape)
    mode = call.word("mode") or "constant"
    if mode in _MODES:
        for axis, ((before, behind), size) in enumerate(zip(widths, shape, strict=True)):
            if before or behind:
                if mode == "reflect" and max(before, behind) >= size:
                    raise call.fail(f"axis {axis} has {size} entries, too few to reflect")
                places = [_MODES[mode](k, size) for k in range(-before, size + behind)]
                x = _picked(call, x, axis, places)
        return x
    if mode not in {"constant", "zeros", "zero"}:
        raise call.fail(f"unknown mode '{mode}'", f"constant, {', '.join(_MODES)}")
    value = call.given.get("value", 0)
    if not isinstance(value, (int, float)):
        raise call.fail("'value=' is a number")
    return call.emit("pad", x, widths=widths, value=value or None)


def _widths(call: Settings, shape: Shape) -> tuple[tuple[int, int], ...]:
    """How much is added before and behind each axis.

    A number serves every side, a list has a number for each axis, a list of pairs says
    both sides of each.
    """
    wanted = call.expr.args[1]
    if isinstance(wanted, Apply) and wanted.op == "stack":
        parts = [call.wholes(each) for each in wanted.args]
    else:
        parts = [call.wholes(wanted)] * len(shape)
    if len(shape) == 1 and [len(part) for part in parts] == [1, 1]:
        parts = [(parts[0][0], parts[1][0])]
    if len(parts) != len(shape) or any(len(part) > 2 or min(part) < 0 for part in parts):  # noqa: PLR2004  (two sides)
        raise call.fail(
            f"'pad' cannot tell the sides of {shape_text(shape)}",
            "a number, one for each axis, or a pair for each axis: pad(x, [[0, 0], [1, 2]])",
        )
    return tuple((part[0], part[-1]) for part in parts)


ARRAY_CALLS: Final[dict[str, Call]] = {
    **AXIS_CALLS,
    "gather": gather,
    "one_hot": one_hot,
    "scatter_add": scatter_add,
    "repeat": repeat,
    "tile": tile,
    "roll": roll,
    "pad": pad,
    "argsort": argsort,
    "sort": sort,
    **WINDOW_CALLS,
}
ARRAY_ALIASES: Final[Mapping[str, str]] = {
    "permute": "transpose", "swapaxes": "swap", "expand_dims": "unsqueeze",
    "expand": "broadcast_to", "take": "gather", "embedding": "gather", "lookup": "gather",
    "conv1d": "conv", "conv2d": "conv", "correlate": "conv", "cross_correlate": "conv",
    "xcorr": "conv", "convolve1d": "convolve", "convolve2d": "convolve",
    "conv_transpose1d": "conv_transpose", "conv_transpose2d": "conv_transpose",
    "deconv": "conv_transpose", "max_pool1d": "max_pool", "max_pool2d": "max_pool",
    "maxpool": "max_pool", "MaxPool": "max_pool", "avg_pool1d": "avg_pool",
    "avg_pool2d": "avg_pool", "avgpool": "avg_pool", "mean_pool": "avg_pool",
    "average_pool": "avg_pool", "adaptive_avg_pool1d": "adaptive_avg_pool",
    "adaptive_avg_pool2d": "adaptive_avg_pool", "adaptive_max_pool1d": "adaptive_max_pool",
    "adaptive_max_pool2d": "adaptive_max_pool", "max_unpool1d": "max_unpool",
    "max_unpool2d": "max_unpool", "at_max1d": "at_max", "at_max2d": "at_max",
    "avg_unpool1d": "avg_unpool", "avg_unpool2d": "avg_unpool", "gap": "global_avg_pool",
    "im2col": "unfold", "col2im": "fold",
}  # fmt: skip


def array_call(name: str, expr: Apply) -> Call | None:
    """What makes a node of a call by this name, None where the tables of formulas do."""
    found = ARRAY_CALLS.get(ARRAY_ALIASES.get(name, name))
    if found is None and expr.attributes:
        found = ALONG_CALLS.get(CANONICAL.get(name, name))
    return found


def array_names() -> set[str]:
    """Every name of a call of this kind."""
    return {*ARRAY_CALLS, *ARRAY_ALIASES}
