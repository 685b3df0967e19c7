"""Verdicts as JUnit XML, which continuous integration servers show."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from hwsolve.cli.verdicts import explanation, label
from hwsolve.errors import HwsolveError

if TYPE_CHECKING:
    from hwsolve.cli.verdicts import FileReport
    from hwsolve.marking.compare import Verdict

# What XML 1.0 cannot hold, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(reports: list[FileReport]) -> str:
    """A test suite for each file and a test case for each answer.

    An answer that is not right is a failure; a file that cannot be checked is an error.
    """
    suites = "".join(map(_suite, reports))
    tests = sum(map(_tests, reports))
    failures = sum(not verdict.right for report in reports for verdict in report.verdicts)
    errors = sum(bool(report.error) for report in reports)
    seconds = sum(report.seconds for report in reports)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<testsuites name="hwsolve check" tests="{tests}" failures="{failures}" '
        f'errors="{errors}" time="{seconds:.6f}">\n{suites}</testsuites>\n'
    )


def write_whole(path: str, text: str) -> None:
    """Write a file so that its readers find the old text or the new one, never half of it.

    Raises:
        HwsolveError: It cannot be written.
    """
    target = Path(os.path.realpath(path))
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    content = text.encode("utf-8", "replace")
    try:
        if target.exists() and not target.is_file():  # a pipe or a device cannot be replaced
            target.write_bytes(content)
            return
        try:
            draft.write_bytes(content)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise HwsolveError(f"{path}: cannot write the report: {error.strerror}") from error


def _suite(report: FileReport) -> str:
    cases = "".join(_case(report, verdict) for verdict in report.verdicts)
    if report.error:
        cases += (
            f'    <testcase classname={_attribute(report.path)} name="file">\n'
            f"      <error message={_attribute(report.error.partition(chr(10))[0])}>"
            f"{_text(report.error)}</error>\n    </testcase>\n"
        )
    tests, failures = _tests(report), sum(not verdict.right for verdict in report.verdicts)
    return (
        f'  <testsuite name={_attribute(report.path)} tests="{tests}" failures="{failures}" '
        f'errors="{int(bool(report.error))}" skipped="0" time="{report.seconds:.6f}">\n'
        f"{cases}  </testsuite>\n"
    )


def _tests(report: FileReport) -> int:
    """The test cases of a file: its answers, and one for what stopped it."""
    return len(report.verdicts) + int(bool(report.error))


def _case(report: FileReport, verdict: Verdict) -> str:
    where = f' file={_attribute(report.path)} line="{verdict.place.line}"' if verdict.place else ""
    name = f"({verdict.part}) {verdict.name}" if verdict.part else verdict.name
    opening = f"    <testcase classname={_attribute(report.path)} name={_attribute(name)}{where}"
    if verdict.right:
        return f"{opening}/>\n"
    text = f"{label(verdict)}: {explanation(verdict)}"
    return (
        f"{opening}>\n      <failure type={_attribute(verdict.outcome)} "
        f"message={_attribute(text)}>{_text(text)}</failure>\n    </testcase>\n"
    )


def _attribute(text: str) -> str:
    return quoteattr(_FORBIDDEN.sub("?", text))


def _text(text: str) -> str:
    return escape(_FORBIDDEN.sub("?", text))
