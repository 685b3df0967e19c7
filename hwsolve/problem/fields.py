"""The keys of a problem file: one table that the reader, the schema and the help read.

A row says what a key is called, what it takes, what it means and how it looks. A
new kind of problem is one more entry of KINDS and one function that makes its body.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Field(NamedTuple):
    """A key.

    `type` names what it takes, one of the types of `reader.READERS`; `choices` are the
    words that a "choice" takes (an
    "option" is a choice that keeps its place); `least` and `most` bound a "count". A `required` key
    must stand in the file, or for a problem in parts in the file or the part. `shared`
    keys of a file are taken over by its parts.
    """

    name: str
    type: str
    meaning: str
    example: str
    required: bool = False
    choices: tuple[str, ...] = ()
    least: int = 0
    most: int = 0
    shared: bool = True


class Kind(NamedTuple):
    """A kind of problem: its name, what it is, and its own keys beside the common ones."""

    name: str
    meaning: str
    fields: tuple[Field, ...]


KIND_NAMES: Final = (
    "graph", "network", "recurrent", "cnn", "derivation", "claim", "functions",
)  # fmt: skip

COMMON: Final = (
    Field("kind", "choice", "what kind of problem it is", "graph", choices=KIND_NAMES),
    Field("title", "text", "a title in a few words", "A neuron", shared=False),
    Field("statement", "text", "the question in your own words", "Find dz/dw.", shared=False),
    Field("source", "text", "where the question comes from", "Exercise 3", shared=False),
    Field(
        "given",
        "given",
        "the given values by name: numbers, fractions, lists, constant formulas",
        "{x: 0.5, t: 1/3, W: [[1, 2], [3, 4]], I: eye(3)}",
    ),
    Field(
        "find",
        "names",
        "what is asked; by default what the answers name",
        "[z, dz/dw0]",
    ),
    Field(
        "answers",
        "answers",
        "the right answers by name, as `hwsolve check` compares them",
        "{z: 1.03, dz/dw0: -0.2}",
        shared=False,
    ),
    Field("conventions", "conventions", "choices in which courses differ", "{relu_at_0: 1}"),
    Field("digits", "count", "significant digits that are shown", "4", least=1, most=50),
    Field("exact", "yes or no", "compute with fractions where possible", "yes"),
    Field("round_steps", "count", "round every step to so many decimals", "4", most=50),
    Field("ties", "choice", "where a half goes in rounding", "away", choices=("away", "even")),
    Field(
        "working",
        "choice",
        "how much of the working is shown",
        "short",
        choices=("full", "short", "none"),
    ),
    Field("entry", "names", "entries of arrays that are worked out in full", "dL/dW1[0,2]"),
    Field(
        "parts",
        "parts",
        "the parts of the problem by label; a part has keys of its own and shares the file's",
        "{a: {find: [z]}, b: {find: [dz/dw0]}}",
        shared=False,
    ),
)

_EQUATIONS: Final = Field(
    "equations",
    "equations",
    "the equations in the order of computation: a list, or a block text with one a line",
    "[x1 = relu(x0*w0 + b0), z = x1 + x0]",
)

_EXPRESSIONS: Final = Field(
    "expressions",
    "names",
    "what is asked as a formula in the symbols, also at free indices; nothing needs a value",
    "dR/dw[i], dR/dv[j]",
)
_ASSUME: Final = Field(
    "assume",
    "statements",
    "comparisons that hold",
    "sum(y[j] for j in 1..N) == 1",
)
_SHAPES: Final = Field(
    "shapes",
    "shapes",
    "the shapes of vectors and matrices",
    "{W: n x m, x: m}",
)

_CELL: Final = Field(
    "cell",
    "choice",
    "which cell it is",
    "lstm",
    required=True,
    choices=("rnn", "lstm", "gru"),
)
_CELL_OPTIONS: Final = (
    Field(
        "concatenated",
        "option",
        "each W multiplies the input and the state as one vector, in this order",
        "x h",
        choices=("x h", "h x"),
    ),
    Field(
        "reset",
        "option",
        "whether a GRU's reset gate acts before or after the product with U",
        "before",
        choices=("before", "after"),
    ),
    Field(
        "update",
        "option",
        "whether a GRU's update gate z weighs the new value or the old state",
        "new",
        choices=("new", "old"),
    ),
    Field("activation", "formula", "the activation of an rnn; by default tanh", "tanh"),
)

KINDS: Final = (
    Kind(
        "graph",
        "any equations",
        (
            _EQUATIONS._replace(required=True),
            _EXPRESSIONS,
            _ASSUME._replace(meaning="comparisons that hold for formulas in symbols"),
            _SHAPES._replace(meaning="the shapes of symbols that are vectors or matrices"),
        ),
    ),
    Kind(
        "network",
        "dense layers with weights, written out as equations",
        (
            Field("input", "name", "the given value that goes in; by default x or X", "x"),
            Field("target", "name", "the wanted output; by default y, t, Y or T", "t"),
            Field(
                "examples",
                "choice",
                "whether the input is a single example, or holds one in each row or column",
                "rows",
                choices=("single", "rows", "columns"),
            ),
            Field(
                "layers",
                "dense layers",
                "the layers: weights, bias and activation of each",
                "[{W: W1, b: b1, activation: sigmoid}]",
                required=True,
            ),
            Field("loss", "formula", "the name of a loss, or an equation", "half_squared_error"),
            _EQUATIONS._replace(meaning="equations that follow the network"),
            _EXPRESSIONS,
        ),
    ),
    Kind(
        "recurrent",
        "a recurrent cell run over a sequence",
        (
            _CELL,
            Field(
                "input",
                "name",
                "the given sequence, one step in each row; by default x or X",
                "x",
            ),
            *_CELL_OPTIONS,
            _EQUATIONS._replace(meaning="equations that follow the last step"),
            _EXPRESSIONS,
        ),
    ),
    Kind(
        "cnn",
        "sizes, parameters and operations of a network of layers",
        (
            Field(
                "input",
                "size",
                "the size of one example: channels x height x width, or a number of features",
                "1x32x32",
                required=True,
            ),
            Field("batch", "count", "the number of examples", "32", least=1, most=10**9),
            Field(
                "layers",
                "layers",
                "the layers in short form (`conv 6 5x5`) or as mappings, with or without names",
                "[C1: conv 6 5x5, S2: pool 2]",
                required=True,
            ),
            Field("paths", "paths", "lists of layers to be compared, by name", "{left: [A, B]}"),
        ),
    ),
    Kind(
        "derivation",
        "a proof or a calculation in lines, each of which is checked",
        (
            _EQUATIONS._replace(
                meaning="definitions, families and functions; other names are any numbers",
                example="P[j] = exp(h[j])/sum(exp(h[k]) for k in 1..N) for j in 1..N",
            ),
            _ASSUME,
            Field("show", "statements", "what is to be shown", "dL/dh[i] = P[i] - y[i]"),
            Field(
                "lines",
                "derivation lines",
                "the lines, with reason, case and the line they go on from; if left out, "
                "hwsolve writes them",
                "[{line: ds/dz = s*(1 - s), because: quotient rule}]",
            ),
            _SHAPES,
        ),
    ),
    Kind(
        "claim",
        "a statement that is true or false, with a proof or a counterexample",
        (
            _EQUATIONS._replace(
                meaning="definitions; names without one stand for every real number",
                example="[a = sigmoid(z), L = g*a]",
            ),
            _CELL._replace(
                required=False,
                meaning="the equations of a recurrent cell, with its gates by name",
            ),
            *_CELL_OPTIONS,
            Field(
                "claim",
                "statements",
                "what is claimed: comparisons, all of which have to hold",
                "h == h'",
                required=True,
            ),
            Field("when", "statements", "the conditions under which it is claimed", "x == 0"),
            Field(
                "domain",
                "settings",
                "what names range over, if not over every real number",
                "{x: positive, W1: 0..1}",
            ),
            _SHAPES._replace(
                meaning="the shapes of vectors and matrices; a name is any size",
                example="{W1: n x 2}",
            ),
            Field(
                "witness",
                "equations",
                "what is claimed to exist: names, and what they are",
                "[W = W2 @ W1, b = W2 @ b1 + b2]",
            ),
            Field(
                "for_every",
                "names",
                "names for which the witness has to be the same, so that it may not use them",
                "x",
            ),
            Field(
                "limit",
                "settings",
                "computed names that tend to a value: the claim is about the limit",
                "{i: 0}",
            ),
            Field(
                "arithmetic",
                "choice",
                "real numbers, or floats of 64 bits in which nan and inf are values",
                "real",
                choices=("real", "floats"),
            ),
        ),
    ),
    Kind(
        "functions",
        "functions of one variable, compared: range, limits, slope, saturation, symmetry",
        (
            Field(
                "functions",
                "equations",
                "the functions: `tanh(x)`, or with a name of its own `f = x*sigmoid(x)`",
                "[tanh(x), sigmoid(x)]",
                required=True,
            ),
            _EQUATIONS._replace(
                meaning="functions and constants that the functions use", example="[b = 2]"
            ),
        ),
    ),
)

# The keys of a layer of `kind: network`.
DENSE_LAYER: Final = (
    Field("W", "weights", "the name of the weights, or the weights", "W1", required=True),
    Field("b", "weights", "the name of the bias, or the bias; none if left out", "b1"),
    Field("activation", "formula", "the activation; linear if left out", "sigmoid"),
    Field("name", "text", "a name for the layer", "out"),
)

# Keys by which a layer of `kind: cnn` in long form is known from a layer with a name: the
# names in the layer table (a test keeps them equal), and the keys that announce one.
LAYER_WORDS: Final = frozenset({
    "add", "affine", "average", "averagepool", "averagepooling", "averagepooling2d", "avg",
    "avgpool", "avgpool1d", "avgpool2d", "avgpooling", "batchnorm", "batchnorm1d",
    "batchnorm2d", "batchnormalisation", "batchnormalization", "bn", "cat", "concat",
    "concatenate", "concatenation", "conv", "conv1d", "conv2d", "convdepthwise", "convolution",
    "dense", "depthwise", "depthwiseconv", "depthwiseconv2d", "depthwiseconvolution", "dropout",
    "dropout2d", "dwconv", "elu", "fc", "flatten", "fullyconnected", "gap", "gelu",
    "globalaverage", "globalaveragepool", "globalaveragepooling", "globalaveragepooling2d",
    "globalavg", "globalavgpool", "globalavgpooling", "globalmax", "globalmaxpool",
    "globalmaxpooling", "globalmaxpooling2d", "globalpool", "globalpooling", "gmp", "identity",
    "kind", "layer", "leakyrelu", "linear", "logistic", "lrelu", "max", "maxpool", "maxpool1d",
    "maxpool2d", "maxpooling", "maxpooling2d", "meanpool", "plus", "pointwise", "pointwiseconv",
    "pointwiseconvolution", "pool", "pooling", "pwconv", "radialbasis", "radialbasisfunctions",
    "rbf", "relu", "relu6", "sigmoid", "silu", "softmax", "softplus", "subsample",
    "subsampling", "sum", "swish", "tanh", "trainablesubsampling", "type",
})  # fmt: skip

_BY_KIND: Final = {kind.name: kind for kind in KINDS}
_KNOWN: Final[dict[str, dict[str, Field]]] = {}


def fields_of(kind: str) -> dict[str, Field]:
    """All keys of a kind by name. For "" those of a file that leaves the kind to its parts."""
    known = _KNOWN.get(kind)
    if known is None:
        own = _BY_KIND[kind].fields if kind else (_EQUATIONS,)
        known = _KNOWN[kind] = {field.name: field for field in (*COMMON, *own)}
    return known


def kinds_with(key: str) -> tuple[str, ...]:
    """The kinds that have a key of their own with this name."""
    return tuple(kind.name for kind in KINDS if any(field.name == key for field in kind.fields))
