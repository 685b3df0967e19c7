"""A solution as lines of styled text, for a terminal to paint or a pipe to take as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsolve.render.answers import answer_lines, certificate_sentences
from hwsolve.render.characters import columns, ljust, wrapped
from hwsolve.render.page import ALL_DIGITS, INDENT, WIDEST_SENTENCE, shape
from hwsolve.render.steps import step_lines
from hwsolve.render.tables import table_lines
from hwsolve.solution import Num, Step, Table, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hwsolve.expr.tree import Expr
    from hwsolve.render.page import Line, Page
    from hwsolve.solution import Block, Convention, Section, Solution

# Given values stand side by side, this far apart; names up to this length are aligned.
APART, LONGEST_NAME = 3, 12
# A meaning with less room than this beside its convention stands below it.
NARROW_MEANING = 30
# The longest mark of a list's item: (iii)
LONGEST_MARK = 5
# An indented line of a text keeps its indent up to this.
MOST_INDENTED = 8


def lines(solution: Solution, page: Page, *, headed: bool = False) -> Iterator[Line]:
    """The whole document, line by line; it never starts or ends with an empty line.

    With `headed` it has its title even where no working is wanted.
    """
    blank = False
    started = False
    for line in _document(solution, page, headed=headed):
        if not line:
            blank = started
            continue
        if blank:
            yield []
        blank, started = False, True
        yield line


def _document(
    solution: Solution,
    page: Page,
    depth: int = 0,
    before: tuple[list[Line], str] = ([], ""),
    *,
    headed: bool = False,
) -> Iterator[Line]:
    """A solution or a part of one; `before` is what was given in the part before, and its name."""
    settings = solution.settings
    working = settings.get("working") or "full"
    page = page._replace(
        digits=settings.get("digits") or page.digits,
        ties=settings.get("ties") or page.ties,
        first_index=_first_index(solution),
    )
    if working != "none" or depth or solution.parts or headed:
        yield from _heading(solution, page, depth)
    if working != "none":
        yield from _question(solution, page, before)
        for section in solution.sections:
            if working == "full" or section.detail == "short":
                yield from _section(section, page, brief=working == "short")
    given: tuple[list[Line], str] = ([], "")
    for part in solution.parts:
        yield []
        yield from _document(part, page, depth + 1, given)
        given = (list(_given(part.given, page)), part.label)
    yield []
    yield from _notes("Warning: ", solution.warnings, "warning", page)
    if solution.answers:
        yield []
        if working != "none" or solution.parts:
            yield [("Answers" if len(solution.answers) > 1 else "Answer", "strong")]
        yield from answer_lines(solution.answers, page, plain=working == "none")
    if solution.certificates:
        yield []
        for sentence, proved in certificate_sentences(solution.certificates, page):
            yield from _sentences(sentence, "good" if proved else "muted", page)


def _first_index(solution: Solution) -> int:
    """The number of the first entry of an array, as the author counts."""
    stated = (each.value for each in solution.conventions if each.name == "first_index")
    return 1 if next(stated, "0") == "1" else 0


def _heading(solution: Solution, page: Page, depth: int) -> Iterator[Line]:
    title = " ".join(page.words(solution.title).split())
    if depth:
        label = page.words(solution.label)
        title = f"{label}. {title}" if title and title != label else label
    if not title:
        return
    title_lines = list(wrapped(title, page.width))
    for line in title_lines:
        yield [(line, "title")]
    stroke = ("=", "-")[min(depth, 1)]
    if page.screen and page.unicode:
        stroke = ("━", "─")[min(depth, 1)]
    yield [(stroke * max(map(columns, title_lines)), "muted")]


def _question(solution: Solution, page: Page, before: tuple[list[Line], str]) -> Iterator[Line]:
    if solution.source:
        yield from _sentences(solution.source, "muted", page)
    if solution.statement:
        yield []
        yield from _sentences(solution.statement, "", page)
    if solution.given:
        yield []
        given = list(_given(solution.given, page))
        if given == before[0]:
            yield [("Given", "heading"), (f" as in part {page.words(before[1])}", "")]
        else:
            yield [("Given", "heading")]
            yield from given
    if solution.conventions:
        yield []
        yield [("Conventions", "heading")]
        yield from _conventions(solution.conventions, page)


def _sentences(text: str, style: str, page: Page, indent: int = 0) -> Iterator[Line]:
    """Paragraphs of words: an empty line, an indent or a list's mark starts a new one."""
    width = min(page.width, WIDEST_SENTENCE)
    for start, paragraph in _paragraphs(text):
        margin = indent + min(start, MOST_INDENTED)
        for line in wrapped(page.words(paragraph), width - margin):
            yield [(" " * margin, ""), (line, style)]
        if not paragraph:
            yield []


def _paragraphs(text: str) -> list[tuple[int, str]]:
    """The paragraphs of a text, each with its indent; "" for an empty line.

    The lines of a paragraph are one text. An indented line stands alone, and an item
    of a list starts a new paragraph.
    """
    paragraphs: list[tuple[int, str]] = []
    for line in text.strip("\n").rstrip().splitlines():
        stripped = line.strip()
        start = len(line) - len(line.lstrip())
        before = paragraphs[-1] if paragraphs else (0, "")
        if not before[0] and before[1] and stripped and not starts_paragraph(line):
            paragraphs[-1] = (0, f"{before[1]} {stripped}")
        else:
            paragraphs.append((start if stripped else 0, stripped))
    return paragraphs


