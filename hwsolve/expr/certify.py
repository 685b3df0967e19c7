"""Gradients tested by a method that shares nothing with the derivative rules.

Central differences with one step of Richardson extrapolation use the forward pass
only. Where a step would cross a kink (ReLU, abs, max) it is made smaller; a value
just at a kink has no derivative, and that is said. Where floats cannot decide, the
same differences are taken with 60 digits.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hwsolve.errors import EquationError
from hwsolve.expr.evaluation import evaluate
from hwsolve.expr.systems import FLOATS, Decimals, NumberSystem

if TYPE_CHECKING:
    from collections.abc import Callable

    from hwsolve.expr.graph import Graph

STEPS: Final = (1e-3, 1e-4, 3e-5, 1e-6)
RELATIVE: Final = 1e-6
# A gradient this small against its function is beyond what float differences can tell.
ABSOLUTE: Final = 1e-10
# What a change of the size of the number itself does to its function, at the least.
NOTICED: Final = 1e-12
# Steps of 10^-18 and so on for 60 digits, where those of floats cross a kink.
SMALLER: Final = (18, 29, 40)
# One-sided slopes that differ by less are the same.
SAME: Final = 1e-3
# From so many steps on, compiling them is faster than going through them again and again.
MANY_STEPS: Final = 100


class Finding(NamedTuple):
    """The outcome for one derivative.

    `agrees` is None at a kink, where there is no derivative to compare with; `left`
    and `right` are then the slopes on both sides, if the function has them.
    """

    agrees: bool | None
    difference: float
    numeric: float
    left: float = math.nan
    right: float = math.nan


class Certifier:
    """Tests derivatives of one top by one node after the other.

    Args:
        graph: the graph.
        values: the values of its nodes, in floats.
        top: the node that is differentiated.
        system: floats, or an array system of floats.
    """

    def __init__(self, graph: Graph, values: list[Any], top: int, system: NumberSystem) -> None:
        self.graph = graph
        self.top = top
        self.system = system
        self.order = graph.ancestors([top])
        # what only a test needs was not evaluated so far
        missing = any(values[node] is None for node in self.order)
        self.values = evaluate(graph, system, self.order, start=[*values]) if missing else values
        self.kinks = [node for node in self.order if _has_kink(graph, node)]
        self._exact: Certifier | None = None
        self._below: dict[int, list[int]] = {}
        self._tops: dict[int, Callable[[Any], Any]] | None = None
        self._kinks_below: dict[int, list[int]] = {}

    def test(self, node: int, at: Any, claimed: float) -> Finding:
        """Compare a claimed derivative by a node with differences.

        `at` is () for a scalar, the index of an entry, or an array of the node's
        shape: a direction, and the claim is the derivative along it.
        """
        if node != self.top and not self.below(node):
            # nothing that leads to the top depends on it, and it may have no value at all
            return Finding(claimed == 0, abs(claimed), 0.0)
        size = self._length(node, at)
        before = self._sides(self.values, node)
        best, numeric, crossed = math.inf, math.nan, 0
        for relative in STEPS:
            step = relative * (size or 1.0)
            try:
                found = self._difference(node, at, max(step, 1e-8 * relative), before)
            except (EquationError, ArithmeticError, ValueError):
                continue
            if found is None:
                crossed += 1
                continue
            difference = abs(found - claimed)
            scale = max(abs(found), abs(claimed))
            if difference < best:
                best, numeric = difference, found
            if difference <= RELATIVE * scale:
                return Finding(
                    agrees=True, difference=difference / scale if scale else 0.0, numeric=found
                )
            if difference * max(size, 0.01) <= NOTICED * self._size():
                # a gradient that has all but vanished: 60 digits would agree, but much later
                return Finding(
                    agrees=True, difference=difference / max(scale, self._size()), numeric=found
                )
        if crossed == len(STEPS):
            return self._near_kink(node, at, claimed)
        return self._precise(node, at, claimed, best, numeric)

    def below(self, node: int) -> list[int]:
        """The nodes whose values change with a node, in order."""
        if node not in self._below:
            changed = {node}
            args = self.graph.args
            found = []
            for later in self.order:
                if later in self.graph.held:
                    continue
                if later > node and not changed.isdisjoint(args[later]):
                    changed.add(later)
                    found.append(later)
            self._below[node] = found
        return self._below[node]

    def _shifted(self, node: int, at: Any, step: Any) -> list[Any]:
        """All values after a node (or one entry of it) was moved by a step."""
        start = list(self.values)
        start[node] = self._moved(node, at, step)
        for later in self.below(node):
            start[later] = None
        return evaluate(self.graph, self.system, self.below(node), start=start)

    def _difference(self, node: int, at: Any, step: float, before: list[Any]) -> float | None:
        """The extrapolated central difference, or None where a kink is crossed."""
        slopes = []
        compiled = self._compiled(node)
        for size in (step, step / 2):
            if compiled is not None:
                start, end = self._moved(node, at, -size), self._moved(node, at, size)
                rise = float(compiled(end)) - float(compiled(start))
            else:
                up, down = self._shifted(node, at, size), self._shifted(node, at, -size)
                if self.kinks and not (
                    before == self._sides(up, node) and before == self._sides(down, node)
                ):
                    return None
                start, end = down[node], up[node]
                rise = float(up[self.top] - down[self.top])
            # the step really taken lies between numbers that floats can hold
            taken = 2 * size
            if isinstance(at, tuple):
                taken = end[at] - start[at] if at else end - start
            slopes.append(rise / taken)
        return float(4 * slopes[1] - slopes[0]) / 3

    def _moved(self, node: int, at: Any, step: Any) -> Any:
        """The value of a node after it (or one entry of it) was moved by a step."""
        value = self.values[node]
        if not isinstance(at, tuple):
            return value + step * self.system.number(at)
        if not at:
            return value + step
        moved = value.copy()
        moved[at] = moved[at] + step
        return moved

    def _compiled(self, node: int) -> Callable[[Any], Any] | None:
        """The top as a compiled function of a given array, where many steps lead to it.

        None where steps have to be looked at one by one (kinks, nodes that are held), and
        where the function does not give the value that is known.
        """
        if self.kinks or self.graph.held or not self.graph.shapes[node]:
            return None
        if len(self.below(node)) < MANY_STEPS:
            return None
        if self._tops is None:
            from hwsolve.expr.certify_compiled import tops

            self._tops = tops(self.graph, self.values, self.top)
        return self._tops.get(node)

    def _sides(self, values: list[Any], node: int) -> list[Any]:
        """On which side of its kink each operation below a node is."""
        if not self.kinks:
            return []
        if node not in self._kinks_below:
            self._kinks_below[node] = sorted(set(self.below(node)).intersection(self.kinks))
        graph = self.graph
        sides = []
        for kink in self._kinks_below[node]:
            row = graph.rows[kink]
            if row is not None and row.kink is not None:
                settings = dict(graph.attributes[kink])
                side = row.kink(*[values[arg] for arg in graph.args[kink]], **settings)
                sides.append(side.tolist() if hasattr(side, "tolist") else side)
        return sides

    def _near_kink(self, node: int, at: Any, claimed: float) -> Finding:
        """What there is to say where every step of the floats crosses a kink.

        Next to a kink a smaller step does not cross it and tells the slope; just at one
        there are two slopes, or a jump and none.
        """
        precise = self._with_digits()
        try:
            if precise is None:
                left, right = self.one_sided(node, at, 1e-7)
                return Finding(None, 0.0, math.nan, left, right)
            with precise.system.scope():
                step = precise.system.number(1)
                for power in SMALLER:
                    step = precise.system.number(1) / precise.system.number(10**power)
                    if not precise.crosses(node, at, step):
                        left, right = precise.one_sided(node, at, step)
                        return self._verdict(node, at, (left + right) / 2, claimed)
                left, right = precise.one_sided(node, at, step)
                closer = precise.one_sided(node, at, step / 1000)
        except (EquationError, ArithmeticError, ValueError, TypeError):
            return Finding(None, math.nan, math.nan)
        if _apart(left, closer[0]) or _apart(right, closer[1]):
            return Finding(None, math.nan, math.nan)
        if not _apart(left, right):
            # a kink that the function does not feel, such as that of relu(x)^2 at 0
            found = self._verdict(node, at, left, claimed)
            if found.agrees:
                return found
        return Finding(None, 0.0, math.nan, left, right)

    def crosses(self, node: int, at: Any, step: Any) -> bool:
        """Whether a kink lies within a step to either side."""
        here = self._sides(self.values, node)
        return any(self._sides(self._shifted(node, at, way), node) != here for way in (step, -step))

    def one_sided(self, node: int, at: Any, step: Any) -> tuple[float, float]:
        """The slopes to the left and to the right of the value."""
        here = self.values[self.top]
        right = (self._shifted(node, at, step)[self.top] - here) / step
        left = (here - self._shifted(node, at, -step)[self.top]) / step
        return float(left), float(right)

    def central(self, node: int, at: Any, step: Any) -> float:
        """The central difference, a float only at the end: near a minimum both sides cancel."""
        up = self._shifted(node, at, step)[self.top]
        down = self._shifted(node, at, -step)[self.top]
        return float((up - down) / (2 * step))

    def _precise(self, node: int, at: Any, claimed: float, best: float, numeric: float) -> Finding:
        """The same with 60 digits, where the error of a step of 1e-18 cannot matter."""
        precise = self._with_digits()
        if precise is None or precise.values[node] is None:
            return self._floats_only(claimed, best, numeric)
        try:
            with precise.system.scope():
                step = precise.system.number(1) / precise.system.number(10**18)
                found = precise.central(node, at, step)
        except (EquationError, ArithmeticError, ValueError, TypeError):
            return self._floats_only(claimed, best, numeric)
        return self._verdict(node, at, found, claimed)

    def _verdict(self, node: int, at: Any, found: float, claimed: float) -> Finding:
        """Whether a claim agrees with a derivative by differences of 60 digits."""
        difference = abs(found - claimed)
        scale = max(abs(found), abs(claimed))
        size = self._size()
        if difference > max(ABSOLUTE * size, RELATIVE * scale):
            # at a loss of 0 its size says nothing, its slopes beside the value do
            size = max(size, self._slope_beside(node, at))
        # what floats have lost in the forward pass, the claimed value has lost too
        if difference <= ABSOLUTE * size:
            return Finding(agrees=True, difference=difference / max(scale, size), numeric=found)
        return Finding(difference <= RELATIVE * scale, difference / scale, found)

    def _slope_beside(self, node: int, at: Any) -> float:
        """The larger slope to the points at the first step's distance, 0 if there is none.

        Where a function is flat (a minimum), what a difference of 60 digits leaves out and
        what floats have lost are both to be measured by it.
        """
        try:
            step = STEPS[0] * (self._length(node, at) or 1.0)
            return max(map(abs, self.one_sided(node, at, step)))
        except (EquationError, ArithmeticError, ValueError):
            return 0.0

    def _length(self, node: int, at: Any) -> float:
        """The size of a value, of one entry, or of the largest one."""
        value = self.values[node]
        entry = value[at] if isinstance(at, tuple) and at else value
        return float(abs(entry).max()) if getattr(entry, "shape", ()) else abs(float(entry))

    def _with_digits(self) -> Certifier | None:
        if self._exact is None:
            system: NumberSystem = Decimals()
            if self.graph.has_arrays:
                from hwsolve.expr.arrays import Arrays

                system = Arrays(system)
            try:
                values = evaluate(self.graph, system, self.order)
            except (EquationError, ArithmeticError, ValueError, TypeError):
                return None
            self._exact = Certifier(self.graph, values, self.top, system)
        return self._exact

    def _floats_only(self, claimed: float, best: float, numeric: float) -> Finding:
        scale = max(abs(claimed), abs(numeric), self._size() * 1e-3)
        return Finding(best <= 1e-4 * scale, best / scale if scale else best, numeric)

    def _size(self) -> float:
        return max(1e-30, abs(float(self.values[self.top])))


def _apart(one: float, other: float) -> bool:
    """Whether two one-sided slopes are not the same."""
    return abs(one - other) > SAME * (1 + abs(one))


def _has_kink(graph: Graph, node: int) -> bool:
    row = graph.rows[node]
    return row is not None and row.kink is not None and graph.active[node]


def float_system(graph: Graph) -> NumberSystem:
    """Floats without numpy for scalars, numpy arrays of floats otherwise."""
    if not graph.has_arrays:
        return FLOATS
    from hwsolve.expr.arrays import Arrays

    return Arrays(FLOATS)
