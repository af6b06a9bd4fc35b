"""What one request between nodes carries: many messages or receipts under one signature.

    parcel  = frame(header: to, number, expiry | body) signed by the node that brings it
    body    = of messages: for each its outer header and its container
              of receipts: for each the signed receipt; the whole sealed to the other node
    answer  = to messages: for each a reason or the signed receipt; the whole sealed to the caller
              to receipts: for each a reason or nothing

Every piece stands behind its length (u32, big-endian). The signature says who brings the parcel and
that it came whole; each piece in it is then judged by itself.
"""

import struct
from collections.abc import Iterable, Sequence
from datetime import datetime

from amana.crypto import age
from amana.crypto.framing import BadFrame, Frame, pack, read
from amana.crypto.secrets import CannotOpen, Seed, new_id
from amana.crypto.signing import Signer
from amana.exchange import rules, trust
from amana.exchange.directory import Directory
from amana.exchange.rules import Outer, Reason, ReceiptNote, Unacceptable

# So many travel together at most. A node judges them in one transaction, and nobody waits for it
# longer than a moment.
MOST = 32
WIDTH = struct.calcsize(">I")


def join(pieces: Iterable[bytes]) -> bytes:
    """Return the pieces in one, each behind its length."""
    return b"".join(part for piece in pieces for part in (struct.pack(">I", len(piece)), piece))


def part(data: bytes, *, most: int = MOST) -> list[bytes]:
    """Take pieces apart; raises Unacceptable where some are missing, or there are too many."""
    pieces, at = [], 0
    while at < len(data):
        end = at + WIDTH
        if end > len(data):
            raise Unacceptable(Reason.TRUNCATED)
        at, end = end, end + struct.unpack_from(">I", data, at)[0]
        if end > len(data):
            raise Unacceptable(Reason.TRUNCATED)
        pieces.append(data[at:end])
        at = end
        if len(pieces) > most:
            raise Unacceptable(Reason.MALFORMED)
    return pieces


def pairs(data: bytes) -> list[tuple[bytes, bytes]]:
    """Take pairs of pieces apart; raises Unacceptable."""
    pieces = part(data, most=2 * MOST)
    if len(pieces) % 2:
        raise Unacceptable(Reason.TRUNCATED)
    return list(zip(pieces[::2], pieces[1::2], strict=True))


def close(body: bytes, *, to: str, signer: Signer, now: datetime) -> bytes:
    """Return the parcel: signed by this node, for that country."""
    outer = Outer(1, to, new_id(), (now + rules.LIFETIME).isoformat())
    return pack(rules.PARCEL, rules.encode(outer), body, signer, padded=False)


def opened(parcel: bytes, directory: Directory, *, own_country: str, now: datetime) -> bytes:
    """Return the body of a parcel that this node brought to this country; raises Unacceptable."""
    if len(parcel) > rules.LARGEST_PARCEL:
        raise Unacceptable(Reason.MALFORMED)
    read_parcel = frame(parcel, padded=False)
    signer = trust.signer_of(read_parcel, rules.PARCEL, directory, "node", now=now)
    if signer is None:
        raise Unacceptable(Reason.CHANGED)
    # What a machine carries comes now: a revoked key of a node carries nothing more.
    trust.check_not_revoked(signer, directory, written_at=now, came_at=now)
    rules.check_outer(rules.read_outer(read_parcel.header), own_country=own_country, now=now)
    return read_parcel.body


def frame(data: bytes, *, padded: bool) -> Frame:
    """Take a frame apart; raises Unacceptable."""
    try:
        return read(data, padded=padded)
    except BadFrame as bad:
        raise Unacceptable(Reason(bad.reason)) from None


def sealed_to(directory: Directory, pieces: Iterable[bytes]) -> bytes:
    """Return pieces that only the other node takes apart."""
    return age.encrypt([directory.node.public], join(pieces))


def unsealed(seed: Seed, sealed: bytes) -> bytes:
    """Return what was sealed to this node; raises Unacceptable."""
    try:
        return age.decrypt(seed, sealed)
    except CannotOpen:
        raise Unacceptable(Reason.NOT_FOR_US) from None


def signed_note(note: ReceiptNote, signer: Signer) -> bytes:
    """Return a receipt in the hand of whoever vouches."""
    return pack(rules.RECEIPT, rules.encode(note), b"", signer, padded=True)


def read_note(signed: bytes, directory: Directory, now: datetime) -> ReceiptNote:
    """Return what a receipt says when the right hand of that country signed it.

    The node vouches only for arrival; every higher rank is the desk's word. Raises Unacceptable.
    """
    found = frame(signed, padded=True)
    note = rules.read_receipt(found.header)
    party = "node" if note.rank == rules.Rank.RELAYED else "desk"
    signer = trust.signer_of(found, rules.RECEIPT, directory, party, now=now)
    if signer is None:
        raise Unacceptable(Reason.CHANGED)
    trust.check_not_revoked(signer, directory, written_at=rules.moment(note.at), came_at=now)
    return note


def reasons(data: bytes, count: int) -> list[Reason | None]:
    """Return what a node said to each of so many receipts; raises Unacceptable for another count.

    Nobody signed it: at most it makes this node send a receipt once more.
    """
    said = [reason_in(piece) for piece in part(data)]
    if len(said) != count:
        raise Unacceptable(Reason.TRUNCATED)
    return said


def reason_in(piece: bytes) -> Reason | None:
    """Return a reason as it travels; raises Unacceptable for words that are none."""
    try:
        return Reason(piece.decode()) if piece else None
    except ValueError:
        raise Unacceptable(Reason.MALFORMED) from None


def as_piece(reason: Reason | None) -> bytes:
    """Return a reason as it travels: nothing for none."""
    return reason.value.encode() if reason else b""


def fitting(sizes: Sequence[int]) -> int:
    """Return how many of these, from the first on, travel together: one at least."""
    room, count = rules.ROOM, 0
    for size in sizes:
        if count and size > room:
            break
        room, count = room - size, count + 1
    return count
