"""A program of numbers as one Python function: straight-line code on local variables.

The code is put together from the templates below and the numbers of values; no text
of a problem enters it, and it runs without builtins.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from hwsolve.expr.compiled_program import row_named
from hwsolve.expr.systems import FLOATS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hwsolve.expr.compiled_program import Program

# The code of each operation on numbers, with its arguments as {0}, {1}, ...
TEMPLATES: Final = {
    "sub": "{0} - {1}",
    "mul": "{0} * {1}",
    "div": "{0} / {1}",
    "neg": "-{0}",
    "square": "{0} * {0}",
    "pow": "power({0}, {1})",
    "exp": "exp({0})",
    "log": "log({0})",
    "log1p": "log1p({0})",
    "log2": "log({0}) / 0.6931471805599453",
    "log10": "log({0}) / 2.302585092994046",
    "sqrt": "sqrt({0})",
    "sin": "sin({0})",
    "cos": "cos({0})",
    "erf": "erf({0})",
    "abs": "fabs({0})",
    "tanh": "tanh({0})",
    # an exponential that overflows is left to the evaluation step by step
    "sigmoid": "1.0 / (1.0 + exp(-{0}))",
    "softplus": "({0} if {0} > 0.0 else 0.0) + log1p(exp(-fabs({0})))",
    "relu": "{0} if {0} > 0.0 else 0.0",
    "sign": "1.0 if {0} > 0.0 else -1.0 if {0} < 0.0 else 0.0",
    "floor": "floor({0})",
    "maximum": "{1} if {1} > {0} else {0}",
    "minimum": "{1} if {1} < {0} else {0}",
    "where": "{1} if {0} != 0.0 else {2}",
    "lt": "1.0 if {0} < {1} else 0.0",
    "le": "1.0 if {0} <= {1} else 0.0",
    "gt": "1.0 if {0} > {1} else 0.0",
    "ge": "1.0 if {0} >= {1} else 0.0",
    "eq": "1.0 if {0} == {1} else 0.0",
    "ne": "1.0 if {0} != {1} else 0.0",
}

NAMES: Final[dict[str, Any]] = {
    "exp": math.exp,
    "log": math.log,
    "log1p": math.log1p,
    "sqrt": math.sqrt,
    "sin": math.sin,
    "cos": math.cos,
    "erf": math.erf,
    "fabs": math.fabs,
    "tanh": math.tanh,
    "floor": FLOATS.floor,
    "power": FLOATS.power,
    "OverflowError": OverflowError,
    "sum": sum,
}

# Infinity and nan can vanish in these: what enters them is looked at.
_HIDING: Final = frozenset(
    {
        "call", "div", "pow", "exp", "erf", "tanh", "sigmoid", "softplus", "relu", "sign",
        "step", "maximum", "minimum", "where", "lt", "le", "gt", "ge", "eq",
        "ne",
    }
)  # fmt: skip
# These are finite whatever enters them, or raise an error by themselves.
_FINITE: Final = frozenset(
    {
        "given", "constant", "pow", "exp", "log", "log1p", "sin", "cos", "erf",
        "tanh", "sigmoid", "sign", "floor", "step", "lt", "le", "gt", "ge",
        "eq", "ne",
    }
)  # fmt: skip
# Where an argument stands more than once in a template it gets a variable.
_ONCE: Final = frozenset(name for name, text in TEMPLATES.items() if text.count("{0}") == 1) - {
    "maximum",
    "minimum",
    "where",
}
LONGEST_LINE: Final = 160
MOST_TERMS: Final = 40


def number_code(op: str, settings: tuple[Any, ...], args: Sequence[str]) -> str:
    """The Python expression of an operation on numbers."""
    if op == "add":
        return " + ".join(args)
    if op == "step":
        (at0,) = settings
        other = "0.0" if at0 == 0 else f"0.0 if {args[0]} < 0.0 else {at0!r}"
        return f"1.0 if {args[0]} > 0.0 else {other}"
    return TEMPLATES[op].format(*args)


def literal(value: float) -> str:
    """A number as code; a negative one in brackets."""
    return f"({value!r})" if value < 0 or repr(value)[0] == "-" else repr(value)


def function_of_numbers(
    p: Program, arguments: Sequence[int | list[int]]
) -> Callable[[Sequence[Any]], tuple[float, ...]]:
    """The compiled function: the values of arguments, in order, to the wanted numbers.

    An argument is a given node, or a list of them for a list of values. The function
    raises an ArithmeticError or a ValueError where a step has no finite value.
    """
    names = dict(NAMES)
    lines = _lines(p, names)

    def variable(node: int) -> str:
        # what nothing depends on is thrown away
        return f"v{p.given[node]}" if node in p.given else "_"

    header = ["def run(values):"]
    if arguments:
        targets = [
            f"({', '.join(map(variable, each))},)" if isinstance(each, list) else variable(each)
            for each in arguments
        ]
        header.append(f"    {', '.join(targets)}, = values")
    code = "\n".join([*header, *(f"    {line}" for line in lines)])
    space: dict[str, Any] = {"__builtins__": {}, **names}
    exec(compile(code, "<compiled>", "exec"), space)  # noqa: S102  (code of our own templates)
    run: Callable[[Sequence[Any]], tuple[float, ...]] = space["run"]
    return run


def _lines(p: Program, names: dict[str, Any]) -> list[str]:
    uses = [0] * len(p)
    hidden = watched(p)
    for value, args in enumerate(p.args):
        for arg in args:
            uses[arg] += 1 if p.ops[value] in _ONCE or p.ops[value] == "add" else 2
    for value in p.wanted:
        uses[value] += 1
    texts: list[str] = []
    lines: list[str] = []
    for value, op in enumerate(p.ops):
        if op == "given":
            texts.append(f"v{value}")
        elif op == "constant":
            texts.append(literal(p.settings[value][0]))
        else:
            text = _code(p, value, [texts[arg] for arg in p.args[value]], names, lines)
            if uses[value] == 1 and value not in hidden and len(text) <= LONGEST_LINE:
                texts.append(f"({text})")
            else:
                lines.append(f"v{value} = {text}")
                texts.append(f"v{value}")
    lines.append(f"results = ({''.join(f'{texts[value]}, ' for value in p.wanted)})")
    lines.append("t = sum(results)")
    lines.extend(look_at("t", [f"v{value}" for value in hidden]))
    lines.append("return results")
    return lines


def watched(p: Program) -> dict[int, None]:
    """The numbers that may be infinite where nobody would see it afterwards."""
    found: dict[int, None] = {}
    for value, args in enumerate(p.args):
        if p.ops[value] in _HIDING or p.shapes[value]:
            for arg in args:
                if not p.shapes[arg] and p.ops[arg] not in _FINITE:
                    found[arg] = None
    return found


def look_at(total: str, names: Sequence[str]) -> list[str]:
    """The code that adds names to a total and raises an error if it is not finite then."""
    lines = [
        f"{total} = {total} + {' + '.join(names[start : start + MOST_TERMS])}"
        for start in range(0, len(names), MOST_TERMS)
    ]
    # infinity minus infinity is nan, and nan is not 0
    return [*lines, f"if {total} - {total} != 0.0: raise OverflowError"]


def _code(p: Program, value: int, args: list[str], names: dict[str, Any], lines: list[str]) -> str:
    op = p.ops[value]
    if op == "call":
        name, attributes = p.settings[value]
        compute, settings = row_named(name).compute, dict(attributes)
        names[f"c{value}"] = lambda *numbers: compute(FLOATS, *numbers, **settings)
        return f"c{value}({', '.join(args)})"
    if op == "add" and len(args) > MOST_TERMS:
        # a sum of very many terms is a formula too deep for the parser
        lines.append(f"v{value} = {' + '.join(args[:MOST_TERMS])}")
        rest = args[MOST_TERMS:]
        for start in range(0, len(rest) - MOST_TERMS, MOST_TERMS):
            part = " + ".join(rest[start : start + MOST_TERMS])
            lines.append(f"v{value} = v{value} + {part}")
        tail = (len(rest) - 1) // MOST_TERMS * MOST_TERMS
        return f"v{value} + {' + '.join(rest[tail:])}"
    return number_code(op, p.settings[value], args)
