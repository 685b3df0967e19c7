"""The tables of a counted network: all layers, receptive fields, and paths side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hwsolve.errors import EquationError
from hwsolve.expr.tree import Num as Number
from hwsolve.expr.tree import Sym
from hwsolve.nets.counting import BY_WORD, FLOPS
from hwsolve.nets.exact import divide
from hwsolve.nets.layer import OPERATIONS
from hwsolve.nets.network import FROM_INPUT
from hwsolve.nets.sizes import size_text
from hwsolve.solution import Block, Cell, Column, Num, Section, Step, Table, Text
from hwsolve.solvers.cnn import abbreviated, as_decimal
from hwsolve.solvers.cnn_names import EFFECTIVE_PADDING, STORED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hwsolve.nets.network import Layer, Network
    from hwsolve.nets.receptive_field import Field, Fields
    from hwsolve.nets.sizes import Size
    from hwsolve.solvers.cnn import Solved

WORK = (*OPERATIONS, "macs", *FLOPS)
# So many columns of numbers stand in one table, under their full headings.
FEW_COLUMNS = 3
# From so many layers on, a table has a row for each block instead.
MANY = 40
_DEEPEST = 30
# So many characters have room in a column.
LONGEST_LIST, LONGEST_KIND = 40, 26


class Wanted(NamedTuple):
    """What the working is about.

    All quantities, those of each layer by its name, and whether receptive fields are.
    """

    quantities: tuple[str, ...]
    of_layer: dict[str, tuple[str, ...]]
    fields: bool


class Line(NamedTuple):
    """A row of a table: a layer, or the layers of a block."""

    name: str
    kind: str
    output: Size
    layers: tuple[Layer, ...]


def lines_of(solved: Solved) -> tuple[Line, ...]:
    """The rows of a table of all layers; of a large network those of its outermost blocks."""
    network = solved.network
    found: list[Line] = []
    depth = 0
    while len(found) < 2 and depth < _DEEPEST:  # noqa: PLR2004  (one block around everything says nothing)
        found = list(_at_depth(network, depth if len(network.layers) > MANY else _DEEPEST))
        depth += 1
    return tuple(found)


def _at_depth(network: Network, depth: int) -> Iterable[Line]:
    """The layers in order, with blocks as one line that lie so deep in others."""
    groups = {
        group.first: (name, group)
        for name, group in reversed(list(network.groups.items()))
        if name.count(".") == depth and group.last > group.first
    }
    number = 0
    while number < len(network.layers):
        if number in groups:
            name, group = groups[number]
            layers = tuple(network.layers[number : group.last + 1])
            label = f"{len(layers)} layers" if group.label.startswith("group") else group.label
            yield Line(name, label, layers[-1].output, layers)
        else:
            layer = network.layers[number]
            layers = (layer,)
            yield Line(layer.name, _clipped(abbreviated(layer, network)), layer.output, layers)
        number += len(layers)


def _clipped(kind: str) -> str:
    """The short form of a layer, without its last options where a column has no room."""
    words = kind.split()
    while len(" ".join(words)) > LONGEST_KIND:
        words.pop()
    short = " ".join(words)
    return short if short == kind else f"{short} ..."


def summary(solved: Solved, wanted: Wanted) -> Section:
    """Every layer in a row: its output and what was counted, with totals.

    Many columns become two tables, the operations in one of their own.
    """
    lines = lines_of(solved)
    network, names = solved.network, solved.names
    counted = [
        name
        for name in wanted.quantities
        if name != "outputs" and any(_reads(solved, layer, name) for layer in network.layers)
    ]
    work = [name for name in counted if name in WORK]
    if len(counted) <= FEW_COLUMNS:
        work = []
    first = [name for name in counted if name not in work]
    fields = names.fields() if wanted.fields else {}
    columns = [Column("layer"), Column("kind"), Column("output")]
    rows: list[list[Cell]] = [
        [line.name, line.kind, size_text(names.shown_size(line.output))] for line in lines
    ]
    if fields:
        columns.append(Column("sees", "right"))
        for row, line in zip(rows, lines, strict=True):
            row.append(_seen(fields[line.layers[-1].name]))
    blocks: list[Block] = [_with_counts(solved, lines, columns, rows, first)]
    if work:
        again: list[list[Cell]] = [[line.name] for line in lines]
        blocks.append(_with_counts(solved, lines, [Column("layer")], again, work))
    if network.train_only:
        only = [line.name for line in lines if _trains(solved, line)]
        which = f" ({', '.join(only)})" if only else ""
        blocks.append(
            Text((f"What only trains{which} has parameters and no part in the work of inference.",))
        )
    return Section("All layers", tuple(blocks), detail="short")


def _trains(solved: Solved, line: Line) -> bool:
    return all(layer.number in solved.network.train_only for layer in line.layers)


def _seen(fields: Fields) -> Cell:
    return None if isinstance(fields, str) else size_text(tuple([field.size for field in fields]))


def _with_counts(
    solved: Solved,
    lines: Sequence[Line],
    columns: list[Column],
    rows: list[list[Cell]],
    counted: Sequence[str],
) -> Table:
    """A table with a column for each quantity, and their totals."""
    short = len(counted) > FEW_COLUMNS
    for name in counted:
        quantity = BY_WORD[name]
        columns.append(Column((short and quantity.short) or quantity.title, "right"))
        for row, line in zip(rows, lines, strict=True):
            row.append(_count_cell(solved, line, name))
    totals: tuple[Cell, ...] | None = None
    if counted and len(lines) > 1:
        empty = [None] * (len(columns) - len(counted) - 1)
        totals = ("total", *empty, *(_total_cell(solved, name) for name in counted))
    return Table(tuple(columns), tuple([tuple(row) for row in rows]), totals)


def _reads(solved: Solved, layer: Layer, name: str) -> bool:
    try:
        return layer.counts.read(name, solved.flops) != 0
    except EquationError:
        return True


def _count_cell(solved: Solved, line: Line, name: str) -> Cell:
    """A count of a line; nothing for work that inference does without."""
    if name not in STORED and _trains(solved, line):
        return None
    return _summed(solved, solved.names.at_work(line.layers, name), name)


def _total_cell(solved: Solved, name: str) -> Cell:
    return _summed(solved, solved.names.counted_layers("", name), name)


def _summed(solved: Solved, layers: Sequence[Layer], name: str) -> Cell:
    try:
        return Num(sum([layer.counts.read(name, solved.flops) for layer in layers]))
    except EquationError:
        return "not known"


def field_section(solved: Solved, wanted: Wanted) -> Iterable[Section]:
    """Receptive fields, layer by layer, where a layer sees more than its input does."""
    if not wanted.fields:
        return
    network, fields = solved.network, solved.names.fields()
    if sum(layer.rule.windows is not None for layer in network.layers) > MANY:
        yield _fields_of_lines(solved)
        return
    rows: list[tuple[Cell, ...]] = []
    for layer in network.layers:
        after = fields[layer.name]
        source = layer.sources[0]
        before = fields[network.layers[source].name] if source != FROM_INPUT else None
        if not isinstance(after, str) and not isinstance(before, str):
            rows += _field_rows(layer, before, after, network.input[1:])
    if not rows:
        return
    columns = [
        Column("layer"), Column("k", "right"), Column("s", "right"), Column("j_in", "right"),
        Column("j_out", "right"), Column("r_out", "right"),
    ]  # fmt: skip
    rules = [*_FIELD_RULES]
    if any(what == EFFECTIVE_PADDING for _, what in solved.names.used):
        columns += [Column("p", "right"), Column("p_out", "right")]
        rows = [(*row, *_padding_cells(network, fields, str(row[0]))) for row in rows]
        rules.append(_PADDING_RULE)
    yield Section("Receptive fields", (*rules, Table(tuple(columns), tuple(rows))))


_FIELD_RULES = (
    Step(
        Sym("r_out"), (Sym("r_in") + (Sym("k") - 1) * Sym("j_in"),), None, "r = 1 at the input"
    ),
    Step(
        Sym("j_out"), (Sym("j_in") * Sym("s"),), None,
        "from one output to the next; j = 1 at the input",
    ),
)  # fmt: skip
_PADDING_RULE = Step(
    Sym("p_out"), (Sym("p_in") + Sym("p") * Sym("j_in"),), None, "the padding that output 0 sees"
)


def _padding_cells(network: Network, fields: Mapping[str, Fields], name: str) -> tuple[Cell, Cell]:
    """The padding of a layer before its input, and the effective padding behind it."""
    windows = network.by_name[name].rule.windows
    found = fields[name]
    if isinstance(found, str):
        return None, None
    own = "0" if windows is None else _once(tuple([window.before for window in windows]))
    return own, _once(tuple([field.padding for field in found]))


def _fields_of_lines(solved: Solved) -> Section:
    """The receptive fields of a large network, at the end of each of its blocks."""
    fields = solved.names.fields()
    rows: list[tuple[Cell, ...]] = []
    for line in lines_of(solved):
        found = fields[line.layers[-1].name]
        if not isinstance(found, str):
            values = [_once(tuple([getattr(field, name) for field in found])) for name in _SHOWN]
            rows.append((line.name, *values))
    columns = (
        Column("layer"), Column("r_out", "right"), Column("j_out", "right"),
        Column("p_out", "right"),
    )  # fmt: skip
    rules = (*_FIELD_RULES, _PADDING_RULE)
    return Section("Receptive fields", (*rules, Table(columns, tuple(rows))))


_SHOWN = ("size", "jump", "padding")


def _field_rows(
    layer: Layer, before: tuple[Field, ...] | None, after: tuple[Field, ...], sides: Size
) -> list[tuple[Cell, ...]]:
    """The row of a layer with a window, or of one that sees a whole map; none for others."""
    rule = layer.rule
    places = sides if before is None else tuple([field.places for field in before])
    if rule.windows is not None:
        kernel = tuple([window.extent for window in rule.windows])
        stride = tuple([window.stride for window in rule.windows])
    elif rule.whole and max(places) > 1:
        kernel, stride = places, (1,)
    else:
        return []
    jumps = (1,) if before is None else tuple([field.jump for field in before])
    return [
        (
            layer.name, size_text(kernel), _once(stride), _once(jumps),
            _once(tuple([field.jump for field in after])),
            size_text(tuple([field.size for field in after])),
        )
    ]  # fmt: skip


def _once(numbers: Size) -> str:
    """One number for all axes where they agree."""
    return size_text(numbers[:1] if len(set(numbers)) == 1 else numbers)


def path_section(solved: Solved, wanted: Wanted) -> Iterable[Section]:
    """The paths side by side."""
    names = solved.names
    if not names.paths:
        return
    asked = {what for owner, what in names.used if owner in names.paths and what in BY_WORD}
    counted = [name for name in wanted.quantities if name in asked] or ["params"]
    columns = (
        Column("path"), Column("layers"), Column("output"),
        *(Column(BY_WORD[name].title, "right") for name in counted), Column("sees", "right"),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for name, layers in names.paths.items():
        last = layers[-1]
        called = ", ".join(layer.name for layer in layers)
        rows.append(
            (
                name,
                called if len(called) < LONGEST_LIST else f"{len(layers)} layers",
                size_text(names.shown_size(last.output)),
                *(
                    Num(sum(layer.counts.read(what, solved.flops) for layer in layers))
                    for what in counted
                ),
                _seen(names.fields(name)[last.name]),
            )
        )
    blocks: list[Block] = [Table(columns, tuple(rows))]
    if len(names.paths) == 2:  # noqa: PLR2004  (one against the other)
        blocks += [*_ratios(solved, counted), _savings(solved, counted)]
    yield Section("Paths compared", tuple(blocks), detail="short")


def _savings(solved: Solved, counted: Sequence[str]) -> Table:
    """What the cheaper of two paths saves, as a difference and in percent of the other."""
    (first, ones), (second, others) = solved.names.paths.items()
    rows: list[tuple[Cell, ...]] = []
    for what in counted:
        one, other = (
            sum(layer.counts.read(what, solved.flops) for layer in layers)
            for layers in (ones, others)
        )
        saved = abs(one - other)
        percent = as_decimal(divide(100 * saved, max(one, other, 1)))
        cheaper = "neither" if one == other else first if one < other else second
        share = None if percent is None else Num(percent, "%")
        rows.append((BY_WORD[what].title, cheaper, Num(saved), share))
    return Table(
        (Column("what"), Column("less in"), Column("difference", "right"),
         Column("saved", "right")),
        tuple(rows),
    )  # fmt: skip


def _ratios(solved: Solved, counted: Sequence[str]) -> Iterable[Step]:
    """The first path in relation to the second, where that was not asked for anyway."""
    (first, ones), (second, others) = solved.names.paths.items()
    for what in counted:
        top, bottom = (
            sum(layer.counts.read(what, solved.flops) for layer in layers)
            for layers in (ones, others)
        )
        name = Sym(f"{first}.{what}") / Sym(f"{second}.{what}")
        if bottom and all(ask.expr != name for ask in solved.asks):
            ratio = divide(top, bottom)
            decimal = as_decimal(ratio)
            numbers = Number(top) / Number(bottom)
            yield Step(name, (numbers, Number(ratio)), ratio if decimal is None else decimal)
