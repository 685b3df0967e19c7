"""Where each character of a scalar stands that is not one straight piece of its line.

Quoted texts have escapes, block texts are indented, and all can go on over several
lines. The answer is a sorted list of (offset in the text, line, column): from there
on, text and file run side by side until the next entry. Lines and columns count
from 1.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from hwsolve.problem.nodes import Scalar

Breaks: TypeAlias = tuple[tuple[int, int, int], ...]

# What YAML takes for the end of a line.
_LINE_END = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
# A longer text in quotes has only the place of its start.
_LONGEST = 100_000
_ESCAPE_LENGTH = {"x": 4, "u": 6, "U": 10}


def breaks_of(node: Scalar, raw: str) -> Breaks:
    """The places in a scalar whose text in the file is `raw` (with its quotes or header)."""
    if node.style == "|":
        return _literal(node, raw)
    if node.style == ">":
        return _folded(node, raw)
    return _flowing(node, raw)


def _literal(node: Scalar, raw: str) -> Breaks:
    """A `|` block: its lines are the file's lines without their indentation."""
    written = _LINE_END.split(raw)[1:]
    lines = node.text.split("\n")
    if len(lines) > len(written) + 1:
        return _folded(node, raw)
    indent = 0
    for text, line in zip(lines, written, strict=False):
        if text.strip():
            indent = len(line) - len(text)
            break
    first = node.start.line + 2
    breaks: list[tuple[int, int, int]] = []
    offset = 0
    for number, text in enumerate(lines):
        if text or not breaks:
            breaks.append((offset, first + number, indent + 1))
        offset += len(text) + 1
    return tuple(breaks)


def _folded(node: Scalar, raw: str) -> Breaks:
    """A `>` block: each of the file's lines is looked for in the text, in order."""
    breaks: list[tuple[int, int, int]] = []
    offset = 0
    for number, line in enumerate(_LINE_END.split(raw)[1:], start=node.start.line + 2):
        words = line.strip()
        found = node.text.find(words, offset) if words else -1
        if found >= 0:
            breaks.append((found, number, len(line) - len(line.lstrip()) + 1))
            offset = found + len(words)
    if breaks and breaks[0][0] > 0:
        breaks[0] = (0, *breaks[0][1:])
    return tuple(breaks)


def _flowing(node: Scalar, raw: str) -> Breaks:  # noqa: C901  (one case for each thing that moves the text)
    """A plain or quoted text: escapes are one character, a line's end and indentation a space."""
    if len(raw) > _LONGEST:
        return ()
    quote = node.style
    index, end = (1, len(raw) - 1) if quote else (0, len(raw))
    line, line_start = node.start.line + 1, -node.start.column
    offset = 0
    breaks = [(0, line, index - line_start + 1)]
    while index < end:
        character = raw[index]
        if character in " \t\r\n\x85\u2028\u2029":
            stop = index
            while stop < end and raw[stop] in " \t\r\n\x85\u2028\u2029":
                stop += 1
            ends = list(_LINE_END.finditer(raw, index, stop))
            if not ends:
                offset += stop - index
                index = stop
                continue
            offset += max(1, len(ends) - 1)
            line += len(ends)
            line_start = ends[-1].end()
            index = stop
        elif quote == "'" and character == "'":
            index, offset = index + 2, offset + 1
        elif quote == '"' and character == "\\":
            joined = _LINE_END.match(raw, index + 1)
            if joined:
                index, line, line_start = joined.end(), line + 1, joined.end()
                while index < end and raw[index] in " \t":
                    index += 1
            else:
                index, offset = index + _ESCAPE_LENGTH.get(raw[index + 1], 2), offset + 1
        else:
            index, offset = index + 1, offset + 1
            continue
        if breaks[-1][0] == offset:
            breaks.pop()
        breaks.append((offset, line, index - line_start + 1))
    # Where the rules above did not give the parser's text, the start is all that is sure.
    return tuple(breaks) if offset == len(node.text) else ()
