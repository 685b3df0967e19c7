"""`hwsolve check`: the regression on answers, in one process."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer

from hwsolve.cli.failures import UNUSABLE, Failure, attempt, guarded
from hwsolve.cli.files import SUFFIXES, search
from hwsolve.cli.streams import complain, say
from hwsolve.cli.verdicts import FileReport, as_data, exit_code, line, totals
from hwsolve.errors import InputError, InputErrors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hwsolve.cli.files import Found
    from hwsolve.marking.compare import Tolerance, Verdict

# The width of the progress bar.
BAR = 24

# What the reader says of a file that is no problem at all, and how it names a key.
NO_KIND, UNKNOWN_KEY = "the file has no key 'kind'", "unknown key "
MOST_KEYS = 5

EXAMPLES = {
    "check": """\b
Examples:
  hwsolve check
  hwsolve check problems/t1.yaml --tolerance 1%
  hwsolve check problems/ --junit report.xml
\b
Folders are searched with all folders inside them, for *.yaml and *.yml.
Without PATH that is problems/, or where there is none the current folder.
\b
An answer may be off by half a unit of the last digit that it states;
integers and fractions are exact. --tolerance lets answers be further
off, and never less: 0.3 is right for 1/3 with --tolerance 1% too.
\b
Exit code: 0 all answers are right, 1 an answer is wrong or missing,
2 a file cannot be read or solved.
"""
}


def check(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATH...]",
            help="Files, and folders with all inside; problems/ or the current folder by default.",
        ),
    ] = None,
    *,
    tolerance: Annotated[
        str | None,
        typer.Option(
            "--tolerance",
            metavar="T",
            help="How far numbers may be off, where their digits ask for more: 1e-3, or 1%.",
        ),
    ] = None,
    junit: Annotated[
        str | None, typer.Option("--junit", metavar="FILE", help="Also write JUnit XML.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdicts as data.")] = False,
) -> int:
    """Recompute every stated answer of problems, and compare."""
    allowed = _tolerance(tolerance)
    found = search(paths or [])
    if junit:
        _check_target(junit, found)
    reports = list(_reports(found.files, allowed))
    reports += [
        FileReport(folder, [], 0.0, message, UNUSABLE)
        for folder, message in found.unreadable.items()
    ]
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


def _reports(files: dict[str, bool], tolerance: Tolerance | None) -> Iterator[FileReport]:
    """A report on each file, with a progress bar where somebody watches."""
    watched = len(files) > 1 and sys.stderr is not None and sys.stderr.isatty()
    if not watched or os.environ.get("TERM") == "dumb":
        yield from (_report(path, tolerance, met=met) for path, met in files.items())
        return
    for number, (path, met) in enumerate(files.items()):
        full = BAR * number // len(files)
        bar = f"checking [{'#' * full}{'-' * (BAR - full)}] {number} of {len(files)}"
        sys.stderr.write(f"\r{bar}")
        sys.stderr.flush()
        yield _report(path, tolerance, met=met)
        # nothing of it stays behind, neither above the results nor above an error
        sys.stderr.write(f"\r{' ' * len(bar)}\r")
    sys.stderr.flush()


def _report(path: str, tolerance: Tolerance | None, *, met: bool) -> FileReport:
    """The report on a file; `met` is whether it was met while a folder was searched."""
    begun = perf_counter()
    result = attempt(partial(_verdicts_of_met if met else _verdicts, path, tolerance), path)
    seconds = perf_counter() - begun
    if isinstance(result, Failure):
        return FileReport(path, [], seconds, result.text, result.code)
    return FileReport(path, result, seconds)


def _verdicts(path: str, tolerance: Tolerance | None) -> list[Verdict]:
    from hwsolve.marking.check import check_problem
    from hwsolve.problem.reader import read_problem

    return check_problem(read_problem(path), tolerance)


def _verdicts_of_met(path: str, tolerance: Tolerance | None) -> list[Verdict]:
    """The verdicts on a file that may have been written for quite another program."""
    try:
        return _verdicts(path, tolerance)
    except InputErrors as errors:
        said = [error.message for error in errors.errors]
        if NO_KIND not in said:
            raise
        unknown = [each.removeprefix(UNKNOWN_KEY) for each in said if each.startswith(UNKNOWN_KEY)]
        shown = ", ".join(unknown[:MOST_KEYS]) + (", ..." if len(unknown) > MOST_KEYS else "")
        keys = f" and has unknown keys ({shown})" if unknown else ""
        raise InputError(f"{path}: not a problem file: it has no key 'kind'{keys}") from errors


def _check_target(target: str, found: Found) -> None:
    """Refuse to write a report over a problem.

    Raises:
        InputError: The report's file is checked, or looks like a problem.
    """
    file = Path(target)
    if not file.exists():
        return
    problem = file.suffix.lower() in SUFFIXES
    if problem or any(_is_same(file, path) for path in found.files):
        raise InputError(
            f"--junit {target} would overwrite a problem file", hint="name another file: report.xml"
        )


def _is_same(file: Path, path: str) -> bool:
    try:
        return file.samefile(path)
    except OSError:
        return False


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
