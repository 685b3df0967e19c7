"""Random graphs with shared nodes and many paths, against dual numbers.

The reference accumulates forwards, in a hundred lines of its own; the program
accumulates backwards.
"""

from __future__ import annotations

import math
import random
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from dual_numbers import Dual, dual, exp, function, log, plain, sources

from hwsolve.problem.reader import read_text
from hwsolve.solvers import solve

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

tanh = function(math.tanh, lambda x: 1 / math.cosh(x) ** 2)
logistic = function(lambda x: 1 / (1 + math.exp(-x)), lambda x: 0.25 / math.cosh(x / 2) ** 2)
sine = function(math.sin, math.cos)
absolute = function(abs, lambda x: math.copysign(1, x))
relu = function(lambda x: max(x, 0.0), lambda x: float(x > 0))
root = function(math.sqrt, lambda x: 0.5 / math.sqrt(x))
softplus = function(lambda x: math.log1p(math.exp(x)), lambda x: 1 / (1 + math.exp(-x)))

# What may stand behind `=`, and what it means. Values stay small, so that nothing overflows.
Rule = tuple[str, "Callable[..., Any]"]
UNARY: list[Rule] = [
    ("tanh({0})", tanh),
    ("σ({0})", logistic),
    ("sin({0})", sine),
    ("cos({0} + 1)", lambda a: sine(a + 1 + math.pi / 2)),
    ("relu({0})", relu),
    ("abs({0})", absolute),
    ("softplus({0})", softplus),
    ("leaky_relu({0}, 0.1)", lambda a: a if a > 0 else 0.1 * a),
    ("f({0})", lambda a: (1 + a * a) / 4),
    ("exp(-{0}^2)", lambda a: exp(-(a * a))),
    ("sqrt(1 + {0}^2) - 1", lambda a: root(1 + a * a) - 1),
    ("log(2 + {0}·{0})/2", lambda a: log(2 + a * a) / 2),
    ("-{0}/2", lambda a: -a / 2),
    ("1/(1.5 + {0}²)", lambda a: 1 / (1.5 + a * a)),
    ("2^{0}/4", lambda a: exp(a * math.log(2)) / 4),
]
BINARY: list[Rule] = [
    ("tanh({0}*{1})", lambda a, b: tanh(a * b)),
    ("({0} + {1})/2", lambda a, b: (a + b) / 2),
    ("{0} - 0.9*{1}", lambda a, b: a - 0.9 * b),
    ("{0}/(1 + {1}^2)", lambda a, b: a / (1 + b * b)),
    ("max({0}, {1})", lambda a, b: max(b, a)),
    ("min({0}, {1})", min),
    ("{0} if {0} > {1} else -{1}", lambda a, b: a if a > b else -b),
    ("tanh({0}) * (1 - tanh({1})**2)", lambda a, b: tanh(a) * (1 - tanh(b) * tanh(b))),
    ("g({0}, {1})", lambda a, b: 0.3 * a * b - 0.2 * a),
    ("sum({0}*{1}*i/9 for i in 1..3)", lambda a, b: a * b * 6 / 9),
]
TERNARY: list[Rule] = [
    ("tanh({0} + {1}*{2})", lambda a, b, c: tanh(a + b * c)),
    ("0.5*{0} + 0.3*{1} - 0.2*{2}", lambda a, b, c: 0.5 * a + 0.3 * b - 0.2 * c),
    ("({0}*{1} - {1}*{2})/3", lambda a, b, c: (a * b - b * c) / 3),
    ("mean({0}, {1}, {2})", lambda a, b, c: (a + b + c) / 3),
]
RATIONAL: list[Rule] = [
    ("({0} + {1})/2", lambda a, b: (a + b) / 2),
    ("{0}*{1}/3 - {0}", lambda a, b: a * b / 3 - a),
    ("relu({0}) - {1}/5", lambda a, b: (a if a > 0 else 0 * a) - b / 5),
    ("{0}/(2 + {1}^2)", lambda a, b: a / (2 + b * b)),
    ("abs({0} - {1})", lambda a, b: a - b if a > b else b - a),
]


def written(
    names: Sequence[str], values: Sequence[Any], lines: list[str], last: str, **more: str
) -> str:
    given = ", ".join(f"{name}: {value}" for name, value in zip(names, values, strict=True))
    equations = "".join(f"  - '{line}'\n" for line in lines)
    settings = "".join(f"{key}: {value}\n" for key, value in more.items())
    find = ", ".join([last, *(f"d{last}/d{name}" for name in names)])
    return f"kind: graph\ngiven: {{{given}}}\nequations:\n{equations}find: [{find}]\n{settings}"


