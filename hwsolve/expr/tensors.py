"""The table's rows for operations on whole arrays.

Adjoint rules pass a gradient on to the arguments; what one entry of a result is
stands in `tensor_entries`.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import EquationError
from hwsolve.expr.operations import ACTIVATION, TENSOR, Operation, Shape
from hwsolve.expr.shapes import axis_of, shape_text, summed_axes
from hwsolve.expr.tensor_entries import (
    extreme_entry,
    flat_entry,
    item_entry,
    matmul_entry,
    mean_entry,
    outer_entry,
    softmax_entry,
    spread_entry,
    sum_entry,
    sum_to_entry,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hwsolve.expr.tree import Attributes


def _reduced(shapes: Sequence[Shape], attributes: Attributes) -> Shape:
    (shape,) = shapes
    settings: dict[str, Any] = dict(attributes)
    axis = axis_of(settings, shape)
    if axis is None:
        return ()
    kept = (1,) if settings.get("keepdims") else ()
    return shape[:axis] + kept + shape[axis + 1 :]


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
    if len(left) > 2 or len(right) > 2:  # noqa: PLR2004  (matrices)
        raise EquationError(f"'@' takes matrices, not {shape_text(left)} and {shape_text(right)}")
    if left[-1] != right[0]:
        columns = "columns" if len(left) > 1 else "entries"
        rows = "rows" if len(right) > 1 else "entries"
        turned = "; write W.T for the transpose" if len(left) + len(right) > 2 else ""  # noqa: PLR2004  (a matrix)
        raise EquationError(
            f"'@' cannot multiply {shape_text(left)} by {shape_text(right)}: "
            f"the left has {left[-1]} {columns}, the right {right[0]} {rows}",
            hint=f"the inner sizes must agree{turned}",
        )
    return left[:-1] + right[1:]


def _matmul_adjoint(g: Any, _: Any, args: Sequence[Any], __: Attributes) -> tuple[Any, Any]:
    left, right = args
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


def _transpose_shape(shapes: Sequence[Shape], _: Attributes) -> Shape:
    return shapes[0][::-1]


def _sum_to(_: Any, x: Any, shape: Shape) -> Any:
    axes = summed_axes(x.shape, shape)
    return x.sum(axis=axes).reshape(shape) if shape else x.sum()


def _reduce_adjoint(g: Any, _: Any, args: Sequence[Any], attributes: Attributes) -> tuple[Any]:
    return (_spread(g, args[0].shape, attributes),)


def _spread(g: Any, shape: Shape, attributes: Attributes) -> Any:
    """The upstream gradient of a reduction, stretched to its argument's shape."""
    settings: dict[str, Any] = dict(attributes)
    axis = axis_of(settings, shape)
    if axis is not None and not settings.get("keepdims"):
        g = g.fn("reshape", shape=(*shape[:axis], 1, *shape[axis + 1 :]))
    return g.fn("spread", shape=shape)


def _count(shape: Shape, attributes: Attributes) -> int:
    axis = axis_of(dict(attributes), shape)
    return prod(shape) if axis is None else shape[axis]


def _mean_adjoint(g: Any, _: Any, args: Sequence[Any], attributes: Attributes) -> tuple[Any]:
    shape = args[0].shape
    return (_spread(g / _count(shape, attributes), shape, attributes),)


def _extreme_adjoint(
    g: Any, result: Any, args: Sequence[Any], attributes: Attributes
) -> tuple[Any]:
    shape = args[0].shape
    axis = axis_of(dict(attributes), shape)
    keep = {} if axis is None else {"axis": axis}
    ties = args[0].fn("eq", _spread(result, shape, attributes))
    # by the convention for ties the first of them, or all of them
    hits = ties.fn("first", **keep)
    passed = _spread(g, shape, attributes) * hits
    if hits is not ties:
        return (passed,)
    return (passed / hits.fn("sum", **keep, **({"keepdims": True} if keep else {})),)


def _first(m: Any, x: Any, axis: int | None = None) -> Any:
    """1 at the first of the largest entries (along an axis), else 0."""
    import numpy as np

    if axis is None:
        hits = np.arange(x.size).reshape(x.shape) == x.argmax()
    else:
        sizes = [1] * x.ndim
        sizes[axis] = -1
        hits = np.arange(x.shape[axis]).reshape(sizes) == np.expand_dims(x.argmax(axis), axis)
    return np.where(hits, m.number(1), m.number(0))


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


def _stack_shape(shapes: Sequence[Shape], _: Attributes) -> Shape:
    if any(shape != shapes[0] for shape in shapes):
        other = next(shape for shape in shapes if shape != shapes[0])
        raise EquationError(
            f"a list needs entries of one shape, not {shape_text(shapes[0])} and "
            f"{shape_text(other)}"
        )
    return (len(shapes), *shapes[0])


def _stack(m: Any, *values: Any) -> Any:
    import numpy as np

    return np.array(values, dtype=m.dtype)


