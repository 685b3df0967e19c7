"""Work measured by the number of calls of Python functions: the same on every machine."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType


@contextmanager
def counted_calls() -> Iterator[Callable[[], int]]:
    """Count the calls of functions written in Python while the block runs."""
    count = 0

    def note(_: FrameType, event: str, __: Any) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield lambda: count
    finally:
        sys.setprofile(before)


def calls(action: Callable[[], object]) -> int:
    """The number of calls that an action makes."""
    with counted_calls() as count:
        action()
    return count()
