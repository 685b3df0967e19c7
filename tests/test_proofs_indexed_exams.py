"""Gradients as examinations ask for them, in the form in which a student writes them."""

from __future__ import annotations

import random

import pytest

import hwsolve
from hwsolve.errors import HwsolveError
from hwsolve.expr.notation import text
from hwsolve.expr.tree import Expr
from hwsolve.solution import Solution, Step, Text


def solved(words: str) -> Solution:
    return hwsolve.solve(hwsolve.loads(words, "t"))


def formulas(words: str) -> dict[str, str]:
    return {
        answer.name: text(answer.value, unicode=False)
        for answer in solved(words).answers
        if isinstance(answer.value, Expr)
    }


def problem(*equations: str, asked: str, **more: str) -> str:
    lines = "".join(f"  - {equation}\n" for equation in equations)
    rest = "".join(f"{key}: {value}\n" for key, value in more.items())
    return f"kind: graph\nequations:\n{lines}expressions: {asked}\n{rest}"


BATCH_NORM = (
    "mu = 1/n*sum(x[i] for i in 1..n)",
    "v = 1/n*sum((x[i] - mu)^2 for i in 1..n)",
    "s = sqrt(v + eps)",
    "xhat[i] = (x[i] - mu)/s for i in 1..n",
    "L = sum(g[i]*xhat[i] for i in 1..n)",
)
LOGISTIC = (
    "p[i] = sigmoid(sum(w[j]*x[i,j] for j in 0..d-1)) for i in 0..n-1",
    "L = -sum(y[i]*log(p[i]) + (1 - y[i])*log(1 - p[i]) for i in 0..n-1)",
)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        # the divisors cancel beside other factors, also within a sum
        (problem("p = sigmoid(w*x + b)", "L = -y*log(p) - (1 - y)*log(1 - p)", asked="dL/dw"),
         "(p - y)*x"),
        (problem(*LOGISTIC, asked="dL/dw[j]"), "sum((p[i] - y[i])*x[i, j] for i in 0..n-1)"),
        (problem(*LOGISTIC, asked="d2L/dw[j]dw[k]"),
         "sum(x[i, j]*p[i]*(1 - p[i])*x[i, k] for i in 0..n-1)"),
        # second derivatives are tidied
        (problem("f = (x^2 + 1)/(x - 1)", asked="d2f/dx2"),
         "(2 + 2*f/(x - 1) - 4*x/(x - 1))/(x - 1)"),
        # the deviations from a mean add up to 0, and a quotient has its name
        (problem(*BATCH_NORM, asked="dL/dv", conventions="{first_index: 1}"),
         "-sum(g[i]*xhat[i] for i in 1..n)/(2*s^2)"),
        (problem(*BATCH_NORM, asked="dv/dmu", conventions="{first_index: 1}"), "0"),
        (problem("m = mean(x)", "v = mean((x - m)^2)", "y = (x - m)/sqrt(v + eps)",
                 asked="dy[i]/dx[j]", shapes="{x: n}"),
         "(delta(i, j) - 1/n - y[j]*y[i]/n)/sqrt(v + eps)"),
        (problem("n = norm(x)", "u = x/n", "f = y @ u", asked="df/dx", shapes="{x: d, y: d}"),
         "(y - (y @ u)*u)/n"),
        # a branch that is 0 stays a branch
        (problem("y = x if x > 0 else alpha*(exp(x) - 1)", asked="dy/dalpha"),
         "0 if x > 0 else exp(x) - 1"),
        (problem("s = w*x", "L = max(0, 1 - y*s)", asked="dL/ds"), "-(y*s < 1)*y"),
        # an array that is only known by its entries has a transpose
        (problem("f = sum(sum(A[i,j]*B[j,i] for j in 0..n-1) for i in 0..n-1)", asked="df/dA"),
         "B.T"),
        # decimals stay decimals in whole arrays
        (problem("a = leaky_relu(z, 0.1)", "l = sum(g*a)", asked="dl/dz", shapes="{z: n, g: n}"),
         "g*(1 if z > 0 else 0.1)"),
    ],
)  # fmt: skip
def test_a_gradient_has_the_form_that_a_student_writes(words: str, found: str) -> None:
    (shown,) = formulas(words).values()
    assert shown == found


@pytest.mark.parametrize(
    ("equation", "asked", "shapes", "numerator", "denominator"),
    [
        ("z = W @ x + b", "dz/dx", "{W: m x n, x: n, b: m}", "W", "W.T"),
        ("z = W @ x + b", "dz/db", "{W: m x n, x: n, b: m}", "eye(m)", "eye(m)"),
        ("a = sigmoid(z)", "da/dz", "{z: m}", "a*(1 - a)*eye(m)", "a*(1 - a)*eye(m)"),
        ("P = softmax(z)", "dP/dz", "{z: m}", "P*eye(m) - outer(P, P)", "P*eye(m) - outer(P, P)"),
        ("r = relu(z)", "dr/dz", "{z: m}", "(z > 0)*eye(m)", "(z > 0)*eye(m)"),
        ("u = t*x", "du/dt", "{x: n}", "x", "x"),
        ("u = t*x", "du/dx", "{x: n}", "t*eye(n)", "t*eye(n)"),
        ("a = tanh(W @ x)", "da/dx", "{W: m x n, x: n}", "column(1 - a^2)*W", "(1 - a^2)*W.T"),
    ],
)
def test_the_derivative_of_a_vector_is_a_matrix(
    equation: str, asked: str, shapes: str, numerator: str, denominator: str
) -> None:
    words = problem(equation, asked=asked, shapes=shapes)
    assert formulas(words) == {asked: numerator}
    assert formulas(f"{words}conventions: {{layout: denominator}}\n") == {asked: denominator}


