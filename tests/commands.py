"""The command line in a process of its own, and a problem to give it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]

RESIDUAL = """\
kind: graph
title: Residual connection
given: {x0: 1.0, w0: 0.5, w1: -0.2, b0: 0.1, b1: 0.15}
equations:
  - x1 = relu(x0*w0 + b0)
  - y1 = x1*w1 + b1
  - z = relu(y1 + x0)
find: [z, dz/dw0, dz/dw1, dz/db0, dz/db1]
answers: {z: 1.03, dz/dw0: -0.2, dz/dw1: 0.6, dz/db0: -0.2, dz/db1: 1}
"""


class Ran(NamedTuple):
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str


def environment(**changes: str | None) -> dict[str, str]:
    """The environment of a process whose output depends on nothing but `changes`."""
    chosen = {
        name: value
        for name, value in os.environ.items()
        if name not in {"NO_COLOR", "FORCE_COLOR", "TERM", "PYTHONIOENCODING", "HWSOLVE_TRACEBACK"}
        and not name.startswith(("LC_", "_HWSOLVE"))
    }
    paths = [str(ROOT), chosen.get("PYTHONPATH", "")]
    chosen |= {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "COLUMNS": "80"}
    chosen |= {"LANG": "C.UTF-8", "TERM": "xterm"}
    return {name: value for name, value in (chosen | changes).items() if value is not None}


def command(*arguments: str) -> list[str]:
    """The command `hwsolve` with these arguments, for a process of its own."""
    return [sys.executable, "-m", "hwsolve", *arguments]


def process(
    *arguments: str, stdin: bytes = b"", cwd: Path | None = None, **changes: str | None
) -> Ran:
    """Run `hwsolve` in a process of its own, with changes to the environment."""
    ran = subprocess.run(
        command(*arguments),
        input=stdin,
        capture_output=True,
        check=False,
        cwd=cwd,
        env=environment(**changes),
        timeout=120,
    )
    encoding = "utf-8"
    return Ran(ran.returncode, ran.stdout.decode(encoding), ran.stderr.decode(encoding))