def squashed(value: Any, text: str) -> tuple[Any, str]:
    """A value that has grown is brought back, in the text and in the reference."""
    return (value, text) if abs(plain(value)) < 3 else (tanh(value), f"tanh({text})")


@pytest.mark.parametrize("seed", range(12))
def test_a_random_graph_of_hundreds_of_shared_nodes_has_the_values_and_gradients_of_dual_numbers(
    seed: int,
) -> None:
    chance = random.Random(seed)  # noqa: S311  (repeatable, not secret)
    size = chance.choice([20, 60, 150, 300])
    names = [f"x{k}" for k in range(5)]
    values = [round(chance.uniform(-1.5, 1.5), 3) for _ in names]
    nodes = dict(zip(names, sources(values), strict=True))
    lines = ["f(z) = (1 + z*z)/4", "g(u, v) = 0.3*u*v - 0.2*u"]
    for number in range(size):
        pool = chance.choice([UNARY, BINARY, BINARY, TERNARY])
        template, meaning = chance.choice(pool)
        arity = 1 if pool is UNARY else 2 if pool is BINARY else 3
        # mostly young nodes, so that paths are long, and sometimes any other
        known = list(nodes)
        args = [chance.choice(known[-8:] if chance.random() < 0.7 else known) for _ in range(arity)]
        result, formula = squashed(meaning(*[nodes[arg] for arg in args]), template.format(*args))
        lines.append(f"y{number} = {formula}")
        nodes[f"y{number}"] = result
    last = " + ".join(f"y{number}" for number in range(size - 5, size))
    lines.append(f"L = {last}")
    wanted = dual(sum(nodes[f"y{number}"] for number in range(size - 5, size)))
    answers = solve(read_text(written(names, values, lines, "L"))).answers
    assert answers[0].value == pytest.approx(wanted.value, rel=1e-10)
    slopes = np.broadcast_to(wanted.slope, (len(names),))
    scale = float(np.abs(slopes).max()) + 1e-12
    for answer, slope in zip(answers[1:], slopes, strict=True):
        assert answer.value == pytest.approx(slope, rel=1e-8, abs=1e-9 * scale)


