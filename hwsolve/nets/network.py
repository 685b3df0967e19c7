"""A network as a graph of layers: who reads whom, and the size of everything.

Layers that read nothing in particular read the one before. Equal layers on equal
inputs share one answer of the layer table, so that a network of thousands of
layers costs little more than its different ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hwsolve.errors import InputError, InputErrors, did_you_mean
from hwsolve.nets.counting import Counts
from hwsolve.nets.layer import Request
from hwsolve.nets.options import SKIPPED
from hwsolve.nets.sizes import CHANNELS_FIRST, Size, shortened
from hwsolve.nets.tied import check_tied

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hwsolve.nets.layer import OptionValue, Rule, Spec

INPUT = "input"
# The input's number among the sources of a layer; the layers count from 0.
FROM_INPUT = -1
RESERVED = (INPUT, "output", "total")


class Group(NamedTuple):
    """A stretch of layers under one name: the numbers of the first and the last of them.

    `label` is how it is shown: the use of a block with its arguments.
    """

    first: int
    last: int
    label: str


class Layer:
    """A layer of a network: its name, what it is, whom it reads, and what it costs.

    `sources` are the numbers of the layers that it reads, FROM_INPUT for the input;
    `options` are its own and those that the conventions decide.
    """

    __slots__ = ("counts", "name", "number", "options", "sources", "spec")

    def __init__(self, name: str, number: int, spec: Spec, sources: tuple[int, ...]) -> None:
        self.name = name
        self.number = number
        self.spec = spec
        self.sources = sources
        self.options: Mapping[str, OptionValue] = spec.options
        self.counts: Counts = Counts(None)

    @property
    def rule(self) -> Rule:
        """The layer table's answer for this layer on its inputs."""
        return self.counts.rule

    @property
    def output(self) -> Size:
        """The size of its output, channels first."""
        return self.counts.rule.output


class Network:
    """Layers in the order in which they were written, and the size of the input.

    `groups` are stretches of layers by name, blocks above all; `train_only` are the
    numbers of the layers that inference leaves out.
    """

    __slots__ = ("by_name", "groups", "input", "layers", "order", "train_only")

    def __init__(self, size: Size, layers: list[Layer], order: list[int]) -> None:
        self.input = size
        self.layers = layers
        self.order = order
        self.by_name = {layer.name: layer for layer in layers}
        self.groups: Mapping[str, Group] = {}
        self.train_only: frozenset[int] = frozenset()

    @property
    def output(self) -> Layer:
        """The last layer that inference runs."""
        return next(layer for layer in reversed(self.layers) if layer.number not in self.train_only)

    def inputs(self, layer: Layer) -> tuple[Size, ...]:
        """The sizes that a layer reads."""
        return tuple(
            [
                self.input if source == FROM_INPUT else self.layers[source].output
                for source in layer.sources
            ]
        )

    def unread(self) -> list[Layer]:
        """The layers, other than the last and those that only train, whose output goes nowhere."""
        read = {source for layer in self.layers for source in layer.sources}
        last = self.output.number
        return [
            layer
            for layer in self.layers
            if layer.number not in read
            and layer.number != last
            and layer.number not in self.train_only
        ]


def build_network(
    size: Size,
    specs: Sequence[Spec],
    defaults: Mapping[str, OptionValue] | None = None,
    order: str = CHANNELS_FIRST,
) -> Network:
    """The network of these layers on an input of this size (channels first).

    `order` (CHW or HWC) is the one in which messages show sizes.

    `defaults` hold the options that the conventions decide (`bias`, `rounding`,
    `skipped`) for the layers that do not say otherwise.

    Raises:
        InputErrors: for names given twice, unknown sources, loops, and sizes that do
            not fit, one line each.
    """
    errors: list[InputError] = []
    names = _names(specs, errors)
    numbers = {name: number for number, name in enumerate(names)}
    layers = [
        Layer(name, number, spec, _sources(spec, number, numbers, errors))
        for number, (name, spec) in enumerate(zip(names, specs, strict=True))
    ]
    _raise(errors)
    network = Network(size, layers, _in_order(layers))
    _measure(network, defaults or {}, order, errors)
    _raise(errors)
    check_tied(network, errors)
    _raise(errors)
    return network


def _raise(errors: list[InputError]) -> None:
    if errors:
        raise errors[0] if len(errors) == 1 else InputErrors(errors)


def _names(specs: Sequence[Spec], errors: list[InputError]) -> list[str]:
    given: set[str] = set()
    for spec in specs:
        name = spec.name
        if name is None:
            continue
        if name in given:
            errors.append(InputError(f"two layers are called '{name}'", spec.place, "rename one"))
        elif name in RESERVED:
            errors.append(
                InputError(f"a layer cannot be called '{name}'", spec.place, "the word is taken")
            )
        elif not name.isidentifier() and not _is_inside(name):
            errors.append(
                InputError(
                    f"'{shortened(name)}' cannot be the name of a layer", spec.place,
                    "a name is a word of letters, digits and _ that starts with a letter",
                )
            )  # fmt: skip
        given.add(name)
    counts: dict[str, int] = {}
    names: list[str] = []
    for spec in specs:
        name = spec.name
        while name is None:
            stem = spec.row.stem
            counts[stem] = counts.get(stem, 0) + 1
            free = f"{stem}{counts[stem]}"
            name = None if free in given else free
        names.append(name)
    return names


def _is_inside(name: str) -> bool:
    """Whether a name is that of a layer inside of a block: stage2.1.conv1."""
    first, *others = name.replace("'", "").split(".")
    return first.isidentifier() and all(part.isidentifier() or part.isdigit() for part in others)


def _sources(
    spec: Spec, number: int, numbers: Mapping[str, int], errors: list[InputError]
) -> tuple[int, ...]:
    if not spec.sources:
        return (number - 1,)
    found: list[int] = []
    for name, place in spec.sources:
        if name == INPUT:
            found.append(FROM_INPUT)
        elif name in numbers:
            found.append(numbers[name])
        else:
            known = (INPUT, *numbers)
            hint = did_you_mean(name, known)
            if not hint:
                hint = "it is input" + (f" or {', '.join(known[1:])}" if len(known) < 8 else "")  # noqa: PLR2004  (more names than a line takes)
            errors.append(InputError(f"there is no layer '{shortened(name)}'", place, hint))
    if len(found) > spec.row.reads and not spec.row.joins:
        most = "one layer" if spec.row.reads == 1 else f"at most {spec.row.reads} layers"
        errors.append(
            InputError(
                f"{spec.row.name} reads {most}, not {len(found)}", spec.place,
                "join them by add or concat first",
            )
        )  # fmt: skip
    return tuple(found)


def _in_order(layers: Sequence[Layer]) -> list[int]:
    """The layers' numbers so that each comes behind what it reads.

    Raises:
        InputError: the layers form a loop.
    """
    if all(source < layer.number for layer in layers for source in layer.sources):
        return list(range(len(layers)))
    waits = [sum(source != FROM_INPUT for source in set(layer.sources)) for layer in layers]
    readers: list[list[int]] = [[] for _ in layers]
    for layer in layers:
        for source in set(layer.sources) - {FROM_INPUT}:
            readers[source].append(layer.number)
    ready = [number for number, waiting in enumerate(waits) if not waiting][::-1]
    order: list[int] = []
    while ready:
        number = ready.pop()
        order.append(number)
        for reader in reversed(readers[number]):
            waits[reader] -= 1
            if not waits[reader]:
                ready.append(reader)
    if len(order) < len(layers):
        raise _loop(layers, {number for number, waiting in enumerate(waits) if waiting})
    return order


def _loop(layers: Sequence[Layer], caught: set[int]) -> InputError:
    """The error that names one loop among the layers that cannot be computed."""
    here = min(caught)
    path: list[int] = []
    while here not in path:
        path.append(here)
        here = next(source for source in layers[here].sources if source in caught)
    loop = [*path[path.index(here) :], here][::-1]
    shown = " -> ".join(layers[number].name for number in loop)
    place = layers[min(loop)].spec.place
    return InputError(f"the layers form a loop: {shown}", place, "a layer reads earlier ones only")


def _measure(
    network: Network, defaults: Mapping[str, OptionValue], order: str, errors: list[InputError]
) -> None:
    known: dict[object, Counts] = {}
    # the layers of a block that stands in several places share their options
    again: dict[object, Layer] = {}
    unknown: set[int] = set()
    for number in network.order:
        layer = network.layers[number]
        if unknown and any(source in unknown for source in layer.sources):
            unknown.add(number)
            continue
        inputs = network.inputs(layer)
        same = (id(layer.spec.options), inputs)
        like = again.setdefault(same, layer)
        if like is not layer:
            layer.options, layer.counts = like.options, like.counts
            continue
        options = layer.options = _with_defaults(layer.spec, defaults)
        key = (layer.spec.row.name, *options.items(), inputs)
        counts = known.get(key)
        if counts is None:
            request = Request(
                layer.name, options, inputs, layer.spec.places, layer.spec.place, order
            )  # fmt: skip
            try:
                counts = known[key] = Counts(layer.spec.row.rule(request))
            except InputError as error:
                errors.append(error)
                unknown.add(number)
                del again[same]
                continue
        layer.counts = counts


def _with_defaults(spec: Spec, defaults: Mapping[str, OptionValue]) -> Mapping[str, OptionValue]:
    missing = {
        name: value
        for name, value in defaults.items()
        if name not in spec.options and _takes(spec.row.options, name)
    }
    return {**spec.options, **missing} if missing else spec.options


def _takes(options: Iterable[str], name: str) -> bool:
    return ("padding" if name == SKIPPED else name) in options
