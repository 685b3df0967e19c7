"""Solutions on standard output, as text or as data."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from hwsolve.cli.streams import say, writing

if TYPE_CHECKING:
    from hwsolve.solution import Solution


def print_solution(solution: Solution, *, first: bool = True) -> None:
    """Print a solution as text; all but the first have an empty line before them."""
    from hwsolve.render.terminal import rendered

    if not first:
        say("")
    with writing():
        for text in rendered(solution):
            sys.stdout.write(text)


def print_json(solutions: list[Solution]) -> None:
    """Print one solution as a JSON object, several as a list of objects."""
    from hwsolve.render.json import to_json

    texts = [to_json(solution) for solution in solutions]
    say(texts[0] if len(texts) == 1 else "[" + ",\n".join(texts) + "]")
