"""Posting, carrying, receiving, opening, and the receipts that prove each of them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DataError, transaction

from amana.access.actions.keys import erase_keys, issue_key
from amana.access.documents import seal_document
from amana.access.queries import access_key
from amana.access.rules import DESK, Actor, NotFound, Refused
from amana.agreements import queries as agreements
from amana.agreements.rules import OTHER, Flow, Verdict
from amana.audit.actions import record
from amana.crypto import age
from amana.crypto.boxes import seal, unseal
from amana.crypto.framing import BadFrame, Frame, is_signed_by, pack, read
from amana.crypto.hybrid import public_of
from amana.crypto.secrets import CannotOpen, Key, Seed, digest, new_id
from amana.crypto.signing import key_id
from amana.exchange import queries, rules
from amana.exchange.carrier import Answer, NotCarried, carry
from amana.exchange.directory import Directory, Party, fingerprint_in, open_directory
from amana.exchange.models import Message, Peer, Receipt
from amana.exchange.rules import Header, Opened, Outer, Rank, Reason, ReceiptNote, Unacceptable

MESSAGES, RECEIPTS = "/exchange/messages", "/exchange/receipts"

# What can come right later: when the earlier message is there, with a newer version of this node,
# when the partner has signed its directory anew.
STAYS_IN_THE_TRAY = (Reason.OUT_OF_ORDER, Reason.UNKNOWN_KIND, Reason.DIRECTORY_EXPIRED)

# A handler acts on an opened message and returns the key under which its content is kept.
Handler = Callable[[Opened, Actor, datetime], tuple[str, Key]]
_HANDLERS: dict[str, Handler] = {}
# Says which categories of data a body of a kind holds, read from the body itself.
Holds = Callable[[str, Mapping[str, Any]], frozenset[str]]
_HOLDS: dict[str, Holds] = {}


def install(table: Mapping[str, Handler], holds: Mapping[str, Holds]) -> None:
    """Install what acts on a message kind, and what reads its data; the tables: node.wiring."""
    _HANDLERS.clear()
    _HANDLERS.update(table)
    _HOLDS.clear()
    _HOLDS.update(holds)


@transaction.atomic
def pin_peer(*, file: bytes, fingerprint: str, now: datetime, by: str) -> Peer:
    """Trust a country's root after two people compared its fingerprint, and take its directory.

    A later file must carry the same root and no lower version.
    """
    if fingerprint_in(file) != fingerprint:
        raise Unacceptable(Reason.UNKNOWN_SENDER)
    directory = open_directory(file, pinned=fingerprint, now=now)
    if directory.country == queries.own().country:
        raise Unacceptable(Reason.NOT_FOR_US)
    known = Peer.objects.filter(pk=directory.country).first()
    if known and (known.pinned_root != fingerprint or known.version > directory.version):
        raise Unacceptable(Reason.CONFLICT)
    peer, _ = Peer.objects.update_or_create(
        country=directory.country,
        defaults={
            "pinned_root": fingerprint,
            "directory": file,
            "version": directory.version,
            "url": directory.url,
            "pinned_at": now,
        },
    )
    record(at=now, actor=by, verb="exchange.pin_peer", subject=peer.pk, version=str(peer.version))
    return peer


@dataclass(frozen=True)
class Letter:
    """What a room wants to say to the other desk; the post office adds address, number and seal."""

    kind: str
    country: str
    conversation: str
    body: Mapping[str, Any]
    in_reply_to: str = ""
    urgency: str = "adult"
    legal_basis: str = ""
    consent_ref: str = ""
    purpose: str = ""
    handling: str = "no-onward"
    minimum_dataset: str = "offer"
    # What lies in a part that this desk cannot read; the rest is read from the body.
    sealed_categories: frozenset[str] = frozenset()


@transaction.atomic
def post(letter: Letter, *, actor: Actor, key_id_: str, key: Key, now: datetime) -> Message:
    """Sign and seal a letter to the other desk and put it in the outbox, with the act behind it.

    Only a member of the desk can: the signature is the desk's. The content is kept sealed under
    the conversation's key; the container itself opens for the other desk alone. Refused, with the
    article, where the agreement with that country does not let it pass.
    """
    if not actor.holds(DESK):
        raise NotFound
    verdict = _verdict(letter, now)
    if not verdict.is_allowed:
        raise Refused(verdict.codes, verdict.under)
    own, directory = queries.own(), _directory_to_write_to(letter.country, now)
    mid, expires_at = new_id(), now + rules.LIFETIME
    ours = Message.objects.filter(conversation=letter.conversation, is_ours=True)
    header = _header(letter, own, directory.desk, mid, ours.count() + 1, now, expires_at)
    frame = pack(
        rules.ENVELOPE,
        rules.encode(header),
        json.dumps(letter.body, ensure_ascii=False).encode(),
        actor.teams[DESK].seed,
        padded=True,
    )
    container = age.encrypt([directory.desk.public], frame)
    outer = rules.encode(Outer(1, letter.country, mid, expires_at.isoformat()))
    message = Message.objects.create(
        mid=mid,
        is_ours=True,
        country=letter.country,
        container=container,
        sha256=digest(container).hex(),
        outer=outer,
        expires_at=expires_at,
        stored_at=now,
        kind=letter.kind,
        conversation=letter.conversation,
        seq=header.seq,
        in_reply_to=letter.in_reply_to,
        written_at=now,
        key_id=key_id_,
        sealed_body=seal_document(key, letter.body, queries.body_place(mid, key_id_)),
        under=" ".join(verdict.clauses),
        not_before=now,
    )
    record(
        at=now,
        actor=actor.account_id,
        verb="exchange.post",
        subject=mid,
        kind=letter.kind,
        under=" ".join(verdict.articles),
    )
    return message


def _verdict(letter: Letter, now: datetime) -> Verdict:
    return queries.may_send(
        letter.country,
        kind=letter.kind,
        purpose=letter.purpose,
        categories=_held(letter.kind, letter.body) | letter.sealed_categories,
        ground=letter.legal_basis,
        now=now,
    )


def _held(kind: str, body: Mapping[str, Any]) -> frozenset[str]:
    """Return the categories of data in a body; of a kind that nobody reads, what no article has."""
    reads = _HOLDS.get(kind)
    return reads(kind, body) if reads else frozenset({OTHER})


def _directory_to_write_to(country: str, now: datetime) -> Directory:
    try:
        return queries.peer_directory(country, now)
    except Unacceptable:
        raise Refused(["PARTNER_DIRECTORY_LAPSED"]) from None


def _header(
    letter: Letter,
    own: rules.Own,
    desk: Party,
    mid: str,
    seq: int,
    now: datetime,
    expires_at: datetime,
) -> Header:
    return Header(
        v=1,
        type=letter.kind,
        schema=f"{letter.kind}/1.0.0",
        mid=mid,
        conv=letter.conversation,
        inc=own.incarnation,
        seq=seq,
        in_reply_to=letter.in_reply_to,
        sender=own.desk,
        to=desk.address,
        to_kids=[key_id(desk.public)],
        iat=now.isoformat(),
        exp=expires_at.isoformat(),
        urgency=letter.urgency,
        legal_basis=letter.legal_basis,
        consent_ref=letter.consent_ref,
        purpose=letter.purpose,
        handling=letter.handling,
        minimum_dataset=letter.minimum_dataset,
        attachments=[],
        receipt_policy="relayed,delivered",
    )


# Receiving: at the node, by a machine, without opening anything.


def receive_message(parcel: bytes, *, caller: str, now: datetime) -> bytes:
    """Store a sealed message that another node brought, and return the sealed RELAYED receipt.

    The same bytes again have no effect and get the same receipt; other bytes under a known number
    are a conflict. Raises Unacceptable, after the refusal is on record.
    """
    try:
        return _receive_message(parcel, caller=caller, now=now)
    except Unacceptable as refused:
        _refuse("exchange.refuse_message", caller, refused.reason, now)
        raise


def _receive_message(parcel: bytes, *, caller: str, now: datetime) -> bytes:
    directory = _caller(caller, now)
    frame = _opened_parcel(parcel, directory)
    outer = rules.read_outer(frame.header)
    rules.check_outer(outer, own_country=queries.own().country, now=now)
    with transaction.atomic():
        known = Message.objects.filter(pk=outer.mid).first()
        if known is None:
            known = _store(frame, outer, caller, now)
        elif known.is_ours or known.country != caller or known.sha256 != digest(frame.body).hex():
            raise Unacceptable(Reason.CONFLICT)
        else:
            _note_refusal("exchange.refuse_message", caller, Reason.REPLAYED, now)
        return _relayed(known, directory, now)


def _store(frame: Frame, outer: Outer, caller: str, now: datetime) -> Message:
    # Sealed once more under a key of our own: without its wrap the message is gone from every
    # backup, although the other country sealed it to a key that the desk keeps for years.
    cover_id, cover = issue_key(DESK)
    message = Message.objects.create(
        mid=outer.mid,
        is_ours=False,
        country=caller,
        container=seal(cover, frame.body, queries.cover_place(outer.mid, cover_id)),
        cover_id=cover_id,
        sha256=digest(frame.body).hex(),
        outer=frame.header,
        expires_at=rules.moment(outer.exp),
        stored_at=now,
        rank=Rank.RELAYED,
    )
    record(at=now, actor="node", verb="exchange.receive_message", subject=outer.mid, peer=caller)
    return message


def _relayed(message: Message, directory: Directory, now: datetime) -> bytes:
    seed = queries.own().seed
    row = _keep_receipt(message, Rank.RELAYED, seed, queries.own().country, now, carried=True)
    return age.encrypt([directory.node.public], bytes(row.signed))


def _caller(country: str, now: datetime) -> Directory:
    return queries.peer_directory(country, now, grace=rules.READING_GRACE)


def _opened_parcel(parcel: bytes, directory: Directory) -> Frame:
    if len(parcel) > rules.LARGEST_PARCEL:
        raise Unacceptable(Reason.MALFORMED)
    frame = _frame(parcel, padded=False)
    if not is_signed_by(frame, rules.PARCEL, directory.node.signer):
        raise Unacceptable(Reason.CHANGED)
    return frame


def _frame(data: bytes, *, padded: bool) -> Frame:
    try:
        return read(data, padded=padded)
    except BadFrame as bad:
        raise Unacceptable(Reason(bad.reason)) from None


def _refuse(verb: str, caller: str, reason: Reason, now: datetime) -> None:
    with transaction.atomic():
        _note_refusal(verb, caller, reason, now)


def _note_refusal(verb: str, caller: str, reason: Reason, now: datetime) -> None:
    # The caller's name is not verified here, so only a country code is put on record.
    known = caller if len(caller) == 2 and caller.isalpha() else "??"
    record(at=now, actor="node", verb=verb, subject=known, reason=reason.value)


# Opening: at the desk, by a person, with the desk's key.


def open_messages(*, actor: Actor, now: datetime) -> tuple[int, list[Reason]]:
    """Open all that waits for the desk, one by one; return how many, and what was refused.

    A message that waits for an earlier one stays sealed and is tried again when that one is there.
    """
    if not actor.holds(DESK):
        raise NotFound
    opened, refused, progress = 0, [], True
    while progress:
        progress = False
        for message in queries.unopened():
            reason = open_message(message.mid, actor=actor, now=now)
            if reason is None:
                opened, progress = opened + 1, True
            elif reason not in STAYS_IN_THE_TRAY:
                refused.append(reason)
    return opened, refused


def open_message(mid: str, *, actor: Actor, now: datetime) -> Reason | None:
    """Open one message, act on it and sign its receipt in one transaction; or return why not."""
    header: list[Header] = []
    try:
        with transaction.atomic():
            message = Message.objects.select_for_update().get(pk=mid, is_ours=False)
            if message.kind or message.refused_for:
                return Reason.REPLAYED
            _apply(message, _verified(message, actor, now, header), actor, now)
            return None
    except Unacceptable as refused:
        reason = refused.reason
    except UNFORESEEN:
        # One message that nobody foresaw must not keep the desk from all the others.
        reason = Reason.MALFORMED
    _keep_refused(mid, reason, header[0] if header else None, actor, now)
    return reason


# What a body that is signed, and still nonsense, can make of a handler.
UNFORESEEN = (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, DataError)


def _verified(message: Message, actor: Actor, now: datetime, signed: list[Header]) -> Opened:
    """Return the opened message; `signed` takes its header once the other desk's hand is sure."""
    own, seed = queries.own(), actor.teams[DESK].seed
    directory = queries.peer_directory(message.country, now, grace=rules.READING_GRACE)
    try:
        cover = access_key(actor, message.cover_id)
        place = queries.cover_place(message.mid, message.cover_id)
        container = unseal(cover, bytes(message.container), place)
        frame = _frame(age.decrypt(seed, container), padded=True)
    except (CannotOpen, NotFound):
        # No stanza opens: sealed for another desk, or changed where the parcel's signature ended.
        raise Unacceptable(Reason.NOT_FOR_US) from None
    if not is_signed_by(frame, rules.ENVELOPE, directory.desk.signer):
        raise Unacceptable(Reason.UNKNOWN_SENDER)
    header = rules.read_header(frame.header)
    if header.sender != directory.desk.address:
        raise Unacceptable(Reason.UNKNOWN_SENDER)
    rules.check_address(
        header,
        rules.read_outer(bytes(message.outer)),
        own_address=own.desk,
        own_key_id=key_id(public_of(seed)),
    )
    # A number that was used up stays used, whether the message under it was taken or refused.
    counted = Message.objects.filter(conversation=header.conv, is_ours=False, seq__gt=0)
    if counted.exclude(country=message.country).exists():
        raise Unacceptable(Reason.NOT_THEIRS)
    rules.check_order(header, applied=counted.count())
    signed.append(header)
    rules.check_times(header, now=now)
    return Opened(header, rules.read_body(frame.body), message.country)


