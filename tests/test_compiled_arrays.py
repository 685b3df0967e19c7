"""Compiled programs on arrays: what is computed, where it lies, how much memory it takes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import hwsolve
from hwsolve.expr.compiled import Compiled
from hwsolve.expr.compiled_erf import erf
from hwsolve.expr.compiled_memory import Layout, Plan, part_of, reshaped, row_major
from hwsolve.expr.compiled_program import Program, program
from hwsolve.expr.graph import Graph
from hwsolve.expr.operations import OPERATIONS
from hwsolve.expr.tensors import TENSORS
from hwsolve.expr.tree import Sym

if TYPE_CHECKING:
    from collections.abc import Callable


def layered(layers: int, width: int = 64) -> Graph:
    """tanh(2*x) again and again; node 0 is given."""
    graph = Graph()
    node = graph.given([1.0] * width, Sym("x"))
    for _ in range(layers):
        node = graph.emit(OPERATIONS["mul"], (graph.constant(2), node))
        node = graph.emit(OPERATIONS["tanh"], (node,))
    graph.emit(TENSORS["sum"], (node,))
    return graph


def workspace(graph: Graph, *wanted: int) -> int:
    """The bytes that a graph's arrays take."""
    return Plan(program(graph, wanted or [len(graph) - 1]), 8).size


def test_what_dies_is_overwritten() -> None:
    # one array of 64 numbers of 8 bytes, however many operations follow each other
    assert workspace(layered(1)) == workspace(layered(50)) == 64 * 8


def test_what_is_needed_later_is_kept() -> None:
    graph = Graph()
    x = graph.given([1.0] * 64, Sym("x"))
    kept = [graph.emit(OPERATIONS["exp"], (x,))]
    for _ in range(9):
        kept.append(graph.emit(OPERATIONS["tanh"], (kept[-1],)))
    total = kept[0]
    for node in kept[1:]:
        total = graph.emit(OPERATIONS["mul"], (node, total))
    graph.emit(TENSORS["sum"], (total,))
    # the first and the second are the factors of the first product; each other one is too
    assert workspace(graph) <= 11 * 64 * 8
    assert workspace(graph) >= 2 * 64 * 8


def test_the_terms_of_a_long_sum_do_not_pile_up() -> None:
    graph = Graph()
    x = graph.given([1.0] * 64, Sym("x"))
    terms = [
        graph.emit(OPERATIONS["mul"], (graph.constant(k), graph.emit(OPERATIONS["exp"], (x,))))
        for k in range(2, 42)
    ]
    graph.emit(TENSORS["sum"], (graph.emit(OPERATIONS["add"], tuple(terms)),))
    # exp(x), the sum so far and one more term
    assert workspace(graph) == 3 * 64 * 8


def test_a_part_is_kept_longer_than_the_whole_that_it_lies_in() -> None:
    graph = Graph()
    x, z = graph.given([1.0] * 64, Sym("x")), graph.given([1.0] * 128, Sym("z"))
    part, other = (graph.emit(OPERATIONS[name], (x,)) for name in ("exp", "sin"))
    whole = graph.emit(TENSORS["concat"], (part, other))
    first = graph.emit(TENSORS["sum"], (whole,))
    # as large as the whole, and needed at the same time as the part
    large = graph.emit(OPERATIONS["tanh"], (graph.emit(OPERATIONS["mul"], (z, first)),))
    second = graph.emit(TENSORS["sum"], (large,))
    third = graph.emit(TENSORS["sum"], (graph.emit(OPERATIONS["mul"], (part, second)),))
    x_now, z_now = np.linspace(-1, 1, 64), np.linspace(0, 0.01, 128)
    found = Compiled(graph, [third])([x_now, z_now])
    total = np.exp(x_now).sum() + np.sin(x_now).sum()
    expected = (np.exp(x_now) * np.tanh(z_now * total).sum()).sum()
    assert found[0] == pytest.approx(expected, rel=1e-13)


def test_a_part_that_also_takes_another_shape() -> None:
    graph = Graph()
    x = graph.given([[1.0, 2.0], [3.0, 4.0]], Sym("x"))
    part, other = (graph.emit(OPERATIONS[name], (x,)) for name in ("exp", "sin"))
    whole = graph.emit(TENSORS["concat"], (part, other), (("axis", 1),))
    flat = graph.emit(TENSORS["reshape"], (part,), (("shape", (4,)),))
    found = Compiled(graph, [whole, flat])([np.array([[0.5, 1.0], [1.5, 2.0]])])
    expected = np.exp([[0.5, 1.0], [1.5, 2.0]])
    np.testing.assert_allclose(found[0][:, :2], expected, rtol=1e-15)
    np.testing.assert_allclose(found[1], expected.ravel(), rtol=1e-15)


