"""Are two expressions equal? Exactly where possible, and with a counterexample if not."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hwsolve.errors import EquationError
from hwsolve.proofs.field import DegenerateError, Field, NoRootError, UnsupportedError
from hwsolve.proofs.points import Context, Statement
from hwsolve.proofs.small import exact_points, random_points

if TYPE_CHECKING:
    from hwsolve.expr.systems import NumberSystem
    from hwsolve.expr.tree import Expr

# Degrees of homework are far below 2^20, so one point errs with less than 2^-41.
CHANCE_AT_A_POINT: Final = 2.0**-41
POINTS: Final = 3
# Where a square root's sign is drawn, each point halves the chance of an error.
ROOT_POINTS: Final = 64
MANY_KINKS: Final = 6
# A square root exists at half of the points.
ATTEMPTS: Final = 40
TRIES: Final = 400
RANDOM_POINTS: Final = 60
SEED: Final = 61
CLOSE: Final = 1e-9
EXACT_METHOD: Final = "exact modulo 2^61 - 1"


class Comparison(NamedTuple):
    """The outcome of a comparison.

    Attributes:
        equal: True, False, or None where it could not be settled.
        proved: whether `equal` is certain (a counterexample is).
        method: how it was settled.
        points: at how many points.
        chance: the chance that "equal" is wrong; 0 where nothing is known.
        counterexample: the simplest point found where the sides differ, by name.
        left: the left side there.
        right: the right side there.
        conditions: what must hold for both sides to have a value, such as "x != 0".
    """

    equal: bool | None
    proved: bool
    method: str
    points: int
    chance: float = 0.0
    counterexample: dict[str, Any] | None = None
    left: Any = None
    right: Any = None
    conditions: tuple[str, ...] = ()


def compare(left: Expr, right: Expr, context: Context | None = None) -> Comparison:
    """Compare two expressions for all values of their free variables.

    Raises:
        EquationError: if an equation or a side cannot be read as a graph, or an
            assumption cannot be made to hold.
    """
    statement = Statement((left, right), context or Context())
    _same_shapes(statement)
    exact = _in_the_field(statement)
    if exact is None or not exact.equal:
        return _at_points(statement)
    if statement.jumps(conventional=False):
        # random points never meet a jump, small numbers do
        found = _at_points(statement)
        if found.equal is False:
            return found
    return exact


def proved_equal(left: Expr, right: Expr, context: Context) -> Comparison | None:
    """The proof that two expressions are equal, or None; no counterexample is looked for.

    Raises:
        EquationError: if an equation or a side cannot be read as a graph, or an
            assumption cannot be made to hold.
    """
    statement = Statement((left, right), context)
    _same_shapes(statement)
    # random points never meet a jump
    return None if statement.jumps(conventional=True) else _in_the_field(statement)


def _same_shapes(statement: Statement) -> None:
    from hwsolve.expr.shapes import shape_text

    left, right = statement.shapes_of_sides()
    if left != right:
        raise EquationError(f"the sides are {shape_text(left)} and {shape_text(right)}")


def _in_the_field(statement: Statement) -> Comparison | None:
    """Equality at random points of the field; None where the field cannot tell."""
    source = random.Random(SEED)  # noqa: S311  (repeatable, not secret)
    try:
        field, same, conditions = _drawn(statement, source, ())
        if not same or field.kinks > MANY_KINKS:
            return None
        # the sign of a single root only matters where its argument is a square itself
        signs = field.roots > 1 or (field.roots == 1 and not _is_no_square(statement, source))
        wanted = ROOT_POINTS if signs else POINTS
        points = 1
        # both sides of each kink in turn; what is met behind one may depend on its side
        open_: list[tuple[bool, ...]] = [()]
        while open_:
            branches = open_.pop()
            for _ in range(wanted):
                drawn, same, _ = _drawn(statement, source, branches)
                if drawn.kinks > MANY_KINKS:
                    return None
                if drawn.kinks > len(branches):
                    open_ += [(*branches, True), (*branches, False)]
                    break
                points += 1
                if not same:
                    return None
    except (UnsupportedError, DegenerateError, ZeroDivisionError):
        return None
    return Comparison(
        equal=True,
        proved=True,
        method=EXACT_METHOD,
        points=points,
        chance=2.0**-wanted if signs else CHANCE_AT_A_POINT**wanted,
        conditions=conditions,
    )


def _is_no_square(statement: Statement, source: random.Random) -> bool:
    """Whether the argument of the root in a statement was seen to be no square.

    A square of a rational function is a square at every point; if it is not one, then
    A + B*root is 0 for either sign of the root only where A and B are 0.
    """
    for _ in range(ATTEMPTS):
        try:
            statement.in_field(Field(source))
        except NoRootError:
            return True
        except DegenerateError:
            continue
    return False


def _drawn(
    statement: Statement, source: random.Random, branches: tuple[bool, ...]
) -> tuple[Field, bool, tuple[str, ...]]:
    """One random point: the field that was used, and whether the sides agree."""
    for _ in range(ATTEMPTS):
        field = Field(source, branches)
        try:
            values = statement.in_field(field)
        except DegenerateError:
            continue
        left, right = (values[node] for node in statement.sides)
        same = (left == right).all() if getattr(left, "shape", ()) else left == right
        return field, bool(same), statement.conditions(values)
    raise DegenerateError


def _at_points(statement: Statement) -> Comparison:
    """Fractions first, for a counterexample that can be read; then random floats."""
    system = _system(statement, exact=True)
    tried = 0
    best: tuple[float, Comparison] | None = None
    for point, weight in exact_points(statement, TRIES):
        found = _differs(statement, system, point)
        if found is None:
            continue
        tried += 1
        if found.equal is False and (best is None or weight < best[0]):
            best = (weight, found)
            if weight <= 3 * len(statement.leaves):
                break
    if best is not None:
        return best[1]._replace(points=tried)
    floats = _system(statement, exact=False)
    held = 0
    for point in random_points(statement, RANDOM_POINTS, SEED):
        found = _differs(statement, floats, point)
        if found is None:
            continue
        held += 1
        if found.equal is False:
            return found._replace(points=tried + held)
    if held + tried == 0:
        return Comparison(
            equal=None, proved=False, method="no point where both sides have a value", points=0
        )
    return Comparison(
        equal=True, proved=False, method="random points", points=held + tried,
        conditions=demands(statement),
    )  # fmt: skip


def demands(statement: Statement) -> tuple[str, ...]:
    """What must hold for both sides to have a value, as far as the field can tell."""
    source = random.Random(SEED)  # noqa: S311  (repeatable, not secret)
    try:
        return _drawn(statement, source, ())[2]
    except (UnsupportedError, DegenerateError, ZeroDivisionError, EquationError):
        return ()


def _system(statement: Statement, *, exact: bool) -> NumberSystem:
    from hwsolve.expr.systems import EXACT, FLOATS

    return statement.system(EXACT if exact else FLOATS)


def _differs(
    statement: Statement, system: NumberSystem, point: dict[int, Any]
) -> Comparison | None:
    """Both sides at a point; None where one has no value or an assumption fails."""
    try:
        values = statement.at(system, point)
    except (EquationError, ArithmeticError, ValueError):
        return None
    if not statement.met(values):
        return None
    left, right = (values[node] for node in statement.sides)
    if close(left, right):
        return Comparison(equal=True, proved=False, method="a point", points=1)
    where = {}
    for leaf in statement.leaves:
        value = values[leaf]
        where[statement.name(leaf)] = value.tolist() if hasattr(value, "tolist") else value
    return Comparison(
        equal=False,
        proved=True,
        method="a counterexample",
        points=1,
        counterexample=where,
        left=left,
        right=right,
    )


def close(left: Any, right: Any) -> bool:
    """Whether two values are equal; floats may differ by rounding."""
    if getattr(left, "shape", ()):
        return all(close(a, b) for a, b in zip(left.ravel(), right.ravel(), strict=True))
    if isinstance(left, float) or isinstance(right, float):
        return bool(abs(left - right) <= CLOSE * max(1.0, abs(left), abs(right)))
    same: bool = left == right
    return same
