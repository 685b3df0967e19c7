"""Changed lines of valid derivations: what changed its meaning is caught, nothing else is.

Whether a changed line still says the same is decided by `float_derivations`, which shares
no code with the checker but the parser.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple

import pytest
from changed_lines import everywhere, mistakes, rewritings
from float_derivations import gap

from hwsolve.errors import EquationError
from hwsolve.expr.notation import text
from hwsolve.expr.parser import parse_equation, parse_expression
from hwsolve.expr.tree import Expr, Num, Sym
from hwsolve.proofs.derivation import settle
from hwsolve.proofs.lines import parse_assumption, parse_case
from hwsolve.proofs.ranges import Case, Indices
from hwsolve.proofs.sums import Assumption, Setting

if TYPE_CHECKING:
    from collections.abc import Callable

# A difference of floats above CHANGED is a change; central differences are good to 1e-7.
CHANGED, SAME = 1e-4, 1e-7
SEED = 20


class Valid(NamedTuple):
    """Equalities that hold: definitions, sides, indices, and the case of each."""

    equations: tuple[str, ...]
    pairs: tuple[tuple[str, str, str], ...]
    free: dict[str, str]
    sizes: tuple[str, ...] = ("N",)
    normalised: str = ""


SOFTMAX = (
    "P[j] = exp(h[j])/sum(exp(h[k]) for k in 1..N) for j in 1..N",
    "L = -sum(y[j]*log(P[j]) for j in 1..N)",
)
S = "sum(exp(h[k]) for k in 1..N)"
DERIVATIONS = {
    "softmax with cross-entropy": Valid(
        SOFTMAX,
        (
            ("dP[j]/dh[i]", f"(exp(h[i])*{S} - exp(h[i])^2)/{S}^2", "i = j"),
            (f"(exp(h[i])*{S} - exp(h[i])^2)/{S}^2", "P[i]*(1 - P[i])", "i = j"),
            ("dP[j]/dh[i]", f"-exp(h[j])*exp(h[i])/{S}^2", "i != j"),
            ("dP[j]/dh[i]", "-P[j]*P[i]", "i != j"),
            ("dL/dh[i]", "-sum(y[m]/P[m]*dP[m]/dh[i] for m in 1..N)", ""),
            (
                "-sum(y[m]/P[m]*dP[m]/dh[i] for m in 1..N)",
                "-y[i]*(1 - P[i]) + sum(y[m]*P[i] for m in 1..N) - y[i]*P[i]",
                "",
            ),
            ("dL/dh[i]", "P[i]*sum(y[m] for m in 1..N) - y[i]", ""),
            ("P[i]*sum(y[m] for m in 1..N) - y[i]", "P[i] - y[i]", ""),
            ("log(P[i])", f"h[i] - log({S})", ""),
        ),
        {"i": "N", "j": "N"},
        normalised="y",
    ),
    "squared error through a dense layer": Valid(
        (
            "a[j] = sum(W[j,k]*x[k] for k in 1..M) + b[j] for j in 1..N",
            "h[j] = sigmoid(a[j]) for j in 1..N",
            "L = sum((h[j] - t[j])^2 for j in 1..N)/2",
        ),
        (
            ("dL/dh[p]", "h[p] - t[p]", ""),
            ("dL/da[p]", "(h[p] - t[p])*h[p]*(1 - h[p])", ""),
            ("dL/dW[p,q]", "(h[p] - t[p])*h[p]*(1 - h[p])*x[q]", ""),
            ("dL/dx[q]", "sum((h[j] - t[j])*h[j]*(1 - h[j])*W[j,q] for j in 1..N)", ""),
        ),
        {"p": "N", "q": "M"},
        ("N", "M"),
    ),
    "one neuron": Valid(
        ("p = sigmoid(z)", "L = -(y*log(p) + (1 - y)*log(1 - p))", "t = tanh(z)"),
        (
            ("dp/dz", "exp(-z)/(1 + exp(-z))^2", ""),
            ("exp(-z)/(1 + exp(-z))^2", "p*(1 - p)", ""),
            ("t", "2*sigmoid(2*z) - 1", ""),
            ("dt/dz", "4*(sigmoid(2*z) - sigmoid(2*z)^2)", ""),
        ),
        {},
        (),
    ),
    "means": Valid(
        (
            "m = sum(x[j] for j in 1..N)/N",
            "v = sum((x[j] - m)^2 for j in 1..N)/N",
        ),
        (
            ("v", "sum(x[j]^2 for j in 1..N)/N - m^2", ""),
            ("sum(x[j] - m for j in 1..N)", "0*N", ""),
            ("dv/dx[i]", "2*(x[i] - m)/N", ""),
        ),
        {"i": "N"},
    ),
}


def mutants(valid: Valid, limit: int) -> list[tuple[Expr, Expr, str]]:
    source = random.Random(SEED)  # noqa: S311  (repeatable, not secret)
    found = []
    for left_text, right_text, case in valid.pairs:
        left, right = parse_expression(left_text), parse_expression(right_text)
        indices = (*valid.free, *("m" for _ in valid.free if "for m in" in right_text))
        for changed in everywhere(right, mistakes(tuple(dict.fromkeys(indices)))):
            found.append((left, changed, case))
            more = everywhere(changed, mistakes(tuple(valid.free)))
            found.extend((left, twice, case) for twice in more)
        # a case that is dropped or turned round
        if case:
            other = "i != j" if case == "i = j" else "i = j"
            found += [(left, right, ""), (left, right, other)] * 3
    unique = list({(text(a), text(b), c): (a, b, c) for a, b, c in found}.values())
    source.shuffle(unique)
    return unique[:limit]


def setting_of(valid: Valid, trees: list[Expr], *, assume: bool = True) -> Setting:
    equations = tuple(map(parse_equation, valid.equations))
    assumptions: tuple[Assumption, ...] = ()
    if valid.normalised and assume:
        assumptions = (parse_assumption(f"sum({valid.normalised}[j] for j in 1..N) == 1"),)
    indices = Indices(equations, [*trees, *(body for body, _ in assumptions)])
    for name, size in valid.free.items():
        indices.free.setdefault(name, (Num(1), Sym(size)))
    return Setting(equations, assumptions, indices)


def truth(valid: Valid, left: Expr, right: Expr, case: str) -> float | None:
    pair = (("i", "j"),)
    try:
        return gap(
            left,
            right,
            valid.equations,
            free=valid.free,
            sizes=valid.sizes,
            normalised=valid.normalised,
            equal=pair if case == "i = j" else (),
            different=pair if case == "i != j" else (),
        )
    except (KeyError, ValueError):
        return None


def judged(valid: Valid, left: Expr, right: Expr, case: str) -> str:
    setting = setting_of(valid, [left, right])
    try:
        supposed = parse_case(case, setting.indices.free) if case else Case()
        return settle(left, right, setting, supposed).status
    except EquationError as error:
        return f"refused: {error}"


# How many mutants are drawn, and how many of them say something else.
@pytest.mark.parametrize(("name", "count", "least"), [
    ("softmax with cross-entropy", 450, 430),
    ("squared error through a dense layer", 250, 240),
    ("one neuron", 250, 235),
    ("means", 150, 140),
])  # fmt: skip
def test_every_mutant_that_says_something_else_is_caught(
    name: str, count: int, least: int, record_property: Callable[[str, object], None]
) -> None:
    valid = DERIVATIONS[name]
    changed = same = unclear = 0
    for left, right, case in mutants(valid, count):
        difference = truth(valid, left, right, case)
        verdict = judged(valid, left, right, case)
        where = f"{text(left)} = {text(right)} [{case}]: {verdict}, floats differ by {difference}"
        if difference is None or SAME < difference <= CHANGED:
            unclear += 1
        elif difference > CHANGED:
            changed += 1
            assert verdict == "wrong" or verdict.startswith("refused"), where
        else:
            same += 1
            assert verdict != "wrong", where
    record_property("mutants", f"{changed} changed, {same} the same, {unclear} unclear")
    print(f"{name}: {changed} changed and caught, {same} the same, {unclear} unclear")  # noqa: T201
    assert changed >= least


@pytest.mark.parametrize("name", DERIVATIONS)
def test_no_valid_rewriting_is_refused(name: str) -> None:
    valid = DERIVATIONS[name]
    source = random.Random(SEED)  # noqa: S311  (repeatable, not secret)
    tried = 0
    for left_text, right_text, case in valid.pairs:
        left, right = parse_expression(left_text), parse_expression(right_text)
        rewritten = list(everywhere(right, rewritings))
        twice = [more for one in rewritten for more in everywhere(one, rewritings)]
        for other in rewritten[:20] + source.sample(twice, min(12, len(twice))):
            verdict = judged(valid, left, other, case)
            assert verdict.startswith("proved"), f"{text(left)} = {text(other)}: {verdict}"
            tried += 1
    assert tried > 30
