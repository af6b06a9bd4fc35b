"""What became of every message, read out of both databases with nothing of Amana but their rows.

Signatures are judged by `tools/verify_evidence.py`, the program for strangers; the tree of the
record is made here, out of what each entry says. `faults` returns a sentence for each thing that
does not hold; that it sees what it is for is shown by `channel_tamper`.
"""

import base64
import hashlib
import json
import re
import sqlite3
from collections import Counter, defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from tools import verify_evidence as stranger

Row = dict[str, Any]
DELIVERED, REFUSED = 2, 4
RECEIVED, OPENED = "exchange.receive_message", "exchange.open_message"
REFUSAL, POSTED = "exchange.refuse_message", "exchange.post"
ACCEPTS = {3: "referral.accept", 4: "referral.refuse"}
DATABASE = Path("db", "amana.sqlite3")


@dataclass
class Books:
    """What one country has on its disk."""

    country: str
    messages: dict[str, Row]
    receipts: dict[tuple[str, int, bool], bytes]
    # Every entry of the record: leaf, salt and what it says.
    entries: list[tuple[bytes, bytes | None, bytes | None]]
    head: Row
    witnessed: list[Row]
    cosigned: list[Row]
    alarms: list[Row]
    # What it published itself and what it holds of the other, oldest first.
    directories: list[str]
    root_of_the_other: str
    acknowledged: list[str]
    states: dict[str, str] = field(default_factory=dict)

    def sent(self) -> dict[str, Row]:
        return {mid: row for mid, row in self.messages.items() if row["is_ours"]}

    def received(self) -> dict[str, Row]:
        return {mid: row for mid, row in self.messages.items() if not row["is_ours"]}

    @cached_property
    def acts(self) -> dict[tuple[str, str], list[int]]:
        """Return where the record says what: the places of its entries, by verb and subject."""
        found = defaultdict(list)
        for at, (_leaf, _salt, event) in enumerate(self.entries, 1):
            if event is not None:
                said = json.loads(event)
                found[said["verb"], said["subject"]].append(at)
        return found

    def times(self, verb: str, subject: str) -> int:
        return len(self.acts.get((verb, subject), ()))


def read(country: str, data: Path, log: Path) -> Books:
    """Read a node's database, which nobody writes any more."""
    with closing(sqlite3.connect(data / DATABASE)) as db:
        db.row_factory = sqlite3.Row

        def rows(sql: str) -> list[Row]:
            return [dict(row) for row in db.execute(sql)]

        (peer,) = rows("SELECT * FROM exchange_peer")
        published = rows("SELECT file FROM exchange_published ORDER BY version")
        return Books(
            country,
            {row["mid"]: row for row in rows("SELECT * FROM exchange_message")},
            {
                (row["mid"], row["rank"], bool(row["is_ours"])): row["signed"]
                for row in rows("SELECT * FROM exchange_receipt")
            },
            [
                tuple(r)
                for r in db.execute("SELECT leaf, salt, event FROM audit_entry ORDER BY seq")
            ],
            rows("SELECT * FROM audit_head")[0],
            rows("SELECT * FROM audit_witnessed WHERE size > 0"),
            rows("SELECT * FROM audit_cosigned"),
            rows("SELECT * FROM audit_alarm WHERE ended_at IS NULL"),
            [bytes(row["file"]).decode() for row in (*published, {"file": peer["directory"]})],
            "".join(peer["pinned_root"].split()),
            log.read_text().split() if log.exists() else [],
        )


def faults(here: Books, there: Books, *, restored: str = "") -> list[str]:
    """Return everything that does not hold between two countries; `restored` lost its last acts."""
    known = _directories(here, there)
    found = _same_stories(here, there, restored)
    for a, b in ((here, there), (there, here)):
        found += [*_exactly_once(a, b, restored), *_in_order(a), *_opened_in_order(a)]
        found += [*_receipts(a, b, restored, known), *_nothing_lost(a, b, restored)]
        found += [*_record(a), *_vouched(a, b, known)]
        found += [f"{a.country}: alarm {row['kind']} over {row['country']}" for row in a.alarms]
    return found


# Messages.


def _is_forgotten(row: Row, sender: str, restored: str) -> bool:
    """Say whether the other country forgot that it said this, and this one knows."""
    return sender == restored and row["refused_for"] == "forgotten"


