"""What each operation makes of intervals: a second reading of the table of operations.

A row here has the name of a row there. An array has one interval, which holds each
of its entries; so a range that is found for a size does not depend on the size
unless entries are counted, and `Site.count` says then how many there are.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hwsolve.proofs.enclosures import FUNCTIONS
from hwsolve.proofs.intervals import (
    EITHER,
    INFINITY,
    NOT_NEGATIVE,
    ONE,
    POSITIVE,
    UNIT,
    ZERO,
    Interval,
    Intervals,
    UndecidedError,
    power,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hwsolve.expr.operations import Shape

    Range = Callable[["Sequence[Interval]", "Site"], Interval]


class Site(NamedTuple):
    """Where an operation stands.

    Attributes:
        shapes: the shapes of its arguments.
        shape: the shape of its result.
        settings: its settings (`axis`, `at0`).
        any_size: whether the shapes stand for every size of their kind.
    """

    shapes: Sequence[Shape]
    shape: Shape
    settings: Mapping[str, Any]
    any_size: bool = False

    def how_many(self, number: int) -> Interval:
        """How many entries are added up: a number, or any number from 1 on."""
        return Interval(1, INFINITY) if self.any_size and number > 1 else Interval(number, number)


def _added(args: Sequence[Interval], _: Site) -> Interval:
    total = args[0]
    for arg in args[1:]:
        total = total + arg
    return total


def _hull(args: Sequence[Interval], _: Site) -> Interval:
    total = args[0]
    for arg in args[1:]:
        total = total.join(arg)
    return total


def _same(args: Sequence[Interval], _: Site) -> Interval:
    return args[0]


def several(x: Interval, count: Interval) -> Interval:
    """The sum of so many numbers of an interval."""
    if count.is_point:
        return x * count
    return x.join(x * count)


def _reduced(site: Site) -> int:
    """How many entries go into one entry of a reduction."""
    return max(1, prod(site.shapes[0]) // max(1, prod(site.shape)))


def _sum(args: Sequence[Interval], site: Site) -> Interval:
    return several(args[0], site.how_many(_reduced(site)))


def _product(args: Sequence[Interval], site: Site) -> Interval:
    left, right = args
    return several(left * right, site.how_many(site.shapes[0][-1]))


def _position(_: Sequence[Interval], site: Site) -> Interval:
    last = _reduced(site) - 1
    return NOT_NEGATIVE if site.any_size else Interval(0, last)


def _classes(site: Site) -> int:
    axis = site.settings.get("axis", -1)
    return site.shapes[0][axis] if site.shapes[0] else 1


def _softmax(_: Sequence[Interval], site: Site) -> Interval:
    if site.any_size:
        return Interval(0, 1, low_open=True)
    return ONE if _classes(site) == 1 else UNIT


def _log_softmax(_: Sequence[Interval], site: Site) -> Interval:
    if site.any_size:
        return -NOT_NEGATIVE
    return ZERO if _classes(site) == 1 else -POSITIVE


def _relu(args: Sequence[Interval], _: Site) -> Interval:
    return Intervals.maximum(args[0], ZERO)  # type: ignore[no-any-return]  # of intervals


def _jump(below: int, above: int) -> Range:
    def values(args: Sequence[Interval], site: Site) -> Interval:
        (x,) = args
        at_zero = Interval.of(site.settings.get("at0", 0))
        parts = [
            *([Interval(below, below)] if x.low < 0 else []),
            *([at_zero] if 0 in x else []),
            *([Interval(above, above)] if x.high > 0 else []),
        ]
        return _hull(parts, site)

    return values


def _chosen(args: Sequence[Interval], _: Site) -> Interval:
    condition, yes, no = args
    if 0 not in condition:
        return yes
    return no if condition.is_point else yes.join(no)


def _test(compare: Callable[[Interval, Interval], bool]) -> Range:
    def values(args: Sequence[Interval], _: Site) -> Interval:
        try:
            return ONE if compare(args[0], args[1]) else ZERO
        except UndecidedError:
            return EITHER

    return values


def _times_log(name: str) -> Range:
    """x·log(y), which is 0 where x is 0, whatever y is."""
    logarithm = FUNCTIONS[name]

    def values(args: Sequence[Interval], _: Site) -> Interval:
        x, y = args
        positive = y.meet(POSITIVE)
        if positive is None:
            return ZERO
        found = x * logarithm(positive)
        return found.join(ZERO) if 0 in x else found

    return values


def _no_quotient_of_zeros(args: Sequence[Interval], _: Site) -> Interval:
    """x/y, which is 0 where x is 0, whatever y is."""
    x, y = args
    if x.is_point and x.low == 0:
        return ZERO
    found = x / y
    return found.join(ZERO) if 0 in x else found


def _with_zeros(args: Sequence[Interval], _: Site) -> Interval:
    return args[0].join(ZERO)


def _padded(args: Sequence[Interval], site: Site) -> Interval:
    return args[0].join(Interval.of(site.settings.get("value", 0)))


def _running(args: Sequence[Interval], site: Site) -> Interval:
    """The sums of the first entries: of one, two, up to all of them."""
    size = site.how_many(max(site.shapes[0], default=1))
    return several(args[0], Interval(1, size.high))


def _met(side: int) -> Range:
    """A sum of products, at most one for each entry of an argument; padding adds nothing."""

    def values(args: Sequence[Interval], site: Site) -> Interval:
        terms = site.how_many(prod(site.shapes[side]))
        return several((args[0] * args[1]).join(ZERO), terms)

    return values


def _sent_back(args: Sequence[Interval], site: Site) -> Interval:
    """A sum of parts of the entries of a pooling's result."""
    return several(args[0].join(ZERO), site.how_many(prod(site.shapes[0])))


