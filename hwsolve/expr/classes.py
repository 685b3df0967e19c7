"""Targets of a loss over classes: a class may be given as a vector or by its number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import EquationError

if TYPE_CHECKING:
    from hwsolve.expr.lower import Lowering

# Losses whose prediction has an entry for each class.
OVER_CLASSES: Final = ("cross_entropy", "cross_entropy_logits", "kl_divergence")


def target_of(lowering: Lowering, prediction: int, target: int, at: int) -> int:
    """The node of a target with the shape of its prediction; numbers of classes become 1s.

    Raises:
        EquationError: if the shapes do not fit, or a class does not exist.
    """
    graph = lowering.graph
    shape, given = graph.shapes[prediction], graph.shapes[target]
    if given == shape or not shape:
        return target
    value = graph.values[target]
    if given == shape[:-1] and value is not None:
        return graph.constant(_vectors(value, shape[-1], lowering.first_index, at))
    from hwsolve.expr.shapes import shape_text

    raise EquationError(
        f"the target is {shape_text(given)} and the prediction {shape_text(shape)}",
        at,
        "write a class as a vector of 0s and one 1, or by its number",
    )


def _vectors(value: Any, classes: int, first: int, at: int) -> list[Any]:
    if isinstance(value, list):
        return [_vectors(entry, classes, first, at) for entry in value]
    number = int(value)
    if number != value or not first <= number < first + classes:
        raise EquationError(
            f"there is no class {value}: the {classes} classes are {first} to "
            f"{first + classes - 1}",
            at,
            "write a class as a vector of 0s and one 1, or by its number",
        )
    return [int(position == number - first) for position in range(classes)]
