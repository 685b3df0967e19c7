"""Arrays: small ones in aligned rows that can be copied, large ones as a summary."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from hwsolve.render.characters import wrapped
from hwsolve.render.numbers import entries, shown
from hwsolve.render.page import shape, size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hwsolve.expr.tree import Value
    from hwsolve.render.page import Page

MATRIX = 2
# An array is written in full up to this many entries along an axis, and altogether.
LONGEST_VECTOR, LONGEST_AXIS, MOST_ENTRIES, MOST_STACKED = 20, 10, 100, 100
# Of a larger one the first and last rows and columns are shown, with fewer digits.
CORNER, CORNER_DIGITS = 3, 4


def grid(value: Value, page: Page, width: int) -> tuple[list[str], bool | None]:
    """The lines of a list or array, and whether they say exactly what it holds.

    A vector is one line (more where it is too long), a matrix a line for each row.
    An array that is too large is described (shape, smallest, largest, mean, norm),
    with its first and last entries, those of more than two axes matrix by matrix under the
    index of each; instead of exact or not there is then None.
    """
    lengths = shape(value)
    brief = page._replace(digits=min(page.digits, CORNER_DIGITS))
    if len(lengths) == 1 and _is_small(lengths):
        written, exact = page.number(value)
        return folded(written, width), exact
    if _is_small(lengths):
        for paper in (page, brief):
            texts, exact = _texts(_nested(value), paper)
            rows = _rows(texts, _halves(texts))
            if max(map(len, rows)) <= width:
                return rows, exact
    page = brief
    corner = _blocks(value, page) if size(value) else []
    if max(map(len, corner), default=0) > width and len(lengths) >= MATRIX:
        corner = []
    below = [line for row in corner for line in folded(row, width)]
    return [*wrapped(_summary(value, page), width), *below], None


def one_line(value: Value, page: Page, width: int) -> tuple[str, bool] | None:
    """A value in a single line, or None where it needs more."""
    lengths = shape(value)
    if len(lengths) > 1 or (lengths and not _is_small(lengths)):
        return None
    written, exact = page.number(value)
    return (written, exact) if not lengths or len(written) <= width else None


def folded(row: str, width: int) -> list[str]:
    """A long vector in several lines, broken behind commas."""
    lines: list[str] = []
    while len(row) > width:
        cut = row.rfind(", ", 1, max(width, 1) + 1) + 1
        if not cut:  # a single number that is wider than the page
            break
        lines.append(row[:cut])
        row = row[cut:]
    return [*lines, row]


def _is_small(lengths: tuple[int, ...]) -> bool:
    if len(lengths) == 1:
        return 0 < lengths[0] <= LONGEST_VECTOR
    most = MOST_ENTRIES if len(lengths) == MATRIX else MOST_STACKED
    return all(0 < length <= LONGEST_AXIS for length in lengths) and math.prod(lengths) <= most


def _nested(value: Any) -> Any:
    if isinstance(value, list):
        return [_nested(entry) for entry in value]
    return value.tolist() if hasattr(value, "tolist") else value


def _texts(nested: Any, page: Page) -> tuple[Any, bool]:
    """The same nested lists with texts for numbers, and whether all of them are exact."""
    if not isinstance(nested, list):
        return page.number(nested)
    pairs = [_texts(inner, page) for inner in nested]
    return [texts for texts, _ in pairs], all(exact for _, exact in pairs)


def _innermost(texts: Any) -> Iterator[list[str]]:
    if not isinstance(texts[0], list):
        yield texts
        return
    for inner in texts:
        yield from _innermost(inner)


def _halves(texts: Any) -> list[tuple[int, int]]:
    """For each column the most characters before a decimal point, and from it on."""
    halves = []
    for column in zip(*_innermost(texts), strict=True):
        parts = [text.partition(".") for text in column]
        before = max(len(whole) for whole, _, _ in parts)
        halves.append((before, max(len(point + decimals) for _, point, decimals in parts)))
    return halves


def _aligned(row: list[str], halves: list[tuple[int, int]]) -> list[str]:
    """Numbers with blanks around them, so that decimal points stand below each other."""
    cells = []
    for text, (before, after) in zip(row, halves, strict=True):
        whole, point, decimals = text.partition(".")
        cells.append(whole.rjust(before) + (point + decimals).ljust(after))
    return cells


def _rows(texts: Any, halves: list[tuple[int, int]]) -> list[str]:
    """A line for each innermost list, with the brackets of all lists around it."""
    if not isinstance(texts[0], list):
        return ["[" + ", ".join(_aligned(texts, halves)) + "]"]
    rows: list[str] = []
    for inner in texts:
        below = _rows(inner, halves)
        below[-1] += ","
        rows += [f" {line}" for line in below]
    rows[0] = "[" + rows[0][1:]
    rows[-1] = rows[-1][:-1] + "]"
    return rows


def _summary(value: Any, page: Page) -> str:
    """`128x784: smallest -0.5, largest 0.6, mean 0.01, norm 3.2`."""
    lengths = "x".join(map(str, shape(value)))
    if not size(value):
        return f"{lengths}: empty"
    if hasattr(value, "astype") and value.dtype != object:
        wide = value.astype(float)
        smallest, largest, total = value.min(), value.max(), wide.sum()
        squares = (wide * wide).sum()
    else:
        flat = list(entries(_nested(value)))
        smallest, largest, total = min(flat), max(flat), sum(flat)
        squares = sum(float(entry) ** 2 for entry in flat)
    facts = [f"smallest {page.number(smallest)[0]}", f"largest {page.number(largest)[0]}"]
    # these two are calculated, also where the entries are given
    for name, fact in (
        ("mean", float(total) / size(value)),
        ("norm", math.sqrt(float(squares))),
    ):
        facts.append(f"{name} {shown(fact, page.digits, ties=page.ties)[0]}")
    return f"{lengths}: " + ", ".join(facts)


def _blocks(value: Any, page: Page) -> list[str]:
    """The corners of a matrix, or of the first and the last matrix of a larger array."""
    lengths = shape(value)
    if len(lengths) <= MATRIX:
        return _corner(value, page)
    lines: list[str] = []
    outer = lengths[:-MATRIX]
    for at in dict.fromkeys([(0,) * len(outer), tuple(length - 1 for length in outer)]):
        block = value
        for place in at:
            block = block[place]
        numbers = ", ".join(str(place + page.first_index) for place in at)
        lines += [f"[{numbers}]", *_corner(block, page)]
        if not any(at) and math.prod(outer) > MATRIX:
            lines.append("...")
    return lines


def _corner(value: Any, page: Page) -> list[str]:
    """The first and last rows and columns, with `...` for what is left out."""
    if len(shape(value)) == 1:
        return [_listed([page.number(entry)[0] for entry in _ends(value)], value)]
    rows = [[page.number(entry)[0] for entry in _ends(row)] for row in _ends(value)]
    halves = _halves(rows)
    lines = [f" {_listed(_aligned(row, halves), value[0])}," for row in rows]
    lines[0] = "[" + lines[0][1:]
    lines[-1] = lines[-1][:-1] + "]"
    if len(value) > 2 * CORNER:
        lines.insert(CORNER, " ...,")
    return lines


def _ends(whole: Any) -> list[Any]:
    if len(whole) <= 2 * CORNER:
        return list(_nested(whole))
    return [*_nested(whole[:CORNER]), *_nested(whole[-CORNER:])]


def _listed(texts: list[str], whole: Any) -> str:
    if len(whole) > 2 * CORNER:
        texts = [*texts[:CORNER], "...", *texts[CORNER:]]
    return "[" + ", ".join(texts) + "]"
