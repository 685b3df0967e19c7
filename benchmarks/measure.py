"""Pairs of timings, and what is printed about them."""

from __future__ import annotations

import statistics
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def seconds(action: Callable[[], object]) -> float:
    """How long an action takes, by the wall clock."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def ratios(
    action: Callable[[], object], reference: Callable[[], object], rounds: int
) -> list[float]:
    """The ratio of two actions, timed in turn, after one round to warm up."""
    found = []
    for number in range(rounds + 1):
        ratio = seconds(action) / seconds(reference)
        if number:
            found.append(ratio)
    return found


def report(name: str, found: list[float], bound: float) -> bool:
    """Print the median, the range and the bound; whether the median is within it."""
    median = statistics.median(found)
    within = median <= bound
    sys.stdout.write(
        f"{name:<44} {median:6.2f}  ({min(found):.2f} to {max(found):.2f})  "
        f"bound {bound:g}  {'ok' if within else 'MISSED'}\n"
    )
    sys.stdout.flush()
    return within
