"""Figures of a network that are explained: by a convention, a tool, a slip, or not at all."""

from __future__ import annotations

from fractions import Fraction

import pytest
from commands import process
from network_lines import LENET, RESNET50

from hwsolve.errors import InputError
from hwsolve.nets.figures import read_figure
from hwsolve.problem.network_line import problem_of, read_line
from hwsolve.problem.reader import read_text
from hwsolve.solution import Table
from hwsolve.solvers.explain import solve_explain

BATCHNORM = "3x8x8 | conv 4 3x3 | batchnorm"


def explained(figure: str, line: str = LENET) -> dict[str, int]:
    solution = solve_explain(problem_of(read_line(line), ()), figure)
    found = {}
    for answer in solution.answers:
        assert isinstance(answer.value, int)
        found[answer.name] = answer.value
    return found


@pytest.mark.parametrize(
    ("figure", "what"),
    [
        ("448662", "total: ptflops 0.7.5 pytorch (MACs)"),
        ("852,156", "total: calflops 0.3.2 (FLOPs)"),
        ("61706", "total: parameters"),
        ("61470", "total: weights"),
        ("2400", "conv2: weights"),
        ("48120", "dense1: parameters"),
        # 6·28·28 biases instead of 6: 150 + 4704
        ("4854", "conv1: parameters with a bias for each output instead of each filter"),
        # conv2 with filters of one channel: 16·25 + 16
        ("416", "conv2: parameters of filters that see one channel only"),
        ("151", "conv1: parameters with one bias for a whole layer"),
        ("246,824", "total: bytes of parameters in float32"),
        ("246.8 kB", "total: bytes of parameters in float32"),
        ("0.235 MiB", "total: bytes of parameters in float32"),
    ],
)
def test_a_figure_of_lenet_is_explained(figure: str, what: str) -> None:
    assert what in explained(figure)


def test_tools_that_agree_are_named_together() -> None:
    (name,) = [name for name in explained("423038") if name.startswith("total")]
    assert name == (
        "total: MACs and biases (MACs), torchinfo 1.8.0 (mult-adds), ptflops 0.7.5 aten (MACs)"
    )


def test_running_values_are_told_apart_from_parameters() -> None:
    # 112 of the convolution, 8 trained and 8 running of the normalisation
    assert "total: parameters" in explained("120", BATCHNORM)
    assert "total: parameters and running values" in explained("128", BATCHNORM)


def test_a_forgotten_padding_is_found() -> None:
    # 8 filters on 30x30 instead of 32x32: 8·900·27
    found = explained("194400", "3x32x32 | conv 8 3x3 p1")
    assert "total: textbook MACs (MACs) without the padding" in found


def test_the_two_bias_vectors_of_pytorch_are_found() -> None:
    # 4 gates: 4 (16·8 + 16·16 + 16) with one, 4·16 more with two
    assert "total: parameters" in explained("1600", "5 tokens x 8 | lstm 16")
    found = explained("1664", "5 tokens x 8 | lstm 16")
    assert "total: parameters with two bias vectors, as in PyTorch" in found


def test_a_bias_everywhere_is_found_where_a_convention_leaves_it_out() -> None:
    problem = read_text(
        "kind: architecture\ninput: 3x8x8\nconventions: {bias: no}\nlayers: [conv 4 3x3]\n"
    )
    names = {answer.name for answer in solve_explain(problem, "112").answers}
    assert "total: parameters with a bias everywhere" in names


def test_rounding_up_is_found() -> None:
    # pooling 3 with stride 2 on 6x6 gives 2x2 (floor) or 3x3 (ceil): 9·4·10 + 10
    found = explained("370", "4x6x6 | pool 3 s2 | dense 10")
    assert found["dense1: parameters rounded up"] == 370
    assert found["total: parameters rounded up"] == 370


def test_a_rounded_figure_is_compared_within_half_a_unit_of_its_last_digit() -> None:
    found = explained("4.11 GMACs", RESNET50)
    assert found == {"total: fvcore 0.1.5 (flops)": 4_111_512_576}


def test_the_unit_says_what_is_meant() -> None:
    assert all("parameters" in name for name in explained("61.7k params"))
    assert explained("61.7k MACs") == {}


def test_where_nothing_fits_the_nearest_are_shown_with_their_differences() -> None:
    solution = solve_explain(problem_of(read_line(LENET), ()), "448663")
    assert solution.answers == ()
    (section,) = solution.sections
    assert section.title == "Nothing gives 448663"
    (table,) = [block for block in section.blocks if isinstance(block, Table)]
    assert table.rows[0][1] == "ptflops 0.7.5 pytorch (MACs)"
    assert table.rows[0][3] == "+1 (+0.00%)"


def test_the_exit_code_says_whether_anything_fits() -> None:
    line = "1x32x32 | conv 6 5x5"
    assert process("explain", "156", line).code == 0
    assert process("explain", "157", line).code == 1
    refused = process("explain", "many", line)
    assert refused.code == 2
    assert "'many' is no figure" in refused.err


@pytest.mark.parametrize(
    ("text", "value", "half"),
    [
        ("448662", 448_662, 0),
        ("448,662", 448_662, 0),
        ("4.09e9", 4_090_000_000, 5_000_000),
        ("4.1G", 4_100_000_000, 50_000_000),
        ("61.7k", 61_700, 50),
        ("25.6 M params", 25_600_000, 50_000),
        ("0.24MiB", Fraction(24, 100) * 2**20, Fraction(1, 200) * 2**20),
        ("235 KiB", 235 * 1024, 512),
    ],
)
def test_figures_are_read_as_people_write_them(text: str, value: Fraction, half: Fraction) -> None:
    figure = read_figure(text)
    assert figure.value == value
    assert figure.half == half


@pytest.mark.parametrize("text", ["", "abc", "4.1 apples", "1e999", "4.1 G parrots"])
def test_what_is_no_figure_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        read_figure(text)
