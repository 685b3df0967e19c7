"""The convention ledger: one network counted under every convention, each sum written out."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from hwsolve.nets.layer import OPERATIONS
from hwsolve.nets.tools import BIAS, MAC, TOOLS, Part, Total, counted_by

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hwsolve.nets.network import Layer, Network

    Counting = Callable[[Network, Sequence[Layer]], Total]


class Convention(NamedTuple):
    """A way to count the work of a network.

    Attributes:
        name: the word by which a problem asks for it.
        title: what the ledger calls it.
        word: what the number is called under this convention.
        rule: what is added up.
        counting: the sum over some layers of a network, with its summands.
    """

    name: str
    title: str
    word: str
    rule: str
    counting: Counting


def _macs(times: int, *, biases: bool, layers: Sequence[Layer]) -> Total:
    parts = [Part(MAC, times, sum(layer.counts["macs"] for layer in layers))]
    if biases:
        added = sum(layer.counts["bias_additions"] for layer in layers if layer.counts["macs"])
        parts.append(Part(BIAS, 1, added))
    return Total(tuple(parts))


def _operations(kinds: Sequence[str], *, biases: bool, layers: Sequence[Layer]) -> Total:
    """The operations of these kinds; without biases the additions of them are left out."""
    unknown = [layer.name for layer in layers if layer.rule.operations is None]
    if unknown:
        return Total((), tuple(unknown))
    parts = [Part(kind, 1, sum(layer.counts[kind] for layer in layers)) for kind in kinds]
    if not biases:
        added = sum(layer.counts["bias_additions"] for layer in layers)
        parts.append(Part("additions of biases", -1, added))
    return Total(tuple([part for part in parts if part.amount]))


def _by_macs(times: int, *, biases: bool = False) -> Counting:
    return lambda _, layers: _macs(times, biases=biases, layers=layers)


def _by_operations(*kinds: str, biases: bool = True) -> Counting:
    return lambda _, layers: _operations(kinds, biases=biases, layers=layers)


_SUMS = ("multiplications", "additions")
_USUAL = (*_SUMS, "comparisons")
TEXTBOOK = "macs"
CONVENTIONS: tuple[Convention, ...] = (
    Convention(TEXTBOOK, "textbook MACs", "MACs", "a weight times an input, added up",
               _by_macs(1)),
    Convention("macs_with_bias", "MACs and biases", "MACs", "and one for each output with a bias",
               _by_macs(1, biases=True)),
    Convention("two_macs", "2 per MAC", "FLOPs", "a multiplication and an addition each",
               _by_macs(2)),
    Convention("sums", "products and sums", "FLOPs", "every multiplication and addition",
               _by_operations(*_SUMS)),
    Convention("sums_without_bias", "products, sums, no bias", "FLOPs",
               "n - 1 additions for n products", _by_operations(*_SUMS, biases=False)),
    Convention("usual", "products, sums, comparisons", "FLOPs",
               "and n - 1 for a maximum of n values",
               _by_operations(*_USUAL)),
    Convention("usual_without_bias", "the same, no bias", "FLOPs",
               "the same without the additions of biases", _by_operations(*_USUAL, biases=False)),
    Convention("all_operations", "every operation", "FLOPs",
               "and divisions, exponentials, roots, logarithms", _by_operations(*OPERATIONS)),
    *(
        Convention(tool.name, tool.title, tool.word, tool.rule, partial(counted_by, tool))
        for tool in TOOLS
    ),
)  # fmt: skip
BY_CONVENTION = {convention.name: convention for convention in CONVENTIONS}


class Entry(NamedTuple):
    """A line of the ledger."""

    convention: Convention
    total: Total


def ledger(network: Network, layers: Sequence[Layer] | None = None) -> tuple[Entry, ...]:
    """A network, or some of its layers, under every convention."""
    chosen = network.layers if layers is None else layers
    return tuple(
        [Entry(convention, convention.counting(network, chosen)) for convention in CONVENTIONS]
    )
