"""What each row of the operation table should do, said a second time.

A case defines an elementwise operation by the formula of a textbook, with the slope
by each argument as a table of derivatives states it. `analytic` is the same function
of a complex number: its imaginary part at x + ih is another, independent derivative.
"""

from __future__ import annotations

import cmath
import math
from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

Numbers = st.SearchStrategy[float]


class Case(NamedTuple):
    """An operation by its definition.

    `inputs` are numbers with at most three decimals for each argument; `smooth` tells
    whether the function has a derivative at its arguments (and 0.0005 around them).
    """

    value: Callable[..., float]
    slopes: tuple[Callable[..., float], ...]
    inputs: tuple[Numbers, ...]
    analytic: Callable[..., Any] | None = None
    smooth: Callable[..., bool] = lambda *_: True


def thousandths(low: float, high: float) -> Numbers:
    """Numbers with three decimals between two others."""
    return st.integers(round(low * 1000), round(high * 1000)).map(lambda n: n / 1000)


ANY = thousandths(-4, 4)
POSITIVE = thousandths(0.05, 5)
NOT_ZERO = st.one_of(POSITIVE, POSITIVE.map(lambda x: -x))
TRUTH = st.sampled_from([0.0, 1.0])


def apart(a: float, b: float) -> bool:
    return abs(a - b) > 0.0005


def not_zero(x: float) -> bool:
    return apart(x, 0)


def zero(*_: float) -> float:
    return 0.0


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def complex_erf(z: complex) -> complex:
    """The Maclaurin series, DLMF 7.6.1."""
    series: complex = sum(
        (-1) ** n * z ** (2 * n + 1) / (math.factorial(n) * (2 * n + 1)) for n in range(120)
    )
    return 2 / math.sqrt(math.pi) * series


def comparison(name: str) -> Case:
    compare: dict[str, Callable[[float, float], bool]] = {
        "lt": lambda a, b: a < b,
        "le": lambda a, b: not b < a,
        "gt": lambda a, b: b < a,
        "ge": lambda a, b: not a < b,
        "eq": lambda a, b: not (a < b or b < a),
        "ne": lambda a, b: a < b or b < a,
    }
    few = st.sampled_from([-1.5, 0.0, 0.25, 2.0])
    return Case(
        lambda a, b: 1.0 if compare[name](a, b) else 0.0, (zero, zero), (few, few), smooth=apart
    )


