"""Two running nodes watch each other: what one country does to its record, the other notices."""

import contextlib
import json
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from amana.node import demo
from amana.node.config import load, write
from amana.node.processes import RunningNode, free_port, running
from tests.journeys.test_commands import ROOT, amana

pytestmark = [pytest.mark.nodes, pytest.mark.xdist_group("browser")]

# Hourly in a country, every five seconds in a demo; this much is waited for on a busy machine.
PATIENCE = 60.0
ACTS = """
import sys
from pathlib import Path
from amana.node.lifecycle import use
use(Path(sys.argv[1]))
from django.conf import settings
from amana.audit.actions import record
for n in range(int(sys.argv[2])):
    record(at=settings.CLOCK.now(), actor="test", verb="test.act", subject=sys.argv[3])
"""
# What a skilled hand does: the guards go, the tail goes, and the head is made to fit.
CUT = """
import sys
from pathlib import Path
from amana.node.lifecycle import use
use(Path(sys.argv[1]))
from django.db import connection
from amana.audit import queries, rules
from amana.audit.models import Entry, Head
size = queries.length() - int(sys.argv[2])
tree = rules.Tree()
for leaf in queries.leaves(size):
    tree = tree.grown(leaf)
with connection.cursor() as cursor:
    cursor.execute("DROP TRIGGER audit_entry_is_kept")
Entry.objects.filter(seq__gt=size).delete()
Head.objects.update(size=tree.size, frontier=tree.frontier, root=tree.root)
"""


def python(code: str, *arguments: object) -> None:
    """Do something to a node from outside, as a process of its own."""
    subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], check=True, cwd=ROOT, timeout=120
    )


def act(data: Path, n: int, subject: str = "x") -> None:
    """Put some acts on a node's record."""
    python(ACTS, data, n, subject)


def status(data: Path) -> dict[str, Any]:
    done = amana("node", "status", "--data", str(data), "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def alarms(data: Path) -> set[tuple[str, str]]:
    return {(alarm["country"], alarm["kind"]) for alarm in status(data)["alarms"]}


def seen(data: Path) -> int:
    """Return how much of the other country's record this node vouched for."""
    return max((row["size"] for row in status(data)["witnessed"]), default=0)


def until(true: Callable[[], bool], what: str) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.5)


@dataclass
class Pair:
    """Both nodes, running; each vouched for the whole record of the other."""

    ci: RunningNode
    ma: RunningNode

    def settle(self) -> None:
        """Wait until Morocco has vouched for all that Côte d'Ivoire did."""
        size = status(self.ci.data)["record"]["entries"]
        until(lambda: seen(self.ma.data) >= size, "the other country vouches for the record")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two nodes that pinned each other, as they lie on disk; silence is one of eight seconds."""
    home = tmp_path_factory.mktemp("made")
    for node in demo.make_nodes(home, {"CI": 0, "MA": 0}):
        write(node.data, replace(load(node.data)[0], silence_after=8.0))
    return home


@pytest.fixture
def pair(made: Path, tmp_path: Path) -> Iterator[Pair]:
    """Copies of both nodes, started."""
    places = [tmp_path / name for name in ("ci", "ma")]
    for place in places:
        shutil.copytree(made / place.name, place)
    with running(*places) as (ci, ma):
        pair = Pair(ci, ma)
        pair.settle()
        yield pair


def copied(node: RunningNode) -> Path:
    """Return a copy of a stopped node's database, as a backup would hold it."""
    kept = node.data.with_suffix(".copy")
    shutil.copytree(node.data / "db", kept)
    return kept


def restored(node: RunningNode, kept: Path) -> None:
    """Put a copy in the place of the database."""
    shutil.rmtree(node.data / "db")
    shutil.copytree(kept, node.data / "db")


