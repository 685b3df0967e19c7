"""The table's rows for operations on whole arrays.

Adjoint rules pass a gradient on to the arguments; what one entry of a result is
stands in `tensor_entries`.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import EquationError
from hwsolve.expr.class_rows import ROWS as CLASS_ROWS
from hwsolve.expr.convolution import CONVOLUTIONS
from hwsolve.expr.operations import ACTIVATION, TENSOR, Operation, Shape
from hwsolve.expr.pooling import POOLINGS
from hwsolve.expr.shapes import axis_of, axis_text, broadcast, shape_text, summed_axes
from hwsolve.expr.tensor_entries import (
    concat_entry,
    flat_entry,
    log_softmax_entry,
    matmul_entry,
    outer_entry,
    softmax_entry,
    spread_entry,
    stack_entry,
    sum_to_entry,
    transpose_entry,
)
from hwsolve.expr.tensor_places import PLACES, given_shape
from hwsolve.expr.tensor_reductions import REDUCTIONS
from hwsolve.expr.unfolding import UNFOLDINGS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hwsolve.expr.tree import Attributes


def _keep(shapes: Sequence[Shape], attributes: Attributes) -> Shape:
    axis_of(dict(attributes), shapes[0], -1 if shapes[0] else None)
    return shapes[0]


def _matmul_shape(shapes: Sequence[Shape], _: Attributes) -> Shape:
    left, right = shapes
    if not left or not right:
        raise EquationError(
            f"'@' needs vectors or matrices, not {shape_text(left)} and {shape_text(right)}",
            hint="write * for numbers",
        )
    inner = right[-2] if len(right) > 1 else right[0]
    if left[-1] != inner:
        columns = "columns" if len(left) > 1 else "entries"
        rows = "rows" if len(right) > 1 else "entries"
        raise EquationError(
            f"'@' cannot multiply {shape_text(left)} by {shape_text(right)}: "
            f"the left has {left[-1]} {columns}, the right {inner} {rows}",
            hint=f"the inner sizes must agree{_turned(left, right)}",
        )
    _check_stacks(left, right)
    batch = broadcast([left[:-2], right[:-2]], "'@'")
    return (*batch, *left[-2:-1], *(right[-1:] if len(right) > 1 else ()))


def _check_stacks(left: Shape, right: Shape) -> None:
    """Refuse stacks of matrices of which there are not equally many."""
    axes = max(len(left), len(right))
    for axis in range(axes - 2):
        back = axes - axis
        sizes = [shape[-back] for shape in (left, right) if len(shape) >= back]
        if len({*sizes, 1}) > 2:  # noqa: PLR2004  (one size, and 1 that is stretched)
            raise EquationError(
                f"'@' cannot multiply {shape_text(left)} by {shape_text(right)}: axis {axis} has "
                f"{sizes[0]} matrices in one and {sizes[1]} in the other"
            )


def _turned(left: Shape, right: Shape) -> str:
    """What to write to turn an argument round, if it is a matrix or a stack of them."""
    if max(len(left), len(right)) > 2:  # noqa: PLR2004  (a stack of matrices)
        return "; swap(W, -1, -2) transposes each matrix of a stack"
    return "; write W.T for the transpose" if len(left) + len(right) > 2 else ""  # noqa: PLR2004  (a matrix)


def _turn(term: Any) -> Any:
    """The transpose of a matrix, or of each matrix of a stack."""
    axes = len(term.shape)
    if axes == 2:  # noqa: PLR2004  (a matrix)
        return term.fn("transpose")
    return term.fn("transpose", axes=(*range(axes - 2), axes - 1, axes - 2))


def _matmul_adjoint(g: Any, _: Any, args: Sequence[Any], __: Attributes) -> tuple[Any, Any]:
    left, right = args
    if len(left.shape) <= 2 and len(right.shape) <= 2:  # noqa: PLR2004  (no stacks)
        return _plain_product_adjoint(g, left, right)
    if len(right.shape) == 1:
        column = g.fn("reshape", shape=(*g.shape, 1))
        return _fitted(column * right, left), _fitted(left * column, right)
    if len(left.shape) == 1:
        # the vector is a row; each gradient is a product with the entries of that row
        row = g.fn("reshape", shape=(*g.shape[:-1], 1, g.shape[-1]))
        upright = left.fn("reshape", shape=(*left.shape, 1))
        return _fitted((right * row).fn("sum", axis=-1), left), _fitted(upright * row, right)
    return _fitted(g @ _turn(right), left), _fitted(_turn(left) @ g, right)


def _fitted(found: Any, arg: Any) -> Any:
    """A gradient summed over the axes along which its argument had been stretched."""
    return found.fn("sum_to", shape=arg.shape)


def _plain_product_adjoint(g: Any, left: Any, right: Any) -> tuple[Any, Any]:
    if len(left.shape) == 1 and len(right.shape) == 1:
        return g * right, g * left
    if len(left.shape) == 1:
        return right @ g, left.fn("outer", g)
    if len(right.shape) == 1:
        return g.fn("outer", right), left.fn("transpose") @ g
    return g @ right.fn("transpose"), left.fn("transpose") @ g


def _outer_shape(shapes: Sequence[Shape], _: Attributes) -> Shape:
    left, right = shapes
    if len(left) != 1 or len(right) != 1:
        raise EquationError(
            f"'outer' takes two vectors, not {shape_text(left)} and {shape_text(right)}"
        )
    return left + right


def _axes(shape: Shape, attributes: Attributes) -> Shape:
    """The order in which a transpose takes the axes: backwards, if it is not said."""
    axes: Any = dict(attributes).get("axes")
    count = len(shape)
    if axes is None:
        return tuple(range(count))[::-1]
    if not isinstance(axes, tuple) or sorted(a % count if a + count >= 0 else a for a in axes) != [
        *range(count)
    ]:
        raise EquationError(
            f"the axes {axis_text(axes)} are not those of {shape_text(shape)} in another order",
            hint=f"it has the axes {', '.join(map(str, range(count)))}",
        )
    return tuple(axis % count for axis in axes)


def _transpose_shape(shapes: Sequence[Shape], attributes: Attributes) -> Shape:
    return tuple(shapes[0][axis] for axis in _axes(shapes[0], attributes))


def _transpose_adjoint(g: Any, _: Any, args: Sequence[Any], attributes: Attributes) -> tuple[Any]:
    if not attributes:
        return (g.fn("transpose"),)
    axes = _axes(args[0].shape, attributes)
    return (g.fn("transpose", axes=tuple(axes.index(axis) for axis in range(len(axes)))),)


def _sum_to(_: Any, x: Any, shape: Shape) -> Any:
    axes = summed_axes(x.shape, shape)
    return x.sum(axis=axes).reshape(shape) if shape else x.sum()


def _softmax(m: Any, x: Any, axis: int = -1) -> Any:
    # less the largest logit, so that nothing overflows; the quotient is the same
    powers = m.exp(x - x.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def _softmax_adjoint(g: Any, y: Any, args: Sequence[Any], attributes: Attributes) -> tuple[Any]:
    if len(args[0].shape) == 1:
        return (y * (g - (g * y).fn("sum")),)
    axis = axis_of(dict(attributes), args[0].shape, -1)
    return (y * (g - (g * y).fn("sum", axis=axis, keepdims=True)),)


def _log_softmax(m: Any, x: Any, axis: int = -1) -> Any:
    shifted = x - x.max(axis=axis, keepdims=True)
    return shifted - m.log(m.exp(shifted).sum(axis=axis, keepdims=True))


def _log_softmax_adjoint(g: Any, y: Any, args: Sequence[Any], attributes: Attributes) -> tuple[Any]:
    if len(args[0].shape) == 1:
        return (g - y.fn("exp") * g.fn("sum"),)
    axis = axis_of(dict(attributes), args[0].shape, -1)
    return (g - y.fn("exp") * g.fn("sum", axis=axis, keepdims=True),)


def _new_axis(attributes: Attributes, shape: Shape) -> int:
    return axis_of({"axis": dict(attributes).get("axis", 0)}, (1, *shape)) or 0


def _stack_shape(shapes: Sequence[Shape], attributes: Attributes) -> Shape:
    if any(shape != shapes[0] for shape in shapes):
        other = next(shape for shape in shapes if shape != shapes[0])
        raise EquationError(
            f"a list needs entries of one shape, not {shape_text(shapes[0])} and "
            f"{shape_text(other)}"
        )
    axis = _new_axis(attributes, shapes[0])
    return (*shapes[0][:axis], len(shapes), *shapes[0][axis:])


def _stack(m: Any, *values: Any, axis: int = 0) -> Any:
    import numpy as np

    found = np.array(values, dtype=m.dtype)
    return np.moveaxis(found, 0, axis) if axis else found


def _stack_adjoint(g: Any, _: Any, args: Sequence[Any], attributes: Attributes) -> tuple[Any, ...]:
    before = ("all",) * _new_axis(attributes, args[0].shape)
    return tuple(g.fn("item", at=(*before, position)) for position in range(len(args)))


def _concat_shape(shapes: Sequence[Shape], attributes: Attributes) -> Shape:
    first = shapes[0]
    if not first:
        raise EquationError("concat joins vectors or matrices", hint="write [a, b] for numbers")
    axis = axis_of(dict(attributes), first, 0) or 0
    for shape in shapes[1:]:
        what = f"concat cannot join {shape_text(first)} and {shape_text(shape)} along axis {axis}"
        if len(shape) != len(first):
            raise EquationError(f"{what}: they have {len(first)} axes and {len(shape)}")
        for other, (one, two) in enumerate(zip(first, shape, strict=True)):
            if other != axis and one != two:
                raise EquationError(
                    f"{what}: axis {other} has {one} entries in one and {two} in the other"
                )
    return (*first[:axis], sum(shape[axis] for shape in shapes), *first[axis + 1 :])


def _concat(_: Any, *values: Any, axis: int = 0) -> Any:
    import numpy as np

    return np.concatenate(values, axis=axis)


def _concat_adjoint(g: Any, _: Any, args: Sequence[Any], attributes: Attributes) -> tuple[Any, ...]:
    axis = axis_of(dict(attributes), args[0].shape, 0) or 0
    parts, start = [], 0
    for arg in args:
        end = start + arg.shape[axis]
        parts.append(g.fn("item", at=(*(("all",) * axis), (start, end))))
        start = end
    return tuple(parts)


def _reshape_shape(shapes: Sequence[Shape], attributes: Attributes) -> Shape:
    shape: Shape = tuple(dict(attributes)["shape"])  # type: ignore[arg-type]  # a tuple of ints
    if prod(shape) != prod(shapes[0]):
        raise EquationError(
            f"{shape_text(shapes[0])} has {prod(shapes[0])} entries and cannot become "
            f"{shape_text(shape)}"
        )
    return shape


def _reshape(x: Any, shape: Shape) -> Any:
    import numpy as np

    return np.reshape(x, shape)  # of a number too


def _stretched(x: Any, shape: Shape) -> Any:
    import numpy as np

    return np.broadcast_to(x, shape)


_ROWS: Final = (
    Operation(
        "matmul",
        lambda m, a, b: m.matmul(a, b),
        arity=2,
        adjoint=_matmul_adjoint,
        shape=_matmul_shape,
        entry=matmul_entry,
        kind=TENSOR,
        exact=True,
        letter="u",
    ),
    Operation(
        "outer",
        lambda _, a, b: a[:, None] * b[None, :],
        arity=2,
        adjoint=lambda g, _, args, __: (g @ args[1], g.fn("transpose") @ args[0]),
        shape=_outer_shape,
        entry=outer_entry,
        kind=TENSOR,
        exact=True,
        letter="u",
    ),
    Operation(
        "transpose",
        lambda _, x, axes=None: x.transpose(axes),
        adjoint=_transpose_adjoint,
        shape=_transpose_shape,
        entry=transpose_entry,
        kind=TENSOR,
        exact=True,
    ),
    *REDUCTIONS,
    Operation(
        "softmax",
        _softmax,
        entry=softmax_entry,
        adjoint=_softmax_adjoint,
        shape=_keep,
        kind=ACTIVATION,
        letter="p",
    ),
    Operation(
        "log_softmax",
        _log_softmax,
        adjoint=_log_softmax_adjoint,
        shape=_keep,
        entry=log_softmax_entry,
        kind=ACTIVATION,
        letter="l",
    ),
    Operation(
        "stack",
        _stack,
        arity=None,
        adjoint=_stack_adjoint,
        shape=_stack_shape,
        entry=stack_entry,
        kind=TENSOR,
        exact=True,
        letter="v",
    ),
    Operation(
        "concat",
        _concat,
        arity=None,
        adjoint=_concat_adjoint,
        shape=_concat_shape,
        entry=concat_entry,
        kind=TENSOR,
        exact=True,
        letter="v",
    ),
    *PLACES,
    Operation(
        "reshape",
        lambda _, x, shape: _reshape(x, shape),
        adjoint=lambda g, _, args, __: (g.fn("reshape", shape=args[0].shape),),
        shape=_reshape_shape,
        entry=flat_entry,
        kind=TENSOR,
        exact=True,
    ),
    Operation(
        "spread",
        lambda _, x, shape: _stretched(x, shape),
        adjoint=lambda g, _, args, __: (g.fn("sum_to", shape=args[0].shape),),
        shape=given_shape,
        entry=spread_entry,
        kind=TENSOR,
        exact=True,
    ),
    Operation(
        "sum_to",
        _sum_to,
        adjoint=lambda g, _, args, __: (g.fn("spread", shape=args[0].shape),),
        shape=given_shape,
        entry=sum_to_entry,
        kind=TENSOR,
        exact=True,
    ),
    *CONVOLUTIONS,
    *POOLINGS,
    *UNFOLDINGS,
)


TENSORS: Final[Mapping[str, Operation]] = {row.name: row for row in (*_ROWS, *CLASS_ROWS)}
