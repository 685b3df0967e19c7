"""Lines with <=, <, >= and >: what is proved, what is refuted, and where a chain leads."""

from __future__ import annotations

import pytest

from hwsolve.errors import HwsolveError
from hwsolve.problem.reader import read_text
from hwsolve.solvers.derivation import Checked, checked_derivation


def checked(text: str) -> Checked:
    return checked_derivation(read_text(f"kind: derivation\n{text}", "t"))


def status(line: str, above: str = "") -> str:
    return checked(f'{above}lines: ["{line}"]\n').verdicts[0].status


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("exp(x) > 0", "proved"),
        ("log(x) <= x - 1", "proved"),
        ("x^2 >= 0", "proved"),
        ("x^2 > 0", "wrong"),
        ("(a + b)^2/4 - a*b = (a - b)^2/4 >= 0", "proved"),
        ("abs(a + b) <= abs(a) + abs(b)", "proved"),
        ("abs(a + b) >= abs(a) + abs(b)", "wrong"),
        ("sum((y[i] - t[i])^2 for i in 1..n) >= 0", "proved for every size"),
        ("sum(y[i] - t[i] for i in 1..n) >= 0", "wrong"),
        ("-sum(x[i]^2 for i in 1..n)/n <= 0", "proved for every size"),
        ("sum(x[i] for i in 1..n) <= sum(abs(x[i]) for i in 1..n)", "proved for every size"),
        ("sum(x[i] for i in 1..n) < sum(abs(x[i]) for i in 1..n)", "wrong"),
        ("abs(sum(x[i] for i in 1..n)) <= sum(abs(x[i]) for i in 1..n)", "tested"),
    ],
)
def test_an_inequality_is_proved_refuted_or_only_tested(line: str, expected: str) -> None:
    assert status(line) == expected


def test_the_smallest_counterexample_of_a_strict_sign_is_its_border() -> None:
    verdict = checked('lines: ["x^2 > 0"]\n').verdicts[0]
    assert (verdict.where, verdict.values) == ({"x": 0}, (0, 0))


GIBBS = """\
equations: ["D = sum(p[i]*log(p[i]/q[i]) for i in 1..N)"]
assume:
  - sum(p[i] for i in 1..N) == 1
  - sum(q[i] for i in 1..N) == 1
  - p[i] > 0 for i in 1..N
  - q[i] > 0 for i in 1..N
show: D >= 0
lines:
  - D = -sum(p[i]*log(q[i]/p[i]) for i in 1..N)
  - "{sign} -sum(p[i]*(q[i]/p[i] - 1) for i in 1..N)"
  - = 0
"""


def test_gibbs_inequality_is_proved_for_every_number_of_classes() -> None:
    verdicts = checked(GIBBS.replace("{sign}", ">=")).verdicts
    assert [verdict.status for verdict in verdicts] == ["proved for every size"] * 3


@pytest.mark.parametrize("sign", ["<=", ">", "="])
def test_another_sign_in_gibbs_inequality_is_wrong(sign: str) -> None:
    # with p = q both sides are 0, with p != q the left one is larger
    assert checked(GIBBS.replace("{sign}", sign)).wrong == [2]


@pytest.mark.parametrize(
    ("goal", "lines"),
    [
        ("x^2 + 1 >= 1", ["x^2 + 1 <= x^2 + 2", ">= 1"]),
        ("x^2 + 1 > 0", ["x^2 + 1 >= 1 >= 0"]),
        ("x^2 = 0*x", ["x^2 >= 0*x"]),
    ],
)
def test_signs_that_do_not_lead_to_the_goal_do_not_reach_it(goal: str, lines: list[str]) -> None:
    written = "".join(f'  - "{line}"\n' for line in lines)
    with pytest.raises(HwsolveError, match="no line reaches what is to be shown"):
        checked(f"show: {goal}\nlines:\n{written}")


@pytest.mark.parametrize(
    ("goal", "line"),
    [
        ("x^2 + 1 > 0", "x^2 + 1 >= 1 > 0"),
        ("0 <= x^2", "x^2 >= 0"),
        ("a*b <= (a^2 + b^2)/2", "(a^2 + b^2)/2 - a*b = (a - b)^2/2 >= 0"),
    ],
)
def test_a_chain_of_signs_a_turned_side_and_a_difference_reach_the_goal(
    goal: str, line: str
) -> None:
    assert checked(f'show: {goal}\nlines: ["{line}"]\n').valid


def test_a_comparison_inside_of_a_choice_is_no_sign_of_the_line() -> None:
    found = checked("lines: [abs(x) = x if x > 0 else -x]\n")
    assert found.lines[0].signs == ("=",)
    assert found.valid
