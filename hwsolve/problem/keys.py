"""How the value of a key is read, for each type in the table of fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hwsolve.problem.answers import read_answers
from hwsolve.problem.conventions import BY_NAME, canonical
from hwsolve.problem.derivations import (
    read_derivation_lines,
    read_shapes,
    read_statements,
)
from hwsolve.problem.equations import read_equations, read_names
from hwsolve.problem.layers import (
    read_blocks,
    read_dense_layers,
    read_layers,
    read_paths,
    read_size,
)
from hwsolve.problem.model import Given, Written
from hwsolve.problem.names import normal, why_not
from hwsolve.problem.nodes import Map, Node, Scalar, Seq, is_empty, what
from hwsolve.problem.source import clip, near
from hwsolve.problem.values import read_given

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hwsolve.problem.fields import Field
    from hwsolve.problem.source import Source

_TRUE: Final = frozenset({"yes", "true", "on"})
_FALSE: Final = frozenset({"no", "false", "off"})


def _text(source: Source, field: Field, node: Node) -> str:
    if isinstance(node, Scalar):
        return node.text.strip()
    wrong(source, field, node, "a text", "put the text in quotes")
    return ""


def _written(source: Source, field: Field, node: Node) -> Written | None:
    if isinstance(node, Scalar):
        return source.written(node)
    wrong(source, field, node, "a text", "put the text in quotes")
    return None


def wrong(source: Source, field: Field, node: Node, wanted: str, hint: str = "") -> None:
    """Note that a key has a value of the wrong sort."""
    example = f"for example {field.name}: {field.example}"
    source.fail(node, f"'{field.name}' takes {wanted}, not {what(node)}", hint or example)


def _choice(source: Source, field: Field, node: Node) -> str | None:
    words = field.choices
    if not isinstance(node, Scalar):
        wrong(source, field, node, "a word", f"it is {one_of(words)}")
        return None
    word = one_word_of(node.text, words)
    if word is None:
        text = clip(" ".join(node.text.split()))
        source.fail(node, f"'{field.name}' cannot be '{text}'", near_word(node, words))
    return word


def one_word_of(text: str, words: tuple[str, ...]) -> str | None:
    """The one of the words that a text is, in capitals or not; None where it is none."""
    folded = " ".join(text.split()).casefold()
    return next((word for word in words if word.casefold() == folded), None)


def near_word(node: Scalar, words: tuple[str, ...]) -> str:
    """The hint for a word that is not one of those that can stand here."""
    if node.end.line > node.start.line and not node.style:
        return "the next line belongs to it too; check the space after each colon"
    return near(node.text, words) or f"it is {one_of(words)}"


def one_of(words: tuple[str, ...]) -> str:
    """Words as a sentence lists them: `a, b or c`."""
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else "".join(words)


def _option(source: Source, field: Field, node: Node) -> Written | None:
    """A choice that keeps its place."""
    word = _choice(source, field, node)
    if word is None or not isinstance(node, Scalar):
        return None
    return source.written(node)._replace(text=word)


def _count(source: Source, field: Field, node: Node) -> int | None:
    if not isinstance(node, Scalar):
        wrong(source, field, node, "a whole number")
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
        wrong(source, field, node, "yes or no")
    elif node.text.lower() not in _TRUE | _FALSE:
        source.fail(node, f"'{field.name}' is yes or no, not '{clip(node.text)}'")
    return isinstance(node, Scalar) and node.text.lower() in _TRUE


def _names(source: Source, field: Field, node: Node) -> tuple[Written, ...]:
    return read_names(source, field.name, node)


def _name(source: Source, field: Field, node: Node) -> Written | None:
    """The name of a given value; whether there is such a value, the body checks."""
    if not isinstance(node, Scalar):
        hint = f"write the value under 'given' and its name here: {field.name}: {field.example}"
        wrong(source, field, node, "the name of a given value", hint)
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
        wrong(source, field, node, "names with values", "" if isinstance(node, Scalar) else hint)
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
    if ")" in key:
        return "a formula with a comma needs quotes inside '{...}'"
    if key.isdigit():
        return "a decimal number has a point, a list has brackets"
    return f"write '{clip(key)}: value'"


def _answers(source: Source, _: Field, node: Node) -> Any:
    return read_answers(source, node, _no_value)


def _conventions(source: Source, field: Field, node: Node) -> dict[str, Written]:
    stated: dict[str, Written] = {}
    if not isinstance(node, Map):
        wrong(source, field, node, "names with values")
        return stated
    for name, (key, value) in node.entries.items():
        convention = BY_NAME.get(name)
        if convention is None:
            hint = near(name, BY_NAME) or f"known are {', '.join(BY_NAME)}"
            source.fail(key, f"unknown convention '{clip(name)}'", hint)
            continue
        words = tuple(choice.value for choice in convention.choices)
        if convention.open and isinstance(value, Seq) and value.items:
            items = [item for item in value.items if isinstance(item, Scalar)]
            if len(items) == len(value.items):
                listed = ", ".join(" ".join(item.text.split()) for item in items)
                stated[name] = source.written(items[0])._replace(text=listed, breaks=())
                continue
        if not isinstance(value, Scalar):
            source.fail(value, f"the convention '{name}' takes a word, not {what(value)}")
            continue
        text = canonical(convention, " ".join(value.text.split()))
        if text is None:
            possible = "a whole number" if convention.weight else one_of(words)
            source.fail(
                value,
                f"the convention '{name}' cannot be '{clip(value.text)}'",
                near(value.text, words) or f"it is {possible}",
            )
            continue
        stated[name] = source.written(value)._replace(text=text)
    return stated


def _settings(source: Source, field: Field, node: Node) -> dict[str, Written]:
    """Names with a text each; a list stands for its text."""
    found: dict[str, Written] = {}
    if not isinstance(node, Map):
        wrong(source, field, node, "names with values")
        return found
    for text, (key, value) in node.entries.items():
        name = normal(text)
        if name is None:
            source.fail(key, f"'{clip(text)}' is not a name", why_not(text))
        elif name in found:
            source.fail(key, f"'{clip(text)}' is another spelling of '{name}'", "remove one")
        elif isinstance(value, Scalar) and not is_empty(value):
            found[name] = source.written(value)
        elif isinstance(value, Seq) and all(isinstance(item, Scalar) for item in value.items):
            numbers = [item.text for item in value.items if isinstance(item, Scalar)]
            found[name] = Written(f"[{', '.join(numbers)}]", source.place(value))
        else:
            source.fail(key, f"'{clip(text)}' has no value in '{field.name}'", _no_value(text))
    return found


def _of_optimizer(reader: str) -> Callable[[Source, Field, Any], Any]:
    """A reader of `kind: optimizer`, imported when it is used."""

    def read(source: Source, field: Field, node: Node) -> Any:
        from hwsolve.problem import optimizer

        return getattr(optimizer, reader)(source, field, node)

    return read


def _of_recurrent(reader: str) -> Callable[[Source, Field, Any], Any]:
    """A reader of `kind: recurrent`, imported when it is used."""

    def read(source: Source, field: Field, node: Node) -> Any:
        from hwsolve.problem import recurrent

        return getattr(recurrent, reader)(source, field, node)

    return read


def _of_extras(reader: str) -> Callable[[Source, Field, Any], Any]:
    """A reader of what stands beside equations, imported when it is used."""

    def read(source: Source, field: Field, node: Node) -> Any:
        from hwsolve.problem import extras

        return getattr(extras, reader)(source, field, node)

    return read


# How a value of each type in the table of fields is read.
READERS: Final[Mapping[str, Callable[[Source, Field, Any], Any]]] = {
    "text": _text,
    "read-out": _of_recurrent("read_output"),
    "vocabulary": _of_recurrent("read_vocabulary"),
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
    "blocks": read_blocks,
    "derivation lines": read_derivation_lines,
    "shapes": read_shapes,
    "statements": read_statements,
    "settings": _settings,
    "amounts": _of_extras("read_amounts"),
    "options": _of_extras("read_options"),
    "gradients": _of_optimizer("read_gradients"),
    "rate": _of_optimizer("read_rate"),
    "steps": _of_optimizer("read_steps"),
}
