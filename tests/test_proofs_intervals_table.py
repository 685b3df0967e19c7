"""The range of every row of the table of operations, against the operation itself."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from operation_cases import CASES

from hwsolve.expr.arrays import Arrays
from hwsolve.expr.operations import OPERATIONS
from hwsolve.expr.parser import parse_equation, parse_expression
from hwsolve.expr.systems import FLOATS
from hwsolve.expr.tensors import TENSORS
from hwsolve.proofs.algebra import Atoms
from hwsolve.proofs.evaluating import has_value, system_for, values_at
from hwsolve.proofs.intervals import EVERYTHING, Interval
from hwsolve.proofs.natural import EXISTS, JUMPS, NOT_KNOWN, RANGES, REASONS, Site
from hwsolve.proofs.points import Context, Statement
from hwsolve.proofs.reach import Reach

SLACK = Fraction(1, 10**9)


def test_every_row_has_a_range_or_is_said_to_have_none_that_is_known() -> None:
    rows = {*OPERATIONS, *TENSORS}
    assert set(RANGES) | NOT_KNOWN == rows
    assert not set(RANGES) & NOT_KNOWN
    assert set(EXISTS) | JUMPS | set(REASONS) <= rows


def around(value: float, left: int, right: int) -> Interval:
    """An interval with the value in it."""
    number = Fraction(repr(value))
    return Interval(number - Fraction(left, 4), number + Fraction(right, 4))


@pytest.mark.parametrize("name", CASES)
@given(data=st.data())
def test_the_range_of_an_operation_holds_its_values(name: str, data: st.DataObject) -> None:
    case = CASES[name]
    values = [data.draw(numbers) for numbers in case.inputs]
    widths = [data.draw(st.tuples(st.integers(0, 4), st.integers(0, 4))) for _ in values]
    args = [around(value, *width) for value, width in zip(values, widths, strict=True)]
    if data.draw(st.booleans()) and name not in {"floor", "pow"}:
        args[0] = EVERYTHING
    site = Site([() for _ in args], (), {})
    found = RANGES[name](args, site)
    value = Fraction(case.value(*values))
    slack = SLACK * max(Fraction(1), abs(value))
    assert found.low - slack <= value <= found.high + slack


ARRAYS = {
    "matmul": ("W @ x", "x @ y", "W @ W"),
    "outer": ("outer(x, y)",),
    "transpose": ("W.T",),
    "sum": ("sum(x)", "sum(W, axis=0)"),
    "mean": ("mean(x)", "mean(W, axis=1)"),
    "max": ("max(x)",),
    "min": ("min(W)",),
    "argmax": ("argmax(x)",),
    "argmin": ("argmin(x)",),
    "first": ("first(x)",),
    "softmax": ("softmax(x)", "softmax(W, axis=0)"),
    "log_softmax": ("log_softmax(x)",),
    "stack": ("[a, b]",),
    "concat": ("concat(x, y)",),
    "item": ("x[0:2]",),
    "place": ("dq/dx",),
    "reshape": ("reshape(W, 9)",),
    "spread": ("dq/dx",),
    "sum_to": ("dtotal/da",),
    "conv": ("conv(W, [[a, b]])", "conv(x, y, padding=2)", "conv(W, W, padding=same)"),
    "conv_transpose": ("conv_transpose(W, [[a, b]], stride=2)", "conv_transpose(x, y)"),
    "conv_weight": ("conv_weight(W, [[a, b]], size=[3, 2])",),
    "max_pool": ("max_pool(W, 2, stride=1)", "max_pool(x, 3, stride=1, padding=1)"),
    "max_unpool": ("max_unpool([a, b], x, size=2, stride=1)",),
    "at_max": ("at_max(x, y, size=2, stride=1)",),
    "avg_pool": ("avg_pool(W, 2, stride=1)", "avg_pool(x, 3, stride=1, padding=1)"),
    "unfold": ("unfold(W, 2)", "unfold(x, 2, padding=1)"),
    "fold": ("fold([[a, b], [b, a]], 2, shape=[3])",),
    "avg_unpool": ("avg_unpool([a, b], size=2, stride=1, shape=[3])",),
    "cumsum": ("cumsum(x)", "cumsum(W, axis=1, reverse=true)"),
    "gather": ("x[[0, 2, 0]]",),
    "scatter_add": ("scatter_add(x, [1, 0, 1], shape=[2])",),
    "argsort": ("argsort(x)",),
    "pad": ("pad(x, 1, value=5)",),
    "tril": ("tril(W)",),
    "triu": ("triu(W, 1)",),
    "diag": ("diag(x)",),
    "diagonal": ("diagonal(W)",),
    "one_hot": ("cross_entropy(softmax(x), 1)",),
    "masked_softmax": ("masked_softmax(x, [1, 0, 1])",),
}


def test_the_cases_name_every_row_for_arrays() -> None:
    assert set(ARRAYS) == set(TENSORS)


@pytest.mark.parametrize("any_size", [False, True])
@pytest.mark.parametrize("text", sorted({text for texts in ARRAYS.values() for text in texts}))
def test_the_range_of_an_array_holds_every_entry(text: str, any_size: bool) -> None:  # noqa: FBT001  (pytest gives it by name)
    source = random.Random(text)  # noqa: S311  (test data)
    equations = ("q = 2*x[1]*a + x[0]", "total = sum(tanh(a*x + y))")
    context = Context(
        equations=tuple(map(parse_equation, equations)),
        shapes={"x": (3,), "y": (3,), "W": (3, 3)},
        first_index=0,
    )
    statement = Statement([parse_expression(text)], context)
    graph, (side,) = statement.graph, statement.sides
    nodes = graph.ancestors([side])
    leaves = {leaf: Interval(-2, 3) for leaf in statement.leaves}
    reach = Reach(graph, nodes, leaves, None, Atoms(), any_size=any_size)
    for _ in range(30):
        point = {leaf: drawn(source, graph.shapes[leaf]) for leaf in statement.leaves}
        values = values_at(graph, Arrays(FLOATS), nodes, point)
        for node in nodes:
            where = reach.intervals[node]
            entries = values[node].ravel() if graph.shapes[node] else [values[node]]
            for entry in entries:
                value = Fraction(float(entry))
                assert where.low - SLACK <= value <= where.high + SLACK


def drawn(source: random.Random, shape: tuple[int, ...]) -> Any:
    if not shape:
        return source.uniform(-2, 3)
    return [drawn(source, shape[1:]) for _ in range(shape[0])]


UNARY = (
    "sigmoid", "tanh", "exp", "relu", "abs", "softplus", "square", "sin", "sign", "step", "cos",
    "erf", "silu", "leaky_relu", "softsign",
)  # fmt: skip


def formula(source: random.Random, depth: int) -> str:
    """A random formula of two names."""
    if depth == 0 or source.random() < 0.2:
        return source.choice(["x", "y", "1", "1/2", "-2", "0.3"])
    if source.random() < 0.45:
        return f"{source.choice(UNARY)}({formula(source, depth - 1)})"
    if source.random() < 0.1:
        return f"max({formula(source, depth - 1)}, {formula(source, depth - 1)})"
    sign = source.choice(["+", "-", "*", "/"])
    return f"({formula(source, depth - 1)} {sign} {formula(source, depth - 1)})"


@pytest.mark.parametrize("seed", range(150))
def test_the_reach_of_random_formulas_holds_their_values(seed: int) -> None:
    source = random.Random(seed)  # noqa: S311  (test data)
    statement = Statement([parse_expression(formula(source, 4))], Context())
    graph, (side,) = statement.graph, statement.sides
    nodes = graph.ancestors([side])
    wide = source.random() < 0.3
    leaves = {} if wide else {leaf: Interval(-1, 2) for leaf in statement.leaves}
    reach = Reach(graph, nodes, leaves, None, Atoms())
    system = system_for(graph, certain=True)
    for _ in range(40):
        point = {leaf: Fraction(source.randrange(-8, 17), 8) for leaf in statement.leaves}
        for node, value in enumerate(values_at(graph, system, nodes, point)):
            if value is not None and has_value(value):
                where = reach.intervals[node]
                assert where.low <= value.high
                assert value.low <= where.high
                assert where.meet(value) is not None
