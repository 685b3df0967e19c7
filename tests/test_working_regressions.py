"""What users found: values that cancel, branches, labels of classes, second derivatives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hwsolve.errors import InputError, InputErrors
from hwsolve.problem.override import override
from hwsolve.problem.reader import read_text
from hwsolve.render.terminal import render
from hwsolve.solvers import solve

if TYPE_CHECKING:
    from hwsolve.solution import Solution


def solved(text: str, **settings: Any) -> Solution:
    return solve(override(read_text("kind: graph\n" + text, "p.yaml"), [], **settings))


def values(solution: Solution) -> dict[str, Any]:
    return {answer.name: answer.value for answer in solution.answers}


def printed(text: str, **settings: Any) -> str:
    return render(solved(text, **settings))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("given: {x: 0.3, y: 0.1}\nequations: a = x - 3*y", 0.0),
        ("given: {x: 1.1}\nequations: a = x*x - 1.21", 0.0),
        ("given: {x: 0.123456, c: 1e12}\nequations: a = (x + c) - c", 0.123456),
        ("given: {x: 1, h: 1e-5}\nequations: a = ((3+h)^2 - (3-h)^2)/(2*h) - 6*x", 0.0),
        ("given: {x: 2}\nequations: a = (x^0.5)^2 - 2", 0.0),
        ("given: {x: 40}\nequations: a = 1 - sigmoid(x)", 4.248354255291589e-18),
        ("given: {x: 40}\nequations: a = -log(1 - sigmoid(x))", 40.0),
        ("given: {x: [1, 2], w: [0.3, -0.2], b: 0.1}\nequations: a = w @ x + b", 0.0),
    ],
)
def test_values_that_cancel_are_right_to_the_last_digit(text: str, expected: float) -> None:
    assert values(solved(text + "\nfind: a"))["a"] == pytest.approx(expected, rel=1e-15, abs=0)


def test_a_relu_at_its_kink_through_decimals_is_at_its_kink() -> None:
    text = "given: {x: 0.1, w: 3, b: -0.3}\nequations: y = relu(w*x + b)\nfind: [y, dy/dw]"
    solution = solved(text)
    assert values(solution) == {"y": 0.0, "dy/dw": 0.0}
    (warning,) = solution.warnings
    assert warning == (
        "dy/dw does not exist: the slope is 0 on the left and 0.1 on the right; "
        "0 follows from the convention"
    )
    assert [c.name for c in solution.conventions] == ["relu_at_0"]


def test_a_chaotic_map_is_calculated_with_enough_digits_and_it_is_said() -> None:
    lines = "".join(f"  - y{n + 1} = 3.9*y{n}*(1 - y{n})\n" for n in range(60))
    solution = solved(f"given: {{y0: 0.3}}\nequations:\n{lines}find: y60")
    # the same loop in Python with 200 digits
    assert values(solution)["y60"] == pytest.approx(0.96204948029514, abs=1e-12)
    assert "floats alone would lose digits" in solution.warnings[0]


def test_a_long_recurrence_of_fractions_stays_quick_and_close() -> None:
    lines = "".join(f"  - x{n + 1} = x{n}*0.5 + 1\n" for n in range(60))
    solution = solved(f"given: {{x0: 1}}\nequations:\n{lines}find: x60")
    assert values(solution)["x60"] == pytest.approx(2, abs=1e-15)


def test_classes_may_be_given_by_their_number() -> None:
    text = """
given: {z: [1, 2, 3], y: 2, Z: [[1, 2, 3], [0, 1, 0], [1, 1, 1]], Y: [2, 0, 1]}
equations:
  - L = cross_entropy(softmax(z), y)
  - M = cross_entropy(softmax(Z), Y)
find: [L, M]
"""
    solution = solved(text)
    # log(sum(exp(z))) - z[y], and its mean over the rows
    assert values(solution)["L"] == pytest.approx(0.40760596444437946)
    assert values(solution)["M"] == pytest.approx(1.019220989014847)
    assert "classes" in {convention.name for convention in solution.conventions}


def test_a_class_that_does_not_exist_is_refused() -> None:
    text = "given: {z: [1, 2], y: 2}\nequations: ['L = cross_entropy(softmax(z), y)']"
    with pytest.raises(InputErrors) as caught:
        solved(text)
    assert str(caught.value) == (
        "p.yaml:3:18: there is no class 2: the 2 classes are 0 to 1; "
        "write a class as a vector of 0s and one 1, or by its number"
    )


def test_scores_in_a_cross_entropy_are_warned_about() -> None:
    solution = solved("given: {z: [1, 2, 3]}\nequations: ['L = cross_entropy(z, [0, 0, 1])']")
    assert solution.warnings == (
        "cross_entropy takes probabilities, but z adds up to 6; cross_entropy_logits takes scores",
    )


def test_the_gradient_of_a_softmax_classifier_is_written_as_a_difference() -> None:
    text = """
