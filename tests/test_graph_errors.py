"""What is said about equations that cannot be solved: one line with place, what, and how to mend."""

from __future__ import annotations

from typing import Any

import pytest

from hwsolve.errors import HwsolveError
from hwsolve.problem.reader import read_text
from hwsolve.solvers import solve

GIVEN = "{x: 2, v: [1, 2, 3], W: [[1, 2, 3], [4, 5, 6]]}"
FROM_1 = "conventions: {first_index: 1}"


def said(equations: tuple[str, ...] | str, find: str = "", more: str = "") -> str:
    """The message for a graph whose equations begin at line 4, column 6 of t.yaml."""
    lines = (equations,) if isinstance(equations, str) else equations
    listed = "".join(f"  - '{line}'\n" for line in lines)
    wanted = f"find: [{find}]\n" if find else ""
    written = f"kind: graph\ngiven: {GIVEN}\nequations:\n{listed}{wanted}{more}\n"
    with pytest.raises(HwsolveError) as failure:
        solve(read_text(written, "t.yaml"))
    assert failure.value.exit_code == 2
    return str(failure.value)


SUCH = "such as 2, i or i + j - 1"
TO_N = "for 1 to n write conventions: {first_index: 1}"
TO_LESS = "for 0 to n-1 write conventions: {first_index: 0}"
UNKNOWN = "give it a value under 'given' or an equation"
SHAPES = "check the shapes, or transpose one of them"

NAMES: list[tuple[Any, str]] = [
    (("y = z + 1", "z = x"), "t.yaml:4:10: 'z' is used before it is defined; move its equation up"),
    ("y = y + 1", "t.yaml:4:10: 'y' is defined by itself"),
    (("y = x", "y = 2*x"), "t.yaml:5:6: 'y' is defined twice: already by an earlier equation; use another name"),
    ("x = 3", "t.yaml:4:6: 'x' is defined twice: already as a given value; use another name"),
    ("v[1] = x", "t.yaml:4:7: 'v' is defined twice: already as a given value; use another name"),
    (("h[1] = x", "h = 3"), "t.yaml:5:6: 'h' is defined twice: already by an earlier equation; use another name"),
    (("h[1] = x", "h[1] = 3"), "t.yaml:5:7: 'h[1]' is defined twice"),
    ("y = alpha + 1", f"t.yaml:4:10: 'alpha' is not defined; {UNKNOWN}"),
    ("y = W1 + x", "t.yaml:4:10: 'W1' is not defined; did you mean 'W'?"),
    ("y = 3*Wx", "t.yaml:4:12: 'Wx' is not defined; did you mean W*x?"),
    ("y = C1.size", f"t.yaml:4:10: 'C1.size' is not defined; {UNKNOWN}"),
    ("C1.size = 3", "t.yaml:4:6: 'C1.size' is not a name"),
    ("y = 2 + sigmod(x)", "t.yaml:4:14: unknown function 'sigmod'; did you mean 'sigmoid'?"),
    ("y = foo(x)", "t.yaml:4:10: unknown function 'foo'; define it: foo(z) = ..."),
    ("y = relu", "t.yaml:4:10: 'relu' is a function; write relu(...)"),
    ("y = x(3)", "t.yaml:4:10: 'x' is a value, not a function; write x*(...) for a product"),
    (("f(z) = z", "y = f"), "t.yaml:5:10: 'f' is a function; write f(...)"),
    (("f(z) = z", "y = f(x, x)"), "t.yaml:5:10: 'f' takes one value, not 2"),
    (("f(z) = z + k", "y = 1 + f(x)"), f"t.yaml:5:14: 'k' is not defined; {UNKNOWN}"),
    (("f(z) = f(z) + 1", "y = f(x)"), "t.yaml:5:10: 'f' calls itself"),
    (("f(a) = g(a)", "g(a) = f(a)", "y = f(x)"), "t.yaml:6:10: 'f' calls itself"),
    ("y = relu(x, 3)", "t.yaml:4:10: 'relu' takes one value, not 2"),
    ("y = outer(v)", "t.yaml:4:10: 'outer' takes 2 values, not 1"),
    ("y = relu(v, axis=0)", "t.yaml:4:10: 'relu' has no setting 'axis'"),
    ("y = softmax(v, axes=0)", "t.yaml:4:10: 'softmax' has no setting 'axes'; did you mean 'axis'?"),
    ("y = sum(v, along=0)", "t.yaml:4:10: 'sum' has no setting 'along'; it takes 'axis=' and 'keepdims='"),
    ("y = mse(v, v, reduction=most)", "t.yaml:4:10: unknown reduction 'most'; one of sum, entries, examples, mean, none"),
]  # fmt: skip


