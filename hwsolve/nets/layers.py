"""The layer table: one row for each kind of layer, in the order in which they are explained.

A row names the layer, the options that it takes, and the rule that gives its
output size, its parameters and its operations as formulas. To add a layer, add its
row here and its rule in one of the modules that the rules come from.
"""

from __future__ import annotations

from hwsolve.nets import pointwise, sliding
from hwsolve.nets.layer import Row

_WINDOW = ("stride", "padding", "dilation")
_CONVOLUTION = (*_WINDOW, "groups", "depthwise", "bias", "table")
_POOL = ("stride", "padding", "dilation", "rounding")


def _activation(name: str, *aliases: str, options: tuple[str, ...] = ()) -> Row:
    return Row(name, pointwise.activation(name), name, name, aliases, arguments=options)


LAYERS: tuple[Row, ...] = (
    Row(
        "conv", sliding.convolution, "convolution", "conv",
        ("convolution",),
        arguments=("filters", "kernel"), options=_CONVOLUTION, required=("filters", "kernel"),
    ),
    Row(
        "conv1d", sliding.convolution, "convolution", "conv",
        arguments=("filters", "kernel"), options=_CONVOLUTION, required=("filters", "kernel"),
        settled=(("axes", 1),),
    ),
    Row(
        "conv2d", sliding.convolution, "convolution", "conv",
        arguments=("filters", "kernel"), options=_CONVOLUTION, required=("filters", "kernel"),
        settled=(("axes", 2),),
    ),
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
        "maxpool", sliding.max_pooling, "max pooling", "pool",
        ("pool", "maxpool2d", "maxpool1d", "maxpooling", "maxpooling2d", "pooling", "max"),
        arguments=("kernel",), options=_POOL, required=("kernel",),
    ),
    Row(
        "avgpool", sliding.average_pooling, "average pooling", "pool",
        ("avgpool2d", "avgpool1d", "averagepool", "averagepooling", "averagepooling2d",
         "avgpooling", "meanpool", "avg", "average"),
        arguments=("kernel",), options=_POOL, required=("kernel",),
    ),
    Row(
        "subsample", sliding.subsampling, "trainable subsampling", "subsample",
        ("subsampling", "trainablesubsampling"),
        arguments=("kernel",), options=_POOL, required=("kernel",),
    ),
    Row(
        "globalavgpool", sliding.global_average, "global average pooling", "pool",
        ("gap", "globalaveragepool", "globalaveragepooling", "globalaveragepooling2d",
         "globalavgpooling", "globalpool", "globalpooling", "globalavg", "globalaverage"),
    ),
    Row(
        "globalmaxpool", sliding.global_max, "global max pooling", "pool",
        ("gmp", "globalmaxpooling", "globalmaxpooling2d", "globalmax"),
    ),
    Row("flatten", pointwise.flatten, "flatten", "flatten"),
    Row(
        "dense", pointwise.dense, "dense", "dense",
        ("fc", "linear", "fullyconnected", "affine"),
        arguments=("units",), options=("bias",), required=("units",),
    ),
    Row(
        "rbf", pointwise.radial_basis, "fixed radial basis functions", "rbf",
        ("radialbasis", "radialbasisfunctions"),
        arguments=("units",), required=("units",),
    ),
    _activation("relu"),
    _activation("relu6"),
    _activation("leaky_relu", "lrelu", options=("slope",)),
    _activation("sigmoid", "logistic"),
    _activation("tanh"),
    _activation("silu", "swish"),
    _activation("elu", options=("slope",)),
    _activation("gelu"),
    _activation("softplus"),
    _activation("identity"),
    Row("softmax", pointwise.softmax, "softmax", "softmax"),
    Row(
        "batchnorm", pointwise.batch_normalisation, "batch normalisation", "batchnorm",
        ("bn", "batchnorm2d", "batchnorm1d", "batchnormalization", "batchnormalisation"),
    ),
    Row("dropout", pointwise.same_size, "dropout", "dropout", ("dropout2d",), arguments=("rate",)),
    Row("add", pointwise.addition, "addition", "add", ("sum", "plus"), joins=True),
    Row(
        "concat", pointwise.concatenation, "concatenation", "concat",
        ("concatenate", "cat", "concatenation"), joins=True,
    ),
)  # fmt: skip

# Every way to write a layer's name, without spaces, hyphens and underscores.
ROWS: dict[str, Row] = {
    word.replace("_", ""): row for row in LAYERS for word in (row.name, *row.aliases)
}
