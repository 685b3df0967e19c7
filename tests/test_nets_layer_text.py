"""Layers as people write them: the same layer in many spellings, and what is refused."""

from __future__ import annotations

import pytest
from networks import answers, spec

from hwsolve.errors import InputError
from hwsolve.nets.layers import LAYERS, ROWS
from hwsolve.nets.options import LENET_TABLE, OPTIONS


@pytest.mark.parametrize(
    "text",
    [
        "conv 6 5x5 s2 p1",
        "conv 6 5x5 stride=2 padding=1",
        "conv 6 5x5 stride 2 padding 1",
        "conv 6 5×5 s=2 p=1",
        "conv 5x5 6 s2 p1",
        "Conv 6, 5x5, s2, p1",
        "convolution 6 filters 5x5 stride = 2 pad=1",
        "conv filters=6 kernel=5x5 strides=2 p1",
        "conv p1 s2 6 5x5",
    ],
)
def test_one_convolution_has_many_spellings(text: str) -> None:
    read = spec(text)
    assert read.row.name == "conv"
    assert read.options == {"filters": 6, "kernel": (5, 5), "stride": (2,), "padding": (1,)}


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("pool 2", "maxpool"), ("max pool 2", "maxpool"), ("maxpooling 2", "maxpool"),
        ("MaxPool2d 2", "maxpool"), ("avg_pool 2", "avgpool"), ("average pooling 2", "avgpool"),
        ("global average pool", "globalavgpool"), ("gap", "globalavgpool"),
        ("fc 10", "dense"), ("fully-connected 10", "dense"), ("linear 10", "dense"),
        ("subsampling 2", "subsample"), ("bn", "batchnorm"), ("leaky_relu", "leaky_relu"),
        ("leaky-relu", "leaky_relu"), ("depthwise conv 3", "depthwise"),
    ],
)  # fmt: skip
def test_a_layer_is_known_by_its_usual_names(text: str, row: str) -> None:
    assert spec(text).row.name == row


def test_words_stand_for_options() -> None:
    assert spec("conv 6 5 same no bias").options["padding"] == "same"
    assert spec("conv 6 5 same no bias").options["bias"] is False
    assert spec("pool 3 s2 ceil").options["rounding"] == "ceil"
    assert spec("conv 16 5 table=lenet").options["table"] == LENET_TABLE
    assert spec("conv 8 3 from=input").sources == (("input", None),)
    assert [name for name, _ in spec("add B D").sources] == ["B", "D"]


def test_the_table_of_1998_has_sixty_connections_in_four_groups() -> None:
    # LeCun et al. 1998, Table I: 6 maps see 3, 6 see 4 neighbours, 3 see 4 with a gap, 1 sees 6
    assert [len(row) for row in LENET_TABLE] == [3] * 6 + [4] * 9 + [6]
    assert sum(map(len, LENET_TABLE)) == 60
    # each of the 6 maps is seen ten times
    assert [sum(channel in row for row in LENET_TABLE) for channel in range(6)] == [10] * 6


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("konv 6 5", "'konv' is not a kind of layer; did you mean 'conv'?"),
        ("conv 6", "conv needs the kernel; write conv, then the number of filters and the kernel"),
        ("conv 6 5 7", "'7' is one value too many; conv takes filters and kernel"),
        ("conv 6 5 strid=2", "conv has no option 'strid'; did you mean 'stride'?"),
        ("conv 6 5 s2 s3", "the stride is given twice"),
        ("conv 6 5 s0", "the stride of conv is at least 1, not 0"),
        ("conv 6 5 p-1", "the padding of conv is at least 0, not -1"),
        ("conv 6 5 p=-1", "the padding of conv is at least 0, not -1"),
        ("conv 6 5 p=sme", "the padding of conv cannot be 'sme'; did you mean 'same'?"),
        ("conv 6 5 s2.5",
         "the stride of conv is a whole number or a size such as 3x5, not '2.5'"),
        ("conv 6 5y5",
         "the kernel of conv is a whole number or a size such as 3x5, not '5y5'"),
        ("conv 6 5 bias=maybe", "bias of conv is yes or no, not 'maybe'"),
        ("conv 6 5 stride", "'stride' has no value"),
        ("pool 2 g2", ("maxpool has no option 'g2'; "
         "it has kernel, stride, padding, dilation, rounding")),
        ("conv 6 5 relu", ("'relu' cannot stand in the line of conv; "
         "relu is a layer of its own, in its own line")),
        ("conv 6 5 table=lenett", ("the connection table of conv 'lenett' is not known; "
         "did you mean 'lenet'?")),
        ("pointwise 8 kernel=3", ("pointwise has no option 'kernel'; "
         "it has filters, stride, groups, bias")),
        ("dropout 1.5", "the dropout rate of dropout is a number from 0 to 1, not '1.5'"),
        ("conv " + "9" * 101 + " 3",
         "the number of filters of conv has 101 digits; at most 100 are counted with"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        spec(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "layer",
    [
        "conv 6 5x5 s2 p1",
        "{conv: 6, kernel: 5x5, stride: 2, padding: 1}",
        "{conv: 6 5x5, stride: 2, padding: 1}",
        "{conv: [6, 5x5], stride: 2, padding: 1}",
        "{conv: 6, kernel: [5, 5], stride: [2, 2], padding: [1, 1]}",
        "{type: conv, filters: 6, kernel: 5, stride: 2, padding: 1}",
    ],
)
def test_the_long_form_says_the_same_as_the_short_one(layer: str) -> None:
    found = answers(f"input: 1x28x28\nlayers: [{{C: {layer}}}]\nfind: [C.size, C.params]\n")
    assert found == {"C.size": (6, 13, 13), "C.params": 156}


def test_a_layer_may_be_called_by_its_own_kind() -> None:
    found = answers("input: 1x28x28\nlayers: [conv: conv 6 5x5]\nfind: [conv.params]\n")
    assert found == {"conv.params": 156}


def test_no_name_of_a_layer_is_given_twice() -> None:
    words = [word.replace("_", "") for row in LAYERS for word in (row.name, *row.aliases)]
    assert len(words) == len(set(words)) == len(ROWS)


def test_every_option_of_every_layer_is_in_the_table_of_options() -> None:
    for row in LAYERS:
        names = (*row.arguments, *row.options)
        assert set(row.required) <= set(names), row.name
        assert set(names) <= set(OPTIONS), row.name
        words = [w for n in names for w in (n, OPTIONS[n].letter, *OPTIONS[n].aliases) if w]
        assert len(words) == len(set(words)), row.name
