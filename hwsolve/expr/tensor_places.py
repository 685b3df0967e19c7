"""The table's rows that pick, place and order entries: gathers, padding, triangles, diagonals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import EquationError
from hwsolve.expr.operations import TENSOR, Operation, Shape
from hwsolve.expr.shapes import axis_of, broadcast, shape_text
from hwsolve.expr.tensor_entries import (
    diag_entry,
    diagonal_entry,
    gather_entry,
    item_entry,
    pad_entry,
    place_entry,
    scatter_entry,
    triangle_entry,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.expr.tree import Attributes

# What is worked out may miss a whole number by little, and so does a difference taken there.
NEARLY_WHOLE: Final = 1e-3


def positions(part: Any, size: int) -> range:
    """The entries of an axis that a part of an index chooses: "all" or (start, end, step)."""
    return range(size) if part == "all" else range(*part)


def selector(at: tuple[Any, ...]) -> tuple[Any, ...]:
    """An index in numpy's terms: whole numbers, (start, end, step) and "all"."""
    return tuple(_selected(part) for part in at)


def _selected(part: Any) -> Any:
    if part == "all":
        return slice(None)
    if not isinstance(part, tuple):
        return part
    start, end, *step = part
    # counted backwards, what lies before the first entry is the end for numpy
    return slice(start, None if end < 0 else end, *step)


def _item_shape(shapes: Sequence[Shape], attributes: Attributes) -> Shape:
    (shape,) = shapes
    at: Any = dict(attributes)["at"]
    full = (*at, *("all",) * (len(shape) - len(at)))
    return tuple(
        len(positions(part, size))
        for part, size in zip(full, shape, strict=True)
        if not isinstance(part, int)
    )


def _place(m: Any, x: Any, shape: Shape, at: tuple[Any, ...]) -> Any:
    full = filled(m, shape)
    full[selector(at)] = x
    return full


def filled(m: Any, shape: Shape, value: Any = 0) -> Any:
    """An array of one number."""
    import numpy as np

    return np.full(shape, m.number(value), dtype=m.dtype)


def given_shape(_: Sequence[Shape], attributes: Attributes) -> Shape:
    """The shape that an operation's settings name."""
    return tuple(dict(attributes)["shape"])  # type: ignore[arg-type]  # a tuple of ints


# -- gathers: entries chosen by other arrays -------------------------------------


def _gather_shape(shapes: Sequence[Shape], attributes: Attributes) -> Shape:
    shape, *chosen = shapes
    axis = axis_of(dict(attributes), shape, 0) or 0
    if axis + len(chosen) > len(shape):
        raise EquationError(f"{shape_text(shape)} takes {len(shape)} indices")
    common = broadcast(chosen, "an index")
    return (*shape[:axis], *common, *shape[axis + len(chosen) :])


def whole_numbers(indices: Any, size: int, first: int = 0) -> Any:
    """Indices as whole numbers counted from 0.

    Raises:
        ValueError: if one is no whole number, or the axis has no such entry.
    """
    import numpy as np

    given = np.asarray(indices).astype(float)
    found = np.rint(given).astype(int)
    apart = np.abs(given - found) > NEARLY_WHOLE
    if apart.any() or (found < first).any() or (found >= first + size).any():
        raise ValueError("index")
    return found - first


def _chosen(shape: Shape, indices: Sequence[Any], axis: int, first: int) -> tuple[Any, ...]:
    axis %= len(shape)
    found = [
        whole_numbers(each, size, first) for each, size in zip(indices, shape[axis:], strict=False)
    ]
    return (*(slice(None),) * axis, *found)


def _gather(_: Any, x: Any, *indices: Any, axis: int = 0, first: int = 0) -> Any:
    return x[_chosen(x.shape, indices, axis, first)]


def _which(_: Any, *indices: Any, **__: Any) -> list[Any]:
    """What another entry is chosen by: a jump where it changes."""
    import numpy as np

    return [np.rint(np.asarray(each).astype(float)).tolist() for each in indices]


def _gather_adjoint(g: Any, _: Any, args: Sequence[Any], attributes: Attributes) -> tuple[Any, ...]:
    x, *indices = args
    back = g.fn("scatter_add", *indices, shape=x.shape, **dict(attributes))
    return (back, *(None for _ in indices))


def _scatter_add(m: Any, x: Any, *indices: Any, shape: Shape, axis: int = 0, first: int = 0) -> Any:
    import numpy as np

    full = filled(m, shape)
    np.add.at(full, _chosen(shape, indices, axis, first), x)
    return full


def _scatter_adjoint(
    g: Any, _: Any, args: Sequence[Any], attributes: Attributes
) -> tuple[Any, ...]:
    settings: dict[str, Any] = dict(attributes)
    del settings["shape"]
    return (g.fn("gather", *args[1:], **settings), *(None for _ in args[1:]))


