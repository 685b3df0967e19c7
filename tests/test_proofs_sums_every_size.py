"""Identities with sums over a symbolic number of terms: proved for every N, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hwsolve.expr.parser import parse_equation, parse_expression
from hwsolve.proofs.derivation import settle
from hwsolve.proofs.lines import parse_assumption, parse_case
from hwsolve.proofs.ranges import Case, Indices
from hwsolve.proofs.sums import Setting, proved_for_every_size

if TYPE_CHECKING:
    from hwsolve.expr.tree import Expr

SOFTMAX = (
    "P[j] = exp(h[j])/sum(exp(h[k]) for k in 1..N) for j in 1..N",
    "L = -sum(y[j]*log(P[j]) for j in 1..N)",
)
LAYER_NORM = (
    "m = sum(x[j] for j in 1..N)/N",
    "v = sum((x[j] - m)^2 for j in 1..N)/N",
    "s = sqrt(v + c)",
    "z[i] = (x[i] - m)/s for i in 1..N",
    "L = sum(g[i]*z[i] for i in 1..N)",
)
E5 = (
    "{p1}^5 - 10*{p1}^3*{p2} + 20*{p1}^2*{p3} + 15*{p1}*{p2}^2 - 30*{p1}*{p4} - 20*{p2}*{p3}"
    " + 24*{p5}"
)


def power_sum(power: int) -> str:
    return f"sum(x[j]^{power} for j in 1..N)"


def setting_of(
    left: str, right: str, equations: tuple[str, ...], assume: str, case: str
) -> tuple[Expr, Expr, Setting, Case]:
    sides = parse_expression(left), parse_expression(right)
    parsed = tuple(map(parse_equation, equations))
    assumptions = (parse_assumption(assume),) if assume else ()
    indices = Indices(parsed, [*sides, *(body for body, _ in assumptions)])
    setting = Setting(parsed, assumptions, indices)
    return (*sides, setting, parse_case(case, indices.free) if case else Case())


def proved(
    left: str, right: str, equations: tuple[str, ...] = (), assume: str = "", case: str = ""
) -> bool:
    found = proved_for_every_size(*setting_of(left, right, equations, assume, case))
    return found is not None and bool(found.equal) and found.proved


def status(
    left: str, right: str, equations: tuple[str, ...] = (), assume: str = "", case: str = ""
) -> str:
    return settle(*setting_of(left, right, equations, assume, case)).status


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("sum(1 for j in 1..N)", "N"),
        ("sum(a[j] + b[j] for j in 1..N)", "sum(b[k] for k in 1..N) + sum(a[j] for j in 1..N)"),
        ("sum(c*a[j] for j in 1..N)", "c*sum(a[j] for j in 1..N)"),
        (
            "sum(a[j]*b[k] for j in 1..N, k in 1..N)",
            "sum(a[j] for j in 1..N)*sum(b[j] for j in 1..N)",
        ),
        (
            "sum(sum(W[i,j]*v[j] for j in 1..M)*u[i] for i in 1..N)",
            "sum(sum(u[i]*W[i,j] for i in 1..N)*v[j] for j in 1..M)",
        ),
        ("sum((a[j] - mean(a[k] for k in 1..N)) for j in 1..N)", "0"),
        ("sum((i == j)*a[j] for j in 1..N)", "a[i]"),
        ("sum(sigmoid(-a[j]) for j in 1..N)", "N - sum(sigmoid(a[j]) for j in 1..N)"),
        ("exp(sum(a[j] for j in 1..N) + b)", "exp(b)*exp(sum(a[j] for j in 1..N))"),
        (
            "sum(exp(a[j] + b)/(1 + exp(a[j] + b)) for j in 1..N)",
            "sum(sigmoid(a[k] + b) for k in 1..N)",
        ),
    ],
)
def test_rules_for_sums_are_proved_for_every_size(left: str, right: str) -> None:
    assert proved(left, right)


def test_the_jacobian_and_the_gradient_of_the_softmax_are_proved_for_every_size() -> None:
    assert proved("dP[j]/dh[i]", "P[i]*(1 - P[i])", SOFTMAX, case="i = j")
    assert proved("dP[j]/dh[i]", "-P[j]*P[i]", SOFTMAX, case="i != j")
    assert proved("dP[j]/dh[i]", "P[j]*((i == j) - P[i])", SOFTMAX)
    assert proved("dL/dh[i]", "P[i] - y[i]", SOFTMAX, "sum(y[j] for j in 1..N) == 1")
    assert proved("dL/dh[i]", "sum(dL/dP[j]*dP[j]/dh[i] for j in 1..N)", SOFTMAX)
    assert proved("log(P[i])", "h[i] - log(sum(exp(h[k]) for k in 1..N))", SOFTMAX)


def test_the_cases_and_the_assumption_are_needed() -> None:
    assert status("dP[j]/dh[i]", "P[i]*(1 - P[i])", SOFTMAX) == "wrong"
    assert status("dP[j]/dh[i]", "P[i]*(1 - P[i])", SOFTMAX, case="i != j") == "wrong"
    assert status("dP[j]/dh[i]", "-P[j]*P[i]", SOFTMAX, case="i = j") == "wrong"
    assert status("dL/dh[i]", "P[i] - y[i]", SOFTMAX) == "wrong"


def test_layer_normalisation_is_proved_for_every_size() -> None:
    right = "(g[k] - sum(g[j] for j in 1..N)/N - z[k]*sum(g[j]*z[j] for j in 1..N)/N)/s"
    assert proved("dL/dx[k]", right, LAYER_NORM)
    wrong = right.replace("z[k]*", "")
    assert status("dL/dx[k]", wrong, LAYER_NORM) == "wrong"


def test_what_holds_for_few_terms_only_is_not_proved_for_every_size() -> None:
    """Newton's identities: 120 times the fifth elementary polynomial, 0 up to four terms."""
    sums = {f"p{power}": power_sum(power) for power in range(1, 6)}
    assert not proved(E5.format(**sums), "0")
    assert status(E5.format(**sums), "0") == "wrong"
    third = f"{sums['p1']}^3 - 3*{sums['p1']}*{sums['p2']} + 2*{sums['p3']}"
    assert not proved(third, "0")
    assert not proved(f"{sums['p1']}^2", sums["p2"])
    assert not proved("N*(N - 1)*(N - 2)", "0")
    assert not proved("N^6", "21*N^5 - 175*N^4 + 735*N^3 - 1624*N^2 + 1764*N - 720")


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("sum(a[N + 1 - j] for j in 1..N)", "sum(a[j] for j in 1..N)"),
        ("sum((j == k)*a[j] for j in 1..N, k in 1..N)", "sum(a[j] for j in 1..N)"),
    ],
)
def test_what_the_proof_cannot_say_is_only_claimed_for_the_sizes_that_were_tried(
    left: str, right: str
) -> None:
    assert not proved(left, right)
    assert status(left, right) == "proved for some sizes"


def test_squares_of_a_delta_are_not_taken_for_the_delta_over_its_weight() -> None:
    left = "sum(dh[j]/dh[k]*dh[j]/dh[k] for j in 1..N, k in 1..N)"
    assert not proved(left, "0*h[1] + N", ())
    assert status("sum((j == k)*(j == k) for j in 1..N, k in 1..N)", "N^2") == "wrong"


def test_different_free_indices_are_different_points() -> None:
    nothing = "0*sum(a[k] for k in 1..N)"
    assert not proved(f"a[i] + {nothing}", "a[j]")
    assert proved("a[i]*a[j]", f"a[j]*a[i] + {nothing}")
    assert proved(f"a[i] + {nothing}", "a[j]", case="i = j")
    assert status(f"a[i] + {nothing}", "a[j]") == "wrong"
