"""What checking files came to: lines, totals, data, JUnit XML."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsolve.cli.junit import junit_xml, write_whole
from hwsolve.cli.verdicts import FileReport, as_data, exit_code, line, totals
from hwsolve.errors import HwsolveError, Place
from hwsolve.marking.compare import Verdict, compare, missing
from hwsolve.problem.model import Written

PLACE = Place("key.yaml", 9, 11)


def stated(answer: Any) -> Any:
    return (
        [stated(entry) for entry in answer] if isinstance(answer, list) else Written(answer, PLACE)
    )


def verdict(name: str, answer: Any, computed: Any, part: str = "") -> Verdict:
    return compare(name, stated(answer), computed)._replace(place=PLACE, part=part)


RIGHT = verdict("z", "1.03", 1.03)
WRONG = verdict("dz/dw0", "0.2", -0.2)
MISSING = missing("q", stated("0.5"), "no equation gives 'q'")._replace(place=PLACE)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (
            verdict("z", "1.04", 1.03),
            "key.yaml:9:11: z: stated 1.04, computed 1.03, difference -0.01 (0.005 allowed)",
        ),
        (
            verdict("n", "7", 8),
            "key.yaml:9:11: n: stated 7, computed 8, difference 1 (exact)",
        ),
        (
            verdict("dL/dW1", [["1", "2"], ["3", "4"]], np.array([[1.0, 2], [3, 5]])),
            "key.yaml:9:11: dL/dW1[1, 1]: stated 4, computed 5, difference 1 (exact)",
        ),
        (
            verdict("C1.size", "6x28x27", (6, 28, 28)),
            "key.yaml:9:11: C1.size: stated 6x28x27, computed 6x28x28",
        ),
        (
            verdict("W", ["1", "2"], np.array([[1.0, 2]])),
            "key.yaml:9:11: W: another shape: stated 2 values, computed 1x2 values",
        ),
        (
            verdict("z", "a half", 0.5),
            "key.yaml:9:11: z: stated a half, computed 0.5; 'a half' is not a number",
        ),
        (
            verdict("z", "1.04", 1.03, part="b"),
            "key.yaml:9:11: (b) z: stated 1.04, computed 1.03, difference -0.01 (0.005 allowed)",
        ),
        (
            MISSING,
            "key.yaml:9:11: q: stated 0.5, nothing computed: no equation gives 'q'",
        ),
    ],
)
def test_a_line_says_where_what_was_stated_and_what_was_computed(
    found: Verdict, expected: str
) -> None:
    assert line(found, "key.yaml") == expected


@pytest.mark.parametrize(
    ("reports", "text", "code"),
    [
        ([FileReport("a.yaml", [RIGHT])], "1 answer in 1 file: 1 right", 0),
        ([FileReport("a.yaml", [])], "0 answers in 1 file: 0 right", 0),
        (
            [FileReport("a.yaml", [RIGHT, WRONG]), FileReport("b.yaml", [MISSING])],
            "3 answers in 2 files: 1 right, 1 wrong, 1 missing",
            1,
        ),
        (
            [FileReport("a.yaml", [WRONG]), FileReport("b.yaml", [], error="b.yaml: no", code=2)],
            "1 answer in 2 files: 0 right, 1 wrong; 1 file could not be checked",
            2,
        ),
        (
            [FileReport("a.yaml", [RIGHT]), FileReport("b.yaml", [], error="b.yaml: no", code=1)],
            "1 answer in 2 files: 1 right; 1 file could not be checked",
            1,
        ),
    ],
)
def test_the_totals_and_the_exit_code_tell_the_worst(
    reports: list[FileReport], text: str, code: int
) -> None:
    assert totals(reports) == text
    assert exit_code(reports) == code


def test_the_data_hold_every_verdict_with_its_numbers() -> None:
    data = as_data([FileReport("key.yaml", [WRONG, MISSING])])
    assert (data["answers"], data["wrong"], data["missing"], data["exit_code"]) == (2, 1, 1, 1)
    assert data["reports"][0]["verdicts"][0] == {
        "name": "dz/dw0",
        "part": None,
        "outcome": "wrong",
        "stated": "0.2",
        "computed": "-0.2",
        "difference": -0.4,
        "allowed": 0.05,
        "entry": None,
        "more": 0,
        "reason": None,
        "line": 9,
        "column": 11,
    }


def test_junit_has_a_suite_for_each_file_and_a_case_for_each_answer() -> None:
    reports = [
        FileReport("a.yaml", [RIGHT, WRONG], 0.25),
        FileReport("b.yaml", [], 0.5, "b.yaml:1:1: not YAML", 2),
    ]
    root = ET.fromstring(junit_xml(reports))
    assert root.attrib == {
        "name": "hwsolve check",
        "tests": "3",
        "failures": "1",
        "errors": "1",
        "time": "0.750000",
    }
    first, second = root
    assert first.attrib == {
        "name": "a.yaml",
        "tests": "2",
        "failures": "1",
        "errors": "0",
        "skipped": "0",
        "time": "0.250000",
    }
    right, wrong = first
    assert (right.get("name"), right.get("classname"), len(right)) == ("z", "a.yaml", 0)
    assert (right.get("file"), right.get("line")) == ("a.yaml", "9")
    (failure,) = wrong
    message = "dz/dw0: stated 0.2, computed -0.2, difference -0.4 (0.05 allowed)"
    assert (failure.tag, failure.get("type"), failure.get("message"), failure.text) == (
        "failure",
        "wrong",
        message,
        message,
    )
    ((error,),) = second
    assert (error.tag, error.get("message")) == ("error", "b.yaml:1:1: not YAML")


@given(st.text(), st.text(), st.text(alphabet=st.characters()))
def test_junit_is_valid_xml_whatever_a_file_holds(name: str, path: str, error: str) -> None:
    found = verdict(name, "1", 2)._replace(place=Place(path, 1, 1))
    text = junit_xml([FileReport(path, [found]), FileReport(path, [], 0.0, error or "?", 2)])
    root = ET.fromstring(text.encode("utf-8", "replace"))
    assert [len(suite) for suite in root] == [1, 1]


def test_a_report_replaces_the_old_one_as_a_whole(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text("old")
    write_whole(str(report), "new")
    assert report.read_text() == "new"
    assert list(tmp_path.iterdir()) == [report]


def test_a_report_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = tmp_path / "report.xml"
    report.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(HwsolveError, match=r"report.xml: cannot write the report: No space left"):
        write_whole(str(report), "new")
    assert report.read_text() == "old"
    assert list(tmp_path.iterdir()) == [report]


def test_a_report_into_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(HwsolveError) as raised:
        write_whole(str(tmp_path / "no" / "report.xml"), "new")
    expected = f"{tmp_path}/no/report.xml: cannot write the report: No such file or directory"
    assert str(raised.value) == expected


def test_a_report_can_go_to_a_device() -> None:
    write_whole(os.devnull, "new")
    assert not Path(os.devnull).is_file()
