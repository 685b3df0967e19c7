"""The search for the simplest counterexample, and nothing is one that is not certain.

Points are tried in order of simplicity: zeros, then one number changed at a time, then
two, with small whole numbers, simple fractions and the numbers of the problem; then
random points; then the amount by which a claim is violated is driven up. Floats only
say where to look: a counterexample is evaluated in intervals that leave no doubt.
"""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations, islice, product
from random import Random
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hwsolve.errors import EquationError
from hwsolve.proofs.built_in import plain
from hwsolve.proofs.effort import CERTAIN, FLOAT, Effort
from hwsolve.proofs.evaluating import NO_VALUE, has_value
from hwsolve.proofs.intervals import Interval, UndecidedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hwsolve.proofs.prover import Test
    from hwsolve.proofs.situation import Point, Situation, Slot

# The simplest numbers first; a number's place in this row is how complicated it is.
# From this spread on random numbers have one decimal.
WIDE: Final = 3
SIMPLE: Final = (
    0, 1, -1, 2, Fraction(1, 2), -2, 3, Fraction(-1, 2), 10, -3, Fraction(1, 3), 4, -10,
    Fraction(1, 4), 5, Fraction(3, 2), -4, Fraction(1, 10), -5, Fraction(-1, 3), 100,
    Fraction(2, 3), 6, -100, Fraction(3, 4), 1000, -1000, Fraction(1, 100), Fraction(-1, 10),
)  # fmt: skip
PER_SLOT: Final = 24
SIMPLE_POINTS: Final = 3000
RANDOM_POINTS: Final = 1500
# Values nearer than this (relative to their size) are told apart by certain intervals.
CLOSE: Final = 1e-9
CERTIFICATES: Final = 400
LOOKS: Final = 100
CLIMBS: Final = 6
STEPS: Final = 60
SEED: Final = 2024
SIMPLIFYING: Final = 10**6
LARGEST: Final = 10.0


class Counterexample(NamedTuple):
    """A point where a claim does not hold.

    Attributes:
        point: the numbers, by slot.
        broken: the number of the comparison that fails.
        one_sided: one side of an equality has a value and the other has none.
        equal: the sides of a strict comparison are equal, there and everywhere.
    """

    point: Point
    broken: int
    one_sided: bool = False
    equal: bool = False


class Outcome(NamedTuple):
    """What a search came to.

    Attributes:
        found: a counterexample, or None.
        tried: the points where everything has a value and the conditions hold.
        outside: the points thrown away because a condition fails.
        without: a point at which something has no value, or None.
        complete: whether all points there are were tried.
    """

    found: Counterexample | None
    tried: int
    outside: int
    without: Point | None
    complete: bool = False
    inside: Point | None = None


