"""The values of a graph as floats that are right to their last digit.

Sums and products of decimals are worked out in fractions, so that 0.1 + 0.2 - 0.3 is
0 and a ReLU there is at its kink. Where a function is not rational everything is
worked out with 60 digits, and the floats that come of it are compared with those of a
calculation in ordinary floats.
"""

from __future__ import annotations

import math
from math import prod
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hwsolve.errors import CertificateError, EquationError
from hwsolve.expr.certify import float_system
from hwsolve.expr.evaluation import evaluate
from hwsolve.expr.systems import BRIEF, Decimals, NumberSystem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hwsolve.expr.graph import Graph
    from hwsolve.expr.operations import Shape

# The digits that are kept of what a number near 1 lacks to 1.
BEYOND: Final = 6
# So many entries (and products of matrices) are worked out exactly.
AFFORDABLE: Final = 20_000
CLOSE: Final = 1e-9
MORE_DIGITS: Final = 90
# What is left of numbers 50 digits larger is left of nothing.
NOTHING: Final = 1e-50
_SUMS: Final = (
    "add", "sub", "sum", "sum_to", "mean", "matmul", "cumsum", "scatter_add", "conv",
    "conv_transpose", "conv_weight", "avg_pool",
)  # fmt: skip

# How many products go into one entry of a result, by the shapes of the arguments.
_PRODUCTS: Final[dict[str, Callable[[list[Shape]], int]]] = {
    "matmul": lambda shapes: shapes[0][-1],
    "conv": lambda shapes: prod(shapes[1]),
    "conv_transpose": lambda shapes: prod(shapes[1]),
    "conv_weight": lambda shapes: prod(shapes[1]),
}


class Values(NamedTuple):
    """The values of nodes, by node (None where not wanted), and how they were found.

    Attributes:
        floats: the values; arrays for nodes with a shape.
        method: "fractions", "digits" (60 of them) or "floats".
        worst: the largest difference to ordinary floats, relative to the numbers that
            a value was made from.
        remark: what a reader should know, or nothing.
        saturated: numbers so near to 1 or -1 that a float cannot tell them from it, by
            node: decimals with six digits behind the nines.
    """

    floats: list[Any]
    method: str
    worst: float = 0.0
    remark: str = ""
    saturated: Mapping[int, Any] = {}


def worked_out(graph: Graph, wanted: list[int]) -> Values:
    """The values of nodes, as exactly as their number allows.

    Raises:
        EquationError: naming the first step that has no value.
        CertificateError: if calculations with more and more digits do not agree.
    """
    if _cost(graph, wanted) > AFFORDABLE:
        remark = "the values were calculated in floats only: the problem is large"
        return Values(evaluate(graph, float_system(graph), wanted), "floats", remark=remark)
    failure: EquationError | None = None
    brief: list[Any] = []
    try:
        brief = evaluate(graph, _arrays(graph, BRIEF), wanted)
    except EquationError as error:
        failure = error
    if failure is None and not any(_has_float(brief[node]) for node in wanted):
        return Values([_as_float(value) for value in brief], "fractions")
    try:
        precise = evaluate(graph, _arrays(graph, Decimals()), wanted)
    except (EquationError, ArithmeticError, ValueError, TypeError):
        if failure is not None:
            raise failure from None
        remark = "the values were calculated in floats only: 60 digits overflow"
        return Values([_as_float(value) for value in brief], "floats", remark=remark)
    sizes = _magnitudes(graph, precise, wanted)
    floats: list[Any] = [None] * len(graph)
    for node in wanted:
        row = graph.rows[node]
        # only a sum can leave something over of numbers that cancel
        sums = row is not None and row.name in _SUMS
        # beside a number that no float holds, it cannot be told what is nothing
        beside = sizes[node] if sums and sizes[node] < math.inf else 0.0
        floats[node] = _as_float(precise[node], beside)
    if failure is not None and not all(_is_finite(floats[node]) for node in wanted):
        raise failure
    worst = 0.0
    if failure is None:
        worst = max(_apart(brief[node], floats[node], sizes[node]) for node in wanted)
    if failure is not None or worst > CLOSE:
        _confirm(graph, wanted, precise, sizes)
        remark = "floats alone would lose digits here: the values were calculated with 60 digits"
        return Values(floats, "digits", min(worst, CLOSE), remark, _saturated(floats, precise))
    return Values(floats, "digits", worst)