def _exactly_once(a: Books, b: Books, restored: str) -> list[str]:
    """Every message of a is at b once, the same bytes in the same place, with the same end."""
    found, arrived = [], b.received()
    for mid, row in a.sent().items():
        if row["container"] and hashlib.sha256(row["container"]).hexdigest() != row["sha256"]:
            found.append(f"{a.country} {mid}: its bytes are not those of its digest")
        if a.times(POSTED, mid) != 1:
            found.append(f"{a.country} {mid}: posted {a.times(POSTED, mid)} times")
        if row["refused_for"] and not restored:
            found.append(f"{a.country} {mid}: refused as {row['refused_for']}")
        found += _arrived_as(row, arrived.get(mid), b)
    for mid, row in arrived.items():
        if mid not in a.messages and not _is_forgotten(row, a.country, restored):
            found.append(f"{b.country} {mid}: nobody sent it, and nobody says that it is forgotten")
    return found


def _arrived_as(row: Row, other: Row | None, b: Books) -> list[str]:
    """Compare a message that was sent with what became of it at b."""
    mid = row["mid"]
    if other is None:
        return [f"{mid}: not in {b.country}"]
    found = []
    keys = ("sha256", "conversation", "inc", "seq", "refused_for")
    if [row[k] for k in keys] != [other[k] for k in keys]:
        pair = [[one[k] for k in keys[1:]] for one in (row, other)]
        found.append(f"{mid}: not the same on both sides {pair}")
    if b.times(RECEIVED, mid) != 1:
        found.append(f"{b.country} {mid}: received {b.times(RECEIVED, mid)} times")
    if b.times(OPENED, mid) != (0 if row["refused_for"] else 1):
        found.append(f"{b.country} {mid}: opened {b.times(OPENED, mid)} times")
    return found


def _in_order(a: Books) -> list[str]:
    """In each conversation, of each sender and incarnation: 1, 2, 3, without a gap or a double."""
    places = defaultdict(list)
    for row in a.messages.values():
        if row["seq"]:
            places[row["conversation"], row["is_ours"], row["inc"]].append(row["seq"])
    return [
        f"{a.country} {conversation}: numbers {sorted(seqs)}"
        for (conversation, *_), seqs in places.items()
        if sorted(seqs) != list(range(1, len(seqs) + 1))
    ]


def _opened_in_order(a: Books) -> list[str]:
    """The record says that each was posted, and opened or refused for good, after the one before.

    The numbers are those of the rows; the order is that of the entries of the record.
    """
    places = defaultdict(list)
    for mid, row in a.messages.items():
        # What was refused for good was never opened; what was forgotten there was opened here,
        # and before that perhaps refused until the one before it had come.
        verb = POSTED if row["is_ours"] else OPENED
        at = a.acts.get((verb, mid)) or a.acts.get((REFUSAL, mid))
        if row["seq"] and at:
            place = (row["inc"], row["seq"], at[-1])
            places[row["conversation"], row["is_ours"]].append(place)
    return [
        f"{a.country} {conversation}: {'posted' if is_ours else 'opened'} out of order"
        for (conversation, is_ours), said in places.items()
        if [at for *_, at in sorted(said)] != sorted(at for *_, at in said)
    ]


def stories(a: Books, of: dict[str, str], restored: str) -> dict[str, str]:
    """Return a digest of each conversation as a country has it: who said what, in which order."""
    said = defaultdict(list)
    for mid, row in a.messages.items():
        sender = a.country if row["is_ours"] else of[a.country]
        if row["conversation"] and not _is_forgotten(row, sender, restored):
            kind = "" if row["refused_for"] else f"{row['kind']} {row['in_reply_to']}"
            line = f"{sender} {row['inc']:010} {row['seq']:05} {mid} {row['sha256']} {kind}"
            said[row["conversation"]].append(f"{line} {row['refused_for']}")
    return {
        conversation: hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()
        for conversation, lines in said.items()
    }


def _same_stories(here: Books, there: Books, restored: str) -> list[str]:
    of = {here.country: there.country, there.country: here.country}
    ours, theirs = (stories(one, of, restored) for one in (here, there))
    return [
        f"{conversation}: another story in {here.country} than in {there.country}"
        for conversation in sorted({*ours, *theirs})
        if ours.get(conversation) != theirs.get(conversation)
    ]


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


# Receipts.


