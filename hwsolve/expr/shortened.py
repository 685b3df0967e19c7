"""What an equation is shortened to as it is read: the number 1/2, a square without its root."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hwsolve.expr.graph import Graph

# The denominators of fractions that people use as they stand: 1/2, 3/4.
_PLAIN: Final = frozenset({2, 4, 5, 10})
_SQUARE: Final = 2


def simple_fraction(graph: Graph, top: int, bottom: int) -> int | None:
    """The constant 1/2, 3/4: a number that people use as it stands, not a division to be done."""
    above, below = graph.values[top], graph.values[bottom]
    if type(above) is int and type(below) is int and below in _PLAIN:
        if graph.active[top] or graph.active[bottom]:
            return None
        from fractions import Fraction

        return graph.constant(Fraction(above, below))
    return None


def square_of_root(graph: Graph, base: int, exponent: int) -> int | None:
    """The node of x for sqrt(x)^2 where x is a sum of squares: norm(w)^2 needs no root.

    So it has a slope where the norm is 0. A root that has a name keeps it, and one of
    anything else may not exist.
    """
    if graph.values[exponent] != _SQUARE:
        return None
    chain = [base]
    for wanted in ("sqrt", "sum", "pow"):
        row = graph.rows[chain[-1]]
        if row is None or row.name != wanted or chain[-1] in graph.labels:
            return None
        chain.append(graph.args[chain[-1]][0])
    _, total, power, _ = chain
    return total if graph.values[graph.args[power][1]] == _SQUARE else None
