"""Points to try: small whole numbers and simple fractions first, then random ones."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hwsolve.proofs.points import Statement

# Simple numbers, the simplest first, and how far each is from being so.
SIMPLE: Final = (
    (0, 0.0), (1, 1.0), (2, 1.5), (-1, 2.0), (3, 2.0), (Fraction(1, 2), 2.5), (-2, 3.0),
    (4, 3.0), (Fraction(-1, 2), 3.5), (5, 3.5), (Fraction(1, 3), 4.0), (-3, 4.0),
)  # fmt: skip


def exact_points(statement: Statement, tries: int) -> Iterator[tuple[dict[int, Any], float]]:
    """Points of simple numbers with their weight, roughly the simplest first."""
    entries = [(leaf, at) for leaf in statement.leaves for at in range(statement.size(leaf))]
    count = len(entries)
    source = random.Random(count)  # noqa: S311  (repeatable, not secret)
    patterns: list[list[int]] = [[choice] * count for choice in range(4)]
    for position in range(min(count, 24)):
        for ground, spike in ((0, 1), (1, 0), (1, 2), (0, 2)):
            pattern = [ground] * count
            pattern[position] = spike
            patterns.append(pattern)
    patterns.append([1 + position % 4 for position in range(count)])
    for number in range(tries):
        reach = 3 + number * (len(SIMPLE) - 3) // tries
        patterns.append([source.randrange(reach) for _ in range(count)])
    seen = set()
    ranked = []
    for pattern in patterns[: 2 * tries]:
        key = tuple(pattern)
        if key not in seen:
            seen.add(key)
            ranked.append((sum(SIMPLE[choice][1] for choice in pattern), key))
    ranked.sort(key=lambda pair: pair[0])
    for weight, chosen in ranked[:tries]:
        numbers = dict(zip(entries, (SIMPLE[choice][0] for choice in chosen), strict=True))
        if any(numbers[leaf, at] <= 0 for leaf, at in entries if leaf in statement.positive):
            continue
        yield _point(statement, numbers), weight


def random_points(statement: Statement, count: int, seed: int) -> Iterator[dict[int, Any]]:
    """Random floats of several sizes; positive where an assumption says so."""
    source = random.Random(seed)  # noqa: S311  (repeatable, not secret)
    for number in range(count):
        spread = (0.5, 1.0, 3.0)[number % 3]
        numbers = {}
        for leaf in statement.leaves:
            for at in range(statement.size(leaf)):
                value = source.gauss(0, spread)
                numbers[leaf, at] = abs(value) + 1e-3 if leaf in statement.positive else value
        yield _point(statement, numbers)


def _point(statement: Statement, numbers: dict[tuple[int, int], Any]) -> dict[int, Any]:
    point: dict[int, Any] = {}
    for leaf in statement.leaves:
        shape = statement.graph.shapes[leaf]
        flat = [numbers[leaf, at] for at in range(statement.size(leaf))]
        point[leaf] = _nested(flat, shape) if shape else flat[0]
    return point


def _nested(flat: list[Any], shape: tuple[int, ...]) -> Any:
    if len(shape) == 1:
        return flat
    step = len(flat) // shape[0]
    return [_nested(flat[k * step : (k + 1) * step], shape[1:]) for k in range(shape[0])]
