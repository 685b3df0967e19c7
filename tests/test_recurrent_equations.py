"""Recurrent cells written out as equations."""

from __future__ import annotations

from typing import Any

import pytest

from hwsolve.errors import InputErrors, Place
from hwsolve.nets.recurrent import recurrent_equations
from hwsolve.problem.model import Recurrent, Written

PLACE = Place("cell.yaml", 1, 1)
Shapes = dict[str, tuple[int, ...]]


def written(text: str) -> Written:
    return Written(text, Place("cell.yaml", 5, 8))


def equations(  # noqa: PLR0913  (what a problem can say about a cell)
    cell: str,
    shapes: Shapes,
    options: dict[str, str] | None = None,
    conventions: dict[str, str] | None = None,
    asked: tuple[str, ...] = (),
    first_index: int = 0,
) -> list[str]:
    out = recurrent_equations(
        Recurrent(cell, "x", {k: written(v) for k, v in (options or {}).items()}, ()),
        shapes,
        {k: written(v) for k, v in (conventions or {}).items()},
        place=PLACE,
        asked=asked,
        first_index=first_index,
    )
    return [line.text for line in out.equations]


def message(*args: Any, **settings: Any) -> str:
    with pytest.raises(InputErrors) as raised:
        equations(*args, **settings)
    return str(raised.value)


def gates(letters: str, **shapes: tuple[int, ...]) -> Shapes:
    return {f"{stem}{letter}": shape for stem, shape in shapes.items() for letter in letters}


def test_the_lstm_of_the_homework_is_written_with_primes() -> None:
    shapes: Shapes = {"x": (), "h'": (), "c'": (), **gates("ifoc", W=(), U=())}
    assert equations("lstm", shapes) == [
        "i = sigmoid(Wi*x + Ui*h')",
        "f = sigmoid(Wf*x + Uf*h')",
        "o = sigmoid(Wo*x + Uo*h')",
        "g = tanh(Wc*x + Uc*h')",
        "c = f*c' + i*g",
        "h = o*tanh(c)",
    ]


def test_every_step_of_a_sequence_reads_the_step_before() -> None:
    shapes: Shapes = {"x": (2, 3), "h0": (2,), "c0": (2,)}
    shapes |= gates("ifog", W=(2, 3), U=(2, 2), b=(2,))
    assert equations("lstm", shapes) == [
        "x1 = x[0, :]",
        "x2 = x[1, :]",
        "i1 = sigmoid(Wi @ x1 + Ui @ h0 + bi)",
        "f1 = sigmoid(Wf @ x1 + Uf @ h0 + bf)",
        "o1 = sigmoid(Wo @ x1 + Uo @ h0 + bo)",
        "g1 = tanh(Wg @ x1 + Ug @ h0 + bg)",
        "c1 = f1*c0 + i1*g1",
        "h1 = o1*tanh(c1)",
        "i2 = sigmoid(Wi @ x2 + Ui @ h1 + bi)",
        "f2 = sigmoid(Wf @ x2 + Uf @ h1 + bf)",
        "o2 = sigmoid(Wo @ x2 + Uo @ h1 + bo)",
        "g2 = tanh(Wg @ x2 + Ug @ h1 + bg)",
        "c2 = f2*c1 + i2*g2",
        "h2 = o2*tanh(c2)",
    ]


def test_states_that_are_not_given_are_zero_and_said() -> None:
    recurrent = Recurrent("lstm", "x", {}, ())
    shapes: Shapes = {"x": (1, 3), **gates("ifog", W=(2, 3), U=(2, 2))}
    out = recurrent_equations(recurrent, shapes, {}, place=PLACE)
    assert [line.text for line in out.equations][1:3] == ["h0 = zeros(2)", "c0 = zeros(2)"]
    assert [choice.meaning for choice in out.choices] == [
        "h0 is not given, so it is zero",
        "c0 is not given, so it is zero",
    ]


def test_the_first_index_decides_how_steps_are_cut_out() -> None:
    shapes: Shapes = {"x": (2,), "W": (), "U": (), "h0": ()}
    assert equations("rnn", shapes, first_index=1)[:2] == ["x1 = x[1]", "x2 = x[2]"]


