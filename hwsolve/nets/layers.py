"""The layer table: one row for each kind of layer, in the order in which they are explained.

A row names the layer, the options that it takes, and the rule that gives its
output size, its parameters and its operations as formulas. To add a layer, add its
row here and its rule in one of the modules that the rules come from.
"""

from __future__ import annotations

from hwsolve.nets import (
    activations,
    adaptive,
    attention,
    feed_forward,
    joins,
    normalisation,
    pointwise,
    recurrent_layers,
    reshaping,
    sliding,
    tokens,
    transposed,
)
from hwsolve.nets.layer import Row

_WINDOW = ("stride", "padding", "dilation")
_CONVOLUTION = (*_WINDOW, "groups", "depthwise", "bias", "table")
_TRANSPOSED = (*_WINDOW, "output_padding", "groups", "bias")
_POOL = ("stride", "padding", "dilation", "rounding")
_RECURRENT = (
    "layers", "bidirectional", "biases", "last", "activation", "projection",
)  # fmt: skip
_ATTENTION = (
    "kv_heads", "head_dim", "bias", "qkv_bias", "projections", "causal", "masked", "window",
    "sliding", "relative",
)  # fmt: skip


def _activation(
    name: str, *aliases: str, arguments: tuple[str, ...] = (), options: tuple[str, ...] = ()
) -> Row:
    title = name.replace("_", " ")
    return Row(name, activations.activation(name), title, name, aliases, arguments, options)


def _convolution(name: str, axes: int = 0, *aliases: str) -> Row:
    return Row(
        name, sliding.convolution, "convolution", "conv", aliases, ("filters", "kernel"),
        _CONVOLUTION, ("filters", "kernel"), (("axes", axes),) if axes else (),
    )  # fmt: skip


def _recurrent(name: str, title: str, *aliases: str) -> Row:
    options = tuple([
        each for each in _RECURRENT
        if (each != "activation" or name == "rnn") and (each != "projection" or name == "lstm")
    ])  # fmt: skip
    return Row(
        name, recurrent_layers.recurrent(name), title, name, aliases, ("units",), options,
        ("units",),
    )  # fmt: skip


