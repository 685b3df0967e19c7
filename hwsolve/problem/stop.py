"""Where the parser of YAML stopped, and what is found there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hwsolve.problem.nodes import Mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.problem.nodes import Position


class Explained(NamedTuple):
    """A message, a hint, and the place that is meant."""

    message: str
    hint: str
    at: Position


class Stop(NamedTuple):
    """The text, where the parser stopped, where the thing began that it was reading.

    `here` is the character at which it stopped, empty at the end of the text.
    """

    text: str
    at: Mark
    here: str
    began: Position
    opened: Sequence[Position]

    def line(self, mark: Position) -> str:
        """The line of a position, without the white space at its end."""
        start = mark.index - mark.column
        end = self.text.find("\n", start)
        return self.text[start : len(self.text) if end < 0 else end].rstrip()

    @property
    def before(self) -> str:
        """The line up to where the parser stopped."""
        return self.text[self.at.index - self.at.column : self.at.index]

    def previous(self, mark: Position) -> Mark | None:
        """The start of the last line above that is neither empty nor a comment."""
        end = mark.index - mark.column - 1
        number = mark.line - 1
        while end >= 0:
            start = self.text.rfind("\n", 0, end) + 1
            line = self.text[start:end].strip()
            if line and not line.startswith("#"):
                return Mark(number, 0, start)
            end, number = start - 1, number - 1
        return None


def clamped(text: str, mark: Position) -> Mark:
    """A position, moved from behind the end of the text to its last character."""
    if mark.index < len(text):
        return Mark(mark.line, mark.column, mark.index)
    index = len(text.rstrip())
    line_start = text.rfind("\n", 0, index) + 1
    return Mark(text.count("\n", 0, index), index - line_start, index)
