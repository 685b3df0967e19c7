"""Convolution and pooling by naive loops over every index, as a textbook writes the sums."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from dual_numbers import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tensor_cases import Grid, Shape

    Attributes = tuple[tuple[str, Any], ...]


def both(value: Any) -> list[int]:
    """A setting for height and width."""
    return list(value) if isinstance(value, tuple) else [value, value]


def sides(value: Any, dims: int) -> list[tuple[int, int]]:
    """The padding of each axis, before and behind."""
    if not isinstance(value, tuple):
        return [(value, value)] * dims
    if len(value) == dims:
        return [(each, each) for each in value]
    return [(value[2 * axis], value[2 * axis + 1]) for axis in range(dims)]


def met(
    sizes: Shape,
    kernel: Shape,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
) -> list[tuple[Shape, Shape, Shape]]:
    """Every (output, offset in the kernel, entry) of a 1-d or 2-d convolution."""
    dims = len(kernel)
    steps, gaps = both(stride)[:dims], both(dilation)[:dims]
    borders = sides(padding, dims)
    ways = []
    for axis in range(dims):
        line = []
        long = sizes[axis] + borders[axis][0] + borders[axis][1]
        start = 0
        output = 0
        while start + gaps[axis] * (kernel[axis] - 1) < long:
            for offset in range(kernel[axis]):
                entry = start + offset * gaps[axis] - borders[axis][0]
                if 0 <= entry < sizes[axis]:
                    line.append((output, offset, entry))
            start += steps[axis]
            output += 1
        ways.append(line)
    return [tuple(zip(*meeting, strict=True)) for meeting in product(*ways)]  # type: ignore[misc]  # three tuples each


def outputs(
    sizes: Shape, kernel: Shape, stride: Any = 1, padding: Any = 0, dilation: Any = 1
) -> Shape:
    dims = len(kernel)
    counts = []
    for axis in range(dims):
        before, behind = sides(padding, dims)[axis]
        span = both(dilation)[axis] * (kernel[axis] - 1) + 1
        places = 0
        start = 0
        while start + span <= sizes[axis] + before + behind:
            places += 1
            start += both(stride)[axis]
        counts.append(places)
    return tuple(counts)


def summed(pairs: list[tuple[Shape, Any]], shape: Shape) -> Grid:
    """Products added up by where they belong."""
    from tensor_cases import Grid

    entries: dict[Shape, Any] = dict.fromkeys(product(*map(range, shape)), 0)
    for at, value in pairs:
        entries[at] = entries[at] + value
    return Grid(shape, entries)


# For each count of leading axes of x, k and y: how batch, group and channels index them.
def leading(name: str, count: int, *, one_kernel: bool) -> Callable[[int, int, int, int], Shape]:
    """How (example, output channel, channel in the kernel, channel) index the leading axes."""
    full: dict[str, Callable[[int, int, int, int], Shape]] = {
        "x": lambda n, _o, _i, c: (n, c),
        "k": lambda _n, o, i, _c: (o, i),
        "y": lambda n, o, _i, _c: (n, o),
    }
    if name == "y" and one_kernel:
        return lambda n, *_: (n,)[:count]
    return lambda n, o, i, c: full[name](n, o, i, c)[2 - count :]


def channels(batch: int, out: int, inside: int, groups: int) -> Iterator[tuple[int, int, int, int]]:
    for example in range(batch):
        for o in range(out):
            for i in range(inside):
                group = o * groups // out
                yield example, o, i, group * inside + i


def dims_of(kernel: Shape, settings: dict[str, Any]) -> int:
    return settings.pop("dims", 0) or {1: 1, 2: 2, 3: 1, 4: 2}[len(kernel)]


def conv(x: Grid, k: Grid, groups: int = 1, **settings: Any) -> Grid:
    dims = dims_of(k.shape, settings)
    more_x, more_k = len(x.shape) - dims, len(k.shape) - dims
    more_y = more_x + more_k - 2 if more_k else 0
    size, sizes = k.shape[more_k:], x.shape[more_x:]
    batch = x.shape[0] if more_x == 2 else 1
    out = k.shape[0] if more_k == 2 else 1
    inside = k.shape[more_k - 1] if more_k else 1
    shape = ((batch, out)[:more_y] if more_k == 1 else (batch, out)[2 - more_y :]) + outputs(
        sizes, size, **settings
    )
    one = more_k == 1
    index = {
        name: leading(name, count, one_kernel=one)
        for name, count in (("x", more_x), ("k", more_k), ("y", more_y))
    }
    pairs = [
        (
            index["y"](*who) + output,
            x.entries[index["x"](*who) + entry] * k.entries[index["k"](*who) + offset],
        )
        for who in channels(batch, out, inside, groups)
        for output, offset, entry in met(sizes, size, **settings)
    ]
    return summed(pairs, shape)


def conv_transpose(
    y: Grid, k: Grid, groups: int = 1, output_padding: Any = 0, **settings: Any
) -> Grid:
    """Each entry of y lays the kernel down, `stride` apart; the padding is cut off."""
    dims = dims_of(k.shape, settings)
    more_y, more_k = len(y.shape) - dims, len(k.shape) - dims
    one = more_k == 1
    more_x = {(0, 0): 0, (0, 1): 1, (1, 1): 2, (1, 2): 1, (2, 2): 2}[more_y, more_k]
    size, places = k.shape[more_k:], y.shape[more_y:]
    batch = y.shape[0] if more_x == 2 else 1
    out = k.shape[0] if more_k == 2 else 1
    inside = k.shape[more_k - 1] if more_k else 1
    steps, gaps = both(settings.get("stride", 1)), both(settings.get("dilation", 1))
    borders = sides(settings.get("padding", 0), dims)
    sizes = tuple(
        (places[a] - 1) * steps[a] + gaps[a] * (size[a] - 1) + 1
        + both(output_padding)[a] - sum(borders[a])
        for a in range(dims)
    )  # fmt: skip
    shape = (batch, inside * groups)[2 - more_x :] + sizes
    index = {
        name: leading(name, count, one_kernel=one)
        for name, count in (("x", more_x), ("k", more_k), ("y", more_y))
    }
    pairs = []
    for who in channels(batch, out, inside, groups):
        for place in product(*map(range, places)):
            for offset in product(*map(range, size)):
                at = tuple(
                    place[a] * steps[a] + offset[a] * gaps[a] - borders[a][0] for a in range(dims)
                )
                if all(0 <= i < n for i, n in zip(at, sizes, strict=True)):
                    value = (
                        y.entries[index["y"](*who) + place] * k.entries[index["k"](*who) + offset]
                    )
                    pairs.append((index["x"](*who) + at, value))
    return summed(pairs, shape)


def conv_weight(x: Grid, y: Grid, size: Shape, groups: int = 1, **settings: Any) -> Grid:
    """What an entry of the kernel meets, times what came of it, added up."""
    dims = len(size)
    more_x, more_y = len(x.shape) - dims, len(y.shape) - dims
    more_k = {(0, 0): 0, (1, 0): 1, (2, 1): 1, (1, 1): 2, (2, 2): 2}[more_x, more_y]
    one = more_k == 1
    batch = x.shape[0] if more_x == 2 else 1
    out = y.shape[more_y - 1] if more_k == 2 else 1
    inside = (x.shape[more_x - 1] if more_x else 1) // groups
    shape = (out, inside)[2 - more_k :] + size
    index = {
        name: leading(name, count, one_kernel=one)
        for name, count in (("x", more_x), ("k", more_k), ("y", more_y))
    }
    pairs = [
        (
            index["k"](*who) + offset,
            x.entries[index["x"](*who) + entry] * y.entries[index["y"](*who) + output],
        )
        for who in channels(batch, out, inside, groups)
        for output, offset, entry in met(x.shape[more_x:], size, **settings)
    ]
    return summed(pairs, shape)


# -- pooling ---------------------------------------------------------------------------


def pools(  # noqa: PLR0913  (every option of a pooling)
    shape: Shape,
    size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    dims: int = 0,
    ceil: bool = False,  # noqa: FBT001, FBT002  (a setting)
) -> tuple[int, dict[Shape, tuple[list[Shape], list[list[int]]]]]:
    """The axes that are pooled, and for each output its entries and its reach on each axis."""
    dims = dims or (len(size) if isinstance(size, tuple) else min(len(shape), 2))
    sizes = shape[len(shape) - dims :]
    wide = both(size)
    steps = both(size if stride is None else stride)
    lines = []
    for axis in range(dims):
        before, behind = sides(padding, dims)[axis]
        span = both(dilation)[axis] * (wide[axis] - 1) + 1
        line = []
        start = -before
        while True:
            fits = start + span <= sizes[axis] + behind
            # a last window that is not full begins inside the array or its first padding
            if not fits and not (ceil and start < sizes[axis]):
                break
            reach = [start + k * both(dilation)[axis] for k in range(wide[axis])]
            line.append(reach)
            if not fits:
                break
            start += steps[axis]
            if ceil and start - steps[axis] + span == sizes[axis] + behind:
                break
        lines.append(line)
    found = {}
    for output in product(*(range(len(line)) for line in lines)):
        reaches = [lines[axis][output[axis]] for axis in range(dims)]
        inside = [
            at
            for at in product(*reaches)
            if all(0 <= i < n for i, n in zip(at, sizes, strict=True))
        ]
        found[output] = (inside, reaches)
    return dims, found


def pooled(x_shape: Shape, found: dict[Shape, Any], dims: int) -> tuple[Shape, Shape]:
    """The shape of a pooling's result, and the axes before the pooled ones."""
    before = x_shape[: len(x_shape) - dims]
    return before + tuple(max(at[a] for at in found) + 1 for a in range(dims)), before


