"""Statements recognised by their form, whatever their names are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hwsolve.expr.operations import ALIASES
from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Over, Sym

if TYPE_CHECKING:
    from hwsolve.expr.parser import Equation

Names = dict[str, str]
_WILD = re.compile(r"_[A-Za-z]\w*")


def fits(pattern: Expr, tree: Expr, names: Names) -> bool:  # noqa: PLR0911  (one case for each node)
    """Whether a tree has the form of a pattern; names with `_` in front may be any.

    `names` is filled with what each stands for.
    """
    match pattern, tree:
        case Sym(name=wanted), Sym(name=found):
            return _named(wanted, found, names)
        case Num(value=wanted), Num(value=found):
            return bool(wanted == found)
        case Index(), Index() if len(pattern.indices) == len(tree.indices):
            return fits(pattern.base, tree.base, names) and _all(
                pattern.indices, tree.indices, names
            )
        case Apply(), Apply() if len(pattern.args) == len(tree.args):
            op = ALIASES.get(pattern.op, pattern.op), ALIASES.get(tree.op, tree.op)
            wild = pattern.op.startswith("_")
            if not (_named(pattern.op, tree.op, names) if wild else op[0] == op[1]):
                return False
            if _all(pattern.args, tree.args, names):
                return True
            return op[0] in {"add", "mul"} and _all(pattern.args[::-1], tree.args, names)
        case Over(), Over() if pattern.op == tree.op:
            return (
                _named(pattern.variable, tree.variable, names)
                and fits(pattern.low, tree.low, names)
                and fits(pattern.high, tree.high, names)
                and fits(pattern.body, tree.body, names)
            )
        case Deriv(), Deriv() if len(pattern.bottoms) == len(tree.bottoms):
            return fits(pattern.top, tree.top, names) and _all(pattern.bottoms, tree.bottoms, names)
    return False


def _named(wanted: str, found: str, names: Names) -> bool:
    if not wanted.startswith("_"):
        return wanted == found
    return names.setdefault(wanted, found) == found


def _all(patterns: tuple[Expr, ...], trees: tuple[Expr, ...], names: Names) -> bool:
    before = dict(names)
    for pattern, tree in zip(patterns, trees, strict=True):
        if not fits(pattern, tree, names):
            names.clear()
            names.update(before)
            return False
    return True


def equation_fits(pattern: Equation, equation: Equation, names: Names) -> bool:
    """Whether an equation has the form of a pattern, its loops and parameters too."""
    before = dict(names)
    same = (
        len(pattern.loops) == len(equation.loops)
        and len(pattern.parameters or ()) == len(equation.parameters or ())
        and (pattern.parameters is None) == (equation.parameters is None)
        and fits(pattern.target, equation.target, names)
        and all(
            _named(one.variable, other.variable, names)
            and fits(one.low, other.low, names)
            and fits(one.high, other.high, names)
            for one, other in zip(pattern.loops, equation.loops, strict=True)
        )
        and all(map(lambda one, other: _named(one, other, names),
                    pattern.parameters or (), equation.parameters or ()))
        and fits(pattern.body, equation.body, names)
    )  # fmt: skip
    if not same:
        names.clear()
        names.update(before)
    return same


def filled(text: str, names: Names) -> str:
    """A text with the names that the pattern's names stand for."""
    return _WILD.sub(lambda match: names.get(match.group(), match.group()), text)
