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
    padding), `count` the number of outputs along the axis.
    """

    size: int
    jump: int
    start: int
    count: int

    @property
    def whole(self) -> Field:
        """What an output sees that reads every place of the axis."""
        return Field(self.size + (self.count - 1) * self.jump, self.jump, self.start, 1)


# The fields of a layer along each axis, or why it has none.
Fields = tuple[Field, ...] | str


def receptive_fields(network: Network, only: Sequence[Layer] | None = None) -> dict[str, Fields]:
    """The fields of every layer by name, seen from the network's input.

    With `only`, the layers of a chain: seen from what the first of them reads.
    """
    if only is None:
        layers = [network.layers[number] for number in network.order]
        size = network.input
    else:
        layers = list(only)
        size = network.inputs(layers[0])[0]
    first = layers[0].sources
    start: Fields = tuple([Field(1, 1, 0, length) for length in size[1:]])
    if not start:
        start = "the input has no height and width"
    found: dict[str, Fields] = {}
    for layer in layers:
        read = [
            start
            if source == FROM_INPUT or (only is not None and layer.sources == first)
            else found[network.layers[source].name]
            for source in layer.sources
        ]
        found[layer.name] = _after(layer, read)
    return found


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
    if rule.whole:
        return tuple([field.whole for field in joined])
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
    if len({tuple([field.count for field in each]) for each in fields}) > 1:
        fields = [tuple([field.whole for field in each]) for each in fields]
    joined: list[Field] = []
    for axis in zip(*fields, strict=True):
        count = axis[0].count
        if count > 1 and len({field.jump for field in axis}) > 1:
            return f"branches with different strides meet in {layer.name}"
        start = min(field.start for field in axis)
        end = max(field.start + field.size for field in axis)
        joined.append(Field(end - start, axis[0].jump, start, count))
    return tuple(joined)


# What is asked of a layer without axes: one of its features, or all of them.
_ONE, _ALL = "one", "all"


def traced_back(network: Network, layer: Layer) -> tuple[int, ...] | None:
    """The receptive field along each axis, found from the output back to the input.

    A second way, for certificates: the first and the last row that output 0 sees are
    followed through every layer below. None where features are joined, because then
    output 0 belongs to one of the joined layers only.
    """
    axes = len(network.input) - 1
    spans: dict[int, list[tuple[int, int]] | str] = {
        layer.number: [(0, 0)] * axes if len(layer.output) > 1 else _ONE
    }
    for number in reversed(network.order[: network.order.index(layer.number) + 1]):
        if number not in spans:
            continue
        here = network.layers[number]
        for source, size in zip(here.sources, network.inputs(here), strict=True):
            back = _seen_before(here, spans[number], size[1:])
            if back is None:
                return None
            spans[source] = _together(spans.get(source, back), back)
    seen = spans[FROM_INPUT]
    if isinstance(seen, str):
        return None
    return tuple([high - low + 1 for low, high in seen])


def _seen_before(
    layer: Layer, seen: list[tuple[int, int]] | str, sides: tuple[int, ...]
) -> list[tuple[int, int]] | str | None:
    rule = layer.rule
    if isinstance(seen, str):
        if len(layer.sources) > 1 and seen == _ONE:
            return None
        everything = rule.whole or seen == _ALL
        if not sides:
            return _ALL if everything else _ONE
        return [(0, side - 1 if everything else 0) for side in sides]
    if rule.windows is None:
        return seen
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