def _receipts(a: Books, b: Books, restored: str, known: "Known") -> list[str]:
    """What a was told of its messages, b signed and did; a believes neither more nor less."""
    found, told = [], defaultdict(set)
    for (mid, rank, is_ours), signed in a.receipts.items():
        if not is_ours:
            told[mid].add(rank)
            if not _was_done_before(b, mid, rank, restored):
                found += _done(b, mid, rank)
            found += _true(a, b, (mid, rank), bytes(signed), known)
            # A restored node signs anew what it no longer knows that it signed.
            if signed != b.receipts.get((mid, rank, True)) and b.country != restored:
                found.append(f"{a.country} {mid}: a receipt of rank {rank} that {b.country} lacks")
    for mid, row in a.sent().items():
        ranks = told[mid]
        if row["rank"] < DELIVERED or min(max(ranks, default=0), 3) != min(row["rank"], 3):
            found.append(f"{a.country} {mid}: rank {row['rank']} on receipts {sorted(ranks)}")
        signed_there = {r for r in range(1, 5) if (mid, r, True) in b.receipts}
        # The first travels with the answer alone. Where that was lost and a person opened the
        # message before it came again, a higher one says more, and it does not come again.
        if signed_there - ranks - ({1} if max(ranks, default=0) > 1 else set()):
            found.append(f"{a.country} {mid}: {sorted(signed_there - ranks)} did not reach it")
    return found


def _true(a: Books, b: Books, of: tuple[str, int], signed: bytes, known: "Known") -> list[str]:
    """Say what is wrong with a receipt: its signature, its words, or that it was not done."""
    mid, rank = of
    row = a.messages.get(mid)
    if row is None or not row["is_ours"]:
        return [f"{a.country} {mid}: a receipt of what it never sent"]
    says = _said(signed, mid, row["sha256"], b.country, known.signers[b.country])
    if isinstance(says, str):
        return [f"{a.country} {mid}: no true receipt of rank {rank}: {says}"]
    found = []
    if says != rank:
        found.append(f"{a.country} {mid}: a receipt of rank {says} kept as {rank}")
    return found


def _done(b: Books, mid: str, rank: int) -> list[str]:
    return [] if _did(b, mid, rank) else [f"{b.country} {mid}: signed {rank} and did not do it"]


def _was_done_before(b: Books, mid: str, rank: int, restored: str) -> bool:
    """Say whether a country opened a message, was restored, and refused it when it came again.

    So it goes with an answer to a question that it had forgotten. It knows nothing of that receipt.
    """
    is_unknown = b.country == restored and (mid, rank, True) not in b.receipts
    return is_unknown and rank == DELIVERED and bool(b.messages[mid]["refused_for"])


@cache
def _said(signed: bytes, mid: str, sha256: str, country: str, signers: str) -> int | str:
    """Return the rank that a receipt truly says of these bytes, or what is wrong with it.

    Kept, since one look after another asks of the same bytes.
    """
    message = {"mid": mid, "sha256": sha256, "to": country}
    try:
        return stranger.read_receipt(signed, message, {country: json.loads(signers)})[0]
    except Exception as wrong:  # noqa: BLE001 - whatever does not verify proves nothing
        return repr(wrong)


def _did(b: Books, mid: str, rank: int) -> bool:
    """Say whether a country did what a receipt of it says: by its record, or by its answer."""
    row = b.messages.get(mid)
    if row is None or row["is_ours"]:
        return False
    if rank == 1:
        return b.times(RECEIVED, mid) > 0
    if rank == DELIVERED:
        return b.times(OPENED, mid) > 0
    if rank == REFUSED and row["refused_for"]:
        return b.times(REFUSAL, mid) > 0
    return any(
        one["is_ours"] and one["kind"] == ACCEPTS[rank] and one["in_reply_to"] == mid
        for one in b.messages.values()
        if one["conversation"] == row["conversation"]
    )


# The records.


@dataclass
class Known:
    """What both countries' roots signed: by the name of the log, and the newest of each country."""

    by_log: dict[str, Any]
    signers: dict[str, str]


def _directories(here: Books, there: Books) -> Known:
    roots = {here.root_of_the_other, there.root_of_the_other}
    read_ = [
        stranger.read_directory(file, roots)[1] for file in (*here.directories, *there.directories)
    ]
    read_.sort(key=lambda fields: int(fields["version"]))
    return Known(
        {fields["log"][0].split("+")[0]: fields for fields in read_},
        {
            fields["country"]: json.dumps({party: fields[party] for party in ("node", "desk")})
            for fields in read_
        },
    )


