"""From the paths on a command line to problem files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

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
    if not paths:
        paths = ["problems" if Path("problems").is_dir() else "."]
    found: dict[str, None] = {}
    for path in paths:
        if not Path(path).is_dir():
            found[path] = None
            continue
        inside = list(_search(path))
        if not inside:
            raise InputError(f"no problem files (*.yaml, *.yml) in the folder '{path}'")
        found.update(dict.fromkeys(inside))
    return list(found)


def _search(folder: str) -> Iterator[str]:
    for here, folders, files in os.walk(folder, onerror=_unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.endswith(SUFFIXES) and not name.startswith("."):
                yield str(Path(here, name))


def _unreadable(error: OSError) -> None:
    raise InputError(f"cannot read the folder '{error.filename}': {error.strerror}") from error
