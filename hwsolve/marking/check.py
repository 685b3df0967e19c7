"""Every stated answer of a problem against what the solvers compute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsolve.errors import CertificateError, HwsolveError, InputError, InputErrors
from hwsolve.expr.tree import Expr
from hwsolve.marking.compare import Tolerance, Verdict, compare, missing
from hwsolve.solvers import solve

if TYPE_CHECKING:
    from hwsolve.errors import Place
    from hwsolve.expr.tree import Value
    from hwsolve.problem.model import Problem, Stated, Written
    from hwsolve.solution import Solution


def check_problem(problem: Problem, tolerance: Tolerance | None = None) -> list[Verdict]:
    """A verdict for each stated answer, in the order of the file, parts included.

    Args:
        problem: A checked problem. Its stated answers are solved for, whatever it
            asks to be found.
        tolerance: How far a number may be off, instead of what its digits say.

    Raises:
        HwsolveError: The problem cannot be solved whatever is asked for, or an answer
            could not be certified.
    """
    verdicts = _check_one(problem, tolerance) if problem.answers else []
    for part in problem.parts:
        verdicts += check_problem(part, tolerance)
    return verdicts


def check_solution(problem: Problem, solution: Solution) -> list[Verdict]:
    """A verdict for each stated answer of a problem that its solution has; parts are left out."""
    computed = {answer.name: answer.value for answer in solution.answers}
    return [
        _compared(problem, name, computed[name]) for name in problem.answers if name in computed
    ]


def _check_one(problem: Problem, tolerance: Tolerance | None) -> list[Verdict]:
    computed, refused = _computed(problem)
    verdicts = []
    for name, stated in problem.answers.items():
        if name in computed:
            verdicts.append(_compared(problem, name, computed[name], tolerance))
        else:
            verdict = missing(name, stated, refused.get(name, "the solver gives no such answer"))
            place = problem.answer_names[name].origin
            verdicts.append(verdict._replace(place=place, part=problem.label))
    return verdicts


def _compared(
    problem: Problem, name: str, computed: Value | Expr, tolerance: Tolerance | None = None
) -> Verdict:
    stated = problem.answers[name]
    if isinstance(computed, Expr):
        verdict = _formulas_compared(problem, name, stated, computed)
    else:
        verdict = compare(name, stated, computed, tolerance)
    place = _place(stated, verdict.entry) or problem.answer_names[name].origin
    return verdict._replace(place=place, part=problem.label)


def _formulas_compared(problem: Problem, name: str, stated: Stated, computed: Expr) -> Verdict:
    """The verdict on a stated formula: what it means counts, not how it is spelt."""
    from hwsolve.solvers.formulas import compared

    if isinstance(stated, list):
        return Verdict("shape", name, stated, computed, reason="stated a list, computed a formula")
    same, reason = compared(problem, name, stated.text, computed)
    return Verdict("right" if same else "wrong", name, stated, computed, reason=reason)


def _place(stated: Stated, entry: tuple[int, ...]) -> Place | None:
    """Where an entry of a stated answer stands; None for an empty list."""
    for position in entry:
        stated = stated[position] if isinstance(stated, list) else stated
    while isinstance(stated, list):
        if not stated:
            return None
        stated = stated[0]
    return stated.origin


def _computed(problem: Problem) -> tuple[dict[str, Value | Expr], dict[str, str]]:
    """The values by name, and why each name without a value has none."""
    names = tuple(problem.answer_names[name] for name in problem.answers)
    try:
        return _values(problem, names), {}
    except CertificateError:
        raise
    except HwsolveError:
        # One name that means nothing must not hide the others; an error that is there
        # whatever is asked for is an error of the file.
        _values(problem, ())
    values: dict[str, Value | Expr] = {}
    refused: dict[str, str] = {}
    for name in names:
        try:
            values |= _values(problem, (name,))
        except CertificateError:
            raise
        except HwsolveError as error:
            refused[name.text] = _reason(error)
    return values, refused


def _values(problem: Problem, find: tuple[Written, ...]) -> dict[str, Value | Expr]:
    found: dict[str, Value | Expr] = {}
    options = problem.extras.options
    if options and any(name.text == "option" for name in find):
        # the options are about what the problem asks for, whatever else is checked
        solution = solve(problem._replace(parts=()), document=False)
        found["option"] = solution.answers[-1].value
        find = tuple(name for name in find if name.text != "option")
        if not find:
            return found
    problem = problem._replace(find=find, parts=(), extras=problem.extras._replace(options={}))
    solution = solve(problem, document=False)
    return found | {answer.name: answer.value for answer in solution.answers}


def _reason(error: HwsolveError) -> str:
    """The first line of an error without its place, which is that of the answer."""
    first = error.errors[0] if isinstance(error, InputErrors) else error
    if isinstance(first, InputError):
        return first.message + (f"; {first.hint}" if first.hint else "")
    return str(first)
