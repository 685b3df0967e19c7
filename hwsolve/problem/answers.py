"""Stated answers: numbers, fractions, lists of them, sizes, and words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hwsolve.errors import InputError
from hwsolve.problem.nodes import Map, Node, Seq, is_empty, what
from hwsolve.problem.source import clip
from hwsolve.problem.values import mixed_number, number

if TYPE_CHECKING:
    from collections.abc import Callable

    from hwsolve.problem.model import Stated, Written
    from hwsolve.problem.source import Source

# What a text is made of that was meant to be a number.
_NUMERIC: Final = frozenset("0123456789.,_%+-−eE' /")
_NO_NUMBER: Final = frozenset({"nan", "inf", "infinity", "∞"})


def read_answers(
    source: Source, node: Node, no_value: Callable[[str], str]
) -> tuple[dict[str, Stated], dict[str, Written]]:
    """The answers and their names, by the names as written.

    `no_value` is the hint for a name without an answer.
    """
    answers: dict[str, Stated] = {}
    names: dict[str, Written] = {}
    if not isinstance(node, Map):
        hint = "write 'z: 1.03', one answer in each line"
        if isinstance(node, Seq):
            hint = "remove the dashes: each line is 'name: answer'"
        source.fail(node, f"'answers' takes names with answers, not {what(node)}", hint)
        return answers, names
    for text, (key, value) in node.entries.items():
        name = source.written(key)
        if is_empty(value):
            source.fail(key, f"the answer '{clip(text)}' has no value", no_value(text))
        elif not text or not text.strip("0123456789.+- "):
            source.fail(key, f"'{clip(text)}' is not the name of an answer", "such as z or dz/dw0")
        else:
            try:
                answers[text] = _stated(source, value)
                names[text] = name
            except InputError as error:
                source.fail(error.place or value, error.message, error.hint)
    if not node.entries:
        source.fail(node, "'answers' is empty", "write 'z: 1.03', or remove the key")
    return answers, names


def _stated(source: Source, node: Node) -> Stated:
    if isinstance(node, Seq):
        if not node.items:
            raise InputError("an empty list cannot be an answer", source.place(node))
        return [_stated(source, item) for item in node.items]
    if isinstance(node, Map):
        hint = "an answer is a number, a list, a size or a word"
        raise InputError("a mapping cannot be an answer", source.place(node), hint)
    text = node.text.strip()
    if not text or is_empty(node):
        raise InputError("an answer is missing", source.place(node), "write a number or a word")
    try:
        spelled = _checked(text, quoted=bool(node.style))
    except InputError as error:
        error.place = source.place(node)
        raise
    written = source.written(node)
    return written._replace(text=spelled) if spelled else written


def _checked(text: str, *, quoted: bool) -> str:
    """Refuse what cannot be an answer; the usual spelling of a number or a size, or ""."""
    if text.lstrip("+-.−").lower() in _NO_NUMBER:
        raise InputError(f"'{clip(text)}' cannot be an answer", hint="write a finite number")
    if number(text) is not None:
        if quoted:
            raise InputError(f"the number {clip(text)} stands in quotes", hint="remove the quotes")
        return text.replace("−", "-")
    if text[0] in "0123456789":
        size = text.replace("×", "x").replace("X", "x").replace(" ", "")
        if "x" in size and size.replace("x", "").isdigit() and "xx" not in size and size[-1] != "x":
            return size
    if not quoted and _NUMERIC.issuperset(text) and any(letter.isdigit() for letter in text):
        raise InputError(f"'{clip(text)}' is not a number", hint=_instead(text))
    return ""


def _instead(text: str) -> str:
    if text.endswith("%"):
        return "write it as a decimal number: 0.62 for 62%"
    mixed = mixed_number(text)
    if mixed:
        return f"write {mixed[0]}"
    for separator in (",", "_", "'", " "):
        rest = text.split(separator)[1:]
        whole = text.replace(separator, "")
        if rest and all(len(piece) == 3 for piece in rest) and number(whole) is not None:  # noqa: PLR2004  (thousands)
            return f"write {whole}"
    with_point = text.replace(",", ".")
    if number(with_point) is not None:
        return f"write {with_point}"
    return "write it as 0.62, 1e-3 or 3/5"