def _apply(message: Message, opened: Opened, actor: Actor, now: datetime) -> None:
    header = opened.header
    # Judged by the moment it came, on this node's clock: nobody can date it back.
    against = _received(opened, message.stored_at)
    handler = _HANDLERS.get(header.type)
    if handler is None:
        raise Unacceptable(Reason.UNKNOWN_KIND)
    key_id_, key = handler(opened, actor, now)
    message.kind, message.conversation, message.seq = header.type, header.conv, header.seq
    message.in_reply_to, message.written_at = header.in_reply_to, rules.moment(header.iat)
    message.key_id = key_id_
    message.sealed_body = seal_document(key, opened.body, queries.body_place(message.mid, key_id_))
    message.outside = " ".join(against)
    message.rank = rules.raised(Rank(message.rank), Rank.DELIVERED)
    message.save()
    _keep_receipt(message, Rank.DELIVERED, actor.teams[DESK].seed, queries.own().desk, now)
    record(
        at=now,
        actor=actor.account_id,
        verb="exchange.open_message",
        subject=message.mid,
        kind=message.kind,
        **({"outside": message.outside} if against else {}),
    )


def _received(opened: Opened, at: datetime) -> list[str]:
    """Return what the agreement says against a message that came: it is flagged and never lost."""
    header = opened.header
    flow = Flow(
        header.type,
        header.purpose,
        _held(header.type, opened.body),
        (opened.country, queries.own().country),
        header.legal_basis,
    )
    return agreements.verdict(opened.country, flow, at=at).codes


