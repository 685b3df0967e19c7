"""The table's rows for reductions: sums, means and extremes along axes, running sums.

An axis is a number, several of them a tuple, and without one everything is reduced.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import EquationError
from hwsolve.expr.operations import TENSOR, Operation, Shape
from hwsolve.expr.shapes import axes_of, axis_of, shape_text, without_axes
from hwsolve.expr.tensor_entries import (
    cumsum_entry,
    extreme_entry,
    mean_entry,
    sum_entry,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.expr.tree import Attributes


def _reduced(shapes: Sequence[Shape], attributes: Attributes) -> Shape:
    settings: dict[str, Any] = dict(attributes)
    axes = axes_of(settings, shapes[0])
    return without_axes(shapes[0], axes, keepdims=bool(settings.get("keepdims")))


def _keep(shapes: Sequence[Shape], attributes: Attributes) -> Shape:
    axes_of(dict(attributes), shapes[0])
    return shapes[0]


def _numbered(shapes: Sequence[Shape], attributes: Attributes) -> Shape:
    # the place along several axes is no single number
    axis = axis_of(dict(attributes), shapes[0])
    return () if axis is None else without_axes(shapes[0], (axis,))


def _spread(g: Any, shape: Shape, attributes: Attributes) -> Any:
    """The upstream gradient of a reduction, stretched to its argument's shape."""
    settings: dict[str, Any] = dict(attributes)
    if settings.get("axis") is not None and not settings.get("keepdims"):
        axes = axes_of(settings, shape)
        g = g.fn("reshape", shape=without_axes(shape, axes, keepdims=True))
    return g.fn("spread", shape=shape)


def _mean_adjoint(g: Any, _: Any, args: Sequence[Any], attributes: Attributes) -> tuple[Any]:
    shape = args[0].shape
    return (_spread(g / _count(shape, attributes), shape, attributes),)


def _count(shape: Shape, attributes: Attributes) -> int:
    return prod(shape[axis] for axis in axes_of(dict(attributes), shape))


def _mean(m: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:  # noqa: FBT001, FBT002  (as in numpy)
    count = _count(x.shape, (("axis", axis),))
    return x.sum(axis=axis, keepdims=keepdims) / m.number(count)


def _extreme_adjoint(
    g: Any, result: Any, args: Sequence[Any], attributes: Attributes
) -> tuple[Any]:
    shape = args[0].shape
    axis = dict(attributes).get("axis")
    keep = {} if axis is None else {"axis": axis}
    ties = args[0].fn("eq", _spread(result, shape, attributes))
    # by the convention for ties the first of them, or all of them
    hits = ties.fn("first", **keep)
    passed = _spread(g, shape, attributes) * hits
    if hits is not ties:
        return (passed,)
    return (passed / hits.fn("sum", **keep, **({"keepdims": True} if keep else {})),)


def best_place(x: Any, axis: Any = None, *, least: bool = False) -> Any:
    """Where the first largest (or smallest) entry stands along axes, counted row by row."""
    import numpy as np

    if isinstance(axis, tuple):
        inner = tuple(range(x.ndim - len(axis), x.ndim))
        # the axes may be counted from the end, and in any order
        x = np.moveaxis(x, sorted(one % x.ndim for one in axis), inner)
        x, axis = x.reshape(*x.shape[: inner[0]], -1), -1
    return x.argmin(axis=axis) if least else x.argmax(axis=axis)


def _first(m: Any, x: Any, axis: Any = None) -> Any:
    """1 at the first of the largest entries (along axes), else 0."""
    import numpy as np

    best = best_place(x, axis)
    axes = axes_of({"axis": axis}, x.shape)
    inside = np.arange(prod(x.shape[one] for one in axes))
    inside = inside.reshape(tuple(x.shape[one] if one in axes else 1 for one in range(x.ndim)))
    hits = inside == np.reshape(best, without_axes(x.shape, axes, keepdims=True))
    return np.where(hits, m.number(1), m.number(0))


def _running_shape(shapes: Sequence[Shape], attributes: Attributes) -> Shape:
    if len(shapes[0]) > 1 and dict(attributes).get("axis") is None:
        raise EquationError(f"cumsum of {shape_text(shapes[0])} needs an axis", hint="axis=0, say")
    return _keep(shapes, attributes)


def _running(_: Any, x: Any, axis: int = 0, reverse: bool = False) -> Any:  # noqa: FBT001, FBT002  (a setting)
    import numpy as np

    if not reverse:
        return np.cumsum(x, axis=axis)
    return np.flip(np.cumsum(np.flip(x, axis), axis=axis), axis)


def _running_adjoint(g: Any, _: Any, __: Any, attributes: Attributes) -> tuple[Any]:
    settings: dict[str, Any] = dict(attributes)
    if settings.pop("reverse", False):
        return (g.fn("cumsum", **settings),)
    return (g.fn("cumsum", **settings, reverse=True),)


def _reduction(name: str, compute: Any, adjoint: Any, **more: Any) -> Operation:
    return Operation(
        name, compute, adjoint=adjoint, shape=_reduced, kind=TENSOR, exact=True, **more
    )


def _place_of(name: str, *, least: bool) -> Operation:
    return Operation(
        name,
        lambda m, x, axis=None: m.number(0) + best_place(x, axis, least=least),
        shape=_numbered,
        kind=TENSOR,
        exact=True,
        kink=lambda x, axis=None, **_: best_place(x, axis, least=least),
    )


REDUCTIONS: Final = (
    _reduction(
        "sum",
        lambda _, x, axis=None, keepdims=False: x.sum(axis=axis, keepdims=keepdims),
        lambda g, _, args, attributes: (_spread(g, args[0].shape, attributes),),
        entry=sum_entry,
    ),
    _reduction("mean", _mean, _mean_adjoint, entry=mean_entry),
    _reduction(
        "max",
        lambda _, x, axis=None, keepdims=False: x.max(axis=axis, keepdims=keepdims),
        _extreme_adjoint,
        entry=extreme_entry("max"),
        kink=lambda x, axis=None, **_: best_place(x, axis),
    ),
    _reduction(
        "min",
        lambda _, x, axis=None, keepdims=False: x.min(axis=axis, keepdims=keepdims),
        _extreme_adjoint,
        entry=extreme_entry("min"),
        kink=lambda x, axis=None, **_: best_place(x, axis, least=True),
    ),
    _place_of("argmax", least=False),
    _place_of("argmin", least=True),
    Operation(
        "first",
        _first,
        shape=_keep,
        kind=TENSOR,
        exact=True,
        kink=lambda x, axis=None: best_place(x, axis),
    ),
    Operation(
        "cumsum",
        _running,
        adjoint=_running_adjoint,
        shape=_running_shape,
        entry=cumsum_entry,
        kind=TENSOR,
        exact=True,
    ),
)
