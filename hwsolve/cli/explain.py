"""`hwsolve explain`: which convention, tool or slip gives a figure."""

from __future__ import annotations

from typing import Annotated

import typer

from hwsolve.cli.count import show
from hwsolve.cli.networks import NETWORK, SIZE, networks_of, pointing, text_of

EXAMPLES = {
    "explain": """\b
Examples:
  hwsolve explain 4.1G problems/architectures/resnet50.yaml
  hwsolve explain 156 "1x32x32 | conv 6 5x5 | relu | pool 2"
  hwsolve explain "0.24 MiB" problems/lenet5.yaml
\b
A whole number is compared exactly, a rounded one within half a unit of its
last digit. Exit code 1 where nothing gives the figure.
"""
}


def explain(
    figure: Annotated[str, typer.Argument(metavar="FIGURE", help="448662, 4.1G or 0.24 MiB.")],
    network: Annotated[str, typer.Argument(metavar="NETWORK", help=NETWORK.capitalize() + ".")],
    *,
    size: Annotated[
        str | None,
        typer.Option(SIZE, metavar="CxHxW", help="The input, where the text does not say it."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the solution as data.")] = False,
) -> int:
    """Say which convention, tool or slip gives a figure for a network."""
    from hwsolve.solvers.explain import solve_explain
    from hwsolve.solvers.printed import check_expected

    given = text_of(network)
    with pointing(given):
        solutions = []
        for each in networks_of(given, (), "full", size):
            check_expected(each.problem, each.expected)
            solutions.append(solve_explain(each.problem, figure))
    show(solutions, as_json=as_json)
    return 0 if any(solution.answers for solution in solutions) else 1
