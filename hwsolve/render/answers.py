"""What stands at the end of a solution: its answers, and how they were shown to be right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsolve.expr.tree import Expr, Sym
from hwsolve.render.characters import columns, ljust, wrapped
from hwsolve.render.grids import grid, one_line
from hwsolve.render.page import INDENT
from hwsolve.render.steps import fitted
from hwsolve.render.tables import group_alike
from hwsolve.render.truth import is_decimal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hwsolve.render.page import Line, Page
    from hwsolve.solution import Answer, Certificate

# Blanks between an answer and a note beside it.
BESIDE = 3
# With less room than this behind its name, an answer stands below it.
LEAST_ROOM = 12
# So many names are listed in a certificate; of more only the number.
MOST_SUBJECTS = 4


def answer_lines(answers: Sequence[Answer], page: Page, *, plain: bool) -> Iterator[Line]:
    """The answers, their signs below each other; marked at the margin unless `plain`."""
    margin = "" if plain else "┃ " if page.screen and page.unicode else " " * INDENT
    names = [page.formula(Sym(answer.name))[0] for answer in answers]
    longest = max(16, page.width // 3)
    wide = max((columns(name) for name in names if columns(name) <= longest), default=0)
    written = []
    for name, answer in zip(names, answers, strict=True):
        label = max(wide, columns(name))
        if len(margin) + label + 3 + LEAST_ROOM > page.width:
            label = INDENT
        written.append((label, *_value(answer, page, page.width - len(margin) - label - 3)))
    group_alike([rows for _, rows, _ in written if len(rows) == 1])
    for name, answer, (label, rows, sign) in zip(names, answers, written, strict=True):
        rows[0] += f" {page.words(answer.unit)}" if answer.unit else ""
        if columns(name) > label:
            yield [(margin, "answer margin"), (name, "answer name")]
            name = ""  # noqa: PLW2901  (the name has a line of its own)
        note = page.words(answer.note)
        used = len(margin) + label + 3
        for position, row in enumerate(rows):
            lead: Line = [(margin, "answer margin"), (ljust(name, label), "answer name")]
            name = ""  # noqa: PLW2901  (once is enough)
            spans = [*lead, (f" {' ' if position else sign} ", "sign"), (row, "answer")]
            is_last = position == len(rows) - 1
            if note and is_last and used + columns(row + note) + BESIDE + 2 <= page.width:
                spans.append((f"{' ' * BESIDE}({note})", "muted"))
                note = ""
            yield spans
        for text in wrapped(note, page.width - used):
            yield [(margin, "answer margin"), (" " * (label + 3), ""), (text, "muted")]


def _value(answer: Answer, page: Page, room: int) -> tuple[list[str], str]:
    """The lines of an answer's value and the sign before it."""
    if isinstance(answer.value, Expr):
        return fitted(page.formula(answer.value)[0], room, page), page.relation(exact=True)
    line = one_line(answer.value, page, room)
    if line is None:
        rows, exact = grid(answer.value, page, room)
    else:
        rows, exact = [page.number(answer.value, grouped=True)[0]], line[1]
    if exact is None:
        return rows, " "
    # a decimal was rounded on the way to it, however few its digits are
    return rows, page.relation(exact=exact and not is_decimal(answer.value))


def certificate_sentences(
    certificates: Iterable[Certificate], page: Page
) -> Iterator[tuple[str, bool]]:
    """A sentence for all certificates of one method, and whether they are proofs."""
    groups: dict[tuple[bool, str, str], list[Certificate]] = {}
    for certificate in certificates:
        key = (certificate.proved, certificate.method, certificate.remark)
        groups.setdefault(key, []).append(certificate)
    for (proved, method, remark), alike in groups.items():
        subjects = list(dict.fromkeys(certificate.subject for certificate in alike))
        who = ", ".join(subjects)
        if len(subjects) > MOST_SUBJECTS:
            named = subjects[: MOST_SUBJECTS - 1]
            who = f"{', '.join(named)} and {len(subjects) - len(named)} more"
        sentence = f"{'Proved' if proved else 'Tested'}: {who} by {method}"
        trials = sum(certificate.trials for certificate in alike)
        if not proved:
            counted = f"{trials} comparison{'s' * (trials != 1)}"
            worst = max(certificate.worst for certificate in alike)
            most = f"at most {page._replace(digits=2).number(worst)[0]}" if worst else "0"
            sentence += f" ({counted}, relative difference {most})"
        yield sentence + (f"; {remark}" if remark else ""), proved
