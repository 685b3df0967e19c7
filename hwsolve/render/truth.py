"""Whether a rounded result still is what its formula says, so that `=` never lies."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hwsolve.expr.operations import OPERATIONS
from hwsolve.expr.systems import Exact
from hwsolve.expr.tree import Apply, Expr, Num, children
from hwsolve.render.numbers import entries
from hwsolve.render.page import shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hwsolve.solution import Step

# A longer formula is not worked out again: it is taken to be rounded.
LONGEST = 200


def is_exact_result(step: Step) -> bool:
    """Whether a step's value is exactly what its last formula gives.

    Only decimals are put to the test: they were rounded on purpose. A formula that
    cannot be worked out in fractions counts as rounded.
    """
    if not step.forms:
        return True
    if not isinstance(step.value, Decimal):
        return not (shape(step.value) and isinstance(next(_entries(step.value), 0), Decimal))
    return bool(_in_fractions(step.forms[-1]) == step.value)


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
            case Apply(op=op, args=args, attributes=()) if _is_exact(op):
                terms = [values[id(arg)] for arg in args]
                if None in terms:
                    return None
                try:
                    values[id(node)] = OPERATIONS[op].compute(Exact, *terms)
                except (ArithmeticError, ValueError):
                    return None
            case _:
                return None
    value = values[id(expr)]
    return None if isinstance(value, float) else value


def _entries(value: Any) -> Iterator[Any]:
    return entries(value.tolist() if hasattr(value, "tolist") else value)


def _is_exact(op: str) -> bool:
    return op in OPERATIONS and OPERATIONS[op].exact
