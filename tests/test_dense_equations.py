"""Dense networks written out as equations."""

from __future__ import annotations

from typing import Any

import pytest

from hwsolve.errors import InputErrors, Place
from hwsolve.nets.dense import dense_equations
from hwsolve.problem.model import DenseLayer, Network, Written

PLACE = Place("net.yaml", 7, 3)
TWO_LAYERS = (("W1", "b1", "sigmoid", ""), ("W2", "b2", "sigmoid", ""))


def written(text: str, line: int = 9) -> Written:
    return Written(text, Place("net.yaml", line, 7))


def equations(  # noqa: PLR0913  (what a network can say)
    shapes: dict[str, tuple[int, ...]],
    layers: tuple[tuple[str, str | None, str, str], ...] = TWO_LAYERS,
    data: tuple[str, str | None] = ("x", "t"),
    examples: str = "single",
    loss: str | None = None,
    asked: tuple[str, ...] = (),
    **conventions: str,
) -> list[str]:
    network = Network(
        data[0],
        data[1],
        examples,
        tuple(DenseLayer(*layer, PLACE) for layer in layers),
        written(loss) if loss else None,
        (),
    )
    stated = {name: written(value, 11) for name, value in conventions.items()}
    return [line.text for line in dense_equations(network, shapes, stated, asked).equations]


def message(*args: Any, **settings: Any) -> str:
    with pytest.raises(InputErrors) as raised:
        equations(*args, **settings)
    return str(raised.value)


MAZUR = {"x": (2,), "t": (2,), "W1": (2, 2), "b1": (), "W2": (2, 2), "b2": ()}
BATCH: dict[str, tuple[int, ...]] = {"W1": (5, 2), "b1": (5,), "W2": (3, 5), "b2": (3,)}


def test_one_example_is_a_vector_behind_each_matrix() -> None:
    assert equations(MAZUR, loss="half_squared_error") == [
        "z1 = W1 @ x + b1",
        "a1 = sigmoid(z1)",
        "z2 = W2 @ a1 + b2",
        "yhat = sigmoid(z2)",
        "L = 1/2*sum((yhat - t)^2)",
    ]


def test_plain_numbers_are_multiplied_and_not_summed() -> None:
    shapes: dict[str, tuple[int, ...]] = dict.fromkeys(MAZUR, ())
    assert equations(shapes, loss="bce") == [
        "z1 = W1*x + b1",
        "a1 = sigmoid(z1)",
        "z2 = W2*a1 + b2",
        "yhat = sigmoid(z2)",
        "L = -(t*log(yhat) + (1 - t)*log(1 - yhat))",
    ]


def test_one_input_can_feed_a_column_of_weights() -> None:
    shapes = {"x": (), "W1": (3,), "b1": (3,), "W2": (3,), "b2": ()}
    assert equations(shapes, data=("x", None))[:3:2] == ["z1 = W1*x + b1", "z2 = W2 @ a1 + b2"]


def test_examples_in_rows_stand_before_the_transposed_matrix() -> None:
    layers = (TWO_LAYERS[0], ("W2", "b2", "softmax", ""))
    shapes = {"X": (4, 2), "Y": (4, 3), **BATCH}
    assert equations(shapes, layers, ("X", "Y"), "rows", "ce") == [
        "Z1 = X @ W1.T + b1",
        "A1 = sigmoid(Z1)",
        "Z2 = A1 @ W2.T + b2",
        "Yhat = softmax(Z2, axis=1)",
        "L = -1/4*sum(Y*log(Yhat))",
    ]


def test_examples_in_columns_need_an_upright_bias() -> None:
    layers = (TWO_LAYERS[0], ("W2", "b2", "softmax", "out"))
    shapes = {"x": (2, 4), "y": (3, 4), **BATCH, "b2": (3, 1)}
    assert equations(shapes, layers, ("x", "y"), "columns", "cross entropy") == [
        "z1 = W1 @ x + column(b1)",
        "a1 = sigmoid(z1)",
        "z_out = W2 @ a1 + b2",
        "a_out = softmax(z_out, axis=0)",
        "yhat = a_out",
        "L = -1/4*sum(y*log(yhat))",
    ]


