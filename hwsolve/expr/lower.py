"""Equations to a graph: names looked up, families and sums written out, shapes checked."""

from __future__ import annotations

import operator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import ConsequenceError, EquationError, EquationErrors, did_you_mean
from hwsolve.expr.derivatives import Derivatives
from hwsolve.expr.operations import ALIASES, OPERATIONS
from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Over, Sym, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hwsolve.expr.graph import Graph
    from hwsolve.expr.operations import Shape
    from hwsolve.expr.parser import Equation, Loop

MAX_NODES: Final = 1_000_000
MAX_NESTED_CALLS: Final = 40


class Bundle:
    """An indexed name whose entries are nodes of their own: `x[1]`, `h[3]`.

    Attributes:
        name: the name.
        entries: the nodes by index, as the author numbers them.
        given: the nested list that entries are made from when first used, or None.
        shape: the shape of a given array; () for a family made by equations.
        free: whether any entry may be used without a value (in proofs).
    """

    __slots__ = ("entries", "free", "given", "name", "shape")

    def __init__(
        self,
        name: str,
        given: list[Any] | None = None,
        shape: Shape = (),
        *,
        free: bool = False,
    ) -> None:
        self.name = name
        self.free = free
        self.entries: dict[tuple[int, ...], int] = {}
        self.given = given
        self.shape = shape


Lowered = int | Bundle