def test_records_that_grow_honestly_are_vouched_for_on_both_sides(
    pair: Pair, tmp_path: Path
) -> None:
    act(pair.ci.data, 3)
    pair.settle()

    whole = amana("verify", "--data", str(pair.ci.data))
    assert whole.returncode == 0, whole.stderr
    assert "amana/MA/1 vouched for the first" in whole.stdout
    assert alarms(pair.ci.data) == alarms(pair.ma.data) == set()

    until(
        lambda: amana("proof", "--data", str(pair.ci.data), "--seq", "3").returncode == 0, "proof"
    )
    printed = amana("proof", "--data", str(pair.ci.data), "--seq", "3").stdout
    paper = tmp_path / "entry.tlog-proof"
    paper.write_text(printed)
    theirs = [str(node.data / "directory.json") for node in (pair.ci, pair.ma)]
    keys = ("--directory", theirs[0], "--directory", theirs[1])
    offline = amana("verify", "--proof", str(paper), *keys)
    assert offline.returncode == 0, offline.stderr
    assert "Entry 3 of amana/CI/1" in offline.stdout
    assert "amana/MA/1 vouched for that at" in offline.stdout
    paper.write_text(printed.replace("index 2", "index 1"))
    assert amana("verify", "--proof", str(paper), *keys).returncode == 1
    assert amana("verify", "--proof", str(paper), "--directory", theirs[1]).returncode == 1
    assert amana("verify", "--proof", str(paper)).returncode == 2


def known_abroad(data: Path, country: str) -> tuple[int, str]:
    """Return which version of a country's directory lies here, and where it says the node is."""
    with contextlib.closing(sqlite3.connect(next((data / "db").glob("*.sqlite3")))) as base:
        asked = "SELECT version, url FROM exchange_peer WHERE country = ?"
        version, url = base.execute(asked, (country,)).fetchone()
    return int(version), str(url)


def test_a_node_that_moved_is_found_again_by_its_newer_directory_and_nobody_s_hand(
    pair: Pair,
) -> None:
    before, where = known_abroad(pair.ma.data, "CI")
    pair.ci.stop()
    port = free_port()
    moved = amana("node", "init", "--data", str(pair.ci.data), "--port", str(port))
    assert moved.returncode == 0, moved.stderr
    pair.ci = RunningNode(pair.ci.data).start()
    try:
        until(lambda: known_abroad(pair.ma.data, "CI")[0] > before, "the newer directory is taken")
        now_at = known_abroad(pair.ma.data, "CI")[1]
        assert now_at != where
        assert now_at.endswith(f":{port}")

        act(pair.ci.data, 2)
        pair.settle()
        assert alarms(pair.ci.data) == alarms(pair.ma.data) == set()
    finally:
        pair.ci.stop()


def test_a_database_that_was_set_back_is_noticed_abroad_and_at_home(pair: Pair) -> None:
    pair.ci.stop()
    kept = copied(pair.ci)
    pair.ci.start()
    act(pair.ci.data, 5)
    pair.settle()
    pair.ci.stop()
    restored(pair.ci, kept)
    pair.ci.start()

    until(lambda: ("CI", "shorter") in alarms(pair.ma.data), "the rollback is noticed abroad")
    until(lambda: ("CI", "shorter") in alarms(pair.ci.data), "the node learns it from abroad")
    assert amana("verify", "--data", str(pair.ma.data)).returncode == 1


def test_another_past_under_the_same_name_is_noticed(pair: Pair) -> None:
    pair.ci.stop()
    kept = copied(pair.ci)
    pair.ci.start()
    act(pair.ci.data, 5, "one")
    pair.settle()
    pair.ci.stop()
    restored(pair.ci, kept)
    act(pair.ci.data, 9, "another")
    assert amana("verify", "--data", str(pair.ci.data)).returncode == 0
    pair.ci.start()

    until(lambda: ("CI", "forked") in alarms(pair.ma.data), "the fork is noticed abroad")
    until(lambda: ("CI", "forked") in alarms(pair.ci.data), "the node learns it from abroad")


def test_a_tail_that_was_cut_with_skill_is_noticed(pair: Pair) -> None:
    act(pair.ci.data, 5)
    pair.settle()
    pair.ci.stop()
    python(CUT, pair.ci.data, 3)
    with contextlib.closing(sqlite3.connect(pair.ci.data / "db" / "amana.sqlite3")) as database:
        database.execute("delete from audit_cosigned")
        database.commit()
    # At home nothing is to be seen: the head fits, and what the other country said is gone.
    assert amana("verify", "--data", str(pair.ci.data)).returncode == 0
    pair.ci.start()

    until(lambda: ("CI", "shorter") in alarms(pair.ma.data), "the cut is noticed abroad")


def test_silence_is_noticed_and_ends_with_the_next_word(pair: Pair) -> None:
    pair.ci.stop()
    until(lambda: alarms(pair.ma.data) == {("CI", "silent")}, "the silence is noticed")

    pair.ci.start()
    until(lambda: alarms(pair.ma.data) == set(), "the silence ends")
