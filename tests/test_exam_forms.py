"""Equations as exams and homework write them: masks, images, one-hot targets, norms, divergences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from test_graph_errors import said
from test_losses import slopes, solved

from hwsolve.problem.reader import read_text
from hwsolve.render.layout import lines
from hwsolve.render.page import Page
from hwsolve.solvers import solve

if TYPE_CHECKING:
    from hwsolve.solution import Solution

IMAGE = [[1, 2, 0], [0, 1, 3], [2, 1, 1]]


def working(given: str, *equations: str, find: str, more: str = "") -> Solution:
    """A solved problem with its working."""
    listed = "".join(f"  - {equation}\n" for equation in equations)
    text = f"kind: graph\ngiven: {given}\nequations:\n{listed}find: [{find}]\n{more}\n"
    return solve(read_text(text))


def printed(solution: Solution) -> list[str]:
    """The printed document without the blanks at the ends of its lines."""
    page = Page(width=100, unicode=True, screen=False)
    return ["".join(text for text, _ in line).rstrip() for line in lines(solution, page)]


# -- masks --------------------------------------------------------------------------------


@pytest.mark.parametrize("hidden", ["-1e9", "-10000", "-999"])
def test_a_mask_that_is_meant_to_be_added_is_not_taken_for_one_of_0_and_1(hidden: str) -> None:
    assert said(f"p = masked_softmax(v, [0, {hidden}, 0])", find="p") == (
        "t.yaml:4:6: a mask has 1 for what counts and 0 for what does not, not "
        f"{float(hidden):g}; a mask of 0 and -1e9 is added to the scores: softmax(S + M), "
        "attention(..., add=M)"
    )


def test_the_mask_of_a_softmax_may_have_its_name_before_it() -> None:
    found = solved("p = masked_softmax(x, mask=m)", "p", x=[0, 5, 0], m=[1, 0, 1])
    assert found["p"] == pytest.approx([0.5, 0, 0.5])


# -- images and batches ---------------------------------------------------------------------


def test_an_image_without_channels_goes_under_several_kernels() -> None:
    found = solved(
        "Y = conv2d(X, K, b); L = sum(Y*G)",
        "Y; dL/dK; dL/db",
        X=IMAGE,
        K=[[[1, 0], [0, 1]], [[0, 1], [1, 0]]],
        b=[1, -1],
        G=[[[1, 0], [0, 0]], [[0, 0], [0, 2]]],
    )
    # by hand: 1 + 1, 2 + 3, 0 + 1, 1 + 1 and 2 + 0, 0 + 1, 1 + 2, 3 + 1, with their biases
    assert found["Y"].tolist() == [[[3, 6], [2, 3]], [[1, 0], [2, 3]]]
    # the window under the first place, and twice the one under the last
    assert found["dL/dK"].tolist() == [[[1, 2], [0, 1]], [[2, 6], [2, 2]]]
    assert found["dL/db"].tolist() == [1, 2]


def test_a_signal_without_channels_goes_under_several_kernels() -> None:
    found = solved("y = conv1d(x, k, stride=2)", "y", x=[1, 2, 3, 4], k=[[1, 1], [1, -1]])
    assert found["y"].tolist() == [[3, 7], [-1, -1]]


def test_kernels_that_fit_no_sequence_are_said_to_be_those_of_an_image() -> None:
    assert said("Y = conv(W, [[[1, 0]], [[0, 1]]])") == (
        "t.yaml:4:10: 'conv' takes 2x1x2 as out x in x length, and axis 0 of 2x3 has 2 channels; "
        "for 2 kernels of 1x2 on one image write conv2d(X, K)"
    )


def test_the_first_axes_of_an_array_may_be_kept_when_it_is_flattened() -> None:
    given = [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]
    found = solved("a = flatten(X, 1); b = flatten(X, start_dim=2)", "a; b", X=given)
    assert found["a"].tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]
    assert found["b"].tolist() == given


def test_a_one_hot_vector_is_made_of_a_class_and_of_each_of_several() -> None:
    found = solved(
        "a = one_hot(k, classes=3); b = one_hot(1, 3); c = one_hot(k, 3, axis=0)",
        "a; b; c",
        k=[0, 2],
    )
    assert found["a"].tolist() == [[1, 0, 0], [0, 0, 1]]
    assert found["b"].tolist() == [0, 1, 0]
    assert found["c"].tolist() == [[1, 0], [0, 0], [0, 1]]


def test_a_one_hot_vector_counts_as_the_author_does() -> None:
    found = solved("a = one_hot([1, 3], classes=3)", "a", "{first_index: 1}", x=1)
    assert found["a"].tolist() == [[1, 0, 0], [0, 0, 1]]


def test_the_means_of_a_batch_are_a_vector_with_an_entry_for_each_column() -> None:
    found = solved("y = batch_norm(X); L = sum(y^3)", "mu; var; dL/dX", X=[[1, 2], [3, 6], [5, 1]])
    assert found["mu"].tolist() == [3, 3]
    assert found["var"] == pytest.approx([8 / 3, 14 / 3])
    assert found["dL/dX"].shape == (3, 2)


# -- signs and words of other languages --------------------------------------------------------


@pytest.mark.parametrize("sign", ["⊙", "∘", "∗", "∙", "·"])
def test_the_signs_of_a_product_entry_by_entry_are_read(sign: str) -> None:
    found = solved(f"y = u {sign} v", "y", u=[1, 2], v=[3, -1])
    assert found["y"].tolist() == [3, -2]


WORDS = [
    ("y = ||v||", "t.yaml:4:10: '|' is not part of the equation language; write norm(x)"),
    ("y = v ⊗ v", "t.yaml:4:12: '⊗' is not part of the equation language; write outer(u, v)"),
    ("y = np.dot(W, v)", "t.yaml:4:10: unknown function 'np.dot'; write dot(...)"),
    ("y = v.sum()", "t.yaml:4:16: 'v.sum()' has no argument; write sum(v)"),
    ("y = W.mean(1)", "t.yaml:4:10: unknown function 'W.mean'; write mean(W, ...)"),
    # PyTorch's takes scores
    ("y = F.cross_entropy(v, x)",
     "t.yaml:4:10: unknown function 'F.cross_entropy'; write cross_entropy_logits(...)"),
    ("y = sigmoid′(x)",
     "t.yaml:4:10: unknown function 'sigmoid''; for the derivative write y = sigmoid(x) and use "
     "dy/dx"),
    ("y = grad(x)", "t.yaml:4:10: unknown function 'grad'; a gradient is used by its name: dL/dw"),
    ("y = len(v)", "t.yaml:4:10: unknown function 'len'; write the size as a number"),
    ("y = norm(W, ord=2)",
     "t.yaml:4:10: 'ord=' of a matrix is a norm that 'norm' does not have; norm(W) is the root of "
     "the sum of all squares"),
    ("y = one_hot(3, 3)",
     "t.yaml:4:10: 'the vector' has no entry 3; indices here go from 0 to 2; for 1 to n write "
     "conventions: {first_index: 1}"),
    ("y = flatten(W, 2)",
     "t.yaml:4:10: 'flatten' cannot keep 2 axes of 2; flatten(X, 1) keeps the first axis"),
    ("y = max_pool(W, 2, size=2, wide=3)",
     "t.yaml:4:10: 'max_pool' has no setting 'wide'; it takes 'size=', 'stride=', 'padding=', "
     "'ceil=', 'dims=' and 'dilation='"),
]  # fmt: skip


@pytest.mark.parametrize(("equation", "message"), WORDS)
def test_a_word_of_another_language_is_answered_with_how_it_is_written_here(
    equation: str, message: str
) -> None:
    assert said(equation) == message


def test_a_product_with_a_transpose_entry_by_entry_is_doubted() -> None:
    given = "{Q: [[1, 2], [3, 4]], K: [[1, 0], [1, 1]]}"
    solution = working(given, "S = Q·Kᵀ", "R = Q @ K.T", find="S")
    assert solution.warnings == (
        "Q·K.T multiplies entry by entry; the product of matrices is Q @ K.T",
    )
    assert np.asarray(solution.answers[0].value).tolist() == [[1, 2], [0, 4]]
    assert not working(given, "S = Q @ Kᵀ", "R = Q*K", find="S, R").warnings


# -- gradients as a student writes them ----------------------------------------------------------


def test_the_square_of_a_norm_needs_no_root_and_has_a_slope_at_zero() -> None:
    found = solved("L = 3*norm(w)^2", "L; dL/dw", w=[0, 0])
    assert found["dL/dw"].tolist() == [0, 0]
    shown = printed(working("{w: [3, 4]}", "L = norm(w)^2/2", find="dL/dw"))
    assert "  L = sum(w²)/2 = sum([3, 4]²)/2 = 12.5" in shown
    assert "  dL/dw = w = [3, 4]" in shown


def test_a_norm_with_a_name_keeps_its_root() -> None:
    shown = printed(working("{w: [3, 4]}", "n = norm(w)", "L = n^2", find="L"))
    assert any(line.startswith("  n = sqrt(sum(w²))") for line in shown)


def test_the_slope_of_a_divergence_is_a_single_quotient() -> None:
    shown = printed(
        working("{p: [0.5, 0.5], y: [0.25, 0.75]}", "L = kl_divergence(p, y)", find="dL/dp")
    )
    assert any(line.startswith("  dL/dp = -y/p ") for line in shown)


@pytest.mark.parametrize("log", ["log", "log2", "log10"])
def test_the_slopes_of_a_logarithm_of_a_quotient_agree_with_differences(log: str) -> None:
    base = {"log": math.e, "log2": 2, "log10": 10}[log]
    a, b = [0.5, 2.0], [1.5, 0.25, 3.0]
    found = solved(
        f"L = sum({log}(column(a)/b)) + sum(a*{log}(a/(1 + a)))", "dL/da; dL/db", a=a, b=b
    )

    def total(a: list[float], b: list[float]) -> float:
        pairs = sum(math.log(one / other, base) for one in a for other in b)
        return pairs + sum(one * math.log(one / (1 + one), base) for one in a)

    assert found["dL/da"] == pytest.approx(slopes(lambda at: total(at, b), a), rel=1e-8)
    assert found["dL/db"] == pytest.approx(slopes(lambda at: total(a, at), b), rel=1e-8)


def test_the_factors_of_a_mean_of_squares_are_one_number() -> None:
    shown = printed(working("{w: [1, 2, 4], t: [0, 1, 1]}", "L = mean((w - t)^2)", find="dL/dw"))
    assert any(line.startswith("  dL/dw = (2/3)·(w - t)") for line in shown)
    found = solved("L = mean((w - t)^2)", "dL/dw", w=[1, 2, 4], t=[0, 1, 1])
    assert found["dL/dw"] == pytest.approx([2 / 3, 2 / 3, 2])


def test_a_matrix_of_upstream_gradients_is_printed_once() -> None:
    shown = printed(
        working("{x: [[1, -2], [3, 4]]}", "y = relu(x)", find="dL/dx",
                more="upstream: {dL/dy: [[1, 2], [3, 5]]}")
    )  # fmt: skip
    at = shown.index("Backward: gradients of L")
    assert shown[at + 1 : at + 3] == ["  dL/dy = [[1, 2],", "           [3, 5]]   (2x2)"]


def test_many_entries_at_a_kink_are_told_of_in_one_warning() -> None:
    solution = working("{X: [[1, 1, 1], [1, 0, 2]]}", "y = sum(max(X, axis=0))", find="dy/dX")
    # the first column is a tie, and no other
    assert len(solution.warnings) == 2
    solution = working("{X: [[1, 1, 1], [1, 1, 2]]}", "y = sum(max(X, axis=0))", find="dy/dX")
    assert solution.warnings == (
        "dy/dX is taken at a kink in 4 entries: [0, 0], [0, 1], [1, 0], ...; what stands there "
        "follows from the convention",
    )
    assert np.asarray(solution.answers[0].value).tolist() == [[0.5, 0.5, 0], [0.5, 0.5, 1]]
