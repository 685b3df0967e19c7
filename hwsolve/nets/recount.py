"""Counting again, by another way, so that a count is not its own witness.

Small layers are run: a naive loop visits every output, every value under the window
that is there and every weight, and adds one for each operation. For larger ones the positions of
the window are taken from the range of its starts, and parameters from the shapes of
the weights; no formula of the layer table is used either way.
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from hwsolve.nets.recount_maps import MAPS
from hwsolve.nets.recount_tokens import TOKENS
from hwsolve.nets.sizes import Tokens, of_kind
from hwsolve.nets.tally import Counter, Recount

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hwsolve.nets.layer import OptionValue
    from hwsolve.nets.sizes import Size

# So many rows of a window, or positions of it, are looked at one by one.
MOST_ROWS = 1_000_000


def recount(
    name: str, options: Mapping[str, OptionValue], inputs: Sequence[Size], budget: int
) -> Recount | None:
    """A layer of the table counted again, or None for a layer that has no second way.

    `budget` is the largest number of operations that may be run one by one.
    """
    counter = _COUNTERS.get(name)
    return counter(options, inputs, budget) if counter else None


def starts(  # noqa: PLR0913  (an axis has this many sides)
    length: int,
    kernel: int,
    stride: int,
    dilation: int,
    padding: int | str | tuple[int, int],
    rounding: str,
) -> range:
    """The rows on which the window starts, negative in the padding."""
    last = dilation * (kernel - 1)
    if isinstance(padding, str) and padding.startswith("same"):
        zeros = max((_count(range(0, length, stride)) - 1) * stride + last + 1 - length, 0)
        front = zeros - zeros // 2 if padding == "same_lower" else zeros // 2
        return range(-front, -front + length, stride)
    before, after = _ends(padding)
    stop = length + after - last
    if rounding == "ceil":
        # go on until the end is covered, but start inside the input or its first zeros
        stop = min(stop + stride - 1, length)
    return range(-before, stop, stride)


def _ends(padding: int | str | tuple[int, int]) -> tuple[int, int]:
    """The rows of padding before and behind."""
    if isinstance(padding, tuple):
        return padding
    return (0, 0) if isinstance(padding, str) else (padding, padding)


def _count(rows: range) -> int:
    """The length of a range that may be too long for `len`."""
    return max(0, -((rows.start - rows.stop) // rows.step))


class _Axis(NamedTuple):
    """The window along one axis: where it starts, how many rows it touches, and which exist."""

    rows: range
    kernel: int
    dilation: int
    there: range

    @property
    def places(self) -> int:
        """The number of positions."""
        return _count(self.rows)

    def seen(self, start: int) -> int:
        """The rows that there are under the window at one position."""
        touched = range(start, start + self.dilation * self.kernel, self.dilation)
        return _within(touched, self.there)

    def read(self) -> int | None:
        """The rows under the window at all positions; None where they are too many to see."""
        inside = self.there.start <= self.rows.start
        last = self.rows.start + (self.places - 1) * self.rows.step
        if inside and last + self.dilation * (self.kernel - 1) < self.there.stop:
            return self.places * self.kernel
        if min(self.kernel, self.places) > MOST_ROWS:
            return None
        if self.places < self.kernel:
            return sum(map(self.seen, self.rows))
        # the same row of the window, at all positions
        return sum(
            _within(range(self.rows.start + at, self.rows.stop + at, self.rows.step), self.there)
            for at in range(0, self.dilation * self.kernel, self.dilation)
        )

    def live(self) -> int | None:
        """The positions at which any row is there; None where they are too many to see."""
        last = self.rows.start + (self.places - 1) * self.rows.step
        if self.there.start <= self.rows.start and last < self.there.stop:
            return self.places
        if self.dilation == 1:
            return _within(self.rows, range(self.there.start - self.kernel + 1, self.there.stop))
        if self.places > MOST_ROWS:
            return None
        return sum(self.seen(start) > 0 for start in self.rows)


def _within(rows: range, limits: range) -> int:
    """How many of the rows lie within the limits (a range with step 1)."""
    first = max(-(-(limits.start - rows.start) // rows.step), 0)
    stop = min(-(-(limits.stop - rows.start) // rows.step), _count(rows))
    return max(stop - first, 0)


def _axes(options: Mapping[str, OptionValue], sides: Sequence[int], *, pool: bool) -> list[_Axis]:
    """The window along each axis."""
    kernel = options["kernel"]
    stride = options.get("stride", kernel if pool else (1,))
    dilation = options.get("dilation", (1,))
    padding = options.get("padding", (0,))

    def at(value: OptionValue, axis: int) -> OptionValue:
        return value if isinstance(value, str) else value[axis if len(value) > 1 else 0]

    axes = []
    for axis, side in enumerate(sides):
        zeros = at(padding, axis)
        rows = starts(
            side, at(kernel, axis), at(stride, axis), at(dilation, axis), zeros,
            options.get("rounding", "floor"),
        )  # fmt: skip
        if options.get("skipped") or not options.get("count_include_pad", True):
            there = range(side)
        elif isinstance(zeros, str) and zeros.startswith("same"):
            # as many zeros as the windows reach for
            there = range(rows.start, rows.stop + at(dilation, axis) * at(kernel, axis))
        else:
            before, after = _ends(zeros)
            there = range(-before, side + after)
        axes.append(_Axis(rows, at(kernel, axis), at(dilation, axis), there))
    return axes


class _Cells(NamedTuple):
    """What one filter on one channel reads at all positions, and at how many it reads any.

    `each` has the number for every position where they were visited one by one.
    """

    total: int
    live: int
    each: tuple[int, ...] = ()


def _cells(axes: Sequence[_Axis], *, visit: bool) -> _Cells | None:
    """The cells under the window; None where they are too many to see."""
    if visit:
        offsets = [range(0, axis.dilation * axis.kernel, axis.dilation) for axis in axes]
        each = []
        for corner in product(*(axis.rows for axis in axes)):
            seen = 0
            for offset in product(*offsets):
                seen += all(
                    start + by in axis.there
                    for start, by, axis in zip(corner, offset, axes, strict=True)
                )
            each.append(seen)
        return _Cells(sum(each), sum(map(bool, each)), tuple(each))
    total = live = 1
    for axis in axes:
        read, any_read = axis.read(), axis.live()
        if read is None or any_read is None:
            return None
        total *= read
        live *= any_read
    return _Cells(total, live)


def _convolution(
    options: Mapping[str, OptionValue], inputs: Sequence[Size], budget: int
) -> Recount | None:
    ((channels, *sides),) = inputs
    axes = _axes(options, sides, pool=False)
    groups = channels if options.get("depthwise") else options.get("groups", 1)
    filters = options.get("filters") or channels * options.get("multiplier", 1)
    bias = options.get("bias", True)
    table = options.get("table")
    places = prod(axis.places for axis in axes)
    area = prod(axis.kernel for axis in axes)
    output = of_kind(inputs[0], (filters, *[axis.places for axis in axes]))
    wide = channels // groups
    pairs = sum(map(len, table)) if table else filters * wide
    looped = pairs * places * area <= budget
    cells = _cells(axes, visit=looped)
    if cells is None:
        return None
    if not looped:
        products = pairs * cells.total
        # the first product of an output needs no addition, its bias needs one
        sums = products if bias else products - filters * cells.live
        return Recount(output, {
            "weights": pairs * area, "biases": filters if bias else 0,
            "multiplications": products, "additions": sums, "macs": products,
            "connections": products + (filters * places if bias else 0),
        }, looped=False)  # fmt: skip
    each = filters // groups
    seen_by = table or [
        range(number // each * wide, (number // each + 1) * wide) for number in range(filters)
    ]
    weights_used = set()
    multiplications = additions = 0
    for number, maps in enumerate(seen_by):
        for channel in maps:
            weights_used |= {(number, channel, place) for place in range(area)}
        for there in cells.each:
            terms = 0
            for _channel in maps:
                for _place in range(there):
                    multiplications += 1
                    if terms:
                        additions += 1
                    terms += 1
            if bias and terms:
                additions += 1
    connections = multiplications + (filters * places if bias else 0)
    return Recount(output, {
        "weights": len(weights_used), "biases": filters if bias else 0,
        "multiplications": multiplications, "additions": additions, "macs": multiplications,
        "connections": connections,
    }, looped=True)  # fmt: skip


def _local(
    options: Mapping[str, OptionValue], inputs: Sequence[Size], budget: int
) -> Recount | None:
    """A convolution in which each position has weights of its own."""
    shared = _convolution(options, inputs, budget)
    if shared is None:
        return None
    places = prod(shared.output[1:])
    own = {name: shared.counts[name] * places for name in ("weights", "biases")}
    return shared._replace(counts={**shared.counts, **own})


def _pool(kind: str) -> Counter:
    def counter(
        options: Mapping[str, OptionValue], inputs: Sequence[Size], budget: int
    ) -> Recount | None:
        ((channels, *sides),) = inputs
        axes = _axes(options, sides, pool=True)
        places = [axis.places for axis in axes]
        outputs = channels * prod(places)
        area = prod(axis.kernel for axis in axes)
        looped = outputs * area <= budget
        cells = _cells(axes, visit=looped)
        if cells is None:
            return None
        read = channels * cells.total
        steps = read - channels * cells.live
        if looped:
            steps = 0
            for _ in range(channels):
                for there in cells.each:
                    for place in range(there):
                        if place:
                            steps += 1
        tally = {
            "max": {"comparisons": steps, "connections": read},
            "mean": {"additions": steps, "divisions": outputs, "connections": read},
            "subsample": {
                "weights": channels, "biases": channels, "multiplications": outputs,
                "additions": steps + channels * cells.live, "connections": read + outputs,
            },
        }[kind]  # fmt: skip
        return Recount(of_kind(inputs[0], (channels, *places)), tally, looped)

    return counter


def _dense(options: Mapping[str, OptionValue], inputs: Sequence[Size], budget: int) -> Recount:
    (size,) = inputs
    each = isinstance(size, Tokens) or (options.get("positionwise", False) and len(size) > 1)
    sides = size[1:] if each else ()
    features, units = prod(size[:1] if each else size), options["units"]
    bias = bool(options.get("bias", True))
    products = sums = connections = 0
    looped = features * units * prod(sides) <= budget
    if looped:
        for _ in product(*map(range, sides), range(units)):
            for feature in range(features):
                products += 1
                sums += feature > 0
            sums += bias
            connections += features + bias
    else:
        products = features * units * prod(sides)
        sums = products + units * prod(sides) * (bias - 1)
        connections = products + units * prod(sides) * bias
    weights = 0 if options.get("tied") else units * features
    return Recount(of_kind(size, (units, *sides)) if each else (units,), {
        "weights": weights, "biases": units * bias, "multiplications": products,
        "additions": sums, "macs": products, "connections": connections,
    }, looped)  # fmt: skip


_COUNTERS: dict[str, Counter] = {
    **MAPS, **TOKENS,
    "conv": _convolution, "conv1d": _convolution, "conv2d": _convolution,
    "conv3d": _convolution, "localconv": _local,
    "depthwise": _convolution, "pointwise": _convolution,
    "maxpool": _pool("max"), "avgpool": _pool("mean"), "subsample": _pool("subsample"),
    "dense": _dense,
}  # fmt: skip
