"""The equations of a recurrent cell for a claim: gates by name, weights as free names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from hwsolve.errors import InputError
from hwsolve.nets.recurrent import recurrent_equations
from hwsolve.problem.model import Recurrent
from hwsolve.solvers.written_out import conventions_of, in_order

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hwsolve.problem.model import Claim, Problem, Written
    from hwsolve.solution import Convention

Shape = tuple[int | str, ...]

# The letters of the weights of each gate, the usual one first.
_LETTERS: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "lstm": (("i",), ("f",), ("o",), ("c", "g")),
    "gru": (("z", "u"), ("r",), ("h", "n", "")),
    "rnn": (("", "xh"),),
}
_STATES: Final = {"lstm": ("h'", "c'"), "gru": ("h'",), "rnn": ("h'",)}
# What stands for a symbolic size while the equations are written: they do not depend on it.
_SIZE: Final = 2


class Cell(NamedTuple):
    """The equations of one step, the shapes of what is in them, and what was chosen."""

    texts: tuple[Written, ...]
    shapes: dict[str, Shape]
    conventions: tuple[Convention, ...]


def cell_equations(
    problem: Problem, body: Claim, shapes: Mapping[str, Shape], mentioned: Collection[str]
) -> Cell:
    """One step of a cell: numbers, or vectors where the shapes of x and h' say so.

    Raises:
        InputErrors: for options or shapes that do not fit.
    """
    found = dict(shapes)
    state = _state(body, shapes)
    inputs = shapes.get("x", ())
    for name in _STATES[body.cell]:
        found.setdefault(name, state)
    found.setdefault("x", inputs)
    biased = any(
        f"b{letter}" in mentioned for each in _LETTERS[body.cell] for letter in each if letter
    ) or (body.cell == "rnn" and "b" in mentioned)
    for letters in _LETTERS[body.cell]:
        for name, shape in _weights(body, letters, mentioned, state, inputs, biased=biased).items():
            found.setdefault(name, shape)
    concrete = {
        name: tuple(axis if isinstance(axis, int) else _SIZE for axis in shape)
        for name, shape in found.items()
    }
    recurrent = Recurrent(body.cell, "x", body.options, ())
    written_out = recurrent_equations(
        recurrent,
        concrete,
        problem.conventions,
        place=problem.place,
        asked=frozenset(mentioned) | {"h"},
    )
    return Cell(
        tuple(in_order(written_out, ())),
        {name: shape for name, shape in found.items() if shape},
        tuple(conventions_of(written_out)),
    )


def _state(body: Claim, shapes: Mapping[str, Shape]) -> Shape:
    states = [shapes[name] for name in _STATES[body.cell] if name in shapes]
    vector = bool(states and states[0])
    if vector != bool(shapes.get("x")):
        known = "h'" if vector else "x"
        written = body.shapes.get(known) or next(iter(body.shapes.values()))
        raise InputError(
            "a cell of vectors needs the shapes of x and h'",
            written.origin,
            "such as 'shapes: {x: 2, h': 3}'",
        )
    return states[0] if states else ()


def _weights(  # noqa: PLR0913  (what a gate's weights depend on)
    body: Claim,
    letters: tuple[str, ...],
    mentioned: Collection[str],
    state: Shape,
    inputs: Shape,
    *,
    biased: bool,
) -> dict[str, Shape]:
    """The weights of a gate, under the letter that is mentioned or else the usual one."""
    if body.cell == "rnn":
        names = ("Wxh", "Whh") if {"Wxh", "Whh"} & set(mentioned) else ("W", "U")
        letter = ""
    else:
        letter = next(
            (each for each in letters if {f"W{each}", f"U{each}"} & set(mentioned)), letters[0]
        )
        names = (f"W{letter}", f"U{letter}")
    found: dict[str, Shape] = {names[0]: (*state, *inputs)}
    order = body.options.get("concatenated")
    if order is None:
        found[names[1]] = (*state, *state)
    elif not state:
        found[names[0]] = (2,)
    else:
        sizes = [axis for axis in (*state, *inputs) if isinstance(axis, int)]
        if len(sizes) != len((*state, *inputs)):
            hint = "such as 'shapes: {x: 2, h': 3}'"
            raise InputError("one matrix for both needs sizes that are numbers", order.origin, hint)
        found[names[0]] = (sizes[0], sum(sizes))
    if biased:
        found[f"b{letter}"] = state
    return found
