"""Layers of a network beside dense ones: skips, heads, normalisation, dropout; book names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hwsolve.errors import HwsolveError
from hwsolve.problem.reader import read_text
from hwsolve.solvers import solve
from hwsolve.solvers.book_names import spelled
from hwsolve.solvers.network import network_equations

VECTOR = "{x: [1, 2], W1: [[1, 2], [3, 4]], W2: [[1, 0], [0, 1]], v: [1, 1], t: [0, 1]}"
BATCH = (
    "{X: [[1, 2], [3, 4], [5, 6]], W1: [[1, 2], [3, 4]], g: [1, 2], m: [[1, 0], [1, 1], [0, 1]]}"
)
COLUMNS = BATCH.replace("[[1, 2], [3, 4], [5, 6]]", "[[1, 3, 5], [2, 4, 6]]").replace(
    "[[1, 0], [1, 1], [0, 1]]", "[[1, 1, 0], [0, 1, 1]]"
)


def network(layers: str, given: str = VECTOR, more: str = "") -> str:
    return f"kind: network\ngiven: {given}\nlayers: [{layers}]\n{more}"


def equations(*args: str) -> list[str]:
    return [line.text for line in network_equations(read_text(network(*args), "t")).equations]


def refusal(*args: str) -> str:
    with pytest.raises(HwsolveError) as raised:
        equations(*args)
    return str(raised.value)


def test_a_skip_is_added_before_the_activation() -> None:
    layers = "{W: W1, activation: relu}, {W: W2, add: x, activation: tanh}"
    assert equations(layers) == [
        "z1 = W1 @ x", "a1 = relu(z1)", "z2 = W2 @ a1", "yhat = tanh(z2 + x)",
    ]  # fmt: skip


def test_a_layer_without_weights_adds_or_activates() -> None:
    layers = "{W: W1, activation: relu}, {add: x}, {activation: tanh}, {W: W2, add: 1}"
    assert equations(layers) == [
        "z1 = W1 @ x", "a1 = relu(z1)", "a2 = a1 + x", "a3 = tanh(a2)", "z4 = W2 @ a3",
        "yhat = z4 + a1",
    ]  # fmt: skip


def test_several_heads_read_one_layer() -> None:
    layers = (
        "{W: W1, activation: relu, name: trunk}, {W: v, name: value}, "
        "{W: W2, from: trunk, activation: softmax}"
    )
    assert equations(layers, VECTOR, "find: a_value") == [
        "z_trunk = W1 @ x",
        "a_trunk = relu(z_trunk)",
        "z_value = v @ a_trunk",
        "a_value = z_value",
        "z3 = W2 @ a_trunk",
        "yhat = softmax(z3)",
    ]


def test_a_layer_can_be_shared() -> None:
    layers = "{W: W1, activation: relu}, {W: W1, activation: relu}"
    assert equations(layers)[2:] == ["z2 = W1 @ a1", "yhat = relu(z2)"]


@pytest.mark.parametrize(
    ("given", "more", "first"),
    [
        (BATCH, "", "N1 = batch_norm(Z1, gamma=g, eps=1e-3)"),
        (COLUMNS, "examples: columns", "N1 = batch_norm(Z1, gamma=column(g), eps=1e-3, axis=1)"),
    ],
)
def test_a_batch_is_normalised_then_activated_then_dropped(
    given: str, more: str, first: str
) -> None:
    layer = "{W: W1, norm: batch, gamma: g, eps: 1e-3, activation: relu, dropout: m, keep: 0.5}"
    assert equations(layer, given, more)[1:] == [first, "A1 = relu(N1)", "Yhat = A1*m/0.5"]


def test_examples_in_rows_and_columns_are_normalised_alike() -> None:
    layer = (
        "{W: W1, norm: batch, gamma: g, activation: tanh, dropout: m}, "
        "{W: W1, norm: layer, beta: g}"
    )
    found = []
    for given, more in ((BATCH, ""), (COLUMNS, "examples: columns\n")):
        text = network(layer, given, f"{more}equations: L = sum(yhat^2)\nfind: [yhat, dL/dW1]")
        found.append([np.array(answer.value) for answer in solve(read_text(text, "t")).answers])
    np.testing.assert_allclose(found[0][0], found[1][0].T, rtol=1e-12)
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-9)


def test_in_evaluation_the_running_values_are_used() -> None:
    given = "{x: [1, 2], W1: [[1, 2], [3, 4]], m: [4, 10], v: [1, 4], g: [3, 1], b: [0, 1]}"
    layer = "{W: W1, norm: batch, gamma: g, beta: b, mean: m, var: v, eps: 1e-9}"
    (answer,) = solve(read_text(network(layer, given, "find: yhat"), "t")).answers
    # W1 x = [5, 11], less the means and divided by the deviations: [1, 1/2]
    np.testing.assert_allclose(np.array(answer.value), [3, 1.5], rtol=1e-6)


@pytest.mark.parametrize(
    ("layers", "given", "message"),
    [
        ("{W: W1, from: q}", VECTOR,
         "t:3:24: there is no layer 'q' before this one; layers before it are x"),
        ("{W: W1, add: 2}, {W: W2}", VECTOR,
         "t:3:23: there is no layer '2' before this one; layers before it are x"),
        ("{W: v, name: u}, {W: v, from: x, add: x}", VECTOR,
         "t:3:48: the input x is a vector of 2 numbers, but it is added to a number"),
        ("{W: W1, norm: batch}", VECTOR,
         "t:3:10: batch normalisation needs several examples; a batch is a matrix with an example "
         "in each row"),
        ("{W: v, norm: layer}", VECTOR, "t:3:10: layer normalisation needs several units"),
        ("{W: W1, norm: batch, gamma: m}", BATCH,
         "t:3:10: gamma is a 3x2 matrix, but there are 2 units"),
        ("{W: W1, norm: batch, mean: g}", BATCH,
         "t:3:10: evaluation needs the running `mean` and `var`"),
        ("{W: W1, dropout: W1}", BATCH,
         "t:3:10: the mask W1 is a 2x2 matrix, but it multiplies a 3x2 matrix"),
        ("{W: W1, norm: bach}", BATCH, "t:3:24: 'norm' cannot be 'bach'; did you mean 'batch'?"),
        ("{W: W1, dropout: m, keep: 0}", BATCH,
         "t:3:36: 'keep' takes a number above 0, not '0'; for example keep: 0.8"),
        ("{name: a}", VECTOR,
         "t:3:10: layer 1 has no weights; for example {W: W1, b: b1, activation: sigmoid}"),
    ],
)  # fmt: skip
def test_what_does_not_fit_a_layer_is_said(layers: str, given: str, message: str) -> None:
    assert refusal(layers, given) == message


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("W^(1)", "W1"),
        ("dL/dW^[2]", "dL/dW2"),
        ("dL/dW^(2)[0,1]", "dL/dW2[0,1]"),
        ("a^{(1)}", "a^{(1)}"),
        ("z^{1}", "z1"),
        ("delta2", "dL/dz2"),
        ("δ₂", "δ₂"),
        ("δ2", "dL/dz2"),
        ("delta^(2)", "dL/dz2"),
        ("δ[1]", "dL/dz1"),
        ("δ[1][0]", "dL/dz1[0]"),
        ("delta_1", "dL/dz1"),
        ("mydelta1", "mydelta1"),
        ("W1^2", "W1^2"),
        ("dL/ddelta1", "dL/ddelta1"),
    ],
)
def test_the_names_of_books_are_understood(theirs: str, ours: str) -> None:
    assert spelled(theirs, {}) == ours


def test_a_given_delta_is_what_was_given() -> None:
    assert spelled("delta1", {"delta1": 0}) == "delta1"


def test_the_answers_are_called_as_they_were_asked_for() -> None:
    text = network(
        "{W: W1, activation: sigmoid}, {W: W2, activation: sigmoid}",
        VECTOR,
        "loss: E = half_squared_error\nfind: [a^(1), delta2, 'δ[1]', 'dE/dW^(2)[0,1]', E]",
    )
    found: dict[str, Any] = {
        answer.name: np.array(answer.value) for answer in solve(read_text(text, "t")).answers
    }
    assert list(found) == ["a^(1)", "delta2", "δ[1]", "dE/dW^(2)[0,1]", "E"]
    w1, w2, x, t = (np.array(v) for v in ([[1, 2], [3, 4]], [[1, 0], [0, 1]], [1, 2], [0, 1]))
    hidden = 1 / (1 + np.exp(-w1 @ x))
    output = 1 / (1 + np.exp(-w2 @ hidden))
    delta2 = (output - t) * output * (1 - output)
    np.testing.assert_allclose(found["delta2"], delta2, rtol=1e-12)
    np.testing.assert_allclose(found["δ[1]"], (w2.T @ delta2) * hidden * (1 - hidden), rtol=1e-9)
    np.testing.assert_allclose(found["dE/dW^(2)[0,1]"], delta2[0] * hidden[1], rtol=1e-12)
