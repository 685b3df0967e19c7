"""A claim at concrete sizes: its graph, the numbers that can be chosen, what is compared."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from hwsolve.errors import EquationError
from hwsolve.expr.tree import Apply, Index, Num, Over, Sym, walk
from hwsolve.proofs.built_in import (
    BuiltIn,
    base,
    built_in,
    filled,
    names_in,
    of_domains,
    plain,
    target,
)
from hwsolve.proofs.domains import Domain
from hwsolve.proofs.evaluating import has_value, system_for, values_at
from hwsolve.proofs.intervals import Interval
from hwsolve.proofs.points import Context, Statement
from hwsolve.proofs.prover import Test

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hwsolve.expr.parser import Equation

Point = tuple[Any, ...]


class Claim(NamedTuple):
    """A statement about equations.

    Attributes:
        comparisons: what is claimed, all of it.
        conditions: when it is claimed.
        equations: given values first, then the definitions in order.
        domains: what free variables range over; any real number by default.
        shapes: the shapes of free variables that are arrays; names are symbolic sizes.
        first_index: the number of the first entry of an array.
        conventions: the slopes at kinks, as the graph takes them.
        log_base: what `log` means.
    """

    comparisons: tuple[Apply, ...]
    conditions: tuple[Apply, ...] = ()
    equations: tuple[Equation, ...] = ()
    domains: Mapping[str, Domain] = {}
    shapes: Mapping[str, tuple[int | str, ...]] = {}
    first_index: int = 0
    conventions: Mapping[str, Any] = {}
    log_base: str = "e"

    def sizes(self) -> list[str]:
        """The names of the symbolic sizes: those in shapes, and the ends of ranges."""
        found = [axis for shape in self.shapes.values() for axis in shape if isinstance(axis, str)]
        trees = (*self.comparisons, *self.conditions, *(eq.body for eq in self.equations))
        ends = [
            end
            for tree in trees
            for node in walk(tree)
            if isinstance(node, Over)
            for end in (node.low, node.high)
        ]
        ends += [end for eq in self.equations for loop in eq.loops for end in (loop.low, loop.high)]
        bound = {node.variable for tree in trees for node in walk(tree) if isinstance(node, Over)}
        bound |= {loop.variable for eq in self.equations for loop in eq.loops}
        bound |= {target(equation) for equation in self.equations}
        names = {name for end in ends for name in names_in(end)} - bound
        return list(dict.fromkeys([*found, *sorted(names)]))


class Slot(NamedTuple):
    """A number that can be chosen: a free variable, or an entry of one."""

    node: int
    at: tuple[int, ...]
    name: str
    domain: Domain


class Situation:
    """A claim as a graph.

    Attributes:
        claim: the claim.
        sizes: the value of each symbolic size.
        graph: its graph.
        tests: the comparisons that are claimed.
        conditions: the conditions that are not built in.
        equations: the equations with those that conditions were turned into.
        slots: the numbers to be chosen, those that the claim does not name first.
        numbers: how many numbers are worked out at a point.

    Raises:
        EquationError: if something cannot be read as a graph; `equation` is its number
            among `equations`, or -1 for a comparison.
    """

    def __init__(self, claim: Claim, sizes: Mapping[str, int] | None = None) -> None:
        self.claim = claim
        self.sizes = dict(sizes or {})
        shapes = _shapes(claim, self.sizes)
        inside = _inside(claim, shapes)
        self.equations = (*inside.equations, *claim.equations)
        self.substituted = inside.names
        self.gaps = inside.gaps
        defined = {target(equation) for equation in self.equations}
        compared = (
            *claim.comparisons,
            *inside.conditions,
            *of_domains(claim.domains, defined),
        )
        self.statement = Statement(
            [side for comparison in compared for side in comparison.args],
            Context(
                equations=self.equations,
                sizes=self.sizes,
                shapes=shapes,
                first_index=claim.first_index,
                conventions=claim.conventions,
                log_base=claim.log_base,
            ),
        )
        self.graph = self.statement.graph
        nodes = self.statement.sides
        tests = [
            Test(comparison.op, nodes[2 * number], nodes[2 * number + 1])
            for number, comparison in enumerate(compared)
        ]
        for test, comparison in zip(tests, compared, strict=True):
            self._fit(test, comparison)
        count = len(claim.comparisons)
        self.tests, self.conditions = tests[:count], tests[count:]
        self.order = self.graph.ancestors(nodes)
        self.numbers = sum(prod(self.graph.shapes[node]) for node in self.order)
        self.slots = self._slots()
        self._idle = self._unused()
        self._systems = {
            certain: system_for(self.graph, certain=certain) for certain in (True, False)
        }

    @staticmethod
    def added(claim: Claim) -> tuple[Equation, ...]:
        """The equations that conditions of a claim are turned into; they come first."""
        sizes = dict.fromkeys(claim.sizes(), 2)
        return _inside(claim, _shapes(claim, sizes)).equations

    def _fit(self, test: Test, comparison: Apply) -> None:
        from hwsolve.expr.shapes import broadcast

        shapes = [self.graph.shapes[node] for node in (test.left, test.right)]
        try:
            broadcast(shapes, "the comparison")
        except EquationError as error:
            error.at = comparison.at
            raise

    def _slots(self) -> list[Slot]:
        named = {
            node.name
            for comparison in self.claim.comparisons
            for node in walk(comparison)
            if isinstance(node, Sym)
        }
        found = []
        for leaf in self.statement.leaves:
            name = base(self.graph.labels[leaf])
            domain = self._domain(name)
            places = product(*(range(size) for size in self.graph.shapes[leaf]))
            found += [Slot(leaf, at, name, domain) for at in places]
        return sorted(found, key=lambda slot: slot.name in named)

    def _domain(self, name: str) -> Domain:
        gap = self.gaps.get(name)
        return self.claim.domains.get(name, Domain()) if gap is None else Domain(gap)

    def _unused(self) -> dict[int, Any]:
        """A value of its domain for each free variable that nothing depends on, by node."""
        used = {slot.node for slot in self.slots}
        found: dict[int, Any] = {}
        for leaf, row in enumerate(self.graph.rows):
            if row is None and self.graph.active[leaf] and leaf not in used:
                domain = self._domain(base(self.graph.labels[leaf]))
                found[leaf] = filled(self.graph.shapes[leaf], plain(domain.simplest()))
        return found

    def leaves(self) -> dict[int, Interval]:
        """The interval of each free variable, by node."""
        return {slot.node: slot.domain.hull for slot in self.slots}

    def whole(self) -> set[int]:
        """The free variables that are whole numbers, by node."""
        return {slot.node for slot in self.slots if slot.domain.whole}

    # -- points -----------------------------------------------------------------------

    def start(self, point: Point) -> dict[int, Any]:
        """The values of free variables by node, at a point given by slot."""
        values: dict[int, Any] = dict(self._idle)
        for slot, value in zip(self.slots, point, strict=True):
            if not slot.at:
                values[slot.node] = value
                continue
            here = values.setdefault(slot.node, filled(self.graph.shapes[slot.node], 0))
            for index in slot.at[:-1]:
                here = here[index]
            here[slot.at[-1]] = value
        return values

    def values(
        self, point: Point, *, certain: bool, nodes: Sequence[int] | None = None
    ) -> list[Any]:
        """The values of all nodes that matter, in floats or in certain intervals."""
        wanted = self.order if nodes is None else nodes
        return values_at(self.graph, self._systems[certain], wanted, self.start(point))

    def named(self, point: Point) -> dict[str, Any]:
        """The value of each free name at a point, lists for arrays; 0 for what is not used."""
        found: dict[str, Any] = {}
        entries: dict[str, dict[tuple[int, ...], Any]] = {}
        chosen = self.start(point)
        for leaf, row in enumerate(self.graph.rows):
            if row is not None or not self.graph.active[leaf]:
                continue
            value = chosen[leaf]
            label = self.graph.labels[leaf]
            name = base(label)
            if isinstance(label, Index):
                at = tuple(int(part.value) for part in label.indices if isinstance(part, Num))  # type: ignore[arg-type]  # a whole number
                entries.setdefault(name, {})[at] = value
            elif name not in self.gaps:
                found[name] = value
        for name, parts in entries.items():
            found[name] = _nested(parts, self.claim.first_index)
        lowered = self.statement.lowering.names
        nodes = {name: lowered.get(name) for name in self.substituted}
        places = [node for node in nodes.values() if isinstance(node, int)]
        certain = self.values(point, certain=True, nodes=self.graph.ancestors(places))
        for name, node in nodes.items():
            value = _exact(certain[node]) if isinstance(node, int) else None
            if value is not None:
                found[name] = value
        return found


def _shapes(claim: Claim, sizes: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
    return {
        name: tuple(sizes[axis] if isinstance(axis, str) else axis for axis in shape)
        for name, shape in claim.shapes.items()
    }


def _inside(claim: Claim, shapes: Mapping[str, tuple[int, ...]]) -> BuiltIn:
    return built_in(claim.conditions, claim.equations, claim.domains, shapes, claim.comparisons)


def _exact(value: Any) -> Any:
    """A value that is known exactly, lists for arrays; None for others."""
    if getattr(value, "shape", ()):
        entries = [_exact(entry) for entry in value]
        return None if any(entry is None for entry in entries) else entries
    if isinstance(value, Interval) and has_value(value) and value.is_point:
        return plain(Fraction(value.low))
    return None


def _nested(entries: Mapping[tuple[int, ...], Any], first: int) -> Any:
    """Nested lists with the entries at their places, 0 where nothing was used."""
    axes = len(next(iter(entries)))
    shape = tuple(max(at[axis] for at in entries) - first + 1 for axis in range(axes))
    nested = filled(shape, 0)
    for at, value in entries.items():
        here = nested
        for index in at[:-1]:
            here = here[index - first]
        here[at[-1] - first] = value
    return nested
