"""Which of the options of a question is its answer, or none, with the reason."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hwsolve.errors import InputError
from hwsolve.expr.stated import stated_number
from hwsolve.solution import Answer, Column, Section, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hwsolve.problem.model import Problem, Stated, Written

# The name under which the option is answered.
OPTION: Final = "option"
NONE: Final = "none"
# Float noise, relative to the numbers.
NOISE: Final = 1e-9


class _Fit(NamedTuple):
    """How well an option fits: whether it agrees, and how far off it is at most."""

    label: str
    agrees: bool
    difference: float
    shown: str
    reason: str


def names_of_options(problem: Problem) -> list[str]:
    """The names that options give values to, in order."""
    found: dict[str, None] = {}
    for option in problem.extras.options.values():
        if isinstance(option, dict):
            found |= dict.fromkeys(option)
    return list(found)


def matched(problem: Problem, answers: Sequence[Answer]) -> tuple[Answer, Section]:
    """The option that is the answer, and a table of all of them.

    Raises:
        InputError: if an option does not fit what is asked.
    """
    asked = {answer.name: answer.value for answer in answers}
    fits = [_fit(problem, label, option, asked) for label, option in problem.extras.options.items()]
    right = sorted((fit for fit in fits if fit.agrees), key=lambda fit: fit.difference)
    nearest = min(fits, key=lambda fit: fit.difference)
    if right:
        note = f"{right[0].shown} agrees"
        if len(right) > 1:
            others = ", ".join(fit.label for fit in right[1:])
            note = f"the closest; {others} would be right to the stated digits too"
        value = right[0].label
    else:
        value = NONE
        note = f"the closest is {nearest.label}: {nearest.reason}"
        if math.isinf(nearest.difference):
            note = "no option has the right shape"
    rows = tuple((fit.label, fit.shown, fit.reason or "agrees") for fit in fits)
    title = ", ".join(f"{name}" for name in asked)
    table = Table((Column("option"), Column(title), Column("")), rows)
    return Answer(OPTION, value, note), Section("Options", (table,), detail="short")


def _fit(
    problem: Problem, label: str, option: Stated | dict[str, Stated], asked: dict[str, Any]
) -> _Fit:
    pairs = list(_pairs(problem, label, option, asked))
    worst, agrees, reasons = 0.0, True, []
    for name, stated, value in pairs:
        difference, allowed = _apart(stated, _plain(value))
        worst = max(worst, difference)
        if difference > allowed:
            agrees = False
            of = f"{name} " if len(pairs) > 1 else ""
            by = f"is off by {difference:.3g}" if math.isfinite(difference) else "does not fit"
            reasons.append(f"{of}{by}")
    shown = ", ".join(_text(stated) for _, stated, _ in pairs)
    return _Fit(label, agrees, worst, shown, "; ".join(reasons))


def _pairs(
    problem: Problem, label: str, option: Stated | dict[str, Stated], asked: dict[str, Any]
) -> Iterator[tuple[str, Stated, Any]]:
    """Each asked name with what an option says of it."""
    if isinstance(option, dict):
        for name, stated in option.items():
            yield name, stated, asked[name]
        return
    if len(asked) == 1:
        ((name, value),) = asked.items()
        yield name, option, value
        return
    if not isinstance(option, list) or len(option) != len(asked):
        names = ", ".join(asked)
        raise InputError(
            f"option {label} has {len(option) if isinstance(option, list) else 1} of the "
            f"{len(asked)} values {names}",
            _place(option, problem),
            f"write {label}: [..., ...] in this order, or {label}: {{name: value}}",
        )
    for (name, value), stated in zip(asked.items(), option, strict=True):
        yield name, stated, value


def _place(stated: Stated, problem: Problem) -> Any:
    while isinstance(stated, list):
        stated = stated[0]
    return getattr(stated, "origin", problem.place)


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value


def _apart(stated: Stated, value: Any) -> tuple[float, float]:
    """How far a stated value is from the computed one, and how far it may be."""
    if isinstance(stated, list):
        if not isinstance(value, list) or len(value) != len(stated):
            return math.inf, 0.0
        each = [_apart(one, other) for one, other in zip(stated, value, strict=True)]
        wrong = [pair for pair in each if pair[0] > pair[1]]
        return max(wrong or each)
    if isinstance(value, list):
        return _apart(stated, value[0]) if len(value) == 1 else (math.inf, 0.0)
    number = _number(stated)
    if number is None or isinstance(value, str):
        same = isinstance(value, str) and value.casefold() == stated.text.strip().casefold()
        return (0.0 if same else math.inf), 0.0
    exact, half = number
    difference = abs(float(value) - float(exact))
    return difference, (half or 0.0) * (1 + NOISE) + NOISE * abs(float(exact))


def _number(stated: Written) -> tuple[Any, float | None] | None:
    """A stated number, a formula of numbers (`sqrt(2)`) worked out."""
    found = stated_number(stated.text)
    if found is not None:
        return found
    from hwsolve.errors import EquationError
    from hwsolve.expr.evaluation import evaluate
    from hwsolve.expr.graph import Graph
    from hwsolve.expr.lower import Lowering
    from hwsolve.expr.parser import parse_expression
    from hwsolve.expr.systems import FLOATS

    graph = Graph()
    try:
        node = Lowering(graph).node(parse_expression(stated.text))
        return None if graph.shapes[node] else (evaluate(graph, FLOATS)[node], None)
    except EquationError:
        return None


def _text(stated: Stated) -> str:
    if isinstance(stated, list):
        return f"[{', '.join(map(_text, stated))}]"
    return stated.text
