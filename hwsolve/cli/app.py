"""The typer application: one function for each command, each imported when it is used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from hwsolve.cli.failures import CLOSED_PIPE, whole_command
from hwsolve.cli.streams import flush, prepare, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typer.core import TyperCommand

# Command: the module and the function in it. A module may have EXAMPLES for its help.
COMMANDS = {
    "run": ("hwsolve.cli.run", "run"),
    "count": ("hwsolve.cli.count", "count"),
    "params": ("hwsolve.cli.count", "params"),
    "shapes": ("hwsolve.cli.count", "shapes"),
    "flops": ("hwsolve.cli.flops", "flops"),
    "explain": ("hwsolve.cli.explain", "explain"),
    "solve": ("hwsolve.cli.solve", "solve"),
    "check": ("hwsolve.cli.check", "check"),
    "list": ("hwsolve.cli.catalogue", "list_problems"),
    "new": ("hwsolve.cli.catalogue", "new"),
    "schema": ("hwsolve.cli.catalogue", "schema"),
}

# The mark \b keeps the lines of a paragraph as they are.
EXAMPLES = """\b
Examples:
  hwsolve new graph > mine.yaml      a problem file to start from
  hwsolve run mine.yaml              its full working
  hwsolve run mine.yaml --set w0=0.3 --exact
  hwsolve flops --in 50x12x12 --k 4 --s 2 --p 1 --filters 20
  hwsolve count "1x32x32 | conv 6 5x5 | relu | pool 2 | dense 10" --ledger
  hwsolve check problems/            recompute every stated answer
\b
Exit code: 0 all is well, 1 an answer is wrong or could not be certified,
2 the input cannot be used.
"""


class Commands(TyperGroup):
    """The commands; building all of them for each run would cost more than most problems."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = dict.fromkeys(COMMANDS)  # type: ignore[assignment]  # built in get_command

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | None:  # noqa: ARG002  (click's signature)
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        module_name, function = COMMANDS[cmd_name]
        module = import_module(module_name)
        one = typer.Typer(rich_markup_mode=None, add_completion=False)
        one.command(name=cmd_name, epilog=getattr(module, "EXAMPLES", {}).get(cmd_name))(
            getattr(module, function)
        )
        return typer.main.get_command(one)  # type: ignore[return-value]  # one function, one command


def show_version(asked: bool) -> None:  # noqa: FBT001  (typer calls it with the flag's value)
    """Print the version and stop."""
    if asked:
        from hwsolve import __version__

        say(f"hwsolve {__version__}")
        raise typer.Exit


def leave(code: int, **_: object) -> None:
    """End with the exit code that the command returned."""
    raise typer.Exit(code)


app = typer.Typer(
    cls=Commands,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    result_callback=leave,
    context_settings={"help_option_names": ["--help", "-h"]},
    epilog=EXAMPLES,
)


@app.callback()
def hwsolve(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Solve neural-network homework: full working, certified answers."""


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code; whatever goes wrong is reported.

    Args:
        arguments: What follows the program's name.
    """
    prepare()
    return whole_command(lambda: _run(arguments))


def _run(arguments: Sequence[str]) -> int:
    command = typer.main.get_command(app)
    try:
        command.main(list(arguments), prog_name="hwsolve")
    except SystemExit as stop:
        # typer says 1 for a closed pipe, which means a wrong answer here
        if isinstance(stop.__context__, BrokenPipeError):
            return CLOSED_PIPE
        flush()
        return stop.code if isinstance(stop.code, int) else 0
    return 0
