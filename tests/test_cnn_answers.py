"""What can be asked of a network, and what comes back; errors name the place."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from commands import ROOT
from hypothesis import given
from hypothesis import strategies as st
from networks import answers

from hwsolve.errors import HwsolveError
from hwsolve.expr.tree import Expr
from hwsolve.marking.check import check_problem
from hwsolve.problem.reader import read_problem

if TYPE_CHECKING:
    from pathlib import Path

SMALL = "input: 1x28x28\nlayers:\n  - C1: conv 6 5x5\n  - pool 2\n  - dense 10\n"
PROBLEMS = [
    "two-branches", "convolution-flops", "lenet5", "lenet5-1998", "perceptron-sizes",
    "mnist-convolution",
]  # fmt: skip


def ask(name: str, network: str = SMALL) -> Any:
    return answers(f"{network}find:\n  - '{name}'\n")[name]


def refusal(text: str) -> str:
    with pytest.raises(HwsolveError) as caught:
        answers(text)
    return str(caught.value)


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_homework_has_its_known_answers(name: str) -> None:
    problem = read_problem(str(ROOT / "problems" / f"{name}.yaml"))
    verdicts = check_problem(problem)
    assert len(verdicts) >= 6
    assert [verdict.name for verdict in verdicts if not verdict.right] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("C1.size", (6, 24, 24)), ("C1", (6, 24, 24)), ("C1.shape", (6, 24, 24)),
        ("C1.height", 24), ("C1.rows", 24), ("C1.width", 24), ("C1.side", 24), ("C1.channels", 6),
        ("C1.params", 156), ("C1.parameters", 156), ("C1.weights", 150), ("C1.biases", 6),
        ("C1.outputs", 3456), ("C1.units", 3456), ("C1.neurons", 3456), ("pool1.units", 0),
        ("C1.multiplications", 86_400), ("C1.mults", 86_400), ("C1.MACs", 86_400),
        ("C1.additions", 86_400), ("pool1.comparisons", 2_592), ("C1.connections", 89_856),
        ("C1.flops", 172_800), ("C1.flops_with_bias", 172_800), ("C1.flops_without_bias", 169_344),
        ("total.params", 8_806), ("params", 8_806), ("total.flops", 192_672), ("FLOPs", 192_672),
        ("C1.receptive_field", 5), ("receptive_field(C1)", 5), ("C1.rf", 5),
        ("pool1.receptive_field", 6), ("pool1.stride", 2), ("dense1.receptive_field", 28),
        ("C1.padding", 0), ("output.size", (10,)), ("size", (10,)), ("input.size", (1, 28, 28)),
        ("input.width", 28), ("input.outputs", 784), ("params(C1)", 156),
        ("C1.params/C1.weights", Fraction(26, 25)), ("1.5*C1.params", 234), ("C1.params - 6", 150),
        ("max(C1.params, C1.outputs)", 3456), ("C1.params > 100", True), ("C1.height == 25", False),
        ("C1.weights/(C1.channels*5**2)", 1), ("[C1.params, C1.height]", [156, 24]),
        ("2**C1.height", 2**24),
    ],
)  # fmt: skip
def test_a_name_has_its_value(name: str, value: object) -> None:
    found = ask(name)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("C1.sze", "net.yaml:8:6: 'sze' is nothing that is known of C1; did you mean 'size'?"),
        ("C2.size", (
            "net.yaml:8:6: there is no layer 'C2'; "
            "there are C1, pool1, dense1, input, output, total"
        )),
        ("blah", ("net.yaml:8:6: 'blah' is neither a layer nor something to count; "
         "write for example C1.size, C1.params or total.flops")),
        ("C1.params + C1.size",
         "net.yaml:8:18: C1.size is a size, not a number; ask for C1.height"),
        ("C1.params/0", "net.yaml:8:15: division by zero"),
        ("9**9**9", "net.yaml:8:7: the power has too many digits"),
        ("sin(C1.params)",
         "net.yaml:8:6: 'sin' is not an operation on counts; did you mean 'min'?"),
        ("dC1/dx", "net.yaml:8:6: counts are calculated with + - * / ** only"),
        ("dense1.padding", "net.yaml:8:6: dense1.padding: dense has no padding"),
        ("dense1.height", "net.yaml:8:6: dense1.height: 10 features have no height"),
        ("input.params", "net.yaml:8:6: input.params: the input only has a size"),
        ("input.stride", "net.yaml:8:6: input.stride: the input has no stride"),
    ],
)  # fmt: skip
def test_a_name_that_means_nothing_is_refused(name: str, message: str) -> None:
    assert refusal(f"{SMALL}find:\n  - '{name}'\n") == message


def test_all_names_that_mean_nothing_are_named_at_once() -> None:
    found = refusal(f"{SMALL}find: [C1.foo, C1.params, total.bar]\n").splitlines()
    assert [line.split(";")[0] for line in found] == [
        "net.yaml:7:8: 'foo' is nothing that is known of C1",
        "net.yaml:7:27: 'bar' is nothing that is known of total",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("input: 1x28x28\nlayers:\n  - conv 6 5x5\n  - konv 6 5x5\n  - pool 2 s0\n",
         ("net.yaml:5:5: 'konv' is not a kind of layer; did you mean 'conv'?\n"
         "net.yaml:6:12: the stride of maxpool is at least 1, not 0")),
        ("input: 1x28x28\nlayers:\n  - C1: conv 6 30\n",
         ("net.yaml:4:16: C1: the 30x30 kernel does not fit the input of 28x28; "
         "it would with padding 1")),
        ("input: 1x28x28\nlayers:\n  - {conv: 6, kernal: 5}\n",
         "net.yaml:4:23: conv has no option 'kernal'; did you mean 'kernel'?"),
        ("input: 1x28x28\nlayers:\n  - {conv: 2, kernel: 5, table: [[0], [x]]}\n",
         "net.yaml:4:40: a channel of the connection table is a whole number, not 'x'"),
        ("input: 1x28x28\nlayers:\n  - {conv: 2, kernel: 5, table: [[0], [0, 0]]}\n",
         "net.yaml:4:35: conv1: row 2 of the connection table names a channel twice"),
        ("input: 1x28x28\nlayers:\n  - A: conv 6 5\n  - B: {conv: 6, kernel: 5, from: Z}\n",
         "net.yaml:5:35: there is no layer 'Z'; it is input or A, B"),
        ("input: 1x28x28\nlayers:\n  - A: {relu: x, from: B}\n  - B: relu\n",
         "net.yaml:4:15: relu has no option 'x'; it has no options"),
        ("input: 28x28\nlayers: [conv 20 5x5]\n",
         ("net.yaml:3:18: conv1: the kernel 5x5 needs a map with height and width; "
         "a picture with one channel is 1x28x28")),
        ("input: 1x2x3x4x5\nlayers: [conv 20 5]\n",
         ("net.yaml:2:8: an input of 5 axes is not known; write channels x height x width, "
         "channels x length, a number of features, or 10 tokens x 512")),
        ("input: 1x9x9\nlayers: [A: conv 2 3]\npaths: {A: [A]}\n",
         "net.yaml:4:13: a layer and a path are both called 'A'"),
        ("input: 1x9x9\nlayers: [A: conv 2 3]\npaths: {left: [B]}\n",
         "net.yaml:4:16: the path left names 'B', which is no layer; the layers are A"),
        ("input: 1x9x9\nlayers: [gelu erf]\nfind: [total.flops]\n",
         "net.yaml:4:8: total.flops: gelu1: its operations are not in the layer table"),
        ("input: 1x9x9\nlayers: [conv 2 3]\nconventions: {bias: no}\nfind: [flops_with_bias]\n",
         "net.yaml:5:8: flops_with_bias: conv1: it has no bias; ask for its flops"),
    ],
)  # fmt: skip
def test_a_network_that_cannot_be_used_is_refused(text: str, message: str) -> None:
    assert refusal(text) == message


def test_unknown_operations_do_not_stand_in_the_way_of_what_is_known() -> None:
    text = "input: 4\nlayers: [dense 3, gelu erf, dense 2]\n"
    assert answers(text) == {"dense2.size": (2,), "total.params": 23}
    assert answers(f"{text}find: [dense1.macs]\n") == {"dense1.macs": 12}


def test_a_network_that_asks_for_nothing_is_counted() -> None:
    assert answers(SMALL) == {
        "dense1.size": (10,), "total.params": 8_806, "total.macs": 95_040, "total.flops": 192_672,
    }  # fmt: skip


def test_conventions_decide() -> None:
    hwc = SMALL.replace("1x28x28", "28x28x1") + "conventions: {size_order: HWC}\n"
    assert ask("C1.size", hwc) == (24, 24, 6)
    assert ask("C1.params", f"{SMALL}conventions: {{bias: no}}\n") == 150
    assert ask("C1.flops", f"{SMALL}conventions: {{flops: macs}}\n") == 86_400
    assert ask("C1.flops", f"{SMALL}conventions: {{flops: multiplications}}\n") == 86_400
    assert ask("total.flops", f"{SMALL}conventions: {{comparison: 0}}\n") == 192_672 - 2_592
    ceil = "input: 1x7x7\nlayers: [pool 2]\nconventions: {rounding: ceil}\n"
    assert ask("pool1.size", ceil) == (1, 4, 4)


def test_a_batch_stands_in_columns_for_features_and_first_for_maps() -> None:
    assert ask("A", "input: 30\nbatch: 32\nlayers: [A: dense 1024]\n") == (1024, 32)
    assert ask("A", "input: 1x8x8\nbatch: 32\nlayers: [A: conv 4 3]\n") == (32, 4, 6, 6)


def test_given_numbers_can_be_calculated_with() -> None:
    text = "input: 1x8x8\ngiven: {seconds: 0.5}\nlayers: [A: conv 4 3]\n"
    assert ask("A.macs/seconds", text) == 2 * 36 * 36


def test_a_sum_of_thousands_of_names_is_no_problem() -> None:
    assert ask("+".join(["C1.params"] * 3_000)) == 3_000 * 156


@pytest.mark.parametrize("path", sorted((ROOT / "problems").rglob("*.yaml")), ids=lambda p: p.stem)
def test_every_network_of_the_problems_is_proved(path: Path) -> None:
    from hwsolve.solvers.cnn import solve_cnn

    problem = read_problem(str(path))
    for part in problem.parts or (problem,):
        if part.kind == "architecture":
            solution = solve_cnn(part)
            formulas = {a.name for a in solution.answers if isinstance(a.value, Expr)}
            assert solution.certificates
            for certificate in solution.certificates:
                # a formula in letters is tested at many sizes, all else is proved
                assert certificate.proved or certificate.subject in formulas
                assert certificate.trials >= 1


WORDS = st.sampled_from(
    [
        "conv", "pool", "dense", "relu", "add", "concat", "5", "5x5", "0", "-1", "x", "s2", "s0",
        "p1", "same", "ceil", "=", "stride=", "stride", "no", "bias", "from", "from=input", "A",
        "9999999999", "1e9", "table=lenet", "softmax", "depthwise", "global", "max", "g3", "k", "[",
    ]
)  # fmt: skip


@given(
    st.lists(st.lists(WORDS, min_size=1, max_size=6).map(" ".join), min_size=1, max_size=4),
    st.sampled_from(["1x28x28", "3x8", "30", "6x5x7"]),
)
def test_words_in_any_order_are_solved_or_refused(layers: list[str], size: str) -> None:
    rows = "".join(f'  - "{layer}"\n' for layer in layers)
    with suppress(HwsolveError):
        answers(f"input: {size}\nlayers:\n{rows}")


@given(st.text("C1d.paramsize total()[]+-*/ 0123456789,", max_size=24))
def test_any_name_has_a_value_or_is_refused(name: str) -> None:
    with suppress(HwsolveError):
        answers(f"{SMALL}find:\n  - '{name}'\n")
