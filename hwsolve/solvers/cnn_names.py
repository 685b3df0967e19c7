"""What can be asked of a network: `C1.size`, `total.params`, `left.macs/right.macs`.

A name is an owner and a word: a layer, a path, `input`, `output` or `total`, and what
is asked of it. A word alone is asked of the whole network, and a layer's name alone
is its size.
"""

from __future__ import annotations

import operator
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from hwsolve.errors import EquationError, did_you_mean
from hwsolve.expr.tree import Apply, Expr, Num, Sym
from hwsolve.nets.counting import BY_WORD, QUANTITIES, FlopRule
from hwsolve.nets.exact import Exact, divide, evaluate, exact
from hwsolve.nets.memory import PARTS, PEAK, UNITS, Memory, asked_memory, stored
from hwsolve.nets.network import INPUT, RESERVED
from hwsolve.nets.receptive_field import field_of, receptive_fields
from hwsolve.nets.sizes import Size, Tokens, ordered
from hwsolve.solvers.under_convention import is_convention, under_convention

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hwsolve.nets.network import Layer, Network
    from hwsolve.nets.receptive_field import Fields

Answered: TypeAlias = "Exact | bool | str | Size | list[Any]"

SIZE, FIELD, JUMP, PADDING = "size", "receptive_field", "stride", "padding"
EFFECTIVE_PADDING = "effective_padding"
# Words for a size or one of its numbers; the number is its place counted from the end.
_AXES = {
    "channels": -3, "depth": -3, "maps": -3, "filters": -3,
    "height": -2, "rows": -2,
    "width": -1, "columns": -1, "cols": -1,
}  # fmt: skip
# The two numbers of a sequence; of a map these words mean something else, or nothing.
_OF_TOKENS = {"features": 0, "tokens": 1, "steps": 1}
_SAME = {
    "shape": SIZE, "output_size": SIZE, "output_shape": SIZE, "output": SIZE, "dimensions": SIZE,
    "rf": FIELD, "field": FIELD, "receptive_field_size": FIELD,
    "jump": JUMP, "effective_stride": JUMP, "rf_padding": EFFECTIVE_PADDING,
}  # fmt: skip
# What is so many times other counts, with its title.
DERIVED: dict[str, tuple[str, tuple[tuple[str, int], ...]]] = {
    "all_params": ("parameters and running values", (("params", 1), ("running", 1))),
    "training_macs": ("training MACs", (("macs", 3),)),
    "training_flops": ("training FLOPs", (("flops", 3),)),
    "training_flops_6n": ("training FLOPs for one token", (("params", 6),)),
}
# Counts in thousands, millions and so on: `macs_G`.
SCALES = {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
# The parameters without those of layers that only train.
INFERENCE = "inference_params"
_SAME |= {
    "params_no_aux": INFERENCE, "total_params": "all_params",
    "training_flops_6N": "training_flops_6n",
}  # fmt: skip
# What layers that only train have a share in; they have none in what inference does.
STORED = ("params", "weights", "biases", "running", "active_params")
# Settings of a layer's window.
_SETTINGS = ("kernel", "dilation")
INPUTS = "inputs"
_COMPARED = {
    "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge,
    "eq": operator.eq, "ne": operator.ne,
}  # fmt: skip
_OTHERS = (
    SIZE, "side", *_AXES, FIELD, JUMP, PADDING, EFFECTIVE_PADDING, *_SETTINGS, INPUTS, INFERENCE,
    *DERIVED,
)  # fmt: skip
WORDS = (*_OTHERS, *(quantity.name for quantity in QUANTITIES))


class Asked(NamedTuple):
    """A name taken apart: whose, and what; `owner` is "" for the whole network."""

    owner: str
    what: str


class Names:
    """The names of a network with their values.

    `used` collects what was asked for, for the working.
    """

    def __init__(  # noqa: PLR0913  (what a name can be made of)
        self,
        network: Network,
        paths: Mapping[str, tuple[Layer, ...]],
        flops: FlopRule,
        given: Mapping[str, Exact],
        order: str,
        batch: tuple[int, str] | None,
    ) -> None:
        self.network = network
        self.paths = paths
        self.flops = flops
        self.given = given
        self.order = order
        self.batch = batch
        self.memory = Memory()
        self.used: dict[Asked, None] = {}
        self._fields: dict[str, dict[str, Fields]] = {}

    def value(self, asked: Expr) -> Answered:
        """The value of what was asked for: of a name, a list, a calculation or a comparison.

        Raises:
            EquationError: for names that mean nothing, and calculations with sizes.
        """
        match asked:
            case Sym(name=name) if name not in self.given:
                return self.read(name, asked.at)
            case Apply(op="stack", args=items):
                return [self.value(item) for item in items]
            case Apply(op=op, args=(left, right)) if op in _COMPARED:
                return bool(_COMPARED[op](self._number(left), self._number(right)))
            case _:
                return self._number(asked)

    def _number(self, asked: Expr) -> Exact:
        return exact(evaluate(self.in_numbers(asked), {}))

    def in_numbers(self, asked: Expr) -> Expr:
        """A calculation with the numbers of its names put in.

        Raises:
            EquationError: a name means nothing, or a size where a number is needed.
        """
        match asked:
            case Sym(name=name) if name in self.given:
                return Num(self.given[name])
            case Sym(name=name):
                value = self.read(name, asked.at)
                if isinstance(value, str):
                    raise EquationError(f"{name} is not one number: {value}", asked.at)
                if isinstance(value, tuple | list):
                    hint = f"ask for {name.rpartition('.')[0] or name}.height"
                    raise EquationError(f"{name} is a size, not a number", asked.at, hint)
                return Num(value)
            case Apply(op=op, args=args):
                return Apply(op, tuple([self.in_numbers(arg) for arg in args]), at=asked.at)
            case _:
                return asked

    def read(self, name: str, at: int = -1) -> Answered:
        """The value under one name."""
        asked = self.taken_apart(name, at)
        self.used[asked] = None
        try:
            return self._value(asked)
        except EquationError as error:
            raise EquationError(f"{name}: {error.message}", at, error.hint) from None

    def taken_apart(self, name: str, at: int = -1) -> Asked:
        """A name as owner and word.

        Raises:
            EquationError: the network has no such owner, or nobody such a word.
        """
        owner, dot, word = name.rpartition(".")
        if not dot:
            if self._is_owner(name) or name in (INPUT, "output"):
                return Asked(name, SIZE)
            what = _meaning(name)
            if what is None:
                known = (*self.network.by_name, *self.network.groups, *WORDS, *self.paths)
                hint = _of_memory(name) or did_you_mean(name, known)
                raise EquationError(
                    f"'{name}' is neither a layer nor something to count", at,
                    hint or f"write for example {self._example()}",
                )  # fmt: skip
            return Asked("", what)
        if not self._is_owner(owner) and owner not in self.paths and owner not in RESERVED:
            if self._is_owner(name):  # the layer of a block
                return Asked(name, SIZE)
            known = (*self.network.groups, *self.network.by_name, *self.paths, *RESERVED)
            hint = did_you_mean(owner, known)
            if not hint:
                hint = f"there are {', '.join(known)}" if len(known) < 12 else ""  # noqa: PLR2004  (more names than a line takes)
            raise EquationError(f"there is no layer '{owner}'", at, hint)
        if word in _OF_TOKENS and owner != "total" and isinstance(self._output(owner), Tokens):
            return Asked(owner, word)
        what = _meaning(word)
        if what is None and owner in self.network.by_name:
            # a letter of the layer's own formulas, such as n_out
            what = word if word in self.network.by_name[owner].rule.sizes else None
        if what is None:
            hint = _of_memory(word) or did_you_mean(word, (*WORDS, *BY_WORD, *_SAME))
            raise EquationError(
                f"'{word}' is nothing that is known of {owner}", at,
                hint or f"known are {_listed()}",
            )  # fmt: skip
        return Asked("" if owner == "total" else owner, what)

    def _output(self, owner: str) -> Size:
        if owner == INPUT:
            return self.network.input
        return self._last("" if owner in RESERVED else owner).output

    def _is_owner(self, name: str) -> bool:
        return name in self.network.by_name or name in self.network.groups

    def layers_of(self, owner: str) -> tuple[Layer, ...]:
        """The layers that an owner's counts are the sum of: all for "", none for the input."""
        if not owner:
            return tuple(self.network.layers)
        if owner in self.paths:
            return self.paths[owner]
        if owner == INPUT:
            return ()
        if owner == "output":
            return (self.network.output,)
        group = self.network.groups.get(owner)
        if group is not None:
            return tuple(self.network.layers[group.first : group.last + 1])
        return (self.network.by_name[owner],)

    def fields(self, owner: str = "") -> dict[str, Fields]:
        """The receptive fields by layer, seen from the start of a path or from the input."""
        key = owner if owner in self.paths else ""
        known = self._fields.get(key)
        if known is None:
            only = self.paths[key] if key else None
            known = self._fields[key] = receptive_fields(self.network, only)
        return known

    def shown_size(self, size: Size) -> Size:
        """A size in the order of the conventions, with the batch where there is one."""
        size = ordered(size, self.order)
        if self.batch is None:
            return size
        count, examples = self.batch
        return (*size, count) if examples == "columns" else (count, *size)

    def _value(self, asked: Asked) -> Answered:
        owner, what = asked
        if what in _OF_TOKENS and owner and isinstance(self._output(owner), Tokens):
            return self._output(owner)[_OF_TOKENS[what]]
        if what in BY_WORD and what not in _OTHERS:
            return self._counted(owner, what)
        if is_convention(what):
            return under_convention(what, self.network, self.layers_of(owner))
        reading = self._reading(owner, what)
        if reading is not None:
            return reading
        if what not in (SIZE, "side", *_AXES):
            return self._of_layer(owner, what)
        size = self.network.input if owner == INPUT else self._last(owner).output
        return self.shown_size(size) if what == SIZE else _side(what, size)

    def _reading(self, owner: str, what: str) -> Exact | None:
        """What is calculated from counts: memory, training, thousands and millions."""
        stem, _, scale = what.rpartition("_")
        if stem and scale in SCALES:
            self.used[Asked(owner, stem)] = None
            return divide(exact(self._value(Asked(owner, stem))), SCALES[scale])
        if what in DERIVED:
            return self._derived(owner, what)
        if what == INFERENCE:
            return sum(each.counts["params"] for each in self._in_use(self.layers_of(owner)))
        memory = None if what in _OTHERS else asked_memory(what)
        return None if memory is None else self._memory(owner, memory.what, UNITS[memory.unit])

    def _of_layer(self, owner: str, what: str) -> Answered:
        """What a layer has and the input has not: of a path, what its last layer has."""
        if owner == INPUT:
            raise EquationError(f"the input has no {what.replace('_', ' ')}")
        layers = self.layers_of(owner)
        last = self._last(owner)
        if what in (FIELD, JUMP, EFFECTIVE_PADDING):
            fields = field_of(self.fields(owner)[last.name])
            read = {FIELD: "size", JUMP: "jump", EFFECTIVE_PADDING: "padding"}[what]
            return _one([getattr(each, read) for each in fields])
        if what == INPUTS:
            return sum(map(prod, self.network.inputs(layers[0])))
        if what == PADDING:
            return _padding(last)
        return _setting(last, what) if what in _SETTINGS else last.rule.sizes[what]

    def _counted(self, owner: str, what: str) -> int:
        if owner == INPUT:
            if what == "outputs":
                return prod(self.network.input)
            raise EquationError("the input only has a size")
        layers = self.counted_layers(owner, what)
        if what == "outputs" and (owner not in self.network.by_name):
            layers = (self._last(owner),)
        total = 0
        for layer in layers:
            try:
                total += layer.counts.read(what, self.flops)
            except EquationError as error:
                raise EquationError(f"{layer.name}: {error.message}", hint=error.hint) from None
        return total

    def counted_layers(self, owner: str, what: str) -> tuple[Layer, ...]:
        """The layers whose counts add up to an owner's: without those that only train.

        Their parameters are parameters of the network, what they do is no part of its work.
        """
        layers = self.layers_of(owner)
        return layers if owner else self.at_work(layers, what)

    def at_work(self, layers: tuple[Layer, ...], what: str) -> tuple[Layer, ...]:
        """Those of some layers that have a share in a count of the whole network."""
        return layers if what in STORED else self._in_use(layers)

    def _in_use(self, layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
        unused = self.network.train_only
        if not unused:
            return layers
        return tuple([layer for layer in layers if layer.number not in unused])

    def _last(self, owner: str) -> Layer:
        """The layer whose output is that of an owner."""
        return self.layers_of(owner)[-1] if owner else self.network.output

    def _derived(self, owner: str, what: str) -> int:
        """What is so many times other counts, which the working then shows as well."""
        total = 0
        for part, times in DERIVED[what][1]:
            self.used[Asked(owner, part)] = None
            total += times * self._counted(owner, part)
        return total

    def _memory(self, owner: str, what: str, unit: int) -> Exact:
        """What is stored, in units of so many bytes."""
        if owner and what in (PEAK, *PARTS):
            raise EquationError("that is asked of a whole network", hint=f"ask for total.{what}_MB")
        layers = self.layers_of(owner)
        values = stored(self.network, layers, what, self.memory)
        return divide(values * exact(self.memory.width), unit)

    def _example(self) -> str:
        layer = self.network.layers[0].name
        return f"{layer}.size, {layer}.params or total.flops"


def written_out(asked: Expr) -> Expr:
    """Questions like `receptive_field(S4)` in their other form, `S4.receptive_field`."""
    match asked:
        case Apply(op=op, args=(Sym(name=name),)) if _meaning(op) is not None:
            return Sym(f"{name}.{op}", asked.at)
        case Apply(op=op, args=args, attributes=attributes):
            return Apply(op, tuple([written_out(arg) for arg in args]), attributes, asked.at)
        case _:
            return asked


def names_in(asked: Expr) -> Iterator[str]:
    """The names in a question, from left to right."""
    from hwsolve.expr.tree import walk

    return (node.name for node in walk(asked) if isinstance(node, Sym))


def _meaning(word: str) -> str | None:
    if word in _OTHERS:
        return word
    if word in _SAME:
        return _SAME[word]
    quantity = BY_WORD.get(word) or BY_WORD.get(word.lower())
    if quantity is not None:
        return quantity.name
    if is_convention(word):
        return word
    stem, _, scale = word.rpartition("_")
    if scale in SCALES and stem:
        counted = _meaning(stem)
        if counted in DERIVED or counted == INFERENCE or counted in BY_WORD:
            return f"{counted}_{scale}"
    return word if asked_memory(word) is not None else None


def _of_memory(word: str) -> str:
    """The hint for a word that is about memory and says not of what, or in which unit."""
    if "memory" not in word.lower() and not word.lower().endswith(("size", "bytes", "mb", "mib")):
        return ""
    return "memory is asked for as params_MB, activations_MiB, training_GB or inference_bytes"


def _listed() -> str:
    return ", ".join((SIZE, "height", "width", FIELD, *(q.name for q in QUANTITIES)))


def _one(values: list[int]) -> int | Size:
    """A number where all axes agree, else a size."""
    return values[0] if len(set(values)) == 1 else tuple(values)


def _padding(layer: Layer) -> int | str | Size:
    """The rows of padding at each end, in words where the two ends differ."""
    windows = layer.rule.windows
    if windows is None:
        raise EquationError(f"{layer.spec.row.title} has no padding")
    if all(window.before == window.after for window in windows):
        return _one([window.before for window in windows])
    ends = [(window.before, window.after) for window in windows]
    if len(set(ends)) == 1:
        before, behind = ends[0]
        return f"{before} before, {behind} behind"
    (above, below), (left, right) = ends
    return f"{above} above, {below} below, {left} left, {right} right"


def _setting(layer: Layer, what: str) -> int | Size:
    windows = layer.rule.windows
    if windows is None:
        raise EquationError(f"{layer.spec.row.title} has no {what}")
    return _one([getattr(window, what) for window in windows])


def _side(what: str, size: Size) -> int:
    """One number of a size (channels first)."""
    if len(size) == 1:
        raise EquationError(f"{size[0]} features have no {what}")
    if what == "depth" and len(size) == 4:  # noqa: PLR2004  (channels x depth x height x width)
        return size[1]
    if what == "side":
        if len(set(size[1:])) > 1:
            raise EquationError("height and width differ", hint="ask for height or width")
        return size[1]
    if _AXES[what] == -3:  # noqa: PLR2004  (channels, also of a map with one axis)
        return size[0]
    if len(size) == 2 and _AXES[what] == -2:  # noqa: PLR2004  (channels x length)
        raise EquationError("a map of channels x length has no height", hint="ask for width")
    return size[_AXES[what]]
