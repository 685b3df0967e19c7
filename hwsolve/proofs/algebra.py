"""Nodes of a graph as quotients of polynomials in atoms.

An atom is what arithmetic does not look into: a free variable, a sigmoid of
something, an entry of an array. Equal atoms are recognised by what they are made of,
wherever they stand in the graph, and each has an interval. What holds for all values
of the atoms in their intervals then holds for the nodes.

An array is read entry by entry: its polynomial is that of any one of its entries,
the same one in all arrays that broadcasting aligns.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hwsolve.proofs import polynomials as p

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from hwsolve.expr.graph import Graph
    from hwsolve.proofs.intervals import Interval
    from hwsolve.proofs.polynomials import Monomial, Poly

Key = tuple[Any, ...]


class Quotient(NamedTuple):
    """One polynomial divided by another, whose value is not 0 wherever there is a value."""

    top: Poly
    bottom: Poly

    @property
    def is_poly(self) -> bool:
        """Whether nothing is divided."""
        return self.bottom == ONE

    def sign(self) -> Poly | None:
        """A polynomial with the same sign."""
        return self.top if self.is_poly else p.multiply(self.top, self.bottom)


ONE: Final[Poly] = p.constant(1)
# The first part of the key of a node that has no rule; rules have words of their own.
OPAQUE: Final = "node"


def function_in(key: Key) -> tuple[str, Poly] | None:
    """The function of one polynomial that an atom is, or None."""
    if key[0] == OPAQUE:
        _, name, attributes, _, *inside = key
        if attributes or len(inside) != 1:
            return None
        top, bottom = inside[0]
    elif key[0] == "exp":
        return "exp", {key[1]: Fraction(1)}
    elif key[0] in FUNCTION_KEYS:
        name, (top, bottom) = key
    else:
        return None
    return (name, dict(top)) if dict(bottom) == ONE else None


# Functions whose atoms rules make, as (name, key of what is inside).
FUNCTION_KEYS: Final = frozenset({"sigmoid", "tanh", "softplus", "sin", "cos", "erf"})


class NeedsCaseError(Exception):
    """The sign of a polynomial has to be chosen before a kink is one of its two sides."""

    def __init__(self, inside: Poly) -> None:
        super().__init__()
        self.inside = inside


class Reading(NamedTuple):
    """How a graph is read.

    Attributes:
        quotients: sigmoid and tanh are written out in exponentials, and division makes
            quotients; otherwise sigmoid(...), tanh(...) and 1/(...) are atoms.
        cases: the sign of polynomials at kinks, by key; None: kinks are atoms.
        any_size: the shapes stand for every size.
        jumps: something jumps at a kink, so that 0 is a case of its own.
    """

    quotients: bool = False
    cases: Mapping[Key, int] | None = None
    any_size: bool = False
    jumps: bool = False


class Atoms:
    """The atoms of a graph: one numbering for all readings of it.

    Attributes:
        nodes: for each atom a node that shows what it is.
        keys: what each atom is made of.
        whole: the free variables (their nodes) that are whole numbers.
    """

    def __init__(self, whole: Collection[int] = ()) -> None:
        self.whole = whole
        self.nodes: list[int] = []
        self.keys: list[Key] = []
        self._numbers: dict[Key, int] = {}

    def number(self, key: Key, node: int) -> int:
        """The number of an atom; a new one if its key is new."""
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.keys)
            self.nodes.append(node)
            self.keys.append(key)
        return number


class Algebra:
    """The quotients of the nodes of a graph.

    Args:
        graph: the graph.
        registry: its atoms.
        intervals: an interval for each node; it may grow while nodes are read.
        known: intervals for atoms by their number, from conditions.
        reading: how the graph is read.

    Attributes:
        atoms: the interval of each atom that was met.
    """

    def __init__(
        self,
        graph: Graph,
        registry: Atoms,
        intervals: Sequence[Interval],
        known: Mapping[int, Interval] | None = None,
        reading: Reading | None = None,
    ) -> None:
        self.graph = graph
        self.registry = registry
        self.intervals = intervals
        self.known = known or {}
        self.reading = reading or Reading()
        self.atoms: dict[int, Interval] = {}
        self._done: dict[int, Quotient] = {}

    # -- atoms --------------------------------------------------------------

    def atom(self, key: Key, interval: Interval, node: int) -> Poly:
        """The polynomial of an atom, made when its key is new. `node` shows what it is."""
        number = self.registry.number(key, node)
        here = self.atoms.get(number)
        if here is None:
            known = self.known.get(number)
            here = (interval.meet(known) if known is not None else interval) or interval
            self.atoms[number] = here
        return p.constant(Fraction(here.low)) if here.is_point else p.variable(number)

    def enclosure(self, poly: Poly) -> Interval:
        """An interval for a polynomial: its terms', and the exact range in one variable."""
        found = p.enclosure(poly, self.atoms.__getitem__)
        if len(poly) == 1:
            return found
        common = p.content(poly)
        if common:
            rest = self.enclosure(p.divided(poly, common))
            again = p.enclosure({common: Fraction(1)}, self.atoms.__getitem__) * rest
            found = found.meet(again) or found
        names = p.variables(poly)
        row = p.row(poly) if len(names) == 1 else None
        if row is not None:
            found = found.meet(p.range_of(row, self.atoms[names.pop()])) or found
        return found

    def key(self, quotient: Quotient) -> Key:
        """What tells a quotient from others."""
        return (frozenset(quotient.top.items()), frozenset(quotient.bottom.items()))

    def known_sign(self, quotient: Quotient) -> int | None:
        """1, -1 or 0 where the sign of a quotient is the same everywhere, else None."""
        sign = quotient.sign()
        if sign is None:
            return None
        if not sign:
            return 0
        found = self.enclosure(sign)
        return 1 if found.positive else -1 if found.negative else None

    # -- nodes --------------------------------------------------------------

    def poly(self, node: int) -> Poly:
        """The polynomial of a node, where quotients are not taken apart."""
        return self.of(node).top

    def of(self, node: int) -> Quotient:
        """The quotient of a node.

        Raises:
            NeedsCaseError: at a kink whose side is not among the cases.
        """
        stack = [node]
        done = self._done
        while stack:
            here = stack[-1]
            missing = [arg for arg in self.graph.args[here] if arg not in done]
            if missing:
                stack.extend(missing)
                continue
            stack.pop()
            if here not in done:
                done[here] = self._made(here)
        return done[node]

    def _made(self, node: int) -> Quotient:
        from hwsolve.proofs.rules import RULES

        row = self.graph.rows[node]
        if row is None:
            return Quotient(self._leaf(node), ONE)
        args = [self._done[arg] for arg in self.graph.args[node]]
        rule = RULES.get(row.name)
        try:
            found = rule(self, node, args) if rule is not None else None
        except ArithmeticError:
            found = None
        return self.opaque(node, args) if found is None else found

    def _leaf(self, node: int) -> Poly:
        interval = self.intervals[node]
        if not self.graph.active[node]:
            if interval.is_point:
                return p.constant(Fraction(interval.low))
            return self.atom(("constant", node), interval, node)
        return self.atom(("leaf", node), interval, node)

    def opaque(
        self, node: int, args: Sequence[Quotient], interval: Interval | None = None
    ) -> Quotient:
        """The operation of a node as an atom of its own.

        `interval` is for arguments that are not those of the node.
        """
        row = self.graph.rows[node]
        name = row.name if row is not None else ""
        shapes = tuple(self.graph.shapes[arg] for arg in self.graph.args[node])
        key = (OPAQUE, name, self.graph.attributes[node], shapes, *map(self.key, args))
        return Quotient(self.atom(key, interval or self.intervals[node], node), ONE)


def monomial_poly(monomial: Monomial, factor: Fraction | int = 1) -> Quotient:
    """A single term as a quotient."""
    return Quotient({monomial: Fraction(factor)}, ONE)
