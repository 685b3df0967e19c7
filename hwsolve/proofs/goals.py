"""Whether a derivation arrives at what is to be shown, in every case that there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hwsolve.errors import EquationError
from hwsolve.expr.tree import Apply, Deriv, Expr, Num, walk
from hwsolve.proofs.derivation import OPEN, WRONG, context_at, settle
from hwsolve.proofs.points import Statement
from hwsolve.proofs.ranges import Blocks, Case, partitions, size_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hwsolve.expr.systems import NumberSystem
    from hwsolve.proofs.derivation import Line
    from hwsolve.proofs.sums import Setting

TURNED: Final = {"=": "=", "<=": ">=", "<": ">", ">=": "<=", ">": "<"}
# The signs of a chain from which a sign follows.
_WEAKER: Final = {
    "=": {"="}, "<=": {"=", "<=", "<"}, "<": {"=", "<=", "<"},
    ">=": {"=", ">=", ">"}, ">": {"=", ">=", ">"},
}  # fmt: skip
_EXACT_POINTS, _FLOAT_POINTS = 300, 100


class Goal(NamedTuple):
    """What is to be shown: two sides and the sign between them."""

    left: Expr
    right: Expr
    sign: str = "="


class Reached(NamedTuple):
    """What became of a goal.

    Attributes:
        everywhere: whether it is shown in every case.
        case: a case in which no line shows it: equal and different indices.
        left_out: values for which no line shows it, by name.
        edge: whether those are only the borders between cases.
    """

    everywhere: bool
    case: str = ""
    left_out: Mapping[str, Any] | None = None
    edge: bool = False


def reached(goal: Goal, lines: Sequence[Line], setting: Setting) -> Reached:
    """Whether a derivation shows what is to be shown, in each case that there is."""
    used = setting.indices.used(goal[:2])
    arriving = [
        line.case for number, line in enumerate(lines) if _arrives(goal, lines, number, setting)
    ]
    if not arriving:
        return Reached(everywhere=False)
    edge: Reached | None = None
    for blocks in partitions(used, setting.indices.free, Case()):
        cases = [case for case in arriving if _fits(blocks, case)]
        if not cases:
            return Reached(everywhere=False, case=_written(blocks))
        if all(case.conditions for case in cases):
            found = _left_out(goal, cases, setting, blocks)
            if found is not None and not found.edge:
                return found
            edge = edge or found
    return edge or Reached(everywhere=True)


def _fits(blocks: Blocks, case: Case) -> bool:
    """Whether a line speaks about the indices of a case."""
    return all(a in blocks and b in blocks and blocks[a] == blocks[b] for a, b in case.equal) and (
        all(a in blocks and b in blocks and blocks[a] != blocks[b] for a, b in case.different)
    )


def _written(blocks: Blocks) -> str:
    """The case of some indices: "i != j"."""
    names = list(blocks)
    pairs = [
        f"{a} {'=' if blocks[a] == blocks[b] else '!='} {b}"
        for place, a in enumerate(names)
        for b in names[place + 1 :]
    ]
    return ", ".join(pairs)


def chain_of(lines: Sequence[Line], number: int) -> tuple[list[Expr], list[str]]:
    """All expressions of the chain that ends with a line, and the signs between them."""
    line = lines[number]
    parts, signs = list(line.parts), list(line.joins)
    while line.continues:
        number = number - 1 if line.source is None else line.source
        line = lines[number]
        parts, signs = [*line.parts, *parts], [*line.joins, *signs]
    return parts, signs


def _arrives(goal: Goal, lines: Sequence[Line], number: int, setting: Setting) -> bool:
    parts, signs = chain_of(lines, number)
    for first, last, wanted in _forms(goal):
        for place, part in enumerate(parts[:-1]):
            if (
                part == first
                and follows(signs[place:], wanted)
                and _same(parts[-1], last, setting, lines[number].case)
            ):
                return True
    return False


def _forms(goal: Goal) -> Iterator[tuple[Expr, Expr, str]]:
    """The chains that show a goal: its sides, or their difference against 0."""
    left, right, sign = goal
    yield left, right, sign
    yield right, left, TURNED[sign]
    yield left - right, Num(0), sign
    yield right - left, Num(0), TURNED[sign]


def follows(signs: Sequence[str], wanted: str) -> bool:
    """Whether a sign between the ends of a chain follows from those in it."""
    if not set(signs) <= _WEAKER[wanted]:
        return False
    return wanted not in {"<", ">"} or wanted in signs


def _same(end: Expr, wanted: Expr, setting: Setting, case: Case) -> bool:
    """Whether the end of a chain is what is wanted, with no derivative left in it."""
    if end == wanted:
        return True
    unresolved = {node for node in walk(end) if _is_open(node)}
    if unresolved - {node for node in walk(wanted) if _is_open(node)}:
        return False
    if setting.shapes:
        return settle(end, wanted, setting, case).status not in {WRONG, OPEN}
    # what is defined keeps its name here: putting definitions in is a step of its own
    functions = tuple(one for one in setting.equations if one.parameters is not None)
    opaque = setting._replace(equations=functions)
    return settle(end, wanted, opaque, case).status not in {WRONG, OPEN}


def _is_open(node: Expr) -> bool:
    return isinstance(node, Deriv) or (isinstance(node, Apply) and node.op == "limit")


def _left_out(
    goal: Goal, cases: Sequence[Case], setting: Setting, blocks: Blocks
) -> Reached | None:
    """Values for which both sides exist and no case holds."""
    from hwsolve.expr.systems import EXACT, FLOATS
    from hwsolve.proofs.small import exact_points, random_points

    ranges = setting.indices.free
    sizes = {
        size: max([2, *(blocks[name] for name in blocks if size_of(ranges[name]) == size)])
        for size in setting.indices.sizes
    }
    tests = [test for case in cases for test in case.conditions]
    context = context_at(setting, Case(), sizes, blocks)
    compared = [tree for test in tests for tree in (test, *_sides(test))]
    statement = Statement((goal.left, goal.right, *compared), context)
    points: list[tuple[NumberSystem, Any]] = [
        (EXACT, point) for point, _ in exact_points(statement, _EXACT_POINTS)
    ]
    points += [(FLOATS, point) for point in random_points(statement, _FLOAT_POINTS, 7)]
    # what a derivative is at a kink, between two cases, is a convention
    derived = any(isinstance(node, Deriv) for node in (*walk(goal.left), *walk(goal.right)))
    edge: dict[str, Any] | None = None
    for system, point in points:
        try:
            values = statement.at(statement.system(system), point)
        except (EquationError, ArithmeticError, ValueError):
            continue
        if not statement.met(values):
            continue
        found = [values[node] for node in statement.sides[2:]]
        held = iter([bool(value) for value in found[::3]])
        if any([all([next(held) for _ in case.conditions]) for case in cases]):  # noqa: C419  (each takes its own)
            continue
        at = {**blocks, **{statement.name(leaf): values[leaf] for leaf in statement.leaves}}
        border = any(left == right for left, right in zip(found[1::3], found[2::3], strict=True))
        if border and (derived or _holds(goal.sign, *(values[n] for n in statement.sides[:2]))):
            edge = edge or at
            continue
        return Reached(everywhere=False, left_out=at)
    return None if edge is None else Reached(everywhere=True, left_out=edge, edge=True)


def _holds(sign: str, left: Any, right: Any) -> bool:
    """Whether what is to be shown holds at a point."""
    from hwsolve.proofs.identity import close
    from hwsolve.proofs.inequalities import OPS, fails

    return close(left, right) if sign == "=" else not fails(OPS[sign], left, right)


def _sides(test: Expr) -> tuple[Expr, Expr]:
    """The two sides of a comparison."""
    assert isinstance(test, Apply)  # noqa: S101  (a case is made of comparisons)
    left, right = test.args
    return left, right
