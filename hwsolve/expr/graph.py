"""A computation graph: every operation of a problem as a node, in order.

Nodes are numbers; a node's arguments have smaller numbers than the node, so that
one pass upwards evaluates a graph and one pass downwards differentiates it, in
time linear in its size and without recursion.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import EquationError
from hwsolve.expr.operations import OPERATIONS, Operation, Shape
from hwsolve.expr.tree import Apply, Attributes, Deriv, Expr, Index, Num, Sym

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

    from hwsolve.expr.systems import NumberSystem

_ADD: Final = OPERATIONS["add"]


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
        self.labels: dict[int, Expr] = {}
        self.conventions = conventions or {}
        self.equation = -1
        self.has_arrays = False
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
        self.shapes[node] = shape_of(value)
        self.has_arrays = True
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
        return node

    def _shape(self, row: Operation, args: tuple[int, ...], attributes: Attributes) -> Shape:
        from hwsolve.expr.tensors import broadcast

        shapes = [self.shapes[arg] for arg in args]
        if row.shape is None:
            sign = {"add": "'+'", "sub": "'-'", "mul": "'*'", "div": "'/'", "pow": "'^'"}
            return broadcast(shapes, sign.get(row.name, f"'{row.name}'"))
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

    def ancestors(self, tops: Iterable[int]) -> list[int]:
        """The nodes that the given ones are computed from, and themselves, in order."""
        needed = bytearray(len(self.rows))
        last = -1
        for top in tops:
            needed[top] = 1
            last = max(last, top)
        args = self.args
        for node in range(last, -1, -1):
            if needed[node]:
                for arg in args[node]:
                    needed[arg] = 1
        return [node for node in range(last + 1) if needed[node]]

    def expression(self, node: int, *, inside: bool = False, plain: bool = False) -> Expr:
        """A node as an expression in the names of labelled nodes.

        With `inside`, a labelled node itself is written out, its arguments by name.
        With `plain`, gradients are written out too: only names of values are used.
        """
        label = self.labels.get(node)
        if label is not None and not inside and not (plain and isinstance(label, Deriv)):
            return label
        row = self.rows[node]
        if row is None:
            return Num(self.values[node])
        args = tuple(self.expression(arg, plain=plain) for arg in self.args[node])
        if row.name == "reshape" and not self.active[node]:
            # a constant in another shape is still the same constant to a reader
            return args[0]
        return written(row.name, args, self.attributes[node])


def written(name: str, args: tuple[Expr, ...], attributes: Attributes) -> Expr:
    """An operation as people write it (an item of an array is an index)."""
    if name == "item":
        at: Any = dict(attributes)["at"]
        return Index(args[0], tuple(_index_part(part) for part in at))
    if name in {"spread", "sum_to", "identity"}:
        return args[0] if name != "sum_to" else Apply("sum", args)
    if name == "step":
        return Apply(name, args)
    if name == "place":
        settings: Any = dict(attributes)
        if len(settings["shape"]) == 1 and isinstance(settings["at"][0], int):
            unit = Apply("onehot", (Num(settings["at"][0]), Num(settings["shape"][0])))
            return unit if args[0] == Num(1) else Apply("mul", (args[0], unit))
    return Apply(name, args, attributes)


def _index_part(part: Any) -> Expr:
    if part == "all":
        return Apply("slice", (Sym(""), Sym("")))
    if isinstance(part, tuple):
        return Apply("slice", (Num(part[0]), Num(part[1])))
    return Num(part)


def shape_of(value: Any) -> Shape:
    """The shape of nested lists (rectangular, as the reader has checked)."""
    shape: list[int] = []
    while isinstance(value, list):
        shape.append(len(value))
        value = value[0]
    return tuple(shape)


class Term:
    """A node with operators, for the derivative rules.

    What adds nothing is left out as it is written down: a factor 1, a summand 0,
    a double sign. So a gradient reads as a student would write it.
    """

    __slots__ = ("graph", "node")

    def __init__(self, graph: Graph, node: int) -> None:
        self.graph = graph
        self.node = node

    @property
    def shape(self) -> Shape:
        """The shape of the value, () for a scalar."""
        return self.graph.shapes[self.node]

    def number(self, value: Any) -> Term:
        """A constant beside this term."""
        return Term(self.graph, self.graph.constant(value))

    def fn(self, name: str, *others: Term, **attributes: Hashable) -> Term:
        """The named operation applied to this term (and others)."""
        graph = self.graph
        row = OPERATIONS.get(name)
        if row is None:
            from hwsolve.expr.tensors import TENSORS

            row = TENSORS[name]
        if name == "step" and "of" in attributes:
            attributes = {"at0": slope_at_kink(str(attributes["of"]), graph.conventions)}
        if name in {"spread", "sum_to", "reshape"} and self.shape == attributes["shape"]:
            return self
        if name == "transpose":
            return self._transposed(row)
        args = (self.node, *(other.node for other in others))
        return Term(graph, graph.derive(row, args, tuple(attributes.items())))

    def _transposed(self, row: Operation) -> Term:
        """The transpose; that of a product is the product of transposes, turned round."""
        graph = self.graph
        inner = self._argument_of("transpose")
        if inner:
            return Term(graph, inner[0])
        factors = self._argument_of("matmul")
        if factors and all(len(graph.shapes[factor]) > 1 for factor in factors):
            left, right = (Term(graph, factor) for factor in factors)
            return right._transposed(row) @ left._transposed(row)
        return Term(graph, graph.derive(row, (self.node,)))

    def _known(self) -> Any:
        """The value of a scalar constant, else None."""
        value = self.graph.values[self.node]
        if value is None or self.graph.active[self.node] or isinstance(value, list):
            return None
        return value

    def _apply(self, name: str, *terms: Term) -> Term:
        graph = self.graph
        return Term(graph, graph.derive(OPERATIONS[name], tuple(term.node for term in terms)))

    def _argument_of(self, name: str) -> tuple[int, ...] | None:
        """The arguments if this node is an unnamed result of the named operation."""
        row = self.graph.rows[self.node]
        if row is None or row.name != name or self.node in self.graph.labels:
            return None
        return self.graph.args[self.node]

    def _other(self, other: Any) -> Term:
        return other if isinstance(other, Term) else self.number(other)

    def __neg__(self) -> Term:
        known = self._known()
        if known is not None:
            return self.number(-known)
        inner = self._argument_of("neg")
        return Term(self.graph, inner[0]) if inner else self._apply("neg", self)

    def __add__(self, other: Any) -> Term:
        other = self._other(other)
        mine, its = self._known(), other._known()
        if mine is not None and its is not None:
            return self.number(mine + its)
        if its == 0 and not other.shape:
            return self
        if mine == 0 and not self.shape:
            return other
        negated = other._argument_of("neg")
        if negated:
            return self._apply("sub", self, Term(self.graph, negated[0]))
        return self._apply("add", self, other)

    def __radd__(self, other: Any) -> Term:
        return self._other(other) + self

    def __sub__(self, other: Any) -> Term:
        other = self._other(other)
        mine, its = self._known(), other._known()
        if mine is not None and its is not None:
            return self.number(mine - its)
        if its == 0:
            return self
        if mine == 0:
            return -other
        return self._apply("sub", self, other)

    def __rsub__(self, other: Any) -> Term:
        return self._other(other) - self

    def __mul__(self, other: Any) -> Term:
        other = self._other(other)
        mine, its = self._uniform(other.shape), other._uniform(self.shape)
        if mine is not None and its is not None and not self.shape and not other.shape:
            return self.number(mine * its)
        if its is not None:
            return self.number(its)._scaled(self)
        if mine is not None:
            return self.number(mine)._scaled(other)
        for left, right in ((self, other), (other, self)):
            negated = left._argument_of("neg")
            if negated:
                first = Term(self.graph, negated[0])
                return -(first * right if left is self else right * first)
        for left, right in ((self, other), (other, self)):
            quotient = right._argument_of("div")
            if quotient and self.graph.values[quotient[0]] == 1:
                return left / Term(self.graph, quotient[1])
        return self._apply("mul", self, other)

    def _uniform(self, shape: Shape) -> Any:
        """The value of a constant, also of one stretched to just this shape, else None."""
        row = self.graph.rows[self.node]
        if row is not None and row.name == "spread" and self.shape == shape:
            return Term(self.graph, self.graph.args[self.node][0])._known()
        return self._known()

    def _scaled(self, other: Term) -> Term:
        """A constant (this term) times another term."""
        factor = self._known()
        if factor == 1:
            return other
        if factor == -1:
            return -other
        if factor == 0 and not other.shape:
            return self
        inner = other._argument_of("mul")
        if inner:
            first = Term(self.graph, inner[0])
            before = first._known()
            if before is not None and not isinstance(before, float) and not isinstance(factor, float):
                return self.number(_whole(factor * before)) * Term(self.graph, inner[1])
        return self._apply("mul", self, other)

    def __rmul__(self, other: Any) -> Term:
        return self._other(other) * self

    def __truediv__(self, other: Any) -> Term:
        other = self._other(other)
        if other._known() == 1:
            return self
        known = self._known()
        if known == 0 and not other.shape:
            return self
        if known is not None and known < 0:
            return -(self.number(-known) / other)
        negated = self._argument_of("neg")
        if negated:
            return -(Term(self.graph, negated[0]) / other)
        return self._apply("div", self, other)

    def __rtruediv__(self, other: Any) -> Term:
        return self._other(other) / self

    def __pow__(self, other: Any) -> Term:
        other = self._other(other)
        if other._known() == 1:
            return self
        return self._apply("pow", self, other)

    def __matmul__(self, other: Term) -> Term:
        return self.fn("matmul", other)


def _whole(value: Any) -> Any:
    """A fraction that is a whole number as an int."""
    return int(value) if value == int(value) else value


def slope_at_kink(of: str, conventions: Mapping[str, Any]) -> Any:
    """The value that a convention gives to a slope where it jumps.

    relu: PyTorch, micrograd and most courses take 0. max of two equal values: the
    slope is shared, as HIPS autograd and JAX do, or goes to the first.
    """
    if of == "relu":
        return conventions.get("relu_at_0", 0)
    if conventions.get("max_ties", "share") == "first":
        return 1 if of == "first" else 0
    return 0.5


_PROBLEMS: Final = {
    "div": "division by zero",
    "log": "logarithm of a number that is not positive",
    "log2": "logarithm of a number that is not positive",
    "log10": "logarithm of a number that is not positive",
    "sqrt": "square root of a negative number",
    "pow": "a power that has no value",
}


def evaluate(
    graph: Graph,
    system: NumberSystem,
    nodes: Sequence[int] | None = None,
    *,
    start: list[Any] | None = None,
) -> list[Any]:
    """The values of nodes (all by default), in a number system.

    Args:
        graph: the graph.
        system: the number system; an `Arrays` one if the graph has arrays.
        nodes: the nodes wanted, with all that they need, in order.
        start: values of nodes that are not to be computed (None elsewhere).

    Raises:
        EquationError: naming the first step that has no finite value.
    """
    values: list[Any] = [None] * len(graph) if start is None else start
    rows, args, attributes = graph.rows, graph.args, graph.attributes
    finish = system.finish
    node = -1
    with system.scope():
        try:
            for node in range(len(graph)) if nodes is None else nodes:
                if values[node] is not None:
                    continue
                row = rows[node]
                if row is None:
                    values[node] = system.number(graph.values[node])
                elif attributes[node]:
                    terms = [values[arg] for arg in args[node]]
                    values[node] = finish(row.compute(system, *terms, **dict(attributes[node])))
                else:
                    values[node] = finish(row.compute(system, *[values[a] for a in args[node]]))
        except (ArithmeticError, ValueError) as error:
            raise _unfinished(graph, values, node, error) from None
    if not system.exact and not graph.has_arrays:
        isfinite = math.isfinite
        for node in range(len(graph)) if nodes is None else nodes:
            value = values[node]
            if isinstance(value, float) and not isfinite(value):
                raise _unfinished(graph, values, node, OverflowError())
    return values


def _unfinished(graph: Graph, values: list[Any], node: int, error: Exception) -> EquationError:
    """The error for a step that has no value, with the numbers that it was given."""
    from hwsolve.expr.notation import text

    row = graph.rows[node]
    if row is None:
        return EquationError(f"the number {graph.values[node]} is too large", equation=-1)
    kind = type(error).__name__
    what = _PROBLEMS.get(row.name, "a value that does not exist")
    if "Overflow" in kind or "overflow" in str(error):
        what = "a number too large to hold"
    elif "divi" in kind.lower() or "division" in str(error) or "divide" in str(error):
        what = _PROBLEMS.get(row.name, "division by zero")
    owner = node
    while owner < len(graph) - 1 and owner not in graph.labels:
        owner += 1
    formula = text(graph.expression(node, inside=True))
    numbers = {
        text(graph.labels[arg]): values[arg]
        for arg in graph.args[node]
        if arg in graph.labels and not graph.shapes[arg]
    }
    with_values = ", ".join(f"{name} = {float(value):g}" for name, value in numbers.items())
    where = f" with {with_values}" if with_values else ""
    name = graph.labels.get(node)
    shown = f"{text(name)} = {formula}" if name is not None else formula
    return EquationError(f"{what} in {shown}{where}", equation=graph.origin[node])
