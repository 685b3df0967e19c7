"""Conditions and values by cases in the equation language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hwsolve.expr.tree import Apply, Expr

if TYPE_CHECKING:
    from hwsolve.expr.parser import _Parser

COMPARISONS: Final = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}


def condition(parser: _Parser) -> Expr:
    """What stands behind `if`: `x > 0`, `0 <= x < 1`, `a < b and b < c`, or any value."""
    holds = _chain(parser)
    while parser.here.text in {"and", "or"}:
        token = parser.advance()
        op = "mul" if token.text == "and" else "maximum"
        holds = Apply(op, (holds, _chain(parser)), (), token.at)
    return holds


def _chain(parser: _Parser) -> Expr:
    """A comparison, or several in a row: `0 <= x < 1` is `(0 <= x)*(x < 1)`."""
    left = parser.sum()
    found: Expr | None = None
    while (name := COMPARISONS.get(parser.here.text)) is not None:
        at = parser.advance().at
        right = parser.sum()
        test = Apply(name, (left, right), (), at)
        found = test if found is None else Apply("mul", (found, test), (), at)
        left = right
    return left if found is None else found


def cases(parser: _Parser, name: str) -> Expr:
    """`cases(0 if x < 0, x^2 if x < 1, 2*x - 1)`: the first condition that holds decides."""
    pieces: list[tuple[Expr, Expr, int]] = []
    last: Expr | None = None
    while last is None:
        if parser.here.text in {"else", "otherwise"}:
            parser.advance()
            parser.accept(":")
            last = parser.sum()
        else:
            value = parser.sum()
            here = parser.here.at
            if parser.accept("if"):
                pieces.append((value, condition(parser), here))
            else:
                last = value
                if parser.here.text in {"else", "otherwise"}:
                    parser.advance()
        if last is None and not parser.accept(","):
            parser.fail(
                f"expected ',' in '{name}'{parser.found()}",
                hint=f"the last piece has no condition: {name}(0 if x < 0, x)",
            )
    if not pieces or not parser.accept(")"):
        parser.fail(
            f"expected ')' to close '{name}'{parser.found()}"
            if pieces
            else f"'{name}' needs a piece with a condition",
            hint=f"write {name}(0 if x < 0, x if x < 1, 1)",
        )
    for value, holds, here in reversed(pieces):
        last = Apply("where", (holds, value, last), (), here)
    return last
