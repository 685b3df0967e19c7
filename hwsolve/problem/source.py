"""A problem file as it comes: bytes to text, and a text with what is wrong in it."""

from __future__ import annotations

import sys
from itertools import islice
from typing import TYPE_CHECKING, Final, NoReturn

from hwsolve.errors import InputError, InputErrors, Place, closest, did_you_mean
from hwsolve.problem.model import Written
from hwsolve.problem.nodes import Map, Mark, Node, Scalar, Seq

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hwsolve.problem.nodes import Position

MAX_BYTES: Final = 16 * 2**20
MAX_ERRORS: Final = 50
# So many errors end the reading: there is no end to what a hostile file can have wrong.
_STOP_AT: Final = 1000

# The longest piece of a user's text that is repeated in a message.
_SHOWN: Final = 60
_LATIN_1_LETTERS: Final = 0xC0


class Source:
    """A text that is being read, and what was found to be wrong with it."""

    __slots__ = ("errors", "name", "text")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self.errors: list[InputError] = []

    def place(self, at: Node | Position) -> Place:
        """The place of a node or a position."""
        mark = at.start if isinstance(at, (Scalar, Seq, Map)) else at
        return Place(self.name, mark.line + 1, mark.column + 1)

    def fail(self, at: Node | Position | Place, message: str, hint: str = "") -> None:
        """Note an error; reading goes on.

        Raises:
            InputErrors: if this is the thousandth error.
        """
        place = at if isinstance(at, Place) else self.place(at)
        self.errors.append(InputError(message, place, hint))
        if len(self.errors) >= _STOP_AT:
            self.finish()

    def stop(self, at: Node | Position | Place, message: str, hint: str = "") -> NoReturn:
        """Note an error after which nothing can be read.

        Raises:
            InputErrors: always, with all errors so far.
        """
        self.fail(at, message, hint)
        self.finish()
        raise AssertionError  # pragma: no cover  (finish has raised)

    def finish(self) -> None:
        """End the reading.

        Raises:
            InputErrors: if there were errors; the first 50 in the order of the file.
        """
        if not self.errors:
            return
        # What a file shares among its parts may be found wrong once for each of them.
        once = {(error.place, error.message): error for error in reversed(self.errors)}
        errors = InputErrors(list(reversed(once.values()))).errors
        more = len(errors) - MAX_ERRORS
        if more > 0:
            words = "1 more error follows" if more == 1 else f"{more} more errors follow"
            errors[MAX_ERRORS:] = [InputError(words, errors[MAX_ERRORS].place)]
        raise InputErrors(errors)

    def written(self, node: Scalar) -> Written:
        """A scalar's text with the place of each of its characters."""
        start, style, text = node.start, node.style, node.text
        size = node.end.index - start.index
        if not style and size == len(text):
            return Written(text, Place(self.name, start.line + 1, start.column + 1))
        if style in {"'", '"'} and size == len(text) + 2:
            origin = Place(self.name, start.line + 1, start.column + 2)
            return Written(text, origin, (), quoted=True)
        from hwsolve.problem.positions import breaks_of  # only for texts of several lines

        breaks = breaks_of(node, self.text[start.index : node.end.index])
        quoted = style in {"'", '"'}
        if not breaks:
            return Written(text, self.place(start), (), quoted)
        _, line, column = breaks[0]
        return Written(text, Place(self.name, line, column), breaks, quoted)


def clip(text: str) -> str:
    """A user's text as a message repeats it: one line, and not a long one."""
    line = " ".join(text[: 4 * _SHOWN].split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 3] + "..."


def near(word: str, known: Iterable[str]) -> str:
    """The hint "did you mean 'x'?", found in bounded time; "" where nothing is near."""
    if len(word) > _SHOWN:
        return ""
    return did_you_mean(word, [name for name in islice(known, 300) if len(name) <= _SHOWN])


def load(path: str) -> Source:
    """The text of a file, or of standard input where the path is `-`.

    Raises:
        InputError: if there is no such file, it cannot be read, or it is too large.
        InputErrors: if it is not text in UTF-8.
    """
    if path == "-":
        return decode(_read_input(), "stdin")
    try:
        with open(path, "rb") as file:  # noqa: PTH123  (pathlib costs a tenth of the start-up)
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file", hint=_similar(path)) from None
    except IsADirectoryError:
        raise InputError(f"{path} is a folder, not a problem file") from None
    except PermissionError:
        raise InputError(f"{path}: there is no permission to read this file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{clip(path)} cannot be read: {reason}") from None
    return decode(data, path)


def _read_input() -> bytes:
    if sys.stdin is None:
        raise InputError("standard input is closed", hint="give a file, or pipe one in")
    try:
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    except (OSError, ValueError, AttributeError) as error:
        raise InputError(f"standard input cannot be read: {error}") from None


def _similar(path: str) -> str:
    """A hint at a file of the same folder with a similar name, whatever the suffixes."""
    import os

    folder, name = os.path.split(path)
    try:
        if os.path.islink(path):  # noqa: PTH114  (pathlib costs a tenth of the start-up)
            return f"it is a link to '{clip(os.readlink(path))}'"  # noqa: PTH115  (see above)
        names = os.listdir(folder or ".")  # noqa: PTH208  (names are all that is needed)
    except (OSError, ValueError):
        return f"there is no folder '{folder}' either" if folder else ""
    stems = {os.path.splitext(each)[0]: each for each in names}  # noqa: PTH122  (see above)
    likely = closest(os.path.splitext(name)[0], tuple(stems)) if len(name) <= _SHOWN else None  # noqa: PTH122  (see above)
    return f"did you mean '{stems[likely]}'?" if likely else ""


def decode(data: bytes | str, name: str) -> Source:
    """Bytes to text: UTF-8, or UTF-16 and UTF-32 where a byte order mark says so.

    Raises:
        InputError: if it is too large.
        InputErrors: if it is not text.
    """
    if len(data) > MAX_BYTES:
        limit = f"{MAX_BYTES // 2**20} MiB"
        raise InputError(f"{name}: larger than {limit}, the limit for a problem file")
    if isinstance(data, str):
        return _surrogates_refused(Source(name, data.removeprefix("\ufeff")))
    encoding = "utf-8"
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    elif data.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        encoding = "utf-32"
    elif data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    try:
        return Source(name, data.decode(encoding))
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, "replace")
        place = Place(name, before.count("\n") + 1, len(before) - before.rfind("\n"))
        byte = data[error.start]
        letter = f" (in Latin-1 it is '{chr(byte)}')" if byte >= _LATIN_1_LETTERS else ""
        message = f"the byte 0x{byte:02x} is not {encoding.upper()}{letter}"
        raise InputErrors([InputError(message, place, "save the file as UTF-8")]) from None


def _surrogates_refused(source: Source) -> Source:
    try:
        source.text.encode()
    except UnicodeEncodeError as error:
        source.stop(
            _mark_of(source.text, error.start),
            f"half of a character stands here (U+{ord(source.text[error.start]):04X})",
            "save the text as UTF-8",
        )
    return source


def _mark_of(text: str, index: int) -> Mark:
    line = text.count("\n", 0, index)
    return Mark(line, index - text.rfind("\n", 0, index) - 1, index)
