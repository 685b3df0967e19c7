"""Derivatives of formulas in named symbols, also indexed ones, by the chain rule.

`h[i] = sigmoid(...)`, `z = sum(w[i]*h[i] ...)`, `R = (y - z)^2` give
`dR/dw[i] = -2*(y - z)*h[i]`: named quantities keep their names, the derivative of
an activation is written through its output, and `d w[k]/d w[i]`, the Kronecker delta
of k and i, is resolved in the sum in which it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hwsolve.errors import EquationError
from hwsolve.expr.operations import OPERATIONS
from hwsolve.expr.parser import Equation
from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Over, Sym, wrap
from hwsolve.proofs.definitions import Definition, Definitions, names_in, ranges_by_use
from hwsolve.proofs.index_ranges import Facts, Range
from hwsolve.proofs.names import all_names, free_names, fresh, substitute, with_index
from hwsolve.proofs.products import key, product_of, terms_of, times
from hwsolve.proofs.rewriting import (
    Named,
    match,
    named_product,
    over_one_divisor,
    shared_in_front,
    simplest,
    size,
    taken_out,
    with_names_or_signs,
)
from hwsolve.proofs.tidy import Tidier

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# A gradient longer than this stays under its name in the gradients below it.
LONG: Final = 160
_TESTS: Final = frozenset({"eq", "ne", "lt", "le", "gt", "ge", "delta", "step", "sign", "floor"})


class Chain(NamedTuple):
    """One way on which a quantity acts: through `through`, over the indices `over`.

    `local` is the derivative of `through` by the quantity, other names held apart;
    `raw` is the same before deltas were resolved; `above` is the derivative of the top
    by `through`; `product` is what the way contributes.
    """

    through: Sym | Index
    over: tuple[tuple[str, Range], ...]
    raw: Expr
    local: Expr
    above: Expr
    product: Expr


class Derivative(NamedTuple):
    """A derivative and how it came about.

    `chains` is empty where the top does not depend on the bottom; a chain whose
    `through` is the top itself is the direct way.
    """

    name: Deriv
    value: Expr
    chains: tuple[Chain, ...]


def differentiate(
    expr: Expr,
    by: Sym | Index,
    equations: Sequence[Equation] | Definitions = (),
    **settings: Any,
) -> Expr:
    """The derivative of an expression by a symbol or an entry, through all named quantities.

    Args:
        expr: a name that the equations define, or any expression in their names.
        by: `v`, `v[j]` with a free index, or `v[2]`.
        equations: the definitions; what they do not define is free.
        settings: see `Definitions`.

    Raises:
        EquationError: for a name that there is not, a wrong number of indices, a range
            that is not known, or an operation without a derivative.
    """
    definitions = equations if isinstance(equations, Definitions) else define(equations, **settings)
    return Gradient(definitions, expr).by(by).value


def define(equations: Sequence[Equation], **settings: Any) -> Definitions:
    """The definitions of equations; derivatives in them are worked out.

    Raises:
        EquationError: with the number of the equation that cannot be read.
    """
    definitions = Definitions(equations, **settings)
    definitions.derived = lambda deriv: derived(definitions, deriv)
    definitions.define_all()
    return definitions


def derived(definitions: Definitions, deriv: Deriv) -> Expr:
    """The expression that a derivative (of first or second order) is.

    Raises:
        EquationError: see `differentiate`.
    """
    value: Expr = deriv.top
    for bottom in deriv.bottoms:
        if not isinstance(bottom, (Sym, Index)):
            raise EquationError("a derivative is taken by a name", deriv.at)
        value = Gradient(definitions, value).by(bottom).value
    return value


class Gradient:
    """All derivatives of one quantity: the chain rule from it downwards.

    Args:
        definitions: what the names are.
        top: the quantity: a name, an entry, or an expression.
    """

    def __init__(self, definitions: Definitions, top: Expr) -> None:
        self.definitions = definitions
        self.top = top
        self.free = free_names(top)
        self.body, self.output = self._opened(top)
        self.direct = set(names_in(self.body))
        alone = Equation(Sym(""), self.body, (), None, "")
        self.axes = {**ranges_by_use([alone], definitions.axes), **definitions.axes}
        self.reached = definitions.below(self.direct)
        self._known: dict[str, Derivative] = {}
        self.facts = self._facts_of_top()

    def _opened(self, top: Expr) -> tuple[Expr, Sym | Index | None]:
        """The formula of the top, and its name if it has one."""
        definitions = self.definitions
        name = top if isinstance(top, Sym) else getattr(top, "base", None)
        if not isinstance(top, (Sym, Index)) or not isinstance(name, Sym):
            return definitions.single(top), None
        definition = definitions.by_name.get(name.name)
        if definition is None:
            if not definitions.known(name.name):
                raise definitions.unknown(name.name, name.at)
            return top, None
        self._counted(top, len(definition.variables))
        at = top.indices if isinstance(top, Index) else ()
        return substitute(definition.body, dict(zip(definition.variables, at, strict=True))), top

    def _counted(self, expr: Sym | Index, wanted: int) -> None:
        """Refuse an entry with too many or too few indices."""
        found = len(expr.indices) if isinstance(expr, Index) else 0
        if found == wanted:
            return
        name = expr.name if isinstance(expr, Sym) else expr.base.name  # type: ignore[attr-defined]  # a name
        has = f"{wanted} ind{'ex' if wanted == 1 else 'ices'}" if wanted else "no index"
        letters = ", ".join(("i", "j", "k", "l")[:wanted])
        raise EquationError(
            f"'{name}' has {has}, not {found}",
            expr.at,
            f"write {name}[{letters}]" if wanted else "",
        )

    def _facts_of_top(self) -> Facts:
        ranges: dict[str, Range] = {}
        if isinstance(self.top, Index) and isinstance(self.top.base, Sym):
            ranges = self.ranges(self.top.base.name, self.top.indices)
        return Facts(ranges)

    def ranges(self, name: str, indices: Sequence[Expr]) -> dict[str, Range]:
        """The ranges of free indices that stand alone in an entry."""
        axes = self.axes.get(name, ())
        return {
            part.name: axis
            for part, axis in zip(indices, axes, strict=False)
            if isinstance(part, Sym) and part.name not in self.definitions.sizes
        }

    # -- from the top downwards -----------------------------------------------------

    def by(self, bottom: Sym | Index) -> Derivative:
        """The derivative of the top by a symbol, an entry, or an intermediate quantity.

        Raises:
            EquationError: see `differentiate`.
        """
        symbol = bottom if isinstance(bottom, Sym) else bottom.base
        if not isinstance(symbol, Sym):
            raise EquationError("a derivative is taken by a name", bottom.at)
        name = symbol.name
        definitions = self.definitions
        if not definitions.known(name) and name not in self.direct:
            raise definitions.unknown(name, symbol.at)
        if name in definitions.sizes:
            raise EquationError(
                f"'{name}' is a size, which nothing is differentiated by", bottom.at
            )
        axes = self.axes.get(name)
        if axes is None and isinstance(bottom, Index):
            indexed = any(
                isinstance(node, Index) and node.base == symbol
                for body in (self.body, *(d.body for d in definitions.by_name.values()))
                for node in _nodes(body)
            )
            if indexed:
                raise EquationError(
                    f"the range of the index of '{name}' is not known",
                    bottom.at,
                    f"state it: shapes: {{{name}: n}}",
                )
        self._counted(bottom, len(axes or ()))
        indices = bottom.indices if isinstance(bottom, Index) else ()
        return self._derivative(name, indices)

    def _derivative(self, name: str, indices: tuple[Expr, ...]) -> Derivative:
        bottom = Index(Sym(name), indices) if indices else Sym(name)
        facts = Facts({**self.facts.ranges, **self.ranges(name, indices)})
        definitions, tidier = self.definitions, self.tidier(facts)
        chains = list(self._chains(name, indices, facts))
        total = tidier.sum([product_of(chain.product) for chain in chains])
        total = over_one_divisor(self._renamed(simplest(tidier.expr(total), tidier), tidier))
        if self.output is not None:
            total = taken_out(total, self.output)
        in_front = shared_in_front(total, lambda symbol: symbol not in definitions.by_name)
        if in_front != total:
            total = tidier.expr(in_front)
        return Derivative(Deriv(self.top, (bottom,)), total, tuple(chains))

    def _renamed(self, total: Expr, tidier: Tidier) -> Expr:
        """A derivative with the quotients in it under their names: (x[i] - mu)/s as xhat[i]."""
        own = base_name(self.output) if self.output is not None else ""
        for user in self.definitions.by_name.values():
            if user.name != own and user.name not in self.reached and user.name not in self.direct:
                continue
            named = named_product(user.target, user.body, user.variables)
            if named is not None:
                terms = [with_names_or_signs(term, named) for term in terms_of(total)]
                renamed = tidier.sum([product_of(tidier.product(term)) for term in terms])
                total = min((total, renamed), key=size)
        return total

    def tidier(self, facts: Facts, *, resolve: bool = True, assuming: bool = True) -> Tidier:
        """What tidies formulas of these definitions, with these ranges of free indices."""
        definitions = self.definitions
        known = known_sums(definitions) if assuming else None
        return Tidier(
            facts,
            known,
            decimals=definitions.decimals,
            resolve=resolve,
            single=definitions.has_arrays,
        )

    def _chains(self, name: str, indices: tuple[Expr, ...], facts: Facts) -> Iterable[Chain]:
        """Every way on which a quantity acts on the top."""
        definitions = self.definitions
        if self.output is not None and base_name(self.output) == name:
            bottom = Index(Sym(name), indices) if indices else Sym(name)
            own = self._deltas(self.output, bottom)
            value = self.tidier(facts).expr(own)
            yield Chain(self.output, (), own, value, Num(1), value)
            return
        if name in self.direct:
            yield self._chain_from_top(name, indices, facts)
        for user in definitions.by_name.values():
            if user.name in self.reached and name in definitions.uses[user.name]:
                chain = self._chain_through(user, name, indices, facts)
                if chain is not None:
                    yield chain

    def _chain_from_top(self, name: str, indices: tuple[Expr, ...], facts: Facts) -> Chain:
        tidier = self.tidier(facts)
        raw = self._partial(self.body, name, indices, self.output)
        named = self._named(self.output) if self.output is not None else None
        local = _finished(tidier.expr(raw), tidier, named, self.output)
        before = self.tidier(facts, resolve=False).expr(raw)
        through = self.output if self.output is not None else Sym("")
        return Chain(through, (), before, local, Num(1), local)

    def _chain_through(
        self, user: Definition, name: str, indices: tuple[Expr, ...], facts: Facts
    ) -> Chain | None:
        """The way through a quantity that is computed directly from this one."""
        variables = self._letters(user, all_names(indices))
        at = tuple(map(Sym, variables))
        values: dict[str, Expr] = dict(zip(user.variables, at, strict=True))
        over = tuple(
            (v, Range(substitute(r.low, values), substitute(r.high, values)))
            for v, r in zip(variables, user.ranges, strict=True)
        )
        inside = Facts({**facts.ranges, **dict(over)})
        above = self._above(user, at)
        target = Index(Sym(user.name), at) if at else Sym(user.name)
        body = substitute(user.body, values)
        tidier = self.tidier(inside)
        raw = self._partial(body, name, indices, target)
        local = _finished(tidier.expr(raw), tidier, self._named(target), target)
        if Num(0) in {above, local}:
            return None
        before = self.tidier(inside, resolve=False).expr(raw)
        product = above * local
        for variable, (low, high) in reversed(over):
            product = Over("sum", product, variable, low, high)
        outside = self.tidier(facts)
        contributed = simplest(outside.expr(product), outside)
        return Chain(target, over, before, local, above, contributed)

    def _above(self, user: Definition, at: tuple[Expr, ...]) -> Expr:
        """The derivative of the top by an intermediate quantity, at an index."""
        known = self.intermediate(user.name)
        (bottom,) = known.name.bottoms
        own = bottom.indices if isinstance(bottom, Index) else ()
        values = {
            part.name: new for part, new in zip(own, at, strict=True) if isinstance(part, Sym)
        }
        value: Expr = known.name if size(known.value) > LONG else known.value
        return substitute(value, values)

    def intermediate(self, name: str) -> Derivative:
        """The derivative of the top by an intermediate quantity, at its own indices."""
        found = self._known.get(name)
        if found is None:
            definition = self.definitions.by_name[name]
            letters = self._letters(definition, set())
            found = self._known[name] = self._derivative(name, tuple(map(Sym, letters)))
        return found

    def _letters(self, definition: Definition, others: set[str]) -> list[str]:
        """The variables of a definition, renamed where they stand for something else here."""
        clashing = self.free | others
        taken = self.definitions.letters | clashing | set(definition.variables)
        letters: list[str] = []
        for variable in definition.variables:
            wanted = fresh(variable, taken) if variable in clashing else variable
            taken.add(wanted)
            letters.append(wanted)
        return letters

    def _named(self, target: Sym | Index) -> Named | None:
        """The definition of a name as a product that is recognised in its derivative."""
        symbol = target if isinstance(target, Sym) else target.base
        definition = self.definitions.by_name[symbol.name]  # type: ignore[attr-defined]  # a name
        return named_product(definition.target, definition.body, definition.variables)

    # -- one formula ------------------------------------------------------------------

    def _deltas(self, entry: Sym | Index, bottom: Sym | Index) -> Expr:
        """1 where an entry is the one that is differentiated by, else 0."""
        if isinstance(entry, Sym) or isinstance(bottom, Sym):
            return Num(1)
        result: Expr = Num(1)
        for mine, its in zip(entry.indices, bottom.indices, strict=True):
            delta = Apply("delta", (mine, its))
            result = delta if result == Num(1) else result * delta
        return result

    def _partial(  # noqa: PLR0911  (a case for each kind of node)
        self, expr: Expr, name: str, indices: tuple[Expr, ...], output: Expr | None = None
    ) -> Expr:
        """The derivative of a formula by a name, all other names held apart.

        `output` is the name of the formula's value, through which rules are written.
        """
        match expr:
            case Sym():
                return Num(1 if expr.name == name and not indices else 0)
            case Index(base=Sym(name=base)) if base == name:
                return self._deltas(expr, Index(Sym(name), indices))
            case Over():
                return self._partial_of_range(expr, name, indices)
            case Apply(op=op) if op in _TESTS:
                return Num(0)
            case Apply(op="where", args=(condition, yes, no)):
                slopes = [self._partial(branch, name, indices) for branch in (yes, no)]
                if slopes[0] == slopes[1]:
                    return slopes[0]
                return Apply("where", (condition, *slopes))
            case Apply():
                return self._partial_of_operation(expr, name, indices, output)
        return Num(0)

    def _partial_of_operation(
        self, expr: Apply, name: str, indices: tuple[Expr, ...], output: Expr | None
    ) -> Expr:
        row = OPERATIONS.get(expr.op)
        slopes = [self._partial(arg, name, indices) for arg in expr.args]
        if all(slope == Num(0) for slope in slopes):
            return Num(0)
        if row is None or row.partials is None:
            raise EquationError(f"'{expr.op}' has no derivative as an expression")
        # what is named is not repeated: h*(1 - h) instead of sigmoid(a)*(1 - sigmoid(a))
        through = output if output is not None and expr.op not in _ARITHMETIC else expr
        terms: list[Expr] = []
        for position, slope in enumerate(slopes):
            if slope == Num(0):
                continue
            rule = row.partials[position] if len(row.partials) > 1 else row.partials[0]
            partial = self._without_steps(wrap(rule(through, *expr.args)))
            if partial == Num(1):
                terms.append(slope)
            elif position == 0 and expr.op in {"mul", "div"}:
                terms.append(slope * partial)  # the factors of x*w stay in their order
            else:
                terms.append(partial * slope)
        return terms[0] if len(terms) == 1 else Apply("add", tuple(terms))

    def _without_steps(self, expr: Expr) -> Expr:
        """A rule's step function as the comparison that it is: 1 if x > 0 else 0."""
        if not isinstance(expr, Apply):
            return expr
        args = tuple(map(self._without_steps, expr.args))
        of = dict(expr.attributes).get("of")
        if expr.op != "step" or of is None:
            return Apply(expr.op, args, expr.attributes, expr.at)
        at_zero = self.definitions.relu_at_0 if of == "relu" else "0"
        test = "ge" if at_zero == "1" else "gt"
        (inner,) = args
        if isinstance(inner, Apply) and inner.op == "sub":
            left, right = inner.args
            if isinstance(left, Num):  # y*s < 1, not 1 > y*s
                return Apply("le" if test == "ge" else "lt", (right, left))
            return Apply(test, (left, right))
        if at_zero in {"0", "1"}:
            return Apply(test, (inner, Num(0)))
        above, below = Apply("gt", (inner, Num(0))), Apply("lt", (inner, Num(0)))
        return (1 + above - below) / 2

    def _partial_of_range(self, expr: Over, name: str, indices: tuple[Expr, ...]) -> Expr:
        """The derivative of a sum, mean or product over a range."""
        clash = any(expr.variable in free_names(part) for part in indices)
        if clash:
            taken = self.definitions.letters | self.free | all_names([expr.body, *indices])
            expr = with_index(expr, fresh(expr.variable, taken))
        slope = self._partial(expr.body, name, indices)
        if slope == Num(0):
            return slope
        low, high, variable = expr.low, expr.high, expr.variable
        if expr.op in {"sum", "mean"}:
            return Over(expr.op, slope, variable, low, high)
        if expr.op != "prod":
            raise EquationError(f"'{expr.op}' over a range has no derivative as an expression")
        other = fresh("k", self.definitions.letters | all_names([expr, *indices]))
        rest = substitute(expr.body, {variable: Sym(other)})
        is_other = Apply("ne", (Sym(other), Sym(variable)))
        others = Over("prod", Apply("where", (is_other, rest, Num(1))), other, low, high)
        return Over("sum", slope * others, variable, low, high)


