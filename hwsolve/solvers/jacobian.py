"""Derivatives of a whole vector: `dz/dh` is the matrix of all `dz[i]/dh[j]`.

The second derivatives of a number by vectors, `d2L/dw2`, are a matrix too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hwsolve.expr.tree import Deriv, Expr, Index, Sym
from hwsolve.proofs.names import free_names, fresh

if TYPE_CHECKING:
    from hwsolve.proofs.definitions import Definitions
    from hwsolve.proofs.index_ranges import Range

NUMERATOR, DENOMINATOR = "numerator", "denominator"
_MOST_AXES = 2


class Jacobian(NamedTuple):
    """A derivative of a whole array, as one of its entries.

    Attributes:
        entry: the derivative of one entry by one entry.
        letters: its indices, in the order of the axes of the result.
        ranges: their ranges, in the same order.
    """

    entry: Deriv
    letters: tuple[str, ...]
    ranges: tuple[Range, ...]

    @property
    def free(self) -> dict[str, Range]:
        """The range of each index."""
        return dict(zip(self.letters, self.ranges, strict=True))

    def entry_of(self, array: Expr) -> Expr:
        """The entry of the whole result at the same indices."""
        return Index(array, tuple(map(Sym, self.letters)))


def jacobian(  # noqa: PLR0911  (one case after the other)
    asked: Expr, definitions: Definitions, layout: str
) -> Jacobian | None:
    """What was asked as a derivative by entries, if it is one of a whole vector; else None."""
    match asked:
        case Deriv(top=Sym(name=name) as top, bottoms=(Sym() | Index() as bottom,)):
            pass
        case Deriv(top=Sym(), bottoms=(Sym(), Sym())):
            return _hessian(asked, definitions)
        case _:
            return None
    above = definitions.axes.get(name, ())
    if name not in definitions.by_name or not above:
        return None
    symbol = bottom if isinstance(bottom, Sym) else bottom.base
    below = definitions.axes.get(symbol.name, ()) if isinstance(symbol, Sym) else ()
    if isinstance(bottom, Index):
        if any(free_names(part) for part in bottom.indices):
            return None
        below = ()
    if len(above) + len(below) > _MOST_AXES:
        return None
    taken = set(definitions.letters | free_names(bottom))
    letters: list[str] = []
    for wanted in ("i", "j")[: len(above) + len(below)]:
        letters.append(fresh(wanted, {*taken, *letters}))
    rows, columns = tuple(letters[: len(above)]), tuple(letters[len(above) :])
    entry = Deriv(
        Index(top, tuple(map(Sym, rows))),
        (Index(bottom, tuple(map(Sym, columns))) if columns else bottom,),
        asked.at,
    )
    if layout == DENOMINATOR and columns:
        return Jacobian(entry, columns + rows, below + above)
    return Jacobian(entry, rows + columns, above + below)


def _hessian(asked: Deriv, definitions: Definitions) -> Jacobian | None:
    """The second derivatives of a number by two vectors, a row for each entry of the first."""
    names = [bottom.name for bottom in asked.bottoms if isinstance(bottom, Sym)]
    axes = [definitions.axes.get(name, ()) for name in names]
    top = definitions.axes.get(getattr(asked.top, "name", ""), ())
    if top or any(len(each) != 1 for each in axes):
        return None
    row = fresh("i", set(definitions.letters))
    letters = (row, fresh("j", {*definitions.letters, row}))
    bottoms = [Index(Sym(n), (Sym(at),)) for n, at in zip(names, letters, strict=True)]
    return Jacobian(Deriv(asked.top, tuple(bottoms), asked.at), letters, (axes[0][0], axes[1][0]))
