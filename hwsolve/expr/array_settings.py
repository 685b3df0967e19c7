"""Settings of array calls: `stride=2`, `padding=same`, `axis=[0, 1]`, under all their names."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import EquationError, setting_hint
from hwsolve.expr.tree import Apply, Expr, Num, Sym

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hwsolve.expr.lower import Lowering
    from hwsolve.expr.operations import Operation, Shape

# Settings by the other names that people know them under.
ALSO: Final[Mapping[str, tuple[str, ...]]] = {
    "axis": ("dim", "dims", "axes"),
    "axes": ("dims", "perm"),
    "keepdims": ("keepdim",),
    "ddof": ("correction",),
    "stride": ("strides", "s"),
    "padding": ("pad", "p", "mode"),
    "output_padding": ("out_padding",),
    "dilation": ("d", "rate"),
    "groups": ("g",),
    "bias": ("b",),
    "dims": ("dimensions",),
    "size": ("kernel_size", "kernel", "pool_size", "k", "window"),
    "ceil": ("ceil_mode",),
    "count_include_pad": ("padding_counted",),
    "ids": ("indices", "index"),
    "p": ("ord",),
    "times": ("repeats", "reps"),
    "value": ("constant_values",),
}


class Settings:
    """The settings of one call, read once each.

    Args:
        lowering: what names stand for.
        expr: the call.
        allowed: the settings that the function has.

    Raises:
        EquationError: for a setting that it does not have, or one that is given twice.
    """

    def __init__(self, lowering: Lowering, expr: Apply, *allowed: str) -> None:
        self.lowering = lowering
        self.expr = expr
        self.given: dict[str, Any] = {}
        for key, value in expr.attributes:
            name = _meant(key, allowed)
            if name is None:
                hint = setting_hint(key, allowed)
                raise EquationError(f"'{expr.op}' has no setting '{key}'", expr.at, hint)
            if name in self.given:
                raise EquationError(f"'{name}=' is set twice", expr.at)
            self.given[name] = value

    def fail(self, message: str, hint: str = "") -> EquationError:
        """An error about this call."""
        return EquationError(message, self.expr.at, hint)

    def count(self, least: int, most: int | None = None) -> None:
        """Refuse a call with too few or too many arguments."""
        found = len(self.expr.args)
        most = least if most is None else most
        if not least <= found <= most:
            values = "one value" if most == 1 else f"{least} values"
            values = values if least == most else f"{least} to {most} values"
            raise self.fail(f"'{self.expr.op}' takes {values}, not {found}")

    def word(self, name: str) -> str | None:
        """A setting that is a word and no name of a value."""
        value = self.given.get(name)
        if isinstance(value, str) and value not in self.lowering.names:
            return value.lower()
        return None

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A setting that is true or false."""
        value = self.given.get(name, default)
        if value not in {0, 1}:
            raise self.fail(f"'{name}=' is true or false")
        return bool(value)

    def number(self, name: str) -> int | None:
        """A setting that is a whole number."""
        found = self.numbers(name)
        if found is not None and len(found) > 1:
            raise self.fail(f"'{name}=' is one whole number")
        return None if found is None else found[0]

    def numbers(self, name: str) -> tuple[int, ...] | None:
        """A setting that is a whole number or several of them."""
        if name not in self.given:
            return None
        value = self.given[name]
        if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
            raise self.fail(f"'{name}=' is a whole number or a list of them")
        if isinstance(value, tuple):
            return tuple(int(each) for each in value)
        if isinstance(value, str):
            return (self.whole(Sym(value, self.expr.at), f"'{name}='"),)
        return (int(value),)

    def whole(self, expr: Expr, what: str = "") -> int:
        """An argument that is a whole number known by now."""
        try:
            return self.lowering.whole(expr, self.expr.at)
        except EquationError as error:
            if "must be a whole number" not in error.message:
                raise
            shown = what or f"a size in '{self.expr.op}'"
            raise self.fail(f"{shown} is not a whole number") from None

    def wholes(self, expr: Expr) -> tuple[int, ...]:
        """An argument that is a whole number or a list of them."""
        if isinstance(expr, Apply) and expr.op == "stack":
            return tuple(self.whole(each) for each in expr.args)
        return (self.whole(expr),)

    def each_axis(self, name: str, dims: int, least: int, default: int) -> Shape:
        """A setting as a number for each axis.

        Raises:
            EquationError: for a wrong number of them, or one that is too small.
        """
        found = self.numbers(name) or (default,)
        if len(found) not in {1, dims}:
            raise self.fail(
                f"'{name}=' has {len(found)} numbers for {dims} ax{'is' if dims == 1 else 'es'}"
            )
        if min(found) < least:
            raise self.fail(f"'{name}=' is {least} or more, not {min(found)}")
        return found * dims if len(found) == 1 else found

    def array(self, position: int = 0) -> int:
        """The node of an argument that must be an array."""
        node = self.lowering.node(self.expr.args[position])
        if not self.lowering.graph.shapes[node]:
            raise self.fail(f"'{self.expr.op}' works on an array, not on a number")
        return node

    def emit(self, row: Operation | str, *args: int, **settings: Any) -> int:
        """The node of an operation; an error names this call.

        Settings whose value is None are left out.
        """
        from hwsolve.expr.operations import OPERATIONS
        from hwsolve.expr.tensors import TENSORS

        if isinstance(row, str):
            row = OPERATIONS.get(row) or TENSORS[row]
        kept = tuple((name, value) for name, value in settings.items() if value is not None)
        try:
            return self.lowering.graph.emit(row, args, kept)
        except EquationError as error:
            error.at = self.expr.at if error.at < 0 else error.at
            raise

    def reshaped(self, node: int, shape: Shape) -> int:
        """A node in another shape."""
        same = self.lowering.graph.shapes[node] == shape
        return node if same else self.emit("reshape", node, shape=shape)

    def axis(self, node: int, default: int | None = None) -> int | None:
        """The axis that is named, counted from 0."""
        from hwsolve.expr.shapes import axis_of

        found = self.numbers("axis")
        if found is not None and len(found) > 1:
            raise self.fail("'axis=' is one axis here")
        axis = default if found is None else found[0]
        try:
            return axis_of({"axis": axis}, self.lowering.graph.shapes[node])
        except EquationError as error:
            error.at = self.expr.at
            raise

    def axes(self, node: int) -> tuple[int, ...]:
        """The axes that are named, counted from 0; all of them by default."""
        from hwsolve.expr.shapes import axes_of

        try:
            return axes_of({"axis": self.numbers("axis")}, self.lowering.graph.shapes[node])
        except EquationError as error:
            error.at = self.expr.at
            raise


def _meant(key: str, allowed: tuple[str, ...]) -> str | None:
    if key in allowed:
        return key
    return next((name for name in allowed if key in ALSO.get(name, ())), None)


def listed(shape: Shape, numbers: list[Any]) -> Any:
    """Numbers in row order as nested lists of a shape."""
    if not shape:
        return numbers[0]
    step = prod(shape[1:])
    return [listed(shape[1:], numbers[k * step :]) for k in range(shape[0])]


def known_list(lowering: Lowering, node: int) -> Any:
    """The number or nested list that a node is by now, None for one that is worked out later."""
    graph = lowering.graph
    row = graph.rows[node]
    if row is None:
        return graph.values[node]
    if row.name == "stack" and not graph.attributes[node]:
        parts = [known_list(lowering, arg) for arg in graph.args[node]]
        return None if any(part is None for part in parts) else parts
    return None


__all__ = ["ALSO", "Num", "Settings", "known_list", "listed"]
