"""Readers of what a graph or a network may have beside its equations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hwsolve.problem.nodes import Map, Node, is_empty, what
from hwsolve.problem.source import clip
from hwsolve.problem.values import read_given

if TYPE_CHECKING:
    from hwsolve.problem.fields import Field
    from hwsolve.problem.model import Given, Stated
    from hwsolve.problem.source import Source


def read_amounts(source: Source, field: Field, node: Node) -> dict[str, Given]:
    """Values by name, entry (`h[1]`) or derivative (`dL/dh`), as written."""
    found: dict[str, Given] = {}
    if not isinstance(node, Map):
        hint = f"for example {field.name}: {field.example}"
        source.fail(node, f"'{field.name}' takes names with values, not {what(node)}", hint)
        return found
    for text, (key, value) in node.entries.items():
        if is_empty(value):
            hint = f"for example {field.name}: {field.example}"
            source.fail(key, f"'{clip(text)}' has no value", hint)
            continue
        given = read_given(source, text, value)
        if given is not None:
            found[text] = given._replace(place=source.place(key))
    return found


def read_options(source: Source, field: Field, node: Node) -> dict[str, Stated | dict[str, Stated]]:
    """The options of a question by label: a value, a list of values, or values by name."""
    from hwsolve.problem.answers import read_answers

    found: dict[str, Any] = {}
    if not isinstance(node, Map):
        hint = f"for example {field.name}: {field.example}"
        source.fail(node, f"'{field.name}' takes labels with values, not {what(node)}", hint)
        return found

    def no_value(text: str) -> str:
        return f"write '{clip(text)}: value'"

    plain = Map(node.start)
    plain.entries = {
        label: entry for label, entry in node.entries.items() if not isinstance(entry[1], Map)
    }
    if plain.entries:
        found.update(read_answers(source, plain, no_value)[0])
    for label, (_, value) in node.entries.items():
        if isinstance(value, Map):
            found[label] = read_answers(source, value, no_value)[0]
    return {label: found[label] for label in node.entries if label in found}
