"""Layers as people write them: `conv 6 5x5 s2 p1`, or `{conv: 6, kernel: 5x5, stride: 2}`.

Bare values fill a layer's arguments in order, an option is a word with its value
(`stride=2`, `stride 2`) or a letter in front of it (`s2`), and some words stand
alone (`same`, `ceil`, `no bias`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from hwsolve.errors import InputError, InputErrors, did_you_mean
from hwsolve.nets.layer import Row, Spec
from hwsolve.nets.layers import LAYERS, ROWS
from hwsolve.nets.letters import read_letters
from hwsolve.nets.options import FLAGS, OPTIONS, Option
from hwsolve.nets.sizes import SIGNS_BETWEEN, read_whole, shortened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Protocol

    from hwsolve.errors import Place
    from hwsolve.nets.layer import OptionValue

    class Piece(Protocol):
        """A text of the user's file, with its place."""

        @property
        def text(self) -> str:
            """The text itself."""

        def place(self, at: int = 0) -> Place | None:
            """The place of the character at an offset."""


MOST_WORDS = 100
_LONGEST_NAME = 3  # words: "global average pool"
_KIND_KEYS = ("type", "kind", "layer")
# Layers that people know and the table has not: their names are no typing errors.
UNKNOWN = {
    **dict.fromkeys(("maxunpool", "maxunpool2d", "unpool", "unpooling"), "unpooling"),
    **dict.fromkeys(("transformer", "transformerencoder", "transformerdecoder",
                     "transformerencoderlayer", "transformerdecoderlayer"),
                    "a whole transformer (write its attention and feedforward)"),
    **dict.fromkeys(("deformableconv", "deformconv2d"), "a deformable convolution"),
    **dict.fromkeys(("graphconv", "gcn", "gcnconv"), "a convolution on graphs"),
    **dict.fromkeys(("mamba", "ssm", "s4"), "a state space layer"),
    **dict.fromkeys(("convlstm", "convlstm2d"), "a convolutional LSTM"),
    **dict.fromkeys(("rope", "rotary", "alibi"), "this kind of positions"),
    **dict.fromkeys(("spectralnorm", "weightnorm"), "this normalisation"),
    **dict.fromkeys(("roipool", "roialign"), "pooling of regions"),
    **dict.fromkeys(("capsule", "capsulelayer"), "a capsule layer"),
    **dict.fromkeys(("rrelu", "hardconcrete", "sparsemax", "entmax"), "this activation"),
    **dict.fromkeys(("bilinear",), "a bilinear layer"),
    **dict.fromkeys(("lppool", "lppool2d", "fractionalmaxpool2d"), "this pooling"),
}  # fmt: skip


class _Word(NamedTuple):
    text: str
    place: Place | None


def read_layer(piece: Piece) -> Spec:
    """A layer in its short form.

    Raises:
        InputError: for an unknown layer, option or value, at its place.
    """
    words = _words(piece)
    if not words:
        raise InputError("a layer is missing", piece.place(), "write for example conv 6 5x5")
    row, used = _row_of(words)
    reading = _Reading(row, words[0].place)
    reading.words(words[used:])
    return reading.spec()


