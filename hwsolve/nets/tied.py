"""Layers that share another's weights: whether that layer is there and has as many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsolve.errors import InputError, did_you_mean
from hwsolve.nets.sizes import shortened

if TYPE_CHECKING:
    from hwsolve.nets.network import Layer, Network


def check_tied(network: Network, errors: list[InputError]) -> None:
    """Note an error for each layer whose weights cannot be those that it says."""
    for layer in network.layers:
        name = layer.options.get("tied")
        if name is None:
            continue
        place = layer.spec.places.get("tied") or layer.spec.place
        other = network.by_name.get(name)
        if other is None or other is layer:
            hint = did_you_mean(name, tuple(network.by_name))
            message = f"{layer.name}: there is no other layer '{shortened(name)}' to share with"
            errors.append(InputError(message, place, hint))
        elif "tied" in other.options:
            message = f"{layer.name}: {name} has its weights from {other.options['tied']}"
            errors.append(InputError(message, place, f"share with {other.options['tied']}"))
        elif _shape(layer) != _shape(other):
            wanted, found = _shape(layer), _shape(other)
            message = f"{layer.name}: it needs {_shown(wanted)} weights, {name} has {_shown(found)}"
            errors.append(InputError(message, place))


def _shape(layer: Layer) -> tuple[int, int] | None:
    """Rows and columns of the matrix of a dense layer or an embedding; none for others."""
    sizes = layer.rule.sizes
    if layer.spec.row.name == "dense":
        return sizes["units"], sizes["inputs"]
    if layer.spec.row.name == "embedding":
        return sizes["vocabulary"], sizes["features"]
    return None


def _shown(shape: tuple[int, int] | None) -> str:
    return "no such" if shape is None else f"{shape[0]} x {shape[1]}"
