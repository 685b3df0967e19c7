"""Layers that move values: parts of a map, margins, resizing, shuffles, sequences."""

from __future__ import annotations

from math import prod

from hwsolve.expr.tree import Expr, Num, Sym
from hwsolve.nets.exact import times
from hwsolve.nets.layer import Line, Request, Rule
from hwsolve.nets.sizes import Size, Tokens, Window, of_kind
from hwsolve.nets.windows import each_axis, map_size

# Interpolations of a value along one axis after the other: along the last axis one for
# each cell of the axes before it, 1 + 2 + 4, each a + t(b - a).
_LINEAR = ("linear", "bilinear")
_PIXELS = "it turns channels into places"


def part(request: Request) -> Rule:
    """One of several equal parts of the channels (or features), counted from 1.

    Raises:
        InputError: the parts do not divide the channels, or there is no such part.
    """
    (size,) = request.inputs
    parts, number = request.options["parts"], request.options.get("part", 1)
    if size[0] % parts:
        raise request.error(
            f"{size[0]} channels cannot be divided into {parts} parts", "parts",
            f"take a divisor of {size[0]}",
        )  # fmt: skip
    if number > parts:
        raise request.error(f"there is no part {number} of {parts}", "part", "they count from 1")
    sizes = {"C": size[0], "parts": parts, "C_out": size[0] // parts}
    line = Line("C_out", Sym("C") / Sym("parts"))
    return Rule(of_kind(size, (sizes["C_out"], *size[1:])), sizes, (line,))


def cut(request: Request) -> Rule:
    """The channels (or features, or tokens) from one number to another.

    Raises:
        InputError: there are not so many.
    """
    (size,) = request.inputs
    first, end = request.options["range"]
    along = request.options.get("axis", "features")
    if along == "tokens" and not isinstance(size, Tokens):
        raise request.error(f"it reads {request.shown(size)}, which has no tokens", "axis")
    axis = 1 if along == "tokens" else 0
    if end > size[axis]:
        what = "tokens" if axis else "channels" if len(size) > 1 else "features"
        raise request.error(
            f"there are {size[axis]} {what}, not {end}", "range", "they count from 0"
        )
    sides = list(size)
    sides[axis] = end - first
    unseen = "it cuts the sequence" if axis else ""
    name = "n_out" if axis else "C_out"
    line = Line(name, Num(end) - Num(first))
    return Rule(of_kind(size, tuple(sides)), {name: end - first}, (line,), unseen=unseen)


def crop(request: Request) -> Rule:
    """A map without its margins: those that are given, or evenly what is too much.

    Raises:
        InputError: nothing would be left, or it should grow.
    """
    channels, *sides = map_size(request)
    axes = len(sides)
    options = request.options
    if "output_size" in options and "margins" in options:
        raise request.error("it has margins or an output size, not both", "margins")
    if "output_size" in options:
        outs = each_axis(request, "output_size", axes, ())
        too_much = [side - out for side, out in zip(sides, outs, strict=True)]
        if any(rest < 0 for rest in too_much):
            raise request.error("it cannot crop to more than it reads", "output_size")
        margins = [(rest // 2, rest - rest // 2) for rest in too_much]
    elif "margins" in options:
        margins = _margins(request, axes)
    else:
        raise request.error(
            "it needs margins or the size of its output", "", "write crop 2, or crop to=24x24"
        )
    return _moved(request, channels, sides, [(-before, -after) for before, after in margins])


def zero_padding(request: Request) -> Rule:
    """A map with rows and columns of zeros around it."""
    channels, *sides = map_size(request)
    return _moved(request, channels, sides, _margins(request, len(sides)))


def _margins(request: Request, axes: int) -> list[tuple[int, int]]:
    return [
        side if isinstance(side, tuple) else (side, side)
        for side in each_axis(request, "margins", axes, ())
    ]


def _moved(request: Request, channels: int, sides: list[int], zeros: list[tuple[int, int]]) -> Rule:
    """A map with so many rows more (or fewer) at its ends."""
    windows: list[Window] = []
    for side, (before, after) in zip(sides, zeros, strict=True):
        out = side + before + after
        if out < 1:
            raise request.error(f"nothing is left of {request.shown(request.inputs[0])}", "margins")
        windows.append(Window(side, 1, 1, 1, before, after, out))
    names = [f"n{suffix}" for suffix in _suffixes(windows)]
    sizes: dict[str, int] = {}
    lines: list[Line] = []
    for name, window in zip(names, windows, strict=False):
        sizes[name], sizes[f"{name}_out"] = window.length, window.out
        formula: Expr = Sym(name)
        for end in (window.before, window.after):
            formula = formula - Num(-end) if end < 0 else formula + Num(end)
        lines.append(Line(f"{name}_out", formula))
    output = of_kind(request.inputs[0], (channels, *[window.out for window in windows]))
    return Rule(output, sizes, tuple(lines), windows=tuple(windows))


def _suffixes(axes: list[Window]) -> tuple[str, ...]:
    """One name for all axes where they agree."""
    if len(set(axes)) == 1:
        return ("",)
    return {2: ("_h", "_w"), 3: ("_z", "_h", "_w")}[len(axes)]


def upsampling(request: Request) -> Rule:
    """A map enlarged: values repeated, or interpolated between their neighbours.

    Raises:
        InputError: neither a factor nor a size is given.
    """
    channels, *sides = map_size(request)
    axes, options = len(sides), request.options
    if ("factor" in options) == ("output_size" in options):
        raise request.error(
            "it needs a factor or the size of its output", "", "write upsample 2, or to=56x56"
        )
    sizes: dict[str, int] = {"C": channels}
    if "factor" in options:
        factors = each_axis(request, "factor", axes, ())
        outs = [side * factor for side, factor in zip(sides, factors, strict=True)]
    else:
        outs = list(each_axis(request, "output_size", axes, ()))
    sizes["N"] = channels * prod(outs)
    lines = (Line("N", times(Sym("C"), *[Num(out) for out in outs]), "values of the output"),)
    mode = options.get("mode", "nearest")
    steps = 2**axes - 1
    operations: dict[str, Expr] | None = {}
    remarks: tuple[str, ...] = ("values are repeated",)
    if mode in _LINEAR:
        each = "one interpolation" if steps == 1 else f"{steps} interpolations"
        remarks = (f"each value: {each} a + t (b - a)",)
        values = Sym("N")
        operations = {
            "multiplications": values if steps == 1 else Num(steps) * values,
            "additions": Num(2 * steps) * values,
        }
    elif mode == "bicubic":
        operations, remarks = None, ()
    output = of_kind(request.inputs[0], (channels, *outs))
    return Rule(
        output, sizes, lines, operations=operations, remarks=remarks,
        unseen="its outputs lie between those of the input",
    )  # fmt: skip


def pixel_shuffle(request: Request) -> Rule:
    """Groups of r^2 channels as r times as many rows and columns.

    Raises:
        InputError: the channels cannot be divided so.
    """
    channels, *sides = map_size(request)
    factors = each_axis(request, "factor", len(sides), ())
    area = prod(factors)
    if channels % area:
        raise request.error(
            f"{channels} channels cannot be divided by {area}", "factor",
            f"take a factor whose power {len(sides)} divides {channels}",
        )  # fmt: skip
    sizes = {"C": channels, "C_out": channels // area}
    line = Line("C_out", Sym("C") / Num(area))
    outs = [side * factor for side, factor in zip(sides, factors, strict=True)]
    return Rule((channels // area, *outs), sizes, (line,), unseen=_PIXELS)


def space_to_depth(request: Request) -> Rule:
    """Blocks of r x r places as r^2 times as many channels.

    Raises:
        InputError: the factor does not divide the height and width.
    """
    channels, *sides = map_size(request)
    factors = each_axis(request, "factor", len(sides), ())
    for side, factor in zip(sides, factors, strict=True):
        if side % factor:
            raise request.error(f"{side} places cannot be divided by {factor}", "factor")
    area = prod(factors)
    sizes = {"C": channels, "C_out": channels * area}
    line = Line("C_out", times(Sym("C"), Num(area)))
    windows = tuple([Window(n, r, r, 1, 0, 0, n // r) for n, r in zip(sides, factors, strict=True)])
    outs = [window.out for window in windows]
    return Rule((channels * area, *outs), sizes, (line,), windows=windows)


def channel_shuffle(request: Request) -> Rule:
    """The channels of several groups one after the other (ShuffleNet): nothing is counted.

    Raises:
        InputError: the groups do not divide the channels.
    """
    (size,) = request.inputs
    groups = request.options["groups"]
    if size[0] % groups:
        raise request.error(
            f"{size[0]} channels cannot be divided into {groups} groups", "groups",
            f"take a divisor of {size[0]}",
        )  # fmt: skip
    return Rule(size, {})


def to_tokens(request: Request) -> Rule:
    """The places of a map as tokens, their channels as features."""
    channels, *sides = map_size(request)
    sizes = {"tokens": prod(sides)}
    line = Line("tokens", times(*map(Num, sides)), "the places of the map")
    output: Size = Tokens((channels, sizes["tokens"]))
    return Rule(output, sizes, (line,), unseen="the places of a map are tokens now")


def take_token(request: Request) -> Rule:
    """The features of one token.

    Raises:
        InputError: it reads no tokens, or not so many.
    """
    (size,) = request.inputs
    if not isinstance(size, Tokens):
        raise request.error(f"it reads {request.shown(size)}, which has no tokens")
    index = request.options.get("index", 0)
    if index >= size[1]:
        raise request.error(f"there are {size[1]} tokens, not {index + 1}", "index")
    return Rule((size[0],), {}, unseen="it takes one token")
