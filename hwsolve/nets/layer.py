"""What a row of the layer table is, what it is asked, and what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from hwsolve.errors import InputError
from hwsolve.expr.tree import Expr, Num
from hwsolve.nets.sizes import CHANNELS_FIRST, ordered, size_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hwsolve.errors import Place
    from hwsolve.nets.sizes import Size, Window

# A number, one number for each axis, a word, yes or no, or the rows of a connection table.
OptionValue: TypeAlias = Any

OPERATIONS = (
    "multiplications", "additions", "comparisons", "divisions", "exponentials", "roots",
    "logarithms",
)  # fmt: skip
ZERO = Num(0)


class Row(NamedTuple):
    """One kind of layer.

    Attributes:
        name: the word that files use.
        rule: what the layer does to a size and what it costs.
        title: what the working calls it.
        stem: unnamed layers are called by this word and a number.
        aliases: other ways to write the name, lower case and without spaces.
        arguments: the options that bare values fill, in this order.
        options: the options that are written by name only.
        required: the options without which the layer means nothing.
        settled: the options that the name itself decides.
        joins: it reads several layers.
        reads: the most layers that one which does not join may read.
    """

    name: str
    rule: Callable[[Request], Rule]
    title: str
    stem: str
    aliases: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    settled: tuple[tuple[str, OptionValue], ...] = ()
    joins: bool = False
    reads: int = 1


class Spec(NamedTuple):
    """A layer as it was written: its row, its options, and where each stands.

    `sources` are the names of the layers that it reads, each with its place; none
    means the layer before.
    """

    row: Row
    options: Mapping[str, OptionValue]
    places: Mapping[str, Place | None]
    sources: tuple[tuple[str, Place | None], ...] = ()
    name: str | None = None
    place: Place | None = None


class Request(NamedTuple):
    """What a rule is asked: these options on these inputs.

    `order` is the one in which sizes are shown, CHW or HWC; `inputs` are channels first.
    """

    label: str
    options: Mapping[str, OptionValue]
    inputs: tuple[Size, ...]
    places: Mapping[str, Place | None]
    place: Place | None
    order: str = CHANNELS_FIRST

    def shown(self, size: Size) -> str:
        """A size (channels first) as messages and remarks show it."""
        return size_text(ordered(size, self.order))

    def error(self, message: str, option: str = "", hint: str = "") -> InputError:
        """The error to raise, at the place of the option or of the layer."""
        return InputError(f"{self.label}: {message}", self.places.get(option) or self.place, hint)


class Line(NamedTuple):
    """A named size that a layer computes: its formula in earlier sizes, and a remark."""

    name: str
    formula: Expr
    remark: str = ""


class Rule(NamedTuple):
    """What a layer does to a size and what it costs, as formulas in named sizes.

    Attributes:
        output: the size of the output.
        sizes: the number of every named size that occurs in a formula.
        lines: how the computed sizes among them come about, in order.
        operations: a formula for each type of operation; one that is missing is not
            needed (0), and None means that the operations are not known.
        bias_additions: the additions that would not be there without a bias.
        weights, biases: trainable parameters; `running`: values kept but not trained.
        macs: multiplications of an input with a weight, in convolutions, dense and
            recurrent layers, and those of the matrix products of attention.
        active: the trainable parameters that one token uses, where they are not all.
        connections: pairs of a unit and one of its inputs, its bias included; None where
            the word has no meaning that is agreed on.
        units: outputs that are neurons: a weighted sum of their inputs; None likewise.
        windows: a window for each axis where one slides, else None.
        whole: every output sees the whole map.
        unseen: why what its outputs see is no window of a fixed size and stride.
        remarks: what a reader has to know beside the remarks of the lines.
        conventions: names of the choices that this layer depends on.
    """

    output: Size
    sizes: dict[str, int]
    lines: tuple[Line, ...] = ()
    operations: Mapping[str, Expr] | None = {}
    bias_additions: Expr = ZERO
    weights: Expr = ZERO
    biases: Expr = ZERO
    running: Expr = ZERO
    macs: Expr = ZERO
    active: Expr | None = None
    connections: Expr | None = ZERO
    units: Expr | None = ZERO
    windows: tuple[Window, ...] | None = None
    whole: bool = False
    unseen: str = ""
    remarks: tuple[str, ...] = ()
    conventions: tuple[str, ...] = ()
