"""What each row of the table of array operations should do, by naive loops.

The loops work on nested lists of any numbers, dual numbers among them, so that the
same definition gives values and derivatives.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import tensor_cases_windows as windows
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

    `differentiable` is False where the result jumps between whole numbers. `limits` says for
    each argument how many numbers an index may choose from; 0 for an argument of real numbers.
    """

    naive: Callable[..., Grid]
    tried: tuple[tuple[tuple[Shape, ...], Attributes], ...]
    differentiable: bool = True
    limits: tuple[int, ...] = ()


def grid(shape: Shape, entry: Callable[[Shape], Any]) -> Grid:
    return Grid(shape, {at: entry(at) for at in product(*map(range, shape))})


def total(terms: list[Any]) -> Any:
    result = terms[0]
    for term in terms[1:]:
        result = result + term
    return result


def matmul(a: Grid, b: Grid) -> Grid:
    """Vectors count as a row or a column; axes before a matrix are a stack of matrices."""
    inner = a.shape[-1]
    rows, columns = a.shape[-2:-1], b.shape[-1:] if len(b.shape) > 1 else ()
    stacks = [a.shape[:-2], b.shape[:-2]]
    depth = max(map(len, stacks))
    full = [(1,) * (depth - len(stack)) + stack for stack in stacks]
    batch = tuple(max(one, other) for one, other in zip(*full, strict=True))

    def place(stack: Shape, at: Shape) -> Shape:
        own = at[depth - len(stack) : depth]
        return tuple(0 if size == 1 else k for size, k in zip(stack, own, strict=True))

    def entry(at: Shape) -> Any:
        row = at[depth : depth + len(rows)]
        column = at[depth + len(rows) :]
        one, other = place(stacks[0], at), place(stacks[1], at)
        return total(
            [a.entries[*one, *row, k] * b.entries[*other, k, *column] for k in range(inner)]
        )

    return grid(batch + rows + columns, entry)


def lines(
    x: Grid, axis: int | tuple[int, ...] | None, *, keepdims: bool
) -> tuple[Shape, Callable[[Shape], list[Shape]]]:
    """The shape of a reduction, and the positions that are reduced to each of its entries."""
    count = len(x.shape)
    named = (axis,) if isinstance(axis, int) else range(count) if axis is None else axis
    axes = {one % count for one in named}
    sizes = [1 if k in axes else size for k, size in enumerate(x.shape)]
    kept = [k for k in range(count) if keepdims or k not in axes]

    def line(at: Shape) -> list[Shape]:
        fixed = dict(zip(kept, at, strict=True))
        return [
            key
            for key in product(*map(range, x.shape))
            if all(k in axes or key[k] == fixed[k] for k in range(count))
        ]

    return tuple(sizes[k] for k in kept), line


def reduction(reduce: Callable[[list[Any]], Any]) -> Callable[..., Grid]:
    def naive(x: Grid, axis: Any = None, keepdims: bool = False) -> Grid:  # noqa: FBT001, FBT002  (as in numpy)
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


def first(x: Grid, axis: Any = None) -> Grid:
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


def one_hot(x: Grid, classes: int, axis: int | None = None, first: int = 0, **_: Any) -> Grid:
    place = len(x.shape) if axis is None else axis

    def entry(at: Shape) -> int:
        number = plain(x.entries[*at[:place], *at[place + 1 :]])
        return 1 if number == at[place] + first else 0

    return grid((*x.shape[:place], classes, *x.shape[place:]), entry)


def masked_softmax(x: Grid, mask: Grid, axis: int = -1) -> Grid:
    axis %= len(x.shape)
    # a mask of one row belongs to every row
    rows = len(x.shape) - len(mask.shape)

    def power(at: Shape) -> Any:
        return exp(x.entries[at]) if plain(mask.entries[at[rows:]]) else 0

    def entry(at: Shape) -> Any:
        row = [power((*at[:axis], k, *at[axis + 1 :])) for k in range(x.shape[axis])]
        return power(at) / total(row)

    return grid(x.shape, entry)


def stack(*parts: Grid, axis: int = 0) -> Grid:
    axis %= len(parts[0].shape) + 1
    shape = (*parts[0].shape[:axis], len(parts), *parts[0].shape[axis:])
    return grid(shape, lambda at: parts[at[axis]].entries[at[:axis] + at[axis + 1 :]])


def transpose(x: Grid, axes: Shape | None = None) -> Grid:
    order = axes or tuple(range(len(x.shape)))[::-1]
    moved = {tuple(at[axis] for axis in order): entry for at, entry in x.entries.items()}
    return Grid(tuple(x.shape[axis] for axis in order), moved)