class Search:
    """A search in one situation.

    Args:
        situation: the claim at concrete sizes.
        effort: the work that may go into it; endless by default.
        constants: numbers that stand in the problem.
    """

    def __init__(
        self,
        situation: Situation,
        effort: Effort | None = None,
        constants: Sequence[Fraction] = (),
    ) -> None:
        self.situation = situation
        self.effort = effort or Effort()
        self.tried = self.outside = self.certified = self._looked = self._unsure = 0
        self.without: Point | None = None
        self.inside: Point | None = None
        self.seen: set[Point] = set()
        self._best: list[tuple[float, Point]] = []
        self.candidates = [self._candidates(slot, constants) for slot in situation.slots]
        self._equalities = [test for test in situation.conditions if test.op == "eq"]

    def _candidates(self, slot: Slot, constants: Sequence[Fraction]) -> list[Any]:
        domain = slot.domain
        listed = domain.values()
        if listed is not None:
            return [plain(value) for value in listed[:PER_SLOT]]
        own = [value for each in constants for value in (each, -each)]
        ends = [
            end + shift
            for end in (domain.interval.low, domain.interval.high)
            if not isinstance(end, float)
            for shift in (0, 1, -1, Fraction(1, 2), Fraction(-1, 2))
        ]
        middle = [
            (Fraction(domain.interval.low) + Fraction(domain.interval.high)) / 2
            if not isinstance(domain.interval.low, float)
            and not isinstance(domain.interval.high, float)
            else Fraction(0)
        ]
        numbers = dict.fromkeys(map(plain, (*SIMPLE[:8], *own, *SIMPLE[8:], *middle, *ends)))
        return [value for value in numbers if value in domain][:PER_SLOT] or [plain(middle[0])]

    # -- the stages ------------------------------------------------------------------

    def simple(self, limit: int = SIMPLE_POINTS) -> Counterexample | None:
        """Simple points, the simplest first."""
        for point in islice(self._simple_points(), limit):
            found = self.test(point)
            if found is not None:
                return self.simplified(found)
            if self.effort.over:
                break
        return None

    def everything(self, most: int) -> Outcome | None:
        """All points, where the domains are finite and there are at most so many."""
        lists = [slot.domain.values() for slot in self.situation.slots]
        if any(values is None for values in lists):
            return None
        values = [list(map(plain, each)) for each in lists if each is not None]
        if math.prod(map(len, values)) > most:
            return None
        order = sorted(product(*(range(len(each)) for each in values)), key=sum)
        for places in order:
            point = tuple(each[place] for each, place in zip(values, places, strict=True))
            found = self.test(point, certain=True)
            if found is not None:
                return self.outcome(found)
            if self.effort.over:
                return self.outcome(None)
        return self.outcome(None)._replace(complete=True)

    def random(self, count: int = RANDOM_POINTS) -> Counterexample | None:
        """Random points of several sizes."""
        source = Random(SEED)  # noqa: S311  (repeatable, not secret)
        for number in range(count):
            spread = (0.5, 1.0, 3.0, 10.0)[number % 4]
            point = tuple(self._random(source, slot, spread) for slot in self.situation.slots)
            found = self.test(point)
            if found is not None:
                return self.simplified(found)
            if self.effort.over:
                break
        return None

    def climb(self) -> Counterexample | None:
        """From the best points so far, in the direction in which the claim gets worse."""
        starts = sorted(self._best, key=lambda pair: -pair[0])[:CLIMBS]
        for margin, point in starts:
            found = self._climbed(margin, point)
            if found is not None:
                return self.simplified(found)
            if self.effort.over:
                break
        return None

    def outcome(self, found: Counterexample | None) -> Outcome:
        """What was found so far."""
        return Outcome(found, self.tried, self.outside, self.without, inside=self.inside)

    # -- points ------------------------------------------------------------------------

    def _simple_points(self) -> Iterator[Point]:
        count = len(self.candidates)
        zeros = tuple(0 for _ in range(count))
        yield self._point(zeros)
        if not count:
            return
        yield from self._changed(zeros, 1, 3)
        yield from islice(self._changed(zeros, 2, 3), 600)
        ones = tuple(min(1, len(each) - 1) for each in self.candidates)
        yield self._point(ones)
        yield from islice(self._changed(ones, 1, 6), 400)
        for start in (1, 2, 3):
            yield self._point(
                tuple(
                    min(start + place, len(each) - 1) for place, each in enumerate(self.candidates)
                )
            )
        yield from self._changed(zeros, 1, PER_SLOT)
        yield from islice(self._changed(zeros, 2, 8), 1500)
        yield from self._changed(zeros, 3, 4)

    def _changed(self, ground: tuple[int, ...], many: int, reach: int) -> Iterator[Point]:
        """Points with so many numbers changed, the least complicated changes first."""
        places = range(len(ground))
        for total in range(many, many * reach + 1):
            for chosen in combinations(places, many):
                for parts in _sums(total, many, reach):
                    pattern = list(ground)
                    for place, part in zip(chosen, parts, strict=True):
                        pattern[place] = part - 1 if part - 1 < ground[place] else part
                    if all(part < len(self.candidates[at]) for at, part in enumerate(pattern)):
                        yield self._point(tuple(pattern))

    def _point(self, pattern: Sequence[int]) -> Point:
        return tuple(
            each[min(place, len(each) - 1)]
            for each, place in zip(self.candidates, pattern, strict=True)
        )

    def _random(self, source: Random, slot: Slot, spread: float) -> Any:
        listed = slot.domain.values()
        if listed is not None:
            return plain(source.choice(list(listed)))
        interval = slot.domain.interval
        low = -spread if isinstance(interval.low, float) else float(interval.low)
        high = spread if isinstance(interval.high, float) else float(interval.high)
        if isinstance(interval.low, float) != isinstance(interval.high, float):
            low, high = (
                (low, low + 2 * spread)
                if low > -math.inf and not isinstance(interval.low, float)
                else (high - 2 * spread, high)
            )
        for _ in range(20):
            value: Any = Fraction(
                round(source.uniform(low, high), 2 if spread < WIDE else 1)
            ).limit_denominator(100)
            if slot.domain.whole:
                value = round(source.uniform(low, high))
            if value in slot.domain:
                return plain(value)
        return self.candidates[self.situation.slots.index(slot)][0]

    # -- tests ---------------------------------------------------------------------------

    def test(self, point: Point, *, certain: bool = False) -> Counterexample | None:
        """The counterexample that a point is, or None."""
        if self._equalities:
            repaired = self._repaired(point)
            if repaired is None:
                self.outside += 1
                return None
            point = repaired
        if point in self.seen:
            return None
        self.seen.add(point)
        values = self._values(point, certain=False)
        if not self._inside(values):
            self.outside += 1
            return None
        margins = [_margin(test, values) for test in self.situation.tests]
        self._note(point, margins)
        suspects = [
            number
            for number, margin in enumerate(margins)
            if margin is None or margin >= -CLOSE or certain
        ]
        for number in suspects:
            if self.certified >= CERTIFICATES and not certain:
                margin = margins[number]
                if margin is None or margin <= CLOSE:
                    continue
            self.certified += 1
            found = self.certify(point, number)
            if found is not None:
                return found
        return None

    def _values(self, point: Point, *, certain: bool) -> list[Any]:
        self.effort.spend((CERTAIN if certain else FLOAT) * self.situation.numbers)
        return self.situation.values(point, certain=certain)

    def _note(self, point: Point, margins: Sequence[float | None]) -> None:
        """Count a point, and remember what is needed to be said about points."""
        known = [margin for margin in margins if margin is not None]
        if self.inside is None and self._looked < LOOKS:
            self._looked += 1
            values = self._values(point, certain=True)
            if all(certain_truth(each, values) for each in self.situation.conditions):
                self.inside = point
        if len(known) == len(margins):
            self.tried += 1
            self._best.append((max(known), point))
            if len(self._best) > 4 * CLIMBS:
                self._best = sorted(self._best, key=lambda pair: -pair[0])[:CLIMBS]
        elif self.without is None and self._unsure < LOOKS:
            # floats overflow where real numbers have a value
            self._unsure += 1
            values = self._values(point, certain=True)
            sides = [values[node] for test in self.situation.tests for node in test[1:]]
            meant = all(certain_truth(each, values) for each in self.situation.conditions)
            if meant and any(side is NO_VALUE for side in sides):
                self.without = point

    def _inside(self, values: Sequence[Any]) -> bool:
        """Whether floats say that all conditions hold, or nearly."""
        for test in self.situation.conditions:
            margin = _margin(test, values)
            if margin is None or margin > CLOSE:
                return False
        return True

    def _one_sided(self, number: int, values: Sequence[Any]) -> bool:
        test = self.situation.tests[number]
        sides = [has_value(values[node]) for node in (test.left, test.right)]
        return test.op == "eq" and sides[0] != sides[1]

    def certify(self, point: Point, number: int) -> Counterexample | None:
        """The counterexample, if it is beyond doubt that the point is one."""
        situation = self.situation
        values = self._values(point, certain=True)
        for condition in situation.conditions:
            if certain_truth(condition, values) is not True:
                return None
        test = situation.tests[number]
        sides = [values[node] for node in (test.left, test.right)]
        if all(map(has_value, sides)):
            broken = certain_truth(test, values) is False
            return Counterexample(point, number) if broken else None
        if not self._one_sided(number, values):
            return None
        if not any(side is NO_VALUE for side in sides):
            return None
        return Counterexample(point, number, one_sided=True)

    def _repaired(self, point: Point) -> Point | None:
        """The point with numbers moved so that all equalities among the conditions hold."""
        moved: set[int] = set()
        for test in self._equalities:
            solved = self._solved(point, test, moved)
            if solved is None:
                return None
            point = solved
        return point

    def _solved(self, point: Point, test: Test, moved: set[int]) -> Point | None:
        situation = self.situation
        nodes = situation.graph.ancestors([test.left, test.right])

        def gap(at: Point) -> Fraction | None:
            self.effort.spend(CERTAIN * len(nodes))
            values = situation.values(at, certain=True, nodes=nodes)
            left, right = values[test.left], values[test.right]
            if not isinstance(left, Interval) or not isinstance(right, Interval):
                return None
            difference = left - right
            return Fraction(difference.low) if difference.is_point else None

        if gap(point) == 0:
            return point
        wanted = set(nodes)
        for number in reversed(range(len(point))):
            slot = situation.slots[number]
            if slot.node not in wanted or number in moved:
                continue
            zero, one = (_with(point, number, value) for value in (0, 1))
            low, high = gap(zero), gap(one)
            if low is None or high is None or low == high:
                continue
            value = plain(-low / (high - low))
            solved = _with(point, number, value)
            if value in slot.domain and gap(solved) == 0:
                moved.add(number)
                return solved
        return None

    # -- driving it up ------------------------------------------------------------------

    def _climbed(self, margin: float, point: Point) -> Counterexample | None:
        step = 1.0
        here, best = point, margin
        for _ in range(STEPS):
            better = False
            for number, slot in enumerate(self.situation.slots):
                if slot.domain.listed:
                    continue
                for sign in (step, -step):
                    moved = Fraction(here[number]) + (
                        round(sign) or (1 if sign > 0 else -1)
                        if slot.domain.whole
                        else Fraction(sign).limit_denominator(10**6)
                    )
                    if moved not in slot.domain:
                        continue
                    other = _with(here, number, plain(moved))
                    found = self.test(other)
                    if found is not None:
                        return found
                    values = self._values(other, certain=False)
                    margins = [_margin(test, values) for test in self.situation.tests]
                    known = [value for value in margins if value is not None]
                    if known and max(known) > best and self._inside(values):
                        here, best, better = other, max(known), True
                if self.effort.over:
                    return None
            step = step * 1.5 if better else step / 2
            if step < 1e-6:  # noqa: PLR2004  (nothing is to be gained any more)
                break
        return None

    def simplified(self, found: Counterexample) -> Counterexample:
        """The counterexample with simpler numbers, as long as it stays one."""
        point, spare = found.point, Effort(SIMPLIFYING)
        for number, candidates in enumerate(self.candidates):
            for value in candidates:
                if value == point[number]:
                    break
                spare.spend(CERTAIN * self.situation.numbers)
                again = self.certify(_with(point, number, value), found.broken)
                if again is not None and again.one_sided == found.one_sided:
                    point = again.point
                    break
            if self.effort.over and spare.over:
                break
        return found._replace(point=point)


