"""Compiled graphs against evaluation step by step: random graphs over the whole table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_graphs import NAMES, system_for
from tensor_cases import TENSOR_CASES

from hwsolve.errors import EquationError
from hwsolve.expr.backward import differentiate
from hwsolve.expr.compiled import Compiled
from hwsolve.expr.evaluation import evaluate
from hwsolve.expr.graph import Graph
from hwsolve.expr.operations import OPERATIONS
from hwsolve.expr.tensors import TENSORS
from hwsolve.expr.tree import Sym

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.expr.operations import Shape

NUMBERS = st.one_of(
    st.integers(-4000, 4000).map(lambda n: n / 1000),
    st.sampled_from([0.0, 1.0, -1.0, 2.0, 0.5, 100.0, -700.0, 1e200, -1e200, 1e-200]),
)
# What numpy calculates with other functions than Python does agrees to some last digits.
CLOSE = 1e-12
SHAPES: tuple[Shape, ...] = ((), (3,), (2, 3), (3, 2), (2, 1), (1, 3), (3, 3))


class Drawn(NamedTuple):
    """A graph with its given nodes, and other values for them than the graph's own."""

    graph: Graph
    given: list[int]
    wanted: list[int]
    values: list[Any]


def step_by_step(drawn: Drawn) -> list[tuple[Any, float]] | str:
    """The evaluation without compiling: the wanted values, or the error.

    Beside each value stands the largest number that it was made from: what is left of a
    difference of large numbers has the last digits of those.
    """
    graph = drawn.graph
    start: list[Any] = [None] * len(graph)
    for node, value in zip(drawn.given, drawn.values, strict=True):
        start[node] = value
    try:
        values = evaluate(graph, system_for(graph), graph.ancestors(drawn.wanted), start=start)
    except EquationError as error:
        return str(error)
    sizes: dict[int, float] = {}
    for node in graph.ancestors(drawn.wanted):
        own = np.abs(values[node]).max() if np.size(values[node]) else 0.0
        sizes[node] = max([float(own), *[sizes[arg] for arg in graph.args[node]]])
    return [(values[node], sizes[node]) for node in drawn.wanted]


def agree(drawn: Drawn, dtype: str = "float64", close: float = CLOSE) -> None:
    """Both ways give the same values, or the same error."""
    compiled = Compiled(drawn.graph, drawn.wanted, dtype, drawn.given)
    # the first evaluation is of other numbers: nothing of it may be left
    others = [np.ones_like(value) if np.shape(value) else 1.0 for value in drawn.values]
    compiled_errors(compiled, others)
    failed = compiled_errors(compiled, drawn.values)
    expected = step_by_step(drawn)
    if isinstance(expected, str):
        assert failed == expected
        return
    assert failed is None
    found = compiled(drawn.values)
    for one, (other, size) in zip(found, expected, strict=True):
        assert np.shape(one) == np.shape(other)
        assert np.abs(np.asarray(one) - other).max() <= close * size


def compiled_errors(compiled: Compiled, values: Sequence[Any]) -> str | None:
    try:
        compiled(values)
    except EquationError as error:
        return str(error)
    return None


@st.composite
def scalar_graphs(draw: st.DrawFn) -> Drawn:
    """A few operations of the table on three numbers, and every derivative."""
    graph = Graph({"max_ties": draw(st.sampled_from(["share", "first"]))})
    given = [graph.given(1.0, Sym(name)) for name in NAMES[:3]]
    nodes = [*given, graph.constant(draw(st.sampled_from([0, 1, -1, 2, 3, 0.5, -2.5])))]
    for number in range(draw(st.integers(1, 6))):
        row = OPERATIONS[draw(st.sampled_from(sorted(OPERATIONS)))]
        count = row.arity or draw(st.integers(2, 4))
        args = tuple(draw(st.sampled_from(nodes)) for _ in range(count))
        node = graph.emit(row, args)
        if graph.active[node] and draw(st.booleans()):
            graph.labels[node] = Sym(f"n{number}")
        nodes.append(node)
    top = nodes[-1]
    graph.labels[top] = Sym("y")
    wanted = [top]
    if graph.active[top]:
        wanted += differentiate(graph, top, given).adjoints.values()
    return Drawn(graph, given, wanted, [draw(NUMBERS) for _ in given])


