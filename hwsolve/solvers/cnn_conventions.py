"""The choices that influenced a count, each with what it means here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsolve.nets.counting import FLOPS
from hwsolve.nets.layer import OPERATIONS
from hwsolve.nets.options import FLOOR
from hwsolve.nets.sizes import CHANNELS_LAST
from hwsolve.solution import Convention

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hwsolve.nets.network import Layer
    from hwsolve.solvers.cnn import Solved

MOST_NAMED = 5
PARAMETERS = ("params", "weights", "biases")
WORK = (*OPERATIONS, "macs", *FLOPS)


def conventions_of(solved: Solved, quantities: Sequence[str]) -> tuple[Convention, ...]:
    """The conventions that the sizes and these quantities depend on."""
    users: dict[str, list[Layer]] = {}
    for layer in solved.network.layers:
        for name in layer.rule.conventions:
            users.setdefault(name, []).append(layer)
    return (*_of_sizes(solved, users), *_of_counts(solved, users, set(quantities)))


def _source(solved: Solved, name: str) -> str:
    return "problem" if name in solved.problem.conventions else "default"


def _of_sizes(solved: Solved, users: dict[str, list[Layer]]) -> Iterable[Convention]:
    names, size = solved.names, solved.network.input
    if len(size) > 1:
        sides = "height x width" if len(size) == 3 else "length"  # noqa: PLR2004  (axes of a picture)
        last = names.order == CHANNELS_LAST
        meaning = f"sizes are {sides} x channels" if last else f"sizes are channels x {sides}"
        yield Convention("size_order", names.order, meaning, _source(solved, "size_order"))
    if names.batch is not None:
        count, examples = names.batch
        axis = "last" if examples == "columns" else "first"
        meaning = f"the {count} examples are the {axis} axis; counts are for one example"
        yield Convention("examples", examples, meaning, _source(solved, "examples"))
    if "rounding" in users:
        by_way: dict[str, list[Layer]] = {}
        for layer in users["rounding"]:
            by_way.setdefault(layer.options.get("rounding", FLOOR), []).append(layer)
        for way, layers in by_way.items():
            yield Convention(
                "rounding", way,
                f"where the stride does not divide, sizes are rounded "
                f"{'down' if way == FLOOR else 'up'} ({_named(layers)})",
                _source(solved, "rounding"),
            )  # fmt: skip
    if "same" in users:
        meaning = f"TensorFlow's rule for 'same' padding with a stride ({_named(users['same'])})"
        yield Convention("same", "ceil(n/s)", meaning)


def _of_counts(
    solved: Solved, users: dict[str, list[Layer]], wanted: set[str]
) -> Iterable[Convention]:
    work = wanted & set(WORK)
    if "bias" in users and (work or wanted & {*PARAMETERS, "connections"}):
        without = [layer for layer in users["bias"] if layer.options.get("bias") is False]
        which = "" if len(without) == len(users["bias"]) else f" in {_named(without)}"
        yield Convention(
            "bias", "no" if without else "yes",
            f"there is no bias{which}" if without else "biases are counted",
            _source(solved, "bias"),
        )  # fmt: skip
    if "padding" in users and (work or "connections" in wanted):
        yield Convention("padding", "counted", "a padded zero costs as much as any other input")
    if "batchnorm" in users and work:
        yield Convention(
            "batchnorm", "in use", "one multiplication and one addition a value, ready folded"
        )
    if "macs" in wanted and "mac" in users:
        yield Convention(
            "mac", "weights", "an input times a weight, added up; biases and pooling have none"
        )
    if wanted & set(FLOPS):
        meaning = solved.flops.meaning + _left_out(solved)
        yield Convention("flops", solved.flops.name, meaning, _source(solved, "flops"))
    if "connections" in wanted:
        yield Convention(
            "connections", "with bias", "pairs of a unit and an input; its bias is one of them"
        )
    if "units" in wanted:
        yield Convention(
            "units", "weighted sums", "outputs of convolutions, dense layers and subsampling"
        )


def _left_out(solved: Solved) -> str:
    """The operations that the network needs and that are no FLOPs under the convention."""
    weights = solved.flops.weights
    if "macs" in weights:
        return ""
    totals = {
        name: sum(layer.counts[name] for layer in solved.network.layers)
        for name in OPERATIONS
        if not weights.get(name)
        and all(layer.counts.known(name) for layer in solved.network.layers)
    }
    missing = [f"{count} {name}" for name, count in totals.items() if count]
    return f" (here not: {', '.join(missing)})" if missing else ""


def _named(layers: Sequence[Layer]) -> str:
    names = [layer.name for layer in layers[:MOST_NAMED]]
    more = len(layers) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")
