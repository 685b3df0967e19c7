"""The conventions of counted networks: what is printed is what was stated and what holds."""

from __future__ import annotations

from typing import Any

import pytest
from networks import answers

from hwsolve.errors import HwsolveError
from hwsolve.problem.conventions import BY_NAME
from hwsolve.problem.reader import read_text
from hwsolve.solution import Section, Solution, Step, Text
from hwsolve.solvers.cnn import solve_cnn


def solved(text: str) -> Solution:
    return solve_cnn(read_text(f"kind: cnn\n{text}", "net.yaml"))


def stated(text: str, name: str) -> list[tuple[str, str, str]]:
    """The lines of a convention: its value, what it means and where it comes from."""
    found = [c for c in solved(text).conventions if c.name == name]
    return [(convention.value, convention.meaning, convention.source) for convention in found]


def section(solution: Solution, title: str) -> Section:
    return next(each for each in solution.sections if each.title.startswith(title))


def refusal(text: str) -> str:
    with pytest.raises(HwsolveError) as caught:
        answers(text)
    return str(caught.value)


UNEVEN = "input: 1x10x10\nlayers: [C: conv 2 3 s2{}]\nfind: [C.size]\n"


def test_convolutions_round_down_though_pooling_is_to_round_up() -> None:
    text = "input: 1x10x10\nlayers: [C: conv 2 3 s2, P: pool 3 s2]\nfind: [P.size]\n"
    text += "conventions: {rounding: ceil}\n"
    assert stated(text, "rounding") == [
        (
            "floor",
            "where the stride does not divide, convolutions always round down (C)",
            "default",
        ),
        ("ceil", "where the stride does not divide, sizes are rounded up (P)", "problem"),
    ]


def test_rounding_up_that_no_pooling_needs_is_said_to_be_stated() -> None:
    text = UNEVEN.format("") + "conventions: {rounding: ceil}\n"
    assert stated(text, "rounding") == [
        ("ceil", "stated for pooling layers; none of them needs it here", "problem"),
        (
            "floor",
            "where the stride does not divide, convolutions always round down (C)",
            "default",
        ),
    ]


def test_rounding_down_is_a_default_until_it_is_stated() -> None:
    meaning = "where the stride does not divide, sizes are rounded down (C)"
    text = UNEVEN.format("")
    assert stated(text, "rounding") == [("floor", meaning, "default")]
    text += "conventions: {rounding: floor}\n"
    assert stated(text, "rounding") == [("floor", meaning, "problem")]


def test_the_convention_says_that_it_is_for_pooling() -> None:
    assert BY_NAME["rounding"].description == (
        "how the output size of a pooling layer is rounded where the stride does not divide; "
        "convolutions always round down"
    )


WORK = "input: 1x6x6\nlayers: [C: conv 2 3, P: pool 2]\nfind: [total.flops]\n"


@pytest.mark.parametrize(
    ("conventions", "value", "meaning", "flops"),
    [
        # C has 32 outputs, 288 multiplications and additions; P 24 comparisons
        (
            "{multiplication: 1, addition: 0, comparison: 2}",
            "multiplication 1, addition 0, comparison 2",
            "FLOPs for one of each; nothing else counts (here not: 288 additions)",
            288 + 48,
        ),
        (
            "{comparison: 0}",
            "multiplication 1, addition 1, comparison 0",
            (
                "FLOPs for one of each (multiplication and addition as usual); nothing else "
                "counts (here not: 24 comparisons)"
            ),
            576,
        ),
        (
            "{flops: macs, comparison: 1}",
            "MAC 1, comparison 1",
            "FLOPs for one of each (MAC as usual); nothing else counts",
            288 + 24,
        ),
    ],
)
def test_stated_weights_are_repeated_as_stated(
    conventions: str, value: str, meaning: str, flops: int
) -> None:
    text = f"{WORK}conventions: {conventions}\n"
    assert stated(text, "flops") == [(value, meaning, "problem")]
    assert answers(text) == {"total.flops": flops}


def test_operations_can_be_listed() -> None:
    text = f"{WORK}conventions: {{flops: [multiplications, comparisons]}}\n"
    assert answers(text) == {"total.flops": 288 + 24}


def test_a_list_with_a_word_that_is_no_operation_is_refused_at_its_place() -> None:
    text = f"{WORK}conventions: {{flops: [multiplications, comparsons]}}\n"
    assert refusal(text).startswith("net.yaml:5:")
    assert refusal(text).endswith("FLOPs are not made of 'comparsons'; did you mean 'comparisons'?")


PADDED = "input: 1x4x4\nlayers: [C: conv 1 3 p1]\nfind: [C.multiplications, C.flops]\n"


def test_padded_zeros_are_counted_or_skipped() -> None:
    # 4 corners see 4 cells, 8 edges 6 and the 4 in the middle 9: 100 products
    assert answers(PADDED) == {"C.multiplications": 144, "C.flops": 288}
    skipped = f"{PADDED}conventions: {{padding: skipped}}\n"
    assert answers(skipped) == {"C.multiplications": 100, "C.flops": 200}
    assert stated(PADDED, "padding") == [
        ("counted", "a padded zero costs as much as any other input", "default")
    ]
    assert stated(skipped, "padding") == [
        ("skipped", "operations on padded zeros are not counted", "problem")
    ]
    certificate = solved(skipped).certificates[0]
    assert (certificate.subject, certificate.proved) == ("sizes and counts of C", True)


