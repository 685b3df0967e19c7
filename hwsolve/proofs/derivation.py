"""Derivations checked line by line: what each line is worth, and where it goes wrong."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hwsolve.errors import EquationError, EquationErrors
from hwsolve.expr.tree import Apply, Deriv, Expr, Num, Over, walk
from hwsolve.proofs.identity import Comparison, compare
from hwsolve.proofs.points import Context, Statement, UnmetError
from hwsolve.proofs.ranges import Case, values, whole
from hwsolve.proofs.sums import Setting, at_each, proved_for_every_size, terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# So many terms are written out for a line, at all sizes and indices together, before it is
# left with what was found until then: a few seconds at most, and the same on any machine.
MOST_TERMS: Final = 12_000
# Concrete sizes at which a line with symbolic sizes is tried, the smallest first.
SIZES: Final = (1, 2, 3, 4, 5, 8)
MANY_VALUES: Final = 16

# What is said of a wrong line that undoes the slip of the one before.
RIGHT_AGAIN: Final = "right again"
# How a line with "<=" or ">" is proved.
ORDERED: Final = "intervals and exact algebra"
EVERY_SIZE, PROVED, SOME_SIZES, TESTED, WRONG, OPEN = (
    "proved for every size", "proved", "proved for some sizes", "tested", "wrong", "open",
)  # fmt: skip
_WORST: Final = (WRONG, OPEN, TESTED, SOME_SIZES, PROVED, EVERY_SIZE)


class Line(NamedTuple):
    """A line: a chain of expressions that are said to be equal, or in order.

    Attributes:
        parts: the expressions, from left to right.
        continues: whether it begins with "=", so that it goes on from another line.
        source: the number of the line it goes on from; the one before where None.
        case: what it supposes.
        reason: why, in the author's words.
        signs: "=", "<=", "<", ">=" or ">" before each part; "=" everywhere where empty.
    """

    parts: tuple[Expr, ...]
    continues: bool = False
    source: int | None = None
    case: Case = Case()
    reason: str = ""
    signs: tuple[str, ...] = ()

    @property
    def joins(self) -> tuple[str, ...]:
        """The sign before each part (but the first, where the line begins a chain)."""
        return self.signs or ("=",) * (len(self.parts) - (not self.continues))


class Verdict(NamedTuple):
    """What a line, or one equality of it, is worth.

    Attributes:
        status: one of the words above.
        left: the side before the sign.
        right: the side behind it.
        sizes: the concrete sizes at which it was proved or tested.
        points: at how many points.
        chance: the chance that "proved" is wrong.
        conditions: what must hold for both sides to have a value.
        where: the counterexample: sizes, indices and values by name.
        values: both sides there.
        remark: why it could not be settled.
        number: which equality of the line it is, from 0.
        sign: the sign between the sides.
        method: how it was proved where that is not the usual way.
    """

    status: str
    left: Expr | None = None
    right: Expr | None = None
    sizes: tuple[Mapping[str, int], ...] = ()
    points: int = 0
    chance: float = 0.0
    conditions: tuple[str, ...] = ()
    where: Mapping[str, Any] | None = None
    values: tuple[Any, Any] | None = None
    remark: str = ""
    number: int = 0
    sign: str = "="
    method: str = ""

    @property
    def proved(self) -> bool:
        """Whether it is proved for all sizes that can be meant."""
        return self.status in {PROVED, EVERY_SIZE}


def check_lines(lines: Sequence[Line], setting: Setting) -> list[Verdict]:
    """The verdict on each line.

    Raises:
        EquationError: if a line cannot be read as a graph; `equation` is its number.
    """
    verdicts: list[Verdict] = []
    for number, line in enumerate(lines):
        try:
            verdicts.append(_check(line, lines, number, setting))
        except EquationErrors:
            raise  # in the definitions, which the errors name
        except EquationError as error:
            error.equation = number
            raise
    return verdicts


def _check(line: Line, lines: Sequence[Line], number: int, setting: Setting) -> Verdict:
    parts = line.parts
    if line.continues:
        before = number - 1 if line.source is None else line.source
        if not 0 <= before < number:
            raise EquationError("no line stands before this one", 0, "write name = expression")
        parts = (lines[before].parts[-1], *parts)
    worst: Verdict | None = None
    conditions: list[str] = []
    for place, (left, right) in enumerate(pairwise(parts)):
        sign = line.joins[place]
        found = settle(left, right, setting, line.case, sign)
        found = found._replace(number=place, sign=sign)
        conditions += [text for text in found.conditions if text not in conditions]
        if worst is None or _WORST.index(found.status) < _WORST.index(worst.status):
            worst = found
        if found.status == WRONG:
            break
    if worst is None:
        raise EquationError("a line is an equality", 0, "write left = right, or = right")
    return worst._replace(conditions=tuple(conditions))


class _Budget:
    """How much work is left, in terms that are written out."""

    def __init__(self, left: int) -> None:
        self.left = left

    def allows(self, work: int) -> bool:
        """Whether so much more may be done."""
        return work <= self.left


def settle(  # noqa: C901  (one way to settle a line after the other)
    left: Expr,
    right: Expr,
    setting: Setting,
    case: Case,
    sign: str = "=",
) -> Verdict:
    """Whether two sides are equal, or in order: for every size, else at concrete sizes.

    Raises:
        EquationError: if a side cannot be read as a graph.
    """
    given = left, right
    if has_limit(left) or has_limit(right):
        return _of_limits(left, right, setting, case, sign)
    left, right = deltas_as_tests(left), deltas_as_tests(right)
    verdict = _for_every_size(left, right, setting, case, sign)
    symbolic = bool(names_of_sizes(setting))
    tried: list[Mapping[str, int]] = []
    points, chance, proved, conditions = 0, 0.0, True, list[str]()
    remark, base = "", False
    budget = _Budget(MOST_TERMS)
    for sizes in _trials(setting):
        work = terms(setting.equations, (left, right), sizes)
        if tried and not budget.allows(work):
            remark = "larger sizes would take too long"
            break
        if verdict is not None and min(sizes.values()) > 2:  # noqa: PLR2004  (for its conditions)
            break
        here = _at_sizes(left, right, setting, case, sizes, (budget, work), sign)
        if here is None:
            continue
        if here.status == WRONG:
            return here._replace(left=given[0], right=given[1])
        if here.status == OPEN:
            remark = here.remark
            continue
        # at the size 1 an induction begins
        base = base or (here.status == PROVED and list(sizes.values()) == [1])
        tried.append(sizes)
        points += here.points
        chance = max(chance, here.chance)
        proved = proved and here.status == PROVED
        conditions += [text for text in here.conditions if text not in conditions]
    if verdict is not None:
        return verdict._replace(left=given[0], right=given[1], conditions=tuple(conditions))
    if not tried:
        remark = remark or "no values of its indices fit the case"
        return Verdict(OPEN, left, right, remark=remark)
    status = TESTED if not proved else SOME_SIZES if symbolic else PROVED
    method = ORDERED if sign != "=" and status != TESTED else ""
    if base and sign == "=":
        step = _by_induction(left, right, setting, case)
        if step is not None:
            return step._replace(
                points=points + step.points, chance=chance + step.chance,
                conditions=tuple(dict.fromkeys((*conditions, *step.conditions))),
            )  # fmt: skip
    return Verdict(
        status, left, right, tuple(tried) if symbolic else (), points, chance, tuple(conditions),
        remark=remark, method=method,
    )  # fmt: skip


def _by_induction(left: Expr, right: Expr, setting: Setting, case: Case) -> Verdict | None:
    from hwsolve.proofs.induction import proved_by_induction

    step = proved_by_induction(left, right, setting, case)
    if step is None:
        return None
    return Verdict(
        EVERY_SIZE, points=step.points, chance=step.chance, conditions=step.conditions,
        method=step.method,
    )  # fmt: skip


def has_limit(tree: Expr) -> bool:
    """Whether a limit stands in an expression."""
    return any(isinstance(node, Apply) and node.op == "limit" for node in walk(tree))


def _of_limits(left: Expr, right: Expr, setting: Setting, case: Case, sign: str) -> Verdict:
    """Limits worked out, or of the same function at the same place."""
    from hwsolve.proofs.limits import METHOD, UnsettledError, without_limits

    match left, right:
        case (
            Apply(op="limit", args=(one, *first)),
            Apply(op="limit", args=(other, *second)),
        ) if first == second and sign == "=":
            found = settle(one, other, setting, case)
            if found.proved:
                return found._replace(left=left, right=right)
    try:
        sides = [without_limits(side, setting, case) for side in (left, right)]
    except UnsettledError as error:
        remark = "the limit does not follow from those of its parts"
        return Verdict(OPEN, left, right, remark=f"{remark}: {error}" if str(error) else remark)
    found = settle(sides[0], sides[1], setting, case, sign)
    method = METHOD if found.proved else found.method
    return found._replace(left=left, right=right, method=method)


def deltas_as_tests(tree: Expr) -> Expr:
    """A tree with delta(i, j) written as the comparison i == j."""
    if not any(getattr(node, "op", "") == "delta" for node in walk(tree)):
        return tree
    match tree:
        case Apply():
            args = tuple(map(deltas_as_tests, tree.args))
            op = "eq" if tree.op == "delta" and len(args) == 2 else tree.op  # noqa: PLR2004  (two indices)
            return Apply(op, args, tree.attributes, tree.at)
        case Over():
            body = deltas_as_tests(tree.body)
            return Over(tree.op, body, tree.variable, tree.low, tree.high, tree.at)
    return tree


def _for_every_size(
    left: Expr, right: Expr, setting: Setting, case: Case, sign: str
) -> Verdict | None:
    if sign != "=":
        from hwsolve.proofs.inequalities import TERMS, ordered_for_every_size

        if ordered_for_every_size(sign, left, right, setting, case):
            return Verdict(EVERY_SIZE, points=1, method=TERMS)
        if sign in {"<", ">"}:
            return None
    if setting.shapes:
        from hwsolve.proofs.matrices import equal_for_every_shape

        chance = equal_for_every_shape(left, right, setting)
        return None if chance is None else Verdict(EVERY_SIZE, points=1, chance=chance)
    found = proved_for_every_size(left, right, setting, case)
    if found is None:
        found = _for_any_letters(left, right, setting, case)
    if found is None:
        return None
    return Verdict(EVERY_SIZE, points=found.points, chance=found.chance)


def _for_any_letters(left: Expr, right: Expr, setting: Setting, case: Case) -> Comparison | None:
    """The proof with any number in the place of each maximum and product over a range."""
    from hwsolve.proofs.inlining import with_letters

    bodies = [equation.body for equation in setting.equations]
    trees = (left, right, *bodies)
    ranges = any(getattr(n, "op", "") in {"max", "min", "prod"} for t in trees for n in walk(t))
    if not ranges or any(isinstance(node, Deriv) for tree in trees for node in walk(tree)):
        return None
    equations = tuple(one._replace(body=with_letters(one.body)) for one in setting.equations)
    one, other = with_letters(left), with_letters(right)
    return proved_for_every_size(one, other, setting._replace(equations=equations), case)


def names_of_sizes(setting: Setting) -> list[str]:
    """The names of the sizes that are symbols."""
    names = list(setting.indices.sizes)
    for shape in setting.shapes.values():
        for axis in shape:
            for node in walk(axis):
                name = getattr(node, "name", None)
                if name and name not in names:
                    names.append(name)
    return names


def _trials(setting: Setting) -> Iterator[dict[str, int]]:
    """Concrete sizes, the smallest first; several sizes are different from each other too."""
    names = names_of_sizes(setting)
    if not names:
        yield {}
        return
    if len(names) == 1:
        for size in SIZES:
            yield {names[0]: size}
        return
    yield dict.fromkeys(names, 1)
    yield {name: 1 + place % 2 for place, name in enumerate(names)}
    yield {name: 2 - place % 2 for place, name in enumerate(names)}
    yield dict.fromkeys(names, 2)
    yield {name: 2 + place % 2 for place, name in enumerate(names)}
    yield {name: 3 - place % 2 for place, name in enumerate(names)}


def context_at(
    setting: Setting, case: Case, sizes: Mapping[str, int], indices: Mapping[str, int]
) -> Context:
    """What an equality rests on at concrete sizes and indices."""
    assumptions = [
        expr for body, loops in setting.assumptions for expr in at_each(body, loops, sizes)
    ]
    shapes = {
        name: tuple(whole(axis, sizes) for axis in shape) for name, shape in setting.shapes.items()
    }
    return Context(
        equations=setting.equations,
        assumptions=(*assumptions, *case.conditions),
        sizes=sizes,
        indices=indices,
        shapes=shapes,
    )


def _at_sizes(  # noqa: PLR0913  (what an equality depends on)
    left: Expr,
    right: Expr,
    setting: Setting,
    case: Case,
    sizes: Mapping[str, int],
    effort: tuple[_Budget, int],
    sign: str,
) -> Verdict | None:
    """The worst of all values of the indices; None where no values fit."""
    ranges = setting.indices.free
    used = setting.indices.used((left, right))
    worst: Verdict | None = None
    points, chance, conditions = 0, 0.0, list[str]()
    for count, numbers in enumerate(values(used, ranges, sizes, case)):
        if count and (count >= MANY_VALUES or not effort[0].allows(effort[1])):
            break
        effort[0].left -= effort[1]
        try:
            found = _compared(sign, left, right, context_at(setting, case, sizes, numbers))
        except UnmetError as error:
            worst = Verdict(OPEN, remark=str(error)) if worst is None else worst
            continue
        if found.equal is None:
            worst = Verdict(OPEN, remark=found.method)
            continue
        points += found.points
        chance = max(chance, found.chance)
        conditions += [text for text in _general(found.conditions) if text not in conditions]
        if not found.equal:
            where = {**sizes, **numbers, **(found.counterexample or {})}
            return Verdict(
                WRONG, left, right, (sizes,), points, where=where,
                values=(found.left, found.right),
            )  # fmt: skip
        status = PROVED if found.proved else TESTED
        if worst is None or worst.status == PROVED:
            worst = Verdict(status)
    if worst is None:
        return None
    return worst._replace(points=points, chance=chance, conditions=tuple(conditions))


def _compared(sign: str, left: Expr, right: Expr, context: Context) -> Comparison:
    if sign == "=":
        return compare(left, right, context)
    from hwsolve.proofs.inequalities import compare_order

    return compare_order(sign, left, right, context)


def _general(conditions: Sequence[str]) -> list[str]:
    """Conditions as they are meant: "y[1] != 0" for each entry, "2*s^3 != 0" as "s != 0"."""
    import re

    from hwsolve.expr.notation import text
    from hwsolve.expr.parser import parse_expression

    found: list[str] = []
    for condition in conditions:
        body, sign, bound = condition.rpartition(" != ")
        pieces = [condition]
        if sign and bound == "0":
            try:
                factors = _factors(parse_expression(body))
            except EquationError:
                factors = []
            pieces = [f"{text(factor)} != {bound}" for factor in factors] or pieces
        for piece in pieces:
            general = re.sub(r"\[\d+\]", "[j]", piece)
            if general not in found:
                found.append(general)
    return found


def _factors(tree: Expr) -> list[Expr]:
    """The factors that can be 0, without numbers and powers."""
    match tree:
        case Num():
            return []
        case Apply(op="mul", args=(left, right)):
            return [*_factors(left), *_factors(right)]
        case Apply(op="pow", args=(base, Num())) | Apply(op="neg", args=(base,)):
            return _factors(base)
    return [tree]


def contradiction(setting: Setting) -> bool:
    """Whether no values were found for which all assumptions hold."""
    if not setting.assumptions:
        return False
    return not any(_satisfied(setting, sizes) for sizes in _trials(setting))


def _satisfied(setting: Setting, sizes: Mapping[str, int]) -> bool:
    from hwsolve.expr.systems import EXACT, FLOATS, NumberSystem
    from hwsolve.proofs.small import exact_points, random_points

    used = setting.indices.used([body for body, _ in setting.assumptions])
    numbers = next(values(used, setting.indices.free, sizes, Case()), None)
    if numbers is None:
        return False
    context = context_at(setting, Case(), sizes, numbers)
    statement = Statement((Num(0),), context._replace(equations=setting.equations))
    exact: list[tuple[NumberSystem, Any]] = [
        (EXACT, point) for point, _ in exact_points(statement, 200)
    ]
    floats = [(FLOATS, point) for point in random_points(statement, 50, 1)]
    for system, point in (*exact, *floats):
        try:
            found = statement.at(statement.system(system), point)
        except (EquationError, ArithmeticError, ValueError):
            continue
        if statement.met(found):
            return True
    return False


__all__ = ["Comparison", "Line", "Verdict", "check_lines", "contradiction", "settle"]
