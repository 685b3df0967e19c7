"""Tables: columns where the page is wide enough, one record below the other where it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsolve.expr.tree import Expr
from hwsolve.render.characters import columns, ljust, rjust, wrapped
from hwsolve.render.page import INDENT
from hwsolve.solution import Num

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hwsolve.render.page import Line, Page
    from hwsolve.solution import Cell, Table

GUTTER = 2
# A column of words may be narrowed down to this before the table becomes records.
NARROWEST = 14


def table_lines(table: Table, page: Page) -> Iterator[Line]:
    """The lines of a table, its title first."""
    rounded = False

    def written(cell: Cell) -> str:
        nonlocal rounded
        match cell:
            case None:
                return ""
            case Num():
                text, exact = page.number(cell.value, grouped=True)
                rounded = rounded or not exact
                return f"{text} {page.words(cell.unit)}" if cell.unit else text
            case Expr():
                return page.formula(cell)[0]
            case _:
                return page.words(cell)

    heads = [page.words(column.title) for column in table.columns]
    rows = [[written(cell) for cell in row] for row in table.rows]
    totals = [written(cell) for cell in table.totals] if table.totals else []
    group_alike([*rows, *([totals] if totals else [])])
    if table.title:
        yield [(" " * INDENT, ""), (page.words(table.title), "strong")]
    every = [heads, *rows, *([totals] if totals else [])]
    widths = [max(columns(row[i]) for row in every if i < len(row)) for i in range(len(heads))]
    fitted = _fitted(widths, table, page.width - INDENT)
    if fitted is None:
        yield from _records(heads, rows, totals, page)
    else:
        right = [column.align == "right" for column in table.columns]
        yield from _columns((heads, rows, totals), fitted, right, page)
    if rounded:
        yield [(" " * INDENT, ""), (f"rounded to {page.digits} significant digits", "muted")]


def group_alike(rows: list[list[str]]) -> None:
    """Give numbers of four digits their separator where longer ones of the column have one."""
    for place in range(max(map(len, rows), default=0)):
        cells = [row[place] for row in rows if place < len(row)]
        if not any("," in cell and cell.replace(",", "").isdigit() for cell in cells):
            continue
        for row in rows:
            if place < len(row) and len(row[place]) == 4 and row[place].isdigit():  # noqa: PLR2004
                row[place] = f"{row[place][0]},{row[place][1:]}"


def _fitted(widths: list[int], table: Table, room: int) -> list[int] | None:
    """The widths of the columns, the widest column of words narrowed where that helps."""
    excess = sum(widths) + GUTTER * (len(widths) - 1) - room
    if excess <= 0:
        return widths
    words = [i for i, column in enumerate(table.columns) if column.align == "left"]
    widest = max(words, key=lambda i: widths[i], default=None)
    if widest is None or widths[widest] - excess < NARROWEST:
        return None
    return [wide - excess if i == widest else wide for i, wide in enumerate(widths)]


def _columns(
    parts: tuple[list[str], list[list[str]], list[str]],
    widths: list[int],
    right: list[bool],
    page: Page,
) -> Iterator[Line]:
    heads, rows, totals = parts
    stroke = "─" if page.screen and page.unicode else "-"
    rule: Line = [(" " * INDENT + stroke * (sum(widths) + GUTTER * (len(widths) - 1)), "muted")]
    yield from _row(heads, widths, right, "strong")
    yield rule
    for row in rows:
        yield from _row(row, widths, right, "")
    if totals:
        yield rule
        yield from _row(totals, widths, right, "strong")


def _row(cells: list[str], widths: list[int], right: list[bool], style: str) -> Iterator[Line]:
    """A row; in more than one line where a cell's words are wider than its column."""
    folded = [
        list(wrapped(cell, wide)) if columns(cell) > wide else [cell]
        for cell, wide in zip(cells, widths, strict=False)
    ]
    for line in range(max(map(len, folded), default=0)):
        texts = []
        for cell, wide, is_right in zip(folded, widths, right, strict=False):
            text = cell[line] if line < len(cell) else ""
            texts.append(rjust(text, wide) if is_right else ljust(text, wide))
        yield [(" " * INDENT, ""), ((" " * GUTTER).join(texts).rstrip(), style)]


def _records(
    heads: list[str], rows: list[list[str]], totals: list[str], page: Page
) -> Iterator[Line]:
    """Each row as a small list, headed by its first cell."""
    wide = max(map(columns, heads[1:]), default=0)
    for row in [*rows, *([totals] if totals else [])]:
        yield [(" " * INDENT, ""), (row[0], "strong")]
        for head, cell in zip(heads[1:], row[1:], strict=False):
            if not cell:
                continue
            start = 2 * INDENT + wide + GUTTER
            first, *rest = list(wrapped(cell, max(NARROWEST, page.width - start))) or [""]
            yield [(" " * 2 * INDENT, ""), (ljust(head, wide), "muted"), (" " * GUTTER + first, "")]
            for text in rest:
                yield [(" " * start + text, "")]
