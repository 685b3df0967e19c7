"""From the paths on a command line to problem files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hwsolve.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SUFFIXES = (".yaml", ".yml")


def problem_files(paths: Sequence[str]) -> list[str]:
    """The problem files that paths stand for: files as they are, folders searched.

    Without paths, those in `problems/`, or in the current folder where there is none.
    A folder's files come in the order of their names; hidden folders are left out.

    Raises:
        InputError: A folder cannot be read, or has no problem files.
    """
    found = search(paths)
    for message in found.unreadable.values():
        raise InputError(message)
    return [*found.files]


class Found(NamedTuple):
    """The files that paths stand for, True where one was met while a folder was searched.

    `unreadable` has what to say of each folder that cannot be read.
    """

    files: dict[str, bool]
    unreadable: dict[str, str]


def search(paths: Sequence[str]) -> Found:
    """The problem files that paths stand for, as `problem_files` finds them.

    Raises:
        InputError: A folder that can be read has no problem files.
    """
    if not paths:
        paths = ["problems" if Path("problems").is_dir() else "."]
    found = Found({}, {})
    for path in paths:
        if not Path(path).is_dir():
            found.files[path] = False
            continue
        closed: dict[str, str] = {}
        inside = list(_search(path, closed))
        if not inside and not closed:
            raise InputError(f"no problem files (*.yaml, *.yml) in the folder '{path}'")
        found.unreadable.update(closed)
        for each in inside:
            found.files.setdefault(each, True)
    return found


def _search(folder: str, closed: dict[str, str]) -> Iterator[str]:
    """The problem files of a folder; what cannot be read is noted in `closed`."""

    def note(error: OSError) -> None:
        closed[str(error.filename)] = f"cannot read the folder '{error.filename}': {error.strerror}"

    for here, folders, files in os.walk(folder, onerror=note):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.endswith(SUFFIXES) and not name.startswith("."):
                yield str(Path(here, name))
