"""`hwsolve flops`: a convolution and a pooling counted without a file."""

from __future__ import annotations

from typing import Annotated

import typer

from hwsolve.cli.show import print_json, print_solution

EXAMPLES = {
    "flops": """\b
Examples:
  hwsolve flops --in 50x12x12 --k 4 --s 2 --p 1
  hwsolve flops --in 50x12x12 --k 4 --s 2 --p 1 --filters 20 --pool 3
  hwsolve flops --in 3x224x224 --k 3x5 --s 2x1 --filters 64 --no-bias
  hwsolve flops --in Cxnxn --k k --s s --p p --filters F
  hwsolve flops "1x32x32 | conv 6 5x5 | relu | pool 2 | dense 10"
\b
A multiplication, an addition and a comparison are one operation each.
Sizes may be letters; then every count is a formula.
"""
}


def flops(  # noqa: PLR0913  (one parameter for each option)
    ctx: typer.Context,
    network: Annotated[
        str | None,
        typer.Argument(metavar="[NETWORK]", help="A whole network instead, as in count."),
    ] = None,
    *,
    input_size: Annotated[
        str | None,
        typer.Option("--in", metavar="CxHxW", help="The input: channels x height x width."),
    ] = None,
    kernel: Annotated[
        str | None, typer.Option("--k", metavar="K", help="The kernel: 4 or 3x5.")
    ] = None,
    stride: Annotated[str, typer.Option("--s", metavar="S", help="The stride: 2 or 2x1.")] = "1",
    padding: Annotated[str, typer.Option("--p", metavar="P", help="The padding: 1 or 1x2.")] = "0",
    dilation: Annotated[
        str, typer.Option("--d", metavar="D", help="The dilation: 2 or 2x1.")
    ] = "1",
    groups: Annotated[
        int, typer.Option("--groups", metavar="N", min=1, help="Groups of channels.")
    ] = 1,
    filters: Annotated[
        str | None,
        typer.Option("--filters", metavar="N", help="Filters; without it, the count for one."),
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
    """Count the operations of a convolution, or of a network."""
    if network is not None:
        from hwsolve.cli.count import show_counts

        _refuse_others(ctx)
        return show_counts(network, "flops", input_size, "full", as_json=as_json)
    if input_size is None or kernel is None:
        missing = "--in" if input_size is None else "--k"
        ctx.fail(f"Missing option '{missing}'.")
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


def _refuse_others(ctx: typer.Context) -> None:
    """A network has its own layers: options of a single convolution say nothing of it."""
    for name, value in ctx.params.items():
        option = next(each for each in ctx.command.params if each.name == name)
        if name not in {"network", "input_size", "as_json"} and value != option.default:
            ctx.fail(f"{option.opts[0]} is for a single convolution, not for a network.")
