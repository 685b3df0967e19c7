"""Dense networks solved: one net in several layouts gives the same numbers.

The expected numbers were computed with numpy by formulas written by hand and
confirmed by differences; they are those of `problems/softmax-classifier.yaml`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from hwsolve.errors import HwsolveError, InputErrors
from hwsolve.problem.reader import read_text
from hwsolve.solvers import solve

if TYPE_CHECKING:
    from hwsolve.solution import Solution

X = np.array([[0.5, -1.0], [1.5, 2.0], [-0.5, 0.25], [1.0, -0.75]])
Y = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]])
W1 = np.array([[0.2, -0.4], [0.7, 0.1], [-0.3, 0.5]])
W2 = np.array([[0.3, -0.6, 0.2], [-0.1, 0.4, 0.5], [0.25, 0.15, -0.35]])
LOSS = 1.0823597191213832
DW1 = [[0.0284061090, 0.1023238153], [0.1832875819, -0.2946899670], [-0.1679241433, -0.0153187523]]
DB1 = [-0.0308081462, 0.1871512711, 0.0153868910]


def solved(data: tuple[Any, Any, Any, Any], more: str = "", x: str = "X", y: str = "Y") -> Solution:
    inputs, targets, first, second = (array.tolist() for array in data)
    text = f"""
kind: network
given:
  {x}: {inputs}
  {y}: {targets}
  W1: {first}
  b1: [0.1, -0.2, 0.05]
  W2: {second}
  b2: [0.05, 0, -0.1]
layers:
  - {{W: W1, b: b1, activation: tanh}}
  - {{W: W2, b: b2, activation: softmax}}
loss: cross_entropy
find: [L, dL/dW1, dL/db1]
{more}
"""
    return solve(read_text(text, "net.yaml"))


def values(solution: Solution) -> list[Any]:
    return [np.asarray(answer.value) for answer in solution.answers]


def test_examples_in_rows_give_the_numbers_of_the_formulas() -> None:
    loss, weights, bias = values(solved((X, Y, W1, W2), "examples: rows"))
    assert loss == pytest.approx(LOSS, rel=1e-14)
    assert weights == pytest.approx(np.array(DW1), abs=5e-11)
    assert bias == pytest.approx(np.array(DB1), abs=5e-11)


def test_examples_in_columns_give_the_same() -> None:
    loss, weights, bias = values(solved((X.T, Y.T, W1, W2), "examples: columns"))
    assert loss == pytest.approx(LOSS, rel=1e-14)
    assert weights == pytest.approx(np.array(DW1), abs=5e-11)
    assert bias == pytest.approx(np.array(DB1), abs=5e-11)


def test_matrices_stored_by_input_give_the_same_transposed() -> None:
    more = "examples: rows\nconventions: {weights: in_out}"
    loss, weights, _ = values(solved((X, Y, W1.T, W2.T), more))
    assert loss == pytest.approx(LOSS, rel=1e-14)
    assert weights == pytest.approx(np.array(DW1).T, abs=5e-11)


def test_a_batch_is_the_mean_of_its_examples() -> None:
    each = [values(solved((x, y, W1, W2), x="x", y="y")) for x, y in zip(X, Y, strict=True)]
    assert sum(loss for loss, _, _ in each) / 4 == pytest.approx(LOSS, rel=1e-14)
    assert sum(weights for _, weights, _ in each) / 4 == pytest.approx(np.array(DW1), abs=5e-11)


def test_the_conventions_of_the_network_are_said() -> None:
    said = {one.name: one.meaning for one in solved((X, Y, W1, W2), "examples: rows").conventions}
    assert said["examples"] == "X holds 4 examples, one in each row"
    assert said["weights"] == "in a matrix a row for each unit"
    assert said["loss"] == (
        "-sum of y log(yhat) over the classes with the natural logarithm, the mean over examples"
    )


def test_a_stated_base_of_the_logarithm_is_said_with_the_loss() -> None:
    more = "examples: rows\nconventions: {log: 2}"
    solution = solved((X, Y, W1, W2), more)
    assert values(solution)[0] == pytest.approx(LOSS / np.log(2))
    (loss,) = (one.meaning for one in solution.conventions if one.name == "loss")
    assert "the logarithm to base 2" in loss


def test_the_equations_that_were_solved_are_listed_first() -> None:
    solution = solved((X, Y, W1, W2), "examples: rows")
    assert [block.parts[0] for block in solution.sections[0].blocks][:2] == [  # type: ignore[union-attr]  # texts
        "Z1 = X @ W1.T + b1",
        "A1 = tanh(Z1)",
    ]


def test_an_activation_can_be_a_function_of_the_problem() -> None:
    text = """
