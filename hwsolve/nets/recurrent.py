"""Recurrent cells as equations: every gate of every step of a sequence.

    LSTM  i, f, o = sigmoid(W x + U h' + b)    g = tanh(W x + U h' + b)
          c = f*c' + i*g                       h = o*tanh(c)
    GRU   r, z = sigmoid(W x + U h' + b)       n = tanh(W x + U (r*h') + b)
          h = z*h' + (1 - z)*n
    RNN   h = tanh(W x + U h' + b)

h' and c' belong to the step before. The two common GRUs are both here: the reset
gate acts on the state before the matrix (Cho et al. 2014) or on the product after
it (PyTorch), and z weighs the old state (Cho, PyTorch, Keras) or the new value
(Chung et al. 2014). Peepholes (Gers and Schmidhuber 2000) let the gates i and f see
c' and the gate o see c.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from hwsolve.errors import InputError, InputErrors
from hwsolve.nets.cell import Step, Weights, joined, step_equations
from hwsolve.nets.emitted import Choice, Emitted, Shape, WrittenOut, describe
from hwsolve.nets.gates import STACKED, Gate, gates, is_stacked
from hwsolve.nets.read_out import Outputs
from hwsolve.nets.recurrent_inputs import Inputs, sequence
from hwsolve.nets.recurrent_settings import Settings
from hwsolve.nets.recurrent_shapes import check_weights, state_entries
from hwsolve.nets.stack import Layer, stack_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hwsolve.errors import Place
    from hwsolve.problem.model import Recurrent, Written

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
    instead of `h1`), a candidate as it is asked for (`n1`, `htilde1`), and the
    weights of each step get a name of their own where one is asked for (`U_t2`).

    Raises:
        InputErrors: for options, missing weights and shapes that do not fit.
    """
    settings = Settings(recurrent, conventions)
    writer = Writer(recurrent, dict(shapes), settings, place, places or {}, frozenset(asked))
    return writer.write(first_index)


class States(NamedTuple):
    """The states of a layer at all steps: their names, and the number of entries of each."""

    names: tuple[str, ...]
    each: int | None


