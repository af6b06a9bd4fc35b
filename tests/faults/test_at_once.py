"""Two do the same thing in the same moment, on a real database: it was done once, and both know."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.nodes
ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 15


def at_once(what: str) -> dict[str, Any]:
    """Run one thing twice at once in a process of its own; with DATABASE_URL on PostgreSQL."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.at_once", what, "--rounds", str(ROUNDS)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    heard: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return heard


def test_a_submission_that_comes_twice_at_once_is_one_screening_or_refused() -> None:
    heard = at_once("submissions")

    for one, two in zip(*heard["same"], strict=True):
        assert one[0] == two[0]
        assert sorted([one[1], two[1]]) == [False, True]
    for one, two in zip(*heard["other"], strict=True):
        refused = [said for said in (one, two) if said == ["SUBMISSION_ALREADY_TAKEN"]]
        assert len(refused) == 1, (one, two)
    assert heard["rows"] == 2 * ROUNDS


def test_what_a_stranger_wraps_while_a_team_renews_its_keys_opens_afterwards() -> None:
    heard = at_once("renewals")

    assert all(isinstance(one, int) for one in heard["renewed"]), heard["renewed"]
    assert all(isinstance(one, list) for one in heard["wrapped"]), heard["wrapped"]
    assert heard["generation"] == ROUNDS
    # The directory names the unit as the partners pinned it, whatever was renewed here.
    assert heard["published"]
    assert heard["opened"] == sorted(k for some in heard["wrapped"] for k in some)
