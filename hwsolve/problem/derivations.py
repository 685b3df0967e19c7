"""The lines and shapes of `kind: derivation` as written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hwsolve.problem.equations import read_equations
from hwsolve.problem.model import DerivationLine, Written
from hwsolve.problem.names import normal
from hwsolve.problem.nodes import Map, Node, Scalar, Seq, is_empty, what
from hwsolve.problem.source import clip, near

if TYPE_CHECKING:
    from hwsolve.problem.fields import Field
    from hwsolve.problem.source import Source

KEYS: Final = ("line", "because", "case", "from")


def read_derivation_lines(source: Source, field: Field, node: Node) -> tuple[DerivationLine, ...]:
    """The lines of a derivation; what is wrong is noted in the source."""
    if not isinstance(node, Seq):
        if isinstance(node, Scalar):
            written = read_equations(source, field.name, node)
            return tuple(DerivationLine(line, "", None, None) for line in written)
        hint = "write '- ' before each line"
        source.fail(node, f"'{field.name}' takes a list, not {what(node)}", hint)
        return ()
    if not node.items:
        source.fail(node, f"'{field.name}' is empty", f"for example {field.name}: {field.example}")
    lines = []
    for item in node.items:
        line = _line(source, item)
        if line is not None:
            lines.append(line)
    return tuple(lines)


def _line(source: Source, node: Node) -> DerivationLine | None:
    if isinstance(node, Scalar) and not is_empty(node):
        return DerivationLine(source.written(node), "", None, None)
    if not isinstance(node, Map):
        hint = "write left = right, or = right to go on"
        source.fail(node, f"a line of a derivation was expected, found {what(node)}", hint)
        return None
    found: dict[str, Written] = {}
    for name, (key, value) in node.entries.items():
        if name not in KEYS:
            likely = near(name, KEYS) or "a line has line, because, case and from"
            source.fail(key, f"unknown key '{clip(name)}' in a line", likely)
        elif is_empty(value) or not isinstance(value, Scalar):
            source.fail(key, f"'{name}' takes a text", "write one, or remove the key")
        else:
            found[name] = source.written(value)
    if "line" not in found:
        if "line" not in node.entries:
            hint = "write {line: left = right, because: reason}"
            source.fail(node, "this line has no key 'line'", hint)
        return None
    origin = found.get("from")
    if origin is not None and not (origin.text.isascii() and origin.text.isdigit()):
        source.fail(origin.origin, "'from' takes the number of a line", "lines count from 1")
        origin = None
    because = found["because"].text if "because" in found else ""
    return DerivationLine(found["line"], because, found.get("case"), origin)


def read_statements(source: Source, field: Field, node: Node) -> tuple[Written, ...]:
    """Comparisons or equalities: a list, or a text with one a line."""
    return read_equations(source, field.name, node)


def read_shapes(source: Source, field: Field, node: Node) -> dict[str, Written]:
    """The shapes of vectors and matrices by name."""
    shapes: dict[str, Written] = {}
    if not isinstance(node, Map):
        hint = f"for example {field.name}: {field.example}"
        source.fail(node, f"'{field.name}' takes names with shapes, not {what(node)}", hint)
        return shapes
    for name, (key, value) in node.entries.items():
        if not isinstance(value, Scalar) or is_empty(value):
            source.fail(key, f"the shape of '{clip(name)}' is missing", "write n, or n x m")
        elif (plain := normal(name)) is None:
            source.fail(key, f"'{clip(name)}' is not a name", "such as W or x")
        else:
            shapes[plain] = source.written(value)
    return shapes
