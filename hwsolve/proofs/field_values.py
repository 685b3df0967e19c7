"""A graph evaluated at a point of the finite field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hwsolve.proofs.field import Field, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.expr.graph import Graph


class _FieldArrays:
    """What the rows for arrays ask of a number system."""

    exact = True
    dtype = object

    def __init__(self, field: Field) -> None:
        self.number = field.number

    @staticmethod
    def matmul(left: Any, right: Any) -> Any:
        """The matrix product; numpy adds and multiplies the elements."""
        return left @ right


def field_values(graph: Graph, field: Field, nodes: Sequence[int], start: list[Any]) -> list[Any]:
    """The values of nodes; `start` holds those of the free variables and is filled in.

    Raises:
        UnsupportedError: where the field has no such operation.
        DegenerateError: where a divisor is 0 at this point.
    """
    arrays = _FieldArrays(field)
    for node in nodes:
        if start[node] is not None:
            continue
        row = graph.rows[node]
        if row is None:
            start[node] = _constant(field, graph.values[node])
            continue
        args = [start[arg] for arg in graph.args[node]]
        settings = dict(graph.attributes[node])
        own = field.own.get(row.name)
        shaped = bool(graph.shapes[node]) or any(graph.shapes[arg] for arg in graph.args[node])
        if not shaped:
            function = own or row.compute
            start[node] = function(field, *args, **({} if own else settings))
        elif own is not None:
            start[node] = _entrywise(own, field, args)
        elif row.name in {"softmax", "log_softmax"}:
            start[node] = _softmax(field, args[0], settings.get("axis", -1), row.name)
        elif row.kink is not None and row.partials is None:
            raise UnsupportedError(row.name)
        else:
            start[node] = row.compute(arrays, *args, **settings)
    return start


def _constant(field: Field, value: Any) -> Any:
    if not isinstance(value, list):
        return field.number(value)
    import numpy as np

    return np.frompyfunc(field.number, 1, 1)(np.array(value, dtype=object))


def _entrywise(own: Any, field: Field, args: list[Any]) -> Any:
    import numpy as np

    return np.frompyfunc(lambda *entries: own(field, *entries), len(args), 1)(*args)


def _softmax(field: Field, x: Any, axis: Any, name: str) -> Any:
    import numpy as np

    powers = np.frompyfunc(field.exp, 1, 1)(x)
    total = powers.sum(axis=axis, keepdims=True)
    if name == "softmax":
        return powers / total
    return x - np.frompyfunc(field.log, 1, 1)(total)
