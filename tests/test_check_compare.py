"""Stated answers against computed values, one by one."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsolve.errors import Place
from hwsolve.expr.stated import stated_number
from hwsolve.marking.compare import Tolerance, Verdict, compare
from hwsolve.problem.model import Written

if TYPE_CHECKING:
    from hwsolve.problem.model import Stated


def stated(answer: Any) -> Stated:
    if isinstance(answer, list):
        return [stated(entry) for entry in answer]
    return Written(answer, Place("key.yaml", 9, 11))


def verdict(answer: Any, computed: Any, tolerance: str | None = None) -> Verdict:
    allowed = Tolerance.parse(tolerance) if tolerance else None
    return compare("q", stated(answer), computed, allowed)


@pytest.mark.parametrize(
    ("answer", "computed"),
    [
        ("0.62", 0.6154),
        ("0.62", 0.625),  # at the end of the band, where ties may go either way
        ("0.62", 0.615),
        ("-0.62", -0.6249999),
        ("0.0006", 0.0006215779863894283),
        ("6.2e-4", 0.0006215779863894283),
        ("6e-4", 0.0006215779863894283),
        ("1.15e6", 1_154_560),
        (".5", 0.45),
        ("5.", 5.4),
    ],
)
def test_a_decimal_allows_half_a_unit_of_its_last_digit(answer: str, computed: float) -> None:
    assert verdict(answer, computed).right


@pytest.mark.parametrize(
    ("answer", "computed"),
    [("0.62", 0.6251), ("0.62", 0.6149), ("6.2e-4", 0.000626), ("0.620", 0.6206), ("0.62", -0.62)],
)
def test_a_decimal_allows_no_more_than_that(answer: str, computed: float) -> None:
    assert verdict(answer, computed).outcome == "wrong"


def test_the_difference_and_what_was_allowed_are_kept() -> None:
    found = verdict("0.60", 0.6251)
    assert found.difference == pytest.approx(0.0251)
    assert found.allowed == pytest.approx(0.005)


@pytest.mark.parametrize(
    ("answer", "computed"),
    [
        ("1", 1.0000000000000002),
        ("0", 2.7e-17),
        ("1154560", 1_154_560),
        ("1,154,560", 1_154_560),
        ("1_154_560", 1_154_560),
        ("1e6", 1_000_000),
        ("3/5", Fraction(3, 5)),
        ("3/5", 0.6000000000000001),
        ("-1/3", -0.3333333333333333),
        ("7", Decimal("7.0000")),
        ("3/5", Decimal("0.6000")),
        ("−2", -2.0),  # the sign that word processors write
    ],
)
def test_integers_and_fractions_are_exact_but_for_the_noise_of_floats(
    answer: str, computed: Any
) -> None:
    assert verdict(answer, computed).right


@pytest.mark.parametrize(
    ("answer", "computed"),
    [
        ("1", 1.0001),
        ("1", 0.97),
        ("0", 1e-9),
        ("1e6", 1_154_560),
        ("1154560", 1_154_561),
        ("1/3", 0.3333),
        ("3/5", Fraction(60_001, 100_000)),
        ("9007199254740993", 9_007_199_254_740_992),  # 2**53 + 1, which no float holds
    ],
)
def test_an_integer_or_a_fraction_that_is_nearly_right_is_wrong(answer: str, computed: Any) -> None:
    assert verdict(answer, computed).outcome == "wrong"


def test_an_exact_answer_allows_nothing() -> None:
    assert verdict("1", 0.97).allowed == 0


def test_a_key_of_many_digits_is_not_held_to_the_last_bits() -> None:
    # question B: dL/dw3 in full precision, as another order of operations rounds it
    assert verdict("0.0006215779863894283", 0.00062157798638942).right
    assert not verdict("0.0006215779863894283", 0.000621577987).right


@pytest.mark.parametrize("computed", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_never_right(computed: float) -> None:
    assert verdict("0.5", computed).outcome == "wrong"
    assert verdict("1", computed).outcome == "wrong"


def test_a_tolerance_widens_what_the_digits_allow_and_never_narrows_it() -> None:
    assert verdict("0.3", 1 / 3, "1%").right
    assert verdict("0.3", 1 / 3, "0").right
    assert verdict("0.62", 0.6211, "1e-3").right
    assert verdict("0.620", 0.6206, "1e-4").outcome == "wrong"
    assert verdict("0.62", 0.6251, "1%").right
    assert verdict("0.62", 0.6251, "0.01").right
    assert verdict("100", 100.9, "1%").right
    assert verdict("100", 101.1, "1%").outcome == "wrong"
    assert verdict("0", 1e-17, "1%").right


def test_a_negative_tolerance_is_refused() -> None:
    with pytest.raises(ValueError, match="a tolerance is at least 0, not -1%"):
        Tolerance.parse("-1%")


@pytest.mark.parametrize("text", ["", "abc", "nan", "inf", "1%%x", "%"])
def test_a_tolerance_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is neither a number"):
        Tolerance.parse(text)


def test_vectors_and_matrices_are_compared_entry_by_entry() -> None:
    assert verdict(["1", "0.50"], np.array([1.0, 0.504])).right
    assert verdict([["1", "2"], ["3", "4"]], np.array([[1, 2], [3, 4]])).right
    assert verdict(["1/3", "2/3"], (Fraction(1, 3), Fraction(2, 3))).right


def test_the_worst_entry_is_named() -> None:
    found = verdict([["1.0", "2.5"], ["0.0", "-3.0"]], np.array([[1, 2.6], [0, -4]]))
    assert found.outcome == "wrong"
    assert found.entry == (1, 1)
    assert found.difference == -1.0


def test_the_noise_in_a_vector_follows_its_largest_entry() -> None:
    assert verdict(["1000", "0"], np.array([1000.0, 5e-10])).right
    assert not verdict(["1", "0"], np.array([1.0, 5e-10])).right


@pytest.mark.parametrize(
    ("answer", "computed", "reason"),
    [
        (["1", "2"], np.array([1.0, 2, 3]), "stated 2 values, computed 3 values"),
        (["1", "2"], np.array([[1.0, 2]]), "stated 2 values, computed 1x2 values"),
        ([["1"], ["2"]], np.array([1.0, 2]), "stated 2x1 values, computed 2 values"),
        (["1", "2"], 1.0, "stated 2 values, computed a single value"),
        ("1", np.array([1.0, 2]), "stated a single value, computed 2 values"),
        ([], np.array([1.0]), "stated 0 values, computed 1 value"),
    ],
)
def test_another_shape_is_named(answer: Any, computed: Any, reason: str) -> None:
    found = verdict(answer, computed)
    assert (found.outcome, found.reason) == ("shape", reason)


def test_a_number_fits_an_array_of_one_entry() -> None:
    assert verdict("0.5", np.array([[0.5]])).right
    assert verdict("30", (30,)).right


def test_sizes_are_exact() -> None:
    assert verdict("20x6x6", (20, 6, 6)).right
    assert verdict("20×6×6", (20, 6, 6)).right
    assert verdict(["20", "6", "6"], (20, 6, 6)).right
    assert verdict("20x6x5", (20, 6, 6)).outcome == "wrong"
    assert verdict("20x6x5", (20, 6, 6), "50%").outcome == "wrong"
    assert verdict("6x6", (20, 6, 6)).outcome == "shape"


def test_truth_values_and_words_are_compared_as_such() -> None:
    assert verdict("true", True).right
    assert verdict("No", False).right
    assert verdict("false", True).outcome == "wrong"
    assert verdict("1", True).outcome == "wrong"
    assert verdict("Over  fits", "over fits").right
    assert verdict("under", "over").outcome == "wrong"


def test_a_word_where_a_number_was_computed_is_wrong_and_said() -> None:
    found = verdict("about a half", 0.5)
    assert (found.outcome, found.reason) == ("wrong", "'about a half' is not a number")


def test_integers_beyond_the_range_of_floats_are_compared() -> None:
    assert verdict("1" + "0" * 400, 10**400).right
    assert verdict("1" + "0" * 400, 10**400 + 1).outcome == "wrong"
    assert verdict("0.5", 10**400).outcome == "wrong"


@given(st.decimals(min_value=-1000, max_value=1000, places=4), st.integers(0, 3))
def test_a_number_rounded_by_hand_is_right_whatever_the_tie_rule(
    exact: Decimal, places: int
) -> None:
    unit = Decimal(1).scaleb(-places)
    for rounding in ("ROUND_HALF_UP", "ROUND_HALF_EVEN", "ROUND_HALF_DOWN"):
        written = exact.quantize(unit, rounding)
        if places:
            assert verdict(str(written), float(exact)).right


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_written_in_full_is_right(value: float) -> None:
    assert verdict(repr(value), value).right


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_none(text: str) -> None:
    found = stated_number(text)
    assert found is None or math.isfinite(found[0])


@pytest.mark.parametrize(
    ("answer", "computed"),
    [("true", 1.0), ("false", 0.0), ("True", 1), ("false", Fraction(0)), ("yes", np.array(1.0))],
)
def test_a_truth_value_is_one_or_nought(answer: str, computed: Any) -> None:
    assert verdict(answer, computed).right


@pytest.mark.parametrize(("answer", "computed"), [("true", 0.0), ("false", 1.0), ("true", 2.0)])
def test_a_truth_value_is_no_other_number(answer: str, computed: float) -> None:
    assert verdict(answer, computed).outcome == "wrong"


@pytest.mark.parametrize(
    "name", ["C1.receptive_field", "receptive_field(C1)", "rf", "C1.kernel", "pool1.stride"]
)
def test_a_square_may_be_stated_with_both_sides(name: str) -> None:
    assert compare(name, stated("5x5"), 5).right
    assert compare(name, stated("5 × 5"), 5).right
    assert compare(name, stated("7x7"), 5).outcome == "wrong"
    assert compare(name, stated("5x6"), 5).outcome == "wrong"


def test_a_count_is_not_stated_with_two_sides() -> None:
    assert compare("C1.params", stated("5x5"), 5).outcome == "wrong"


@pytest.mark.parametrize(
    ("answer", "computed", "reason"),
    [
        ("28x28x6", (6, 28, 28), "written as height x width x channels?"),
        ("6x28x30", (28, 30, 6), "written as channels x height x width?"),
        ("4x28x28x6", (4, 6, 28, 28), "written as height x width x channels?"),
        ("28x28x7", (6, 28, 28), ""),
        ("6x20", (20, 6), ""),
    ],
)
def test_a_size_in_another_order_is_recognised(
    answer: str, computed: tuple[int, ...], reason: str
) -> None:
    found = verdict(answer, computed)
    assert (found.outcome, found.reason) == ("wrong", reason)


def test_the_other_wrong_entries_are_counted() -> None:
    assert verdict(["1", "2", "3", "4"], [1.5, 2, 9, 4.1]).more == 2
    assert verdict(["1", "2", "3", "4"], [1.5, 2, 3, 4]).more == 0
    assert verdict(["1", "2"], [1, 2]).more == 0
