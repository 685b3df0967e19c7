"""Choices and pieces: conditions with `and` and `or`, and pieces that have no value."""

from __future__ import annotations

import math

import pytest
from test_losses import solved

from hwsolve.errors import InputError
from hwsolve.expr.notation import text
from hwsolve.expr.parser import parse_expression


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("0 < x and x < 1", [0, 1, 0]),
        ("0 < x < 1", [0, 1, 0]),
        ("x < 0 or x > 1", [1, 0, 1]),
        ("x < 0 or 0 <= x <= 1 and x != 0", [1, 1, 0]),
        ("x", [1, 1, 1]),
    ],
)
def test_conditions_are_joined_as_they_are_spoken(condition: str, holds: list[int]) -> None:
    found = solved(f"y = 1 if {condition} else 0; L = sum(y*x)", "y", x=[-2, 0.5, 3])
    assert found["y"].tolist() == holds


def test_comparisons_that_all_have_to_hold_are_written_with_and() -> None:
    written = text(parse_expression("a if 0 <= x < 1 and y != 2 else b"))
    assert written == "a if 0 ≤ x and x < 1 and y ≠ 2 else b"
    assert parse_expression(written) == parse_expression("a if 0 <= x and x < 1 and y != 2 else b")


def test_a_piece_that_is_not_chosen_needs_no_value() -> None:
    pieces = "y = cases(0 if x < -2, x^2 - 1 if x < 0, log(x))"
    found = solved(pieces, "y; dy/dx", x=-1.5)
    assert found["y"] == 1.25
    assert found["dy/dx"] == -3
    found = solved(pieces, "y; dy/dx", x=2)
    assert found["y"] == pytest.approx(math.log(2))
    assert found["dy/dx"] == 0.5


def test_a_quotient_that_is_not_chosen_may_divide_by_zero() -> None:
    assert solved("y = sin(x)/x if x != 0 else 1", "y", x=0)["y"] == 1


def test_entries_of_an_array_are_chosen_one_by_one() -> None:
    found = solved("y = v*log(v) if v > 0 else 0; L = sum(y)", "y; dL/dv", v=[0, 0.5, 2])
    assert found["y"] == pytest.approx([0, -0.5 * math.log(2), 2 * math.log(2)])
    # log(v) + 1 where it is chosen
    assert found["dL/dv"] == pytest.approx([0, 1 - math.log(2), 1 + math.log(2)])


def test_a_mean_inside_of_a_piece_is_that_of_all_entries() -> None:
    found = solved("y = v if v < 1 else mean(sqrt(v))", "y", v=[0, 4, 9])
    assert found["y"] == pytest.approx([0, 5 / 3, 5 / 3])


def test_the_chosen_piece_has_to_have_a_value() -> None:
    with pytest.raises(InputError, match="logarithm of a number that is not positive"):
        solved("y = log(x) if x < 0 else x", "y", x=-1)


def test_a_mean_of_entries_without_a_value_is_an_error_also_inside_of_a_piece() -> None:
    with pytest.raises(InputError, match="square root of a negative number"):
        solved("y = v if v < 1 else mean(sqrt(v))", "y", v=[-1, 4, 9])


def test_the_focal_loss_of_one_output_is_the_binary_one() -> None:
    found = solved("L = focal(p, y); M = focal_logits(z, y)", "L; M", p=0.3, y=0, z=math.log(3 / 7))
    assert found["L"] == pytest.approx(-(0.3**2) * math.log(0.7), rel=1e-12)
    assert found["M"] == pytest.approx(-(0.3**2) * math.log(0.7), rel=1e-12)
