"""Cases on values: proved inside of each, and complete, or the missing one is named."""

from __future__ import annotations

import pytest

from hwsolve.errors import HwsolveError
from hwsolve.problem.reader import read_text
from hwsolve.solvers import solve
from hwsolve.solvers.derivation import Checked, checked_derivation


def checked(text: str) -> Checked:
    return checked_derivation(read_text(f"kind: derivation\n{text}", "t"))


LEAKY = """\
equations: [a = z if z > 0 else c*z]
show: da/dz = 1 if z > 0 else c
lines:
  - {line: da/dz = 1, case: z > 0}
"""


def test_a_case_that_is_missing_is_named_with_a_value_in_it() -> None:
    with pytest.raises(HwsolveError) as caught:
        checked(LEAKY)
    assert str(caught.value) == (
        "t:5:12: the cases are not complete: no line shows da/dz = 1 if z > 0 else c "
        "for z = -1, c = 0; add the lines of the case that is missing"
    )


def test_lines_are_proved_inside_of_their_cases_and_the_border_is_named() -> None:
    text = f"{LEAKY}  - {{line: da/dz = c, case: z < 0}}\n"
    found = checked(text)
    assert [verdict.status for verdict in found.verdicts] == ["proved", "proved"]
    solution = solve(read_text(f"kind: derivation\n{text}", "t"))
    assert solution.warnings == ("nothing is shown between the cases, at z = 0, c = 0",)


def test_a_slope_in_the_wrong_case_is_wrong() -> None:
    text = LEAKY.replace("case: z > 0", "case: z < 0")
    assert checked(text).wrong == [1]


def test_a_line_is_in_the_case_of_the_line_that_it_goes_on_from() -> None:
    with pytest.raises(HwsolveError, match=r"the cases are not complete: .* for x = -1"):
        checked("show: abs(x) = x\nlines: [{line: abs(x) = x + 0, case: x > 0}, = x]\n")


def test_what_follows_from_a_case_is_used_for_other_kinks() -> None:
    found = checked("lines: [{line: relu(x) + relu(x - 1) = 2*x - 1, case: x > 1}]\n")
    assert found.verdicts[0].status == "proved"
    found = checked("lines: [{line: relu(x) + relu(x - 1) = 2*x - 1, case: x > 1/2}]\n")
    assert found.wrong == [1]


def test_a_case_that_contradicts_itself_proves_nothing() -> None:
    found = checked('lines: [{line: x = 2, case: "x > 0, x < 0"}]\n')
    assert found.verdicts[0].status == "open"


def test_a_missing_case_of_indices_is_named() -> None:
    text = """\
equations: ["P[j] = exp(h[j])/sum(exp(h[k]) for k in 1..N) for j in 1..N"]
show: dP[j]/dh[i] = P[j]*(delta(i, j) - P[i])
lines: [{line: "dP[j]/dh[i] = P[i]*(1 - P[i])", case: i = j}]
"""
    with pytest.raises(HwsolveError, match=r"no line shows .* for j != i"):
        checked(text)


def test_a_second_slip_that_undoes_the_first_is_said_to() -> None:
    found = checked(
        "equations: [s = sigmoid(z)]\nshow: ds/dz = s*(1 - s)\n"
        "lines: [ds/dz = s*(1 + s), = s*(1 - s)]\n"
    )
    assert [verdict.status for verdict in found.verdicts] == ["wrong", "wrong"]
    assert found.verdicts[1].remark == "right again"


def test_a_border_at_which_the_goal_is_false_is_a_missing_case() -> None:
    text = """\
show: abs(x) = max(x, -x) + (1 if x == 0 else 0)
lines:
  - {line: "abs(x) = max(x, -x) + (1 if x == 0 else 0)", case: x > 0}
  - {line: "abs(x) = max(x, -x) + (1 if x == 0 else 0)", case: x < 0}
"""
    with pytest.raises(HwsolveError, match=r"the cases are not complete: .* for x = 0"):
        checked(text)
