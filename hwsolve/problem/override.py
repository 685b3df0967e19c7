"""What the command line changes in a problem: given values, settings, the choice of a part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import InputError, InputErrors, Place
from hwsolve.problem.bodies import examples_of
from hwsolve.problem.fields import COMMON
from hwsolve.problem.model import Given, Network, Problem, Written
from hwsolve.problem.names import normal
from hwsolve.problem.source import Source, clip, decode, near
from hwsolve.problem.tree import read_tree
from hwsolve.problem.values import read_given

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FIELDS: Final = {field.name: field for field in COMMON}


def override(  # noqa: PLR0913  (one for each option of the command line)
    problem: Problem,
    sets: Sequence[str] = (),
    *,
    digits: int | None = None,
    exact: bool | None = None,
    round_steps: int | None = None,
    ties: str | None = None,
    working: str | None = None,
    entries: Sequence[str] = (),
    part: str | None = None,
) -> Problem:
    """A problem with other given values (`"w0=0.3"`), other settings, or one of its parts.

    What is None or empty stays as the file says. A value may have another shape than
    in the file. With `part` the problem keeps its title and only that part.

    Raises:
        InputError: for a name that is not given, a value that cannot be read, a
            setting out of range, or a part that does not exist.
    """
    if part is not None:
        problem = problem._replace(parts=(_part(problem, part),))
    for text in sets:
        problem = _set(problem, text)
    settings = _settings(
        {
            "digits": digits,
            "exact": exact,
            "round_steps": round_steps,
            "ties": ties,
            "working": working,
            "entries": _entries(entries) or None,
        }
    )
    return _with_settings(problem, settings) if settings else problem


def _part(problem: Problem, label: str) -> Problem:
    labels = [part.label for part in problem.parts]
    if label in labels:
        return problem.parts[labels.index(label)]
    if not labels:
        raise InputError(f"{problem.path} has no parts, so there is no part '{clip(label)}'")
    hint = near(label, labels) or f"its parts are {', '.join(map(clip, labels))}"
    raise InputError(f"{problem.path} has no part '{clip(label)}'", hint=hint)


def _set(problem: Problem, text: str) -> Problem:
    option = f"--set {clip(text)}"
    written, sign, value = text.partition("=")
    name = normal(written.strip())
    if not sign or not value.strip() or value.lstrip().startswith("#"):
        raise InputError(f"{option}: a value is missing", hint="write --set name=value")
    known = {key: None for one in (problem, *problem.parts) for key in one.given}
    if name is None or name not in known:
        shown = clip(written.strip())
        hint = near(shown, known) or f"given are {', '.join(known)}"
        if not known:
            hint = "the problem has no given values"
        elif "[" in shown and normal(shown.partition("[")[0]) in known:
            base = shown.partition("[")[0]
            hint = f"give the whole of {base}: --set '{base}=[...]'"
        raise InputError(f"{option}: '{shown}' is not given in {problem.path}", hint=hint)
    column = len(text) - len(value.lstrip())
    return _replaced(problem, _value(option, name, value.strip(), column))


def _value(option: str, name: str, text: str, column: int) -> Given:
    source = Source("--set", "")
    try:
        source = decode(" " * column + text, "--set")
        given = read_given(source, name, read_tree(source))
        source.finish()
    except InputErrors as errors:
        first = errors.errors[0]
        raise InputError(f"{option}: {first.message}", hint=first.hint) from None
    assert given is not None  # noqa: S101  (finish raises where there is no value)
    return given


def _replaced(problem: Problem, given: Given) -> Problem:
    parts = tuple(_replaced(part, given) for part in problem.parts)
    if given.name not in problem.given:
        return problem._replace(parts=parts)
    body = problem.body
    if isinstance(body, Network) and body.input == given.name:
        before, after = examples_of(problem.given[given.name]), examples_of(given)
        if before == body.examples or after == "single":
            body = body._replace(examples=after)
    return problem._replace(given={**problem.given, given.name: given}, body=body, parts=parts)


def _settings(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The stated settings, checked against the table of fields."""
    stated = {name: value for name, value in wanted.items() if value is not None}
    for name, value in stated.items():
        field = _FIELDS.get(name)
        option = "--" + name.replace("_", "-")
        if field is None:
            continue
        if field.choices and value not in field.choices:
            words = f"{', '.join(field.choices[:-1])} or {field.choices[-1]}"
            hint = near(str(value), field.choices) or f"it is {words}"
            raise InputError(f"{option} cannot be '{clip(str(value))}'", hint=hint)
        if isinstance(value, int) and field.most and not field.least <= value <= field.most:
            raise InputError(f"{option} is from {field.least} to {field.most}, not {value}")
    return stated


def _entries(texts: Sequence[str]) -> tuple[Written, ...]:
    for text in texts:
        if not text.strip():
            raise InputError("--entry has no value", hint="such as --entry 'dL/dW1[0,2]'")
    return tuple(Written(text.strip(), Place("--entry", 1, 1)) for text in texts)


def _with_settings(problem: Problem, stated: Mapping[str, Any]) -> Problem:
    settings = problem.settings._replace(**stated)
    if "ties" in stated and "ties" in problem.conventions:
        others = {name: one for name, one in problem.conventions.items() if name != "ties"}
        problem = problem._replace(conventions=others)
    parts = tuple(_with_settings(part, stated) for part in problem.parts)
    return problem._replace(settings=settings, parts=parts)
