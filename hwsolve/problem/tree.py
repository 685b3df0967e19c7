"""The tree of a YAML text, built from the events of its parser.

That is twice as fast as YAML's own loader, and places and duplicate keys come with
it. Whatever a file may hold, reading it ends soon: its nesting and the number of
its values are limited, and an alias is counted as often as it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn

from hwsolve.problem.nodes import Map, Mark, Node, Scalar, Seq, is_empty, what
from hwsolve.problem.source import clip

if TYPE_CHECKING:
    from collections.abc import Callable

    from hwsolve.problem.nodes import Position
    from hwsolve.problem.source import Source

MAX_DEPTH: Final = 40
MAX_NODES: Final = 500_000

_NO_PROBLEM: Final = "`hwsolve new graph` prints a file to start from"


def read_tree(source: Source) -> Node:
    """The tree of a source's only document.

    Duplicate keys are noted in the source and the first of them is kept.

    Raises:
        InputErrors: if the text is not YAML, is empty or crosses a limit.
    """
    return _Builder(source).build()


def _parser() -> tuple[Any, Any]:
    """The parser of YAML events, and the module with the classes of events and errors."""
    import yaml  # type: ignore[import-untyped,unused-ignore]  # stubs may not be installed

    try:
        from yaml._yaml import CParser  # type: ignore[import-untyped,unused-ignore]  # as above
    except ImportError:
        return yaml.SafeLoader, yaml
    return CParser, yaml


class _Builder:
    """Builds the tree, one event at a time and without recursion."""

    def __init__(self, source: Source) -> None:
        self.source = source
        # Anchored nodes by name; None while the node is still open.
        self.anchors: dict[str, Node | None] = {}
        self.weights: dict[str, int] = {}
        self.heights: dict[int, int] = {}
        self.open: list[Seq | Map] = []

    def build(self) -> Node:
        source = self.source
        parser, events = _parser()
        try:
            root = self._events(parser(source.text).get_event, events)
        except events.YAMLError as error:
            self._explain(error)
        if root is None or is_empty(root):
            source.stop(Mark(0, 0, 0), "the file is empty", _NO_PROBLEM)
        return root

    def _explain(self, error: Exception) -> NoReturn:
        from hwsolve.problem.syntax import explain

        message, hint, at = explain(self.source.text, error, [node.start for node in self.open])
        self.source.stop(at, message, hint)

    def _events(self, get_event: Callable[[], Any], events: Any) -> Node | None:  # noqa: C901, PLR0912, PLR0915  (the one hot loop of reading)
        source, stack = self.source, self.open
        scalar, alias = events.ScalarEvent, events.AliasEvent
        list_start, map_start = events.SequenceStartEvent, events.MappingStartEvent
        ends = (events.SequenceEndEvent, events.MappingEndEvent)
        document, stream_end = events.DocumentStartEvent, events.StreamEndEvent
        root: Node | None = None
        here: Seq | Map | None = None
        key: Scalar | None = None
        anchored: list[tuple[str, int] | None] = []
        count = documents = 0
        while True:
            event = get_event()
            kind = event.__class__
            opened: Seq | Map | None = None
            node: Node
            if kind is scalar:
                text, style = event.value, event.style or ""
                node = Scalar(text, style, event.start_mark, event.end_mark)
                weight = 1 + (len(text) >> 8)
                count += weight
                if event.anchor is not None or event.tag is not None:
                    self._tagged(event)
                    self.anchors[event.anchor] = node
                    self.weights[event.anchor] = weight
                    node.start = self._behind_anchor(node.start)
                if style == '"' and not text.isprintable():
                    self._control_refused(node)
            elif kind is list_start or kind is map_start:
                opened = node = (Seq if kind is list_start else Map)(event.start_mark)
                count += 1
                if len(stack) >= MAX_DEPTH:
                    self._too_deep(node)
                if event.anchor is not None or event.tag is not None:
                    self._tagged(event)
                    self.anchors[event.anchor] = None
                    anchored.append((event.anchor, count))
                else:
                    anchored.append(None)
            elif kind in ends:
                anchor = anchored.pop()
                node = stack.pop()
                if anchor is not None:
                    self.anchors[anchor[0]] = node
                    self.weights[anchor[0]] = count - anchor[1] + 1
                here = stack[-1] if stack else None
                continue
            elif kind is alias:
                node = self._aliased(event)
                count += self.weights[event.anchor]
            elif kind is document:
                documents += 1
                if documents > 1:
                    source.stop(
                        event.start_mark,
                        "a second document starts here",
                        "a file holds one problem: use two files, or the key 'parts'",
                    )
                continue
            elif kind is stream_end:
                return root
            else:
                continue
            if count > MAX_NODES:
                self._too_many(event)
            if here is None:
                root = node
            elif here.__class__ is Seq:
                here.items.append(node)
            elif key is None:
                key = self._key(node)
            else:
                entries = here.entries  # type: ignore[union-attr]  # its class is Map
                if key.text in entries:
                    self._duplicate(key, entries[key.text][0])
                else:
                    entries[key.text] = (key, node)
                key = None
            if opened is not None:
                stack.append(opened)
                here = opened

    def _key(self, node: Node) -> Scalar:
        if not isinstance(node, Scalar):
            message = f"a key must be a name, not {what(node)}"
            self.source.stop(node, message, "put the name in quotes")
        return node

    def _duplicate(self, key: Scalar, first: Scalar) -> None:
        self.source.fail(
            key,
            f"the key '{clip(key.text)}' is given twice, first in line {first.start.line + 1}",
            "remove one of them",
        )

    def _tagged(self, event: Any) -> None:
        tag = event.tag
        if tag is None:
            return
        shown = tag.replace("tag:yaml.org,2002:", "!!")
        self.source.stop(
            event.start_mark,
            f"the tag '{clip(shown)}' is not used in problem files",
            "remove it; a text that starts with '!' needs quotes",
        )

    def _behind_anchor(self, start: Position) -> Mark:
        text, index = self.source.text, start.index
        line, line_start = start.line, index - start.column
        while index < len(text) and not text[index].isspace():
            index += 1
        while index < len(text) and text[index].isspace():
            index += 1
            if text[index - 1] == "\n":
                line, line_start = line + 1, index
        return Mark(line, index - line_start, index)

    def _control_refused(self, node: Scalar) -> None:
        import re

        found = re.search("[\\x00-\\x08\\x0e-\\x1f\\x7f-\\x84\\x86-\\x9f]", node.text)
        if found:
            # It could rewrite the terminal that shows it.
            code = f"U+{ord(found[0]):04X}"
            self.source.fail(node, f"a text with the control character {code}", "remove it")

    def _aliased(self, event: Any) -> Node:
        name = event.anchor
        node = self.anchors.get(name)
        if node is None:
            if name in self.anchors:
                self.source.stop(event.start_mark, f"the alias '*{clip(name)}' contains itself")
            self.source.stop(
                event.start_mark,
                f"there is no anchor '&{clip(name)}' for the alias '*{clip(name)}'",
                "a text that starts with '*' needs quotes",
            )
        if len(self.open) + self._height(node) > MAX_DEPTH:
            self._too_deep(event.start_mark)
        return node

    def _height(self, node: Node) -> int:
        """How many levels a finished node has; at most MAX_DEPTH, as that was checked."""
        if isinstance(node, Scalar):
            return 0
        known = self.heights.get(id(node))
        if known is None:
            inner = node.items if isinstance(node, Seq) else [v for _, v in node.entries.values()]
            known = 1 + max((self._height(child) for child in inner), default=0)
            self.heights[id(node)] = known
        return known

    def _too_deep(self, at: Node | Position) -> NoReturn:
        self.source.stop(
            at,
            f"lists and mappings are nested deeper than {MAX_DEPTH} levels",
            "close the brackets, or write it flatter",
        )

    def _too_many(self, event: Any) -> NoReturn:
        self.source.stop(
            event.start_mark,
            f"the file holds more than {MAX_NODES:,} values, with aliases counted as often as used",
            "use a formula such as zeros(1000, 1000)",
        )
