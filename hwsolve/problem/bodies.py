"""The bodies of the kinds: what was read of a problem, put together and cross-checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hwsolve.problem.model import (
    Body,
    Claim,
    Cnn,
    DenseLayer,
    Derivation,
    Functions,
    Given,
    Graph,
    LayerParts,
    Network,
    Optimizer,
    Recurrent,
    Written,
)
from hwsolve.problem.source import clip, near

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hwsolve.problem.layers import DenseEntry
    from hwsolve.problem.nodes import Map
    from hwsolve.problem.source import Source

_INPUTS: Final = ("x", "X")
_TARGETS: Final = ("y", "t", "Y", "T")
_LAYER_WORDS: Final = ("norm", "eps", "keep")
_OPTIONS: Final = ("activation", "concatenated", "reset", "update")


class Parsed(NamedTuple):
    """The values of a problem's keys, by key, and where the problem stands.

    A key whose value was refused may be there with None.
    """

    source: Source
    node: Map
    values: dict[str, Any]


def graph(parsed: Parsed) -> Graph:
    """Any equations."""
    get = parsed.values.get
    return Graph(get("equations") or (), get("assume") or (), get("shapes") or {})


def network(parsed: Parsed) -> Network:
    """Dense layers; weights that stand in a layer become given values."""
    source, values = parsed.source, parsed.values
    given: dict[str, Given] = dict(values.get("given") or {})
    values["given"] = given
    name = _input(parsed, given)
    target = _target(parsed, given)
    entries: tuple[DenseEntry, ...] = values.get("layers") or ()
    own = [
        value
        for entry in entries
        for value in (entry.weights, entry.bias, *entry.values.values())
        if isinstance(value, Given)
    ]
    for value in own:
        if value.name in given:
            source.fail(
                value.place,
                f"these values would be called '{value.name}', but that name is given already",
                f"write them under 'given' with another name, or use the given {value.name}",
            )
        given[value.name] = value
    folded = values.get("bias")
    layers = tuple(_dense_layer(source, entry, given, folded) for entry in entries)
    examples = values.get("examples") or _examples(parsed, given.get(name))
    equations = values.get("equations") or ()
    return Network(name, target, examples, layers, values.get("loss"), equations)


def _dense_layer(
    source: Source, entry: DenseEntry, given: Mapping[str, Given], all_folded: Written | None
) -> DenseLayer:
    def name(value: Written | Given | None) -> str:
        return "" if value is None else _known(source, value, given)

    get, word = entry.values.get, entry.words.get
    norm, eps, keep = (written.text if (written := word(key)) else "" for key in _LAYER_WORDS)
    parts = LayerParts(
        word("from"), word("add"), norm, name(get("gamma")), name(get("beta")),
        name(get("mean")), name(get("var")), eps, name(get("dropout")), keep,
    )  # fmt: skip
    bias = None if entry.bias is None else name(entry.bias)
    folded = word("bias") or (None if bias else all_folded)
    if folded is not None and bias:
        source.fail(folded.origin, "a folded bias is a part of W", f"remove b: {bias}")
    elif word("bias") is not None and entry.weights is None:
        source.fail(
            entry.place, "a folded bias is a part of W, which this layer has not", "write W"
        )
    where = "" if folded is None else folded.text.partition(" ")[2] or "first"
    weights = name(entry.weights)
    return DenseLayer(
        weights, bias, entry.activation, entry.name, entry.place, parts, where if weights else ""
    )


def _known(source: Source, value: Written | Given, given: Mapping[str, Given]) -> str:
    if isinstance(value, Given):
        return value.name
    _given_expected(source, value, given)
    return value.text


def _given_expected(source: Source, name: Written, given: Mapping[str, Given]) -> None:
    if name.text not in given:
        hint = near(name.text, given) or "write it under 'given'"
        source.fail(name.origin, f"'{clip(name.text)}' is not given", hint)


def _input(parsed: Parsed, given: Mapping[str, Given], first: str = "") -> str:
    """The name of the input; a value whose name ends with `first` is one as well."""
    stated: Written | None = parsed.values.get("input")
    if stated is not None:
        if not first or stated.text + first not in given:
            _given_expected(parsed.source, stated, given)
        return stated.text
    if "input" in parsed.values:
        return "x"
    found = [name for name in _INPUTS if name in given or (first and name + first in given)]
    if len(found) != 1:
        message = "both 'x' and 'X' are given" if found else "no input is given"
        hint = "write 'input: x' or 'input: X'" if found else "give x, or write 'input: name'"
        parsed.source.fail(parsed.node, message, hint)
        return "x"
    return found[0]


def _target(parsed: Parsed, given: Mapping[str, Given]) -> str | None:
    values = parsed.values
    stated: Written | None = values.get("target")
    if stated is not None:
        _given_expected(parsed.source, stated, given)
        return stated.text
    found = [name for name in _TARGETS if name in given]
    loss: Written | None = values.get("loss")
    if len(found) == 1:
        return found[0]
    # An equation says itself what it compares.
    if loss is not None and "=" not in loss.text and "target" not in values:
        both = " and ".join(f"'{name}'" for name in found)
        message = f"{both} are given" if found else f"the loss '{clip(loss.text)}' needs a target"
        hint = f"write 'target: {found[0]}'" if found else "give y or t, or write 'target: name'"
        parsed.source.fail(loss.origin, message, hint)
    return None


def _examples(parsed: Parsed, given: Given | None) -> str:
    if given is None:
        return "single"
    if given.formula is not None and not given.formula.text.startswith("["):
        parsed.source.fail(
            given.place,
            f"the shape of the input '{given.name}' is not known before it is computed",
            "write 'examples: single', 'examples: rows' or 'examples: columns'",
        )
    return examples_of(given)


def examples_of(given: Given) -> str:
    """What an input holds where nothing is said: a matrix one example in each row."""
    if given.formula is not None:
        return "rows" if given.formula.text.startswith("[[") else "single"
    value = given.value
    return "rows" if isinstance(value, list) and isinstance(value[0], list) else "single"


def recurrent(parsed: Parsed) -> Recurrent:
    """A cell, its options as written, its output and loss."""
    from hwsolve.problem.recurrent import recurrent as body

    return body(parsed)


def cnn(parsed: Parsed) -> Cnn:
    """Layers as written, from the size of the input on."""
    values = parsed.values
    size = values.get("input") or Written("", parsed.source.place(parsed.node))
    paths = values.get("paths") or {}
    blocks = values.get("blocks") or {}
    wanted = values.get("wanted") or ()
    return Cnn(size, values.get("layers") or (), paths, values.get("batch"), blocks, wanted)


def optimizer(parsed: Parsed) -> Optimizer:
    """An update rule, what it is applied to, and for how long."""
    from hwsolve.problem.optimizer import optimizer as body

    return body(parsed)


def derivation(parsed: Parsed) -> Derivation:
    """Lines, and what they rest on."""
    values = parsed.values
    show, lines = values.get("show") or (), values.get("lines") or ()
    if not show and not lines and not {"show", "lines"} & set(values):
        hint = "write 'show: left = right', or the lines"
        parsed.source.fail(parsed.node, "a derivation needs 'show' or 'lines'", hint)
    return Derivation(
        values.get("equations") or (),
        values.get("assume") or (),
        show,
        lines,
        values.get("shapes") or {},
    )


def claim(parsed: Parsed) -> Claim:
    """A statement, and what it rests on."""
    get = parsed.values.get
    options = {key: value for key in _OPTIONS if (value := get(key)) is not None}
    return Claim(
        get("equations") or (),
        get("cell") or "",
        options,
        get("claim") or (),
        get("when") or (),
        get("domain") or {},
        get("shapes") or {},
        get("witness") or (),
        get("for_every") or (),
        get("limit") or {},
        get("arithmetic") or "real",
    )


def functions(parsed: Parsed) -> Functions:
    """Functions of one variable."""
    return Functions(parsed.values.get("functions") or (), parsed.values.get("equations") or ())


# What makes the body of each kind.
BODIES: Final[Mapping[str, Callable[[Parsed], Body]]] = {
    "graph": graph,
    "network": network,
    "recurrent": recurrent,
    "architecture": cnn,
    "optimizer": optimizer,
    "derivation": derivation,
    "claim": claim,
    "functions": functions,
}
