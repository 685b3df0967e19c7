"""Solutions on a terminal, in a pipe or in a file.

Where nobody looks at colours the lines go out as they are, and rich is not even
imported: it costs more time than solving a small problem.
"""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING, TextIO

from hwsolve.render.characters import speaks_unicode
from hwsolve.render.layout import lines
from hwsolve.render.page import Page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hwsolve.render.page import Line
    from hwsolve.solution import Solution

# In a pipe or a file: what fits a page and a mail.
PLAIN_WIDTH = 80
NARROWEST, WIDEST = 20, 140
BUNDLE = 200

STYLES = {
    "title": "bold",
    "heading": "bold cyan",
    "strong": "bold",
    "name": "bold",
    "sign": "dim",
    "formula": "",
    "numbers": "",
    "value": "cyan",
    "answer": "bold green",
    "answer name": "bold",
    "answer margin": "green",
    "muted": "dim",
    "warning": "yellow",
    "good": "green",
}


def render(solution: Solution, stream: TextIO | None = None) -> str:
    """A solution as text for a stream (standard output by default), as that stream needs it.

    On a terminal: its width, lines drawn, colours unless NO_COLOR is set or the
    terminal is dumb. Elsewhere: 80 columns (or COLUMNS), no drawing, no colour,
    formulas in one piece if they are not very long. Characters that the stream lacks are replaced.
    """
    return "".join(rendered(solution, stream))


def rendered(
    solution: Solution, stream: TextIO | None = None, *, headed: bool = False
) -> Iterator[str]:
    """The same in bundles of lines, so that a long document appears while it is made.

    With `headed` the title is there even where no working is.
    """
    out = sys.stdout if stream is None else stream
    page = page_for(out)
    colour = wants_colour(out)
    for bundle in _bundles(lines(solution, page, headed=headed), BUNDLE):
        yield _encodable(_painted(bundle) if colour else plain(bundle), page.encoding)


def plain(document: Iterable[Line]) -> str:
    """The lines as text without any style, each with its line break."""
    return "".join(["".join([text for text, _ in line]).rstrip() + "\n" for line in document])


def page_for(stream: TextIO) -> Page:
    """The page that a stream offers."""
    screen = _is_terminal(stream)
    size = shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns
    if not screen and "COLUMNS" not in os.environ:
        size = PLAIN_WIDTH
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return Page(
        width=max(NARROWEST, min(size, WIDEST)),
        encoding=encoding,
        unicode=speaks_unicode(encoding),
        screen=screen and not _is_dumb(),
    )


def wants_colour(stream: TextIO) -> bool:
    """Whether colours are welcome: on a terminal that has them, unless NO_COLOR is set."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (_is_terminal(stream) and not _is_dumb())


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False


def _is_dumb() -> bool:
    return os.environ.get("TERM", "").lower() in {"dumb", "unknown"}


def _encodable(text: str, encoding: str) -> str:
    """A last guard: whatever slipped through becomes an escape, never an error."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.encode(encoding, "backslashreplace").decode(encoding)
    return text


def _bundles(document: Iterator[Line], size: int) -> Iterator[list[Line]]:
    bundle: list[Line] = []
    for line in document:
        bundle.append(line)
        if len(bundle) == size:
            yield bundle
            bundle = []
    if bundle:
        yield bundle


def _painted(document: list[Line]) -> str:
    """Lines in colour; as segments, which rich writes without laying them out again."""
    from io import StringIO

    from rich.console import Console, detect_legacy_windows
    from rich.segment import Segment, Segments
    from rich.style import Style

    if detect_legacy_windows():  # it would need calls of the system instead of escapes
        return plain(document)
    painted = StringIO()
    console = Console(file=painted, force_terminal=True, highlight=False, markup=False)
    styles = {name: Style.parse(style) if style else None for name, style in STYLES.items()}
    segments = [
        Segment(text, styles.get(style))
        for line in document
        for text, style in [*line, ("\n", "")]
        if text
    ]
    console.print(Segments(segments), soft_wrap=True, end="")
    return painted.getvalue()
