"""The layers of sequences and of larger maps as people write them, and what is refused."""

from __future__ import annotations

import pytest
from networks import answers, network, spec

from hwsolve.errors import HwsolveError, InputError
from hwsolve.expr.notation import text
from hwsolve.nets.layer import OPERATIONS
from hwsolve.nets.receptive_field import receptive_fields, traced_back
from hwsolve.nets.sizes import Tokens, ordered, read_input


def refusal(size: str, layer: str, find: str = "") -> str:
    with pytest.raises(HwsolveError) as caught:
        answers(f"input: {size}\nlayers: [{layer}]\n{find}")
    return str(caught.value)


@pytest.mark.parametrize(
    "written",
    ["10 tokens x 512", "10 tokens × 512 features", "10tokensx512", "10 steps x 512",
     "10 Patches*512"],
)  # fmt: skip
def test_a_sequence_has_many_spellings(written: str) -> None:
    size = read_input(written, None)
    assert size == Tokens((512, 10))
    assert ordered(size, "CHW") == (10, 512)


def test_a_sequence_is_no_map_of_the_same_numbers() -> None:
    assert read_input("512x10", None) != Tokens((512, 10))
    assert Tokens((512, 10)) != (512, 10)
    assert len({Tokens((512, 10)), (512, 10)}) == 2
    # a dense layer acts on each token, and on a map as a whole
    assert network(Tokens((512, 10)), "dense 4").layers[0].output == Tokens((4, 10))
    assert network((512, 10), "dense 4").layers[0].output == (4,)


def test_a_number_of_tokens_is_for_an_embedding() -> None:
    found = answers("input: 10 tokens\nlayers: [E: embedding 100 8]\nfind: [E.size, E.params]\n")
    assert found == {"E.size": (10, 8), "E.params": 800}


