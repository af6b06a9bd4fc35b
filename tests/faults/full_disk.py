"""What a node does when the disk under its database, or under its keeper, has no byte left.

    python -m tests.faults.full_disk node|keeper DISK

DISK is a small file system of its own. Prints what was seen, as JSON, for the test to judge.
"""

import contextlib
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.faults.house import NOW, House, a_house


def main() -> int:
    """Make a house, fill its disk, look, make space, look again."""
    what, disk = sys.argv[1], Path(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="amana-disk-", dir="/tmp") as elsewhere:
        other = Path(elsewhere)
        data, folder = (disk / "node", other / "k") if what == "node" else (other / "n", disk / "k")
        with a_house(data, keeper_folder=folder) as house:
            print(json.dumps(_seen(house, disk)))
            house.let_go()
    return 0


def _seen(house: House, disk: Path) -> dict[str, Any]:
    from django.conf import settings  # noqa: PLC0415 - after Django is pointed at the node

    from tests.cast import StoppedClock  # noqa: PLC0415
    from tests.faults.whole import file_fault, halves  # noqa: PLC0415
    from tests.faults.writes import KINDS, look_for  # noqa: PLC0415

    settings.CLOCK = StoppedClock(NOW)
    before, refused = _write_all(house)
    seen: dict[str, Any] = {"refused_before": refused, "pages_before": _pages(house)}
    _without_spare_room()
    with _no_space(disk):
        during, refused = _write_all(house)
        seen |= {"refused_during": refused, "pages_during": _pages(house)}
        seen["halves_during"] = halves(house)
    after, refused = _write_all(house)
    seen |= {"refused_after": refused, "pages_after": _pages(house)}
    seen |= {"halves_after": halves(house), "file_fault": file_fault()}
    done = [*before, *during, *after]
    seen["lost"] = [kind for kind, said in done if not look_for(house, kind, said)]
    seen["kinds"] = list(KINDS)
    return seen


def _without_spare_room() -> None:
    """Give back what the journal keeps for itself: it would be written to on a full disk too."""
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextlib.contextmanager
def _no_space(disk: Path) -> Iterator[None]:
    """Take the last byte of a disk, and give all of them back."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        size = 65536
        while size:
            try:
                file.write(bytes(size))
            except OSError:
                size //= 2
    try:
        yield
    finally:
        filler.unlink()


def _write_all(house: House) -> tuple[list[tuple[str, dict[str, Any]]], dict[str, str]]:
    """Try every kind of write; return what was acknowledged, and what was refused and how."""
    from tests.faults.writes import KINDS, Writer  # noqa: PLC0415

    done: list[tuple[str, dict[str, Any]]] = []
    refused: dict[str, str] = {}
    writer = Writer(house, done=lambda kind, said: done.append((kind, said)))
    for kind in KINDS:
        try:
            writer.write(kind)
        except Exception as problem:  # noqa: BLE001 - how it is refused is what is looked at
            refused[kind] = type(problem).__name__
    return done, refused


def _pages(house: House) -> dict[str, int]:
    """Ask for a page that only reads, a form that writes, and the door of other nodes."""
    from django.conf import settings  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    from amana.access.rules import Role  # noqa: PLC0415
    from tests.cast import name_of  # noqa: PLC0415
    from tests.faults.writes import brought  # noqa: PLC0415

    browser = Client(raise_request_exception=False)
    cookie = house.cast.cookie(name_of(Role.FIRST_RESPONDER))
    browser.cookies[settings.SESSION_COOKIE] = cookie.hex()
    _, carried = brought(house)
    return {
        "reads": browser.get("/").status_code,
        "writes": browser.post("/screen/").status_code,
        "takes_in": browser.post(
            "/exchange/messages",
            carried,
            "application/octet-stream",
            headers={"amana-node": "CI"},
        ).status_code,
    }


if __name__ == "__main__":
    sys.exit(main())
