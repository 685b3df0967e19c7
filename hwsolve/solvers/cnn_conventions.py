"""The choices that influenced a count, each with what it means here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsolve.nets.counting import FLOPS
from hwsolve.nets.layer import OPERATIONS
from hwsolve.nets.options import FLOOR
from hwsolve.nets.recurrent_layers import bias_vectors
from hwsolve.nets.sizes import CHANNELS_LAST, Tokens
from hwsolve.problem.conventions import meaning as in_words
from hwsolve.solution import Convention
from hwsolve.solvers.cnn import OPERATION_WEIGHTS

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
    if len(size) > 1 and not isinstance(size, Tokens):
        sides = ("length", "height x width", "depth x height x width")[len(size) - 2]
        last = names.order == CHANNELS_LAST
        meaning = f"sizes are {sides} x channels" if last else f"sizes are channels x {sides}"
        yield Convention("size_order", names.order, meaning, _source(solved, "size_order"))
    if names.batch is not None:
        count, examples = names.batch
        axis = "last" if examples == "columns" else "first"
        meaning = f"the {count} examples are the {axis} axis; counts are for one example"
        yield Convention("examples", examples, meaning, _source(solved, "examples"))
    yield from _of_rounding(solved, users.get("rounding", []))


def _of_rounding(solved: Solved, users: list[Layer]) -> Iterable[Convention]:
    """How sizes are rounded, and where that was stated: convolutions always round down."""
    stated = solved.problem.conventions.get("rounding")
    by_choice: dict[tuple[str, str], list[Layer]] = {}
    for layer in users:
        way = layer.options.get("rounding", FLOOR)
        takes = "rounding" in layer.spec.row.options
        said = takes and (stated is not None or "rounding" in layer.spec.options)
        # what was stated for pooling may say of a convolution what holds for it anyway
        said = said or (stated is not None and stated.text == way)
        by_choice.setdefault((way, "problem" if said else "default"), []).append(layer)
    if stated is not None and all(way != stated.text for way, _ in by_choice) and by_choice:
        yield Convention(
            "rounding", stated.text,
            "stated for pooling layers; none of them needs it here", "problem",
        )  # fmt: skip
    for (way, source), layers in by_choice.items():
        down = "down" if way == FLOOR else "up"
        always = (
            stated is not None
            and stated.text != way
            and not any("rounding" in layer.spec.row.options for layer in layers)
        )
        sizes = f"convolutions always round {down}" if always else f"sizes are rounded {down}"
        meaning = f"where the stride does not divide, {sizes} ({_named(layers)})"
        yield Convention("rounding", way, meaning, source)


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
    if "biases" in users and (work or wanted & set(PARAMETERS)):
        by_number: dict[int, list[Layer]] = {}
        for layer in users["biases"]:
            by_number.setdefault(bias_vectors(layer.options), []).append(layer)
        for number, layers in by_number.items():
            words = ("no bias vector", "one bias vector", "two bias vectors")[number]
            source = "problem" if "biases" in layers[0].spec.options else _source(solved, "biases")
            yield Convention(
                "biases", ("no", "one", "two")[number], f"a gate has {words} ({_named(layers)})",
                source,
            )  # fmt: skip
    if "padding" in users and (work or "connections" in wanted):
        stated = solved.problem.conventions.get("padding")
        value = "counted" if stated is None else stated.text
        yield Convention("padding", value, in_words("padding", value), _source(solved, "padding"))
    if wanted & set(FLOPS):
        meaning = solved.flops.meaning + _left_out(solved)
        stated_weight = any(name in solved.problem.conventions for name in OPERATION_WEIGHTS)
        source = "problem" if stated_weight else _source(solved, "flops")
        yield Convention("flops", solved.flops.name, meaning, source)


def notes_of(solved: Solved, quantities: Sequence[str]) -> tuple[str, ...]:
    """What a reader has to know of how these quantities are counted, a sentence each."""
    users: dict[str, list[Layer]] = {}
    for layer in solved.network.layers:
        for name in layer.rule.conventions:
            users.setdefault(name, []).append(layer)
    wanted = set(quantities)
    notes = []
    if "same" in users:
        notes.append(
            f"Padding 'same' with a stride s follows TensorFlow: ceil(n/s) outputs "
            f"({_named(users['same'])})."
        )
    if "batchnorm" in users and wanted & set(WORK):
        notes.append("Batch normalisation in use is one multiplication and one addition a value.")
    if "macs" in wanted and "mac" in users:
        notes.append("A MAC is an input times a weight, added up; biases and pooling have none.")
    if "macs" in wanted and "scores" in users:
        notes.append("In attention the products of its scores and weighted sums are MACs too.")
    if "connections" in wanted:
        notes.append("A connection is a pair of a unit and an input; its bias is one of them.")
    if "units" in wanted:
        notes.append("Units are the outputs of convolutions, dense layers and subsampling.")
    return tuple(notes)


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
