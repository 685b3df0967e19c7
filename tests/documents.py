"""A solution made by hand that has a bit of everything, for the tests of renderers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsolve.expr.parser import parse_expression
from hwsolve.expr.tree import Num as Leaf
from hwsolve.solution import (
    Answer,
    Certificate,
    Column,
    Convention,
    Num,
    Section,
    Solution,
    Step,
    Table,
    Text,
)

if TYPE_CHECKING:
    from hwsolve.expr.tree import Value


def step(name: str, *forms: str, value: Value | None = None, reason: str = "") -> Step:
    """A step from texts."""
    tree = parse_expression(name) if name else None
    return Step(tree, tuple(parse_expression(form) for form in forms), value, reason)


LAYERS = Table(
    (Column("layer"), Column("working"), Column("output", "right"), Column("parameters", "right")),
    (
        ("C1", parse_expression("6*(5*5*1 + 1)"), Num((6, 28, 28)), Num(156)),
        ("S2", None, Num((6, 14, 14)), Num(0)),
        ("C3", parse_expression("16*(5*5*6 + 1)"), Num((16, 10, 10)), Num(2416)),
        ("C5", "fully connected", Num((120,)), Num(48120)),
    ),
    ("total", None, None, Num(50692)),
    "Sizes and parameters",
)

SMALL = Solution(
    "A neuron and a skip connection",
    "graph",
    statement="Find z and its derivatives.\nUse the chain rule.\n\n- first by hand\n- then check",
    source="exercise 1",
    given=(
        step("x0", value=1.0),
        step("w0", value=0.5),
        step("w1", value=-0.123456789),
        step("W", value=[[0.15, 0.2], [-10, 3]]),
    ),
    conventions=(
        Convention("relu_at_0", "0", "the slope of ReLU at 0 is 0"),
        Convention("log", "2", "log is the logarithm to the base 2", "problem"),
    ),
    sections=(
        Section(
            "Forward",
            (
                step("u0", "x0*w0", "1*0.5", value=0.5),
                step("a1", "relu(u0)", "relu(0.5)", value=0.5, reason="u0 > 0"),
                step("s1", "sigmoid(a1)", "sigmoid(0.5)", value=0.6224593312018546),
                Step(
                    parse_expression("z"),
                    (
                        parse_expression("(s1 - y)^2"),
                        (Leaf(0.6224593312018546) - Leaf(1)) ** Leaf(2),
                    ),
                    0.14253695659655097,
                ),
                step("V", "W.T", value=[[0.15, -10], [0.2, 3]]),
            ),
            detail="short",
        ),
        Section(
            "Gradients",
            (
                Text(("The path has ", Num(12345), " and ", parse_expression("dz/da1"), ".")),
                step(
                    "dz/dw0",
                    "dz/ds1*ds1/da1*da1/du0*du0/dw0*dz/ds1*ds1/da1*da1/du0*du0/dw0",
                    "1*1*1*0.25*1*1*1*0.25",
                    value=0.0625,
                ),
                step("dz/dw1", "dz/ds1", value=None, reason="nothing else depends on it"),
            ),
        ),
        Section("Counting", (LAYERS,)),
    ),
    answers=(
        Answer("z", 0.14253695659655097),
        Answer("dz/dw0", 0.0625, note="exactly"),
        Answer("parameters", 50692, unit="numbers"),
        Answer("V", [[0.15, -10], [0.2, 3]]),
    ),
    certificates=(
        Certificate("z", "exact fractions", proved=True, trials=1),
        Certificate("dz/dw0", "central differences", proved=False, trials=2, worst=3.14159e-11),
        Certificate("dz/dw1", "central differences", proved=False, trials=2, worst=1e-12),
    ),
    warnings=("z does not depend on w9, so dz/dw9 is 0",),
)