def read_layer_options(options: Mapping[str, Any], place: Place | None) -> Spec:
    """A layer in its long form: a mapping of its kind and its options.

    Values are texts with their places, lists of them, or None for a layer without
    arguments (`{flatten: }`).

    Raises:
        InputError: for an unknown layer, option or value, at its place.
    """
    kinds = [key for key in options if _plain(key) in ROWS and _plain(key) not in _OPTION_WORDS]
    named = [key for key in _KIND_KEYS if key in options]
    if not kinds and not named:
        # words such as `pad`, which are options beside another kind, are kinds alone
        kinds = [key for key in options if _plain(key) in ROWS][:1]
    if named and not kinds:
        word = options[named[0]]
        row, used = _row_of(words := _words(word))
        reading = _Reading(row, place)
        reading.words(words[used:])
        rest = {key: value for key, value in options.items() if key != named[0]}
    elif len(kinds) == 1 and len(options) == 1 and _is_short_form(options[kinds[0]]):
        # `- conv: conv 6 5x5` names a layer by its own kind
        return read_layer(options[kinds[0]])._replace(name=kinds[0])
    elif len(kinds) == 1:
        reading = _Reading(ROWS[_plain(kinds[0])], place)
        reading.argument(options[kinds[0]])
        rest = {key: value for key, value in options.items() if key != kinds[0]}
    elif kinds:
        raise InputError(f"a layer is either {kinds[0]} or {kinds[1]}, not both", place)
    else:
        keys = ", ".join(map(shortened, options)) or "nothing"
        near = [
            hint
            for key in options
            if _plain(key) not in _OPTION_WORDS and (hint := did_you_mean(key, tuple(ROWS)))
        ]
        raise InputError(
            f"no kind of layer among {keys}", place,
            near[0] if near else "write {conv: 6, kernel: 5}",
        )  # fmt: skip
    for key, value in rest.items():
        reading.option(key, value)
    return reading.spec()


