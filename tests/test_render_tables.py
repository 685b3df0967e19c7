"""Tables and arrays on pages of every width."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from documents import LAYERS

from hwsolve.render.grids import grid
from hwsolve.render.page import Page
from hwsolve.render.tables import table_lines
from hwsolve.render.terminal import plain
from hwsolve.solution import Column, Num, Table


def written(table: Table, width: int = 80) -> str:
    return plain(table_lines(table, Page(width=width)))


def test_a_long_column_of_words_is_folded_before_the_table_falls_apart() -> None:
    table = Table(
        (Column("layer"), Column("remark"), Column("n", "right")),
        (("C1", "three words more than fit here", Num(7)),),
    )
    assert written(table, 30) == (
        "  layer  remark              n\n"
        "  ----------------------------\n"
        "  C1     three words more    7\n"
        "         than fit here\n"
    )


def test_a_table_too_wide_for_the_page_becomes_records() -> None:
    assert written(LAYERS, 30).startswith(
        "  Sizes and parameters\n"
        "  C1\n"
        "    working     6·(5·5·1 + 1)\n"
        "    output      6x28x28\n"
        "    parameters  156\n"
    )


def test_a_table_says_if_its_numbers_are_rounded() -> None:
    table = Table((Column("step"), Column("loss", "right")), ((Num(1), Num(1 / 3, "nats")),))
    assert written(table) == (
        "  step           loss\n"
        "  -------------------\n"
        "  1     0.333333 nats\n"
        "  rounded to 6 significant digits\n"
    )


def test_four_digits_get_a_separator_only_beside_longer_numbers() -> None:
    one = Table((Column("n", "right"),), ((Num(2560),),))
    both = one._replace(rows=((Num(2560),), (Num(1152000),)))
    assert "2560" in written(one)
    assert "    2,560\n  1,152,000\n" in written(both)


def test_an_empty_table_is_its_heading() -> None:
    assert written(Table((Column("a"), Column("b")), ())) == "  a  b\n  ----\n"


GRIDS: list[tuple[Any, int, list[str], bool | None]] = [
    ([1, 2.5], 70, ["[1, 2.5]"], True),
    ([1000, 2000, 3000], 12, ["[1000, 2000,", " 3000]"], True),
    ([[1, -0.5], [20.25, 3]], 70, ["[[ 1   , -0.5],", " [20.25,  3  ]]"], True),
    ([[Fraction(1, 3)], [2]], 70, ["[[1/3],", " [  2]]"], True),
    (
        np.arange(8.0).reshape(2, 2, 2),
        70,
        ["[[[0, 1],", "  [2, 3]],", " [[4, 5],", "  [6, 7]]]"],
        True,
    ),
    ([[1 / 3, 2]], 14, ["[[0.3333, 2]]"], False),
    (np.zeros((0, 3)), 70, ["0x3: empty"], None),
    ([], 70, ["0: empty"], None),
    (
        list(range(30)),
        70,
        ["30: smallest 0, largest 29, mean 14.5, norm 92.49", "[0, 1, 2, ..., 27, 28, 29]"],
        None,
    ),
    (
        np.arange(60).reshape(2, 2, 15),
        70,
        [
            "2x2x15: smallest 0, largest 59, mean 29.5, norm 265",
            "[0]",
            "[[ 0,  1,  2, ..., 12, 13, 14],",
            " [15, 16, 17, ..., 27, 28, 29]]",
            "[1]",
            "[[30, 31, 32, ..., 42, 43, 44],",
            " [45, 46, 47, ..., 57, 58, 59]]",
        ],
        None,
    ),
    (
        np.ones((2, 3, 1, 20), dtype=int),
        70,
        [
            "2x3x1x20: smallest 1, largest 1, mean 1, norm 10.95",
            "[0, 0]",
            "[[1, 1, 1, ..., 1, 1, 1]]",
            "...",
            "[1, 2]",
            "[[1, 1, 1, ..., 1, 1, 1]]",
        ],
        None,
    ),
    (
        np.ones((11, 2), dtype=int),
        24,
        [
            "11x2: smallest 1,",
            "largest 1, mean 1, norm",
            "4.69",
            "[[1, 1],",
            " [1, 1],",
            " [1, 1],",
            " ...,",
            " [1, 1],",
            " [1, 1],",
            " [1, 1]]",
        ],
        None,
    ),
    (
        np.array([Fraction(1, 2)] * 40, dtype=object),
        70,
        [
            "40: smallest 1/2, largest 1/2, mean 0.5, norm 3.162",
            "[1/2, 1/2, 1/2, ..., 1/2, 1/2, 1/2]",
        ],
        None,
    ),
]


@pytest.mark.parametrize(("value", "width", "expected", "exact"), GRIDS)
def test_an_array_is_shown_in_full_or_described(
    value: Any, width: int, expected: list[str], exact: Any
) -> None:
    assert grid(value, Page(), width) == (expected, exact)


def test_a_matrix_too_wide_for_its_digits_gets_fewer_of_them() -> None:
    row = [[1 / 3, 2 / 3, 1 / 7]]
    assert grid(row, Page(), 40)[0] == ["[[0.333333, 0.666667, 0.142857]]"]
    assert grid(row, Page(), 30)[0] == ["[[0.3333, 0.6667, 0.1429]]"]
    assert grid(row, Page(), 20)[0][0] == "1x3: smallest"