def _numbers(_: Sequence[Interval], site: Site) -> Interval:
    last = max(site.shapes[0], default=1) - 1
    return NOT_NEGATIVE if site.any_size else Interval(0, last)


def _of_one(name: str) -> Range:
    function = FUNCTIONS[name]
    return lambda args, _: function(args[0])


RANGES: Final[Mapping[str, Range]] = {
    "add": _added,
    "sub": lambda args, _: args[0] - args[1],
    "mul": lambda args, _: args[0] * args[1],
    "div": lambda args, _: args[0] / args[1],
    "neg": lambda args, _: -args[0],
    "pow": lambda args, _: power(args[0], args[1]),
    **{name: _of_one(name) for name in FUNCTIONS},
    "abs": lambda args, _: abs(args[0]),
    "relu": _relu,
    "step": _jump(0, 1),
    "sign": _jump(-1, 1),
    "identity": _same,
    "maximum": lambda args, _: Intervals.maximum(*args),
    "minimum": lambda args, _: Intervals.minimum(*args),
    "where": _chosen,
    "lt": _test(lambda a, b: a < b),
    "le": _test(lambda a, b: a <= b),
    "gt": _test(lambda a, b: a > b),
    "ge": _test(lambda a, b: a >= b),
    "eq": _test(lambda a, b: a == b),
    "ne": _test(lambda a, b: a != b),
    "matmul": _product,
    "outer": lambda args, _: args[0] * args[1],
    "transpose": _same,
    "sum": _sum,
    "mean": _same,
    "max": _same,
    "min": _same,
    "argmax": _position,
    "argmin": _position,
    "first": lambda *_: EITHER,
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "stack": _hull,
    "concat": _hull,
    "item": _same,
    "place": lambda args, _: args[0].join(ZERO),
    "reshape": _same,
    "spread": _same,
    "sum_to": _sum,
    "xlogy": _times_log("log"),
    "xlog2y": _times_log("log2"),
    "xlog10y": _times_log("log10"),
    "xdivy": _no_quotient_of_zeros,
    "gather": _same,
    "pad": _padded,
    "tril": _with_zeros,
    "triu": _with_zeros,
    "diag": _with_zeros,
    "diagonal": _same,
    "cumsum": _running,
    "argsort": _numbers,
    "conv": _met(1),
    "conv_transpose": _met(1),
    "conv_weight": _met(1),
    "max_pool": _same,
    "at_max": _same,
    "avg_pool": _with_zeros,
    "max_unpool": _sent_back,
    "avg_unpool": _sent_back,
    "unfold": _with_zeros,
    "fold": _sent_back,
    "one_hot": lambda *_: EITHER,
    "masked_softmax": lambda *_: Interval(0, 1),
}
# Rows of the table whose range nobody has said: anything may come out, also no value.
NOT_KNOWN: Final[frozenset[str]] = frozenset({"scatter_add"})

# Operations that jump, so that values next to each other may lie far apart.
JUMPS: Final = frozenset({
    "step", "sign", "floor", "where", "lt", "le", "gt", "ge", "eq", "ne", "argmax", "argmin",
    "first", "max_unpool", "at_max", "gather", "scatter_add", "argsort", "one_hot",
    "masked_softmax",
})  # fmt: skip

# Why a range is what it is, for those that are not plain arithmetic.
REASONS: Final[Mapping[str, str]] = {
    "sigmoid": "the logistic function maps every real number into (0, 1)",
    "tanh": "tanh maps every real number into (-1, 1)",
    "exp": "exp is positive everywhere",
    "erf": "erf maps every real number into (-1, 1)",
    "softplus": "softplus is positive everywhere",
    "relu": "the ReLU is never negative",
    "abs": "an absolute value is never negative",
    "sqrt": "a square root is never negative",
    "softmax": "the entries of a softmax are positive and add up to 1",
    "log_softmax": "the logarithm of a probability is never positive",
    "sin": "a sine lies between -1 and 1",
    "cos": "a cosine lies between -1 and 1",
    "step": "a step is 0 or 1",
    "mean": "a mean lies between its numbers",
    "max": "the largest is one of the numbers",
    "min": "the smallest is one of the numbers",
}


def _whole(exponent: Interval) -> bool:
    return exponent.is_point and Interval.of(exponent.low).low == int(exponent.low)


def _power_exists(args: Sequence[Interval]) -> bool:
    base, exponent = args
    if _whole(exponent):
        return exponent.low >= 0 or 0 not in base
    return base.positive or (base.low >= 0 and exponent.low > 0)


# Operations without a value everywhere: whether they have one for all numbers of intervals.
EXISTS: Final[Mapping[str, Callable[[Sequence[Interval]], bool]]] = {
    "div": lambda args: 0 not in args[1],
    "log": lambda args: args[0].positive,
    "log2": lambda args: args[0].positive,
    "log10": lambda args: args[0].positive,
    "sqrt": lambda args: args[0].low >= 0,
    "pow": _power_exists,
    **dict.fromkeys(("xlogy", "xlog2y", "xlog10y"), lambda args: args[1].positive),
    "xdivy": lambda args: 0 not in args[1],
}
