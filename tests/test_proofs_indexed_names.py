"""Names put for others: nothing that is free becomes bound by accident."""

from __future__ import annotations

from fractions import Fraction

import pytest
from formula_values import value
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsolve.expr.notation import text
from hwsolve.expr.parser import parse_expression
from hwsolve.expr.tree import Apply, Expr, Index, Num, Over, Sym
from hwsolve.proofs.names import all_names, free_names, fresh, substitute, with_index


@pytest.mark.parametrize(
    ("words", "free"),
    [
        ("sum(w[i]*x[i+j-1] for i in 1..N)", {"w", "x", "j", "N"}),
        ("i + sum(i for i in 1..3)", {"i"}),
        ("sum(i for i in 1..i)", {"i"}),
        ("dR/dw[i] + h[k]", {"R", "w", "i", "h", "k"}),
    ],
)
def test_a_bound_index_is_not_free_outside_of_its_sum(words: str, free: set[str]) -> None:
    assert free_names(parse_expression(words)) == free


@pytest.mark.parametrize(
    ("words", "values", "found"),
    [
        ("sum(w[i]*x[j] for i in 1..4)", {"j": "i"}, "sum(w[k]·x[i] for k in 1..4)"),
        ("sum(w[i]*x[j] for i in 1..4)", {"j": "k"}, "sum(w[i]·x[k] for i in 1..4)"),
        ("sum(w[i] for i in 1..j)", {"j": "i"}, "sum(w[i] for i in 1..i)"),
        ("sum(w[i] for i in 1..4)", {"i": "7"}, "sum(w[i] for i in 1..4)"),
        ("i + sum(w[i] for i in 1..4)", {"i": "j"}, "j + sum(w[i] for i in 1..4)"),
        ("sum(sum(a[i, j, k] for j in 1..3) for i in 1..2)", {"k": "i + j"},
         "sum(sum(a[l, m, i+j] for m in 1..3) for l in 1..2)"),
        # the name that was made up must not be captured further inside
        ("sum(sum(a[i, k, j] for k in 1..3) for i in 1..2)", {"j": "i"},
         "sum(sum(a[k, l, i] for l in 1..3) for k in 1..2)"),
        ("dR/dw[i]", {"i": "k"}, "dR/dw[k]"),
    ],
)  # fmt: skip
def test_bound_indices_make_room_for_what_is_put_in(
    words: str, values: dict[str, str], found: str
) -> None:
    parts = {name: parse_expression(part) for name, part in values.items()}
    assert text(substitute(parse_expression(words), parts)) == found


def test_a_fresh_name_is_the_next_letter_that_nobody_uses() -> None:
    assert fresh("i", set()) == "i"
    assert fresh("i", {"i", "j"}) == "k"
    assert fresh("u", {"u", "i"}) == "j"
    letters = {"i", "j", "k", "l", "m", "n", "p", "q", "r", "s", "t", "u"}
    assert fresh("i", letters) == "i1"
    assert fresh("i", {*letters, "i1"}) == "i2"
    assert fresh("x", {"x"}) == "i"


def test_a_sum_can_run_under_another_name() -> None:
    total = parse_expression("sum(w[i]*sum(v[j]*x[i+j] for j in 1..2) for i in 1..3)")
    assert isinstance(total, Over)
    assert text(with_index(total, "j")) == "sum(w[j]·sum(v[k]·x[j+k] for k in 1..2) for j in 1..3)"


NAMES = ("i", "j", "k", "l")


@st.composite
def formulas(draw: st.DrawFn, depth: int = 3) -> Expr:
    kind = draw(
        st.sampled_from(["name", "entry", "add", "mul", "over", "over"][: 2 + 4 * bool(depth)])
    )
    if kind == "name":
        return Sym(draw(st.sampled_from(NAMES)))
    if kind == "entry":
        return Index(Sym("x"), (Sym(draw(st.sampled_from(NAMES))),))
    if kind == "over":
        body = draw(formulas(depth - 1))
        return Over("sum", body, draw(st.sampled_from(NAMES)), Num(1), Num(draw(st.integers(1, 3))))
    return Apply(kind, (draw(formulas(depth - 1)), draw(formulas(depth - 1))))


ENTRIES = {f"x[{at}]": Fraction(at * at - 7 * at, 3) for at in range(-40, 41)}


@settings(max_examples=300, deadline=None)
@given(formulas(), st.dictionaries(st.sampled_from(NAMES), st.sampled_from(NAMES)))
def test_putting_names_in_is_the_same_as_giving_them_these_values(
    expr: Expr, renamed: dict[str, str]
) -> None:
    numbers = {name: Fraction(number) for number, name in enumerate(NAMES, 2)}
    after = substitute(expr, {name: Sym(other) for name, other in renamed.items()})
    before = {name: numbers[renamed.get(name, name)] for name in NAMES}
    assert value(after, {**numbers, **_made_up(after)}, ENTRIES) == value(expr, before, ENTRIES)


def _made_up(expr: Expr) -> dict[str, Fraction]:
    """Names that were made up for bound indices have values only inside of their sums."""
    return dict.fromkeys(all_names([expr]) - set(NAMES) - {"x"}, Fraction(10**6))
