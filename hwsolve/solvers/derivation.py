"""`kind: derivation`: every line checked, and what the whole is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from hwsolve.errors import EquationError, EquationErrors, InputError, InputErrors, did_you_mean
from hwsolve.expr.parser import Equation, parse_equation
from hwsolve.expr.tree import Apply, Expr, Num, Sym, walk
from hwsolve.proofs.derivation import Line, Verdict, check_lines, contradiction, reached
from hwsolve.proofs.lines import parse_assumption, parse_case, parse_chain, parse_shape
from hwsolve.proofs.ranges import CONSTANTS, Case, Indices
from hwsolve.proofs.sums import Setting
from hwsolve.solution import Answer, Solution

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    from hwsolve.problem.model import Derivation, DerivationLine, Problem, Written

    Parsed = TypeVar("Parsed")

Goal = tuple[Expr, Expr]


class Checked(NamedTuple):
    """A derivation with the verdict on each of its lines.

    Attributes:
        setting: what it rests on.
        goals: what was to be shown.
        lines: the lines.
        verdicts: the verdict on each.
        automatic: whether the program wrote the lines.
    """

    setting: Setting
    goals: tuple[Goal, ...]
    lines: tuple[Line, ...]
    verdicts: tuple[Verdict, ...]
    automatic: bool

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
    equations = (*_given(problem), *_all(body.equations, parse_equation))
    assumptions = _all(body.assume, parse_assumption)
    goals = _all(body.show, _goal)
    chains = _all([line.text for line in body.lines], parse_chain)
    shapes = {
        name: _placed(written, parse_shape, written.text) for name, written in body.shapes.items()
    }
    trees: list[tuple[Expr, Written]] = [
        (part, line.text)
        for line, (parts, _) in zip(body.lines, chains, strict=True)
        for part in parts
    ]
    shown = [
        (side, written) for goal, written in zip(goals, body.show, strict=True) for side in goal
    ]
    assumed = [
        (assumption.body, written)
        for assumption, written in zip(assumptions, body.assume, strict=True)
    ]
    try:
        indices = Indices(equations, [tree for tree, _ in (*assumed, *shown, *trees)])
    except EquationError as error:
        _misplaced(error, (*assumed, *shown, *trees), problem)
    cases = [_case(line, indices) for line in body.lines]
    setting = Setting(equations, tuple(assumptions), indices, shapes)
    _known_names(setting, shown, trees)
    _satisfiable(problem, setting, body.assume)
    lines = tuple(
        Line(parts, continues, _origin(line, number), case, line.because)
        for number, (line, (parts, continues), case) in enumerate(
            zip(body.lines, chains, cases, strict=True)
        )
    )
    if not lines:
        return _written(setting, tuple(goals), body)
    verdicts = _verdicts(problem, lines, setting, body)
    checked = Checked(setting, tuple(goals), lines, tuple(verdicts), automatic=False)
    if checked.valid:
        for goal, written in zip(goals, body.show, strict=True):
            if not reached(goal, lines, setting, Case()):
                raise InputError(
                    f"no line reaches what is to be shown: {written.text}",
                    body.lines[-1].text.origin,
                    "the chain that begins with its left side must end with its right side",
                )
    return checked


def _written(setting: Setting, goals: tuple[Goal, ...], body: Derivation) -> Checked:
    """The derivation that the program writes itself."""
    from hwsolve.proofs.derivation import settle
    from hwsolve.proofs.written import derived

    lines: list[Line] = []
    verdicts: list[Verdict] = []
    basis = setting
    for goal, written in zip(goals, body.show, strict=True):
        found = derived(goal, setting)
        if found is None:
            if settle(*goal, setting, Case()).status != "wrong":
                raise InputError(
                    f"no derivation of '{written.text}' is known here",
                    written.origin,
                    "write its lines under 'lines', and they are checked",
                )
            found = [Line(goal, reason="as it is stated")], setting
        own, basis = found
        try:
            checked = check_lines(own, basis)
        except EquationError as error:
            raise InputError(error.message, written.origin, error.hint) from None
        verdicts += checked
        lines += own
    if len(goals) > 1:
        basis = setting
    return Checked(basis, goals, tuple(lines), tuple(verdicts), automatic=True)


def _verdicts(
    problem: Problem, lines: Sequence[Line], setting: Setting, body: Derivation
) -> list[Verdict]:
    try:
        return check_lines(lines, setting)
    except EquationError as error:
        place = problem.place
        if 0 <= error.equation < len(body.lines):
            place = body.lines[error.equation].text.place(max(error.at, 0))
        raise InputError(error.message, place, error.hint) from None


def _goal(text: str) -> Goal:
    parts, continues = parse_chain(text)
    if continues or len(parts) != 2:  # noqa: PLR2004  (two sides)
        raise EquationError("what is to be shown is one equality", 0, "write left = right")
    return parts[0], parts[1]


def _given(problem: Problem) -> list[Equation]:
    """Given values as definitions."""
    from hwsolve.solvers.graph import given_value

    return [
        Equation(Sym(given.name), _constant(given_value(given)), (), None, "")
        for given in problem.given.values()
    ]


def _constant(value: Any) -> Expr:
    if isinstance(value, list):
        return Apply("stack", tuple(map(_constant, value)))
    return Num(value)


def _all(texts: Sequence[Written], parse: Callable[[str], Parsed]) -> list[Parsed]:
    """All texts parsed, with all errors at once."""
    found: list[Parsed] = []
    errors: list[InputError] = []
    for written in texts:
        try:
            found.append(_placed(written, parse, written.text))
        except InputError as error:
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise InputErrors(errors)
    return found


def _placed(written: Written, parse: Callable[..., Parsed], *args: Any) -> Parsed:
    try:
        return parse(*args)
    except EquationError as error:
        raise InputError(error.message, written.place(max(error.at, 0)), error.hint) from None


def _misplaced(
    error: EquationError, trees: Sequence[tuple[Expr, Written]], problem: Problem
) -> NoReturn:
    """An index without a range, at the place where it is used."""
    for tree, written in trees:
        for node in walk(tree):
            if isinstance(node, Sym) and node.at == error.at and f"'{node.name}'" in error.message:
                raise InputError(error.message, written.place(node.at), error.hint) from None
    raise InputError(error.message, problem.place, error.hint) from None


def _case(line: DerivationLine, indices: Indices) -> Case:
    written = line.case
    if written is None:
        return Case()
    # an index that only a case names runs over the range of what it is compared with
    for left, sign, right in _pairs(written.text):
        for known, other in ((left, right), (right, left)):
            if sign and known in indices.free and other.isidentifier():
                indices.free.setdefault(other, indices.free[known])
    return _placed(written, parse_case, written.text, indices.free)


def _pairs(text: str) -> list[tuple[str, str, str]]:
    found = []
    for piece in text.replace("≠", "!=").replace(" and ", ",").split(","):
        sign = "!=" if "!=" in piece else "==" if "==" in piece else "="
        left, _, right = piece.partition(sign)
        found.append((left.strip(), sign if right else "", right.strip()))
    return found


def _origin(line: DerivationLine, number: int) -> int | None:
    if line.origin is None:
        return None
    origin = int(line.origin.text) - 1
    if not 0 <= origin < number:
        raise InputError(
            f"'from: {line.origin.text}' is not the number of a line before this one",
            line.origin.origin,
            "lines count from 1",
        )
    return origin


def _known_names(
    setting: Setting,
    shown: Sequence[tuple[Expr, Written]],
    trees: Sequence[tuple[Expr, Written]],
) -> None:
    """Refuse a name in a line that neither the definitions nor the goal have."""
    if not setting.equations and not shown:
        return
    known = {*CONSTANTS, *setting.indices.sizes, *setting.shapes, *setting.indices.free}
    for equation in setting.equations:
        known |= _names(equation.body) | _names(equation.target)
    for assumption in setting.assumptions:
        known |= _names(assumption.body)
    for tree, _ in shown:
        known |= _names(tree)
    errors = []
    for tree, written in trees:
        bound = {getattr(node, "variable", "") for node in walk(tree)}
        for node in walk(tree):
            if isinstance(node, Sym) and node.name and node.name not in known | bound:
                hint = did_you_mean(node.name, known) or "write an equation that defines it"
                place = written.place(max(node.at, 0))
                errors.append(InputError(f"'{node.name}' is not defined", place, hint))
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise InputErrors(errors)


def _names(tree: Expr) -> set[str]:
    return {node.name for node in walk(tree) if isinstance(node, Sym)}


def _satisfiable(problem: Problem, setting: Setting, assume: Sequence[Written]) -> None:
    """Refuse assumptions that no values satisfy, at the first that makes them so."""
    if not assume:
        return
    try:
        if not contradiction(setting):
            return
        for count in range(1, len(assume) + 1):
            first = setting._replace(assumptions=setting.assumptions[:count])
            if contradiction(first):
                raise InputError(
                    f"no values were found that satisfy the assumption {assume[count - 1].text}",
                    assume[count - 1].origin,
                    "it contradicts itself or what is assumed before it" if count > 1 else "",
                )
    except EquationErrors as several:
        _in_equations(problem, several.errors[0])
    except EquationError as error:
        raise InputError(error.message, assume[0].origin, error.hint) from None


def _in_equations(problem: Problem, error: EquationError) -> NoReturn:
    body: Derivation = problem.body  # type: ignore[assignment]  # the reader made it one
    number = error.equation - len(problem.given)
    place = problem.place
    if 0 <= number < len(body.equations):
        place = body.equations[number].place(max(error.at, 0))
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
