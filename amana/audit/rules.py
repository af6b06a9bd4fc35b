"""What makes a record whole, and what a witness may vouch for. Pure: entries and sizes in."""

import enum
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from amana.crypto import merkle
from amana.crypto.notes import Checkpoint
from amana.crypto.secrets import SIZE, leaf_hash, same

# What says that an entry was emptied on purpose; without it an emptied entry is an altered one.
EMPTIED = "audit.emptied"

# One database hands out bytes, the other a view of them.
Stored = bytes | memoryview


class Kept(Protocol):
    """An entry as it is stored."""

    @property
    def seq(self) -> int: ...
    @property
    def leaf(self) -> Stored: ...
    @property
    def salt(self) -> Stored | None: ...
    @property
    def event(self) -> Stored | None: ...


@dataclass(frozen=True)
class Fault:
    """The first place where the record is not what was written.

    `rewritten` names no entry: every entry agrees with itself, and together they do not make the
    root; whoever did that had to change leaves too, and the partner's cosignature says since when.
    """

    seq: int
    what: str


@dataclass(frozen=True)
class Tree:
    """The head of a log: its size, the roots of its complete subtrees, its root."""

    size: int = 0
    frontier: bytes = b""
    root: bytes = merkle.EMPTY

    def grown(self, leaf: bytes) -> "Tree":
        """Return the head after one more leaf."""
        peaks = merkle.grown(_hashes(self.frontier), self.size, leaf)
        return Tree(self.size + 1, b"".join(peaks), merkle.root_of(peaks))


def log_name(country: str, incarnation: int) -> str:
    """Return the name of a country's log and of its witness.

    A node that was restored from a copy has lost acts that others saw: it begins a new incarnation,
    and so a log of another name, which its root signs.
    """
    return f"amana/{country}/{incarnation}"


def is_log_of(name: str, country: str) -> bool:
    """Say whether a log of this name can be this country's."""
    return re.fullmatch(rf"amana/{re.escape(country)}/[1-9][0-9]{{0,9}}", name) is not None


# What the post office puts on record about one message, under the message's number.
POST_OFFICE_ACTS = frozenset(
    {
        "exchange.post",
        "exchange.receive_receipt",
        "exchange.receive_message",
        "exchange.open_message",
        "exchange.refuse_message",
    }
)


def event_bytes(
    *, at: datetime, actor: str, verb: str, subject: str, codes: Mapping[str, str]
) -> bytes:
    """Return the exact bytes of one event: codes and opaque references only."""
    event = {"at": at.isoformat(), "actor": actor, "verb": verb, "subject": subject, **codes}
    return json.dumps(event, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()


def first_fault(entries: Iterable[Kept], head: Tree) -> Fault | None:
    """Return the first altered, missing or cut entry, or None when the record is whole."""
    faults: list[Fault] = []
    emptied: set[int] = set()
    tree, expected = Tree(), 1
    for entry in entries:
        if entry.seq != expected and not faults:
            faults.append(Fault(expected, "missing"))
        content = _content(entry)
        if content is None and not faults:
            faults.append(Fault(entry.seq, "altered"))
        if content == b"":
            emptied.add(entry.seq)
        # An entry that was emptied is excused by a later one, so all are read whatever was found.
        emptied.discard(_emptied_by(content, entry.seq))
        if not faults:
            tree = tree.grown(bytes(entry.leaf))
        expected = entry.seq + 1
    if emptied:
        faults.append(Fault(min(emptied), "altered"))
    return min(faults, key=lambda f: f.seq) if faults else _fault_of_head(tree, head)


def _fault_of_head(found: Tree, head: Tree) -> Fault | None:
    if found.size != head.size:
        at = min(found.size, head.size) + 1
        return Fault(at, "missing" if head.size > found.size else "added")
    whole = same(found.root, head.root) and same(found.frontier, head.frontier)
    return None if whole else Fault(1, "rewritten")


def _content(entry: Kept) -> bytes | None:
    """Return the event of an entry, nothing (b"") when it was emptied, None when it was altered."""
    if not _is_bytes(entry.leaf) or len(entry.leaf) != SIZE:
        return None
    if entry.salt is None and entry.event is None:
        return b""
    # Whoever rewrote it may have left text, or nothing, where bytes were written.
    if not _is_bytes(entry.salt) or not _is_bytes(entry.event):
        return None
    salt, event = bytes(entry.salt or b""), bytes(entry.event or b"")
    if len(salt) != SIZE or not event:
        return None
    return event if same(leaf_hash(salt, event), bytes(entry.leaf)) else None


def _is_bytes(field: object) -> bool:
    return isinstance(field, bytes | memoryview)


def _emptied_by(content: bytes | None, seq: int) -> int:
    """Return which earlier entry this one says was emptied; 0 for none."""
    if not content or EMPTIED.encode() not in content:
        return 0
    try:
        event = json.loads(content)
        number = int(event["subject"]) if event["verb"] == EMPTIED else 0
    except (ValueError, KeyError, TypeError):
        return 0
    return number if number < seq else 0


def _hashes(data: bytes) -> list[bytes]:
    return [data[i : i + SIZE] for i in range(0, len(data), SIZE)]


# Witnessing.


class Trouble(enum.StrEnum):
    """What an alarm is about."""

    FORKED = "forked"
    SHORTER = "shorter"
    SILENT = "silent"
    # Of its directory: an older one, one of another root, one that its log does not hold.
    ROLLED_BACK = "rolled_back"
    FOREIGN_ROOT = "foreign_root"
    NOT_LOGGED = "not_logged"


class Verdict(enum.StrEnum):
    """What a witness says to a checkpoint."""

    GROWN = "grown"
    SEEN = "seen"
    STALE = "stale"
    FORKED = "forked"
    SHORTER = "shorter"


@dataclass(frozen=True)
class Seen:
    """The last head of a log that this witness vouched for, and when the log had signed it."""

    size: int = 0
    root: bytes = merkle.EMPTY
    signed_at: int = 0


@dataclass(frozen=True)
class Offered:
    """A checkpoint as its log brings it: verified as its own, not yet as the same log's."""

    checkpoint: Checkpoint
    signed_at: int
    old: int
    proof: Sequence[bytes]
    note: bytes


def judge(seen: Seen, offered: Offered) -> Verdict:
    """Say whether this is the log that was seen before, grown, and nothing else.

    A smaller head is an alarm only when the log signed it after the larger one: an old checkpoint
    that somebody sends again is stale, and no rollback.
    """
    size, root = offered.checkpoint.size, offered.checkpoint.root
    if size < seen.size:
        return Verdict.SHORTER if offered.signed_at > seen.signed_at else Verdict.STALE
    if size == seen.size and not same(root, seen.root):
        return Verdict.FORKED
    if offered.old != seen.size:
        return Verdict.STALE
    if size == seen.size:
        is_news = not seen.signed_at or offered.signed_at > seen.signed_at
        return Verdict.GROWN if is_news else Verdict.SEEN
    proved = merkle.is_consistent(seen.size, seen.root, size, root, offered.proof)
    return Verdict.GROWN if proved else Verdict.FORKED
