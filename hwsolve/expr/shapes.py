"""Shapes: how they are said, and how they combine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hwsolve.errors import EquationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hwsolve.expr.operations import Shape


def shape_text(shape: Shape) -> str:
    """A shape as people write it: `3x2`, `a vector of 4`, `a number`."""
    if not shape:
        return "a number"
    return f"a vector of {shape[0]}" if len(shape) == 1 else "x".join(map(str, shape))


def broadcast(shapes: Sequence[Shape], what: str) -> Shape:
    """The common shape by numpy's rule: compared from the last axis, 1 stretches.

    Raises:
        EquationError: naming both shapes and the axis.
    """
    result: Shape = ()
    for shape in shapes:
        if shape == result or not shape:
            continue
        if not result:
            result = shape
            continue
        longer, shorter = (result, shape) if len(result) >= len(shape) else (shape, result)
        merged = list(longer)
        gap = len(longer) - len(shorter)
        for axis, size in enumerate(shorter):
            other = longer[gap + axis]
            if size != other and 1 not in {size, other}:
                sizes = (other, size) if longer is result else (size, other)
                raise EquationError(
                    f"{what} cannot combine {shape_text(result)} with {shape_text(shape)}: "
                    f"axis {gap + axis} has {sizes[0]} entries in one and {sizes[1]} in the other",
                    hint="check the shapes, or transpose one of them",
                )
            merged[gap + axis] = max(size, other)
        result = tuple(merged)
    return result


def axis_of(attributes: Mapping[str, Any], shape: Shape, default: int | None = None) -> int | None:
    """The axis that settings name, counted from 0; None for all of them.

    Raises:
        EquationError: if the array has no such axis.
    """
    axis = attributes.get("axis", default)
    if axis is None:
        return None
    if not isinstance(axis, int) or not -len(shape) <= axis < len(shape):
        known = " and ".join([", ".join(map(str, range(len(shape) - 1))), str(len(shape) - 1)])
        axes = f"its axes are {known}" if len(shape) > 1 else "its axis is 0" if shape else ""
        raise EquationError(
            f"axis={axis_text(axis)} does not exist in {shape_text(shape)}", hint=axes
        )
    return axis % len(shape)


def axes_of(attributes: Mapping[str, Any], shape: Shape) -> tuple[int, ...]:
    """The axes that settings name, counted from 0 and in order; all of them by default.

    Raises:
        EquationError: if the array has no such axis, or one is named twice.
    """
    axis = attributes.get("axis")
    if axis is None:
        return tuple(range(len(shape)))
    named = axis if isinstance(axis, tuple) else (axis,)
    found = [axis_of({"axis": each}, shape) or 0 for each in named]
    if len(set(found)) < len(found):
        raise EquationError(f"axis={axis_text(axis)} names an axis of {shape_text(shape)} twice")
    return tuple(sorted(found))


def axis_text(axis: Any) -> str:
    """An axis, or several of them, as they are written in a call."""
    return f"[{', '.join(map(str, axis))}]" if isinstance(axis, tuple) else str(axis)


def without_axes(shape: Shape, axes: tuple[int, ...], *, keepdims: bool = False) -> Shape:
    """The shape that is left when axes are reduced; with `keepdims` they stay as 1."""
    if keepdims:
        return tuple(1 if axis in axes else size for axis, size in enumerate(shape))
    return tuple(size for axis, size in enumerate(shape) if axis not in axes)


def summed_axes(shape: Shape, target: Shape) -> tuple[int, ...]:
    """The axes of an array that are added up where it was stretched from `target`."""
    gap = len(shape) - len(target)
    extra = tuple(range(gap))
    return extra + tuple(
        gap + axis for axis, size in enumerate(target) if size == 1 and shape[gap + axis] != 1
    )
