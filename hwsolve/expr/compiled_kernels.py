"""The code of what goes back through windows: sums of overlapping parts (col2im).

What all windows together are given is a matrix many times larger than the input. It is
made in blocks of places, each of which is added up while it is still in the cache.
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING, Final

from hwsolve.expr.compiled_memory import (
    Layout,
    part_of,
    reshaped,
    row_major,
    windowed,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hwsolve.expr.compiled_arrays import ArrayFunction

# The bytes of a block's matrix: what a second-level cache holds beside other things.
BLOCK: Final = 1024 * 1024


def _blocks(
    code: ArrayFunction, channels: int, batch: int, window: tuple[int, ...], places: tuple[int, ...]
) -> Iterator[tuple[tuple[int, int], tuple[int, int], tuple[int, ...]]]:
    """For each block its rows of places, its columns of the matrix, and the matrix' full shape."""
    row = prod(places[1:]) * batch
    height = channels * prod(window)
    most = max(1, BLOCK // (height * row * code.dtype.itemsize))
    for start in range(0, places[0], most):
        end = min(start + most, places[0])
        full = (channels, *window, end - start, *places[1:], batch)
        yield (start, end), (start * row, end * row), full


def unconvolve(code: ArrayFunction, value: int) -> None:
    """What each window is given, kernels and gradients multiplied, added up by entry."""
    p = code.p
    kernels, y = map(code.layout_of, p.args[value])
    stride, dilation, window, places = p.settings[value]
    out = code.layout_of(value)
    channels, batch = out.shape[0], out.shape[-1]
    seen = windowed(out, stride, dilation, (channels, *window, *places, batch))
    turned = kernels._replace(shape=kernels.shape[::-1], strides=kernels.strides[::-1])
    code.lines.append(f"n_copyto({code.ref(out)}, 0.0)")
    for rows, columns, full in _blocks(code, channels, batch, window, places):
        parts = Layout("t", 0, full, row_major(full, code.dtype.itemsize))
        matrix = reshaped(parts, (turned.shape[0], columns[1] - columns[0]))
        assert matrix is not None  # noqa: S101  (a new array can take any shape)
        left, right = code.ref(turned), code.ref(part_of(y, ("all", columns)))
        code.lines.append(f"n_matmul({left}, {right}, {code.ref(matrix)})")
        here = part_of(seen, (*("all",) * (1 + len(window)), rows))
        _added(code, here, parts, window)


def _added(code: ArrayFunction, seen: Layout, parts: Layout, window: tuple[int, ...]) -> None:
    for offset in product(*map(range, window)):
        at = ("all", *offset)
        place = code.ref(part_of(seen, at))
        code.lines.append(f"n_add({place}, {code.ref(part_of(parts, at))}, {place})")


def unwindows(code: ArrayFunction, value: int) -> None:
    """What each place of a window gives to each entry, added up (col2im)."""
    p = code.p
    parts, out = code.layout_of(p.args[value][0]), code.layout_of(value)
    stride, dilation = p.settings[value]
    seen = windowed(out, stride, dilation, parts.shape)
    code.lines.append(f"n_copyto({code.ref(out)}, 0.0)")
    _added(code, seen, parts, parts.shape[1 : len(out.shape) - 1])


WINDOW_CODE: Final[dict[str, Callable[[ArrayFunction, int], None]]] = {
    "unconvolve": unconvolve,
    "unwindows": unwindows,
}
