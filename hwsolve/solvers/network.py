"""`kind: network`: dense layers written out as equations, and solved as such."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsolve.nets.dense import dense_equations
from hwsolve.problem.model import Network
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
    network = problem.body
    assert isinstance(network, Network)  # noqa: S101  (the reader made it one)
    written_out = dense_equations(
        network,
        shapes_of(problem),
        problem.conventions,
        names_used(problem, network.equations),
    )
    with naming_outputs(written_out):
        return solve_graph(
            problem,
            document,
            equations=in_order(written_out, network.equations),
            conventions=conventions_of(written_out),
            show_equations=True,
        )
