"""Adaptive pooling: as many windows as the output is long, spread evenly.

Window i reads the rows from floor(i n/m) to ceil((i + 1) n/m) (PyTorch,
`AdaptiveAvgPool2d`); all m of them read n + m - gcd(n, m) rows of n.
"""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING

from hwsolve.expr.tree import Expr, Sym
from hwsolve.nets.exact import times, whole
from hwsolve.nets.layer import Line, Request, Rule
from hwsolve.nets.letters import InLetters
from hwsolve.nets.sizes import Window, of_kind
from hwsolve.nets.sliding import CHANNELS, OUTPUTS
from hwsolve.nets.windows import each_axis, map_size

if TYPE_CHECKING:
    from hwsolve.nets.sizes import Size


def adaptive_average(request: Request) -> Rule:
    """The mean of each window."""
    rule, reads = _adaptive(request)
    return rule._replace(operations={"additions": reads - OUTPUTS, "divisions": OUTPUTS})


def adaptive_max(request: Request) -> Rule:
    """The largest value of each window."""
    rule, reads = _adaptive(request)
    return rule._replace(operations={"comparisons": reads - OUTPUTS})


def _adaptive(request: Request) -> tuple[Rule, Expr]:
    """The sizes of an adaptive pooling, and how many values its windows read together."""
    channels, *sides = map_size(request)
    axes = len(sides)
    outs: Size = each_axis(request, "output_size", axes, (1,) * axes)
    sizes = {"C": channels}
    names = ("",) if len({*zip(sides, outs, strict=True)}) == 1 else _SUFFIXES[axes]
    lines: list[Line] = []
    for name, n, m in zip(names, sides, outs, strict=False):
        sizes[f"n{name}"], sizes[f"m{name}"] = n, m
        common = _common(request, n, m)
        sizes[f"r{name}"] = n + m - common
        if common == m:
            lines.append(Line(f"r{name}", Sym(f"n{name}"), "windows of n/m rows side by side"))
        else:
            formula = Sym(f"n{name}") + Sym(f"m{name}") - common
            lines.append(
                Line(f"r{name}", formula, f"cells that all windows read: n + m - gcd({n}, {m})")
            )
    each = names * axes if len(names) == 1 else names
    reads = times(CHANNELS, *[Sym(f"r{name}") for name in each])
    outputs = Line("outputs", times(CHANNELS, *[Sym(f"m{name}") for name in each]))
    sizes["outputs"] = whole(outputs.formula, sizes)
    even = all(n % m == 0 for n, m in zip(sides, outs, strict=True))
    windows = tuple(
        [Window(n, n // m, n // m, 1, 0, 0, m) for n, m in zip(sides, outs, strict=True)]
    )
    rule = Rule(
        output=of_kind(request.inputs[0], (channels, *outs)),
        sizes=sizes,
        lines=(*lines, outputs),
        connections=reads,
        windows=windows if even else None,
        unseen="" if even else "its windows differ in size",
    )
    return rule, reads


_SUFFIXES = {1: ("",), 2: ("_h", "_w"), 3: ("_z", "_h", "_w")}


def _common(request: Request, length: int, out: int) -> int:
    """The greatest common divisor, which letters have only where one divides the other."""
    if not (isinstance(length, InLetters) or isinstance(out, InLetters)):
        return gcd(length, out)
    if length % out == 0:
        return out
    raise request.error(
        f"in letters {request.shown(request.inputs[0])} cannot be pooled to {out}", "output_size",
        "write numbers, or an output that divides the input",
    )  # fmt: skip
