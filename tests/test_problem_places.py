"""Every piece of text knows its place in the file, to the character."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsolve.errors import Place
from hwsolve.problem.model import Graph, Written
from hwsolve.problem.reader import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable


def equations(text: str) -> tuple[Written, ...]:
    body = read_text(f"kind: graph\n{text}", "t").body
    assert isinstance(body, Graph)
    return body.equations


def at(written: Written, words: str) -> str:
    """The place of some words in a text."""
    return str(written.place(written.text.index(words)))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("equations: [a = 1, zz = 2*HERE]", "t:2:27"),
        ("equations:\n  - a = 1\n  -   zz = 2*HERE", "t:4:14"),
        ("equations:\n  - θ = 'HERE", "t:3:10"),
        ("equations:\n  - 'zz = 2*HERE'", "t:3:13"),
        ("equations:\n  - 'h'' = 2*HERE'", "t:3:14"),
        ('equations:\n  - "zz = 2*HERE"', "t:3:13"),
        ('equations:\n  - "z\\u03b8 = \\"2*HERE"', "t:3:20"),
        ("equations:\n  - zz = 2*\n     1 + HERE", "t:4:10"),
        ("equations:\n  - 'zz = 2*\n\n     1 + HERE'", "t:5:10"),
        ('equations:\n  - "zz = 2*\n     1 + HERE"', "t:4:10"),
        ('equations:\n  - "zz = 2*\\\n     1 + HERE"', "t:4:10"),
        ("equations:\n  - |\n    zz = 2*HERE", "t:4:12"),
        ("equations:\n  - >\n    zz = 2*\n    1 + HERE", "t:5:9"),
        ("equations:\n  - >-\n    zz = 2*\n    1 + HERE", "t:5:9"),
        ("equations: zz = 2*HERE", "t:2:19"),
        ("equations: 'zz = 2*HERE'", "t:2:20"),
        ("equations: |\n  a = 1\n  zz = 2*HERE", "t:4:10"),
        ("equations: |-\n\n  a = 1\n\n\n      # aside\n  zz = 2*HERE # aside", "t:8:10"),
        ("equations: |2\n    a = 1\n   zz = 2*HERE", "t:4:11"),
        ("equations: &all\n  - &one zz = 2*HERE", "t:3:17"),
        ("equations:\n  - &one\n    zz = 2*HERE", "t:4:12"),
    ],
)
def test_a_word_in_an_equation_has_its_place(text: str, place: str) -> None:
    assert at(equations(text)[-1], "HERE") == place


def test_the_lines_of_a_block_are_equations_without_comments() -> None:
    found = equations("equations: |\n  # first\n  a = 1  # the start\n\n    b = a\n")
    assert [(e.text, str(e.origin)) for e in found] == [("a = 1", "t:4:3"), ("b = a", "t:6:5")]


def test_an_equation_over_two_lines_of_a_quoted_block_has_both_places() -> None:
    [equation] = equations("equations:\n  - >\n    z = first +\n    second\n")
    assert equation.text == "z = first + second\n"
    assert at(equation, "first") == "t:4:9"
    assert at(equation, "second") == "t:5:5"


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("find: [z, dz/dw]", ["t:3:8", "t:3:11"]),
        ("find: z, dz/dw", ["t:3:7", "t:3:10"]),
        ("find: 'W[0, 1], z'", ["t:3:8", "t:3:17"]),
        ("find:\n  - z\n  - dz/dw[0, 1]", ["t:4:5", "t:5:5"]),
        ("find: |\n  z\n  dz/dw[0, 1], y", ["t:4:3", "t:5:3", "t:5:16"]),
        ("answers: {z: 1, dz/dw: 2}", ["t:3:11", "t:3:17"]),
    ],
)
def test_the_names_that_are_asked_for_have_places(text: str, places: list[str]) -> None:
    problem = read_text(f"kind: graph\nequations: z = 1\n{text}", "t")
    assert [str(name.origin) for name in problem.find] == places


def test_given_values_answers_and_conventions_have_places() -> None:
    problem = read_text(
        "kind: graph\ngiven:\n  x: 1\n  W: [[1, 2]]\n  I: eye(3)\n"
        "equations: z = x\nconventions: {log: 2}\nanswers: {z: [0.5, '1/x']}\n",
        "t",
    )
    assert str(problem.place) == "t:1:1"
    assert [str(value.place) for value in problem.given.values()] == ["t:3:6", "t:4:6", "t:5:6"]
    formula = problem.given["I"].formula
    assert formula is not None
    assert at(formula, "3") == "t:5:10"
    assert str(problem.conventions["log"].origin) == "t:7:20"
    stated = problem.answers["z"]
    assert isinstance(stated, list)
    assert [str(one.origin) for one in stated if isinstance(one, Written)] == ["t:8:15", "t:8:21"]


def test_a_list_with_a_formula_has_the_places_of_its_items() -> None:
    problem = read_text(
        "kind: graph\ngiven:\n  v:\n    - [1, 1/3]\n    - [sqrt(2), -0.5]\nequations: z = v\n", "t"
    )
    value = problem.given["v"]
    assert value.formula is not None
    assert value.value is None
    assert value.formula.text == "[[1, 1/3], [sqrt(2), -0.5]]"
    assert at(value.formula, "1/3") == "t:4:11"
    assert at(value.formula, "sqrt") == "t:5:8"
    assert at(value.formula, "-0.5") == "t:5:17"


def test_a_piece_of_a_text_keeps_its_places() -> None:
    whole = Written("abcdef", Place("t", 1, 5), ((0, 1, 5), (2, 2, 1), (4, 9, 9)), quoted=True)
    assert whole.part(1, 5) == Written(
        "bcde", Place("t", 1, 6), ((1, 2, 1), (3, 9, 9)), quoted=True
    )
    assert str(whole.part(4, 6).place(1)) == "t:9:10"
    assert str(whole.place(-1)) == "t:1:5"


def _words() -> st.SearchStrategy[str]:
    return st.text(alphabet="abθ_+*'\"\\ :#-1", min_size=1, max_size=12).map(str.strip)


def _quoted(style: str, lines: Iterable[str]) -> str:
    """Lines as a scalar of a style at the end of a text that is indented by two."""
    if style in "|>":
        return f"{style}\n" + "".join(f"    {line}\n" for line in lines)
    text = "\n      ".join(lines)
    if style == "'":
        return "'" + text.replace("'", "''") + "'"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(
    st.sampled_from(["'", '"', "|", ">"]),
    st.lists(_words().filter(bool), min_size=1, max_size=4),
)
def test_every_character_of_a_scalar_is_found_where_it_was_written(
    style: str, lines: list[str]
) -> None:
    lines[0] = "a" + lines[0]
    text = f"kind: graph\nequations:\n  - {_quoted(style, lines)}"
    [equation] = equations(text.partition("\n")[2])
    file = text.split("\n")
    for offset, character in enumerate(equation.text):
        if character.isspace():
            continue
        place = equation.place(offset)
        written = file[place.line - 1][place.column - 1]
        # behind a doubled quote or a backslash stands the character itself
        assert character in {written, file[place.line - 1][place.column : place.column + 1]}
