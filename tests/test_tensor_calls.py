"""Calls on arrays in the equation language: what they give, and what is said of wrong ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hwsolve
from hwsolve.errors import InputError, InputErrors

GIVEN = (
    "{x: [1, 2, 3], X: [[1, 2, 3], [4, 5, 6]], T: [[[1, 2], [3, 4]], [[5, 6], [7, 8]]], "
    "K: [[1, 0], [0, 1]], k: [1, 1], b: [1, 2], n: 2, h: 0.5, ids: [0, 2], bad: [0, 5]}"
)


def solved(equation: str, *, more: str = "", find: str = "y") -> Any:
    written = f"kind: graph\ngiven: {GIVEN}\n{more}equations:\n  - 'y = {equation}'\n"
    written += f"{'  - L = sum(y)' if find == 'L' else ''}\nfind: [{find}]\n"
    return hwsolve.solve(hwsolve.loads(written)).answers[0].value


# By hand, from the given values above.
VALUES: list[tuple[str, Any]] = [
    # entries, slices and choices
    ("x[-1] + x[0]", 4),
    ("x[-2:]", [2, 3]),
    ("x[:-1]", [1, 2]),
    ("x[::2]", [1, 3]),
    ("x[::-1]", [3, 2, 1]),
    ("x[2:0:-1]", [3, 2]),
    ("X[:, ::-2]", [[3, 1], [6, 4]]),
    ("X[-1, 1:]", [5, 6]),
    ("X[[1, 0, 1]]", [[4, 5, 6], [1, 2, 3], [4, 5, 6]]),
    ("X[:, ids]", [[1, 3], [4, 6]]),
    ("X[1, ids]", [4, 6]),
    ("X[[0, 1], ids]", [1, 6]),
    ("x[[[0, 1], [2, 2]]]", [[1, 2], [3, 3]]),
    ("T[:, [1, 0], 0]", [[3, 1], [7, 5]]),
    ("X[argmax(x) - 1]", [4, 5, 6]),
    ("gather(X, ids, axis=1)", [[1, 3], [4, 6]]),
    ("embedding(X, [1, 1])", [[4, 5, 6], [4, 5, 6]]),
    ("scatter_add(x, [1, 0, 1], shape=[2])", [2, 4]),
    ("scatter_add(X, [1, 1], shape=[2, 3])", [[0, 0, 0], [5, 7, 9]]),
    # the order of axes
    ("transpose(T, 0, 2, 1)", [[[1, 3], [2, 4]], [[5, 7], [6, 8]]]),
    ("transpose(T, axes=(2, 0, 1))", [[[1, 3], [5, 7]], [[2, 4], [6, 8]]]),
    ("permute(T, (1, 0, 2))", [[[1, 2], [5, 6]], [[3, 4], [7, 8]]]),
    ("swap(T, -1, 0)", [[[1, 5], [3, 7]], [[2, 6], [4, 8]]]),
    ("T.T", [[[1, 5], [3, 7]], [[2, 6], [4, 8]]]),
    ("squeeze(reshape(x, 1, 3, 1))", [1, 2, 3]),
    ("unsqueeze(x, 0) + unsqueeze(k, 1)", [[2, 3, 4], [2, 3, 4]]),
    ("broadcast_to(x, 2, 3)", [[1, 2, 3], [1, 2, 3]]),
    ("flip(X)", [[6, 5, 4], [3, 2, 1]]),
    ("flip(X, axis=0)", [[4, 5, 6], [1, 2, 3]]),
    ("roll(x, 1)", [3, 1, 2]),
    ("roll(X, -1, axis=1)", [[2, 3, 1], [5, 6, 4]]),
    ("repeat(x, 2)", [1, 1, 2, 2, 3, 3]),
    ("repeat(X, [2, 0, 1], axis=1)", [[1, 1, 3], [4, 4, 6]]),
    ("tile(k, 2)", [1, 1, 1, 1]),
    ("tile(x, 2, 2)", [[1, 2, 3, 1, 2, 3], [1, 2, 3, 1, 2, 3]]),
    ("stack(x, 2*x, axis=1)", [[1, 2], [2, 4], [3, 6]]),
    ("concat(X, X, axis=-1)", [[1, 2, 3, 1, 2, 3], [4, 5, 6, 4, 5, 6]]),
    ("concat([x, x])", [1, 2, 3, 1, 2, 3]),
    ("concatenate((X, X), axis=1)", [[1, 2, 3, 1, 2, 3], [4, 5, 6, 4, 5, 6]]),
    ("stack((x, x), axis=1)", [[1, 1], [2, 2], [3, 3]]),
    ("reshape(X, (3, 2))", [[1, 2], [3, 4], [5, 6]]),
    ("zeros((1, 2))", [[0, 0]]),
    ("sort(x[[2, 0, 1]])", [1, 2, 3]),
    ("sort(x, descending=true)", [3, 2, 1]),
    ("argsort([3, 1, 2])", [1, 2, 0]),
    # padding, triangles, diagonals
    ("pad(x, 1)", [0, 1, 2, 3, 0]),
    ("pad(x, [1, 2], value=9)", [9, 1, 2, 3, 9, 9]),
    ("pad(K, [[0, 1], [1, 0]])", [[0, 1, 0], [0, 0, 1], [0, 0, 0]]),
    ("pad(x, 2, mode=reflect)", [3, 2, 1, 2, 3, 2, 1]),
    ("pad(x, 2, mode=edge)", [1, 1, 1, 2, 3, 3, 3]),
    ("pad(x, 2, mode=circular)", [2, 3, 1, 2, 3, 1, 2]),
    ("tril(ones(3, 3))", [[1, 0, 0], [1, 1, 0], [1, 1, 1]]),
    ("triu(X, 1)", [[0, 2, 3], [0, 0, 6]]),
    ("diag(k)", [[1, 0], [0, 1]]),
    ("diag(X)", [1, 5]),
    ("diagonal(X)", [1, 5]),
    ("trace(T[1])", 13),
    ("arange(2, 5)", [2, 3, 4]),
    ("causal_mask(2)", [[1, 0], [1, 1]]),
    # reductions
    ("sum(T, axis=(0, 2))", [14, 22]),
    ("mean(T, axis=[1, 2], keepdims=true)", [[[2.5]], [[6.5]]]),
    ("max(T, axis=(0, 1))", [7, 8]),
    ("min(T, dim=0, keepdim=true)", [[[1, 2], [3, 4]]]),
    ("argmax(X, axis=1)", [2, 2]),
    ("cumsum(x)", [1, 3, 6]),
    ("cumsum(X, axis=0)", [[1, 2, 3], [5, 7, 9]]),
    ("cumsum(x, reverse=true)", [6, 5, 3]),
    ("var(X, axis=1)", [2 / 3, 2 / 3]),
    ("var(X, axis=0, ddof=1)", [4.5, 4.5, 4.5]),
    ("std(x, ddof=1)", 1),
    ("norm([[3, 4], [6, 8]], axis=1)", [5, 10]),
    ("norm(X, p=1, axis=0, keepdims=true)", [[5, 7, 9]]),
    ("norm(X - 4, p=inf)", 3),
    ("logsumexp(log(X), axis=1)", [1.791759469228055, 2.70805020110221]),
    ("prod(X, axis=0)", [4, 10, 18]),
    ("prod(T, axis=(0, 1))", [105, 384]),
    ("prod(X, axis=1, keepdims=true)", [[6], [120]]),
    # products of stacks
    ("T @ k", [[3, 7], [11, 15]]),
    ("k @ T", [[4, 6], [12, 14]]),
    ("T @ X[:, :2]", [[[9, 12], [19, 26]], [[29, 40], [39, 54]]]),
    ("(T == 4) + 2*(T > 6)", [[[0, 0], [0, 1]], [[0, 0], [2, 2]]]),
    ("T if T > 3 else -T", [[[-1, -2], [-3, 4]], [[5, 6], [7, 8]]]),
    # windows
    ("conv(x, k)", [3, 5]),
    ("conv(x, k, padding=1)", [1, 3, 5, 3]),
    ("conv(x, [1, 0])", [1, 2]),
    ("convolve(x, [1, 0])", [2, 3]),
    ("convolve(x, [1, 0], padding=full)", [1, 2, 3, 0]),
    ("conv(x, k, padding=same)", [3, 5, 3]),
    ("conv(x, k, padding=(1, 0))", [1, 3, 5]),
    ("conv(x, k, dilation=2)", [4]),
    ("conv(x, k, 10)", [13, 15]),
    ("conv(X, K)", [[6, 8]]),
    ("conv2d(T, T)", [[204]]),
    ("conv1d(X, [[1, 1], [0, 2]])", [13, 17]),
    ("conv(T, [[[[1]], [[1]]], [[[2]], [[0]]]], b)",
     [[[7, 9], [11, 13]], [[4, 6], [8, 10]]]),
    ("conv(T, [[[[2]]], [[[3]]]], groups=2)", [[[2, 4], [6, 8]], [[15, 18], [21, 24]]]),
    ("conv_transpose(k, x)", [1, 3, 5, 3]),
    ("conv_transpose(k, x, stride=3)", [1, 2, 3, 1, 2, 3]),
    ("conv_transpose(k, x, stride=2, padding=1, output_padding=1)", [2, 4, 2, 3]),
    ("conv_transpose(K, K, 1)", [[2, 1, 1], [1, 3, 1], [1, 1, 2]]),
    ("conv_weight(x, k, size=[2])", [3, 5]),
    ("max_pool(x, 2)", [2]),
    ("max_pool(x, 2, 1)", [2, 3]),
    ("max_pool(x, 2, ceil=true)", [2, 3]),
    ("max_pool(X, (2, 1))", [[4, 5, 6]]),
    ("max_pool1d(X, 2)", [[2], [5]]),
    ("max_pool(T, 2)", [[[4]], [[8]]]),
    ("avg_pool(X, 2)", [[3]]),
    ("avg_pool(x, 2, padding=1)", [0.5, 2.5]),
    ("avg_pool(x, 2, padding=1, count_include_pad=false)", [1, 2.5]),
    ("global_avg_pool(T)", [2.5, 6.5]),
    ("global_max_pool(X)", 6),
    ("gap(T, keepdims=true)", [[[2.5]], [[6.5]]]),
    ("adaptive_avg_pool(x, 2)", [1.5, 2.5]),
    ("adaptive_max_pool(X, (1, 2))", [[5, 6]]),
    ("max_unpool([5, 7], x, size=2, stride=1)", [0, 5, 7]),
    ("at_max([5, 7, 9], x, size=2, stride=1)", [7, 9]),
    ("avg_unpool([4], size=2, shape=[3])", [2, 2, 0]),
    ("unfold(X, 2)", [[1, 2], [2, 3], [4, 5], [5, 6]]),
]  # fmt: skip


@pytest.mark.parametrize(("equation", "wanted"), VALUES)
def test_a_call_gives_what_a_hand_gives(equation: str, wanted: Any) -> None:
    found = np.asarray(solved(equation), dtype=float)
    assert found.shape == np.shape(wanted)
    assert np.allclose(found, wanted, rtol=1e-14, atol=0)


@pytest.mark.parametrize(("equation", "wanted"), VALUES)
def test_what_is_printed_of_a_call_means_the_same_when_it_is_read_again(
    equation: str, wanted: Any
) -> None:
    from hwsolve.expr.certify import float_system
    from hwsolve.expr.evaluation import evaluate
    from hwsolve.expr.graph import Graph
    from hwsolve.expr.lower import Lowering
    from hwsolve.expr.notation import text
    from hwsolve.expr.parser import parse_equation

    problem = hwsolve.loads(f"kind: graph\ngiven: {GIVEN}\nequations: [y = x]\n")

    def value(written: str) -> Any:
        lowering = Lowering(Graph())
        for name, given in problem.given.items():
            lowering.define_given(name, given.value, by_entry=False)
        lowering.run([parse_equation(f"y = {written}")])
        graph = lowering.graph
        values = evaluate(graph, float_system(graph))
        target = lowering.names["y"]
        assert isinstance(target, int)
        return values[target], graph, target

    _, graph, node = value(equation)
    # lines of their own are put back into the formula
    graph.labels = {key: label for key, label in graph.labels.items() if graph.rows[key] is None}
    shown = text(graph.expression(node, inside=True))
    again, _, _ = value(shown)
    assert np.allclose(np.asarray(again, dtype=float), wanted, rtol=1e-14, atol=0), shown


FROM_1 = "conventions: {first_index: 1}\n"


@pytest.mark.parametrize(
    ("equation", "wanted"),
    [
        ("x[[3, 1]]", [3, 1]),
        ("X[:, [1, 3]]", [[1, 3], [4, 6]]),
        ("x[1:3:2]", [1, 3]),
        ("x[3:1:-1]", [3, 2, 1]),
        ("x[::-1]", [3, 2, 1]),
        ("repeat(x, 2)", [1, 1, 2, 2, 3, 3]),
        ("sort(x, descending=true)", [3, 2, 1]),
        ("scatter_add(x, [2, 1, 2], shape=[2])", [2, 4]),
    ],
)
def test_arrays_of_indices_and_slices_with_steps_count_from_1_where_the_author_does(
    equation: str, wanted: Any
) -> None:
    assert np.asarray(solved(equation, more=FROM_1)).tolist() == wanted


@pytest.mark.parametrize("system", ["exact: yes\n", "round_steps: 6\n"])
@pytest.mark.parametrize(
    ("equation", "wanted"), [row for row in VALUES if row[0] != "logsumexp(log(X), axis=1)"]
)
def test_a_call_gives_the_same_in_fractions_and_rounded_at_every_step(
    equation: str, wanted: Any, system: str
) -> None:
    found = np.asarray(solved(equation, more=system), dtype=float)
    assert np.allclose(found, wanted, rtol=2e-6, atol=0)


ERRORS = [
    (
        "sum(X, 0)",
        "4:10: 0 is a second value to 'sum' here, not an axis; write sum(..., axis=0)",
    ),
    (
        "mean(X, -1)",
        "4:10: -1 is a second value to 'mean' here, not an axis; write mean(..., axis=-1)",
    ),
    (
        "X[ids > 0]",
        "4:16: an index is a number, not a condition; write x if x > 0 else 0",
    ),
    (
        "conv(X, [[1,0,0],[0,1,0],[0,0,1]])",
        "4:10: conv cannot move 3x3 over 2x3: axis 0 has 2 entries, and the window spans 3; make the window smaller or the padding larger",
    ),
    ("conv(x, K)", "4:10: 'conv' in 2 dimensions cannot take a vector of 3 and a kernel of 2x2"),
    (
        "conv(X, k)",
        "4:10: conv in 1 dimension cannot combine 2x3 with a vector of 2; it takes a vector with a "
        "vector, in x length with out x in x K or (conv1d) in x K; row(k) moves a vector along the "
        "rows of a matrix",
    ),
    (
        "conv(T, [[[[1]]]])",
        "4:10: conv cannot combine 2x2x2 with a kernel of 1x1x1x1: the input has 2 channels, and axis 1 of the kernel has 1; a kernel is out x in x sizes",
    ),
    (
        "conv(T, [[[[1]],[[1]]]], groups=3)",
        "4:10: 3 groups do not divide 2 input channels (2x2x2) and 1 output channels (1x2x1x1)",
    ),
    (
        "conv(T, [[[[1]],[[1]]]], b)",
        "4:10: the bias is a vector of 2, and there is 1 output channel; give one bias for each output channel",
    ),
    ("conv(X, K, stride=0)", "4:10: 'stride=' is 1 or more, not 0"),
    ("conv(X, K, stride=(1, 2, 3))", "4:10: 'stride=' has 3 numbers for 2 axes"),
    ("conv(X, K, padding=-1)", "4:10: 'padding=' is 0 or more, not -1"),
    ("conv(X, K, padding=most)", "4:10: unknown padding 'most'; a number, same, valid or full"),
    ("conv(X, K, strid=2)", "4:10: 'conv' has no setting 'strid'; did you mean 'stride'?"),
    ("conv(X, K, stride=h)", "4:10: 'stride=' is not a whole number"),
    ("conv(X, n)", "4:10: 'conv' works on an array, not on a number"),
    ("conv(X)", "4:10: 'conv' takes 2 to 3 values, not 1"),
    ("conv1d(X, K, dims=2)", "4:10: 'conv1d' has 1 dimension"),
    (
        "conv_transpose(X, K, output_padding=1)",
        "4:10: an output_padding of 1 is not smaller than the stride; it says how many entries were left over, from 0 to stride - 1",
    ),
    (
        "conv_transpose(T, [[[[1]]]])",
        "4:10: conv_transpose cannot combine 2x2x2 with a kernel of 1x1x1x1: the input has 2 channels, the kernel 1 and there is 1 group; its kernel is in x out x sizes",
    ),
    (
        "conv_transpose(X, K, padding=same)",
        "4:10: the padding of a transposed convolution is a number; padding=p takes p entries away from every side",
    ),
    (
        "conv_transpose(k, k, padding=2)",
        "4:10: conv_transpose of a vector of 2 with a vector of 2 has no entries left: the padding takes them all away",
    ),
    ("max_pool(X)", "4:10: 'max_pool' needs the size of its window; write max_pool(x, 2)"),
    (
        "max_pool(X, 4)",
        "4:10: a pooling cannot move 4x4 over 2x3: axis 0 has 2 entries, and the window spans 4; make the window smaller or the padding larger",
    ),
    ("max_pool(X, 0)", "4:10: a window of 0 entries; a size is 1 or more"),
    ("max_pool(X, (1, 2, 3))", "4:10: 'max_pool' along 3 axes cannot take 2x3"),
    (
        "max_pool(X, 2, padding=2)",
        "4:10: a padding of 2 is more than half of a window of 2x2; a window must not lie on padding alone",
    ),
    ("max_pool(x, (2, 2))", "4:10: 'max_pool' along 2 axes cannot take a vector of 3"),
    ("max_pool(X, 2, stride=0)", "4:10: 'stride=' is 2 numbers of 1 or more, or one for all axes"),
    ("max_pool(n, 2)", "4:10: 'max_pool' works on an array, not on a number"),
    (
        "adaptive_avg_pool(X, 5)",
        "4:10: 'adaptive_avg_pool' cannot make 5x5 of 2x3; the result is not larger than the array",
    ),
    (
        "X[ids]",
        "4:11: 'X' has no entry 2; indices here go from 0 to 1; for 1 to n write conventions: {first_index: 1}",
    ),
    ("X[:, bad]", "4:11: 'X' has no entry 5; indices here go from 0 to 2"),
    ("x[h]", "4:12: an index must be a whole number; such as 2, i or i + j - 1"),
    ("x[[0.5, 1]]", "4:11: an index must be a whole number, not 0.5"),
    ("X[ids, :, ids]", "4:11: 'X' takes 2 indices, not 3"),
    ("T[ids, :, ids]", "4:11: arrays of indices must stand next to each other"),
    ("gather(X, ids, axis=3)", "4:10: axis=3 does not exist in 2x3; its axes are 0 and 1"),
    (
        "scatter_add(x, ids)",
        "4:10: 'scatter_add' needs the shape of its result; scatter_add(g, ids, shape=[5, 3])",
    ),
    (
        "transpose(T, 0, 1, 1)",
        "4:10: the axes [0, 1, 1] are not those of 2x2x2 in another order; it has the axes 0, 1, 2",
    ),
    ("swap(X, 0, 2)", "4:10: axes 0 and 2 do not both exist in 2x3"),
    (
        "T @ x",
        "4:12: '@' cannot multiply 2x2x2 by a vector of 3: the left has 2 columns, the right 3 entries; the inner sizes must agree; swap(W, -1, -2) transposes each matrix of a stack",
    ),
    (
        "X @ T",
        "4:12: '@' cannot multiply 2x3 by 2x2x2: the left has 3 columns, the right 2 rows; the inner sizes must agree; swap(W, -1, -2) transposes each matrix of a stack",
    ),
    ("cumsum(X)", "4:10: cumsum of 2x3 needs an axis; axis=0, say"),
    ("sort(X)", "4:10: 'sort' puts a vector in order, not 2x3"),
    (
        "pad(X, [1, 2, 3])",
        "4:10: 'pad' cannot tell the sides of 2x3; a number, one for each axis, or a pair for each axis: pad(x, [[0, 0], [1, 2]])",
    ),
    (
        "pad(X, 1, mode=most)",
        "4:10: unknown mode 'most'; constant, reflect, edge, replicate, circular, wrap",
    ),
    ("pad(x, 3, mode=reflect)", "4:10: axis 0 has 3 entries, too few to reflect"),
    ("repeat(X, 2)", "4:10: 'repeat' of a matrix needs an axis; write axis=0"),
    ("tile(x, 0)", "4:10: 'tile' takes numbers of times of 1 or more"),
    ("tril(x)", "4:10: a triangle is cut out of a matrix, not a vector of 3"),
    ("trace(x)", "4:10: 'trace' takes a matrix; diag(v) makes one of a vector"),
    ("var(X, axis=2)", "4:10: axis=2 does not exist in 2x3; its axes are 0 and 1"),
    ("var(X, axis=(0, 0))", "4:10: axis=[0, 0] names an axis of 2x3 twice"),
    ("var(x, ddof=3)", "4:10: 'var' of 3 entries cannot divide by 0"),
    ("norm(x, p=3)", "4:10: unknown norm p=3; p=1, p=2 or p=inf"),
    ("squeeze(X, axis=0)", "4:10: axis 0 of 2x3 has 2 entries, not 1"),
    ("unsqueeze(X, 5)", "4:10: axis=5 is no place for a new axis in 2x3"),
    ("broadcast_to(X, 2, 4)", "4:10: 2x3 cannot be stretched to 2x4"),
    ("sum(X, axis=(0, 5))", "4:10: axis=5 does not exist in 2x3; its axes are 0 and 1"),
    ("sum(X, axes=0)", "4:10: 'sum' has no setting 'axes'; did you mean 'axis'?"),
    ("x[::0]", "4:11: the step of a slice is not 0"),
    ("x[2:0]", "4:11: the slice does not fit 'x', which has 3 entries"),
    ("x[5:]", "4:11: the slice does not fit 'x', which has 3 entries"),
    ("arange(0)", "4:10: an array needs sizes of 1 or more"),
    ("causal_mask(0)", "4:10: an array needs sizes of 1 or more"),
    ("stack(x, x, axis=3)", "4:10: axis=3 does not exist in 1x3; its axes are 0 and 1"),
    ("flip(x, axis=1)", "4:10: axis=1 does not exist in a vector of 3; its axis is 0"),
    ("conv_weight(X, K)", "4:10: 'conv_weight' needs the size of the kernel; write size=[3, 3]"),
    (
        "conv_weight(X, K, size=[2, 2])",
        "4:10: conv_weight cannot combine 2x3 with 2x2: a kernel of 2x2 has 1x2 places there",
    ),
    ("argmax(X, axis=(0, 1))", "4:10: axis=[0, 1] does not exist in 2x3; its axes are 0 and 1"),
    ("roll(X, 1)", "4:10: 'roll' of a matrix needs an axis; write axis=0"),
    (
        "unfold(X, 4)",
        "4:10: unfold cannot move 4x4 over 2x3: axis 0 has 2 entries, and the window spans 4; make the window smaller or the padding larger",
    ),
    (
        "avg_unpool(k, size=2)",
        "4:10: 'avg_unpool' needs the shape before the pooling; write shape=[4, 4]",
    ),
    (
        "max_unpool(k, x, size=2)",
        "4:10: max_unpool cannot bring a vector of 2 back to a vector of 3: the pooling of that is a vector of 1",
    ),
]


@pytest.mark.parametrize(("equation", "message"), ERRORS)
def test_a_wrong_call_is_named_with_its_place_and_what_is_wrong(
    equation: str, message: str
) -> None:
    with pytest.raises((InputError, InputErrors)) as failure:
        solved(equation)
    assert str(failure.value) == f"<text>:{message}"


UNDEFINED = [
    ("log([[1, 2], [3, 0]])",
     "logarithm of a number that is not positive in entry [1, 1] of y = log([[1, 2], [3, 0]])"),
    ("1/(X - 5)", "division by zero in entry [1, 1] of y = 1/(X - 5)"),
    ("exp(1000*T)", "a number too large to hold in entry [0, 0, 0] of y = exp(1000·T)"),
    ("sqrt(x - 2)", "square root of a negative number in entry [0] of y = sqrt(x - 2)"),
    ("conv(1e200*x, 1e200*x)",
     "a number too large to hold in entry [0] of y = conv(1e+200·x, 1e+200·x)"),
    ("(1e200*X) @ (1e200*X.T)",
     "a number too large to hold in entry [0, 0] of y = (1e+200·X) @ (1e+200·X.T)"),
    ("x[[0, 1] + argmax(x)]", "an index that the array does not have in y = x[[0, 1]+argmax(x)]"),
]  # fmt: skip


@pytest.mark.parametrize(("equation", "message"), UNDEFINED)
def test_the_first_entry_without_a_value_is_named(equation: str, message: str) -> None:
    with pytest.raises(InputError) as failure:
        solved(equation)
    assert str(failure.value) == f"<text>:4:6: {message}"


def test_a_value_of_one_step_too_large_for_floats_is_never_taken_for_0() -> None:
    # y holds 1e400, which 60 digits can hold and a float cannot
    with pytest.raises(InputError, match="too large to hold"):
        solved("(1e200*X) @ (1e200*X.T)", find="L")
