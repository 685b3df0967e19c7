"""The tree of a YAML text: scalars, lists and mappings, each with its place.

A scalar stays the text that was written: `y`, `on` and `1e3` mean what the reader
of a key makes of them, not what YAML 1.1 says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from typing import Protocol

    class Position(Protocol):
        """A position in the text, all counted from 0; the index counts characters."""

        line: int
        column: int
        index: int


class Mark:
    """A position in the text that is not one of the parser's own."""

    __slots__ = ("column", "index", "line")

    def __init__(self, line: int, column: int, index: int) -> None:
        self.line = line
        self.column = column
        self.index = index


class Scalar:
    """A text. `style` is "" for plain, or one of `'`, `"`, `|`, `>`; `end` lies behind it."""

    __slots__ = ("end", "start", "style", "text")

    def __init__(self, text: str, style: str, start: Position, end: Position) -> None:
        self.text = text
        self.style = style
        self.start = start
        self.end = end


class Seq:
    """A list."""

    __slots__ = ("items", "start")

    def __init__(self, start: Position) -> None:
        self.start = start
        self.items: list[Node] = []


class Map:
    """A mapping, in the order of the file. `entries` holds key and value by the key's text."""

    __slots__ = ("entries", "start")

    def __init__(self, start: Position) -> None:
        self.start = start
        self.entries: dict[str, tuple[Scalar, Node]] = {}


Node: TypeAlias = Scalar | Seq | Map


def what(node: Node) -> str:
    """What a node is, in the words of an error message."""
    if isinstance(node, Scalar):
        return "a text"
    return "a list" if isinstance(node, Seq) else "a mapping"


def is_empty(node: Node) -> bool:
    """Whether nothing was written for a value: `key:`, `~` or `null`."""
    return (
        isinstance(node, Scalar)
        and not node.style
        and (not node.text or node.text in {"~", "null", "Null", "NULL"})
    )
