"""What each row of the table of array operations should do, by naive loops.

The loops work on nested lists of any numbers, dual numbers among them, so that the
same definition gives values and derivatives.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from dual_numbers import exp, log, plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from hwsolve.expr.tree import Attributes

Shape = tuple[int, ...]
Array = dict[Shape, Any]


class Grid(NamedTuple):
    """An array as a dictionary of its entries."""

    shape: Shape
    entries: Array


class TensorCase(NamedTuple):
    """An operation on arrays by its definition, and shapes and settings to try it with.

    `smooth` is False where the result jumps between whole numbers.
    """

    naive: Callable[..., Grid]
    tried: tuple[tuple[tuple[Shape, ...], Attributes], ...]
    differentiable: bool = True


def grid(shape: Shape, entry: Callable[[Shape], Any]) -> Grid:
    return Grid(shape, {at: entry(at) for at in product(*map(range, shape))})


def total(terms: list[Any]) -> Any:
    result = terms[0]
    for term in terms[1:]:
        result = result + term
    return result


def matmul(a: Grid, b: Grid) -> Grid:
    inner = a.shape[-1]
    left, right = a.shape[:-1], b.shape[1:]

    def entry(at: Shape) -> Any:
        row, column = at[: len(left)], at[len(left) :]
        return total([a.entries[*row, k] * b.entries[k, *column] for k in range(inner)])

    return grid(left + right, entry)


def lines(
    x: Grid, axis: int | None, *, keepdims: bool
) -> tuple[Shape, Callable[[Shape], list[Shape]]]:
    """The shape of a reduction, and the positions that are reduced to each of its entries."""
    if axis is None:
        return (), lambda _: list(x.entries)
    axis %= len(x.shape)
    shape = x.shape[:axis] + (1,) * keepdims + x.shape[axis + 1 :]

    def line(at: Shape) -> list[Shape]:
        rest = at[:axis] + at[axis + keepdims :]
        return [(*rest[:axis], k, *rest[axis:]) for k in range(x.shape[axis])]

    return shape, line


def reduction(reduce: Callable[[list[Any]], Any]) -> Callable[..., Grid]:
    def naive(x: Grid, axis: int | None = None, keepdims: bool = False) -> Grid:  # noqa: FBT001, FBT002  (as in numpy)
        shape, line = lines(x, axis, keepdims=keepdims)
        return grid(shape, lambda at: reduce([x.entries[k] for k in line(at)]))

    return naive


def largest(terms: list[Any]) -> Any:
    best = terms[0]
    for term in terms[1:]:
        best = max(best, term)
    return best


def smallest(terms: list[Any]) -> Any:
    return -largest([-term for term in terms])


def place_of(best: Callable[[list[Any]], Any]) -> Callable[[list[Any]], Any]:
    def where(terms: list[Any]) -> Any:
        wanted = plain(best(terms))
        return next(k for k, term in enumerate(terms) if plain(term) == wanted)

    return where


def first(x: Grid, axis: int | None = None) -> Grid:
    _, line = lines(x, axis, keepdims=False)
    reduced = reduction(place_of(largest))(x, axis)
    hits = {line(at)[place] for at, place in reduced.entries.items()}
    return grid(x.shape, lambda at: int(at in hits))


def softmax(x: Grid, axis: int = -1) -> Grid:
    axis %= len(x.shape)

    def entry(at: Shape) -> Any:
        powers = [exp(x.entries[*at[:axis], k, *at[axis + 1 :]]) for k in range(x.shape[axis])]
        return exp(x.entries[at]) / total(powers)

    return grid(x.shape, entry)


def log_softmax(x: Grid, axis: int = -1) -> Grid:
    probabilities = softmax(x, axis)
    return grid(x.shape, lambda at: log(probabilities.entries[at]))


def stack(*parts: Grid) -> Grid:
    return grid((len(parts), *parts[0].shape), lambda at: parts[at[0]].entries[at[1:]])


def concat(*parts: Grid, axis: int = 0) -> Grid:
    axis %= len(parts[0].shape)
    owners = [(part, k) for part in parts for k in range(part.shape[axis])]
    shape = parts[0].shape

    def entry(at: Shape) -> Any:
        part, k = owners[at[axis]]
        return part.entries[*at[:axis], k, *at[axis + 1 :]]

    return grid((*shape[:axis], len(owners), *shape[axis + 1 :]), entry)


def picked(shape: Shape, at: tuple[Any, ...]) -> list[list[int] | int]:
    full = (*at, *("all",) * (len(shape) - len(at)))
    return [
        list(range(size)) if part == "all"
        else list(range(*part)) if isinstance(part, tuple)
        else part
        for size, part in zip(shape, full, strict=True)
    ]  # fmt: skip


def item(x: Grid, at: tuple[Any, ...]) -> Grid:
    chosen = picked(x.shape, at)
    ranges = [part for part in chosen if isinstance(part, list)]

    def entry(index: Shape) -> Any:
        left = iter(index)
        return x.entries[
            tuple(part[next(left)] if isinstance(part, list) else part for part in chosen)
        ]

    return grid(tuple(map(len, ranges)), entry)


def place(x: Grid, shape: Shape, at: tuple[Any, ...]) -> Grid:
    chosen = [part if isinstance(part, list) else [part] for part in picked(shape, at)]
    values = iter(x.entries[key] for key in sorted(x.entries))
    put = {position: next(values) for position in product(*chosen)}
    return grid(shape, lambda index: put.get(index, 0))


def reshape(x: Grid, shape: Shape) -> Grid:
    row_major = [x.entries[key] for key in sorted(x.entries)]
    places = {at: k for k, at in enumerate(product(*map(range, shape)))}
    return grid(shape, lambda at: row_major[places[at]])


def spread(x: Grid, shape: Shape) -> Grid:
    gap = len(shape) - len(x.shape)

    def entry(at: Shape) -> Any:
        return x.entries[
            tuple(0 if size == 1 else k for size, k in zip(x.shape, at[gap:], strict=True))
        ]

    return grid(shape, entry)


def sum_to(x: Grid, shape: Shape) -> Grid:
    """What `spread` undoes: each entry is the sum of all those that it is spread to."""
    back = spread(grid(shape, lambda at: at), x.shape)
    return grid(
        shape, lambda at: total([x.entries[key] for key in x.entries if back.entries[key] == at])
    )


REDUCED = (
    (((4,),), ()),
    (((2, 3),), ()),
    (((2, 3),), (("axis", 0),)),
    (((2, 3),), (("axis", 1), ("keepdims", True))),
    (((2, 3, 2),), (("axis", -2),)),
)
WITHOUT_KEPT_AXES = (*REDUCED[:3], REDUCED[4])
ALONG = (
    (((3,),), ()),
    (((2, 3),), ()),
    (((3, 2),), (("axis", 0),)),
    (((2, 3, 2),), (("axis", 1),)),
)

TENSOR_CASES: dict[str, TensorCase] = {
    "matmul": TensorCase(
        matmul,
        (
            (((2, 3), (3, 2)), ()),
            (((2, 3), (3,)), ()),
            (((3,), (3, 2)), ()),
            (((3,), (3,)), ()),
            (((1, 1), (1, 4)), ()),
        ),
    ),
    "outer": TensorCase(
        lambda a, b: grid(a.shape + b.shape, lambda at: a.entries[at[:1]] * b.entries[at[1:]]),
        ((((2,), (3,)), ()), (((1,), (4,)), ())),
    ),
    "transpose": TensorCase(
        lambda x: grid(x.shape[::-1], lambda at: x.entries[at[::-1]]),
        ((((2, 3),), ()), (((4,),), ()), (((2, 3, 4),), ())),
    ),
    "sum": TensorCase(reduction(total), REDUCED),
    "mean": TensorCase(reduction(lambda terms: total(terms) / len(terms)), REDUCED),
    "max": TensorCase(reduction(largest), REDUCED),
    "min": TensorCase(reduction(smallest), REDUCED),
    "argmax": TensorCase(reduction(place_of(largest)), WITHOUT_KEPT_AXES, differentiable=False),
    "argmin": TensorCase(reduction(place_of(smallest)), WITHOUT_KEPT_AXES, differentiable=False),
    "first": TensorCase(first, (REDUCED[0], *ALONG[1:]), differentiable=False),
    "softmax": TensorCase(softmax, ALONG),
    "log_softmax": TensorCase(log_softmax, ALONG),
    "stack": TensorCase(stack, ((((), ()), ()), (((3,), (3,), (3,)), ()), (((2, 2), (2, 2)), ()))),
    "concat": TensorCase(
        concat,
        (
            (((2,), (3,)), ()),
            (((2, 3), (1, 3)), (("axis", 0),)),
            (((2, 3), (2, 1), (2, 2)), (("axis", 1),)),
            (((2, 3), (2, 1)), (("axis", -1),)),
        ),
    ),
    "item": TensorCase(
        item,
        (
            (((4,),), (("at", (2,)),)),
            (((3, 4),), (("at", (1, 3)),)),
            (((3, 4),), (("at", (2,)),)),
            (((3, 4),), (("at", ("all", 1)),)),
            (((3, 4),), (("at", ((0, 2), (1, 4))),)),
        ),
    ),
    "place": TensorCase(
        place,
        (
            (((),), (("shape", (4,)), ("at", (2,)))),
            (((3,),), (("shape", (3, 4)), ("at", ("all", 1)))),
            (((4,),), (("shape", (3, 4)), ("at", (2,)))),
            (((2, 3),), (("shape", (3, 4)), ("at", ((0, 2), (1, 4))))),
        ),
    ),
    "reshape": TensorCase(
        reshape,
        (
            (((2, 3),), (("shape", (3, 2)),)),
            (((6,),), (("shape", (2, 1, 3)),)),
            (((2, 2),), (("shape", (4,)),)),
        ),
    ),
    "spread": TensorCase(
        spread,
        (
            (((),), (("shape", (2, 3)),)),
            (((3,),), (("shape", (2, 3)),)),
            (((2, 1),), (("shape", (2, 3)),)),
            (((1, 3),), (("shape", (4, 2, 3)),)),
        ),
    ),
    "sum_to": TensorCase(
        sum_to,
        (
            (((2, 3),), (("shape", ()),)),
            (((2, 3),), (("shape", (3,)),)),
            (((2, 3),), (("shape", (2, 1)),)),
            (((4, 2, 3),), (("shape", (1, 3)),)),
        ),
    ),
}
