"""How a function of one variable behaves: its range, limits, slopes and symmetry.

Values, limits and largest slopes are found numerically, with 50 digits where that
matters, and then checked by intervals over all real numbers; what the intervals do not
confirm is marked as found and not proved.
"""

from __future__ import annotations

import math
from fractions import Fraction
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hwsolve.errors import EquationError
from hwsolve.expr.backward import differentiate
from hwsolve.expr.tree import Apply, Expr, Sym
from hwsolve.proofs.evaluating import has_value, system_for, values_at
from hwsolve.proofs.identity import proved_equal
from hwsolve.proofs.intervals import EVERYTHING, INFINITY, Interval
from hwsolve.proofs.points import Context, Statement
from hwsolve.proofs.polynomials import simplest
from hwsolve.proofs.prover import Prover, Test
from hwsolve.proofs.reach import Reach
from hwsolve.proofs.replacing import replaced

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.expr.parser import Equation

FAR: Final = (100, 10**4, 10**8, 10**14)
GRID: Final = tuple(number / 16 for number in range(-480, 481))
CLOSE: Final = 1e-9
SETTLED: Final = Fraction(1, 10**12)
# A function saturates where its slope is below this share of its largest one.
SHARE: Final = Fraction(1, 100)
SECONDS: Final = 1.5
# A place with a longer fraction is shown as a decimal.
PLAIN: Final = 16


class Found(NamedTuple):
    """A number that was found, exact where it is a fraction; `proved` if intervals confirm it.

    `where` says at which x, and is empty for a number that is only approached.
    """

    value: Any
    where: str = ""
    proved: bool = False


class Behaviour(NamedTuple):
    """What there is to say about a function.

    Attributes:
        name: its name.
        formula: its formula in the variable.
        low: its smallest value, or what its values come near to.
        high: its largest value, or what its values come near to.
        left: its limit for x to -inf; None where it has none.
        right: its limit for x to inf.
        derivative: the formula of its derivative.
        slope: its largest slope (by size), and where it is.
        saturated: from where on, to the left and to the right, its slope stays below a
            hundredth of the largest one; None where it does not.
        symmetry: "odd", "even", "f(-x) = c - f(x)" with the number c, or "".
    """

    name: str
    formula: Expr
    low: Found | None
    high: Found | None
    left: Found | None
    right: Found | None
    derivative: Expr
    slope: Found | None
    saturated: tuple[Found | None, Found | None]
    symmetry: str

    @property
    def range(self) -> str:
        """The range as an interval, long numbers with six digits."""
        left = "[" if self.low is not None and self.low.where else "("
        right = "]" if self.high is not None and self.high.where else ")"
        low, high = (number_text(end) for end in (self.low, self.high))
        return f"{left}{low}, {high}{right}"


def behaviour(name: str, formula: Expr, variable: str, equations: Sequence[Equation]) -> Behaviour:
    """Work out how a function behaves.

    Raises:
        EquationError: if it cannot be read as a graph, or is not a number.
    """
    return _Function(name, formula, variable, equations).behaviour()


