"""The table's rows for pooling: the largest or the mean entry of each window.

What comes back to an entry is `max_unpool` or `avg_unpool`, and what of those comes back
is again a pooling, so that gradients can be differentiated as often as one likes.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hwsolve.errors import EquationError
from hwsolve.expr.convolution import padded, put_back, windows
from hwsolve.expr.operations import TENSOR, Operation, Shape
from hwsolve.expr.shapes import shape_text
from hwsolve.expr.window_entries import (
    at_max_entry,
    avg_pool_entry,
    avg_unpool_entry,
    max_pool_entry,
    max_unpool_entry,
)
from hwsolve.expr.window_options import Window, each_axis, fits, pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.expr.tree import Attributes


class Pool(NamedTuple):
    """A pooling with all its sizes.

    Attributes:
        window: the window; its padding may reach further behind than was asked for, so
            that the last window of a size that is rounded up has something to stand on.
        sizes: the sizes of the pooled axes.
        outputs: the sizes of the result.
        border: how far the padding that is counted reaches, before and behind.
    """

    window: Window
    sizes: Shape
    outputs: Shape
    border: tuple[tuple[int, int], ...]

    def count(self, output: Shape) -> int:
        """How many entries a mean is taken over, at one place of the window."""
        found = 1
        for axis, here in enumerate(output):
            start = self.window.place(axis, here, 0)
            before, behind = self.border[axis]
            end = min(start + self.window.size[axis], self.sizes[axis] + behind)
            found *= end - max(start, -before)
        return found


def pool_of(shape: Shape, attributes: Attributes) -> Pool:
    """The pooling of an array that settings describe.

    Raises:
        EquationError: if the window does not fit.
    """
    settings: dict[str, Any] = dict(attributes)
    size = settings["size"]
    dims = settings.get("dims") or pooled_axes(shape, size)
    if dims > len(shape):
        raise EquationError(
            f"a pooling along {dims} axes cannot take {shape_text(shape)}",
            hint="its last axes are pooled",
        )
    sizes = shape[len(shape) - dims :]
    window = Window(
        each_axis(size, dims),
        each_axis(settings.get("stride", size), dims),
        pairs(settings.get("padding", 0), dims),
        each_axis(settings.get("dilation", 1), dims),
    )
    _check_padding(window)
    fits("a pooling", window, sizes, (shape, window.size))
    counted = settings.get("count_include_pad", True)
    border = window.padding if counted else ((0, 0),) * dims
    if not settings.get("ceil"):
        return Pool(window, sizes, window.outputs(sizes), border)
    return _rounded_up(window, sizes, border)


def pooled_axes(shape: Shape, size: Any) -> int:
    """How many axes a window of such a size has: 1 for a vector, else 2."""
    if isinstance(size, tuple):
        return len(size)
    return min(len(shape), 2) or 1


def _check_padding(window: Window) -> None:
    for pair, reach in zip(window.padding, window.reach, strict=True):
        if max(pair) * 2 > reach:
            raise EquationError(
                f"a padding of {max(pair)} is more than half of a window of "
                f"{'x'.join(map(str, window.size))}",
                hint="a window must not lie on padding alone",
            )


def _rounded_up(window: Window, sizes: Shape, border: Any) -> Pool:
    """The pooling with one more place where entries are left over.

    As in PyTorch, a place must begin inside the array or the padding before it.
    """
    outputs, padding = [], []
    for axis, places in enumerate(window.outputs(sizes)):
        (before, behind), stride = window.padding[axis], window.stride[axis]
        start = places * stride - before
        more = window.left_over(sizes)[axis] > 0 and start < sizes[axis]
        outputs.append(places + more)
        reach = start + window.reach[axis] - sizes[axis] if more else behind
        padding.append((before, max(behind, reach)))
    return Pool(window._replace(padding=tuple(padding)), sizes, tuple(outputs), border)


def _pool_shape(shapes: Sequence[Shape], attributes: Attributes) -> Shape:
    pool = pool_of(shapes[0], attributes)
    return (*shapes[0][: len(shapes[0]) - len(pool.sizes)], *pool.outputs)


def _unpooled_shape(shapes: Sequence[Shape], attributes: Attributes) -> Shape:
    given, shape = shapes
    wanted = _pool_shape([shape], attributes)
    if given != wanted:
        raise EquationError(
            f"max_unpool cannot bring {shape_text(given)} back to {shape_text(shape)}: the "
            f"pooling of that is {shape_text(wanted)}"
        )
    return shape


def _at_max_shape(shapes: Sequence[Shape], attributes: Attributes) -> Shape:
    if shapes[0] != shapes[1]:
        raise EquationError(
            f"at_max takes two arrays of one shape, not {shape_text(shapes[0])} and "
            f"{shape_text(shapes[1])}"
        )
    return _pool_shape(shapes[1:], attributes)


# -- calculation --------------------------------------------------------------------------


def _covered(m: Any, x: Any, pool: Pool, value: Any = 0) -> Any:
    """The windows of an array: (..., places, sizes of the window), padded with a value."""
    seen = windows(padded(m, x, pool.window, value), pool.window)
    # a size that is rounded down leaves out places that the longer padding would allow
    dims = len(pool.sizes)
    kept = tuple(slice(0, count) for count in pool.outputs)
    return seen[(..., *kept, *(slice(None),) * dims)]


def _lowest(x: Any) -> Any:
    """Less than every entry."""
    import numpy as np

    return x.min() - 1 if x.dtype == object else -np.inf


class _Plain:
    """Numbers as they come: what pads a maximum needs no conversion."""

    @staticmethod
    def number(value: Any) -> Any:
        return value


def _max_pool(_: Any, x: Any, **settings: Any) -> Any:
    pool = pool_of(x.shape, tuple(settings.items()))
    seen = _covered(_Plain, x, pool, _lowest(x))
    return seen.max(axis=tuple(range(seen.ndim - len(pool.sizes), seen.ndim)))


def _hits(m: Any, x: Any, pool: Pool, ties: str) -> Any:
    """The share of each entry of a window in its largest: (..., places, sizes of the window)."""
    import numpy as np

    dims = len(pool.sizes)
    seen = _covered(_Plain, x, pool, _lowest(x))
    shape = seen.shape
    lines = seen.reshape(*shape[: len(shape) - dims], prod(pool.window.size))
    if ties == "first":
        best = lines.argmax(axis=-1)
        found = np.arange(lines.shape[-1]) == best[..., None]
        return np.where(found, m.number(1), m.number(0)).reshape(shape)
    found = lines == lines.max(axis=-1, keepdims=True)
    count = found.sum(axis=-1, keepdims=True)
    shares = np.where(found, m.number(1), m.number(0))
    if (count > 1).any():
        shares = shares / _numbers(m, count)
    return shares.reshape(shape)


def largest_entries(x: Any, **settings: Any) -> Any:
    """How many entries are the largest of each window."""
    pool = pool_of(x.shape, tuple(settings.items()))
    seen = _covered(_Plain, x, pool, _lowest(x))
    lines = seen.reshape(*seen.shape[: seen.ndim - len(pool.sizes)], -1)
    return (lines == lines.max(axis=-1, keepdims=True)).sum(axis=-1)


def _numbers(m: Any, counts: Any) -> Any:
    import numpy as np

    if m.dtype is not object:
        return counts
    return np.frompyfunc(lambda count: m.number(int(count)), 1, 1)(counts)


def _max_unpool(m: Any, g: Any, x: Any, ties: str = "share", **settings: Any) -> Any:
    pool = pool_of(x.shape, tuple(settings.items()))
    return _sent_back(m, _hits(m, x, pool, ties), g, pool)


def _sent_back(m: Any, shares: Any, g: Any, pool: Pool) -> Any:
    """Each place's gradient times the shares of its window, added up by entry."""
    dims = len(pool.sizes)
    parts = shares * g.reshape(*g.shape, *(1,) * dims)
    leading = tuple(range(parts.ndim - 2 * dims))
    places = tuple(range(len(leading), len(leading) + dims))
    inside = tuple(range(len(leading) + dims, parts.ndim))
    return put_back(m, parts.transpose(*leading, *inside, *places), pool.window, pool.sizes)


