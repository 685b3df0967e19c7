"""The weights of a recurrent cell: which given value serves which gate.

Every gate has a matrix for the input, one for the previous state, and no, one or
two bias vectors. Books and programs name them differently; the first name that is
given is taken, in the order of the lists below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Mapping

# The letters of a gate's weights. The LSTM's candidate is g or c, the GRU's h or n.
GATES: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "rnn": (("",),),
    "lstm": (("i",), ("f",), ("o",), ("g", "c")),
    "gru": (("z", "u"), ("r",), ("h", "n", "")),
}
# The order of the gates in stacked matrices, as PyTorch stores them.
STACKED: Final[Mapping[str, str]] = {"lstm": "ifgo", "gru": "rzn"}
_STACKED_NAMES: Final = frozenset({"W_ih", "W_hh", "b_ih", "b_hh"})
# The gates of an LSTM that may see the cell through a peephole.
_PEEPING: Final = frozenset("ifo")

_INPUT: Final = ("W{}", "W_{}", "Wx{}", "W_x{}", "W{}x", "W_{}x", "W_i{}", "W_ih{}")
_STATE: Final = ("U{}", "U_{}", "Wh{}", "W_h{}", "W{}h", "W_{}h", "W_hh{}")
_BIAS: Final = ("b{}", "b_{}", "b_i{}", "b_ih{}")
_SECOND: Final = ("d{}", "d_{}", "bh{}", "b_h{}", "b_hh{}")
_PEEPHOLE: Final = ("p{}", "p_{}", "P{}", "P_{}", "Wc{}", "W_c{}", "wc{}", "w_c{}", "V{}", "V_{}")
# A vanilla RNN has no letters; the longer names come first, as `W` may be a read-out.
_RNN_INPUT: Final = ("Wxh", "W_xh", "W_ih", "Whx", "W_hx", "Wx", "W_x", "W_in", "W")
_RNN_STATE: Final = ("Whh", "W_hh", "Wh", "W_h", "W_rec", "U")
_RNN_BIAS: Final = ("b", "bx", "b_x", "b_ih", "bh", "b_h")
_RNN_SECOND: Final = ("d", "bh", "b_h", "b_hh")


class Gate(NamedTuple):
    """The given values of a gate by name; None where none is given.

    `letter` is that of the weights as the user wrote them. `peephole` multiplies the
    cell state.
    """

    letter: str
    input: str | None
    state: str | None
    bias: str | None
    second: str | None
    peephole: str | None = None

    def renamed(self, names: Mapping[str, str]) -> Gate:
        """The gate with other names for its values."""
        parts = (self.input, self.state, self.bias, self.second, self.peephole)
        return Gate(self.letter, *(None if name is None else names[name] for name in parts))


class Names(NamedTuple):
    """How the weights of the cell would be called if nothing is given."""

    input: str
    state: str
    bias: str


def gates(
    cell: str, given: Collection[str], *, concatenated: bool, swapped: bool
) -> tuple[Gate, ...]:
    """The weights of each gate of a cell among the given names.

    With `swapped`, W belongs to the previous state and U to the input. Stacked
    matrices belong to no gate; what was cut out of them does.
    """
    if is_stacked(cell, given):
        given = frozenset(given) - _STACKED_NAMES
    return tuple(
        _gate(cell, letters, given, concatenated=concatenated, swapped=swapped)
        for letters in GATES[cell]
    )


def _gate(
    cell: str,
    letters: tuple[str, ...],
    given: Container[str],
    *,
    concatenated: bool,
    swapped: bool,
) -> Gate:
    best: Gate | None = None
    for letter in letters:
        patterns = _rnn(swapped) if cell == "rnn" else _patterns(letter, swapped)
        found = [_first(names, given) for names in patterns]
        gate = Gate(letter, found[0], None if concatenated else found[1], found[2], found[3])
        if gate.bias == gate.second:
            gate = gate._replace(second=None)
        if cell == "lstm" and letter in _PEEPING:
            peepholes = tuple(name.format(letter) for name in _PEEPHOLE)
            gate = gate._replace(peephole=_first(peepholes, given))
        if best is None or _known(gate) > _known(best):
            best = gate
    assert best is not None  # noqa: S101  (every gate has a letter)
    return best


def _known(gate: Gate) -> int:
    return sum(name is not None for name in (gate.input, gate.state, gate.bias))


def _rnn(swapped: bool) -> tuple[tuple[str, ...], ...]:  # noqa: FBT001  (private, one caller)
    if swapped:
        return (("U",), ("W",), _RNN_BIAS, _RNN_SECOND)
    return (_RNN_INPUT, _RNN_STATE, _RNN_BIAS, _RNN_SECOND)


def _patterns(letter: str, swapped: bool) -> tuple[tuple[str, ...], ...]:  # noqa: FBT001  (private, one caller)
    pairs = (("U{}", "U_{}"), ("W{}", "W_{}")) if swapped else (_INPUT, _STATE)
    # `W_{}` and `b_{}` without a letter are no names.
    return tuple(
        tuple(name.format(letter) for name in names if letter or not name.endswith("_{}"))
        for names in (*pairs, _BIAS, _SECOND)
    )


def _first(names: tuple[str, ...], given: Container[str]) -> str | None:
    return next((name for name in names if name in given), None)


def missing_names(letter: str, *, swapped: bool) -> Names:
    """The names under which the weights of a gate are asked for."""
    names = Names(f"W{letter}", f"U{letter}", f"b{letter}")
    return Names(names.state, names.input, names.bias) if swapped else names


def is_stacked(cell: str, given: Container[str]) -> bool:
    """Whether the gates' matrices are given stacked, as PyTorch stores them."""
    return cell in STACKED and "W_ih" in given