@settings(max_examples=300, deadline=None)
@given(drawn=scalar_graphs())
def test_a_function_of_numbers_gives_what_every_step_gives(drawn: Drawn) -> None:
    agree(drawn)


@pytest.mark.parametrize("name", sorted(OPERATIONS))
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_every_row_on_numbers_and_on_arrays(name: str, data: st.DataObject) -> None:
    row = OPERATIONS[name]
    count = row.arity or 3
    shape = data.draw(st.sampled_from(SHAPES))
    graph = Graph()
    given = [graph.given(nested(shape), Sym(name)) for name in NAMES[:count]]
    result = graph.emit(row, tuple(given))
    graph.labels[result] = Sym("y")
    top = scored(graph, result)
    wanted = [result, *differentiate(graph, top, given).adjoints.values()]
    agree(Drawn(graph, given, wanted, [data.draw(arrays(shape)) for _ in given]))


def nested(shape: Shape) -> Any:
    """Ones in nested lists."""
    return np.ones(shape).tolist()


def scored(graph: Graph, node: int) -> int:
    """A number that every entry of a node has a part in: the sum of entries times 1, 2, 3, ..."""
    shape = graph.shapes[node]
    if not shape:
        return node
    weights = graph.constant((np.arange(1.0, 1 + np.prod(shape)) / 4).reshape(shape).tolist())
    product = graph.emit(OPERATIONS["mul"], (node, weights))
    top = graph.emit(TENSORS["sum"], (product,))
    graph.labels[top] = Sym("L")
    return top


def arrays(shape: Shape) -> st.SearchStrategy[Any]:
    """An array (or a number) of a shape."""
    size = int(np.prod(shape))
    small = st.integers(-3000, 3000).map(lambda n: n / 1000)
    entries = st.lists(small, min_size=size, max_size=size)
    return entries.map(lambda values: np.array(values).reshape(shape) if shape else values[0])


@pytest.mark.parametrize("name", sorted(TENSOR_CASES))
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_every_row_on_whole_arrays(name: str, data: st.DataObject) -> None:
    row = TENSORS[name]
    shapes, attributes = data.draw(st.sampled_from(TENSOR_CASES[name].tried))
    graph = Graph({"max_ties": data.draw(st.sampled_from(["share", "first"]))})
    given = [graph.given(nested(shape), Sym(f"x{k}")) for k, shape in enumerate(shapes)]
    result = graph.emit(row, tuple(given), attributes)
    graph.labels[result] = Sym("y")
    wanted = [result]
    if row.adjoint is not None:
        top = scored(graph, result)
        wanted += differentiate(graph, top, given).adjoints.values()
    agree(Drawn(graph, given, wanted, [data.draw(arrays(shape)) for shape in shapes]))


@st.composite
def array_graphs(draw: st.DrawFn) -> Drawn:
    """Operations on arrays in each other: products, slices, sums, shapes, parts."""
    graph = Graph()
    shapes = [draw(st.sampled_from(SHAPES[1:])) for _ in range(3)]
    given = [
        graph.given(nested(shape), Sym(name)) for name, shape in zip(NAMES, shapes, strict=False)
    ]
    nodes = [*given, graph.constant(2)]
    for number in range(draw(st.integers(2, 9))):
        node = draw(steps(graph, nodes))
        if draw(st.booleans()):
            graph.labels[node] = Sym(f"n{number}")
        nodes.append(node)
    top = scored(graph, nodes[-1])
    graph.labels.setdefault(top, Sym("L"))
    others = draw(st.lists(st.sampled_from(nodes[3:]), max_size=2))
    wanted = [top, *others, *differentiate(graph, top, given).adjoints.values()]
    return Drawn(graph, given, wanted, [draw(arrays(shape)) for shape in shapes])