@pytest.mark.parametrize(("equations", "message"), NAMES)
def test_a_name_that_cannot_be_used_is_named_with_its_place(equations: Any, message: str) -> None:
    assert said(equations) == message


def test_names_in_a_circle_are_listed_in_their_order() -> None:
    assert said(("a = 2*b", "b = c + x", "c = a")).split("\n")[0] == (
        "t.yaml:4:12: names are defined in a circle: 'a' -> 'b' -> 'c' -> 'a'"
    )


INDICES: list[tuple[Any, str, str]] = [
    ("y = v[3]", "", f"t.yaml:4:11: 'v' has no entry 3; indices here go from 0 to 2; {TO_N}"),
    ("y = x + v[4]", "", "t.yaml:4:15: 'v' has no entry 4; indices here go from 0 to 2"),
    ("y = v[-4]", "", "t.yaml:4:11: 'v' has no entry -4; indices here go from 0 to 2"),
    ("y = v[0]", FROM_1, f"t.yaml:4:11: 'v' has no entry 0; indices here go from 1 to 3; {TO_LESS}"),
    ("y = v[4]", FROM_1, "t.yaml:4:11: 'v' has no entry 4; indices here go from 1 to 3"),
    ("y = W[0, 3]", "", f"t.yaml:4:11: 'W' has no entry 3; indices here go from 0 to 2; {TO_N}"),
    ("y = W[2]", "", f"t.yaml:4:11: 'W' has no entry 2; indices here go from 0 to 1; {TO_N}"),
    ("y = W[0, 1, 2]", "", "t.yaml:4:11: 'W' takes 2 indices, not 3"),
    ("y = v[0, 1]", "", "t.yaml:4:11: 'v' takes 1 index, not 2"),
    ("y = x[0]", "", "t.yaml:4:11: 'x' is a number and has no entries"),
    ("y = v[1.5]", "", f"t.yaml:4:11: an index must be a whole number; {SUCH}"),
    ("y = v[v]", "", f"t.yaml:4:11: 'v' has no entry 3; indices here go from 0 to 2; {TO_N}"),
    ("y = v[x/2]", "", f"t.yaml:4:13: an index must be a whole number; {SUCH}"),
    ("y = v[k]", "", f"t.yaml:4:12: 'k' is not defined; {UNKNOWN}"),
    ("y = v[0:5]", "", "t.yaml:4:11: the slice does not fit 'v', which has 3 entries"),
    ("y = v[2:1]", "", "t.yaml:4:11: the slice does not fit 'v', which has 3 entries"),
    ("y = sum(v[i] for i in 0..5)", "", f"t.yaml:4:15: 'v' has no entry 3; indices here go from 0 to 2; {TO_N}"),
    ("y = sum(v[i] for i in 2..1)", "", "t.yaml:4:10: the range 2..1 is empty"),
    ("y = sum(x for i in 1..2.5)", "", f"t.yaml:4:10: an index must be a whole number; {SUCH}"),
]  # fmt: skip


@pytest.mark.parametrize(("equations", "more", "message"), INDICES)
def test_an_index_outside_an_array_is_named_with_the_indices_that_there_are(
    equations: Any, more: str, message: str
) -> None:
    assert said(equations, more=more) == message


