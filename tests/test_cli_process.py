"""What only a process of its own can show: signals, pipes, full disks, encodings."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import RESIDUAL, Ran, command, environment, process

import hwsolve

FULL = Path("/dev/full")


@pytest.fixture
def residual(tmp_path: Path) -> Path:
    path = tmp_path / "residual.yaml"
    path.write_text(RESIDUAL, encoding="utf-8")
    return path


def on_a_terminal(*arguments: str, cwd: Path, **changes: str | None) -> Ran:
    """Run `hwsolve` with standard output and standard error on a terminal."""
    outer, inner = pty.openpty()
    running = subprocess.Popen(
        command(*arguments), stdout=inner, stderr=inner, cwd=cwd, env=environment(**changes)
    )
    os.close(inner)
    written = b""
    while True:
        try:
            piece = os.read(outer, 65536)
        except OSError:  # how Linux says that the other end was closed
            break
        if not piece:
            break
        written += piece
    os.close(outer)
    return Ran(running.wait(timeout=60), written.decode("utf-8").replace("\r\n", "\n"), "")


def test_the_module_is_the_command() -> None:
    assert process("--version") == Ran(0, f"hwsolve {hwsolve.__version__}\n", "")


def test_a_problem_is_read_from_standard_input(residual: Path) -> None:
    from_file = process("run", residual.name, cwd=residual.parent)
    from_input = process("run", "-", stdin=RESIDUAL.encode())
    assert from_file.code == 0
    assert from_input == from_file


def test_an_interruption_ends_the_program_with_130_and_no_words() -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # even where it is ignored
    try:
        running = subprocess.Popen(
            command("run", "-"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
        )
    finally:
        signal.signal(signal.SIGINT, before)
    time.sleep(1.5)  # it waits for standard input
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)
    assert (running.returncode, out, err) == (130, b"", b"")


@pytest.mark.parametrize(
    "arguments", [("run", "residual.yaml"), ("check", "residual.yaml"), ("--help",), ("--version",)]
)
def test_a_closed_pipe_ends_the_program_without_words(
    arguments: tuple[str, ...], residual: Path
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    running = subprocess.run(
        command(*arguments),
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
        cwd=residual.parent,
        env=environment(),
    )
    os.close(writer)
    assert (running.returncode, running.stderr) == (141, b"")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no full device")
@pytest.mark.parametrize("arguments", [("run", "residual.yaml"), ("check", "residual.yaml")])
def test_a_full_disk_is_named(arguments: tuple[str, ...], residual: Path) -> None:
    with FULL.open("wb") as full:
        running = subprocess.run(
            command(*arguments),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            cwd=residual.parent,
            env=environment(),
        )
    assert running.returncode == 2
    assert running.stderr == b"hwsolve: cannot write the output: No space left on device\n"


def test_a_closed_standard_output_is_named(residual: Path) -> None:
    line = f'"{sys.executable}" -m hwsolve run residual.yaml >&-'
    running = subprocess.run(
        ["bash", "-c", line],
        capture_output=True,
        check=False,
        cwd=residual.parent,
        env=environment(),
    )
    assert running.returncode == 2
    assert running.stderr == b"hwsolve: cannot write the output: standard output is closed\n"


@pytest.mark.parametrize(
    "changes",
    [{"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "latin-1"}, {"LC_ALL": "C", "LANG": None}],
)
@pytest.mark.parametrize("arguments", [("run",), ("check",), ("list",), ("run", "--json")])
def test_an_output_that_lacks_characters_gets_stand_ins(
    arguments: tuple[str, ...], changes: dict[str, str | None], tmp_path: Path
) -> None:
    text = (
        RESIDUAL.replace("title: R", "title: ὠ ∂ é r")
        .replace("y1", "η")
        .replace("z: 1.03", "z: 1.04")
    )
    (tmp_path / "résidu.yaml").write_text(text, encoding="utf-8")
    running = subprocess.run(
        command(*arguments, "résidu.yaml"),
        capture_output=True,
        check=False,
        cwd=tmp_path,
        env=environment(**changes),
    )
    assert running.returncode == (1 if arguments == ("check",) else 0)
    assert running.stderr == b""
    assert len(running.stdout) > 20
    if "PYTHONIOENCODING" in changes:
        running.stdout.decode(changes["PYTHONIOENCODING"] or "")


@pytest.mark.parametrize(
    "changes", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"NO_COLOR": "1", "COLUMNS": "40"}]
)
def test_a_terminal_without_colours_gets_none(
    residual: Path, changes: dict[str, str | None]
) -> None:
    ran = on_a_terminal("run", residual.name, cwd=residual.parent, **changes)
    assert ran.code == 0
    assert "\x1b" not in ran.out
    assert "1.03" in ran.out


def test_a_narrow_terminal_is_not_overrun(residual: Path) -> None:
    ran = on_a_terminal("run", residual.name, cwd=residual.parent, NO_COLOR="1", COLUMNS="40")
    assert max(map(len, ran.out.splitlines())) <= 40


def test_a_progress_bar_is_shown_on_a_terminal_only(residual: Path) -> None:
    (residual.parent / "second.yaml").write_text(RESIDUAL, encoding="utf-8")
    watched = on_a_terminal("check", ".", cwd=residual.parent)
    piped = process("check", ".", cwd=residual.parent)
    totals = "10 answers in 2 files: 10 right\n"
    assert "checking [############------------] 1 of 2" in watched.out
    assert watched.out.endswith(totals)
    assert piped == Ran(0, totals, "")


def test_nothing_of_the_progress_bar_stays_on_the_screen(residual: Path) -> None:
    (residual.parent / "second.yaml").write_text(RESIDUAL, encoding="utf-8")
    watched = on_a_terminal("check", ".", cwd=residual.parent)
    *bars, results = watched.out.split("\r")
    assert results == "10 answers in 2 files: 10 right\n"
    # every bar is followed by as many blanks as it had characters
    shown = [piece for piece in bars if piece]
    assert len(shown) == 4
    assert [len(blank) for blank in shown[1::2]] == [len(bar) for bar in shown[::2]]
    assert not "".join(shown[1::2]).strip()


def test_a_message_is_broken_between_words_on_a_terminal_only(residual: Path) -> None:
    (residual.parent / "wrong.yaml").write_text(
        "kind: graph\ngiven: {x: 1}\nequations: [z = x]\nwroking: full\n", encoding="utf-8"
    )
    message = "wrong.yaml:4:1: unknown key 'wroking'; did you mean 'working'?"
    watched = on_a_terminal("run", "wrong.yaml", cwd=residual.parent, COLUMNS="40")
    assert watched.out == "wrong.yaml:4:1: unknown key 'wroking';\n    did you mean 'working'?\n"
    assert process("run", "wrong.yaml", cwd=residual.parent).err == f"{message}\n"


def test_standard_input_that_is_closed_is_said(residual: Path) -> None:
    ran = subprocess.run(
        ["sh", "-c", f"exec {sys.executable} -m hwsolve run - <&-"],
        capture_output=True,
        check=False,
        cwd=residual.parent,
        env=environment(),
        text=True,
    )
    assert ran.returncode == 2
    assert ran.stderr == "stdin: standard input is closed; give a file, or pipe one in\n"


def test_a_dumb_terminal_gets_no_progress_bar(residual: Path) -> None:
    (residual.parent / "second.yaml").write_text(RESIDUAL, encoding="utf-8")
    watched = on_a_terminal("check", ".", cwd=residual.parent, TERM="dumb")
    assert watched == Ran(0, "10 answers in 2 files: 10 right\n", "")


def test_errors_come_behind_the_output_that_was_written_before_them(residual: Path) -> None:
    running = subprocess.run(
        command("run", residual.name, "nowhere", residual.name),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        cwd=residual.parent,
        env=environment(),
        text=True,
    )
    once = process("run", residual.name, cwd=residual.parent).out
    assert running.returncode == 2
    before, message, after = running.stdout.partition("nowhere: there is no such file\n")
    assert (before, after) == (once, f"\n{once}")
    assert message


def test_a_mistake_in_the_program_is_one_line_and_not_a_traceback(tmp_path: Path) -> None:
    program = (
        "import hwsolve.problem.reader as reader\n"
        "def read_problem(path): raise ZeroDivisionError('one\\ntwo')\n"
        "reader.read_problem = read_problem\n"
        "import sys\n"
        "from hwsolve.cli import main\n"
        "sys.argv = ['hwsolve', 'run', 'x.yaml']\n"
        "main()\n"
    )
    running = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        env=environment(),
        text=True,
    )
    assert running.returncode == 2
    assert running.stderr == (
        "x.yaml: hwsolve itself made a mistake (ZeroDivisionError: one two); please report it, "
        "with the file and what the environment variable HWSOLVE_TRACEBACK=1 adds\n"
    )


@pytest.mark.parametrize(
    ("shell", "words"),
    [
        ("bash", "_HWSOLVE_COMPLETE=complete_bash"),
        ("zsh", "#compdef hwsolve"),
        ("fish", "complete"),
    ],
)
def test_each_shell_can_have_completion(shell: str, words: str) -> None:
    ran = process(_HWSOLVE_COMPLETE=f"source_{shell}")
    assert ran.code == 0
    assert words in ran.out


def test_a_shell_is_told_the_commands_their_options_and_the_kinds() -> None:
    ran = process(_HWSOLVE_COMPLETE="complete_bash", COMP_WORDS="hwsolve ch", COMP_CWORD="1")
    assert ran.out.split() == ["check"]
    ran = process(_HWSOLVE_COMPLETE="complete_bash", COMP_WORDS="hwsolve run --ro", COMP_CWORD="2")
    assert ran.out.split() == ["--round-steps"]
    ran = process(_HWSOLVE_COMPLETE="complete_bash", COMP_WORDS="hwsolve new r", COMP_CWORD="2")
    assert ran.out.split() == ["recurrent"]
    words = "hwsolve run problems/sigmoid-network.yaml --part f"
    ran = process(_HWSOLVE_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD="4")
    assert ran.out.splitlines() == ["full precision"]


def test_completion_is_installed_for_the_shell_that_asks(tmp_path: Path) -> None:
    running = subprocess.run(
        ["bash", "-c", f'"{sys.executable}" -m hwsolve --install-completion; exit $?'],
        capture_output=True,
        check=False,
        env=environment(HOME=str(tmp_path)),
        text=True,
    )
    assert (running.returncode, running.stderr) == (0, "")
    assert "bash completion installed in" in running.stdout
    script = tmp_path / ".bash_completions" / "hwsolve.sh"
    assert "_HWSOLVE_COMPLETE=complete_bash" in script.read_text()
