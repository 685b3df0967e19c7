"""Calls that put axes and entries in another order: `transpose(x, 0, 2, 1)`, `diag(v)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hwsolve.expr.array_settings import Settings
from hwsolve.expr.shapes import shape_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from hwsolve.expr.lower import Lowering
    from hwsolve.expr.tree import Apply


def transpose(lowering: Lowering, expr: Apply) -> int:
    """`transpose(x)`, `transpose(x, 0, 2, 1)`, `transpose(x, axes=[0, 2, 1])`."""
    call = Settings(lowering, expr, "axes")
    x = lowering.node(expr.args[0])
    shape = lowering.graph.shapes[x]
    axes = call.numbers("axes")
    if len(expr.args) > 1:
        axes = tuple(each for arg in expr.args[1:] for each in call.wholes(arg))
    if not shape:
        return x
    if axes is None:
        return call.emit("transpose", x)
    if len(axes) == 2 and len(shape) > 2:  # noqa: PLR2004  (two axes exchanged, as in PyTorch)
        return _exchanged(call, x, axes)
    return _transposed(call, x, axes)


def _transposed(call: Settings, x: int, axes: tuple[int, ...]) -> int:
    count = len(call.lowering.graph.shapes[x])
    counted = tuple(axis + count if -count <= axis < 0 else axis for axis in axes)
    backwards = counted == tuple(range(count))[::-1]
    return call.emit("transpose", x, axes=None if backwards else counted)


def _exchanged(call: Settings, x: int, pair: tuple[int, ...]) -> int:
    count = len(call.lowering.graph.shapes[x])
    order = [*range(count)]
    if any(not -count <= axis < count for axis in pair):
        raise call.fail(
            f"axes {pair[0]} and {pair[1]} do not both exist in "
            f"{shape_text(call.lowering.graph.shapes[x])}"
        )
    one, other = (axis % count for axis in pair)
    order[one], order[other] = other, one
    return _transposed(call, x, tuple(order))


def swap(lowering: Lowering, expr: Apply) -> int:
    """`swap(x, 0, 2)`: two axes exchanged."""
    call = Settings(lowering, expr)
    call.count(3)
    return _exchanged(call, call.array(), tuple(call.whole(arg) for arg in expr.args[1:]))


def squeeze(lowering: Lowering, expr: Apply) -> int:
    """`squeeze(x)`, `squeeze(x, axis=1)`: without axes of 1."""
    call = Settings(lowering, expr, "axis")
    call.count(1)
    x = call.array()
    shape = lowering.graph.shapes[x]
    axis = call.axis(x)
    if axis is not None and shape[axis] != 1:
        raise call.fail(f"axis {axis} of {shape_text(shape)} has {shape[axis]} entries, not 1")
    kept = [size for at, size in enumerate(shape) if size != 1 or axis not in {None, at}]
    return call.reshaped(x, tuple(kept))


def unsqueeze(lowering: Lowering, expr: Apply) -> int:
    """`unsqueeze(x, 1)`: with a new axis of 1 before axis 1."""
    call = Settings(lowering, expr, "axis")
    call.count(1, 2)
    x = lowering.node(expr.args[0])
    shape = lowering.graph.shapes[x]
    axis = call.whole(expr.args[1]) if len(expr.args) > 1 else call.number("axis") or 0
    if not -len(shape) - 1 <= axis <= len(shape):
        raise call.fail(f"axis={axis} is no place for a new axis in {shape_text(shape)}")
    axis %= len(shape) + 1
    return call.reshaped(x, (*shape[:axis], 1, *shape[axis:]))


def broadcast_to(lowering: Lowering, expr: Apply) -> int:
    """`broadcast_to(x, 2, 3)`: stretched to a shape."""
    from hwsolve.errors import EquationError
    from hwsolve.expr.shapes import broadcast

    call = Settings(lowering, expr, "shape")
    x = lowering.node(expr.args[0])
    own = lowering.graph.shapes[x]
    shape = tuple(each for arg in expr.args[1:] for each in call.wholes(arg))
    shape = shape or call.numbers("shape") or ()
    try:
        fits = bool(shape) and min(shape) > 0 and broadcast([own, shape], "") == shape
    except EquationError:
        fits = False
    if not fits:
        raise call.fail(f"{shape_text(own)} cannot be stretched to {shape_text(shape)}")
    return x if own == shape else call.emit("spread", x, shape=shape)


def flip(lowering: Lowering, expr: Apply) -> int:
    """`flip(x)`, `flip(x, axis=0)`: the entries in the opposite order."""
    call = Settings(lowering, expr, "axis")
    call.count(1)
    x = call.array()
    shape = lowering.graph.shapes[x]
    axes = call.axes(x)
    at = tuple((n - 1, -1, -1) if k in axes else "all" for k, n in enumerate(shape))
    return call.emit("item", x, at=at)


def triangle(lowering: Lowering, expr: Apply) -> int:
    """`tril(A)`, `triu(A, 1)`: the entries on one side of a diagonal, 0 elsewhere."""
    call = Settings(lowering, expr, "k", "diagonal")
    call.count(1, 2)
    k = call.whole(expr.args[1]) if len(expr.args) > 1 else call.number("k")
    k = call.number("diagonal") if k is None else k
    return call.emit(expr.op, call.array(), k=k or None)


def diag(lowering: Lowering, expr: Apply) -> int:
    """`diag(v)`: a matrix with v on its diagonal; `diag(A)`: the diagonal of A."""
    call = Settings(lowering, expr)
    call.count(1)
    x = call.array()
    axes = len(lowering.graph.shapes[x])
    if axes > 2:  # noqa: PLR2004  (a matrix)
        raise call.fail(f"'{expr.op}' takes a vector or a matrix")
    if axes == 1 and expr.op != "diag":
        raise call.fail(f"'{expr.op}' takes a matrix", "diag(v) makes one of a vector")
    return call.emit("diagonal" if axes > 1 else "diag", x)


def trace(lowering: Lowering, expr: Apply) -> int:
    """`trace(A)`: the sum of the diagonal."""
    return Settings(lowering, expr).emit("sum", diag(lowering, expr))


AXIS_CALLS: Final[dict[str, Callable[[Lowering, Apply], int]]] = {
    "transpose": transpose,
    "swap": swap,
    "squeeze": squeeze,
    "unsqueeze": unsqueeze,
    "broadcast_to": broadcast_to,
    "flip": flip,
    "tril": triangle,
    "triu": triangle,
    "diag": diag,
    "diagonal": diag,
    "trace": trace,
}
