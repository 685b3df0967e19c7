"""What the command line changes in a problem."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from hwsolve.errors import InputError
from hwsolve.problem.model import Network, Problem, Settings
from hwsolve.problem.override import override
from hwsolve.problem.reader import read_text

GRAPH = "kind: graph\ngiven: {x: [1, 2], w0: 0.5, w1: 2}\nequations: [z = w0]\ndigits: 3\n"
PARTS = f"{GRAPH}parts: {{a: {{find: z}}, b: {{given: {{v: 1, w0: 7}}}}, ii: {{find: z}}}}"


def graph() -> Problem:
    return read_text(GRAPH, "t.yaml")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("w0=0.3", 0.3),
        ("w0 = -1/3", Fraction(-1, 3)),
        ("w0=[1, 2]", [1, 2]),
        ("x=[[1,2],[3,4]]", [[1, 2], [3, 4]]),
        ("w₀=4", 4),
    ],
)
def test_a_given_value_is_replaced(text: str, value: Any) -> None:
    name = "x" if text.startswith("x") else "w0"
    changed = override(graph(), [text])
    assert changed.given[name].value == value
    assert changed._replace(given={}) == graph()._replace(given={})
    assert graph().given["w0"].value == 0.5


def test_a_given_value_may_become_a_formula() -> None:
    formula = override(graph(), ["w0=sqrt(2)"]).given["w0"].formula
    assert formula is not None
    assert (formula.text, str(formula.origin)) == ("sqrt(2)", "--set:1:4")


def test_one_entry_of_an_array_is_replaced() -> None:
    text = "kind: graph\ngiven: {W: [[1, 2], [3, 4]]}\nequations: z = sum(W)\n"
    changed = override(read_text(text), ["W[0,1]=9", "W[1, 0] = 1/2"])
    assert changed.given["W"].value == [[1, 9], [Fraction(1, 2), 4]]
    counted_from_one = override(read_text(text + "conventions: {first_index: 1}"), ["W[2,2]=9"])
    assert counted_from_one.given["W"].value == [[1, 2], [3, 9]]


def test_an_entry_is_replaced_in_every_part_that_has_the_array() -> None:
    parts = "parts: {a: {find: z}, b: {given: {x: [5, 6]}, find: z}, c: {given: {x: 3}, find: z}}"
    problem = read_text(f"kind: graph\ngiven: {{x: [1, 2]}}\nequations: z = 1\n{parts}")
    with pytest.raises(InputError, match="x has no such entry; x is a number"):
        override(problem, ["x[0]=9"])
    changed = override(problem._replace(parts=problem.parts[:2]), ["x[0]=9"])
    assert [part.given["x"].value for part in changed.parts] == [[9, 2], [9, 6]]


def test_the_last_of_several_values_holds() -> None:
    changed = override(graph(), ["w0=1", "w1=3", "w0=2"])
    assert [value.value for value in changed.given.values()] == [[1, 2], 2, 3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("W1=1", "--set W1=1: 'W1' is not given in t.yaml; did you mean 'w1'?"),
        ("q=1", "--set q=1: 'q' is not given in t.yaml; given are x, w0, w1"),
        ("w0", "--set w0: a value is missing; write --set name=value"),
        ("w0=", "--set w0=: a value is missing; write --set name=value"),
        ("w0=# 3", "--set w0=# 3: a value is missing; write --set name=value"),
        ("=3", "--set =3: '' is not given in t.yaml; given are x, w0, w1"),
        ("x[2]=3", ("--set x[2]=3: x has no such entry; x is 2, and the first index is 0")),
        ("x[0,1]=3", "--set x[0,1]=3: x has no such entry; x is 2, and the first index is 0"),
        ("w0[0]=3", "--set w0[0]=3: w0 has no such entry; w0 is a number, and the first index is 0"),
        ("x[i]=3", "--set x[i]=3: an index is a whole number; such as --set 'x[0,1]=2'"),
        ("x[0]=[1]", ("--set x[0]=[1]: an entry is a number; "
         "give the whole of x: --set 'x=[...]'")),
        ("q[0]=3", "--set q[0]=3: 'q[0]' is not given in t.yaml; given are x, w0, w1"),
        ("w0=[1, 2", "--set w0=[1, 2: this '[' is never closed; add the missing ']'"),
        ("w0=[[1], [1, 2]]", ("--set w0=[[1], [1, 2]]: row 2 of 'w0' has 2 numbers, "
         "but row 1 has 1 number; all rows must have the same length")),
        ('w0="3"', '--set w0="3": the number 3 stands in quotes; remove the quotes'),
        ("w0=nan", "--set w0=nan: 'nan' is not a finite number; give a finite number"),
        ("w0=a: b", ("--set w0=a: b: the value of 'w0' is a mapping; "
         "give a number, a list or a constant formula")),
        ("w0=w1*2", ("--set w0=w1*2: 'w1*2' uses the name 'w1', but a given value is a constant; "
         "move it to the equations")),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_set_is_explained(text: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        override(graph(), [text])
    assert str(raised.value) == message
    assert raised.value.place is None


def test_a_problem_without_given_values_has_none_to_set() -> None:
    problem = read_text("kind: graph\nequations: z = 1", "t.yaml")
    with pytest.raises(InputError) as raised:
        override(problem, ["x=1"])
    assert str(raised.value) == (
        "--set x=1: 'x' is not given in t.yaml; the problem has no given values"
    )


def test_settings_of_the_command_line_hold() -> None:
    changed = override(
        graph(), digits=5, exact=True, round_steps=4, ties="even", working="none", entries=["z[0]"]
    )
    [entry] = changed.settings.entries
    assert entry.text == "z[0]"
    assert changed.settings == Settings(5, True, 4, "even", "none", (entry,))
    assert override(graph(), exact=False).settings == graph().settings
    assert override(graph()) == graph()


def test_ties_of_the_command_line_replace_the_convention() -> None:
    problem = read_text("kind: graph\nequations: z = 1\nconventions: {ties: even, log: 2}")
    changed = override(problem, ties="away")
    assert changed.settings.ties == "away"
    assert list(changed.conventions) == ["log"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"digits": 99}, "--digits is from 1 to 50, not 99"),
        ({"digits": 0}, "--digits is from 1 to 50, not 0"),
        ({"round_steps": -1}, "--round-steps is from 0 to 50, not -1"),
        ({"ties": "up"}, "--ties cannot be 'up'; it is away or even"),
        ({"working": "ful"}, "--working cannot be 'ful'; did you mean 'full'?"),
        ({"entries": [" "]}, "--entry has no value; such as --entry 'dL/dW1[0,2]'"),
        ({"part": "a"}, "t.yaml has no parts, so there is no part 'a'"),
    ],
)
def test_a_setting_out_of_range_is_explained(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as raised:
        override(graph(), **options)
    assert str(raised.value) == message


def test_parts_are_changed_where_they_have_the_name() -> None:
    problem = read_text(PARTS, "t.yaml")
    changed = override(problem, ["v=2", "w0=9"], digits=1)
    assert [part.given["w0"].value for part in changed.parts] == [9, 9, 9]
    assert changed.parts[1].given["v"].value == 2
    assert "v" not in changed.parts[0].given
    assert [part.settings.digits for part in changed.parts] == [1, 1, 1]


def test_a_part_is_chosen_by_its_label() -> None:
    changed = override(read_text(PARTS, "t.yaml"), part="b")
    assert [part.label for part in changed.parts] == ["b"]


@pytest.mark.parametrize(
    ("label", "hint"), [("c", "its parts are a, b, ii"), ("II", "did you mean 'ii'?")]
)
def test_an_unknown_part_is_named_with_those_that_are(label: str, hint: str) -> None:
    with pytest.raises(InputError) as raised:
        override(read_text(PARTS, "t.yaml"), part=label)
    assert str(raised.value) == f"t.yaml has no part '{label}'; {hint}"


@pytest.mark.parametrize(
    ("stated", "value", "examples"),
    [
        ("", "[[1, 2], [3, 4]]", "rows"),
        ("", "[1, 2]", "single"),
        ("examples: columns", "[[1, 2], [3, 4]]", "columns"),
        ("examples: rows", "[[1, 2], [3, 4]]", "rows"),
        ("examples: rows", "[1, 2]", "single"),
    ],
)
def test_an_input_of_another_shape_holds_other_examples(
    stated: str, value: str, examples: str
) -> None:
    given = "[[1, 2]]" if stated else "[1, 2]"
    problem = read_text(f"kind: network\ngiven: {{x: {given}, W: 1}}\nlayers: [{{W: W}}]\n{stated}")
    changed = override(problem, [f"x={value}"])
    assert isinstance(changed.body, Network)
    assert changed.body.examples == examples
