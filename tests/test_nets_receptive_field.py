"""Receptive fields against the set of rows that an output really sees, and published tables."""

from __future__ import annotations

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st
from networks import answers, network, spec

from hwsolve.errors import EquationError, InputError
from hwsolve.nets.receptive_field import field_of, receptive_fields, traced_back

WINDOW = st.tuples(
    st.integers(1, 4), st.integers(1, 3), st.integers(0, 2), st.integers(1, 2)
)  # kernel, stride, padding, dilation


def rows_seen(position: int, windows: list[tuple[int, int, int, int]]) -> set[int]:
    """The rows of the input, those of the padding among them, that a position sees."""
    rows = {position}
    for kernel, stride, padding, dilation in reversed(windows):
        rows = {row * stride - padding + dilation * i for row in rows for i in range(kernel)}
    return rows


@given(st.lists(WINDOW, min_size=1, max_size=4))
def test_a_receptive_field_is_what_an_output_sees(
    windows: list[tuple[int, int, int, int]],
) -> None:
    try:
        net = network((1, 60, 60), *(f"conv 1 {k} s{s} p{p} d{d}" for k, s, p, d in windows))
    except InputError:
        reject()  # a kernel did not fit
    first, second = rows_seen(0, windows), rows_seen(1, windows)
    last = net.layers[-1]
    field = field_of(receptive_fields(net)[last.name])[0]
    assert field.size == max(first) - min(first) + 1
    assert field.start == min(first)
    assert field.jump == min(second) - min(first)
    assert traced_back(net, last) == (field.size, field.size)


def test_two_stacked_3x3_convolutions_see_5x5() -> None:
    net = network((3, 28, 28), "conv 8 3 same", "conv 8 3 same")
    assert [f.size for f in field_of(receptive_fields(net)["conv2"])] == [5, 5]


def test_branches_see_the_union_of_what_they_see() -> None:
    net = network(
        (3, 28, 28),
        spec("conv 8 3 same", "a", ("input",)),
        spec("conv 8 7x1 same", "b", ("input",)),
        spec("add", "j", ("a", "b")),
    )
    assert [f.size for f in field_of(receptive_fields(net)["j"])] == [7, 3]
    assert traced_back(net, net.by_name["j"]) == (7, 3)


def test_branches_of_different_strides_have_no_one_receptive_field() -> None:
    net = network(
        (1, 8, 8),
        spec("conv 1 2 s2", "a", ("input",)),
        spec("conv 1 5", "b", ("input",)),
        spec("add", "j", ("a", "b")),
    )
    with pytest.raises(EquationError, match="branches with different strides meet in j"):
        field_of(receptive_fields(net)["j"])


def test_a_dense_layer_sees_everything_that_its_map_sees() -> None:
    net = network((1, 32, 32), "conv 6 5", "pool 2", "conv 16 5", "pool 2", "flatten", "dense 120")
    fields = {name: field_of(found)[0].size for name, found in receptive_fields(net).items()}
    assert fields == {
        "conv1": 5, "pool1": 6, "conv2": 14, "pool2": 16, "flatten1": 16, "dense1": 32,
    }  # fmt: skip
    assert traced_back(net, net.by_name["dense1"]) == (32, 32)
    assert traced_back(net, net.by_name["flatten1"]) == (16, 16)


def test_vgg_16_has_the_published_receptive_fields() -> None:
    # the table of the "receptive field arithmetic" literature: after the five poolings
    # 6, 16, 44, 100 and 212, the jump 32, and 404 with a 7x7 convolution behind them
    layers = []
    for filters, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        layers += [f"conv {filters} 3x3 p1"] * count + ["pool 2"]
    net = network((3, 224, 224), *layers, "conv 4096 7x7")
    fields = {name: field_of(found)[0] for name, found in receptive_fields(net).items()}
    assert [fields[f"pool{n}"].size for n in range(1, 6)] == [6, 16, 44, 100, 212]
    assert fields["pool5"].jump == 32
    assert fields["conv14"].size == 404


def test_a_path_is_seen_from_its_own_start() -> None:
    found = answers(
        "input: 3x32x32\n"
        "layers: [stem: conv 8 7x7 s2 p3, A: conv 8 3 p1, B: conv 8 3 p1]\n"
        "paths: {branch: [A, B]}\n"
        "find: [branch.receptive_field, B.receptive_field, B.stride]\n"
    )
    # 7 + 2*2 + 2*2 = 15 in the input, 5 from the start of the branch
    assert found == {"branch.receptive_field": 5, "B.receptive_field": 15, "B.stride": 2}
