"""Recurrent nets solved: batches, what each step contributes, long sequences, Jacobians."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import pytest
from counted_calls import calls

from hwsolve.problem.reader import read_text
from hwsolve.solution import Num, Section, Solution, Step, Table, Text
from hwsolve.solvers import solve

GRU = """
kind: recurrent
cell: gru
given:
  Wz: [[0.3, -0.2], [0.1, 0.5]]
  Uz: [[0.2, 0.1], [-0.4, 0.3]]
  Wr: [[0.6, 0.4], [-0.1, 0.2]]
  Ur: [[-0.3, 0.2], [0.5, 0.1]]
  Wh: [[0.7, -0.5], [0.2, 0.9]]
  Uh: [[0.1, -0.6], [0.4, 0.2]]
  x: {x}
equations: ["L = sum(h2^2)"]
find: [h1, h2, L, dL/dUh, dL/dWz]
"""


def solved(text: str, *, document: bool = False) -> Solution:
    return solve(read_text(text, "t"), document=document)


def answers(text: str) -> dict[str, Any]:
    return {answer.name: np.array(answer.value) for answer in solved(text).answers}


def test_a_batch_does_what_its_examples_do_one_by_one() -> None:
    first, second = [[0.5, -1], [1, 0.25]], [[-0.75, 2], [0.1, 0.3]]
    alone = [answers(GRU.format(x=x)) for x in (first, second)]
    together = [[first[step], second[step]] for step in range(2)]
    for text in (
        GRU.format(x=together),
        GRU.format(x=[first, second]).replace("cell: gru", "cell: gru\nbatch_first: yes"),
    ):
        batch = answers(text)
        for name in ("h1", "h2"):
            np.testing.assert_allclose(batch[name], [one[name] for one in alone], rtol=1e-14)
        for name in ("L", "dL/dUh", "dL/dWz"):
            total = alone[0][name] + alone[1][name]
            np.testing.assert_allclose(batch[name], total, rtol=1e-12)
    columns = [np.transpose(step).tolist() for step in together]
    upright = answers(GRU.format(x=columns).replace("cell: gru", "cell: gru\nexamples: columns"))
    np.testing.assert_allclose(upright["h2"].T, [one["h2"] for one in alone], rtol=1e-14)
    np.testing.assert_allclose(
        upright["dL/dUh"], alone[0]["dL/dUh"] + alone[1]["dL/dUh"], rtol=1e-12
    )


def sections(solution: Solution, start: str) -> list[Section]:
    return [section for section in solution.sections if section.title.startswith(start)]


def number(cell: Any) -> float:
    assert isinstance(cell, Num)
    return float(cell.value)  # type: ignore[arg-type]  # a number


SCALAR = """
kind: recurrent
cell: rnn
given: {x: [1, -0.5, 2], W: 0.5, U: 0.8, b: 0.1, h0: 0, t: 0.3}
equations: [L = (h3 - t)^2]
find: [dL/dW, dL/dU, dL/db]
"""


def test_the_contributions_of_the_steps_add_up_to_the_gradient() -> None:
    solution = solved(SCALAR, document=True)
    (section,) = sections(solution, "What each step contributes")
    (table,) = section.blocks
    assert isinstance(table, Table)
    # the bias has no factor beside dL/da, so its contributions are those gradients themselves
    assert [column.title for column in table.columns] == ["step", "dL/dW", "dL/dU"]
    assert [row[0] for row in table.rows] == ["1", "2", "3"]
    assert table.totals is not None
    for column, answer in ((1, solution.answers[0]), (2, solution.answers[1])):
        terms = [number(row[column]) for row in table.rows]
        assert math.fsum(terms) == pytest.approx(answer.value, rel=1e-14)
        assert number(table.totals[column]) == answer.value


def test_the_contributions_to_a_scalar_weight_are_those_of_the_chain_rule_by_hand() -> None:
    w, u, b, target, state = 0.5, 0.8, 0.1, 0.3, 0.0
    states, before = [], []
    for x in (1, -0.5, 2):
        before.append(state)
        state = math.tanh(w * x + u * state + b)
        states.append(state)
    gradient, expected = 2 * (state - target), {}
    for step in (3, 2, 1):
        gradient *= 1 - states[step - 1] ** 2
        expected[step] = gradient * before[step - 1]
        gradient *= u
    (section,) = sections(solved(SCALAR, document=True), "What each step contributes")
    table = section.blocks[0]
    assert isinstance(table, Table)
    found = {int(str(row[0])): number(row[2]) for row in table.rows}
    assert found == pytest.approx(expected, rel=1e-12)


def test_the_contributions_to_a_matrix_have_a_name_that_can_be_asked_for() -> None:
    text = GRU.format(x=[[0.5, -1], [1, 0.25]]).replace("dL/dWz]", "dL/dUh_t2]")
    asked = answers(text)["dL/dUh_t2"]
    solution = solved(GRU.format(x=[[0.5, -1], [1, 0.25]]), document=True)
    (section,) = sections(solution, "What each step contributes to dL/dUh")
    table = section.blocks[0]
    assert isinstance(table, Table)
    cell: Any = table.rows[1][2]
    np.testing.assert_allclose(cell.value, asked, rtol=1e-12)


def long(steps: int) -> str:
    x = [math.sin(step) for step in range(steps)]
    y = [math.cos(step) for step in range(steps)]
    return (
        "kind: recurrent\ncell: rnn\noutput: linear\nloss: squared_error\n"
        f"given: {{x: {x}, y: {y}, W: 0.5, U: 0.9, b: 0.1, h0: 0, V: 2}}\n"
        f"find: [h{steps}, L, dL/dW, dL/dU, dL/dV]\n"
    )


def by_hand(steps: int) -> dict[str, float]:
    """Forward and back through time, in plain numbers."""
    w, u, b, v, state, loss = 0.5, 0.9, 0.1, 2.0, 0.0, 0.0
    before, states, errors = [], [], []
    for step in range(steps):
        before.append(state)
        state = math.tanh(w * math.sin(step) + u * state + b)
        states.append(state)
        errors.append(v * state - math.cos(step))
        loss += errors[-1] ** 2
    dw = du = dv = later = 0.0
    for step in reversed(range(steps)):
        dv += 2 * errors[step] * states[step]
        delta = (2 * errors[step] * v + later) * (1 - states[step] ** 2)
        dw += delta * math.sin(step)
        du += delta * before[step]
        later = delta * u
    return {f"h{steps}": state, "L": loss, "dL/dW": dw, "dL/dU": du, "dL/dV": dv}


@pytest.mark.parametrize("steps", [7, 2000])
def test_a_long_sequence_is_solved(steps: int) -> None:
    found = {name: float(value) for name, value in answers(long(steps)).items()}
    assert found == pytest.approx(by_hand(steps), rel=1e-10)


def test_of_a_long_sequence_the_first_and_the_last_steps_are_shown() -> None:
    solution = solved(long(2000), document=True)
    lines = [line for section in solution.sections for line in section.blocks]
    assert len(lines) < 150
    named = {str(getattr(line.name, "name", "")) for line in lines if isinstance(line, Step)}
    assert {"h1", "h2", "h1999", "h2000", "yhat2000", "L"} <= named
    assert not {"h3", "h1000", "h1998"} & named
    said = [line.parts[0] for line in lines if isinstance(line, Text)]
    assert said.count("(steps 3 to 1998 in the same way)") == 2
    (states,) = sections(solution, "All 2000 steps")
    table = states.blocks[0]
    assert isinstance(table, Table)
    assert [row[0] for row in table.rows] == [
        "1", "2", "3", "4", "5", "…", "1996", "1997", "1998", "1999", "2000",
    ]  # fmt: skip


def test_a_sequence_of_twice_the_length_takes_twice_the_work() -> None:
    problems = [read_text(long(steps), "t") for steps in (800, 1600)]
    once, twice = (calls(partial(solve, problem)) for problem in problems)
    assert twice / once < 2.3


JACOBIAN = """
kind: recurrent
cell: rnn
given:
  x: [[1, 0], [0, 1], [1, 1]]
  W: [[0.5, -0.3], [0.2, 0.4]]
  U: [[0.1, 0.6], [-0.5, 0.3]]
  h0: [0, 0]
