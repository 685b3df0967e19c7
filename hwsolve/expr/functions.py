"""Functions that are short for a formula: a row is a name, parameters and the formula.

They are written out where they are used, so their derivatives and their working
come from the operations that they are made of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hwsolve.expr.formula_row import Function
from hwsolve.expr.layer_functions import LAYER_FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

_ROWS: Final = (
    Function("square", ("x",), "x^2"),
    Function("leaky_relu", ("x", "slope"), "x if x > 0 else slope*x", ("0.01",)),
    Function("prelu", ("x", "slope"), "x if x > 0 else slope*x", ("0.25",)),
    Function("relu6", ("x",), "min(relu(x), 6)"),
    Function(
        "threshold",
        ("x", "threshold", "value"),
        "x if x > threshold else value",
        ("0", "0"),
        source="PyTorch's form",
    ),
    Function("elu", ("x", "alpha"), "x if x > 0 else alpha*(exp(min(x, 0)) - 1)", ("1",)),
    Function(
        "celu",
        ("x", "alpha"),
        "x if x > 0 else alpha*(exp(min(x, 0)/alpha) - 1)",
        ("1",),
        source="Barron 2017",
    ),
    Function(
        "selu",
        ("x",),
        "1.0507009873554805*(x if x > 0 else 1.6732632423543772*(exp(min(x, 0)) - 1))",
        source="Klambauer et al. 2017, equation 2",
    ),
    Function(
        "silu",
        ("x", "beta"),
        "x*sigmoid(«beta*»x)",
        (None,),
        source="also called swish; beta is 1 if not given",
    ),
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
    Function(
        "gelu_sigmoid",
        ("x",),
        "x*sigmoid(1.702*x)",
        source="Hendrycks and Gimpel 2016, sigmoid form",
    ),
    Function("log_sigmoid", ("x",), "-softplus(-x)", source="log(sigmoid(x)) without overflow"),
    Function("softsign", ("x",), "x/(1 + abs(x))"),
    Function("tanh_shrink", ("x",), "x - tanh(x)"),
    Function("soft_shrink", ("x", "lambda"), "sign(x)*max(abs(x) - lambda, 0)", ("1/2",)),
    Function("hard_shrink", ("x", "lambda"), "x if abs(x) > lambda else 0", ("1/2",)),
    Function("hard_sigmoid", ("x",), "min(max(x/6 + 1/2, 0), 1)", source="PyTorch's form"),
    Function(
        "hard_sigmoid_keras",
        ("x",),
        "min(max(0.2*x + 1/2, 0), 1)",
        source="Keras's form before version 3",
    ),
    Function("hard_tanh", ("x",), "min(max(x, -1), 1)"),
    Function("hard_swish", ("x",), "x*min(max(x/6 + 1/2, 0), 1)"),
    Function("clip", ("x", "low", "high"), "min(max(x, low), high)"),
    Function("gaussian", ("x",), "exp(-x^2)"),
    Function("sinh", ("x",), "(exp(x) - exp(-x))/2"),
    Function("cosh", ("x",), "(exp(x) + exp(-x))/2"),
    Function("tan", ("x",), "sin(x)/cos(x)"),
    Function("cot", ("x",), "cos(x)/sin(x)"),
    Function("sec", ("x",), "1/cos(x)"),
    Function("logit", ("p",), "log(p/(1 - p))"),
    Function("var", ("x",), "mean((x - mean(x))^2)", source="divided by n, not n - 1"),
    Function("std", ("x",), "sqrt(mean((x - mean(x))^2))", source="divided by n, not n - 1"),
    Function("norm", ("x",), "sqrt(sum(x^2))", scalar="abs(x)"),
    Function("norm1", ("x",), "sum(abs(x))", scalar="abs(x)"),
    Function("logsumexp", ("x",), "max(x) + log(sum(exp(x - max(x))))"),
    Function("softmin", ("x",), "softmax(-x)"),
    Function("accuracy", ("p", "y"), "mean(p == y)", scalar="p == y"),
    Function("delta", ("i", "j"), "i == j", source="1 for equal indices, else 0"),
    Function("distance", ("a", "b"), "sqrt(sum((a - b)^2))", scalar="abs(a - b)"),
    Function("cosine_similarity", ("a", "b"), "sum(a*b)/(sqrt(sum(a^2))*sqrt(sum(b^2)))"),
    # Information
    Function("entropy", ("p",), "-sum(p*log(p))", source="0·log(0) is 0"),
    Function("binary_entropy", ("p",), "-(p*log(p) + (1 - p)*log(1 - p))", source="0·log(0) is 0"),
    Function(
        "relative_entropy",
        ("p", "q"),
        "sum(p*log(p/q))",
        source="the divergence D(p‖q) of p from q; 0·log(0) is 0",
    ),
    Function(
        "perplexity",
        ("p",),
        "exp(-mean(ln(p)))",
        source="of a sequence whose items had these probabilities; that of a distribution is "
        "exp(entropy(p))",
        scalar="1/p",
    ),
    # Penalties
    Function("l2_penalty", ("W", "lambda"), "lambda*sum(W^2)", scalar="lambda*W^2"),
    Function(
        "half_l2_penalty",
        ("W", "lambda"),
        "lambda/2*sum(W^2)",
        source="its gradient is lambda*W",
        scalar="lambda/2*W^2",
    ),
    Function("l1_penalty", ("W", "lambda"), "lambda*sum(abs(W))", scalar="lambda*abs(W)"),
    Function(
        "elastic_net",
        ("W", "l1", "l2"),
        "l1*sum(abs(W)) + l2*sum(W^2)",
        scalar="l1*abs(W) + l2*W^2",
    ),
    Function(
        "elastic_net_ratio",
        ("W", "lambda", "ratio"),
        "lambda*(ratio*sum(abs(W)) + (1 - ratio)/2*sum(W^2))",
        source="scikit-learn's form, with alpha and l1_ratio",
        scalar="lambda*(ratio*abs(W) + (1 - ratio)/2*W^2)",
    ),
    # Overlap and counts
    Function("dice", ("p", "y"), "2*sum(p*y)/(sum(p) + sum(y))", source="also F1, of 0s and 1s"),
    Function("iou", ("p", "y"), "sum(p*y)/(sum(p) + sum(y) - sum(p*y))"),
    Function("precision", ("p", "y"), "sum(p*y)/sum(p)", source="of 0s and 1s"),
    Function("recall", ("p", "y"), "sum(p*y)/sum(y)", source="of 0s and 1s"),
    Function(
        "r2_score",
        ("yhat", "y"),
        "1 - sum((y - yhat)^2)/sum((y - mean(y))^2)",
        source="the coefficient of determination",
    ),
)


FUNCTIONS: Final[Mapping[str, Function]] = {row.name: row for row in (*_ROWS, *LAYER_FUNCTIONS)}
FUNCTION_ALIASES: Final = {
    "swish": "silu",
    "δ": "delta",
    "lrelu": "leaky_relu",
    "leakyrelu": "leaky_relu",
    "LeakyReLU": "leaky_relu",
    "PReLU": "prelu",
    "hardtanh": "hard_tanh",
    "hardsigmoid": "hard_sigmoid",
    "hardswish": "hard_swish",
    "softshrink": "soft_shrink",
    "hardshrink": "hard_shrink",
    "tanhshrink": "tanh_shrink",
    "logsigmoid": "log_sigmoid",
    "quick_gelu": "gelu_sigmoid",
    "clamp": "clip",
    "variance": "var",
    "length": "norm",
    "lse": "logsumexp",
    "sqr": "square",
    "GELU": "gelu",
    "ELU": "elu",
    "SELU": "selu",
    "CELU": "celu",
    "SiLU": "silu",
    "Mish": "mish",
    "cosine": "cosine_similarity",
    "cos_sim": "cosine_similarity",
    "euclidean": "distance",
    "weight_decay": "half_l2_penalty",
    "jaccard": "iou",
    "f1": "dice",
    "r2": "r2_score",
    "layernorm": "layer_norm",
    "batchnorm": "batch_norm",
    "groupnorm": "group_norm",
    "instancenorm": "instance_norm",
    "rmsnorm": "rms_norm",
    "LayerNorm": "layer_norm",
    "BatchNorm": "batch_norm",
    "RMSNorm": "rms_norm",
    "scaled_dot_product_attention": "attention",
    "mha": "multi_head_attention",
    "sinusoidal": "positional_encoding",
    "rotary": "rope",
}
