"""What each use of a shared weight adds to its gradient, where there are many uses."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, Final

from hwsolve.expr.backward import derivative_label
from hwsolve.expr.notation import text
from hwsolve.expr.tree import Apply, Expr, Num
from hwsolve.solution import Cell, Column, Section, Table
from hwsolve.solution import Num as NumCell
from hwsolve.solvers.local import label
from hwsolve.solvers.through_time import SHOWN, contribution, norm_of

if TYPE_CHECKING:
    from hwsolve.expr.backward import Gradient
    from hwsolve.solvers.graph import Solved

# Up to this many uses the sum is written out in a line; beyond, a table has a row for each.
USES: Final = 4
# Of more uses the first and the last are listed.
MOST_ROWS: Final = 24
ENDS: Final = 5


def use_sections(solved: Solved, gradient: Gradient, wanted: list[int]) -> list[Section]:
    """A table for each given value that more than four lines use, a row for each use."""
    found = []
    for node in wanted:
        by_line = _by_line(solved, gradient, node)
        if len(by_line) > USES and solved.graph.rows[node] is None:
            name = text(derivative_label(solved.graph, gradient.top, node))
            table = _table(solved, gradient, node, by_line)
            found.append(Section(f"What each use contributes to {name}", (table,), detail="short"))
    return found


def _by_line(solved: Solved, gradient: Gradient, node: int) -> dict[int, list[int]]:
    """The contributions to the gradient of a node by the line that uses it.

    Empty where one of them has no value, or no name for its line, or where all of them are
    gradients that stand in the working already.
    """
    found: dict[int, list[int]] = {}
    labels = solved.graph.labels
    parts = gradient.parts.get(node, ())
    if all(term in labels for _, term in parts):
        return {}
    for line, term in parts:
        if solved.values[term] is None or line not in labels:
            return {}
        found.setdefault(line, []).append(term)
    return dict(sorted(found.items()))


def _table(solved: Solved, gradient: Gradient, node: int, by_line: dict[int, list[int]]) -> Table:
    shape = solved.graph.shapes[node]
    large = prod(shape) > SHOWN

    def cell(value: Any) -> Cell:
        if not shape:
            return NumCell(value)
        return NumCell(norm_of(value)) if large else Num(value)

    rows: list[tuple[Cell, ...]] = []
    for line, terms in by_line.items():
        value = solved.values[terms[0]]
        for term in terms[1:]:
            value = value + solved.values[term]
        formulas = [contribution(solved, gradient, node, line, term) for term in terms]
        formula: Expr = formulas[0] if len(formulas) == 1 else Apply("add", tuple(formulas))
        rows.append((text(label(solved, line)), formula, cell(value)))
    if len(rows) > MOST_ROWS:
        rows = [*rows[:ENDS], ("…",) * 3, *rows[-ENDS:]]
    heads = (
        Column("used in"),
        Column("contribution"),
        Column("norm" if large else "value", "right"),
    )
    total = solved.values[gradient.adjoints[node]]
    return Table(heads, tuple(rows), ("sum", None, cell(total)))
