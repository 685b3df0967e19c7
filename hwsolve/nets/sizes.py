"""Sizes: how they are read and written, and how a window slides over an axis.

A size is (features,), (channels, length) or (channels, height, width).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from hwsolve.errors import InputError

if TYPE_CHECKING:
    from hwsolve.errors import Place

Size: TypeAlias = tuple[int, ...]

# Integers have no limit, but printing one with thousands of digits helps nobody.
MOST_DIGITS = 100
SIGNS_BETWEEN = "x×X*,"
CHANNELS_FIRST, CHANNELS_LAST = "CHW", "HWC"


class Window(NamedTuple):
    """A window (kernel) that slides along one axis.

    `before` and `after` are the rows of padding at the two ends; `out` is the number
    of its positions, which is the length of the output.
    """

    length: int
    kernel: int
    stride: int
    dilation: int
    before: int
    after: int
    out: int

    @property
    def extent(self) -> int:
        """The rows from the first to the last that the window touches."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def padded(self) -> int:
        """The length of the axis with its padding."""
        return self.length + self.before + self.after

    @property
    def left_over(self) -> int:
        """The padded rows behind the last position; negative where it hangs over the edge."""
        return self.padded - (self.out - 1) * self.stride - self.extent


def size_text(size: Size) -> str:
    """A size as people write it: `6x28x28`."""
    return "x".join(map(str, size))


def ordered(size: Size, order: str) -> Size:
    """A size in the order in which it is to be shown; features stay as they are."""
    return (*size[1:], size[0]) if order == CHANNELS_LAST and len(size) > 1 else size


def read_whole(text: str, what: str, place: Place | None = None, least: int = 1) -> int:
    """A whole number of at least `least`.

    Raises:
        InputError: for anything else; `what` names it in the message.
    """
    digits = text.strip()
    plain = digits[1:] if digits[:1] in {"-", "+"} else digits
    if not (plain.isascii() and plain.isdigit()):
        raise InputError(f"{what} is a whole number, not '{shortened(text)}'", place)
    if len(digits) > MOST_DIGITS:
        raise InputError(
            f"{what} has {len(digits)} digits", place, f"at most {MOST_DIGITS} are counted with"
        )
    value = int(digits)
    if value < least:
        raise InputError(f"{what} is at least {least}, not {value}", place)
    return value


def read_sizes(text: str, what: str, place: Place | None = None, least: int = 1) -> Size:
    """Whole numbers with `x` between them: `5`, `3x5`, `1x32x32`.

    Raises:
        InputError: for anything else; `what` names it in the message.
    """
    inner = text.strip()
    if inner[:1] in {"(", "["} and inner[-1:] in {")", "]"}:
        inner = inner[1:-1]
    for sign in SIGNS_BETWEEN[1:]:
        inner = inner.replace(sign, "x")
    parts = [part.strip() for part in inner.split("x")]
    for part in parts:
        if not (part.isascii() and part.lstrip("+-").isdigit()):
            raise InputError(
                f"{what} is a whole number or a size such as 3x5, not '{shortened(text)}'", place
            )
    return tuple([read_whole(part, what, place, least) for part in parts])


def shortened(text: str, most: int = 40) -> str:
    """A text for a message, cut where it is too long to be read, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most]}..."
