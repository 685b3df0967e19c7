"""`hwsolve solve`: the sizes with which a network gives what is wanted."""

from __future__ import annotations

from typing import Annotated

import typer

from hwsolve.cli.count import show
from hwsolve.cli.networks import SIZE, pointing, text_of

EXAMPLES = {
    "solve": """\b
Examples:
  hwsolve solve "1x32x32 | conv 6 5x5 p? -> 6x32x32"
  hwsolve solve "3x32x32 | conv 16 k? s? p? -> 16x16x16" --range k=2..5
  hwsolve solve "3x?x? | conv 8 3x3 s2 | pool 2 -> 8x7x7"
  hwsolve solve "784 | dense ? | relu | dense 10 -> params <= 50000"
  hwsolve solve "1x64x64 | conv 8 k? | conv 8 3x3 s2 -> receptive_field = 11"
  hwsolve solve "3x227x227 | conv 96 11x11 s? -> fits"
\b
A ? is looked for, and so is a letter: conv F kxk. Behind the arrow stands a
size, a count (params, macs, conv1.params), receptive_field, or fits: every
stride divides. Several conditions have commas between them.
"""
}


def solve(
    line: Annotated[
        str, typer.Argument(metavar="LINE", help="A network with ?, -> what it gives.")
    ],
    *,
    size: Annotated[
        str | None,
        typer.Option(SIZE, metavar="CxHxW", help="The input, where the line does not say it."),
    ] = None,
    ranges: Annotated[
        list[str] | None,
        typer.Option("--range", metavar="k=1..7", help="What is looked through. Repeatable."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the solution as data.")] = False,
) -> int:
    """Find the sizes with which a network gives what is wanted."""
    from hwsolve.problem.network_line import problem_of
    from hwsolve.problem.unknowns import read_inverse
    from hwsolve.solvers.inverse import solve_inverse
    from hwsolve.solvers.wanted import read_range, read_wanted

    given = text_of(line)
    with pointing(given):
        inverse = read_inverse(given.text, size, given.name)
        wanted = read_wanted(inverse.wanted)
        problem = problem_of(inverse.network, ())
        solution = solve_inverse(problem, wanted, dict(map(read_range, ranges or [])))
        if inverse.one_channel:
            said = f"the input is read as a picture of one channel, {inverse.network.input.text}"
            solution = solution._replace(warnings=(*solution.warnings, said))
    show([solution], as_json=as_json)
    return 0
