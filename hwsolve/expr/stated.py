"""Numbers as people state them: the digits say how exact they are meant."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fractions import Fraction

# Typed characters that a number may hold, and what Python calls them.
_TYPED = str.maketrans({"−": "-", "⁄": "/", " ": None, "\u00a0": None, "≈": None, "~": None})


def stated_number(text: str) -> tuple[int | float | Fraction, float | None] | None:
    """The number that a text states, and half a unit of its last digit (None: exact).

    None where the text is no number, or one too large for a float to hold.
    """
    try:
        return int(text), None
    except ValueError:
        pass
    text = text.translate(_TYPED).lower()
    if text.count(",") and "." not in text.partition(",")[0]:
        text = text.replace(",", "")
    top, bar, bottom = text.partition("/")
    try:
        if bar:
            from fractions import Fraction

            return Fraction(top) / Fraction(bottom), None
        number = float(text)
        mantissa, _, exponent = text.partition("e")
        _, point, decimals = mantissa.partition(".")
        if math.isinf(number) or math.isnan(number):
            return None
        if not point and not exponent.startswith("-"):
            return int(number), None
        return number, 0.5 * 10.0 ** (int(exponent or 0) - len(decimals.replace("_", "")))
    except (ValueError, ZeroDivisionError, OverflowError):
        return None
