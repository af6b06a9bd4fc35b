"""Sealed files on the disk: whole before anybody names them, overwritten when they go.

Two processes may do both at once. A file is written under one of a few places, so that no more
files are worked on than the machine bears; whoever sweeps takes all places, and so meets no file
that is just being written.
"""

import contextlib
import fcntl
import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

from amana.files.rules import SECONDS, NotAccepted, Reason

# So many files are cleaned and written at once, over all processes of a node.
PLACES = 2
# A random id and what of the file it is: nothing else in the folder is ours to touch.
NAME = re.compile(r"[0-9a-f]{32}-[a-z]+")
CHUNK = 1024 * 1024


def keep(folder: Path, name: str, pieces: Iterable[bytes]) -> None:
    """Write a new file and wait until the disk has it; raises FileExistsError for a known name."""
    descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.writelines(pieces)
        file.flush()
        os.fsync(file.fileno())
    _settle(folder)


def pieces(folder: Path, name: str) -> Iterator[bytes]:
    """Yield a file's bytes; raises FileNotFoundError."""
    with (folder / name).open("rb") as file:
        while piece := file.read(CHUNK):
            yield piece


def erase(folder: Path, name: str) -> None:
    """Overwrite a file and take it away; one that is gone already is no error.

    What a disk or a snapshot still holds of it is sealed, and its key goes with its row.
    """
    path = folder / name
    with contextlib.suppress(FileNotFoundError):
        with path.open("r+b") as file:
            left = path.stat().st_size
            while left > 0:
                left -= file.write(bytes(min(CHUNK, left)))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        _settle(folder)


def names(folder: Path) -> set[str]:
    """Return the names of all files that are kept here."""
    return {p.name for p in folder.iterdir() if NAME.fullmatch(p.name)}


@contextlib.contextmanager
def a_place(folder: Path, *, wait: float = SECONDS) -> Iterator[None]:
    """Hold one of the node's places for work on a file; NotAccepted(BUSY) after `wait` seconds."""
    end = time.monotonic() + wait
    with ExitStack() as held:
        while not any(_taken(folder, n, held) for n in range(PLACES)):
            if time.monotonic() >= end:
                raise NotAccepted(Reason.BUSY)
            time.sleep(0.05)
        yield


@contextlib.contextmanager
def all_places(folder: Path) -> Iterator[bool]:
    """Hold all places, or none of them and say so: somebody is at work."""
    with ExitStack() as held:
        yield all(_taken(folder, n, held) for n in range(PLACES))


def _taken(folder: Path, number: int, held: ExitStack) -> bool:
    """Take one place if it is free. The kernel gives it back when the process ends, however."""
    descriptor = os.open(folder / f".place-{number}", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return False
    held.callback(os.close, descriptor)
    return True


def _settle(folder: Path) -> None:
    """Wait until the disk knows which files the folder holds."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
