"""The sizes of a recurrent cell, found from its weights and its input, and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hwsolve.errors import InputError
from hwsolve.nets.emitted import Shape, describe
from hwsolve.nets.gates import missing_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hwsolve.errors import Place
    from hwsolve.nets.cell import Weights
    from hwsolve.nets.gates import Gate

_MATRIX = 2


class Entries(NamedTuple):
    """The steps of a sequence: a name, or a text to cut the step out (`x[{}]`).

    `each` is the number of entries of a step, None for a plain number; `examples` is
    the number of examples in each step, None where there is only one.
    """

    steps: tuple[str, ...]
    each: int | None
    examples: int | None = None


class Layout(NamedTuple):
    """How a sequence is stored.

    `batch` is `rows` or `columns` where its steps hold several examples in rows or
    columns, `single` where they hold one, and empty where the shape decides. With
    `batch_first` the first axis counts examples, and steps are along the second.
    """

    batch: str = ""
    batch_first: bool = False


def state_entries(
    found: tuple[Gate, ...], shapes: Mapping[str, Shape], *, in_out: bool, order: str
) -> int | None:
    """The number of entries of the state, None where it is a plain number."""
    for gate in found:
        own = gate.input if order else gate.state
        if own is not None and len(shapes[own]) <= _MATRIX:
            shape = shapes[own]
            if order:
                return shape[1 if in_out else 0] if len(shape) == _MATRIX else None
            return shape[0] if shape else None
    for gate in found:
        for name in (gate.bias, gate.second):
            if name is not None and shapes[name]:
                return shapes[name][0]
    for gate in found:
        if gate.input is not None and len(shapes[gate.input]) == _MATRIX:
            return shapes[gate.input][1 if in_out else 0]
    return None


def step_entries(  # noqa: PLR0913  (a private step of one calculation)
    matrix: str | None,
    names: tuple[str, ...],
    shapes: Mapping[str, Shape],
    state: int | None,
    *,
    in_out: bool,
    order: str,
    layout: Layout,
) -> Entries:
    """The steps of the input: a list of numbers can be a sequence or one step."""
    shape = shapes[names[0]]
    wanted = _wanted(shapes[matrix], state, in_out=in_out, order=order) if matrix else None
    batch = layout.batch or ("rows" if layout.batch_first or len(shape) > _MATRIX else "single")
    if batch != "single":
        return _batch_entries(names, shape, wanted, layout._replace(batch=batch))
    if len(names) > 1 or not shape:
        return Entries(names, shape[0] if shape else None)
    name = names[0]
    if len(shape) == _MATRIX:
        number = wanted is None and shape[1] == 1 and matrix is not None
        cut = f"{name}[{{}}, {{}}]" if number else f"{name}[{{}}, :]"
        return Entries((cut,) * shape[0], None if number else shape[1])
    if wanted is None:
        return Entries((f"{name}[{{}}]",) * shape[0], None)
    if wanted == 1 and shape[0] > 1:
        return Entries((f"[{name}[{{}}]]",) * shape[0], 1)
    return Entries(names, shape[0])


def _batch_entries(
    names: tuple[str, ...], shape: Shape, wanted: int | None, layout: Layout
) -> Entries:
    """The steps of several sequences at once, each step a matrix or a vector of numbers."""
    rows = layout.batch == "rows"
    name = names[0]
    if len(shape) > _MATRIX:
        steps = shape[1 if layout.batch_first else 0]
        rest = (shape[0], *shape[2:]) if layout.batch_first else shape[1:]
        cut = f"{name}[:, {{}}, " if layout.batch_first else f"{name}[{{}}, :, "
        each, examples = (rest[1], rest[0]) if rows else (rest[0], rest[1])
        if wanted is None and each == 1:
            cut = cut.replace(":, ", "{}, ") if not rows else cut
            return Entries((f"{cut}{{}}]" if rows else f"{cut}:]",) * steps, None, examples)
        return Entries((f"{cut}:]",) * steps, each, examples)
    if len(shape) == 1:
        return Entries(names, None, shape[0])
    each, examples = (shape[1], shape[0]) if rows else (shape[0], shape[1])
    if len(names) > 1 or (wanted == each and not layout.batch_first):
        return Entries(names, each, examples)
    steps = shape[1 if layout.batch_first else 0]
    cut = f"{name}[:, {{}}]" if layout.batch_first else f"{name}[{{}}, :]"
    if wanted is not None:
        cut = f"{'column' if rows else 'row'}({cut})"
    return Entries((cut,) * steps, wanted, shape[0 if layout.batch_first else 1])


def _wanted(shape: Shape, state: int | None, *, in_out: bool, order: str) -> int | None:
    """How many entries a step has, as the first matrix says; None for a plain number."""
    if len(shape) == _MATRIX:
        inputs = shape[0 if in_out else 1]
        if not order:
            return inputs
        inputs -= state or 1
        return inputs if inputs > 1 else None
    if not shape or state is not None:
        return None
    inputs = shape[0] - (1 if order else 0)
    return None if order and inputs == 1 else inputs


def check_weights(  # noqa: PLR0913  (a private step of one calculation)
    title: str,
    weights: Weights,
    shapes: Mapping[str, Shape],
    place: Place,
    places: Mapping[str, Place],
    *,
    swapped: bool,
    suffix: str = "",
) -> list[InputError]:
    """What is wrong with the weights: those that are missing, and each that does not fit."""
    errors: list[InputError] = []
    missing: dict[Shape, list[str]] = {}
    joined = _joined(weights, shapes)
    errors += _misfitting_peepholes(weights, shapes, place, places)
    for gate in weights.gates:
        names = missing_names(gate.letter, swapped=swapped)
        parts = [(gate.input, names.input, _of_input(weights))]
        if not weights.order:
            parts.append((gate.state, names.state, _matrix(weights.state, weights.state)))
        bias = () if weights.state is None else (weights.state,)
        for name, called, wanted in (*parts, (gate.bias, "", bias), (gate.second, "", bias)):
            if name is None:
                missing.setdefault(wanted, []).extend([called + suffix] if called else [])
            elif shapes[name] not in {wanted, joined} and (called or shapes[name]):
                errors.append(_misfit(name, wanted, weights, shapes, places.get(name, place)))
    for wanted, lost in missing.items():
        if lost:
            message = f"the {title} needs {_listed(lost)}, {'each ' * (len(lost) > 1)}"
            hint = f"write {lost[0]} under `given`"
            near = [name for name in shapes if name.lower() == lost[0].lower()]
            if joined:
                hint = "where each W multiplies x and h together, write `concatenated: x h`"
            elif near:
                hint = f"did you mean '{near[0]}'?"
            errors.append(InputError(message + describe(wanted), place, hint))
    return errors + _missing_biases(title, weights, place)


def _misfitting_peepholes(
    weights: Weights, shapes: Mapping[str, Shape], place: Place, places: Mapping[str, Place]
) -> list[InputError]:
    """Peepholes are vectors, one weight for each unit, or whole matrices."""
    state = () if weights.state is None else (weights.state,)
    return [
        _misfit(name, state, weights, shapes, places.get(name, place))
        for gate in weights.gates
        if (name := gate.peephole) and shapes[name] not in {(), state, state * 2}
    ]


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _of_input(weights: Weights) -> Shape:
    if weights.order:
        both = (weights.input or 1) + (weights.state or 1)
        shape: Shape = (both,) if weights.state is None else (weights.state, both)
    else:
        shape = _matrix(weights.state, weights.input)
    return shape[::-1] if weights.in_out and len(shape) == _MATRIX else shape


def _matrix(rows: int | None, columns: int | None) -> Shape:
    return tuple(entries for entries in (rows, columns) if entries is not None)


def _joined(weights: Weights, shapes: Mapping[str, Shape]) -> Shape | None:
    """The shape of the given matrices if each seems to multiply x and h together."""
    if weights.order or any(gate.state for gate in weights.gates):
        return None
    shape = _of_input(weights._replace(order="x h"))
    given = [shapes[gate.input] for gate in weights.gates if gate.input]
    return shape if given and all(own == shape for own in given) else None


def _misfit(
    name: str, wanted: Shape, weights: Weights, shapes: Mapping[str, Shape], place: Place
) -> InputError:
    def entries(count: int | None) -> str:
        return "1 number" if count in {None, 1} else f"{count} numbers"

    hint = f"write {name} as {describe(wanted)}"
    if len(wanted) == _MATRIX and shapes[name] == wanted[::-1]:
        other = "out_in" if weights.in_out else "in_out"
        hint = f"if it is stored the other way, write `conventions: {{weights: {other}}}`"
    sizes = f"a step has {entries(weights.input)} and the state {entries(weights.state)}"
    return InputError(f"{name} is {describe(shapes[name])}, but {sizes}", place, hint)


def _missing_biases(title: str, weights: Weights, place: Place) -> list[InputError]:
    errors: list[InputError] = []
    for names in (
        {gate.letter: gate.bias for gate in weights.gates},
        {gate.letter: gate.second for gate in weights.gates},
    ):
        given = [name for name in names.values() if name]
        missing = [letter for letter, name in names.items() if not name]
        if given and missing:
            stem = given[0]
            kind = "gate" if len(missing) == 1 else "gates"
            message = f"the {title} has the bias {stem}, but none for the {kind} {_listed(missing)}"
            errors.append(InputError(message, place, "write it as 0 to leave it out"))
    return errors
