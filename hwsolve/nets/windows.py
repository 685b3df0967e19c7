"""How a window slides over a map: its positions, in numbers and in named sizes.

Sizes follow Dumoulin and Visin, "A guide to convolution arithmetic for deep
learning" (2016), section 4: floor((n + 2p - d(k-1) - 1)/s) + 1 positions. Padding
`same` is TensorFlow's rule, ceil(n/s) positions with the odd row of zeros behind (in
front for ONNX's `same_lower`); PyTorch's has d(k-1) zeros and stride 1 only. Rounding
up follows PyTorch: a window starts inside the input or its first padding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hwsolve.expr.tree import Apply, Expr, Num, Sym
from hwsolve.nets.exact import ceil, floor, times
from hwsolve.nets.layer import Line, Request
from hwsolve.nets.letters import InLetters, larger
from hwsolve.nets.options import CEIL, FLOOR, SAME, SAME_LOWER, SAME_TORCH, SKIPPED, VALID
from hwsolve.nets.reach import Reach, reach
from hwsolve.nets.sizes import Size, Window, size_text

if TYPE_CHECKING:
    from collections.abc import Sequence

# What the axes of a map are called where they differ; a single axis needs no name.
_SIDES = {1: ("n",), 2: ("h", "w"), 3: ("z", "h", "w")}
_SUFFIXES = {1: ("",), 2: ("_h", "_w"), 3: ("_z", "_h", "_w")}
_LENGTHS = {1: ("positions",), 2: ("rows", "columns"), 3: ("slices", "rows", "columns")}
_ENDS = (("in front", "behind"), ("above", "below"), ("left", "right"))
_AXES = ("length", "height x width", "depth x height x width")
SAMES = (SAME, SAME_LOWER, SAME_TORCH)


class Sliding(NamedTuple):
    """A window on each axis of a map, in numbers and in named sizes.

    `lines` say how the output lengths come about, `area` is the number of values under
    the window and `places` the number of its positions; `reads` is the number of values
    that all positions read together where some reach over an edge (else None), and
    `live` the number of positions that read any; `conventions` are the choices that
    decided them.
    """

    windows: tuple[Window, ...]
    sizes: dict[str, int]
    lines: tuple[Line, ...]
    area: Expr
    places: Expr
    reads: Expr | None
    live: Expr
    conventions: tuple[str, ...]

    @property
    def output(self) -> Size:
        """The lengths of the output's axes."""
        return tuple([window.out for window in self.windows])


def map_size(request: Request) -> Size:
    """The size of the input, which must have axes for a window to slide along.

    Raises:
        InputError: the input is a list of features.
    """
    (size,) = request.inputs
    if len(size) == 1:
        raise request.error(
            f"it needs a map and reads {size[0]} features", "",
            "a map is channels x height x width, or channels x length",
        )  # fmt: skip
    wanted = request.options.get("axes", len(size) - 1)
    if len(size) != wanted + 1:
        raise request.error(f"it reads channels x {_AXES[wanted - 1]}, not {request.shown(size)}")
    return size


def map_area(sizes: dict[str, int], sides: Sequence[int]) -> Expr:
    """The number of positions of a map, in named sizes that are added to `sizes`."""
    return _area(_named(sizes, "n", _SIDES[len(sides)], sides))


def slide(request: Request, *, stride_of_kernel: bool = False) -> Sliding:
    """The window of a layer on its input, with the formula of every output length.

    Raises:
        InputError: the kernel does not fit, or an option has a number too many.
    """
    _, *sides = map_size(request)
    axes = len(sides)
    once = (1,) * axes
    kernel = each_axis(request, "kernel", axes, once)
    stride = each_axis(request, "stride", axes, kernel if stride_of_kernel else once)
    dilation = each_axis(request, "dilation", axes, once)
    padding = request.options.get("padding", VALID)
    word = padding if isinstance(padding, str) else ""
    zeros = (0,) * axes if word else each_axis(request, "padding", axes, once)
    if word == SAME_TORCH and any(each > 1 for each in stride):
        raise request.error(
            "padding same in PyTorch's sense needs stride 1", "padding",
            "write its numbers, or same for TensorFlow's rule",
        )  # fmt: skip
    rounding = request.options.get("rounding", FLOOR)
    windows = tuple(
        [
            _window(numbers, word, rounding)
            for numbers in zip(sides, kernel, stride, dilation, zeros, strict=True)
        ]
    )
    _check_fit(request, windows)
    reaches = _reaches(request, windows)
    return _in_names(windows, reaches, word, rounding)


def _reaches(request: Request, windows: tuple[Window, ...]) -> tuple[Reach, ...]:
    padded = not request.options.get(SKIPPED, False)
    padded = padded and request.options.get("count_include_pad", True)
    reaches = [reach(window, padded=padded) for window in windows]
    found = tuple([each for each in reaches if each is not None])
    if len(found) < len(reaches) and any(isinstance(n, InLetters) for w in windows for n in w):
        raise request.error(
            "in letters it cannot be counted what windows over the edge read", "padding",
            "write numbers, or count padded zeros and round down",
        )  # fmt: skip
    if len(found) < len(reaches):
        raise request.error(
            "too many windows reach over the edge to count what each reads", "padding",
            "take less padding, or count it (padding: counted)",
        )  # fmt: skip
    return found


