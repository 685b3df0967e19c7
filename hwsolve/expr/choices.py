"""Choices: `x*log(x) if x > 0 else 0`, where the piece that is not chosen may have no value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import EquationError
from hwsolve.expr.operations import OPERATIONS, TEST, Operation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hwsolve.expr.lower import Lowering
    from hwsolve.expr.tree import Apply

# Which argument of an operation may be one that has no value, by name.
_RISKY: Final[Mapping[str, int]] = {
    "log": 0, "log2": 0, "log10": 0, "sqrt": 0, "div": 1, "pow": 0, "xlogy": 1, "xlog2y": 1,
    "xlog10y": 1, "xdivy": 1,
}  # fmt: skip


def choice(lowering: Lowering, expr: Apply) -> int:
    """The node of `a if c else b`.

    In each piece an argument that has no value is replaced by 1 where the piece is not
    chosen: it is evaluated all the same, and then does not count.
    """
    condition = as_truth(lowering, lowering.node(expr.args[0]))
    pieces = []
    for position, taken in ((1, True), (2, False)):
        lowering.guards.append((condition, taken))
        try:
            pieces.append(lowering.node(expr.args[position]))
        finally:
            lowering.guards.pop()
    return lowering.graph.emit(OPERATIONS["where"], (condition, *pieces))


def guarded(lowering: Lowering, row: Operation, args: tuple[int, ...]) -> tuple[int, ...]:
    """The arguments of an operation in a piece of a choice, harmless where it is not chosen."""
    place = _RISKY.get(row.name)
    graph = lowering.graph
    if place is None or not graph.active[args[place]] or _has_value(lowering, row, args):
        return args
    changed = args[place]
    one = graph.constant(1)
    for condition, taken in lowering.guards:
        both = (changed, one) if taken else (one, changed)
        changed = graph.emit(OPERATIONS["where"], (condition, *both))
        graph.guards[changed] = both[0 if taken else 1]
    return (*args[:place], changed, *args[place + 1 :])


def _has_value(lowering: Lowering, row: Operation, args: tuple[int, ...]) -> bool:
    """Whether an operation has a value (in every entry) with the numbers that are given."""
    from hwsolve.expr.certify import float_system

    graph, known = lowering.graph, lowering.found
    system = float_system(graph)
    try:
        with system.scope():
            stack = [*args]
            while stack:
                node = stack[-1]
                missing = [arg for arg in graph.args[node] if arg not in known]
                if node in known or missing:
                    stack = stack[:-1] if node in known else stack + missing
                    continue
                own = graph.rows[node]
                if own is None:
                    known[node] = system.number(graph.values[node])
                else:
                    settings: dict[str, Any] = dict(graph.attributes[node])
                    inner = [known[arg] for arg in graph.args[node]]
                    known[node] = own.compute(system, *inner, **settings)
                stack.pop()
            row.compute(system, *[known[arg] for arg in args])
    except (EquationError, ArithmeticError, ValueError):
        return False
    except TypeError:
        return True  # a symbol without a number
    return True


def as_truth(lowering: Lowering, node: int) -> int:
    """A condition as 1 or 0: of any other value it is asked whether it is 0."""
    if _is_truth(lowering, node):
        return node
    return lowering.graph.emit(OPERATIONS["ne"], (node, lowering.graph.constant(0)))


def _is_truth(lowering: Lowering, node: int) -> bool:
    """Whether a value is 1 or 0: a comparison, or several with `and` or `or`."""
    row = lowering.graph.rows[node]
    if row is not None and row.name in {"mul", "maximum"}:
        return all(_is_truth(lowering, arg) for arg in lowering.graph.args[node])
    return row is not None and row.kind == TEST
