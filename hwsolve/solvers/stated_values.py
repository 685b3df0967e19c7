"""Gradients and intermediate values that a question states instead of a calculation.

`upstream: {h: [1, -2]}` states dL/dh of a loss that nobody names: L stands for anything
with this gradient. `override: {yhat: 0.6}` states a computed value: what follows uses
it, and the derivative rules do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hwsolve.errors import EquationError, InputError
from hwsolve.expr.graph import shape_of
from hwsolve.expr.lower import Bundle
from hwsolve.expr.operations import OPERATIONS, Operation
from hwsolve.expr.parser import parse_expression
from hwsolve.expr.tree import Deriv, Expr, Index, Sym, walk
from hwsolve.solution import Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hwsolve.problem.model import Given
    from hwsolve.solvers.graph import Solved


class Stated(Operation):
    """An operation whose value is stated; its derivative rules are those of the original."""

    __slots__ = ("original",)

    def __init__(self, original: Operation, value: Any) -> None:
        super().__init__(
            "stated",
            lambda m, *_, **__: m.number(value),
            arity=original.arity,
            partials=original.partials,
            adjoint=original.adjoint,
            shape=original.shape,
            entry=original.entry,
            kind=original.kind,
            letter=original.letter,
        )
        self.original = original


def add_upstream(solved: Solved, asked: Sequence[Expr]) -> None:
    """The unnamed loss, as a node whose gradients are the stated ones.

    Raises:
        InputError: for a name that is not computed, or a gradient of another shape.
    """
    graph, lowering = solved.graph, solved.lowering
    name = _unnamed(solved, asked)
    terms = []
    for given, expr in _amounts(solved.problem.extras.upstream):
        below = expr
        if isinstance(expr, Deriv):
            below = expr.bottoms[0]
            if len(expr.bottoms) > 1 or expr.top != Sym(name):
                raise InputError(f"'{given.name}' is not a gradient of {name}", given.place)
        for node, value, label in _nodes(solved, given, below):
            graph.labels.setdefault(node, label)
            gradient = graph.given(value, Deriv(Sym(name), (graph.labels[node],)))
            solved.upstream.append(gradient)
            term = graph.emit(OPERATIONS["mul"], (gradient, node))
            if graph.shapes[term]:
                from hwsolve.expr.tensors import TENSORS

                term = graph.emit(TENSORS["sum"], (term,))
            terms.append(term)
    total = terms[0] if len(terms) == 1 else graph.emit(OPERATIONS["add"], tuple(terms))
    graph.labels[total] = Sym(name)
    lowering.names[name] = total
    solved.unnamed = name


def _unnamed(solved: Solved, asked: Sequence[Expr]) -> str:
    """The letter of the loss: the top of an asked derivative that nothing computes."""
    known = solved.lowering.names
    stated = [expr for _, expr in _amounts(solved.problem.extras.upstream)]
    for tree in (*stated, *asked):
        for node in walk(tree):
            if isinstance(node, Deriv) and isinstance(node.top, Sym) and node.top.name not in known:
                return node.top.name
    if "L" in known:
        given = next(iter(solved.problem.extras.upstream.values()))
        raise InputError(
            "an upstream gradient stands for a loss that is not computed, but there is an L",
            given.place,
            "remove the equation of L, or write the gradient as dJ/dy",
        )
    return "L"


def _amounts(amounts: dict[str, Given]) -> Iterator[tuple[Given, Expr]]:
    for text, given in amounts.items():
        try:
            yield given, parse_expression(text)
        except EquationError as error:
            raise InputError(error.message, given.place, error.hint) from None


def _nodes(solved: Solved, given: Given, expr: Expr) -> Iterator[tuple[int, Any, Expr]]:
    """The nodes that a name stands for, each with its stated value."""
    from hwsolve.solvers.graph import given_value

    try:
        lowered = solved.lowering.lower(expr)
    except EquationError as error:
        raise InputError(error.message, given.place, error.hint) from None
    value = given_value(given)
    if isinstance(lowered, Bundle):
        entries = sorted(lowered.entries.items())
        if not isinstance(value, list) or len(value) != len(entries):
            raise InputError(f"'{given.name}' needs a list of {len(entries)} values", given.place)
        for (_, node), one in zip(entries, value, strict=True):
            yield node, one, solved.graph.labels[node]
        return
    shape, stated = solved.graph.shapes[lowered], shape_of(value)
    if shape != stated:
        from hwsolve.expr.shapes import shape_text

        raise InputError(
            f"'{given.name}' is stated as {shape_text(stated)}, but it is {shape_text(shape)}",
            given.place,
            "give it the same shape",
        )
    label = expr if isinstance(expr, (Sym, Index)) else Sym(given.name)
    yield lowered, value, label


def upstream_steps(solved: Solved) -> tuple[Step, ...]:
    """The stated gradients, as they stand among what is given."""
    graph = solved.graph
    return tuple(
        Step(graph.labels[node], (), solved.values[node], shape=graph.shapes[node])
        for node in solved.upstream
        if solved.values[node] is not None
    )


def override(solved: Solved) -> None:
    """State the values of computed names.

    Raises:
        InputError: for a name that is not computed, or a value of another shape.
    """
    graph = solved.graph
    for given, expr in _amounts(solved.problem.extras.override):
        for node, value, _ in _nodes(solved, given, expr):
            row = graph.rows[node]
            if row is None:
                raise InputError(
                    f"'{given.name}' is given and not computed", given.place, "change its value"
                )
            graph.rows[node] = Stated(row, value)
            solved.overridden[node] = given.name


def computed_anyway(solved: Solved, node: int) -> Any:
    """What the forward pass gives for a name whose value is stated."""
    graph, row = solved.graph, solved.graph.rows[node]
    assert isinstance(row, Stated)  # noqa: S101  (only those are asked for)
    args = [solved.values[arg] for arg in graph.args[node]]
    with solved.system.scope():
        settings: dict[str, Any] = dict(graph.attributes[node])
        return solved.system.finish(row.original.compute(solved.system, *args, **settings))


def forward_name(name: Expr) -> Expr:
    """What the value of the forward pass is called beside one that is stated."""
    if isinstance(name, Index):
        return Index(forward_name(name.base), name.indices)
    return Sym(f"{name.name}_forward") if isinstance(name, Sym) else name