kind: network
given: {x: 2, w: 3}
layers: [{W: w, activation: cube}]
equations: ["cube(z) = z^3"]
find: [yhat]
"""
    (answer,) = solve(read_text(text)).answers
    assert answer.value == 216


def test_an_activation_can_have_a_setting() -> None:
    text = """
kind: network
given: {x: -2, w: 3}
layers: [{W: w, activation: leaky_relu(0.1)}]
find: [yhat]
"""
    (answer,) = solve(read_text(text)).answers
    assert answer.value == pytest.approx(-0.6)


def test_an_unknown_activation_is_reported_at_its_layer() -> None:
    text = """kind: network
given: {x: 2, w: 3}
layers:
  - {W: w, activation: sigmod}
find: [yhat]
"""
    with pytest.raises(HwsolveError) as raised:
        solve(read_text(text, "net.yaml"))
    assert str(raised.value) == ("net.yaml:4:5: unknown function 'sigmod'; did you mean 'sigmoid'?")


def test_shapes_that_do_not_fit_are_reported_at_their_layer() -> None:
    with pytest.raises(InputErrors) as raised:
        solved((X, Y, W1.T, W2), "examples: rows")
    assert str(raised.value) == (
        "net.yaml:11:5: W1 is a 2x3 matrix, but the input X gives 2 numbers an example; "
        "if it is stored inputs x units, write `conventions: {weights: in_out}`"
    )


ONE_UNIT = """
kind: network
given: {{x: [1, 2], t: {target}, W1: [[0.5, 0.25]]}}
layers: [{{W: W1, b: {bias}, activation: {activation}}}]
loss: half_squared_error
find: [{output}, L, dL/dW1]
"""


@pytest.mark.parametrize(
    ("target", "bias"), [("[3]", "[1]"), ("3", "1"), ("3", "[1]"), ("[3]", "1")]
)
def test_one_unit_may_have_plain_numbers_for_its_target_and_bias(target: str, bias: str) -> None:
    text = ONE_UNIT.format(target=target, bias=bias, activation="ReLU", output="yhat")
    answers = {answer.name: answer.value for answer in solve(read_text(text)).answers}
    # 0.5*1 + 0.25*2 + 1 = 2, half of (2 - 3)^2, and (2 - 3)*x
    assert np.asarray(answers["yhat"]).tolist() == [2]
    assert answers["L"] == 0.5
    assert np.asarray(answers["dL/dW1"]).tolist() == [[-1, -2]]


@pytest.mark.parametrize("output", ["ŷ", "y_hat", "yhat, ŷ"])
def test_the_output_has_the_name_by_which_it_is_asked_for(output: str) -> None:
    text = ONE_UNIT.format(target="3", bias="1", activation="SIGMOID", output=output)
    solution = solve(read_text(text))
    answers = {answer.name: np.asarray(answer.value) for answer in solution.answers}
    for name in output.split(", "):
        assert answers[name][0] == pytest.approx(1 / (1 + np.exp(-2)))


def test_a_name_that_the_network_does_not_have_gets_a_hint_at_those_that_it_has() -> None:
    text = ONE_UNIT.format(target="3", bias="1", activation="tanh", output="result")
    with pytest.raises(HwsolveError) as raised:
        solve(read_text(text, "net.yaml"))
    assert str(raised.value) == (
        "net.yaml:6:8: 'result' is not defined; the network computes z1, yhat, L"
    )


def test_a_class_is_given_as_a_vector_or_by_its_number() -> None:
    text = """
kind: network
given: {{X: [[1, 2], [0, 1]], t: {target}, W1: [[0.5, 0.25], [1, 2], [0, 1]]}}
layers: [{{W: W1, activation: Softmax}}]
loss: Cross-Entropy
find: [L, dL/dW1]
"""
    by_number, by_vector = (
        {answer.name: np.asarray(answer.value).tolist() for answer in solution.answers}
        for solution in (
            solve(read_text(text.format(target=target)))
            for target in ("[2, 0]", "[[0, 0, 1], [1, 0, 0]]")
        )
    )
    assert by_number == by_vector
    # the mean of -log(0.0466126) and -log(0.112719)
    assert by_number["L"] == pytest.approx(2.62437, abs=5e-6)
