"""`amana backup`: the whole node in one file, without what opens it.

The file is a tar, followed by the SHA-256 of the tar; all of it inside an age container, unless
--plain was said. In the tar:

database         a copy of one moment: an SQLite file, or PostgreSQL's custom format
node/...         node.json, directory.json, keys (never the root's seed), media, instruments
manifest.json    which parts there are, and the SHA-256 of each

The keeper's folder lies elsewhere and is in no backup, and so are the epochs' keys: a backup opens
for the people of the node, with the keeper, for as long as its epochs live.
"""

import argparse
import contextlib
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from amana.crypto import age
from amana.keeper.client import KeeperGone
from amana.node.cli import Failed
from amana.node.config import load
from amana.node.lifecycle import use

FORMAT = "amana/backup/v1"
# Taken offline on the first day, or made anew with the keeper when a node is restored.
LEFT_OUT = ("root.seed", "keeper")
TRIES = 3


class Sink(Protocol):
    """What a backup is written to."""

    def write(self, data: bytes, /) -> int: ...


class Summed:
    """Passes on what is written or read, and sums it up."""

    def __init__(self, stream: Sink | BinaryIO) -> None:
        self._stream, self.sum = stream, hashlib.sha256()

    def write(self, data: bytes) -> int:
        """Pass on and sum up."""
        self.sum.update(data)
        return self._stream.write(data)

    def read(self, size: int = -1) -> bytes:
        """Read and sum up."""
        data: bytes = self._stream.read(size)  # type: ignore[union-attr]
        self.sum.update(data)
        return data


def run(a: argparse.Namespace) -> int:
    """Write a backup, whole or not at all."""
    recipient = _recipient(a.to)
    load(a.data)
    use(a.data)
    from django.conf import settings  # noqa: PLC0415

    copy = a.data / "tmp" / "backup.database"
    # What a run left behind that was killed.
    copy.unlink(missing_ok=True)
    try:
        _copy_enclosed(copy)
        with _written_whole(a.file) as file:
            if recipient is None:
                parts = _write(file, a.data, copy, settings.CLOCK.now())
            else:
                container = age.Writer([recipient], file)
                parts = _write(container, a.data, copy, settings.CLOCK.now())
                container.close()
    finally:
        copy.unlink(missing_ok=True)
    print(f"{a.file}: {parts} parts, each with its SHA-256; no epoch's key, no root's seed.")
    print("Export the erasure ledger beside it: amana keys ledger")
    return 0


def _recipient(text: str | None) -> bytes | None:
    try:
        return age.public_from(text) if text is not None else None
    except ValueError:
        raise Failed("--to takes what amana keys recipient printed: age1pq...") from None


def _copy_enclosed(copy: Path) -> None:
    """Copy the database at a moment when every wrap lies under an epoch's layer.

    A wrap without one would open out of this backup for ever, whatever is destroyed later.
    """
    from amana.access.actions import keys  # noqa: PLC0415
    from amana.node import actions  # noqa: PLC0415

    for _ in range(TRIES):
        copy.unlink(missing_ok=True)
        try:
            keys.enclose_waiting()
        except KeeperGone:
            raise Failed(
                "the keeper does not answer, so keys without a layer may wait; no backup was made"
            ) from None
        if actions.copy_to(copy) == 0:
            return
    raise Failed("keys without a layer keep arriving; no backup was made")


@contextlib.contextmanager
def _written_whole(target: Path) -> Iterator[BinaryIO]:
    """Give a file that takes the target's place when the block ends well."""
    half = target.with_name(target.name + ".new")
    half.unlink(missing_ok=True)
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        half.replace(target)
    except BaseException:
        half.unlink(missing_ok=True)
        raise


def _write(sink: Sink, data: Path, copy: Path, now: datetime) -> int:
    from amana.node import actions  # noqa: PLC0415

    summed = Summed(sink)
    parts: dict[str, str] = {}
    # A tar as a stream: nothing is held in memory, and the manifest comes last.
    with tarfile.open(mode="w|", fileobj=summed) as tar:  # type: ignore[call-overload]
        for name, path in _parts(data, copy):
            with path.open("rb") as file:
                parts[name] = _add(tar, name, file, os.fstat(file.fileno()).st_size)
        manifest = {
            "format": FORMAT,
            "made_at": now.isoformat(),
            "database": actions.kind(),
            "parts": parts,
        }
        text = json.dumps(manifest, indent=1).encode()
        _add(tar, "manifest.json", io.BytesIO(text), len(text))
    sink.write(summed.sum.digest())
    return len(parts)


def _parts(data: Path, copy: Path) -> Iterator[tuple[str, Path]]:
    yield "database", copy
    for name in ("node.json", "directory.json", "keys", "media", "instruments"):
        place = data / name
        files = [place] if place.is_file() else sorted(p for p in place.rglob("*") if p.is_file())
        for path in files:
            inside = path.relative_to(data)
            if inside.parts[1:2] and inside.parts[1] in LEFT_OUT and name == "keys":
                continue
            yield f"node/{inside.as_posix()}", path


def _add(tar: tarfile.TarFile, name: str, file: BinaryIO, size: int) -> str:
    """Add one part; who made it and when is left out. Returns its SHA-256."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    summed = Summed(file)
    tar.addfile(entry, summed)
    return summed.sum.hexdigest()
