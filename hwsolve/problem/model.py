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


class LayerParts(NamedTuple):
    """What a layer of `kind: network` has beside weights, bias and activation.

    `source` and `add` are what it reads (the layer before it, if empty) and what is added
    before the activation: a layer by name or number, or a given value. `norm` is "batch",
    "layer" or "rms"; `gamma`, `beta`, `mean`, `var` and `mask` are names of given values,
    `eps` and `keep` numbers as written.
    """

    source: Written | None = None
    add: Written | None = None
    norm: str = ""
    gamma: str = ""
    beta: str = ""
    mean: str = ""
    var: str = ""
    eps: str = ""
    mask: str = ""
    keep: str = ""


class DenseLayer(NamedTuple):
    """A layer of `kind: network`: names of given weights and bias, and an activation.

    `weights` is "" for a layer without any. `folded` is the place among its inputs of the
    1 whose weights are the bias, "first" or "last", or "" where the bias is not folded.
    """

    weights: str
    bias: str | None
    activation: str
    name: str
    place: Place
    parts: LayerParts = LayerParts()
    folded: str = ""


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


class ReadOut(NamedTuple):
    """The output layer of a recurrent net: names of given weights and bias, an activation.

    `weights` is "" where the state itself goes through the activation; `at` is "each"
    or "last" step, or "" where the target decides.
    """

    weights: str
    bias: str | None
    activation: str
    at: str
    place: Place


class Recurrent(NamedTuple):
    """`kind: recurrent`: a cell run over a sequence, written out as equations.

    `cell` is "rnn", "lstm" or "gru"; `input` is the name of the given sequence
    (first axis: steps); `options` are the cell's own keys as written (`activation`,
    `reset`, `update`, `concatenated`, `merge`); `equations` follow the last step.
    `layers` is 0 and `bidirectional` None where the names of the weights decide;
    `examples` is "" where the shape of the input does. `feed` says what the next step
    reads: "target", "output" or "argmax", for `steps` steps.
    """

    cell: str
    input: str
    options: dict[str, Written]
    equations: tuple[Written, ...]
    layers: int = 0
    bidirectional: bool | None = None
    examples: str = ""
    batch_first: bool = False
    output: ReadOut | None = None
    target: str | None = None
    loss: Written | None = None
    truncate: int = 0
    feed: Written | None = None
    steps: int = 0


class LayerEntry(NamedTuple):
    """A layer of `kind: architecture` as written, before the layer table looks at it.

    `text` is the short form (`conv 6 5x5 s2`) or the use of a block (`unit(64) x 3`);
    `options` the long form (`{conv: 6, kernel: 5x5}`, nested lists of `Written` where a
    list stands, None behind the kind of a layer without arguments: `{flatten: }`);
    `sources` are the names of the layers it reads (empty: the one before). `layers` are
    those of a group of layers, else None; `repeat` is how often it stands there.
    """

    name: str | None
    text: Written | None
    options: dict[str, Any]
    sources: tuple[Written, ...]
    place: Place
    layers: tuple[LayerEntry, ...] | None = None
    repeat: int = 1
    train_only: bool = False


class Block(NamedTuple):
    """A named list of layers: its parameters, each with its default or None, and its layers."""

    name: str
    parameters: tuple[tuple[str, str | None], ...]
    layers: tuple[LayerEntry, ...]
    place: Place


class Cnn(NamedTuple):
    """`kind: architecture`: sizes, parameters and operations of a network of layers.

    `input` is the size as written (`1x32x32`, `30`); `paths` names lists of layers
    that are to be compared; `batch` is the number of examples; `blocks` are lists of
    layers that others use by name; `wanted` is what the network is to give for the letters
    in it that are looked for.
    """

    input: Written
    layers: tuple[LayerEntry, ...]
    paths: dict[str, tuple[Written, ...]]
    batch: int | None
    blocks: dict[str, Block] = {}  # noqa: RUF012  (a NamedTuple's default, never written to)
    wanted: tuple[Written, ...] = ()


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


class Optimizer(NamedTuple):
    """`kind: optimizer`: steps of an update rule.

    `start` holds the parameters before the first step (they may also stand under `given`,
    named by `parameters`); `gradients` a list of gradients or a formula by parameter, ""
    for the only one. `data` are lists of examples, `batch` how many of them a step sees
    (None: as the rule usually does). `steps` and `epochs` are numbers or "until" (nothing
    changes any more); `done` steps were made before; `order` lists the examples as they
    are seen. `after` follow the last step.
    """

    rule: Written | None
    parameters: tuple[Written, ...]
    start: dict[str, Given]
    gradients: dict[str, Given | Written]
    loss: Written | None
    equations: tuple[Written, ...]
    data: dict[str, Given]
    target: Written | None
    batch: int | None
    steps: int | str | None
    epochs: int | str | None
    done: int
    lr: Written | None
    schedule: Written | None
    clip: dict[str, Written]
    activation: Written | None
    after: tuple[Written, ...]
    order: Written | None


Body: TypeAlias = Claim | Cnn | Derivation | Functions | Graph | Network | Optimizer | Recurrent


class Extras(NamedTuple):
    """What a graph or a network may have beside its equations.

    `upstream` are gradients of an unnamed loss and `override` values of computed names,
    both by text as written; `parameters` and `frozen` say which given values a step
    changes and which it leaves, `update` how (`lr`, `parameters`, `loss`). `options` are
    the answers that a question offers, by label.
    """

    upstream: dict[str, Given] = {}  # noqa: RUF012  (a NamedTuple's default, never written to)
    override: dict[str, Given] = {}  # noqa: RUF012  (a NamedTuple's default, never written to)
    parameters: tuple[Written, ...] = ()
    frozen: tuple[Written, ...] = ()
    update: dict[str, Written] = {}  # noqa: RUF012  (a NamedTuple's default, never written to)
    options: dict[str, Stated | dict[str, Stated]] = {}  # noqa: RUF012  (never written to)


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
    extras: Extras = Extras()
