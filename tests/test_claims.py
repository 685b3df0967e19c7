"""Statements are true with a proof, false with a counterexample, or not refuted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from hwsolve.errors import CertificateError, InputError
from hwsolve.problem.reader import read_text
from hwsolve.render import terminal
from hwsolve.solvers import solve
from hwsolve.solvers.claim_run import run

if TYPE_CHECKING:
    from hwsolve.solution import Solution


def settled(text: str) -> Solution:
    return solve(read_text(f"kind: claim\n{text}\n", "c.yaml"))


def verdict(text: str) -> Any:
    return {answer.name: answer.value for answer in settled(text).answers}["verdict"]


@pytest.mark.parametrize(
    "claim",
    [
        "0 < sigmoid(x)",
        "sigmoid(x) < 1",
        "-1 < tanh(x)",
        "x^2 >= 0",
        "relu(x) >= x",
        "abs(x) >= 0",
        "tanh(x) == 2*sigmoid(2*x) - 1",
        "sigmoid(x)*(1 - sigmoid(x)) <= 1/4",
        "(a - b)^2 + 2*a*b == a^2 + b^2",
    ],
)
def test_what_holds_for_all_real_numbers_is_proved(claim: str) -> None:
    solution = settled(f"claim: {claim}")
    assert {answer.name: answer.value for answer in solution.answers}["verdict"] is True
    assert all(certificate.proved for certificate in solution.certificates)


@pytest.mark.parametrize(
    "claim",
    [
        "0 < x^2",
        "sigmoid(x) < 1/2",
        "tanh(x) == sigmoid(x)",
        "relu(x) > x",
        "relu(a + b) == relu(a) + relu(b)",
        "exp(x) >= 1",
        "sigmoid(x)*(1 - sigmoid(x)) < 1/4",
        "sqrt(x^2) == x",
    ],
)
def test_what_fails_somewhere_is_refuted(claim: str) -> None:
    assert verdict(f"claim: {claim}") is False


def test_the_lstm_with_a_zero_input_changes_its_state() -> None:
    solution = settled("cell: lstm\nclaim: h == h'\nwhen: x == 0\nfind: [verdict, c, h]")
    found = {answer.name: answer.value for answer in solution.answers}
    assert found["verdict"] is False
    assert found["c"] == 0.5
    assert found["h"] == pytest.approx(0.5 * math.tanh(0.5), rel=1e-12)


def test_the_gates_of_an_lstm_are_between_0_and_1() -> None:
    assert verdict("cell: lstm\nclaim: [0 < i, i < 1, 0 < f, f < 1, 0 < o, o < 1]") is True


def test_a_strict_bound_that_is_reached_is_false_and_the_other_true() -> None:
    assert verdict("claim: relu(x) > 0") is False
    assert verdict("claim: relu(x) >= 0") is True


# -- conditions ------------------------------------------------------------------------


def page(text: str) -> str:
    return terminal.render(settled(text))


@pytest.mark.parametrize(
    ("equation", "condition", "claim", "truth"),
    [
        ("y = a*b", "a == b", "dy/da == b", True),
        ("y = a*b", "a == b", "dy/da == 2*b", False),
        ("y = a*b", "a == b", "dy/db == a", True),
        ("y = a*b", "a <= b", "dy/da == b", True),
        ("y = a^2 + b", "b == 2*a", "dy/da == 2*a", True),
        ("y = 2*x^2 + z", "x == 2", "dy/dx == 8", True),
    ],
)
def test_a_derivative_leaves_out_what_a_condition_ties_to_its_name(
    equation: str,
    condition: str,
    claim: str,
    truth: bool,  # noqa: FBT001  (pytest gives it by name)
) -> None:
    text = f"equations: [{equation}]\nwhen: {condition}\nclaim: {claim}"
    assert verdict(text) is truth


def test_units_that_start_equal_stay_equal() -> None:
    text = (
        "equations: [h1 = tanh(w1*x), h2 = tanh(w2*x), y = v1*h1 + v2*h2, L = (y - t)^2]\n"
        "when: [w1 == w2, v1 == v2]\n"
    )
    assert verdict(f"{text}claim: [dL/dw1 == dL/dw2, dL/dv1 == dL/dv2]") is True
    assert verdict(f"{text}claim: dL/dw1 == dL/dv1") is False


def test_a_vector_that_a_condition_fixes_is_shown_and_run() -> None:
    shown = page("cell: lstm\nshapes: {x: 2, h': 3}\nclaim: h == h'\nwhen: x == 0")
    assert "x  = [0, 0]" in shown
    assert "c  = f·c' + i·g" in shown
    assert "not defined" not in shown
    assert "so h == h' does not hold in some entry: the claim is false" in shown


def test_points_outside_of_the_conditions_are_not_warned_of() -> None:
    assert settled("claim: log(y)/y < 1\nwhen: y > 0").warnings == ()
    assert settled("claim: x/y > 0\nwhen: [y > 0, x > 0]").warnings == ()
    (warning,) = settled("claim: log(y) <= y - 1").warnings
    assert warning == "for y = 0 something has no value; the claim is about the other points"


def test_a_name_that_does_not_matter_has_a_value_of_its_domain() -> None:
    shown = page("equations: [y = c*x]\ndomain: {c: positive}\nclaim: y > 0")
    assert "c may be any number of its domain; worked out with c = 1" in shown


def test_a_name_that_only_a_condition_uses_satisfies_it() -> None:
    solution = settled(
        "equations: [y = tanh(a) + 0*b]\nwhen: a < b\nclaim: y > 1\nfind: [verdict, a, b]"
    )
    found: dict[str, Any] = {answer.name: answer.value for answer in solution.answers}
    assert found["verdict"] is False
    assert found["a"] < found["b"]


def test_functions_of_ones_own_leave_the_names_of_a_claim_free() -> None:
    text = "equations: [f(w) = (w*x - y)^2]\ndomain: {l: 0..1}\n"
    assert verdict(f"{text}claim: f(l*a + (1 - l)*b) <= l*f(a) + (1 - l)*f(b)") is True


def test_a_derivative_through_what_tends_to_a_value_is_refused() -> None:
    with pytest.raises(InputError) as error:
        settled("cell: gru\nlimit: {z: 0}\nclaim: dh/dh' == 1")
    assert str(error.value) == (
        "c.yaml:3:12: a derivative by 'h'' goes through 'z', which tends to a value; a limit is "
        "about values; put a condition such as 'when: f > 0.99' in its place"
    )


def test_a_counterexample_that_does_not_come_out_again_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def elsewhere(*args: Any, **_: Any) -> Any:
        problem, reading, decision, _values = args
        return run(problem, reading, decision, {"x": 7})

    monkeypatch.setattr("hwsolve.solvers.claim_run.run", elsewhere)
    with pytest.raises(CertificateError, match="two ways of working out y at the counterexample"):
        settled("equations: [y = tanh(x)]\nclaim: y > 0")


def test_the_slope_at_a_jump_is_said_to_be_a_convention() -> None:
    solution = settled("equations: [y = sign(x)]\nclaim: dy/dx == 0")
    assert solution.warnings == ("the slope of sign is taken as 0, also at the jump",)
    assert settled("equations: [y = relu(x)]\nclaim: dy/dx >= 0").warnings == ()


# -- what is proved ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        # convexity, by two points
        "domain: {l: 0..1}\nclaim: (l*a + (1 - l)*b)^2 <= l*a^2 + (1 - l)*b^2",
        "claim: exp((a + b)/2) <= (exp(a) + exp(b))/2",
        "domain: {l: 0..1}\nclaim: relu(l*a + (1 - l)*b) <= l*relu(a) + (1 - l)*relu(b)",
        # softplus against ReLU
        "claim: softplus(x) <= relu(x) + log(2)",
        "claim: log(1 + exp(-m))/log(2) >= step(-m)",
        # the tangents of the logarithm and of the exponential function
        "claim: log(exp(-y) + 1) <= exp(-y)",
        "claim: log(sigmoid(x)) <= sigmoid(x) - 1",
        "claim: exp(x - y) >= 1 + x - y",
        "claim: (x - y)/(1 + (x - y)^2) <= 1/2",
        "claim: abs((x + 2*y)*(x + 1)) == abs(x + 2*y)*abs(x + 1)",
        # sizes: products of conditions, whole parts
        "domain: {H: whole >= 1, W: whole >= 1, k: whole 1..3}\nwhen: [k <= H, k <= W]\n"
        "claim: k*k <= H*W",
        "domain: {n: whole >= 1}\nclaim: floor((2*n - 2)/2) + 1 == n",
        # losses
        'domain: {y: 0..1}\nequations: [p = sigmoid(z), "L = bce(p, y)"]\n'
        "claim: [L >= 0, dL/dz == p - y]",
    ],
)
def test_claims_of_exams_are_proved(text: str) -> None:
    assert verdict(text) is True


@pytest.mark.parametrize(
    "text",
    [
        "domain: {l: 0..2}\nclaim: (l*a + (1 - l)*b)^2 <= l*a^2 + (1 - l)*b^2",
        "claim: softplus(x) <= relu(x) + 0.69",
        "domain: {n: whole >= 1}\nclaim: floor((n - 2)/2) + 1 == n/2",
        "domain: {H: whole >= 1, W: whole >= 1, k: whole 1..3}\nwhen: k <= H\nclaim: k*k <= H*W",
        "claim: abs((x + 2*y)*(x + 1)) == (x + 2*y)*abs(x + 1)",
    ],
)
def test_claims_next_to_them_are_refuted(text: str) -> None:
    assert verdict(text) is False


@pytest.mark.parametrize(
    ("claim", "when"),
    [
        ("abs(w - e*k*w) < abs(w)", "[k > 0, e > 0, e*k < 1, w != 0]"),
        ("(w - e*k*w)^2 < w^2", "[k > 0, e > 0, e*k < 2, w != 0]"),
        ("x^2 > 0", "x != 0"),
        # no threshold unit computes XOR
        ("w1 + w2 + b >= 0", "[b < 0, w1 + b >= 0, w2 + b >= 0]"),
    ],
)
def test_what_holds_under_conditions_is_proved_on_both_sides_of_an_exception(
    claim: str, when: str
) -> None:
    assert verdict(f"claim: {claim}\nwhen: {when}") is True


def test_an_exception_is_needed_where_the_claim_fails_there() -> None:
    assert verdict("claim: abs(w - e*k*w) < abs(w)\nwhen: [k > 0, e > 0, e*k < 1]") is False
    assert verdict("claim: abs(w - e*k*w) < abs(w)\nwhen: [k > 0, e > 0, w != 0]") is False


def test_slopes_of_a_softmax_of_three_scores_are_bounded() -> None:
    equations = "equations: [p = exp(a)/(exp(a) + exp(b) + exp(c))]\n"
    assert verdict(f"{equations}claim: [dp/da <= 1/4, dp/da > 0, dp/db < 0]") is True
    assert verdict(f"{equations}claim: dp/da <= 1/5") is False


def test_conditions_that_exclude_each_other_are_named_with_what_to_do() -> None:
    with pytest.raises(InputError, match=r"c.yaml:3:.* claim its opposite under the others"):
        settled("claim: 0 == 1\nwhen: [b < 0, w1 + b >= 0, w2 + b >= 0, w1 + w2 + b < 0]")
