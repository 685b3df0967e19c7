"""Answers that are formulas: what is asked in symbols, what in numbers, and both together.

What is asked as a number besides is left to the ordinary solver.
"""

from __future__ import annotations

from math import log10
from typing import TYPE_CHECKING, Any

from hwsolve.errors import CertificateError, EquationError, InputError, InputErrors
from hwsolve.expr.notation import text
from hwsolve.expr.parser import parse_expression
from hwsolve.expr.tree import Deriv, Expr, Over, walk
from hwsolve.proofs.agreement import agreement, differences, free_indices
from hwsolve.proofs.indexed import base_name
from hwsolve.solution import Answer, Certificate, Solution
from hwsolve.solvers.expressions import Asked, Found, placed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hwsolve.problem.model import Problem, Written
    from hwsolve.proofs.index_ranges import Range
    from hwsolve.solution import Convention


def solve_in_symbols(
    problem: Problem,
    equations: Sequence[Written],
    *,
    document: bool,
    conventions: Sequence[Convention] = (),
    show_equations: bool = False,
) -> Solution | None:
    """Answer what is to be a formula, and leave what is a number to the ordinary solver.

    None where nothing is to be a formula.

    Raises:
        InputError: with the place of what cannot be read or differentiated.
        CertificateError: if a formula does not agree with the ordinary engine.
    """
    from hwsolve.solvers.graph import in_symbols, is_formula, solve_graph

    wanted = {written.text for written in problem.expressions}
    asks = list(problem.find)
    if document or not asks:
        asks += [written for written in problem.expressions if written.text not in _texts(asks)]
    formulas = [
        written
        for written in asks
        if written.text in wanted or is_formula(problem.answers.get(written.text), problem)
    ]
    asked = Asked(problem, equations) if formulas or _lacks_values(problem, equations) else None
    if asked is None:
        if not in_symbols(problem._replace(given={"": None})):  # type: ignore[dict-item]  # any value
            return None
        return solve_graph(
            _in_numbers(problem, asks),
            document,
            equations=equations,
            conventions=conventions,
            show_equations=show_equations,
        )
    if _lacks_values(problem, equations):
        formulas = asks or _last(equations)
    found = _answers(asked, formulas)
    numbers = [written for written in asks if written not in formulas]
    base = _numeric(problem, numbers, equations, document, conventions, show_equations)
    return _document(asked, found, base, asks or formulas, document=document)


def _texts(asks: Sequence[Written]) -> set[str]:
    return {written.text for written in asks}


def _last(equations: Sequence[Written]) -> list[Written]:
    """What is asked where nothing is: the name that the last equation defines."""
    last = equations[-1]
    return [last.part(0, len(last.text.partition("=")[0].rstrip()))]


def _lacks_values(problem: Problem, equations: Sequence[Written]) -> bool:
    """Whether a name in the equations has neither a value nor an equation."""
    from hwsolve.proofs.names import all_names
    from hwsolve.solvers.graph import parsed

    known = {*problem.given, "pi", "π", "e", ""}
    used: set[str] = set()
    for equation in parsed(equations):
        known.add(base_name(equation.target))
        known |= {*(equation.parameters or ()), *(loop.variable for loop in equation.loops)}
        known |= {n.variable for n in walk(equation.body) if isinstance(n, Over)}
        ends = [end for loop in equation.loops for end in (loop.low, loop.high)]
        used |= all_names([equation.body, *ends])
    return not used <= known


def _in_numbers(problem: Problem, asks: Sequence[Written]) -> Problem:
    """The problem without anything that is a formula."""
    from hwsolve.problem.model import Graph as Equations
    from hwsolve.solvers.graph import is_formula

    body = problem.body
    if isinstance(body, Equations):
        body = Equations(body.equations)
    answers = {
        name: answer for name, answer in problem.answers.items() if not is_formula(answer, problem)
    }
    return problem._replace(find=tuple(asks), expressions=(), body=body, answers=answers)


