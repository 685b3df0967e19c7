"""Pairs of timings, and what is printed about them."""

from __future__ import annotations

import statistics
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def seconds(action: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """How long an action takes, by the wall clock or another one."""
    start = clock()
    action()
    return clock() - start


def ratios(
    action: Callable[[], object],
    reference: Callable[[], object],
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> list[float]:
    """The ratio of two actions, timed in turn, after one round to warm up."""
    found = []
    for number in range(rounds + 1):
        ratio = seconds(action, clock) / seconds(reference, clock)
        if number:
            found.append(ratio)
    return found


def report(name: str, found: list[float], bound: float | None) -> bool:
    """Print the median, the range and the bound; whether the median is within it."""
    median = statistics.median(found)
    within = bound is None or median <= bound
    verdict = "" if bound is None else f"bound {bound:g}  {'ok' if within else 'MISSED'}"
    sys.stdout.write(
        f"{name:<44} {median:6.2f}  ({min(found):.2f} to {max(found):.2f})  {verdict}\n"
    )
    sys.stdout.flush()
    return within
