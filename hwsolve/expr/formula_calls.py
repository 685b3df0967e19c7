"""Calls of functions that are short for a formula, and of losses: written out where they stand."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import EquationError, did_you_mean, setting_hint
from hwsolve.expr.signatures import LEFT_OUT
from hwsolve.expr.tree import Apply, Expr, Num, Sym

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hwsolve.expr.formula_row import Function
    from hwsolve.expr.losses import Loss
    from hwsolve.expr.lower import Lowered, Lowering
    from hwsolve.expr.operations import Shape

# exp(-x) is 0 in floats for a larger x.
LARGEST_POWER: Final = 700
# A loss over classes that means another one where the prediction is one number.
_OF_ONE_OUTPUT: Final = {"focal": "binary_focal", "focal_logits": "binary_focal_logits"}
_TIMES_LOG: Final = {"e": "xlogy", "2": "xlog2y", "10": "xlog10y"}


@lru_cache(maxsize=512)
def formula(text: str, base: str = "e") -> Expr:
    """A text of a table as an expression, in which 0·log(0) is 0; `base` is that of `log`."""
    from hwsolve.expr.parser import parse_expression

    return _zero_times_log(parse_expression(text), base)


def _zero_times_log(tree: Expr, base: str) -> Expr:
    """y·log(p) as the operation that is 0 where y and p are."""
    if not isinstance(tree, Apply):
        return tree
    args = tuple([_zero_times_log(arg, base) for arg in tree.args])
    match args:
        case (first, Apply(op="log" | "ln" as op, args=(inner,))) if tree.op == "mul":
            return Apply(_TIMES_LOG[base if op == "log" else "e"], (first, inner), (), tree.at)
    return Apply(tree.op, args, tree.attributes, tree.at)


def settings_of(expr: Apply, allowed: tuple[str, ...]) -> dict[str, Any]:
    """The settings of a call.

    Raises:
        EquationError: for one that the function does not have.
    """
    for key, _ in expr.attributes:
        if key not in allowed:
            hint = setting_hint(key, allowed)
            raise EquationError(f"'{expr.op}' has no setting '{key}'", expr.at, hint)
    return dict(expr.attributes)


def check_count(expr: Apply, least: int, most: int | None = None) -> None:
    """Refuse a call with too few or too many arguments."""
    count = len(expr.args)
    if not least <= count <= (least if most is None else most):
        values = "one value" if least == 1 else f"{least} values"
        if most not in {None, least}:
            values = f"{least} to {most} values"
        raise EquationError(f"'{expr.op}' takes {values}, not {count}", expr.at)


def function_call(lowering: Lowering, expr: Apply, row: Function) -> Lowered:
    """The formula of a function, its parameters standing for the arguments.

    Raises:
        EquationError: for a wrong number of arguments, or shapes that do not fit.
    """
    settings = settings_of(expr, (*(name for name, _ in row.settings), *row.parameters[1:]))
    least = len(row.parameters) - len(row.defaults)
    check_count(expr, least, len(row.parameters))
    parameters, args = _completed(lowering, expr, row.parameters, row.defaults, settings, row.name)
    if row.write is None and not row.lines:
        values = [lowering.lower(arg) for arg in args]
        body = row.body
        if row.scalar and isinstance(values[0], int) and not lowering.graph.shapes[values[0]]:
            body = row.scalar
        text = _filled(body, row, parameters)
        return inside(lowering, expr, parameters, values, formula(text, lowering.log_base))
    chosen = {**dict(row.settings), **settings}
    given: dict[str, Expr] = {}
    for name, arg in zip(parameters, args, strict=True):
        if name in row.whole:
            chosen[name] = lowering.whole(arg, expr.at)
        elif name != "eps" or arg != Num(0):
            given[name] = arg
    parameters = tuple(given)
    nodes = _named_arguments(lowering, tuple(given.values()))
    lines, text = row.lines, row.body
    if row.write is not None:
        shapes = {n: lowering.graph.shapes[node] for n, node in zip(parameters, nodes, strict=True)}
        try:
            lines, text = row.write(shapes, chosen)
        except EquationError as error:
            error.at = expr.at
            raise
    lines = tuple((name, _filled(line, row, parameters)) for name, line in lines)
    return _in_lines(lowering, expr, parameters, nodes, lines, _filled(text, row, parameters))


def _filled(text: str, row: Function | Loss, given: Collection[str]) -> str:
    from hwsolve.expr.pieces import filled

    return filled(text, row.optional, given)


def _completed(  # noqa: PLR0913  (what a call consists of)
    lowering: Lowering,
    expr: Apply,
    parameters: tuple[str, ...],
    defaults: tuple[str | None, ...],
    settings: dict[str, Any],
    name: str,
) -> tuple[tuple[str, ...], list[Expr]]:
    """The parameters that have a value, and the values, defaults among them."""
    first = len(parameters) - len(defaults)
    found: dict[str, Expr] = {}
    for place, parameter in enumerate(parameters):
        if place < len(expr.args) and expr.args[place] != LEFT_OUT:
            found[parameter] = expr.args[place]
        elif parameter in settings:
            value = settings[parameter]
            found[parameter] = Sym(value, expr.at) if isinstance(value, str) else Num(value)
        elif place < first:
            raise EquationError(f"'{expr.op}' needs a value for '{parameter}'", expr.at)
        elif (default := defaults[place - first]) is not None:
            lowering.defaults[f"{name}: {parameter}"] = default
            found[parameter] = formula(default)
    return tuple(found), list(found.values())


def _named_arguments(lowering: Lowering, args: Sequence[Expr | int]) -> list[int]:
    """The nodes of arguments, each with a name of its own: several lines will use it."""
    from hwsolve.expr.lines import split

    graph = lowering.graph
    nodes = []
    for arg in args:
        node = lowering.node(arg) if isinstance(arg, Expr) else arg
        row = graph.rows[node]
        if row is not None and graph.active[node] and node not in graph.labels:
            graph.labels[node] = Sym(lowering.fresh(row.letter))
            split(lowering, node)
        nodes.append(node)
    return nodes


def _in_lines(  # noqa: PLR0913  (what a formula in lines consists of)
    lowering: Lowering,
    expr: Apply,
    parameters: tuple[str, ...],
    nodes: Sequence[int],
    lines: Sequence[tuple[str, str]],
    text: str,
) -> Lowered:
    """A formula with named intermediate results, each of which gets a line of the working."""
    from hwsolve.expr.lines import split

    graph = lowering.graph
    names, values = list(parameters), list(nodes)
    # the tables count from 0, whatever the author does
    first, lowering.first_index = lowering.first_index, 0
    try:
        for name, line in lines:
            node = inside(lowering, expr, tuple(names), values, formula(line, lowering.log_base))
            assert isinstance(node, int)  # noqa: S101  (a table's line is one value)
            if graph.rows[node] is not None and node not in graph.labels:
                word = lowering.fresh_word(name)
                graph.labels[node] = Sym(word)
                # it may be asked for
                lowering.names[word] = node
                split(lowering, node)
            if name in names:
                values[names.index(name)] = node
            else:
                names.append(name)
                values.append(node)
        return inside(lowering, expr, tuple(names), values, formula(text, lowering.log_base))
    finally:
        lowering.first_index = first


def loss_call(lowering: Lowering, expr: Apply, loss: Loss) -> Lowered:
    """The formula of a loss, with its reduction.

    Raises:
        EquationError: for a wrong number of arguments, or shapes that do not fit.
    """
    from hwsolve.expr.losses import ASKED_REDUCTIONS

    if loss.name in _OF_ONE_OUTPUT and expr.args and not _is_array(lowering, expr.args[0]):
        from hwsolve.expr.loss_table import BY_NAME

        loss = BY_NAME[_OF_ONE_OUTPUT[loss.name]]
    own = ("reduction", "axis", *(("ignore_index",) if loss.takes_classes else ()))
    settings = settings_of(expr, (*own, *loss.parameters[2:]))
    least = len(loss.parameters) - len(loss.defaults)
    check_count(expr, least, len(loss.parameters))
    parameters, args = _completed(
        lowering, expr, loss.parameters, loss.defaults, settings, loss.name
    )
    nodes = [lowering.node(arg) for arg in args]
    reduction = settings.get("reduction", "")
    if reduction and reduction not in ASKED_REDUCTIONS:
        hint = did_you_mean(str(reduction), ASKED_REDUCTIONS)
        hint = hint or f"one of {', '.join(ASKED_REDUCTIONS)}"
        raise EquationError(f"unknown reduction '{reduction}'", expr.at, hint)
    shape = lowering.graph.shapes[nodes[0]]
    axis = settings.get("axis", -1)
    if axis not in {-1, *range(len(shape))}:
        raise EquationError(f"'{expr.op}' has no axis {axis}", expr.at)
    from hwsolve.expr.classes import Targets

    targets = Targets(lowering, expr, loss, parameters, nodes, axis)
    if loss.takes_classes:
        targets.as_classes(settings.get("ignore_index"))
    nodes = targets.nodes
    _same_shapes(lowering, expr, nodes[: loss.alike])
    if loss.name == "cross_entropy" and shape:
        lowering.probabilities.append((nodes[0], axis))
    examples = (shape[1] if axis == 0 else shape[0]) if len(shape) > 1 else None
    base = lowering.log_base
    given = frozenset(parameters)
    lines = tuple(
        (name, loss.along(line, examples, axis, given, base)) for name, line in loss.lines
    )
    body = loss.body(
        examples,
        axis=axis,
        reduction=targets.reduction(reduction),
        single_entry=not shape,
        given=given,
        base=base,
    )
    sentence = targets.sentence(reduction)
    if "log(softmax(" in body and _vanishes(lowering, nodes[0]):
        body = body.replace("log(softmax(", "(log_softmax(") + (
            "/ln(" + base + ")" if base != "e" else ""
        )
        sentence += (
            "; the smallest probability is less than floats can hold, so log(softmax(z)) is "
            "worked out as z - max(z) - log(sum(exp(z - max(z))))"
        )
    divisor = targets.divisor(reduction)
    if divisor:
        body += divisor
        parameters, nodes = (*parameters, "y_vectors"), [*nodes, targets.vectors]
    lowering.losses[loss.name] = sentence
    if not lines:
        return inside(lowering, expr, parameters, nodes, formula(body, base))
    nodes = _named_arguments(lowering, nodes)
    return _in_lines(lowering, expr, parameters, nodes, lines, body)


def _is_array(lowering: Lowering, expr: Expr) -> bool:
    lowered = lowering.lower(expr)
    return not isinstance(lowered, int) or bool(lowering.graph.shapes[lowered])


def _vanishes(lowering: Lowering, scores: int) -> bool:
    """Whether the softmax of scores has entries that floats make 0."""
    from hwsolve.expr.certify import float_system
    from hwsolve.expr.evaluation import evaluate

    graph = lowering.graph
    try:
        value = evaluate(graph, float_system(graph), graph.ancestors([scores]))[scores]
    except EquationError:
        return False
    return bool(value.max() - value.min() > LARGEST_POWER)


def _same_shapes(lowering: Lowering, expr: Apply, nodes: Sequence[int]) -> None:
    """Refuse a loss of arrays that would be stretched: a vector of 3 and a 3x1 make 3x3."""
    from hwsolve.expr.shapes import shape_text

    shapes: list[Shape] = [lowering.graph.shapes[node] for node in nodes]
    shapes = [shape for shape in shapes if shape]
    for shape in shapes[1:]:
        if shape != shapes[0]:
            raise EquationError(
                f"'{expr.op}' compares {shape_text(shapes[0])} with {shape_text(shape)}",
                expr.at,
                "give both the same shape",
            )


def inside(  # noqa: PLR0913  (what a call consists of)
    lowering: Lowering,
    expr: Apply,
    parameters: tuple[str, ...],
    nodes: Sequence[Lowered],
    body: Expr,
    *,
    of_table: bool = True,
) -> Lowered:
    """The body of a function, its parameters standing for the nodes of the arguments.

    In a body of a table the author's own names and functions mean nothing.
    """
    from hwsolve.expr.lower import MAX_NESTED_CALLS

    lowering.depth += 1
    if lowering.depth > MAX_NESTED_CALLS:
        raise EquationError(f"'{expr.op}' calls itself", expr.at)
    lowering.limit_size()
    outer, loops, before = lowering.local, lowering.loops, lowering.in_table
    lowering.local = dict(zip(parameters, nodes, strict=True))
    # a parameter hides an index of the same name
    lowering.loops = {name: at for name, at in loops.items() if name not in parameters}
    lowering.in_table = of_table
    try:
        return lowering.lower(body)
    except EquationError as error:
        # a place inside the function's own text means nothing to the reader
        error.at = expr.at
        raise
    finally:
        lowering.local, lowering.loops, lowering.in_table = outer, loops, before
        lowering.depth -= 1