def _record(a: Books) -> list[str]:
    """Every entry is the leaf of what it says, and the head is the tree of all of them."""
    found = [
        f"{a.country}: entry {at} says something else than its leaf"
        for at, (leaf, salt, event) in enumerate(a.entries, 1)
        if salt is not None
        and event is not None
        and hashlib.sha256(b"\0" + salt + event).digest() != leaf
    ]
    if a.head["size"] != len(a.entries) or a.head["root"] != root_of(_leaves(a)):
        found.append(f"{a.country}: the head is not that of the entries")
    return found


def _vouched(a: Books, b: Books, known: Known) -> list[str]:
    """What each vouched for of the other's log begins the log as it stands, and is truly signed."""
    found, leaves = [], _leaves(a)
    for row in a.cosigned:
        note = bytes(row["note"]).decode()
        origin, size, root = note.split("\n")[:3]
        ends = {a.country: known.by_log[origin], b.country: known.by_log[row["witness"]]}
        try:
            stranger.read_checkpoint(note, a.country, ends)
        except Exception as wrong:  # noqa: BLE001 - whatever does not verify proves nothing
            found.append(f"{a.country}: {row['witness']} did not vouch for {size}: {wrong!r}")
        if base64.b64decode(root) != root_of(leaves[: int(size)]) or int(size) > len(leaves):
            found.append(f"{a.country}: {row['witness']} vouched for another tree of {size}")
    newest = max((row["origin"] for row in b.witnessed), key=_incarnation, default="")
    for row in b.witnessed:
        try:
            _signed_by_log(bytes(row["note"]).decode(), known.by_log[row["origin"]])
        except Exception as wrong:  # noqa: BLE001
            found.append(f"{b.country}: {row['origin']} did not sign {row['size']}: {wrong!r}")
        # An earlier incarnation of a restored node is another log: it ended where it was lost.
        is_same = row["root"] == root_of(leaves[: row["size"]]) and row["size"] <= len(leaves)
        if row["origin"] == newest and not is_same:
            found.append(f"{b.country}: saw another {row['origin']} of {row['size']}")
    if not b.witnessed or not a.cosigned:
        found.append(f"{b.country}: has vouched for nothing of {a.country}")
    return found


def _signed_by_log(note: str, fields: Any) -> None:
    text, _, under = note.rpartition("\n\n")
    lines = {}
    for line in under.splitlines():
        name, signature = re.fullmatch(r"— (\S+) (\S+)", line).groups()  # type: ignore[union-attr]
        data = base64.b64decode(signature)
        lines[name, data[:4]] = data[4:]
    stranger.checked_by(fields["log"], (1, 6), lines, text + "\n")


def _incarnation(origin: str) -> int:
    return int(origin.rpartition("/")[2])


def _leaves(a: Books) -> list[bytes]:
    return [leaf for leaf, _salt, _event in a.entries]


def root_of(leaves: list[bytes]) -> bytes:
    """Return the root of RFC 9162, section 2.1.1, written down as it stands there."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root_of(leaves[:k]) + root_of(leaves[k:])).digest()


# What both say of themselves.


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


def figures(here: Books, there: Books) -> Counter[str]:
    """Return what the books tell besides: for the page, not to judge."""
    found: Counter[str] = Counter()
    for a, b in ((here, there), (there, here)):
        found["messages"] += sum(not row["refused_for"] for row in a.sent().values())
        found["conversations"] = max(
            found["conversations"], len({row["conversation"] for row in a.messages.values()})
        )
        found["receipts verified"] += sum(not is_ours for *_, is_ours in a.receipts)
        found["entries of both records"] += len(a.entries)
        found["forgotten by the restored"] += sum(
            row["refused_for"] == "forgotten" for row in a.received().values()
        )
        found["refused at the desk after the restore"] += sum(
            row["refused_for"] not in ("", "forgotten") for row in a.received().values()
        )
        found["arrivals whose receipt was overtaken by that of the opening"] += sum(
            (mid, 1, False) not in a.receipts and row["rank"] > 1 for mid, row in a.sent().items()
        )
        found["acknowledged to people"] += len(a.acknowledged)
        found["lost with the disk and never sent"] += sum(
            mid not in a.messages and mid not in b.messages for mid in a.acknowledged
        )
        for _leaf, _salt, event in a.entries:
            said = json.loads(event) if event else {}
            if said.get("verb") == REFUSAL:
                found[f"refused or held: {said.get('reason')}"] += 1
    return found
