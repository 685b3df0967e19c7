"""An inverse question: a network with letters, what it is to give, and what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hwsolve.errors import InputError, InputErrors
from hwsolve.solvers.cnn import solve_network
from hwsolve.solvers.cnn_choices import with_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hwsolve.nets.inverse import Span
    from hwsolve.problem.model import Problem
    from hwsolve.solvers.cnn import Solved, Unmeasured
    from hwsolve.solvers.wanted import Wanted


class Unknown(NamedTuple):
    """A letter that is looked for: where it stands, the numbers looked through, and if stated."""

    letter: str
    role: str
    span: Span
    stated: bool


class Found(NamedTuple):
    """All solutions, how many choices were looked at, and whether there are none beyond."""

    solutions: tuple[dict[str, int], ...]
    looked_at: int
    complete: bool


class Question(NamedTuple):
    """A network with letters, what it is to give, and the letters that are looked for."""

    problem: Problem
    written: Unmeasured
    wanted: tuple[Wanted, ...]
    unknowns: tuple[Unknown, ...]


def solved_with(question: Question, chosen: Mapping[str, int]) -> Solved | None:
    """The network with numbers for its letters; None where it does not fit."""
    plain = question.problem._replace(find=(), answers={}, answer_names={}, given={})
    try:
        return solve_network(plain, with_numbers(question.written, chosen))
    except (InputError, InputErrors):
        return None
