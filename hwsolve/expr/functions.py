"""Functions that are short for a formula: a row is a name, parameters and the formula.

They are written out where they are used, so their derivatives and their working
come from the operations that they are made of.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Function(NamedTuple):
    """A formula under a name; `defaults` are the values of the last parameters."""

    name: str
    parameters: tuple[str, ...]
    body: str
    defaults: tuple[str, ...] = ()
    source: str = ""


_ROWS: Final = (
    Function("square", ("x",), "x^2"),
    Function("leaky_relu", ("x", "slope"), "x if x > 0 else slope*x", ("0.01",)),
    Function("prelu", ("x", "slope"), "x if x > 0 else slope*x", ("0.25",)),
    Function("relu6", ("x",), "min(relu(x), 6)"),
    Function("elu", ("x", "alpha"), "x if x > 0 else alpha*(exp(min(x, 0)) - 1)", ("1",)),
    Function(
        "selu",
        ("x",),
        "1.0507009873554805*(x if x > 0 else 1.6732632423543772*(exp(min(x, 0)) - 1))",
        source="Klambauer et al. 2017, equation 2",
    ),
    Function("silu", ("x",), "x*sigmoid(x)", source="also called swish with beta = 1"),
    Function("mish", ("x",), "x*tanh(softplus(x))"),
    Function(
        "gelu", ("x",), "x*(1 + erf(x/sqrt(2)))/2", source="Hendrycks and Gimpel 2016, exact form"
    ),
    Function(
        "gelu_tanh",
        ("x",),
        "1/2*x*(1 + tanh(sqrt(2/pi)*(x + 0.044715*x^3)))",
        source="Hendrycks and Gimpel 2016, tanh form",
    ),
    Function("softsign", ("x",), "x/(1 + abs(x))"),
    Function("hard_sigmoid", ("x",), "min(max(x/6 + 1/2, 0), 1)", source="PyTorch's form"),
    Function("hard_tanh", ("x",), "min(max(x, -1), 1)"),
    Function("hard_swish", ("x",), "x*min(max(x/6 + 1/2, 0), 1)"),
    Function("sinh", ("x",), "(exp(x) - exp(-x))/2"),
    Function("cosh", ("x",), "(exp(x) + exp(-x))/2"),
    Function("tan", ("x",), "sin(x)/cos(x)"),
    Function("cot", ("x",), "cos(x)/sin(x)"),
    Function("sec", ("x",), "1/cos(x)"),
    Function("logit", ("p",), "log(p/(1 - p))"),
    Function("var", ("x",), "mean((x - mean(x))^2)", source="divided by n, not n - 1"),
    Function("std", ("x",), "sqrt(mean((x - mean(x))^2))", source="divided by n, not n - 1"),
    Function("norm", ("x",), "sqrt(sum(x^2))"),
    Function("norm1", ("x",), "sum(abs(x))"),
    Function("logsumexp", ("x",), "max(x) + log(sum(exp(x - max(x))))"),
    Function("accuracy", ("p", "y"), "mean(p == y)"),
    Function("delta", ("i", "j"), "i == j", source="1 for equal indices, else 0"),
)

FUNCTIONS: Final = {row.name: row for row in _ROWS}
FUNCTION_ALIASES: Final = {
    "swish": "silu",
    "δ": "delta",
    "lrelu": "leaky_relu",
    "leakyrelu": "leaky_relu",
    "LeakyReLU": "leaky_relu",
    "hardtanh": "hard_tanh",
    "hardsigmoid": "hard_sigmoid",
    "hardswish": "hard_swish",
    "variance": "var",
    "length": "norm",
    "lse": "logsumexp",
    "sqr": "square",
    "GELU": "gelu",
    "ELU": "elu",
    "SELU": "selu",
    "SiLU": "silu",
}
