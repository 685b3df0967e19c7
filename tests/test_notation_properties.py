"""Brackets, put to the test: random trees are written, read again and worked out."""

from __future__ import annotations

import operator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from hwsolve.expr.notation import text
from hwsolve.expr.parser import parse_expression
from hwsolve.expr.tree import Apply, Expr, Index, Num, Over, Sym
from hwsolve.render.numbers import all_digits

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = {"a": Fraction(2, 3), "b": Fraction(-5, 7), "dz": Fraction(3), "dw1": Fraction(-11, 4)}
VECTOR = [Fraction(7, 2), Fraction(-3), Fraction(1, 9), Fraction(4)]
LARGEST = 10**40


def power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1 or abs(exponent) > 4 or abs(base) > LARGEST:
        raise OverflowError
    return Fraction(base) ** int(exponent)


COMPARE: dict[str, Callable[..., Any]] = {
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "eq": operator.eq,
    "ne": operator.ne,
}
MEANING: dict[str, Callable[..., Any]] = {
    **COMPARE,
    "add": lambda *terms: sum(terms),
    "sub": operator.sub,
    "mul": operator.mul,
    # of its own, so that neither order nor association can hide behind a law
    "matmul": lambda a, b: 2 * a - 3 * b + a * b,
    "div": operator.truediv,
    "neg": operator.neg,
    "sigmoid": lambda a: 1 / (2 + abs(a)),
    "transpose": lambda a: a + 1,
    "pow": power,
}


def value(tree: Expr, names: dict[str, Any]) -> Any:
    """An evaluator in exact fractions that shares nothing with the program's own."""
    match tree:
        case Num(value=number):
            return Fraction(str(number))
        case Sym(name=name):
            return names[name]
        case Index(indices=(place,)):
            return VECTOR[int(value(place, names)) % len(VECTOR)]
        case Over(body=body, variable=variable, low=low, high=high):
            first, last = int(value(low, names)), int(value(high, names))
            terms = range(first, min(last, first + 5) + 1)
            return sum(value(body, {**names, variable: Fraction(i)}) for i in terms)
        case Apply(op="where", args=(condition, yes, no)):
            return value(yes if value(condition, names) else no, names)
        case Apply(op=op, args=args):
            return Fraction(MEANING[op](*[value(arg, names) for arg in args]))
    raise TypeError(tree)


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


def with_sigmoid(tree: Expr) -> Expr:
    """The tree with the operation's full name for its letter, as the solvers resolve it."""
    match tree:
        case Apply(op=op, args=args, attributes=attributes):
            name = "sigmoid" if op == "σ" else op
            return Apply(name, tuple(map(with_sigmoid, args)), attributes)
        case Index(base=base, indices=indices):
            return Index(base, tuple(map(with_sigmoid, indices)))
        case Over(op=op, body=body, variable=variable, low=low, high=high):
            low, high = with_sigmoid(low), with_sigmoid(high)
            return Over(op, with_sigmoid(body), variable, low, high)
        case _:
            return tree


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