def _stack_adjoint(g: Any, _: Any, args: Sequence[Any], __: Attributes) -> tuple[Any, ...]:
    return tuple(g.fn("item", at=(position,)) for position in range(len(args)))


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


def _selector(at: tuple[Any, ...]) -> tuple[Any, ...]:
    """An index in numpy's terms: whole numbers, (start, end) pairs and "all"."""
    return tuple(
        slice(None) if part == "all" else slice(*part) if isinstance(part, tuple) else part
        for part in at
    )


def _item_shape(shapes: Sequence[Shape], attributes: Attributes) -> Shape:
    (shape,) = shapes
    at: Any = dict(attributes)["at"]
    result = []
    for axis, size in enumerate(shape):
        part = at[axis] if axis < len(at) else "all"
        if part == "all":
            result.append(size)
        elif isinstance(part, tuple):
            result.append(part[1] - part[0])
    return tuple(result)


def _place(m: Any, x: Any, shape: Shape, at: tuple[Any, ...]) -> Any:
    import numpy as np

    full = np.full(shape, m.number(0), dtype=m.dtype)
    full[_selector(at)] = x
    return full


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


def _given_shape(_: Sequence[Shape], attributes: Attributes) -> Shape:
    return tuple(dict(attributes)["shape"])  # type: ignore[arg-type]  # a tuple of ints


def _reduction(name: str, compute: Any, adjoint: Any, **more: Any) -> Operation:
    return Operation(
        name, compute, adjoint=adjoint, shape=_reduced, kind=TENSOR, exact=True, **more
    )


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
        lambda _, x: x.T,
        adjoint=lambda g, *_: (g.fn("transpose"),),
        shape=_transpose_shape,
        entry=lambda index, args, _: args[0][index[::-1]],
        kind=TENSOR,
        exact=True,
    ),
    _reduction(
        "sum",
        lambda _, x, axis=None, keepdims=False: x.sum(axis=axis, keepdims=keepdims),
        _reduce_adjoint,
        entry=sum_entry,
    ),
    _reduction(
        "mean",
        lambda m, x, axis=None, keepdims=False: (
            x.sum(axis=axis, keepdims=keepdims)
            / m.number(x.size if axis is None else x.shape[axis])
        ),
        _mean_adjoint,
        entry=mean_entry,
    ),
    _reduction(
        "max",
        lambda _, x, axis=None, keepdims=False: x.max(axis=axis, keepdims=keepdims),
        _extreme_adjoint,
        entry=extreme_entry("max"),
        kink=lambda x, axis=None, **_: x.argmax(axis=axis),
    ),
    _reduction(
        "min",
        lambda _, x, axis=None, keepdims=False: x.min(axis=axis, keepdims=keepdims),
        _extreme_adjoint,
        entry=extreme_entry("min"),
        kink=lambda x, axis=None, **_: x.argmin(axis=axis),
    ),
    Operation(
        "argmax",
        lambda m, x, axis=None: m.number(0) + x.argmax(axis=axis),
        shape=_reduced,
        kind=TENSOR,
        exact=True,
        kink=lambda x, axis=None, **_: x.argmax(axis=axis),
    ),
    Operation(
        "argmin",
        lambda m, x, axis=None: m.number(0) + x.argmin(axis=axis),
        shape=_reduced,
        kind=TENSOR,
        exact=True,
        kink=lambda x, axis=None, **_: x.argmin(axis=axis),
    ),
    Operation(
        "first",
        _first,
        shape=_keep,
        kind=TENSOR,
        exact=True,
        kink=lambda x, axis=None: x.argmax(axis=axis),
    ),
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
        kind=ACTIVATION,
        letter="l",
    ),
    Operation(
        "stack",
        _stack,
        arity=None,
        adjoint=_stack_adjoint,
        shape=_stack_shape,
        entry=lambda index, args, _: args[index[0]][index[1:]],
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
        kind=TENSOR,
        exact=True,
        letter="v",
    ),
    Operation(
        "item",
        lambda _, x, at: x[_selector(at)],
        adjoint=lambda g, _, args, attributes: (
            g.fn("place", shape=args[0].shape, at=dict(attributes)["at"]),
        ),
        shape=_item_shape,
        entry=item_entry,
        kind=TENSOR,
        exact=True,
    ),
    Operation(
        "place",
        _place,
        adjoint=lambda g, _, __, attributes: (g.fn("item", at=dict(attributes)["at"]),),
        shape=_given_shape,
        kind=TENSOR,
        exact=True,
    ),
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
        shape=_given_shape,
        entry=spread_entry,
        kind=TENSOR,
        exact=True,
    ),
    Operation(
        "sum_to",
        _sum_to,
        adjoint=lambda g, _, args, __: (g.fn("spread", shape=args[0].shape),),
        shape=_given_shape,
        entry=sum_to_entry,
        kind=TENSOR,
        exact=True,
    ),
)


TENSORS: Final[Mapping[str, Operation]] = {row.name: row for row in _ROWS}
