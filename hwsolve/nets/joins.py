"""Layers that read several others: addition, multiplication, concatenation."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from hwsolve.expr.tree import Apply, Expr, Num, Sym
from hwsolve.nets.layer import Line, Request, Rule
from hwsolve.nets.sizes import Tokens, of_kind

if TYPE_CHECKING:
    from hwsolve.nets.sizes import Size

VALUES = Sym("N")


def addition(request: Request) -> Rule:
    """The sum of several layers of the same size, value by value.

    Raises:
        InputError: the sizes differ.
    """
    _check_several(request, "adds")
    return _each_value(request, "additions", request.inputs, "added")


def multiplication(request: Request) -> Rule:
    """The product of several layers, value by value; one factor a channel scales a map.

    Raises:
        InputError: the sizes differ otherwise.
    """
    _check_several(request, "multiplies")
    first = max(request.inputs, key=lambda size: (len(size), int(prod(size))))
    scales = {first[:1], (first[0], *(1 for _ in first[1:]))}
    sizes = tuple([first if tuple(size) in scales else size for size in request.inputs])
    rule = _each_value(request, "multiplications", sizes, "multiplied")
    if any(size != first for size in request.inputs):
        return rule._replace(remarks=("each channel has one factor",))
    return rule


def _each_value(request: Request, operation: str, sizes: tuple[Size, ...], verb: str) -> Rule:
    first = sizes[0]
    if any(size != first for size in sizes):
        shown = " and ".join(map(request.shown, dict.fromkeys(request.inputs)))
        raise request.error(
            f"layers of sizes {shown} cannot be {verb}", "", "all must have one size"
        )
    count = len(sizes)
    each: Expr = VALUES if count == 2 else Num(count - 1) * VALUES  # noqa: PLR2004  (one each)
    return Rule(output=first, sizes={"N": prod(first)}, operations={operation: each})


def concatenation(request: Request) -> Rule:
    """The channels (or features, or tokens) of several layers behind one another.

    Raises:
        InputError: the sizes differ in another axis.
    """
    _check_several(request, "joins")
    inputs = request.inputs
    if request.options.get("axis", "features") == "tokens":
        return _tokens(request)
    sides = inputs[0][1:]
    alike = all(isinstance(size, Tokens) == isinstance(inputs[0], Tokens) for size in inputs)
    if not alike or any(size[1:] != sides or len(size) != len(inputs[0]) for size in inputs):
        shown = " and ".join(map(request.shown, dict.fromkeys(inputs)))
        axes = {3: "height and width", 4: "depth, height and width"}.get(len(inputs[0]), "length")
        if isinstance(inputs[0], Tokens):
            axes = "the number of tokens"
        raise request.error(
            f"layers of sizes {shown} cannot be joined", "", f"{axes} must be the same in all"
        )
    channels = [size[0] for size in inputs]
    return Rule(
        output=of_kind(inputs[0], (sum(channels), *sides)),
        sizes={"C_out": sum(channels)},
        lines=(Line("C_out", _sum(channels)),),
    )


def _tokens(request: Request) -> Rule:
    inputs = request.inputs
    if any(not isinstance(size, Tokens) or size[0] != inputs[0][0] for size in inputs):
        shown = " and ".join(map(request.shown, dict.fromkeys(inputs)))
        raise request.error(
            f"layers of sizes {shown} cannot be joined along the tokens", "axis",
            "all must be tokens with the same number of features",
        )  # fmt: skip
    tokens = [size[1] for size in inputs]
    return Rule(
        output=Tokens((inputs[0][0], sum(tokens))),
        sizes={"tokens": sum(tokens)},
        lines=(Line("tokens", _sum(tokens)),),
        unseen="it joins sequences",
    )


def _sum(numbers: list[int]) -> Expr:
    return Apply("add", tuple([Num(each) for each in numbers]))


def _check_several(request: Request, verb: str) -> None:
    if len(request.inputs) == 1:
        raise request.error(f"it {verb} several layers, but reads one")
