"""Problem files: text to a checked `Problem`, with all that is wrong said at once.

Each key is read by the reader of its type in the table of fields; then the body of
the problem's kind is put together from what was read. A part takes over what the
file holds and it does not state itself.
"""

from __future__ import annotations

import gc
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn

from hwsolve.errors import closest
from hwsolve.problem.bodies import BODIES, Parsed
from hwsolve.problem.fields import KIND_ALIASES, KIND_NAMES, fields_of, kinds_with
from hwsolve.problem.keys import READERS, near_word, one_of, one_word_of, wrong
from hwsolve.problem.model import Extras, Graph, Problem, Settings
from hwsolve.problem.nodes import Map, Node, Scalar, Seq, is_empty, what
from hwsolve.problem.source import Source, clip, decode, load
from hwsolve.problem.tree import read_tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hwsolve.problem.fields import Field
    from hwsolve.problem.model import Written

MAX_PARTS: Final = 500
# What all parts together may take over: equations and given values, each counted once a part.
MAX_SHARED: Final = 2_000_000

_LARGE: Final = 100_000


def read_problem(path: str) -> Problem:
    """The problem in a file, or in standard input where the path is `-`.

    Raises:
        InputError: if the file cannot be read.
        InputErrors: for all that is wrong with what stands in it.
    """
    return _read(load(path))


def read_text(text: str | bytes, name: str = "problem") -> Problem:
    """The problem in a text; `name` stands for the file in the places of errors.

    Raises:
        InputError: if the text is too large.
        InputErrors: for all that is wrong with it.
    """
    return _read(decode(text, name))


def _read(source: Source) -> Problem:
    # Nothing here is garbage before all is read; on a large file collecting doubles the time.
    paused = len(source.text) > _LARGE and gc.isenabled()
    if paused:
        gc.disable()
    try:
        root = read_tree(source)
        if not isinstance(root, Map):
            _not_a_mapping(source, root)
        problem = _Reader(source).problem(root)
    finally:
        if paused:
            gc.enable()
    source.finish()
    return problem


def _not_a_mapping(source: Source, root: Node) -> NoReturn:
    hint = "`hwsolve new graph` prints a file to start from"
    if isinstance(root, Scalar):
        key, colon, rest = root.text.partition(":")
        if colon and key.isidentifier() and rest[:1] not in {"", " "}:
            first = rest.split()[0]
            hint = f"a space is missing after the colon: write '{clip(f'{key}: {first}')}'"
    elif isinstance(root, Seq) and root.items:
        hint = "remove the dashes before the keys, or see `hwsolve new graph`"
    message = f"a problem file has keys such as 'kind: graph', but this is {what(root)}"
    source.stop(root, message, hint)


class _Whole(NamedTuple):
    """What a file says for its parts: its kind ("" if open), its values, and their fields."""

    kind: str
    values: dict[str, Any]
    fields: Mapping[str, Field]


_NOTHING: Final = _Whole("", {}, {})


