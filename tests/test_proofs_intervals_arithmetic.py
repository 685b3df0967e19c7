"""Intervals: their ends, and that nothing is ever lost from them."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsolve.expr.systems import NumberSystem
from hwsolve.proofs import bounds, enclosures
from hwsolve.proofs.intervals import (
    EVERYTHING,
    INFINITY,
    UNIT,
    Interval,
    Intervals,
    NoValueError,
    UndecidedError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

HALF = Fraction(1, 2)

fractions = st.fractions(-20, 20, max_denominator=12)


@st.composite
def intervals_with_a_point(draw: st.DrawFn) -> tuple[Interval, Fraction]:
    """An interval, open, closed or endless, and a number that belongs to it."""
    low, point, high = sorted(draw(st.tuples(fractions, fractions, fractions)))
    open_low = draw(st.booleans()) and low < point
    open_high = draw(st.booleans()) and point < high
    ends = draw(st.sampled_from(["both", "left", "right", "none"]))
    return (
        Interval(
            low if ends in {"both", "left"} else -INFINITY,
            high if ends in {"both", "right"} else INFINITY,
            open_low,
            open_high,
        ),
        point,
    )


pairs = intervals_with_a_point()


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        (Interval(0, 1) + Interval(2, 3, high_open=True), "[2, 4)"),
        (-Interval(0, 1, low_open=True), "[-1, 0)"),
        (Interval(1, 2) - Interval(1, 2), "[-1, 1]"),
        (UNIT * EVERYTHING, "(-inf, inf)"),
        (Interval(0, 0) * EVERYTHING, "{0}"),
        (UNIT * Interval(1, INFINITY), "(0, inf)"),
        (Interval(-1, 2) * Interval(-3, 5), "[-6, 10]"),
        (1 / UNIT, "(1, inf)"),
        (1 / Interval(-1, 1), "(-inf, inf)"),
        (1 / Interval(0, 2), "[1/2, inf)"),
        (Interval(-1, 2) ** 2, "[0, 4]"),
        (Interval(-2, 1) ** 3, "[-8, 1]"),
        (Interval(2, 4) ** -1, "[1/4, 1/2]"),
        (Interval(0, 4) ** HALF, "[0, 2]"),
        (abs(Interval(-3, 2, low_open=True)), "[0, 3)"),
        (enclosures.sigmoid(EVERYTHING), "(0, 1)"),
        (enclosures.tanh(EVERYTHING), "(-1, 1)"),
        (enclosures.exp(EVERYTHING), "(0, inf)"),
        (enclosures.log(UNIT), "(-inf, 0)"),
        (enclosures.log(Interval(-1, 1)), "(-inf, 0]"),
        (enclosures.sqrt(Interval(-1, 9, high_open=True)), "[0, 3)"),
        (enclosures.sine(Interval(0, 2)), "[0, 1]"),
        (enclosures.cosine(Interval(3, 4)), "[-1, -0.653644]"),
        (enclosures.sine(EVERYTHING), "[-1, 1]"),
        (enclosures.floor(Interval(HALF, 2, high_open=True)), "[0, 1]"),
        (enclosures.sigmoid(Interval(0, INFINITY)), "[1/2, 1)"),
        (enclosures.FUNCTIONS["log2"](Interval(8, 8)), "{3}"),
    ],
)
def test_the_ends_of_an_interval_are_where_they_should_be(interval: Interval, text: str) -> None:
    assert str(interval) == text


def test_the_logistic_function_never_reaches_its_ends() -> None:
    far = enclosures.sigmoid(Interval(1000, 1000))
    assert far.low < 1
    assert 1 not in far
    assert 0 not in enclosures.sigmoid(Interval(-1000, -1000))
    assert 0 not in enclosures.sigmoid(Interval(-(10**9), -(10**9)))


@given(pairs, pairs)
def test_sums_products_and_quotients_hold_all_values(
    one: tuple[Interval, Fraction], other: tuple[Interval, Fraction]
) -> None:
    (a, x), (b, y) = one, other
    assert x + y in a + b
    assert x - y in a - b
    assert x * y in a * b
    assert max(x, y) in Intervals.maximum(a, b)
    assert min(x, y) in Intervals.minimum(a, b)
    if y:
        assert x / y in a / b


@given(pairs, st.integers(-4, 5))
def test_powers_and_absolute_values_hold_all_values(
    one: tuple[Interval, Fraction], exponent: int
) -> None:
    interval, x = one
    assert abs(x) in abs(interval)
    if x or exponent > 0:
        assert x**exponent in interval**exponent


@given(pairs, pairs)
def test_what_two_intervals_have_in_common_is_what_both_hold(
    one: tuple[Interval, Fraction], other: tuple[Interval, Fraction]
) -> None:
    (a, x), (b, y) = one, other
    both = a.meet(b)
    assert (x in b) == (both is not None and x in both)
    assert x in a.join(b)
    assert y in a.join(b)
    assert a.inside(a.join(b))


@given(pairs)
def test_shortening_fractions_loses_nothing(one: tuple[Interval, Fraction]) -> None:
    interval, x = one
    third = Fraction(10**300 + 1, 3 * 10**300)
    moved = interval + third
    assert x + third in moved.rounded()
    assert moved.inside(moved.rounded())


SMOOTH: dict[str, Callable[[float], float]] = {
    "exp": math.exp,
    "sin": math.sin,
    "cos": math.cos,
    "erf": math.erf,
    "tanh": math.tanh,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "softplus": lambda x: math.log1p(math.exp(x)),
}


@pytest.mark.parametrize("name", SMOOTH)
@given(one=pairs)
def test_functions_hold_all_values_but_for_what_floats_lose(
    name: str, one: tuple[Interval, Fraction]
) -> None:
    interval, x = one
    found = enclosures.FUNCTIONS[name](interval)
    value = Fraction(SMOOTH[name](float(x)))
    slack = Fraction(1, 10**13) * max(Fraction(1), abs(value))
    assert found.low - slack <= value <= found.high + slack


# to 40 decimals: DLMF 4.2.11, OEIS A002162, A073747, A016730 and A059750
@pytest.mark.parametrize(
    ("bound", "digits"),
    [
        (bounds.exp(Fraction(1)), "2.7182818284590452353602874713526624977572"),
        (bounds.log(Fraction(2)), "0.6931471805599453094172321214581765680755"),
        (bounds.sqrt(Fraction(2)), "1.4142135623730950488016887242096980785697"),
        (bounds.tanh(Fraction(1)), "0.7615941559557648881194582826047935904128"),
        (bounds.sine(Fraction(1)), "0.8414709848078965066525023216302989996226"),
        (bounds.cosine(Fraction(1)), "0.5403023058681397174009366074429766037323"),
    ],
)
def test_bounds_agree_with_published_digits(bound: tuple[Fraction, Fraction], digits: str) -> None:
    low, high = bound
    value, unit = Fraction(digits), Fraction(1, 10**40)
    assert value - unit < low < high < value + unit


def test_exact_values_have_no_width() -> None:
    assert bounds.exp(Fraction(0)) == (Fraction(1), Fraction(1))
    assert bounds.log(Fraction(1)) == (Fraction(0), Fraction(0))
    assert bounds.sqrt(Fraction(9, 4)) == (Fraction(3, 2), Fraction(3, 2))
    assert str(enclosures.sigmoid(Interval(0, 0))) == "{1/2}"
    assert str(enclosures.tanh(Interval(0, 0))) == "{0}"


def test_comparisons_of_intervals_that_overlap_are_not_decided() -> None:
    assert Interval(0, 1) < Interval(2, 3)
    assert not Interval(2, 3) < Interval(0, 1)
    assert Interval(0, 1, high_open=True) < Interval(1, 2)
    assert Interval(0, 1) <= Interval(1, 2)
    assert Interval(1, 1) == Interval(1, 1)
    assert Interval(0, 1) != Interval(2, 3)
    with pytest.raises(UndecidedError):
        _ = Interval(0, 2) < Interval(1, 3)
    with pytest.raises(UndecidedError):
        _ = Interval(0, 1) == Interval(0, 1)


def test_what_has_no_value_is_not_given_one() -> None:
    with pytest.raises(NoValueError):
        _ = 1 / Interval(0, 0)
    with pytest.raises(NoValueError):
        enclosures.log(Interval(-2, -1))
    with pytest.raises(NoValueError):
        enclosures.sqrt(Interval(-2, -1))


def test_decimals_are_the_fractions_that_were_written() -> None:
    assert Interval.of(0.1) + Interval.of(0.2) == Interval.of(0.3)
    pi = Interval.of(math.pi)
    assert pi.low < pi.high
    assert 0 in enclosures.sine(pi)


def test_every_function_of_a_number_system_is_one_of_intervals_too() -> None:
    # what is not said anew would be computed with floats, which hold nothing for certain
    inherited = {"scope", "exact", "name"}
    functions = {name for name in vars(NumberSystem) if not name.startswith("_")}
    assert functions - inherited <= set(vars(Intervals))
