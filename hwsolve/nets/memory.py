"""Memory: how many values a network stores, for inference and for training, in bytes.

Counted are parameters, their gradients, what an optimizer remembers, and activations: the
outputs of the layers. A layer that only looks at its input in another way stores nothing.
"""

from __future__ import annotations

from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from hwsolve.nets.activations import ACTIVATIONS as ACTIVATIONS_OF_EACH
from hwsolve.nets.network import FROM_INPUT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hwsolve.nets.exact import Exact
    from hwsolve.nets.network import Layer, Network

UNITS: Mapping[str, int] = {
    "bytes": 1, "kB": 10**3, "KiB": 2**10, "MB": 10**6, "MiB": 2**20, "GB": 10**9, "GiB": 2**30,
}  # fmt: skip
DTYPES: Mapping[str, Exact] = {
    "float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "int8": 1, "int4": Fraction(1, 2),
}  # fmt: skip
# The values that an optimizer remembers for each parameter.
OPTIMIZERS: Mapping[str, int] = {"sgd": 0, "momentum": 1, "adam": 2}
# What is stored, with other words for it.
PARAMS, RUNNING, MODEL, GRADIENTS = "params", "running", "model", "gradients"
OPTIMIZER, ACTIVATIONS, PEAK = "optimizer", "activations", "peak"
TRAINING, INFERENCE = "training", "inference"
# The keys and values of attention that are kept while a text is written word by word.
KV_CACHE = "kv_cache"
# The model without the layers that only train.
DEPLOYED = "deployed"
_WORDS: Mapping[str, str] = {
    PARAMS: PARAMS, "parameters": PARAMS, "param": PARAMS, "parameter": PARAMS,
    RUNNING: RUNNING, MODEL: MODEL, "checkpoint": MODEL, "model_size": MODEL,
    GRADIENTS: GRADIENTS, "gradient": GRADIENTS,
    OPTIMIZER: OPTIMIZER, "optimizer_state": OPTIMIZER, "optimiser": OPTIMIZER,
    ACTIVATIONS: ACTIVATIONS, "activation": ACTIVATIONS, "features": ACTIVATIONS,
    KV_CACHE: KV_CACHE, "kv": KV_CACHE, DEPLOYED: DEPLOYED,
    PEAK: PEAK, "peak_activations": PEAK, TRAINING: TRAINING, INFERENCE: INFERENCE,
}  # fmt: skip
TITLES: Mapping[str, str] = {
    PARAMS: "parameters", RUNNING: "running values", MODEL: "model",
    GRADIENTS: "gradients", OPTIMIZER: "optimizer state", ACTIVATIONS: "activations",
    KV_CACHE: "KV cache", DEPLOYED: "model in use", PEAK: "activations at a time",
    TRAINING: "training", INFERENCE: "inference",
}  # fmt: skip
# Layers that look at their input in another way, and those that may write over it.
VIEWS = frozenset({"flatten", "identity", "tokens"})
OVERWRITING = frozenset({*ACTIVATIONS_OF_EACH, "dropout"})


class Memory(NamedTuple):
    """How memory is counted: bytes a value, what an optimizer keeps, the batch, in place or not."""

    dtype: str = "float32"
    optimizer: str = "adam"
    in_place: bool = False
    batch: int = 1

    @property
    def width(self) -> Exact:
        """The bytes of a value."""
        return DTYPES[self.dtype]

    @property
    def remembered(self) -> int:
        """The values that the optimizer remembers for each parameter."""
        return OPTIMIZERS[self.optimizer]


class Asked(NamedTuple):
    """A word that asks for memory: what is stored, and the unit."""

    what: str
    unit: str


def asked_memory(word: str) -> Asked | None:
    """What `activations_MiB` asks for; None for a word that asks for no memory."""
    if word.endswith("_memory"):
        what = _WORDS.get(word.removesuffix("_memory").lower())
        return None if what is None else Asked(what, "bytes")
    stem, _, unit = word.rpartition("_")
    what = _WORDS.get(stem.lower().removesuffix("_memory"))
    if what is None:
        return None
    if unit not in UNITS:
        unit = next((each for each in UNITS if each.lower() == unit.lower()), "")
    return Asked(what, unit) if unit else None