@pytest.mark.parametrize(
    ("stated", "right"),
    [("W", True), ("eye(m) @ W", True), ("W.T", False), ("2*W", False), ("0*W", False)],
)
def test_a_stated_matrix_of_derivatives_is_compared_entry_by_entry(
    stated: str, *, right: bool
) -> None:
    words = problem("z = W @ x", asked="dz/dx", shapes="{W: m x n, x: n}")
    (verdict,) = hwsolve.check(hwsolve.loads(f"{words}answers: {{dz/dx: {stated}}}\n"))
    assert verdict.right is right


def test_a_vector_by_a_matrix_is_asked_for_by_entries() -> None:
    with pytest.raises(HwsolveError, match=r"'z' has 1 index, not 0; write z\[i\]$"):
        solved(problem("z = W @ x", asked="dz/dW", shapes="{W: m x n, x: n}"))


def test_batch_normalisation_agrees_with_differences() -> None:
    """The formula for n = 4 against a loss written out by hand, moved a little."""
    source = random.Random(3)  # noqa: S311  (repeatable, not secret)
    x = [source.uniform(-2, 2) for _ in range(4)]
    g = [source.uniform(-2, 2) for _ in range(4)]
    eps = 0.1

    def normalised(values: list[float]) -> list[float]:
        mean = sum(values) / 4
        spread = (sum((value - mean) ** 2 for value in values) / 4 + eps) ** 0.5
        return [(value - mean) / spread for value in values]

    def loss(values: list[float]) -> float:
        return sum(a * b for a, b in zip(g, normalised(values), strict=True))

    words = problem(*BATCH_NORM, asked="dL/dx[i]", conventions="{first_index: 1}")
    assert formulas(words) == {
        "dL/dx[i]": "(g[i] - xhat[i]*sum(g[j]*xhat[j] for j in 1..n)/n - sum(g[j] for j in 1..n)/n)/s"
    }
    hats = normalised(x)
    s = (sum((value - sum(x) / 4) ** 2 for value in x) / 4 + eps) ** 0.5
    for i in range(4):
        up, down = [*x], [*x]
        up[i] += 1e-5
        down[i] -= 1e-5
        slope = (loss(up) - loss(down)) / 2e-5
        along = sum(a * b for a, b in zip(g, hats, strict=True))
        assert (g[i] - hats[i] * along / 4 - sum(g) / 4) / s == pytest.approx(slope, abs=1e-8)


def test_it_is_said_why_deviations_add_up_to_nothing() -> None:
    words = problem(*BATCH_NORM, asked="dL/dx[i]", conventions="{first_index: 1}")
    definitions = next(part for part in solved(words).sections if part.title == "Definitions")
    said = [
        "".join(text(part) if isinstance(part, Expr) else str(part) for part in block.parts)
        for block in definitions.blocks
        if isinstance(block, Text)
    ]
    assert "sum(x[i] - mu for i in 1..n) = 0, because mu is the mean." in said


@pytest.mark.parametrize(
    "almost", ["1/(n - 1)*sum(x[i] for i in 1..n)", "1/n*sum(x[i] for i in 2..n)", "1/n*sum(x[i]^2 for i in 1..n)"]
)  # fmt: skip
def test_what_is_no_mean_is_not_taken_for_one(almost: str) -> None:
    words = problem(
        f"m = {almost}", "v = sum((x[i] - m)^2 for i in 1..n)",
        asked="dv/dm", conventions="{first_index: 1}", shapes="{x: n}",
    )  # fmt: skip
    (found,) = formulas(words).values()
    assert found == "-2*sum(x[i] - m for i in 1..n)"


def test_an_entry_is_derived_once() -> None:
    words = problem("z = W @ x", "L = sum(z^2)", asked="dL/dx, dL/dx[i]",
                    shapes="{W: m x n, x: n}")  # fmt: skip
    names = [
        text(step.name)
        for section in solved(words).sections
        for step in section.blocks
        if isinstance(step, Step) and step.name is not None
    ]
    assert names.count("dL/dx[i]") == 1


def test_a_layer_over_a_window_of_any_size_is_certified() -> None:
    words = problem(
        "h[i] = relu(sum(v[j]*x[i+j-1] for j in 1..K) + b) for i in 1..N-K+1",
        "L = 1/2*sum((h[i] - y[i])^2 for i in 1..N-K+1)",
        asked="dL/db", conventions="{first_index: 1}",
    )  # fmt: skip
    assert formulas(words) == {
        "dL/db": "sum((h[i] - y[i])*(sum(v[j]*x[i+j-1] for j in 1..K) + b > 0) for i in 1..N-K+1)"
    }


def test_targets_are_taken_for_probabilities_only_beside_a_loss_of_classes() -> None:
    given = "{z: [1, 2], t: [0, 1]}"
    assumed = "It is assumed that "

    def says(words: str) -> bool:
        return any(
            isinstance(block, Text) and block.parts[0] == assumed
            for section in solved(words).sections
            for block in section.blocks
        )

    entropy = problem("p = softmax(z)", "L = -sum(t*log(p))", asked="dL/dz", given=given)
    squared = problem("h = tanh(z)", "L = sum((h - t)^2)", asked="dL/dz", given=given)
    assert says(entropy)
    assert not says(squared)


def test_a_one_hot_target_adds_up_to_one() -> None:
    words = problem(
        "p = softmax(z)", "L = cross_entropy(p, t)", asked="dL/dz",
        given='{z: [1, 2, 3], t: "onehot(1, 3)"}',
    )  # fmt: skip
    assert formulas(words) == {"dL/dz": "p - t"}
