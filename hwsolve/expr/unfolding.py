"""The table's rows that lay the windows of an array side by side, and put them back.

`unfold` makes a column of what lies under each place of a window, channel by channel
(im2col), so that a convolution is a product of matrices; `fold` adds columns up where they came
from, which is how gradients come back.
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import EquationError
from hwsolve.expr.convolution import padded, put_back, windows
from hwsolve.expr.operations import TENSOR, Operation, Shape
from hwsolve.expr.shapes import shape_text
from hwsolve.expr.tree import Num
from hwsolve.expr.window_options import Window, fits, window_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.expr.tree import Attributes


def _parts(shape: Shape, attributes: Attributes) -> tuple[Shape, int, Shape, Window]:
    """The batch, the channels and the sizes of an array, and the window that moves on it."""
    settings: dict[str, Any] = dict(attributes)
    size: Shape = settings["size"]
    dims = len(size)
    if not dims <= len(shape) <= dims + 2:
        raise EquationError(
            f"unfold along {dims} axes cannot take {shape_text(shape)}",
            hint="it takes sizes, in x sizes or batch x in x sizes",
        )
    window = window_of(settings, size)
    sizes = shape[len(shape) - dims :]
    fits("unfold", window, sizes, (shape, size))
    channels = shape[-dims - 1] if len(shape) > dims else 1
    return shape[: max(0, len(shape) - dims - 1)], channels, sizes, window


def _unfold_shape(shapes: Sequence[Shape], attributes: Attributes) -> Shape:
    batch, channels, sizes, window = _parts(shapes[0], attributes)
    return (*batch, channels * prod(window.size), prod(window.outputs(sizes)))


def _fold_shape(shapes: Sequence[Shape], attributes: Attributes) -> Shape:
    shape: Shape = dict(attributes)["shape"]  # type: ignore[assignment]  # whole numbers
    wanted = _unfold_shape([shape], attributes)
    if shapes[0] != wanted:
        raise EquationError(
            f"fold cannot make {shape_text(shape)} of {shape_text(shapes[0])}: it takes "
            f"{shape_text(wanted)}"
        )
    return shape


def _unfold(m: Any, x: Any, **settings: Any) -> Any:
    batch, channels, sizes, window = _parts(x.shape, tuple(settings.items()))
    dims, lead = len(sizes), len(batch) + 1
    seen = windows(padded(m, x.reshape(*batch, channels, *sizes), window), window)
    places = tuple(range(lead, lead + dims))
    inside = tuple(range(lead + dims, lead + 2 * dims))
    seen = seen.transpose(*range(lead), *inside, *places)
    return seen.reshape(*batch, channels * prod(window.size), -1)


def _fold(m: Any, y: Any, shape: Shape, **settings: Any) -> Any:
    batch, channels, sizes, window = _parts(shape, tuple(settings.items()))
    parts = y.reshape(*batch, channels, *window.size, *window.outputs(sizes))
    return put_back(m, parts, window, sizes).reshape(shape)


def _adjoint(g: Any, _: Any, args: Sequence[Any], attributes: Attributes) -> tuple[Any]:
    return (g.fn("fold", **dict(attributes), shape=args[0].shape),)


def _fold_adjoint(g: Any, _: Any, __: Any, attributes: Attributes) -> tuple[Any]:
    settings: dict[str, Any] = dict(attributes)
    del settings["shape"]
    return (g.fn("unfold", **settings),)


def _unravelled(flat: int, shape: Shape) -> Shape:
    found: list[int] = []
    for size in reversed(shape):
        flat, part = divmod(flat, size)
        found.insert(0, part)
    return tuple(found)


def _unfold_entry(index: Shape, args: Sequence[Any], attributes: Attributes) -> Any:
    """The entry under this place of the window, 0 for padding."""
    shape = args[0].shape
    batch, channels, sizes, window = _parts(shape, attributes)
    channel, *offset = _unravelled(index[-2], (channels, *window.size))
    output = _unravelled(index[-1], window.outputs(sizes))
    at = tuple(
        window.place(axis, here, step)
        for axis, (here, step) in enumerate(zip(output, offset, strict=True))
    )
    if not all(0 <= i < size for i, size in zip(at, sizes, strict=True)):
        return Num(0)
    own = (channel,) if len(shape) > len(sizes) else ()
    return args[0][(*index[: len(batch)], *own, *at)]


def _fold_entry(index: Shape, args: Sequence[Any], attributes: Attributes) -> Any:
    """The sum of all that lay over this place."""
    shape: Shape = dict(attributes)["shape"]  # type: ignore[assignment]  # whole numbers
    batch, _, sizes, window = _parts(shape, attributes)
    dims = len(sizes)
    channel = index[-dims - 1] if len(shape) > dims else 0
    terms = []
    for inside, offset in enumerate(product(*map(range, window.size))):
        for place, output in enumerate(product(*map(range, window.outputs(sizes)))):
            at = tuple(
                window.place(axis, here, step)
                for axis, (here, step) in enumerate(zip(output, offset, strict=True))
            )
            if at == index[len(index) - dims :]:
                row = channel * prod(window.size) + inside
                terms.append((args[0][(*index[: len(batch)], row, place)],))
    return terms or Num(0)


UNFOLDINGS: Final = (
    Operation(
        "unfold",
        _unfold,
        adjoint=_adjoint,
        shape=_unfold_shape,
        entry=_unfold_entry,
        kind=TENSOR,
        exact=True,
    ),
    Operation(
        "fold",
        _fold,
        adjoint=_fold_adjoint,
        shape=_fold_shape,
        entry=_fold_entry,
        kind=TENSOR,
        exact=True,
    ),
)
