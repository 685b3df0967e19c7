"""Lines of derivations as floats, written without anything that the checker uses.

A tree is walked with plain Python floats; a derivative is a central difference of the
definitions, with the quantity below it moved a little. It decides in the tests whether
a changed line still says the same.
"""

from __future__ import annotations

import math
import random
from itertools import product
from typing import TYPE_CHECKING, Any

from hwsolve.expr.parser import Equation, parse_equation
from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Over, Sym

if TYPE_CHECKING:
    from collections.abc import Callable

STEP = 1e-5


def _name(tree: Expr) -> str:
    base = tree.base if isinstance(tree, Index) else tree
    assert isinstance(base, Sym)
    return base.name


class Floats:
    """Values of names at one point: leaves are drawn when they are first asked for."""

    def __init__(
        self, equations: tuple[str | Equation, ...], sizes: dict[str, int], seed: int
    ) -> None:
        # a recurrence has a start too: several equations for one name
        self.equations: dict[str, list[Equation]] = {}
        for written in equations:
            equation = parse_equation(written) if isinstance(written, str) else written
            self.equations.setdefault(_name(equation.target), []).append(equation)
        self.sizes = sizes
        self.random = random.Random(seed)  # noqa: S311  (repeatable, not secret)
        self.leaves: dict[Any, float] = {}
        self.low = 0.2
        self.moved: dict[Any, float] = {}

    def leaf(self, key: Any) -> float:
        if key not in self.leaves:
            self.leaves[key] = self.random.uniform(self.low, 1.7)
        return self.leaves[key]

    def named(self, name: str, at: tuple[int, ...]) -> float:
        key = (name, at)
        for equation in self.equations.get(name, ()):
            indices = equation.target.indices if isinstance(equation.target, Index) else ()
            if any(isinstance(i, Num) and i.value != n for i, n in zip(indices, at, strict=True)):
                continue
            if equation.loops and at == (0,):
                continue
            where = {i.name: n for i, n in zip(indices, at, strict=True) if isinstance(i, Sym)}
            return self.value(equation.body, where) + self.moved.get(key, 0.0)
        return self.leaf(key) + self.moved.get(key, 0.0)

    def value(self, tree: Expr, where: dict[str, Any]) -> float:  # noqa: PLR0911  (one case for each)
        match tree:
            case Num(value=number):
                return float(number)  # type: ignore[arg-type]  # a number
            case Sym(name=name):
                if name in where:
                    return float(where[name])
                if name in self.sizes:
                    return float(self.sizes[name])
                return self.named(name, ())
            case Index():
                return self.named(_name(tree), self.place(tree, where))
            case Over():
                low = int(self.value(tree.low, where))
                high = int(self.value(tree.high, where))
                return RANGES[tree.op](
                    [
                        self.value(tree.body, {**where, tree.variable: number})
                        for number in range(low, high + 1)
                    ]
                )
            case Deriv():
                return self.slope(tree, where)
            case Apply():
                args = [self.value(arg, where) for arg in tree.args]
                if tree.op in self.equations:
                    (function,) = self.equations[tree.op]
                    names = function.parameters or ()
                    return self.value(function.body, dict(zip(names, args, strict=True)))
                return float(FUNCTIONS[tree.op](*args))
        raise AssertionError(tree)

    def place(self, tree: Index, where: dict[str, int]) -> tuple[int, ...]:
        return tuple(int(self.value(index, where)) for index in tree.indices)

    def slope(self, tree: Deriv, where: dict[str, int]) -> float:
        (bottom,) = tree.bottoms
        at = self.place(bottom, where) if isinstance(bottom, Index) else ()
        key = (_name(bottom), at)
        before = self.moved.get(key, 0.0)
        found = []
        for step in (STEP, -STEP):
            self.moved[key] = before + step
            found.append(self.value(tree.top, where))
        self.moved[key] = before
        return (found[0] - found[1]) / (2 * STEP)


FUNCTIONS: dict[str, Callable[..., float]] = {
    "add": lambda *terms: math.fsum(terms),
    "sub": lambda a, b: a - b,
    "neg": lambda a: -a,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "tanh": math.tanh,
    "sigmoid": lambda a: 1 / (1 + math.exp(-a)),
    "eq": lambda a, b: float(a == b),
    "ne": lambda a, b: float(a != b),
    "lt": lambda a, b: float(a < b),
    "le": lambda a, b: float(a <= b),
    "gt": lambda a, b: float(a > b),
    "ge": lambda a, b: float(a >= b),
    "delta": lambda a, b: float(a == b),
    "where": lambda c, a, b: a if c else b,
    "abs": abs,
    "sign": lambda a: float((a > 0) - (a < 0)),
    "relu": lambda a: max(a, 0.0),
    "max": max,
    "maximum": max,
}
RANGES: dict[str, Callable[[list[float]], float]] = {
    "sum": math.fsum,
    "prod": math.prod,
    "mean": lambda terms: math.fsum(terms) / len(terms),
    "max": max,
}


def gap(  # noqa: PLR0913  (what a line depends on)
    left: Expr,
    right: Expr,
    equations: tuple[str | Equation, ...],
    *,
    free: dict[str, str],
    sizes: tuple[str, ...],
    normalised: str = "",
    equal: tuple[tuple[str, str], ...] = (),
    different: tuple[tuple[str, str], ...] = (),
) -> float | None:
    """The largest difference of two sides over sizes, indices and points; None if no value."""
    worst = 0.0
    met = False
    for count in (1, 2, 3) if sizes else (1,):
        values = {size: count + place for place, size in enumerate(sizes)}
        for numbers in product(*(range(1, values[free[name]] + 1) for name in free)):
            where = dict(zip(free, numbers, strict=True))
            if any(where[a] != where[b] for a, b in equal):
                continue
            if any(where[a] == where[b] for a, b in different):
                continue
            for seed in (1, 2):
                floats = Floats(equations, values, seed)
                if normalised:
                    size = values[sizes[0]]
                    entries = [floats.leaf((normalised, (at,))) for at in range(1, size + 1)]
                    for at, entry in enumerate(entries, start=1):
                        floats.leaves[normalised, (at,)] = entry / sum(entries)
                try:
                    one, other = floats.value(left, where), floats.value(right, where)
                except (ArithmeticError, ValueError):
                    continue
                met = True
                worst = max(worst, abs(one - other) / max(1.0, abs(one), abs(other)))
    return worst if met else None
