"""`hwsolve check` on folders as they are: locked ones, strangers among the files, reports."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Ran

    Command = Callable[..., Ran]
    Folder = Callable[[dict[str, str]], Path]

RIGHT = "kind: graph\nequations: [z = 2]\nanswers: {z: 2}\n"
WRONG = "kind: graph\nequations: ['v = [1, 2, 3, 4]']\nanswers: {v: [1, 5, 3.5, 9]}\n"
WORKFLOW = """\
name: tests
on: push
jobs: {}
env: {}
permissions: {}
concurrency: {}
"""
# What JUnit's schema says of the attributes that have a type.
COUNTS = ("tests", "failures", "errors", "skipped")


def test_a_locked_folder_is_named_and_the_rest_is_checked(
    hwsolve: Command, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder({"a.yaml": RIGHT, "locked/b.yaml": RIGHT, "open/c.yaml": RIGHT})
    scan = os.scandir

    def refused(path: str) -> Any:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refused)
    ran = hwsolve("check", ".", "--junit", "report.xml")
    assert ran.code == 2
    assert ran.err == "cannot read the folder './locked': Permission denied\n"
    assert ran.out == "2 answers in 3 files: 2 right; 1 file could not be checked\n"
    assert {suite.get("errors") for suite in ET.parse("report.xml").getroot()} == {"0", "1"}


def test_a_file_of_another_program_is_one_short_line(hwsolve: Command, folder: Folder) -> None:
    folder({"a.yaml": RIGHT, "workflow.yml": WORKFLOW, "empty/note.yml": "title: a note\n"})
    ran = hwsolve("check", ".")
    assert ran.code == 2
    assert ran.err == (
        "workflow.yml: not a problem file: it has no key 'kind' and has unknown keys "
        "('name', 'on', 'jobs', 'env', 'permissions', ...)\n"
        "empty/note.yml: not a problem file: it has no key 'kind'\n"
    )
    assert ran.out == "1 answer in 3 files: 1 right; 2 files could not be checked\n"


def test_a_file_that_was_named_gets_every_error(hwsolve: Command, folder: Folder) -> None:
    folder({"mine.yaml": "titel: mine\nequations: [z = 1]\n"})
    ran = hwsolve("check", "mine.yaml")
    assert "mine.yaml:1:1: unknown key 'titel'; did you mean 'title'?" in ran.err
    assert "the file has no key 'kind'" in ran.err


@pytest.mark.parametrize("report", ["key.yaml", "other.yaml", "other.YML", "./key.txt"])
def test_a_report_never_replaces_a_problem(hwsolve: Command, folder: Folder, report: str) -> None:
    path = folder(dict.fromkeys(("key.yaml", "other.yaml", "other.YML", "key.txt"), RIGHT))
    ran = hwsolve("check", "key.yaml", "key.txt", "--junit", report)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        f"hwsolve: --junit {report} would overwrite a problem file; name another file: report.xml\n"
    )
    assert (path / report).read_text() == RIGHT


def test_a_report_may_replace_a_report(hwsolve: Command, folder: Folder) -> None:
    path = folder({"key.yaml": RIGHT, "report.xml": "<old/>"})
    assert hwsolve("check", "key.yaml", "--junit", "report.xml").code == 0
    assert (path / "report.xml").read_text().startswith("<?xml")


def test_the_counts_of_a_junit_report_are_numbers(hwsolve: Command, folder: Folder) -> None:
    folder({"a.yaml": RIGHT, "b.yaml": WRONG, "c.yaml": "kind: grph\n", "d.yaml": "[1, 2"})
    assert hwsolve("check", ".", "--junit", "report.xml").code == 2
    root = ET.parse("report.xml").getroot()
    for element in (root, *root):
        for name in COUNTS:
            if element is not root or name != "skipped":
                assert element.get(name, "").isdecimal(), (element.tag, name)
        assert float(element.get("time", "nan")) >= 0
    for suite in root:
        assert int(suite.get("tests", "")) == len(suite.findall("testcase"))
        assert int(suite.get("failures", "")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("errors", "")) == len(suite.findall("testcase/error"))
    assert int(root.get("tests", "")) == sum(int(suite.get("tests", "")) for suite in root)


def test_the_other_wrong_entries_are_counted_in_the_line(hwsolve: Command, folder: Folder) -> None:
    folder({"b.yaml": WRONG})
    ran = hwsolve("check", "b.yaml")
    assert ran.out.splitlines()[0] == (
        "b.yaml:3:18: v[1]: stated 5, computed 2, difference -3 (exact); and 2 more entries"
    )


def test_a_size_in_another_order_is_asked_about(hwsolve: Command, folder: Folder) -> None:
    text = "kind: cnn\ninput: 1x32x32\nlayers: [C1: conv 6 5x5]\n"
    folder({"a.yaml": text + "answers: {C1.size: 28x28x6, C1.receptive_field: 5x5}\n"})
    assert hwsolve("check", "a.yaml").out == (
        "a.yaml:4:20: C1.size: stated 28x28x6, computed 6x28x28 "
        "(written as height x width x channels?)\n"
        "2 answers in 1 file: 1 right, 1 wrong\n"
    )


def test_a_comparison_may_be_answered_by_true(hwsolve: Command, folder: Folder) -> None:
    text = "kind: graph\ngiven: {a: 2}\nequations: [t = a > 0, f = a > 3]\n"
    folder({"a.yaml": f"{text}answers: {{t: true, f: false}}\n"})
    assert hwsolve("check", "a.yaml").code == 0


def test_a_tolerance_only_widens(hwsolve: Command, folder: Folder) -> None:
    folder({"a.yaml": "kind: graph\nequations: [z = 1/3]\nanswers: {z: 0.3}\n"})
    assert hwsolve("check", "a.yaml").code == 0
    assert hwsolve("check", "a.yaml", "--tolerance", "1%").code == 0
    ran = hwsolve("check", "a.yaml", "--tolerance", "-1")
    assert ran.code == 2
    assert "a tolerance is at least 0, not -1" in ran.err


def test_the_help_says_where_problems_are_looked_for(hwsolve: Command) -> None:
    words = " ".join(hwsolve("check", "--help").out.split())
    assert "Folders are searched with all folders inside them" in words
    assert "Without PATH that is problems/, or where there is none the current folder." in words
