"""The time steps of a recurrent net: which equation belongs to which step.

Of a long sequence only the first and the last steps are worked out on paper, and the
gradient of a weight that every step uses is the sum of what the steps contribute.
"""

from __future__ import annotations

import math
import re
from math import prod
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hwsolve.expr.backward import derivative_label
from hwsolve.expr.notation import text
from hwsolve.expr.tree import Apply, Deriv, Expr, Sym, walk
from hwsolve.expr.tree import Num as NumExpr
from hwsolve.solution import Block, Cell, Column, Section, Step, Table, Text
from hwsolve.solution import Num as NumCell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.expr.backward import Gradient
    from hwsolve.nets.emitted import WrittenOut
    from hwsolve.problem.model import Written
    from hwsolve.solvers.graph import Solved

# A sequence of more steps is shown by its first and its last steps.
MOST_STEPS: Final = 6
FIRST: Final = 2
LAST: Final = 2
TWO: Final = 2
# A sum of more terms is no line that anybody reads.
MANY_TERMS: Final = 24
COLUMNS: Final = 4
# A table has a row for each step up to so many, or so many at either end.
ALL_ROWS: Final = 24
ROWS: Final = 5
# Larger arrays are shown in a table by their norm.
SHOWN: Final = 4


class ThroughTime(NamedTuple):
    """The steps of a sequence.

    `steps` holds the step of each equation by its number, 0 where it has none, `length`
    their number, and `held` the names through which no gradient passes.
    """

    steps: tuple[int, ...] = ()
    length: int = 0
    held: frozenset[str] = frozenset()

    def step(self, equation: int) -> int:
        """The time step of an equation, 0 where it has none."""
        return self.steps[equation] if 0 <= equation < len(self.steps) else 0

    def is_shown(self, equation: int) -> bool:
        """Whether an equation belongs to a step that is worked out on paper."""
        step = self.step(equation)
        return not step or self.length <= MOST_STEPS or not FIRST < step <= self.length - LAST

    @property
    def is_cut(self) -> bool:
        """Whether steps are left out on paper."""
        return self.length > MOST_STEPS


PLAIN: Final = ThroughTime()


def through_time(written_out: WrittenOut, equations: Sequence[Written]) -> ThroughTime:
    """The steps of equations in the order in which they are solved."""
    steps = {line.text: line.step for line in written_out.equations}
    held = frozenset(line.text.partition(" =")[0] for line in written_out.equations if line.held)
    of_each = tuple(steps.get(written.text, 0) for written in equations)
    return ThroughTime(of_each, max(of_each, default=0), held)


def equation_lines(solved: Solved) -> tuple[Text, ...]:
    """The equations, those of the steps in the middle left out."""
    lines: list[Text] = []
    skipped = False
    for number, written in enumerate(solved.written):
        if solved.through.is_shown(number):
            lines.append(Text((_short_text(written.text),)))
            skipped = False
        elif not skipped:
            lines.append(left_out(solved.through))
            skipped = True
    return tuple(lines)


def _short_text(equation: str) -> str:
    """An equation; of a sum of many names the first and the last."""
    terms = equation.split(" + ")
    if len(terms) <= MANY_TERMS:
        return equation
    return " + ".join([*terms[:FIRST], "…", *terms[-LAST:]])


def left_out(through: ThroughTime) -> Text:
    """The sentence that stands for the steps in the middle."""
    return Text((f"(steps {FIRST + 1} to {through.length - LAST} in the same way)",))


def state_sections(solved: Solved) -> list[Section]:
    """A table of the states of a long sequence: its first and its last steps."""
    through = solved.through
    if not through.is_cut:
        return []
    columns = _states(solved)
    rows = [
        (str(step), *(_cell(solved, column.get(step)) for column in columns.values()))
        for step in _listed(through.length)
    ]
    if not columns:
        return []
    titles = (
        f"|{letter}|" if any(_is_large(solved, node) for node in column.values()) else letter
        for letter, column in columns.items()
    )
    heads = (Column("step", "right"), *(Column(title, "right") for title in titles))
    table = Table(heads, tuple(_with_gap(rows, len(heads), through.length)))
    return [Section(f"All {through.length} steps", (table,), detail="short")]


