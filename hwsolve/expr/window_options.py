"""How windows slide over an array: stride, padding, dilation and groups, and what they give.

Settings are kept as short as people write them (`stride=2`, `padding=[1, 0]`), since they
are printed; here they become one number for each axis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hwsolve.errors import EquationError
from hwsolve.expr.shapes import shape_text

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from hwsolve.expr.operations import Shape

Pairs = tuple[tuple[int, int], ...]

# A kernel alone, one with channels (1-d: out x in x length), and the same in 2-d.
DIMS_BY_KERNEL: Final = {1: 1, 2: 2, 3: 1, 4: 2}


class Window(NamedTuple):
    """A window of some size and the way it moves; a number (or pair) for each axis.

    Attributes:
        size: the entries under the window.
        stride: how far it moves at a time.
        padding: what is added before and behind the array.
        dilation: the distance of the entries under the window.
    """

    size: Shape
    stride: Shape
    padding: Pairs
    dilation: Shape

    @property
    def reach(self) -> Shape:
        """How many entries the window spans."""
        return tuple(d * (n - 1) + 1 for n, d in zip(self.size, self.dilation, strict=True))

    def padded(self, sizes: Shape) -> Shape:
        """The sizes with the padding."""
        return tuple(n + sum(pair) for n, pair in zip(sizes, self.padding, strict=True))

    def left_over(self, sizes: Shape) -> Shape:
        """The entries at the end of each axis that no window reaches."""
        spans = zip(self.padded(sizes), self.reach, self.stride, strict=True)
        return tuple((n - reach) % stride for n, reach, stride in spans)

    def outputs(self, sizes: Shape) -> Shape:
        """How many places the window has on each axis, rounded down."""
        spans = zip(self.padded(sizes), self.reach, self.stride, strict=True)
        return tuple((n - reach) // stride + 1 for n, reach, stride in spans)

    def inputs(self, outputs: Shape, more: Shape) -> Shape:
        """The sizes that have so many places, and `more` entries left over."""
        ends = zip(outputs, self.stride, self.reach, self.padding, more, strict=True)
        return tuple(
            (out - 1) * stride + reach + extra - sum(pair)
            for out, stride, reach, pair, extra in ends
        )

    def place(self, axis: int, output: int, offset: int) -> int:
        """The entry of an axis under a place of the window; outside it is padding."""
        return output * self.stride[axis] - self.padding[axis][0] + offset * self.dilation[axis]


def each_axis(value: Any, dims: int) -> Shape:
    """A setting as a number for each axis."""
    return value if isinstance(value, tuple) else (value,) * dims


def pairs(value: Any, dims: int) -> Pairs:
    """A padding as (before, behind) for each axis.

    One number serves every side; a number for each axis both of its sides; two numbers
    for each axis its beginning and its end, one axis after the other.
    """
    if not isinstance(value, tuple):
        return ((value, value),) * dims
    if len(value) == 2 * dims:
        return tuple(zip(value[::2], value[1::2], strict=True))
    return tuple((each, each) for each in value)


def short(values: Shape) -> Any:
    """Numbers for each axis as one number, where they are the same."""
    return values[0] if len(set(values)) == 1 else values


def short_pairs(padding: Pairs) -> Any:
    """A padding in the shortest way in which it can be written."""
    if all(before == behind for before, behind in padding):
        return short(tuple(before for before, _ in padding))
    return tuple(side for pair in padding for side in pair)


def window_of(settings: Mapping[str, Any], size: Shape) -> Window:
    """The window that settings describe."""
    dims = len(size)
    return Window(
        size,
        each_axis(settings.get("stride", 1), dims),
        pairs(settings.get("padding", 0), dims),
        each_axis(settings.get("dilation", 1), dims),
    )


def settings_of(window: Window, **others: Any) -> dict[str, Hashable]:
    """A window's settings as they are kept: without those that change nothing."""
    found: dict[str, Hashable] = {
        "stride": short(window.stride),
        "padding": short_pairs(window.padding),
        "dilation": short(window.dilation),
        **others,
    }
    usual = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "output_padding": 0, "dims": 0}
    return {name: value for name, value in found.items() if value != usual.get(name)}


def fits(name: str, window: Window, sizes: Shape, shown: tuple[Shape, Shape]) -> None:
    """Refuse a window that is larger than what it moves over.

    Raises:
        EquationError: naming both shapes and the axis.
    """
    for axis, (size, reach) in enumerate(zip(window.padded(sizes), window.reach, strict=True)):
        if reach > size:
            count = len(shown[0]) - len(sizes) + axis
            padded = " with its padding" if any(window.padding[axis]) else ""
            raise EquationError(
                f"{name} cannot move {shape_text(shown[1])} over {shape_text(shown[0])}: axis "
                f"{count} has {size} entries{padded}, and the window spans {reach}",
                hint="make the window smaller or the padding larger",
            )
