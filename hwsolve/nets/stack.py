"""Several recurrent layers, and two directions: which given value belongs to which.

The weights of a layer have its number behind their names (`W_l2`, `W2`, `W_2`, or
PyTorch's `weight_ih_l1`, which counts from 0), and those of the layer that reads the
sequence backwards a word (`W_back`, `W_l2_back`, `weight_ih_l1_reverse`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

# The words for the two directions, as they stand behind a name.
DIRECTIONS: Final = (
    ("fwd", "back"), ("forward", "backward"), ("forward", "reverse"), ("fw", "bw"),
    ("fwd", "bwd"), ("right", "left"),
)  # fmt: skip
# Letters are words only for a vanilla RNN: `U_r` is the reset gate of a GRU.
_LETTERS: Final = ("f", "b")
# PyTorch's attributes, and what they are called here.
_LONG: Final = {"weight_ih": "W_ih", "weight_hh": "W_hh", "bias_ih": "b_ih", "bias_hh": "b_hh"}
_LAYER: Final = re.compile(r"_l(\d+)(?=_|$)")


class Layer(NamedTuple):
    """A layer in one direction.

    `names` holds the given values of its weights by their names without layer and
    direction; `suffix` stands behind what it computes and behind what is missing.
    """

    number: int
    direction: str
    suffix: str
    names: Mapping[str, str]


class Stack(NamedTuple):
    """How many layers there are, in which directions, and how they are called.

    `first` is the number of the first layer, 0 or 1; `directions` are the words behind
    the names of states, "" where there is one direction.
    """

    layers: int
    directions: tuple[str, ...]
    first: int

    def layer(self, given: Collection[str], number: int, direction: str) -> Layer:
        """A layer, counted from 0, in one of the directions."""
        many = self.layers > 1
        shown = f"_l{number + self.first}"
        levels = [shown]
        if self.first:
            levels += [f"_{number + 1}", str(number + 1)]
        words = [f"_{direction}"]
        if not direction:
            words = [""]
        elif direction == self.directions[0]:
            words.append("")
        if direction in _LETTERS:
            words.append(direction)
        endings = [level + word for level in levels for word in words if level or word]
        endings += [word for word in words if not many and word]
        if not many and "" in words:
            endings.append("")
        names: dict[str, str] = {}
        for ending in endings:
            for name in given:
                plain = name[: len(name) - len(ending)] if ending else name
                if plain and name.endswith(ending):
                    names.setdefault(_LONG.get(plain, plain), name)
        suffix = (shown if many else "") + (f"_{direction}" if direction else "")
        return Layer(number, direction, suffix, names)


def stack_of(
    given: Collection[str], cell: str, *, layers: int = 0, bidirectional: bool | None = None
) -> Stack:
    """The layers and directions that the names of given weights show, or as stated."""
    weights = (name for name in given if name[0] in "WUbVwdpP")
    numbers = {int(found[1]) for name in weights if (found := _LAYER.search(name))}
    first = 0 if 0 in numbers else 1
    count = layers or (max(numbers) + 1 - first if numbers else 1)
    pair = _directions(given, cell, bidirectional=bidirectional)
    return Stack(count, pair or ("",), first)


def _directions(
    given: Collection[str], cell: str, *, bidirectional: bool | None
) -> tuple[str, str] | None:
    if bidirectional is False:
        return None
    for pair in DIRECTIONS:
        if any(name.endswith(f"_{pair[1]}") for name in given):
            return pair
    if not bidirectional:
        return None
    if cell == "rnn" and any(
        name[-1:] == "b" and name[0] in "WU" and f"{name[:-1]}f" in given for name in given
    ):
        return _LETTERS
    return DIRECTIONS[0]
