"""A problem file as it comes: bytes to text, text to a tree with places.

The tree is built from YAML's events and not by its loader: that is twice as fast,
and places and duplicate keys come with it. Whatever a file may hold, reading it
ends soon: its size, its nesting and the number of its values are limited, and an
alias is counted as often as it is used.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final, NoReturn

from hwsolve.errors import InputError, InputErrors, Place, did_you_mean
from hwsolve.problem.model import Written
from hwsolve.problem.nodes import Map, Mark, Node, Scalar, Seq, what

if TYPE_CHECKING:
    from collections.abc import Callable

    from hwsolve.problem.nodes import Position

MAX_BYTES: Final = 16 * 2**20
MAX_DEPTH: Final = 40
MAX_NODES: Final = 500_000
MAX_ERRORS: Final = 50

# The longest piece of a user's text that is repeated in a message.
_SHOWN: Final = 60
_LATIN_1_LETTERS: Final = 0xC0
_NO_PROBLEM = "`hwsolve new graph` prints a file to start from"


class Source:
    """A text that is being read, and what was found to be wrong with it."""

    __slots__ = ("errors", "name", "text", "unlisted")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self.errors: list[InputError] = []
        self.unlisted = 0

    def place(self, at: Node | Position) -> Place:
        """The place of a node or a position."""
        mark = at.start if isinstance(at, (Scalar, Seq, Map)) else at
        return Place(self.name, mark.line + 1, mark.column + 1)

    def fail(self, at: Node | Position | Place, message: str, hint: str = "") -> None:
        """Note an error; reading goes on."""
        if len(self.errors) >= 20 * MAX_ERRORS:
            self.unlisted += 1
            return
        place = at if isinstance(at, Place) else self.place(at)
        self.errors.append(InputError(message, place, hint))

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
        more = len(errors) - MAX_ERRORS + self.unlisted
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
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 3] + "..."


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
    try:
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    except (OSError, ValueError, AttributeError) as error:
        raise InputError(f"standard input cannot be read: {error}") from None


def _similar(path: str) -> str:
    """A hint at a file of the same folder with a similar name."""
    import os

    folder, name = os.path.split(path)
    try:
        names = os.listdir(folder or ".")  # noqa: PTH208  (names are all that is needed)
    except (OSError, ValueError):
        return f"there is no folder '{folder}' either" if folder else ""
    return did_you_mean(name, names[:1000])


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
        encoding = "utf-8-sig"
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
        message = f"the byte 0x{byte:02x} is not {encoding[:6].rstrip('-').upper()}{letter}"
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


def read_tree(source: Source) -> Node:
    """The tree of a source's only document.

    Duplicate keys are noted in the source and the first of them is kept.

    Raises:
        InputErrors: if the text is not YAML, is empty or crosses a limit.
    """
    return _Builder(source).build()


def _parser() -> tuple[Any, Any]:
    """The parser of YAML events, and the module with the classes of events and errors."""
    import yaml  # type: ignore[import-untyped,unused-ignore]  # stubs may not be installed

    try:
        from yaml.cyaml import CParser  # type: ignore[import-untyped,unused-ignore]  # as above
    except ImportError:
        return yaml.SafeLoader, yaml
    return CParser, yaml


class _Builder:
    """Builds the tree, one event at a time and without recursion."""

    def __init__(self, source: Source) -> None:
        self.source = source
        # Anchored nodes by name; None while the node is still open.
        self.anchors: dict[str, Node | None] = {}
        self.weights: dict[str, int] = {}
        self.heights: dict[int, int] = {}
        self.open: list[Seq | Map] = []

    def build(self) -> Node:
        source = self.source
        parser, events = _parser()
        try:
            root = self._events(parser(source.text).get_event, events)
        except events.YAMLError as error:
            self._explain(error)
        if root is None or is_empty(root):
            source.stop(Mark(0, 0, 0), "the file is empty", _NO_PROBLEM)
        return root

    def _explain(self, error: Exception) -> NoReturn:
        from hwsolve.problem.syntax import explain

        message, hint, at = explain(self.source.text, error, [node.start for node in self.open])
        self.source.stop(at, message, hint)

    def _events(self, get_event: Callable[[], Any], events: Any) -> Node | None:  # noqa: C901, PLR0912, PLR0915  (the one hot loop of reading)
        source, stack = self.source, self.open
        scalar, alias = events.ScalarEvent, events.AliasEvent
        list_start, map_start = events.SequenceStartEvent, events.MappingStartEvent
        ends = (events.SequenceEndEvent, events.MappingEndEvent)
        document, stream_end = events.DocumentStartEvent, events.StreamEndEvent
        root: Node | None = None
        here: Seq | Map | None = None
        key: Scalar | None = None
        anchored: list[tuple[str, int] | None] = []
        count = documents = 0
        while True:
            event = get_event()
            kind = event.__class__
            opened: Seq | Map | None = None
            node: Node
            if kind is scalar:
                text, style = event.value, event.style or ""
                node = Scalar(text, style, event.start_mark, event.end_mark)
                count += 1
                if event.anchor is not None or event.tag is not None:
                    self._tagged(event)
                    self.anchors[event.anchor] = node
                    self.weights[event.anchor] = 1
                    node.start = self._behind_anchor(node.start)
                if style == '"' and not text.isprintable():
                    self._control_refused(node)
            elif kind is list_start or kind is map_start:
                opened = node = (Seq if kind is list_start else Map)(event.start_mark)
                count += 1
                if len(stack) >= MAX_DEPTH:
                    self._too_deep(node)
                if event.anchor is not None or event.tag is not None:
                    self._tagged(event)
                    self.anchors[event.anchor] = None
                    anchored.append((event.anchor, count))
                else:
                    anchored.append(None)
            elif kind in ends:
                anchor = anchored.pop()
                node = stack.pop()
                if anchor is not None:
                    self.anchors[anchor[0]] = node
                    self.weights[anchor[0]] = count - anchor[1] + 1
                here = stack[-1] if stack else None
                continue
            elif kind is alias:
                node = self._aliased(event)
                count += self.weights[event.anchor]
            elif kind is document:
                documents += 1
                if documents > 1:
                    source.stop(
                        event.start_mark,
                        "a second document starts here",
                        "a file holds one problem: use two files, or the key 'parts'",
                    )
                continue
            elif kind is stream_end:
                return root
            else:
                continue
            if count > MAX_NODES:
                self._too_many(event)
            if here is None:
                root = node
            elif here.__class__ is Seq:
                here.items.append(node)
            elif key is None:
                key = self._key(node)
            else:
                entries = here.entries  # type: ignore[union-attr]  # its class is Map
                if key.text in entries:
                    self._duplicate(key, entries[key.text][0])
                else:
                    entries[key.text] = (key, node)
                key = None
            if opened is not None:
                stack.append(opened)
                here = opened

    def _key(self, node: Node) -> Scalar:
        if not isinstance(node, Scalar):
            message = f"a key must be a name, not {what(node)}"
            self.source.stop(node, message, "put the name in quotes")
        return node

    def _duplicate(self, key: Scalar, first: Scalar) -> None:
        self.source.fail(
            key,
            f"the key '{clip(key.text)}' is given twice, first in line {first.start.line + 1}",
            "remove one of them",
        )

    def _tagged(self, event: Any) -> None:
        tag = event.tag
        if tag is None:
            return
        shown = tag.replace("tag:yaml.org,2002:", "!!")
        self.source.stop(
            event.start_mark,
            f"the tag '{clip(shown)}' is not used in problem files",
            "remove it; a text that starts with '!' needs quotes",
        )

    def _behind_anchor(self, start: Position) -> Mark:
        text, index = self.source.text, start.index
        line, line_start = start.line, index - start.column
        while index < len(text) and not text[index].isspace():
            index += 1
        while index < len(text) and text[index].isspace():
            index += 1
            if text[index - 1] == "\n":
                line, line_start = line + 1, index
        return Mark(line, index - line_start, index)

    def _control_refused(self, node: Scalar) -> None:
        for character in node.text:
            # It could rewrite the terminal that shows it.
            if unicode_control(character):
                code = f"U+{ord(character):04X}"
                self.source.fail(node, f"a text with the control character {code}", "remove it")
                return

    def _aliased(self, event: Any) -> Node:
        name = event.anchor
        node = self.anchors.get(name)
        if node is None:
            if name in self.anchors:
                self.source.stop(event.start_mark, f"the alias '*{clip(name)}' contains itself")
            self.source.stop(
                event.start_mark,
                f"there is no anchor '&{clip(name)}' for the alias '*{clip(name)}'",
                "a text that starts with '*' needs quotes",
            )
        if len(self.open) + self._height(node) > MAX_DEPTH:
            self._too_deep(event.start_mark)
        return node

    def _height(self, node: Node) -> int:
        """How many levels a finished node has; at most MAX_DEPTH, as that was checked."""
        if isinstance(node, Scalar):
            return 0
        known = self.heights.get(id(node))
        if known is None:
            inner = node.items if isinstance(node, Seq) else [v for _, v in node.entries.values()]
            known = 1 + max((self._height(child) for child in inner), default=0)
            self.heights[id(node)] = known
        return known

    def _too_deep(self, at: Node | Position) -> NoReturn:
        self.source.stop(
            at,
            f"lists and mappings are nested deeper than {MAX_DEPTH} levels",
            "close the brackets, or write it flatter",
        )

    def _too_many(self, event: Any) -> NoReturn:
        self.source.stop(
            event.start_mark,
            f"the file holds more than {MAX_NODES:,} values, with aliases counted as often as used",
            "use a formula such as zeros(1000, 1000)",
        )


def unicode_control(character: str) -> bool:
    """Whether a character is a control character and not white space."""
    return (character < " " or "\x7f" <= character < "\xa0") and not character.isspace()


def is_empty(node: Node) -> bool:
    """Whether nothing was written for a value: `key:`, `~` or `null`."""
    return (
        isinstance(node, Scalar)
        and not node.style
        and (not node.text or node.text in {"~", "null", "Null", "NULL"})
    )
