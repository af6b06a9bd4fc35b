"""The import contracts of pyproject.toml hold, and each of them catches what it is there for."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import PACKAGE, ROOT, contract, layers, rooms, settings_of

NEVER_BUILT = re.compile(r"^\((\w+)\)$")
IN_ROOM = {"urls", "views", "forms", "actions", "queries", "models", "rules"}


def lint(root: Path, *names: str) -> subprocess.CompletedProcess[str]:
    """Ask import-linter about the package that lies in this folder."""
    asked = [arg for name in names for arg in ("--contract", name)]
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache", *asked],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package that a test may break."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    only_code = shutil.ignore_patterns("__pycache__", "templates", "static", "data", "tests")
    shutil.copytree(PACKAGE, tmp_path / "amana", ignore=only_code)
    return tmp_path


def test_every_contract_is_kept() -> None:
    answer = lint(ROOT)

    assert answer.returncode == 0, answer.stdout
    assert f"{len(settings_of('importlinter')['contracts'])} kept, 0 broken" in answer.stdout


BROKEN = [
    ("story-order", "cases/rules.py", "import amana.referrals", "amana.cases.rules"),
    ("story-order", "crypto/age.py", "import amana.look.icons", "amana.crypto.age"),
    ("story-order", "audit/actions.py", "import amana.access.rules", "amana.audit.actions"),
    ("story-order", "desk/views.py", "import amana.node.clock", "amana.desk.views"),
    (
        "story-order",
        "cases/rules.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import amana.referrals.models",
        "amana.cases.rules",
    ),
    ("story-order", "leisure/__init__.py", '"""Nobody placed it."""', "amana.leisure"),
    ("in-room-order", "cases/queries.py", "import amana.cases.actions", "amana.cases.queries"),
    ("in-room-order", "access/models.py", "import amana.access.forms", "amana.access.models"),
    ("rules-are-pure", "referrals/rules.py", "import django.utils.html", "amana.referrals.rules"),
    ("rules-are-pure", "cases/rules.py", "import amana.cases.models", "amana.cases.rules"),
    ("rules-are-pure", "standards/codes.py", "import django.conf", "amana.standards.codes"),
    ("rules-are-pure", "crypto/boxes.py", "import django.core.signing", "amana.crypto.boxes"),
    ("views-hold-no-tables", "cases/views.py", "import amana.cases.models", "amana.cases.views"),
    ("views-hold-no-tables", "desk/views.py", "import amana.access.models", "amana.desk.views"),
    (
        "one-module-does-all-cryptography",
        "exchange/rules.py",
        "from cryptography.hazmat.primitives import hashes",
        "amana.exchange.rules",
    ),
    ("one-module-does-all-cryptography", "node/cli.py", "import argon2", "amana.node.cli"),
    ("rules-are-pure", "names/match.py", "import django.conf", "amana.names.match"),
    ("only-the-matcher-measures-names", "desk/views.py", "import rapidfuzz", "amana.desk.views"),
    ("two-modules-ask-the-solver", "desk/views.py", "import highspy", "amana.desk.views"),
]


@pytest.mark.parametrize(("name", "file", "line", "culprit"), BROKEN)
def test_a_contract_that_is_broken_on_purpose_names_the_culprit(
    copy: Path, name: str, file: str, line: str, culprit: str
) -> None:
    broken = copy / "amana" / file
    broken.parent.mkdir(exist_ok=True)
    with broken.open("a") as handle:
        handle.write(f"\n{line}\n")

    answer = lint(copy, name)

    assert answer.returncode == 1
    assert "0 kept, 1 broken" in answer.stdout
    assert culprit in answer.stdout


def test_the_copy_that_is_broken_was_whole_before(copy: Path) -> None:
    answer = lint(copy)

    assert answer.returncode == 0, answer.stdout


def test_every_contract_is_broken_once_on_purpose() -> None:
    assert {c["id"] for c in settings_of("importlinter")["contracts"]} == {b[0] for b in BROKEN}


def test_the_story_order_places_every_room_and_no_room_that_is_not_there() -> None:
    placed = [name for layer in layers() for name in layer]
    built = {name for name in placed if not NEVER_BUILT.match(name)}
    not_built = {found[1] for name in placed if (found := NEVER_BUILT.match(name))}

    assert built == rooms()
    assert not not_built & rooms(), "take the parentheses off: it stands"
    assert len(placed) == len(built | not_built), "a room stands in one place of the story"


def test_the_order_inside_is_asked_of_every_room_that_has_an_inside() -> None:
    inside = {r for r in rooms() if {p.stem for p in (PACKAGE / r).iterdir()} & {"models", "views"}}

    asked = {name.removeprefix("amana.") for name in contract("in-room-order")["containers"]}

    assert asked == inside
    assert {layer.strip("()") for layer in contract("in-room-order")["layers"]} == IN_ROOM


def test_every_room_but_one_is_kept_from_cryptographic_libraries() -> None:
    kept = contract("one-module-does-all-cryptography")["source_modules"]

    assert {name.removeprefix("amana.") for name in kept} == rooms() - {"crypto"}
