"""Every elementwise row of the operation table, against definitions of its own.

The cases stand in `operation_cases.py`; a row without a case fails. The rules are
compared with a table of derivatives, with complex steps and with differences.
"""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from operation_cases import CASES, Case
from small_graphs import apply, second_slopes, slopes, value

from hwsolve.expr.arrays import Arrays
from hwsolve.expr.evaluation import evaluate
from hwsolve.expr.graph import Graph
from hwsolve.expr.lower import Lowering
from hwsolve.expr.notation import text
from hwsolve.expr.operations import ACTIVATION, ALIASES, ARITHMETIC, FUNCTION, OPERATIONS, TEST
from hwsolve.expr.parser import parse_expression
from hwsolve.expr.systems import EXACT, FLOATS, Decimals
from hwsolve.expr.tensors import TENSORS
from hwsolve.expr.tree import Sym

ROWS = [
    pytest.param(row, CASES[name], id=name) for name, row in OPERATIONS.items() if name in CASES
]
EXAMPLES = settings(max_examples=12)


def drawn(data: st.DataObject, case: Case) -> list[float]:
    return [data.draw(numbers) for numbers in case.inputs]


def test_every_elementwise_operation_of_the_table_has_a_case_and_the_other_way_round() -> None:
    assert set(CASES) == set(OPERATIONS)


def test_no_name_is_an_operation_on_numbers_and_on_arrays_and_an_alias_at_once() -> None:
    assert not set(OPERATIONS) & set(TENSORS)
    assert not set(ALIASES) & {*OPERATIONS, *TENSORS}


@pytest.mark.parametrize(("alias", "name"), ALIASES.items())
def test_an_alias_stands_for_an_operation_that_exists(alias: str, name: str) -> None:
    assert name in {*OPERATIONS, *TENSORS, "prod"}, alias


@pytest.mark.parametrize("row", OPERATIONS.values(), ids=list(OPERATIONS))
def test_a_row_says_what_kind_it_is_and_has_a_rule_for_each_argument(row: Any) -> None:
    assert row.kind in {ARITHMETIC, FUNCTION, ACTIVATION, TEST}
    assert row.partials is not None
    assert len(row.partials) == (1 if row.arity is None else row.arity)
    assert row.letter.isalpha()


@pytest.mark.parametrize(("row", "case"), ROWS)
@EXAMPLES
@given(data=st.data())
def test_an_operation_computes_what_its_definition_says(
    row: Any, case: Case, data: st.DataObject
) -> None:
    x = drawn(data, case)
    assert value(apply(row, x)) == pytest.approx(case.value(*x), rel=1e-12, abs=1e-14)