def _saturated(floats: list[Any], precise: list[Any]) -> dict[int, Any]:
    """The decimals that a float makes 1 or -1, by node: `1 - sigmoid(40)` is not 0."""
    from decimal import Context, Decimal

    found: dict[int, Any] = {}
    for node, value in enumerate(floats):
        exact = precise[node]
        if isinstance(value, float) and abs(value) == 1 and isinstance(exact, Decimal):
            left = 1 - abs(exact)
            if left:
                found[node] = Context(prec=BEYOND - left.adjusted()).plus(exact)
    return found


def _cost(graph: Graph, wanted: list[int]) -> int:
    """The entries to be worked out, and the products in matrix products."""
    total = 0
    for node in wanted:
        shape = graph.shapes[node]
        size = prod(shape)
        row = graph.rows[node]
        if row is not None and row.name in _PRODUCTS:
            size *= _PRODUCTS[row.name]([graph.shapes[arg] for arg in graph.args[node]])
        total += size
        if total > AFFORDABLE:
            break
    return total


def _arrays(graph: Graph, scalars: NumberSystem) -> NumberSystem:
    if not graph.has_arrays:
        return scalars
    from hwsolve.expr.arrays import Arrays

    return Arrays(scalars)


def _has_float(value: Any) -> bool:
    if getattr(value, "shape", ()):
        return any(isinstance(entry, float) for entry in value.ravel())
    return isinstance(value, float)


def _is_finite(value: Any) -> bool:
    if getattr(value, "shape", ()):
        return bool((abs(value) < math.inf).all())
    return math.isfinite(value)


def _as_float(value: Any, size: float = 0.0) -> Any:
    """A value (or array) as floats; what is nothing beside the numbers it came from is 0."""
    if value is None:
        return None
    if getattr(value, "shape", ()):
        import numpy as np

        floats = value.astype(float)
        return np.where(np.abs(floats) <= NOTHING * size, 0.0, floats) if size else floats
    number = float(value)
    return 0.0 if abs(number) <= NOTHING * size else number


def _magnitudes(graph: Graph, values: list[Any], wanted: list[int]) -> dict[int, float]:
    """The size of the largest number that each value was made from, up to its name."""
    sizes: dict[int, float] = {}
    for node in wanted:
        value = values[node]
        size = float(abs(value).max()) if getattr(value, "shape", ()) else abs(float(value))
        sizes[node] = max([size, *[sizes[arg] for arg in graph.args[node]]])
    return sizes


def _apart(one: Any, other: Any, size: float) -> float:
    """The largest difference of two values, relative to the numbers they are made of."""
    if getattr(one, "shape", ()):
        import numpy as np

        difference = float(np.abs(one.astype(float) - other).max()) if one.size else 0.0
    else:
        difference = abs(float(one) - float(other))
    return difference / max(size, 1e-300) if difference else 0.0


def _confirm(graph: Graph, wanted: list[int], precise: list[Any], sizes: dict[int, float]) -> None:
    """Where floats and 60 digits disagree, 90 digits have to agree with the 60."""
    again = evaluate(graph, _arrays(graph, Decimals(digits=MORE_DIGITS)), wanted)
    for node in wanted:
        if _apart(precise[node], _as_float(again[node]), sizes[node]) > CLOSE:
            raise CertificateError(
                f"no answer for {_owner(graph, node)}: 60 and 90 digits are not enough to tell it"
            )


def _owner(graph: Graph, node: int) -> str:
    from hwsolve.expr.notation import text

    while node not in graph.labels and node + 1 < len(graph):
        node += 1
    return text(graph.labels[node]) if node in graph.labels else "a step"
