"""Counting ResNet-50 from its file against fvcore, and 10,000 layers in linear time.

The references need PyTorch and fvcore (`pip install torch fvcore` into an environment of
their own, whose Python is given as the argument); without it only the last part runs.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from functools import partial
from pathlib import Path

from measure import ratios, report

from hwsolve.problem.reader import read_problem, read_text
from hwsolve.solvers import solve

HERE = Path(__file__).resolve().parent
RESNET = HERE.parent / "problems" / "architectures" / "resnet50.yaml"
REFERENCE = HERE / "fvcore_resnet50.py"
PARAMS, MACS = 25_557_032, 4_089_184_256
# fvcore counts two operations for each value that a batch normalisation makes as well, and
# those of the last pooling: 11,113,984 values and 2048 of 7x7
FVCORE = MACS + 2 * 11_113_984 + 2048 * 49
ROUNDS = 5
LONG, SHORT = 10_000, 2_500
_TIMED = """
import statistics, sys, time
sys.path.insert(0, {folder!r})
from fvcore_resnet50 import counter
count = counter()
count()
found = []
for _ in range(5):
    start = time.perf_counter()
    count()
    found.append(time.perf_counter() - start)
print(statistics.median(found))
"""


def _run(*command: str) -> str:
    # modules are compiled once, as they are for whoever installs a package
    ours = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=ours)  # noqa: S603  (our own commands)
    return done.stdout


def _count(text: str) -> None:
    solve(read_text(text, "net.yaml"), document=False)


def chain(length: int) -> str:
    """A network of `length` layers, half of them convolutions."""
    lines = "  - conv 16 3x3 p1\n  - relu\n" * (length // 2)
    return f"kind: architecture\ninput: 16x8x8\nlayers:\n{lines}find: [total.params, total.macs]\n"


def _in_process() -> float:
    """The median time, in seconds, to count ResNet-50 from its text."""
    import time

    text = RESNET.read_text(encoding="utf-8")
    found = []
    for number in range(ROUNDS + 1):
        start = time.perf_counter()
        _count(text)
        if number:
            found.append(time.perf_counter() - start)
    return statistics.median(found)


def _against_fvcore(python: str) -> list[bool]:
    counted, params = map(int, _run(python, str(REFERENCE)).split())
    answers = {a.name: a.value for a in solve(read_problem(str(RESNET)), document=False).answers}
    if (counted, params) != (FVCORE, PARAMS) or answers["total.params"] != PARAMS:
        sys.stdout.write(f"the counts differ: {counted}, {params} against {FVCORE}, {answers}\n")
        return [False]
    own = partial(_run, sys.executable, "-m", "hwsolve", "run", str(RESNET))
    theirs = partial(_run, python, str(REFERENCE))
    whole = report("ResNet-50, whole process, against fvcore", ratios(own, theirs, ROUNDS), 0.1)
    timed = float(_run(python, "-c", _TIMED.format(folder=str(HERE))))
    return [whole, report("ResNet-50, in one process", [_in_process() / timed], 0.02)]


def main() -> int:
    """Print the ratios; 1 if one is above its bound."""
    good: list[bool] = []
    if len(sys.argv) > 1:
        good += _against_fvcore(sys.argv[1])
    else:
        sys.stdout.write("no Python with torch and fvcore is given: they are left out\n")
    found = ratios(partial(_count, chain(LONG)), partial(_count, chain(SHORT)), 3)
    good.append(report(f"{LONG:,} layers against {SHORT:,}", found, 6))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
