"""Calls of reductions that are formulas, along axes: `var(x, axis=0)`, `prod(x, axis=1)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hwsolve.expr.array_settings import Settings
from hwsolve.expr.shapes import axis_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hwsolve.expr.lower import Lowering
    from hwsolve.expr.tree import Apply


CANONICAL: Final[Mapping[str, str]] = {
    "variance": "var", "length": "norm", "lse": "logsumexp", "product": "prod",
    "Π": "prod", "∏": "prod",
}  # fmt: skip
# The formulas that the functions of the same names write out when an axis is named.
_ALONG: Final[Mapping[str, str]] = {
    "var": "sum((x - mean(x{all}))^2{some})/{count}",
    "std": "sqrt(sum((x - mean(x{all}))^2{some})/{count})",
    "norm": "sqrt(sum(x^2{some}))",
    "norm1": "sum(abs(x){some})",
    "norm_max": "max(abs(x){some})",
    "logsumexp": "max(x{some}) + log(sum(exp(x - max(x{all})){some}))",
}


def along(lowering: Lowering, expr: Apply) -> int:
    """`var(x, axis=0, keepdims=true)`: a formula of reductions, each along the axes."""
    from math import prod

    from hwsolve.expr.formula_calls import formula, inside

    name = CANONICAL.get(expr.op, expr.op)
    own = {"var": ("ddof",), "std": ("ddof",), "norm": ("p",)}.get(name, ())
    call = Settings(lowering, expr, "axis", "keepdims", *own)
    call.count(1)
    x = call.array()
    shape = lowering.graph.shapes[x]
    axes = call.axes(x)
    count = prod(shape[axis] for axis in axes)
    less = call.number("ddof") or 0
    if not 0 <= less < count:
        raise call.fail(f"'{expr.op}' of {count} entries cannot divide by {count - less}")
    order = call.given.get("p", 2)
    if any(key == "ord" for key, _ in expr.attributes) and len(axes) > 1:
        raise call.fail(
            "'ord=' of a matrix is a norm that 'norm' does not have",
            "norm(W) is the root of the sum of all squares",
        )
    if order not in {1, 2, "inf", "infinity", "max"}:
        raise call.fail(f"unknown norm p={order}", "p=1, p=2 or p=inf")
    if order != 2:  # noqa: PLR2004  (the length)
        name = "norm1" if order == 1 else "norm_max"
    axis = "" if len(axes) == len(shape) and "axis" not in call.given else _axis_setting(axes)
    keep = call.flag("keepdims")
    if keep and not axis:
        axis = _axis_setting(axes)
    body = _ALONG[name].format(
        all=f"{axis}, keepdims=true" if axis else "",
        some=f"{axis}, keepdims=true" if axis and keep else axis,
        count=count - less,
    )
    if less == 0:
        body = body.replace("sum((x", "mean((x").replace(f"/{count}", "")
    found = inside(lowering, expr, ("x",), [x], formula(body))
    assert isinstance(found, int)  # noqa: S101  (a formula of one array is no family)
    return found


def _axis_setting(axes: tuple[int, ...]) -> str:
    return f", axis={axis_text(axes if len(axes) > 1 else axes[0])}"


def prod_along(lowering: Lowering, expr: Apply) -> int:
    """`prod(x, axis=0)`: the slices along an axis multiplied."""
    call = Settings(lowering, expr, "axis", "keepdims")
    call.count(1)
    x = call.array()
    shape = lowering.graph.shapes[x]
    for axis in reversed(call.axes(x)):
        before = ("all",) * axis
        shape = lowering.graph.shapes[x]
        slices = [call.emit("item", x, at=(*before, k)) for k in range(shape[axis])]
        x = lowering.combine("prod", slices)
        if call.flag("keepdims"):
            x = call.reshaped(x, (*shape[:axis], 1, *shape[axis + 1 :]))
    return x


# Without a setting they are the functions of the table.
ALONG_CALLS: Final[dict[str, Callable[[Lowering, Apply], int]]] = {
    **{name: along for name in _ALONG if name != "norm_max"},
    "prod": prod_along,
}
