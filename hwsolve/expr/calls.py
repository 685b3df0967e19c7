"""Calls in equations: `relu(x)`, `sum(x, axis=0)`, `mse(yhat, y)`, `s(z)`."""

from __future__ import annotations

from contextlib import nullcontext
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import EquationError, did_you_mean
from hwsolve.expr.formula_calls import check_count, function_call, inside, loss_call, settings_of
from hwsolve.expr.operations import ALIASES, ARITHMETIC, OPERATIONS, TEST, Operation
from hwsolve.expr.tree import Apply, Num

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hwsolve.expr.lower import Lowered, Lowering
    from hwsolve.expr.tree import Expr

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
    "masked_softmax": ("axis",),
    "concat": ("axis",),
    "stack": ("axis",),
    "cumsum": ("axis", "reverse"),
}
# Settings by the names that PyTorch gives them.
_ALSO: Final[Mapping[str, str]] = {"dim": "axis", "keepdim": "keepdims"}
# Several numbers in a row are a reduction too: max(0, x), sum(a, b, c).
_SPREAD: Final = {"sum", "mean", "max", "min", "prod"}
_MAKERS: Final = ("zeros", "ones", "eye", "onehot", "arange", "causal_mask")
_RESHAPERS: Final = ("reshape", "column", "row", "flatten")
_OF_SCORES: Final = {"cross_entropy": "cross_entropy_logits"}
# How to write what other languages have a function for.
_HINTS: Final[Mapping[str, str]] = {
    "len": "write the size as a number",
    "size": "write the size as a number",
    "shape": "write the size as a number",
    "grad": "a gradient is used by its name: dL/dw",
    "gradient": "a gradient is used by its name: dL/dw",
    "hstack": "write concat(a, b, axis=1), or concat(u, v) for vectors",
    "vstack": "write concat(a, b), or stack(u, v) for vectors",
    "einsum": "write products with @, swap and sum",
}
_HIDDEN: Final = {"item", "place", "spread", "sum_to", "identity", "neg", "add", "sub", "div"}


@cache
def known_functions() -> frozenset[str]:
    """Every name that may stand before a bracket."""
    from hwsolve.expr.array_calls import array_names
    from hwsolve.expr.functions import FUNCTION_ALIASES, FUNCTIONS
    from hwsolve.expr.losses import known_losses
    from hwsolve.expr.tensors import TENSORS

    names = {name for name, row in OPERATIONS.items() if row.kind not in {ARITHMETIC, TEST}}
    names |= {*TENSORS, *FUNCTIONS, *FUNCTION_ALIASES, *known_losses(), *ALIASES, *_MAKERS}
    names |= {*_RESHAPERS, *_SPREAD, *array_names(), "pow", "matmul"}
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
    if name in lowering.functions and not lowering.in_table:
        return _written_out(lowering, expr, name)
    if name == "log" and lowering.log_base in {"2", "10"}:
        name = f"log{lowering.log_base}"
    if not lowering.in_table and (name in lowering.names or name in lowering.local):
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
        with lowering.unguarded():
            return _reshaped(lowering, expr, name)
    if name in _SPREAD and (len(expr.args) > 1 or (name == "prod" and not expr.attributes)):
        # a product of all entries is no longer entry by entry
        with lowering.unguarded() if len(expr.args) == 1 else nullcontext():
            return _spread(lowering, expr, name)
    if row is not None and name not in {"maximum", "minimum"}:
        settings_of(expr, ())
        return _elementwise(lowering, expr, row)
    if row is not None:
        return _spread(lowering, expr, name[:3])
    return _array_call(lowering, expr, name)


def _array_call(lowering: Lowering, expr: Apply, name: str) -> Lowered:
    if name in {"argmin", "argmax"} and len(expr.args) > 1:
        listed = Apply("stack", expr.args, (), expr.at)
        expr = Apply(name, (listed,), expr.attributes, expr.at)
    from hwsolve.expr.array_calls import array_call
    from hwsolve.expr.functions import FUNCTION_ALIASES, FUNCTIONS
    from hwsolve.expr.losses import find_loss
    from hwsolve.expr.tensors import TENSORS

    made = array_call(name, expr)
    if made is not None:
        with lowering.unguarded():
            return made(lowering, expr)
    name = FUNCTION_ALIASES.get(name, name)
    if lowering.guards and (name not in FUNCTIONS or FUNCTIONS[name].write is not None):
        with lowering.unguarded():
            return _array_call(lowering, expr, name)
    if name in TENSORS and name not in _HIDDEN:
        return _tensor(lowering, expr, TENSORS[name])
    if name in FUNCTIONS:
        return function_call(lowering, expr, FUNCTIONS[name])
    loss = find_loss(name)
    if loss is not None:
        return loss_call(lowering, expr, loss)
    raise EquationError(f"unknown function '{name}'", expr.at, _instead(lowering, name))


def _instead(lowering: Lowering, name: str) -> str:
    """How to mend the call of an unknown function."""
    known = {*known_functions(), *lowering.functions}
    module, _, last = name.rpartition(".")
    if module and last in known:
        if module in lowering.names:
            return f"write {last}({module}, ...)"
        # the cross-entropies of PyTorch and of its kin take scores
        return f"write {_OF_SCORES.get(last, last)}(...)"
    plain = name.rstrip("'")
    if plain != name and plain in known:
        return f"for the derivative write y = {plain}(x) and use dy/dx"
    return _HINTS.get(name) or did_you_mean(name, known) or f"define it: {name}(z) = ..."


