"""What makes the record whole. Pure: entries in, the first fault out."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from amana.crypto.secrets import chain_hash, leaf_hash, same

GENESIS = bytes(32)
SALT_SIZE = 32

# One database hands out bytes, the other a view of them.
Stored = bytes | memoryview


class Kept(Protocol):
    """An entry as it is stored."""

    @property
    def seq(self) -> int: ...
    @property
    def leaf(self) -> Stored: ...
    @property
    def chain(self) -> Stored: ...
    @property
    def salt(self) -> Stored | None: ...
    @property
    def event(self) -> Stored | None: ...


@dataclass(frozen=True)
class Fault:
    """The first place where the record is not what was written."""

    seq: int
    what: str


def event_bytes(
    *, at: datetime, actor: str, verb: str, subject: str, codes: Mapping[str, str]
) -> bytes:
    """Return the exact bytes of one event: codes and opaque references only."""
    event = {"at": at.isoformat(), "actor": actor, "verb": verb, "subject": subject, **codes}
    return json.dumps(event, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()


def next_link(previous: bytes, salt: bytes, event: bytes) -> tuple[bytes, bytes]:
    """Return (leaf, chain) of an event that follows `previous`."""
    leaf = leaf_hash(salt, event)
    return leaf, chain_hash(previous, leaf)


def first_fault(entries: Iterable[Kept], *, head_seq: int, head_chain: bytes) -> Fault | None:
    """Return the first altered, missing or cut entry, or None when the record is whole.

    Leaves are hashed by themselves, so that salt and event can be erased one day and the slot still
    prove its place; nothing erases them today, and an emptied entry is an altered one.
    """
    chain, expected = GENESIS, 1
    for entry in entries:
        if entry.seq != expected:
            return Fault(expected, "missing")
        if not _is_as_written(entry, chain):
            return Fault(entry.seq, "altered")
        chain, expected = bytes(entry.chain), expected + 1
    if expected - 1 != head_seq:
        return Fault(expected, "missing" if head_seq >= expected else "added")
    return None if same(chain, bytes(head_chain)) else Fault(head_seq, "altered")


def _is_as_written(entry: Kept, previous: bytes) -> bool:
    fields = (entry.leaf, entry.chain, entry.salt, entry.event)
    # Whoever rewrote it may have left text, or nothing, where bytes were written.
    kept = [bytes(field) for field in fields if isinstance(field, bytes | memoryview)]
    if len(kept) != len(fields):
        return False
    leaf, chain, salt, event = kept
    if len(salt) != SALT_SIZE or not same(leaf_hash(salt, event), leaf):
        return False
    return same(chain_hash(previous, leaf), chain)
