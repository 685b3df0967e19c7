"""What the command line changes in a problem: given values, settings, the choice of a part."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import InputError, InputErrors, Place
from hwsolve.problem.bodies import examples_of
from hwsolve.problem.fields import COMMON, fields_of
from hwsolve.problem.keys import READERS
from hwsolve.problem.model import Cnn, Given, Network, Problem, Written
from hwsolve.problem.names import normal
from hwsolve.problem.source import Source, clip, decode, near
from hwsolve.problem.tree import read_tree
from hwsolve.problem.values import read_given

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# One entry of an array: its name, and the numbers of its indices.
_ENTRY: Final = re.compile(r"\s*([^\[\]]+?)\s*\[([^\[\]]+)\]\s*")
_FIELDS: Final = {field.name: field for field in COMMON}
# Keys of a network of layers that the command line changes like given values.
_OF_NETWORKS: Final = ("input", "batch")


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
    entry = _ENTRY.fullmatch(written) if name is None else None
    if not sign or not value.strip() or value.lstrip().startswith("#"):
        raise InputError(f"{option}: a value is missing", hint="write --set name=value")
    known = {key: None for one in (problem, *problem.parts) for key in one.given}
    column = len(text) - len(value.lstrip())
    if name in _OF_NETWORKS and name not in known and _has_layers(problem):
        return _with_size(problem, option, str(name), value.strip())
    if entry is not None and normal(entry[1]) in known:
        number = _value(option, str(normal(entry[1])), value.strip(), column)
        return _with_entry(problem, option, number, entry[2])
    if name is None or name not in known:
        shown = clip(written.strip())
        hint = near(shown, known) or f"given are {', '.join(known)}"
        if not known:
            hint = "the problem has no given values"
        raise InputError(f"{option}: '{shown}' is not given in {problem.path}", hint=hint)
    return _replaced(problem, _value(option, name, value.strip(), column))


def _has_layers(problem: Problem) -> bool:
    return isinstance(problem.body, Cnn) or any(map(_has_layers, problem.parts))


def _with_size(problem: Problem, option: str, name: str, text: str) -> Problem:
    """The problem, and its parts, with another input (`3x299x299`) or batch for its network."""
    field = fields_of("architecture")[name]
    source = decode(text, "--set")
    try:
        value = READERS[field.type](source, field, read_tree(source))
        source.finish()
    except InputErrors as errors:
        first = errors.errors[0]
        raise InputError(f"{option}: {first.message}", hint=first.hint) from None

    def changed(one: Problem) -> Problem:
        body = one.body
        if isinstance(body, Cnn):
            body = body._replace(**{name: value})
        return one._replace(body=body, parts=tuple(map(changed, one.parts)))

    return changed(problem)


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


def _with_entry(problem: Problem, option: str, number: Given, indices: str) -> Problem:
    """The problem, and its parts, with another number at an index: `W[0,1]=2`."""
    parts = tuple(_with_entry(part, option, number, indices) for part in problem.parts)
    problem = problem._replace(parts=parts)
    given = problem.given.get(number.name)
    if given is None:
        return problem
    whole = f"give the whole of {given.name}: --set '{given.name}=[...]'"
    if isinstance(number.value, list) or number.formula is not None:
        raise InputError(f"{option}: an entry is a number", hint=whole)
    if given.value is None:
        raise InputError(f"{option}: {given.name} is given as a formula", hint=whole)
    first = problem.conventions.get("first_index")
    start = int(first.text) if first is not None else 0
    try:
        at = [int(part) - start for part in indices.split(",")]
    except ValueError:
        hint = f"such as --set '{given.name}[{start},{start + 1}]=2'"
        raise InputError(f"{option}: an index is a whole number", hint=hint) from None
    value = _put(given.value, at, number.value)
    if value is None:
        shape = "x".join(map(str, _lengths(given.value))) or "a number"
        hint = f"{given.name} is {shape}, and the first index is {start}"
        raise InputError(f"{option}: {given.name} has no such entry", hint=hint)
    return problem._replace(given={**problem.given, given.name: given._replace(value=value)})


def _put(value: Any, at: Sequence[int], number: Any) -> Any:
    """Nested lists with another number at an index, None where there is no such entry."""
    if not at:
        return None if isinstance(value, list) else number
    if not isinstance(value, list) or not 0 <= at[0] < len(value):
        return None
    inner = _put(value[at[0]], at[1:], number)
    return None if inner is None else [*value[: at[0]], inner, *value[at[0] + 1 :]]


def _lengths(value: Any) -> list[int]:
    lengths = []
    while isinstance(value, list):
        lengths.append(len(value))
        value = value[0]
    return lengths


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
