"""Characters on a screen: their widths, and what stands in for those that cannot be shown.

Text of a user never reaches a terminal raw: control characters, escape sequences
and marks that change the direction of writing are shown as escapes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# The signs that formulas need; an output that lacks one of them gets ASCII throughout.
SIGNS = "·²³ᵀ≈≤≥≠σ"
_FALLBACKS = {
    "·": "*", "⋅": "*", "×": "x", "≈": "~", "²": "^2", "³": "^3", "ᵀ": "^T", "∂": "d", "−": "-",
    "–": "-", "—": "-", "‘": "'", "’": "'", "′": "'", "“": '"', "”": '"', "…": "...", "→": "->",
    "≤": "<=", "≥": ">=", "≠": "!=", "√": "sqrt", "∞": "inf", "∑": "sum", "∏": "prod", "∈": "in",
}  # fmt: skip
# Accents that make a different name of a letter, and are read aloud that way.
_SPOKEN_ACCENTS = {"\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0307": "dot"}
# Below these code points every character is one column wide, save combining marks.
_COMBINING_FROM, _WIDE_FROM = 0x300, 0x1100


def speaks_unicode(encoding: str | None) -> bool:
    """Whether an output in this encoding can show the signs of formulas."""
    try:
        SIGNS.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def clean(text: str, encoding: str = "utf-8", *, name: bool = False) -> str:
    """The text with nothing in it that could harm or fail on its way to the screen.

    Control and formatting characters become escapes (`x1b` behind a backslash); what the encoding
    lacks becomes ASCII that can be read (`η` is `eta`, `ŷ` in a `name` is `yhat`) or an
    escape. The result holds no line break.
    """
    if text.isascii() and text.isprintable():
        return text
    if not text.isprintable():
        text = "".join(map(_visible, text))
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return "".join(_encodable(character, encoding, name=name) for character in text)
    return text


def columns(text: str) -> int:
    """The number of columns that a cleaned text takes up on a screen."""
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


def ljust(text: str, width: int) -> str:
    """The text with blanks behind it, up to a width in columns."""
    return text + " " * (width - columns(text))


def rjust(text: str, width: int) -> str:
    """The text with blanks before it, up to a width in columns."""
    return " " * (width - columns(text)) + text


def wrapped(text: str, width: int) -> Iterator[str]:
    """A cleaned text in lines of at most `width` columns, broken at blanks.

    A word that is wider than a line has a line of its own.
    """
    line, used = "", 0
    for word in text.split():
        wide = columns(word)
        if line and used + 1 + wide > width:
            yield line
            line, used = word, wide
        else:
            line, used = (f"{line} {word}", used + 1 + wide) if line else (word, wide)
    if line:
        yield line


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    if character.isspace():
        return " "
    return character.encode("unicode_escape").decode("ascii")


def _encodable(character: str, encoding: str, *, name: bool) -> str:
    import unicodedata

    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        pass
    else:
        return character
    if character in _FALLBACKS:
        return _FALLBACKS[character]
    base, *marks = tuple(unicodedata.normalize("NFKD", character))
    spoken = "".join(_SPOKEN_ACCENTS.get(mark, "") for mark in marks) if name else ""
    words = unicodedata.name(base, "").split(" ")
    if words[0] == "GREEK" and words[1:3] in (["SMALL", "LETTER"], ["CAPITAL", "LETTER"]):
        letter = words[-1] if words[1] == "CAPITAL" else words[-1].lower()
        return (letter.capitalize() if words[1] == "CAPITAL" else letter) + spoken
    if base in _SPOKEN_ACCENTS:
        return _SPOKEN_ACCENTS[base]
    if base.isascii() and (spoken or not name or not any(map(unicodedata.combining, marks))):
        return base + spoken
    return character.encode("ascii", "backslashreplace").decode("ascii")


def _columns(character: str) -> int:
    code = ord(character)
    if code < _COMBINING_FROM:
        return 1
    import unicodedata

    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if code >= _WIDE_FROM and unicodedata.east_asian_width(character) in "WF" else 1
