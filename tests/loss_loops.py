"""Each loss of the table once more: as loops over plain numbers, for a single example."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Vector = Sequence[float]


def _softmax(scores: Vector) -> list[float]:
    powers = [math.exp(score) for score in scores]
    return [power / math.fsum(powers) for power in powers]


def _sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def _mean(terms: list[float]) -> float:
    return math.fsum(terms) / len(terms)


def _each(term: Callable[[float, float], float]) -> Callable[[Vector, Vector], list[float]]:
    return lambda p, y: [term(one, other) for one, other in zip(p, y, strict=True)]


def _huber(r: float) -> float:
    return r * r / 2 if abs(r) < 1 else abs(r) - 0.5


def _wrong_margins(s: Vector, y: Vector) -> list[float]:
    right = next(score for score, one in zip(s, y, strict=True) if one == 1)
    return [score - right + 1 for score, one in zip(s, y, strict=True) if one != 1]


def _distance(a: Vector, b: Vector) -> float:
    return math.dist(a, b)


def _binary_focal(p: float, y: float) -> float:
    return -(y * (1 - p) ** 2 * math.log(p) + (1 - y) * p**2 * math.log(1 - p))


def _dice(p: Vector, y: Vector) -> float:
    return 2 * sum(map(lambda a, b: a * b, p, y)) / (sum(p) + sum(y))


def _iou(p: Vector, y: Vector) -> float:
    both = sum(map(lambda a, b: a * b, p, y))
    return both / (sum(p) + sum(y) - both)


_SQUARES = _each(lambda p, y: (p - y) ** 2)
_LOGS = _each(lambda p, y: -y * math.log(p) if y else 0.0)

# What `name(p, y)` is for vectors p and y.
LOOPS: dict[str, Callable[[Vector, Vector], float]] = {
    "squared_error": lambda p, y: sum(_SQUARES(p, y)),
    "half_squared_error": lambda p, y: sum(_SQUARES(p, y)) / 2,
    "mean_squared_error": lambda p, y: _mean(_SQUARES(p, y)),
    "quadratic": lambda p, y: sum(_SQUARES(p, y)) / 2,
    "half_mean_squared_error": lambda p, y: _mean(_SQUARES(p, y)) / 2,
    "root_mean_squared_error": lambda p, y: math.sqrt(_mean(_SQUARES(p, y))),
    "absolute_error": lambda p, y: sum(_each(lambda a, b: abs(a - b))(p, y)),
    "mean_absolute_error": lambda p, y: _mean(_each(lambda a, b: abs(a - b))(p, y)),
    "huber": lambda p, y: _mean(_each(lambda a, b: _huber(a - b))(p, y)),
    "smooth_l1": lambda p, y: _mean(_each(lambda a, b: _huber(a - b))(p, y)),
    "log_cosh": lambda p, y: _mean(_each(lambda a, b: math.log(math.cosh(a - b)))(p, y)),
    "quantile": lambda p, y: _mean(_each(lambda a, b: abs(a - b) / 2)(p, y)),
    "cross_entropy": lambda p, y: sum(_LOGS(p, y)),
    "cross_entropy_logits": lambda z, y: sum(_LOGS(_softmax(z), y)),
    "focal": lambda p, y: sum(_each(lambda a, b: -b * (1 - a) ** 2 * math.log(a))(p, y)),
    "focal_logits": lambda z, y: LOOPS["focal"](_softmax(z), y),
    "kl_divergence": lambda p, y: sum(_each(lambda a, b: b * math.log(b / a) if b else 0)(p, y)),
    "reverse_kl_divergence": lambda p, y: sum(_each(lambda a, b: a * math.log(a / b))(p, y)),
    "jensen_shannon": lambda p, y: sum(
        b * math.log(2 * b / (a + b)) / 2 + a * math.log(2 * a / (a + b)) / 2
        for a, b in zip(p, y, strict=True)
    ),
    "binary_cross_entropy": lambda p, y: _mean(
        _each(lambda a, b: -b * math.log(a) - (1 - b) * math.log(1 - a))(p, y)
    ),
    "binary_cross_entropy_logits": lambda z, y: LOOPS["binary_cross_entropy"](
        [_sigmoid(one) for one in z], y
    ),
    "binary_focal": lambda p, y: _mean(_each(_binary_focal)(p, y)),
    "binary_focal_logits": lambda z, y: LOOPS["binary_focal"]([_sigmoid(one) for one in z], y),
    "hinge": lambda s, y: _mean(_each(lambda a, b: max(0.0, 1 - a * b))(s, y)),
    "squared_hinge": lambda s, y: _mean(_each(lambda a, b: max(0.0, 1 - a * b) ** 2)(s, y)),
    "multiclass_hinge": lambda s, y: sum(max(0.0, m) for m in _wrong_margins(s, y)),
    "squared_multiclass_hinge": lambda s, y: sum(max(0.0, m) ** 2 for m in _wrong_margins(s, y)),
    "crammer_singer": lambda s, y: max(0.0, *_wrong_margins(s, y)),
    "perceptron": lambda s, y: _mean(_each(lambda a, b: max(0.0, -a * b))(s, y)),
    "exponential": lambda s, y: _mean(_each(lambda a, b: math.exp(-a * b))(s, y)),
    "soft_margin": lambda s, y: _mean(_each(lambda a, b: math.log1p(math.exp(-a * b)))(s, y)),
    "poisson_nll": lambda p, y: _mean(_each(lambda a, b: a - b * math.log(a))(p, y)),
    "poisson_nll_log": lambda z, y: _mean(_each(lambda a, b: math.exp(a) - b * a)(z, y)),
    "dice_loss": lambda p, y: 1 - _dice(p, y),
    "iou_loss": lambda p, y: 1 - _iou(p, y),
}

# What a loss of three arguments is; the last one stays as it is.
MORE: dict[str, Callable[..., float]] = {
    "gaussian_nll": lambda p, y, v: _mean(
        [(math.log(c) + (a - b) ** 2 / c) / 2 for a, b, c in zip(p, y, v, strict=True)]
    ),
    "gaussian_nll_full": lambda p, y, v: _mean(
        [
            -math.log(math.exp(-((a - b) ** 2) / (2 * c)) / math.sqrt(2 * math.pi * c))
            for a, b, c in zip(p, y, v, strict=True)
        ]
    ),
    "cosine_embedding": lambda a, b, y: 1 - _cosine(a, b) if y == 1 else max(0.0, _cosine(a, b)),
    "triplet": lambda a, p, n: max(0.0, _distance(a, p) - _distance(a, n) + 1),
    "squared_triplet": lambda a, p, n: max(0.0, _distance(a, p) ** 2 - _distance(a, n) ** 2 + 1),
    "contrastive": lambda a, b, y: (
        _distance(a, b) ** 2 / 2 if y else max(0.0, 1 - _distance(a, b)) ** 2 / 2
    ),
}


def _cosine(a: Vector, b: Vector) -> float:
    return sum(map(lambda x, y: x * y, a, b)) / (math.hypot(*a) * math.hypot(*b))
