"""How a function of one variable behaves: its range, limits, slopes and symmetry.

Values, limits and largest slopes are found numerically, with 50 digits where that
matters, and then checked by intervals over all real numbers; what the intervals do not
confirm is marked as found and not proved.
"""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hwsolve.errors import EquationError
from hwsolve.expr.backward import differentiate
from hwsolve.expr.tree import Apply, Expr, Num, Sym
from hwsolve.proofs.curve import FAR, Curve, Found, beyond
from hwsolve.proofs.effort import Effort
from hwsolve.proofs.evaluating import has_value, system_for, values_at
from hwsolve.proofs.identity import proved_equal
from hwsolve.proofs.intervals import EVERYTHING
from hwsolve.proofs.natural import JUMPS
from hwsolve.proofs.points import Statement
from hwsolve.proofs.polynomials import simplest
from hwsolve.proofs.prover import Prover, Test
from hwsolve.proofs.replacing import replaced

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.expr.parser import Equation

GRID: Final = tuple(number / 16 for number in range(-480, 481))
CLOSE: Final = 1e-9
# A function saturates where its slope is below this share of its largest one.
SHARE: Final = Fraction(1, 100)
STEPS: Final = 500_000
# A place with a longer fraction is shown as a decimal.
PLAIN: Final = 16
# So many peaks of a grid are looked at more closely.
PEAKS: Final = 6
# A function with no more values than this is said to have just these.
FEW: Final = 5


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
        variable: the name of its variable.
        values: all its values, where those are only a few.
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
    variable: str
    values: tuple[Fraction, ...] = ()

    @property
    def range(self) -> str:
        """The range as an interval or a set, long numbers with six digits."""
        if self.values:
            return "{" + ", ".join(map(str, self.values)) + "}"
        if self.low is None or self.high is None:
            return "not known"
        left = "[" if self.low.where else "("
        right = "]" if self.high.where else ")"
        low, high = (number_text(end) for end in (self.low, self.high))
        return f"{left}{low}, {high}{right}"


def behaviour(name: str, formula: Expr, variable: str, equations: Sequence[Equation]) -> Behaviour:
    """Work out how a function behaves.

    Raises:
        EquationError: if it cannot be read as a graph, or is not a number.
    """
    return _Function(name, formula, variable, equations).behaviour()


