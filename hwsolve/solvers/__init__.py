"""One file for each kind of problem: `Problem` in, `Solution` out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import InputError

if TYPE_CHECKING:
    from hwsolve.problem.model import Problem
    from hwsolve.solution import Solution

# A kind, the module that solves it, and the function in it; imported when first used.
SOLVERS: Final = {
    "graph": ("hwsolve.solvers.graph", "solve_graph"),
    "network": ("hwsolve.solvers.network", "solve_network"),
    "recurrent": ("hwsolve.solvers.recurrent", "solve_recurrent"),
    "architecture": ("hwsolve.solvers.cnn", "solve_cnn"),
    "optimizer": ("hwsolve.solvers.optimizer", "solve_optimizer"),
    "derivation": ("hwsolve.solvers.derivation", "solve_derivation"),
    "claim": ("hwsolve.solvers.claim", "solve_claim"),
    "functions": ("hwsolve.solvers.functions", "solve_functions"),
}


def solve(problem: Problem, document: bool = True) -> Solution:  # noqa: FBT001, FBT002  (the one switch of the one entry)
    """The solution of a problem, with all its parts.

    With `document` False only the answers and their certificates are worked out,
    which is what checking a key needs.

    Raises:
        InputError: where the problem cannot be solved as it is written.
        CertificateError: where two independent methods disagree about an answer.
    """
    if problem.parts:
        return _in_parts(problem, document=document)
    module, name = SOLVERS[problem.kind]
    solver: Any = getattr(import_module(module), name)
    solution: Solution = solver(problem, document=document)
    return solution


def _in_parts(problem: Problem, *, document: bool) -> Solution:
    from hwsolve.errors import InputErrors
    from hwsolve.solution import Solution

    solved: list[Solution] = []
    errors: list[InputError] = []
    for part in problem.parts:
        try:
            solved.append(solve(part, document))
        except InputErrors as several:
            errors.extend(several.errors)
        except InputError as error:
            errors.append(error)
    if errors:
        raise InputErrors(errors)
    return Solution(
        title=problem.title,
        kind=problem.kind,
        statement=problem.statement,
        source=problem.source,
        label=problem.label,
        settings=problem.settings._asdict(),
        parts=tuple(solved),
    )
