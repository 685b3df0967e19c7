"""Limits in derivations: worked out where the rules allow it, else not settled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hwsolve.problem.reader import read_text
from hwsolve.solvers.derivation import checked_derivation

if TYPE_CHECKING:
    from hwsolve.proofs.derivation import Verdict


def verdict(line: str, assume: str = "") -> Verdict:
    above = f"assume: [{assume}]\n" if assume else ""
    text = f'kind: derivation\n{above}lines: ["{line}"]\n'
    return checked_derivation(read_text(text, "t")).verdicts[0]


@pytest.mark.parametrize(
    ("line", "assume"),
    [
        ("limit(sigmoid(x), x, inf) = 1", ""),
        ("limit(sigmoid(x), x, -inf) = 0", ""),
        ("limit(tanh(x), x, -inf) = -1", ""),
        ("limit(1/(1 + exp(-k*x)), x, inf) = 1", "k > 0"),
        ("limit((exp(x) - 1)/x, x, 0) = 1", ""),
        ("limit((1 - cos(x))/x^2, x, 0) = 1/2", ""),
        ("limit(x*exp(-x), x, inf) = limit(x/exp(x), x, inf) = 0", ""),
        ("limit(log(1 + x)/x, x, 0) = 1", ""),
        ("limit((x^2 - 1)/(x - 1), x, 1) = 2", ""),
        ("limit(exp(1/T)/(1 + exp(1/T)), T, inf) = 1/2", ""),
        ("limit(1/(1 + exp((b - a)/T)), T, 0) = 1", "T > 0, b < a"),
        ("limit(1/(1 + exp((b - a)/T)), T, 0) = 0", "T < 0, b < a"),
    ],
)
def test_a_limit_that_the_rules_give_is_proved(line: str, assume: str) -> None:
    assert verdict(line, assume).proved


@pytest.mark.parametrize(
    "line",
    [
        "limit(sigmoid(x), x, inf) = 0",
        "limit((exp(x) - 1)/x, x, 0) = 0",
        "limit((exp(2*x) - 1)/x, x, 0) = 1",
        "limit((x^2 - 1)/(x - 1), x, 1) = 1",
    ],
)
def test_another_value_of_a_limit_is_wrong(line: str) -> None:
    assert verdict(line).status == "wrong"


@pytest.mark.parametrize(
    ("line", "assume"),
    [
        # 1 from the right and -1 from the left
        ("limit(abs(x)/x, x, 0) = 1", ""),
        ("limit(relu(x)/x, x, 0) = 1", ""),
        ("limit(1/x, x, 0) = 0", ""),
        ("limit(sin(1/x), x, 0) = 0", ""),
        ("limit(sin(x), x, inf) = 0", ""),
        ("limit(sign(x), x, 0) = 1", ""),
        ("limit(exp(x), x, inf) = 1", ""),
        ("limit(1/(1 + exp(-k*x)), x, inf) = 1", ""),
        ("limit(1/(1 + exp((b - a)/T)), T, 0) = 1", "b < a"),
        # far from 0 it has this sign, near 0 the other
        ("limit(exp(1/(x*(x - 3))), x, 0) = 0", "x > 5"),
    ],
)
def test_what_the_rules_do_not_give_is_not_settled(line: str, assume: str) -> None:
    found = verdict(line, assume)
    assert found.status == "open"
    assert found.remark.startswith("the limit does not follow from those of its parts")
