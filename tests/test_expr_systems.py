"""Number systems: 60 digits, fractions, and rounding, each against values from elsewhere."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsolve.expr.arrays import Arrays
from hwsolve.expr.operations import OPERATIONS
from hwsolve.expr.systems import EXACT, FLOATS, MAX_BITS, Decimals, LongFractionError

# From mpmath 1.3 with 70 digits; the first of each kind are also in the OEIS (A001113,
# A002162, A002193, A049469, A049470, A073744, A007524).
DIGITS_60 = [
    ("exp", "1", "2.71828182845904523536028747135266249775724709369995957496697"),
    ("exp", "-2.5", "0.0820849986238987951695286744671598078378041210154366488457584"),
    ("log", "2", "0.693147180559945309417232121458176568075500134360255254120680"),
    ("log2", "10", "3.32192809488736234787031942948939017586483139302458061205475"),
    ("log10", "2", "0.301029995663981195213738894724493026768189881462108541310427"),
    ("sqrt", "2", "1.41421356237309504880168872420969807856967187537694807317668"),
    ("sin", "1", "0.841470984807896506652502321630298999622563060798371065672752"),
    ("sin", "100", "-0.506365641109758793656557610459785432065032721290657323443392"),
    ("cos", "1", "0.540302305868139717400936607442976603732310420617922227670097"),
    ("cos", "-7.5", "0.346635317835025810971619336171895578371753140805060323511176"),
    ("tanh", "1", "0.761594155955764888119458282604793590412768597257936551596811"),
    ("tanh", "1E-30", "9.99999999999999999999999999999999999999999999999999999999999667E-31"),
    ("tanh", "-1E-58", "-1E-58"),
    ("erf", "1", "0.842700792949714869341220635082609259296066997966302908459938"),
    ("erf", "0.5", "0.520499877813046537682746653891964528736451575757963700058806"),
    ("erf", "-3", "-0.999977909503001414558627223870417679620152292912600750342761"),
    ("erf", "6", "0.999999999999999978480263287501086883406649600812615369522486"),
    ("erf", "20", "1"),
    ("sigmoid", "1.368", "0.797056831288858377847982539226954137639884031682914360338808"),
    ("sigmoid", "-40", "4.24835425529158897728072090440450637143476271788616807493302E-18"),
    ("softplus", "1", "1.31326168751822283404899549496785564191528008567034837471906"),
    ("softplus", "-40", "4.24835425529158898630497784363158218187775067982297454220545E-18"),
    ("softplus", "-200", "1.38389652673673753064868145697908468540304758233947720939393E-87"),
]


@pytest.mark.parametrize(("name", "x", "wanted"), DIGITS_60)
def test_sixty_digits_are_right_to_the_last_but_few(name: str, x: str, wanted: str) -> None:
    system = Decimals()
    with system.scope():
        found = OPERATIONS[name].compute(system, Decimal(x))
        assert abs(found / Decimal(wanted) - 1) < Decimal("1E-57")


@pytest.mark.parametrize(
    ("x", "wanted"), [(-20, 2.0611536203143807e-09), (-40, 4.248354255291589e-18), (800, 800.0)]
)
def test_softplus_of_large_numbers_keeps_its_digits_in_floats(x: int, wanted: float) -> None:
    # by mpmath, as the logarithm of 1 + exp(x)
    row = OPERATIONS["softplus"]
    assert row.compute(FLOATS, float(x)) == pytest.approx(wanted, rel=1e-15, abs=0)
    assert row.compute(Arrays(FLOATS), np.array([float(x)]))[0] == pytest.approx(
        wanted, rel=1e-15, abs=0
    )


@pytest.mark.parametrize(
    ("x", "wanted"), [(-1000, 0.0), (-700, 9.859676543759770e-305), (1000, 1.0)]
)
def test_the_logistic_function_does_not_overflow(x: int, wanted: float) -> None:
    row = OPERATIONS["sigmoid"]
    assert row.compute(FLOATS, float(x)) == pytest.approx(wanted, rel=1e-13, abs=0)
    arrays = Arrays(FLOATS)
    with arrays.scope():
        assert row.compute(arrays, np.array([float(x)]))[0] == pytest.approx(
            wanted, rel=1e-13, abs=0
        )


# -- fractions --------------------------------------------------------------------

FRACTIONS = [
    ("exp", "0", "1"),
    ("log", "1", "0"),
    ("sqrt", "4/9", "2/3"),
    ("sin", "0", "0"),
    ("cos", "0", "1"),
    ("erf", "0", "0"),
    ("tanh", "0", "0"),
    ("sigmoid", "0", "1/2"),
    ("floor", "-7/2", "-4"),
    ("floor", "7/2", "3"),
    ("relu", "-1/3", "0"),
    ("abs", "-1/3", "1/3"),
    ("sign", "-1/3", "-1"),
    ("step", "1/3", "1"),
]


@pytest.mark.parametrize(("name", "x", "wanted"), FRACTIONS)
def test_what_is_rational_stays_a_fraction(name: str, x: str, wanted: str) -> None:
    found = OPERATIONS[name].compute(EXACT, Fraction(x))
    assert isinstance(found, Fraction)
    assert found == Fraction(wanted)


POWERS = [
    ("2/3", "3", "8/27"),
    ("2/3", "-2", "9/4"),
    ("4/9", "1/2", "2/3"),
    ("4/9", "3/2", "8/27"),
    ("4/9", "-1/2", "3/2"),
    ("0", "0", "1"),
    ("-2", "3", "-8"),
]


@pytest.mark.parametrize(("base", "exponent", "wanted"), POWERS)
def test_powers_of_fractions_stay_fractions_where_they_are_rational(
    base: str, exponent: str, wanted: str
) -> None:
    found = EXACT.power(Fraction(base), Fraction(exponent))
    assert isinstance(found, Fraction)
    assert found == Fraction(wanted)


def test_a_power_that_is_not_rational_goes_on_as_a_float() -> None:
    assert EXACT.power(Fraction(2), Fraction(1, 2)) == math.sqrt(2)
    assert EXACT.power(Fraction(2), Fraction(3, 10)) == pytest.approx(1.2311444133449163, rel=1e-15)


def test_a_decimal_is_the_fraction_that_was_written_and_not_the_nearest_double() -> None:
    assert EXACT.number(0.1) == Fraction(1, 10)
    assert EXACT.number(1e-3) == Fraction(1, 1000)
    assert EXACT.number(Fraction(2, 7)) == Fraction(2, 7)
    with Decimals().scope():
        assert Decimals().number(0.1) == Decimal("0.1")
        assert str(Decimals().number(Fraction(1, 3))) == "0." + "3" * 60


def test_a_fraction_may_have_6000_digits_and_not_more() -> None:
    long = Fraction(1, 2**MAX_BITS - 1)
    assert EXACT.finish(long) == long
    with pytest.raises(LongFractionError, match="a fraction of more than 6,000 digits"):
        EXACT.finish(long / 4)
    with pytest.raises(LongFractionError):
        EXACT.power(Fraction(3), Fraction(10**9))
    with pytest.raises(LongFractionError):
        Arrays(EXACT).finish(np.array([long, long / 4], dtype=object))


# -- rounding -----------------------------------------------------------------------

# Number, decimals, rounded with ties away from zero, and to the even digit.
ROUNDED = [
    ("0.12345", 4, "0.1235", "0.1234"),
    ("0.12355", 4, "0.1236", "0.1236"),
    ("-0.12345", 4, "-0.1235", "-0.1234"),
    ("-0.5", 0, "-1", "0"),
    ("0.5", 0, "1", "0"),
    ("1.5", 0, "2", "2"),
    ("2.5", 0, "3", "2"),
    ("-2.5", 0, "-3", "-2"),
    ("0.00005", 4, "0.0001", "0.0000"),
    ("-0.00005", 4, "-0.0001", "0.0000"),
    ("-0.00004", 4, "0.0000", "0.0000"),
    ("0.123449999", 4, "0.1234", "0.1234"),
    ("0.9999", 3, "1.000", "1.000"),
    ("1234567.125", 2, "1234567.13", "1234567.12"),
]


@pytest.mark.parametrize(("number", "places", "away", "even"), ROUNDED)
def test_a_step_is_rounded_with_its_trailing_zeros(
    number: str, places: int, away: str, even: str
) -> None:
    for ties, wanted in (("away", away), ("even", even)):
        system = Decimals(places, ties)
        assert str(system.finish(Decimal(number))) == wanted
        lifted = Arrays(system).finish(np.array([Decimal(number)], dtype=object))
        assert [str(entry) for entry in lifted] == [wanted]


@settings(max_examples=60)
@given(number=st.decimals(-1000, 1000, places=8, allow_nan=False), places=st.integers(0, 6))
def test_rounding_takes_the_nearest_and_at_a_tie_the_one_further_from_zero(
    number: Decimal, places: int
) -> None:
    found = Decimals(places).finish(number)
    scaled = Fraction(number) * 10**places
    below = math.floor(abs(scaled))
    away = below + (abs(scaled) - below >= Fraction(1, 2))
    assert Fraction(found) == Fraction(away if scaled > 0 else -away, 10**places)


@pytest.mark.parametrize("scalars", [FLOATS, EXACT, Decimals(), Decimals(3)])
def test_a_matrix_product_of_any_numbers_is_the_sum_of_the_products(scalars: Any) -> None:
    arrays = Arrays(scalars)
    left, right = [[1.25, -0.5], [0.0, 3.0]], [[2.0, 0.5], [-1.5, 4.0]]
    with arrays.scope():
        a, b = arrays.number(left), arrays.number(right)
        assert arrays.finish(arrays.matmul(a, b)).tolist() == [[3.25, -1.375], [-4.5, 12.0]]
        assert arrays.finish(arrays.matmul(a[0], b)).tolist() == [3.25, -1.375]
        assert arrays.finish(arrays.matmul(a, b[:, 1])).tolist() == [-1.375, 12.0]
        assert arrays.finish(arrays.matmul(a[0], b[:, 1])) == -1.375


def test_each_product_of_a_matrix_product_is_rounded_before_the_sum() -> None:
    arrays = Arrays(Decimals(1))
    with arrays.scope():
        # 0.05 + 0.05 by hand with one decimal: 0.1 + 0.1, where 0.5*0.1*2 would be 0.1
        row, column = arrays.number([0.5, 0.5]), arrays.number([0.1, 0.1])
        assert str(arrays.finish(arrays.matmul(row, column))) == "0.2"
