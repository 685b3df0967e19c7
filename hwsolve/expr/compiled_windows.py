"""Convolution and pooling as products of matrices and operations entry by entry.

Inside, the batch is the last axis: what lies under a kernel is then copied in long runs
(im2col), and everything entry by entry stays in that order of memory, since the others
only see transposes of it.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, Final

from hwsolve.expr.compiled_program import whole_index
from hwsolve.expr.convolution import conv_plan, transpose_plan, weight_plan
from hwsolve.expr.pooling import Pool, pool_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hwsolve.expr.compiled_program import Program
    from hwsolve.expr.convolution import Plan
    from hwsolve.expr.operations import Shape
    from hwsolve.expr.window_options import Window

Arguments = tuple[int, ...]


def conv(p: Program, args: Arguments, attributes: Mapping[str, Any], shape: Shape) -> int:
    """`conv(x, k)`: the kernels as a matrix times the windows as columns."""
    x, k = args
    plan = conv_plan(p.shapes[x], p.shapes[k], tuple(attributes.items()))
    kernels = _kernels(p, k, plan)
    found = _product(p, kernels, _columns(p, x, plan))
    return p.reshape(_batch_first(p, found, plan.y), shape)


def conv_weight(p: Program, args: Arguments, attributes: Mapping[str, Any], shape: Shape) -> int:
    """`conv_weight(x, y)`: the gradient by the output times the windows as rows."""
    x, y = args
    plan = weight_plan(p.shapes[x], p.shapes[y], tuple(attributes.items()))
    rows = p.transpose(_columns(p, x, plan), (1, 0) if plan.groups == 1 else (0, 2, 1))
    return p.reshape(_product(p, _places(p, y, plan), rows), shape)


def conv_transpose(p: Program, args: Arguments, attributes: Mapping[str, Any], shape: Shape) -> int:
    """`conv_transpose(y, k)`: what each window is given, added up where windows overlap."""
    y, k = args
    plan = transpose_plan(p.shapes[y], p.shapes[k], tuple(attributes.items()))
    batch, channels, *sizes = plan.x
    window = plan.window
    padded = (channels, *window.padded(tuple(sizes)), batch)
    kernels, places = _kernels(p, k, plan), _places(p, y, plan)
    if plan.groups == 1:
        # the parts are never there all at once
        found = p.emit(
            "unconvolve", (kernels, places), (*_moves(window), window.size, plan.y[2:]), padded
        )
    else:
        parts = _product(p, p.transpose(kernels, (0, 2, 1)), places)
        parts = p.reshape(parts, (channels, *window.size, *plan.y[2:], batch))
        found = p.emit("unwindows", (parts,), _moves(window), padded)
    found = _inside(p, found, window, tuple(sizes))
    return p.reshape(p.transpose(found, _batch_axis(len(padded), first=True)), shape)


def _batch_axis(axes: int, *, first: bool) -> tuple[int, ...]:
    """The order of axes that puts the last one first, or the first one last."""
    return (axes - 1, *range(axes - 1)) if first else (*range(1, axes), 0)


def _kernels(p: Program, k: int, plan: Plan) -> int:
    """The kernels as a matrix: out x (in·sizes), for each group where there are several."""
    out = plan.k[0] // plan.groups
    shape: Shape = (out, prod(plan.k[1:]))
    return p.reshape(k, (plan.groups, *shape) if plan.groups > 1 else shape)


def _columns(p: Program, x: int, plan: Plan) -> int:
    """What lies under the kernel, as a matrix: (in·sizes) x (places·batch)."""
    batch, channels, *sizes = plan.x
    window = plan.window
    full = p.transpose(p.reshape(x, plan.x), _batch_axis(len(plan.x), first=False))
    if any(map(any, window.padding)):
        padded = (channels, *window.padded(tuple(sizes)), batch)
        box = _box(window, tuple(sizes), padded)
        full = p.emit("assemble", (full,), (box,), padded)
    seen = (channels, *window.size, *plan.y[2:], batch)
    full = p.emit("windows", (full,), _moves(window), seen)
    shape: Shape = (prod(plan.k[1:]), prod(plan.y[2:]) * batch)
    return p.reshape(full, (plan.groups, *shape) if plan.groups > 1 else shape)


def _moves(window: Window) -> tuple[Shape, Shape]:
    return (window.stride, window.dilation)


def _box(window: Window, sizes: Shape, padded: Shape) -> tuple[Any, ...]:
    """Where an array lies inside its padding."""
    inner = tuple(
        (before, before + size) for (before, _), size in zip(window.padding, sizes, strict=True)
    )
    return ((0, padded[0]), *inner, (0, padded[-1]))


def _inside(p: Program, full: int, window: Window, sizes: Shape) -> int:
    """An array without its padding."""
    if not any(map(any, window.padding)):
        return full
    box = _box(window, sizes, p.shapes[full])
    return p.emit("item", (full,), box, (p.shapes[full][0], *sizes, p.shapes[full][-1]))


def _places(p: Program, y: int, plan: Plan) -> int:
    """Outputs (or gradients by them) as a matrix: out x (places·batch)."""
    full = p.transpose(p.reshape(y, plan.y), _batch_axis(len(plan.y), first=False))
    shape: Shape = (plan.y[1] // plan.groups, prod(plan.y[2:]) * plan.y[0])
    return p.reshape(full, (plan.groups, *shape) if plan.groups > 1 else shape)


def _product(p: Program, left: int, right: int) -> int:
    shape = (*p.shapes[left][:-1], p.shapes[right][-1])
    return p.emit("matmul", (left, right), (), shape)


def _batch_first(p: Program, found: int, full: Shape) -> int:
    batch, *rest = full
    found = p.reshape(found, (*rest, batch))
    return p.transpose(found, _batch_axis(len(full), first=True))


# -- pooling -----------------------------------------------------------------------


def _is_tiled(pool: Pool) -> bool:
    """Whether windows lie side by side, without padding: each entry belongs to one."""
    window = pool.window
    return (
        window.stride == window.size
        and not any(map(any, window.padding))
        and set(window.dilation) == {1}
    )


def _tiles(p: Program, x: int, pool: Pool) -> int:
    """An array cut into windows: leading axes but the batch, place, inside, ..., batch."""
    shape = p.shapes[x]
    kept = tuple(out * size for out, size in zip(pool.outputs, pool.window.size, strict=True))
    if kept != pool.sizes:
        leading = len(shape) - len(kept)
        at = (*("all",) * leading, *((0, end) for end in kept))
        x = p.emit("item", (x,), at, (*shape[:leading], *kept))
    rest = _rest(pool, p.shapes[x])
    if rest:
        x = p.transpose(x, _batch_axis(len(shape), first=False))
    return p.reshape(x, (*rest[1:], *_pairs(pool), *rest[:1]))


def _rest(pool: Pool, shape: Shape) -> Shape:
    """The axes before those that are pooled."""
    return shape[: len(shape) - len(pool.sizes)]


def _pairs(pool: Pool) -> Shape:
    """(places, window) of each axis, one after the other."""
    return tuple(n for pair in zip(pool.outputs, pool.window.size, strict=True) for n in pair)


def _offsets(pool: Pool, before: int) -> list[tuple[Any, ...]]:
    """For each entry of a window the index that picks it out of the tiles."""
    found: list[tuple[Any, ...]] = [("all",) * before]
    for size in pool.window.size:
        found = [(*at, "all", number) for at in found for number in range(size)]
    return found


def _picked(p: Program, tiles: int, pool: Pool, rest: Shape) -> list[int]:
    """The tiles' first entries, their second ones, and so on: each (..., places, batch)."""
    shape = (*rest[1:], *pool.outputs, *rest[:1])
    return [p.emit("item", (tiles,), at, shape) for at in _offsets(pool, max(len(rest) - 1, 0))]


