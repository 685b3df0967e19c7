"""The table's rows for convolution: three products of which each is the others' gradient.

With y = conv(x, k) the sum of h*y is linear in x, in k and in h. Its derivatives are
`conv_transpose(h, k)` by x, `conv_weight(x, h)` by k and `conv(x, k)` by h, and so the
derivative of each of the three is made of the other two, as often as one likes.

The kernel is not turned round (cross-correlation), as in PyTorch: kernels are out x in x
sizes, arrays are batch x channels x sizes, and a leading axis may be left out.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hwsolve.errors import EquationError
from hwsolve.expr.operations import TENSOR, Operation, Shape
from hwsolve.expr.shapes import shape_text
from hwsolve.expr.window_entries import conv_entry, conv_transpose_entry, conv_weight_entry
from hwsolve.expr.window_options import (
    DIMS_BY_KERNEL,
    Window,
    each_axis,
    fits,
    settings_of,
    short,
    window_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.expr.tree import Attributes


class Form(NamedTuple):
    """Which leading axes there are: how many before the sizes of input, kernel and output."""

    x: int
    k: int
    y: int


# sizes alone; channels and one kernel for all of them; several kernels; each with a batch
FORMS: Final = (Form(0, 0, 0), Form(1, 1, 0), Form(2, 1, 1), Form(1, 2, 1), Form(2, 2, 2))
ONE_KERNEL_BATCH: Final = FORMS[2]


class Plan(NamedTuple):
    """A convolution with all its sizes.

    Attributes:
        form: which leading axes there are.
        window: the kernel's sizes and how it moves.
        groups: into how many groups the channels are divided.
        x, k, y: the full shapes: batch, channels, sizes; out, in for each group, sizes.
    """

    form: Form
    window: Window
    groups: int
    x: Shape
    k: Shape
    y: Shape

    @property
    def dims(self) -> int:
        """The number of axes that the kernel moves along."""
        return len(self.window.size)

    def outer(self, full: Shape, leading: int) -> Shape:
        """A full shape without the leading axes that its array does not have."""
        if leading == 1 and full is self.y and self.form is ONE_KERNEL_BATCH:
            return (full[0], *full[2:])
        return full[2 - leading :]

    def settings(self, kernel: int, **others: Any) -> dict[str, Any]:
        """The settings of a convolution with a kernel of so many axes."""
        dims = 0 if DIMS_BY_KERNEL[kernel] == self.dims else self.dims
        return settings_of(self.window, groups=self.groups, dims=dims, **others)


def _dims(settings: dict[str, Any], kernel: Shape) -> int:
    return settings.get("dims") or DIMS_BY_KERNEL.get(len(kernel), 2)


def _full(shape: Shape, leading: int) -> Shape:
    return (*(1,) * (2 - leading), *shape)


def _form(name: str, dims: int, sides: str, shapes: Sequence[Shape]) -> Form:
    """The form with so many axes on two of its sides (`xk`, `yk` or `xy`).

    Raises:
        EquationError: if arrays of these shapes do not belong together.
    """
    wanted = [len(shape) - dims for shape in shapes]
    for form in FORMS:
        if [getattr(form, side) for side in sides] == wanted:
            return form
    kinds = {
        1: "a vector with a vector, in x length with out x in x K or (conv1d) in x K; row(k) moves "
        "a vector along the rows of a matrix",
        2: "H x W with K x K, in x H x W with out x in x K x K or (conv2d) in x K x K",
    }
    raise EquationError(
        f"{name} in {dims} dimension{'s' * (dims > 1)} cannot combine {shape_text(shapes[0])} "
        f"with {shape_text(shapes[1])}",
        hint=f"it takes {kinds[dims]}",
    )


def conv_plan(x: Shape, k: Shape, attributes: Attributes) -> Plan:
    """The plan of `conv(x, k)`.

    Raises:
        EquationError: if the shapes do not fit.
    """
    settings: dict[str, Any] = dict(attributes)
    dims = _dims(settings, k)
    form = _form("conv", dims, "xk", (x, k))
    window = window_of(settings, k[len(k) - dims :])
    groups = settings.get("groups", 1)
    full_x, full_k = _full(x, form.x), _full(k, form.k)
    _check_channels(form, groups, full_x[1], full_k, (x, k))
    sizes = full_x[2:]
    fits("conv", window, sizes, (x, k))
    full_y = (full_x[0], full_k[0], *window.outputs(sizes))
    return Plan(form, window, groups, full_x, full_k, full_y)


def _check_channels(
    form: Form, groups: int, channels: int, kernel: Shape, shown: tuple[Shape, Shape]
) -> None:
    x, k = map(shape_text, shown)
    if channels % groups or kernel[0] % groups:
        raise EquationError(
            f"{groups} groups do not divide {channels} input channels ({x}) and {kernel[0]} "
            f"output channels ({k})"
        )
    if kernel[1] * groups != channels:
        axis = len(shown[1]) - len(kernel) + 1
        each = f", {channels // groups} in each of {groups} groups" if groups > 1 else ""
        raise EquationError(
            f"conv cannot combine {x} with a kernel of {k}: the input has {channels} channels"
            f"{each}, and axis {axis} of the kernel has {kernel[1]}",
            hint="a kernel is out x in x sizes" if form.k > 1 else "a kernel is in x sizes",
        )


def transpose_plan(y: Shape, k: Shape, attributes: Attributes) -> Plan:
    """The plan of `conv_transpose(y, k)`, whose result is the x of the plan.

    Raises:
        EquationError: if the shapes do not fit.
    """
    settings: dict[str, Any] = dict(attributes)
    dims = _dims(settings, k)
    form = _form("conv_transpose", dims, "yk", (y, k))
    window = window_of(settings, k[len(k) - dims :])
    groups = settings.get("groups", 1)
    full_y = (y[0], 1, *y[1:]) if form is ONE_KERNEL_BATCH else _full(y, form.y)
    full_k = _full(k, form.k)
    if full_y[1] != full_k[0] or full_y[1] % groups:
        raise EquationError(
            f"conv_transpose cannot combine {shape_text(y)} with a kernel of {shape_text(k)}: "
            f"the input has {full_y[1]} channels, the kernel {full_k[0]} and there "
            f"{'is 1 group' if groups == 1 else f'are {groups} groups'}",
            hint="its kernel is in x out x sizes",
        )
    more = each_axis(settings.get("output_padding", 0), dims)
    if any(extra >= stride for extra, stride in zip(more, window.stride, strict=True)):
        raise EquationError(
            f"an output_padding of {max(more)} is not smaller than the stride",
            hint="it says how many entries were left over, from 0 to stride - 1",
        )
    sizes = window.inputs(full_y[2:], more)
    if min(sizes) < 1:
        raise EquationError(
            f"conv_transpose of {shape_text(y)} with {shape_text(k)} has no entries left: the "
            "padding takes them all away"
        )
    full_x = (full_y[0], full_k[1] * groups, *sizes)
    return Plan(form, window, groups, full_x, full_k, full_y)


def weight_plan(x: Shape, y: Shape, attributes: Attributes) -> Plan:
    """The plan of `conv_weight(x, y)`, whose result is the kernel of the plan.

    Raises:
        EquationError: if the shapes do not fit.
    """
    settings: dict[str, Any] = dict(attributes)
    size: Shape = settings["size"]
    dims = len(size)
    form = _form("conv_weight", dims, "xy", (x, y))
    window = window_of(settings, size)
    groups = settings.get("groups", 1)
    full_x = _full(x, form.x)
    full_y = (y[0], 1, *y[1:]) if form is ONE_KERNEL_BATCH else _full(y, form.y)
    fits("conv_weight", window, full_x[2:], (x, size))
    if window.outputs(full_x[2:]) != full_y[2:] or full_x[0] != full_y[0]:
        raise EquationError(
            f"conv_weight cannot combine {shape_text(x)} with {shape_text(y)}: a kernel of "
            f"{shape_text(size)} has {shape_text(window.outputs(full_x[2:]))} places there"
        )
    full_k = (full_y[1], full_x[1] // groups, *size)
    return Plan(form, window, groups, full_x, full_k, full_y)


# -- calculation -------------------------------------------------------------------


def padded(m: Any, x: Any, window: Window, value: Any = 0) -> Any:
    """An array with padding on its last axes."""
    import numpy as np

    if not any(map(any, window.padding)):
        return x
    leading = x.shape[: x.ndim - len(window.size)]
    sizes = x.shape[len(leading) :]
    full = np.full((*leading, *window.padded(sizes)), m.number(value), dtype=x.dtype)
    inside: Any = (..., *_inside(window, sizes))
    full[inside] = x
    return full


def _inside(window: Window, sizes: Shape) -> tuple[slice, ...]:
    ends = zip(window.padding, sizes, strict=True)
    return tuple(slice(before, before + size) for (before, _), size in ends)


def windows(x: Any, window: Window) -> Any:
    """What lies under each place of a window: a view of (..., places, sizes of the window)."""
    from numpy.lib.stride_tricks import sliding_window_view

    dims = len(window.size)
    axes = tuple(range(x.ndim - dims, x.ndim))
    steps = (*window.stride, *window.dilation)
    moves: Any = (..., *(slice(None, None, step) for step in steps))
    return sliding_window_view(x, window.reach, axis=axes)[moves]


def put_back(m: Any, parts: Any, window: Window, sizes: Shape) -> Any:
    """The sum of what each place of a window gives to each entry: the adjoint of `windows`.

    `parts` are (..., sizes of the window, places); the result has `sizes` as its last axes.
    """
    import numpy as np

    dims = len(window.size)
    leading = parts.shape[: parts.ndim - 2 * dims]
    outputs = parts.shape[parts.ndim - dims :]
    full = np.full((*leading, *window.padded(sizes)), m.number(0), dtype=parts.dtype)
    for offset in np.ndindex(*window.size):
        starts = [at * step for at, step in zip(offset, window.dilation, strict=True)]
        places = zip(starts, outputs, window.stride, strict=True)
        moves: Any = (
            ...,
            *(slice(start, start + (count - 1) * step + 1, step) for start, count, step in places),
        )
        full[moves] += parts[(*(slice(None),) * len(leading), *offset)]
    inside: Any = (..., *_inside(window, sizes))
    return full[inside]


def _columns(m: Any, x: Any, plan: Plan) -> Any:
    """The windows as rows of matrices (im2col): groups x (batch·places) x (in·sizes)."""
    dims, groups = plan.dims, plan.groups
    seen = windows(padded(m, x.reshape(plan.x), plan.window), plan.window)
    seen = seen.reshape(plan.x[0], groups, -1, *seen.shape[2:])
    places = tuple(range(3, 3 + dims))
    inside = tuple(range(3 + dims, 3 + 2 * dims))
    seen = seen.transpose(1, 0, *places, 2, *inside)
    return seen.reshape(groups, plan.y[0] * prod(plan.y[2:]), -1)


def _kernels(k: Any, plan: Plan) -> Any:
    """The kernels as matrices: groups x out x (in·sizes)."""
    return k.reshape(plan.groups, plan.k[0] // plan.groups, -1)


def _rows(y: Any, plan: Plan) -> Any:
    """Outputs as matrices: groups x (batch·places) x out."""
    batch, out, *places = plan.y
    split = y.reshape(batch, plan.groups, out // plan.groups, prod(places))
    return split.transpose(1, 0, 3, 2).reshape(plan.groups, batch * prod(places), -1)


def _conv(m: Any, x: Any, k: Any, **settings: Any) -> Any:
    plan = conv_plan(x.shape, k.shape, tuple(settings.items()))
    found = m.matmul(_columns(m, x, plan), _kernels(k, plan).swapaxes(1, 2))
    batch, _, *places = plan.y
    found = found.reshape(plan.groups, batch, prod(places), -1).transpose(1, 0, 3, 2)
    return found.reshape(plan.outer(plan.y, plan.form.y))


def _conv_transpose(m: Any, y: Any, k: Any, **settings: Any) -> Any:
    plan = transpose_plan(y.shape, k.shape, tuple(settings.items()))
    batch, channels, *sizes = plan.x
    parts = m.matmul(_rows(y, plan), _kernels(k, plan))
    parts = parts.reshape(plan.groups, batch, prod(plan.y[2:]), -1)
    # groups x batch x places x (in·sizes) -> batch x channels x sizes x places
    parts = parts.transpose(1, 0, 3, 2).reshape(batch, channels, *plan.window.size, *plan.y[2:])
    return put_back(m, parts, plan.window, tuple(sizes)).reshape(plan.outer(plan.x, plan.form.x))


def _conv_weight(m: Any, x: Any, y: Any, **settings: Any) -> Any:
    plan = weight_plan(x.shape, y.shape, tuple(settings.items()))
    found = m.matmul(_rows(y, plan).swapaxes(1, 2), _columns(m, x, plan))
    return found.reshape(plan.outer(plan.k, plan.form.k))


# -- gradients -----------------------------------------------------------------------


def _left_over(plan: Plan) -> Any:
    return short(plan.window.left_over(plan.x[2:]))


def _by_kernel(x: Any, y: Any, plan: Plan) -> Any:
    """The gradient by the kernel, of h*conv(x, k) with the upstream gradient in y's place.

    Without channels it is a convolution with the upstream gradient as its kernel, stride
    and dilation exchanged, as textbooks write it.
    """
    window = plan.window
    rest = zip(window.left_over(plan.x[2:]), window.dilation, strict=True)
    if plan.form == FORMS[0] and all(left < step for left, step in rest):
        turned = window._replace(size=plan.y[2:], stride=window.dilation, dilation=window.stride)
        return x.fn("conv", y, **settings_of(turned))
    others = settings_of(window, groups=plan.groups)
    return x.fn("conv_weight", y, size=window.size, **others)


def _conv_adjoint(g: Any, _: Any, args: Sequence[Any], attributes: Attributes) -> tuple[Any, Any]:
    x, k = args
    plan = conv_plan(x.shape, k.shape, attributes)
    settings = plan.settings(len(k.shape), output_padding=_left_over(plan))
    return g.fn("conv_transpose", k, **settings), _by_kernel(x, g, plan)


def _transpose_adjoint(
    g: Any, _: Any, args: Sequence[Any], attributes: Attributes
) -> tuple[Any, Any]:
    y, k = args
    plan = transpose_plan(y.shape, k.shape, attributes)
    return g.fn("conv", k, **plan.settings(len(k.shape))), _by_kernel(g, y, plan)


def _weight_adjoint(g: Any, _: Any, args: Sequence[Any], attributes: Attributes) -> tuple[Any, Any]:
    x, y = args
    plan = weight_plan(x.shape, y.shape, attributes)
    kernel = len(g.shape)
    back = plan.settings(kernel, output_padding=_left_over(plan))
    return y.fn("conv_transpose", g, **back), x.fn("conv", g, **plan.settings(kernel))


def _row(name: str, compute: Any, adjoint: Any, shape: Any, entry: Any) -> Operation:
    return Operation(
        name,
        compute,
        arity=2,
        adjoint=adjoint,
        shape=shape,
        entry=entry,
        kind=TENSOR,
        exact=True,
        letter="u",
    )


def _conv_shape(shapes: Sequence[Shape], attributes: Attributes) -> Shape:
    plan = conv_plan(shapes[0], shapes[1], attributes)
    return plan.outer(plan.y, plan.form.y)


def _transpose_shape(shapes: Sequence[Shape], attributes: Attributes) -> Shape:
    plan = transpose_plan(shapes[0], shapes[1], attributes)
    return plan.outer(plan.x, plan.form.x)


def _weight_shape(shapes: Sequence[Shape], attributes: Attributes) -> Shape:
    plan = weight_plan(shapes[0], shapes[1], attributes)
    return plan.outer(plan.k, plan.form.k)


CONVOLUTIONS: Final = (
    _row("conv", _conv, _conv_adjoint, _conv_shape, conv_entry),
    _row(
        "conv_transpose",
        _conv_transpose,
        _transpose_adjoint,
        _transpose_shape,
        conv_transpose_entry,
    ),
    _row("conv_weight", _conv_weight, _weight_adjoint, _weight_shape, conv_weight_entry),
)
