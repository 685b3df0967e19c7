"""What a problem is after it was read and checked.

Everything keeps its place in the file, so that an error found later (a shape
that does not fit, a division by zero) still points at the line that caused it.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Any, NamedTuple, TypeAlias

from hwsolve.errors import Place

# Larger than any line number, so that a search by offset ends behind that offset.
_LAST = 2**62


class Written(NamedTuple):
    """A text as it stands in the file.

    `origin` is the place of its first character; `breaks` tells where the text goes
    on elsewhere, in another line or behind an escape: (offset, line, column) each,
    sorted. `quoted` is True where the author put it in quotes.
    """

    text: str
    origin: Place
    breaks: tuple[tuple[int, int, int], ...] = ()
    quoted: bool = False

    def place(self, at: int = 0) -> Place:
        """The place of the character at an offset of the text."""
        file, line, column = self.origin
        if not self.breaks:
            return Place(file, line, column + max(at, 0))
        number = bisect_right(self.breaks, (at, _LAST, 0)) - 1
        if number < 0:
            return Place(file, line, column + max(at, 0))
        start, line, column = self.breaks[number]
        return Place(file, line, column + max(at, 0) - start)

    def part(self, start: int, end: int) -> Written:
        """The text from one offset to another, with its own places."""
        text, origin = self.text[start:end], self.place(start)
        low = bisect_right(self.breaks, (start, _LAST, 0))
        high = bisect_right(self.breaks, (end - 1, _LAST, 0))
        breaks = tuple((at - start, line, column) for at, line, column in self.breaks[low:high])
        return Written(text, origin, breaks, self.quoted)


# A number as the author wrote it: 3 is an int, 0.5 a float, 1/3 a Fraction; a number
# with more digits than a float holds is a Fraction too. Lists nest to make arrays.
Number: TypeAlias = Any
Nested: TypeAlias = "Number | list[Nested]"


class Given(NamedTuple):
    """A given value: a number, nested lists of numbers (rectangular), or a constant formula.

    `formula` holds the text of a value that is to be worked out (`eye(3)`,
    `sqrt(2)`, `ones(2, 3)`); `value` is None then.
    """

    name: str
    value: Nested | None
    place: Place
    formula: Written | None = None


# The author's stated answer: one text for a number, lists for vectors, matrices and sizes.
Stated: TypeAlias = "Written | list[Stated]"


class Graph(NamedTuple):
    """`kind: graph`: equations in the order in which they are to be computed.

    `assume` and `shapes` are for formulas in symbols without values.
    """

    equations: tuple[Written, ...]
    assume: tuple[Written, ...] = ()
    shapes: dict[str, Written] = {}  # noqa: RUF012  (a NamedTuple's default, never written to)


class DenseLayer(NamedTuple):
    """A dense layer of `kind: network`: names of given weights and bias, and an activation."""

    weights: str
    bias: str | None
    activation: str
    name: str
    place: Place


class Network(NamedTuple):
    """`kind: network`: dense layers with weights, written out as equations.

    `input` and `target` are names of given values; `examples` is "single", "rows"
    or "columns"; `loss` is the name of a loss or None; `equations` follow the net.
    """

    input: str
    target: str | None
    examples: str
    layers: tuple[DenseLayer, ...]
    loss: Written | None
    equations: tuple[Written, ...]


class Recurrent(NamedTuple):
    """`kind: recurrent`: a cell run over a sequence, written out as equations.

    `cell` is "rnn", "lstm" or "gru"; `input` is the name of the given sequence
    (first axis: steps); `options` are the cell's own keys as written (`activation`,
    `reset`, `update`, `concatenated`); `equations` follow the last step.
    """

    cell: str
    input: str
    options: dict[str, Written]
    equations: tuple[Written, ...]


class LayerEntry(NamedTuple):
    """A layer of `kind: cnn` as written, before the layer table looks at it.

    `text` is the short form (`conv 6 5x5 s2`); `options` the long form (`{conv: 6,
    kernel: 5x5}`, nested lists of `Written` where a list stands, None behind the kind
    of a layer without arguments: `{flatten: }`); `sources` are the names of the layers
    it reads (empty: the one before).
    """

    name: str | None
    text: Written | None
    options: dict[str, Any]
    sources: tuple[Written, ...]
    place: Place


class Cnn(NamedTuple):
    """`kind: cnn`: sizes, parameters and operations of a network of layers.

    `input` is the size as written (`1x32x32`, `30`); `paths` names lists of layers
    that are to be compared; `batch` is the number of examples.
    """

    input: Written
    layers: tuple[LayerEntry, ...]
    paths: dict[str, tuple[Written, ...]]
    batch: int | None


class DerivationLine(NamedTuple):
    """A line of `kind: derivation`: a chain of equalities, why it holds, and when.

    `case` is what it supposes (`i = j`), `origin` the number of the line that it goes
    on from, where it is not the one before.
    """

    text: Written
    because: str
    case: Written | None
    origin: Written | None


class Derivation(NamedTuple):
    """`kind: derivation`: definitions, assumptions, what is to be shown, and lines."""

    equations: tuple[Written, ...]
    assume: tuple[Written, ...]
    show: tuple[Written, ...]
    lines: tuple[DerivationLine, ...]
    shapes: dict[str, Written]


class Claim(NamedTuple):
    """`kind: claim`: a statement about equations or a cell, and what it rests on.

    `cell` is "" where there is none, and `options` are its keys as in `Recurrent`.
    `domain` and `limit` hold texts by name, `witness` equations for what is claimed to
    exist, which may not use the names of `for_every`; `arithmetic` is "real" or "floats".
    """

    equations: tuple[Written, ...]
    cell: str
    options: dict[str, Written]
    claim: tuple[Written, ...]
    when: tuple[Written, ...]
    domain: dict[str, Written]
    shapes: dict[str, Written]
    witness: tuple[Written, ...]
    for_every: tuple[Written, ...]
    limit: dict[str, Written]
    arithmetic: str


class Functions(NamedTuple):
    """`kind: functions`: functions of one variable (`tanh(x)`, `f = x*sigmoid(x)`)."""

    functions: tuple[Written, ...]
    equations: tuple[Written, ...]


Body: TypeAlias = Claim | Derivation | Functions | Graph | Network | Recurrent | Cnn


class Settings(NamedTuple):
    """How the problem is to be solved and shown; the command line may override each."""

    digits: int | None = None
    exact: bool = False
    round_steps: int | None = None
    ties: str = "away"
    working: str = "full"
    entries: tuple[Written, ...] = ()


class Problem(NamedTuple):
    """A checked problem, or one part of a problem in parts (`label` is then its name).

    `conventions` holds only what the author stated, each with its place, by name.
    A problem in parts has an empty body (`Graph(())`) and its `parts`; each part
    already has what it inherits (given values, equations, conventions, settings).
    `expressions` are names that are asked for as formulas, beside those of `find`.
    """

    path: str
    kind: str
    place: Place
    title: str
    statement: str
    source: str
    label: str
    given: dict[str, Given]
    find: tuple[Written, ...]
    answers: dict[str, Stated]
    answer_names: dict[str, Written]
    conventions: dict[str, Written]
    settings: Settings
    body: Body
    parts: tuple[Problem, ...] = ()
    expressions: tuple[Written, ...] = ()
