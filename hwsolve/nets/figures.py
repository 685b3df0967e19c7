"""Figures as people quote them: `448662`, `4.09 GMACs`, `61.7k`, `0.24 MiB`."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

from hwsolve.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

_FIGURE: Final = re.compile(
    r"\s*([+-]?\d[\d,_' ]*(?:\.\d*)?|\.\d+)(?:[eE]([+-]?\d{1,3}))?\s*([A-Za-zµ%-]*)\s*(\w*)\s*"
)
_TIMES: Final[Mapping[str, int]] = {
    "": 1, "k": 10**3, "m": 10**6, "g": 10**9, "b": 10**9, "t": 10**12,
    "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12,
}  # fmt: skip
# What may stand behind a number, without its prefix, and what it counts.
_WORDS: Final = frozenset({
    "mac", "macs", "flop", "flops", "op", "ops", "param", "params", "parameter", "parameters",
    "madds", "madd", "weights",
})  # fmt: skip
_PARAMETERS: Final = ("param", "weights")
_WORK: Final = ("mac", "flop", "madd", "op")
BYTES: Final[Mapping[str, int]] = {
    "B": 1, "bytes": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
    "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40,
}  # fmt: skip
MOST_DIGITS: Final = 60


class Figure(NamedTuple):
    """A quoted number, with half a unit of its last digit.

    `value` and `half` are in units: FLOPs, parameters, or bytes if `in_bytes`; `half` is 0
    for an integer written out. `text` is the figure as quoted, `of` is "params" or "work"
    where its unit says which is meant.
    """

    text: str
    value: Fraction
    half: Fraction
    in_bytes: bool
    of: str = ""

    def fits(self, number: int | Fraction) -> bool:
        """Whether the number, rounded as the figure is, reads the same."""
        return abs(number - self.value) <= self.half


def read_figure(text: str) -> Figure:
    """A figure as quoted.

    Raises:
        InputError: it is no number, or its unit is not known.
    """
    found = _FIGURE.fullmatch(text)
    if found is None or len(text) > MOST_DIGITS:
        raise InputError(
            f"'{text[:MOST_DIGITS]}' is no figure",
            None,
            "write 448662, 4.09e9, 4.1 GMACs or 0.24 MiB",
        )
    digits = re.sub(r"[,_' ]", "", found[1])
    whole, point, decimals = digits.partition(".")
    exponent = int(found[2] or 0)
    if abs(exponent) > MOST_DIGITS:
        raise InputError(f"'{text}' is too large or too small a figure")
    unit = _unit(found[3], found[4], text)
    size = Fraction(10) ** (exponent - len(decimals)) * unit[0]
    value = Fraction(int((whole or "0") + decimals)) * size
    rounded = bool(point) or bool(found[2]) or unit[0] != 1
    words = f"{found[3]} {found[4]}".lower()
    of = "params" if any(word in words for word in _PARAMETERS) else ""
    if any(word in words for word in _WORK):
        of = "work"
    return Figure(text.strip(), value, size / 2 if rounded else Fraction(0), unit[1], of)


def _unit(first: str, second: str, text: str) -> tuple[int, bool]:
    """What a figure's unit multiplies it by, and whether it is of memory."""
    for word in (first, f"{first}{second}"):
        if word in BYTES and not (word == "B" and second) and (word != first or not second):
            return BYTES[word], True
    if first in {"B", "b"} and not second:
        return 1, True
    word, rest = first.lower(), second.lower()
    if word in _WORDS and not rest:
        return 1, False
    if word in _TIMES and (not rest or rest in _WORDS):
        return _TIMES[word], False
    if word[:1] in _TIMES and word[1:] in _WORDS and not rest:
        return _TIMES[word[:1]], False
    raise InputError(
        f"the unit of '{text}' is not known", None,
        f"write k, M, G, with MACs, FLOPs or params behind it, or {', '.join(BYTES)}",
    )  # fmt: skip
