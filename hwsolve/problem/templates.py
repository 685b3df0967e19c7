"""Templates to start a problem file from, one for each kind."""

from __future__ import annotations

from importlib.resources import files

from hwsolve.errors import InputError, did_you_mean
from hwsolve.problem.fields import KIND_ALIASES, KIND_NAMES


def template(kind: str) -> str:
    """A commented problem file of a kind, which runs as it is.

    Raises:
        InputError: if there is no such kind.
    """
    kind = KIND_ALIASES.get(kind.lower(), kind.lower())
    if kind not in KIND_NAMES:
        hint = did_you_mean(kind, KIND_NAMES) or f"kinds are {', '.join(KIND_NAMES)}"
        raise InputError(f"there is no kind '{kind}'", hint=hint)
    folder = files("hwsolve.problem") / "templates"
    return (folder / f"{kind}.yaml").read_text(encoding="utf-8")
