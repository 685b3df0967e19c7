"""The layout: which part may import which, what lies where, and how long a file may be."""

from __future__ import annotations

import ast
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from commands import RESIDUAL, ROOT, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PACKAGE = ROOT / "hwsolve"
SOURCES = sorted(PACKAGE.rglob("*.py"))

# Which part may import which; each may import itself and the errors.
MAY_IMPORT = {
    "cli": {"problem", "solvers", "render", "marking", "solution"},
    "problem": {"expr"},
    "solvers": {"problem", "nets", "proofs", "expr", "solution"},
    "marking": {"problem", "solvers", "expr", "solution"},
    "render": {"solution", "expr"},
    "nets": {"expr"},
    "proofs": {"expr"},
    "expr": set(),
    "solution": {"expr"},
    "errors": set(),
}
# Types of a part further down may be named where the part itself is not used.
MAY_NAME = {"nets": {"problem"}, "cli": {"expr"}}
# The only places that know a package.
ONLY_IN = {
    "typer": ("cli/",),
    "rich": ("render/terminal.py",),
    "yaml": ("problem/",),
}
TOP_LEVEL = {
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "benchmarks",
    "docs",
    "hwsolve",
    "problems",
    "pyproject.toml",
    "tests",
}
LEFT_BY_TOOLS = {"build", "dist"}
SHAPELESS_NAMES = {"utils", "util", "helpers", "helper", "base", "manager", "common", "misc"}
LONGEST_FILE = 600


def part_of(path: Path) -> str:
    inside = path.relative_to(PACKAGE)
    return inside.parts[0] if len(inside.parts) > 1 else inside.stem


def imports(tree: ast.AST) -> Iterator[tuple[str, int, bool]]:
    """Each imported module, its line, and whether it is imported for its types only."""
    only_types = {
        node
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and ast.unparse(branch.test) == "TYPE_CHECKING"
        for statement in branch.body
        for node in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno, node in only_types
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports name the whole path"
            assert node.module is not None
            yield node.module, node.lineno, node in only_types


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_imports_point_one_way() -> None:
    wrong = []
    for path in SOURCES:
        part = part_of(path)
        if part in {"__init__", "__main__"}:
            continue
        for module, line, only_types in imports(parsed(path)):
            if not module.startswith("hwsolve."):
                continue
            target = module.split(".")[1]
            allowed = MAY_IMPORT[part] | {part, "errors"}
            if only_types:
                allowed |= MAY_NAME.get(part, set())
            if target not in allowed:
                wrong.append(f"{path.relative_to(ROOT)}:{line}: {part} imports {module}")
    assert not wrong, "\n".join(wrong)


def test_each_package_is_known_in_one_place() -> None:
    wrong = []
    for path in SOURCES:
        inside = path.relative_to(PACKAGE).as_posix()
        for module, line, _ in imports(parsed(path)):
            package = module.split(".")[0]
            if package in ONLY_IN and not inside.startswith(ONLY_IN[package]):
                wrong.append(f"hwsolve/{inside}:{line}: imports {module}")
    assert not wrong, "\n".join(wrong)


def test_only_the_folders_and_files_that_are_meant_lie_at_the_top() -> None:
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith((".", "__"))}
    assert found - LEFT_BY_TOOLS <= TOP_LEVEL


def test_a_name_says_what_is_in_a_file() -> None:
    names = {path.stem for path in SOURCES} | {path.parent.name for path in SOURCES}
    assert not names & SHAPELESS_NAMES


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_file_is_short_enough_to_be_read_in_one_go(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize(
    "arguments", [["run", "residual.yaml"], ["check", "residual.yaml"], ["--help"]]
)
def test_what_is_small_is_done_without_the_heavy_packages(
    arguments: list[str], tmp_path: Path
) -> None:
    (tmp_path / "residual.yaml").write_text(RESIDUAL, encoding="utf-8")
    program = (
        "import sys\n"
        "from hwsolve.cli.app import run\n"
        f"assert run({arguments}) == 0\n"
        "heavy = ['numpy', 'sympy', 'rich', 'msgspec', 'pydantic', 'dataclasses']\n"
        "print([name for name in heavy if name in sys.modules], file=sys.stderr)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        check=False,
        text=True,
    )
    assert ran.stderr == "[]\n"
