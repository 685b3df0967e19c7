"""Kinks: what the answer is where there is no derivative, and what is said about it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from hwsolve.problem.reader import read_text
from hwsolve.solvers import solve

if TYPE_CHECKING:
    from hwsolve.solution import Solution


def solved(given: str, equation: str, find: str, conventions: str = "") -> Solution:
    stated = f"conventions: {{{conventions}}}\n" if conventions else ""
    return solve(
        read_text(
            f"kind: graph\ngiven: {given}\nequations:\n  - '{equation}'\nfind: [{find}]\n{stated}"
        )
    )


def values(solution: Solution) -> list[Any]:
    return [answer.value for answer in solution.answers]


def two_slopes(name: str, left: str, right: str, answer: str) -> str:
    return (
        f"{name} does not exist: the slope is {left} on the left and {right} on the right; "
        f"{answer} follows from the convention"
    )


AT_KINKS = [
    # PyTorch, micrograd and most courses take 0 for the slope of ReLU at 0
    ("{x: 0}", "y = relu(x)", "", 0, ("0", "1", "0")),
    ("{x: 0}", "y = relu(x)", "relu_at_0: 0", 0, ("0", "1", "0")),
    ("{x: 0}", "y = relu(x)", "relu_at_0: 1", 1, ("0", "1", "1")),
    ("{x: 0}", "y = relu(x)", "relu_at_0: 1/2", 0.5, ("0", "1", "0.5")),
    ("{x: 0.1, w: 3, b: -0.3}", "y = relu(w*x + b)", "", 0, ("0", "3", "0")),
    ("{x: 0.1, w: 3, b: -0.3}", "y = relu(w*x + b)", "relu_at_0: 1", 3, ("0", "3", "3")),
    ("{x: 0.1, c: 0.2, d: 0.3}", "y = relu(x + c - d)", "", 0, ("0", "1", "0")),
    ("{x: 0}", "y = abs(x)", "", 0, ("-1", "1", "0")),
    ("{x: 2}", "y = 3*abs(x - 2)", "", 0, ("-3", "3", "0")),
    ("{x: 0}", "y = leaky_relu(x)", "", 0.01, ("0.01", "1", "0.01")),
    ("{x: 0}", "y = x if x > 0 else 0.2*x", "", 0.2, ("0.2", "1", "0.2")),
    ("{x: 0}", "y = x if x >= 0 else 0.2*x", "", 1, ("0.2", "1", "1")),
    ("{x: 1, z: 1}", "y = max(x, z)", "", 0.5, ("0", "1", "0.5")),
    ("{x: 1, z: 1}", "y = max(x, z)", "max_ties: share", 0.5, ("0", "1", "0.5")),
    ("{x: 1, z: 1}", "y = max(x, z)", "max_ties: first", 1, ("0", "1", "1")),
    ("{x: 1, z: 1}", "y = max(z, x)", "max_ties: first", 0, ("0", "1", "0")),
    ("{x: 1, z: 1}", "y = min(x, z)", "", 0.5, ("1", "0", "0.5")),
    ("{x: 1, z: 1}", "y = min(x, z)", "max_ties: first", 1, ("1", "0", "1")),
    ("{x: 3}", "y = relu6(2*x)", "max_ties: first", 2, ("2", "0", "2")),
    ("{x: 0}", "y = sign(x)*x", "", 0, ("-1", "1", "0")),
]


@pytest.mark.parametrize(("given", "equation", "conventions", "answer", "said"), AT_KINKS)
def test_at_a_kink_the_convention_decides_and_both_slopes_are_said(
    given: str, equation: str, conventions: str, answer: float, said: tuple[str, str, str]
) -> None:
    solution = solved(given, equation, "dy/dx", conventions)
    assert values(solution) == pytest.approx([answer], abs=1e-15)
    assert two_slopes("dy/dx", *said) in solution.warnings


JUMPS = [
    ("{x: 0}", "y = step(x)", 0),
    ("{x: 0}", "y = sign(x)", 0),
    ("{x: 3}", "y = floor(x)", 0),
    ("{x: -2}", "y = floor(x)*x", -2),
    ("{x: 0.1, c: 0.2}", "y = 1 if x + c > 0.3 else 0", 0),
]


@pytest.mark.parametrize(("given", "equation", "answer"), JUMPS)
def test_at_a_jump_there_are_no_slopes_to_be_said(given: str, equation: str, answer: float) -> None:
    solution = solved(given, equation, "dy/dx")
    assert values(solution) == [answer]
    assert solution.warnings == (f"dy/dx is taken at a kink; {answer} follows from the convention",)


def test_each_entry_at_a_kink_is_named_and_the_others_are_tested() -> None:
    solution = solved("{x: [0, -1, 2, 0]}", "y = sum(relu(x))", "dy/dx", "relu_at_0: 1/2")
    assert values(solution)[0].tolist() == [0.5, 0, 1, 0.5]
    assert solution.warnings == (
        two_slopes("dy/dx[0]", "0", "1", "0.5"),
        two_slopes("dy/dx[3]", "0", "1", "0.5"),
    )
    gradients = solution.certificates[-1]
    assert (gradients.method, gradients.trials) == ("central differences", 2)
    assert gradients.remark == "2 are at a kink, where there is no derivative"


def test_entries_are_named_in_the_authors_numbering() -> None:
    solution = solved("{x: [3, 0]}", "y = sum(relu(x))", "dy/dx", "first_index: 1")
    assert solution.warnings == (two_slopes("dy/dx[2]", "0", "1", "0"),)


MATRIX = "{x: [[1, 1], [5, 3], [5, 1]]}"
TIES: list[tuple[str, str, list[list[float]]]] = [
    ("y = sum(max(x, axis=1))", "share", [[0.5, 0.5], [1, 0], [1, 0]]),
    ("y = sum(max(x, axis=1))", "first", [[1, 0], [1, 0], [1, 0]]),
    ("y = sum(max(x, axis=0, keepdims=true))", "share", [[0, 0], [0.5, 1], [0.5, 0]]),
    ("y = sum(max(x, axis=0))", "first", [[0, 0], [1, 1], [0, 0]]),
    ("y = min(x)", "share", [[1 / 3, 1 / 3], [0, 0], [0, 1 / 3]]),
    ("y = min(x)", "first", [[1, 0], [0, 0], [0, 0]]),
    ("y = 2*max(x)", "share", [[0, 0], [1, 0], [1, 0]]),
    ("y = 2*max(x)", "first", [[0, 0], [2, 0], [0, 0]]),
]


@pytest.mark.parametrize(("equation", "convention", "gradient"), TIES)
def test_equal_entries_share_the_gradient_of_a_maximum_or_the_first_takes_it(
    equation: str, convention: str, gradient: list[list[float]]
) -> None:
    solution = solved(MATRIX, equation, "dy/dx", f"max_ties: {convention}")
    assert np.allclose(values(solution)[0], gradient, rtol=1e-15)
    assert all("follows from the convention" in warning for warning in solution.warnings)


def test_a_tie_in_one_row_is_noticed_even_if_the_largest_entry_is_elsewhere() -> None:
    solution = solved("{x: [[1, 1], [5, 3]]}", "y = sum(max(x, axis=1))", "dy/dx")
    assert solution.warnings == (
        two_slopes("dy/dx[0, 0]", "0", "1", "0.5"),
        two_slopes("dy/dx[0, 1]", "0", "1", "0.5"),
    )


# The slope is known however near the kink is, and nothing needs to be said.
NEAR = [
    ("{x: 1.0e-9}", "y = relu(x)", 1),
    ("{x: -1.0e-9}", "y = relu(x)", 0),
    ("{x: 1.0e-30}", "y = relu(x)", 1),
    ("{x: -1.0e-30}", "y = leaky_relu(x, 0.2)", 0.2),
    ("{x: 0.3, b: -0.299999999}", "y = relu(x + b)", 1),
    ("{x: 0.3, b: -0.300000001}", "y = relu(x + b)", 0),
    ("{x: 0.3, b: -0.2999999999999}", "y = relu(x + b)", 1),
    ("{x: 0.3, b: -0.299999999}", "y = leaky_relu(x + b)", 1),
    ("{x: 0.3, b: -0.300000001}", "y = leaky_relu(x + b)", 0.01),
    ("{x: 1, z: 1.000000001}", "y = max(x, z)", 0),
    ("{x: 1.000000001, z: 1}", "y = max(x, z)", 1),
    ("{x: 2.999999999}", "y = x*floor(x)", 2),
    ("{x: 1000000.5, b: -1000000.499999999}", "y = abs(x + b)", 1),
]


@pytest.mark.parametrize(("given", "equation", "answer"), NEAR)
def test_next_to_a_kink_the_derivative_is_certified_and_nothing_is_said(
    given: str, equation: str, answer: float
) -> None:
    solution = solved(given, equation, "dy/dx")
    assert values(solution) == [answer]
    assert solution.warnings == ()
    assert [certificate.trials for certificate in solution.certificates][-1] == 1


SMOOTH = [
    ("{x: 0}", "y = relu(x)^2", 0),
    ("{x: 0}", "y = x*abs(x)", 0),
    ("{x: 0}", "y = (x if x > 0 else x)", 1),
    ("{x: 0}", "y = 3*x if x else 3*x", 3),
    ("{x: 2}", "y = (x - 2)^2 if x > 2 else 0", 0),
]


@pytest.mark.parametrize(("given", "equation", "answer"), SMOOTH)
def test_a_kink_that_the_result_does_not_feel_needs_no_remark(
    given: str, equation: str, answer: float
) -> None:
    solution = solved(given, equation, "dy/dx")
    assert values(solution) == [answer]
    assert solution.warnings == ()


def test_the_convention_for_relu_at_0_is_printed_only_where_it_counts() -> None:
    at_zero = solved("{x: 0, w: 2}", "y = relu(w*x)", "dy/dx").conventions
    assert [(c.name, c.value, c.source) for c in at_zero] == [("relu_at_0", "0", "default")]
    assert at_zero[0].meaning == "the derivative of ReLU at 0 is taken as 0"
    stated = solved("{x: 0, w: 2}", "y = relu(w*x)", "dy/dx", "relu_at_0: 1/2").conventions
    assert [(c.name, c.value, c.source) for c in stated] == [("relu_at_0", "1/2", "problem")]
    assert solved("{x: 1, w: 2}", "y = relu(w*x)", "dy/dx").conventions == ()


def test_a_large_array_is_tested_at_some_entries_and_in_random_directions() -> None:
    rows = [[round(((7 * i + 3 * j) % 19 - 9) / 10, 1) for j in range(16)] for i in range(16)]
    column = [round((5 * i % 11 - 5) / 10, 1) for i in range(16)]
    solution = solved(f"{{W: {rows}, x: {column}}}", "y = sum(tanh(W @ x)^2)", "dy/dW")
    remark = solution.certificates[-1].remark
    assert remark == "128 of 256 entries and in 3 random directions"
    tested = np.tanh(np.array(rows) @ column)
    assert np.allclose(values(solution)[0], np.outer(2 * tested * (1 - tested**2), column))


def test_a_parameter_that_the_output_does_not_depend_on_has_the_derivative_0_and_it_is_said() -> (
    None
):
    solution = solved("{x: 2, w: [1, 2], b: 5}", "y = x^2", "dy/dx, dy/db, dy/dw")
    assert values(solution)[:2] == [4, 0]
    assert np.asarray(values(solution)[2]).tolist() == [0, 0]
    assert solution.warnings == ("y does not depend on b, w, so these derivatives are 0",)
    assert solved("{x: 2, b: 5}", "y = x^2", "dy/db").warnings == (
        "y does not depend on b, so this derivative is 0",
    )


def test_a_step_may_have_a_value_at_0_of_its_own() -> None:
    for given, value in (("{x: 0}", 0.5), ("{x: 2}", 1), ("{x: -2}", 0)):
        assert values(solved(given, "y = step(x, 1/2)", "y")) == [value]


@pytest.mark.parametrize(
    ("equation", "convention", "line"),
    [
        ("y = max(x, z)", "max_ties: share", "step(x - z, 0.5) = step(1 - 1, 0.5) = 0.5"),
        ("y = max(x, z)", "max_ties: first", "step(x - z, 1) = step(1 - 1, 1) = 1"),
        ("y = max(z, x)", "max_ties: first", "step(x - z) = step(1 - 1) = 0"),
    ],
)
def test_the_slope_at_a_tie_is_written_as_what_it_is(
    equation: str, convention: str, line: str
) -> None:
    from hwsolve.render.terminal import render

    printed = render(solved("{x: 1, z: 1}", equation, "dy/dx", convention))
    assert line in re.sub(r"\s+", " ", printed)
