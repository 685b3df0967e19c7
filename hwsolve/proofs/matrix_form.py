"""Entries put together again: `sum(X[l,i]*D[l,j] for l in 0..n-1)` is `X.T @ D`.

The derivative by a matrix is found entry by entry; this is the way back to a formula
in whole vectors and matrices. A sum over a shared index is a product of matrices, a
factor that lacks an index is stretched along it as numpy does.
"""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from hwsolve.expr.tree import Apply, Expr, Index, Num, Over, Sym
from hwsolve.proofs.names import free_names, substitute
from hwsolve.proofs.products import (
    Factor,
    Product,
    product_expr,
    product_of,
    terms_of,
)
from hwsolve.proofs.rewriting import size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hwsolve.proofs.entry_form import Axes
    from hwsolve.proofs.index_ranges import Range

MATRIX = 2


class _Part(NamedTuple):
    """A formula in whole arrays and the indices that its entries have, in order."""

    expr: Expr
    over: tuple[str, ...]


class _NoFormError(Exception):
    """There is no such formula, or none that is found."""


def matrix_form(
    expr: Expr,
    indices: Sequence[str],
    axes: Mapping[str, Axes],
    ranges: Sequence[Range],
    *,
    decimals: bool = False,
) -> Expr | None:
    """The formula of an array whose entry at `indices` is an expression; None if none is found.

    Args:
        expr: the entry.
        indices: the index of the entry, a name for each axis.
        axes: the ranges of the indices of each array.
        ranges: those of the entry's indices.
        decimals: write 0.1, not 1/10.
    """
    assembly = _Assembly(axes, dict(zip(indices, ranges, strict=True)), decimals=decimals)
    try:
        return assembly.whole(expr, tuple(indices))
    except _NoFormError:
        return None


