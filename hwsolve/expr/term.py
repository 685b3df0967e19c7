"""Nodes of a graph as something that derivative rules can calculate with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hwsolve.expr.operations import OPERATIONS, Operation, Shape

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from hwsolve.expr.graph import Graph


class Term:
    """A node with operators, for the derivative rules.

    What adds nothing is left out as it is written down: a factor 1, a summand 0,
    a double sign. So a gradient reads as a student would write it.
    """

    __slots__ = ("graph", "node")

    def __init__(self, graph: Graph, node: int) -> None:
        self.graph = graph
        self.node = node

    @property
    def shape(self) -> Shape:
        """The shape of the value, () for a scalar."""
        return self.graph.shapes[self.node]

    def number(self, value: Any) -> Term:
        """A constant beside this term."""
        return Term(self.graph, self.graph.constant(value))

    def fn(self, name: str, *others: Term, **attributes: Hashable) -> Term:
        """The named operation applied to this term (and others)."""
        graph = self.graph
        row = OPERATIONS.get(name)
        if row is None:
            from hwsolve.expr.tensors import TENSORS

            row = TENSORS[name]
        if name == "step" and "of" in attributes:
            of = str(attributes["of"])
            attributes = {"at0": slope_at_kink(of, graph.conventions), "of": of}
        if name in {"spread", "sum_to", "reshape"} and self.shape == attributes["shape"]:
            return self
        if name == "first" and graph.conventions.get("max_ties") != "first":
            return self
        if name == "transpose":
            return self.transposed(row, attributes.get("axes"))  # type: ignore[arg-type]  # whole numbers
        args = (self.node, *(other.node for other in others))
        return Term(graph, graph.derive(row, args, tuple(attributes.items())))

    def transposed(self, row: Operation, axes: tuple[int, ...] | None = None) -> Term:
        """The axes in another order, backwards if none is given.

        The transpose of a product of matrices is the product of transposes, turned round.
        """
        graph = self.graph
        order = axes or tuple(range(len(self.shape)))[::-1]
        inner = self._argument_of("transpose")
        if inner:
            before: Any = dict(graph.attributes[self.node]).get("axes")
            before = before or tuple(range(len(self.shape)))[::-1]
            if [before[axis] for axis in order] == [*range(len(order))]:
                return Term(graph, inner[0])
        factors = None if axes else self._argument_of("matmul")
        if factors and all(len(graph.shapes[factor]) == 2 for factor in factors):  # noqa: PLR2004  (matrices)
            left, right = (Term(graph, factor) for factor in factors)
            return right.transposed(row) @ left.transposed(row)
        settings = (("axes", axes),) if axes else ()
        return Term(graph, graph.derive(row, (self.node,), settings))

    def known(self) -> Any:
        """The value of a scalar constant, else None."""
        value = self.graph.values[self.node]
        if value is None or self.graph.active[self.node] or isinstance(value, list):
            return None
        return value

    def _apply(self, name: str, *terms: Term) -> Term:
        graph = self.graph
        return Term(graph, graph.derive(OPERATIONS[name], tuple(term.node for term in terms)))

    def _argument_of(self, name: str) -> tuple[int, ...] | None:
        """The arguments if this node is an unnamed result of the named operation."""
        row = self.graph.rows[self.node]
        if row is None or row.name != name or self.node in self.graph.labels:
            return None
        return self.graph.args[self.node]

    def _other(self, other: Any) -> Term:
        return other if isinstance(other, Term) else self.number(other)

    def __neg__(self) -> Term:
        known = self.known()
        if known is not None:
            return self.number(-known)
        inner = self._argument_of("neg")
        return Term(self.graph, inner[0]) if inner else self._apply("neg", self)

    def __add__(self, value: Any) -> Term:
        other = self._other(value)
        mine, its = self.known(), other.known()
        if mine is not None and its is not None:
            return self.number(mine + its)
        if other._uniform(self.shape) == 0 and other.shape in {(), self.shape}:
            return self
        if self._uniform(other.shape) == 0 and self.shape in {(), other.shape}:
            return other
        negated = other._argument_of("neg")
        if negated:
            return self._apply("sub", self, Term(self.graph, negated[0]))
        return self._apply("add", self, other)

    def __radd__(self, other: Any) -> Term:
        return self._other(other) + self

    def __sub__(self, value: Any) -> Term:
        other = self._other(value)
        mine, its = self.known(), other.known()
        if mine is not None and its is not None:
            return self.number(mine - its)
        if its == 0:
            return self
        if mine == 0:
            return -other
        return self._apply("sub", self, other)

    def __rsub__(self, other: Any) -> Term:
        return self._other(other) - self

    def __mul__(self, value: Any) -> Term:
        other = self._other(value)
        mine, its = self._uniform(other.shape), other._uniform(self.shape)
        if mine is not None and its is not None and not self.shape and not other.shape:
            return self.number(mine * its)
        if its is not None:
            return self.number(its)._scaled(self)
        if mine is not None:
            return self.number(mine)._scaled(other)
        for left, right in ((self, other), (other, self)):
            negated = left._argument_of("neg")
            if negated:
                first = Term(self.graph, negated[0])
                return -(first * right if left is self else right * first)
        for left, right in ((self, other), (other, self)):
            quotient = right._argument_of("div")
            if quotient and self.graph.values[quotient[0]] == 1:
                return left / Term(self.graph, quotient[1])
        shared = self._share_of(other) or other._share_of(self)
        return shared or self._apply("mul", self, other)

    def _share_of(self, other: Term) -> Term | None:
        """1/n (this term, stretched) times c·x in an array as (c/n)·x, None for other factors."""
        graph = self.graph
        stretched, factors = self._argument_of("spread"), other._argument_of("mul")
        if not stretched or not factors or self.shape != other.shape:
            return None
        row = graph.rows[stretched[0]]
        if row is None or row.name != "div" or stretched[0] in graph.labels:
            return None
        count, rest = (Term(graph, factor) for factor in factors)
        above, below = (Term(graph, part).known() for part in graph.args[stretched[0]])
        if not all(type(number) is int for number in (above, below, count.known())):
            return None
        from fractions import Fraction

        share = Fraction(above * count.known(), below)
        return self.number(share.numerator) / self.number(share.denominator) * rest

    def times(self, other: Term) -> Term:
        """The product of just these two, which is what is shown and rounded as one step.

        `a * (1/3)` as an operator becomes `a/3`, which another rounding may follow from.
        """
        for known, term in ((self.known(), other), (other.known(), self)):
            if known is not None and known in {0, 1, -1}:
                return self.number(0) if known == 0 else term if known == 1 else -term
        return self._apply("mul", self, other)

    def _uniform(self, shape: Shape) -> Any:
        """The value of a constant, also of one stretched to just this shape, else None."""
        row = self.graph.rows[self.node]
        if row is not None and row.name == "spread" and self.shape == shape:
            return Term(self.graph, self.graph.args[self.node][0]).known()
        return self.known()

    def _scaled(self, other: Term) -> Term:
        """A constant (this term) times another term."""
        factor = self.known()
        if factor == 1:
            return other
        if factor == -1:
            return -other
        if factor == 0:
            return self.fn("spread", shape=other.shape) if other.shape else self
        inner = other._argument_of("mul")
        if inner:
            first = Term(self.graph, inner[0])
            before = first.known()
            if (
                before is not None
                and not isinstance(before, float)
                and not isinstance(factor, float)
            ):
                return self.number(_whole(factor * before)) * Term(self.graph, inner[1])
        return self._apply("mul", self, other)

    def __rmul__(self, other: Any) -> Term:
        return self._other(other) * self

    def __truediv__(self, value: Any) -> Term:
        other = self._other(value)
        if other.known() == 1:
            return self
        known = self.known()
        if known == 0 and not other.shape:
            return self
        if known is not None and known < 0:
            return -(self.number(-known) / other)
        negated = self._argument_of("neg")
        if negated:
            return -(Term(self.graph, negated[0]) / other)
        return self._apply("div", self, other)

    def __rtruediv__(self, other: Any) -> Term:
        return self._other(other) / self

    def __pow__(self, value: Any) -> Term:
        other = self._other(value)
        if other.known() == 1:
            return self
        row = self.graph.rows[self.node]
        if other.known() == 2 and row is not None and row.name == "sqrt":  # noqa: PLR2004  (a square)
            return Term(self.graph, self.graph.args[self.node][0])
        return self._apply("pow", self, other)

    def __matmul__(self, other: Term) -> Term:
        return self.fn("matmul", other)


def _whole(value: Any) -> Any:
    """A fraction that is a whole number as an int."""
    return int(value) if value == int(value) else value


def slope_at_kink(of: str, conventions: Mapping[str, Any]) -> Any:
    """The value that a convention gives to a slope where it jumps.

    relu: PyTorch, micrograd and most courses take 0. max of two equal values: the
    slope is shared, as HIPS autograd and JAX do, or goes to the first.
    """
    if of == "relu":
        return conventions.get("relu_at_0", 0)
    if conventions.get("max_ties", "share") == "first":
        return 1 if of == "first" else 0
    return 0.5
