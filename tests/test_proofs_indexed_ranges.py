"""What is claimed about indices holds for every size: nothing is claimed that does not."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsolve.expr.notation import text
from hwsolve.expr.parser import parse_expression
from hwsolve.expr.tree import Apply, Expr, Num, Sym
from hwsolve.proofs.index_ranges import (
    CONSTANT,
    Facts,
    Range,
    affine,
    solved,
    tightest,
    written,
)

INDICES = ("i", "j", "k")
SIZES = ("N", "M")


def read(words: str) -> Expr:
    return parse_expression(words)


def between(low: str, high: str) -> Range:
    return Range(read(low), read(high))


def value(expr: Expr, at: dict[str, int]) -> Fraction:
    parts = affine(expr)
    assert parts is not None
    return sum(
        (part * (1 if name == CONSTANT else at[name]) for name, part in parts.items()),
        Fraction(0),
    )


@st.composite
def sums(draw: st.DrawFn, names: tuple[str, ...]) -> Expr:
    parts = {name: Fraction(draw(st.integers(-2, 2))) for name in names}
    parts[CONSTANT] = Fraction(draw(st.integers(-4, 4)))
    return written({name: part for name, part in parts.items() if part})


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    ranges = {"i": Range(draw(sums(())), draw(sums(SIZES)))}
    ranges["j"] = Range(draw(sums(())), draw(sums(("i", "N"))))
    ranges["k"] = Range(draw(sums(("N",))), draw(sums(("M",))))
    return Facts(ranges)


@given(facts(), sums((*INDICES, *SIZES)), sums((*INDICES, *SIZES)))
def test_what_is_said_to_be_at_least_something_is_so_wherever_the_indices_exist(
    known: Facts, large: Expr, small: Expr
) -> None:
    if not known.at_least(large, small):
        return
    for sizes in product(range(1, 4), repeat=2):
        for numbers in product(range(-3, 6), repeat=3):
            at = {
                **dict(zip(SIZES, sizes, strict=True)),
                **dict(zip(INDICES, numbers, strict=True)),
            }
            inside = all(
                value(known.ranges[name].low, at) <= at[name] <= value(known.ranges[name].high, at)
                for name in INDICES
            )
            assert not inside or value(large, at) >= value(small, at)


@pytest.mark.parametrize(
    ("large", "small", "certain"),
    [
        ("i", "1", True),
        ("N", "i", True),
        ("i", "2", False),
        ("N", "1", True),
        ("N", "2", False),
        ("i + j - 1", "1", True),
        ("6", "i + j - 1", False),
        ("m", "j", True),
        ("N - m", "0", False),
    ],
)
def test_the_ends_of_ranges_decide(large: str, small: str, certain: bool) -> None:  # noqa: FBT001  (pytest passes it by name)
    known = Facts({"i": between("1", "N"), "j": between("1", "3"), "m": between("j", "N + 2")})
    assert known.at_least(read(large), read(small)) is certain


def test_an_index_of_a_window_stays_inside_the_input() -> None:
    known = Facts({"i": between("1", "n - k + 1"), "j": between("1", "k")})
    assert known.contains(read("1"), read("i + j - 1"), read("n"))
    assert not known.contains(read("1"), read("i + j"), read("n"))


def test_a_range_that_was_cut_is_known_by_each_of_its_ends() -> None:
    known = Facts({"i": Range(read("max(1, m - 2)"), read("min(4, m)"))})
    for large, small in (("i", "1"), ("i", "m - 2"), ("4", "i"), ("m", "i")):
        assert known.at_least(read(large), read(small))
    assert not known.at_least(read("m"), read("3"))


def test_different_indices_are_told_apart_only_where_it_is_certain() -> None:
    known = Facts({"i": between("1", "3"), "k": between("4", "N"), "m": between("1", "N")})
    assert known.differ(read("i"), read("k"))
    assert not known.differ(read("i"), read("m"))


@pytest.mark.parametrize(
    ("left", "right", "variable", "found"),
    [
        ("i + j - 1", "m", "j", "m - i + 1"),
        ("k - i", "2", "i", "k - 2"),
        ("2*i", "m", "i", None),
        ("2*i + j", "m", "j", "m - 2·i"),
        ("i*i", "m", "i", None),
        ("k", "m", "i", None),
        ("i + m/2", "0", "i", None),
    ],
)
def test_an_index_is_solved_for_where_the_solution_is_a_whole_number(
    left: str, right: str, variable: str, found: str | None
) -> None:
    answer = solved(read(left), read(right), variable)
    assert (answer if answer is None else text(answer)) == found


@pytest.mark.parametrize(
    ("op", "one", "other", "found"),
    [
        ("max", "1", "m - 2", "max(1, m - 2)"),
        ("max", "1", "m", "m"),
        ("max", "1", "1", "1"),
        ("min", "N", "N + 1", "N"),
        ("min", "4", "m", "min(4, m)"),
    ],
)
def test_of_two_ends_the_tighter_one_is_kept(op: str, one: str, other: str, found: str) -> None:
    known = Facts({"m": between("1", "6")})
    assert text(tightest(op, read(one), read(other), known)) == found


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("i + j - 1", "i + j - 1"),
        ("-1 + j + i", "j + i - 1"),
        ("-i + n", "n - i"),
        ("1 - i", "1 - i"),
        ("i - (i - 2)", "2"),
        ("2*(i + 1) - i", "i + 2"),
        ("i - i", "0"),
        ("-i", "-i"),
    ],
)
def test_an_index_expression_is_written_with_its_number_last(words: str, found: str) -> None:
    parts = affine(read(words))
    assert parts is not None
    assert text(written(parts)) == found


def test_what_is_no_sum_of_indices_is_no_index_expression() -> None:
    for words in ("i*j", "i^2", "x[i]", "i/j", "sigmoid(i)", "i + i*i"):
        assert affine(read(words)) is None


def test_the_size_of_a_range_is_a_formula() -> None:
    assert between("1", "N").size == Sym("N")
    assert between("0", "n - 1").size == Sym("n")
    assert between("2", "5").size == Num(4)
    cut = Range(Apply("max", (Num(1), Sym("m"))), Num(4))
    assert text(cut.size) == "4 - max(1, m) + 1"