def _keep_refused(
    mid: str, reason: Reason, header: Header | None, actor: Actor, now: datetime
) -> None:
    """Log a refusal at the desk; only what can come right later stays in the tray.

    A refused message of a sure hand uses up its number, so that what follows it can be opened.
    """
    with transaction.atomic():
        record(
            at=now,
            actor=actor.account_id,
            verb="exchange.refuse_message",
            subject=mid,
            reason=reason.value,
        )
        if reason in STAYS_IN_THE_TRAY:
            return
        message = Message.objects.select_for_update().get(pk=mid)
        message.refused_for = reason.value
        message.rank = rules.raised(Rank(message.rank), Rank.REFUSED)
        if header is not None:
            message.conversation, message.seq = header.conv, header.seq
        message.save(update_fields=["refused_for", "rank", "conversation", "seq"])
        _keep_receipt(
            message,
            Rank.REFUSED,
            actor.teams[DESK].seed,
            queries.own().desk,
            now,
            code=reason.value,
        )


@transaction.atomic
def settle(mid: str, rank: Rank, *, actor: Actor, now: datetime) -> None:
    """Sign the final receipt of a message that a person answered: accepted or refused."""
    message = Message.objects.select_for_update().get(pk=mid, is_ours=False)
    message.rank = rules.raised(Rank(message.rank), rank)
    message.save(update_fields=["rank"])
    _keep_receipt(message, rank, actor.teams[DESK].seed, queries.own().desk, now)


