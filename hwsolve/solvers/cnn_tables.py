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
from hwsolve.solution import Cell, Column, Num, Section, Step, Table
from hwsolve.solvers.cnn import abbreviated, as_decimal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hwsolve.nets.network import Layer
    from hwsolve.nets.receptive_field import Field, Fields
    from hwsolve.nets.sizes import Size
    from hwsolve.solvers.cnn import Solved

WORK = (*OPERATIONS, "macs", *FLOPS)
# So many columns of numbers stand in one table, under their full headings.
FEW_COLUMNS = 3


class Wanted(NamedTuple):
    """What the working is about.

    All quantities, those of each layer by its name, and whether receptive fields are.
    """

    quantities: tuple[str, ...]
    of_layer: dict[str, tuple[str, ...]]
    fields: bool


def summary(solved: Solved, wanted: Wanted) -> Section:
    """Every layer in a row: its output and what was counted, with totals.

    Many columns become two tables, the operations in one of their own.
    """
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
        [layer.name, abbreviated(layer, network), size_text(names.shown_size(layer.output))]
        for layer in network.layers
    ]
    if fields:
        columns.append(Column("sees", "right"))
        for row, layer in zip(rows, network.layers, strict=True):
            row.append(_seen(fields[layer.name]))
    tables = [_with_counts(solved, columns, rows, first)]
    if work:
        again: list[list[Cell]] = [[layer.name] for layer in network.layers]
        tables.append(_with_counts(solved, [Column("layer")], again, work))
    return Section("All layers", tuple(tables), detail="short")


def _seen(fields: Fields) -> Cell:
    return None if isinstance(fields, str) else size_text(tuple([field.size for field in fields]))


def _with_counts(
    solved: Solved, columns: list[Column], rows: list[list[Cell]], counted: Sequence[str]
) -> Table:
    """A table with a column for each quantity, and their totals."""
    layers = solved.network.layers
    short = len(counted) > FEW_COLUMNS
    for name in counted:
        quantity = BY_WORD[name]
        columns.append(Column((short and quantity.short) or quantity.title, "right"))
        for row, layer in zip(rows, layers, strict=True):
            row.append(_count_cell(solved, layer, name))
    totals: tuple[Cell, ...] | None = None
    if counted and len(layers) > 1:
        empty = [None] * (len(columns) - len(counted) - 1)
        totals = ("total", *empty, *(_total_cell(solved, name) for name in counted))
    return Table(tuple(columns), tuple([tuple(row) for row in rows]), totals)


def _reads(solved: Solved, layer: Layer, name: str) -> bool:
    try:
        return layer.counts.read(name, solved.flops) != 0
    except EquationError:
        return True


def _count_cell(solved: Solved, layer: Layer, name: str) -> Cell:
    try:
        return Num(layer.counts.read(name, solved.flops))
    except EquationError:
        return "not known"


def _total_cell(solved: Solved, name: str) -> Cell:
    try:
        layers = solved.network.layers
        return Num(sum(layer.counts.read(name, solved.flops) for layer in layers))
    except EquationError:
        return "not known"


def field_section(solved: Solved, wanted: Wanted) -> Iterable[Section]:
    """Receptive fields, layer by layer, where a layer sees more than its input does."""
    if not wanted.fields:
        return
    network, fields = solved.network, solved.names.fields()
    rows: list[tuple[Cell, ...]] = []
    for layer in network.layers:
        after = fields[layer.name]
        source = layer.sources[0]
        before = fields[network.layers[source].name] if source != FROM_INPUT else None
        if not isinstance(after, str) and not isinstance(before, str):
            rows += _field_rows(layer, before, after, network.input[1:])
    if not rows:
        return
    r, j, k, s = Sym("r_in"), Sym("j_in"), Sym("k"), Sym("s")
    columns = (
        Column("layer"), Column("k", "right"), Column("s", "right"), Column("j_in", "right"),
        Column("j_out", "right"), Column("r_out", "right"),
    )  # fmt: skip
    yield Section(
        "Receptive fields",
        (
            Step(Sym("r_out"), (r + (k - 1) * j,), None, "r = 1 at the input"),
            Step(Sym("j_out"), (j * s,), None, "from one output to the next; j = 1 at the input"),
            Table(columns, tuple(rows)),
        ),
    )


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
        rows.append(
            (
                name,
                ", ".join(layer.name for layer in layers),
                size_text(names.shown_size(last.output)),
                *(
                    Num(sum(layer.counts.read(what, solved.flops) for layer in layers))
                    for what in counted
                ),
                _seen(names.fields(name)[last.name]),
            )
        )
    table = Table(columns, tuple(rows))
    ratios = _ratios(solved, counted) if len(names.paths) == 2 else ()  # noqa: PLR2004  (one against the other)
    yield Section("Paths compared", (table, *ratios), detail="short")


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