@pytest.mark.parametrize(
    ("long", "short"),
    [
        ("{convtranspose: 8, kernel: 4, stride: 2, padding: 1}", "deconv 8 4 s2 p1"),
        ("{type: ConvTranspose2d, out_channels: 8, kernel_size: 4, stride: 2, padding: 1}",
         "transposed conv 8 4x4 stride 2 padding=1"),
        ("{conv: 8, kernel: 3, padding: 0:1}", "conv 8 3 p0:1"),
        ("{conv: 8, kernel: 3, padding: same_torch}", "conv 8 3 same-torch"),
        ("{avgpool: 3, padding: 1, count_include_pad: no}", "avgpool 3 p1 include_pad=no"),
        ("{adaptiveavgpool: 4x5}", "adaptive avg pool 4x5"),
        ("{upsample: 2, mode: bilinear}", "upsample 2 bilinear"),
        ("{se: 4}", "squeeze excitation reduction=4"),
        ("{pad: 1}", "zeropad 1"),
        ("{batchnorm: , affine: no}", "bn affine=no"),
        ("{affine: 10}", "dense 10"),
        ("{layernorm: , positionwise: yes}", "layer norm each"),
        ("{dense: 5, positionwise: yes}", "linear 5 positionwise"),
    ],
)  # fmt: skip
def test_the_long_form_and_the_short_form_say_the_same(long: str, short: str) -> None:
    found = [
        answers(f"input: 8x10x10\nlayers: [{layer}]\nfind: [total.params, total.macs]\n")
        for layer in (long, short)
    ]
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("long", "short"),
    [
        ("{lstm: 6, bidirectional: yes, layers: 2, biases: 2, last: yes}",
         "LSTM 6 units bidirectional num_layers=2 two last"),
        ("{attention: 4, kv_heads: 2, bias: no}", "multi-head attention 4 heads kv=2 no bias"),
        ("{attention: 4, kv_heads: 1}", "mqa 4"),
        ("{feedforward: 32, activation: gelu}", "ffn 32 gelu"),
        ("{feedforward: 32, gated: yes, activation: silu}", "swiglu 32"),
        ("{moe: 4, hidden: 32, top_k: 1}", "mixture of experts 4 32 top=1"),
        ("{positions: 20, learned: no}", "positional encoding 20 fixed"),
    ],
)  # fmt: skip
def test_layers_of_sequences_have_a_long_and_a_short_form(long: str, short: str) -> None:
    short = short.replace(" two", " biases=two")
    found = [
        answers(f"input: 5 tokens x 8\nlayers: [{layer}]\nfind: [total.params, total.flops]\n")
        for layer in (long, short)
    ]
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("size", "layer", "message"),
    [
        ("3x8x8", "conv3d 4 3", "3:10: conv1: it reads channels x depth x height x width, "
         "not 3x8x8"),
        ("4x8x8", "deconv 4 3 p9", "3:21: up1: padding 9 leaves nothing of an output of 10; "
         "take less"),
        ("4x8x8", "deconv 4 3 s2 output_padding=2", "3:24: up1: an output padding of 2 is not "
         "below the stride or dilation of 2"),
        ("4x8x8", "deconv 6 3 groups=4", "3:17: up1: 6 filters cannot be divided into 4 groups; "
         "take a multiple of 4"),
        ("5x8x8", "conv 4 3 same-torch s2", "3:19: conv1: padding same in PyTorch's sense needs "
         "stride 1; write its numbers, or same for TensorFlow's rule"),
        ("5x8x8", "conv 4 3 padding=0:1:2", "3:19: the padding of conv has 3 numbers for an "
         "axis, in '0:1:2'; write before:behind, for example 0:1"),
        ("5x8x8", "localconv 4 9", "3:22: local1: the 9x9 kernel does not fit the input of 8x8; "
         "it would with padding 1"),
        ("10 tokens x 512", "attention 7", "3:20: attention1: 7 heads do not divide 512 "
         "features; take a divisor of 512, or say head_dim"),
        ("10 tokens x 512", "attention 8 kv_heads=3", "3:22: attention1: 3 heads of keys and "
         "values do not divide 8 heads; take a divisor of 8"),
        ("10x512", "attention 8", "3:10: attention1: it reads tokens with features, not 10x512; "
         "put tokens in front of it, or write the input as 10 tokens x 512"),
        ("10x512", "lstm 4", "3:10: lstm1: it reads a sequence, not 10x512; write the input as "
         "5 steps x 8, or put tokens or an embedding in front of it"),
        ("6 tokens x 5", "attention window=4", "3:20: attention1: windows of 4 tokens do not "
         "divide 6 tokens; take a divisor of 6"),
        ("6 tokens x 5", "attention window=3 relative", "3:29: attention1: relative positions "
         "are known for square windows only; say the tokens of a window, for example window=49"),
        ("6 tokens x 5", "attention sliding=4", "3:20: attention1: a sliding window of 4 has no "
         "middle; take an odd number, or make it causal"),
        ("10 tokens x 6", "positions 4", "3:20: positions1: it has 4 positions for 10 tokens"),
        ("6 tokens x 5", "embedding 10 4", "3:10: embedding1: it reads numbers of tokens, not "
         "6x5; an input of 10 tokens is written input: 10 tokens"),
        ("6 tokens x 5", "moe 4 8 top=5", "3:18: moe1: 5 of 4 experts cannot be used"),
        ("6 tokens x 5", "lstm 4 projection=4", "3:17: lstm1: a projection of 4 is not smaller "
         "than the state of 4"),
        ("6 tokens x 5", "lstm 4 no bias biases=2", "3:25: the number of bias vectors of a "
         "gate is given twice"),
        ("6 tokens x 5", "dense 4 tied=foo", "3:18: dense1: there is no other layer 'foo' to "
         "share with"),
        ("6x4x4", "groupnorm 4", "3:20: groupnorm1: 6 channels cannot be divided into 4 groups; "
         "take a divisor of 6"),
        ("6x4x4", "shuffle 4", "3:18: shuffle1: 6 channels cannot be divided into 4 groups; "
         "take a divisor of 6"),
        ("6x4x4", "split 4", "3:16: split1: 6 channels cannot be divided into 4 parts; take a "
         "divisor of 6"),
        ("6x4x4", "slice 2:9", "3:16: slice1: there are 6 channels, not 9; they count from 0"),
        ("6x4x4", "se 4", "3:13: se1: 6 channels cannot be divided by 4; take a divisor of 6, or "
         "say how many: squeezed=8"),
        ("6x4x4", "pixelshuffle 2", "3:23: pixelshuffle1: 6 channels cannot be divided by 4; "
         "take a factor whose power 2 divides 6"),
        ("6x5x4", "spacetodepth 2", "3:23: spacetodepth1: 5 places cannot be divided by 2"),
        ("6x5x4", "patches 8 2", "3:20: patches1: patches of 2 do not divide a side of 5; take a "
         "divisor of 5"),
        ("6x5x4", "crop 3", "3:15: crop1: nothing is left of 6x5x4"),
        ("6x5x4", "upsample", "3:10: upsample1: it needs a factor or the size of its output; "
         "write upsample 2, or to=56x56"),
        ("6x5x4", "prelu 5", "3:16: prelu1: 5 slopes are neither 1 nor one for each of 6 "
         "channels"),
        ("5x4x4", "glu", "3:10: glu1: 5 features cannot be divided by 2; it reads a multiple of "
         "2"),
        ("5x4x4", "taketoken", "3:10: token1: it reads 5x4x4, which has no tokens"),
        ("5x4x4", "mamba 16", "3:10: a state space layer is not in the layer table; "),
    ],
)  # fmt: skip
def test_a_layer_that_does_not_fit_is_told_why(size: str, layer: str, message: str) -> None:
    said = refusal(size, layer)
    assert said.startswith(f"net.yaml:{message}")
    assert said == f"net.yaml:{message}" or message.endswith("; ")


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (["add"], "add1: layers of sizes 4x9x9 and 4x8x8 cannot be added; all must have one size"),
        (["mul"], "mul1: layers of sizes 4x9x9 and 4x8x8 cannot be multiplied; all must have "
         "one size"),
        (["concat"], "concat1: layers of sizes 4x9x9 and 4x8x8 cannot be joined; height and "
         "width must be the same in all"),
        (["concat axis=tokens"], "concat1: layers of sizes 4x9x9 and 4x8x8 cannot be joined "
         "along the tokens; all must be tokens with the same number of features"),
    ],
)  # fmt: skip
def test_unequal_layers_are_not_joined(layers: list[str], message: str) -> None:
    with pytest.raises(InputError) as caught:
        network(
            (3, 9, 9),
            spec("conv 4 1", "a", ("input",)),
            spec("conv 4 2", "b", ("input",)),
            spec(layers[0], None, ("a", "b")),
        )
    assert str(caught.value) == message


