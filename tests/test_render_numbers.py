"""How numbers are shown, and that `exact` tells the truth about it."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsolve.expr.parser import parse_expression
from hwsolve.expr.tree import Num
from hwsolve.render.numbers import all_digits, entries, shown

SHOWN = [
    (3, "3", True),
    (-12345, "-12345", True),
    (10**30, "1" + "0" * 30, True),
    (0.5, "0.5", True),
    (1.0, "1", True),
    (-0.0, "0", True),
    (0.1 * 3, "0.3", True),
    (1 / 3, "0.333333", False),
    (0.7970568312888584, "0.797057", False),
    (0.0006215779863894283, "0.000621578", False),
    (0.9999999, "1", False),
    (1234567.89, "1234568", False),
    (123456.0, "123456", True),
    (1e-5, "0.00001", True),
    (6.2e-7, "6.2e-7", True),
    (9.5367431640625e-07, "9.53674e-7", False),
    (9.9999999e-6, "1e-5", False),
    (1e14, "100000000000000", True),
    (1e15, "1e15", True),
    (-1.7976931348623157e308, "-1.79769e308", False),
    (5e-324, "5e-324", True),
    (Fraction(3, 5), "3/5", True),
    (Fraction(-6, 2), "-3", True),
    (Decimal("1.3680"), "1.3680", True),
    (Decimal("-0.0000"), "0.0000", True),
    (Decimal("1E-30"), "1e-30", True),
    (True, "true", True),
    (False, "false", True),
    ("left", "left", True),
    ((20, 6, 6), "20x6x6", True),
    ([1, 2.5, [Fraction(1, 2)]], "[1, 2.5, [1/2]]", True),
    ([1, 1 / 3], "[1, 0.333333]", False),
    ((), "[]", True),
    (math.inf, "inf", True),
    (-math.inf, "-inf", True),
    (math.nan, "nan", True),
    (np.float64(1.5), "1.5", True),
    (np.float64(2 / 3), "0.666667", False),
    (np.float32(0.1), "0.1", False),
    (np.int32(7), "7", True),
    (np.True_, "true", True),
    (np.array([[1.0, 2 / 3]]), "[[1, 0.666667]]", False),
    (np.array([Fraction(1, 3)], dtype=object), "[1/3]", True),
    (np.longdouble(0.5), "0.5", True),
]  # fmt: skip


@pytest.mark.parametrize(("value", "text", "exact"), SHOWN, ids=repr)
def test_a_number_is_shown_in_six_digits_and_says_whether_it_is_exact(
    value: Any, text: str, exact: Any
) -> None:
    assert shown(value) == (text, exact)
    assert type(shown(value)[1]) is bool


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (math.pi, 3, "3.14"),
        (math.pi, 10, "3.141592654"),
        (math.pi, 50, "3.141592653589793"),
        (0.00012345, 2, "0.00012"),
        (1234.5, 2, "1235"),
        (1234.5, 0, "1235"),
        (1.7976931348623157e308, 1, "2e308"),
    ],
)
def test_the_number_of_digits_can_be_chosen(value: float, digits: int, text: str) -> None:
    assert shown(value, digits)[0] == text


def test_ties_are_rounded_as_people_do_unless_told_otherwise() -> None:
    assert shown(0.125, 2) == ("0.13", False)
    assert shown(0.285, 2)[0] == "0.29"
    assert shown(-2.5, 1)[0] == "-3"
    assert shown(0.125, 2, ties="even")[0] == "0.12"


def test_large_whole_numbers_get_separators_where_they_are_not_read_again() -> None:
    assert shown(1154560, grouped=True) == ("1,154,560", True)
    assert shown(-12345, grouped=True) == ("-12,345", True)
    assert shown(2560, grouped=True) == ("2560", True)
    assert shown(Fraction(61706), grouped=True) == ("61,706", True)
    assert shown([61706, 60000], grouped=True) == ("[61706, 60000]", True)
    assert shown(1154560) == ("1154560", True)


def test_an_integer_beyond_the_limit_of_python_is_still_written_in_full() -> None:
    assert shown(10**5000) == ("1" + "0" * 5000, True)
    assert shown(10**5000, grouped=True)[0] == "1" + "0" * 5000


def test_a_fraction_too_long_to_read_becomes_a_rounded_decimal() -> None:
    assert shown(Fraction(10**40 + 1, 3 * 10**40)) == ("0.333333", False)
    assert shown(Fraction(-(10**5000) - 1, 10**5000)) == ("-1", False)


def test_entries_of_nested_lists_come_row_by_row_from_any_depth() -> None:
    assert list(entries([[1, 2], [], [[3]]])) == [1, 2, 3]
    assert list(entries(7)) == [7]
    deep: Any = 1
    for _ in range(10_000):
        deep = [deep]
    assert list(entries(deep)) == [1]


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(finite, st.integers(1, 17))
def test_the_shown_number_is_as_near_as_its_digits_allow(value: float, digits: int) -> None:
    text, exact = shown(value, digits)
    again = Fraction(text)
    assert not text.startswith("-0") or again != 0
    meant = Fraction(repr(value))
    assert abs(again - meant) <= abs(meant) / 10 ** (digits - 1) / 2
    if exact:
        assert float(text) == pytest.approx(value, rel=4e-15, abs=0)
    else:
        # a float with nearly all its digits may be the rounding of anything
        assert float(text) != value or len(text.partition("e")[0].strip("-0.")) > 12


@given(finite)
def test_all_digits_read_back_as_the_same_float(value: float) -> None:
    assert float(all_digits(value)) == value


@given(st.one_of(st.integers(-(10**30), 10**30), finite))
def test_what_is_shown_is_a_number_to_the_parser(value: float) -> None:
    tree = parse_expression(shown(value)[0])
    assert isinstance(tree, Num)
    if isinstance(value, int):
        assert tree.value == value


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9))
def test_decimals_keep_every_digit_that_they_have(value: Decimal) -> None:
    text, exact = shown(value)
    assert exact
    assert Decimal(text) == value
    assert not text.startswith("-") or value < 0


@pytest.mark.parametrize("digits", [12, 14, 15, 16, 17, 30, 50])
@pytest.mark.parametrize(
    "value",
    [math.sqrt(2), math.pi, 1 / 3, 2 / 3e7, 1 / (1 + math.exp(-0.5)), math.exp(40), 0.1 + 0.2],
)
def test_the_rounding_of_something_longer_is_never_exact(value: float, digits: int) -> None:
    if value == 0.1 + 0.2 and digits < 17:
        assert shown(value, digits) == ("0.3", True)
    else:
        assert not shown(value, digits)[1]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (-123.456, "-123.456"),
        (0.00012345678901, "0.00012345678901"),
        (2.0**-20, "9.5367431640625e-7"),  # few powers of 2, so this is all of it
        (9007199254740991.0, "9007199254740991"),
        (1e300, "1e300"),
        (0.0, "0"),
        (-0.0, "0"),
    ],
)
def test_a_short_decimal_is_exact_with_any_number_of_digits(value: float, text: str) -> None:
    for digits in (17, 30, 50):
        assert Decimal(shown(value, digits)[0]) == Decimal(text)
        assert shown(value, digits)[1]
