"""Networks for tests: layers as texts in, counts out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hwsolve.nets.layer_text import read_layer
from hwsolve.nets.network import Network, build_network
from hwsolve.problem.reader import read_text
from hwsolve.solvers.cnn import solve_cnn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hwsolve.errors import Place
    from hwsolve.nets.layer import Spec


class Piece(NamedTuple):
    """A text without a place in a file."""

    text: str

    def place(self, at: int = 0) -> Place | None:
        del at
        return None


def spec(text: str, name: str | None = None, sources: tuple[str, ...] = ()) -> Spec:
    read = read_layer(Piece(text))
    return read._replace(name=name, sources=tuple((each, None) for each in sources) or read.sources)


def network(
    size: tuple[int, ...], *layers: str | Spec, defaults: Mapping[str, Any] | None = None
) -> Network:
    specs = [spec(layer) if isinstance(layer, str) else layer for layer in layers]
    return build_network(size, specs, defaults)


def total(net: Network, quantity: str) -> int:
    return sum(layer.counts[quantity] for layer in net.layers)


def answers(text: str) -> dict[str, Any]:
    """The answers of a problem of `kind: cnn`, by name."""
    solution = solve_cnn(read_text(f"kind: cnn\n{text}", "net.yaml"), document=False)
    return {answer.name: answer.value for answer in solution.answers}
