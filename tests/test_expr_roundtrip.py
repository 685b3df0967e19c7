"""Trees of every kind are written as text and read back as trees that mean the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsolve.errors import EquationError
from hwsolve.expr.notation import text
from hwsolve.expr.parser import parse_expression
from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Over, Sym

LEFT_ASSOCIATIVE = {"mul", "div", "matmul"}


def canonical(tree: Expr) -> Expr:
    """One form for trees that differ only in where a minus sign stands, and in a + b + c.

    (-a)·b is -(a·b), a - b is a + (-b), and (a + b) + c is a + b + c.
    """
    match tree:
        case Num(value=value) if isinstance(value, int | float) and value < 0:
            return Apply("neg", (Num(-value),))
        case Apply(op=op, args=args, attributes=attributes):
            return _operation(op, tuple(map(canonical, args)), attributes)
        case Index(base=base, indices=indices):
            return Index(canonical(base), tuple(map(canonical, indices)))
        case Over(op=op, body=body, variable=variable, low=low, high=high):
            return Over(op, canonical(body), variable, canonical(low), canonical(high))
        case Deriv(top=top, bottoms=bottoms):
            return Deriv(canonical(top), tuple(map(canonical, bottoms)))
        case _:
            return tree


def _operation(op: str, args: tuple[Expr, ...], attributes: Any) -> Expr:
    op = "sigmoid" if op == "σ" else op
    if op == "neg" and isinstance(args[0], Apply) and args[0].op == "neg":
        return args[0].args[0]
    if op in LEFT_ASSOCIATIVE and isinstance(args[0], Apply) and args[0].op == "neg":
        return _operation("neg", (_operation(op, (args[0].args[0], args[1]), ()),), ())
    if op == "sub":
        return _operation("add", (args[0], _operation("neg", (args[1],), ())), ())
    if op == "add" and isinstance(args[0], Apply) and args[0].op == "add":
        return Apply("add", (*args[0].args, *args[1:]))
    return Apply(op, args, attributes)


symbols = st.sampled_from(["a", "b1", "σ2", "W_h", "h'", "dz", "d", "L", "x̂", "e1"]).map(Sym)
# no 0: a minus sign before it is lost, and means nothing
numbers = st.one_of(
    st.integers(1, 12), st.integers(-12, -1), st.sampled_from([0.5, -0.25, 1e-7, 3e20, 1234.5678])
).map(Num)
whole = st.one_of(st.integers(0, 9).map(Num), symbols)
entries = st.builds(
    lambda base, indices: Index(base, tuple(indices)),
    st.sampled_from(["w", "W1", "x"]).map(Sym),
    st.lists(st.integers(0, 9).map(Num), min_size=1, max_size=2),
)
differentiated = st.one_of(st.sampled_from(["L", "w", "v1", "h'", "σ"]).map(Sym), entries)
derivatives = st.one_of(
    st.builds(lambda top, below: Deriv(top, (below,)), differentiated, differentiated),
    st.builds(lambda top, below: Deriv(top, (below, below)), differentiated, differentiated),
    st.builds(
        lambda top, one, two: Deriv(top, (one, two)), differentiated, entries, differentiated
    ),
)
leaves = st.one_of(numbers, symbols, symbols, entries, derivatives)
INFIX = ["add", "sub", "mul", "div", "matmul", "lt", "le", "gt", "ge", "eq", "ne", "pow"]
settings_of_calls = st.sampled_from(
    [
        (),
        (("axis", 1),),
        (("axis", -1), ("keepdims", True)),
        (("shape", (2, 3)),),
        (("reduction", "sum"),),
    ]
)


def branches(trees: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    few = st.lists(trees, min_size=1, max_size=3).map(tuple)
    slices = st.builds(
        lambda low, high: Apply("slice", (low, high)),
        st.one_of(st.just(Sym("")), trees),
        st.one_of(st.just(Sym("")), trees),
    )
    return st.one_of(
        st.builds(lambda op, a, b: Apply(op, (a, b)), st.sampled_from(INFIX), trees, trees),
        st.builds(lambda args: Apply("add", tuple(args)), st.lists(trees, min_size=2, max_size=4)),
        st.builds(lambda op, a: Apply(op, (a,)), st.sampled_from(["neg", "transpose"]), trees),
        st.builds(
            Apply, st.sampled_from(["f", "softmax", "sigmoid", "dot", "d"]), few, settings_of_calls
        ),
        st.builds(lambda args: Apply("stack", args), few),
        st.builds(lambda a, b, c: Apply("where", (a, b, c)), trees, trees, trees),
        st.builds(
            lambda base, at: Index(base, (at,)),
            st.one_of(symbols, trees), st.one_of(trees, slices),
        ),
        st.builds(
            lambda op, body, low, high: Over(op, body, "i", low, high),
            st.sampled_from(["sum", "prod", "max", "min", "mean"]), trees, trees, trees,
        ),
    )  # fmt: skip


trees = st.recursive(leaves, branches, max_leaves=10)


@settings(max_examples=250)
@given(tree=trees, unicode=st.booleans())
def test_a_tree_that_is_written_is_read_back_with_the_same_meaning(
    *, tree: Expr, unicode: bool
) -> None:
    written = text(tree, unicode=unicode)
    assert canonical(parse_expression(written)) == canonical(tree), written


@settings(max_examples=100)
@given(tree=trees)
def test_writing_what_was_read_changes_nothing_any_more(tree: Expr) -> None:
    once = text(parse_expression(text(tree)))
    assert text(parse_expression(once)) == once


@settings(max_examples=100)
@given(tree=trees, data=st.data())
def test_a_text_that_was_cut_or_changed_is_read_or_refused_with_a_place(
    tree: Expr, data: st.DataObject
) -> None:
    written = text(tree)
    at = data.draw(st.integers(0, len(written)))
    end = data.draw(st.integers(at, len(written)))
    changed = (
        written[:at]
        + data.draw(st.sampled_from(["", "(", ")", "[", ",", "=", "."]))
        + written[end:]
    )
    try:
        parse_expression(changed)
    except EquationError as error:
        assert -1 <= error.at <= len(changed)  # noqa: PT017  (either outcome is fine)


@pytest.mark.parametrize("depth", [50, 5_000])
def test_a_tree_of_any_height_is_written(depth: int) -> None:
    tree: Expr = Sym("a")
    for _ in range(depth):
        tree = Apply("pow", (tree, Num(2)))
    assert text(tree) == "(" * (depth - 1) + "a²" + ")²" * (depth - 1)
