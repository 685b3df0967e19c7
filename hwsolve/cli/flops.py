"""`hwsolve flops`: a convolution and a pooling counted without a file."""

from __future__ import annotations

from typing import Annotated

import typer

from hwsolve.cli.show import print_json, print_solution

EXAMPLES = {
    "flops": """\b
Examples:
  hwsolve flops --in 50x12x12 --k 4 --s 2 --p 1
  hwsolve flops --in 50x12x12 --k 4 --s 2 --p 1 --filters 20 --pool 3 --pool-stride 1
  hwsolve flops --in 3x224x224 --k 3x5 --s 2x1 --filters 64 --groups 1 --no-bias
\b
A multiplication, an addition and a comparison are one operation each.
"""
}


def flops(  # noqa: PLR0913  (one parameter for each option)
    *,
    input_size: Annotated[
        str, typer.Option("--in", metavar="CxHxW", help="The input: channels x height x width.")
    ],
    kernel: Annotated[str, typer.Option("--k", metavar="K", help="The kernel: 4 or 3x5.")],
    stride: Annotated[str, typer.Option("--s", metavar="S", help="The stride: 2 or 2x1.")] = "1",
    padding: Annotated[str, typer.Option("--p", metavar="P", help="The padding: 1 or 1x2.")] = "0",
    dilation: Annotated[
        str, typer.Option("--d", metavar="D", help="The dilation: 2 or 2x1.")
    ] = "1",
    groups: Annotated[
        int, typer.Option("--groups", metavar="N", min=1, help="Groups of channels.")
    ] = 1,
    filters: Annotated[
        int | None,
        typer.Option(
            "--filters", metavar="N", min=1, help="Filters; without it, the count for one."
        ),
    ] = None,
    no_bias: Annotated[bool, typer.Option("--no-bias", help="The filters have no bias.")] = False,
    pool: Annotated[
        str | None, typer.Option("--pool", metavar="K", help="A max pooling behind it: 3 or 3x2.")
    ] = None,
    pool_stride: Annotated[
        str | None,
        typer.Option("--pool-stride", metavar="S", help="Its stride; without it, its kernel."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the solution as data.")] = False,
) -> int:
    """Count the operations of a convolution and a pooling."""
    from hwsolve.solvers.flops import flops_solution

    solution = flops_solution(
        input=input_size,
        kernel=kernel,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
        filters=filters,
        bias=not no_bias,
        pool=pool,
        pool_stride=pool_stride,
    )
    if as_json:
        print_json([solution])
    else:
        print_solution(solution)
    return 0
