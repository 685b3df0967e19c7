"""Solutions as JSON: complete, exact, and readable by any parser."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from documents import SMALL, step

from hwsolve.expr.parser import parse_expression
from hwsolve.expr.tree import Apply, Sym
from hwsolve.expr.tree import Num as Leaf
from hwsolve.render.json import to_json
from hwsolve.solution import Answer, Section, Solution, Step


def read(solution: Solution) -> Any:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    text = to_json(solution)
    assert text.isascii()
    return json.loads(text, parse_constant=refuse)


def test_the_document_says_its_format_and_version() -> None:
    document = read(SMALL)
    assert document["format"] == "hwsolve-solution"
    assert document["version"] == 1
    assert set(document) == {"format", "version", *Solution._fields}


def test_steps_keep_every_digit_and_formulas_can_be_read_again() -> None:
    document = read(SMALL)
    squared = document["sections"][0]["blocks"][3]
    assert squared == {
        "type": "step",
        "name": "z",
        "forms": ["(s1 - y)^2", "(0.6224593312018546 - 1)^2"],
        "value": 0.14253695659655097,
        "shape": [],
        "reason": "",
    }
    for section, written in zip(SMALL.sections, document["sections"], strict=True):
        for block, its in zip(section.blocks, written["blocks"], strict=True):
            if isinstance(block, Step) and block.name is not None:
                assert parse_expression(its["name"]) == block.name


def test_sentences_and_tables_keep_their_numbers_and_formulas_apart() -> None:
    document = read(SMALL)
    sentence = document["sections"][1]["blocks"][0]
    assert sentence == {
        "type": "text",
        "parts": ["The path has ", {"number": 12345}, " and ", {"formula": "dz/da1"}, "."],
    }
    table = document["sections"][2]["blocks"][0]
    assert table["columns"][3] == {"title": "parameters", "align": "right"}
    assert table["rows"][0] == ["C1", {"formula": "6*(5*5*1 + 1)"}, {"number": [6, 28, 28]},
                                {"number": 156}]  # fmt: skip
    assert table["totals"] == ["total", None, None, {"number": 50692}]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3),
        (10**30, 10**30),
        (0.1, 0.1),
        (True, True),
        (Fraction(3, 5), {"fraction": "3/5"}),
        (Decimal("1.3680"), {"decimal": "1.3680"}),
        (math.nan, {"float": "nan"}),
        (-math.inf, {"float": "-inf"}),
        ("words", "words"),
        ((6, 28, 28), [6, 28, 28]),
        ([1, [Fraction(1, 2)]], [1, [{"fraction": "1/2"}]]),
        (np.array([[1.5, 2.0]]), [[1.5, 2.0]]),
        (np.array([Fraction(1, 3), 2], dtype=object), [{"fraction": "1/3"}, 2]),
        (np.float64(0.1), 0.1),
        (np.int64(7), 7),
        (np.longdouble(0.5), 0.5),
    ],
    ids=repr,
)
def test_values_of_every_kind_survive(value: Any, expected: Any) -> None:
    answers = read(Solution("t", "graph", answers=(Answer("a", value),)))["answers"]
    assert answers == [{"name": "a", "value": expected, "note": "", "unit": ""}]


def test_short_things_stand_in_one_line_and_arrays_too() -> None:
    text = to_json(Solution("t", "graph", answers=(Answer("a", [[1, 2], [3, 4]]),)))
    assert '    {"name": "a", "value": [[1, 2], [3, 4]], "note": "", "unit": ""}\n' in text


def test_large_arrays_are_written_once_and_not_in_every_formula() -> None:
    large = np.zeros((200, 200))
    formula = Apply("sum", (Leaf(large),))
    solution = Solution(
        "t",
        "graph",
        given=(Step(Sym("W"), (), large, shape=(200, 200)),),
        sections=(Section("s", (Step(Sym("t"), (Apply("sum", (Sym("W"),)), formula), 0.0),)),),
    )
    document = read(solution)
    assert document["sections"][0]["blocks"][0]["forms"] == ["sum(W)"]
    assert np.array(document["given"][0]["value"]).shape == (200, 200)
    assert len(to_json(solution)) < 210_000


def test_parts_are_solutions_themselves() -> None:
    whole = Solution("t", "graph", parts=(SMALL._replace(label="a"),), settings={"digits": 4})
    document = read(whole)
    assert document["settings"] == {"digits": 4}
    assert document["parts"][0]["label"] == "a"
    assert document["parts"][0]["title"] == SMALL.title
    assert "format" not in document["parts"][0]


def test_a_step_without_a_name_has_none() -> None:
    solution = Solution("t", "graph", sections=(Section("s", (step("", "x + 1", value=2),)),))
    assert read(solution)["sections"][0]["blocks"][0]["name"] is None


def test_zero_has_no_sign() -> None:
    document = to_json(Solution("", "graph", answers=(Answer("z", [-0.0, np.float64(-0.0)]),)))
    assert "-0" not in document
