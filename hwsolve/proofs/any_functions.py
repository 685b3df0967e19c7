"""Functions of which only the name is known, and derivatives written with primes.

`u(x)` without a definition is any smooth function. An identity of fractions in its values
and derivatives at a few places holds for all such functions if it holds for all
polynomials of high enough degree, because a polynomial can have any values and
derivatives at that many places (Hermite). So u is a polynomial whose coefficients are
free variables.
"""

from __future__ import annotations

from math import perm
from typing import TYPE_CHECKING, Final

from hwsolve.expr.calls import known_functions
from hwsolve.expr.parser import Equation
from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Over, Sym, walk
from hwsolve.proofs.ranges import substituted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST_COEFFICIENTS: Final = 12
PRIMES: Final = "'"
_COEFFICIENT: Final = " coefficient "


class AnyFunctions:
    """The unknown functions of a derivation.

    Args:
        equations: the definitions.
        trees: all other expressions.

    Attributes:
        definitions: equations for the functions that are used and nowhere defined.
    """

    def __init__(self, equations: Sequence[Equation], trees: Iterable[Expr]) -> None:
        self.defined = {e.target.name: e for e in equations if isinstance(e.target, Sym)}
        every = [*(equation.body for equation in equations), *trees]
        self.arguments: dict[str, dict[Expr, None]] = {}
        self.primes: dict[str, int] = {}
        order = 0
        for tree in every:
            for node in walk(tree):
                if isinstance(node, Apply):
                    self._called(node)
                if isinstance(node, Deriv):
                    order = max(order, len(node.bottoms))
        self.definitions = tuple(
            equation for name in self.primes for equation in self._equations(name, order)
        )
        made = {e.target.name for e in self.definitions if isinstance(e.target, Sym)}
        # a name that is only used with one argument may be written without it
        self.alone = {
            name: next(iter(arguments))
            for name, arguments in self.arguments.items()
            if name in made and len(arguments) == 1
        }

    def _called(self, node: Apply) -> None:
        name = node.op.rstrip(PRIMES)
        known = self.defined.get(name)
        if known is not None and (known.parameters is None or len(known.parameters) != 1):
            return
        if node.op in known_functions() or node.op in self.defined or len(node.args) != 1:
            return
        # a longer name is more likely a slip of the pen
        if known is None and (len(name) != 1 or not name.isalpha()):
            return
        (argument,) = node.args
        self.primes[name] = max(self.primes.get(name, 0), len(node.op) - len(name))
        self.arguments.setdefault(name, {}).setdefault(argument)

    def _equations(self, name: str, order: int) -> list[Equation]:
        known = self.defined.get(name)
        if known is not None:
            return self._derivatives(known, self.primes[name])
        places = self.arguments[name]
        if any(isinstance(node, Index) for place in places for node in walk(place)):
            return []  # as many places as there are entries
        count = len(places) * (self.primes[name] + order + 1)
        if count > MOST_COEFFICIENTS:
            return []
        return [self._polynomial(name, primes, count) for primes in range(self.primes[name] + 2)]

    @staticmethod
    def _polynomial(name: str, primes: int, count: int) -> Equation:
        z = Sym("z")
        total: Expr = Num(0)
        for power in range(primes, count):
            term: Expr = Sym(f"{name}{_COEFFICIENT}{power}")
            factors: list[Expr] = [z] * (power - primes)
            if perm(power, primes) > 1:
                factors.insert(0, Num(perm(power, primes)))
            for factor in factors:
                term = term * factor
            total = term if total == Num(0) else total + term
        return Equation(Sym(name + PRIMES * primes), total, (), ("z",), "")

    @staticmethod
    def _derivatives(known: Equation, primes: int) -> list[Equation]:
        from hwsolve.proofs.indexed import define, derived

        (parameter,) = known.parameters or ("",)
        found: list[Equation] = []
        body, value = known.body, Sym("the value")
        for count in range(1, primes + 1):
            definition = Equation(value, body, (), None, "")
            found_body = derived(define((definition,)), Deriv(value, (Sym(parameter),)))
            # a derivative may be written by the value itself, as that of exp is
            body = substituted(found_body, {value.name: body})
            name = f"{known.target.name}{PRIMES * count}"  # type: ignore[union-attr]  # a function's name
            found.append(Equation(Sym(name), body, (), (parameter,), ""))
        return found

    def written(self, tree: Expr) -> Expr:
        """An expression with `u` as `u(x)` and `du/dx` as `u'(x)`, where u is a function of x."""
        if not self.alone:
            return tree
        match tree:
            case Sym(name=name) if name in self.alone and name not in self.defined:
                return Apply(name, (self.alone[name],), (), tree.at)
            case Deriv(top=Sym(name=name), bottoms=bottoms) if name in self.alone and set(
                bottoms
            ) == {self.alone[name]}:
                return Apply(name + PRIMES * len(bottoms), (self.alone[name],), (), tree.at)
            case Apply():
                args = tuple(map(self.written, tree.args))
                return Apply(tree.op, args, tree.attributes, tree.at)
            case Over():
                body = self.written(tree.body)
                return Over(tree.op, body, tree.variable, tree.low, tree.high, tree.at)
        return tree


def coefficient_of(name: str) -> tuple[str, int] | None:
    """The function and the power that a free variable is the coefficient of."""
    function, sign, power = name.partition(_COEFFICIENT)
    return (function, int(power)) if sign and power.isdigit() else None


def names_coefficients(text: str) -> bool:
    """Whether a text speaks about the coefficients of a function, which no reader knows."""
    return _COEFFICIENT in text
