"""Networks in a line: read like the layers of a file, with branches, repeats and errors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from commands import process
from network_lines import ALEXNET, LENET, RESNET50, VGG16

from hwsolve.cli.networks import text_of
from hwsolve.errors import InputError
from hwsolve.problem.network_line import problem_of, read_line
from hwsolve.problem.reader import read_text
from hwsolve.solvers import solve

if TYPE_CHECKING:
    from pathlib import Path


def counted(line: str, *asked: str, size: str | None = None) -> dict[str, Any]:
    solution = solve(problem_of(read_line(line, size), asked))
    return {answer.name: answer.value for answer in solution.answers}


def refused(line: str) -> InputError:
    with pytest.raises(InputError) as caught:
        counted(line)
    return caught.value


def test_a_line_counts_what_the_same_layers_in_a_file_count() -> None:
    file = """
kind: architecture
input: 3x20x30
layers:
  - conv 8 3x5 s2 p1
  - batchnorm
  - relu
  - avgpool 2
  - dense 7
find: [conv1.params, pool1.size, total.params, total.macs, total.flops]
"""
    expected = {answer.name: answer.value for answer in solve(read_text(file)).answers}
    line = "3x20x30 | conv 8 3x5 s2 p1 | batchnorm | relu | avgpool 2 | dense 7"
    asked = ("conv1.params", "pool1.size", "total.params", "total.macs", "total.flops")
    assert counted(line, *asked) == expected


@pytest.mark.parametrize(
    ("line", "params", "macs"),
    [
        (LENET, 61_706, 416_520),  # the usual tutorial LeNet
        (ALEXNET, 61_100_840, 714_188_480),  # torchvision's num_params, 0.714 G
        (VGG16, 138_357_544, 15_470_264_320),  # torchvision's num_params, 15.47 G
        (RESNET50, 25_557_032, 4_089_184_256),  # torchvision's num_params, 4.089 G
    ],
)
def test_published_networks_fit_into_a_line(line: str, params: int, macs: int) -> None:
    found = counted(line, "total.params", "total.macs")
    assert found == {"total.params": params, "total.macs": macs}


def test_branches_read_the_same_layer_and_an_empty_one_is_that_layer_itself() -> None:
    line = "8x6x6 | relu | (conv 8 3x3 p1 & ) add | (conv 2 1x1 & conv 3 3x3 p1 & ) concat"
    assert counted(line, "add1.size", "concat1.size") == {
        "add1.size": (8, 6, 6),
        "concat1.size": (13, 6, 6),
    }


def test_a_branch_at_the_start_reads_the_input() -> None:
    assert counted("4x5x5 | (conv 2 1x1 & ) concat", "output.size") == {"output.size": (6, 5, 5)}


def test_brackets_nest_and_repeat() -> None:
    line = "4x8x8 | ((conv 4 3x3 p1 | relu) x 2 | pool 2) x 2"
    # two 3x3 convolutions of 4 channels in each of two rounds: 4 (4·9·4 + 4)
    assert counted(line, "total.params", "output.size") == {
        "total.params": 592,
        "output.size": (4, 2, 2),
    }


def test_layers_may_have_names_and_read_others_by_them() -> None:
    line = "2x4x4 | A: conv 2 1x1 | B: conv 2 1x1 from input | add A B"
    assert counted(line, "A.params", "B.params", "output.size") == {
        "A.params": 6, "B.params": 6, "output.size": (2, 4, 4),
    }  # fmt: skip


def test_a_line_in_letters_is_answered_by_formulas() -> None:
    from hwsolve.nets.exact import evaluate

    formula = counted("C x n x n | conv F 3x3 p1", "total.params")["total.params"]
    # 3 filters of 2·3·3 weights and a bias
    assert evaluate(formula, {"C": 2, "F": 3}) == 57


def test_lines_of_a_text_without_bars_are_layers() -> None:
    assert counted("1x8x8\nconv 2 3x3\nrelu\ndense 5\n", "total.params") == {"total.params": 385}


@pytest.mark.parametrize(
    ("line", "column", "message"),
    [
        ("1x8x8 | conv 2 3x3 | rleu", 22, "'rleu' is not a kind of layer; did you mean 'relu'?"),
        ("1x8x8 | conv 2 3x3 | | relu", 22, "a layer is missing here"),
        ("1x8x8 | (conv 2 3x3 | relu", 9, "this bracket is not closed"),
        ("1x8x8 | conv 2 3x3) | relu", 19, "this bracket closes nothing"),
        ("1x8x8 | (relu & relu) | relu", 22, "what joins the branches is missing"),
        ("1x8x8 | (relu) add", 15, "'add' joins one branch only"),
        ("conv 2 3x3 | relu", 1, "the line starts with a layer, 'conv 2 3x3'"),
        ("1x8x8", 1, "there is no layer behind the input"),
        ("1x8x8 | A: relu | A: relu", 19, "two layers are called 'A'"),
        ("1x8x8 | (relu) x 0", 15, "layers are repeated 1 to 100,000 times, not 0"),
    ],
)
def test_an_error_says_where_in_the_line_it_is(line: str, column: int, message: str) -> None:
    error = refused(line)
    assert error.place is not None
    assert (error.place.line, error.place.column) == (1, column)
    assert str(error).startswith(f"line:1:{column}: {message}")


def test_the_command_marks_the_place_below_the_line() -> None:
    ran = process("count", "1x32x32 | conv 6 5x5 | pool 40")
    assert ran.code == 2
    assert ran.err.splitlines()[1:] == [
        "  1x32x32 | conv 6 5x5 | pool 40",
        "                              ^",
    ]


def test_a_far_place_in_a_long_line_is_shown_with_what_is_around_it() -> None:
    ran = process("count", "1x9x9 | " + "relu | " * 60 + "conv 6 55x5")
    _, shown, mark = ran.err.splitlines()
    assert len(shown) <= 80
    assert shown[mark.index("^") :].startswith("55x5")


def test_a_file_standard_input_and_a_line_give_the_same(tmp_path: Path) -> None:
    line = "1x9x9 | conv 2 3x3 | dense 4"
    (tmp_path / "net.txt").write_text(line, encoding="utf-8")
    by_line = process("count", line, "--json")
    assert by_line.code == 0, by_line.err
    assert json.loads(by_line.out)["answers"][1]["name"] == "total.params"
    assert process("count", "-", "--json", stdin=line.encode()).out == by_line.out
    assert process("count", str(tmp_path / "net.txt"), "--json").out == by_line.out


def test_the_views_answer_what_they_are_called() -> None:
    line = "1x9x9 | conv 2 3x3 | dense 4"
    names = {
        view: [
            answer["name"] for answer in json.loads(process(view, line, "--json").out)["answers"]
        ]
        for view in ("params", "shapes", "flops")
    }
    assert names == {
        "params": ["total.weights", "total.biases", "total.params"],
        "shapes": ["conv1.size", "dense1.size"],
        "flops": [
            "total.multiplications", "total.additions", "total.comparisons", "total.macs",
            "total.flops", "total.flops_without_bias",
        ],
    }  # fmt: skip


def test_flops_of_a_network_refuses_the_options_of_a_single_convolution() -> None:
    ran = process("flops", "1x9x9 | relu", "--s", "2")
    assert ran.code == 2
    assert "--s is for a single convolution, not for a network" in ran.err


def test_a_problem_that_is_no_network_and_a_file_that_is_not_there_are_refused() -> None:
    ran = process("count", "problems/t1.yaml")
    assert ran.code == 2
    assert "a network of layers is counted, this is kind: graph; hwsolve run solves it" in ran.err
    assert "the network is empty" in process("count", "").err
    with pytest.raises(InputError, match="nothing-here: there is no such file"):
        text_of("nothing-here")
