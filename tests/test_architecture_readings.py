"""Readings of a network: memory, training, receptive fields, paths compared, large networks."""

from __future__ import annotations

from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING

import pytest
from commands import ROOT
from hypothesis import given
from hypothesis import strategies as st

from hwsolve.errors import HwsolveError
from hwsolve.nets.activations import ACTIVATIONS
from hwsolve.nets.layers import LAYERS
from hwsolve.nets.memory import OVERWRITING, VIEWS, Memory, most_at_a_time
from hwsolve.problem.override import override
from hwsolve.problem.reader import read_problem, read_text
from hwsolve.solution import Num, Table, Text
from hwsolve.solvers.cnn import read_network, solve_cnn, solve_network

if TYPE_CHECKING:
    from hwsolve.nets.network import Network
    from hwsolve.problem.model import Problem
    from hwsolve.solution import Solution

FOLDER = ROOT / "problems" / "architectures"


def problem(text: str) -> Problem:
    return read_text(f"kind: architecture\n{text}", "net.yaml")


def answers(text: str) -> dict[str, object]:
    solution = solve_cnn(problem(text), document=False)
    return {answer.name: answer.value for answer in solution.answers}


def network(text: str) -> Network:
    return solve_network(problem(text), read_network(problem(text))).network


def published(name: str) -> Problem:
    return read_problem(str(FOLDER / f"{name}.yaml"))


def asked(name: str, *words: str, conventions: str = "{}", size: str = "") -> dict[str, object]:
    """What a published network answers, by name."""
    conventions_ = problem(
        f"input: 1x9x9\nlayers: [relu]\nconventions: {conventions}\nfind: [{', '.join(words)}]\n"
    )
    whole = published(name)
    whole = whole._replace(
        find=conventions_.find, conventions={**whole.conventions, **conventions_.conventions}
    )
    if size:
        whole = override(whole, [f"input={size}"])
    return {answer.name: answer.value for answer in solve_cnn(whole, document=False).answers}


# -- memory ------------------------------------------------------------------------------


SMALL = """input: 1x8x8
batch: 10
layers:
  - C: conv 2 3x3 p1
  - relu
  - N: batchnorm
  - P: pool 2
  - flatten
  - D: dense 5
"""


def test_memory_is_values_times_bytes() -> None:
    # parameters: C 2*10, N 2*2, D 5*33; running values: 4; outputs: 128, 128, 128, 32, 0, 5
    find = "find: [total.params_bytes, total.running_bytes, total.model_bytes, C.params_bytes, \
        total.gradients_bytes, total.optimizer_bytes, total.activations_bytes, D.activations_kB]"
    assert answers(SMALL + find) == {
        "total.params_bytes": 189 * 4, "total.running_bytes": 16, "total.model_bytes": 193 * 4,
        "C.params_bytes": 80, "total.gradients_bytes": 756, "total.optimizer_bytes": 1512,
        "total.activations_bytes": 421 * 4 * 10, "D.activations_kB": 0.2,
    }  # fmt: skip


def test_training_adds_up_what_it_stores() -> None:
    found = answers(SMALL + "find: [total.training_bytes, total.training_MB]")
    assert found["total.training_bytes"] == 4 * (193 + 189 + 2 * 189 + 4210)
    assert found["total.training_MB"] == 4 * (193 + 189 + 2 * 189 + 4210) / 10**6


