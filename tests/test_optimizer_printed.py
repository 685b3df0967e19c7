"""What is printed for the steps of an optimizer: the rule, the first step, the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import hwsolve
from hwsolve.render.layout import lines
from hwsolve.render.page import Page
from hwsolve.solution import Num, Table

if TYPE_CHECKING:
    from hwsolve.solution import Solution


def solved(text: str) -> Solution:
    return hwsolve.solve(hwsolve.loads(f"kind: optimizer\n{text}"))


def printed(text: str) -> str:
    page = lines(solved(text), Page(width=100))
    return "\n".join("".join(span for span, _ in line) for line in page)


def test_the_first_step_is_worked_out_and_all_steps_stand_in_a_table() -> None:
    page = printed(
        "rule: momentum\nstart: {x: 5}\ngiven: {eta: 0.1, mu: 0.9}\nloss: x^2\nsteps: 4\nfind: [x4]"
    )
    wanted = """\
Gradient descent with momentum
  L = x^2
  v = mu*v' + g
  x = x' - eta*v
  (a prime marks the value before the step)

Step 1: forward
  L0 = x0² = 5² = 25

Local derivatives for L0
  ∂L0/∂x0 = 2·x0 = 2·5 = 10

Chain rule for L0
  dL0/dx0 = 10

Step 1: the update
  g1 = dL0/dx0     = 2·x0       = 2·5    = 10
  v1 = mu·v0 + g1  = 0.9·0 + 10 = 0 + 10 = 10
  x1 = x0 - eta·v1 = 5 - 0.1·10 = 5 - 1  = 4

All steps
  t     g      v       x       L
  ------------------------------
  0            0       5      25
  1    10     10       4      16
  2     8     17     2.3    5.29
  3   4.6   19.9    0.31  0.0961
  4  0.62  18.53  -1.543

Answer
"""
    assert wanted in page


def test_a_gradient_of_a_later_step_is_written_as_a_formula_with_numbers() -> None:
    page = printed("start: {x: 5}\ngiven: {eta: 0.1}\nloss: (x - 3)^2\nsteps: 2\nfind: [x2]")
    assert "g2 = dL1/dx1     = 2·(x1 - 3)    = 2·(4.6 - 3) = 3.2" in page


def test_of_several_examples_each_has_its_gradient_and_then_comes_the_mean() -> None:
    page = printed(
        "start: {w: 1}\ngiven: {eta: 0.1}\ndata: {x: [1, 2], y: [2, 6]}\nloss: (w*x - y)^2\nfind: [w1]"
    )
    squeezed = [" ".join(line.split()) for line in page.splitlines()]
    assert "g1_1 = dL0_1/dw0 = 2·(w0·x_1 - y_1)·x_1 = 2·(1·1 - 2)·1 = -2" in squeezed
    assert "g1_2 = dL0_2/dw0 = 2·(w0·x_2 - y_2)·x_2 = 2·(1·2 - 6)·2 = -16" in squeezed
    assert "g1 = (g1_1 + g1_2)/2 = (-2 + (-16))/2 = -9" in squeezed


def test_a_long_table_shows_its_ends() -> None:
    solution = solved("start: {x: 1}\ngiven: {eta: 0.1}\nloss: x^2\nsteps: 100\nfind: [x100]")
    section = next(section for section in solution.sections if section.title == "All steps")
    table = section.blocks[0]
    assert isinstance(table, Table)
    steps = [row[0].value if isinstance(row[0], Num) else row[0] for row in table.rows]
    assert steps == [0, 1, 2, 3, 4, 5, 6, 7, "...", 97, 98, 99, 100]


def test_the_conventions_that_mattered_are_printed() -> None:
    names = {
        convention.name: convention.value
        for convention in solved(
            "rule: adam\nstart: {w: 1}\ngiven: {lr: 0.1}\ngradients: [1]\nfind: [w1]"
        ).conventions
    }
    assert names == {
        "beta1": "0.9",
        "beta2": "0.999",
        "eps": "1e-8",
        "initial_state": "zero",
        "epsilon": "outside",
    }
    assert not solved("start: {w: 1}\ngiven: {lr: 0.1}\ngradients: [1]\nfind: [w1]").conventions


def test_clipping_alone_shows_no_parameter() -> None:
    page = printed("gradients: [[3, 4]]\nclip: {norm: 2}\nfind: [clipped1]")
    assert "w0" not in page
    assert "clipped1 = g1·2/max(norm1, 2) = [3, 4]·2/max(5, 2) = [1.2, 1.6]" in page


@pytest.mark.parametrize(
    ("text", "proved"),
    [
        (
            "rule: momentum\ngiven: {lr: 0.1, mu: 0.9}\nstart: {w: 1}\ngradients: [1]\nfind: [w1]",
            True,
        ),
        ("rule: adam\ngiven: {lr: 0.1}\nstart: {w: 1}\ngradients: [1, 2]\nfind: [w2]", False),
    ],
)
def test_what_is_rational_is_proved_and_roots_are_tested(text: str, proved: bool) -> None:  # noqa: FBT001  (a case)
    assert [certificate.proved for certificate in solved(text).certificates] == [proved]


def test_of_very_many_gradients_some_are_tested() -> None:
    solution = solved("start: {x: 1}\ngiven: {eta: 0.001}\nloss: x^2\nsteps: 500\nfind: [x500]")
    gradients = next(c for c in solution.certificates if c.subject == "gradients")
    assert 100 < gradients.trials <= 200
