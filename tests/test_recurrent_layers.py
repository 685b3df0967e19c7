"""Recurrent nets of several layers, two directions, batches, outputs and losses: the equations."""

from __future__ import annotations

from typing import Any

import pytest

from hwsolve.errors import HwsolveError
from hwsolve.problem.reader import read_text
from hwsolve.solvers.recurrent import sequence_equations


def array(*shape: int) -> Any:
    return [array(*shape[1:]) for _ in range(shape[0])] if shape else 0.5


def problem(body: str, **shapes: tuple[int, ...]) -> str:
    given = "".join(f"  {name}: {array(*shape)}\n" for name, shape in shapes.items())
    return f"kind: recurrent\n{body}\ngiven:\n{given}"


def equations(body: str, **shapes: tuple[int, ...]) -> list[str]:
    written = sequence_equations(read_text(problem(body, **shapes), "t"))
    return [line.text for line in written.equations]


def refusal(body: str, **shapes: tuple[int, ...]) -> str:
    with pytest.raises(HwsolveError) as raised:
        equations(body, **shapes)
    return str(raised.value)


def test_the_second_layer_reads_the_states_of_the_first() -> None:
    shapes = {"x": (2,), "W1": (), "U1": (), "b1": (), "W2": (), "U2": (), "b2": ()}
    assert equations("cell: rnn\nlayers: 2", **shapes) == [
        "x1 = x[0]",
        "x2 = x[1]",
        "h0_l1 = 0",
        "h1_l1 = tanh(W1*x1 + U1*h0_l1 + b1)",
        "h2_l1 = tanh(W1*x2 + U1*h1_l1 + b1)",
        "h0_l2 = 0",
        "h1 = tanh(W2*h1_l1 + U2*h0_l2 + b2)",
        "h2 = tanh(W2*h2_l1 + U2*h1 + b2)",
    ]


@pytest.mark.parametrize("names", [("W_1", "U_1", "W_2", "U_2"), ("W_l1", "U_l1", "W_l2", "U_l2")])
def test_the_number_of_a_layer_stands_behind_its_weights(names: tuple[str, ...]) -> None:
    shapes: dict[str, tuple[int, ...]] = {"x1": (), **dict.fromkeys(names, ())}
    first, second = equations("cell: rnn\nlayers: 2\nfind: h1_l2", **shapes)[1:4:2]
    assert first == f"h1_l1 = tanh({names[0]}*x1 + {names[1]}*h0_l1)"
    assert second == f"h1 = tanh({names[2]}*h1_l1 + {names[3]}*h0_l2)"


def test_the_last_layer_can_be_asked_for_by_its_number() -> None:
    shapes = {"x": (1,), "W1": (), "U1": (), "W2": (), "U2": ()}
    assert equations("cell: rnn\nlayers: 2\nfind: h1_l2", **shapes)[-1] == "h1_l2 = h1"


def test_the_names_of_pytorch_tell_the_layers_and_the_directions() -> None:
    shapes: dict[str, tuple[int, ...]] = {"x": (1, 2)}
    for layer, width in ((0, 2), (1, 2)):
        for way in ("", "_reverse"):
            shapes[f"weight_ih_l{layer}{way}"] = (1, width)
            shapes[f"weight_hh_l{layer}{way}"] = (1, 1)
    assert equations("cell: rnn", **shapes) == [
        "x1 = x[0, :]",
        "h0_l0_forward = zeros(1)",
        "h1_l0_forward = tanh(weight_ih_l0 @ x1 + weight_hh_l0 @ h0_l0_forward)",
        "h0_l0_reverse = zeros(1)",
        "h1_l0_reverse = tanh(weight_ih_l0_reverse @ x1 + weight_hh_l0_reverse @ h0_l0_reverse)",
        "h1_l0 = concat(h1_l0_forward, h1_l0_reverse)",
        "h0_l1_forward = zeros(1)",
        "h1_forward = tanh(weight_ih_l1 @ h1_l0 + weight_hh_l1 @ h0_l1_forward)",
        "h0_l1_reverse = zeros(1)",
        "h1_reverse = tanh(weight_ih_l1_reverse @ h1_l0 + weight_hh_l1_reverse @ h0_l1_reverse)",
        "h1 = concat(h1_forward, h1_reverse)",
    ]