def cumsum(x: Grid, axis: int = 0, reverse: bool = False) -> Grid:  # noqa: FBT001, FBT002  (a setting)
    axis %= len(x.shape)

    def entry(at: Shape) -> Any:
        before = range(at[axis], x.shape[axis]) if reverse else range(at[axis] + 1)
        return total([x.entries[*at[:axis], k, *at[axis + 1 :]] for k in before])

    return grid(x.shape, entry)


def gather(x: Grid, *indices: Grid, axis: int = 0, first: int = 0) -> Grid:
    common = indices[0].shape

    def entry(at: Shape) -> Any:
        here = at[axis : axis + len(common)]
        chosen = tuple(int(plain(each.entries[here])) - first for each in indices)
        return x.entries[(*at[:axis], *chosen, *at[axis + len(common) :])]

    rest = x.shape[axis + len(indices) :]
    return grid(x.shape[:axis] + common + rest, entry)


def scatter_add(g: Grid, *indices: Grid, shape: Shape, axis: int = 0, first: int = 0) -> Grid:
    sums: Array = dict.fromkeys(product(*map(range, shape)), 0)
    common = indices[0].shape
    for at, value in g.entries.items():
        here = at[axis : axis + len(common)]
        chosen = tuple(int(plain(each.entries[here])) - first for each in indices)
        key = (*at[:axis], *chosen, *at[axis + len(common) :])
        sums[key] = sums[key] + value
    return Grid(shape, sums)


def argsort(x: Grid, descending: bool = False) -> Grid:  # noqa: FBT001, FBT002  (a setting)
    def key(k: int) -> float:
        value = float(plain(x.entries[k,]))
        return -value if descending else value

    order = sorted(range(x.shape[0]), key=key)
    return grid(x.shape, lambda at: order[at[0]])


def pad(x: Grid, widths: tuple[tuple[int, int], ...], value: float = 0) -> Grid:
    shape = tuple(b + n + a for n, (b, a) in zip(x.shape, widths, strict=True))
    moved = {
        tuple(k + b for k, (b, _) in zip(at, widths, strict=True)): entry
        for at, entry in x.entries.items()
    }
    return grid(shape, lambda at: moved.get(at, value))


