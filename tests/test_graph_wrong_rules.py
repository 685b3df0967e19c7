"""The check of the checks: a wrong derivative rule, in any row, must end in an error.

Each row of the table is made wrong in turn, by one per cent or by a slope of 0.01 where
it has none, and a problem that uses it is solved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hwsolve.errors import CertificateError
from hwsolve.expr import backward
from hwsolve.expr.operations import OPERATIONS
from hwsolve.expr.tensors import TENSORS
from hwsolve.problem.reader import read_text
from hwsolve.solvers import solve

if TYPE_CHECKING:
    from collections.abc import Callable

    from hwsolve.expr.operations import Operation

GIVEN = (
    "{x: 0.7, y: 1.3, v: [0.4, -1.2, 2.5], u: [1.5, 0.3, -0.8], "
    "W: [[0.5, -1.5, 2.0], [1.0, 0.25, -0.75]]}"
)

# An equation that uses the row, and the derivatives that must notice when it is wrong.
USES: dict[str, tuple[str, str]] = {
    "add": ("L = x*x + y", "dL/dx, dL/dy"),
    "sub": ("L = x*x - y", "dL/dx, dL/dy"),
    "mul": ("L = x*y", "dL/dx"),
    "div": ("L = x/y", "dL/dx"),
    "neg": ("L = -tanh(x)", "dL/dx"),
    "pow": ("L = x^y", "dL/dx"),
    "exp": ("L = exp(x)", "dL/dx"),
    "log": ("L = log(x)", "dL/dx"),
    "log2": ("L = log2(x)", "dL/dx"),
    "log10": ("L = log10(x)", "dL/dx"),
    "xlogy": ("L = xlogy(x, y)", "dL/dx, dL/dy"),
    "xlog2y": ("L = xlog2y(x, y)", "dL/dx, dL/dy"),
    "xlog10y": ("L = xlog10y(x, y)", "dL/dx, dL/dy"),
    "xdivy": ("L = xdivy(x, y)", "dL/dx, dL/dy"),
    "sqrt": ("L = sqrt(x)", "dL/dx"),
    "sin": ("L = sin(x)", "dL/dx"),
    "cos": ("L = cos(x)", "dL/dx"),
    "erf": ("L = erf(x)", "dL/dx"),
    "abs": ("L = abs(x)", "dL/dx"),
    "sigmoid": ("L = sigmoid(x)", "dL/dx"),
    "tanh": ("L = tanh(x)", "dL/dx"),
    "relu": ("L = relu(x)", "dL/dx"),
    "softplus": ("L = softplus(x)", "dL/dx"),
    "step": ("L = step(x)", "dL/dx"),
    "sign": ("L = sign(x)", "dL/dx"),
    "floor": ("L = floor(x)", "dL/dx"),
    "identity": ("L = x", "dL/dx"),
    "maximum": ("L = max(x, y)", "dL/dy"),
    "minimum": ("L = min(x, y)", "dL/dx"),
    "where": ("L = x*y if x < y else x", "dL/dx"),
    "lt": ("L = (x < y)", "dL/dx"),
    "le": ("L = (x <= y)", "dL/dx"),
    "gt": ("L = (x > y)", "dL/dx"),
    "ge": ("L = (x >= y)", "dL/dx"),
    "eq": ("L = (x == y)", "dL/dx"),
    "ne": ("L = (x != y)", "dL/dx"),
    "matmul": ("L = sum((W @ v)^2)", "dL/dW"),
    "outer": ("L = sum(outer(v, u)^2)", "dL/dv"),
    "transpose": ("L = sum(tanh(W.T)^2)", "dL/dW"),
    "sum": ("L = sum(v^2)", "dL/dv"),
    "mean": ("L = mean(v^2)", "dL/dv"),
    "max": ("L = sum(max(W, axis=1)^2)", "dL/dW"),
    "min": ("L = min(v*u)", "dL/dv"),
    "softmax": ("L = sum(u*softmax(v))", "dL/dv"),
    "log_softmax": ("L = sum(u*log_softmax(v))", "dL/dv"),
    "masked_softmax": ("L = sum(u*masked_softmax(v, [1, 0, 1]))", "dL/dv"),
    "stack": ("L = sum([x, y]^2)", "dL/dx"),
    "concat": ("L = sum(concat(v, u)^2)", "dL/du"),
    "item": ("L = v[1]^2 + sum(v)", "dL/dv"),
    "reshape": ("L = sum(reshape(W, 3, 2)^2)", "dL/dW"),
    "cumsum": ("L = sum(cumsum(v)^2)", "dL/dv"),
    "gather": ("L = sum(v[[0, 2, 0]]^2)", "dL/dv"),
    "scatter_add": ("L = sum(scatter_add(v, [1, 0, 1], shape=[2])^2)", "dL/dv"),
    "pad": ("L = sum(pad(v, 1, value=2)^2)", "dL/dv"),
    "tril": ("L = sum(tril(W)^2)", "dL/dW"),
    "triu": ("L = sum(triu(W)^2)", "dL/dW"),
    "diag": ("L = sum(diag(v)^2)", "dL/dv"),
    "diagonal": ("L = sum(diagonal(W)^2)", "dL/dW"),
    "conv": ("L = sum(conv(W, [[x, y]])^2)", "dL/dW, dL/dy"),
    "conv_transpose": ("L = sum(conv_transpose(W, [[x, y]], stride=2)^2)", "dL/dW, dL/dy"),
    "conv_weight": ("L = sum(conv_weight(W, [[x, y]], size=[2, 2])^2)", "dL/dW, dL/dy"),
    "max_pool": ("L = sum(max_pool(W, 2, stride=1)^2)", "dL/dW"),
    "max_unpool": ("L = sum(max_unpool([x, y], v*u*x, size=2, stride=1)^2)", "dL/dy"),
    "at_max": ("L = sum(at_max(v, u, size=2, stride=1)^2)", "dL/dv"),
    "avg_pool": ("L = sum(avg_pool(W, 2, stride=1)^2)", "dL/dW"),
    "unfold": ("L = sum(unfold(W, 2)^2)", "dL/dW"),
    "fold": ("L = sum(fold([[x, y], [y, x]], 2, shape=[3])^2)", "dL/dy"),
    "avg_unpool": ("L = sum(avg_unpool([x, y], size=2, stride=1, shape=[3])^2)", "dL/dy"),
    # these are made by the rules of others, and differentiated in second derivatives
    "place": ("L = v[1]^3 + sum(v)", "'d2L/dv[1]^2'"),
    "spread": ("L = sum(v)^3", "'d2L/dv[1]^2'"),
    "sum_to": ("L = sum((W*v)^3)", "'d2L/dv[1]^2'"),
}
WITHOUT_SLOPE = {"one_hot", "argmax", "argmin", "argsort", "first"}


def solved(equation: str, find: str) -> None:
    solve(read_text(f"kind: graph\ngiven: {GIVEN}\nequations:\n  - '{equation}'\nfind: [{find}]\n"))


def wrong(rule: Callable[..., Any]) -> Callable[..., Any]:
    """A partial derivative that is one per cent too large, or 0.01 instead of 0."""

    def scaled(*terms: Any) -> Any:
        right = rule(*terms)
        if isinstance(right, int | float):
            return right * 1.01 if right else 0.01
        return right * 1.01

    return scaled


def wrong_adjoint(rule: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *parts: tuple(term and term * 1.01 for term in rule(*parts))


@pytest.mark.parametrize("name", [*OPERATIONS, *TENSORS])
def test_a_rule_that_is_wrong_by_one_per_cent_gives_an_error_instead_of_an_answer(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    row: Operation = OPERATIONS[name] if name in OPERATIONS else TENSORS[name]
    if name in WITHOUT_SLOPE:
        assert row.partials is None
        assert row.adjoint is None
        return
    equation, find = USES[name]
    solved(equation, find)  # right as it is
    if row.adjoint is not None:
        monkeypatch.setattr(row, "adjoint", wrong_adjoint(row.adjoint))
    else:
        assert row.partials is not None
        monkeypatch.setattr(row, "partials", tuple(map(wrong, row.partials)))
    with pytest.raises(CertificateError, match=r"no answer for d.*: the chain rule gives"):
        solved(equation, find)


@pytest.mark.parametrize(
    ("name", "position"),
    [(name, k) for name, row in OPERATIONS.items() for k in range(len(row.partials or ()))
     if len(row.partials or ()) > 1],
)  # fmt: skip
def test_a_rule_for_any_one_argument_that_is_wrong_is_noticed(
    name: str, position: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "where" and position == 0:
        return  # a condition is made of tests, which have no slope that could be passed on
    row = OPERATIONS[name]
    rules = list(row.partials or ())
    rules[position] = wrong(rules[position])
    monkeypatch.setattr(row, "partials", tuple(rules))
    by_symbol = {
        "xlogy": "xlogy(x, y)", "xlog2y": "xlog2y(x, y)", "xlog10y": "xlog10y(x, y)",
        "xdivy": "xdivy(x, y)", "sub": "x - y", "mul": "x*y", "div": "x/y", "pow": "x^y", "maximum": "max(x, y)",
        "minimum": "min(x, y)", "lt": "(x < y)", "le": "(x <= y)", "gt": "(x > y)",
        "ge": "(x >= y)", "eq": "(x == y)", "ne": "(x != y)",
        "where": "(tanh(x) if x < y else y) + (x if x > y else tanh(y))",
    }  # fmt: skip
    # max and min pass on to the larger or the smaller one only
    swapped = (name, position) in {("maximum", 0), ("minimum", 1)}
    formula = by_symbol[name].replace("(x, y)", "(y, x)") if swapped else by_symbol[name]
    with pytest.raises(CertificateError):
        solved(f"L = {formula}", "dL/dx, dL/dy")


MISTAKES = [
    ("tanh' = 1 - tanh", "tanh", (lambda y, _: 1 - y,), "L = tanh(x)"),
    ("sigma' = sigma(1 + sigma)", "sigmoid", (lambda y, _: y * (1 + y),), "L = σ(x)"),
    ("sigma' of the input", "sigmoid", (lambda _, x: x * (1 - x),), "L = σ(x)"),
    ("relu' = x", "relu", (lambda _, x: x,), "L = relu(x)"),
    ("(a/b)' without the square",
     "div", (lambda _, _a, b: 1 / b, lambda _, a, b: -a / b), "L = y/x"),
    ("(a/b)' with the wrong sign",
     "div", (lambda _, _a, b: 1 / b, lambda _, a, b: a / b**2), "L = y/x"),
    ("(x^n)' = x^(n-1)", "pow", (lambda _, a, b: a ** (b - 1), lambda *_: 0), "L = x^3"),
    ("sin' = -cos", "sin", (lambda _, x: -x.fn("cos"),), "L = sin(x)"),
    ("log' = 1/x^2", "log", (lambda _, x: 1 / x**2,), "L = log(x)"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "rules", "equation"), [row[1:] for row in MISTAKES], ids=[row[0] for row in MISTAKES]
)
def test_a_mistake_that_people_make_in_a_derivative_is_noticed(
    name: str, rules: Any, equation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OPERATIONS[name], "partials", rules)
    with pytest.raises(CertificateError, match="no answer for dL/dx: the chain rule gives"):
        solved(equation, "dL/dx")


def without_transpose(g: Any, _: Any, args: Any, __: Any) -> Any:
    left, right = args
    return g @ right, left @ g


def test_a_matrix_product_whose_gradient_lacks_the_transpose_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(TENSORS["matmul"], "adjoint", without_transpose)
    written = (
        "kind: graph\ngiven: {A: [[1, 2], [3, 4]], B: [[0.5, -1], [2, 1.5]]}\n"
        "equations:\n  - 'L = sum(tanh(A @ B/9))'\nfind: [dL/dA, dL/dB]\n"
    )
    with pytest.raises(CertificateError, match="no answer for dL/dA"):
        solve(read_text(written))


def test_a_softmax_gradient_without_the_other_classes_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # p(1 - p) for every entry, as if the classes did not depend on each other
    monkeypatch.setattr(TENSORS["softmax"], "adjoint", lambda g, y, *_: (g * y * (1 - y),))
    with pytest.raises(CertificateError, match="no answer for dL/dv"):
        solved("L = -sum(u*log(softmax(v)))", "dL/dv")


def test_a_path_inside_a_line_that_is_forgotten_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    solved("L = x*(x + y)", "dL/dx")
    monkeypatch.setattr(backward, "_added", lambda terms: terms[0])
    with pytest.raises(CertificateError, match="no answer for dL/dx: the chain rule gives"):
        solved("L = x*(x + y)", "dL/dx")


def test_a_path_through_another_line_that_is_forgotten_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    total = backward._total  # noqa: SLF001  (the sum over the paths)

    def forgetful(gradient: Any, node: int) -> Any:
        gradient.parts[node] = gradient.parts.get(node, [])[:1]
        return total(gradient, node)

    solved("L = tanh(x) + x*y", "dL/dx")
    monkeypatch.setattr(backward, "_total", forgetful)
    with pytest.raises(CertificateError, match="no answer for dL/dx: the chain rule gives"):
        solved("L = tanh(x) + x*y", "dL/dx")


def test_a_line_whose_contribution_is_forgotten_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    right = backward.contributions
    monkeypatch.setattr(backward, "contributions", lambda *args: right(*args)[:1])
    with pytest.raises(CertificateError, match="no answer for dL/dy"):
        solved("L = x*y", "dL/dx, dL/dy")


def test_a_gradient_that_is_not_summed_over_a_broadcast_axis_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = TENSORS["sum_to"]
    monkeypatch.setattr(row, "compute", lambda _, x, shape: x[0].reshape(shape))
    with pytest.raises(CertificateError, match="no answer for dL/dv"):
        solved("L = sum(W*v)", "dL/dv")


def test_the_mistake_is_found_in_one_of_many_parameters_and_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(OPERATIONS["tanh"], "partials", (lambda y, _: 1 - y,))
    with pytest.raises(CertificateError) as failure:
        solved("L = x*y + tanh(x)", "dL/dx, dL/dy")
    # 1.3 + 1 - tanh(0.7), and 1.3 + 1 - tanh(0.7)^2
    assert str(failure.value) == (
        "no answer for dL/dx: the chain rule gives 1.695632223, differences give 1.93473959"
    )
