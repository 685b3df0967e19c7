"""`hwsolve flops` as a function: question F, one filter, and options that cannot be used."""

from __future__ import annotations

from typing import Any

import pytest
from counted_loops import Meter, convolve, new_maps, padded
from hypothesis import assume, given
from hypothesis import strategies as st

from hwsolve.errors import InputError
from hwsolve.expr.notation import text
from hwsolve.expr.parser import parse_expression
from hwsolve.nets.exact import evaluate
from hwsolve.solution import Num, Step, Table
from hwsolve.solvers.flops import flops_solution


def values(*arguments: Any, **options: Any) -> dict[str, Any]:
    return {answer.name: answer.value for answer in flops_solution(*arguments, **options).answers}


def test_question_f() -> None:
    assert values("50x12x12", "4", "2", "1", filters=20, pool="3", pool_stride="1") == {
        "output": (20, 6, 6),
        "pooled": (20, 4, 4),
        "params": 16_020,
        "macs": 576_000,
        "flops_with_bias": 1_154_560,
        "flops_without_bias": 1_153_840,
    }


def test_question_f_as_a_table() -> None:
    solution = flops_solution("50x12x12", "4", "2", "1", filters=20, pool="3", pool_stride="1")
    table = next(
        block for section in solution.sections for block in section.blocks
        if isinstance(block, Table)
    )  # fmt: skip
    assert table.rows == (
        ("with bias", Num(1_152_000), Num(2_560), Num(1_154_560)),
        ("without bias", Num(1_151_280), Num(2_560), Num(1_153_840)),
    )


def test_without_filters_it_answers_for_one_and_says_so() -> None:
    solution = flops_solution("50x12x12", "4", "2", "1")
    assert values("50x12x12", "4", "2", "1") == {
        "output": (1, 6, 6), "params": 801, "macs": 28_800,
        "flops_with_bias": 57_600, "flops_without_bias": 57_564,
    }  # fmt: skip
    assert {answer.note for answer in solution.answers} == {"for one filter"}
    assert solution.warnings == (
        "no number of filters is named (--filters), so the answers are for one filter",
    )


def test_the_formula_for_any_number_of_filters_is_given() -> None:
    solution = flops_solution("50x12x12", "4", "2", "1")
    section = next(s for s in solution.sections if s.title == "For any number F of filters")
    assert [
        " = ".join(text(part) for part in (block.name, *block.forms) if part is not None)
        for block in section.blocks
        if isinstance(block, Step)
    ] == [
        "FLOPs with bias = 1600·36·F = 57600·F",
        "FLOPs without bias = 1599·36·F = 57564·F",
        "MACs = 28800·F",
        "parameters = 801·F",
    ]


def test_groups_are_seen_without_filters_too() -> None:
    # each filter sees 5 of the 50 channels
    assert values("50x12x12", "4", "2", "1", groups=10)["params"] == 5 * 16 + 1
    assert values("50x12x12", "4", "2", "1", groups=10, filters=20)["params"] == 20 * (5 * 16 + 1)


