"""Layers as written, for `kind: network` and `kind: cnn`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hwsolve.problem.equations import read_names, split_names
from hwsolve.problem.fields import DENSE_LAYER, LAYER_WORDS, Field
from hwsolve.problem.model import Given, LayerEntry, Written
from hwsolve.problem.names import normal, why_not
from hwsolve.problem.nodes import Map, Node, Scalar, Seq, is_empty, what
from hwsolve.problem.source import clip, near
from hwsolve.problem.values import number, read_given

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hwsolve.errors import Place
    from hwsolve.problem.source import Source


# Of a side of a size: larger than any image, and quick to count with.
_MOST_DIGITS: Final = 18
_IGNORED: Final = {ord(character): None for character in "-_ "}


class DenseEntry(NamedTuple):
    """A layer of `kind: network` as written.

    Weights and bias are the name of a given value, or a value of their own.
    """

    weights: Written | Given
    bias: Written | Given | None
    activation: str
    name: str
    place: Place


def read_dense_layers(source: Source, field: Field, node: Node) -> tuple[DenseEntry, ...]:
    """The layers of `kind: network`; what is wrong is noted in the source."""
    layers = []
    for count, item in enumerate(_items(source, field, node), start=1):
        layer = _dense(source, item, count)
        if layer is not None:
            layers.append(layer)
    return tuple(layers)


def _items(source: Source, field: Field, node: Node) -> Iterator[Node]:
    if not isinstance(node, Seq):
        source.fail(
            node, f"'{field.name}' takes a list, not {what(node)}", "write '- ' before each layer"
        )
        return
    if not node.items:
        source.fail(node, f"'{field.name}' is empty", f"for example {field.name}: {field.example}")
    yield from node.items


def _dense(source: Source, node: Node, count: int) -> DenseEntry | None:
    hint = "for example {W: W1, b: b1, activation: sigmoid}"
    if not isinstance(node, Map):
        source.fail(node, f"a layer of a network is a mapping, not {what(node)}", hint)
        return None
    known = [field.name for field in DENSE_LAYER]
    for name, (key, value) in node.entries.items():
        if name not in known:
            likely = near(name, known) or f"a layer has {', '.join(known)}"
            source.fail(key, f"unknown key '{clip(name)}' in a layer", likely)
        elif is_empty(value):
            source.fail(key, f"'{name}' has no value", "write one, or remove the key")
    if "W" not in node.entries:
        source.fail(node, f"layer {count} has no weights", hint)
        return None
    weights = _parameter(source, node, "W", count)
    bias = _parameter(source, node, "b", count)
    activation = _word(source, node, "activation") or "linear"
    name = _word(source, node, "name")
    if weights is None:
        return None
    return DenseEntry(weights, bias, activation, name, source.place(node))


def _parameter(source: Source, layer: Map, key: str, count: int) -> Written | Given | None:
    entry = layer.entries.get(key)
    if entry is None or is_empty(entry[1]):
        return None
    value = entry[1]
    if isinstance(value, Scalar):
        name = normal(value.text)
        if name is not None:
            return source.written(value)._replace(text=name)
    return read_given(source, f"{key}{count}", value)


def _word(source: Source, layer: Map, key: str) -> str:
    entry = layer.entries.get(key)
    if entry is None:
        return ""
    value = entry[1]
    if isinstance(value, Scalar):
        return value.text.strip()
    source.fail(value, f"'{key}' takes a word, not {what(value)}")
    return ""


def read_layers(source: Source, field: Field, node: Node) -> tuple[LayerEntry, ...]:
    """The layers of `kind: cnn` as written; their meaning is the layer table's."""
    layers: list[LayerEntry] = []
    lines: dict[str, int] = {}
    for item in _items(source, field, node):
        layer = _layer(source, item)
        if layer is None:
            continue
        if layer.name is None:
            pass
        elif layer.name in lines:
            first = lines[layer.name]
            message = f"two layers are called '{clip(layer.name)}', the first in line {first}"
            source.fail(layer.place, message, "give each its own name")
        else:
            lines[layer.name] = layer.place.line
        layers.append(layer)
    return tuple(layers)


def _layer(source: Source, node: Node) -> LayerEntry | None:
    place = source.place(node)
    if isinstance(node, Seq) or is_empty(node) or (isinstance(node, Map) and not node.entries):
        hint = "write it as 'conv 6 5x5' or 'C1: conv 6 5x5'"
        found = "nothing" if is_empty(node) else what(node)
        source.fail(node, f"a layer was expected, found {found}", hint)
        return None
    if isinstance(node, Scalar):
        return _line(source, node, place)
    name, (key, value) = next(iter(node.entries.items()))
    if is_empty(value) and len(node.entries) > 1 and not _is_kind(name):
        source.fail(
            key,
            f"the layer '{clip(name)}' has no value",
            f"indent the lines below '{clip(name)}:' further, or write '{clip(name)}: {{...}}'",
        )
        return None
    if len(node.entries) == 1 and _is_name(name, value):
        return _named(source, key, value)
    return _options(source, node, None, place)


def _line(source: Source, node: Scalar, place: Place) -> LayerEntry:
    """A layer in short form; in quotes its name may stand in front of it."""
    whole = source.written(node)
    before, colon, behind = whole.text.partition(": ")
    name = normal(before.strip()) if colon and behind.strip() else None
    if name is None:
        return LayerEntry(None, whole, {}, (), place)
    start = len(whole.text) - len(behind.lstrip())
    return LayerEntry(name, whole.part(start, len(whole.text.rstrip())), {}, (), place)


