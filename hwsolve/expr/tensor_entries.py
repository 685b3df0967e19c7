"""What one entry of an array operation's result is, in entries of its arguments.

A rule returns an expression, or the factors of a sum of products. That is how an
entry of a matrix is worked out by hand, and an independent definition of each
operation that the tests compare its calculation with.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from hwsolve.expr.shapes import axes_of, axis_of, summed_axes
from hwsolve.expr.tree import Expr, Num

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hwsolve.expr.operations import Shape
    from hwsolve.expr.tree import Attributes


def matmul_entry(index: Shape, args: Sequence[Any], _: Attributes) -> Any:
    """A row of the left times a column of the right."""
    left, right = args
    rows, columns = len(left.shape) > 1, len(right.shape) > 1
    batch = index[: len(index) - rows - columns]
    row = index[len(batch) : len(batch) + rows]
    column = index[len(index) - columns :] if columns else ()
    before = [_stretched(one.shape[:-2], batch) for one in args]
    return [
        (left[*before[0], *row, k], right[*before[1], k, *column]) for k in range(left.shape[-1])
    ]


def outer_entry(index: Shape, args: Sequence[Any], _: Attributes) -> Any:
    """The product of an entry of each."""
    return [(args[0][index[0],], args[1][index[1],])]


def item_entry(index: Shape, args: Sequence[Any], attributes: Attributes) -> Any:
    """The entry that an index or a slice leads to."""
    at: Any = dict(attributes)["at"]
    shape = args[0].shape
    wanted: list[int] = []
    inside = iter(index)
    for part, size in zip((*at, *("all",) * (len(shape) - len(at))), shape, strict=True):
        if isinstance(part, int):
            wanted.append(part)
        else:
            wanted.append((range(size) if part == "all" else range(*part))[next(inside)])
    return args[0][tuple(wanted)]


def place_entry(index: Shape, args: Sequence[Any], attributes: Attributes) -> Any:
    """The entry that was put here, or 0."""
    settings: Any = dict(attributes)
    at = (*settings["at"], *("all",) * (len(index) - len(settings["at"])))
    wanted: list[int] = []
    for part, here, size in zip(at, index, settings["shape"], strict=True):
        chosen = range(size) if part == "all" else range(*part) if isinstance(part, tuple) else part
        if isinstance(chosen, int):
            if here != chosen:
                return Num(0)
        elif here in chosen:
            wanted.append(chosen.index(here))
        else:
            return Num(0)
    return args[0][tuple(wanted)]


def concat_entry(index: Shape, args: Sequence[Any], attributes: Attributes) -> Any:
    """The entry of the array that reaches to this place."""
    axis = axis_of(dict(attributes), args[0].shape, 0) or 0
    here, owner = index[axis], 0
    while here >= args[owner].shape[axis]:
        here -= args[owner].shape[axis]
        owner += 1
    return args[owner][*index[:axis], here, *index[axis + 1 :]]


def stack_entry(index: Shape, args: Sequence[Any], attributes: Attributes) -> Any:
    """The entry of the array that stands at this place of the new axis."""
    axis: Any = dict(attributes).get("axis", 0)
    axis %= len(index)
    return args[index[axis]][(*index[:axis], *index[axis + 1 :])]


def transpose_entry(index: Shape, args: Sequence[Any], attributes: Attributes) -> Any:
    """The entry whose index is this one in another order."""
    settings: Any = dict(attributes)
    axes = settings.get("axes") or range(len(index))[::-1]
    return args[0][tuple(index[tuple(axes).index(axis)] for axis in range(len(index)))]


def gather_entry(index: Shape, args: Sequence[Any], attributes: Attributes) -> Any:
    """The entry that the indices lead to."""
    array, *chosen = args
    axis, common, places = _gathered(array.shape, chosen, attributes)
    here = index[axis : axis + len(common)]
    return array[(*index[:axis], *places[here], *index[axis + len(common) :])]


def scatter_entry(index: Shape, args: Sequence[Any], attributes: Attributes) -> Any:
    """The sum of all that was sent to this place."""
    array, *chosen = args
    axis, _, places = _gathered(index, chosen, attributes)
    mine = index[axis : axis + len(chosen)]
    rest = index[axis + len(chosen) :]
    return _terms(array[(*index[:axis], *k, *rest)] for k, at in places.items() if at == mine)


def _gathered(
    shape: Shape, chosen: Sequence[Any], attributes: Attributes
) -> tuple[int, Shape, dict[Shape, Shape]]:
    """The axis of a gather, the indices' common shape, and where each of them leads."""
    settings: Any = dict(attributes)
    first = settings.get("first", 0)
    common: Shape = max((each.shape for each in chosen), key=len)
    common = tuple(
        max(each.shape[k - len(common)] if len(each.shape) >= len(common) - k else 1
            for each in chosen)
        for k in range(len(common))
    )  # fmt: skip
    places = {
        at: tuple(int(each.value(_stretched(each.shape, at))) - first for each in chosen)
        for at in _every(common)
    }
    return settings.get("axis", 0) % len(shape), common, places


