"""Backup and restore, drilled: what a backup is worth, to whom, and for how long."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from amana.node.config import load
from tests.vault.nodes import ROOT, Place, live, make, opened, postgres

pytestmark = pytest.mark.nodes


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Place, Place]]:
    """A node, and the empty place into which it may be restored."""
    here, there = Place(tmp_path / "ma"), Place(tmp_path / "restored")
    if request.param == "sqlite":
        yield make(here), there
        return
    with postgres() as (one, two):
        yield make(replace(here, database=one)), replace(there, database=two)


@pytest.fixture
def node(tmp_path: Path) -> Place:
    return make(Place(tmp_path / "ma"))


def test_the_drill(places: tuple[Place, Place], tmp_path: Path) -> None:
    """Lived, backed up, one key erased, lost, restored: the erased one opens nowhere."""
    node, restored = places
    backup, ledger, identity = (tmp_path / n for n in ("backup", "ledger", "identity"))
    recipient = node.do("keys", "recipient", identity).split()[-1]
    with node.keeper():
        made = live(node)
        assert opened(node, made) == made
        node.do("backup", "--data", node.data, backup, "--to", recipient)
        erased = next(iter(made))
        node.ask(
            "answer = keys.erase_keys(key_ids=[given['key']], now=now(), by='drill')", key=erased
        )
        node.do("keys", "ledger", "--data", node.data, ledger)

        said = restored.do(
            *("restore", "--data", restored.data, backup),
            *("--identity", identity, "--ledger", ledger),
        )

        assert "the record is whole" in said
        assert "1 erased keys in the ledger; 1 of their wraps went again" in said
        kept = {k: v for k, v in made.items() if k != erased}
        assert opened(restored, made) == kept
        # To its partners it is another incarnation, and nobody is signed in.
        assert load(restored.data)[0].incarnation > load(node.data)[0].incarnation
        assert "whole" in restored.do("verify", "--data", restored.data)
        assert not (restored.data / "keys" / "root.seed").exists()
        assert sorted(p.name for p in tmp_path.iterdir() if "restor" in p.name) == ["restored"]
        # Without the ledger the erased key comes back, and the restore says so aloud.
        if restored.database is None:
            again = Place(tmp_path / "careless")
            warned = again.do(
                *("restore", "--data", again.data, backup),
                *("--identity", identity, "--no-ledger"),
            )
            assert "NO LEDGER" in warned
            assert opened(again, made) == made

    assert_reads_nothing(restored)


def assert_reads_nothing(place: Place) -> None:
    """Check that without its keeper nobody comes in, not even by the right password."""
    said = place.ask(
        """
try:
    signed_in(Role.CASE_WORKER)
    answer = "came in"
except KeeperGone:
    answer = "keeper gone"
"""
    )
    assert said == "keeper gone"


def test_a_backup_from_before_the_window_opens_nothing_for_anybody(
    node: Place, tmp_path: Path
) -> None:
    """Crypto-shredding: with the right password, the keeper and every living epoch."""
    backup = tmp_path / "backup"
    with node.keeper():
        made = live(node)
        node.do("backup", "--data", node.data, backup, "--plain")
        # Until then it does open: what is shown below is the rotations' doing.
        young = Place(tmp_path / "young")
        young.do("restore", "--data", young.data, backup, "--no-ledger")
        assert opened(young, made) == made
        (young.data / "node.json").unlink()

        window = 5
        destroyed = ""
        for _ in range(window + 1):
            destroyed += node.do("epoch", "rotate", "--data", node.data, "--force")

        assert "epochs destroyed: 1\n" in destroyed
        # What lives has moved along and opens.
        assert opened(node, made) == made
        old = Place(tmp_path / "old")
        said = old.do("restore", "--data", old.data, backup, "--no-ledger")
        assert "opens the layer of 0 wraps; 5 lie under epochs that are destroyed" in said
        assert opened(old, made) == {}
        tries = old.ask(EVERY_WRAP_UNDER_EVERY_EPOCH)
        assert tries == {"tried": 5 * (window + 1), "opened": 0}
        # The same trial opens what lives.
        assert node.ask(EVERY_WRAP_UNDER_EVERY_EPOCH)["opened"] == 3


EVERY_WRAP_UNDER_EVERY_EPOCH = """
from amana.crypto.layers import remove_layer
from amana.crypto.secrets import CannotOpen
worker = signed_in(Role.CASE_WORKER)
tried = opened = 0
for row in KeyWrap.objects.all():
    for epoch in [None, *worker.epochs.values()]:
        tried += 1
        inner = bytes(row.wrapped) if epoch is None else remove_layer(epoch, bytes(row.wrapped))
        for team in (CARE,) if row.team_id == CARE else ():
            try:
                queries.open_wrap(worker, row, inner)
                opened += 1
            except CannotOpen:
                pass
