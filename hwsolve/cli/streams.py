"""Writing to standard output and standard error, whatever they are."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


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
    """Write lines to standard error, behind what standard output already holds."""
    flush()
    if sys.stderr is None:
        return
    from hwsolve.render.characters import clean

    # a file's text must neither steer the terminal nor fail on its way there
    encoding = sys.stderr.encoding or "utf-8"
    lines = "".join(clean(line, encoding) + "\n" for line in text.split("\n"))
    try:
        sys.stderr.write(lines)
        sys.stderr.flush()
    except OSError:
        return  # there is nowhere left to say so


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
