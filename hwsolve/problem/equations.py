"""Texts with places: equations in a list or a block, and names separated by commas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsolve.problem.nodes import Map, Node, Scalar, Seq, is_empty, what
from hwsolve.problem.source import clip
from hwsolve.problem.tree import MAX_NODES

if TYPE_CHECKING:
    from hwsolve.problem.model import Written
    from hwsolve.problem.source import Source

# The longest text that is split into names.
_LONGEST = 100_000
_OPENING = "([{"
_CLOSING = ")]}"


def read_equations(source: Source, key: str, node: Node) -> tuple[Written, ...]:
    """Equations from a list, from a block text with one a line, or from a single text."""
    if isinstance(node, Scalar):
        return _lines(source, key, node)
    if isinstance(node, Map):
        for name, (where, value) in node.entries.items():
            right = clip(value.text) if isinstance(value, Scalar) else "..."
            source.fail(
                where,
                f"'{key}' is a mapping, but equations are a list",
                f"write '- {name} = {right}'",
            )
            break
        else:
            source.fail(node, f"'{key}' is empty", "write '- name = expression' below it")
        return ()
    equations = []
    in_brackets = source.text.startswith("[", node.start.index)
    for item in node.items:
        if item.__class__ is Scalar and item.text:
            equations.append(source.written(item))
            if in_brackets and item.text.count("(") != item.text.count(")"):
                source.fail(
                    item,
                    f"the brackets of '{clip(item.text)}' do not match",
                    "an equation with a comma needs quotes inside '[...]'",
                )
        else:
            _not_an_equation(source, item)
    if not node.items:
        source.fail(node, f"'{key}' is empty", "write '- name = expression' below it")
    return tuple(equations)


def _not_an_equation(source: Source, node: Node) -> None:
    if isinstance(node, Scalar):
        source.fail(node, "an equation is missing behind this '-'", "write name = expression")
    elif isinstance(node, Seq):
        source.fail(
            node,
            "an equation was expected, found a list",
            "put quotes around an equation that starts with '[', one '-' before each equation",
        )
    else:
        hint = "an equation has no colons"
        for name, (_, value) in node.entries.items():
            whole = f"{name}: {value.text}" if isinstance(value, Scalar) and value.text else name
            if "=" in name:
                hint = f"put the equation in quotes: '{clip(whole)}'"
            elif isinstance(value, Scalar) and value.text:
                hint = f"write {clip(f'{name} = {value.text}')}"
            break
        source.fail(node, "an equation was expected, found a mapping", hint)


def _lines(source: Source, key: str, node: Scalar) -> tuple[Written, ...]:
    if is_empty(node):
        source.fail(node, f"'{key}' is empty", "write '- name = expression' below it")
        return ()
    if node.text.count("\n") > MAX_NODES:
        source.stop(node, f"'{key}' has more than {MAX_NODES:,} lines")
    whole = source.written(node)
    lines = whole.text.split("\n")
    several = node.end.line > node.start.line and node.style in {"", "'", '"', ">"}
    if several and len(lines) == 1 and whole.text.count("=") > 1:
        source.fail(
            node,
            f"the lines of '{key}' are joined to one",
            f"write '- ' before each equation, or '|' behind '{key}:'",
        )
        return ()
    equations = []
    start = 0
    for line in lines:
        text = line.partition("#")[0]
        if text.strip():
            skipped = len(text) - len(text.lstrip())
            equations.append(whole.part(start + skipped, start + len(text.rstrip())))
        start += len(line) + 1
    if not equations:
        source.fail(node, f"'{key}' holds no equation", "write name = expression")
    return tuple(equations)


def read_names(source: Source, key: str, node: Node) -> tuple[Written, ...]:
    """Names from a list, or from one text with commas between them."""
    names: list[Written] = []
    if isinstance(node, Scalar):
        if len(node.text) > _LONGEST:
            source.stop(node, f"'{key}' is a text of {len(node.text)} characters", "write a list")
        names.extend(split_names(source.written(node)))
    elif isinstance(node, Seq):
        for item in node.items:
            if isinstance(item, Scalar) and len(item.text) <= _LONGEST:
                found = split_names(source.written(item))
                names.extend(found)
                if not found:
                    source.fail(item, f"a name is missing in '{key}'", "write one such as dz/dw0")
            else:
                source.fail(
                    item,
                    f"'{key}' takes names, not {what(item)}",
                    "write one name per line with a dash, or put quotes around names with brackets",
                )
    else:
        hint = "the values belong to 'answers'" if key == "find" else "write them as a list"
        source.fail(node, f"'{key}' takes names, not a mapping", hint)
        return ()
    seen: set[str] = set()
    for name in names:
        if name.text in seen:
            source.fail(name.origin, f"'{clip(name.text)}' stands twice in '{key}'", "remove one")
        seen.add(name.text)
    if not names and not source.errors:
        source.fail(node, f"'{key}' is empty", "write names, or remove the key")
    return tuple(names)


def split_names(whole: Written) -> list[Written]:
    """The pieces of a text between commas and line ends that stand in no brackets."""
    text = whole.text
    if "," not in text and "\n" not in text and text == text.strip():
        return [whole] if text else []
    pieces: list[Written] = []
    depth = start = 0
    for at, character in enumerate(text + ","):
        if character in _OPENING:
            depth += 1
        elif character in _CLOSING:
            depth -= 1
        elif at == len(text) or (character in ",\n" and depth <= 0):
            piece = text[start:at]
            if piece.strip():
                skipped = len(piece) - len(piece.lstrip())
                pieces.append(whole.part(start + skipped, start + len(piece.rstrip())))
            start = at + 1
    return pieces
