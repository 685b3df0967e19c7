"""Files as they come: missing, unreadable, too large, wrongly encoded, hostile."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

import pytest
from counted_calls import counted_calls

from hwsolve.errors import HwsolveError
from hwsolve.problem.reader import read_problem, read_text
from hwsolve.problem.source import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SMALL = "kind: graph\ngiven: {θ: 0.5}\nequations: [z = θ]\n"


def refusal(text: str | bytes) -> str:
    with pytest.raises(HwsolveError) as raised:
        read_text(text, "t")
    assert raised.value.exit_code == 2
    return str(raised.value)


@pytest.fixture
def quick() -> Iterator[None]:
    """A limit must stop a file at once: counted in calls, as the machine may be busy."""
    with counted_calls() as count:
        yield
    assert count() < 5_000_000


def test_a_missing_file_is_named_with_one_that_is_near(tmp_path: Path) -> None:
    (tmp_path / "homework.yaml").write_text(SMALL, encoding="utf-8")
    path = str(tmp_path / "homwork.yaml")
    with pytest.raises(HwsolveError) as raised:
        read_problem(path)
    assert str(raised.value) == f"{path}: there is no such file; did you mean 'homework.yaml'?"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    path = str(tmp_path / "no" / "t.yaml")
    with pytest.raises(HwsolveError) as raised:
        read_problem(path)
    assert str(raised.value) == (
        f"{path}: there is no such file; there is no folder '{tmp_path / 'no'}' either"
    )


def test_a_folder_is_no_problem_file(tmp_path: Path) -> None:
    with pytest.raises(HwsolveError) as raised:
        read_problem(str(tmp_path))
    assert str(raised.value) == f"{tmp_path} is a folder, not a problem file"


def test_a_file_without_permission_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(SMALL, encoding="utf-8")
    path.chmod(0)
    if os.access(path, os.R_OK):  # an administrator may read everything

        def refuse(*_: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(HwsolveError) as raised:
        read_problem(str(path))
    assert str(raised.value) == f"{path}: there is no permission to read this file"


@pytest.mark.parametrize("path", ["a\0b", "a" * 5000, ""])
def test_a_path_that_cannot_be_is_refused(path: str) -> None:
    with pytest.raises(HwsolveError) as raised:
        read_problem(path)
    assert "\n" not in str(raised.value)


def test_standard_input_is_a_file_called_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SMALL.encode())))
    assert read_problem("-").given["θ"].value == 0.5
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"kind: grph")))
    with pytest.raises(HwsolveError) as raised:
        read_problem("-")
    assert str(raised.value) == "stdin:1:7: unknown kind 'grph'; did you mean 'graph'?"


def test_standard_input_that_is_closed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(
        HwsolveError, match=r"^standard input is closed; give a file, or pipe one in$"
    ):
        read_problem("-")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_says_the_encoding(encoding: str) -> None:
    assert read_text(SMALL.encode(encoding)).given["θ"].value == 0.5
    assert str(read_text(SMALL.encode(encoding), "t").given["θ"].place) == "t:2:12"


def test_the_bytes_that_are_not_utf_8_have_a_place() -> None:
    text = "kind: graph\ntitle: Règle\n".encode("latin-1")
    message = "t:2:9: the byte 0xe8 is not UTF-8 (in Latin-1 it is 'è'); save the file as UTF-8"
    assert refusal(text) == message
    assert refusal(b"\xef\xbb\xbf" + text) == message
    assert refusal(b"\x89PNG\r\n\x1a\n") == (
        "t:1:1: the byte 0x89 is not UTF-8; save the file as UTF-8"
    )


def test_utf_16_without_a_mark_is_recognised() -> None:
    text = SMALL.replace("θ", "x").encode("utf-16-le")
    assert refusal(text) == "t:1:2: this is not text in UTF-8; save the file as UTF-8"
    assert refusal(b"\xff\xfe" + text[:-1]).startswith("t:3:19: the byte 0x0a is not UTF-16;")


@pytest.mark.usefixtures("quick")
def test_a_file_of_100_mb_is_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    with path.open("wb") as file:
        file.truncate(100 * 2**20)
    with pytest.raises(HwsolveError) as raised:
        read_problem(str(path))
    assert str(raised.value) == f"{path}: larger than 16 MiB, the limit for a problem file"


@pytest.mark.usefixtures("quick")
@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="this system has no /dev/zero")  # noqa: PTH110  (a device)
def test_a_file_without_an_end_is_not_read_to_its_end() -> None:
    with pytest.raises(HwsolveError, match=r"^/dev/zero: larger than 16 MiB"):
        read_problem("/dev/zero")


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("opening", ["[", "{", "- ", "? ", "{a: ", "[\n", "['a',", "- - "])
def test_a_million_brackets_are_refused(opening: str) -> None:
    message = refusal(opening * (1_000_000 // len(opening)))
    assert message.endswith(
        (
            (
                ": lists and mappings are nested deeper than 40 levels; "
                "close the brackets, or write it flatter"
            ),
            "a key must be a name, not a mapping; put the name in quotes",
        )
    )


@pytest.mark.usefixtures("quick")
def test_keys_nested_by_indentation_are_refused() -> None:
    text = "".join(f"{' ' * depth}a:\n" for depth in range(1000))
    assert refusal(text) == (
        "t:41:41: lists and mappings are nested deeper than 40 levels; "
        "close the brackets, or write it flatter"
    )


@pytest.mark.usefixtures("quick")
def test_aliases_that_explode_are_refused() -> None:
    laughs = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    laughs += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert refusal("\n".join(laughs)) == (
        "t:6:25: the file holds more than 500,000 values, with aliases counted as often as "
        "used; use a formula such as zeros(1000, 1000)"
    )


@pytest.mark.usefixtures("quick")
def test_aliases_of_a_long_text_are_refused() -> None:
    text = f"a: &a {'x' * 1_000_000}\nb: [{', '.join(['*a'] * 1000)}]"
    assert "more than 500,000 values" in refusal(text)


@pytest.mark.usefixtures("quick")
def test_aliases_that_nest_are_counted_as_levels() -> None:
    lines = ["a0: &a0 [1]"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 1000)]
    assert refusal("\n".join(lines)) == (
        "t:40:12: lists and mappings are nested deeper than 40 levels; "
        "close the brackets, or write it flatter"
    )


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "text",
    [
        "[" + "1," * 5_000_000 + "]",
        "- 1\n" * 3_000_000,
        "{" + ",".join(f"a{n}" for n in range(600_000)) + "}",
    ],
    ids=["flow list", "block list", "flow mapping"],
)
def test_millions_of_values_are_refused(text: str) -> None:
    assert "more than 500,000 values" in refusal(text)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "text",
    [
        "kind: graph\nequations: |\n" + " x\n" * 4_000_000,
        "kind: graph\nfind: " + "a," * 5_000_000,
        "kind: graph\ngiven: {x: " + "9" * 10_000_000 + "}",
        "kind: graph\ngiven: {x: " + "(" * 5_000_000 + ")" * 5_000_000 + "}",
        "kind: graph\ngiven: {x: 1e999999999, y: 1e-999999999, z: 1/3e999999999}",
        'kind: graph\ntitle: "' + "\\n" * 5_000_000 + '"',
        "kind: graph\nequation: " + "a" * 10_000_000,
        "kind: " + "graph" * 2_000_000,
        "a" * 10_000_000 + ": 3",
        "a" * 1000 + ": 3\n",
        "kind: graph\n" + "".join(f"k{n}: 1\n" for n in range(200_000)),
        "kind: graph\ngiven:\n" + "".join(f"  {n}: 1\n" for n in range(200_000)),
        "kind: graph\nequations:\n" + "  -\n" * 200_000,
        "kind: network\ngiven: {"
        + ", ".join(f"W{n}: 1" for n in range(100_000))
        + "}\nlayers: ["
        + ", ".join("{W: V}" for _ in range(30_000))
        + "]",
        "kind: graph\nequations: ["
        + ", ".join(["a = 1"] * 100_000)
        + "]\nparts: {"
        + ", ".join(f"p{n}: {{find: a}}" for n in range(10_000))
        + "}",
        " " * MAX_BYTES,
        "\n" * MAX_BYTES,
        "#" * MAX_BYTES,
    ],
    ids=lambda text: text[:40].replace("\n", " "),
)
def test_a_hostile_text_ends_soon(text: str) -> None:
    message = refusal(text)
    assert len(message) < 20_000
    assert message.count("\n") <= 50


def test_of_many_errors_the_first_fifty_are_shown() -> None:
    text = "kind: graph\nequations:\n" + "  -\n" * 60
    lines = refusal(text).split("\n")
    assert len(lines) == 51
    assert lines[49].startswith("t:52:4: an equation is missing")
    assert lines[50] == "t:53:4: 10 more errors follow"


@pytest.mark.usefixtures("quick")
def test_a_text_of_many_quotes_has_the_place_of_its_start() -> None:
    text = "kind: graph\nequations:\n  - '" + "''" * 5_000_000 + "'"
    equation = read_text(text, "t").body.equations[0]  # type: ignore[union-attr]  # a graph
    assert len(equation.text) == 5_000_000
    assert str(equation.origin) == "t:3:5"


@pytest.mark.usefixtures("quick")
def test_a_problem_of_100_000_equations_is_read() -> None:
    lines = "".join(f"  - x{n} = relu(x{n - 1}*w + {n})\n" for n in range(1, 100_001))
    problem = read_text(f"kind: graph\ngiven: {{x0: 1, w: 2}}\nequations:\n{lines}", "t")
    last = problem.body.equations[-1]  # type: ignore[union-attr]  # a graph
    assert (str(last.origin), last.text) == ("t:100003:5", "x100000 = relu(x99999*w + 100000)")


@pytest.mark.usefixtures("quick")
def test_a_block_of_100_000_equations_is_read() -> None:
    lines = "".join(f"  x{n} = relu(x{n - 1}*w + {n})\n" for n in range(1, 100_001))
    problem = read_text(f"kind: graph\nequations: |\n{lines}", "t")
    last = problem.body.equations[-1]  # type: ignore[union-attr]  # a graph
    assert (str(last.origin), last.text) == ("t:100002:3", "x100000 = relu(x99999*w + 100000)")
