"""Every count again by another way, and the receptive fields from the output back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsolve.errors import CertificateError
from hwsolve.nets.receptive_field import traced_back
from hwsolve.nets.recount import recount
from hwsolve.nets.sizes import size_text
from hwsolve.solution import Certificate
from hwsolve.solvers.cnn_names import FIELD, SIZE

if TYPE_CHECKING:
    from hwsolve.nets.counting import Counts
    from hwsolve.nets.network import Layer, Network
    from hwsolve.solvers.cnn_names import Names

# How many operations may be run one by one, for one layer and for a whole network.
LAYER_BUDGET, BUDGET = 60_000, 200_000
MOST_FIELDS = 50
MOST_NAMED = 8
LOOP = "a naive loop that counts every operation"
SHAPES = "the shapes of the weights and the range of window positions"
BACK = "following the first and the last row that an output sees back to the input"


def certify(network: Network, names: Names, *, thorough: bool) -> tuple[Certificate, ...]:
    """What was counted again, and how; only sizes and what was asked for if not `thorough`.

    Raises:
        CertificateError: the two ways disagree.
    """
    wanted = {asked.what for asked in names.used}
    only = None
    if not thorough:
        only = {"weights", "biases"} if wanted & {"params", "weights", "biases"} else set()
        if wanted - {"params", "weights", "biases", SIZE, FIELD}:
            only = None
    left = BUDGET if thorough else 0
    known: dict[Counts, Certificate | None] = {}
    shown: dict[str, list[str]] = {LOOP: [], SHAPES: []}
    compared = dict.fromkeys(shown, 0)
    for layer in network.layers:
        counts = layer.counts
        if counts not in known:
            certificate = known[counts] = _layer(network, layer, only, min(LAYER_BUDGET, left))
            if certificate is not None and certificate.method == LOOP:
                left -= counts["multiplications"] + counts["additions"] + counts["comparisons"]
        certificate = known[counts]
        if certificate is not None:
            shown[certificate.method].append(layer.name)
            compared[certificate.method] += certificate.trials
    certificates = [
        Certificate(_subject(layers, only), method, proved=True, trials=compared[method])
        for method, layers in shown.items()
        if layers
    ]
    if any(what == FIELD for what in wanted):
        field = _fields(network, names)
        if field is not None:
            certificates.append(field)
    return tuple(certificates)


def _subject(layers: list[str], only: set[str] | None) -> str:
    what = "sizes" if only == set() else "sizes and counts"
    if len(layers) > MOST_NAMED:
        return f"{what} of {len(layers)} layers"
    return f"{what} of {', '.join(layers)}"


def _layer(
    network: Network, layer: Layer, only: set[str] | None, budget: int
) -> Certificate | None:
    inputs = network.inputs(layer)
    again = recount(layer.spec.row.name, layer.options, inputs, budget)
    if again is None:
        return None
    if again.output != layer.output:
        raise CertificateError(
            f"no size for {layer.name}: its formula gives {size_text(layer.output)}, counting the "
            f"positions of its window gives {size_text(again.output)}"
        )
    compared = 1
    for quantity, count in again.counts.items():
        if only is not None and quantity not in only:
            continue
        if count != layer.counts[quantity]:
            raise CertificateError(
                f"no number of {quantity} for {layer.name}: its formula gives "
                f"{layer.counts[quantity]}, counting again gives {count}"
            )
        compared += 1
    return Certificate(layer.name, LOOP if again.looped else SHAPES, proved=True, trials=compared)


def _fields(network: Network, names: Names) -> Certificate | None:
    asked = {
        (owner if owner in names.paths else "", layer.name): layer
        for owner, what in names.used
        if what == FIELD
        for layer in names.layers_of(owner)[-1:]
    }
    compared = 0
    for (owner, name), layer in list(asked.items())[:MOST_FIELDS]:
        fields = names.fields(owner)[name]
        back = traced_back(network, layer, names.paths.get(owner))
        if isinstance(fields, str) or back is None:
            continue
        forward = tuple([field.size for field in fields])
        if forward != back:
            raise CertificateError(
                f"no receptive field for {name}: layer by layer it is {size_text(forward)}, "
                f"from the output back it is {size_text(back)}"
            )
        compared += 1
    if not compared:
        return None
    subject = "the receptive field" if compared == 1 else "the receptive fields"
    return Certificate(subject, BACK, proved=True, trials=compared)
