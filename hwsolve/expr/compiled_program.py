"""A graph as a program: what is to be computed for some nodes, simplified.

Equal operations are one, constants are folded, what changes nothing is left out, and
composite operations are taken apart into those that `compiled_scalars` and
`compiled_arrays` have code for. An operation that no rule knows stays a `call` of its
row, so that every row of the table can be compiled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hwsolve.expr.systems import FLOATS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hwsolve.expr.graph import Graph
    from hwsolve.expr.operations import Operation, Shape

Settings = tuple[Any, ...]

# Operations entry by entry, whose arguments are stretched as numpy does it.
UNARY: Final = frozenset(
    {
        "neg", "exp", "log", "log1p", "sqrt", "sin", "cos", "erf", "abs",
        "tanh", "sigmoid", "relu", "sign", "floor", "square", "truth",
    }
)  # fmt: skip
BINARY: Final = frozenset(
    {
        "sub", "mul", "div", "pow", "maximum", "minimum",
    }
)  # fmt: skip
TESTS: Final = frozenset(
    {
        "lt", "le", "gt", "ge", "eq", "ne",
    }
)  # fmt: skip
ELEMENTWISE: Final = (
    UNARY | BINARY | TESTS | {"add", "where", "masked", "heaviside", "log2", "log10"}
)
# Other shapes of an array that is there already: nothing is computed.
VIEWS: Final = frozenset({"transpose", "reshape", "item", "spread", "windows"})
# Their values are truth values, one byte each; as numbers they are 1 and 0 (`truth`).
MASKS: Final = TESTS


class Program:
    """Values in the order of computation, in parallel lists.

    Attributes:
        ops: the name of the operation of each value; "given" and "constant" too.
        args: the numbers of its arguments.
        settings: what else it depends on.
        shapes: the shape of the value, () for a number.
        given: the number of the value of each given node of the graph.
        wanted: the numbers of the values that were asked for.
    """

    def __init__(self) -> None:
        self.ops: list[str] = []
        self.args: list[tuple[int, ...]] = []
        self.settings: list[Settings] = []
        self.shapes: list[Shape] = []
        self.given: dict[int, int] = {}
        self.wanted: list[int] = []
        self._known: dict[tuple[str, tuple[int, ...], Settings, Shape], int] = {}

    def __len__(self) -> int:
        return len(self.ops)

    def emit(self, op: str, args: tuple[int, ...], settings: Settings, shape: Shape) -> int:
        """The value of an operation; an equal one is the same value."""
        key = (op, args, settings, shape)
        value = self._known.get(key)
        if value is None:
            value = self._known[key] = len(self.ops)
            self.ops.append(op)
            self.args.append(args)
            self.settings.append(settings)
            self.shapes.append(shape)
        return value

    def number(self, value: float) -> int:
        """A constant number."""
        # 0.0 and -0.0 are equal, but not the same constant
        return self.emit("constant", (), (float(value), repr(float(value))), ())

    def known(self, value: int) -> float | None:
        """The number that a value always is, else None; also if it is stretched."""
        if self.ops[value] == "spread":
            value = self.args[value][0]
        if self.ops[value] == "constant" and not self.shapes[value]:
            return float(self.settings[value][0])
        return None

    def without_dead(self) -> Program:
        """The same program without what is not wanted, numbered anew."""
        needed = bytearray(len(self))
        for value in self.wanted:
            needed[value] = 1
        for value in range(len(self) - 1, -1, -1):
            if needed[value]:
                for arg in self.args[value]:
                    needed[arg] = 1
        result = Program()
        new: dict[int, int] = {}
        for value, op in enumerate(self.ops):
            if needed[value]:
                args = tuple([new[arg] for arg in self.args[value]])
                new[value] = result.emit(op, args, self.settings[value], self.shapes[value])
        result.given = {node: new[value] for node, value in self.given.items() if value in new}
        result.wanted = [new[value] for value in self.wanted]
        return result

    # -- operations entry by entry -------------------------------------------

    def apply(self, op: str, *args: int) -> int:
        """An operation entry by entry, simplified."""
        from hwsolve.expr.shapes import broadcast

        shape = broadcast([self.shapes[arg] for arg in args], op)
        plain = tuple([self._unspread(arg) for arg in args])
        if broadcast([self.shapes[arg] for arg in plain], op) == shape:
            args = plain
        elif not any(self.shapes[arg] for arg in plain):
            return self.spread(self.apply(op, *plain), shape)
        simpler = _SIMPLER.get(op)
        if simpler is not None:
            found = simpler(self, *args)
            if found is not None:
                return self.spread(found, shape)
        if not shape:
            folded = self._folded(op, args)
            if folded is not None:
                return self.number(folded)
        return self.emit(op, args, (), shape)

    def _unspread(self, value: int) -> int:
        """The number that a value is stretched from, else the value."""
        if self.ops[value] == "spread" and not self.shapes[self.args[value][0]]:
            return self.args[value][0]
        return value

    def _folded(self, op: str, args: Sequence[int]) -> float | None:
        numbers = [self.known(arg) for arg in args]
        if None in numbers:
            return None
        from hwsolve.expr.operations import OPERATIONS

        row = OPERATIONS.get(op)
        if row is None:
            return None
        try:
            value = row.compute(FLOATS, *numbers)
        except (ArithmeticError, ValueError):
            return None
        return float(value) if abs(value) < float("inf") else None

    def spread(self, value: int, shape: Shape) -> int:
        """A value stretched to a shape."""
        if self.shapes[value] == shape:
            return value
        if self.ops[value] == "spread":
            value = self.args[value][0]
        return self.emit("spread", (value,), (), shape)

    def sum(self, value: int, axes: tuple[int, ...], shape: Shape) -> int:
        """The sum along axes, in a shape with or without these axes."""
        if not axes:
            return self.reshape(value, shape)
        if len(axes) == len(self.shapes[value]):
            # over everything: the sum of squares is a product of a vector with itself
            squares = self.ops[value] == "square"
            inner = self.args[value][0] if squares else value
            total = self.emit("sumsq" if squares else "sum", (inner,), axes, ())
            return self.spread(total, shape)
        return self.emit("sum", (value,), axes, shape)

    def transpose(self, value: int, axes: tuple[int, ...]) -> int:
        """The axes in another order."""
        if self.ops[value] == "transpose":
            before = self.settings[value]
            axes = tuple([before[axis] for axis in axes])
            (value,) = self.args[value]
        if axes == tuple(range(len(axes))):
            return value
        shape = self.shapes[value]
        return self.emit("transpose", (value,), axes, tuple([shape[axis] for axis in axes]))

    def reshape(self, value: int, shape: Shape) -> int:
        """The same entries in another shape."""
        if self.ops[value] == "reshape":
            value = self.args[value][0]
        if self.shapes[value] == shape:
            return value
        if not self.shapes[value]:
            return self.emit("spread", (value,), (), shape)
        return self.emit("reshape", (value,), (), shape)


def _add(p: Program, *args: int) -> int | None:
    rest = [arg for arg in args if p.known(arg) != 0]
    if len(rest) == len(args):
        if len(args) == 2 and p.ops[args[1]] == "neg":  # noqa: PLR2004  (a pair)
            return p.apply("sub", args[0], p.args[args[1]][0])
        return None
    if not rest:
        return args[0]
    return rest[0] if len(rest) == 1 else p.apply("add", *rest)


def _sub(p: Program, left: int, right: int) -> int | None:
    if p.known(right) == 0:
        return left
    if p.known(left) == 0:
        return p.apply("neg", right)
    if p.ops[right] == "neg":
        return p.apply("add", left, p.args[right][0])
    return None


def _mul(p: Program, left: int, right: int) -> int | None:
    first, second = p.known(left), p.known(right)
    if second is not None and first is None:
        return p.apply("mul", right, left)
    if first is not None:
        return _scaled(p, first, right)
    for mask, other in ((left, right), (right, left)):
        if p.ops[mask] == "truth" and p.shapes[mask] == p.shapes[other]:
            return p.apply("masked", other, p.args[mask][0])
    # (c*x)*y = c*(x*y): constants meet in front, where they become one
    for one, other in ((left, right), (right, left)):
        if p.ops[one] == "mul" and p.shapes[one] and _is_modest(p.known(p.args[one][0])):
            constant, inner = p.args[one]
            return p.apply("mul", constant, p.apply("mul", inner, other))
    return None


# Constants between 1 in so many and so many change their places: with others an intermediate
# result might become 0 or infinite on the way to an ordinary one.
MODEST: Final = 1e9


def _is_modest(value: float | None) -> bool:
    return value is not None and 1 / MODEST <= abs(value) <= MODEST


def _scaled(p: Program, factor: float, value: int) -> int | None:
    if factor == 1:
        return value
    if factor == -1:
        return p.apply("neg", value)
    if p.ops[value] == "mul":
        before = p.known(p.args[value][0])
        if before is not None and _is_modest(before) and _is_modest(factor):
            return p.apply("mul", p.number(factor * before), p.args[value][1])
    if p.ops[value] == "neg":
        return p.apply("mul", p.number(-factor), p.args[value][0])
    if p.ops[value] == "div":
        below = p.known(p.args[value][1])
        if below and _is_modest(below) and _is_modest(factor):
            return p.apply("mul", p.number(factor / below), p.args[value][0])
    return None


def _div(p: Program, left: int, right: int) -> int | None:
    below = p.known(right)
    if below is None or below == 0:
        return None
    if below == 1:
        return left
    if p.ops[left] == "mul":
        factor = p.known(p.args[left][0])
        if factor is not None and _is_modest(factor) and _is_modest(below):
            return p.apply("mul", p.number(factor / below), p.args[left][1])
    return None


def _neg(p: Program, value: int) -> int | None:
    return p.args[value][0] if p.ops[value] == "neg" else None


def _pow(p: Program, base: int, exponent: int) -> int | None:
    power = p.known(exponent)
    if power == 1:
        return base
    if power == 3:  # noqa: PLR2004  (a cube)
        return p.apply("mul", p.apply("square", base), base)
    if power == -1:
        return p.apply("div", p.number(1), base)
    name = {2.0: "square", 0.5: "sqrt"}.get(power or 0.0)
    return p.apply(name, base) if name else None


_SIMPLER: Final[dict[str, Callable[..., int | None]]] = {
    "add": _add, "sub": _sub, "mul": _mul, "div": _div, "neg": _neg, "pow": _pow,
}  # fmt: skip


def program(graph: Graph, wanted: Sequence[int]) -> Program:
    """The program for some nodes of a graph.

    Args:
        graph: the graph; its given nodes are what may change between two evaluations.
        wanted: the nodes whose values are asked for, in this order in `Program.wanted`.
    """
    from hwsolve.expr.compiled_rules import lowered

    result = Program()
    values: dict[int, int] = {}
    for node in graph.ancestors(wanted):
        row = graph.rows[node]
        shape = graph.shapes[node]
        if row is None:
            values[node] = _leaf(result, graph, node)
            continue
        args = tuple([values[arg] for arg in graph.args[node]])
        values[node] = lowered(result, row, args, dict(graph.attributes[node]), shape)
    result.wanted = [values[node] for node in wanted]
    return accumulated(result.without_dead())


def accumulated(p: Program) -> Program:
    """The program with long sums of arrays added up as soon as their terms are there.

    So of the contributions of many steps to one gradient only two exist at a time.
    """
    sums = [
        value for value, op in enumerate(p.ops)
        if op == "add" and p.shapes[value] and len(set(p.args[value])) > 2  # noqa: PLR2004  (a pair)
        and len(set(p.args[value])) == len(p.args[value])
    ]  # fmt: skip
    if not sums:
        return p
    users: dict[int, list[int]] = {}
    for value in sums:
        for arg in p.args[value]:
            users.setdefault(arg, []).append(value)
    result = Program()
    new: dict[int, int] = {}
    so_far: dict[int, int] = {}
    for value, op in enumerate(p.ops):
        if value in so_far:
            new[value] = so_far[value]
        else:
            args = tuple([new[arg] for arg in p.args[value]])
            new[value] = result.emit(op, args, p.settings[value], p.shapes[value])
        for total in users.get(value, ()):
            before = so_far.get(total)
            so_far[total] = (
                new[value] if before is None else result.apply("add", before, new[value])
            )
    result.given = {node: new[value] for node, value in p.given.items()}
    result.wanted = [new[value] for value in p.wanted]
    return result


def _leaf(result: Program, graph: Graph, node: int) -> int:
    value, shape = graph.values[node], graph.shapes[node]
    if graph.active[node]:
        found = result.given[node] = result.emit("given", (), (node,), shape)
        return found
    if isinstance(value, list):
        return result.emit("constant", (), (node,), shape)
    return result.number(value)


def call(
    p: Program, row: Operation, args: tuple[int, ...], attributes: Mapping[str, Any], shape: Shape
) -> int:
    """An operation that has no code of its own: its row computes it."""
    return p.emit("call", args, (row.name, tuple(attributes.items())), shape)


def row_named(name: str) -> Operation:
    """A row of the table, by its name."""
    from hwsolve.expr.operations import OPERATIONS

    row = OPERATIONS.get(name)
    if row is None:
        from hwsolve.expr.tensors import TENSORS

        row = TENSORS[name]
    return row


def whole_index(at: tuple[Any, ...], shape: Shape) -> tuple[Any, ...]:
    """An index with a range or a number for every axis."""
    at = (*at, *("all",) * (len(shape) - len(at)))
    return tuple((0, size) if part == "all" else part for part, size in zip(at, shape, strict=True))