def _numeric(  # noqa: PLR0913  (what an ordinary solution takes)
    problem: Problem,
    numbers: Sequence[Written],
    equations: Sequence[Written],
    document: bool,  # noqa: FBT001  (the switch of every solver)
    conventions: Sequence[Convention],
    show_equations: bool,  # noqa: FBT001  (the same)
) -> Solution:
    """The solution of what is asked in numbers, or an empty one."""
    if numbers:
        from hwsolve.solvers.graph import solve_graph

        return solve_graph(
            _in_numbers(problem, numbers),
            document,
            equations=equations,
            conventions=conventions,
            show_equations=show_equations,
        )
    return Solution(
        title=problem.title,
        kind=problem.kind,
        statement=problem.statement,
        source=problem.source,
        label=problem.label,
        conventions=tuple(conventions),
        settings=problem.settings._asdict(),
    )


def _answers(asked: Asked, asks: Sequence[Written]) -> list[Found]:
    found: list[Found] = []
    errors: list[InputError] = []
    for written in asks:
        try:
            found.append(asked.answer(written.text, parse_expression(written.text)))
        except EquationError as error:
            errors.append(placed(error, written))
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise InputErrors(errors)
    return found


def _document(
    asked: Asked,
    found: Sequence[Found],
    base: Solution,
    asks: Sequence[Written],
    *,
    document: bool,
) -> Solution:
    by_name = {answer.name: answer for answer in base.answers}
    by_name |= {one.text: Answer(one.text, one.value, _note(one)) for one in found}
    answers = tuple(by_name[written.text] for written in asks if written.text in by_name)
    solution = base._replace(
        answers=(*answers, *(a for a in base.answers if a not in answers)),
        certificates=(*base.certificates, *_certificates(asked, found)),
    )
    if not document:
        return solution
    from hwsolve.solvers.expression_document import sections, used_conventions

    return solution._replace(
        sections=(*base.sections, *sections(asked, found)),
        conventions=tuple(dict.fromkeys((*base.conventions, *used_conventions(asked, found)))),
    )


def _note(found: Found) -> str:
    """For which indices a formula holds, and the shape of an array."""
    parts = [_for_range(name, range_) for name, range_ in found.free.items()]
    note = f"for {', '.join(parts)}" if parts else ""
    if found.shape:
        note = " x ".join(text(size, unicode=False) for size in found.shape)
        if len(found.shape) == 1:
            note += " entries"
    return note


def _for_range(name: str, range_: Range) -> str:
    return f"{name} in {text(range_.low)}..{text(range_.high)}".replace(" - ", "-")


def _certificates(asked: Asked, found: Sequence[Found]) -> list[Certificate]:
    """How each formula was shown to be right."""
    certificates: list[Certificate] = []
    for one in found:
        certificates.append(_certificate(one))
        if isinstance(one.asked, Deriv) and len(one.asked.bottoms) == 1:
            certificates += _by_differences(asked, one)
    return certificates


def _certificate(one: Found) -> Certificate:
    """The formula against the value that the computation graph gives."""
    how = one.agreement
    what = "the gradient of the computation graph" if isinstance(one.asked, Deriv) else "its value"
    if how.every_size:
        return Certificate(
            one.text, f"comparison with {what} for every size", proved=True, trials=1,
            remark=f"exact modulo 2^61 - 1, with a chance of error below {_power(how.chance)}",
        )  # fmt: skip
    if how.complete:
        return Certificate(
            one.text, f"comparison with {what}", proved=True, trials=how.trials,
            remark=f"exact modulo 2^61 - 1, with a chance of error below {_power(how.chance)}",
        )  # fmt: skip
    method = f"comparison with {what} at random points"
    if how.exact:
        method += ", exact modulo 2^61 - 1"
    return Certificate(one.text, method, proved=False, trials=how.trials, remark=_tried(how.sizes))


