"""Numbers that others published, typed by hand; each source stands beside its numbers."""

from __future__ import annotations

from networks import network, spec, total

from hwsolve.nets.layer import Spec


def sizes(*layers: str, of: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The output sizes of a chain, height x width x channels."""
    found = []
    for layer in network(of, *layers).layers:
        channels, *sides = layer.output
        found.append((*sides, channels))
    return found


def test_lenet_5_as_it_is_usually_simplified() -> None:
    # 61,706 parameters and 416,520 multiply-adds in the usual tutorials
    net = network(
        (1, 32, 32),
        "conv 6 5", "pool 2", "conv 16 5", "pool 2", "dense 120", "dense 84", "dense 10",
    )  # fmt: skip
    assert [layer.counts["params"] for layer in net.layers] == [
        156, 0, 2_416, 0, 48_120, 10_164, 850,
    ]  # fmt: skip
    assert total(net, "params") == 61_706
    assert total(net, "macs") == 416_520


def test_lenet_5_as_it_was_published() -> None:
    # LeCun et al. 1998, section II.B: 340,908 connections, 60,000 trainable parameters
    net = network(
        (1, 32, 32),
        "conv 6 5", "subsample 2", "conv 16 5 table=lenet", "subsample 2", "conv 120 5",
        "dense 84", "rbf 10",
    )  # fmt: skip
    assert [layer.counts["params"] for layer in net.layers] == [
        156, 12, 1_516, 32, 48_120, 10_164, 0,
    ]  # fmt: skip
    assert [layer.counts["connections"] for layer in net.layers] == [
        122_304, 5_880, 151_600, 2_000, 48_120, 10_164, 840,
    ]  # fmt: skip
    assert (total(net, "params"), total(net, "connections")) == (60_000, 340_908)


def test_alexnet_in_one_stream() -> None:
    # the parameter table that courses ask for: 227x227 input, 96-256-384-384-256
    net = network(
        (3, 227, 227),
        "conv 96 11 s4", "pool 3 s2", "conv 256 5 p2", "pool 3 s2", "conv 384 3 p1",
        "conv 384 3 p1", "conv 256 3 p1", "pool 3 s2", "flatten", "dense 4096", "dense 4096",
        "dense 1000",
    )  # fmt: skip
    convs = [layer.counts for layer in net.layers if layer.name.startswith("conv")]
    assert [c["weights"] for c in convs] == [34_848, 614_400, 884_736, 1_327_104, 884_736]
    assert [c["biases"] for c in convs] == [96, 256, 384, 384, 256]
    assert net.by_name["flatten1"].output == (9216,)
    dense = [layer.counts for layer in net.layers if layer.name.startswith("dense")]
    assert [c["weights"] for c in dense] == [37_748_736, 16_777_216, 4_096_000]
    assert total(net, "params") == 62_378_344
    assert net.layers[0].output == (96, 55, 55)
    assert net.layers[0].counts["units"] == 290_400


def test_alexnet_of_torchvision() -> None:
    # torchvision's alexnet weights: 61,100,840 parameters, 0.714 G multiply-adds
    net = network(
        (3, 224, 224),
        "conv 64 11 s4 p2", "relu", "maxpool 3 s2", "conv 192 5 p2", "relu", "maxpool 3 s2",
        "conv 384 3 p1", "relu", "conv 256 3 p1", "relu", "conv 256 3 p1", "relu", "maxpool 3 s2",
        "dense 4096", "relu", "dense 4096", "relu", "dense 1000",
    )  # fmt: skip
    assert total(net, "params") == 61_100_840
    assert round(total(net, "macs") / 1e9, 3) == 0.714


def test_vgg_16() -> None:
    # torchvision's vgg16 weights: 138,357,544 parameters, 15.47 G multiply-adds
    layers = []
    for filters, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        layers += [f"conv {filters} 3 p1", "relu"] * count + ["pool 2"]
    net = network((3, 224, 224), *layers, "dense 4096", "dense 4096", "dense 1000")
    assert total(net, "params") == 138_357_544
    assert total(net, "macs") == 15_470_264_320


def test_resnet_18() -> None:
    # torchvision's resnet18 weights: 11,689,512 parameters, 1.814 G multiply-adds
    layers: list[str | Spec] = ["conv 64 7 s2 p3 no bias", "bn", "relu", "pool 3 s2 p1"]
    before, number = "pool1", 0
    for filters in [64, 128, 256, 512]:
        strides = [1, 1] if filters == 64 else [2, 1]
        for stride in strides:
            number += 1
            a, b, n = f"a{number}", f"b{number}", f"n{number}"
            layers += [
                spec(f"conv {filters} 3 s{stride} p1 no bias", a, (before,)), "bn", "relu",
                spec(f"conv {filters} 3 p1 no bias", b), spec("bn", n),
            ]  # fmt: skip
            if stride == 2:
                layers += [
                    spec(f"conv {filters} 1 s2 no bias", f"s{number}", (before,)),
                    spec("bn", f"m{number}"),
                ]
            shortcut = f"m{number}" if stride == 2 else before
            layers += [spec("add", f"add{number}", (n, shortcut)), spec("relu", f"out{number}")]
            before = f"out{number}"
    net = network((3, 224, 224), *layers, "gap", "dense 1000")
    assert total(net, "params") == 11_689_512
    assert round(total(net, "macs") / 1e9, 3) == 1.814


def test_squeezenet_1_1_rounds_its_poolings_up() -> None:
    # torchvision's squeezenet1_1 weights: 1,235,496 parameters, 0.349 G multiply-adds
    layers: list[str | Spec] = ["conv 64 3 s2", "relu", "pool 3 s2 ceil"]

    def fire(squeeze: int, expand: int) -> None:
        n = sum(isinstance(layer, Spec) for layer in layers)
        layers.extend([
            f"conv {squeeze} 1", spec("relu", f"s{n}"),
            f"conv {expand} 1", spec("relu", f"e{n}"),
            spec(f"conv {expand} 3 p1", f"c{n}", (f"s{n}",)), spec("relu", f"f{n}"),
            spec("concat", f"j{n}", (f"e{n}", f"f{n}")),
        ])  # fmt: skip

    for squeeze, expand in ((16, 64), (16, 64)):
        fire(squeeze, expand)
    layers.append("pool 3 s2 ceil")
    for squeeze, expand in ((32, 128), (32, 128)):
        fire(squeeze, expand)
    layers.append("pool 3 s2 ceil")
    for squeeze, expand in ((48, 192), (48, 192), (64, 256), (64, 256)):
        fire(squeeze, expand)
    net = network((3, 224, 224), *layers, "dropout 0.5", "conv 1000 1", "relu", "gap")
    assert net.by_name["pool1"].output == (64, 55, 55)
    assert total(net, "params") == 1_235_496
    assert round(total(net, "macs") / 1e9, 3) == 0.349


def test_mobilenet_v2() -> None:
    # torchvision's mobilenet_v2 weights: 3,504,872 parameters, 0.301 G multiply-adds
    layers: list[str | Spec] = ["conv 32 3 s2 p1 no bias", "bn", spec("relu6", "out0")]
    channels, number = 32, 0
    for widen, filters, count, first in (
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
        (6, 160, 3, 2), (6, 320, 1, 1),
    ):  # fmt: skip
        for stride in (first, *[1] * (count - 1)):
            number += 1
            if widen > 1:
                layers += [f"pointwise {widen * channels} no bias", "bn", "relu6"]
            layers += [f"depthwise 3 s{stride} p1 no bias", "bn", "relu6"]
            layers += [f"pointwise {filters} no bias"]
            if stride == 1 and channels == filters:
                layers += [
                    spec("bn", f"n{number}"),
                    spec("add", f"out{number}", (f"n{number}", f"out{number - 1}")),
                ]
            else:
                layers += [spec("bn", f"out{number}")]
            channels = filters
    net = network(
        (3, 224, 224), *layers, "pointwise 1280 no bias", "bn", "relu6", "gap", "dense 1000"
    )
    assert total(net, "params") == 3_504_872
    assert round(total(net, "macs") / 1e9, 3) == 0.301


def test_a_table_to_fill_in() -> None:
    # a course's table in the CONV-K-N notation; its printed 1,664 forgets the input channels
    layers = ("conv 32 9", "pool 2", "conv 64 5", "pool 2", "conv 64 5", "pool 2", "flatten")
    net = network((1, 128, 128), *layers, "dense 3")
    assert [layer.counts["params"] for layer in net.layers] == [
        2_624, 0, 51_264, 0, 102_464, 0, 0, 27_651,
    ]  # fmt: skip
    assert sizes(*layers, of=(1, 128, 128)) == [
        (120, 120, 32), (60, 60, 32), (56, 56, 64), (28, 28, 64), (24, 24, 64), (12, 12, 64),
        (9216,),
    ]  # fmt: skip


def test_poolings_that_do_not_fit_are_rounded_down() -> None:
    # a quiz with 5x5 poolings of stride 2
    assert sizes(
        "conv 16 5", "conv 32 5", "pool 5 s2", "conv 32 5", "conv 64 5", "pool 5 s2",
        of=(1, 224, 224),
    ) == [
        (220, 220, 16), (216, 216, 32), (106, 106, 32), (102, 102, 32), (98, 98, 64), (47, 47, 64),
    ]  # fmt: skip


def test_same_and_valid_follow_tensorflow() -> None:
    # exercises on output sides: TensorFlow's SAME and VALID, and a padding of 1
    def side(length: int, layer: str) -> int:
        return network((1, length, length), layer).layers[0].output[1]

    assert side(28, "conv 1 3 s2 same") == 14
    assert side(32, "conv 1 5 s2 valid") == 14
    assert side(10, "conv 1 3 s2 p1") == 5
    assert side(64, "conv 1 3 s2 same") == 32
    same = network((1, 28, 28), "conv 1 5 same").layers[0].rule.windows
    assert same is not None
    assert (same[0].before, same[0].after) == (2, 2)


def test_a_bottleneck_saves_nine_tenths_of_the_multiplications() -> None:
    # 28x28x192 to 32 channels by 5x5, directly and by way of 16 channels
    direct = network((192, 28, 28), "conv 32 5 same")
    reduced = network((192, 28, 28), "conv 16 1", "conv 32 5 same")
    assert total(direct, "multiplications") == 120_422_400
    assert [layer.counts["multiplications"] for layer in reduced.layers] == [2_408_448, 10_035_200]
    assert total(reduced, "multiplications") == 12_443_648


def test_a_depthwise_separable_convolution() -> None:
    # 3x3, 64 to 128 channels, 112x112, no bias: the ratio is 1/128 + 1/9
    whole = network((64, 112, 112), "conv 128 3 same no bias")
    parts = network((64, 112, 112), "depthwise 3 same no bias", "pointwise 128 no bias")
    assert (total(whole, "params"), total(whole, "macs")) == (73_728, 924_844_032)
    assert [layer.counts["params"] for layer in parts.layers] == [576, 8_192]
    assert (total(parts, "params"), total(parts, "macs")) == (8_768, 109_985_792)


def test_a_lesson_on_small_devices() -> None:
    # 7x7 on 25x25x9 (the lesson's 16 is a slip), 128 filters 3x3 on a 10x10 picture
    assert sizes("conv 1 7", of=(9, 25, 25)) == [(19, 19, 1)]
    assert sizes("conv 64 7", of=(9, 25, 25)) == [(19, 19, 64)]
    net = network((3, 10, 10), "conv 128 3")
    assert net.layers[0].output == (128, 8, 8)
    assert total(net, "macs") == 221_184


def test_groups_of_lenets_third_layer() -> None:
    # six maps with 3 inputs, nine with 4, one with 6: 456 + 909 + 151 = 1,516
    groups = [(6, 3, 456), (9, 4, 909), (1, 6, 151)]
    for maps, inputs, params in groups:
        assert network((inputs, 14, 14), f"conv {maps} 5").layers[0].counts["params"] == params


def test_parameters_of_dense_networks() -> None:
    # exercises of several courses
    for widths, params in (
        ((3, 4, 2), 26), ((3, 4, 4, 1), 41), ((10, 20, 15, 5), 615), ((1, 95, 1), 286),
        ((10, 64, 32, 1), 2_817), ((784, 128, 64, 10), 109_386),
        ((1000, 512, 256, 128, 5), 677_381), ((30, 1024, 512, 1), 557_057),
    ):  # fmt: skip
        net = network(widths[:1], *(f"dense {width}" for width in widths[1:]))
        assert total(net, "params") == params
