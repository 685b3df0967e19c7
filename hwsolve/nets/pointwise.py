"""Layers without a window: dense, fixed centres, flatten, squeeze and excitation, scales."""

from __future__ import annotations

from math import prod

from hwsolve.expr.tree import Expr, Num, Sym
from hwsolve.nets.activations import of_each
from hwsolve.nets.exact import times
from hwsolve.nets.layer import ZERO, Line, Request, Rule
from hwsolve.nets.sizes import CHANNELS_LAST, Tokens, of_kind
from hwsolve.nets.windows import map_area, map_size

INPUTS, UNITS, CHANNELS = Sym("inputs"), Sym("units"), Sym("C")


def dense(request: Request) -> Rule:
    """A fully connected layer on each token, or on everything; a map is flattened first.

    With `positionwise` it acts on the channels at each position of a map. Weights that
    are tied to another layer's are counted there.
    """
    (size,) = request.inputs
    if isinstance(size, Tokens) or (request.options.get("positionwise") and len(size) > 1):
        return _on_each(request)
    sizes, lines = _flat_input(request)
    sizes["units"] = sizes["outputs"] = request.options["units"]
    return _dense_rule(request, sizes, lines, None, (sizes["units"],))


def _on_each(request: Request) -> Rule:
    """The same weights on the features at each position."""
    (size,) = request.inputs
    what = "tokens" if isinstance(size, Tokens) else "positions"
    units = request.options["units"]
    sizes = {"inputs": size[0], "units": units, what: prod(size[1:])}
    lines = () if len(size) == 2 else (Line(what, times(*map(Num, size[1:]))),)  # noqa: PLR2004  (one axis)
    return _dense_rule(request, sizes, lines, Sym(what), of_kind(size, (units, *size[1:])))


def _dense_rule(
    request: Request,
    sizes: dict[str, int],
    lines: tuple[Line, ...],
    places: Sym | None,
    output: tuple[int, ...],
) -> Rule:
    bias = request.options.get("bias", True)
    weights = times(INPUTS, UNITS)
    products = weights if places is None else times(places, weights)
    outputs: Expr = UNITS if places is None else times(places, UNITS)
    fewer = times(INPUTS - 1, UNITS) if places is None else times(places, INPUTS - 1, UNITS)
    more = times(INPUTS + 1, UNITS) if places is None else times(places, INPUTS + 1, UNITS)
    tied = request.options.get("tied")
    return Rule(
        output=output,
        sizes=sizes,
        lines=lines,
        weights=ZERO if tied else weights,
        biases=UNITS if bias else ZERO,
        operations={"multiplications": products, "additions": products if bias else fewer},
        bias_additions=outputs if bias else ZERO,
        macs=products,
        connections=more if bias else products,
        units=outputs,
        whole=places is None,
        remarks=(f"its weights are those of {tied}",) if tied else (),
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
    remark = f"{request.shown(size)} flattened"
    if isinstance(size, Tokens):
        return sizes, (Line(name, times(Num(size[1]), Num(size[0])), remark),)
    sizes["C"] = size[0]
    area = map_area(sizes, size[1:])
    last = request.order == CHANNELS_LAST
    formula = times(area, CHANNELS) if last else times(CHANNELS, area)
    return sizes, (Line(name, formula, remark),)


def same_size(request: Request) -> Rule:
    """A layer that is nothing to count once the network is trained, like dropout."""
    return Rule(output=request.inputs[0], sizes={})


def squeeze_excitation(request: Request) -> Rule:
    """Each channel scaled by what two dense layers make of the means of all channels.

    Hu et al., "Squeeze-and-Excitation Networks" (2018): global average, dense to C/r,
    ReLU, dense back to C, sigmoid, a product for each value.

    Raises:
        InputError: the reduction does not divide the channels, or there are two.
    """
    channels, *sides = map_size(request)
    options = request.options
    if "squeezed" in options and "reduction" in options:
        raise request.error("it has a reduction or a squeezed size, not both", "squeezed")
    reduction = options.get("reduction", 16)
    squeezed = options.get("squeezed")
    sizes = {"C": channels}
    lines: tuple[Line, ...] = ()
    if squeezed is None:
        if channels % reduction:
            raise request.error(
                f"{channels} channels cannot be divided by {reduction}", "reduction",
                f"take a divisor of {channels}, or say how many: squeezed=8",
            )  # fmt: skip
        squeezed = channels // reduction
        sizes["reduction"] = reduction
        lines = (Line("Z", CHANNELS / Sym("reduction"), "squeezed channels"),)
    sizes["Z"] = squeezed
    area = map_area(sizes, sides)
    few = Sym("Z")
    bias = options.get("bias", True)
    products = Num(2) * CHANNELS * few
    means = times(CHANNELS, area - 1)
    sums = products if bias else products - CHANNELS - few
    return Rule(
        output=request.inputs[0],
        sizes=sizes,
        lines=lines,
        weights=products,
        biases=CHANNELS + few if bias else ZERO,
        operations={
            "multiplications": products + times(CHANNELS, area),
            # the sum of each channel, the dense layers, one in each sigmoid
            "additions": means + sums + CHANNELS,
            "comparisons": few,
            "divisions": Num(2) * CHANNELS,
            "exponentials": of_each("sigmoid", CHANNELS)["exponentials"],
        },
        bias_additions=CHANNELS + few if bias else ZERO,
        macs=products,
        connections=None,
        whole=True,
        remarks=("means of the channels, dense, ReLU, dense, sigmoid, then each value scaled",),
        conventions=("bias", "mac"),
    )


def layer_scale(request: Request) -> Rule:
    """A trained factor for each channel or feature (Touvron et al. 2021, LayerScale)."""
    (size,) = request.inputs
    each = Sym("features") if isinstance(size, Tokens) else CHANNELS if len(size) > 1 else INPUTS
    return Rule(
        output=size,
        sizes={each.name: size[0], "N": prod(size)},
        weights=each,
        operations={"multiplications": Sym("N")},
        remarks=("one factor for each feature",),
    )
