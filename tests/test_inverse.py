"""Inverse questions: their solutions are exactly those that trying everything finds."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from commands import process
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hwsolve.errors import InputError
from hwsolve.expr.parser import parse_expression
from hwsolve.nets.inverse import (
    FALLS,
    GROWS,
    STAYS,
    Slide,
    Span,
    direction,
    lengths_before,
    reached,
)
from hwsolve.problem.network_line import problem_of
from hwsolve.problem.reader import read_text
from hwsolve.problem.unknowns import read_inverse
from hwsolve.solution import Text
from hwsolve.solvers import solve
from hwsolve.solvers.inverse import solve_inverse
from hwsolve.solvers.wanted import read_wanted


def positions(length: int, kernel: int, stride: int, padding: int, dilation: int = 1) -> int:
    """How often a window fits, by sliding it."""
    found, start = 0, -padding
    while start + dilation * (kernel - 1) < length + padding:
        found += 1
        start += stride
    return found


def answered(line: str, **ranges: tuple[int, int]) -> dict[str, Any]:
    inverse = read_inverse(line)
    spans = {letter: Span(*ends) for letter, ends in ranges.items()}
    solution = solve_inverse(problem_of(inverse.network, ()), read_wanted(inverse.wanted), spans)
    return {answer.name: answer.value for answer in solution.answers}


def solutions(line: str, **ranges: tuple[int, int]) -> list[Any]:
    """The solutions for all letters, or for one, in order."""
    found = answered(line, **ranges)
    count = found.pop("solutions")
    if not count:
        return []
    if count == 1:
        numbers = list(found.values())
        return [numbers[0] if len(numbers) == 1 else numbers]
    names = list(found)
    if names[0].startswith("smallest"):
        return list(range(found[names[0]], found[names[1]] + 1))
    return list(found[names[0]])


SMALL = settings(max_examples=25, deadline=None)


@SMALL
@given(
    length=st.integers(3, 20), kernel=st.integers(1, 5), stride=st.integers(1, 4),
    dilation=st.integers(1, 2), wanted=st.integers(1, 14),
)  # fmt: skip
def test_paddings_are_all_that_give_the_size(
    length: int, kernel: int, stride: int, dilation: int, wanted: int
) -> None:
    line = f"1x{length}x{length} | conv 1 {kernel}x{kernel} s{stride} d{dilation} p? -> {wanted}x{wanted}"
    every = [p for p in range(60) if positions(length, kernel, stride, p, dilation) == wanted]
    assert solutions(line) == every


@SMALL
@given(
    length=st.integers(2, 20), stride=st.integers(1, 4), padding=st.integers(0, 3),
    wanted=st.integers(1, 12),
)  # fmt: skip
def test_kernels_are_all_that_give_the_size(
    length: int, stride: int, padding: int, wanted: int
) -> None:
    line = f"1x{length}x{length} | conv 1 k? s{stride} p{padding} -> {wanted}x{wanted}"
    largest = length + 2 * padding
    every = [k for k in range(1, largest + 1) if positions(length, k, stride, padding) == wanted]
    assert solutions(line) == every


@SMALL
@given(
    length=st.integers(4, 40), kernel=st.integers(1, 4), padding=st.integers(0, 2),
    wanted=st.integers(2, 12),
)  # fmt: skip
def test_strides_are_all_that_give_the_size(
    length: int, kernel: int, padding: int, wanted: int
) -> None:
    line = f"1x{length}x{length} | conv 1 {kernel}x{kernel} s? p{padding} -> {wanted}x{wanted}"
    every = [s for s in range(1, 60) if positions(length, kernel, s, padding) == wanted]
    assert solutions(line) == every


@SMALL
@given(
    first=st.tuples(st.integers(1, 5), st.integers(1, 3), st.integers(0, 2)),
    second=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    wanted=st.integers(1, 10),
)
def test_input_sizes_are_all_that_give_the_size_through_two_layers(
    first: tuple[int, int, int], second: tuple[int, int], wanted: int
) -> None:
    k, s, p = first
    line = f"1x?x? | conv 2 {k}x{k} s{s} p{p} | pool {second[0]} s{second[1]} -> {wanted}x{wanted}"
    every = []
    for n in range(1, 120):
        inside = positions(n, k, s, p)
        if inside >= second[0] and positions(inside, *second, 0) == wanted:
            every.append(n)
    assert solutions(line) == every


@SMALL
@given(
    channels=st.integers(1, 4), kernel=st.integers(1, 4), wanted=st.integers(1, 400),
    exact=st.integers(0, 12),
)  # fmt: skip
def test_numbers_of_filters_are_all_that_give_the_parameters(
    channels: int, kernel: int, wanted: int, exact: int
) -> None:
    each = channels * kernel * kernel + 1
    wanted = exact * each or wanted  # often one that there is a solution for
    every = [filters for filters in range(1, 500) if filters * each == wanted]
    line = f"{channels}x9x9 | conv ? {kernel}x{kernel} -> params = {wanted}"
    assert solutions(line) == every


@SMALL
@given(inputs=st.integers(1, 30), classes=st.integers(1, 10), most=st.integers(10, 3000))
def test_hidden_sizes_within_a_budget_of_parameters(inputs: int, classes: int, most: int) -> None:
    every = [u for u in range(1, 3001) if u * (inputs + 1) + classes * (u + 1) <= most]
    assume(every)
    line = f"{inputs} | dense ? | relu | dense {classes} -> params <= {most}"
    assert solutions(line) == every


@settings(max_examples=10, deadline=None)
@given(length=st.integers(4, 16), wanted=st.integers(1, 16))
def test_several_unknowns_are_all_in_their_ranges(length: int, wanted: int) -> None:
    line = f"1x{length}x{length} | conv 1 k? s? p? -> {wanted}x{wanted}"
    every = [
        [k, s, p]
        for k, s, p in product(range(1, 6), range(1, 4), range(4))
        if p < k <= length + 2 * p and positions(length, k, s, p) == wanted
    ]
    assert solutions(line, k=(1, 5), s=(1, 3), p=(0, 3)) == every


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("1x32x32 | conv 6 5x5 p? -> 6x32x32", {"solutions": 1, "p": 2}),
        ("3x227x227 | conv 96 11x11 s? -> 96x55x55", {"solutions": 1, "s": 4}),
        ("1x64x64 | conv 8 k? | conv 8 3x3 s2 -> receptive_field = 11", {"solutions": 1, "k": 9}),
        ("3x32x32 | conv ? 3x3 p1 -> params = 1792", {"solutions": 1, "F": 64}),
        ("3x32x32 | conv ? 3x3 p1 -> params = 1793", {"solutions": 0}),
        ("784 | dense ? | relu | dense 10 -> params = 50890", {"solutions": 1, "u": 64}),
        # the divisors of 227 - 11 up to 12
        (
            "3x227x227 | conv 96 11x11 s? -> fits, s <= 12",
            {"solutions": 8, "s": [1, 2, 3, 4, 6, 8, 9, 12]},
        ),
        ("1x8x8 | conv F FxF -> conv1.weights = 27", {"solutions": 1, "F": 3}),
        ("1x28x28 | conv 6 k? | pool 2 | dense 10 -> conv1.params = 156", {"solutions": 1, "k": 5}),
        ("3x?x? | conv 8 3x3 s2 | pool 2 -> 8x7x7", {"solutions": 4, "n": [29, 30, 31, 32]}),
        ("3x9x9 | conv 4 3x3 -> 4x7x7", {"output.size = 4x7x7": True}),
        ("3x224x224 | conv 96 11x11 s4 -> fits", {"every stride fits": False}),
    ],
)
def test_questions_as_they_stand_in_exercises(line: str, expected: dict[str, Any]) -> None:
    assert answered(line) == expected


def test_what_nothing_depends_on_may_be_any_number() -> None:
    inverse = read_inverse("1x32x32 | conv ? 5x5 p? -> 32x32")
    solution = solve_inverse(problem_of(inverse.network, ()), read_wanted(inverse.wanted))
    assert {answer.name: answer.value for answer in solution.answers} == {"solutions": 1, "p": 2}
    assert solution.warnings == ("F may be any number: nothing that is wanted depends on it",)


def test_a_picture_without_channels_is_read_as_one_channel_and_that_is_said() -> None:
    ran = process("solve", "input 32x32 | conv 6 5x5 p? -> 32x32")
    assert ran.code == 0
    assert "the input is read as a picture of one channel, 1x32x32" in ran.out
    assert "one channel" not in process("solve", "1x32x32 | conv 6 5x5 p? -> 32x32").out


def test_the_working_solves_the_equation_and_then_takes_the_whole_numbers() -> None:
    inverse = read_inverse("3x33x33 | conv 8 4x4 s2 p? | pool 2 -> 8x8x8")
    solution = solve_inverse(problem_of(inverse.network, ()), read_wanted(inverse.wanted))
    by_hand = next(section for section in solution.sections if section.title == "By hand")
    lines = [block.parts[0] for block in by_hand.blocks if isinstance(block, Text)]
    assert lines == [
        "pool1: floor((n - 2)/2) + 1 = 8, so 14 ≤ n - 2 < 16, 16 ≤ n ≤ 17",
        "conv1: 16 ≤ floor((33 + 2·p - 4)/2) + 1 ≤ 17",
        "so 30 ≤ 29 + 2·p < 34",
        "so 0.5 ≤ p < 2.5: 1 ≤ p ≤ 2.",
    ]


def test_a_problem_file_says_what_is_wanted() -> None:
    problem = read_text(
        "kind: architecture\ninput: 3x32x32\nlayers: [C1: conv 16 kxk s2 padding=p, relu]\n"
        "wanted: [C1.size = 16x16x16, k <= 5, k >= 2]\n"
    )
    found = {answer.name: answer.value for answer in solve(problem).answers}
    assert found == {"solutions": 4, "[k, p]": [[2, 0], [3, 1], [4, 1], [5, 2]]}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1x8x8 | conv 2 k?", "does not say what the network is to give"),
        ("1x8x8 | conv 2 k? ->", "what the network is to give is missing"),
        ("1x8x8 | conv 2 k? -> soon", "is nothing that a network can be compared with"),
        ("1x8x8 | conv 2 k? -> parrots = 3", "'parrots'"),
        ("1x8x8 | conv 2 k? -> k <= 3", "nothing but the range of letters is wanted"),
    ],
)
def test_a_question_that_cannot_be_read_is_refused(line: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        answered(line)
    assert message in str(caught.value)


def test_a_range_for_what_is_not_asked_is_refused() -> None:
    ran = process("solve", "1x8x8 | conv 2 k? -> 4x4", "--range", "q=1..3")
    assert ran.code == 2
    assert "there is no unknown 'q'" in ran.err
    ran = process("solve", "1x8x8 | conv 2 k? -> 4x4", "--range", "k=3..1")
    assert "--range takes a letter and two numbers" in ran.err


@pytest.mark.parametrize(
    ("formula", "way"),
    [
        ("7*x + 2", GROWS), ("9 - x", FALLS), ("5", STAYS), ("x^2 + 3*x", GROWS), ("12/x", FALLS),
        ("floor((x - 3)/2) + 1", GROWS), ("x*(10 - x)", None), ("x - x^2", None), ("y - 2*x", FALLS),
    ],
)  # fmt: skip
def test_whether_a_formula_grows_is_read_off_its_operations(formula: str, way: int | None) -> None:
    assert direction(parse_expression(formula), "x", {"y": 5}) == way


@given(
    a=st.integers(1, 9), b=st.integers(-20, 20), low=st.integers(-30, 60), width=st.integers(0, 9)
)
def test_the_numbers_that_reach_a_span_are_all_of_them(
    a: int, b: int, low: int, width: int
) -> None:
    formula = parse_expression(f"floor(({a}*x + {b})/3)" if b >= 0 else f"floor(({a}*x - {-b})/3)")
    every = [x for x in range(1, 300) if low <= (a * x + b) // 3 <= low + width]
    found = reached(formula, "x", Span(low, low + width), {}, 1)
    assert found is not None
    assert list(range(found.low, min(found.high, 299) + 1)) == every


@given(
    kernel=st.integers(1, 5), stride=st.integers(1, 4), padding=st.integers(0, 3),
    outputs=st.tuples(st.integers(1, 8), st.integers(0, 3)),
)  # fmt: skip
def test_lengths_before_a_window_are_those_that_give_the_outputs(
    kernel: int, stride: int, padding: int, outputs: tuple[int, int]
) -> None:
    span = Span(outputs[0], sum(outputs))
    found = lengths_before(Slide(0, kernel, stride, 2 * padding, 1), span)
    every = [
        n for n in range(1, 80) if span.low <= positions(n, kernel, stride, padding) <= span.high
    ]
    assert list(range(found.low, found.high + 1)) == every
