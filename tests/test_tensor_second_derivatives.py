"""Second derivatives through every row for arrays, against differences of the first ones."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from small_graphs import apply
from tensor_cases import TENSOR_CASES, Shape

from hwsolve.expr.arrays import Arrays
from hwsolve.expr.backward import differentiate
from hwsolve.expr.evaluation import evaluate
from hwsolve.expr.operations import OPERATIONS
from hwsolve.expr.systems import FLOATS
from hwsolve.expr.tensors import TENSORS
from hwsolve.expr.tree import Sym

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.expr.graph import Graph
    from hwsolve.expr.tree import Attributes

TRIED = [
    pytest.param(name, shapes, attributes, id=f"{name}-{shapes}-{dict(attributes)}")
    for name, case in TENSOR_CASES.items()
    if case.differentiable
    for shapes, attributes in case.tried
]


def numbers(shapes: Sequence[Shape], limits: Sequence[int]) -> list[Any]:
    """Different numbers between -2 and 2 for each array, or indices below a limit."""
    source = np.random.default_rng(len(shapes) + sum(map(prod, shapes)))
    spread = source.permutation(sum(map(prod, shapes))) * 0.07 - 1.6
    found, start = [], 0
    for place, shape in enumerate(shapes):
        limit = limits[place] if limits else 0
        part = spread[start : start + prod(shape)]
        start += prod(shape)
        whole = np.argsort(part) % limit if limit else part
        found.append(whole.reshape(shape).tolist())
    return found


def summed_cubes(graph: Graph, result: int) -> int:
    """L = sum(y^3 + y^2), whose slope by y is different for every y."""
    three, two = graph.constant(3), graph.constant(2)
    cube = graph.emit(OPERATIONS["pow"], (result, three))
    total = graph.emit(OPERATIONS["add"], (cube, graph.emit(OPERATIONS["pow"], (result, two))))
    top = graph.emit(TENSORS["sum"], (total,)) if graph.shapes[total] else total
    graph.labels[top] = Sym("L")
    return top


@pytest.mark.parametrize(("name", "shapes", "attributes"), TRIED)
def test_a_gradient_can_be_differentiated_again(
    name: str, shapes: tuple[Shape, ...], attributes: Attributes
) -> None:
    limits = TENSOR_CASES[name].limits
    values = numbers(shapes, limits)
    applied = apply(TENSORS[name], values, attributes)
    graph = applied.graph
    smooth = [node for place, node in enumerate(applied.given) if not (limits and limits[place])]
    top = summed_cubes(graph, applied.result)
    first = differentiate(graph, top, smooth).adjoints
    # where only the largest entries are chosen, nothing is passed on to what chooses them
    smooth = [node for node in smooth if node in first]
    # the gradients weighted and added up: one number whose gradient is H·w
    parts = []
    for node in smooth:
        gradient = graph.term(first[node])
        shape = graph.shapes[node]
        weights = [((7 * k) % 5 - 2) / 4 for k in range(prod(shape))]
        weighted = gradient * graph.term(graph.constant(nested(weights, shape)))
        parts.append(weighted.fn("sum") if weighted.shape else weighted)
    product = sum(parts[1:], start=parts[0]).node
    graph.labels[product] = Sym("directional")
    second = differentiate(graph, product, smooth).adjoints
    system = Arrays(FLOATS)
    here = evaluate(graph, system)
    for node in smooth:
        found = np.broadcast_to(here[second[node]], graph.shapes[node]) if node in second else 0
        for at in list(np.ndindex(*graph.shapes[node]))[:5]:
            sides = []
            for step in (1e-5, -1e-5):
                start: list[Any] = [None] * len(graph)
                moved = np.array(here[node], dtype=float)
                moved[at] += step
                start[node] = moved
                sides.append(evaluate(graph, system, start=start)[product])
            slope = (sides[0] - sides[1]) / 2e-5
            entry = found[at] if isinstance(found, np.ndarray) else found
            assert entry == pytest.approx(slope, rel=1e-6, abs=1e-6)


def nested(entries: Sequence[float], shape: Shape) -> Any:
    return np.array(entries).reshape(shape).tolist()