def shares(x: Grid, before: Shape, inside: list[Shape], ties: str) -> dict[Shape, float]:
    values = [plain(x.entries[before + at]) for at in inside]
    hits = [at for at, value in zip(inside, values, strict=True) if value == max(values)]
    return {hits[0]: 1.0} if ties == "first" else {at: 1 / len(hits) for at in hits}


def max_pool(x: Grid, **settings: Any) -> Grid:
    dims, found = pools(x.shape, **settings)
    shape, lead = pooled(x.shape, found, dims)
    pairs = []
    for before in product(*map(range, lead)):
        for output, (inside, _) in found.items():
            best = inside[0]
            for at in inside:
                if plain(x.entries[before + at]) > plain(x.entries[before + best]):
                    best = at
            pairs.append((before + output, x.entries[before + best]))
    return summed(pairs, shape)


def max_unpool(g: Grid, x: Grid, ties: str = "share", **settings: Any) -> Grid:
    dims, found = pools(x.shape, **settings)
    _, lead = pooled(x.shape, found, dims)
    pairs = [
        (before + at, g.entries[before + output] * share)
        for before in product(*map(range, lead))
        for output, (inside, _) in found.items()
        for at, share in shares(x, before, inside, ties).items()
    ]
    return summed(pairs, x.shape)


