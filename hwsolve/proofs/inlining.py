"""Definitions put into an expression, so that it is one in free names alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hwsolve.expr.notation import text
from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Over, Sym, walk
from hwsolve.proofs.degrees import renamed
from hwsolve.proofs.field import UnsupportedError
from hwsolve.proofs.ranges import substituted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.expr.parser import Equation

MANY_NODES: Final = 4_000


class Inliner:
    """Puts definitions in.

    Args:
        equations: the definitions.

    Attributes:
        recursive: the families whose entries are defined by other entries; they stay.
    """

    def __init__(self, equations: Sequence[Equation]) -> None:
        self.equations: dict[str, Equation] = {}
        # a name with several equations (a start and a recurrence) is not one formula
        several: set[str] = set()
        for equation in equations:
            name = defined_name(equation)
            if name in self.equations:
                several.add(name)
            self.equations[name] = equation
        self.recursive = several | {
            name
            for name, equation in self.equations.items()
            if any(isinstance(node, Sym) and node.name == name for node in walk(equation.body))
        }
        self._nodes = 0

    def tree(self, tree: Expr) -> Expr:
        """An expression without names that are defined.

        Raises:
            UnsupportedError: for derivatives, whole families, and what grows too large.
        """
        self._nodes += 1
        if self._nodes > MANY_NODES:
            raise UnsupportedError("a large expression")
        match tree:
            case Num():
                return tree
            case Sym(name=name):
                return self._named(tree, name)
            case Index(base=Sym(name=name)):
                return self._entry(tree, name)
            case Over():
                low, high = self.tree(tree.low), self.tree(tree.high)
                return Over(tree.op, self.tree(tree.body), tree.variable, low, high)
            case Apply():
                args = tuple(map(self.tree, tree.args))
                equation = self.equations.get(tree.op)
                if equation is not None and equation.parameters is not None:
                    parts = dict(zip(equation.parameters, args, strict=True))
                    return self._put(equation.body, parts)
                return Apply(tree.op, args, tree.attributes, tree.at)
            case Deriv():
                raise UnsupportedError("a derivative")
        raise UnsupportedError("an expression")

    def _named(self, tree: Sym, name: str) -> Expr:
        equation = self.equations.get(name)
        if equation is None or name in self.recursive:
            return tree
        if equation.loops or equation.parameters is not None:
            raise UnsupportedError("a whole family at once")
        return self.tree(equation.body)

    def _entry(self, tree: Index, name: str) -> Expr:
        equation = self.equations.get(name)
        indices = tuple(map(self.tree, tree.indices))
        if equation is None or name in self.recursive:
            return Index(tree.base, indices)
        target = equation.target
        if not isinstance(target, Index) or not all(isinstance(i, Sym) for i in target.indices):
            raise UnsupportedError("an entry of a whole array")
        names = [index.name for index in target.indices if isinstance(index, Sym)]
        return self._put(equation.body, dict(zip(names, indices, strict=True)))

    def _put(self, body: Expr, parts: dict[str, Expr]) -> Expr:
        taken = frozenset(
            node.name for part in parts.values() for node in walk(part) if isinstance(node, Sym)
        )
        return self.tree(substituted(renamed(body, taken), parts))


def with_letters(tree: Expr) -> Expr:
    """An expression with a letter for each maximum, minimum or product over a range.

    What holds for any number in its place holds for it; derivatives would not see it.
    """
    match tree:
        case Over(op="max" | "min" | "prod") if _is_closed(tree):
            return Sym(f"the {text(tree)}")
        case Over():
            body = with_letters(tree.body)
            return Over(tree.op, body, tree.variable, tree.low, tree.high, tree.at)
        case Apply():
            args = tuple(map(with_letters, tree.args))
            return Apply(tree.op, args, tree.attributes, tree.at)
    return tree


def _is_closed(tree: Over) -> bool:
    """Whether no index but its own stands in it."""
    indices = {
        node.name
        for entry in walk(tree.body)
        if isinstance(entry, Index)
        for index in entry.indices
        for node in walk(index)
        if isinstance(node, Sym)
    }
    nested = any(isinstance(node, (Over, Deriv)) for node in walk(tree.body))
    return indices == {tree.variable} and not nested


def defined_name(equation: Equation) -> str:
    """The name that an equation defines."""
    target = equation.target
    return target.name if isinstance(target, Sym) else target.base.name  # type: ignore[attr-defined]  # the parser made it a Sym
