"""What checking files came to: as lines, as totals, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hwsolve.render.numbers import shown

if TYPE_CHECKING:
    from hwsolve.errors import Place
    from hwsolve.marking.compare import Verdict
    from hwsolve.problem.model import Stated

# Enough to see where a computed value leaves a stated one, without the noise of floats.
DIGITS = 12
WRONG = 1


class FileReport(NamedTuple):
    """What checking one file came to; `error` holds the lines of what stopped it."""

    path: str
    verdicts: list[Verdict]
    seconds: float = 0.0
    error: str = ""
    code: int = 0


def exit_code(reports: list[FileReport]) -> int:
    """The worst of all: a file that cannot be read, then an answer that is not right."""
    wrong = any(not verdict.right for report in reports for verdict in report.verdicts)
    return max([WRONG if wrong else 0, *(report.code for report in reports)])


def line(verdict: Verdict, path: str) -> str:
    """One line on a verdict: where, which answer, stated, computed, difference."""
    return f"{verdict.place or path}: {label(verdict)}: {explanation(verdict)}"


def label(verdict: Verdict) -> str:
    """The name of an answer, with its part and the entry that decided."""
    part = f"({verdict.part}) " if verdict.part else ""
    entry = f"[{', '.join(map(str, verdict.entry))}]" if verdict.entry else ""
    return f"{part}{verdict.name}{entry}"


def explained(verdict: Verdict) -> str:
    """A sentence on a stated answer that was not computed like that."""
    name = label(verdict._replace(part=""))
    if verdict.outcome == "shape":
        return f"the file states another shape for {name}: {verdict.reason}"
    stated, computed = _decisive(verdict)
    text = f"the file states {stated_text(stated)} for {name}"
    asks = verdict.reason.endswith("?")
    text += f", but {verdict.reason}" if verdict.reason and not asks else ""
    text += f", computed {computed_text(computed)}"
    text += f" ({verdict.reason})" if asks else ""
    return text + (f"; {verdict.more} more of its entries differ" if verdict.more else "")


def _decisive(verdict: Verdict) -> tuple[Any, Any]:
    """What is stated and what is computed, at the entry that decided."""
    stated: Any = verdict.stated
    computed: Any = verdict.computed
    for position in verdict.entry:  # the shapes agree
        stated, computed = stated[position], computed[position]
    return stated, computed


def explanation(verdict: Verdict) -> str:
    """What a verdict says about the numbers: stated, computed, difference, allowed."""
    if verdict.outcome == "missing":
        return f"stated {stated_text(verdict.stated)}, nothing computed: {verdict.reason}"
    if verdict.outcome == "shape":
        return f"another shape: {verdict.reason}"
    stated, computed = _decisive(verdict)
    text = f"stated {stated_text(stated)}, computed {computed_text(computed)}"
    if verdict.difference is not None and verdict.allowed is not None:
        allowed = f"{verdict.allowed:.3g} allowed" if verdict.allowed else "exact"
        text += f", difference {verdict.difference:.3g} ({allowed})"
    if verdict.reason.endswith("?"):
        text += f" ({verdict.reason})"
    elif verdict.reason:
        text += f"; {verdict.reason}"
    if verdict.more:
        text += f"; and {verdict.more} more entr{'y' if verdict.more == 1 else 'ies'}"
    return text


def stated_text(stated: Stated) -> str:
    """A stated answer as its author wrote it, on one line."""
    if isinstance(stated, list):
        return "[" + ", ".join(map(stated_text, stated)) + "]"
    return " ".join(stated.text.split())


def computed_text(value: Any) -> str:
    """A computed value, with digits enough to compare it."""
    return "nothing" if value is None else shown(value, DIGITS)[0]


def totals(reports: list[FileReport]) -> str:
    """One line with what was checked, and how much of it was right."""
    counts = _counts(reports)
    text = f"{_number(counts['answers'], 'answer')} in {_number(counts['files'], 'file')}: "
    text += f"{counts['right']} right"
    for outcome in ("wrong", "missing"):
        if counts[outcome]:
            text += f", {counts[outcome]} {outcome}"
    if counts["unreadable"]:
        text += f"; {_number(counts['unreadable'], 'file')} could not be checked"
    return text


def as_data(reports: list[FileReport]) -> dict[str, Any]:
    """Everything that was found, as JSON can hold it."""
    return {
        **_counts(reports),
        "exit_code": exit_code(reports),
        "reports": [
            {
                "path": report.path,
                "error": report.error or None,
                "verdicts": [_verdict_data(verdict) for verdict in report.verdicts],
            }
            for report in reports
        ],
    }


def _verdict_data(verdict: Verdict) -> dict[str, Any]:
    place: Place | None = verdict.place
    return {
        "name": verdict.name,
        "part": verdict.part or None,
        "outcome": verdict.outcome,
        "stated": stated_text(verdict.stated),
        "computed": None if verdict.computed is None else shown(verdict.computed, 17)[0],
        "difference": _json_number(verdict.difference),
        "allowed": _json_number(verdict.allowed),
        "entry": list(verdict.entry) or None,
        "more": verdict.more,
        "reason": verdict.reason or None,
        "line": place.line if place else None,
        "column": place.column if place else None,
    }


def _json_number(value: float | None) -> float | str | None:
    """JSON has no infinity and no NaN."""
    return value if value is None or abs(value) < float("inf") else str(value)


def _counts(reports: list[FileReport]) -> dict[str, int]:
    outcomes = [verdict.outcome for report in reports for verdict in report.verdicts]
    return {
        "files": len(reports),
        "answers": len(outcomes),
        "right": outcomes.count("right"),
        "wrong": outcomes.count("wrong") + outcomes.count("shape"),
        "missing": outcomes.count("missing"),
        "unreadable": sum(bool(report.error) for report in reports),
    }


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + "s" * (count != 1)