FAMILIES: list[tuple[Any, str]] = [
    (("h[i] = x*i for i in 1..3", "y = h[4]"), "t.yaml:5:11: 'h[4]' is used before it is defined; so far there are h[1] to h[3]"),
    ("h[i] = x*i for i in 3..1", "t.yaml:4:7: the range 3..1 is empty"),
    ("h[i] = h[i-1] + 1 for i in 1..3", "t.yaml:4:14: 'h[0]' is used before it is defined; write h[0] = ... first"),
    ("h[i] = h[i+1] for i in 1..3", "t.yaml:4:14: 'h[2]' is used before it is defined; write h[2] = ... first"),
    (("h[0] = 1", "h[i] = h[i-1] + x for i in 1..3", "h[2] = 3"), "t.yaml:6:7: 'h[2]' is defined twice"),
    ("h = x for i in 1..3", "t.yaml:4:6: 'for i in ...' needs an indexed name on the left; write h[i] = ..."),
    ("h[i] = x for i in 1..2.5", f"t.yaml:4:7: an index must be a whole number; {SUCH}"),
    ("h[1.5] = x", f"t.yaml:4:7: an index must be a whole number; {SUCH}"),
    ("h[i] = x for i in 1..n", f"t.yaml:4:27: 'n' is not defined; {UNKNOWN}"),
]  # fmt: skip


@pytest.mark.parametrize(("equations", "message"), FAMILIES)
def test_a_family_of_equations_that_cannot_be_written_out_says_why(
    equations: Any, message: str
) -> None:
    assert said(equations) == message


MISFITS: list[tuple[Any, str]] = [
    ("y = W + [1, 2]", f"t.yaml:4:12: '+' cannot combine 2x3 with a vector of 2: axis 1 has 3 entries in one and 2 in the other; {SHAPES}"),
    ("y = W @ [1, 2]", "t.yaml:4:12: '@' cannot multiply 2x3 by a vector of 2: the left has 3 columns, the right 2 entries; the inner sizes must agree; write W.T for the transpose"),
    ("y = W.T @ W.T", "t.yaml:4:14: '@' cannot multiply 3x2 by 3x2: the left has 2 columns, the right 3 rows; the inner sizes must agree; write W.T for the transpose"),
    ("y = x + W @ x", "t.yaml:4:16: '@' needs vectors or matrices, not 2x3 and a number; write * for numbers"),
    ("y = sum(x)", "t.yaml:4:10: 'sum' works on an array, not on a number"),
    ("y = softmax(x)", "t.yaml:4:10: 'softmax' works on an array, not on a number"),
    ("y = softmax(v, axis=1)", "t.yaml:4:10: axis=1 does not exist in a vector of 3; its axis is 0"),
    ("y = sum(W, axis=2)", "t.yaml:4:10: axis=2 does not exist in 2x3; its axes are 0 and 1"),
    ("y = concat(v, W)", "t.yaml:4:10: concat cannot join a vector of 3 and 2x3 along axis 0: they have 1 axes and 2"),
    ("y = [v, W]", "t.yaml:4:10: a list needs entries of one shape, not a vector of 3 and 2x3"),
    ("y = reshape(v, 2, 2)", "t.yaml:4:10: a vector of 3 has 3 entries and cannot become 2x2"),
    ("y = outer(W, v)", "t.yaml:4:10: 'outer' takes two vectors, not 2x3 and a vector of 3"),
    ("y = mse(v, W)", "t.yaml:4:10: 'mse' compares a vector of 3 with 2x3; give both the same shape"),
    ("y = mse(column(v), v)", "t.yaml:4:10: 'mse' compares 3x1 with a vector of 3; give both the same shape"),
    ("y = eye(2, 3)", "t.yaml:4:10: 'eye' takes one size; write eye(3)"),
    ("y = onehot(3, 3)", "t.yaml:4:10: onehot(3, 3) has no such entry; the first index is 0"),
    ("y = zeros(0)", "t.yaml:4:10: an array needs sizes of 1 or more"),
]  # fmt: skip


@pytest.mark.parametrize(("equations", "message"), MISFITS)
def test_shapes_that_do_not_fit_are_named_with_the_equation(equations: Any, message: str) -> None:
    assert said(equations) == message


