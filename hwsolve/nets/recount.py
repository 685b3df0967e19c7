"""Counting again, by another way, so that a count is not its own witness.

Small layers are run: a naive loop visits every output, every value under the window
and every weight, and adds one for each operation. For larger ones the positions of
the window are taken from the range of its starts, and parameters from the shapes of
the weights; no formula of the layer table is used either way.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hwsolve.nets.layer import OptionValue
    from hwsolve.nets.sizes import Size

Tally = dict[str, int]


class Recount(NamedTuple):
    """The output size and the counts of a layer; `looped` when every operation was run."""

    output: Size
    counts: Tally
    looped: bool


def recount(
    name: str, options: Mapping[str, OptionValue], inputs: Sequence[Size], budget: int
) -> Recount | None:
    """A layer of the table counted again, or None for a layer that has no second way.

    `budget` is the largest number of operations that may be run one by one.
    """
    counter = _COUNTERS.get(name)
    return counter(options, inputs, budget) if counter else None


def starts(  # noqa: PLR0913  (an axis has this many sides)
    length: int, kernel: int, stride: int, dilation: int, padding: int | str, rounding: str
) -> range:
    """The rows on which the window starts, negative in the padding."""
    last = dilation * (kernel - 1)
    if padding == "same":
        behind = max((_count(range(0, length, stride)) - 1) * stride + last + 1 - length, 0)
        return range(-(behind // 2), -(behind // 2) + length, stride)
    zeros = 0 if isinstance(padding, str) else padding
    stop = length + zeros - last
    if rounding == "ceil":
        # go on until the end is covered, but start inside the input or its first zeros
        stop = min(stop + stride - 1, length)
    return range(-zeros, stop, stride)


def _count(rows: range) -> int:
    """The length of a range that may be too long for `len`."""
    return max(0, -((rows.start - rows.stop) // rows.step))


def _axes(
    options: Mapping[str, OptionValue], sides: Sequence[int], *, pool: bool
) -> list[tuple[range, int]]:
    """For each axis the starts of the window and the number of rows that it touches."""
    kernel = options["kernel"]
    stride = options.get("stride", kernel if pool else (1,))
    dilation = options.get("dilation", (1,))
    padding = options.get("padding", (0,))

    def at(value: OptionValue, axis: int) -> OptionValue:
        return value if isinstance(value, str) else value[axis if len(value) > 1 else 0]

    return [
        (
            starts(
                side, at(kernel, axis), at(stride, axis), at(dilation, axis), at(padding, axis),
                options.get("rounding", "floor"),
            ),
            at(kernel, axis),
        )
        for axis, side in enumerate(sides)
    ]  # fmt: skip


def _convolution(
    options: Mapping[str, OptionValue], inputs: Sequence[Size], budget: int
) -> Recount:
    ((channels, *sides),) = inputs
    axes = _axes(options, sides, pool=False)
    groups = channels if options.get("depthwise") else options.get("groups", 1)
    filters = options.get("filters") or channels * options.get("multiplier", 1)
    bias = options.get("bias", True)
    table = options.get("table")
    places = prod(_count(rows) for rows, _ in axes)
    area = prod(kernel for _, kernel in axes)
    output = (filters, *(_count(rows) for rows, _ in axes))
    wide = channels // groups
    if table is None and filters * places * area * wide > budget:
        weights = (filters, wide, *(kernel for _, kernel in axes))
        seen = prod(weights) * places
        sums = seen if bias else seen - filters * places
        biases = filters if bias else 0
        return Recount(output, {
            "weights": prod(weights), "biases": biases, "multiplications": seen,
            "additions": sums, "macs": seen, "connections": seen + biases * places,
        }, looped=False)  # fmt: skip
    each = filters // groups
    seen_by = table or [
        range(number // each * wide, (number // each + 1) * wide) for number in range(filters)
    ]
    if sum(map(len, seen_by)) * places * area > budget:
        pairs = sum(map(len, seen_by)) * area
        biases = filters if bias else 0
        return Recount(output, {
            "weights": pairs, "biases": biases, "multiplications": pairs * places,
            "additions": (pairs + biases - filters) * places, "macs": pairs * places,
            "connections": (pairs + biases) * places,
        }, looped=False)  # fmt: skip
    weights_used = set()
    multiplications = additions = 0
    for number, maps in enumerate(seen_by):
        for channel in maps:
            weights_used |= {(number, channel, place) for place in range(area)}
        for _ in range(places):
            terms = 0
            for _channel in maps:
                for _place in range(area):
                    multiplications += 1
                    if terms:
                        additions += 1
                    terms += 1
            if bias:
                additions += 1
    connections = multiplications + (filters * places if bias else 0)
    return Recount(output, {
        "weights": len(weights_used), "biases": filters if bias else 0,
        "multiplications": multiplications, "additions": additions, "macs": multiplications,
        "connections": connections,
    }, looped=True)  # fmt: skip


def _pool(kind: str) -> Callable[[Mapping[str, OptionValue], Sequence[Size], int], Recount]:
    def counter(options: Mapping[str, OptionValue], inputs: Sequence[Size], budget: int) -> Recount:
        ((channels, *sides),) = inputs
        axes = _axes(options, sides, pool=True)
        outputs = channels * prod(_count(rows) for rows, _ in axes)
        area = prod(kernel for _, kernel in axes)
        looped = outputs * area <= budget
        steps = outputs * area - outputs
        if looped:
            steps = 0
            for _ in range(outputs):
                for place in range(area):
                    if place:
                        steps += 1
        tally = {
            "max": {"comparisons": steps, "connections": outputs * area},
            "mean": {"additions": steps, "divisions": outputs, "connections": outputs * area},
            "subsample": {
                "weights": channels, "biases": channels, "multiplications": outputs,
                "additions": steps + outputs, "connections": outputs * (area + 1),
            },
        }[kind]  # fmt: skip
        return Recount((channels, *(_count(rows) for rows, _ in axes)), tally, looped)

    return counter


def _dense(options: Mapping[str, OptionValue], inputs: Sequence[Size], budget: int) -> Recount:
    features, units = prod(inputs[0]), options["units"]
    bias = bool(options.get("bias", True))
    products = sums = connections = 0
    looped = features * units <= budget
    if looped:
        for _ in range(units):
            for feature in range(features):
                products += 1
                sums += feature > 0
            sums += bias
            connections += features + bias
    else:
        products = features * units
        sums = products + units * (bias - 1)
        connections = products + units * bias
    return Recount((units,), {
        "weights": prod((units, features)), "biases": units * bias, "multiplications": products,
        "additions": sums, "macs": products, "connections": connections,
    }, looped)  # fmt: skip


_COUNTERS: dict[
    str, Callable[[Mapping[str, OptionValue], Sequence[Size], int], Recount]
] = {
    "conv": _convolution, "conv1d": _convolution, "conv2d": _convolution,
    "depthwise": _convolution, "pointwise": _convolution,
    "maxpool": _pool("max"), "avgpool": _pool("mean"), "subsample": _pool("subsample"),
    "dense": _dense,
}  # fmt: skip