class _Function(Curve):
    def __init__(
        self, name: str, formula: Expr, variable: str, equations: Sequence[Equation]
    ) -> None:
        super().__init__(formula, variable, equations)
        self.name = name
        self.effort = Effort(STEPS)

    # -- what is said -------------------------------------------------------------------

    def behaviour(self) -> Behaviour:
        left, right = (self.limit(self.node, side) for side in (-1, 1))
        slope = self._largest_slope()
        values: tuple[Fraction, ...] = ()
        low = high = None
        if not self._has_gaps():
            low = self._extreme(self.node, -1, left, right)
            high = self._extreme(self.node, 1, left, right)
        else:
            values = self._few_values()
        return Behaviour(
            self.name,
            self.formula,
            low,
            high,
            left,
            right,
            self._derivative(),
            slope,
            (self._saturated(slope, -1), self._saturated(slope, 1)),
            self._symmetry(),
            self.variable,
            values,
        )

    def _derivative(self) -> Expr:
        """The formula of the derivative, tidied where that makes it shorter."""
        graph, node = self.graph, self.node
        while (row := graph.rows[node]) is not None and row.name == "identity":
            (node,) = graph.args[node]
        if row is not None and row.name == "where":
            condition, *branches = graph.args[node]
            test = graph.expression(condition, plain=True)
            above, below = (graph.expression(branch, plain=True) for branch in branches)
            x = Sym(self.variable)
            if test == Apply("gt", (x, Num(0))):
                for least in ("minimum", "min"):
                    below = _with(below, Apply(least, (x, Num(0))), x)
            return Apply("where", (test, self._slope_of(above), self._slope_of(below)))
        return _tidied(graph.expression(self.slope, plain=True))

    def _slope_of(self, formula: Expr) -> Expr:
        statement = Statement((formula, Sym(self.variable)), self.context)
        node, leaf = statement.sides
        found = differentiate(statement.graph, node, [leaf]).adjoints.get(leaf)
        return Num(0) if found is None else _tidied(statement.graph.expression(found, plain=True))

    def _has_gaps(self) -> bool:
        """Whether the function jumps somewhere, so that its values may leave gaps."""
        names = self.names(self.node)
        if not names & JUMPS:
            return False
        if "floor" in names:
            return True
        values = [self.number(self.node, x) for x in GRID]
        steps = [
            (abs(after - before), x)
            for x, (before, after) in zip(GRID, pairwise(values), strict=False)
            if before is not None and after is not None
        ]
        return any(self._jumps(x, x + 1 / 16) for size, x in sorted(steps)[-PEAKS:] if size > CLOSE)

    def _jumps(self, low: float, high: float) -> bool:
        """Whether the change between two places stays as they come together."""
        change = 0.0
        for _ in range(45):
            middle = (low + high) / 2
            left, here, right = (self.number(self.node, x) for x in (low, middle, high))
            if left is None or here is None or right is None:
                return True
            nearer = abs(here - left) >= abs(right - here)
            low, high = (low, middle) if nearer else (middle, high)
            change = abs(right - left)
        return change > 1e-6  # noqa: PLR2004  (far more than any slope here makes)

    def _few_values(self) -> tuple[Fraction, ...]:
        """All values of a function that is flat but for some jumps, where those are few."""
        slope = self.over(self.slope, EVERYTHING)
        if not slope.is_point or slope.low != 0 or "floor" in self.names(self.node):
            return ()
        found: set[Fraction] = set()
        for x in GRID:
            value = self.value(self.node, Fraction(x))
            if value is None or not value.is_point:
                return ()
            found.add(Fraction(value.low))
        return tuple(sorted(found)) if len(found) <= FEW else ()

    def _extreme(
        self, node: int, sign: int, left: Found | None, right: Found | None
    ) -> Found | None:
        """The largest (or, with sign -1, smallest) value, or what is only approached."""
        values = {x: self.number(node, x) for x in GRID}
        known = {x: sign * value for x, value in values.items() if value is not None}
        for each in (left, right):
            if each is not None and isinstance(each.value, float) and sign * each.value == math.inf:
                return Found(each.value)
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
        ends = (known[GRID[0]], left), (known[GRID[-1]], right)
        if any(value >= best - CLOSE and end is None for value, end in ends):
            return None  # it may go on beyond
        ties = [x for x, value in known.items() if value >= best - 1e-12 * max(1.0, abs(best))]
        if len(ties) > 3:  # noqa: PLR2004  (more than an even function has)
            found = self._at(node, ties[len(ties) // 2])
            spread = self._spread(node, ties, sign * best)
            return self._bounded(node, found._replace(where=spread), sign)
        return self._bounded(node, self._highest(node, known, sign), sign)

    def _highest(self, node: int, known: dict[float, float], sign: int) -> Found:
        """The extreme value near the peaks of a grid, at the place nearest to 0."""
        best = max(known.values())
        peaks = [
            x
            for x, value in known.items()
            if value >= best - 0.02 * max(1.0, abs(best))
            and value >= max(known.get(x - 1 / 16, -math.inf), known.get(x + 1 / 16, -math.inf))
        ]
        first = max(known, key=lambda x: (known[x], -abs(x)))
        chosen = dict.fromkeys((first, *sorted(peaks, key=_plainness)[:PEAKS]))
        found = [(self._sharpened(node, x, sign), _plainness(x)) for x in chosen]
        top = max(sign * each.value for each, _ in found)
        level = [pair for pair in found if sign * pair[0].value >= top - CLOSE]
        return min(level, key=lambda pair: pair[1])[0]

    def _of_a_part(self, node: int, sign: int) -> Found | None:
        """The bound of a function that does not have a value everywhere, if that is reached."""
        outer = self.over(node, EVERYTHING)
        end = outer.high if sign > 0 else outer.low
        if isinstance(end, float):
            return None
        for x in GRID:
            found = self.value(node, Fraction(x))
            if found is not None and found.is_point and found.low == end:
                return Found(Fraction(end), f"at {self.variable} = {Fraction(x)}", proved=True)
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
            return Found(Fraction(value.low), f"at {self.variable} = {place_text(x)}")
        return Found(self.number(node, float(x)), f"at {self.variable} = {place_text(x)}")

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
        found = Found(self.number(node, x), f"at {self.variable} = {place_text(x)}")
        if plain.denominator <= PLAIN and abs(x - plain) < CLOSE:
            side = "below" if x < plain else "above"
            return found._replace(where=f"towards {self.variable} = {plain} from {side}")
        outer = self.over(node, EVERYTHING)
        end = outer.high if sign > 0 else outer.low
        if isinstance(end, float) or Fraction(end).denominator > FAR[1]:
            return found
        if abs(float(end) - found.value) < CLOSE:
            return found._replace(value=Fraction(end))
        return found

    def _spread(self, node: int, ties: Sequence[float], level: float) -> str:
        """The x at which a value is taken, where those are many."""
        low, high, name = min(ties), max(ties), self.variable
        if round((high - low) * 16) + 1 != len(ties):
            return f"for many {name}"
        open_ends = [low <= GRID[0], high >= GRID[-1]]
        if all(open_ends):
            return f"for every {name}"
        left = "" if open_ends[0] else self._edge(node, low, -1, level)
        right = "" if open_ends[1] else self._edge(node, high, 1, level)
        if left and right:
            return f"for {left} < {name} < {right}"
        return f"for {name} > {left}" if left else f"for {name} < {right}"

    def _edge(self, node: int, inside: float, side: int, level: float) -> str:
        """Where a value ends to be taken, from a place where it is taken."""
        outside = inside + side / 16
        while abs(outside - inside) > CLOSE:
            middle = (inside + outside) / 2
            value = self.number(node, middle)
            same = value is not None and abs(value - level) <= 1e-12 * max(1.0, abs(level))
            inside, outside = (middle, outside) if same else (inside, middle)
        slack = Fraction(1, 10**8)
        return place_text(simplest(Fraction(inside) - slack, Fraction(inside) + slack))

    def _bounded(self, node: int, found: Found, sign: int) -> Found:
        """Whether intervals confirm that nothing lies beyond a value."""
        outer = self.over(node, EVERYTHING)
        end = outer.high if sign > 0 else outer.low
        if end == found.value:
            return found._replace(proved=True)
        if isinstance(found.value, float) or self.effort.over:
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
        prover = Prover(self.graph, {self.leaf: EVERYTHING}, effort=self.effort)
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
        limit = self.limit(self.slope, side)
        if limit is None or abs(limit.value) >= most:
            return None
        places = (*GRID, *map(float, FAR), *(-float(far) for far in FAR))
        large = [
            side * x for x in places if not self._is_small(x, most, unknown=side * x > GRID[-1])
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
            small = self._is_small(side * middle, most, unknown=middle > GRID[-1])
            low, high = (low, middle) if small else (middle, high)
        start = Fraction(high) + Fraction(1, 10**6)
        outer = abs(self.over(self.slope, beyond(side, start)))
        share = abs(Fraction(slope.value)) * SHARE if not isinstance(slope.value, float) else most
        edge = simplest(Fraction(high) - Fraction(1, 10**7), Fraction(high) + Fraction(1, 10**7))
        shown: Any = edge if edge.denominator == 1 else high
        return Found(side * shown, proved=outer.high <= share)

    def _is_small(self, x: float, most: float, *, unknown: bool) -> bool:
        """Whether the slope is small at a place; `unknown` where it cannot be worked out."""
        slope = self.number(self.slope, x)
        return unknown if slope is None else abs(slope) < most

    def _symmetry(self) -> str:
        turned = replaced(self.formula, self.variable, Apply("neg", (Sym(self.variable),)))
        if self._same(turned, self.formula):
            return "even"
        if self._same(turned, Apply("neg", (self.formula,))):
            return "odd"
        middle = self.value(self.node, 0)
        if middle is not None and middle.is_point:
            both = 2 * Fraction(middle.low)
            whole = int(both) if both.denominator == 1 else both
            if self._same(turned, Apply("sub", (Num(whole), self.formula))):
                return f"f(-{self.variable}) = {whole} - f({self.variable})"
        return ""

    def _same(self, one: Expr, other: Expr) -> bool:
        statement = Statement((one, other), self.context)
        prover = Prover(statement.graph, {}, effort=self.effort)
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


def _tidied(plain: Expr) -> Expr:
    """A formula, tidied where that makes it shorter."""
    from hwsolve.expr.notation import text
    from hwsolve.proofs.tidy import tidy

    return min(plain, tidy(plain), key=lambda expr: len(text(expr)))


def _with(tree: Expr, part: Expr, by: Expr) -> Expr:
    """An expression with another one in the place of a part."""
    if tree == part:
        return by
    if not isinstance(tree, Apply):
        return tree
    args = tuple(_with(arg, part, by) for arg in tree.args)
    return Apply(tree.op, args, tree.attributes, tree.at)


def _plainness(x: float) -> tuple[float, bool]:
    """What is nearer to 0 first, the positive one of two."""
    return abs(x), x < 0


def place_text(x: Any) -> str:
    """A place as a short fraction or a decimal."""
    number = Fraction(x)
    return str(number) if number.denominator <= PLAIN else f"{float(x):.6g}"


def number_text(found: Found) -> str:
    """A value as a fraction, or with six digits."""
    if isinstance(found.value, float):
        return f"{found.value:.6g}"
    return str(found.value)


__all__ = ["Behaviour", "Found", "behaviour", "number_text", "place_text"]