def _at_max(m: Any, h: Any, x: Any, ties: str = "share", **settings: Any) -> Any:
    pool = pool_of(x.shape, tuple(settings.items()))
    chosen = _hits(m, x, pool, ties) * _covered(m, h, pool)
    return chosen.sum(axis=tuple(range(chosen.ndim - len(pool.sizes), chosen.ndim)))


def _counts(m: Any, pool: Pool) -> Any:
    import numpy as np

    counts = [pool.count(at) for at in np.ndindex(*pool.outputs)]
    if len(set(counts)) == 1:
        return m.number(counts[0])
    return _numbers(m, np.array(counts).reshape(pool.outputs))


def _avg_pool(m: Any, x: Any, **settings: Any) -> Any:
    pool = pool_of(x.shape, tuple(settings.items()))
    seen = _covered(m, x, pool)
    axes = tuple(range(seen.ndim - len(pool.sizes), seen.ndim))
    return seen.sum(axis=axes) / _counts(m, pool)


def _avg_unpool(m: Any, g: Any, shape: Shape, **settings: Any) -> Any:
    import numpy as np

    pool = pool_of(shape, tuple(settings.items()))
    shares = g / _counts(m, pool)
    dims = len(pool.sizes)
    leading = shape[: len(shape) - dims]
    parts = shares.reshape(*leading, *(1,) * dims, *pool.outputs)
    full = np.broadcast_to(parts, (*leading, *pool.window.size, *pool.outputs))
    return put_back(m, full, pool.window, pool.sizes)


