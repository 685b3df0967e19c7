"""The exceptions of hwsolve: one small tree, caught once at the command line."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """Where something stands in a user's file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class HwsolveError(Exception):
    """Anything that ends a run with a message instead of an answer.

    `exit_code` is 2 for input that cannot be used and 1 for an answer that could
    not be certified.
    """

    exit_code = 2


class InputError(HwsolveError):
    """Something a user wrote cannot be used: where, what, and how to mend it."""

    def __init__(self, message: str, place: Place | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.hint = hint

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        return f"{where}{self.message}" + (f"; {self.hint}" if self.hint else "")


class InputErrors(HwsolveError):  # noqa: N818  (several errors in one)
    """All that is wrong with one file, one line each, in the order of the file."""

    def __init__(self, errors: list[InputError]) -> None:
        # a mistake inside a family or a loop is met once for each index
        unique = {str(error): error for error in errors}
        self.errors = sorted(unique.values(), key=_position)
        super().__init__("\n".join(str(error) for error in self.errors))


def _position(error: InputError) -> tuple[int, int]:
    return (error.place.line, error.place.column) if error.place else (0, 0)


class EquationError(HwsolveError):
    """An equation or an answer's name cannot be used.

    `at` is the offset in the text of the equation, counted from 0, and `end` the
    offset behind the offending part; -1 where the whole text is meant. `equation`
    is the number of the equation in its list, or -1 where it is not one of a list.
    """

    def __init__(self, message: str, at: int = -1, hint: str = "", equation: int = -1) -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.hint = hint
        self.equation = equation

    def __str__(self) -> str:
        return self.message + (f"; {self.hint}" if self.hint else "")


class EquationErrors(HwsolveError):  # noqa: N818  (several errors in one)
    """All that is wrong with a list of equations, in their order."""

    def __init__(self, errors: list[EquationError]) -> None:
        super().__init__("\n".join(map(str, errors)))
        self.errors = errors


class ConsequenceError(EquationError):
    """An equation uses a name whose own equation is wrong: nothing new to say."""


class CertificateError(HwsolveError):
    """Two independent methods disagree, so there is no answer."""

    exit_code = 1


# A short word has few letters to agree in; a long one must agree in more of them.
_SHORT_WORD, _NEAR_SHORT, _NEAR_LONG = 5, 0.66, 0.7
_BEGINNING = 3


def closest(word: str, known: list[str] | set[str] | tuple[str, ...]) -> str | None:
    """The known word nearest to a mistyped one, or None where none is near.

    A word of up to five letters is near to words that have one letter more or fewer, and
    to the one that it is the beginning of.
    """
    import difflib

    by_lower = {name.lower(): name for name in known}
    # of relu, ReLU and RELU the plain spelling is the one to suggest
    by_lower.update({name: name for name in known if name == name.lower()})
    if word.lower() in by_lower:
        return by_lower[word.lower()]
    short = len(word) <= _SHORT_WORD
    names = [name for name in by_lower if not short or abs(len(name) - len(word)) <= 1]
    cutoff = _NEAR_SHORT if short else _NEAR_LONG
    near = difflib.get_close_matches(word.lower(), names, n=1, cutoff=cutoff)
    if near:
        return by_lower[near[0]]
    longer = [name for name in by_lower if name.startswith(word.lower())]
    return by_lower[longer[0]] if len(longer) == 1 and len(word) >= _BEGINNING else None


def did_you_mean(word: str, known: list[str] | set[str] | tuple[str, ...]) -> str:
    """The hint "did you mean 'x'?", or an empty text where nothing is near."""
    near = closest(word, known)
    return f"did you mean '{near}'?" if near else ""


def setting_hint(word: str, known: tuple[str, ...]) -> str:
    """The hint for a setting that a call does not have: the nearest one, or all that it has."""
    near = did_you_mean(word, known)
    if near or not known:
        return near
    *others, last = (f"'{name}='" for name in known)
    return f"it takes {', '.join(others)} and {last}" if others else f"it takes {last}"
