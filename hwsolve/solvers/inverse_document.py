"""The document of an inverse question: its equation, the working by hand, all solutions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hwsolve.nets.sizes import size_text
from hwsolve.solution import Answer, Column, Num, Section, Solution, Table, Text
from hwsolve.solvers.cnn import solve_network
from hwsolve.solvers.inverse_working import by_hand
from hwsolve.solvers.question import Found, Question, solved_with
from hwsolve.solvers.wanted import FITS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hwsolve.expr.tree import Expr
    from hwsolve.nets.network import Network
    from hwsolve.solution import Block, Cell, Certificate

MOST_LISTED: Final = 400
MOST_SHOWN: Final = 30
MANY: Final = 12


def document(
    question: Question,
    formulas: Mapping[str, Expr],
    found: Found,
    certificate: Certificate,
    free: Mapping[str, int],
) -> Solution:
    """The solution of a question with unknowns."""
    letters = [each.letter for each in question.unknowns]
    blocks: list[Block] = [Text((f"Wanted: {', '.join(map(str, question.wanted))}.",))]
    for name, formula in formulas.items():
        blocks.append(Text((f"{name} = ", formula)))
    sections = [Section("Equation", tuple(blocks))]
    if len(letters) == 1:
        sections += by_hand(question, formulas, found)
    sections.append(_solutions(question, found))
    problem = question.problem
    return Solution(
        problem.title, problem.kind, statement=problem.statement, label=problem.label,
        sections=tuple(sections), answers=tuple(_answers(letters, found)),
        certificates=(certificate,), warnings=_free_said(free),
        settings=problem.settings._asdict(),
    )  # fmt: skip


def _free_said(free: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(
        [f"{letter} may be any number: nothing that is wanted depends on it" for letter in free]
    )


def _answers(letters: Sequence[str], found: Found) -> Iterator[Answer]:
    solutions = found.solutions
    yield Answer("solutions", len(solutions))
    if len(solutions) == 1:
        for letter, value in solutions[0].items():
            yield Answer(letter, value)
    elif _unbroken(found):
        yield Answer(f"smallest_{letters[0]}", solutions[0][letters[0]])
        yield Answer(f"largest_{letters[0]}", solutions[-1][letters[0]])
    elif solutions and len(letters) == 1:
        yield Answer(letters[0], [each[letters[0]] for each in solutions[:MOST_LISTED]])
    elif solutions:
        listed = [list(each.values()) for each in solutions[:MOST_LISTED]]
        yield Answer(f"[{', '.join(letters)}]", listed)


def _unbroken(found: Found) -> bool:
    """Whether there are many solutions for one letter, without a gap."""
    numbers = [next(iter(each.values())) for each in found.solutions if len(each) == 1]
    return len(numbers) > MANY and numbers[-1] - numbers[0] + 1 == len(numbers)


def _solutions(question: Question, found: Found) -> Section:
    letters = [each.letter for each in question.unknowns]
    solutions = found.solutions
    blocks: list[Block] = []
    if not solutions:
        blocks.append(Text((_none_said(question, found),)))
        return Section("No solution", tuple(blocks), detail="short")
    rows: list[tuple[Cell, ...]] = []
    unbroken = _unbroken(found)
    for chosen in (*solutions[:3], *solutions[-3:]) if unbroken else solutions[:MOST_SHOWN]:
        values = [Num(number) for number in chosen.values()]
        rows.append((*values, *_shown_network(question, chosen)))
    columns = (
        *(Column(letter, "right") for letter in letters), Column("output"),
        Column("parameters", "right"),
    )  # fmt: skip
    blocks.append(Table(columns, tuple(rows)))
    more = len(solutions) - MOST_SHOWN
    if unbroken:
        low, high = (next(iter(each.values())) for each in (solutions[0], solutions[-1]))
        blocks.append(Text((f"All whole numbers from {low:,} to {high:,} are solutions.",)))
    elif more > 0:
        blocks.append(Text((f"And {more:,} more, under the answers.",)))
    blocks.append(Text((_range_said(question, found),)))
    title = "The only solution" if len(solutions) == 1 else f"All {len(solutions):,} solutions"
    return Section(title, tuple(blocks), detail="short")


def _shown_network(question: Question, chosen: Mapping[str, int]) -> tuple[Cell, Cell]:
    """The output and the parameters of the network with these numbers."""
    solved = solved_with(question, chosen)
    if solved is None:
        return None, None
    layers = solved.network.layers
    shown = solved.names.shown_size(layers[-1].output)
    return size_text(shown), Num(sum(layer.counts["params"] for layer in layers))


def _range_said(question: Question, found: Found) -> str:
    if found.complete:
        return "There are no others: the formula only grows, or only falls, with the letter."
    spans = [
        f"{each.letter} from {each.span.low} to {each.span.high}" for each in question.unknowns
    ]
    beyond = ", and no padding as large as its kernel" if len(question.unknowns) > 1 else ""
    return f"Looked through: {', '.join(spans)}{beyond}."


def _none_said(question: Question, found: Found) -> str:
    if found.complete:
        return "No whole number gives it, however large."
    return f"No choice gives it. {_range_said(question, found)}"


def checked(question: Question, holds: bool, free: Mapping[str, int]) -> Solution:  # noqa: FBT001  (the answer)
    """A question without any letter: does the network give what is wanted?"""
    solved = solve_network(question.problem._replace(find=()), question.written)
    blocks: list[Block] = [Text((f"Wanted: {', '.join(map(str, question.wanted))}.",))]
    if any(wanted.name == FITS for wanted in question.wanted):
        blocks.append(_left_over(solved.network))
    problem = question.problem
    return Solution(
        problem.title, problem.kind, sections=(Section("Check", tuple(blocks), detail="short"),),
        answers=(Answer(" and ".join(map(str, question.wanted)), holds),),
        warnings=_free_said(free), settings=problem.settings._asdict(),
    )  # fmt: skip


def _left_over(network: Network) -> Table:
    """What every window leaves over at the end of its axis."""
    columns = (
        Column("layer"), Column("padded", "right"), Column("kernel", "right"),
        Column("stride", "right"), Column("left over", "right"), Column("fits"),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for layer in network.layers:
        for window in dict.fromkeys(layer.rule.windows or ()):
            over = window.left_over
            said = (
                "yes"
                if not over
                else f"({window.padded} - {window.extent})/{window.stride} is not whole"
            )
            rows.append(
                (
                    layer.name,
                    Num(window.padded),
                    Num(window.extent),
                    Num(window.stride),
                    Num(over),
                    said,
                )
            )
    return Table(columns, tuple(rows))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
