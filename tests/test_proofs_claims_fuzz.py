"""Random claims: what is true is never refuted, and what is false is never called proved.

True claims are made from known identities and inequalities by putting formulas in the
place of their letters. A mutant changes a sign, a factor or a comparison; whether it is
false is decided by `claim_floats`, which shares nothing with what decides claims.
"""

from __future__ import annotations

import random
import re
from typing import NamedTuple

import pytest
from claim_floats import clearly_broken

from hwsolve.expr.parser import parse_comparisons
from hwsolve.expr.tree import Apply
from hwsolve.proofs.claims import NothingSatisfiesError, decide
from hwsolve.proofs.search import certain_truth
from hwsolve.proofs.situation import Claim

# Identities and inequalities that hold for all real a and b; a letter p stands for what is
# positive. Sources: DLMF 4.5, 4.21, 4.32, 4.35; the convexity of exp; |x + y| <= |x| + |y|.
TRUE = (
    "sigmoid(-(a)) == 1 - sigmoid(a)",
    "tanh(a) == 2*sigmoid(2*(a)) - 1",
    "sigmoid(a)*(1 - sigmoid(a)) <= 1/4",
    "0 < sigmoid(a) < 1",
    "-1 < tanh(a) < 1",
    "tanh(-(a)) == -tanh(a)",
    "4*(sigmoid(2*(a)) - sigmoid(2*(a))^2) == 1 - tanh(a)^2",
    "exp(a)*exp(b) == exp((a) + (b))",
    "exp(a) >= 1 + (a)",
    "exp(a) > 0",
    "log(exp(a)) == (a)",
    "log(p) <= (p) - 1",
    "relu(a) - relu(-(a)) == (a)",
    "relu(a) + relu(-(a)) == abs(a)",
    "relu(a) >= (a)",
    "abs((a) + (b)) <= abs(a) + abs(b)",
    "abs((a)*(b)) == abs(a)*abs(b)",
    "max(a, b) == ((a) + (b) + abs((a) - (b)))/2",
    "max(a, b) + min(a, b) == (a) + (b)",
    "((a) + (b))^2 == (a)^2 + 2*(a)*(b) + (b)^2",
    "(a)^2 + (b)^2 >= 2*(a)*(b)",
    "(a)^2 + (b)^2 + 1/10 > 2*(a)*(b)",
    "softplus(a) > (a)",
    "softplus(a) > 0",
    "softplus(a) - softplus(-(a)) == (a)",
    "softplus(a) >= relu(a)",
    "log(1 + exp(a)) == softplus(a)",
    "sqrt((a)^2) == abs(a)",
    "(p) + 1/(p) >= 2",
    "log((p)^2) == 2*log(p)",
    "sigmoid(a) == exp(a)/(1 + exp(a))",
    "(exp(a) + exp(-(a)))/2 >= 1",
    "tanh(a)^2 + 1/((exp(a) + exp(-(a)))/2)^2 == 1",
    "abs(tanh(a)) <= 1",
    "max(a, b) >= (a)",
    "(a)/(1 + (a)^2) <= 1/2",
)
FORMULAS = (
    "x", "y", "x + 1", "2*x", "x - y", "x*y", "-x", "x/2", "x^2", "tanh(x)", "sigmoid(y)",
    "relu(x)", "x + 2*y", "abs(x)", "3", "x*sigmoid(y)", "max(x, y)",
)  # fmt: skip
POSITIVE = ("exp(x)", "1 + x^2", "sigmoid(x)", "exp(-y) + 1", "1/2", "softplus(x)")

PARTS = 6
SEEDS = 900
# Further out a tanh is 1 for floats, and a tie of floats says nothing.
TIE = 2
MUTANTS = 5


class Made(NamedTuple):
    text: str
    source: random.Random


