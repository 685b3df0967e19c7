"""Names of given values: letters of any alphabet, digits, subscripts and primes."""

from __future__ import annotations

from typing import Final

_NOT_IN_NAMES: Final = frozenset("⁰¹²³⁴⁵⁶⁷⁸⁹ᵀᐟ")
# Words of the equation language, which no value can be called by.
WORDS: Final = frozenset({"if", "else", "for", "in", "and", "or", "not"})


def normal(name: str) -> str | None:
    """A name in its one spelling (`x₁` and `x^(1)` are `x1`), or None where it is no name."""
    if "^" in name:
        # the number of a layer, as books write it above the name
        letters, _, number = name.partition("^")
        if number[:1] + number[-1:] in {"()", "[]", "{}"} and number[1:-1].isdigit():
            name = letters + number[1:-1]
    if name.isascii():
        valid = name.isidentifier() or ("'" in name and name.replace("'", "").isidentifier())
        return name if valid and name[0] != "'" and name not in WORDS else None
    if not _NOT_IN_NAMES.isdisjoint(name):
        return None
    from hwsolve.expr.parser import normal_name

    spelled = normal_name(name)
    letters = spelled.replace("'", "")
    return spelled if letters.isidentifier() and spelled[0] != "'" else None


def why_not(name: str) -> str:  # noqa: PLR0911  (one for each thing that people write)
    """A hint for a text that is not a name."""
    if not name:
        return "write a name before the colon"
    if name in WORDS:
        return f"'{name}' is a word of the equation language"
    if "[" in name or "(" in name:
        base = name.partition("[")[0].partition("(")[0].strip()
        return f"give the whole of it: {base}: [...]" if normal(base) else "give whole values"
    if name[0].isdigit():
        return "a name starts with a letter"
    if any(character.isspace() for character in name):
        joined = "_".join(name.split())
        return f"write '{joined}'" if normal(joined) else "a name has no spaces"
    if "-" in name and normal(name.replace("-", "_")):
        return f"write '{name.replace('-', '_')}'"
    return "a name has letters, digits, subscripts and primes, such as w0, θ₁ or h'"
