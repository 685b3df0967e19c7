"""The parameters of blocks: what a use of a block gives them, and texts with values for them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import EquationError, InputError, did_you_mean
from hwsolve.nets.sizes import shortened

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hwsolve.errors import Place
    from hwsolve.problem.model import Block, Written

WORD: Final = re.compile(r"[^\s,]+")
# A parameter in a calculation, with its coefficient: `4c`.
_PARAMETER: Final = re.compile(r"(?<![\w.])(\d+)?([^\W\d]\w*)")
_NUMBERS: Final = frozenset("0123456789+-*/() ")


class Filled:
    """A text of the file with values in the place of parameters, which knows its places."""

    __slots__ = ("_origin", "_starts", "text")

    def __init__(self, origin: Written, text: str, starts: list[tuple[int, int]]) -> None:
        self._origin = origin
        self._starts = starts
        self.text = text

    def place(self, at: int = 0) -> Place | None:
        """The place of the word at an offset."""
        old = 0
        for new, before in self._starts:
            if new > at:
                break
            old = before
        return self._origin.place(old)


def arguments_of(text: Written, start: int) -> tuple[list[tuple[str, int]] | None, int]:
    """The arguments in brackets with their offsets, None without brackets, and the rest."""
    whole = text.text
    opening = start + len(whole[start:]) - len(whole[start:].lstrip())
    if whole[opening : opening + 1] != "(":
        return None, start
    depth, found, begin = 0, [], opening + 1
    for at in range(opening, len(whole)):
        letter = whole[at]
        depth += (letter == "(") - (letter == ")")
        if (letter == "," and depth == 1) or not depth:
            piece = whole[begin:at]
            found.append((piece.strip(), begin + len(piece) - len(piece.lstrip())))
            begin = at + 1
        if not depth:
            return ([] if found == [("", found[0][1])] else found), at + 1
    raise InputError(
        "the bracket is not closed", text.place(opening),
        "inside of [...] a block with a comma needs quotes around it",
    )  # fmt: skip


def bound(
    block: Block, given: list[tuple[str, int]], values: Mapping[str, str], text: Written
) -> dict[str, str]:
    """The value of each parameter of a block.

    Raises:
        InputError: too many arguments, or too few, or an unknown name.
    """
    names = [name for name, _ in block.parameters]
    found: dict[str, str] = {}
    takes = f"{block.name}({', '.join(names)})"
    at_all = [part for part, _ in given]
    for number, (part, at) in enumerate(given):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            name, value = (names[number] if number < len(names) else ""), part
        if not name or not value:
            count = f"{len(names)} value{'s' * (len(names) != 1)}" if names else "no values"
            raise InputError(
                f"the block {block.name} takes {count}, not {len(at_all)}", text.place(at),
                f"it is {takes}",
            )  # fmt: skip
        if name not in names or name in found:
            fault = "is given twice" if name in found else "is no parameter of it"
            hint = "" if name in found else did_you_mean(name, names)
            raise InputError(
                f"{block.name}: '{shortened(name)}' {fault}", text.place(at),
                hint or f"it is {takes}",
            )  # fmt: skip
        try:
            value = substituted(value, values)
            if not value.isdigit() and _NUMBERS.issuperset(value):
                value = _calculated(value, value)
            found[name] = value
        except EquationError as error:
            raise InputError(error.message, text.place(at), error.hint) from None
    for name, default in block.parameters:
        if name not in found and default is not None:
            found[name] = substituted(default, found)
    missing = [name for name in names if name not in found]
    if missing:
        raise InputError(
            f"the block {block.name} takes {len(names)} values, {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} missing", text.place(), f"it is {takes}",
        )  # fmt: skip
    return {name: found[name] for name in names}


def cut(text: Any, end: int) -> Any:
    """A text up to an offset."""
    if isinstance(text, Filled):
        return Filled(text._origin, text.text[:end], text._starts)  # noqa: SLF001  (of this module)
    return text.part(0, end)


def filled(value: Any, values: Mapping[str, str]) -> Any:
    """A text of a block, or the nested texts of a mapping, with values for its parameters."""
    if not values or value is None:
        return value
    if isinstance(value, dict):
        return {key: filled(each, values) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each, values) for each in value]
    whole: str = value.text
    pieces: list[str] = []
    starts: list[tuple[int, int]] = []
    length, end = 0, 0
    for match in WORD.finditer(whole):
        word, at = match[0], match.start()
        pieces.append(whole[end:at])
        length += at - end
        starts.append((length, at))
        end = match.end()
        if not whole[end:].lstrip().startswith("="):
            before, equals, text = word.rpartition("=")
            try:
                word = f"{before}{equals}{substituted(text, values)}"
            except EquationError as error:
                raise InputError(error.message, value.place(at), error.hint) from None
        pieces.append(word)
        length += len(word)
    pieces.append(whole[end:])
    return Filled(value, "".join(pieces), starts)


def substituted(word: str, values: Mapping[str, str]) -> str:
    """A word with values in the place of parameters, calculated where it is a calculation."""
    if not values or not word:
        return word
    if word in values:
        return values[word]
    if "x" in word or "×" in word:
        parts = [substituted(part, values) for part in re.split("[x×]", word)]
        if all(part and (part.isdigit() or part in values.values()) for part in parts):
            return "x".join(parts)
    changed = False

    def value(match: re.Match[str]) -> str:
        nonlocal changed
        if match[2] not in values:
            return match[0]
        changed = True
        found = values[match[2]]
        if not found.replace("_", "").isalnum():
            found = f"({found})"
        times = "*" if found[0].isdigit() or found[0] == "(" else ""
        return f"{match[1]}{times}{found}" if match[1] else found

    text = _PARAMETER.sub(value, word)
    if not changed:
        return word
    if not _NUMBERS.issuperset(text) or text.isdigit():
        return text
    return _calculated(text, word)


@lru_cache(maxsize=1024)
def _calculated(text: str, word: str) -> str:
    left, sign, right = text.partition("*")
    if sign and left.isdigit() and right.isdigit():
        return str(int(left) * int(right))  # the usual case needs no parser
    from hwsolve.expr.parser import parse_expression
    from hwsolve.nets.exact import evaluate

    value = evaluate(parse_expression(text), {})
    if not isinstance(value, int):
        said = word if word == text else f"{word} = {text}"
        raise EquationError(f"{said} is {value}, which is no whole number")
    return str(value)
