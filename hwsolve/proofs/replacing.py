"""Names in expressions replaced by other expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsolve.expr.tree import Apply, Expr, Index, Over, Sym

if TYPE_CHECKING:
    from collections.abc import Mapping


def replaced(tree: Expr, name: str, by: Expr) -> Expr:
    """The expression with another one in the place of a name."""
    return with_parts(tree, {name: by})


def with_parts(tree: Expr, parts: Mapping[str, Expr]) -> Expr:
    """The expression with other ones in the place of names; a sum hides its own index."""
    match tree:
        case Sym(name=name):
            return parts.get(name, tree)
        case Apply():
            args = tuple(with_parts(arg, parts) for arg in tree.args)
            return Apply(tree.op, args, tree.attributes, tree.at)
        case Index():
            indices = tuple(with_parts(index, parts) for index in tree.indices)
            return Index(with_parts(tree.base, parts), indices, tree.at)
        case Over():
            inside = {name: part for name, part in parts.items() if name != tree.variable}
            return Over(
                tree.op,
                with_parts(tree.body, inside),
                tree.variable,
                with_parts(tree.low, parts),
                with_parts(tree.high, parts),
                tree.at,
            )
    return tree
