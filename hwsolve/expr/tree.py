"""Expressions: immutable trees that every other module reads.

Five kinds of node are enough for everything that a problem can say. What an
operation means stands in the table of operations; a node only names it. The
classes are written by hand: a frozen dataclass costs half a millisecond of
start-up each, and a small problem is solved in less than one.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from decimal import Decimal
    from fractions import Fraction

    import numpy as np

Scalar: TypeAlias = "int | float | Fraction | Decimal"
Value: TypeAlias = "Scalar | bool | str | np.ndarray[Any, Any] | tuple[Any, ...] | list[Any]"
Attributes: TypeAlias = tuple[tuple[str, Hashable], ...]


class Expr:
    """A node of an expression tree. Operators build trees: `y * (1 - y)`."""

    __slots__ = ()
    _fields: tuple[str, ...] = ()

    def _key(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self._fields)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._key()))

    def __repr__(self) -> str:
        inner = ", ".join(repr(part) for part in self._key())
        return f"{type(self).__name__}({inner})"

    def fn(self, name: str, *others: Expr | int, **attributes: Hashable) -> Expr:
        """The named operation applied to this expression (and others)."""
        return Apply(name, (self, *map(wrap, others)), tuple(attributes.items()))

    def number(self, value: Scalar) -> Expr:
        """A constant beside this expression (rules are written for graph nodes too)."""
        return Num(value)

    def __add__(self, other: Expr | int) -> Expr:
        return Apply("add", (self, wrap(other)))

    def __radd__(self, other: Expr | int) -> Expr:
        return Apply("add", (wrap(other), self))

    def __sub__(self, other: Expr | int) -> Expr:
        return Apply("sub", (self, wrap(other)))

    def __rsub__(self, other: Expr | int) -> Expr:
        return Apply("sub", (wrap(other), self))

    def __mul__(self, other: Expr | int) -> Expr:
        return Apply("mul", (self, wrap(other)))

    def __rmul__(self, other: Expr | int) -> Expr:
        return Apply("mul", (wrap(other), self))

    def __truediv__(self, other: Expr | int) -> Expr:
        return Apply("div", (self, wrap(other)))

    def __rtruediv__(self, other: Expr | int) -> Expr:
        return Apply("div", (wrap(other), self))

    def __pow__(self, other: Expr | int) -> Expr:
        return Apply("pow", (self, wrap(other)))

    def __neg__(self) -> Expr:
        return Apply("neg", (self,))

    def __matmul__(self, other: Expr) -> Expr:
        return Apply("matmul", (self, other))


class Num(Expr):
    """A number: an int, Fraction, float or Decimal, or an array in a line of numbers."""

    __slots__ = ("value",)
    _fields = ("value",)

    def __init__(self, value: Value) -> None:
        self.value = value


class Sym(Expr):
    """A name. `at` is its offset in the text it was read from (-1: made by the program)."""

    __slots__ = ("at", "name")
    _fields = ("name",)

    def __init__(self, name: str, at: int = -1) -> None:
        self.name = name
        self.at = at


class Index(Expr):
    """An entry of an indexed name: `x[i + j - 1]`, `W[0, 2]`."""

    __slots__ = ("at", "base", "indices")
    _fields = ("base", "indices")

    def __init__(self, base: Expr, indices: tuple[Expr, ...], at: int = -1) -> None:
        self.base = base
        self.indices = indices
        self.at = at


class Apply(Expr):
    """An operation of the table (or a function not yet looked up) and its arguments.

    Attributes are the operation's settings that are not values: `axis`, `shape`.
    """

    __slots__ = ("args", "at", "attributes", "op")
    _fields = ("op", "args", "attributes")

    def __init__(
        self, op: str, args: tuple[Expr, ...], attributes: Attributes = (), at: int = -1
    ) -> None:
        self.op = op
        self.args = args
        self.attributes = attributes
        self.at = at


class Over(Expr):
    """An operation over a range: `sum(v[j]*x[j] for j in 1..3)`; both ends belong to it.

    `op` is `sum`, `prod`, `max`, `min` or `mean`.
    """

    __slots__ = ("at", "body", "high", "low", "op", "variable")
    _fields = ("op", "body", "variable", "low", "high")

    def __init__(  # noqa: PLR0913  (a range has this many parts)
        self, op: str, body: Expr, variable: str, low: Expr, high: Expr, at: int = -1
    ) -> None:
        self.op = op
        self.body = body
        self.variable = variable
        self.low = low
        self.high = high
        self.at = at


class Deriv(Expr):
    """A derivative by name: `dz/dw0`, `dL/dW1[0,2]`, `d2L/dw2`.

    `top` and each of `bottoms` is a `Sym` or an `Index`; the order of the
    derivative is the number of bottoms. `partial` is True for the derivative of one
    line of working with the names in it held apart, written `∂z/∂a`.
    """

    __slots__ = ("at", "bottoms", "partial", "top")
    _fields = ("top", "bottoms", "partial")

    def __init__(
        self,
        top: Expr,
        bottoms: tuple[Expr, ...],
        at: int = -1,
        *,
        partial: bool = False,
    ) -> None:
        self.top = top
        self.bottoms = bottoms
        self.at = at
        self.partial = partial


def wrap(value: Expr | Scalar) -> Expr:
    """The expression itself, or a number as an expression."""
    return value if isinstance(value, Expr) else Num(value)


def children(node: Expr) -> tuple[Expr, ...]:
    """The expressions directly below a node, in reading order."""
    match node:
        case Apply():
            return node.args
        case Index():
            return (node.base, *node.indices)
        case Over():
            return (node.body, node.low, node.high)
        case Deriv():
            return (node.top, *node.bottoms)
        case _:
            return ()


def walk(node: Expr) -> Iterator[Expr]:
    """Every node of a tree, parents first, without recursion."""
    stack = [node]
    while stack:
        here = stack.pop()
        yield here
        stack.extend(reversed(children(here)))
