"""The network of a problem with all sizes known, for readings that need no names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsolve.errors import InputError
from hwsolve.solvers.cnn import in_letters, read_network, solve_network

if TYPE_CHECKING:
    from collections.abc import Callable

    from hwsolve.nets.network import Network
    from hwsolve.problem.model import Problem
    from hwsolve.solvers.cnn import Unmeasured


def measured(
    problem: Problem, changed: Callable[[Unmeasured], Unmeasured] | None = None
) -> Network:
    """The network of a problem, in which padding counts as any other value.

    With `changed` it is that of the layers and the input which this makes of its own.

    Raises:
        InputError, InputErrors: it cannot be read, does not fit, or has letters for sizes.
    """
    written = read_network(problem)
    if in_letters(written):
        raise InputError(
            "this needs numbers, and the network has letters for sizes", problem.place,
            "put numbers in their place",
        )  # fmt: skip
    if changed is not None:
        written = changed(written)
    conventions = {name: value for name, value in problem.conventions.items() if name != "padding"}
    return solve_network(problem._replace(find=(), conventions=conventions), written).network
