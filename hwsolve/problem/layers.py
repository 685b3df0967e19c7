"""Layers as written, for `kind: network` and `kind: architecture`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hwsolve.errors import InputError
from hwsolve.problem.equations import read_names, split_names
from hwsolve.problem.fields import DENSE_LAYER, LAYER_WORDS, Field
from hwsolve.problem.model import Block, Given, LayerEntry, Written
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
# A size that is a letter: n, C_in, 2n. What it may be besides, the layer table says.
_LETTERS: Final = re.compile(r"[^\W\d_](\d{1,3}|_\w{1,8})?'?|\d+[^\W\d_]")
# The words of a sequence in a size, `10 tokens x 512 features`; the layer table reads them.
_SEQUENCE: Final = re.compile(
    r"(?<=\w)(tokens?|steps?|timesteps|words|patches|frames)(?=x|$)|(?<=\w)features?$",
    re.IGNORECASE,
)
# What a block is called, with its parameters: `unit(c, s=1)`.
_HEAD: Final = re.compile(r"([^\W\d]\w*)\s*(?:\(([^()]*)\))?")
_PARAMETER: Final = re.compile(r"[^\W\d]\w*")
# Keys of a group of layers, none of which can be the name of a layer.
_GROUP_KEYS: Final = frozenset({"layers", "block"})
# Layers that join others, which may stand behind their name as a list.
_JOINS: Final = frozenset({"add", "concat", "mul", "multiply"})
# What a layer of `kind: network` may have beside its weights: values, and words.
_VALUES: Final = ("gamma", "beta", "mean", "var", "dropout")
_WORDS: Final = ("bias", "from", "add", "norm", "eps", "keep")
_FOLDED: Final = ("folded", "folded last")
_NORMS: Final = ("batch", "layer", "rms")
_IGNORED: Final = {ord(character): None for character in "-_ "}


class DenseEntry(NamedTuple):
    """A layer of `kind: network` as written.

    Weights and bias are the name of a given value, or a value of their own.
    """

    weights: Written | Given | None
    bias: Written | Given | None
    activation: str
    name: str
    place: Place
    values: dict[str, Written | Given] = {}  # noqa: RUF012  (a NamedTuple's default, never written to)
    words: dict[str, Written] = {}  # noqa: RUF012  (likewise)


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
    if "W" not in node.entries and not set(node.entries) & {"activation", "add", "norm", "dropout"}:
        source.fail(node, f"layer {count} has no weights", hint)
        return None
    weights = _parameter(source, node, "W", count)
    bias = _parameter(source, node, "b", count)
    activation = _word(source, node, "activation") or "linear"
    name = _word(source, node, "name")
    if weights is None and "W" in node.entries:
        return None
    values = {key: _parameter(source, node, key, count) for key in _VALUES if key in node.entries}
    words = {key: _stated(source, node, key) for key in _WORDS if key in node.entries}
    return DenseEntry(
        weights,
        bias,
        activation,
        name,
        source.place(node),
        {key: value for key, value in values.items() if value is not None},
        {key: word for key, word in words.items() if word is not None},
    )


def _stated(source: Source, layer: Map, key: str) -> Written | None:
    """A word or a number of a layer, with its place."""
    value = layer.entries[key][1]
    text = _word(source, layer, key)
    if not text or not isinstance(value, Scalar):
        return None
    wrong = hint = ""
    if key == "norm" and text.lower() not in _NORMS:
        wrong = f"'norm' cannot be '{clip(text)}'"
        hint = near(text, _NORMS) or "it is batch, layer or rms"
    elif key == "bias" and text.lower() not in _FOLDED:
        wrong = f"'bias' cannot be '{clip(text)}'"
        hint = "it is folded or folded last; a bias of its own is b"
    elif key in {"eps", "keep"} and not _is_positive(text):
        wrong = f"'{key}' takes a number above 0, not '{clip(text)}'"
        hint = f"for example {key}: 0.8"
    if wrong:
        source.fail(value, wrong, hint)
        return None
    written = source.written(value)
    return written._replace(text=text.lower() if key in {"norm", "bias"} else text)


def _is_positive(text: str) -> bool:
    try:
        value = number(text)
    except InputError:
        return False
    return value is not None and value > 0


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
    """The layers of `kind: architecture` as written; their meaning is the layer table's."""
    return _entries(source, _items(source, field, node))


