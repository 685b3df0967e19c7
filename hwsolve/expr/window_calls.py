"""Calls of convolutions and poolings: `conv(x, k, stride=2)`, `max_pool(x, 2)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hwsolve.expr.array_settings import Settings
from hwsolve.expr.shapes import shape_text
from hwsolve.expr.tree import Apply, Sym
from hwsolve.expr.window_options import DIMS_BY_KERNEL, Window, pairs, settings_of, short

if TYPE_CHECKING:
    from collections.abc import Callable

    from hwsolve.expr.lower import Lowering
    from hwsolve.expr.operations import Shape

_WINDOW: Final = ("stride", "padding", "dilation", "groups", "dims")
_PADDINGS: Final = {"valid", "same", "full"}


def _dims(call: Settings, kernel: Shape) -> int:
    """In how many dimensions a kernel moves: by the function's name, the setting, or its rank."""
    for dims in (1, 2):
        if call.expr.op.endswith(f"{dims}d"):
            if call.number("dims") not in {None, dims}:
                raise call.fail(f"'{call.expr.op}' has {dims} dimension{'s' * (dims > 1)}")
            return dims
    dims = call.number("dims") or DIMS_BY_KERNEL.get(len(kernel), 0)
    if dims not in {1, 2}:
        raise call.fail(
            f"a kernel is a vector, a matrix or an array of 3 or 4 axes, not {shape_text(kernel)}"
        )
    return dims


def _window(call: Settings, size: Shape, sizes: Shape) -> Window:
    """The window that a call describes."""
    dims = len(size)
    stride = call.each_axis("stride", dims, 1, 1)
    dilation = call.each_axis("dilation", dims, 1, 1)
    window = Window(size, stride, ((0, 0),) * dims, dilation)
    return window._replace(padding=_padding(call, window, sizes))


