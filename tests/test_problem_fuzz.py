"""Whatever a file holds, it is read or refused with places; nothing else ever comes out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsolve.errors import HwsolveError, InputErrors
from hwsolve.problem.fields import COMMON, KIND_NAMES, KINDS
from hwsolve.problem.model import Graph, Problem, Written
from hwsolve.problem.override import override
from hwsolve.problem.reader import read_text
from hwsolve.problem.templates import template

PARTS = """\
kind: graph
given: &values {x: 1, "w": 0.5, 'W': [[1, 1/3], [sqrt(2), -4]]}
equations: |
  a = x*w   # first
  b = a
find: a, b, dL/dW[0, 1]
parts:
  a: {conventions: {relu_at_0: 0}, answers: {a: 0.5}}
  b: {given: *values, answers: {b: [1, 2]}}
"""
FILES = [PARTS, *map(template, KIND_NAMES)]
KEYS = sorted({field.name for kind in KINDS for field in (*COMMON, *kind.fields)})


def read(text: str | bytes) -> Problem | None:
    """A problem, or None where it is refused as it should be: in lines with places."""
    refused: HwsolveError
    try:
        return read_text(text, "t")
    except HwsolveError as error:
        refused = error
    lines = str(refused).split("\n")
    if isinstance(refused, InputErrors):
        assert len(lines) == len(refused.errors)
        assert all(one.place is not None and min(one.place[1:]) >= 1 for one in refused.errors)
    assert all(line.startswith("t:") for line in lines)
    return None


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    read(data)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    read(text)


@given(st.text(alphabet="{}[]'\"|>-?:,&*!#%@` \n\tax0=.", max_size=60))
def test_any_yaml_signs_are_read_or_refused(text: str) -> None:
    read(text)
    read(f"kind: graph\nequations:\n  - z = 1\ngiven:\n  x: {text}\n")


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A valid file with a few pieces cut out, doubled or written over."""
    text = draw(st.sampled_from(FILES))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        middle = draw(
            st.one_of(
                st.text(max_size=4),
                st.text(alphabet="{}[]'\"|>-?:,&*!#%@` \n\t", max_size=4),
                st.sampled_from([text[start:end] * 2, "\n", ": ", " - ", "parts: ", "1e999", "~"]),
            )
        )
        text = text[:start] + middle + text[end:]
    return text


@given(mutated())
def test_a_mutated_file_is_read_or_refused(text: str) -> None:
    problem = read(text)
    if problem is not None:
        override(problem, digits=3)


VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.sampled_from(["x", "eye(3)", "conv 6 5x5", "1/3", "", "W1", "a = 1", "nan", "a, b"]),
        st.text(max_size=5),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(KEYS), st.text(max_size=4)), inner, max_size=4),
    ),
    max_leaves=20,
)


@given(
    st.sampled_from([*KIND_NAMES, None]),
    st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6),
)
def test_any_structure_under_the_known_keys_is_read_or_refused(
    kind: str | None, values: dict[str, Any]
) -> None:
    if kind is not None:
        values = {"kind": kind, **values}
    read(json.dumps(values))
    read(json.dumps(values, ensure_ascii=False).replace('"', ""))


@given(st.text(max_size=30))
def test_any_value_on_the_command_line_is_set_or_refused(text: str) -> None:
    problem = read_text(PARTS, "t")
    for option in (text, f"w={text}"):
        message = ""
        try:
            override(problem, [option])
        except HwsolveError as error:
            message = str(error)
        assert "\n" not in message


NAMES = st.from_regex(r"[a-zA-Zθ][a-z0-9_]{0,3}'?", fullmatch=True).filter(
    lambda name: name not in {"if", "in", "for", "or", "and", "not", "else"}
)
NUMBERS = st.one_of(
    st.integers(-(10**20), 10**20), st.floats(allow_nan=False, allow_infinity=False)
)


@given(
    st.dictionaries(NAMES, st.one_of(NUMBERS, st.lists(NUMBERS, min_size=1, max_size=3))),
    st.lists(
        st.from_regex(r"[a-z]{1,3} = [a-z0-9*+() ]{0,20}[a-z0-9]", fullmatch=True), min_size=1
    ),
    st.dictionaries(st.from_regex(r"[a-z]{1,3}(\[[0-9], ?[0-9]\])?", fullmatch=True), NUMBERS),
)
def test_a_valid_problem_is_read_back(
    values: dict[str, Any], equations: list[str], answers: dict[str, float]
) -> None:
    lines = ["kind: graph", "equations: |", *(f"  {equation}" for equation in equations)]
    if values:
        lines += ["given:", *(f"  {name}: {value}" for name, value in values.items())]
    if answers:
        lines += ["answers:", *(f"  {name}: {value}" for name, value in answers.items())]
    problem = read_text("\n".join(lines))
    assert isinstance(problem.body, Graph)
    assert {name: value.value for name, value in problem.given.items()} == values
    assert [equation.text for equation in problem.body.equations] == equations
    stated = {name: one.text for name, one in problem.answers.items() if isinstance(one, Written)}
    assert stated == {name: str(value) for name, value in answers.items()}
    assert [name.text for name in problem.find] == list(answers)


PROBLEMS = sorted(Path(__file__).parent.parent.glob("problems/**/*.yaml"))


@pytest.mark.parametrize("path", PROBLEMS, ids=lambda path: path.stem)
def test_every_problem_file_is_read_with_its_places(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = text.split("\n")
    problem = read_text(text, path.name)
    for part in problem.parts or (problem,):
        for name in (*part.find, *part.answer_names.values()):
            line = lines[name.origin.line - 1]
            assert line.startswith(name.text, name.origin.column - 1)
        if isinstance(part.body, Graph):
            for equation in part.body.equations:
                last = equation.place(len(equation.text) - 1)
                assert lines[last.line - 1][last.column - 1] == equation.text[-1]
