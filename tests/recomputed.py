"""Formulas of a printed working, worked out again by an evaluator of our own.

It knows the language, and nothing of the table of operations. Numbers may be floats,
decimals that are rounded after each operation, or intervals (for numbers of which only
some digits are shown); arrays are numpy arrays of such objects.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from recomputed_arrays import numbers, recomputed

from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Over, Sym

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Unknown(Exception):  # noqa: N818  (no error: the formula is beyond this evaluator)
    """A name without a value, or an operation that is not known here."""


class Floats:
    """Numbers as doubles."""

    def number(self, value: Any) -> Any:
        return float(value)

    def done(self, value: Any) -> Any:
        """What happens to the result of each operation."""
        return value

    def call(self, of: Callable[[float], float], x: Any) -> Any:
        return of(x)


class Rounded(Floats):
    """Decimals that are rounded after each operation, as people do by hand."""

    wide = Context(prec=50)

    def __init__(self, places: int, ties: str = "away") -> None:
        self.unit = Decimal(1).scaleb(-places)
        self.ties = ROUND_HALF_UP if ties == "away" else ROUND_HALF_EVEN

    def number(self, value: Any) -> Any:
        if isinstance(value, Fraction):
            return self.wide.divide(Decimal(value.numerator), Decimal(value.denominator))
        return value if isinstance(value, Decimal) else Decimal(str(value))

    def done(self, value: Any) -> Any:
        rounded: Decimal = Decimal(value).quantize(self.unit, self.ties, self.wide)
        return abs(rounded) if rounded == 0 else rounded

    def call(self, of: Callable[[float], float], x: Any) -> Any:
        exact: dict[Any, Callable[[Decimal], Decimal]] = {
            math.exp: self.wide.exp,
            math.log: self.wide.ln,
            math.sqrt: self.wide.sqrt,
            logistic: lambda v: 1 / (1 + self.wide.exp(-v)),
            math.tanh: lambda v: 1 - 2 / (1 + self.wide.exp(2 * v)),
        }
        return exact[of](x) if of in exact else Decimal(str(of(float(x))))


class Interval:
    """All numbers between two; operations give all possible results."""

    def __init__(self, low: float, high: float) -> None:
        pad = 1e-15 * max(abs(low), abs(high))
        self.low, self.high = low - pad, high + pad

    def __repr__(self) -> str:
        return f"[{self.low:.10g}, {self.high:.10g}]"

    def __neg__(self) -> Interval:
        return Interval(-self.high, -self.low)

    def __add__(self, other: Any) -> Interval:
        if isinstance(other, np.ndarray):
            return NotImplemented
        other = interval(other)
        return Interval(self.low + other.low, self.high + other.high)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Interval:
        if isinstance(other, np.ndarray):
            return NotImplemented
        return self + -interval(other)

    def __rsub__(self, other: Any) -> Interval:
        if isinstance(other, np.ndarray):
            return NotImplemented
        return interval(other) - self

    def __mul__(self, other: Any) -> Interval:
        if isinstance(other, np.ndarray):
            return NotImplemented
        other = interval(other)
        ends = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(min(ends), max(ends))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Interval:
        if isinstance(other, np.ndarray):
            return NotImplemented
        other = interval(other)
        if other.low <= 0 <= other.high:
            return Interval(-math.inf, math.inf)
        return self * Interval(1 / other.high, 1 / other.low)

    def __rtruediv__(self, other: Any) -> Interval:
        if isinstance(other, np.ndarray):
            return NotImplemented
        return interval(other) / self

    def __pow__(self, other: Any) -> Interval:
        if isinstance(other, np.ndarray):
            return NotImplemented
        power = interval(other)
        if power.high - power.low < 1e-9 and abs(power.low - round(power.low)) < 1e-9:
            whole = round(power.low)
            if whole < 0:
                return 1 / self**-whole
            ends = sorted([self.low**whole, self.high**whole])
            inside = whole % 2 == 0 and self.low < 0 < self.high
            return Interval(0.0 if inside else ends[0], ends[1])
        if self.low <= 0:
            return Interval(-math.inf, math.inf)
        ends = [a**b for a in (self.low, self.high) for b in (power.low, power.high)]
        return Interval(min(ends), max(ends))

    def __lt__(self, other: Any) -> bool:
        return self.low + self.high < interval(other).low + interval(other).high

    def __gt__(self, other: Any) -> bool:
        return interval(other) < self

    def __eq__(self, other: object) -> bool:
        return not self < other and not self > other

    __hash__ = None  # type: ignore[assignment]  # compared by their middles


def interval(value: Any) -> Interval:
    return value if isinstance(value, Interval) else Interval(float(value), float(value))


class Intervals(Floats):
    """Numbers as intervals."""

    def number(self, value: Any) -> Any:
        return interval(value)

    def call(self, of: Callable[[float], float], x: Any) -> Any:
        if not isinstance(x, Interval):
            return interval(of(float(x)))
        if of in {math.sin, math.cos}:
            middle, half = (x.low + x.high) / 2, (x.high - x.low) / 2
            return Interval(of(middle) - half, of(middle) + half)
        if of in {math.log, math.sqrt} and x.low <= 0:
            return Interval(-math.inf, math.inf)
        try:
            ends = [of(x.low), of(x.high)]
        except (OverflowError, ValueError):
            return Interval(-math.inf, math.inf)
        turn = [0.0] if of is abs and x.low < 0 < x.high else []
        return Interval(min(ends + turn), max(ends + turn))


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > 0 else math.exp(x) / (1 + math.exp(x))


def softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


FUNCTIONS: dict[str, Callable[[float], float]] = {
    "exp": math.exp, "log": math.log, "ln": math.log, "log2": math.log2, "log10": math.log10,
    "sqrt": math.sqrt, "sin": math.sin, "cos": math.cos, "erf": math.erf, "abs": abs,
    "tanh": math.tanh, "sigmoid": logistic, "σ": logistic, "softplus": softplus,
    "floor": math.floor,
    "relu": lambda x: max(x, 0.0),
    "sign": lambda x: float(x > 0) - float(x < 0),
    "linear": lambda x: x,
}  # fmt: skip


def _larger(a: Any, b: Any) -> Any:
    return a if a > b else b  # noqa: FURB136  (intervals only know how to compare)


def _smaller(a: Any, b: Any) -> Any:
    return a if a < b else b  # noqa: FURB136  (see above)


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "lt": lambda a, b: a < b, "le": lambda a, b: not a > b, "gt": lambda a, b: a > b,
    "ge": lambda a, b: not a < b, "eq": lambda a, b: a == b, "ne": lambda a, b: not a == b,  # noqa: SIM201  (intervals know == only)
}  # fmt: skip


class Evaluator:
    """Works out formulas with known values.

    Args:
        known: the values of names, entries and derivatives.
        numbers: the numbers to calculate with.
        first: the number of the first entry of an array.
    """

    def __init__(
        self, known: Mapping[Expr, Any], numbers: Floats | None = None, first: int = 0
    ) -> None:
        self.known = known
        self.numbers = numbers or Floats()
        self.first = first

    def lifted(self, value: Any) -> Any:
        """A number or an array of numbers in this evaluator's kind of numbers."""
        if isinstance(value, np.ndarray | list | tuple):
            array = np.array(value, dtype=object)
            return np.frompyfunc(self.numbers.number, 1, 1)(array)
        return self.numbers.number(value)

    def value(self, tree: Expr) -> Any:  # noqa: PLR0911  (a case for each)
        """The value of a formula."""
        if isinstance(tree, Sym | Index | Deriv) and tree in self.known:
            return self.lifted(self.known[tree])
        match tree:
            case Num(value=value):
                return self.lifted(value)
            case Index(base=base, indices=indices):
                return self._entry(self.value(base), indices)
            case Deriv(top=top, bottoms=bottoms, partial=partial):
                *others, last = bottoms
                if isinstance(last, Index):
                    whole = Deriv(top, (*others, last.base), partial=partial)
                    return self._entry(self.value(whole), last.indices)
            case Over():
                return self._over(tree)
            case Apply(op=op, args=args, attributes=attributes):
                return self._operation(op, args, dict(attributes))
            case Sym(name="π" | "pi"):
                return self.numbers.number(math.pi)
            case Sym(name="e"):
                return self.numbers.number(math.e)
        raise Unknown(tree)

    def _entry(self, array: Any, indices: tuple[Expr, ...]) -> Any:
        def place(part: Expr) -> Any:
            if isinstance(part, Apply) and part.op == "slice":
                low, high, *step = (
                    None if end == Sym("") else self._whole(end) for end in part.args
                )
                if step and step[0] is not None and step[0] < 0 and high is not None:
                    # counted from 1 the end belongs to the slice
                    high = None if high - 2 * self.first < 0 else high - 2 * self.first
                return slice(None if low is None else low - self.first, high, *step)
            chosen = self.value(part)
            if isinstance(chosen, np.ndarray):
                return np.array(numbers(chosen)) - self.first
            return self._whole(part) - self.first

        if not isinstance(array, np.ndarray):
            raise Unknown(indices)
        return array[tuple(map(place, indices))]

    def _whole(self, tree: Expr) -> int:
        found = interval(Evaluator(self.known, Intervals()).value(tree))
        return round((found.low + found.high) / 2)

    def _over(self, tree: Over) -> Any:
        low, high = self._whole(tree.low), self._whole(tree.high)
        terms = [
            Evaluator(
                {**self.known, Sym(tree.variable): Fraction(k)}, self.numbers, self.first
            ).value(tree.body)
            for k in range(low, high + 1)
        ]
        return self._reduced(tree.op, terms)

    def _reduced(self, op: str, terms: list[Any]) -> Any:
        if op in {"max", "min"}:
            better = _larger if op == "max" else _smaller
            best = terms[0]
            for term in terms[1:]:
                best = self._mapped(better, best, term)
            return best
        total = terms[0]
        for term in terms[1:]:
            total = total * term if op == "prod" else total + term
        return self._done(total / len(terms) if op == "mean" else total)

    def _done(self, value: Any) -> Any:
        done = self.numbers.done
        return np.frompyfunc(done, 1, 1)(value) if isinstance(value, np.ndarray) else done(value)

    def _mapped(self, of: Callable[..., Any], *values: Any) -> Any:
        if any(isinstance(value, np.ndarray) for value in values):
            with np.errstate(all="ignore"):
                return np.frompyfunc(of, len(values), 1)(*values)
        return of(*values)

    def _operation(self, op: str, args: tuple[Expr, ...], settings: dict[str, Any]) -> Any:
        if op == "onehot":
            place, size = map(self._whole, args)
            return self.lifted([int(k == place - self.first) for k in range(size)])
        if op == "arange":
            return self.lifted(np.arange(*map(self._whole, args)))
        if op in {"zeros", "ones", "eye"}:
            sizes = tuple(map(self._whole, args))
            made = np.eye(sizes[0]) if op == "eye" else np.full(sizes, float(op == "ones"))
            return self.lifted(made)
        if op == "mul" and isinstance(args[1], Apply) and args[1].op in {"log", "log2", "log10"}:
            return self._times_log(args[0], args[1])
        values = [self.value(arg) for arg in args]
        result = self._arithmetic(op, values)
        if result is None:
            result = self._of_arrays(op, values, settings)
        if result is None:
            raise Unknown(op)
        kept = op in {
            "neg",
            "transpose",
            "stack",
            "reshape",
            "row",
            "column",
            "flatten",
            "max",
            "min",
        }
        return result if kept else self._done(result)

    def _times_log(self, weight: Expr, log: Apply) -> Any:
        """y·log(p), where 0·log(0) is 0."""
        zero, one = self.numbers.number(0), self.numbers.number(1)
        weights, inside = self.value(weight), self.value(log.args[0])
        safe = self._mapped(lambda w, v: v if w != zero else one, weights, inside)
        logs = self._mapped(lambda v: self.numbers.call(FUNCTIONS[log.op], v), safe)
        return self._done(weights * self._done(logs))

    def _arithmetic(self, op: str, values: list[Any]) -> Any:  # noqa: PLR0911  (a case for each)
        if op == "neg":
            return -values[0]
        if op == "add":
            total = values[0]
            for value in values[1:]:
                total = total + value
            return total
        if op == "pow":
            return self._mapped(self._power, *values)
        if op in {"sub", "mul", "div"}:
            a, b = values
            return a - b if op == "sub" else a * b if op == "mul" else a / b
        if op in COMPARISONS:
            return self._mapped(
                lambda a, b: self.numbers.number(int(COMPARISONS[op](a, b))), *values
            )
        if op == "where":
            return self._mapped(lambda c, a, b: a if c != self.numbers.number(0) else b, *values)
        if op == "step":
            zero, one = self.numbers.number(0), self.numbers.number(1)
            at0 = values[1] if len(values) > 1 else zero
            return self._mapped(lambda x: one if x > zero else zero if x < zero else at0, values[0])
        if op in FUNCTIONS and len(values) == 1:
            return self._mapped(lambda x: self.numbers.call(FUNCTIONS[op], x), values[0])
        return None

    def _power(self, base: Any, exponent: Any) -> Any:
        if isinstance(base, Decimal) and exponent != int(exponent):
            return Rounded.wide.power(base, exponent)
        return base ** int(exponent) if isinstance(base, Decimal) else base**exponent

    def _of_arrays(self, op: str, values: list[Any], settings: dict[str, Any]) -> Any:  # noqa: C901, PLR0911, PLR0912  (a case for each operation)
        x = values[0]
        axis = settings.get("axis")
        if op in {"max", "min"} and len(values) > 1:
            return self._reduced(op, values)
        if op in {"matmul", "dot"}:
            return self._matmul(*values)
        if op == "transpose" and len(values) == 1 and not settings:
            return x.T
        if op == "outer":
            return np.multiply.outer(*values)
        if op == "stack" and not settings:
            return np.array(values, dtype=object)
        if op == "concat":
            return np.concatenate(values, axis=axis or 0)
        if op in {"sum", "mean", "prod", "max", "min"}:
            if not isinstance(x, np.ndarray):
                return x
            return self._along(op, x, axis, keepdims=bool(settings.get("keepdims")))
        if op in {"argmax", "argmin"}:
            middle = np.frompyfunc(
                lambda v: float(v.low + v.high) if isinstance(v, Interval) else float(v), 1, 1
            )
            found = getattr(np, op)(middle(x).astype(float), axis=axis)
            return self.lifted(found) if np.ndim(found) else self.numbers.number(int(found))
        if op in {"softmax", "log_softmax"}:
            return self._softmax(op, x, -1 if axis is None else axis)
        if op == "masked_softmax":
            far = self.numbers.number(-600)
            kept = self._mapped(lambda v, m: v if m != self.numbers.number(0) else far, *values)
            return self._softmax("softmax", kept, -1 if axis is None else axis)
        if op == "one_hot":
            return self._one_hot(x, settings, -1 if axis is None else axis)
        if op in {"column", "row", "flatten", "reshape"}:
            shapes = {"column": (-1, 1), "row": (1, -1), "flatten": (-1,)}
            wanted = shapes.get(op) or settings.get("shape")
            wanted = wanted or tuple(round(float(v)) for v in values[1:])
            return np.reshape(x, wanted)
        return recomputed(op, values, settings, self.numbers.number, self._reduced)

    def _one_hot(self, x: Any, settings: dict[str, Any], axis: int) -> Any:
        first = settings.get("first", 0)
        hits = []
        for number in range(first, first + settings["classes"]):
            wanted = self.numbers.number(number)
            hit = self._mapped(lambda v, k=wanted: float(v == k), x)
            hits.append(np.asarray(hit, dtype=float))
        return self.lifted(np.stack(hits, axis=axis))

    def _along(self, op: str, x: Any, axis: Any, *, keepdims: bool) -> Any:
        if axis is None:
            return self._reduced(op, list(x.ravel()))
        axes = axis if isinstance(axis, tuple) else (axis,)
        moved = np.moveaxis(x, axes, range(len(axes)))
        lines = moved.reshape(-1, *moved.shape[len(axes) :])
        result = self._reduced(op, list(lines))
        return np.expand_dims(result, axes) if keepdims else result

    def _matmul(self, a: Any, b: Any) -> Any:
        if not isinstance(a, np.ndarray) or not isinstance(b, np.ndarray):
            raise Unknown("@")
        rows = a if a.ndim > 1 else a[None, :]
        columns = b if b.ndim > 1 else b[:, None]
        products = self._done(rows[..., :, :, None] * columns[..., None, :, :])
        result = products[..., 0, :]
        for k in range(1, products.shape[-2]):
            result = result + products[..., k, :]
        result = result if b.ndim > 1 else result[..., 0]
        return result if a.ndim > 1 else result[..., 0, :] if b.ndim > 1 else result[0]

    def _softmax(self, op: str, x: Any, axis: int) -> Any:
        if isinstance(self.numbers, Intervals):
            middle = np.frompyfunc(lambda v: (v.low + v.high) / 2, 1, 1)(x).astype(float)
            width = np.frompyfunc(lambda v: v.high - v.low, 1, 1)(x).astype(float).max()
            powers = np.exp(middle - middle.max(axis=axis, keepdims=True))
            result = powers / powers.sum(axis=axis, keepdims=True)
            if op == "log_softmax":
                return self._mapped(
                    lambda v: Interval(math.log(v) - 2 * width, math.log(v) + 2 * width), result
                )
            return self._mapped(lambda v: Interval(v * (1 - width), v * (1 + width)), result)
        powers = self._mapped(lambda v: self.numbers.call(math.exp, v), x)
        result = powers / powers.sum(axis=axis, keepdims=True)
        if op == "log_softmax":
            return self._mapped(lambda v: self.numbers.call(math.log, v), result)
        return result
