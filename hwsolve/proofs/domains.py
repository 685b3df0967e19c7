"""The numbers that a variable ranges over: `> 0`, `0..1`, `whole >= 1`, `[0, 1]`."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

from hwsolve.errors import EquationError
from hwsolve.proofs.intervals import EVERYTHING, Interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.expr.tree import Expr

# A whole range with more numbers than this is not gone through one by one.
MANY: Final = 20_000

_WHOLE: Final = ("whole", "integer", "int", "natural")
_ANY: Final = ("real", "any", "number", "reals", "")
_SIGNS: Final = ("<=", ">=", "<", ">", "≤", "≥", "!=", "≠")
_WORDS: Final = {
    "positive": "> 0",
    "negative": "< 0",
    "nonnegative": ">= 0",
    "non-negative": ">= 0",
}


class Domain(NamedTuple):
    """An interval, or the whole numbers of it, or a list of numbers."""

    interval: Interval = EVERYTHING
    whole: bool = False
    listed: tuple[Fraction, ...] = ()

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, (int, float, Fraction)):
            return False
        if self.listed:
            return value in self.listed
        return value in self.interval and (not self.whole or value == int(value))

    @property
    def hull(self) -> Interval:
        """The smallest interval that holds all its numbers."""
        low, high = self.interval.low, self.interval.high
        if not self.whole:
            return self.interval
        if not isinstance(low, float):
            low = math.floor(low) + 1 if self.interval.low_open else math.ceil(low)
        if not isinstance(high, float):
            high = math.ceil(high) - 1 if self.interval.high_open else math.floor(high)
        return Interval(low, high)

    def values(self) -> Sequence[int | Fraction] | None:
        """All its numbers, the simplest first, or None where they are too many."""
        if self.listed:
            return sorted(self.listed, key=_plainness)
        low, high = self.interval.low, self.interval.high
        if not self.whole or isinstance(low, float) or isinstance(high, float):
            return None
        first, last = math.ceil(low), math.floor(high)
        if last - first >= MANY:
            return None
        numbers = [value for value in range(first, last + 1) if value in self.interval]
        return sorted(numbers, key=_plainness)

    def simplest(self) -> int | Fraction:
        """A simple number that belongs to it."""
        listed = self.values()
        if listed:
            return listed[0]
        ends = (self.interval.low, self.interval.high)
        known = [Fraction(end) for end in ends if not isinstance(end, float)]
        near = [end + shift for end in known for shift in (0, 1, -1)]
        middle = sum(known, Fraction(0)) / max(1, len(known))
        numbers = (Fraction(0), Fraction(1), Fraction(-1), *near, middle)
        return next((number for number in numbers if number in self), middle)

    def meet(self, other: Domain) -> Domain | None:
        """What both have in common; None where that is nothing."""
        interval = self.interval.meet(other.interval)
        if interval is None:
            return None
        listed = self.listed or other.listed
        both = Domain(interval, self.whole or other.whole)
        if listed:
            kept = tuple(v for v in listed if v in both and (not other.listed or v in other))
            return Domain(interval, both.whole, kept) if kept else None
        if both.whole and both.values() == []:
            return None
        return both


def _plainness(value: int | Fraction) -> tuple[int, int, bool]:
    number = Fraction(value)
    return (number.denominator, abs(number.numerator), number < 0)


def parse_domain(text: str) -> Domain:
    """The domain that a text means.

    Raises:
        EquationError: with the offset of what could not be read.
    """
    start = len(text) - len(text.lstrip())
    if text.strip().startswith("[") and text.strip().endswith("]"):
        return _listed(text, start)
    domain = Domain()
    for at, piece in _pieces(text):
        part = _piece(piece, at)
        both = domain.meet(part)
        if both is None:
            raise EquationError(f"no number is '{text.strip()}'", start)
        domain = both
    return domain


def _listed(text: str, start: int) -> Domain:
    inner = text.strip()[1:-1]
    values = []
    at = start + 1
    for piece in inner.split(","):
        values.append(_number(piece, at))
        at += len(piece) + 1
    interval = Interval(min(values), max(values))
    return Domain(interval, whole=False, listed=tuple(values))


def _pieces(text: str) -> list[tuple[int, str]]:
    """The parts of a text between commas and `and`, each with its offset."""
    found, at = [], 0
    for piece in text.replace(" and ", "  ,  ").split(","):
        found.append((at, piece))
        at += len(piece) + 1
    return found


def _piece(piece: str, at: int) -> Domain:
    text = piece.strip()
    at += len(piece) - len(piece.lstrip())
    text = _WORDS.get(text.lower(), text)
    word, _, rest = text.partition(" ")
    if word.lower() in _WHOLE:
        inner = _piece(rest, at + len(word) + 1)
        interval = inner.interval
        if word.lower() == "natural":
            interval = interval.meet(Interval(1, math.inf)) or interval
        return Domain(interval, whole=True)
    if text.lower() in _ANY:
        return Domain()
    if ".." in text:
        low_text, _, high_text = text.partition("..")
        low = _number(low_text, at)
        high = _number(high_text, at + len(low_text) + 2)
        if low > high:
            raise EquationError(f"the range {text} is empty", at)
        return Domain(Interval(low, high))
    for sign in _SIGNS[:6]:
        if text.startswith(sign):
            bound = _number(text[len(sign) :], at + len(sign))
            return Domain(_beside(sign.replace("≤", "<=").replace("≥", ">="), bound))
    for bracket in ("(", "["):
        if text.startswith(bracket) and text[-1] in ")]":
            raise EquationError(
                f"'{text}' is not a domain", at, "write 0..1, or '> 0, < 1' for open ends"
            )
    raise EquationError(
        f"'{text}' is not a domain", at, "such as > 0, 0..1, whole, whole >= 1 or [0, 1]"
    )


def _beside(sign: str, bound: Fraction) -> Interval:
    if sign[0] == ">":
        return Interval(bound, math.inf, low_open=sign == ">")
    return Interval(-math.inf, bound, high_open=sign == "<")


def _number(text: str, at: int) -> Fraction:
    """The number that an expression without names is."""
    from hwsolve.expr.graph import Graph
    from hwsolve.expr.lower import Lowering
    from hwsolve.expr.parser import parse_expression
    from hwsolve.proofs.evaluating import has_value, system_for, values_at

    lead = len(text) - len(text.lstrip())
    try:
        tree: Expr = parse_expression(text.strip())
        graph = Graph()
        node = Lowering(graph).node(tree)
        value = values_at(graph, system_for(graph, certain=True), range(len(graph)), {})[node]
    except EquationError as error:
        error.at = at + lead + max(error.at, 0)
        raise
    if graph.shapes[node] or not has_value(value) or not value.is_point:
        raise EquationError(f"'{text.strip()}' is not a rational number", at + lead)
    return Fraction(value.low)
