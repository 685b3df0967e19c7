"""`kind: derivation`: every line checked, and what the whole is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hwsolve.errors import EquationError, EquationErrors, InputError, did_you_mean
from hwsolve.proofs.derivation import (
    EVERY_SIZE,
    PROVED,
    RIGHT_AGAIN,
    WRONG,
    Line,
    Verdict,
    check_lines,
    settle,
)
from hwsolve.proofs.goals import Goal, Reached, chain_of, reached
from hwsolve.proofs.ranges import Case
from hwsolve.solution import Answer, Solution
from hwsolve.solvers.derivation_reading import in_equations, read_derivation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.problem.model import Derivation, Problem, Written
    from hwsolve.proofs.sums import Setting


# What a statement without lines is worth as a line of its own.
_SETTLED = frozenset({EVERY_SIZE, PROVED, WRONG})


class Checked(NamedTuple):
    """A derivation with the verdict on each of its lines.

    Attributes:
        setting: what it rests on.
        goals: what was to be shown.
        lines: the lines.
        verdicts: the verdict on each.
        automatic: whether the program wrote the lines.
        edges: values at the borders of cases for which nothing is said.
    """

    setting: Setting
    goals: tuple[Goal, ...]
    lines: tuple[Line, ...]
    verdicts: tuple[Verdict, ...]
    automatic: bool
    edges: tuple[Reached, ...] = ()

    @property
    def wrong(self) -> list[int]:
        """The numbers of the wrong lines, from 1."""
        return [number for number, v in enumerate(self.verdicts, start=1) if v.status == "wrong"]

    @property
    def valid(self) -> bool:
        """Whether no line is wrong or open."""
        return all(verdict.status not in {"wrong", "open"} for verdict in self.verdicts)


def solve_derivation(problem: Problem, document: bool = True) -> Solution:  # noqa: FBT001, FBT002  (the switch of every solver)
    """Check a derivation, or write and check it.

    Raises:
        InputError: with the place of a line that cannot be read, an unknown name, an
            assumption that nothing satisfies, or a goal that is not reached.
    """
    from hwsolve.solvers.derivation_document import certificates, sections, warnings

    checked = checked_derivation(problem)
    solution = Solution(
        title=problem.title,
        kind=problem.kind,
        statement=problem.statement,
        source=problem.source,
        label=problem.label,
        answers=_answers(problem, checked),
        certificates=certificates(checked),
        warnings=warnings(checked),
        settings=problem.settings._asdict(),
    )
    if not document or problem.settings.working == "none":
        return solution
    return solution._replace(sections=sections(checked))


def checked_derivation(problem: Problem) -> Checked:
    """Read a derivation and check its lines.

    Raises:
        InputError: as `solve_derivation` says.
    """
    body: Derivation = problem.body  # type: ignore[assignment]  # the reader made it one
    setting, goals, lines = read_derivation(problem)
    try:
        return _checked(setting, goals, lines, body)
    except EquationErrors as several:
        in_equations(problem, setting, several.errors[0])
    except EquationError as error:
        raise InputError(error.message, problem.place, error.hint) from None


def _checked(
    setting: Setting, goals: tuple[Goal, ...], lines: tuple[Line, ...], body: Derivation
) -> Checked:
    if not lines:
        return _written(setting, goals, body)
    verdicts = _right_again(lines, _verdicts(lines, setting, body), setting)
    checked = Checked(setting, goals, lines, tuple(verdicts), automatic=False)
    if not checked.valid:
        return checked
    edges = tuple(
        edge
        for goal, written in zip(goals, body.show, strict=True)
        if (edge := _shown(goal, written, checked, body)) is not None
    )
    return checked._replace(edges=edges)


def _shown(goal: Goal, written: Written, checked: Checked, body: Derivation) -> Reached | None:
    """Refuse a derivation that does not show its goal; the edges of its cases, if any.

    Raises:
        InputError: with the case or values that are left out.
    """
    found = reached(goal, checked.lines, checked.setting)
    if found.everywhere:
        return found if found.edge else None
    place = body.lines[-1].text.origin
    if found.case:
        raise InputError(
            f"no line shows {written.text} for {found.case}",
            place,
            "add the lines of this case, or name the case under 'show' in its indices",
        )
    if found.left_out is not None:
        from hwsolve.solvers.derivation_document import point_text

        point = point_text(found.left_out)
        raise InputError(
            f"the cases are not complete: no line shows {written.text} for {point}",
            place,
            "add the lines of the case that is missing",
        )
    raise InputError(
        f"no line reaches what is to be shown: {written.text}",
        place,
        "the chain that begins with its left side must end with its right side",
    )


def _written(setting: Setting, goals: tuple[Goal, ...], body: Derivation) -> Checked:
    """The derivation that the program writes itself."""
    from hwsolve.proofs.written import derived

    lines: list[Line] = []
    verdicts: list[Verdict] = []
    basis = setting
    for goal, written in zip(goals, body.show, strict=True):
        found = derived(goal[:2], setting) if goal.sign == "=" else None
        if found is None:
            if settle(*goal[:2], setting, Case(), sign=goal.sign).status not in _SETTLED:
                raise InputError(
                    f"no derivation of '{written.text}' is known here",
                    written.origin,
                    "write its lines under 'lines', and they are checked",
                )
            line = Line(goal[:2], reason="as it is stated", signs=(goal.sign,))
            found = [line], setting
        own, basis = found
        try:
            checked = check_lines(own, basis)
        except EquationError as error:
            raise InputError(error.message, written.origin, error.hint) from None
        if checked[-1].status == WRONG:
            own[-1] = own[-1]._replace(reason="what was to be shown")
        verdicts += checked
        lines += own
    if len(goals) > 1:
        basis = setting
    return Checked(basis, goals, tuple(lines), tuple(verdicts), automatic=True)


def _right_again(lines: Sequence[Line], verdicts: list[Verdict], setting: Setting) -> list[Verdict]:
    """The verdicts, with a remark where a second slip in a chain undoes the first."""
    found = list(verdicts)
    for number, (line, verdict) in enumerate(zip(lines, verdicts, strict=True)):
        parts, signs = chain_of(lines, number)
        before = number - 1 if line.source is None else line.source
        if verdict.status != WRONG or not line.continues or set(signs) != {"="}:
            continue
        if verdicts[before].status != WRONG and not found[before].remark:
            continue
        if settle(parts[0], parts[-1], setting, line.case).status in {EVERY_SIZE, PROVED}:
            found[number] = verdict._replace(remark=RIGHT_AGAIN)
    return found


def _verdicts(lines: Sequence[Line], setting: Setting, body: Derivation) -> list[Verdict]:
    try:
        return check_lines(lines, setting)
    except EquationError as error:
        if not 0 <= error.equation < len(body.lines):
            raise
        place = body.lines[error.equation].text.place(max(error.at, 0))
        raise InputError(error.message, place, error.hint) from None


def _answers(problem: Problem, checked: Checked) -> tuple[Answer, ...]:
    wrong = checked.wrong
    known: dict[str, Any] = {
        "valid": checked.valid,
        "proved": all(verdict.proved for verdict in checked.verdicts),
        "lines": len(checked.lines),
    }
    if wrong:
        known["wrong_line"] = wrong[0]
        known["wrong_lines"] = wrong
    answers = []
    for written in problem.find:
        name = written.text
        if name not in known:
            if name in {"wrong_line", "wrong_lines"}:
                raise InputError("no line is wrong", written.origin)
            names = ["valid", "proved", "lines", "wrong_line", "wrong_lines"]
            hint = did_you_mean(name, names) or f"known are {', '.join(names)}"
            raise InputError(f"a derivation has no answer '{name}'", written.origin, hint)
        answers.append(Answer(name, known[name]))
    if not problem.find:
        answers = [Answer("valid", known["valid"])]
        if wrong:
            answers.append(Answer("wrong_line", wrong[0]))
    return tuple(answers)
