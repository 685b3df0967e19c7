"""A statement as a graph with free variables, and its values at points.

The equations of a problem, two sides of a claim and the assumptions become one
graph; names that no equation defines are its free variables. The same graph is then
evaluated at random points of a finite field, at small fractions and at random floats.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hwsolve.errors import EquationError
from hwsolve.expr.graph import Graph
from hwsolve.expr.lower import Bundle, Lowered, Lowering
from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Over, Sym, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hwsolve.expr.parser import Equation
    from hwsolve.expr.systems import NumberSystem
    from hwsolve.proofs.field import Field

Shape = tuple[int, ...]
COMPARISONS: Final = ("eq", "ne", "lt", "le", "gt", "ge")


class Context(NamedTuple):
    """What an identity rests on.

    Attributes:
        equations: definitions of names, families and functions, in order.
        assumptions: comparisons that hold (`Apply("eq", (a, b))`).
        sizes: the value of each symbolic end of a range, such as {"N": 3}.
        indices: the value of each free index.
        shapes: the shapes of free variables that are arrays.
        first_index: the number of the first entry of an array.
        conventions: the slopes at kinks, as the graph takes them.
        log_base: what `log` means: "e", "2" or "10".
    """

    equations: tuple[Equation, ...] = ()
    assumptions: tuple[Expr, ...] = ()
    sizes: Mapping[str, int] = {}
    indices: Mapping[str, int] = {}
    shapes: Mapping[str, Shape] = {}
    first_index: int = 1
    conventions: Mapping[str, Any] = {}
    log_base: str = "e"


class UnmetError(EquationError):
    """No values were found for which the assumptions hold."""


class Statement:
    """Expressions over free variables, as nodes of one graph.

    Attributes:
        graph: the graph.
        sides: the node of each expression.
        leaves: the nodes of the free variables.
        positive: those of them that an assumption says are positive.
        equal: pairs of nodes that an assumption says are equal.
        tests: nodes of the other assumptions: 1 where they hold.
    """

    def __init__(self, expressions: Iterable[Expr], context: Context) -> None:
        self.graph = Graph(context.conventions)
        self.lowering = Lowering(self.graph, context.first_index)
        self.lowering.log_base = context.log_base
        self.lowering.empty_ranges = bool(context.sizes)
        self.lowering.loops.update({**context.sizes, **context.indices})
        expressions = tuple(expressions)
        self._declare(expressions, context)
        self.lowering.run(context.equations)
        self.sides = [self._node(self.lowering.lower(expr)) for expr in expressions]
        self.positive: set[int] = set()
        self.equal: list[tuple[int, int]] = []
        self.tests: list[int] = []
        for assumption in context.assumptions:
            self._assume(assumption)
        self.leaves = [
            node
            for node in self.graph.ancestors(
                [*self.sides, *self.tests, *(node for pair in self.equal for node in pair)]
            )
            if self.graph.rows[node] is None and self.graph.active[node]
        ]
        self.needed = self.graph.ancestors([*self.sides, *self.tests])

    def _node(self, lowered: Lowered) -> int:
        return self.lowering.whole_array(lowered) if isinstance(lowered, Bundle) else lowered

    def _declare(self, expressions: tuple[Expr, ...], context: Context) -> None:
        """Free variables: names that are used and nowhere defined."""
        defined = {_target(equation) for equation in context.equations}
        bound = {*context.sizes, *context.indices}
        used: dict[str, bool] = {}
        for tree in (*expressions, *context.assumptions):
            _collect(tree, used, bound)
        for equation in context.equations:
            # an index or a parameter hides a name only in its own equation
            own = {*(loop.variable for loop in equation.loops), *(equation.parameters or ())}
            _collect(equation.body, used, bound | own)
        for name, indexed in used.items():
            if name in defined or name in {"pi", "π", "e"}:
                continue
            shape = context.shapes.get(name)
            if shape:
                self.lowering.names[name] = self.graph.given(_zeros(shape), Sym(name))
            elif indexed:
                self.lowering.names[name] = Bundle(name, free=True)
            else:
                self.lowering.names[name] = self.graph.given(0, Sym(name))

    def _assume(self, assumption: Expr) -> None:
        if not isinstance(assumption, Apply) or assumption.op not in COMPARISONS:
            raise EquationError(
                "an assumption is a comparison", hint="such as sum(y) == 1 or c > 0"
            )
        left, right = assumption.args
        if assumption.op == "eq":
            nodes = [self._node(self.lowering.lower(side)) for side in (left, right)]
            self.equal += self._entry_pairs(*nodes)
            return
        if assumption.op in {"lt", "gt"}:
            small, large = (left, right) if assumption.op == "lt" else (right, left)
            if small == Num(0):
                node = self._node(self.lowering.lower(large))
                if self.graph.rows[node] is None:
                    self.positive.add(node)
                    return
        self.tests.append(self._node(self.lowering.lower(assumption)))

    def _entry_pairs(self, left: int, right: int) -> list[tuple[int, int]]:
        """The entries of two arrays that are equal, one by one; a number equals each of them."""
        from hwsolve.expr.tensors import TENSORS

        shapes = [self.graph.shapes[node] for node in (left, right)]
        shape = shapes[0] or shapes[1]
        if any(own and own != shape for own in shapes):
            message = f"an assumed equality is between {_by(shapes[0])} and {_by(shapes[1])}"
            raise EquationError(message, hint="both sides have the same shape")
        if not shape:
            return [(left, right)]
        sides = [
            [
                self.graph.emit(TENSORS["item"], (node,), (("at", at),)) if own else node
                for at in _indices(shape)
            ]
            for node, own in zip((left, right), shapes, strict=True)
        ]
        return list(zip(*sides, strict=True))

    def shapes_of_sides(self) -> tuple[Shape, Shape]:
        """The shapes of the first two sides; a 0 beside an array is an array of 0."""
        from hwsolve.expr.operations import OPERATIONS

        for own, other in ((0, 1), (1, 0)):
            node, shape = self.sides[own], self.graph.shapes[self.sides[other]]
            zero = self.graph.rows[node] is None and not self.graph.active[node]
            if zero and shape and self.graph.values[node] == 0:
                zeros = self.graph.emit(OPERATIONS["mul"], (node, self.sides[other]))
                self.sides[own] = zeros
                self.needed.append(zeros)
        return self.graph.shapes[self.sides[0]], self.graph.shapes[self.sides[1]]

    def system(self, scalars: NumberSystem) -> NumberSystem:
        """The number system in which the graph is evaluated: of arrays, where it has some."""
        if not self.graph.has_arrays:
            return scalars
        from hwsolve.expr.arrays import Arrays

        return Arrays(scalars)

    def met(self, values: Sequence[Any]) -> bool:
        """Whether all assumptions hold in the values of all nodes."""
        return all(
            bool(value.all()) if hasattr(value, "all") else bool(value)
            for value in (values[test] for test in self.tests)
        )

    def name(self, leaf: int) -> str:
        """The name of a free variable."""
        from hwsolve.expr.notation import text

        return text(self.graph.labels[leaf])

    def size(self, leaf: int) -> int:
        """The number of entries of a free variable."""
        return prod(self.graph.shapes[leaf]) if self.graph.shapes[leaf] else 1

    def in_field(self, field: Field) -> list[Any]:
        """The values of all nodes at a random point of the field."""
        from hwsolve.proofs.field_values import field_values

        start: list[Any] = [None] * len(self.graph)
        for leaf in self.leaves:
            start[leaf] = self._drawn(field, leaf)
        self._solve(
            start, lambda values, nodes: field_values(self.graph, field, nodes, values), field
        )
        self._suppose(field, list(start))
        return field_values(self.graph, field, self.needed, start)

    def _suppose(self, field: Field, values: list[Any]) -> None:
        """Tell the field on which sides of 0 the assumed comparisons are."""
        from hwsolve.proofs.field_values import field_values

        for test in self.tests:
            row = self.graph.rows[test]
            name = "" if row is None else row.name
            if name not in _ORDERS or self.graph.shapes[test]:
                continue
            small, large = self.graph.args[test][:: 1 if _ORDERS[name] else -1]
            field_values(self.graph, field, self.graph.ancestors([small, large]), values)
            field.suppose_positive(values[large] - values[small])

    def conditions(self, values: list[Any]) -> tuple[str, ...]:
        """What must hold for everything to have a value, at a point of the field."""
        found: list[str] = []
        for node in self.needed:
            row = self.graph.rows[node]
            if row is None or row.name not in _DEMANDS:
                continue
            position, demand = _DEMANDS[row.name]
            arg = self.graph.args[node][position]
            if not self.graph.active[arg] or _always_positive(values[arg]):
                continue
            if row.name == "pow" and not _can_fail(values[self.graph.args[node][1]]):
                continue
            condition = f"{self._written(arg)} {demand}"
            if condition not in found:
                found.append(condition)
        return tuple(dict.fromkeys((*found, *self._apart(values))))

    def jumps(self, *, conventional: bool) -> list[int]:
        """The nodes that jump where their argument is 0, or their arguments are equal.

        The derivative of a kink (of ReLU, of a maximum) jumps too, but what it is there
        is a convention; those are left out unless `conventional`.
        """
        return [
            node
            for node in self.needed
            if (row := self.graph.rows[node]) is not None
            and row.name in _JUMPS
            and any(self.graph.active[arg] for arg in self.graph.args[node])
            and (conventional or "of" not in dict(self.graph.attributes[node]))
            and node not in self.tests
        ]

    def _apart(self, values: list[Any]) -> list[str]:
        """The places of jumps, which random points never meet."""
        found = []
        for node in self.jumps(conventional=True):
            args = self.graph.args[node]
            if not self.graph.shapes[node]:
                gap = values[args[0]] - values[args[1]] if len(args) > 1 else values[args[0]]
                if gap.field.supposed_side(gap) is not None:
                    continue
            other = self._written(args[1]) if len(args) > 1 else "0"
            found.append(f"{self._written(args[0])} != {other}")
        return list(dict.fromkeys(found))

    def _written(self, node: int) -> str:
        from hwsolve.expr.notation import text

        expression = self.graph.expression(node, plain=True)
        if isinstance(expression, Sym) and expression.name not in self.lowering.names:
            # a step that only the graph has named
            expression = self.graph.expression(node, inside=True, plain=True)
        return text(expression)

    def _drawn(self, field: Field, leaf: int) -> Any:
        positive = leaf in self.positive
        shape = self.graph.shapes[leaf]
        if not shape:
            return field.variable(positive=positive)
        import numpy as np

        values = np.empty(shape, dtype=object)
        for at in np.ndindex(*shape):
            values[at] = field.variable(positive=positive)
        return values

    def at(self, system: NumberSystem, point: Mapping[int, Any]) -> list[Any]:
        """The values of all nodes in a number system, at a point given by leaf.

        Assumed equalities are solved for one of their variables.

        Raises:
            EquationError: where something has no value at this point.
        """
        from hwsolve.expr.evaluation import evaluate

        start: list[Any] = [None] * len(self.graph)
        for leaf in self.leaves:
            start[leaf] = system.number(point[leaf])
        self._solve(
            start, lambda values, nodes: evaluate(self.graph, system, nodes, start=values), system
        )
        return evaluate(self.graph, system, self.needed, start=start)

    def _solve(self, start: list[Any], values_of: Any, system: Any) -> None:
        """Make assumed equalities hold by moving one variable of each.

        Raises:
            EquationError: if an equality is not linear in any of its variables.
        """
        moved: set[tuple[int, Any]] = set()
        for left, right in self.equal:
            nodes = self.graph.ancestors([left, right])

            def gap(left: int = left, right: int = right, nodes: list[int] = nodes) -> Any:
                values = values_of(list(start), nodes)
                return values[left] - values[right]

            done = self._scaled(start, nodes, gap, system) or any(
                self._moved(start, place, gap, system, moved)
                for place in sorted(self._places(nodes), key=lambda at: at[0] in self.positive)
            )
            if not done and not _is_zero(gap(), system.number(0)):
                raise UnmetError(
                    "an assumption cannot be made to hold",
                    hint="it must be linear in one of its names",
                )
        if len(self.equal) > 1:
            self._solve_together(start, values_of, system, sorted(moved, key=repr))

    def _solve_together(
        self, start: list[Any], values_of: Any, system: Any, places: list[tuple[int, Any]]
    ) -> None:
        """Moving a variable for one assumption may break another: solve for all at once.

        Raises:
            EquationError: if they do not hold together, or are not linear together.
        """
        nodes = self.graph.ancestors([node for pair in self.equal for node in pair])

        def gaps() -> list[Any]:
            values = values_of(list(start), nodes)
            return [values[left] - values[right] for left, right in self.equal]

        zero, one = system.number(0), system.number(1)
        before = gaps()
        if all(_is_zero(gap, zero) for gap in before):
            return
        columns = []
        for leaf, at in places:
            kept = start[leaf] if at is None else start[leaf][at]
            _put(start, leaf, at, kept + one)
            columns.append([new - old for new, old in zip(gaps(), before, strict=True)])
            _put(start, leaf, at, kept)
        steps = _solved(columns, [zero - gap for gap in before], zero)
        for (leaf, at), step in zip(places, steps, strict=True):
            kept = start[leaf] if at is None else start[leaf][at]
            _put(start, leaf, at, kept + step)
        if not all(_is_zero(gap, zero) for gap in gaps()):
            raise UnmetError("the assumptions cannot be made to hold together")

    def _places(self, nodes: list[int]) -> list[tuple[int, Any]]:
        """The entries of free variables among nodes, the last first."""
        wanted = set(nodes)
        places: list[tuple[int, Any]] = []
        for leaf in self.leaves:
            if leaf in wanted:
                shape = self.graph.shapes[leaf]
                places += [(leaf, at) for at in _indices(shape)] if shape else [(leaf, None)]
        return places[::-1]

    def _scaled(self, start: list[Any], nodes: list[int], gap: Any, system: Any) -> bool:
        """Make positive numbers add up to what they should by multiplying all of them.

        Only at points: moving one of them would often make it negative.
        """
        inside = [leaf for leaf in self.leaves if leaf in set(nodes)]
        if not inside or not self.positive.issuperset(inside) or hasattr(system, "symbol"):
            return False
        before = [start[leaf] for leaf in inside]
        here = gap()
        for leaf in inside:
            start[leaf] = start[leaf] * system.number(0)
        constant = gap()
        factor = constant / (constant - here) if constant != here else system.number(0)
        for leaf, value in zip(inside, before, strict=True):
            start[leaf] = value * factor
        if factor > 0 and _is_zero(gap(), system.number(0)):
            return True
        for leaf, value in zip(inside, before, strict=True):
            start[leaf] = value
        return False

    def _moved(
        self, start: list[Any], place: tuple[int, Any], gap: Any, system: Any, moved: set[Any]
    ) -> bool:
        leaf, at = place
        if place in moved:
            return False
        before = start[leaf] if at is None else start[leaf][at]

        def put(value: Any) -> Any:
            if at is None:
                start[leaf] = value
            else:
                start[leaf][at] = value
            return gap()

        zero, one = system.number(0), system.number(1)
        low, high = put(zero), put(one)
        slope = high - low
        if slope != zero:
            put(system.number(2))
            solution = (zero - low) / slope
            if _is_zero(put(solution), zero) and self._kept_positive(start, place, system):
                moved.add(place)
                return True
        put(before)
        return _is_zero(gap(), zero)

    def _kept_positive(self, start: list[Any], place: tuple[int, Any], system: Any) -> bool:
        """Whether a moved number is positive where an assumption says so."""
        leaf, at = place
        if leaf not in self.positive or at is not None:
            return True
        if hasattr(system, "symbol"):
            # it is assumed to be, so that its logarithm is one symbol
            start[leaf] = system.known_positive(start[leaf])
            return True
        return bool(start[leaf] > 0)


def _put(start: list[Any], leaf: int, at: Any, value: Any) -> None:
    if at is None:
        start[leaf] = value
    else:
        start[leaf][at] = value


def _solved(columns: list[list[Any]], wanted: list[Any], zero: Any) -> list[Any]:
    """How far to go along each column to reach what is wanted; 0 along those not needed."""
    rows = [
        [*(column[number] for column in columns), wanted[number]] for number in range(len(wanted))
    ]
    pivots: list[tuple[int, int]] = []
    for place in range(len(columns)):
        done = len(pivots)
        row = next((r for r in range(done, len(rows)) if not _is_zero(rows[r][place], zero)), None)
        if row is None:
            continue
        rows[done], rows[row] = rows[row], rows[done]
        lead = rows[done][place]
        rows[done] = [entry / lead for entry in rows[done]]
        for other in range(len(rows)):
            factor = rows[other][place]
            if other != done:
                rows[other] = [
                    entry - factor * top for entry, top in zip(rows[other], rows[done], strict=True)
                ]
        pivots.append((done, place))
    steps = [zero] * len(columns)
    for row, place in pivots:
        steps[place] = rows[row][-1]
    return steps


# Whether a comparison names the smaller side first.
_ORDERS: Final = {"lt": True, "le": True, "gt": False, "ge": False}
_JUMPS: Final = frozenset({"sign", "step", "floor", "gt", "ge", "lt", "le", "eq", "ne"})
# An operation that has no value everywhere: which argument, and what it must be.
_DEMANDS: Final = {
    "div": (1, "!= 0"),
    "log": (0, "> 0"),
    "log2": (0, "> 0"),
    "log10": (0, "> 0"),
    "sqrt": (0, ">= 0"),
    "pow": (0, "!= 0"),
}


def _always_positive(value: Any) -> bool:
    """Whether a value of the field (or each entry of an array) is known to be positive."""
    if getattr(value, "shape", ()):
        return all(_always_positive(entry) for entry in value.ravel())
    return value.factors is not None or bool(value.constant())


def _can_fail(exponent: Any) -> bool:
    """Whether a power with this exponent has no value for some bases."""
    known = exponent.constant() if hasattr(exponent, "constant") else None
    return known is None or known < 0 or known.denominator != 1


def _is_zero(value: Any, zero: Any) -> bool:
    return bool(abs(value) < 1e-9) if isinstance(value, float) else bool(value == zero)  # noqa: PLR2004  (float noise)


def _target(equation: Equation) -> str:
    target = equation.target
    return target.name if isinstance(target, Sym) else target.base.name  # type: ignore[attr-defined]  # the parser made it a Sym


def _collect(tree: Expr, used: dict[str, bool], bound: set[str]) -> None:
    """The names in a tree; True where one is only used with indices."""
    inside = {node.variable for node in walk(tree) if isinstance(node, Over)}
    stack: list[Expr] = [tree]
    while stack:
        node = stack.pop()
        match node:
            case Index(base=Sym(name=name)):
                used.setdefault(name, True)
                stack.extend(node.indices)
            case Index():
                stack.extend((node.base, *node.indices))
            case Sym(name=name) if name not in bound and name not in inside and name:
                used[name] = False
            case Apply():
                stack.extend(node.args)
            case Over():
                stack.extend((node.body, node.low, node.high))
            case Deriv():
                stack.extend((node.top, *node.bottoms))


def _zeros(shape: Shape) -> Any:
    if not shape:
        return 0
    return [_zeros(shape[1:]) for _ in range(shape[0])]


def _by(shape: Shape) -> str:
    return "x".join(map(str, shape)) if len(shape) > 1 else f"{shape[0]} entries"


def _indices(shape: Shape) -> list[Shape]:
    found: list[Shape] = [()]
    for size in shape:
        found = [(*head, k) for head in found for k in range(size)]
    return found
