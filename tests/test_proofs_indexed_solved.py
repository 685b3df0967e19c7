"""Problems that are answered by formulas: what is asked, said, certified and compared."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from commands import environment

import hwsolve
from hwsolve.errors import HwsolveError
from hwsolve.expr.notation import text
from hwsolve.expr.tree import Expr
from hwsolve.render.json import to_json
from hwsolve.render.terminal import render
from hwsolve.solution import Solution, Step

if TYPE_CHECKING:
    from pathlib import Path

CONVOLUTION = """
kind: graph
conventions: {first_index: 1}
equations:
  - h[i] = s(sum(v[j]*x[i+j-1] for j in 1..3)) for i in 1..4
  - z = sum(w[i]*h[i] for i in 1..4)
  - R = (y - z)^2
"""
CLASSIFIER = """
kind: graph
equations:
  - Z = X @ W + b
  - P = softmax(Z)
  - L = -sum(Y*log(P))/n
shapes: {X: n x d, W: d x k, b: k, Y: n x k}
assume:
  - sum(Y[i,j] for j in 0..k-1) == 1 for i in 0..n-1
"""
NEURON = """
kind: graph
given: {x: 2, w: 3, b: 1, t: 0.5}
equations:
  - y = sigmoid(w*x + b)
  - L = (y - t)^2
"""


def solved(words: str) -> Solution:
    return hwsolve.solve(hwsolve.loads(words, "t"))


def formulas(solution: Solution) -> dict[str, str]:
    return {
        answer.name: text(answer.value)
        for answer in solution.answers
        if isinstance(answer.value, Expr)
    }


def steps(solution: Solution, title: str) -> list[str]:
    """The steps of a section, as lines."""
    (section,) = [section for section in solution.sections if section.title == title]
    return [
        " = ".join(map(text, (*([step.name] if step.name else []), *step.forms)))
        for step in section.blocks
        if isinstance(step, Step)
    ]


def test_gradients_at_free_indices_are_answered_by_formulas() -> None:
    solution = solved(CONVOLUTION + "expressions: dR/dw[i], dR/dv[j]\n")
    assert formulas(solution) == {
        "dR/dw[i]": "-2·(y - z)·h[i]",
        "dR/dv[j]": "-2·(y - z)·sum(w[i]·h[i]·(1 - h[i])·x[i+j-1] for i in 1..4)",
    }
    assert [answer.note for answer in solution.answers] == ["for i in 1..4", "for j in 1..3"]


def test_the_working_has_local_derivatives_and_the_chain_rule() -> None:
    solution = solved(CONVOLUTION + "expressions: dR/dw[i], dR/dv[j]\n")
    assert steps(solution, "Local derivatives for R") == [
        "∂R/∂z = -2·(y - z)",
        "∂z/∂h[i] = sum(w[k]·δ(k, i) for k in 1..4) = w[i]",
        "∂z/∂w[i] = sum(δ(k, i)·h[k] for k in 1..4) = h[i]",
        "∂h[i]/∂v[j] = h[i]·(1 - h[i])·sum(δ(k, j)·x[i+k-1] for k in 1..3)"
        " = h[i]·(1 - h[i])·x[i+j-1]",
    ]
    assert steps(solution, "Chain rule for R") == [
        "dR/dz = -2·(y - z)",
        "dR/dh[i] = dR/dz · ∂z/∂h[i] = -2·(y - z)·w[i]",
        "dR/dw[i] = dR/dz · ∂z/∂w[i] = -2·(y - z)·h[i]",
        "dR/dv[j] = sum(dR/dh[i] · ∂h[i]/∂v[j] for i in 1..4)"
        " = -2·(y - z)·sum(w[i]·h[i]·(1 - h[i])·x[i+j-1] for i in 1..4)",
    ]


def test_formulas_at_numbered_sizes_are_proved_and_tested_by_differences() -> None:
    solution = solved(CONVOLUTION + "expressions: dR/dv[j]\n")
    first, second = solution.certificates
    assert (first.proved, first.trials, first.worst) == (True, 3, 0.0)
    assert first.method == "comparison with the gradient of the computation graph"
    assert first.remark.startswith("exact modulo 2^61 - 1, with a chance of error below 10^-3")
    assert second.method == "central differences at a random point"
    assert not second.proved
    assert second.trials == 3
    assert 0 < second.worst < 1e-6


def test_matrices_are_tested_at_several_sizes_and_called_tested() -> None:
    solution = solved(CLASSIFIER + "expressions: dL/dW, dL/db\n")
    assert formulas(solution) == {
        "dL/dW": "(X.T @ (P - Y))/n",
        "dL/db": "sum(P - Y, axis=0)/n",
    }
    assert [answer.note for answer in solution.answers] == ["d x k", "k entries"]
    first = solution.certificates[0]
    assert not first.proved
    assert first.trials == 3
    assert first.remark == ("at d = 1, k = 1, n = 1; d = 2, k = 2, n = 2; d = 2, k = 3, n = 4")
    assert steps(solution, "Gradients of L in whole arrays") == [
        "dL/dP = -Y/(n·P)",
        "dL/dZ = dL/dP · P - P·column(sum(dL/dP · P, axis=1)) = (P - Y)/n",
        "dL/dW = X.T @ dL/dZ = (X.T @ (P - Y))/n",
        "dL/db = sum(dL/dZ, axis=0) = sum(P - Y, axis=0)/n",
    ]


def test_the_step_that_needs_an_assumption_says_so() -> None:
    softmax = """
