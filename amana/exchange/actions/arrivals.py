"""What other nodes bring: parcels of messages and of receipts. Opens no message, holds no desk key.

All that a parcel brought is judged piece by piece and stored in one transaction; the answer leaves
after its commit. The same bytes again have no effect and get the same receipt.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from amana.access.actions.keys import issue_keys
from amana.access.rules import DESK
from amana.audit.actions import Act, record, record_all
from amana.crypto.boxes import seal
from amana.crypto.secrets import digest
from amana.crypto.signing import Signer
from amana.exchange import parcels, queries, rules
from amana.exchange.directory import Directory
from amana.exchange.models import Message, Receipt
from amana.exchange.rules import Rank, Reason, ReceiptNote, Unacceptable

REFUSED_MESSAGE, REFUSED_RECEIPT = "exchange.refuse_message", "exchange.refuse_receipt"


def receive_messages(parcel: bytes, *, caller: str, now: datetime) -> bytes:
    """Store the sealed messages that another node brought; return its answer, a receipt for each.

    Other bytes under a known number are a conflict, and what is refused stops none of the others.
    Raises Unacceptable for a parcel that is not that node's, after the refusal is on record.
    """
    try:
        directory = _caller(caller, now)
        body = _body(parcel, directory, now)
        brought = [_looked_at(outer, container, now) for outer, container in parcels.pairs(body)]
    except Unacceptable as refused:
        _refuse(REFUSED_MESSAGE, caller, refused.reason, now)
        raise
    try:
        said = _stored(brought, caller, now)
    except IntegrityError:
        # The same parcel came twice at once; what the other one stored is known by now.
        said = _stored(brought, caller, now)
    return parcels.sealed_to(directory, (piece for answer in said for piece in answer))


def receive_receipts(parcel: bytes, *, caller: str, now: datetime) -> bytes:
    """Take the receipts that another node brought; return for each why it was refused, or nothing.

    Raises Unacceptable for a parcel that is not that node's, after the refusal is on record.
    """
    try:
        directory = _caller(caller, now)
        sealed = _body(parcel, directory, now)
        signed = parcels.part(parcels.unsealed(queries.own().seed, sealed))
    except Unacceptable as refused:
        _refuse(REFUSED_RECEIPT, caller, refused.reason, now)
        raise
    return parcels.join(parcels.as_piece(r) for r in take_receipts(signed, directory, now))


def _caller(country: str, now: datetime) -> Directory:
    return queries.peer_directory(country, now, grace=rules.READING_GRACE)


def _body(parcel: bytes, directory: Directory, now: datetime) -> bytes:
    return parcels.opened(parcel, directory, own_country=queries.own().country, now=now)


def _refuse(verb: str, caller: str, reason: Reason, now: datetime) -> None:
    # The caller's name is not verified here, so only a country code is put on record.
    known = caller if len(caller) == 2 and caller.isalpha() else "??"
    record(at=now, actor="node", verb=verb, subject=known, reason=reason.value)


# Messages.


@dataclass(frozen=True)
class _Brought:
    """One message of a parcel: bytes with a number and an expiry, or why it is refused."""

    outer: bytes
    container: bytes
    sha256: str
    mid: str
    expires_at: datetime
    refused: Reason | None = None


def _looked_at(outer: bytes, container: bytes, now: datetime) -> _Brought:
    sha256 = digest(container).hex()
    try:
        read = rules.read_outer(outer)
        rules.check_outer(read, own_country=queries.own().country, now=now)
    except Unacceptable as refused:
        return _Brought(outer, container, sha256, "", now, refused.reason)
    return _Brought(outer, container, sha256, read.mid, rules.moment(read.exp))


Answer = tuple[bytes, bytes]  # a reason or nothing, a signed receipt or nothing


def _stored(brought: Sequence[_Brought], caller: str, now: datetime) -> list[Answer]:
    mids = {one.mid for one in brought if one.mid}
    # The hand is slow: it signs before the transaction, so that nobody waits for it to write.
    signed = _signed_for(brought, _receipts_of(mids), now)
    with transaction.atomic():
        known = {m.mid: m for m in queries.numbers(mids)}
        kept = _receipts_of(mids)
        signed |= kept
        fresh, acts, said = dict[str, _Brought](), list[Act](), list[Answer]()
        for one in brought:
            reason = one.refused or _conflict(one, known.get(one.mid), fresh.get(one.mid), caller)
            if reason is None and one.mid not in known and one.mid not in fresh:
                fresh[one.mid] = one
                codes = {"peer": caller, "sha256": one.sha256}
                acts.append(Act("exchange.receive_message", one.mid, codes))
            else:
                word = reason or Reason.REPLAYED
                acts.append(Act(REFUSED_MESSAGE, caller, {"reason": word.value}))
            said.append((parcels.as_piece(reason), b"" if reason else signed[one.mid]))
        _keep(fresh, {mid: signed[mid] for mid in fresh.keys() - kept.keys()}, caller, now)
        record_all(acts, at=now, actor="node")
    return said


def _conflict(
    one: _Brought, known: Message | None, fresh: _Brought | None, caller: str
) -> Reason | None:
    """Say when a number is taken: by a message of ours, of another country, by other bytes."""
    if known and (known.is_ours or known.country != caller or known.sha256 != one.sha256):
        return Reason.CONFLICT
    return Reason.CONFLICT if fresh and fresh.sha256 != one.sha256 else None


def _receipts_of(mids: set[str]) -> dict[str, bytes]:
    """Return the receipts of arrival that were signed for these already."""
    rows = Receipt.objects.filter(mid__in=mids, is_ours=True, rank=Rank.RELAYED)
    return {mid: bytes(signed) for mid, signed in rows.values_list("mid", "signed")}


def _signed_for(
    brought: Sequence[_Brought], kept: Mapping[str, bytes], now: datetime
) -> dict[str, bytes]:
    own, found = queries.own(), dict[str, bytes]()
    signer = Signer(own.seed)
    for one in brought:
        if one.refused is None and one.mid not in kept and one.mid not in found:
            at = now.isoformat()
            note = ReceiptNote(1, one.mid, Rank.RELAYED, one.sha256, at, own.country, "")
            found[one.mid] = parcels.signed_note(note, signer)
    return found


def _keep(
    fresh: Mapping[str, _Brought], signed: Mapping[str, bytes], caller: str, now: datetime
) -> None:
    # Sealed once more under a key of our own: without its wrap the message is gone from every
    # backup, although the other country sealed it to a key that the desk keeps for years.
    covers = issue_keys(DESK, len(fresh))
    Message.objects.bulk_create(
        Message(
            mid=mid,
            is_ours=False,
            country=caller,
            container=seal(cover, one.container, queries.cover_place(mid, cover_id)),
            cover_id=cover_id,
            sha256=one.sha256,
            outer=one.outer,
            expires_at=one.expires_at,
            stored_at=now,
            rank=Rank.RELAYED,
        )
        for (mid, one), (cover_id, cover) in zip(fresh.items(), covers, strict=True)
    )
    # It leaves with the answer; whoever did not get the answer brings the message again.
    Receipt.objects.bulk_create(
        Receipt(
            mid=mid,
            is_ours=True,
            country=caller,
            rank=Rank.RELAYED,
            at=now,
            signed=note,
            is_carried=True,
        )
        for mid, note in signed.items()
    )


# Receipts.


def take_receipts(
    signed: Sequence[bytes], directory: Directory, now: datetime
) -> list[Reason | None]:
    """Let each receipt raise its message, all in one transaction; return why any was refused."""
    notes = [_noted(one, directory, now) for one in signed]
    mids = {note.mid for note in notes if isinstance(note, ReceiptNote)}
    with transaction.atomic():
        # In one order, so that two parcels that meet wait for each other and never in a circle.
        rows = Message.objects.filter(pk__in=mids, is_ours=True).order_by("pk")
        rows = rows.only("mid", "country", "sha256", "rank", "refused_for").select_for_update()
        taking = _Taking({row.mid: row for row in rows}, _taken_already(mids), directory.country)
        said = [taking.take(*pair) for pair in zip(notes, signed, strict=True)]
        taking.write(now)
    return said


def _noted(signed: bytes, directory: Directory, now: datetime) -> ReceiptNote | Reason:
    try:
        note = parcels.read_note(signed, directory, now)
        rules.moment(note.at)
    except Unacceptable as refused:
        return refused.reason
    return note


def _taken_already(mids: set[str]) -> set[tuple[str, int]]:
    return set(Receipt.objects.filter(mid__in=mids, is_ours=False).values_list("mid", "rank"))


class _Taking:
    """The receipts of one parcel, judged in their order and written at once."""

    def __init__(
        self, rows: Mapping[str, Message], taken: set[tuple[str, int]], caller: str
    ) -> None:
        self.rows, self.taken, self.caller = rows, taken, caller
        self.new: list[Receipt] = []
        self.raised: dict[str, Message] = {}
        self.acts: list[Act] = []

    def take(self, note: ReceiptNote | Reason, signed: bytes) -> Reason | None:
        """Judge one; return why it is refused."""
        reason = note if isinstance(note, Reason) else self._against(note)
        if reason is not None:
            self.acts.append(Act(REFUSED_RECEIPT, self.caller, {"reason": reason.value}))
        elif isinstance(note, ReceiptNote) and (note.mid, note.rank) not in self.taken:
            self._raise(note, signed)
        return reason

    def _against(self, note: ReceiptNote) -> Reason | None:
        row = self.rows.get(note.mid)
        if row is None or row.country != self.caller:
            return Reason.NOT_THEIRS
        return Reason.CONFLICT if row.sha256 != note.sha256 else None

    def _raise(self, note: ReceiptNote, signed: bytes) -> None:
        rank, row = Rank(note.rank), self.rows[note.mid]
        self.taken.add((note.mid, note.rank))
        self.new.append(
            Receipt(
                mid=note.mid,
                is_ours=False,
                country=row.country,
                rank=rank,
                at=rules.moment(note.at),
                code=note.code[:20],
                signed=signed,
                is_carried=True,
            )
        )
        row.rank = rules.raised(Rank(row.rank), rank)
        row.refused_for = note.code[:20] if rank is Rank.REFUSED else row.refused_for
        self.raised[row.mid] = row
        codes = {"rank": rank.name.lower()}
        self.acts.append(Act("exchange.receive_receipt", note.mid, codes))

    def write(self, now: datetime) -> None:
        """Write all of it."""
        Receipt.objects.bulk_create(self.new)
        alike: dict[tuple[int, str], list[str]] = {}
        for row in self.raised.values():
            alike.setdefault((row.rank, row.refused_for), []).append(row.mid)
        for (rank, refused_for), mids in alike.items():
            rows = Message.objects.filter(pk__in=mids)
            rows.update(rank=rank, refused_for=refused_for)
            # What has arrived is due no more, unless a restored partner may have lost it since.
            rows.filter(carry_again=False).update(not_before=None)
        record_all(self.acts, at=now, actor="node")
