"""Transposed convolution: a convolution read from its output back to its input.

The output has (n - 1)s - 2p + d(k - 1) + 1 + output padding positions along an axis
(PyTorch, `ConvTranspose2d`); padding `same` gives n s of them (Keras,
`Conv2DTranspose`). Each value of the input is multiplied by the whole kernel; what
falls on the cropped edge is counted like the zeros of a convolution's padding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hwsolve.expr.tree import Expr, Num, Sym
from hwsolve.nets.exact import times, whole
from hwsolve.nets.layer import ZERO, Line, Request, Rule
from hwsolve.nets.letters import InLetters
from hwsolve.nets.options import SAME, SKIPPED, VALID
from hwsolve.nets.reach import reach
from hwsolve.nets.sizes import Window, of_kind
from hwsolve.nets.sliding import CHANNELS, FILTERS, OUTPUTS, grouped
from hwsolve.nets.windows import each_axis, map_size

if TYPE_CHECKING:
    from hwsolve.nets.sizes import Size

# So many positions are looked at one by one to see which outputs get anything.
MOST_SPREAD = 200_000


class _Axis(NamedTuple):
    """One axis: what it is, and what the input's values write along it.

    `cells` is the number of values written, `full` the number of different places that
    they are written to, `live` those of them that are not cropped.
    """

    length: int
    kernel: int
    stride: int
    dilation: int
    before: int
    after: int
    out: int
    cells: int
    full: int
    live: int


def transposed_convolution(request: Request) -> Rule:
    """A transposed convolution: each value of the input writes a kernel into the output.

    Raises:
        InputError: the groups do not divide, the output would be empty, or the output
            padding is as large as the stride.
    """
    options = request.options
    channels, filters, groups = grouped(request)
    axes = _axes(request)
    sizes: dict[str, int] = {"C": channels, "F": filters}
    lines: list[Line] = []
    names = _names(len(axes), alike=len(set(axes)) == 1)
    for axis, (name, each) in enumerate(zip(names, axes, strict=True)):
        if axis and len(set(names)) == 1:
            break
        lines += _lines(name, each, sizes, output_padding=_extra(request, len(axes))[axis])
    outputs = Line("outputs", times(FILTERS, _area_of("n_out", names)))
    sizes["outputs"] = whole(outputs.formula, sizes)
    if groups > 1:
        sizes["g"] = groups
    share = FILTERS if groups == 1 else FILTERS / Sym("g")
    area = [_area_of("k", names)]
    full = [each.length * each.kernel for each in axes]
    written = [_area_of("n", names), *area]
    if [each.cells for each in axes] != full:
        written = []
        for name, each in zip(dict.fromkeys(names), axes, strict=False):
            sizes[f"r{name}"] = each.cells
            missing = each.length * each.kernel - each.cells
            lines.append(
                Line(f"r{name}", times(Sym(f"n{name}"), Sym(f"k{name}")) - missing,
                     f"values written along the axis: {missing} lie outside")
            )  # fmt: skip
        written = [_area_of("r", names)]
    products = times(CHANNELS, share, *written)
    bias = options.get("bias", True)
    cropped = [each.full if _counts_edge(request) else each.live for each in axes]
    for name, each, count in zip(names, axes, cropped, strict=True):
        sizes[f"full{name}"], sizes[f"kept{name}"] = count, each.live
    firsts = times(FILTERS, _area_of("full", names))
    live = times(FILTERS, _area_of("kept", names))
    lines += _written_lines(names, axes, sizes)
    sums = products - firsts
    with_bias = sums + live
    if [each.live for each in axes] == cropped:
        live, with_bias = firsts, products
    return Rule(
        output=of_kind(request.inputs[0], (filters, *[each.out for each in axes])),
        sizes=sizes,
        lines=(*lines, outputs),
        weights=times(CHANNELS, share, *area),
        biases=FILTERS if bias else ZERO,
        operations={"multiplications": products, "additions": with_bias if bias else sums},
        bias_additions=live if bias else ZERO,
        macs=products,
        connections=products + OUTPUTS if bias else products,
        units=OUTPUTS,
        unseen="its windows are narrower at some outputs",
        remarks=("each value of the input is multiplied by the whole kernel",),
        conventions=(
            *(("padding",) if any(each.before or each.after for each in axes) else ()),
            "bias", "mac",
        ),
    )  # fmt: skip


def _area_of(letter: str, names: tuple[str, ...]) -> Expr:
    """The product of a size along all axes: k^2 where they agree."""
    sizes = [Sym(f"{letter}{name}") for name in names]
    if len(sizes) > 1 and len(set(names)) == 1:
        return sizes[0] ** len(sizes)
    return times(sizes[0], *sizes[1:])


def _counts_edge(request: Request) -> bool:
    return not request.options.get(SKIPPED, False)


def _extra(request: Request, axes: int) -> Size:
    return each_axis(request, "output_padding", axes, (0,) * axes)


def _axes(request: Request) -> tuple[_Axis, ...]:
    _, *sides = map_size(request)
    axes, once = len(sides), (1,) * len(sides)
    kernel = each_axis(request, "kernel", axes, once)
    stride = each_axis(request, "stride", axes, once)
    dilation = each_axis(request, "dilation", axes, once)
    padding = request.options.get("padding", VALID)
    zeros = (
        (0,) * axes
        if isinstance(padding, str)
        else each_axis(request, "padding", axes, (0,) * axes)
    )
    if isinstance(padding, str) and padding not in {SAME, VALID}:
        raise request.error(
            f"padding {padding.replace('_', ' ')} means nothing here", "padding",
            "write numbers, same or valid",
        )  # fmt: skip
    extra = _extra(request, axes)
    found: list[_Axis] = []
    for n, k, s, d, p, more in zip(sides, kernel, stride, dilation, zeros, extra, strict=True):
        if more and more >= max(s, d):
            raise request.error(
                f"an output padding of {more} is not below the stride or dilation of {max(s, d)}",
                "output_padding",
            )
        extent = d * (k - 1) + 1
        before, after = p if isinstance(p, tuple) else (p, p)
        if padding == SAME:
            if extent < s:
                raise request.error(
                    f"padding same needs a kernel of at least the stride {s}", "padding"
                )
            before = (extent - s) // 2
            after = extent - s - before
        out = (n - 1) * s + extent - before - after + more
        if out < 1:
            raise request.error(
                f"padding {before} leaves nothing of an output of {(n - 1) * s + extent}",
                "padding", "take less",
            )  # fmt: skip
        window = Window(out, k, s, d, before, after - more, n)
        written = reach(window, padded=_counts_edge(request))
        full, live = _places(window, n)
        if written is None or full is None:
            raise request.error(
                "it cannot be counted which outputs its values are written to", "kernel",
                "write numbers, or no dilation and no padding",
            )  # fmt: skip
        cells = n * k if _counts_edge(request) else written.cells
        found.append(_Axis(n, k, s, d, before, after, out, cells, full, live or 0))
    return tuple(found)


def _places(window: Window, length: int) -> tuple[int | None, int | None]:
    """How many places of the whole and of the cropped output get a value along an axis."""
    n, k, s, d = length, window.kernel, window.stride, window.dilation
    if d == 1 and k >= s:
        full = (n - 1) * s + k
        return full, max(min(window.length, full - window.before), 0)
    lettered = any(isinstance(each, InLetters) for each in window)
    if lettered and d == 1 and not window.before and window.after <= 0:
        return n * k, n * k
    if lettered or n * k > MOST_SPREAD:
        return None, None
    places = {at * s + step * d for at in range(n) for step in range(k)}
    inside = range(window.before, window.before + window.length)
    return len(places), sum(place in inside for place in places)


def _names(axes: int, *, alike: bool) -> tuple[str, ...]:
    if alike:
        return ("",) * axes
    return {2: ("_h", "_w"), 3: ("_z", "_h", "_w")}[axes]


def _lines(name: str, axis: _Axis, sizes: dict[str, int], *, output_padding: int) -> list[Line]:
    """How the output's length along an axis comes about."""
    for letter, value in (("n", axis.length), ("k", axis.kernel), ("s", axis.stride),
                          ("d", axis.dilation)):  # fmt: skip
        sizes[f"{letter}{name}"] = value
    n, k, s, d = (Sym(f"{letter}{name}") for letter in "nksd")
    room: Expr = (n - 1) * s
    reached: Expr = room + d * (k - 1) + 1 if axis.dilation > 1 else room + k
    remark = ""
    if axis.before == axis.after:
        sizes[f"p{name}"] = axis.before
        if axis.before:
            reached = reached - Num(2) * Sym(f"p{name}")
    else:
        sizes[f"P{name}"] = axis.before + axis.after
        reached = reached - Sym(f"P{name}")
        remark = f"cropped: {axis.before} in front and {axis.after} behind"
    if output_padding:
        reached = reached + Num(output_padding)
    sizes[f"n_out{name}"] = axis.out
    return [Line(f"n_out{name}", reached, remark)]


def _written_lines(
    names: tuple[str, ...], axes: tuple[_Axis, ...], sizes: dict[str, int]
) -> list[Line]:
    """How many places along an axis get a value at all: in all, and of the output."""
    lines: list[Line] = []
    for name, axis in zip(dict.fromkeys(names), axes, strict=False):
        n, k, s = Sym(f"n{name}"), Sym(f"k{name}"), Sym(f"s{name}")
        count = sizes[f"full{name}"]
        formula: Expr = Num(count)
        if count == axis.full and axis.dilation == 1 and axis.kernel >= axis.stride:
            formula = (n - 1) * s + k
        lines.append(Line(f"full{name}", formula, "places that get a value"))
        left = count - axis.live
        kept = formula - Num(left) if left else formula
        remark = f"those in the output, {left} less" if left else "all of them in the output"
        lines.append(Line(f"kept{name}", kept, remark))
    if all(sizes[f"full{name}"] == sizes[f"kept{name}"] for name in names):
        return [line for line in lines if line.name.startswith("full")]
    return lines
