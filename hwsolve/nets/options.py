"""The options of layers: how they are called, read and said."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hwsolve.errors import InputError, did_you_mean
from hwsolve.nets.sizes import read_sizes, read_whole, shortened, size_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hwsolve.errors import Place
    from hwsolve.nets.layer import OptionValue

SAME, VALID = "same", "valid"
FLOOR, CEIL = "floor", "ceil"
# Decided by convention only, for every layer that takes padding: whether work on padded
# cells is left out of the counts.
SKIPPED = "skipped"
_YES = {"yes": True, "true": True, "on": True, "1": True}
_NO = {"no": False, "false": False, "off": False, "0": False, "none": False}
_ROUNDING = {"floor": FLOOR, "down": FLOOR, "ceil": CEIL, "ceiling": CEIL, "up": CEIL}
# The 1998 paper's Table I: the maps of S2 that each map of C3 sees.
LENET_TABLE = (
    (0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5),
    (0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5),
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)  # fmt: skip
TABLES = {"lenet": LENET_TABLE, "lenet5": LENET_TABLE, "lenet-5": LENET_TABLE}


class Option(NamedTuple):
    """An option: its name, how its text is read and how it is said in a title.

    `letter` is the short form in front of a number (`s2`); `what` names it in
    messages; `said` turns a value and the number of axes into words, or into
    nothing where the value is usual.
    """

    name: str
    what: str
    read: Callable[[str, str, Place | None], OptionValue]
    said: Callable[[OptionValue, int], str]
    letter: str = ""
    aliases: tuple[str, ...] = ()


def _whole(text: str, what: str, place: Place | None) -> int:
    return read_whole(text, what, place)


def _sizes(text: str, what: str, place: Place | None) -> tuple[int, ...]:
    return read_sizes(text, what, place)


def _padding(text: str, what: str, place: Place | None) -> OptionValue:
    word = text.strip().lower()
    if word in {SAME, VALID}:
        return word
    if word[:1].isalpha():
        hint = did_you_mean(word, (SAME, VALID)) or "write a number, 1x2, same or valid"
        raise InputError(f"{what} cannot be '{shortened(text)}'", place, hint)
    return read_sizes(text, what, place, least=0)


def _yes_or_no(text: str, what: str, place: Place | None) -> bool:
    return bool(_one_of({**_YES, **_NO}, text, what, place, "yes or no"))


def _rounding(text: str, what: str, place: Place | None) -> str:
    return str(_one_of(_ROUNDING, text, what, place, "floor or ceil"))


def _one_of(
    known: Mapping[str, OptionValue], text: str, what: str, place: Place | None, choice: str
) -> OptionValue:
    word = text.strip().lower()
    if word not in known:
        raise InputError(f"{what} is {choice}, not '{shortened(text)}'", place)
    return known[word]


def _rate(text: str, what: str, place: Place | None) -> str:
    from fractions import Fraction

    try:
        value = Fraction(text.strip().rstrip("%")) / (100 if text.strip().endswith("%") else 1)
    except (ValueError, ZeroDivisionError):
        value = Fraction(-1)
    if not 0 <= value <= 1:
        raise InputError(f"{what} is a number from 0 to 1, not '{shortened(text)}'", place)
    return text.strip()


def _table(text: str, what: str, place: Place | None) -> tuple[tuple[int, ...], ...]:
    word = text.strip().lower()
    if word not in TABLES:
        hint = did_you_mean(word, ("lenet",)) or "write lenet, or the list of maps of each filter"
        raise InputError(f"{what} '{shortened(text)}' is not known", place, hint)
    return TABLES[word]


def _slope(text: str, what: str, place: Place | None) -> str:
    try:
        float(text)
    except ValueError:
        raise InputError(f"{what} is a number, not '{shortened(text)}'", place) from None
    return text.strip()


def _nothing(_value: OptionValue, _axes: int) -> str:
    return ""


def _unless(usual: OptionValue, words: str) -> Callable[[OptionValue, int], str]:
    def said(value: OptionValue, _axes: int) -> str:
        if isinstance(value, tuple):
            return "" if set(value) == {usual} else words.format(size_text(value))
        return "" if value == usual else words.format(value)

    return said


def _said_window(value: OptionValue, axes: int) -> str:
    return size_text(value * axes if len(value) == 1 else value)


def _said_units(value: OptionValue, _axes: int) -> str:
    return "1 unit" if value == 1 else f"{value} units"


def _said_filters(value: OptionValue, _axes: int) -> str:
    return "1 filter" if value == 1 else f"{value} filters"


def _said_padding(value: OptionValue, _axes: int) -> str:
    if value == VALID or value in {(0,), (0, 0)}:
        return ""
    return "same padding" if value == SAME else f"padding {size_text(value)}"


_ROWS = (
    Option("filters", "the number of filters", _whole, _said_filters, "f",
           ("out", "out_channels", "channels", "maps", "features")),
    Option("kernel", "the kernel", _sizes, _said_window, "k",
           ("kernel_size", "window", "size", "pool_size")),
    Option("stride", "the stride", _sizes, _unless(1, "stride {}"), "s", ("strides",)),
    Option("padding", "the padding", _padding, _said_padding, "p", ("pad",)),
    Option("dilation", "the dilation", _sizes, _unless(1, "dilation {}"), "d",
           ("dilation_rate", "dilations")),
    Option("groups", "the number of groups", _whole, _unless(1, "{} groups"), "g", ("group",)),
    Option("depthwise", "depthwise", _yes_or_no, lambda yes, _: "depthwise" if yes else ""),
    Option("multiplier", "the number of filters a channel", _whole,
           _unless(1, "{} filters a channel"), "m", ("depth_multiplier",)),
    Option("bias", "bias", _yes_or_no, lambda yes, _: "" if yes else "no bias", "b",
           ("use_bias",)),
    Option("table", "the connection table", _table, lambda _table, _: "connection table", "",
           ("connections", "connection_table")),
    Option("rounding", "rounding", _rounding, lambda word, _: "rounded up" if word == CEIL else "",
           "", ("round",)),
    Option("units", "the number of units", _whole, _said_units, "u",
           ("out", "out_features", "features", "neurons", "outputs")),
    Option("rate", "the dropout rate", _rate, _nothing, "", ("probability", "p")),
    Option("slope", "the slope", _slope, _nothing, "", ("negative_slope", "alpha")),
)  # fmt: skip

OPTIONS = {option.name: option for option in _ROWS}
# Words that stand alone in a short form, and what they mean.
FLAGS: dict[str, tuple[str, OptionValue]] = {
    "same": ("padding", SAME),
    "valid": ("padding", VALID),
    "floor": ("rounding", FLOOR),
    "ceil": ("rounding", CEIL),
    "bias": ("bias", True),
    "nobias": ("bias", False),
    "no-bias": ("bias", False),
    "depthwise": ("depthwise", True),
}
