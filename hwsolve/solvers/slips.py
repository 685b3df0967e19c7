"""Networks as they would be with a common slip: what a wrong figure may come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hwsolve.errors import InputError, InputErrors
from hwsolve.nets.options import CEIL, FLOOR
from hwsolve.solvers.measured import measured

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hwsolve.nets.layer import OptionValue, Spec
    from hwsolve.nets.network import Network
    from hwsolve.problem.model import Problem
    from hwsolve.solvers.cnn import Unmeasured

# Layers that are changed one at a time: more would be more coincidences than slips.
MOST_LAYERS = 40


class Slip(NamedTuple):
    """A slip: what was done, said of the network, and what it makes of a layer's options.

    `change` answers None for a layer on which the slip makes no difference.
    """

    said: str
    change: Callable[[Spec], dict[str, OptionValue] | None]


def _without(name: str, usual: OptionValue) -> Callable[[Spec], dict[str, OptionValue] | None]:
    """Leave out an option that a layer states."""

    def change(spec: Spec) -> dict[str, OptionValue] | None:
        options = spec.options
        if name not in options or name in dict(spec.row.settled) or _is(options[name], usual):
            return None
        return {key: value for key, value in options.items() if key != name}

    return change


def _is(value: OptionValue, usual: OptionValue) -> bool:
    return set(value) == {usual} if isinstance(value, tuple) else bool(value == usual)


def _with(name: str, value: OptionValue, otherwise: OptionValue) -> Callable[
    [Spec], dict[str, OptionValue] | None
]:  # fmt: skip
    """Set an option that a layer takes and that is something else."""

    def change(spec: Spec) -> dict[str, OptionValue] | None:
        takes = name in spec.row.options
        if not takes or spec.options.get(name, otherwise) == value:
            return None
        return {**spec.options, name: value}

    return change


SLIPS: tuple[Slip, ...] = (
    Slip("without any bias", _with("bias", value=False, otherwise=True)),
    Slip("with a bias everywhere", _with("bias", value=True, otherwise=True)),
    Slip("with two bias vectors, as in PyTorch", _with("biases", 2, 1)),
    Slip("with one bias vector", _with("biases", 1, 1)),
    Slip("rounded up", _with("rounding", CEIL, FLOOR)),
    Slip("rounded down", _with("rounding", FLOOR, FLOOR)),
    Slip("without the padding", _without("padding", 0)),
    Slip("without the stride", _without("stride", 1)),
    Slip("without the dilation", _without("dilation", 1)),
    Slip("without the groups", _without("groups", 1)),
)


class Slipped(NamedTuple):
    """A network with a slip, and what was done to it."""

    said: str
    network: Network


def slipped(problem: Problem, network: Network) -> Iterator[Slipped]:
    """The network with each slip: in all its layers, and in each that it makes a difference to.

    A slip with which the layers no longer fit is left out.
    """
    for slip in SLIPS:
        touched: dict[int, Mapping[str, OptionValue]] = {}
        for layer in network.layers:
            # with the options that the conventions decide
            options = slip.change(layer.spec._replace(options=layer.options))
            if options is not None:
                touched[layer.number] = options
        if touched:
            yield from _built(problem, slip.said, touched)
        if 1 < len(touched) <= MOST_LAYERS:
            for number, each in touched.items():
                said = f"{network.layers[number].name} {slip.said}"
                yield from _built(problem, said, {number: each})
    channels = network.input[0]
    if len(network.input) == 3 and channels in {1, 3}:  # noqa: PLR2004  (a picture, grey or coloured)
        other = 4 - channels

        def recoloured(written: Unmeasured) -> Unmeasured:
            return written._replace(size=(other, *written.size[1:]))

        said = f"with {other} input channel{'s' * (other > 1)}"
        try:
            yield Slipped(said, measured(problem, recoloured))
        except (InputError, InputErrors):
            return


def _built(
    problem: Problem, said: str, options: Mapping[int, Mapping[str, OptionValue]]
) -> Iterator[Slipped]:
    """The network whose layers with these numbers have these options."""

    def changed(written: Unmeasured) -> Unmeasured:
        specs = [
            spec._replace(options=options.get(number, spec.options))
            for number, spec in enumerate(written.specs)
        ]
        return written._replace(specs=tuple(specs))

    try:
        yield Slipped(said, measured(problem, changed))
    except (InputError, InputErrors):
        return
