"""What a decided claim says: the claim, then the counterexample run, or the proof."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hwsolve.expr.tree import Apply, Expr, Num, Sym
from hwsolve.proofs.built_in import names_in, plain, target
from hwsolve.proofs.claims import ENUMERATED, EVALUATED, EVERY, IDENTITY, SIZES
from hwsolve.proofs.prover import ALGEBRA, CASES, FACTORS, INTERVALS, ORDER, SLOPES
from hwsolve.solution import Section, Step, Text
from hwsolve.solvers.claim_proofs import one_table, proof_blocks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hwsolve.problem.model import Problem
    from hwsolve.proofs.claims import Decision
    from hwsolve.proofs.domains import Domain
    from hwsolve.solution import Block
    from hwsolve.solvers.claim import Decided

# With more free names than this, the sentence about them lists no more.
MANY_NAMES = 12

_METHODS = {
    INTERVALS: "interval arithmetic over all values",
    FACTORS: "bounds of the factors",
    ALGEBRA: "exact algebra",
    CASES: "exact algebra in each case",
    SLOPES: "monotonicity",
    ORDER: "the order of the entries",
    IDENTITY: "an identity, exact modulo 2^61 - 1",
    EVALUATED: "calculation",
    ENUMERATED: "going through all cases",
}


def sections(problem: Problem, decided: Decided) -> tuple[Section, ...]:
    """The sections of a decided claim."""
    decision = decided.decision
    found = [Section("Claim", tuple(_claim(problem, decided)), "short")]
    body: Any = problem.body
    if body.cell:
        lines = tuple(Text((written.text,)) for written in decided.stated.texts)
        found.append(Section("Equations", lines))
    if decision.truth is False:
        found += _counterexample(decided)
    elif decision.truth:
        if len(decision.proofs) > 1 and all(
            proof is not None and proof.method == INTERVALS for proof in decision.proofs
        ):
            found.append(Section("Proof", tuple(one_table(decided)), "short"))
        else:
            for number, proof in enumerate(decision.proofs):
                if proof is not None:
                    blocks = proof_blocks(decided, number, proof)
                    found.append(Section(_title(decided, number), tuple(blocks), "short"))
        floats = tuple(_floats(decided))
        if floats:
            found.append(Section("In floating point", floats))
    else:
        found.append(Section("Not settled", tuple(_open(decided)), "short"))
    return tuple(found)


def _title(decided: Decided, number: int) -> str:
    if len(decided.decision.proofs) == 1:
        return "Proof"
    from hwsolve.expr.notation import text

    return f"Proof of {text(decided.stated.claim.comparisons[number])}"


# -- the claim ------------------------------------------------------------------------


def _claim(problem: Problem, decided: Decided) -> Iterator[Block]:
    stated = decided.stated
    body: Any = problem.body
    for place, comparison in enumerate(stated.claim.comparisons):
        yield Text(("and " if place else "", comparison))
    for place, condition in enumerate(stated.claim.conditions):
        yield Text(("and " if place else "when ", condition))
    for name, value in stated.limits.items():
        yield Text((Sym(name), " tends to ", Num(value)))
    if body.witness:
        yield Text(("there is: ", *_listed(written.text for written in body.witness)))
        if body.for_every:
            names = ", ".join(written.text for written in body.for_every)
            yield Text((f"the same for every {names}",))
    yield from _ranging(decided)


def _listed(texts: Iterable[str]) -> tuple[str, ...]:
    return (", ".join(texts),)


def _ranging(decided: Decided) -> Iterator[Block]:
    """What the free names range over."""
    situation = decided.decision.situation
    domains = decided.stated.claim.domains
    names = [slot.name for slot in situation.slots if slot.name not in situation.gaps]
    names += [name for name in situation.substituted if name not in names]
    order = in_order(decided, dict.fromkeys(names))
    free = [name for name in order if name not in domains and name not in _fixed(decided)]
    if free:
        shown = ", ".join(free[:MANY_NAMES]) + (", ..." if len(free) > MANY_NAMES else "")
        one = len(free) == 1 and free[0] not in decided.stated.claim.shapes
        yield Text((f"for {'every real number' if one else 'all real numbers'} {shown}",))
    for name in order:
        if name in domains:
            yield Text(domain_parts(name, domains[name]))
    sizes = decided.stated.claim.sizes()
    if sizes:
        yield Text((f"for every size {', '.join(sizes)}",))


def _fixed(decided: Decided) -> set[str]:
    """Names to which a condition gives a value: they do not range over anything."""
    return {
        side.name
        for condition in decided.stated.claim.conditions
        if condition.op == "eq"
        for side, other in (condition.args, condition.args[::-1])
        if isinstance(side, Sym) and not names_in(other)
    }


def in_order(decided: Decided, names: Iterable[str]) -> list[str]:
    """Names in the order in which the equations and the claim use them."""
    claim = decided.stated.claim
    trees = [
        *(equation.body for equation in claim.equations),
        *claim.conditions,
        *claim.comparisons,
    ]
    place: dict[str, int] = {}
    for tree in trees:
        for name in _names(tree):
            place.setdefault(name, len(place))
    return sorted(names, key=lambda name: place.get(name, len(place)))


def _names(tree: Expr) -> list[str]:
    from hwsolve.expr.tree import walk

    return [node.name for node in walk(tree) if isinstance(node, Sym)]


def domain_parts(name: str, domain: Domain) -> tuple[str | Expr, ...]:
    """A domain as comparisons and words."""
    if domain.listed:
        return (Sym(name), f" is one of {', '.join(map(str, domain.listed))}")
    where = domain.interval
    parts: list[str | Expr] = []
    if not isinstance(where.low, float):
        op = "gt" if where.low_open else "ge"
        parts.append(Apply(op, (Sym(name), Num(plain(where.low)))))
    if not isinstance(where.high, float):
        op = "lt" if where.high_open else "le"
        parts += [" and "] if parts else []
        parts.append(Apply(op, (Sym(name), Num(plain(where.high)))))
    if domain.whole:
        parts += [", a whole number"] if parts else [Sym(name), " is a whole number"]
    return tuple(parts) or (Sym(name), " is any real number")


def point_words(point: Mapping[str, object]) -> str:
    """A point in words: x = 0, y = 1/2."""
    from hwsolve.expr.notation import plain_number

    shown = [f"{name} = {plain_number(value)}" for name, value in point.items()]  # type: ignore[arg-type]  # numbers and lists
    return ", ".join(shown[:6]) + (", ..." if len(shown) > 6 else "")  # noqa: PLR2004  (enough to see it)


# -- a counterexample --------------------------------------------------------------------


def _counterexample(decided: Decided) -> Iterator[Section]:
    decision = decided.decision
    used = _used(decided)
    fixed = in_order(
        decided, [name for name in decided.values if name in used - set(decided.anything)]
    )
    title = "Counterexample" if decided.values else "Calculation"
    blocks: list[Block] = []
    if decision.situation.sizes and decision.situation.slots:
        sizes = ", ".join(f"{name} = {size}" for name, size in decision.situation.sizes.items())
        blocks.append(Text((f"size {sizes}",)))
    blocks += [Step(Sym(name), (), decided.values[name]) for name in fixed]
    free = in_order(decided, [name for name in decided.anything if name in used])
    if free:
        blocks.append(Text((_any_value(decided, free),)))
    if blocks:
        yield Section(title, tuple(blocks), "short")
    asked: list[Block] = []
    if decided.solved is not None:
        from hwsolve.solvers.working import sections as working

        for section in working(decided.solved, show_equations=False):
            if section.title == "Asked":
                asked += section.blocks
            else:
                yield section
    yield Section("Both sides", tuple(_sides(decided, asked)), "short")


def _any_value(decided: Decided, names: Sequence[str]) -> str:
    """That names may have any value, and with which one it is worked out."""
    domains = decided.stated.claim.domains
    be = "any numbers" if len(names) > 1 else "any number"
    limited = any(name in domains and not domains[name].hull.is_everything for name in names)
    where = (" of their domains" if len(names) > 1 else " of its domain") if limited else ""
    other = {name: decided.values[name] for name in names if _not_zero(decided.values[name])}
    zero = "0 for the others" if len(other) < len(names) and other else "0"
    chosen = [point_words(other)] * bool(other) + [zero] * (len(other) < len(names))
    return f"{', '.join(names)} may be {be}{where}; worked out with {', '.join(chosen)}"


def _not_zero(value: Any) -> bool:
    return any(map(_not_zero, value)) if isinstance(value, list) else value != 0


def _used(decided: Decided) -> set[str]:
    """The names that the broken comparison rests on."""
    from hwsolve.solvers.claim_run import needed

    decision = decided.decision
    number = decision.counterexample.broken if decision.counterexample is not None else 0
    comparison = decided.stated.claim.comparisons[number]
    found = names_in(comparison)
    for _, equation in needed(decided.stated, comparison):
        if target(equation) not in decided.stated.limits:
            found |= names_in(equation.body)
    for condition in decided.stated.claim.conditions:
        found |= names_in(condition)
    return found


def _sides(decided: Decided, asked: Sequence[Block]) -> Iterator[Block]:
    decision = decided.decision
    number = decision.counterexample.broken if decision.counterexample is not None else 0
    comparison = decided.stated.claim.comparisons[number]
    if decided.solved is None:
        yield Text((f"{decided.undefined}; the other side has a value",))
        yield Text((comparison, " does not hold there"))
        return
    for place, side in enumerate(comparison.args):
        worked = [step for step in asked if isinstance(step, Step) and step.forms[:1] == (side,)]
        if not isinstance(side, Num):
            yield worked[0] if worked else Step(side, (), _side_value(decided, side, place))
    entries = any(decided.decision.situation.graph.shapes[node] for node in _broken(decision))
    where = " in some entry" if entries and comparison.op != "ne" else ""
    if decision.counterexample is not None and decision.counterexample.equal:
        yield Text(("the sides are equal, here and everywhere",))
    yield Text(("so ", comparison, f" does not hold{where}: the claim is false"))


def _broken(decision: Decision) -> tuple[int, int]:
    number = decision.counterexample.broken if decision.counterexample is not None else 0
    test = decision.situation.tests[number]
    return test.left, test.right


def _side_value(decided: Decided, side: Expr, place: int) -> Any:
    """The value of a side of the broken comparison, as it was worked out."""
    assert decided.solved is not None  # noqa: S101  (the caller has looked)
    if isinstance(side, Num):
        return side.value
    number = decided.decision.counterexample.broken if decided.decision.counterexample else 0
    args = decided.stated.claim.comparisons[number].args
    asks = decided.solved.asks
    position = sum(not isinstance(arg, Num) for arg in args[:place])
    return decided.solved.value(asks[position].lowered)


# -- what is left ------------------------------------------------------------------------


def _open(decided: Decided) -> Iterator[Block]:
    decision = decided.decision
    yield Text((
        f"No counterexample was found among {decision.tried:,} points: simple numbers first, "
        "then random ones, then those that make the claim worse. That is no proof.",
    ))  # fmt: skip
    for number, proof in enumerate(decision.proofs):
        comparison = decided.stated.claim.comparisons[number]
        if proof is not None:
            where = f" for sizes up to {max(SIZES)}" if proof.sizes not in {"", EVERY} else ""
            yield Text((comparison, f" is proved{where} by {_METHODS[proof.method]}"))
        elif len(decision.proofs) > 1:
            yield Text((comparison, " is neither proved nor refuted"))


def methods(decision: Decision) -> str:
    """How a claim was proved, in words."""
    known = [_METHODS[proof.method] for proof in decision.proofs if proof is not None]
    return " and ".join(dict.fromkeys(known))


def remark(decision: Decision) -> str:
    """What a certificate says beside the method."""
    chances = [
        proof.identity.chance
        for proof in decision.proofs
        if proof is not None and proof.identity is not None and proof.identity.chance
    ]
    found = []
    if chances:
        from math import floor, log10

        found.append(f"the chance of an error is below 10^{floor(log10(sum(chances))) + 1}")
    if any(proof is not None and proof.sizes == EVERY for proof in decision.proofs):
        found.append("for every size")
    return "; ".join(found)


def _floats(decided: Decided) -> Iterator[Block]:
    """Where rounding reaches ends that real numbers never reach."""
    from hwsolve.proofs.float_ends import ends_of

    names: dict[str, None] = {}
    for proof in decided.decision.proofs:
        if proof is None or proof.method != INTERVALS or proof.shown is None:
            continue
        assert proof.prover is not None  # noqa: S101  (intervals have one)
        for node in proof.shown.nodes:
            row = proof.prover.graph.rows[node]
            if row is not None:
                names.setdefault(row.name)
    for name in names:
        for sentence in ends_of(name):
            yield Text((sentence,))
