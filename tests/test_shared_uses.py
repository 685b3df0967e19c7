"""A weight that many lines use: a table with what each use contributes to its gradient."""

from __future__ import annotations

import math
from typing import Any

import pytest

from hwsolve.problem.reader import read_text
from hwsolve.solution import Section, Table
from hwsolve.solvers import solve


def chain(uses: int) -> Any:
    lines = ["a1 = tanh(w*x)", *(f"a{n} = tanh(w*a{n - 1})" for n in range(2, uses + 1))]
    equations = "\n".join(f"  - {line}" for line in [*lines, f"L = a{uses}^2"])
    text = f"kind: graph\ngiven: {{w: 0.5, x: 2}}\nequations:\n{equations}\nfind: [dL/dw]"
    return solve(read_text(text, "chain.yaml"))


def tables(solution: Any) -> dict[str, Table]:
    found: dict[str, Table] = {}
    for section in solution.sections:
        assert isinstance(section, Section)
        for block in section.blocks:
            if isinstance(block, Table):
                found[section.title] = block
    return found


def contributions(uses: int) -> list[float]:
    """By hand: the error of each step times the value that its weight multiplies."""
    values = [2.0]
    for _ in range(uses):
        values.append(math.tanh(0.5 * values[-1]))
    error, found = 2 * values[-1], []
    for step in range(uses, 0, -1):
        error *= 1 - values[step] ** 2
        found.append(error * values[step - 1])
        error *= 0.5
    return found[::-1]


def test_six_uses_of_a_weight_are_a_table_of_what_each_contributes() -> None:
    (table,) = tables(chain(6)).values()
    numbers = [row[2].value for row in table.rows]  # type: ignore[union-attr]  # a number
    assert numbers == pytest.approx(contributions(6), rel=1e-12)
    assert table.totals is not None
    assert table.totals[2].value == pytest.approx(sum(contributions(6)), rel=1e-12)  # type: ignore[union-attr]


def test_four_uses_are_a_sum_in_a_line_and_no_table() -> None:
    assert not tables(chain(4))


def test_of_forty_uses_the_first_and_the_last_are_listed() -> None:
    (table,) = tables(chain(40)).values()
    assert len(table.rows) == 11
    assert table.rows[5] == ("…", "…", "…")


def test_a_layer_that_is_used_five_times_has_a_row_for_each_use() -> None:
    layers = ", ".join(["{W: W, activation: tanh}"] * 4)
    text = (
        "kind: network\ngiven: {x: [1, 2], W: [[0.1, 0.2], [0.4, -0.5]], t: [1, 0]}\n"
        f"layers: [{layers}, {{W: W}}]\nloss: mse\nfind: [dL/dW]"
    )
    solution = solve(read_text(text, "layers.yaml"))
    table = tables(solution)["What each use contributes to dL/dW"]
    assert [row[0] for row in table.rows] == ["z1", "z2", "z3", "z4", "yhat"]


def test_the_inputs_and_targets_of_a_cell_are_no_parameters() -> None:
    text = (
        "kind: recurrent\ncell: rnn\ngiven: {x: [1, 2, -1], W: 0.5, U: 0.3, b: 0.1, t: 1}\n"
        "equations: ['L = (h3 - t)^2']\nfrozen: [b]\nfind: [all gradients]"
    )
    found = [answer.name for answer in solve(read_text(text, "cell.yaml")).answers]
    assert found == ["dL/dW", "dL/dU"]


def test_an_upstream_gradient_and_a_stated_state_of_a_cell_are_used() -> None:
    text = (
        "kind: recurrent\ncell: rnn\ngiven: {x: [1, 2], W: 0.5, U: 0.25}\n"
        "override: {h1: 0.5, h2: 0.6}\nupstream: {dL/dh2: 2}\nfind: [all gradients]"
    )
    answers = solve(read_text(text, "cell.yaml")).answers
    found = {answer.name: answer.value for answer in answers}
    # by hand: the error of step 2 is 2·(1 - 0.6²) = 1.28, that of step 1 1.28·0.25·(1 - 0.5²)
    # = 0.24; dL/dW = 1.28·2 + 0.24·1, dL/dU = 1.28·0.5 + 0.24·0
    assert found["dL/dW"] == pytest.approx(2.8)
    assert found["dL/dU"] == pytest.approx(0.64)


def test_a_network_takes_an_upstream_gradient_stated_values_and_frozen_weights() -> None:
    text = (
        "kind: network\ngiven: {x: [1, 2], W1: [[0.1, 0.2], [0.4, -0.5]], w2: [0.5, -1]}\n"
        "layers: [{W: W1, activation: sigmoid}, {W: w2, activation: sigmoid}]\n"
        "override: {a1: [0.6, 0.4], yhat: 0.6}\nupstream: {dL/dyhat: -0.4}\nfrozen: [w2]\n"
        "find: [all gradients]"
    )
    (answer,) = solve(read_text(text, "net.yaml")).answers
    assert answer.name == "dL/dW1"
    # by hand: -0.4·0.24 = -0.096, times [0.5, -1] and 0.24 each: [-0.01152, 0.02304]
    value: Any = answer.value
    rows = [[float(entry) for entry in row] for row in value]
    assert rows[0] == pytest.approx([-0.01152, -0.02304])
    assert rows[1] == pytest.approx([0.02304, 0.04608])
