"""What may follow what in a partner's directory, and whose signature counts. Pure: bytes in.

A root is compared by people and pinned. From then on a newer directory is taken over by itself when
the pinned root signed it, or the one that the pinned root announced; when its number is higher; and
when it stands in the country's log under a checkpoint that this node vouched for, so that no root
that was stolen can show one directory to us and another to its own country.
"""

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from amana.crypto import merkle, notes
from amana.crypto.framing import Frame, is_signed_by
from amana.crypto.secrets import SIZE, Seed, digest, leaf_hash
from amana.crypto.signing import key_id, sign, sign_public_of, verify
from amana.exchange import rules
from amana.exchange.directory import Directory, Former, Party, fingerprint_in, open_directory
from amana.exchange.rules import Reason, Unacceptable

# How long a directory holds, when a person is reminded, how long an old key counts beside the new.
LIFE, REMINDER, OVERLAP = timedelta(days=30), timedelta(days=10), timedelta(days=30)
PUBLISHED = "exchange.publish_directory"
PARTIES = ("node", "desk", "unit")


@dataclass(frozen=True)
class Pinned:
    """What is held of a partner: the root, and the last directory that was taken over."""

    root: str
    file: bytes


@dataclass(frozen=True)
class Head:
    """The head of a partner's log that this node vouched for last."""

    origin: str
    size: int
    root: bytes


def newer(held: Pinned, file: bytes, *, now: datetime) -> tuple[Directory, str]:
    """Return the directory that follows the one held, and the root to pin from now on.

    Raises Unacceptable: replayed for the very bytes that are held, rolled_back for a lower number
    or other bytes under the same, unknown_sender for a root that is neither pinned nor announced.
    """
    if file == held.file:
        raise Unacceptable(Reason.REPLAYED)
    # What a lapsed directory announced still stands: its root signed it.
    last = open_directory(held.file, pinned=held.root, now=now, grace=rules.FOR_EVER)
    root = fingerprint_in(file)
    if root not in {held.root, last.next_root}:
        raise Unacceptable(Reason.UNKNOWN_SENDER)
    found = open_directory(file, pinned=root, now=now)
    if found.country != last.country:
        raise Unacceptable(Reason.NOT_THEIRS)
    if found.version <= last.version:
        raise Unacceptable(Reason.ROLLED_BACK)
    _check_keys(last, found)
    return found, root


def _check_keys(last: Directory, found: Directory) -> None:
    """Refuse a revocation that is taken back, and a former key that did not hand over itself."""
    if any(found.revoked.get(name, since) > since for name, since in last.revoked.items()):
        raise Unacceptable(Reason.CONFLICT)
    if set(last.revoked) - set(found.revoked):
        raise Unacceptable(Reason.CONFLICT)
    for row in found.former:
        if row.party not in PARTIES:
            raise Unacceptable(Reason.MALFORMED)
        if not verify(row.signer, row.cross, rules.CROSS, party_of(found, row.party).signer):
            raise Unacceptable(Reason.CHANGED)


def cross_signed(old: Seed, party: str, new_signer: bytes, *, now: datetime) -> dict[str, Any]:
    """Return the row with which a party's old key hands over to the new one."""
    cross = sign(old, rules.CROSS, new_signer)
    return rows_of([Former(party, sign_public_of(old), now + OVERLAP, cross)], now=now)[0]


def rows_of(former: Iterable[Former], *, now: datetime) -> list[dict[str, Any]]:
    """Return former keys as they stand in the file, without those whose overlap is over."""
    return [
        {
            "party": row.party,
            "signer": base64.b64encode(row.signer).decode(),
            "until": row.until.isoformat(),
            "cross": base64.b64encode(row.cross).decode(),
        }
        for row in former
        if now <= row.until
    ]


# Proof that a directory stands in the country's own log.


def check_logged(file: bytes, proof: bytes, seen: Head | None) -> None:
    """Refuse a directory that is no entry of the log, under the head that this node vouched for.

    Raises Unacceptable with not_logged; with out_of_order for a proof under another head, which
    the sender makes anew. No signature in the proof is looked at: the head here is the one whose
    signatures were verified when it was witnessed.
    """
    try:
        read = notes.read_proof(proof)
        under = notes.read_checkpoint(notes.read_note(read.note).text)
        if seen is None or (under.origin, under.size) != (seen.origin, seen.size):
            raise Unacceptable(Reason.OUT_OF_ORDER)
        salt, event = read.extra[:SIZE], read.extra[SIZE:]
        said = json.loads(event)
        is_about_it = said["verb"] == PUBLISHED and said["sha256"] == digest(file).hex()
        stands = merkle.is_included(
            leaf_hash(salt, event), read.index, seen.size, read.hashes, seen.root
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        is_about_it = stands = False
    if not (is_about_it and stands):
        raise Unacceptable(Reason.NOT_LOGGED)


# Whose signature counts.


def party_of(directory: Directory, name: str) -> Party:
    """Return one of the three parties of a directory."""
    found: Mapping[str, Party] = {
        "node": directory.node,
        "desk": directory.desk,
        "unit": directory.unit,
    }
    return found[name]


def signers(directory: Directory, party: str, *, now: datetime) -> list[bytes]:
    """Return the keys that sign for a party now: its own, and a former one in its overlap."""
    former = [row.signer for row in directory.former if row.party == party and now <= row.until]
    return [party_of(directory, party).signer, *former]


def signer_of(
    frame: Frame, context: bytes, directory: Directory, party: str, *, now: datetime
) -> bytes | None:
    """Return the key of a party that signed a frame, or None when none of them did."""
    keys = signers(directory, party, now=now)
    return next((key for key in keys if is_signed_by(frame, context, key)), None)


def check_not_revoked(
    signer: bytes, directory: Directory, *, written_at: datetime, came_at: datetime
) -> None:
    """Refuse what a revoked key signed after its revocation; hold what only says that it did not.

    Whoever stole a key can date a message back, so only what lay here before the revocation counts
    by itself. Raises Unacceptable: revoked, or in_doubt, which a person at the desk settles.
    """
    since = directory.revoked.get(key_id(signer))
    if since is None:
        return
    if written_at >= since:
        raise Unacceptable(Reason.REVOKED)
    if came_at >= since:
        raise Unacceptable(Reason.IN_DOUBT)
