"""The one place where errors end: each becomes lines on standard error and an exit code."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from hwsolve.cli.streams import OutputError, complain, discard
from hwsolve.errors import HwsolveError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

UNUSABLE = 2
INTERRUPTED = 130
CLOSED_PIPE = 141  # what a shell reports when a program writes to a closed pipe


class Failure(NamedTuple):
    """What an error means to the user: the exit code, and the lines to be read."""

    code: int
    text: str


def attempt(action: Callable[[], T], subject: str) -> T | Failure:
    """What an action returns, or the failure that the error which ended it means.

    An interruption from the keyboard and an output that cannot be written pass through:
    they end the whole command and not only this action.

    Args:
        action: What is to be done.
        subject: What a message without a place is about: a file, or the program.
    """
    try:
        return action()
    except HwsolveError as error:
        return Failure(error.exit_code, _lines(error, subject))
    except RecursionError:
        text = "nested too deeply; write it with fewer brackets or levels"
    except MemoryError:
        text = "not enough memory; use smaller arrays or fewer steps"
    except (BrokenPipeError, OutputError):
        raise
    except OSError as error:
        return Failure(UNUSABLE, f"{error.filename or subject}: {error.strerror or error}")
    except Exception as error:
        if os.environ.get("HWSOLVE_TRACEBACK"):
            raise
        what = " ".join(f"{type(error).__name__}: {error}".split())
        text = (
            f"hwsolve itself made a mistake ({what[:200]}); please report it, with the file "
            "and what the environment variable HWSOLVE_TRACEBACK=1 adds"
        )
    return Failure(UNUSABLE, f"{subject}: {text}")


def guarded(action: Callable[[], int], subject: str = "hwsolve") -> int:
    """The exit code of an action, or of the error that ended it, which is reported."""
    result = attempt(action, subject)
    if isinstance(result, Failure):
        complain(result.text)
        return result.code
    return result


def whole_command(action: Callable[[], int]) -> int:
    """The exit code of the whole command, whatever ends it."""
    try:
        return guarded(action)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        discard()
        return CLOSED_PIPE
    except OutputError as error:
        complain(f"hwsolve: {error}")
        return UNUSABLE


def _lines(error: HwsolveError, subject: str) -> str:
    """An error's lines; one that names no place gets the subject in front."""
    text = str(error) or type(error).__name__
    placed = getattr(error, "place", None) or getattr(error, "errors", None)
    return text if placed or text.startswith(subject) else f"{subject}: {text}"
