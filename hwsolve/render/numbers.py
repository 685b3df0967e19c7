"""How numbers are shown: rounded here and nowhere else, and never by stealth.

`shown` returns the text together with whether it says exactly what the number
is, so that a renderer can write `=` or `≈`. Texts can be read again by the
parser and copied into a problem file.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from typing import TYPE_CHECKING, Any

from hwsolve.expr.tree import Expr

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hwsolve.expr.tree import Value

DIGITS = 6
# A float and its text may differ by what a few operations lose: 0.1*3 is shown as 0.3.
NEARLY_EQUAL_ULPS = 8
# A float with fewer digits than this is the decimal that it looks like: sqrt(2) has more.
SHORT_DECIMAL = 12
# From here on every float is an integer, so being one says nothing.
ALL_INTEGERS = 2.0**53
# Numbers between these are written without an exponent.
SMALLEST_PLAIN, LARGEST_PLAIN = Decimal("1e-5"), Decimal("1e15")
# A fraction with a longer text is shown as a decimal number.
LONGEST_FRACTION = 40


def shown(  # noqa: C901, PLR0911  (a case for each kind of number)
    value: Value | Expr, digits: int = DIGITS, *, grouped: bool = False, ties: str = "away"
) -> tuple[str, bool]:
    """The text of a value (or of a formula) and whether the text is the value.

    Floats are rounded to `digits` significant digits (whole parts are kept whole);
    integers, fractions and decimals keep all of theirs. A list or array is written
    as `[1, 2]`, a tuple of integers is a size and written `20x6x6`. With `grouped` an
    integer of five digits and more gets thousands separators, but not in a list. `ties` ("away" or
    "even") says how a number halfway between two others is rounded.
    """
    match value:
        case bool():
            return ("true" if value else "false"), True
        case int():
            return _integer(value, grouped=grouped), True
        case float():
            return _real(value, digits, ties)
        case str():
            return value, True
        case Decimal():
            return _decimal(value), True
        case tuple() if value and all(type(size) is int for size in value):
            return "x".join(map(str, value)), True
        case list() | tuple():
            return _listed(value, digits, ties)
        case Expr():
            from hwsolve.expr.notation import text

            return text(value, all_digits), True
        case _ if hasattr(value, "tolist"):
            return shown(_builtin(value), digits, grouped=grouped, ties=ties)
        case _ if hasattr(value, "denominator"):
            return _fraction(value, digits, grouped=grouped, ties=ties)
        case _:
            return str(value), True


def all_digits(value: Value) -> str:
    """The text of a value with nothing rounded, as it was given."""
    return shown(value, 17)[0]


def entries(value: Any) -> Iterator[Any]:
    """Every number in nested lists, row by row, without recursion."""
    levels = [iter([value])]
    while levels:
        for item in levels[-1]:
            if isinstance(item, (list, tuple)):
                levels.append(iter(item))
                break
            yield item
        else:
            levels.pop()


def _builtin(value: Any) -> Value:
    plain = value.tolist()
    # an extended-precision scalar of numpy returns itself
    return float(plain) if hasattr(plain, "tolist") else plain


def _listed(value: Any, digits: int, ties: str) -> tuple[str, bool]:
    texts = [shown(item, digits, ties=ties) for item in value]
    return "[" + ", ".join(text for text, _ in texts) + "]", all(exact for _, exact in texts)


def _integer(value: int, *, grouped: bool = False) -> str:
    try:
        text = str(value)
    except ValueError:  # Python refuses to print integers of more than 4,300 digits
        text = str(Decimal(value))
    if grouped and len(text.lstrip("-")) >= 5:  # noqa: PLR2004  (four digits are read at a glance)
        return f"{value:,}" if len(text) < 1000 else text  # noqa: PLR2004  (far below that limit)
    return text


def _fraction(value: Any, digits: int, *, grouped: bool, ties: str) -> tuple[str, bool]:
    if value.denominator == 1:
        return _integer(value.numerator, grouped=grouped), True
    text = f"{_integer(value.numerator)}/{_integer(value.denominator)}"
    if len(text) <= LONGEST_FRACTION:
        return text, True
    precision = Context(prec=digits + 20)
    quotient = precision.divide(Decimal(value.numerator), Decimal(value.denominator))
    return _rounded(quotient, digits, ties), False


def _decimal(value: Decimal) -> str:
    """A decimal as it stands, trailing zeros included: they say how it was rounded."""
    if not value.is_finite():
        return "nan" if value.is_nan() else ("inf" if value > 0 else "-inf")
    value = value or abs(value)  # never -0
    return f"{value:f}" if -20 < value.adjusted() < 20 else _shortened(str(value).lower())  # noqa: PLR2004


def _real(value: float, digits: int, ties: str) -> tuple[str, bool]:
    if not math.isfinite(value):
        return ("nan" if math.isnan(value) else "inf" if value > 0 else "-inf"), True
    if value == 0:
        return "0", True
    value = float(value)  # numpy's floats are floats that print and compare differently
    text = _rounded(Decimal(repr(value)), digits, ties)
    return text, _says(text, value)


def _says(text: str, value: float) -> bool:
    """Whether a text is the number that a float stands for, and no rounding of it.

    A float with all its digits filled is the rounding of something longer, whatever
    number of digits is shown; one that has few digits, or is a sum of few powers of 2,
    is taken at its word.
    """
    if abs(float(text) - value) > NEARLY_EQUAL_ULPS * math.ulp(value):
        return False
    kept = len(text.partition("e")[0].lstrip("-0.").replace(".", "").rstrip("0"))
    if kept <= SHORT_DECIMAL:
        return True
    return abs(value) < ALL_INTEGERS and Decimal(text) == Decimal(value)


def _rounded(value: Decimal, digits: int, ties: str) -> str:
    """A number to `digits` significant digits, as plain as its size allows."""
    size = abs(value)
    plain = SMALLEST_PLAIN <= size < LARGEST_PLAIN
    kept = max(digits, value.adjusted() + 1, 1) if plain else max(digits, 1)
    rounding = ROUND_HALF_EVEN if ties == "even" else ROUND_HALF_UP
    number = Context(prec=kept, rounding=rounding).plus(value)
    if plain:
        text = f"{number:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return _shortened(f"{number:e}")


def _shortened(text: str) -> str:
    """`1.500e+07` without the signs and zeros that say nothing: `1.5e7`."""
    mantissa, _, exponent = text.partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa
