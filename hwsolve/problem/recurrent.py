"""`kind: recurrent`: its read-out, sequences of characters and words, and its body."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from hwsolve.problem.model import Given, ReadOut, Recurrent, Written
from hwsolve.problem.names import normal, why_not
from hwsolve.problem.nodes import Map, Node, Scalar, Seq, is_empty, what
from hwsolve.problem.source import clip, near

if TYPE_CHECKING:
    from hwsolve.problem.bodies import Parsed
    from hwsolve.problem.fields import Field
    from hwsolve.problem.source import Source

_OPTIONS: Final = ("activation", "concatenated", "reset", "update", "merge")
_INPUTS: Final = ("x", "X")
_TARGETS: Final = ("y", "t", "Y", "T")
# How people call the weights and the bias of the output, the first one given is meant.
_WEIGHTS: Final = (
    "V", "Why", "W_hy", "Wyh", "W_yh", "Wy", "W_y", "W_out", "Wout", "Who", "W_ho", "Woh",
)  # fmt: skip
_BIASES: Final = ("by", "b_y", "c", "b_out", "bout", "bo", "b_o")
# A loss by its name, and no formula.
_NAME: Final = re.compile(r"[\w\s-]+")
_KEYS: Final = ("W", "b", "activation", "at")
_AT: Final = ("each", "last")


def read_output(source: Source, field: Field, node: Node) -> dict[str, Written] | None:
    """The read-out as written: a mapping, or only its activation."""
    hint = f"for example {field.name}: {field.example}"
    if isinstance(node, Scalar):
        return {"activation": source.written(node)}
    if not isinstance(node, Map):
        source.fail(node, f"'{field.name}' takes a mapping, not {what(node)}", hint)
        return None
    found = {"": Written("", source.place(node))}
    for name, (key, value) in node.entries.items():
        if name not in _KEYS:
            likely = near(name, _KEYS) or f"known are {', '.join(_KEYS)}"
            source.fail(key, f"unknown key '{clip(name)}' in '{field.name}'", likely)
        elif not isinstance(value, Scalar) or is_empty(value):
            source.fail(key, f"'{name}' takes a word", hint)
        elif name == "at" and value.text.strip() not in _AT:
            source.fail(value, f"'at' cannot be '{clip(value.text)}'", f"it is {' or '.join(_AT)}")
        else:
            found[name] = source.written(value)
    return found


def read_vocabulary(source: Source, field: Field, node: Node) -> tuple[str, ...] | int | None:
    """The symbols of a text in order: a list, a word of characters, or only their number."""
    if isinstance(node, Seq) and all(isinstance(item, Scalar) for item in node.items):
        words = [item.text for item in node.items if isinstance(item, Scalar)]
    elif isinstance(node, Scalar) and node.text.strip().isdigit() and not node.style:
        return int(node.text)
    elif isinstance(node, Scalar) and node.text:
        words = node.text.split() if " " in node.text.strip() else [*node.text.strip()]
    else:
        hint = f"for example {field.name}: {field.example}"
        source.fail(node, f"'{field.name}' takes a list of symbols, not {what(node)}", hint)
        return None
    twice = next((word for word in words if words.count(word) > 1), None)
    if twice is not None:
        source.fail(node, f"'{clip(twice)}' stands twice in '{field.name}'", "write each once")
        return None
    return tuple(words)


def recurrent(parsed: Parsed) -> Recurrent:
    """A cell, its options as written, its output and loss."""
    values = parsed.values
    given: dict[str, Given] = dict(values.get("given") or {})
    vocabulary = values.get("vocabulary")
    name = _sequence(parsed, given, vocabulary, "input", _INPUTS)
    # Without a text, a target is looked for among the given values.
    target = _sequence(parsed, given, vocabulary, "target", _TARGETS)
    values["given"] = given
    output = _output(parsed, given)
    get = values.get
    return Recurrent(
        get("cell") or "",
        name or "x",
        {key: values[key] for key in _OPTIONS if get(key) is not None},
        get("equations") or (),
        get("layers") or 0,
        get("bidirectional"),
        get("examples") or "",
        get("batch_first") or False,
        output,
        target,
        get("loss"),
        get("truncate") or 0,
        get("feed"),
        get("steps") or 0,
    )


def _sequence(
    parsed: Parsed,
    given: dict[str, Given],
    vocabulary: tuple[str, ...] | int | None,
    key: str,
    usual: tuple[str, ...],
) -> str | None:
    """The name of the input or the target; a text becomes a given value of 0s and 1s."""
    source = parsed.source
    stated: Written | None = parsed.values.get(key)
    if stated is None:
        found = [name for name in usual if name in given or f"{name}1" in given]
        if key == "target":
            return found[0] if found and parsed.values.get("loss") else None
        if len(found) != 1:
            message = "both 'x' and 'X' are given" if found else "no input is given"
            hint = "write 'input: x' or 'input: X'" if found else "give x, or write 'input: name'"
            if key not in parsed.values:
                source.fail(parsed.node, message, hint)
            return None
        return _counted(source, given, vocabulary, found[0])
    name = normal(stated.text)
    if name is not None and (name in given or f"{name}1" in given):
        return _counted(source, given, vocabulary, name)
    if isinstance(vocabulary, tuple):
        return _spelled(source, given, vocabulary, stated, usual[0])
    if name is None:
        message = f"'{key}' takes the name of a given value, not '{clip(stated.text)}'"
        hint = f"{why_not(stated.text)}; a text needs a vocabulary"
        source.fail(stated.origin, message, hint)
    else:
        hint = near(name, given) or "write it under 'given'"
        source.fail(stated.origin, f"'{clip(name)}' is not given", hint)
    return None


def _spelled(
    source: Source,
    given: dict[str, Given],
    vocabulary: tuple[str, ...],
    text: Written,
    name: str,
) -> str | None:
    """A text as rows of 0s and one 1, under the usual name of an input or target."""
    by_word = " " in text.text.strip() or text.text.strip() in vocabulary
    words = text.text.split() if by_word else [*text.text.strip()]
    unknown = next((word for word in words if word not in vocabulary), None)
    if unknown is not None:
        hint = near(unknown, vocabulary) or f"known are {', '.join(vocabulary)}"
        source.fail(text.origin, f"'{clip(unknown)}' is not in the vocabulary", hint)
        return None
    if name in given:
        source.fail(
            text.origin,
            f"this text would be called '{name}', but that name is given already",
            "rename the given value",
        )
        return None
    rows: Any = [[int(word == each) for each in vocabulary] for word in words]
    given[name] = Given(name, rows, text.origin)
    return name


def _counted(
    source: Source,
    given: dict[str, Given],
    vocabulary: tuple[str, ...] | int | None,
    name: str,
) -> str:
    """A given value, with 0s and one 1 for each number of a symbol."""
    value = given.get(name)
    if vocabulary is None or value is None or value.value is None:
        return name
    count = vocabulary if isinstance(vocabulary, int) else len(vocabulary)
    if _is_one_hot(value.value, count) or not _is_whole(value.value):
        return name
    rows = _rows(value.value, count)
    if rows is None:
        source.fail(
            value.place,
            f"{name} holds something that is no number of a symbol",
            f"the {count} symbols have the numbers 0 to {count - 1}",
        )
        return name
    given[name] = value._replace(value=rows)
    return name


def _is_one_hot(value: Any, count: int) -> bool:
    while isinstance(value, list):
        if not isinstance(value[0], list):
            return len(value) == count and sorted(value) == [0] * (count - 1) + [1]
        value = value[0]
    return False


def _is_whole(value: Any) -> bool:
    """Whether all entries are whole numbers: vectors of an embedding stay as they are."""
    if isinstance(value, list):
        return all(map(_is_whole, value))
    return bool(value == int(value))


def _rows(value: Any, count: int) -> Any:
    if isinstance(value, list):
        rows = [_rows(entry, count) for entry in value]
        return None if None in rows else rows
    if value != int(value) or not 0 <= value < count:
        return None
    return [int(number == value) for number in range(count)]


def _output(parsed: Parsed, given: dict[str, Given]) -> ReadOut | None:
    """The read-out with the weights that are given, or under their usual names."""
    written: dict[str, Written] | None = parsed.values.get("output")
    loss: Written | None = parsed.values.get("loss")
    if written is None and loss is not None and _NAME.fullmatch(loss.text.rpartition("=")[2]):
        # a loss by name compares the output, which is then linear
        written = {"": Written("", loss.origin)}
    if written is None:
        return None
    source = parsed.source
    place = next(iter(written.values())).origin
    found: dict[str, str | None] = {}
    for key, usual in (("W", _WEIGHTS), ("b", _BIASES)):
        stated = written.get(key)
        if stated is None:
            found[key] = next((name for name in usual if name in given), None)
            continue
        name = normal(stated.text)
        if name not in given:
            hint = near(stated.text, given) or "write it under 'given'"
            source.fail(stated.origin, f"'{clip(stated.text)}' is not given", hint)
            name = None
        found[key] = name
    activation = written.get("activation")
    at = written.get("at")
    if found["W"] is None:
        # a bias of its own belongs to weights; one that is called c may be anything
        found["b"] = found["b"] if "b" in written else None
    return ReadOut(
        found["W"] or "",
        found["b"],
        activation.text.strip() if activation else "linear",
        at.text.strip() if at else "",
        place,
    )
