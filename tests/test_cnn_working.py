"""The written working of a counted network: every line true, every total the sum of its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from commands import ROOT
from hypothesis import given
from hypothesis import strategies as st

from hwsolve.expr.notation import text
from hwsolve.expr.parser import parse_expression
from hwsolve.nets.exact import evaluate
from hwsolve.problem.reader import read_problem, read_text
from hwsolve.solution import Num, Step, Table, Text
from hwsolve.solvers.cnn import solve_cnn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hwsolve.solution import Solution

LENET = (ROOT / "problems" / "lenet5.yaml").read_text(encoding="utf-8")


def solved(network: str) -> Solution:
    return solve_cnn(read_text(f"kind: cnn\n{network}", "net.yaml"))


def steps(solution: Solution) -> Iterator[Step]:
    for section in solution.sections:
        for block in section.blocks:
            if isinstance(block, Step):
                yield block


def assert_true(solution: Solution) -> None:
    """Every line's numbers, read again from its text, give its value; totals add up."""
    for step in steps(solution):
        if step.value is None:
            continue
        for form in step.forms[1:]:
            shown = text(form, unicode=False)
            assert float(evaluate(parse_expression(shown), {})) == float(step.value), shown  # type: ignore[arg-type]  # a number
    for section in solution.sections:
        for table in section.blocks:
            if isinstance(table, Table) and table.totals:
                for place, total in enumerate(table.totals):
                    if isinstance(total, Num):
                        column = [row[place] for row in table.rows]
                        assert total.value == sum(c.value for c in column if isinstance(c, Num))  # type: ignore[misc]  # counts


LAYER = st.sampled_from(
    [
        "conv 4 3 s2 p1", "conv 4 3x2 s2x1 no bias", "conv 4 2 d2 p2", "conv 6 3 same",
        "conv 4 5 s3 same", "depthwise 3 p1", "pointwise 3", "pool 2", "pool 3 s2 p1 ceil",
        "avgpool 2 p1", "subsample 2", "relu", "tanh", "batchnorm", "softmax", "dropout 0.5",
    ]
)  # fmt: skip


@given(
    st.lists(LAYER, min_size=1, max_size=4),
    st.sampled_from(["", "gap", "flatten", "dense 5"]),
    st.sampled_from(
        [
            "", "find: [total.params, total.flops_without_bias, output.receptive_field]",
            "find: [sizes]", "find: [connections, units, total.biases, total.weights/7]",
        ]
    ),
)  # fmt: skip
def test_no_line_of_the_working_is_false(layers: list[str], last: str, find: str) -> None:
    rows = "".join(f"  - {layer}\n" for layer in [*layers, *([last] if last else [])])
    assert_true(solved(f"input: 3x96x90\nlayers:\n{rows}{find}\n"))


@pytest.mark.parametrize(
    "name",
    ["two-branches", "convolution-flops", "lenet5", "lenet5-1998", "perceptron-sizes",
     "mnist-convolution"],
)  # fmt: skip
def test_no_line_of_the_homework_is_false(name: str) -> None:
    assert_true(solve_cnn(read_problem(str(ROOT / "problems" / f"{name}.yaml"))))


def line(solution: Solution, title: str, name: str) -> str:
    """A step as text: the one of this name in the section whose title starts so."""
    for section in solution.sections:
        if section.title.startswith(title):
            for block in section.blocks:
                if isinstance(block, Step) and block.name is not None and text(block.name) == name:
                    shown = [text(form) for form in block.forms]
                    return " = ".join([name, *shown, str(block.value)])
    raise AssertionError(f"no line {name} in {title}")


def test_the_flops_of_a_convolution_are_worked_out() -> None:
    solution = solve_cnn(read_problem(str(ROOT / "problems" / "convolution-flops.yaml")))
    assert line(solution, "convolution", "n_out") == (
        "n_out = floor((n + 2·p - k)/s) + 1 = floor((12 + 2·1 - 4)/2) + 1 = 6"
    )
    assert line(solution, "convolution", "outputs") == "outputs = F·n_out² = 20·6² = 720"
    assert line(solution, "convolution", "multiplications") == (
        "multiplications = outputs·C·k² = 720·50·4² = 576000"
    )
    assert line(solution, "convolution", "FLOPs") == (
        "FLOPs = multiplications + additions = 576000 + 576000 = 1152000"
    )
    assert line(solution, "convolution", "FLOPs without bias") == (
        "FLOPs without bias = FLOPs - additions of biases = 1152000 - 720 = 1151280"
    )
    assert line(solution, "pooling", "comparisons") == (
        "comparisons = outputs·(k² - 1) = 320·(3² - 1) = 2560"
    )
    assert line(solution, "Totals", "total FLOPs") == (
        "total FLOPs = convolution + pooling = 1152000 + 2560 = 1154560"
    )


def test_the_table_of_1998_is_worked_out() -> None:
    solution = solve_cnn(read_problem(str(ROOT / "problems" / "lenet5-1998.yaml")))
    assert line(solution, "C3", "T") == "T = 6·3 + 9·4 + 1·6 = 60"
    assert line(solution, "C3", "parameters") == "parameters = T·k² + F = 60·5² + 16 = 1516"
    assert line(solution, "S2", "connections") == (
        "connections = outputs·(k² + 1) = 1176·(2² + 1) = 5880"
    )


