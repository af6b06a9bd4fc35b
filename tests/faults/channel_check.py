"""What became of every message, read out of both databases with nothing of Amana but their rows."""

import base64
import hashlib
import json
import sqlite3
from collections import Counter, defaultdict
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Row = dict[str, Any]
QUEUED, DELIVERED = 0, 2


@dataclass
class Books:
    """What one country has on its disk."""

    country: str
    messages: dict[str, Row]
    receipts: dict[tuple[str, int, bool], bytes]
    acts: Counter[tuple[str, str]]
    leaves: list[bytes]
    head: Row
    witnessed: list[Row]
    cosigned: list[Row]
    acknowledged: list[str]

    def sent(self) -> dict[str, Row]:
        return {mid: row for mid, row in self.messages.items() if row["is_ours"]}

    def received(self) -> dict[str, Row]:
        return {mid: row for mid, row in self.messages.items() if not row["is_ours"]}


def read(country: str, data: Path, log: Path) -> Books:
    """Read a node's database, which nobody writes any more."""
    with closing(sqlite3.connect(data / "db" / "amana.sqlite3")) as db:
        db.row_factory = sqlite3.Row

        def rows(sql: str) -> list[Row]:
            return [dict(row) for row in db.execute(sql)]

        acts: Counter[tuple[str, str]] = Counter()
        for row in rows("SELECT event FROM audit_entry WHERE event IS NOT NULL"):
            said = json.loads(row["event"])
            acts[said["verb"], said["subject"]] += 1
        return Books(
            country,
            {row["mid"]: row for row in rows("SELECT * FROM exchange_message")},
            {
                (row["mid"], row["rank"], bool(row["is_ours"])): row["signed"]
                for row in rows("SELECT * FROM exchange_receipt")
            },
            acts,
            [row["leaf"] for row in rows("SELECT leaf FROM audit_entry ORDER BY seq")],
            rows("SELECT * FROM audit_head")[0],
            rows("SELECT * FROM audit_witnessed WHERE size > 0"),
            rows("SELECT * FROM audit_cosigned"),
            log.read_text().split() if log.exists() else [],
        )


def faults(here: Books, there: Books, *, restored: str = "") -> list[str]:
    """Return everything that does not hold between two countries; `restored` lost its last acts."""
    found = []
    for a, b in ((here, there), (there, here)):
        found += [*_exactly_once(a, b, restored), *_in_order(a), *_receipts(a, b, restored)]
        found += [*_nothing_lost(a, b, restored), *_logs(a, b)]
    return found


def _exactly_once(a: Books, b: Books, restored: str) -> list[str]:
    """Every message of a is at b once, the same bytes in the same place, with the same end."""
    found, arrived = [], b.received()
    for mid, row in a.sent().items():
        other = arrived.get(mid)
        if other is None:
            found.append(f"{a.country} {mid}: not in {b.country}")
            continue
        keys = ("sha256", "conversation", "inc", "seq", "refused_for")
        if [row[k] for k in keys] != [other[k] for k in keys]:
            pair = [[one[k] for k in keys[1:]] for one in (row, other)]
            found.append(f"{a.country} {mid}: not the same on both sides {pair}")
        opened = b.acts["exchange.open_message", mid]
        if opened != (0 if row["refused_for"] else 1):
            found.append(f"{b.country} {mid}: opened {opened} times")
        if row["refused_for"] and not restored:
            found.append(f"{a.country} {mid}: refused as {row['refused_for']}")
    for mid, row in arrived.items():
        is_known = mid in a.messages
        if not is_known and (a.country != restored or row["refused_for"] != "forgotten"):
            found.append(f"{b.country} {mid}: nobody sent it, and nobody says that it is forgotten")
    return found


def _in_order(a: Books) -> list[str]:
    """In each conversation, of each sender and incarnation: 1, 2, 3, without a gap or a double."""
    places = defaultdict(list)
    for row in a.messages.values():
        if row["seq"]:
            places[row["conversation"], row["is_ours"], row["inc"]].append(row["seq"])
    return [
        f"{a.country} {conversation}: {sorted(seqs)}"
        for (conversation, *_), seqs in places.items()
        if sorted(seqs) != list(range(1, len(seqs) + 1))
    ]


def _receipts(a: Books, b: Books, restored: str) -> list[str]:
    """What a was told of its messages, b signed; and a believes neither more nor less."""
    found = []
    for mid, row in a.sent().items():
        told = [rank for rank in range(1, 5) if (mid, rank, False) in a.receipts]
        if row["rank"] < DELIVERED or not told or min(max(told), 3) != min(row["rank"], 3):
            found.append(f"{a.country} {mid}: rank {row['rank']} on receipts {told}")
        for rank in told:
            signed = a.receipts[mid, rank, False]
            theirs = b.receipts.get((mid, rank, True))
            # A restored node signs anew what it no longer knows that it signed.
            if signed != theirs and b.country != restored:
                found.append(f"{a.country} {mid}: a receipt of rank {rank} that {b.country} lacks")
    return found


def _nothing_lost(a: Books, b: Books, restored: str) -> list[str]:
    """What people were told was sent is there; or its country was restored, and all know that."""
    found = []
    for mid in a.acknowledged:
        over_there = b.messages.get(mid)
        is_known_lost = a.country == restored and (
            over_there is None or over_there["refused_for"] == "forgotten"
        )
        if mid not in a.messages and not is_known_lost:
            found.append(f"{a.country} {mid}: acknowledged and lost")
    return found


def _logs(a: Books, b: Books) -> list[str]:
    """The head is the tree of the leaves, and what the other vouched for begins it."""
    found = []
    if a.head["size"] != len(a.leaves) or a.head["root"] != _root(a.leaves):
        found.append(f"{a.country}: the head is not that of the entries")
    newest = max((row["origin"] for row in b.witnessed), key=_incarnation, default="")
    # An earlier incarnation of a restored node is another log: it ended where it was lost.
    found += [
        f"{b.country}: saw another {row['origin']} of {row['size']}"
        for row in b.witnessed
        if row["origin"] == newest and row["root"] != _root(a.leaves[: row["size"]])
    ]
    for row in a.cosigned:
        lines = row["note"].decode().split("\n")
        if base64.b64decode(lines[2]) != _root(a.leaves[: int(lines[1])]):
            found.append(f"{a.country}: {row['witness']} vouched for another tree")
    if not b.witnessed:
        found.append(f"{b.country}: has witnessed nothing of {a.country}")
    return found


def _incarnation(origin: str) -> int:
    return int(origin.rpartition("/")[2])


def _root(leaves: list[bytes]) -> bytes:
    """Return the root of RFC 9162, section 2.1.1, written down as it stands there."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + _root(leaves[:k]) + _root(leaves[k:])).digest()


def states(one: Row, other: Row) -> list[str]:
    """Return the referrals of which the two nodes do not say the same."""
    ours, theirs = ({r["conversation"]: r for r in s["referrals"]} for s in (one, other))
    return [
        f"{c}: {ours[c]['state'] if c in ours else 'unknown'} here, "
        f"{theirs[c]['state'] if c in theirs else 'unknown'} there"
        for c in sorted({*ours, *theirs})
        if (ours.get(c) or {"state": "not_offered"})["state"]
        != (theirs.get(c) or {"state": "not_offered"})["state"]
    ]
