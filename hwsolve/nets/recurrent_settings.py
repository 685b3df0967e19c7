"""What a problem says about its recurrent cell: options and conventions, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hwsolve.errors import InputError, InputErrors, did_you_mean
from hwsolve.nets.emitted import is_linear, spelled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hwsolve.errors import Place
    from hwsolve.problem.model import Recurrent, Written

CELLS: Final = {"rnn": "RNN", "lstm": "LSTM", "gru": "GRU"}
_ORDERS: Final = ("x h", "h x")
_MERGES: Final = ("concat", "sum", "mean")
# The values that an option can have, the default first; None: any text.
_OPTIONS: Final[Mapping[str, Mapping[str, tuple[str, ...] | None]]] = {
    "rnn": {"concatenated": _ORDERS, "activation": None, "merge": _MERGES},
    "lstm": {"concatenated": _ORDERS, "merge": _MERGES},
    "gru": {
        "concatenated": _ORDERS,
        "reset": ("before", "after"),
        "update": ("old", "new"),
        "merge": _MERGES,
    },
}
_CONVENTIONS: Final = {"weights": ("out_in", "in_out"), "recurrent_weights": ("U", "W")}


class Settings:
    """The options and conventions of a cell as words.

    Attributes:
        title: what the cell is called.
        words: the value of each option; empty where it is not stated and has no default.
        in_out: whether matrices stand behind their vectors.
        swapped: whether W belongs to the state and U to the input.
        functions: the functions that the problem defines.
    """

    def __init__(self, recurrent: Recurrent, conventions: Mapping[str, Written]) -> None:
        self.recurrent = recurrent
        self.title = CELLS[recurrent.cell]
        self.conventions = conventions
        own = (written.text.partition("(")[0].strip() for written in recurrent.equations)
        self.functions = frozenset(own)
        self.errors: list[InputError] = []
        self._known()
        self.words = {name: self._option(name) for name in _OPTIONS[recurrent.cell]}
        self.in_out = self._convention("weights") == "in_out"
        self.swapped = self._convention("recurrent_weights") == "W"
        if self.words["concatenated"] and self.words.get("reset") == "after":
            self._fail(
                recurrent.options["reset"].origin,
                "the reset gate cannot act after a matrix that multiplies x and h together",
                "write `reset: before`, or give W and U",
            )
        if self.errors:
            raise InputErrors(self.errors)

    def _fail(self, place: Place, message: str, hint: str = "") -> None:
        self.errors.append(InputError(message, place, hint))

    def _known(self) -> None:
        known = list(_OPTIONS[self.recurrent.cell])
        for name, written in self.recurrent.options.items():
            if name not in known:
                self._fail(
                    written.origin,
                    f"the {self.title} has no option '{name}'",
                    did_you_mean(name, known) or f"its options are {', '.join(known)}",
                )

    def _option(self, name: str) -> str:
        allowed = _OPTIONS[self.recurrent.cell][name]
        written = self.recurrent.options.get(name)
        if written is None:
            return "" if allowed is None or name == "concatenated" else allowed[0]
        text = " ".join(written.text.lower().split())
        if name == "concatenated":
            text = text.replace(",", " ").replace(";", " ").strip("[]() ")
            text = " ".join(text.split()).replace(self.recurrent.input.lower(), "x", 1)
        if allowed is not None and text not in allowed:
            self._fail(
                written.origin,
                f"'{name}' cannot be '{written.text}'",
                did_you_mean(text, allowed) or f"it is {' or '.join(allowed)}",
            )
        return text

    def _convention(self, name: str) -> str:
        allowed = _CONVENTIONS[name]
        written = self.conventions.get(name)
        if written is None:
            return allowed[0]
        if written.text not in allowed:
            self._fail(
                written.origin,
                f"the convention '{name}' cannot be '{written.text}'",
                f"it is {' or '.join(allowed)}",
            )
        return written.text

    def activation(self) -> str:
        """The activation of an RNN as it is called.

        Raises:
            InputError: if there is no such function.
        """
        written = self.recurrent.options.get("activation")
        if written is None:
            return "tanh"
        name = spelled(written.text, self.functions)
        if not is_linear(name) and name not in self.functions:
            from hwsolve.expr.calls import known_functions

            known = known_functions()
            if name not in known:
                hint = did_you_mean(name, tuple(known)) or f"define it: {name}(z) = ..."
                raise InputError(f"unknown function '{name}'", written.origin, hint)
        return name + written.text.strip()[len(written.text.partition("(")[0].strip()) :]
