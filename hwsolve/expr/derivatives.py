"""Derivatives by name: `dz/dw0`, `dL/dW1[0, 2]`, `d2L/dw2` as nodes of the graph."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final

from hwsolve.errors import EquationError
from hwsolve.expr.backward import Gradient, differentiate
from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Sym

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hwsolve.expr.lower import Bundle, Lowered, Lowering
    from hwsolve.expr.operations import Shape


# An array with more entries has no Jacobian that anybody reads.
MOST_ENTRIES: Final = 64


class Derivatives:
    """The gradients of a problem, one for each quantity that is differentiated.

    Attributes:
        known: the gradients by the node of the top.
    """

    def __init__(self) -> None:
        self.known: dict[int, Gradient] = {}

    def of(self, lowering: Lowering, top: int, wrt: Iterable[int]) -> Gradient:
        """The gradient of `top`, with at least these labelled nodes in it."""
        wanted = set(wrt)
        before = self.known.get(top)
        if before is not None and wanted <= before.wrt:
            return before
        if before is not None:
            wanted |= before.wrt
        gradient = self.known[top] = differentiate(lowering.graph, top, wanted)
        return gradient


def derivative(lowering: Lowering, expr: Deriv) -> Lowered:
    """The node (or the bundle of nodes) of a derivative.

    Raises:
        EquationError: if a name is not defined, or the top is not a number.
    """
    expr = _two_names(lowering, expr)
    quotient = _quotient(lowering, expr)
    if quotient is not None:
        return lowering.lower(quotient)
    expr = _by_known_names(lowering, expr)
    several = _array_top(lowering, expr)
    if several is not None:
        return _jacobian(lowering, several, expr)
    top = _top(lowering, expr)
    if len(expr.bottoms) == 1:
        return by(lowering, top, expr.bottoms[0], expr)
    if lowering.graph.shapes[top]:
        raise _not_scalar(lowering, expr, top)
    first = by(lowering, top, expr.bottoms[0], expr)
    if not isinstance(first, int) or lowering.graph.shapes[first]:
        raise EquationError(
            "a second derivative needs single entries below", expr.at, "write d2L/dw[1]^2"
        )
    if first not in lowering.graph.labels:
        below = _numbered(lowering, expr.bottoms[0])
        lowering.graph.labels[first] = Deriv(_numbered(lowering, expr.top), (below,))
    return by(lowering, first, expr.bottoms[1], expr)


def _numbered(lowering: Lowering, name: Expr) -> Expr:
    """A name or an entry, its indices as numbers."""
    if isinstance(name, Index):
        return Index(name.base, tuple(Num(lowering.whole(part)) for part in name.indices))
    return name


def bottoms_of(lowering: Lowering, expr: Deriv) -> list[int]:
    """The nodes that a derivative is taken by (no error: what is unknown is left out)."""
    from hwsolve.expr.lower import Bundle

    found: list[int] = []
    for bottom in _two_names(lowering, expr).bottoms[:1]:
        base = bottom.base if isinstance(bottom, Index) else bottom
        target = lowering.names.get(base.name) if isinstance(base, Sym) else None
        if isinstance(target, Bundle):
            if target.given is not None and isinstance(bottom, Index):
                target = lowering.lower(bottom)
            elif target.given is not None:
                lowering.all_entries(target)
        if isinstance(target, Bundle):
            found.extend(target.entries.values())
        elif target is not None:
            found.append(target)
    return found


def _two_names(lowering: Lowering, expr: Deriv) -> Deriv:
    """`d2L/dw1dw2`: only the known names tell it from a second derivative by `w1dw`."""
    bottom = expr.bottoms[0]
    if expr.bottoms != (bottom, bottom) or not isinstance(bottom, Sym):
        return expr
    if bottom.name in lowering.names or bottom.name in lowering.local:
        return expr
    whole = f"{bottom.name}2"
    for cut in range(1, len(whole) - 1):
        first, second = whole[:cut], whole[cut + 1 :]
        if whole[cut] == "d" and first in lowering.names and second in lowering.names:
            return Deriv(expr.top, (Sym(first, expr.at), Sym(second, expr.at)), expr.at)
    return expr


def _quotient(lowering: Lowering, expr: Deriv) -> Expr | None:
    """`da/db` where the author has values of just these names: an ordinary quotient."""
    if len(expr.bottoms) != 1 or not isinstance(expr.top, Sym):
        return None
    bottom = expr.bottoms[0]
    base = bottom.base if isinstance(bottom, Index) else bottom
    if not isinstance(base, Sym):
        return None
    names = (f"d{expr.top.name}", f"d{base.name}")
    if not all(name in lowering.names or name in lowering.local for name in names):
        return None
    below: Expr = Sym(names[1], expr.at)
    if isinstance(bottom, Index):
        below = Index(below, bottom.indices, bottom.at)
    return Apply("div", (Sym(names[0], expr.at), below), (), expr.at)


def _by_known_names(lowering: Lowering, expr: Deriv) -> Deriv:
    """Which two names `d2L/dw1dw2` means: the ones that there are."""
    match expr.bottoms:
        case (Sym(name=one), Sym(name=two)) if not {one, two} <= lowering.names.keys():
            written = f"{one}2" if one == two else f"{one}d{two}"
        case _:
            return expr
    pairs = [
        (written[:cut], written[cut + 1 :]) for cut, letter in enumerate(written) if letter in "d∂"
    ]
    if written.endswith("2"):
        pairs.append((written[:-1], written[:-1]))
    for pair in pairs:
        if lowering.names.keys() >= set(pair):
            return Deriv(expr.top, tuple(Sym(name, expr.at) for name in pair), expr.at)
    return expr


def _top(lowering: Lowering, expr: Deriv) -> int:
    from hwsolve.expr.lower import Bundle

    top = lowering.lower(expr.top)
    if isinstance(top, Bundle):
        raise EquationError(
            f"'{top.name}' has several entries, and a gradient needs one number on top",
            expr.at,
            f"ask for one entry, such as d{top.name}[{', '.join(map(str, _first(lowering, top)))}]"
            f"/d{_text(expr.bottoms[0])}",
        )
    if prod(lowering.graph.shapes[top]) > 1:
        raise _not_scalar(lowering, expr, top)
    if lowering.graph.shapes[top]:
        top = _only_entry(lowering, top)
    if top not in lowering.graph.labels and isinstance(expr.top, Index):
        first = tuple(Num(lowering.whole(part)) for part in expr.top.indices)
        lowering.graph.labels[top] = Index(expr.top.base, first)
    return top


def _array_top(lowering: Lowering, expr: Deriv) -> int | None:
    """The node of a top with several entries, whose first derivative is a Jacobian."""
    if len(expr.bottoms) > 1 or not isinstance(expr.top, Sym):
        return None
    top = lowering.lower(expr.top)
    if not isinstance(top, int) or top not in lowering.graph.labels:
        return None
    return top if 1 < prod(lowering.graph.shapes[top]) <= MOST_ENTRIES else None


def _jacobian(lowering: Lowering, top: int, expr: Deriv) -> Lowered:
    """The gradients of all entries of an array: the axes of the top, then those of the bottom."""
    from itertools import product

    from hwsolve.expr.tensors import TENSORS

    graph = lowering.graph
    shape = graph.shapes[top]
    rows: list[int] = []
    tops: list[int] = []
    for at in product(*map(range, shape)):
        entry = graph.derive(TENSORS["item"], (top,), (("at", at),))
        numbers = tuple(Num(part + lowering.first_index) for part in at)
        graph.labels.setdefault(entry, Index(graph.labels[top], numbers))
        row = by(lowering, entry, expr.bottoms[0], expr)
        if not isinstance(row, int):
            raise _not_scalar(lowering, expr, top)
        rows.append(row)
        tops.append(entry)
    inner = graph.shapes[rows[0]]
    if len(inner) > 1:
        flat = (("shape", (prod(inner),)),)
        rows = [graph.derive(TENSORS["reshape"], (row,), flat) for row in rows]
    result = graph.derive(TENSORS["stack"], tuple(rows))
    if graph.shapes[result] != (*shape, *inner):
        whole = (("shape", (*shape, *inner)),)
        result = graph.derive(TENSORS["reshape"], (result,), whole)
    if len(shape) == 1 and len(inner) == 1:
        lowering.has_jacobian = True
        if lowering.layout == "denominator":
            result = graph.derive(TENSORS["transpose"], (result,))
    below = _numbered(lowering, expr.bottoms[0])
    graph.labels.setdefault(result, Deriv(graph.labels[top], (below,)))
    if lowering.layout == "numerator" or len(shape) != 1 or len(inner) != 1:
        entries = [Deriv(graph.labels[entry], (below,)) for entry in tops]
        lowering.jacobians[result] = _nested(entries, shape)
    return result


def _nested(entries: Sequence[Expr], shape: Shape) -> Expr:
    """Expressions as nested lists of a shape, row by row."""
    if not shape:
        return entries[0]
    size = len(entries) // shape[0]
    rows = (entries[start : start + size] for start in range(0, len(entries), size))
    return Apply("stack", tuple(_nested(row, shape[1:]) for row in rows))


def _only_entry(lowering: Lowering, array: int) -> int:
    """The number in an array of one entry."""
    from hwsolve.expr.tensors import TENSORS

    graph = lowering.graph
    at = (0,) * len(graph.shapes[array])
    node = graph.derive(TENSORS["item"], (array,), (("at", at),))
    if array in graph.labels:
        first = tuple(Num(lowering.first_index) for _ in at)
        graph.labels.setdefault(node, Index(graph.labels[array], first))
    return node


def _text(expr: Expr) -> str:
    from hwsolve.expr.notation import text

    return text(expr)


def _first(lowering: Lowering, bundle: Bundle) -> tuple[int, ...]:
    if bundle.given is not None:
        return (lowering.first_index,) * len(bundle.shape)
    return min(bundle.entries)


def _not_scalar(lowering: Lowering, expr: Deriv, top: int) -> EquationError:
    from hwsolve.expr.notation import text
    from hwsolve.expr.shapes import shape_text

    shape = lowering.graph.shapes[top]
    first = ", ".join([str(lowering.first_index)] * len(shape))
    name = text(expr.top)
    return EquationError(
        f"'{name}' is {shape_text(shape)}, and a gradient needs one number on top",
        expr.at,
        f"ask for one entry, such as d{name}[{first}]/d{text(expr.bottoms[0])}, "
        "or differentiate a loss",
    )


def by(lowering: Lowering, top: int, bottom: Expr, expr: Deriv) -> Lowered:
    """d top / d bottom as a node, or a bundle where the bottom is one."""
    from hwsolve.expr.lower import Bundle

    graph = lowering.graph
    if isinstance(bottom, Index):
        whole = lowering.names.get(bottom.base.name) if isinstance(bottom.base, Sym) else None
        if isinstance(whole, int) and graph.shapes[whole]:
            adjoint = _adjoint(lowering, top, whole, expr)
            return _entry(lowering, adjoint, bottom)
    target = lowering.lower(bottom)
    if not isinstance(target, Bundle):
        if target not in graph.labels:
            raise EquationError("a derivative is taken by a name", expr.at)
        return _adjoint(lowering, top, target, expr)
    if target.given is not None:
        lowering.all_entries(target)
    result = Bundle(f"d.../d{target.name}")
    lowering.derivatives.of(lowering, top, target.entries.values())
    for at, node in sorted(target.entries.items()):
        result.entries[at] = _adjoint(lowering, top, node, expr)
    return result


def _entry(lowering: Lowering, adjoint: int, bottom: Index) -> Lowered:
    holder = Sym("\0gradient")
    lowering.local = {**lowering.local, holder.name: adjoint}
    try:
        node = lowering.lower(Index(holder, bottom.indices, bottom.at))
    except EquationError as error:
        base = bottom.base
        shown = base.name if isinstance(base, Sym) else "the value"
        error.message = error.message.replace(holder.name, shown)
        raise
    finally:
        lowering.local = {k: v for k, v in lowering.local.items() if k != holder.name}
    return node


def _adjoint(lowering: Lowering, top: int, node: int, expr: Deriv) -> int:
    graph = lowering.graph
    gradient = lowering.derivatives.of(lowering, top, [node])
    adjoint = gradient.adjoints.get(node)
    if adjoint is not None:
        return adjoint
    if node not in graph.ancestors([top]):
        lowering.unrelated.append((expr.top, graph.labels[node]))
    shape = graph.shapes[node]
    zero = graph.constant(0)
    if not shape:
        return zero
    from hwsolve.expr.tensors import TENSORS

    return graph.derive(TENSORS["spread"], (zero,), (("shape", shape),))