def at_max(h: Grid, x: Grid, ties: str = "share", **settings: Any) -> Grid:
    dims, found = pools(x.shape, **settings)
    shape, lead = pooled(x.shape, found, dims)
    pairs = [
        (before + output, h.entries[before + at] * share)
        for before in product(*map(range, lead))
        for output, (inside, _) in found.items()
        for at, share in shares(x, before, inside, ties).items()
    ]
    return summed(pairs, shape)


def divisor(
    reaches: list[list[int]],
    inside: list[Shape],
    sizes: Shape,
    borders: Any,
    counted: bool,  # noqa: FBT001  (a setting)
) -> int:
    if not counted:
        return len(inside)
    count = 1
    for reach, size, (before, behind) in zip(reaches, sizes, borders, strict=True):
        count *= sum(-before <= i < size + behind for i in reach)
    return count


def avg_pool(x: Grid, count_include_pad: bool = True, **settings: Any) -> Grid:  # noqa: FBT001, FBT002  (a setting)
    dims, found = pools(x.shape, **settings)
    shape, lead = pooled(x.shape, found, dims)
    borders = sides(settings.get("padding", 0), dims)
    sizes = x.shape[len(x.shape) - dims :]
    pairs = [
        (
            before + output,
            x.entries[before + at] / divisor(reaches, inside, sizes, borders, count_include_pad),
        )
        for before in product(*map(range, lead))
        for output, (inside, reaches) in found.items()
        for at in inside
    ]
    return summed(pairs, shape)


