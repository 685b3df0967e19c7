"""Proofs of comparisons, written out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hwsolve.proofs.claims import EVERY
from hwsolve.proofs.natural import REASONS
from hwsolve.solution import Column, Num, Table, Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hwsolve.expr.tree import Expr
    from hwsolve.proofs.claims import Proof
    from hwsolve.proofs.intervals import Interval
    from hwsolve.proofs.orders import Order
    from hwsolve.proofs.prover import Prover
    from hwsolve.solution import Block, Cell
    from hwsolve.solvers.claim import Decided

MOST_ROWS: Final = 40
# So many cases are shown one by one.
FEW: Final = 16
_LEFT_OUT: Final = frozenset({"identity", "spread"})
# What shows the sign of a difference.
_HOW: Final = {
    "zero": "is 0",
    "ranges": "has the claimed sign for all values that its parts can have",
    "squares": "is a sum of squares (and of a number that is not negative)",
    "linear inequalities": "follows from linear inequalities between its terms",
    "ends of intervals": "is linear or curved downwards in one part after the other, and has the "
    "claimed sign where they end",
}
_ANY_SIZE: Final = "No step depends on a size, so it holds for every size."


def proof_blocks(decided: Decided, number: int, proof: Proof) -> Iterator[Block]:
    """The proof of a comparison."""
    comparison = decided.stated.claim.comparisons[number]
    match proof.method:
        case "interval arithmetic":
            yield from _intervals(decided, proof)
        case "bounds of the factors":
            yield from _factors(proof)
        case "monotonicity":
            yield from _slopes(proof)
        case "order of the entries":
            yield from _orders(proof)
        case "identity":
            yield from _identity(proof)
        case _:
            yield from _plainly(decided, proof)
    if proof.sizes == EVERY:
        yield Text((_ANY_SIZE,))
    yield Text(("So ", comparison, _where(decided), "."))


def _where(decided: Decided) -> str:
    if decided.decision.without is not None:
        return " wherever both sides have a value"
    return ""


def _prover(proof: Proof) -> Prover:
    assert proof.prover is not None  # noqa: S101  (this kind of proof has one)
    return proof.prover


def interval_table(prover: Prover, nodes: Sequence[int]) -> Table | None:
    """The intervals of quantities, and why they are so; of inner ones where they are bounded."""
    graph = prover.graph
    tops = _tops(prover, nodes)
    rows: list[tuple[Cell, ...]] = []
    seen: list[Expr] = []
    for node in nodes:
        row = graph.rows[node]
        label = graph.labels.get(node)
        where = prover.interval(node)
        if row is None:
            if label is not None and not where.is_everything and not where.is_point:
                rows.append((label, "", str(where), "its domain or a condition"))
            continue
        formula = graph.expression(node, inside=True)
        is_minor = label is None and node not in tops
        if row.name in _LEFT_OUT or formula in seen or (is_minor and where.is_everything):
            continue
        if is_minor and not graph.active[node]:
            continue
        seen.append(formula)
        rows.append((label or "", formula, interval_words(where), _because(prover, node)))
    if not rows:
        return None
    columns = (Column("quantity"), Column("formula"), Column("lies in"), Column("because"))
    return Table(columns, tuple(rows[-MOST_ROWS:]))


def _because(prover: Prover, node: int) -> str:
    """Why a quantity lies where it lies."""
    row = prover.graph.rows[node]
    assert row is not None  # noqa: S101  (free names have no reason)
    if node in prover.reach.closer and row.name not in REASONS:
        return "multiplied out, as a polynomial"
    return REASONS.get(row.name, "")


def _tops(prover: Prover, nodes: Sequence[int]) -> set[int]:
    """The nodes that no other of the nodes uses: the sides of a comparison."""
    used = {arg for node in nodes for arg in prover.graph.args[node]}
    return set(nodes) - used


def interval_words(where: Interval) -> str:
    """An interval as it is read."""
    return "all real numbers" if where.is_everything else str(where)


def one_table(decided: Decided) -> Iterator[Block]:
    """The proof of several comparisons that all rest on intervals."""
    proofs = [proof for proof in decided.decision.proofs if proof is not None]
    prover = _prover(proofs[0])
    nodes = sorted({node for proof in proofs if proof.shown for node in proof.shown.nodes})
    yield from _table_of(prover, nodes, decided)
    if all(proof.sizes == EVERY for proof in proofs):
        yield Text((_ANY_SIZE,))
    shown: list[str | Expr] = ["So "]
    for place, comparison in enumerate(decided.stated.claim.comparisons):
        shown += [" and " if place else "", comparison]
    yield Text((*shown, _where(decided), "."))


def _free(prover: Prover, nodes: Sequence[int], decided: Decided) -> str:
    """The names that may be any real number, and that a proof uses."""
    from hwsolve.solvers.claim_document import in_order

    names: list[str] = []
    for node in nodes:
        graph = prover.graph
        if graph.rows[node] is None and graph.active[node] and prover.interval(node).is_everything:
            label = graph.labels[node]
            name = getattr(label, "name", None) or getattr(getattr(label, "base", None), "name", "")
            if name and name not in names:
                names.append(name)
    return ", ".join(in_order(decided, names))


def _intervals(decided: Decided, proof: Proof) -> Iterator[Block]:
    assert proof.shown is not None  # noqa: S101  (this kind of proof has one)
    yield from _table_of(_prover(proof), proof.shown.nodes, decided)


def _table_of(prover: Prover, nodes: Sequence[int], decided: Decided) -> Iterator[Block]:
    free = _free(prover, nodes, decided)
    if free:
        yield Text((f"{free} may be any real number{'s' if ',' in free else ''}.",))
    table = interval_table(prover, nodes)
    if table is not None:
        yield table
    yield Text((
        "Each interval holds all values, for all numbers that go in; it is worked out with "
        "exact fractions, and functions are rounded outwards.",
    ))  # fmt: skip


def _factors(proof: Proof) -> Iterator[Block]:
    assert proof.shown is not None  # noqa: S101  (this kind of proof has one)
    assert proof.shown.parts is not None  # noqa: S101  (and its two products)
    low, high = proof.shown.parts
    table = interval_table(_prover(proof), proof.shown.nodes)
    if table is not None:
        yield table
    yield Text((
        f"Both sides are products. Without their common factors, which are not negative, the "
        f"smaller one lies in {low} and the larger one is {_is(high)}.",
    ))  # fmt: skip


def _is(where: Interval) -> str:
    return str(where)[1:-1] if where.is_point else f"in {where}"


def _slopes(proof: Proof) -> Iterator[Block]:
    assert proof.shown is not None  # noqa: S101  (this kind of proof has one)
    slopes = proof.shown.slopes
    assert slopes is not None  # noqa: S101  (and its pieces)
    name = _prover(proof).graph.labels[slopes.variable]
    yield Text(("The difference of the larger and the smaller side, as a function of ", name, ":"))
    rows: list[tuple[Cell, ...]] = []
    for piece in slopes.pieces:
        if piece.slope == 0:
            why = "by the range of the difference there"
        else:
            way = "rises" if piece.slope > 0 else "falls"
            towards = "from" if piece.slope > 0 else "towards"
            why = f"it {way} {towards} {piece.end}, where it is not below 0"
        rows.append((str(piece.where), why))
    yield Table((Column("interval"), Column("because")), tuple(rows))


def _orders(proof: Proof) -> Iterator[Block]:
    assert proof.shown is not None  # noqa: S101  (this kind of proof has one)
    assert proof.shown.orders is not None  # noqa: S101  (and its two arrays)
    prover = _prover(proof)
    for order in proof.shown.orders:
        yield from _order(prover, order)
    yield Text(("So the largest entry stands at the same place.",))


def _order(prover: Prover, order: Order) -> Iterator[Block]:
    graph = prover.graph
    if not order.through:
        return
    first, base = graph.expression(order.through[0]), graph.expression(order.base)
    how = "the opposite order" if order.turned else "the same order"
    reasons: list[str | Expr] = []
    for node in order.through:
        row = graph.rows[node]
        assert row is not None  # noqa: S101  (leaves end the way)
        factors = [arg for arg in graph.args[node] if not graph.shapes[arg]]
        for factor in factors if row.name in {"mul", "div"} else ():
            sign = "> 0" if prover.interval(factor).positive else "< 0"
            reasons += ["; " if reasons else "", graph.expression(factor), f" {sign}"]
        if row.name in REASONS or row.name in {"exp", "log", "sigmoid", "tanh", "softmax"}:
            reasons += ["; " if reasons else "", f"{row.name} increases"]
    because = (" because ", *reasons) if reasons else ()
    yield Text(("The entries of ", first, " have ", how, " as those of ", base, *because, "."))


def _identity(proof: Proof) -> Iterator[Block]:
    assert proof.identity is not None  # noqa: S101  (this kind of proof has one)
    found = proof.identity
    if found.method == "words of matrices":
        yield Text((
            "Multiplied out, both sides are the same sum of products of matrices; that uses only "
            "laws that hold for matrices of every shape.",
        ))  # fmt: skip
        return
    times = "point" if found.points == 1 else "points"
    yield Text((
        f"Both sides have the same value at {found.points} random {times} modulo 2^61 - 1, with a "
        "symbol for each independent exponential; so they are the same function, but for a "
        "chance of error that is stated below.",
    ))  # fmt: skip


def _plainly(decided: Decided, proof: Proof) -> Iterator[Block]:
    match proof.method:
        case "evaluation":
            yield Text(("There is nothing to choose; both sides are worked out exactly.",))
        case "all cases":
            yield from _cases(decided, proof)
        case _:
            yield from _algebra(proof)


def _cases(decided: Decided, proof: Proof) -> Iterator[Block]:
    """All cases, in a table where they are few."""
    tried = decided.decision.tried
    table = _case_table(decided, proof) if tried <= FEW else None
    if table is not None:
        yield table
    yield Text((f"There are {tried:,} cases, and it holds in each of them.",))


def _case_table(decided: Decided, proof: Proof) -> Table | None:
    from itertools import product

    from hwsolve.expr.notation import text
    from hwsolve.solvers.claim_document import in_order

    situation = proof.situation
    assert situation is not None  # noqa: S101  (this kind of proof has one)
    if any(slot.at for slot in situation.slots):
        return None
    order = in_order(decided, [slot.name for slot in situation.slots])
    places = [order.index(slot.name) for slot in situation.slots]
    domains = {slot.name: sorted(slot.domain.values() or ()) for slot in situation.slots}
    sides = list(dict.fromkeys(side for test in situation.tests for side in test[1:]))
    rows: list[tuple[Cell, ...]] = []
    for numbers in product(*(domains[name] for name in order)):
        values = situation.values(tuple(numbers[place] for place in places), certain=False)
        found = [values[side] for side in sides]
        if all(isinstance(value, float) for value in found):
            rows.append((*map(str, numbers), *map(Num, found)))
    titles = [*order, *(text(situation.graph.expression(side)) for side in sides)]
    return Table(tuple(Column(title, "right") for title in titles), tuple(rows))


def _algebra(proof: Proof) -> Iterator[Block]:
    assert proof.shown is not None  # noqa: S101  (this kind of proof has one)
    prover = _prover(proof)
    table = interval_table(prover, proof.shown.nodes) if proof.shown.nodes else None
    if table is not None:
        yield table
    count = proof.shown.cases
    if count > 1:
        yield Text((f"{count} cases are told apart, by the signs of what decides at a kink.",))
    for place, how in enumerate(proof.shown.how):
        start = "Multiplied out with exact coefficients, the difference of both sides"
        yield Text((f"{'In other cases it' if place else start} {_HOW[how]}.",))
