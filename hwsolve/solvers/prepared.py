"""A problem prepared once and evaluated many times: `hwsolve.prepare`."""

from __future__ import annotations

from math import isfinite, nan, prod
from struct import Struct
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import InputError, Place, did_you_mean
from hwsolve.expr.compiled import Argument, Compiled
from hwsolve.expr.lower import Bundle
from hwsolve.expr.parser import normal_name
from hwsolve.expr.shapes import shape_text
from hwsolve.problem.model import Written
from hwsolve.solvers.book_names import in_our_names
from hwsolve.solvers.graph import Solved
from hwsolve.solvers.through_time import PLAIN, ThroughTime

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hwsolve.expr.graph import Graph
    from hwsolve.expr.operations import Shape
    from hwsolve.problem.model import Problem

# How many entries more than in a solution all arrays together may have.
ROOM: Final = 1_000_000_000
# numpy's kinds of entries that are numbers: truth values, integers, floats, objects such as
# fractions.
_NUMBERS: Final = "biufO"
PRECISIONS: Final = ("float64", "float32")


class Prepared:
    """A problem that is read, checked, differentiated and compiled.

    Calling it evaluates it: `prepared(x=0.5, W=array)` has the values of everything
    that was asked for, by name. Given names that are left out keep the values of the
    problem. The arrays in the result belong to the caller. Several threads may call it;
    they take turns.

    Attributes:
        names: what was asked for, in order: the keys of a result.
        shapes: the shape of each given value by name, () for a number.
        dtype: the type of the entries of arrays, "float64" or "float32".
    """

    def __init__(self, problem: Problem, find: Sequence[str] = (), dtype: str = "float64") -> None:
        if dtype not in PRECISIONS:
            raise InputError(f"dtype is {' or '.join(PRECISIONS)}, not {dtype!r}")
        if find:
            asked = tuple(Written(name, Place("find", 1, 1)) for name in find)
            problem = problem._replace(find=asked)
        called: dict[str, str] = {}
        if problem.kind == "network":
            # as books write them: what is asked for keeps that name in the result
            problem, called = in_our_names(problem)
        solved = Solved(problem, *_equations(problem))
        # only what is needed at a time takes memory, so all arrays together may have more
        solved.graph.entries -= ROOM
        solved.build()
        self.dtype = dtype
        solved.asks = [ask._replace(text=called.get(ask.text, ask.text)) for ask in solved.asks]
        self.names = tuple(ask.text for ask in solved.asks)
        self.shapes: dict[str, Shape] = {}
        # for each asked name where its value is, or those of its entries, in what shape, and
        # whether its entries are arrays: h[t] of a sequence
        self._asked: list[tuple[str, Any, Shape, bool]] = []
        # numpy, its class of arrays and its dtype, once they are needed
        self._numpy: Any = None
        self._ndarray: Any = None
        self._entries: Any = None
        wanted, arguments = self._wanted(solved), self._arguments(solved)
        # as one call this is faster than any way of numpy to make an array of a tuple
        self._pack = Struct(f"{len(wanted)}d").pack_into
        self._compiled = Compiled(solved.graph, wanted, dtype, list(arguments.values()))
        # for each given name its place among the arguments, its shape, and whether its
        # entries come as a list of numbers
        self._places: dict[str, tuple[int, Shape, bool]] = {}
        self._defaults: list[Any] = []
        self._find_places(solved.graph, arguments)
        self._lock = Lock()
        self._run = self._in_turn if self._compiled.has_arrays else self._compiled.numbers

    def _wanted(self, solved: Solved) -> list[int]:
        """The nodes of all that was asked for."""
        nodes: list[int] = []
        for ask in solved.asks:
            lowered = ask.lowered
            if isinstance(lowered, Bundle):
                entries = sorted(lowered.entries.items())
                shape = _box([at for at, _ in entries])
                arrays = any(solved.graph.shapes[node] for _, node in entries)
                at = slice(len(nodes), len(nodes) + len(entries))
                self._asked.append((ask.text, at, shape, arrays))
                nodes.extend(node for _, node in entries)
            else:
                self._asked.append((ask.text, len(nodes), (), False))
                nodes.append(lowered)
        return nodes

    def _arguments(self, solved: Solved) -> dict[str, Argument]:
        """The node of each given name, or those of its entries, row by row."""
        found: dict[str, Argument] = {}
        for given in solved.problem.given.values():
            name = normal_name(given.name)
            lowered = solved.lowering.names[name]
            if isinstance(lowered, Bundle):
                self.shapes[name] = lowered.shape
                every = _every(lowered.shape, solved.lowering.first_index)
                found[name] = [lowered.entries.get(at, -1) for at in every]
            else:
                self.shapes[name] = solved.graph.shapes[lowered]
                found[name] = lowered
        return found

    def _find_places(self, graph: Graph, arguments: Mapping[str, Argument]) -> None:
        """Where each given value goes, and the values that the problem gives."""
        for name, argument in arguments.items():
            is_list = isinstance(argument, list)
            self._places[name] = (len(self._defaults), self.shapes[name], is_list)
            if isinstance(argument, list):
                values = [0 if node < 0 else graph.values[node] for node in argument]
                self._defaults.append([float(value) for value in values])
            elif self.shapes[name]:
                # an array takes less memory than the lists that were read
                graph.values[argument] = self._array(graph.values[argument])
                self._defaults.append(graph.values[argument])
            else:
                self._defaults.append(float(graph.values[argument]))

    def _array(self, value: Any) -> Any:
        if self._numpy is None:
            self._load()
        return self._numpy.array(value, dtype=self._entries)

    def __call__(self, **values: Any) -> dict[str, Any]:
        """The values of everything that was asked for, with other given values.

        Args:
            values: given values by name: numbers, nested lists or arrays of the shape
                that the problem has. An array of the right dtype is not copied, and none
                is searched for nan.

        Returns:
            A float or an array for each of `names`.

        Raises:
            HwsolveError: for a name that is not given, a shape that does not fit, or a
                step that has no finite value (which is named).
        """
        return self.evaluate(values)

    def evaluate(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The same with the values as a mapping, for names such as h'.

        Raises:
            HwsolveError: as when it is called.
        """
        arguments = self._defaults.copy()
        places, put = self._places, self._put
        ndarray, dtype = self._ndarray, self._entries
        for name, value in values.items():
            known = places.get(name)
            if known is None:
                put(self._known(name), value, arguments)
                continue
            place, shape, is_list = known
            if is_list and type(value) is ndarray and value.shape == shape and value.dtype is dtype:
                # the usual case where numbers are what is calculated with
                arguments[place] = (value if len(shape) == 1 else value.ravel()).tolist()
            else:
                put(name, value, arguments)
        found = self._run(arguments)
        result: dict[str, Any] = {}
        numbers = None
        for name, at, shape, arrays in self._asked:
            if not shape:
                result[name] = found[at]
            elif arrays:
                result[name] = self._family(found[at], shape)
            else:
                if numbers is None:
                    # one array for all, of which each name has its own part
                    numbers = self._entries_of(found)
                part = numbers[at]
                result[name] = part if len(shape) == 1 else part.reshape(shape)
        return result

    def _in_turn(self, arguments: list[Any]) -> Sequence[Any]:
        # the arrays lie in one workspace
        with self._lock:
            return self._compiled(arguments)

    def _entries_of(self, found: Sequence[Any]) -> Any:
        """The numbers of a result as one array, with nan in the place of arrays."""
        if self._numpy is None:
            self._load()
        if self._compiled.has_arrays:
            found = [value if type(value) is float else nan for value in found]
        numbers = self._numpy.empty(len(found))
        self._pack(numbers, 0, *found)
        return numbers if self.dtype == "float64" else numbers.astype(self._entries)

    def _family(self, arrays: Sequence[Any], shape: Shape) -> Any:
        """The arrays of an indexed name as one, or as a list if their shapes differ."""
        if len({array.shape for array in arrays}) > 1:
            return list(arrays)
        return self._array(arrays).reshape(*shape, *arrays[0].shape)

    def _load(self) -> None:
        import numpy as np

        self._numpy, self._ndarray = np, np.ndarray
        self._entries = np.dtype(self.dtype)

    def _known(self, name: str) -> str:
        """The given name that is meant by another spelling (w₁ is w1)."""
        normal = normal_name(name)
        if normal in self._places:
            return normal
        known = list(self._places)
        hint = did_you_mean(name, known) or f"given are {', '.join(known)}"
        raise InputError(f"'{name}' is not given in the problem", hint=hint)

    def _put(self, name: str, value: Any, arguments: list[Any]) -> None:
        """Put a given value among the arguments."""
        place, shape, is_list = self._places[name]
        if not shape:
            arguments[place] = _number(name, value)
            return
        if (
            type(value) is not self._ndarray
            or value.shape != shape
            or value.dtype is not self._entries
        ):
            value = self._as_array(name, value, shape)
        arguments[place] = value.ravel().tolist() if is_list else self._in_rows(value)

    def _as_array(self, name: str, value: Any, shape: Shape) -> Any:
        """A given value as an array of the shape that the problem has."""
        if self._numpy is None:
            self._load()
        try:
            array = self._numpy.asarray(value)
            if array.dtype.kind not in _NUMBERS:
                raise TypeError  # noqa: TRY301  (it is one of those below)
            array = array.astype(self._entries)
        except (TypeError, ValueError):
            raise InputError(f"'{name}' is not an array of numbers") from None
        if array.shape != shape:
            raise InputError(
                f"'{name}' is {shape_text(shape)} in the problem, not {shape_text(array.shape)}"
            )
        return array

    def _in_rows(self, value: Any) -> Any:
        """An array whose entries lie row by row: itself, if they do."""
        flags = value.flags
        return value if flags.c_contiguous and flags.aligned else value.copy(order="C")


def prepare(
    problem: Problem,
    *,
    find: Sequence[str] = (),
    part: str | None = None,
    dtype: str = "float64",
) -> Prepared:
    """A problem made ready to be evaluated many times with other numbers.

    Raises:
        HwsolveError: if the problem cannot be solved as it stands.
    """
    if problem.parts:
        labels = [one.label for one in problem.parts]
        if part is None or part not in labels:
            what = "has parts" if part is None else f"has no part '{part}'"
            raise InputError(
                f"the problem {what}", problem.place, f"choose a part: {', '.join(labels)}"
            )
        problem = problem.parts[labels.index(part)]
    elif part is not None:
        raise InputError("the problem has no parts", problem.place)
    return Prepared(problem, find, dtype)


def _equations(problem: Problem) -> tuple[Sequence[Written], ThroughTime]:
    """The equations of a problem, those of a network or a cell written out, and their steps.

    Raises:
        InputError: for a kind of problem that is not made of equations.
    """
    body: Any = problem.body
    match problem.kind:
        case "graph":
            equations: Sequence[Written] = body.equations
            return equations, PLAIN
        case "network":
            from hwsolve.solvers.network import network_equations as written
        case "recurrent":
            from hwsolve.solvers.recurrent import sequence_equations as written
        case kind:
            raise InputError(
                f"a problem of the kind {kind} is not evaluated with other numbers",
                problem.place,
                "graph, network and recurrent are",
            )
    from hwsolve.solvers.through_time import through_time
    from hwsolve.solvers.written_out import in_order

    written_out = written(problem)
    equations = in_order(written_out, body.equations)
    return equations, through_time(written_out, equations)


def _number(name: str, value: Any) -> float:
    if type(value) is float and value - value == 0:  # neither infinite nor nan
        return value
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"'{name}' is a number in the problem, not {value!r}") from None
    if not isfinite(number):
        raise InputError(f"'{name}' is not finite: {number}")
    return number


def _every(shape: Shape, first: int) -> list[Shape]:
    """The positions of all entries of an array, row by row."""
    found: list[Shape] = [()]
    for size in shape:
        found = [(*at, number) for at in found for number in range(first, first + size)]
    return found


def _box(positions: list[Shape]) -> Shape:
    """The shape of an array with just these positions; a vector where there is none."""
    sizes = []
    for axis in range(len(positions[0])):
        here = {at[axis] for at in positions}
        sizes.append(max(here) - min(here) + 1)
    return tuple(sizes) if prod(sizes) == len(positions) else (len(positions),)
