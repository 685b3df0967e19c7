"""Layers whose window slides over a map: convolution, pooling, trainable subsampling."""

from __future__ import annotations

from hwsolve.expr.tree import Apply, Expr, Num, Sym
from hwsolve.nets.exact import times, whole
from hwsolve.nets.layer import ZERO, Line, Request, Rule
from hwsolve.nets.sizes import of_kind
from hwsolve.nets.windows import Sliding, check_sees_input, map_area, map_size, slide

OUTPUTS, CHANNELS, FILTERS = Sym("outputs"), Sym("C"), Sym("F")


def convolution(request: Request) -> Rule:
    """A convolution: each filter sees all channels, its group of them, or its row of a table.

    Raises:
        InputError: the kernel does not fit, or the groups or the table do not.
    """
    options = request.options
    channels, filters, groups = grouped(request)
    sliding = slide(request)
    sizes = {"C": channels, "F": filters, **sliding.sizes}
    bias = options.get("bias", True)
    if "table" in options:
        return _by_table(request, sliding, sizes, bias=bias)
    seen = seen_by_filter(channels, groups, sliding.area, sizes)
    outputs = Line("outputs", times(FILTERS, sliding.places))
    sizes["outputs"] = whole(outputs.formula, sizes)
    if sliding.reads is None:
        products = times(OUTPUTS, seen)
        sums, connections = times(OUTPUTS, seen - 1), times(OUTPUTS, seen + 1)
    else:
        products = times(FILTERS, seen_by_filter(channels, groups, sliding.reads, sizes))
        sums, connections = products - _live(sliding, FILTERS), products + OUTPUTS
    return Rule(
        output=of_kind(request.inputs[0], (filters, *sliding.output)),
        sizes=sizes,
        lines=(*sliding.lines, outputs),
        weights=times(FILTERS, seen),
        biases=FILTERS if bias else ZERO,
        operations={
            "multiplications": products,
            "additions": products if bias else sums,
        },
        bias_additions=_live(sliding, FILTERS) if bias else ZERO,
        macs=products,
        connections=connections if bias else products,
        units=OUTPUTS,
        windows=sliding.windows,
        remarks=("each filter sees one channel",) if groups == channels > 1 else (),
        conventions=(*sliding.conventions, "bias", "mac"),
    )


def local(request: Request) -> Rule:
    """A locally connected layer: like a convolution, but each position has its own weights.

    Raises:
        InputError: the kernel does not fit, or the groups do not.
    """
    channels, filters, groups = grouped(request)
    sliding = slide(request)
    sizes = {"C": channels, "F": filters, **sliding.sizes}
    bias = request.options.get("bias", True)
    seen = seen_by_filter(channels, groups, sliding.area, sizes)
    outputs = Line("outputs", times(FILTERS, sliding.places))
    sizes["outputs"] = whole(outputs.formula, sizes)
    weights = products = times(OUTPUTS, seen)
    sums = times(OUTPUTS, seen - 1)
    if sliding.reads is not None:
        products = times(FILTERS, seen_by_filter(channels, groups, sliding.reads, sizes))
        sums = products - _live(sliding, FILTERS)
    return Rule(
        output=of_kind(request.inputs[0], (filters, *sliding.output)),
        sizes=sizes,
        lines=(*sliding.lines, outputs),
        weights=weights,
        biases=OUTPUTS if bias else ZERO,
        operations={"multiplications": products, "additions": products if bias else sums},
        bias_additions=_live(sliding, FILTERS) if bias else ZERO,
        macs=products,
        connections=products + OUTPUTS if bias else products,
        units=OUTPUTS,
        windows=sliding.windows,
        remarks=("each position has weights of its own",),
        conventions=(*sliding.conventions, "bias", "mac"),
    )


