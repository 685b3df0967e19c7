"""Tidy formulas: how they read, and that they mean what they meant before."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
from formula_values import NoValueError, value
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsolve.expr.notation import text
from hwsolve.expr.parser import parse_expression
from hwsolve.expr.tree import Apply, Expr, Index, Num, Over, Sym
from hwsolve.proofs.deltas import with_condition
from hwsolve.proofs.index_ranges import Facts, Range
from hwsolve.proofs.products import key
from hwsolve.proofs.rewriting import simplest, spread
from hwsolve.proofs.tidy import Tidier, tidy

RANGES = {"j": Range(Num(1), Num(3)), "k": Range(Num(1), Num(4)), "m": Range(Num(1), Num(6))}


def tidied(words: str) -> str:
    return text(tidy(parse_expression(words), Facts(RANGES)))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("1*x + 0", "x"),
        ("-(-x)", "x"),
        ("x*2 - x", "x"),
        ("2*x*3", "6·x"),
        ("x - -y", "x + y"),
        ("-1*x - 2*y", "-x - 2·y"),
        ("-x + y", "y - x"),
        ("0*x + y", "y"),
        ("1/2*x", "x/2"),
        ("x/(2*y)/3", "x/(6·y)"),
        ("0.01*x", "0.01·x"),
        ("0.5*2*x", "x"),
        ("a*(-b)/(-c)", "a·b/c"),
        ("x^1*y^0", "x"),
        ("x^2*x", "x³"),
        ("x/x", "1"),
        ("x^n*x", "x^(n + 1)"),
        ("2*(y - z)*(0 - 1)*h[k]", "-2·(y - z)·h[k]"),
        ("-(y - z)*h[k]", "(z - y)·h[k]"),
        ("(y - z)*(z - y)", "-(y - z)²"),
        ("(2*a - 2*b)*c", "2·(a - b)·c"),
        ("x*(y + z) + x*(z + y)", "2·x·(y + z)"),
        ("h*(1 - h)", "h·(1 - h)"),
        ("-h*(1 - h)", "-h·(1 - h)"),
        ("x[1 + k - 1]", "x[k]"),
        ("x[-1 + j + k]", "x[j+k-1]"),
        ("log(1) + exp(0)", "1"),
        ("identity(x)", "x"),
        ("1/0", "1/0"),
        ("x^(1/2)*x^(1/2)", "(x^(1/2))²"),
        ("sqrt(x)^2", "sqrt(x)²"),
        ("(2 if 3 > 1 else x)", "2"),
        ("(x if y > 0 else x)", "x"),
        ("(x*y if y > 0 else 2*x)", "x·(y if y > 0 else 2)"),
        ("(x if y > 0 else 0)", "x·(y > 0)"),
        ("(1/y if y > 0 else 0)", "1/y if y > 0 else 0"),
    ],
)
def test_a_formula_reads_as_people_write_it(words: str, found: str) -> None:
    assert tidied(words) == found


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("sum(a*w[i] for i in 1..4)", "a·sum(w[i] for i in 1..4)"),
        ("sum(-2*w[i]*h[k] for i in 1..4)", "-2·h[k]·sum(w[i] for i in 1..4)"),
        ("sum(3 for i in 1..N)", "3·N"),
        ("sum(x for i in 0..n-1)", "x·n"),
        ("sum(w[i] for i in 2..2)", "w[2]"),
        ("sum(0*w[i] for i in 1..4)", "0"),
        ("mean(2*x[i] for i in 1..N)", "2·mean(x[i] for i in 1..N)"),
        ("mean(x for i in 1..N)", "x"),
        ("sum(a*w[i] + a*b for i in 1..4)", "a·sum(w[i] + b for i in 1..4)"),
    ],
)
def test_what_does_not_depend_on_an_index_stands_before_the_sum(words: str, found: str) -> None:
    assert tidied(words) == found


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("delta(k, k)", "1"),
        ("delta(j, j + 1)", "0"),
        ("delta(2, 3)", "0"),
        ("delta(j, k)^2", "δ(j, k)"),
        ("sum(w[i]*delta(i, k) for i in 1..4)", "w[k]"),
        ("sum(w[i]*delta(k, i) for i in 1..4)", "w[k]"),
        ("sum(v[i]*delta(i, j)*x[k+i-1] for i in 1..3)", "v[j]·x[k+j-1]"),
        ("sum(w[i]*delta(5 - i, k) for i in 1..4)", "w[5-k]"),
        ("sum(w[i]*delta(i, 7) for i in 1..4)", "0"),
        ("mean(x[i]*delta(i, k) for i in 1..4)", "x[k]/4"),
        ("sum(sum(A[i, l]*delta(i, j)*delta(l, k) for l in 1..4) for i in 1..3)", "A[j, k]"),
        ("-sum(y[l]*(delta(l, k) - P[k]) for l in 1..4)",
         "P[k]·sum(y[l] for l in 1..4) - y[k]"),
        ("sum((delta(i, k) + w[i])^2 for i in 1..4)",
         "1 + 2·w[k] + sum(w[i]² for i in 1..4)"),
        ("sum(w[i]*sum(v[l]*delta(i+l-1, m) for l in 1..3) for i in 1..4)",
         "sum(w[i]·v[m-i+1] for i in max(1, m - 2)..min(4, m))"),
        ("sum(w[i]*sum(v[l]*delta(i, l + 1) for l in 1..3) for i in 1..4)",
         "sum(w[l+1]·v[l] for l in 1..3)"),
        # nothing is known of m against the range, or the index is not a whole number
        ("sum(w[i]*delta(i, m) for i in 1..4)", "sum(w[i]·δ(i, m) for i in 1..4)"),
        ("sum(w[i]*delta(2*i, k) for i in 1..4)", "sum(w[i]·δ(2·i, k) for i in 1..4)"),
    ],
)  # fmt: skip
def test_a_delta_picks_its_term_out_of_a_sum_where_that_is_certain(words: str, found: str) -> None:
    assert tidied(words) == found


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("sum(v[l]*delta(k+l-1, m) for l in 1..3)", "v[m-k+1] if k ≤ m and m ≤ k + 2 else 0"),
        ("a*sum(w[i]*delta(i, m) for i in 1..4)", "a·w[m] if m ≤ 4 else 0"),
        ("sum(w[i]*delta(2*i, k) for i in 1..4)", "sum(w[i]*delta(2*i, k) for i in 1..4)"),
    ],
)
def test_a_term_that_may_not_be_there_is_given_with_its_condition(words: str, found: str) -> None:
    before = parse_expression(words)
    after = with_condition(before, Facts(RANGES))
    assert text(after) == (text(before) if "delta" in found else found)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("y*(1 - y)*((1 - t)/(1 - y) - t/y)", "y - t"),
        ("p*(a/p - b/p)", "a - b"),
        ("y*(1 - y)*x", "y·(1 - y)·x"),
        ("(a + b)*(a - b)", "(a + b)·(a - b)"),
    ],
)
def test_brackets_are_multiplied_out_only_where_much_cancels(words: str, found: str) -> None:
    tidier = Tidier(Facts(), None, decimals=False, resolve=True)
    assert text(simplest(tidier.expr(parse_expression(words)), tidier)) == found


# -- the meaning -------------------------------------------------------------------------

NAMES = ("a", "b", "c")
WHOLE = st.integers(-3, 3)


def index_expressions(bound: tuple[str, ...]) -> st.SearchStrategy[Expr]:
    names = ["j", "k", *bound]
    return st.one_of(
        st.sampled_from(names).map(Sym),
        st.builds(lambda n, c: Sym(n) + c, st.sampled_from(names), st.integers(1, 2)),
        st.builds(lambda n, m: Sym(n) + Sym(m) - 1, *[st.sampled_from(names)] * 2),
        st.integers(1, 4).map(Num),
    )


@st.composite
def formulas(draw: st.DrawFn, depth: int = 3, bound: tuple[str, ...] = ()) -> Expr:  # noqa: C901, PLR0911  (a case for each)
    """Formulas with sums, deltas, quotients and powers."""
    if depth == 0:
        kind = draw(st.sampled_from(["number", "name", "entry", "delta"]))
    else:
        kind = draw(
            st.sampled_from(
                ["number", "name", "entry", "delta", "sum", "mul", "mul", "add", "sub", "div",
                 "neg", "pow", "over", "over", "function", "where"]
            )
        )  # fmt: skip
    below = formulas(depth - 1, bound) if depth else None
    index = index_expressions(bound)
    match kind:
        case "number":
            others: tuple[float | Fraction, ...] = (0.5, Fraction(2, 3))
            return Num(draw(st.one_of(WHOLE, st.sampled_from(others))))
        case "name":
            return Sym(draw(st.sampled_from(NAMES)))
        case "entry":
            return Index(Sym(draw(st.sampled_from("xw"))), (draw(index),))
        case "delta":
            return Apply("delta", (draw(index), draw(index)))
    assert below is not None
    match kind:
        case "neg":
            return -draw(below)
        case "pow":
            return draw(below) ** draw(st.integers(0, 3))
        case "function":
            return Apply("sigmoid", (draw(below),))
        case "where":
            test = Apply("gt", (draw(below), Num(0)))
            return Apply("where", (test, draw(below), draw(below)))
        case "over":
            variable = draw(st.sampled_from([n for n in ("i", "l", "j") if n not in bound]))
            body = draw(formulas(depth - 1, (*bound, variable)))
            low = draw(st.integers(1, 2))
            op = draw(st.sampled_from(["sum", "sum", "sum", "mean"]))
            return Over(op, body, variable, Num(low), Num(low + draw(st.integers(0, 2))))
        case "sum" | "add":
            return Apply("add", (draw(below), draw(below), draw(below)))
    return Apply(kind, (draw(below), draw(below)))


ENTRIES = {
    f"{name}[{at}]": Fraction((at * at * 7 + len(name) + (name == "w") * 5) % 11 - 4, 3)
    for name in "xw"
    for at in range(-9, 20)
}
POINTS = [
    {"a": Fraction(2, 3), "b": Fraction(-1, 5), "c": Fraction(7, 2)},
    {"a": Fraction(-3), "b": Fraction(4, 9), "c": Fraction(1)},
]
FREE = {"j": range(1, 4), "k": range(1, 5)}


def all_values(expr: Expr) -> list[Fraction | None]:
    """The values at all points and indices, None where there is none."""
    found: list[Fraction | None] = []
    for point in POINTS:
        for j, k in product(FREE["j"], FREE["k"]):
            try:
                found.append(value(expr, {**point, "j": Fraction(j), "k": Fraction(k)}, ENTRIES))
            except NoValueError:
                found.append(None)
    return found


def same_values(before: Expr, after: Expr) -> None:
    # a formula that divides by 0 somewhere may have a value there afterwards: x/x
    for one, other in zip(all_values(before), all_values(after), strict=True):
        assert one is None or one == other, f"{text(before)} became {text(after)}"


@settings(max_examples=250, deadline=None)
@given(formulas())
def test_a_tidy_formula_has_the_same_value_everywhere(before: Expr) -> None:
    facts = Facts({name: Range(Num(r[0]), Num(r[-1])) for name, r in FREE.items()})
    same_values(before, tidy(before, facts))
    same_values(before, tidy(before, facts, resolve=False))


@settings(max_examples=100, deadline=None)
@given(formulas())
def test_tidying_again_changes_no_value_and_other_forms_have_the_same(before: Expr) -> None:
    facts = Facts({name: Range(Num(r[0]), Num(r[-1])) for name, r in FREE.items()})
    tidier = Tidier(facts, None, decimals=False, resolve=True)
    once = tidy(before, facts)
    for other in (
        tidy(once, facts), simplest(once, tidier), spread(once, tidier), with_condition(once, facts)
    ):  # fmt: skip
        same_values(before, other)


@settings(max_examples=100, deadline=None)
@given(formulas(), formulas())
def test_formulas_with_the_same_key_have_the_same_value(one: Expr, other: Expr) -> None:
    if key(one) == key(other):
        same_values(one, other)
    swapped = Apply("add", (other, one))
    assert key(Apply("add", (one, other))) == key(swapped)
    assert key(one * other) == key(other * one)


def test_the_name_of_a_bound_index_does_not_matter_to_the_key() -> None:
    one = parse_expression("sum(w[i]*x[i] for i in 1..4)")
    assert key(one) == key(parse_expression("sum(x[k]*w[k] for k in 1..4)"))
    assert key(one) != key(parse_expression("sum(x[k]*w[i] for k in 1..4)"))
    nested = parse_expression("sum(sum(A[i, j] for j in 1..3) for i in 1..3)")
    assert key(nested) == key(parse_expression("sum(sum(A[j, i] for i in 1..3) for j in 1..3)"))
    assert key(nested) != key(parse_expression("sum(sum(A[j, i] for j in 1..3) for i in 1..3)"))


def test_a_product_has_one_key_whatever_its_order() -> None:
    for one, other in (("0 - a", "a"), ("a - b", "b - a"), ("a - 0", "a"), ("1 - 3", "3 - 1")):
        left, right = parse_expression(one), parse_expression(other)
        assert key(left * right) == key(right * left)
