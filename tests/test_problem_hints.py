"""Hints that lead somewhere: what is suggested can be written, or nothing is suggested."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hwsolve.errors import HwsolveError, closest
from hwsolve.problem.conventions import BY_NAME
from hwsolve.problem.fields import fields_of
from hwsolve.problem.reader import read_problem, read_text
from hwsolve.problem.schema import schema

if TYPE_CHECKING:
    from pathlib import Path

FUNCTIONS = ("relu", "ce", "exp", "log", "tanh", "sigmoid", "softmax", "sum", "max", "mean", "mse")


def refusal(text: str) -> str:
    with pytest.raises(HwsolveError) as caught:
        read_text(text, "t")
    return str(caught.value)


@pytest.mark.parametrize(
    ("word", "known", "near"),
    [
        ("relo", FUNCTIONS, "relu"),
        ("tahn", FUNCTIONS, "tanh"),
        ("sofmax", FUNCTIONS, "softmax"),
        ("sigmiod", FUNCTIONS, "sigmoid"),
        ("ReLU", FUNCTIONS, "relu"),
        ("equation", tuple(fields_of("graph")), "equations"),
        ("awnsers", tuple(fields_of("graph")), "answers"),
        ("titel", tuple(fields_of("graph")), "title"),
        ("knd", tuple(fields_of("graph")), "kind"),
        ("grap", ("graph", "network", "recurrent", "cnn"), "graph"),
        ("graf", ("graph", "network", "recurrent", "cnn"), "graph"),
        ("relu", tuple(BY_NAME), "relu_at_0"),
    ],
)
def test_a_typing_error_is_recognised(word: str, known: tuple[str, ...], near: str) -> None:
    assert closest(word, known) == near


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("ceil", FUNCTIONS),
        ("connections", tuple(BY_NAME)),
        ("padding", ("addition", "reduction", "rounding")),
        ("nonexist", ("lstm-one-step", "t1", "lenet5")),
        ("xy", FUNCTIONS),
    ],
)
def test_another_word_is_not_taken_for_a_typing_error(word: str, known: tuple[str, ...]) -> None:
    assert closest(word, known) is None


def test_a_file_is_suggested_for_its_name_and_not_for_its_suffix(tmp_path: Path) -> None:
    (tmp_path / "lstm-one-step.yaml").write_text("kind: graph\n")
    (tmp_path / "lenet5.yaml").write_text("kind: graph\n")
    for name, hint in (
        ("nonexist.yaml", ""),
        ("lenet.yaml", "; did you mean 'lenet5.yaml'?"),
        ("lenet5.yml", "; did you mean 'lenet5.yaml'?"),
        ("lenet5", "; did you mean 'lenet5.yaml'?"),
    ):
        with pytest.raises(HwsolveError) as caught:
            read_problem(str(tmp_path / name))
        assert str(caught.value) == f"{tmp_path / name}: there is no such file{hint}"


def test_a_link_to_nothing_does_not_suggest_itself(tmp_path: Path) -> None:
    link = tmp_path / "key.yaml"
    link.symlink_to("gone.yaml")
    with pytest.raises(HwsolveError) as caught:
        read_problem(str(link))
    assert str(caught.value) == f"{link}: there is no such file; it is a link to 'gone.yaml'"


@pytest.mark.parametrize(
    ("answer", "hint"),
    [("4 2/3", "write 14/3"), ("-1 1/2", "write -3/2"), ("12 345", "write 12345")],
)
def test_a_mixed_number_is_added_up_and_not_run_together(answer: str, hint: str) -> None:
    text = f"kind: graph\nequations: z = 1\nanswers: {{z: {answer}}}\n"
    assert refusal(text) == f"t:3:14: '{answer}' is not a number; {hint}"


@pytest.mark.parametrize(
    ("value", "hint"),
    [("1 1/3", "write 4/3 or 1 + 1/3"), ("-2 1/3", "write -7/3 or -2 - 1/3")],
)
def test_a_mixed_given_value_is_told_both_ways_to_write_it(value: str, hint: str) -> None:
    text = f"kind: graph\ngiven: {{x: {value}}}\nequations: z = x\n"
    assert refusal(text) == f"t:2:12: '{value}' is not a number; {hint}"
    for better in hint.removeprefix("write ").split(" or "):
        read_text(text.replace(value, better))


def test_an_equation_with_brackets_in_a_list_in_brackets_needs_quotes() -> None:
    text = "kind: graph\nequations: [v = [1/3, 2/3], z = sum(v)]\n"
    assert refusal(text) == (
        "t:2:13: a '[' in an equation inside '['; "
        "an equation with brackets needs quotes inside '[...]'"
    )
    read_text(text.replace("v = [1/3, 2/3]", "'v = [1/3, 2/3]'"))


def test_a_list_of_operations_is_what_the_schema_says_it_is() -> None:
    rule = schema()["definitions"]["keys"]["properties"]["conventions"]["properties"]["flops"]
    assert [choice["type"] for choice in rule["oneOf"]] == ["string", "array"]
    problem = read_text(
        "kind: cnn\ninput: 4\nlayers: [dense 2]\n"
        "conventions: {flops: [multiplications, additions]}\n"
    )
    assert problem.conventions["flops"].text == "multiplications, additions"


def test_digits_are_significant_digits() -> None:
    keys = schema()["definitions"]["keys"]["properties"]
    assert keys["digits"]["description"].startswith("significant digits")
