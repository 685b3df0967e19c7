"""The working of an answer that is a formula: definitions, local derivatives, the chain rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Over, Sym, walk
from hwsolve.proofs.deltas import with_condition
from hwsolve.proofs.index_ranges import Facts
from hwsolve.proofs.indexed import deviations
from hwsolve.proofs.matrix_form import matrix_form
from hwsolve.proofs.names import free_names, substitute
from hwsolve.proofs.products import key, sum_expr, terms_of
from hwsolve.proofs.rewriting import over_one_divisor, without_even_roots
from hwsolve.proofs.tidy import is_delta
from hwsolve.proofs.unrolled import with_indices
from hwsolve.solution import Convention, Section, Step, Text
from hwsolve.solvers.jacobian import NUMERATOR

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hwsolve.expr.parser import Equation
    from hwsolve.proofs.index_ranges import Range
    from hwsolve.proofs.indexed import Chain, Derivative, Gradient
    from hwsolve.solution import Block
    from hwsolve.solvers.expressions import Asked, Found

_REASONS: Final = {"sigmoid": "σ' = σ(1 - σ)", "tanh": "tanh' = 1 - tanh²"}


def sections(asked: Asked, found: Sequence[Found]) -> tuple[Section, ...]:
    """The sections of the working."""
    sections_ = [Section("Definitions", tuple(_definitions(asked)), detail="full")]
    gradients: dict[int, tuple[Gradient, list[Found]]] = {}
    for one in found:
        if one.gradient is not None:
            gradients.setdefault(id(one.gradient), (one.gradient, []))[1].append(one)
    for gradient, ones in gradients.values():
        sections_.extend(_of_gradient(asked, gradient, ones))
    plain = [one for one in found if one.gradient is None]
    if plain:
        steps = tuple(_step(one.asked, (one.value,)) for one in plain)
        sections_.append(Section("Formulas", steps, detail="short"))
    return tuple(section for section in sections_ if section.blocks)


def _step(name: Expr, forms: Sequence[Expr], reason: str = "") -> Step:
    shown: list[Expr] = []
    for form in map(without_even_roots, map(with_indices, forms)):
        if form != with_indices(name) and (not shown or key(shown[-1]) != key(form)):
            shown.append(form)
    return Step(with_indices(name), tuple(shown), None, reason)


# -- what is known ------------------------------------------------------------------------


def _definitions(asked: Asked) -> Iterator[Block]:
    for equation in asked.equations:
        target: Expr = equation.target
        if equation.parameters is not None and isinstance(target, Sym):
            target = Apply(target.name, tuple(map(Sym, equation.parameters)))
        yield Step(target, (equation.body,), None, _loops(equation))
    symbols = list(_symbols(asked))
    if symbols:
        yield Text(("Symbols: ", *_separated(symbols), "."))
    sizes = sorted(asked.definitions.sizes)
    if sizes:
        yield Text(("Sizes: ", *_separated([[Sym(size)] for size in sizes]), ", at least 1 each."))
    for total, _ in deviations(asked.definitions):
        one, mean = total.body.args  # type: ignore[attr-defined]  # a difference
        if total.op == "sum" and isinstance(one, Index):
            yield Text((total, " = 0, because ", mean, " is the mean."))
    for assumption, loops in asked.question.assumptions:
        ranges = [_range(name, range_) for name, range_ in loops]
        yield Text(("It is assumed that ", assumption, f"{''.join(ranges)}."))


def _loops(equation: Equation) -> str:
    from hwsolve.expr.notation import text

    return ", ".join(
        f"for {loop.variable} in {text(loop.low)}..{text(loop.high)}" for loop in equation.loops
    )


def _range(name: str, range_: Range) -> str:
    from hwsolve.expr.notation import text

    ends = [text(end).replace(" - ", "-").replace(" + ", "+") for end in range_]
    return f" for {name} in {ends[0]}..{ends[1]}"


def _symbols(asked: Asked) -> Iterator[list[str | Expr]]:
    """Each symbol, with the ranges of its indices or its shape."""
    definitions = asked.definitions
    for name in definitions.symbols():
        axes = definitions.axes.get(name, ())
        if not axes:
            yield [Sym(name)]
        elif name in asked.question.shapes:
            sizes: list[str | Expr] = [Sym(name), " ("]
            for position, axis in enumerate(axes):
                sizes += [" x " if position else "", axis.size]
            yield [*sizes, ")" if len(axes) > 1 else " entries)"]
        else:
            letters = _letters(len(axes), definitions.sizes)
            entry = Index(Sym(name), tuple(map(Sym, letters)))
            ranges = [_range(k, axis) for k, axis in zip(letters, axes, strict=True)]
            yield [entry, ranges[0], *(f",{other.removeprefix(' for')}" for other in ranges[1:])]


def _letters(count: int, sizes: set[str]) -> list[str]:
    from hwsolve.proofs.names import fresh

    found: list[str] = []
    for wanted in ("i", "j", "k", "l")[:count]:
        found.append(fresh(wanted, {*sizes, *found}))
    return found


def _separated(items: Sequence[Sequence[str | Expr]]) -> list[str | Expr]:
    parts: list[str | Expr] = []
    for position, item in enumerate(items):
        parts += [", " if position else "", *item]
    return parts


# -- the chain rule -------------------------------------------------------------------------


def _of_gradient(asked: Asked, gradient: Gradient, ones: Sequence[Found]) -> Iterator[Section]:
    """Local derivatives and the chain rule, for what was asked of one top."""
    from hwsolve.expr.notation import text

    derivatives = _in_order(gradient, ones)
    values = {id(one.derivative): one.value for one in ones if not one.shape}
    local: list[Block] = []
    for derivative in derivatives:
        for chain in derivative.chains if any(map(_ways, derivatives)) else ():
            step = _local(asked, gradient, derivative, chain)
            if step not in local:
                local.append(step)
    top = text(with_indices(gradient.top))
    yield Section(f"Local derivatives for {top}", tuple(local))
    in_arrays = any(one.shape for one in ones)
    title = f"Chain rule for {top}" + (", entry by entry" if in_arrays else "")
    lines = [
        _chain_step(asked, gradient, derivative, values.get(id(derivative), derivative.value))
        for derivative in derivatives
    ]
    lines = [line for at, line in enumerate(lines) if line not in lines[:at]]
    yield Section(title, tuple(lines), detail="full" if in_arrays else "short")
    if in_arrays:
        own = {id(one.derivative): one for one in ones}
        steps: list[Step] = []
        if any(one.jacobian is not None for one in ones):
            whole = [one for one in ones if one.jacobian is not None]
            (name, *_) = [one.asked.top for one in whole if isinstance(one.asked, Deriv)]
            blocks = tuple(map(_array_step, whole))
            yield Section(f"Derivatives of {text(name)} in whole arrays", blocks, detail="short")
            return
        for derivative in derivatives:
            one = own.get(id(derivative))
            found = _in_whole_arrays(asked, gradient, derivative)
            if one is None or (found is not None and one.shape):
                steps += [] if found is None else [found]
            elif not one.shape and isinstance(_bottom_of(one.asked), Index):
                continue  # an entry, which is derived above
            else:
                steps.append(_array_step(one))
        yield Section(f"Gradients of {top} in whole arrays", tuple(steps), detail="short")


def _in_order(gradient: Gradient, ones: Sequence[Found]) -> list[Derivative]:
    """The asked derivatives and those by intermediate quantities before them, the top first."""
    asked_for = [one.derivative for one in ones if one.derivative is not None]
    own = {_bottom(derivative): derivative for derivative in reversed(asked_for)}
    needed: dict[str, Derivative] = {}
    stack = list(asked_for)
    while stack:
        for chain in stack.pop().chains:
            name = _base(chain.through)
            if chain.through in {gradient.output, Sym("")} or name in needed:
                continue
            generic = gradient.intermediate(name)
            needed[name] = own[name] if _is_plain(own.get(name)) else generic
            stack.append(generic)
    names = [name for name in gradient.definitions.by_name if name in needed]
    before = [needed[name] for name in reversed(names)]
    return [*before, *(one for one in asked_for if not any(one is other for other in before))]


def _bottom_of(asked: Expr) -> Expr | None:
    return asked.bottoms[0] if isinstance(asked, Deriv) else None


def _bottom(derivative: Derivative) -> str:
    (bottom,) = derivative.name.bottoms
    return _base(bottom) if isinstance(bottom, (Sym, Index)) else ""


def _is_plain(derivative: Derivative | None) -> bool:
    """Whether a derivative is by a name or by an entry at free indices."""
    if derivative is None:
        return False
    (bottom,) = derivative.name.bottoms
    indices = bottom.indices if isinstance(bottom, Index) else ()
    return all(isinstance(part, Sym) for part in indices)


def _base(entry: Sym | Index) -> str:
    symbol = entry if isinstance(entry, Sym) else entry.base
    return symbol.name if isinstance(symbol, Sym) else ""


def _local(asked: Asked, gradient: Gradient, derivative: Derivative, chain: Chain) -> Step:
    """∂h[i]/∂a[i]: how a quantity acts on the one that is computed from it."""
    through: Expr = chain.through if chain.through != Sym("") else gradient.top
    forms = [chain.raw, chain.local]
    at = {variable: _only_at(chain.local, variable) for variable, _ in chain.over}
    only = {variable: place for variable, place in at.items() if place is not None}
    if only:
        # at all other indices it is 0
        through = substitute(through, only)
        forms = [_without_deltas(substitute(chain.local, only))]
    (bottom,) = derivative.name.bottoms
    name = Deriv(through, derivative.name.bottoms, partial=True)
    ranges = dict(chain.over)
    if isinstance(bottom, Index):
        ranges |= gradient.ranges(_base(bottom), bottom.indices)
    forms.append(with_condition(forms[-1], Facts({**gradient.facts.ranges, **ranges})))
    return _step(name, forms, _why(asked, chain))


def _without_deltas(expr: Expr) -> Expr:
    """A formula with the deltas of equal indices taken as the 1 that they are."""
    terms = [
        term._replace(
            factors=tuple(
                factor
                for factor in term.factors
                if not (is_delta(factor.base) and _is_one(factor.base))
            )
        )
        for term in terms_of(expr)
    ]
    return sum_expr(terms)


def _is_one(delta: Expr) -> bool:
    return isinstance(delta, Apply) and key(delta.args[0]) == key(delta.args[1])


def _why(asked: Asked, chain: Chain) -> str:
    """The rule behind a derivative that is written through its output."""
    definition = asked.definitions.by_name.get(_base(chain.through))
    if definition is not None and isinstance(definition.body, Apply):
        return _REASONS.get(definition.body.op, "")
    return ""


def _ways(derivative: Derivative) -> bool:
    """Whether the top depends on something through other quantities, not directly."""
    return len(derivative.chains) > 1 or any(chain.above != Num(1) for chain in derivative.chains)


def _chain_step(asked: Asked, gradient: Gradient, derivative: Derivative, value: Expr) -> Step:
    """dR/dv[j] = sum(dR/dh[i]·∂h[i]/∂v[j] for i in 1..4) = ..."""
    if not _ways(derivative):
        return _step(derivative.name, [*(chain.raw for chain in derivative.chains), value])
    ways: list[Expr] = []
    for chain in derivative.chains:
        through = chain.through
        if through == gradient.output or through == Sym(""):
            if len(derivative.chains) > 1:
                top = gradient.output or gradient.top
                ways.append(Deriv(top, derivative.name.bottoms, partial=True))
            continue
        product: Expr = Apply(
            "mul",
            (
                Deriv(gradient.top, (through,)),
                Deriv(through, derivative.name.bottoms, partial=True),
            ),
        )
        for variable, range_ in reversed(chain.over):
            at = _only_at(chain.local, variable)
            if at is None:
                product = Over("sum", product, variable, *range_)
            else:
                product = substitute(product, {variable: at})
        ways.append(product)
    forms: list[Expr] = []
    if ways:
        forms.append(ways[0] if len(ways) == 1 else Apply("add", tuple(ways)))
    plain = _without_assumptions(gradient, derivative) if asked.definitions.assumptions else None
    if plain is not None and key(plain) != key(derivative.value):
        return _step(derivative.name, [*forms, plain, value], "by the assumption")
    return _step(derivative.name, [*forms, derivative.value, value])


def _without_assumptions(gradient: Gradient, derivative: Derivative) -> Expr:
    """A derivative before what is assumed was put in."""
    terms: list[Expr] = []
    for chain in derivative.chains:
        product = chain.above * chain.local
        for variable, range_ in reversed(chain.over):
            product = Over("sum", product, variable, *range_)
        terms.append(product)
    total = terms[0] if len(terms) == 1 else Apply("add", tuple(terms))
    (bottom,) = derivative.name.bottoms
    ranges = gradient.ranges(_base(bottom), getattr(bottom, "indices", ()))  # type: ignore[arg-type]  # a name or an entry
    facts = Facts({**gradient.facts.ranges, **ranges})
    return over_one_divisor(gradient.tidier(facts, assuming=False).expr(total))


def _only_at(local: Expr, variable: str) -> Expr | None:
    """The one index at which a local derivative is not 0, where it has a delta that says so."""
    found: Expr | None = None
    for term in terms_of(local):
        at = None
        for base, _ in term.factors:
            if is_delta(base) and Sym(variable) in base.args:  # type: ignore[attr-defined]  # it has arguments
                left, right = base.args  # type: ignore[attr-defined]  # a delta has two
                at = right if left == Sym(variable) else left
        if at is None or variable in free_names(at) or (found is not None and found != at):
            return None
        found = at
    return found


# -- whole arrays ---------------------------------------------------------------------------


def _in_whole_arrays(asked: Asked, gradient: Gradient, derivative: Derivative) -> Step | None:
    """dL/dW1 = X.T @ dL/dZ1 = ..."""
    (bottom,) = derivative.name.bottoms
    definitions = asked.definitions
    if not isinstance(bottom, Index) or not isinstance(bottom.base, Sym):
        scalar = matrix_form(
            derivative.value, (), definitions.axes, (), decimals=definitions.decimals
        )
        return _step(derivative.name, (derivative.value if scalar is None else scalar,))
    letters = [part.name for part in bottom.indices if isinstance(part, Sym)]
    axes = definitions.axes[bottom.base.name]
    decimals = definitions.decimals
    value = matrix_form(derivative.value, letters, definitions.axes, axes, decimals=decimals)
    if value is None or len(letters) < len(axes):
        return None
    name = Deriv(derivative.name.top, (bottom.base,))
    chain = _chain_in_arrays(gradient, derivative, letters)
    forms = [value] if chain is None else [chain, value]
    return _step(name, forms, _sizes([axis.size for axis in axes]))


def _chain_in_arrays(
    gradient: Gradient, derivative: Derivative, letters: Sequence[str]
) -> Expr | None:
    """The chain rule with the gradients above under their own names."""
    (bottom,) = derivative.name.bottoms
    axes = dict(gradient.definitions.axes)
    holders: dict[str, Expr] = {}
    terms: list[Expr] = []
    for chain in derivative.chains:
        through = chain.through
        if through in {gradient.output, Sym("")}:
            return None
        holder = f"d/d{_base(through)}"
        holders[holder] = Deriv(gradient.top, (Sym(_base(through)),))
        above: Expr = Sym(holder)
        if isinstance(through, Index):
            axes[holder] = axes[_base(through)]
            above = Index(above, through.indices)
        product = above * chain.local
        for variable, range_ in reversed(chain.over):
            product = Over("sum", product, variable, *range_)
        terms.append(product)
    if not terms:
        return None
    ranges = gradient.ranges(_base(bottom), getattr(bottom, "indices", ()))  # type: ignore[arg-type]  # a name or an entry
    facts = Facts({**gradient.facts.ranges, **ranges})
    total = gradient.tidier(facts).expr(terms[0] if len(terms) == 1 else Apply("add", tuple(terms)))
    decimals = gradient.definitions.decimals
    ranges_of = gradient.definitions.axes[_base(bottom)]  # type: ignore[arg-type]  # the same
    value = matrix_form(total, letters, axes, ranges_of, decimals=decimals)
    return None if value is None else substitute(value, holders)


def _array_step(one: Found) -> Step:
    return _step(one.asked, (one.value,), _sizes(one.shape))


def _sizes(sizes: Sequence[Expr]) -> str:
    from hwsolve.expr.notation import text

    if len(sizes) == 1:
        return f"{text(sizes[0])} entries"
    return " x ".join(text(size) for size in sizes)


# -- conventions ----------------------------------------------------------------------------


def used_conventions(asked: Asked, found: Sequence[Found]) -> list[Convention]:
    """The conventions that a reader of the formulas has to know."""
    from hwsolve.problem.conventions import meaning

    problem = asked.problem
    conventions: list[Convention] = []

    def stated(name: str, value: str) -> None:
        source = "problem" if name in problem.conventions else "default"
        conventions.append(Convention(name, value, meaning(name, value), source))

    trees = [equation.body for equation in asked.equations]
    nodes = [node for tree in trees for node in walk(tree)]
    calls = {node.op for node in nodes if isinstance(node, Apply)}
    if any(isinstance(node, Index) for one in found for node in walk(one.value)):
        stated("first_index", str(asked.first_index))
    whole = [one.jacobian for one in found if one.jacobian is not None and len(one.shape) > 1]
    if any(len(one.entry.bottoms) == 1 for one in whole):  # one of second order is symmetric
        layout = problem.conventions.get("layout")
        stated("layout", NUMERATOR if layout is None else layout.text)
    if calls & {"relu", "max", "ReLU"} and any(one.gradient is not None for one in found):
        stated("relu_at_0", asked.definitions.relu_at_0)
    if "log" in calls:
        stated("log", asked.definitions.form.log_base)
    own = asked.definitions.form.functions
    conventions.extend(
        Convention(alias, "sigmoid", f"{alias}(x) is the logistic function 1/(1 + exp(-x))")
        for alias in ("s", "φ")
        if alias in calls and alias not in own
    )
    return conventions
