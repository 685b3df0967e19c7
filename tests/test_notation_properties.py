"""Brackets, put to the test: random trees are written, read again and worked out."""

from __future__ import annotations

from fractions import Fraction

import pytest
from formulas import COMPARE, NAMES, value, with_sigmoid
from hypothesis import given, reject
from hypothesis import strategies as st

from hwsolve.expr.notation import text
from hwsolve.expr.parser import parse_expression
from hwsolve.expr.tree import Apply, Expr, Index, Num, Over, Sym
from hwsolve.render.numbers import all_digits

numbers = st.one_of(
    st.integers(-9, 9),
    st.floats(-100, 100, allow_nan=False).map(lambda x: round(x, 3)),
    st.fractions(-9, 9, max_denominator=9),
    st.sampled_from([1e-7, -2.5e20]),
).map(Num)
leaves = st.one_of(numbers, st.sampled_from(list(NAMES)).map(Sym))


def branches(trees: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    binary = st.sampled_from(["add", "sub", "mul", "div", "matmul", "mul", "sub", *COMPARE])
    powers = st.one_of(st.integers(-3, 3).map(Num), trees)
    ends = st.one_of(st.integers(-2, 3).map(Num), trees)
    return st.one_of(
        st.builds(lambda op, a, b: Apply(op, (a, b)), binary, trees, trees),
        st.builds(lambda args: Apply("add", tuple(args)), st.lists(trees, min_size=2, max_size=4)),
        st.builds(lambda op, a: Apply(op, (a,)), st.sampled_from(["neg", "sigmoid"]), trees),
        st.builds(lambda a: Apply("transpose", (a,)), trees),
        st.builds(lambda a, b: Apply("pow", (a, b)), trees, powers),
        st.builds(lambda c, a, b: Apply("where", (c, a, b)), trees, trees, trees),
        st.builds(lambda a: Index(Sym("v"), (a,)), trees),
        st.builds(lambda body, a, b: Over("sum", body, "i", a, b), trees, ends, ends),
    )


trees = st.recursive(leaves, branches, max_leaves=12)


@given(tree=trees, unicode=st.booleans())
def test_a_written_formula_means_the_same_when_it_is_read_again(
    *, tree: Expr, unicode: bool
) -> None:
    names = {**NAMES, "i": Fraction(1)}
    try:
        expected = value(tree, names)
    except (ZeroDivisionError, OverflowError):
        reject()
    written = text(tree, all_digits, unicode=unicode)
    assert value(with_sigmoid(parse_expression(written)), names) == expected


@pytest.mark.parametrize(
    ("tree", "without_brackets"),
    [
        (Sym("a") - (Sym("b") - Sym("dz")), "a - b - dz"),
        (Sym("a") / (Sym("b") * Sym("dz")), "a/b·dz"),
        (Num(-2) ** Num(2), "-2^2"),
    ],
)
def test_the_test_of_brackets_notices_a_missing_one(tree: Expr, without_brackets: str) -> None:
    assert value(parse_expression(without_brackets), NAMES) != value(tree, NAMES)
