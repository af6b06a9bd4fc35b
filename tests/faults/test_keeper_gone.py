"""The keeper's process dies under a running node: reading stops, nothing breaks, mail goes on."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a node of real processes did while its keeper was dead, and after."""
    environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.keeper_gone", str(tmp_path_factory.mktemp("gone"))],
        cwd=ROOT,
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.nodes
def test_reading_stops_with_a_page_that_says_so_and_names_nobody(seen: dict[str, Any]) -> None:
    assert (seen["before"], seen["reading"]) == (200, 503)
    assert seen["says_so"]
    assert seen["retry_after"] == "30"
    assert seen["names_in_it"] == []


@pytest.mark.nodes
def test_signing_in_says_so_too_and_a_stranger_learns_nothing(seen: dict[str, Any]) -> None:
    assert seen["signing_in"] == 503
    assert seen["stranger"] == 302


@pytest.mark.nodes
def test_the_other_country_s_parcel_is_taken_in_and_the_worker_goes_on(
    seen: dict[str, Any],
) -> None:
    assert (seen["takes_in"], seen["receipt"]) == (200, True)
    assert seen["waiting"] == 1
    assert seen["worker_lives"]


@pytest.mark.nodes
def test_with_the_keeper_back_the_same_session_reads_and_what_waited_gets_its_layer(
    seen: dict[str, Any],
) -> None:
    assert seen["after"] == 200
    assert seen["left_waiting"] == 0
    assert seen["opened"] == 1
    assert seen["halves"] == []