def pad_entry(index: Shape, args: Sequence[Any], attributes: Attributes) -> Any:
    """The entry inside, or the value of the border."""
    settings: Any = dict(attributes)
    inside = tuple(i - before for i, (before, _) in zip(index, settings["widths"], strict=True))
    if all(0 <= i < size for i, size in zip(inside, args[0].shape, strict=True)):
        return args[0][inside]
    return Num(settings.get("value", 0))


def triangle_entry(*, upper: bool) -> Any:
    """The rule of the upper (`triu`) or lower (`tril`) triangle."""

    def entry(index: Shape, args: Sequence[Any], attributes: Attributes) -> Any:
        above: Any = index[-1] - index[-2] - dict(attributes).get("k", 0)  # type: ignore[operator]  # a whole number
        kept = above >= 0 if upper else above <= 0
        return args[0][index] if kept else Num(0)

    return entry


def diag_entry(index: Shape, args: Sequence[Any], _: Attributes) -> Any:
    """An entry of the vector on the diagonal, 0 beside it."""
    return args[0][index[:1]] if index[0] == index[1] else Num(0)


def diagonal_entry(index: Shape, args: Sequence[Any], _: Attributes) -> Any:
    """The entry of the matrix in the row and column of this number."""
    return args[0][index[0], index[0]]


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
    return args[0][_stretched(args[0].shape, index)]


def _stretched(shape: Shape, index: Shape) -> Shape:
    """The place in an array of a shape that broadcasting puts at an index."""
    tail = index[len(index) - len(shape) :]
    return tuple(0 if size == 1 else i for size, i in zip(shape, tail, strict=True))


def _terms(entries: Iterable[Expr]) -> Any:
    """A sum, 0 without a term."""
    return [(entry,) for entry in entries] or Num(0)


def sum_entry(index: Shape, args: Sequence[Any], attributes: Attributes) -> Any:
    """The sum along axes, or over everything."""
    shape = args[0].shape
    settings: dict[str, Any] = dict(attributes)
    axes = axes_of(settings, shape)
    kept = iter(() if settings.get("axis") is None else index)
    ranges = []
    for axis, size in enumerate(shape):
        if axis not in axes:
            here = next(kept)
            ranges.append(range(here, here + 1))
            continue
        ranges.append(range(size))
        if settings.get("keepdims"):
            next(kept, None)
    return [(args[0][at],) for at in product(*ranges)]


def cumsum_entry(index: Shape, args: Sequence[Any], attributes: Attributes) -> Any:
    """The sum of the entries up to this one, or from it on."""
    settings: Any = dict(attributes)
    axis = axis_of(settings, args[0].shape, 0) or 0
    line = _line(index, axis, args[0].shape[axis])
    here = index[axis]
    return [(args[0][at],) for at in (line[here:] if settings.get("reverse") else line[: here + 1])]


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


def log_softmax_entry(index: Shape, args: Sequence[Any], attributes: Attributes) -> Any:
    """The entry less the logarithm of the sum of exp along the axis."""
    (x,) = args
    axis = axis_of(dict(attributes), x.shape, -1) or 0
    powers = [x[at].fn("exp") for at in _line(index, axis, x.shape[axis])]
    total = powers[0].fn("add", *powers[1:]) if powers[1:] else powers[0]
    return x[index] - total.fn("log")


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
    return list(product(*map(range, shape)))


def _line(index: Shape, axis: int, size: int) -> list[Shape]:
    """The positions along an axis through an index."""
    return [(*index[:axis], k, *index[axis + 1 :]) for k in range(size)]
