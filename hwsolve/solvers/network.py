"""`kind: network`: dense layers written out as equations, and solved as such."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsolve.nets.dense import dense_equations
from hwsolve.problem.model import Network
from hwsolve.solvers.book_names import in_our_names, with_their_names
from hwsolve.solvers.graph import solve_graph
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


def solve_network(problem: Problem, document: bool = True) -> Solution:  # noqa: FBT001, FBT002  (the switch of every solver)
    """Solve a dense network.

    Args:
        problem: the problem, whose body is a network.
        document: whether to write the working too.

    Raises:
        InputErrors: for weights, biases and targets that do not fit.
        InputError: for what cannot be solved.
        CertificateError: if a gradient fails its test.
    """
    problem, changed = in_our_names(problem)
    written_out = network_equations(problem)
    with naming_outputs(written_out):
        solution = solve_graph(
            problem,
            document,
            equations=in_order(written_out, problem.body.equations),  # type: ignore[union-attr]  # a network
            conventions=conventions_of(written_out),
            show_equations=True,
        )
    return with_their_names(solution, changed)


def network_equations(problem: Problem) -> WrittenOut:
    """The equations of a problem whose body is a network.

    Raises:
        InputErrors: for weights, biases and targets that do not fit.
    """
    network = problem.body
    assert isinstance(network, Network)  # noqa: S101  (the reader made it one)
    return dense_equations(
        network,
        shapes_of(problem),
        problem.conventions,
        names_used(problem, network.equations),
    )
