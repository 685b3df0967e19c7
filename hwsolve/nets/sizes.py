"""Sizes: how they are read and written, and how a window slides over an axis.

A size is (features,), (channels, length), (channels, height, width) or (channels,
depth, height, width). A sequence of tokens is a size of its own kind, which is written
`10 tokens x 512`: without the word, 10x512 are 10 channels of length 512.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from hwsolve.errors import InputError
from hwsolve.nets.letters import read_letters

if TYPE_CHECKING:
    from hwsolve.errors import Place

Size: TypeAlias = tuple[int, ...]

# Integers have no limit, but printing one with thousands of digits helps nobody.
MOST_DIGITS = 100
SIGNS_BETWEEN = "x×X*,"
CHANNELS_FIRST, CHANNELS_LAST = "CHW", "HWC"
MOST_AXES = 4
# The words behind the first number that make a size a sequence.
SEQUENCE_WORDS = ("tokens", "token", "steps", "step", "timesteps", "words", "patches", "frames")
_SEQUENCE = re.compile(
    rf"\s*(.+?)\s*(?:{'|'.join(SEQUENCE_WORDS)})\s*(?:[x×*]\s*(.+?)\s*(?:features?)?\s*)?",
    re.IGNORECASE,
)


class Tokens(tuple[int, ...]):
    """A sequence: (features, tokens), like the channels and the length of a map.

    It is shown the other way round, tokens x features, and equals no map.
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tokens) and tuple.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(("tokens", *self))


def of_kind(size: Size, sides: Size) -> Size:
    """These sides as a size of the same kind: a sequence where `size` is one."""
    return Tokens(sides) if isinstance(size, Tokens) else sides


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
    """A size as people write it: `6x28x28`; the two ends of an axis are `0:1`."""
    sides: tuple[Any, ...] = size
    parts = [":".join(map(str, n)) if isinstance(n, tuple) else str(n) for n in sides]
    if all(part.replace(":", "").isdigit() for part in parts):
        return "x".join(parts)
    return " x ".join([f"({part})" if " " in part else part for part in parts])


def ordered(size: Size, order: str) -> Size:
    """A size in the order in which it is to be shown; features stay as they are."""
    last = order == CHANNELS_LAST or isinstance(size, Tokens)
    return (*size[1:], size[0]) if last and len(size) > 1 else size


def read_input(text: str, place: Place | None, order: str = CHANNELS_FIRST) -> Size:
    """The size of an input: `1x32x32` in the order of the axes, or `10 tokens x 512`.

    A number of tokens without features is a list of so many numbers, for an embedding.

    Raises:
        InputError: for anything else.
    """
    sequence = _SEQUENCE.fullmatch(text)
    if sequence is not None:
        count = read_whole(sequence[1], "the number of tokens", place)
        if sequence[2] is None:
            return (count,)
        return Tokens((read_whole(sequence[2], "the number of features", place), count))
    size = read_sizes(text, "the input", place)
    if len(size) > MOST_AXES:
        raise InputError(
            f"an input of {len(size)} axes is not known", place,
            "write channels x height x width, channels x length, a number of features, or "
            "10 tokens x 512",
        )  # fmt: skip
    return (size[-1], *size[:-1]) if order == CHANNELS_LAST else size


def read_whole(text: str, what: str, place: Place | None = None, least: int = 1) -> int:
    """A whole number of at least `least`, or a formula in letters.

    Raises:
        InputError: for anything else; `what` names it in the message.
    """
    digits = text.strip()
    plain = digits[1:] if digits[:1] in {"-", "+"} else digits
    if not (plain.isascii() and plain.isdigit()):
        letters = read_letters(digits)
        if letters is not None:
            return letters
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
    """Whole numbers, or letters, with `x` between them: `5`, `3x5`, `1x32x32`, `C x n x n`.

    Raises:
        InputError: for anything else; `what` names it in the message.
    """
    inner = text.strip()
    if any(sign in inner for sign in "/^") and (letters := read_letters(inner)) is not None:
        return (letters,)
    if inner[:1] in {"(", "["} and inner[-1:] in {")", "]"}:
        inner = inner[1:-1]
    for sign in SIGNS_BETWEEN[1:]:
        inner = inner.replace(sign, "x")
    parts = [part.strip() for part in inner.split("x")]
    for part in parts:
        if not (part.isascii() and part.lstrip("+-").isdigit()) and read_letters(part) is None:
            raise InputError(
                f"{what} is a whole number or a size such as 3x5, not '{shortened(text)}'", place
            )
    return tuple([read_whole(part, what, place, least) for part in parts])


def shortened(text: str, most: int = 40) -> str:
    """A text for a message, cut where it is too long to be read, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most]}..."