class _Assembly:
    def __init__(
        self, axes: Mapping[str, Axes], ranges: dict[str, Range], *, decimals: bool
    ) -> None:
        self.decimals = decimals
        self.axes = axes
        self.ranges = ranges
        self._known: dict[tuple[Expr, tuple[str, ...]], Expr] = {}

    def whole(self, expr: Expr, at: tuple[str, ...]) -> Expr:
        """The array with just these indices, with as few transposes as there can be."""
        if len(at) != MATRIX:
            return self._whole(expr, at)
        known = self._known.get((expr, at))
        if known is None:
            found = [self._whole(expr, at)]
            if not isinstance(expr, Index):
                with suppress(_NoFormError):
                    found.append(_transposed(self._whole(expr, at[::-1])))
            known = self._known[expr, at] = min(found, key=size)
        return known

    def _whole(self, expr: Expr, at: tuple[str, ...]) -> Expr:
        part = self.part(expr, at)
        if part.over == at:
            return part.expr
        if len(at) == MATRIX and part.over == at[::-1]:
            return _transposed(part.expr)
        sizes = tuple(self.ranges[index].size for index in at)
        if not part.over or part.over == at[-1:]:
            ones = Apply("ones", sizes)
            return ones if part.expr == Num(1) else Apply("mul", (part.expr, ones))
        if len(at) == MATRIX and part.over == at[:1]:
            column = Apply("column", (part.expr,))
            return Apply("mul", (column, Apply("ones", sizes)))
        raise _NoFormError

    def part(self, expr: Expr, at: tuple[str, ...]) -> _Part:
        """A formula whose entries have some of these indices."""
        terms = terms_of(expr)
        if len(terms) != 1:
            return self._sum(terms, at)
        return self._product(terms[0], at)

    def _sum(self, terms: list[Product], at: tuple[str, ...]) -> _Part:
        if not terms:
            return _Part(Num(0), ())
        parts = [self._product(term._replace(number=abs(term.number)), at) for term in terms]
        over = _widest([part.over for part in parts], at)
        aligned = [self._stretched(part, over) for part in parts]
        return _Part(_signed(aligned, [term.number < 0 for term in terms]), over)

    def _stretched(self, part: _Part, over: tuple[str, ...]) -> Expr:
        """A part so that numpy stretches it to these indices."""
        if part.over == over or not part.over or part.over == over[-1:]:
            return part.expr
        if len(over) == MATRIX and part.over == over[:1]:
            return Apply("column", (part.expr,))
        if len(over) == MATRIX and part.over == over[::-1]:
            return _transposed(part.expr)
        raise _NoFormError

    # -- products ---------------------------------------------------------------

    def _product(self, term: Product, at: tuple[str, ...]) -> _Part:
        scalars: list[Factor] = []
        parts: list[tuple[_Part, Fraction]] = []
        diagonal = len(at) == MATRIX and any(_is_delta(base, at) for base, _ in term.factors)
        for factor, power in term.factors:
            # on the diagonal a row has the number of its column
            base = factor
            if diagonal and not _is_delta(factor, at):
                base = substitute(factor, {at[0]: Sym(at[1])})
            if not isinstance(power, Fraction):
                raise _NoFormError
            part = self._factor(base, at)
            if part.over:
                parts.append((part, power))
            else:
                scalars.append(Factor(part.expr, power))
        number = Product(term.number, tuple(scalars))
        if not parts:
            return _Part(product_expr(number, decimals=self.decimals), ())
        return self._joined(number, parts, at)

    def _joined(
        self, number: Product, parts: list[tuple[_Part, Fraction]], at: tuple[str, ...]
    ) -> _Part:
        over = _widest([part.over for part, _ in parts], at)
        groups = {part.over for part, _ in parts}
        outer = len(over) == MATRIX and groups == {over[:1], over[1:]}
        if outer and all(power == 1 for _, power in parts):
            sides = [
                self._elementwise([(p, e) for p, e in parts if p.over == (index,)], (index,))
                for index in over
            ]
            return _Part(self._scaled(number, Apply("outer", tuple(sides))), over)
        if len(over) == MATRIX and sum(part.over == over[:1] for part, _ in parts) > 1:
            # one column for all factors that only depend on the row
            rows = [(part, power) for part, power in parts if part.over == over[:1]]
            column = _Part(self._elementwise(rows, over[:1]), over[:1])
            rest = [(part, power) for part, power in parts if part.over != over[:1]]
            parts = [(column, Fraction(1)), *rest]
        factors = tuple(Factor(self._stretched(part, over), power) for part, power in parts)
        array = Product(number.number, (*number.factors, *factors))
        return _Part(product_expr(array, decimals=self.decimals), over)

    def _scaled(self, number: Product, array: Expr) -> Expr:
        """An array with a number before or behind it."""
        scaled = Product(number.number, (*number.factors, Factor(array)))
        return product_expr(scaled, decimals=self.decimals)

    def _elementwise(self, parts: list[tuple[_Part, Fraction]], over: tuple[str, ...]) -> Expr:
        factors = tuple(Factor(self._stretched(part, over), power) for part, power in parts)
        return product_expr(Product(Fraction(1), factors))

    def _factor(self, base: Expr, at: tuple[str, ...]) -> _Part:
        if free_names(base).isdisjoint(at):
            return _Part(self._scalar(base), ())
        match base:
            case Index(base=Sym(name=name), indices=indices):
                return self._entry(name, indices, at)
            case Over(op="sum" | "mean"):
                return self._contracted(base, at)
            case Apply(op="add" | "sub"):
                return self.part(base, at)
            case Apply(op="delta") if _is_delta(base, at):
                return _Part(Apply("eye", (self.ranges[at[0]].size,)), at)
            case Apply() if base.op not in {"delta", "prod"}:
                parts = [self.part(arg, at) for arg in base.args]
                over = _widest([part.over for part in parts], at)
                args = tuple(self._stretched(part, over) for part in parts)
                return _Part(Apply(base.op, args, base.attributes), over)
        raise _NoFormError

    def _scalar(self, expr: Expr) -> Expr:
        """A number, with the sums of products in it as products of vectors where they are."""
        match expr:
            case Over(op="sum" | "mean"):
                return self._contracted(expr, ()).expr
            case Over() | Index():
                if isinstance(expr, Index) and not any(free_names(p) for p in expr.indices):
                    return expr
                raise _NoFormError
            case Apply(op="add" | "sub" | "neg" | "mul" | "div"):
                return self.part(expr, ()).expr
            case Apply():
                args = tuple(map(self._scalar, expr.args))
                return Apply(expr.op, args, expr.attributes)
        return expr

    def _entry(self, name: str, indices: tuple[Expr, ...], at: tuple[str, ...]) -> _Part:
        """A whole array, or its transpose."""
        axes = self.axes.get(name, ())
        letters = tuple(part.name if isinstance(part, Sym) else "" for part in indices)
        plain = len(axes) == len(letters) == len(set(letters)) and all(x in at for x in letters)
        if not plain or any(
            self.ranges[letter] != axis for letter, axis in zip(letters, axes, strict=True)
        ):
            raise _NoFormError
        symbol = Sym(name)
        if len(letters) == MATRIX and letters == tuple(x for x in at if x in letters)[::-1]:
            return _Part(_transposed(symbol), letters[::-1])
        if letters != tuple(x for x in at if x in letters):
            raise _NoFormError
        return _Part(symbol, letters)

    # -- sums over an index -------------------------------------------------------

    def _contracted(self, total: Over, at: tuple[str, ...]) -> _Part:
        """A sum over an index as a product of matrices, a scalar product, or a sum."""
        shared = total.variable
        if shared in at:
            raise _NoFormError
        from hwsolve.proofs.index_ranges import Range

        before = self.ranges.get(shared)
        self.ranges[shared] = Range(total.low, total.high)
        try:
            return self._product_of_arrays(total, at)
        finally:
            if before is not None:
                self.ranges[shared] = before

    def _product_of_arrays(self, total: Over, at: tuple[str, ...]) -> _Part:
        shared = total.variable
        if total.op == "mean":
            return self._summed(total, tuple(i for i in at if i in free_names(total.body)))
        product = product_of(total.body)
        over = tuple(index for index in at if index in free_names(total.body))
        sides: dict[str, list[Factor]] = {index: [] for index in over}
        alone: list[Factor] = []
        for factor in product.factors:
            names = [index for index in over if index in free_names(factor.base)]
            if len(names) > 1:
                return self._summed(total, over)
            (sides[names[0]] if names else alone).append(factor)
        if len(over) == MATRIX:
            left, right = over
            # what depends on the shared index alone goes to the side with fewer factors
            short = min((left, right), key=lambda index: len(sides[index]))
            sides[short] += alone
            one = self.whole(product_expr(Product(Fraction(1), tuple(sides[left]))), (left, shared))
            other = self.whole(
                product_expr(Product(Fraction(1), tuple(sides[right]))), (shared, right)
            )
            array: Expr = Apply("matmul", (one, other))
        elif len(over) == 1 and alone:
            vector = self.whole(product_expr(Product(Fraction(1), tuple(alone))), (shared,))
            matrix = product_expr(Product(Fraction(1), tuple(sides[over[0]])))
            array = Apply("matmul", (self.whole(matrix, (over[0], shared)), vector))
        else:
            return self._summed(total, over)
        return _Part(self._scaled(Product(product.number), array), over)

    def _summed(self, total: Over, over: tuple[str, ...]) -> _Part:
        """A sum of whole arrays along an axis, over a vector, or over all entries."""
        body, shared = total.body, total.variable
        if len(over) > 1:
            raise _NoFormError
        if not over:
            return self._total(total)
        found: list[Expr] = []
        for axis, at in enumerate(((shared, over[0]), (over[0], shared))):
            with suppress(_NoFormError):
                settings = (("axis", axis),)
                found.append(Apply(total.op, (self.whole(body, at),), settings))
        if not found:
            raise _NoFormError
        # with fewer transposes it reads better
        return _Part(min(found, key=size), over)

    def _total(self, total: Over) -> _Part:
        inner = total.body
        product = product_of(inner)
        if total.op == "sum" and len(product.factors) == 2:  # noqa: PLR2004  (a scalar product has two)
            sides = [
                self.part(product_expr(Product(Fraction(1), (factor,))), (total.variable,))
                for factor in product.factors
            ]
            if all(side.over == (total.variable,) for side in sides):
                array: Expr = Apply("matmul", (sides[0].expr, sides[1].expr))
                return _Part(self._scaled(Product(product.number), array), ())
        nested = product.factors[0].base if len(product.factors) == 1 else None
        if isinstance(nested, Over) and nested.op == total.op and product.number == 1:
            from hwsolve.proofs.index_ranges import Range

            self.ranges[nested.variable] = Range(nested.low, nested.high)
            array = self.whole(nested.body, (total.variable, nested.variable))
        else:
            array = self.whole(inner, (total.variable,))
        return _Part(Apply(total.op, (array,)), ())


