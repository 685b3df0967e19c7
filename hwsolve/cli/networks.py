"""The network of a command line: a line, a file, standard input, or what PyTorch printed."""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hwsolve.cli.files import SUFFIXES
from hwsolve.errors import InputError, InputErrors

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hwsolve.errors import Place
    from hwsolve.problem.model import Problem

NETWORK = "a line, a file, or - for standard input"
SIZE = "--in"
KINDS = ("architecture", "cnn")
# The columns of a line of the user's text that are shown beside an error.
_SHOWN = 72
_YAML = re.compile(r"^(kind|layers|input|parts)\s*:", re.MULTILINE)


class Network(NamedTuple):
    """A network to be counted: its problem, and what its text states of its layers."""

    problem: Problem
    expected: Sequence[tuple[int, str, int, Place]] = ()


class Text(NamedTuple):
    """What stands for a network: its text, and what is called its file."""

    text: str
    name: str

    @property
    def is_problem(self) -> bool:
        """Whether it is a problem file."""
        return self.name.endswith(SUFFIXES) or bool(_YAML.search(self.text))


def text_of(argument: str) -> Text:
    """The text that an argument stands for.

    Raises:
        InputError, InputErrors: there is no such file, or it cannot be read.
    """
    from hwsolve.problem.source import load

    if argument == "-":
        return Text(load("-").text, "stdin")
    if not argument.strip():
        raise InputError("the network is empty", None, "write 1x32x32 | conv 6 5x5 | relu")
    is_text = any(sign in argument for sign in "|(\n ")
    if not is_text or (len(argument) < 256 and Path(argument).is_file()):  # noqa: PLR2004  (the longest name of a file)
        if not is_text and not argument.endswith(SUFFIXES) and not Path(argument).exists():
            raise InputError(
                f"{argument}: there is no such file", None,
                "a network in a line has | between its layers: 1x32x32 | conv 6 5x5",
            )  # fmt: skip
        return Text(load(argument).text, argument)
    return Text(argument, "line")


def networks_of(
    given: Text, asked: Sequence[str], working: str, size: str | None = None
) -> list[Network]:
    """The problems that ask this of a network; a problem file in parts has several.

    Raises:
        InputError, InputErrors: the network cannot be read.
    """
    from hwsolve.problem.network_line import problem_of, read_line
    from hwsolve.problem.pytorch_print import is_print, read_print

    if given.is_problem:
        return [Network(problem) for problem in _problems(given, asked, working, size)]
    if not given.text.strip():
        raise InputError(
            f"{given.name}: there is no network", None, "write 1x32x32 | conv 6 5x5 | relu"
        )
    read = read_print if is_print(given.text) else read_line
    written = read(given.text, size, given.name)
    return [Network(problem_of(written, asked, working), written.expected)]


def _problems(
    given: Text, asked: Sequence[str], working: str, size: str | None
) -> Iterator[Problem]:
    from hwsolve.problem.model import Cnn, Written
    from hwsolve.problem.reader import read_text

    problem = read_text(given.text, given.name)
    parts = problem.parts or (problem,)
    chosen = [part for part in parts if part.kind in KINDS]
    if not chosen:
        kinds = " and ".join(dict.fromkeys(part.kind for part in parts))
        raise InputError(
            f"{given.name}: a network of layers is counted, this is kind: {kinds}", problem.place,
            "hwsolve run solves it",
        )  # fmt: skip
    for part in chosen:
        body = part.body
        if size is not None and isinstance(body, Cnn):
            body = body._replace(input=Written(size, body.input.origin))
        yield part._replace(
            find=tuple([Written(name, part.place) for name in asked]), answers={},
            answer_names={}, expressions=(), body=body,
            settings=part.settings._replace(working=working),
        )  # fmt: skip


@contextmanager
def pointing(given: Text) -> Iterator[None]:
    """Show where in the text of a network an error is.

    Raises:
        InputError, InputErrors: the same with the line and a mark below it.
    """
    try:
        yield
    except InputErrors as errors:
        raise InputErrors([_pointed(error, given) for error in errors.errors]) from None
    except InputError as error:
        raise _pointed(error, given) from None


def _pointed(error: InputError, given: Text) -> InputError:
    place = error.place
    message = f"{error.message}; {error.hint}" if error.hint else error.message
    if place is not None and place.file == SIZE:
        return InputError(f"{SIZE}: {message}")
    if place is None or place.file != given.name or given.is_problem:
        return error
    lines = given.text.split("\n")
    if place.line > len(lines):
        return error
    line, column = lines[place.line - 1].expandtabs(1), place.column
    start = 0
    if len(line) > _SHOWN:
        start = max(0, min(column - _SHOWN // 2, len(line) - _SHOWN))
    shown = line[start : start + _SHOWN].rstrip()
    return InputError(f"{message}\n  {shown}\n  {' ' * (column - 1 - start)}^", place)
