"""How each operation of the table is taken apart into those that there is code for."""

from __future__ import annotations

from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING, Any, Final

from hwsolve.expr.compiled_program import ELEMENTWISE, TESTS, Program, call, whole_index
from hwsolve.expr.shapes import axes_of, axis_of, summed_axes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hwsolve.expr.operations import Operation, Shape


def lowered(
    p: Program,
    row: Operation,
    args: tuple[int, ...],
    attributes: Mapping[str, Any],
    shape: Shape,
) -> int:
    """The value of an operation of the table in a program."""
    rule = RULES.get(row.name) or _window_rule(row.name)
    if rule is not None:
        found: int | None = rule(p, args, attributes, shape)
        if found is not None:
            return found
    if row.name in ELEMENTWISE and not attributes:
        return p.apply(row.name, *args)
    return call(p, row, args, attributes, shape)


def _window_rule(name: str) -> Any:
    if not name.startswith(("conv", "avg", "max_")):
        return None
    from hwsolve.expr.compiled_windows import WINDOW_RULES

    return WINDOW_RULES.get(name)


def _identity(_: Program, args: tuple[int, ...], __: Mapping[str, Any], ___: Shape) -> int:
    return args[0]


def _test(name: str) -> Any:
    def rule(p: Program, args: tuple[int, ...], _: Mapping[str, Any], shape: Shape) -> int:
        if not shape:
            return p.apply(name, *args)
        return p.apply("truth", p.apply(name, *args))

    return rule


def _softplus(p: Program, args: tuple[int, ...], _: Mapping[str, Any], shape: Shape) -> int:
    x = args[0]
    if not shape:
        return p.emit("softplus", args, (), shape)
    small = p.apply("exp", p.apply("neg", p.apply("abs", x)))
    return p.apply("add", p.apply("relu", x), p.apply("log1p", small))


def _step(p: Program, args: tuple[int, ...], attributes: Mapping[str, Any], shape: Shape) -> int:
    at0 = float(attributes.get("at0", 0))
    x = args[0]
    if not shape:
        return p.emit("step", args, (at0,), shape)
    if at0 == 0:
        # the slope of a ReLU: its result tells the same, and its argument may go
        known = p.emit("relu", (x,), (), shape)
        return p.apply("truth", p.apply("gt", known, p.number(0)))
    if at0 == 1:
        return p.apply("truth", p.apply("ge", x, p.number(0)))
    return p.apply("heaviside", x, p.number(at0))


def _where(p: Program, args: tuple[int, ...], _: Mapping[str, Any], shape: Shape) -> int:
    c, a, b = args
    if not shape:
        return p.apply("where", c, a, b)
    if p.ops[c] == "truth":
        return p.emit("where", (p.args[c][0], a, b), (), shape)
    return p.emit("where", (p.apply("ne", c, p.number(0)), a, b), (), shape)


def _sum(p: Program, args: tuple[int, ...], attributes: Mapping[str, Any], shape: Shape) -> int:
    return p.sum(args[0], axes_of(attributes, p.shapes[args[0]]), shape)


def _mean(p: Program, args: tuple[int, ...], attributes: Mapping[str, Any], shape: Shape) -> int:
    total = _sum(p, args, attributes, shape)
    before = p.shapes[args[0]]
    count = prod(before[axis] for axis in axes_of(attributes, before))
    return p.apply("div", total, p.number(count))


def _extreme(name: str) -> Any:
    def rule(p: Program, args: tuple[int, ...], attributes: Mapping[str, Any], shape: Shape) -> int:
        return p.emit(name, args, axes_of(attributes, p.shapes[args[0]]), shape)

    return rule


def _kept(shape: Shape, axis: int) -> Shape:
    return (*shape[:axis], 1, *shape[axis + 1 :])


def _softmax(p: Program, args: tuple[int, ...], attributes: Mapping[str, Any], shape: Shape) -> int:
    axis = axis_of(attributes, shape, -1) or 0
    kept = _kept(shape, axis)
    largest = p.emit("max", args, (axis,), kept)
    powers = p.apply("exp", p.apply("sub", args[0], largest))
    return p.apply("div", powers, p.sum(powers, (axis,), kept))


def _log_softmax(
    p: Program, args: tuple[int, ...], attributes: Mapping[str, Any], shape: Shape
) -> int:
    axis = axis_of(attributes, shape, -1) or 0
    kept = _kept(shape, axis)
    shifted = p.apply("sub", args[0], p.emit("max", args, (axis,), kept))
    total = p.sum(p.apply("exp", shifted), (axis,), kept)
    return p.apply("sub", shifted, p.apply("log", total))


def _matmul(p: Program, args: tuple[int, ...], _: Mapping[str, Any], shape: Shape) -> int:
    return p.emit("matmul", tuple([_solid(p, arg) for arg in args]), (), shape)


