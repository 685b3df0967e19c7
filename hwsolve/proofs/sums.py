"""Identities with sums over a symbolic number of terms: proved for every N.

A sum over 1..N is linear in the measure that puts weight 1 on each index. Write it
with any weights: sum(w[j]*f(j) for j in 1..K), and N as the sum of the weights. An
identity between products of at most d such sums is then a polynomial of degree d in
the weights, and such a polynomial is 0 for every measure if it is 0 for all weights on
K >= d points: its coefficients are what it says about any d indices, equal or
different. So random weights on K points prove the identity for every N at once.

A free index i is a point of its own with weight 1; different free indices are
different points. A derivative by an entry x[j] with a bound j is divided by w[j], for
a change of x[j] counts w[j] times. What mixes a bound index with a sum in a
denominator, tells two bound indices apart, or counts with an index is refused here.

An assumption sum(y[j] for j in 1..N) == c is y/sum(y)*c for any y, which is how it
enters the degree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from hwsolve.expr.parser import Equation
from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Over, Sym, children, walk
from hwsolve.proofs.degrees import MOST, Degrees
from hwsolve.proofs.field import UnsupportedError
from hwsolve.proofs.identity import Comparison, proved_equal
from hwsolve.proofs.points import COMPARISONS, Context, UnmetError
from hwsolve.proofs.ranges import Case, Indices, partitions, size_of, substituted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hwsolve.expr.parser import Loop

EVERY_SIZE: Final = "exact modulo 2^61 - 1, with any weights on the terms of each sum"
# More points than the degree asks for, so that a slip in the count harms nothing.
SPARE: Final = 2
# A point is calculated in a fraction of a second up to here.
MANY_TERMS: Final = 60_000


class Assumption(NamedTuple):
    """A comparison that holds, for each value of the indices of its loops."""

    body: Expr
    loops: tuple[Loop, ...] = ()


class Setting(NamedTuple):
    """What a derivation rests on, before sizes and indices have values."""

    equations: tuple[Equation, ...]
    assumptions: tuple[Assumption, ...]
    indices: Indices
    shapes: Mapping[str, tuple[Expr, ...]] = {}


def proved_for_every_size(
    left: Expr, right: Expr, setting: Setting, case: Case
) -> Comparison | None:
    """The proof that two sides are equal for all sizes, or None where there is none here.

    Raises:
        EquationError: if a side cannot be read as a graph.
    """
    if not setting.indices.sizes or setting.shapes:
        return None
    try:
        return _proof(left, right, setting, case)
    except (UnsupportedError, UnmetError):
        return None


def _proof(left: Expr, right: Expr, setting: Setting, case: Case) -> Comparison | None:
    indices = setting.indices
    weighing = _Weighing(indices, setting.equations)
    conditions = tuple(Assumption(condition) for condition in case.conditions)
    assumptions = (*setting.assumptions, *conditions)
    normalised = _normalised(assumptions, indices)
    points = {size: _points(size, (left, right), setting, normalised) for size in indices.sizes}
    equations = tuple(weighing.equation(equation) for equation in setting.equations)
    one, other = (weighing.expression(side, frozenset()) for side in (left, right))
    used = indices.used((left, right))
    best: Comparison | None = None
    for blocks in partitions(used, indices.free, case):
        apart = {
            size: max(
                (blocks[name] for name in blocks if size_of(indices.free[name]) == size), default=0
            )
            for size in indices.sizes
        }
        sizes = {size: points[size] + apart[size] for size in indices.sizes}
        if terms(setting.equations, (left, right), sizes) > MANY_TERMS:
            raise UnsupportedError("too many terms")
        measures = [pair for size in sizes for pair in _measure(size, sizes[size], apart[size])]
        positive = [Apply("gt", (value, Num(0))) for _, value in measures if value != Num(1)]
        context = Context(
            equations=(*(equation for equation, _ in measures), *equations),
            assumptions=(*positive, *_expanded(assumptions, weighing, sizes)),
            sizes=sizes,
            indices=_numbers(blocks, indices),
        )
        found = proved_equal(one, other, context)
        if found is None:
            return None
        if best is None or found.chance > best.chance:
            best = found
    return None if best is None else best._replace(method=EVERY_SIZE)


def terms(equations: Sequence[Equation], sides: Sequence[Expr], sizes: Mapping[str, int]) -> int:
    """About how many terms there are when all sums are written out."""
    total = sum(_written_out(side, sizes) for side in sides)
    for equation in equations:
        copies = 1
        for loop in equation.loops:
            copies *= sizes.get(size_of((loop.low, loop.high)) or "", 1)
        total += copies * _written_out(equation.body, sizes)
    return total


def _written_out(tree: Expr, sizes: Mapping[str, int]) -> int:
    inner = 1 + sum(_written_out(child, sizes) for child in children(tree))
    if isinstance(tree, Over):
        return inner * sizes.get(size_of((tree.low, tree.high)) or "", 1)
    return inner


def _numbers(blocks: Mapping[str, int], indices: Indices) -> dict[str, int]:
    """The value of each free index; those of concrete ranges are not for this proof."""
    for name in blocks:
        if size_of(indices.free[name]) is None:
            raise UnsupportedError("an index of a concrete range")
    return dict(blocks)


def _points(size: str, sides: Sequence[Expr], setting: Setting, normalised: frozenset[str]) -> int:
    by_name = {_name(equation): equation for equation in setting.equations}
    degrees = Degrees(size, by_name, normalised)
    found = [degrees.of(side) for side in sides]
    total = max(
        found[0].above + found[1].below,
        found[1].above + found[0].below,
        2 * degrees.most,
    )
    if total > MOST:
        raise UnsupportedError("an identity of high degree")
    return total + SPARE


def _measure(size: str, count: int, apart: int) -> list[tuple[Equation, Expr]]:
    """The weights of the points of a range: 1 for the free indices, then any."""
    found: list[tuple[Equation, Expr]] = []
    for at in range(1, count + 1):
        value: Expr = Num(1) if at <= apart else Index(Sym(f"any weight in {size}"), (Num(at),))
        found.append((Equation(Index(weight(size), (Num(at),)), value, (), None, ""), value))
    return found


def weight(size: str) -> Sym:
    """The name of the weights of a range; nobody can write it."""
    return Sym(f"weight in {size}")


class _Weighing:
    """Expressions with a weight on each term of a sum.

    Args:
        indices: the ranges.
        equations: the definitions, to know which names are whole families.
    """

    def __init__(self, indices: Indices, equations: Sequence[Equation]) -> None:
        self.indices = indices
        self.symbolic = set(indices.sizes)
        self.whole = {_name(equation) for equation in equations if not equation.loops}

    def equation(self, equation: Equation) -> Equation:
        """A definition with weights in its sums."""
        bound = frozenset(
            loop.variable for loop in equation.loops if self._size(loop.low, loop.high)
        )
        body = self.expression(equation.body, bound)
        return equation._replace(body=body)

    def _size(self, low: Expr, high: Expr) -> str | None:
        size = size_of((low, high))
        if size is None and any(
            isinstance(node, Sym) and node.name in self.symbolic
            for end in (low, high)
            for node in walk(end)
        ):
            raise UnsupportedError("a range that is not 1..N")
        return size

    def expression(self, tree: Expr, bound: frozenset[str]) -> Expr:  # noqa: PLR0911  (one case for each node)
        """An expression with weights; `bound` are the bound indices of symbolic ranges."""
        match tree:
            case Num():
                return tree
            case Sym():
                return self._name(tree, bound)
            case Index():
                return self._entry(tree, bound)
            case Over():
                return self._over(tree, bound)
            case Deriv():
                return self._derivative(tree, bound)
            case Apply(op=op, args=args):
                if op in COMPARISONS and any(map(self._is_index, args, [bound] * len(args))):
                    return self._delta(tree, bound)
                parts = tuple(self.expression(arg, bound) for arg in args)
                return Apply(op, parts, tree.attributes, tree.at)
        raise UnsupportedError("an expression")

    def _name(self, tree: Sym, bound: frozenset[str]) -> Expr:
        name = tree.name
        if name in self.symbolic:
            return Over("sum", Index(weight(name), (Sym("j"),)), "j", Num(1), Sym(name))
        if name in bound or name in self.indices.free:
            raise UnsupportedError("an index used as a number")
        if name in self.indices.indexed:
            raise UnsupportedError("a whole family at once")
        return tree

    def _is_index(self, tree: Expr, bound: frozenset[str]) -> bool:
        return isinstance(tree, Sym) and (tree.name in bound or tree.name in self.indices.free)

    def _delta(self, tree: Apply, bound: frozenset[str]) -> Expr:
        """A comparison of two indices, at most one of them bound."""
        names = [arg.name for arg in tree.args if isinstance(arg, Sym)]
        if tree.op not in {"eq", "ne"} or len(names) < 2 or all(name in bound for name in names):  # noqa: PLR2004  (two sides)
            raise UnsupportedError("a comparison of bound indices")
        return tree

    def _entry(self, tree: Index, bound: frozenset[str]) -> Expr:
        if not isinstance(tree.base, Sym):
            raise UnsupportedError("an entry of an expression")
        for place, index in enumerate(tree.indices):
            size = self.indices.symbolic(tree.base.name, place)
            if isinstance(index, Sym) and (
                index.name in bound or size_of(self.indices.free.get(index.name)) is not None
            ):
                continue
            if size is not None or self._mentions(index, bound):
                raise UnsupportedError("an index that is calculated")
        return tree

    def _mentions(self, tree: Expr, bound: frozenset[str]) -> bool:
        symbolic = (
            bound
            | self.symbolic
            | {name for name, range_ in self.indices.free.items() if size_of(range_) is not None}
        )
        return any(isinstance(node, Sym) and node.name in symbolic for node in walk(tree))

    def _over(self, tree: Over, bound: frozenset[str]) -> Expr:
        size = self._size(tree.low, tree.high)
        if size is None:
            body = self.expression(tree.body, bound - {tree.variable})
            return Over(tree.op, body, tree.variable, tree.low, tree.high, tree.at)
        if tree.op not in {"sum", "mean"}:
            raise UnsupportedError(f"a {tree.op} over a symbolic range")
        if tree.variable in bound:
            raise UnsupportedError("an index that is bound twice")
        body = self.expression(tree.body, bound | {tree.variable})
        measure = Index(weight(size), (Sym(tree.variable),))
        total = Over("sum", measure * body, tree.variable, tree.low, tree.high, tree.at)
        return total / self.expression(Sym(size), bound) if tree.op == "mean" else total

    def _derivative(self, tree: Deriv, bound: frozenset[str]) -> Expr:
        places: list[str] = []
        result: Expr = tree
        for part in (tree.top, *tree.bottoms):
            if isinstance(part, Sym) and part.name in self.indices.indexed:
                raise UnsupportedError("a whole family at once")
            if not isinstance(part, Index):
                continue
            self._entry(part, bound)
            for place, index in enumerate(part.indices):
                if not isinstance(index, Sym) or index.name not in bound:
                    continue
                size = self.indices.symbolic(part.base.name, place)  # type: ignore[attr-defined]  # a name
                if size is None:
                    raise UnsupportedError("an index of an unknown range")
                places.append(size)
                if part is not tree.top:
                    result = result / Index(weight(size), (index,))
        # two bound indices of one range make a delta of their own, which has no weight
        if len(places) != len(set(places)):
            raise UnsupportedError("a derivative with two bound indices")
        return result


def _normalised(assumptions: Sequence[Assumption], indices: Indices) -> frozenset[str]:
    """The names y of assumptions sum(y[j] for j in 1..N) == c.

    Raises:
        UnsupportedError: for an assumed equality with sums of any other form.
    """
    names: list[str] = []
    for body, loops in assumptions:
        if not isinstance(body, Apply) or body.op != "eq":
            continue
        if not any(isinstance(node, Over) for node in walk(body)):
            if loops:
                raise UnsupportedError("an assumption for each index")
            continue
        match body.args:
            case (
                (Over(op="sum", body=Index(base=Sym(name=name), indices=(Sym(name=at),))) as total),
                Num(value=value),
            ) if value and at == total.variable and not loops and name not in names:
                if size_of((total.low, total.high)) is None:
                    raise UnsupportedError("a sum over a concrete range")
                names.append(name)
            case _:
                raise UnsupportedError("an assumption about sums")
    # what is defined cannot be scaled to add up to what it should
    if any(name not in indices.indexed or name in indices.defined for name in names):
        raise UnsupportedError("an assumption about sums")
    return frozenset(names)


def _expanded(
    assumptions: Sequence[Assumption], weighing: _Weighing, sizes: Mapping[str, int]
) -> list[Expr]:
    # entries of a family are named one by one: their numbers are those of points
    return [
        expr if loops else weighing.expression(expr, frozenset())
        for body, loops in assumptions
        for expr in at_each(body, loops, sizes)
    ]


def at_each(body: Expr, loops: Sequence[Loop], sizes: Mapping[str, int]) -> list[Expr]:
    """An assumption with numbers for the indices of its loops."""
    from hwsolve.proofs.ranges import whole

    found = [body]
    for loop in loops:
        low, high = whole(loop.low, sizes), whole(loop.high, sizes)
        found = [
            substituted(expr, {loop.variable: Num(number)})
            for expr in found
            for number in range(low, high + 1)
        ]
    return found


def _name(equation: Equation) -> str:
    target = equation.target
    return target.name if isinstance(target, Sym) else target.base.name  # type: ignore[attr-defined]  # the parser made it a Sym
