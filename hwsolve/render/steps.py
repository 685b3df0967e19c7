"""Steps of working as lines: `name = symbols = numbers = value`, set below each other.

Relation signs of consecutive steps stand in columns. A step that is too long for
the page goes on below, its signs under its first one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hwsolve.render.characters import columns, ljust, wrapped
from hwsolve.render.grids import grid, one_line
from hwsolve.render.page import INDENT, has_large_array, shape
from hwsolve.render.truth import is_equal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hwsolve.expr.tree import Expr
    from hwsolve.render.page import Line, Page
    from hwsolve.solution import Step

# A formula with a larger array in it is left out where the same stands there in symbols.
LARGEST_IN_FORMULA = 16
# Columns are kept for steps of similar length: no wider gap than this is left open.
WIDEST_GAP = 24
# With less room than this behind its name, a formula stands below it.
LEAST_ROOM = 14
# In a pipe a formula is broken only if it is longer than this.
LONGEST_IN_PIPE = 100
# Blanks between a step and a remark beside it.
BESIDE = 3


class Row(NamedTuple):
    """A step in texts.

    `links` are pairs of a relation sign and what follows it, the first without a
    sign if the step has no name; `below` are the lines of an array that ends it.
    """

    name: str
    links: list[tuple[str, str]]
    below: list[str]
    remark: str
    has_value: bool


def step_lines(
    steps: Iterable[Step], page: Page, *, brief: bool = False, name_width: int = 0
) -> Iterator[Line]:
    """The lines of consecutive steps; `brief` leaves out the formulas in numbers.

    Names take up `name_width` columns at least.
    """
    room = page.width - INDENT
    longest = max(16, room // 3)
    named = [(step, page.formula(step.name) if step.name else ("", True)) for step in steps]
    short = (columns(name) for _, (name, _) in named if columns(name) <= longest)
    name_width = max([name_width, *short])
    rows = [_row(step, name, name_width, page, brief=brief) for step, name in named]
    group: list[Row] = []
    widths: list[int] = []
    narrow: list[int] = []
    for row in rows:
        lengths = [columns(text) for _, text in row.links]
        together = [max(pair) for pair in _paired(widths, lengths)]
        least = [min(pair) for pair in _paired(narrow, lengths)]
        gap = max((wide - few for wide, few in zip(together, least, strict=True)), default=0)
        if row.below or _total(max(name_width, columns(row.name)), lengths) > room:
            yield from _group_lines(group, widths, name_width, page)
            yield from _broken_lines(row, name_width, page)
            group, widths, narrow = [], [], []
        elif group and (gap > WIDEST_GAP or _total(name_width, together) > room):
            yield from _group_lines(group, widths, name_width, page)
            group, widths, narrow = [row], lengths, lengths
        else:
            group.append(row)
            widths, narrow = together, least
    yield from _group_lines(group, widths, name_width, page)


def _row(step: Step, written: tuple[str, bool], name_width: int, page: Page, *, brief: bool) -> Row:
    name, exact = written
    room = page.width - _start(name, name_width, page) - 2
    links: list[tuple[str, str]] = []
    before: Expr | None = None
    for form in step.forms[:1] if brief else step.forms:
        if step.value is not None and has_large_array(form, LARGEST_IN_FORMULA):
            continue
        text, is_exact = page.formula(form)
        if links and text == links[-1][1]:
            continue
        alike = before is None or is_equal(before, form)
        sign = page.relation(exact=exact and is_exact and alike) if links or name else ""
        links.append((sign, text))
        exact, before = is_exact, form
    below: list[str] = []
    if step.value is not None:
        last = step.forms[-1] if step.forms else None
        exact = exact and (last is None or is_equal(last, step.value))
        line = one_line(step.value, page, room)
        if line is None:
            below, is_exact_grid = grid(step.value, page, room)
            if is_exact_grid is not None:
                sign = page.relation(exact=exact and is_exact_grid)
                if links and links[-1][1] == page.number(step.value)[0]:
                    # the same numbers in a line need not stand above the grid
                    sign = max(sign, links.pop()[0], key=_is_rounded)
                below = [f"{sign} {below[0]}", *(f"  {text}" for text in below[1:])]
            else:
                below = [f"  {text}" for text in below]
        elif not links or line[0] != links[-1][1]:
            sign = page.relation(exact=exact and line[1]) if links or name else ""
            links.append((sign, line[0]))
    remark = "" if brief else page.words(step.reason)
    lengths = step.shape or shape(step.value)
    if len(lengths) > 1 and below and not below[0].startswith("  "):
        size = "x".join(map(str, lengths))
        remark = f"{size}, {remark}" if remark else size
    return Row(name, links, below, remark, step.value is not None and not below)


def _is_rounded(sign: str) -> bool:
    return sign not in {"", "="}


def _paired(one: list[int], other: list[int]) -> Iterator[tuple[int, ...]]:
    """Both lists side by side; where one is shorter, the other's number alone."""
    for position in range(max(len(one), len(other))):
        yield tuple(side[position] for side in (one, other) if position < len(side))


def _total(name_width: int, widths: list[int]) -> int:
    return name_width + sum(widths) + 3 * len(widths)


def _group_lines(
    group: list[Row], widths: list[int], name_width: int, page: Page
) -> Iterator[Line]:
    """Steps of a line each, in columns."""
    for row in group:
        line: Line = [(" " * INDENT, ""), *_named(row, name_width)]
        used = INDENT + max(name_width, columns(row.name))
        last = len(row.links) - 1
        for position, (sign, text) in enumerate(row.links):
            padded = text if position == last else ljust(text, widths[position])
            if sign:
                lead = " " if row.name else ""
                line.append((f"{lead}{sign} " if not position else f" {sign} ", "sign"))
            line.append((padded, _style(row, position)))
            used += columns(padded) + (3 if sign else 0)
        yield from _with_remark(line, used, row.remark, name_width, page)


