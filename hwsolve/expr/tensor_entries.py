"""What one entry of an array operation's result is, in entries of its arguments.

A rule returns an expression, or the factors of a sum of products. That is how an
entry of a matrix is worked out by hand, and an independent definition of each
operation that the tests compare its calculation with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hwsolve.expr.shapes import axis_of, summed_axes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.expr.operations import Shape
    from hwsolve.expr.tree import Attributes


def matmul_entry(index: Shape, args: Sequence[Any], _: Attributes) -> Any:
    """A row of the left times a column of the right."""
    left, right = args
    row, column = index[: len(left.shape) - 1], index[len(left.shape) - 1 :]
    return [(left[*row, k], right[k, *column]) for k in range(left.shape[-1])]


def outer_entry(index: Shape, args: Sequence[Any], _: Attributes) -> Any:
    """The product of an entry of each."""
    return [(args[0][index[0],], args[1][index[1],])]


def item_entry(index: Shape, args: Sequence[Any], attributes: Attributes) -> Any:
    """The entry that an index or a slice leads to."""
    at: Any = dict(attributes)["at"]
    wanted: list[Any] = []
    position = 0
    for axis in range(len(args[0].shape)):
        part: Any = at[axis] if axis < len(at) else "all"
        if isinstance(part, int):
            wanted.append(part)
            continue
        wanted.append(index[position] + (0 if part == "all" else part[0]))
        position += 1
    return args[0][tuple(wanted)]


def flat_entry(index: Shape, args: Sequence[Any], attributes: Attributes) -> Any:
    """The entry in the same place when both arrays are read row by row."""
    shape: Shape = tuple(dict(attributes)["shape"])  # type: ignore[arg-type]  # a tuple of ints
    flat = 0
    for size, part in zip(shape, index, strict=True):
        flat = flat * size + part
    position: list[int] = []
    for size in reversed(args[0].shape):
        flat, part = divmod(flat, size)
        position.insert(0, part)
    return args[0][tuple(position)]


def spread_entry(index: Shape, args: Sequence[Any], _: Attributes) -> Any:
    """The entry that was stretched to this place."""
    shape = args[0].shape
    tail = index[len(index) - len(shape) :]
    return args[0][tuple(0 if n == 1 else i for n, i in zip(shape, tail, strict=True))]


def sum_entry(index: Shape, args: Sequence[Any], attributes: Attributes) -> Any:
    """The sum along an axis, or over everything."""
    shape = args[0].shape
    settings: dict[str, Any] = dict(attributes)
    axis = axis_of(settings, shape)
    if axis is None:
        return [(args[0][at],) for at in _every(shape)]
    before = index[:axis]
    after = index[axis + (1 if settings.get("keepdims") else 0) :]
    return [(args[0][(*before, k, *after)],) for k in range(shape[axis])]


def sum_to_entry(index: Shape, args: Sequence[Any], attributes: Attributes) -> Any:
    """The sum over the axes along which an array had been stretched."""
    shape, target = args[0].shape, dict(attributes)["shape"]
    axes = summed_axes(shape, target)  # type: ignore[arg-type]  # a tuple of ints
    gap = len(shape) - len(index)
    return [
        (args[0][at],)
        for at in _every(shape)
        if all(axis in axes or at[axis] == index[axis - gap] for axis in range(len(shape)))
    ]


def softmax_entry(index: Shape, args: Sequence[Any], attributes: Attributes) -> Any:
    """exp of the entry, divided by the sum of exp along the axis."""
    (x,) = args
    axis = axis_of(dict(attributes), x.shape, -1) or 0
    powers = [x[at].fn("exp") for at in _line(index, axis, x.shape[axis])]
    return x[index].fn("exp") / (powers[0].fn("add", *powers[1:]) if powers[1:] else powers[0])


def mean_entry(index: Shape, args: Sequence[Any], attributes: Attributes) -> Any:
    """The sum of the entries divided by their number."""
    terms = [term for (term,) in sum_entry(index, args, attributes)]
    total = terms[0].fn("add", *terms[1:]) if terms[1:] else terms[0]
    return total / len(terms)


def extreme_entry(name: str) -> Any:
    """The rule of the largest (`max`) or smallest (`min`) entry."""

    def entry(index: Shape, args: Sequence[Any], attributes: Attributes) -> Any:
        terms = [term for (term,) in sum_entry(index, args, attributes)]
        return terms[0].fn(name, *terms[1:])

    return entry


def _every(shape: Shape) -> list[Shape]:
    positions: list[Shape] = [()]
    for size in shape:
        positions = [(*head, k) for head in positions for k in range(size)]
    return positions


def _line(index: Shape, axis: int, size: int) -> list[Shape]:
    """The positions along an axis through an index."""
    return [(*index[:axis], k, *index[axis + 1 :]) for k in range(size)]
