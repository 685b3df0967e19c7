"""What layers have and cost, as formulas in the letters of their sizes, in a short form."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

from hwsolve.errors import EquationError
from hwsolve.expr.notation import text
from hwsolve.expr.tree import Apply, Expr, Num, Sym, walk
from hwsolve.nets.counting import BY_WORD, FLOPS, formula
from hwsolve.nets.layer import OPERATIONS
from hwsolve.nets.letters import InLetters, expr_of
from hwsolve.nets.network import INPUT, Network
from hwsolve.nets.sizes import ordered
from hwsolve.proofs.index_ranges import Facts
from hwsolve.proofs.names import substitute
from hwsolve.proofs.products import Factor, Product, sum_expr, terms_of
from hwsolve.proofs.rewriting import over_one_divisor, size, spread
from hwsolve.proofs.tidy import Tidier
from hwsolve.solution import Step
from hwsolve.solvers.cnn_names import SIZE, Asked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hwsolve.nets.counting import FlopRule
    from hwsolve.nets.layer import Rule
    from hwsolve.nets.network import Layer
    from hwsolve.solvers.cnn_names import Names

TIDIER: Final = Tidier(Facts(), None, decimals=False, resolve=True)
ROUNDED: Final = frozenset({"floor", "ceil"})
# The axes of an output, channels first, as the working calls them.
_AXES: Final = {
    2: ("channels", "width"), 3: ("channels", "height", "width"),
    4: ("channels", "depth", "height", "width"),
}  # fmt: skip
# Parts of a layer's formulas that the working names.
_PARTS: Final = frozenset({"outputs", "inputs"})
_HIDDEN: Final = "\0"  # no letter begins so


class Formulas:
    """What a network has and costs, as formulas in its letters.

    Args:
        names: the names of the network, whose sizes carry formulas along.
        flops: what a FLOP is.
    """

    def __init__(self, names: Names, flops: FlopRule) -> None:
        self.names = names
        self.network = names.network
        self.flops = flops

    def of(self, asked: Expr) -> Expr:
        """The formula of what was asked for: of a name, or of a calculation with names.

        Raises:
            EquationError: for a name that means nothing.
        """
        match asked:
            case Sym(name=name, at=at):
                return shortest(self._named(self.names.taken_apart(name, at), asked))
            case Apply(op=op, args=args):
                return shortest(Apply(op, tuple(map(self.of, args)), asked.attributes))
        return asked

    def _named(self, name: Asked, asked: Sym) -> Expr:
        owner, what = name
        if what in BY_WORD and owner != INPUT:
            layers = self.layers(owner, what)
            return sum((self.count(layer, what) for layer in layers), start=Num(0))
        if what == SIZE:
            last = self.network if owner == INPUT else self.names.layers_of(owner)[-1]
            output = last.input if isinstance(last, Network) else last.output
            return Apply("stack", tuple(map(expr_of, ordered(output, self.names.order))))
        value = self.names.read(asked.name, asked.at)
        if isinstance(value, tuple):
            return Apply("stack", tuple(map(expr_of, value)))
        if isinstance(value, int):
            return expr_of(value)
        raise EquationError(f"{asked.name} has no formula", asked.at)

    def layers(self, owner: str, what: str) -> tuple[Layer, ...]:
        """The layers over which a count is added up."""
        layers = self.names.layers_of(owner)
        if what == "outputs" and (not owner or owner in self.names.paths):
            return layers[-1:]
        return layers

    def count(self, layer: Layer, what: str) -> Expr:
        """A count of one layer in the letters of the network."""
        return shortest(_put(self.by_rule(layer, what), layer.rule.sizes))

    def by_rule(self, layer: Layer, what: str) -> Expr:
        """The same in the layer's own letters, as the layer table has it: F*C*k^2."""
        if what not in FLOPS:
            return formula(layer.rule, what)
        total: Expr = Num(0)
        weights = dict(self.flops.weights)
        for name in ("macs", *OPERATIONS):
            if weights.get(name):
                total = total + Num(weights[name]) * formula(layer.rule, name)
        if what == "flops_without_bias":
            bias = formula(layer.rule, "bias_additions")
            total = total - Num(weights.get("additions", 0)) * bias
        total = TIDIER.expr(total)
        return min((spread(total, TIDIER), total), key=size)

    def in_words(self, layer: Layer, what: str) -> Expr:
        """The same with its larger parts under their names: C1.outputs*C*k^2."""
        sizes = layer.rule.sizes
        named = {name: Sym(f"{layer.name}.{name}") for name in _PARTS & sizes.keys()}
        whole = {name: shortest(expr_of(size)) for name, size in sizes.items()}
        kept = {
            name: named.get(name, value) if isinstance(value, Apply) else value
            for name, value in whole.items()
        }
        return _without_ones(substitute(_put(self.by_rule(layer, what), {}), kept))

    def parts(self, layer: Layer, formula: Expr) -> Iterator[Step]:
        """The steps to the named parts of a formula that have a formula of their own."""
        for name in sorted(_PARTS & layer.rule.sizes.keys()):
            whole = Sym(f"{layer.name}.{name}")
            value = layer.rule.sizes[name]
            if whole in walk(formula):
                yield step_of(whole, (shortest(expr_of(value)),))

    def sides(self, layer: Layer) -> Iterator[Step]:
        """How the height and width of an output come about, where they change."""
        rule: Rule = layer.rule
        read = self.network.inputs(layer)[0]
        shown: list[str] = []
        if rule.windows is None:
            return
        sides = zip(_AXES[len(rule.output)], rule.output, read, strict=True)
        for axis, side, before in sides:
            if axis == "channels" or side == before or not isinstance(side, InLetters):
                continue
            made = step_of(Sym(f"{layer.name}.{axis}"), (_plain(side.expr), shortest(side.expr)))
            forms = " = ".join(map(text, made.forms))
            if forms not in shown:
                yield made
            shown.append(forms)