@pytest.mark.parametrize(
    ("conventions", "stored"),
    [
        ("{dtype: float16}", 2 * (193 + 189 + 378 + 4210)),
        ("{dtype: double, optimizer: momentum}", 8 * (193 + 189 + 189 + 4210)),
        ("{optimizer: sgd}", 4 * (193 + 189 + 4210)),
        ("{activations: in place}", 4 * (193 + 189 + 378 + 2930)),
        ("{dtype: int4}", (193 + 189 + 378 + 4210) // 2),
    ],
)
def test_conventions_decide_what_is_stored(conventions: str, stored: int) -> None:
    text = f"{SMALL}conventions: {conventions}\nfind: [total.training_bytes]\n"
    assert answers(text)["total.training_bytes"] == stored


def test_what_memory_depends_on_is_printed() -> None:
    solution = solve_cnn(problem(SMALL + "find: [total.training_MiB]\n"))
    named = {convention.name: convention.value for convention in solution.conventions}
    assert named["dtype"] == "float32"
    assert named["activations"] == "kept"
    assert named["optimizer"] == "adam"
    assert not {"dtype", "optimizer"} & {
        convention.name
        for convention in solve_cnn(problem(SMALL + "find: [total.params]\n")).conventions
    }


# convnet-burden's table (its MB are MiB): parameters with running values, and features of one
# 224x224 picture with activations in place
@pytest.mark.parametrize(
    ("name", "params", "features"),
    [("squeezenet", 5, 17), ("resnet18", 45, 23), ("vgg16", 528, 58), ("densenet121", 31, 126)],
)
def test_memory_agrees_with_a_published_table(name: str, params: int, features: int) -> None:
    found = asked(
        name, "total.model_MiB", "total.activations_MiB", conventions="{activations: in place}"
    )
    assert round(float(found["total.model_MiB"])) == params  # type: ignore[arg-type]  # a number
    assert round(float(found["total.activations_MiB"])) == features  # type: ignore[arg-type]  # likewise


def peak_by_hand(net: Network) -> int:
    """The most values at a time: for each layer, what exists and somebody still reads."""
    most = prod(net.input)
    for now in range(len(net.layers)):
        alive = 0
        for number in range(-1, now + 1):
            readers = [layer.number for layer in net.layers if number in layer.sources]
            needed = number == now or any(reader >= now for reader in readers)
            size = net.input if number < 0 else net.layers[number].output
            alive += prod(size) if needed else 0
        most = max(most, alive)
    return most


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 9)), min_size=1, max_size=9))
def test_the_most_values_at_a_time_are_those_that_are_still_read(
    layers: list[tuple[int, int]],
) -> None:
    rows = "".join(
        f"  - L{at}: {{conv: {filters}, kernel: 1, from: {f'L{at - 1 - back}' if back < at else 'input'}}}\n"
        for at, (filters, back) in enumerate(layers)
    )
    net = network(f"input: 3x4x4\nlayers:\n{rows}")
    assert most_at_a_time(net, Memory())[0] == peak_by_hand(net)


def test_every_row_that_memory_names_is_in_the_layer_table() -> None:
    names = {row.name for row in LAYERS}
    assert names >= VIEWS | OVERWRITING
    assert set(ACTIVATIONS) <= OVERWRITING


def test_the_cache_of_keys_and_values_has_two_vectors_for_each_token() -> None:
    text = """input: 100 tokens x 64
batch: 3
conventions: {dtype: float16}
layers: [attention 8 causal, attention 8 kv_heads=2, feedforward 128]
find: [total.kv_cache_bytes, attention2.kv_cache_bytes]
"""
    # 2 vectors of 64 numbers, and 2 of 2*8
    assert answers(text) == {
        "total.kv_cache_bytes": 3 * 100 * (128 + 32) * 2,
        "attention2.kv_cache_bytes": 3 * 100 * 32 * 2,
    }


def test_memory_at_a_time_is_asked_of_a_whole_network() -> None:
    with pytest.raises(HwsolveError) as raised:
        answers(SMALL + "find: [C.inference_MB]")
    assert str(raised.value) == (
        "net.yaml:11:8: C.inference_MB: that is asked of a whole network; "
        "ask for total.inference_MB"
    )


# -- training, units of counts -----------------------------------------------------------


def test_training_takes_three_times_the_work_and_six_flops_a_weight() -> None:
    text = (
        SMALL
        + "find: [total.training_macs, total.training_flops_6n, C.training_macs, \
        total.all_params, total.macs_k, total.params_M]"
    )
    macs = 2 * 64 * 9 + 32 * 5
    assert answers(text) == {
        "total.training_macs": 3 * macs, "total.training_flops_6n": 6 * 189,
        "C.training_macs": 3 * 1152, "total.all_params": 193,
        "total.macs_k": macs / 1000, "total.params_M": 0.000189,
    }  # fmt: skip


# -- published figures -------------------------------------------------------------------

