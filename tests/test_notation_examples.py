"""How single expressions are written, and that they are read back as the same tree."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

import pytest
from counted_calls import calls

from hwsolve.expr.notation import text
from hwsolve.expr.parser import parse_expression
from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Sym
from hwsolve.render.numbers import all_digits

if TYPE_CHECKING:
    from collections.abc import Callable

# As a student types it, as it is written, and in ASCII where that differs.
WRITTEN = [
    ("x1*w1+b1", "x1·w1 + b1", "x1*w1 + b1"),
    ("(y-yhat)^2", "(y - yhat)²", "(y - yhat)^2"),
    ("x**3", "x³", "x^3"),
    ("x^4", "x^4", ""),
    ("x^n", "x^n", ""),
    ("-(a+b)", "-(a + b)", ""),
    ("a-(b-c)", "a - (b - c)", ""),
    ("a-b-c", "a - b - c", ""),
    ("a+(b+c)", "a + (b + c)", ""),
    ("a/(b*c)", "a/(b·c)", "a/(b*c)"),
    ("a*b/c", "a·b/c", "a*b/c"),
    ("a/b*c", "(a/b)·c", "(a/b)*c"),
    ("-a/b*c", "(-a/b)·c", "(-a/b)*c"),
    ("a/b/c", "a/b/c", ""),
    ("a/(b/c)", "a/(b/c)", ""),
    ("(-2)^2", "(-2)²", "(-2)^2"),
    ("-2^2", "-2²", "-2^2"),
    ("2^-1", "2^(-1)", ""),
    ("(a^b)^c", "(a^b)^c", ""),
    ("a^b^c", "a^(b^c)", ""),
    ("0.75*0.9 + -0.63*-1.1", "0.75·0.9 + (-0.63)·(-1.1)", "0.75*0.9 + (-0.63)*(-1.1)"),
    ("-0.2*0.6", "-0.2·0.6", "-0.2*0.6"),
    ("1 - (-2)", "1 - (-2)", ""),
    ("-x*y", "-x·y", "-x*y"),
    ("a*(-b)", "a·(-b)", "a*(-b)"),
    ("1 if x>0 else 0", "1 if x > 0 else 0", ""),
    ("(1 if x>=0 else -1)*2", "(1 if x ≥ 0 else -1)·2", "(1 if x >= 0 else -1)*2"),
    ("(a if b else c) if d else e", "(a if b else c) if d else e", ""),
    ("(x>0) + (y != 0)", "(x > 0) + (y ≠ 0)", "(x > 0) + (y != 0)"),
    ("W1@x+b1", "W1 @ x + b1", ""),
    ("W.T @ dz", "W.T @ dz", ""),
    ("(A+B)^T @ x", "(A + B)ᵀ @ x", "(A + B)^T @ x"),
    ("-(A@x)", "-(A @ x)", ""),
    ("-A@x", "-A @ x", ""),
    ("2*A@x", "(2·A) @ x", "(2*A) @ x"),
    ("A@x*2", "(A @ x)·2", "(A @ x)*2"),
    ("A@(B@x)", "A @ (B @ x)", ""),
    ("W[0,2]", "W[0, 2]", ""),
    ("x[i + j - 1]", "x[i+j-1]", ""),
    ("x[1:3]", "x[1:3]", ""),
    ("W[:, 2]", "W[:, 2]", ""),
    ("[1, a+b][0]", "[1, a + b][0]", ""),
    ("sum(v[j]*x[i+j-1] for j in 1..3)", "sum(v[j]·x[i+j-1] for j in 1..3)",
     "sum(v[j]*x[i+j-1] for j in 1..3)"),
    ("sum(x^2 for i in 1..n-1)", "sum(x² for i in 1..n-1)", "sum(x^2 for i in 1..n-1)"),
    ("sum(x, axis=0)", "sum(x, axis=0)", ""),
    ("reshape(x, shape=[2, 3])", "reshape(x, shape=[2, 3])", ""),
    ("max(a, b+1)", "max(a, b + 1)", ""),
    ("dz/dw0", "dz/dw0", ""),
    ("∂L/∂W1[0, 2]", "dL/dW1[0,2]", ""),
    ("d2L/dw2", "d2L/dw2", ""),
    ("d2L/dw1^2", "d2L/dw1^2", ""),
    ("d2L/dvdw", "d2L/dvdw", ""),
    ("dz/da2*da2/dy1", "dz/da2 · da2/dy1", "dz/da2 * da2/dy1"),
    ("2*dz/da*3", "2 · dz/da · 3", "2 * dz/da * 3"),
    ("(dz/da)/2 + (dz/db)^2", "(dz/da)/2 + (dz/db)²", "(dz/da)/2 + (dz/db)^2"),
    # names that look like differentials must not turn into a derivative
    ("dz / dw", "dz / dw", ""),
    ("(a*dz) / dw^2", "a·dz / dw²", "a*dz / dw^2"),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "pretty", "ascii_only"), WRITTEN)
def test_an_expression_is_written_with_no_more_brackets_than_it_needs(
    typed: str, pretty: str, ascii_only: str
) -> None:
    tree = parse_expression(typed)
    assert text(tree) == pretty
    assert text(tree, unicode=False) == (ascii_only or pretty)


@pytest.mark.parametrize("typed", [typed for typed, _, _ in WRITTEN])
def test_what_is_written_is_read_back_as_the_same_tree(typed: str) -> None:
    tree = parse_expression(typed)
    assert parse_expression(text(tree)) == tree
    assert parse_expression(text(tree, unicode=False)) == tree


def test_the_logistic_function_is_written_with_its_letter() -> None:
    tree = Apply("sigmoid", (Sym("S1"),))
    assert text(tree) == "σ(S1)"
    assert text(tree, unicode=False) == "sigmoid(S1)"


def test_a_difference_built_as_a_sum_with_a_negation_is_written_with_a_minus_sign() -> None:
    assert (
        text(Apply("add", (Sym("a"), -(Sym("b") * Sym("c")), Apply("neg", (-Sym("d"),)))))
        == "a - b·c - (-d)"
    )


def test_a_negated_product_in_a_product_keeps_its_brackets() -> None:
    assert text(-(Sym("a") * Sym("b")) * Sym("c")) == "(-a·b)·c"


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (Num(Fraction(1, 3)) + Num(Fraction(-2, 5)), "1/3 + (-2/5)"),
        (Num(Fraction(1, 3)) * Sym("x"), "(1/3)·x"),
        (Sym("x") / Num(Fraction(1, 3)), "x/(1/3)"),
        (Num(Fraction(-1, 3)) ** Num(2), "(-1/3)²"),
        (-Num(Fraction(1, 3)), "-(1/3)"),
    ],
)
def test_a_fraction_is_bracketed_wherever_it_could_be_torn_apart(tree: Expr, expected: str) -> None:
    assert text(tree, all_digits) == expected


def test_arrays_in_a_line_of_numbers_are_lists() -> None:
    tree = Apply("matmul", (Num([[1, 2], [3, 4]]), Num([0.5, Fraction(1, 3)])))
    assert text(tree) == "[[1, 2], [3, 4]] @ [0.5, 1/3]"


def test_mixed_second_derivatives_name_both_variables() -> None:
    assert text(Deriv(Sym("L"), (Sym("v"), Sym("w")))) == "d2L/dvdw"
    entry = Index(Sym("W"), (Num(0), Num(1)))
    assert text(Deriv(Sym("L"), (entry, entry))) == "d2L/dW[0,1]^2"


def test_something_that_is_no_expression_is_refused() -> None:
    with pytest.raises(TypeError, match="no way to write Expr"):
        text(Expr())


def nested(depth: int) -> Expr:
    tree: Expr = Sym("x")
    for _ in range(depth):
        tree = Apply("tanh", (tree * Sym("w"),))
    return tree


def added(terms: int) -> Expr:
    return Apply("add", tuple(Sym("x") * Num(i) for i in range(terms)))


def test_a_tree_of_any_depth_is_written() -> None:
    assert len(text(nested(50_000))) == 50_000 * len("tanh(·w)") + 1
    assert text(added(50_000)).count(" + ") == 49_999


@pytest.mark.parametrize("tree", [nested, added])
def test_writing_twice_as_long_a_tree_takes_twice_as_many_steps(
    tree: Callable[[int], Expr],
) -> None:
    once, twice = (calls(partial(text, tree(size))) for size in (2_000, 4_000))
    assert 1.9 < twice / once < 2.1