def triangle(x: Grid, k: int, *, upper: bool) -> Grid:
    def entry(at: Shape) -> Any:
        kept = at[-1] - at[-2] >= k if upper else at[-1] - at[-2] <= k
        return x.entries[at] if kept else 0

    return grid(x.shape, entry)


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
    (((2, 3, 2),), (("axis", (0, 2)),)),
    (((2, 2, 3),), (("axis", (-1, 1)), ("keepdims", True))),
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
            (((2, 2, 3), (2, 3, 2)), ()),
            (((2, 3), (2, 3, 2)), ()),
            (((2, 2, 3), (3,)), ()),
            (((3,), (2, 3, 2)), ()),
            (((2, 1, 2, 3), (2, 3, 1)), ()),
        ),
    ),
    "outer": TensorCase(
        lambda a, b: grid(a.shape + b.shape, lambda at: a.entries[at[:1]] * b.entries[at[1:]]),
        ((((2,), (3,)), ()), (((1,), (4,)), ())),
    ),
    "transpose": TensorCase(
        transpose,
        (
            (((2, 3),), ()),
            (((4,),), ()),
            (((2, 3, 4),), ()),
            (((2, 3, 2),), (("axes", (0, 2, 1)),)),
            (((2, 3, 2),), (("axes", (1, 2, 0)),)),
        ),
    ),
    "sum": TensorCase(reduction(total), REDUCED),
    "mean": TensorCase(reduction(lambda terms: total(terms) / len(terms)), REDUCED),
    "max": TensorCase(reduction(largest), REDUCED),
    "min": TensorCase(reduction(smallest), REDUCED),
    "argmax": TensorCase(reduction(place_of(largest)), WITHOUT_KEPT_AXES, differentiable=False),
    "argmin": TensorCase(reduction(place_of(smallest)), WITHOUT_KEPT_AXES, differentiable=False),
    "first": TensorCase(first, (REDUCED[0], *ALONG[1:], REDUCED[5]), differentiable=False),
    "softmax": TensorCase(softmax, ALONG),
    "log_softmax": TensorCase(log_softmax, ALONG),
    "one_hot": TensorCase(
        one_hot,
        (
            (((),), (("classes", 3),)),
            (((4,),), (("classes", 3),)),
            (((4,),), (("classes", 2), ("axis", 0), ("first", 1), ("ignored", 0))),
        ),
        differentiable=False,
        limits=(3,),
    ),
    "masked_softmax": TensorCase(
        masked_softmax,
        ((((3,), (3,)), ()), (((2, 3), (2, 3)), (("axis", 0),)), (((2, 3), (3,)), ())),
    ),
    "stack": TensorCase(
        stack,
        (
            (((), ()), ()),
            (((3,), (3,), (3,)), ()),
            (((2, 2), (2, 2)), ()),
            (((2, 3), (2, 3)), (("axis", 1),)),
            (((3,), (3,)), (("axis", -1),)),
        ),
    ),
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
            (((5,),), (("at", ((0, 5, 2),)),)),
            (((3, 4),), (("at", ("all", (3, -1, -1))),)),
            (((2, 5),), (("at", (1, (4, 0, -2))),)),
        ),
    ),
    "place": TensorCase(
        place,
        (
            (((),), (("shape", (4,)), ("at", (2,)))),
            (((3,),), (("shape", (3, 4)), ("at", ("all", 1)))),
            (((4,),), (("shape", (3, 4)), ("at", (2,)))),
            (((2, 3),), (("shape", (3, 4)), ("at", ((0, 2), (1, 4))))),
            (((3,),), (("shape", (5,)), ("at", ((4, -1, -2),)))),
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
    "cumsum": TensorCase(
        cumsum,
        (
            (((4,),), ()),
            (((2, 3),), (("axis", 1),)),
            (((2, 3, 2),), (("axis", -2), ("reverse", True))),
        ),
    ),
    "gather": TensorCase(
        gather,
        (
            (((4, 2), (3,)), ()),
            (((4,), ()), ()),
            (((4, 3), (2, 2)), ()),
            (((2, 4), (3,)), (("axis", 1),)),
            (((2, 4, 2), (3,)), (("axis", 1),)),
            (((4, 4), (3,), (3,)), ()),
        ),
        limits=(0, 4, 4),
    ),
    "scatter_add": TensorCase(
        scatter_add,
        (
            (((3, 2), (3,)), (("shape", (4, 2)),)),
            (((5,), (5,)), (("shape", (4,)),)),
            (((2, 3), (3,)), (("shape", (2, 4)), ("axis", 1))),
            (((3,), (3,), (3,)), (("shape", (4, 4)),)),
        ),
        limits=(0, 4, 4),
    ),
    "argsort": TensorCase(
        argsort, ((((5,),), ()), (((4,),), (("descending", True),))), differentiable=False
    ),
    "pad": TensorCase(
        pad,
        (
            (((3,),), (("widths", ((1, 2),)),)),
            (((2, 2),), (("widths", ((0, 1), (2, 0))), ("value", 1.5))),
        ),
    ),
    "tril": TensorCase(
        lambda x, k=0: triangle(x, k, upper=False),
        ((((3, 3),), ()), (((2, 2, 3),), (("k", 1),)), (((3, 2),), (("k", -1),))),
    ),
    "triu": TensorCase(
        lambda x, k=0: triangle(x, k, upper=True),
        ((((3, 3),), ()), (((2, 2, 3),), (("k", 1),)), (((3, 2),), (("k", -1),))),
    ),
    "diag": TensorCase(
        lambda x: grid(x.shape * 2, lambda at: x.entries[at[:1]] if at[0] == at[1] else 0),
        ((((3,),), ()), (((1,),), ())),
    ),
    "diagonal": TensorCase(
        lambda x: grid((min(x.shape),), lambda at: x.entries[at * 2]),
        ((((3, 3),), ()), (((2, 4),), ()), (((4, 2),), ())),
    ),
    "conv": TensorCase(windows.conv, windows.CONV),
    "conv_transpose": TensorCase(windows.conv_transpose, windows.CONV_TRANSPOSE),
    "conv_weight": TensorCase(windows.conv_weight, windows.CONV_WEIGHT),
    "max_pool": TensorCase(windows.max_pool, (*windows.POOLED, *windows.DILATED)),
    "max_unpool": TensorCase(
        windows.max_unpool, (*windows.through_max(), *windows.through_max((("ties", "first"),)))
    ),
    "at_max": TensorCase(
        windows.at_max, tuple(((x, x), more) for (_, x), more in windows.through_max())
    ),
    "avg_pool": TensorCase(windows.avg_pool, (*windows.POOLED, *windows.NOT_COUNTED)),
    "avg_unpool": TensorCase(windows.avg_unpool, windows.through_mean()),
    "unfold": TensorCase(windows.unfold, windows.UNFOLDED),
    "fold": TensorCase(windows.fold, windows.folded()),
}
