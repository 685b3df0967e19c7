"""Conditions that are built into the equations, so that every point satisfies them.

`x == 0` says what x is; `a < b` makes b the sum of a and a positive number. Then no
point has to be thrown away, and what is proved about all points holds under them.

A name that something is differentiated by stays a variable of its own: with a == b
both become names for a third one, so that dL/da leaves out what b does.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hwsolve.expr.parser import Equation
from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Sym, walk
from hwsolve.proofs.intervals import EVERYTHING, NOT_NEGATIVE, POSITIVE, Interval
from hwsolve.proofs.replacing import with_parts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hwsolve.proofs.domains import Domain

_STRICT: Final = {"lt": True, "le": False, "gt": True, "ge": False}
_CONSTANTS: Final = frozenset({"pi", "π", "e"})


class BuiltIn(NamedTuple):
    """What became of conditions.

    Attributes:
        equations: the added ones, which come first.
        conditions: those that are left, to be tested at each point.
        gaps: the intervals of the added variables, by name.
    """

    equations: tuple[Equation, ...]
    conditions: tuple[Apply, ...]
    gaps: dict[str, Interval]

    @property
    def names(self) -> list[str]:
        """The names that conditions have turned into equations."""
        return [target(equation) for equation in self.equations]


def built_in(
    conditions: tuple[Apply, ...],
    equations: tuple[Equation, ...],
    domains: Mapping[str, Domain],
    shapes: Mapping[str, tuple[int, ...]],
    trees: tuple[Expr, ...],
) -> BuiltIn:
    """Turn conditions into equations where a free variable allows it.

    `trees` are the other expressions that are read, where names may be indexed.
    """
    every = (*trees, *conditions, *(equation.body for equation in equations))
    nodes = [node for tree in every for node in walk(tree)]
    maker = _Maker(
        {target(equation) for equation in equations},
        {base(node) for node in nodes if isinstance(node, Index)},
        domains,
        shapes,
    )
    # d2L/dw1dw2 is read as a second derivative by "w1dw" until the names are known
    maker.by = " ".join(
        f"{base(bottom)}2" for node in nodes if isinstance(node, Deriv) for bottom in node.bottoms
    )
    left = tuple(condition for condition in conditions if not maker.take(condition))
    return BuiltIn(tuple(maker.equations), left, maker.gaps)


class _Maker:
    def __init__(
        self,
        defined: set[str],
        indexed: set[str],
        domains: Mapping[str, Domain],
        shapes: Mapping[str, tuple[int, ...]],
    ) -> None:
        self.defined = defined
        self.indexed = indexed
        self.domains = domains
        self.shapes = shapes
        self.equations: list[Equation] = []
        self.gaps: dict[str, Interval] = {}
        self.used: set[str] = set()
        # what something is differentiated by, as it is written
        self.by = ""
        # names that are differentiated by, and the variables that they are names for
        self.apart: dict[str, Sym] = {}

    def take(self, condition: Apply) -> bool:
        """Whether a condition could be turned into an equation."""
        left, right = condition.args
        if condition.op == "eq":
            return self._equal(left, right) or self._equal(right, left)
        strict = _STRICT.get(condition.op)
        if strict is None or not isinstance(left, Sym) or not isinstance(right, Sym):
            return False
        low, high = (left, right) if condition.op in {"lt", "le"} else (right, left)
        for one, other, op in ((high, low, "add"), (low, high, "sub")):
            if one.name not in self.domains and self._free(one, other):
                gap = f"({high.name} - {low.name})"
                self.gaps[gap] = POSITIVE if strict else NOT_NEGATIVE
                self._add(one.name, Apply(op, (other, Sym(gap))))
                return True
        return False

    def _equal(self, one: Expr, other: Expr) -> bool:
        if not isinstance(one, Sym) or not self._free(one, other):
            return False
        shape = self.shapes.get(one.name)
        if shape:
            if not isinstance(other, Num):
                return False
            other = Num(filled(shape, other.value))
        self._add(one.name, other)
        return True

    def _free(self, one: Sym, other: Expr) -> bool:
        """Whether a name can be said to be what the other side is."""
        if one.name in self.defined | self.used | self.indexed | _CONSTANTS:
            return False
        inside = names_in(other)
        if one.name in inside or inside & ((self.defined - self.apart.keys()) | self.shapes.keys()):
            return False
        return not {name for name in inside if name in self.by} & (self.used | self.indexed)

    def _add(self, name: str, body: Expr) -> None:
        for inner in names_in(body) - self.gaps.keys():
            if inner in self.by and inner not in self.apart:
                self._set_apart(inner)
        body = with_parts(body, self.apart)
        self.equations.append(Equation(Sym(name), body, (), None, ""))
        self.defined.add(name)
        self.used |= names_in(body)

    def _set_apart(self, name: str) -> None:
        """Make a name a quantity of its own that has the value of a new variable."""
        hidden = f"({name})"
        self.gaps[hidden] = self.domains[name].hull if name in self.domains else EVERYTHING
        self.equations.append(Equation(Sym(name), Sym(hidden), (), None, ""))
        self.defined.add(name)
        self.apart[name] = Sym(hidden)


def filled(shape: tuple[int, ...], value: Any) -> Any:
    """Nested lists of a shape with one value everywhere."""
    return [filled(shape[1:], value) for _ in range(shape[0])] if shape else value


def base(label: Expr) -> str:
    """The name in a name or an entry of one."""
    name = label.base if isinstance(label, Index) else label
    return name.name if isinstance(name, Sym) else ""


def target(equation: Equation) -> str:
    """The name that an equation defines."""
    return base(equation.target)


def names_in(tree: Expr) -> set[str]:
    """The names in an expression."""
    return {node.name for node in walk(tree) if isinstance(node, Sym)}


def of_domains(domains: Mapping[str, Domain], defined: set[str]) -> list[Apply]:
    """The domains of names that equations define, as conditions."""
    found = []
    for name, domain in domains.items():
        if name not in defined:
            continue
        symbol, where = Sym(name), domain.interval
        if not isinstance(where.low, float):
            op = "gt" if where.low_open else "ge"
            found.append(Apply(op, (symbol, Num(plain(where.low)))))
        if not isinstance(where.high, float):
            op = "lt" if where.high_open else "le"
            found.append(Apply(op, (symbol, Num(plain(where.high)))))
        if domain.whole:
            found.append(Apply("eq", (Apply("floor", (symbol,)), symbol)))
    return found


def plain(value: Any) -> int | Fraction:
    """A fraction that is a whole number as an int."""
    number = Fraction(value)
    return int(number) if number.denominator == 1 else number