def test_the_line_of_the_skipped_cells_says_how_many() -> None:
    solution = solved(f"{PADDED}conventions: {{padding: skipped}}\n")
    steps = [block for block in section(solution, "C:").blocks if isinstance(block, Step)]
    cells = next(step for step in steps if str(getattr(step.name, "name", "")) == "r")
    assert (cells.value, cells.reason) == (
        10,
        "cells read along the axis: 2 lie outside and are not read",
    )


def test_only_what_can_be_stated_is_a_convention() -> None:
    text = "input: 3x8x8\nlayers: [conv 4 3 s2 same, batchnorm, relu, dense 5]\n"
    text += "find: [total.macs, total.connections, total.units, total.flops]\n"
    solution = solved(text)
    assert {convention.name for convention in solution.conventions} <= set(BY_NAME)
    notes = [
        block.parts for block in section(solution, "Counted").blocks if isinstance(block, Text)
    ]
    assert notes == [
        ("Padding 'same' with a stride s follows TensorFlow: ceil(n/s) outputs (conv1).",),
        ("Batch normalisation in use is one multiplication and one addition a value.",),
        ("A MAC is an input times a weight, added up; biases and pooling have none.",),
        ("A connection is a pair of a unit and an input; its bias is one of them.",),
        ("Units are the outputs of convolutions, dense layers and subsampling.",),
    ]


def test_sizes_in_the_working_and_in_errors_have_the_stated_order() -> None:
    text = "input: 6x6x8\nlayers: [A: conv 2 1, B: conv 3 1 from input, D: dense 10 from input{}]\n"
    text += "find: [D.params]\nconventions: {{size_order: HWC}}\n"
    (step, *_) = section(solved(text.format("")), "D:").blocks
    assert isinstance(step, Step)
    assert step.reason == "6x6x8 flattened"
    assert "layers of sizes 6x6x2 and 6x6x3 cannot be added" in refusal(text.format(", S: add A B"))


def test_softmax_over_features_does_not_call_them_channels() -> None:
    solution = solved("input: 10\nlayers: [S: softmax]\nfind: [S.exponentials]\n")
    names: list[Any] = [each.title for each in solution.sections]
    assert "Letters" not in names


NAMED = "input: 1x15x12\nlayers: [B: conv 4 4x3 same, C: conv 2 3x5 d2x1, D: dense 10]\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("B.padding", "1 above, 2 below, 1 left, 1 right"),
        ("B.kernel", (4, 3)), ("C.dilation", (2, 1)), ("C.padding", 0), ("D.inputs", 2 * 11 * 8),
        ("C.inputs", 4 * 15 * 12), ("C.h_out", 11), ("C.w_out", 8), ("C.k_h", 3), ("B.F", 4),
    ],
)  # fmt: skip
def test_what_the_working_prints_can_be_asked(name: str, value: object) -> None:
    assert answers(f"{NAMED}find: ['{name}']\n") == {name: value}


def test_an_uneven_padding_is_told_in_words() -> None:
    text = "input: 1x15x15\nlayers: [B: conv 4 4 same]\nfind: ['{}']\n"
    assert answers(text.format("B.padding")) == {"B.padding": "1 before, 2 behind"}
    assert refusal(text.format("B.padding + 1")) == (
        "net.yaml:4:9: B.padding is not one number: 1 before, 2 behind"
    )


def test_sides_may_be_very_long_and_too_long_ones_are_refused() -> None:
    text = "input: 3x{0}x{0}\nlayers: [C: conv 4 3 p1]\nfind: [C.outputs]\n"
    assert answers(text.format(10**9)) == {"C.outputs": 4 * 10**18}
    assert refusal(text.format(10**18)).endswith(
        "the size 3x1000000000000000000x1000000000000000000 is too large; "
        "a side has at most 18 digits"
    )


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("conv 8.5 3", "the number of filters of conv is a whole number, not '8.5'"),
        ("unpool 2", "unpooling is not in the layer table"),
        ("convlstm 16", "a convolutional LSTM is not in the layer table"),
        ("sparsemax", "this activation is not in the layer table"),
    ],
)
def test_a_layer_that_cannot_be_read_is_named_for_what_it_is(layer: str, message: str) -> None:
    assert message in refusal(f"input: 3x32x32\nlayers: [{layer}]\n")


def test_a_layer_in_quotes_may_have_its_name() -> None:
    text = "input: 3x9x9\nlayers: ['B: conv 4 3x3', 'conv 2 3']\nfind: [B.size, conv1.size]\n"
    assert answers(text) == {"B.size": (4, 7, 7), "conv1.size": (2, 5, 5)}


def test_a_layer_in_quotes_keeps_the_place_of_its_words() -> None:
    text = "input: 3x9x9\nlayers: ['B: conv 4 3x3 s0']\n"
    assert refusal(text) == "net.yaml:3:25: the stride of conv is at least 1, not 0"


@pytest.mark.parametrize("path", ["[conv 4 3x3, conv 4 3]", "[A: conv 4 3x3]", "conv 4 3x3"])
def test_a_path_of_layers_is_told_what_paths_are(path: str) -> None:
    assert (
        "the path 'left' lists the names of layers, not layers; write them under 'layers' with "
        "names, such as 'A: conv 6 5x5', then left: [A]"
    ) in refusal(f"input: 3x32x32\npaths: {{left: {path}}}\n")
