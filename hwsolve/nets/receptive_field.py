"""Receptive fields: which part of the input an output of a layer sees.

Followed forward, layer by layer (Araujo, Norris and Sim, "Computing receptive fields
of convolutional neural networks", Distill 2019): r_out = r_in + (k - 1) d j_in and
j_out = j_in s, where the jump j is the distance in the input between neighbouring
outputs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hwsolve.errors import EquationError
from hwsolve.nets.network import FROM_INPUT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.nets.network import Layer, Network


class Field(NamedTuple):
    """What outputs see along one axis of the input.

    `size` is the receptive field, `jump` the distance between the fields of
    neighbouring outputs, `start` the first row that output 0 sees (negative in the
    padding), `places` the number of outputs along the axis.
    """

    size: int
    jump: int
    start: int
    places: int

    @property
    def padding(self) -> int:
        """How far output 0 sees into the padding before the input."""
        return -self.start

    @property
    def whole(self) -> Field:
        """What an output sees that reads every place of the axis."""
        return Field(self.size + (self.places - 1) * self.jump, self.jump, self.start, 1)


# The fields of a layer along each axis, or why it has none.
Fields = tuple[Field, ...] | str


def receptive_fields(network: Network, path: Sequence[Layer] | None = None) -> dict[str, Fields]:
    """The fields of every layer by name, seen from the network's input.

    With a `path`, those of its layers, seen from what its first layer reads.
    """
    inside = set(network.order) if path is None else {layer.number for layer in path}
    entrance = (FROM_INPUT,) if path is None else path[0].sources
    size = network.input if path is None else network.inputs(path[0])[0]
    start: Fields = tuple([Field(1, 1, 0, length) for length in size[1:]])
    if not start:
        start = "a list of features has no height and width"
    found: dict[int, Fields] = {}
    for number in network.order:
        if number not in inside:
            continue
        layer = network.layers[number]
        read: list[Fields] = []
        for source in layer.sources:
            if source in found:
                read.append(found[source])
            else:
                outside = f"{layer.name} reads a layer that is not of the path"
                read.append(start if source in entrance else outside)
        found[number] = _after(layer, read)
    return {network.layers[number].name: fields for number, fields in found.items()}


def field_of(fields: Fields) -> tuple[Field, ...]:
    """The fields along each axis.

    Raises:
        EquationError: there is no one receptive field.
    """
    if isinstance(fields, str):
        raise EquationError(fields)
    return fields


def _after(layer: Layer, read: list[Fields]) -> Fields:
    joined = _joined(layer, read) if len(read) > 1 else read[0]
    if isinstance(joined, str):
        return joined
    rule = layer.rule
    if rule.unseen:
        return f"{layer.name} has no receptive field of one size: {rule.unseen}"
    if rule.whole:
        seen = [field.whole for field in joined]
        if len(layer.output) != len(seen) + 1:
            return tuple(seen)
        # every place of the output sees the same
        return tuple(
            [field._replace(jump=0, places=side) for field, side in
             zip(seen, layer.output[1:], strict=True)]
        )  # fmt: skip
    if rule.windows is None:
        return joined
    return tuple(
        [
            Field(
                field.size + (window.extent - 1) * field.jump,
                field.jump * window.stride,
                field.start - window.before * field.jump,
                window.out,
            )
            for field, window in zip(joined, rule.windows, strict=True)
        ]
    )


def _joined(layer: Layer, read: list[Fields]) -> Fields:
    """What is seen together by layers that are added or joined."""
    fields: list[tuple[Field, ...]] = []
    for each in read:
        if isinstance(each, str):
            return each
        fields.append(each)
    if len({tuple([field.places for field in each]) for each in fields}) > 1:
        fields = [tuple([field.whole for field in each]) for each in fields]
    joined: list[Field] = []
    for axis in zip(*fields, strict=True):
        places = axis[0].places
        everything = _sees_all(axis)
        if everything is not None:
            joined.append(everything)
            continue
        if places > 1 and len({field.jump for field in axis}) > 1:
            return f"branches with different strides meet in {layer.name}"
        start = min(field.start for field in axis)
        end = max(field.start + field.size for field in axis)
        joined.append(Field(end - start, axis[0].jump, start, places))
    return tuple(joined)


def _sees_all(axis: tuple[Field, ...]) -> Field | None:
    """The branch whose outputs all see one range that has in it what the others see."""
    start = min(field.start for field in axis)
    end = max(field.start + field.whole.size for field in axis)
    for field in axis:
        if field.jump == 0 and field.places > 1 and (field.start, field.size) == (
            start, end - start
        ):  # fmt: skip
            return field
    return None


# What is asked of a layer without axes: one of its features, or all of them.
_ONE, _ALL = "one", "all"


def traced_back(
    network: Network, layer: Layer, path: Sequence[Layer] | None = None
) -> tuple[int, ...] | None:
    """The receptive field along each axis, found from the output back to the input.

    A second way, for certificates: the first and the last row that output 0 sees are
    followed through every layer below (of the path). None where features are joined,
    because then output 0 belongs to one of the joined layers only.
    """
    inside = set(network.order) if path is None else {each.number for each in path}
    spans: dict[int, list[tuple[int, int]] | str] = {
        layer.number: [(0, 0)] * (len(layer.output) - 1) if len(layer.output) > 1 else _ONE
    }
    for number in reversed(network.order[: network.order.index(layer.number) + 1]):
        if number not in spans or number not in inside:
            continue
        here = network.layers[number]
        for source, size in zip(here.sources, network.inputs(here), strict=True):
            back = _seen_before(here, spans[number], size[1:])
            if back is None:
                return None
            below = source if source in inside else FROM_INPUT
            spans[below] = _together(spans.get(below, back), back)
    seen = spans[FROM_INPUT]
    if isinstance(seen, str):
        return None
    return tuple([high - low + 1 for low, high in seen])


def _seen_before(
    layer: Layer, seen: list[tuple[int, int]] | str, sides: tuple[int, ...]
) -> list[tuple[int, int]] | str | None:
    rule = layer.rule
    if rule.unseen or (not isinstance(seen, str) and len(seen) != len(sides)):
        return None
    if isinstance(seen, str):
        if len(layer.sources) > 1 and seen == _ONE:
            return None
        everything = rule.whole or seen == _ALL
        if not sides:
            return _ALL if everything else _ONE
        return [(0, side - 1 if everything else 0) for side in sides]
    if rule.windows is None:
        return [(0, side - 1) for side in sides] if rule.whole else seen
    return [
        (
            low * window.stride - window.before,
            high * window.stride - window.before + window.dilation * (window.kernel - 1),
        )
        for (low, high), window in zip(seen, rule.windows, strict=True)
    ]


def _together(
    first: list[tuple[int, int]] | str, second: list[tuple[int, int]] | str
) -> list[tuple[int, int]] | str:
    if isinstance(first, str) or isinstance(second, str):
        return _ALL if _ALL in (first, second) else _ONE
    return [(min(a, c), max(b, d)) for (a, b), (c, d) in zip(first, second, strict=True)]