GRADIENTS: list[tuple[Any, str, str]] = [
    ("y = v*2", "d2y/dv2", "t.yaml:5:8: 'y' is a vector of 3, and a gradient needs one number on top; ask for one entry, such as dy[0]/dv, or differentiate a loss"),
    ("Y = zeros(9, 9) + v[0]", "dY/dv", "t.yaml:5:8: 'Y' is 9x9, and a gradient needs one number on top; ask for one entry, such as dY[0, 0]/dv, or differentiate a loss"),
    ("y = x^2", "dy/dz", f"t.yaml:5:12: 'z' is not defined; {UNKNOWN}"),
    ("y = x^2", "y, dz/dx", f"t.yaml:5:12: 'z' is not defined; {UNKNOWN}"),
    ("y = x^2", "z", f"t.yaml:5:8: 'z' is not defined; {UNKNOWN}"),
    ("y = sum(v)", "'dy/dv[5]'", "t.yaml:5:13: 'v' has no entry 5; indices here go from 0 to 2"),
    ("y = sum(v)", "'d2y/dv2'", "t.yaml:5:9: a second derivative needs single entries below; write d2L/dw[1]^2"),
    (("g = dy/dx + z", "y = x"), "", "t.yaml:4:11: 'y' is used before it is defined; move its equation up"),
]  # fmt: skip


@pytest.mark.parametrize(("equations", "find", "message"), GRADIENTS)
def test_a_gradient_that_cannot_be_taken_says_what_can(
    equations: Any, find: str, message: str
) -> None:
    assert said(equations, find) == message


VALUES: list[tuple[Any, str]] = [
    ("y = 1/(x - 2)", "t.yaml:4:6: division by zero in y = 1/(x - 2)"),
    (("a = x - 2", "y = 3/a"), "t.yaml:5:6: division by zero in y = 3/a with a = 0"),
    ("y = v/0", "t.yaml:4:6: division by zero in entry [0] of y = v/0"),
    (("f(z) = 1/z", "y = f(x - 2)"), "t.yaml:5:6: division by zero in y = 1/(x - 2)"),
    ("y = log(x - 3)", "t.yaml:4:6: logarithm of a number that is not positive in y = log(x - 3)"),
    (("a = x - 2", "y = 1 + log(a)"), "t.yaml:5:6: logarithm of a number that is not positive in log(a) with a = 0"),
    ("y = sum(log(v - 1))", "t.yaml:4:6: logarithm of a number that is not positive in entry [0] of log(v - 1)"),
    ("y = sqrt(-x)", "t.yaml:4:6: square root of a negative number in y = sqrt(-x)"),
    ("y = (-x)^0.5", "t.yaml:4:6: a power that has no value in y = (-x)^0.5"),
    ("y = (x - 2)^-1", "t.yaml:4:6: a power that has no value in y = (x - 2)^(-1)"),
    ("y = 9^9^9", "t.yaml:4:6: a number too large to hold in y = 9^(9^9)"),
    ("y = exp(400*x)", "t.yaml:4:6: a number too large to hold in y = exp(400·x)"),
    (("a = 1e200*x", "y = a*a"), "t.yaml:5:6: a number too large to hold in y = a·a with a = 2e+200"),
    (("a = 1e200*x", "y = a*a", "z = sum(v)*0"), "t.yaml:5:6: a number too large to hold in y = a·a with a = 2e+200"),
]  # fmt: skip


@pytest.mark.parametrize(("equations", "message"), VALUES)
def test_a_step_without_a_value_is_named_with_its_numbers(equations: Any, message: str) -> None:
    assert said(equations) == message


