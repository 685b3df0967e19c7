"""A network in a line: `1x32x32 | conv 6 5x5 | relu | pool 2 | dense 10`.

The size of the input stands first, then the layers with a `|` between them, each as in
the list of a problem file, with or without a name. Brackets hold branches of the same
input with `&` between them and what joins them behind (`(conv 8 3x3 p1 & conv 8 1x1)
concat`; an empty branch is the input itself), or layers that are repeated
(`(conv 8 3x3 p1 | relu) x 3`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn

from hwsolve.errors import InputError, Place
from hwsolve.problem.fields import LAYER_WORDS
from hwsolve.problem.model import Cnn, LayerEntry, Problem, Settings, Written
from hwsolve.problem.names import normal
from hwsolve.problem.source import clip

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_LAYERS: Final = 100_000
MOST_BRACKETS: Final = 50
LINE: Final = "line"
_BEHIND: Final = re.compile(r"\s*(?:[x×*]\s*(\d+))?\s*(.*?)\s*", re.DOTALL)
_WORD: Final = re.compile(r"[^\W\d]\w*")
_IGNORED: Final = {ord(character): None for character in "-_ "}
_INPUT: Final = re.compile(r"(?:input|in)\b\s*[:=]?\s*", re.IGNORECASE)
_PREVIOUS: Final = "input"


class NetworkText(NamedTuple):
    """A network as it was written outside of a problem file.

    `expected` says what the text itself states of layers by their number: "inputs" (of a
    dense layer) or "channels", the number, and the place where it stands.
    """

    input: Written
    layers: tuple[LayerEntry, ...]
    expected: tuple[tuple[int, str, int, Place], ...] = ()


def problem_of(
    network: NetworkText, asked: Sequence[str], working: str = "full", title: str = ""
) -> Problem:
    """The problem that asks this of a network."""
    place = network.input.place()
    return Problem(
        path=place.file, kind="architecture", place=place, title=title, statement="", source="",
        label="", given={}, find=tuple([Written(name, place) for name in asked]), answers={},
        answer_names={}, conventions={}, settings=Settings(working=working),
        body=Cnn(network.input, network.layers, {}, None),
    )  # fmt: skip


def whole_text(text: str, name: str = LINE) -> Written:
    """A text with the place of each of its characters; `name` stands for its file."""
    breaks = [(found.end(), line, 1) for line, found in enumerate(re.finditer("\n", text), start=2)]
    return Written(text, Place(name, 1, 1), ((0, 1, 1), *breaks) if breaks else ())


def read_line(text: str, size: str | None = None, name: str = LINE) -> NetworkText:
    """The network of a line; `size` is the input's where the line has only layers.

    In a text of several lines without any `|`, each line is a layer.

    Raises:
        InputError: the line cannot be taken apart, at its place.
    """
    if "|" not in text and "\n" in text.strip():
        text = re.sub(r"\n(?=[^\n]*\S)", "|", text.strip())
    whole = whole_text(text, name)
    pieces = _split(whole, "|")
    if size is not None:
        written = Written(size, Place("--in", 1, 1))
    else:
        written = _input_of(pieces.pop(0))
        if not pieces:
            _stop(whole, 0, "there is no layer behind the input", "write 1x32x32 | conv 6 5x5")
    reading = _Reading(named="&" in text)
    reading.chain(pieces, _PREVIOUS)
    return NetworkText(written, tuple(reading.layers))


def _input_of(piece: Written) -> Written:
    found = _INPUT.match(piece.text)
    size = piece.part(found.end(), len(piece.text)) if found else piece
    word = _WORD.match(size.text)
    if not size.text.strip():
        _stop(piece, 0, "the size of the input is missing", "write it first: 1x32x32 | conv 6 5x5")
    if word and _plain(word[0]) in LAYER_WORDS and len(word[0]) > 1:
        _stop(
            size, 0, f"the line starts with a layer, '{clip(size.text)}'",
            "the size of the input stands first: 1x32x32 | conv 6 5x5, or say it by --in 1x32x32",
        )  # fmt: skip
    text = size.text.replace("×", "x").replace("X", "x").replace("*", "x")
    return Written(text, size.origin, size.breaks)


def _split(whole: Written, sign: str) -> list[Written]:
    """The pieces between the signs that stand in no bracket, without spaces around them.

    Raises:
        InputError: a bracket is not closed, or closes nothing.
    """
    open_at: list[int] = []
    pieces: list[Written] = []
    start = 0
    text = whole.text
    for at, character in enumerate(text):
        if character == "(":
            open_at.append(at)
            if len(open_at) > MOST_BRACKETS:
                _stop(whole, at, f"more than {MOST_BRACKETS} brackets inside each other")
        elif character == ")":
            if not open_at:
                _stop(whole, at, "this bracket closes nothing", "remove it")
            open_at.pop()
        elif character == sign and not open_at:
            pieces.append(_trimmed(whole, start, at))
            start = at + 1
    if open_at:
        _stop(whole, open_at[-1], "this bracket is not closed", "write ) behind its last layer")
    pieces.append(_trimmed(whole, start, len(text)))
    return pieces


def _trimmed(whole: Written, start: int, end: int) -> Written:
    text = whole.text
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return whole.part(start, end)


class _Reading:
    """The layers so far. Those of a line with branches all get a name, for others to read."""

    def __init__(self, *, named: bool) -> None:
        self.layers: list[LayerEntry] = []
        self.named = named
        self._last = _PREVIOUS
        self._counts: dict[str, int] = {}
        self._names: set[str] = set()

    def chain(self, pieces: Sequence[Written], source: str) -> str:
        """Read layers one behind the other; what the last of them is called."""
        for piece in pieces:
            if not piece.text:
                _stop(piece, 0, "a layer is missing here", "write one between the signs |")
            if piece.text.startswith("("):
                source = self._bracket(piece, source)
            else:
                source = self._layer(piece, source)
        return source

    def _layer(self, piece: Written, source: str, sources: Sequence[str] = ()) -> str:
        if len(self.layers) >= MOST_LAYERS:
            _stop(piece, 0, f"more than {MOST_LAYERS:,} layers")
        before, colon, behind = piece.text.partition(":")
        name = normal(before.strip()) if colon and behind.strip() else None
        text = piece
        if name is not None:
            text = _trimmed(piece, len(before) + 1, len(piece.text))
            if name in self._names and name:
                _stop(piece, 0, f"two layers are called '{clip(name)}'", "rename one")
        read = tuple([Written(each, piece.origin) for each in sources])
        if not read and not self._reads_others(text):
            read = () if source == self._last else (Written(source, piece.origin),)
        called = name or (self._free(text.text) if self.named else "")
        self._names.add(called)
        self.layers.append(LayerEntry(called or None, text, {}, read, piece.place()))
        self._last = called
        return called

    def _reads_others(self, text: Written) -> bool:
        words = text.text.lower().split()
        return "from" in words or any(word.startswith("from=") for word in words)

    def _free(self, text: str) -> str:
        word = _WORD.match(text)
        stem = _plain(word[0]) if word else "layer"
        while True:
            self._counts[stem] = self._counts.get(stem, 0) + 1
            name = f"{stem}{self._counts[stem]}"
            if name not in self._names:
                return name

    def _bracket(self, piece: Written, source: str) -> str:
        """Branches and what joins them, or layers that are repeated."""
        end = _closing(piece.text)
        inside = piece.part(1, end)
        behind = _BEHIND.fullmatch(piece.text, end + 1)
        times, word = (behind[1], behind[2]) if behind else (None, "")
        branches = _split(inside, "&")
        if len(branches) == 1 and not word:
            for _ in range(_times(piece, end, times)):
                source = self.chain(_split(inside, "|"), source)
            return source
        if len(branches) == 1:
            _stop(piece, end + 1, f"'{clip(word)}' joins one branch only",
                  "write & between branches, or | before it")  # fmt: skip
        if not word or times:
            _stop(piece, end + 1, "what joins the branches is missing",
                  "write add or concat behind the bracket: ( ... & ... ) concat")  # fmt: skip
        ends = [
            self.chain(_split(branch, "|"), source) if branch.text.strip() else source
            for branch in branches
        ]
        at = piece.text.index(word, end + 1)
        return self._layer(piece.part(at, len(piece.text)), source, ends)


def _closing(text: str) -> int:
    """Where the bracket that opens a text is closed."""
    depth = 0
    for at, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if not depth:
            return at
    raise AssertionError(text)  # _split has looked


def _times(piece: Written, end: int, times: str | None) -> int:
    if times is None:
        return 1
    if len(times) > len(str(MOST_LAYERS)) or not 0 < int(times) <= MOST_LAYERS:
        _stop(piece, end + 1, f"layers are repeated 1 to {MOST_LAYERS:,} times, not {clip(times)}")
    return int(times)


def _plain(word: str) -> str:
    return word.lower().translate(_IGNORED)


def _stop(whole: Written, at: int, message: str, hint: str = "") -> NoReturn:
    raise InputError(message, whole.place(at), hint)
