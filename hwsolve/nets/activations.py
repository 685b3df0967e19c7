"""Activations: what each needs for one value, and softmax, maxout and gated units.

An activation is counted by its formula in the operations that are counted. Where the
same value can be had in other ways, the formula that is counted is printed.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

from hwsolve.expr.tree import Expr, Num, Sym
from hwsolve.nets.exact import times
from hwsolve.nets.layer import ZERO, Line, Request, Rule
from hwsolve.nets.sizes import Tokens, of_kind
from hwsolve.nets.windows import map_area

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

VALUES, CHANNELS, INPUTS = Sym("N"), Sym("C"), Sym("inputs")


class Activation(NamedTuple):
    """The operations that an activation needs for one value; None where they are not known."""

    operations: Mapping[str, int] | None
    formula: str = ""


_SIGMOID = {"exponentials": 1, "additions": 1, "divisions": 1}
_TANH = {"multiplications": 1, "exponentials": 1, "additions": 2, "divisions": 1}
ACTIVATIONS: dict[str, Activation] = {
    "relu": Activation({"comparisons": 1}, "max(x, 0)"),
    "relu6": Activation({"comparisons": 2}, "min(max(x, 0), 6)"),
    "leaky_relu": Activation({"comparisons": 1, "multiplications": 1}, "max(x, a x)"),
    "prelu": Activation({"comparisons": 1, "multiplications": 1}, "x if x > 0 else a x"),
    "threshold": Activation({"comparisons": 1}, "x if x > t else v"),
    "step": Activation({"comparisons": 1}, "1 if x > 0 else 0"),
    "sigmoid": Activation(_SIGMOID, "1/(1 + exp(-x))"),
    "tanh": Activation(_TANH, "1 - 2/(exp(2x) + 1)"),
    "scaled_tanh": Activation(_TANH, "a - 2a/(exp(2b x) + 1)"),
    "silu": Activation(_SIGMOID, "x/(1 + exp(-x))"),
    "elu": Activation(
        {"comparisons": 1, "exponentials": 1, "additions": 1, "multiplications": 1},
        "x if x > 0 else a (exp(x) - 1)",
    ),
    "celu": Activation(
        {"comparisons": 1, "exponentials": 1, "additions": 1, "multiplications": 1,
         "divisions": 1},
        "x if x > 0 else a (exp(x/a) - 1)",
    ),
    "selu": Activation(
        {"comparisons": 1, "exponentials": 1, "additions": 1, "multiplications": 2},
        "b (x if x > 0 else a (exp(x) - 1))",
    ),
    "gelu": Activation(
        {"multiplications": 3, "additions": 2, "exponentials": 1, "divisions": 1},
        "x/(1 + exp(-x (1.596 + 0.0714 x^2))), which is the tanh form",
    ),
    "quick_gelu": Activation({**_SIGMOID, "multiplications": 1}, "x/(1 + exp(-1.702 x))"),
    "mish": Activation(
        {"exponentials": 1, "additions": 2, "multiplications": 2, "divisions": 1},
        "x q/(q + 2) with q = exp(x) (exp(x) + 2)",
    ),
    "softplus": Activation(
        {"exponentials": 1, "additions": 1, "logarithms": 1}, "log(1 + exp(x))"
    ),
    "logsigmoid": Activation(
        {"exponentials": 1, "additions": 1, "logarithms": 1}, "-log(1 + exp(-x))"
    ),
    "softsign": Activation({"comparisons": 1, "additions": 1, "divisions": 1}, "x/(1 + |x|)"),
    "hard_sigmoid": Activation(
        {"additions": 1, "comparisons": 2, "multiplications": 1}, "min(max(x + 3, 0), 6)/6"
    ),
    "hard_swish": Activation(
        {"additions": 1, "comparisons": 2, "multiplications": 2}, "x min(max(x + 3, 0), 6)/6"
    ),
    "hard_tanh": Activation({"comparisons": 2}, "min(max(x, -1), 1)"),
    "tanhshrink": Activation({**_TANH, "additions": 3}, "x - tanh(x)"),
    "hardshrink": Activation({"comparisons": 2}, "x if x > t or x < -t else 0"),
    "softshrink": Activation(
        {"comparisons": 2, "additions": 1}, "x - t if x > t, x + t if x < -t, else 0"
    ),
    "square": Activation({"multiplications": 1}, "x^2"),
    "relu_squared": Activation({"comparisons": 1, "multiplications": 1}, "max(x, 0)^2"),
    "exp": Activation({"exponentials": 1}, "exp(x)"),
    "abs": Activation({"comparisons": 1}, "|x|"),
    "identity": Activation({}, "x"),
}  # fmt: skip
# Alone these words are the names of layers, of a gate they say its activation.
_ERF = Activation(None)


def activation(name: str) -> Callable[[Request], Rule]:
    """The rule of an activation, the same for every value."""

    def rule(request: Request) -> Rule:
        (size,) = request.inputs
        needs = ACTIVATIONS[name]
        if request.options.get("approximate") == "none":
            needs = _ERF
        remarks = (f"each value: {needs.formula}",) if needs.formula else ()
        return Rule(
            output=size,
            sizes={"N": prod(size)},
            operations=None if needs.operations is None else of_each(name, VALUES),
            remarks=remarks if needs.operations else (),
        )

    return rule


def of_each(name: str, count: Expr) -> dict[str, Expr]:
    """The operations of an activation for so many values.

    Raises:
        KeyError: for one whose operations are not known.
    """
    needs = ACTIVATIONS[name].operations or {}
    return {kind: count if each == 1 else times(Num(each), count) for kind, each in needs.items()}


def parametric_relu(request: Request) -> Rule:
    """A ReLU whose slope is trained: one slope, one for each channel, or one for each value.

    Raises:
        InputError: the number of slopes is none of these.
    """
    rule = activation("prelu")(request)
    (size,) = request.inputs
    slopes = request.options.get("parameters", 1)
    if slopes not in {1, size[0], prod(size)}:
        raise request.error(
            f"{slopes} slopes are neither 1 nor one for each of {size[0]} channels", "parameters"
        )
    return rule._replace(weights=Num(slopes))


def softmax(request: Request) -> Rule:
    """exp(x_i)/sum_k exp(x_k) over the features, or over the channels at each position."""
    sizes, each, sums, _ = _over_features(request)
    return Rule(
        output=request.inputs[0],
        sizes=sizes,
        operations={"exponentials": each, "additions": sums, "divisions": each},
        remarks=("exp(x_i)/sum of all exp(x_k)",),
    )


def log_softmax(request: Request) -> Rule:
    """x_i - log(sum_k exp(x_k)) over the features, or over the channels at each position."""
    sizes, each, sums, places = _over_features(request)
    return Rule(
        output=request.inputs[0],
        sizes=sizes,
        operations={
            "exponentials": each, "additions": sums + each, "logarithms": places,
        },
        remarks=("x_i - log(sum of all exp(x_k))",),
    )  # fmt: skip


def _over_features(request: Request) -> tuple[dict[str, int], Expr, Expr, Expr]:
    """The sizes, the numbers of values, of additions over the features, and of places."""
    (size,) = request.inputs
    if len(size) == 1:
        return {"inputs": size[0]}, INPUTS, INPUTS - 1, Num(1)
    if isinstance(size, Tokens):
        tokens, features = Sym("tokens"), Sym("features")
        sizes = {"tokens": size[1], "features": size[0]}
        return sizes, times(tokens, features), times(tokens, features - 1), tokens
    sizes = {"C": size[0]}
    places = map_area(sizes, size[1:])
    return sizes, times(CHANNELS, places), times(CHANNELS - 1, places), places


def maxout(request: Request) -> Rule:
    """The largest of several channels (or features) side by side (Goodfellow et al. 2013).

    Raises:
        InputError: the pieces do not divide the channels.
    """
    return _fewer(request, request.options["pieces"], "the largest of each group of channels")


def gated_unit(name: str) -> Callable[[Request], Rule]:
    """Half of the features times an activation of the other half (Shazeer 2020)."""

    def rule(request: Request) -> Rule:
        made = _fewer(request, 2, f"one half of the features times {name} of the other")
        outputs = Sym("outputs")
        operations = of_each(name, outputs)
        gate = operations.get("multiplications")
        operations["multiplications"] = outputs if gate is None else gate + outputs
        return made._replace(operations=operations)

    return rule


def _fewer(request: Request, pieces: int, remark: str) -> Rule:
    (size,) = request.inputs
    if size[0] % pieces:
        raise request.error(
            f"{size[0]} features cannot be divided by {pieces}", "pieces",
            f"it reads a multiple of {pieces}",
        )  # fmt: skip
    output = of_kind(size, (size[0] // pieces, *size[1:]))
    sizes = {"N": prod(size), "pieces": pieces, "outputs": prod(output)}
    return Rule(
        output=output,
        sizes=sizes,
        lines=(Line("outputs", VALUES / Sym("pieces")),),
        operations={"comparisons": VALUES - Sym("outputs")} if pieces > 1 else {},
        connections=ZERO,
        remarks=(remark,),
    )
