"""Many travel together: each is judged by itself, one slow partner keeps only its own waiting."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Event

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from amana.access.actions.keys import issue_key
from amana.access.rules import DESK, Actor, Role
from amana.audit.queries import first_fault
from amana.crypto import age
from amana.crypto.framing import read
from amana.crypto.hybrid import public_of
from amana.crypto.secrets import Key, digest, new_id
from amana.crypto.signing import Signer
from amana.exchange import actions, parcels, queries, rules
from amana.exchange.actions.delivery import Delivery, deliver_due
from amana.exchange.carrier import Answer, NotCarried
from amana.exchange.directory import fingerprint_in
from amana.exchange.models import Message, Receipt
from amana.exchange.rules import Opened, Rank, Reason, Unacceptable
from amana.exchange.tests.builders import (
    OtherCountry,
    Sealed,
    header_for,
    offer_body,
    other_country,
    parcel,
    receipt,
    receive_messages,
    sealed,
)
from tests.cast import THE_MOMENT as NOW
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def there(cast: Cast) -> OtherCountry:
    """A partner whose root is pinned here."""
    return pinned("CI")


def pinned(country: str) -> OtherCountry:
    there = other_country(country)
    file = there.directory_file(NOW)
    actions.pin_peer(file=file, fingerprint=fingerprint_in(file), now=NOW, by="test")
    return there


@pytest.fixture
def desk(cast: Cast) -> Actor:
    return cast.actor(Role.DESK)


def offers(there: OtherCountry, cast: Cast, count: int, **spoiled: object) -> list[Sealed]:
    """Return honest offers of the other desk, each in a conversation of its own."""
    public, made = public_of(cast.keys[DESK].seed), []
    for _ in range(count):
        header = header_for(
            there,
            to=queries.own().desk,
            to_public=public,
            kind="referral.offer",
            conversation=new_id(),
            seq=1,
            now=NOW,
        )
        header = replace(header, **spoiled)  # type: ignore[arg-type]
        made.append(
            sealed(header, offer_body(), signer=there.desk, to_public=public, to_country="MA")
        )
    return made


def bring(there: OtherCountry, *messages: Sealed) -> list[Reason | bytes]:
    first, *more = messages
    return receive_messages(parcel(first, there.node, *more), by=there, now=NOW)


# A parcel, apart.


@given(pieces=st.lists(st.binary(max_size=40), max_size=parcels.MOST))
def test_what_was_joined_comes_apart_as_it_was(pieces: list[bytes]) -> None:
    assert parcels.part(parcels.join(pieces)) == pieces


@given(pieces=st.lists(st.binary(min_size=1, max_size=9), min_size=1, max_size=8))
def test_what_was_cut_off_is_never_taken_for_whole(pieces: list[bytes]) -> None:
    joined = parcels.join(pieces)
    whole = {len(parcels.join(pieces[:n])): n for n in range(len(pieces))}

    for end in range(len(joined)):
        if end in whole:
            assert parcels.part(joined[:end]) == pieces[: whole[end]] != pieces
        else:
            with pytest.raises(Unacceptable) as refused:
                parcels.part(joined[:end])
            assert refused.value.reason is Reason.TRUNCATED


def test_more_pieces_than_travel_together_are_refused_before_any_is_looked_at() -> None:
    with pytest.raises(Unacceptable) as refused:
        parcels.part(parcels.join([b""] * (parcels.MOST + 1)))

    assert refused.value.reason is Reason.MALFORMED


@given(sizes=st.lists(st.integers(1, 2 * rules.ROOM), min_size=1, max_size=80))
def test_a_parcel_has_room_for_one_and_never_for_more_than_its_room(sizes: list[int]) -> None:
    count = parcels.fitting(sizes)

    assert count >= 1
    assert count == 1 or sum(sizes[:count]) <= rules.ROOM
    assert count == len(sizes) or sum(sizes[: count + 1]) > rules.ROOM


# What arrives.


def test_each_message_of_a_parcel_is_judged_by_itself(there: OtherCountry, cast: Cast) -> None:
    good = offers(there, cast, 4)
    (elsewhere,) = offers(there, cast, 1)
    elsewhere = replace(elsewhere, outer=replace(elsewhere.outer, to="SN"))
    (late,) = offers(there, cast, 1)
    late = replace(late, outer=replace(late.outer, exp=(NOW - timedelta(days=1)).isoformat()))
    conflicting = replace(good[0], container=good[1].container)

    said = bring(there, good[0], elsewhere, good[1], late, conflicting, good[2], good[3])

    reasons = [one if isinstance(one, Reason) else None for one in said]
    assert reasons == [
        *(None, Reason.NOT_FOR_US, None, Reason.EXPIRED, Reason.CONFLICT, None, None),
    ]
    assert {m.mid for m in Message.objects.all()} == {one.header.mid for one in good}
    assert actions.open_messages(actor=cast.actor(Role.DESK), now=NOW) == (4, [])
    assert first_fault() is None


def test_a_message_that_stands_twice_in_a_parcel_is_kept_once(
    there: OtherCountry, cast: Cast
) -> None:
    (one,) = offers(there, cast, 1)

    first, second = bring(there, one, one)

    assert first == second
    assert bring(there, one) == [first]
    assert Message.objects.count() == Receipt.objects.count() == 1


def test_a_receipt_of_arrival_names_the_very_bytes(there: OtherCountry, cast: Cast) -> None:
    messages = offers(there, cast, 3)

    said = bring(there, *messages)

    notes = [rules.read_receipt(read(r, padded=True).header) for r in said if isinstance(r, bytes)]
    assert [(n.mid, n.sha256) for n in notes] == [
        (m.header.mid, digest(m.container).hex()) for m in messages
    ]


def test_twenty_cost_the_database_as_many_statements_as_two(
    there: OtherCountry, cast: Cast
) -> None:
    with CaptureQueriesContext(connection) as of_two:
        bring(there, *offers(there, cast, 2))
    with CaptureQueriesContext(connection) as of_twenty:
        bring(there, *offers(there, cast, 20))

    assert len(of_twenty) == len(of_two) < 20


# What is opened together.


@contextmanager
def handled_by(handler: actions.Handler) -> Iterator[None]:
    before = dict(actions._HANDLERS), dict(actions._HOLDS), tuple(actions._AT_THE_TRAY)
    actions.install({"referral.offer": handler}, before[1])
    try:
        yield
    finally:
        actions.install(*before)


def test_what_no_transaction_bears_keeps_none_of_those_before_it_shut(
    there: OtherCountry, cast: Cast, desk: Actor
) -> None:
    bring(there, *offers(there, cast, 5))
    third = queries.unopened()[2].mid
    key_id, key = issue_key(DESK)

    def falls(opened: Opened, _actor: Actor, _now: datetime) -> tuple[str, Key]:
        if opened.header.mid == third:
            raise RuntimeError("not one of those that are foreseen")
        return key_id, key

    with handled_by(falls), pytest.raises(RuntimeError):
        actions.open_messages(actor=desk, now=NOW)

    assert queries.unopened()[0].mid == third
    assert Message.objects.exclude(kind="").count() == 2
    delivered = Receipt.objects.filter(rank=Rank.DELIVERED)
    assert {r.mid for r in delivered} == {m.mid for m in Message.objects.exclude(kind="")}


# What leaves.


@dataclass
class Line:
    """A partner at the end of a line: it takes parcels and vouches; no table is touched."""

    there: OtherCountry
    refuses: set[str] = field(default_factory=set)
    most: int = 1000
    parcels: list[int] = field(default_factory=list)

    def __call__(self, *, url: str, parcel: bytes, **_: object) -> Answer:
        assert url.endswith("/messages")
        held = parcels.pairs(read(parcel, padded=False).body)
        self.parcels.append(len(held))
        if len(held) > self.most:
            raise NotCarried("the line broke")
        said: list[bytes] = []
        for outer, container in held:
            mid = rules.read_outer(outer).mid
            if mid in self.refuses:
                said += [Reason.CONFLICT.value.encode(), b""]
            else:
                sha256 = digest(container).hex()
                note = receipt(self.there, mid=mid, sha256=sha256, rank=Rank.RELAYED, now=NOW)
                said += [b"", note]
        sealed_ = age.encrypt([public_of(queries.own().seed)], parcels.join(said))
        return Answer(200, sealed_)


def posted(desk: Actor, count: int, country: str = "CI") -> list[str]:
    """Put so many messages into the outbox."""
    key_id, key = issue_key(DESK)
    letters = [
        actions.Letter(
            "referral.offer",
            country,
            new_id(),
            offer_body(),
            legal_basis="CONSENT",
            purpose="CARE_AFTER_RETURN",
        )
        for _ in range(count)
    ]
    return [actions.post(one, actor=desk, key_id_=key_id, key=key, now=NOW).mid for one in letters]


def carried(via: object, at: datetime = NOW) -> int:
    return deliver_due(now=at, clock=lambda: at, jitter=0.5, via=via)  # type: ignore[arg-type]


def test_all_that_waits_for_a_partner_leaves_in_few_parcels(
    there: OtherCountry, desk: Actor
) -> None:
    posted(desk, parcels.MOST + 3)
    line = Line(there)

    assert carried(line) == parcels.MOST + 3

    assert len(line.parcels) == 2
    assert all(n <= parcels.MOST for n in line.parcels)
    assert queries.waiting() == (0, 0)


def test_one_that_the_partner_refuses_is_tried_later_and_the_others_have_arrived(
    there: OtherCountry, desk: Actor
) -> None:
    mids = posted(desk, 5)

    assert carried(Line(there, refuses={mids[2]})) == 4

    (left,) = Message.objects.filter(rank=Rank.QUEUED)
    assert (left.mid, left.attempts) == (mids[2], 1)


def test_a_line_that_breaks_under_many_carries_fewer_until_all_are_there(
    there: OtherCountry, desk: Actor
) -> None:
    posted(desk, 9)
    line, at = Line(there, most=1), NOW

    def via(**told: object) -> Answer:
        return line(**told)  # type: ignore[arg-type]

    delivery = Delivery(clock=lambda: at, via=via)
    for _ in range(12):
        delivery.turn(at, 0.5)
        at += timedelta(hours=1)

    assert queries.waiting() == (0, 0)
    assert sorted(set(line.parcels), reverse=True) == line.parcels[:4] == [9, 4, 2, 1]


@pytest.mark.parametrize("other", ["another message", "other bytes", "another hand"])
def test_an_answer_that_does_not_vouch_for_a_message_leaves_it_waiting(
    there: OtherCountry, desk: Actor, other: str
) -> None:
    (mid,) = posted(desk, 1)
    row = Message.objects.get()
    note = receipt(
        other_country("CI") if other == "another hand" else there,
        mid=new_id() if other == "another message" else mid,
        sha256="0" * 64 if other == "other bytes" else row.sha256,
        rank=Rank.RELAYED,
        now=NOW,
    )
    said = age.encrypt([public_of(queries.own().seed)], parcels.join([b"", note]))

    assert carried(lambda **_: Answer(200, said)) == 0

    row.refresh_from_db()
    assert (row.rank, row.attempts) == (Rank.QUEUED, 1)
    assert row.not_before is not None


@pytest.mark.parametrize("body", [b"", b"nonsense", b"\0" * 4096])
def test_an_answer_that_is_none_leaves_everything_waiting(
    there: OtherCountry, desk: Actor, body: bytes
) -> None:
    posted(desk, 2)

    assert carried(lambda **_: Answer(200, body)) == 0

    assert queries.waiting() == (2, 0)


def test_receipts_are_due_until_the_partner_has_said_that_it_has_them(
    there: OtherCountry, cast: Cast, desk: Actor
) -> None:
    bring(there, *offers(there, cast, 3))
    actions.open_messages(actor=desk, now=NOW)
    heard: list[int] = []

    def over_there(*, parcel: bytes, **_: object) -> Answer:
        signed = parcels.part(age.decrypt(there.node, read(parcel, padded=False).body))
        heard.append(len(signed))
        return Answer(200, parcels.join([b"", b"conflict", b""][: len(signed)]))

    assert carried(lambda **_: Answer(200, b"")) == 0
    assert carried(over_there, NOW + timedelta(hours=1)) == 2
    assert carried(over_there, NOW + timedelta(hours=2)) == 1
    assert heard == [3, 1]
    assert queries.waiting() == (0, 0)


def test_a_partner_that_does_not_answer_keeps_no_other_waiting(cast: Cast, desk: Actor) -> None:
    quick, slow, lets_go = pinned("CI"), pinned("SN"), Event()
    posted(desk, 2)
    _in_the_outbox(slow.country)
    line, asked = Line(quick), list[str]()

    def via(*, url: str, parcel: bytes, **told: object) -> Answer:
        asked.append(_to(parcel))
        if asked[-1] == "CI":
            return line(url=url, parcel=parcel, **told)
        lets_go.wait(30)
        raise NotCarried("at last")

    delivery = Delivery(clock=lambda: NOW, via=via)
    try:
        assert delivery.turn(NOW, 0.5) == 2
        # What is posted meanwhile leaves as well, and the slow one is not asked a second time.
        posted(desk, 1)
        assert delivery.turn(NOW, 0.5) == 1
        assert asked.count("SN") == 1
        assert Message.objects.get(country="SN").rank == Rank.QUEUED
    finally:
        lets_go.set()


def _to(carried_: bytes) -> str:
    return rules.read_outer(read(carried_, padded=False).header).to


def _in_the_outbox(country: str) -> None:
    """Put a message to a country with which nothing is agreed into the outbox."""
    Message.objects.create(
        mid=new_id(),
        is_ours=True,
        country=country,
        container=bytes(100),
        sha256="0" * 64,
        outer=b"{}",
        expires_at=NOW + rules.LIFETIME,
        stored_at=NOW,
        kind="referral.offer",
        conversation=new_id(),
        seq=1,
        not_before=NOW,
    )


def test_a_signer_is_neither_shown_nor_copied() -> None:
    import copy  # noqa: PLC0415
    import pickle  # noqa: PLC0415

    signer = Signer(other_country().node)

    assert repr(signer) == "<Signer>"
    for away in (copy.copy, pickle.dumps):
        with pytest.raises(TypeError):
            away(signer)
