"""The ledger: what tools print, to the last digit, and the sums behind it."""

from __future__ import annotations

from typing import Any

import pytest
from network_lines import ALEXNET, LENET, RESNET50, VGG16

from hwsolve.errors import EquationError, InputError
from hwsolve.nets.layers import LAYERS
from hwsolve.nets.ledger import BY_CONVENTION, CONVENTIONS, TEXTBOOK, ledger
from hwsolve.nets.tools import KINDS, TERMS, TOOLS
from hwsolve.problem.network_line import problem_of, read_line
from hwsolve.problem.reader import read_text
from hwsolve.solvers import solve
from hwsolve.solvers.ledger import solve_ledger, written_sum
from hwsolve.solvers.measured import measured
from hwsolve.solvers.under_convention import NAMES

# What the tools print for torchvision's models (and LeNet-5 as a Sequential), one example:
# fvcore 0.1.5, thop 0.1.1, torchinfo 1.8.0, ptflops 0.7.5 with both backends,
# torch.utils.flop_counter of PyTorch 2.13, calflops 0.3.2.
PRINTED = {
    "LeNet-5": (LENET, {
        "macs": 416_520, "fvcore": 416_520, "thop": 416_520, "torchinfo": 423_038,
        "ptflops_aten": 423_038, "ptflops": 448_662, "flop_counter": 833_040,
        "calflops": 852_156,
    }),
    "AlexNet": (ALEXNET, {
        "macs": 714_188_480, "fvcore": 714_197_696, "thop": 714_206_912,
        "torchinfo": 714_682_664, "ptflops_aten": 714_682_664, "ptflops": 716_441_128,
        "flop_counter": 1_428_376_960, "calflops": 1_429_741_184,
    }),
    "VGG-16": (VGG16, {
        "macs": 15_470_264_320, "fvcore": 15_470_289_408, "thop": 15_470_314_496,
        "torchinfo": 15_483_821_032, "ptflops_aten": 15_483_821_032,
        "ptflops": 15_523_225_576, "flop_counter": 30_940_528_640,
        "calflops": 30_973_778_432,
    }),
    "ResNet-50": (RESNET50, {
        "macs": 4_089_184_256, "macs_with_bias": 4_089_185_256, "fvcore": 4_111_512_576,
        "thop": 4_133_742_592, "torchinfo": 4_089_238_376, "ptflops_aten": 4_089_185_256,
        "ptflops": 4_132_436_968, "flop_counter": 8_178_368_512, "calflops": 8_211_108_352,
    }),
}  # fmt: skip

# One layer behind a convolution of 3x8x8 to 4x6x6 (3,888 MACs, 144 biased outputs), and what
# fvcore, thop, torchinfo, ptflops aten, ptflops, flop_counter and calflops print.
LAYERS_PRINTED = {
    "relu": (3888, 3888, 4032, 4032, 4320, 7776, 8064),
    "relu6": (3888, 3888, 4032, 4032, 4176, 7776, 7920),
    "leaky_relu": (3888, 3888, 4032, 4032, 4176, 7776, 8064),
    "sigmoid": (3888, 3888, 4032, 4032, 4032, 7776, 7920),
    "tanh": (3888, 3888, 4032, 4032, 4032, 7776, 7920),
    "silu": (3888, 3888, 4032, 4032, 4176, 7776, 8064),
    "elu": (3888, 3888, 4032, 4032, 4320, 7776, 8064),
    "gelu": (3888, 3888, 4032, 4032, 4320, 7776, 8064),
    "softplus": (3888, 3888, 4032, 4032, 4032, 7776, 7920),
    "softmax": (3888, 4284, 4032, 4032, 4176, 7776, 8064),
    "batchnorm": (4176, 4464, 4040, 4032, 4320, 7776, 8208),
    "groupnorm 2": (4608, 3888, 4040, 4032, 4320, 7776, 8640),
    "dropout 0.5": (3888, 3888, 4032, 4032, 4032, 7776, 7920),
    "flatten": (3888, 3888, 4032, 4032, 4032, 7776, 7920),
    "pool 2": (3888, 3888, 4032, 4032, 4320, 7776, 8064),
    "avgpool 2": (3888, 3924, 4032, 4032, 4320, 7776, 8064),
    "avgpool 3 s1": (3888, 3952, 4032, 4032, 4320, 7776, 8064),
    "globalavgpool": (4032, 4036, 4032, 4032, 4320, 7776, 8064),
    "adaptiveavgpool 3x3": (4032, 4068, 4032, 4032, 4320, 7776, 8064),
    "globalmaxpool": (3888, 3888, 4032, 4032, 4320, 7776, 8064),
}
# Whole lines with the same tools.
LINES_PRINTED = {
    "7 | dense 5 | softmax": (35, 49, 40, 40, 45, 70, 75),
    "7 | dense 5 no bias": (35, 35, 35, 35, 35, 70, 70),
    "7 | dense 5 | batchnorm": (45, 55, 50, 40, 50, 70, 80),
    "4x8x8 | conv 8 3x3 no bias": (10368, 10368, 10368, 10368, 10368, 20736, 20736),
    "4x11x11 | conv 8 3x3 groups=2 d2 p1 s2": (3600, 3600, 3800, 3800, 3800, 7200, 7400),
    "4x8x8 | depthwise 3x3 no bias": (1296, 1296, 1296, 1296, 1296, 2592, 2592),
    "4x9 | conv1d 8 3 | pool 2": (672, 672, 728, 728, 840, 1344, 1456),
    "4x9 | conv1d 8 3 | avgpool 2": (672, 696, 728, 728, 840, 1344, 1456),
    # the sum is written as y += x
    "3x8x8 | (conv 3 3x3 p1 & ) add": (5184, 5184, 5376, 5376, 5376, 10368, 10560),
}