given: {Z: [[1, 2, 3], [0, 1, 0]], Y: [[0, 0, 1], [1, 0, 0]]}
equations: ["P = softmax(Z)", "L = cross_entropy(P, Y)"]
find: dL/dZ
"""
    assert "= (P - Y)/2\n" in printed(text)


def test_the_derivative_of_the_branch_taken_is_shown_with_its_reason() -> None:
    text = "given: {w: -2.5}\nequations: [z = w*1, 'a = leaky_relu(z, slope=0.1)']\nfind: da/dw"
    shown = printed(text)
    assert "∂a/∂z = 0.1   (z ≤ 0)" in shown
    default = solved("given: {z: -1}\nequations: a = leaky_relu(z)\nfind: a")
    assert [(c.name, c.value) for c in default.conventions] == [("leaky_relu", "0.01")]


def test_a_condition_on_an_index_is_decided_when_the_family_is_written_out() -> None:
    text = """
given: {x: [1, 0, -1], h0: 2}
conventions: {first_index: 1}
equations: ["h[t] = x[t] + (h[t-1] if t > 1 else h0) for t in 1..3"]
find: h
"""
    assert values(solved(text))["h"] == [3, 3, 2]


def test_a_recurrence_without_a_start_is_told_to_write_it() -> None:
    text = "given: {x: [1, 2, 3]}\nequations: ['h[t] = x[t] + h[t-1] for t in 1..2']"
    with pytest.raises(InputErrors) as caught:
        solved(text)
    assert str(caught.value) == (
        "p.yaml:3:29: 'h[0]' is used before it is defined; write h[0] = ... first"
    )


def test_an_array_of_one_entry_counts_as_a_number_on_top() -> None:
    text = "given: {W: [[0.6, -0.2]], x: [1, 2]}\nequations: ['L = (W @ x - 1)^2']\nfind: dL/dx"
    # 2 (0.6 - 0.4 - 1) W
    assert values(solved(text))["dL/dx"] == pytest.approx([-0.96, 0.32])


def test_second_derivatives_are_worked_out_from_the_first_as_a_formula() -> None:
    text = "given: {w: 2, x: 1.5}\nequations: [L = w^3*x]\nfind: [d2L/dw2]"
    shown = printed(text)
    assert "dL/dw as a formula" in shown
    assert "∂(dL/dw)/∂w = " in shown
    assert "d(dL/dw)" not in shown
    assert values(solved(text))["d2L/dw2"] == 18


def test_rounded_steps_show_one_calculation_and_not_two() -> None:
    text = """
given: {a: 0.333, b: 0.777, x: 0.123}
equations: [u = a*x, v = b*x, z = u*v]
find: dz/dx
"""
    shown = printed(text, round_steps=2)
    assert "in reverse order" in shown
    assert "path1" not in shown


def test_exact_and_rounded_steps_exclude_each_other() -> None:
    with pytest.raises(InputError, match="exclude each other"):
        solved("given: {x: 1}\nequations: y = x/3", exact=True, round_steps=3)


def test_entries_are_answers_however_short_the_working_is() -> None:
    text = "given: {W: [[1, 2], [3, 4]], x: [1, 1]}\nequations: ['L = sum((W @ x)^2)']\nfind: L"
    for working in ("full", "short", "none"):
        found = values(solved(text, entries=["dL/dW[0,1]"], working=working))
        # 2 (W x)_0 x_1
        assert found["dL/dW[0,1]"] == 6


def test_a_product_in_a_sum_is_shown_as_by_hand_and_not_as_floats_have_it() -> None:
    shown = printed("given: {b: 0.9, v: 0, g: 10}\nequations: [m = b*v + (1 - b)*g]\nfind: [m]\n")
    assert "= 0.9·0 + (1 - 0.9)·10 = 0 + 1 = 1" in shown
