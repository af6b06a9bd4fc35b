"""The tree as the walls see it: rooms in the order of the story, and the files git keeps."""

import ast
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "amana"


def settings_of(tool: str, root: Path = ROOT) -> dict[str, Any]:
    """Return a tool's own table of pyproject.toml."""
    found: dict[str, Any] = tomllib.loads((root / "pyproject.toml").read_text())["tool"][tool]
    return found


def contract(name: str) -> dict[str, Any]:
    """Return one import contract."""
    held: list[dict[str, Any]] = settings_of("importlinter")["contracts"]
    return next(c for c in held if c["id"] == name)


def rooms() -> set[str]:
    """Return the folders of the package: what stands there, placed or not."""
    return {p.name for p in PACKAGE.iterdir() if p.is_dir() and p.name != "__pycache__"}


def layers() -> list[list[str]]:
    """Return the story order, latest first; a room that is not built stands in parentheses."""
    return [
        [name.strip() for name in layer.split("|")] for layer in contract("story-order")["layers"]
    ]


def story_place(room: str) -> int:
    """Return how late in the story a room stands: a higher one may know a lower one."""
    for height, names in enumerate(reversed(layers())):
        if room in {name.strip("()") for name in names}:
            return height
    raise LookupError(f"{room} stands in no layer")


def tracked(*patterns: str) -> list[Path]:
    """Return the files that git keeps, and those it would keep."""
    asked = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    run = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True)
    return [p for line in sorted(set(run.stdout.splitlines())) if (p := ROOT / line).is_file()]


def product_files() -> list[Path]:
    """Return the product's Python files, without tests and migrations."""
    return [p for p in sorted(PACKAGE.rglob("*.py")) if not {"tests", "migrations"} & set(p.parts)]


def parsed(path: Path) -> ast.Module:
    """Return a file's syntax."""
    return ast.parse(path.read_text(), str(path))


def documented(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    """Yield what a reader of a module meets first: its public functions and classes."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node
