"""What PyTorch prints of a Sequential, read as a network."""

from __future__ import annotations

from typing import Any

import pytest
from commands import process

from hwsolve.errors import InputError
from hwsolve.problem.network_line import problem_of
from hwsolve.problem.pytorch_print import MODULES, is_print, read_print
from hwsolve.solvers import solve
from hwsolve.solvers.printed import check_expected

# As PyTorch 2.13 prints it.
NESTED = """\
Sequential(
  (features): Sequential(
    (0): Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1), padding=(2, 2), bias=False)
    (1): BatchNorm2d(6, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
    (2): ReLU(inplace=True)
    (3): MaxPool2d(kernel_size=3, stride=2, padding=0, dilation=1, ceil_mode=True)
    (4): AvgPool2d(kernel_size=2, stride=2, padding=0)
  )
  (head): Sequential(
    (0): AdaptiveAvgPool2d(output_size=1)
    (1): Flatten(start_dim=1, end_dim=-1)
    (2): Dropout(p=0.5, inplace=False)
    (out): Linear(in_features=6, out_features=10, bias=True)
    (4): LeakyReLU(negative_slope=0.1)
    (5): Softmax(dim=1)
  )
)
"""
BASIC_BLOCK = """\
Sequential(
  (0): BasicBlock(
    (conv1): Conv2d(64, 64, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), bias=False)
    (relu): ReLU(inplace=True)
  )
)
"""


def counted(text: str, *asked: str, size: str | None = None) -> dict[str, Any]:
    network = read_print(text, size)
    problem = problem_of(network, asked)
    check_expected(problem, network.expected)
    return {answer.name: answer.value for answer in solve(problem).answers}


def test_a_nested_print_is_the_network_that_pytorch_has() -> None:
    # sum(p.numel() for p in model.parameters()) in PyTorch gives 232; sizes by running it
    found = counted(NESTED, "total.params", "pool1.size", "pool2.size", "out.size", size="1x28x28")
    assert found == {
        "total.params": 232, "pool1.size": (6, 14, 14), "pool2.size": (6, 7, 7), "out.size": (10,),
    }  # fmt: skip


def test_the_size_may_stand_in_a_line_above() -> None:
    assert counted("1x28x28\n" + NESTED, "total.params") == {"total.params": 232}


def test_the_code_that_makes_a_network_is_read_as_well() -> None:
    code = (
        "model = nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.Flatten(), nn.Linear(6*24*24, 10))"
    )
    assert is_print(code)
    # 6·25 + 6 and 3456·10 + 10
    assert counted(code, "total.params", size="1x28x28") == {"total.params": 34_726}


def test_a_block_whose_order_the_print_does_not_say_is_refused_by_name() -> None:
    with pytest.raises(InputError) as caught:
        read_print(BASIC_BLOCK, "64x8x8")
    assert str(caught.value) == (
        "print:2:8: BasicBlock is a class of its own: its print does not say in which order its "
        "forward() calls the modules, nor whether it adds or joins any; print a Sequential, or "
        "write the layers as a line or a problem file"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Sequential((0): Conv2d(3, 6, kernel_size=(5, 5)))", "conv1 states 3 channels and gets 1"),
        ("Sequential((0): Linear(7, 5))", "dense1 gets a map of 1x28x28"),
        ("Sequential((0): Foo(3))", "the module Foo is not known"),
        ("Sequential((0): ReLU(inplace=True)", "the print ends before its last bracket"),
        ("Sequential((0): BatchNorm2d(1, affine=False))", "is read with affine=True only"),
        ("Sequential((0): ReLU())\nhello", "what follows the network is not part of it: 'hello'"),
        ("Sequential()", "the network has no layers"),
    ],
)
def test_what_the_print_cannot_mean_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        counted(text, size="1x28x28")
    assert message in str(caught.value)


def test_without_a_size_the_command_asks_for_one() -> None:
    ran = process("count", "-", stdin=NESTED.encode())
    assert ran.code == 2
    assert "add --in 1x32x32" in ran.err


def test_every_module_names_a_row_of_the_layer_table() -> None:
    from hwsolve.nets.layers import ROWS
    from hwsolve.nets.options import OPTIONS

    for module in MODULES.values():
        row = ROWS[module.row.replace("_", "")]
        for option in module.options.values():
            assert option in OPTIONS
            assert option in (*row.arguments, *row.options)
