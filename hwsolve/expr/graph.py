"""A computation graph: every operation of a problem as a node, in order.

Nodes are numbers; a node's arguments have smaller numbers than the node, so that
one pass upwards evaluates a graph and one pass downwards differentiates it, in
time linear in its size and without recursion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hwsolve.expr.constants import check_size
from hwsolve.expr.term import Term

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hwsolve.expr.operations import Operation, Shape
    from hwsolve.expr.tree import Attributes, Expr

# How an operation is called in a message where its name is not what people type.
_SIGNS: Final = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "^", "maximum": "max", "minimum": "min",
    "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!=", "where": "if ... else",
}  # fmt: skip


class Graph:
    """Nodes in parallel lists, indexed by their number.

    Attributes:
        rows: the operation of each node; None for a constant or a given value.
        args: the numbers of its arguments.
        attributes: the operation's settings (`axis`, `shape`).
        shapes: the shape of its value, () for a scalar.
        values: a constant's or a given value's number, None for an operation.
        active: whether it depends on a given value (constants do not).
        origin: the number of the equation that it comes from, -1 for none.
        held: nodes that count as constants, so that no gradient passes through them.
        labels: the name under which a node is shown; a node without one is written
            out inside the formulas that use it.
        conventions: relu_at_0 and max_ties, which the derivative rules ask for.
    """

    def __init__(self, conventions: Mapping[str, Any] | None = None) -> None:
        self.rows: list[Operation | None] = []
        self.args: list[tuple[int, ...]] = []
        self.attributes: list[Attributes] = []
        self.shapes: list[Shape] = []
        self.values: list[Any] = []
        self.active: list[bool] = []
        self.origin: list[int] = []
        self.held: set[int] = set()
        self.labels: dict[int, Expr] = {}
        # nodes that keep an argument from having no value in a piece that is not chosen
        self.guards: dict[int, int] = {}
        self.conventions = conventions or {}
        # the number of the first entry of an array, as the author counts
        self.first_index = 0
        self.equation = -1
        self.has_arrays = False
        self.entries = 0
        self._constants: dict[tuple[type, Any], int] = {}
        self._derived: dict[tuple[str, tuple[int, ...], Attributes], int] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def _append(self, row: Operation | None, args: tuple[int, ...], value: Any) -> int:
        self.rows.append(row)
        self.args.append(args)
        self.attributes.append(())
        self.shapes.append(())
        self.values.append(value)
        self.active.append(False)
        self.origin.append(self.equation)
        return len(self.rows) - 1

    def constant(self, value: Any) -> int:
        """The node of a number (or of nested lists of numbers) that never changes."""
        if isinstance(value, list):
            return self._array(value)
        key = (type(value), value)
        node = self._constants.get(key)
        if node is None:
            node = self._constants[key] = self._append(None, (), value)
        return node

    def _array(self, value: list[Any]) -> int:
        node = self._append(None, (), value)
        shape = self.shapes[node] = shape_of(value)
        self.has_arrays = True
        self.entries += check_size(shape, self.entries)
        return node

    def given(self, value: Any, label: Expr) -> int:
        """The node of a given value, under its name."""
        node = self._array(value) if isinstance(value, list) else self._append(None, (), value)
        self.active[node] = True
        self.labels[node] = label
        return node

    def emit(self, row: Operation, args: tuple[int, ...], attributes: Attributes = ()) -> int:
        """A new node for an operation.

        Raises:
            EquationError: if the shapes of the arguments do not fit the operation.
        """
        node = self._append(row, args, None)
        shapes, active = self.shapes, self.active
        scalar = True
        for arg in args:
            if active[arg]:
                active[node] = True
            if shapes[arg]:
                scalar = False
        if attributes:
            self.attributes[node] = attributes
        if not (scalar and row.shape is None):
            shapes[node] = self._shape(row, args, attributes)
            if shapes[node]:
                self.has_arrays = True
                self.entries += check_size(shapes[node], self.entries)
        return node

    def _shape(self, row: Operation, args: tuple[int, ...], attributes: Attributes) -> Shape:
        from hwsolve.expr.shapes import broadcast

        shapes = [self.shapes[arg] for arg in args]
        if row.shape is None:
            return broadcast(shapes, f"'{_SIGNS.get(row.name, row.name)}'")
        return row.shape(shapes, attributes)

    def derive(self, row: Operation, args: tuple[int, ...], attributes: Attributes = ()) -> int:
        """The node for an operation, shared with an equal one that was derived before."""
        key = (row.name, args, attributes)
        node = self._derived.get(key)
        if node is None:
            node = self._derived[key] = self.emit(row, args, attributes)
        return node

    def term(self, node: int) -> Term:
        """The node as something that derivative rules can calculate with."""
        return Term(self, node)

    def ancestors(self, tops: Iterable[int], least: int = 0) -> list[int]:
        """The nodes that the given ones are computed from, and themselves, in order.

        Nodes before `least` are left out.
        """
        needed = bytearray(len(self.rows))
        last = -1
        for top in tops:
            needed[top] = 1
            last = max(last, top)
        args = self.args
        for node in range(last, least - 1, -1):
            if needed[node]:
                for arg in args[node]:
                    needed[arg] = 1
        return [node for node in range(least, last + 1) if needed[node]]

    def expression(self, node: int, *, inside: bool = False, plain: bool = False) -> Expr:
        """A node as an expression in the names of labelled nodes.

        With `inside`, a labelled node itself is written out, its arguments by name.
        With `plain`, gradients are written out too: only names of values are used.
        """
        from hwsolve.expr.writing import expression

        return expression(self, node, inside=inside, plain=plain)


def shape_of(value: Any) -> Shape:
    """The shape of nested lists (rectangular, as the reader has checked)."""
    shape: list[int] = []
    while isinstance(value, list):
        shape.append(len(value))
        value = value[0]
    return tuple(shape)