def _put(expr: Expr, sizes: Mapping[str, int]) -> Expr:
    """A formula of the layer table with the formulas of its sizes put in."""
    match expr:
        case Sym(name=name) if name in sizes:
            return expr_of(sizes[name])
        case Num(value=value) if isinstance(value, int):
            return expr_of(value)
        case Apply(op=op, args=args, attributes=attributes):
            return Apply(op, tuple(_put(arg, sizes) for arg in args), attributes)
    return expr


def shortest(expr: Expr) -> Expr:
    """A formula in its shortest form; what is whole anyway is not rounded."""
    if isinstance(expr, Apply) and expr.op == "stack":
        return Apply("stack", tuple(map(shortest, expr.args)))
    rounded = _Rounded()
    plain = rounded.hidden(expr)
    tidy = TIDIER.expr(plain)
    return rounded.shown(_letters_first(min((tidy, spread(tidy, TIDIER)), key=size)))


def _letters_first(expr: Expr) -> Expr:
    """A formula with the letters of each product in the usual order, its brackets behind them.

    Channels and filters are capitals and come first: F*C*k^2*(n - k + 1)^2.
    """
    terms = [
        term._replace(factors=tuple(sorted(term.factors, key=_place_in_product)))
        for term in terms_of(expr)
    ]
    return sum_expr(sorted(terms, key=lambda term: not term.factors))


def _place_in_product(factor: Factor) -> int:
    """Capitals, other letters, brackets."""
    if not isinstance(factor.base, Sym) or factor.base.name.startswith(_HIDDEN):
        return 2
    return 0 if factor.base.name[0].isupper() else 1


def _without_ones(expr: Expr) -> Expr:
    """A formula as the layer table has it, without the factors that are 1."""
    match expr:
        case Apply(op="mul" | "div" | "pow" as op, args=args):
            left, right = map(_without_ones, args)
            if right == Num(1) or (op == "pow" and left == Num(1)):
                return left
            return right if op == "mul" and left == Num(1) else Apply(op, (left, right))
        case Apply(op=op, args=args, attributes=attributes):
            return Apply(op, tuple(map(_without_ones, args)), attributes)
    return expr


def _plain(expr: Expr) -> Expr:
    """A formula tidied on its outside, nothing taken out of what is rounded there."""
    match expr:
        case Apply(op=op, args=(inner,)) if op in ROUNDED:
            return Apply(op, (_plain(inner),))
        case Apply(op="add" | "sub" | "div", args=args):
            return TIDIER.expr(Apply(expr.op, tuple(map(_plain, args))))
    return shortest(expr)


class _Rounded:
    """What is rounded in a formula, under names of its own while the rest is tidied.

    So a size that is rounded again and again costs no more than its levels.
    """

    def __init__(self) -> None:
        self.names: dict[Expr, Sym] = {}

    def hidden(self, expr: Expr) -> Expr:
        """A formula with names for what is rounded, and nothing rounded that is whole anyway."""
        if not isinstance(expr, Apply):
            return expr
        args = tuple(map(self.hidden, expr.args))
        if expr.op not in ROUNDED:
            return Apply(expr.op, args, expr.attributes, expr.at)
        terms = terms_of(spread(args[0], TIDIER))
        whole = [term for term in terms if _is_whole(term)]
        rest = [term for term in terms if not _is_whole(term)]
        if not rest:
            return sum_expr(whole)
        # of 7/2 the 3 is whole
        numbers = [Product(Fraction(term.number // 1), ()) for term in rest if not term.factors]
        taken = [term for term in (*whole, *numbers) if term.number]
        rest = [term if term.factors else term._replace(number=term.number % 1) for term in rest]
        inner = _over_one(rest) if taken else TIDIER.expr(args[0])
        name = self._named(Apply(expr.op, (_letters_first_inside(inner),)))
        return name + sum_expr(taken) if taken else name

    def _named(self, expr: Expr) -> Sym:
        if expr not in self.names:
            self.names[expr] = Sym(f"{_HIDDEN}{len(self.names)}")
        return self.names[expr]

    def shown(self, expr: Expr) -> Expr:
        """The formula with what is rounded in the place of the names."""
        values: dict[str, Expr] = {}
        for rounded, name in self.names.items():
            values[name.name] = substitute(rounded, values)
        return substitute(expr, values)


def _letters_first_inside(expr: Expr) -> Expr:
    """A quotient with its top in the usual order."""
    match expr:
        case Apply(op="div", args=(top, bottom)):
            return Apply("div", (_letters_first(top), bottom))
    return expr


def _over_one(terms: list[Product]) -> Expr:
    """A sum of fractions as one fraction."""
    return over_one_divisor(sum_expr(terms))


def _is_whole(term: Product) -> bool:
    """Whether a product of letters is a whole number: no quotient, no root."""
    return term.number.denominator == 1 and all(
        isinstance(base, Sym) and getattr(power, "denominator", 0) == 1 and power > 0  # type: ignore[operator]  # a fraction
        for base, power in term.factors
    )


def step_of(name: Expr, forms: Sequence[Expr]) -> Step:
    """A step of the working in which no form stands twice."""
    shown: list[Expr] = []
    for form in forms:
        if not shown or text(shown[-1]) != text(form):
            shown.append(form)
    return Step(name, tuple(shown), None)
