"""Rounding at every step and exact fractions, through problem files."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from hwsolve.expr.notation import text
from hwsolve.problem.reader import read_text
from hwsolve.solution import Solution, Step
from hwsolve.solvers import solve

# homework.md, question B
QUESTION_B = """\
kind: graph
given: {x1: 0.9, x2: -1.1, x3: -0.3, x4: 0.8, y: 0.5,
        w1: 0.75, w2: -0.63, w3: 0.24, w4: -1.7, w5: 0.8, w6: -0.2}
equations:
  - S1 = w1*x1 + w2*x2
  - a1 = σ(S1)
  - S2 = w3*x3 + w4*x4
  - a2 = σ(S2)
  - S3 = w5*a1 + w6*a2
  - yhat = σ(S3)
  - L = (y - yhat)^2
find: [L, dL/dw3, dL/dw1, dL/dw2, dL/dw4, dL/dw5, dL/dw6]
"""


def steps(solution: Solution) -> dict[str, Step]:
    """The steps of the working by name, the first of each name."""
    found: dict[str, Step] = {}
    for section in solution.sections:
        for block in section.blocks:
            if isinstance(block, Step) and block.name is not None:
                found.setdefault(text(block.name), block)
    return found


# The table of question B: full precision, and rounded at every step.
TABLE = [
    ("S1", 1.368, "1.3680"),
    ("a1", 0.7970568312888584, "0.7971"),
    ("S2", -1.432, "-1.4320"),
    ("a2", 0.19278725232998753, "0.1928"),
    ("S3", 0.5990880145650892, "0.5991"),
    ("yhat", 0.6454476306255034, "0.6455"),
    ("L", 0.021155013254572863, "0.0212"),
    ("∂L/∂yhat", 0.2908952612510068, "0.2910"),
    ("∂yhat/∂S3", 0.2288449868, "0.2288"),
    ("∂a2/∂S2", 0.1556203276, "0.1556"),
    ("dL/dw3", 0.0006215779863894283, "0.0006"),
]


@pytest.mark.parametrize(("name", "full", "rounded"), TABLE)
def test_question_b_in_full_precision_and_rounded_at_every_step(
    name: str, full: float, rounded: str
) -> None:
    whole = steps(solve(read_text(QUESTION_B)))
    assert whole[name].value == pytest.approx(full, rel=1e-9)
    by_hand = steps(solve(read_text(QUESTION_B + "round_steps: 4\n")))
    assert str(by_hand[name].value) == rounded


def test_all_six_gradients_of_question_b_in_full_precision() -> None:
    found = {answer.name: answer.value for answer in solve(read_text(QUESTION_B)).answers}
    assert [found[f"dL/dw{k}"] for k in range(1, 7)] == pytest.approx(
        [
            0.007753080107051652, -0.009475986797507576, 0.0006215779863894283,
            -0.0016575412970384754, 0.05306001125209761, 0.012833832389779693,
        ],
        rel=1e-12,
    )  # fmt: skip


def test_the_answer_of_rounded_steps_is_given_beside_the_one_in_full_precision() -> None:
    solution = solve(read_text(QUESTION_B + "round_steps: 4\n"))
    answer = next(answer for answer in solution.answers if answer.name == "dL/dw3")
    assert (str(answer.value), answer.note) == ("0.0006", "0.000621578 in full precision")


def test_a_gradient_of_rounded_steps_is_the_product_from_the_output_backwards() -> None:
    # 0.2910·0.2288 = 0.0665808, ·(-0.2) = -0.01332, ·0.1556 = -0.00206948, ·(-0.3)
    found = steps(solve(read_text(QUESTION_B + "round_steps: 4\n")))
    chain = ["dL/dyhat", "dL/dS3", "dL/da2", "dL/dS2", "dL/dw3"]
    assert [str(found[name].value) for name in chain] == [
        "0.2910", "0.0666", "-0.0133", "-0.0021", "0.0006",
    ]  # fmt: skip


def answers(given: str, lines: list[str], find: str = "", **more: Any) -> dict[str, Any]:
    equations = "".join(f"  - {line}\n" for line in lines)
    settings = "".join(f"{key}: {value}\n" for key, value in more.items())
    wanted = f"find: [{find}]\n" if find else ""
    written = f"kind: graph\ngiven: {given}\nequations:\n{equations}{wanted}{settings}"
    return {answer.name: answer.value for answer in solve(read_text(written)).answers}


TIES = [
    ("x/8", "{x: 1}", 2, "0.13", "0.12"),
    ("x/8", "{x: -1}", 2, "-0.13", "-0.12"),
    ("x/8", "{x: 3}", 2, "0.38", "0.38"),
    ("x*y", "{x: 0.5, y: 0.5}", 1, "0.3", "0.2"),
    ("x*y", "{x: -0.5, y: 0.5}", 1, "-0.3", "-0.2"),
    ("x - y", "{x: 0.05, y: 0.1}", 1, "-0.1", "0.0"),
    ("x + y", "{x: 0.25, y: 0.5}", 1, "0.8", "0.8"),
    ("x/2", "{x: 5}", 0, "3", "2"),
    ("-x/2", "{x: 5}", 0, "-3", "-2"),
]


@pytest.mark.parametrize(("formula", "given", "places", "away", "even"), TIES)
@pytest.mark.parametrize("where", ["setting", "convention"])
def test_a_half_goes_away_from_zero_unless_the_problem_says_to_the_even_digit(  # noqa: PLR0913  (a row of a table)
    formula: str, given: str, places: int, away: str, even: str, where: str
) -> None:
    def found(**more: Any) -> str:
        return str(answers(given, [f"z = {formula}"], round_steps=places, **more)["z"])

    assert found() == found(ties="away") == away
    stated = {"ties": "even"} if where == "setting" else {"conventions": "{ties: even}"}
    assert found(**stated) == even


def test_each_step_is_rounded_and_not_only_the_last() -> None:
    # by hand: 1/3 = 0.33, 0.33*3 = 0.99, where 1/3*3 is 1
    assert str(answers("{x: 3}", ["q = 1/x", "z = q*x"], round_steps=2)["z"]) == "0.99"
    # the product inside a sum is a step too: 0.15 + 0.15 with one decimal
    found = answers("{a: 0.3, b: 0.5}", ["z = a*b + a*b"], round_steps=1)
    assert str(found["z"]) == "0.4"


def test_given_values_and_whole_numbers_are_not_rounded() -> None:
    found = answers("{x: 0.12345, n: 100000}", ["z = n*x"], round_steps=2)
    assert str(found["z"]) == "12345.00"


@pytest.mark.parametrize("places", [1, 2, 3, 4, 6])
def test_vectors_are_rounded_as_their_entries_are_one_by_one(places: int) -> None:
    given = "{W: [[0.31, -0.72], [0.55, 0.13]], x: [0.37, -0.84], t: [0.5, 0.2]}"
    arrays = answers(
        given, ["z = W @ x", "h = tanh(z)", "L = sum((h - t)^2)"], "z, h, L, dL/dx",
        round_steps=places,
    )  # fmt: skip
    single = answers(
        "{W: [[0.31, -0.72], [0.55, 0.13]], x: [0.37, -0.84], t: [0.5, 0.2]}",
        [
            "'z[i] = sum(W[i,j]*x[j] for j in 0..1) for i in 0..1'",
            "'h[i] = tanh(z[i]) for i in 0..1'",
            "L = sum((h[i] - t[i])^2 for i in 0..1)",
        ],
        "z, h, L",
        round_steps=places,
    )
    for name in ("z", "h"):
        assert [str(entry) for entry in arrays[name]] == [str(entry) for entry in single[name]]
    assert str(arrays["L"]) == str(single["L"])
    assert all(-entry.as_tuple().exponent <= places for entry in np.ravel(arrays["dL/dx"]))


# -- fractions ------------------------------------------------------------------------


def test_a_rational_problem_is_solved_in_fractions() -> None:
    found = answers(
        "{x: 1/3, w: 0.3, y: [1/7, 2]}",
        ["z = w*x - 1/6", "q = z^2/(1 + x)", "s = sum(y*q)"],
        "z, q, dq/dx, dq/dw, s, ds/dy",
        exact="true",
    )
    z = Fraction(3, 10) / 3 - Fraction(1, 6)
    x = Fraction(1, 3)
    q = z**2 / (1 + x)
    assert found["z"] == z == Fraction(-1, 15)
    assert found["q"] == q == Fraction(1, 300)
    assert found["dq/dw"] == 2 * z * x / (1 + x)
    assert found["dq/dx"] == 2 * z * Fraction(3, 10) / (1 + x) - z**2 / (1 + x) ** 2
    assert found["s"] == q * Fraction(15, 7)
    assert list(found["ds/dy"]) == [q, q]
    for name in ("z", "q", "dq/dx", "dq/dw", "s"):
        assert isinstance(found[name], Fraction), name


def test_what_is_not_rational_goes_on_as_a_float_and_the_rest_stays_exact() -> None:
    found = answers("{x: 0.5}", ["a = x^2", "b = exp(a)", "c = a/3"], "a, b, c", exact="true")
    assert (found["a"], found["c"]) == (Fraction(1, 4), Fraction(1, 12))
    assert found["b"] == pytest.approx(1.2840254166877414, rel=1e-15)  # exp(1/4)


def test_the_logistic_function_at_0_and_its_slope_are_fractions() -> None:
    found = answers(
        "{x: 0}", ["y = sigmoid(x)", "t = tanh(x) + cos(x)"], "y, dy/dx, t, dt/dx", exact="true"
    )
    assert found == {
        "y": Fraction(1, 2), "dy/dx": Fraction(1, 4), "t": Fraction(1), "dt/dx": Fraction(1),
    }  # fmt: skip
    assert all(isinstance(value, Fraction) for value in found.values())


def test_without_a_word_decimals_are_floats_and_rounded_steps_are_decimals() -> None:
    lines = ["z = 0.1*x"]
    assert isinstance(answers("{x: 3}", lines)["z"], float)
    assert isinstance(answers("{x: 3}", lines, round_steps=3)["z"], Decimal)
    assert answers("{x: 3}", lines, exact="true")["z"] == Fraction(3, 10)
