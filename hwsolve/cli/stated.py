"""The answers that a file states, beside those that were computed for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hwsolve.marking.compare import Verdict
    from hwsolve.problem.model import Problem
    from hwsolve.solution import Answer, Solution

AGREES = "as stated"


def beside_stated(problem: Problem, solution: Solution) -> Solution:
    """The solution, with a word on each of its answers that the problem states.

    An answer that agrees with the file gets a note; for one that does not there is a
    warning with its place. Nothing is solved again: what the file states and the
    solution does not answer is left to `hwsolve check`.
    """
    if problem.parts:
        pairs = zip(problem.parts, solution.parts, strict=True)
        return solution._replace(parts=tuple(beside_stated(*pair) for pair in pairs))
    if not problem.answers:
        return solution
    from hwsolve.marking.check import check_solution

    verdicts = {verdict.name: verdict for verdict in check_solution(problem, solution)}
    warnings = [_warning(verdict) for verdict in verdicts.values() if not verdict.right]
    agreeing = {name for name, verdict in verdicts.items() if verdict.right}
    return solution._replace(
        answers=tuple(
            _noted(answer) if answer.name in agreeing else answer for answer in solution.answers
        ),
        warnings=(*solution.warnings, *warnings),
    )


def _noted(answer: Answer) -> Answer:
    return answer._replace(note=f"{answer.note}; {AGREES}" if answer.note else AGREES)


def _warning(verdict: Verdict) -> str:
    from hwsolve.cli.verdicts import explained

    where = f"{verdict.place}: " if verdict.place else ""
    return f"{where}{explained(verdict)}"
