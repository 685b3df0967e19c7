"""The output of a recurrent net at each step or the last, and the loss over the steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hwsolve.errors import did_you_mean
from hwsolve.expr.losses import find_loss, known_losses
from hwsolve.nets.emitted import Choice, Emitted, Shape, activated, describe, is_linear, spelled

if TYPE_CHECKING:
    from hwsolve.nets.recurrent import Writer
    from hwsolve.problem.model import ReadOut

# What people call an output, where they ask for it; and its sum before the activation.
_OUTPUTS: Final = ("yhat", "ŷ", "y_hat", "p", "y")
_SUMS: Final = {"rnn": ("o", "z", "s"), "lstm": ("z", "s"), "gru": ("s", "o")}
_MATRIX: Final = 2


class Outputs:
    """Writes the output of each step, then the losses.

    Args:
        writer: what the equations are added to.
        output: the output layer.
        steps: the number of steps.
        entries: the number of entries of a state, None for a plain number.
        first_index: the number of the first entry of an array.
    """

    def __init__(
        self, writer: Writer, output: ReadOut, steps: int, entries: int | None, first_index: int
    ) -> None:
        self.writer = writer
        self.output = output
        self.steps = steps
        self.entries = entries
        self.first = first_index
        self.place = output.place
        self.units = self._units()
        self.each = self._at() == "each"
        free = writer.asked - writer.given
        self.name = next((stem for stem in _OUTPUTS if self._is_asked(stem, free)), "yhat")
        sums = _SUMS[writer.cell]
        self.sum = next((stem for stem in sums if self._is_asked(stem, free)), sums[0])
        self.names: dict[int, str] = {}
        # the targets of single steps that have a name by now
        self.cut: set[str] = set()
        self.own: set[str] = set()

    def _is_asked(self, stem: str, asked: frozenset[str]) -> bool:
        return stem in asked or any(f"{stem}{n}" in asked for n in range(1, self.steps + 1))

    def _units(self) -> int | None:
        """The number of outputs of an example, None for a plain number."""
        weights, shapes = self.output.weights, self.writer.shapes
        if not weights:
            return self.entries
        shape = shapes[weights]
        state = self.entries
        if len(shape) == _MATRIX and state is not None:
            units, inputs = reversed(shape) if self.writer.settings.in_out else shape
            if inputs == state:
                return units
        elif state is None and len(shape) <= 1:
            return shape[0] if shape else None
        elif len(shape) == 1 and shape[0] == state:
            return None
        hint = ""
        if len(shape) == _MATRIX and state in shape:
            other = "out_in" if self.writer.settings.in_out else "in_out"
            hint = f"if it is stored the other way, write `conventions: {{weights: {other}}}`"
        many = "1 number" if state is None else f"{state} numbers"
        self.writer.fail(
            self.place, f"{weights} is {describe(shape)}, but the state has {many}", hint
        )
        self.writer.stop()
        return None

    def shape(self) -> Shape:
        """The shape of an output of a step."""
        one = () if self.units is None else (self.units,)
        examples = self.writer.examples
        if not self.writer.batch or examples is None:
            return one
        return (examples, *one) if self.writer.batch == "rows" else (*one, examples)

    def _at(self) -> str:
        """Whether there is an output at each step or the last one only."""
        writer, target = self.writer, self.writer.recurrent.target
        if writer.recurrent.feed is not None:
            if self.output.at == "last":
                writer.fail(
                    self.place,
                    "what is fed back is the output of each step, not of the last only",
                    "write `at: each`",
                )
                writer.stop()
            return "each"
        if self.output.at:
            return self.output.at
        if target is None:
            return "last" if set(_OUTPUTS[:3]) & (writer.asked - writer.given) else "each"
        if target not in writer.shapes:
            return "each"
        shape = writer.shapes[target]
        rest = {self.shape(), self.shape()[:-1] if self.units else self.shape()}
        if shape[:1] == (self.steps,) and shape[1:] in rest:
            return "each"
        return "last"

    def step(self, number: int, state: str) -> None:
        """The output of a step, if it has one."""
        if not self.each and number < self.steps:
            return
        writer, output = self.writer, self.output
        suffix = str(number) if self.each else ""
        text = self._product(state) if output.weights else state
        if output.bias:
            upright = writer.batch == "columns" and self.units is not None
            text += f" + column({output.bias})" if upright else f" + {output.bias}"
        name = f"{self.name}{suffix}"
        if not is_linear(output.activation):
            if output.weights:
                writer.emit(f"{self.sum}{suffix}", text, number)
                text = f"{self.sum}{suffix}"
            text = activated(output.activation, text, self._axis(), writer.settings.functions)
        writer.emit(name, text, number)
        self.names[number] = name
        self.own.add(name)

    def _axis(self) -> str:
        name = spelled(self.output.activation, self.writer.settings.functions)
        if name not in {"softmax", "log_softmax"}:
            return ""
        if self.units is None:
            self.writer.fail(
                self.place,
                f"{name} needs several outputs, but {self.output.weights or 'the state'} makes one",
                "one output takes sigmoid",
            )
            self.writer.stop()
        return ", axis=0" if self.writer.batch == "columns" else ""

    def _product(self, state: str) -> str:
        weights, writer = self.output.weights, self.writer
        shape = writer.shapes[weights]
        if self.entries is None:
            if self.units is None or not writer.batch:
                return f"{weights}*{state}"
            pair = (state, weights) if writer.batch == "rows" else (weights, state)
            return f"outer({', '.join(pair)})"
        behind = writer.settings.in_out and len(shape) == _MATRIX
        if writer.batch == "rows":
            return f"{state} @ {weights}" + ("" if behind or len(shape) == 1 else ".T")
        if writer.batch:
            return f"{weights}{'.T' if behind else ''} @ {state}"
        return f"{state} @ {weights}" if behind else f"{weights} @ {state}"

    # -- losses ---------------------------------------------------------------

    def losses(self) -> None:
        """The loss of each output, and their sum or mean."""
        writer = self.writer
        loss = writer.recurrent.loss
        if loss is None:
            return
        text = loss.text
        name, equals, right = text.partition("=")
        row = find_loss((right if equals else text).strip())
        if row is None and equals:
            writer.equations.append(Emitted(text, loss.origin))
            return
        if row is None:
            hint = did_you_mean(text, known_losses())
            hint = hint or "an equation such as L = (yhat3 - t)^2 works"
            writer.fail(loss.origin, f"there is no loss named '{text}'", hint)
            writer.stop()
            return
        letter = name.strip() if equals else self._letter()
        reduction = writer.settings.conventions.get("reduction")
        more = f", reduction={reduction.text}" if reduction else ""
        more += ", axis=0" if writer.batch == "columns" and self.units is not None else ""
        terms = []
        for number, output in self.names.items():
            own = f"{letter}{number}" if self.each else letter
            target = self._target(number, over_classes=row.takes_classes)
            writer.emit(own, f"{row.name}({output}, {target}{more})", number if self.each else 0)
            terms.append(own)
        self._together(letter, terms)

    def _letter(self) -> str:
        writer = self.writer
        free = [letter for letter in ("L", "J", "E", "C", "loss") if letter not in writer.given]
        return next((letter for letter in free if self._is_asked(letter, writer.asked)), free[0])

    def _together(self, letter: str, terms: list[str]) -> None:
        if not self.each:
            return
        writer = self.writer
        written = writer.settings.conventions.get("step_losses")
        mean = written is not None and written.text == "mean"
        total = " + ".join(terms)
        writer.emit(letter, f"({total})/{len(terms)}" if mean else total)
        meaning = "the losses of the steps add up"
        if mean:
            meaning = "the loss is the mean of those of the steps"
        value = "mean" if mean else "sum"
        writer.choices.append(Choice("step_losses", value, meaning, written is not None))

    def _target(self, number: int, *, over_classes: bool) -> str:
        """The target of a step as a text, its shape checked."""
        writer = self.writer
        target = writer.recurrent.target
        if target is None:
            writer.fail(
                writer.recurrent.loss.origin if writer.recurrent.loss else self.place,
                "the loss needs a target",
                "give y or t, or write `target: name`",
            )
            writer.stop()
            return ""
        if not self.each:
            self._fits(target, writer.shapes[target], over_classes=over_classes)
            return target
        if target not in writer.shapes:
            own = f"{target.removesuffix('1')}{number}"
            if own not in writer.shapes:
                writer.fail(self.place, f"the target of step {number}, '{own}', is not given")
                writer.stop()
            self._fits(own, writer.shapes[own], over_classes=over_classes)
            return own
        shape = writer.shapes[target]
        if shape[:1] != (self.steps,):
            writer.fail(
                writer.places.get(target, writer.place),
                f"{target} is {describe(shape)}, but there are {self.steps} steps",
                "give a target for each step, or write `output: {at: last}`",
            )
            writer.stop()
        self._fits(target, shape[1:], over_classes=over_classes)
        text = f"{target}[{number - 1 + self.first}{', :' * (len(shape) - 1)}]"
        own = f"{target}{number}"
        if shape[1:] != self.shape() or (own in writer.given or own in self.own):
            # the number of a class is looked up where the loss is written
            return text
        if own not in self.cut:
            self.cut.add(own)
            writer.emit(own, text, number)
        return own

    def _fits(self, name: str, shape: Shape, *, over_classes: bool) -> None:
        wanted = self.shape()
        if shape == wanted or (over_classes and wanted and shape == wanted[:-1]):
            return
        self.writer.fail(
            self.writer.places.get(name, self.writer.place),
            f"the target {name} is {describe(shape)} a step, but an output is {describe(wanted)}",
            "give a target for each output",
        )
        self.writer.stop()

    def fed(self, number: int, name: str) -> None:
        """What a step reads where it is not given: the target or the output of the step before."""
        writer = self.writer
        feed = writer.recurrent.feed
        assert feed is not None  # noqa: S101  (only then a step is fed)
        if feed.text == "target":
            text = self._target(number - 1, over_classes=False)
        elif feed.text == "argmax":
            text = f"first({self.names[number - 1]})"
        else:
            text = self.names[number - 1]
        writer.emit(name, text, number)
