"""What the layout knows about the paper: its width, its characters, how numbers are rounded."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from hwsolve.expr.notation import text
from hwsolve.expr.tree import Apply, Expr, Num, walk
from hwsolve.render.characters import clean
from hwsolve.render.numbers import DIGITS, entries, shown

if TYPE_CHECKING:
    from hwsolve.expr.tree import Value

# A line is spans of text with the name of a style; what a style looks like is up to the painter.
Span: TypeAlias = tuple[str, str]
Line: TypeAlias = list[Span]

INDENT = 2
# So many digits tell every float from its neighbours.
ALL_DIGITS = 17
# Sentences are easier to read in lines that are not too long.
WIDEST_SENTENCE = 88


class Page(NamedTuple):
    """Where a document is written.

    Attributes:
        width: columns.
        encoding: of the output; decides which characters can be shown.
        unicode: formulas with `·`, `²` and `≈`, or in ASCII.
        screen: a terminal that a person looks at: lines may be drawn, and a formula that
            is too long is broken. Elsewhere a formula stays in one line, so that it
            can be searched for and copied, unless it is very long.
        digits: significant digits of rounded numbers.
        ties: how a number halfway between two others is rounded, "away" or "even".
        first_index: the number of the first entry of an array, as the author counts.
        given: the numbers are those that the author wrote, so a float is shown with
            all its digits and is exactly what it says.
    """

    width: int = 80
    encoding: str = "utf-8"
    unicode: bool = True
    screen: bool = False
    digits: int = DIGITS
    ties: str = "away"
    given: bool = False
    first_index: int = 0

    def words(self, words: str) -> str:
        """A text of the user or of the program, harmless and in characters that can be shown."""
        return clean(words, self.encoding)

    def number(self, value: Value, *, grouped: bool = False) -> tuple[str, bool]:
        """The text of a value, and whether it says exactly what the value is."""
        digits = max(self.digits, ALL_DIGITS) if self.given else self.digits
        text, exact = shown(value, digits, grouped=grouped, ties=self.ties)
        if self.given and not exact:
            nested = value.tolist() if hasattr(value, "tolist") else value
            exact = all(isinstance(entry, (int, float)) for entry in entries(nested))
        return (clean(text, self.encoding) if isinstance(value, str) else text), exact

    def formula(self, expr: Expr) -> tuple[str, bool]:
        """The text of a formula, and whether all numbers in it are exact."""
        exact = True

        def number(value: Value) -> str:
            nonlocal exact
            extra = _nines(value)
            if extra and not _has_difference(expr):
                extra = 0
            digits, is_exact = shown(value, self.digits + extra, ties=self.ties)
            exact = exact and is_exact
            return digits

        written = text(expr, number, unicode=self.unicode)
        return clean(written, self.encoding, name=True), exact

    def relation(self, *, exact: bool) -> str:
        """The sign between two things that are equal, or equal but for rounding."""
        return "=" if exact else "≈" if self.unicode else "~"


def _nines(value: object) -> int:
    """The digits that 1 - x loses, for an x or an array near 1 (a saturated activation).

    A formula shows that many more of them, so that what it says can be worked out again.
    """
    nested = value.tolist() if hasattr(value, "tolist") else value
    most = 0
    for entry in entries(nested):
        if isinstance(entry, float) and 0.9 < abs(entry) < 1.1 and abs(entry) != 1:  # noqa: PLR2004
            most = max(most, int(-math.log10(abs(1 - abs(entry)))))
    return most


def _has_difference(expr: Expr) -> bool:
    return any(isinstance(node, Apply) and node.op in {"add", "sub"} for node in walk(expr))


def has_large_array(expr: Expr, most: int) -> bool:
    """Whether a formula has an array of more than `most` entries written out in it."""
    return any(isinstance(node, Num) and size(node.value) > most for node in walk(expr))


def shape(value: object) -> tuple[int, ...]:
    """The shape of an array or of nested lists, () for a number, a word or a size."""
    lengths: list[int] = []
    while isinstance(value, list):
        lengths.append(len(value))
        value = value[0] if value else None
    # the entries of a family can be arrays
    known = getattr(value, "shape", ())
    return (*lengths, *known) if isinstance(known, tuple) else tuple(lengths)


def size(value: object) -> int:
    """The number of entries of an array, 1 for anything else."""
    count = 1
    for length in shape(value):
        count *= length
    return count
