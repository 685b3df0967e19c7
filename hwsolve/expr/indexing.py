"""Entries and slices: `x[1]`, `W[0, 2]`, `W[:, 0:2]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import EquationError
from hwsolve.expr.operations import OPERATIONS, TEST
from hwsolve.expr.tree import Apply, Expr, Index, Num, Sym

if TYPE_CHECKING:
    from hwsolve.expr.lower import Bundle, Lowering


def entry(lowering: Lowering, expr: Index) -> int:
    """The node of an entry, a slice, or entries chosen by arrays of whole numbers.

    Raises:
        EquationError: for an index outside the array, or an entry not yet defined.
    """
    from hwsolve.expr.lower import Bundle

    base = lowering.lower(expr.base)
    if isinstance(base, Bundle):
        if any(_chooses_several(lowering, part) for part in expr.indices):
            base = lowering.whole_array(base)
        else:
            return _bundled(lowering, base, expr)
    return entry_of(lowering, base, expr)


def _chooses_several(lowering: Lowering, part: Expr) -> bool:
    """Whether a part of an index is a slice or no number that is known by now."""
    is_slice = isinstance(part, Apply) and part.op == "slice"
    return is_slice or _chosen_by(lowering, part) is not None


def _from_end(part: Expr) -> bool:
    """Whether an index is written with a minus sign: x[-1], not x[i-1]."""
    return isinstance(part, Num) and isinstance(part.value, int) and part.value < 0


def _chosen_by(  # noqa: PLR0911  (one case for each form)
    lowering: Lowering, part: Expr
) -> int | None:
    """The node of an index that is an array, or a number that is only worked out later."""
    match part:
        case Num() | Apply(op="slice"):
            return None
        case Sym(name=name):
            found = None if name in lowering.loops else lowering.local.get(name)
            found = lowering.names.get(name) if found is None else found
            if found is None or name in lowering.loops:
                return None
            node = lowering.node(part)
            row = lowering.graph.rows[node]
            late = row is not None and (lowering.graph.shapes[node] or row.name in _WHOLE)
            return node if lowering.graph.shapes[node] or late else None
        case Apply(op=op) if op in OPERATIONS and OPERATIONS[op].kind == TEST:
            raise EquationError(
                "an index is a number, not a condition", part.at, "write x if x > 0 else 0"
            )
        case Apply(op=op) if op == "floor" or op not in OPERATIONS:
            return lowering.node(part)
        case Apply(args=args) if any(_chosen_by(lowering, arg) is not None for arg in args):
            return lowering.node(part)
        case Index():
            try:
                lowering.whole(part)
            except EquationError:
                return lowering.node(part)
    return None


# What gives a whole number that is only known when values are.
_WHOLE: Final = ("argmax", "argmin", "argsort", "floor", "gather", "sum")


def entry_of(lowering: Lowering, base: int, expr: Index) -> int:
    """The node of an entry, a row, a slice or a choice of an array node."""
    shape = lowering.graph.shapes[base]
    name = expr.base.name if isinstance(expr.base, Sym) else "the value"
    if not shape:
        raise EquationError(f"'{name}' is a number and has no entries", expr.at)
    if len(expr.indices) > len(shape):
        raise _too_many(name, len(shape), expr)
    choices = {
        axis: node
        for axis, part in enumerate(expr.indices)
        if (node := _chosen_by(lowering, part)) is not None
    }
    at = tuple(
        "all" if axis in choices else _part(lowering, part, size, name, expr.at)
        for axis, (part, size) in enumerate(zip(expr.indices, shape, strict=False))
    )
    lowering.indexed = True
    if not choices:
        return _item(lowering, base, at)
    if any(part != "all" for part in at):
        base = _item(lowering, base, at)
    return _gathered(lowering, base, expr, at, choices)


def _gathered(
    lowering: Lowering, base: int, expr: Index, at: tuple[Any, ...], choices: dict[int, int]
) -> int:
    """Entries chosen by arrays, once the other parts of the index are dealt with."""
    from hwsolve.expr.array_calls import gathered
    from hwsolve.expr.array_settings import Settings

    # axes with a whole number for an index are gone by now
    places = [axis - sum(isinstance(part, int) for part in at[:axis]) for axis in choices]
    if places != [*range(places[0], places[0] + len(places))]:
        raise EquationError("arrays of indices must stand next to each other", expr.at)
    call = Settings(lowering, Apply("index", (), (), expr.at))
    return gathered(call, base, [*choices.values()], places[0])


def _item(lowering: Lowering, base: int, at: tuple[Any, ...]) -> int:
    """The node of an entry or a slice whose place is known by now."""
    from hwsolve.expr.tensors import TENSORS

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
        return _slice(lowering, part, size, name, at)
    number = lowering.whole(part, at)
    if first == 0 and _from_end(part) and number >= -size:
        return number + size
    if not first <= number < first + size:
        raise outside(name, number, first, size, at)
    return number - first


def _slice(lowering: Lowering, part: Apply, size: int, name: str, at: int) -> Any:
    """The start, the end (left out) and the step of a slice, counted from 0."""
    low, high = part.args[:2]
    step = lowering.whole(part.args[2], at) if len(part.args) > 2 else 1  # noqa: PLR2004  (with a step)
    if step == 0:
        raise EquationError("the step of a slice is not 0", at)
    if low == high == Sym("") and step == 1:
        return "all"
    first = lowering.first_index
    start = 0 if step > 0 else size - 1
    if low != Sym(""):
        start = _end(lowering, low, size, at) - first
    # counting from 1, a slice includes its end, as in Julia and MATLAB
    end = size if step > 0 else -1
    if high != Sym(""):
        end = _end(lowering, high, size, at) - (0 if step > 0 else 2 * first)
    inside = 0 <= start < size and (start < end <= size if step > 0 else -1 <= end < start)
    if not inside:
        raise EquationError(f"the slice does not fit '{name}', which has {size} entries", at)
    return (start, end) if step == 1 else (start, end, step)


def _end(lowering: Lowering, part: Expr, size: int, at: int) -> int:
    """The end of a slice; with a minus sign it is counted from the end, as in Python."""
    number = lowering.whole(part, at)
    return number + size if lowering.first_index == 0 and _from_end(part) else number


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
        if first == 0:
            # a family may have an entry with the number -1, a given array has none
            parts = zip(at, expr.indices, bundle.shape, strict=True)
            at = tuple(n + size if _from_end(part) and n >= -size else n for n, part, size in parts)
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