def test_numbers_feed_a_vector_state_through_a_column() -> None:
    shapes: Shapes = {"x": (1,), "W": (2,), "U": (2, 2), "h0": (2,)}
    assert equations("rnn", shapes) == ["x1 = x[0]", "h1 = tanh(W*x1 + U @ h0)"]
    shapes["W"] = (2, 1)
    shapes["x"] = (2,)
    assert equations("rnn", shapes)[1:3] == ["x2 = [x[1]]", "h1 = tanh(W @ x1 + U @ h0)"]


def test_steps_may_have_a_name_each() -> None:
    shapes: Shapes = {"x1": (), "x2": (), "Wx": (), "Wh": (), "Wy": (), "h0": ()}
    assert equations("rnn", shapes, {"activation": "identity"}) == [
        "h1 = Wx*x1 + Wh*h0",
        "h2 = Wx*x2 + Wh*h1",
    ]


def test_one_matrix_can_multiply_input_and_state_together() -> None:
    shapes: Shapes = {"x": (1, 2), "h0": (2,), "c0": (2,), **gates("ifog", W=(2, 4))}
    assert equations("lstm", shapes, {"concatenated": "x h"})[1:3] == [
        "xh1 = concat(x1, h0)",
        "i1 = sigmoid(Wi @ xh1)",
    ]
    assert equations("lstm", shapes, {"concatenated": "h x"})[1] == "hx1 = concat(h0, x1)"
    scalars: Shapes = {"x": (), "h0": (), "W": (2,)}
    assert equations("rnn", scalars, {"concatenated": "x h"}) == [
        "xh1 = [x, h0]",
        "h1 = tanh(W @ xh1)",
    ]


def test_a_single_step_is_named_as_it_is_asked_for() -> None:
    shapes: Shapes = {"x": (1, 2), "h0": (2,), **gates("zrh", W=(2, 4))}
    lines = equations(
        "gru", shapes, {"concatenated": "x h", "update": "new"}, asked=("z", "hhat", "h")
    )
    assert lines == [
        "x1 = x[0, :]",
        "xh = concat(x1, h0)",
        "r = sigmoid(Wr @ xh)",
        "z = sigmoid(Wz @ xh)",
        "rh = r*h0",
        "hhat = tanh(Wh @ concat(x1, rh))",
        "h = (1 - z)*h0 + z*hhat",
    ]


def test_the_gru_can_weigh_the_old_state_and_reset_before_the_matrix() -> None:
    shapes: Shapes = {"x": (), "h0": (), **gates("zrh", W=(), U=(), b=())}
    assert equations("gru", shapes) == [
        "r1 = sigmoid(Wr*x + Ur*h0 + br)",
        "z1 = sigmoid(Wz*x + Uz*h0 + bz)",
        "htilde1 = tanh(Wh*x + Uh*(r1*h0) + bh)",
        "h1 = z1*h0 + (1 - z1)*htilde1",
    ]


def test_the_gru_can_reset_after_the_matrix_with_the_second_bias_inside() -> None:
    shapes: Shapes = {"x": (1, 3), "h0": (2,)}
    shapes |= {"W_ih": (6, 3), "W_hh": (6, 2), "b_ih": (6,), "b_hh": (6,)}
    lines = equations("gru", shapes, {"reset": "after"})
    assert lines[:3] == ["W_ir = W_ih[0:2]", "W_iz = W_ih[2:4]", "W_in = W_ih[4:6]"]
    assert lines[-4:] == [
        "r1 = sigmoid(W_ir @ x1 + W_hr @ h0 + b_ir + b_hr)",
        "z1 = sigmoid(W_iz @ x1 + W_hz @ h0 + b_iz + b_hz)",
        "n1 = tanh(W_in @ x1 + b_in + r1*(W_hn @ h0 + b_hn))",
        "h1 = z1*h0 + (1 - z1)*n1",
    ]


def test_stacked_matrices_are_cut_by_the_stated_first_index() -> None:
    shapes: Shapes = {"x": (1, 3), "h0": (2,), "c0": (2,), "W_ih": (8, 3), "W_hh": (8, 2)}
    lines = equations("lstm", shapes, first_index=1)
    assert lines[:4] == [
        "W_ii = W_ih[1:2]",
        "W_if = W_ih[3:4]",
        "W_ig = W_ih[5:6]",
        "W_io = W_ih[7:8]",
    ]
    assert message("lstm", {**shapes, "W_hh": (6, 2)}) == (
        "cell.yaml:1:1: W_hh is a 6x2 matrix, but it holds 4 gates; "
        "its rows are the gates i, f, g, o, one block below the other"
    )