@pytest.mark.parametrize(
    ("merge", "text"),
    [
        ("concat", "h1 = [h1_fwd, h1_back]"),
        ("sum", "h1 = h1_fwd + h1_back"),
        ("mean", "h1 = (h1_fwd + h1_back)/2"),
    ],
)
def test_the_second_direction_starts_at_the_end(merge: str, text: str) -> None:
    shapes = {"x": (2,), "W": (), "U": (), "W_back": (), "U_back": (), "h0": (), "h0_back": ()}
    assert equations(f"cell: rnn\nbidirectional: yes\nmerge: {merge}", **shapes)[2:7] == [
        "h1_fwd = tanh(W*x1 + U*h0)",
        "h2_fwd = tanh(W*x2 + U*h1_fwd)",
        "h2_back = tanh(W_back*x2 + U_back*h0_back)",
        "h1_back = tanh(W_back*x1 + U_back*h2_back)",
        text,
    ]


def test_letters_are_directions_of_a_vanilla_network_only() -> None:
    shapes = {"x": (1,), "Wf": (), "Uf": (), "Wb": (), "Ub": ()}
    lines = equations("cell: rnn\nbidirectional: yes", **shapes)
    assert lines[2::2] == ["h1_f = tanh(Wf*x1 + Uf*h0_f)", "h1_b = tanh(Wb*x1 + Ub*h0_b)"]


def test_a_missing_weight_is_asked_for_with_its_layer_and_direction() -> None:
    shapes = {"x": (2,), "W": (), "U": (), "W_back": ()}
    assert refusal("cell: rnn\nbidirectional: yes", **shapes) == (
        "t:1:1: the RNN needs U_back, a number; write U_back under `given`"
    )


@pytest.mark.parametrize(
    ("options", "x", "first", "state"),
    [
        ("", (2, 3, 4), "x1 = x[0, :, :]", "h1 = tanh(x1 @ W.T + h0 @ U.T + b)"),
        ("batch_first: yes", (3, 2, 4), "x1 = x[:, 0, :]", "h1 = tanh(x1 @ W.T + h0 @ U.T + b)"),
        ("examples: columns", (2, 4, 3), "x1 = x[0, :, :]",
         "h1 = tanh(W @ x1 + U @ h0 + column(b))"),
        ("examples: rows", (3, 4), "x1 = x", "h1 = tanh(x @ W.T + h0 @ U.T + b)"),
    ],
)  # fmt: skip
def test_a_step_can_hold_several_examples(
    options: str, x: tuple[int, ...], first: str, state: str
) -> None:
    lines = equations(f"cell: rnn\n{options}", x=x, W=(2, 4), U=(2, 2), b=(2,))
    zero = "h0 = zeros(2, 3)" if "columns" in options else "h0 = zeros(3, 2)"
    assert zero in lines
    assert state in lines
    assert first in lines or first == "x1 = x"


@pytest.mark.parametrize(
    ("x", "w", "text"),
    [
        ((2, 3), (), "h1 = tanh(W*x1 + U*h0)"),
        ((2, 3, 1), (), "h1 = tanh(W*x1 + U*h0)"),
        ((2, 3), (2,), "h1 = tanh(outer(x1, W) + h0 @ U.T)"),
        ((2, 3), (2, 1), "h1 = tanh(x1 @ W.T + h0 @ U.T)"),
    ],
)
def test_the_steps_of_a_batch_can_be_plain_numbers(
    x: tuple[int, ...], w: tuple[int, ...], text: str
) -> None:
    u = (2, 2) if w else ()
    assert text in equations("cell: rnn\nexamples: rows", x=x, W=w, U=u)