@st.composite
def steps(  # noqa: C901, PLR0911  (a case for each kind of operation)
    draw: st.DrawFn, graph: Graph, nodes: list[int]
) -> int:
    """One more operation, on nodes whose shapes fit it."""
    node = draw(st.sampled_from(nodes))
    shape = graph.shapes[node]
    kinds = ["unary", "unary", "binary", "binary", "sum of many", "stack"]
    if shape:
        kinds += ["reduction", "transpose", "item", "reshape", "place", "softmax", "concat"]
        kinds += ["matmul"] if len(shape) < 3 else []
    match draw(st.sampled_from(kinds)):
        case "unary":
            names = ["relu", "tanh", "sigmoid", "neg", "abs", "sin", "softplus", "step", "square"]
            name = draw(st.sampled_from(names))
            if name == "square":
                return graph.emit(OPERATIONS["pow"], (node, graph.constant(2)))
            return graph.emit(OPERATIONS[name], (node,))
        case "reduction":
            name = draw(st.sampled_from(["sum", "mean", "max", "min"]))
            axis = draw(st.sampled_from([None, *range(len(shape))]))
            keep = draw(st.booleans())
            found = (
                () if axis is None else (("axis", axis), *((("keepdims", True),) if keep else ()))
            )
            return graph.emit(TENSORS[name], (node,), found)
        case "transpose":
            return graph.emit(TENSORS["transpose"], (node,))
        case "softmax":
            name = draw(st.sampled_from(["softmax", "log_softmax"]))
            return graph.emit(
                TENSORS[name], (node,), (("axis", draw(st.integers(0, len(shape) - 1))),)
            )
        case "item":
            return graph.emit(TENSORS["item"], (node,), (("at", draw(parts(shape))),))
        case "reshape":
            size = int(np.prod(shape))
            wanted = draw(st.sampled_from([(size,), (1, size), (size, 1), shape[::-1]]))
            return graph.emit(TENSORS["reshape"], (node,), (("shape", wanted),))
        case "place":
            whole = (2, *shape)
            part = draw(st.integers(0, 1))
            return graph.emit(TENSORS["place"], (node,), (("shape", whole), ("at", (part,))))
        case "matmul":
            turned = graph.emit(TENSORS["transpose"], (node,))
            pair = (node, turned) if draw(st.booleans()) else (turned, node)
            return graph.emit(TENSORS["matmul"], pair)
        case "stack" | "concat" as name:
            same = [other for other in nodes if graph.shapes[other] == shape]
            joined = tuple(draw(st.lists(st.sampled_from(same), min_size=1, max_size=3)))
            settings = (("axis", draw(st.integers(0, len(shape) - 1))),) if shape else ()
            return graph.emit(TENSORS[name], joined, settings)
        case "sum of many":
            same = [other for other in nodes if graph.shapes[other] == shape]
            terms = tuple(draw(st.lists(st.sampled_from(same), min_size=2, max_size=5)))
            return graph.emit(OPERATIONS["add"], terms)
    others = [other for other in nodes if fits(graph.shapes[other], shape)]
    name = draw(st.sampled_from(["add", "sub", "mul", "maximum", "minimum", "gt", "eq"]))
    return graph.emit(OPERATIONS[name], (node, draw(st.sampled_from(others))))


def fits(one: Shape, other: Shape) -> bool:
    """Whether two shapes go together entry by entry."""
    try:
        np.broadcast_shapes(one, other)
    except ValueError:
        return False
    return True


def parts(shape: Shape) -> st.SearchStrategy[tuple[Any, ...]]:
    """An index: for each axis a number, a range or everything."""
    one = [
        st.one_of(
            st.just("all"), st.integers(0, size - 1), st.just((0, size)), st.just((size - 1, size))
        )
        for size in shape
    ]
    return st.tuples(*one)


@settings(max_examples=400, deadline=None)
@given(drawn=array_graphs())
def test_a_function_of_arrays_gives_what_every_step_gives(drawn: Drawn) -> None:
    agree(drawn)


@settings(max_examples=60, deadline=None)
@given(drawn=array_graphs())
def test_single_precision_gives_about_the_same(drawn: Drawn) -> None:
    single = [np.float32(value) for value in drawn.values]
    rounded = drawn._replace(values=[value.astype(float) for value in single])
    expected = step_by_step(rounded)
    if isinstance(expected, str):
        return
    found = Compiled(drawn.graph, drawn.wanted, "float32", drawn.given)(single)
    for one, (other, _) in zip(found, expected, strict=True):
        # a value near a kink or a tie may fall on the other side of it
        if np.shape(other):
            assert one.dtype == np.float32
        assert np.shape(one) == np.shape(other)
