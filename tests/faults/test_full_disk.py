"""A disk without a byte left: what is asked is refused with a page, and nothing is half stored."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Room for a node's database with its journal, and for little more.
SIZE = "8m"
# What changes the keeper's own folder; it refuses these and answers everything else.
AT_THE_KEEPER = {"rotate", "enrol", "admit", "close_account"}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    how = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(how, capture_output=True, check=False).returncode:
        pytest.skip("needs a disk of a few megabytes: root, and the right to mount a tmpfs")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def seen(what: str, disk: Path) -> dict[str, Any]:
    """Fill the disk under the node or under its keeper, in a process of its own."""
    environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.full_disk", what, str(disk)],
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
def test_a_node_without_disk_refuses_every_write_and_still_shows_its_pages(disk: Path) -> None:
    found = seen("node", disk)

    assert found["refused_before"] == {}
    assert set(found["refused_during"]) == set(found["kinds"])
    # The page says that the node failed; another node is told to bring its parcel again.
    assert found["pages_during"] == {"reads": 200, "writes": 500, "takes_in": 500}
    assert found["halves_during"] == found["halves_after"] == []


@pytest.mark.nodes
def test_a_node_whose_disk_has_room_again_goes_on_and_has_lost_nothing(disk: Path) -> None:
    found = seen("node", disk)

    assert found["refused_after"] == {}
    assert found["pages_after"] == found["pages_before"]
    assert found["pages_after"] == {"reads": 200, "writes": 302, "takes_in": 200}
    assert (found["lost"], found["file_fault"]) == ([], "")


@pytest.mark.nodes
def test_a_keeper_without_disk_changes_nothing_and_people_still_come_in(disk: Path) -> None:
    found = seen("keeper", disk)

    assert set(found["refused_during"]) == AT_THE_KEEPER
    # To the node a keeper that cannot write is one that is away: the same page says so.
    assert set(found["refused_during"].values()) == {"KeeperGone"}
    assert found["pages_during"] == found["pages_before"]
    assert found["halves_during"] == found["halves_after"] == found["lost"] == []
    assert found["refused_after"] == {}
