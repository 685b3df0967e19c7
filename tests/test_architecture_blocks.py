"""Blocks, groups and repeats of `kind: architecture`: names, what reads what, and errors."""

from __future__ import annotations

import pytest
from counted_calls import calls
from hypothesis import given
from hypothesis import strategies as st

from hwsolve.errors import HwsolveError
from hwsolve.problem.reader import read_text
from hwsolve.solvers.cnn import read_network, solve_cnn, solve_network


def answers(text: str) -> dict[str, object]:
    problem = read_text(f"kind: architecture\n{text}", "net.yaml")
    return {answer.name: answer.value for answer in solve_cnn(problem, document=False).answers}


def layers(text: str) -> list[tuple[str, list[str]]]:
    """The layers of a network with the names of those that each reads."""
    problem = read_text(f"kind: architecture\n{text}", "net.yaml")
    network = solve_network(problem, read_network(problem)).network
    names = ["input", *(layer.name for layer in network.layers)]
    return [(layer.name, [names[at + 1] for at in layer.sources]) for layer in network.layers]


def refusal(text: str) -> str:
    with pytest.raises(HwsolveError) as raised:
        answers(text)
    return str(raised.value)


UNIT = """input: 8x8x8
blocks:
  unit(c, s=1):
    - left: conv c 3x3 stride=s p1
    - right: conv c 1x1 stride=s from input
    - add left right
"""


def test_the_layers_of_a_block_have_the_names_of_their_places() -> None:
    assert layers(UNIT + "layers:\n  - stem: relu\n  - body: unit(4) x 2\n  - unit(8, 2)\n") == [
        ("stem", ["input"]),
        ("body.1.left", ["stem"]),
        ("body.1.right", ["stem"]),
        ("body.1.add1", ["body.1.left", "body.1.right"]),
        ("body.2.left", ["body.1.add1"]),
        ("body.2.right", ["body.1.add1"]),
        ("body.2.add1", ["body.2.left", "body.2.right"]),
        ("unit1.left", ["body.2.add1"]),
        ("unit1.right", ["body.2.add1"]),
        ("unit1.add1", ["unit1.left", "unit1.right"]),
    ]


@pytest.mark.parametrize("use", ["unit(4, 2)", "unit 4 2", "unit(c=4, s=2)", "unit(4, s=4/2)"])
def test_arguments_are_written_in_several_ways(use: str) -> None:
    found = answers(f"{UNIT}layers:\n  - a: {use}\nfind: [a.size, a.params, a.left.stride]\n")
    # four filters of 73 numbers and four of 9
    assert found == {"a.size": (4, 4, 4), "a.params": 328, "a.left.stride": 2}


def test_a_parameter_may_stand_in_a_calculation_and_in_a_kernel() -> None:
    text = """input: 3x16x16
blocks:
  norm(c, k):
    - conv: conv 4c kxk padding=(k-1)/2 no bias
layers:
  - a: norm(2, 5)
find: [a.size, a.params]
"""
    assert answers(text) == {"a.size": (8, 16, 16), "a.params": 8 * 3 * 25}


def test_a_parameter_may_be_a_layer_and_a_block_may_use_others() -> None:
    text = """input: 4x8x8
blocks:
  inner(act):
    - conv: conv 4 3x3 p1
    - act
  outer(other):
    - first: inner(relu)
    - second: inner(tanh)
    - add second other
layers:
  - stem: conv 4 1x1
  - a: outer(stem)
  - b: outer(a)
"""
    assert layers(text)[1:] == [
        ("a.first.conv", ["stem"]),
        ("a.first.relu1", ["a.first.conv"]),
        ("a.second.conv", ["a.first.relu1"]),
        ("a.second.tanh1", ["a.second.conv"]),
        ("a.add1", ["a.second.tanh1", "stem"]),
        ("b.first.conv", ["a.add1"]),
        ("b.first.relu1", ["b.first.conv"]),
        ("b.second.conv", ["b.first.relu1"]),
        ("b.second.tanh1", ["b.second.conv"]),
        ("b.add1", ["b.second.tanh1", "a.add1"]),
    ]


