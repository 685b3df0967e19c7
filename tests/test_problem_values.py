"""Given values and answers: what is read without loss, and what is refused."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsolve.errors import HwsolveError
from hwsolve.problem.reader import read_text

if TYPE_CHECKING:
    from hwsolve.problem.model import Given, Stated


def given_value(text: str) -> Given:
    problem = read_text(f"kind: graph\nequations: z = x\ngiven:\n  x: {text}\n", "t")
    return problem.given["x"]


def refusal(text: str) -> str:
    with pytest.raises(HwsolveError) as raised:
        read_text(text, "t")
    return str(raised.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-3", -3),
        ("+3", 3),
        ("007", 7),
        ("0.5", 0.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("-0.2", -0.2),
        ("\u22120.2", -0.2),
        ("1e-5", 1e-5),
        ("1E5", 1e5),
        ("1e3", 1000.0),
        ("1/3", Fraction(1, 3)),
        ("-1 / 3", Fraction(-1, 3)),
        ("4/2", 2),
        ("123456789012345678901234567890", 123456789012345678901234567890),
        ("0.1000000000000000055511151231257827", Fraction("0.1000000000000000055511151231257827")),
        ("0.30000000000000004", 0.30000000000000004),
        ("0.100000000000000000", 0.1),
        ("0e5", 0.0),
        ("[1, 0.5, 1/3]", [1, 0.5, Fraction(1, 3)]),
        ("[[1, 2], [3, 4]]", [[1, 2], [3, 4]]),
        ("[[[1]], [[2]]]", [[[1]], [[2]]]),
    ],
)
def test_a_number_is_read_without_loss(text: str, value: Any) -> None:
    read = given_value(text)
    assert read.value == value
    assert type(read.value) is type(value) or value == 2
    assert read.formula is None


@pytest.mark.parametrize(
    "text", ["eye(3)", "sqrt(2)", "ones(2, 3)", "2*pi", "pi", "π", "e", "-1/sqrt(2)", "2**-3"]
)
def test_a_constant_formula_is_kept_as_text(text: str) -> None:
    read = given_value(text)
    assert read.value is None
    assert read.formula is not None
    assert read.formula.text == text


def test_a_formula_with_a_comma_may_stand_in_quotes() -> None:
    problem = read_text("kind: graph\nequations: z = x\ngiven: {x: 'ones(2, 3)'}")
    formula = problem.given["x"].formula
    assert formula is not None
    assert (formula.text, formula.quoted) == ("ones(2, 3)", True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('"0.5"', "6: the number 0.5 stands in quotes; remove the quotes"),
        ("'1/3'", "6: the number 1/3 stands in quotes; remove the quotes"),
        ("[1, '2']", "10: the number 2 stands in quotes; remove the quotes"),
        ("nan", "6: 'nan' is not a finite number; give a finite number"),
        (".NaN", "6: '.NaN' is not a finite number; give a finite number"),
        (
            "-inf",
            "6: '-inf' is not a finite number; give a finite number; a mask that is added to "
            "scores takes -1e9 for -infinity",
        ),
        ("[1, .inf]", "10: '.inf' is not a finite number; give a finite number"),
        ("true", "6: 'true' is not a number; write 1 or 0"),
        ("[no]", "7: 'no' is not a number; write 1 or 0"),
        ("1_000", "6: '1_000' is not a number; write 1000"),
        ("1,000", "6: '1,000' is not a number; write 1000"),
        ("12 000 000", "6: '12 000 000' is not a number; write 12000000"),
        ("1,5", "6: '1,5' is not a number; write 1.5"),
        ("0.1 0.2", "6: '0.1 0.2' is not a number; write a list: [0.1, 0.2]"),
        ("5%", "6: '5%' is not a number; write it as a decimal number: 0.05 for 5%"),
        (
            "0x1F",
            (
                "6: '0x1F' is not a number; give a number such as 0.5, 1e-3 or 1/3, a list, "
                "or a constant formula such as sqrt(2)"
            ),
        ),
        (
            "w0",
            (
                "6: 'w0' is not a number; give a number such as 0.5, 1e-3 or 1/3, a list, "
                "or a constant formula such as sqrt(2)"
            ),
        ),
        (
            "2*w0",
            (
                "6: '2*w0' uses the name 'w0', but a given value is a constant; "
                "move it to the equations"
            ),
        ),
        ("1/0", "6: the fraction 1/0 divides by zero"),
        ("1e309", "6: the number 1e309 is too large; numbers go up to about 1.8e308"),
        (
            "9" * 310,
            f"6: the number {'9' * 57}... is too large; numbers go up to about 1.8e308",
        ),
        ("9" * 500, "6: a number of 500 characters; at most 400"),
        ("1/" + "9" * 500, "6: a fraction of 502 characters; at most 400"),
        ("1e-400", "6: the number 1e-400 is too close to 0; write 0"),
        ("[]", "6: an empty list in 'x'; write at least one number"),
        ("[[1], []]", "12: an empty list in 'x'; write at least one number"),
        (
            "[[1, 2], [3]]",
            (
                "15: row 2 of 'x' has 1 number, but row 1 has 2 numbers; "
                "all rows must have the same length"
            ),
        ),
        (
            "[[[1], [2]], [[1, 2], [3, 4]]]",
            "19: item 2 of 'x' is 2x2, but item 1 is 2x1; all rows must have the same length",
        ),
        (
            "[1, [2]]",
            "10: 'x' has numbers and lists side by side; a matrix is a list of rows",
        ),
        ("[1, {a: 2}]", "10: a mapping in the list 'x'; a list holds numbers"),
        (
            "{a: 2}",
            "6: the value of 'x' is a mapping; give a number, a list or a constant formula",
        ),
        ("[1, ~]", "10: a value is missing; write a number, a list or a constant formula"),
        ("''", "6: a value is missing; write a number, a list or a constant formula"),
        ("[[[[[[[[[1]]]]]]]]]", "14: 'x' has more than 8 axes"),
        (
            "[ones(2, 3)]",
            (
                "7: the brackets of 'ones(2' do not match; "
                "a formula with a comma needs quotes inside '{...}' and '[...]'"
            ),
        ),
        ("sqrt(" + "-" * 19_992 + "2)", "6: a formula of 19999 characters; at most 10000"),
    ],
)
def test_what_is_no_value_is_refused(text: str, message: str) -> None:
    problem = f"kind: graph\nequations: z = x\ngiven:\n  x: {text}\n"
    assert refusal(problem) == f"t:4:{message}"


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("1x", "'1x' is no name for a given value; a name starts with a letter"),
        ("x[1]", "'x[1]' is no name for a given value; give the whole of it: x: [...]"),
        ("f(x)", "'f(x)' is no name for a given value; give the whole of it: f: [...]"),
        ("my x", "'my x' is no name for a given value; write 'my_x'"),
        ("learning-rate", "'learning-rate' is no name for a given value; write 'learning_rate'"),
        ("for", "'for' is no name for a given value; 'for' is a word of the equation language"),
        (
            "x²",
            (
                "'x²' is no name for a given value; "
                "a name has letters, digits, subscripts and primes, such as w0, θ₁ or h'"
            ),
        ),
        ("''", "'' is no name for a given value; write a name before the colon"),
    ],
)
def test_what_is_no_name_is_refused(key: str, message: str) -> None:
    assert refusal(f"kind: graph\nequations: z = 1\ngiven:\n  {key}: 1\n") == f"t:4:3: {message}"


def test_names_have_one_spelling() -> None:
    problem = read_text("kind: graph\nequations: z = 1\ngiven: {x₁: 1, h': 2, \u00b5: 3, ŷ_2: 4}\n")
    assert list(problem.given) == ["x1", "h'", "\u03bc", "ŷ_2"]
    assert refusal("kind: graph\nequations: z = 1\ngiven: {x1: 1, x₁: 2}") == (
        "t:3:16: 'x₁' is another spelling of 'x1', which is given already; remove one of them"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{x:1.0, y: 2}", "9: 'x:1.0' has no value; write 'x: 1.0'"),
        ("{x=1.0}", "9: 'x=1.0' has no value; write 'x: 1.0'"),
        ("{x: 1,5}", "14: '5' has no value; a decimal number has a point, a list has brackets"),
        ("{x: }", "9: 'x' has no value; write 'x: value'"),
        ("[x, 1]", ("8: 'given' takes names with values, not a list; "
         "remove the dashes: each line is 'name: value'")),
        ("x = 1", ("8: 'given' takes names with values, not a text; for example "
         "given: {x: 0.5, t: 1/3, W: [[1, 2], [3, 4]], I: eye(3)}")),
    ],
)  # fmt: skip
def test_given_values_without_a_value_are_explained(text: str, message: str) -> None:
    assert refusal(f"kind: graph\nequations: z = 1\ngiven: {text}\n") == f"t:3:{message}"


def test_a_formula_with_a_comma_in_a_flow_mapping_is_explained() -> None:
    assert refusal("kind: graph\nequations: z = 1\ngiven: {x: ones(2, 3)}\n") == (
        "t:3:12: the brackets of 'ones(2' do not match; "
        "a formula with a comma needs quotes inside '{...}' and '[...]'\n"
        "t:3:20: '3)' has no value; a formula with a comma needs quotes inside '{...}'"
    )


def answer(text: str) -> Any:
    problem = read_text(f"kind: graph\nequations: z = x\nanswers:\n  z: {text}\n", "t")
    return texts(problem.answers["z"])


def texts(stated: Stated) -> Any:
    return [texts(one) for one in stated] if isinstance(stated, list) else stated.text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.620", "0.620"),
        ("3/5", "3/5"),
        ("\u22120.2", "-0.2"),
        ("6x28x28", "6x28x28"),
        ("6×28×28", "6x28x28"),
        ("true", "true"),
        ("yes", "yes"),
        ("'it is false'", "it is false"),
        ("-2*(y - z)*h[i]", "-2*(y - z)*h[i]"),
        ("[[1, 2.50], [3/5, x]]", [["1", "2.50"], ["3/5", "x"]]),
    ],
)
def test_an_answer_is_kept_as_it_was_stated(text: str, value: Any) -> None:
    assert answer(text) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("'0.62'", "6: the number 0.62 stands in quotes; remove the quotes"),
        ("nan", "6: 'nan' cannot be an answer; write a finite number"),
        ("[1, -.inf]", "10: '-.inf' cannot be an answer; write a finite number"),
        ("1,154,560", "6: '1,154,560' is not a number; write 1154560"),
        ("1_000", "6: '1_000' is not a number; write 1000"),
        ("0,62", "6: '0,62' is not a number; write 0.62"),
        ("62%", "6: '62%' is not a number; write it as a decimal number: 0.62 for 62%"),
        ("12 000", "6: '12 000' is not a number; write 12000"),
        ("1.36 41", "6: '1.36 41' is not a number; write it as 0.62, 1e-3 or 3/5"),
        ("1.0.3", "6: '1.0.3' is not a number; write it as 0.62, 1e-3 or 3/5"),
        ("[]", "6: an empty list cannot be an answer"),
        ("{a: 1}", ("6: a mapping cannot be an answer; an answer is a number, a list, "
         "a size or a word")),
        ("[1, ~]", "10: an answer is missing; write a number or a word"),
        ("1/0", "6: the fraction 1/0 divides by zero"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused(text: str, message: str) -> None:
    problem = f"kind: graph\nequations: z = x\nanswers:\n  z: {text}\n"
    assert refusal(problem) == f"t:4:{message}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{3: 4}", "11: '3' is not the name of an answer; such as z or dz/dw0"),
        ("{z: }", "11: the answer 'z' has no value; write 'z: value'"),
        ("{}", "10: 'answers' is empty; write 'z: 1.03', or remove the key"),
        ("[z: 3]", ("10: 'answers' takes names with answers, not a list; "
         "remove the dashes: each line is 'name: answer'")),
        ("3", ("10: 'answers' takes names with answers, not a text; "
         "write 'z: 1.03', one answer in each line")),
    ],
)  # fmt: skip
def test_answers_without_names_are_explained(text: str, message: str) -> None:
    assert refusal(f"kind: graph\nequations: z = 1\nanswers: {text}\n") == f"t:3:{message}"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_is_read_back(number: float) -> None:
    read = given_value(repr(number)).value
    assert read == number
    assert isinstance(read, float)


@given(st.fractions(max_denominator=10**9), st.integers())
def test_every_fraction_and_integer_is_read_back(fraction: Fraction, integer: int) -> None:
    value = given_value(f"[{fraction.numerator}/{fraction.denominator}, {integer}]").value
    assert value == [fraction, integer]


@st.composite
def arrays(draw: st.DrawFn) -> Any:
    """Rectangular nested lists of integers."""
    value: Any = draw(st.integers(-9, 9))
    for size in draw(st.lists(st.integers(1, 3), max_size=4)):
        value = [value] * size
    return value


@given(arrays())
def test_every_array_is_read_back(array: Any) -> None:
    assert given_value(repr(array)).value == array