def test_a_stated_second_bias_that_is_not_given_is_missed() -> None:
    shapes: Shapes = {"x": (), "h0": (), "W": (), "U": (), "b": ()}
    assert message("rnn", shapes, conventions={"biases": "two"}) == (
        "cell.yaml:5:8: the conventions say two bias vectors, but only b is given; "
        "the second is called d or bh"
    )


def test_two_bias_vectors_are_both_added() -> None:
    shapes: Shapes = {"x": (), "h0": (), "c0": (), **gates("ifog", W=(), U=(), b=(), bh=())}
    assert equations("lstm", shapes)[0] == "i1 = sigmoid(Wi*x + Ui*h0 + bi + bhi)"
    shapes = {"x": (), "h0": (), "W_ih": (), "W_hh": (), "b_ih": (), "b_hh": ()}
    assert equations("rnn", shapes) == ["h1 = tanh(W_ih*x + W_hh*h0 + b_ih + b_hh)"]


def test_weights_can_be_stored_inputs_by_units() -> None:
    shapes: Shapes = {"x": (1, 3), "h0": (2,), "W": (3, 2), "U": (2, 2)}
    lines = equations("rnn", shapes, conventions={"weights": "in_out"})
    assert lines[-1] == "h1 = tanh(x1 @ W + h0 @ U)"


def test_u_can_be_the_matrix_of_the_input() -> None:
    shapes: Shapes = {"x": (1, 3), "h0": (2,), "U": (2, 3), "W": (2, 2), "b": (2,)}
    lines = equations("rnn", shapes, conventions={"recurrent_weights": "W"})
    assert lines[-1] == "h1 = tanh(U @ x1 + W @ h0 + b)"


def test_all_missing_weights_are_named_with_their_shapes() -> None:
    shapes: Shapes = {"x": (2, 2), "Wi": (2, 2), "Wf": (2, 2), "Ui": (2, 2), "Uo": (2, 2)}
    assert message("lstm", shapes) == (
        "cell.yaml:1:1: the LSTM needs Uf, Wo, Wg and Ug, each a 2x2 matrix; write Uf under `given`"
    )


def test_matrices_that_fit_input_and_state_together_get_a_hint() -> None:
    shapes: Shapes = {"x": (2, 2), **gates("ifog", W=(2, 4))}
    assert message("lstm", shapes) == (
        "cell.yaml:1:1: the LSTM needs Ui, Uf, Uo and Ug, each a 2x2 matrix; "
        "where each W multiplies x and h together, write `concatenated: x h`"
    )


def test_a_matrix_of_the_wrong_shape_is_named_with_the_sizes() -> None:
    shapes: Shapes = {"x": (2, 3), "W": (3, 2), "U": (2, 2)}
    assert message("rnn", shapes) == (
        "cell.yaml:1:1: W is a 3x2 matrix, but a step has 3 numbers and the state 2 numbers; "
        "if it is stored the other way, write `conventions: {weights: in_out}`"
    )


def test_a_bias_for_some_gates_only_is_refused() -> None:
    shapes: Shapes = {"x": (), **gates("ifog", W=(), U=()), "bi": (), "bf": (), "bo": ()}
    assert message("lstm", shapes) == (
        "cell.yaml:1:1: the LSTM has the bias bi, but none for the gate g; "
        "write it as 0 to leave it out"
    )


def test_options_of_another_cell_and_mistyped_values_are_refused() -> None:
    shapes: Shapes = {"x": (), "W": (), "U": ()}
    assert message("rnn", shapes, {"reset": "before"}) == (
        "cell.yaml:5:8: the RNN has no option 'reset'; its options are concatenated, activation, merge"
    )
    assert message("gru", shapes, {"reset": "befor"}) == (
        "cell.yaml:5:8: 'reset' cannot be 'befor'; did you mean 'before'?"
    )


def test_an_initial_state_of_the_wrong_length_is_named() -> None:
    shapes: Shapes = {"x": (2, 3), "W": (2, 3), "U": (2, 2), "h0": (3,)}
    assert message("rnn", shapes) == (
        "cell.yaml:1:1: h0 is a vector of 3 numbers, but the state is a vector of 2 numbers"
    )


def test_a_missing_sequence_is_asked_for() -> None:
    assert message("rnn", {"W": (), "U": ()}) == (
        "cell.yaml:1:1: the RNN needs its input 'x'; give x as a list of steps, or x1, x2, ..."
    )
