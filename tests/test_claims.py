"""Statements are true with a proof, false with a counterexample, or not refuted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from hwsolve.problem.reader import read_text
from hwsolve.solvers import solve

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
