"""`hwsolve run`: the full working of problems."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hwsolve.cli.failures import guarded
from hwsolve.cli.show import print_json, print_solution
from hwsolve.cli.stated import beside_stated

if TYPE_CHECKING:
    from hwsolve.solution import Solution

EXAMPLES = {
    "run": """\b
Examples:
  hwsolve run problems/t1.yaml
  hwsolve run problems/t1.yaml --set w0=0.3 --set b1=-0.3 --exact
  hwsolve run network.yaml --set "W1[0,2]=0.5" --entry "dL/dW1[0,2]"
  hwsolve run network.yaml --round-steps 4 --working short
  cat mine.yaml | hwsolve run - --json
"""
}


def part_labels(ctx: typer.Context) -> list[str]:
    """The labels of the parts of the files on the command line, for shell completion."""
    from hwsolve.errors import HwsolveError
    from hwsolve.problem.reader import read_problem

    labels: dict[str, None] = {}
    # an option that still lacks its value leaves the files among the other arguments
    for path in (*(ctx.params.get("problems") or ()), *ctx.args):
        try:
            labels.update(dict.fromkeys(part.label for part in read_problem(path).parts))
        except (HwsolveError, OSError):
            continue
    return list(labels)


def run(  # noqa: PLR0913  (one parameter for each option)
    problems: Annotated[
        list[str], typer.Argument(metavar="PROBLEM...", help="Problem files; - is standard input.")
    ],
    *,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Change a given value. Repeatable."),
    ] = None,
    digits: Annotated[
        int | None,
        typer.Option(
            "--digits", metavar="N", min=1, max=50, help="Significant digits to show (6)."
        ),
    ] = None,
    exact: Annotated[
        bool | None,
        typer.Option("--exact", help="Calculate with fractions where the operations allow."),
    ] = None,
    round_steps: Annotated[
        int | None,
        typer.Option(
            "--round-steps", metavar="N", min=0, max=50, help="Round every step to N decimals."
        ),
    ] = None,
    ties: Annotated[
        Literal["away", "even"] | None,
        typer.Option("--ties", help="Round a tie away from zero (the default) or to even."),
    ] = None,
    working: Annotated[
        Literal["full", "short", "none"] | None,
        typer.Option("--working", help="How much of the working to print."),
    ] = None,
    part: Annotated[
        str | None,
        typer.Option(
            "--part", metavar="LABEL", help="Solve only this part.", autocompletion=part_labels
        ),
    ] = None,
    entries: Annotated[
        list[str] | None,
        typer.Option(
            "--entry",
            metavar="NAME",
            help="Work out one entry of an array as a number: dL/dW1[0,2]. Repeatable.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the solution as data.")] = False,
) -> int:
    """Print the full working of problems.

    Forward values, gradients, the answers, and how each answer was certified.
    """
    from hwsolve.problem.override import override
    from hwsolve.problem.reader import read_problem
    from hwsolve.solvers import solve

    def solved(path: str) -> Solution:
        problem = override(
            read_problem(path),
            sets=sets or [],
            digits=digits,
            exact=exact,
            round_steps=round_steps,
            ties=ties,
            working=working,
            entries=entries or [],
            part=part,
        )
        solution = solve(problem)
        # other given values, or other rounding, have other answers than the file's
        if sets or round_steps is not None or ties is not None:
            return solution
        return beside_stated(problem, solution)

    solutions: list[Solution] = []

    def show(path: str) -> int:
        solution = solved(path)
        if not as_json:
            several = "" if len(problems) == 1 else "stdin" if path == "-" else path
            print_solution(solution, first=not solutions, path=several)
        solutions.append(solution)
        return 0

    code = max(
        [guarded(partial(show, path), "stdin" if path == "-" else path) for path in problems]
    )
    if as_json and solutions:
        print_json(solutions)
    return code
