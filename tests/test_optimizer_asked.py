"""Names in every spelling, searches, curvature, and what is said about mistakes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import hwsolve
from hwsolve.errors import HwsolveError


def answers(text: str) -> dict[str, Any]:
    solution = hwsolve.solve(hwsolve.loads(f"kind: optimizer\n{text}"))
    return {answer.name: answer.value for answer in solution.answers}


def refusal(text: str) -> str:
    with pytest.raises(HwsolveError) as raised:
        hwsolve.solve(hwsolve.loads(f"kind: optimizer\n{text}", "t"))
    return str(raised.value)


# -- names -----------------------------------------------------------------------

MOMENTUM = "rule: momentum\ngiven: {w: 1, eta: 0.1, mu: 0.5}\ngradients: [2, 4, 1]\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("w3", 0.1),
        ("w_3", 0.1),
        ("w[3]", 0.1),
        ("w^(3)", 0.1),
        ("w", 0.1),
        ("w_new", 0.1),
        ("w'", 0.1),
        ("w0", 1),
        ("w[0]", 1),
        ("v2", 5),
        ("v_2", 5),
        ("v[2]", 5),
        ("v", 3.5),
        ("v_w2", 5),
        ("m2", None),
        ("g2", 4),
        ("grad2", 4),
        ("change2", -0.5),
        ("Δw2", -0.5),
        ("abs(w3 - w0)", 0.9),
    ],
)
def test_a_quantity_answers_to_every_usual_spelling(name: str, value: float | None) -> None:
    # v: 2, then 1 + 4 = 5, then 2.5 + 1 = 3.5; w: 0.8, 0.3, -0.05
    path = {0.1: -0.05, 0.9: 1.05}
    found = answers(f'{MOMENTUM}find: ["{name}"]')[name]
    if value is None:
        assert found == pytest.approx(5)
    else:
        assert found == pytest.approx(path.get(value, value))


@pytest.mark.parametrize("letter", ["s", "v", "G", "E", "cache"])
def test_what_a_rule_remembers_takes_the_letter_that_is_asked_for(letter: str) -> None:
    text = "rule: adagrad\nstart: {w: 1}\ngiven: {lr: 0.5, eps: 0}\ngradients: [3, 4]\n"
    assert answers(f"{text}find: [{letter}2, w2]") == {f"{letter}2": 25, "w2": 0.1}


def test_a_first_value_is_found_under_the_letter_and_with_its_number() -> None:
    text = "rule: rmsprop\ngiven: {w: 0, eta: 0.1, beta: 0.5, epsilon: 0, %s}\ngradients: [3]\n"
    for given in ("s: 9", "s0: 9", "v0: 9"):
        # s = 0.5*9 + 0.5*9 = 9, whatever it is called
        for name in ("s1", "v1", "E1"):
            assert answers(f"{text % given}find: [w1, {name}]") == {"w1": -0.1, name: 9}


def test_names_that_end_with_a_digit_take_a_line_between() -> None:
    text = (
        "start: {w1: 1, w2: 2}\ngiven: {eta: 0.5, x1: 1, x2: 3, t: 4}\n"
        "equations: [z1 = w1*x1 + w2*x2]\nloss: 1/2*(z1 - t)^2\nsteps: 2\n"
    )
    # z = 7, error 3: w1 = -0.5, w2 = -2.5; z = -8, error -12: w1 = 5.5, w2 = 15.5
    found = answers(f'{text}find: [w1_1, "w2[1]", z1_0, z1_1, w1, w2, g_w1_2, dL0/dw2_0]')
    assert found == {
        "w1_1": -0.5, "w2[1]": -2.5, "z1_0": 7, "z1_1": -8,
        "w1": 5.5, "w2": 15.5, "g_w1_2": -12, "dL0/dw2_0": 9,
    }  # fmt: skip


def test_an_entry_of_a_vector_is_asked_for_behind_the_step() -> None:
    found = answers(
        'start: {w: [1, 2]}\ngiven: {lr: 1}\ngradients: [[1, 0], [0, 5]]\nfind: ["w1[0]", "w[1]", "w2[1]"]'
    )
    assert found == {"w1[0]": 0, "w[1]": -3, "w2[1]": -3}


def test_the_number_of_steps_follows_from_what_is_asked() -> None:
    assert answers("start: {x: 1}\ngiven: {lr: 0.25}\nloss: x^2\nfind: [x4, L2]") == {
        "x4": 0.0625, "L2": 0.0625,
    }  # fmt: skip


def test_the_loss_of_a_single_step_is_that_before_it_and_says_so() -> None:
    problem = hwsolve.loads(
        "kind: optimizer\ngiven: {w: 1, x: 2, y: 3, eta: 0.1}\nequations: [yhat = w*x]\n"
        "parameters: [w]\nloss: (yhat - y)^2\nfind: [yhat, L, dL/dw, w, L_new]"
    )
    solution = hwsolve.solve(problem)
    values = {answer.name: answer.value for answer in solution.answers}
    assert values == pytest.approx({"yhat": 2, "L": 1, "dL/dw": -4, "w": 1.4, "L_new": 0.04})
    assert solution.answers[1].note == "before the step; L1 is after it"


@pytest.mark.parametrize(
    "text",
    [
        "given: {w: 1, x: 2, y: 3, eta: 0.1}\nloss: (w*x - y)^2",
        "given: {w0: 1, x: 2, y: 3, alpha: 0.1}\nloss: (w*x - y)^2",
        "start: {w: 1}\ngiven: {x: 2, y: 3, learning_rate: 0.1}\nloss: (w*x - y)^2",
        "parameters: w\ngiven: {w: 1, x: 2, y: 3, η: 0.1}\nloss: mse(w*x, y)",
        "start: {w: 1}\ngiven: {x: 2, y: 3}\nlr: 0.1\nequations: [yhat = w*x]\nloss: squared_error",
        "given: {w: 1, x: 2, y: 3, eta: 0.1}\nequations: ['f(a) = (a*x - y)^2']\nloss: f(w)",
        "given: {w: 1, x: 2, y: 3, eta: 0.1}\ngradients: 2*x*(w*x - y)",
        "given: {w: 1, eta: 0.1, g: -4}",
        "given: {w: 1, eta: 0.1, g1: -4}",
    ],
)
def test_the_same_step_may_be_written_in_many_ways(text: str) -> None:
    assert answers(f"{text}\nfind: [w1]") == {"w1": pytest.approx(1.4)}


# -- how long --------------------------------------------------------------------


def test_the_first_step_at_which_a_condition_holds_is_counted() -> None:
    found = answers(
        "start: {x: 1}\ngiven: {lr: 0.25}\nloss: x^2\n"
        'find: ["steps_until(abs(x) < 0.01)", "steps_until(L <= 0.0625)", "steps_until(x > 0)"]'
    )
    # x halves at every step: 2^-7 is the first below 0.01, L = 4^-2 at step 2
    assert list(found.values()) == [7, 2, 0]


def test_a_search_may_take_hundreds_of_steps() -> None:
    found = answers('start: {x: 1}\ngiven: {lr: 0.01}\nloss: x^2\nfind: ["steps_until(x < 1e-5)"]')
    steps, x = 0, 1.0
    while x >= 1e-5:
        x -= 0.01 * 2 * x
        steps += 1
    assert list(found.values()) == [steps]
    assert steps == 570


# -- curvature -------------------------------------------------------------------


def test_one_dimension_has_exact_rates() -> None:
    found = answers(
        "exact: yes\nstart: {x: 5}\ngiven: {lr: 1/7}\nloss: 3*(x - 2)^2 + 1\n"
        "find: [largest_lr, best_lr, one_step_lr, convergence_rate, converges, diverges, minimum, "
        "least_loss, hessian]"
    )
    assert found == {
        "largest_lr": Fraction(1, 3),
        "best_lr": Fraction(1, 6),
        "one_step_lr": Fraction(1, 6),
        "convergence_rate": Fraction(1, 7),
        "converges": True,
        "diverges": False,
        "minimum": 2,
        "least_loss": 1,
        "hessian": 6,
    }


@pytest.mark.parametrize("size", [2, 3, 4])
def test_eigenvalues_and_rates_of_a_matrix_are_those_of_numpy(size: int) -> None:
    generator = np.random.default_rng(size)
    root = generator.integers(-3, 4, (size, size)) + 4 * np.eye(size, dtype=int)
    matrix = root @ root.T
    start, linear = list(range(1, size + 1)), list(range(size))
    found = answers(
        f"start: {{w: {start}}}\ngiven: {{lr: 0.001, A: {matrix.tolist()}, b: {linear}}}\n"
        "loss: 1/2*w @ A @ w - b @ w\n"
        "find: [eigenvalues, largest_lr, best_lr, condition_number, convergence_rate, minimum, "
        "line_search_lr, hessian]"
    )
    values = np.linalg.eigvalsh(matrix.astype(float))
    gradient = matrix @ np.array(start) - np.array(linear)
    assert np.allclose(np.array(found["eigenvalues"], dtype=float), values, rtol=1e-9)
    assert np.array_equal(np.array(found["hessian"], dtype=float), matrix)
    assert found["largest_lr"] == pytest.approx(2 / values[-1])
    assert found["best_lr"] == pytest.approx(2 / (values[0] + values[-1]))
    assert found["condition_number"] == pytest.approx(values[-1] / values[0])
    assert found["convergence_rate"] == pytest.approx(max(abs(1 - 0.001 * values)))
    minimum = np.linalg.solve(matrix.astype(float), np.array(linear, dtype=float))
    assert np.allclose(np.array(found["minimum"], dtype=float), minimum)
    search = gradient @ gradient / (gradient @ matrix @ gradient)
    assert found["line_search_lr"] == pytest.approx(search)


def test_the_largest_rate_of_a_regression_is_that_at_which_its_steps_stop_shrinking() -> None:
    text = (
        "start: {w: 1, b: 1}\ndata: {x: [1, 2, 3], y: [2, 3, 5]}\nequations: [yhat = w*x + b]\n"
        "loss: (yhat - y)^2\n"
    )
    largest = answers(f"{text}find: [largest_lr]")["largest_lr"]

    def loss_after(rate: float) -> float:
        w = b = 1.0
        for _ in range(400):
            errors = [w * x + b - y for x, y in ((1, 2), (2, 3), (3, 5))]
            gw = 2 / 3 * sum(e * x for e, x in zip(errors, (1, 2, 3), strict=True))
            w, b = w - rate * gw, b - rate * 2 / 3 * sum(errors)
        return sum((w * x + b - y) ** 2 for x, y in ((1, 2), (2, 3), (3, 5)))

    assert loss_after(largest * 0.99) < 1
    assert loss_after(largest * 1.01) > 10


@pytest.mark.parametrize("form", ["accumulate", "average", "velocity"])
def test_the_largest_rate_with_momentum_divides_walks_that_end_from_walks_that_grow(
    form: str,
) -> None:
    text = (
        f"rule: momentum\nconventions: {{momentum: {form}}}\nstart: {{x: 1}}\nloss: 2*x^2\n"
        "given: {mu: 0.6, lr: %s}\n"
    )
    largest = answers(f"{text % 0.1}find: [largest_lr]")["largest_lr"]

    def end(rate: float) -> float:
        x, v = 1.0, 0.0
        for _ in range(500):
            v = 0.6 * v + (0.4 if form == "average" else 1) * 4 * x
            x -= rate * v
        return abs(x)

    assert end(largest * 0.99) < 0.1
    assert end(largest * 1.01) > 10
    assert answers(f"{text % (largest * 0.9)}find: [converges]") == {"converges": True}
    assert answers(f"{text % (largest * 1.1)}find: [diverges]") == {"diverges": True}


def test_a_step_along_an_eigenvector_may_end_at_the_minimum() -> None:
    text = "given: {A: [[2, 0], [0, 8]]}\nloss: 1/2*w @ A @ w\nfind: [one_step_lr]\n"
    assert answers(f"start: {{w: [0, 3]}}\n{text}") == {"one_step_lr": 0.125}
    assert answers(f"start: {{w: [1, 3]}}\n{text}") == {"one_step_lr": "none"}


# -- mistakes --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "rule: adm\nstart: {w: 1}\nloss: w^2",
            "t:2:7: there is no rule 'adm'; did you mean 'adam'?",
        ),
        (
            "rule: momentum\nstart: {w: 1}\ngiven: {lr: 0.1}\nloss: w^2",
            "t:2:7: momentum needs the momentum coefficient; give it as momentum, mu or μ",
        ),
        (
            "start: {w: 1}\nloss: w^2",
            "t:1:1: gradient descent needs the learning rate; give it as lr, learning_rate or eta",
        ),
        (
            "start: {w: 1}\ngiven: {lr: 0.1}\nloss: v^2",
            "t:4:7: the loss does not depend on w; "
            "write the parameters under 'start' by the names that the loss uses",
        ),
        (
            "start: {w: 1}\ngiven: {lr: 0.1}\nloss: w^2 + foo",
            "t:4:13: 'foo' is not defined; give it a value under 'given' or an equation",
        ),
        (
            "start: {w: 1}\ngiven: {lr: 0.1}",
            "t:1:1: there is no gradient for 'w'; write 'loss: (w - 3)^2', or 'gradients: [4, 2]'",
        ),
        (
            "start: {w: [1, 2]}\ngiven: {lr: 0.1}\nloss: w^2",
            "t:4:7: the loss is a vector of 2 numbers, not one number; "
            "write mean(...) or sum(...) around it, or the examples under 'data'",
        ),
        (
            "start: {w: 1}\ngiven: {lr: 0.1}\ngradients: [1, 2]\nsteps: 3",
            "t:4:12: there are only 2 gradients, but 3 steps; give one for each step",
        ),
        (
            "start: {w: 1}\ngiven: {lr: 0.1}\nloss: w^2\nsteps: 2\nfind: [L]",
            "t:6:8: 'L' has a value at every step; "
            "write L0 (before the first step), ..., L2 (after the last)",
        ),
        (
            'start: {w: 1}\ngiven: {lr: 0.1}\nloss: w^2\nfind: ["steps_until(w > 5)"]',
            "t:5:21: 'w > 5' does not hold within 2000 steps; "
            "look at the values with 'steps: 10'; perhaps they diverge",
        ),
        (
            "start: {w: 1}\nloss: w^4\nfind: [largest_lr]",
            "t:3:7: the loss is not quadratic: it has the degree 4; "
            "stable rates and speeds follow from the curvature of a quadratic loss only",
        ),
        (
            "start: {w: 1}\nloss: log(w)\nfind: [largest_lr]",
            "t:3:7: the loss is not quadratic: it is no polynomial; "
            "stable rates and speeds follow from the curvature of a quadratic loss only",
        ),
        (
            "rule: perceptron\nstart: {w: [0, 0, 0]}\ndata: {x: [[0, 0]], t: [1]}",
            "t:4:11: w has 3 entries, but an example has 2 entries; "
            "give a weight for each input; a bias is a parameter of its own, b",
        ),
        (
            "rule: perceptron\nstart: {w: [0, 0]}\ndata: {x: [[0, 0]]}",
            "t:2:7: the perceptron needs examples with targets; "
            "write 'data: {x: [[1, 0], [1, 1]], t: [0, 1]}'",
        ),
        (
            "start: {w: 1}\ngiven: {lr: 0.1}\ndata: {x: [1, 2], y: [1]}\nloss: (w*x - y)^2",
            "t:4:22: the data hold different numbers of examples: x has 2, y has 1; "
            "each list has one entry for each example",
        ),
        (
            "start: {w: 1}\ngiven: {lr: 0.1}\nloss: w^2\nclip: {nrm: 1}",
            "t:5:13: gradients cannot be clipped by 'nrm'; it is norm, value or global_norm",
        ),
        (
            "start: {w: 1}\ngiven: {lr: 0.1}\nloss: w^2\nsteps: some",
            "t:5:8: 'steps' takes a whole number or 'until no change', not 'some'; "
            "for example steps: 3",
        ),
        (
            "start: {w: 1}\ngiven: {lr: 0.1}\nschedule: cosin\nloss: w^2",
            "t:4:11: there is no schedule 'cosin'; did you mean 'cosine'?",
        ),
        (
            "start: {w: 1}\ngiven: {lr: 0.1}\nschedule: cosine\nloss: w^2",
            "t:4:11: the schedule 'cosine' needs 'T'; write T: 10 under 'given'",
        ),
        (
            "start: {w: 1}\nlr: 0.1\ngiven: {lr: 0.2}\nloss: w^2",
            "t:3:5: the learning rate is given twice; remove the key 'lr', or 'lr' under 'given'",
        ),
        (
            "start: {w: 1}\ngiven: {lr: 0.1, eta: 0.2}\nloss: w^2",
            "t:3:23: the learning rate is given twice; remove 'lr' or 'eta'",
        ),
        (
            "rule: adam\nstart: {w: 1}\ngiven: {lr: 0.1, beta1: 0.9, b1: 0.8}\nloss: w^2",
            "t:4:34: the decay of the first moment is given twice; remove 'beta1' or 'b1'",
        ),
        (
            "start: {w: 1}\ngiven: {lr: 0.1}\nloss: w^2\ngradients: [1]",
            "t:1:1: there are both gradients and a loss; "
            "the gradients follow from the loss: remove one of the two",
        ),
        (
            "start: {w: 1}\ngiven: {lr: 0.1}\ndata: {x: 3}\nloss: (w*x)^2",
            "t:4:11: the data 'x' are one number, not a list; write x: [3]",
        ),
        (
            "given: {a: 1, c: 2, lr: 0.1}\nloss: (a*c)^2",
            "t:1:1: which of a, c are the parameters is not said; "
            "write 'start:' with their values before the first step, or 'parameters: [...]'",
        ),
        (
            "parameters: [w]\ngiven: {lr: 0.1}\nloss: w^2",
            "t:2:14: the parameter 'w' has no value; write w: 0 under 'start'",
        ),
        (
            "start: {w: 1}\ngiven: {lr: 10}\nloss: w^4\nsteps: 20",
            "t:4:7: a number too large to hold in L5 = w5^4 with w5 = -9.08741e+192",
        ),
        (
            "start: {w: 1}\nlr: [0.1, 0.2]\nloss: w^2\nsteps: 3",
            "t:3:5: there are only 2 learning rates, but 3 steps; give one for each step",
        ),
        (
            "start: {w: 1}\ngiven: {lr: 0.1}\nloss: w^2\nepochs: until no change",
            "t:1:1: 'until no change' needs examples: other steps get small but never nothing; "
            "write find: steps_until(abs(g) < 0.001), or steps_until(L < 0.01)",
        ),
        (
            "rule: newton\nstart: {w: [1, 2, 3]}\nloss: sum(w^2)",
            "t:2:7: Newton's step is written out for one or two unknowns; solve H @ d = g for more",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place_and_its_cure(text: str, message: str) -> None:
    assert refusal(text) == message


def test_a_given_value_that_nothing_uses_is_mentioned() -> None:
    solution = hwsolve.solve(
        hwsolve.loads("kind: optimizer\nstart: {w: 1}\ngiven: {lr: 0.1, mu: 0.9}\nloss: w^2")
    )
    assert solution.warnings == ("mu is given, but nothing uses it",)


def test_corrected_moments_follow_the_letters_of_the_moments() -> None:
    text = (
        "rule: adam\nstart: {x: 1}\ngiven: {lr: 0.001, rho1: 0.9, rho2: 0.999}\ngradients: [0.5]\n"
    )
    found = answers(f"{text}find: [s1, r1, shat1, rhat1]")
    assert found == {"s1": 0.05, "r1": 0.00025, "shat1": 0.5, "rhat1": 0.25}
    assert answers(f"{text}find: [m1, m_hat1, v̂1]") == {"m1": 0.05, "m_hat1": 0.5, "v̂1": 0.25}


def test_a_condition_on_the_gradient_starts_with_the_first_step() -> None:
    found = answers(
        'start: {x: 8}\ngiven: {lr: 0.25}\nloss: x^2\nfind: ["steps_until(abs(g) <= 1)"]'
    )
    # the gradients are 16, 8, 4, 2, 1: the fifth step has the first that small
    assert list(found.values()) == [5]


def test_a_loss_may_be_written_as_a_function() -> None:
    text = "start: {x: 3, y: 1}\ngiven: {lr: 0.25}\nloss: f(x, y) = x^2 + y^2 + 1\n"
    assert answers(f"{text}find: [x1, f0, f1]") == {"x1": 1.5, "f0": 11, "f1": 3.5}
    assert refusal(f"{text}gradients: [1]").startswith("t:1:1: there are both")
    assert refusal("start: {x: 3}\nloss: f(x) = x^2 + foo\ngiven: {lr: 1}").startswith(
        "t:3:20: 'foo'"
    )


def test_the_curvature_of_entries_that_are_used_one_by_one_is_known() -> None:
    text = "start: {w: [25, 1]}\nloss: 1/2*(w[0]^2 + 25*w[1]^2)\n"
    found = answers(f"{text}find: [condition_number, best_lr, line_search_lr]")
    assert found == pytest.approx(
        {"condition_number": 25, "best_lr": 1 / 13, "line_search_lr": 1 / 13}
    )


def test_a_setting_of_a_rule_at_the_top_is_sent_to_the_given_values() -> None:
    message = refusal("rule: adam\nbeta1: 0.9\nstart: {w: 1}\nlr: 0.1\nloss: w^2")
    assert message.startswith(
        "t:3:1: unknown key 'beta1'; the settings of a rule stand under 'given'; known are kind, "
    )


def test_a_condition_may_be_about_all_examples_or_about_the_step_itself() -> None:
    text = "rule: sgd\nstart: {w: 0}\ngiven: {lr: 0.1}\ndata: {x: [1, 2], y: [2, 4]}\nloss: (w*x - y)^2\n"
    w, steps = 0.0, 0
    while ((w - 2) ** 2 + (2 * w - 4) ** 2) / 2 >= 0.05:
        x, y = ((1, 2), (2, 4))[steps % 2]
        w -= 0.1 * 2 * (w * x - y) * x
        steps += 1
    assert list(answers(f'{text}find: ["steps_until(L_all < 0.05)"]').values()) == [steps]
    # 0.9^21 = 0.109 and 0.9^22 = 0.098
    assert answers('given: {mu: 0.9}\nfind: ["steps_until(mu^t < 0.1)"]') == {
        "steps_until(mu^t < 0.1)": 22
    }


def test_the_best_rate_and_momentum_follow_from_the_condition_number() -> None:
    found = answers(
        "loss: 1/2*(x^2 + 25*y^2)\nstart: {x: 1, y: 1}\nfind: [best_rate, best_momentum]"
    )
    assert found == pytest.approx({"best_rate": 24 / 26, "best_momentum": (4 / 6) ** 2})


@pytest.mark.parametrize("slope", ["m", "a", "k"])
def test_a_letter_that_may_be_a_parameter_is_asked_about_and_not_left_out(slope: str) -> None:
    text = f"given: {{{slope}: 1, b: 0, x: 2, y: 3, lr: 0.1}}\nloss: ({slope}*x + b - y)^2"
    assert refusal(text) == (
        f"t:1:1: which of {slope}, b, x, y are the parameters is not said; "
        "write 'start:' with their values before the first step, or 'parameters: [...]'"
    )


def test_parameters_that_were_guessed_are_named() -> None:
    text = "kind: optimizer\ngiven: {w: 1, b: 0, x: 2, y: 3, lr: 0.1}\nloss: (w*x + b - y)^2"
    conventions = hwsolve.solve(hwsolve.loads(text)).conventions
    assert ("parameters", "w, b") in [(each.name, each.value) for each in conventions]


def test_a_parameter_is_no_datum() -> None:
    assert refusal("start: {x: 1}\ngiven: {lr: 0.1}\ndata: {x: [1, 2]}\nloss: x^2") == (
        "t:4:11: 'x' is a parameter and stands under 'data' too; use another name for one of them"
    )


def test_a_convention_at_the_top_is_sent_to_the_conventions() -> None:
    assert refusal("update: in_turn\nstart: {w: 1}\ngiven: {lr: 0.1}\nloss: w^2") == (
        "t:2:1: 'update' is a convention, not a key; write 'conventions: {update: ...}'"
    )


def test_the_values_of_all_steps_are_asked_for_as_a_list() -> None:
    found = answers(
        "start: {x: 4}\ngiven: {lr: 0.25}\nloss: x^2\nsteps: 3\nfind: [path(x), path(L), path(g)]"
    )
    assert {name: list(value) for name, value in found.items()} == {
        "path(x)": [2, 1, 0.5], "path(L)": [16, 4, 1], "path(g)": [8, 4, 2],
    }  # fmt: skip
    rows = answers(
        "start: {w: [1, 2]}\ngiven: {lr: 1}\ngradients: [[1, 0], [0, 5]]\nfind: [path(w)]"
    )
    assert rows["path(w)"].tolist() == [[0, 2], [0, -3]]
    units = answers(
        "rule: perceptron\nstart: {w: 0}\ndata: {x: [1, 2, -1], t: [0, 1, 0]}\nfind: [path(z), path(h), path(w)]"
    )
    # z = 0: 1 instead of 0, w = -1; z = -2: 0 instead of 1, w = 1; z = -1: right
    assert {name: list(value) for name, value in units.items()} == {
        "path(z)": [0, -2, -1], "path(h)": [1, 0, 0], "path(w)": [-1, 1, 1],
    }  # fmt: skip


def test_a_perceptron_finds_its_examples_among_the_given_values() -> None:
    found = answers(
        "rule: perceptron\ngiven: {w: [0, 0], b: 0, x: [[1, 1], [0, 1]], t: [0, 1]}\nfind: [w, b, z2]"
    )
    # z = 0: 1 instead of 0, w = (-1, -1), b = -1; z = -2: 0 instead of 1
    assert found["w"].tolist() == [-1, 0]
    assert (found["b"], found["z2"]) == (0, -2)


def test_a_formula_for_the_gradient_says_which_value_it_moves() -> None:
    assert answers("given: {theta: 1, eta: 0.25}\ngradients: 2*theta\nsteps: 2") == {"theta": 0.25}
    assert answers("given: {x0: 8, eta: 0.25}\ngradients: 2*x\nfind: [x1]") == {"x1": 4}


def test_what_is_known_before_the_first_step_needs_no_rate() -> None:
    assert answers("start: {w: 2}\nloss: w^3\nfind: [L0, dL0/dw0]") == {"L0": 8, "dL0/dw0": 12}
    assert refusal("start: {w: 2}\nloss: w^3\nfind: [L0, w1]").startswith(
        "t:1:1: gradient descent needs"
    )
