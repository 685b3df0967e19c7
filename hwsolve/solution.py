"""The document between the solvers and the renderers.

A solver writes a `Solution`; a renderer reads it. Nothing here is rounded and
nothing is marked up: formulas are expressions, numbers are numbers in full
precision. Only a renderer rounds, and it writes `≈` where what it shows is not
what is meant.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

from hwsolve.expr.tree import Expr, Value


class Text(NamedTuple):
    """A sentence: plain words, with formulas and numbers between them."""

    parts: tuple[str | Expr | Num, ...]


class Num(NamedTuple):
    """A number inside a sentence or a table cell, in full precision."""

    value: Value
    unit: str = ""


class Step(NamedTuple):
    """One line of working: name = symbols = numbers = value.

    `forms` holds the formula in symbols first, then the same with numbers put in
    (`expr.tree.Num` leaves in full precision), then, where it helps, partly
    evaluated forms. `value` is None where the line ends with a formula.
    `shape` is the shape of an array, () for a scalar. `reason` is a short remark.
    """

    name: Expr | None
    forms: tuple[Expr, ...]
    value: Value | None
    reason: str = ""
    shape: tuple[int, ...] = ()


class Column(NamedTuple):
    """A column of a table; `align` is "left" or "right"."""

    title: str
    align: str = "left"


Cell: TypeAlias = str | Expr | Num | None


class Table(NamedTuple):
    """A table. `totals` is a last row set apart from the others, or None."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    totals: tuple[Cell, ...] | None = None
    title: str = ""


Block: TypeAlias = Text | Step | Table


class Section(NamedTuple):
    """A headed part of the working. `detail` is "short" where `--working short` keeps it."""

    title: str
    blocks: tuple[Block, ...]
    detail: str = "full"


class Answer(NamedTuple):
    """An answer that was asked for, under the name that it was asked by.

    The value is a formula where one was asked for: a gradient in named symbols.
    """

    name: str
    value: Value | Expr
    note: str = ""
    unit: str = ""


class Certificate(NamedTuple):
    """How an answer was shown to be right: what was compared, by which method, how well.

    `proved` is True for exact agreement and False for a test; `trials` counts the
    comparisons and `worst` is the largest relative difference met (0 when exact).
    """

    subject: str
    method: str
    proved: bool
    trials: int
    worst: float = 0.0
    remark: str = ""


class Convention(NamedTuple):
    """A choice that influenced the answer: `relu_at_0`, its value, and what it means."""

    name: str
    value: str
    meaning: str
    source: str = "default"


class Solution(NamedTuple):
    """Everything that there is to say about a problem.

    `settings` are how the reader wants it shown (digits, exact, rounded steps).
    `parts` holds the solutions of a problem in parts; the other fields then
    belong to the whole.
    """

    title: str
    kind: str
    statement: str = ""
    source: str = ""
    label: str = ""
    given: tuple[Step, ...] = ()
    conventions: tuple[Convention, ...] = ()
    sections: tuple[Section, ...] = ()
    answers: tuple[Answer, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    warnings: tuple[str, ...] = ()
    settings: dict[str, Any] = {}  # noqa: RUF012  (a NamedTuple's default, never written to)
    parts: tuple[Solution, ...] = ()
