"""Recurrent cells as equations: every gate of every step of a sequence.

    LSTM  i, f, o = sigmoid(W x + U h' + b)    g = tanh(W x + U h' + b)
          c = f*c' + i*g                       h = o*tanh(c)
    GRU   r, z = sigmoid(W x + U h' + b)       n = tanh(W x + U (r*h') + b)
          h = z*h' + (1 - z)*n
    RNN   h = tanh(W x + U h' + b)

h' and c' belong to the step before. The two common GRUs are both here: the reset
gate acts on the state before the matrix (Cho et al. 2014) or on the product after
it (PyTorch), and z weighs the old state (Cho, PyTorch, Keras) or the new value
(Chung et al. 2014).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hwsolve.errors import InputError, InputErrors, did_you_mean
from hwsolve.nets.cell import Step, Weights, step_equations
from hwsolve.nets.emitted import Choice, Emitted, Shape, WrittenOut, describe, is_linear, spelled
from hwsolve.nets.gates import STACKED, Gate, gates, is_stacked
from hwsolve.nets.recurrent_shapes import check_weights, state_entries, step_entries

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hwsolve.errors import Place
    from hwsolve.problem.model import Recurrent, Written

CELLS: Final = {"rnn": "RNN", "lstm": "LSTM", "gru": "GRU"}
# The values that an option can have, the default first; None: any text.
_OPTIONS: Final[Mapping[str, Mapping[str, tuple[str, ...] | None]]] = {
    "rnn": {"concatenated": ("x h", "h x"), "activation": None},
    "lstm": {"concatenated": ("x h", "h x")},
    "gru": {
        "concatenated": ("x h", "h x"),
        "reset": ("before", "after"),
        "update": ("old", "new"),
    },
}
_CONVENTIONS: Final = {"weights": ("out_in", "in_out"), "recurrent_weights": ("U", "W")}
_CANDIDATES: Final = {
    "lstm": ("g", "ctilde", "chat", "cbar", "cc", "a"),
    "gru": ("htilde", "hhat", "n", "hc", "hbar", "g"),
    "rnn": (),
}
_MEANINGS: Final = {
    ("update", "old"): "h = z*h' + (1 - z)*n: z weighs the old state",
    ("update", "new"): "h = (1 - z)*h' + z*n: z weighs the new value",
    ("reset", "before"): "the reset gate multiplies the state before the matrix does",
    ("reset", "after"): "the reset gate multiplies the product of matrix and state",
}
_MATRIX: Final = 2


def recurrent_equations(  # noqa: PLR0913  (what a problem says about a cell)
    recurrent: Recurrent,
    shapes: Mapping[str, Shape],
    conventions: Mapping[str, Written],
    *,
    place: Place,
    places: Mapping[str, Place] | None = None,
    asked: Collection[str] = (),
    first_index: int = 0,
) -> WrittenOut:
    """The equations of a cell over all steps of the given sequence.

    `shapes` are those of the given values, () for a number, and `places` where they
    stand; `place` is where the problem starts. `asked` holds the names that the
    problem asks for or uses: a single step is then named without a number (`h`
    instead of `h1`), and a candidate as it is asked for (`n1`, `htilde1`).

    Raises:
        InputErrors: for options, missing weights and shapes that do not fit.
    """
    writer = _Writer(recurrent, dict(shapes), conventions, place, places or {})
    return writer.write(frozenset(asked), first_index)


class _Writer:
    def __init__(
        self,
        recurrent: Recurrent,
        shapes: dict[str, Shape],
        conventions: Mapping[str, Written],
        place: Place,
        places: Mapping[str, Place],
    ) -> None:
        self.cell = recurrent.cell
        self.input = recurrent.input
        self.options = recurrent.options
        own = (written.text.partition("(")[0].strip() for written in recurrent.equations)
        self.functions = frozenset(own)
        self.shapes = shapes
        self.given = frozenset(shapes)
        self.conventions = conventions
        self.place = place
        self.places = places
        self.errors: list[InputError] = []
        self.equations: list[Emitted] = []
        self.choices: list[Choice] = []

    def write(self, asked: frozenset[str], first_index: int) -> WrittenOut:
        settings = {name: self._option(name) for name in _OPTIONS[self.cell]}
        self._known_options()
        in_out = self._convention("weights") == "in_out"
        swapped = self._convention("recurrent_weights") == "W"
        self._stop()
        order = settings["concatenated"]
        if order and settings.get("reset") == "after":
            self._fail(
                self.options["reset"].origin,
                "the reset gate cannot act after a matrix that multiplies x and h together",
                "write `reset: before`, or give W and U",
            )
        if is_stacked(self.cell, self.shapes):
            self._unstack(first_index)
        found = gates(self.cell, self.shapes, concatenated=bool(order), swapped=swapped)
        names = self._inputs()
        self._stop()
        state = state_entries(found, self.shapes, in_out=in_out, order=order)
        entries = step_entries(
            found[0].input, names, self.shapes, state, in_out=in_out, order=order
        )
        weights = Weights(found, state, entries.each, order, in_out)
        self.errors += check_weights(
            CELLS[self.cell], weights, self.shapes, self.place, self.places, swapped=swapped
        )
        self._stop()
        self._second_biases(found)
        plain = self._plain(asked, len(entries.steps))
        xs = self._steps(entries.steps, plain=plain, first_index=first_index)
        self._choose(settings, weights, found)
        settings["activation"] = self._activation()
        settings["candidate"] = self._candidate(found[-1], asked, plain=plain)
        previous = self._initial(weights, plain=plain)
        for number, x in enumerate(xs, start=1):
            suffix = "" if plain else str(number)
            step = Step(x, *previous, suffix)
            for name, text in step_equations(self.cell, weights, step, settings):
                self._emit(name, text)
            previous = (f"h{suffix}", f"c{suffix}")
        self._stop()
        return WrittenOut(tuple(self.equations), tuple(self.choices))

    def _stop(self) -> None:
        if self.errors:
            raise InputErrors(self.errors)

    def _fail(self, place: Place, message: str, hint: str = "") -> None:
        self.errors.append(InputError(message, place, hint))

    def _emit(self, name: str, text: str) -> None:
        if name in self.given:
            self._fail(
                self.places.get(name, self.place),
                f"the {CELLS[self.cell]} computes '{name}', but a given value has that name too",
                "rename the given value",
            )
        self.equations.append(Emitted(f"{name} = {text}", self.place))

    def _known_options(self) -> None:
        known = list(_OPTIONS[self.cell])
        for name, written in self.options.items():
            if name not in known:
                self._fail(
                    written.origin,
                    f"the {CELLS[self.cell]} has no option '{name}'",
                    did_you_mean(name, known) or f"its options are {', '.join(known)}",
                )

    def _option(self, name: str) -> str:
        allowed = _OPTIONS[self.cell][name]
        written = self.options.get(name)
        if written is None:
            return "" if allowed is None or name == "concatenated" else allowed[0]
        text = " ".join(written.text.lower().split())
        if name == "concatenated":
            text = text.replace(",", " ").replace(";", " ").strip("[]() ")
            text = " ".join(text.split()).replace(self.input.lower(), "x", 1)
        if allowed is not None and text not in allowed:
            self._fail(
                written.origin,
                f"'{name}' cannot be '{written.text}'",
                did_you_mean(text, allowed) or f"it is {' or '.join(allowed)}",
            )
        return text

    def _convention(self, name: str) -> str:
        allowed = _CONVENTIONS[name]
        written = self.conventions.get(name)
        if written is None:
            return allowed[0]
        if written.text not in allowed:
            self._fail(
                written.origin,
                f"the convention '{name}' cannot be '{written.text}'",
                f"it is {' or '.join(allowed)}",
            )
        return written.text

    def _activation(self) -> str:
        written = self.options.get("activation")
        if written is None:
            return "tanh"
        name = spelled(written.text, self.functions)
        if not is_linear(name) and name not in self.functions:
            from hwsolve.expr.calls import known_functions

            known = known_functions()
            if name not in known:
                hint = did_you_mean(name, tuple(known)) or f"define it: {name}(z) = ..."
                self._fail(written.origin, f"unknown function '{name}'", hint)
        return name + written.text.strip()[len(written.text.partition("(")[0].strip()) :]

    def _unstack(self, first_index: int) -> None:
        """Cut `W_ih` and its kin, which hold a block of rows for each gate."""
        letters = STACKED[self.cell]
        for name, part in (("W_ih", "W_i"), ("W_hh", "W_h"), ("b_ih", "b_i"), ("b_hh", "b_h")):
            shape = self.shapes.get(name)
            if shape is None:
                continue
            if not shape or shape[0] % len(letters):
                self._fail(
                    self.places.get(name, self.place),
                    f"{name} is {describe(shape)}, but it holds {len(letters)} gates",
                    f"its rows are the gates {', '.join(letters)}, one block below the other",
                )
                continue
            rows = shape[0] // len(letters)
            for number, letter in enumerate(letters):
                # counting from 1, a slice includes its end, so both ways end alike
                low, high = number * rows + first_index, (number + 1) * rows
                self._emit(f"{part}{letter}", f"{name}[{low}:{high}]")
                self.shapes[f"{part}{letter}"] = (rows, *shape[1:])
        order = ", ".join(letters)
        meaning = f"stacked matrices hold the gates in the order {order}, as PyTorch stores them"
        self.choices.append(Choice("gate_order", order, meaning))

    def _second_biases(self, found: tuple[Gate, ...]) -> None:
        written = self.conventions.get("biases")
        bias, letter = found[0].bias, found[0].letter
        if written is not None and written.text == "two" and bias and not found[0].second:
            self._fail(
                written.origin,
                f"the conventions say two bias vectors, but only {bias} is given",
                f"the second is called d{letter} or bh{letter}",
            )

    def _inputs(self) -> tuple[str, ...]:
        """The given sequence by name, or the steps where each has a name of its own."""
        stem = self.input.removesuffix("1")
        if self.input in self.shapes and (stem == self.input or f"{stem}2" not in self.shapes):
            return (self.input,)
        names: list[str] = []
        while f"{stem}{len(names) + 1}" in self.shapes:
            names.append(f"{stem}{len(names) + 1}")
        if not names:
            self._fail(
                self.place,
                f"the {CELLS[self.cell]} needs its input '{self.input}'",
                f"give {self.input} as a list of steps, or {self.input}1, {self.input}2, ...",
            )
        return tuple(names)

    def _plain(self, asked: frozenset[str], steps: int) -> bool:
        """Whether the only step is named without a number."""
        if steps != 1:
            return False
        if {"h'", "c'"} & self.given:
            return True
        letters = {"rnn": "h", "lstm": "ifoch", "gru": "zrh"}[self.cell]
        return any(letter in asked - self.given for letter in letters)

    def _steps(self, steps: tuple[str, ...], *, plain: bool, first_index: int) -> list[str]:
        """The names of the inputs of the steps; those that are cut out are emitted."""
        names: list[str] = []
        for number, step in enumerate(steps, start=1):
            if "{" not in step:
                names.append(step)
                continue
            name = f"{self.input}{number}"
            if plain and f"{self.input}_1" not in self.given and name in self.given:
                name = f"{self.input}_1"
            self._emit(name, step.format(number - 1 + first_index, first_index))
            names.append(name)
        return names

    def _initial(self, weights: Weights, *, plain: bool) -> tuple[str, str]:
        states = ("h", "c") if self.cell == "lstm" else ("h",)
        names: list[str] = []
        for state in states:
            known = [f"{state}'", f"{state}0", f"{state}_0", f"{state}_prev", f"{state}prev"]
            if not plain:
                known[:2] = known[1::-1]
            name = next((name for name in known if name in self.given), "")
            wanted = () if weights.state is None else (weights.state,)
            if not name:
                name = f"{state}'" if plain and {"h'", "c'"} & self.given else f"{state}0"
                zero = "0" if weights.state is None else f"zeros({weights.state})"
                self._emit(name, zero)
                meaning = f"{name} is not given, so it is zero"
                self.choices.append(Choice("initial_state", "zero", meaning))
            elif self.shapes[name] != wanted:
                self._fail(
                    self.places.get(name, self.place),
                    f"{name} is {describe(self.shapes[name])}, but the state is {describe(wanted)}",
                )
            names.append(name)
        return names[0], names[-1]

    def _candidate(self, gate: Gate, asked: frozenset[str], *, plain: bool) -> str:
        letters = _CANDIDATES[self.cell]
        if not letters:
            return ""
        suffix = "" if plain else "1"
        for letter in letters:
            if f"{letter}{suffix}" in asked - self.given:
                return letter
        return "n" if gate.letter == "n" else letters[0]

    def _choose(self, settings: dict[str, str], weights: Weights, found: tuple[Gate, ...]) -> None:
        for name in ("update", "reset"):
            if name in settings:
                value = settings[name]
                meaning = _MEANINGS[name, value]
                self.choices.append(Choice(f"gru_{name}", value, meaning, name in self.options))
        count = sum(part is not None for part in (found[0].bias, found[0].second))
        if count and len(found) > 1:
            value = ("one", "two")[count - 1]
            words = f"a gate has {value} bias vector{'s' * (count - 1)}"
            self.choices.append(Choice("biases", value, words, stated=True))
        if weights.in_out:
            meaning = "in a matrix rows are inputs, columns are units"
            self.choices.append(Choice("weights", "in_out", meaning, stated=True))