def test_weights_stored_inputs_by_units_stand_behind_the_vector() -> None:
    shapes = {"x": (2,), "W1": (2, 3), "b1": (3,), "W2": (3, 1), "b2": (1,)}
    assert equations(shapes, data=("x", None), weights="in_out")[::2] == [
        "z1 = x @ W1 + b1",
        "z2 = a1 @ W2 + b2",
    ]


def test_the_asked_names_decide_between_yhat_a2_and_the_letter_of_the_loss() -> None:
    lines = equations(MAZUR, loss="sse", asked=("a2", "E"))
    assert lines[-3:] == ["a2 = sigmoid(z2)", "yhat = a2", "E = sum((yhat - t)^2)"]


def test_a_linear_layer_needs_no_second_name_for_its_sum() -> None:
    layers = (("W1", None, "linear", ""), ("W2", None, "linear", ""))
    assert equations(MAZUR, layers) == ["z1 = W1 @ x", "yhat = W2 @ z1"]
    assert equations(MAZUR, layers, asked=("a1", "z2")) == [
        "z1 = W1 @ x",
        "a1 = z1",
        "z2 = W2 @ a1",
        "yhat = z2",
    ]


def test_where_yhat_is_given_the_last_layer_keeps_its_own_name() -> None:
    assert equations({**MAZUR, "yhat": (2,)}, loss="sse")[-2:] == [
        "a2 = sigmoid(z2)",
        "L = sum((a2 - t)^2)",
    ]


def test_a_loss_can_be_an_equation() -> None:
    lines = equations(MAZUR, loss="J = sum((yhat - t)^4)")
    assert lines[-1] == "J = sum((yhat - t)^4)"


def test_a_loss_with_its_own_letter_can_be_named() -> None:
    assert equations(MAZUR, loss="J = mse")[-1] == "J = mean((yhat - t)^2)"


def test_the_reduction_of_a_loss_can_be_stated() -> None:
    shapes = {"X": (4, 2), "Y": (4, 3), **BATCH}
    lines = equations(shapes, TWO_LAYERS, ("X", "Y"), "rows", "bce", reduction="sum")
    assert lines[-1] == "L = -sum(Y*log(Yhat) + (1 - Y)*log(1 - Yhat))"


def test_the_choices_say_what_was_a_default() -> None:
    network = Network(
        "x", "t", "single", (DenseLayer("W1", "b1", "relu", "", PLACE),), written("mse"), ()
    )
    choices = dense_equations(network, MAZUR).choices
    assert [(choice.name, choice.value, choice.stated) for choice in choices] == [
        ("weights", "out_in", False),
        ("loss", "mean_squared_error", False),
    ]


def test_weights_of_the_wrong_layout_are_told_apart_from_wrong_sizes() -> None:
    shapes = {**MAZUR, "W1": (2, 3), "b1": (3,)}
    assert message(shapes, (TWO_LAYERS[0],)) == (
        "net.yaml:7:3: W1 is a 2x3 matrix, but the input x gives 2 numbers; "
        "if it is stored inputs x units, write `conventions: {weights: in_out}`"
    )
    assert message({**shapes, "W1": (4, 3)}, (TWO_LAYERS[0],)) == (
        "net.yaml:7:3: W1 is a 4x3 matrix, but the input x gives 2 numbers; "
        "weights are stored units x inputs, so it must be n x 2"
    )


def test_a_bias_of_the_wrong_length_is_never_broadcast() -> None:
    assert message({**MAZUR, "b1": (3,)}) == (
        "net.yaml:7:3: the bias b1 is a vector of 3 numbers, but W1 makes 2 units; "
        "write b1 as a vector of 2 numbers"
    )


