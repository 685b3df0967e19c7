"""The names of a network as books write them: `W^(1)`, `a^[2]`, `delta2`, `δ[1]`.

The number of a layer stands behind the name here (`W1`), and the error of a layer is
the gradient of the loss by its weighted sum: `delta2` is `dL/dz2`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hwsolve.solution import Convention

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hwsolve.problem.model import Problem, Written
    from hwsolve.solution import Solution

# W^(1), a^[2], z^{3}: the number of a layer above a name.
_ABOVE: Final = re.compile(r"(?<=\w)\s*\^\s*[(\[{]\s*(\d+)\s*[)\]}]")
_DELTA: Final = re.compile(r"(?<![\w/])(?:delta|Delta|δ|Δ)(?:_?(\d+)|\[(\d+)\])(?!\w)")
_LOSS: Final = re.compile(r"^\s*[d∂](\w+)\s*/")


def in_our_names(problem: Problem) -> tuple[Problem, dict[str, str]]:
    """The problem with the names of layers written as here, and the names that changed."""
    letter = _letter(problem)
    changed: dict[str, str] = {}

    def ours(written: Written) -> Written:
        text = spelled(written.text, problem.given, letter)
        if text == written.text:
            return written
        changed[text] = written.text
        return written._replace(text=text, breaks=())

    find = tuple(ours(written) for written in problem.find)
    entries = tuple(ours(written) for written in problem.settings.entries)
    if not changed:
        return problem, changed
    settings = problem.settings._replace(entries=entries)
    return problem._replace(find=find, settings=settings), changed


def spelled(text: str, given: Mapping[str, object], letter: str = "L") -> str:
    """A name as it is called here."""
    plain = _ABOVE.sub(r"\1", text)

    def delta(found: re.Match[str]) -> str:
        number = found[1] or found[2]
        # who gives a delta, or differentiates by one, means something else
        return found[0] if found[0] in given else f"d{letter}/dz{number}"

    return _DELTA.sub(delta, plain)


def _letter(problem: Problem) -> str:
    """The letter of the loss: that of an equation, or what is differentiated."""
    loss: Written | None = getattr(problem.body, "loss", None)
    if loss is not None and "=" in loss.text:
        return loss.text.partition("=")[0].strip()
    tops = (_LOSS.match(written.text) for written in problem.find)
    return next((found[1] for found in tops if found), "L")


def with_their_names(solution: Solution, changed: Mapping[str, str]) -> Solution:
    """A solution whose answers are called as they were asked for."""
    if not changed:
        return solution
    answers = tuple(
        answer._replace(name=changed.get(answer.name, answer.name)) for answer in solution.answers
    )
    deltas = [(ours, theirs) for ours, theirs in changed.items() if _DELTA.search(theirs)]
    found = [*solution.conventions]
    if deltas:
        ours, theirs = deltas[0]
        found.append(Convention("delta", ours, f"{theirs} is {ours}, and so on"))
    return solution._replace(answers=answers, conventions=tuple(found))
