"""Newton's step in one or two unknowns: the gradient divided by the second derivatives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsolve.errors import InputError
from hwsolve.solvers.optimizer_names import numbered

if TYPE_CHECKING:
    from hwsolve.solvers.optimizer_equations import Writer


def newton_step(writer: Writer, name: str, number: int) -> str:
    """Write the second derivatives; the text of the inverse of their matrix times the gradient.

    Raises:
        InputError: where there is no loss, or more than two unknowns.
    """
    setup = writer.setup
    if not setup.loss:
        hint = "write 'loss: ...' instead of the gradients"
        raise InputError("Newton's step needs the loss", writer.place, hint)
    loss = numbered(setup.loss, number - 1)
    unknowns: list[tuple[str, str]] = []
    first = int(setup.stated("first_index") or 0)
    for each in writer.names:
        shape = setup.parameters[each].shape
        at = numbered(each, number - 1)
        gradient = numbered(writer.stem("g", each), number)
        if not shape:
            unknowns.append((at, gradient))
        elif len(shape) == 1:
            places = range(first, first + shape[0])
            unknowns += [(f"{at}[{place}]", f"{gradient}[{place}]") for place in places]
        else:
            unknowns += [("", "")] * 3
    letter = writer.letters["h"]
    if len(unknowns) == 1:
        own = numbered(letter, number)
        at = unknowns[0][0]
        writer.emit(own, f"d2{loss}/d{at}2" if at.endswith("]") else f"d2{loss}/d{at}^2")
        writer.column(letter, number)
        return f"{unknowns[0][1]}/{own}"
    if len(unknowns) != 2:  # noqa: PLR2004  (written out)
        raise InputError(
            "Newton's step is written out for one or two unknowns", writer.place,
            "solve H @ d = g for more",
        )  # fmt: skip
    (x, gx), (y, gy) = unknowns
    parts = {}
    for key, one, other in (("11", x, x), ("12", x, y), ("22", y, y)):
        parts[key] = numbered(f"{letter}{key}", number)
        square = f"d2{loss}/d{one}d{other}" if one != other else _square(loss, one)
        writer.emit(parts[key], square)
        writer.column(f"{letter}{key}", number)
    determinant = numbered("det", number)
    writer.emit(determinant, f"{parts['11']}*{parts['22']} - {parts['12']}^2")
    writer.column("det", number)
    one = f"({parts['22']}*{gx} - {parts['12']}*{gy})/{determinant}"
    two = f"({parts['11']}*{gy} - {parts['12']}*{gx})/{determinant}"
    if len(writer.names) == 1:
        return f"[{one}, {two}]"
    return one if name == writer.names[0] else two


def _square(loss: str, at: str) -> str:
    return f"d2{loss}/d{at}2" if at.endswith("]") else f"d2{loss}/d{at}^2"
