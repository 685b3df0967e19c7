"""Comparisons proved for all values of the free variables, or left open: never guessed.

Each proof is made of intervals, of exact arithmetic with polynomials, and of case
distinctions at kinks. What has no value somewhere is proved where it has one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from hwsolve.proofs import polynomials as p
from hwsolve.proofs.algebra import Algebra, Atoms, NeedsCaseError, Quotient, Reading
from hwsolve.proofs.calculus import Slopes, by_slopes
from hwsolve.proofs.effort import RANGE, Effort
from hwsolve.proofs.factors import factored
from hwsolve.proofs.kinks import case_key
from hwsolve.proofs.natural import JUMPS
from hwsolve.proofs.orders import Order, same_place
from hwsolve.proofs.quotients import combined
from hwsolve.proofs.reach import ContradictionError, Reach
from hwsolve.proofs.refining import refined
from hwsolve.proofs.signs import RANGES, Constraint, positive

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from hwsolve.expr.graph import Graph
    from hwsolve.proofs.intervals import Interval

# So often a kink is split before a proof by cases is given up.
DEEPEST: Final = 6
ROUNDS: Final = 3

INTERVALS: Final = "interval arithmetic"
FACTORS: Final = "bounds of the factors"
ALGEBRA: Final = "exact algebra"
CASES: Final = "exact algebra, case by case"
ZERO: Final = "zero"
SLOPES: Final = "monotonicity"
ORDER: Final = "order of the entries"


class Test(NamedTuple):
    """A comparison of two nodes; `op` is lt, le, gt, ge, eq or ne."""

    op: str
    left: int
    right: int


class Shown(NamedTuple):
    """A proof.

    Attributes:
        method: what kind of proof it is.
        nodes: the nodes whose intervals it rests on, in order.
        cases: how many cases were told apart.
        how: what showed the sign of the difference, in each of them.
        parts: the two products that were compared factor by factor, as intervals.
        slopes: the pieces on which a difference rises or falls.
        orders: the arrays that have the same order.
    """

    method: str
    nodes: tuple[int, ...] = ()
    cases: int = 1
    how: tuple[str, ...] = ()
    parts: tuple[Interval, Interval] | None = None
    slopes: Slopes | None = None
    orders: tuple[Order, Order] | None = None


class Prover:
    """Proofs about one graph.

    Args:
        graph: the graph.
        leaves: the intervals of its free variables by node.
        conditions: comparisons that hold.
        any_size: whether its shapes stand for every size.
        effort: the work that may go into proofs; endless by default.
        whole: the free variables that are whole numbers.

    Raises:
        ContradictionError: if the conditions contradict each other.
    """

    def __init__(  # noqa: PLR0913  (what is known about a graph)
        self,
        graph: Graph,
        leaves: Mapping[int, Interval],
        conditions: Sequence[Test] = (),
        *,
        any_size: bool = False,
        effort: Effort | None = None,
        whole: Collection[int] = (),
    ) -> None:
        self.graph = graph
        self.every_condition = tuple(conditions)
        self.conditions = [test for test in conditions if test.op != "ne"]
        self.any_size = any_size
        self.effort = effort or Effort()
        self.registry = Atoms(whole)
        self.leaves = dict(leaves)
        self.known: dict[int, Interval] = {}
        every = range(len(graph))
        self.reach = Reach(graph, every, self.leaves, {}, self.registry, any_size=any_size)
        for _ in range(ROUNDS if self.conditions else 0):
            try:
                found = refined(self.reach.algebra, self._constraints(self.reach.algebra))
            except ArithmeticError:
                break  # something has no value anywhere
            if not self._learn(found):
                break

    def _learn(self, found: Mapping[int, Interval]) -> bool:
        """Take over better intervals of atoms; whether there were any."""
        better = {
            number: interval
            for number, interval in found.items()
            if number not in self.known or not self.known[number].same_as(interval)
        }
        if not better:
            return False
        self.known |= better
        for number, interval in better.items():
            key = self.registry.keys[number]
            if key[0] == "leaf":
                self.leaves[key[1]] = interval
        every = range(len(self.graph))
        self.reach = Reach(
            self.graph, every, self.leaves, self.known, self.registry, any_size=self.any_size
        )
        return True

    def _constraints(self, algebra: Algebra) -> list[Constraint]:
        """The conditions as polynomials that are positive, as far as they can be read so."""
        found = []
        for op, left, right in self.conditions:
            difference = combined(algebra.of(right), algebra.of(left), -1)
            sign = None if difference is None else difference.sign()
            if sign is None:
                continue
            if op in {"lt", "le", "eq"}:
                found.append(Constraint(sign, op == "lt"))
            if op in {"gt", "ge", "eq"}:
                found.append(Constraint(p.scaled(sign, -1), op == "gt"))
        return found

    # -- comparisons ----------------------------------------------------------------

    def interval(self, node: int) -> Interval:
        """The interval of a node."""
        return self.reach.intervals[node]

    def prove(self, test: Test) -> Shown | None:
        """A proof of a comparison, or None."""
        op, left, right = test
        if op in {"gt", "ge"}:
            op, left, right = {"gt": "lt", "ge": "le"}[op], right, left
        direct = self._by_intervals(op, left, right)
        if direct is not None:
            return direct
        if op == "ne":
            return self._in_order("lt", left, right) or self._in_order("lt", right, left)
        found = self._equal(left, right) if op == "eq" else self._in_order(op, left, right)
        return found or self._on_both_sides(test)

    def _on_both_sides(self, test: Test) -> Shown | None:
        """A proof for x < y and another for x > y, where a condition says that x != y."""
        apart = next((each for each in self.every_condition if each.op == "ne"), None)
        if apart is None or any(self.graph.shapes[node] for node in apart[1:]):
            return None
        others = [each for each in self.every_condition if each is not apart]
        found: list[Shown] = []
        for op in ("lt", "gt"):
            try:
                prover = Prover(
                    self.graph, self.leaves, [*others, apart._replace(op=op)],
                    any_size=self.any_size, effort=self.effort, whole=self.registry.whole,
                )  # fmt: skip
                shown = prover.prove(test)
            except ContradictionError:
                continue
            if shown is None or shown.slopes is not None or shown.orders is not None:
                return None
            found.append(shown)
        how = dict.fromkeys(way for shown in found for way in shown.how or (RANGES,))
        return Shown(CASES, cases=sum(shown.cases for shown in found), how=tuple(how))

    def _by_intervals(self, op: str, left: int, right: int) -> Shown | None:
        low, high = self.interval(left), self.interval(right)
        nodes = tuple(self.graph.ancestors([left, right]))
        if op == "eq":
            holds = low.is_point and low.same_as(high)
        elif op == "ne":
            holds = low.meet(high) is None
        else:
            holds = low.certainly_below(high, strict=op == "lt")
        return Shown(INTERVALS, nodes) if holds else None

    def _in_order(self, op: str, low: int, high: int) -> Shown | None:
        """A proof that one node is below (`lt`) or at most (`le`) another."""
        strict = op == "lt"
        parts = factored(self.reach.algebra, low, high, strict=strict)
        if parts is not None:
            return Shown(FACTORS, tuple(self.graph.ancestors([low, high])), parts=parts)
        for quotients in (False, True):
            found = self._by_cases(low, high, quotients=quotients, strict=strict)
            if found is not None:
                return found
        slopes = by_slopes(self, low, high, strict=strict)
        return None if slopes is None else Shown(SLOPES, slopes=slopes)

    def _equal(self, left: int, right: int) -> Shown | None:
        orders = same_place(self, left, right)
        if orders is not None:
            return Shown(ORDER, orders=orders)
        for quotients in (False, True):
            found = self._by_cases(left, right, quotients=quotients, strict=None)
            if found is not None:
                return found
        return None

    def _by_cases(
        self, low: int, high: int, *, quotients: bool, strict: bool | None
    ) -> Shown | None:
        """high - low is positive, not negative, or (with `strict` None) 0, in each case."""
        rows = [self.graph.rows[node] for node in self.graph.ancestors([low, high])]
        count, jumps = len(rows), any(row is not None and row.name in JUMPS for row in rows)
        stack: list[tuple[dict[tuple[object, ...], int], tuple[Constraint, ...]]] = [({}, ())]
        leaves = 0
        how: dict[str, None] = {}
        while stack:
            cases, extra = stack.pop()
            if self.effort.over:
                return None
            self.effort.spend(RANGE * count)
            algebra = Algebra(
                self.graph,
                self.registry,
                self.reach.intervals,
                self.known,
                Reading(quotients, cases, self.any_size, jumps),
            )
            try:
                found = self._holds(algebra, (low, high), extra, strict=strict)
                if found is None:
                    return None
                how.setdefault(found)
                leaves += 1
            except NeedsCaseError as kink:
                if len(cases) >= DEEPEST:
                    return None
                inside = kink.inside
                for side in (1, 0, -1) if jumps else (1, -1):
                    chosen = {**cases, case_key(inside): side}
                    stack.append((chosen, (*extra, *_supposed(inside, side, closed=not jumps))))
            except ContradictionError:
                leaves += 1
            except ArithmeticError:
                return None  # something has no value anywhere
        return Shown(ALGEBRA if leaves == 1 else CASES, cases=leaves, how=tuple(how))

    def _holds(
        self,
        algebra: Algebra,
        sides: tuple[int, int],
        extra: Sequence[Constraint],
        *,
        strict: bool | None,
    ) -> str | None:
        """What shows the sign of the difference in one case, or None."""
        constraints = [*extra, *self._constraints(algebra)]
        low, high = algebra.of(sides[0]), algebra.of(sides[1])
        difference = combined(high, low, -1)
        if difference is None:
            return None
        algebra.atoms.update(refined(algebra, constraints))
        if strict is None:
            return ZERO if self._is_zero(algebra, difference, constraints) else None
        sign = difference.sign()
        if not difference.is_poly:
            for factor in (1, -1):
                divisor = p.scaled(difference.bottom, factor)
                if positive(algebra, divisor, constraints, strict=True) is not None:
                    sign = p.scaled(difference.top, factor)
                    break
        return None if sign is None else positive(algebra, sign, constraints, strict=strict)

    def _is_zero(
        self, algebra: Algebra, difference: Quotient, constraints: Sequence[Constraint]
    ) -> bool:
        top = difference.top
        if not top:
            return True
        return all(
            positive(algebra, p.scaled(top, factor), constraints, strict=False) is not None
            for factor in (1, -1)
        )


def _supposed(inside: p.Poly, side: int, *, closed: bool) -> tuple[Constraint, ...]:
    """What a case supposes about the sign of a polynomial; 0 belongs to both where closed."""
    if side == 0:
        return Constraint(inside, strict=False), Constraint(p.scaled(inside, -1), strict=False)
    return (Constraint(p.scaled(inside, side), not closed),)