def grouped(request: Request) -> tuple[int, int, int]:
    """The channels, the filters and the groups of a convolution.

    Raises:
        InputError: the groups do not divide the channels or the filters.
    """
    options = request.options
    channels = map_size(request)[0]
    groups = _groups(request, channels)
    filters = options.get("filters") or channels * options.get("multiplier", 1)
    if filters % groups:
        raise request.error(
            f"{filters} filter{'s' * (filters > 1)} cannot be divided into {groups} groups",
            "filters",
            f"take a multiple of {groups}",
        )
    return channels, filters, groups


def _live(sliding: Sliding, maps: Expr) -> Expr:
    """The outputs that read anything at all: each but the first product needs an addition."""
    return OUTPUTS if sliding.live == sliding.places else times(maps, sliding.live)


def seen_by_filter(channels: int, groups: int, area: Expr, sizes: dict[str, int]) -> Expr:
    """How many values a filter sees at one position; the groups are added to `sizes`."""
    if groups == 1:
        return times(CHANNELS, area)
    if groups == channels:
        return area
    sizes["g"] = groups
    return times(CHANNELS / Sym("g"), area)


def _groups(request: Request, channels: int) -> int:
    if request.options.get("depthwise"):
        if "groups" in request.options:
            raise request.error("depthwise already says how many groups there are", "groups")
        return channels
    groups: int = request.options.get("groups", 1)
    if channels % groups:
        raise request.error(
            f"{channels} channel{'s' * (channels > 1)} cannot be divided into {groups} groups",
            "groups",
            f"take a divisor of {channels}",
        )
    return groups


def _by_table(request: Request, sliding: Sliding, sizes: dict[str, int], *, bias: bool) -> Rule:
    """A convolution in which a table names the channels of each filter (LeNet's C3)."""
    table: tuple[tuple[int, ...], ...] = request.options["table"]
    _check_table(request, table, sizes["C"], sizes["F"])
    lengths = [len(row) for row in table]
    terms: list[Expr] = [Num(lengths.count(seen)) * seen for seen in sorted(set(lengths))]
    pairs = terms[0] if len(terms) == 1 else Apply("add", tuple(terms))
    sizes["T"] = sum(lengths)
    sizes["outputs"] = sizes["F"] * whole(sliding.places, sizes)
    seen = times(Sym("T"), sliding.area)
    if sliding.reads is None:
        products = times(sliding.places, seen)
        sums = times(sliding.places, seen - FILTERS)
        connections = times(sliding.places, seen + FILTERS)
    else:
        products = times(Sym("T"), sliding.reads)
        sums, connections = products - _live(sliding, FILTERS), products + OUTPUTS
    return Rule(
        output=of_kind(request.inputs[0], (sizes["F"], *sliding.output)),
        sizes=sizes,
        lines=(
            *sliding.lines,
            Line("T", pairs, "pairs of a filter and a channel that it sees"),
            Line("outputs", times(FILTERS, sliding.places)),
        ),
        weights=seen,
        biases=FILTERS if bias else ZERO,
        operations={
            "multiplications": products,
            "additions": products if bias else sums,
        },
        bias_additions=_live(sliding, FILTERS) if bias else ZERO,
        macs=products,
        connections=connections if bias else products,
        units=OUTPUTS,
        windows=sliding.windows,
        conventions=(*sliding.conventions, "bias", "mac"),
    )


def _check_table(
    request: Request, table: tuple[tuple[int, ...], ...], channels: int, filters: int
) -> None:
    if request.options.get("groups", 1) > 1 or request.options.get("depthwise"):
        raise request.error("a connection table leaves no room for groups", "table")
    if len(table) != filters:
        raise request.error(
            f"the connection table has {len(table)} rows, there are {filters} filters", "table"
        )
    for number, row in enumerate(table, start=1):
        outside = [channel for channel in row if channel >= channels]
        if outside:
            raise request.error(
                f"row {number} of the connection table names channel {outside[0]}",
                "table",
                f"channels count from 0 to {channels - 1}" if channels > 1 else "there is only 0",
            )
        if not row or len(set(row)) != len(row):
            fault = "names a channel twice" if row else "is empty"
            raise request.error(f"row {number} of the connection table {fault}", "table")