answer = {"tried": tried, "opened": opened}
"""


def test_while_a_key_waits_for_the_keeper_no_backup_is_made(node: Place, tmp_path: Path) -> None:
    node.ask("answer = keys.issue_key(CARE)[0]")

    refused = node.amana("backup", "--data", node.data, tmp_path / "b", "--plain")

    assert (refused.returncode, refused.stdout) == (1, "")
    assert "the keeper does not answer" in refused.stderr
    assert not (tmp_path / "b").exists()
    with node.keeper():
        node.do("backup", "--data", node.data, tmp_path / "b", "--plain")
        assert "waiting for the keeper: 0" in node.do("keys", "status", "--data", node.data)


def test_no_key_of_an_epoch_no_root_and_no_keeper_is_in_a_backup(
    node: Place, tmp_path: Path
) -> None:
    keeper = node.data.with_name("ma-keeper")
    node.do("backup", "--data", node.data, tmp_path / "b", "--plain")

    written = (tmp_path / "b").read_bytes()
    secrets = [keeper / "secret", node.data / "keys" / "root.seed", *keeper.glob("epochs/*.key")]
    assert len(secrets) == 3
    assert [p.name for p in secrets if p.read_bytes() in written] == []
    # The same search finds what is in there.
    assert (node.data / "keys" / "node.seed").read_bytes() in written
    assert (tmp_path / "b").stat().st_mode & 0o077 == 0


def test_a_backup_that_was_altered_or_cut_is_refused_and_leaves_nothing(
    node: Place, tmp_path: Path
) -> None:
    identity = tmp_path / "identity"
    recipient = node.do("keys", "recipient", identity).split()[-1]
    plain, closed = tmp_path / "plain", tmp_path / "closed"
    node.do("backup", "--data", node.data, plain, "--plain")
    node.do("backup", "--data", node.data, closed, "--to", recipient)
    there = tmp_path / "there"
    for file, more in ((plain, ()), (closed, ("--identity", identity))):
        whole = file.read_bytes()
        size = len(whole)
        for at in (0, 600, size // 2, size - 40):
            altered = bytearray(whole)
            altered[at] ^= 1
            for bad in (bytes(altered), whole[:at]):
                (tmp_path / "bad").write_bytes(bad)
                done = node.amana(
                    "restore", "--data", there, tmp_path / "bad", "--no-ledger", *more
                )
                assert (done.returncode, done.stdout) == (1, ""), at
                assert len(done.stderr.splitlines()) == 1
                assert list(tmp_path.glob("there*")) == []


def test_a_ledger_that_the_node_did_not_sign_is_refused(node: Place, tmp_path: Path) -> None:
    backup, ledger = tmp_path / "b", tmp_path / "ledger"
    node.do("backup", "--data", node.data, backup, "--plain")
    node.do("keys", "ledger", "--data", node.data, ledger)
    ledger.write_text(ledger.read_text().replace("MA", "CI"))

    done = node.amana("restore", "--data", tmp_path / "there", backup, "--ledger", ledger)

    assert done.returncode == 1
    assert "no erasure ledger of this node" in done.stderr
    assert list(tmp_path.glob("there*")) == []


def test_a_node_is_never_restored_over_another(node: Place, tmp_path: Path) -> None:
    node.do("backup", "--data", node.data, tmp_path / "b", "--plain")

    done = node.amana("restore", "--data", node.data, tmp_path / "b", "--no-ledger")

    assert done.returncode == 1
    assert "there already" in done.stderr


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_killed_at_any_moment_it_leaves_the_old_state_or_the_new(
    node: Place, tmp_path: Path, command: str
) -> None:
    backup, there = tmp_path / "b", tmp_path / "there"
    node.do("backup", "--data", node.data, backup, "--plain")
    good = backup.read_bytes()
    asked = {
        "backup": ["backup", "--data", node.data, backup, "--plain"],
        "restore": ["restore", "--data", there, backup, "--no-ledger"],
    }[command]
    began = time.monotonic()
    assert node.amana(*asked).returncode == 0
    lasts = time.monotonic() - began
    killed = 0
    for part in range(5, 19, 3):
        if command == "restore" and there.exists():
            there.rename(tmp_path / f"done-{part}")
        process = subprocess.Popen(
            [sys.executable, "-m", "amana", *map(str, asked)],
            env=node.environment,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(lasts * part / 18)
        os.kill(process.pid, signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL

        if command == "backup":
            check = tmp_path / f"check-{part}"
            assert backup.exists()
            if backup.read_bytes() != good:
                node.do("restore", "--data", check, backup, "--no-ledger")
        elif there.exists():
            node.do("verify", "--data", there)
    assert killed >= 3
    # What was left half done hinders nobody.
    if command == "restore" and there.exists():
        there.rename(tmp_path / "done")
    node.do(*asked)
    left = {p.name for p in (node.data / "tmp").iterdir()} | {p.name for p in tmp_path.iterdir()}
    assert not [name for name in left if name.endswith((".new", ".restoring", ".database"))]
