"""`hwsolve count`: the sizes, parameters and operations of a network written in a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hwsolve.cli.networks import NETWORK, SIZE, Network, networks_of, pointing, text_of
from hwsolve.cli.show import print_json, print_solution

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.solution import Solution

_LENET = '"1x32x32 | conv 6 5x5 | relu | pool 2 | flatten | dense 10"'
EXAMPLES = {
    "count": f"""\b
Examples:
  hwsolve count {_LENET}
  hwsolve count "3x9x9 | (conv 8 3x3 p1 & conv 8 1x1) concat | gap | dense 10"
  hwsolve count problems/lenet5.yaml --ledger
  python model.py | hwsolve count - --in 1x28x28
\b
A line has the size of the input first, then the layers as in a problem file.
Brackets hold branches, with & between them and what joins them behind, or
layers that are repeated: (conv 8 3x3 p1 | relu) x 3. What PyTorch prints of
a Sequential is read too.
""",
    "params": f"""\b
Examples:
  hwsolve params {_LENET}
\b
The network is written as hwsolve count --help says.
""",
    "shapes": f"""\b
Examples:
  hwsolve shapes {_LENET}
\b
The network is written as hwsolve count --help says.
""",
}
# What each view asks for; nothing is what a problem without `find` asks for.
ASKED = {
    "count": (),
    "params": ("total.weights", "total.biases", "total.params"),
    "shapes": ("sizes",),
    "flops": (
        "total.multiplications", "total.additions", "total.comparisons", "total.macs",
        "total.flops", "total.flops_without_bias",
    ),
}  # fmt: skip

_Argument = Annotated[str, typer.Argument(metavar="NETWORK", help=NETWORK.capitalize() + ".")]
_Size = Annotated[
    str | None,
    typer.Option(SIZE, metavar="CxHxW", help="The input, where the text does not say it."),
]
_Working = Annotated[
    Literal["full", "short", "none"], typer.Option(help="How much of the working to print.")
]
_Json = Annotated[bool, typer.Option("--json", help="Print the solution as data.")]


def count(
    network: _Argument,
    *,
    size: _Size = None,
    ledger: Annotated[
        bool, typer.Option("--ledger", help="Count it under every convention, side by side.")
    ] = False,
    working: _Working = "short",
    as_json: _Json = False,
) -> int:
    """Count the parameters and operations of a network."""
    return show_counts(network, "count", size, working, as_json=as_json, ledger=ledger)


def params(
    network: _Argument, *, size: _Size = None, working: _Working = "full", as_json: _Json = False
) -> int:
    """Count the parameters of a network, layer by layer."""
    return show_counts(network, "params", size, working, as_json=as_json)


def shapes(
    network: _Argument, *, size: _Size = None, working: _Working = "full", as_json: _Json = False
) -> int:
    """Work out the size behind every layer of a network."""
    return show_counts(network, "shapes", size, working, as_json=as_json)


def show_counts(  # noqa: PLR0913  (one for each option)
    argument: str,
    view: str,
    size: str | None,
    working: str,
    *,
    as_json: bool,
    ledger: bool = False,
) -> int:
    """Print what a view asks of a network, and its ledger."""
    given = text_of(argument)
    with pointing(given):
        networks = networks_of(given, ASKED[view], working, size)
        solutions = [_solved(network, ledger=ledger) for network in networks]
    show(solutions, as_json=as_json)
    return 0


def show(solutions: Sequence[Solution], *, as_json: bool) -> None:
    """Print solutions as text or as data."""
    if as_json:
        print_json(list(solutions))
        return
    for number, solution in enumerate(solutions):
        several = "" if len(solutions) == 1 else solution.label or str(number + 1)
        print_solution(solution, first=not number, path=several)


def _solved(network: Network, *, ledger: bool) -> Solution:
    from hwsolve.solvers import solve
    from hwsolve.solvers.printed import check_expected

    check_expected(network.problem, network.expected)
    if ledger:
        from hwsolve.solvers.ledger import solve_ledger

        return solve_ledger(network.problem)
    return solve(network.problem)
