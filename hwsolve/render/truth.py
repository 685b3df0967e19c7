"""Whether numbers that were rounded on purpose still are equal, so that `=` never lies."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hwsolve.expr.operations import OPERATIONS
from hwsolve.expr.systems import Exact
from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Sym, children, walk
from hwsolve.render.numbers import entries

if TYPE_CHECKING:
    from hwsolve.expr.tree import Value

# A longer formula is not worked out again: it is taken to be rounded.
LONGEST = 200


def is_equal(before: Expr, after: Expr | Value) -> bool:
    """Whether what follows a formula is exactly what the formula says.

    Only decimals are put to the test: they come from rounding at every step. A formula
    that cannot be worked out in fractions (`exp(0.5)`) counts as rounded.
    """
    after = after if isinstance(after, Expr) else Num(after)
    if not _has_decimals(after):
        return True
    if any(isinstance(node, (Sym, Deriv)) for node in walk(before)):
        # numbers put in for names; or a value straight behind a formula in names
        return not isinstance(after, Num) or _is_name(before)
    result = _in_fractions(before)
    return result is not None and bool(result == _in_fractions(after))


def _has_decimals(expr: Expr) -> bool:
    return any(isinstance(node, Num) and is_decimal(node.value) for node in walk(expr))


def is_decimal(value: Any) -> bool:
    """Whether a value is a decimal, or an array of them."""
    nested = value.tolist() if hasattr(value, "tolist") else value
    return isinstance(next(entries(nested), None), Decimal)


def _is_name(expr: Expr) -> bool:
    if isinstance(expr, Apply) and expr.op == "neg":
        expr = expr.args[0]
    return isinstance(expr, (Sym, Index, Deriv))


def _in_fractions(expr: Expr) -> Any:
    """The exact value of a formula in numbers, or None where fractions do not reach."""
    from fractions import Fraction

    order: list[Expr] = [expr]
    for node in order:  # grows while it is read: parents first
        order.extend(children(node))
        if len(order) > LONGEST:
            return None
    values: dict[int, Any] = {}
    for node in reversed(order):
        match node:
            case Num(value=int() | float() | Decimal() | Fraction() as value):
                values[id(node)] = Fraction(str(value))
            case Apply(op=op, args=args, attributes=()) if (
                op in OPERATIONS and OPERATIONS[op].exact
            ):
                try:
                    result = OPERATIONS[op].compute(Exact, *[values[id(arg)] for arg in args])
                except (ArithmeticError, ValueError):
                    return None
                if isinstance(result, float):
                    return None
                values[id(node)] = result
            case _:
                return None
    return values[id(expr)]
