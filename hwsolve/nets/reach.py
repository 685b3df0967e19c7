"""What of a map lies under a window, where the window reaches over an edge.

Rounding up lets the last window reach over the edge, and nothing is read there: there
are no cells (PyTorch's pooling clips such windows). Cells of the padding are counted
or skipped by convention.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from hwsolve.nets.letters import InLetters

if TYPE_CHECKING:
    from hwsolve.nets.sizes import Window

# So many windows that reach over an edge are looked at one by one.
MOST_PARTIAL = 200_000


class Reach(NamedTuple):
    """What all positions of a window along one axis read together.

    `cells` is the number of cells, each counted once for every position that reads it;
    `live` is the number of positions that read any at all.
    """

    cells: int
    live: int


def reach(window: Window, *, padded: bool) -> Reach | None:
    """The cells under a window along its axis; those of the padding too if `padded`.

    None where too many windows reach over an edge, or some do and the sizes are letters.
    """
    low = -window.before if padded else 0
    high = window.length + (window.after if padded else 0)
    front = min(max(-(-(low + window.before) // window.stride), 0), window.out)
    # the first position whose last cell lies behind the end
    inside = (high - window.extent + window.before) // window.stride + 1
    back = max(min(inside, window.out), front)
    partial = front + window.out - back
    if partial > MOST_PARTIAL or (partial and any(isinstance(n, InLetters) for n in window)):
        return None
    cells, live = (back - front) * window.kernel, back - front
    for position in chain(range(front), range(back, window.out)):
        start = position * window.stride - window.before
        first = max(-(-(low - start) // window.dilation), 0)
        last = min((high - 1 - start) // window.dilation, window.kernel - 1)
        cells += max(last - first + 1, 0)
        live += last >= first
    return Reach(cells, live)
