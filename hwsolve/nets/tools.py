"""What well-known counting tools make of each layer, as rows of a table.

The numbers were read off the tools' sources and compared with what the tools print, for
every kind of layer here on its own and for whole networks. A tool that has no entry for
a kind of layer is not known to count it in any particular way: then its total is not
known either, and nothing is put in its place.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hwsolve.nets.network import Layer, Network

# Rows of the layer table, and the kinds of layers that tools tell apart. Rows that are
# missing here are counted by no tool in a way that is known.
KINDS: Mapping[str, str] = {
    **dict.fromkeys(("conv", "conv1d", "conv2d", "conv3d", "depthwise", "pointwise"), "conv"),
    "dense": "dense",
    "batchnorm": "batchnorm", "layernorm": "layernorm", "groupnorm": "groupnorm",
    "maxpool": "maxpool", "avgpool": "avgpool",
    "globalavgpool": "adaptive", "adaptiveavgpool": "adaptive",
    "globalmaxpool": "adaptivemax", "adaptivemaxpool": "adaptivemax",
    "relu": "relu", "elu": "relu", "gelu": "relu",
    "leaky_relu": "leaky", "silu": "leaky",
    "prelu": "prelu", "relu6": "relu6", "softmax": "softmax",
    **dict.fromkeys(
        ("sigmoid", "tanh", "softplus", "identity", "hard_swish", "hard_tanh", "mish", "flatten",
         "dropout", "pixelshuffle", "add", "concat"), "free"
    ),
}  # fmt: skip
_Term = tuple[str, int]


class Tool(NamedTuple):
    """A counting tool, and so many times which terms it adds up for each kind of layer.

    Attributes:
        name: the word by which a problem asks for it.
        title: the tool with its version.
        word: what the tool calls the number.
        rule: its formula in words.
        terms: for each kind the terms, each with its factor.
    """

    name: str
    title: str
    word: str
    rule: str
    terms: Mapping[str, tuple[_Term, ...]]


class Part(NamedTuple):
    """A summand of a total: what it is, how often it is counted, and how much one is."""

    what: str
    times: int
    amount: int

    @property
    def value(self) -> int:
        """What it adds to the total."""
        return self.times * self.amount


class Total(NamedTuple):
    """A total with its summands, or the layers because of which it is not known."""

    parts: tuple[Part, ...]
    unknown: tuple[str, ...] = ()

    @property
    def value(self) -> int | None:
        """The sum; None where it is not known."""
        return None if self.unknown else sum(part.value for part in self.parts)


MAC, BIAS, INPUTS, OUTPUTS, PARAMS, LISTS = (
    "MACs", "biases", "inputs", "outputs", "parameters", "lists",
)  # fmt: skip


def _macs(layer: Layer, _network: Network) -> int:
    return layer.counts["macs"]


def _biased(layer: Layer, _network: Network) -> int:
    """The outputs that get a bias."""
    return prod(layer.output) if layer.counts["biases"] else 0


def _inputs(layer: Layer, network: Network) -> int:
    return sum(prod(size) for size in network.inputs(layer))


def _outputs(layer: Layer, _network: Network) -> int:
    return prod(layer.output)


def _params(layer: Layer, _network: Network) -> int:
    return layer.counts["params"]


def _lists(layer: Layer, _network: Network) -> int:
    """The lists that a softmax is taken over: one, or one for each place of a map."""
    return prod(layer.output[1:])


TERMS: Mapping[str, Callable[[Layer, Network], int]] = {
    MAC: _macs, BIAS: _biased, INPUTS: _inputs, OUTPUTS: _outputs, PARAMS: _params,
    LISTS: _lists,
}  # fmt: skip

_NOTHING = dict.fromkeys(sorted(set(KINDS.values())), ())
_MACS = {**_NOTHING, "conv": ((MAC, 1),), "dense": ((MAC, 1),)}
_BIASED = {"conv": ((MAC, 1), (BIAS, 1)), "dense": ((MAC, 1), (BIAS, 1))}
_ONE, _TWO = ((INPUTS, 1),), ((INPUTS, 2),)

TOOLS: tuple[Tool, ...] = (
    Tool(
        "fvcore", "fvcore 0.1.5", "flops", "MACs + 2 batch norm + global pooling's inputs",
        {**_MACS, "batchnorm": _TWO, "layernorm": ((INPUTS, 5),), "groupnorm": ((INPUTS, 5),),
         "adaptive": _ONE},
    ),
    Tool(
        "thop", "thop 0.1.1", "MACs",
        "MACs + 4 batch norm + global pooling's inputs and outputs + average pooling's outputs",
        {**_MACS, "batchnorm": ((INPUTS, 4),), "layernorm": ((INPUTS, 4),),
         "adaptive": ((INPUTS, 1), (OUTPUTS, 1)), "avgpool": ((OUTPUTS, 1),),
         "prelu": _ONE, "softmax": ((INPUTS, 3), (LISTS, -1))},
    ),
    Tool(
        "torchinfo", "torchinfo 1.8.0", "mult-adds",
        "MACs + biases + the parameters of normalisation",
        {**_NOTHING, **_BIASED, "batchnorm": ((PARAMS, 1),), "layernorm": ((PARAMS, 1),),
         "groupnorm": ((PARAMS, 1),), "prelu": ((PARAMS, 1),)},
    ),
    Tool(
        "ptflops_aten", "ptflops 0.7.5 aten", "MACs", "MACs + biases", {**_NOTHING, **_BIASED},
    ),
    Tool(
        "ptflops", "ptflops 0.7.5 pytorch", "MACs",
        "MACs + biases + 2 batch norm + 2 (ReLU + pooling): what is a module and calls a "
        "function is counted twice",
        {**_NOTHING, **_BIASED, "batchnorm": _TWO, "layernorm": _ONE, "groupnorm": _TWO,
         "maxpool": _TWO, "avgpool": _TWO, "adaptive": _TWO, "adaptivemax": _TWO,
         "relu": _TWO, "leaky": _ONE, "prelu": _TWO, "relu6": _ONE, "softmax": _ONE},
    ),
    Tool(
        "flop_counter", "torch.utils.flop_counter 2.13", "FLOPs", "2 MACs",
        {**_NOTHING, "conv": ((MAC, 2),), "dense": ((MAC, 2),)},
    ),
    Tool(
        "calflops", "calflops 0.3.2", "FLOPs",
        "2 MACs + convolutions' biases + ReLU + pooling + 2 batch norm",
        {**_NOTHING, "conv": ((MAC, 2), (BIAS, 1)), "dense": ((MAC, 2),), "batchnorm": _TWO,
         "layernorm": ((INPUTS, 5),), "groupnorm": ((INPUTS, 5),), "maxpool": _ONE,
         "avgpool": _ONE, "adaptive": _ONE, "adaptivemax": _ONE, "relu": _ONE, "leaky": _ONE,
         "prelu": _ONE, "softmax": _ONE},
    ),
)  # fmt: skip
BY_TOOL = {tool.name: tool for tool in TOOLS}
# Pooling whose result is a list or has another size on one axis than on two.
_FLAT_POOL = "adaptive"


def kind_of(layer: Layer, network: Network) -> str | None:
    """What tools take a layer for; None where that is not known."""
    kind = KINDS.get(layer.spec.row.name)
    if kind is None or "table" in layer.options:
        return None
    size = network.inputs(layer)[0]
    # of 1- and 3-dimensional maps only some tools count the mean
    return "" if kind == _FLAT_POOL and len(size) != 3 else kind  # noqa: PLR2004  (channels, height, width)


def counted_by(tool: Tool, network: Network, layers: Sequence[Layer]) -> Total:
    """What a tool would print for a network, or for some of its layers.

    Padding counts as any other value, as in all of these tools: the network must have
    been counted so.
    """
    found: dict[tuple[str, int], int] = {}
    unknown: dict[str, None] = {}
    for layer in layers:
        kind = kind_of(layer, network)
        if not kind or kind not in tool.terms:
            unknown[layer.name] = None
            continue
        for term, times in tool.terms[kind]:
            what = term if term in {MAC, BIAS} else f"{term} of {layer.spec.row.title}"
            found[what, times] = found.get((what, times), 0) + TERMS[term](layer, network)
    parts = [Part(what, times, amount) for (what, times), amount in found.items() if amount]
    return Total(tuple(parts), tuple(unknown))
