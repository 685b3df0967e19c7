"""What the text of a network says of its own layers, compared with what they read."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from hwsolve.errors import InputError, InputErrors
from hwsolve.nets.sizes import size_text
from hwsolve.solvers.measured import measured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.errors import Place
    from hwsolve.nets.network import Layer, Network
    from hwsolve.problem.model import Problem


def check_expected(problem: Problem, expected: Sequence[tuple[int, str, int, Place]]) -> None:
    """Compare the inputs that modules state with those that they get.

    Raises:
        InputError, InputErrors: a module would not run on what it gets, at its place.
    """
    if not expected:
        return
    network = measured(problem)
    errors = [
        error
        for number, what, stated, place in expected
        if (error := _mismatch(network, network.layers[number], what, stated, place)) is not None
    ]
    if errors:
        raise errors[0] if len(errors) == 1 else InputErrors(errors)


def _mismatch(
    network: Network, layer: Layer, what: str, stated: int, place: Place
) -> InputError | None:
    size = network.inputs(layer)[0]
    if what == "inputs" and len(size) > 1:
        hint = "put Flatten() in front of it"
        if size[1:].count(1) == len(size) - 1 and prod(size) == stated:
            hint = "the pooling before it leaves sides of 1: put Flatten() in front of it"
        return InputError(
            f"{layer.name} gets a map of {size_text(size)}: a Linear module would work along "
            "its last axis only",
            place, hint,
        )  # fmt: skip
    found = size[0]
    if found == stated:
        return None
    counted = what if stated != 1 else what.removesuffix("s")
    return InputError(
        f"{layer.name} states {stated} {counted} and gets {found}", place,
        "check the layers before it and the size of the input",
    )  # fmt: skip