class _Function:
    def __init__(
        self, name: str, formula: Expr, variable: str, equations: Sequence[Equation]
    ) -> None:
        self.name = name
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
        self.deadline = perf_counter() + SECONDS

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
        return float(found[node]) if has_value(found[node]) else None

    def over(self, node: int, where: Interval) -> Interval:
        """An interval that holds all values of a node on an interval of x."""
        nodes = self.graph.ancestors([node])
        return Reach(self.graph, nodes, {self.leaf: where}).intervals[node]

    # -- what is said -------------------------------------------------------------------

    def behaviour(self) -> Behaviour:
        left, right = (self.limit(self.node, side) for side in (-1, 1))
        low = self._extreme(self.node, -1, left, right)
        high = self._extreme(self.node, 1, left, right)
        slope = self._largest_slope()
        return Behaviour(
            self.name,
            self.formula,
            low,
            high,
            left,
            right,
            self.graph.expression(self.slope, plain=True),
            slope,
            (self._saturated(slope, -1), self._saturated(slope, 1)),
            self._symmetry(),
        )

    def limit(self, node: int, side: int) -> Found | None:  # noqa: PLR0911  (one case after the other)
        """The limit of a node for x to plus or minus infinity, or None."""
        values = [self.value(node, side * far) for far in FAR]
        if any(value is None for value in values):
            return None
        last = values[-1]
        if last.low > FAR[1]:
            return Found(INFINITY)
        if last.high < -FAR[1]:
            return Found(-INFINITY)
        if isinstance(last.low, float) or isinstance(last.high, float):
            return None
        before, middle = _middle(values[-2]), _middle(last)
        if last.high - last.low > SETTLED or abs(middle - before) > Fraction(1, 10**6):
            return None
        near = simplest(middle - SETTLED, middle + SETTLED)
        if near.denominator > FAR[1]:
            return Found(float(middle))
        far = FAR[-1]
        where = Interval(far, INFINITY) if side > 0 else Interval(-INFINITY, -far)
        outer = self.over(node, where)
        sure = near - SETTLED <= outer.low and outer.high <= near + SETTLED
        return Found(near, proved=bool(sure))

    def _extreme(
        self, node: int, sign: int, left: Found | None, right: Found | None
    ) -> Found | None:
        """The largest (or, with sign -1, smallest) value, or what is only approached."""
        values = {x: self.number(node, x) for x in GRID}
        known = {x: sign * value for x, value in values.items() if value is not None}
        for each in (left, right):
            if each is not None and isinstance(each.value, float) and sign * each.value == math.inf:
                return Found(each.value, proved=True)
        if len(known) < len(GRID):
            return self._of_a_part(node, sign)
        best = max(known.values())
        limits = [each for each in (left, right) if each is not None]
        highest = max((sign * each.value for each in limits), default=-math.inf)
        if highest >= best - CLOSE * max(1.0, abs(best)) and not self._reached(
            node, sign * highest
        ):
            (limit, *_) = [each for each in limits if sign * each.value == highest]
            return self._bounded(node, Found(limit.value), sign)
        ties = [x for x, value in known.items() if value >= best - 1e-12 * max(1.0, abs(best))]
        if len(ties) > 3:  # noqa: PLR2004  (more than an even function has)
            found = self._at(node, ties[len(ties) // 2])
            return self._bounded(node, found._replace(where=_spread(ties)), sign)
        return self._bounded(node, self._sharpened(node, min(ties, key=abs), sign), sign)

    def _of_a_part(self, node: int, sign: int) -> Found | None:
        """The bound of a function that does not have a value everywhere, if that is reached."""
        outer = self.over(node, EVERYTHING)
        end = outer.high if sign > 0 else outer.low
        if isinstance(end, float):
            return None
        for x in GRID:
            found = self.value(node, Fraction(x))
            if found is not None and found.is_point and found.low == end:
                return Found(Fraction(end), f"at x = {Fraction(x)}", proved=True)
        return None

    def _reached(self, node: int, value: Any) -> bool:
        """Whether a limit is also a value, at one of the points that were tried."""
        if isinstance(value, float):
            return False
        for x in GRID[::4]:
            found = self.value(node, Fraction(x))
            if found is not None and found.is_point and found.low == value:
                return True
        return False

    def _at(self, node: int, x: Any) -> Found:
        """The value at a place, exact if it can be."""
        value = self.value(node, Fraction(x))
        if value is not None and value.is_point:
            return Found(Fraction(value.low), f"at x = {place_text(x)}")
        return Found(self.number(node, float(x)), f"at x = {place_text(x)}")

    def _sharpened(self, node: int, at: float, sign: int) -> Found:
        """An extreme value near a place, at a simple number if there is one."""
        step, x = 1 / 16, at
        for _ in range(60):
            around = [(self.number(node, y), y) for y in (x, x - step, x + step)]
            x = max(((sign * v, -abs(y - x), y) for v, y in around if v is not None))[2]
            step /= 1.5
        plain = simplest(Fraction(x) - Fraction(1, 10**5), Fraction(x) + Fraction(1, 10**5))
        if plain.denominator <= PLAIN:
            found, sharp = self._at(node, plain), self.number(node, x)
            if sharp is None or sign * float(found.value) >= sign * sharp - CLOSE:
                return found
        found = Found(self.number(node, x), f"at x = {place_text(x)}")
        outer = self.over(node, EVERYTHING)
        end = outer.high if sign > 0 else outer.low
        if isinstance(end, float) or Fraction(end).denominator > FAR[1]:
            return found
        if abs(float(end) - found.value) < CLOSE:
            return found._replace(value=Fraction(end))
        return found

    def _bounded(self, node: int, found: Found, sign: int) -> Found:
        """Whether intervals confirm that nothing lies beyond a value."""
        outer = self.over(node, EVERYTHING)
        end = outer.high if sign > 0 else outer.low
        if end == found.value:
            return found._replace(proved=True)
        if isinstance(found.value, float) or perf_counter() > self.deadline:
            slack = Fraction(1, 10**6)
            if math.isinf(found.value):
                return found
            bound = Fraction(found.value) + sign * slack
        else:
            bound = found.value
        return found._replace(proved=self._beyond(node, bound, sign))

    def _beyond(self, node: int, bound: Fraction, sign: int) -> bool:
        """Whether no value lies beyond a number, by slopes."""
        constant = self.graph.constant(bound)
        test = Test("le", node, constant) if sign > 0 else Test("ge", node, constant)
        prover = Prover(self.graph, {self.leaf: EVERYTHING}, deadline=self.deadline)
        return prover.prove(test) is not None

    def _largest_slope(self) -> Found | None:
        """The slope that is largest by size."""
        limits = [self.limit(self.slope, side) for side in (-1, 1)]
        found = [self._extreme(self.slope, sign, *limits) for sign in (1, -1)]
        known = [each for each in found if each is not None]
        if len(known) < len(found):
            return None
        largest = max(known, key=lambda each: abs(each.value))
        return largest._replace(proved=all(each.proved for each in known))

    def _saturated(self, slope: Found | None, side: int) -> Found | None:
        """From where on the slope stays small, in one direction."""
        if slope is None or math.isinf(slope.value):
            return None
        most = float(abs(slope.value) * float(SHARE))
        large = [
            side * x
            for x in (*GRID, *map(float, FAR), *(-float(far) for far in FAR))
            if abs(self.number(self.slope, x) or 0.0) >= most
        ]
        if not large or max(large) >= FAR[-1]:
            return None
        low = max(large)
        high = (
            min(x for x in (*(abs(y) for y in GRID), *map(float, FAR)) if x > low)
            if low >= 0
            else low + 1 / 16
        )
        while high - low > 1e-9:  # noqa: PLR2004  (far more digits than anybody needs)
            middle = (low + high) / 2
            inside = abs(self.number(self.slope, side * middle) or 0.0) >= most
            low, high = (middle, high) if inside else (low, middle)
        beyond = Fraction(high) + Fraction(1, 10**6)
        where = Interval(beyond, INFINITY) if side > 0 else Interval(-INFINITY, -beyond)
        outer = abs(self.over(self.slope, where))
        limit = abs(Fraction(slope.value)) * SHARE if not isinstance(slope.value, float) else most
        edge = simplest(Fraction(high) - Fraction(1, 10**7), Fraction(high) + Fraction(1, 10**7))
        shown: Any = edge if edge.denominator == 1 else high
        return Found(side * shown, proved=outer.high <= limit)

    def _symmetry(self) -> str:
        turned = replaced(self.formula, self.variable, Apply("neg", (Sym(self.variable),)))
        if self._same(turned, self.formula):
            return "even"
        if self._same(turned, Apply("neg", (self.formula,))):
            return "odd"
        middle = self.value(self.node, 0)
        if middle is not None and middle.is_point:
            from hwsolve.expr.tree import Num

            both = 2 * Fraction(middle.low)
            whole = int(both) if both.denominator == 1 else both
            if self._same(turned, Apply("sub", (Num(whole), self.formula))):
                return f"f(-x) = {whole} - f(x)"
        return ""

    def _same(self, one: Expr, other: Expr) -> bool:
        statement = Statement((one, other), self.context)
        prover = Prover(statement.graph, {}, deadline=self.deadline)
        if prover.prove(Test("eq", *statement.sides)) is not None:
            return True
        try:
            found = proved_equal(one, other, self.context)
        except EquationError:
            return False
        return found is not None and bool(found.equal) and self._alike(one, other)

    def _alike(self, one: Expr, other: Expr) -> bool:
        """Whether floats agree: what jumps is only the same but for single points."""
        statement = Statement((one, other), self.context)
        for x in (-2.5, -1.0, 0.0, 0.75, 3.0):
            found = values_at(
                statement.graph,
                system_for(statement.graph, certain=False),
                statement.needed,
                dict.fromkeys(statement.leaves, x),
            )
            sides = [found[node] for node in statement.sides]
            if has_value(sides[0]) != has_value(sides[1]):
                return False
            if has_value(sides[0]) and abs(sides[0] - sides[1]) > CLOSE:
                return False
        return True


def _spread(ties: Sequence[float]) -> str:
    """The x at which a value is taken, where those are many."""
    low, high = min(ties), max(ties)
    count = round((high - low) * 16) + 1
    if count != len(ties):
        return "for many x"
    ends = [Fraction(low) - Fraction(1, 16), Fraction(high) + Fraction(1, 16)]
    open_ends = [low <= GRID[0], high >= GRID[-1]]
    if all(open_ends):
        return "for every x"
    if open_ends[1]:
        return f"for x > {ends[0]}"
    return f"for x < {ends[1]}" if open_ends[0] else f"for {ends[0]} < x < {ends[1]}"


def place_text(x: Any) -> str:
    """A place as a short fraction or a decimal."""
    number = Fraction(x)
    return str(number) if number.denominator <= PLAIN else f"{float(x):.6g}"


def number_text(found: Found | None) -> str:
    """A value as a fraction, or with six digits."""
    if found is None:
        return "?"
    if isinstance(found.value, float):
        return f"{found.value:.6g}"
    return str(found.value)


def _middle(value: Interval) -> Fraction:
    return (Fraction(value.low) + Fraction(value.high)) / 2


__all__ = ["Behaviour", "Found", "behaviour", "number_text", "place_text"]