def avg_unpool(
    g: Grid,
    shape: Shape,
    count_include_pad: bool = True,  # noqa: FBT001, FBT002  (a setting)
    **settings: Any,
) -> Grid:
    dims, found = pools(shape, **settings)
    _, lead = pooled(shape, found, dims)
    borders = sides(settings.get("padding", 0), dims)
    sizes = shape[len(shape) - dims :]
    pairs = [
        (
            before + at,
            g.entries[before + output]
            / divisor(reaches, inside, sizes, borders, count_include_pad),
        )
        for before in product(*map(range, lead))
        for output, (inside, reaches) in found.items()
        for at in inside
    ]
    return summed(pairs, shape)


def unfolded(shape: Shape, size: Shape, **settings: Any) -> dict[Shape, Shape | None]:
    """Where each entry of an unfolded array comes from, None for padding."""
    dims = len(size)
    sizes = shape[len(shape) - dims :]
    channel_axis = len(shape) > dims
    channels_ = shape[-dims - 1] if channel_axis else 1
    batch = shape[:1] if len(shape) == dims + 2 else ()
    places = list(product(*map(range, outputs(sizes, size, **settings))))
    found: dict[Shape, Shape | None] = {}
    meetings = {(o, k): entry for o, k, entry in met(sizes, size, **settings)}
    for example in product(*map(range, batch)):
        for c in range(channels_):
            for inside, offset in enumerate(product(*map(range, size))):
                for number, place in enumerate(places):
                    row = c * len(list(product(*map(range, size)))) + inside
                    entry = meetings.get((place, offset))
                    own = (c,) if channel_axis else ()
                    here = None if entry is None else example + own + entry
                    found[(*example, row, number)] = here
    return found


def unfold(x: Grid, size: Shape, **settings: Any) -> Grid:
    sources = unfolded(x.shape, size, **settings)
    shape = tuple(max(at[axis] for at in sources) + 1 for axis in range(len(next(iter(sources)))))
    pairs = [(at, 0 if here is None else x.entries[here]) for at, here in sources.items()]
    return summed(pairs, shape)


def fold(y: Grid, shape: Shape, size: Shape, **settings: Any) -> Grid:
    sources = unfolded(shape, size, **settings)
    return summed([(here, y.entries[at]) for at, here in sources.items() if here], shape)


UNFOLDED = (
    (((4,),), (("size", (2,)),)),
    (((3, 3),), (("size", (2, 2)),)),
    (((4, 3),), (("size", (2, 1)), ("stride", (2, 1)), ("padding", (1, 0)))),
    (((2, 3, 3),), (("size", (2, 2)), ("padding", 1), ("dilation", 2))),
    (((2, 2, 4),), (("size", (3,)),)),
)


def folded() -> tuple[Any, ...]:
    found = []
    for (shape,), settings in UNFOLDED:
        sources = unfolded(shape, **dict(settings))  # type: ignore[arg-type]  # settings by name
        ends = [max(at[axis] for at in sources) + 1 for axis in range(len(next(iter(sources))))]
        found.append(((tuple(ends),), (*settings, ("shape", shape))))
    return tuple(found)


