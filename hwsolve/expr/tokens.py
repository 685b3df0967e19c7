"""The words of the equation language: text to tokens, each with its offset."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple

from hwsolve.errors import EquationError

_CHAR = r"(?:(?![⁰¹²³⁴-⁹ᵀᐟ])\w|['′\u0300-\u036f])"
_NAME = rf"(?:(?![\d⁰¹²³⁴-⁹ᵀ₀-₉])\w){_CHAR}*"
_INDEXED = rf"{_NAME}(?:\[[^\[\]]*\])?"
_TOKEN = re.compile(
    rf"""\s*(?:
      (?P<number>\d+(?:\.(?!\.)\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)
    | (?P<deriv>[d∂](?P<order>[2²](?![\d\[/])|\^2)?(?P<top>{_INDEXED})/[d∂](?P<bottom>{_INDEXED})
        (?(order)(?:[d∂](?P<other>{_INDEXED}))?)(?P<square>\^2(?!\d|\.(?!\.)|[eE][-+]?\d)|²|(?<=\])2(?![\w.]))?)
    | (?P<name>{_NAME}(?:\.(?:{_NAME}|\d+(?=\.{_NAME})))*|[∑∏](?=\s*\())
    | (?P<op>\.T(?!\w)|\*\*|<=|>=|==|!=|:=|\.\.|[-+*/^@<>=()\[\],:²³⁴⁵⁶⁷⁸⁹√ᵀ·×⋅∙∗⊙∘−≤≥≠←])
    | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
# A number of more digits is refused.
MAX_DIGITS: Final = 400
_SAME: Final = {
    "^": "**", "·": "*", "×": "*", "⋅": "*", "∙": "*", "∗": "*", "⊙": "*", "∘": "*",
    "−": "-", "≤": "<=", "≥": ">=", "≠": "!=",
}  # fmt: skip
# Subscript digits become digits, typographic primes become the apostrophe.
_LETTERS: Final = str.maketrans("₀₁₂₃₄₅₆₇₈₉′", "0123456789'")

_HINTS: Final = {
    ";": "write one equation a line",
    "#": "comments go outside the equation",
    "|": "write abs(x)",
    "⊗": "write outer(u, v)",
    "&": "conditions are written a if x > 0 else b",
    "!": "write != to compare",
    "{": "use round brackets",
    "}": "use round brackets",
    "∑": "write sum(x[i] for i in 1..3)",
    "∏": "write prod(x[i] for i in 1..3)",
    "∞": "write a number",
    "%": "write the factor 0.01",
    "\\": "write the name or the letter alone: sigma(x) or σ(x)",
    "$": "formulas are written without dollar signs",
    "'": "names are written without quotes",
    '"': "names are written without quotes",
}


class Token(NamedTuple):
    """A word: its kind (number, deriv, name, op, end), its text, and its offset."""

    kind: str
    text: str
    at: int
    match: re.Match[str] | None = None


def normal_name(name: str) -> str:
    """A name in its one spelling: subscript digits as digits, composed letters."""
    if name.isascii():
        return name
    return unicodedata.normalize("NFKC", name.translate(_LETTERS))


def tokens(text: str, start: int = 0, end: int | None = None) -> list[Token]:
    """The words of a text, or of a part of it, and two `end` tokens behind them.

    Raises:
        EquationError: for a character that the language does not have.
    """
    if end is None:
        end = len(text)
    found: list[Token] = []
    position = start
    match_at = _TOKEN.match
    while True:
        match = match_at(text, position, end)
        if match is None:
            raise _unreadable(text, position)
        kind = match.lastgroup or "end"
        if kind == "end":
            last = Token("end", "", end)
            return [*found, last, last]
        if kind == "deriv":
            found.append(Token("deriv", match["deriv"], match.start("deriv"), match))
        else:
            word = match[kind]
            found.append(Token(kind, _SAME.get(word, word), match.start(kind)))
        position = match.end()


def _unreadable(text: str, at: int) -> EquationError:
    while text[at].isspace():
        at += 1
    character = text[at]
    shown = character if character.isprintable() else f"\\x{ord(character):02x}"
    message = f"'{shown}' is not part of the equation language"
    hint = "write norm(x)" if text.startswith("||", at) else _HINTS.get(character, "")
    return EquationError(message, at, hint)


def second_order(bottom: str) -> tuple[str, str] | None:
    """The two names of `d2L/dw2` or `d2L/dvdw` (behind the first d), or None.

    Where both can be meant (`dw1dw2`) only the names that are known can tell, and
    `hwsolve.expr.derivatives` asks them.
    """
    if bottom.endswith("2"):
        return bottom[:-1], bottom[:-1]
    cuts = [at for at, letter in enumerate(bottom) if letter in "d∂" and 0 < at < len(bottom) - 1]
    return (bottom[: cuts[0]], bottom[cuts[0] + 1 :]) if cuts else None


def number_of(token: Token) -> int | float:
    """The value of a number's token.

    Raises:
        EquationError: if it has too many digits or is too large.
    """
    text = token.text
    if len(text) > MAX_DIGITS:
        raise EquationError(f"a number of {len(text)} digits", token.at, f"at most {MAX_DIGITS}")
    if text.isdigit():
        return int(text)
    value = float(text)
    if value in {float("inf"), float("-inf")}:
        raise EquationError(f"{text} is too large", token.at, "numbers go up to about 1.8e308")
    return value
