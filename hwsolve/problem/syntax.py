"""What is wrong with a text that is not YAML, in our words, and how to mend it.

The parser says what it expected; what the author did is found by looking at the
text around that place. Each rule below is a mistake that people make.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hwsolve.problem.nodes import Mark
from hwsolve.problem.stop import Explained, Stop, clamped

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


def explain(text: str, error: Exception, opened: Sequence[Position]) -> Explained:
    """What the author of a text did that made the parser raise an error.

    `opened` holds where the lists and mappings start that were still open.
    """
    problem = getattr(error, "problem", None)
    if problem is None:
        return _character(text, getattr(error, "position", 0))
    mark = getattr(error, "problem_mark", None)
    began = getattr(error, "context_mark", None)
    at = clamped(text, mark) if mark else Mark(0, 0, 0)
    here = text[at.index : at.index + 1].strip("\n")
    said = f"{getattr(error, 'context', None) or ''} {problem}"
    stop = Stop(text, at, here, began or at, opened)
    for line in {mark.line: mark for mark in (stop.began, at)}.values():
        invisible = _invisible(stop, line)
        if invisible:
            return invisible
    for words, rule in _RULES:
        if any(word in said for word in words):
            found = rule(stop)
            if found:
                return found
    return Explained(f"this is not YAML: {problem}", "", at)


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


def _invisible(stop: Stop, mark: Position) -> Explained | None:
    """A no-break space or the like before the first word of the line, as web pages have them."""
    line = stop.line(mark)
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


def _missing_space(stop: Stop, mark: Position) -> Explained | None:
    """`kind:graph`, in the line of a position."""
    line = stop.line(mark)
    found = _NO_SPACE.fullmatch(line)
    if not found or ": " in line[: found.start(2)]:
        return None
    column = found.end(1)
    at = Mark(mark.line, column, mark.index - mark.column + column)
    hint = f"write '{_short(found[1])}: {_short(found[2])}'"
    return Explained("a space is missing after the colon", hint, at)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_EXAMPLE else text[: _LONGEST_EXAMPLE - 3] + "..."


def _colon(stop: Stop) -> Explained | None:
    above = stop.previous(stop.at)
    before = stop.before
    key, colon, value = before.partition(": ")
    if colon:
        return _colon_in_text(stop, key.strip(), value)
    missing = above and _missing_space(stop, above)
    if missing:
        return missing
    if above and "=" in stop.line(above) and ":" not in stop.line(above):
        hint = "start each equation of a list with '- '"
        return Explained("an equation that is not an item of a list", hint, above)
    if before[:1] in {" ", "-"} and above:
        name = before.strip().removeprefix("- ")
        return Explained(
            f"'{_short(name)}:' is indented like a part of the line above, which has a value",
            "start it in the column of the key that it stands below",
            stop.at,
        )
    return Explained("a colon where no key can stand", _IN_QUOTES, stop.at)


def _colon_in_text(stop: Stop, key: str, value: str) -> Explained:
    message = "a colon followed by a space in a text without quotes"
    whole = value + stop.line(stop.at)[stop.at.column :]
    quote = "'" if '"' in whole or "\\" in whole else '"'
    if len(whole) > _LONGEST_EXAMPLE or quote in whole or " #" in whole:
        return Explained(message, _IN_QUOTES, stop.at)
    return Explained(message, f"put the text in quotes: {key}: {quote}{whole}{quote}", stop.at)


def _no_colon(stop: Stop) -> Explained | None:
    missing = _missing_space(stop, stop.began)
    if missing:
        return missing
    line = stop.line(stop.began).strip()
    if line[:1] in {"&", "*"}:
        return _sign(stop, stop.began)
    hint = "an equation in a list starts with '- '" if "=" in line else "add a colon and a value"
    message = f"'{_short(line)}' is neither 'key: value' nor '- item'"
    return Explained(message, hint, stop.began)


def _start(stop: Stop) -> Explained:
    if stop.here == "\t":
        return Explained(_TAB[0], _TAB[1], stop.at)
    if stop.here == "%" and not stop.before:
        return _directive(stop)
    return Explained(f"a text cannot start with '{stop.here}'", _IN_QUOTES, stop.at)


def _tab(stop: Stop) -> Explained:
    line = stop.line(stop.at)
    column = line.find("\t")
    shift = max(column, 0) - stop.at.column
    return Explained(
        _TAB[0], _TAB[1], Mark(stop.at.line, stop.at.column + shift, stop.at.index + shift)
    )


def _directive(stop: Stop) -> Explained:
    hint = "a comment starts with '#'; a text that starts with '%' needs quotes"
    at = Mark(stop.began.line, 0, stop.began.index - stop.began.column)
    return Explained("a line cannot start with '%'", hint, at)


def _unclosed_quote(stop: Stop) -> Explained:
    quote = stop.text[stop.began.index]
    return Explained(f"this quote {quote} is never closed", f"add the second {quote}", stop.began)


def _escape(stop: Stop) -> Explained:
    start = max(stop.text.rfind("\\", 0, stop.at.index + 1), stop.began.index)
    shift = start - stop.at.index
    at = Mark(stop.at.line, stop.at.column + shift, start)
    sign = stop.text[start : start + 2]
    hint = "write \\\\ for a backslash, or use single quotes, in which it needs no doubling"
    return Explained(f"'{sign}' means nothing between double quotes", hint, at)


def _flow(stop: Stop) -> Explained:
    """Inside brackets, where `,` or the closing bracket was expected."""
    opening = stop.text[stop.began.index : stop.began.index + 1]
    closing = "]" if opening == "[" else "}"
    here = stop.here
    unclosed = Explained(
        f"this '{opening}' is never closed", f"add the missing '{closing}'", stop.began
    )
    if not here:
        return unclosed
    last = stop.text[stop.at.index - 1]
    if here in "[{" and (_equation_before(stop) or (not last.isspace() and last not in ",[{")):
        return _bracketed_name(stop, opening)
    if here in "]}":
        hint = f"write '{closing}' or check the brackets"
        return Explained(f"'{here}' does not close '{opening}'", hint, stop.at)
    if stop.at.line > stop.began.line and here == ":":
        return unclosed
    if here == ":":
        hint = "write one between entries"
        return Explained("a comma is missing before this entry", hint, stop.at)
    return Explained("a comma is missing here", f"or the '{closing}' that ends the list", stop.at)


def _equation_before(stop: Stop) -> Mark | None:
    """Where the equation starts in which the parser stopped, if it stopped in one."""
    start = max(stop.before.rfind(sign) for sign in "[,{") + 1
    text = stop.before[start:]
    if "=" not in text:
        return None
    start += len(text) - len(text.lstrip())
    return Mark(stop.at.line, start, stop.at.index - stop.at.column + start)


def _bracketed_name(stop: Stop, opening: str) -> Explained:
    equation = _equation_before(stop)
    if equation:
        closing = "]" if opening == "[" else "}"
        hint = f"an equation with brackets needs quotes inside '{opening}...{closing}'"
        return Explained(f"a '{stop.here}' in an equation inside '{opening}'", hint, equation)
    line = "with a dash" if opening == "[" else "as 'name: value'"
    hint = f"put quotes around such names, as in 'h[1]', or write each on its own line {line}"
    return Explained(f"a name with brackets inside '{opening}'", hint, stop.at)


def _behind_quote(stop: Stop, quote: str, at: Position) -> Explained:
    hint = "close the quotes at the end of the text"
    if quote == "'" and stop.here.isalnum():
        hint = "write '' for an apostrophe in single quotes, or use double quotes"
    return Explained(f"the text goes on behind its closing quote {quote}", hint, at)


def _content(stop: Stop) -> Explained | None:
    here = stop.here
    inside = [mark for mark in stop.opened if stop.text[mark.index : mark.index + 1] in "[{"]
    if not here or (here == ":" and inside and stop.at.line > inside[-1].line):
        if not inside:
            return None
        opening = stop.text[inside[-1].index]
        closing = "]" if opening == "[" else "}"
        return Explained(
            f"this '{opening}' is never closed", f"add the missing '{closing}'", inside[-1]
        )
    if inside and here in ",:":
        return Explained(f"a value is missing before this '{here}'", "add it", stop.at)
    if inside and here in "]}":
        return Explained(f"'{here}' closes nothing here", "check the brackets", stop.at)
    if here == "-":
        return Explained("a '-' cannot stand here", "put the text in quotes", stop.at)
    return Explained(f"a text cannot start with '{here}'", _IN_QUOTES, stop.at)


def _key(stop: Stop) -> Explained:
    """In a block mapping, where the next key was expected."""
    here = stop.here
    if here and here in "]}":
        return Explained(f"'{here}' closes nothing here", "remove it", stop.at)
    trailing = _trailing(stop)
    if trailing:
        return trailing
    before = stop.before.rstrip()
    value = before.partition(": ")[2].lstrip().removeprefix("- ")
    if value[:1] in {"*", "&"}:
        column = stop.before.rfind(value[:1])
        at = Mark(stop.at.line, column, stop.at.index - stop.at.column + column)
        return _sign(stop, at)
    if here == "-":
        return Explained(
            "a '-' where a key was expected",
            "align the items of a list with each other, below their key",
            stop.at,
        )
    return _indentation(stop)


def _trailing(stop: Stop) -> Explained | None:
    """Text behind a closing quote or bracket in the same line."""
    before = stop.before.rstrip()
    if before.endswith(("'", '"')):
        return _behind_quote(stop, before[-1], stop.at)
    if before.endswith(("]", "}")):
        return Explained(
            f"text behind the closing '{before[-1]}'",
            "put the whole text in quotes, or the text behind it on its own line",
            stop.at,
        )
    return None


def _indentation(stop: Stop) -> Explained:
    return Explained(
        "the indentation of this line fits no line above",
        "start the keys of one mapping, and the '-' of one list, in the same column",
        stop.at,
    )


def _sign(stop: Stop, at: Position) -> Explained:
    return Explained(f"a text cannot start with '{stop.text[at.index]}'", _IN_QUOTES, at)


def _first_sign(stop: Stop) -> Explained:
    return _sign(stop, stop.began)


def _item(stop: Stop) -> Explained:
    trailing = _trailing(stop)
    if trailing:
        return trailing
    return (
        Explained(
            "a key where the next item of a list was expected",
            "start it with '- ', or indent the list below its own key",
            stop.at,
        )
        if stop.at.column == stop.began.column
        else _indentation(stop)
    )


def _dash(stop: Stop) -> Explained:
    hint = "start the list on its own line, or put the text in quotes"
    return Explained("a list cannot start in the line of its key", hint, stop.at)


def _block(stop: Stop) -> Explained:
    sign = stop.text[stop.began.index : stop.began.index + 1]
    line = stop.line(stop.began)[stop.began.column :]
    if sign == "|" and line.count("|") > 1:
        return Explained("a text cannot start with '|'", "write abs(x) for |x|", stop.began)
    hint = "the text starts in the next line; a formula that starts with it needs quotes"
    return Explained(f"nothing can follow '{sign}' in its line", hint, stop.began)


def _document(stop: Stop) -> Explained:
    if stop.before.startswith("%"):
        return _directive(stop)
    if stop.at.column or "\n..." not in "\n" + stop.text[: stop.at.index]:
        return (
            Explained(
                "this line starts further left than the first key",
                "all keys of a file start in the same column",
                stop.at,
            )
            if stop.at.index
            else _start(stop)
        )
    hint = "a file holds one problem: use two files, or the key 'parts'"
    return Explained("a second document starts here", hint, stop.at)


def _colon_in_brackets(stop: Stop) -> Explained:
    return Explained("a ':' where no key can stand", "put the text around it in quotes", stop.at)


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
