"""The table of operations: one row says everything about an operation.

`compute` works in every number system, `partials` are the derivative rules. A
rule is written with operators and `.fn(...)`, so the same rule builds expressions
to print and nodes of a graph to evaluate or to differentiate again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hwsolve.expr.systems import NumberSystem

Shape: TypeAlias = tuple[int, ...]
# compute(system, attributes, *arguments) in any number system
Compute: TypeAlias = "Callable[..., Any]"
# rule(result, *arguments): the partial derivative, built from what it is given
Rule: TypeAlias = "Callable[..., Any]"

ARITHMETIC: Final = "arithmetic"
FUNCTION: Final = "function"
ACTIVATION: Final = "activation"
TENSOR: Final = "tensor"
TEST: Final = "test"


class Operation:
    """A row of the table.

    Attributes:
        name: how the operation is called in expressions.
        compute: compute(system, *arguments, **attributes) -> value, in any number system.
        arity: the number of arguments; None for two or more.
        partials: for an elementwise operation a rule for each argument, rule(result,
            *arguments) -> the partial derivative; a single rule serves any number of
            arguments. None: not differentiable (a test, a step's own slope is 0).
        adjoint: for an operation that is not elementwise, adjoint(upstream, result,
            arguments, attributes) -> the contribution to each argument (None: none).
        shape: shape(shapes, attributes) -> the result's shape; elementwise if None.
        entry: entry(index, arguments, attributes) -> one entry of the result as an
            expression in entries of the arguments.
        kind: arithmetic, function, activation, tensor or test; decides how it is laid out.
        kink: tells on which side of a kink the arguments are, kink(*arguments,
            **attributes) -> anything that changes there.
        exact: the operation maps fractions to fractions.
        letter: the first letter of the name of an unnamed result.
    """

    __slots__ = (
        "adjoint", "arity", "compute", "entry", "exact", "kind", "kink", "letter", "name",
        "partials", "shape", "source",
    )  # fmt: skip

    def __init__(  # noqa: PLR0913  (a row of a table has many columns)
        self,
        name: str,
        compute: Compute,
        *,
        arity: int | None = 1,
        partials: tuple[Rule, ...] | None = None,
        adjoint: Callable[..., Any] | None = None,
        shape: Callable[..., Shape] | None = None,
        entry: Callable[..., Any] | None = None,
        kind: str = FUNCTION,
        kink: Callable[..., Any] | None = None,
        exact: bool = False,
        letter: str = "a",
        source: str = "",
    ) -> None:
        self.name = name
        self.compute = compute
        self.arity = arity
        self.partials = partials
        self.adjoint = adjoint
        self.shape = shape
        self.entry = entry
        self.kind = kind
        self.kink = kink
        self.exact = exact
        self.letter = letter
        self.source = source

    def __repr__(self) -> str:
        return f"Operation({self.name})"


def _add(_: NumberSystem, first: Any, *rest: Any) -> Any:
    for value in rest:
        first = first + value
    return first


def _sigmoid(m: NumberSystem, x: Any) -> Any:
    # exp of a negative number only, so that nothing overflows
    small = m.exp(-m.absolute(x))
    return m.where(x >= 0, 1 / (1 + small), small / (1 + small))


def _softplus(m: NumberSystem, x: Any) -> Any:
    return m.where(x > 0, x, m.number(0)) + m.log1p(m.exp(-m.absolute(x)))


def _step(m: NumberSystem, x: Any, at0: Any = 0, of: str = "") -> Any:
    del of  # which convention the value at 0 follows
    return m.where(x > 0, m.number(1), m.where(x < 0, m.number(0), m.number(at0)))


def _sign(m: NumberSystem, x: Any, at0: Any = 0) -> Any:
    return m.where(x > 0, m.number(1), m.where(x < 0, m.number(-1), m.number(at0)))


def _times_log(name: str, base: int = 0) -> Operation:
    """x·log(y), which is 0 where x is 0, whatever y is: so entropies mean it."""

    def compute(m: NumberSystem, x: Any, y: Any) -> Any:
        logarithm = m.log(m.where(x == 0, m.number(1), y))
        return x * logarithm / m.log(m.number(base)) if base else x * logarithm

    def by_y(_: Any, x: Any, y: Any) -> Any:
        quotient = x.fn("xdivy", y)
        return quotient / x.number(base).fn("log") if base else quotient

    logarithm = f"log{base or ''}"
    by_x: Rule = lambda _, x, y: y.fn(logarithm)  # noqa: ARG005, E731  (a rule like the others)
    return Operation(name, compute, arity=2, partials=(by_x, by_y), kind=ARITHMETIC, letter="u")


def _no_quotient_of_zeros(m: NumberSystem, x: Any, y: Any) -> Any:
    return x / m.where(x == 0, m.number(1), y)


def _whole(x: Any) -> Any:
    # decimals divide towards 0, the other numbers downwards
    whole = x // 1
    return whole - (whole > x)


def _log_base(base: int) -> Compute:
    return lambda m, x: m.log(x) / m.log(m.number(base))


def _test(name: str, compare: Callable[[Any, Any], Any]) -> Operation:
    return Operation(
        name,
        lambda m, a, b: m.where(compare(a, b), m.number(1), m.number(0)),
        arity=2,
        partials=(lambda *_: 0, lambda *_: 0),
        kind=TEST,
        kink=compare,
        exact=True,
        letter="c",
    )


_ROWS: Final = (
    Operation("add", _add, arity=None, partials=(lambda *_: 1,), kind=ARITHMETIC, exact=True),
    Operation(
        "sub",
        lambda _, a, b: a - b,
        arity=2,
        partials=(lambda *_: 1, lambda *_: -1),
        kind=ARITHMETIC,
        exact=True,
    ),
    Operation(
        "mul",
        lambda _, a, b: a * b,
        arity=2,
        partials=(lambda _, a, b: b, lambda _, a, b: a),  # noqa: ARG005
        kind=ARITHMETIC,
        exact=True,
        letter="u",
    ),
    Operation(
        "div",
        lambda _, a, b: a / b,
        arity=2,
        partials=(lambda _, a, b: 1 / b, lambda _, a, b: -a / b**2),  # noqa: ARG005
        kind=ARITHMETIC,
        exact=True,
        letter="q",
    ),
    Operation(
        "neg",
        lambda _, a: -a,
        partials=(lambda *_: -1,),
        kind=ARITHMETIC,
        exact=True,
    ),
    Operation(
        "pow",
        lambda m, a, b: m.power(a, b),
        arity=2,
        partials=(lambda _, a, b: b * a ** (b - 1), lambda y, a, b: y * a.fn("log")),  # noqa: ARG005
        kind=ARITHMETIC,
        exact=True,
        letter="p",
    ),
    Operation("exp", lambda m, x: m.exp(x), partials=(lambda y, _: y,), letter="e"),
    Operation("log", lambda m, x: m.log(x), partials=(lambda _, x: 1 / x,), letter="l"),
    Operation(
        "log2",
        _log_base(2),
        partials=(lambda _, x: 1 / (x * x.number(2).fn("log")),),
        letter="l",
    ),
    Operation(
        "log10",
        _log_base(10),
        partials=(lambda _, x: 1 / (x * x.number(10).fn("log")),),
        letter="l",
    ),
    _times_log("xlogy"),
    _times_log("xlog2y", 2),
    _times_log("xlog10y", 10),
    # x/y, which is 0 where x is 0: the slope of x·log(y)
    Operation(
        "xdivy",
        _no_quotient_of_zeros,
        arity=2,
        partials=(
            lambda _, x, y: 1 / y,  # noqa: ARG005
            lambda q, x, y: -q.fn("xdivy", y),  # noqa: ARG005
        ),
        kind=ARITHMETIC,
        exact=True,
        letter="q",
    ),
    Operation("sqrt", lambda m, x: m.sqrt(x), partials=(lambda y, _: 1 / (2 * y),), letter="r"),
    Operation("sin", lambda m, x: m.sin(x), partials=(lambda _, x: x.fn("cos"),)),
    Operation("cos", lambda m, x: m.cos(x), partials=(lambda _, x: -x.fn("sin"),)),
    Operation(
        "erf",
        lambda m, x: m.erf(x),
        # the factor is 2/sqrt(pi)
        partials=(lambda _, x: 1.1283791670955126 * (-(x**2)).fn("exp"),),
    ),
    Operation(
        "abs",
        lambda m, x: m.absolute(x),
        partials=(lambda _, x: x.fn("sign"),),
        kink=lambda x: x > 0,
        exact=True,
    ),
    Operation(
        "sigmoid",
        _sigmoid,
        partials=(lambda y, _: y * (1 - y),),
        kind=ACTIVATION,
        letter="s",
        source="sigma'(z) = sigma(z)(1 - sigma(z))",
    ),
    Operation(
        "tanh",
        lambda m, x: m.tanh(x),
        partials=(lambda y, _: 1 - y**2,),
        kind=ACTIVATION,
        letter="t",
    ),
    Operation(
        "relu",
        lambda m, x: m.where(x > 0, x, m.number(0)),
        partials=(lambda _, x: x.fn("step", of="relu"),),
        kind=ACTIVATION,
        kink=lambda x: x > 0,
        exact=True,
        letter="r",
    ),
    Operation(
        "softplus",
        _softplus,
        partials=(lambda _, x: x.fn("sigmoid"),),
        kind=ACTIVATION,
        letter="s",
    ),
    Operation(
        "step",
        _step,
        partials=(lambda *_: 0,),
        kind=ACTIVATION,
        kink=lambda x, **_: x > 0,
        exact=True,
    ),
    Operation(
        "sign",
        _sign,
        partials=(lambda *_: 0,),
        kind=ACTIVATION,
        kink=lambda x, **_: x > 0,
        exact=True,
    ),
    Operation(
        "floor",
        lambda m, x: m.floor(x),
        partials=(lambda *_: 0,),
        kink=_whole,
        exact=True,
    ),
    # The identity only gives a value a second name.
    Operation("identity", lambda _, x: x, partials=(lambda *_: 1,), kind=ARITHMETIC, exact=True),
    Operation(
        "maximum",
        lambda m, a, b: m.maximum(a, b),
        arity=2,
        partials=(
            lambda _, a, b: (a - b).fn("step", of="first"),
            lambda _, a, b: (b - a).fn("step", of="second"),
        ),
        kink=lambda a, b: a > b,
        exact=True,
        letter="m",
    ),
    Operation(
        "minimum",
        lambda m, a, b: m.minimum(a, b),
        arity=2,
        partials=(
            lambda _, a, b: (b - a).fn("step", of="first"),
            lambda _, a, b: (a - b).fn("step", of="second"),
        ),
        kink=lambda a, b: a > b,
        exact=True,
        letter="m",
    ),
    Operation(
        "where",
        lambda m, c, a, b: m.where(c != 0, a, b),
        arity=3,
        partials=(lambda *_: 0, lambda _, c, a, b: c, lambda _, c, a, b: 1 - c),  # noqa: ARG005
        kind=ACTIVATION,
        exact=True,
        letter="v",
    ),
    _test("lt", lambda a, b: a < b),
    _test("le", lambda a, b: a <= b),
    _test("gt", lambda a, b: a > b),
    _test("ge", lambda a, b: a >= b),
    _test("eq", lambda a, b: a == b),
    _test("ne", lambda a, b: a != b),
)

OPERATIONS: Final[Mapping[str, Operation]] = {row.name: row for row in _ROWS}

# The names under which people write the operations.
ALIASES: Final[Mapping[str, str]] = {
    "σ": "sigmoid", "sigma": "sigmoid", "logistic": "sigmoid", "sig": "sigmoid", "s": "sigmoid",
    "ln": "log", "ReLU": "relu", "Relu": "relu", "RELU": "relu", "heaviside": "step",
    "sgn": "sign", "linear": "identity", "φ": "sigmoid", "fabs": "abs", "Tanh": "tanh",
    "Sigmoid": "sigmoid", "th": "tanh", "lg": "log10", "sum_": "sum", "Softmax": "softmax",
    "average": "mean", "avg": "mean", "dot": "matmul", "log_2": "log2", "power": "pow",
    "multiply": "mul", "T": "transpose", "concatenate": "concat",
    "Σ": "sum", "∑": "sum", "Π": "prod", "∏": "prod", "product": "prod",
}  # fmt: skip
