"""A program on arrays as straight-line code: numpy's functions on arrays that exist already.

Every array lies where the `Plan` put it, so the code neither allocates nor slices. The
code is put together from the templates below and the numbers of values; no text of a
problem enters it, and it runs without builtins.
"""

from __future__ import annotations

import sys
from math import prod
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hwsolve.expr.compiled_erf import erf
from hwsolve.expr.compiled_kernels import WINDOW_CODE
from hwsolve.expr.compiled_memory import ALIGNMENT, Layout, Plan, is_complete, part_of, reshaped
from hwsolve.expr.compiled_scalars import NAMES, literal, look_at, number_code, watched

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hwsolve.expr.compiled_program import Program
    from hwsolve.expr.graph import Graph

# The code of each operation: arguments are {0}, {1}, ..., the result is {o}.
STATEMENTS: Final[dict[str, tuple[str, ...]]] = {
    "sub": ("n_subtract({0}, {1}, {o})",),
    "mul": ("n_multiply({0}, {1}, {o})",),
    "div": ("n_divide({0}, {1}, {o})",),
    "neg": ("n_negative({0}, {o})",),
    "square": ("n_square({0}, {o})",),
    "pow": ("n_power({0}, {1}, {o})",),
    "exp": ("n_exp({0}, {o})",),
    "log": ("n_log({0}, {o})",),
    "log1p": ("n_log1p({0}, {o})",),
    "log2": ("n_log({0}, {o})", "n_divide({o}, 0.6931471805599453, {o})"),
    "log10": ("n_log({0}, {o})", "n_divide({o}, 2.302585092994046, {o})"),
    "sqrt": ("n_sqrt({0}, {o})",),
    "sin": ("n_sin({0}, {o})",),
    "cos": ("n_cos({0}, {o})",),
    "erf": ("n_copyto({o}, n_erf({0}))",),
    "abs": ("n_absolute({0}, {o})",),
    "tanh": ("n_tanh({0}, {o})",),
    # an exponential that overflows is left to the evaluation step by step
    "sigmoid": (
        "n_negative({0}, {o})", "n_exp({o}, {o})",
        "n_add({o}, 1.0, {o})", "n_divide(1.0, {o}, {o})",
    ),
    "relu": ("n_maximum({0}, 0.0, out={o})",),
    "sign": ("n_sign({0}, {o})",),
    "floor": ("n_floor({0}, {o})",),
    "maximum": ("n_maximum({0}, {1}, out={o})",),
    "minimum": ("n_minimum({0}, {1}, out={o})",),
    "heaviside": ("n_heaviside({0}, {1}, {o})",),
    "masked": ("n_multiply({0}, {1}, {o})",),
    "truth": ("n_copyto({o}, {0})",),
    "where": ("n_copyto({o}, {2})", "n_copyto({o}, {1}, where={0})"),
    "lt": ("n_less({0}, {1}, {o})",),
    "le": ("n_less_equal({0}, {1}, {o})",),
    "gt": ("n_greater({0}, {1}, {o})",),
    "ge": ("n_greater_equal({0}, {1}, {o})",),
    "eq": ("n_equal({0}, {1}, {o})",),
    "ne": ("n_not_equal({0}, {1}, {o})",),
    "matmul": ("n_matmul({0}, {1}, {o})",),
    "copy": ("n_copyto({o}, {0})",),
    "spread": ("n_copyto({o}, {0})",),
}  # fmt: skip

_FUNCTIONS: Final = (
    "subtract", "multiply", "divide", "negative", "square", "power",
    "exp", "log", "log1p", "sqrt", "sin", "cos",
    "absolute", "tanh", "add", "maximum", "minimum", "sign",
    "floor", "heaviside", "copyto", "less", "less_equal", "greater",
    "greater_equal", "equal", "not_equal", "matmul", "dot", "vdot",
)  # fmt: skip
# Whether the number of references to an object is exact: not without the global lock.
_COUNTED: Final = (
    sys.implementation.name == "cpython" and getattr(sys, "_is_gil_enabled", lambda: True)()
)
# So many statements stand in one function: the compiler's time must grow no faster.
PART: Final = 1000