# Parameters and multiply-adds of torchvision 0.29.2 (models/*.py, num_params and _ops), in
# the digits that it prints
TORCHVISION = {
    "alexnet": (61_100_840, 714, 10**6), "vgg16": (138_357_544, 1547, 10**7),
    "resnet18": (11_689_512, 1814, 10**6), "resnet50": (25_557_032, 4089, 10**6),
    "squeezenet": (1_235_496, 349, 10**6), "densenet121": (7_978_856, 2834, 10**6),
    "mobilenet-v2": (3_504_872, 301, 10**6),
}  # fmt: skip


@pytest.mark.parametrize("name", TORCHVISION)
def test_a_published_network_has_its_parameters_and_multiply_adds(name: str) -> None:
    params, macs, unit = TORCHVISION[name]
    found = asked(name, "total.params", "total.macs")
    assert found["total.params"] == params
    assert round(Fraction(found["total.macs"], unit)) == macs  # type: ignore[call-overload]  # a number


@pytest.mark.parametrize(
    ("size", "millions"), [(224, 300), (192, 221), (160, 154), (128, 99), (96, 56)]
)
def test_mobilenet_v2_on_the_pictures_of_its_paper(size: int, millions: int) -> None:
    # Sandler et al. 2018 and TF-Slim's table, in millions; 300.8 is printed as 300
    found = asked("mobilenet-v2", "total.macs", size=f"3x{size}x{size}")["total.macs"]
    assert abs(Fraction(found, 10**6) - millions) < 1  # type: ignore[call-overload]  # a number


def test_resnet_50_on_a_smaller_picture() -> None:
    # timm's table of ResNet-50 at 160x160 (fvcore): 2.10 G, and 25.56 M parameters
    found = asked("resnet50", "total.macs", "total.params", size="3x160x160")
    assert found["total.params"] == 25_557_032
    assert round(Fraction(found["total.macs"], 10**8)) == 21  # type: ignore[call-overload]  # a number


# -- large networks ----------------------------------------------------------------------


def tables(solution: Solution) -> list[Table]:
    return [
        block
        for section in solution.sections
        for block in section.blocks
        if isinstance(block, Table) and block.totals is not None
    ]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_total_is_the_sum_of_the_rows_that_are_printed(path: object) -> None:
    whole = read_problem(str(path))
    for part in whole.parts or (whole,):
        find = problem(
            "input: 1x9x9\nlayers: [relu]\nfind: [total.params, total.running, total.macs, "
            "total.activations_bytes]\n"
        ).find
        solution = solve_cnn(part._replace(find=find))
        found = tables(solution)
        for table in found:
            assert table.totals is not None
            for place, total in enumerate(table.totals):
                if isinstance(total, Num):
                    cells = [row[place] for row in table.rows]
                    assert total.value == sum(
                        cell.value  # type: ignore[misc]  # a count
                        for cell in cells
                        if isinstance(cell, Num)
                    )


def test_a_large_network_is_shown_by_its_blocks() -> None:
    solution = solve_cnn(published("resnet50"))
    (table,) = tables(solution)
    assert [row[0] for row in table.rows] == [
        "stem", "relu1", "pool1", "stage1", "stage2", "stage3", "stage4", "pool2", "fc",
    ]  # fmt: skip
    titles = [section.title for section in solution.sections if ":" in section.title]
    # only the layer that is asked for is worked out
    assert titles == [
        "stage2.unit1.branch.conv2.conv: convolution, 128 filters 3x3, padding 1, "
        "128x28x28 -> 128x28x28"
    ]


def test_an_entry_of_a_large_network_is_worked_out() -> None:
    whole = override(published("resnet18"), entries=["stage1.unit1.branch.conv1"])
    titles = [section.title for section in solve_cnn(whole).sections]
    assert any(title.startswith("stage1.unit1.branch.conv1.conv: ") for title in titles)
    assert any(title.startswith("stage1.unit1.branch.conv1.norm: ") for title in titles)


