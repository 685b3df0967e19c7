"""The README's commands do what it says that they do."""

from __future__ import annotations

import doctest
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest
from commands import ROOT, environment

if TYPE_CHECKING:
    from pathlib import Path

README = ROOT / "README.md"
BLOCK = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
# `.ci/run` runs these two in a copy of the checkout: they build environments.
FRESH_MACHINE = "python3 -m venv "


class Command(NamedTuple):
    """A command of a console block, and the output that the block shows (None: none)."""

    text: str
    shown: str | None


def blocks(*languages: str) -> list[str]:
    found = BLOCK.finditer(README.read_text(encoding="utf-8"))
    return [match["text"] for match in found if match["language"] in languages]


def commands() -> list[Command]:
    """Every command in the README's console blocks, in their order."""
    found = []
    for block in blocks("console"):
        for piece in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            text, _, shown = piece.partition("\n")
            while text.endswith("\\"):
                more, _, shown = shown.partition("\n")
                text = f"{text[:-1]}{more.removeprefix('> ')}"
            found.append(Command(text, shown.strip("\n") or None))
    return found


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the problems in it, and the command `hwsolve` in its `bin`."""
    folder = tmp_path_factory.mktemp("desk")
    shutil.copytree(ROOT / "problems", folder / "problems")
    (folder / "bin").mkdir()
    program = folder / "bin" / "hwsolve"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m hwsolve "$@"\n')
    program.chmod(0o755)
    return folder


def test_the_readme_has_the_two_commands_for_a_fresh_machine() -> None:
    fresh = [command.text for command in commands() if command.text.startswith(FRESH_MACHINE)]
    assert len(fresh) == 2


def test_the_commands_of_the_readme_do_what_it_shows(desk: Path) -> None:
    # one after the other, because a file that one of them writes is read by the next
    differences = []
    path = f"{desk / 'bin'}:{environment()['PATH']}"
    ran_any = False
    for command in commands():
        if command.text.startswith((FRESH_MACHINE, "git clone")):
            continue
        ran = subprocess.run(
            ["bash", "-c", command.text],
            cwd=desk,
            env=environment(PATH=path),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            text=True,
            timeout=120,
        )
        ran_any = True
        assert "Traceback" not in ran.stdout
        if command.shown is None:
            if ran.returncode:
                differences.append(f"$ {command.text}\nends with {ran.returncode}: {ran.stdout}")
        elif not matches(command.shown, ran.stdout):
            differences.append(f"$ {command.text}\nprints\n{ran.stdout}\nand not\n{command.shown}")
    assert ran_any
    assert not differences, "\n\n".join(differences)


def test_the_python_of_the_readme_does_what_it_shows(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk)
    for block in blocks("python", "pycon"):
        if ">>>" not in block:
            exec(compile(block, str(README), "exec"), {})  # noqa: S102  (our own examples)
            continue
        example = doctest.DocTestParser().get_doctest(block, {}, "README", str(README), 0)
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
        written: list[str] = []
        runner.run(example, out=written.append)
        assert not runner.failures, "".join(written)


def matches(shown: str, written: str) -> bool:
    """Whether a text is what the README shows; a line `...` stands for any lines."""
    pattern = [
        r"(?:.*\n)*?" if line.strip() == "..." else re.escape(line.rstrip()) + r"[ ]*\n"
        for line in shown.strip("\n").splitlines()
    ]
    return re.fullmatch("".join(pattern), written.strip("\n") + "\n") is not None


def test_an_ellipsis_stands_for_any_lines_and_nothing_else_does() -> None:
    assert matches("a\n...\nd", "a\nb\nc\nd\n")
    assert matches("a\n...\nd", "a\nd\n")
    assert matches("a  \nb", "\na\nb  \n\n")
    assert not matches("a\nd", "a\nb\nd\n")
    assert not matches("a\n...\nd", "a\nb\n")