def _as_given(p: Program, x: int, rest: Shape) -> int:
    """The batch as the first axis again."""
    return p.transpose(x, _batch_axis(len(p.shapes[x]), first=True)) if rest else x


def _untiled(p: Program, tiles: int, pool: Pool, shape: Shape) -> int:
    """Tiles put together to an array of a shape, the rest of which is 0."""
    rest = shape[: len(shape) - len(pool.sizes)]
    kept = tuple(out * size for out, size in zip(pool.outputs, pool.window.size, strict=True))
    found = p.reshape(tiles, (*rest[1:], *kept, *rest[:1]))
    if kept != pool.sizes:
        whole = (*rest[1:], *pool.sizes, *rest[:1])
        at = tuple((0, size) for size in p.shapes[found])
        found = p.emit("assemble", (found,), (at,), whole)
    return _as_given(p, found, rest)


def avg_pool(
    p: Program, args: Arguments, attributes: Mapping[str, Any], shape: Shape
) -> int | None:
    """The mean of each tile; None for windows that overlap or reach over the edge."""
    (x,) = args
    pool = pool_of(p.shapes[x], tuple(attributes.items()))
    if not _is_tiled(pool) or not shape:
        return None
    rest = _rest(pool, p.shapes[x])
    total = p.apply("add", *_picked(p, _tiles(p, x, pool), pool, rest))
    mean = p.apply("mul", p.number(1 / prod(pool.window.size)), total)
    return _as_given(p, mean, rest)