def test_a_network_that_only_trains_a_branch_says_so_and_leaves_its_work_out() -> None:
    text = """input: 4x8x8
layers:
  - stem: conv 4 1x1
  - aux: {layers: [flatten, dense 10], train_only: yes}
  - head: dense 2
find: [total.params, total.macs]
"""
    solution = solve_cnn(problem(text))
    (table,) = tables(solution)
    by_name = {row[0]: row for row in table.rows}
    assert by_name["aux.dense1"][3:] == (Num(2570), None)
    assert table.totals is not None
    assert table.totals[3:] == (Num(20 + 2570 + 514), Num(1024 + 512))
    said = [
        part
        for section in solution.sections
        for block in section.blocks
        if isinstance(block, Text)
        for part in block.parts
    ]
    assert (
        "What only trains (aux.flatten1, aux.dense1) has parameters and no part in the work of "
        "inference." in said
    )


# -- receptive fields and paths ----------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "layer", "field", "stride", "padding"),
    # TF-Slim's table: alexnet_v2/pool5 195, 32, 64 and vgg_16/pool5 212, 32, 90
    [("alexnet-receptive-field", "pool5", 195, 32, 64), ("vgg16", "stage5", 212, 32, 90)],
)
def test_receptive_field_stride_and_padding_are_those_of_tf_slim(
    name: str, layer: str, field: int, stride: int, padding: int
) -> None:
    words = [f"{layer}.{what}" for what in ("rf", "effective_stride", "effective_padding")]
    assert list(asked(name, *words).values()) == [field, stride, padding]


def test_two_networks_are_compared_with_what_one_saves() -> None:
    text = """input: 64x8x8
layers:
  - large: {layers: [conv 64 3x3 p1 no bias], from: input}
  - small: {layers: [depthwise 3x3 p1 no bias, conv 64 1x1 no bias], from: input}
paths: {A: [large], B: [small]}
find: [A.params/B.params, 1 - B.macs/A.macs]
"""
    solution = solve_cnn(problem(text))
    section = next(each for each in solution.sections if each.title == "Paths compared")
    saved = [block for block in section.blocks if isinstance(block, Table)][1]
    # 64*64*9 = 36864 against 64*9 + 64*64 = 4672 weights
    assert saved.rows[0] == ("parameters", "B", Num(32192), Num(3219200 / 36864, "%"))
    assert {answer.name: answer.value for answer in solution.answers} == {
        "A.params/B.params": Fraction(36864, 4672),
        "1 - B.macs/A.macs": 1 - Fraction(4672, 36864),
    }


# -- another input from the command line -------------------------------------------------


def test_another_input_and_batch_are_given_like_other_values() -> None:
    whole = override(published("lenet5"), ["input=3x28x28", "batch=4"])
    found = {answer.name: answer.value for answer in solve_cnn(whole).answers}
    # C1 has 6 filters of 3*25 + 1 numbers, C5 reads 256 values
    assert found["total.params"] == 456 + 2416 + 30_840 + 10_164 + 850
    assert found["S4.size"] == (4, 16, 4, 4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("input=3x", "--set input=3x: 'input' takes a size, not '3x'; "
         "write it as 1x32x32 or as a number of features"),
        ("batch=0", "--set batch=0: 'batch' is from 1 to 1000000000, not 0"),
        ("inputs=3", "--set inputs=3: 'inputs' is not given in "),
    ],
)  # fmt: skip
def test_an_input_that_is_none_is_refused(text: str, message: str) -> None:
    with pytest.raises(HwsolveError) as raised:
        override(published("lenet5"), [text])
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize("word", ["memory", "model_size", "total.memory_use", "size_MB"])
def test_a_word_for_memory_that_is_not_clear_gets_a_hint(word: str) -> None:
    with pytest.raises(HwsolveError) as raised:
        answers(SMALL + f"find: [{word}]")
    assert str(raised.value).endswith(
        "memory is asked for as params_MB, activations_MiB, training_GB or inference_bytes"
    )


# -- the name of the kind ----------------------------------------------------------------


def test_the_older_name_of_the_kind_means_the_same() -> None:
    old = read_text(f"kind: cnn\n{SMALL}", "net.yaml")
    assert old.kind == problem(SMALL).kind == "architecture"
    from hwsolve.problem.templates import template

    assert template("cnn") == template("architecture")
