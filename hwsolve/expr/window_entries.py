"""One entry of a convolution or a pooling, in entries of its arguments.

A term stands for an entry under the window; padding is 0 and is left out.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from hwsolve.expr.tree import Apply, Num, Sym

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hwsolve.expr.convolution import Plan
    from hwsolve.expr.operations import Shape
    from hwsolve.expr.pooling import Pool
    from hwsolve.expr.tree import Attributes, Expr


def _under(plan: Plan, output: Shape, offset: Shape) -> Shape | None:
    """The entry under a place of the kernel, None for padding."""
    at = tuple(
        plan.window.place(axis, here, step)
        for axis, (here, step) in enumerate(zip(output, offset, strict=True))
    )
    inside = all(0 <= i < size for i, size in zip(at, plan.x[2:], strict=True))
    return at if inside else None


def _every(shape: Shape) -> Iterator[Shape]:
    return product(*map(range, shape))


def _full(plan: Plan, side: str, index: Shape) -> Shape:
    """An index with its batch and channel, 0 where the array has none."""
    leading = getattr(plan.form, side)
    if side == "y" and leading == 1 and plan.form.k == 1:
        return (index[0], 0, *index[1:])
    return (*(0,) * (2 - leading), *index)


def _own(plan: Plan, side: str, index: Shape) -> Shape:
    """A full index without what the array does not have."""
    leading = getattr(plan.form, side)
    if side == "y" and leading == 1 and plan.form.k == 1:
        return (index[0], *index[2:])
    return index[2 - leading :]


def conv_entry(index: Shape, args: Sequence[Any], attributes: Attributes) -> Any:
    """The entries under the kernel, each times the kernel's entry."""
    from hwsolve.expr.convolution import conv_plan

    x, k = args
    plan = conv_plan(x.shape, k.shape, attributes)
    example, out, *output = _full(plan, "y", index)
    inside = plan.k[1]
    start = out // (plan.k[0] // plan.groups) * inside
    terms = []
    for channel in range(inside):
        for offset in _every(plan.window.size):
            at = _under(plan, tuple(output), offset)
            if at is not None:
                entry = x[_own(plan, "x", (example, start + channel, *at))]
                terms.append((entry, k[_own(plan, "k", (out, channel, *offset))]))
    return terms or Num(0)


def conv_transpose_entry(index: Shape, args: Sequence[Any], attributes: Attributes) -> Any:
    """What each entry lays down here: itself times the kernel's entry."""
    from hwsolve.expr.convolution import transpose_plan

    y, k = args
    plan = transpose_plan(y.shape, k.shape, attributes)
    example, channel, *wanted = _full(plan, "x", index)
    group, inside = divmod(channel, plan.k[1])
    outs = plan.k[0] // plan.groups
    terms = []
    for out in range(group * outs, (group + 1) * outs):
        for output in _every(plan.y[2:]):
            for offset in _every(plan.window.size):
                if _under(plan, output, offset) == tuple(wanted):
                    entry = y[_own(plan, "y", (example, out, *output))]
                    terms.append((entry, k[_own(plan, "k", (out, inside, *offset))]))
    return terms or Num(0)


def conv_weight_entry(index: Shape, args: Sequence[Any], attributes: Attributes) -> Any:
    """The entries that this entry of the kernel meets, each times what came of it."""
    from hwsolve.expr.convolution import weight_plan

    x, y = args
    plan = weight_plan(x.shape, y.shape, attributes)
    out, inside, *offset = _full(plan, "k", index)
    channel = out // (plan.k[0] // plan.groups) * plan.k[1] + inside
    terms = []
    for example in range(plan.x[0]):
        for output in _every(plan.y[2:]):
            at = _under(plan, output, tuple(offset))
            if at is not None:
                entry = x[_own(plan, "x", (example, channel, *at))]
                terms.append((entry, y[_own(plan, "y", (example, out, *output))]))
    return terms or Num(0)


def window_and_kernel(
    index: Shape, arrays: Sequence[Any], attributes: Attributes, first: int
) -> list[tuple[tuple[Expr, ...] | None, Any]]:
    """What lies under the kernel for one entry of a convolution, and the kernel.

    Each with the index that cuts it out of its array, () for the whole array and None where
    padding lies under the kernel too. Without channels in groups only.
    """
    from hwsolve.expr.convolution import conv_plan, padded
    from hwsolve.expr.systems import FLOATS

    x, k = arrays
    plan = conv_plan(x.shape, k.shape, attributes)
    example, out, *output = _full(plan, "y", index)
    starts = [plan.window.place(axis, here, 0) for axis, here in enumerate(output)]
    moves = list(zip(starts, plan.window.reach, plan.window.dilation, strict=True))
    inside = plan.k[1]
    channel = out // (plan.k[0] // plan.groups) * inside
    lead: list[Any] = [example, slice(channel, channel + inside)][2 - plan.form.x :]
    full = padded(FLOATS, x, plan.window)
    borders = [before for before, _ in plan.window.padding]
    cut = [
        slice(start + before, start + before + reach, step)
        for (start, reach, step), before in zip(moves, borders, strict=True)
    ]
    window = full[(*lead, *cut)]
    kernel = k[out] if plan.form.k > 1 else k
    in_array = all(
        start >= 0 and start + reach <= size
        for (start, reach, _), size in zip(moves, plan.x[2:], strict=True)
    )
    parts = None
    if in_array:
        whole = plan.groups == 1
        parts = (
            *(_slice_text(part, first, whole=whole) for part in lead),
            *(_slice_text(slice(s, s + reach, step), first) for s, reach, step in moves),
        )
    chosen = (Num(out + first),) if plan.form.k > 1 else ()
    return [(parts, window), (chosen, kernel)]


