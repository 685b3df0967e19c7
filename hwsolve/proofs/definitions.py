"""The equations of a problem as definitions of single numbers, with the ranges of their indices.

`h[i] = ... for i in 1..4` defines the entries of h; `Z = X @ W + b` defines those of Z,
whose shape follows from the shapes of X, W and b. The range of an index of a free
symbol follows from its use: `x[i+j-1]` for i in 1..4 and j in 1..3 runs over 1..6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from hwsolve.errors import EquationError, did_you_mean
from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Over, Sym, children, walk
from hwsolve.proofs.entry_form import Axes, EntryForm
from hwsolve.proofs.index_ranges import Affine, Facts, Range, added, affine, ends, tightest, written
from hwsolve.proofs.names import all_names, free_names, fresh, substitute
from hwsolve.proofs.products import Factor, Product, negative, product_of, terms_of
from hwsolve.proofs.tidy import Tidier, tidy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from hwsolve.expr.parser import Equation

CONSTANTS: Final = frozenset({"pi", "π", "e"})


class Definition(NamedTuple):
    """What a name is: `name[variables] = body`, each variable in its range.

    `body` is in single numbers, tidy; `equation` is what the author wrote.
    """

    name: str
    variables: tuple[str, ...]
    ranges: Axes
    body: Expr
    equation: Equation

    @property
    def target(self) -> Sym | Index:
        """The name with its variables, as it stands on the left."""
        symbol = Sym(self.name)
        return Index(symbol, tuple(map(Sym, self.variables))) if self.variables else symbol


class Definitions:
    """The equations of a problem in single numbers.

    Attributes:
        by_name: the definitions.
        axes: the range of each index, for every name that has indices.
        uses: the names that a definition mentions directly.
        letters: names that are in use and not to be taken for a new index.
        sizes: the names that stand in the ends of ranges, such as N.
    """

    def __init__(  # noqa: PLR0913  (a problem has this many sides)
        self,
        equations: Sequence[Equation],
        *,
        shapes: Mapping[str, tuple[Expr, ...]] | None = None,
        assumptions: Sequence[Expr] = (),
        first_index: int = 0,
        log_base: str = "e",
        relu_at_0: str = "0",
    ) -> None:
        self.first_index = first_index
        self.relu_at_0 = relu_at_0
        self.by_name: dict[str, Definition] = {}
        self.uses: dict[str, frozenset[str]] = {}
        self.derived: Callable[[Deriv], Expr] | None = None
        functions = {
            equation.target.name: equation
            for equation in equations
            if equation.parameters is not None and isinstance(equation.target, Sym)
        }
        self._numbered = [
            (number, equation)
            for number, equation in enumerate(equations)
            if equation.parameters is None
        ]
        self.equations = tuple(equation for _, equation in self._numbered)
        declared = {name: self._shaped(sizes) for name, sizes in (shapes or {}).items()}
        self.axes: dict[str, Axes] = {**ranges_by_use(self.equations, declared)}
        self.letters = all_names(eq.body for eq in equations)
        self.letters |= {name for assumption in assumptions for name in names_in(assumption)}
        self.letters |= {_base(eq.target).name for eq in equations} | set(self.axes)
        self.sizes = self._sizes()
        self.letters |= self.sizes
        self.form = EntryForm(
            self.axes, functions, first_index=first_index, log_base=log_base, taken=self.letters
        )
        self.assumptions = assumptions
        self.has_arrays = bool(shapes)
        # with decimals in the equations, 1/100 is written 0.01 in what follows from them
        self.decimals = any(_has_decimals(equation.body) for equation in equations)

    def _shaped(self, sizes: tuple[Expr, ...]) -> Axes:
        first = self.first_index
        return tuple(
            Range(Num(first), tidy(size + (first - 1)) if first != 1 else size) for size in sizes
        )

    def _sizes(self) -> set[str]:
        ranges = [range_ for axes in self.axes.values() for range_ in axes]
        for equation in self.equations:
            loops = [Range(loop.low, loop.high) for loop in equation.loops]
            sums = [Range(n.low, n.high) for n in walk(equation.body) if isinstance(n, Over)]
            ranges += [*loops, *sums]
        bound = {loop.variable for equation in self.equations for loop in equation.loops}
        bound |= {
            node.variable
            for equation in self.equations
            for node in walk(equation.body)
            if isinstance(node, Over)
        }
        names = [free_names(range_.low) | free_names(range_.high) for range_ in ranges]
        return set().union(*names) - bound

    def define_all(self) -> None:
        """Read all equations, in their order.

        Raises:
            EquationError: with the number of its equation and the place in it.
        """
        for number, equation in self._numbered:
            try:
                self._define(equation)
            except EquationError as error:
                if error.equation < 0:
                    error.equation = number
                raise

    def _define(self, equation: Equation) -> None:
        name = _base(equation.target).name
        if name in self.by_name:
            raise EquationError(f"'{name}' is defined twice", equation.target.at)
        loops = {loop.variable: Range(loop.low, loop.high) for loop in equation.loops}
        for loop in equation.loops:
            if loop.variable in free_names(loop.low) | free_names(loop.high):
                raise EquationError(
                    f"the index '{loop.variable}' runs to an end of the same name",
                    equation.target.at,
                    "call the index something else",
                )
        indices = equation.target.indices if isinstance(equation.target, Index) else ()
        variables = [part.name for part in indices if isinstance(part, Sym)]
        body = self.form.expanded(equation.body)
        self._check_order(name, body)
        further = self.form.axes(body)
        ranges = (*(loops[variable] for variable in variables), *further)
        taken = self.letters | set(variables)
        for position in range(len(further)):
            wanted = ("i", "j", "k")[min(position + len(indices), 2)]
            letter = fresh(wanted, taken | set(variables))
            variables.append(letter)
        at = tuple(map(Sym, variables[len(indices) :]))
        facts = Facts(dict(zip(variables, ranges, strict=True)))
        self.decimals = self.decimals or _has_decimals(body)
        tidier = Tidier(facts, None, decimals=self.decimals, resolve=True, single=self.has_arrays)
        entry = as_logistic(tidier.expr(self.without_derivatives(self.form.entry(body, at))))
        self.axes[name] = ranges
        self.by_name[name] = Definition(name, tuple(variables), ranges, entry, equation)
        self.uses[name] = frozenset(names_in(entry))

    def _check_order(self, name: str, body: Expr) -> None:
        """Refuse a name that is defined by itself or further down."""
        used = names_in(body)
        if name in used:
            raise EquationError(f"'{name}' is defined by itself", _place(body, name))
        for equation in self.equations:
            later = _base(equation.target).name
            if later in used and later not in self.by_name:
                raise EquationError(
                    f"'{later}' is used before it is defined",
                    _place(body, later),
                    "move its equation up",
                )

    def without_derivatives(self, expr: Expr) -> Expr:
        """An expression with the derivatives in it worked out."""
        match expr:
            case Deriv():
                return expr if self.derived is None else self.derived(expr)
            case Apply():
                args = tuple(map(self.without_derivatives, expr.args))
                return Apply(expr.op, args, expr.attributes, expr.at)
            case Over():
                body = self.without_derivatives(expr.body)
                return Over(expr.op, body, expr.variable, expr.low, expr.high, expr.at)
        return expr

    # -- names --------------------------------------------------------------------

    def single(self, expr: Expr) -> Expr:
        """An expression of the author in single numbers, tidy.

        Raises:
            EquationError: where it is an array, or something in it cannot be read.
        """
        body = self.form.expanded(expr)
        axes = self.form.axes(body)
        if axes:
            raise EquationError("this is an array: ask for an entry, such as z[i]", -1)
        return self.form.entry(body, ())

    def written_out(self, expr: Expr) -> Expr:
        """A formula in single numbers with the definitions of all names put in."""
        match expr:
            case Sym(name=name) if name in self.by_name:
                return self.written_out(self.by_name[name].body)
            case Index(base=Sym(name=name)) if name in self.by_name:
                definition = self.by_name[name]
                values = dict(zip(definition.variables, expr.indices, strict=True))
                return self.written_out(substitute(definition.body, values))
            case Apply():
                args = tuple(map(self.written_out, expr.args))
                return Apply(expr.op, args, expr.attributes, expr.at)
            case Over():
                body = self.written_out(expr.body)
                return Over(expr.op, body, expr.variable, expr.low, expr.high, expr.at)
        return expr

    def known(self, name: str) -> bool:
        """Whether a name occurs in the equations, with a value or as a symbol."""
        return name in self.by_name or name in self.symbols() or name in self.sizes

    def symbols(self) -> list[str]:
        """The names that no equation defines and that are no size, in order of use."""
        found: dict[str, None] = {}
        for equation in self.equations:
            hidden = {loop.variable for loop in equation.loops}
            for name in names_in(equation.body):
                if name not in hidden and not self._is_special(name):
                    found.setdefault(name)
        return list(found)

    def _is_special(self, name: str) -> bool:
        return name in self.by_name or name in self.sizes or name in CONSTANTS

    def unknown(self, name: str, at: int) -> EquationError:
        """The error for a name that the equations do not have."""
        hint = did_you_mean(name, [*self.by_name, *self.symbols(), *self.axes])
        return EquationError(f"'{name}' is not in the equations", at, hint or "use a name that is")

    def below(self, names: Iterable[str]) -> set[str]:
        """The names that some names depend on, and they themselves."""
        found: set[str] = set()
        stack = list(names)
        while stack:
            name = stack.pop()
            if name not in found:
                found.add(name)
                stack.extend(self.uses.get(name, ()))
        return found


def names_in(expr: Expr) -> dict[str, None]:
    """The free names of values in an expression (not of indices), in reading order."""
    found: dict[str, None] = {}

    def visit(node: Expr, bound: frozenset[str]) -> None:
        match node:
            case Sym(name=name):
                if name and name not in bound:
                    found.setdefault(name)
            case Index(base=Sym(name=name)):
                found.setdefault(name)
            case Over():
                visit(node.body, bound | {node.variable})
            case Deriv():
                pass
            case Apply(op="delta"):
                pass
            case _:
                for child in children(node):
                    visit(child, bound)

    visit(expr, frozenset())
    return found


def _place(expr: Expr, name: str) -> int:
    """The place of a name in an expression."""
    places = [node.at for node in walk(expr) if isinstance(node, Sym) and node.name == name]
    return places[0] if places else -1


def as_logistic(body: Expr) -> Expr:
    """`1/(1 + exp(-z))` as `sigmoid(z)`, whose derivative is written through its value."""
    product = product_of(body)
    match product.factors:
        case (Factor(base=total, exponent=power),) if product.number == 1 and power == -1:
            terms = terms_of(total)
            match sorted(terms, key=lambda term: len(term.factors)):
                case [
                    Product(number=1, factors=()),
                    Product(
                        number=1, factors=(Factor(base=Apply(op="exp", args=(z,)), exponent=1),)
                    ),
                ]:
                    return Apply("sigmoid", (negative(z),))
    return body


def _has_decimals(expr: Expr) -> bool:
    return any(isinstance(node, Num) and isinstance(node.value, float) for node in walk(expr))


def _base(target: Sym | Index) -> Sym:
    return target if isinstance(target, Sym) else target.base  # type: ignore[return-value]  # the parser made it a Sym


# -- ranges by use ------------------------------------------------------------------------


def ranges_by_use(equations: Sequence[Equation], declared: Mapping[str, Axes]) -> dict[str, Axes]:
    """The range of each index of each name: declared, of a family, or as it is used."""
    known: dict[str, Axes] = dict(declared)
    for equation in equations:
        if isinstance(equation.target, Index) and equation.loops:
            loops = {loop.variable: Range(loop.low, loop.high) for loop in equation.loops}
            parts = [p.name if isinstance(p, Sym) else "" for p in equation.target.indices]
            if all(part in loops for part in parts):
                known[_base(equation.target).name] = tuple(loops[part] for part in parts)
    used: dict[str, list[list[Range | None]]] = {}
    for equation in equations:
        facts = Facts({loop.variable: Range(loop.low, loop.high) for loop in equation.loops})
        for entry, inside in _entries(equation.body, facts):
            if isinstance(entry.base, Sym) and entry.base.name not in known:
                spans = [_span(part, inside) for part in entry.indices]
                used.setdefault(entry.base.name, []).append(spans)
    for name, places in used.items():
        axes = [
            _hull([spans[k] for spans in places if k < len(spans)]) for k in range(len(places[0]))
        ]
        if all(axis is not None for axis in axes):
            known[name] = tuple(axis for axis in axes if axis is not None)
    return known


def _entries(expr: Expr, facts: Facts) -> Iterator[tuple[Index, Facts]]:
    stack = [(expr, facts)]
    while stack:
        node, here = stack.pop()
        if isinstance(node, Index):
            yield node, here
        if isinstance(node, Over):
            stack.append((node.body, here.within(node.variable, node.low, node.high)))
        else:
            stack.extend((child, here) for child in children(node))


def _span(expr: Expr, facts: Facts) -> Range | None:
    """The smallest and the largest value of an index expression."""
    value = affine(expr)
    if value is None:
        return None
    low, high = _extreme(value, facts, -1), _extreme(value, facts, 1)
    return None if low is None or high is None else Range(written(low), written(high))


def _extreme(value: Affine, facts: Facts, side: int) -> Affine | None:
    for _ in range(len(facts.ranges) + 1):
        name = next((name for name in reversed(facts.ranges) if name in value), None)
        if name is None:
            return value
        part = value[name]
        range_ = facts.ranges[name]
        end = range_.high if part * side > 0 else range_.low
        if len(ends(end, "max")) > 1 or len(ends(end, "min")) > 1:
            return None
        put = added({k: v for k, v in value.items() if k != name}, affine(end), part)
        if put is None:
            return None
        value = put
    return None


def _hull(spans: list[Range | None]) -> Range | None:
    """The range that holds all of some ranges."""
    known = [span for span in spans if span is not None]
    if len(known) < len(spans) or not known:
        return None
    low, high = known[0]
    facts = Facts()
    for other in known[1:]:
        low = tightest("min", low, other.low, facts)
        high = tightest("max", high, other.high, facts)
    return Range(low, high)