def made(seed: int) -> Made:
    """A true claim."""
    source = random.Random(seed)  # noqa: S311  (repeatable, not secret)
    # neighbours have the same template, so that each part of a test has all templates
    template = TRUE[seed // PARTS % len(TRUE)]
    parts = {"a": FORMULAS, "b": FORMULAS, "p": POSITIVE}
    chosen = {letter: source.choice(formulas) for letter, formulas in parts.items()}
    return Made(re.sub(r"\b[abp]\b", lambda match: chosen[match[0]], template), source)


def settled(text: str) -> object:
    """True, False or None: what is said about a claim for all x and y."""
    try:
        return decide(Claim(parse_comparisons(text)), 1 / 3).truth
    except NothingSatisfiesError:
        return None


@pytest.mark.parametrize("part", range(PARTS))
def test_true_claims_are_never_refuted_and_nearly_all_are_proved(part: int) -> None:
    proved = total = 0
    for seed in range(part, SEEDS, PARTS):
        text = made(seed).text
        truth = settled(text)
        assert truth is not False, text
        proved += truth is True
        total += 1
    assert proved >= 0.98 * total


CHANGES = (
    (" + ", " - "), (" - ", " + "), ("2*", "3*"), ("2*", ""), ("1/4", "1/5"), ("<=", "<"),
    (">=", ">"), ("<=", ">="), (">=", "<="), ("1 -", "2 -"), ("^2", "^3"), ("-(", "("),
    ("exp(", "tanh("), ("sigmoid(", "tanh("), ("relu(", "abs("), ("abs(", "relu("), ("==", "<"),
    ("==", ">"), ("max(", "min("), ("/2", "/3"), ("<", ">"), (">", "<"), ("log(", "tanh("),
    ("1/10", "-1/10"), ("softplus(", "relu("), ("sqrt(", "abs("), ("> 0", "> 1/100"),
)  # fmt: skip


def changed(claim: Made) -> str | None:
    """A claim with one change of its text; None where the change is not to be made."""
    old, new = claim.source.choice(CHANGES)
    places = [at for at in range(len(claim.text)) if claim.text.startswith(old, at)]
    if not places:
        return None
    at = claim.source.choice(places)
    return claim.text[:at] + new + claim.text[at + len(old) :]


def is_false(text: str, source: random.Random) -> bool:
    """Whether floats find a point where a claim is clearly broken."""
    points = [(x, y) for x in (0.0, 1.0, -1.0, 0.5, -2.0, 3.0) for y in (0.0, 1.0, -1.5)]
    points += [(source.uniform(-9, 9), source.uniform(-9, 9)) for _ in range(60)]
    for x, y in points:
        try:
            if clearly_broken(text, {"x": x, "y": y}, tie=max(abs(x), abs(y)) <= TIE):
                return True
        except (ArithmeticError, ValueError):
            continue
    return False


@pytest.mark.parametrize("part", range(PARTS))
def test_changed_claims_that_are_false_are_refuted_and_never_proved(part: int) -> None:
    false = refuted = 0
    for seed in range(part, SEEDS, PARTS):
        for number in range(MUTANTS):
            claim = made(seed)
            claim.source.seed(1000 * seed + number)
            text = changed(claim)
            if text is None or text == claim.text or not is_false(text, claim.source):
                continue
            truth = settled(text)
            assert truth is not True, f"{claim.text} became {text}"
            false += 1
            refuted += truth is False
    assert false > 105
    assert refuted == false


@pytest.mark.parametrize("part", range(2))
def test_what_is_proved_of_random_comparisons_holds_at_every_point_tried(part: int) -> None:
    proved = 0
    for seed in range(part, 600, 2):
        source = random.Random(f"comparison {seed}")  # noqa: S311  (repeatable, not secret)
        sides = [parse_comparisons(made(source.randrange(10**6)).text)[0] for _ in range(2)]
        claim = Claim((Apply(source.choice(["le", "lt"]), (sides[0].args[0], sides[1].args[1])),))
        decision = decide(claim, 1 / 6)
        if decision.truth is not True:
            continue
        proved += 1
        situation = decision.situation
        for _ in range(60):
            point = tuple(source.randrange(-40, 41) / 4 for _ in situation.slots)
            values = situation.values(point, certain=True)
            assert certain_truth(situation.tests[0], values) is not False
    assert proved >= 25
