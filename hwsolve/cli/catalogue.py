"""`hwsolve list`, `hwsolve new` and `hwsolve schema`: what there is, and how to begin."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from hwsolve.cli.failures import guarded
from hwsolve.cli.files import search
from hwsolve.cli.streams import say
from hwsolve.errors import InputError

if TYPE_CHECKING:
    from hwsolve.problem.model import Problem

EXAMPLES = {
    "list": """\b
Examples:
  hwsolve list
  hwsolve list problems/collected
""",
    "new": """\b
Examples:
  hwsolve new graph > mine.yaml
  hwsolve new architecture | hwsolve run -
""",
    "schema": """\b
Example:
  hwsolve schema > hwsolve.schema.json
""",
}


def kinds() -> list[str]:
    """The kinds of problems, for shell completion."""
    from hwsolve.problem.fields import KIND_NAMES

    return list(KIND_NAMES)


def list_problems(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH...]", help="Files and folders; problems/ by default."),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as data.")] = False,
) -> int:
    """List problems with their kind and title."""
    from hwsolve.problem.reader import read_problem

    rows: list[tuple[str, str, str]] = []

    def add(path: str) -> int:
        problem = read_problem(path)
        rows.append((path, _kinds_of(problem), problem.title))
        return 0

    found = search(paths or [])

    def refuse(message: str) -> int:
        raise InputError(message)

    # a folder that cannot be read does not keep the others from being listed
    closed = [guarded(partial(refuse, message)) for message in found.unreadable.values()]
    code = max([*closed, *[guarded(partial(add, path), path) for path in found.files]])
    if as_json:
        from json import dumps

        keys = ("path", "kind", "title")
        listed = [dict(zip(keys, row, strict=True)) for row in rows]
        say(dumps(listed, indent=2))
    elif rows:
        from hwsolve.render.characters import clean, columns, ljust

        encoding = sys.stdout.encoding or "utf-8"
        cells = [[clean(cell, encoding) for cell in row] for row in rows]
        widths = [max(columns(row[column]) for row in cells) for column in range(2)]
        for path, kind, title in cells:
            say(f"{ljust(path, widths[0])}  {ljust(kind, widths[1])}  {title}".rstrip())
    return code


def new(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            help="graph, network, recurrent, architecture, optimizer, derivation, claim "
            "or functions.",
            autocompletion=kinds,
        ),
    ],
) -> int:
    """Print a commented problem file that runs as it is."""
    from hwsolve.problem.templates import template

    say(template(kind))
    return 0


def schema() -> int:
    """Print the JSON Schema of problem files, for editors."""
    from json import dumps

    from hwsolve.problem import schema as problem_schema

    say(dumps(problem_schema.schema(), indent=2))
    return 0


def _kinds_of(problem: Problem) -> str:
    """The kind of a problem, or the different kinds of its parts."""
    if not problem.parts:
        return problem.kind
    return "+".join(dict.fromkeys(part.kind for part in problem.parts))