def aligned(size: int) -> Any:
    """So many bytes that start where the widest registers like it."""
    memory = np.empty(size + ALIGNMENT, np.uint8)
    return memory[-memory.ctypes.data % ALIGNMENT :]


class ArrayFunction:
    """A compiled program: given values in, wanted values out.

    Results are arrays of the caller's own. Memory of an earlier result is used again
    once nobody holds it any more. Not for several threads at once.

    Args:
        graph: the graph.
        p: the program.
        dtype: float64 or float32.
        arguments: given nodes; for a list of them one list of values comes.
    """

    def __init__(
        self, graph: Graph, p: Program, dtype: Any, arguments: Sequence[int | list[int]]
    ) -> None:
        self.dtype = np.dtype(dtype)
        self.p = p
        self.plan = Plan(p, self.dtype.itemsize)
        self.workspace = aligned(self.plan.size)
        self.lines: list[str] = []
        # memory for what lives only within one operation
        self._scratch = 0
        self._views: dict[Layout, str] = {}
        self._bound: dict[str, list[tuple[str, Layout]]] = {}
        self.space: dict[str, Any] = {"__builtins__": {}, "n_erf": erf, "float": float, **NAMES}
        for name in _FUNCTIONS:
            self.space[f"n_{name}"] = getattr(np, name)
        for name in ("add", "maximum", "minimum"):
            self.space[f"n_{name}_reduce"] = getattr(np, name).reduce
        self._constants(graph)
        for value in range(len(p)):
            self._value(value)
        self._bind_scratch()
        for value, layout in self.plan.copied:
            self.lines.append(f"n_copyto({self.ref(layout)}, {self.text(value)})")
        hidden = watched(p)
        if hidden:
            self.lines.append("s = 0.0")
            self.lines.extend(look_at("s", [self.text(value) for value in hidden]))
        self._parts = self._compiled()
        self._roots = [
            list(map(self._root, each)) if isinstance(each, list) else self._root(each)
            for each in arguments
        ]
        self._rebind = {root: self._binder(root) for root in self._bound}
        self._held: dict[str, Any] = {}
        self._results = [
            self.plan.results.get(position) or f"s{value}"
            for position, value in enumerate(p.wanted)
        ]
        self._counts: dict[str, int] = {}

    def _root(self, node: int) -> str:
        """Where the value of a given node goes; nowhere if nothing depends on it."""
        value = self.p.given.get(node)
        if value is None:
            return ""
        return f"i{node}" if self.p.shapes[value] else f"s{value}"

    def _constants(self, graph: Graph) -> None:
        p = self.p
        for value, op in enumerate(p.ops):
            if op == "constant" and p.shapes[value]:
                node = p.settings[value][0]
                self.space[f"k{node}"] = np.array(graph.values[node], dtype=self.dtype)
        for value in p.wanted:
            if p.ops[value] == "constant" and not p.shapes[value]:
                self.space[f"s{value}"] = p.settings[value][0]

    # -- code -----------------------------------------------------------------

    def ref(self, layout: Layout) -> str:
        """The name of the array with a layout."""
        name = self._views.get(layout)
        if name is None:
            name = self._views[layout] = f"a{len(self._views)}"
            if layout.root == "t":
                size = prod(layout.shape) * self.dtype.itemsize
                self._scratch = max(self._scratch, layout.offset + size)
            elif layout.root == "w" or layout.root[0] == "k":
                self.space[name] = self._array(layout)
            else:
                self._bound.setdefault(layout.root, []).append((name, layout))
        return name

    def _bind_scratch(self) -> None:
        memory = aligned(self._scratch)
        for layout, name in self._views.items():
            if layout.root == "t":
                self.space[name] = self._array(layout, memory)

    def _array(self, layout: Layout, memory: Any = None) -> Any:
        if memory is None:
            memory = self.workspace if layout.root == "w" else self.space[layout.root]
        dtype = np.bool_ if layout.mask else self.dtype
        return np.ndarray(layout.shape, dtype, memory, layout.offset, layout.strides)

    def layout_of(self, value: int) -> Layout:
        """Where an array lies."""
        layout = self.plan.layouts[value]
        assert layout is not None  # noqa: S101  (an array has a layout)
        return layout

    def text(self, value: int) -> str:
        """A value in code: an array, a variable or a number."""
        if self.p.shapes[value]:
            return self.ref(self.layout_of(value))
        if self.p.ops[value] == "constant":
            return literal(self.p.settings[value][0])
        return f"s{value}"

    def _value(self, value: int) -> None:
        p, op = self.p, self.p.ops[value]
        if op in {"given", "constant"}:
            return
        self.lines.extend(
            f"n_copyto({self.ref(layout)}, 0.0)" for layout in self.plan.fills.get(value, ())
        )
        special = _SPECIAL.get(op)
        if special is not None:
            special(self, value)
        elif not p.shapes[value]:
            self._number(value)
        elif op == "reshape":
            self._reshape(value)
        elif not self.plan.is_view(value):
            names = [self.text(arg) for arg in p.args[value]]
            out = self.text(value)
            self.lines.extend(line.format(*names, o=out) for line in STATEMENTS[op])

    def _number(self, value: int) -> None:
        """A number: an entry of an array, or an operation on numbers."""
        p, op = self.p, self.p.ops[value]
        args = p.args[value]
        if op == "matmul":
            code = f"float(n_dot({self.text(args[0])}, {self.text(args[1])}))"
        elif op in {"item", "reshape", "transpose"}:
            layout = self.layout_of(args[0])
            at = p.settings[value] if op == "item" else (0,) * len(layout.shape)
            code = f"{self.ref(part_of(layout, at))}.item()"
        else:
            code = number_code(op, p.settings[value], list(map(self.text, args)))
        self.lines.append(f"s{value} = {code}")

    def _reshape(self, value: int) -> None:
        if self.plan.is_view(value):
            return
        (arg,) = self.p.args[value]
        layout = reshaped(self.layout_of(value), self.p.shapes[arg])
        assert layout is not None  # noqa: S101  (a new array can take any shape)
        self.lines.append(f"n_copyto({self.ref(layout)}, {self.text(arg)})")

    def add(self, value: int) -> None:
        """The sum of two or more."""
        args = [self.text(arg) for arg in self.p.args[value]]
        if not self.p.shapes[value]:
            self._number(value)
            return
        out = self.text(value)
        self.lines.append(f"n_add({args[0]}, {args[1]}, {out})")
        self.lines.extend(f"n_add({out}, {arg}, {out})" for arg in args[2:])

    def reduce(self, value: int) -> None:
        """The sum, the largest or the smallest along axes."""
        p = self.p
        (arg,) = p.args[value]
        axes = p.settings[value]
        name = {"sum": "add", "max": "maximum", "min": "minimum"}[p.ops[value]]
        layout = self.layout_of(arg)
        if not p.shapes[value]:
            flat = reshaped(layout, (prod(layout.shape),))
            source = self.ref(flat or layout)
            self.lines.append(f"s{value} = float(n_{name}_reduce({source}, None))")
            return
        rest = tuple(size for axis, size in enumerate(layout.shape) if axis not in axes)
        out = reshaped(self.layout_of(value), rest)
        assert out is not None  # noqa: S101  (only axes of 1 are left out)
        axis = axes[0] if len(axes) == 1 else axes
        self.lines.append(f"n_{name}_reduce({self.ref(layout)}, {axis}, None, {self.ref(out)})")

    def sum_of_squares(self, value: int) -> None:
        """The sum of all squares, without an array of squares."""
        layout = self.layout_of(self.p.args[value][0])
        flat = reshaped(layout, (prod(layout.shape),))
        if flat is None:
            self.lines.append(f"s{value} = float(n_vdot({self.ref(layout)}, {self.ref(layout)}))")
            return
        self.lines.append(f"s{value} = float(n_dot({self.ref(flat)}, {self.ref(flat)}))")

    def assemble(self, value: int) -> None:
        """An array put together from parts: those that are not there yet are copied."""
        p, plan = self.p, self.plan
        layout = self.layout_of(value)
        if not plan.is_begun(value) and not is_complete(p, value):
            self.lines.append(f"n_copyto({self.ref(layout)}, 0.0)")
        args = p.args[value]
        if is_complete(p, value) and len(layout.shape) == 1 and not any(p.shapes[a] for a in args):
            numbers = ", ".join(self.text(arg) for arg in args)
            self.lines.append(f"n_copyto({self.ref(layout)}, ({numbers},))")
            return
        for arg, at in zip(args, p.settings[value], strict=True):
            if not plan.is_home(arg, value, at):
                place = self.ref(part_of(layout, at))
                self.lines.append(f"n_copyto({place}, {self.text(arg)})")

    def call(self, value: int) -> None:
        """An operation that its row of the table computes."""
        from hwsolve.expr.arrays import Arrays
        from hwsolve.expr.compiled_program import row_named
        from hwsolve.expr.systems import FLOATS

        p = self.p
        name, attributes = p.settings[value]
        compute, system, settings = row_named(name).compute, Arrays(FLOATS), dict(attributes)
        self.space[f"c{value}"] = lambda *args: compute(system, *args, **settings)
        code = f"c{value}({', '.join(map(self.text, p.args[value]))})"
        if p.shapes[value]:
            self.lines.append(f"n_copyto({self.text(value)}, {code})")
        else:
            self.lines.append(f"s{value} = float({code})")

    # -- functions ------------------------------------------------------------

    def _compiled(self) -> list[Callable[[], None]]:
        """The functions that run one after the other."""
        for start in range(0, len(self.lines), PART):
            lines = self.lines[start : start + PART]
            numbers = [line.split(" = ")[0] for line in lines if line[0] == "s" and " = " in line]
            heading = [f"global {', '.join(numbers)}"] if numbers else []
            body = "\n    ".join([*heading, *lines, "return"])
            self._execute(f"def part{start}():\n    {body}\n")
        return [self.space[f"part{start}"] for start in range(0, len(self.lines), PART)]

    def _execute(self, code: str) -> None:
        exec(compile(code, "<compiled>", "exec"), self.space)  # noqa: S102  (code of our own templates)

    def _binder(self, root: str) -> Callable[[Any], None]:
        """What makes the views of an array that came from outside or will go there."""
        views = self._bound[root]

        def bind(array: Any) -> None:
            for name, layout in views:
                plain = layout.is_solid(self.dtype.itemsize) and layout.shape == array.shape
                self.space[name] = array if plain else self._array(layout, array)

        return bind

    # -- evaluation -----------------------------------------------------------

    def __call__(self, values: Sequence[Any]) -> list[Any]:
        """The wanted values for given ones.

        Args:
            values: for each argument in order a float, a list of floats, or an array of
                its shape and of the program's dtype, row by row.

        Raises:
            FloatingPointError: if a step has no finite value.
        """
        space, held = self.space, self._held
        for root, value in zip(self._roots, values, strict=True):
            if isinstance(root, list):
                space.update(zip(root, value, strict=True))
            elif root[:1] == "s":
                space[root] = value
            elif root and held.get(root) is not value:
                held[root] = value
                if root in self._rebind:
                    self._rebind[root](value)
        self._renew()
        with np.errstate(over="raise", divide="raise", invalid="raise", under="ignore"):
            for part in self._parts:
                part()
        return [space[name] if name[0] == "s" else held[name] for name in self._results]

    def _renew(self) -> None:
        """Arrays for the results, new ones where a caller still holds the last."""
        held, counts = self._held, self._counts
        for position, root in self.plan.results.items():
            if _COUNTED and counts.get(root) == sys.getrefcount(held.get(root)):
                continue
            array = held[root] = np.empty(self.p.shapes[self.p.wanted[position]], self.dtype)
            self._rebind[root](array)
            del array
            counts[root] = sys.getrefcount(held[root])


_SPECIAL: Final[dict[str, Callable[[ArrayFunction, int], None]]] = {
    "add": ArrayFunction.add,
    "sum": ArrayFunction.reduce,
    "max": ArrayFunction.reduce,
    "min": ArrayFunction.reduce,
    **WINDOW_CODE,
    "sumsq": ArrayFunction.sum_of_squares,
    "assemble": ArrayFunction.assemble,
    "call": ArrayFunction.call,
}
