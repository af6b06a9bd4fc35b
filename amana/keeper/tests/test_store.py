"""The keeper's folder survives any moment of death, and forgets what it was told to forget."""

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from amana.crypto.totp import new_totp
from amana.keeper.rules import Policy
from amana.keeper.store import Known, Store, lay_out, write_whole

NOW = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)
ADA = "a" * 32
ROOT = Path(__file__).resolve().parents[3]

# Rotates, retires and destroys, and dies before the nth step that touches the disk.
DYING = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from amana.keeper.store import Store
left = int(sys.argv[2])
def before(name):
    real = getattr(os, name)
    def dying(*given, **named):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), 9)
        return real(*given, **named)
    setattr(os, name, dying)
store = Store(Path(sys.argv[1]))
for name in ("open", "fsync", "replace", "unlink", "rename"):
    before(name)
now = datetime(2026, 11, 28, tzinfo=UTC)
newest = store.new_epoch(now).number
store.retire(newest - 1)
store.destroy(newest - 1)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lay_out(tmp_path / "keeper", Policy(), listen="socket", now=NOW)
    return tmp_path / "keeper"


def residue(folder: Path) -> bytes:
    """Return every byte of every file of a folder."""
    return b"".join(p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file())


def test_a_keeper_is_never_made_over_another(folder: Path) -> None:
    secret = (folder / "secret").read_bytes()

    with pytest.raises(FileExistsError):
        lay_out(folder, Policy(), listen="socket", now=NOW)

    assert (folder / "secret").read_bytes() == secret


def test_nobody_else_reads_the_folder(folder: Path) -> None:
    Store(folder).keep(Known(ADA, b"signer", "R04", new_totp()))

    for path in [folder, *folder.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_an_account_is_read_as_it_was_kept_and_its_phone_s_secret_is_sealed(folder: Path) -> None:
    known = Known(ADA, b"signer", "R04", new_totp())
    Store(folder).keep(known)

    assert Store(folder).find(ADA) == known
    assert known.totp is not None
    everything = residue(folder / "accounts")
    assert known.totp.reveal() not in everything
    assert base64.b64encode(known.totp.reveal()) not in everything


@pytest.mark.parametrize("name", ["../secret", "A" * 32, "a" * 31, "", "a" * 31 + "\0"])
def test_what_is_no_id_names_no_file(folder: Path, name: str) -> None:
    assert Store(folder).find(name) is None


def test_a_destroyed_key_is_in_no_file_and_its_place_was_written_over(folder: Path) -> None:
    store = Store(folder)
    old = store.epoch_keys()[1].reveal()
    path = folder / "epochs" / "000001.key"
    place = os.open(path, os.O_RDONLY)
    try:
        store.new_epoch(NOW)
        store.retire(1)
        # The file was never written anew, so there is no older copy of it on the disk either.
        assert os.fstat(place).st_ino == path.stat().st_ino
        assert os.pread(place, 32, 0) == old

        store.destroy(1)

        left = os.pread(place, 64, 0)
    finally:
        os.close(place)
    assert len(left) == 32
    assert left != old
    for written in (old, base64.b64encode(old), old.hex().encode()):
        assert written not in residue(folder)
    assert [e.number for e in Store(folder).epochs()] == [2]


def test_killed_before_any_write_it_stands_whole_and_a_begun_destruction_is_ended(
    tmp_path: Path,
) -> None:
    seen = set()
    for step in range(60):
        folder = tmp_path / f"keeper-{step}"
        lay_out(folder, Policy(), listen="socket", now=NOW)
        old = Store(folder).epoch_keys()[1].reveal()
        ended = subprocess.run(
            [sys.executable, "-c", DYING, str(folder), str(step)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=False,
        )

        store = Store(folder)
        epochs = store.epochs()
        numbers = tuple(e.number for e in epochs)
        assert numbers in ((1,), (1, 2), (2,))
        # Every epoch that is known has a whole key, and no key is there without its epoch.
        assert {n: len(k.reveal()) for n, k in store.epoch_keys().items()} == dict.fromkeys(
            numbers, 32
        )
        assert (old in residue(folder)) == (1 in numbers)
        assert len(list((folder / "epochs").glob("*.key*"))) == len(numbers)
        seen.add((numbers, epochs[0].retired))
        if ended.returncode == 0:
            break
        assert ended.returncode == -signal.SIGKILL
    else:
        pytest.fail("it never came to its end")
    # It died before, between and after each of the three acts.
    assert seen == {((1,), False), ((1, 2), False), ((1, 2), True), ((2,), False)}


def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)


WRITES: list[Callable[[Store], object]] = [
    lambda store: store.keep(Known(ADA, b"another signer", "R04", None)),
    lambda store: store.new_epoch(NOW),
    lambda store: store.retire(1),
]


@pytest.mark.parametrize("write", WRITES)
def test_on_a_full_disk_nothing_changes_and_nothing_is_left_over(
    folder: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Store], object]
) -> None:
    store = Store(folder)
    store.keep(Known(ADA, b"signer", "R04", None))
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}

    with monkeypatch.context() as patched:
        full_disk(patched)
        with pytest.raises(OSError, match="No space"):
            write(store)

    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


def test_a_closed_account_is_still_known(folder: Path) -> None:
    store = Store(folder)
    known = Known(ADA, b"signer", "R04", new_totp())
    store.keep(known)
    store.keep(replace(known, is_closed=True, totp=None))

    found = store.find(ADA)
    assert found is not None
    assert found.is_closed


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    write_whole(tmp_path / "file", b"old")
    write_whole(tmp_path / "file", json.dumps({"new": True}).encode())

    assert [p.name for p in tmp_path.iterdir()] == ["file"]
