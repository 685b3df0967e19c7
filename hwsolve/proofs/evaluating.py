"""A graph at a point, in a number system, where some of its nodes may have no value."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import EquationError
from hwsolve.expr.systems import FLOATS, NumberSystem
from hwsolve.proofs.intervals import NUMBERS, Interval, NoValueError, UndecidedError
from hwsolve.proofs.natural import EXISTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hwsolve.expr.graph import Graph


class _NoValue:
    """What a node has that has no value, and all that is made from it."""

    def __repr__(self) -> str:
        return "no value"


NO_VALUE: Final = _NoValue()
UNDECIDED: Final = _NoValue()
# Operations in which some arguments say which entries are meant.
CHOOSING: Final = {
    "gather": slice(1, None),
    "scatter_add": slice(1, None),
    "one_hot": slice(0, 1),
    "masked_softmax": slice(1, 2),
}


def values_at(
    graph: Graph, system: NumberSystem, nodes: Sequence[int], point: Mapping[int, Any]
) -> list[Any]:
    """The values of nodes; NO_VALUE where there is none, UNDECIDED where nobody can tell.

    Args:
        graph: the graph.
        system: the number system; one for arrays if the graph has arrays.
        nodes: the nodes wanted, with all that they need, in order.
        point: the values of free variables by node.
    """
    values: list[Any] = [None] * len(graph)
    rows, args, attributes, shapes = graph.rows, graph.args, graph.attributes, graph.shapes
    check = not system.exact
    with system.scope():
        for node in nodes:
            row = rows[node]
            if row is None:
                given = point[node] if node in point else graph.values[node]
                values[node] = system.number(given)
                continue
            terms = _terms(row.name, [values[arg] for arg in args[node]])
            lost = next((term for term in terms if isinstance(term, _NoValue)), None)
            if lost is not None:
                chosen = _chosen(row.name, terms)
                values[node] = lost if chosen is None else chosen
                continue
            try:
                value = row.compute(system, *terms, **dict(attributes[node]))
                value = system.finish(value)
            except (NoValueError, ZeroDivisionError):
                values[node] = NO_VALUE
                continue
            except (ArithmeticError, ValueError, IndexError, EquationError):
                # undecided, or beyond what the digits hold; floats then have no value
                values[node] = NO_VALUE if check else UNDECIDED
                continue
            if not shapes[node] and hasattr(value, "dtype") and hasattr(value, "item"):
                value = value.item()
            if check and not _is_finite(value):
                value = NO_VALUE
            elif not check and not (_is_certain(value) and _exists(row.name, terms)):
                value = UNDECIDED
            values[node] = value
    return values


def _terms(name: str, terms: list[Any]) -> list[Any]:
    """Arguments, with plain numbers in the place of intervals for what chooses entries."""
    if name in CHOOSING:
        chosen = [_number(term) for term in terms[CHOOSING[name]]]
        terms[CHOOSING[name]] = [UNDECIDED if each is None else each for each in chosen]
    return terms


def _number(value: Any) -> Any:
    """The number that an interval is, entry by entry in an array; None where it is none."""
    if getattr(value, "shape", ()):
        import numpy as np

        entries = [_number(entry) for entry in value.ravel()]
        return None if None in entries else np.array(entries, dtype=object).reshape(value.shape)
    if not isinstance(value, Interval):
        return value
    return Fraction(value.low) if value.is_point else None


def _is_certain(value: Any) -> bool:
    """Whether a value is an interval, or an array of intervals: a float is none."""
    if isinstance(value, Interval):
        return True
    return bool(getattr(value, "shape", ())) and all(
        isinstance(entry, Interval) for entry in value.ravel()
    )


def _exists(name: str, terms: Sequence[Any]) -> bool:
    """Whether intervals leave no doubt that an operation has a value."""
    exists = EXISTS.get(name)
    if exists is None:
        return True
    if not any(getattr(term, "shape", ()) for term in terms):
        return exists([Interval.of(term) for term in terms])
    import numpy as np

    together = np.broadcast(*terms)
    return all(exists([Interval.of(entry) for entry in entries]) for entries in together)


def _chosen(name: str, terms: Sequence[Any]) -> Any:
    """The branch that is taken, where the other one has no value."""
    if name != "where" or isinstance(terms[0], _NoValue):
        return None
    try:
        return terms[1] if terms[0] != 0 else terms[2]
    except (UndecidedError, ValueError):  # undecided, or an array of conditions
        return UNDECIDED


def _is_finite(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return bool((abs(value) < math.inf).all()) if getattr(value, "shape", ()) else True


def system_for(graph: Graph, *, certain: bool) -> NumberSystem:
    """Floats, or with `certain` intervals, that the graph can be evaluated in."""
    scalars: NumberSystem = NUMBERS if certain else FLOATS
    if not graph.has_arrays:
        return scalars
    from hwsolve.expr.arrays import Arrays

    return Arrays(scalars)


def has_value(value: Any) -> bool:
    """Whether a value is one."""
    return not isinstance(value, _NoValue)
