"""What is known about indices: the ranges that they run over, and what follows from those.

Index expressions are sums of indices, sizes and whole numbers, `i + j - 1`. Whether
one is always at least 0 is decided by putting in the ends of the ranges; sizes (the
names that stand in the ends, `N` in `1..N`) are whole numbers and at least 1.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from hwsolve.expr.tree import Apply, Expr, Num, Sym

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# An index expression: the factor of each name, and the constant under the empty name.
Affine: TypeAlias = dict[str, Fraction]
CONSTANT: Final = ""
# Ends of ranges refer to other indices; deeper than this nobody nests them.
DEPTH: Final = 12


class Range(NamedTuple):
    """The numbers from one end to the other, both included."""

    low: Expr
    high: Expr

    @property
    def size(self) -> Expr:
        """How many numbers there are."""
        difference = added(affine(self.high), affine(self.low), -1, plus=1)
        return self.high - self.low + 1 if difference is None else written(difference)


def affine(expr: Expr) -> Affine | None:  # noqa: PLR0911  (a case for each form)
    """An expression as a sum of names with factors, or None where it is something else."""
    match expr:
        case Num(value=int() | Fraction() as value) if not isinstance(value, bool):
            return {CONSTANT: Fraction(value)} if value else {}
        case Sym(name=name):
            return {name: Fraction(1)}
        case Apply(op="add", args=args):
            total: Affine | None = {}
            for arg in args:
                total = added(total, affine(arg))
            return total
        case Apply(op="sub", args=(left, right)):
            return added(affine(left), affine(right), -1)
        case Apply(op="neg", args=(inner,)):
            return added({}, affine(inner), -1)
        case Apply(op="mul", args=(left, right)):
            return _product(affine(left), affine(right))
        case Apply(op="div", args=(left, right)):
            below = affine(right)
            if below is not None and below.keys() == {CONSTANT}:
                return _product(affine(left), {CONSTANT: 1 / below[CONSTANT]})
    return None


def _product(left: Affine | None, right: Affine | None) -> Affine | None:
    if left is None or right is None:
        return None
    for one, other in ((left, right), (right, left)):
        if not one.keys() - {CONSTANT}:
            factor = one.get(CONSTANT, Fraction(0))
            return {name: factor * part for name, part in other.items()} if factor else {}
    return None


def added(
    left: Affine | None, right: Affine | None, factor: Fraction | int = 1, *, plus: int = 0
) -> Affine | None:
    """left + factor*right + plus, or None where one is None."""
    if left is None or right is None:
        return None
    total = dict(left)
    parts = [(name, factor * part) for name, part in right.items()]
    for name, part in (*parts, (CONSTANT, Fraction(plus))):
        value = total.get(name, Fraction(0)) + part
        if value:
            total[name] = value
        else:
            total.pop(name, None)
    return total


def written(value: Affine) -> Expr:
    """The expression of a sum: what is added first, then what is taken off, the number last."""
    parts = [(name, part) for name, part in value.items() if name != CONSTANT]
    parts = [pair for pair in parts if pair[1] > 0] + [pair for pair in parts if pair[1] < 0]
    constant = value.get(CONSTANT, Fraction(0))
    if constant:
        # n - i reads better than -i + n, and 1 - i better than -i + 1
        leads = constant > 0 and all(part < 0 for _, part in parts)
        parts = [(CONSTANT, constant), *parts] if leads else [*parts, (CONSTANT, constant)]
    terms = [(_term(name, abs(part)), part > 0) for name, part in parts]
    if not terms:
        return Num(0)
    (first, is_plus), *rest = terms
    start = first if is_plus else _negated(first)
    if not rest:
        return start
    if len(rest) == 1 and not rest[0][1]:
        return Apply("sub", (start, rest[0][0]))
    return Apply("add", (start, *(t if plus else Apply("neg", (t,)) for t, plus in rest)))


def _negated(term: Expr) -> Expr:
    return Num(-term.value) if isinstance(term, Num) else Apply("neg", (term,))  # type: ignore[operator]  # a number


def _term(name: str, part: Fraction) -> Expr:
    number = Num(part.numerator if part.denominator == 1 else part)
    if name == CONSTANT:
        return number
    return Sym(name) if part == 1 else Apply("mul", (number, Sym(name)))


class Facts:
    """The ranges of indices, and what follows from them.

    Args:
        ranges: the range of each index; other names in index expressions are sizes.
    """

    __slots__ = ("ranges",)

    def __init__(self, ranges: Mapping[str, Range] | None = None) -> None:
        self.ranges = dict(ranges or {})

    def within(self, variable: str, low: Expr, high: Expr) -> Facts:
        """The facts inside of a sum over a range."""
        return Facts({**self.ranges, variable: Range(low, high)})

    def names(self) -> set[str]:
        """The indices and the names in the ends of their ranges."""
        found = set(self.ranges)
        for low, high in self.ranges.values():
            for end in (*ends(low, "max"), *ends(high, "min")):
                found |= (affine(end) or {}).keys() - {CONSTANT}
        return found

    def at_least(self, large: Expr, small: Expr, by: int = 0) -> bool:
        """Whether it is certain that large >= small + by."""
        difference = added(affine(large), affine(small), -1, plus=-by)
        return difference is not None and self._not_negative(difference, DEPTH)

    def differ(self, left: Expr, right: Expr) -> bool:
        """Whether two indices are certainly different."""
        return self.at_least(left, right, 1) or self.at_least(right, left, 1)

    def contains(self, low: Expr, value: Expr, high: Expr) -> bool:
        """Whether a value certainly lies in a range."""
        return all(self.at_least(value, end) for end in ends(low, "max")) and all(
            self.at_least(end, value) for end in ends(high, "min")
        )

    def excludes(self, low: Expr, value: Expr, high: Expr) -> bool:
        """Whether a value certainly lies outside of a range."""
        return any(self.at_least(end, value, 1) for end in ends(low, "max")) or any(
            self.at_least(value, end, 1) for end in ends(high, "min")
        )

    def _not_negative(self, value: Affine, depth: int) -> bool:
        present = [name for name in value if name in self.ranges]
        if not present:
            constant = value.get(CONSTANT, Fraction(0))
            factors = [part for name, part in value.items() if name != CONSTANT]
            if all(part >= 0 for part in factors) and constant + sum(factors) >= 0:
                return True
            return depth > 0 and any(
                self._not_negative(rest, 0) for rest in self._less_a_range(value)
            )
        if depth == 0:
            return False
        name = self._innermost(present)
        part = value[name]
        rest = {other: factor for other, factor in value.items() if other != name}
        here = self.ranges[name]
        for end in ends(here.low, "max") if part > 0 else ends(here.high, "min"):
            put = added(rest, affine(end), part)
            if put is not None and name not in put and self._not_negative(put, depth - 1):
                return True
        return False

    def _innermost(self, present: list[str]) -> str:
        """An index that no other one's range refers to."""
        for name in present:
            others = (self.ranges[other] for other in present if other != name)
            if not any(
                name in (affine(end) or {})
                for range_ in others
                for end in (range_.low, range_.high)
            ):
                return name
        return present[0]

    def _less_a_range(self, value: Affine) -> Iterator[Affine]:
        """The value less high - low of each range: where its index exists, that is not negative."""
        for range_ in self.ranges.values():
            rest = added(value, added(affine(range_.high), affine(range_.low), -1), -1)
            if rest is not None and not any(name in self.ranges for name in rest):
                yield rest


