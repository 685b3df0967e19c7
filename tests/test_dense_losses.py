"""The losses by name, as functions in equations and as the loss of a network."""

from __future__ import annotations

import math
from typing import Any

import pytest

from hwsolve.expr.loss_table import LOSSES
from hwsolve.expr.losses import find_loss, known_losses
from hwsolve.expr.parser import parse_expression
from hwsolve.problem.reader import read_text
from hwsolve.solvers import solve


def value(equation: str, **given: Any) -> Any:
    lines = "\n".join(f"  {name}: {number}" for name, number in given.items())
    text = f"kind: graph\ngiven:\n{lines}\nequations: ['{equation}']\nfind: [L]\n"
    (answer,) = solve(read_text(text), document=False).answers
    assert isinstance(answer.value, (int, float))
    return float(answer.value)


TWO = {"p": [0.5, 0.25], "y": [1, 0]}


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        # by hand, with p = (1/2, 1/4), y = (1, 0): errors -1/2 and 1/4
        ("squared_error", 0.3125),
        ("half_squared_error", 0.15625),
        ("mean_squared_error", 0.15625),
        ("half_mean_squared_error", 0.078125),
        ("quadratic", 0.15625),
        ("absolute_error", 0.75),
        ("mean_absolute_error", 0.375),
        ("huber", 0.078125),
        ("cross_entropy", math.log(2)),
        ("binary_cross_entropy", (math.log(2) - math.log(0.75)) / 2),
        ("hinge", 0.75),
        ("squared_hinge", 0.625),
        ("perceptron", 0.0),
        ("exponential", (math.exp(-0.5) + 1) / 2),
    ],
)
def test_each_loss_of_one_example_has_its_value_by_hand(loss: str, expected: float) -> None:
    assert value(f"L = {loss}(p, y)", **TWO) == pytest.approx(expected, rel=1e-14, abs=1e-15)


def test_the_hinge_and_its_kin_take_labels_of_minus_one_and_one() -> None:
    scores = {"p": [0.5, -2.0, 3.0], "y": [-1, 1, 1]}
    # margins -0.5, -2, 3
    assert value("L = hinge(p, y)", **scores) == pytest.approx((1.5 + 3 + 0) / 3)
    assert value("L = squared_hinge(p, y)", **scores) == pytest.approx((2.25 + 9 + 0) / 3)
    assert value("L = perceptron(p, y)", **scores) == pytest.approx((0.5 + 2 + 0) / 3)


def test_beyond_one_the_huber_loss_is_a_straight_line() -> None:
    assert value("L = huber(p, y)", p=3.0, y=0) == 2.5
    assert value("L = huber(p, y)", p=-0.5, y=0) == 0.125


def test_the_divergence_of_two_distributions() -> None:
    found = value("L = kl(p, y)", p=[0.25, 0.75], y=[0.5, 0.5])
    assert found == pytest.approx(0.5 * math.log(2) + 0.5 * math.log(2 / 3))


def test_losses_from_scores_contain_the_sigmoid_or_the_softmax() -> None:
    found = value("L = bce_with_logits(p, y)", p=[0.0, 2.0], y=[1, 0])
    assert found == pytest.approx((math.log(2) + math.log(1 + math.exp(2))) / 2)
    found = value("L = cross_entropy_with_logits(p, y)", p=[1.0, 0.0], y=[1, 0])
    assert found == pytest.approx(math.log(1 + math.exp(-1)))


def test_a_batch_is_averaged_over_its_examples_and_not_its_classes() -> None:
    batch = {"p": [[0.5, 0.5], [0.25, 0.75]], "y": [[1, 0], [0, 1]]}
    assert value("L = ce(p, y)", **batch) == pytest.approx(-(math.log(0.5) + math.log(0.75)) / 2)
    logits = {"p": [[1.0, 0.0], [0.0, 0.0]], "y": [[1, 0], [0, 1]]}
    expected = (math.log(1 + math.exp(-1)) + math.log(2)) / 2
    assert value("L = ce_logits(p, y)", **logits) == pytest.approx(expected)


def test_the_reduction_can_be_said_in_the_call() -> None:
    batch = {"p": [[0.5, 0.5], [0.25, 0.75]], "y": [[1, 0], [0, 1]]}
    total = -(math.log(0.5) + math.log(0.75))
    assert value("L = ce(p, y, reduction=sum)", **batch) == pytest.approx(total)
    assert value("L = ce(p, y, reduction=entries)", **batch) == pytest.approx(total / 4)


def test_plain_numbers_are_not_averaged() -> None:
    assert value("L = mse(p, y)", p=5, y=3) == 4
    assert value("L = half_squared_error(p, y)", p=5, y=8) == 4.5
    assert value("L = bce(p, y)", p=0.9, y=1) == pytest.approx(-math.log(0.9))


def test_no_two_losses_share_a_name() -> None:
    names = known_losses()
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
def test_every_loss_is_an_expression_in_every_form(loss: Any) -> None:
    for reduction in ("", "sum", "entries", "examples"):
        for examples in (None, 1, 8):
            for axis in (0, -1):
                body = loss.body(examples, axis=axis, reduction=reduction)
                parse_expression(body)
    parse_expression(loss.body(single_entry=True))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("MSE", "mean_squared_error"),
        ("Cross Entropy Loss", "cross_entropy"),
        ("binary-crossentropy", "binary_cross_entropy"),
        ("NLL", "cross_entropy"),
        ("quadratic cost", "quadratic"),
    ],
)
def test_a_loss_is_found_as_people_type_it(typed: str, meant: str) -> None:
    found = find_loss(typed)
    assert found is not None
    assert found.name == meant
