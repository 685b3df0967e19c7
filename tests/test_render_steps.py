"""Lines of working: signs in columns, long lines broken, and never a false `=`."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from documents import step
from formulas import value
from hypothesis import given, reject
from hypothesis import strategies as st

from hwsolve.expr.parser import parse_expression
from hwsolve.expr.tree import Apply, Expr, Num, Sym
from hwsolve.render.page import Page
from hwsolve.render.steps import step_lines
from hwsolve.render.terminal import plain
from hwsolve.solution import Step


def written(*steps: Step, page: Page | None = None, brief: bool = False) -> str:
    return plain(step_lines(steps, page or Page(), brief=brief))


def test_relation_signs_of_similar_steps_stand_in_columns() -> None:
    assert written(
        step("u0", "x0*w0", "1*0.5", value=0.5),
        step("a10", "u0 + b0", "0.5 + 0.1", value=0.6),
        step("h", value=2),
    ) == (
        "  u0  = x0·w0   = 1·0.5     = 0.5\n"
        "  a10 = u0 + b0 = 0.5 + 0.1 = 0.6\n"
        "  h   = 2\n"
    )  # fmt: skip


def test_a_much_longer_step_does_not_pull_the_others_apart() -> None:
    assert (
        written(
            step("a", "b", value=1),
            step("c", "first_name + second_name + third_name", value=2),
        )
        == "  a = b = 1\n  c = first_name + second_name + third_name = 2\n"
    )


def test_a_step_too_long_for_the_page_goes_on_below_its_signs() -> None:
    long = step("dz/dw", "dz/da*da/db*db/dc*dc/dw", "1*2*3*4", value=24, reason="one path")
    assert written(long, page=Page(width=40)) == (
        "  dz/dw = dz/da · da/db · db/dc · dc/dw\n"
        "        = 1·2·3·4 = 24   (one path)\n"
    )  # fmt: skip


def test_a_formula_is_broken_on_a_screen_and_stays_whole_in_a_pipe() -> None:
    long = step("s", "first_name*second_name + third_name*fourth_name - fifth_name", value=1)
    whole = "first_name·second_name + third_name·fourth_name - fifth_name"
    assert whole in written(long, page=Page(width=40))
    assert written(long, page=Page(width=40, screen=True)) == (
        "  s = first_name·second_name\n"
        "        + third_name·fourth_name\n"
        "        - fifth_name\n"
        "    = 1\n"
    )


def test_a_formula_is_broken_inside_brackets_only_where_it_must_be() -> None:
    long = step("s", "tanh(alpha + beta + gamma_one, delta) * zeta", value=1)
    assert written(long, page=Page(width=30, screen=True)) == (
        "  s = tanh(alpha + beta\n"
        "        + gamma_one, delta)\n"
        "        ·zeta\n"
        "    = 1\n"
    )  # fmt: skip


def test_what_stands_there_already_is_not_repeated() -> None:
    assert written(step("x", "0.5", "0.5", value=0.5)) == "  x = 0.5\n"
    assert written(step("da/db", "1", value=1)) == "  da/db = 1\n"
    assert written(step("", "sigmoid(0)", value=0.5)) == "  σ(0) = 0.5\n"
    assert written(step("y", "x^2")) == "  y = x²\n"


def test_rounded_numbers_are_marked_on_both_of_their_sides() -> None:
    third = 1 / 3
    tripled = Step(Sym("t"), (Sym("a") * Num(3), Num(third) * Num(3)), 1.0)
    assert written(tripled) == "  t = a·3 ≈ 0.333333·3 ≈ 1\n"
    assert written(tripled, brief=True) == "  t = a·3 = 1\n"
    assert written(step("y", "x", value=third), page=Page(unicode=False)) == "  y = x ~ 0.333333\n"


def decimal_step(*forms: Expr, value: str) -> Step:
    return Step(Sym("s"), forms, Decimal(value))


def decimals(text: str) -> Expr:
    """A formula with the decimals that stand in it as they are written."""
    if text.startswith("sigmoid"):
        return Apply("sigmoid", (decimals(text[8:-1]),))
    terms: list[Expr] = [
        Apply("mul", (Num(Decimal(a)), Num(Decimal(b))))
        for a, b in re.findall(r"(\S+)\*(\S+)", text)
    ] or [Num(Decimal(number)) for number in text.split(" + ")]
    return terms[0] if len(terms) == 1 else Apply("add", tuple(terms))


def test_steps_rounded_on_purpose_are_equal_only_where_rounding_changed_nothing() -> None:
    exact = decimals("0.75*0.9 + 0.63*1.1"), decimals("0.6750 + 0.6930")
    assert written(decimal_step(*exact, value="1.3680")) == (
        "  s = 0.75·0.9 + 0.63·1.1 = 0.6750 + 0.6930 = 1.3680\n"
    )
    lossy = decimals("0.8*0.7971 + 0.2*0.1928"), decimals("0.6377 + 0.0386")
    assert written(decimal_step(*lossy, value="0.6763")) == (
        "  s = 0.8·0.7971 + 0.2·0.1928 ≈ 0.6377 + 0.0386 = 0.6763\n"
    )
    assert written(decimal_step(decimals("sigmoid(1.3680)"), value="0.7971")) == (
        "  s = σ(1.3680) ≈ 0.7971\n"
    )
    assert written(decimal_step(Sym("w6"), value="-0.2")) == "  s = w6 = -0.2\n"
    assert written(decimal_step(Sym("a") * Sym("b"), value="0.2")) == "  s = a·b ≈ 0.2\n"


def test_a_number_near_one_keeps_the_digits_that_one_minus_it_needs() -> None:
    saturated = 0.9999981489412736
    slope = Step(Sym("d"), (Num(1) - Num(saturated) ** Num(2),), 1 - saturated**2)
    assert written(slope) == "  d ≈ 1 - 0.99999814894² ≈ 3.70211e-6\n"
    assert written(Step(Sym("a"), (Sym("h"),), saturated)) == "  a = h ≈ 0.999998\n"
    doubled = Step(Sym("p"), (Num(2) * Num(saturated),), 2 * saturated)
    assert written(doubled) == "  p ≈ 2·0.999998 ≈ 2\n"


def test_a_matrix_stands_in_aligned_rows_with_its_shape() -> None:
    matrix = step("V", "W.T", value=[[0.15, -10], [1 / 3, 3]], reason="rows are columns now")
    assert written(matrix) == (
        "  V = W.T\n"
        "    ≈ [[0.15    , -10],\n"
        "       [0.333333,   3]]   (2x2, rows are columns now)\n"
    )


def test_arrays_in_formulas_are_left_out_where_they_are_large() -> None:
    weights = np.arange(20.0)
    large = Step(Sym("s"), (Apply("sum", (Sym("w"),)), Apply("sum", (Num(weights),))), 190.0)
    assert written(large) == "  s = sum(w) = 190\n"


def test_a_large_array_is_described() -> None:
    assert written(Step(Sym("g"), (Sym("f"),), np.arange(1200.0).reshape(40, 30))) == (
        "  g = f\n"
        "      40x30: smallest 0, largest 1199, mean 599.5, norm 23985\n"
        "      [[   0,    1,    2, ...,   27,   28,   29],\n"
        "       [  30,   31,   32, ...,   57,   58,   59],\n"
        "       [  60,   61,   62, ...,   87,   88,   89],\n"
        "       ...,\n"
        "       [1110, 1111, 1112, ..., 1137, 1138, 1139],\n"
        "       [1140, 1141, 1142, ..., 1167, 1168, 1169],\n"
        "       [1170, 1171, 1172, ..., 1197, 1198, 1199]]\n"
    )


def test_a_name_wider_than_the_others_does_not_push_them_out() -> None:
    text = written(step("a", "b", value=1), step("d" * 40, "c", value=2))
    assert text == f"  a = b = 1\n  {'d' * 40} = c = 2\n"


floats = st.floats(-50, 50).map(lambda number: round(number, 4))
leaves = st.one_of(floats, st.fractions(-5, 5, max_denominator=7), st.integers(-9, 9)).map(Num)
formulas = st.recursive(
    leaves,
    lambda below: st.builds(
        lambda op, a, b: Apply(op, (a, b)),
        st.sampled_from(["add", "sub", "mul", "div"]),
        below,
        below,
    ),
    max_leaves=6,
)


@given(st.lists(formulas, min_size=1, max_size=5), st.sampled_from([30, 60, 80, 200]))
def test_both_sides_of_every_printed_equals_sign_are_equal(trees: list[Expr], width: int) -> None:
    steps = []
    for position, tree in enumerate(trees):
        try:
            steps.append(Step(Sym(f"s{position}"), (tree,), float(value(tree, {}))))
        except (ZeroDivisionError, OverflowError):
            reject()
    printed = " ".join(
        line.strip() for line in written(*steps, page=Page(width=width)).splitlines()
    )
    for line in re.split(r"s\d+ +(?==|≈)", printed)[1:]:
        links = re.findall(r"(=|≈) (.*?) *(?=$| = | ≈ )", line.strip())
        values = [value(parse_expression(side), {}) for _, side in links]
        for (sign, _), before, after in zip(links[1:], values, values[1:], strict=False):
            if sign == "=":
                assert float(after) == pytest.approx(float(before), rel=1e-14, abs=1e-320), line


def test_fractions_are_exact_to_the_end() -> None:
    third = Num(Fraction(1, 3))
    assert written(Step(Sym("s"), (third + third,), Fraction(2, 3))) == "  s = 1/3 + 1/3 = 2/3\n"
