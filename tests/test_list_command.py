"""`hwsolve list` on folders as they are."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest
    from commands import Ran

    Command = Callable[..., Ran]
    Folder = Callable[[dict[str, str]], Path]

PROBLEM = "kind: graph\ntitle: Two\nequations: [z = 2]\n"


def test_a_locked_folder_is_named_and_the_rest_is_listed(
    hwsolve: Command, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder({"a.yaml": PROBLEM, "locked/b.yaml": PROBLEM, "open/c.yaml": PROBLEM})
    scan = os.scandir

    def refused(path: str) -> Any:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refused)
    ran = hwsolve("list", ".")
    assert ran.code == 2
    assert ran.out == "a.yaml       graph  Two\nopen/c.yaml  graph  Two\n"
    assert "cannot read the folder './locked': Permission denied" in ran.err
    assert ran.err.count("\n") == 1