def _states(solved: Solved) -> dict[str, dict[int, int]]:
    """The nodes of states, outputs and losses by letter and step."""
    graph, through = solved.graph, solved.through
    asked = {re.sub(r"\d+$", "", name) for ask in solved.asks for name in _names(ask.expr)}
    found: dict[str, dict[int, int]] = {}
    for node in range(solved.forward):
        step = through.step(graph.origin[node])
        label = graph.labels.get(node)
        if not step or not isinstance(label, Sym) or graph.rows[node] is None:
            continue
        letter = label.name.removesuffix(str(step))
        if letter != label.name and (letter in {"h", "c", "yhat"} or letter in asked):
            found.setdefault(letter, {})[step] = node
    return {letter: column for letter, column in found.items() if len(column) > 1}


def _names(expr: Expr) -> list[str]:
    return [node.name for node in walk(expr) if isinstance(node, Sym)]


def _listed(count: int) -> list[int]:
    if count <= ALL_ROWS:
        return [*range(1, count + 1)]
    return [*range(1, ROWS + 1), *range(count - ROWS + 1, count + 1)]


def _with_gap(rows: list[tuple[Cell, ...]], width: int, count: int) -> list[tuple[Cell, ...]]:
    if count <= ALL_ROWS:
        return rows
    return [*rows[:ROWS], ("…",) * width, *rows[ROWS:]]


def _is_large(solved: Solved, node: int) -> bool:
    return prod(solved.graph.shapes[node]) > SHOWN


def _cell(solved: Solved, node: int | None) -> Cell:
    """A value in a table: a number, a small array, or the norm of a large one."""
    value = None if node is None else solved.values[node]
    if value is None or node is None:
        return None
    if not solved.graph.shapes[node]:
        return NumCell(value)
    return NumCell(norm_of(value)) if _is_large(solved, node) else NumExpr(value)


def norm_of(value: Any) -> float:
    """The length of all entries of an array as one vector."""
    return math.sqrt(float((value * value).sum()))


def contribution_sections(solved: Solved, gradient: Gradient, wanted: list[int]) -> list[Section]:
    """What each step adds to the gradient of what several steps use, one section each."""
    numbers = [node for node in wanted if _is_summed(solved, gradient, node, scalar=True)]
    arrays = [node for node in wanted if _is_summed(solved, gradient, node, scalar=False)]
    found = []
    if len(numbers) > 1:
        tables = tuple(
            _table_together(solved, gradient, numbers[start : start + COLUMNS])
            for start in range(0, len(numbers), COLUMNS)
        )
        found.append(Section("What each step contributes", tables))
        numbers = []
    for node in (*numbers, *arrays):
        name = text(derivative_label(solved.graph, gradient.top, node))
        blocks = _contributions(solved, gradient, node)
        found.append(Section(f"What each step contributes to {name}", blocks))
    return found


def _is_summed(solved: Solved, gradient: Gradient, node: int, *, scalar: bool) -> bool:
    """Whether several steps contribute to a gradient, and more than a name each."""
    by_step = _by_step(solved, gradient, node)
    terms = [term for parts in by_step.values() for _, term in parts]
    return (
        (solved.graph.shapes[node] == ()) is scalar
        and len(by_step) >= TWO
        and not all(term in solved.graph.labels for term in terms)
        and all(solved.values[term] is not None for term in terms)
    )


def _table_together(solved: Solved, gradient: Gradient, nodes: list[int]) -> Table:
    """The contributions to several numbers, a column for each."""
    graph = solved.graph
    by_step = {node: _by_step(solved, gradient, node) for node in nodes}
    last = max(step for steps in by_step.values() for step in steps)
    rows: list[tuple[Cell, ...]] = []
    for step in _listed(last):
        cells = (
            NumCell(_total(solved, steps[step])) if step in steps else None
            for steps in by_step.values()
        )
        rows.append((str(step), *cells))
    titles = [text(derivative_label(graph, gradient.top, node)) for node in nodes]
    heads = (Column("step", "right"), *(Column(title, "right") for title in titles))
    # what does not pass through a step (a weight that the loss uses as well) is no row
    whole = all(
        sum(map(len, steps.values())) == len(gradient.parts[node])
        for node, steps in by_step.items()
    )
    totals = (NumCell(solved.values[gradient.adjoints[node]]) for node in nodes)
    return Table(
        heads, tuple(_with_gap(rows, len(heads), last)), ("sum", *totals) if whole else None
    )


