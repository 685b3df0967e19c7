"""Names with a number: `w3` is w after three steps, `yhat3_2` the prediction for example 2 there.

A number stands straight behind a name, and behind `_` where the name ends with a digit
itself (`w1_3`). In what is asked `w[3]` means the same for numbers; for a vector `w[3]` is an
entry, as everywhere.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from hwsolve.errors import EquationError
from hwsolve.expr.parser import normal_name
from hwsolve.expr.tokens import tokens
from hwsolve.problem.model import Written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hwsolve.expr.tokens import Token

_INNER = re.compile(r"[^\W\d][\w']*")
# Behind the name of a parameter or a quantity: its value after the last step.
NEWEST = ("_new", "'", "_final", "_end")


def numbered(stem: str, number: int, example: int | str | None = None) -> str:
    """A name with the number of a step, and perhaps of an example."""
    between = "_" if stem[-1:].isdigit() else ""
    behind = "" if example is None else f"_{example}"
    return f"{stem}{between}{number}{behind}"


class Mention(NamedTuple):
    """A quantity at a step as somebody writes it: `yhat3_2`."""

    stem: str
    number: int
    example: str | None = None


def mention(name: str, stems: Iterable[str]) -> Mention | None:
    """The quantity and the step that a name means, the longest stem first; None if it has none."""
    for stem in sorted(stems, key=len, reverse=True):
        if not name.startswith(stem) or name == stem:
            continue
        rest = name[len(stem) :]
        between = r"_" if stem[-1].isdigit() else r"_?"
        found = re.fullmatch(rf"{between}(\d{{1,6}})(?:_(\d{{1,6}}|all))?", rest)
        if found:
            return Mention(stem, int(found[1]), found[2])
    return None


def names_in(text: str) -> list[str]:
    """The names of a text, also those inside derivatives; [] where it cannot be read."""
    found: list[str] = []
    try:
        words = tokens(text)
    except EquationError:
        return found
    for word in words:
        if word.kind == "name":
            found.append(bare(word.text))
        elif word.kind == "deriv" and word.match is not None:
            for part in ("top", "bottom", "other"):
                if word.match[part]:
                    found.extend(map(normal_name, _INNER.findall(word.match[part])))
    return found


def bare(name: str) -> str:
    """A name as the tokens give it, without the sign of a transpose."""
    spelled = normal_name(name)
    while spelled.endswith(".T"):
        spelled = spelled[:-2]
    return spelled


def renamed(written: Written, names: Mapping[str, str]) -> Written:
    """A text with other names, each character with the place that it comes from."""
    return replaced(written, lambda words, at: _renamed_word(words[at], names))


def _renamed_word(word: Token, names: Mapping[str, str]) -> tuple[str, int] | None:
    if word.kind == "name":
        spelled = bare(word.text)
        new = names.get(spelled)
        if new is None:
            return None
        return new + normal_name(word.text)[len(spelled) :], 1
    if word.kind == "deriv":
        inner = inside_derivative(word, lambda name: names.get(name, name))
        return None if inner == word.text else (inner, 1)
    return None


def inside_derivative(word: Token, name_of: Callable[[str], str]) -> str:
    """The text of a derivative with other names in it."""
    match = word.match
    assert match is not None  # noqa: S101  (a derivative has its parts)
    start = match.start("deriv")
    text = match["deriv"]
    parts = [match.span(part) for part in ("top", "bottom", "other") if match[part]]
    for low, high in reversed(parts):
        old = text[low - start : high - start]
        new = _INNER.sub(lambda found: name_of(normal_name(found[0])), old)
        text = text[: low - start] + new + text[high - start :]
    return text


def replaced(
    written: Written, change: Callable[[list[Token], int], tuple[str, int] | None]
) -> Written:
    """A text with some of its words replaced.

    `change` gets all words and the position of one, and gives the new text and how many
    words it stands for, or None where the word stays.

    Raises:
        EquationError: for a text that has no words of the language.
    """
    text = written.text
    words = tokens(text)
    pieces: list[str] = []
    breaks: list[tuple[int, int, int]] = []
    done = length = at = 0
    while at < len(words) and words[at].kind != "end":
        changed = change(words, at)
        if changed is None:
            at += 1
            continue
        new, count = changed
        last = words[at + count - 1]
        kept = text[done : words[at].at]
        breaks.append((length, *written.place(done)[1:]))
        breaks.append((length + len(kept), *written.place(words[at].at)[1:]))
        pieces += [kept, new]
        length += len(kept) + len(new)
        done = last.at + _length(last, text)
        at += count
    if not pieces:
        return written
    breaks.append((length, *written.place(done)[1:]))
    pieces.append(text[done:])
    unique = {offset: (offset, line, column) for offset, line, column in breaks}
    return Written("".join(pieces), written.origin, tuple(unique[key] for key in sorted(unique)))


def _length(word: Token, text: str) -> int:
    """How many characters of the text a word takes: `<=` may have been written as one sign."""
    if word.kind in {"name", "deriv", "number"} or text.startswith(word.text, word.at):
        return len(word.text)
    return 1
