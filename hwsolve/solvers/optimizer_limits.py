"""What is done to a gradient before the rule sees it: clipping, then weight decay."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hwsolve.errors import InputError
from hwsolve.problem.optimizer import CLIPS
from hwsolve.solvers.optimizer_names import numbered

if TYPE_CHECKING:
    from hwsolve.problem.model import Written
    from hwsolve.solvers.optimizer_equations import Writer


def limited(writer: Writer, gradients: dict[str, str], number: int) -> dict[str, str]:
    """Write the clipped gradients of a step, and those with weight decay; their names."""
    setup = writer.setup
    gradients = _clipped(writer, gradients, number)
    decay = setup.settings.get("wd")
    if decay is None or setup.rule.name == "adamw":
        return gradients
    if setup.choice("weight_decay", "coupled") == "decoupled":
        return gradients
    result = {}
    for name, gradient in gradients.items():
        stem = writer.stem("gd", name)
        result[name] = numbered(stem, number)
        writer.column(stem, number)
        writer.emit(result[name], f"{gradient} + {decay}*{numbered(name, number - 1)}")
    return result


def _clipped(writer: Writer, gradients: dict[str, str], number: int) -> dict[str, str]:
    setup = writer.setup
    if not setup.body.clip:
        return gradients
    how, limit = next(iter(setup.body.clip.items()))
    lengths = {} if CLIPS[how] == "value" else _lengths(writer, gradients, number)
    names = {}
    for name, gradient in gradients.items():
        stem = writer.stem("clip", name)
        names[name] = numbered(stem, number)
        writer.column(stem, number)
        if name in lengths:
            # no quotient of the length: it may be 0
            bound = _bound(limit.text)
            body = f"{gradient}*{bound}/max({lengths[name]}, {bound})"
        else:
            low, high = clip_range(limit)
            body = f"min(max({gradient}, {low}), {high})"
        writer.emit(names[name], body, limit)
    return names


def _lengths(writer: Writer, gradients: dict[str, str], number: int) -> dict[str, str]:
    """Write the length of each gradient, or of all together; its name by parameter."""
    setup = writer.setup
    how = next(iter(setup.body.clip))
    shapes = {name: setup.parameters[name].shape for name in gradients}
    if CLIPS[how] == "global_norm" and len(gradients) > 1:
        length = numbered(writer.length, number)
        squares = [f"sum({g}^2)" if shapes[name] else f"{g}^2" for name, g in gradients.items()]
        writer.emit(length, f"sqrt({' + '.join(squares)})")
        writer.column(writer.length, number)
        return dict.fromkeys(gradients, length)
    lengths = {}
    for name, gradient in gradients.items():
        stem = writer.length if writer.single else f"{writer.length}_{name}"
        lengths[name] = numbered(stem, number)
        writer.emit(lengths[name], f"{'norm' if shapes[name] else 'abs'}({gradient})")
        writer.column(stem, number)
    return lengths


def _bound(text: str) -> str:
    """A limit as a factor: a formula gets brackets."""
    return text if re.fullmatch(r"[\w.]+", text) else f"({text})"


def clip_range(limit: Written) -> tuple[str, str]:
    """The two ends of a clipping by value: `[-1, 0.5]`, or one number for both sides.

    Raises:
        InputError: for a list of another length.
    """
    text = limit.text.strip()
    if text.startswith("["):
        ends = [end.strip() for end in text.strip("[]").split(",")]
        if len(ends) != 2:  # noqa: PLR2004  (low and high)
            hint = "write value: 1, or value: [-1, 1]"
            raise InputError("a range has two ends", limit.origin, hint)
        return ends[0], ends[1]
    bound = _bound(text)
    return f"-{bound}", bound
