"""What a network is to give, as it is written: `16x16x16`, `params = 456`, `fits`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from hwsolve.errors import InputError
from hwsolve.nets.inverse import Span
from hwsolve.nets.sizes import Size, read_sizes, size_text

if TYPE_CHECKING:
    from hwsolve.problem.model import Written

FITS: Final = "fits"
SIZE: Final = "size"
_COMPARED: Final = re.compile(r"(.+?)\s*(<=|>=|==|=|<|>|≤|≥)\s*(.+)", re.DOTALL)
_SIGNS: Final = {"==": "=", "≤": "<=", "≥": ">="}
_PARTED: Final = re.compile(r"\s*(?:,|;|\band\b)\s*")
_SIZE_WORD: Final = re.compile(r"(.*\b(?:size|shape|output))\s+(\d.*)")
_NUMBER: Final = re.compile(r"\d[\d_']*")


class Wanted(NamedTuple):
    """A condition: the name of what is meant, how it is compared, and with what.

    For `fits` every stride has to divide; there is no value then.
    """

    name: str
    sign: str
    value: int | Size
    source: Written

    def __str__(self) -> str:
        if self.name == FITS:
            return "every stride fits"
        shown = size_text(self.value) if isinstance(self.value, tuple) else str(self.value)
        return f"{self.name} {self.sign} {shown}"

    def holds(self, value: object) -> bool:
        """Whether a value is what is wanted."""
        if isinstance(self.value, tuple):
            found = tuple(value) if isinstance(value, tuple) else (value,)
            # two numbers are the sides of a map, one is both of them
            return found == self.value or found[1:] == self.value * (
                len(found) - 1 if len(self.value) == 1 else 1
            )
        if not isinstance(value, int):
            return isinstance(value, tuple) and set(value) == {self.value} and self.sign == "="
        return {
            "=": value == self.value, "<=": value <= self.value, ">=": value >= self.value,
            "<": value < self.value, ">": value > self.value,
        }[self.sign]  # fmt: skip


def read_wanted(text: Written) -> tuple[Wanted, ...]:
    """The conditions in a text, with commas or `and` between them.

    Raises:
        InputError: for whatever is no condition, at its place.
    """
    found: list[Wanted] = []
    at = 0
    for part in [*_PARTED.finditer(text.text), None]:
        end = part.start() if part else len(text.text)
        found.append(_one(text.part(at, end)))
        at = part.end() if part else end
    return tuple(found)


def read_range(text: str) -> tuple[str, Span]:
    """A letter and the numbers that are looked through for it: `k=1..7`.

    Raises:
        InputError: for anything else.
    """
    letter, _, span = text.partition("=")
    low, dots, high = span.replace(":", "..").replace("...", "..").partition("..")
    try:
        ends = Span(int(low), int(high if dots else low))
    except ValueError:
        ends = Span(1, 0)
    if not letter.strip() or ends.low > ends.high or ends.low < 0:
        raise InputError(
            f"--range takes a letter and two numbers, not '{text}'", None, "write k=1..7"
        )
    return letter.strip(), ends


def _one(text: Written) -> Wanted:
    said = text.text.strip()
    if not said:
        raise InputError(
            "what the network is to give is missing", text.place(),
            "write a size such as 16x16x16, params = 456, receptive_field = 15, or fits",
        )  # fmt: skip
    if said.lower() in {FITS, "fit", "stride fits"}:
        return Wanted(FITS, "=", 1, text)
    named = _SIZE_WORD.fullmatch(said)
    compared = _COMPARED.fullmatch(said)
    if compared is not None:
        name, sign, value = compared[1].strip(), compared[2], compared[3].strip()
        sign = _SIGNS.get(sign, sign)
    elif named is not None:
        name, sign, value = named[1], "=", named[2]
    else:
        name, sign, value = f"output.{SIZE}", "=", said
        word, _, rest = said.partition(" ")
        if rest and _NUMBER.fullmatch(rest.strip()):
            name, value = word, rest.strip()
    name = _whole_name(name)
    if _NUMBER.fullmatch(value) and not name.endswith(f".{SIZE}"):
        return Wanted(name, sign, int(re.sub(r"[_']", "", value)), text)
    if name.endswith(f".{SIZE}") and value[:1].isdigit():
        size = read_sizes(value, "the wanted size", text.place())
        if sign == "=" and all(type(side) is int for side in size):
            return Wanted(name, sign, size, text)
    raise InputError(
        f"'{said}' is nothing that a network can be compared with",
        text.place(),
        "write a size such as 16x16x16, params = 456, conv1.height = 14, or fits",
    )


def _whole_name(name: str) -> str:
    """A word alone is asked of the whole network."""
    name = name.replace(" ", "_")
    if name in {"size", "shape", "output"}:
        return f"output.{SIZE}"
    if name.endswith((".shape", ".output")):
        return f"{name.rpartition('.')[0]}.{SIZE}"
    return name if "." in name else f"output.{name}" if name in _OF_OUTPUT else f"total.{name}"


_OF_OUTPUT: Final = frozenset({
    "height", "width", "channels", "side", "receptive_field", "rf", "field", "stride", "jump",
    "features",
})  # fmt: skip