class _Reading:
    """A layer while it is read: the options so far, each with its place."""

    def __init__(self, row: Row, place: Place | None) -> None:
        self.row = row
        self.place = place
        self.options: dict[str, OptionValue] = dict(row.settled)
        self.places: dict[str, Place | None] = {}
        self.sources: list[tuple[str, Place | None]] = []
        self.allowed = {name: OPTIONS[name] for name in (*row.arguments, *row.options)}

    def spec(self) -> Spec:
        for name in self.row.required:
            if name not in self.options:
                what = OPTIONS[name].what
                arguments = " and ".join(OPTIONS[each].what for each in self.row.arguments)
                raise InputError(
                    f"{self.row.name} needs {what}", self.place,
                    f"write {self.row.name}, then {arguments}",
                )  # fmt: skip
        return Spec(self.row, self.options, self.places, tuple(self.sources), None, self.place)

    def set(self, name: str, value: OptionValue, place: Place | None) -> None:
        if name in self.options:
            if name in dict(self.row.settled):
                raise InputError(f"{self.row.name} decides {OPTIONS[name].what} itself", place)
            raise InputError(f"{OPTIONS[name].what} is given twice", place)
        self.options[name] = value
        self.places[name] = place

    def read(self, option: Option, text: str, place: Place | None) -> None:
        self.set(option.name, option.read(text, f"{option.what} of {self.row.name}", place), place)

    def argument(self, value: Any) -> None:
        """What stands behind the kind in the long form."""
        if value is None:
            return
        if isinstance(value, list):
            items = [_single(item, self.place) for item in value]
            self.words([_Word(item.text, item.place()) for item in items])
        else:
            self.words(_words(value))

    def option(self, key: str, value: Any) -> None:
        """An option of the long form."""
        if key == "from":
            items = value if isinstance(value, list) else [value]
            self.sources += [(item.text, item.place()) for item in items]
            return
        place = self.place if value is None else _place(value, self.place)
        option = self._find(key)
        if option is None:
            self._unknown(key, place)
        if value is None:
            raise InputError(f"{option.what} has no value", place)
        if option.name == "table" and isinstance(value, list):
            self.set("table", _table(value, place), place)
        elif isinstance(value, list):
            self.read(option, "x".join(_single(item, place).text for item in value), place)
        else:
            self.read(option, value.text, place)

    def words(self, words: Sequence[_Word]) -> None:
        """The words of a short form behind the layer's name."""
        waiting = self._pieces(words)
        filled = ""
        while waiting:
            word = waiting.pop()
            lower = word.text.lower()
            key, equals, text = word.text.partition("=")
            if equals or lower == "from":
                filled = ""
                self._keyed(key, text, word, waiting)
            elif self.row.joins:
                self.sources.append((word.text, word.place))
            elif (option := self._find(lower)) is not None and option.name == filled:
                filled = ""  # the word behind its number: `20 filters`
            elif lower in FLAGS and FLAGS[lower][0] in self.allowed:
                filled = ""
                name, value = FLAGS[lower]
                self.set(name, value, word.place)
            elif lower in {"no", "without"} and waiting and self._find(waiting[-1].text):
                self._keyed(waiting.pop().text, "no", word, waiting)
            elif option is not None and not self._stands_alone(word.text, waiting):
                filled = ""
                self._keyed(lower, "", word, waiting)
            elif (lettered := self._lettered(lower)) is not None:
                filled = ""
                self.read(lettered, lower[1:], word.place)
            elif self._is_value(word.text):
                filled = self._bare(word)
            else:
                self._unknown(word.text, word.place)

    def _keyed(self, key: str, text: str, word: _Word, waiting: list[_Word]) -> None:
        if not text:
            if not waiting:
                raise InputError(f"'{key}' has no value", word.place)
            text = waiting.pop().text
        if key.lower() == "from":
            self.sources += [(name, word.place) for name in text.split("+")]
            return
        option = self._find(key)
        if option is None:
            self._unknown(key, word.place)
        self.read(option, text, word.place)

    def _pieces(self, words: Sequence[_Word]) -> list[_Word]:
        """The words that are still to be read, the next one last; `k x k` is one of them."""
        return (list(words) if self.row.joins else _joined(words))[::-1]

    def _stands_alone(self, word: str, waiting: Sequence[_Word]) -> bool:
        """Whether a word that is an option's letter (`k`, `F`) is a size in letters instead."""
        if len(word) > 1 or not _is_in_letters(word):
            return False
        following = waiting[-1].text.lower() if waiting else ""
        key = following.partition("=")[0]
        named = len(key) > 1 and (key in FLAGS or self._find(key) is not None)
        return word.isupper() or not following or named or "=" in following

    def _is_value(self, word: str) -> bool:
        """Whether a word is a value without a name: a number, or letters if a value is missing."""
        if word[0].isdigit() or word[0] in "+-.":
            return True
        return bool(self._missing()) and _is_in_letters(word)

    def _missing(self) -> list[str]:
        return [name for name in self.row.arguments if name not in self.options]

    def _bare(self, word: _Word) -> str:
        """A value without a name fills the first argument that it suits."""
        free = self._missing()
        if "kernel" in free and len(free) > 1 and any(sign in word.text for sign in SIGNS_BETWEEN):
            free = ["kernel"]
        if not free:
            takes = " and ".join(self.row.arguments) or "no value"
            raise InputError(
                f"'{shortened(word.text)}' is one value too many", word.place,
                f"{self.row.name} takes {takes}",
            )  # fmt: skip
        self.read(OPTIONS[free[0]], word.text, word.place)
        return free[0]

    def _find(self, word: str) -> Option | None:
        word = word.strip().lower().replace("-", "_")
        for option in self.allowed.values():
            if word in {option.name, option.letter} or word in option.aliases:
                return option
        return None

    def _lettered(self, word: str) -> Option | None:
        if word[1:2].isdigit() or (word[1:2] in {"-", "+"} and word[2:3].isdigit()):
            for option in self.allowed.values():
                if option.letter == word[0]:
                    return option
        return None

    def _unknown(self, word: str, place: Place | None) -> NoReturn:
        shown = shortened(word)
        names = list(self.allowed)
        if _plain(word) in ROWS:
            raise InputError(
                f"'{shown}' cannot stand in the line of {self.row.name}", place,
                f"{shown} is a layer of its own, in its own line",
            )  # fmt: skip
        words = [*names, *(flag for flag, (name, _) in FLAGS.items() if name in names)]
        hint = did_you_mean(word, words)
        if not hint:
            hint = f"it has {', '.join(names)}" if names else "it has no options"
        raise InputError(f"{self.row.name} has no option '{shown}'", place, hint)


