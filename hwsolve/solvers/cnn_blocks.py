"""Blocks written out: groups of layers, named blocks with parameters, and repeats.

Each layer inside of a block is called by the names of the places around it and its own:
`stage2.1.conv1`. In a block `input` is what the block reads, and its output is that of its
last layer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from hwsolve.errors import InputError, InputErrors, did_you_mean
from hwsolve.nets.layer import Spec
from hwsolve.nets.layer_text import read_layer, read_layer_options
from hwsolve.nets.layers import ROWS
from hwsolve.nets.network import INPUT, Group
from hwsolve.nets.sizes import shortened
from hwsolve.solvers.cnn_parameters import WORD, arguments_of, bound, cut, filled, substituted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hwsolve.errors import Place
    from hwsolve.problem.model import Block, LayerEntry, Written

MOST_LAYERS: Final = 100_000
_CALL: Final = re.compile(r"\s*([^\W\d]\w*)\s*(?=(\()|\s|$)")
_LETTERS: Final = re.compile(r"[^\W\d]\w*")
_TRAIN_ONLY: Final = re.compile(r"\s+train[-_]only\b")
_TIMES: Final = re.compile(r"[x×*](\d+)")
_HINT: Final = "write for example unit(64, 2) x 3"


class Expanded(NamedTuple):
    """A network with its blocks written out: its layers, its groups, and what only trains."""

    specs: tuple[Spec, ...]
    groups: dict[str, Group]
    train_only: frozenset[int]


class _Use(NamedTuple):
    """A place where layers of their own stand: a block with its arguments, a group, a repeat.

    `layers` is None for a layer that is only repeated; `label` is how it is shown. With a
    stated number of times each of them has its number in its name.
    """

    layers: tuple[LayerEntry, ...] | None
    values: Mapping[str, str]
    repeat: int
    sources: tuple[tuple[str, Place | None], ...]
    train_only: bool
    block: str
    label: str
    numbered: bool


# What a layer of a list of layers reads: "" is what the list reads, and names behind this sign
# are looked up in the lists around it.
_OUTSIDE: Final = "^"


# A layer of a list of layers: its name, what it is, what it reads, and where it was written.
# (A bare tuple: thousands of them are made, and each is taken apart at once.)
_Item: TypeAlias = "tuple[str, Spec, _Sources, Place]"
_Sources: TypeAlias = "tuple[tuple[str, Place | None], ...]"


class _Template(NamedTuple):
    """A list of layers written out, as it stands in every place that uses it."""

    items: list[_Item]
    groups: dict[str, Group]
    train_only: set[int]
    output: str


class _Where(NamedTuple):
    """A line of a list of layers: what it is, and what the list knows."""

    entry: LayerEntry
    use: _Use | None
    inside: _Template | None
    outputs: Mapping[str, str]
    values: Mapping[str, str]


def has_blocks(entries: Sequence[LayerEntry], blocks: Mapping[str, Block]) -> bool:
    """Whether a network has more than a list of layers."""
    return bool(blocks) or any(
        entry.layers is not None
        or entry.repeat > 1
        or entry.train_only
        or (entry.text is not None and ("(" in entry.text.text or "train" in entry.text.text))
        for entry in entries
    )


def write_out(entries: Sequence[LayerEntry], blocks: Mapping[str, Block]) -> Expanded:
    """All layers of a network, those of its blocks under their full names.

    Raises:
        InputError, InputErrors: for unknown blocks, wrong arguments, a block that uses
            itself, too many layers, and layers that cannot be read.
    """
    writer = _Writer(blocks)
    template = writer.template(tuple(entries), {})
    specs: list[Spec] = []
    before = INPUT
    for name, spec, sources, place in template.items:
        read = tuple([(writer.known(source, at), at) for source, at in sources])
        if len(read) == 1 and read[0][0] == before:
            read = ()  # the layer before, which needs no looking up
        specs.append(Spec(spec.row, spec.options, spec.places, read, name, place))
        before = name
    if writer.errors:
        raise writer.errors[0] if len(writer.errors) == 1 else InputErrors(writer.errors)
    return Expanded(tuple(specs), template.groups, frozenset(template.train_only))


class _Writer:
    """Writes each list of layers out once, and puts it into the places that use it."""

    def __init__(self, blocks: Mapping[str, Block]) -> None:
        self.blocks = blocks
        self.errors: list[InputError] = []
        self._stack: list[str] = []
        self._read: dict[object, Spec | None] = {}
        self._words: dict[int, set[str]] = {}
        self._without: dict[int, None] = {}
        self._parts: dict[int, tuple[list[tuple[str, int]] | None, list[tuple[str, int]]]] = {}
        self._values: dict[object, dict[str, str]] = {}
        self._templates: dict[object, _Template] = {}
        self._near: dict[str, tuple[str, ...]] = {}

    def template(self, entries: tuple[LayerEntry, ...], values: Mapping[str, str]) -> _Template:
        """A list of layers with these values for its parameters, written out.

        Raises:
            InputError: for unknown blocks, wrong arguments, a block that uses itself.
        """
        key = (id(entries), id(values))
        known = self._templates.get(key)
        if known is None:
            known = self._templates[key] = self._written(entries, values)
        return known

    def _written(self, entries: tuple[LayerEntry, ...], values: Mapping[str, str]) -> _Template:
        uses = [self._use(entry, values) for entry in entries]
        inner = [self._inside(entry, use) for entry, use in zip(entries, uses, strict=True)]
        names = self._names(entries, uses, values)
        outputs: dict[str, str] = {}
        for entry, several, inside in zip(entries, names, inner, strict=True):
            for name in several:
                outputs[name] = f"{name}.{inside.output}" if inside is not None else name
            if entry.name is not None:
                outputs[entry.name] = outputs[several[-1]]
        made = _Template([], {}, set(), "")
        before = ""
        for entry, use, several, inside in zip(entries, uses, names, inner, strict=True):
            first, start = len(made.items), before
            where = _Where(entry, use, inside, outputs, values)
            for number, name in enumerate(several):
                before = self._put(made, where, name, before, first=not number)
            if len(made.items) == first:
                continue
            last = len(made.items) - 1
            if use is not None and entry.name is not None and use.numbered:
                made.groups[entry.name] = Group(first, last, f"{use.label} x {use.repeat}")
            if use.train_only if use is not None else _trains(entry):
                made.train_only.update(range(first, last + 1))
                before = start
        return made._replace(output=before)

    def _inside(self, entry: LayerEntry, use: _Use | None) -> _Template | None:
        """The layers of a use of a block, None for a layer."""
        if use is None or use.layers is None:
            return None
        if use.block in self._stack:
            loop = " -> ".join([*self._stack[self._stack.index(use.block) :], use.block])
            raise InputError(
                f"the block {use.block} uses itself: {loop}", entry.place,
                "a block uses other blocks only",
            )  # fmt: skip
        self._stack += [use.block] if use.block else []
        inside = self.template(use.layers, use.values)
        if use.block:
            self._stack.pop()
        return inside

    def _put(self, made: _Template, where: _Where, name: str, before: str, *, first: bool) -> str:
        """Put in one layer, or one use of a block; what its output is called.

        Only the `first` of several in a row reads what is written there.
        """
        entry, use, inside, outputs, values = where
        place = entry.place
        if inside is None or use is None:
            spec = self._spec(entry, values)
            if spec is not None:
                written = spec.sources if first else ()
                sources = tuple([(self._found(each, outputs, made), at) for each, at in written])
                made.items.append((name, spec, sources or ((before, place),), place))
            _check_length(made, place)
            return name
        written = use.sources if first else ()
        if len(written) > 1:
            which = f"the block {use.block}" if use.block else "a group of layers"
            raise InputError(
                f"{which} reads one layer, not {len(written)}", place,
                "join them by add or concat first",
            )  # fmt: skip
        if written:
            before = self._found(written[0][0], outputs, made)
        start, prefix = len(made.items), f"{name}."
        for inner, spec, sources, at in inside.items:
            read = tuple(
                [
                    (
                        (prefix + source if source[0] != _OUTSIDE
                         else self._found(source[1:], outputs, made)) if source else before,
                        stands,
                    )
                    for source, stands in sources
                ]
            )  # fmt: skip
            made.items.append((prefix + inner, spec, read, at))
        _check_length(made, place)
        made.groups[name] = Group(start, len(made.items) - 1, use.label)
        for inner, (low, high, label) in inside.groups.items():
            made.groups[prefix + inner] = Group(start + low, start + high, label)
        made.train_only.update([start + each for each in inside.train_only])
        return prefix + inside.output if inside.output else before

    def _found(self, name: str, outputs: Mapping[str, str], made: _Template) -> str:
        """What a layer reads, as the list calls it; marked where the list has no such name."""
        if name == INPUT:
            return ""
        if name in outputs:
            return outputs[name]
        if name.partition(".")[0] in outputs:
            group = made.groups.get(name)
            return name if group is None else made.items[group.last][0]
        self._near.setdefault(name, (INPUT, *outputs))
        return _OUTSIDE + name

    def known(self, source: str, place: Place | None) -> str:
        """The full name of what a layer of the network reads.

        Raises:
            InputError: there is no such layer.
        """
        if not source:
            return INPUT
        if source[0] != _OUTSIDE:
            return source
        name = source[1:]
        near = self._near[name]
        hint = did_you_mean(name, near) or (
            f"here it is {' or '.join(near)}" if len(near) < 8 else ""  # noqa: PLR2004  (more names than a line takes)
        )
        raise InputError(f"there is no layer '{shortened(name)}'", place, hint)

    # -- names -------------------------------------------------------------------------

    def _names(
        self,
        entries: tuple[LayerEntry, ...],
        uses: list[_Use | None],
        values: Mapping[str, str],
    ) -> list[list[str]]:
        """The names of each entry of a list of layers: several where it stands repeatedly."""
        given = {entry.name for entry in entries}
        counts: dict[str, int] = {}
        names: list[list[str]] = []
        for entry, use in zip(entries, uses, strict=True):
            repeat = 1 if use is None else use.repeat
            if entry.name is not None:
                several = [entry.name]
                if use is not None and use.numbered:
                    several = [f"{entry.name}.{number}" for number in range(1, repeat + 1)]
                names.append(several)
                continue
            if use is not None and use.layers is not None:
                stem = use.block or "group"
            else:
                spec = self._spec(entry, values)
                stem = "layer" if spec is None else spec.row.stem
                if spec is not None and spec.name is not None:
                    names.append([spec.name])
                    continue
            several = []
            while len(several) < repeat:
                counts[stem] = counts.get(stem, 0) + 1
                if f"{stem}{counts[stem]}" not in given:
                    several.append(f"{stem}{counts[stem]}")
            names.append(several)
        return names

    # -- reading -----------------------------------------------------------------------

    def _spec(self, entry: LayerEntry, values: Mapping[str, str]) -> Spec | None:
        """A layer as the layer table knows it; None, with the error noted, if it cannot be read."""
        # a line without parameters is the same for all values
        key = (id(entry), id(values) if self._has_parameters(entry, values) else 0)
        if key not in self._read:
            self._read[key] = self._read_spec(entry, values if key[1] else {})
        return self._read[key]

    def _has_parameters(self, entry: LayerEntry, values: Mapping[str, str]) -> bool:
        if not values or entry.text is None:
            return bool(values)
        words = self._words.get(id(entry))
        if words is None:
            words = self._words[id(entry)] = set(_LETTERS.findall(entry.text.text))
            words |= {part for word in words for part in word.split("x")}
            words |= {source.text for source in entry.sources}
        return not words.isdisjoint(values)

    def _read_spec(self, entry: LayerEntry, values: Mapping[str, str]) -> Spec | None:
        spec: Spec | None = None
        try:
            if entry.text is None:
                spec = read_layer_options(filled(entry.options, values), entry.place)
            else:
                text = filled(entry.text, values)
                found = _TRAIN_ONLY.search(text.text)
                spec = read_layer(text if found is None else cut(text, found.start()))
        except InputError as error:
            error.place = error.place or entry.place
            if not error.hint.startswith("did you mean") and self.blocks and entry.text:
                hint = did_you_mean(entry.text.text.split()[0], tuple(self.blocks))
                error.hint = hint or error.hint
            self._note(error)
        except InputErrors as several:
            for each in several.errors:
                self._note(each)
        if spec is not None and entry.sources:
            sources = [(substituted(one.text, values), one.place()) for one in entry.sources]
            spec = spec._replace(sources=tuple(sources))
        return spec

    def _note(self, error: InputError) -> None:
        if str(error) not in map(str, self.errors):
            self.errors.append(error)

    def _use(self, entry: LayerEntry, values: Mapping[str, str]) -> _Use | None:
        """The use of a block, a group or a repeat that an entry is; None for a layer."""
        if id(entry) in self._without:
            return None
        sources: tuple[tuple[str, Place | None], ...] = tuple(
            [(substituted(one.text, values), one.place()) for one in entry.sources]
        )
        if entry.layers is not None:
            _check_repeat(entry.repeat, entry.place)
            return _Use(
                entry.layers, values, entry.repeat, sources, entry.train_only, "", "group",
                entry.repeat > 1,
            )  # fmt: skip
        text = entry.text
        call = None if text is None else _CALL.match(text.text)
        if text is not None and call is not None:
            name = values.get(call[1], call[1])
            if name in self.blocks:
                return self._call(entry, text, call, values, sources)
            if call[2] and name.lower().replace("_", "") not in ROWS:
                known = tuple(self.blocks)
                hint = did_you_mean(name, known) or (
                    f"there are {', '.join(known)}" if known else "write it under 'blocks'"
                )
                raise InputError(f"there is no block '{shortened(name)}'", text.place(), hint)
        if entry.repeat == 1:
            if call is None or call[1] not in values:
                self._without[id(entry)] = None
            return None
        _check_repeat(entry.repeat, entry.place)
        return _Use(None, values, entry.repeat, (), entry.train_only, "", "repeated", numbered=True)

    def _call(
        self,
        entry: LayerEntry,
        text: Written,
        call: re.Match[str],
        values: Mapping[str, str],
        sources: tuple[tuple[str, Place | None], ...],
    ) -> _Use:
        """A use of a block: `unit(64, s=2) x 3 from=pool1`."""
        block = self.blocks[values.get(call[1], call[1])]
        parts = self._parts.get(id(entry))
        if parts is None:
            given, rest = arguments_of(text, call.end(1))
            behind = [(match[0], match.start()) for match in WORD.finditer(text.text, rest)]
            parts = self._parts[id(entry)] = given, behind
        given, words = parts[0], [*parts[1]]
        repeat, train_only = entry.repeat, entry.train_only
        numbered = repeat > 1
        bare: list[tuple[str, int]] = []
        while words:
            word, at = words.pop(0)
            times = _TIMES.fullmatch(word)
            if word in {"x", "×", "*", "repeat"} and words and times is None:
                number, at = words.pop(0)
                times = _TIMES.fullmatch(f"x{substituted(number, values)}")
                if times is None:
                    raise InputError(
                        f"'{shortened(number)}' is not how often a block stands there",
                        text.place(at), _HINT,
                    )  # fmt: skip
            if times is not None:
                numbered = True
                repeat = int(times[1]) if len(times[1]) < 10 else MOST_LAYERS + 1  # noqa: PLR2004  (nobody counts further)
                _check_repeat(repeat, text.place(at))
            elif word == "from" and words:
                name, at = words.pop(0)
                sources += _listed(name, values, text.place(at))
            elif word.startswith("from="):
                sources += _listed(word[5:], values, text.place(at))
            elif word.replace("-", "_") == "train_only":
                train_only = True
            elif given is None:
                bare.append((word, at))
            else:
                raise InputError(
                    f"'{shortened(word)}' cannot stand behind a block", text.place(at), _HINT
                )
        arguments = bound(block, bare if given is None else given, values, text)
        # one object for equal values, so that what is written out is found again by it
        arguments = self._values.setdefault(tuple(arguments.items()), arguments)
        said = ", ".join(arguments.values())
        label = f"{block.name}({said})" if said else block.name
        return _Use(
            block.layers, arguments, repeat, sources, train_only, block.name, label, numbered
        )


def _trains(entry: LayerEntry) -> bool:
    return entry.train_only or (
        entry.text is not None and _TRAIN_ONLY.search(entry.text.text) is not None
    )


def _check_length(made: _Template, place: Place) -> None:
    if len(made.items) > MOST_LAYERS:
        raise InputError(
            f"the network has more than {MOST_LAYERS:,} layers", place, "repeat fewer of them"
        )


def _check_repeat(repeat: int, place: Place | None) -> None:
    if not 0 < repeat <= MOST_LAYERS:
        raise InputError(
            f"a block stands there from 1 to {MOST_LAYERS:,} times", place, "write x 3"
        )


def _listed(
    text: str, values: Mapping[str, str], place: Place | None
) -> tuple[tuple[str, Place | None], ...]:
    return tuple([(name, place) for name in substituted(text, values).split("+")])
