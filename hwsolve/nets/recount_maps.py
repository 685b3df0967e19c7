"""Layers of maps counted again: what each output value, and each value of the input, takes."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from hwsolve.nets.sizes import Size, Tokens, of_kind
from hwsolve.nets.tally import Counter, Matrix, Recount, Tally, by_shapes

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from hwsolve.nets.layer import OptionValue


def _each(options: Mapping[str, OptionValue], name: str, axes: int, usual: int = 1) -> list[Any]:
    """The numbers of an option, one for each axis."""
    value = options.get(name, (usual,))
    if isinstance(value, str):
        return [value] * axes
    return list(value) * (axes if len(value) == 1 else 1)


class _Spread(NamedTuple):
    """An axis of a transposed convolution: where the kernel is written to, and what is kept."""

    starts: range
    steps: range
    before: int
    out: int


def _spread(options: Mapping[str, OptionValue], sides: Sequence[int]) -> list[_Spread]:
    columns = [
        _each(options, name, len(sides), usual)
        for name, usual in (
            ("kernel", 1), ("stride", 1), ("dilation", 1), ("padding", 0), ("output_padding", 0),
        )
    ]  # fmt: skip
    axes: list[_Spread] = []
    for n, k, s, d, p, more in zip(sides, *columns, strict=True):
        full = (n - 1) * s + d * (k - 1) + 1
        if p == "same":
            before, after = (full - n * s) // 2, full - n * s - (full - n * s) // 2
        else:
            before, after = p if isinstance(p, tuple) else (0, 0) if p == "valid" else (p, p)
        out = full - before - after + more
        axes.append(_Spread(range(0, n * s, s), range(0, k * d, d), before, out))
    return axes


def _transposed(
    options: Mapping[str, OptionValue], inputs: Sequence[Size], budget: int
) -> Recount | None:
    """Each value of the input writes a kernel; what falls outside of the output is cropped."""
    ((channels, *sides),) = inputs
    axes = _spread(options, sides)
    filters, groups = options["filters"], options.get("groups", 1)
    reads, area = channels // groups, prod(len(axis.steps) for axis in axes)
    skipped = options.get("skipped", False)
    bias = bool(options.get("bias", True))
    output = of_kind(inputs[0], (filters, *[axis.out for axis in axes]))
    if filters * reads * area * prod(sides) > budget:
        kernels = Matrix(filters, reads * area, prod(sides), bias)
        return by_shapes(output, [kernels], None if skipped else 0)
    tally = Tally()
    for out in range(filters):
        written: set[tuple[int, ...]] = set()
        for channel, start, step in product(
            range(reads),
            list(product(*[axis.starts for axis in axes])),
            list(product(*[axis.steps for axis in axes])),
        ):
            tally.weights.add((out, channel, step))
            place = tuple(
                [a + b - axis.before for a, b, axis in zip(start, step, axes, strict=True)]
            )
            if skipped and not _is_inside(place, axes):
                continue
            tally.do("multiplications")
            tally.do("macs")
            tally.do("additions", place in written)
            written.add(place)
        if bias:
            tally.biases.add(out)
            tally.do("additions", sum(_is_inside(place, axes) for place in written))
    units = prod(output)
    connections = tally.counts["macs"] + (units if bias else 0)
    return tally.recount(output, connections=connections, units=units)


def _is_inside(place: Sequence[int], axes: Sequence[_Spread]) -> bool:
    return all(0 <= at < axis.out for at, axis in zip(place, axes, strict=True))


def _adaptive(kind: str) -> Counter:
    def counter(
        options: Mapping[str, OptionValue], inputs: Sequence[Size], budget: int
    ) -> Recount | None:
        ((channels, *sides),) = inputs
        outs: list[OptionValue] = _each(options, "output_size", len(sides))
        if channels * prod(sides) * prod(outs) > budget:
            return None
        tally = Tally()
        reads = 0
        for _ in range(channels):
            for place in product(*map(range, outs)):
                seen = [
                    row
                    for row in product(*map(range, sides))
                    if all(
                        # the row reaches into the place's share of the axis
                        at * out < (where + 1) * side and (at + 1) * out > where * side
                        for at, where, side, out in zip(row, place, sides, outs, strict=True)
                    )
                ]
                reads += len(seen)
                if kind == "mean":
                    tally.total(len(seen))
                    tally.do("divisions")
                else:
                    tally.do("comparisons", len(seen) - 1)
        return tally.recount(of_kind(inputs[0], (channels, *outs)), connections=reads)

    return counter


def _normalised(kind: str) -> Counter:
    def counter(
        options: Mapping[str, OptionValue], inputs: Sequence[Size], budget: int
    ) -> Recount | None:
        (size,) = inputs
        if prod(size) > budget:
            return None
        groups: dict[Hashable, list[tuple[int, ...]]] = {}
        for place in product(*map(range, size)):
            groups.setdefault(_group_of(kind, options, size, place), []).append(place)
        affine = options.get("affine", kind != "instancenorm")
        tally = Tally()
        for places in groups.values():
            if kind != "rmsnorm":
                tally.total(len(places))
                tally.do("divisions")
                tally.do("additions", len(places))  # what each is above the mean
            tally.do("multiplications", len(places))  # squares
            tally.total(len(places))
            tally.do("divisions")
            tally.do("additions")  # eps
            tally.do("roots")
            tally.do("divisions")
            for place in places:
                tally.do("multiplications")
                of = place if kind in {"layernorm", "rmsnorm"} and not _each_place(
                    options, size) else place[:1]  # fmt: skip
                if affine:
                    tally.weights.add(of)
                    tally.do("multiplications")
                if affine and kind != "rmsnorm" and options.get("shift", True):
                    tally.biases.add(of)
                    tally.do("additions")
        return tally.recount(size)

    return counter


def _each_place(options: Mapping[str, OptionValue], size: Size) -> bool:
    return isinstance(size, Tokens) or bool(options.get("positionwise"))


def _group_of(
    kind: str, options: Mapping[str, OptionValue], size: Size, place: tuple[int, ...]
) -> Hashable:
    """Values with the same answer are normalised together."""
    if kind == "instancenorm":
        return place[0]
    if kind == "groupnorm":
        return place[0] // (size[0] // int(options["groups"]))
    return place[1:] if _each_place(options, size) else ()


def _local_response(
    options: Mapping[str, OptionValue], inputs: Sequence[Size], budget: int
) -> Recount | None:
    (size,) = inputs
    wide = options.get("neighbours", 5)
    if prod(size) * wide > budget:
        return None
    tally = Tally()
    for place in product(*map(range, size)):
        tally.do("multiplications")  # its square
        low, high = place[0] - wide // 2, place[0] + (wide - 1) // 2
        tally.total(sum(low <= channel <= high for channel in range(size[0])))
        tally.do("multiplications")  # alpha
        tally.do("additions")  # k
        tally.do("logarithms")
        tally.do("multiplications")  # beta
        tally.do("exponentials")
        tally.do("divisions")
    return tally.recount(size)


def _squeeze(
    options: Mapping[str, OptionValue], inputs: Sequence[Size], budget: int
) -> Recount | None:
    (size,) = inputs
    channels = size[0]
    few = options.get("squeezed") or channels // options.get("reduction", 16)
    if prod(size) + 2 * channels * few > budget:
        return None
    bias = options.get("bias", True)
    tally = Tally()
    for _ in range(channels):
        tally.total(prod(size[1:]))
        tally.do("divisions")
    for out in range(few):
        tally.neuron((("down", out, at) for at in range(channels)), [("down", out)] if bias else ())
        tally.activation("relu")
    for out in range(channels):
        tally.neuron((("up", out, at) for at in range(few)), [("up", out)] if bias else ())
        tally.sigmoid()
    tally.do("multiplications", prod(size))
    return tally.recount(size)


def _batch_normalised(
    options: Mapping[str, OptionValue], inputs: Sequence[Size], budget: int
) -> Recount | None:
    (size,) = inputs
    if prod(size) > budget:
        return None
    tally = Tally()
    running: set[Hashable] = set()
    for place in product(*map(range, size)):
        tally.do("multiplications")
        tally.do("additions")
        if options.get("affine", True):
            tally.weights.add(place[0])
            tally.biases.add(place[0])
        if options.get("track", True):
            running |= {("mean", place[0]), ("variance", place[0])}
    return tally.recount(size, running=len(running))


def _upsampled(
    options: Mapping[str, OptionValue], inputs: Sequence[Size], budget: int
) -> Recount | None:
    ((channels, *sides),) = inputs
    axes = len(sides)
    mode = options.get("mode", "nearest")
    if "factor" in options:
        factors = _each(options, "factor", axes)
        outs = [side * factor for side, factor in zip(sides, factors, strict=True)]
    else:
        outs = _each(options, "output_size", axes)
    if channels * prod(outs) > budget or mode == "bicubic":
        return None
    tally = Tally()
    for _ in range(channels * prod(outs)):
        corners = 2**axes if mode != "nearest" else 1
        while corners > 1:  # neighbours along an axis make one value: a + t (b - a)
            corners //= 2
            for _ in range(corners):
                tally.do("additions", 2)
                tally.do("multiplications")
    return tally.recount(of_kind(inputs[0], (channels, *outs)))


def _softmax(kind: str) -> Counter:
    def counter(
        options: Mapping[str, OptionValue], inputs: Sequence[Size], budget: int
    ) -> Recount | None:
        del options
        (size,) = inputs
        if prod(size) > budget:
            return None
        tally = Tally()
        for _ in product(*map(range, size[1:])):
            if kind == "softmax":
                tally.softmax(size[0])
                continue
            tally.do("exponentials", size[0])
            tally.total(size[0])
            tally.do("logarithms")
            tally.do("additions", size[0])
        return tally.recount(size)

    return counter


def _layer_scale(
    _options: Mapping[str, OptionValue], inputs: Sequence[Size], budget: int
) -> Recount | None:
    (size,) = inputs
    if prod(size) > budget:
        return None
    tally = Tally()
    for place in product(*map(range, size)):
        tally.weights.add(place[0])
        tally.do("multiplications")
    return tally.recount(size)


_NORMS = ("layernorm", "rmsnorm", "groupnorm", "instancenorm")
MAPS: dict[str, Counter] = {
    "convtranspose": _transposed,
    "adaptiveavgpool": _adaptive("mean"),
    "adaptivemaxpool": _adaptive("max"),
    **{name: _normalised(name) for name in _NORMS},
    "batchnorm": _batch_normalised,
    "lrn": _local_response,
    "se": _squeeze,
    "upsample": _upsampled,
    "softmax": _softmax("softmax"),
    "logsoftmax": _softmax("log"),
    "layerscale": _layer_scale,
}
