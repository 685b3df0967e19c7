"""`hwsolve check`: the regression on answers, in one process."""

from __future__ import annotations

import os
import sys
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer

from hwsolve.cli.failures import Failure, attempt, guarded
from hwsolve.cli.files import problem_files
from hwsolve.cli.streams import complain, say
from hwsolve.cli.verdicts import FileReport, as_data, exit_code, line, totals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hwsolve.marking.compare import Tolerance, Verdict

# The width of the progress bar.
BAR = 24

EXAMPLES = {
    "check": """\b
Examples:
  hwsolve check
  hwsolve check problems/t1.yaml --tolerance 1%
  hwsolve check problems/ --junit report.xml
\b
An answer may be off by half a unit of the last digit that it states;
integers and fractions are exact.
\b
Exit code: 0 all answers are right, 1 an answer is wrong or missing,
2 a file cannot be read or solved.
"""
}


def check(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH...]", help="Files and folders; problems/ by default."),
    ] = None,
    *,
    tolerance: Annotated[
        str | None,
        typer.Option(
            "--tolerance", metavar="T", help="How far numbers may be off: 1e-3, or 1% of each."
        ),
    ] = None,
    junit: Annotated[
        str | None, typer.Option("--junit", metavar="FILE", help="Also write JUnit XML.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdicts as data.")] = False,
) -> int:
    """Recompute every stated answer of problems, and compare."""
    allowed = _tolerance(tolerance)
    reports = list(_reports(problem_files(paths or []), allowed))
    for report in reports:
        if report.error:
            complain(report.error)
        if as_json:
            continue
        for verdict in report.verdicts:
            if not verdict.right:
                say(line(verdict, report.path))
    if as_json:
        from json import dumps

        say(dumps(as_data(reports), indent=2))
    else:
        say(totals(reports))
    code = exit_code(reports)
    if junit:
        code = max(code, guarded(partial(_write_junit, junit, reports), junit))
    return code


def _reports(files: list[str], tolerance: Tolerance | None) -> Iterator[FileReport]:
    """A report on each file, with a progress bar where somebody watches."""
    watched = len(files) > 1 and sys.stderr is not None and sys.stderr.isatty()
    if not watched or os.environ.get("TERM") == "dumb":
        yield from (_report(path, tolerance) for path in files)
        return
    for number, path in enumerate(files):
        full = BAR * number // len(files)
        bar = f"checking [{'#' * full}{'-' * (BAR - full)}] {number} of {len(files)}"
        sys.stderr.write(f"\r{bar}")
        sys.stderr.flush()
        yield _report(path, tolerance)
        # nothing of it stays behind, neither above the results nor above an error
        sys.stderr.write(f"\r{' ' * len(bar)}\r")
    sys.stderr.flush()


def _report(path: str, tolerance: Tolerance | None) -> FileReport:
    begun = perf_counter()
    result = attempt(partial(_verdicts, path, tolerance), path)
    seconds = perf_counter() - begun
    if isinstance(result, Failure):
        return FileReport(path, [], seconds, result.text, result.code)
    return FileReport(path, result, seconds)


def _verdicts(path: str, tolerance: Tolerance | None) -> list[Verdict]:
    from hwsolve.marking.check import check_problem
    from hwsolve.problem.reader import read_problem

    return check_problem(read_problem(path), tolerance)


def _tolerance(text: str | None) -> Tolerance | None:
    from hwsolve.marking.compare import Tolerance

    try:
        return None if text is None else Tolerance.parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="'--tolerance'") from error


def _write_junit(path: str, reports: list[FileReport]) -> int:
    from hwsolve.cli.junit import junit_xml, write_whole

    write_whole(path, junit_xml(reports))
    return 0