def _is_name(key: str, value: Node) -> bool:
    """Whether `key: value` is a layer with its name, and not a kind of layer with its argument."""
    if isinstance(value, Map) or not _is_kind(key):
        return True
    return isinstance(value, Scalar) and _is_kind((value.text.split() or [""])[0])


def _is_kind(word: str) -> bool:
    return word.lower().translate(_IGNORED) in LAYER_WORDS


def _named(source: Source, key: Scalar, value: Node) -> LayerEntry | None:
    place = source.place(key)
    if is_empty(value) or isinstance(value, Seq):
        found = "nothing" if is_empty(value) else "a list"
        message = f"the layer '{clip(key.text)}' is {found}"
        source.fail(key, message, f"write '{clip(key.text)}: conv 6 5x5'")
        return None
    name = _layer_name(source, key)
    if isinstance(value, Scalar):
        return LayerEntry(name, source.written(value), {}, (), place)
    return _options(source, value, name, place)


def _layer_name(source: Source, node: Scalar) -> str | None:
    name = normal(node.text)
    if name is None:
        source.fail(node, f"'{clip(node.text)}' cannot name a layer", why_not(node.text))
    return name


def _options(source: Source, node: Node, name: str | None, place: Place) -> LayerEntry | None:
    if not isinstance(node, Map):
        return None
    options: dict[str, Any] = {}
    sources: tuple[Written, ...] = ()
    for key, (where, value) in node.entries.items():
        if is_empty(value) and not _is_kind(key):
            source.fail(where, f"'{clip(key)}' has no value", "write one, or remove the key")
        elif is_empty(value):
            options[key] = None
        elif key == "from":
            sources = read_names(source, key, value)
        elif key == "name" and isinstance(value, Scalar) and name is None:
            name = _layer_name(source, value)
        else:
            options[key] = _option(source, key, value)
            if key in {"add", "concat"} and isinstance(value, Seq):
                sources = read_names(source, key, value)
    return LayerEntry(name, None, options, sources, place)


def _option(source: Source, key: str, node: Node) -> Any:
    """The texts of an option, in nested lists where it has lists."""
    if isinstance(node, Scalar):
        if node.style in {"'", '"'} and node.text and number(node.text) is not None:
            source.fail(node, f"the number {clip(node.text)} stands in quotes", "remove the quotes")
        return source.written(node)
    if isinstance(node, Seq):
        return [_option(source, key, item) for item in node.items]
    source.fail(node, f"the option '{clip(key)}' takes a value or a list, not a mapping")
    return []


def read_size(source: Source, field: Field, node: Node) -> Written | None:
    """A size as text: `1x32x32`, `30`; a list of numbers is a size too."""
    if isinstance(node, Map):
        example = f"for example {field.name}: {field.example}"
        source.fail(node, f"'{field.name}' takes a size, not a mapping", example)
        return None
    if isinstance(node, Seq):
        texts = [item.text if isinstance(item, Scalar) else "" for item in node.items]
        place = source.place(node)
        written = Written("x".join(texts), place)
    else:
        written = source.written(node)
    text = written.text.replace("×", "x").replace("X", "x").replace("*", "x").replace(" ", "")
    numbers = text.split("x")
    if not all(size.isascii() and size.isdigit() for size in numbers):
        message = f"'{field.name}' takes a size, not '{clip(written.text)}'"
        source.fail(node, message, f"write it as {field.example} or as a number of features")
    elif any(len(size) > _MOST_DIGITS for size in numbers):
        message = f"the size {clip(written.text)} is too large"
        source.fail(node, message, f"a side has at most {_MOST_DIGITS} digits")
    elif any(not int(size) for size in numbers):
        source.fail(node, f"the size {clip(written.text)} is empty", "sizes start at 1")
    breaks = written.breaks if len(text) == len(written.text) else ()
    return written._replace(text=text, breaks=breaks)


def read_paths(source: Source, field: Field, node: Node) -> dict[str, tuple[Written, ...]]:
    """Lists of layers by name; `A -> B` is a list too."""
    paths: dict[str, tuple[Written, ...]] = {}
    if not isinstance(node, Map):
        example = f"for example {field.name}: {field.example}"
        source.fail(node, f"'{field.name}' takes names with lists, not {what(node)}", example)
        return paths
    for text, (key, value) in node.entries.items():
        name = normal(text)
        if name is None:
            source.fail(key, f"'{clip(text)}' cannot name a path", why_not(text))
        elif is_empty(value):
            source.fail(key, f"the path '{clip(text)}' has no layers", f"write '{text}: [A, B]'")
        elif isinstance(value, Scalar):
            whole = source.written(value)
            arrows = whole.text.replace("->", " ,").replace("→", ",")
            paths[name] = tuple(split_names(whole._replace(text=arrows)))
            _check_names(source, name, value)
        elif _check_names(source, name, value):
            paths[name] = read_names(source, text, value)
    return paths


def _check_names(source: Source, name: str, node: Node) -> bool:
    """Refuse layers where a path names them."""
    for item in node.items if isinstance(node, Seq) else [node]:
        words = item.text.split() if isinstance(item, Scalar) else []
        is_layer = len(words) > 1 and _is_kind(words[0])
        if isinstance(item, Map) or is_layer:
            source.fail(
                item,
                f"the path '{clip(name)}' lists the names of layers, not layers",
                f"write them under 'layers' with names, such as 'A: conv 6 5x5', then {name}: [A]",
            )
            return False
    return True
