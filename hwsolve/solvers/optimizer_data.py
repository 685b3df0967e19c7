"""The perceptron rule and the delta rule: a unit that sees examples with targets.

The sum, the output and the error of a step have the number of the step, as the rows of a
hand-written table do. With several examples in a step the name of the example follows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from hwsolve.errors import InputError
from hwsolve.expr.graph import shape_of
from hwsolve.nets.emitted import activated, is_linear
from hwsolve.solvers.graph import given_value
from hwsolve.solvers.optimizer_names import numbered

if TYPE_CHECKING:
    from hwsolve.solvers.optimizer_equations import Writer
    from hwsolve.solvers.optimizer_names import Mention

SUMS: Final = ("z", "net", "s", "a", "v", "u", "y_in", "yin", "net_input")
OUTPUTS: Final = ("h", "y", "o", "yhat", "ŷ", "out", "a", "f", "output")
ERRORS: Final = ("e", "err", "error", "delta", "δ")
_BIAS: Final = ("b", "bias", "w0", "wb")
_THRESHOLD: Final = ("theta", "θ", "threshold", "T")


class Unit(NamedTuple):
    """A unit with weights: what multiplies what, and the letters of sum, output and error.

    `pairs` holds (parameter, datum, how the weight is written) by input; `bias` and
    `threshold` are parameters or "". `targets` is the datum with the wanted outputs.
    """

    pairs: tuple[tuple[str, str, str], ...]
    vector: bool
    bias: str
    threshold: str
    targets: str
    total: str
    output: str
    error: str


NO_UNIT: Final = Unit((), False, "", "", "", "", "", "")  # noqa: FBT003  (no vector)


def unit_of(writer: Writer) -> Unit:
    """The unit of a problem.

    Raises:
        InputError: for inputs without weights, weights without inputs, no targets.
    """
    setup = writer.setup
    place = writer.place
    targets = setup.target()
    inputs = [name for name in setup.data if name != targets]
    if not setup.data or not inputs or targets not in setup.data:
        hint = "write 'data: {x: [[1, 0], [1, 1]], t: [0, 1]}'"
        raise InputError(f"the {setup.rule.name} needs examples with targets", place, hint)
    bias = next((name for name in _BIAS if name in setup.parameters), "")
    threshold = next((name for name in _THRESHOLD if name in setup.parameters), "")
    weights = [name for name in setup.parameters if name not in {bias, threshold}]
    if not weights and bias == "w0":
        weights, bias = ["w0"], ""
    pairs: list[tuple[str, str, str]] = []
    vector = False
    if len(inputs) == 1 and len(weights) == 1:
        pairs = [(weights[0], inputs[0], "{}")]
        inner = given_value(setup.data[inputs[0]])[0]
        vector = isinstance(inner, list)
        shape = setup.parameters[weights[0]].shape
        if shape_of(inner) != shape:
            raise InputError(
                f"{weights[0]} has {_entries(shape)}, but an example has "
                f"{_entries(shape_of(inner))}",
                setup.data[inputs[0]].place,
                "give a weight for each input; a bias is a parameter of its own, b",
            )
    elif len(weights) == 1 and setup.parameters[weights[0]].shape == (len(inputs),):
        first = int(setup.stated("first_index") or 0)
        pairs = [(weights[0], name, f"{{}}[{at + first}]") for at, name in enumerate(inputs)]
    else:
        by_digits = {re.sub(r"\D", "", name): name for name in weights}
        for name in inputs:
            weight = by_digits.get(re.sub(r"\D", "", name))
            if weight is None or len(weights) != len(inputs):
                listed = f"inputs {', '.join(inputs)}, weights {', '.join(weights) or 'none'}"
                raise InputError(
                    f"the weights do not fit the inputs: {listed}",
                    setup.data[name].place,
                    "an input x1 has the weight w1",
                )
            pairs.append((weight, name, "{}"))
    return Unit(
        tuple(pairs), vector, bias, threshold, targets,
        setup.letter(SUMS), setup.letter(OUTPUTS), setup.letter(ERRORS),
    )  # fmt: skip


def _entries(shape: tuple[int, ...]) -> str:
    if not shape:
        return "1 entry"
    return f"{'x'.join(map(str, shape))} entries"


def data_step(writer: Writer, number: int) -> None:
    """Write a step of the perceptron rule or the delta rule."""
    setup = writer.setup
    unit = writer.unit
    indices = writer.indices(number)
    several = len(indices) > 1
    before = writer.versions(number - 1)
    factors: list[tuple[str, dict[str, str]]] = []
    for example in indices:
        behind = example if several else None
        values = writer.example(example)
        factors.append((_forward(writer, number, behind, before, values), values))
    for stem in (unit.total, unit.output, unit.error):
        if not several and numbered(stem, number) in writer.written:
            writer.column(stem, number)
    rate = writer.rate.at(number)
    scale = "" if rate is None else f"{rate}*"
    if rate is None and "lr" not in dict(setup.rule.usual):
        raise setup.needs("lr")
    if several and setup.choice("reduction", "sum") != "sum":
        scale = f"{scale}1/{len(indices)}*"
    for name in writer.names:
        own = numbered(name, number)
        writer.column(name, number)
        sign = "-" if name == unit.threshold else "+"
        terms = [_term(unit, name, factor, values) for factor, values in factors]
        total = " + ".join(terms)
        if len(terms) > 1:
            total = f"({total})"
        writer.emit(own, f"{before[name]} {sign} {scale}{total}")


def _term(unit: Unit, name: str, factor: str, values: dict[str, str]) -> str:
    """The error of an example times what the parameter multiplied."""
    inputs = [values[datum] for weight, datum, _ in unit.pairs if weight == name]
    if not inputs:
        return factor
    if len(inputs) == 1 and not unit.pairs[0][2].endswith("]"):
        return f"{factor}*{inputs[0]}"
    return f"{factor}*[{', '.join(inputs)}]"


def _forward(
    writer: Writer,
    number: int,
    example: int | None,
    weights: dict[str, str],
    values: dict[str, str],
) -> str:
    """Write sum, output and error of an example; what the update multiplies the input by."""
    setup, unit = writer.setup, writer.unit
    total = numbered(unit.total, number, example)
    output = numbered(unit.output, number, example)
    error = numbered(unit.error, number, example)
    target = values[unit.targets]
    sign = " @ " if unit.vector else "*"
    products = [
        f"{how.format(weights[weight])}{sign}{values[datum]}" for weight, datum, how in unit.pairs
    ]
    text = " + ".join(products)
    text += f" + {weights[unit.bias]}" if unit.bias else ""
    text += f" - {weights[unit.threshold]}" if unit.threshold else ""
    writer.emit(total, text)
    if setup.rule.name != "perceptron":
        return _delta(writer, total, output, error, target)
    low = low_output(writer)
    if setup.choice("perceptron", "difference") == "label":
        if low != "-1":
            hint = "write the targets as -1 and 1"
            place = setup.data[unit.targets].place
            raise InputError("this form of the rule needs targets -1 and 1", place, hint)
        mistake = f"1 if {target}*{total} <= 0 else 0"
        writer.emit(error, f"{target}*({mistake})")
        return error
    compare = ">=" if setup.choice("output_at_0", "high") == "high" else ">"
    writer.emit(output, f"1 if {total} {compare} 0 else {low}")
    writer.emit(error, f"{target} - {output}")
    return error


def _delta(writer: Writer, total: str, output: str, error: str, target: str) -> str:
    activation = writer.setup.body.activation
    if activation is None or is_linear(activation.text):
        writer.emit(error, f"{target} - {total}")
        return error
    writer.emit(output, activated(activation.text, total), activation)
    writer.emit(error, f"({target} - {output})*d{output}/d{total}")
    return error


def low_output(writer: Writer) -> str:
    """The lower of the two outputs, as the targets have it: 0 or -1."""
    unit = writer.unit
    targets = given_value(writer.setup.data[unit.targets])
    if not all(value in {-1, 0, 1} for value in targets):
        place = writer.setup.data[unit.targets].place
        raise InputError("the targets of a perceptron are 0 and 1, or -1 and 1", place)
    return "-1" if any(value == -1 for value in targets) else "0"


def is_output(writer: Writer, wanted: Mention) -> bool:
    """Whether something that is asked for belongs to the unit."""
    unit = writer.unit
    return wanted.stem in {unit.total, unit.output, unit.error}
