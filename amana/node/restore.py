"""`amana restore`: a node out of its backup, checked before it takes its place.

Everything happens in NEWDIR.restoring, which becomes NEWDIR at the very end. A restored node is
another incarnation to its partners, since it may say other things under numbers that it has used;
what was erased after the backup is erased again out of the ledger; nobody is signed in.
"""

import argparse
import hashlib
import json
import os
import shutil
import tarfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from amana.crypto import age
from amana.crypto.secrets import CannotOpen
from amana.keeper.client import KeeperGone
from amana.node import keys as ledgers
from amana.node.backup import FORMAT, Summed
from amana.node.cli import Failed
from amana.node.clock import Clock
from amana.node.config import load, write
from amana.node.lifecycle import use

AGE = b"age-encryption.org/"
SUM = hashlib.sha256().digest_size
BROKEN = "is no whole backup; nothing was restored"


def run(a: argparse.Namespace) -> int:
    """Restore a node and say what was checked."""
    if a.data.exists():
        raise Failed(f"{a.data} is there already; a node is restored into a new folder")
    making = a.data.with_name(f"{a.data.name}.restoring")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700, parents=True)
    try:
        said = _restore(a, making)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    making.rename(a.data)
    print(f"The node stands again in {a.data}:")
    for line in said:
        print(f"  {line}")
    return 0


def _restore(a: argparse.Namespace, making: Path) -> list[str]:
    manifest = _unpack(a, making)
    seed = load(making)[1]
    ledger = ledgers.read_ledger(a.ledger, seed) if a.ledger else None
    said = [
        f"the backup of {manifest['made_at']}, {len(manifest['parts'])} parts, each as its sum says"
    ]
    said.append(_raise_incarnation(making, a.keeper))
    return said + _fill(making, manifest, ledger)


def _unpack(a: argparse.Namespace, making: Path) -> dict[str, Any]:
    """Write the parts of a whole backup into the folder; return the manifest."""
    with a.file.open("rb") as file:
        is_sealed = file.read(len(AGE)) == AGE
    tar = making / "opened.tar" if is_sealed else a.file
    if is_sealed:
        _open_container(a, tar)
    with tar.open("rb") as file:
        _check_sum(a.file, file)
        file.seek(0)
        try:
            manifest = _take_parts(file, making)
        except (tarfile.TarError, OSError, ValueError, KeyError, TypeError):
            raise Failed(f"{a.file} {BROKEN}") from None
    if is_sealed:
        tar.unlink()
    for name in ("db", "media", "tmp", "log", "keys"):
        (making / name).mkdir(mode=0o700, exist_ok=True)
    return manifest


def _open_container(a: argparse.Namespace, tar: Path) -> None:
    if a.identity is None:
        raise Failed(f"{a.file} is encrypted; give the identity of its reader with --identity")
    try:
        seed = age.seed_from(a.identity.read_text().strip())
        with a.file.open("rb") as source, _new(tar) as sink:
            age.decrypt_stream(seed, source, sink)
    except ValueError:
        raise Failed(f"{a.identity} is no identity of a reader of backups") from None
    except CannotOpen:
        raise Failed(f"{a.file} does not open with this identity, or was altered") from None


def _new(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _check_sum(name: Path, file: BinaryIO) -> None:
    left = file.seek(0, os.SEEK_END) - SUM
    file.seek(0)
    summed = Summed(file)
    while left > 0:
        left -= len(summed.read(min(left, 1024 * 1024)))
    if summed.sum.digest() != file.read():
        raise Failed(f"{name} {BROKEN}")


def _take_parts(file: BinaryIO, making: Path) -> dict[str, Any]:
    found: dict[str, str] = {}
    manifest: dict[str, Any] = {}
    with tarfile.open(mode="r|", fileobj=file) as tar:
        for entry in tar:
            content = tar.extractfile(entry) if entry.isreg() else None
            if content is None or entry.name in found:
                raise ValueError(entry.name)
            if entry.name == "manifest.json":
                manifest = json.load(content)
                continue
            found[entry.name] = _take_part(content, _place(making, entry.name))  # type: ignore[arg-type]
    if manifest["format"] != FORMAT or manifest["parts"] != found:
        raise ValueError("the manifest says otherwise")
    return manifest


def _place(making: Path, name: str) -> Path:
    """Return where a part goes; raises ValueError for a name that leads out of the folder."""
    if name == "database":
        return making / "tmp" / "backup.database"
    inside = PurePosixPath(name)
    if inside.is_absolute() or ".." in inside.parts or inside.parts[0] != "node":
        raise ValueError(name)
    return making.joinpath(*inside.parts[1:])


def _take_part(content: BinaryIO, place: Path) -> str:
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    summed = Summed(content)
    with _new(place) as sink:
        while piece := summed.read(1024 * 1024):
            sink.write(piece)
    return summed.sum.hexdigest()


def _raise_incarnation(making: Path, keeper: str | None) -> str:
    """Make the node another to its partners, also when one backup is restored twice."""
    config, _, _ = load(making)
    seconds = int(Clock(None, is_demo=False).now().timestamp())
    fresh = replace(
        config,
        incarnation=max(config.incarnation + 1, seconds),
        keeper=keeper or config.keeper,
    )
    write(making, fresh)
    return f"incarnation {fresh.incarnation}, after {config.incarnation}"


def _fill(making: Path, manifest: dict[str, Any], ledger: dict[str, datetime] | None) -> list[str]:
    """Fill the database, erase what was erased, prove the record; say all of it."""
    use(making)
    from django.conf import settings  # noqa: PLC0415
    from django.db import connections  # noqa: PLC0415

    from amana.access.actions import keys  # noqa: PLC0415
    from amana.audit import queries as audit  # noqa: PLC0415
    from amana.node import actions  # noqa: PLC0415

    if manifest["database"] != actions.kind():
        raise Failed(f"the backup is of {manifest['database']}; DATABASE_URL says otherwise")
    if not actions.is_empty():
        raise Failed("the database that DATABASE_URL names is not empty; give a fresh one")
    copy = making / "tmp" / "backup.database"
    connections.close_all()
    actions.take_in(copy)
    copy.unlink()
    fault = audit.first_fault()
    if fault is not None:
        raise Failed(f"the record of the backup has a fault at entry {fault.seq}: {fault.what}")
    entries = audit.length()
    gone = keys.replay_erasures(ledger=ledger or {}, now=settings.CLOCK.now())
    said = [
        f"the record is whole: {entries} entries",
        f"{len(ledger)} erased keys in the ledger; {gone} of their wraps went again"
        if ledger is not None
        else "NO LEDGER: what was erased after the backup opens again until its epoch ends",
        "nobody is signed in",
        _keeper_said(),
        "Its partners need its directory, signed anew: amana directory draft, sign, publish.",
    ]
    connections.close_all()
    return said


def _keeper_said() -> str:
    from amana.access import queries  # noqa: PLC0415

    try:
        living = {e["number"] for e in queries.keeper().status()["epochs"]}
    except KeeperGone:
        return "the keeper does not answer: nobody reads until it does"
    counts = queries.key_counts()
    counts.pop("erased")
    lost = sum(n for epoch, n in counts.items() if int(epoch) not in {0, *living})
    whole = sum(counts.values()) - lost
    return (
        f"the keeper opens the layer of {whole} wraps; {lost} lie under epochs that are destroyed"
    )


__all__ = ["run"]