def _broken_lines(row: Row, name_width: int, page: Page) -> Iterator[Line]:
    """A step in several lines: the signs under each other, a long formula broken in itself."""
    start = _start(row.name, name_width, page)
    lead: Line = [(" " * INDENT, ""), *_named(row, name_width)]
    if _is_far(row.name, name_width, page):
        yield lead
        lead = [(" " * start, "")]
    elif row.name:
        lead.append((" ", ""))
    below: list[Line] = [[(text, "value")] for text in row.below]
    *bodies, last = [*_link_lines(row, page.width - start, page), *below]
    for body in bodies:
        yield [*lead, *body]
        lead = [(" " * start, "")]
    used = start + sum(columns(text) for text, _ in last)
    yield from _with_remark([*lead, *last], used, row.remark, name_width, page)


def _link_lines(row: Row, room: int, page: Page) -> Iterator[Line]:
    """The formulas of a step: the first alone, the others together where they fit."""
    line: Line = []
    used = 0
    for position, (sign, text) in enumerate(row.links):
        if position > 1 and used + 3 + columns(text) <= room:
            line += [(f" {sign} ", "sign"), (text, _style(row, position))]
            used += 3 + columns(text)
            continue
        if position:
            yield line
        line = [(f"{sign} ", "sign")] if sign else []
        used = 2 if sign else 0
        first, *rest = fitted(text, room - used, page)
        line.append((first, _style(row, position)))
        for continued in rest:
            yield line
            line = [(" " * (used + 2), ""), (continued, _style(row, position))]
        used += 2 + columns(rest[-1]) if rest else columns(text)
    if line:
        yield line


def _start(name: str, name_width: int, page: Page) -> int:
    """The column of the first sign: behind the name, or on the next line if that is too far."""
    if not name:
        return INDENT
    is_far = _is_far(name, name_width, page)
    return 2 * INDENT if is_far else INDENT + max(name_width, columns(name)) + 1


def _is_far(name: str, name_width: int, page: Page) -> bool:
    behind = INDENT + max(name_width, columns(name)) + 1
    return bool(name) and behind + LEAST_ROOM > page.width


def _named(row: Row, name_width: int) -> Line:
    return [(ljust(row.name, name_width), "name")] if row.name else []


def _style(row: Row, position: int) -> str:
    last = position == len(row.links) - 1
    return "value" if last and row.has_value else "formula" if position == 0 else "numbers"


def _with_remark(line: Line, used: int, remark: str, name_width: int, page: Page) -> Iterator[Line]:
    """The line, with its remark beside it or, where that does not fit, below it."""
    if remark and used + BESIDE + columns(remark) + 2 <= page.width:
        line.append((f"{' ' * BESIDE}({remark})", "muted"))
        remark = ""
    yield line
    start = INDENT + name_width + 3
    if remark and page.width - start < columns(remark) + 2:
        start = 2 * INDENT
    for text in wrapped(f"({remark})", page.width - start) if remark else ():
        yield [(" " * start, ""), (text, "muted")]


def fitted(text: str, width: int, page: Page) -> list[str]:
    """A formula in lines of at most `width` columns on a screen; else in one, if not very long."""
    if not page.screen:
        return [text] if columns(text) <= LONGEST_IN_PIPE else _in_terms(text, LONGEST_IN_PIPE)
    lines: list[str] = []
    while columns(text) > width:
        cut = _best_cut(text, width)
        if not cut:
            break
        lines.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
        if len(lines) == 1:
            width -= 2
    return [*lines, text]


def _in_terms(text: str, width: int) -> list[str]:
    """A formula in lines of `width` columns where its terms allow: joined, they are the formula."""
    starts = _term_starts(text)
    if not starts:
        return [text]
    lines: list[str] = []
    begin = term = factor = 0
    for position, end in zip(starts, [*starts[1:], len(text)], strict=True):
        factor = position
        if text[position] in "+-" and position - begin > width // 3:
            term = position
        if columns(text[begin:end]) > width:
            cut = term or factor
            lines.append(text[begin:cut].rstrip())
            begin, term = cut, 0
    return [*lines, text[begin:]]


def _term_starts(text: str) -> list[int]:
    """Where a `+`, `-`, `@` or a sign of multiplication stands, inside as few brackets as any."""
    by_depth: dict[int, list[int]] = {}
    depth = 0
    for position, character in enumerate(text):
        if character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif character in "·*+-@":
            spaced = text[position - 1 : position] == text[position + 1 : position + 2] == " "
            if position and (spaced or character in "·*"):
                by_depth.setdefault(depth, []).append(position)
    return by_depth[min(by_depth)] if by_depth else []


def _best_cut(text: str, width: int) -> int:
    """Where to break a formula: before an operator, inside as few brackets as possible."""
    depth, best, least = 0, 0, (99, 99)
    for position, character in enumerate(text[: width + 1]):
        if character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif position > width // 3:
            rank = _looseness(text, position)
            if rank is not None and (depth, rank) <= least:
                best, least = position, (depth, rank)
    return best


def _looseness(text: str, position: int) -> int | None:
    """How good a place for a break is: before a sum or a product, behind a comma or bracket."""
    before, here, after = text[position - 1], text[position], text[position + 1 : position + 2]
    if before == " " and after == " " and here in "+-":
        return 0
    if before == " " and (after == " " or text.startswith(("if ", "else ", "for "), position)):
        return 1
    if before == " " and text[position - 2] == ",":
        return 2
    return 3 if here in "·*/" else 4 if before == "(" else None
