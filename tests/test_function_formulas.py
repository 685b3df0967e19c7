"""Functions that are short for a formula, against the same in plain Python, with slopes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
import test_expr_values as compared
from test_losses import slopes, solved

from hwsolve.expr.functions import FUNCTION_ALIASES, FUNCTIONS
from hwsolve.expr.layer_functions import LAYER_FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable


def logistic(z: float) -> float:
    return 1 / (1 + math.exp(-z))


# of single numbers, none of which is at a kink
NUMBERS: dict[str, Callable[[float], float]] = {
    "threshold(x, 0.1, -0.5)": lambda x: x if x > 0.1 else -0.5,
    "threshold(x)": lambda x: max(x, 0.0),
    "celu(x)": lambda x: x if x > 0 else math.expm1(x),
    "celu(x, 2)": lambda x: x if x > 0 else 2 * math.expm1(x / 2),
    "silu(x, beta=1.5)": lambda x: x * logistic(1.5 * x),
    "gelu_sigmoid(x)": lambda x: x * logistic(1.702 * x),
    "log_sigmoid(x)": lambda x: math.log(logistic(x)),
    "tanh_shrink(x)": lambda x: x - math.tanh(x),
    "soft_shrink(x, 0.3)": lambda x: math.copysign(max(abs(x) - 0.3, 0.0), x),
    "hard_shrink(x, 0.3)": lambda x: x if not -0.3 <= x <= 0.3 else 0.0,
    "hard_sigmoid_keras(x)": lambda x: 0.0 if x < -2.5 else 1.0 if x > 2.5 else 0.2 * x + 0.5,
    "clip(x, -1, 1/2)": lambda x: -1.0 if x < -1 else min(x, 0.5),
    "gaussian(x)": lambda x: math.exp(-x * x),
    "l2_penalty(x, 0.1)": lambda x: 0.1 * x * x,
    "half_l2_penalty(x, 0.1)": lambda x: 0.05 * x * x,
    "l1_penalty(x, 0.1)": lambda x: 0.1 * abs(x),
    "elastic_net(x, 0.1, 0.2)": lambda x: 0.1 * abs(x) + 0.2 * x * x,
    "elastic_net_ratio(x, 0.1, 0.25)": lambda x: 0.025 * abs(x) + 0.0375 * x * x,
    "distance(x, 3)": lambda x: 3 - x,
    "running_average(x, 3)": lambda x: 0.9 * x + 0.3,
    "moving_average(x, 3)": lambda x: 0.9 * x + 0.3,
    "dropout(x, 1, rate=0.2)": lambda x: x / 0.8,
    "binary_entropy(logistic(x))": lambda x: (
        -sum(p * math.log(p) for p in (logistic(x), logistic(-x)))
    ),
}

P, Q, Y = [0.1, 0.7, 0.2], [0.3, 0.3, 0.4], [1, 0, 1]


def mean(numbers: list[float]) -> float:
    return sum(numbers) / len(numbers)


# of a vector p, with a second one where the call has one
VECTORS: dict[str, tuple[Callable[[list[float]], float], list[float]]] = {
    "entropy(p)": (lambda p: -sum(a * math.log(a) for a in p), Q),
    "relative_entropy(p, q)": (
        lambda p: sum(a * math.log(a / b) for a, b in zip(p, Q, strict=True)), Q,
    ),
    "perplexity(p)": (lambda p: 1 / math.prod(p) ** (1 / 3), Q),
    "distance(p, q)": (lambda p: math.dist(p, Q), Q),
    "cosine_similarity(p, q)": (
        lambda p: sum(a * b for a, b in zip(p, Q, strict=True))
        / (math.hypot(*p) * math.hypot(*Q)), Q,
    ),
    "l2_penalty(p, lambda=0.1)": (lambda p: 0.1 * sum(a * a for a in p), Q),
    "half_l2_penalty(p, lambda=0.1)": (lambda p: 0.05 * sum(a * a for a in p), Q),
    "l1_penalty(p, lambda=0.1)": (lambda p: 0.1 * sum(map(abs, p)), Q),
    "elastic_net(p, l1=0.1, l2=0.2)": (
        lambda p: 0.1 * sum(map(abs, p)) + 0.2 * sum(a * a for a in p), Q,
    ),
    "elastic_net_ratio(p, lambda=0.1, ratio=1/4)": (
        lambda p: 0.025 * sum(map(abs, p)) + 0.0375 * sum(a * a for a in p), Q,
    ),
    "dice(p, q)": (
        lambda p: 2 * (p[0] + p[2]) / (sum(p) + 2), [1, 0, 1],
    ),
    "iou(p, q)": (lambda p: (p[0] + p[2]) / (sum(p) + 2 - p[0] - p[2]), [1, 0, 1]),
    "precision(p, q)": (lambda p: (p[0] + p[2]) / sum(p), [1, 0, 1]),
    "recall(p, q)": (lambda p: (p[0] + p[2]) / 2, [1, 0, 1]),
    "r2_score(p, q)": (
        lambda p: 1 - sum((a - b) ** 2 for a, b in zip(p, Q, strict=True))
        / sum((b - mean(Q)) ** 2 for b in Q), Q,
    ),
    "sum([1, 2, 3]*softmin(p))": (
        lambda p: sum(k * math.exp(-a) for k, a in enumerate(p, 1))
        / sum(math.exp(-a) for a in p), Q,
    ),
}  # fmt: skip


@pytest.mark.parametrize("call", NUMBERS)
@pytest.mark.parametrize("x", [-2.7, -0.4, 0.2, 0.45, 1.6])
def test_a_function_of_a_number_and_its_slope(call: str, x: float) -> None:
    equation = f"y = {call}"
    if "logistic" in call:
        equation = f"p = sigmoid(x); {equation.replace('logistic(x)', 'p')}"
    found = solved(equation, "y; dy/dx", x=x)
    assert found["y"] == pytest.approx(NUMBERS[call](x), rel=1e-12, abs=1e-15)
    (slope,) = slopes(lambda at: NUMBERS[call](at[0]), [x])
    assert found["dy/dx"] == pytest.approx(slope, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("call", VECTORS)
def test_a_function_of_a_vector_and_its_gradient(call: str) -> None:
    function, q = VECTORS[call]
    found = solved(f"y = {call}", "y; dy/dp", p=P, q=q)
    assert found["y"] == pytest.approx(function(P), rel=1e-12)
    assert found["dy/dp"] == pytest.approx(slopes(function, P), rel=1e-7, abs=1e-9)


def test_every_function_that_is_a_formula_is_compared_somewhere() -> None:
    rows = (*compared.EVERYWHERE, *compared.POSITIVE, *compared.VECTORS)
    elsewhere = {name for name, *_ in rows} | {"accuracy", "delta"}
    here = {call.partition("(")[0] for call in (*NUMBERS, *VECTORS)} | {"softmin"}
    # those of `layer_functions` have tests of their own name in test_layer_functions
    layers = {row.name for row in LAYER_FUNCTIONS}
    assert set(FUNCTIONS) <= elsewhere | here | layers


ARGUMENTS = {
    "clip": "x, -1, 1", "threshold": "x, 0.1, -0.5", "delta": "1, 2", "l2_penalty": "x, 2",
    "half_l2_penalty": "x, 2", "dice": "x, y", "iou": "x, y", "r2_score": "x, y",
    "cosine_similarity": "x, y", "distance": "x, y", "group_norm": "X, 2",
    "attention": "X, X, X", "multi_head_attention": "X, X, X, X", "rope": "X",
    "positional_encoding": "2, 3", "batch_norm": "X", "instance_norm": "X",
}  # fmt: skip


@pytest.mark.parametrize(("alias", "name"), FUNCTION_ALIASES.items())
def test_another_name_of_a_function_means_the_same(alias: str, name: str) -> None:
    arguments = ARGUMENTS.get(name, "x")
    found = solved(
        f"a = {alias}({arguments}); b = {name}({arguments})",
        "a; b",
        x=[0.5, -1.25, 2],
        y=[1, 0.5, -1],
        X=[[1, 2], [0.5, -1]],
    )
    assert np.array_equal(found["a"], found["b"])
