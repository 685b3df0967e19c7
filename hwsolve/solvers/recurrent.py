"""`kind: recurrent`: a cell over a sequence written out as equations, and solved as such."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsolve.nets.recurrent import recurrent_equations
from hwsolve.problem.model import Recurrent
from hwsolve.solvers.graph import solve_graph
from hwsolve.solvers.written_out import (
    conventions_of,
    in_order,
    names_used,
    naming_outputs,
    shapes_of,
)

if TYPE_CHECKING:
    from hwsolve.problem.model import Problem
    from hwsolve.solution import Solution


def solve_recurrent(problem: Problem, document: bool = True) -> Solution:  # noqa: FBT001, FBT002  (the switch of every solver)
    """Solve a recurrent cell over all steps of its sequence.

    Args:
        problem: the problem, whose body is a recurrent cell.
        document: whether to write the working too.

    Raises:
        InputErrors: for weights that are missing or do not fit.
        InputError: for what cannot be solved.
        CertificateError: if a gradient fails its test.
    """
    recurrent = problem.body
    assert isinstance(recurrent, Recurrent)  # noqa: S101  (the reader made it one)
    first_index = problem.conventions.get("first_index")
    written_out = recurrent_equations(
        recurrent,
        shapes_of(problem),
        problem.conventions,
        place=problem.place,
        places={name: given.place for name, given in problem.given.items()},
        asked=names_used(problem, recurrent.equations),
        first_index=int(first_index.text) if first_index else 0,
    )
    with naming_outputs(written_out):
        return solve_graph(
            problem,
            document,
            equations=in_order(written_out, recurrent.equations),
            conventions=conventions_of(written_out),
            show_equations=True,
        )
