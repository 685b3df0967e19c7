"""Given values: numbers as written, lists of them, and constant formulas.

A number is read without loss: 3 is an int, 0.5 a float that prints as it was
written, 1/3 a Fraction, and so is a decimal number with more digits than a float
holds. Thousands have no separators, neither `1,000` nor `1_000`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import InputError
from hwsolve.problem.model import Given, Written
from hwsolve.problem.nodes import Map, Node, Scalar, Seq, is_empty
from hwsolve.problem.source import clip

if TYPE_CHECKING:
    from hwsolve.problem.model import Nested, Number
    from hwsolve.problem.nodes import Position
    from hwsolve.problem.source import Source

MAX_AXES: Final = 8
MAX_DIGITS: Final = 400
MAX_FORMULA: Final = 10_000

_NUMBER: Final = "0123456789+-.eE"
# A float holds every decimal number of 15 digits.
_SAFE_LENGTH: Final = 15
_LARGEST: Final = 1.7976931348623157e308
_TRUTH: Final = frozenset({"true", "false", "yes", "no", "on", "off"})
_NO_NUMBER: Final = frozenset({"nan", "inf", "infinity", "∞"})
_CONSTANTS: Final = frozenset({"pi", "π", "e"})
_OPERATORS: Final = frozenset("+-−*/^@·×⋅²³√")


def number(text: str) -> Number | None:
    """The number that a text is, or None where it is none.

    Raises:
        InputError: without a place, for a number that cannot be used.
    """
    if text.strip(_NUMBER):
        return _fraction_or_minus(text)
    if len(text) > MAX_DIGITS:
        raise InputError(f"a number of {len(text)} characters", hint=f"at most {MAX_DIGITS}")
    value: int | float
    try:
        value = float(text) if "." in text else int(text)
    except ValueError:
        try:
            value = float(text)
        except ValueError:
            return None
    if len(text) > _SAFE_LENGTH:
        return _long(text, value)
    if value in {float("inf"), float("-inf")}:
        raise InputError(
            f"the number {clip(text)} is too large", hint="numbers go up to about 1.8e308"
        )
    if value == 0 and isinstance(value, float):
        _nonzero_refused(text)
    return value


def _long(text: str, value: float) -> Number:
    """A number of many digits: too large, too small, or more precise than a float."""
    if abs(value) > _LARGEST:
        raise InputError(
            f"the number {clip(text)} is too large", hint="numbers go up to about 1.8e308"
        )
    if isinstance(value, int):
        return value
    if value == 0:
        _nonzero_refused(text)
        return value
    from fractions import Fraction  # 5 ms, for few problems

    exact = Fraction(text)
    return value if exact == Fraction(repr(value)) else exact


def _nonzero_refused(text: str) -> None:
    digits = text.lower().partition("e")[0]
    if digits.strip("+-.0"):
        raise InputError(f"the number {clip(text)} is too close to 0", hint="write 0")


def _fraction_or_minus(text: str) -> Number | None:
    if text[0] == "−":
        return number("-" + text[1:])
    top, slash, bottom = text.partition("/")
    if not slash:
        return None
    top, bottom = top.strip(), bottom.strip()
    digits = top[1:] if top[:1] in {"+", "-"} else top
    if not (digits.isascii() and digits.isdigit() and bottom.isascii() and bottom.isdigit()):
        return None
    if max(len(digits), len(bottom)) > MAX_DIGITS:
        raise InputError(f"a fraction of {len(text)} characters", hint=f"at most {MAX_DIGITS}")
    if not int(bottom):
        raise InputError(f"the fraction {clip(text)} divides by zero")
    from fractions import Fraction

    value = Fraction(int(top), int(bottom))
    if abs(value) > _LARGEST:
        raise InputError(
            f"the fraction {clip(text)} is too large", hint="numbers go up to about 1.8e308"
        )
    return value


def read_given(source: Source, name: str, node: Node) -> Given | None:
    """A given value; None where it cannot be used, which is then noted in the source."""
    try:
        if isinstance(node, Scalar):
            value = _leaf(node)
            place = source.place(node)
            if value is None:
                return Given(name, None, place, source.written(node))
            return Given(name, value, place)
        if isinstance(node, Seq):
            return _array(source, name, node)
    except InputError as error:
        source.fail(error.place or node, error.message, error.hint)
        return None
    source.fail(
        node, f"the value of '{name}' is a mapping", "give a number, a list or a constant formula"
    )
    return None


class _MisplacedError(InputError):
    """An error inside a list, with the node that it is about."""

    def __init__(self, node: Node | Position, message: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.node = node


def _leaf(node: Scalar) -> Number | None:
    """The number of a scalar, or None for a formula."""
    text = node.text
    value = number(text) if text else None
    if value is not None:
        if node.style:
            raise InputError(f"the number {clip(text)} stands in quotes", hint="remove the quotes")
        return value
    if is_empty(node) or not text.strip():
        raise InputError("a value is missing", hint="write a number, a list or a constant formula")
    formula_expected(text)
    return None


def formula_expected(text: str) -> None:
    """Refuse what is neither a number nor can be a constant formula.

    Raises:
        InputError: without a place, saying what it is instead.
    """
    word = text.strip().lower().lstrip("+-.−")
    shown = clip(text)
    if word in _NO_NUMBER:
        hint = "give a finite number; a mask that is added to scores takes -1e9 for -infinity"
        minus = text.strip().startswith(("-", "−")) and word != "nan"
        raise InputError(
            f"'{shown}' is not a finite number", hint=hint if minus else "give a finite number"
        )
    if word in _TRUTH:
        raise InputError(f"'{shown}' is not a number", hint="write 1 or 0")
    if len(text) > MAX_FORMULA:
        raise InputError(f"a formula of {len(text)} characters", hint=f"at most {MAX_FORMULA}")
    if text.count("(") != text.count(")"):
        raise InputError(
            f"the brackets of '{shown}' do not match",
            hint="a formula with a comma needs quotes inside '{...}' and '[...]'",
        )
    if text in _CONSTANTS or text[:1] == "[":
        return
    if "/" in text and " " in text and (mixed := mixed_number(text)):
        raise InputError(f"'{shown}' is not a number", hint=f"write {mixed[0]} or {mixed[1]}")
    if "(" in text or not _OPERATORS.isdisjoint(text):
        _constants_only(text)
        return
    raise InputError(f"'{shown}' is not a number", hint=_instead(text))


def mixed_number(text: str) -> tuple[str, str] | None:
    """`4 2/3` as a fraction and as a sum (`14/3`, `4 + 2/3`); None where it is none."""
    import re

    found = re.fullmatch(
        r"([-−+]?)(\d{1,50})\s+(\d{1,50})\s*/\s*(\d{1,50})", text.strip(), re.ASCII
    )
    if not found or not int(found[4]):
        return None
    whole, top, bottom = int(found[2]), int(found[3]), int(found[4])
    sign = "-" if found[1] in {"-", "−"} else ""
    total = f"{sign}{whole * bottom + top}/{bottom}"
    return total, f"{sign}{whole} {sign or '+'} {top}/{bottom}"


def _instead(text: str) -> str:
    """What to write for a text that looks a little like a number."""
    plain = text.strip()
    for separator in ("_", " ", "'", ","):
        pieces = plain.split(separator)
        if all(piece.isdigit() for piece in pieces) and len(pieces) > 1:
            if all(len(piece) == 3 for piece in pieces[1:]):  # noqa: PLR2004  (thousands)
                return f"write {''.join(pieces)}"
            if separator == "," and len(pieces) == 2:  # noqa: PLR2004  (a decimal comma)
                return f"write {pieces[0]}.{pieces[1]}"
    words = plain.replace(",", " ").split()
    if len(words) > 1 and all(not word.strip(_NUMBER) for word in words):
        return f"write a list: [{clip(', '.join(words))}]"
    if plain.endswith("%"):
        return "write it as a decimal number: 0.05 for 5%"
    return "give a number such as 0.5, 1e-3 or 1/3, a list, or a constant formula such as sqrt(2)"


def _constants_only(text: str) -> None:
    """Refuse names in a constant formula, but for functions and constants."""
    import re

    if " for " in text:
        return
    for found in re.finditer(r"(?<![\w.])[^\W\d]\w*'*(?!\w)(?!\s*[(=])", text):
        if found[0] not in _CONSTANTS:
            raise InputError(
                f"'{clip(text)}' uses the name '{found[0]}', but a given value is a constant",
                hint="move it to the equations",
            )


def _array(source: Source, name: str, node: Seq) -> Given | None:
    formulas: list[Scalar] = []
    try:
        value, _ = _nested(name, node, 1, formulas)
    except _MisplacedError as error:
        source.fail(error.node, error.message, error.hint)
        return None
    if formulas:
        return Given(name, None, source.place(node), _list_formula(source, node))
    return Given(name, value, source.place(node))


def _nested(
    name: str, node: Seq, depth: int, formulas: list[Scalar]
) -> tuple[list[Nested], tuple[int, ...]]:
    """Nested lists of numbers and their shape; formulas among them are noted."""
    if not node.items:
        raise _MisplacedError(node, f"an empty list in '{name}'", "write at least one number")
    if depth > MAX_AXES:
        raise _MisplacedError(node, f"'{name}' has more than {MAX_AXES} axes")
    values: list[Nested] = []
    first: tuple[int, ...] | None = None
    for item in node.items:
        if item.__class__ is Scalar:
            shape: tuple[int, ...] = ()
            try:
                value: Any = _leaf(item)
            except InputError as error:
                raise _MisplacedError(item, error.message, error.hint) from None
            if value is None:
                formulas.append(item)
            values.append(value)
        elif isinstance(item, Seq):
            inner, shape = _nested(name, item, depth + 1, formulas)
            values.append(inner)
        else:
            raise _MisplacedError(item, f"a mapping in the list '{name}'", "a list holds numbers")
        if first is None:
            first = shape
        elif shape != first:
            _ragged(name, item, len(values), first, shape)
    return values, (len(values), *(first or ()))


def _ragged(
    name: str, item: Node, row: int, first: tuple[int, ...], shape: tuple[int, ...]
) -> None:
    if not first or not shape:
        raise _MisplacedError(
            item, f"'{name}' has numbers and lists side by side", "a matrix is a list of rows"
        )
    sizes = "x".join(map(str, shape)), "x".join(map(str, first))
    if sizes[0].isdigit() and sizes[1].isdigit():
        words = [f"{size} number{'s' * (size != '1')}" for size in sizes]
        message = f"row {row} of '{name}' has {words[0]}, but row 1 has {words[1]}"
    else:
        message = f"item {row} of '{name}' is {sizes[0]}, but item 1 is {sizes[1]}"
    raise _MisplacedError(item, message, "all rows must have the same length")


def _list_formula(source: Source, node: Seq) -> Written:
    """A list with formulas in it, as a text of the equation language with all its places."""
    pieces: list[str] = []
    breaks: list[tuple[int, int, int]] = []
    length = 0

    def put(text: str) -> None:
        nonlocal length
        pieces.append(text)
        length += len(text)

    def walk(here: Node) -> None:
        if isinstance(here, Seq):
            put("[")
            for number_of_item, item in enumerate(here.items):
                if number_of_item:
                    put(", ")
                walk(item)
            put("]")
        elif not isinstance(here, Map):
            inner = source.written(here)
            starts = inner.breaks or ((0, inner.origin.line, inner.origin.column),)
            breaks.extend((length + at, line, column) for at, line, column in starts)
            put(here.text)

    walk(node)
    return Written("".join(pieces), source.place(node), tuple(breaks))
