"""The question marks of a line: `1x32x32 | conv ? 5x5 p? -> 6x32x32`.

Each becomes a letter, and the letter the name of what is looked for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from hwsolve.errors import InputError
from hwsolve.problem.network_line import LINE, NetworkText, read_line, whole_text

if TYPE_CHECKING:
    from hwsolve.problem.model import Written

_ARROW: Final = re.compile(r"->|=>|→|⟶|⇒")
# An input of two sides, and a kernel that has two: the input is a picture then.
_PICTURE: Final = re.compile(r"\s*[^\Wx]+\s*x\s*[^\Wx]+\s*")
_TWO_SIDES: Final = re.compile(r"\b\w+x\w+\b")
# `k?`, `kernel?`, `kernel=?`, `3x?`, `?x?`, `?`; a letter in front says what is looked for.
_MARK: Final = re.compile(r"(?<![\w?])([A-Za-z_]+)\s*=?\s*\?|\?")
_LETTERS: Final = {
    "k": "k", "kernel": "k", "kernel_size": "k", "window": "k", "s": "s", "stride": "s",
    "strides": "s", "p": "p", "padding": "p", "pad": "p", "d": "d", "dilation": "d",
    "g": "g", "groups": "g", "filters": "F", "f": "F", "channels": "F", "units": "u", "u": "u",
    "out": "F", "hidden": "h", "heads": "h",
}  # fmt: skip
_OPTION: Final = {"k": "kernel", "s": "stride", "p": "padding", "d": "dilation", "g": "groups"}
_WINDOWED: Final = ("pool", "avg", "max", "subsample", "depthwise", "dw", "mean", "lppool")


class Inverse(NamedTuple):
    """A line taken apart: the network with letters, and what it is to give.

    `one_channel` tells that the input had two numbers only and stands for a picture.
    """

    network: NetworkText
    wanted: Written
    one_channel: bool = False


def read_inverse(text: str, size: str | None = None, name: str = LINE) -> Inverse:
    """A line with question marks, and behind an arrow what is wanted.

    Raises:
        InputError: there is nothing that is wanted, or the line cannot be taken apart.
    """
    arrows = list(_ARROW.finditer(text))
    whole = whole_text(text, name)
    if not arrows:
        raise InputError(
            "the line does not say what the network is to give", whole.place(len(text.rstrip())),
            "write -> 16x16x16, -> params = 456, -> receptive_field = 15 or -> fits behind it",
        )  # fmt: skip
    arrow = arrows[-1]
    start = arrow.end() + len(text[arrow.end() :]) - len(text[arrow.end() :].lstrip())
    wanted = (
        whole.part(start, len(text.rstrip()))
        if start < len(text)
        else whole.part(arrow.end(), arrow.end())
    )
    lettered = _with_letters(text[: arrow.start()].rstrip())
    network = read_line(lettered, size, name)
    one_channel = _PICTURE.fullmatch(network.input.text) is not None and any(
        _TWO_SIDES.search(layer.text.text) for layer in network.layers if layer.text is not None
    )
    if one_channel:
        network = network._replace(input=network.input._replace(text=f"1x{network.input.text}"))
    return Inverse(network, wanted, one_channel)


def _with_letters(text: str) -> str:
    """The line with a letter for each question mark; those of one size share one."""
    pieces = re.split(r"([|&()])", text)
    count: dict[str, int] = {}
    marks = [_letters_in(piece, first=not at) for at, piece in enumerate(pieces)]
    total: dict[str, int] = {}
    for letters in marks:
        for letter in letters:
            total[letter] = total.get(letter, 0) + 1
    used = {word for piece in pieces for word in re.findall(r"[^\W\d_]\w*", piece)}
    result: list[str] = []
    for piece, letters in zip(pieces, marks, strict=True):
        names: dict[str, str] = {}
        for letter in letters:
            count[letter] = count.get(letter, 0) + 1
            name = letter if total[letter] == 1 else f"{letter}{count[letter]}"
            while name in used and total[letter] == 1 and name not in {"p", "k", "s", "d", "g"}:
                name += "1"
            names[letter] = name
        result.append(_filled(piece, names, first=piece is pieces[0]))
    return "".join(result)


def _letters_in(piece: str, *, first: bool) -> list[str]:
    found: dict[str, None] = {}
    for mark in _MARK.finditer(piece):
        found[_letter_of(piece, mark, first=first)] = None
    return list(found)


def _letter_of(piece: str, mark: re.Match[str], *, first: bool) -> str:
    """The letter for a question mark: by the word in front of it, or by its place."""
    word = (mark[1] or "").lower().rstrip("x") if mark[1] else ""
    if word in _LETTERS:
        return _LETTERS[word]
    if first:
        channels = not piece[: mark.end() - 1].strip(" \tinput:=") and piece.count("x") > 1
        return "C" if channels and not piece[mark.end() :].lstrip().startswith("x?") else "n"
    before, behind = piece[: mark.end() - 1].split(), piece[mark.end() :]
    in_size = piece[: mark.end() - 1].endswith("x") or behind.startswith("x")
    kind = before[0].rstrip(":").lower() if before else ""
    if in_size or kind.startswith(_WINDOWED):
        return "k"
    if behind.strip().lower().startswith(("filter", "unit")):
        return "F" if behind.strip().lower().startswith("filter") else "u"
    if kind.startswith("conv") and any(re.fullmatch(r"\d+", word) for word in before[1:]):
        return "k"
    return "F" if kind.startswith(("conv", "point", "pw")) else "u"


def _filled(piece: str, names: dict[str, str], *, first: bool) -> str:
    def put(mark: re.Match[str]) -> str:
        letter = _letter_of(piece, mark, first=first)
        word = (mark[1] or "").lower()
        if word not in _LETTERS:
            return mark[0][:-1] + names[letter]
        option = _OPTION.get(letter, word if len(word) > 1 else "filters")
        return f"{option}={names[letter]}"

    return _MARK.sub(put, piece)