def test_parts_of_parts_of_parts() -> None:
    graph = Graph()
    x = graph.given([1.0, 2.0], Sym("x"))
    node = graph.emit(OPERATIONS["exp"], (x,))
    for _ in range(1500):
        one = graph.emit(TENSORS["item"], (node,), (("at", ((0, 1),)),))
        node = graph.emit(TENSORS["concat"], (graph.emit(OPERATIONS["neg"], (one,)), node))
    found = Compiled(graph, [graph.emit(TENSORS["sum"], (node,)), node])([np.log([3.0, 5.0])])
    # 3, -3, 3, ... and the two that it began with
    assert found[0] == pytest.approx(8, rel=1e-12)
    np.testing.assert_allclose(found[1][-4:], [3, -3, 3, 5], rtol=1e-15)


def operations(graph: Graph, *wanted: int) -> list[str]:
    p: Program = program(graph, wanted or [len(graph) - 1])
    return [op for op in p.ops if op not in {"given", "constant"}]


def test_equal_operations_are_done_once() -> None:
    graph = Graph()
    x = graph.given([1.0, 2.0], Sym("x"))
    first = graph.emit(OPERATIONS["exp"], (x,))
    second = graph.emit(OPERATIONS["exp"], (x,))
    graph.emit(OPERATIONS["mul"], (first, second))
    assert operations(graph) == ["exp", "mul"]


def test_what_changes_nothing_is_left_out() -> None:
    graph = Graph()
    x = graph.given([1.0, 2.0], Sym("x"))
    one, half = graph.constant(1), graph.constant(0.5)
    node = graph.emit(OPERATIONS["mul"], (one, x))
    node = graph.emit(OPERATIONS["pow"], (node, one))
    node = graph.emit(OPERATIONS["add"], (graph.constant(0), node))
    node = graph.emit(OPERATIONS["mul"], (half, graph.emit(OPERATIONS["mul"], (half, node))))
    graph.emit(OPERATIONS["identity"], (node,))
    assert operations(graph) == ["mul"]
    assert Compiled(graph, [len(graph) - 1])([np.array([4.0, 8.0])])[0].tolist() == [1, 2]


def test_constants_are_worked_out_before() -> None:
    graph = Graph()
    x = graph.given(3.0, Sym("x"))
    root = graph.emit(OPERATIONS["sqrt"], (graph.constant(64),))
    graph.emit(OPERATIONS["div"], (x, graph.emit(OPERATIONS["add"], (root, graph.constant(2)))))
    assert operations(graph) == ["div"]
    assert Compiled(graph, [len(graph) - 1])([3.0]) == (0.3,)


@pytest.mark.parametrize("numbers", [(1e200, 1e-200, 1e-200), (1e-300, 1e300, 1e200)])
def test_large_and_small_constants_stay_where_they_are(numbers: tuple[float, ...]) -> None:
    graph = Graph()
    x = graph.given([1.0, 2.0], Sym("x"))
    node = x
    for number in numbers:
        node = graph.emit(OPERATIONS["mul"], (graph.constant(number), node))
    quotient = graph.emit(OPERATIONS["div"], (node, graph.constant(numbers[-1])))
    found = Compiled(graph, [node, quotient])([np.array([1e-5, 3e-5])])
    expected = np.array([1e-5, 3e-5])
    for number in numbers:
        expected = number * expected
    np.testing.assert_allclose(found[0], expected, rtol=1e-15)
    np.testing.assert_allclose(found[1], expected / numbers[-1], rtol=1e-15)


def test_a_sum_of_very_many_numbers() -> None:
    graph = Graph()
    given = [graph.given(1.0, Sym(f"x{k}")) for k in range(1000)]
    total = graph.emit(OPERATIONS["add"], tuple(given))
    graph.emit(OPERATIONS["mul"], (total, total))
    for count in (2, 40, 41, 80, 81, 1000):
        few = Graph()
        terms = tuple(few.given(1.0, Sym(f"x{k}")) for k in range(count))
        top = few.emit(OPERATIONS["add"], terms)
        assert Compiled(few, [top])([float(k) for k in range(count)]) == (count * (count - 1) / 2,)
    assert Compiled(graph, [len(graph) - 1])([2.0] * 1000) == (4_000_000,)


SHAPES = [(2, 3, 4), (6, 4), (4, 6), (24,), (2, 12), (3, 8), (1, 24, 1), (2, 3, 2, 2), (2, 3, 4, 1)]


