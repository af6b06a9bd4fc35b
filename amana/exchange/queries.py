"""What came, what waits to leave, what a conversation holds."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q

from amana.access.documents import open_document
from amana.access.queries import held_keys
from amana.access.rules import DESK, Actor
from amana.agreements import queries as agreements
from amana.agreements.rules import Flow, Verdict
from amana.crypto.boxes import Place
from amana.crypto.secrets import Seed
from amana.crypto.signing import sign_public_of
from amana.exchange.directory import Directory, Former, Holiday, open_directory, read_file
from amana.exchange.models import (
    Candidate,
    Handover,
    HolidayWord,
    Message,
    Peer,
    Published,
    Receipt,
)
from amana.exchange.rules import FOR_EVER, Line, Own, Rank, Reason, Unacceptable
from amana.exchange.trust import OVERLAP
from amana.standards.calendars import SignedCalendar, feasts


def own() -> Own:
    """Return what this node is to others."""
    own_node: Own = settings.OWN
    return own_node


def peers() -> list[Peer]:
    """Return the partner countries whose root is pinned here."""
    return list(Peer.objects.order_by("country"))


def peer_directory(country: str, now: datetime, *, grace: timedelta = timedelta()) -> Directory:
    """Return a partner's directory, checked against the pinned root; raises Unacceptable."""
    peer = Peer.objects.filter(pk=country).first()
    if peer is None:
        raise Unacceptable(Reason.UNKNOWN_SENDER)
    return open_directory(bytes(peer.directory), pinned=peer.pinned_root, now=now, grace=grace)


def published() -> Published | None:
    """Return the last version of this node's own directory."""
    return Published.objects.order_by("-version").first()


def own_directory() -> Directory | None:
    """Return what this node published last, lapsed or not; None before the first."""
    row = published()
    return read_file(bytes(row.file)) if row else None


def hand(actor: Actor, country: str) -> Seed:
    """Return the desk's seed by which a country knows it today.

    A desk that was given a new one goes on signing with the former until that country has taken
    over the directory that names the new one: no message of the days between is refused.
    """
    keys = actor.teams[DESK]
    if keys.first is None:
        return keys.seed
    seen = Peer.objects.filter(pk=country).values_list("has_ours", flat=True).first() or 0
    rows = Published.objects.order_by("version")
    row = rows.filter(version__lte=seen).last() or rows.first()
    known = read_file(bytes(row.file)).desk.signer if row else b""
    return next((seed for seed in keys.ever if sign_public_of(seed) == known), keys.founding)


def former_keys(last: Directory | None, signer: bytes, now: datetime) -> list[Former]:
    """Return the keys that go on counting beside the desk's key of today in the next directory.

    Each vouched for the new key itself. The overlap of one begins with the first directory that no
    longer names it as the desk's.
    """
    if last is None:
        return []
    ends = {row.signer: row.until for row in last.former if row.party == "desk"}
    ends.setdefault(last.desk.signer, now + OVERLAP)
    rows = Handover.objects.filter(signer=signer).order_by("pk")
    found = [
        Former("desk", bytes(row.former), ends[bytes(row.former)], bytes(row.cross))
        for row in rows
        if bytes(row.former) in ends
    ]
    return found + [row for row in last.former if row.party != "desk"]


def calendar(country: str, now: datetime) -> SignedCalendar:
    """Return the calendar by which both countries count: that of the country's signed directory.

    What was signed once stands, also in a directory that has lapsed. Where it names no year, or the
    country is no partner, the library's estimate counts and the calendar says so.
    """
    try:
        directory = (
            own_directory()
            if country == own().country
            else peer_directory(country, now, grace=FOR_EVER)
        )
    except Unacceptable:
        directory = None
    if directory is None:
        return SignedCalendar(country, (), ())
    return SignedCalendar(country, {h.day for h in directory.holidays}, directory.years)


def holidays(years: Collection[int]) -> list[Holiday]:
    """Return this country's holidays as they will be signed: the library's days and our words."""
    said = said_days()
    found = {
        f.day: Holiday(f.day, f.names, is_estimate=f.is_estimate and f.day not in said)
        for f in feasts(own().country, years)
        if said.get(f.day, True)
    }
    for day, is_rest in said.items():
        if is_rest and day not in found and day.year in years:
            found[day] = Holiday(day, {}, is_estimate=False)
    return [found[day] for day in sorted(found)]


def said_days() -> dict[date, bool]:
    """Return the days of which an officer spoke: whether each is one of rest."""
    return dict(HolidayWord.objects.values_list("day", "is_rest"))


