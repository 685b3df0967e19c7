"""Derivations checked line by line: what is proved, where they go wrong, what is refused."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from hwsolve.errors import HwsolveError
from hwsolve.marking.check import check_problem
from hwsolve.problem.reader import read_problem, read_text
from hwsolve.render.layout import lines as document_lines
from hwsolve.render.page import Page
from hwsolve.solvers import solve
from hwsolve.solvers.derivation import Checked, checked_derivation

PROBLEMS = Path(__file__).parents[1] / "problems" / "proofs"
SOFTMAX = """\
kind: derivation
equations:
  - P[j] = exp(h[j])/sum(exp(h[k]) for k in 1..N) for j in 1..N
  - L = -sum(y[j]*log(P[j]) for j in 1..N)
assume: sum(y[j] for j in 1..N) == 1
show: dL/dh[i] = P[i] - y[i]
"""


def checked(text: str) -> Checked:
    return checked_derivation(read_text(text, "t"))


def printed(text: str) -> str:
    solution = solve(read_text(text, "t"))
    return "\n".join("".join(part for part, _ in line) for line in document_lines(solution, Page()))


def refusal(text: str) -> str:
    with pytest.raises(HwsolveError) as caught:
        solve(read_text(text, "t"))
    return str(caught.value)


@pytest.mark.parametrize("path", sorted(PROBLEMS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_derivations_that_come_with_hwsolve_are_what_their_keys_say(path: Path) -> None:
    verdicts = check_problem(read_problem(str(path)))
    assert verdicts
    assert [verdict for verdict in verdicts if not verdict.right] == []


def test_the_first_hand_solution_is_proved_line_by_line_for_every_number_of_classes() -> None:
    found = checked_derivation(read_problem(str(PROBLEMS / "softmax-first-hand-solution.yaml")))
    assert [verdict.status for verdict in found.verdicts] == ["proved for every size"] * 9


def test_the_second_hand_solution_is_stopped_where_it_loses_a_factor() -> None:
    found = checked_derivation(read_problem(str(PROBLEMS / "softmax-second-hand-solution.yaml")))
    assert found.wrong == [3]
    verdict = found.verdicts[2]
    # with y = (0, 1) and equal scores the left side is 0 and the right side 1/2
    assert verdict.where == {
        "N": 2, "i": 1, "j": 1, "h[1]": 0, "h[2]": 0, "y[1]": 0, "y[2]": 1,
    }  # fmt: skip
    assert verdict.values == (0, Fraction(1, 2))


def test_softmax_is_derived_from_its_statement_alone() -> None:
    found = checked(SOFTMAX)
    assert found.automatic
    assert len(found.lines) == 8
    assert {verdict.status for verdict in found.verdicts} == {"proved for every size"}
    assert [line.case.text for line in found.lines[:4]] == ["j = i", "j = i", "j != i", "j != i"]


def test_a_document_gives_reason_case_and_verdict_of_each_line() -> None:
    shown = printed(
        SOFTMAX
        + """\
lines:
  - {line: "dP[j]/dh[i] = -P[i]*P[j]", case: i != j, because: quotient rule}
  - dL/dh[i] = -y[i]*(1 - P[i])
"""
    )
    assert "(1) dP[j]/dh[i] = -P[i]·P[j]" in shown
    assert "[case i != j; quotient rule] ✓ proved for every N" in shown
    assert "counterexample: N = 2, i = 1, h[1] = 0, h[2] = 0, y[1] = 0, y[2] = 1" in shown
    assert "there dL/dh[i] is 1/2, but -y[i]·(1 - P[i]) is 0" in shown
    assert "The derivation is wrong: it fails at line 2." in shown


def test_a_wrong_goal_is_shown_to_be_wrong_by_the_derivation_of_the_right_one() -> None:
    found = checked("kind: derivation\nequations: [s = 1/(1 + exp(-z))]\nshow: ds/dz = s*(1 + s)\n")
    assert found.wrong == [5]
    assert found.verdicts[4].values == (Fraction(1, 4), Fraction(3, 4))


def test_a_line_that_divides_by_what_may_be_0_says_so() -> None:
    found = checked("kind: derivation\nlines: [x*y/(x*z) = y/z, log(x^2) = 2*log(x)]\n")
    assert found.verdicts[0].conditions == ("x != 0", "z != 0")
    # the sides have values for different x, so this is not proved
    assert found.verdicts[1].status == "tested"


def test_a_condition_that_is_assumed_is_used() -> None:
    text = "kind: derivation\nlines: [{line: abs(x) = x, case: x > 0}, abs(x) = x]\n"
    found = checked(text)
    assert [verdict.status for verdict in found.verdicts] == ["proved", "wrong"]
    assert found.verdicts[1].where == {"x": -1}


@pytest.mark.parametrize(
    ("line", "status", "conditions"),
    [
        ("sign(x)^2 = 1", "wrong", ()),
        ("(x == 1) = 0", "wrong", ()),
        ("step(x) + step(-x) = 1", "wrong", ()),
        ("(x > 0) + (x < 0) = 1", "wrong", ()),
        ("(x >= 0) + (x < 0) = 1", "proved", ("x != 0",)),
        ("(x^2 > 2) + (x^2 < 2) = 1", "proved", ("x^2 != 2",)),
        ("max(x, y) = x + relu(y - x)", "proved", ()),
    ],
)
def test_a_jump_is_looked_at_where_it_happens_or_left_out_in_so_many_words(
    line: str, status: str, conditions: tuple[str, ...]
) -> None:
    (verdict,) = checked(f"kind: derivation\nlines: ['{line}']\n").verdicts
    assert verdict.status == status
    assert tuple(text.replace("²", "^2") for text in verdict.conditions) == conditions


def test_matrices_are_compared_for_every_shape() -> None:
    found = checked(
        """\