def test_a_target_that_would_be_broadcast_is_refused() -> None:
    shapes = {"X": (4, 2), "y": (4,), "W1": (4, 2), "b1": (4,)}
    assert message(shapes, (TWO_LAYERS[0],), ("X", "y"), "rows", "mse") == (
        "net.yaml:9:7: the target y is a vector of 4 numbers, but the network's output is 4x4; "
        "write y as a 4x4 matrix; a vector would be broadcast"
    )


def test_a_vector_of_targets_of_one_unit_is_stood_up_as_a_column() -> None:
    shapes = {"X": (4, 2), "y": (4,), "W1": (1, 2), "b1": (1,)}
    found = equations(shapes, (TWO_LAYERS[0],), ("X", "y"), "rows", "mse")
    assert found[-1] == "L = mean((Yhat - column(y))^2)"


def test_a_plain_number_as_target_of_several_units_gets_a_hint_at_what_to_write() -> None:
    layers = (("W1", "b1", "softmax", ""),)
    assert message({**MAZUR, "t": ()}, layers, loss="mse") == (
        "net.yaml:9:7: the target t is a number, but the network's output is 2; "
        "write t as 2 numbers; the first class is one-hot [1, 0]"
    )
    wide = {"x": (2,), "t": (1,), "W1": (9, 2), "b1": ()}
    assert message(wide, layers, loss="ce") == (
        "net.yaml:9:7: the target t is a vector of 1 number, but the network's output is 9; "
        "write t as 9 numbers; the first class is one-hot [1, 0, ..., 0]"
    )


def test_a_class_may_be_the_target_by_its_number() -> None:
    layers = (("W1", "b1", "softmax", ""),)
    assert equations({**MAZUR, "t": ()}, layers, loss="ce")[-1] == "L = cross_entropy(yhat, t)"
    shapes = {"X": (4, 2), "t": (4,), "W1": (5, 2), "b1": (5,)}
    last = equations(shapes, layers, ("X", "t"), "rows", "cross entropy", reduction="sum")[-1]
    assert last == "L = cross_entropy(Yhat, t, reduction=sum)"
    assert "a vector would be broadcast" in message(
        {**shapes, "X": (2, 4), "t": (5,)}, layers, ("X", "t"), "columns", "ce"
    )


def test_a_mistyped_loss_is_named_with_its_neighbour() -> None:
    assert message(MAZUR, loss="mean_sqared_error") == (
        "net.yaml:9:7: there is no loss named 'mean_sqared_error'; "
        "did you mean 'mean_squared_error'?"
    )


def test_a_loss_without_a_target_asks_for_one() -> None:
    assert message(MAZUR, data=("x", None), loss="mse") == (
        "net.yaml:9:7: the loss 'mean_squared_error' needs a target; "
        "give y or t, or write `target: name`"
    )


def test_softmax_of_one_unit_is_refused() -> None:
    shapes = {"x": (2,), "W1": (2,), "b1": ()}
    layers = (("W1", "b1", "softmax", ""),)
    assert message(shapes, layers, ("x", None)) == (
        "net.yaml:7:3: softmax needs several units, but W1 makes one; one unit takes sigmoid"
    )


def test_a_given_value_cannot_have_the_name_of_a_computed_one() -> None:
    assert message({**MAZUR, "z1": ()}) == (
        "net.yaml:7:3: the network computes 'z1', but a given value has that name too; "
        "rename it, or write it under `override` to use it instead"
    )


def test_an_unknown_convention_is_refused_at_its_place() -> None:
    assert message(MAZUR, weights="inout") == (
        "net.yaml:11:7: the convention 'weights' cannot be 'inout'; did you mean 'in_out'?"
    )


def test_every_misfit_of_a_network_is_reported_at_once() -> None:
    shapes = {**MAZUR, "z1": (), "b2": (5,)}
    assert message(shapes).count("net.yaml") == 2