def ends(end: Expr, op: str) -> tuple[Expr, ...]:
    """What an end is at least (`max`) or at most (`min`): its arguments, or itself."""
    if isinstance(end, Apply) and end.op == op:
        return end.args
    return (end,)


def solved(left: Expr, right: Expr, variable: str) -> Expr | None:
    """The value of an index for which two index expressions are equal.

    None where it would not be a whole number for all values of the others.
    """
    difference = added(affine(left), affine(right), -1)
    if difference is None or abs(difference.get(variable, Fraction(0))) != 1:
        return None
    factor = difference.pop(variable)
    if any(part.denominator != 1 for part in difference.values()):
        return None
    return written({name: -part / factor for name, part in difference.items()})


def tightest(op: str, one: Expr, other: Expr, facts: Facts) -> Expr:
    """max or min of two ends of ranges; the plain one where it is known which it is."""
    found: list[Expr] = []
    for end in (*ends(one, op), *ends(other, op)):
        if end not in found:
            found.append(end)
    kept: list[Expr] = []
    for place, end in enumerate(found):
        rivals = [*kept, *found[place + 1 :]]
        if not any(_beats(op, rival, end, facts) for rival in rivals):
            kept.append(end)
    if not kept:
        kept = found[-1:]
    return kept[0] if len(kept) == 1 else Apply(op, tuple(kept))


def _beats(op: str, winner: Expr, loser: Expr, facts: Facts) -> bool:
    return facts.at_least(winner, loser) if op == "max" else facts.at_least(loser, winner)