class Lowering:
    """Builds the graph of a problem, equation by equation.

    Args:
        graph: the graph to add to.
        first_index: the number of the first entry of an array, 0 or 1.
    """

    def __init__(self, graph: Graph, first_index: int = 0) -> None:
        self.graph = graph
        self.first_index = graph.first_index = first_index
        self.names: dict[str, Lowered] = {}
        self.local: dict[str, Lowered] = {}
        self.loops: dict[str, int] = {}
        self.functions: dict[str, Equation] = {}
        self.used_aliases: dict[str, str] = {}
        self.indexed = False
        self.depth = 0
        self.turns = 0
        # which way the derivative of a vector by a vector lies, and whether there is one
        self.layout = "numerator"
        self.has_jacobian = False
        # matrices of derivatives, by node: the derivatives that they are made of, row by row
        self.jacobians: dict[int, Expr] = {}
        # names through which no gradient passes
        self.held: frozenset[str] = frozenset()
        # the nodes of entries that were asked for, by array and place
        self.asked: dict[tuple[int, Any], int] = {}
        # the numbers of equations that stay lines of their own, whatever their length
        self.unsplit: set[int] = set()
        self.auto: dict[str, int] = {}
        # names of intermediate results that formulas of the tables have
        self.words: set[str] = set()
        # the conditions of the choices that are being read, and whether they hold there
        self.guards: list[tuple[int, bool]] = []
        # the values of nodes as far as choices had to know them, in floats
        self.found: dict[int, Any] = {}
        # while the body of a function of the tables is read
        self.in_table = False
        self.later: Mapping[str, int] = {}
        self.equations: Sequence[Equation] = ()
        # (top, bottom) of every derivative that turned out to be 0 for want of a path
        self.log_base = "e"
        # where a size is a symbol, a sum may be empty at the smallest: it is 0 then
        self.empty_ranges = False
        self.derivatives = Derivatives()
        # what entered losses as probabilities: (node, axis of the classes)
        self.probabilities: list[tuple[int, int]] = []
        self.numbered_classes = False
        # what the losses that were called do, in words, by their names
        self.losses: dict[str, str] = {}
        # values of parameters that a call did not name: "leaky_relu: slope" -> "0.01"
        self.defaults: dict[str, str] = {}
        # names whose equation is wrong, so that what uses them is not blamed too
        self.broken: set[str] = set()
        self.unrelated: list[tuple[Expr, Expr]] = []

    # -- names --------------------------------------------------------------

    def define_given(self, name: str, value: Any, *, by_entry: bool) -> None:
        """Add a given value; `by_entry` where only its single entries are used."""
        if isinstance(value, list) and by_entry:
            from hwsolve.expr.graph import shape_of

            self.names[name] = Bundle(name, value, shape_of(value))
        else:
            self.names[name] = self.graph.given(value, Sym(name))

    def run(self, equations: Sequence[Equation]) -> None:
        """Add all equations, in order.

        Raises:
            EquationErrors: each with the number of its equation and the place in it.
        """
        self.equations = equations
        errors: list[EquationError] = []
        targets: dict[str, int] = {}
        for number, equation in enumerate(equations):
            targets.setdefault(_target_name(equation), number)
        self.later = targets
        for number, equation in enumerate(equations):
            self.graph.equation = number
            try:
                self.equation(equation)
            except ConsequenceError:
                self.broken.add(_target_name(equation))
            except RecursionError:
                # functions of functions of long formulas, each of which is short enough
                message = "its functions and formulas are nested too deeply"
                hint = "give a part of it a name of its own"
                errors.append(EquationError(message, equation.target.at, hint, number))
                self.broken.add(_target_name(equation))
            except EquationError as error:
                if error.equation < 0:
                    error.equation = number
                errors.append(error)
                self.broken.add(_target_name(equation))
        self.graph.equation = -1
        if errors:
            raise EquationErrors(errors)

    def equation(self, equation: Equation) -> None:
        """Add one equation, a family of them, or a function."""
        name = _target_name(equation)
        if equation.parameters is not None:
            self._free(name, equation)
            self.functions[name] = equation
        elif equation.loops:
            self._family(equation, list(equation.loops))
        elif isinstance(equation.target, Index):
            self._entry(equation)
        else:
            self._free(name, equation)
            node = self.names[name] = self._named(equation.body, Sym(name))
            if name in self.held:
                self.graph.held.add(node)

    def _free(self, name: str, equation: Equation) -> None:
        if name in self.names or name in self.functions:
            given = name in self.names and self.later.get(name) == self.graph.equation
            self._taken(name, equation, given=given)
        if name in _CONSTANTS:
            return
        if "." in name:
            raise EquationError(f"'{name}' is not a name", equation.target.at)

    def _taken(self, name: str, equation: Equation, *, given: bool) -> None:
        where = "as a given value" if given else "by an earlier equation"
        raise EquationError(
            f"'{name}' is defined twice: already {where}", equation.target.at, "use another name"
        )

    def _family(self, equation: Equation, loops: list[Loop]) -> None:
        if not loops:
            self._entry(equation)
            return
        loop = loops.pop(0)
        if not isinstance(equation.target, Index):
            raise EquationError(
                f"'for {loop.variable} in ...' needs an indexed name on the left",
                equation.target.at,
                f"write {_target_name(equation)}[{loop.variable}] = ...",
            )
        at = equation.target.at
        low, high = self.whole(loop.low, at), self.whole(loop.high, at)
        if high < low:
            raise EquationError(f"the range {low}..{high} is empty", equation.target.at)
        if high - low >= MAX_NODES:
            raise EquationError(f"the range {low}..{high} is too long", equation.target.at)
        outer = self.loops.get(loop.variable)
        for number in range(low, high + 1):
            self.loops[loop.variable] = number
            self._family(equation, list(loops))
        self._restored(loop.variable, outer)

    def _entry(self, equation: Equation) -> None:
        target = equation.target
        if not isinstance(target, Index):
            raise EquationError("a loop needs an indexed name on the left", target.at)
        name = _target_name(equation)
        at = tuple(self.whole(index, target.at) for index in target.indices)
        bundle = self.names.get(name)
        if bundle is None:
            bundle = self.names[name] = Bundle(name)
        if not isinstance(bundle, Bundle) or bundle.given is not None:
            self._taken(name, equation, given=True)
            return
        if at in bundle.entries:
            raise EquationError(f"'{_entry_name(name, at)}' is defined twice", target.at)
        label = Index(Sym(name), tuple(map(Num, at)))
        bundle.entries[at] = self._named(equation.body, label)

    def _named(self, body: Expr, label: Expr) -> int:
        """The node of an equation's right side, under its name."""
        from hwsolve.expr.lines import split

        graph = self.graph
        node = self.node(body)
        if node in graph.labels or graph.rows[node] is None:
            node = graph.emit(OPERATIONS["identity"], (node,))
            graph.shapes[node] = graph.shapes[graph.args[node][0]]
        graph.labels[node] = label
        if graph.equation not in self.unsplit:
            split(self, node)
        self.limit_size()
        return node

    def limit_size(self) -> None:
        """Refuse a problem that grows without end: sums in sums, functions of functions."""
        if max(len(self.graph), self.turns) > MAX_NODES:
            raise EquationError(f"the problem has more than {MAX_NODES:,} operations")

    def fresh(self, letter: str) -> str:
        """A name that nobody uses: u1, u2, ..."""
        while True:
            number = self.auto[letter] = self.auto.get(letter, 0) + 1
            name = f"{letter}{number}"
            if name not in self.names and name not in self.later:
                return name

    def fresh_word(self, name: str) -> str:
        """A name for an intermediate result, with a number behind it where it is taken."""
        word, number = name, 1
        while word in self.names or word in self.later or word in self.words:
            number += 1
            word = f"{name}{number}"
        self.words.add(word)
        return word

    # -- expressions --------------------------------------------------------

    def node(self, expr: Expr) -> int:
        """The node of an expression."""
        lowered = self.lower(expr)
        return self.whole_array(lowered) if isinstance(lowered, Bundle) else lowered

    def whole_array(self, bundle: Bundle) -> int:
        """An indexed name as one array node, its entries in order."""
        from hwsolve.expr.tensors import TENSORS

        if bundle.given is not None:
            self.all_entries(bundle)
        entries = sorted(bundle.entries.items())
        row = TENSORS["stack"]
        if len(entries[0][0]) == 1:
            return self.graph.derive(row, tuple(node for _, node in entries))
        rows: dict[tuple[int, ...], list[int]] = {}
        for at, node in entries:
            rows.setdefault(at[:-1], []).append(node)
        inner = Bundle(bundle.name)
        for at, nodes in rows.items():
            inner.entries[at] = self.graph.derive(row, tuple(nodes))
        return self.whole_array(inner)

    def all_entries(self, bundle: Bundle) -> None:
        """Make the nodes of all entries of a given array."""
        from itertools import product

        first = self.first_index
        for at in product(*(range(first, first + size) for size in bundle.shape)):
            self.given_entry(bundle, at)

    def given_entry(self, bundle: Bundle, at: tuple[int, ...]) -> int:
        """The node of one entry of a given array, made when it is first asked for."""
        node = bundle.entries.get(at)
        if node is None:
            value: Any = bundle.given
            for number in at:
                value = value[number - self.first_index]
            label = Index(Sym(bundle.name), tuple(map(Num, at)))
            node = bundle.entries[at] = self.graph.given(value, label)
        return node

    def lower(self, expr: Expr) -> Lowered:
        """The node of an expression, or the bundle that it names."""
        match expr:
            case Num():
                return self.graph.constant(expr.value)
            case Sym():
                return self._symbol(expr)
            case Apply():
                return self._apply(expr)
            case Index():
                return self._index(expr)
            case Over():
                return self._over(expr)
            case Deriv():
                return self._derivative(expr)
        raise AssertionError(expr)

    def _symbol(self, symbol: Sym) -> Lowered:
        name = symbol.name
        if name in self.loops:
            return self.graph.constant(self.loops[name])
        found = self.local.get(name)
        if found is None and not self.in_table:
            found = self.names.get(name)
        if found is not None:
            return found
        if name in _CONSTANTS:
            return self.graph.constant(_CONSTANTS[name])
        if name == "e":
            return self.graph.emit(OPERATIONS["exp"], (self.graph.constant(1),))
        if name in self.broken:
            raise ConsequenceError("", symbol.at)
        raise self.undefined(name, symbol.at)

    def undefined(self, name: str, at: int) -> EquationError:
        """The error for a name that nothing has defined so far."""
        here = self.graph.equation
        later = self.later.get(name) if name not in self.functions else None
        if later is not None and here >= 0:
            if later == here:
                return EquationError(f"'{name}' is defined by itself", at)
            circle = self._circle(name)
            if circle:
                names = " -> ".join(f"'{step}'" for step in circle)
                return EquationError(f"names are defined in a circle: {names}", at)
            return EquationError(
                f"'{name}' is used before it is defined", at, "move its equation up"
            )
        if name in self.functions or is_function(name):
            return EquationError(f"'{name}' is a function", at, f"write {name}(...)")
        known = [*self.names, *self.loops, *self.local]
        hint = self._product(name) or did_you_mean(name, known)
        hint = hint or "give it a value under 'given' or an equation"
        return EquationError(f"'{name}' is not defined", at, hint)

    def _product(self, name: str) -> str:
        """wx is perhaps w*x."""
        for cut in range(1, len(name)):
            if name[:cut] in self.names and name[cut:] in self.names:
                return f"did you mean {name[:cut]}*{name[cut:]}?"
        return ""

    def _circle(self, name: str) -> list[str]:
        """The names on a way from an equation back to the one being added, if any."""
        here = _target_name(self.equations[self.graph.equation])
        came: dict[str, str] = {name: here}
        queue = [name]
        while queue:
            current = queue.pop(0)
            equation = self.later.get(current)
            if equation is None:
                continue
            for node in walk(self.equations[equation].body):
                if not isinstance(node, Sym) or node.name in came:
                    continue
                came[node.name] = current
                if node.name == here:
                    path = [here]
                    while len(path) == 1 or path[-1] != here:
                        path.append(came[path[-1]])
                    return path[::-1]
                queue.append(node.name)
        return []

    def _apply(self, expr: Apply) -> Lowered:
        row = OPERATIONS.get(expr.op)
        if (
            row is None
            or expr.attributes
            or (row.name == "log" and self.log_base != "e")
            or (row.kind != "arithmetic" and expr.op in self.functions and not self.in_table)
            or len(expr.args) != (row.arity or len(expr.args))
        ):
            from hwsolve.expr.calls import call

            return call(self, expr)
        if expr.op == "where":
            chosen = self._decided(expr.args[0])
            if chosen is not None:
                return self.lower(expr.args[1 if chosen else 2])
            from hwsolve.expr.choices import choice

            return choice(self, expr)
        if expr.op == "pow" and expr.args[0] == Sym("e") and "e" not in self.names:
            return self.graph.emit(OPERATIONS["exp"], (self.node(expr.args[1]),))
        args = tuple([self.node(arg) for arg in expr.args])
        if row.name in {"div", "pow"}:
            from hwsolve.expr.shortened import simple_fraction, square_of_root

            short = simple_fraction if row.name == "div" else square_of_root
            found = short(self.graph, *args)
            if found is not None:
                return found
        try:
            if self.guards:
                from hwsolve.expr.choices import guarded

                args = guarded(self, row, args)
            return self.graph.emit(row, args)
        except EquationError as error:
            error.at = expr.at if error.at < 0 else error.at
            raise

    def _decided(self, condition: Expr) -> bool | None:
        """Whether a condition on indices holds (`h[t-1] if t > 1 else h0`), None for others."""
        if not self.loops or not isinstance(condition, Apply):
            return None
        if condition.op == "mul":
            parts = [self._decided(part) for part in condition.args]
            return None if None in parts else all(parts)
        if condition.op not in _DECIDE:
            return None
        if not any(isinstance(n, Sym) and n.name in self.loops for n in walk(condition)):
            return None
        try:
            left, right = (self.whole(side) for side in condition.args)
        except EquationError:
            return None
        return _DECIDE[condition.op](left, right)

    def whole(  # noqa: C901, PLR0911  (one case for each form)
        self, expr: Expr, at: int = -1
    ) -> int:
        """The value of an index or of the end of a range: a whole number known by now.

        `at` is the place to be named where the expression has none of its own.
        """
        match expr:
            case Num(value=int() as number):
                return number
            case Sym(name=name) if name in self.loops:
                return self.loops[name]
            case Sym(name=name) if isinstance(self.local.get(name), int):
                value = self.graph.values[self.local[name]]  # type: ignore[index]  # an int
                if isinstance(value, int):
                    return value
            case Apply(op="add", args=args):
                return sum(self.whole(arg, at) for arg in args)
            case Apply(op="sub", args=(left, right)):
                return self.whole(left, at) - self.whole(right, at)
            case Apply(op="mul", args=(left, right)):
                return self.whole(left, at) * self.whole(right, at)
            case Apply(op="neg", args=(inner,)):
                return -self.whole(inner, at)
            case Apply(op="max" | "min" as op, args=(_, _, *_) as args):
                return (max if op == "max" else min)(self.whole(arg, at) for arg in args)
            case Sym(name=name) if isinstance(self.names.get(name), int):
                value = self.graph.values[self.names[name]]  # type: ignore[index]  # an int
                if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
                    return int(value)
            case Sym(name=name) if name not in self.names:
                raise self.undefined(name, expr.at)
        own = getattr(expr, "at", -1)
        place = own if own >= 0 else at
        raise EquationError("an index must be a whole number", place, "such as 2, i or i + j - 1")

    def _index(self, expr: Index) -> Lowered:
        from hwsolve.expr.indexing import entry

        with self.unguarded():
            return entry(self, expr)

    @contextmanager
    def unguarded(self) -> Iterator[None]:
        """While what is read is no piece of a choice entry by entry: a sum, an index."""
        before, self.guards = self.guards, []
        try:
            yield
        finally:
            self.guards = before

    def _over(self, expr: Over) -> int:
        low, high = self.whole(expr.low, expr.at), self.whole(expr.high, expr.at)
        if high < low and expr.op == "sum" and (self.empty_ranges or _is_cut(expr)):
            return self.graph.constant(0)
        if high < low and expr.op == "prod" and self.empty_ranges:
            return self.graph.constant(1)
        if high < low:
            raise EquationError(f"the range {low}..{high} is empty", expr.at)
        if high - low > MAX_NODES:
            raise EquationError(f"the range {low}..{high} is too long", expr.at)
        outer = self.loops.get(expr.variable)
        nodes = []
        self.turns += high - low
        for number in range(low, high + 1):
            self.loops[expr.variable] = number
            nodes.append(self.node(expr.body))
            self.limit_size()
        self._restored(expr.variable, outer)
        return self.combine(expr.op, nodes)

    def _restored(self, variable: str, outer: int | None) -> None:
        """Give an index back the value that it had outside of a loop."""
        if outer is None:
            del self.loops[variable]
        else:
            self.loops[variable] = outer

    def combine(self, op: str, nodes: list[int]) -> int:
        """The sum, product, mean, largest or smallest of nodes."""
        graph = self.graph
        if op in {"sum", "mean"}:
            count = len(nodes)
            nodes = [part for node in nodes for part in self._summands(node)]
            total = nodes[0] if len(nodes) == 1 else graph.emit(OPERATIONS["add"], tuple(nodes))
            if op == "sum":
                return total
            return graph.emit(OPERATIONS["div"], (total, graph.constant(count)))
        row = OPERATIONS[{"prod": "mul", "max": "maximum", "min": "minimum"}[op]]
        result = nodes[0]
        for node in nodes[1:]:
            result = graph.emit(row, (result, node))
        return result

    def _summands(self, node: int) -> tuple[int, ...]:
        """The terms of an unnamed sum: a sum of sums is one sum."""
        graph = self.graph
        row = graph.rows[node]
        if row is OPERATIONS["add"] and node not in graph.labels:
            return graph.args[node]
        return (node,)

    def _derivative(self, expr: Deriv) -> Lowered:
        from hwsolve.expr.derivatives import derivative

        return derivative(self, expr)


_DECIDE: Final[Mapping[str, Callable[[int, int], bool]]] = {
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "eq": operator.eq,
    "ne": operator.ne,
}


def _is_cut(expr: Over) -> bool:
    """Whether a range ends where another one does (`max(1, m-2)..min(4, m)`): it may be empty."""
    return any(isinstance(end, Apply) and end.op in {"max", "min"} for end in (expr.low, expr.high))


_CONSTANTS: Final = {"pi": 3.141592653589793, "π": 3.141592653589793}


def _target_name(equation: Equation) -> str:
    target = equation.target
    return target.name if isinstance(target, Sym) else target.base.name  # type: ignore[attr-defined]  # the parser made it a Sym


def _entry_name(name: str, at: tuple[int, ...]) -> str:
    return f"{name}[{', '.join(map(str, at))}]"


def is_function(name: str) -> bool:
    """Whether a name is that of a function of the language."""
    from hwsolve.expr.calls import known_functions

    return name in ALIASES or name in known_functions()
