"""Dense networks as equations: `z1 = W1 @ x + b1`, `a1 = sigmoid(z1)`, ..., the loss.

A layer's weights are stored outputs x inputs (a row for each unit, as PyTorch
stores them) unless the conventions say `weights: in_out`. One example is a vector;
a batch has its examples in rows (`X @ W1.T + b1`) or in columns (`W1 @ X +
column(b1)`). Shapes are checked here, layer by layer, because a bias of the wrong
shape would otherwise be broadcast into an answer that looks right.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from hwsolve.errors import InputError, InputErrors, did_you_mean
from hwsolve.expr.losses import REDUCTIONS, Loss, find_loss, known_losses
from hwsolve.nets.emitted import (
    Choice,
    Emitted,
    Shape,
    WrittenOut,
    activated,
    describe,
    is_linear,
    size,
    spelled,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hwsolve.errors import Place
    from hwsolve.problem.model import DenseLayer, Network, Written

_LOSS_LETTERS = ("L", "J", "E", "C", "R", "loss")
# What people call a network's output, where they ask for it.
_OUTPUTS = ("yhat", "ŷ", "y_hat", "Yhat", "Ŷ", "Y_hat")
_MATRIX = 2
_FEW = 5
# `z1` is asked for: then capitals are not wanted
_SUM = re.compile(r"z\d+")


class _Signal(NamedTuple):
    """What flows between two layers: its name, its shape, and where it comes from."""

    name: str
    shape: Shape
    source: str


class _Product(NamedTuple):
    text: str
    shape: Shape


def dense_equations(
    network: Network,
    shapes: Mapping[str, Shape],
    conventions: Mapping[str, Written] | None = None,
    asked: Collection[str] = (),
) -> WrittenOut:
    """The equations of a dense network, layer by layer, then its loss.

    `shapes` are those of the given values, () for a number. `asked` holds the names
    that the problem asks for or uses later: where the last layer's activation is
    asked for as `a2`, or the loss as `E`, it gets that name.

    Raises:
        InputErrors: for weights, biases and targets that do not fit, one line each.
    """
    return _Dense(network, shapes, conventions or {}, frozenset(asked)).write()


class _Dense:
    def __init__(
        self,
        network: Network,
        shapes: Mapping[str, Shape],
        conventions: Mapping[str, Written],
        asked: frozenset[str],
    ) -> None:
        self.network = network
        self.shapes = shapes
        self.asked = asked
        self.conventions = conventions
        self.errors: list[InputError] = []
        self.equations: list[Emitted] = []
        self.choices: list[Choice] = []
        # what a layer can read or add, by name, number and result
        self.signals: dict[str, _Signal] = {}
        self.in_out = self._stated("weights", ("out_in", "in_out")) == "in_out"
        self.examples = network.examples
        capital = network.input[:1].isupper() and self.examples != "single"
        self.z, self.a = (
            ("Z", "A")
            if capital and not any(_SUM.fullmatch(name) for name in asked)
            else ("z", "a")
        )
        self.n, self.d = ("N", "D") if self.z == "Z" else ("n", "d")
        plain = "Yhat" if capital and "yhat" not in asked else "yhat"
        hats = [name for name in _OUTPUTS if name in asked and name not in shapes]
        self.output, *self.also = hats or [plain]
        own = (written.text.partition("(")[0].strip() for written in network.equations)
        self.functions = frozenset(own)

    def write(self) -> WrittenOut:
        signal: _Signal | None = self._input()
        last = len(self.network.layers)
        if signal is not None:
            self.signals[signal.name] = signal
        for number, layer in enumerate(self.network.layers, start=1):
            if signal is not None:
                signal = self._source(layer, signal)
            if signal is not None:
                signal = self._layer(layer, number, signal, last=number == last)
        if signal is not None:
            self._loss(signal)
        if self.errors:
            raise InputErrors(self.errors)
        return WrittenOut(tuple(self.equations), tuple(self.choices))

    def _stated(self, name: str, allowed: tuple[str, ...]) -> str | None:
        written = self.conventions.get(name)
        if written is None:
            return None
        if written.text not in allowed:
            self.errors.append(
                InputError(
                    f"the convention '{name}' cannot be '{written.text}'",
                    written.origin,
                    did_you_mean(written.text, allowed) or f"it is {' or '.join(allowed)}",
                )
            )
            return None
        return written.text

    def _fail(self, place: Place, message: str, hint: str = "") -> None:
        self.errors.append(InputError(message, place, hint))

    def _emit(self, name: str, text: str, place: Place) -> None:
        if name in self.shapes:
            self._fail(
                place,
                f"the network computes '{name}', but a given value has that name too",
                "rename it, or write it under `override` to use it instead",
            )
        self.equations.append(Emitted(f"{name} = {text}", place))

    def _input(self) -> _Signal | None:
        shape = self.shapes[self.network.input]
        name = self.network.input
        wanted = 1 if self.examples == "single" else _MATRIX
        if len(shape) <= wanted and not (wanted == _MATRIX and not shape):
            if wanted == _MATRIX:
                axis = "row" if self.examples == "rows" else "column"
                count = self._count(shape)
                meaning = f"{name} holds {count} examples, one in each {axis}"
                self.choices.append(Choice("examples", self.examples, meaning, stated=True))
            return _Signal(name, shape, f"the input {name}")
        hint = (
            "say `examples: rows` or `examples: columns` for a batch"
            if self.examples == "single"
            else "a batch is a matrix; `examples: single` takes a vector"
        )
        self._fail(
            self.network.layers[0].place,
            f"the input {name} is {describe(shape)}, which {self.examples!r} examples cannot be",
            hint,
        )
        return None

    def _count(self, shape: Shape) -> int:
        return shape[-1] if self.examples == "columns" else shape[0]

    def _source(self, layer: DenseLayer, before: _Signal | None) -> _Signal | None:
        """What a layer reads: the layer before it, or what it names."""
        if layer.parts.source is None:
            return before
        return self._named(layer.parts.source)

    def _named(self, written: Written) -> _Signal | None:
        """A layer by its name or number or result, or a given value."""
        name = written.text.strip()
        signal = self.signals.get(name)
        if signal is None and name in self.shapes:
            signal = _Signal(name, self.shapes[name], f"the value {name}")
        if signal is None:
            known = [*self.signals, *self.shapes]
            hint = "" if name.isdigit() else did_you_mean(name, known)
            hint = hint or f"layers before it are {', '.join(self.signals)}"
            self._fail(written.origin, f"there is no layer '{name}' before this one", hint)
        return signal

    def _layer(
        self, layer: DenseLayer, number: int, signal: _Signal, *, last: bool
    ) -> _Signal | None:
        suffix = str(number) if layer.name in {"", str(number)} else f"_{layer.name}"
        stages: list[tuple[str, str]] = []
        text, shape = signal.name, signal.shape
        linear = is_linear(layer.activation)
        plain = not any(layer.parts)
        if layer.weights:
            if layer.folded:
                signal = self._with_one(layer, number, signal)
            product = self._product(layer, number, signal)
            bias = None if product is None else self._bias(layer, product)
            if product is None or bias is None:
                return None
            text, shape = product.text + bias, product.shape
            z = f"{self.z}{suffix}"
            # A linear layer has one result: it needs no second name for its sum.
            if not plain or not linear or not last or z in self.asked:
                stages.append((z, text))
                text = z
        more = self._parts(layer, suffix, text, shape, stages)
        if more is None:
            return None
        name = self._emitted(layer, suffix, stages, more, last=last)
        signal = _Signal(name, shape, f"layer {layer.name or number}")
        for known in {str(number), layer.name, name, f"{self.a}{suffix}", f"a{suffix}"} - {""}:
            self.signals[known] = signal
        return signal

    def _parts(
        self,
        layer: DenseLayer,
        suffix: str,
        text: str,
        shape: Shape,
        stages: list[tuple[str, str]],
    ) -> str | None:
        """Normalisation, sum, activation and dropout as stages; the text of the last result."""
        parts = layer.parts
        if parts.norm:
            called = self._normalised(layer, text, shape)
            if called is None:
                return None
            stages.append((f"{self.n}{suffix}", called))
            text = f"{self.n}{suffix}"
        if parts.add is not None:
            other = self._named(parts.add)
            if other is None:
                return None
            if other.shape != shape:
                self._fail(
                    parts.add.origin,
                    f"{other.source} is {describe(other.shape)}, but it is added to "
                    f"{describe(shape)}",
                )
                return None
            text = f"{text} + {other.name}"
        if not is_linear(layer.activation):
            text = self._activated(layer, text, shape)
        if parts.mask:
            if self.shapes[parts.mask] not in {shape, shape[-1:]}:
                self._fail(
                    layer.place,
                    f"the mask {parts.mask} is {describe(self.shapes[parts.mask])}, but it "
                    f"multiplies {describe(shape)}",
                )
                return None
            stages.append((f"{self.a}{suffix}", text))
            scale = f"/{parts.keep}" if parts.keep else ""
            text = f"{self.a}{suffix}*{parts.mask}{scale}"
            stages.append((f"{self.d}{suffix}", text))
            how = "not scaled"
            if scale:
                how = f"divided by {parts.keep}, the probability to keep a unit"
            meaning = f"what is kept is {how}"
            self.choices.append(Choice("dropout", parts.keep or "1", meaning, stated=True))
            text = f"{self.d}{suffix}"
        return text

    def _emitted(
        self,
        layer: DenseLayer,
        suffix: str,
        stages: list[tuple[str, str]],
        text: str,
        *,
        last: bool,
    ) -> str:
        """Write a layer's stages out; the name of its result."""
        done = bool(stages) and stages[-1][0] == text
        if done and last and text != f"{self.z}{suffix}":
            # the result of the whole net has the net's name for it
            text = stages.pop()[1]
            done = False
        for name, formula in stages:
            self._emit(name, formula, layer.place)
        a = f"{self.a}{suffix}"
        taken = self.output in self.shapes
        names: list[str] = []
        computed = {name for name, _ in stages}
        if a not in computed and (
            a in self.asked or (suffix.startswith("_") or taken if last else not done)
        ):
            names.append(a)
        if last and not taken:
            names += [self.output, *self.also]
        for name in names:
            self._emit(name, text, layer.place)
            text = name
        return text

    def _normalised(self, layer: DenseLayer, text: str, shape: Shape) -> str | None:
        """The call that normalises a layer's sum over the batch or over its units."""
        parts = layer.parts
        batch = parts.norm == "batch"
        units = self._features(shape)
        if units is None or (batch and self.examples == "single" and not parts.mean):
            hint = "a batch is a matrix with an example in each row" if batch else ""
            what = "several examples" if batch and units is not None else "several units"
            self._fail(layer.place, f"{parts.norm} normalisation needs {what}", hint)
            return None
        arguments = [text]
        upright = self.examples == "columns"
        for key, name in (("gamma", parts.gamma), ("beta", parts.beta)):
            if not name:
                continue
            if self.shapes[name] not in {(), (units,)}:
                self._fail(
                    layer.place,
                    f"{key} is {describe(self.shapes[name])}, but there are {units} units",
                )
                return None
            column = upright and self.shapes[name]
            arguments.append(f"{key}=column({name})" if column else f"{key}={name}")
        if bool(parts.mean) != bool(parts.var):
            self._fail(layer.place, "evaluation needs the running `mean` and `var`")
            return None
        for key, name in (("running_mean", parts.mean), ("running_var", parts.var)):
            if name:
                column = upright and self.shapes[name]
                arguments.append(f"{key}=column({name})" if column else f"{key}={name}")
        if parts.eps:
            arguments.append(f"eps={parts.eps}")
        if upright:
            arguments.append(f"axis={1 if batch else 0}")
        return f"{parts.norm}_norm({', '.join(arguments)})"

    def _with_one(self, layer: DenseLayer, number: int, signal: _Signal) -> _Signal:
        """What a layer reads with a 1 at the weights that are its bias."""
        x, shape = signal.name, signal.shape
        first = layer.folded == "first"
        name = f"{x}_aug"
        if self.examples == "single":
            one, more = ("1", "") if not shape else ("[1]", "")
            shape = ((shape[0] if shape else 1) + 1,)
        elif self.examples == "rows" and len(shape) == _MATRIX:
            one, more = f"ones({shape[0]}, 1)", ", axis=1"
            shape = (shape[0], shape[1] + 1)
        elif len(shape) == _MATRIX:
            one, more = f"ones(1, {shape[1]})", ", axis=0"
            shape = (shape[0] + 1, shape[1])
        else:
            one, more = "", ""
        both = f"{one}, {x}" if first else f"{x}, {one}"
        if name not in self.signals:
            self._emit(name, f"[{both}]" if one == "1" else f"concat({both}{more})", layer.place)
        self.signals[name] = _Signal(name, shape, f"{signal.source} with its 1")
        if number == 1:
            which = "row" if self.in_out else "column"
            meaning = f"the {layer.folded} {which} of a weight matrix, its input is a 1"
            self.choices.append(Choice("bias", "folded", meaning, stated=True))
        return self.signals[name]

    def _product(self, layer: DenseLayer, number: int, signal: _Signal) -> _Product | None:
        weights, x = layer.weights, signal.name
        shape = self.shapes[weights]
        batch = self.examples != "single"
        features = self._features(signal.shape)
        if features is None and (not shape or (len(shape) == 1 and not batch)):
            return _Product(f"{weights}*{x}", shape or signal.shape)
        if features is not None and len(shape) == 1 and shape[0] == features:
            text = f"{x} @ {weights}" if self.examples == "rows" else f"{weights} @ {x}"
            return _Product(text, (self._count(signal.shape),) if batch else ())
        if features is not None and len(shape) == _MATRIX:
            units, inputs = reversed(shape) if self.in_out else shape
            if inputs == features:
                return self._matrix(weights, signal, units, number)
        self._misfit(layer, number, signal, features)
        return None

    def _matrix(self, weights: str, signal: _Signal, units: int, number: int) -> _Product:
        x = signal.name
        if number == 1:
            meaning = "rows are inputs, columns are units" if self.in_out else "a row for each unit"
            value = "in_out" if self.in_out else "out_in"
            stated = "weights" in self.conventions
            self.choices.append(Choice("weights", value, f"in a matrix {meaning}", stated))
        if self.examples == "rows":
            text = f"{x} @ {weights}" if self.in_out else f"{x} @ {weights}.T"
            return _Product(text, (signal.shape[0], units))
        if self.examples == "columns":
            text = f"{weights}.T @ {x}" if self.in_out else f"{weights} @ {x}"
            return _Product(text, (units, signal.shape[1]))
        return _Product(f"{x} @ {weights}" if self.in_out else f"{weights} @ {x}", (units,))

    def _features(self, shape: Shape) -> int | None:
        """How many numbers an example has; None where it is one plain number."""
        if self.examples == "single":
            return shape[0] if shape else None
        if len(shape) == 1:
            return None
        return shape[1] if self.examples == "rows" else shape[0]

    def _misfit(
        self, layer: DenseLayer, number: int, signal: _Signal, features: int | None
    ) -> None:
        shape = self.shapes[layer.weights]
        comes = "one number" if features is None else f"{features} number{'s' * (features != 1)}"
        each = "" if self.examples == "single" else " an example"
        layout = ("inputs x units", f"{features} x n") if self.in_out else ("units x inputs", "")
        wanted = layout[1] or f"n x {features}"
        other = "out_in" if self.in_out else "in_out"
        stored = "units x inputs" if self.in_out else "inputs x units"
        if features is None:
            hint = f"write {layer.weights} as a number"
            if self.examples != "single":
                hint += f", or {signal.name} as a matrix with an example in each "
                hint += "row" if self.examples == "rows" else "column"
            elif number == 1:
                hint += f" or a vector, or {signal.name} as a vector"
        elif len(shape) == _MATRIX and shape[1 if self.in_out else 0] == features:
            hint = f"if it is stored {stored}, write `conventions: {{weights: {other}}}`"
        else:
            hint = f"weights are stored {layout[0]}, so it must be {wanted}"
        self._fail(
            layer.place,
            f"{layer.weights} is {describe(shape)}, but {signal.source} gives {comes}{each}",
            hint,
        )

    def _bias(self, layer: DenseLayer, product: _Product) -> str | None:
        """`+ b1` as the text that follows the product; None where it does not fit."""
        if layer.bias is None:
            return ""
        shape, out = self.shapes[layer.bias], product.shape
        units = self._features(out)
        fits: set[Shape] = {()}
        if self.examples == "single":
            fits.add(out)
        elif units is None:
            fits.add((1,))
        elif self.examples == "rows":
            fits |= {(units,), (1, units)}
        else:
            fits |= {(units,), (units, 1)}
        if shape in fits:
            upright = self.examples == "columns" and units is not None and shape == (units,)
            return f" + column({layer.bias})" if upright else f" + {layer.bias}"
        wanted = describe(() if units is None else (units,))
        self._fail(
            layer.place,
            f"the bias {layer.bias} is {describe(shape)}, but {layer.weights} makes "
            f"{'one unit' if units is None else f'{units} units'}",
            f"write {layer.bias} as {wanted}",
        )
        return None

    def _activated(self, layer: DenseLayer, z: str, shape: Shape) -> str:
        name, more = spelled(layer.activation, self.functions), ""
        if name in {"softmax", "log_softmax"}:
            if self._features(shape) is None:
                self._fail(
                    layer.place,
                    f"softmax needs several units, but {layer.weights} makes one",
                    "one unit takes sigmoid",
                )
            elif self.examples != "single":
                more = f", axis={1 if self.examples == 'rows' else 0}"
        return activated(layer.activation, z, more, self.functions)

    def _loss(self, signal: _Signal) -> None:
        loss = self.network.loss
        if loss is None:
            return
        name, equals, right = loss.text.partition("=")
        right = (right if equals else name).strip()
        name = name.strip() if equals else self._loss_name()
        row = find_loss(right)
        if row is not None:
            self._named_loss(row, name, signal, loss)
        elif re.fullmatch(r"[\w\s-]+", right) and right not in self.shapes:
            self._fail(
                loss.origin,
                f"there is no loss named '{right}'",
                did_you_mean(right, known_losses()) or "an equation such as L = (yhat - t)^2 works",
            )
        else:
            self.equations.append(
                Emitted(loss.text if equals else f"{name} = {loss.text}", loss.origin)
            )

    def _loss_name(self) -> str:
        free = [letter for letter in _LOSS_LETTERS if letter not in self.shapes]
        wanted = [letter for letter in free if letter in self.asked]
        return (wanted or free)[0]

    def _named_loss(self, row: Loss, name: str, signal: _Signal, loss: Written) -> None:
        target = self.network.target
        if target is None:
            hint = "give y or t, or write `target: name`"
            self._fail(loss.origin, f"the loss '{row.name}' needs a target", hint)
            return
        shape = self.shapes[target]
        reduction = self._stated("reduction", REDUCTIONS) or ""
        if len(row.parameters) - len(row.defaults) > 2:  # noqa: PLR2004  (output and target)
            hint = f"write an equation: {name} = {row.name}({', '.join(row.parameters)})"
            self._fail(loss.origin, f"the loss '{row.name}' needs more than a target", hint)
            return
        if not row.takes_classes and self._is_number_for_each(shape, signal.shape):
            each = "row" if self.examples == "rows" else "column"
            meaning = f"{target} has a number for each example, that in the same {each}"
            self.choices.append(Choice("target", "a vector", meaning, stated=False))
            upright = self.examples == "rows"
            target = f"column({target})" if upright else f"reshape({target}, 1, {shape[0]})"
            shape = signal.shape
        if row.takes_classes and signal.shape and shape == signal.shape[:-1]:
            self._loss_of_numbers(row, name, signal, loss, reduction)
            return
        # one plain number is as good as a list of one
        if shape != signal.shape and {shape, signal.shape} != {(), (1,)}:
            self._wrong_target(target, shape, signal, loss)
            return
        if row.lines or any(row.defaults):
            # it has lines of its own, which the call writes
            self._called(row, name, signal, loss, reduction, target)
            return
        body = row.body(
            None if self.examples == "single" else self._count(signal.shape),
            axis=1 if self.examples == "rows" else 0,
            reduction=reduction,
            single_entry=not shape and not signal.shape,
        )
        values = dict(zip(row.parameters, (signal.name, target), strict=False))
        text = re.sub(r"\b[a-z]\w*\b", lambda found: values.get(found[0], found[0]), body)
        self._emit(name, text, loss.origin)
        self._choose_loss(row, reduction)

    def _loss_of_numbers(
        self, row: Loss, name: str, signal: _Signal, loss: Written, reduction: str
    ) -> None:
        """A loss over classes, whose target holds the number of the class of each example."""
        if self.examples == "columns" or self._features(signal.shape) == 1:
            assert self.network.target is not None  # noqa: S101  (it has a shape)
            self._wrong_target(self.network.target, self.shapes[self.network.target], signal, loss)
            return
        self._called(row, name, signal, loss, reduction, str(self.network.target))

    def _is_number_for_each(self, target: Shape, output: Shape) -> bool:
        """Whether a target is a vector with a number for each example, of one unit."""
        if self.examples == "single" or len(output) != _MATRIX:
            return False
        return self._features(output) == 1 and target == (self._count(output),)

    def _called(  # noqa: PLR0913  (what a call is made of)
        self, row: Loss, name: str, signal: _Signal, loss: Written, reduction: str, target: str
    ) -> None:
        """A loss as the call of a function, which writes it out."""
        more = f", reduction={reduction}" if reduction else ""
        if self.examples == "columns":
            more += ", axis=0"
        self._emit(name, f"{row.name}({signal.name}, {target}{more})", loss.origin)
        self._choose_loss(row, reduction)

    def _choose_loss(self, row: Loss, reduction: str) -> None:
        meaning = f"the reduction is stated: {reduction}" if reduction else row.convention
        base = self._stated("log", ("e", "2", "10"))
        if base in {"2", "10"}:
            meaning = meaning.replace("natural logarithm", f"logarithm to base {base}")
        self.choices.append(Choice("loss", row.name, meaning, stated=bool(reduction)))

    def _wrong_target(self, target: str, shape: Shape, signal: _Signal, loss: Written) -> None:
        hint = f"write {target} with the shape of the output"
        units = self._features(signal.shape)
        if units is not None and len(shape) <= 1 and self.examples == "single":
            few = units <= _FEW
            one_hot = f"[1{', 0' * (units - 1)}]" if few else "[1, 0, ..., 0]"
            hint = f"write {target} as {units} numbers; the first class is one-hot {one_hot}"
        elif len(shape) == 1 and len(signal.shape) == _MATRIX and shape[0] in signal.shape:
            hint = f"write {target} as {describe(signal.shape)}; a vector would be broadcast"
        self._fail(
            loss.origin,
            f"the target {target} is {describe(shape)}, but the network's output is "
            f"{'a number' if not signal.shape else size(signal.shape)}",
            hint,
        )
