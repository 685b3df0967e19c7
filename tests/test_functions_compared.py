"""Functions of one variable: ranges, limits, slopes and saturation, by values known otherwise."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from hwsolve.errors import InputError
from hwsolve.problem.reader import read_text
from hwsolve.render import terminal
from hwsolve.solvers import solve

if TYPE_CHECKING:
    from hwsolve.solution import Solution


@cache
def compared(*functions: str) -> Solution:
    listed = "".join(f"\n  - {function}" for function in functions)
    return solve(read_text(f"kind: functions\nfunctions:{listed}\n", "f.yaml"))


def found(function: str) -> dict[str, Any]:
    """What is said of a function, by property."""
    answers = compared(function).answers
    return {answer.name.rsplit(".", 1)[1]: answer.value for answer in answers}


# By hand.
@pytest.mark.parametrize(
    ("function", "range_", "limits", "symmetry"),
    [
        ("sigmoid(x)", "(0, 1)", [0, 1], "f(-x) = 1 - f(x)"),
        ("tanh(x)", "(-1, 1)", [-1, 1], "odd"),
        ("relu(x)", "[0, inf)", [0, "inf"], "none"),
        ("leaky_relu(x)", "(-inf, inf)", ["-inf", "inf"], "none"),
        ("elu(x)", "(-1, inf)", [-1, "inf"], "none"),
        ("softplus(x)", "(0, inf)", [0, "inf"], "none"),
        ("softsign(x)", "(-1, 1)", [-1, 1], "odd"),
        ("hard_sigmoid(x)", "[0, 1]", [0, 1], "f(-x) = 1 - f(x)"),
        ("relu6(x)", "[0, 6]", [0, 6], "none"),
        ("x^2", "[0, inf)", ["inf", "inf"], "even"),
        ("f = exp(-x^2)", "(0, 1]", [0, 0], "even"),
        ("f = exp(x)/(1 + exp(x))", "(0, 1)", [0, 1], "f(-x) = 1 - f(x)"),
        ("f = -log(sigmoid(x))", "(0, inf)", ["inf", 0], "none"),
        ("f = x/sqrt(1 + x^2)", "(-1, 1)", [-1, 1], "odd"),
        ("sin(x)", "[-1, 1]", ["not found", "not found"], "odd"),
        ("f = x + sin(x)", "(-inf, inf)", ["-inf", "inf"], "odd"),
    ],
)
def test_the_range_the_limits_and_the_symmetry(
    function: str, range_: str, limits: list[Any], symmetry: str
) -> None:
    said = found(function)
    assert said["range"] == range_
    assert said["limits"] == limits
    assert said["symmetry"] == symmetry


@pytest.mark.parametrize(("function", "range_"), [("step(x)", "{0, 1}"), ("sign(x)", "{-1, 0, 1}")])
def test_a_function_with_few_values_has_just_these(function: str, range_: str) -> None:
    assert found(function)["range"] == range_


@pytest.mark.parametrize("function", ["x - floor(x)", "floor(x)", "step(x) + tanh(x)"])
def test_the_range_of_a_function_with_gaps_is_not_guessed(function: str) -> None:
    assert found(f"f = {function}")["range"] == "not known"


def test_a_saw_has_no_limits() -> None:
    assert found("f = x - floor(x)")["limits"] == ["not found", "not found"]


# The slope of x·sigmoid(x) is largest at 2.39936 (1.09984), that of GELU at sqrt(2) (1.12890):
# Ramachandran et al. 2017, figure 1; Hendrycks and Gimpel 2016.
@pytest.mark.parametrize(
    ("function", "slope", "where"),
    [
        ("sigmoid(x)", 0.25, "1/4 at x = 0"),
        ("tanh(x)", 1, "1 at x = 0"),
        ("relu(x)", 1, "1 for x > 0"),
        ("f = relu(x) - relu(x - 1)", 1, "1 for 0 < x < 1"),
        ("softplus(x)", 1, "1 (only approached)"),
        ("f = -log(sigmoid(x))", -1, "-1 (only approached)"),
        ("silu(x)", 1.09984, "1.09984 at x = 2.39936"),
        ("gelu(x)", 1.12890, "1.1289 at x = 1.41421"),
        ("f = log(1 + x^2)", 1, "1 at x = 1"),
        ("hard_sigmoid(x)", 1 / 6, "1/6 for -3 < x < 3"),
        ("selu(x)", 1.0507009873554805 * 1.6732632423543772, "1.7581 towards x = 0 from below"),
    ],
)
def test_the_largest_slope_and_where_it_is(function: str, slope: float, where: str) -> None:
    assert float(found(function)["slope"]) == pytest.approx(slope, abs=1e-5)
    assert where in terminal.render(compared(function))


def test_a_slope_that_grows_for_ever_is_said_to() -> None:
    assert found("exp(x)")["slope"] == float("inf")
    shown = terminal.render(compared("exp(x)", "tanh(x)"))
    assert "without bound" in shown
    assert "steepest" not in shown


# By hand: sigmoid'(x) = 1/400 where (1 + t)^2 = 400 t for t = exp(-x); exp(x) = 1/100;
# sigmoid(x) = 1/100 at -log(99).
@pytest.mark.parametrize(
    ("function", "saturation"),
    [
        ("sigmoid(x)", 5.98645),
        ("f = exp(x)/(1 + exp(x))", 5.98645),
        ("tanh(x)", 2.99322),
        ("softsign(x)", 9),
        ("relu(x)", "for x < 0"),
        ("elu(x)", "for x < -4.60517"),
        ("softplus(x)", "for x < -4.59512"),
        ("f = -log(sigmoid(x))", "for x > 4.59512"),
        ("x^2", "none"),
        ("log(x)", "not known"),
    ],
)
def test_where_a_function_saturates(function: str, saturation: Any) -> None:
    said = found(function)["saturation"]
    if isinstance(saturation, str):
        assert said == saturation
    else:
        assert float(said) == pytest.approx(saturation, abs=1e-5)


@pytest.mark.parametrize(
    ("function", "derivative"),
    [
        ("leaky_relu(x)", "1 if x > 0 else 0.01"),
        ("elu(x)", "1 if x > 0 else exp(x)"),
        ("f = -log(sigmoid(x))", "sigmoid(x) - 1"),
        ("tanh(x)", "1 - tanh(x)^2"),
    ],
)
def test_the_derivative_is_written_shortly(function: str, derivative: str) -> None:
    assert found(function)["derivative"] == derivative


def test_nothing_that_is_not_known_is_said_to_be_proved_or_tested() -> None:
    subjects = {certificate.subject for certificate in compared("log(x)").certificates}
    assert not subjects & {"range of log", "largest slope of log", "saturation of log"}


def test_the_sentences_count_the_functions() -> None:
    shown = terminal.render(compared("relu(x)", "sigmoid(x)", "tanh(x)"))
    assert "relu and tanh are the steepest" in shown
    assert "Where they saturate, relu, sigmoid and tanh pass on hardly any gradient." in shown


def test_names_in_a_circle_are_refused_with_their_place() -> None:
    text = "kind: functions\nequations: [a = b, b = a]\nfunctions:\n  - f = a*x\n"
    with pytest.raises(InputError) as error:
        solve(read_text(text, "f.yaml"))
    assert str(error.value) == "f.yaml:4:5: the names in 'f' are defined in a circle"


def test_a_function_without_a_variable_is_refused_with_its_place() -> None:
    with pytest.raises(InputError) as error:
        compared("f = 3")
    assert str(error.value) == (
        "f.yaml:3:5: a function here has one variable, but 'f = 3' depends on nothing; "
        "such as tanh(x)"
    )


def test_places_are_named_by_the_variable_that_the_functions_have() -> None:
    shown = terminal.render(compared("sigmoid(z)", "relu(z)"))
    assert "1/4 at z = 0" in shown
    assert "for |z| > 5.98645" in shown
    assert "1 for z > 0" in shown
    assert "f(-z) = 1 - f(z)" in shown
    assert " x" not in shown


def test_a_name_alone_means_the_function_of_x_and_not_a_variable() -> None:
    answers = {a.name: a.value for a in compared("tanh", "sigmoid", "softplus(x)").answers}
    assert answers["tanh.range"] == "(-1, 1)"
    assert answers["sigmoid.slope"] == pytest.approx(0.25)
    assert answers["softplus.derivative"] == "sigmoid(x)"