CASES: dict[str, Case] = {
    "add": Case(
        lambda a, b, c: math.fsum((a, b, c)),
        (lambda *_: 1,) * 3,
        (ANY,) * 3,
        lambda a, b, c: a + b + c,
    ),
    "sub": Case(lambda a, b: a + -b, (lambda *_: 1, lambda *_: -1), (ANY, ANY), lambda a, b: a - b),
    "mul": Case(
        lambda a, b: a * b, (lambda _, b: b, lambda a, _: a), (ANY, ANY), lambda a, b: a * b
    ),
    "div": Case(
        lambda a, b: a * b**-1,
        (lambda _, b: 1 / b, lambda a, b: -a / (b * b)),
        (ANY, NOT_ZERO),
        lambda a, b: a / b,
    ),
    "neg": Case(lambda a: 0 - a, (lambda _: -1,), (ANY,), lambda a: -a),
    "pow": Case(
        lambda a, b: math.exp(b * math.log(a)),
        (lambda a, b: b * math.exp((b - 1) * math.log(a)), lambda a, b: math.log(a) * a**b),
        (POSITIVE, thousandths(-3, 3)),
        lambda a, b: cmath.exp(b * cmath.log(a)),
    ),
    "exp": Case(lambda x: math.e**x, (math.exp,), (ANY,), cmath.exp),
    "log": Case(math.log, (lambda x: 1 / x,), (POSITIVE,), cmath.log),
    "log2": Case(
        math.log2, (lambda x: 1.4426950408889634 / x,), (POSITIVE,), lambda z: cmath.log(z, 2)
    ),
    "log10": Case(math.log10, (lambda x: 0.4342944819032518 / x,), (POSITIVE,), cmath.log10),
    "xlogy": Case(
        lambda x, y: x * math.log(y),
        (lambda _, y: math.log(y), lambda x, y: x / y),
        (ANY, POSITIVE),
        lambda x, y: x * cmath.log(y),
    ),
    "xlog2y": Case(
        lambda x, y: x * math.log2(y),
        (lambda _, y: math.log2(y), lambda x, y: 1.4426950408889634 * x / y),
        (ANY, POSITIVE),
        lambda x, y: x * cmath.log(y, 2),
    ),
    "xlog10y": Case(
        lambda x, y: x * math.log10(y),
        (lambda _, y: math.log10(y), lambda x, y: 0.4342944819032518 * x / y),
        (ANY, POSITIVE),
        lambda x, y: x * cmath.log10(y),
    ),
    "xdivy": Case(
        lambda x, y: x * y**-1,
        (lambda _, y: 1 / y, lambda x, y: -x / (y * y)),
        (ANY, NOT_ZERO),
        lambda x, y: x / y,
    ),
    "sqrt": Case(lambda x: x**0.5, (lambda x: 0.5 * x**-0.5,), (POSITIVE,), cmath.sqrt),
    "sin": Case(math.sin, (math.cos,), (ANY,), cmath.sin),
    "cos": Case(math.cos, (lambda x: -math.sin(x),), (ANY,), cmath.cos),
    "erf": Case(
        lambda x: 1 - math.erfc(x),
        (lambda x: 2 / math.sqrt(math.pi) * math.exp(-x * x),),
        (thousandths(-2, 2),),  # further out the series cancels
        complex_erf,
    ),
    "abs": Case(
        lambda x: math.sqrt(x * x), (lambda x: math.copysign(1, x),), (ANY,), smooth=not_zero
    ),
    "sigmoid": Case(
        logistic,
        (lambda x: math.exp(-x) / (1 + math.exp(-x)) ** 2,),
        (ANY,),
        lambda z: 1 / (1 + cmath.exp(-z)),
    ),
    "tanh": Case(
        lambda x: (math.exp(2 * x) - 1) / (math.exp(2 * x) + 1),
        (lambda x: 1 / math.cosh(x) ** 2,),
        (ANY,),
        cmath.tanh,
    ),
    "relu": Case(
        lambda x: (x + abs(x)) / 2, (lambda x: 1 if x > 0 else 0,), (ANY,), smooth=not_zero
    ),
    "softplus": Case(
        lambda x: math.log1p(math.exp(x)),
        (logistic,),
        (ANY,),
        lambda z: cmath.log(1 + cmath.exp(z)),
    ),
    "step": Case(lambda x: float(x > 0), (zero,), (ANY,), smooth=not_zero),
    "sign": Case(lambda x: float(x > 0) - float(x < 0), (zero,), (ANY,), smooth=not_zero),
    "floor": Case(
        lambda x: x - x % 1, (zero,), (ANY,), smooth=lambda x: apart(x, round(x))
    ),
    "identity": Case(lambda x: x, (lambda _: 1,), (ANY,), lambda z: z),
    "maximum": Case(
        lambda a, b: (a + b + abs(a - b)) / 2,
        (lambda a, b: float(a > b), lambda a, b: float(b > a)),
        (ANY, ANY),
        smooth=apart,
    ),
    "minimum": Case(
        lambda a, b: (a + b - abs(a - b)) / 2,
        (lambda a, b: float(a < b), lambda a, b: float(b < a)),
        (ANY, ANY),
        smooth=apart,
    ),
    "where": Case(
        lambda c, a, b: c * a + (1 - c) * b,
        (zero, lambda c, *_: c, lambda c, *_: 1 - c),
        (TRUTH, ANY, ANY),
        lambda c, a, b: c * a + (1 - c) * b,
    ),
    **{name: comparison(name) for name in ("lt", "le", "gt", "ge", "eq", "ne")},
}  # fmt: skip
