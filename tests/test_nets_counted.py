"""Every layer's size and counts against a naive loop that really does the operations."""

from __future__ import annotations

from typing import Any

import pytest
from counted_loops import (
    EVERYWHERE,
    Meter,
    convolve,
    covering,
    dense,
    new_maps,
    padded,
    pool,
    positions,
    size,
)
from hypothesis import assume, given
from hypothesis import strategies as st
from networks import network, spec

from hwsolve.errors import InputError
from hwsolve.nets.layer import OPERATIONS
from hwsolve.nets.recount import recount

SMALL = st.integers(1, 3)
PAIR = st.tuples(SMALL, SMALL)


def text(pair: tuple[int, int]) -> str:
    return f"{pair[0]}x{pair[1]}"


def same_zeros(length: int, reach: int, stride: int) -> tuple[int, int]:
    """Zeros so that there is a window for every `stride`-th row, the odd one behind."""
    windows = len(range(0, length, stride))
    zeros = max((windows - 1) * stride + reach - length, 0)
    return zeros // 2, zeros - zeros // 2


@st.composite
def convolutions(draw: st.DrawFn) -> dict[str, Any]:
    groups = draw(st.integers(1, 3))
    channels = groups * draw(st.integers(1, 2))
    filters = groups * draw(st.integers(1, 2))
    table = None
    if groups == 1 and draw(st.booleans()):
        row = st.sets(st.integers(0, channels - 1), min_size=1).map(sorted)
        table = draw(st.lists(row, min_size=filters, max_size=filters))
    return {
        "channels": channels,
        "filters": filters,
        "groups": groups,
        "table": table,
        "sides": draw(st.tuples(st.integers(1, 7), st.integers(1, 7))),
        "kernel": draw(PAIR),
        "stride": draw(PAIR),
        "dilation": draw(st.tuples(st.integers(1, 2), st.integers(1, 2))),
        "padding": draw(st.one_of(st.just("same"), st.tuples(*[st.integers(0, 2)] * 2))),
        "bias": draw(st.booleans()),
        "skipped": draw(st.booleans()),
    }