kind: derivation
shapes: {U: p x n, W: n x m, x: m, b: n}
lines:
  - U @ (W @ x + b) = (U @ W) @ x + U @ b
  - (U @ W).T = W.T @ U.T
  - U @ (W @ x + b) = (U @ W) @ x + b
""".replace("(U @ W).T", "transpose(U @ W)")
    )
    assert [verdict.status for verdict in found.verdicts[:2]] == ["proved for every size"] * 2
    assert found.verdicts[2].status == "wrong"


def test_a_line_goes_on_from_the_line_that_it_names() -> None:
    found = checked(
        """\
kind: derivation
lines:
  - a = (b + c)^2 - (b + c)^2 + a
  - b^2 + 2*b*c + c^2 = (b + c)^2
  - {line: = a + 0, from: 1}
  - {line: = (c + b)*(b + c), from: 2}
"""
    )
    assert {verdict.status for verdict in found.verdicts} == {"proved"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "kind: derivation\nshow: a = b\nlines:\n  - a = b +\n",
            "t:4:12: the text ends where a value should follow",
        ),
        (
            "kind: derivation\nlines:\n  - a + b\n  - a = b =\n",
            (
                "t:3:5: this line has no '='; write left = right, or = right\n"
                "t:4:12: an expression is missing beside '='; write left = right"
            ),
        ),
        (
            (
                "kind: derivation\nequations: [p = sigmoid(z)]\nshow: dp/dz = p*(1 - p)\n"
                "lines:\n  - dp/dz = q*(1 - p)\n"
            ),
            "t:5:13: 'q' is not defined; write an equation that defines it",
        ),
        (
            "kind: derivation\nassume:\n  - z > 0\n  - z < -1\nlines: [z = z]\n",
            (
                "t:4:5: no values were found that satisfy the assumption z < -1; "
                "it contradicts itself or what is assumed before it"
            ),
        ),
        (
            "kind: derivation\nassume: [x + y == 1, x + y == 2]\nlines: [x = 1 - y]\n",
            (
                "t:2:22: no values were found that satisfy the assumption x + y == 2; "
                "it contradicts itself or what is assumed before it"
            ),
        ),
        (
            (
                "kind: derivation\nequations: [p = sigmoid(z)]\nshow: dp/dz = p*(1 - p)\n"
                "lines:\n  - dp/dz = exp(-z)/(1 + exp(-z))^2\n"
            ),
            (
                "t:5:5: no line reaches what is to be shown: dp/dz = p*(1 - p); "
                "the chain that begins with its left side must end with its right side"
            ),
        ),
        (
            "kind: derivation\nassume: sum(y[j] for j in 1..N) = 1\nlines: [a = a]\n",
            "t:2:33: an assumption is a comparison; write == for an equality",
        ),
        (
            "kind: derivation\nlines:\n  - {line: a = a, from: 3}\n",
            "t:3:25: 'from: 3' is not the number of a line before this one; lines count from 1",
        ),
        (
            "kind: derivation\nlines:\n  - {line: a = a, becuase: x}\n",
            "t:3:19: unknown key 'becuase' in a line; did you mean 'because'?",
        ),
        (
            "kind: derivation\nlines: [= b]\n",
            "t:2:9: no line stands before this one; write name = expression",
        ),
        (
            "kind: derivation\nlines: [quux(x) = 2*x]\n",
            "t:2:9: unknown function 'quux'; define it: quux(z) = ...",
        ),
        (
            "kind: derivation\nequations: [a = b]\n",
            "t:1:1: a derivation needs 'show' or 'lines'; write 'show: left = right', or the lines",
        ),
        (
            'kind: derivation\nequations: ["a = b[i]"]\nlines: ["a = b[i]"]\n',
            (
                "t:3:16: the range of the index 'i' is not known; "
                "write a sum or a family over it: ... for i in 1..N"
            ),
        ),
        (
            "kind: derivation\nshow: max(relu(x[k]) for k in 1..n) = relu(max(x[k] for k in 1..n))\n",
            (
                "t:2:7: no derivation of 'max(relu(x[k]) for k in 1..n) = "
                "relu(max(x[k] for k in 1..n))' is known here; "
                "write its lines under 'lines', and they are checked"
            ),
        ),
    ],
)
def test_what_cannot_be_used_is_said_with_its_place(text: str, message: str) -> None:
    assert refusal(text) == message


def test_a_problem_with_numbers_only_does_without_the_proofs() -> None:
    script = (
        "import sys, hwsolve.solvers as s, hwsolve.problem.reader as r;"
        "s.solve(r.read_text('kind: graph\\ngiven: {x: 2}\\nequations: [y = x^2]'));"
        "print([m for m in sys.modules if m.startswith('hwsolve.proofs')], 'sympy' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert out.stdout.split("\n")[0] == "[] False"


def test_a_derivation_does_not_need_sympy() -> None:
    script = (
        "import sys, hwsolve.solvers as s, hwsolve.problem.reader as r;"
        f"s.solve(r.read_text({SOFTMAX!r}));"
        "print('sympy' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"


RIDGE = """\
kind: derivation
equations: [J = mean((X @ w - y)^2) + c*sum(w^2), t = trace(A @ X)]
shapes: {X: n x d, w: d, y: n, A: d x n}
"""


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("dJ/dw = 2/n*X.T @ (X @ w - y) + 2*c*w", "proved for every size"),
        ("dJ/dw = 2*(X.T @ X/n + c*eye(d)) @ w - 2/n*X.T @ y", "proved for every size"),
        ("dJ/dw = 2/d*X.T @ (X @ w - y) + 2*c*w", "wrong"),
        ("dJ/dw = 2*X.T @ (X @ w - y) + 2*c*w", "wrong"),
        ("dt/dX = A.T", "proved for every size"),
        ("t = trace(X @ A)", "proved for every size"),
        ("trace(eye(n)) = n", "proved for every size"),
        ("trace(eye(n)) = 1", "wrong"),
        ("trace(X @ X.T) = sum(X^2)", "proved for every size"),
    ],
)
def test_means_traces_and_identities_are_proved_for_every_shape(line: str, status: str) -> None:
    assert checked(f'{RIDGE}lines: ["{line}"]\n').verdicts[0].status == status


NORMAL = """\
kind: derivation
equations: [J = sum((X @ w - y)^2)]
shapes: {X: n x d, w: d, y: n}
assume: ["X.T @ X @ w == X.T @ y"]
show: dJ/dw = 0
lines: ["dJ/dw = 2*(X.T @ X @ w - X.T @ y)", "= 0"]
"""


def test_assumed_equalities_of_vectors_are_used_and_0_is_a_vector_of_zeros() -> None:
    verdicts = checked(NORMAL).verdicts
    assert [verdict.status for verdict in verdicts] == [
        "proved for every size",
        "proved for some sizes",
    ]
    assert checked(NORMAL.replace('X.T @ y"]', 'X.T @ y + w"]', 1)).wrong == [2]


def test_an_assumed_equality_of_different_shapes_is_refused() -> None:
    text = NORMAL.replace("X.T @ X @ w == X.T @ y", "X @ w == X.T @ y")
    assert "an assumed equality is between" in refusal(text)


def test_a_line_may_have_two_equality_signs_in_a_row() -> None:
    found = checked("kind: derivation\nequations: [L = w^2]\nlines: [dL/dw == 2*w, == w + w]\n")
    assert [verdict.status for verdict in found.verdicts] == ["proved", "proved"]


def test_a_wrong_statement_is_told_from_the_derivation_that_was_written_for_it() -> None:
    text = """\
