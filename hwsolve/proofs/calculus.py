"""Comparisons of functions of one variable, by their slopes.

Where a difference does not fall and is not negative at the left end of an interval,
it is not negative on the interval. Slopes are derivatives by the program's own rules,
their signs come from intervals or from their own slopes, and the interval is cut into
pieces where that helps. Other variables may have any value.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hwsolve.expr.backward import differentiate
from hwsolve.expr.operations import OPERATIONS
from hwsolve.proofs import polynomials as p
from hwsolve.proofs.algebra import Algebra, Reading
from hwsolve.proofs.effort import RANGE
from hwsolve.proofs.intervals import INFINITY, Interval
from hwsolve.proofs.natural import JUMPS
from hwsolve.proofs.reach import ContradictionError, Reach

if TYPE_CHECKING:
    from hwsolve.proofs.prover import Prover

PIECES: Final = 60
DEEPEST: Final = 9
ORDERS: Final = 3
VARIABLES: Final = 4


class Piece(NamedTuple):
    """An interval of the variable, and why the difference has its sign there.

    `slope` is 1 where the difference rises, -1 where it falls, 0 where its own range
    says it; `end` is then the end at which it was evaluated.
    """

    where: Interval
    slope: int
    end: Fraction | None


class Slopes(NamedTuple):
    """A proof: the variable (its node) and the pieces of its interval."""

    variable: int
    pieces: tuple[Piece, ...]


def by_slopes(prover: Prover, low: int, high: int, *, strict: bool) -> Slopes | None:
    """The proof that one node is at most (or, if strict, below) another, or None."""
    graph = prover.graph
    if graph.shapes[low] or graph.shapes[high]:
        return None
    before = graph.ancestors([low, high])
    if any(graph.shapes[node] for node in before):
        return None
    names = {row.name for node in before if (row := graph.rows[node]) is not None}
    if names & JUMPS:
        return None
    leaves = [node for node in before if graph.rows[node] is None and graph.active[node]]
    difference = graph.derive(OPERATIONS["sub"], (high, low))
    # with an end to start from there is less to do
    whole = Interval(-INFINITY, INFINITY)
    leaves.sort(key=lambda leaf: prover.leaves.get(leaf, whole).is_everything)
    for leaf in leaves[:VARIABLES]:
        try:
            pieces = _Slopes(prover, difference, leaf).prove(strict=strict)
        except TimeoutError:
            return None
        if pieces is not None:
            return Slopes(leaf, pieces)
    return None


class _Slopes:
    """A difference as a function of one variable."""

    def __init__(self, prover: Prover, difference: int, leaf: int) -> None:
        self.prover = prover
        self.leaf = leaf
        self._known: dict[tuple[Any, ...], Reach] = {}
        self._signs: dict[tuple[Any, ...], Interval] = {}
        self.orders = [difference]
        for _ in range(ORDERS):
            gradient = differentiate(prover.graph, self.orders[-1], [leaf])
            adjoint = gradient.adjoints.get(leaf)
            if adjoint is None:
                break
            self.orders.append(adjoint)

    def prove(self, *, strict: bool) -> tuple[Piece, ...] | None:
        whole = self.prover.leaves.get(self.leaf, Interval(-INFINITY, INFINITY))
        stack = [(whole, 0)]
        found: list[Piece] = []
        while stack:
            where, depth = stack.pop()
            if len(found) + len(stack) > PIECES:
                return None
            try:
                piece = self._piece(where, strict=strict)
            except ContradictionError:
                continue
            if piece is not None:
                found.append(piece)
                continue
            if depth >= DEEPEST or where.is_point:
                return None
            stack += [(half, depth + 1) for half in reversed(_halves(where))]
        return tuple(found)

    def _piece(self, where: Interval, *, strict: bool) -> Piece | None:
        here = self._sign(0, where)
        if here.positive or (here.low >= 0 and not strict):
            return Piece(where, 0, None)
        for slope, end, is_open in (
            (1, where.low, where.low_open),
            (-1, where.high, where.high_open),
        ):
            if isinstance(end, float) or not self._safe(where.join(Interval(end, end))):
                continue
            direction = self._direction(1, where, ORDERS)
            if direction is None or direction[0] != slope:
                continue
            at = self._at(Interval(end, end))
            firm = at.positive or (at.low >= 0 and is_open and direction[1])
            if firm or (at.low >= 0 and not strict):
                return Piece(where, slope, Fraction(end))
        return Piece(where, 0, None) if self._near(where, strict=strict) else None

    def _near(self, where: Interval, *, strict: bool) -> bool:
        """Whether the value in the middle is further from 0 than the slope can lead."""
        if isinstance(where.low, float) or isinstance(where.high, float) or len(self.orders) == 1:
            return False
        if not self._safe(Interval(where.low, where.high)):
            return False
        middle = (Fraction(where.low) + Fraction(where.high)) / 2
        slope = self._reach(1, where).intervals[self.orders[1]]
        if slope.is_everything:
            return False
        found = self._at(Interval(middle, middle)) + slope * (where - middle)
        return found.positive or (found.low >= 0 and not strict)

    def _direction(self, order: int, where: Interval, depth: int) -> tuple[int, bool] | None:  # noqa: PLR0911  (one case after the other)
        """1 or -1 where a derivative is nowhere below or above 0, and whether it is never 0."""
        if order >= len(self.orders):
            return None
        here = self._sign(order, _interior(where))
        if here.low >= 0 or here.high <= 0:
            return 1 if here.low >= 0 else -1, here.positive or here.negative
        if depth == 0:
            return None
        inner = self._direction(order + 1, where, depth - 1)
        if inner is None:
            return None
        for sign, end in ((1, where.low), (-1, where.high)):
            # rising from the left end, or falling towards the right end: not below 0
            if not isinstance(end, float) and self._safe(where.join(Interval(end, end)), order):
                at = self._value(order, Interval(end, end))
                if at is None:
                    continue
                if inner[0] == sign and at.low >= 0:
                    return 1, at.positive or inner[1]
                if inner[0] == -sign and at.high <= 0:
                    return -1, at.negative or inner[1]
        return None

    def _reach(self, order: int, where: Interval) -> Reach:
        prover = self.prover
        key = (order, *where.key())
        known = self._known.get(key)
        if known is None:
            nodes = prover.graph.ancestors([self.orders[order]])
            prover.effort.spend(RANGE * len(nodes))
            if prover.effort.over:
                raise TimeoutError
            leaves = {**prover.leaves, self.leaf: where}
            known = self._known[key] = Reach(prover.graph, nodes, leaves, None, prover.registry)
        return known

    def _sign(self, order: int, where: Interval) -> Interval:
        """An interval with the same signs as a derivative has: its own, or a polynomial's."""
        node = self.orders[order]
        reach = self._reach(order, where)
        here = reach.intervals[node]
        if here.low >= 0 or here.high <= 0:
            return here
        key = (order, *where.key())
        found = self._signs.get(key)
        if found is None:
            written_out = Algebra(
                self.prover.graph,
                self.prover.registry,
                reach.intervals,
                None,
                Reading(quotients=True),
            )
            sign = written_out.of(node).sign()
            found = here if sign is None else written_out.enclosure(sign)
            self._signs[key] = found
        return found

    def _value(self, order: int, at: Interval) -> Interval | None:
        if self._kinked:
            return None  # a slope at a kink is a convention
        return self._reach(order, at).intervals[self.orders[order]]

    def _at(self, at: Interval) -> Interval:
        return self._reach(0, at).intervals[self.orders[0]]

    @property
    def _kinked(self) -> bool:
        rows = (
            self.prover.graph.rows[node] for node in self.prover.graph.ancestors(self.orders[:1])
        )
        return any(row is not None and row.kink is not None for row in rows)

    def _safe(self, where: Interval, order: int = 0) -> bool:
        """Whether the difference (or a derivative) has a value everywhere: it is continuous."""
        reach = self._reach(order, where)
        return not reach.unsafe(reach.nodes)


def _interior(where: Interval) -> Interval:
    if where.is_point:
        return where
    return Interval(where.low, where.high, low_open=True, high_open=True)


def _halves(where: Interval) -> list[Interval]:
    """An interval cut at a simple number; the cut belongs to both."""
    low, high = where.low, where.high
    if low < 0 < high:
        cut = Fraction(0)
    elif isinstance(low, float):
        cut = min(Fraction(-1), 2 * Fraction(high))
    elif isinstance(high, float):
        cut = max(Fraction(1), 2 * Fraction(low))
    else:
        width = Fraction(high) - Fraction(low)
        cut = p.simplest(Fraction(low) + width / 3, Fraction(high) - width / 3)
    return [
        Interval(low, cut, where.low_open),
        Interval(cut, high, high_open=where.high_open),
    ]