def _is_delta(base: Expr, at: tuple[str, ...]) -> bool:
    """Whether a factor is 1 on the diagonal and 0 elsewhere."""
    match base:
        case Apply(op="delta", args=(Sym(name=one), Sym(name=other))):
            return one != other and {one, other} == set(at)
    return False


def _widest(found: list[tuple[str, ...]], at: tuple[str, ...]) -> tuple[str, ...]:
    """The indices that any of several parts has, in order."""
    return tuple(index for index in at if any(index in over for over in found))


def _transposed(expr: Expr) -> Expr:
    if isinstance(expr, Apply) and expr.op == "transpose":
        return expr.args[0]
    if isinstance(expr, Apply) and expr.op == "matmul":
        left, right = expr.args
        return Apply("matmul", (_transposed(right), _transposed(left)))
    return Apply("transpose", (expr,))


def _signed(exprs: list[Expr], minus: list[bool]) -> Expr:
    pairs = list(zip(exprs, minus, strict=True))
    if pairs[0][1] and not all(minus):
        lead = next(pair for pair in pairs if not pair[1])
        pairs.remove(lead)
        pairs.insert(0, lead)
    (first, is_minus), *rest = pairs
    start = Apply("neg", (first,)) if is_minus else first
    if len(rest) == 1 and rest[0][1]:
        return Apply("sub", (start, rest[0][0]))
    if not rest:
        return start
    return Apply("add", (start, *(Apply("neg", (e,)) if m else e for e, m in rest)))