def _solid(p: Program, value: int) -> int:
    """A value with entries of its own: a product of matrices is slow on stretched ones."""
    inner = value
    while p.ops[inner] in {"transpose", "reshape", "item"}:
        inner = p.args[inner][0]
    if p.ops[inner] == "spread":
        return p.emit("copy", (value,), (), p.shapes[value])
    return value


def _outer(p: Program, args: tuple[int, ...], _: Mapping[str, Any], shape: Shape) -> int:
    left = p.reshape(args[0], (shape[0], 1))
    right = p.reshape(args[1], (1, shape[1]))
    return p.apply("mul", left, right)


def _transpose(
    p: Program, args: tuple[int, ...], attributes: Mapping[str, Any], shape: Shape
) -> int:
    return p.transpose(args[0], tuple(attributes.get("axes") or reversed(range(len(shape)))))


def _item(p: Program, args: tuple[int, ...], attributes: Mapping[str, Any], shape: Shape) -> int:
    return p.emit("item", args, tuple(attributes["at"]), shape)


def _place(p: Program, args: tuple[int, ...], attributes: Mapping[str, Any], shape: Shape) -> int:
    at = whole_index(tuple(attributes["at"]), shape)
    return p.emit("assemble", args, (at,), shape)


def _stack(p: Program, args: tuple[int, ...], attributes: Mapping[str, Any], shape: Shape) -> int:
    before = ("all",) * (axis_of(attributes, shape, 0) or 0)
    parts = tuple([whole_index((*before, position), shape) for position in range(len(args))])
    return p.emit("assemble", args, parts, shape)


def _concat(p: Program, args: tuple[int, ...], attributes: Mapping[str, Any], shape: Shape) -> int:
    axis = axis_of(attributes, shape, 0) or 0
    parts, start = [], 0
    for arg in args:
        end = start + p.shapes[arg][axis]
        parts.append(whole_index((*("all",) * axis, (start, end)), shape))
        start = end
    return p.emit("assemble", args, tuple(parts), shape)


def _add(p: Program, args: tuple[int, ...], _: Mapping[str, Any], shape: Shape) -> int:
    """Arrays that are placed in different parts of zeros become one that is put together."""
    if shape and all(p.ops[arg] == "assemble" and p.shapes[arg] == shape for arg in args):
        parts = [part for arg in args for part in p.settings[arg]]
        if disjoint(parts):
            inner = tuple([value for arg in args for value in p.args[arg]])
            return p.emit("assemble", inner, tuple(parts), shape)
    return p.apply("add", *args)


MOST_PARTS: Final = 4096


def disjoint(parts: list[tuple[Any, ...]]) -> bool:
    """Whether no two parts of an array have an entry in common."""
    if len(parts) > MOST_PARTS:
        return False
    boxes = [tuple(map(_ends, at)) for at in parts]
    for axis in range(len(boxes[0])):
        # where one axis tells them all apart, sorting is enough
        ends = sorted(box[axis] for box in boxes)
        if all(one[1] <= two[0] for one, two in pairwise(ends)):
            return True
    return not any(
        all(a[0] < b[1] and b[0] < a[1] for a, b in zip(one, two, strict=True))
        for position, one in enumerate(boxes)
        for two in boxes[:position]
    )


def _ends(part: Any) -> tuple[int, int]:
    """The first entry of a part of an axis, and the one behind its last."""
    if isinstance(part, int):
        return part, part + 1
    chosen = range(*part)
    return min(chosen[0], chosen[-1]), max(chosen[0], chosen[-1]) + 1


def _reshape(p: Program, args: tuple[int, ...], _: Mapping[str, Any], shape: Shape) -> int:
    return p.reshape(args[0], shape)


def _spread(p: Program, args: tuple[int, ...], _: Mapping[str, Any], shape: Shape) -> int:
    return p.spread(args[0], shape)


def _sum_to(p: Program, args: tuple[int, ...], _: Mapping[str, Any], shape: Shape) -> int:
    before = p.shapes[args[0]]
    axes = summed_axes(before, shape) if shape else tuple(range(len(before)))
    return p.sum(args[0], axes, shape)


RULES: Final[dict[str, Any]] = {
    "identity": _identity,
    **{name: _test(name) for name in TESTS},
    "softplus": _softplus,
    "step": _step,
    "where": _where,
    "add": _add,
    "sum": _sum,
    "mean": _mean,
    "max": _extreme("max"),
    "min": _extreme("min"),
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "matmul": _matmul,
    "outer": _outer,
    "transpose": _transpose,
    "item": _item,
    "place": _place,
    "stack": _stack,
    "concat": _concat,
    "reshape": _reshape,
    "spread": _spread,
    "sum_to": _sum_to,
}
