"""A derivation read: definitions, assumptions, goals and lines, all names known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from hwsolve.errors import EquationError, EquationErrors, InputError, InputErrors, did_you_mean
from hwsolve.expr.parser import Equation, parse_equation
from hwsolve.expr.tree import Apply, Expr, Num, Sym, walk
from hwsolve.proofs.any_functions import AnyFunctions
from hwsolve.proofs.derivation import Line, contradiction, names_of_sizes
from hwsolve.proofs.goals import Goal
from hwsolve.proofs.lines import (
    parse_assumption,
    parse_case,
    parse_chain,
    parse_shape,
    with_powers,
)
from hwsolve.proofs.ranges import CONSTANTS, Case, Indices
from hwsolve.proofs.sums import Setting

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    from hwsolve.problem.model import Derivation, DerivationLine, Problem, Written
    from hwsolve.proofs.lines import Chain
    from hwsolve.proofs.sums import Assumption

    Parsed = TypeVar("Parsed")

# T is a number then, and b^T a power and no transpose.
_T_ENDS_A_RANGE = re.compile(r"\.\.\s*T\b")


# What an unknown name most likely was meant to be.
_DERIVATIVE = "give what is differentiated a name: L = ..., and write dL/dw"
_UNKNOWN = {"d": _DERIVATIVE, "∂": _DERIVATIVE, "infinity": "infinity is inf"}


class _Texts(NamedTuple):
    """What the texts of a derivation say, before anything is known about its names."""

    equations: tuple[Equation, ...]
    assumptions: tuple[Assumption, ...]
    goals: tuple[Goal, ...]
    chains: tuple[Chain, ...]


def read_derivation(problem: Problem) -> tuple[Setting, tuple[Goal, ...], tuple[Line, ...]]:
    """What a derivation rests on, what is to be shown, and its lines.

    Raises:
        InputError: with the place of what cannot be read, of an unknown name, or of an
            assumption that nothing satisfies.
    """
    body: Derivation = problem.body  # type: ignore[assignment]  # the reader made it one
    texts = _with_functions(_parsed(problem, body))
    shapes = {
        name: _placed(written, parse_shape, written.text) for name, written in body.shapes.items()
    }
    trees: list[tuple[Expr, Written]] = [
        (part, line.text)
        for line, chain in zip(body.lines, texts.chains, strict=True)
        for part in chain.parts
    ]
    shown = [
        (side, written)
        for goal, written in zip(texts.goals, body.show, strict=True)
        for side in goal[:2]
    ]
    assumed = [
        (assumption.body, written)
        for assumption, written in zip(texts.assumptions, body.assume, strict=True)
    ]
    try:
        indices = Indices(texts.equations, [tree for tree, _ in (*assumed, *shown, *trees)])
    except EquationError as error:
        _misplaced(error, (*assumed, *shown, *trees), problem)
    setting = Setting(texts.equations, texts.assumptions, indices, shapes)
    lines = _lines(body, texts.chains, indices)
    _known_names(setting, shown, trees, bool(body.equations or problem.given))
    _satisfiable(problem, setting, body.assume)
    return setting, texts.goals, lines


def _parsed(problem: Problem, body: Derivation) -> _Texts:
    texts = _Texts(
        (*_given(problem), *_all(body.equations, parse_equation)),
        tuple(_all(body.assume, parse_assumption)),
        tuple(_all(body.show, _goal)),
        tuple(_all([line.text for line in body.lines], parse_chain)),
    )
    every = (*body.equations, *body.assume, *body.show, *(line.text for line in body.lines))
    if not any(_T_ENDS_A_RANGE.search(written.text) for written in every):
        return texts
    return _Texts(
        tuple(one._replace(body=with_powers(one.body, one.text)) for one in texts.equations),
        tuple(
            one._replace(body=with_powers(one.body, written.text))
            for one, written in zip(texts.assumptions, body.assume, strict=True)
        ),
        tuple(
            Goal(with_powers(a, written.text), with_powers(b, written.text), sign)
            for (a, b, sign), written in zip(texts.goals, body.show, strict=True)
        ),
        tuple(
            chain._replace(parts=tuple(with_powers(part, line.text.text) for part in chain.parts))
            for chain, line in zip(texts.chains, body.lines, strict=True)
        ),
    )


def _with_functions(texts: _Texts) -> _Texts:
    """Functions without a definition are any functions, primes are derivatives."""
    sides = [side for goal in texts.goals for side in goal[:2]]
    sides += [part for chain in texts.chains for part in chain.parts]
    functions = AnyFunctions(texts.equations, sides)
    if not functions.definitions:
        return texts
    written = functions.written
    return _Texts(
        (
            *functions.definitions,
            *(one._replace(body=written(one.body)) for one in texts.equations),
        ),
        texts.assumptions,
        tuple(Goal(written(a), written(b), sign) for a, b, sign in texts.goals),
        tuple(chain._replace(parts=tuple(map(written, chain.parts))) for chain in texts.chains),
    )


def _lines(body: Derivation, chains: Sequence[Chain], indices: Indices) -> tuple[Line, ...]:
    """The lines; one that goes on from another is in the case of that one too."""
    lines: list[Line] = []
    for number, (written, chain) in enumerate(zip(body.lines, chains, strict=True)):
        case, source = _case(written, indices), _origin(written, number)
        before = number - 1 if source is None else source
        if chain.continues and 0 <= before < number:
            case = lines[before].case.narrowed(case)
        line = Line(chain.parts, chain.continues, source, case, written.because, chain.signs)
        lines.append(line)
    return tuple(lines)


def _goal(text: str) -> Goal:
    chain = parse_chain(text)
    if chain.continues or len(chain.parts) != 2:  # noqa: PLR2004  (two sides)
        message = "what is to be shown is one equality or inequality"
        raise EquationError(message, 0, "write left = right")
    return Goal(*chain.parts, *chain.signs)


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
    defined: bool,  # noqa: FBT001  (whether there are definitions)
) -> None:
    """Refuse a name in a line that neither the definitions nor the goal have."""
    if not defined and not shown:
        return
    known = {*CONSTANTS, "inf", *names_of_sizes(setting), *setting.shapes, *setting.indices.free}
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
                hint = _UNKNOWN.get(node.name) or did_you_mean(node.name, known)
                hint = hint or "write an equation that defines it"
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
        in_equations(problem, setting, several.errors[0])
    except EquationError as error:
        raise InputError(error.message, assume[0].origin, error.hint) from None


def in_equations(problem: Problem, setting: Setting, error: EquationError) -> NoReturn:
    """Refuse a definition, at its place.

    Raises:
        InputError: always.
    """
    body: Derivation = problem.body  # type: ignore[assignment]  # the reader made it one
    number = error.equation - (len(setting.equations) - len(body.equations))
    place = problem.place
    if 0 <= number < len(body.equations):
        place = body.equations[number].place(max(error.at, 0))
    raise InputError(error.message, place, error.hint) from None
