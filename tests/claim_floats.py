"""Claims as floats, written without anything that decides them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hwsolve.expr.parser import parse_comparisons
from hwsolve.expr.tree import Apply, Expr, Num, Sym

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FUNCTIONS: Mapping[str, Callable[..., float]] = {
    "add": lambda *terms: math.fsum(terms),
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda a: -a,
    "pow": math.pow,
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "abs": math.fabs,
    "tanh": math.tanh,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "relu": lambda x: (x + math.fabs(x)) / 2,
    "softplus": lambda x: math.log1p(math.exp(x)),
    "max": max,
    "min": min,
    "sign": lambda x: float(x > 0) - float(x < 0),
}
HOLDS: Mapping[str, Callable[[float, float], bool]] = {
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
}
NEAR = 1e-9


def value(tree: Expr, point: Mapping[str, float]) -> float:
    """The value of an expression at a point."""
    match tree:
        case Num(value=number):
            return float(number)  # type: ignore[arg-type]  # a number
        case Sym(name=name):
            return point[name]
        case Apply(op=name, args=args):
            return FUNCTIONS[name](*(value(arg, point) for arg in args))
    raise AssertionError(tree)


def clearly_broken(claim: str, point: Mapping[str, float], *, tie: bool) -> bool:
    """Whether one of the comparisons fails at a point by more than floats can err.

    With `tie` a strict comparison also is broken where both sides are the same simple float.
    """
    for comparison in parse_comparisons(claim):
        left, right = (value(side, point) for side in comparison.args)
        size = max(1.0, abs(left), abs(right))
        apart = abs(left - right) / size
        if apart > NEAR and not HOLDS[comparison.op](left, right):
            return True
        same = tie and left == right and round(4 * left) == 4 * left
        if same and comparison.op in {"lt", "gt", "ne"}:
            return True
    return False