@pytest.mark.parametrize("seed", range(4))
def test_a_random_rational_graph_is_solved_exactly(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  (repeatable, not secret)
    names = ["x0", "x1", "x2"]
    values = [Fraction(chance.randint(-9, 9), chance.randint(1, 9)) for _ in names]
    rows = np.array([[Fraction(int(a == b)) for a in names] for b in names], dtype=object)
    nodes: dict[str, Any] = {
        name: Dual(value, row)  # type: ignore[arg-type]  # exact
        for name, value, row in zip(names, values, rows, strict=True)
    }
    lines = []
    for number in range(25):
        template, meaning = chance.choice(RATIONAL)
        args = [chance.choice(list(nodes)[-6:]) for _ in range(2)]
        nodes[f"y{number}"] = meaning(*[nodes[arg] for arg in args])
        lines.append(f"y{number} = {template.format(*args)}")
    solution = solve(read_text(written(names, values, lines, "y24", exact="true")))
    if any("kink" in warning or "does not exist" in warning for warning in solution.warnings):
        return  # a kink, where conventions differ
    answers, wanted = solution.answers, nodes["y24"]
    assert answers[0].value == wanted.value
    assert [answer.value for answer in answers[1:]] == list(np.broadcast_to(wanted.slope, 3))


# -- arrays -------------------------------------------------------------------------


def lifted(of: Callable[[Any], Any]) -> Callable[[Any], Any]:
    apply = np.frompyfunc(of, 1, 1)
    return lambda x: apply(x) if isinstance(x, np.ndarray) else of(x)


def normalised(x: Any, axis: int) -> Any:
    powers = lifted(exp)(x)
    return powers / powers.sum(axis=axis, keepdims=True)


def largest(x: Any, axis: int) -> Any:
    return np.apply_along_axis(lambda line: sorted(line, key=plain)[-1], axis, x)  # noqa: FURB192  (the last of equals)


# Formulas of two arrays a, b of any fitting shapes, and what they mean for numpy.
MATRICES: list[Rule] = [
    ("tanh({0} @ {1})", lambda a, b: lifted(tanh)(a @ b)),
    ("tanh({0} @ {1}.T)", lambda a, b: lifted(tanh)(a @ b.T)),
    ("{0}.T @ {1}/3", lambda a, b: a.T @ b / 3),
    ("tanh({0})*{1}", lambda a, b: lifted(tanh)(a) * b),
    ("{0} + 0.5*{1}", lambda a, b: a + 0.5 * b),
    ("{0}/(1 + {1}²)", lambda a, b: a / (1 + b * b)),
    ("relu({0} - {1})", lambda a, b: lifted(relu)(a - b)),
    ("softmax({0}, axis=1) * {1}", lambda a, b: normalised(a, 1) * b),
    ("softmax({0}, axis=0)", lambda a, _: normalised(a, 0)),
    ("log_softmax({0}, axis=1)/2", lambda a, _: lifted(log)(normalised(a, 1)) / 2),
    ("{0} - mean({0}, axis=0)", lambda a, _: a - a.sum(axis=0) / a.shape[0]),
    ("{0}*sum({1}, axis=1, keepdims=true)/4", lambda a, b: a * b.sum(axis=1, keepdims=True) / 4),
    ("{0} + max({1}, axis=0)", lambda a, b: a + largest(b, 0)),
    ("concat({0}, {1}, axis=0)[1:3]", lambda a, b: np.concatenate([a, b], axis=0)[1:3]),
    ("concat({0}, {1}, axis=1)[:, 1:4]", lambda a, b: np.concatenate([a, b], axis=1)[:, 1:4]),
    ("outer({0}[:, 0], {1}[1])", lambda a, b: np.multiply.outer(a[:, 0], b[1])),
    ("[{0}[0], {1}[1]]", lambda a, b: np.array([a[0], b[1]], dtype=object)),
    ("{0} if {0} > {1} else 0.3*{1}", lambda a, b: np.where(
        np.frompyfunc(lambda x, y: plain(x) > plain(y), 2, 1)(a, b).astype(bool), a, 0.3 * b)),
    ("tanh({0}*{1}[0, 1])", lambda a, b: lifted(tanh)(a * b[0, 1])),
    ("reshape({0}, 3, 2) @ {1}/2", lambda a, b: a.reshape(3, 2) @ b / 2),
    ("reshape(flatten({0}), 2, 3) - {1}", lambda a, b: a.reshape(-1).reshape(2, 3) - b),
    ("column({0}[0])*row({1}[:, 1])", lambda a, b: a[0].reshape(-1, 1) * b[:, 1].reshape(1, -1)),
]  # fmt: skip


def array_graph(chance: random.Random, size: int) -> tuple[list[str], dict[str, Any], list[float]]:
    """Equations in arrays and their meaning in arrays of dual numbers."""
    numbers = [round(chance.uniform(-1.2, 1.2), 2) for _ in range(18)]
    duals = sources(numbers)
    shapes = {"A": (2, 3), "B": (3, 2), "C": (2, 3)}
    nodes: dict[str, Any] = {}
    for position, (name, shape) in enumerate(shapes.items()):
        nodes[name] = np.array(duals[6 * position : 6 * position + 6], dtype=object).reshape(shape)
    lines: list[str] = []
    while len(lines) < size:
        template, meaning = chance.choice(MATRICES)
        known = list(nodes)
        args = [chance.choice(known[-5:] if chance.random() < 0.6 else known) for _ in range(2)]
        try:
            result = meaning(*[nodes[arg] for arg in args])
        except (ValueError, IndexError):
            continue  # shapes that do not fit
        if getattr(result, "ndim", 0) != 2 or min(result.shape) < 2 or result.size > 12:
            continue
        if max(abs(plain(entry)) for entry in result.flat) > 4:
            continue
        lines.append(f"Y{len(lines)} = {template.format(*args)}")
        nodes[f"Y{len(lines) - 1}"] = result
    return lines, nodes, numbers


@pytest.mark.parametrize("seed", range(16))
def test_a_random_graph_of_matrices_has_the_values_and_gradients_of_dual_numbers(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  (repeatable, not secret)
    lines, nodes, numbers = array_graph(chance, chance.choice([4, 12, 30]))
    used = [f"Y{k}" for k in range(max(0, len(lines) - 4), len(lines))]
    lines.append("L = " + " + ".join(f"sum({name}*{name})" for name in used))
    wanted = dual(sum((nodes[name] * nodes[name]).sum() for name in used))
    given = [np.round(numbers[start : start + 6], 2) for start in (0, 6, 12)]
    shapes = [(2, 3), (3, 2), (2, 3)]
    values = [part.reshape(shape).tolist() for part, shape in zip(given, shapes, strict=True)]
    solution = solve(read_text(written(["A", "B", "C"], values, lines, "L")))
    answers = solution.answers
    assert answers[0].value == pytest.approx(wanted.value, rel=1e-11)
    if any("kink" in warning or "does not exist" in warning for warning in solution.warnings):
        return  # conventions differ there
    slopes = np.broadcast_to(wanted.slope, (18,))
    for position, answer in enumerate(answers[1:]):
        part = slopes[6 * position : 6 * position + 6].reshape(shapes[position])
        found: Any = answer.value
        assert np.shape(found) == part.shape
        assert np.allclose(found, part, rtol=1e-8, atol=1e-10 * (1 + np.abs(slopes).max()))