class Writer:
    """Writes the equations of a recurrent network, layer by layer.

    Attributes:
        shapes: those of the given values and of what was cut out of them.
        asked: the names that the problem asks for or uses.
        batch: `rows` or `columns` where a step holds several examples, else empty.
    """

    def __init__(  # noqa: PLR0913  (what a problem says about a cell)
        self,
        recurrent: Recurrent,
        shapes: dict[str, Shape],
        settings: Settings,
        place: Place,
        places: Mapping[str, Place],
        asked: frozenset[str],
    ) -> None:
        self.recurrent = recurrent
        self.cell = recurrent.cell
        self.settings = settings
        self.shapes = shapes
        self.given = frozenset(shapes)
        self.asked = asked
        self.place = place
        self.places = places
        self.batch = ""
        self.outputs: Outputs | None = None
        # steps up to this one are given, those behind it are fed back
        self.first_fed = 0
        self.examples: int | None = None
        # whether there are several layers or directions
        self.several = False
        self.errors: list[InputError] = []
        self.equations: list[Emitted] = []
        self.choices: list[Choice] = []
        self.copied = frozenset(
            found[1] for name in asked - self.given if (found := re.fullmatch(r"(\w+?)_t\d+", name))
        )

    def write(self, first_index: int) -> WrittenOut:
        """All equations, in the order of computation."""
        recurrent = self.recurrent
        stack = stack_of(
            self.given,
            self.cell,
            layers=recurrent.layers,
            bidirectional=recurrent.bidirectional,
        )
        self.several = stack.layers > 1 or len(stack.directions) > 1
        layers = [
            [stack.layer(self.given, number, way) for way in stack.directions]
            for number in range(stack.layers)
        ]
        for level in layers:
            for layer in level:
                self._unstack(layer, first_index)
        found = [[self._gates(layer) for layer in level] for level in layers]
        inputs = sequence(self, found[0][0])
        self.stop()
        plain = self._plain(inputs, layers)
        seen = self._steps(inputs, first_index, plain=plain)
        self.outputs = self._outputs(inputs, found, first_index)
        for level, of_level in zip(layers, found, strict=True):
            seen = self._level(level, of_level, seen, stack.layers, plain=plain)
        self._choose(found)
        self._other_names(seen, stack.layers, stack.first)
        if self.outputs is not None:
            if len(stack.directions) > 1:
                for number, state in enumerate(seen.names, start=1):
                    self.outputs.step(number, state)
            ending = len(self.equations)
            self.outputs.losses()
            if len(stack.directions) == 1:
                self.equations = _step_by_step(self.equations, ending)
        elif recurrent.loss is not None:
            self.equations.append(Emitted(recurrent.loss.text, recurrent.loss.origin))
        self.stop()
        return WrittenOut(tuple(self.equations), tuple(self.choices))

    def stop(self) -> None:
        """Raise what was found to be wrong so far."""
        if self.errors:
            raise InputErrors(self.errors)

    def fail(self, place: Place, message: str, hint: str = "") -> None:
        """Note an error."""
        self.errors.append(InputError(message, place, hint))

    def emit(self, name: str, text: str, step: int = 0, *, held: bool = False) -> None:
        """Add an equation."""
        if name in self.given:
            self.fail(
                self.places.get(name, self.place),
                f"the {self.settings.title} computes '{name}', but a given value has that name too",
                "rename it, or write it under `override` to use it instead",
            )
        self.equations.append(Emitted(f"{name} = {text}", self.place, step, held))

    # -- weights --------------------------------------------------------------

    def _gates(self, layer: Layer) -> tuple[Gate, ...]:
        plain = gates(
            self.cell,
            layer.names,
            concatenated=bool(self.settings.words["concatenated"]),
            swapped=self.settings.swapped,
        )
        return tuple(gate.renamed(layer.names) for gate in plain)

    def _unstack(self, layer: Layer, first_index: int) -> None:
        """Cut `W_ih` and its kin, which hold a block of rows for each gate."""
        if not is_stacked(self.cell, layer.names):
            return
        letters = STACKED[self.cell]
        names = dict(layer.names)
        for plain, part in (("W_ih", "W_i"), ("W_hh", "W_h"), ("b_ih", "b_i"), ("b_hh", "b_h")):
            name = names.get(plain)
            if name is None:
                continue
            shape = self.shapes[name]
            if not shape or shape[0] % len(letters):
                self.fail(
                    self.places.get(name, self.place),
                    f"{name} is {describe(shape)}, but it holds {len(letters)} gates",
                    f"its rows are the gates {', '.join(letters)}, one block below the other",
                )
                continue
            rows = shape[0] // len(letters)
            for number, letter in enumerate(letters):
                # counting from 1, a slice includes its end, so both ways end alike
                low, high = number * rows + first_index, (number + 1) * rows
                block = f"{part}{letter}{layer.suffix}"
                self.emit(block, f"{name}[{low}:{high}]")
                self.shapes[block] = (rows, *shape[1:])
                layer.names[f"{part}{letter}"] = block  # type: ignore[index]  # made here
        order = ", ".join(letters)
        meaning = f"stacked matrices hold the gates in the order {order}, as PyTorch stores them"
        choice = Choice("gate_order", order, meaning)
        if choice not in self.choices:
            self.choices.append(choice)

    def _weights(self, found: tuple[Gate, ...], state: int | None, each: int | None) -> Weights:
        peepholes = [len(self.shapes[gate.peephole]) for gate in found if gate.peephole]
        return Weights(
            found, state, each, self.settings.words["concatenated"], self.settings.in_out,
            self.batch, peepholes[0] if peepholes else 1,
        )  # fmt: skip

    def state(self, found: tuple[Gate, ...]) -> int | None:
        """The number of entries of a layer's state, None for a plain number."""
        order = self.settings.words["concatenated"]
        if not any(gate.input or gate.state for gate in found):
            # without weights only the first state tells, and what is missing is named by it
            return next(iter(self.shapes.get("h0", ())), None)
        return state_entries(found, self.shapes, in_out=self.settings.in_out, order=order)

    # -- steps ----------------------------------------------------------------

    def _plain(self, inputs: Inputs, layers: list[list[Layer]]) -> bool:
        """Whether the only step is named without a number."""
        if inputs.length != 1 or any(layer.suffix for level in layers for layer in level):
            return False
        if {"h'", "c'"} & self.given:
            return True
        letters = {"rnn": "h", "lstm": "ifoch", "gru": "zrh"}[self.cell]
        return any(letter in self.asked - self.given for letter in letters)

    def _steps(self, inputs: Inputs, first_index: int, *, plain: bool) -> States:
        """The names of the inputs of the steps; those that are cut out are emitted."""
        names: list[str] = []
        for number, step in enumerate(inputs.texts, start=1):
            if "{" not in step:
                names.append(step)
                continue
            name = f"{self.recurrent.input}{number}"
            if plain and f"{self.recurrent.input}_1" not in self.given and name in self.given:
                name = f"{self.recurrent.input}_1"
            self.emit(name, step.format(number - 1 + first_index, first_index), number)
            names.append(name)
        # what is fed back is computed later, step by step
        self.first_fed = len(names)
        names += [f"{self.recurrent.input}{n}" for n in range(len(names) + 1, inputs.length + 1)]
        return States(tuple(names), inputs.each)

    def _level(
        self,
        level: list[Layer],
        found: list[tuple[Gate, ...]],
        seen: States,
        count: int,
        *,
        plain: bool,
    ) -> States:
        """The equations of a layer in all its directions."""
        ways: list[States] = []
        for layer, of_layer in zip(level, found, strict=True):
            weights = self._weights(of_layer, self.state(of_layer), seen.each)
            wrong = check_weights(
                self.settings.title, weights, self.shapes, self.place, self.places,
                swapped=self.settings.swapped, suffix=layer.suffix,
            )  # fmt: skip
            self.errors += wrong
            self._second_biases(of_layer)
            if wrong:
                continue
            top = layer.number == count - 1
            ways.append(self._layer(layer, weights, seen.names, top=top, plain=plain))
        self.stop()
        return ways[0] if len(ways) == 1 else self._merged(level, ways, count)

    def _layer(
        self, layer: Layer, weights: Weights, xs: tuple[str, ...], *, top: bool, plain: bool
    ) -> States:
        ending = layer.suffix if not top else (f"_{layer.direction}" if layer.direction else "")
        words = dict(self.settings.words)
        if self.cell == "rnn":
            words["activation"] = self.settings.activation()
        words["candidate"] = self._candidate(weights.gates[-1], "" if plain else ending)
        previous = self._initial(layer, weights, plain=plain)
        backwards = bool(layer.direction) and ending.endswith(layer.direction)
        backwards = backwards and layer.direction not in _FORWARD
        order = list(enumerate(xs, start=1))
        names: dict[int, str] = {}
        for done, (number, x) in enumerate(reversed(order) if backwards else order):
            suffix = "" if plain else f"{number}{ending}"
            if self._is_cut(done, len(xs)):
                previous = self._held(previous, number)
            copied = self._copied(weights, number)
            step = Step(x, *previous, suffix)
            if self.recurrent.feed is not None and number > self.first_fed and self.outputs:
                self.outputs.fed(number, x)
            for name, text in step_equations(self.cell, copied, step, words):
                self.emit(name, text, number)
            previous = (f"h{suffix}", f"c{suffix}")
            names[number] = previous[0]
            if top and not layer.direction and self.outputs:
                self.outputs.step(number, previous[0])
        return States(tuple(names[number] for number, _ in order), weights.state)

    def _is_cut(self, done: int, steps: int) -> bool:
        """Whether the gradient ends before the step that follows so many others."""
        length = self.recurrent.truncate
        if not length or not done:
            return False
        if self.outputs is not None:
            last_only = not self.outputs.each
        else:
            last_only = not any(f"h{number}" in self.asked for number in range(1, steps))
        return (done == steps - length) if last_only else done % length == 0

    def _held(self, previous: tuple[str, str], number: int) -> tuple[str, str]:
        held = []
        for name in dict.fromkeys(previous[: 1 + (self.cell == "lstm")]):
            self.emit(f"{name}_held", name, number, held=True)
            held.append(f"{name}_held")
        return held[0], held[-1]

    def _copied(self, weights: Weights, number: int) -> Weights:
        """The weights under names of their own for this step, where such names are asked for."""
        if not self.copied:
            return weights
        names: dict[str, str] = {}
        for gate in weights.gates:
            for name in gate[1:]:
                if name is None or name in names:
                    continue
                names[name] = name
                if name in self.copied:
                    names[name] = f"{name}_t{number}"
                    self.emit(names[name], name, number)
        return weights._replace(gates=tuple(gate.renamed(names) for gate in weights.gates))

    def _merged(self, level: list[Layer], ways: list[States], count: int) -> States:
        """The states of both directions together."""
        how = self.settings.words["merge"]
        ending = "" if level[0].number == count - 1 else level[0].suffix.rpartition("_")[0]
        names = []
        for number, pair in enumerate(zip(*(way.names for way in ways), strict=True), start=1):
            name = f"h{number}{ending}"
            entries = [(part, way.each) for part, way in zip(pair, ways, strict=True)]
            if how == "concat" and ways[0].each is None and not self.batch:
                text = f"[{', '.join(pair)}]"
            elif how == "concat":
                text = joined(entries, self.batch)
            else:
                text = " + ".join(pair) if how == "sum" else f"({' + '.join(pair)})/2"
            self.emit(name, text, number)
            names.append(name)
        if how != "concat":
            return States(tuple(names), ways[0].each)
        return States(tuple(names), sum(way.each or 1 for way in ways))

    def _outputs(
        self, inputs: Inputs, found: list[list[tuple[Gate, ...]]], first_index: int
    ) -> Outputs | None:
        """What writes the outputs, where the net has some."""
        output = self.recurrent.output
        if output is None:
            return None
        entries = [self.state(gate) for gate in found[-1]]
        both = len(entries) > 1 and self.settings.words["merge"] == "concat"
        width = sum(each or 1 for each in entries) if both else entries[0]
        return Outputs(self, output, inputs.length, width, first_index)

    def _other_names(self, seen: States, count: int, first: int) -> None:
        """The states of the last layer under its number too, where they are asked for so."""
        if count == 1:
            return
        for number, name in enumerate(seen.names, start=1):
            other = f"h{number}_l{count - 1 + first}"
            if other in self.asked:
                self.emit(other, name, number)

    def _initial(self, layer: Layer, weights: Weights, *, plain: bool) -> tuple[str, str]:
        states = ("h", "c") if self.cell == "lstm" else ("h",)
        names: list[str] = []
        for state in states:
            known = [f"{state}'", f"{state}0", f"{state}_0", f"{state}_prev", f"{state}prev"]
            if not plain:
                known[:2] = known[1::-1]
            plain_name = next((name for name in known if name in layer.names), "")
            name = layer.names.get(plain_name, "")
            wanted = () if weights.state is None else (weights.state,)
            if not name:
                names.append(self._zero(state, layer, weights, plain=plain))
                continue
            if self.shapes[name] not in self._fitting(wanted):
                self.fail(
                    self.places.get(name, self.place),
                    f"{name} is {describe(self.shapes[name])}, but the state is "
                    f"{describe(self._fitting(wanted)[-1])}",
                )
            one = self.batch == "columns" and bool(wanted) and self.shapes[name] == wanted
            names.append(f"column({name})" if one else name)
        return names[0], names[-1]

    def _fitting(self, wanted: Shape) -> list[Shape]:
        """The shapes that an initial state can have: one for all examples, or one for each."""
        if not self.batch or self.examples is None:
            return [wanted]
        whole = (self.examples, *wanted) if self.batch == "rows" else (*wanted, self.examples)
        return [wanted, whole]

    def _zero(self, state: str, layer: Layer, weights: Weights, *, plain: bool) -> str:
        primed = plain and {"h'", "c'"} & self.given
        name = f"{state}'" if primed else f"{state}0{layer.suffix}"
        sizes = [] if weights.state is None else [weights.state]
        if self.batch == "rows":
            sizes.insert(0, self.examples or 1)
        elif self.batch:
            sizes.append(self.examples or 1)
        self.emit(name, f"zeros({', '.join(map(str, sizes))})" if sizes else "0")
        meaning = f"{name} is not given, so it is zero"
        self.choices.append(Choice("initial_state", "zero", meaning))
        return name

    def _candidate(self, gate: Gate, ending: str) -> str:
        letters = _CANDIDATES[self.cell]
        if not letters:
            return ""
        for letter in letters:
            form = re.compile(rf"{letter}\d*{ending}")
            if any(form.fullmatch(name) for name in self.asked - self.given):
                return letter
        return "n" if gate.letter == "n" else letters[0]

    # -- choices --------------------------------------------------------------

    def _second_biases(self, found: tuple[Gate, ...]) -> None:
        written = self.settings.conventions.get("biases")
        bias, letter = found[0].bias, found[0].letter
        if written is not None and written.text == "two" and bias and not found[0].second:
            self.fail(
                written.origin,
                f"the conventions say two bias vectors, but only {bias} is given",
                f"the second is called d{letter} or bh{letter}",
            )

    def _choose(self, found: list[list[tuple[Gate, ...]]]) -> None:
        first = found[0][0]
        recurrent = self.recurrent
        for name in ("update", "reset"):
            if name in self.settings.words:
                value = self.settings.words[name]
                stated = name in recurrent.options
                meaning = _MEANINGS[name, value]
                self.choices.append(Choice(f"gru_{name}", value, meaning, stated))
        count = sum(part is not None for part in (first[0].bias, first[0].second))
        if count and len(first) > 1:
            value = ("one", "two")[count - 1]
            words = f"a gate has {value} bias vector{'s' * (count - 1)}"
            self.choices.append(Choice("biases", value, words, stated=True))
        if self.settings.in_out:
            meaning = "in a matrix rows are inputs, columns are units"
            self.choices.append(Choice("weights", "in_out", meaning, stated=True))
        if self.batch:
            axis = "row" if self.batch == "rows" else "column"
            meaning = f"a step holds {self.examples} examples, one in each {axis}"
            self.choices.append(Choice("examples", self.batch, meaning, bool(recurrent.examples)))
        if len(found[0]) > 1:
            how = self.settings.words["merge"]
            meaning = {
                "concat": "the states of both directions stand behind each other in one vector",
                "sum": "the states of both directions are added",
                "mean": "the mean of the states of both directions is taken",
            }[how]
            self.choices.append(Choice("merge", how, meaning, "merge" in recurrent.options))
        if recurrent.truncate:
            meaning = (
                f"the gradient goes back through {recurrent.truncate} steps; the state before "
                "them counts as a constant (_held)"
            )
            self.choices.append(Choice("truncate", str(recurrent.truncate), meaning, stated=True))


def _step_by_step(equations: list[Emitted], ending: int) -> list[Emitted]:
    """The equations of one step after the other: state, output and loss of each."""
    last = len(equations)

    def key(at: int) -> int:
        step = equations[at].step
        return step if step or at < ending else last

    return [equations[at] for at in sorted(range(last), key=key)]


_FORWARD: Final = frozenset({"fwd", "forward", "fw", "right", "f"})