class _Reader:
    def __init__(self, source: Source) -> None:
        self.source = source
        # Keys that were meant by unknown ones, so that none is reported missing too.
        self.mistyped: set[str] = set()

    def problem(self, node: Map, label: str = "", whole: _Whole = _NOTHING) -> Problem:
        """A file or, with a label, a part of one."""
        source = self.source
        entries = node.entries
        in_parts = "parts" in entries and not label
        kind = self._kind(node, label, whole, in_parts=in_parts)
        fields = fields_of(kind if kind in KIND_NAMES else "")
        values: dict[str, Any] = {}
        for name, (key, value) in entries.items():
            field = fields.get(name)
            if field is None:
                self._unknown(key, kind, fields)
            elif is_empty(value):
                source.fail(key, f"the key '{name}' has no value", "write one, or remove the key")
            elif name not in {"kind", "parts"}:
                values[name] = READERS[field.type](source, field, value)
        if label and "parts" in entries:
            source.fail(entries["parts"][0], "a part cannot have parts", "write them side by side")
        if in_parts:
            return self._in_parts(node, _Whole(kind, values, fields))
        values = self._inherited(values, kind, whole)
        body: Any = Graph(())
        complete = kind in KIND_NAMES and self._complete(node, kind, values, label)
        if complete and "given" not in self.mistyped:
            body = BODIES[kind](Parsed(source, node, values))
        return self._assemble(node, kind, label, values, body)

    def _kind(self, node: Map, label: str, whole: _Whole, *, in_parts: bool) -> str:
        """The kind of a problem: "" where it is left to the parts, "?" where it is unknown."""
        entry = node.entries.get("kind")
        if entry is None:
            if whole.kind or in_parts:
                return whole.kind
            # A mistyped `kind` is reported as an unknown key.
            known = fields_of("")
            for name in islice(node.entries, 20):
                if name not in known and not kinds_with(name) and closest(clip(name), ["kind"]):
                    return "?"
            place = self.source.place(node)
            whose = f"part '{clip(label)}'" if label else "the file"
            hint = f"add 'kind: graph' (kinds are {', '.join(KIND_NAMES)})"
            self.source.fail(place, f"{whose} has no key 'kind'", hint)
            return "?"
        value = entry[1]
        names = (*KIND_NAMES, *KIND_ALIASES)
        kind = one_word_of(value.text, names) if isinstance(value, Scalar) else None
        if kind is not None:
            return KIND_ALIASES.get(kind, kind)
        if isinstance(value, Scalar) and not is_empty(value):
            hint = near_word(value, KIND_NAMES)
            self.source.fail(value, f"unknown kind '{clip(value.text)}'", hint)
        elif not is_empty(value):
            wrong(self.source, fields_of("")["kind"], value, "a word")
        return "?"

    def _unknown(self, key: Scalar, kind: str, fields: Mapping[str, Field]) -> None:
        name = key.text
        owners = kinds_with(name)
        if kind == "?" and owners:
            return
        if kind == "optimizer":
            from hwsolve.problem.conventions import BY_NAME

            if name in BY_NAME:
                hint = f"write 'conventions: {{{name}: ...}}'"
                self.source.fail(key, f"'{name}' is a convention, not a key", hint)
                return
        if owners and not kind:
            self.source.fail(
                key,
                f"the key '{name}' needs a 'kind' beside it",
                f"kind {one_of(owners)} has it",
            )
            return
        if owners:
            message = f"the key '{name}' belongs to kind {one_of(owners)}, not to kind {kind}"
            self.source.fail(key, message, "remove it, or change the kind")
            return
        before, colon, after = name.partition(":")
        if not name.isprintable():
            hint = "it has an invisible character in it: type it anew, with plain spaces"
        elif colon:
            hint = f"a space is missing after the colon: write '{clip(f'{before}: {after}')}'"
            if not before:
                hint = "remove the colon in front of it"
            self.mistyped.add(before)
        else:
            likely = closest(clip(name), list(fields))
            self.mistyped.add(likely or "")
            hint = f"did you mean '{likely}'?" if likely else f"known are {', '.join(fields)}"
            if kind == "optimizer" and not likely:
                hint = f"the settings of a rule stand under 'given'; {hint}"
        self.source.fail(key, f"unknown key '{clip(name)}'", hint)

    def _complete(self, node: Map, kind: str, values: dict[str, Any], label: str) -> bool:
        """Whether all required keys are there; what is missing is noted."""
        missing = [
            field
            for field in fields_of(kind).values()
            if field.required
            and field.name not in values
            and field.name not in node.entries
            and field.name not in self.mistyped
        ]
        for field in missing:
            whose = f"part '{clip(label)}'" if label else f"a problem of kind {kind}"
            self.source.fail(
                self.source.place(node),
                f"{whose} needs the key '{field.name}'",
                f"for example {field.name}: {field.example}",
            )
        return not any(f.required and f.name not in values for f in fields_of(kind).values())

    def _inherited(self, values: dict[str, Any], kind: str, whole: _Whole) -> dict[str, Any]:
        """A part's values and, before them, what it takes over from its file."""
        if not whole.values:
            return values
        fields = fields_of(kind if kind in KIND_NAMES else "")
        result = dict(values)
        for name, value in whole.values.items():
            field, mine = whole.fields[name], fields.get(name)
            if not field.shared or mine is None or mine.type != field.type:
                continue
            # What is asked of an equation has no meaning for layers.
            if field.type == "names" and whole.kind not in {"", kind}:
                continue
            if name not in values:
                result[name] = value
            elif field.type == "equations":
                result[name] = value + values[name]
            elif field.type in {"given", "conventions"}:
                result[name] = {**value, **values[name]}
        return result

    def _in_parts(self, node: Map, whole: _Whole) -> Problem:
        source = self.source
        key, value = node.entries["parts"]
        if not isinstance(value, Map):
            if not is_empty(value):
                source.fail(value, f"'parts' is {what(value)}", "write 'a:' and its keys below it")
            return self._assemble(node, whole.kind, "", whole.values, Graph(()))
        if "answers" in whole.values:
            source.fail(
                node.entries["answers"][0],
                "the answers of a problem in parts belong to its parts",
                "move them below the part that they answer",
            )
        weight = sum(len(v) for v in whole.values.values() if isinstance(v, (dict, tuple)))
        if not value.entries:
            source.fail(key, "'parts' is empty", "write 'a:' and its keys below it")
        elif len(value.entries) > MAX_PARTS or len(value.entries) * weight > MAX_SHARED:
            limit = f"at most {MAX_PARTS} parts, which share at most {MAX_SHARED:,} lines"
            source.stop(key, f"{len(value.entries)} parts are too many here", limit)
        parts = []
        for name, (label, part) in value.entries.items():
            if isinstance(part, Map):
                parts.append(self.problem(part, name or "?", whole))
            else:
                source.fail(
                    label,
                    f"part '{clip(name)}' is {'empty' if is_empty(part) else what(part)}",
                    "write its keys below it, such as 'find: [z]'",
                )
        kinds = {part.kind for part in parts}
        kind = whole.kind or (kinds.pop() if len(kinds) == 1 else "")
        return self._assemble(node, kind, "", whole.values, Graph(()), tuple(parts))

    def _assemble(  # noqa: PLR0913  (a problem has this many sides)
        self,
        node: Map,
        kind: str,
        label: str,
        values: dict[str, Any],
        body: Any,
        parts: tuple[Problem, ...] = (),
    ) -> Problem:
        get = values.get
        answers, answer_names = get("answers") or ({}, {})
        conventions: dict[str, Written] = get("conventions") or {}
        ties, stated = get("ties"), conventions.get("ties")
        if ties and stated and stated.text != ties:
            message = f"the convention 'ties' is {stated.text}, but the key 'ties' is {ties}"
            self.source.fail(stated.origin, message, "say it once")
        ties = ties or (stated.text if stated else "away")
        settings = Settings(
            get("digits"), get("exact") or False, get("round_steps"), ties,
            get("working") or "full", get("entry") or (),
        )  # fmt: skip
        return Problem(
            self.source.name, kind, self.source.place(node), get("title", ""),
            get("statement", ""), get("source", ""), label, get("given") or {},
            get("find") or tuple(answer_names.values()), answers, answer_names,
            conventions, settings, body, parts, get("expressions") or (),
            _extras(kind, values),
        )  # fmt: skip


def _extras(kind: str, values: Mapping[str, Any]) -> Extras:
    """What stands beside the equations of a graph, a network or a cell."""
    if kind not in {"graph", "network", "recurrent"}:
        return Extras()
    # a key of the same name may mean something else in a kind, as `update` of a GRU
    fields = fields_of(kind)
    own = {name for name in Extras._fields if name in fields and fields[name].type != "option"}
    return Extras(**{name: values[name] for name in own if values.get(name)})
