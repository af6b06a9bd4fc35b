"""A node and its keeper die at any moment; what they had acknowledged is there when they are back.

The writers are real processes, the database lies on a real disk, the end is kill -9. `make soak`
does the same five hundred times; here it is enough to see that the way still stands.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Six that rewrite several rows at once are aimed at first.
KILLS = 12


@pytest.mark.nodes
def test_what_was_acknowledged_is_there_after_kill_9_and_nothing_is_half_there(
    tmp_path: Path,
) -> None:
    """With DATABASE_URL the same is asked of PostgreSQL."""
    kept = tmp_path / "counted.json"

    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.crash", "--kills", str(KILLS), "--out", str(kept)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert kept.exists(), done.stderr
    counted = json.loads(kept.read_text())
    assert (counted["lost"], counted["halves"]) == ([], []), f"seed {counted['seed']}"
    assert counted["kills"] == KILLS
    assert sum(counted["acknowledged"].values()) > KILLS
    assert done.returncode == 0
