"""A node in a process of its own: its database on a disk, its keeper, its door on this machine."""

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

COUNTRIES = ("CI", "MA")


@dataclass(frozen=True)
class Spent:
    """What a stage cost: seconds by the clock, of the processor, in statements, in commits."""

    wall: float
    cpu: float
    sql: float = 0.0
    commit: float = 0.0
    statements: int = 0
    result: Any = None


class Far:
    """The line to a node's process: each call is one thing that the node does."""

    def __init__(self, country: str, folder: Path, *, is_ed25519_alone: bool) -> None:
        way = multiprocessing.get_context("spawn")
        self._line, theirs = way.Pipe()
        told = (theirs, country, str(folder), is_ed25519_alone)
        self._process = way.Process(target=_live, args=told)
        self._process.start()
        theirs.close()

    def __call__(self, what: str, *told: Any) -> Any:
        """Let it do something and return what that gave."""
        self._line.send((what, told))
        failed, result = self._line.recv()
        if failed:
            raise RuntimeError(result)
        return result

    def end(self) -> None:
        """Let it end."""
        self._line.send(None)
        self._process.join()


@contextmanager
def two_nodes(folder: Path, *, is_ed25519_alone: bool = False) -> Iterator[tuple[Far, Far]]:
    """Yield two nodes that trust each other, each with its own database."""
    both = [Far(c, folder / c, is_ed25519_alone=is_ed25519_alone) for c in COUNTRIES]
    try:
        files = [node("directory") for node in both]
        for node, file in zip(both, reversed(files), strict=True):
            node("pin", file)
        yield both[0], both[1]
    finally:
        for node in both:
            node.end()


def _live(line: Any, country: str, folder: str, is_ed25519_alone: bool) -> None:  # noqa: FBT001
    import traceback

    os.environ["DJANGO_SETTINGS_MODULE"] = "amana.node.settings"
    os.environ.pop("AMANA_DATA", None)
    Path(folder).mkdir(parents=True)
    from tests.keeping import a_keeper

    with a_keeper(Path(folder) / "keeper") as keeper:
        node = _Node(country, Path(folder), keeper.line)
        if is_ed25519_alone:
            # Only now: the keeper, another process, hears both signatures of who signs in.
            sign_with_ed25519_alone()
        while (asked := line.recv()) is not None:
            what, told = asked
            try:
                line.send((False, getattr(node, what)(*told)))
            except Exception:  # noqa: BLE001 - said over there
                line.send((True, traceback.format_exc()))


