"""Identities about a symbolic size n proved by induction: for n = 1, and from n to n + 1.

In the step, everything that n stands in is a letter of its own: a sum up to n, a power
r^n, an entry a[n + 1], a recurrence's v[n]. At n + 1 these letters are written by those
at n: a sum up to n + 1 is the sum up to n and one more term, r^(n + 1) is r^n*r, and
v[n + 1] is what the recurrence says. Then the identity at n + 1 has to follow from the
one at n for any values of the letters, which is an identity of fractions like any other.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

from hwsolve.expr.notation import text
from hwsolve.expr.operations import ALIASES
from hwsolve.expr.tree import Apply, Expr, Index, Num, Over, Sym, walk
from hwsolve.proofs.degrees import renamed
from hwsolve.proofs.field import UnsupportedError
from hwsolve.proofs.identity import Comparison, proved_equal
from hwsolve.proofs.inlining import Inliner, defined_name
from hwsolve.proofs.points import COMPARISONS, Context, UnmetError
from hwsolve.proofs.ranges import size_of, substituted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.expr.parser import Equation, Loop
    from hwsolve.proofs.ranges import Case
    from hwsolve.proofs.sums import Setting

METHOD: Final = "induction: at 1, and from each size to the next"
# A range may end this far from n.
FARTHEST: Final = 6
MANY_FACTORS: Final = 400
# A recurrence that starts at most here holds at n + 1 for every n from 1 on.
LATEST_START: Final = 2
# So many different letters may be factors of a slope.
MANY_POWERS: Final = 3

Offset = tuple[int, int]


def proved_by_induction(left: Expr, right: Expr, setting: Setting, case: Case) -> Comparison | None:
    """The step from n to n + 1 for the only symbolic size; None where it is not shown.

    Who asks has to know that the identity holds at n = 1.

    Raises:
        EquationError: if a side cannot be read as a graph.
    """
    sizes = setting.indices.sizes
    if len(sizes) != 1 or setting.shapes or setting.indices.used((left, right)):
        return None
    (size,) = sizes
    try:
        inliner = Inliner(setting.equations)
        sides = [inliner.tree(side) for side in (left, right)]
        step = _Step(setting, inliner.recursive)
        now, then = ([step.at(side, ahead) for side in sides] for ahead in (0, 1))
        assumptions = [
            inliner.tree(body) for body, loops in setting.assumptions if not _entries(body, loops)
        ]
        assumptions += [inliner.tree(test) for test in case.conditions]
        if any(step.varies(test) for test in assumptions):
            return None
        positive = [Sym(size), *map(Sym, step.positive)]
        assumed = (*(Apply("gt", (letter, Num(0))) for letter in positive), *assumptions)
        context = Context(assumptions=assumed)
        found = proved_equal(then[0], then[1], context)
        for letter in step.totals if found is None else ():
            value = _solved(now[0] - now[1], letter, step, context)
            if value is not None:
                one, other = (substituted(side, {letter: value}) for side in then)
                found = proved_equal(one, other, context)
            if found is not None:
                break
    except (UnsupportedError, UnmetError):
        return None
    if found is None:
        return None
    return found._replace(method=METHOD, conditions=step.conditions())


def _solved(gap: Expr, letter: str, step: _Step, context: Context) -> Expr | None:
    """What a letter is where a gap is 0; None unless the gap is a*letter + b with a != 0.

    Were a 0 for some n, nothing would follow from the gap being 0 there. So it may be
    what does not depend on n, times powers of n and of powers r^n, which are not 0.
    """
    none = substituted(gap, {letter: Num(0)})
    slope = substituted(gap, {letter: Num(1)}) - none
    if proved_equal(slope * Sym(letter) + none, gap, context) is None:
        return None
    steady = [step.size, *step.powers][:MANY_POWERS]
    others = {name: Sym(f"another {name}") for name in (step.size, *step.letters)}
    others.pop(letter)
    elsewhere = substituted(slope, others)
    for exponents in product((0, 1, -1, 2, -2), repeat=len(steady)):
        here, there = slope, elsewhere
        for name, exponent in zip(steady, exponents, strict=True):
            here = here * Sym(name) ** Num(exponent)
            there = there * others[name] ** Num(exponent)
        if proved_equal(here, there, context) is not None:
            # a slope that is 0 everywhere is a division by 0, which is no proof
            return -none / slope
    return None


def _entries(body: Expr, loops: Sequence[object]) -> bool:
    """Whether an assumption is only about entries; the proof goes without it."""
    return bool(loops) or any(isinstance(node, (Index, Over)) for node in walk(body))


def _positive_family(body: Expr, loops: Sequence[Loop]) -> str | None:
    """The name p of an assumption p[k] > 0 for k in 1..n."""
    match body:
        case Apply(op="gt", args=(Index(base=Sym(name=name), indices=(Sym(name=at),)), Num())):
            (loop,) = loops if len(loops) == 1 else (None,)
            zero = isinstance(body.args[1], Num) and body.args[1].value == 0
            if zero and loop is not None and loop.variable == at:
                return name if size_of((loop.low, loop.high)) else None
    return None


class _Step:
    """Expressions at n and at n + 1 in the letters of n.

    Args:
        setting: the definitions, with one symbolic size.
        recursive: the families that are recurrences.

    Attributes:
        size: the name n.
        letters: the names of the letters that depend on n.
        totals: those of them that stand for sums, products and recurrences.
        divisors: what powers to a negative multiple of n are powers of.
        powers: the letters that stand for powers of what is not 0.
        positive: the letters that are positive because all that they are made of is.
    """

    def __init__(self, setting: Setting, recursive: set[str]) -> None:
        (self.size,) = setting.indices.sizes
        self.recurrences = {
            defined_name(equation): equation
            for equation in setting.equations
            if defined_name(equation) in recursive and equation.loops
        }
        if any(self._depends(equation.body) for equation in self.recurrences.values()):
            raise UnsupportedError("a recurrence that changes with n")
        self.families = setting.indices.indexed
        self.letters: dict[str, None] = {}
        self.totals: dict[str, None] = {}
        self.divisors: dict[Expr, None] = {}
        self.positive: dict[str, None] = {}
        self.powers: dict[str, None] = {}
        self.positive_families = {
            name for body, loops in setting.assumptions if (name := _positive_family(body, loops))
        }

    def _letter(self, name: str) -> Sym:
        self.letters.setdefault(name)
        return Sym(name)

    def _total(self, name: str) -> Sym:
        self.totals.setdefault(name)
        return self._letter(name)

    def varies(self, tree: Expr) -> bool:
        """Whether n, a sum or an entry stands in an expression."""
        return any(isinstance(n, (Over, Index)) or n == Sym(self.size) for n in walk(tree))

    def _is_positive(self, tree: Expr) -> bool:
        """Whether each term of a range is positive."""
        match tree:
            case Num(value=int() as value):
                return value > 0
            case Index(base=Sym(name=name), indices=(Sym(),)):
                return name in self.positive_families
            case Apply(op="exp"):
                return True
            case Apply(op="add" | "mul" | "div", args=args):
                return all(map(self._is_positive, args))
        return False

    def conditions(self) -> tuple[str, ...]:
        """What must not be 0 where powers of it are divided by."""
        return tuple(f"{text(base)} != 0" for base in self.divisors)

    def at(self, tree: Expr, ahead: int) -> Expr:
        """An expression at n + `ahead`."""
        match tree:
            case Num():
                return tree
            case Sym(name=name):
                if name == self.size:
                    return tree + ahead if ahead else tree
                if name in self.families:
                    raise UnsupportedError("a whole family at once")
                return tree
            case Index(base=Sym(name=name)):
                return self._entry(name, tree.indices, ahead)
            case Over():
                return self._over(tree, ahead)
            case Apply():
                return self._apply(tree, ahead)
        raise UnsupportedError("an expression")

    def _apply(self, tree: Apply, ahead: int) -> Expr:
        op = ALIASES.get(tree.op, tree.op)
        if op in COMPARISONS or tree.attributes:
            raise UnsupportedError("a comparison")
        if op == "pow" and self._depends(tree.args[1]):
            return self._power(tree.args[0], tree.args[1], ahead)
        return Apply(op, tuple(self.at(arg, ahead) for arg in tree.args))

    def _depends(self, tree: Expr) -> bool:
        return any(isinstance(node, Sym) and node.name == self.size for node in walk(tree))

    def _power(self, base: Expr, exponent: Expr, ahead: int) -> Expr:
        """b^(k*n + c) as (b^n)^k * b^c."""
        if self._depends(base):
            raise UnsupportedError("a power of n to n")
        times, constant = self._affine(exponent)
        body = self.at(base, ahead)
        if times < 0 and not isinstance(base, Num):
            self.divisors.setdefault(base)
        letter = self._letter(f"({text(base)})^{self.size}")
        if isinstance(base, (Sym, Index)) or (isinstance(base, Num) and base.value):
            self.powers.setdefault(letter.name)
        result: Expr = letter ** Num(times) if times != 1 else letter
        rest = constant + times * ahead
        return result * body ** Num(rest) if rest else result

    def _affine(self, tree: Expr) -> Offset:  # noqa: PLR0911  (one case for each)
        """The numbers k and c of k*n + c.

        Raises:
            UnsupportedError: for what is not of this form.
        """
        match tree:
            case Num(value=int() as value):
                return 0, value
            case Sym(name=name) if name == self.size:
                return 1, 0
            case Apply(op="add", args=args):
                parts = [self._affine(arg) for arg in args]
                return sum(k for k, _ in parts), sum(c for _, c in parts)
            case Apply(op="sub", args=(one, other)):
                (k, c), (m, d) = self._affine(one), self._affine(other)
                return k - m, c - d
            case Apply(op="neg", args=(one,)):
                k, c = self._affine(one)
                return -k, -c
            case Apply(op="mul", args=(Num(value=int() as value), one)):
                k, c = self._affine(one)
                return k * value, c * value
            case Apply(op="mul", args=(one, Num(value=int() as value))):
                k, c = self._affine(one)
                return k * value, c * value
        raise UnsupportedError("an exponent or index that is not affine in n")

    def _entry(self, name: str, indices: tuple[Expr, ...], ahead: int) -> Expr:
        if len(indices) != 1:
            if any(map(self._depends, indices)) or name in self.recurrences:
                raise UnsupportedError("an entry with several indices")
            return Sym(f"{name}[{', '.join(map(text, indices))}]")
        times, constant = self._affine(indices[0])
        if times not in {0, 1}:
            raise UnsupportedError("an index that is a multiple of n")
        place = constant + times * ahead
        # at n + 1 these indices are in the range of the assumption
        if name in self.positive_families and (0 <= place <= 1 if times else place == 1):
            where = f"{self.size} + {place}" if times else f"{place}"
            self.positive.setdefault(f"{name}[{where}]")
        recurrence = self.recurrences.get(name)
        if recurrence is not None and times and place >= 1:
            return self._recurred(recurrence, place, ahead)
        if not times:
            return Sym(f"{name}[{place}]")
        letter = f"{name}[{self.size} + {place}]"
        return self._total(letter) if recurrence is not None else self._letter(letter)

    def _recurred(self, equation: Equation, place: int, ahead: int) -> Expr:
        """v[n + place] by the recurrence, which has to hold at that place."""
        (loop,) = equation.loops if len(equation.loops) == 1 else (None,)
        target = equation.target
        if (
            loop is None
            or not isinstance(target, Index)
            or target.indices != (Sym(loop.variable),)
            or place > ahead
            or loop.high != Sym(self.size)
            or not isinstance(loop.low, Num)
            or not 0 <= loop.low.value <= LATEST_START  # type: ignore[operator]  # a number
        ):
            raise UnsupportedError("a recurrence that does not run to n")
        inside = Sym(self.size) + (place - ahead)
        body = renamed(equation.body, frozenset({self.size}))
        return self.at(substituted(body, {loop.variable: inside}), ahead)

    # -- sums -------------------------------------------------------------------------

    def _over(self, tree: Over, ahead: int) -> Expr:
        if self._depends(tree.low) or not isinstance(tree.low, Num):
            raise UnsupportedError("a range that begins at n")
        if not self._depends(tree.high):
            if self._depends(tree.body):
                raise UnsupportedError("a sum of terms with n in them")
            return Sym(text(_canonical(tree)))
        if tree.op == "mean":
            count = tree.high - tree.low + 1
            total = Over("sum", tree.body, tree.variable, tree.low, tree.high)
            return self._over(total, ahead) / self.at(count, ahead)
        times, constant = self._affine(tree.high)
        low = tree.low.value
        # an empty range at n = 1 is one that has not begun: it may grow from there
        if times != 1 or abs(constant) > FARTHEST or not isinstance(low, int):
            raise UnsupportedError("a range that does not end near n")
        if 1 + min(constant, 0) < low - 1 or (tree.op in {"max", "min"} and low > 1):
            raise UnsupportedError("a range that begins behind its end")
        if tree.op == "sum":
            parts: Expr = Num(0)
            for outer, inner in self._terms(tree.body, tree.variable):
                here = self._grown(tree, inner, constant + ahead, low)
                parts = parts + self._outside(outer, ahead) * here
            return parts
        if self._depends(tree.body):
            raise UnsupportedError("a product of factors with n in them")
        return self._grown(tree, tree.body, constant + ahead, low)

    def _grown(self, tree: Over, body: Expr, constant: int, low: int) -> Expr:
        """What runs up to n + constant, by the letter of what runs up to n."""
        letter = Over(tree.op, body, tree.variable, Num(low), Sym(self.size))
        name = text(_canonical(letter))
        total: Expr = self._total(name)
        if low == 1 and self._is_positive(body):
            self.positive.setdefault(name)
        for number in range(1, constant + 1):
            total = self._joined(tree.op, total, self._term(body, tree.variable, number))
        for number in range(0, constant, -1):
            term = self._term(body, tree.variable, number)
            if tree.op not in {"sum", "prod"}:
                raise UnsupportedError("a maximum over less")
            total = total - term if tree.op == "sum" else total / term
        return total

    @staticmethod
    def _joined(op: str, total: Expr, term: Expr) -> Expr:
        if op == "sum":
            return total + term
        if op == "prod":
            return total * term
        return Apply("maximum" if op == "max" else "minimum", (total, term))

    def _term(self, body: Expr, variable: str, number: int) -> Expr:
        """The term at n + number, in the letters of n."""
        place = Sym(self.size) + number if number else Sym(self.size)
        inside = renamed(body, frozenset({self.size}))
        return self.at(substituted(inside, {variable: place}), 0)

    def _outside(self, factors: Sequence[Expr], ahead: int) -> Expr:
        total: Expr = Num(1)
        for factor in factors:
            total = total * self.at(factor, ahead)
        return total

    def _terms(self, body: Expr, variable: str) -> list[tuple[list[Expr], Expr]]:
        """A body as a sum of products: what does not depend on the index, and the rest."""
        if not self._depends(body):
            return [([], body)]
        found: list[tuple[list[Expr], Expr]] = []
        for factors in self._expanded(body, variable):
            outer, inner = list[Expr](), list[Expr]()
            for factor in factors:
                mentions = any(isinstance(n, Sym) and n.name == variable for n in walk(factor))
                if mentions and self._depends(factor):
                    raise UnsupportedError("a term that mixes n and the index")
                (inner if mentions else outer).append(factor)
            total: Expr = Num(1)
            for factor in inner:
                total = factor if total == Num(1) else total * factor
            found.append((outer, total))
        return found

    def _expanded(self, tree: Expr, variable: str) -> list[list[Expr]]:  # noqa: PLR0911  (one case for each)
        """A sum of products, multiplied out where n stands in it."""
        if not self._depends(tree):
            return [[tree]]
        match tree:
            case Apply(op="add", args=args):
                return [term for arg in args for term in self._expanded(arg, variable)]
            case Apply(op="sub", args=(one, other)):
                turned = [[Num(-1), *term] for term in self._expanded(other, variable)]
                return [*self._expanded(one, variable), *turned]
            case Apply(op="neg", args=(one,)):
                return [[Num(-1), *term] for term in self._expanded(one, variable)]
            case Apply(op="mul", args=(one, other)):
                found = [
                    [*first, *second]
                    for first in self._expanded(one, variable)
                    for second in self._expanded(other, variable)
                ]
                if len(found) > MANY_FACTORS:
                    raise UnsupportedError("a large product")
                return found
            case Apply(op="div", args=(one, other)):
                return [[*term, 1 / other] for term in self._expanded(one, variable)]
            case Apply(op="pow", args=(base, exponent)) if not self._depends(base):
                return [[base**part for part in _summands(exponent)]]
        return [[tree]]


def _summands(tree: Expr) -> list[Expr]:
    match tree:
        case Apply(op="add", args=args):
            return [part for arg in args for part in _summands(arg)]
        case Apply(op="sub", args=(one, other)):
            return [*_summands(one), *(-part for part in _summands(other))]
        case Apply(op="neg", args=(one,)):
            return [-part for part in _summands(one)]
    return [tree]


def _canonical(tree: Over) -> Expr:
    """A sum with an index that no user can write, so that equal sums are equal letters."""
    body = substituted(tree.body, {tree.variable: Sym("the index")})
    return Over(tree.op, body, "the index", tree.low, tree.high)