def _padding(call: Settings, window: Window, sizes: Shape) -> tuple[tuple[int, int], ...]:
    dims = len(window.size)
    word = call.word("padding")
    if word is None:
        found = call.numbers("padding") or (0,)
        if len(found) not in {1, dims, 2 * dims}:
            raise call.fail(
                f"'padding=' has {len(found)} numbers",
                f"it takes 1, {dims} or {2 * dims}, or one of same, valid, full",
            )
        if min(found) < 0:
            raise call.fail(f"'padding=' is 0 or more, not {min(found)}")
        return pairs(found if len(found) > 1 else found[0], dims)
    if word not in _PADDINGS:
        raise call.fail(f"unknown padding '{word}'", "a number, same, valid or full")
    if word == "valid":
        return ((0, 0),) * dims
    if word == "full":
        return tuple((reach - 1, reach - 1) for reach in window.reach)
    found_pairs = []
    for size, reach, stride in zip(sizes, window.reach, window.stride, strict=True):
        # as many places as ceil(size/stride); what is odd goes to the end
        total = max((-(-size // stride) - 1) * stride + reach - size, 0)
        found_pairs.append((total // 2, total - total // 2))
    return tuple(found_pairs)


def conv(lowering: Lowering, expr: Apply) -> int:
    """`conv(x, k)`, with a bias as a third value: the kernel is not turned round."""
    return _convolved(Settings(lowering, expr, *_WINDOW, "bias"), turned=False)


def convolve(lowering: Lowering, expr: Apply) -> int:
    """`convolve(x, k)`: the kernel is turned round along the axes it moves on."""
    return _convolved(Settings(lowering, expr, *_WINDOW, "bias"), turned=True)


def _convolved(call: Settings, *, turned: bool) -> int:
    call.count(2, 3)
    graph = call.lowering.graph
    x, k = call.array(0), call.array(1)
    shape, kernel = graph.shapes[x], graph.shapes[k]
    dims = _dims(call, kernel)
    size = kernel[len(kernel) - dims :]
    if len(kernel) < dims or len(shape) < dims:
        shown = f"{shape_text(shape)} and a kernel of {shape_text(kernel)}"
        raise call.fail(f"'{call.expr.op}' in {dims} dimensions cannot take {shown}")
    if len(shape) == dims < len(kernel) <= dims + 2:
        # an image without channels under several kernels: one channel
        x, shape = call.reshaped(x, (1, *shape)), (1, *shape)
        kernel = (kernel[0], 1, *size) if len(kernel) == dims + 1 else kernel
        k = call.reshaped(k, kernel)
    elif len(shape) == dims + 1 and len(kernel) == dims + 2 and kernel[1] != shape[0]:
        _suggest_image(call, shape, kernel)
    if turned:
        before = ("all",) * (len(kernel) - dims)
        k = call.emit("item", k, at=(*before, *((n - 1, -1, -1) for n in size)))
    window = _window(call, size, shape[len(shape) - dims :])
    groups = call.number("groups") or 1
    own = 0 if DIMS_BY_KERNEL.get(len(kernel)) == dims else dims
    result = call.emit("conv", x, k, **settings_of(window, groups=groups, dims=own))
    return _biased(call, result, kernel, dims, out=0)


def _suggest_image(call: Settings, shape: Shape, kernel: Shape) -> None:
    """Refuse a matrix as a sequence with channels where it can only be an image."""
    as_image = len(shape) == 2 and kernel[1] <= shape[0] and kernel[2] <= shape[1]  # noqa: PLR2004  (H x W)
    if as_image and "groups" not in call.given and not call.expr.op.endswith("d"):
        raise call.fail(
            f"'{call.expr.op}' takes {shape_text(kernel)} as out x in x length, and axis 0 of "
            f"{shape_text(shape)} has {shape[0]} channels",
            f"for {kernel[0]} kernels of {kernel[1]}x{kernel[2]} on one image write conv2d(X, K)",
        )


def _biased(call: Settings, result: int, kernel: Shape, dims: int, out: int) -> int:
    """The result with a bias for each output channel, if the call has one."""
    lowering = call.lowering
    if len(call.expr.args) > 2:  # noqa: PLR2004  (input, kernel, bias)
        bias = lowering.node(call.expr.args[2])
    elif isinstance(call.given.get("bias"), str):
        bias = lowering.node(Sym(call.given["bias"], call.expr.at))
    elif call.given.get("bias"):
        bias = lowering.graph.constant(call.given["bias"])
    else:
        return result
    shape = lowering.graph.shapes[bias]
    several = len(kernel) == dims + 2
    channels = lowering.graph.shapes[result][-dims - 1] if several else out or 1
    if shape not in {(), (channels,)}:
        raise call.fail(
            f"the bias is {shape_text(shape)}, and there {'is' if channels == 1 else 'are'} "
            f"{channels} output channel{'s' * (channels != 1)}",
            "give one bias for each output channel",
        )
    if shape:
        bias = call.reshaped(bias, (channels, *(1,) * dims) if several else ())
    return call.emit("add", result, bias)


def conv_transpose(lowering: Lowering, expr: Apply) -> int:
    """`conv_transpose(x, k)`: each entry lays down the kernel, times itself."""
    call = Settings(lowering, expr, *_WINDOW, "output_padding", "bias")
    call.count(2, 3)
    graph = lowering.graph
    y, k = call.array(0), call.array(1)
    kernel = graph.shapes[k]
    dims = _dims(call, kernel)
    if call.word("padding") is not None:
        raise call.fail(
            "the padding of a transposed convolution is a number",
            "padding=p takes p entries away from every side",
        )
    size = kernel[len(kernel) - dims :]
    window = _window(call, size, size)
    more = call.each_axis("output_padding", dims, 0, 0)
    own = 0 if DIMS_BY_KERNEL.get(len(kernel)) == dims else dims
    settings = settings_of(
        window, groups=call.number("groups") or 1, dims=own, output_padding=short(more)
    )
    result = call.emit("conv_transpose", y, k, **settings)
    return _biased(call, result, kernel, dims, out=1)


def conv_weight(lowering: Lowering, expr: Apply) -> int:
    """`conv_weight(x, g, size=[3, 3])`: the gradient of a convolution by its kernel."""
    call = Settings(lowering, expr, *_WINDOW, "size")
    call.count(2)
    size = call.numbers("size")
    if size is None:
        raise call.fail("'conv_weight' needs the size of the kernel", "write size=[3, 3]")
    window = _window(call, size, size)
    groups = call.number("groups") or 1
    x, g = call.array(0), call.array(1)
    return call.emit("conv_weight", x, g, size=size, **settings_of(window, groups=groups))


# -- pooling ------------------------------------------------------------------------------

_POOL: Final = ("size", "stride", "padding", "ceil", "dims")


def _pool_settings(call: Settings, shape: Shape, position: int = 1) -> dict[str, Any]:
    """The settings of a pooling, as short as they are kept."""
    from hwsolve.expr.pooling import pooled_axes

    args = call.expr.args
    size = _pool_size(call, shape, position)
    dims = len(size)
    stride = call.numbers("stride") or size
    if len(args) > position + 1:
        stride = call.wholes(args[position + 1])
    if len(stride) not in {1, dims} or min(stride) < 1:
        raise call.fail(f"'stride=' is {dims} numbers of 1 or more, or one for all axes")
    stride = stride * dims if len(stride) == 1 else stride
    window = Window(size, stride, ((0, 0),) * dims, (1,) * dims)
    if "dilation" in call.given:
        window = window._replace(dilation=call.each_axis("dilation", dims, 1, 1))
    window = window._replace(padding=_padding(call, window, shape[len(shape) - dims :]))
    settings: dict[str, Any] = {"size": short(size), **settings_of(window)}
    settings.pop("stride", None)
    if stride != size:
        settings["stride"] = short(stride)
    if dims != pooled_axes(shape, settings["size"]):
        settings["dims"] = dims
    if call.flag("ceil"):
        settings["ceil"] = True
    return settings


def _pool_size(call: Settings, shape: Shape, position: int) -> Shape:
    """The size of a pooling's window, a number for each axis that it moves along."""
    args = call.expr.args
    size = call.wholes(args[position]) if len(args) > position else call.numbers("size")
    if size is None:
        raise call.fail(f"'{call.expr.op}' needs the size of its window", "write max_pool(x, 2)")
    if min(size) < 1:
        raise call.fail(f"a window of {min(size)} entries", "a size is 1 or more")
    dims = next((n for n in (1, 2) if call.expr.op.endswith(f"{n}d")), 0)
    dims = dims or call.number("dims") or (len(size) if len(size) > 1 else min(len(shape), 2))
    if len(size) not in {1, dims}:
        raise call.fail(f"the window has {len(size)} sizes for {dims} axes")
    if dims > len(shape):
        raise call.fail(f"'{call.expr.op}' along {dims} axes cannot take {shape_text(shape)}")
    return size * dims if len(size) == 1 else size


def max_pool(lowering: Lowering, expr: Apply) -> int:
    """`max_pool(x, 2, stride=2)`: the largest entry of each window."""
    call = Settings(lowering, expr, *_POOL, "dilation")
    call.count(1, 3)
    x = call.array()
    return call.emit("max_pool", x, **_pool_settings(call, lowering.graph.shapes[x]))


def avg_pool(lowering: Lowering, expr: Apply) -> int:
    """`avg_pool(x, 2, stride=2)`: the mean of each window."""
    call = Settings(lowering, expr, *_POOL, "count_include_pad")
    call.count(1, 3)
    x = call.array()
    settings = _pool_settings(call, lowering.graph.shapes[x])
    if not call.flag("count_include_pad", default=True):
        settings["count_include_pad"] = False
    return call.emit("avg_pool", x, **settings)


def max_unpool(lowering: Lowering, expr: Apply) -> int:
    """`max_unpool(g, x, size=2)`: what comes back through `max_pool(x, 2)`."""
    return _through_max(lowering, expr, "max_unpool")


def at_max(lowering: Lowering, expr: Apply) -> int:
    """`at_max(h, x, size=2)`: the entries of h where those of x are the largest."""
    return _through_max(lowering, expr, "at_max")


def _through_max(lowering: Lowering, expr: Apply, name: str) -> int:
    call = Settings(lowering, expr, *_POOL, "dilation", "ties")
    call.count(2, 3)
    g, x = call.array(0), call.array(1)
    settings = _pool_settings(call, lowering.graph.shapes[x], 2)
    ties = call.word("ties")
    if ties not in {None, "first", "share"}:
        raise call.fail(f"unknown ties '{ties}'", "first or share")
    return call.emit(name, g, x, **settings, ties="first" if ties == "first" else None)


def avg_unpool(lowering: Lowering, expr: Apply) -> int:
    """`avg_unpool(g, size=2, shape=[4, 4])`: what comes back through `avg_pool(x, 2)`."""
    call = Settings(lowering, expr, *_POOL, "count_include_pad", "shape")
    call.count(1, 2)
    shape = call.numbers("shape")
    if shape is None:
        raise call.fail("'avg_unpool' needs the shape before the pooling", "write shape=[4, 4]")
    settings = _pool_settings(call, shape)
    if not call.flag("count_include_pad", default=True):
        settings["count_include_pad"] = False
    return call.emit("avg_unpool", call.array(), **settings, shape=shape)


def _pooled_dims(call: Settings, shape: Shape) -> int:
    dims = next((n for n in (1, 2) if call.expr.op.endswith(f"{n}d")), 0)
    dims = dims or call.number("dims") or min(len(shape), 2)
    if dims > len(shape):
        raise call.fail(f"'{call.expr.op}' along {dims} axes cannot take {shape_text(shape)}")
    return dims


def global_pool(lowering: Lowering, expr: Apply) -> int:
    """`global_avg_pool(x)`: one number for each channel."""
    call = Settings(lowering, expr, "dims", "keepdims")
    call.count(1)
    x = call.array()
    shape = lowering.graph.shapes[x]
    dims = _pooled_dims(call, shape)
    axes = tuple(range(len(shape) - dims, len(shape)))
    keep = call.flag("keepdims")
    name = "max" if "max" in expr.op else "mean"
    if len(axes) == len(shape) and not keep:
        return call.emit(name, x)
    return call.emit(name, x, axis=axes[0] if dims == 1 else axes, keepdims=keep or None)


def adaptive_pool(lowering: Lowering, expr: Apply) -> int:
    """`adaptive_avg_pool(x, [2, 3])`: a result of this size, whatever the size before.

    Part i of n reaches from floor(i·size/n) to ceil((i + 1)·size/n), as in PyTorch.
    """
    call = Settings(lowering, expr, "size", "dims")
    call.count(1, 2)
    x = call.array()
    shape = lowering.graph.shapes[x]
    args = expr.args
    wanted = call.wholes(args[1]) if len(args) > 1 else call.numbers("size")
    if wanted is None or min(wanted) < 1:
        raise call.fail(f"'{expr.op}' needs the size of its result", f"write {expr.op}(x, 2)")
    dims = len(wanted) if len(wanted) > 1 else _pooled_dims(call, shape)
    if len(wanted) == 1:
        wanted = wanted * dims
    if dims > len(shape) or any(
        out > size for out, size in zip(wanted, shape[len(shape) - dims :], strict=True)
    ):
        raise call.fail(
            f"'{expr.op}' cannot make {shape_text(wanted)} of {shape_text(shape)}",
            "the result is not larger than the array",
        )
    best = "max" in expr.op
    sizes = shape[len(shape) - dims :]
    if all(size % out == 0 for size, out in zip(sizes, wanted, strict=True)):
        from hwsolve.expr.pooling import pooled_axes

        size = tuple(n // out for n, out in zip(sizes, wanted, strict=True))
        own = None if pooled_axes(shape, short(size)) == dims else dims
        return call.emit("max_pool" if best else "avg_pool", x, size=short(size), dims=own)
    for axis, out in zip(range(len(shape) - dims, len(shape)), wanted, strict=True):
        x = _in_parts(call, x, axis, out, "max" if best else "mean")
    return x


def _in_parts(call: Settings, x: int, axis: int, parts: int, name: str) -> int:
    """An axis divided into parts, each reduced to one entry."""
    size = call.lowering.graph.shapes[x][axis]
    if parts == size:
        return x
    pieces = []
    for part in range(parts):
        ends = (part * size // parts, -(-(part + 1) * size // parts))
        piece = call.emit("item", x, at=(*("all",) * axis, ends))
        pieces.append(call.emit(name, piece, axis=axis, keepdims=True))
    return pieces[0] if parts == 1 else call.emit("concat", *pieces, axis=axis)


def unfold(lowering: Lowering, expr: Apply) -> int:
    """`unfold(x, 2)`: what lies under each place of a window, as the columns of a matrix."""
    call = Settings(lowering, expr, "size", "stride", "padding", "dilation", "dims")
    call.count(1, 2)
    x = call.array()
    return call.emit("unfold", x, **_unfolding(call, lowering.graph.shapes[x]))


def fold(lowering: Lowering, expr: Apply) -> int:
    """`fold(y, 2, shape=[3, 3])`: columns added up where `unfold` took them from."""
    call = Settings(lowering, expr, "size", "stride", "padding", "dilation", "dims", "shape")
    call.count(1, 2)
    shape = call.numbers("shape")
    if shape is None:
        raise call.fail("'fold' needs the shape of its result", "write shape=[3, 3]")
    return call.emit("fold", call.array(), **_unfolding(call, shape), shape=shape)


def _unfolding(call: Settings, shape: Shape) -> dict[str, Any]:
    size = _pool_size(call, shape, 1)
    window = _window(call, size, shape[len(shape) - len(size) :])
    return {"size": size, **settings_of(window)}


WINDOW_CALLS: Final[dict[str, Callable[[Lowering, Apply], int]]] = {
    "conv": conv,
    "convolve": convolve,
    "conv_transpose": conv_transpose,
    "conv_weight": conv_weight,
    "max_pool": max_pool,
    "avg_pool": avg_pool,
    "global_avg_pool": global_pool,
    "global_max_pool": global_pool,
    "adaptive_avg_pool": adaptive_pool,
    "adaptive_max_pool": adaptive_pool,
    "max_unpool": max_unpool,
    "at_max": at_max,
    "avg_unpool": avg_unpool,
    "unfold": unfold,
    "fold": fold,
}