kind: graph
conventions: {first_index: 1}
equations:
  - P[j] = exp(h[j])/sum(exp(h[k]) for k in 1..N) for j in 1..N
  - L = -sum(y[j]*log(P[j]) for j in 1..N)
assume: ['sum(y[j] for j in 1..N) == 1']
expressions: dL/dh[i]
"""
    solution = solved(softmax)
    assert steps(solution, "Chain rule for L")[-1] == (
        "dL/dh[i] = sum(dL/dP[j] · ∂P[j]/∂h[i] for j in 1..N)"
        " = P[i]·sum(y[j] for j in 1..N) - y[i] = P[i] - y[i]"
    )
    chain = [section for section in solution.sections if section.title == "Chain rule for L"]
    last = chain[0].blocks[-1]
    assert isinstance(last, Step)
    assert last.reason == "by the assumption"
    assert solution.certificates[0].proved
    assert "for every size" in solution.certificates[0].method


def test_without_values_everything_is_a_formula() -> None:
    words = "kind: graph\nequations: [z = w*x + b, y = relu(z)]\nfind: [y, dy/dw]\n"
    assert formulas(solved(words)) == {"y": "relu(z)", "dy/dw": "(z > 0)·x"}
    assert formulas(solved("kind: graph\nequations: [z = w*x + b]\n")) == {"z": "w·x + b"}


def test_numbers_and_formulas_can_be_asked_for_together() -> None:
    solution = solved(NEURON + "find: [L, dL/dw]\nexpressions: dL/db\n")
    values = {answer.name: answer.value for answer in solution.answers}
    assert list(values) == ["L", "dL/dw", "dL/db"]
    assert values["L"] == pytest.approx(0.24908977, rel=1e-6)
    assert formulas(solution) == {"dL/db": "2·(y - t)·y·(1 - y)"}
    assert {section.title for section in solution.sections} >= {"Forward", "Chain rule for L"}


def test_a_stated_formula_makes_its_answer_a_formula() -> None:
    problem = NEURON + "answers: {L: 0.24909, dL/dw: 2*x*y*(y - 1)*(t - y)}\n"
    assert formulas(solved(problem)) == {"dL/dw": "2·(y - t)·y·(1 - y)·x"}
    assert [verdict.right for verdict in hwsolve.check(hwsolve.loads(problem))] == [True, True]


def test_a_short_form_is_found_for_what_is_no_gradient() -> None:
    words = """
kind: graph
equations:
  - weights(k, c, f) = f*c*k^2
  - large = weights(7, C, C)
  - small = 3*weights(3, C, C)
  - p = (k - 1)/2
  - side = n + 2*p - k + 1
expressions: large, small/large, side
"""
    assert formulas(solved(words)) == {"large": "49·C²", "small/large": "27/49", "side": "n"}


def test_gradients_in_equations_are_worked_out() -> None:
    words = CONVOLUTION + "  - new[i] = w[i] - eta*dR/dw[i] for i in 1..4\nexpressions: new[k]\n"
    assert formulas(solved(words)) == {"new[k]": "w[k] + 2·eta·(y - z)·h[k]"}


def test_a_network_of_layers_has_formulas_too() -> None:
    words = """
kind: network
given: {x: [1, 2], t: [0, 1], W1: [[1, 2], [0, 1]], b1: [0, 1]}
layers: [{W: W1, b: b1, activation: sigmoid}]
loss: half_squared_error
expressions: dL/dW1, dL/db1
answers: {dL/dW1: 'outer((yhat - t)*yhat*(1 - yhat), x)'}
"""
    solution = solved(words)
    assert formulas(solution) == {
        "dL/dW1": "outer((yhat - t)·yhat·(1 - yhat), x)",
        "dL/db1": "(yhat - t)·yhat·(1 - yhat)",
    }
    assert [verdict.right for verdict in hwsolve.check(hwsolve.loads(words))] == [True]


def test_a_softmax_of_given_targets_uses_that_they_add_up_to_1() -> None:
    words = """
