"""`kind: claim`: true with a proof, false with the simplest counterexample, or left open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hwsolve.errors import EquationError, EquationErrors, InputError, did_you_mean
from hwsolve.expr.tree import Apply, Deriv, walk
from hwsolve.proofs.claims import Decision, NothingSatisfiesError, decide
from hwsolve.solution import Answer, Certificate, Solution
from hwsolve.solvers.claim_reading import Stated, misread, situation, stated

if TYPE_CHECKING:
    from hwsolve.problem.model import Problem, Written
    from hwsolve.solvers.graph import Solved

NOT_REFUTED = "not refuted"
_JUMPING = frozenset({"step", "sign", "floor"})


class Decided(NamedTuple):
    """A claim and what came of it.

    Attributes:
        stated: the claim.
        decision: the decision.
        values: the value of each free name at the counterexample.
        anything: the free names that may have any value there.
        solved: the equations worked out there, or None.
        undefined: why there is no value there, or "".
    """

    stated: Stated
    decision: Decision
    values: dict[str, Any]
    anything: tuple[str, ...] = ()
    solved: Solved | None = None
    undefined: str = ""


def solve_claim(problem: Problem, document: bool = True) -> Solution:  # noqa: FBT001, FBT002  (the switch of every solver)
    """Decide a claim.

    Raises:
        InputError: with the place of what cannot be read, or of conditions that no
            values satisfy.
        CertificateError: if a counterexample comes out differently when it is run.
    """
    if problem.body.arithmetic == "floats":  # type: ignore[union-attr]  # the reader made it a claim
        from hwsolve.solvers.claim_floats import solve_in_floats

        return solve_in_floats(problem, document=document)
    decided = _decided(problem)
    solution = Solution(
        title=problem.title,
        kind=problem.kind,
        statement=problem.statement,
        source=problem.source,
        label=problem.label,
        conventions=decided.stated.conventions,
        answers=_answers(problem, decided),
        certificates=_certificates(decided),
        warnings=_warnings(decided),
        settings=problem.settings._asdict(),
    )
    if not document or problem.settings.working == "none":
        return solution
    from hwsolve.solvers.claim_document import sections
    from hwsolve.solvers.working import given_steps

    given = given_steps(decided.solved) if decided.solved is not None else ()
    given = tuple(step for step in given if str(getattr(step.name, "name", "")) in problem.given)
    return solution._replace(given=given, sections=sections(problem, decided))


def _decided(problem: Problem) -> Decided:
    reading = stated(problem)
    situation(problem, reading, reading.claim)
    try:
        decision = decide(reading.claim)
    except NothingSatisfiesError as error:
        raise _unsatisfied(reading, certain=error.certain) from None
    except EquationErrors as several:
        misread(problem, reading, several.errors[0])
    except EquationError as error:
        misread(problem, reading, error)
    from hwsolve.solvers.claim_run import confirm, robust, run

    point = ()
    if decision.counterexample is not None:
        point = decision.counterexample.point
    elif decision.situation.slots:
        return Decided(reading, decision, {})
    values = decision.situation.named(point)
    anything = robust(decision)
    solved, undefined = run(problem, reading, decision, values)
    confirm(reading, decision, solved)
    return Decided(reading, decision, values, anything, solved, undefined)


def _unsatisfied(reading: Stated, *, certain: bool) -> InputError:
    """The error for conditions that nothing satisfies, at the condition that makes it so."""
    what = "no values satisfy" if certain else "no values were found that satisfy"
    texts = reading.conditions
    count = len(texts)
    for number in range(1, count):
        first = reading.claim._replace(conditions=reading.claim.conditions[:number])
        try:
            decide(first, share=0.1)
        except NothingSatisfiesError:
            count = number
            break
        except (EquationError, EquationErrors):
            break
    if not count:
        return InputError(
            f"{what} what is claimed: it has no value anywhere", reading.said[0].origin
        )
    written = texts[count - 1]
    hint = (
        "it contradicts the conditions before it or a domain; to show that it does, "
        "claim its opposite under the others"
        if count > 1
        else ""
    )
    return InputError(
        f"{what} the condition {' '.join(written.text.split())}", written.origin, hint
    )


def _verdict(decision: Decision) -> bool | str:
    return NOT_REFUTED if decision.truth is None else decision.truth


def _answers(problem: Problem, decided: Decided) -> tuple[Answer, ...]:
    decision = decided.decision
    verdict = Answer("verdict", _verdict(decision), note=_note(decision))
    answers = []
    for written in problem.find:
        if written.text == "verdict":
            answers.append(verdict)
        elif written.text.endswith(".range"):
            answers.append(Answer(written.text, _range(decided, written)))
        else:
            answers.append(Answer(written.text, _value(problem, decided, written)))
    return tuple(answers) or (verdict,)


def _note(decision: Decision) -> str:
    if decision.truth is None:
        return f"at {decision.tried:,} points, which is no proof"
    if not decision.truth:
        return "by a counterexample" if decision.situation.slots else "by calculation"
    from hwsolve.solvers.claim_document import methods

    return f"proved by {methods(decision)}"


def _value(problem: Problem, decided: Decided, written: Written) -> Any:
    """The value of something at the counterexample."""
    from hwsolve.solvers.claim_run import value_at

    if not decided.values and decided.decision.situation.slots:
        hint = did_you_mean(written.text, ["verdict"]) or "ask for the verdict"
        raise InputError(
            f"'{written.text}' has no single value: there is no counterexample",
            written.origin,
            hint,
        )
    return value_at(problem, decided.stated, decided.decision, decided.values, written)


def _range(decided: Decided, written: Written) -> str:
    """The interval of a quantity, for all values of the free names."""
    from hwsolve.proofs.prover import Prover

    name = written.text.removesuffix(".range")
    here = decided.decision.situation
    node = here.statement.lowering.names.get(name)
    if not isinstance(node, int):
        names = [
            each for each, found in here.statement.lowering.names.items() if isinstance(found, int)
        ]
        hint = did_you_mean(name, names)
        raise InputError(f"'{name}' is not a quantity of the equations", written.origin, hint)
    return str(Prover(here.graph, here.leaves(), here.conditions).interval(node))


def _certificates(decided: Decided) -> tuple[Certificate, ...]:
    decision = decided.decision
    if decision.truth is None:
        return ()
    if not decision.truth:
        method = "a second calculation with intervals of 50 digits"
        if decision.counterexample is not None and decision.counterexample.equal:
            method = "exact algebra: both sides are the same"
        subject = "the counterexample" if decision.situation.slots else "the calculation"
        return (Certificate(subject, method, proved=True, trials=1),)
    from hwsolve.solvers.claim_document import methods, remark

    return (
        Certificate(
            "the claim",
            methods(decision),
            proved=True,
            trials=len(decision.proofs),
            remark=remark(decision),
        ),
    )


def _warnings(decided: Decided) -> tuple[str, ...]:
    from hwsolve.solvers.claim_document import point_words

    decision = decided.decision
    found = []
    if decision.truth is None:
        found.append(
            f"the claim was not refuted at {decision.tried:,} points, which is no proof"
            + (f"; {decision.remark}" if decision.remark else "")
        )
    if decision.truth is not False and decision.without is not None:
        found.append(
            f"for {point_words(decision.without)} something has no value; "
            "the claim is about the other points"
        )
    jumping = _differentiated_jumps(decided.stated)
    if jumping:
        found.append(f"the slope of {' and '.join(jumping)} is taken as 0, also at the jump")
    return tuple(found)


def _differentiated_jumps(stated: Stated) -> list[str]:
    """Functions that jump, in a claim about derivatives: there they have none."""
    claim = stated.claim
    trees = [*claim.comparisons, *claim.conditions, *(eq.body for eq in claim.equations)]
    nodes = [node for tree in trees for node in walk(tree)]
    if not any(isinstance(node, Deriv) for node in nodes):
        return []
    return sorted({node.op for node in nodes if isinstance(node, Apply) and node.op in _JUMPING})
