"""Functions without a definition, primes, and gradients in whole matrices."""

from __future__ import annotations

import pytest

from hwsolve.errors import HwsolveError
from hwsolve.problem.reader import read_text
from hwsolve.render.layout import lines as document_lines
from hwsolve.render.page import Page
from hwsolve.solvers import solve
from hwsolve.solvers.derivation import Checked, checked_derivation


def checked(text: str) -> Checked:
    return checked_derivation(read_text(f"kind: derivation\n{text}", "t"))


def status(equations: str, line: str, shapes: str = "") -> str:
    above = f"equations: [{equations}]\n" if equations else ""
    above += f"shapes: {{{shapes}}}\n" if shapes else ""
    return checked(f'{above}lines: ["{line}"]\n').verdicts[0].status


@pytest.mark.parametrize(
    ("equations", "right", "slip"),
    [
        ("y = u(x)*v(x)", "dy/dx = u'(x)*v(x) + u(x)*v'(x)", "dy/dx = u'(x)*v'(x)"),
        (
            "y = u(x)/v(x)",
            "dy/dx = (u'(x)*v(x) - u(x)*v'(x))/v(x)^2",
            "dy/dx = (u'(x)*v(x) + u(x)*v'(x))/v(x)^2",
        ),
        ("y = u(v(x))", "dy/dx = u'(v(x))*v'(x)", "dy/dx = u'(x)*v'(x)"),
        ("y = log(u(x))", "dy/dx = u'(x)/u(x)", "dy/dx = 1/u(x)"),
        ("y = u(x)^2", "d2y/dx2 = 2*u'(x)^2 + 2*u(x)*u''(x)", "d2y/dx2 = 2*u(x)*u''(x)"),
        ("g(z) = 1/(1 + exp(-z))", "g'(z) = g(z)*(1 - g(z))", "g'(z) = g(z)*(1 + g(z))"),
        ("g(z) = z^3", "g''(z) = 6*z", "g''(z) = 3*z^2"),
    ],
)
def test_a_rule_holds_for_every_function_and_a_slip_in_it_does_not(
    equations: str, right: str, slip: str
) -> None:
    assert status(f'"{equations}"', right) == "proved"
    assert status(f'"{equations}"', slip) == "wrong"


def test_what_holds_for_some_functions_only_is_refuted_by_another_one() -> None:
    assert status("", "u(x + y) = u(x) + u(y)") == "wrong"
    assert status("", "u(2*x) = 2*u(x)") == "wrong"
    assert status("", "u(-x) = u(x)") == "wrong"
    assert status("", "u(x) - u(x) + u(y) = u(y)") == "proved"


def test_the_function_of_a_counterexample_is_written_out() -> None:
    text = 'kind: derivation\nlines: ["u(x + y) = u(x) + u(y)"]\n'
    page = document_lines(solve(read_text(text, "t")), Page())
    shown = "\n".join("".join(part for part, _ in line) for line in page)
    assert "u is any smooth function" in shown
    assert "counterexample: y = 0, x = 0, u(z) = 1" in shown


def test_a_longer_name_is_no_unknown_function() -> None:
    with pytest.raises(HwsolveError, match="unknown function 'sigmod'; did you mean 'sigmoid'"):
        checked("lines: [sigmod(x) = 1]\n")


MATRICES = "X: n x d, w: d, y: n, W: d x k, R: n x k, A: n x n, x: n"


@pytest.mark.parametrize(
    ("equations", "right", "slip"),
    [
        ("r = X @ w - y, L = r.T @ r", "dL/dw = 2*X.T @ r", "dL/dw = X.T @ r"),
        ("L = sum((X @ w - y)^2)/2", "dL/dw = X.T @ X @ w - X.T @ y", "dL/dw = X.T @ X @ w + X.T @ y"),
        ("L = sum((X @ W - R)^2)/2", "dL/dW = X.T @ (X @ W - R)", "dL/dW = 2*X.T @ (X @ W - R)"),
        ("L = x.T @ A @ x", "dL/dx = (A + A.T) @ x", "dL/dx = 2*A @ x"),
        ("L = x.T @ A @ x", "dL/dA = outer(x, x)", "dL/dA = 2*outer(x, x)"),
        ("L = sum(X @ w) + c*sum(w^2)", "dL/dw = X.T @ (1 + 0*y) + 2*c*w", "dL/dw = X.T @ y + c*w"),
    ],
)  # fmt: skip
def test_a_gradient_by_a_matrix_is_proved_for_every_shape(
    equations: str, right: str, slip: str
) -> None:
    quoted = ", ".join(f'"{equation}"' for equation in equations.split(", "))
    assert status(quoted, right, MATRICES) == "proved for every size"
    assert status(quoted, slip, MATRICES) == "wrong"


def test_a_power_of_the_number_of_steps_is_no_transpose() -> None:
    text = 'equations: ["v[0] = 1", "v[t] = b*v[t-1] for t in 1..T"]\nlines: [\'v[T] = b^T\']\n'
    assert checked(text).verdicts[0].status == "proved for every size"