def kept(layer: Layer, memory: Memory) -> int:
    """The values of a layer's output that one example has to store."""
    name = layer.spec.row.name
    if name in VIEWS or (memory.in_place and name in OVERWRITING):
        return 0
    return prod(layer.output)


def stored(network: Network, layers: Sequence[Layer], what: str, memory: Memory) -> int:
    """The number of values of one sort that are stored, for the whole batch.

    `layers` are those that are asked about; what is needed at a time is asked of the
    whole network only.
    """
    if what in PARTS:
        return sum(stored(network, layers, part, memory) for part in PARTS[what])
    if what == ACTIVATIONS:
        values = sum(kept(layer, memory) for layer in layers)
    elif what == PEAK:
        values = most_at_a_time(network, memory)[0]
    elif what == KV_CACHE:
        values = sum(count * 2 * keys * width for count, keys, width in cached(layers))
    else:
        return _of_parameters(network, layers, what, memory)
    return memory.batch * values


def _of_parameters(network: Network, layers: Sequence[Layer], what: str, memory: Memory) -> int:
    """The values that are stored once, however many examples there are."""
    if what == DEPLOYED:
        layers = [layer for layer in layers if layer.number not in network.train_only]
    params = sum(layer.counts["params"] for layer in layers)
    running = sum(layer.counts["running"] for layer in layers)
    return {
        OPTIMIZER: memory.remembered * params, RUNNING: running,
        MODEL: params + running, DEPLOYED: params + running,
    }.get(what, params)  # fmt: skip


# What training and inference need.
PARTS: Mapping[str, tuple[str, ...]] = {
    TRAINING: (MODEL, GRADIENTS, OPTIMIZER, ACTIVATIONS),
    INFERENCE: (DEPLOYED, PEAK),
}


def cached(layers: Sequence[Layer]) -> list[tuple[int, int, int]]:
    """The attention layers that are alike: how many, their tokens, the width of their keys."""
    found: dict[tuple[int, int], int] = {}
    for layer in layers:
        if layer.spec.row.stem == "attention":
            sizes = layer.rule.sizes
            keys = sizes.get("keys", sizes["tokens"])
            width = sizes.get("kv_width", sizes.get("width", sizes["features"]))
            found[keys, width] = found.get((keys, width), 0) + 1
    return [(count, keys, width) for (keys, width), count in found.items()]


def most_at_a_time(network: Network, memory: Memory) -> tuple[int, Layer]:
    """The most values that inference needs at one time, and the layer that runs then.

    While a layer runs, its inputs, its output and whatever later layers still read are there.
    """
    layers = network.layers
    order = [number for number in network.order if number not in network.train_only]
    buffers: dict[int, int] = {FROM_INPUT: FROM_INPUT}
    readers: dict[int, int] = {}
    for number in order:
        for source in set(layers[number].sources):
            readers[source] = readers.get(source, 0) + 1
    sizes = {FROM_INPUT: prod(network.input)}
    last: dict[int, int] = {}
    for step, number in enumerate(order):
        layer = layers[number]
        for source in layer.sources:
            last[buffers[source]] = step
        source = layer.sources[0]
        shared = not kept(layer, memory) and readers[source] == 1
        shared = shared or layer.spec.row.name in VIEWS
        buffers[number] = buffers[source] if shared else number
        if not shared:
            sizes[number] = prod(layer.output)
        last[buffers[number]] = step
    ends: dict[int, list[int]] = {}
    for buffer, step in last.items():
        ends.setdefault(step, []).append(buffer)
    alive = most = sizes[FROM_INPUT]
    at = layers[order[0]]
    for step, number in enumerate(order):
        alive += sizes[number] if buffers[number] == number else 0
        if alive > most:
            most, at = alive, layers[number]
        alive -= sum(sizes[buffer] for buffer in ends.get(step, ()))
    return most, at