@pytest.mark.parametrize("turn", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (0, 2, 1), (2, 0, 1)])
@pytest.mark.parametrize("shape", SHAPES)
def test_an_array_takes_another_shape_where_numpy_needs_no_copy(
    turn: tuple[int, ...], shape: tuple[int, ...]
) -> None:
    array = np.arange(24.0).reshape(2, 3, 4).transpose(turn)
    layout = Layout("w", 0, array.shape, array.strides)
    found = reshaped(layout, shape)
    expected = array.reshape(shape)
    assert (found is not None) == np.shares_memory(expected, array)
    if found is not None:
        there = np.ndarray(found.shape, float, array.base, 0, found.strides)
        np.testing.assert_array_equal(there, expected)


@pytest.mark.parametrize(
    "at", [(1,), ("all", 2), ((0, 1), (1, 3)), ("all", (2, -1, -2)), ((1, 2), 0, (0, 4, 3))]
)
def test_a_slice_lies_where_that_of_numpy_does(at: tuple[Any, ...]) -> None:
    array = np.arange(24.0).reshape(2, 3, 4)
    found = part_of(Layout("w", 0, array.shape, row_major(array.shape, 8)), at)
    picked: list[Any] = []
    for part in at:
        if part == "all":
            picked.append(slice(None))
        elif isinstance(part, tuple):
            start, end, *step = part
            picked.append(slice(start, None if end < 0 else end, *step))
        else:
            picked.append(part)
    there = np.ndarray(found.shape, float, array, found.offset, found.strides)
    np.testing.assert_array_equal(there, array[tuple(picked)])


def test_the_error_function_is_that_of_the_standard_library() -> None:
    points = np.concatenate(
        [np.linspace(-8, 8, 4001), np.logspace(-300, 1, 301), [0.46875, -0.46875, 0, 6, -6, 27]]
    )
    expected = [math.erf(x) for x in points]
    np.testing.assert_allclose(erf(points), expected, rtol=1e-15)
    assert erf(points.astype(np.float32)).dtype == np.float32


def slowly(function: Callable[[dict[str, Any]], float], values: dict[str, Any], name: str) -> Any:
    """A gradient by central differences."""
    found = np.zeros_like(values[name])
    for at in np.ndindex(found.shape):
        ends = []
        for step in (1e-6, -1e-6):
            moved = {key: np.array(value) for key, value in values.items()}
            moved[name][at] += step
            ends.append(function(moved))
        found[at] = (ends[0] - ends[1]) / 2e-6
    return found


CONVOLUTION = """\
kind: graph
given: {{x: "zeros(2, 3, 7, 6)", k: "zeros(4, {inside}, 3, 2)", b: "zeros(4, 1, 1)"}}
equations:
  - z = conv2d(x, k{options}) + b
  - p = {pool}
  - L = sum(sin(p))
find: [L, p, dL/dx, dL/dk, dL/db]
"""


@pytest.mark.parametrize(
    "options", ["", ", stride=2", ", padding=1", ", stride=[1, 2], padding=[2, 0]", ", dilation=2"]
)
@pytest.mark.parametrize("pool", ["max_pool(tanh(z), 2)", "avg_pool(z*z, 2)", "tanh(z)"])
def test_convolution_and_pooling_of_a_batch(options: str, pool: str) -> None:
    prepared = hwsolve.prepare(CONVOLUTION.format(inside=3, options=options, pool=pool))
    generator = np.random.default_rng(5)
    values = {name: generator.normal(size=shape) for name, shape in prepared.shapes.items()}
    found = prepared.evaluate(values)
    np.testing.assert_allclose(found["L"], np.sin(found["p"]).sum(), rtol=1e-12)
    np.testing.assert_allclose(found["p"], naive(values, options, pool), rtol=1e-11, atol=1e-12)

    def loss(moved: dict[str, Any]) -> float:
        return float(prepared.evaluate(moved)["L"])

    for name in ("k", "b"):
        np.testing.assert_allclose(
            found[f"dL/d{name}"], slowly(loss, values, name), rtol=2e-5, atol=2e-7
        )
    at = (1, 2, 3, 4)
    np.testing.assert_allclose(
        found["dL/dx"][at], slowly(loss, values, "x")[at], rtol=2e-5, atol=2e-7
    )


