"""`hwsolve flops`: one convolution, and a max pooling behind it, counted without a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hwsolve.errors import CertificateError, InputError
from hwsolve.expr.tree import Expr, Num, Sym
from hwsolve.nets.counting import DEFAULT_FLOPS
from hwsolve.nets.exact import times, whole, with_numbers
from hwsolve.nets.layer import Request
from hwsolve.nets.options import SAME, VALID
from hwsolve.nets.recount import recount
from hwsolve.nets.sizes import Size, read_sizes, read_whole, shortened, size_text
from hwsolve.nets.sliding import FILTERS, OUTPUTS, seen_by_filter
from hwsolve.nets.windows import Sliding, check_sees_input, slide
from hwsolve.solution import (
    Answer,
    Block,
    Certificate,
    Column,
    Convention,
    Section,
    Solution,
    Step,
    Table,
    Text,
)
from hwsolve.solution import Num as Number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hwsolve.nets.layer import OptionValue

AXES = 2  # of a picture
BUDGET = 100_000
WITH, WITHOUT = "FLOPs with bias", "FLOPs without bias"


class _Options(NamedTuple):
    """The options of the command, read; `filters` is 1 where none are named."""

    input: Size
    kernel: Size
    stride: Size
    padding: OptionValue
    dilation: Size
    groups: int
    filters: int
    named: bool
    bias: bool
    pool: Size | None
    pool_stride: Size | None


class _Counted(NamedTuple):
    """A layer counted: its window, all named sizes, and how many FLOPs it takes."""

    sliding: Sliding
    sizes: dict[str, int]
    output: Size
    flops: int
    flops_without_bias: int


def flops_solution(  # noqa: PLR0913  (one argument for each option of the command)
    input: str,  # noqa: A002  (the option's own name)
    kernel: str,
    stride: str = "1",
    padding: str = "0",
    dilation: str = "1",
    groups: int = 1,
    filters: int | str | None = None,
    bias: bool = True,  # noqa: FBT001, FBT002  (an option that is on or off)
    pool: str | None = None,
    pool_stride: str | None = None,
) -> Solution:
    """The FLOPs of a convolution, and of a max pooling of its output, with the working.

    A multiplication, an addition and a comparison are 1 FLOP each. Without `filters`
    everything is counted for one filter, with the formula for n of them. Sizes may be
    letters (`C x n x n`); then every count is a formula.

    Args:
        input: channels x height x width.
        kernel: `4`, or `3x5` for height and width.
        stride: like the kernel.
        padding: like the kernel, or `same` or `valid`.
        dilation: like the kernel.
        groups: groups of channels; each filter sees one group.
        filters: their number, if it is known.
        bias: whether each filter has a bias.
        pool: the window of the max pooling, like the kernel.
        pool_stride: its stride; without it, its window.

    Raises:
        InputError: an option cannot be used; the message names it.
        CertificateError: counting again gives something else.
    """
    texts = (input, kernel, stride, padding, dilation, filters, pool, pool_stride)
    if any(isinstance(text, str) and any(map(str.isalpha, text)) for text in texts):
        from hwsolve.solvers.flops_letters import flops_in_letters, has_letters

        if has_letters(texts):
            return flops_in_letters(
                {
                    "input": input, "kernel": kernel, "stride": stride, "padding": padding,
                    "dilation": dilation, "groups": groups, "filters": filters, "bias": bias,
                    "pool": pool, "pool_stride": pool_stride,
                }
            )  # fmt: skip
    options = _read(
        input, kernel, stride, padding, dilation, groups,
        read_whole(filters, "--filters") if isinstance(filters, str) else filters,
        bias, pool, pool_stride,
    )  # fmt: skip
    convolution = _convolution(options)
    pooling = _pooling(options, convolution) if options.pool is not None else None
    return _document(options, convolution, pooling)


def _read(  # noqa: PLR0913  (see flops_solution)
    input: str,  # noqa: A002  (see flops_solution)
    kernel: str,
    stride: str,
    padding: str,
    dilation: str,
    groups: int,
    filters: int | None,
    bias: bool,  # noqa: FBT001  (see flops_solution)
    pool: str | None,
    pool_stride: str | None,
) -> _Options:
    size = read_sizes(input, "--in")
    if len(size) != AXES + 1:
        hint = f"for one channel write 1x{size_text(size)}" if len(size) == AXES else ""
        raise InputError(
            f"--in takes channels x height x width, not '{shortened(input)}'", None,
            hint or "write for example 50x12x12",
        )  # fmt: skip
    for name, number in (("--groups", groups), ("--filters", filters)):
        if number is not None and number < 1:
            raise InputError(f"{name} is at least 1, not {number}")
    if size[0] % groups:
        raise InputError(
            f"--groups: {size[0]} channels cannot be divided into {groups} groups", None,
            f"take a divisor of {size[0]}",
        )  # fmt: skip
    if filters is not None and filters % groups:
        raise InputError(
            f"--filters: {filters} filters cannot be divided into {groups} groups", None,
            f"take a multiple of {groups}",
        )  # fmt: skip
    if pool is None and pool_stride is not None:
        raise InputError("--pool-stride says nothing without --pool", None, "add --pool 3")
    word = padding.strip().lower()
    return _Options(
        input=size,
        kernel=_sides(kernel, "--k"),
        stride=_sides(stride, "--s"),
        padding=word if word in {SAME, VALID} else _sides(padding, "--p", least=0),
        dilation=_sides(dilation, "--d"),
        groups=groups,
        filters=filters or 1,
        named=filters is not None,
        bias=bias,
        pool=None if pool is None else _sides(pool, "--pool"),
        pool_stride=None if pool_stride is None else _sides(pool_stride, "--pool-stride"),
    )


def _sides(text: str, option: str, least: int = 1) -> Size:
    """One number for both axes, or one for each."""
    size = read_sizes(text, option, None, least)
    if len(size) > AXES:
        raise InputError(
            f"{option} takes one number or two, not '{shortened(text)}'", None, "write 3 or 3x5"
        )
    return size


def _convolution(options: _Options) -> _Counted:
    chosen: dict[str, OptionValue] = {
        "kernel": options.kernel, "stride": options.stride, "padding": options.padding,
        "dilation": options.dilation,
    }  # fmt: skip
    sliding = slide(Request("--k", chosen, (options.input,), {}, None))
    sizes = {"C": options.input[0], "F": options.filters, **sliding.sizes}
    sizes["outputs"] = options.filters * whole(sliding.places, sizes)
    products = whole(_seen(options, sliding, sizes), sizes) * sizes["outputs"]
    without = 2 * products - sizes["outputs"]
    output = (options.filters, *sliding.output)
    return _Counted(sliding, sizes, output, 2 * products if options.bias else without, without)


def _seen(options: _Options, sliding: Sliding, sizes: dict[str, int]) -> Expr:
    return seen_by_filter(options.input[0], options.groups, sliding.area, sizes)


def _pooling(options: _Options, convolution: _Counted) -> _Counted:
    chosen: dict[str, OptionValue] = {"kernel": options.pool}
    if options.pool_stride is not None:
        chosen["stride"] = options.pool_stride
    request = Request("--pool", chosen, (convolution.output,), {}, None)
    try:
        sliding = slide(request, stride_of_kernel=True)
    except InputError as error:
        error.hint = f"the convolution leaves {size_text(convolution.output[1:])}"
        raise
    check_sees_input(request, sliding.windows)
    sizes = {"F": options.filters, **sliding.sizes}
    sizes["outputs"] = options.filters * whole(sliding.places, sizes)
    flops = whole(sliding.area - 1, sizes) * sizes["outputs"]
    return _Counted(sliding, sizes, (options.filters, *sliding.output), flops, flops)


def _document(options: _Options, convolution: _Counted, pooling: _Counted | None) -> Solution:
    size = size_text(options.input)
    filters = f"{options.filters} filters" if options.filters > 1 else "1 filter"
    unpadded = options.padding in ((0,), (0, 0), VALID)
    said = [
        f"{filters if options.named else 'Filters'} {_window(options.kernel)}",
        *_unless_one("stride", options.stride),
        *([] if unpadded else [f"padding {_text(options.padding)}"]),
        *_unless_one("dilation", options.dilation),
        *([f"{options.groups} groups"] if options.groups > 1 else []),
    ]
    statement = f"{', '.join(said)}, on {size}"
    if options.pool is not None:
        stride = options.pool_stride or options.pool
        statement += f"; then max pooling {_window(options.pool)}, stride {_text(stride)}"
    sections = [_convolution_section(options, convolution)]
    if pooling is not None:
        sections.append(_pooling_section(options, pooling))
        sections.append(_together(options, convolution, pooling))
    if not options.named:
        sections.append(_for_any_number(options, convolution, pooling))
    return Solution(
        title="FLOPs of a convolution" + (" and a max pooling" if pooling else ""),
        kind="flops",
        statement=f"{statement}.",
        conventions=tuple(_conventions(options, convolution, pooling)),
        sections=tuple(sections),
        answers=tuple(_answers(options, convolution, pooling)),
        certificates=tuple(_certificates(options, convolution, pooling)),
        warnings=()
        if options.named
        else ("no number of filters is named (--filters), so the answers are for one filter",),
    )


def _unless_one(word: str, size: Size) -> list[str]:
    return [] if set(size) == {1} else [f"{word} {_text(size)}"]


def _text(value: OptionValue) -> str:
    return value if isinstance(value, str) else size_text(value)


def _window(size: Size) -> str:
    return size_text(size * AXES if len(size) == 1 else size)


def _step(name: str, formula: Expr, sizes: dict[str, int], remark: str = "") -> Step:
    return Step(Sym(name), (formula, with_numbers(formula, sizes)), whole(formula, sizes), remark)


def _window_steps(counted: _Counted) -> list[Block]:
    sizes = counted.sizes
    return [_step(line.name, line.formula, sizes, line.remark) for line in counted.sliding.lines]


def _convolution_section(options: _Options, counted: _Counted) -> Section:
    sizes = counted.sizes
    seen = _seen(options, counted.sliding, sizes)
    parameters = seen + 1 if options.bias else seen
    many = times(FILTERS, counted.sliding.places) if options.named else counted.sliding.places
    same = Text(("Padding 'same' with a stride s follows TensorFlow: ceil(n/s) outputs.",))
    blocks: list[Block] = [
        *([same] if "same" in counted.sliding.conventions else []),
        *_window_steps(counted),
        _step("outputs", many, sizes, "" if options.named else "of one filter"),
        Text(("For one output:",)),
        _step("multiplications", seen, sizes),
        _step("additions", seen - 1, sizes, "to sum up the products"),
    ]
    if options.bias:
        blocks.append(_step(WITH, times(Num(2), seen), sizes, "one addition more, for the bias"))
    blocks += [
        _step(WITHOUT, times(Num(2), seen) - 1, sizes),
        Text(("For all outputs:" if options.named else "For all outputs of one filter:",)),
    ]
    if options.bias:
        blocks.append(_step(WITH, times(Num(2), seen, OUTPUTS), sizes))
    blocks += [
        _step(WITHOUT, times(times(Num(2), seen) - 1, OUTPUTS), sizes),
        _step("MACs", times(seen, OUTPUTS), sizes),
        _step("parameters", times(FILTERS, parameters) if options.named else parameters, sizes),
    ]
    output = size_text(counted.output)
    return Section(f"Convolution: {size_text(options.input)} -> {output}", tuple(blocks))


def _pooling_section(options: _Options, counted: _Counted) -> Section:
    sizes = counted.sizes
    many = times(FILTERS, counted.sliding.places) if options.named else counted.sliding.places
    area = counted.sliding.area
    blocks = [
        *_window_steps(counted),
        _step("outputs", many, sizes, "" if options.named else "of one filter"),
        _step("comparisons", area - 1, sizes, "for the maximum of one output"),
        _step("FLOPs", times(area - 1, OUTPUTS), sizes, "there is no bias"),
    ]
    return Section(f"Max pooling: -> {size_text(counted.output)}", tuple(blocks))


def _together(options: _Options, convolution: _Counted, pooling: _Counted) -> Section:
    columns = (
        Column("FLOPs"), Column("convolution", "right"), Column("max pooling", "right"),
        Column("total", "right"),
    )  # fmt: skip
    kinds = [("without bias", convolution.flops_without_bias)]
    if options.bias:
        kinds.insert(0, ("with bias", convolution.flops))
    rows = tuple(
        [
            (name, Number(flops), Number(pooling.flops), Number(flops + pooling.flops))
            for name, flops in kinds
        ]
    )
    return Section("Together", (Table(columns, rows),), detail="short")


def _for_any_number(options: _Options, convolution: _Counted, pooling: _Counted | None) -> Section:
    """The counts of one filter, times the number of filters."""
    places = convolution.sizes["outputs"]
    blocks: list[Block] = []
    kinds = [(WITHOUT, convolution.flops_without_bias)]
    if options.bias:
        kinds.insert(0, (WITH, convolution.flops))
    for name, flops in kinds:
        each: Expr = Num(flops // places) * Num(places)
        total = flops
        if pooling is not None:
            pooled = pooling.sizes["outputs"]
            each = each + Num(pooling.flops // pooled) * Num(pooled)
            total += pooling.flops
        blocks.append(Step(Sym(name), (times(each, FILTERS), Num(total) * FILTERS), None))
    products = (convolution.flops_without_bias + places) // 2
    blocks.append(Step(Sym("MACs"), (Num(products) * FILTERS,), None))
    parameters = products // places + (1 if options.bias else 0)
    blocks.append(Step(Sym("parameters"), (Num(parameters) * FILTERS,), None))
    return Section("For any number F of filters", tuple(blocks), detail="short")


def _answers(
    options: _Options, convolution: _Counted, pooling: _Counted | None
) -> Iterable[Answer]:
    note = "" if options.named else "for one filter"
    products = (convolution.flops_without_bias + convolution.sizes["outputs"]) // 2
    weights = products // convolution.sizes["outputs"] * options.filters
    yield Answer("output", convolution.output, note)
    if pooling is not None:
        yield Answer("pooled", pooling.output, note)
    yield Answer("params", weights + (options.filters if options.bias else 0), note)
    yield Answer("macs", products, note)
    more = pooling.flops if pooling is not None else 0
    if options.bias:
        yield Answer("flops_with_bias", convolution.flops + more, note)
    yield Answer("flops_without_bias", convolution.flops_without_bias + more, note)


def _conventions(
    options: _Options, convolution: _Counted, pooling: _Counted | None
) -> Iterable[Convention]:
    rule = DEFAULT_FLOPS
    yield Convention("flops", rule.name, rule.meaning)
    names = {*convolution.sliding.conventions}
    rounded = [name for name, counted in (("convolution", convolution), ("max pooling", pooling))
               if counted is not None and "rounding" in counted.sliding.conventions]  # fmt: skip
    if rounded:
        yield Convention(
            "rounding", "floor",
            f"the stride does not divide ({', '.join(rounded)}), sizes are rounded down",
        )  # fmt: skip
    if "padding" in names:
        yield Convention("padding", "counted", "a padded zero costs as much as any other input")
    if not options.bias:
        yield Convention("bias", "no", "the filters have no bias")


def _certificates(
    options: _Options, convolution: _Counted, pooling: _Counted | None
) -> Iterable[Certificate]:
    filters = options.filters if options.named else options.groups
    settings: dict[str, OptionValue] = {
        "filters": filters, "kernel": options.kernel, "stride": options.stride,
        "padding": options.padding, "dilation": options.dilation, "groups": options.groups,
        "bias": options.bias,
    }  # fmt: skip
    scale = filters // options.filters
    yield _certificate(
        "conv", settings, options.input, (filters, *convolution.output[1:]),
        convolution.flops * scale, "the convolution",
    )  # fmt: skip
    if pooling is not None and options.pool is not None:
        settings = {"kernel": options.pool}
        if options.pool_stride is not None:
            settings["stride"] = options.pool_stride
        yield _certificate(
            "maxpool", settings, convolution.output, pooling.output, pooling.flops,
            "the max pooling",
        )  # fmt: skip


def _certificate(  # noqa: PLR0913  (what is compared with what)
    row: str, settings: dict[str, OptionValue], size: Size, output: Size, flops: int, subject: str
) -> Certificate:
    again = recount(row, settings, (size,), BUDGET)
    if again is None:
        raise CertificateError(f"no second way to count {subject}")
    counts = again.counts
    recounted = sum(counts.get(name, 0) for name in DEFAULT_FLOPS.weights)
    if again.output != output or recounted != flops:
        raise CertificateError(
            f"no answer for {subject}: its formula gives {flops} FLOPs for {size_text(output)}, "
            f"counting again gives {recounted} for {size_text(again.output)}"
        )
    method = (
        "a naive loop that counts every operation"
        if again.looped
        else "the shapes of the weights and the range of window positions"
    )
    return Certificate(subject, method, proved=True, trials=2)
