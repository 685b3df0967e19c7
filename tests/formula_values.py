"""The value of a formula in fractions, by a walk of its own that shares nothing with the program."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from hwsolve.expr.tree import Apply, Expr, Index, Num, Over, Sym

if TYPE_CHECKING:
    from collections.abc import Mapping


class NoValueError(Exception):
    """A division by 0, or an entry that there is not."""


def value(expr: Expr, names: Mapping[str, Fraction], entries: Mapping[str, Fraction]) -> Fraction:
    """The value of a formula; `entries` holds `x[1, 2]` under that text."""
    match expr:
        case Num():
            number = expr.value
            return Fraction(repr(number)) if isinstance(number, float) else Fraction(number)  # type: ignore[arg-type]  # a number
        case Sym(name=name):
            return Fraction(names[name])
        case Index(base=Sym(name=name)):
            at = [value(part, names, entries) for part in expr.indices]
            key = f"{name}[{', '.join(str(int(part)) for part in at)}]"
            if key not in entries or any(part.denominator != 1 for part in at):
                raise NoValueError
            return entries[key]
        case Over():
            return _over(expr, names, entries)
        case Apply(op="where", args=(condition, yes, no)):
            return value(yes if value(condition, names, entries) else no, names, entries)
        case Apply():
            return _operation(expr, [value(arg, names, entries) for arg in expr.args])
    raise AssertionError(expr)


def _over(expr: Over, names: Mapping[str, Fraction], entries: Mapping[str, Fraction]) -> Fraction:
    low, high = value(expr.low, names, entries), value(expr.high, names, entries)
    found = [
        value(expr.body, {**names, expr.variable: Fraction(number)}, entries)
        for number in range(int(low), int(high) + 1)
    ]
    if expr.op == "prod":
        result = Fraction(1)
        for factor in found:
            result *= factor
        return result
    total = sum(found, Fraction(0))
    return total / len(found) if expr.op == "mean" else total


def _operation(expr: Apply, args: list[Fraction]) -> Fraction:  # noqa: C901, PLR0911, PLR0912
    match expr.op, args:
        case "add", _:
            return sum(args, Fraction(0))
        case "sub", (a, b):
            return a - b
        case "neg", (a,):
            return -a
        case "mul", _:
            result = Fraction(1)
            for factor in args:
                result *= factor
            return result
        case "div", (a, b):
            if not b:
                raise NoValueError
            return a / b
        case "pow", (a, b) if b.denominator == 1:
            if not a and b < 0:
                raise NoValueError
            return Fraction(a ** int(b))
        case (("delta" | "eq"), (a, b)):
            return Fraction(a == b)
        case "ne", (a, b):
            return Fraction(a != b)
        case "gt", (a, b):
            return Fraction(a > b)
        case "le", (a, b):
            return Fraction(a <= b)
        case (("max" | "maximum"), _):
            return max(args)
        case (("min" | "minimum"), _):
            return min(args)
        # any function will do, as long as it is one
        case "sigmoid", (a,):
            return a * a / 7 + a / 3 + 1
    raise AssertionError(expr.op)
