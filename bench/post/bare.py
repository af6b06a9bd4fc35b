"""The cycle with nothing around it: the same signatures and seals, no table, no request."""

import json
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from amana.crypto import age
from amana.crypto.framing import is_signed_by, pack, read
from amana.crypto.hybrid import SUITE, private_of, public_from, public_of
from amana.crypto.secrets import digest, new_id, new_seed
from amana.crypto.signing import Signer, sign_public_of
from amana.exchange import parcels, rules
from amana.exchange.rules import Outer, Rank, ReceiptNote

BODY = json.dumps({"text": "x" * 2030}).encode()
HEADER = b"h" * 640  # as long as the header of an offer
EXPIRES = "2026-12-21T16:00:00+00:00"


class Hand:
    """Somebody's seed with all that grows from it, grown once."""

    def __init__(self) -> None:
        self.seed = new_seed()
        self.signer = Signer(self.seed)
        self.public, self.verifier = public_of(self.seed), sign_public_of(self.seed)


@dataclass(frozen=True)
class Bytes:
    """What a message and its receipts weigh."""

    body: int
    container: int
    parcel: int
    answer: int
    receipt_parcel: int


class Cycle:
    """Two desks and two nodes, in one process, that hand each other bytes."""

    def __init__(self) -> None:
        self.node, self.desk, self.there, self.their_desk = Hand(), Hand(), Hand(), Hand()

    def run(self, count: int) -> Bytes:
        """Send so many messages in one parcel, all their receipts back; return what one weighs."""
        mids = [new_id() for _ in range(count)]
        outers = [rules.encode(Outer(1, "MA", mid, EXPIRES)) for mid in mids]
        sealed = [self._written() for _ in mids]
        held = zip(outers, sealed, strict=True)
        parcel = self._parcel(parcels.join(p for both in held for p in both), self.node)
        arrived = [c for _, c in parcels.pairs(self._brought(parcel, self.node))]
        notes = self._receipts(mids, arrived, Rank.RELAYED, self.there)
        answer = age.encrypt([self.node.public], parcels.join(notes))
        self._heard(self.node, answer, self.there)
        for container in arrived:
            frame = read(age.decrypt(self.their_desk.seed, container), padded=True)
            assert is_signed_by(frame, rules.ENVELOPE, self.desk.verifier)
        notes = self._receipts(mids, arrived, Rank.DELIVERED, self.their_desk)
        back = self._parcel(age.encrypt([self.node.public], parcels.join(notes)), self.there)
        self._heard(self.node, self._brought(back, self.there), self.their_desk)
        one = len(sealed[0])
        return Bytes(len(BODY), one, len(parcel), len(answer), len(back))

    def _written(self) -> bytes:
        frame = pack(rules.ENVELOPE, HEADER, BODY, self.desk.signer, padded=True)
        return age.encrypt([self.their_desk.public], frame)

    def _parcel(self, body: bytes, by: Hand) -> bytes:
        outer = rules.encode(Outer(1, "MA", new_id(), EXPIRES))
        return pack(rules.PARCEL, outer, body, by.signer, padded=False)

    def _brought(self, parcel: bytes, by: Hand) -> bytes:
        frame = read(parcel, padded=False)
        assert is_signed_by(frame, rules.PARCEL, by.verifier)
        return frame.body

    def _receipts(
        self, mids: Sequence[str], containers: Sequence[bytes], rank: Rank, by: Hand
    ) -> list[bytes]:
        return [
            parcels.signed_note(
                ReceiptNote(1, mid, rank, digest(c).hex(), EXPIRES, "MA", ""), by.signer
            )
            for mid, c in zip(mids, containers, strict=True)
        ]

    def _heard(self, to: Hand, sealed: bytes, by: Hand) -> None:
        for signed in parcels.part(age.decrypt(to.seed, sealed)):
            frame = read(signed, padded=True)
            assert is_signed_by(frame, rules.RECEIPT, by.verifier)


class Published:
    """The cycle of performance.md §8: Ed25519, hybrid HPKE, one durable row; no receipt."""

    def __init__(self, folder: Path) -> None:
        seed = new_seed()
        self.hand = Ed25519PrivateKey.generate()
        self.verifier = self.hand.public_key()
        self.private, self.public = private_of(seed), public_from(public_of(seed))
        self.base = sqlite3.connect(folder / "published.sqlite3", isolation_level=None)
        self.base.executescript(
            "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;"
            "CREATE TABLE IF NOT EXISTS message (mid TEXT PRIMARY KEY, body BLOB)"
        )

    def run(self, count: int) -> None:
        """Take so many messages through, committed together."""
        rows = []
        for _ in range(count):
            signed = self.hand.sign(BODY) + BODY
            opened = SUITE.decrypt(SUITE.encrypt(signed, self.public, b""), self.private, b"")
            self.verifier.verify(opened[:64], opened[64:])
            rows.append((new_id(), opened))
        self.base.execute("BEGIN IMMEDIATE")
        self.base.executemany("INSERT INTO message VALUES (?, ?)", rows)
        self.base.execute("COMMIT")


def per_second(run: object, total: int, together: int) -> tuple[float, float]:
    """Return how many a second went through, and how many a second of processor time."""
    started, busy = time.perf_counter(), time.process_time()
    for _ in range(total // together):
        run(together)  # type: ignore[operator]
    spent, worked = time.perf_counter() - started, time.process_time() - busy
    return total / spent, total / worked