def test_a_gate_for_each_channel_scales_a_map() -> None:
    net = network(
        (6, 5, 5), spec("identity", "x"), "globalavgpool", spec("sigmoid", "gate"),
        spec("mul", "y", ("x", "gate")),
    )  # fmt: skip
    assert net.by_name["y"].output == (6, 5, 5)
    assert net.by_name["y"].counts["multiplications"] == 150


def test_three_factors_take_two_multiplications_a_value() -> None:
    net = network((6, 5, 5), spec("relu", "a"), spec("mul", "m", ("a", "a", "input")))
    assert net.by_name["m"].counts["multiplications"] == 2 * 150


def test_sequences_are_joined_along_the_tokens_and_along_the_features() -> None:
    net = network(
        Tokens((8, 5)),
        spec("dense 8", "a", ("input",)),
        spec("concat axis=tokens", "longer", ("a", "input")),
        spec("concat", "wider", ("a", "input")),
    )
    assert net.by_name["longer"].output == Tokens((8, 10))
    assert net.by_name["wider"].output == Tokens((16, 5))


def test_the_convention_on_biases_is_about_dense_layers_and_convolutions() -> None:
    net = network(Tokens((8, 5)), "layernorm", "dense 4", "lstm 3", defaults={"bias": False})
    assert [layer.counts["biases"] for layer in net.layers] == [8, 0, 12]
    own = network(Tokens((8, 5)), "layernorm no bias", "dense 4 bias=no", "lstm 3 no bias")
    assert [layer.counts["biases"] for layer in own.layers] == [0, 0, 0]


