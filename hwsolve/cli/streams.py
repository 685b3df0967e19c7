"""Writing to standard output and standard error, whatever they are."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


# What the further lines of a message begin with.
BELOW = "    "


class OutputError(Exception):
    """What was to be written could not be written: a full disk, a closed output."""


def prepare() -> None:
    """Let both streams write every character, with a stand-in for one that they lack."""
    for stream, stand_in in ((sys.stdout, "replace"), (sys.stderr, "backslashreplace")):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors=stand_in)


@contextmanager
def writing() -> Iterator[None]:
    """Name what goes wrong while standard output is written.

    Raises:
        BrokenPipeError: Nobody reads any longer.
        OutputError: The text cannot be written.
    """
    if sys.stdout is None:
        raise OutputError("cannot write the output: standard output is closed")
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        discard()
        raise OutputError(f"cannot write the output: {error.strerror}") from error


def say(text: str) -> None:
    """Write lines to standard output.

    Raises:
        BrokenPipeError: Nobody reads any longer.
        OutputError: The text cannot be written.
    """
    with writing():
        sys.stdout.write(text if text.endswith("\n") else text + "\n")


def complain(text: str) -> None:
    """Write lines to standard error, behind what standard output already holds.

    A terminal gets them broken at its width; elsewhere a line stays one line.
    """
    flush()
    if sys.stderr is None:
        return
    from hwsolve.render.characters import clean

    # a file's text must neither steer the terminal nor fail on its way there
    encoding = sys.stderr.encoding or "utf-8"
    width = _error_width()
    lines = "".join(_fitted(clean(line, encoding), width) + "\n" for line in text.split("\n"))
    try:
        sys.stderr.write(lines)
        sys.stderr.flush()
    except OSError:
        return  # there is nowhere left to say so


def _error_width() -> int:
    """The columns of the terminal that standard error is, 0 where it is none."""
    try:
        if not sys.stderr.isatty():
            return 0
        stated = os.environ.get("COLUMNS", "")
        return (
            int(stated) if stated.isdigit() else os.get_terminal_size(sys.stderr.fileno()).columns
        )
    except (OSError, ValueError, AttributeError):
        return 0


def _fitted(line: str, width: int) -> str:
    """A line, broken between words where it is wider than a width; 0 is no limit."""
    from hwsolve.render.characters import columns, wrapped

    if not width or columns(line) <= width:
        return line
    first = next(wrapped(line, width), "")
    rest = " ".join(line.split())[len(first) :]
    return "\n".join([first, *(BELOW + piece for piece in wrapped(rest, width - len(BELOW)))])


def flush() -> None:
    """Hand everything written so far to the reader.

    Raises:
        BrokenPipeError: Nobody reads any longer.
        OutputError: The text cannot be written.
    """
    if sys.stdout is not None:
        with writing():
            sys.stdout.flush()


def discard() -> None:
    """Forget what standard output still holds: it can never be written."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        return  # not a file at all, so there is nothing to forget