def _contributions(solved: Solved, gradient: Gradient, node: int) -> tuple[Block, ...]:
    by_step = _by_step(solved, gradient, node)
    shape = solved.graph.shapes[node]
    if shape and not solved.through.is_cut and prod(shape) > SHOWN:
        return tuple(_steps_of(solved, gradient, node, by_step))
    return (_table_of(solved, gradient, node, by_step),)


def _by_step(solved: Solved, gradient: Gradient, node: int) -> dict[int, list[tuple[int, int]]]:
    found: dict[int, list[tuple[int, int]]] = {}
    for line, term in gradient.parts.get(node, ()):
        step = solved.through.step(solved.graph.origin[line])
        if step:
            found.setdefault(step, []).append((line, term))
    return dict(sorted(found.items()))


def contribution(solved: Solved, gradient: Gradient, node: int, line: int, term: int) -> Expr:
    """One contribution as a formula: dL/da2 times what stands beside the weight."""
    graph = solved.graph
    local = gradient.locals.get(line)
    if local is None or line == gradient.top:
        return graph.expression(term)
    above = derivative_label(graph, gradient.top, line)
    return Apply("mul", (above, graph.expression(local[node], plain=True)))


def _sum(terms: list[Expr]) -> Expr:
    return terms[0] if len(terms) == 1 else Apply("add", tuple(terms))


def _total(solved: Solved, parts: list[tuple[int, int]]) -> Any:
    total = solved.values[parts[0][1]]
    for _, term in parts[1:]:
        total = total + solved.values[term]
    return total


def _steps_of(
    solved: Solved, gradient: Gradient, node: int, by_step: dict[int, list[tuple[int, int]]]
) -> list[Block]:
    """A line for each step, under the name of the weight as this step uses it."""
    graph = solved.graph
    name = text(graph.labels[node])
    blocks: list[Block] = [Text((f"{name}_t1 stands for {name} as step 1 uses it, and so on.",))]
    top = graph.labels.get(gradient.top, Sym("result"))
    for step, parts in by_step.items():
        formula = _sum([contribution(solved, gradient, node, line, term) for line, term in parts])
        below = Sym(f"{name}_t{step}")
        value = _total(solved, parts)
        blocks.append(Step(Deriv(top, (below,)), (formula,), value, shape=graph.shapes[node]))
    return blocks


def _table_of(
    solved: Solved, gradient: Gradient, node: int, by_step: dict[int, list[tuple[int, int]]]
) -> Table:
    """A row for each step; of large arrays the norms."""
    shape = solved.graph.shapes[node]
    large = prod(shape) > SHOWN

    def cells(value: Any) -> tuple[Cell, ...]:
        if not shape:
            return (NumCell(value),)
        norm = NumCell(norm_of(value))
        return (norm,) if large else (NumExpr(value), norm)

    steps = _listed(max(by_step))
    rows: list[tuple[Cell, ...]] = [
        (
            str(step),
            _sum(
                [contribution(solved, gradient, node, line, term) for line, term in by_step[step]]
            ),
            *cells(_total(solved, by_step[step])),
        )
        for step in steps
        if step in by_step
    ]
    heads = [Column("step", "right"), Column("contribution")]
    heads += [Column("value", "right")] if not large else []
    heads += [Column("norm", "right")] if shape else []
    rows = _with_gap(rows, len(heads), max(by_step)) if len(rows) == len(steps) else rows
    every = [part for parts in by_step.values() for part in parts]
    if len(every) < len(gradient.parts[node]):
        return Table(tuple(heads), tuple(rows))
    total = solved.values[gradient.adjoints[node]]
    return Table(tuple(heads), tuple(rows), ("sum", None, *cells(total)))


def shortened(terms: list[Expr], most: int = MOST_STEPS) -> list[Expr]:
    """The terms of a long sum, those in the middle left out."""
    if len(terms) <= most:
        return terms
    return [*terms[:FIRST], Sym("…"), *terms[-LAST:]]


def short_sum(formula: Expr) -> Expr:
    """A formula; of a sum of many terms the first and the last, wherever it stands."""
    match formula:
        case Apply(op=op, args=args):
            inner = [short_sum(arg) for arg in args]
            if op == "add":
                inner = shortened(inner, MANY_TERMS)
            return Apply(op, tuple(inner), formula.attributes)
    return formula
