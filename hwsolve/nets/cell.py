"""One step of a recurrent cell as equation texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hwsolve.nets.emitted import activated

if TYPE_CHECKING:
    from collections.abc import Collection

    from hwsolve.nets.gates import Gate


class Weights(NamedTuple):
    """What a cell multiplies with, and how its products are written.

    `state` is the number of entries of the state, None for a plain number; `input`
    the same for the input of a step. `order` is `x h` or `h x` where each matrix
    multiplies both in one vector, else empty. With `in_out` a matrix stands behind
    its vector. `batch` is `rows` or `columns` where a step holds several examples
    in its rows or columns, else empty; `peephole` is the number of axes of the
    peephole weights.
    """

    gates: tuple[Gate, ...]
    state: int | None
    input: int | None
    order: str
    in_out: bool
    batch: str = ""
    peephole: int = 1

    def of_input(self, matrix: str, value: str) -> str:
        """The product of a gate's matrix with the input of a step."""
        return self._product(matrix, value, self.input)

    def of_state(self, matrix: str, value: str) -> str:
        """The product of a gate's matrix with a state."""
        return self._product(matrix, value, self.state)

    def _product(self, matrix: str, value: str, entries: int | None) -> str:
        if entries is None:
            if self.state is None or not self.batch:
                return f"{matrix}*{value}"
            pair = (value, matrix) if self.batch == "rows" else (matrix, value)
            return f"outer({', '.join(pair)})"
        return self._matrix_product(matrix, value)

    def _matrix_product(self, matrix: str, value: str) -> str:
        behind = self.in_out and self.state is not None
        if self.batch == "rows":
            turned = "" if behind or self.state is None else ".T"
            return f"{value} @ {matrix}{turned}"
        if self.batch == "columns":
            return f"{matrix}{'.T' * behind} @ {value}"
        return f"{value} @ {matrix}" if behind else f"{matrix} @ {value}"

    def of_both(self, matrix: str, both: str) -> str:
        """The product of a gate's matrix with input and state in one vector."""
        if self.input is None and self.state is None:
            return f"{matrix} @ {both}"
        return self._matrix_product(matrix, both)

    def both(self, x: str, h: str) -> str:
        """Input and state in one vector, in the stated order."""
        pair = [(x, self.input), (h, self.state)]
        if self.order == "h x":
            pair.reverse()
        if self.input is None and self.state is None:
            return f"[{pair[0][0]}, {pair[1][0]}]"
        return joined(pair, self.batch)

    def bias(self, name: str) -> str:
        """A bias as it is added to each example."""
        upright = self.batch == "columns" and self.state is not None
        return f"column({name})" if upright else name

    def through_peephole(self, weights: str, cell: str) -> str:
        """What a gate sees of the cell state."""
        if self.peephole == 2:  # noqa: PLR2004  (a whole matrix)
            return self._matrix_product(weights, cell)
        return f"{self.bias(weights) if self.peephole else weights}*{cell}"


def joined(parts: Collection[tuple[str, int | None]], batch: str) -> str:
    """Values with their numbers of entries (None: a plain number) as one vector."""
    upright = {"": "[{}]", "rows": "column({})", "columns": "row({})"}[batch]
    names = (name if entries is not None else upright.format(name) for name, entries in parts)
    return f"concat({', '.join(names)}{', axis=1' if batch == 'rows' else ''})"


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


def _sum(weights: Weights, gate: Gate, step: Step, both: str, cell: str = "") -> str:
    if both:
        terms = [weights.of_both(str(gate.input), both)]
    else:
        terms = [
            weights.of_input(str(gate.input), step.x),
            weights.of_state(str(gate.state), step.h),
        ]
    if cell and gate.peephole:
        terms.append(weights.through_peephole(gate.peephole, cell))
    biases = (weights.bias(name) for name in (gate.bias, gate.second) if name)
    return " + ".join([*terms, *biases])


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
    c, h = step.name("c"), step.name("h")
    of_i, of_f, of_o, of_g = weights.gates
    lines.append((i, f"sigmoid({_sum(weights, of_i, step, both, step.c)})"))
    lines.append((f, f"sigmoid({_sum(weights, of_f, step, both, step.c)})"))
    # through its peephole the output gate sees the new cell state
    output = (o, f"sigmoid({_sum(weights, of_o, step, both, c)})")
    if not of_o.peephole:
        lines.append(output)
    lines.append((g, f"tanh({_sum(weights, of_g, step, both)})"))
    lines.append((c, f"{f}*{step.c} + {i}*{g}"))
    if of_o.peephole:
        lines.append(output)
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
            inner = f"({inner} + {weights.bias(candidate.second)})"
        elif "@" in inner:
            inner = f"({inner})"
        bias = f" + {weights.bias(candidate.bias)}" if candidate.bias else ""
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
