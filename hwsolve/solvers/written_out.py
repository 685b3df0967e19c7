"""A network that was written out as equations: what solving it takes and says."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hwsolve.errors import EquationError, InputError, InputErrors
from hwsolve.expr.parser import normal_name, parse_equation, parse_expression
from hwsolve.expr.tree import Expr, Sym, walk
from hwsolve.problem.model import Written
from hwsolve.solution import Convention

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hwsolve.nets.emitted import WrittenOut
    from hwsolve.problem.model import Given, Problem

# So many names of a network are listed in a hint.
MOST_NAMES = 12
# `s(z) = ...` defines a function, which must stand before the equations that use it.
_FUNCTION = re.compile(r"\s*\w+\s*\([^()]*\)\s*(?::=|=(?!=))")


def shapes_of(problem: Problem) -> dict[str, tuple[int, ...]]:
    """The shapes of the given values by name, () for a number.

    Raises:
        InputError: if the formula of a given value has no value.
    """
    from hwsolve.expr.graph import shape_of
    from hwsolve.solvers.graph import given_value

    def shape(given: Given) -> tuple[int, ...]:
        value: Any = given_value(given)
        return shape_of(value) if isinstance(value, list) else ()

    return {normal_name(given.name): shape(given) for given in problem.given.values()}


def names_used(problem: Problem, equations: Sequence[Written]) -> frozenset[str]:
    """The names that a problem asks for, or uses in equations of its own."""
    found: set[str] = set()
    for tree in _trees(problem, equations):
        found.update(node.name for node in walk(tree) if isinstance(node, Sym))
    return frozenset(found)


def _trees(problem: Problem, equations: Sequence[Written]) -> Iterator[Expr]:
    asked = (*problem.find, *problem.expressions, *problem.settings.entries)
    for written in asked:
        try:
            yield parse_expression(written.text)
        except EquationError:  # it is reported where the name is looked up
            continue
    for written in equations:
        try:
            yield parse_equation(written.text).body
        except EquationError:  # it is reported where the equation is solved
            continue


def in_order(written_out: WrittenOut, own: Sequence[Written]) -> list[Written]:
    """The equations of the network between the problem's own: functions first, the rest last."""
    functions = [written for written in own if _FUNCTION.match(written.text)]
    others = [written for written in own if not _FUNCTION.match(written.text)]
    emitted = [
        # the author never saw this text, so each of its characters has the layer's place
        Written(line.text, line.place, _one_place(len(line.text), line.place[1:]))
        for line in written_out.equations
    ]
    return [*functions, *emitted, *others]


def _one_place(length: int, at: tuple[int, int]) -> tuple[tuple[int, int, int], ...]:
    return tuple((offset, *at) for offset in range(1, length + 1))


@contextmanager
def naming_outputs(written_out: WrittenOut) -> Iterator[None]:
    """Say in an error about a name that means nothing which names the network has.

    Raises:
        InputError: as it was raised inside, with that hint.
        InputErrors: likewise.
    """
    names = [line.text.partition(" =")[0] for line in written_out.equations]
    try:
        yield
    except InputError as error:
        raise _with_names(error, names) from None
    except InputErrors as several:
        raise InputErrors([_with_names(error, names) for error in several.errors]) from None


def _with_names(error: InputError, names: Sequence[str]) -> InputError:
    if not error.message.endswith("is not defined") or "did you mean" in error.hint:
        return error
    shown = [*names[:MOST_NAMES], "..."] if len(names) > MOST_NAMES + 1 else names
    return InputError(error.message, error.place, f"the network computes {', '.join(shown)}")


def conventions_of(written_out: WrittenOut) -> list[Convention]:
    """The choices that led to the equations, as they are printed."""
    return [
        Convention(
            choice.name, choice.value, choice.meaning, "stated" if choice.stated else "default"
        )
        for choice in written_out.choices
    ]
