"""What reaches a terminal, a pipe or a file, whatever it is and whatever a user wrote."""

from __future__ import annotations

import re
import subprocess
import sys
from io import BytesIO, StringIO, TextIOWrapper
from typing import Any

import pytest
from documents import SMALL, step

from hwsolve.expr.tree import Sym
from hwsolve.render.terminal import page_for, render, rendered
from hwsolve.solution import Answer, Convention, Section, Solution, Step, Text

ESCAPE = "\x1b["


class Stream(TextIOWrapper):
    """A stream that claims to be what a test wants it to be."""

    def __init__(self, *, terminal: bool = False, encoding: str = "utf-8") -> None:
        super().__init__(BytesIO(), encoding=encoding)
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")


def test_a_pipe_gets_no_colours_and_no_drawn_lines() -> None:
    text = render(SMALL, Stream())
    assert ESCAPE not in text
    assert not set(text) & set("─━┃│")


def test_a_terminal_gets_colours_and_drawn_lines() -> None:
    text = render(SMALL, Stream(terminal=True))
    assert "\x1b[1;32m0.142537\x1b[0m" in text
    assert "━━━" in text
    assert "┃ " in text


def test_the_colours_change_nothing_but_colours() -> None:
    coloured = render(SMALL, Stream(terminal=True))
    assert without_colours(coloured) == no_colour_terminal()


def without_colours(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def no_colour_terminal() -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_COLOR", "1")
        return render(SMALL, Stream(terminal=True))


def test_no_color_keeps_the_drawn_lines_and_drops_the_colours() -> None:
    text = no_colour_terminal()
    assert ESCAPE not in text
    assert "━━━" in text


def test_a_dumb_terminal_gets_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert render(SMALL, Stream(terminal=True)) == render(SMALL, Stream())


def test_colours_can_be_forced_into_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert ESCAPE in render(SMALL, Stream())


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "cp437"])
@pytest.mark.parametrize("terminal", [True, False])
def test_an_output_without_unicode_gets_ascii_formulas(*, encoding: str, terminal: bool) -> None:
    solution = SMALL._replace(title="η für日本", answers=(Answer("∂L/∂Wη", 1 / 3),))
    text = render(solution, Stream(terminal=terminal, encoding=encoding))
    text.encode(encoding)
    text = without_colours(text)
    assert "z  = (s1 - y)^2  ~ (0.622459 - 1)^2 ~ 0.142537" in text
    assert "dL/dWeta ~ 0.333333" in text
    assert "┃" not in text


def test_a_pipe_is_80_columns_wide_and_columns_may_say_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("COLUMNS")
    assert page_for(Stream()).width == 80
    monkeypatch.setenv("COLUMNS", "60")
    assert page_for(Stream()).width == 60
    monkeypatch.setenv("COLUMNS", "3")
    assert page_for(Stream()).width == 20
    monkeypatch.setenv("COLUMNS", "100000")
    assert page_for(Stream()).width == 140


def test_a_closed_stream_is_no_terminal() -> None:
    stream = StringIO()
    stream.close()
    assert render(SMALL, stream) == render(SMALL, Stream())


HOSTILE = "\x1b]0;owned\x07 [red]bold[/red] \x1b[2J\r\n\u202e :smile: \ud800 {x} %s"


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_nothing_that_a_user_wrote_reaches_the_terminal_raw(
    *, terminal: bool, encoding: str
) -> None:
    solution = Solution(
        HOSTILE,
        HOSTILE,
        statement=HOSTILE,
        source=HOSTILE,
        label=HOSTILE,
        given=(Step(Sym(HOSTILE), (), HOSTILE), Step(Sym("g"), (Sym(HOSTILE),), [1.0])),
        conventions=(Convention(HOSTILE, HOSTILE, HOSTILE, HOSTILE),),
        sections=(Section(HOSTILE, (Text((HOSTILE,)), step("a", value=1, reason=HOSTILE))),),
        answers=(Answer(HOSTILE, HOSTILE, HOSTILE, HOSTILE),),
        warnings=(HOSTILE,),
    )
    text = render(
        Solution("t", "k", parts=(solution,)), Stream(terminal=terminal, encoding=encoding)
    )
    for allowed in ("\x1b[1m", "\x1b[0m", "\x1b[2m", "\x1b[1;36m", "\x1b[36m", "\x1b[32m",
                    "\x1b[1;32m", "\x1b[33m", "\n"):  # fmt: skip
        text = text.replace(allowed, "")
    assert text.isprintable()
    assert "[red]bold[/red]" in text
    assert ":smile:" in text


def test_a_long_document_is_handed_over_in_pieces() -> None:
    steps = tuple(step(f"u{i}", f"x{i}*w", f"{i}*0.5", value=i / 2) for i in range(1000))
    solution = SMALL._replace(sections=(Section("Forward", steps),))
    for terminal in (False, True):
        pieces = list(rendered(solution, Stream(terminal=terminal)))
        assert len(pieces) > 4
        assert "".join(pieces).count("u999") == 1


@pytest.mark.parametrize("module", ["rich", "numpy", "sympy", "json"])
def test_plain_output_loads_no_module_that_it_does_not_need(module: str) -> None:
    program = f"""
import sys
sys.path.insert(0, {str(sys.path[0])!r})
from documents import SMALL
from hwsolve.render.terminal import render
render(SMALL)
sys.exit({module!r} in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def settings(**chosen: Any) -> str:
    return render(SMALL._replace(settings=chosen), Stream())


def test_short_working_keeps_names_formulas_and_values() -> None:
    text = settings(working="short")
    assert "  u0 = x0·w0     = 0.5\n" in text
    assert "u0 > 0" not in text
    assert "Gradients" not in text
    assert "Answers\n  z          ≈ 0.142537\n" in text


def test_without_working_only_answers_and_certificates_are_left() -> None:
    text = settings(working="none")
    assert text.startswith(
        "Warning: z does not depend on w9, so dz/dw9 is 0\n\nz          ≈ 0.142537"
    )
    assert "Given" not in text
    assert text.endswith("relative\ndifference at most 3.1e-11)\n")


def test_digits_are_chosen_by_the_settings() -> None:
    assert "z          ≈ 0.143\n" in settings(digits=3)
    assert "z          ≈ 0.14253695659655097\n" in settings(digits=17)
    assert "z          ≈ 0.142537\n" in settings(digits=None)


def test_parts_stand_under_their_labels_and_do_not_repeat_what_is_given() -> None:
    part = Solution("", "graph", given=(step("x", value=2),), answers=(Answer("y", 4),))
    whole = Solution(
        "Two questions",
        "graph",
        parts=(part._replace(label="a", title="Squares"), part._replace(label="b")),
    )
    assert render(whole, Stream()) == (
        "Two questions\n"
        "=============\n"
        "\n"
        "a. Squares\n"
        "----------\n"
        "\n"
        "Given\n"
        "  x = 2\n"
        "\n"
        "Answer\n"
        "  y = 4\n"
        "\n"
        "b\n"
        "-\n"
        "\n"
        "Given as in part a\n"
        "\n"
        "Answer\n"
        "  y = 4\n"
    )
