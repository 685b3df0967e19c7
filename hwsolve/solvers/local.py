"""Local derivatives as a student writes them: the branch taken, p - y for a softmax."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hwsolve.expr.backward import accumulate, derivative_label
from hwsolve.expr.notation import text
from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Sym
from hwsolve.solution import Block, Step

if TYPE_CHECKING:
    from hwsolve.expr.backward import Gradient
    from hwsolve.solvers.graph import Solved

_OPPOSITE: Final = {"lt": "ge", "le": "gt", "gt": "le", "ge": "lt", "eq": "ne", "ne": "eq"}
_SLOPES: Final = {"sigmoid": "σ' = σ(1 - σ)", "tanh": "tanh' = 1 - tanh²"}
CLOSE: Final = 1e-9
MOST_EXAMPLES: Final = 1_000_000


def label(solved: Solved, node: int) -> Expr:
    """The name of a node."""
    return solved.graph.labels.get(node, Sym("result"))


def side(value: Any) -> str:
    """The sign between a value and 0."""
    return ">" if value > 0 else "<" if value < 0 else "="


def local_steps(solved: Solved, gradient: Gradient, used: list[int]) -> list[Block]:
    """A step for each local derivative on a way from the top to what was asked for."""
    toward = gradient.wrt | set(gradient.locals)
    return [
        _local_step(solved, line, arg, node)
        for line in used
        for arg, node in gradient.locals[line].items()
        if arg in toward and solved.through.is_shown(solved.graph.origin[arg])
    ]


def _local_step(solved: Solved, line: int, arg: int, node: int) -> Step:
    from hwsolve.solvers.working import number_forms

    graph = solved.graph
    name = Deriv(label(solved, line), (label(solved, arg),), partial=True)
    value = solved.values[node]
    row = graph.rows[line]
    operation = row.name if row is not None else ""
    inner = graph.args[line][0] if graph.args[line] else -1
    if operation == "relu" and inner in graph.labels:
        reason = f"{text(label(solved, inner))} {side(solved.floats[inner])} 0"
        return Step(name, (), value, reason)
    if operation == "where":
        formula, reason = _branch(solved, line, arg)
    else:
        own = graph.labels.get(node) == derivative_label(graph, line, arg)
        formula = graph.expression(node, inside=own, plain=not isinstance(name.top, Deriv))
        reason = _SLOPES.get(operation, "") if inner == arg else ""
    if isinstance(formula, Num):
        return Step(name, (), value if value is not None else formula.value, reason)
    named = isinstance(formula, (Sym, Index, Deriv))
    forms = (formula, *(() if named else number_forms(solved, formula)))
    return Step(name, forms, value, reason)


def _branch(solved: Solved, line: int, arg: int) -> tuple[Expr, str]:
    """The derivative of the branch that a condition chooses, and why it is this one."""
    graph = solved.graph
    condition, yes, no = graph.args[line]
    holds = bool(solved.floats[condition])
    branch = yes if holds else no
    tested = graph.expression(condition)
    if isinstance(tested, Apply) and not holds and tested.op in _OPPOSITE:
        tested = Apply(_OPPOSITE[tested.op], tested.args)
    reason = text(tested) if isinstance(tested, Apply) and tested.op in _OPPOSITE else ""
    if branch == arg:
        return Num(1), reason
    if branch in graph.labels or graph.rows[branch] is None:
        return Num(0), reason
    reached = bytearray(b"\x01") * len(graph)
    terms = accumulate(graph, branch, graph.term(graph.constant(1)), reached)
    if arg not in terms:
        return Num(0), reason
    return graph.expression(terms[arg].node), reason


def difference_form(solved: Solved, gradient: Gradient, node: int) -> Expr | None:
    """(P - Y)/n for the gradient of the scores under a cross-entropy: of a softmax or sigmoid.

    It is the same as the formula of the chain rule where the entries of Y add up to
    1; whether it is, is decided by the values.
    """
    graph = solved.graph
    lines = [line for line, _ in gradient.parts.get(node, ())]
    rows = [row.name for line in lines if (row := graph.rows[line]) is not None]
    # without a line of their own, the scores are not what the gradient belongs to
    if rows not in (["softmax"], ["sigmoid"]) or graph.shapes[node] != graph.shapes[lines[0]]:
        return None
    output = lines[0]
    target = _divided_target(solved, gradient.adjoints.get(output), output)
    if target is None or not graph.shapes[output]:
        return None
    found = solved.floats[gradient.adjoints[node]]
    count = _times(found, solved.floats[output] - solved.floats[target])
    plain = Apply("sub", (label(solved, output), graph.expression(target)))
    if count is None:
        return None
    return plain if count == 1 else Apply("div", (plain, Num(count)))


def _times(found: Any, difference: Any) -> int | None:
    """The whole number by which an array has to be divided to give another, if there is one."""
    size = float((difference * difference).sum())
    factor = float((found * difference).sum()) / size if size else 0.0
    count = round(1 / factor) if factor > 0 else 0
    if not 1 <= count <= MOST_EXAMPLES or abs(factor * count - 1) > CLOSE:
        return None
    apart = float(abs(found - difference / count).max())
    return count if apart <= CLOSE * (1 + float(abs(found).max())) else None


def _divided_target(solved: Solved, adjoint: int | None, output: int) -> int | None:
    """Y in a gradient of the form -Y/P, if that is what it is."""
    graph = solved.graph
    stack = [] if adjoint is None else [adjoint]
    while stack:
        node = stack.pop()
        row = graph.rows[node]
        if row is None:
            continue
        above = graph.args[node][0]
        if row.name in {"div", "xdivy"} and graph.args[node][1] == output:
            while (inner := graph.rows[above]) is not None and inner.name in {"mul", "neg"}:
                above = graph.args[above][-1]
            return above if graph.shapes[above] == graph.shapes[output] else None
        stack.extend(arg for arg in graph.args[node] if arg not in graph.labels)
    return None
