"""The end of a document: answers that stand out, and certificates in a sentence or two."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np

from hwsolve.render.answers import answer_lines, certificate_sentences
from hwsolve.render.page import Page
from hwsolve.render.terminal import plain
from hwsolve.solution import Answer, Certificate


def written(*answers: Answer, width: int = 60) -> str:
    return plain(answer_lines(answers, Page(width=width), plain=False))


def sentences(*certificates: Certificate) -> list[str]:
    return [sentence for sentence, _ in certificate_sentences(certificates, Page())]


def test_answers_are_rounded_once_and_marked_where_they_are() -> None:
    assert written(
        Answer("a", 1 / 3),
        Answer("b", Fraction(1, 3), note="about 0.333333"),
        Answer("dL/dw", Decimal("0.0006"), note="0.000621578 in full precision"),
        Answer("size", (6, 28, 28)),
        Answer("fits", value=False),
    ) == (
        "  a     ≈ 0.333333\n"
        "  b     = 1/3   (about 0.333333)\n"
        "  dL/dw ≈ 0.0006   (0.000621578 in full precision)\n"
        "  size  = 6x28x28\n"
        "  fits  = false\n"
    )


def test_counts_of_answers_have_separators_all_or_none() -> None:
    assert written(Answer("a", 2416)) == "  a = 2416\n"
    assert written(Answer("a", 2416), Answer("b", 61706, unit="bytes")) == (
        "  a = 2,416\n  b = 61,706 bytes\n"
    )


def test_a_name_too_long_for_the_page_has_a_line_of_its_own() -> None:
    assert written(Answer("left.multiplications/right.multiplications", 2.5), width=40) == (
        "  left.multiplications/right.multiplications\n"
        "     = 2.5\n"
    )  # fmt: skip


def test_a_note_that_does_not_fit_stands_below() -> None:
    matrix = [[1, 2], [3, 4]]
    assert written(Answer("V", matrix, note="its rows are units"), Answer("w", 1), width=22) == (
        "  V = [[1, 2],\n"
        "       [3, 4]]\n"
        "      its rows are\n"
        "      units\n"
        "  w = 1\n"
    )  # fmt: skip


def test_a_large_answer_is_described() -> None:
    assert written(Answer("g", np.zeros((3, 2, 50)))) == (
        "  g   3x2x50: smallest 0, largest 0, mean 0, norm 0\n"
        "      [0]\n"
        "      [[0, 0, 0, ..., 0, 0, 0],\n"
        "       [0, 0, 0, ..., 0, 0, 0]]\n"
        "      ...\n"
        "      [2]\n"
        "      [[0, 0, 0, ..., 0, 0, 0],\n"
        "       [0, 0, 0, ..., 0, 0, 0]]\n"
    )


def test_certificates_of_one_method_share_a_sentence() -> None:
    tested = [Certificate(f"w{i}", "differences", proved=False, trials=2) for i in range(6)]
    assert sentences(
        Certificate("z", "exact fractions", proved=True, trials=3),
        *tested,
        Certificate("b", "differences", proved=False, trials=1, worst=2.345e-9, remark="one-sided"),
    ) == [
        "Proved: z by exact fractions",
        "Tested: w0, w1, w2 and 3 more by differences (12 comparisons, relative difference 0)",
        "Tested: b by differences (1 comparison, relative difference at most 2.3e-9); one-sided",
    ]
