"""Layers without a window: dense, fixed centres, flatten, activations, normalisation, joins."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

from hwsolve.expr.tree import Apply, Expr, Num, Sym
from hwsolve.nets.exact import times
from hwsolve.nets.layer import ZERO, Line, Request, Rule
from hwsolve.nets.sizes import CHANNELS_LAST
from hwsolve.nets.windows import map_area

if TYPE_CHECKING:
    from collections.abc import Callable

INPUTS, UNITS, CHANNELS, VALUES = Sym("inputs"), Sym("units"), Sym("C"), Sym("N")


def dense(request: Request) -> Rule:
    """A fully connected layer; a map is flattened first."""
    sizes, lines = _flat_input(request)
    sizes["units"] = sizes["outputs"] = request.options["units"]
    bias = request.options.get("bias", True)
    products = times(INPUTS, UNITS)
    return Rule(
        output=(sizes["units"],),
        sizes=sizes,
        lines=lines,
        weights=products,
        biases=UNITS if bias else ZERO,
        operations={
            "multiplications": products,
            "additions": products if bias else times(INPUTS - 1, UNITS),
        },
        bias_additions=UNITS if bias else ZERO,
        macs=products,
        connections=times(INPUTS + 1, UNITS) if bias else products,
        units=UNITS,
        whole=True,
        conventions=("bias", "mac"),
    )


def radial_basis(request: Request) -> Rule:
    """Squared distances to fixed centres, nothing to train (the output of LeNet-5 in 1998)."""
    sizes, lines = _flat_input(request)
    sizes["units"] = sizes["outputs"] = request.options["units"]
    products = times(INPUTS, UNITS)
    return Rule(
        output=(sizes["units"],),
        sizes=sizes,
        lines=lines,
        operations={
            "multiplications": products,
            # a difference for each input, and the sum of their squares
            "additions": times(Num(2) * INPUTS - 1, UNITS),
        },
        connections=products,
        units=UNITS,
        whole=True,
        remarks=("the centres are fixed: nothing to train",),
        conventions=("mac",),
    )


def flatten(request: Request) -> Rule:
    """All values of a map as one list of features."""
    sizes, lines = _flat_input(request, "features")
    return Rule(output=(sizes["features"],), sizes=sizes, lines=lines)


def _flat_input(request: Request, name: str = "inputs") -> tuple[dict[str, int], tuple[Line, ...]]:
    (size,) = request.inputs
    sizes: dict[str, int] = {name: prod(size)}
    if len(size) == 1:
        return sizes, ()
    sizes["C"] = size[0]
    area = map_area(sizes, size[1:])
    last = request.order == CHANNELS_LAST
    formula = times(area, CHANNELS) if last else times(CHANNELS, area)
    return sizes, (Line(name, formula, f"{request.shown(size)} flattened"),)


def same_size(request: Request) -> Rule:
    """A layer that is nothing to count once the network is trained, like dropout."""
    return Rule(output=request.inputs[0], sizes={})


class Activation(NamedTuple):
    """The operations that an activation needs for one value; None where they are not known."""

    operations: dict[str, int] | None
    formula: str = ""


ACTIVATIONS = {
    "relu": Activation({"comparisons": 1}, "max(x, 0)"),
    "relu6": Activation({"comparisons": 2}, "min(max(x, 0), 6)"),
    "leaky_relu": Activation({"comparisons": 1, "multiplications": 1}, "max(x, a x)"),
    "sigmoid": Activation(
        {"exponentials": 1, "additions": 1, "divisions": 1}, "1/(1 + exp(-x))"
    ),
    "tanh": Activation(
        {"multiplications": 1, "exponentials": 1, "additions": 2, "divisions": 1},
        "1 - 2/(exp(2x) + 1)",
    ),
    "silu": Activation(
        {"exponentials": 1, "additions": 1, "divisions": 1}, "x/(1 + exp(-x))"
    ),
    "elu": Activation(
        {"comparisons": 1, "exponentials": 1, "additions": 1, "multiplications": 1},
        "x if x > 0 else a (exp(x) - 1)",
    ),
    "identity": Activation({}, "x"),
    "gelu": Activation(None),
    "softplus": Activation(None),
}  # fmt: skip


def activation(name: str) -> Callable[[Request], Rule]:
    """The rule of an activation, the same for every value."""
    needs = ACTIVATIONS[name]

    def rule(request: Request) -> Rule:
        (size,) = request.inputs
        operations = needs.operations
        counted: dict[str, Expr] | None = None
        if operations is not None:
            counted = {
                kind: VALUES if each == 1 else Num(each) * VALUES
                for kind, each in operations.items()
            }
        remarks = (f"each value: {needs.formula}",) if needs.formula else ()
        return Rule(
            output=size,
            sizes={"N": prod(size)},
            operations=counted,
            remarks=remarks if counted else (),
        )

    return rule


def softmax(request: Request) -> Rule:
    """exp(x_i)/sum_k exp(x_k) over the features, or over the channels at each position."""
    (size,) = request.inputs
    sizes: dict[str, int] = {}
    if len(size) == 1:
        sizes["inputs"] = size[0]
        each: Expr = INPUTS
        sums: Expr = INPUTS - 1
    else:
        sizes["C"] = size[0]
        places = map_area(sizes, size[1:])
        each = times(CHANNELS, places)
        sums = times(CHANNELS - 1, places)
    return Rule(
        output=size,
        sizes=sizes,
        operations={"exponentials": each, "additions": sums, "divisions": each},
        remarks=("exp(x_i)/sum of all exp(x_k)",),
    )


def batch_normalisation(request: Request) -> Rule:
    """A trained scale and shift for each channel, and a running mean and variance."""
    (size,) = request.inputs
    each = INPUTS if len(size) == 1 else CHANNELS
    sizes = {each.name: size[0], "N": prod(size)}
    of = "feature" if len(size) == 1 else "channel"
    return Rule(
        output=size,
        sizes=sizes,
        weights=each,
        biases=each,
        running=Num(2) * each,
        operations={"multiplications": VALUES, "additions": VALUES},
        remarks=(f"each {of} has a trained scale and shift",),
        conventions=("batchnorm",),
    )


def addition(request: Request) -> Rule:
    """The sum of several layers of the same size, value by value.

    Raises:
        InputError: the sizes differ.
    """
    first = request.inputs[0]
    _check_several(request, "adds")
    if any(size != first for size in request.inputs):
        sizes = " and ".join(map(request.shown, dict.fromkeys(request.inputs)))
        raise request.error(
            f"layers of sizes {sizes} cannot be added", "", "all must have one size"
        )
    count = len(request.inputs)
    sums = VALUES if count == 2 else Num(count - 1) * VALUES  # noqa: PLR2004  (one addition each)
    return Rule(output=first, sizes={"N": prod(first)}, operations={"additions": sums})


def concatenation(request: Request) -> Rule:
    """The channels (or features) of several layers behind one another.

    Raises:
        InputError: the heights, widths or lengths differ.
    """
    _check_several(request, "joins")
    sides = request.inputs[0][1:]
    if any(size[1:] != sides or len(size) != len(sides) + 1 for size in request.inputs):
        sizes = " and ".join(map(request.shown, dict.fromkeys(request.inputs)))
        axes = "height and width" if len(sides) == 2 else "length"  # noqa: PLR2004  (axes of a picture)
        raise request.error(
            f"layers of sizes {sizes} cannot be joined", "", f"{axes} must be the same in all"
        )
    channels = [size[0] for size in request.inputs]
    total = Apply("add", tuple([Num(each) for each in channels]))
    return Rule(
        output=(sum(channels), *sides),
        sizes={"C_out": sum(channels)},
        lines=(Line("C_out", total),),
    )


def _check_several(request: Request, verb: str) -> None:
    if len(request.inputs) == 1:
        raise request.error(f"it {verb} several layers, but reads one")
