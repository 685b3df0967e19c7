"""One step of a recurrent cell as equation texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hwsolve.nets.emitted import activated

if TYPE_CHECKING:
    from hwsolve.nets.gates import Gate


class Weights(NamedTuple):
    """What a cell multiplies with, and how its products are written.

    `state` is the number of entries of the state, None for a plain number; `input`
    the same for the input of a step. `order` is `x h` or `h x` where each matrix
    multiplies both in one vector, else empty. With `in_out` a matrix stands behind
    its vector.
    """

    gates: tuple[Gate, ...]
    state: int | None
    input: int | None
    order: str
    in_out: bool

    def of_input(self, matrix: str, value: str) -> str:
        """The product of a gate's matrix with the input of a step."""
        return self._product(matrix, value, self.input)

    def of_state(self, matrix: str, value: str) -> str:
        """The product of a gate's matrix with a state."""
        return self._product(matrix, value, self.state)

    def _product(self, matrix: str, value: str, entries: int | None) -> str:
        if entries is None:
            return f"{matrix}*{value}"
        if self.in_out and self.state is not None:
            return f"{value} @ {matrix}"
        return f"{matrix} @ {value}"

    def of_both(self, matrix: str, both: str) -> str:
        """The product of a gate's matrix with input and state in one vector."""
        if self.in_out and self.state is not None:
            return f"{both} @ {matrix}"
        return f"{matrix} @ {both}"

    def both(self, x: str, h: str) -> str:
        """Input and state in one vector, in the stated order."""
        pair = [(x, self.input), (h, self.state)]
        if self.order == "h x":
            pair.reverse()
        if self.input is None and self.state is None:
            return f"[{pair[0][0]}, {pair[1][0]}]"
        return f"concat({', '.join(f'[{v}]' if n is None else v for v, n in pair)})"


class Step(NamedTuple):
    """The names of one step: its input, the states before it, what stands behind its own."""

    x: str
    h: str
    c: str
    suffix: str

    def name(self, letter: str) -> str:
        """The name of one of the step's own values: `i1`, or `i` without a suffix."""
        return letter + self.suffix


def step_equations(
    cell: str, weights: Weights, step: Step, settings: dict[str, str]
) -> list[tuple[str, str]]:
    """Name and right side of every equation of a step, in the order of computation.

    `settings` holds `activation` (rnn), `reset` and `update` (gru) and `candidate`,
    the letter of the candidate's name.
    """
    lines: list[tuple[str, str]] = []
    if weights.order:
        both = step.name(weights.order.replace(" ", ""))
        lines.append((both, weights.both(step.x, step.h)))
    else:
        both = ""
    write = {"rnn": _rnn, "lstm": _lstm, "gru": _gru}[cell]
    write(lines, weights, step, settings, both)
    return lines


def _sum(weights: Weights, gate: Gate, step: Step, both: str) -> str:
    if both:
        terms = [weights.of_both(str(gate.input), both)]
    else:
        terms = [
            weights.of_input(str(gate.input), step.x),
            weights.of_state(str(gate.state), step.h),
        ]
    return " + ".join([*terms, *(name for name in (gate.bias, gate.second) if name)])


def _rnn(
    lines: list[tuple[str, str]], weights: Weights, step: Step, settings: dict[str, str], both: str
) -> None:
    total = _sum(weights, weights.gates[0], step, both)
    lines.append((step.name("h"), activated(settings["activation"], total)))


def _lstm(
    lines: list[tuple[str, str]], weights: Weights, step: Step, settings: dict[str, str], both: str
) -> None:
    letters = ("i", "f", "o", settings["candidate"])
    i, f, o, g = (step.name(letter) for letter in letters)
    for name, gate in zip((i, f, o, g), weights.gates, strict=True):
        function = "tanh" if name == g else "sigmoid"
        lines.append((name, f"{function}({_sum(weights, gate, step, both)})"))
    c, h = step.name("c"), step.name("h")
    lines.append((c, f"{f}*{step.c} + {i}*{g}"))
    lines.append((h, f"{o}*tanh({c})"))


def _gru(
    lines: list[tuple[str, str]], weights: Weights, step: Step, settings: dict[str, str], both: str
) -> None:
    update, reset, candidate = weights.gates
    z, r, n = (step.name(letter) for letter in ("z", "r", settings["candidate"]))
    lines.append((r, f"sigmoid({_sum(weights, reset, step, both)})"))
    lines.append((z, f"sigmoid({_sum(weights, update, step, both)})"))
    if settings["reset"] == "after":
        inner = weights.of_state(str(candidate.state), step.h)
        if candidate.second:
            inner = f"({inner} + {candidate.second})"
        elif "@" in inner:
            inner = f"({inner})"
        bias = f" + {candidate.bias}" if candidate.bias else ""
        total = f"{weights.of_input(str(candidate.input), step.x)}{bias} + {r}*{inner}"
    elif both:
        kept = step.name("rh")
        lines.append((kept, f"{r}*{step.h}"))
        total = _sum(weights, candidate, step, weights.both(step.x, kept))
    else:
        total = _sum(weights, candidate, step._replace(h=f"({r}*{step.h})"), "")
    lines.append((n, f"tanh({total})"))
    old = settings["update"] == "old"
    first, second = (step.h, n) if old else (n, step.h)
    if old:
        lines.append((step.name("h"), f"{z}*{first} + (1 - {z})*{second}"))
    else:
        lines.append((step.name("h"), f"(1 - {z})*{second} + {z}*{first}"))
