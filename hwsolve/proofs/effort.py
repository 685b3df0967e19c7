"""How much work may go into a question, counted in steps: the same on a busy machine."""

from __future__ import annotations

from time import process_time
from typing import Final

# A step is about a microsecond on an idle machine, and never so long as this.
SECONDS_A_STEP: Final = 4e-6

# What is done, in steps for each number that is worked out.
FLOAT: Final = 1
CERTAIN: Final = 30
RANGE: Final = 80


class Effort:
    """Work that may still be done.

    The clock, which stands still while others run, only stops what takes several times as
    long as its steps should.

    Args:
        steps: how many steps there are; endless by default.
    """

    __slots__ = ("_end", "left")

    def __init__(self, steps: float = float("inf")) -> None:
        self.left = steps
        self._end = process_time() + steps * SECONDS_A_STEP

    def spend(self, steps: float) -> None:
        """Count work that is done."""
        self.left -= steps

    @property
    def over(self) -> bool:
        """Whether no work is left."""
        return self.left <= 0 or process_time() > self._end