def totals(line: str) -> dict[str, Any]:
    solution = solve_ledger(problem_of(read_line(line), ()))
    return {answer.name.removeprefix("total."): answer.value for answer in solution.answers}


def by_tool(line: str) -> tuple[Any, ...]:
    found = totals(line)
    return tuple(found.get(tool.name) for tool in TOOLS)


@pytest.mark.parametrize("network", PRINTED)
def test_every_tool_prints_this_total(network: str) -> None:
    line, printed = PRINTED[network]
    found = totals(line)
    assert {name: found[name] for name in printed} == printed


@pytest.mark.parametrize("layer", LAYERS_PRINTED)
def test_every_tool_counts_a_layer_so(layer: str) -> None:
    assert by_tool(f"3x8x8 | conv 4 3x3 | {layer}") == LAYERS_PRINTED[layer]


@pytest.mark.parametrize("line", LINES_PRINTED)
def test_every_tool_counts_a_line_so(line: str) -> None:
    assert by_tool(line) == LINES_PRINTED[line]


@pytest.mark.parametrize("line", [LENET, RESNET50])
def test_the_sum_that_is_written_gives_the_total(line: str) -> None:
    network = measured(problem_of(read_line(line), ()))
    for convention, total in ledger(network):
        written = written_sum(total).replace(",", "")
        for sign in (" + ", " - "):
            written = written.replace(sign, f"\n{sign.strip()}")
        added = 0
        for term in written.split("\n"):
            positive = not term.startswith("-")
            number = term.lstrip("+-").split(" ")[0]
            factor, _, amount = number.rpartition("·")
            value = int(factor or 1) * int(amount)
            added += value if positive else -value
        assert added == total.value, convention.title


@pytest.mark.parametrize("layer", ["lstm 8", "attention 2"])
def test_what_a_tool_is_not_known_to_count_is_said_and_not_guessed(layer: str) -> None:
    network = measured(problem_of(read_line(f"5 tokens x 8 | {layer}"), ()))
    for tool in TOOLS:
        total = BY_CONVENTION[tool.name].counting(network, network.layers)
        assert total.value is None
        assert total.unknown == (network.layers[0].name,)
    assert BY_CONVENTION["two_macs"].counting(network, network.layers).value is not None


def test_a_problem_asks_for_a_convention_by_name_and_for_the_whole_ledger() -> None:
    head = "kind: architecture\ninput: 1x32x32\nlayers: [C1: conv 6 5x5, relu, pool 2]\n"
    found = {
        answer.name: answer.value
        for answer in solve(read_text(head + "find: [total.ptflops, C1.torchinfo]")).answers
    }
    # 117,600 MACs, 4,704 biases, 2·4,704 for ReLU and 2·4,704 for pooling
    assert found == {"total.ptflops": 141_120, "C1.torchinfo": 122_304}
    names = {answer.name for answer in solve(read_text(head + "find: [ledger]")).answers}
    assert {"total.macs", "total.fvcore", "total.calflops"} <= names


def test_the_ledger_needs_numbers() -> None:
    with pytest.raises(InputError, match="letters for sizes"):
        totals("C x n x n | conv F 3x3")


def test_padding_that_is_left_out_is_no_tools_way_to_count() -> None:
    problem = read_text(
        "kind: architecture\ninput: 1x4x4\nlayers: [conv 2 3x3 p1]\n"
        "conventions: {padding: skipped}\nfind: [total.fvcore]"
    )
    with pytest.raises((InputError, EquationError), match="counts padding as any other value"):
        solve(problem)


def test_the_names_of_conventions_are_those_of_the_ledger() -> None:
    assert {convention.name for convention in CONVENTIONS} == {TEXTBOOK, *NAMES}


def test_every_row_of_the_tools_is_a_layer_and_every_term_is_known() -> None:
    assert set(KINDS) <= {row.name for row in LAYERS}
    for tool in TOOLS:
        assert set(tool.terms) == set(KINDS.values())
        assert {term for terms in tool.terms.values() for term, _ in terms} <= set(TERMS)
