"""Gradients as formulas: what homework solutions have, typed by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hwsolve.errors import EquationError
from hwsolve.expr.notation import text
from hwsolve.expr.parser import parse_equation, parse_expression
from hwsolve.expr.tree import Deriv, Expr, Index, Sym
from hwsolve.proofs.indexed import Gradient, define, derived, differentiate
from hwsolve.proofs.matrix_form import matrix_form
from hwsolve.proofs.unrolled import by_entries, with_indices

if TYPE_CHECKING:
    from hwsolve.proofs.definitions import Definitions

CONVOLUTION = (
    "h[i] = sigmoid(sum(v[j]*x[i+j-1] for j in 1..3)) for i in 1..4",
    "z = sum(w[i]*h[i] for i in 1..4)",
    "R = (y - z)^2",
)
SOFTMAX = (
    "P[j] = exp(h[j])/sum(exp(h[k]) for k in 1..N) for j in 1..N",
    "L = -sum(y[j]*log(P[j]) for j in 1..N)",
)
PERCEPTRON = (
    "h[j] = tanh(sum(W[j,i]*x[i] for i in 1..d) + b[j]) for j in 1..m",
    "o[k] = sigmoid(sum(V[k,j]*h[j] for j in 1..m)) for k in 1..K",
    "L = 1/2*sum((o[k] - t[k])^2 for k in 1..K)",
)
BATCH = (
    "z[n] = sum(w[i]*x[n,i] for i in 1..d) for n in 1..N",
    "yhat[n] = sigmoid(z[n]) for n in 1..N",
    "L = 1/2*sum((yhat[n] - t[n])^2 for n in 1..N)",
)
NEURON = ("z = w*x + b", "y = sigmoid(z)", "L = (y - t)^2")
CROSS_ENTROPY = ("z = w*x + b", "y = sigmoid(z)", "L = -(t*log(y) + (1 - t)*log(1 - y))")


def definitions(equations: tuple[str, ...], **settings: object) -> Definitions:
    return define([parse_equation(line) for line in equations], first_index=1, **settings)


def formula(equations: tuple[str, ...], asked: str, **settings: object) -> str:
    tree = parse_expression(asked)
    assert isinstance(tree, Deriv)
    return text(derived(definitions(equations, **settings), tree))


@pytest.mark.parametrize(
    ("equations", "asked", "found"),
    [
        # homework, question K
        (CONVOLUTION, "dR/dw[i]", "-2·(y - z)·h[i]"),
        (CONVOLUTION, "dR/dv[j]",
         "-2·(y - z)·sum(w[i]·h[i]·(1 - h[i])·x[i+j-1] for i in 1..4)"),
        (CONVOLUTION, "dR/dz", "-2·(y - z)"),
        (CONVOLUTION, "dR/dy", "2·(y - z)"),
        (CONVOLUTION, "dR/dw[2]", "-2·(y - z)·h[2]"),
        (CONVOLUTION, "dR/dv[1]",
         "-2·(y - z)·sum(w[i]·h[i]·(1 - h[i])·x[i] for i in 1..4)"),
        (CONVOLUTION, "dR/dx[m]",
         "-2·(y - z)·sum(w[i]·h[i]·(1 - h[i])·v[m-i+1] for i in max(1, m - 2)..min(4, m))"),
        (CONVOLUTION, "dh[i]/dv[j]", "h[i]·(1 - h[i])·x[i+j-1]"),
        (CONVOLUTION, "dh[2]/dv[j]", "h[2]·(1 - h[2])·x[j+1]"),
        (CONVOLUTION, "d2R/dw[i]dw[j]", "2·h[i]·h[j]"),
        (CONVOLUTION, "dR/dh[i]", "-2·(y - z)·w[i]"),
        (CONVOLUTION, "dh[i]/dh[j]", "δ(i, j)"),
        (CONVOLUTION, "dz/dz", "1"),
        (CONVOLUTION, "dh[i]/dw[j]", "0"),
        # homework, question D without the assumption on y
        (SOFTMAX, "dP[j]/dh[i]", "P[j]·(δ(j, i) - P[i])"),
        (SOFTMAX, "dP[i]/dh[i]", "P[i]·(1 - P[i])"),
        (SOFTMAX, "dP[1]/dh[i]", "P[1]·(δ(1, i) - P[i])"),
        (SOFTMAX, "dL/dP[j]", "-y[j]/P[j]"),
        (SOFTMAX, "dL/dh[i]", "P[i]·sum(y[j] for j in 1..N) - y[i]"),
        # homework, question H
        (BATCH, "dyhat[n]/dz[n]", "yhat[n]·(1 - yhat[n])"),
        (BATCH, "dL/dw[i]",
         "sum((yhat[n] - t[n])·yhat[n]·(1 - yhat[n])·x[n, i] for n in 1..N)"),
        # the backpropagation formulas of every textbook
        (PERCEPTRON, "dL/dV[k,j]", "(o[k] - t[k])·o[k]·(1 - o[k])·h[j]"),
        (PERCEPTRON, "dL/dW[j,i]",
         "(1 - h[j]²)·x[i]·sum((o[k] - t[k])·o[k]·(1 - o[k])·V[k, j] for k in 1..K)"),
        (PERCEPTRON, "dL/db[j]",
         "(1 - h[j]²)·sum((o[k] - t[k])·o[k]·(1 - o[k])·V[k, j] for k in 1..K)"),
        (NEURON, "dL/dw", "2·(y - t)·y·(1 - y)·x"),
        (NEURON, "dL/db", "2·(y - t)·y·(1 - y)"),
        (CROSS_ENTROPY, "dL/dy", "(1 - t)/(1 - y) - t/y"),
        (CROSS_ENTROPY, "dL/dz", "y - t"),
        (CROSS_ENTROPY, "dL/dw", "(y - t)·x"),
        (("y = 1/(1 + exp(-z))",), "dy/dz", "y·(1 - y)"),
        (("y = w0 + sum(w[j]*s((x - mu[j])/c) for j in 1..M)",), "dy/dw[j]",
         "σ((x - mu[j])/c)"),
        (("p = prod(x[i] for i in 1..N)",), "dp/dx[j]",
         "prod(x[k] if k ≠ j else 1 for k in 1..N)"),
        (("a = relu(w*x)",), "da/dw", "(w·x > 0)·x"),
        (("a = max(x, c)",), "da/dx", "x > c"),
        (("a = leaky_relu(w*x)",), "da/dw", "x·(1 if w·x > 0 else 0.01)"),
        (("m = mean(x[i]^2 for i in 1..N)",), "dm/dx[j]", "2·x[j]/N"),
        (("f = x^n",), "df/dx", "n·x^(n - 1)"),
        (("f = 3*x*y^2 + x/y",), "df/dy", "6·x·y - x/y²"),
        (("f = log2(x)",), "df/dx", "1/(x·log(2))"),
        (("f = sqrt(x^2 + 1)",), "df/dx", "x/f"),
        (("f = softplus(x)",), "df/dx", "σ(x)"),
        (("g = e^(2*x)",), "dg/dx", "2·g"),
    ],
)  # fmt: skip
def test_a_gradient_is_the_formula_that_a_student_writes(
    equations: tuple[str, ...], asked: str, found: str
) -> None:
    assert formula(equations, asked) == found


def test_what_is_assumed_of_a_sum_is_used() -> None:
    known = (parse_expression("sum(y[k] for k in 1..N) == 1"),)
    assert formula(SOFTMAX, "dL/dh[i]", assumptions=known) == "P[i] - y[i]"


def test_the_slope_of_relu_at_0_is_the_stated_one() -> None:
    assert formula(("a = relu(x)",), "da/dx", relu_at_0="1") == "x ≥ 0"
    assert formula(("a = relu(x)",), "da/dx", relu_at_0="1/2") == "(1 + (x > 0) - (x < 0))/2"


def test_any_expression_can_be_differentiated() -> None:
    equations = [parse_equation(line) for line in NEURON]
    found = differentiate(parse_expression("L + y^2"), Sym("y"), equations)
    assert text(found) == "2·y + 2·(y - t)"
    by = Index(Sym("w"), (Sym("k"),))
    square = differentiate(parse_expression("sum(w[i]^2 for i in 1..3)"), by, ())
    assert text(square) == "2·w[k]"


# -- names ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        # the free index of the question is the bound one of the equations
        ("dR/dv[i]", "-2·(y - z)·sum(w[k]·h[k]·(1 - h[k])·x[k+i-1] for k in 1..4)"),
        ("dR/dw[j]", "-2·(y - z)·h[j]"),
        ("dh[j]/dv[i]", "h[j]·(1 - h[j])·x[j+i-1]"),
        ("dh[j]/dv[j]", "h[j]·(1 - h[j])·x[2·j-1]"),
        ("dR/dx[i]",
         "-2·(y - z)·sum(w[k]·h[k]·(1 - h[k])·v[i-k+1] for k in max(1, i - 2)..min(4, i))"),
    ],
)  # fmt: skip
def test_no_index_is_captured_whatever_it_is_called(asked: str, found: str) -> None:
    assert formula(CONVOLUTION, asked) == found


def test_the_name_of_a_size_is_never_taken_for_an_index() -> None:
    equations = (
        "h[n] = sum(A[n,k]*x[k] for k in 1..i) for n in 1..j",
        "L = sum(h[k]^2 for k in 1..j)",
    )
    assert formula(equations, "dL/dx[k]") == "2·sum(h[n]·A[n, k] for n in 1..j)"
    assert formula(equations, "dL/dA[m,n]") == "2·h[m]·x[n]"


def test_sums_inside_of_sums_keep_their_own_indices() -> None:
    equations = (
        "u[i] = sum(A[i,j]*x[j] for j in 1..N) for i in 1..N",
        "v[i] = sum(A[j,i]*u[j] for j in 1..N) for i in 1..N",
        "L = sum(v[i]*x[i] for i in 1..N)",
    )
    assert formula(equations, "dL/dx[i]") == (
        "v[i] + sum(A[k, i]·sum(x[l]·A[k, l] for l in 1..N) for k in 1..N)"
    )


# -- matrices --------------------------------------------------------------------------------


def sizes(words: str) -> dict[str, tuple[Expr, ...]]:
    """Shapes from `X: n d, w: d`."""
    found = {}
    for part in words.split(", "):
        name, _, shape = part.partition(": ")
        found[name] = tuple(parse_expression(size) for size in shape.split())
    return found


def in_matrices(
    equations: tuple[str, ...], asked: str, shapes: str, assume: str = ""
) -> str | None:
    tree = parse_expression(asked)
    assert isinstance(tree, Deriv)
    known = define(
        [parse_equation(line) for line in equations],
        shapes=sizes(shapes),
        assumptions=(parse_expression(assume),) if assume else (),
    )
    (bottom,) = tree.bottoms
    assert isinstance(bottom, Sym)
    axes = known.axes[bottom.name]
    letters = ["i", "j"][: len(axes)]
    entry = Gradient(known, tree.top).by(Index(bottom, tuple(map(Sym, letters))))
    found = matrix_form(entry.value, letters, known.axes, axes)
    return None if found is None else text(found)


CLASSIFIER = ("Z1 = X @ W1 + b1", "H = tanh(Z1)", "Z2 = H @ W2 + b2", "P = softmax(Z2)",
              "L = -sum(Y*log(P))/n")  # fmt: skip
CLASSES = "X: n d, W1: d m, b1: m, W2: m k, b2: k, Y: n k"
ROWS_ADD_UP = "sum(Y, axis=1) == 1"
REGRESSION = ("yhat = X @ w", "L = mean((yhat - y)^2)")
DENSE = ("z = W @ x + b", "h = relu(z)", "o = V @ h", "L = sum((o - t)^2)/2")
ATTENTION = ("S = Q @ K.T/sqrt(dk)", "A = softmax(S)", "O = A @ V", "L = sum(G*O)")


@pytest.mark.parametrize(
    ("equations", "asked", "shapes", "assume", "found"),
    [
        (CLASSIFIER, "dL/dZ2", CLASSES, ROWS_ADD_UP, "(P - Y)/n"),
        (CLASSIFIER, "dL/dW2", CLASSES, ROWS_ADD_UP, "(H.T @ (P - Y))/n"),
        (CLASSIFIER, "dL/db2", CLASSES, ROWS_ADD_UP, "sum(P - Y, axis=0)/n"),
        (CLASSIFIER, "dL/dZ1", CLASSES, ROWS_ADD_UP, "(1 - H²)·((P - Y) @ W2.T)/n"),
        (CLASSIFIER, "dL/dW1", CLASSES, ROWS_ADD_UP,
         "(X.T @ ((1 - H²)·((P - Y) @ W2.T)))/n"),
        (CLASSIFIER, "dL/db1", CLASSES, ROWS_ADD_UP,
         "sum((1 - H²)·((P - Y) @ W2.T), axis=0)/n"),
        (REGRESSION, "dL/dw", "X: n d, w: d, y: n", "", "2·(X.T @ (yhat - y))/n"),
        (REGRESSION, "dL/dy", "X: n d, w: d, y: n", "", "-2·(yhat - y)/n"),
        (DENSE, "dL/dV", "x: n, W: m n, b: m, V: k m, t: k", "", "outer(o - t, h)"),
        (DENSE, "dL/dh", "x: n, W: m n, b: m, V: k m, t: k", "", "V.T @ (o - t)"),
        (DENSE, "dL/dW", "x: n, W: m n, b: m, V: k m, t: k", "",
         "outer((z > 0)·(V.T @ (o - t)), x)"),
        (DENSE, "dL/dx", "x: n, W: m n, b: m, V: k m, t: k", "",
         "W.T @ ((z > 0)·(V.T @ (o - t)))"),
        (ATTENTION, "dL/dV", "Q: n d, K: m d, V: m k, G: n k", "", "A.T @ G"),
        (ATTENTION, "dL/dA", "Q: n d, K: m d, V: m k, G: n k", "", "G @ V.T"),
        (ATTENTION, "dL/dS", "Q: n d, K: m d, V: m k, G: n k", "",
         "A·(G @ V.T - column(sum(A·(G @ V.T), axis=1)))"),
        (("f = beta + Omega @ h", "l = sum(g*f)"), "dl/dOmega", "Omega: m n, h: n, beta: m, g: m",
         "", "outer(g, h)"),
    ],
)  # fmt: skip
def test_entries_are_put_together_to_matrices(
    equations: tuple[str, ...], asked: str, shapes: str, assume: str, found: str
) -> None:
    assert in_matrices(equations, asked, shapes, assume) == found


def test_a_gradient_that_is_no_product_of_matrices_has_no_form() -> None:
    shapes = "v: 3, w: 4"
    assert in_matrices(CONVOLUTION, "dR/dv", shapes) is None


# -- recurrences -----------------------------------------------------------------------------


def test_a_recurrence_is_written_out_step_by_step() -> None:
    lines = ("h[0] = 0", "h[t] = tanh(w*x[t] + u*h[t-1]) for t in 1..2", "L = (y - h[2])^2")
    known = define(by_entries([parse_equation(line) for line in lines], {}), first_index=1)
    found = with_indices(Gradient(known, Sym("L")).by(Sym("u")).value)
    assert text(found) == ("-2·(y - h[2])·(1 - h[2]²)·(u·(1 - h[1]²)·h[0] + h[1])")


# -- what cannot be done -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("equations", "asked", "message"),
    [
        (CONVOLUTION, "dR/dq", "'q' is not in the equations; use a name that is"),
        (CONVOLUTION, "dR/dh", "'h' has 1 index, not 0; write h[i]"),
        (CONVOLUTION, "dR/dw[i,j]", "'w' has 1 index, not 2; write w[i]"),
        (CONVOLUTION, "dR/dy[i]", "'y' has no index, not 1"),
        (CONVOLUTION, "dh/dv[j]", "'h' has 1 index, not 0; write h[i]"),
        (SOFTMAX, "dL/dN", "'N' is a size, which nothing is differentiated by"),
        (("z = sum(x[i*i] for i in 1..3)",), "dz/dx[k]",
         "the range of the index of 'x' is not known; state it: shapes: {x: n}"),
        (("z = max(x[i] for i in 1..3)",), "dz/dx[i]",
         "'max' over a range has no derivative as an expression"),
        (("z = nosuch(x)",), "dz/dx", "unknown function 'nosuch'; define it: nosuch(z) = ..."),
        (("z = simgoid(x)",), "dz/dx", "unknown function 'simgoid'; did you mean 'sigmoid'?"),
        (("z = argmax(x)",), "dz/dx", "'argmax' has no form by entries"),
        (("z = a*x", "a = 2"), "dz/dx", "'a' is used before it is defined; move its equation up"),
        (("z = z*x",), "dz/dx", "'z' is defined by itself"),
        (("z = x", "z = 2"), "dz/dx", "'z' is defined twice"),
        (("h[n] = x[n] for n in 1..n",), "dh[n]/dx[n]",
         "the index 'n' runs to an end of the same name; call the index something else"),
    ],
)  # fmt: skip
def test_what_cannot_be_derived_is_said_in_one_sentence(
    equations: tuple[str, ...], asked: str, message: str
) -> None:
    with pytest.raises(EquationError) as raised:
        formula(equations, asked)
    assert str(raised.value) == message


def test_shapes_that_do_not_fit_are_named() -> None:
    with pytest.raises(EquationError) as raised:
        in_matrices(("z = W @ x",), "dz/dx", "W: n m, x: k")
    assert str(raised.value) == "'@' cannot multiply nxm by k"


def test_a_recurrence_over_a_symbolic_range_is_refused() -> None:
    lines = [parse_equation("h[t] = w*h[t-1] for t in 1..T")]
    with pytest.raises(EquationError) as raised:
        by_entries(lines, {})
    assert str(raised.value) == (
        "'h' is written out entry by entry, which needs numbers, not 'T'; "
        "write ranges such as 1..3, or give the sizes values"
    )
