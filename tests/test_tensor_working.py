"""The working of array problems: the window under the kernel, ties, and what chooses entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import hwsolve
from hwsolve.expr.notation import text
from hwsolve.solution import Solution, Step

if TYPE_CHECKING:
    from collections.abc import Iterator


def solved(given: str, *equations: str, find: str, more: str = "") -> Solution:
    lines = "".join(f"  - '{equation}'\n" for equation in equations)
    written = f"kind: graph\ngiven: {given}\n{more}equations:\n{lines}find: [{find}]\n"
    return hwsolve.solve(hwsolve.loads(written))


def steps(solution: Solution, title: str) -> Iterator[tuple[str, Any, list[str]]]:
    """Name, value and forms of the steps of a section."""
    for section in solution.sections:
        if section.title.startswith(title):
            for block in section.blocks:
                if isinstance(block, Step) and block.name is not None:
                    yield text(block.name), block.value, [text(form) for form in block.forms]


def conventions(solution: Solution) -> dict[str, str]:
    return {convention.name: convention.value for convention in solution.conventions}


IMAGE = "{X: [[1, 2, 0], [0, 1, 3], [2, 1, 1]], K: [[1, 0.5], [-1, 2]]}"


def test_the_working_of_one_entry_shows_the_window_the_kernel_and_every_product() -> None:
    solution = solved(IMAGE, "Y = conv(X, K)", find="Y", more="entry: Y[1,0]\n")
    window, kernel, entry = steps(solution, "Entry Y[1,0]")
    assert window[0] == "X[1:3, 0:2]"
    assert np.asarray(window[1]).tolist() == [[0, 1], [2, 1]]
    assert kernel[0] == "K"
    assert np.asarray(kernel[1]).tolist() == [[1, 0.5], [-1, 2]]
    assert entry == (
        "Y[1, 0]",
        0.5,
        [
            "X[1, 0]·K[0, 0] + X[1, 1]·K[0, 1] + X[2, 0]·K[1, 0] + X[2, 1]·K[1, 1]",
            "0.0·1.0 + 1.0·0.5 + 2.0·(-1.0) + 1.0·2.0",
        ],
    )


def test_padding_in_the_window_is_shown_as_0_and_left_out_of_the_sum() -> None:
    solution = solved(IMAGE, "Y = conv(X, K, padding=1)", find="Y", more="entry: Y[0,1]\n")
    window, _, entry = steps(solution, "Entry Y[0,1]")
    # padding lies in it, so that it is no part of X
    assert window[0] == "window"
    assert np.asarray(window[1]).tolist() == [[0, 0], [1, 2]]
    assert entry[2][0] == "X[0, 0]·K[1, 0] + X[0, 1]·K[1, 1]"
    assert entry[1] == 3


def test_windows_and_entries_are_numbered_as_the_author_counts() -> None:
    more = "conventions: {first_index: 1}\nentry: Y[2,1]\n"
    solution = solved(IMAGE, "Y = conv(X, K, dilation=(1, 2))", find="Y", more=more)
    window, _, entry = steps(solution, "Entry Y[2,1]")
    assert window[0] == "X[2:3, 1:3:2]"
    assert np.asarray(window[1]).tolist() == [[0, 3], [2, 1]]
    assert entry[2][0] == "X[2, 1]·K[1, 1] + X[2, 3]·K[1, 2] + X[3, 1]·K[2, 1] + X[3, 3]·K[2, 2]"


def test_an_entry_of_a_layer_shows_the_channels_under_the_kernel_and_the_bias() -> None:
    given = (
        "{X: [[[1, 2], [3, 4]], [[5, 6], [7, 8]]], K: [[[[1]], [[2]]], [[[0]], [[1]]]], b: [9, 3]}"
    )
    solution = solved(given, "Y = conv(X, K, b)", find="Y", more="entry: Y[1,0,1]\n")
    window, kernel, entry = steps(solution, "Entry Y[1,0,1]")
    assert (window[0], kernel[0]) == ("X[:, 0:1, 1:2]", "K[1]")
    assert np.asarray(window[1]).tolist() == [[[2]], [[6]]]
    assert entry == (
        "Y[1, 0, 1]",
        9,
        ["X[0, 0, 1]·K[1, 0, 0, 0] + X[1, 0, 1]·K[1, 1, 0, 0] + b[1]", "2.0·0.0 + 6.0·1.0 + 3.0"],
    )


TIED = "{x: [3, 1, 3, 2, 5, 4], W: [[1, 4, 4], [2, 0, 1]]}"


@pytest.mark.parametrize(
    ("equation", "asked", "share", "first"),
    [
        ("L = 2*sum(max_pool(x, 3))", "dL/dx", [1, 0, 1, 0, 2, 0], [2, 0, 0, 0, 2, 0]),
        ("L = sum(max(W, axis=1))", "dL/dW", [[0, 0.5, 0.5], [1, 0, 0]], [[0, 1, 0], [1, 0, 0]]),
        ("L = max(W, axis=(0, 1))", "dL/dW", [[0, 0.5, 0.5], [0, 0, 0]], [[0, 1, 0], [0, 0, 0]]),
        ("L = -sum(min(-W, axis=1))", "dL/dW", [[0, 0.5, 0.5], [1, 0, 0]], [[0, 1, 0], [1, 0, 0]]),
    ],
)
def test_equal_entries_share_the_gradient_or_the_first_has_it_and_the_convention_is_named(
    equation: str, asked: str, share: Any, first: Any
) -> None:
    for ties, wanted in (("share", share), ("first", first)):
        solution = solved(TIED, equation, find=asked, more=f"conventions: {{max_ties: {ties}}}\n")
        assert np.asarray(solution.answers[0].value).tolist() == wanted
        assert conventions(solution)["max_ties"] == ties
        assert any("follows from the convention" in warning for warning in solution.warnings)


def test_no_convention_for_ties_is_named_where_there_are_none() -> None:
    solution = solved("{x: [3, 1, 2, 5]}", "L = sum(max_pool(x, 2))", find="dL/dx")
    assert "max_ties" not in conventions(solution)
    assert not solution.warnings


def test_an_array_may_choose_entries_of_itself() -> None:
    # z = (y[3], y[1]) = (2, 1), and L = z0^2 + z1^2
    solution = solved("{y: [3, 1, 2, 2]}", "z = y[y[:2]]", "L = sum(z^2)", find="L, dL/dy")
    assert [np.asarray(answer.value).tolist() for answer in solution.answers] == [5, [0, 2, 0, 4]]


def test_the_numbers_that_choose_entries_have_no_gradient() -> None:
    solution = solved(
        "{E: [[1, 2], [3, 4]], ids: [1, 1]}", "L = sum(E[ids]^2)", find="dL/dids, dL/dE"
    )
    found = [np.asarray(answer.value).tolist() for answer in solution.answers]
    assert found == [[0, 0], [[0, 0], [12, 16]]]
