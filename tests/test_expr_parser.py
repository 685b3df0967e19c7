"""The equation language: what is read, and what is said where something cannot be."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsolve.errors import EquationError
from hwsolve.expr.notation import text
from hwsolve.expr.parser import (
    MAX_DEPTH,
    MAX_HEIGHT,
    parse_comparisons,
    parse_equation,
    parse_expression,
)
from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Over, Sym, walk

A, B, C = Sym("a"), Sym("b"), Sym("c")

# -- notations ------------------------------------------------------------------

# Two ways of writing the same.
SAME = [
    ("x0*w0 + b0", "x₀·w₀ + b₀"),
    ("a*b*c*d", "a·b×c⋅d"),
    ("a - b", "a − b"),
    ("a**2", "a²"),
    ("a^2", "a²"),
    ("a^3 + b^9", "a³ + b⁹"),
    ("(a + b)^2", "(a + b)²"),
    ("x[1]^2", "x[1]²"),
    ("a <= b", "a ≤ b"),
    ("a >= b", "a ≥ b"),
    ("a != b", "a ≠ b"),
    ("h'", "h′"),
    ("sqrt(a)", "√a"),
    ("sqrt(a + b)", "√(a + b)"),
    ("sqrt(a)*b", "√a·b"),
    ("sqrt(a^2)", "√a²"),
    ("W.T @ x", "Wᵀ @ x"),
    ("W.T @ x", "W^T @ x"),
    ("transpose(A + B)", "(A + B)ᵀ"),
    ("transpose(A + B)", "(A + B).T"),
    ("transpose(f(x))", "f(x).T"),
    ("transpose(x[1])", "x[1].T"),
    ("Wᵀᵀ", "W.T.T"),
    ("W.T @ x.T", "Wᵀ @ xᵀ"),
    ("d2L/dw[1]^2", "d2L/dw[1]2"),
    ("dL/dw", "∂L/∂w"),
    ("d2L/dw^2", "∂²L/∂w²"),
    ("d2L/dw2", "d^2L/dw^2"),
    ("d2L/dw2", "d²L/dw²"),
    ("d2L/dvdw", "∂²L/∂v∂w"),
    ("(dL/dw)^2", "dL/dw²"),
    ("(dL/dw)^2", "dL/dw^2"),
    ("sum(x[i] for i in 1..3)", "Σ(x[i] for i in 1..3)"),
    ("sum(x[i] for i in 1..3)", "∑(x[i] for i in 1 .. 3)"),
    ("prod(x[i] for i in 1..3)", "∏(x[i] for i in 1..3)"),
    ("prod(x[i] for i in 1..3)", "product(x[i] for i in 1..3)"),
    ("sum(sum(a for j in 1..2) for i in 1..3)", "sum(a for i in 1..3, j in 1..2)"),
    ("ŷ", "y\u0302"),  # a composed letter, and a letter with a combining hat
    ("φ", "ϕ"),
    ("a + b", "\ta\n +   b "),
    ("+a", "a"),
    ("--a", "- - a"),
    ("-2*a", "(-2)*a"),
    ("-a^2", "-(a^2)"),
    ("2^-a", "2^(-a)"),
    ("a^b^c", "a^(b^c)"),
    ("a/b/c", "(a/b)/c"),
    ("a - b + c", "a + (-b) + c"),
    ("a if b else c if a else b", "a if b else (c if a else b)"),
    ("a + b < c*2", "(a + b) < (c*2)"),
    ("[a, b][0]", "[ a , b ] [ 0 ]"),
    ("softmax(z, axis=1)", "softmax( z , axis = 1 )"),
    ("f(x, axis=1, keepdims=true)", "f(x, keepdims=True, axis=1)"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_ways_of_writing_the_same_are_read_as_the_same(one: str, other: str) -> None:
    assert parse_expression(one) == parse_expression(other)


def index(base: Expr, *indices: Expr) -> Index:
    return Index(base, indices)


def slice_(low: Expr, high: Expr) -> Apply:
    return Apply("slice", (low, high))


NOTHING = Sym("")
READ: list[tuple[str, Expr]] = [
    ("3", Num(3)),
    ("3.0", Num(3.0)),
    (".5", Num(0.5)),
    ("5.", Num(5.0)),
    ("1e3", Num(1000.0)),
    ("2.5E-1", Num(0.25)),
    ("007", Num(7)),
    ("9" * 400, Num(10**400 - 1)),
    ("σ(x)", Apply("σ", (Sym("x"),))),
    ("α₁₂", Sym("α12")),
    ("w_ih", Sym("w_ih")),
    ("_x", Sym("_x")),
    ("h''", Sym("h''")),
    ("x̂", Sym("x̂")),
    ("C1.size", Sym("C1.size")),
    ("a + b + c", Apply("add", (A, B, C))),
    ("a - b", Apply("sub", (A, B))),
    ("a - b - c", Apply("add", (A, Apply("neg", (B,)), Apply("neg", (C,))))),
    ("a - (b - c)", Apply("sub", (A, Apply("sub", (B, C))))),
    ("a*b/c", Apply("div", (Apply("mul", (A, B)), C))),
    ("a @ b * c", Apply("mul", (Apply("matmul", (A, B)), C))),
    ("-a*b", Apply("mul", (Apply("neg", (A,)), B))),
    ("-2^2", Apply("neg", (Apply("pow", (Num(2), Num(2))),))),
    ("a²³", Apply("pow", (Apply("pow", (A, Num(2))), Num(3)))),
    ("-a²", Apply("neg", (Apply("pow", (A, Num(2))),))),
    ("a if b else c", Apply("where", (B, A, C))),
    ("x[i + 1, 2]", index(Sym("x"), Apply("add", (Sym("i"), Num(1))), Num(2))),
    ("x[1][2]", index(index(Sym("x"), Num(1)), Num(2))),
    ("f(a)[0]", index(Apply("f", (A,)), Num(0))),
    ("x[:, 1:3, :2, 1:]", index(
        Sym("x"), slice_(NOTHING, NOTHING), slice_(Num(1), Num(3)), slice_(NOTHING, Num(2)),
        slice_(Num(1), NOTHING),
    )),
    ("[1, [2, a]]", Apply("stack", (Num(1), Apply("stack", (Num(2), A))))),
    ("max(x[i] for i in 0..n-1)",
     Over("max", index(Sym("x"), Sym("i")), "i", Num(0), Apply("sub", (Sym("n"), Num(1))))),
    ("reshape(x, shape=[2, 3])", Apply("reshape", (Sym("x"),), (("shape", (2, 3)),))),
    ("mse(a, b, reduction=sum)", Apply("mse", (A, B), (("reduction", "sum"),))),
    ("sum(x, axis=-1, keepdims=false)",
     Apply("sum", (Sym("x"),), (("axis", -1), ("keepdims", False)))),
    ("dz/dw0", Deriv(Sym("z"), (Sym("w0"),))),
    ("∂L/∂W1[0,2]", Deriv(Sym("L"), (index(Sym("W1"), Num(0), Num(2)),))),
    ("dy[1]/dx[i]", Deriv(index(Sym("y"), Num(1)), (index(Sym("x"), Sym("i")),))),
    ("∂L/∂σ", Deriv(Sym("L"), (Sym("σ"),))),
    ("dL/dw₁", Deriv(Sym("L"), (Sym("w1"),))),
    ("dL/dw^20", Apply("pow", (Deriv(Sym("L"), (Sym("w"),)), Num(20)))),
    ("dL/dw^2.5", Apply("pow", (Deriv(Sym("L"), (Sym("w"),)), Num(2.5)))),
    ("2*dL/dw*a", Apply("mul", (Apply("mul", (Num(2), Deriv(Sym("L"), (Sym("w"),)))), A))),
    ("dL/dw^2e1", Apply("pow", (Deriv(Sym("L"), (Sym("w"),)), Num(20.0)))),
    ("sum(a for i in d2L/dw^2..3)", Over("sum", A, "i", Deriv(Sym("L"), (Sym("w"),) * 2), Num(3))),
    ("d2L/dw1^2", Deriv(Sym("L"), (Sym("w1"), Sym("w1")))),
    ("d2L/dw[1]^2", Deriv(Sym("L"), (index(Sym("w"), Num(1)),) * 2)),
    ("d2L/dw[0]dw[1]", Deriv(Sym("L"), (index(Sym("w"), Num(0)), index(Sym("w"), Num(1))))),
    ("x/d", Apply("div", (Sym("x"), Sym("d")))),
    ("d/x", Apply("div", (Sym("d"), Sym("x")))),
    ("d2/d1", Apply("div", (Sym("d2"), Sym("d1")))),
    ("dz / dw", Apply("div", (Sym("dz"), Sym("dw")))),
    ("ad/dx", Apply("div", (Sym("ad"), Sym("dx")))),
]  # fmt: skip


@pytest.mark.parametrize(("written", "tree"), READ)
def test_an_expression_is_read_as_this_tree(written: str, tree: Expr) -> None:
    assert parse_expression(written) == tree


def test_a_whole_number_stays_an_int_and_a_decimal_becomes_a_float() -> None:
    whole, decimal = parse_expression("3"), parse_expression("3.0")
    assert isinstance(whole, Num)
    assert isinstance(decimal, Num)
    assert [type(whole.value), type(decimal.value)] == [int, float]


def test_a_name_knows_where_it_stands_and_so_does_an_operation() -> None:
    at = {
        node.name: node.at
        for node in walk(parse_expression("alpha*(b[cc] - σ(dL/dW[k]))"))
        if isinstance(node, Sym)
    }
    assert at == {"alpha": 0, "b": 7, "cc": 9, "L": 18, "W": 21, "k": 23}


def test_an_equation_has_a_target_a_body_and_perhaps_loops_or_parameters() -> None:
    plain = parse_equation("y = a*b")
    assert (plain.target, plain.body) == (Sym("y"), Apply("mul", (A, B)))
    assert (plain.loops, plain.parameters, plain.text) == ((), None, "y = a*b")

    family = parse_equation("h[i, j] = a for i in 1..n, j in i+1..4")
    assert family.target == index(Sym("h"), Sym("i"), Sym("j"))
    assert [(loop.variable, text(loop.low), text(loop.high)) for loop in family.loops] == [
        ("i", "1", "n"),
        ("j", "i + 1", "4"),
    ]
    assert parse_equation("h[i,j] = a for i in 1..2 for j in 1..2").loops[1].variable == "j"

    function = parse_equation("s(z, β) = 1/(1 + exp(-β·z))")
    assert (function.target, function.parameters) == (Sym("s"), ("z", "β"))


@pytest.mark.parametrize("sign", ["=", ":=", "←"])
def test_an_assignment_may_be_written_in_three_ways(sign: str) -> None:
    assert parse_equation(f"y{sign}a").target == Sym("y")
    assert parse_equation(f" ( y ) {sign} a").target == Sym("y")


# -- errors, whole and with their exact place ---------------------------------------

NAME = "write name = expression"
VALUE = "a name, a number or '(' may"
LEFT = "write name = expression, h[i] = ... for i in 1..4, or s(z) = ..."
CONDITIONS = "conditions are written a if x > 0 else b"
OF_ONE_LANGUAGE = "is not part of the equation language"
DEEP = "give a part of it a name of its own"

# The equation, the offset, the message and the hint.
WRONG = [
    ("", 0, "the equation is empty", NAME),
    ("   ", 3, "the equation is empty", NAME),
    ("x", 0, "this equation has no '='", NAME),
    ("  x + 1", 2, "this equation has no '='", NAME),
    ("x y", 0, "this equation has no '='", NAME),
    ("= 3", 0, "'=' cannot stand here", VALUE),
    ("x =", 3, "nothing stands after '=' in the equation for 'x'", ""),
    ("h[1] :=  ", 9, "nothing stands after '=' in the equation for 'h[1]'", ""),
    ("x = = 3", 4, "'=' cannot stand here", VALUE),
    ("x == 3", 2, "'==' compares", "an equation has one '='"),
    ("x != 3 = 2", 2, "expected '=' after 'x', found '!='", NAME),
    ("x, y = 3", 1, "expected '=' after 'x', found ','", NAME),
    ("x = 3 = 4", 6, "a second '=' in one equation", "write one equation a line"),
    ("a + b = 3", 0, "the left side of an equation must be a name", LEFT),
    ("2 = 3", 0, "the left side of an equation must be a name", LEFT),
    ("x.T = 3", 0, "the left side of an equation must be a name", LEFT),
    ("x² = 3", 0, "the left side of an equation must be a name", LEFT),
    ("[a] = 3", 0, "the left side of an equation must be a name", LEFT),
    ("x[1][2] = 3", 0, "the left side of an equation must be a name", LEFT),
    ("f(a)[1] = 3", 0, "the left side of an equation must be a name", LEFT),
    ("dz/dw = 3", 0, "the left side of an equation must be a name", LEFT),
    ("f(2) = 3", 0, "the parameters of the function 'f' must be different names",
     "write f(z) = ..."),
    ("f(a, a) = 3", 0, "the parameters of the function 'f' must be different names",
     "write f(z) = ..."),
    ("f(z, k=1) = 3", 0, "the parameters of the function 'f' must be different names",
     "write f(z) = ..."),
    ("x = 2y", 5, "'2' is followed by 'y' with nothing between them", "write 2*y for a product"),
    ("x = a b", 6, "'a' is followed by 'b' with nothing between them", "write a*b for a product"),
    ("x = (a)(b)", 7, "')' is followed by '(' with nothing between them",
     "write )*( for a product"),
    ("x = W.T x", 8, "'W.T' is followed by 'x' with nothing between them", "write @ before x for a matrix product"),
    ("x = Wᵀ x", 7, "'ᵀ' is followed by 'x' with nothing between them", "write @ before x for a matrix product"),
    ("x = W^T x", 8, "'T' is followed by 'x' with nothing between them", "write .T @ x for the product with a transpose"),
    ("x = tanh z", 9, "'tanh' is followed by 'z' with nothing between them", "write tanh(...)"),
    ("x = 2 dL/dw", 6, "'2' is followed by 'dL/dw' with nothing between them",
     "write 2*dL/dw for a product"),
    ("x = f(a b)", 8, "'a' is followed by 'b' with nothing between them",
     "write a*b for a product"),
    ("x = a\nb", 6, "'a' is followed by 'b' with nothing between them", "write a*b for a product"),
    ("x = 1.2.3", 7, "'1.2' is followed by '.3' with nothing between them",
     "write 1.2*.3 for a product"),
    ("x = (a", 6, "expected ')' to close the bracket but the text ends", ""),
    ("x = (a]", 6, "expected ')' to close the bracket, found ']'", ""),
    ("x = a)", 5, "')' cannot stand here", ""),
    ("x = ()", 5, "')' cannot stand here", VALUE),
    ("x = [1, 2", 9, "expected ']' to close the list but the text ends", ""),
    ("x = []", 5, "']' cannot stand here", VALUE),
    ("x = f(", 6, "the text ends where a value should follow", ""),
    ("x = f()", 6, "'f()' has no argument", ""),
    ("x = f(a", 7, "expected ',' or ')' in the call of 'f' but the text ends", ""),
    ("x = f(a; b)", 7, f"';' {OF_ONE_LANGUAGE}", "write one equation a line"),
    ("x = f(a,, b)", 8, "',' cannot stand here", VALUE),
    ("x = f(a=1, a=2)", 11, "'a=' is set twice", ""),
    ("x = softmax(z, axis=)", 20, "')' cannot stand here", VALUE),
    ("x = softmax(z, axis=a+b)", 20, "'axis=' takes a number, a word or a list of whole numbers",
     ""),
    ("x = softmax(z, axis=[1, b])", 20, "'axis=' takes a number, a word or a list of whole numbers",
     ""),
    ("x = a[", 6, "the text ends where a value should follow", ""),
    ("x = a[]", 6, "an index is missing", "write x[1] or W[0, 2]"),
    ("x = a[1,]", 8, "an index is missing", "write x[1] or W[0, 2]"),
    ("x = a[1", 7, "expected ']' to close the index but the text ends", ""),
    ("x = a[1:2:3:4]", 11, "expected ']' to close the index, found ':'", ""),
    ("x = a ; b", 6, f"';' {OF_ONE_LANGUAGE}", "write one equation a line"),
    ("x = a # b", 6, f"'#' {OF_ONE_LANGUAGE}", "comments go outside the equation"),
    ("x = |a|", 4, f"'|' {OF_ONE_LANGUAGE}", "write abs(x)"),
    ("x = a & b", 6, f"'&' {OF_ONE_LANGUAGE}", CONDITIONS),
    ("x = {a}", 4, f"'{{' {OF_ONE_LANGUAGE}", "use round brackets"),
    ("x = a}", 5, f"'}}' {OF_ONE_LANGUAGE}", "use round brackets"),
    ("x = 5 %", 6, f"'%' {OF_ONE_LANGUAGE}", "write the factor 0.01"),
    ("x = ∞", 4, f"'∞' {OF_ONE_LANGUAGE}", "write a number"),
    ("x = ∑ a", 4, f"'∑' {OF_ONE_LANGUAGE}", "write sum(x[i] for i in 1..3)"),
    ("x = ∏ a", 4, f"'∏' {OF_ONE_LANGUAGE}", "write prod(x[i] for i in 1..3)"),
    ("x = $a$", 4, f"'$' {OF_ONE_LANGUAGE}", "formulas are written without dollar signs"),
    ("x = \\sigma(a)", 4, f"'\\' {OF_ONE_LANGUAGE}",
     "write the name or the letter alone: sigma(x) or σ(x)"),
    ("x = 'a'", 4, f"''' {OF_ONE_LANGUAGE}", "names are written without quotes"),
    ('x = "a"', 4, f"'\"' {OF_ONE_LANGUAGE}", "names are written without quotes"),
    ("x = a!", 5, f"'!' {OF_ONE_LANGUAGE}", "write != to compare"),
    ("x = a?", 5, f"'?' {OF_ONE_LANGUAGE}", ""),
    ("x = a\x00b", 5, f"'\\x00' {OF_ONE_LANGUAGE}", ""),
    ("x = a.", 5, f"'.' {OF_ONE_LANGUAGE}", ""),
    ("x = 1..3", 5, "'..' cannot stand here", ""),
    ("x = 1,5", 5, "',' cannot stand here", "a decimal number has a point: 1.5"),
    ("x = a, b", 5, "',' cannot stand here", ""),
    ("x = a < b < c", 10, "'<' cannot stand here", "compare two at a time: (a < b)*(b < c)"),
    ("x = if a", 4, "'if' cannot stand here", CONDITIONS),
    ("x = not a", 4, "'not' cannot stand here", CONDITIONS),
    ("x = a and b", 6, "'and' cannot stand here", CONDITIONS),
    ("x = a or b", 6, "'or' cannot stand here", CONDITIONS),
    ("x = a else b", 6, "'else' cannot stand here", CONDITIONS),
    ("x = a in b", 6, "'in' cannot stand here", ""),
    ("x = a if b", 10, "expected 'else' after the condition but the text ends", ""),
    ("x = a if b else", 15, "the text ends where a value should follow", ""),
    ("x = -", 5, "the text ends where a value should follow", ""),
    ("x = a *", 7, "the text ends where a value should follow", ""),
    ("x = *a", 4, "'*' cannot stand here", VALUE),
    ("x = a @ * b", 8, "'*' cannot stand here", VALUE),
    ("x = ²", 4, "'²' cannot stand here", VALUE),
    ("x = sum(a for i in 1..)", 22, "')' cannot stand here", VALUE),
    ("x = sum(a for i in 1)", 20, "expected '..' between the ends of the range, found ')'", ""),
    ("x = sum(a for i 1..3)", 16, "expected 'in' after 'for i', found '1'", ""),
    ("x = sum(a for in 1..3)", 14, "expected the name of an index after 'for'",
     "write for i in 1..4"),
    ("x = sum(a for 3 in 1..3)", 14, "expected the name of an index after 'for'",
     "write for i in 1..4"),
    ("x = sum(a for i in 1..3", 23, "expected ')' to close the sum but the text ends", ""),
    ("x = foo(a for i in 1..3)", 10, "'foo' cannot run over a range",
     "sum, prod, max, min, mean can"),
    ("h[i] = a for", 12, "expected the name of an index after 'for'", "write for i in 1..4"),
    ("h[i] = a for i in 1..3,", 23, "expected the name of an index after 'for'",
     "write for i in 1..4"),
    ("x = d2L/dw", 4, "a second derivative names two variables, not 'w'", "write d2L/dw^2"),
    ("x = d2L/dw[1]", 4, "a second derivative names two variables, not 'w[1]'",
     "write d2L/dw[1]^2"),
    ("x = d2L/dv[0]dw^2", 4, "a derivative of third order", "two are taken at most"),
    ("x = a + dL/dW[0,]", 16, "an index is missing", "write x[1] or W[0, 2]"),
    ("x = a + dy[1;2]/dW", 12, f"';' {OF_ONE_LANGUAGE}", "write one equation a line"),
    ("x = 1e400", 4, "1e400 is too large", "numbers go up to about 1.8e308"),
    ("x = 2 + " + "1" * 401, 8, "a number of 401 digits", "at most 400"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "at", "message", "hint"), WRONG)
def test_an_equation_that_cannot_be_read_is_refused_at_its_place_with_what_to_write(
    written: str, at: int, message: str, hint: str
) -> None:
    with pytest.raises(EquationError) as failure:
        parse_equation(written)
    assert (failure.value.message, failure.value.hint) == (message, hint)
    assert failure.value.at == at


def test_an_error_reads_as_one_sentence_with_what_to_do() -> None:
    with pytest.raises(EquationError) as failure:
        parse_expression("a < b < c")
    assert str(failure.value) == "'<' cannot stand here; compare two at a time: (a < b)*(b < c)"


COMPARED = [
    ("h == h'", ["h == h'"]),
    ("a = b + 1", ["a == b + 1"]),
    ("0 < i ≤ 1", ["0 < i", "i ≤ 1"]),
    ("a < b and c != 2", ["a < b", "c ≠ 2"]),
]


@pytest.mark.parametrize(("written", "parts"), COMPARED)
def test_a_statement_is_one_comparison_or_several(written: str, parts: list[str]) -> None:
    assert [text(part) for part in parse_comparisons(written)] == parts


NOT_COMPARED = [
    ("a + b", 5, "expected a comparison but the text ends"),
    ("a < b or c < d", 6, "'or' cannot stand here"),
    ("a < b and c", 11, "expected a comparison but the text ends"),
    ("a <", 3, "the text ends where a value should follow"),
]


@pytest.mark.parametrize(("written", "at", "message"), NOT_COMPARED)
def test_a_statement_without_a_comparison_is_refused(written: str, at: int, message: str) -> None:
    with pytest.raises(EquationError) as failure:
        parse_comparisons(written)
    assert (failure.value.at, failure.value.message) == (at, message)


# -- limits ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("opening", "closing"),
    [("(", ")"), ("[", "]"), ("f(", ")"), ("x[", "]"), ("-", ""), ("2^", "")],
)
def test_brackets_signs_and_powers_may_be_nested_64_times_and_not_once_more(
    opening: str, closing: str
) -> None:
    # the expression itself is the outermost level
    deepest = MAX_DEPTH - 1
    parse_expression(opening * deepest + "1" + closing * deepest)
    with pytest.raises(EquationError) as failure:
        parse_expression(opening * (deepest + 1) + "1" + closing * (deepest + 1))
    assert str(failure.value) == f"brackets, signs and powers are nested deeper than 64; {DEEP}"


@pytest.mark.parametrize(
    "opening", ["(", "[", "f(", "x[", "-", "√", "2^", "(-", "a if b else (", "d(", "sum("]
)
def test_endless_brackets_or_signs_are_an_error_and_not_a_crash(opening: str) -> None:
    with pytest.raises(EquationError):
        parse_equation("x = " + opening * 50_000)


def test_a_million_brackets_are_an_error_at_the_first_that_is_too_deep() -> None:
    with pytest.raises(EquationError, match="nested deeper than 64") as failure:
        parse_equation("x = " + "(" * 1_000_000)
    assert failure.value.at == 4 + MAX_DEPTH


def test_a_chain_of_operations_may_be_150_high() -> None:
    parse_expression("a" + "*a" * (MAX_HEIGHT - 1))
    with pytest.raises(EquationError) as failure:
        parse_expression("a" + "*a" * MAX_HEIGHT)
    assert str(failure.value) == f"more than 150 operations stand in each other; {DEEP}"


def test_products_inside_brackets_inside_products_are_counted_together() -> None:
    written = "a"
    for _ in range(50):
        written = f"({written})" + "*a" * 40
    with pytest.raises(EquationError, match="more than 150 operations stand in each other"):
        parse_equation(f"x = {written}")


def test_a_sum_of_100000_terms_is_read_as_one_sum() -> None:
    tree = parse_expression("+".join(["a*b"] * 100_000))
    assert isinstance(tree, Apply)
    assert (tree.op, len(tree.args)) == ("add", 100_000)


def test_a_long_chain_of_conditions_is_refused_in_time() -> None:
    with pytest.raises(EquationError, match="nested deeper than 64"):
        parse_expression("a if b else " * 100_000 + "c")


# -- any text -------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        "x", "W1", "σ", "h'", "y\u0302", "₂", "dL/dw", "∂L/∂W[0,1]", "d2L/dw2", "1", "2.5", ".5",
        "1e3", "..", "+", "-", "−", "*", "·", "/", "^", "**", "²", "ᵀ", ".T", "@", "=", "==", "<", "≤", ":=", "(",
        ")", "[", "]", ",", ":", " ", "\n", "if", "else", "for", "i", "in", "sum(", "f(", "axis=", "√",
        "and", "é", "⁴", "\u0301", "0", "d", "∂", "٣", ";", "#", "{", "∑", "'", '"', "\\", "\x00", "\u2028",
        "𝒙", "ﬁ",
    ]
)  # fmt: skip


@settings(max_examples=400)
@given(written=st.one_of(st.lists(PIECES, max_size=14).map("".join), st.text(max_size=20)))
def test_any_text_is_read_or_refused_with_a_place_inside_it(written: str) -> None:
    for read in (parse_equation, parse_expression):
        try:
            read(written)
        except EquationError as error:
            assert -1 <= error.at <= len(written)  # noqa: PT017  (either outcome is fine)
            assert error.message  # noqa: PT017  (see above)


@settings(max_examples=400)
@given(written=st.lists(PIECES, max_size=14).map("".join))
def test_what_was_read_is_written_and_read_again_as_the_same_tree(written: str) -> None:
    try:
        tree = parse_expression(written)
    except EquationError:
        return
    assert parse_expression(text(tree)) == signs_apart(tree)


def signs_apart(tree: Expr) -> Expr:
    """A number below zero is written with a sign, which is read as part of the number."""
    match tree:
        case Apply(op=op, args=args, attributes=attributes):
            return Apply(op, tuple(map(signs_apart, args)), attributes)
        case _:
            return tree