def _with(point: Point, number: int, value: Any) -> Point:
    return (*point[:number], value, *point[number + 1 :])


def _sums(total: int, many: int, most: int) -> Iterator[tuple[int, ...]]:
    """The ways to write a number as so many numbers from 1 to `most`."""
    if many == 1:
        if 1 <= total <= most:
            yield (total,)
        return
    for first in range(1, min(most, total - many + 1) + 1):
        for rest in _sums(total - first, many - 1, most):
            yield (first, *rest)


def _margin(test: Test, values: Sequence[Any]) -> float | None:
    """By how much a comparison fails (below 0: it holds), relative to the size of its sides."""
    left, right = values[test.left], values[test.right]
    if not has_value(left) or not has_value(right):
        return None
    if getattr(left, "shape", ()) or getattr(right, "shape", ()):
        import numpy as np

        parts = [_scalar_margin(test.op, float(a), float(b)) for a, b in np.broadcast(left, right)]
        return min(parts) if test.op == "ne" else max(parts)
    return _scalar_margin(test.op, float(left), float(right))


def _scalar_margin(op: str, left: float, right: float) -> float:
    size = max(1.0, abs(left), abs(right))
    match op:
        case "eq":
            apart = abs(left - right) / size
            return apart if apart > CLOSE else -CLOSE * (1 + (left == right))
        case "ne":
            return -abs(left - right) / size
        case "lt" | "le":
            return (left - right) / size
        case _:
            return (right - left) / size


_HOLDS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
}


def certain_truth(test: Test, values: Sequence[Any]) -> bool | None:
    """Whether a comparison holds at a point, from certain intervals; None if that is open."""
    left, right = values[test.left], values[test.right]
    if not has_value(left) or not has_value(right):
        return None
    holds = _HOLDS[test.op]
    if not (getattr(left, "shape", ()) or getattr(right, "shape", ())):
        return _truth(holds, left, right)
    import numpy as np

    parts = [_truth(holds, a, b) for a, b in np.broadcast(left, right)]
    if test.op == "ne":
        return True if True in parts else None if None in parts else False
    return False if False in parts else None if None in parts else True


def _truth(holds: Callable[[Any, Any], bool], left: Any, right: Any) -> bool | None:
    try:
        return holds(Interval.of(left), Interval.of(right))
    except UndecidedError:
        return None


__all__ = ["Counterexample", "EquationError", "Outcome", "Search", "certain_truth"]
