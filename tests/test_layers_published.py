"""Layers of transformers and recurrent networks against figures that others published."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from networks import network, spec, total

from hwsolve.nets.sizes import Tokens

if TYPE_CHECKING:
    from hwsolve.nets.layer import Spec
    from hwsolve.nets.network import Network


def block(name: str, source: str, attention: str, norm: str, feed_forward: str) -> list[str | Spec]:
    """A transformer layer that normalises before its parts."""
    return [
        spec(norm, f"{name}n", (source,)),
        spec(attention, f"{name}a"),
        spec("add", f"{name}r", (source, f"{name}a")),
        spec(norm, f"{name}m"),
        spec(feed_forward, f"{name}f"),
        spec("add", name, (f"{name}r", f"{name}f")),
    ]


def decoder(
    size: tuple[int, ...], first: list[str], layers: int, parts: tuple[str, str, str],
    last: list[str],
) -> Network:  # fmt: skip
    made: list[str | Spec] = [*first[:-1], spec(first[-1], "b0")]
    for number in range(layers):
        made += block(f"b{number + 1}", f"b{number}", *parts)
    return network(size, *made, *last)


def test_a_vision_transformer_has_the_parameters_of_vit_b_16() -> None:
    # torchvision's vit_b_16: 86,567,656 parameters, 17.56 GFLOPs (multiply-adds)
    parts = ("attention 12", "layernorm", "feedforward 3072 gelu")
    net = decoder(
        (3, 224, 224), ["patches 768 16x16", "classtoken", "positions"], 12, parts,
        ["layernorm", "taketoken", "dense 1000"],
    )  # fmt: skip
    assert total(net, "params") == 86_567_656
    assert total(net, "macs") // 10**7 == 1756


@pytest.mark.parametrize("tokens", [1, 1024])
def test_gpt_2_has_124_439_808_parameters(tokens: int) -> None:
    # Hugging Face, gpt2: weights of the last layer are those of the embedding
    parts = ("attention 12 causal", "layernorm", "feedforward 3072 gelu")
    net = decoder(
        (tokens,), ["embedding 50257 768", "positions 1024"], 12, parts,
        ["layernorm", "dense 50257 no bias tied=embedding1"],
    )  # fmt: skip
    assert total(net, "params") == 124_439_808
    assert net.layers[-1].counts["macs"] == tokens * 768 * 50257


@pytest.mark.parametrize(
    ("attention", "hidden", "params"),
    [
        # Llama 2 7B and Mistral 7B, as their checkpoints are counted
        ("attention 32 no bias causal", 11008, 6_738_415_616),
        ("gqa 32 kv_heads=8 no bias causal", 14336, 7_241_732_096),
    ],
)
def test_gated_decoders_have_the_parameters_of_their_checkpoints(
    attention: str, hidden: int, params: int
) -> None:
    net = decoder(
        (8,), ["embedding 32000 4096"], 32, (attention, "rmsnorm", f"swiglu {hidden}"),
        ["rmsnorm", "dense 32000 no bias"],
    )  # fmt: skip
    assert total(net, "params") == total(net, "active_params") == params


def test_a_mixture_of_eight_experts_uses_two_of_them() -> None:
    # Mixtral 8x7B: 46.7 billion parameters in all, 12.9 billion for a token
    parts = ("gqa 32 kv_heads=8 no bias causal", "rmsnorm", "moe 8 14336 top=2 gated")
    net = decoder(
        (8,), ["embedding 32000 4096"], 32, parts, ["rmsnorm", "dense 32000 no bias"]
    )  # fmt: skip
    assert total(net, "params") == 46_702_792_704
    assert total(net, "active_params") == 12_879_925_248


def test_bert_base_has_109_482_240_parameters() -> None:
    # Hugging Face, bert-base-uncased with its pooler
    layers: list[str | Spec] = [
        spec("embedding 30522 768", "words", ("input",)),
        spec("embedding 2 768", "types", ("input",)),
        spec("add", "both", ("words", "types")),
        "positions 512",
        spec("layernorm", "b0"),
    ]
    for number in range(12):
        layers += block(f"b{number + 1}", f"b{number}", "attention 12", "layernorm", "ffn 3072")
    layers += ["taketoken", "dense 768", "tanh"]
    net = network((128,), *layers)
    assert total(net, "params") == 109_482_240


def test_the_small_lstm_has_the_counts_of_the_hand_and_of_pytorch() -> None:
    # 4 (8 + 16) 16 in each of 5 steps, then 16 x 4
    one = network(Tokens((8, 5)), "lstm 16 last", "dense 4")
    assert total(one, "macs") == 7_744
    assert one.layers[0].counts["params"] == 1_600
    assert network(Tokens((8, 5)), "lstm 16 biases=2").layers[0].counts["params"] == 1_664


@pytest.mark.parametrize(
    ("size", "words", "params"),
    [
        # PyTorch 2: sum(p.numel() for p in module.parameters())
        (Tokens((10, 3)), "lstm 20 layers=2 biases=2", 5_920),
        (Tokens((10, 3)), "gru 20 layers=2 biases=2", 4_440),
        (Tokens((10, 3)), "rnn 20 layers=2 biases=2", 1_480),
        (Tokens((10, 3)), "lstm 20 biases=2 bidirectional", 5_120),
        (Tokens((512, 10)), "attention 8", 1_050_624),
        ((16, 9, 9), "convtranspose 33 3 s2 p1", 4_785),
        ((64, 9, 9), "groupnorm 8", 128),
        # Keras: LSTM(32) on 64 features, and GRU(32) with reset_after
        (Tokens((64, 5)), "lstm 32", 12_416),
        (Tokens((64, 5)), "gru 32 biases=2", 9_408),
        ((1000,), "embedding 1000 64", 64_000),
        # 14x14x256 locally connected by 3x3 to 8 maps, each position with its own weights
        ((256, 14, 14), "localconv 8 3", 12 * 12 * 8 * (256 * 9 + 1)),
    ],
)
def test_a_layer_has_the_parameters_of_the_library(
    size: tuple[int, ...], words: str, params: int
) -> None:
    assert network(size, words).layers[0].counts["params"] == params


def test_swins_first_window_attention_has_37_755_parameters() -> None:
    # 4 x 96^2 + 4 x 96 of the projections, 13 x 13 offsets for each of 3 heads
    layer = network(Tokens((96, 3136)), "attention 3 window=49 relative").layers[0]
    assert layer.counts["params"] == 37_755
    # 64 windows of 49 tokens: 2 x 64 x 49^2 x 96 for scores and sums
    assert layer.counts["macs"] == 3136 * 4 * 96**2 + 2 * 64 * 49**2 * 96


@pytest.mark.parametrize(
    ("words", "size"),
    [
        # PyTorch's documentation of ConvTranspose2d: 16x12x12 halved comes back with 1 more
        ("convtranspose 16 3 s2 p1 output_padding=1", (16, 12, 12)),
        ("convtranspose 16 3 s2 p1", (16, 11, 11)),
        ("convtranspose 16 3 s2 same", (16, 12, 12)),
        ("convtranspose 16 2 s2", (16, 12, 12)),
        ("adaptiveavgpool 5x7", (16, 5, 7)),
        ("upsample 2", (16, 12, 12)),
        ("pixelshuffle 2", (4, 12, 12)),
        ("spacetodepth 2", (64, 3, 3)),
        ("crop 1:2", (16, 3, 3)),
        ("crop to=4x5", (16, 4, 5)),
        ("zeropad 0:1x2", (16, 7, 10)),
        ("split 4 2", (4, 6, 6)),
        ("slice 3:5", (2, 6, 6)),
        ("shuffle 4", (16, 6, 6)),
        ("glu", (8, 6, 6)),
        ("maxout 4", (4, 6, 6)),
        ("conv 4 3 p0:1", (4, 5, 5)),
        ("dense 10 positionwise", (10, 6, 6)),
        ("dense 10", (10,)),
        ("tokens", Tokens((16, 36))),
        ("patches 32 3", Tokens((32, 4))),
    ],
)
def test_a_layer_makes_its_size_of_sixteen_maps_of_6x6(words: str, size: tuple[int, ...]) -> None:
    output = network((16, 6, 6), words).layers[0].output
    assert output == size
    assert isinstance(output, Tokens) == isinstance(size, Tokens)