# -- gradients ------------------------------------------------------------------------------


def _max_adjoint(g: Any, _: Any, args: Sequence[Any], attributes: Attributes) -> tuple[Any]:
    ties = g.graph.conventions.get("max_ties", "share")
    settings = {**dict(attributes), **({"ties": ties} if ties == "first" else {})}
    return (g.fn("max_unpool", args[0], **settings),)


def _max_unpool_adjoint(
    g: Any, _: Any, args: Sequence[Any], attributes: Attributes
) -> tuple[Any, None]:
    return g.fn("at_max", args[1], **dict(attributes)), None


def _at_max_adjoint(
    g: Any, _: Any, args: Sequence[Any], attributes: Attributes
) -> tuple[Any, None]:
    return g.fn("max_unpool", args[1], **dict(attributes)), None


def _avg_adjoint(g: Any, _: Any, args: Sequence[Any], attributes: Attributes) -> tuple[Any]:
    return (g.fn("avg_unpool", **dict(attributes), shape=args[0].shape),)


def _avg_unpool_adjoint(g: Any, _: Any, __: Any, attributes: Attributes) -> tuple[Any]:
    settings: dict[str, Any] = dict(attributes)
    del settings["shape"]
    return (g.fn("avg_pool", **settings),)


def _largest(x: Any, **settings: Any) -> Any:
    """Where the first largest entry of each window stands: it jumps at a tie."""
    settings.pop("ties", None)
    pool = pool_of(x.shape, tuple(settings.items()))
    seen = _covered(_Plain, x, pool, _lowest(x))
    return seen.reshape(*seen.shape[: seen.ndim - len(pool.sizes)], -1).argmax(axis=-1)


POOLINGS: Final = (
    Operation(
        "max_pool",
        _max_pool,
        adjoint=_max_adjoint,
        shape=_pool_shape,
        entry=max_pool_entry,
        kind=TENSOR,
        kink=_largest,
        exact=True,
        letter="p",
    ),
    Operation(
        "max_unpool",
        _max_unpool,
        arity=2,
        adjoint=_max_unpool_adjoint,
        shape=_unpooled_shape,
        entry=max_unpool_entry,
        kind=TENSOR,
        kink=lambda _, x, **settings: _largest(x, **settings),
        exact=True,
    ),
    Operation(
        "at_max",
        _at_max,
        arity=2,
        adjoint=_at_max_adjoint,
        shape=_at_max_shape,
        entry=at_max_entry,
        kind=TENSOR,
        kink=lambda _, x, **settings: _largest(x, **settings),
        exact=True,
    ),
    Operation(
        "avg_pool",
        _avg_pool,
        adjoint=_avg_adjoint,
        shape=_pool_shape,
        entry=avg_pool_entry,
        kind=TENSOR,
        exact=True,
        letter="p",
    ),
    Operation(
        "avg_unpool",
        _avg_unpool,
        adjoint=_avg_unpool_adjoint,
        shape=lambda _, attributes: tuple(dict(attributes)["shape"]),
        entry=avg_unpool_entry,
        kind=TENSOR,
        exact=True,
    ),
)