def test_groups_lie_in_one_another_and_read_what_is_around_them() -> None:
    text = """input: 4x8x8
layers:
  - stem: relu
  - stage:
      - one: [conv 4 3x3 p1, relu]
      - two: {layers: [conv 4 1x1, relu], from: input, repeat: 2}
      - concat one two stem
  - {conv: 2, kernel: 1, from: stage.one.conv1, repeat: 2}
"""
    assert layers(text)[1:] == [
        ("stage.one.conv1", ["stem"]),
        ("stage.one.relu1", ["stage.one.conv1"]),
        ("stage.two.1.conv1", ["stem"]),
        ("stage.two.1.relu1", ["stage.two.1.conv1"]),
        ("stage.two.2.conv1", ["stage.two.1.relu1"]),
        ("stage.two.2.relu1", ["stage.two.2.conv1"]),
        ("stage.concat1", ["stage.one.relu1", "stage.two.2.relu1", "stem"]),
        ("conv1", ["stage.one.conv1"]),
        ("conv2", ["conv1"]),
    ]


def test_a_group_may_have_the_name_of_a_kind_of_layer() -> None:
    text = "input: 4x8x8\nlayers:\n  - block: [relu, tanh]\n  - pool:\n      - a: pool 2\n"
    assert [name for name, _ in layers(text)] == ["block.relu1", "block.tanh1", "pool.a"]


def test_what_only_trains_has_parameters_but_no_work_and_no_readers() -> None:
    text = """input: 4x8x8
layers:
  - stem: conv 4 1x1
  - aux: {layers: [flatten, dense 10], train_only: yes}
  - side: dense 3 from=stem train-only
  - head: dense 2
find: [total.params, total.inference_params, total.macs, aux.macs, output.size, total.size]
"""
    assert layers(text.replace("find", "# find"))[-1] == ("head", ["stem"])
    # four filters of five numbers; ten, three and two units of 257
    assert answers(text) == {
        "total.params": 20 + 2570 + 771 + 514, "total.inference_params": 534,
        "total.macs": 4 * 4 * 64 + 512, "aux.macs": 2560, "output.size": (2,), "total.size": (2,),
    }  # fmt: skip


def test_blocks_take_letters_as_sizes() -> None:
    text = (
        UNIT.replace("8x8x8", "C x n x n")
        + """layers:
  - a: unit(2C)
find: [a.params]
answers: {a.params: 2*C*(10*C + 2)}
"""
    )
    from hwsolve import check, loads

    assert [verdict.right for verdict in check(loads(f"kind: architecture\n{text}"))] == [True]


@given(st.integers(1, 30), st.integers(1, 5))
def test_repeats_count_as_often_as_they_stand_there(times: int, inner: int) -> None:
    text = f"""input: 4x6x6
blocks:
  a: [conv 4 3x3 p1, relu]
  b:
    - a x {inner}
layers:
  - all: b x {times}
find: [total.params, all.1.params]
"""
    one = inner * 4 * (4 * 9 + 1)
    assert answers(text) == {"total.params": times * one, "all.1.params": one}


