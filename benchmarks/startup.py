"""Whole processes against the imports that a command line of this kind cannot avoid."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path

from measure import ratios, report

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = [sys.executable, "-c", "import numpy, typer, rich.console, yaml"]
HWSOLVE = [sys.executable, "-m", "hwsolve"]
COMMANDS = {
    "hwsolve run problems/t1.yaml": ["run", str(ROOT / "problems" / "t1.yaml")],
    "hwsolve --help": ["--help"],
    "hwsolve flops": ["flops", "--in", "50x12x12", "--k", "4", "--s", "2", "--p", "1"],
}


def run(command: list[str]) -> None:
    """Run a command to its end; what it prints is read and thrown away."""
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603  (our own commands)


def main() -> int:
    """Time each command in turn with the reference."""
    reference = partial(run, REFERENCE)
    good = [
        report(name, ratios(partial(run, [*HWSOLVE, *arguments]), reference, 15), 0.9)
        for name, arguments in COMMANDS.items()
    ]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
