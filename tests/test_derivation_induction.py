"""Identities for every n by induction, and what must not be proved by it."""

from __future__ import annotations

import pytest

from hwsolve.expr.parser import parse_equation, parse_expression
from hwsolve.proofs.derivation import Verdict, settle
from hwsolve.proofs.induction import proved_by_induction
from hwsolve.proofs.lines import parse_assumption
from hwsolve.proofs.ranges import Case, Indices
from hwsolve.proofs.sums import Setting


def setting_of(
    left: str, right: str, equations: tuple[str, ...] = (), assume: str = ""
) -> tuple[object, object, Setting]:
    sides = parse_expression(left), parse_expression(right)
    definitions = tuple(map(parse_equation, equations))
    assumptions = (parse_assumption(assume),) if assume else ()
    indices = Indices(definitions, [*sides, *(one.body for one in assumptions)])
    return *sides, Setting(definitions, assumptions, indices)


def verdict(left: str, right: str, equations: tuple[str, ...] = (), assume: str = "") -> Verdict:
    one, other, setting = setting_of(left, right, equations, assume)
    return settle(one, other, setting, Case())  # type: ignore[arg-type]  # expressions


EMA = ("m[0] = 0", "m[t] = b*m[t-1] + (1 - b)*g[t] for t in 1..n")


@pytest.mark.parametrize(
    ("left", "right", "equations"),
    [
        ("sum(j for j in 1..n)", "n*(n + 1)/2", ()),
        ("sum(j^2 for j in 1..n)", "n*(n + 1)*(2*n + 1)/6", ()),
        ("sum(r^k for k in 0..n)", "(1 - r^(n + 1))/(1 - r)", ()),
        ("sum(k*r^k for k in 1..n)", "r*(1 - (n + 1)*r^n + n*r^(n + 1))/(1 - r)^2", ()),
        ("sum(a[k + 1] - a[k] for k in 1..n)", "a[n + 1] - a[1]", ()),
        ("sum(a[k + 1] for k in 1..n)", "sum(a[k] for k in 2..n + 1)", ()),
        ("sum(a[k] for k in 1..n)", "a[1] + sum(a[k] for k in 2..n)", ()),
        ("prod(a[k]/a[k - 1] for k in 1..n)", "a[n]/a[0]", ()),
        ("prod(exp(a[k]) for k in 1..n)", "exp(sum(a[k] for k in 1..n))", ()),
        ("prod(2 for k in 1..n)", "2^n", ()),
        ("max(x[k] + c for k in 1..n)", "c + max(x[k] for k in 1..n)", ()),
        ("m[n]", "(1 - b)*sum(b^(n - t)*g[t] for t in 1..n)", EMA),
        ("y[n]", "w^n*x", ("y[0] = x", "y[l] = w*y[l-1] for l in 1..n")),
    ],
)
def test_what_holds_for_every_n_is_proved_by_induction(
    left: str, right: str, equations: tuple[str, ...]
) -> None:
    found = verdict(left, right, equations)
    assert found.status == "proved for every size"
    assert found.method.startswith("induction")


@pytest.mark.parametrize(
    ("left", "right", "equations"),
    [
        ("sum(j for j in 1..n)", "n*(n + 2)/2", ()),
        ("sum(r^k for k in 0..n)", "(1 - r^n)/(1 - r)", ()),
        ("sum(a[k + 1] - a[k] for k in 1..n)", "a[n] - a[1]", ()),
        ("prod(a[k] for k in 1..n)", "a[1]^n", ()),
        ("m[n]", "(1 - b)*sum(b^t*g[t] for t in 1..n)", EMA),
        # of the five sizes that are tried first
        ("(n - 1)*(n - 2)*(n - 3)*(n - 4)*(n - 5)*(n - 8)*sum(x[k] for k in 1..n)", "0*n", ()),
        ("(n - 1)*(n - 2)*(n - 3)*(n - 4)*(n - 5)*(n - 8)", "0*n", ()),
    ],
)
def test_what_fails_for_some_n_is_not_proved(
    left: str, right: str, equations: tuple[str, ...]
) -> None:
    assert not verdict(left, right, equations).proved


@pytest.mark.parametrize(
    ("left", "right", "equations"),
    [
        # the hypothesis says nothing about the sum where its factor is 0
        ("(n - 1)*sum(x[k] for k in 1..n)", "0*n", ()),
        ("(2^n - 2)*sum(x[k] for k in 1..n)", "0*n", ()),
        ("(a[n] - a[1])*sum(x[k] for k in 1..n)", "0*n", ()),
        # the recurrence is another one for every n
        ("v[n]", "n*v[0]", ("v[0] = c", "v[t] = v[t-1] + c/n for t in 1..n")),
        # a range that has not begun at n = 1
        ("sum(x[k] for k in 3..n + 2)", "sum(x[k] for k in 1..n) + 0*x[n + 1]", ()),
        # an index that is not an entry of the range
        ("sum(x[2*k] for k in 1..n)", "sum(x[k] for k in 1..n)", ()),
    ],
)
def test_a_step_that_needs_more_than_the_hypothesis_is_not_taken(
    left: str, right: str, equations: tuple[str, ...]
) -> None:
    one, other, setting = setting_of(left, right, equations)
    assert proved_by_induction(one, other, setting, Case()) is None  # type: ignore[arg-type]  # expressions


def test_the_logarithm_of_a_product_needs_positive_factors() -> None:
    sides = "log(prod(p[k] for k in 1..n))", "sum(log(p[k]) for k in 1..n)"
    assert verdict(*sides, assume="p[k] > 0 for k in 1..n").proved
    assert not verdict(*sides).proved


def test_negative_powers_are_proved_where_the_base_is_not_0() -> None:
    found = verdict("m[n]", "(1 - b)*sum(b^(n - t)*g[t] for t in 1..n)", EMA)
    assert found.conditions == ("b != 0",)
