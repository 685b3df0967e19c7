"""Every row for arrays, against naive loops (`tensor_cases.py`) and dual numbers."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from dual_numbers import Dual, dual, plain
from hypothesis import given, settings
from hypothesis import strategies as st
from small_graphs import apply, pulled_back, value
from tensor_cases import TENSOR_CASES, Grid, Shape, TensorCase

from hwsolve.errors import EquationError
from hwsolve.expr.arrays import Arrays
from hwsolve.expr.evaluation import evaluate
from hwsolve.expr.graph import Graph
from hwsolve.expr.operations import OPERATIONS
from hwsolve.expr.systems import EXACT, FLOATS, Decimals, NumberSystem
from hwsolve.expr.tensors import TENSORS
from hwsolve.expr.tree import Attributes, Expr, Index, Num, Sym

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.expr.operations import Operation

TRIED = [
    pytest.param(TENSORS[name], case, shapes, attributes, id=f"{name}-{shapes}-{dict(attributes)}")
    for name, case in TENSOR_CASES.items()
    for shapes, attributes in case.tried
]
EXAMPLES = settings(max_examples=4)
every_row = pytest.mark.parametrize(("row", "case", "shapes", "attributes"), TRIED)


def drawn(data: st.DataObject, shapes: Sequence[Shape], limits: Sequence[int] = ()) -> list[Any]:
    """Arrays of different numbers with two decimals, as nested lists.

    An argument with a limit is an array of indices below it.
    """
    count = sum(map(prod, shapes))
    entries = data.draw(
        st.lists(st.integers(-300, 300), min_size=count, max_size=count, unique=True)
    )
    arrays: list[Any] = []
    start = 0
    for shape in shapes:
        part = entries[start : start + prod(shape)]
        start += prod(shape)
        numbers = np.array([n / 100 for n in part])
        limit = limits[len(arrays)] if limits else 0
        arrays.append((np.array(part) % limit if limit else numbers).reshape(shape).tolist())
    return arrays


def entries_of(nested: Any, shape: Shape) -> dict[Shape, Any]:
    def entry(at: Shape) -> Any:
        found = nested
        for part in at:
            found = found[part]
        return found

    return {at: entry(at) for at in product(*map(range, shape))}


def expected(
    case: TensorCase, arrays: Sequence[Any], shapes: Sequence[Shape], attributes: Attributes
) -> Grid:
    grids = [Grid(shape, entries_of(a, shape)) for a, shape in zip(arrays, shapes, strict=True)]
    return case.naive(*grids, **dict(attributes))


def test_every_operation_on_arrays_has_a_case_and_the_other_way_round() -> None:
    assert set(TENSOR_CASES) == set(TENSORS)


@pytest.mark.parametrize("name", TENSORS)
def test_an_operation_on_arrays_knows_its_shape_and_how_gradients_pass_through_it(
    name: str,
) -> None:
    row = TENSORS[name]
    assert row.name == name
    assert row.shape is not None
    assert (row.adjoint is not None) is TENSOR_CASES[name].differentiable


@every_row
@EXAMPLES
@given(data=st.data())
def test_an_array_operation_computes_what_naive_loops_compute(
    row: Operation, case: TensorCase, shapes: Any, attributes: Attributes, data: st.DataObject
) -> None:
    arrays = drawn(data, shapes, case.limits)
    found = np.asarray(value(apply(row, arrays, attributes)))
    grid = expected(case, arrays, shapes, attributes)
    assert found.shape == grid.shape
    for at, entry in grid.entries.items():
        assert found[at] == pytest.approx(entry, rel=1e-12, abs=1e-14)


@every_row
def test_the_shape_that_is_announced_is_the_shape_that_comes(
    row: Operation, case: TensorCase, shapes: Any, attributes: Attributes
) -> None:
    arrays = [np.ones(shape).tolist() for shape in shapes]
    applied = apply(row, arrays, attributes)
    assert applied.graph.shapes[applied.result] == expected(case, arrays, shapes, attributes).shape
    assert np.shape(value(applied)) == applied.graph.shapes[applied.result]


@pytest.mark.parametrize("scalars", [EXACT, Decimals()], ids=lambda system: system.name)
@every_row
@settings(max_examples=2)
@given(data=st.data())
def test_an_array_operation_gives_the_same_in_fractions_and_in_60_digits(  # noqa: PLR0913  (one row)
    row: Operation,
    case: TensorCase,
    shapes: Any,
    attributes: Attributes,
    scalars: NumberSystem,
    data: st.DataObject,
) -> None:
    arrays = drawn(data, shapes, case.limits)
    found = np.asarray(value(apply(row, arrays, attributes), scalars))
    grid = expected(case, arrays, shapes, attributes)
    assert found.shape == grid.shape
    for at, entry in grid.entries.items():
        assert float(found[at]) == pytest.approx(entry, rel=1e-12, abs=1e-14)
        if scalars is EXACT and row.exact:
            assert isinstance(found[at], Fraction | int)
        elif scalars is not EXACT:
            assert isinstance(found[at], Decimal)


@every_row
@EXAMPLES
@given(data=st.data())
def test_an_adjoint_passes_on_what_dual_numbers_say(
    row: Operation, case: TensorCase, shapes: Any, attributes: Attributes, data: st.DataObject
) -> None:
    if not case.differentiable:
        return
    arrays = drawn(data, shapes, case.limits)
    applied = apply(row, arrays, attributes)
    out = applied.graph.shapes[applied.result]
    upstream = drawn(data, [out])[0]
    passed = pulled_back(applied, upstream)
    weights = entries_of(upstream, out)
    sizes = [prod(shape) for shape in shapes]
    grids, position = [], 0
    for array, shape in zip(arrays, shapes, strict=True):
        entries = {}
        for at, entry in entries_of(array, shape).items():
            slope = np.zeros(sum(sizes))
            slope[position] = 1.0
            entries[at] = Dual(entry, slope)
            position += 1
        grids.append(Grid(shape, entries))
    result = case.naive(*grids, **dict(attributes))
    gradient = sum(weights[at] * dual(entry) for at, entry in result.entries.items()).slope
    start = 0
    for contribution, shape, size in zip(passed, shapes, sizes, strict=True):
        if contribution is None:
            start += size
            continue
        part = np.broadcast_to(gradient, (sum(sizes),))[start : start + size].reshape(shape)
        assert np.allclose(contribution, part, rtol=1e-10, atol=1e-12)
        start += size


@every_row
@EXAMPLES
@given(data=st.data())
def test_an_adjoint_agrees_with_central_differences_of_the_naive_loops(
    row: Operation, case: TensorCase, shapes: Any, attributes: Attributes, data: st.DataObject
) -> None:
    if not case.differentiable:
        return
    arrays = drawn(data, shapes, case.limits)
    applied = apply(row, arrays, attributes)
    out = applied.graph.shapes[applied.result]
    upstream = drawn(data, [out])[0]
    weights = entries_of(upstream, out)
    passed = pulled_back(applied, upstream)

    def weighted(moved: list[Any]) -> float:
        result = expected(case, [a.tolist() for a in moved], shapes, attributes)
        return float(sum(weights[at] * plain(entry) for at, entry in result.entries.items()))

    for number, shape in enumerate(shapes):
        if passed[number] is None:
            continue
        for at in list(product(*map(range, shape)))[:4]:
            sides = []
            for step in (1e-4, -1e-4):
                moved = [np.array(array) for array in arrays]
                moved[number][at] += step
                sides.append(weighted(moved))
            slope = (sides[0] - sides[1]) / 2e-4
            assert np.asarray(passed[number])[at] == pytest.approx(slope, rel=1e-5, abs=1e-5)


@every_row
@settings(max_examples=2)
@given(data=st.data())
def test_an_adjoint_gives_the_same_in_fractions(
    row: Operation, case: TensorCase, shapes: Any, attributes: Attributes, data: st.DataObject
) -> None:
    if not case.differentiable or not row.exact:
        return
    applied = apply(row, drawn(data, shapes, case.limits), attributes)
    upstream = drawn(data, [applied.graph.shapes[applied.result]])[0]
    floats = pulled_back(applied, upstream)
    for one, other in zip(floats, pulled_back(applied, upstream, EXACT), strict=True):
        if one is None:
            continue
        assert np.allclose(one, np.asarray(other).astype(float), rtol=1e-12)
        for entry in np.ravel(np.asarray(other, dtype=object)):
            assert isinstance(entry, Fraction | int)


class Named:
    """An array of names: what an `entry` rule is given."""

    def __init__(self, name: str, shape: Shape, array: Any) -> None:
        self.name, self.shape, self.array = name, shape, array

    def value(self, at: Shape) -> Any:
        return np.asarray(self.array)[at]

    def __getitem__(self, at: Shape) -> Expr:
        assert len(at) == len(self.shape)
        assert all(0 <= part < size for part, size in zip(at, self.shape, strict=True))
        return Index(Sym(self.name), tuple(map(Num, at))) if at else Sym(self.name)


@every_row
@EXAMPLES
@given(data=st.data())
def test_the_formula_of_one_entry_gives_that_entry(
    row: Operation, case: TensorCase, shapes: Any, attributes: Attributes, data: st.DataObject
) -> None:
    from hwsolve.expr.lower import Lowering

    if row.entry is None:
        return
    arrays = drawn(data, shapes, case.limits)
    grid = expected(case, arrays, shapes, attributes)
    named = [
        Named(name, shape, array) for name, shape, array in zip("abc", shapes, arrays, strict=False)
    ]
    for at, wanted in grid.entries.items():
        made = row.entry(at, named, attributes)
        if not isinstance(made, Expr):
            made = sum(prod(factors[1:], start=factors[0]) for factors in made)
        lowering = Lowering(Graph())
        for name, array in zip("abc", arrays, strict=False):
            lowering.define_given(name, array, by_entry=True)
        node = lowering.node(made)
        assert evaluate(lowering.graph, Arrays(FLOATS))[node] == pytest.approx(wanted, rel=1e-12)


# -- shapes that do not fit -----------------------------------------------------

MISFITS: list[tuple[str, tuple[Shape, ...], Attributes, str]] = [
    ("matmul", ((2, 3), (2, 3)), (),
     ("'@' cannot multiply 2x3 by 2x3: the left has 3 columns, the right 2 rows; the inner sizes "
      "must agree; write W.T for the transpose")),
    ("matmul", ((3,), (2, 3)), (),
     ("'@' cannot multiply a vector of 3 by 2x3: the left has 3 entries, the right 2 rows; the "
      "inner sizes must agree; write W.T for the transpose")),
    ("matmul", ((2, 3), (2,)), (),
     ("'@' cannot multiply 2x3 by a vector of 2: the left has 3 columns, the right 2 entries; the "
      "inner sizes must agree; write W.T for the transpose")),
    ("matmul", ((2,), (3,)), (),
     ("'@' cannot multiply a vector of 2 by a vector of 3: the left has 2 entries, the right 3 "
      "entries; the inner sizes must agree")),
    ("matmul", ((), (3,)), (),
     "'@' needs vectors or matrices, not a number and a vector of 3; write * for numbers"),
    ("matmul", ((2, 3, 4), (3, 2)), (),
     ("'@' cannot multiply 2x3x4 by 3x2: the left has 4 columns, the right 3 rows; the inner sizes "
      "must agree; swap(W, -1, -2) transposes each matrix of a stack")),
    ("matmul", ((2, 3, 4), (3, 4, 2)), (),
     "'@' cannot multiply 2x3x4 by 3x4x2: axis 0 has 2 matrices in one and 3 in the other"),
    ("outer", ((2, 3), (3,)), (), "'outer' takes two vectors, not 2x3 and a vector of 3"),
    ("sum", ((2, 3),), (("axis", 2),), "axis=2 does not exist in 2x3; its axes are 0 and 1"),
    ("max", ((3,),), (("axis", 1),), "axis=1 does not exist in a vector of 3; its axis is 0"),
    ("softmax", ((2, 3),), (("axis", "rows"),),
     "axis=rows does not exist in 2x3; its axes are 0 and 1"),
    ("stack", ((2,), (3,)), (),
     "a list needs entries of one shape, not a vector of 2 and a vector of 3"),
    ("concat", ((2, 3), (2, 2)), (("axis", 0),),
     "concat cannot join 2x3 and 2x2 along axis 0: axis 1 has 3 entries in one and 2 in the other"),
    ("concat", ((2, 3), (3,)), (),
     "concat cannot join 2x3 and a vector of 3 along axis 0: they have 2 axes and 1"),
    ("concat", ((), ()), (), "concat joins vectors or matrices; write [a, b] for numbers"),
    ("reshape", ((2, 3),), (("shape", (4, 2)),), "2x3 has 6 entries and cannot become 4x2"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "shapes", "attributes", "message"), MISFITS)
def test_shapes_that_do_not_fit_are_named_with_the_axis(
    name: str, shapes: tuple[Shape, ...], attributes: Attributes, message: str
) -> None:
    with pytest.raises(EquationError) as failure:
        apply(TENSORS[name], [np.ones(shape).tolist() for shape in shapes], attributes)
    assert str(failure.value) == message


BROADCASTS = [
    ("add", (2, 3), (2,),
     "'+' cannot combine 2x3 with a vector of 2: axis 1 has 3 entries in one and 2 in the other"),
    ("sub", (3,), (4,),
     ("'-' cannot combine a vector of 3 with a vector of 4: axis 0 has 3 entries in one and 4 in "
      "the other")),
    ("mul", (2, 3), (3, 2),
     "'*' cannot combine 2x3 with 3x2: axis 0 has 2 entries in one and 3 in the other"),
    ("div", (4, 2, 3), (3, 3),
     "'/' cannot combine 4x2x3 with 3x3: axis 1 has 2 entries in one and 3 in the other"),
    ("pow", (3,), (2, 2),
     "'^' cannot combine a vector of 3 with 2x2: axis 1 has 3 entries in one and 2 in the other"),
    ("maximum", (3,), (2,),
     ("'max' cannot combine a vector of 3 with a vector of 2: axis 0 has 3 entries in one and 2 in "
      "the other")),
    ("lt", (3,), (2,),
     ("'<' cannot combine a vector of 3 with a vector of 2: axis 0 has 3 entries in one and 2 in "
      "the other")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "one", "other", "message"), BROADCASTS)
def test_shapes_that_do_not_broadcast_are_named_with_the_axis(
    name: str, one: Shape, other: Shape, message: str
) -> None:
    with pytest.raises(EquationError) as failure:
        apply(OPERATIONS[name], [np.ones(one).tolist(), np.ones(other).tolist()])
    assert str(failure.value) == f"{message}; check the shapes, or transpose one of them"


@settings(max_examples=60)
@given(
    one=st.lists(st.integers(1, 3), max_size=3).map(tuple),
    other=st.lists(st.integers(1, 3), max_size=3).map(tuple),
    third=st.lists(st.integers(1, 3), max_size=2).map(tuple),
)
def test_shapes_broadcast_as_in_numpy(one: Shape, other: Shape, third: Shape) -> None:
    from hwsolve.expr.shapes import broadcast

    try:
        wanted = np.broadcast_shapes(one, other, third)
    except ValueError:
        with pytest.raises(EquationError):
            broadcast([one, other, third], "'+'")
    else:
        assert broadcast([one, other, third], "'+'") == wanted