def sign_with_ed25519_alone() -> None:
    """Sign with Ed25519 alone, in this process: to see what the other half costs. Bench only."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ed25519

    from amana.crypto import framing, signing
    from amana.exchange import directory

    def init(self: Any, seed: Any) -> None:
        half = signing.derive(seed, "sign/ed25519").reveal()
        self._Signer__ed25519 = ed25519.Ed25519PrivateKey.from_private_bytes(half)

    def sign(self: Any, context: bytes, message: bytes) -> bytes:
        return bytes(self._Signer__ed25519.sign(signing._signed(context, message)))

    def verify(public: bytes, signature: bytes, context: bytes, message: bytes) -> bool:
        try:
            key = ed25519.Ed25519PublicKey.from_public_bytes(public[:32])
            key.verify(signature, signing._signed(context, message))
        except (InvalidSignature, ValueError):
            return False
        return True

    signing.Signer.__init__ = init  # type: ignore[method-assign]
    signing.Signer.sign = sign  # type: ignore[method-assign]
    for module in (signing, framing, directory):
        module.verify = verify  # type: ignore[attr-defined]
    framing.SIGNATURE_SIZE = 64  # type: ignore[attr-defined]


class _Node:
    """One country's node with its desk, and a door on this machine."""

    def __init__(self, country: str, folder: Path, keeper: Any) -> None:
        import django
        from django.conf import settings

        config = replace(
            settings.NODE,
            country=country,
            desk=f"{country}/GOV/invented/desk",
            unit=f"{country}/GOV/invented/unit",
            host="localhost",
        )
        settings.NODE, settings.OWN = config, config.own(settings.OWN.seed)
        settings.DATABASES["default"]["NAME"] = str(folder / "bench.sqlite3")
        if url := os.environ.get("BENCH_DATABASES"):
            import dj_database_url

            settings.DATABASES["default"] = dj_database_url.parse(f"{url}_{country.lower()}")
        settings.KEEPER = keeper
        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        from amana.access.rules import DESK, Role
        from tests.cast import THE_MOMENT, StoppedClock, assemble

        settings.CLOCK = StoppedClock(THE_MOMENT)
        self.country, self.now, self.cast = country, THE_MOMENT, assemble(THE_MOMENT)
        self.desk, self.code = self.cast.actor(Role.DESK), DESK
        self.port = self._door()
        self.conversations: list[str] = []
        self._measured()

    def _door(self) -> int:
        from threading import Thread
        from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

        from django.core.wsgi import get_wsgi_application

        class Quiet(WSGIRequestHandler):
            def log_message(self, *_: Any) -> None:
                pass

        # One thread takes all: as the one worker of a node that holds its connection.
        server = WSGIServer(("127.0.0.1", 0), Quiet)
        server.set_app(get_wsgi_application())
        Thread(target=server.serve_forever, daemon=True).start()
        return int(server.server_port)

    def _measured(self) -> None:
        from django.db import connections
        from django.db.backends.base.base import BaseDatabaseWrapper
        from django.db.backends.signals import connection_created

        self.sql, self.commits, self.statements = 0.0, 0.0, 0
        commit = BaseDatabaseWrapper._commit

        def timed(wrapper: Any) -> Any:
            started = time.perf_counter()
            done = commit(wrapper)
            self.commits += time.perf_counter() - started
            return done

        BaseDatabaseWrapper._commit = timed  # type: ignore[method-assign]

        def count(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
            started = time.perf_counter()
            done = execute(sql, params, many, context)
            self.sql += time.perf_counter() - started
            self.statements += 1
            return done

        def watch(connection: Any, **_: Any) -> None:
            if count not in connection.execute_wrappers:
                connection.execute_wrappers.append(count)

        watch(connections["default"])
        connection_created.connect(watch, weak=False)

    def _spent(self, act: Callable[[], Any]) -> Spent:
        self.sql, self.commits, self.statements = 0.0, 0.0, 0
        started, busy = time.perf_counter(), time.process_time()
        result = act()
        wall, cpu = time.perf_counter() - started, time.process_time() - busy
        return Spent(wall, cpu, self.sql, self.commits, self.statements, result)

    # What it is asked.

    def directory(self) -> bytes:
        """Return its signed directory."""
        from amana.audit.rules import log_name
        from amana.crypto.hybrid import public_of
        from amana.crypto.notes import keys_of
        from amana.crypto.secrets import new_seed
        from amana.crypto.signing import sign_public_of
        from amana.exchange import queries
        from amana.exchange.directory import party_fields, sign_directory

        own = queries.own()
        hands = {"node": own.seed, "desk": self.cast.keys[self.code].seed, "unit": new_seed()}
        fields = {
            "format": "amana/directory/v1",
            "country": self.country,
            "version": 1,
            "expires_at": (self.now + timedelta(days=365)).isoformat(),
            "url": f"http://127.0.0.1:{self.port}",
            "host": "localhost",
            "phone": "000",
            "log": [str(k) for k in keys_of(own.seed, log_name(self.country, 1))],
            **{
                name: party_fields(
                    own.desk if name == "desk" else f"{self.country}/GOV/invented/{name}",
                    {"en": "Invented"},
                    public_of(seed),
                    sign_public_of(seed),
                )
                for name, seed in hands.items()
            },
        }
        return sign_directory(fields, new_seed())

    def pin(self, file: bytes) -> None:
        """Trust the other country."""
        from amana.exchange.actions import pin_peer
        from amana.exchange.directory import fingerprint_in

        self.other = {"CI": "MA", "MA": "CI"}[self.country]
        pin_peer(file=file, fingerprint=fingerprint_in(file), now=self.now, by="bench")

    def together(self, parcel: int, opened: int) -> None:
        """Set how many go through together."""
        from amana.exchange import actions, parcels

        parcels.MOST, actions.AT_ONCE = parcel, opened

    def letters(self, count: int) -> list[Any]:
        """Write so many letters of 2 kB, each in a conversation of its own; not measured."""
        from amana.access.actions.keys import issue_key
        from amana.crypto.secrets import new_id
        from amana.exchange.actions import Letter
        from amana.exchange.tests.builders import offer_body

        made = []
        for _ in range(count):
            body = offer_body()
            body["cover"] |= {"needs": ["SHELTER"] * 12, "language": "x" * 900}
            body["by"] = "x" * 900
            letter = Letter(
                "referral.offer",
                self.other,
                new_id(),
                body,
                legal_basis="CONSENT",
                purpose="CARE_AFTER_RETURN",
            )
            made.append((letter, issue_key(self.code, actor=self.desk)))
        return made

    def post(self, count: int) -> Spent:
        """Post so many letters, each in its own transaction: a person's act."""
        from amana.exchange.actions import post

        waiting = self.letters(count)

        def act() -> list[float]:
            times = []
            for letter, (key_id, key) in waiting:
                started = time.perf_counter()
                post(letter, actor=self.desk, key_id_=key_id, key=key, now=self.now)
                times.append(time.perf_counter() - started)
            return times

        return self._spent(act)

    def deliver(self) -> Spent:
        """Carry all that is due."""
        from amana.exchange.actions.delivery import deliver_due
        from amana.exchange.carrier import carry_nearby

        weights = [0, 0, 0]

        def via(**told: Any) -> Any:
            answer = carry_nearby(**told)
            for n, more in enumerate((1, len(told["parcel"]), len(answer.body))):
                weights[n] += more
            return answer

        def act() -> tuple[int, list[int]]:
            moment = self.now
            return deliver_due(now=moment, clock=lambda: moment, jitter=0.5, via=via), weights

        return self._spent(act)

    def open(self) -> Spent:
        """Open all that waits at the desk."""
        from amana.exchange.actions import open_messages

        return self._spent(lambda: open_messages(actor=self.desk, now=self.now))

    def settle(self, count: int) -> Spent:
        """Sign the final receipt of so many that were opened."""
        from amana.exchange.actions import settle
        from amana.exchange.models import Message
        from amana.exchange.rules import Rank

        rows = Message.objects.filter(is_ours=False, rank=Rank.DELIVERED).exclude(key_id="old")
        mids = list(rows.values_list("pk", flat=True)[:count])

        def act() -> int:
            for mid in mids:
                settle(mid, Rank.ACCEPTED, actor=self.desk, now=self.now)
            return len(mids)

        return self._spent(act)

    def reset(self) -> None:
        """Count from here on."""
        self.sql, self.commits, self.statements = 0.0, 0.0, 0
        self.begun = time.process_time()

    def counted(self) -> Spent:
        """Return what was done for the other node since the last reset."""
        cpu = time.process_time() - self.begun
        return Spent(0.0, cpu, self.sql, self.commits, self.statements)

    def state(self) -> dict[str, Any]:
        """Return what lies here, to see that everything came through."""
        from amana.audit.queries import first_fault
        from amana.exchange import queries
        from amana.exchange.models import Message

        ranks = Message.objects.exclude(key_id="old").values_list("rank", flat=True)
        return {
            "ranks": sorted(ranks),
            "waiting": queries.waiting(),
            "fault": str(first_fault() or ""),
        }

    def weigh(self) -> dict[str, int]:
        """Return what the last message weighs."""
        from amana.exchange.models import Message, Receipt

        row = Message.objects.exclude(key_id="old").order_by("-pk").first()
        assert row is not None
        signed = Receipt.objects.filter(mid=row.mid).values_list("signed", flat=True)
        return {"container": len(row.container), "receipts": sum(len(s) for s in signed)}

    def fill(self, total: int) -> int:
        """Let so many conversations lie here, each with its message and its receipts."""
        from django.db import transaction

        from amana.audit.actions import Act, record_all
        from amana.crypto.secrets import new_id
        from amana.exchange.models import Message, Receipt
        from amana.exchange.rules import LIFETIME, Rank
        from amana.referrals.models import Referral

        is_ours = self.country == "CI"
        lying = Message.objects.filter(key_id="old").count()
        for begun in range(lying, total, 1000):
            mids = [new_id() for _ in range(min(1000, total - begun))]
            convs = [new_id() for _ in mids]
            with transaction.atomic():
                Message.objects.bulk_create(
                    Message(
                        mid=mid,
                        is_ours=is_ours,
                        country=self.other,
                        container=bytes(1024),
                        sha256=mid * 2,
                        outer=bytes(150),
                        expires_at=self.now + LIFETIME,
                        stored_at=self.now,
                        rank=Rank.DELIVERED,
                        kind="referral.offer",
                        conversation=conv,
                        seq=1,
                        written_at=self.now,
                        key_id="old",
                        sealed_body=bytes(300),
                    )
                    for mid, conv in zip(mids, convs, strict=True)
                )
                Receipt.objects.bulk_create(
                    Receipt(
                        mid=mid,
                        is_ours=not is_ours,
                        country=self.other,
                        rank=rank,
                        at=self.now,
                        signed=bytes(256),
                        is_carried=True,
                    )
                    for mid in mids
                    for rank in (Rank.RELAYED, Rank.DELIVERED)
                )
                Referral.objects.bulk_create(
                    Referral(
                        id=conv,
                        code=f"R-{conv[:16]}",
                        is_ours=is_ours,
                        country=self.other,
                        tier="adult",
                        age_band="18_24",
                        sex="F",
                        prepared_at=self.now,
                        key_id="old",
                    )
                    for conv in convs
                )
                acts = [Act("exchange.post", mid) for mid in mids]
                record_all(acts, at=self.now, actor="bench")
        return Message.objects.filter(key_id="old").count()