def starts_paragraph(line: str) -> bool:
    """Whether a line is meant to stand alone: it is indented, or an item of a list."""
    word = line.split(maxsplit=1)[0]
    is_number = word[-1] in ".)" and word[:-1].isascii() and word[:-1].isdigit()
    is_letter = word[0] == "(" and word[-1] == ")" and len(word) <= LONGEST_MARK
    return line[0].isspace() or word in {"-", "*", "•"} or is_number or is_letter


def _given(steps: Sequence[Step], page: Page) -> Iterator[Line]:
    """Given values with all their digits: numbers side by side, arrays below each other."""
    written = page._replace(given=True)
    names = [columns(page.formula(step.name)[0]) for step in steps if step.name is not None]
    name_width = max((name for name in names if name <= LONGEST_NAME), default=0)
    start = 0
    while start < len(steps):
        end = start
        while end < len(steps) and _alike(steps[end], steps[start]):
            end += 1
        if _is_plain_number(steps[start]):
            yield from _side_by_side(steps[start:end], written, name_width)
        else:
            paper = page._replace(digits=max(page.digits, ALL_DIGITS))
            paper = paper if steps[start].forms else written
            yield from step_lines(steps[start:end], paper, name_width=name_width)
        start = end


def _alike(one: Step, other: Step) -> bool:
    """Whether two given values are shown in the same way: numbers, formulas, arrays."""
    sorts = [(_is_plain_number(step), bool(step.forms)) for step in (one, other)]
    return sorts[0] == sorts[1]


def _is_plain_number(step: Step) -> bool:
    return not step.forms and step.value is not None and not shape(step.value)


def _side_by_side(steps: Sequence[Step], page: Page, name_width: int) -> Iterator[Line]:
    items: list[tuple[Line, int]] = []
    for step in steps:
        if step.name is None or step.value is None:
            continue
        name = ljust(page.formula(step.name)[0], name_width)
        text, exact = page.number(step.value)
        sign = page.relation(exact=exact)
        spans: Line = [(name, "name"), (f" {sign} ", "sign"), (text, "")]
        items.append((spans, columns(name) + 3 + columns(text)))
    widest = max((width for _, width in items), default=0)
    across = max(1, (min(page.width, WIDEST_SENTENCE) - INDENT + APART) // (widest + APART))
    for row in range(0, len(items), across):
        line: Line = [(" " * INDENT, "")]
        for spans, width in items[row : row + across]:
            line += spans
            line.append((" " * (widest - width + APART), ""))
        yield line[:-1]


def _conventions(conventions: Iterable[Convention], page: Page) -> Iterator[Line]:
    listed = [(page.words(f"{c.name}: {c.value}"), c) for c in conventions]
    wide = max(columns(name) for name, _ in listed)
    beside = wide + INDENT + APART
    for name, convention in listed:
        meaning = page.words(convention.meaning)
        if convention.source not in {"", "default"}:
            stated = "stated" if convention.source == "problem" else convention.source
            meaning += page.words(f" ({stated})")
        if page.width - beside >= 2 * wide and page.width - beside >= NARROW_MEANING:
            first, *rest = list(wrapped(meaning, min(page.width, WIDEST_SENTENCE) - beside)) or [""]
            yield [(" " * INDENT, ""), (ljust(name, wide), "name"), (" " * APART, ""), (first, "")]
            for line in rest:
                yield [(" " * beside, ""), (line, "")]
        else:
            yield [(" " * INDENT, ""), (name, "name")]
            yield from _sentences(meaning, "", page, 2 * INDENT)


def _section(section: Section, page: Page, *, brief: bool) -> Iterator[Line]:
    yield []
    for line in wrapped(page.words(section.title), page.width):
        yield [(line, "heading")]
    yield from _blocks(section.blocks, page, brief=brief)


def _blocks(blocks: Sequence[Block], page: Page, *, brief: bool) -> Iterator[Line]:
    """The blocks of a section; consecutive steps are set together."""
    position = 0
    while position < len(blocks):
        block = blocks[position]
        if isinstance(block, Step):
            end = position
            while end < len(blocks) and isinstance(blocks[end], Step):
                end += 1
            run = [step for step in blocks[position:end] if isinstance(step, Step)]
            yield from step_lines(run, page, brief=brief)
            position = end
            continue
        position += 1
        if isinstance(block, Table):
            if position > 1:
                yield []
            yield from table_lines(block, page)
            yield []
        elif not brief:
            if position > 1 and isinstance(blocks[position - 2], Step):
                yield []
            yield from _sentences(_joined(block, page), "", page, INDENT)


def _joined(text: Text, page: Page) -> str:
    return "".join(_part(part, page) for part in text.parts)


def _part(part: str | Expr | Num, page: Page) -> str:
    match part:
        case str():
            return part
        case Num():
            written = page.number(part.value, grouped=True)[0]
            return f"{written} {part.unit}" if part.unit else written
        case _:
            return page.formula(part)[0]


def _notes(word: str, notes: Iterable[str], style: str, page: Page) -> Iterator[Line]:
    for note in notes:
        yield from _sentences(word + note, style, page)