@transaction.atomic
def forget(*, conversation: str, by: str, now: datetime) -> int:
    """Empty every message of a conversation; numbers, digests and receipts stay as proof.

    What never left is taken away whole, and its number is free for what is said next. Returns how
    many messages were emptied.
    """
    rows = Message.objects.filter(conversation=conversation)
    rows.filter(is_ours=True, rank=Rank.QUEUED, refused_for="").delete()
    keys = {k for pair in rows.values_list("key_id", "cover_id") for k in pair if k}
    erase_keys(key_ids=keys, now=now, by=by)
    emptied = rows.update(container=b"", sealed_body=None, key_id="", cover_id="")
    record(at=now, actor=by, verb="exchange.forget", subject=conversation, count=str(emptied))
    return emptied


def forget_one(*, mid: str, by: str, now: datetime) -> None:
    """Empty one message that lies under keys of its own; its number and receipts stay as proof."""
    row = Message.objects.select_for_update().get(mid=mid)
    erase_keys(key_ids={row.key_id, row.cover_id} - {""}, now=now, by=by)
    Message.objects.filter(mid=mid).update(container=b"", sealed_body=None, key_id="", cover_id="")
    record(at=now, actor=by, verb="exchange.forget_one", subject=row.conversation)


def _keep_receipt(
    message: Message,
    rank: Rank,
    seed: Seed,
    signer: str,
    now: datetime,
    *,
    code: str = "",
    carried: bool = False,
) -> Receipt:
    known = Receipt.objects.filter(mid=message.mid, is_ours=True, rank=rank).first()
    if known:
        return known
    note = ReceiptNote(1, message.mid, rank, message.sha256, now.isoformat(), signer, code)
    return Receipt.objects.create(
        mid=message.mid,
        is_ours=True,
        country=message.country,
        rank=rank,
        at=now,
        code=code,
        signed=pack(rules.RECEIPT, rules.encode(note), b"", seed, padded=True),
        is_carried=carried,
        not_before=now,
    )


