"""A chain of 100,000 operations: values, gradients and certificate, in linear time."""

from __future__ import annotations

import sys
from functools import partial

from measure import ratios, report

from hwsolve.problem.reader import read_text
from hwsolve.solvers import solve

LONG, SHORT = 100_000, 25_000


def chain(length: int) -> str:
    """A problem of `length` equations, each an operation on the one before."""
    formulas = ("x{}*w", "tanh(x{})", "x{} + b", "sin(x{})")
    lines = "\n".join(
        f"  - x{number + 1} = {formulas[number % 4].format(number)}" for number in range(length)
    )
    return (
        f"kind: graph\ngiven: {{x0: 0.5, w: 1.001, b: 0.01}}\nequations:\n{lines}\n"
        f"find: [x{length}, dx{length}/dw, dx{length}/db]\n"
    )


def run(text: str) -> None:
    """Read and solve, as `hwsolve run --working none` does."""
    solve(read_text(text, "chain.yaml"), document=False)


def main() -> int:
    """Time the long chain in turn with a quarter of it."""
    found = ratios(partial(run, chain(LONG)), partial(run, chain(SHORT)), 3)
    return 0 if report(f"{LONG:,} operations against {SHORT:,}", found, 6) else 1


if __name__ == "__main__":
    sys.exit(main())
