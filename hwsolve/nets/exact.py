"""Counting formulas: exact values, and the same formula with its numbers put in.

Sizes and counts are whole numbers of any size and ratios are fractions; nothing
here is ever a float, so that no count loses a digit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from hwsolve.errors import EquationError, did_you_mean
from hwsolve.expr.tree import Apply, Expr, Num, Sym

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from fractions import Fraction

Exact: TypeAlias = "int | Fraction"

# A power with more bits than this is refused before it is computed.
MOST_BITS = 1 << 20


def floor(value: Expr) -> Expr:
    """A value rounded down, as a formula."""
    return Apply("floor", (value,))


def ceil(value: Expr) -> Expr:
    """A value rounded up, as a formula."""
    return Apply("ceil", (value,))


def plus(*terms: Expr) -> Expr:
    """The sum of some terms; those that are the number 0 are left out."""
    left = [term for term in terms if not (isinstance(term, Num) and term.value == 0)]
    if not left:
        return Num(0)
    return left[0] if len(left) == 1 else Apply("add", tuple(left))


def times(first: Expr, *others: Expr) -> Expr:
    """The product as one chain from left to right, so that it is written without brackets."""
    product = first
    for factor in others:
        for part in _factors(factor):
            product = product * part
    return product


def _factors(product: Expr) -> list[Expr]:
    match product:
        case Apply(op="mul", args=(left, right)):
            return [*_factors(left), *_factors(right)]
        case _:
            return [product]


def whole(formula: Expr, sizes: Mapping[str, Exact]) -> int:
    """The value of a formula that can only be a whole number."""
    value = evaluate(formula, sizes)
    return value if isinstance(value, int) else int(value)


def evaluate(formula: Expr, sizes: Mapping[str, Exact]) -> Exact:
    """The exact value of a formula, given the numbers of its named sizes.

    Raises:
        EquationError: for a division by zero, a power that is too large, or an
            operation that counting has no use for.
    """
    match formula:
        case Sym(name=name):
            return sizes[name]
        case Num(value=value):
            return exact(value)
        case Apply(op="floor", args=(Apply(op="div", args=(top, bottom)),)):
            return _whole(evaluate(top, sizes), evaluate(bottom, sizes), formula)
        case Apply(op="ceil", args=(Apply(op="div", args=(top, bottom)),)):
            return -_whole(-evaluate(top, sizes), evaluate(bottom, sizes), formula)
        case Apply(op=op, args=args, attributes=()):
            return _apply(op, [evaluate(arg, sizes) for arg in args], formula)
        case _:
            raise EquationError("counts are calculated with + - * / ** only")


def with_numbers(formula: Expr, sizes: Mapping[str, Exact]) -> Expr:
    """The formula with the number of each named size in its place."""
    match formula:
        case Sym(name=name) if name in sizes:
            return Num(sizes[name])
        case Apply(op=op, args=args):
            return Apply(op, tuple([with_numbers(arg, sizes) for arg in args]))
        case _:
            return formula


def exact(value: Any) -> Exact:
    """The number that was written: 0.1 is 1/10, and 1e9 is an integer."""
    if isinstance(value, int):
        return value
    from fractions import Fraction

    fraction = Fraction(repr(value)) if isinstance(value, float) else Fraction(value)
    return fraction.numerator if fraction.denominator == 1 else fraction


def divide(top: Exact, bottom: Exact) -> Exact:
    """The exact quotient: an integer where it comes out even, else a fraction."""
    if isinstance(top, int) and isinstance(bottom, int) and top % bottom == 0:
        return top // bottom
    from fractions import Fraction

    fraction = Fraction(top) / bottom
    return fraction.numerator if fraction.denominator == 1 else fraction


def _whole(top: Exact, bottom: Exact, formula: Expr) -> int:
    if bottom == 0:
        _divided_by_zero(formula)
    return top // bottom


def _divided_by_zero(formula: Expr) -> None:
    raise EquationError("division by zero", getattr(formula, "at", -1))


def _apply(op: str, args: list[Exact], formula: Expr) -> Exact:
    if op in _ANY_NUMBER:
        return _ANY_NUMBER[op](args)
    if op in _ONE and len(args) == 1:
        return _ONE[op](args[0])
    if op in _TWO and len(args) == 2:  # noqa: PLR2004  (operations of two numbers)
        return _TWO[op](args[0], args[1])
    if op == "div" and args[1] == 0:
        _divided_by_zero(formula)
    if op == "div":
        return divide(args[0], args[1])
    if op == "pow":
        return _power(args[0], args[1], formula)
    known = ("floor", "ceil", "max", "min", "abs")
    hint = did_you_mean(op, known) or f"known are + - * / **, {', '.join(known)}"
    raise EquationError(f"'{op}' is not an operation on counts", getattr(formula, "at", -1), hint)


_ONE: dict[str, Callable[[Exact], Exact]] = {
    "neg": lambda a: -a,
    "floor": lambda a: a // 1,
    "ceil": lambda a: -(-a // 1),
    "abs": lambda a: max(a, -a),
}
_TWO: dict[str, Callable[[Exact, Exact], Exact]] = {
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
}
_ANY_NUMBER: dict[str, Callable[[list[Exact]], Exact]] = {
    "add": lambda args: sum(args[1:], args[0]),
    "max": max,
    "maximum": max,
    "min": min,
    "minimum": min,
}


def _power(base: Exact, exponent: Exact, formula: Expr) -> Exact:
    at = getattr(formula, "at", -1)
    if type(exponent) is not int:
        raise EquationError("a count is raised to whole powers only", at)
    if base == 0 and exponent < 0:
        _divided_by_zero(formula)
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if bits * abs(exponent) > MOST_BITS:
        raise EquationError("the power has too many digits", at)
    power: Exact = base ** abs(exponent)
    return power if exponent >= 0 else divide(1, power)