def test_a_batch_is_concatenated_example_by_example() -> None:
    lines = equations("cell: rnn\nconcatenated: h x", x=(1, 3, 2), W=(2, 4), b=(2,))
    assert lines[2:] == ["hx1 = concat(h0, x1, axis=1)", "h1 = tanh(hx1 @ W.T + b)"]


def test_the_first_axis_cannot_count_examples_that_stand_in_columns() -> None:
    said = refusal(
        "cell: rnn\nbatch_first: yes\nexamples: columns", x=(1, 3, 2), W=(2, 2), U=(2, 2)
    )
    assert said == (
        "t:1:1: `batch_first` has the examples on the first axis, and `examples: columns` on the "
        "last; remove one of them"
    )


def test_an_output_and_its_loss_follow_each_step() -> None:
    shapes = {"x": (2,), "W": (), "U": (), "h0": (), "V": (), "c": (), "y": (2,)}
    assert equations("cell: rnn\noutput: sigmoid\nloss: squared_error", **shapes) == [
        "x1 = x[0]",
        "h1 = tanh(W*x1 + U*h0)",
        "o1 = V*h1 + c",
        "yhat1 = sigmoid(o1)",
        "y1 = y[0]",
        "L1 = squared_error(yhat1, y1)",
        "x2 = x[1]",
        "h2 = tanh(W*x2 + U*h1)",
        "o2 = V*h2 + c",
        "yhat2 = sigmoid(o2)",
        "y2 = y[1]",
        "L2 = squared_error(yhat2, y2)",
        "L = L1 + L2",
    ]


def test_a_single_target_makes_a_single_output() -> None:
    shapes = {"x": (3,), "W": (2,), "U": (2, 2), "h0": (2,), "V": (2,), "y": ()}
    lines = equations("cell: rnn\noutput: linear\nloss: mse", **shapes)
    assert lines[-2:] == ["yhat = V @ h3", "L = mean_squared_error(yhat, y)"]


def test_classes_can_be_given_by_their_numbers() -> None:
    shapes = {"x": (1,), "W": (2,), "U": (2, 2), "h0": (2,), "V": (3, 2), "y": (1,)}
    lines = equations("cell: rnn\noutput: softmax\nloss: cross_entropy", **shapes)
    assert lines[-2:] == ["L1 = cross_entropy(yhat1, y[0])", "L = L1"]


def test_the_losses_of_the_steps_can_be_averaged_and_called_otherwise() -> None:
    shapes = {"x": (2,), "W": (), "U": (), "h0": (), "V": (), "t": (2,)}
    body = "cell: rnn\noutput: linear\nloss: E = mse\nconventions: {step_losses: mean}"
    assert equations(body, **shapes)[-1] == "E = (E1 + E2)/2"


@pytest.mark.parametrize(("at", "held"), [("each", ["h2_held = h2"]), ("last", ["h1_held = h1"])])
def test_the_gradient_ends_after_so_many_steps(at: str, held: list[str]) -> None:
    shapes = {"x": (3,), "W": (), "U": (), "h0": (), "V": ()}
    body = f"cell: rnn\noutput: {{activation: linear, at: {at}}}\ntruncate: 2"
    lines = equations(body, **shapes)
    assert [line for line in lines if "held = " in line] == held
    written = sequence_equations(read_text(problem(body, **shapes), "t")).equations
    assert [line.text for line in written if line.held] == held


def test_a_network_can_read_the_right_answer_or_its_own() -> None:
    shapes = {"x": (1, 2), "W": (2, 2), "U": (2, 2), "h0": (2,), "V": (2, 2), "y": (2, 2)}
    for feed, text in (("target", "y1"), ("output", "yhat1"), ("argmax", "first(yhat1)")):
        body = f"cell: rnn\noutput: softmax\nloss: cross_entropy\nfeed: {feed}"
        lines = equations(body, **shapes)
        assert f"x2 = {text}" in lines
        assert lines.index(f"x2 = {text}") > lines.index("yhat1 = softmax(o1)")


