"""Recurrences written out: each entry of a family becomes a quantity of its own.

`h[t] = tanh(w*x[t] + u*h[t-1]) for t in 1..3` defines h by itself, so there is no one
formula for its derivative. With ranges of numbers it is three equations, for the names
h[1], h[2] and h[3], and the chain rule goes through them one after the other.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

from hwsolve.errors import EquationError
from hwsolve.expr.parser import Equation
from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Over, Sym
from hwsolve.proofs.definitions import names_in
from hwsolve.proofs.index_ranges import CONSTANT, affine
from hwsolve.proofs.names import substitute

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# More equations than this nobody reads.
MANY: Final = 400


def needs_entries(equations: Sequence[Equation]) -> bool:
    """Whether a family is defined in pieces or by itself."""
    seen: set[str] = set()
    for equation in equations:
        if equation.parameters is not None or not isinstance(equation.target, Index):
            continue
        name = _name(equation)
        loops = {loop.variable for loop in equation.loops}
        parts = [part.name if isinstance(part, Sym) else "" for part in equation.target.indices]
        plain = set(parts) <= loops and len(set(parts)) == len(parts)
        if name in seen or not plain or name in names_in(equation.body):
            return True
        seen.add(name)
    return False


def by_entries(equations: Sequence[Equation], sizes: Mapping[str, int]) -> list[Equation]:
    """The equations with a name of its own for each entry of a family, without loops.

    Raises:
        EquationError: where a range has no numbers as ends.
    """
    families = {
        _name(equation)
        for equation in equations
        if isinstance(equation.target, Index) and equation.parameters is None
    }
    found: list[Equation] = []
    for number, equation in enumerate(equations):
        if equation.parameters is not None:
            found.append(equation)
            continue
        try:
            found.extend(_entries(equation, families, sizes))
        except EquationError as error:
            error.equation = number
            raise
        if len(found) > MANY:
            raise EquationError(
                f"written out by entries these are more than {MANY} equations", equation=number
            )
    return found


def _entries(equation: Equation, families: set[str], sizes: Mapping[str, int]) -> list[Equation]:
    spans = []
    for loop in equation.loops:
        low, high = (_whole(end, sizes, _name(equation)) for end in (loop.low, loop.high))
        spans.append(range(low, high + 1))
    found = []
    for at in product(*spans):
        values: dict[str, Expr] = {
            loop.variable: Num(number) for loop, number in zip(equation.loops, at, strict=True)
        }
        body = _written_out(substitute(equation.body, values), families, sizes)
        target = entry_name(substitute(equation.target, values), families)
        found.append(Equation(target, body, (), None, equation.text))
    return found


def entry_name(expr: Expr, families: set[str]) -> Sym:
    """The name that an entry of a family has by itself: h[2]."""
    named = _written_out(expr, families, {})
    if not isinstance(named, Sym):
        raise EquationError("an index must be a whole number here", getattr(expr, "at", -1))
    return named


def _written_out(  # noqa: PLR0911  (a case for each kind of node)
    expr: Expr, families: set[str], sizes: Mapping[str, int]
) -> Expr:
    match expr:
        case Index(base=Sym(name=name)) if name in families:
            numbers = [_whole(part, sizes, name) for part in expr.indices]
            return Sym(f"{name}[{', '.join(map(str, numbers))}]", expr.at)
        case Index():
            indices = tuple(_written_out(part, families, sizes) for part in expr.indices)
            return Index(expr.base, indices, expr.at)
        case Over() if expr.op in {"sum", "mean"} and not families.isdisjoint(names_in(expr.body)):
            low = _whole(expr.low, sizes, "the sum")
            high = _whole(expr.high, sizes, "the sum")
            if high - low >= MANY:
                raise EquationError(f"a sum of more than {MANY} terms", expr.at)
            terms = tuple(
                _written_out(substitute(expr.body, {expr.variable: Num(k)}), families, sizes)
                for k in range(low, high + 1)
            )
            total = terms[0] if len(terms) == 1 else Apply("add", terms)
            return total if expr.op == "sum" else total / len(terms)
        case Over():
            body = _written_out(expr.body, families, sizes)
            return Over(expr.op, body, expr.variable, expr.low, expr.high, expr.at)
        case Apply():
            args = tuple(_written_out(arg, families, sizes) for arg in expr.args)
            return Apply(expr.op, args, expr.attributes, expr.at)
        case Deriv():
            top = _written_out(expr.top, families, sizes)
            bottoms = tuple(_written_out(bottom, families, sizes) for bottom in expr.bottoms)
            return Deriv(top, bottoms, expr.at)
    return expr


def _whole(expr: Expr, sizes: Mapping[str, int], name: str) -> int:
    value = affine(substitute(expr, {size: Num(number) for size, number in sizes.items()}))
    if value is None or value.keys() - {CONSTANT}:
        from hwsolve.expr.notation import text

        raise EquationError(
            f"'{name}' is written out entry by entry, which needs numbers, not '{text(expr)}'",
            getattr(expr, "at", -1),
            "write ranges such as 1..3, or give the sizes values",
        )
    return int(value.get(CONSTANT, 0))


def with_indices(expr: Expr) -> Expr:
    """The names h[2] as entries again, as the author and the parser know them."""
    match expr:
        case Sym(name=name) if "[" in name:
            base, _, inside = name.partition("[")
            indices = tuple(Num(int(part)) for part in inside.rstrip("]").split(","))
            return Index(Sym(base), indices)
        case Index():
            return Index(expr.base, tuple(map(with_indices, expr.indices)), expr.at)
        case Apply():
            return Apply(expr.op, tuple(map(with_indices, expr.args)), expr.attributes, expr.at)
        case Over():
            body = with_indices(expr.body)
            return Over(expr.op, body, expr.variable, expr.low, expr.high, expr.at)
        case Deriv():
            bottoms = tuple(map(with_indices, expr.bottoms))
            return Deriv(with_indices(expr.top), bottoms, expr.at, partial=expr.partial)
    return expr


def _name(equation: Equation) -> str:
    target = equation.target
    return target.name if isinstance(target, Sym) else target.base.name  # type: ignore[attr-defined]  # a name