# Receipts that come back.


def receive_receipt(parcel: bytes, *, caller: str, now: datetime) -> None:
    """Take a receipt that another node brought. Raises Unacceptable, after it is on record."""
    try:
        directory = _caller(caller, now)
        frame = _opened_parcel(parcel, directory)
        rules.check_outer(
            rules.read_outer(frame.header), own_country=queries.own().country, now=now
        )
        _take_receipt(frame.body, directory, now)
    except Unacceptable as refused:
        _refuse("exchange.refuse_receipt", caller, refused.reason, now)
        raise


def _take_receipt(sealed: bytes, directory: Directory, now: datetime) -> None:
    try:
        signed = age.decrypt(queries.own().seed, sealed)
    except CannotOpen:
        raise Unacceptable(Reason.NOT_FOR_US) from None
    frame = _frame(signed, padded=True)
    note = rules.read_receipt(frame.header)
    # The node vouches only for arrival; every higher rank is the desk's word.
    party = directory.node if note.rank == Rank.RELAYED else directory.desk
    if not is_signed_by(frame, rules.RECEIPT, party.signer):
        raise Unacceptable(Reason.CHANGED)
    with transaction.atomic():
        message = Message.objects.select_for_update().filter(pk=note.mid, is_ours=True).first()
        if message is None or message.country != directory.country:
            raise Unacceptable(Reason.NOT_THEIRS)
        if message.sha256 != note.sha256:
            raise Unacceptable(Reason.CONFLICT)
        _raise_rank(message, note, signed, now)


def _raise_rank(message: Message, note: ReceiptNote, signed: bytes, now: datetime) -> None:
    rank = Rank(note.rank)
    _, is_new = Receipt.objects.get_or_create(
        mid=note.mid,
        is_ours=False,
        rank=rank,
        defaults={
            "country": message.country,
            "at": rules.moment(note.at),
            "code": note.code[:20],
            "signed": signed,
            "is_carried": True,
        },
    )
    if not is_new:
        return
    message.rank = rules.raised(Rank(message.rank), rank)
    message.refused_for = note.code[:20] if rank is Rank.REFUSED else message.refused_for
    message.save(update_fields=["rank", "refused_for"])
    record(
        at=now,
        actor="node",
        verb="exchange.receive_receipt",
        subject=note.mid,
        rank=rank.name.lower(),
    )


# Carrying: the worker's part. Holds no desk key and opens nothing.

