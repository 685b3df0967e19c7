"""Expressions are compared by meaning: exactly where possible, else with a counterexample."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from hwsolve.errors import EquationError
from hwsolve.expr.parser import parse_equation, parse_expression
from hwsolve.proofs.identity import Comparison, compare
from hwsolve.proofs.points import Context

SOFTMAX = (
    "P[j] = exp(h[j])/sum(exp(h[k]) for k in 1..N) for j in 1..N",
    "L = -sum(y[j]*log(P[j]) for j in 1..N)",
)
ONE_IN_ALL = ("sum(y[j] for j in 1..N) == 1",)


def compared(
    left: str,
    right: str,
    equations: tuple[str, ...] = (),
    assume: tuple[str, ...] = (),
    **more: Any,
) -> Comparison:
    context = Context(
        equations=tuple(map(parse_equation, equations)),
        assumptions=tuple(map(parse_expression, assume)),
        **more,
    )
    return compare(parse_expression(left), parse_expression(right), context)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("(a + b)^2", "a^2 + 2*a*b + b^2"),
        ("a/b/c", "a/(b*c)"),
        ("sigmoid(-x)", "1 - sigmoid(x)"),
        ("tanh(x)", "2*sigmoid(2*x) - 1"),
        ("4*(sigmoid(2*x) - sigmoid(2*x)^2)", "1 - tanh(x)^2"),
        ("exp(x*(y + 1))", "exp(x*y)*exp(x)"),
        ("exp(x/2)^2", "exp(x)"),
        ("log(exp(a)*exp(b))", "a + b"),
        ("softplus(x) - softplus(-x)", "x"),
        ("sin(x)^2 + cos(x)^2", "1"),
        ("relu(x) - relu(-x)", "x"),
        ("relu(x) + relu(-x)", "abs(x)"),
        ("max(a, b) + min(a, b)", "a + b"),
        ("abs(a)*sign(a)", "a"),
        ("sqrt(x)^2", "x"),
        ("0.1 + 0.2", "0.3"),
    ],
)
def test_true_identities_are_proved(left: str, right: str) -> None:
    found = compared(left, right)
    assert found.equal
    assert found.proved
    assert found.chance < 1e-15


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("(a + b)^2", "a^2 + b^2"),
        ("sigmoid(-x)", "sigmoid(x)"),
        ("sqrt(x^2)", "x"),
        ("abs(x)", "x"),
        ("relu(x + y)", "relu(x) + relu(y)"),
        ("exp(a + b)", "exp(a) + exp(b)"),
        ("tanh(2*x)", "2*tanh(x)"),
        ("a - (b - c)", "a - b - c"),
        ("softplus(x)", "relu(x)"),
    ],
)
def test_false_ones_are_refuted_by_a_point_at_which_the_sides_differ(left: str, right: str) -> None:
    found = compared(left, right)
    assert found.equal is False
    assert found.proved
    assert found.counterexample
    assert found.left != found.right


def test_the_counterexample_is_made_of_small_numbers() -> None:
    found = compared("(a + b)^2", "a^2 + a*b + b^2")
    assert found.counterexample == {"a": Fraction(1), "b": Fraction(1)}
    assert (found.left, found.right) == (4, 3)


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_the_gradient_of_softmax_with_cross_entropy_is_the_difference(classes: int) -> None:
    found = compared(
        "dL/dh[i]", "P[i] - y[i]", SOFTMAX, ONE_IN_ALL, sizes={"N": classes}, indices={"i": 2}
    )
    assert found.equal
    assert found.proved


def test_without_the_assumption_it_is_not() -> None:
    found = compared("dL/dh[i]", "P[i] - y[i]", SOFTMAX, sizes={"N": 3}, indices={"i": 2})
    assert found.equal is False


def test_the_hand_solution_that_forgets_the_other_classes_is_refuted() -> None:
    found = compared(
        "dL/dh[i]", "-y[i]*(1 - P[i])", SOFTMAX, ONE_IN_ALL, sizes={"N": 3}, indices={"i": 2}
    )
    assert found.equal is False
    assert sum(found.counterexample[f"y[{k}]"] for k in (1, 2, 3)) == 1  # type: ignore[index]  # there is one


def test_matrices_are_compared_entry_by_entry() -> None:
    shapes = {"W1": (3, 2), "W2": (2, 3), "b1": (3,), "b2": (2,), "x": (2,)}
    right = "(W2 @ W1) @ x + (W2 @ b1 + b2)"
    assert compared("W2 @ (W1 @ x + b1) + b2", right, shapes=shapes).proved
    wrong = "(W2 @ W1) @ x + (b1[1] + b2)"
    assert compared("W2 @ (W1 @ x + b1) + b2", wrong, shapes=shapes).equal is False


def test_what_has_to_be_nonzero_or_positive_is_said() -> None:
    assert compared("x/x", "1").conditions == ("x != 0",)
    assert compared("exp(x)/exp(y)", "exp(x - y)").conditions == ()
    assert "a > 0" in compared("2*log(a)", "log(a) + log(a)").conditions


def test_a_free_variable_that_is_assumed_to_be_positive_is_taken_as_such() -> None:
    assert compared("abs(c*x)", "c*abs(x)", assume=("c > 0",)).proved
    assert compared("abs(c*x)", "c*abs(x)").equal is False


def test_sides_of_different_shapes_are_refused() -> None:
    with pytest.raises(EquationError, match="the sides are a vector of 2 and a number"):
        compared("x", "sum(x)", shapes={"x": (2,)})


def test_an_assumption_that_nothing_satisfies_is_refused() -> None:
    with pytest.raises(EquationError, match="an assumption cannot be made to hold"):
        compared("x", "x", assume=("0*x == 1",))
