"""Entries and slices: `x[1]`, `W[0, 2]`, `W[:, 0:2]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hwsolve.errors import EquationError
from hwsolve.expr.tree import Apply, Expr, Index, Num, Sym

if TYPE_CHECKING:
    from hwsolve.expr.lower import Bundle, Lowering


def entry(lowering: Lowering, expr: Index) -> int:
    """The node of an entry or a slice.

    Raises:
        EquationError: for an index outside the array, or an entry not yet defined.
    """
    from hwsolve.expr.lower import Bundle

    base = lowering.lower(expr.base)
    if isinstance(base, Bundle):
        if any(isinstance(part, Apply) and part.op == "slice" for part in expr.indices):
            base = lowering.whole_array(base)
        else:
            return _bundled(lowering, base, expr)
    return entry_of(lowering, base, expr)


def entry_of(lowering: Lowering, base: int, expr: Index) -> int:
    """The node of an entry, a row or a slice of an array node."""
    from hwsolve.expr.tensors import TENSORS

    shape = lowering.graph.shapes[base]
    name = expr.base.name if isinstance(expr.base, Sym) else "the value"
    if not shape:
        raise EquationError(f"'{name}' is a number and has no entries", expr.at)
    if len(expr.indices) > len(shape):
        raise _too_many(name, len(shape), expr)
    at = tuple(
        _part(lowering, part, size, name, expr.at)
        for part, size in zip(expr.indices, shape, strict=False)
    )
    lowering.indexed = True
    graph = lowering.graph
    if graph.equation >= 0:
        return graph.emit(TENSORS["item"], (base,), (("at", at),))
    # an entry that is asked for has a name, and is one node however often it is asked for
    node = lowering.asked.get((base, at))
    if node is None:
        node = lowering.asked[base, at] = graph.emit(TENSORS["item"], (base,), (("at", at),))
        if not graph.shapes[node] and isinstance(graph.labels.get(base), Sym):
            numbers = tuple(Num(part + lowering.first_index) for part in at)
            graph.labels[node] = Index(graph.labels[base], numbers)
    return node


def _part(lowering: Lowering, part: Expr, size: int, name: str, at: int) -> Any:
    first = lowering.first_index
    if isinstance(part, Apply) and part.op == "slice":
        low, high = part.args
        if low == Sym("") and high == Sym(""):
            return "all"
        start = 0 if low == Sym("") else lowering.whole(low, at) - first
        # counting from 1, a slice includes its end, as in Julia and MATLAB
        end = size if high == Sym("") else lowering.whole(high, at)
        if not 0 <= start < end <= size:
            raise EquationError(f"the slice does not fit '{name}', which has {size} entries", at)
        return (start, end)
    number = lowering.whole(part, at)
    if not first <= number < first + size:
        raise outside(name, number, first, size, at)
    return number - first


def _too_many(name: str, axes: int, expr: Index) -> EquationError:
    has = f"{axes} ind{'ex' if axes == 1 else 'ices'}"
    return EquationError(f"'{name}' takes {has}, not {len(expr.indices)}", expr.at)


def outside(name: str, number: int, first: int, size: int, at: int) -> EquationError:
    """The error for an index that an array does not have."""
    hint = f"indices here go from {first} to {first + size - 1}"
    if number == size and first == 0:
        hint += "; for 1 to n write conventions: {first_index: 1}"
    if number == 0 and first == 1:
        hint += "; for 0 to n-1 write conventions: {first_index: 0}"
    return EquationError(f"'{name}' has no entry {number}", at, hint)


def _bundled(lowering: Lowering, bundle: Bundle, expr: Index) -> int:
    at = tuple(lowering.whole(part, expr.at) for part in expr.indices)
    if bundle.given is not None:
        first = lowering.first_index
        if len(at) < len(bundle.shape):
            return entry_of(lowering, lowering.whole_array(bundle), expr)
        if len(at) != len(bundle.shape):
            raise _too_many(bundle.name, len(bundle.shape), expr)
        for number, size in zip(at, bundle.shape, strict=True):
            if not first <= number < first + size:
                raise outside(bundle.name, number, first, size, expr.at)
        lowering.indexed = True
        return lowering.given_entry(bundle, at)
    node = bundle.entries.get(at)
    if node is None and bundle.free:
        label = Index(Sym(bundle.name), tuple(map(Num, at)))
        node = bundle.entries[at] = lowering.graph.given(0, label)
    if node is None:
        shown = f"{bundle.name}[{', '.join(map(str, at))}]"
        known = sorted(bundle.entries)
        ends = (*known[:1], *known[-1:])
        names = [f"{bundle.name}[{', '.join(map(str, key))}]" for key in ends]
        hint = f"so far there are {names[0]} to {names[1]}" if names else ""
        hint = hint or f"write {shown} = ... first"
        raise EquationError(f"'{shown}' is used before it is defined", expr.at, hint)
    return node