def test_what_is_fed_back_needs_an_output_and_a_number_of_steps() -> None:
    shapes = {"x": (1, 2), "W": (2, 2), "U": (2, 2), "V": (2, 2)}
    assert refusal("cell: rnn\nfeed: output", **shapes) == (
        "t:3:7: what is fed back is the output, but there is none; add `output`"
    )
    assert refusal("cell: rnn\nfeed: output\noutput: softmax", **shapes) == (
        "t:3:7: how many steps are there?; write `steps: 3`"
    )
    said = refusal("cell: rnn\nfeed: output\noutput: softmax\nlayers: 2\nsteps: 2", **shapes)
    assert said == "t:3:7: one layer in one direction can read its own output"


def test_the_weights_of_a_step_have_a_name_of_their_own_where_it_is_asked_for() -> None:
    shapes = {"x": (2,), "W": (), "U": (), "h0": ()}
    assert equations("cell: rnn\nfind: dh2/dU_t1", **shapes)[2:] == [
        "U_t1 = U",
        "h1 = tanh(W*x1 + U_t1*h0)",
        "U_t2 = U",
        "h2 = tanh(W*x2 + U_t2*h1)",
    ]


def test_peepholes_show_the_old_cell_to_i_and_f_and_the_new_one_to_o() -> None:
    shapes: dict[str, tuple[int, ...]] = {"x": (1,), "pi": (), "pf": (), "po": ()}
    shapes |= {f"{stem}{gate}": () for stem in "WU" for gate in "ifog"} | {"h0": (), "c0": ()}
    assert equations("cell: lstm", **shapes)[1:] == [
        "i1 = sigmoid(Wi*x1 + Ui*h0 + pi*c0)",
        "f1 = sigmoid(Wf*x1 + Uf*h0 + pf*c0)",
        "g1 = tanh(Wg*x1 + Ug*h0)",
        "c1 = f1*c0 + i1*g1",
        "o1 = sigmoid(Wo*x1 + Uo*h0 + po*c1)",
        "h1 = o1*tanh(c1)",
    ]


@pytest.mark.parametrize(
    ("body", "shapes", "message"),
    [
        ("output: softmax", {"V": (3, 3)},
         "t:3:9: V is a 3x3 matrix, but the state has 2 numbers"),
        ("output: softmax", {"V": (2, 3)},
         "t:3:9: V is a 2x3 matrix, but the state has 2 numbers; if it is stored the other way, "
         "write `conventions: {weights: in_out}`"),
        ("output: softmax", {"V": (2,)},
         "t:3:9: softmax needs several outputs, but V makes one; one output takes sigmoid"),
        ("output: linear\nloss: mze", {"V": (2,), "y": (2,)},
         "t:4:7: there is no loss named 'mze'; did you mean 'mse'?"),
        ("output: linear\nloss: mse", {"V": (2,)},
         "t:4:7: the loss needs a target; give y or t, or write `target: name`"),
        ("output: {activation: linear, at: each}\nloss: mse", {"V": (2,), "y": (3,)},
         "t:11:6: y is a vector of 3 numbers, but there are 2 steps; give a target for each step, "
         "or write `output: {at: last}`"),
        ("output: linear\nloss: mse", {"V": (3, 2), "y": (2, 4)},
         "t:11:6: the target y is a 2x4 matrix a step, but an output is a vector of 3 numbers; "
         "give a target for each output"),
    ],
)  # fmt: skip
def test_what_does_not_fit_an_output_is_said(
    body: str, shapes: dict[str, tuple[int, ...]], message: str
) -> None:
    cell = {"x": (2,), "W": (2,), "U": (2, 2), "h0": (2,)}
    assert refusal(f"cell: rnn\n{body}", **cell, **shapes) == message
