"""What a claim says: its comparisons, its conditions, and the equations that it is about."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from hwsolve.errors import EquationError, EquationErrors, InputError, InputErrors, did_you_mean
from hwsolve.expr.parser import Equation, normal_name, parse_comparisons, parse_equation
from hwsolve.expr.tree import Apply, Deriv, Index, Num, Over, Sym, walk
from hwsolve.proofs.built_in import names_in, target
from hwsolve.proofs.domains import Domain, parse_domain
from hwsolve.proofs.situation import Claim, Situation
from hwsolve.solvers.claim_cell import cell_equations
from hwsolve.solvers.graph import given_value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from fractions import Fraction
    from typing import TypeVar

    from hwsolve.expr.tree import Expr
    from hwsolve.problem.model import Claim as Body
    from hwsolve.problem.model import Problem, Written
    from hwsolve.solution import Convention

    Parsed = TypeVar("Parsed")

_CONSTANTS = frozenset({"pi", "π", "e", ""})
# Values that only calculations in floats have.
FLOATS_ONLY = frozenset({"nan", "inf"})
# Larger arrays take too long in certain intervals.
MOST_ENTRIES = 1000
# The work that goes into bringing limits together.
LIMIT_STEPS = 1_000_000
# Limits that come this near together (the sum of all distances) are taken to be possible.
NEAR = 0.05


class Stated(NamedTuple):
    """A claim as it was written.

    Attributes:
        claim: the claim.
        texts: the text of each equation behind the given values, with its place.
        said: the text of each comparison.
        conditions: the text of each condition.
        limits: the value that a computed name tends to.
        conventions: the choices that led to the equations of a cell.
        witness: how many of the last equations say what is claimed to exist.
    """

    claim: Claim
    texts: tuple[Written, ...]
    said: tuple[Written, ...]
    conditions: tuple[Written, ...]
    limits: Mapping[str, Fraction]
    conventions: tuple[Convention, ...]
    witness: int


def stated(problem: Problem) -> Stated:
    """Read a claim.

    Raises:
        InputError: with the place of what cannot be read, is not known or does not fit.
    """
    body: Body = problem.body  # type: ignore[assignment]  # the reader made it one
    said = _comparisons(body.claim)
    conditions = _comparisons(body.when)
    domains = {name: placed(text, parse_domain) for name, text in body.domain.items()}
    shapes = {name: placed(text, _shape) for name, text in body.shapes.items()}
    own = _all((*body.equations, *body.witness), parse_equation)
    trees = [
        *(comparison for comparison, _ in (*said, *conditions)),
        *(equation.body for equation in own),
    ]
    mentioned = {name for tree in trees for name in names_in(tree)}
    mentioned |= {*domains, *shapes, *problem.given, *body.limit}
    conventions: tuple[Convention, ...] = ()
    texts: list[Written] = []
    if body.cell:
        cell = cell_equations(problem, body, shapes, mentioned)
        texts += cell.texts
        shapes = cell.shapes
        conventions = cell.conventions
    texts += (*body.equations, *body.witness)
    equations = [*_all(texts[: len(texts) - len(own)], parse_equation), *own]
    limits = _limits(body, equations)
    given = _given(problem)
    claim = Claim(
        comparisons=tuple(comparison for comparison, _ in said),
        conditions=tuple(comparison for comparison, _ in conditions),
        equations=(*given, *equations),
        domains=domains,
        shapes={name: shape for name, shape in shapes.items() if name not in problem.given},
        first_index=int(_convention(problem, "first_index", "0")),
        conventions=_kinks(problem),
        log_base=_convention(problem, "log", "e"),
    )
    reading = Stated(
        claim,
        tuple(texts),
        tuple(text for _, text in said),
        tuple(text for _, text in conditions),
        limits,
        conventions,
        len(body.witness),
    )
    _known_names(problem, body, reading)
    _independent(body, equations)
    if limits:
        reading = _at_the_limit(problem, body, reading)
    return reading


def placed(written: Written, parse: Callable[[str], Parsed]) -> Parsed:
    """What a text says, or the error with its place."""
    try:
        return parse(written.text)
    except EquationError as error:
        raise InputError(error.message, written.place(max(error.at, 0)), error.hint) from None


def _all(texts: Sequence[Written], parse: Callable[[str], Parsed]) -> list[Parsed]:
    """All texts parsed, with all errors at once."""
    found: list[Parsed] = []
    errors: list[InputError] = []
    for written in texts:
        try:
            found.append(placed(written, parse))
        except InputError as error:
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise InputErrors(errors)
    return found


def _comparisons(texts: Sequence[Written]) -> list[tuple[Apply, Written]]:
    parsed = _all(texts, parse_comparisons)
    return [
        (comparison, written)
        for written, several in zip(texts, parsed, strict=True)
        for comparison in several
    ]


def _shape(text: str) -> tuple[int | str, ...]:
    from hwsolve.proofs.lines import parse_shape

    axes: list[int | str] = []
    for axis in parse_shape(text):
        match axis:
            case Num(value=int() as size) if size > 0:
                axes.append(size)
            case Sym(name=name):
                axes.append(name)
            case _:
                raise EquationError(f"'{text.strip()}' is not a shape", 0, "such as 3, n or 2 x n")
    if prod(axis for axis in axes if isinstance(axis, int)) > MOST_ENTRIES:
        hint = "a name such as n stands for every size"
        raise EquationError(f"a shape with more than {MOST_ENTRIES:,} numbers", 0, hint)
    return tuple(axes)


def _given(problem: Problem) -> list[Equation]:
    """Given values as equations."""
    return [
        Equation(Sym(normal_name(given.name)), Num(given_value(given)), (), None, "")
        for given in problem.given.values()
    ]


def _convention(problem: Problem, name: str, default: str) -> str:
    written = problem.conventions.get(name)
    return written.text if written is not None else default


def _kinks(problem: Problem) -> dict[str, Any]:
    at_zero = _convention(problem, "relu_at_0", "0")
    return {
        "relu_at_0": {"0": 0, "1": 1}.get(at_zero, 0.5),
        "max_ties": "first" if _convention(problem, "max_ties", "share") == "first" else "share",
    }


# -- names ---------------------------------------------------------------------------


def _used(trees: Sequence[Expr]) -> set[str]:
    """The names in trees that no sum binds."""
    found: set[str] = set()
    for tree in trees:
        bound = {node.variable for node in walk(tree) if isinstance(node, Over)}
        found |= names_in(tree) - bound
    return found


def _known_names(problem: Problem, body: Body, reading: Stated) -> None:  # noqa: C901  (one case after the other)
    """Refuse names that occur nowhere else: they were mistyped."""
    claim = reading.claim
    defined = [target(equation) for equation in claim.equations]
    loops = [loop.variable for equation in claim.equations for loop in equation.loops]
    inside = _used([equation.body for equation in claim.equations])
    sizes = {
        node.name
        for equation in claim.equations
        for loop in equation.loops
        for node in (*walk(loop.low), *walk(loop.high))
        if isinstance(node, Sym)
    }
    written = (*claim.comparisons, *claim.conditions)
    known = {*defined, *inside, *claim.domains, *claim.shapes, *claim.sizes(), *sizes}
    known |= _CONSTANTS | set(problem.given)
    # functions of one's own name no quantities, so the claim may bring its own
    own = claim.equations[len(problem.given) :]
    if all(equation.parameters is not None for equation in own):
        known |= _used(written)
    known = known | FLOATS_ONLY if body.arithmetic == "floats" else known - FLOATS_ONLY
    errors = []
    for tree, text in zip(written, (*reading.said, *reading.conditions), strict=True):
        bound = {node.variable for node in walk(tree) if isinstance(node, Over)}
        for node in walk(tree):
            if isinstance(node, Sym) and node.name not in known | bound:
                hint = did_you_mean(node.name, known - _CONSTANTS) or (
                    f"if it is any number, write 'domain: {{{node.name}: any}}'"
                )
                if node.name in FLOATS_ONLY:
                    hint = "nan and inf are values with 'arithmetic: floats'"
                message = f"'{node.name}' is in none of the equations"
                errors.append(InputError(message, text.place(max(node.at, 0)), hint))
    occurring = {*defined, *inside, *_used(written), *problem.given, *sizes}
    for key, texts in (("domain", body.domain), ("shapes", body.shapes), ("limit", body.limit)):
        for name, text in texts.items():
            if name not in occurring:
                hint = did_you_mean(name, occurring - set(loops)) or "remove it"
                message = f"'{name}' under '{key}' occurs nowhere else"
                errors.append(InputError(message, text.origin, hint))
    for name, text in body.domain.items():
        if name in problem.given:
            message = f"'{name}' has a given value, so it has no domain"
            errors.append(InputError(message, text.origin, "remove one of them"))
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise InputErrors(errors)


def _independent(body: Body, equations: Sequence[Equation]) -> None:
    """Refuse a witness that uses what it has to be the same for."""
    if not body.witness:
        if body.for_every:
            raise InputError(
                "'for_every' says what a witness may not use, but there is no witness",
                body.for_every[0].origin,
                "write what exists under 'witness', or remove 'for_every'",
            )
        return
    count = len(equations) - len(body.witness)
    uses: dict[str, set[str]] = {}
    for equation in equations:
        direct = names_in(equation.body)
        uses[target(equation)] = direct | {
            name for part in direct for name in uses.get(part, set[str]())
        }
    for written in body.for_every:
        for equation, text in zip(equations[count:], body.witness, strict=True):
            if written.text in uses[target(equation)]:
                raise InputError(
                    f"the witness '{target(equation)}' uses '{written.text}', "
                    "for every value of which it has to be the same",
                    text.origin,
                    "say what exists without it",
                )


# -- limits ---------------------------------------------------------------------------


def _limits(body: Body, equations: Sequence[Equation]) -> dict[str, Fraction]:
    limits = {}
    for name, written in body.limit.items():
        places = [n for n, equation in enumerate(equations) if target(equation) == name]
        if not places or isinstance(equations[places[0]].target, Index):
            raise InputError(
                f"'{name}' is not computed by an equation, so it tends to nothing",
                written.origin,
                f"give it a value instead: 'given: {{{name}: {written.text}}}'",
            )
        domain = placed(written, _number)
        limits[name] = domain
    return limits


def _number(text: str) -> Fraction:
    values = parse_domain(f"[{text}]").values()
    assert values is not None  # noqa: S101  (a list has values)
    return values[0]  # type: ignore[return-value]  # of fractions


def _at_the_limit(problem: Problem, body: Body, reading: Stated) -> Stated:
    """The claim with the values that names tend to, if they can tend to them."""
    from hwsolve.proofs.intervals import Interval
    from hwsolve.proofs.natural import JUMPS
    from hwsolve.proofs.prover import Prover

    before = reading.claim
    _not_differentiated(body, reading)
    asked = [Apply("eq", (Sym(name), Sym(name))) for name in reading.limits]
    tending = situation(problem, reading, before._replace(comparisons=tuple(asked)))
    prover = Prover(tending.graph, tending.leaves(), tending.conditions)
    for number, (name, value) in enumerate(reading.limits.items()):
        where = prover.interval(tending.tests[number].left)
        closed = Interval(where.low, where.high)
        if value not in closed:
            raise InputError(
                f"'{name}' lies in {where} and cannot tend to {value}",
                body.limit[name].origin,
                "a limit is a value that it comes as near to as one likes",
            )
    _together(problem, body, reading)
    equations = tuple(
        equation._replace(body=Num(_plain(reading.limits[target(equation)])))
        if target(equation) in reading.limits
        else equation
        for equation in before.equations
    )
    after = reading._replace(claim=before._replace(equations=equations))
    at_limit = situation(problem, after, after.claim)
    names = {row.name for row in at_limit.graph.rows if row is not None}
    if names & JUMPS:
        raise InputError(
            "a limit needs functions without jumps", next(iter(body.limit.values())).origin
        )
    return after


def _not_differentiated(body: Body, reading: Stated) -> None:
    """Refuse derivatives through what tends to a value: its own slope would be lost."""
    claim = reading.claim
    trees: list[Expr] = [*claim.comparisons, *claim.conditions]
    trees += [equation.body for equation in claim.equations]
    nodes = [node for tree in trees for node in walk(tree) if isinstance(node, Deriv)]
    bottoms = {name for node in nodes for bottom in node.bottoms for name in names_in(bottom)}
    uses: dict[str, set[str]] = {}
    for equation in claim.equations:
        direct = names_in(equation.body)
        uses[target(equation)] = direct | {
            name for part in direct for name in uses.get(part, set[str]())
        }
    for name in reading.limits:
        through = bottoms & (uses.get(name, set[str]()) | {name})
        if through:
            raise InputError(
                f"a derivative by '{min(through)}' goes through '{name}', which tends to a value",
                body.limit[name].origin,
                "a limit is about values; put a condition such as 'when: f > 0.99' in its place",
            )


def _together(problem: Problem, body: Body, reading: Stated) -> None:
    """Refuse limits that were not found to be possible at the same time."""
    from hwsolve.proofs.effort import Effort
    from hwsolve.proofs.search import Search

    apart: list[Expr] = [
        Apply("abs", (Apply("sub", (Sym(name), Num(_plain(value)))),))
        for name, value in reading.limits.items()
    ]
    total = Apply("add", tuple(apart)) if len(apart) > 1 else apart[0]
    far = Apply("gt", (total, Num(NEAR)))
    here = situation(problem, reading, reading.claim._replace(comparisons=(far,)))
    search = Search(here, Effort(LIMIT_STEPS))
    if not (search.simple() or search.random() or search.climb()):
        names = " and ".join(f"'{name}' to {value}" for name, value in reading.limits.items())
        raise InputError(
            f"no values were found that bring {names} at the same time",
            next(iter(body.limit.values())).origin,
            "limits of quantities that depend on each other may exclude each other",
        )


def _plain(value: Fraction) -> int | Fraction:
    return int(value) if value.denominator == 1 else value


# -- errors of the graph -----------------------------------------------------------------


def situation(problem: Problem, reading: Stated, claim: Claim) -> Situation:
    """A claim as a graph, at the smallest sizes.

    Raises:
        InputError: with the place of what cannot be read as a graph.
    """
    try:
        return Situation(claim, dict.fromkeys(claim.sizes(), 2))
    except EquationErrors as several:
        raise InputErrors(
            [_placed_error(problem, reading, each) for each in several.errors]
        ) from None
    except EquationError as error:
        raise _placed_error(problem, reading, error) from None


def misread(problem: Problem, reading: Stated, error: EquationError) -> NoReturn:
    """Raise an error of a graph with its place."""
    raise _placed_error(problem, reading, error) from None


def _placed_error(problem: Problem, reading: Stated, error: EquationError) -> InputError:
    claim = reading.claim
    hint = error.hint
    if "works on an array" in error.message or "needs vectors or matrices" in error.message:
        hint = "say what is a vector or a matrix: 'shapes: {h: n, W: 2 x n}'"
    if error.equation >= 0:
        # equations made of conditions stand before those of the claim
        added = len(Situation.added(claim))
        number = error.equation - added - len(problem.given)
        if 0 <= number < len(reading.texts):
            place = reading.texts[number].place(max(error.at, 0))
            return InputError(error.message, place, hint)
        if 0 <= error.equation < added and reading.conditions:
            return InputError(error.message, reading.conditions[0].origin, hint)
        return InputError(error.message, problem.place, hint)
    sizes = dict.fromkeys(claim.sizes(), 2)
    for comparison, text in zip(
        (*claim.comparisons, *claim.conditions), (*reading.said, *reading.conditions), strict=False
    ):
        try:
            Situation(claim._replace(comparisons=(comparison,), conditions=()), sizes)
        except (EquationError, EquationErrors):
            return InputError(error.message, text.place(max(error.at, 0)), hint)
    return InputError(error.message, problem.place, hint)


__all__ = ["Domain", "Stated", "misread", "placed", "situation", "stated"]
