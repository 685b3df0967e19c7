"""`hwsolve check` on 1,000 small problems against parsing the same files with libyaml."""

from __future__ import annotations

import contextlib
import io
import random
import sys
import tempfile
from functools import partial
from pathlib import Path

import yaml
from measure import ratios, report

FILES = 1_000
TEMPLATE = """\
kind: graph
title: Residual connection {number}
given: {{x0: {x0}, w0: {w0}, w1: {w1}, b0: {b0}, b1: {b1}}}
equations:
  - x1 = relu(x0*w0 + b0)
  - y1 = x1*w1 + b1
  - z = relu(y1 + x0)
find: [z, dz/dw0, dz/dw1, dz/db0, dz/db1]
answers: {{z: {z:.4f}, dz/dw0: {dw0:.4f}, dz/dw1: {dw1:.4f}, dz/db0: {db0:.4f}, dz/db1: {db1}}}
"""


def problem(number: int, generator: random.Random) -> str:
    """A residual block with random values, and its answers by a formula of its own."""
    x0, w0, w1, b0, b1 = (round(generator.uniform(-1, 1), 2) for _ in range(5))
    before = x0 * w0 + b0
    x1 = max(before, 0)
    after = x1 * w1 + b1 + x0
    first, second = int(before > 0), int(after > 0)
    return TEMPLATE.format(
        number=number,
        x0=x0,
        w0=w0,
        w1=w1,
        b0=b0,
        b1=b1,
        z=max(after, 0),
        dw0=second * w1 * first * x0,
        dw1=second * x1,
        db0=second * w1 * first,
        db1=second,
    )


def parse(files: list[Path]) -> None:
    """What any reader of these files has to do."""
    for file in files:
        with file.open(encoding="utf-8") as text:
            yaml.load(text, Loader=yaml.CSafeLoader)


def check(folder: Path) -> None:
    """The command itself, in this process, without the start of Python."""
    from hwsolve.cli.app import run

    with contextlib.redirect_stdout(io.StringIO()):
        code = run(["check", str(folder)])
    if code:
        sys.exit("the problems of the benchmark do not pass their check")


def main() -> int:
    """Write the files, then time both in turn."""
    generator = random.Random(20240501)  # noqa: S311  (test data)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = [folder / f"p{number:04}.yaml" for number in range(FILES)]
        for number, file in enumerate(files):
            file.write_text(problem(number, generator), encoding="utf-8")
        found = ratios(partial(check, folder), partial(parse, files), 7)
    return 0 if report(f"hwsolve check on {FILES:,} files", found, 12) else 1


if __name__ == "__main__":
    sys.exit(main())
