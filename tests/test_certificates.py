"""The tests of gradients at the edge: losses of 0, flat places, and what they still notice.

The right derivatives are known by hand: a square, a fourth or a fifth power is flat at 0.
"""

from __future__ import annotations

from typing import Any

import pytest

from hwsolve.expr.certify import Certifier, float_system
from hwsolve.expr.certify_compiled import tops
from hwsolve.expr.evaluation import evaluate
from hwsolve.problem.reader import read_text
from hwsolve.solvers import solve
from hwsolve.solvers.graph import Solved

CELL = """
kind: recurrent
cell: {cell}
given:
  x: [[1, -0.5], [0.25, 2]]
  t: [0, 0, 0]
{weights}
equations:
  - L = sum((h2 - t)^2)
find: [L, all gradients]
"""


def zeros(letters: str) -> str:
    return "\n".join(
        f"  W{letter}: zeros(3, 2)\n  U{letter}: zeros(3, 3)\n  b{letter}: zeros(3)"
        for letter in letters.split(",")
    )


@pytest.mark.parametrize(("cell", "letters"), [("lstm", "i,f,o,g"), ("gru", "z,r,n"), ("rnn", "")])
def test_a_cell_with_all_weights_0_and_loss_0_has_the_gradients_0(cell: str, letters: str) -> None:
    solution = solve(read_text(CELL.format(cell=cell, weights=zeros(letters)), "cell.yaml"))
    for answer in solution.answers:
        values: Any = answer.value
        assert not any(map(bool, getattr(values, "flat", [values]))), answer.name


@pytest.mark.parametrize(
    "equation",
    [
        "L = (sigmoid(w)*tanh(w))^2",
        "L = w^2 + w^3",
        "L = w^5 + w^4",
        "L = (exp(w) - 1)^2",
        "L = (0.1 + exp(w)*0.2 - 0.3)^2",
        "L = 1e-20*(w^2 + w^3)",
    ],
)
def test_the_derivative_at_a_flat_place_with_the_value_0_is_certified(equation: str) -> None:
    text = f"kind: graph\ngiven: {{w: 0}}\nequations: ['{equation}']\nfind: [dL/dw]"
    (answer,) = solve(read_text(text, "flat.yaml")).answers
    # 2·(0.1 + 0.2 - 0.3)·0.2 is not 0 in floats, but as small as their rounding
    assert answer.value == pytest.approx(0, abs=3e-17)


@pytest.mark.parametrize(
    ("equation", "at", "right"),
    [
        # right derivatives by hand: 2w + 3w^2, and 1e-20 times the slope 1 of w + w^2
        ("L = w^2 + w^3", 1e-6, 2.000003e-6),
        ("L = 1e-20*(w + w^2)", 0.0, 1e-20),
        ("L = w + w^2", 0.0, 1.0),
    ],
)
def test_next_to_a_flat_place_a_wrong_gradient_is_still_noticed(
    equation: str, at: float, right: float
) -> None:
    text = f"kind: graph\ngiven: {{w: {at}}}\nequations: ['{equation}']\nfind: [dL/dw]"
    solved = Solved(read_text(text, "flat.yaml"), read_text(text, "flat.yaml").body.equations)  # type: ignore[union-attr]  # a graph
    solved.build()
    graph = solved.graph
    names = solved.lowering.names
    top, node = names["L"], names["w"]
    assert isinstance(top, int)
    assert isinstance(node, int)
    system = float_system(graph)
    values = evaluate(graph, system, graph.ancestors([top]))
    certifier = Certifier(graph, values, top, system)
    assert certifier.test(node, (), right).agrees
    for wrong in (0.0, right * 1.001, -right, 2 * right):
        assert not certifier.test(node, (), wrong).agrees, wrong


LONG = """
kind: graph
given:
  W: [[0.5, -0.3], [0.2, 0.4]]
  x: [1, -2]
equations:
{lines}
  - L = sum(h60^2)
find: [dL/dW]
"""


def long_graph() -> Solved:
    lines = ["h1 = tanh(W @ x)", *(f"h{n} = tanh(W @ h{n - 1} + x)" for n in range(2, 61))]
    problem = read_text(LONG.format(lines="\n".join(f"  - {line}" for line in lines)), "long.yaml")
    solved = Solved(problem, problem.body.equations)  # type: ignore[union-attr]  # a graph
    solved.build()
    return solved


def test_a_long_graph_is_tested_by_its_compiled_function_as_step_by_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    solved = long_graph()
    graph = solved.graph
    top, node = solved.lowering.names["L"], solved.lowering.names["W"]
    assert isinstance(top, int)
    assert isinstance(node, int)
    system = float_system(graph)
    values = evaluate(graph, system, graph.ancestors([top]))
    slow = Certifier(graph, values, top, system)
    with monkeypatch.context() as patched:
        patched.setattr("hwsolve.expr.certify.MANY_STEPS", 10**6)
        expected = [slow.test(node, at, 1.0).numeric for at in ((0, 0), (0, 1), (1, 0), (1, 1))]
    fast = Certifier(graph, values, top, system)
    for at, right in zip(((0, 0), (0, 1), (1, 0), (1, 1)), expected, strict=True):
        found = fast.test(node, at, right)
        assert found.agrees
        assert found.numeric == pytest.approx(right, rel=1e-8)
        assert not fast.test(node, at, right * 1.001).agrees
    assert tops(graph, values, top)


def test_a_compiled_function_that_gives_another_value_is_not_used() -> None:
    solved = long_graph()
    top = solved.lowering.names["L"]
    assert isinstance(top, int)
    graph = solved.graph
    values = evaluate(graph, float_system(graph), graph.ancestors([top]))
    values[top] = values[top] * 1.0001
    assert not tops(graph, values, top)