def read_blocks(source: Source, field: Field, node: Node) -> dict[str, Block]:
    """Lists of layers with names and parameters: `unit(c, s=1): [conv c 3x3 stride=s, relu]`."""
    blocks: dict[str, Block] = {}
    example = f"for example {field.name}: {field.example}"
    if not isinstance(node, Map):
        source.fail(node, f"'{field.name}' takes names with layers, not {what(node)}", example)
        return blocks
    for text, (key, value) in node.entries.items():
        head = _HEAD.fullmatch(text.strip())
        if head is None:
            hint = "write unit(c, s) or unit"
            if text.count("(") != text.count(")"):
                hint = f"{hint}; inside of {{...}} a name with a comma needs quotes"
            source.fail(key, f"'{clip(text)}' cannot name a block", hint)
            continue
        name = head[1]
        if _is_kind(name):
            source.fail(key, f"a block cannot be called '{clip(name)}'", "it is a kind of layer")
        elif name in blocks:
            source.fail(key, f"two blocks are called '{clip(name)}'", "give each its own name")
        elif not isinstance(value, Seq) or not value.items:
            found = "empty" if is_empty(value) or isinstance(value, Seq) else what(value)
            hint = "write '- ' before each of its layers"
            source.fail(key, f"the block '{clip(name)}' is {found}", hint)
        else:
            parameters = _parameters(source, key, head[2])
            layers = _entries(source, iter(value.items))
            blocks[name] = Block(name, parameters, layers, source.place(key))
    return blocks


def _parameters(
    source: Source, key: Scalar, text: str | None
) -> tuple[tuple[str, str | None], ...]:
    found: dict[str, str | None] = {}
    for part in (text or "").split(","):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not name and not equals and "," not in (text or ""):
            continue
        if not _PARAMETER.fullmatch(name) or name in {"x", "input"} or (equals and not value):
            hint = "a parameter is a word such as c or stride, with a default: s=1"
            source.fail(key, f"'{clip(part.strip())}' cannot be a parameter of a block", hint)
        elif name in found:
            source.fail(key, f"the parameter '{clip(name)}' stands there twice", "rename one")
        else:
            found[name] = value if equals else None
    return tuple(found.items())


def _entries(source: Source, items: Iterator[Node]) -> tuple[LayerEntry, ...]:
    layers: list[LayerEntry] = []
    lines: dict[str, int] = {}
    for item in items:
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
        return key not in _GROUP_KEYS or (key == "block" and isinstance(value, Seq))
    if isinstance(value, Seq):  # a list of layers with names, not the arguments of a layer
        return any(isinstance(item, Map) for item in value.items)
    return _is_kind((value.text.split() or [""])[0])


def _is_kind(word: str) -> bool:
    return word.lower().translate(_IGNORED) in LAYER_WORDS


def _named(source: Source, key: Scalar, value: Node) -> LayerEntry | None:
    place = source.place(key)
    if isinstance(value, Seq) and value.items:
        group = _entries(source, iter(value.items))
        return LayerEntry(_layer_name(source, key), None, {}, (), place, group)
    if is_empty(value) or isinstance(value, Seq):
        found = "nothing" if is_empty(value) else "an empty list"
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
    entry = LayerEntry(name, None, options, (), place)
    for key, (where, value) in node.entries.items():
        if is_empty(value) and not _is_kind(key):
            source.fail(where, f"'{clip(key)}' has no value", "write one, or remove the key")
        elif is_empty(value):
            options[key] = None
        elif key == "from":
            sources = read_names(source, key, value)
        elif key == "name" and isinstance(value, Scalar) and name is None:
            entry = entry._replace(name=_layer_name(source, value))
        elif (stated := _of_group(source, key, value)) is not None:
            entry = entry._replace(**stated)
        else:
            options[key] = _option(source, key, value)
            if key in _JOINS and isinstance(value, Seq):
                sources = read_names(source, key, value)
    if options and (entry.layers is not None or entry.text is not None):
        which = "group of layers" if entry.text is None else "block"
        first = next(iter(options))
        hint = "it has from, repeat and train_only"
        source.fail(node.entries[first][0], f"a {which} has no option '{clip(first)}'", hint)
        return None
    return entry._replace(sources=sources)


def _of_group(source: Source, key: str, value: Node) -> dict[str, Any] | None:
    """What a key says that a group of layers or a block may have, None for any other key."""
    if key == "layers" and isinstance(value, Seq) and value.items:
        return {"layers": _entries(source, iter(value.items))}
    if key == "block" and isinstance(value, Scalar):
        return {"text": source.written(value)}
    if key == "repeat":
        return {"repeat": _repeat(source, value)}
    return {"train_only": _train_only(source, value)} if key == "train_only" else None


def _repeat(source: Source, node: Node) -> int:
    text = node.text if isinstance(node, Scalar) else ""
    if text.isascii() and text.isdigit() and 0 < len(text) <= _MOST_DIGITS and int(text):
        return int(text)
    shown = f"'{clip(text)}'" if text else what(node)
    source.fail(node, f"'repeat' takes a whole number from 1, not {shown}", "such as repeat: 3")
    return 1


def _train_only(source: Source, node: Node) -> bool:
    text = node.text.lower() if isinstance(node, Scalar) else ""
    if text not in {"yes", "true", "no", "false"}:
        source.fail(node, "'train_only' is yes or no", "such as train_only: yes")
    return text in {"yes", "true"}


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
    """A size as text: `1x32x32`, `30`, `C x n x n`; a list of numbers is a size too."""
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
    sides = _SEQUENCE.sub("", text).split("x")
    numbers = [part for part in sides if not _LETTERS.fullmatch(part)]
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