LAYERS: tuple[Row, ...] = (
    _convolution("conv", 0, "convolution"),
    _convolution("conv1d", 1, "convolution1d"),
    _convolution("conv2d", 2, "convolution2d"),
    _convolution("conv3d", 3, "convolution3d"),
    Row(
        "depthwise", sliding.convolution, "depthwise convolution", "depthwise",
        ("dwconv", "depthwiseconv", "depthwiseconv2d", "convdepthwise", "depthwiseconvolution"),
        arguments=("kernel",), options=("filters", "multiplier", *_WINDOW, "bias"),
        required=("kernel",), settled=(("depthwise", True),),
    ),
    Row(
        "pointwise", sliding.convolution, "1x1 convolution", "pointwise",
        ("pwconv", "pointwiseconv", "pointwiseconvolution"),
        arguments=("filters",), options=("stride", "groups", "bias"), required=("filters",),
        settled=(("kernel", (1,)),),
    ),
    Row(
        "localconv", sliding.local, "locally connected layer", "local",
        ("local", "locallyconnected", "locallyconnected2d", "locallyconnected1d",
         "unsharedconv"),
        arguments=("filters", "kernel"), options=(*_WINDOW, "groups", "bias"),
        required=("filters", "kernel"),
    ),
    Row(
        "convtranspose", transposed.transposed_convolution, "transposed convolution", "up",
        ("deconv", "deconvolution", "convtranspose1d", "convtranspose2d", "convtranspose3d",
         "conv2dtranspose", "conv1dtranspose", "conv3dtranspose", "transposedconv",
         "transposeconv", "transposedconvolution", "upconv", "fractionallystridedconv"),
        arguments=("filters", "kernel"), options=_TRANSPOSED, required=("filters", "kernel"),
    ),
    Row(
        "maxpool", sliding.max_pooling, "max pooling", "pool",
        ("pool", "maxpool3d", "maxpool2d", "maxpool1d", "maxpooling", "maxpooling2d",
         "maxpooling1d", "maxpooling3d", "pooling", "max"),
        arguments=("kernel",), options=_POOL, required=("kernel",),
    ),
    Row(
        "avgpool", sliding.average_pooling, "average pooling", "pool",
        ("avgpool3d", "avgpool2d", "avgpool1d", "averagepool", "averagepooling",
         "averagepooling2d", "averagepooling1d", "averagepooling3d", "avgpooling", "meanpool",
         "avg", "average"),
        arguments=("kernel",), options=(*_POOL, "count_include_pad"), required=("kernel",),
    ),
    Row(
        "subsample", sliding.subsampling, "trainable subsampling", "subsample",
        ("subsampling", "trainablesubsampling"),
        arguments=("kernel",), options=_POOL, required=("kernel",),
    ),
    Row(
        "globalavgpool", sliding.global_average, "global average pooling", "pool",
        ("gap", "globalaveragepool", "globalaveragepooling", "globalaveragepooling2d",
         "globalaveragepooling1d", "globalavgpooling", "globalpool", "globalpooling",
         "globalavg", "globalaverage"),
    ),
    Row(
        "globalmaxpool", sliding.global_max, "global max pooling", "pool",
        ("gmp", "globalmaxpooling", "globalmaxpooling2d", "globalmaxpooling1d", "globalmax"),
    ),
    Row(
        "adaptiveavgpool", adaptive.adaptive_average, "adaptive average pooling", "pool",
        ("adaptiveavgpool1d", "adaptiveavgpool2d", "adaptiveavgpool3d", "adaptivepool",
         "adaptiveaveragepool", "adaptiveaveragepooling", "adaptiveavgpooling"),
        arguments=("output_size",), required=("output_size",),
    ),
    Row(
        "adaptivemaxpool", adaptive.adaptive_max, "adaptive max pooling", "pool",
        ("adaptivemaxpool1d", "adaptivemaxpool2d", "adaptivemaxpool3d", "adaptivemaxpooling"),
        arguments=("output_size",), required=("output_size",),
    ),
    Row("flatten", pointwise.flatten, "flatten", "flatten"),
    Row(
        "dense", pointwise.dense, "dense", "dense",
        ("fc", "linear", "fullyconnected", "affine"),
        arguments=("units",), options=("bias", "positionwise", "tied"), required=("units",),
    ),
    Row(
        "rbf", pointwise.radial_basis, "fixed radial basis functions", "rbf",
        ("radialbasis", "radialbasisfunctions"),
        arguments=("units",), required=("units",),
    ),
    _activation("relu"),
    _activation("relu6"),
    _activation("leaky_relu", "lrelu", arguments=("slope",)),
    Row(
        "prelu", activations.parametric_relu, "parametric relu", "prelu",
        ("parametricrelu",), arguments=("parameters",),
    ),
    _activation("threshold"),
    _activation("step", "heaviside", "sign"),
    _activation("sigmoid", "logistic"),
    _activation("tanh"),
    _activation("scaled_tanh", "lecuntanh"),
    _activation("silu", "swish"),
    _activation("elu", arguments=("slope",)),
    _activation("celu", arguments=("slope",)),
    _activation("selu"),
    _activation("gelu", options=("approximate",)),
    _activation("quick_gelu"),
    _activation("mish"),
    _activation("softplus"),
    _activation("logsigmoid"),
    _activation("softsign"),
    _activation("hard_sigmoid"),
    _activation("hard_swish", "hardsilu"),
    _activation("hard_tanh", "clip"),
    _activation("tanhshrink"),
    _activation("hardshrink"),
    _activation("softshrink"),
    _activation("square"),
    _activation("relu_squared", "squaredrelu", "relu2"),
    _activation("exp"),
    _activation("abs"),
    _activation("identity", "noop"),
    Row("softmax", activations.softmax, "softmax", "softmax", ("softmax2d",)),
    Row("logsoftmax", activations.log_softmax, "log softmax", "logsoftmax"),
    Row(
        "maxout", activations.maxout, "maxout", "maxout", arguments=("pieces",),
        required=("pieces",),
    ),
    Row("glu", activations.gated_unit("sigmoid"), "gated linear unit", "glu"),
    Row(
        "batchnorm", normalisation.batch_normalisation, "batch normalisation", "batchnorm",
        ("bn", "batchnorm1d", "batchnorm2d", "batchnorm3d", "batchnormalization",
         "batchnormalisation"),
        options=("affine", "track"),
    ),
    Row(
        "layernorm", normalisation.layer_normalisation, "layer normalisation", "layernorm",
        ("ln", "layernormalization", "layernormalisation"),
        options=("affine", "shift", "positionwise"),
    ),
    Row(
        "rmsnorm", normalisation.rms_normalisation, "RMS normalisation", "rmsnorm",
        ("rms", "rmsnormalization", "rmsnormalisation"), options=("affine", "positionwise"),
    ),
    Row(
        "groupnorm", normalisation.group_normalisation, "group normalisation", "groupnorm",
        ("gn", "groupnormalization", "groupnormalisation"),
        arguments=("groups",), options=("affine",), required=("groups",),
    ),
    Row(
        "instancenorm", normalisation.instance_normalisation, "instance normalisation",
        "instancenorm",
        ("instancenorm1d", "instancenorm2d", "instancenorm3d", "instancenormalization",
         "instancenormalisation"),
        options=("affine",),
    ),
    Row(
        "lrn", normalisation.local_response, "local response normalisation", "lrn",
        ("localresponsenorm", "localresponsenormalization", "localresponsenormalisation"),
        arguments=("neighbours",),
    ),
    Row(
        "dropout", pointwise.same_size, "dropout", "dropout",
        ("dropout1d", "dropout2d", "dropout3d", "alphadropout", "spatialdropout2d", "droppath",
         "stochasticdepth"),
        arguments=("rate",),
    ),
    Row(
        "se", pointwise.squeeze_excitation, "squeeze and excitation", "se",
        ("squeezeexcitation", "squeezeandexcitation", "squeezeexcite", "seblock"),
        arguments=("reduction",), options=("squeezed", "bias"),
    ),
    Row(
        "layerscale", pointwise.layer_scale, "layer scale", "layerscale", ("scale",),
    ),
    Row(
        "shuffle", reshaping.channel_shuffle, "channel shuffle", "shuffle",
        ("channelshuffle", "shufflechannels"), arguments=("groups",), required=("groups",),
    ),
    Row(
        "split", reshaping.part, "split", "split", ("chunk",),
        arguments=("parts", "part"), required=("parts",),
    ),
    Row(
        "slice", reshaping.cut, "slice", "slice", ("narrow",),
        arguments=("range",), options=("axis",), required=("range",),
    ),
    Row(
        "crop", reshaping.crop, "crop", "crop",
        ("centercrop", "centrecrop", "cropping", "cropping2d", "cropping1d"),
        arguments=("margins",), options=("output_size",),
    ),
    Row(
        "zeropad", reshaping.zero_padding, "zero padding", "pad",
        ("pad", "zeropad2d", "zeropad1d", "zeropadding", "zeropadding2d", "constantpad2d"),
        arguments=("margins",), required=("margins",),
    ),
    Row(
        "upsample", reshaping.upsampling, "upsampling", "upsample",
        ("upsampling", "upsampling1d", "upsampling2d", "upsampling3d", "resize", "interpolate"),
        arguments=("factor",), options=("output_size", "mode"),
    ),
    Row(
        "pixelshuffle", reshaping.pixel_shuffle, "pixel shuffle", "pixelshuffle",
        ("depthtospace", "subpixel"), arguments=("factor",), required=("factor",),
    ),
    Row(
        "spacetodepth", reshaping.space_to_depth, "space to depth", "spacetodepth",
        ("pixelunshuffle",), arguments=("factor",), required=("factor",),
    ),
    Row("add", joins.addition, "addition", "add", ("sum", "plus"), joins=True),
    Row(
        "mul", joins.multiplication, "multiplication", "mul",
        ("multiply", "times", "multiplication"), joins=True,
    ),
    Row(
        "concat", joins.concatenation, "concatenation", "concat",
        ("concatenate", "cat", "concatenation"), options=("axis",), joins=True,
    ),
    _recurrent("rnn", "recurrent layer", "simplernn", "elmanrnn", "vanillarnn"),
    _recurrent("lstm", "LSTM", "longshorttermmemory"),
    _recurrent("gru", "GRU", "gatedrecurrentunit"),
    Row(
        "embedding", tokens.embedding, "embedding", "embedding",
        ("embed", "tokenembedding", "typeembedding", "wordembedding"),
        arguments=("vocabulary", "features"), options=("tied",),
        required=("vocabulary", "features"),
    ),
    Row(
        "patches", tokens.patch_embedding, "patch embedding", "patches",
        ("patchembed", "patchembedding", "patchify"),
        arguments=("features", "patch"), options=("bias",), required=("features", "patch"),
    ),
    Row(
        "classtoken", tokens.class_token, "class token", "classtoken",
        ("clstoken", "cls"), options=("parts",),
    ),
    Row(
        "positions", tokens.positions, "positions", "positions",
        ("positionembedding", "positionalembedding", "positionalencoding", "posembed",
         "positionembeddings"),
        arguments=("length",), options=("learned",),
    ),
    Row("tokens", reshaping.to_tokens, "places as tokens", "tokens", ("totokens", "sequence")),
    Row(
        "taketoken", reshaping.take_token, "one token", "token", ("firsttoken",),
        arguments=("index",),
    ),
    Row(
        "attention", attention.attention, "attention", "attention",
        ("selfattention", "multiheadattention", "mha", "multiheadselfattention", "mhsa",
         "crossattention", "groupedqueryattention", "gqa", "windowattention",
         "windowedattention"),
        arguments=("heads",), options=_ATTENTION, reads=2,
    ),
    Row(
        "mqa", attention.attention, "multi-query attention", "attention",
        ("multiqueryattention",),
        arguments=("heads",), options=tuple([n for n in _ATTENTION if n != "kv_heads"]),
        settled=(("kv_heads", 1),), reads=2,
    ),
    Row(
        "feedforward", feed_forward.feed_forward, "feed-forward", "ffn",
        ("ffn", "mlp", "positionwisefeedforward"),
        arguments=("hidden",), options=("gated", "activation", "bias"), required=("hidden",),
    ),
    Row(
        "swiglu", feed_forward.feed_forward, "gated feed-forward", "ffn",
        arguments=("hidden",), options=("bias",), required=("hidden",),
        settled=(("gated", True), ("activation", "silu")),
    ),
    Row(
        "geglu", feed_forward.feed_forward, "gated feed-forward", "ffn",
        arguments=("hidden",), options=("bias",), required=("hidden",),
        settled=(("gated", True), ("activation", "gelu")),
    ),
    Row(
        "moe", feed_forward.mixture_of_experts, "mixture of experts", "moe",
        ("mixtureofexperts",),
        arguments=("experts", "hidden"), options=("top", "shared", "gated", "activation", "bias"),
        required=("experts", "hidden"),
    ),
)  # fmt: skip

# Every way to write a layer's name, without spaces, hyphens and underscores.
ROWS: dict[str, Row] = {
    word.replace("_", ""): row for row in LAYERS for word in (row.name, *row.aliases)
}