equations: [J = dh3/dh2 @ dh2/dh1]
find: [dh3/dh1, dh2/dh1, J]
"""


def test_the_jacobian_between_states_is_the_product_of_those_of_the_steps() -> None:
    w, u = np.array([[0.5, -0.3], [0.2, 0.4]]), np.array([[0.1, 0.6], [-0.5, 0.3]])
    state, steps = np.zeros(2), []
    for x in ([1, 0], [0, 1], [1, 1]):
        state = np.tanh(w @ x + u @ state)
        steps.append((1 - state**2)[:, None] * u)
    found = answers(JACOBIAN)
    np.testing.assert_allclose(found["dh2/dh1"], steps[1], rtol=1e-13)
    np.testing.assert_allclose(found["dh3/dh1"], steps[2] @ steps[1], rtol=1e-13)
    np.testing.assert_allclose(found["J"], found["dh3/dh1"], rtol=1e-13)


def test_a_jacobian_can_lie_the_other_way() -> None:
    turned = answers(JACOBIAN.replace("given:", "conventions: {layout: denominator}\ngiven:"))
    np.testing.assert_allclose(turned["dh3/dh1"].T, answers(JACOBIAN)["dh3/dh1"], rtol=1e-14)


@pytest.mark.parametrize(
    ("given", "equation", "asked", "expected"),
    [
        ("v: [1, 2, 3]", "y = v*2", "dy/dv", [[2, 0, 0], [0, 2, 0], [0, 0, 2]]),
        ("x: [1, 2], W: [[1, 2], [3, 4]]", "y = W @ x", "dy/dx", [[1, 2], [3, 4]]),
        ("x: [1, 2], W: [[1, 2], [3, 4]]", "y = W @ x", "dy/dW",
         [[[1, 2], [0, 0]], [[0, 0], [1, 2]]]),
        ("x: 3", "y = [x, x^2]", "dy/dx", [1, 6]),
        ("W: [[1, 2]]", "y = 3*W", "dy/dW", [[[[3, 0]], [[0, 3]]]]),
    ],
)  # fmt: skip
def test_the_derivative_of_an_array_has_its_axes_first(
    given: str, equation: str, asked: str, expected: Any
) -> None:
    text = f"kind: graph\ngiven: {{{given}}}\nequations: ['{equation}']\nfind: [{asked}]\n"
    assert answers(text)[asked].tolist() == expected
