"""Limits by those of the parts: `limit(f, x, a)` with a number, inf or -inf for a.

Only what the rules for limits allow is used: continuous functions where they have a
value, sums, products and quotients that are not undetermined, and l'Hôpital's rule
where a quotient is. Everything else is not settled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hwsolve.errors import HwsolveError
from hwsolve.expr.operations import ALIASES
from hwsolve.expr.parser import Equation
from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Over, Sym, walk
from hwsolve.proofs.field import UnsupportedError
from hwsolve.proofs.inequalities import proved_order
from hwsolve.proofs.inlining import Inliner

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.proofs.ranges import Case
    from hwsolve.proofs.sums import Setting

METHOD: Final = "limits of the parts"
INFINITE: Final = Sym("inf")
_DEEPEST: Final = 4
# The value of a function far to the left and far to the right; None where there is none.
_ENDS: Final[dict[str, tuple[Expr, Expr]]] = {
    "exp": (Num(0), INFINITE),
    "sigmoid": (Num(0), Num(1)),
    "tanh": (Num(-1), Num(1)),
    "softplus": (Num(0), INFINITE),
    "relu": (Num(0), INFINITE),
    "abs": (INFINITE, INFINITE),
    "erf": (Num(-1), Num(1)),
}
_CONTINUOUS: Final = frozenset({*_ENDS, "sin", "cos", "maximum", "minimum", "square"})


class UnsettledError(ArithmeticError):
    """A limit that these rules do not give."""


def without_limits(tree: Expr, setting: Setting, case: Case) -> Expr:
    """An expression with the value of each limit in its place.

    Raises:
        UnsettledError: where there is a limit that these rules do not give.
    """
    match tree:
        case Apply(op="limit", args=(body, Sym(name=variable), place)):
            return _Limits(setting, case, variable, place).finite(body)
        case Apply(op="limit"):
            raise UnsettledError("a limit is written limit(f, x, a)")
        case Apply():
            args = tuple(without_limits(arg, setting, case) for arg in tree.args)
            return Apply(tree.op, args, tree.attributes, tree.at)
    if any(isinstance(node, Apply) and node.op == "limit" for node in walk(tree)):
        raise UnsettledError("a limit inside of a sum")
    return tree


class _Limits:
    def __init__(self, setting: Setting, case: Case, variable: str, place: Expr) -> None:
        self.setting = setting
        self.variable = variable
        self.inliner = Inliner(setting.equations)
        known = [*(body for body, loops in setting.assumptions if not loops), *case.conditions]
        # about the variable itself, only from which side it comes
        self.assumed = [
            test for test in known if not self._varies(test) or self._names_side(test, place)
        ]
        self.place = _negative(INFINITE) if _is(place, -1) else place

    def finite(self, body: Expr) -> Expr:
        """The value of a limit that is a number."""
        try:
            found = self.of(self.inliner.tree(self._derived(body)), _DEEPEST)
        except (UnsupportedError, HwsolveError):
            raise UnsettledError from None
        if _side(found):
            raise UnsettledError("it is infinite")
        return found

    def _derived(self, tree: Expr) -> Expr:
        """An expression with its derivatives worked out."""
        from hwsolve.proofs.indexed import define, derived

        match tree:
            case Deriv():
                return derived(define(self.setting.equations), tree)
            case Apply():
                args = tuple(map(self._derived, tree.args))
                return Apply(tree.op, args, tree.attributes, tree.at)
        return tree

    def _varies(self, tree: Expr) -> bool:
        return any(isinstance(node, Sym) and node.name == self.variable for node in walk(tree))

    def _names_side(self, test: Expr, place: Expr) -> bool:
        return isinstance(test, Apply) and set(test.args) == {Sym(self.variable), place}

    def of(self, tree: Expr, depth: int) -> Expr:
        """The limit of an expression: one in the other names, or plus or minus infinity."""
        if not self._varies(tree):
            if INFINITE in walk(tree):
                raise UnsettledError
            return tree
        match tree:
            case Sym():
                return self.place
            case Over(op="sum" | "prod") if not self._varies(tree.low) | self._varies(tree.high):
                body = self.of(tree.body, depth)
                if _side(body):
                    raise UnsettledError
                return Over(tree.op, body, tree.variable, tree.low, tree.high)
            case Apply() if not tree.attributes:
                op = ALIASES.get(tree.op, tree.op)
                if op == "div":
                    return self._quotient(tree.args[0], tree.args[1], depth)
                if op == "pow":
                    return self._power(tree, depth)
                return self._operation(op, [self.of(arg, depth) for arg in tree.args])
        raise UnsettledError

    def _operation(self, op: str, args: Sequence[Expr]) -> Expr:
        match op:
            case "add" | "sub":
                total = args[0]
                for arg in args[1:]:
                    total = self._added(total, _negative(arg) if op == "sub" else arg)
                return total
            case "neg":
                return _negative(args[0])
            case "mul":
                return self._multiplied(args[0], args[1])
            case "log" | "sqrt":
                return self._root_or_logarithm(op, args[0])
        if op not in _CONTINUOUS:
            raise UnsettledError
        if not any(map(_side, args)):
            return Apply(op, tuple(args))
        if op not in _ENDS:
            raise UnsettledError
        return _ENDS[op][_side(args[0]) > 0]

    def _root_or_logarithm(self, op: str, arg: Expr) -> Expr:
        if _side(arg) > 0:
            return INFINITE
        if _side(arg) < 0 or self._sign(arg) != 1:
            raise UnsettledError
        return Apply(op, (arg,))

    @staticmethod
    def _added(one: Expr, other: Expr) -> Expr:
        sides = _side(one), _side(other)
        if not any(sides):
            return one + other
        if sides[0] * sides[1] < 0:
            raise UnsettledError
        return one if sides[0] else other

    def _multiplied(self, one: Expr, other: Expr) -> Expr:
        sides = _side(one), _side(other)
        if not any(sides):
            return one * other
        signs = [side or self._sign(part) for side, part in zip(sides, (one, other), strict=True)]
        if signs[0] is None or signs[1] is None:
            raise UnsettledError
        return INFINITE if signs[0] * signs[1] > 0 else _negative(INFINITE)

    def _power(self, tree: Apply, depth: int) -> Expr:
        base, exponent = tree.args
        if not isinstance(exponent, Num) or not isinstance(exponent.value, int):
            raise UnsettledError
        if exponent.value < 0:
            return self._quotient(Num(1), base ** Num(-exponent.value), depth)
        found = self.of(base, depth)
        if not _side(found):
            return found**exponent
        return found if exponent.value % 2 else INFINITE

    def _quotient(self, top: Expr, bottom: Expr, depth: int) -> Expr:
        above, below = self.of(top, depth), self.of(bottom, depth)
        if _side(below):
            return self._by_slopes(top, bottom, depth) if _side(above) else Num(0)
        sign = self._sign(below)
        if sign is not None:
            if not _side(above):
                return above / below
            return above if sign > 0 else _negative(above)
        if not self._is_zero(below):
            raise UnsettledError
        if not _side(above) and self._is_zero(above):
            return self._by_slopes(top, bottom, depth)
        # something over what tends to 0 from one side
        signs = _side(above) or self._sign(above), self._sign(bottom)
        if signs[0] is None or signs[1] is None:
            raise UnsettledError
        return INFINITE if signs[0] * signs[1] > 0 else _negative(INFINITE)

    def _by_slopes(self, top: Expr, bottom: Expr, depth: int) -> Expr:
        """L'Hôpital's rule: both tend to 0, or both to infinity."""
        from hwsolve.proofs.indexed import define, derived

        nodes = (*walk(top), *walk(bottom))
        if not depth or any(isinstance(node, (Index, Over)) for node in nodes):
            raise UnsettledError
        slopes = []
        for part in (top, bottom):
            value = Sym("the value")
            definition = Equation(value, part, (), None, "")
            slope = derived(define((definition,)), Deriv(value, (Sym(self.variable),)))
            slopes.append(Inliner((definition,)).tree(slope))
        return self._quotient(slopes[0], slopes[1], depth - 1)

    def _sign(self, tree: Expr) -> int | None:
        """1 or -1 where an expression has this sign, as far as that can be proved."""
        for sign, op in ((1, ">"), (-1, "<")):
            if proved_order(op, tree, Num(0), self.assumed):
                return sign
        return None

    @staticmethod
    def _is_zero(tree: Expr) -> bool:
        from hwsolve.proofs.identity import proved_equal
        from hwsolve.proofs.points import Context

        return proved_equal(tree, Num(0), Context()) is not None


def _is(tree: Expr, sign: int) -> bool:
    return (INFINITE if sign > 0 else Apply("neg", (INFINITE,))) == tree


def _side(tree: Expr) -> int:
    """1 or -1 for plus or minus infinity, 0 for a number."""
    return 1 if _is(tree, 1) else -1 if _is(tree, -1) else 0


def _negative(tree: Expr) -> Expr:
    return INFINITE if _is(tree, -1) else Apply("neg", (tree,))
