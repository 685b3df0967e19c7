"""The values of a graph's nodes in a number system, and what is said if there is none."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import EquationError
from hwsolve.expr.systems import LongFractionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.expr.graph import Graph
    from hwsolve.expr.systems import NumberSystem

_PROBLEMS: Final = {
    "div": "division by zero",
    "log": "logarithm of a number that is not positive",
    "log2": "logarithm of a number that is not positive",
    "log10": "logarithm of a number that is not positive",
    "xlogy": "logarithm of a number that is not positive",
    "xlog2y": "logarithm of a number that is not positive",
    "xlog10y": "logarithm of a number that is not positive",
    "xdivy": "division by zero",
    "sqrt": "square root of a negative number",
    "pow": "a power that has no value",
    "gather": "an index that the array does not have",
    "scatter_add": "an index that the array does not have",
}

_SILENT: Final = frozenset({"matmul", "conv", "conv_transpose", "conv_weight"})

_SCORES: Final = "a loss of scores (bce_with_logits, ce_logits) has no such limit"
# A message shows this many characters of a formula, and the values of this many names.
LONGEST: Final = 100
MANY: Final = 6


def evaluate(
    graph: Graph,
    system: NumberSystem,
    nodes: Sequence[int] | None = None,
    *,
    start: list[Any] | None = None,
) -> list[Any]:
    """The values of nodes (all by default), in a number system.

    Args:
        graph: the graph.
        system: the number system; an `Arrays` one if the graph has arrays.
        nodes: the nodes wanted, with all that they need, in order.
        start: values of nodes that are not to be computed (None elsewhere).

    Raises:
        EquationError: naming the first step that has no finite value.
    """
    values: list[Any] = [None] * len(graph) if start is None else start
    rows, args, attributes = graph.rows, graph.args, graph.attributes
    finish = system.finish
    node = -1
    with system.scope():
        try:
            for node in range(len(graph)) if nodes is None else nodes:
                if values[node] is not None:
                    continue
                row = rows[node]
                if row is None:
                    values[node] = system.number(graph.values[node])
                elif attributes[node]:
                    terms = [values[arg] for arg in args[node]]
                    values[node] = finish(row.compute(system, *terms, **dict(attributes[node])))
                else:
                    values[node] = finish(row.compute(system, *[values[a] for a in args[node]]))
        except EquationError as error:
            error.equation = graph.origin[node] if error.equation < 0 else error.equation
            raise
        except (ArithmeticError, ValueError) as error:
            _all_finite(graph, values, nodes)
            raise _unfinished(graph, values, node, error) from None
    _all_finite(graph, values, nodes)
    return values


def _all_finite(graph: Graph, values: list[Any], nodes: Sequence[int] | None) -> None:
    """Refuse infinity: a product of floats overflows without an error."""
    isfinite = math.isfinite
    for node in range(len(graph)) if nodes is None else nodes:
        value = values[node]
        if isinstance(value, float) and not isfinite(value):
            raise _unfinished(graph, values, node, OverflowError())
        row = graph.rows[node]
        # products of matrices overflow without an error too
        silent = row is not None and row.name in _SILENT and _is_float_array(value)
        if silent and not isfinite(float(abs(value).max())):
            raise _unfinished(graph, values, node, OverflowError())


def _is_float_array(value: Any) -> bool:
    return bool(getattr(value, "size", 0)) and value.dtype.kind == "f"


def _unfinished(graph: Graph, values: list[Any], node: int, error: Exception) -> EquationError:
    """The error for a step that has no value, with the numbers that it was given."""
    from hwsolve.expr.notation import text

    row = graph.rows[node]
    label = graph.labels.get(node)
    if row is None:
        name = f"'{text(label)}'" if label is not None else "a number here"
        hint = "numbers go up to about 1.8e308"
        return EquationError(f"{name} is too large", hint=hint, equation=graph.origin[node])
    what = _PROBLEMS.get(row.name, "a value that does not exist")
    reason = f"{type(error).__name__} {error}".lower()
    if isinstance(error, LongFractionError):
        what = str(error)
    elif "overflow" in reason:
        what = "a number too large to hold"
    elif "divi" in reason:
        what = _PROBLEMS.get(row.name, "division by zero")
    formula = text(graph.expression(node, inside=True))
    if len(formula) > LONGEST:
        formula = f"{formula[:LONGEST]}..."
    numbers = [
        f"{text(graph.labels[arg])} = {_short(values[arg])}"
        for arg in dict.fromkeys(graph.args[node][:MANY])
        if arg in graph.labels and not graph.shapes[arg]
    ]
    given = f" with {', '.join(numbers)}" if numbers else ""
    shown = f"{text(label)} = {formula}" if label is not None else formula
    where = _entry(graph, values, node) if graph.shapes[node] else ""
    hint = _SCORES if row.name in {"xlogy", "xlog2y", "xlog10y"} else ""
    return EquationError(f"{what} in {where}{shown}{given}", hint=hint, equation=graph.origin[node])


def _entry(graph: Graph, values: list[Any], node: int) -> str:
    """Which entry of an array has no value, as `entry [0, 2] of `, where floats can tell."""
    import numpy as np

    from hwsolve.expr.arrays import Arrays
    from hwsolve.expr.systems import FLOATS

    row = graph.rows[node]
    if row is None:
        return ""
    try:
        args = [np.asarray(values[arg], dtype=float) for arg in graph.args[node]]
        with np.errstate(all="ignore"):
            found = row.compute(Arrays(FLOATS), *args, **dict(graph.attributes[node]))
    except (ArithmeticError, ValueError, TypeError):
        return ""
    wrong = np.argwhere(~np.isfinite(found))
    if not len(wrong):
        return ""
    at = ", ".join(str(part + graph.first_index) for part in wrong[0].tolist())
    return f"entry [{at}] of "


def _short(value: Any) -> str:
    try:
        return f"{float(value):g}"
    except OverflowError:
        return "a number too large to show"
