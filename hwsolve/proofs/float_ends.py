"""Where floats of 64 bits reach the ends of a range that no real number reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hwsolve.expr.operations import OPERATIONS
from hwsolve.expr.systems import FLOATS

if TYPE_CHECKING:
    from collections.abc import Iterator

# A function, an end of its range, and the argument in whose direction the end lies.
_ENDS: Final = (
    ("sigmoid", 0.0, -1),
    ("sigmoid", 1.0, 1),
    ("tanh", -1.0, -1),
    ("tanh", 1.0, 1),
    ("exp", 0.0, -1),
    ("softplus", 0.0, -1),
    ("erf", -1.0, -1),
    ("erf", 1.0, 1),
)
_FAR: Final = 800.0


def _value(name: str, x: float) -> float:
    return float(OPERATIONS[name].compute(FLOATS, x))


def reached_from(name: str, end: float, direction: int) -> float | None:
    """The first argument, to 0.01, from which floats give just the end; None if none does."""
    low, high = 0.0, _FAR
    if _value(name, direction * high) != end:
        return None
    while high - low > 0.001:  # noqa: PLR2004  (two decimals are shown)
        middle = (low + high) / 2
        if _value(name, direction * middle) == end:
            high = middle
        else:
            low = middle
    return direction * round(high + 0.005, 2)


def ends_of(name: str) -> Iterator[str]:
    """A sentence for each end of a function that floats reach."""
    for known, end, direction in _ENDS:
        if known != name:
            continue
        start = reached_from(name, end, direction)
        if start is None:
            continue
        far = direction * _FAR
        how = "underflows to" if end == 0 else "is rounded to"
        side = "below" if direction < 0 else "above"
        yield (
            f"{name}(x) never is {end:g}, but in floats of 64 bits {name}({far:g}) {how} {end:g}, "
            f"as for every x {side} about {start:g}"
        )