kind: graph
given: {h: [1, 2, 3], y: [0.2, 0.5, 0.3]}
equations: [P = softmax(h), 'L = -sum(y*log(P))']
expressions: dL/dh
"""
    assert formulas(solved(words)) == {"dL/dh": "P - y"}
    other = words.replace("0.3]}", "0.4]}")
    assert formulas(solved(other)) == {"dL/dh": "sum(y)·P - y"}


# -- comparing ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "stated"),
    [
        ("dR/dw[i]", "2*h[i]*(z - y)"),
        ("dR/dw[i]", "-2*y*h[i] + 2*z*h[i]"),
        ("dR/dw[i]", "-2*(y - sum(w[k]*h[k] for k in 1..4))*h[i]"),
        ("dR/dw[i]", "dR/dz*h[i]"),
        ("dR/dv[j]", "2*sum((z - y)*w[k]*x[k+j-1]*(h[k] - h[k]^2) for k in 1..4)"),
        ("dR/dx[m]", "-2*(y - z)*sum(sum(w[i]*h[i]*(1 - h[i])*v[j]*delta(i+j-1, m)"
         " for j in 1..3) for i in 1..4)"),
    ],
)  # fmt: skip
def test_a_right_formula_is_right_however_it_is_spelt(asked: str, stated: str) -> None:
    words = f"{CONVOLUTION}answers:\n  {asked}: {stated}\n"
    (verdict,) = hwsolve.check(hwsolve.loads(words))
    assert verdict.right, verdict.reason


@pytest.mark.parametrize(
    ("asked", "stated", "reason"),
    [
        # a dropped sign, a factor, h[i] in front of the sum, a shifted index
        ("dR/dw[i]", "2*(y - z)*h[i]", None),
        ("dR/dw[i]", "-(y - z)*h[i]", None),
        ("dR/dw[i]", "-2*(y - z)*w[i]", None),
        ("dR/dv[j]", "-2*(y - z)*sum(w[i]*h[i]*(1 - h[i])*x[i+j-2] for i in 2..4)", None),
        ("dR/dv[j]", "-2*(y - z)*sum(w[i]*(1 - h[i])*x[i+j-1] for i in 1..4)", None),
        ("dR/dw[i]", "-2*(y - zz)*h[i]", "'zz' is not in the equations; did you mean 'z'?"),
        ("dR/dw[i]", "-2*(y - z)*h[m]",
         "the range of the index 'm' is not known; state the shape of 'h': shapes: {h: n}"),
        ("dR/dw[i]", "-2*(y - z)*h[i", "expected ']' to close the index but the text ends"),
    ],
)  # fmt: skip
def test_a_wrong_formula_is_shown_where_it_differs(
    asked: str, stated: str, reason: str | None
) -> None:
    words = f"{CONVOLUTION}expressions: {asked}\nanswers:\n  {asked}: {stated}\n"
    (verdict,) = hwsolve.check(hwsolve.loads(words))
    assert verdict.outcome == "wrong"
    if reason is None:
        assert verdict.reason.startswith("at ")
        assert "the stated formula is" in verdict.reason
    else:
        assert verdict.reason == reason


def test_a_counterexample_is_of_small_numbers() -> None:
    words = """
kind: graph
conventions: {first_index: 1}
equations:
  - P[j] = exp(h[j])/sum(exp(h[k]) for k in 1..N) for j in 1..N
  - L = -sum(y[j]*log(P[j]) for j in 1..N)