@pytest.mark.parametrize(("row", "case"), ROWS)
@EXAMPLES
@given(data=st.data())
def test_a_derivative_rule_is_that_of_the_table_of_derivatives(
    row: Any, case: Case, data: st.DataObject
) -> None:
    x = drawn(data, case)
    assume(case.smooth(*x))
    expected = [slope(*x) for slope in case.slopes]
    assert slopes(apply(row, x)) == pytest.approx(expected, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize(
    ("row", "case"), [row for row in ROWS if CASES[str(row.id)].analytic is not None]
)
@EXAMPLES
@given(data=st.data())
def test_a_derivative_rule_agrees_with_a_complex_step(
    row: Any, case: Case, data: st.DataObject
) -> None:
    x = drawn(data, case)
    assert case.analytic is not None
    found = slopes(apply(row, x))
    for position, slope in enumerate(found):
        if row.name == "where" and position == 0:
            continue  # a condition is not a quantity that varies
        moved = [complex(number, 1e-30 * (at == position)) for at, number in enumerate(x)]
        assert slope == pytest.approx(complex(case.analytic(*moved)).imag / 1e-30, rel=1e-9)


@pytest.mark.parametrize(("row", "case"), ROWS)
@EXAMPLES
@given(data=st.data())
def test_a_derivative_rule_agrees_with_central_differences(
    row: Any, case: Case, data: st.DataObject
) -> None:
    x = drawn(data, case)
    assume(case.smooth(*x))
    for position, slope in enumerate(slopes(apply(row, x))):
        if row.name == "where" and position == 0:
            continue  # a condition is not a quantity that varies
        step = 1e-4 * min(1.0, abs(x[position]) or 1.0)
        up, down = (
            case.value(*(n + way * step * (at == position) for at, n in enumerate(x)))
            for way in (1, -1)
        )
        assert slope == pytest.approx((up - down) / (2 * step), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize(("row", "case"), ROWS)
@EXAMPLES
@given(data=st.data())
def test_the_derivative_of_a_derivative_agrees_with_differences_of_the_table_of_derivatives(
    row: Any, case: Case, data: st.DataObject
) -> None:
    x = drawn(data, case)
    assume(case.smooth(*x))
    for over in range(len(x)):
        for position, slope in enumerate(second_slopes(apply(row, x), over)):
            if row.name == "where" and 0 in {over, position}:
                continue  # a condition is not a quantity that varies
            step = 1e-4 * min(1.0, abs(x[position]) or 1.0)
            up, down = (
                case.slopes[over](*(n + way * step * (at == position) for at, n in enumerate(x)))
                for way in (1, -1)
            )
            assert slope == pytest.approx((up - down) / (2 * step), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize(("row", "case"), ROWS)
@EXAMPLES
@given(data=st.data())
def test_a_derivative_as_it_is_printed_is_read_again_with_the_same_value(
    row: Any, case: Case, data: st.DataObject
) -> None:
    from hwsolve.expr.backward import differentiate

    x = drawn(data, case)
    assume(case.smooth(*x))
    applied = apply(row, x)
    found = differentiate(applied.graph, applied.result, applied.given).adjoints
    expected = evaluate(applied.graph, FLOATS)
    for node in applied.given:
        if node not in found:
            continue
        formula = text(applied.graph.expression(found[node], inside=True, plain=True))
        again = Lowering(Graph())
        for name, number in zip("abc", x, strict=False):
            again.define_given(name, number, by_entry=False)
        again.define_given("y", float(expected[applied.result]), by_entry=False)
        read = again.node(parse_expression(formula))
        result = evaluate(again.graph, FLOATS)[read]
        assert result == pytest.approx(expected[found[node]], rel=1e-12), formula


# -- number systems -----------------------------------------------------------


@pytest.mark.parametrize(("row", "case"), ROWS)
@EXAMPLES
@given(data=st.data())
def test_fractions_give_what_floats_give_and_stay_fractions_where_the_row_says_so(
    row: Any, case: Case, data: st.DataObject
) -> None:
    x = drawn(data, case)
    if row.name == "pow":
        x[1] = float(round(x[1]))
    applied = apply(row, x)
    expected, exact = value(applied), value(applied, EXACT)
    assert exact == pytest.approx(expected, rel=1e-12, abs=1e-14)
    if row.exact:
        assert isinstance(exact, Fraction)
        for slope in slopes(applied, EXACT) if case.smooth(*x) and row.name != "pow" else ():
            assert isinstance(slope, Fraction | int)


@pytest.mark.parametrize(("row", "case"), ROWS)
@EXAMPLES
@given(data=st.data())
def test_decimals_of_60_digits_give_what_floats_give_for_values_and_slopes(
    row: Any, case: Case, data: st.DataObject
) -> None:
    x = drawn(data, case)
    applied = apply(row, x)
    precise = value(applied, Decimals())
    assert isinstance(precise, Decimal)
    assert float(precise) == pytest.approx(value(applied), rel=1e-12, abs=1e-14)
    if case.smooth(*x):
        by_floats = slopes(applied)
        assert [float(slope) for slope in slopes(applied, Decimals())] == pytest.approx(
            by_floats, rel=1e-12, abs=1e-14
        )


@pytest.mark.parametrize("scalars", [FLOATS, EXACT, Decimals()], ids=lambda system: system.name)
@pytest.mark.parametrize(("row", "case"), ROWS)
@settings(max_examples=5)
@given(data=st.data())
def test_arrays_of_every_number_system_give_entry_by_entry_what_floats_give(
    row: Any, case: Case, scalars: Any, data: st.DataObject
) -> None:
    entries = [drawn(data, case) for _ in range(6)]
    columns = list(zip(*entries, strict=True))
    arrays = [[list(column[:3]), list(column[3:])] for column in columns]
    found = value(apply(row, arrays), scalars)
    assert found.shape == (2, 3)
    assert found.dtype == Arrays(scalars).dtype
    for position, numbers in enumerate(entries):
        entry = found[position // 3, position % 3]
        assert float(entry) == pytest.approx(value(apply(row, numbers)), rel=1e-12, abs=1e-14)
        if scalars is not FLOATS:
            assert isinstance(entry, Fraction | Decimal | float)
        if row.exact and scalars is EXACT and row.name != "pow":
            assert isinstance(entry, Fraction)


@pytest.mark.parametrize(
    ("row", "case"), [row for row in ROWS if len(CASES[str(row.id)].inputs) == 2]
)
@pytest.mark.parametrize(
    "shapes",
    [((2, 3), (3,)), ((3,), (2, 3)), ((2, 1), (1, 3)), ((), (2, 3)), ((2, 3), ()), ((1, 3), (3,))],
)
@settings(max_examples=4)
@given(data=st.data())
def test_the_gradient_over_a_broadcast_axis_is_the_sum_of_the_slopes_of_the_entries(
    row: Any, case: Case, shapes: tuple[tuple[int, ...], ...], data: st.DataObject
) -> None:
    import numpy as np

    from hwsolve.expr.backward import differentiate
    from hwsolve.expr.evaluation import evaluate

    values = []
    for numbers, shape in zip(case.inputs, shapes, strict=True):
        size = math.prod(shape)
        drawn_entries = data.draw(st.lists(numbers, min_size=size, max_size=size))
        values.append(np.array(drawn_entries).reshape(shape))
    full = np.broadcast_shapes(*shapes)
    wide = [np.broadcast_to(array, full) for array in values]
    smooth = (case.smooth(*(array[at] for array in wide)) for at in np.ndindex(*full))
    assume(row.kind == TEST or all(smooth))
    weights = np.arange(1.0, 1 + math.prod(full)).reshape(full)

    applied = apply(row, [array.tolist() for array in values])
    graph = applied.graph
    weighted = graph.emit(OPERATIONS["mul"], (applied.result, graph.constant(weights.tolist())))
    top = graph.emit(TENSORS["sum"], (weighted,))
    graph.labels[top] = Sym("L")
    found = differentiate(graph, top, applied.given).adjoints
    numbers_found = evaluate(graph, Arrays(FLOATS))
    for position, (node, array) in enumerate(zip(applied.given, values, strict=True)):
        expected = np.zeros(array.shape)
        for at in np.ndindex(*full):
            tail = at[len(at) - array.ndim :]
            own = tuple(0 if n == 1 else i for n, i in zip(array.shape, tail, strict=True))
            entries = [wide_array[at] for wide_array in wide]
            expected[own] += weights[at] * case.slopes[position](*entries)
        result = numbers_found[found[node]]
        assert np.shape(result) == array.shape
        assert np.allclose(result, expected, rtol=1e-11, atol=1e-12)
