"""Solutions on standard output, as text or as data."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from hwsolve.cli.streams import say, writing

if TYPE_CHECKING:
    from hwsolve.solution import Solution


def print_solution(solution: Solution, *, first: bool = True, path: str = "") -> None:
    """Print a solution as text; all but the first have an empty line before them.

    One of several has a heading in any case: its title, or else the path of its file.
    """
    from hwsolve.render.terminal import rendered

    if not first:
        say("")
    if path and not solution.title:
        solution = solution._replace(title=path)
    with writing():
        for text in rendered(solution, headed=bool(path)):
            sys.stdout.write(text)


def print_json(solutions: list[Solution]) -> None:
    """Print one solution as a JSON object, several as a list of objects."""
    from hwsolve.render.json import to_json

    texts = [to_json(solution) for solution in solutions]
    say(texts[0] if len(texts) == 1 else "[" + ",\n".join(texts) + "]")