@given(convolutions())
def test_a_convolution_costs_what_a_naive_loop_does(chosen: dict[str, Any]) -> None:
    meter = Meter()
    channels, filters, groups = chosen["channels"], chosen["filters"], chosen["groups"]
    kernel, stride, dilation = chosen["kernel"], chosen["stride"], chosen["dilation"]
    per_group = channels // groups
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    zeros: list[tuple[int, int]] = []
    for axis, side in enumerate(chosen["sides"]):
        if chosen["padding"] == "same":
            zeros.append(same_zeros(side, reach[axis], stride[axis]))
        else:
            zeros.append((chosen["padding"][axis],) * 2)
        assume(side + sum(zeros[axis]) >= reach[axis])
    maps = padded(new_maps(meter, channels, *chosen["sides"]), zeros[0], zeros[1])
    sees = chosen["table"] or [
        list(range(group * per_group, (group + 1) * per_group))
        for group in range(groups)
        for _ in range(filters // groups)
    ]
    skipped = chosen["skipped"]
    there = (
        range(zeros[0][0], zeros[0][0] + chosen["sides"][0]),
        range(zeros[1][0], zeros[1][0] + chosen["sides"][1]),
    )
    outputs, weights, biases = convolve(
        maps, sees, kernel, stride, dilation, bias=chosen["bias"],
        there=there if skipped else EVERYWHERE,
    )  # fmt: skip
    padding = chosen["padding"] if chosen["padding"] == "same" else text(chosen["padding"])
    words = f"conv {filters} {text(kernel)} s{text(stride)} d{text(dilation)} padding={padding}"
    words += f" groups={groups}" + ("" if chosen["bias"] else " no bias")
    layer = spec(words)
    if chosen["table"]:
        options = {**layer.options, "table": tuple(map(tuple, chosen["table"]))}
        layer = layer._replace(options=options)
    defaults = {"skipped": True} if skipped else None
    net = network((channels, *chosen["sides"]), layer, defaults=defaults)
    counts = net.layers[0].counts
    assert net.layers[0].output == size(outputs)
    assert {name: counts[name] for name in OPERATIONS} == {n: meter[n] for n in OPERATIONS}
    assert (counts["weights"], counts["biases"]) == (weights, biases)
    assert counts["params"] == weights + biases
    assert counts["macs"] == meter["multiplications"]
    assert counts["connections"] == meter["connections"]
    assert counts["units"] == counts["outputs"] == filters * len(outputs[0]) * len(outputs[0][0])
    if not skipped:
        assert counts["bias_additions"] == (counts["outputs"] if chosen["bias"] else 0)


@given(
    kind=st.sampled_from(["maxpool", "avgpool", "subsample"]),
    channels=SMALL,
    sides=st.tuples(st.integers(1, 8), st.integers(1, 8)),
    kernel=PAIR,
    stride=PAIR,
    padding=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    rounding=st.sampled_from(["floor", "ceil"]),
    skipped=st.booleans(),
)
def test_a_pooling_costs_what_a_naive_loop_does(  # noqa: PLR0913  (one argument for each option)
    kind: str,
    channels: int,
    sides: tuple[int, int],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    rounding: str,
    skipped: bool,  # noqa: FBT001  (drawn)
) -> None:
    starts = []
    for side, k, s, p in zip(sides, kernel, stride, padding, strict=True):
        assume(p < k <= side + 2 * p)
        if rounding == "floor":
            starts.append(positions(side + 2 * p, k, s))
        else:
            starts.append(covering(side, k, s, p, p))
    meter = Meter()
    # what lies over the edge of the padded map does not exist, whatever is counted
    rows, columns = (
        range(p, p + side) if skipped else range(side + 2 * p)
        for side, p in zip(sides, padding, strict=True)
    )
    outputs = pool(meter, channels, starts[0], starts[1], kernel, kind, (rows, columns))
    words = f"{kind} {text(kernel)} s{text(stride)} p{text(padding)} {rounding}"
    defaults = {"skipped": True} if skipped else None
    layer = network((channels, *sides), words, defaults=defaults).layers[0]
    assert layer.output == size(outputs)
    assert {n: layer.counts[n] for n in OPERATIONS} == {n: meter[n] for n in OPERATIONS}
    assert layer.counts["connections"] == meter["connections"]
    trained = 2 * channels if kind == "subsample" else 0
    assert layer.counts["params"] == trained


@given(
    inputs=st.one_of(
        st.tuples(st.integers(1, 9)), st.tuples(SMALL, SMALL), st.tuples(SMALL, SMALL, SMALL)
    ),
    units=st.integers(1, 5),
    bias=st.booleans(),
)
def test_a_dense_layer_costs_what_a_naive_loop_does(
    inputs: tuple[int, ...],
    units: int,
    bias: bool,  # noqa: FBT001  (drawn by Hypothesis)
) -> None:
    meter = Meter()
    flat = 1
    for side in inputs:
        flat *= side
    weights = dense(meter, flat, units, bias=bias)
    layer = network(inputs, f"dense {units} bias={'yes' if bias else 'no'}").layers[0]
    assert layer.output == (units,)
    assert {n: layer.counts[n] for n in OPERATIONS} == {n: meter[n] for n in OPERATIONS}
    assert layer.counts["weights"] == weights
    assert layer.counts["params"] == weights + (units if bias else 0)
    assert layer.counts["connections"] == meter["connections"]


@given(length=st.integers(1, 12), kernel=SMALL, stride=SMALL, padding=st.integers(0, 2))
def test_a_convolution_along_one_axis_is_one_of_width_one(
    length: int, kernel: int, stride: int, padding: int
) -> None:
    assume(length + 2 * padding >= kernel)
    line = network((2, length), f"conv 3 {kernel} s{stride} p{padding}").layers[0]
    strip = network((2, length, 1), f"conv 3 {kernel}x1 s{stride}x1 p{padding}x0").layers[0]
    assert line.output == strip.output[:2]
    for name in (*OPERATIONS, "params", "macs", "connections", "units"):
        assert line.counts[name] == strip.counts[name]


@given(convolutions())
def test_counting_again_by_loop_and_by_shapes_gives_the_same(chosen: dict[str, Any]) -> None:
    options: dict[str, Any] = {
        name: chosen[name]
        for name in (
            "filters",
            "kernel",
            "stride",
            "dilation",
            "padding",
            "bias",
            "groups",
            "skipped",
        )
    }
    if chosen["table"]:
        options["table"] = tuple(map(tuple, chosen["table"]))
    padding = chosen["padding"] if chosen["padding"] != "same" else (9, 9)
    for side, k, d, p in zip(
        chosen["sides"], chosen["kernel"], chosen["dilation"], padding, strict=True
    ):
        assume(side + 2 * p >= d * (k - 1) + 1)
    inputs = ((chosen["channels"], *chosen["sides"]),)
    looped, short = (recount("conv", options, inputs, budget) for budget in (10**9, 0))
    assert looped is not None
    assert short is not None
    assert looped.looped
    assert not short.looped
    assert looped[:2] == short[:2]


def test_activations_are_counted_value_by_value() -> None:
    net = network((2, 3, 4), "relu", "sigmoid", "tanh", "leaky_relu", "softmax", "batchnorm")
    relu, sigmoid, tanh, leaky, softmax, norm = (layer.counts for layer in net.layers)
    assert (relu["comparisons"], relu["multiplications"]) == (24, 0)
    assert (sigmoid["exponentials"], sigmoid["additions"], sigmoid["divisions"]) == (24, 24, 24)
    assert (tanh["exponentials"], tanh["additions"], tanh["divisions"]) == (24, 48, 24)
    assert (leaky["comparisons"], leaky["multiplications"]) == (24, 24)
    # over the 2 channels at each of 12 places: 2 exponentials, 1 addition, 2 divisions
    assert (softmax["exponentials"], softmax["additions"], softmax["divisions"]) == (24, 12, 24)
    assert (norm["params"], norm["running"], norm["multiplications"]) == (4, 4, 24)


def test_a_global_pooling_reads_the_whole_map() -> None:
    mean, largest = (
        network((5, 7, 7), kind).layers[0] for kind in ("global average pool", "globalmaxpool")
    )
    assert mean.output == largest.output == (5,)
    assert (mean.counts["additions"], mean.counts["divisions"]) == (5 * 48, 5)
    assert largest.counts["comparisons"] == 5 * 48


@pytest.mark.parametrize("count", [2, 3, 4])
def test_adding_layers_takes_one_addition_less_than_there_are_layers(count: int) -> None:
    net = network(
        (2, 3, 3),
        *(spec("relu", f"r{n}", ("input",)) for n in range(count)),
        spec("add", "sum", tuple(f"r{n}" for n in range(count))),
    )
    assert net.by_name["sum"].output == (2, 3, 3)
    assert net.by_name["sum"].counts["additions"] == 18 * (count - 1)


def test_concatenation_adds_up_channels_and_costs_nothing() -> None:
    net = network(
        (3, 8, 8),
        spec("conv 4 1", "a", ("input",)),
        spec("conv 6 3 same", "b", ("input",)),
        spec("concat", "j", ("a", "b", "input")),
    )
    assert net.by_name["j"].output == (13, 8, 8)
    assert all(net.by_name["j"].counts[name] == 0 for name in OPERATIONS)


def test_fixed_centres_are_not_trained() -> None:
    layer = network((84,), "rbf 10").layers[0]
    assert layer.counts["params"] == 0
    assert layer.counts["connections"] == 840
    # a difference and a square for each input, and the sum of the squares
    assert (layer.counts["multiplications"], layer.counts["additions"]) == (840, 840 + 830)


def test_sizes_of_a_thousand_billion_are_exact() -> None:
    layer = network((1, 10**12, 10**12), "conv 1 3").layers[0]
    assert layer.output == (1, 999_999_999_998, 999_999_999_998)
    assert layer.counts["multiplications"] == 9 * 999_999_999_998**2


@given(
    chosen=convolutions(),
    pooling=st.sampled_from(["maxpool", "avgpool", "subsample"]),
    rounding=st.sampled_from(["floor", "ceil"]),
)
def test_every_layer_with_a_window_agrees_with_its_second_count(
    chosen: dict[str, Any], pooling: str, rounding: str
) -> None:
    sides, padding = chosen["sides"], chosen["padding"]
    zeros = (0, 0) if padding == "same" else padding
    for side, k, p, d in zip(sides, chosen["kernel"], zeros, chosen["dilation"], strict=True):
        assume(padding == "same" or (side + 2 * p >= d * (k - 1) + 1 > p))
    if padding == "same":
        for side, k, s, d in zip(
            sides, chosen["kernel"], chosen["stride"], chosen["dilation"], strict=True
        ):
            assume(max(same_zeros(side, d * (k - 1) + 1, s)) < d * (k - 1) + 1)
    words = f"{pooling} {text(chosen['kernel'])} s{text(chosen['stride'])} {rounding}"
    words += f" d{text(chosen['dilation'])} padding="
    words += padding if padding == "same" else text(padding)
    defaults = {"skipped": True} if chosen["skipped"] else None
    layer = network((chosen["channels"], *sides), words, defaults=defaults).layers[0]
    for budget in (10**9, 0):
        again = recount(pooling, layer.options, ((chosen["channels"], *sides),), budget)
        assert again is not None
        assert again.output == layer.output
        assert again.counts == {name: layer.counts[name] for name in again.counts}


def test_a_window_over_the_edge_reads_only_what_is_there() -> None:
    # windows of 4 from 0, 3, 6, 9 and 12 on 15 rows: the last one reads 3 rows, so
    # 16 windows of 16, 8 of 12 and one of 9 cells: 16*15 + 8*11 + 8 comparisons
    layer = network((1, 15, 15), "pool 4 s3 ceil").layers[0]
    assert layer.output == (1, 5, 5)
    assert layer.counts["comparisons"] == 336


def test_skipped_zeros_are_not_multiplied() -> None:
    # 3x3 on 4x4 with a zero all around: the corners see 4 cells, the edges 6, the middle 9
    counts = network((1, 4, 4), "conv 1 3 p1", defaults={"skipped": True}).layers[0].counts
    assert counts["multiplications"] == 4 * 4 + 8 * 6 + 4 * 9
    assert counts["additions"] == counts["multiplications"]  # each bias, less the first product
    assert counts["connections"] == counts["multiplications"] + 16
    counted = network((1, 4, 4), "conv 1 3 p1").layers[0].counts
    assert counted["multiplications"] == 16 * 9


def test_too_many_windows_over_an_edge_are_refused() -> None:
    with pytest.raises(InputError) as caught:
        network((1, 9), "conv 1 5 p1000000", defaults={"skipped": True})
    assert str(caught.value) == (
        "conv1: too many windows reach over the edge to count what each reads; "
        "take less padding, or count it (padding: counted)"
    )
