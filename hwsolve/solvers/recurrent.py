"""`kind: recurrent`: a cell over a sequence written out as equations, and solved as such."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsolve.errors import InputError
from hwsolve.nets.recurrent import recurrent_equations
from hwsolve.problem.model import Recurrent
from hwsolve.solvers.graph import in_symbols, solve_graph
from hwsolve.solvers.through_time import through_time
from hwsolve.solvers.written_out import (
    conventions_of,
    in_order,
    names_used,
    naming_outputs,
    shapes_of,
)

if TYPE_CHECKING:
    from hwsolve.nets.emitted import WrittenOut
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
    written_out = sequence_equations(problem)
    equations = in_order(written_out, problem.body.equations)  # type: ignore[union-attr]  # a cell
    through = through_time(written_out, equations)
    if through.held and in_symbols(problem):
        raise InputError(
            "a truncated gradient is not derived as a formula",
            problem.expressions[0].origin if problem.expressions else problem.place,
            "ask for it in numbers, under `find`",
        )
    with naming_outputs(written_out):
        return solve_graph(
            problem,
            document,
            equations=equations,
            conventions=conventions_of(written_out),
            show_equations=True,
            through=through,
        )


def sequence_equations(problem: Problem) -> WrittenOut:
    """The equations of a problem whose body is a recurrent cell.

    Raises:
        InputErrors: for weights that are missing or do not fit.
    """
    recurrent = problem.body
    assert isinstance(recurrent, Recurrent)  # noqa: S101  (the reader made it one)
    first_index = problem.conventions.get("first_index")
    return recurrent_equations(
        recurrent,
        shapes_of(problem),
        problem.conventions,
        place=problem.place,
        places={name: given.place for name, given in problem.given.items()},
        asked=names_used(problem, recurrent.equations),
        first_index=int(first_index.text) if first_index else 0,
    )
