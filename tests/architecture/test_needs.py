"""A test that cannot run says so; where its need is required, that is a failure."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from amana.access.rules import CARE, DESK, Role
from tests.cast import CORE, Cast, name_of
from tests.needs import need

ROOT = Path(__file__).resolve().parents[2]

SKIPPED = """
import pytest
from tests.needs import need

@pytest.mark.browser
def test_by_marker():
    pytest.skip("no browser here")

def test_by_need():
    need("chromium", None, "no chromium here")

def test_of_another_kind():
    pytest.skip("needs something else")
"""


def outcome(tmp_path: Path, required: str) -> str:
    """Run three tests that would skip, in a pytest of their own; return its last line."""
    (tmp_path / "test_skipped.py").write_text(SKIPPED)
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-c",
            os.devnull,
            "--rootdir",
            tmp_path,
            tmp_path,
            "-p",
            "tests.needs",
            "-p",
            "no:django",
            "-p",
            "no:cacheprovider",
            "-W",
            "ignore",
        ],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "AMANA_REQUIRE": required},
        capture_output=True,
        text=True,
        check=False,
    )
    return run.stdout.splitlines()[-1]


def test_what_is_missing_on_a_workers_own_machine_is_skipped(tmp_path: Path) -> None:
    assert outcome(tmp_path, "").startswith("3 skipped")


def test_what_is_missing_where_it_is_required_fails(tmp_path: Path) -> None:
    assert outcome(tmp_path, "postgres,chromium").startswith("2 failed, 1 skipped")


def test_what_is_required_but_not_of_this_kind_is_still_skipped(tmp_path: Path) -> None:
    assert outcome(tmp_path, "postgres").startswith("3 skipped")


def test_a_need_that_nobody_knows_is_an_error_and_not_a_skip() -> None:
    with pytest.raises(LookupError, match="chromjum"):
        need("chromjum", None, "a slip of the pen")


def test_a_need_that_was_found_lets_the_test_go_on() -> None:
    need("postgres", "/usr/bin/initdb", "found")


@pytest.mark.parametrize("role", sorted(CORE))
def test_the_cast_has_one_person_for_each_role_with_the_keys_of_her_team(
    cast: Cast, role: Role
) -> None:
    person = cast.who(name_of(role))

    assert person.role is role
    assert person.holds(CARE) == (role in {Role.CASE_WORKER, Role.SUPERVISOR})
    assert person.holds(DESK) == (role is Role.DESK)