def test_a_rectangular_kernel_has_a_line_for_each_axis() -> None:
    solution = solved("input: 1x12x20\nlayers: [A: conv 2 3x5 s2x1 p1]\nfind: [A.size]\n")
    assert line(solution, "A", "h_out") == (
        "h_out = floor((h + 2·p - k_h)/s_h) + 1 = floor((12 + 2·1 - 3)/2) + 1 = 6"
    )
    assert line(solution, "A", "w_out") == (
        "w_out = floor((w + 2·p - k_w)/s_w) + 1 = floor((20 + 2·1 - 5)/1) + 1 = 18"
    )


def test_dilation_and_groups_stand_in_the_formulas() -> None:
    solution = solved("input: 4x12x12\nlayers: [A: conv 6 3 d2 g2]\nfind: [A.size, A.params]\n")
    assert line(solution, "A", "n_out") == (
        "n_out = floor((n + 2·p - d·(k - 1) - 1)/s) + 1 "
        "= floor((12 + 2·0 - 2·(3 - 1) - 1)/1) + 1 = 8"
    )
    assert line(solution, "A", "parameters") == (
        "parameters = F·(C/g)·k² + F = 6·(4/2)·3² + 6 = 114"
    )


def test_a_stride_that_does_not_divide_is_named() -> None:
    solution = solved("input: 1x12x12\nlayers: [A: conv 1 3 s2, P: pool 2]\n")
    assert ("rounding", "floor") in [(c.name, c.value) for c in solution.conventions]
    remarks = [step.reason for step in steps(solution) if step.reason.startswith("rounded")]
    assert remarks == [
        "rounded down, the last row and column are not read",
        "rounded down, the last row and column are not read",
    ]
    meaning = next(c.meaning for c in solution.conventions if c.name == "rounding")
    assert meaning == "where the stride does not divide, sizes are rounded down (A, P)"
    fits = solved("input: 1x11x11\nlayers: [A: conv 1 3 s2]\n")
    assert "rounding" not in [c.name for c in fits.conventions]


def test_only_what_is_asked_for_is_worked_out() -> None:
    solution = solved("input: 1x12x12\nlayers: [A: conv 2 3, B: conv 2 3]\nfind: [A.params]\n")
    names = [text(step.name) for step in steps(solution) if step.name is not None]
    assert names == ["n_out", "parameters", "n_out"]
    assert [c.name for c in solution.conventions] == ["size_order", "bias"]


def test_two_paths_are_set_in_relation() -> None:
    solution = solved(
        "input: 8x9x9\nlayers:\n  - A: conv 8 3 p1\n"
        "  - B: {conv: 8, kernel: 5, padding: 2, from: input}\n"
        "paths: {small: [A], large: [B]}\nfind: [small.weights, large.weights]\n"
    )
    # 8·8·9 weights against 8·8·25
    assert line(solution, "Paths", "small.weights/large.weights") == (
        "small.weights/large.weights = 576/1600 = 9/25 = 0.36"
    )
    assert_true(solution)


def test_equal_layers_share_one_section() -> None:
    solution = solved("input: 8x9x9\nlayers: [conv 8 3 p1, conv 8 3 p1, conv 8 3 p1]\n")
    titles = [section.title for section in solution.sections]
    assert "conv1, conv2, conv3: convolution, 8 filters 3x3, padding 1, 8x9x9 -> 8x9x9" in titles


def test_a_layer_that_nobody_reads_is_warned_about() -> None:
    text_ = "input: 1x9x9\nlayers:\n  - A: conv 2 3\n  - B: {conv: 2, kernel: 3, from: input}\n"
    assert solved(text_).warnings == (
        "net.yaml:4:5: nothing reads A; it is in the totals all the same",
    )
    assert solved(f"{text_}paths: {{a: [A], b: [B]}}\n").warnings == ()


def test_a_picture_without_channels_is_warned_about() -> None:
    assert solved("input: 28x28\nlayers: [conv 20 5]\n").warnings == (
        "28x28 was read as 28 channels of length 28; a picture with one channel is 1x28x28",
    )


def test_operations_that_are_no_flops_are_named() -> None:
    solution = solved("input: 10\nlayers: [sigmoid]\nfind: [total.flops]\n")
    meaning = next(c.meaning for c in solution.conventions if c.name == "flops")
    assert meaning.endswith("nothing else counts (here not: 10 divisions, 10 exponentials)")


def test_what_was_counted_one_by_one_and_what_was_not_is_said() -> None:
    solution = solve_cnn(read_text(LENET, "lenet5.yaml"))
    assert [(c.subject, c.method) for c in solution.certificates] == [
        ("sizes and counts of S2, S4, C5, F6, out", "a naive loop that counts every operation"),
        (
            "sizes and counts of C1, C3",
            "the shapes of the weights and the range of window positions",
        ),
    ]


def test_a_wrong_count_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from hwsolve.errors import CertificateError
    from hwsolve.nets import counting

    right = counting.formula

    def forgetful(rule: object, quantity: str) -> object:
        found = right(rule, quantity)  # type: ignore[arg-type]  # as it came
        return found - 1 if quantity == "weights" else found

    monkeypatch.setattr(counting, "formula", forgetful)
    with pytest.raises(CertificateError, match=r"no number of weights for C1: .* 149, .* 150"):
        solve_cnn(read_text(LENET, "lenet5.yaml"), document=False)


def test_sentences_fit_every_terminal() -> None:
    solution = solve_cnn(read_text(LENET, "lenet5.yaml"))
    for section in solution.sections:
        assert section.title.isascii()
        for block in section.blocks:
            if isinstance(block, Text):
                assert all(part.isascii() for part in block.parts if isinstance(part, str))