def max_pooling(request: Request) -> Rule:
    """The largest value under the window, for each channel."""
    sliding, sizes, outputs = _pooled(request)
    return Rule(
        output=of_kind(request.inputs[0], (sizes["C"], *sliding.output)),
        sizes=sizes,
        lines=(*sliding.lines, outputs),
        operations={"comparisons": _all_but_first(sliding)},
        connections=_read(sliding),
        windows=sliding.windows,
        conventions=sliding.conventions,
    )


def average_pooling(request: Request) -> Rule:
    """The mean of the values under the window, for each channel."""
    sliding, sizes, outputs = _pooled(request)
    return Rule(
        output=of_kind(request.inputs[0], (sizes["C"], *sliding.output)),
        sizes=sizes,
        lines=(*sliding.lines, outputs),
        operations={"additions": _all_but_first(sliding), "divisions": OUTPUTS},
        connections=_read(sliding),
        windows=sliding.windows,
        conventions=sliding.conventions,
    )


def subsampling(request: Request) -> Rule:
    """LeNet's subsampling: the sum under the window, times a coefficient, plus a bias.

    Each map has one coefficient and one bias (LeCun et al. 1998, section II.B).
    """
    sliding, sizes, outputs = _pooled(request)
    return Rule(
        output=of_kind(request.inputs[0], (sizes["C"], *sliding.output)),
        sizes=sizes,
        lines=(*sliding.lines, outputs),
        weights=CHANNELS,
        biases=CHANNELS,
        operations={"multiplications": OUTPUTS, "additions": _read(sliding)},
        bias_additions=_live(sliding, CHANNELS),
        connections=(
            times(OUTPUTS, sliding.area + 1) if sliding.reads is None else _read(sliding) + OUTPUTS
        ),
        units=OUTPUTS,
        windows=sliding.windows,
        remarks=("each map has one coefficient and one bias",),
        conventions=(*sliding.conventions, "bias", "mac"),
    )


def _read(sliding: Sliding) -> Expr:
    """The values that all windows of a pooling layer read together."""
    if sliding.reads is None:
        return times(OUTPUTS, sliding.area)
    return times(CHANNELS, sliding.reads)


def _all_but_first(sliding: Sliding) -> Expr:
    """The sums, or comparisons, of all windows: one fewer than each has values."""
    if sliding.reads is None:
        return times(OUTPUTS, sliding.area - 1)
    return _read(sliding) - _live(sliding, CHANNELS)


def _pooled(request: Request) -> tuple[Sliding, dict[str, int], Line]:
    sliding = slide(request, stride_of_kernel=True)
    check_sees_input(request, sliding.windows)
    sizes = {"C": map_size(request)[0], **sliding.sizes}
    outputs = Line("outputs", times(CHANNELS, sliding.places))
    sizes["outputs"] = whole(outputs.formula, sizes)
    return sliding, sizes, outputs


def global_max(request: Request) -> Rule:
    """The largest value of each channel."""
    channels, *sides = map_size(request)
    sizes = {"C": channels}
    area = map_area(sizes, sides)
    return Rule(
        output=(channels,),
        sizes=sizes,
        operations={"comparisons": times(CHANNELS, area - 1)},
        connections=times(CHANNELS, area),
        whole=True,
    )


def global_average(request: Request) -> Rule:
    """The mean of each channel."""
    channels, *sides = map_size(request)
    sizes = {"C": channels}
    area = map_area(sizes, sides)
    return Rule(
        output=(channels,),
        sizes=sizes,
        operations={"additions": times(CHANNELS, area - 1), "divisions": CHANNELS},
        connections=times(CHANNELS, area),
        whole=True,
    )
