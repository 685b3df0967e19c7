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
    "graph", "network", "recurrent", "architecture", "optimizer", "derivation", "claim",
    "functions",
)  # fmt: skip
# Other names of kinds.
KIND_ALIASES: Final = {"cnn": "architecture"}

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

_EXTRAS: Final = (
    Field(
        "upstream",
        "amounts",
        "the gradient of an unnamed loss L, instead of a loss",
        "{dL/dy: 2, dL/dh: [0.5, -1]}",
    ),
    Field(
        "override",
        "amounts",
        "computed names whose values the question states; what follows uses these",
        "{yhat: 0.6}",
    ),
    Field(
        "parameters",
        "names",
        "the given values that are parameters, for `all gradients` and `update`",
        "[w, b]",
    ),
    Field("frozen", "names", "parameters without a gradient, which a step leaves", "[W1]"),
    Field(
        "update",
        "settings",
        "one step of gradient descent: `w_new`, `L_new`, `yhat_new` may be asked for; "
        "`lr`, and if need be `parameters` and `loss`",
        "{lr: 0.1}",
    ),
    Field(
        "options",
        "options",
        "the options of a question: which is right is answered as `option`",
        "{A: 0.3, B: 0.5}",
        shared=False,
    ),
)

_FOLDED: Final = Field(
    "bias",
    "option",
    "the bias is a part of W: the input gets a 1 in front, or with `folded last` behind it",
    "folded",
    choices=("folded", "folded last"),
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
            *_EXTRAS,
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
            _FOLDED,
            Field("loss", "formula", "the name of a loss, or an equation", "half_squared_error"),
            _EQUATIONS._replace(meaning="equations that follow the network"),
            _EXPRESSIONS,
            *_EXTRAS,
        ),
    ),
    Kind(
        "recurrent",
        "a recurrent cell run over a sequence",
        (
            _CELL,
            Field(
                "input",
                "formula",
                "the given sequence, one step in each row; by default x or X",
                "x",
            ),
            *_CELL_OPTIONS,
            Field("layers", "count", "the number of layers", "2", least=1, most=100),
            Field(
                "bidirectional",
                "yes or no",
                "whether a second cell reads the sequence backwards",
                "yes",
            ),
            Field(
                "merge",
                "option",
                "how the states of both directions are put together",
                "concat",
                choices=("concat", "sum", "mean"),
            ),
            Field(
                "examples",
                "choice",
                "whether a step holds one example, or one in each row or column",
                "rows",
                choices=("single", "rows", "columns"),
            ),
            Field(
                "batch_first",
                "yes or no",
                "whether the first axis of the input counts examples, and the second steps",
                "yes",
            ),
            Field(
                "output",
                "read-out",
                "the output of each step, or `at: last`: weights, bias and activation",
                "softmax",
            ),
            Field("target", "formula", "the wanted outputs; by default y, t, Y or T", "t"),
            Field("loss", "formula", "the loss of each output, or an equation", "cross_entropy"),
            Field(
                "truncate",
                "count",
                "through how many steps the gradient goes back",
                "2",
                least=1,
                most=10**6,
            ),
            Field(
                "feed",
                "option",
                "what a step reads where no input is given: the target or the output before it",
                "target",
                choices=("target", "output", "argmax"),
            ),
            Field("steps", "count", "the number of steps, with `feed`", "3", least=1, most=10**5),
            Field(
                "vocabulary",
                "vocabulary",
                "the symbols of a text in order, or their number; input and target may be texts",
                "[h, e, l, o]",
            ),
            _EQUATIONS._replace(meaning="equations that follow the last step"),
            _EXPRESSIONS,
            # `update` says here how a GRU updates its state
            *(field for field in _EXTRAS if field.name != "update"),
        ),
    ),
    Kind(
        "architecture",
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
            Field(
                "blocks",
                "blocks",
                "lists of layers with parameters that stand in several places",
                "{unit(c): [conv c 3x3 p1, relu]}",
            ),
            Field("paths", "paths", "lists of layers to be compared, by name", "{left: [A, B]}"),
            Field(
                "wanted",
                "statements",
                "what the network is to give: the letters in it are looked for",
                "output.size = 16x16x16, k <= 7",
            ),
            _EXPRESSIONS._replace(
                meaning="what is asked as a formula in the letters", example="total.params"
            ),
        ),
    ),
    Kind(
        "optimizer",
        "steps of an update rule, on given gradients, on a loss, or on examples",
        (
            Field("rule", "formula", "the update rule; by default gradient descent", "adam"),
            Field(
                "start",
                "given",
                "the parameters before the first step",
                "{w: 3, b: 0}",
            ),
            Field("parameters", "names", "which given values are parameters", "[w, b]"),
            Field(
                "gradients",
                "gradients",
                "the gradient of each step, or a formula for it; by parameter if several",
                "[4, 2, -1]",
            ),
            Field("loss", "formula", "what is minimised: a formula, or an equation", "(w - 3)^2"),
            _EQUATIONS._replace(
                meaning="equations that the loss uses, such as the prediction",
                example="[yhat = w*x + b]",
            ),
            Field(
                "data",
                "given",
                "lists with an entry for each example; the equations are those of one example",
                "{size: [2, 1], price: [10, 5]}",
            ),
            Field("target", "name", "which of the data is wanted; by default t or y", "t"),
            Field(
                "batch",
                "count",
                "how many examples a step sees; by default all, for sgd and perceptrons one",
                "2",
                least=1,
                most=10**6,
            ),
            Field("order", "rate", "the order in which examples are seen, from 1 on", "[2, 1]"),
            Field("steps", "steps", "how many steps are made, or `until no change`", "3"),
            Field("epochs", "steps", "how often all data are seen, or `until no change`", "2"),
            Field("done", "count", "how many steps were made before", "9", most=10**6),
            Field(
                "lr",
                "rate",
                "the learning rate: a number, a formula in the step t, or a list",
                "0.1/t",
            ),
            Field("schedule", "formula", "how the learning rate changes, by name", "cosine"),
            Field(
                "clip",
                "settings",
                "the limit of the gradient: by `norm`, `value`, or `global_norm` of all together",
                "{norm: 1}",
            ),
            Field("activation", "formula", "the activation of the delta rule's unit", "sigmoid"),
            Field(
                "after",
                "equations",
                "equations that follow the last step; parameters have their last values",
                "[p = w*4 + b]",
            ),
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
    Field("W", "weights", "the name of the weights, or the weights; none if left out", "W1"),
    Field("b", "weights", "the name of the bias, or the bias; none if left out", "b1"),
    _FOLDED,
    Field("activation", "formula", "the activation; linear if left out", "sigmoid"),
    Field("name", "text", "a name for the layer", "out"),
    Field("from", "text", "a layer or given value that it reads, if not the layer before", "x"),
    Field("add", "text", "a layer or given value that is added before the activation", "x"),
    Field("norm", "text", "normalisation before activation: `batch`, `layer` or `rms`", "batch"),
    Field("gamma", "weights", "the scale of the normalisation; 1 if left out", "gamma1"),
    Field("beta", "weights", "the shift of the normalisation; 0 if left out", "beta1"),
    Field("mean", "weights", "the running mean of a batch normalisation in evaluation", "m1"),
    Field("var", "weights", "the running variance of a batch normalisation in evaluation", "v1"),
    Field("eps", "text", "what is added to the variance; by default 1e-5", "1e-5"),
    Field("dropout", "weights", "the mask of 0s and 1s that multiplies the activation", "mask1"),
    Field("keep", "text", "what the mask is divided by: the probability to keep a unit", "0.8"),
)

# Keys by which a layer of `kind: architecture` in long form is known from a layer with a name: the
# names in the layer table (a test keeps them equal), and the keys that announce one.
LAYER_WORDS: Final = frozenset({
    "abs", "adaptiveaveragepool", "adaptiveaveragepooling", "adaptiveavgpool", "adaptiveavgpool1d",
    "adaptiveavgpool2d", "adaptiveavgpool3d", "adaptiveavgpooling", "adaptivemaxpool",
    "adaptivemaxpool1d", "adaptivemaxpool2d", "adaptivemaxpool3d", "adaptivemaxpooling",
    "adaptivepool", "add", "affine", "alphadropout", "attention", "average", "averagepool",
    "averagepooling", "averagepooling1d", "averagepooling2d", "averagepooling3d", "avg", "avgpool",
    "avgpool1d", "avgpool2d", "avgpool3d", "avgpooling", "batchnorm", "batchnorm1d", "batchnorm2d",
    "batchnorm3d", "batchnormalisation", "batchnormalization", "bn", "cat", "celu", "centercrop",
    "centrecrop", "channelshuffle", "chunk", "classtoken", "clip", "cls", "clstoken", "concat",
    "concatenate", "concatenation", "constantpad2d", "conv", "conv1d", "conv1dtranspose", "conv2d",
    "conv2dtranspose", "conv3d", "conv3dtranspose", "convdepthwise", "convolution", "convolution1d",
    "convolution2d", "convolution3d", "convtranspose", "convtranspose1d", "convtranspose2d",
    "convtranspose3d", "crop", "cropping", "cropping1d", "cropping2d", "crossattention", "deconv",
    "deconvolution", "dense", "depthtospace", "depthwise", "depthwiseconv", "depthwiseconv2d",
    "depthwiseconvolution", "dropout", "dropout1d", "dropout2d", "dropout3d", "droppath", "dwconv",
    "elmanrnn", "elu", "embed", "embedding", "exp", "fc", "feedforward", "ffn", "firsttoken",
    "flatten", "fractionallystridedconv", "fullyconnected", "gap", "gatedrecurrentunit", "geglu",
    "gelu", "globalaverage", "globalaveragepool", "globalaveragepooling", "globalaveragepooling1d",
    "globalaveragepooling2d", "globalavg", "globalavgpool", "globalavgpooling", "globalmax",
    "globalmaxpool", "globalmaxpooling", "globalmaxpooling1d", "globalmaxpooling2d", "globalpool",
    "globalpooling", "glu", "gmp", "gn", "gqa", "groupedqueryattention", "groupnorm",
    "groupnormalisation", "groupnormalization", "gru", "hardshrink", "hardsigmoid", "hardsilu",
    "hardswish", "hardtanh", "heaviside", "identity", "instancenorm", "instancenorm1d",
    "instancenorm2d", "instancenorm3d", "instancenormalisation", "instancenormalization",
    "interpolate", "kind", "layer", "layernorm", "layernormalisation", "layernormalization",
    "layerscale", "leakyrelu", "lecuntanh", "linear", "ln", "local", "localconv",
    "locallyconnected", "locallyconnected1d", "locallyconnected2d", "localresponsenorm",
    "localresponsenormalisation", "localresponsenormalization", "logistic", "logsigmoid",
    "logsoftmax", "longshorttermmemory", "lrelu", "lrn", "lstm", "max", "maxout", "maxpool",
    "maxpool1d", "maxpool2d", "maxpool3d", "maxpooling", "maxpooling1d", "maxpooling2d",
    "maxpooling3d", "meanpool", "mha", "mhsa", "mish", "mixtureofexperts", "mlp", "moe", "mqa",
    "mul", "multiheadattention", "multiheadselfattention", "multiplication", "multiply",
    "multiqueryattention", "narrow", "noop", "pad", "parametricrelu", "patchembed",
    "patchembedding", "patches", "patchify", "pixelshuffle", "pixelunshuffle", "plus", "pointwise",
    "pointwiseconv", "pointwiseconvolution", "pool", "pooling", "posembed", "positionalembedding",
    "positionalencoding", "positionembedding", "positionembeddings", "positions",
    "positionwisefeedforward", "prelu", "pwconv", "quickgelu", "radialbasis",
    "radialbasisfunctions", "rbf", "relu", "relu2", "relu6", "relusquared", "resize", "rms",
    "rmsnorm", "rmsnormalisation", "rmsnormalization", "rnn", "scale", "scaledtanh", "se",
    "seblock", "selfattention", "selu", "sequence", "shuffle", "shufflechannels", "sigmoid", "sign",
    "silu", "simplernn", "slice", "softmax", "softmax2d", "softplus", "softshrink", "softsign",
    "spacetodepth", "spatialdropout2d", "split", "square", "squaredrelu", "squeezeandexcitation",
    "squeezeexcitation", "squeezeexcite", "step", "stochasticdepth", "subpixel", "subsample",
    "subsampling", "sum", "swiglu", "swish", "taketoken", "tanh", "tanhshrink", "threshold",
    "times", "tokenembedding", "tokens", "totokens", "trainablesubsampling", "transposeconv",
    "transposedconv", "transposedconvolution", "type", "typeembedding", "unsharedconv", "upconv",
    "upsample", "upsampling", "upsampling1d", "upsampling2d", "upsampling3d", "vanillarnn",
    "windowattention", "windowedattention", "wordembedding", "zeropad", "zeropad1d", "zeropad2d",
    "zeropadding", "zeropadding2d",
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
