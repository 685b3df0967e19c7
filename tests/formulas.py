"""Formulas worked out in exact fractions, by an evaluator that shares nothing with hwsolve's."""

from __future__ import annotations

import operator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from hwsolve.expr.tree import Apply, Expr, Index, Num, Over, Sym

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = {"a": Fraction(2, 3), "b": Fraction(-5, 7), "dz": Fraction(3), "dw1": Fraction(-11, 4)}
VECTOR = [Fraction(7, 2), Fraction(-3), Fraction(1, 9), Fraction(4)]
LARGEST = 10**40


def power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1 or abs(exponent) > 4 or abs(base) > LARGEST:
        raise OverflowError
    return Fraction(base) ** int(exponent)


COMPARE: dict[str, Callable[..., Any]] = {
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "eq": operator.eq,
    "ne": operator.ne,
}
MEANING: dict[str, Callable[..., Any]] = {
    **COMPARE,
    "add": lambda *terms: sum(terms),
    "sub": operator.sub,
    "mul": operator.mul,
    # of its own, so that neither order nor association can hide behind a law
    "matmul": lambda a, b: 2 * a - 3 * b + a * b,
    "div": operator.truediv,
    "neg": operator.neg,
    "sigmoid": lambda a: 1 / (2 + abs(a)),
    "transpose": lambda a: a + 1,
    "pow": power,
}


def value(tree: Expr, names: dict[str, Any]) -> Any:
    """The exact value of a formula; an error where it has none."""
    match tree:
        case Num(value=number):
            return Fraction(str(number))
        case Sym(name=name):
            return names[name]
        case Index(indices=(place,)):
            return VECTOR[int(value(place, names)) % len(VECTOR)]
        case Over(body=body, variable=variable, low=low, high=high):
            first, last = int(value(low, names)), int(value(high, names))
            terms = range(first, min(last, first + 5) + 1)
            return sum(value(body, {**names, variable: Fraction(i)}) for i in terms)
        case Apply(op="where", args=(condition, yes, no)):
            return value(yes if value(condition, names) else no, names)
        case Apply(op=op, args=args):
            return Fraction(MEANING[op](*[value(arg, names) for arg in args]))
    raise TypeError(tree)


def with_sigmoid(tree: Expr) -> Expr:
    """The tree with the operation's full name for its letter, as the solvers resolve it."""
    match tree:
        case Apply(op=op, args=args, attributes=attributes):
            name = "sigmoid" if op == "σ" else op
            return Apply(name, tuple(map(with_sigmoid, args)), attributes)
        case Index(base=base, indices=indices):
            return Index(base, tuple(map(with_sigmoid, indices)))
        case Over(op=op, body=body, variable=variable, low=low, high=high):
            low, high = with_sigmoid(low), with_sigmoid(high)
            return Over(op, with_sigmoid(body), variable, low, high)
        case _:
            return tree
