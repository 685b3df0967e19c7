"""A bias inside the weights, and a vector of targets for one unit: the same numbers as apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hwsolve.errors import HwsolveError
from hwsolve.problem.reader import read_text
from hwsolve.solvers import solve

NET = """
kind: network
given:
  {x}
  t: {t}
  W1: {first}
  W2: {second}
  {more}
bias: {bias}
examples: {examples}
layers:
  - {{W: W1, activation: sigmoid}}
  - {{W: W2, activation: sigmoid}}
loss: {loss}
find: [L, dL/dW1, dL/dW2]
conventions: {{weights: {weights}}}
"""
X = np.array([[0.0, 1], [1, 0], [1, 1]])
T = np.array([0.0, 1, 1])
# the bias of each unit in the first column
W1 = np.array([[0.1, 0.2, -0.3], [0.4, -0.5, 0.6]])
W2 = np.array([[0.5, -1, 2]])


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(first: Any, second: Any) -> float:
    """Mean squared error with loops and the biases apart."""
    total = 0.0
    for x, t in zip(X, T, strict=True):
        hidden = [sigmoid(row[0] + row[1] * x[0] + row[2] * x[1]) for row in first]
        out = sigmoid(second[0][0] + second[0][1] * hidden[0] + second[0][2] * hidden[1])
        total += (out - t) ** 2
    return total / 3


def slopes(which: int) -> Any:
    """The gradient of the loss by central differences."""
    weights = [W1, W2]
    found = np.zeros(weights[which].shape)
    for at in np.ndindex(found.shape):
        sides = []
        for step in (1e-5, -1e-5):
            moved = [array.copy() for array in weights]
            moved[which][at] += step
            sides.append(loss(*moved))
        found[at] = (sides[0] - sides[1]) / 2e-5
    return found


def answers(  # noqa: PLR0913  (the ways to write one net)
    x: Any = X,
    t: Any = T,
    first: Any = W1,
    second: Any = W2,
    bias: str = "folded",
    examples: str = "rows",
    weights: str = "out_in",
) -> list[Any]:
    text = NET.format(
        x=f"X: {x.tolist()}", t=t.tolist(), first=first.tolist(), second=second.tolist(),
        more="", bias=bias, examples=examples, loss="mse", weights=weights,
    )  # fmt: skip
    return [np.asarray(answer.value) for answer in solve(read_text(text, "net.yaml")).answers]


def test_a_folded_bias_gives_the_numbers_of_a_bias_apart() -> None:
    found = answers()
    assert found[0] == pytest.approx(loss(W1, W2), rel=1e-14)
    assert found[1] == pytest.approx(slopes(0), abs=1e-9)
    assert found[2] == pytest.approx(slopes(1), abs=1e-9)


@pytest.mark.parametrize("examples", ["rows", "columns"])
@pytest.mark.parametrize("weights", ["out_in", "in_out"])
@pytest.mark.parametrize("bias", ["folded", "folded last"])
def test_every_layout_of_a_folded_bias_gives_the_same(
    examples: str, weights: str, bias: str
) -> None:
    def laid_out(matrix: Any) -> Any:
        moved = np.roll(matrix, -1, axis=1) if bias == "folded last" else matrix
        return moved.T if weights == "in_out" else moved

    x = X.T if examples == "columns" else X
    found = answers(x, T, laid_out(W1), laid_out(W2), bias, examples, weights)
    assert found[0] == pytest.approx(loss(W1, W2), rel=1e-14)
    assert found[1] == pytest.approx(laid_out(slopes(0)), abs=1e-9)
    assert found[2] == pytest.approx(laid_out(slopes(1)), abs=1e-9)


def test_a_vector_of_targets_is_read_as_one_number_for_each_example() -> None:
    columns, upright = answers(), answers(t=T.reshape(3, 1))
    for one, other in zip(columns, upright, strict=True):
        assert one == pytest.approx(other, rel=1e-15)


def test_a_single_example_and_a_single_number_get_their_1() -> None:
    one = """
kind: network
given: {x: 2, t: 1, w: [0.5, -1]}
layers: [{W: w, bias: folded}]
loss: squared_error
find: [yhat, L, dL/dw]
"""
    found = [np.asarray(answer.value) for answer in solve(read_text(one, "one.yaml")).answers]
    # 0.5 + 2·(-1) = -1.5, (-1.5 - 1)² = 6.25, 2·(-2.5)·[1, 2]
    assert found[0] == pytest.approx(-1.5)
    assert found[1] == pytest.approx(6.25)
    assert found[2] == pytest.approx([-5, -10])


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("{W: W, bias: folded, b: c}", "a folded bias is a part of W; remove b: c"),
        ("{W: W, bias: yes}", "'bias' cannot be 'yes'; it is folded or folded last"),
        ("{activation: relu, bias: folded}", "which this layer has not"),
        ("{W: V, bias: folded}", "V is a 1x2 matrix, but the input x with its 1 gives 3 numbers"),
    ],
)
def test_a_folded_bias_that_cannot_be_is_refused(layer: str, message: str) -> None:
    text = (
        "kind: network\ngiven: {x: [1, 2], W: [[1, 2, 3]], V: [[1, 2]], c: [1]}\n"
        f"layers:\n  - {layer}\nfind: [yhat]"
    )
    with pytest.raises(HwsolveError) as caught:
        solve(read_text(text, "net.yaml"))
    assert message in str(caught.value)
