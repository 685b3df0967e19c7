"""Calls in equations: `relu(x)`, `sum(x, axis=0)`, `mse(yhat, y)`, `s(z)`."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import EquationError, did_you_mean
from hwsolve.expr.classes import OVER_CLASSES, target_of
from hwsolve.expr.operations import ALIASES, ARITHMETIC, OPERATIONS, TEST, Operation
from hwsolve.expr.tree import Apply, Expr, Num

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hwsolve.expr.lower import Lowered, Lowering

# What may stand behind the arguments of a call, by the name of the function.
_SETTINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "sum": ("axis", "keepdims"),
    "mean": ("axis", "keepdims"),
    "max": ("axis", "keepdims"),
    "min": ("axis", "keepdims"),
    "argmax": ("axis",),
    "argmin": ("axis",),
    "first": ("axis",),
    "softmax": ("axis",),
    "log_softmax": ("axis",),
    "concat": ("axis",),
}
# Several numbers in a row are a reduction too: max(0, x), sum(a, b, c).
_SPREAD: Final = {"sum", "mean", "max", "min", "prod"}
_MAKERS: Final = ("zeros", "ones", "eye", "onehot")
_RESHAPERS: Final = ("reshape", "column", "row", "flatten")
_HIDDEN: Final = {"item", "place", "spread", "sum_to", "identity", "neg", "add", "sub", "div"}


@cache
def known_functions() -> frozenset[str]:
    """Every name that may stand before a bracket."""
    from hwsolve.expr.functions import FUNCTION_ALIASES, FUNCTIONS
    from hwsolve.expr.losses import known_losses
    from hwsolve.expr.tensors import TENSORS

    names = {name for name, row in OPERATIONS.items() if row.kind not in {ARITHMETIC, TEST}}
    names |= {*TENSORS, *FUNCTIONS, *FUNCTION_ALIASES, *known_losses(), *ALIASES, *_MAKERS}
    names |= {*_RESHAPERS, *_SPREAD, "pow", "transpose", "matmul"}
    return frozenset(names - _HIDDEN)


def call(  # noqa: C901, PLR0911  (one kind of call after the other)
    lowering: Lowering, expr: Apply
) -> Lowered:
    """The node of a call.

    Raises:
        EquationError: for an unknown function, a wrong number of arguments or a
            setting that the function does not have.
    """
    name = expr.op
    if name in lowering.functions:
        return _written_out(lowering, expr, name)
    if name == "log" and lowering.log_base in {"2", "10"}:
        name = f"log{lowering.log_base}"
    if name in lowering.names or name in lowering.local:
        raise EquationError(
            f"'{name}' is a value, not a function", expr.at, f"write {name}*(...) for a product"
        )
    row = OPERATIONS.get(name)
    if row is not None and row.kind in {ARITHMETIC, TEST} and name != "pow":
        return _elementwise(lowering, expr, row)
    if name in ALIASES:
        lowering.used_aliases[name] = ALIASES[name]
        name = ALIASES[name]
        row = OPERATIONS.get(name)
    if name in _MAKERS:
        return _made(lowering, expr, name)
    if name in _RESHAPERS:
        return _reshaped(lowering, expr, name)
    if name in _SPREAD and (len(expr.args) > 1 or name == "prod"):
        return _spread(lowering, expr, name)
    if row is not None and name not in {"maximum", "minimum"}:
        _settings(expr, ())
        return _elementwise(lowering, expr, row)
    if row is not None:
        return _spread(lowering, expr, name[:3])
    return _array_call(lowering, expr, name)


def _array_call(lowering: Lowering, expr: Apply, name: str) -> Lowered:
    from hwsolve.expr.functions import FUNCTION_ALIASES, FUNCTIONS
    from hwsolve.expr.losses import find_loss
    from hwsolve.expr.tensors import TENSORS

    name = FUNCTION_ALIASES.get(name, name)
    if name in TENSORS and name not in _HIDDEN:
        return _tensor(lowering, expr, TENSORS[name])
    if name in FUNCTIONS:
        return _function(lowering, expr, name)
    loss = find_loss(name)
    if loss is not None:
        return _loss(lowering, expr, loss)
    hint = did_you_mean(name, {*known_functions(), *lowering.functions})
    raise EquationError(
        f"unknown function '{name}'", expr.at, hint or f"define it: {name}(z) = ..."
    )


def _settings(expr: Apply, allowed: tuple[str, ...]) -> dict[str, Any]:
    for key, _ in expr.attributes:
        if key not in allowed:
            known = " and ".join(f"'{word}='" for word in allowed)
            hint = did_you_mean(key, allowed) or (f"it takes {known}" if known else "")
            raise EquationError(f"'{expr.op}' has no setting '{key}'", expr.at, hint)
    return dict(expr.attributes)


def _count(expr: Apply, wanted: int) -> None:
    if len(expr.args) != wanted:
        values = "one value" if wanted == 1 else f"{wanted} values"
        raise EquationError(f"'{expr.op}' takes {values}, not {len(expr.args)}", expr.at)


def _elementwise(lowering: Lowering, expr: Apply, row: Operation) -> int:
    if row.arity is not None:
        _count(expr, row.arity)
    return _emit(lowering, expr, row, tuple(lowering.node(arg) for arg in expr.args))


def _emit(
    lowering: Lowering,
    expr: Apply,
    row: Operation,
    args: tuple[int, ...],
    settings: dict[str, Any] | None = None,
) -> int:
    try:
        return lowering.graph.emit(row, args, tuple((settings or {}).items()))
    except EquationError as error:
        error.at = expr.at if error.at < 0 else error.at
        raise


def _tensor(lowering: Lowering, expr: Apply, row: Operation) -> int:
    from hwsolve.expr.lower import Bundle

    settings = _settings(expr, _SETTINGS.get(row.name, ()))
    if row.arity is not None:
        _count(expr, row.arity)
    if row.name in _SPREAD and not settings:
        only = lowering.lower(expr.args[0])
        if isinstance(only, Bundle):
            if only.given is not None:
                lowering.all_entries(only)
            return lowering.combine(row.name, [only.entries[at] for at in sorted(only.entries)])
    args = tuple(lowering.node(arg) for arg in expr.args)
    for arg in args:
        # these three say themselves what they need
        if not lowering.graph.shapes[arg] and row.name not in {"stack", "outer", "matmul"}:
            if row.name == "transpose":
                return arg
            raise EquationError(f"'{expr.op}' works on an array, not on a number", expr.at)
    return _emit(lowering, expr, row, args, settings)


def _spread(lowering: Lowering, expr: Apply, name: str) -> int:
    _settings(expr, ())
    nodes = [lowering.node(arg) for arg in expr.args]
    graph = lowering.graph
    if len(nodes) == 1:
        nodes = _entries(lowering, expr, nodes[0])
    if name == "max" and len(nodes) == 2:  # noqa: PLR2004  (max(0, x) is the ReLU)
        for zero, other in (nodes, nodes[::-1]):
            if graph.values[zero] == 0 and not graph.active[zero]:
                return _emit(lowering, expr, OPERATIONS["relu"], (other,))
    try:
        return lowering.combine(name, nodes)
    except EquationError as error:
        error.at = expr.at
        raise


def _entries(lowering: Lowering, expr: Apply, node: int) -> list[int]:
    """The entries of an array, one by one."""
    from itertools import product

    from hwsolve.expr.tensors import TENSORS

    graph = lowering.graph
    if not graph.shapes[node]:
        raise EquationError(f"'{expr.op}' works on an array, not on a number", expr.at)
    if len(graph.args[node]) > 1 and graph.rows[node] is TENSORS["stack"]:
        return [*graph.args[node]]
    places = product(*map(range, graph.shapes[node]))
    return [graph.emit(TENSORS["item"], (node,), (("at", at),)) for at in places]


def _function(lowering: Lowering, expr: Apply, name: str) -> Lowered:
    from hwsolve.expr.functions import FUNCTIONS
    from hwsolve.expr.parser import parse_expression

    row = FUNCTIONS[name]
    settings = _settings(expr, row.parameters[1:] if row.defaults else ())
    args = list(expr.args)
    first_default = len(row.parameters) - len(row.defaults)
    if not first_default <= len(args) <= len(row.parameters):
        _count(expr, first_default)
    for position in range(len(args), len(row.parameters)):
        parameter = row.parameters[position]
        default = row.defaults[position - first_default]
        if parameter not in settings:
            lowering.defaults[f"{name}: {parameter}"] = default
            args.append(parse_expression(default))
            continue
        args.append(Num(settings[parameter]))
    return _inside(lowering, expr, row.parameters, args, parse_expression(row.body))


def _written_out(lowering: Lowering, expr: Apply, name: str) -> Lowered:
    equation = lowering.functions[name]
    _settings(expr, ())
    parameters = equation.parameters or ()
    _count(expr, len(parameters))
    return _inside(lowering, expr, parameters, list(expr.args), equation.body)


def _loss(lowering: Lowering, expr: Apply, loss: Any) -> Lowered:
    from hwsolve.expr.losses import REDUCTIONS
    from hwsolve.expr.parser import parse_expression

    settings = _settings(expr, ("reduction", "axis"))
    _count(expr, len(loss.parameters))
    nodes = [lowering.node(arg) for arg in expr.args]
    shape = lowering.graph.shapes[nodes[0]]
    if loss.name in OVER_CLASSES and len(nodes) == 2:  # noqa: PLR2004  (prediction and target)
        target = target_of(lowering, nodes[0], nodes[1], expr.at)
        if target != nodes[1]:
            lowering.numbered_classes = True
            nodes[1] = target
        if loss.name == "cross_entropy" and shape:
            lowering.probabilities.append((nodes[0], settings.get("axis", -1)))
    _same_shapes(lowering, expr, nodes)
    reduction = settings.get("reduction", "")
    if reduction and reduction not in REDUCTIONS:
        raise EquationError(
            f"unknown reduction '{reduction}'", expr.at, f"one of {', '.join(REDUCTIONS)}"
        )
    axis = settings.get("axis", -1)
    examples = (shape[1] if axis == 0 else shape[0]) if len(shape) > 1 else None
    body = loss.body(examples, axis=axis, reduction=reduction, single_entry=not shape)
    return _inside(lowering, expr, loss.parameters, nodes, parse_expression(body))


def _same_shapes(lowering: Lowering, expr: Apply, nodes: list[int]) -> None:
    """Refuse a loss of arrays that would be stretched: a vector of 3 and a 3x1 make 3x3."""
    from hwsolve.expr.shapes import shape_text

    shapes = [lowering.graph.shapes[node] for node in nodes if lowering.graph.shapes[node]]
    for shape in shapes[1:]:
        if shape != shapes[0]:
            raise EquationError(
                f"'{expr.op}' compares {shape_text(shapes[0])} with {shape_text(shape)}",
                expr.at,
                "give both the same shape",
            )


def _inside(
    lowering: Lowering,
    expr: Apply,
    parameters: tuple[str, ...],
    args: list[Any],
    body: Expr,
) -> Lowered:
    """The body of a function, its parameters standing for the arguments."""
    from hwsolve.expr.lower import MAX_NESTED_CALLS

    nodes = [arg if isinstance(arg, int) else lowering.lower(arg) for arg in args]
    lowering.depth += 1
    if lowering.depth > MAX_NESTED_CALLS:
        raise EquationError(f"'{expr.op}' calls itself", expr.at)
    lowering.limit_size()
    outer, loops = lowering.local, lowering.loops
    lowering.local = dict(zip(parameters, nodes, strict=True))
    # a parameter hides an index of the same name
    lowering.loops = {name: at for name, at in loops.items() if name not in parameters}
    try:
        return lowering.lower(body)
    except EquationError as error:
        # a place inside the function's own text means nothing to the reader
        error.at = expr.at
        raise
    finally:
        lowering.local, lowering.loops = outer, loops
        lowering.depth -= 1


def _sizes(lowering: Lowering, args: tuple[Expr, ...]) -> tuple[int, ...]:
    return tuple(lowering.whole(arg) for arg in args)


def _made(lowering: Lowering, expr: Apply, name: str) -> int:
    """`zeros(2, 3)`, `ones(4)`, `eye(3)`, `onehot(k, n)`: arrays of constants."""
    from hwsolve.expr.constants import made

    _settings(expr, ())
    try:
        return lowering.graph.constant(
            made(name, _sizes(lowering, expr.args), lowering.first_index)
        )
    except EquationError as error:
        error.at = expr.at
        raise


def _reshaped(lowering: Lowering, expr: Apply, name: str) -> int:
    """`reshape(x, 2, 3)`, `column(x)`, `row(x)`, `flatten(x)`."""
    from math import prod

    from hwsolve.expr.tensors import TENSORS

    settings = _settings(expr, ("shape",) if name == "reshape" else ())
    node = lowering.node(expr.args[0])
    entries = prod(lowering.graph.shapes[node])
    if name == "reshape":
        shape = settings.get("shape") or _sizes(lowering, expr.args[1:])
        if -1 in shape:
            known = -prod(shape)
            shape = tuple(entries // known if size == -1 and known else size for size in shape)
    else:
        _count(expr, 1)
        shape = {"column": (entries, 1), "row": (1, entries), "flatten": (entries,)}[name]
    return _emit(lowering, expr, TENSORS["reshape"], (node,), {"shape": tuple(shape)})
