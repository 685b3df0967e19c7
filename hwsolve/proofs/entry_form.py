"""Formulas in single numbers: functions written out, arrays by their entries.

`Z = X @ W + b` says of each entry that `Z[i, j] = sum(X[i, k]*W[k, j] for k) + b[j]`.
With every formula in this form one rule for derivatives serves numbers, families and
matrices; sizes may be symbols.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import EquationError, did_you_mean
from hwsolve.expr.operations import ALIASES, ARITHMETIC, OPERATIONS, TEST
from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Over, Sym, children
from hwsolve.proofs.index_ranges import Range, added, affine, written
from hwsolve.proofs.names import all_names, fresh, substitute

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hwsolve.expr.parser import Equation

Axes = tuple[Range, ...]
MAX_NESTED_CALLS: Final = 40
_REDUCTIONS: Final = frozenset({"sum", "mean", "max", "min"})
_ARRAYS: Final = frozenset({
    "matmul", "outer", "transpose", "softmax", "log_softmax", "stack", "eye", "zeros", "ones",
    "onehot", "column", "row", *_REDUCTIONS,
})  # fmt: skip
_SPREAD: Final = {"max": "maximum", "min": "minimum", "sum": "add"}


class EntryForm:
    """What a name stands for, and each formula by its entries.

    Args:
        axes: the range of each index of an array or family, by name.
        functions: the equations of the functions that the author defined.
        first_index: the number of an array's first entry.
        log_base: what `log` means, "e", "2" or "10".
        taken: names that are not to be used for the index of a new sum.
    """

    def __init__(
        self,
        axes: dict[str, Axes],
        functions: Mapping[str, Equation] | None = None,
        *,
        first_index: int = 0,
        log_base: str = "e",
        taken: set[str] | None = None,
    ) -> None:
        self.ranges = axes
        self.functions = dict(functions or {})
        self.first_index = first_index
        self.log_base = log_base
        self.taken = set(taken or ())
        self.depth = 0

    # -- functions written out --------------------------------------------------

    def expanded(self, expr: Expr) -> Expr:
        """An expression with its functions under the names of the table, or written out.

        Raises:
            EquationError: for a function that there is not.
        """
        match expr:
            case Apply():
                return self._call(expr)
            case Over():
                body = self.expanded(expr.body)
                return Over(expr.op, body, expr.variable, expr.low, expr.high, expr.at)
            case Index():
                indices = tuple(self.expanded(part) for part in expr.indices)
                return Index(self.expanded(expr.base), indices, expr.at)
        return expr

    def _call(self, expr: Apply) -> Expr:  # noqa: PLR0911  (a case for each kind of function)
        name = expr.op
        if name in self.functions:
            return self._own(expr)
        args = tuple(self.expanded(arg) for arg in expr.args)
        if name == "pow" and args[0] == Sym("e") and "e" not in self.ranges:
            return Apply("exp", (args[1],), (), expr.at)
        if name == "log" and self.log_base != "e":
            name = f"log{self.log_base}"
        row = OPERATIONS.get(name)
        if row is not None and row.kind in {ARITHMETIC, TEST}:
            return Apply(name, args, (), expr.at)
        name = ALIASES.get(name, name)
        if name in _SPREAD and len(args) > 1:
            return self._several(name, args, expr.at)
        if name == "mean" and len(args) > 1:
            return Apply("add", args, (), expr.at) / len(args)
        if name in {"slice", "delta"} or name in OPERATIONS or name in _ARRAYS:
            return Apply(name, args, expr.attributes, expr.at)
        return self._formula(Apply(name, args, expr.attributes, expr.at))

    def _several(self, name: str, args: tuple[Expr, ...], at: int) -> Expr:
        """max(0, x), max(a, b, c), sum(a, b)."""
        if name == "max" and len(args) == 2 and Num(0) in args:  # noqa: PLR2004  (max(0, x) is the ReLU)
            return Apply("relu", (args[1] if args[0] == Num(0) else args[0],), (), at)
        result = args[0]
        for arg in args[1:]:
            result = Apply(_SPREAD[name], (result, arg), (), at)
        return result

    def _own(self, expr: Apply) -> Expr:
        equation = self.functions[expr.op]
        parameters = equation.parameters or ()
        if len(parameters) != len(expr.args):
            wanted = "one value" if len(parameters) == 1 else f"{len(parameters)} values"
            raise EquationError(f"'{expr.op}' takes {wanted}, not {len(expr.args)}", expr.at)
        self.depth += 1
        if self.depth > MAX_NESTED_CALLS:
            raise EquationError(f"'{expr.op}' calls itself", expr.at)
        args = (self.expanded(arg) for arg in expr.args)
        body = substitute(equation.body, dict(zip(parameters, args, strict=True)))
        result = self.expanded(body)
        self.depth -= 1
        return result

    def _formula(self, expr: Apply) -> Expr:
        """A function that is short for a formula, or a loss."""
        from hwsolve.expr.functions import FUNCTION_ALIASES, FUNCTIONS
        from hwsolve.expr.losses import find_loss
        from hwsolve.expr.parser import parse_expression

        name = FUNCTION_ALIASES.get(expr.op, expr.op)
        settings: dict[str, Any] = dict(expr.attributes)
        args = list(expr.args)
        if name == "logsumexp" and len(args) == 1:
            total = Apply("sum", (Apply("exp", (args[0],)),))
            return Apply("log", (total,), (), expr.at)
        row: Any = FUNCTIONS.get(name) or find_loss(name)
        if row is None or (name in FUNCTIONS and row.write is not None):
            raise self._unknown(name, expr.at)
        values: dict[str, Expr] = {}
        defaults = dict(zip(row.parameters[::-1], row.defaults[::-1], strict=False))
        least = len(row.parameters) - len(defaults)
        if not least <= len(args) <= len(row.parameters):
            wanted = "one value" if least == 1 else f"{least} values"
            raise EquationError(f"'{expr.op}' takes {wanted}, not {len(expr.args)}", expr.at)
        for place, parameter in enumerate(row.parameters):
            if place < len(args) and args[place] != Sym(""):
                values[parameter] = args[place]
            elif parameter in settings:
                values[parameter] = Num(settings[parameter])
            elif defaults.get(parameter) is not None:
                values[parameter] = parse_expression(defaults[parameter])
        lines, body = row.lines, row.body
        if name not in FUNCTIONS:
            lines, body = self._loss_body(row, args, settings, values)
        from hwsolve.expr.pieces import filled

        for line, piece in lines:
            text = filled(piece, row.optional, values)
            values[line] = substitute(parse_expression(text), values)
        body = filled(body, row.optional, values)
        return self.expanded(substitute(parse_expression(body), values))

    def _unknown(self, name: str, at: int) -> EquationError:
        """The error for a function that there is not, or not in this form."""
        from hwsolve.expr.calls import known_functions

        known = known_functions()
        if name in known:
            return EquationError(f"'{name}' has no form by entries", at)
        hint = did_you_mean(name, {*known, *self.functions}) or f"define it: {name}(z) = ..."
        return EquationError(f"unknown function '{name}'", at, hint)

    def _loss_body(
        self, loss: Any, args: list[Expr], settings: dict[str, Any], given: Collection[str]
    ) -> tuple[list[tuple[str, str]], str]:
        """The lines of a loss and its right side."""
        from hwsolve.expr.notation import text

        axes = self.axes(args[0])
        axis = settings.get("axis", -1)
        examples: Any = None
        if len(axes) > 1:
            written_size = text(axes[1 if axis == 0 else 0].size, unicode=False)
            examples = written_size if written_size.isalnum() else f"({written_size})"
        body: str = loss.body(
            examples,
            axis=axis,
            reduction=settings.get("reduction", ""),
            single_entry=not axes,
            given=given,
        )
        lines = [(name, loss.along(line, examples, axis, given)) for name, line in loss.lines]
        return lines, body

    # -- shapes -----------------------------------------------------------------

    def axes(self, expr: Expr) -> Axes:  # noqa: PLR0911  (a case for each kind of node)
        """The range of each index that a value has; () for a number.

        Raises:
            EquationError: where the shapes do not fit.
        """
        match expr:
            case Sym(name=name):
                return self.ranges.get(name, ())
            case Index():
                whole = self.axes(expr.base)
                if any(isinstance(part, Apply) and part.op == "slice" for part in expr.indices):
                    raise EquationError("a slice has no form by entries", expr.at, "name its parts")
                return whole[len(expr.indices) :]
            case Over():
                return self.axes(expr.body)
            case Deriv(bottoms=(bottom, *_)):
                return self.axes(bottom) if isinstance(bottom, (Sym, Index)) else ()
            case Apply() if expr.op in _ARRAYS:
                return self._array_axes(expr)
            case Apply():
                return self._broadcast(expr)
        return ()

    def _broadcast(self, expr: Apply) -> Axes:
        result: Axes = ()
        for arg in expr.args:
            result = self._joined(result, self.axes(arg), expr)
        return result

    def _joined(self, one: Axes, other: Axes, expr: Apply) -> Axes:
        if len(one) < len(other):
            one, other = other, one
        start = len(one) - len(other)
        joined = list(one)
        for position, axis in enumerate(other, start):
            if _is_single(joined[position]):
                joined[position] = axis
            elif not _is_single(axis) and not _same_size(joined[position], axis):
                raise EquationError(
                    f"shapes {_shape_text(one)} and {_shape_text(other)} do not fit", expr.at
                )
        return tuple(joined)

    def _array_axes(self, expr: Apply) -> Axes:  # noqa: C901, PLR0911, PLR0912  (a case for each operation)
        shapes = [self.axes(arg) for arg in expr.args]
        match expr.op:
            case "matmul":
                left, right = shapes
                if not left or not right or len(left) > 2 or len(right) > 2:  # noqa: PLR2004  (matrices have two)
                    raise EquationError("'@' multiplies vectors and matrices", expr.at)
                if not _same_size(left[-1], right[0]):
                    raise EquationError(
                        f"'@' cannot multiply {_shape_text(left)} by {_shape_text(right)}", expr.at
                    )
                return (*left[:-1], *right[1:])
            case "outer":
                return (*shapes[0], *shapes[1])
            case "transpose":
                return shapes[0][::-1]
            case "softmax" | "log_softmax":
                return shapes[0]
            case "stack":
                return (self._axis(Num(len(shapes))), *shapes[0])
            case "eye":
                return (self._axis(expr.args[0]), self._axis(expr.args[0]))
            case "zeros" | "ones":
                return tuple(map(self._axis, expr.args))
            case "onehot":
                return (self._axis(expr.args[1]),)
            case "column" if len(shapes[0]) == 1:
                return (shapes[0][0], self._axis(Num(1)))
            case "row" if len(shapes[0]) == 1:
                return (self._axis(Num(1)), shapes[0][0])
            case op if op in _REDUCTIONS:
                return self._reduced(expr, shapes[0])
        raise EquationError(f"'{expr.op}' has no form by entries here", expr.at)

    def _reduced(self, expr: Apply, axes: Axes) -> Axes:
        settings: dict[str, Any] = dict(expr.attributes)
        if not axes:
            raise EquationError(f"'{expr.op}' works on an array, not on a number", expr.at)
        axis = settings.get("axis")
        if axis is None:
            return ()
        position = axis % len(axes)
        kept = (self._axis(Num(1)),) if settings.get("keepdims") else ()
        return (*axes[:position], *kept, *axes[position + 1 :])

    def _axis(self, size: Expr) -> Range:
        """The range of the index of an array of this size."""
        first = Num(self.first_index)
        last = added(affine(size), {}, plus=self.first_index - 1)
        return Range(first, size + (self.first_index - 1) if last is None else written(last))

    # -- entries ----------------------------------------------------------------

    def entry(self, expr: Expr, at: tuple[Expr, ...]) -> Expr:  # noqa: PLR0911  (a case for each kind of node)
        """One entry of an expression, or the number that it is where `at` is ().

        Raises:
            EquationError: for an operation that has no form by entries.
        """
        match expr:
            case Sym():
                return Index(expr, at, expr.at) if at else expr
            case Index():
                indices = tuple(self.entry(part, ()) for part in expr.indices)
                if isinstance(expr.base, Sym):
                    return Index(expr.base, (*indices, *at), expr.at)
                return self.entry(expr.base, (*indices, *at))
            case Over():
                variable, body = expr.variable, expr.body
                if any(variable in all_names([part]) for part in at):
                    variable = self._letter(variable, expr, at)
                    body = substitute(body, {expr.variable: Sym(variable)})
                return Over(expr.op, self.entry(body, at), variable, expr.low, expr.high, expr.at)
            case Deriv(bottoms=(Sym() as bottom, *rest)) if at:
                return Deriv(expr.top, (Index(bottom, at), *rest), expr.at)
            case Deriv(bottoms=(Index() as bottom, *rest)) if at:
                entry = Index(bottom.base, (*bottom.indices, *at), bottom.at)
                return Deriv(expr.top, (entry, *rest), expr.at)
            case Apply() if expr.op in _ARRAYS:
                return self._array_entry(expr, at)
            case Apply():
                axes = self.axes(expr) if at else ()
                args = tuple(
                    self.entry(arg, self._aligned(self.axes(arg), axes, at)) for arg in expr.args
                )
                return Apply(expr.op, args, expr.attributes, expr.at)
        return expr

    @staticmethod
    def _aligned(own: Axes, whole: Axes, at: tuple[Expr, ...]) -> tuple[Expr, ...]:
        """The index of an argument for an entry of the result (numpy's broadcasting)."""
        skipped = len(whole) - len(own)
        found = []
        for axis, around, part in zip(own, whole[skipped:], at[skipped:], strict=True):
            if _is_single(axis) and not _is_single(around):
                found.append(axis.low)
            else:
                found.append(_moved(part, around, axis))
        return tuple(found)

    def _array_entry(self, expr: Apply, at: tuple[Expr, ...]) -> Expr:  # noqa: C901, PLR0911  (a case for each operation)
        args = expr.args
        match expr.op:
            case "matmul":
                return self._product_entry(expr, at)
            case "outer":
                cut = len(self.axes(args[0]))
                return self.entry(args[0], at[:cut]) * self.entry(args[1], at[cut:])
            case "transpose":
                return self.entry(args[0], at[::-1])
            case "softmax" | "log_softmax":
                return self._softmax_entry(expr, at)
            case "stack":
                return self._stacked(expr, at)
            case "eye":
                return Apply("delta", at)
            case "onehot":
                return Apply("delta", (at[0], args[0]))
            case "zeros" | "ones":
                return Num(0 if expr.op == "zeros" else 1)
            case "column":
                return self.entry(args[0], at[:1])
            case "row":
                return self.entry(args[0], at[1:])
        return self._reduction_entry(expr, at)

    def _letter(self, wanted: str, expr: Expr, at: tuple[Expr, ...]) -> str:
        return fresh(wanted, self.taken | all_names([expr, *at]))

    def _product_entry(self, expr: Apply, at: tuple[Expr, ...]) -> Expr:
        left, right = expr.args
        mine, its = self.axes(left), self.axes(right)
        rows, columns = at[: len(mine) - 1], at[len(mine) - 1 :]
        letter = self._letter("k", expr, at)
        here, there = Sym(letter), _moved(Sym(letter), mine[-1], its[0])
        body = self.entry(left, (*rows, here)) * self.entry(right, (there, *columns))
        return Over("sum", body, letter, mine[-1].low, mine[-1].high)

    def _softmax_entry(self, expr: Apply, at: tuple[Expr, ...]) -> Expr:
        (inner,) = expr.args
        axes = self.axes(inner)
        settings: dict[str, Any] = dict(expr.attributes)
        position = settings.get("axis", -1) % len(axes)
        letter = self._letter("k", expr, at)
        other = (*at[:position], Sym(letter), *at[position + 1 :])
        power = Apply("exp", (self.entry(inner, other),))
        total = Over("sum", power, letter, axes[position].low, axes[position].high)
        own = self.entry(inner, at)
        if expr.op == "log_softmax":
            return own - Apply("log", (total,))
        return Apply("exp", (own,)) / total

    def _stacked(self, expr: Apply, at: tuple[Expr, ...]) -> Expr:
        first, rest = at[0], at[1:]
        if isinstance(first, Num) and isinstance(first.value, int):
            return self.entry(expr.args[first.value - self.first_index], rest)
        terms = tuple(
            Apply("delta", (first, Num(number))) * self.entry(arg, rest)
            for number, arg in enumerate(expr.args, self.first_index)
        )
        return Apply("add", terms) if len(terms) > 1 else terms[0]

    def _reduction_entry(self, expr: Apply, at: tuple[Expr, ...]) -> Expr:
        (inner,) = expr.args
        axes = self.axes(inner)
        self._reduced(expr, axes)
        settings: dict[str, Any] = dict(expr.attributes)
        axis = settings.get("axis")
        positions = range(len(axes)) if axis is None else [axis % len(axes)]
        index: list[Expr] = [] if axis is None else list(at)
        if axis is not None and settings.get("keepdims"):
            del index[positions[0]]
        letters: list[str] = []
        for position in positions:
            wanted = ("i", "j", "k")[position] if position < 3 else "k"  # noqa: PLR2004  (three letters)
            letter = fresh(wanted, self.taken | all_names([expr, *at]) | set(letters))
            letters.append(letter)
            index.insert(position, Sym(letter))
        body = self.entry(inner, tuple(index))
        for letter, position in reversed(list(zip(letters, positions, strict=True))):
            body = Over(expr.op, body, letter, axes[position].low, axes[position].high)
        return body


def _moved(part: Expr, source: Range, target: Range) -> Expr:
    """An index of one range as the index of another one of the same size."""
    if source.low == target.low:
        return part
    value = added(affine(part), added(affine(target.low), affine(source.low), -1))
    return part - source.low + target.low if value is None else written(value)


def _is_single(axis: Range) -> bool:
    return axis.size == Num(1)


def _same_size(one: Range, other: Range) -> bool:
    mine, its = affine(one.size), affine(other.size)
    return mine == its if mine is not None and its is not None else one.size == other.size


def _shape_text(axes: Axes) -> str:
    from hwsolve.expr.notation import text

    return "a number" if not axes else "x".join(text(axis.size) for axis in axes)


def has_array_operation(expr: Expr) -> bool:
    """Whether an operation on whole arrays stands in an expression."""
    stack = [expr]
    while stack:
        node = stack.pop()
        if isinstance(node, Apply) and node.op in _ARRAYS:
            return True
        stack.extend(children(node))
    return False