def _elementwise(lowering: Lowering, expr: Apply, row: Operation) -> int:
    if row.name == "step" and len(expr.args) == 2:  # noqa: PLR2004  (x, and the value at 0)
        x, at0 = (lowering.node(arg) for arg in expr.args)
        value = lowering.graph.values[at0]
        if value is None or isinstance(value, list) or lowering.graph.active[at0]:
            raise EquationError(f"the second value of '{expr.op}' is a number", expr.at)
        return _emit(lowering, expr, row, (x,), {"at0": value})
    if row.arity is not None:
        check_count(expr, row.arity)
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

    allowed = _SETTINGS.get(row.name, ())
    if allowed:
        renamed = tuple((_ALSO.get(key, key), value) for key, value in expr.attributes)
        # numpy has them in a list: concat([a, b]), stack((a, b), axis=1); [[a]] is a matrix
        listed = row.name == "concat" or (row.name == "stack" and renamed)
        expr = Apply(expr.op, _unlisted(expr.args) if listed else expr.args, renamed, expr.at)
    settings = settings_of(expr, allowed)
    if row.arity is not None:
        check_count(expr, row.arity)
    if row.name in _SPREAD and not settings:
        only = lowering.lower(expr.args[0])
        if isinstance(only, Bundle):
            if only.given is not None:
                lowering.all_entries(only)
            return lowering.combine(row.name, [only.entries[at] for at in sorted(only.entries)])
    args = tuple(lowering.node(arg) for arg in expr.args)
    shapes = {lowering.graph.shapes[arg] for arg in args}
    if row.name == "stack" and len(shapes) > 1 and () in shapes and not settings:
        from hwsolve.expr.joining import joined

        return joined(lowering.graph, args, expr.at)
    for arg in args:
        # these three say themselves what they need
        if not lowering.graph.shapes[arg] and row.name not in {"stack", "outer", "matmul"}:
            raise EquationError(f"'{expr.op}' works on an array, not on a number", expr.at)
    return _emit(lowering, expr, row, args, settings)


def _spread(lowering: Lowering, expr: Apply, name: str) -> int:
    settings_of(expr, ())
    nodes = [lowering.node(arg) for arg in expr.args]
    graph = lowering.graph
    if name in {"sum", "mean"} and graph.shapes[nodes[0]]:
        _refuse_axis(expr)
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


def _refuse_axis(expr: Apply) -> None:
    """Refuse `sum(X, 0)`: numpy's axis, which here would be added to every entry."""
    match expr.args:
        case (_, Num(value=int() as axis)):
            raise EquationError(
                f"{axis} is a second value to '{expr.op}' here, not an axis",
                expr.at,
                f"write {expr.op}(..., axis={axis})",
            )


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


def _written_out(lowering: Lowering, expr: Apply, name: str) -> Lowered:
    equation = lowering.functions[name]
    settings_of(expr, ())
    parameters = equation.parameters or ()
    check_count(expr, len(parameters))
    nodes = [lowering.lower(arg) for arg in expr.args]
    return inside(lowering, expr, parameters, nodes, equation.body, of_table=False)


def _sizes(lowering: Lowering, args: tuple[Expr, ...]) -> tuple[int, ...]:
    return tuple(lowering.whole(arg) for arg in _unlisted(args))


def _unlisted(args: tuple[Expr, ...]) -> tuple[Expr, ...]:
    """The entries of a list that is the only argument: `zeros((2, 3))`."""
    only = args[0] if len(args) == 1 else None
    return only.args if isinstance(only, Apply) and only.op == "stack" else args


def _made(lowering: Lowering, expr: Apply, name: str) -> int:
    """`zeros(2, 3)`, `ones(4)`, `eye(3)`, `onehot(k, n)`: arrays of constants."""
    from hwsolve.expr.constants import made

    settings_of(expr, ())
    try:
        return lowering.graph.constant(
            made(name, _sizes(lowering, expr.args), lowering.first_index)
        )
    except EquationError as error:
        error.at = expr.at
        raise


def _reshaped(lowering: Lowering, expr: Apply, name: str) -> int:
    """`reshape(x, 2, 3)`, `column(x)`, `row(x)`, `flatten(x)`, `flatten(X, 1)`."""
    from math import prod

    from hwsolve.expr.tensors import TENSORS

    allowed = {"reshape": ("shape",), "flatten": ("start_dim",)}.get(name, ())
    settings = settings_of(expr, allowed)
    node = lowering.node(expr.args[0])
    entries = prod(lowering.graph.shapes[node])
    if name == "reshape":
        shape = settings.get("shape") or _sizes(lowering, expr.args[1:])
        if -1 in shape:
            known = -prod(shape)
            shape = tuple(entries // known if size == -1 and known else size for size in shape)
    elif name == "flatten" and (settings or len(expr.args) > 1):
        check_count(expr, 1, 2)
        kept = settings["start_dim"] if settings else lowering.whole(expr.args[1])
        axes = lowering.graph.shapes[node]
        if not 0 <= kept < len(axes):
            raise EquationError(
                f"'flatten' cannot keep {kept} axes of {len(axes)}",
                expr.at,
                "flatten(X, 1) keeps the first axis",
            )
        shape = (*axes[:kept], prod(axes[kept:]))
    else:
        check_count(expr, 1)
        shape = {"column": (entries, 1), "row": (1, entries), "flatten": (entries,)}[name]
    return _emit(lowering, expr, TENSORS["reshape"], (node,), {"shape": tuple(shape)})