def _power(chance: float) -> str:
    """A chance as a power of ten that is above it."""
    return f"10^{-int(-log10(chance))}" if chance > 0 else "10^-30"


def _by_differences(asked: Asked, one: Found) -> list[Certificate]:
    assert isinstance(one.asked, Deriv)  # noqa: S101  (the caller has asked)
    deriv, value, free = one.asked, one.value, one.free
    if one.jacobian is not None:
        deriv, free = one.jacobian.entry, one.jacobian.free
        value = one.jacobian.entry_of(value)
    try:
        found = differences(deriv, value, asked.question_about(deriv, value), free)
    except EquationError as error:
        raise CertificateError(f"no answer for {one.text}: {error.message}") from None
    if found is None:
        return []
    sizes = (found.sizes,) if found.sizes else ()
    return [
        Certificate(
            one.text, "central differences at a random point", proved=False,
            trials=found.trials, worst=found.worst, remark=_tried(sizes),
        )
    ]  # fmt: skip


def _tried(sizes: Sequence[Mapping[str, int]]) -> str:
    """The sizes at which something was tried, in words."""
    if not any(sizes):
        return ""
    shown = [", ".join(f"{name} = {size}" for name, size in one.items()) for one in sizes]
    return f"at {'; '.join(shown)}"


# -- stated answers -----------------------------------------------------------------------


def compared(problem: Problem, name: str, stated: str, computed: Expr) -> tuple[bool, str]:
    """Whether a stated formula means the same as the computed one, and what there is to say.

    A formula that is right may be spelt in any way and in other named quantities.
    """
    from hwsolve.problem.model import Cnn

    if isinstance(problem.body, Cnn):
        from hwsolve.solvers.cnn import read_network
        from hwsolve.solvers.cnn_symbols import compared_counts

        return compared_counts(read_network(problem), stated, computed)
    asked = Asked(problem, _equations(problem, name))
    try:
        tree = parse_expression(stated)
        wanted = parse_expression(name)
        free = free_indices(wanted, asked.definitions)
        asked.check_names(tree, asked.by_own_names(tree), free)
        whole = asked.jacobian(wanted)
        if whole is not None:
            free = whole.free
            tree, computed = whole.entry_of(tree), whole.entry_of(computed)
        found = agreement(tree, computed, asked.question_about(wanted, computed), free)
    except EquationError as error:
        return False, str(error)
    if found.equal is None:
        return False, "no point was found at which both have a value"
    if found.equal:
        return True, ""
    where = ", ".join(f"{key} = {_short(value)}" for key, value in (found.where or {}).items())
    values = f"the stated formula is {_short(found.left)}, the right one {_short(found.right)}"
    return False, f"at {where} {values}"


def _equations(problem: Problem, name: str) -> Sequence[Written]:
    """The equations of a problem; those of a network are written out again."""
    from hwsolve.problem.model import Graph as Equations
    from hwsolve.problem.model import Network, Recurrent
    from hwsolve.solvers.written_out import in_order, names_used, shapes_of

    body = problem.body
    asking = problem._replace(find=(problem.answer_names[name],))
    match body:
        case Equations():
            return body.equations
        case Network():
            from hwsolve.nets.dense import dense_equations

            used = names_used(asking, body.equations)
            written_out = dense_equations(body, shapes_of(problem), problem.conventions, used)
            return in_order(written_out, body.equations)
        case Recurrent():
            from hwsolve.nets.recurrent import recurrent_equations
            from hwsolve.solvers.graph import stated

            written_out = recurrent_equations(
                body,
                shapes_of(problem),
                problem.conventions,
                place=problem.place,
                places={key: given.place for key, given in problem.given.items()},
                asked=names_used(asking, body.equations),
                first_index=int(stated(problem, "first_index", "0")),
            )
            return in_order(written_out, body.equations)
    return ()


def _short(value: Any) -> str:
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list):
        return "[" + ", ".join(map(_short, value)) + "]"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