def _order(x: Any, *, descending: bool) -> Any:
    import numpy as np

    # equal entries stay in their order
    if descending:
        return x.shape[-1] - 1 - np.flip(np.argsort(np.flip(x, -1), axis=-1, kind="stable"), -1)
    return np.argsort(x, axis=-1, kind="stable")


# -- padding, triangles, diagonals --------------------------------------------------


def _pad_shape(shapes: Sequence[Shape], attributes: Attributes) -> Shape:
    widths: Any = dict(attributes)["widths"]
    return tuple(
        before + size + after for size, (before, after) in zip(shapes[0], widths, strict=True)
    )


def _pad(m: Any, x: Any, widths: tuple[tuple[int, int], ...], value: Any = 0) -> Any:
    shape = _pad_shape([x.shape], (("widths", widths),))
    full = filled(m, shape, value)
    inside = zip(widths, x.shape, strict=True)
    full[tuple(slice(before, before + size) for (before, _), size in inside)] = x
    return full


def _pad_adjoint(g: Any, _: Any, args: Sequence[Any], attributes: Attributes) -> tuple[Any]:
    widths: Any = dict(attributes)["widths"]
    inside = zip(widths, args[0].shape, strict=True)
    return (g.fn("item", at=tuple((before, before + size) for (before, _), size in inside)),)


def _matrices(shapes: Sequence[Shape], _: Attributes) -> Shape:
    if len(shapes[0]) < 2:  # noqa: PLR2004  (rows and columns)
        raise EquationError(f"a triangle is cut out of a matrix, not {shape_text(shapes[0])}")
    return shapes[0]


def _triangle(name: str) -> Operation:
    def compute(m: Any, x: Any, k: int = 0) -> Any:
        import numpy as np

        mask = getattr(np, name)(np.ones(x.shape[-2:], dtype=bool), k)
        return np.where(mask, x, m.number(0))

    return Operation(
        name,
        compute,
        adjoint=lambda g, _, __, attributes: (g.fn(name, **dict(attributes)),),
        shape=_matrices,
        entry=triangle_entry(upper=name == "triu"),
        kind=TENSOR,
        exact=True,
    )


def _diag_shape(shapes: Sequence[Shape], _: Attributes) -> Shape:
    return (*shapes[0], shapes[0][0])


def _diag(m: Any, x: Any) -> Any:
    full = filled(m, (len(x), len(x)))
    full[range(len(x)), range(len(x))] = x
    return full


def _diagonal_shape(shapes: Sequence[Shape], _: Attributes) -> Shape:
    return (min(shapes[0]),)


def _diagonal_adjoint(g: Any, _: Any, args: Sequence[Any], __: Attributes) -> tuple[Any]:
    square = g.fn("diag")
    rows, columns = args[0].shape
    if rows == columns:
        return (square,)
    return (square.fn("place", shape=(rows, columns), at=((0, min(rows, columns)),) * 2),)


PLACES: Final = (
    Operation(
        "item",
        lambda _, x, at: x[selector(at)],
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
        shape=given_shape,
        entry=place_entry,
        kind=TENSOR,
        exact=True,
    ),
    Operation(
        "gather",
        _gather,
        arity=None,
        adjoint=_gather_adjoint,
        shape=_gather_shape,
        entry=gather_entry,
        kind=TENSOR,
        kink=_which,
        exact=True,
        letter="e",
    ),
    Operation(
        "scatter_add",
        _scatter_add,
        arity=None,
        adjoint=_scatter_adjoint,
        shape=given_shape,
        entry=scatter_entry,
        kind=TENSOR,
        kink=_which,
        exact=True,
    ),
    Operation(
        "argsort",
        lambda m, x, descending=False: m.number(0) + _order(x, descending=descending),
        shape=lambda shapes, _: shapes[0],
        kind=TENSOR,
        kink=lambda x, descending=False: _order(x, descending=descending),
        exact=True,
    ),
    Operation(
        "pad",
        _pad,
        adjoint=_pad_adjoint,
        shape=_pad_shape,
        entry=pad_entry,
        kind=TENSOR,
        exact=True,
    ),
    _triangle("tril"),
    _triangle("triu"),
    Operation(
        "diag",
        _diag,
        adjoint=lambda g, *_: (g.fn("diagonal"),),
        shape=_diag_shape,
        entry=diag_entry,
        kind=TENSOR,
        exact=True,
    ),
    Operation(
        "diagonal",
        lambda _, x: x.diagonal(),
        adjoint=_diagonal_adjoint,
        shape=_diagonal_shape,
        entry=diagonal_entry,
        kind=TENSOR,
        exact=True,
    ),
)
