"""A counterexample run: the equations at that point, worked out as any problem is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import CertificateError, EquationError, InputError, InputErrors
from hwsolve.expr.notation import text
from hwsolve.expr.tree import Num, Sym, walk
from hwsolve.problem.model import Given, Graph, Written
from hwsolve.proofs.built_in import names_in, target
from hwsolve.proofs.intervals import Interval
from hwsolve.proofs.search import Counterexample, Search

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hwsolve.expr.parser import Equation
    from hwsolve.problem.model import Problem
    from hwsolve.proofs.claims import Decision
    from hwsolve.solvers.claim_reading import Stated
    from hwsolve.solvers.graph import Solved


# The run calculates with floats.
NEAR: Final = 1e-6


def robust(decision: Decision) -> tuple[str, ...]:
    """The free names that may have any value of their domains at a counterexample."""
    found = decision.counterexample
    if found is None or found.one_sided:
        return ()
    situation = decision.situation
    search = Search(situation)
    point: tuple[Any, ...] = found.point
    names = []
    for name in dict.fromkeys(slot.name for slot in situation.slots):
        wide = tuple(
            slot.domain.hull if slot.name == name else value
            for slot, value in zip(situation.slots, point, strict=True)
        )
        if name not in situation.gaps and search.certify(wide, found.broken) is not None:
            point = wide
            names.append(name)
    return tuple(names)


def run(
    problem: Problem, reading: Stated, decision: Decision, values: Mapping[str, Any]
) -> tuple[Solved | None, str]:
    """The equations at a point, or why something has no value there."""
    comparison = reading.claim.comparisons[_broken(decision)]
    equations = needed(reading, comparison)
    sizes = {
        node.name: decision.situation.sizes[node.name]
        for written, equation in equations
        for node in walk(equation.body)
        if isinstance(node, Sym) and node.name in decision.situation.sizes
    }
    asked = [side for side in comparison.args if not isinstance(side, Num)]
    texts = [Written(text(side, unicode=False), problem.place) for side in asked]
    try:
        return _solved(problem, equations, {**sizes, **values}, texts), ""
    except InputErrors as several:
        return None, several.errors[0].message
    except InputError as error:
        return None, error.message


def confirm(reading: Stated, decision: Decision, solved: Solved | None) -> None:
    """Compare what the run of a counterexample gives with what refuted the claim.

    Raises:
        CertificateError: if the two disagree about a side of the broken comparison.
    """
    found = decision.counterexample
    if found is None or solved is None:
        return
    situation = decision.situation
    certain = situation.values(found.point, certain=True)
    asks = iter(solved.asks)
    sides = reading.claim.comparisons[found.broken].args
    for side, node in zip(sides, situation.tests[found.broken][1:], strict=True):
        if isinstance(side, Num):
            continue
        value = solved.value(next(asks).lowered)
        if not _agree(value, certain[node]):
            raise CertificateError(
                f"hwsolve made a mistake: two ways of working out {text(side, unicode=False)} at "
                "the counterexample disagree, so there is no answer"
            )


def _agree(value: Any, certain: Any) -> bool:
    """Whether floats lie where certain intervals say, but for what rounding loses."""
    if getattr(certain, "shape", ()):
        import numpy as np

        return all(_agree(one, other) for one, other in np.broadcast(value, certain))
    if not isinstance(certain, Interval):
        return True  # sides that are the same everywhere need no numbers
    try:
        middle = (float(certain.low) + float(certain.high)) / 2
    except OverflowError:  # floats cannot say
        return True
    return abs(float(value) - middle) <= NEAR * max(1.0, abs(middle))


def _broken(decision: Decision) -> int:
    found = decision.counterexample
    return found.broken if isinstance(found, Counterexample) else 0


def needed(reading: Stated, comparison: Any) -> list[tuple[Written, Equation]]:
    """The equations that a comparison rests on, with the limits put in."""
    claim = reading.claim
    own = claim.equations[len(claim.equations) - len(reading.texts) :]
    wanted = names_in(comparison)
    calls = {getattr(node, "op", "") for node in walk(comparison)}
    for equation in reversed(own):
        if target(equation) in wanted | calls:
            wanted |= names_in(equation.body)
            calls |= {getattr(node, "op", "") for node in walk(equation.body)}
    pairs = []
    for written, equation in zip(reading.texts, own, strict=True):
        name = target(equation)
        if name not in wanted | calls:
            continue
        if name in reading.limits:
            pairs.append((Written(f"{name} = {reading.limits[name]}", written.origin), equation))
        else:
            pairs.append((written, equation))
    return pairs


def _solved(
    problem: Problem,
    equations: list[tuple[Written, Equation]],
    values: Mapping[str, Any],
    asked: list[Written],
) -> Solved:
    from hwsolve.solvers.graph import Solved

    used = {name for _, equation in equations for name in names_in(equation.body)}
    place = problem.place
    given = dict(problem.given)
    defined = {target(equation) for _, equation in equations}
    for name, value in values.items():
        if name not in defined and (name in used or name not in given):
            given.setdefault(name, Given(name, value, place))
    run_problem = problem._replace(
        kind="graph",
        given=given,
        find=tuple(asked),
        answers={},
        answer_names={},
        body=Graph(()),
        expressions=(),
        settings=problem.settings._replace(exact=False, round_steps=None, entries=()),
    )
    solved = Solved(run_problem, [written for written, _ in equations])
    solved.build()
    solved.evaluate(document=True)
    return solved


def value_at(
    problem: Problem, reading: Stated, decision: Decision, values: Mapping[str, Any], asked: Written
) -> Any:
    """The value of a name or an expression at a point.

    Raises:
        InputError: if it means nothing or has no value, with its place.
    """
    from hwsolve.expr.parser import parse_expression

    try:
        expr = parse_expression(asked.text)
    except EquationError as error:
        raise InputError(error.message, asked.place(max(error.at, 0)), error.hint) from None
    equations = needed(reading, expr)
    solved = _solved(problem, equations, {**decision.situation.sizes, **values}, [asked])
    return solved.value(solved.asks[0].lowered)
