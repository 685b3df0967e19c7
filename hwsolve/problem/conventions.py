"""The conventions that a problem may state, their values, and what each means.

Where courses differ, the value is named in the problem or the default holds; a
solver prints each one that influenced the answer, in the words of this table.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Choice(NamedTuple):
    """A value of a convention, what it means, and other ways of writing it."""

    value: str
    meaning: str
    also: tuple[str, ...] = ()


class Convention(NamedTuple):
    """A convention: what it decides, its values, and the value where none is stated.

    With `weight`, any whole number from 0 is a value. With `open`, other values than
    the choices have a meaning too, which who counts by it knows. `default` is ""
    where it depends on something else, which the description says.
    """

    name: str
    description: str
    choices: tuple[Choice, ...]
    default: str
    weight: bool = False
    open: bool = False


def _weight(operation: str, default: str = "1") -> Convention:
    return Convention(operation, f"how many FLOPs one {operation} counts", (), default, weight=True)


CONVENTIONS: Final = (
    Convention(
        "relu_at_0",
        "the derivative of ReLU at 0",
        (
            Choice("0", "the derivative of ReLU at 0 is taken as 0"),
            Choice("1", "the derivative of ReLU at 0 is taken as 1"),
            Choice("1/2", "the derivative of ReLU at 0 is taken as 1/2", ("0.5", ".5")),
        ),
        "0",
    ),
    Convention(
        "max_ties",
        "where the gradient of a maximum goes if several entries are largest",
        (
            Choice("first", "the first of several equal maxima takes the whole gradient"),
            Choice("share", "equal maxima share the gradient equally", ("equal", "split")),
        ),
        "share",
    ),
    Convention(
        "first_index",
        "the number of the first entry of a vector or matrix",
        (
            Choice("0", "the first entry has index 0: x[0], W[0,0]"),
            Choice("1", "the first entry has index 1: x[1], W[1,1]"),
        ),
        "0",
    ),
    Convention(
        "layout",
        "which way a matrix of derivatives of a vector by a vector lies",
        (
            Choice(
                "numerator",
                "dz/dh has a row for each entry of z, a column for each of h",
                ("jacobian",),
            ),
            Choice(
                "denominator",
                "dz/dh has a row for each entry of h, a column for each of z",
                ("gradient",),
            ),
        ),
        "numerator",
    ),
    Convention(
        "log",
        "the base of `log`",
        (
            Choice("e", "log is the natural logarithm", ("natural", "ln")),
            Choice("2", "log is the logarithm to base 2"),
            Choice("10", "log is the logarithm to base 10"),
        ),
        "e",
    ),
    Convention(
        "weights",
        "how a dense layer's matrix is stored",
        (
            Choice("out_in", "a weight matrix has a row for each unit"),
            Choice("in_out", "a weight matrix has a column for each unit"),
        ),
        "out_in",
    ),
    Convention(
        "recurrent_weights",
        "the letter of the matrices that multiply a cell's previous state",
        (
            Choice("U", "W multiplies the input and U the previous state"),
            Choice("W", "W multiplies the previous state and U the input"),
        ),
        "U",
    ),
    Convention(
        "examples",
        "where the examples of a batch lie; by default columns for features, rows for maps",
        (
            Choice("rows", "the first axis of a batch holds its examples"),
            Choice("columns", "the last axis of a batch holds its examples"),
        ),
        "",
    ),
    Convention(
        "reduction",
        "how a loss is taken over entries and examples; by default as its name says",
        (
            Choice("sum", "the loss is the sum over all entries and all examples"),
            Choice("entries", "the loss is the mean over all entries of all examples", ()),
            Choice("examples", "the loss is a sum over entries and a mean over examples"),
        ),
        "",
    ),
    Convention(
        "step_losses",
        "how the losses of the steps of a sequence are put together",
        (
            Choice("sum", "the losses of the steps add up"),
            Choice("mean", "the loss is the mean of those of the steps"),
        ),
        "sum",
    ),
    Convention(
        "biases",
        "how many bias vectors each gate of a recurrent cell has",
        (
            Choice("one", "a gate has one bias vector", ("1",)),
            Choice("two", "a gate has two bias vectors, as PyTorch's cells have", ("2",)),
        ),
        "one",
    ),
    Convention(
        "bias",
        "whether convolutions and dense layers have a bias",
        (
            Choice("yes", "convolutions and dense layers have a bias", ("true", "on")),
            Choice("no", "convolutions and dense layers have no bias", ("false", "off", "none")),
        ),
        "yes",
    ),
    Convention(
        "rounding",
        "how the output size of a pooling layer is rounded where the stride does not divide; "
        "convolutions always round down",
        (
            Choice("floor", "the output size of pooling is rounded down"),
            Choice("ceil", "the output size of pooling is rounded up", ("ceiling",)),
        ),
        "floor",
    ),
    Convention(
        "padding",
        "whether operations on the zeros of padding are counted",
        (
            Choice("counted", "a padded zero costs as much as any other input"),
            Choice("skipped", "operations on padded zeros are not counted"),
        ),
        "counted",
    ),
    Convention(
        "size_order",
        "the order in which a size is written",
        (
            Choice("CHW", "a size is channels x height x width", ("chw", "channels first")),
            Choice("HWC", "a size is height x width x channels", ("hwc", "channels last")),
        ),
        "CHW",
    ),
    Convention(
        "flops",
        "which operations count as FLOPs; a list of operations is a value too",
        (
            Choice("multiplications and additions", "each of them is 1 FLOP"),
            Choice("multiplications", "only multiplications are FLOPs"),
            Choice("macs", "a multiplication with its addition is 1 FLOP"),
            Choice("2 macs", "a multiplication with its addition is 2 FLOPs"),
            Choice("all", "every operation is 1 FLOP"),
        ),
        "multiplications and additions",
        open=True,
    ),
    _weight("multiplication"),
    _weight("addition"),
    _weight("comparison"),
    _weight("division", "0"),
    _weight("exponential", "0"),
    Convention(
        "dtype",
        "what a value is stored as, where memory is counted",
        (
            Choice("float32", "a value has 4 bytes", ("single", "fp32")),
            Choice("float64", "a value has 8 bytes", ("double", "fp64")),
            Choice("float16", "a value has 2 bytes", ("half", "fp16")),
            Choice("bfloat16", "a value has 2 bytes", ("bf16",)),
            Choice("int8", "a value has 1 byte"),
            Choice("int4", "a value has half a byte"),
        ),
        "float32",
    ),
    Convention(
        "activations",
        "which outputs of layers are stored, where memory is counted",
        (
            Choice("kept", "the output of every layer is stored, the input is not counted"),
            Choice(
                "in place",
                "activation functions and dropout write over their input, which is not counted",
                ("in_place", "inplace", "in-place"),
            ),
        ),
        "kept",
    ),
    Convention(
        "optimizer",
        "what an optimizer remembers for each parameter, where memory is counted",
        (
            Choice("adam", "Adam remembers 2 values for each parameter", ("adamw",)),
            Choice("momentum", "momentum remembers 1 value for each parameter"),
            Choice("sgd", "plain gradient descent remembers nothing", ("gd", "none")),
        ),
        "adam",
    ),
    Convention(
        "momentum",
        "how the velocity of momentum is written",
        (
            Choice("accumulate", "v <- mu*v + g, w <- w - lr*v, as PyTorch does", ("pytorch",)),
            Choice("average", "v <- mu*v + (1 - mu)*g, w <- w - lr*v", ("ema", "weighted")),
            Choice("velocity", "v <- mu*v - lr*g, w <- w + v", ("sutskever", "classical")),
        ),
        "",
    ),
    Convention(
        "nesterov",
        "how Nesterov's momentum is written; by default lookahead, with given gradients pytorch",
        (
            Choice("lookahead", "the gradient is taken where the velocity alone would lead"),
            Choice("pytorch", "v <- mu*v + g, w <- w - lr*(g + mu*v), the gradient taken at w"),
            Choice("cs231n", "v <- mu*v - lr*g, w <- w - mu*(v before) + (1 + mu)*v"),
        ),
        "",
    ),
    Convention(
        "epsilon",
        "where epsilon stands in AdaGrad, RMSProp and Adam",
        (
            Choice("outside", "epsilon is added to the square root: sqrt(v) + eps"),
            Choice("inside", "epsilon is added under the square root: sqrt(v + eps)"),
            Choice("hat", "lr*sqrt(1 - beta2^t)/(1 - beta1^t) times m/(sqrt(v) + eps)"),
        ),
        "outside",
    ),
    Convention(
        "bias_correction",
        "whether Adam's moments are corrected for their start at 0",
        (
            Choice("yes", "mhat = m/(1 - beta1^t), vhat = v/(1 - beta2^t)", ("true", "on")),
            Choice("no", "the moments are used as they are", ("false", "off", "none")),
        ),
        "yes",
    ),
    Convention(
        "nadam",
        "how NAdam weighs the momentum",
        (
            Choice("constant", "beta1 stays the same (Dozat's simplified form)"),
            Choice("schedule", "beta1 grows with the step, as in PyTorch", ("pytorch",)),
        ),
        "constant",
    ),
    Convention(
        "weight_decay",
        "where weight decay acts; by default coupled, in AdamW decoupled",
        (
            Choice("coupled", "weight decay is added to the gradient: g + wd*w", ("l2",)),
            Choice("decoupled", "weight decay acts on the parameter: w - lr*(... + wd*w)"),
        ),
        "",
    ),
    Convention(
        "update",
        "whether parameters are updated together or one after the other",
        (
            Choice("simultaneous", "all gradients are taken before any parameter changes"),
            Choice("in_turn", "each gradient uses the parameters already updated", ("in_place",)),
        ),
        "simultaneous",
    ),
    Convention(
        "perceptron",
        "how the perceptron rule is written",
        (
            Choice("difference", "w <- w + lr*(t - h)*x"),
            Choice("label", "w <- w + lr*t*x where t*z <= 0, with targets -1 and 1"),
        ),
        "difference",
    ),
    Convention(
        "output_at_0",
        "the output of a perceptron whose weighted sum is exactly 0",
        (
            Choice("high", "the output is 1 for z >= 0", ("1", "+1")),
            Choice("low", "the output is 1 for z > 0 only", ("0", "-1")),
        ),
        "high",
    ),
    Convention(
        "schedule_start",
        "what a schedule counts the first step as; by default 0, in a formula and with warm-up 1",
        (
            Choice("0", "the schedule counts from 0: the first step has the full rate lr0"),
            Choice("1", "the schedule counts from 1: the first step has the rate lr1"),
        ),
        "",
    ),
    Convention(
        "schedule_unit",
        "what a learning-rate schedule counts",
        (
            Choice("step", "the schedule counts steps"),
            Choice("epoch", "the schedule counts epochs"),
        ),
        "step",
    ),
    Convention(
        "ties",
        "where a number exactly half-way goes in rounding",
        (
            Choice("away", "a half is rounded away from zero, as people do by hand", ("up",)),
            Choice("even", "a half is rounded to the even digit", ("bankers",)),
        ),
        "away",
    ),
)

BY_NAME: Final = {convention.name: convention for convention in CONVENTIONS}


def canonical(convention: Convention, text: str) -> str | None:
    """The value that a text means, or None where the convention has no such value."""
    if convention.weight:
        return str(int(text)) if text.isascii() and text.isdigit() and len(text) < 10 else None  # noqa: PLR2004  (nobody counts further)
    folded = text.casefold()
    for choice in convention.choices:
        if folded in {word.casefold() for word in (choice.value, *choice.also)}:
            return choice.value
    return text if convention.open and text else None


def meaning(name: str, value: str) -> str:
    """The sentence for a convention's value, as it is printed beside an answer."""
    convention = BY_NAME[name]
    if convention.weight:
        return f"a{'n' if name[0] in 'aeiou' else ''} {name} is {value} FLOP{'s' * (value != '1')}"
    return next(choice.meaning for choice in convention.choices if choice.value == value)