def test_tied_weights_are_counted_once() -> None:
    net = network((7,), "embedding 100 8", "dense 100 tied=embedding1")
    dense = net.layers[-1].counts
    assert (dense["weights"], dense["biases"], dense["macs"]) == (0, 100, 7 * 8 * 100)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (["embedding 100 8", "dense 90 tied=embedding1"],
         "dense1: it needs 90 x 8 weights, embedding1 has 100 x 8"),
        (["embedding 100 8", "layernorm", "dense 100 tied=layernorm1"],
         "dense1: it needs 100 x 8 weights, layernorm1 has no such"),
        (["embedding 100 8", "dense 100 tied=dense1"],
         "dense1: there is no other layer 'dense1' to share with"),
    ],
)  # fmt: skip
def test_tied_weights_must_fit(layers: list[str], message: str) -> None:
    with pytest.raises(InputError) as caught:
        network((7,), *layers)
    assert str(caught.value).startswith(message)


# Operations for a value of each activation, counted in its formula by hand: products,
# sums, comparisons, quotients, exponentials, roots, logarithms.
ACTIVATIONS = {
    "relu": (0, 0, 1, 0, 0, 0, 0),  # max(x, 0)
    "relu6": (0, 0, 2, 0, 0, 0, 0),  # min(max(x, 0), 6)
    "leaky_relu": (1, 0, 1, 0, 0, 0, 0),  # max(x, a x)
    "prelu": (1, 0, 1, 0, 0, 0, 0),
    "threshold": (0, 0, 1, 0, 0, 0, 0),
    "step": (0, 0, 1, 0, 0, 0, 0),
    "sigmoid": (0, 1, 0, 1, 1, 0, 0),  # 1/(1 + exp(-x))
    "tanh": (1, 2, 0, 1, 1, 0, 0),  # 1 - 2/(exp(2 x) + 1)
    "scaled_tanh": (1, 2, 0, 1, 1, 0, 0),  # a - 2a/(exp(2b x) + 1)
    "silu": (0, 1, 0, 1, 1, 0, 0),  # x/(1 + exp(-x))
    "elu": (1, 1, 1, 0, 1, 0, 0),  # x if x > 0 else a (exp(x) - 1)
    "celu": (1, 1, 1, 1, 1, 0, 0),  # x if x > 0 else a (exp(x/a) - 1)
    "selu": (2, 1, 1, 0, 1, 0, 0),  # b (x if x > 0 else a (exp(x) - 1))
    "gelu": (3, 2, 0, 1, 1, 0, 0),  # x/(1 + exp(-x (a + b (x x))))
    "quick_gelu": (1, 1, 0, 1, 1, 0, 0),  # x/(1 + exp(-a x))
    "mish": (2, 2, 0, 1, 1, 0, 0),  # e = exp(x), q = e (e + 2), x q/(q + 2)
    "softplus": (0, 1, 0, 0, 1, 0, 1),  # log(1 + exp(x))
    "logsigmoid": (0, 1, 0, 0, 1, 0, 1),
    "softsign": (0, 1, 1, 1, 0, 0, 0),  # x/(1 + |x|)
    "hard_sigmoid": (1, 1, 2, 0, 0, 0, 0),  # min(max(x + 3, 0), 6)/6
    "hard_swish": (2, 1, 2, 0, 0, 0, 0),
    "hard_tanh": (0, 0, 2, 0, 0, 0, 0),
    "tanhshrink": (1, 3, 0, 1, 1, 0, 0),  # x - tanh(x)
    "hardshrink": (0, 0, 2, 0, 0, 0, 0),
    "softshrink": (0, 1, 2, 0, 0, 0, 0),
    "square": (1, 0, 0, 0, 0, 0, 0),
    "relu_squared": (1, 0, 1, 0, 0, 0, 0),
    "exp": (0, 0, 0, 0, 1, 0, 0),
    "abs": (0, 0, 1, 0, 0, 0, 0),
    "identity": (0, 0, 0, 0, 0, 0, 0),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_takes_what_its_formula_does_for_each_value(name: str) -> None:
    counts = network((2, 3, 4), name).layers[0].counts
    assert tuple(counts[kind] for kind in OPERATIONS) == tuple(24 * n for n in ACTIVATIONS[name])


def test_every_activation_of_the_table_is_counted_by_hand() -> None:
    from hwsolve.nets.activations import ACTIVATIONS as TABLE

    assert set(TABLE) == set(ACTIVATIONS)


def test_half_of_the_features_are_gates_of_the_others() -> None:
    counts = network((8, 3), "glu").layers[0].counts
    # 12 outputs: a sigmoid and a product each
    assert [counts[kind] for kind in OPERATIONS] == [12, 12, 0, 12, 12, 0, 0]


def test_maxout_compares_the_pieces() -> None:
    assert network((12, 3), "maxout 4").layers[0].counts["comparisons"] == 9 * 3


@pytest.mark.parametrize(
    ("size", "layer", "quantity", "formula"),
    [
        ("N tokens x d_model", "attention 8", "params", "4*d_model^2 + 4*d_model"),
        ("N tokens x d_model", "attention h", "macs", "4*N*d_model^2 + 2*N^2*d_model"),
        ("N tokens x d", "feedforward 4d", "params", "8*d^2 + 5*d"),
        ("T steps x D", "lstm H", "params", "4*H*(D + H) + 4*H"),
        ("T steps x D", "gru H biases=2", "params", "3*H*(D + H) + 6*H"),
        ("C x H x W", "deconv F 4 s2 p1", "params", "16*C*F + F"),
        ("C x H x W", "groupnorm 4", "params", "2*C"),
        ("V", "embedding V d", "params", "V*d"),
    ],
)
def test_sizes_in_letters_give_formulas(size: str, layer: str, quantity: str, formula: str) -> None:
    found = answers(f"input: {size}\nlayers: [A: {layer}]\nfind: [A.{quantity}]\n")
    assert text(found[f"A.{quantity}"], unicode=False) == formula


def test_what_sees_everything_keeps_doing_so() -> None:
    net = network((3, 9, 9), "conv 4 3 p1", "se 2", "conv 4 3 p1", "groupnorm 2")
    fields = receptive_fields(net)
    assert [field.size for field in fields["se1"]] == [11, 11]  # type: ignore[union-attr]  # no text
    # the map of 9 and a row of padding on both sides: nothing lies beyond
    assert [field.size for field in fields["conv2"]] == [11, 11]  # type: ignore[union-attr]  # no text


@pytest.mark.parametrize(
    ("layers", "size"),
    [
        (["conv 4 3", "crop 1", "conv 4 3"], 5),
        (["zeropad 1", "conv 4 3", "spacetodepth 2"], 4),
        (["adaptiveavgpool 4", "conv 4 3"], 6),
    ],
)
def test_margins_and_even_windows_have_a_receptive_field(layers: list[str], size: int) -> None:
    net = network((3, 8, 8), *layers)
    last = net.layers[-1]
    assert [field.size for field in receptive_fields(net)[last.name]] == [size] * 2  # type: ignore[union-attr]  # no text
    assert traced_back(net, last) == (size, size)


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        ("upsample 2", "its outputs lie between those of the input"),
        ("deconv 4 4 s2", "its windows are narrower at some outputs"),
        ("adaptiveavgpool 3", "its windows differ in size"),
        ("tokens", "the places of a map are tokens now"),
    ],
)
def test_what_has_no_receptive_field_of_one_size_says_so(layer: str, reason: str) -> None:
    said = refusal("3x8x8", f"A: {layer}", "find: [A.receptive_field]\n")
    assert said.endswith(f"A has no receptive field of one size: {reason}")