def avg_unpool(
    p: Program, args: Arguments, attributes: Mapping[str, Any], shape: Shape
) -> int | None:
    """What the mean of each tile passes back: the same share to each entry."""
    (g,) = args
    settings = {name: value for name, value in attributes.items() if name != "shape"}
    pool = pool_of(shape, tuple(settings.items()))
    if not _is_tiled(pool) or not p.shapes[g]:
        return None
    share = p.apply("mul", p.number(1 / prod(pool.window.size)), g)
    rest = shape[: len(shape) - len(pool.sizes)]
    if rest:
        share = p.transpose(share, _batch_axis(len(shape), first=False))
    single = tuple(n for out in pool.outputs for n in (out, 1))
    share = p.reshape(share, (*rest[1:], *single, *rest[:1]))
    tiles = p.spread(share, (*rest[1:], *_pairs(pool), *rest[:1]))
    return _untiled(p, tiles, pool, shape)


def max_pool(
    p: Program, args: Arguments, attributes: Mapping[str, Any], shape: Shape
) -> int | None:
    """The largest of each tile; None for windows that overlap or reach over the edge."""
    (x,) = args
    pool = pool_of(p.shapes[x], tuple(attributes.items()))
    if not _is_tiled(pool) or not shape:
        return None
    rest = _rest(pool, p.shapes[x])
    return _as_given(p, _largest(p, _picked(p, _tiles(p, x, pool), pool, rest)), rest)


def _largest(p: Program, entries: list[int]) -> int:
    found = entries[0]
    for entry in entries[1:]:
        found = p.apply("maximum", found, entry)
    return found


def max_unpool(
    p: Program, args: Arguments, attributes: Mapping[str, Any], shape: Shape
) -> int | None:
    """What the largest of each tile passes back: equal ones share it."""
    g, x = args
    settings = {name: value for name, value in attributes.items() if name != "ties"}
    pool = pool_of(shape, tuple(settings.items()))
    if not _is_tiled(pool) or not p.shapes[g] or attributes.get("ties", "share") != "share":
        return None
    rest = shape[: len(shape) - len(pool.sizes)]
    entries = _picked(p, _tiles(p, x, pool), pool, rest)
    if len(entries) == 1:
        return None
    largest = _largest(p, entries)
    hits = [p.apply("eq", entry, largest) for entry in entries]
    count = p.apply("add", *[p.apply("truth", hit) for hit in hits])
    if rest:
        g = p.transpose(g, _batch_axis(len(shape), first=False))
    share = p.apply("div", g, count)
    parts = tuple([p.apply("masked", share, hit) for hit in hits])
    tiled = (*rest[1:], *_pairs(pool), *rest[:1])
    places = tuple([whole_index(at, tiled) for at in _offsets(pool, max(len(rest) - 1, 0))])
    return _untiled(p, p.emit("assemble", parts, places, tiled), pool, shape)


WINDOW_RULES: Final[dict[str, Any]] = {
    "conv": conv,
    "conv_weight": conv_weight,
    "conv_transpose": conv_transpose,
    "avg_pool": avg_pool,
    "avg_unpool": avg_unpool,
    "max_pool": max_pool,
    "max_unpool": max_unpool,
}