Post = Callable[..., Answer]
# Whatever a partner answers, its row waits and the others go on.
CANNOT_NOW = (NotCarried, Unacceptable, *UNFORESEEN)
# Longer than one delivery may take; a worker that was killed in between is waited for no longer.
LEASE = timedelta(seconds=25)


def deliver_due(
    *, now: datetime, clock: Callable[[], datetime], jitter: float, via: Post = carry
) -> int:
    """Carry every message and receipt that is due; return how many arrived.

    A claim on the row (its next moment is put off) keeps two workers from one parcel; a worker
    that dies leaves only the claim, which runs out.
    """
    _give_up(now)
    arrived, holding = 0, agreements.holding(now)
    for message in Message.objects.filter(
        is_ours=True, rank=Rank.QUEUED, refused_for="", not_before__lte=now
    ).order_by("not_before")[:50]:
        # What a suspension met in the outbox waits there: it leaves when its article holds again.
        if _claim(Message, message.pk, now) and holding.issuperset(message.under.split()):
            arrived += _deliver_message(message, clock, jitter, via)
    for receipt in Receipt.objects.filter(
        is_ours=True, is_carried=False, not_before__lte=now
    ).order_by("not_before", "rank")[:50]:
        if _claim(Receipt, receipt.pk, now):
            arrived += _deliver_receipt(receipt, clock, jitter, via)
    return arrived


def _claim(model: type[Message] | type[Receipt], pk: str | int, now: datetime) -> bool:
    rows = model.objects.filter(pk=pk, not_before__lte=now)
    return bool(rows.update(not_before=now + LEASE))


def _give_up(now: datetime) -> None:
    """Say of what was never carried in its life that it was not: silence becomes evidence."""
    for message in Message.objects.filter(
        is_ours=True, rank=Rank.QUEUED, refused_for="", expires_at__lt=now
    ):
        with transaction.atomic():
            message.refused_for = Reason.EXPIRED.value
            message.save(update_fields=["refused_for"])
            record(at=now, actor="worker", verb="exchange.give_up", subject=message.mid)


def _deliver_message(
    message: Message, clock: Callable[[], datetime], jitter: float, via: Post
) -> int:
    try:
        directory = queries.peer_directory(message.country, clock())
        parcel = _parcel(bytes(message.outer), bytes(message.container))
        answer = _carried(directory, MESSAGES, parcel, via)
        _take_receipt(answer, directory, clock())
    except CANNOT_NOW as failure:
        _try_later(message, failure, clock(), jitter)
        return 0
    return 1


def _deliver_receipt(
    receipt: Receipt, clock: Callable[[], datetime], jitter: float, via: Post
) -> int:
    now = clock()
    try:
        directory = queries.peer_directory(receipt.country, now)
        outer = Outer(1, receipt.country, new_id(), (now + rules.LIFETIME).isoformat())
        sealed = age.encrypt([directory.node.public], bytes(receipt.signed))
        _carried(directory, RECEIPTS, _parcel(rules.encode(outer), sealed), via)
    except CANNOT_NOW as failure:
        _try_later(receipt, failure, clock(), jitter)
        return 0
    Receipt.objects.filter(pk=receipt.pk).update(is_carried=True)
    return 1


def _parcel(outer: bytes, container: bytes) -> bytes:
    return pack(rules.PARCEL, outer, container, queries.own().seed, padded=False)


def _carried(directory: Directory, path: str, parcel: bytes, via: Post) -> bytes:
    answer = via(
        url=directory.url + path,
        host=directory.host,
        sender=queries.own().country,
        parcel=parcel,
    )
    if answer.status != 200:
        raise NotCarried(f"status {answer.status}")
    return answer.body


def _try_later(row: Message | Receipt, failure: Exception, now: datetime, jitter: float) -> None:
    row.attempts += 1
    wait = rules.retry_after(row.attempts, base=queries.own().retry_base, jitter=jitter)
    row.not_before = now + wait
    row.save(update_fields=["attempts", "not_before"])
    if row.attempts & (row.attempts - 1) == 0:
        # On record at the first failure and then ever more rarely: 1, 2, 4, 8, ...
        reason = failure.reason.value if isinstance(failure, Unacceptable) else "not_carried"
        with transaction.atomic():
            record(
                at=now, actor="worker", verb="exchange.not_carried", subject=row.mid, reason=reason
            )