def naive(values: dict[str, Any], options: str, pool: str) -> Any:
    """The forward pass of CONVOLUTION, entry by entry."""
    x, k, b = values["x"], values["k"], values["b"].ravel()
    stride = (2, 2) if "stride=2" in options else (1, 2) if "stride=[1, 2]" in options else (1, 1)
    pad = (1, 1) if "padding=1" in options else (2, 0) if "padding=[2, 0]" in options else (0, 0)
    far = 2 if "dilation=2" in options else 1
    x = np.pad(x, ((0, 0), (0, 0), (pad[0], pad[0]), (pad[1], pad[1])))
    height = (x.shape[2] - far * 2 - 1) // stride[0] + 1
    width = (x.shape[3] - far - 1) // stride[1] + 1
    z = np.zeros((2, 4, height, width))
    for n, out, row, column in np.ndindex(z.shape):
        z[n, out, row, column] = b[out] + sum(
            k[out, c, i, j] * x[n, c, row * stride[0] + i * far, column * stride[1] + j * far]
            for c in range(3)
            for i in range(3)
            for j in range(2)
        )
    if pool == "tanh(z)":
        return np.tanh(z)
    z = np.tanh(z) if pool.startswith("max") else z * z
    reduce = np.max if pool.startswith("max") else np.mean
    return np.array(
        [[[[reduce(maps[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]) for j in range(width // 2)]
           for i in range(height // 2)] for maps in example] for example in z]
    )  # fmt: skip


def test_a_convolution_of_groups() -> None:
    text = CONVOLUTION.format(inside=1, options=", groups=3", pool="tanh(z)")
    text = text.replace("zeros(4, 1, 3, 2)", "zeros(6, 1, 3, 2)").replace(
        "zeros(4, 1, 1)", "zeros(6, 1, 1)"
    )
    prepared = hwsolve.prepare(text)
    generator = np.random.default_rng(6)
    values = {name: generator.normal(size=shape) for name, shape in prepared.shapes.items()}
    found = prepared.evaluate(values)
    # each group is a convolution of one channel with two kernels
    alone = hwsolve.prepare(
        'kind: graph\ngiven: {x: "zeros(2, 1, 7, 6)", k: "zeros(2, 1, 3, 2)", b: "zeros(2, 1, 1)"}\n'
        "equations:\n  - z = tanh(conv2d(x, k) + b)\n  - L = sum(sin(z))\nfind: [L, dL/dx, dL/dk]\n"
    )
    for group in range(3):
        kernels = slice(2 * group, 2 * group + 2)
        one = alone(x=values["x"][:, [group]], k=values["k"][kernels], b=values["b"][kernels])
        np.testing.assert_allclose(found["dL/dx"][:, [group]], one["dL/dx"], rtol=1e-11)
        np.testing.assert_allclose(found["dL/dk"][kernels], one["dL/dk"], rtol=1e-11)


def test_two_thousand_steps_and_five_hundred_layers() -> None:
    steps = "\n".join(f"  - h{t} = tanh(w @ h{t - 1} + x[{t - 1}])" for t in range(1, 2001))
    text = (
        f'kind: graph\ngiven: {{x: "zeros(2000, 2)", w: "zeros(2, 2)", h0: [0, 0]}}\n'
        f"equations:\n{steps}\n  - L = sum(h2000)\nfind: [L, dL/dw]\n"
    )
    generator = np.random.default_rng(7)
    x, w = generator.normal(size=(2000, 2)), np.array([[0.3, -0.4], [0.5, 0.2]])
    found = hwsolve.prepare(text)(x=x, w=w)
    states = [np.zeros(2)]
    for row in x:
        states.append(np.tanh(w @ states[-1] + row))
    assert found["L"] == pytest.approx(states[-1].sum(), rel=1e-12)
    gradient, upstream = np.zeros((2, 2)), np.ones(2)
    for before, after in zip(states[-2::-1], states[:0:-1], strict=True):
        upstream = upstream * (1 - after**2)
        gradient += np.outer(upstream, before)
        upstream = w.T @ upstream
    np.testing.assert_allclose(found["dL/dw"], gradient, rtol=1e-10)

    layers = "\n".join(f"  - h{n} = relu(W @ h{n - 1} + b)" for n in range(1, 501))
    text = (
        f"kind: graph\ngiven: {{h0: [1, 2], W: [[0.5, 0.4], [0.3, 0.6]], b: [0.1, 0.1]}}\n"
        f"equations:\n{layers}\n  - L = sum(h500)\nfind: [L, dL/db]\n"
    )
    deep = hwsolve.prepare(text)()
    # all is positive, so that the last state is all but the fixed point (1 - W)^-1 b
    inverse = np.linalg.inv(np.eye(2) - np.array([[0.5, 0.4], [0.3, 0.6]]))
    np.testing.assert_allclose(deep["dL/db"], inverse.T @ np.ones(2), rtol=1e-12)
