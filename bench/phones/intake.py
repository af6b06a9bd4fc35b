"""What the node does with what phones send: taken in, opened, beside what cannot be left out."""

import contextlib
import os
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

ROUND = 60


@dataclass(frozen=True)
class Work:
    """How many items a second at so many that lie there: the middle of all items, the slow ones."""

    what: str
    stored: int
    n: int
    ms: float
    p95_ms: float

    @property
    def per_second(self) -> int:
        return round(1000 / self.ms)


def work(what: str, stored: int, times: Sequence[float], each: int = 1) -> Work:
    """Return what was measured, for one item."""
    ordered = sorted(1000 * t / each for t in times)
    slow = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
    middle = round(statistics.median(ordered), 2)
    return Work(what, stored, len(times) * each, middle, round(slow, 2))


def timed(act: Callable[[], object]) -> float:
    """Return how many seconds this took."""
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


@contextlib.contextmanager
def a_database(folder: Path) -> Iterator[None]:
    """Set Django up on a database file in this folder, as a node runs it, with a keeper process."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "amana.node.settings"
    import django
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = str(folder / "bench.sqlite3")
    django.setup()
    from django.core.management import call_command

    from tests.keeping import a_keeper

    with a_keeper(folder / "keeper") as keeper:
        settings.KEEPER = keeper.line
        call_command("migrate", verbosity=0)
        yield


class Limit:
    """One item with nothing around it: P-256 verified, HPKE opened, one row committed for good."""

    def __init__(self, folder: Path, cast: Any) -> None:
        from amana.access.queries import team_seeds
        from amana.access.rules import Role

        actor = cast.actor(Role.SUPERVISOR)
        self.seed = next(iter(team_seeds(actor, "care")))
        self.base = sqlite3.connect(folder / "limit.sqlite3", isolation_level=None)
        self.base.executescript(
            "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;"
            "CREATE TABLE item (record TEXT PRIMARY KEY, body BLOB)"
        )

    def do(self, phone: Any, raw: dict[str, Any]) -> None:
        """Do what cannot be left out with one item as it came."""
        from amana.crypto.phones import open_from_phone, sign_public_of, verify
        from amana.field import rules

        item = rules.read_item(raw)
        device = phone.told["device"]
        assert verify(self.public(phone, sign_public_of), item.signature, item.signed(device))  # type: ignore[union-attr]
        info = rules.info_of("care", raw["record"], raw["seq"])
        plain = open_from_phone(self.seed, item.body, info)  # type: ignore[union-attr]
        self.base.execute("INSERT INTO item VALUES (?, ?)", (raw["record"], plain))

    def public(self, phone: Any, of: Callable[[Any], bytes]) -> bytes:
        """Return the phone's public key; made once, as the node has it."""
        held: dict[int, bytes] = self.__dict__.setdefault("publics", {})
        return held.get(id(phone)) or held.setdefault(id(phone), of(phone.seed))


def measured(folder: Path, sizes: Sequence[int], tell: Callable[[object], None]) -> list[Work]:
    """Return what taking in and opening cost at these numbers of items stored, in this process."""
    with a_database(folder):
        return list(_measured(folder, sizes, tell))


def _measured(folder: Path, sizes: Sequence[int], tell: Callable[[object], None]) -> Iterator[Work]:
    from django.conf import settings

    from amana.access.rules import Role
    from amana.field import rules
    from amana.field.actions import arrivals
    from amana.field.models import Item
    from amana.field.tests.builders import a_phone, screened
    from tests.cast import THE_MOMENT, StoppedClock, assemble

    settings.CLOCK = StoppedClock(THE_MOMENT)
    now, cast = THE_MOMENT, assemble(THE_MOMENT)
    boss = cast.actor(Role.SUPERVISOR)
    content = screened("P1")
    limit = Limit(folder, cast)
    # One phone may have 2,000 lying here.
    phones = [a_phone(cast, now) for _ in range(1 + max(sizes) // 1_500)]

    def parcel(phone: Any, n: int) -> list[dict[str, Any]]:
        phone.queue.clear()
        for _ in range(n):
            phone.keep(content)
        return list(phone.queue.values())

    def take(phone: Any, items: list[dict[str, Any]]) -> float:
        sent = phone.parcel(items)
        return timed(lambda: arrivals.take_in(parcel=sent, now=now))

    def open_one(pk: int) -> object:
        return arrivals.open_item(item_id=pk, actor=boss, now=now)

    n_sent = 0
    for size in sizes:
        while Item.objects.count() < size:
            phone = phones[n_sent // 1_500]
            take(phone, parcel(phone, rules.MOST_ITEMS))
            n_sent += rules.MOST_ITEMS
        phone = phones[-1]
        alone = [take(phone, parcel(phone, 1)) for _ in range(ROUND)]
        yield work("taken in, one a request", size, alone)
        many = [take(phone, parcel(phone, rules.MOST_ITEMS)) for _ in range(ROUND // 10)]
        yield work("taken in, 20 a request", size, many, rules.MOST_ITEMS)
        ids = list(
            Item.objects.filter(device_id=phone.told["device"], sealed__isnull=False)
            .order_by("-pk")
            .values_list("pk", flat=True)[:ROUND]
        )
        opening = [timed(partial(open_one, pk)) for pk in ids]
        yield work("opened: decrypted, joined, a screening made", size, opening)
        bare = [timed(partial(limit.do, phone, one)) for one in parcel(phone, ROUND)]
        yield work("limit: verify, HPKE open, one durable commit", size, bare)
        tell({"stored": size, "rows": Item.objects.count()})
