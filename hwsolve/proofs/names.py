"""Names in formulas: which are free, and one put for another without capturing any.

A sum binds its index: `sum(w[i]*h[i] for i in 1..4)` says nothing about an `i` outside
of it. Whatever is put into a sum must not fall under that index by accident, so the
index is renamed first where it has to be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Over, Sym, children

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# What people call an index, in the order in which they do.
LETTERS: Final = ("i", "j", "k", "l", "m", "n", "p", "q", "r", "s", "t", "u")


def free_names(expr: Expr) -> frozenset[str]:
    """The names in an expression that no sum in it binds."""
    found: set[str] = set()
    stack: list[tuple[Expr, frozenset[str]]] = [(expr, frozenset())]
    while stack:
        node, bound = stack.pop()
        match node:
            case Sym(name=name):
                if name and name not in bound:
                    found.add(name)
            case Over():
                stack.append((node.body, bound | {node.variable}))
                stack.extend(((node.low, bound), (node.high, bound)))
            case _:
                stack.extend((child, bound) for child in children(node))
    return frozenset(found)


def all_names(exprs: Iterable[Expr]) -> set[str]:
    """Every name in some expressions, bound or free."""
    found: set[str] = set()
    stack = list(exprs)
    while stack:
        node = stack.pop()
        if isinstance(node, Sym):
            found.add(node.name)
        elif isinstance(node, Over):
            found.add(node.variable)
        stack.extend(children(node))
    return found


def fresh(wanted: str, taken: Iterable[str]) -> str:
    """A name for an index that is not taken: the wanted one, or the next letter."""
    used = set(taken)
    if wanted not in used:
        return wanted
    start = LETTERS.index(wanted) + 1 if wanted in LETTERS else 0
    for letter in (*LETTERS[start:], *LETTERS[:start]):
        if letter not in used:
            return letter
    number = 1
    while f"{wanted}{number}" in used:
        number += 1
    return f"{wanted}{number}"


def substitute(expr: Expr, values: Mapping[str, Expr]) -> Expr:
    """The expression with expressions for free names; indices of sums are renamed as needed."""
    if not values:
        return expr
    captured = frozenset[str]().union(*map(free_names, values.values()))
    return _put(expr, dict(values), captured)


def _put(expr: Expr, values: dict[str, Expr], captured: frozenset[str]) -> Expr:
    match expr:
        case Sym(name=name):
            return values.get(name, expr)
        case Index():
            indices = tuple(_put(part, values, captured) for part in expr.indices)
            return Index(_put(expr.base, values, captured), indices, expr.at)
        case Apply():
            args = tuple(_put(arg, values, captured) for arg in expr.args)
            return Apply(expr.op, args, expr.attributes, expr.at)
        case Over():
            return _put_under(expr, values, captured)
        case Deriv():
            bottoms = tuple(_put(bottom, values, captured) for bottom in expr.bottoms)
            top = _put(expr.top, values, captured)
            return Deriv(top, bottoms, expr.at, partial=expr.partial)
        case _:
            return expr


def _put_under(expr: Over, values: dict[str, Expr], captured: frozenset[str]) -> Expr:
    low, high = _put(expr.low, values, captured), _put(expr.high, values, captured)
    inner = {name: value for name, value in values.items() if name != expr.variable}
    variable, body = expr.variable, expr.body
    names = free_names(body)
    if names.isdisjoint(inner):
        return Over(expr.op, body, variable, low, high, expr.at)
    if variable in captured:
        variable = fresh(variable, captured | names | inner.keys())
        inner[expr.variable] = Sym(variable)
        captured |= {variable}
    return Over(expr.op, _put(body, inner, captured), variable, low, high, expr.at)


def with_index(expr: Over, variable: str) -> Over:
    """The same sum under another index, which must not be free in its body."""
    if variable == expr.variable:
        return expr
    body = substitute(expr.body, {expr.variable: Sym(variable)})
    return Over(expr.op, body, variable, expr.low, expr.high, expr.at)