assume: ['sum(y[j] for j in 1..N) == 1']
answers: {'dL/dh[i]': '-y[i]*(1 - P[i])'}
"""
    (verdict,) = hwsolve.check(hwsolve.loads(words))
    assert verdict.reason == (
        "at N = 2, i = 1, h[1] = 0, h[2] = 0, y[1] = 0, y[2] = 1 "
        "the stated formula is 0, the right one 1/2"
    )


# -- what is shown -------------------------------------------------------------------------


def test_the_terminal_shows_formulas_as_text() -> None:
    shown = render(solved(CONVOLUTION + "expressions: dR/dw[i]\n"))
    assert "  dR/dw[i] = -2·(y - z)·h[i]   (for i in 1..4)\n" in shown
    assert "Symbols: v[i] for i in 1..3, x[i] for i in 1..6, w[i] for i in 1..4, y." in shown
    assert "s: sigmoid       s(x) is the logistic function 1/(1 + exp(-x))" in shown


def test_json_has_formulas_that_the_parser_reads() -> None:
    data = json.loads(to_json(solved(CONVOLUTION + "expressions: dR/dw[i]\n")))
    assert data["answers"][0]["value"] == {"formula": "-2*(y - z)*h[i]"}


def test_a_derivative_of_which_only_one_term_may_be_there_has_a_condition() -> None:
    words = CONVOLUTION + "expressions: dh[i]/dx[m]\n"
    assert formulas(solved(words)) == {
        "dh[i]/dx[m]": "h[i]·(1 - h[i])·v[m-i+1] if i ≤ m and m ≤ i + 2 else 0"
    }


# -- mistakes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (CONVOLUTION + "expressions: dR/dq\n",
         "t:8:18: 'q' is not in the equations; use a name that is"),
        (CONVOLUTION + "expressions: dR/dw[i,j]\n",
         "t:8:18: 'w' has 1 index, not 2; write w[i]"),
        (CONVOLUTION + "expressions: dR/dv\n",
         "t:8:18: no formula in whole arrays was found for dR/dv; ask for an entry: dR/dv[k]"),
        (CONVOLUTION + "expressions: dR/dw[i\n",
         "t:8:21: expected ']' to close the index but the text ends"),
        (CONVOLUTION + "expressions: dR/dw[i], R + zz, dh/dv[j]\n",
         "t:8:28: 'zz' is not in the equations; did you mean 'z'?\n"
         "t:8:33: 'h' has 1 index, not 0; write h[i]"),
        ("kind: graph\nequations:\n  - z = f[a]*f[b*b]\nexpressions: dz/df[k]\n",
         "t:4:20: the range of the index 'k' is not known; "
         "state the shape of 'f': shapes: {f: n}"),
        ("kind: graph\nequations:\n  - f(x) = x^2\n  - z = f(a, b)\nexpressions: dz/da\n",
         "t:4:9: 'f' takes one value, not 2"),
        ("kind: graph\nequations:\n  - z = W @ x\nshapes: {W: n x m, x: k}\nexpressions: dz/dx\n",
         "t:3:11: '@' cannot multiply nxm by k"),
        ("kind: graph\nequations: [z = x*y]\nassume: [x = 1]\nexpressions: dz/dx\n",
         "t:3:12: an assumption is a comparison; write == for an equality"),
        ("kind: graph\nequations: [z = x*y]\nshapes: {x: n x}\nexpressions: dz/dx\n",
         "t:3:13: 'n x' is not a shape; write n, or n x m"),
        ("kind: graph\nequations:\n  - h[t] = w*h[t-1] for t in 1..T\nexpressions: dh[T]/dw\n",
         "t:3:33: 'h' is written out entry by entry, which needs numbers, not 'T'; "
         "write ranges such as 1..3, or give the sizes values"),
        ("kind: graph\ngiven: {x: 1}\nequations: [z = x*y]\nfind: z\n",
         "t:3:19: 'y' is not defined; give it a value under 'given' or an equation"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_with_its_place(words: str, message: str) -> None:
    with pytest.raises(HwsolveError) as raised:
        solved(words)
    assert str(raised.value) == message


def test_a_problem_in_numbers_loads_nothing_of_this(tmp_path: Path) -> None:
    file = tmp_path / "neuron.yaml"
    file.write_text(NEURON + "find: [L, dL/dw]\nanswers: {L: 0.24909}\n", encoding="utf-8")
    program = (
        "import sys\n"
        "from hwsolve.cli.app import run\n"
        "assert run(['run', 'neuron.yaml']) == 0\n"
        "loaded = [name for name in sys.modules if name.startswith('hwsolve.proofs')]\n"
        "print(loaded, file=sys.stderr)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        check=False,
        text=True,
    )
    assert ran.stderr == "[]\n"


LOGISTIC = """
kind: graph
equations:
  - p = sigmoid(X @ w)
  - L = -sum(y*log(p) + (1 - y)*log(1 - p)) + c/2*sum(w^2)
  - f = w @ A @ w + b @ w
shapes: {X: n x d, w: d, y: n, A: d x d, b: d}
"""


@pytest.mark.parametrize(
    ("asked", "right", "wrong"),
    [
        ("d2L/dw2", "X.T @ diag(p*(1 - p)) @ X + c*eye(d)", "X.T @ diag(p*(1 - p)) @ X"),
        ("d2f/dw2", "A + A.T", "2*A"),
        ("d2f/dwdb", "eye(d)", "ones(d, d)"),
    ],
)
def test_the_second_derivatives_by_a_vector_are_a_matrix(
    asked: str, right: str, wrong: str
) -> None:
    for stated, is_right in ((right, True), (wrong, False)):
        words = f'{LOGISTIC}expressions: {asked}\nanswers: {{{asked}: "{stated}"}}\n'
        (verdict,) = hwsolve.check(hwsolve.loads(words))
        assert verdict.right is is_right, verdict.reason
