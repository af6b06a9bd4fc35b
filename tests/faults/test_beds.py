"""Two hundred want the last twenty beds at once, on a real database, and some die on the way."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.nodes
ROOT = Path(__file__).resolve().parents[2]


def beds(*options: str) -> dict[str, Any]:
    """Run it in a process of its own; with DATABASE_URL on PostgreSQL."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.beds", *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    heard: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return heard


def test_two_hundred_ask_for_twenty_beds_and_twenty_get_one_and_the_others_are_told() -> None:
    found = beds("--requests", "200", "--beds", "20")

    assert found["heard"] == {"placed": 20, "NO_BED_LEFT": 180}
    assert (found["given"], found["accepted"]) == (20, 20)
    assert (found["twice"], found["halves"], found["record"]) == (0, 0, "")


def test_whoever_is_killed_on_the_way_gives_no_bed_twice_and_takes_none_along() -> None:
    found = beds("--requests", "60", "--beds", "20", "--kill", "30")

    assert found["heard"]["killed"] > 0
    assert set(found["heard"]) <= {"placed", "NO_BED_LEFT", "killed"}
    for then in (found, found["afterwards"]):
        assert then["given"] <= 20
        assert (then["twice"], then["halves"], then["record"]) == (0, 0, "")
    # Whatever the dead had begun is undone or whole: the beds that were left find their people.
    assert found["afterwards"]["accepted"] == 20
