"""Which arrays have their entries in the same order: what argmax and argmin do not see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from hwsolve.proofs.prover import Prover

# Functions that increase strictly, so that the order of the entries stays what it is.
INCREASING: Final = frozenset({
    "exp", "log", "log2", "log10", "sqrt", "erf", "sigmoid", "tanh", "softplus", "softmax",
    "log_softmax", "identity",
})  # fmt: skip


class Order(NamedTuple):
    """An array whose order another one has, turned round or not, and the nodes between."""

    base: int
    turned: bool
    through: tuple[int, ...]


def same_place(prover: Prover, left: int, right: int) -> tuple[Order, Order] | None:
    """Whether two argmax or argmin are the same: both arrays in the order of a third."""
    graph = prover.graph
    rows = graph.rows[left], graph.rows[right]
    if any(row is None or row.name not in {"argmax", "argmin"} for row in rows):
        return None
    one, other = (order_of(prover, graph.args[node][0]) for node in (left, right))
    ends = [
        (row.name == "argmin") != order.turned
        for row, order in zip(rows, (one, other), strict=True)
        if row is not None
    ]
    algebra = prover.reach.algebra
    same = (
        ends[0] == ends[1]
        and len(graph.shapes[one.base]) == 1
        and graph.shapes[one.base] == graph.shapes[other.base]
        and algebra.key(algebra.of(one.base)) == algebra.key(algebra.of(other.base))
    )
    return (one, other) if same else None


def order_of(prover: Prover, node: int) -> Order:
    """The array that a vector is made from by operations that keep or turn its order."""
    turned = False
    through: list[int] = []
    while True:
        step = _step(prover, node)
        if step is None:
            return Order(node, turned, tuple(through))
        through.append(node)
        node, turns = step
        turned = turned != turns


def _step(prover: Prover, node: int) -> tuple[int, bool] | None:  # noqa: PLR0911  (one case after the other)
    """The argument with the same order, and whether it is the other way round."""
    graph = prover.graph
    row, args = graph.rows[node], graph.args[node]
    if row is None or len(graph.shapes[node]) != 1:
        return None
    vectors = [arg for arg in args if graph.shapes[arg] == graph.shapes[node]]
    if len(vectors) != 1:
        return None
    vector = vectors[0]
    others = [arg for arg in args if arg != vector]
    if any(graph.shapes[other] for other in others):
        return None
    name = row.name
    if name in INCREASING:
        return vector, False
    if name == "neg":
        return vector, True
    if name == "add":
        return vector, False
    if name == "sub":
        return vector, vector != args[0]
    if name in {"mul", "div"} and (name == "mul" or vector == args[0]):
        signs = [prover.interval(other) for other in others]
        if all(sign.positive or sign.negative for sign in signs):
            return vector, sum(sign.negative for sign in signs) % 2 == 1
    return None