kind: derivation
equations: [p = sigmoid(z), L = -y*log(p) - (1 - y)*log(1 - p)]
show: dL/dz = y - p
"""
    shown = printed(text)
    assert "What was to be shown is wrong: line 4 is right, and line 5 differs from it." in shown


@pytest.mark.parametrize(
    ("line", "assumed"),
    [
        ("log((1 - p)/p) = log(1 - p) - log(p)", "[p > 0, p < 1]"),
        ("log(p*(1 - p)^2) = log(p) + 2*log(1 - p)", "[p > 0, p < 1]"),
        ("log(exp(softplus(x)) - 1) = x", "[x > -1]"),
        ("exp(log(a - b))/(a - b) = 1", "[a > b]"),
    ],
)
def test_logarithms_of_what_is_assumed_to_be_positive_are_taken_apart(
    line: str, assumed: str
) -> None:
    verdict = checked(f"kind: derivation\nassume: {assumed}\nlines: ['{line}']\n").verdicts[0]
    assert (verdict.status, verdict.conditions) == ("proved", ())


def test_logarithms_are_not_taken_apart_where_a_factor_may_be_negative() -> None:
    text = "kind: derivation\nassume: [a*b > 0]\nlines: ['log(a*b) = log(-a) + log(-b)']\n"
    assert checked(text).verdicts[0].status != "proved"
