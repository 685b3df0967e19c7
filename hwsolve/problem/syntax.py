"""What is wrong with a text that is not YAML, in our words, and how to mend it.

The parser says what it expected; what the author did is found by looking at the
text around that place. Each rule below is a mistake that people make.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from hwsolve.problem.nodes import Mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.problem.nodes import Position

_NO_SPACE = re.compile(r"\s*(?:- +)?([^\s:#'\"{}\[\],=]+):([^\s:/=].*)")
# The characters that YAML refuses, but for tabs and line ends.
_REFUSED = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_LONGEST_EXAMPLE = 60
_IN_QUOTES = "put the text in quotes"
_TAB: tuple[str, str] = ("a tab cannot indent a line", "use spaces")


class Explained(NamedTuple):
    """A message, a hint, and the place that is meant."""

    message: str
    hint: str
    at: Position


def explain(text: str, error: Exception, opened: Sequence[Position]) -> Explained:
    """What the author of a text did that made the parser raise an error.

    `opened` holds where the lists and mappings start that were still open.
    """
    problem = getattr(error, "problem", None)
    if problem is None:
        return _character(text, getattr(error, "position", 0))
    mark = getattr(error, "problem_mark", None)
    began = getattr(error, "context_mark", None)
    at = _clamped(text, mark) if mark else Mark(0, 0, 0)
    here = text[at.index : at.index + 1].strip("\n")
    said = f"{getattr(error, 'context', None) or ''} {problem}"
    where = _Where(text, at, here, began or at, opened)
    for line in {mark.line: mark for mark in (where.began, at)}.values():
        invisible = _invisible(where, line)
        if invisible:
            return invisible
    for words, rule in _RULES:
        if any(word in said for word in words):
            found = rule(where)
            if found:
                return found
    return Explained(f"this is not YAML: {problem}", "", at)


class _Where(NamedTuple):
    """The text, where the parser stopped, where the thing began that it was reading.

    `here` is the character at which it stopped, empty at the end of the text.
    """

    text: str
    at: Mark
    here: str
    began: Position
    opened: Sequence[Position]

    def line(self, mark: Position) -> str:
        start = mark.index - mark.column
        end = self.text.find("\n", start)
        return self.text[start : len(self.text) if end < 0 else end].rstrip()

    @property
    def before(self) -> str:
        """The line up to where the parser stopped."""
        return self.text[self.at.index - self.at.column : self.at.index]

    def previous(self, mark: Position) -> Mark | None:
        """The start of the last line above that is neither empty nor a comment."""
        end = mark.index - mark.column - 1
        number = mark.line - 1
        while end >= 0:
            start = self.text.rfind("\n", 0, end) + 1
            line = self.text[start:end].strip()
            if line and not line.startswith("#"):
                return Mark(number, 0, start)
            end, number = start - 1, number - 1
        return None


def _clamped(text: str, mark: Position) -> Mark:
    """A position, moved from behind the end of the text to its last character."""
    if mark.index < len(text):
        return Mark(mark.line, mark.column, mark.index)
    index = len(text.rstrip())
    line_start = text.rfind("\n", 0, index) + 1
    return Mark(text.count("\n", 0, index), index - line_start, index)


def _character(text: str, position: int) -> Explained:
    found = _REFUSED.search(text)
    index = found.start() if found else position
    line_start = text.rfind("\n", 0, index) + 1
    at = Mark(text.count("\n", 0, index), index - line_start, index)
    code = ord(text[index]) if index < len(text) else 0
    if not code and "\0" in text[:4]:
        return Explained("this is not text in UTF-8", "save the file as UTF-8", at)
    name = "the byte order mark" if code == 0xFEFF else "the control character"  # noqa: PLR2004  (U+FEFF)
    return Explained(f"{name} U+{code:04X} cannot stand in a problem file", "delete it", at)


def _invisible(where: _Where, mark: Position) -> Explained | None:
    """A no-break space or the like before the first word of the line, as web pages have them."""
    line = where.line(mark)
    for column, character in enumerate(line):
        if character in " \t-":
            continue
        if character.isprintable():
            return None
        name = "a no-break space" if character == "\xa0" else "an invisible character"
        return Explained(
            f"{name} (U+{ord(character):04X}) cannot indent a line",
            "use plain spaces",
            Mark(mark.line, column, mark.index - mark.column + column),
        )
    return None


def _missing_space(where: _Where, mark: Position) -> Explained | None:
    """`kind:graph`, in the line of a position."""
    line = where.line(mark)
    found = _NO_SPACE.fullmatch(line)
    if not found or ": " in line[: found.start(2)]:
        return None
    column = found.end(1)
    at = Mark(mark.line, column, mark.index - mark.column + column)
    hint = f"write '{_short(found[1])}: {_short(found[2])}'"
    return Explained("a space is missing after the colon", hint, at)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_EXAMPLE else text[: _LONGEST_EXAMPLE - 3] + "..."


def _colon(where: _Where) -> Explained | None:
    above = where.previous(where.at)
    before = where.before
    key, colon, value = before.partition(": ")
    if colon:
        return _colon_in_text(where, key.strip(), value)
    missing = above and _missing_space(where, above)
    if missing:
        return missing
    if above and "=" in where.line(above) and ":" not in where.line(above):
        hint = "start each equation of a list with '- '"
        return Explained("an equation that is not an item of a list", hint, above)
    if before[:1] in {" ", "-"} and above:
        name = before.strip().removeprefix("- ")
        return Explained(
            f"'{_short(name)}:' is indented like a part of the line above, which has a value",
            "start it in the column of the key that it stands below",
            where.at,
        )
    return Explained("a colon where no key can stand", _IN_QUOTES, where.at)


def _colon_in_text(where: _Where, key: str, value: str) -> Explained:
    message = "a colon followed by a space in a text without quotes"
    whole = value + where.line(where.at)[where.at.column :]
    quote = "'" if '"' in whole or "\\" in whole else '"'
    if len(whole) > _LONGEST_EXAMPLE or quote in whole or " #" in whole:
        return Explained(message, _IN_QUOTES, where.at)
    return Explained(message, f"put the text in quotes: {key}: {quote}{whole}{quote}", where.at)


def _no_colon(where: _Where) -> Explained | None:
    missing = _missing_space(where, where.began)
    if missing:
        return missing
    line = where.line(where.began).strip()
    if line[:1] in {"&", "*"}:
        return _sign(where, where.began)
    hint = "an equation in a list starts with '- '" if "=" in line else "add a colon and a value"
    message = f"'{_short(line)}' is neither 'key: value' nor '- item'"
    return Explained(message, hint, where.began)


def _start(where: _Where) -> Explained:
    if where.here == "\t":
        return Explained(_TAB[0], _TAB[1], where.at)
    if where.here == "%" and not where.before:
        return _directive(where)
    return Explained(f"a text cannot start with '{where.here}'", _IN_QUOTES, where.at)


def _tab(where: _Where) -> Explained:
    line = where.line(where.at)
    column = line.find("\t")
    shift = max(column, 0) - where.at.column
    return Explained(
        _TAB[0], _TAB[1], Mark(where.at.line, where.at.column + shift, where.at.index + shift)
    )


def _directive(where: _Where) -> Explained:
    hint = "a comment starts with '#'; a text that starts with '%' needs quotes"
    at = Mark(where.began.line, 0, where.began.index - where.began.column)
    return Explained("a line cannot start with '%'", hint, at)


def _unclosed_quote(where: _Where) -> Explained:
    quote = where.text[where.began.index]
    return Explained(f"this quote {quote} is never closed", f"add the second {quote}", where.began)


def _escape(where: _Where) -> Explained:
    start = max(where.text.rfind("\\", 0, where.at.index + 1), where.began.index)
    shift = start - where.at.index
    at = Mark(where.at.line, where.at.column + shift, start)
    sign = where.text[start : start + 2]
    hint = "write \\\\ for a backslash, or use single quotes, in which it needs no doubling"
    return Explained(f"'{sign}' means nothing between double quotes", hint, at)


def _flow(where: _Where) -> Explained:
    """Inside brackets, where `,` or the closing bracket was expected."""
    opening = where.text[where.began.index : where.began.index + 1]
    closing = "]" if opening == "[" else "}"
    here = where.here
    unclosed = Explained(
        f"this '{opening}' is never closed", f"add the missing '{closing}'", where.began
    )
    if not here:
        return unclosed
    last = where.text[where.at.index - 1]
    if here in "[{" and not last.isspace() and last not in ",[{":
        return _bracketed_name(where, opening)
    if here in "]}":
        hint = f"write '{closing}' or check the brackets"
        return Explained(f"'{here}' does not close '{opening}'", hint, where.at)
    if where.at.line > where.began.line and here == ":":
        return unclosed
    if here == ":":
        hint = "write one between entries"
        return Explained("a comma is missing before this entry", hint, where.at)
    return Explained("a comma is missing here", f"or the '{closing}' that ends the list", where.at)


def _bracketed_name(where: _Where, opening: str) -> Explained:
    line = "with a dash" if opening == "[" else "as 'name: value'"
    hint = f"put quotes around such names, as in 'h[1]', or write each on its own line {line}"
    return Explained(f"a name with brackets inside '{opening}'", hint, where.at)


def _behind_quote(where: _Where, quote: str, at: Position) -> Explained:
    hint = "close the quotes at the end of the text"
    if quote == "'" and where.here.isalnum():
        hint = "write '' for an apostrophe in single quotes, or use double quotes"
    return Explained(f"the text goes on behind its closing quote {quote}", hint, at)


def _content(where: _Where) -> Explained | None:
    here = where.here
    inside = [mark for mark in where.opened if where.text[mark.index : mark.index + 1] in "[{"]
    if not here or (here == ":" and inside and where.at.line > inside[-1].line):
        if not inside:
            return None
        opening = where.text[inside[-1].index]
        closing = "]" if opening == "[" else "}"
        return Explained(
            f"this '{opening}' is never closed", f"add the missing '{closing}'", inside[-1]
        )
    if inside and here in ",:":
        return Explained(f"a value is missing before this '{here}'", "add it", where.at)
    if inside and here in "]}":
        return Explained(f"'{here}' closes nothing here", "check the brackets", where.at)
    if here == "-":
        return Explained("a '-' cannot stand here", "put the text in quotes", where.at)
    return Explained(f"a text cannot start with '{here}'", _IN_QUOTES, where.at)


def _key(where: _Where) -> Explained:
    """In a block mapping, where the next key was expected."""
    here = where.here
    if here and here in "]}":
        return Explained(f"'{here}' closes nothing here", "remove it", where.at)
    trailing = _trailing(where)
    if trailing:
        return trailing
    before = where.before.rstrip()
    value = before.partition(": ")[2].lstrip().removeprefix("- ")
    if value[:1] in {"*", "&"}:
        column = where.before.rfind(value[:1])
        at = Mark(where.at.line, column, where.at.index - where.at.column + column)
        return _sign(where, at)
    if here == "-":
        return Explained(
            "a '-' where a key was expected",
            "align the items of a list with each other, below their key",
            where.at,
        )
    return _indentation(where)


def _trailing(where: _Where) -> Explained | None:
    """Text behind a closing quote or bracket in the same line."""
    before = where.before.rstrip()
    if before.endswith(("'", '"')):
        return _behind_quote(where, before[-1], where.at)
    if before.endswith(("]", "}")):
        return Explained(
            f"text behind the closing '{before[-1]}'",
            "put the whole text in quotes, or the text behind it on its own line",
            where.at,
        )
    return None


def _indentation(where: _Where) -> Explained:
    return Explained(
        "the indentation of this line fits no line above",
        "start the keys of one mapping, and the '-' of one list, in the same column",
        where.at,
    )


def _sign(where: _Where, at: Position) -> Explained:
    return Explained(f"a text cannot start with '{where.text[at.index]}'", _IN_QUOTES, at)


def _first_sign(where: _Where) -> Explained:
    return _sign(where, where.began)


def _item(where: _Where) -> Explained:
    trailing = _trailing(where)
    if trailing:
        return trailing
    return (
        Explained(
            "a key where the next item of a list was expected",
            "start it with '- ', or indent the list below its own key",
            where.at,
        )
        if where.at.column == where.began.column
        else _indentation(where)
    )


def _dash(where: _Where) -> Explained:
    hint = "start the list on its own line, or put the text in quotes"
    return Explained("a list cannot start in the line of its key", hint, where.at)


def _block(where: _Where) -> Explained:
    sign = where.text[where.began.index : where.began.index + 1]
    line = where.line(where.began)[where.began.column :]
    if sign == "|" and line.count("|") > 1:
        return Explained("a text cannot start with '|'", "write abs(x) for |x|", where.began)
    hint = "the text starts in the next line; a formula that starts with it needs quotes"
    return Explained(f"nothing can follow '{sign}' in its line", hint, where.began)


def _document(where: _Where) -> Explained:
    if where.before.startswith("%"):
        return _directive(where)
    if where.at.column or "\n..." not in "\n" + where.text[: where.at.index]:
        return (
            Explained(
                "this line starts further left than the first key",
                "all keys of a file start in the same column",
                where.at,
            )
            if where.at.index
            else _start(where)
        )
    hint = "a file holds one problem: use two files, or the key 'parts'"
    return Explained("a second document starts here", hint, where.at)


def _colon_in_brackets(where: _Where) -> Explained:
    return Explained("a ':' where no key can stand", "put the text around it in quotes", where.at)


_RULES = (
    (("<document start>",), _document),
    (("scanning an anchor", "scanning an alias", "ing a tag"), _first_sign),
    (("escape", "hexdec"), _escape),
    (("tab character", "'\\t'"), _tab),
    (("cannot start any token",), _start),
    (("directive", "incompatible"), _directive),
    (("unexpected ':'",), _colon_in_brackets),
    (("mapping values are not allowed",), _colon),
    (("could not find expected ':'",), _no_colon),
    (("block scalar",), _block),
    (("quoted scalar",), _unclosed_quote),
    (("flow sequence", "flow mapping"), _flow),
    (("node content",), _content),
    (("entries are not allowed",), _dash),
    (("block mapping",), _key),
    (("block collection",), _item),
)