BLOCK = "input: 3x8x8\nblocks:\n  a(c, s):\n    - conv c 3 stride=s\nlayers:\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BLOCK + "  - a(3)\n", "7:5: the block a takes 2 values, s is missing; it is a(c, s)"),
        (BLOCK + "  - a(3, 1, 2)\n",
         "7:13: the block a takes 2 values, not 3; it is a(c, s)"),
        (BLOCK + "  - a(3, t=2)\n", "7:10: a: 't' is no parameter of it; it is a(c, s)"),
        (BLOCK + "  - aa(3, 1)\n", "7:5: there is no block 'aa'; did you mean 'a'?"),
        (BLOCK + "  - b: [a(3, 1)]\n",
         "7:10: the bracket is not closed; inside of [...] a block with a comma needs quotes "
         "around it"),
        (BLOCK + "  - a(3, 1) y 2\n",
         "7:13: 'y' cannot stand behind a block; write for example unit(64, 2) x 3"),
        (BLOCK + "  - a(3, 1) x many\n",
         "7:15: 'many' is not how often a block stands there; write for example "
         "unit(64, 2) x 3"),
        (BLOCK + "  - a(3, 1) x 1000000000000\n",
         "7:15: a block stands there from 1 to 100,000 times; write x 3"),
        (BLOCK + "  - a(3, 3/2)\n", "7:10: 3/2 is 3/2, which is no whole number"),
        ("input: 3x8x8\nblocks:\n  a: [relu, b]\n  b: [a]\nlayers: [a]\n",
         "5:7: the block a uses itself: a -> b -> a; a block uses other blocks only"),
        ("input: 3x8x8\nblocks:\n  a: [relu]\n  b: [a x 1000]\n  c: [b x 1000]\nlayers: [c]\n",
         "6:7: the network has more than 100,000 layers; repeat fewer of them"),
        ("input: 3x8x8\nblocks:\n  a(c):\n    - left: conv c 3 p1\n    - add left input\n"
         "layers: [z: a(5)]\n",
         "6:7: z.add1: layers of sizes 5x8x8 and 3x8x8 cannot be added; all must have one size"),
        ("input: 3x8x8\nblocks:\n  a:\n    - left: relu\n    - add left inputt\nlayers: [a]\n",
         "6:16: there is no layer 'inputt'; did you mean 'input'?"),
        ("input: 3x8x8\nblocks:\n  a(k):\n    - conv 2 kxk padding=(k-1)/2\nlayers: [a(4)]\n",
         "5:18: (k-1)/2 = (4-1)/2 is 3/2, which is no whole number"),
        ("input: 3x8x8\nblocks:\n  a:\n    - p: {relu: , from: q}\n    - q: relu\nlayers: [z: a]\n",
         "5:7: the layers form a loop: z.p -> z.q -> z.p; a layer reads earlier ones only"),
        ("input: 3x8x8\nblocks:\n  conv(c): [relu]\nlayers: [relu]\n",
         "4:3: a block cannot be called 'conv'; it is a kind of layer"),
        ("input: 3x8x8\nblocks:\n  b(c: [relu]\nlayers: [relu]\n",
         "4:3: 'b(c' cannot name a block; write unit(c, s) or unit; inside of {...} a name with a "
         "comma needs quotes"),
        ("input: 3x8x8\nblocks:\n  d(1): [relu]\nlayers: [relu]\n",
         "4:3: '1' cannot be a parameter of a block; a parameter is a word such as c or stride, "
         "with a default: s=1"),
        ("input: 3x8x8\nblocks:\n  d: relu\nlayers: [relu]\n",
         "4:3: the block 'd' is a text; write '- ' before each of its layers"),
        ("input: 3x8x8\nlayers:\n  - {layers: [relu], stride: 2}\n",
         "4:22: a group of layers has no option 'stride'; it has from, repeat and train_only"),
        ("input: 3x8x8\nlayers: [{conv: 3, kernel: 1, repeat: 0}]\n",
         "3:39: 'repeat' takes a whole number from 1, not '0'; such as repeat: 3"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_block_is_said_in_one_line(text: str, message: str) -> None:
    assert refusal(text) == f"net.yaml:{message}"


@pytest.mark.parametrize(
    "use", ["layers: [{layers: [unit(8)], repeat: TIMES}]", "layers: [unit(8) x TIMES]"]
)
def test_ten_thousand_layers_take_ten_times_the_work_of_a_thousand(use: str) -> None:
    def work(layers: int) -> int:
        text = f"{UNIT}{use.replace('TIMES', str(layers // 3))}\nfind: [total.params, total.macs]\n"
        return calls(lambda: answers(text))

    work(300)  # what is imported and remembered at first
    assert work(9_900) < 10.5 * work(990)