def _words(piece: Piece) -> list[_Word]:
    """The words of a short form; `stride = 2` is one of them."""
    words: list[_Word] = []
    text, at = piece.text.replace(",", " ").replace("\n", " "), 0
    joined = False
    for part in text.split():
        at = text.index(part, at)
        if words and (joined or part.startswith("=")):
            words[-1] = _Word(words[-1].text + part, words[-1].place)
        else:
            words.append(_Word(part, piece.place(at)))
        joined = part.endswith("=")
        at += len(part)
        if len(words) > MOST_WORDS:
            raise InputError(f"a layer of more than {MOST_WORDS} words", piece.place())
    return words


def _joined(words: Sequence[_Word]) -> list[_Word]:
    """The words with `k x k` as one of them."""
    joined: list[_Word] = []
    for at, word in enumerate(words):
        between = 0 < at < len(words) - 1 and word.text in SIGNS_BETWEEN
        behind = at > 1 and words[at - 1].text in SIGNS_BETWEEN
        if joined and (between or behind):
            joined[-1] = _Word(joined[-1].text + word.text, joined[-1].place)
        else:
            joined.append(word)
    return joined


def _is_in_letters(word: str) -> bool:
    """Whether a word is a size in letters: `F`, `2C`, `kxk`."""
    parts = word.replace("×", "x").split("x")
    return all(part.isdigit() or read_letters(part) is not None for part in parts)


def _row_of(words: Sequence[_Word]) -> tuple[Row, int]:
    """The row that the first words name, and how many they are."""
    for count in range(min(_LONGEST_NAME, len(words)), 0, -1):
        first = [word.text for word in words[:count]]
        if all(word[0].isalpha() for word in first):
            row = ROWS.get(_plain("".join(first)))
            if row is not None:
                return row, count
    word = words[0]
    for count in range(min(_LONGEST_NAME, len(words)), 0, -1):
        said = _plain("".join([each.text for each in words[:count]]))
        if said in UNKNOWN:
            raise InputError(
                f"{UNKNOWN[said]} is not in the layer table", word.place,
                f"known are {', '.join(dict.fromkeys(row.name for row in LAYERS))}",
            )  # fmt: skip
    hint = did_you_mean(_plain(word.text), tuple(ROWS))
    if not hint:
        hint = f"known are {', '.join(dict.fromkeys(row.name for row in LAYERS))}"
    raise InputError(f"'{shortened(word.text)}' is not a kind of layer", word.place, hint)


def _is_short_form(value: Any) -> bool:
    return hasattr(value, "text") and _plain(value.text.split(maxsplit=1)[0]) in ROWS


def _plain(word: str) -> str:
    return word.lower().replace("-", "").replace("_", "").replace(" ", "")


def _single(value: Any, place: Place | None) -> Piece:
    if value is None or isinstance(value, list):
        raise InputError("a single value is needed here", place)
    return value  # type: ignore[no-any-return]  # what is no list is a text with its place


def _place(value: Any, otherwise: Place | None) -> Place | None:
    while isinstance(value, list) and value:
        value = value[0]
    return otherwise if value is None or isinstance(value, list) else value.place()


def _table(rows: list[Any], place: Place | None) -> tuple[tuple[int, ...], ...]:
    table: list[tuple[int, ...]] = []
    errors: list[InputError] = []
    for row in rows:
        if not isinstance(row, list):
            raise InputError("the connection table is a list of lists of channels", place)
        try:
            table.append(
                tuple(
                    [
                        read_whole(cell.text, "a channel of the connection table", cell.place(), 0)
                        for cell in (_single(item, place) for item in row)
                    ]
                )
            )
        except InputError as error:
            errors.append(error)
    if errors:
        raise errors[0] if len(errors) == 1 else InputErrors(errors)
    return tuple(table)


_OPTION_WORDS = frozenset(
    word for option in OPTIONS.values() for word in (option.name, *option.aliases)
) - {"depthwise"}
