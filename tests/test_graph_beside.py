"""What a graph or a network may have beside its equations: upstream gradients, stated
values, frozen parameters, one step of gradient descent, options."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from hwsolve.errors import InputError, InputErrors
from hwsolve.problem.reader import read_text
from hwsolve.render.terminal import render
from hwsolve.solvers import solve

if TYPE_CHECKING:
    from hwsolve.solution import Solution


def solution(text: str) -> Solution:
    return solve(read_text(text))


def values(text: str) -> dict[str, Any]:
    return {answer.name: answer.value for answer in solution(text).answers}


NEURON = """
kind: graph
given: {x: 2, w: 0.5, b: 0.25, t: 1}
equations:
  - z = w*x + b
  - L = (z - t)^2
"""


# -- an upstream gradient instead of a loss ------------------------------------------------


def test_an_upstream_gradient_stands_for_a_loss() -> None:
    found = values(
        "kind: graph\ngiven: {x: 3, w: 2}\nequations: [y = w*x]\n"
        "upstream: {y: 5}\nfind: [dL/dx, dL/dw]\n"
    )
    assert found == {"dL/dx": 10, "dL/dw": 15}


def test_an_upstream_gradient_of_a_vector_goes_through_the_layer() -> None:
    found = values(
        "kind: graph\ngiven: {x: [1, 2], W: [[1, 0.5], [-1, 2]], b: [0, -5]}\n"
        "equations: [h = relu(W @ x + b)]\n"
        "upstream: {dL/dh: [3, 7]}\nfind: [dL/dW, dL/dx, dL/db]\n"
    )
    # W x + b = (2, -2): only the first unit is on
    assert found["dL/dW"].tolist() == [[3, 6], [0, 0]]
    assert found["dL/dx"].tolist() == [3, 1.5]
    assert found["dL/db"].tolist() == [3, 0]


def test_several_upstream_gradients_add_up_and_the_letter_is_the_asked_one() -> None:
    found = values(
        "kind: graph\ngiven: {x: 3}\nequations: [a = x^2, c = 4*x]\n"
        "upstream: {a: 0.5, c: -1}\nfind: dJ/dx\n"
    )
    # 0.5·6 - 1·4
    assert found == {"dJ/dx": -1}


def test_the_upstream_gradient_of_an_entry_of_a_family() -> None:
    found = values(
        "kind: graph\ngiven: {x: [1, 2, 3]}\nequations: ['h[i] = x[i]^2 for i in 0..2']\n"
        "upstream: {'h[1]': 10}\nfind: dL/dx\n"
    )
    assert found["dL/dx"] == [0, 40, 0]


def test_the_upstream_gradient_is_among_what_is_given() -> None:
    text = render(
        solution(
            "kind: graph\ngiven: {x: 3, w: 2}\nequations: [y = w*x]\n"
            "upstream: {y: 5}\nfind: [dL/dx]\n"
        )
    )
    assert "dL/dy = 5" in text.partition("Forward")[0]
    assert "L = " not in text.partition("Local")[0].partition("Forward")[2]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("upstream: {dJ/dq: 1}", "'q' is not defined"),
        ("upstream: {dJ/dz: [1, 2]}", "'dJ/dz' is stated as a vector of 2, but it is a number"),
        ("upstream: {z: 1}\nfind: L", "there is an L"),
        ("upstream: {dJ/dz: 1}\nfind: J", "only the gradient of 'J' is given, not its value"),
    ],
)
def test_what_is_wrong_with_an_upstream_gradient_is_said(lines: str, message: str) -> None:
    with pytest.raises((InputError, InputErrors), match=message):
        solution(NEURON + lines)


# -- a stated intermediate -------------------------------------------------------------------

STATED = """
kind: graph
given: {x: [1, 2], w: [0.4, -0.2], b: 0.1, t: 0.8}
equations:
  - yhat = sigmoid(w @ x + b)
  - L = 1/2*(yhat - t)^2
