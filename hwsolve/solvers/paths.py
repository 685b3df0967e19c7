"""The backward part of the working: local derivatives, paths, chain-rule products."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from hwsolve.expr.backward import derivative_label
from hwsolve.expr.notation import text
from hwsolve.expr.tree import Apply, Deriv, Expr, Num, Sym
from hwsolve.solution import Block, Section, Step, Text
from hwsolve.solvers.local import difference_form, label, local_steps
from hwsolve.solvers.through_time import (
    FIRST,
    LAST,
    MOST_STEPS,
    contribution_sections,
    shortened,
)
from hwsolve.solvers.uses import use_sections

if TYPE_CHECKING:
    from hwsolve.expr.backward import Gradient
    from hwsolve.solvers.graph import Solved

# Up to this many paths are shown one by one; beyond, gradients are accumulated.
PATHS: Final = 4
# A chain with more factors is no longer a line that anybody reads.
FACTORS: Final = 14


def chain_sections(solved: Solved) -> list[Section]:
    """The sections for all gradients of a problem, first derivatives first."""
    found: list[Section] = []
    for gradient in solved.lowering.derivatives.known.values():
        wanted = [node for node in sorted(gradient.wrt) if node in gradient.adjoints]
        wanted = [node for node in wanted if solved.values[gradient.adjoints[node]] is not None]
        if not wanted:
            continue
        found.extend(_sections(solved, gradient, wanted))
        if solved.through.length > 1:
            found.extend(contribution_sections(solved, gradient, wanted))
        else:
            found.extend(use_sections(solved, gradient, wanted))
    return found


def _sections(solved: Solved, gradient: Gradient, wanted: list[int]) -> list[Section]:
    used = _lines_used(gradient, wanted)
    scalar = all(line in gradient.locals for line in used)
    of = text(label(solved, gradient.top))
    if not scalar:
        inner = [line for line in used if line in gradient.locals and line != gradient.top]
        inner = _shown(solved, inner)
        local = tuple(local_steps(solved, gradient, inner))
        accumulated = tuple(_accumulated(solved, gradient, used))
        backward = Section(f"Backward: gradients of {of}", accumulated, detail="short")
        return [Section(f"Local derivatives for {of}", local), backward] if local else [backward]
    local = tuple(local_steps(solved, gradient, _shown(solved, used)))
    found = []
    lines = _gradient_lines(solved, used)
    if lines:
        found.append(Section(f"{of} as a formula", lines))
    if local:
        found.append(Section(f"Local derivatives for {of}", local))
    counts = _path_counts(gradient, used)
    blocks: list[Block] = []
    accumulate = any(counts.get(node, 0) > PATHS for node in wanted) or any(
        length > FACTORS for length in _lengths(gradient, used, wanted)
    )
    if accumulate or _rounds(solved):
        blocks.extend(_accumulated(solved, gradient, used))
        if accumulate:
            reverse = Section(f"Gradients of {of}, in reverse order", tuple(blocks), detail="short")
            return [*found, reverse]
        found.append(Section(f"Gradients of {of}, in reverse order", tuple(blocks)))
        blocks = []
    for node in wanted:
        blocks.extend(_chains(solved, gradient, node))
    if blocks:
        found.append(Section(f"Chain rule for {of}", tuple(blocks), detail="short"))
    return found


def _gradient_lines(solved: Solved, used: list[int]) -> tuple[Block, ...]:
    """The lines of a first derivative that a second one goes through, as formulas."""
    from hwsolve.solvers.working import line_step

    labels = solved.graph.labels
    return tuple(
        line_step(solved, line) for line in sorted(used) if isinstance(labels.get(line), Deriv)
    )


def _shown(solved: Solved, lines: list[int]) -> list[int]:
    """The lines of time steps that are worked out on paper."""
    if not solved.through.is_cut:
        return lines
    return [line for line in lines if solved.through.is_shown(solved.graph.origin[line])]


def _rounds(solved: Solved) -> bool:
    return solved.problem.settings.round_steps is not None


def _lines_used(gradient: Gradient, wanted: list[int]) -> list[int]:
    """The lines that lie between the top and the wanted nodes, from the top down."""
    used: set[int] = set()
    stack = list(wanted)
    while stack:
        for line, _ in gradient.parts.get(stack.pop(), ()):
            if line not in used:
                used.add(line)
                stack.append(line)
    return sorted(used, reverse=True)


def _accumulated(solved: Solved, gradient: Gradient, used: list[int]) -> list[Block]:
    """Gradients in reverse order, each from those above it."""
    from hwsolve.solvers.working import number_forms

    graph = solved.graph
    steps: list[Block] = []
    shown = _shown(solved, [line for line in used if line != gradient.top])
    wanted = [node for node in sorted(gradient.wrt) if node not in shown and node != gradient.top]
    for node in [*shown, *wanted]:
        adjoint = gradient.adjoints.get(node)
        if adjoint is None or solved.values[adjoint] is None:
            continue
        name = derivative_label(solved.graph, gradient.top, node)
        lines = [line for line, _ in gradient.parts[node] if line in gradient.locals]
        if len(lines) == len(gradient.parts[node]):
            formula, numbers = _products(solved, gradient, node)
            forms: tuple[Expr, ...] = (formula, numbers)
            if isinstance(formula, Deriv):
                # straight below the top the product is one factor, the local derivative
                formula = graph.expression(gradient.locals[lines[0]][node], plain=True)
                forms = (formula, *number_forms(solved, formula))
            if isinstance(formula, Num):
                forms = ()
        else:
            formula = _formula(solved, gradient, node)
            forms = (formula, *number_forms(solved, formula))
            shorter = difference_form(solved, gradient, node)
            if shorter is not None:
                forms = (formula, shorter, *number_forms(solved, shorter))
            if isinstance(formula, Num) or not graph.active[adjoint]:
                # a constant stretched to a shape says nothing beside its value
                forms = ()
        value = solved.values[adjoint]
        steps.append(Step(name, forms, value, shape=graph.shapes[node]))
    return steps


def _formula(solved: Solved, gradient: Gradient, node: int) -> Expr:
    """The gradient of an array as a formula; of many contributions the first and the last."""
    graph, parts = solved.graph, gradient.parts[node]
    if solved.through.is_cut and len(parts) > MOST_STEPS:
        ends = [part for _, part in reversed(parts)]
        terms = [graph.expression(part) for part in (*ends[:FIRST], *ends[-LAST:])]
        return Apply("add", (*terms[:FIRST], Sym("…"), *terms[FIRST:]))
    adjoint = gradient.adjoints[node]
    name = derivative_label(graph, gradient.top, node)
    return graph.expression(adjoint, inside=graph.labels.get(adjoint) == name)


def _products(solved: Solved, gradient: Gradient, node: int) -> tuple[Expr, Expr]:
    """dL/dS3·dS3/ds1 + ... in symbols and in numbers."""
    symbols: list[Expr] = []
    numbers: list[Expr] = []
    for line, _ in reversed(gradient.parts[node]):
        local = gradient.locals[line][node]
        inner = Deriv(label(solved, line), (label(solved, node),), partial=True)
        if line == gradient.top:
            symbols.append(inner)
            numbers.append(Num(_value(solved, local)))
            continue
        outer = derivative_label(solved.graph, gradient.top, line)
        symbols.append(Apply("mul", (outer, inner)))
        above = Num(_value(solved, gradient.adjoints[line]))
        numbers.append(Apply("mul", (above, Num(_value(solved, local)))))
    if len(symbols) == 1:
        return symbols[0], numbers[0]
    if solved.through.is_cut:
        symbols, numbers = shortened(symbols), shortened(numbers)
    return Apply("add", tuple(symbols)), Apply("add", tuple(numbers))


def _value(solved: Solved, node: int) -> Any:
    value = solved.values[node]
    return solved.graph.values[node] if value is None else value


def _path_counts(gradient: Gradient, used: list[int]) -> dict[int, int]:
    """The number of paths from the top to each node."""
    counts = {gradient.top: 1}
    for line in sorted({gradient.top, *used}, reverse=True):
        for arg in gradient.locals.get(line, ()):
            counts[arg] = counts.get(arg, 0) + counts.get(line, 0)
    return counts


def _lengths(gradient: Gradient, used: list[int], wanted: list[int]) -> list[int]:
    """The length of the longest path to each wanted node."""
    longest = {gradient.top: 0}
    for line in sorted({gradient.top, *used}, reverse=True):
        for arg in gradient.locals.get(line, ()):
            longest[arg] = max(longest.get(arg, 0), longest.get(line, 0) + 1)
    return [longest.get(node, 0) for node in wanted]


def _paths(gradient: Gradient, node: int) -> list[list[int]]:
    """Every path from the top down to a node, as lists of nodes."""
    if node == gradient.top:
        return [[node]]
    found: list[list[int]] = []
    for line, _ in reversed(gradient.parts.get(node, [])):
        found.extend([*path, node] for path in _paths(gradient, line))
    return found


def _chains(solved: Solved, gradient: Gradient, node: int) -> list[Block]:
    """The chain-rule product of each path, then their sum."""
    if node == gradient.top:
        return [Step(Deriv(label(solved, node), (label(solved, node),)), (), 1)]
    name = derivative_label(solved.graph, gradient.top, node)
    value = solved.values[gradient.adjoints[node]]
    paths = _paths(gradient, node)
    if len(paths) > 1 and _rounds(solved):
        # rounded products of paths need not add up to what was accumulated above
        return []
    products = [_chain(solved, gradient, path) for path in paths]
    if len(paths) == 1:
        symbols, numbers, worked = products[0]
        if _rounds(solved) and worked != value:
            return []
        # straight below the top the product is one factor, the name itself
        forms = tuple(numbers) if isinstance(symbols, Deriv) else (symbols, *numbers)
        return [Step(name, forms, value)]
    below, above = text(label(solved, node)), text(label(solved, gradient.top))
    blocks: list[Block] = [Text((name, f": {len(paths)} paths lead from {below} to {above}"))]
    for position, (path, (symbols, numbers, worked)) in enumerate(
        zip(paths, products, strict=True), start=1
    ):
        through = [text(label(solved, step)) for step in path[1:-1]]
        reason = "through " + ", ".join(reversed(through)) if through else "straight"
        if len(paths) == 2 and len(path) + 1 < max(map(len, paths)):  # noqa: PLR2004  (a skip and a way round)
            reason += ", the short way"
        blocks.append(Step(Sym(f"path{position}"), (symbols, *numbers), worked, reason))
    total = [worked for _, _, worked in products]
    names = Apply("add", tuple(Sym(f"path{n}") for n in range(1, len(paths) + 1)))
    blocks.append(Step(name, (names, Apply("add", tuple(map(Num, total)))), value))
    return blocks


def _chain(solved: Solved, gradient: Gradient, path: list[int]) -> tuple[Expr, list[Expr], Any]:
    """A path's product: in symbols, in numbers (rounded as it goes), and its value."""
    symbols: Expr | None = None
    values: list[Any] = []
    for line, arg in pairwise(path):
        factor = Deriv(label(solved, line), (label(solved, arg),), partial=True)
        symbols = factor if symbols is None else Apply("mul", (symbols, factor))
        values.append(_value(solved, gradient.locals[line][arg]))
    assert symbols is not None  # noqa: S101  (a path has two ends)
    system = solved.system
    forms = [_product(values)] if len(values) > 1 else []
    with system.scope():
        product = system.number(values[0]) if isinstance(values[0], int) else values[0]
        for position, value in enumerate(values[1:], start=2):
            product = system.finish(product * value)
            rest = values[position:]
            if _rounds(solved) and rest:
                forms.append(_product([product, *rest]))
    return symbols, forms, product


def _product(values: list[Any]) -> Expr:
    result: Expr = Num(values[0])
    for value in values[1:]:
        result = Apply("mul", (result, Num(value)))
    return result
