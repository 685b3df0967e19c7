"""Sizes and counts of layers as formulas in letters: `49*C^2` for C channels.

The rules of the layer table run on sizes that carry their formulas along. Counting the
same network with other numbers shows that the formulas hold, and under which conditions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import EquationError, InputError, InputErrors
from hwsolve.expr.tree import Apply, Expr, Num, Sym, walk
from hwsolve.nets.counting import BY_WORD
from hwsolve.nets.letters import InLetters
from hwsolve.nets.network import INPUT
from hwsolve.proofs.names import free_names
from hwsolve.solution import Answer, Certificate, Convention, Section, Solution, Step
from hwsolve.solvers.cnn_choices import (
    condition_text,
    in_letters,
    multiples,
    recounted,
    roles_of,
    value_at,
    with_numbers,
)
from hwsolve.solvers.cnn_formulas import ROUNDED, TIDIER, Formulas, step_of
from hwsolve.solvers.graph import is_formula

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hwsolve.nets.network import Layer
    from hwsolve.problem.model import Problem, Written
    from hwsolve.solvers.cnn import Solved, Unmeasured
    from hwsolve.solvers.cnn_choices import Recount

_METHOD: Final = "counting the layers anew with other numbers"


# -- the solver -----------------------------------------------------------------------------


def solve_in_letters(
    problem: Problem,
    written: Unmeasured,
    solved_with: Callable[[Problem, Unmeasured], Solved],
    solution_of: Callable[[Solved, bool], Solution],
    *,
    document: bool,
) -> Solution:
    """The solution of a network with letters: formulas, and numbers where all are given.

    Args:
        problem: the problem.
        written: its network as it was written.
        solved_with: measures a network, and answers what is asked.
        solution_of: the ordinary solution of a network in numbers.
        document: whether the working is wanted.

    Raises:
        InputError: for layers that do not fit, or a name that means nothing.
        CertificateError: if counting anew with other numbers gives something else.
    """
    asks, formulas = _asked(problem, written)
    numbers = [ask for ask in asks if ask not in formulas]
    base = Solution(problem.title, problem.kind, problem.statement, problem.source, problem.label)
    if numbers:
        given = with_numbers(written, _given(problem, written))
        base = solution_of(solved_with(_asking(problem, numbers), given), document)
    if not formulas and asks:
        return base
    solved = _in_letters(_asking(problem, formulas), written, solved_with)
    found, asked = _found(Formulas(solved.names, solved.flops), solved, formulas)
    plain = problem._replace(given={})
    counted = recounted(
        written,
        lambda other: solved_with(_asking(plain, formulas), other).names,
        asked,
        found,
        _conditions(solved),
    )
    by_name = {answer.name: answer for answer in base.answers}
    by_name |= {name: Answer(name, value) for name, value in found.items()}
    order = [ask.text for ask in asks] or list(found)
    solution = base._replace(
        answers=tuple(by_name[name] for name in order if name in by_name),
        certificates=(
            *base.certificates,
            *(Certificate(name, _METHOD, proved=False, trials=counted.trials) for name in found),
        ),
        conventions=(*base.conventions, *_conventions(counted)),
    )
    if not document:
        return solution
    section = _section(Formulas(solved.names, solved.flops), asked, found)
    return solution._replace(sections=(*base.sections, section))


def _asked(problem: Problem, written: Unmeasured) -> tuple[list[Written], list[Written]]:
    """What is asked, and what of it as a formula: everything, if letters have no numbers."""
    asks = [*problem.find]
    known = {ask.text for ask in asks}
    asks += [ask for ask in problem.expressions if ask.text not in known]
    if not set(roles_of(written)) <= problem.given.keys():
        return asks, asks
    wanted = {ask.text for ask in problem.expressions}
    return asks, [
        ask
        for ask in asks
        if ask.text in wanted or _is_formula(problem, problem.answers.get(ask.text), written)
    ]


def _is_formula(problem: Problem, answer: Any, written: Unmeasured) -> bool:
    if answer is None or isinstance(answer, list):
        return False
    return answer.text.strip() in roles_of(written) or is_formula(answer, problem)


def _asking(problem: Problem, asks: Sequence[Written]) -> Problem:
    return problem._replace(find=tuple(asks), expressions=())


def _given(problem: Problem, written: Unmeasured) -> dict[str, int]:
    """The numbers that are given for the letters.

    Raises:
        InputError: one of them is no whole number.
    """
    numbers: dict[str, int] = {}
    for letter, role in roles_of(written).items():
        given = problem.given[letter]
        if not isinstance(given.value, int) or given.value < (0 if role == "padding" else 1):
            raise InputError(f"'{letter}' stands for a size", given.place, "give a whole number")
        numbers[letter] = given.value
    return numbers


def _in_letters(
    problem: Problem,
    written: Unmeasured,
    solved_with: Callable[[Problem, Unmeasured], Solved],
) -> Solved:
    """The network on sizes that carry formulas along, as general as it fits.

    Raises:
        InputError: the layers fit no sizes that were tried.
    """
    errors: list[InputError | InputErrors] = []
    plain = problem._replace(given={})
    for multiple in multiples():
        letters = in_letters(roles_of(written), multiple)
        try:
            return solved_with(plain, with_numbers(written, letters))
        except (InputError, InputErrors) as error:
            errors.append(error)
    raise errors[0]


def _conditions(solved: Solved) -> list[Any]:
    for number in (*solved.network.input, *(n for one in solved.network.layers for n in _all(one))):
        if isinstance(number, InLetters):
            return list(number.conditions)
    return []


def _all(layer: Layer) -> Iterator[int]:
    yield from layer.output
    yield from layer.rule.sizes.values()


def _found(
    formulas: Formulas, solved: Solved, asks: Sequence[Written]
) -> tuple[dict[str, Expr], dict[str, Expr]]:
    """The formula of everything asked for, and what was asked, by name."""
    asked = {ask.text: ask.expr for ask in solved.asks}
    places = {ask.text: ask for ask in asks}
    found: dict[str, Expr] = {}
    errors: list[InputError] = []
    for name, expr in asked.items():
        try:
            found[name] = formulas.of(expr)
        except EquationError as error:
            place = places[name].place(max(error.at, 0)) if name in places else None
            errors.append(InputError(error.message, place, error.hint))
    if errors:
        raise errors[0] if len(errors) == 1 else InputErrors(errors)
    return found, asked


def _conventions(counted: Recount) -> Iterator[Convention]:
    conditions = dict.fromkeys(condition_text(each, TIDIER) for each in counted.conditions)
    if conditions:
        yield Convention("letters", ", ".join(conditions), "where the formulas hold")


# -- the working ----------------------------------------------------------------------------


def _section(formulas: Formulas, asked: Mapping[str, Expr], found: Mapping[str, Expr]) -> Section:
    steps = [step for layer in formulas.network.layers for step in formulas.sides(layer)]
    known = [step.name for step in steps]
    for name, expr in asked.items():
        for node in walk(expr):
            if isinstance(node, Sym) and node not in known:
                steps += [step for step in _of_name(formulas, node) if step not in steps]
        if not isinstance(expr, Sym):
            steps.append(step_of(expr, (_names_put_in(expr, formulas), found[name])))
    return Section("In letters", tuple(steps), detail="short")


def _names_put_in(asked: Expr, formulas: Formulas) -> Expr:
    """A calculation with the formulas of its names put in."""
    match asked:
        case Sym():
            return formulas.of(asked)
        case Apply(op=op, args=args):
            put = tuple(_names_put_in(arg, formulas) for arg in args)
            return Apply(op, put, asked.attributes)
    return asked


def _of_name(formulas: Formulas, asked: Sym) -> Iterator[Step]:
    """The formula of a name: of each layer that it is the sum of, then of all."""
    owner, what = formulas.names.taken_apart(asked.name)
    value = formulas.of(asked)
    if what not in BY_WORD or owner == INPUT:
        yield step_of(asked, (value,))
        return
    layers = formulas.layers(owner, what)
    parts: list[Expr] = []
    for layer in layers:
        part = formulas.count(layer, what)
        if part == Num(0):
            continue
        name = Sym(f"{layer.name}.{what}")
        parts.append(name)
        by_rule = formulas.in_words(layer, what)
        yield from formulas.parts(layer, by_rule)
        yield step_of(asked if len(layers) == 1 else name, (by_rule, part))
    if len(layers) > 1 and parts:
        total = parts[0] if len(parts) == 1 else Apply("add", tuple(parts))
        yield step_of(asked, (total, value))
    elif not parts:
        yield step_of(asked, (value,))


# -- stated answers -------------------------------------------------------------------------


def compared_counts(written: Unmeasured, stated: str, computed: Expr) -> tuple[bool, str]:
    """Whether a stated formula gives the same counts as the computed one."""
    from hwsolve.expr.parser import parse_expression

    roles = roles_of(written)
    try:
        tree = _read(stated, parse_expression)
        unknown = sorted(free_names(tree) - roles.keys())
        if unknown:
            return False, f"'{unknown[0]}' is no letter of the layers"
        found = _difference(tree, computed, roles)
        if found is None:
            return True, ""
        where, left, right = found
        unrounded = _difference(tree, _exactly(computed), roles) is None
    except EquationError as error:
        return False, str(error)
    at = ", ".join(f"{name} = {value}" for name, value in where.items())
    reason = f"at {at} the stated formula is {left}, the right one {right}"
    return False, f"{reason}: it has to be rounded" if unrounded else reason


def _read(stated: str, parse: Callable[[str], Expr]) -> Expr:
    """A formula, or a size such as `F x (n - 2) x (n - 2)`."""
    parts = stated.replace("×", " x ").split(" x ")
    if len(parts) == 1:
        return parse(stated)
    return Apply("stack", tuple(map(parse, parts)))


def _difference(
    stated: Expr, computed: Expr, letters: Mapping[str, str]
) -> tuple[dict[str, int], Any, Any] | None:
    """Numbers for the letters at which two formulas differ, and their values there."""
    for trial in range(1, 40):
        at = {name: 1 + (trial * (7 + 4 * place)) % 53 for place, name in enumerate(letters)}
        left, right = value_at(stated, at), value_at(computed, at)
        if left != right:
            return at, _shown(left), _shown(right)
    return None


def _shown(value: Any) -> str:
    return " x ".join(map(str, value)) if isinstance(value, list) else str(value)


def _exactly(expr: Expr) -> Expr:
    """A formula without its roundings."""
    if not isinstance(expr, Apply):
        return expr
    args = tuple(map(_exactly, expr.args))
    return args[0] if expr.op in ROUNDED else Apply(expr.op, args, expr.attributes)