def candidates() -> list[Candidate]:
    """Return the roots that wait to be compared."""
    return list(Candidate.objects.order_by("country"))


def n_held(country: str) -> int:
    """Return how many messages of a country wait because their signing key was revoked."""
    return Message.objects.filter(country=country, held_for=Reason.IN_DOUBT.value).count()


def may_send(
    country: str,
    *,
    kind: str,
    purpose: str,
    categories: Collection[str],
    ground: str,
    now: datetime,
) -> Verdict:
    """Return what the agreements with a country say of a message that would leave now."""
    flow = Flow(kind, purpose, frozenset(categories), (own().country, country), ground)
    return agreements.verdict(country, flow, at=now)


def cover_place(mid: str, key_id: str) -> Place:
    """Return where a received container lies."""
    return Place("exchange_message", mid, "container", key_id)


def body_place(mid: str, key_id: str) -> Place:
    """Return where the content of an opened message lies."""
    return Place("exchange_message", mid, "sealed_body", key_id)


def lines(conversation: str) -> list[Line]:
    """Return the messages of a conversation for the fold, ours and theirs."""
    return lines_of([conversation])[conversation]


def lines_of(conversations: Collection[str]) -> dict[str, list[Line]]:
    """Return the messages of many conversations, in one query."""
    country = own().country
    found: dict[str, list[Line]] = {conversation: [] for conversation in conversations}
    # What was refused for its form was never said: neither country counts it.
    rows = Message.objects.filter(conversation__in=found, refused_for="").exclude(kind="")
    for m in rows.defer("container", "sealed_body", "outer"):
        found[m.conversation].append(
            Line(
                mid=m.mid,
                kind=m.kind,
                sender=country if m.is_ours else m.country,
                seq=m.seq,
                inc=m.inc,
                in_reply_to=m.in_reply_to,
                written_at=m.written_at or m.stored_at,
                rank=Rank(m.rank),
                outside=tuple(m.outside.split()),
            )
        )
    return found


def stirred(since: datetime) -> set[str]:
    """Return the conversations in which a message came or went since a moment."""
    rows = Message.objects.filter(stored_at__gte=since).exclude(conversation="")
    return set(rows.values_list("conversation", flat=True))


def bodies(actor: Actor, conversation: str) -> Mapping[str, dict[str, Any]]:
    """Return the contents that this person can open, by message."""
    rows = list(Message.objects.filter(conversation=conversation, sealed_body__isnull=False))
    keys = held_keys(actor, {m.key_id for m in rows})
    return {
        m.mid: open_document(
            keys[m.key_id], bytes(m.sealed_body or b""), body_place(m.mid, m.key_id)
        )
        for m in rows
        if m.key_id in keys
    }


def numbers(mids: Collection[str]) -> list[Message]:
    """Return messages by their numbers: whose they are and by which bytes they are known."""
    return list(Message.objects.filter(pk__in=mids).only("mid", "is_ours", "country", "sha256"))


def digest_of(mid: str) -> str:
    """Return the digest of a message's container, the same at both ends; "" for an unknown one."""
    row = Message.objects.filter(pk=mid).only("sha256").first()
    return row.sha256 if row else ""


def unopened() -> list[Message]:
    """Return what arrived for the desk and was neither opened nor refused, oldest first."""
    return list(
        Message.objects.filter(is_ours=False, kind="", refused_for="")
        .defer("container", "sealed_body", "outer")
        .order_by("stored_at", "mid")
    )


def refused() -> list[Message]:
    """Return what arrived and was refused at the desk, newest first."""
    return list(
        Message.objects.filter(is_ours=False)
        .exclude(refused_for="")
        .defer("container", "sealed_body", "outer")
        .order_by("-stored_at")
    )


def waiting() -> tuple[int, int]:
    """Return how many messages and receipts of ours the peer does not have yet."""
    waits = {
        "country__in": list(Peer.objects.values_list("pk", flat=True)),
        "not_before__isnull": False,
        "is_ours": True,
    }
    to_carry = Q(rank=Rank.QUEUED) | Q(carry_again=True)
    messages = Message.objects.filter(to_carry, refused_for="", **waits).count()
    return messages, Receipt.objects.filter(is_carried=False, **waits).count()


def receipts(mid: str) -> list[Receipt]:
    """Return the receipts of a message, lowest first."""
    return list(Receipt.objects.filter(mid=mid).order_by("rank"))
