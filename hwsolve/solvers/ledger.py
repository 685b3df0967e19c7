"""The convention ledger of a problem, as a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsolve.errors import CertificateError
from hwsolve.nets.counting import DEFAULT_FLOPS
from hwsolve.nets.ledger import BY_CONVENTION, TEXTBOOK, Entry, ledger
from hwsolve.nets.sizes import size_text
from hwsolve.solution import Answer, Certificate, Column, Num, Section, Solution, Table
from hwsolve.solvers.cnn import LEDGER
from hwsolve.solvers.measured import measured

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hwsolve.nets.network import Network
    from hwsolve.nets.tools import Total
    from hwsolve.problem.model import Problem
    from hwsolve.solution import Cell

MOST_NAMED = 3
NOT_KNOWN = "not known"


def solve_ledger(problem: Problem) -> Solution:
    """The solution that counts a network under every convention.

    Raises:
        InputError, InputErrors: the network cannot be read or does not fit.
        CertificateError: a total is not the sum of its layers' own.
    """
    network = measured(problem)
    entries = ledger(network)
    answers = [
        Answer(f"total.{entry.convention.name}", entry.total.value)
        for entry in entries
        if entry.total.value is not None
    ]
    return Solution(
        problem.title or "The network under every convention",
        problem.kind,
        statement=f"{len(network.layers)} layers on {size_text(network.input)}, one example.",
        label=problem.label,
        sections=tuple(ledger_sections(entries)),
        answers=tuple(answers),
        certificates=(certificate(network, entries),),
        warnings=tuple(_warnings(network, entries)),
        settings=problem.settings._asdict(),
    )


def with_ledger(
    problem: Problem, solve: Callable[[Problem, bool], Solution], *, document: bool
) -> Solution:
    """The solution of a problem that asks for the ledger, beside other things or alone.

    Raises:
        InputError, InputErrors, CertificateError: as `solve_ledger`.
    """
    found = solve_ledger(problem)
    others = tuple([asked for asked in problem.find if asked.text.strip() != LEDGER])
    if not others:
        return found
    solution = solve(problem._replace(find=others), document)
    return solution._replace(
        sections=(*solution.sections, *found.sections),
        answers=(*solution.answers, *found.answers),
        certificates=(*solution.certificates, *found.certificates),
        warnings=(*solution.warnings, *found.warnings),
    )


def ledger_sections(entries: Sequence[Entry]) -> Iterator[Section]:
    """All conventions side by side, and the sum behind each."""
    textbook = next(entry.total.value for entry in entries if entry.convention.name == TEXTBOOK)
    columns = (
        Column("convention"), Column("called"), Column("total", "right"),
        Column("more than textbook", "right"),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for convention, total in entries:
        value = total.value
        if value is None or textbook is None:
            rows.append((convention.title, convention.word, NOT_KNOWN, None))
        else:
            more: Cell = Num(value - textbook) if value != textbook else None
            rows.append((convention.title, convention.word, Num(value), more))
    yield Section("Ledger", (Table(columns, tuple(rows)),), detail="short")
    of_sums = (Column("convention"), Column("adds up"))
    sums: list[tuple[Cell, ...]] = [
        (entry.convention.title, written_sum(entry.total)) for entry in entries
    ]
    yield Section("Why they differ", (Table(of_sums, tuple(sums)),), detail="short")
    rules: list[tuple[Cell, ...]] = [
        (entry.convention.title, entry.convention.rule) for entry in entries
    ]
    of_rules = (Column("convention"), Column("what it counts"))
    yield Section("What each counts", (Table(of_rules, tuple(rules)),))


def written_sum(total: Total) -> str:
    """The summands of a total: `416,520 MACs + 6,518 biases`."""
    if total.unknown:
        return f"{NOT_KNOWN} for {named(total.unknown)}"
    parts = ""
    for part in total.parts:
        sign = (" + " if part.times > 0 else " - ") if parts else ("" if part.times > 0 else "-")
        times = f"{abs(part.times)}·" if abs(part.times) != 1 else ""
        parts += f"{sign}{times}{part.amount:,} {part.what}"
    return parts or "0"


def named(names: Sequence[str]) -> str:
    """A few names, and how many more there are."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def certificate(network: Network, entries: Sequence[Entry]) -> Certificate:
    """Every total compared with the sum of what each layer alone is counted as.

    Raises:
        CertificateError: the two differ.
    """
    sums = dict.fromkeys(BY_CONVENTION, 0)
    for layer in network.layers:
        for entry in ledger(network, (layer,)):
            sums[entry.convention.name] += entry.total.value or 0
    for convention, total in entries:
        if total.value is not None and total.value != sums[convention.name]:
            raise CertificateError(
                f"no answer under '{convention.title}': the network counts {total.value}, its "
                f"layers {sums[convention.name]}"
            )
    by_rule = BY_CONVENTION["usual"].counting(network, network.layers).value
    if by_rule is not None:
        again = sum(layer.counts.flops(DEFAULT_FLOPS) for layer in network.layers)
        if again != by_rule:
            raise CertificateError(f"no answer: {by_rule} operations, counted again {again}")
    return Certificate(
        "totals", "the sum over single layers", proved=True,
        trials=len(entries) * len(network.layers),
    )  # fmt: skip


def _warnings(network: Network, entries: Sequence[Entry]) -> Iterator[str]:
    if any(entry.total.unknown for entry in entries):
        yield (
            "'not known': a tool treats one of the layers in a way that is not in its table, and "
            "a number would be a guess"
        )
    yield (
        "each layer is taken for a PyTorch module of its own: of pooling and activations that "
        "are called as functions thop sees nothing, and ptflops pytorch counts them once"
    )
    if any(layer.spec.row.name == "add" for layer in network.layers):
        yield (
            "sums of branches are those of y + x or y += x; written as torch.add(y, x) ptflops "
            "pytorch and calflops count one more for each value"
        )
