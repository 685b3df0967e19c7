"""Where the quantities of a graph lie, for all values of its free variables at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hwsolve.proofs.algebra import Algebra, Atoms, Reading
from hwsolve.proofs.evaluating import CHOOSING
from hwsolve.proofs.intervals import EVERYTHING, Interval
from hwsolve.proofs.natural import EXISTS, RANGES, Site

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hwsolve.expr.graph import Graph

# Longer polynomials are not looked at again: their terms have been added up already.
MOST_TERMS: Final = 60


class ContradictionError(Exception):
    """The conditions leave nothing: no values satisfy all of them."""


class Reach:
    """An interval for each node of a graph, which holds all values that it can have.

    Args:
        graph: the graph.
        nodes: the nodes wanted, with all that they are computed from, in order.
        leaves: the intervals of free variables by node; any real number by default.
        known: intervals of atoms by their number, from conditions.
        registry: the atoms of the graph, where there are some already.
        any_size: whether the shapes stand for every size.

    Attributes:
        intervals: the interval of each node; EVERYTHING for those not wanted.
        algebra: the nodes as polynomials.
        closer: the nodes whose polynomial says more than the range of their operation.

    Raises:
        ContradictionError: if nothing is left.
    """

    def __init__(  # noqa: PLR0913  (what is known about a graph)
        self,
        graph: Graph,
        nodes: Sequence[int],
        leaves: Mapping[int, Interval] | None = None,
        known: Mapping[int, Interval] | None = None,
        registry: Atoms | None = None,
        *,
        any_size: bool = False,
    ) -> None:
        self.graph = graph
        self.nodes = nodes
        self.leaves = leaves or {}
        self.any_size = any_size
        self.closer: set[int] = set()
        self.intervals: list[Interval] = [EVERYTHING] * len(graph)
        self.registry = registry or Atoms()
        reading = Reading(any_size=any_size)
        self.algebra = Algebra(graph, self.registry, self.intervals, known, reading)
        for node in nodes:
            self.intervals[node] = self._interval(node)

    def _interval(self, node: int) -> Interval:
        row = self.graph.rows[node]
        if row is None:
            found = self.leaves.get(node) if self.graph.active[node] else None
            if found is None and not self.graph.active[node]:
                found = constant_interval(self.graph.values[node])
            natural = found or EVERYTHING
        else:
            natural = self._natural(node, row.name)
        self.intervals[node] = natural
        poly = self.algebra.poly(node)
        if len(poly) > MOST_TERMS:
            return natural
        closer = self.algebra.enclosure(poly)
        found = natural.meet(closer)
        if found is None:
            raise ContradictionError
        if row is not None and not found.same_as(natural):
            self.closer.add(node)
        return found.rounded()

    def _natural(self, node: int, name: str) -> Interval:
        """The range of the operation, for intervals of its arguments that are independent."""
        graph = self.graph
        rule = RANGES.get(name)
        if rule is None:
            return EVERYTHING
        args = [self.intervals[arg] for arg in graph.args[node]]
        settings: Any = dict(graph.attributes[node])
        shapes = [graph.shapes[arg] for arg in graph.args[node]]
        try:
            return rule(args, Site(shapes, graph.shapes[node], settings, self.any_size))
        except ArithmeticError:
            # it has no value for any of them, so whatever is said about its values holds
            return EVERYTHING

    def unsafe(self, nodes: Sequence[int]) -> list[int]:
        """Those nodes that may have no value for some values of their arguments."""
        found = []
        for node in nodes:
            row = self.graph.rows[node]
            if row is None:
                continue
            exists = EXISTS.get(row.name)
            # what a number chooses may not be there
            choosing = self.graph.args[node][CHOOSING.get(row.name, slice(0, 0))]
            known = row.name in RANGES and not any(self.graph.active[arg] for arg in choosing)
            args = [self.intervals[arg] for arg in self.graph.args[node]]
            if not known or (exists is not None and not exists(args)):
                found.append(node)
        return found


def constant_interval(value: Any) -> Interval:
    """The interval of a constant, or the smallest that holds all entries of an array."""
    if not isinstance(value, list):
        return Interval.of(value)
    total = constant_interval(value[0])
    for entry in value[1:]:
        total = total.join(constant_interval(entry))
    return total
