"""A function of one variable as a graph: its values and its limits."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hwsolve.errors import EquationError
from hwsolve.expr.backward import differentiate
from hwsolve.expr.tree import Expr, Sym
from hwsolve.proofs.evaluating import has_value, system_for, values_at
from hwsolve.proofs.intervals import INFINITY, Interval
from hwsolve.proofs.points import Context, Statement
from hwsolve.proofs.polynomials import simplest
from hwsolve.proofs.reach import Reach

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.expr.parser import Equation

# Operations whose values repeat.
WAVES: Final = frozenset({"sin", "cos"})
FAR: Final = (100, 10**4, 10**8, 10**14)
# Nearer places, for what cannot be evaluated so far out.
NEARER: Final = (50, 100, 200, 400)
SETTLED: Final = Fraction(1, 10**12)


class Found(NamedTuple):
    """A number that was found, exact where it is a fraction; `proved` if intervals confirm it.

    `where` says at which x, and is empty for a number that is only approached.
    """

    value: Any
    where: str = ""
    proved: bool = False


class Curve:
    """A function and its slope, as nodes of a graph.

    Args:
        formula: the function.
        variable: its variable.
        equations: functions of one's own that it calls.

    Raises:
        EquationError: if it cannot be read as a graph, or is not a number.
    """

    def __init__(self, formula: Expr, variable: str, equations: Sequence[Equation]) -> None:
        self.formula = formula
        self.variable = variable
        self.context = Context(equations=tuple(equations), first_index=0)
        statement = Statement((formula, Sym(variable)), self.context)
        self.graph = statement.graph
        self.node, self.leaf = statement.sides
        if self.graph.shapes[self.node] or self.graph.has_arrays:
            raise EquationError("a function here is a number that depends on a number")
        others = [leaf for leaf in statement.leaves if leaf != self.leaf]
        if others:
            raise EquationError(
                f"'{statement.name(others[0])}' has no value", hint="give it under 'given'"
            )
        adjoint = differentiate(self.graph, self.node, [self.leaf]).adjoints.get(self.leaf)
        self.slope = self.graph.constant(0) if adjoint is None else adjoint

    # -- values -----------------------------------------------------------------------

    def value(self, node: int, x: Any) -> Any:
        """The value of a node at x as a narrow interval, or None."""
        nodes = self.graph.ancestors([node])
        found = values_at(self.graph, system_for(self.graph, certain=True), nodes, {self.leaf: x})
        return found[node] if has_value(found[node]) else None

    def number(self, node: int, x: float) -> float | None:
        """The value of a node at x as a float, or None."""
        nodes = self.graph.ancestors([node])
        found = values_at(self.graph, system_for(self.graph, certain=False), nodes, {self.leaf: x})
        if has_value(found[node]):
            return float(found[node])
        # floats overflow where 50 digits do not
        certain = self.value(node, Fraction(x))
        if certain is None or certain.high - certain.low > SETTLED:
            return None
        return float(middle_of(certain))

    def over(self, node: int, where: Interval) -> Interval:
        """An interval that holds all values of a node on an interval of x."""
        nodes = self.graph.ancestors([node])
        return Reach(self.graph, nodes, {self.leaf: where}).intervals[node]

    def names(self, node: int) -> set[str]:
        """The operations that a node is made of."""
        rows = (self.graph.rows[each] for each in self.graph.ancestors([node]))
        return {row.name for row in rows if row is not None}

    def limit(self, node: int, side: int) -> Found | None:
        """The limit of a node for x to plus or minus infinity, or None."""
        names = self.names(node)
        if "floor" in names:
            return None  # whole numbers are all that is tried far out
        found = self._limit(node, side, FAR)
        if found is None:
            found = self._limit(node, side, NEARER)
            if found is not None and math.isinf(found.value):
                return None  # four values so near say nothing about growth
        if found is None or not names & WAVES or found.proved:
            return found
        # a wave may show any values at a few places
        return found if math.isinf(found.value) and self._grows(node, side, found) else None

    def _grows(self, node: int, side: int, found: Found) -> bool:
        """Whether intervals say that values far out are large, and have the sign of a limit."""
        outer = self.over(node, beyond(side, FAR[-1]))
        return bool(outer.low > FAR[1] if found.value > 0 else outer.high < -FAR[1])

    def _limit(self, node: int, side: int, places: Sequence[int]) -> Found | None:
        values = [self.value(node, side * far) for far in places]
        if any(value is None for value in values):
            return None
        last = values[-1]
        grown = _growth(values)
        if grown or isinstance(last.low, float) or isinstance(last.high, float):
            return Found(grown * INFINITY) if grown else None
        before, middle = middle_of(values[-2]), middle_of(last)
        if last.high - last.low > SETTLED or abs(middle - before) > Fraction(1, 10**6):
            return None
        near = simplest(middle - SETTLED, middle + SETTLED)
        if near.denominator > FAR[1]:
            return Found(float(middle))
        outer = self.over(node, beyond(side, places[-1]))
        sure = near - SETTLED <= outer.low and outer.high <= near + SETTLED
        return Found(near, proved=bool(sure))


def beyond(side: int, far: Any) -> Interval:
    """All x beyond a number, to the right or to the left."""
    return Interval(far, INFINITY) if side > 0 else Interval(-INFINITY, -far)


def _growth(values: Sequence[Interval]) -> int:
    """1 or -1 where values grow or fall in steps that do not get smaller, else 0."""
    for sign in (1, -1):
        lows = [value.low if sign > 0 else -value.high for value in values]
        if any(isinstance(low, float) for low in lows):
            continue
        steps = [after - before for before, after in pairwise(lows)]
        # beyond some number only that exp is larger is known
        endless = any(isinstance(end, float) for value in values for end in (value.low, value.high))
        follows = (after >= before or (endless and after == 0) for before, after in pairwise(steps))
        if steps[0] > 0 and all(follows):
            return sign
    return 0


def middle_of(value: Interval) -> Fraction:
    """The middle of an interval with two ends."""
    return (Fraction(value.low) + Fraction(value.high)) / 2