def _window(numbers: tuple[int, int, int, int, Any], word: str, rounding: str) -> Window:
    length, kernel, stride, dilation, zeros = numbers
    extent = dilation * (kernel - 1) + 1
    if word in SAMES:
        out = -(-length // stride)
        rows = larger((out - 1) * stride + extent - length, 0)
        few, many = rows // 2, rows - rows // 2
        before, after = (many, few) if word == SAME_LOWER else (few, many)
        return Window(length, kernel, stride, dilation, before, after, out)
    before, after = zeros if isinstance(zeros, tuple) else (zeros, zeros)
    room = length + before + after - extent
    out = (-(-room // stride) if rounding == CEIL else room // stride) + 1
    if rounding == CEIL and (out - 1) * stride >= length + before:
        out -= 1
    return Window(length, kernel, stride, dilation, before, after, out)


def _check_fit(request: Request, windows: tuple[Window, ...]) -> None:
    if all(window.padded >= window.extent for window in windows):
        return
    kernel = size_text(tuple([window.kernel for window in windows]))
    spans = ""
    if any(window.dilation > 1 for window in windows):
        spans = f" spans {size_text(tuple([w.extent for w in windows]))} with its dilation and"
    inputs = size_text(tuple([window.length for window in windows]))
    if any(window.before for window in windows):
        inputs += f" padded to {size_text(tuple([window.padded for window in windows]))}"
    wanted = max(-(-(window.extent - window.length) // 2) for window in windows)
    raise request.error(
        f"the {kernel} kernel{spans} does not fit the input of {inputs}", "kernel",
        f"it would with padding {wanted}",
    )  # fmt: skip


def check_sees_input(request: Request, windows: tuple[Window, ...]) -> None:
    """A window of a pooling layer must not lie in the padding alone.

    Raises:
        InputError: it can, because the padding is as large as the window.
    """
    for window in windows:
        if max(window.before, window.after) >= window.extent:
            raise request.error(
                f"with padding {window.before} a window of {window.extent} can see nothing but "
                "padding",
                "padding",
                f"the padding is at most {window.extent - 1}",
            )


def _in_names(
    windows: tuple[Window, ...], reaches: tuple[Reach, ...], word: str, rounding: str
) -> Sliding:
    """The same windows in named sizes: one name for all axes where they agree."""
    axes = len(windows)
    sizes: dict[str, int] = {}
    n, k, p, s, d = (
        _named(sizes, letter, plain, [window[field] for window in windows])
        for letter, field, plain in (
            ("n", 0, _SIDES[axes]),
            ("k", 1, _suffixed("k", axes)),
            ("p", 4, _suffixed("p", axes)),
            ("s", 2, _suffixed("s", axes)),
            ("d", 3, _suffixed("d", axes)),
        )
    )
    alike = len(set(windows)) == 1
    uneven = word not in SAMES and any(window.before != window.after for window in windows)
    outs = ("n_out",) * axes if alike else tuple([f"{side}_out" for side in _SIDES[axes]])
    lines: list[Line] = []
    for axis, window in enumerate(windows[:1] if alike else windows):
        sizes[outs[axis]] = window.out
        dilated = window.dilation > 1
        if word in SAMES:
            total = "P" if alike else f"P{_SUFFIXES[axes][axis]}"
            sizes[total] = window.before + window.after
            placed = _placed(window, axes, axis, alike=alike)
            reach = d[axis] * (k[axis] - 1) if dilated else k[axis] - 1
            symbols = (n[axis], s[axis], reach)
            lines += _same_lines((outs[axis], total), symbols, window.stride, placed)
            continue
        room = n[axis] + Num(2) * p[axis]
        if uneven:
            total = "P" if alike else f"P{_SUFFIXES[axes][axis]}"
            sizes[total] = window.before + window.after
            placed = _placed(window, axes, axis, alike=alike)
            lines.append(Line(total, Num(window.before) + Num(window.after), placed))
            room = n[axis] + Sym(total)
        room = room - d[axis] * (k[axis] - 1) - 1 if dilated else room - k[axis]
        formula = (ceil if rounding == CEIL else floor)(room / s[axis]) + 1
        if _was_taken_back(window, rounding):
            formula = formula - 1
        length = _LENGTHS[axes][axis] if not alike else " and ".join(_LENGTHS[axes])
        lines.append(Line(outs[axis], formula, _rounding_remark(window, rounding, length)))
    places = _area([Sym(out) for out in outs])
    reads: Expr | None = None
    live = places
    full = [window.out * window.kernel for window in windows]
    if [each.cells for each in reaches] != full:
        cells = ("r",) * axes if alike else _suffixed("r", axes)
        for axis, each in enumerate(reaches[:1] if alike else reaches):
            sizes[cells[axis]] = each.cells
            lines.append(_cells_line(cells[axis], Sym(outs[axis]) * k[axis], full[axis], each))
        reads = _area([Sym(name) for name in cells])
    if any(each.live < window.out for each, window in zip(reaches, windows, strict=True)):
        names = [f"{out.removesuffix('_out')}_live" for out in outs]
        sizes.update(zip(names, [each.live for each in reaches], strict=True))
        live = _area([Sym(name) for name in names])
    return Sliding(
        windows, sizes, tuple(lines), _area(k), places, reads, live, _conventions(windows, word)
    )


def _cells_line(name: str, windows_times_kernel: Expr, full: int, found: Reach) -> Line:
    """How many cells all windows read along an axis."""
    missing = full - found.cells
    if not missing:
        return Line(name, windows_times_kernel, "cells read along the axis")
    lie = "lies" if missing == 1 else "lie"
    remark = f"cells read along the axis: {missing} {lie} outside and {_is(missing)} not read"
    return Line(name, windows_times_kernel - missing, remark)


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _same_lines(
    names: tuple[str, str], symbols: tuple[Expr, Expr, Expr], stride: int, placed: str
) -> list[Line]:
    """The output's length with padding `same`, and the zeros P that it takes."""
    (out, total), (n, s, reach) = names, symbols
    if stride == 1:
        return [
            Line(total, reach, f"same padding, {placed}"),
            Line(out, n + Sym(total) - reach),
        ]
    needed = (Sym(out) - 1) * s + reach + 1 - n
    return [
        Line(out, ceil(n / s), "same padding"),
        Line(total, Apply("max", (needed, Num(0))), placed),
    ]


def _conventions(windows: tuple[Window, ...], word: str) -> tuple[str, ...]:
    named = []
    if word not in SAMES and any(_uneven(window) for window in windows):
        named.append("rounding")
    if word == SAME and any(window.stride > 1 for window in windows):
        named.append("same")
    if any(window.before or window.after for window in windows):
        named.append("padding")
    return tuple(named)


def _placed(window: Window, axes: int, axis: int, *, alike: bool) -> str:
    """Where the zeros of padding `same` lie."""
    if axes == 1 or alike:
        each = "" if axes == 1 else ", on each axis"
        return f"zeros: {window.before} before and {window.after} behind{each}"
    first, last = _ENDS[len(_ENDS) - axes :][axis]
    return f"zeros: {window.before} {first} and {window.after} {last}"


def _uneven(window: Window) -> bool:
    return (window.padded - window.extent) % window.stride != 0


def _was_taken_back(window: Window, rounding: str) -> bool:
    """Whether rounding up gave a position behind the input, which does not count."""
    room = window.padded - window.extent
    return rounding == CEIL and -(-room // window.stride) + 1 > window.out


def _rounding_remark(window: Window, rounding: str, length: str) -> str:
    if not _uneven(window):
        return ""
    if rounding == CEIL:
        if _was_taken_back(window, rounding):
            return "rounded up, less a window that would start behind the input"
        return f"rounded up, the last window reaches {-window.left_over} over the edge"
    left = window.left_over
    if left == 1:
        last = f"last {_singular(length)}"
        are = "is" if " " not in length else "are"
    else:
        last, are = f"last {left} {length}", "are"
    of = " of the padded input" if window.before or window.after else ""
    return f"rounded down, the {last}{of} {are} not read"


def _singular(length: str) -> str:
    return " and ".join(word.removesuffix("s") for word in length.split(" and "))


def each_axis(request: Request, option: str, axes: int, default: Size) -> tuple[Any, ...]:
    """The numbers of an option, one for each axis.

    Raises:
        InputError: it has more numbers than there are axes, or fewer but not one.
    """
    value: tuple[Any, ...] = request.options.get(option, default)
    if len(value) == axes:
        return value
    if len(value) == 1:
        return value * axes
    if any(isinstance(side, tuple) for side in value):
        raise request.error(f"the {option} has {len(value)} parts, the map {axes} axes", option)
    message = f"the {option} {size_text(value)} has {len(value)} numbers, the map has {axes} axes"
    hint = ""
    if axes == 1:
        message = f"the {option} {size_text(value)} needs a map with height and width"
        hint = f"a picture with one channel is 1x{size_text(request.inputs[0])}"
    raise request.error(message, option, hint)


def _named(
    sizes: dict[str, int], letter: str, names: Sequence[str], values: Sequence[int]
) -> tuple[Sym, ...]:
    """A symbol for each axis, the same one where all axes have the same value."""
    if len(set(values)) == 1:
        sizes[letter] = values[0]
        return (Sym(letter),) * len(values)
    sizes.update(zip(names, values, strict=True))
    return tuple([Sym(name) for name in names])


def _suffixed(letter: str, axes: int) -> tuple[str, ...]:
    return tuple([letter + suffix for suffix in _SUFFIXES[axes]])


def _area(symbols: Sequence[Sym]) -> Expr:
    """The product of the symbols of all axes: n^2 where they are one symbol."""
    if len(symbols) > 1 and len({symbol.name for symbol in symbols}) == 1:
        return symbols[0] ** len(symbols)
    return times(*symbols)
