"""Where the sides of an equality have a value: at the same points, or not known to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hwsolve.proofs import polynomials as p
from hwsolve.proofs.quotients import combined

if TYPE_CHECKING:
    from hwsolve.proofs.prover import Prover, Test

Demand = tuple[Any, ...]
# Operations of two arguments that may have no value, and both decide about it.
TWO_SIDED: Final = frozenset({"xlogy", "xlog2y", "xlog10y", "xdivy"})


def same_domain(prover: Prover, test: Test) -> bool:
    """Whether both sides are sure to have a value at the same points."""
    left, right = (demands(prover, node) for node in (test.left, test.right))
    return (left ^ right) <= _supposed(prover)


def _supposed(prover: Prover) -> set[Demand]:
    """What the conditions say not to be 0."""
    found: set[Demand] = set()
    for op, left, right in prover.every_condition:
        algebra = prover.reach.algebra
        difference = combined(algebra.of(left), algebra.of(right), -1)
        if op == "ne" and difference is not None and difference.is_poly and difference.top:
            found |= {("not 0", part) for part in _parts(difference.top)}
    return found


def demands(prover: Prover, node: int) -> frozenset[Demand]:
    """What must hold for a node to have a value, where that is not certain."""
    reach = prover.reach
    found: set[Demand] = set()
    for place in reach.unsafe(prover.graph.ancestors([node])):
        row = prover.graph.rows[place]
        name = row.name if row is not None else ""
        args = prover.graph.args[place]
        if name in TWO_SIDED:
            found.add((name, *(reach.algebra.key(reach.algebra.of(arg)) for arg in args)))
            continue
        decisive = args[1] if name == "div" else args[0]
        quotient = reach.algebra.of(decisive)
        if name in {"div", "pow"} and quotient.is_poly:
            found |= {("not 0", part) for part in _parts(quotient.top)}
            if name == "pow":
                found.add(("power", reach.algebra.key(reach.algebra.of(args[1]))))
        elif name in {"log", "log2", "log10"} and quotient.is_poly and quotient.top:
            found.add(("above 0", _scaled(quotient.top)))
        else:
            found.add((name, reach.algebra.key(quotient)))
    return frozenset(found)


def _parts(poly: p.Poly) -> list[Any]:
    """What must not be 0 for a product not to be 0."""
    common = p.content(poly)
    parts: list[Any] = [atom for atom, _ in common]
    rest = p.divided(poly, common)
    if p.known(rest) is None:
        plain = rest if rest[min(rest)] > 0 else p.scaled(rest, -1)
        parts.append(_scaled(plain))
    return parts


def _scaled(poly: p.Poly) -> Any:
    size = abs(poly[min(poly)])
    return frozenset(p.scaled(poly, 1 / size).items())
