"""A count kept by hand: one is added for each operation of a layer that is really gone through."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from hwsolve.nets.layer import OptionValue
    from hwsolve.nets.sizes import Size

Counter: TypeAlias = "Callable[[Mapping[str, OptionValue], Sequence[Size], int], Recount | None]"
KINDS = (
    "multiplications", "additions", "comparisons", "divisions", "exponentials", "roots",
    "logarithms", "macs",
)  # fmt: skip


class Recount(NamedTuple):
    """The output size and the counts of a layer; `looped` when every operation was run."""

    output: Size
    counts: dict[str, int]
    looped: bool


class Matrix(NamedTuple):
    """A matrix of weights: its shape, how often one like it is applied, and how many there are.

    `biases` is the number of bias vectors beside each.
    """

    rows: int
    columns: int
    times: int
    biases: int = 0
    copies: int = 1


def by_shapes(output: Size, matrices: Sequence[Matrix], products: int | None = 0) -> Recount:
    """Parameters and MACs from the shapes of the weights alone, for what is too large to run.

    `products` are MACs without weights; None where they have to be counted one by one.
    """
    counts = {
        "weights": sum(each.copies * each.rows * each.columns for each in matrices),
        "biases": sum(each.copies * each.biases * each.rows for each in matrices),
    }
    if products is not None:
        applied = sum(each.times * each.rows * each.columns for each in matrices)
        counts["macs"] = applied + products
    return Recount(output, counts, looped=False)


class Tally:
    """The operations so far, and the different weights, biases and running values used."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(KINDS, 0)
        self.weights: set[Hashable] = set()
        self.biases: set[Hashable] = set()

    def do(self, kind: str, times: int = 1) -> None:
        """Note an operation."""
        self.counts[kind] += times

    def neuron(self, weights: Iterable[Hashable], biases: Iterable[Hashable] = ()) -> None:
        """A weighted sum: a product for each weight, an addition for each term but the first."""
        terms = 0
        for weight in weights:
            self.weights.add(weight)
            self.do("multiplications")
            self.do("macs")
            if terms:
                self.do("additions")
            terms += 1
        for bias in biases:
            self.biases.add(bias)
            if terms:
                self.do("additions")
            terms += 1

    def products(self, terms: int) -> None:
        """A sum of products of two values each."""
        for term in range(terms):
            self.do("multiplications")
            self.do("macs")
            if term:
                self.do("additions")

    def total(self, terms: int) -> None:
        """A sum of so many values."""
        for term in range(terms):
            if term:
                self.do("additions")

    def sigmoid(self) -> None:
        """1/(1 + exp(-x))."""
        self.do("exponentials")
        self.do("additions")
        self.do("divisions")

    def tanh(self) -> None:
        """1 - 2/(exp(2x) + 1)."""
        self.do("multiplications")
        self.do("exponentials")
        self.do("additions", 2)
        self.do("divisions")

    def activation(self, name: str) -> None:
        """One of the activations that a gate or a feed-forward layer has."""
        if name == "relu":
            self.do("comparisons")
        elif name in {"sigmoid", "silu"}:
            self.sigmoid()
        elif name == "tanh":
            self.tanh()
        elif name == "gelu":
            # x/(1 + exp(-x (a + b x x)))
            self.do("multiplications", 3)
            self.do("additions", 2)
            self.do("exponentials")
            self.do("divisions")

    def softmax(self, values: int) -> None:
        """exp(x_i)/sum_k exp(x_k) over so many values."""
        for _ in range(values):
            self.do("exponentials")
            self.do("divisions")
        self.total(values)

    def recount(self, output: Size, **more: int) -> Recount:
        """What was counted: parameters, operations, and what else is given by name."""
        counts = {"weights": len(self.weights), "biases": len(self.biases), **self.counts, **more}
        return Recount(output, counts, looped=True)