CONV = (
    (((5,), (3,)), ()),
    (((6,), (2,)), (("stride", 2), ("padding", (1, 0)))),
    (((7,), (3,)), (("dilation", 2), ("padding", 2))),
    (((2, 5), (2, 3)), (("dims", 1),)),
    (((2, 5), (3, 2, 2)), (("stride", 2),)),
    (((2, 2, 4), (2, 2, 3)), (("padding", 1),)),
    (((2, 2, 4), (2, 3)), (("dims", 1),)),
    (((4, 4), (2, 3)), ()),
    (((5, 4), (3, 2)), (("stride", (2, 1)), ("padding", (1, 0)))),
    (((4, 4), (2, 2)), (("padding", (1, 0, 0, 2)), ("dilation", (1, 2)))),
    (((2, 3, 3), (2, 2, 2)), (("dims", 2),)),
    (((2, 2, 3, 3), (2, 2, 2)), (("dims", 2),)),
    (((2, 4, 3), (3, 2, 2, 2)), (("padding", 1), ("stride", 2))),
    (((4, 3, 3), (4, 2, 2, 2)), (("groups", 2),)),
    (((2, 2, 4, 4), (2, 1, 3, 3)), (("groups", 2), ("padding", 1), ("stride", 2))),
)
CONV_TRANSPOSE = (
    (((3,), (2,)), (("stride", 2),)),
    (((4,), (3,)), (("padding", 1),)),
    (((3,), (2, 3)), (("dims", 1),)),
    (((2, 3), (2, 3, 2)), (("stride", 3), ("output_padding", 2))),
    (((2, 2), (2, 2)), (("stride", 2),)),
    (((2, 3), (3, 3)), (("stride", 2), ("padding", 1), ("output_padding", (1, 0)))),
    (((2, 2), (2, 2, 2)), (("dims", 2), ("dilation", 2))),
    (((2, 2, 2), (2, 2, 2)), (("dims", 2),)),
    (((2, 2, 2), (2, 3, 2, 2)), (("stride", 2), ("padding", (0, 1, 1, 0)))),
    (((2, 4, 2, 2), (4, 1, 2, 2)), (("groups", 2),)),
)
CONV_WEIGHT = (
    (((5,), (3,)), (("size", (3,)),)),
    (((2, 5), (3,)), (("size", (3,)),)),
    (((2, 6), (3, 3)), (("size", (2,)), ("stride", 2))),
    (((2, 2, 4), (2, 3)), (("size", (2,)),)),
    (((4, 4), (2, 2)), (("size", (2, 2)), ("stride", 2))),
    (((4, 5), (2, 2)), (("size", (3, 2)), ("stride", (2, 3)), ("padding", (1, 0)))),
    (((2, 3, 3), (2, 2)), (("size", (2, 2)),)),
    (((2, 3, 3), (3, 2, 2)), (("size", (2, 2)),)),
    (((2, 2, 3, 3), (2, 4, 3, 3)), (("size", (3, 3)), ("padding", 1), ("groups", 2))),
)
POOLED = (
    (((6,),), (("size", 2),)),
    (((5,),), (("size", 3), ("stride", 1), ("padding", 1))),
    (((4, 4),), (("size", 2),)),
    (((3, 5),), (("size", 2), ("stride", 1))),
    (((5, 5),), (("size", 2), ("ceil", True))),
    (((4, 5),), (("size", (3, 2)), ("stride", 2), ("padding", (1, 0)), ("ceil", True))),
    (((2, 4),), (("size", 2), ("dims", 1))),
    (((2, 3, 4),), (("size", (2, 3)), ("stride", 1))),
    (((2, 2, 3, 3),), (("size", 2), ("padding", 1))),
)
DILATED = ((((6,),), (("size", 2), ("stride", 1), ("dilation", 3))),)
NOT_COUNTED = tuple(
    (shapes, (*settings, ("count_include_pad", False)))
    for shapes, settings in (POOLED[1], *POOLED[4:])
)


def through_max(more: Attributes = ()) -> tuple[Any, ...]:
    """The cases of a pooling with the shape of what comes back to it."""
    found = []
    for (shape,), settings in (*POOLED, *DILATED):
        options: dict[str, Any] = dict(settings)
        dims, places = pools(shape, **options)
        found.append(((pooled(shape, places, dims)[0], shape), (*settings, *more)))
    return tuple(found)


def through_mean() -> tuple[Any, ...]:
    found = []
    for (shape,), settings in (*POOLED, *NOT_COUNTED):
        plainly: dict[str, Any] = {
            name: value for name, value in settings if name != "count_include_pad"
        }
        dims, places = pools(shape, **plainly)
        found.append(((pooled(shape, places, dims)[0],), (*settings, ("shape", shape))))
    return tuple(found)
