"""Problem files: text to a checked `Problem`, with all that is wrong said at once.

Each key is read by the reader of its type in the table of fields; then the body of
the problem's kind is put together from what was read. A part takes over what the
file holds and it does not state itself.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn

from hwsolve.errors import closest, did_you_mean
from hwsolve.problem.answers import read_answers
from hwsolve.problem.bodies import BODIES, Parsed
from hwsolve.problem.conventions import BY_NAME, canonical
from hwsolve.problem.equations import read_equations, read_names
from hwsolve.problem.fields import KIND_NAMES, Field, fields_of, kinds_with
from hwsolve.problem.layers import read_dense_layers, read_layers, read_paths, read_size
from hwsolve.problem.model import Given, Graph, Problem, Settings, Written
from hwsolve.problem.names import normal, why_not
from hwsolve.problem.nodes import Map, Node, Scalar, Seq, what
from hwsolve.problem.source import Source, clip, decode, is_empty, load, read_tree
from hwsolve.problem.values import read_given

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


MAX_PARTS: Final = 500
# What all parts together may take over: equations and given values, each counted once a part.
MAX_SHARED: Final = 2_000_000

_LARGE: Final = 100_000
_TRUE: Final = frozenset({"yes", "true", "on", "Yes", "True", "On", "YES", "TRUE", "ON"})
_FALSE: Final = frozenset({"no", "false", "off", "No", "False", "Off", "NO", "FALSE", "OFF"})


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
        if kind in KIND_NAMES and self._complete(node, kind, values, label):
            body = BODIES[kind](Parsed(source, node, values))
        return self._assemble(node, kind, label, values, body)

    def _kind(self, node: Map, label: str, whole: _Whole, *, in_parts: bool) -> str:
        """The kind of a problem: "" where it is left to the parts, "?" where it is unknown."""
        entry = node.entries.get("kind")
        if entry is None:
            if whole.kind or in_parts:
                return whole.kind
            place = self.source.place(node)
            whose = f"part '{clip(label)}'" if label else "the file"
            hint = f"add 'kind: graph' (kinds are {', '.join(KIND_NAMES)})"
            self.source.fail(place, f"{whose} has no key 'kind'", hint)
            return "?"
        value = entry[1]
        if isinstance(value, Scalar) and value.text in KIND_NAMES:
            return value.text
        if isinstance(value, Scalar) and not is_empty(value):
            hint = _near(value, KIND_NAMES)
            self.source.fail(value, f"unknown kind '{clip(value.text)}'", hint)
        elif not is_empty(value):
            _wrong(self.source, fields_of("")["kind"], value, "a word")
        return "?"

    def _unknown(self, key: Scalar, kind: str, fields: Mapping[str, Field]) -> None:
        name = key.text
        owners = kinds_with(name)
        if kind == "?" and owners:
            return
        if owners and not kind:
            self.source.fail(
                key,
                f"the key '{name}' needs a 'kind' beside it",
                f"kind {_or(owners)} has it",
            )
            return
        if owners:
            message = f"the key '{name}' belongs to kind {_or(owners)}, not to kind {kind}"
            self.source.fail(key, message, "remove it, or change the kind")
            return
        before, colon, after = name.partition(":")
        if colon:
            hint = f"a space is missing after the colon: write '{clip(f'{before}: {after}')}'"
            self.mistyped.add(before)
        else:
            near = closest(name, list(fields))
            self.mistyped.add(near or "")
            hint = f"did you mean '{near}'?" if near else f"known are {', '.join(fields)}"
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
        weight = sum(len(whole.values.get(name, ())) for name in ("equations", "given"))
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

    def _assemble(  # noqa: PLR0913, PLR0917  (a problem has this many sides)
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
        ties = get("ties")
        if ties is None:
            ties = conventions["ties"].text if "ties" in conventions else "away"
        settings = Settings(
            get("digits"), get("exact") or False, get("round_steps"), ties,
            get("working") or "full", get("entry") or (),
        )  # fmt: skip
        return Problem(
            self.source.name, kind, self.source.place(node), get("title", ""),
            get("statement", ""), get("source", ""), label, get("given") or {},
            get("find") or tuple(answer_names.values()), answers, answer_names,
            conventions, settings, body, parts,
        )  # fmt: skip


def _text(source: Source, field: Field, node: Node) -> str:
    if isinstance(node, Scalar):
        return node.text.strip()
    _wrong(source, field, node, "a text", "put the text in quotes")
    return ""


def _written(source: Source, field: Field, node: Node) -> Written | None:
    if isinstance(node, Scalar):
        return source.written(node)
    _wrong(source, field, node, "a text", "put the text in quotes")
    return None


def _wrong(source: Source, field: Field, node: Node, wanted: str, hint: str = "") -> None:
    example = f"for example {field.name}: {field.example}"
    source.fail(node, f"'{field.name}' takes {wanted}, not {what(node)}", hint or example)


def _choice(source: Source, field: Field, node: Node) -> str | None:
    words = field.choices
    if not isinstance(node, Scalar):
        _wrong(source, field, node, "a word", f"it is {_or(words)}")
        return None
    text = " ".join(node.text.split())
    if text in words:
        return text
    source.fail(node, f"'{field.name}' cannot be '{clip(text)}'", _near(node, words))
    return None


def _near(node: Scalar, words: tuple[str, ...]) -> str:
    """The hint for a word that is not one of those that can stand here."""
    if node.end.line > node.start.line and not node.style:
        return "the next line belongs to it too; check the space after each colon"
    return did_you_mean(node.text, words) or f"it is {_or(words)}"


def _or(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else "".join(words)


def _option(source: Source, field: Field, node: Node) -> Written | None:
    """A choice that keeps its place."""
    word = _choice(source, field, node)
    if word is None or not isinstance(node, Scalar):
        return None
    return source.written(node)._replace(text=word)


def _count(source: Source, field: Field, node: Node) -> int | None:
    if not isinstance(node, Scalar):
        _wrong(source, field, node, "a whole number")
        return None
    text = node.text
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        hint = f"for example {field.name}: {field.example}"
        source.fail(node, f"'{field.name}' takes a whole number, not '{clip(text)}'", hint)
        return None
    value = int(text) if len(text) < 20 else field.most + 1  # noqa: PLR2004  (longer than any limit)
    if node.style:
        source.fail(node, f"the number {clip(text)} stands in quotes", "remove the quotes")
    elif not field.least <= value <= field.most:
        source.fail(node, f"'{field.name}' is from {field.least} to {field.most}, not {clip(text)}")
    return value


def _yes_or_no(source: Source, field: Field, node: Node) -> bool:
    if not isinstance(node, Scalar):
        _wrong(source, field, node, "yes or no")
    elif node.text not in _TRUE and node.text not in _FALSE:
        source.fail(node, f"'{field.name}' is yes or no, not '{clip(node.text)}'")
    return isinstance(node, Scalar) and node.text in _TRUE


def _names(source: Source, field: Field, node: Node) -> tuple[Written, ...]:
    return read_names(source, field.name, node)


def _name(source: Source, field: Field, node: Node) -> Written | None:
    """The name of a given value; whether there is such a value, the body checks."""
    if not isinstance(node, Scalar):
        hint = f"write the value under 'given' and its name here: {field.name}: {field.example}"
        _wrong(source, field, node, "the name of a given value", hint)
        return None
    written = source.written(node)
    name = normal(node.text)
    if name is None:
        message = f"'{field.name}' takes the name of a given value, not '{clip(node.text)}'"
        source.fail(node, message, why_not(node.text))
        return None
    return written._replace(text=name)


def _equations(source: Source, field: Field, node: Node) -> tuple[Written, ...]:
    return read_equations(source, field.name, node)


def _given(source: Source, field: Field, node: Node) -> dict[str, Given]:
    given: dict[str, Given] = {}
    if not isinstance(node, Map):
        hint = "remove the dashes: each line is 'name: value'"
        _wrong(source, field, node, "names with values", "" if isinstance(node, Scalar) else hint)
        return given
    for text, (key, value) in node.entries.items():
        name = normal(text)
        if is_empty(value):
            source.fail(key, f"'{clip(text)}' has no value", _no_value(text))
            lost = normal(text.replace("=", ":").partition(":")[0].strip())
            if lost is not None:
                given.setdefault(lost, Given(lost, None, source.place(key)))
        elif name is None:
            source.fail(key, f"'{clip(text)}' is no name for a given value", why_not(text))
        elif name in given:
            message = f"'{clip(text)}' is another spelling of '{name}', which is given already"
            source.fail(key, message, "remove one of them")
        else:
            # A refused value keeps its name, so that nothing calls it missing.
            read = read_given(source, name, value)
            given[name] = read or Given(name, None, source.place(value))
    return given


def _no_value(key: str) -> str:
    """A hint for a key without a value: `x:1` and `x=1` have lost theirs."""
    for sign in (":", "="):
        name, found, value = key.partition(sign)
        if found and name.strip() and value.strip():
            return f"write '{clip(f'{name.strip()}: {value.strip()}')}'"
    return "a decimal number is written with a point" if key.isdigit() else "write 'name: value'"


def _answers(source: Source, _: Field, node: Node) -> Any:
    return read_answers(source, node, _no_value)


def _conventions(source: Source, field: Field, node: Node) -> dict[str, Written]:
    stated: dict[str, Written] = {}
    if not isinstance(node, Map):
        _wrong(source, field, node, "names with values")
        return stated
    for name, (key, value) in node.entries.items():
        convention = BY_NAME.get(name)
        if convention is None:
            hint = did_you_mean(name, list(BY_NAME)) or f"known are {', '.join(BY_NAME)}"
            source.fail(key, f"unknown convention '{clip(name)}'", hint)
            continue
        words = tuple(choice.value for choice in convention.choices)
        if not isinstance(value, Scalar):
            source.fail(value, f"the convention '{name}' takes a word, not {what(value)}")
            continue
        text = canonical(convention, " ".join(value.text.split()))
        if text is None:
            possible = "a whole number" if convention.weight else _or(words)
            source.fail(
                value,
                f"the convention '{name}' cannot be '{clip(value.text)}'",
                did_you_mean(value.text, words) or f"it is {possible}",
            )
            continue
        stated[name] = source.written(value)._replace(text=text)
    return stated


# How a value of each type in the table of fields is read.
READERS: Final[Mapping[str, Callable[[Source, Field, Any], Any]]] = {
    "text": _text,
    "formula": _written,
    "choice": _choice,
    "option": _option,
    "count": _count,
    "yes or no": _yes_or_no,
    "name": _name,
    "names": _names,
    "equations": _equations,
    "given": _given,
    "answers": _answers,
    "conventions": _conventions,
    "dense layers": read_dense_layers,
    "layers": read_layers,
    "size": read_size,
    "paths": read_paths,
}