override: {yhat: 0.6}
"""


def test_what_follows_a_stated_value_uses_it_and_so_do_the_derivatives() -> None:
    found = values(f"{STATED}find: [yhat, L, dL/dw, dL/db]\n")
    # (0.6 - 0.8)·0.6·0.4 = -0.048
    assert found["yhat"] == 0.6
    assert found["L"] == pytest.approx(0.02)
    assert found["dL/dw"].tolist() == [-0.048, -0.096]
    assert found["dL/db"] == -0.048


def test_the_working_shows_what_the_forward_pass_gives_and_what_is_stated() -> None:
    text = render(solution(f"{STATED}find: [dL/dw]\n"))
    assert re.search(r"yhat_forward = .* ≈ 0.524979\n", text)
    assert re.search(r"yhat +=( 0.6)", text)
    assert "(stated, and used from here on)" in text
    assert "gradients through a stated value follow from the rules alone" in text
    assert "central differences" not in text


def test_gradients_that_do_not_pass_a_stated_value_are_tested_as_ever() -> None:
    text = render(solution(f"{STATED}find: [dL/dt]\n"))
    assert "gradient by central differences" in text


def test_a_stated_vector_in_rounded_steps() -> None:
    found = values(
        "kind: graph\ngiven: {x: 1}\nequations: ['h = [x, 2*x]', 'L = sum(h^2)']\n"
        "override: {h: [1.1, 1.9]}\nround_steps: 1\nfind: [L, dL/dx]\n"
    )
    # 1.21 -> 1.2 and 3.61 -> 3.6; 2·1.1·1 + 2·1.9·2
    assert float(found["L"]) == 4.8
    assert float(found["dL/dx"]) == 9.8


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("override: {w: 1}", "'w' is given and not computed; change its value"),
        ("override: {z: [1, 2]}", "'z' is stated as a vector of 2, but it is a number"),
        ("override: {q: 1}", "'q' is not defined"),
    ],
)
def test_what_is_wrong_with_a_stated_value_is_said(lines: str, message: str) -> None:
    with pytest.raises((InputError, InputErrors), match=message):
        solution(NEURON + lines)


# -- one step, frozen parameters, all gradients --------------------------------------------------


def test_one_step_gives_the_new_parameters_the_new_loss_and_the_new_values() -> None:
    found = values(
        f"{NEURON}update: {{lr: 0.1, parameters: [w, b]}}\nfind: [w_new, b_new, z_new, L_new]"
    )
    # z = 1.25, dL/dz = 0.5: w - 0.1·1, b - 0.1·0.5; then 0.4·2 + 0.2 = 1
    assert found == {"w_new": 0.4, "b_new": 0.2, "z_new": 1, "L_new": 0}


def test_only_the_parameters_that_are_asked_for_change_where_nothing_else_is_said() -> None:
    found = values(f"{NEURON}update: {{lr: 1/10}}\nfind: [w_new, L_new]")
    # 0.4·2 + 0.25 = 1.05
    assert found["w_new"] == 0.4
    assert found["L_new"] == pytest.approx(0.0025)


def test_a_frozen_parameter_stays_as_it_is() -> None:
    text = f"{NEURON}update: {{lr: 0.1}}\nparameters: [w, b]\nfrozen: b\n"
    assert values(text) == {"w_new": 0.4, "L_new": pytest.approx(0.0025)}
    assert values(f"{NEURON}parameters: [w, b]\nfrozen: [b]\nfind: all gradients") == {"dL/dw": 1}


def test_the_rate_may_be_a_given_value_and_the_loss_may_have_another_name() -> None:
    found = values(
        "kind: graph\ngiven: {w: 3, eta: 0.25}\nequations: [E = w^2, a = 2*w]\n"
        "update: {lr: eta, loss: E, parameters: [w]}\nfind: [w_new, E_new, a_new]"
    )
    assert found == {"w_new": 1.5, "E_new": 2.25, "a_new": 3}


def test_a_step_of_a_network_changes_its_weights_and_biases() -> None:
    text = (
        "kind: network\n"
        "given: {x: [0.05, 0.10], y: [0.01, 0.99], W1: [[0.15, 0.20], [0.25, 0.30]], b1: 0.35,\n"
        "  W2: [[0.40, 0.45], [0.50, 0.55]], b2: 0.60}\n"
        "layers:\n  - {W: W1, b: b1, activation: sigmoid}\n"
        "  - {W: W2, b: b2, activation: sigmoid}\n"
        "loss: half_squared_error\nupdate: {lr: 0.5}\nfrozen: [b1, b2]\n"
    )
    found = values(text)
    assert set(found) == {"W1_new", "W2_new", "L_new"}
    # as printed by M. Mazur, "A step by step backpropagation example", 2015
    assert found["W2_new"] == pytest.approx(
        np.array([[0.35891648, 0.408666186], [0.511301270, 0.561370121]]), abs=5e-9
    )
    assert found["W1_new"] == pytest.approx(
        np.array([[0.149780716, 0.19956143], [0.24975114, 0.29950229]]), abs=5e-9
    )
    # from PyTorch; the article has 0.291027924, from rounded weights
    assert found["L_new"] == pytest.approx(0.291027773694, rel=1e-11)


def test_a_step_goes_through_families_and_functions_of_ones_own() -> None:
    found = values(
        "kind: graph\ngiven: {x: [1, 2], y: [1, 1], w: 0.5}\n"
        "equations:\n  - f(u) = w*u\n  - h[i] = f(x[i]) for i in 0..1\n"
        "  - L = sum((h[i] - y[i])^2 for i in 0..1)\n"
        "update: {lr: 0.1}\nfind: [w_new, 'h_new[1]', L_new]\n"
    )
    # dL/dw = 2(0.5 - 1)·1 + 2(1 - 1)·2 = -1
    assert found["w_new"] == 0.6
    assert found["h_new[1]"] == 1.2
    assert found["L_new"] == pytest.approx(0.16 + 0.04)


def test_all_gradients_are_those_of_all_that_the_loss_depends_on() -> None:
    found = values(f"{NEURON}  - other = t^2\nfind: [L, all gradients]")
    assert found == {"L": 0.0625, "dL/dx": 0.25, "dL/dw": 1, "dL/db": 0.5, "dL/dt": -0.5}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("update: {lr: 0.1}\nfind: L", "nothing says which given values are parameters"),
        ("update: {parameters: [w]}", "the update has no learning rate; write update: {lr: 0.1}"),
        ("update: {lr: 0.1, parameters: [v]}", "'v' is not given"),
        ("update: {lr: 0.1, paramters: [w]}", "'update' has no 'paramters'; did you mean"),
        ("parameters: [w]\nfrozen: c\nfind: all gradients", "'c' is not given"),
    ],
)
def test_what_is_wrong_with_a_step_is_said(lines: str, message: str) -> None:
    with pytest.raises((InputError, InputErrors), match=message):
        solution(NEURON + lines)


# -- options ------------------------------------------------------------------------------------


def test_the_option_that_agrees_to_its_digits_is_the_answer() -> None:
    found = values(f"{NEURON}find: L\noptions: {{A: 0.06, B: 0.125, C: 1/16}}")
    assert found["option"] == "C"  # A agrees to its digits too, but C is closer


def test_none_of_the_options_with_the_reason() -> None:
    solved = solution(f"{NEURON}find: dL/dw\noptions: {{A: 0.25, B: 0.5, C: -1}}")
    answer = solved.answers[-1]
    assert (answer.name, answer.value) == ("option", "none")
    assert answer.note == "the closest is B: is off by 0.5"


def test_options_of_several_values_by_order_or_by_name() -> None:
    listed = f"{NEURON}find: [dL/dw, dL/db]\noptions: {{A: [1, 0.4], B: [1, 0.5]}}"
    assert values(listed)["option"] == "B"
    named = f"{NEURON}options:\n  A: {{dL/dw: 1, dL/db: 0.4}}\n  B: {{dL/dw: 2, dL/db: 0.5}}\n"
    solved = solution(named)
    assert solved.answers[-1].value == "none"
    table: Any = solved.sections[-1].blocks[0]
    assert [row[2] for row in table.rows] == ["dL/db is off by 0.1", "dL/dw is off by 1"]


def test_an_option_may_be_stated_as_the_answer_and_is_checked() -> None:
    from hwsolve.marking.compare import compare

    problem = read_text(f"{NEURON}find: dL/dw\noptions: {{A: 1, B: 2}}\nanswers: {{option: B}}")
    answer: Any = next(each for each in solve(problem).answers if each.name == "option")
    assert answer.value == "A"
    assert not compare("option", problem.answers["option"], answer.value).right


def test_options_that_do_not_fit_what_is_asked_are_refused() -> None:
    with pytest.raises(InputError, match=r"option A has 1 of the 2 values dL/dw, dL/db"):
        solution(f"{NEURON}find: [dL/dw, dL/db]\noptions: {{A: 1, B: 2}}")


def test_the_nearest_of_several_inputs_is_named() -> None:
    solved = solution(
        "kind: graph\ngiven: {q: [0, 0], a: [3, 4], b: [1, 1]}\n"
        "equations: ['d_a = norm(a - q)', 'd_b = norm(b - q)', 'near = argmin(d_a, d_b)']\n"
        "find: near\n"
    )
    (answer,) = solved.answers
    assert answer.value == 1
    assert answer.note == "d_b is it"


# -- a bias folded into the weights, digits of the working ----------------------------------------


def test_a_list_of_a_vector_and_a_1_folds_the_bias_into_the_weights() -> None:
    found = values(
        "kind: graph\ngiven: {x: [1, 2], X: [[1, 2], [0, 1]], W: [[0.5, -1, 0.25]]}\n"
        "equations: ['z = W @ [x, 1]', 'Z = [X, 1] @ W.T', 'L = sum(z) + sum(Z^2)']\n"
        "find: [z, Z, dL/dW, dL/dx]\n"
    )
    assert found["z"].tolist() == [-1.25]
    assert found["Z"].tolist() == [[-1.25], [-0.75]]
    # (1, 2, 1) + 2·(-1.25)·(1, 2, 1) + 2·(-0.75)·(0, 1, 1)
    assert found["dL/dW"].tolist() == [[-1.5, -4.5, -3]]
    assert found["dL/dx"].tolist() == [0.5, -1]


def test_a_step_near_1_is_shown_with_the_digits_that_the_next_one_needs() -> None:
    text = render(
        solution(
            "kind: graph\ngiven: {z: 40}\nequations: [p = sigmoid(z), q = 1 - p, L = -log(q)]\n"
            "find: [p, L, dL/dz]\n"
        )
    )
    # 1 - sigmoid(40) = 1/(1 + e^40)
    assert "1 - 0.99999999999999999575" in text
    assert "4.24835e-18" in text
    assert "1 - 1 " not in text
    assert values("kind: graph\ngiven: {z: 40}\nequations: [p = sigmoid(z)]\n")["p"] == 1


def test_the_gradient_of_one_entry_is_written_as_a_list() -> None:
    text = render(
        solution(
            "kind: graph\ngiven: {x: [1, 2, 3]}\nequations: ['L = x[0]^2 + sum(x)']\nfind: dL/dx\n"
        )
    )
    assert "onehot" not in text
    assert "[2·x[0], 0, 0]" in text