def _slice_text(part: Any, first: int, *, whole: bool = False) -> Expr:
    if isinstance(part, int):
        return Num(part + first)
    if whole:
        return Apply("slice", (Sym(""), Sym("")))
    # counted from 1 a slice includes its end
    ends = (Num(part.start + first), Num(part.stop))
    return Apply("slice", ends if part.step in {None, 1} else (*ends, Num(part.step)))


# -- pooling ----------------------------------------------------------------------------


def _pooled(pool: Pool, index: Shape) -> tuple[Shape, Shape]:
    """An index as what stands before the pooled axes, and the place on them."""
    cut = len(index) - len(pool.window.size)
    return index[:cut], index[cut:]


def _windowed(pool: Pool, output: Shape) -> list[Shape]:
    """The entries that a place of the window covers, without padding."""
    covered = []
    for offset in _every(pool.window.size):
        at = tuple(
            pool.window.place(axis, here, step)
            for axis, (here, step) in enumerate(zip(output, offset, strict=True))
        )
        if all(0 <= i < size for i, size in zip(at, pool.sizes, strict=True)):
            covered.append(at)
    return covered


def max_pool_entry(index: Shape, args: Sequence[Any], attributes: Attributes) -> Any:
    """The largest of the entries in the window."""
    from hwsolve.expr.pooling import pool_of

    before, output = _pooled(pool_of(args[0].shape, attributes), index)
    covered = _windowed(pool_of(args[0].shape, attributes), output)
    entries = [args[0][(*before, *at)] for at in covered]
    return entries[0].fn("max", *entries[1:]) if entries[1:] else entries[0]


def avg_pool_entry(index: Shape, args: Sequence[Any], attributes: Attributes) -> Any:
    """The sum of the entries in the window, divided by their number."""
    from hwsolve.expr.pooling import pool_of

    pool = pool_of(args[0].shape, attributes)
    before, output = _pooled(pool, index)
    entries = [args[0][(*before, *at)] for at in _windowed(pool, output)]
    total = entries[0].fn("add", *entries[1:]) if entries[1:] else entries[0]
    return total / pool.count(output)


def avg_unpool_entry(index: Shape, args: Sequence[Any], attributes: Attributes) -> Any:
    """A share of each window that covers this place."""
    from hwsolve.expr.pooling import pool_of

    shape: Any = dict(attributes)["shape"]
    pool = pool_of(shape, attributes)
    before, here = _pooled(pool, index)
    terms = [
        (args[0][(*before, *output)] / pool.count(output),)
        for output in _every(pool.outputs)
        if here in _windowed(pool, output)
    ]
    return terms or Num(0)


def _shares(pool: Pool, x: Any, before: Shape, output: Shape, ties: str) -> dict[Shape, Any]:
    """The largest entries of a window and the share that each has in the result."""
    from fractions import Fraction

    covered = _windowed(pool, output)
    values = {at: x.value((*before, *at)) for at in covered}
    best = max(values.values())
    hits = [at for at in covered if values[at] == best]
    if ties == "first":
        return {hits[0]: 1}
    return {at: Fraction(1, len(hits)) if len(hits) > 1 else 1 for at in hits}


def max_unpool_entry(index: Shape, args: Sequence[Any], attributes: Attributes) -> Any:
    """What comes back from each window whose largest entry stands here."""
    from hwsolve.expr.pooling import pool_of

    g, x = args
    pool = pool_of(x.shape, attributes)
    ties: Any = dict(attributes).get("ties", "share")
    before, here = _pooled(pool, index)
    terms: list[tuple[Any, ...]] = []
    for output in _every(pool.outputs):
        share = _shares(pool, x, before, output, ties).get(here)
        if share is not None:
            entry = g[(*before, *output)]
            terms.append((entry,) if share == 1 else (Num(share), entry))
    return terms or Num(0)


def at_max_entry(index: Shape, args: Sequence[Any], attributes: Attributes) -> Any:
    """The entry of one array where the other is largest in the window."""
    from hwsolve.expr.pooling import pool_of

    h, x = args
    pool = pool_of(x.shape, attributes)
    ties: Any = dict(attributes).get("ties", "share")
    before, output = _pooled(pool, index)
    shares = _shares(pool, x, before, output, ties)
    return [
        (h[(*before, *at)],) if share == 1 else (Num(share), h[(*before, *at)])
        for at, share in shares.items()
    ]