_ARITHMETIC: Final = frozenset({"add", "sub", "mul", "neg"})


def _finished(expr: Expr, tidier: Tidier, named: Named | None, output: Expr | None) -> Expr:
    """A local derivative with the named product in it under its name, and that in front."""
    if named is not None:
        terms = [with_names_or_signs(term, named) for term in terms_of(expr)]
        expr = tidier.sum([product_of(tidier.product(term)) for term in terms])
    expr = simplest(expr, tidier)
    return expr if output is None else taken_out(expr, output)


def base_name(entry: Sym | Index) -> str:
    """The name of a symbol or of the array that an entry is of."""
    symbol = entry if isinstance(entry, Sym) else entry.base
    return symbol.name if isinstance(symbol, Sym) else ""


def _nodes(expr: Expr) -> Iterable[Expr]:
    from hwsolve.expr.tree import walk

    return walk(expr)


def known_sums(definitions: Definitions) -> Any:
    """What the assumptions say about sums: sum(y[k] for k in 1..N) == 1."""
    patterns = []
    for assumption in definitions.assumptions:
        if isinstance(assumption, Apply) and assumption.op == "eq":
            left, right = assumption.args
            left = definitions.form.expanded(left)
            axes = definitions.form.axes(left)
            letters = [fresh(f"\0{k}", ()) for k in range(len(axes))]
            single = definitions.form.entry(left, tuple(map(Sym, letters)))
            patterns.append((single, right, _free_indices(single, definitions)))
    for left, variables in deviations(definitions):
        single = _with_marks(left, variables)
        marks = frozenset(f"\0{name}" for name in variables)
        patterns += [(single, Num(0), marks), (_turned_body(single), Num(0), marks)]
    if not patterns:
        return None

    def known(total: Expr) -> Expr | None:
        for pattern, value, variables in patterns:
            found = match(pattern, total, variables)
            if found is not None:
                return substitute(value, found)
        return None

    return known


