"""Indices of a derivation: what runs over which range, which are free, and their cases."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from hwsolve.errors import EquationError
from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Over, Sym, children

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hwsolve.expr.parser import Equation

Range = tuple[Expr, Expr]
CONSTANTS = frozenset({"pi", "π", "e"})


class Indices:
    """The indices of some equations and expressions.

    Attributes:
        positions: the range of each position of an indexed name: ("W", 0) -> (1, N).
        free: the range of each index that nothing binds.
        sizes: the names of the symbolic ends of ranges, such as N.
        shifted: the indices used inside of an index, as i in x[i + j - 1].
        indexed: the names that are used with an index.
        defined: the names that the equations define.
    """

    def __init__(self, equations: Sequence[Equation], trees: Iterable[Expr]) -> None:
        self.positions: dict[tuple[str, int], Range] = {}
        self.free: dict[str, Range] = {}
        self.sizes: list[str] = []
        self.shifted: set[str] = set()
        self.indexed: set[str] = set()
        self._uses: dict[str, list[tuple[str, int]]] = {}
        self._at: dict[str, int] = {}
        self.defined = {_name(equation) for equation in equations}
        for equation in equations:
            ranges = {loop.variable: (loop.low, loop.high) for loop in equation.loops}
            for end in (end for pair in ranges.values() for end in pair):
                self._size(end)
            hidden = dict.fromkeys(equation.parameters or (), (Num(0), Num(0)))
            self._read(equation.target, ranges)
            self._read(equation.body, {**hidden, **ranges})
        for tree in trees:
            self._read(tree, {})
        self._settle()

    def _size(self, end: Expr) -> None:
        for node in _nodes(end):
            if isinstance(node, Sym) and node.name not in self.sizes:
                self.sizes.append(node.name)

    def _read(self, tree: Expr, ranges: Mapping[str, Range]) -> None:
        match tree:
            case Over():
                self._size(tree.low)
                self._size(tree.high)
                self._read(tree.body, {**ranges, tree.variable: (tree.low, tree.high)})
            case Index(base=Sym(name=name)):
                self.indexed.add(name)
                for place, index in enumerate(tree.indices):
                    self._index(name, place, index, ranges)
            case _:
                for child in children(tree):
                    self._read(child, ranges)

    def _index(self, name: str, place: int, index: Expr, ranges: Mapping[str, Range]) -> None:
        if isinstance(index, Sym) and index.name in ranges:
            self.positions.setdefault((name, place), ranges[index.name])
            return
        for node in _nodes(index):
            if isinstance(node, Sym) and node.name and node.name not in ranges:
                self._uses.setdefault(node.name, []).append((name, place))
                self._at.setdefault(node.name, node.at)
            if isinstance(node, Sym) and node is not index:
                self.shifted.add(node.name)

    def _settle(self) -> None:
        """The range of each free index, from what it is an index of."""
        open_ = {
            name: uses
            for name, uses in self._uses.items()
            if name not in self.defined and name not in self.sizes
        }
        only = (Num(1), Sym(self.sizes[0])) if len(self.sizes) == 1 else None
        # a second round: a name that is only used with free indices has their ranges
        for last in (False, True):
            for name, uses in open_.items():
                known = [self.positions[use] for use in uses if use in self.positions]
                if name not in self.free and (known or only):
                    self.free[name] = known[0] if known else only  # type: ignore[assignment]  # one of them is there
                for use in uses if name in self.free else ():
                    self.positions.setdefault(use, self.free[name])
                if last and name not in self.free:
                    raise EquationError(
                        f"the range of the index '{name}' is not known",
                        self._at[name],
                        f"write a sum or a family over it: ... for {name} in 1..N",
                    )

    def symbolic(self, name: str, place: int) -> str | None:
        """The size N where a position runs over 1..N, or None."""
        return size_of(self.positions.get((name, place)))

    def used(self, trees: Iterable[Expr]) -> list[str]:
        """The free indices in some expressions, in order."""
        found: list[str] = []
        for tree in trees:
            for name in _free_names(tree, frozenset()):
                if name in self.free and name not in found:
                    found.append(name)
        return found


def size_of(range_: Range | None) -> str | None:
    """The name N of a range 1..N, or None for any other."""
    if range_ is not None and range_[0] == Num(1) and isinstance(range_[1], Sym):
        return range_[1].name
    return None


class Case(NamedTuple):
    """What a line supposes: equal and different indices, and conditions on values."""

    equal: tuple[tuple[str, str], ...] = ()
    different: tuple[tuple[str, str], ...] = ()
    conditions: tuple[Expr, ...] = ()
    text: str = ""

    def narrowed(self, other: Case) -> Case:
        """The case in which both hold."""
        return Case(
            tuple(dict.fromkeys((*self.equal, *other.equal))),
            tuple(dict.fromkeys((*self.different, *other.different))),
            tuple(dict.fromkeys((*self.conditions, *other.conditions))),
            self.text
            if other.text in {"", self.text}
            else ", ".join(filter(None, (self.text, other.text))),
        )


def partitions(names: Sequence[str], ranges: Mapping[str, Range], case: Case) -> Iterator[Blocks]:
    """The ways in which indices can be equal or different in a case.

    Each is a number for each index: equal numbers of the same range are equal indices.
    """
    extra = [name for pair in (*case.equal, *case.different) for name in pair]
    wanted = list(dict.fromkeys([*names, *(name for name in extra if name in ranges)]))
    for blocks in _grown(wanted, ranges, {}):
        if all(blocks[a] == blocks[b] for a, b in case.equal) and all(
            blocks[a] != blocks[b] for a, b in case.different
        ):
            yield blocks


Blocks = dict[str, int]


def _grown(names: Sequence[str], ranges: Mapping[str, Range], blocks: Blocks) -> Iterator[Blocks]:
    if not names:
        yield blocks
        return
    name, rest = names[0], names[1:]
    alike = {blocks[other] for other in blocks if ranges[other] == ranges[name]}
    fresh = max(alike, default=0) + 1
    for block in range(fresh, 0, -1):
        yield from _grown(rest, ranges, {**blocks, name: block})


def values(
    names: Sequence[str], ranges: Mapping[str, Range], sizes: Mapping[str, int], case: Case
) -> Iterator[dict[str, int]]:
    """All values of free indices at concrete sizes that fit a case."""
    extra = [name for pair in (*case.equal, *case.different) for name in pair]
    wanted = list(dict.fromkeys([*names, *(name for name in extra if name in ranges)]))
    spans = [
        range(whole(ranges[name][0], sizes), whole(ranges[name][1], sizes) + 1) for name in wanted
    ]
    for numbers in product(*spans):
        at = dict(zip(wanted, numbers, strict=True))
        if all(at[a] == at[b] for a, b in case.equal) and all(
            at[a] != at[b] for a, b in case.different
        ):
            yield at


def whole(expr: Expr, sizes: Mapping[str, int]) -> int:
    """The value of an end of a range.

    Raises:
        EquationError: if it is not a whole number at these sizes.
    """
    match expr:
        case Num(value=int() as number):
            return number
        case Sym(name=name) if name in sizes:
            return sizes[name]
        case Apply(op="add", args=args):
            return sum(whole(arg, sizes) for arg in args)
        case Apply(op="sub", args=(left, right)):
            return whole(left, sizes) - whole(right, sizes)
        case Apply(op="neg", args=(arg,)):
            return -whole(arg, sizes)
        case Apply(op="mul", args=(left, right)):
            return whole(left, sizes) * whole(right, sizes)
    raise EquationError("the end of a range is not a whole number", getattr(expr, "at", -1))


def substituted(tree: Expr, parts: Mapping[str, Expr]) -> Expr:
    """A tree with names replaced; bound indices are left alone."""
    match tree:
        case Sym(name=name):
            return parts.get(name, tree)
        case Index():
            indices = tuple(substituted(index, parts) for index in tree.indices)
            return Index(tree.base, indices, tree.at)
        case Apply():
            args = tuple(substituted(arg, parts) for arg in tree.args)
            return Apply(tree.op, args, tree.attributes, tree.at)
        case Over():
            inner = {name: part for name, part in parts.items() if name != tree.variable}
            return Over(
                tree.op,
                substituted(tree.body, inner),
                tree.variable,
                substituted(tree.low, parts),
                substituted(tree.high, parts),
                tree.at,
            )
        case Deriv():
            top = substituted(tree.top, parts)
            bottoms = tuple(substituted(bottom, parts) for bottom in tree.bottoms)
            return Deriv(top, bottoms, tree.at, partial=tree.partial)
    return tree


def _free_names(tree: Expr, bound: frozenset[str]) -> Iterator[str]:
    match tree:
        case Sym(name=name):
            if name not in bound:
                yield name
        case Index():
            for index in tree.indices:
                yield from _free_names(index, bound)
        case Over():
            yield from _free_names(tree.body, bound | {tree.variable})
        case _:
            for child in children(tree):
                yield from _free_names(child, bound)


def _nodes(tree: Expr) -> Iterator[Expr]:
    from hwsolve.expr.tree import walk

    return walk(tree)


def _name(equation: Equation) -> str:
    target = equation.target
    return target.name if isinstance(target, Sym) else target.base.name  # type: ignore[attr-defined]  # the parser made it a Sym
