"""Rows of the table for classes and masks: one-hot vectors, softmax over what is not masked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import EquationError
from hwsolve.expr.operations import ACTIVATION, TENSOR, Operation, Shape
from hwsolve.expr.shapes import axis_of, shape_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.expr.tree import Attributes


# A number below this in a mask is meant to be added to the scores (-1e4, -1e9).
_ADDED: Final = -100


def _one_hot_shape(shapes: Sequence[Shape], attributes: Attributes) -> Shape:
    settings: dict[str, Any] = dict(attributes)
    axis = settings.get("axis", len(shapes[0]))
    return (*shapes[0][:axis], settings["classes"], *shapes[0][axis:])


def _one_hot(  # noqa: PLR0913  (the settings of the operation)
    m: Any,
    x: Any,
    classes: int,
    axis: int | None = None,
    first: int = 0,
    ignored: int | None = None,
) -> Any:
    import numpy as np

    numbers = np.asarray(x)
    axis = numbers.ndim if axis is None else axis
    sizes = [1] * (numbers.ndim + 1)
    sizes[axis] = classes
    hits = np.expand_dims(numbers, axis) == np.arange(first, first + classes).reshape(sizes)
    known = hits.any(axis=axis)
    if not (known if ignored is None else known | (numbers == ignored)).all():
        raise EquationError(f"a class is not one of {first} to {first + classes - 1}")
    return np.where(hits, m.number(1), m.number(0))


def _masked_shape(shapes: Sequence[Shape], attributes: Attributes) -> Shape:
    from hwsolve.expr.shapes import broadcast

    scores, mask = shapes
    axis_of(dict(attributes), scores, -1 if scores else None)
    if broadcast([scores, mask], "'masked_softmax'") != scores:
        raise EquationError(
            f"the mask is {shape_text(mask)} and the scores are {shape_text(scores)}",
            hint="a mask has a 1 for each score that counts and a 0 for each that does not",
        )
    return scores


def _masked_softmax(m: Any, x: Any, mask: Any, axis: int = -1) -> Any:
    import numpy as np

    added = np.asarray(mask) < _ADDED
    if added.any():
        # taken as it stands it would hide what it is to show, and show what it is to hide
        lowest = float(np.asarray(mask)[added].flat[0])
        raise EquationError(
            f"a mask has 1 for what counts and 0 for what does not, not {lowest:g}",
            hint="a mask of 0 and -1e9 is added to the scores: softmax(S + M), "
            "attention(..., add=M)",
        )
    counts = np.broadcast_to(np.asarray(mask) != 0, x.shape)
    if not counts.any(axis=axis).all():
        raise EquationError(
            "a mask leaves nothing to the softmax", hint="each row needs a position that counts"
        )
    lowest = x.min(axis=axis, keepdims=True)
    largest = np.where(counts, x, lowest).max(axis=axis, keepdims=True)
    powers = np.where(counts, m.exp(np.where(counts, x - largest, m.number(0))), m.number(0))
    return powers / powers.sum(axis=axis, keepdims=True)


def _one_hot_entry(index: Shape, args: Sequence[Any], attributes: Attributes) -> Any:
    """1 where the class stands."""
    from hwsolve.expr.tree import Num

    settings: dict[str, Any] = dict(attributes)
    axis = settings.get("axis", len(args[0].shape))
    number = args[0].value((*index[:axis], *index[axis + 1 :]))
    return Num(int(number == index[axis] + settings.get("first", 0)))


def _masked_entry(index: Shape, args: Sequence[Any], attributes: Attributes) -> Any:
    """exp of the entry, divided by the sum of exp over what the mask leaves."""
    from hwsolve.expr.tree import Num

    scores, mask = args
    axis = axis_of(dict(attributes), scores.shape, -1) or 0
    first = len(scores.shape) - len(mask.shape)

    def counts(at: Shape) -> bool:
        own = zip(at[first:], mask.shape, strict=True)
        return bool(mask.value(tuple(0 if size == 1 else part for part, size in own)))

    line = [(*index[:axis], place, *index[axis + 1 :]) for place in range(scores.shape[axis])]
    if not counts(index):
        return Num(0)
    powers = [scores[at].fn("exp") for at in line if counts(at)]
    total = powers[0].fn("add", *powers[1:]) if powers[1:] else powers[0]
    return scores[index].fn("exp") / total


def _masked_adjoint(g: Any, y: Any, args: Sequence[Any], attributes: Attributes) -> tuple[Any, ...]:
    axis = axis_of(dict(attributes), args[0].shape, -1)
    if len(args[0].shape) == 1:
        return y * (g - (g * y).fn("sum")), None
    return y * (g - (g * y).fn("sum", axis=axis, keepdims=True)), None


ROWS: Final = (
    Operation(
        "one_hot",
        _one_hot,
        shape=_one_hot_shape,
        entry=_one_hot_entry,
        kind=TENSOR,
        exact=True,
        letter="y",
    ),
    Operation(
        "masked_softmax",
        _masked_softmax,
        arity=2,
        adjoint=_masked_adjoint,
        shape=_masked_shape,
        entry=_masked_entry,
        kind=ACTIVATION,
        letter="p",
        source="positions that are masked count as if their score were -infinity",
    ),
)
