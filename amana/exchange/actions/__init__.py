"""What the desk does: it writes, opens, and signs how far each message came."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DataError, transaction
from django.db.models import QuerySet

from amana.access.actions.keys import erase_keys
from amana.access.documents import seal_document
from amana.access.queries import held_keys
from amana.access.rules import DESK, Actor, NotFound, Refused
from amana.agreements import queries as agreements
from amana.agreements.rules import OTHER, Flow, Verdict
from amana.audit.actions import Act, record, record_all
from amana.crypto import age
from amana.crypto.boxes import unseal
from amana.crypto.framing import pack
from amana.crypto.hybrid import public_of
from amana.crypto.secrets import CannotOpen, Key, Seed, digest, new_id
from amana.crypto.signing import Signer, key_id
from amana.exchange import parcels, queries, rules, trust
from amana.exchange.directory import Directory, Party, fingerprint_in, open_directory
from amana.exchange.models import Message, Peer, Receipt, Replaced
from amana.exchange.rules import Header, Opened, Outer, Rank, Reason, ReceiptNote, Unacceptable
from amana.standards import messages

# So many are opened in one transaction; longer than for them nobody waits to write.
AT_ONCE = 16

# What can come right later: when the earlier message is there, with a newer version of this node,
# when the partner has signed its directory anew.
STAYS_IN_THE_TRAY = (
    Reason.OUT_OF_ORDER,
    Reason.UNKNOWN_KIND,
    Reason.DIRECTORY_EXPIRED,
    # Signed by a key that was revoked before it came: a person asks the other desk.
    Reason.IN_DOUBT,
)

# A handler acts on an opened message and returns the key under which its content is kept.
Handler = Callable[[Opened, Actor, datetime], tuple[str, Key]]
_HANDLERS: dict[str, Handler] = {}
# Says which categories of data a body of a kind holds, read from the body itself.
Holds = Callable[[str, Mapping[str, Any]], frozenset[str]]
_HOLDS: dict[str, Holds] = {}


# What else is due in the desk's hand when one of the desk opens the tray.
AtTheTray = Callable[[Actor, datetime], object]
_AT_THE_TRAY: list[AtTheTray] = []


def install(
    table: Mapping[str, Handler], holds: Mapping[str, Holds], at_the_tray: Iterable[AtTheTray] = ()
) -> None:
    """Install what acts on a message kind, and what reads its data; the tables: node.wiring."""
    _AT_THE_TRAY[:] = at_the_tray
    _HANDLERS.clear()
    _HANDLERS.update(table)
    _HOLDS.clear()
    _HOLDS.update(holds)


def kinds() -> list[str]:
    """Return the message kinds on which this node acts."""
    return sorted(_HANDLERS)


@transaction.atomic
def pin_peer(*, file: bytes, fingerprint: str, now: datetime, by: str) -> Peer:
    """Trust a country's root after two people compared its fingerprint, and take its directory.

    A later file must carry the same root, or the one that it announced, and a higher version.
    """
    if fingerprint_in(file) != fingerprint:
        raise Unacceptable(Reason.UNKNOWN_SENDER)
    directory = open_directory(file, pinned=fingerprint, now=now)
    if directory.country == queries.own().country:
        raise Unacceptable(Reason.NOT_FOR_US)
    known = Peer.objects.select_for_update().filter(pk=directory.country).first()
    before = known and open_directory(
        bytes(known.directory), pinned=known.pinned_root, now=now, grace=rules.FOR_EVER
    )
    if known and bytes(known.directory) != file:
        trust.newer(trust.Pinned(known.pinned_root, bytes(known.directory)), file, now=now)
        keep_replaced(known, now)
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
    if before and before.log_name != directory.log_name:
        _carry_again(peer.pk, by, now)
    return peer


def keep_replaced(peer: Peer, now: datetime) -> None:
    """Keep the directory that a newer one replaces: receipts of its days are proven by its keys."""
    Replaced.objects.get_or_create(
        country=peer.pk,
        version=peer.version,
        defaults={"file": bytes(peer.directory), "replaced_at": now},
    )


def _carry_again(country: str, by: str, now: datetime) -> None:
    """Put everything that still lives back on its way to a country that was restored.

    Its backup is older than what it had received and signed. A message that it has is taken as the
    one it is; a receipt tells it how far its own words came, or us that it no longer knows them.
    """
    messages = Message.objects.filter(country=country, expires_at__gt=now)
    ours = messages.filter(is_ours=True, refused_for="", rank__gt=Rank.QUEUED)
    carried = ours.exclude(container=b"").update(carry_again=True, attempts=0, not_before=now)
    theirs = messages.filter(is_ours=False).values("mid")
    told = Receipt.objects.filter(mid__in=theirs, is_ours=True)
    receipts = told.update(is_carried=False, attempts=0, not_before=now)
    record(
        at=now,
        actor=by,
        verb="exchange.carry_again",
        subject=country,
        messages=str(carried),
        receipts=str(receipts),
    )


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
    ours = Message.objects.filter(
        conversation=letter.conversation, is_ours=True, inc=own.incarnation
    )
    header = _header(letter, own, directory.desk, mid, ours.count() + 1, now, expires_at)
    frame = pack(
        rules.ENVELOPE,
        rules.encode(header),
        json.dumps(letter.body, ensure_ascii=False).encode(),
        queries.hand(actor, letter.country),
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
        inc=header.inc,
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
        sha256=message.sha256,
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
        schema=messages.schema_of(letter.kind),
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


# Opening: at the desk, by a person, with the desk's key.


def open_messages(*, actor: Actor, now: datetime) -> tuple[int, list[Reason]]:
    """Open all that waits for the desk; return how many, and what was refused.

    A message that waits for an earlier one stays sealed and is tried again when that one is there.
    """
    if not actor.holds(DESK):
        raise NotFound
    opened, refused, progress = 0, [], True
    while progress:
        progress = False
        waiting = [message.mid for message in queries.unopened()]
        for at in range(0, len(waiting), AT_ONCE):
            for reason in _open_together(waiting[at : at + AT_ONCE], actor, now):
                if reason is None:
                    opened, progress = opened + 1, True
                elif reason not in STAYS_IN_THE_TRAY:
                    # Its number is used up: what waited for it can be opened now.
                    progress = True
                    refused.append(reason)
    return opened, refused


def open_tray(*, actor: Actor, now: datetime) -> tuple[int, list[Reason]]:
    """Open all that waits, as one of the desk does on her page, and do what is due by the way."""
    found = open_messages(actor=actor, now=now)
    for act in _AT_THE_TRAY:
        act(actor, now)
    return found


def open_message(mid: str, *, actor: Actor, now: datetime) -> Reason | None:
    """Open one message, act on it and sign its receipt in one transaction; or return why not."""
    (reason,) = _open_together([mid], actor, now)
    return reason


def _open_together(mids: Sequence[str], actor: Actor, now: datetime) -> list[Reason | None]:
    """Open some in one transaction; where that cannot be, each in its own, in their order."""
    try:
        return _Opening(mids, actor, now).done()
    except Exception:
        # What nobody foresaw of one of them keeps it shut, and none of those before it.
        if len(mids) == 1:
            raise
    return [_Opening([mid], actor, now).done()[0] for mid in mids]


# A country, and which of its lives: a restored node counts its messages anew.
Origin = tuple[str, int]


@dataclass(frozen=True)
class _Unsealed:
    """A message in the sure hand of the other desk, addressed to this one; not yet in its order."""

    header: Header
    body: bytes


class _Opening:
    """Some messages opened together: what can be known of each before, what only in its order.

    A message that is refused undoes what it did and nothing of the others. Receipts are written in
    the same transaction: before its commit nobody can see one, so none can be carried.
    """

    def __init__(self, mids: Sequence[str], actor: Actor, now: datetime) -> None:
        self.mids, self.actor, self.now, self.own = mids, actor, now, queries.own()
        # What was sealed before the desk got a new key is opened with the former.
        self.seeds = actor.teams[DESK].ever
        self.own_key_ids = frozenset(key_id(public_of(seed)) for seed in self.seeds)
        self.signers: dict[str, Signer] = {}
        self.directories: dict[str, Directory] = {}
        self.acts: list[Act] = []
        self.receipts: list[Receipt] = []

    def done(self) -> list[Reason | None]:
        """Open them all; return for each why it was not."""
        sealed = Message.objects.filter(pk__in=self.mids, is_ours=False, kind="", refused_for="")
        rows = {m.mid: m for m in sealed.defer("sealed_body")}
        covers = self._covers({m.cover_id for m in rows.values()})
        unsealed = {m.mid: self._tried(m, covers) for m in rows.values()}
        with transaction.atomic():
            locked = {m.mid: m for m in self._locked()}
            self.counted = self._counted(unsealed.values())
            self.agreements = agreements.entries()
            said = [self._one(locked[mid], rows.get(mid), unsealed.get(mid)) for mid in self.mids]
            self._keep_receipts()
            record_all(self.acts, at=self.now, actor=self.actor.account_id)
        return said

    def _directory(self, country: str) -> Directory:
        if country not in self.directories:
            found = queries.peer_directory(country, self.now, grace=rules.READING_GRACE)
            self.directories[country] = found
        return self.directories[country]

    def _covers(self, key_ids: set[str]) -> dict[str, Key]:
        """Return the keys that open; a wrap that somebody spoiled keeps only its own shut."""
        try:
            return held_keys(self.actor, key_ids)
        except CannotOpen:
            if len(key_ids) == 1:
                return {}
        return {k: key for key_id in key_ids for k, key in self._covers({key_id}).items()}

    def _locked(self) -> QuerySet[Message]:
        # In one order, so that two of the desk who open at once wait and never in a circle.
        rows = Message.objects.filter(pk__in=self.mids, is_ours=False).order_by("pk")
        return rows.defer("container", "sealed_body", "outer").select_for_update()

    def _counted(self, found: Iterable[_Unsealed | Reason]) -> dict[str, Counter[Origin]]:
        """Return how many messages of each conversation were counted, by where they came from.

        A number that was used up stays used, whether the message under it was taken or refused.
        """
        counted = {u.header.conv: Counter[Origin]() for u in found if isinstance(u, _Unsealed)}
        rows = Message.objects.filter(conversation__in=counted, is_ours=False, seq__gt=0)
        for conversation, country, inc in rows.values_list("conversation", "country", "inc"):
            counted[conversation][country, inc] += 1
        return counted

    def _tried(self, message: Message, covers: Mapping[str, Key]) -> _Unsealed | Reason:
        try:
            return self._unsealed(message, covers)
        except Unacceptable as refused:
            return refused.reason
        except UNFORESEEN:
            return Reason.MALFORMED

    def _unsealed(self, message: Message, covers: Mapping[str, Key]) -> _Unsealed:
        directory = self._directory(message.country)
        try:
            place = queries.cover_place(message.mid, message.cover_id)
            container = unseal(covers[message.cover_id], bytes(message.container), place)
            frame = parcels.frame(self._decrypted(container), padded=True)
        except (CannotOpen, KeyError):
            # No stanza opens: sealed for another desk, or changed after the parcel was opened.
            raise Unacceptable(Reason.NOT_FOR_US) from None
        signer = trust.signer_of(frame, rules.ENVELOPE, directory, "desk", now=self.now)
        if signer is None:
            raise Unacceptable(Reason.UNKNOWN_SENDER)
        header = rules.read_header(frame.header)
        trust.check_not_revoked(
            signer, directory, written_at=rules.moment(header.iat), came_at=message.stored_at
        )
        if header.sender != directory.desk.address:
            raise Unacceptable(Reason.UNKNOWN_SENDER)
        rules.check_address(
            header,
            rules.read_outer(bytes(message.outer)),
            own_address=self.own.desk,
            own_key_ids=self.own_key_ids,
        )
        return _Unsealed(header, frame.body)

    def _decrypted(self, container: bytes) -> bytes:
        for seed in self.seeds[:-1]:
            with suppress(CannotOpen):
                return age.decrypt(seed, container)
        return age.decrypt(self.seeds[-1], container)

    def _one(
        self, message: Message, seen: Message | None, found: _Unsealed | Reason | None
    ) -> Reason | None:
        if message.kind or message.refused_for or seen is None or found is None:
            return Reason.REPLAYED
        if isinstance(found, Reason):
            return self._refused(message, found, None)
        if message.cover_id != seen.cover_id:
            # It was emptied a moment ago.
            return self._refused(message, Reason.NOT_FOR_US, None)
        signed: list[Header] = []
        try:
            opened = self._in_its_place(message, found, signed)
            with transaction.atomic():
                self._apply(message, opened)
        except Unacceptable as refused:
            return self._refused(message, refused.reason, *signed)
        except UNFORESEEN:
            # One message that nobody foresaw must not keep the desk from all the others.
            return self._refused(message, Reason.MALFORMED, *signed)
        self.counted[found.header.conv][message.country, found.header.inc] += 1
        return None

    def _in_its_place(self, message: Message, found: _Unsealed, signed: list[Header]) -> Opened:
        """Return the opened message; `signed` takes its header once its place is sure."""
        header = found.header
        counted = self.counted[header.conv]
        if {country for country, _inc in counted} - {message.country}:
            raise Unacceptable(Reason.NOT_THEIRS)
        rules.check_order(header, applied=counted[message.country, header.inc])
        signed.append(header)
        rules.check_times(header, now=self.now)
        return Opened(header, rules.read_body(found.body), message.country)

    def _apply(self, message: Message, opened: Opened) -> None:
        header = opened.header
        # Judged by the moment it came, on this node's clock: nobody can date it back.
        against = self._received(opened, message.stored_at)
        handler = _HANDLERS.get(header.type)
        if handler is None:
            raise Unacceptable(Reason.UNKNOWN_KIND)
        if not messages.is_readable(header.schema, header.type, opened.body):
            raise Unacceptable(Reason.SCHEMA)
        key_id_, key = handler(opened, self.actor, self.now)
        place = queries.body_place(message.mid, key_id_)
        outside = " ".join(against)
        Message.objects.filter(pk=message.pk).update(
            kind=header.type,
            conversation=header.conv,
            inc=header.inc,
            seq=header.seq,
            in_reply_to=header.in_reply_to,
            written_at=rules.moment(header.iat),
            key_id=key_id_,
            sealed_body=seal_document(key, opened.body, place),
            outside=outside,
            held_for="",
            rank=rules.raised(Rank(message.rank), Rank.DELIVERED),
        )
        self._vouch(message, Rank.DELIVERED)
        codes = {"kind": header.type, **({"outside": outside} if against else {})}
        self.acts.append(Act("exchange.open_message", message.mid, codes))

    def _received(self, opened: Opened, at: datetime) -> list[str]:
        """Return what the agreement says against a message that came: flagged and never lost."""
        header = opened.header
        flow = Flow(
            header.type,
            header.purpose,
            _held(header.type, opened.body),
            (opened.country, self.own.country),
            header.legal_basis,
        )
        return agreements.verdict(opened.country, flow, at=at, among=self.agreements).codes

    def _refused(self, message: Message, reason: Reason, header: Header | None = None) -> Reason:
        """Log a refusal at the desk; only what can come right later stays in the tray.

        A refused message of a sure hand uses up its number, so that what follows it can be opened.
        """
        if message.held_for == reason.value:
            # It waits as before. Said once on record, not each time that somebody opens the tray.
            return reason
        codes = {"reason": reason.value}
        self.acts.append(Act("exchange.refuse_message", message.mid, codes))
        if reason in STAYS_IN_THE_TRAY:
            Message.objects.filter(pk=message.pk).update(held_for=reason.value)
            return reason
        message.held_for = ""
        message.refused_for = reason.value
        message.rank = rules.raised(Rank(message.rank), Rank.REFUSED)
        if header is not None:
            message.conversation, message.inc, message.seq = header.conv, header.inc, header.seq
            self.counted[header.conv][message.country, header.inc] += 1
        message.save(
            update_fields=["held_for", "refused_for", "rank", "conversation", "inc", "seq"]
        )
        self._vouch(message, Rank.REFUSED, code=reason.value)
        return reason

    def _vouch(self, message: Message, rank: Rank, *, code: str = "") -> None:
        if message.country not in self.signers:
            self.signers[message.country] = Signer(queries.hand(self.actor, message.country))
        signer = self.signers[message.country]
        receipt = _receipt(message, rank, signer, self.own.desk, self.now, code=code)
        self.receipts.append(receipt)

    def _keep_receipts(self) -> None:
        known = set(
            Receipt.objects.filter(mid__in=self.mids, is_ours=True).values_list("mid", "rank")
        )
        fresh = [r for r in self.receipts if (r.mid, r.rank) not in known]
        Receipt.objects.bulk_create(fresh)


# What a body that is signed, and still nonsense, can make of a handler.
UNFORESEEN = (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, DataError)


@transaction.atomic
def settle(mid: str, rank: Rank, *, actor: Actor, now: datetime) -> None:
    """Sign the final receipt of a message that a person answered: accepted or refused."""
    message = Message.objects.select_for_update().get(pk=mid, is_ours=False)
    message.rank = rules.raised(Rank(message.rank), rank)
    message.save(update_fields=["rank"])
    _keep_receipt(message, rank, queries.hand(actor, message.country), queries.own().desk, now)


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


def _keep_receipt(message: Message, rank: Rank, seed: Seed, signer: str, now: datetime) -> None:
    if not Receipt.objects.filter(mid=message.mid, is_ours=True, rank=rank).exists():
        _receipt(message, rank, Signer(seed), signer, now).save(force_insert=True)


def _receipt(
    message: Message, rank: Rank, hand: Signer, signer: str, now: datetime, *, code: str = ""
) -> Receipt:
    """Return a receipt in this desk's hand, for the worker to carry."""
    note = ReceiptNote(1, message.mid, rank, message.sha256, now.isoformat(), signer, code)
    return Receipt(
        mid=message.mid,
        is_ours=True,
        country=message.country,
        rank=rank,
        at=now,
        code=code,
        signed=parcels.signed_note(note, hand),
        not_before=now,
    )