def deviations(definitions: Definitions) -> list[tuple[Over, tuple[str, ...]]]:
    """The sums that are 0 because one quantity is the mean of others: sum(x[i] - m)."""
    found: list[tuple[Over, tuple[str, ...]]] = []
    for definition in definitions.by_name.values():
        total = _meant(definition.body)
        if total is not None:
            body = Apply("sub", (total.body, definition.target))
            for op in ("sum", "mean"):
                deviation = Over(op, body, total.variable, total.low, total.high)
                found.append((deviation, tuple(definition.variables)))
    return found


def _meant(body: Expr) -> Over | None:
    """The range whose mean a formula is: mean(x[i] for i in 1..n), or 1/n*sum(...)."""
    if isinstance(body, Over) and body.op == "mean":
        return body
    product = product_of(body)
    sums = [base for base, power in product.factors if isinstance(base, Over) and power == 1]
    if len(sums) != 1 or sums[0].op != "sum":
        return None
    (total,) = sums
    count = product_of(Range(total.low, total.high).size)
    whole = times(product, count)
    alone = whole.number == 1 and len(whole.factors) == 1
    return total if alone and key(whole.factors[0].base) == key(total) else None


def _with_marks(expr: Over, variables: Sequence[str]) -> Over:
    marked = substitute(expr, {name: Sym(f"\0{name}") for name in variables})
    assert isinstance(marked, Over)  # noqa: S101  (names are put into a range)
    return marked


def _turned_body(expr: Over) -> Over:
    """The same with the opposite sign inside."""
    assert isinstance(expr.body, Apply)  # noqa: S101  (a difference)
    left, right = expr.body.args
    return Over(expr.op, Apply("sub", (right, left)), expr.variable, expr.low, expr.high)


def _free_indices(expr: Expr, definitions: Definitions) -> frozenset[str]:
    """The indices of an assumption that nothing binds: it holds for all of them."""
    found: set[str] = set()
    for node in _nodes(expr):
        if isinstance(node, Index):
            for part in node.indices:
                found |= free_names(part)
    return frozenset(found & free_names(expr)) - definitions.sizes
