"""Steps on losses and on examples, against loops written out by hand."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest

import hwsolve
from hwsolve.errors import HwsolveError


def answers(text: str) -> dict[str, Any]:
    solution = hwsolve.solve(hwsolve.loads(f"kind: optimizer\n{text}"))
    return {answer.name: answer.value for answer in solution.answers}


def close(found: dict[str, Any], **expected: Any) -> None:
    for name, value in expected.items():
        got = found[name]
        got = got.tolist() if hasattr(got, "tolist") else got
        assert got == pytest.approx(value, rel=1e-12, abs=1e-15), name


def logistic(z: float) -> float:
    return 1 / (1 + math.exp(-z))


# -- on a loss -----------------------------------------------------------------


def test_a_loss_is_differentiated_at_every_step() -> None:
    found = answers(
        "start: {x: 1, y: 2}\nlr: 0.1\nloss: x^2 + 3*y^2 + x*y\nsteps: 2\n"
        "find: [x1, y1, x2, y2, L0, L2, dL1/dx1]"
    )
    x, y, path = 1.0, 2.0, []
    for _ in range(2):
        path.append((x, y))
        x, y = x - 0.1 * (2 * x + y), y - 0.1 * (6 * y + x)
    path.append((x, y))
    loss = [x * x + 3 * y * y + x * y for x, y in path]
    close(found, x1=path[1][0], y1=path[1][1], x2=path[2][0], y2=path[2][1])
    close(found, L0=loss[0], L2=loss[2])
    assert found["dL1/dx1"] == pytest.approx(2 * path[1][0] + path[1][1], rel=1e-12)


def test_parameters_in_turn_use_those_already_updated() -> None:
    text = "start: {w: 1, b: 0}\ngiven: {eta: 0.1, x: 2, y: 3}\nloss: (w*x + b - y)^2\nsteps: 2\n"
    w = b = 0.0
    w = 1.0
    for _ in range(2):
        w -= 0.1 * 2 * (2 * w + b - 3) * 2
        b -= 0.1 * 2 * (2 * w + b - 3)
    close(answers(f"{text}conventions: {{update: in_turn}}\nfind: [w, b]"), w=w, b=b)
    w, b = 1.0, 0.0
    for _ in range(2):
        error = 2 * w + b - 3
        w, b = w - 0.1 * 2 * error * 2, b - 0.1 * 2 * error
    close(answers(f"{text}find: [w, b]"), w=w, b=b)


@pytest.mark.parametrize("form", ["velocity", "accumulate", "average"])
def test_nesterov_takes_the_gradient_where_the_velocity_leads(form: str) -> None:
    found = answers(
        "rule: nesterov\nstart: {x: 5}\ngiven: {lr: 0.1, mu: 0.9}\nloss: x^2\nsteps: 3\n"
        f"conventions: {{momentum: {form}}}\nfind: [x1, x2, x3]"
    )
    x, v, path = 5.0, 0.0, []
    for _ in range(3):
        if form == "velocity":
            v = 0.9 * v - 0.1 * 2 * (x + 0.9 * v)
            x += v
        else:
            share = 0.1 if form == "average" else 1.0
            v = 0.9 * v + share * 2 * (x - 0.1 * 0.9 * v)
            x -= 0.1 * v
        path.append(x)
    close(found, x1=path[0], x2=path[1], x3=path[2])


@pytest.mark.parametrize("convention", ["coupled", "decoupled"])
def test_weight_decay_acts_on_the_gradient_or_on_the_parameter(convention: str) -> None:
    found = answers(
        "rule: momentum\nstart: {w: 2}\ngiven: {lr: 0.1, mu: 0.5, wd: 0.3}\ngradients: [1, -2]\n"
        f"conventions: {{weight_decay: {convention}}}\nfind: [w2]"
    )
    w, v = 2.0, 0.0
    for g in (1.0, -2.0):
        if convention == "coupled":
            v = 0.5 * v + g + 0.3 * w
            w -= 0.1 * v
        else:
            v = 0.5 * v + g
            w = w * (1 - 0.1 * 0.3) - 0.1 * v
    close(found, w2=w)


def test_a_lambda_of_the_loss_is_no_weight_decay() -> None:
    found = answers(
        "start: {w: 2}\ngiven: {lr: 0.1, lambda: 0.5}\nloss: (w - 1)^2 + lambda/2*w^2\nfind: [w1]"
    )
    close(found, w1=2 - 0.1 * (2 * 1 + 0.5 * 2))


def test_gradients_are_clipped_by_norm_value_and_all_together() -> None:
    long = "gradients: [[3, 4], [0.3, 0.4]]\nclip: {norm: 2}\nfind: [clipped1, clipped2, norm1]"
    close(answers(long), clipped1=[1.2, 1.6], clipped2=[0.3, 0.4], norm1=5)
    cut = "gradients: [[6, -8, 0.5]]\nclip: {value: 1}\nfind: [clipped1]"
    close(answers(cut), clipped1=[1, -1, 0.5])
    ends = "gradients: [5, -5]\nclip: {value: [-1, 2]}\nfind: [clipped1, clipped2]"
    close(answers(ends), clipped1=2, clipped2=-1)
    # torch.nn.utils.clip_grad_norm_ gives 13, [0.2308, 0.3077] and 0.9231
    together = answers(
        "gradients: {a: [[3, 4]], b: [12]}\nclip: {global_norm: 1}\n"
        "find: [norm1, clipped_a1, clipped_b1]"
    )
    close(together, norm1=13, clipped_a1=[3 / 13, 4 / 13], clipped_b1=12 / 13)
    apart = answers(
        "start: {a: [0, 0], b: 0}\ngradients: {a: [[3, 4]], b: [12]}\nclip: {norm: 1}\n"
        "given: {lr: 1}\nfind: [a, b]"
    )
    close(apart, a=[-0.6, -0.8], b=-1)


def test_clipping_a_gradient_of_0_leaves_it() -> None:
    found = answers("gradients: [[0, 0]]\nclip: {norm: 2}\nfind: [clipped1]")
    assert found["clipped1"].tolist() == [0, 0]


def test_newton_divides_by_the_second_derivative() -> None:
    found = answers("rule: newton\nstart: {x: 3}\nloss: x^4 - 2*x^2\nsteps: 2\nfind: [x1, x2, h1]")
    x, path = 3.0, []
    for _ in range(2):
        x -= (4 * x**3 - 4 * x) / (12 * x**2 - 4)
        path.append(x)
    close(found, x1=path[0], x2=path[1], h1=12 * 9 - 4)


def test_newton_in_two_unknowns_ends_at_the_minimum_of_a_quadratic_loss() -> None:
    whole = answers("rule: newton\nstart: {w: [1, 1]}\nloss: w[0]^2 + 3*w[1]^2 + w[0]*w[1] - w[0]")
    close(whole, w=[6 / 11, -1 / 11])
    apart = answers("rule: newton\nstart: {x: 1, y: 1}\nloss: x^2 + 3*y^2 + x*y - x\nfind: [x, y]")
    close(apart, x=6 / 11, y=-1 / 11)


def test_states_and_steps_go_on_from_where_they_were() -> None:
    found = answers(
        "rule: adam\ndone: 9\ngiven: {w: 1, m9: 0.5, v9: 0.2, lr: 0.1}\ngradients: [1]\n"
        "find: [w10, m10, vhat10]"
    )
    m, v = 0.9 * 0.5 + 0.1, 0.999 * 0.2 + 0.001
    vhat = v / (1 - 0.999**10)
    close(found, m10=m, vhat10=vhat, w10=1 - 0.1 * m / (1 - 0.9**10) / (math.sqrt(vhat) + 1e-8))


def test_every_number_is_a_fraction_where_fractions_are_wanted() -> None:
    found = answers(
        "rule: momentum\nexact: yes\nstart: {x: 1}\ngiven: {lr: 1/3, mu: 1/2}\nloss: x^2\nsteps: 2\n"
        "find: [x1, x2]"
    )
    assert found == {"x1": Fraction(1, 3), "x2": Fraction(-2, 9)}


def test_every_step_is_rounded_where_that_is_wanted() -> None:
    found = answers(
        "round_steps: 2\nstart: {x: 1}\ngiven: {lr: 0.3}\nloss: x^2\nsteps: 3\nfind: [x3]"
    )
    # 1 - 0.6 = 0.4; 0.4 - 0.3*0.8 = 0.16; 0.16 - 0.3*0.32 = 0.16 - 0.10 = 0.06
    assert str(found["x3"]) == "0.06"


# -- on examples ---------------------------------------------------------------

XS, YS = [1.0, 2.0, 3.0, 4.0, 5.0], [2.0, 3.0, 5.0, 4.0, 7.0]
LINE = (
    "start: {w: 0.5, b: -1}\ngiven: {lr: 0.02}\n"
    f"data: {{x: {XS}, y: {YS}}}\nequations: [yhat = w*x + b]\nloss: (yhat - y)^2\n"
)


def trained(batch: int, epochs: int, *, mean: bool = True) -> list[tuple[float, float]]:
    w, b, path = 0.5, -1.0, []
    for _ in range(epochs):
        for low in range(0, 5, batch):
            pairs = list(zip(XS, YS, strict=True))[low : low + batch]
            share = len(pairs) if mean else 1
            gw = sum(2 * (w * x + b - y) * x for x, y in pairs) / share
            gb = sum(2 * (w * x + b - y) for x, y in pairs) / share
            w, b = w - 0.02 * gw, b - 0.02 * gb
            path.append((w, b))
    return path


@pytest.mark.parametrize("batch", [1, 2, 3, 5])
def test_batches_of_any_size_are_taken_in_order(batch: int) -> None:
    path = trained(batch, 2)
    found = answers(f"{LINE}batch: {batch}\nepochs: 2\nfind: [w1, b1, w, b]")
    close(found, w1=path[0][0], b1=path[0][1], w=path[-1][0], b=path[-1][1])


def test_a_batch_may_be_a_sum() -> None:
    path = trained(5, 1, mean=False)
    found = answers(f"{LINE}conventions: {{reduction: sum}}\nfind: [w, b]")
    close(found, w=path[0][0], b=path[0][1])


def test_sgd_sees_one_example_and_gradient_descent_all() -> None:
    close(answers(f"rule: SGD\n{LINE}find: [w]"), w=trained(1, 1)[-1][0])
    close(answers(f"rule: gradient descent\n{LINE}find: [w]"), w=trained(5, 1)[-1][0])
    close(answers(f"rule: mini-batch SGD\nbatch: 2\n{LINE}find: [w]"), w=trained(2, 1)[-1][0])


def test_predictions_and_losses_are_known_for_every_example_at_every_step() -> None:
    path = [(0.5, -1.0), *trained(1, 1)]
    found = answers(f"rule: sgd\n{LINE}find: [yhat0_3, L2_1, L1, L5_all, L5]")

    def loss(step: int, example: int) -> float:
        w, b = path[step]
        return (w * XS[example - 1] + b - YS[example - 1]) ** 2

    close(found, yhat0_3=0.5 * 3 - 1, L2_1=loss(2, 1))
    # L1 is the loss that the second step differentiates, L5 that of the last batch, anew
    close(found, L1=loss(1, 2), L5=loss(5, 5))
    close(found, L5_all=sum(loss(5, example) for example in range(1, 6)) / 5)


def test_a_formula_for_the_gradient_may_use_the_examples() -> None:
    found = answers(
        f"rule: sgd\nstart: {{w: 0}}\ngiven: {{eta: 0.1}}\ndata: {{x: {XS}, y: {YS}}}\n"
        "gradients: -2*x*(y - w*x)\nfind: [w2]"
    )
    w = 0.0
    for x, y in ((1.0, 2.0), (2.0, 3.0)):
        w += 0.1 * 2 * x * (y - w * x)
    close(found, w2=w)


def test_what_follows_the_last_step_uses_the_last_parameters() -> None:
    w, b = trained(1, 1)[-1]
    close(answers(f"rule: sgd\n{LINE}after: [p = w*10 + b]\nfind: [p]"), p=w * 10 + b)


def test_a_network_makes_a_step_with_matrices() -> None:
    found = answers(
        "start: {W1: [[0.1, 0.2], [0.3, 0.4]], W2: [0.5, -0.5]}\n"
        "given: {eta: 0.1, x: [1, 2], t: 1}\n"
        "equations: [h = sigmoid(W1 @ x), y = W2 @ h]\nloss: 1/2*(y - t)^2\n"
        "find: [W1, W2, y_new, L0, L1]"
    )
    weights, out, x = [[0.1, 0.2], [0.3, 0.4]], [0.5, -0.5], [1, 2]

    def forward() -> tuple[list[float], float]:
        hidden = [logistic(sum(w * v for w, v in zip(row, x, strict=True))) for row in weights]
        return hidden, sum(w * h for w, h in zip(out, hidden, strict=True))

    h, y = forward()
    first = (y - 1) ** 2 / 2
    signals = [(y - 1) * w * v * (1 - v) for w, v in zip(out, h, strict=True)]
    out = [w - 0.1 * (y - 1) * v for w, v in zip(out, h, strict=True)]
    weights = [
        [w - 0.1 * signal * v for w, v in zip(row, x, strict=True)]
        for row, signal in zip(weights, signals, strict=True)
    ]
    _, new = forward()
    close(found, W2=out, y_new=new, L0=first, L1=(new - 1) ** 2 / 2)
    assert [list(row) for row in found["W1"]] == [pytest.approx(row) for row in weights]


# -- the perceptron rule and the delta rule --------------------------------------

CASES = [([0, 0], 0), ([0, 1], 0), ([1, 0], 0), ([1, 1], 1)]


def perceptron(low: int, *, high_at_0: bool, epochs: int) -> tuple[list[Any], Any, int, int]:
    """Weights, bias, epochs and updates, in fractions, until an epoch changes nothing."""
    w, b, updates = [Fraction(0), Fraction(0)], Fraction(0), 0
    for epoch in range(1, epochs + 1):
        changed = False
        for x, t in CASES:
            target = t or low
            z = w[0] * x[0] + w[1] * x[1] + b
            h = 1 if z > 0 or (z == 0 and high_at_0) else low
            if h != target:
                changed = True
                updates += 1
                w = [w[0] + (target - h) * x[0], w[1] + (target - h) * x[1]]
                b += target - h
        if not changed:
            return w, b, epoch, updates
    raise AssertionError


@pytest.mark.parametrize("low", [0, -1])
@pytest.mark.parametrize("high", [True, False])
def test_a_perceptron_learns_until_an_epoch_changes_nothing(low: int, high: bool) -> None:  # noqa: FBT001  (a case)
    targets = [t or low for _, t in CASES]
    found = answers(
        "rule: perceptron\nstart: {w: [0, 0], b: 0}\nepochs: until no change\n"
        f"data: {{x: {[x for x, _ in CASES]}, t: {targets}}}\n"
        f"conventions: {{output_at_0: {'high' if high else 'low'}}}\n"
        "find: [w, b, epochs, updates]"
    )
    w, b, epochs, updates = perceptron(low, high_at_0=high, epochs=50)
    close(found, w=[float(part) for part in w], b=float(b))
    assert (found["epochs"], found["updates"]) == (epochs, updates)


def test_a_perceptron_that_goes_round_for_ever_is_said_to() -> None:
    with pytest.raises(HwsolveError) as raised:
        answers(
            "rule: perceptron\nstart: {w: [0, 0], b: 0}\nepochs: until no change\n"
            "data: {x: [[0, 0], [0, 1], [1, 0], [1, 1]], t: [0, 1, 1, 0]}\nfind: [w]"
        )
    assert "so they go round for ever" in str(raised.value)


def test_a_perceptron_may_have_weights_by_name_and_a_threshold() -> None:
    found = answers(
        "rule: perceptron\nstart: {w1: 0.3, w2: -0.1, theta: 0.2}\ngiven: {alpha: 0.1}\n"
        "data: {x1: [0, 0, 1, 1], x2: [0, 1, 0, 1], t: [0, 0, 0, 1]}\n"
        "find: [w1, w2, theta, z3, h3, e4]"
    )
    # the steps by hand: z = -0.2, -0.3, 0.1 (wrong: w1 = 0.2, theta = 0.3), -0.2 (wrong)
    close(found, z3=0.1, h3=1, e4=1, w1=0.3, w2=0.0, theta=0.2)


def test_the_perceptron_rule_by_labels_corrects_mistakes_only() -> None:
    found = answers(
        "rule: perceptron\nconventions: {perceptron: label}\nstart: {w: [0, 0]}\n"
        "data: {x: [[1, 1], [2, -1], [-1, -1]], y: [1, -1, -1]}\nfind: [w1, w2, w3]"
    )
    close(found, w1=[1, 1], w2=[-1, 2], w3=[-1, 2])


def test_the_delta_rule_steps_along_the_error_of_the_sum() -> None:
    found = answers(
        "rule: adaline\nstart: {w: [0.1, 0.2], b: 0}\ngiven: {eta: 0.1}\n"
        "data: {x: [[1, 1], [1, -1]], t: [1, -1]}\nfind: [w, b, e1, e2]"
    )
    w, b, errors = [0.1, 0.2], 0.0, []
    for x, t in (([1, 1], 1), ([1, -1], -1)):
        error = t - (w[0] * x[0] + w[1] * x[1] + b)
        w, b = [w[0] + 0.1 * error * x[0], w[1] + 0.1 * error * x[1]], b + 0.1 * error
        errors.append(error)
    close(found, w=w, b=b, e1=errors[0], e2=errors[1])


def test_the_delta_rule_multiplies_by_the_slope_of_its_activation() -> None:
    found = answers(
        "rule: delta rule\nactivation: sigmoid\nstart: {w: 0.5}\ngiven: {eta: 2}\n"
        "data: {x: [1, -2], t: [1, 0]}\nfind: [w1, w2, y1]"
    )
    w, path = 0.5, []
    for x, t in ((1, 1), (-2, 0)):
        y = logistic(w * x)
        w += 2 * (t - y) * y * (1 - y) * x
        path.append(w)
    close(found, y1=logistic(0.5), w1=path[0], w2=path[1])


def test_the_delta_rule_may_see_all_examples_at_once() -> None:
    text = "rule: delta rule\nbatch: 2\nstart: {w: 0.1}\ngiven: {eta: 0.5}\ndata: {x: [1, 2], t: [1, 0]}\n"
    close(answers(f"{text}find: [w, e1_2]"), w=0.1 + 0.5 * (0.9 * 1 - 0.2 * 2), e1_2=-0.2)
    mean = answers(f"{text}conventions: {{reduction: examples}}\nfind: [w]")
    close(mean, w=0.1 + 0.25 * (0.9 * 1 - 0.2 * 2))


def test_a_vector_of_weights_may_serve_inputs_by_name() -> None:
    found = answers(
        "rule: perceptron\nstart: {w: [0, 0]}\ndata: {a: [1, 2], b: [1, -1], t: [-1, 1]}\nfind: [w1, w]"
    )
    # the first sum is 0, so the output is 1 and the error -2; the second is -2 and 2
    close(found, w1=[-2, -2], w=[2, -4])


def test_a_softmax_classifier_learns_from_vectors_all_at_once() -> None:
    found = answers(
        "start: {W: [[0.1, 0.2], [0, -0.1], [0.3, 0]], b: [0, 0, 0]}\ngiven: {eta: 0.1}\n"
        "data: {x: [[1, 2], [3, -1]], y: [[1, 0, 0], [0, 0, 1]]}\n"
        "equations: [p = softmax(W @ x + b)]\nloss: cross_entropy(p, y)\nfind: [W, b]"
    )
    weights, bias = [[0.1, 0.2], [0.0, -0.1], [0.3, 0.0]], [0.0, 0.0, 0.0]
    slopes = [[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]
    shifts = [0.0, 0.0, 0.0]
    for x, y in (([1, 2], [1, 0, 0]), ([3, -1], [0, 0, 1])):
        powers = [math.exp(sum(w * v for w, v in zip(row, x, strict=True))) for row in weights]
        for k in range(3):
            difference = powers[k] / sum(powers) - y[k]
            shifts[k] += difference / 2
            for j in range(2):
                slopes[k][j] += difference * x[j] / 2
    close(found, b=[c - 0.1 * s for c, s in zip(bias, shifts, strict=True)])
    for row, old, slope in zip(found["W"].tolist(), weights, slopes, strict=True):
        assert row == pytest.approx([w - 0.1 * s for w, s in zip(old, slope, strict=True)])


def test_examples_may_be_seen_in_another_order() -> None:
    text = "rule: sgd\nstart: {w: 0}\ngiven: {lr: 0.1}\ndata: {x: [1, 2], y: [2, 4]}\nloss: 1/2*(w*x - y)^2\n"
    # the second example first: 0.1*2*4 = 0.8, then 0.8 + 0.1*(2 - 0.8)
    close(answers(f"{text}order: [2, 1]\nfind: [w1, w2]"), w1=0.8, w2=0.92)
    close(answers(f"{text}order: [2]\nfind: [w]"), w=0.8)
    close(answers(f"{text}order: [1, 1, 2]\nfind: [w]"), w=0.38 + 0.2 * (4 - 0.76))
    with pytest.raises(HwsolveError) as raised:
        answers(f"{text}order: [0, 1]\nfind: [w]")
    assert "'order' lists examples by their numbers, from 1 to 2" in str(raised.value)


def test_an_entry_of_a_matrix_is_worked_out_down_to_the_given_numbers() -> None:
    problem = hwsolve.loads(
        "kind: optimizer\nstart: {W: [[1, 2], [3, 4]]}\ngiven: {eta: 0.1, x: [1, 2], y: [1, 1]}\n"
        'loss: sum((W @ x - y)^2)\nfind: [L1]\nentry: "W1[0,1]"'
    )
    solution = hwsolve.solve(problem)
    # W @ x - y = (4, 10): the gradient of W[0,1] is 2*4*2 = 16
    assert solution.answers[-1].name == "W1[0,1]"
    assert solution.answers[-1].value == pytest.approx(0.4)
    assert "Entry W1[0,1]" in [section.title for section in solution.sections]