LARGE: list[tuple[Any, str]] = [
    ("y = zeros(1000000, 1000000)", "t.yaml:4:10: an array of 1000000x1000000 has 1,000,000,000,000 entries; at most 10,000,000"),
    ("y = outer(ones(1000000), ones(1000000))", "t.yaml:4:10: an array of 1000000x1000000 has 1,000,000,000,000 entries; at most 10,000,000"),
    ("y = column(ones(100000)) * row(ones(100000))", "t.yaml:4:31: an array of 100000x100000 has 10,000,000,000 entries; at most 10,000,000"),
    ("y = concat(" + ", ".join(["ones(9000000)"] * 12) + ")", "t.yaml:4:182: all arrays together have more than 100,000,000 entries"),
    ("y = sum(x for i in 1..10000000)", "t.yaml:4:10: the range 1..10000000 is too long"),
    ("y = sum(sum(1 for i in 1..90000) for j in 1..90000)", "t.yaml:4:6: the problem has more than 1,000,000 operations"),
    ("h[i] = x for i in 1..100000000000", "t.yaml:4:7: the range 1..100000000000 is too long"),
]  # fmt: skip


@pytest.mark.parametrize(("equations", "message"), LARGE)
def test_what_would_not_fit_the_memory_is_refused_before_it_is_made(
    equations: Any, message: str
) -> None:
    assert said(equations) == message


def test_functions_that_double_their_work_are_stopped() -> None:
    doubling = ["f0(z) = z*z + z"] + [
        f"f{k}(z) = f{k - 1}(z) + f{k - 1}(z + 1)" for k in range(1, 39)
    ]
    assert said((*doubling, "y = f38(x)")) == (
        "t.yaml:43:10: the problem has more than 1,000,000 operations"
    )


def test_functions_of_functions_of_long_formulas_are_an_error_and_not_a_crash() -> None:
    long = "*z" * 140
    deep = [f"f0(z) = z{long}"] + [f"f{k}(z) = f{k - 1}(z){long}" for k in range(1, 39)]
    assert said((*deep, "y = f38(x/2)")) == (
        "t.yaml:43:6: its functions and formulas are nested too deeply; "
        "give a part of it a name of its own"
    )


def test_a_fraction_whose_digits_double_at_every_step_is_stopped_in_exact_arithmetic() -> None:
    lines = ["a0 = x/7"] + [f"a{k} = 3.7*a{k - 1}*(1 - a{k - 1})" for k in range(1, 40)]
    message = said(tuple(lines), more="exact: true")
    assert message.startswith("t.yaml:")
    assert ": a fraction of more than 6,000 digits in a" in message


def test_all_equations_that_cannot_be_used_are_named_at_once() -> None:
    assert said(("y = foo(x)", "z = y + bar", "w = v[7]", "q = W + [1, 2]")).split("\n") == [
        "t.yaml:4:10: unknown function 'foo'; define it: foo(z) = ...",
        "t.yaml:6:11: 'v' has no entry 7; indices here go from 0 to 2",
        "t.yaml:7:12: '+' cannot combine 2x3 with a vector of 2: axis 1 has 3 entries in one and 2 "
        f"in the other; {SHAPES}",
    ]
    assert said(("y = x +", "z = 2x", "w = 3")).split("\n") == [
        "t.yaml:4:13: the text ends where a value should follow",
        "t.yaml:5:11: '2' is followed by 'x' with nothing between them; write 2*x for a product",
    ]


def test_an_index_of_a_sum_hides_a_name_and_a_parameter_hides_an_index() -> None:
    def found(*lines: str) -> Any:
        listed = "".join(f"  - '{line}'\n" for line in lines)
        written = f"kind: graph\ngiven: {GIVEN}\nequations:\n{listed}"
        return solve(read_text(written)).answers[0].value

    assert found("i = 30", "y = sum(i*v[i] for i in 0..2)") == 8  # 1·2 + 2·3
    assert (
        found("f(i) = sum(i*j for j in 1..2)", "y = sum(f(2*i) for i in 1..3)") == 36
    )  # 3·(2+4+6)
    assert found("f(i) = sum(i for i in 1..2)", "y = f(5)") == 3
    assert found("f(k) = 2*v[k]", "y = f(1)") == 4
    assert found("t(i) = 10*i", "h[i] = t(i + 1) for i in 1..2", "y = h[2]") == 30