def test_filters_without_a_bias_have_one_addition_less_an_output() -> None:
    assert values("50x12x12", "4", "2", "1", filters=20, bias=False) == {
        "output": (20, 6, 6), "params": 16_000, "macs": 576_000, "flops_without_bias": 1_151_280,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kernel": "0"}, "--k is at least 1, not 0"),
        ({"kernel": "-3"}, "--k is at least 1, not -3"),
        ({"kernel": "x"}, "--k is a whole number or a size such as 3x5, not 'x'"),
        ({"kernel": "3.5"}, "--k is a whole number or a size such as 3x5, not '3.5'"),
        ({"kernel": ""}, "--k is a whole number or a size such as 3x5, not ''"),
        ({"kernel": "4x4x4"}, "--k takes one number or two, not '4x4x4'; write 3 or 3x5"),
        ({"kernel": "9" * 101}, "--k has 101 digits; at most 100 are counted with"),
        ({"kernel": "40"}, ("--k: the 40x40 kernel does not fit the input of 12x12; "
         "it would with padding 14")),
        ({"input": "50x12"}, ("--in takes channels x height x width, not '50x12'; "
         "for one channel write 1x50x12")),
        ({"input": "50"}, ("--in takes channels x height x width, not '50'; "
         "write for example 50x12x12")),
        ({"input": "50x0x12"}, "--in is at least 1, not 0"),
        ({"input": "50xabx12"},
         "--in is a whole number or a size such as 3x5, not '50xabx12'"),
        ({"stride": "0"}, "--s is at least 1, not 0"),
        ({"padding": "-1"}, "--p is at least 0, not -1"),
        ({"dilation": "0"}, "--d is at least 1, not 0"),
        ({"dilation": "9"}, ("--k: the 4x4 kernel spans 28x28 with its dilation and does not fit "
         "the input of 12x12; it would with padding 8")),
        ({"groups": 3}, ("--groups: 50 channels cannot be divided into 3 groups; "
         "take a divisor of 50")),
        ({"groups": 0}, "--groups is at least 1, not 0"),
        ({"groups": 10, "filters": 11}, ("--filters: 11 filters cannot be divided into 10 groups; "
         "take a multiple of 10")),
        ({"filters": 0}, "--filters is at least 1, not 0"),
        ({"pool": "0"}, "--pool is at least 1, not 0"),
        ({"pool": "20"}, ("--pool: the 20x20 kernel does not fit the input of 9x9; "
         "the convolution leaves 9x9")),
        ({"pool_stride": "2"}, "--pool-stride says nothing without --pool; add --pool 3"),
        ({"pool": "2", "pool_stride": "ab"},
         "--pool-stride is a whole number or a size such as 3x5, not 'ab'"),
    ],
)  # fmt: skip
def test_an_option_that_cannot_be_used_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        flops_solution(**{"input": "50x12x12", "kernel": "4", **options})
    assert str(caught.value) == message


@given(
    channels=st.integers(1, 3),
    sides=st.tuples(st.integers(1, 7), st.integers(1, 7)),
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    padding=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    filters=st.integers(1, 3),
    bias=st.booleans(),
)
def test_it_counts_what_a_naive_loop_does(  # noqa: PLR0913  (one argument for each option)
    *,
    channels: int,
    sides: tuple[int, int],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    filters: int,
    bias: bool,
) -> None:
    assume(all(s + 2 * p >= k for s, p, k in zip(sides, padding, kernel, strict=True)))
    meter = Meter()
    maps = padded(new_maps(meter, channels, *sides), (padding[0],) * 2, (padding[1],) * 2)
    sees = [list(range(channels)) for _ in range(filters)]
    outputs, weights, biases = convolve(maps, sees, kernel, stride, (1, 1), bias=bias)
    size = f"{channels}x{sides[0]}x{sides[1]}"
    texts = [f"{a}x{b}" for a, b in (kernel, stride, padding)]
    found = values(size, *texts, filters=filters, bias=bias)
    assert found["output"] == (filters, len(outputs[0]), len(outputs[0][0]))
    assert found["params"] == weights + biases
    assert found["macs"] == meter["multiplications"]
    flops = meter["multiplications"] + meter["additions"]
    assert found["flops_with_bias" if bias else "flops_without_bias"] == flops
    solution = flops_solution(size, texts[0], texts[1], texts[2], filters=filters, bias=bias)
    for section in solution.sections:
        for block in section.blocks:
            if isinstance(block, Step) and block.value is not None:
                for form in block.forms[1:]:
                    again = evaluate(parse_expression(text(form, unicode=False)), {})
                    assert again == block.value


def test_rounding_down_is_said() -> None:
    solution = flops_solution("3x12x12", "3", "2", filters=4, pool="2")
    meaning = next(c.meaning for c in solution.conventions if c.name == "rounding")
    assert meaning == (
        "the stride does not divide (convolution, max pooling), sizes are rounded down"
    )


def test_same_padding_keeps_the_size() -> None:
    assert values("3x12x12", "5", padding="same", filters=4)["output"] == (4, 12, 12)
    assert values("3x12x12", "5", padding="valid", filters=4)["output"] == (4, 8, 8)


def test_counts_of_any_size_are_exact() -> None:
    found = values(f"1x{10**12}x{10**12}", "3", filters=10**12)
    assert found["macs"] == 9 * (10**12 - 2) ** 2 * 10**12
