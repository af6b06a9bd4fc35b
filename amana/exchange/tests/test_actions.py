"""What the post office believes, and what it refuses: each for its own reason, without effect."""

import base64
import json
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amana.access.rules import DESK, Actor, NotFound, Role
from amana.audit.models import Entry
from amana.audit.queries import first_fault
from amana.crypto import age
from amana.crypto.framing import pack, read
from amana.crypto.hybrid import public_of
from amana.crypto.secrets import digest, new_id, new_seed
from amana.crypto.signing import key_id, sign_public_of
from amana.exchange import actions, queries, rules
from amana.exchange.actions import arrivals
from amana.exchange.actions.delivery import deliver_due
from amana.exchange.carrier import Answer, NotCarried
from amana.exchange.directory import fingerprint_in
from amana.exchange.models import Message, Peer, Receipt
from amana.exchange.rules import Rank, Reason, Unacceptable
from amana.exchange.tests.builders import (
    OtherCountry,
    Sealed,
    header_for,
    offer_body,
    other_country,
    parcel,
    receipt_parcel,
    receive_message,
    receive_receipt,
    sealed,
)
from tests.cast import THE_MOMENT as NOW
from tests.cast import Cast

pytestmark = pytest.mark.django_db
LAWS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@dataclass(frozen=True)
class Post:
    """This node's desk and the other country, ready to exchange."""

    here: Cast
    there: OtherCountry
    desk: Actor

    def offer(self, **spoiled: object) -> Sealed:
        """Return an honest offer of the other desk, or one with a spoiled header."""
        header = header_for(
            self.there,
            to=queries.own().desk,
            to_public=public_of(self.here.keys[DESK].seed),
            kind="referral.offer",
            conversation=new_id(),
            seq=1,
            now=NOW,
        )
        return self.seal(replace(header, **spoiled))  # type: ignore[arg-type]

    def seal(self, header: rules.Header, body: dict[str, object] | None = None) -> Sealed:
        """Seal a header and a body to this desk, signed by the other."""
        return sealed(
            header,
            offer_body() if body is None else body,
            signer=self.there.desk,
            to_public=public_of(self.here.keys[DESK].seed),
            to_country="MA",
        )

    def bring(self, message: Sealed) -> bytes:
        """Let the other node bring it."""
        return receive_message(parcel(message, self.there.node), by=self.there, now=NOW)


@pytest.fixture
def post(cast: Cast) -> Post:
    there = other_country()
    file = there.directory_file(NOW)
    pinned = fingerprint_in(file)
    actions.pin_peer(file=file, fingerprint=pinned, now=NOW, by="test")
    return Post(cast, there, cast.actor(Role.DESK))


def refusals() -> list[str]:
    """Return the reasons on record, oldest first."""
    events = [json.loads(bytes(e.event or b"{}")) for e in Entry.objects.order_by("seq")]
    return [e["reason"] for e in events if "refuse" in e["verb"]]


def nothing_happened() -> bool:
    """Say whether no message from abroad was acted on."""
    return not acted_on()


def acted_on() -> int:
    """Return how many messages from abroad were acted on."""
    return Message.objects.filter(is_ours=False).exclude(kind="").count()


def test_an_honest_offer_is_stored_sealed_and_opens_only_at_the_desk(post: Post) -> None:
    receipt = post.bring(post.offer())

    stored = Message.objects.get()
    assert stored.kind == ""
    assert nothing_happened()
    assert rules.read_receipt(read(receipt, padded=True).header).rank == 1

    assert actions.open_messages(actor=post.desk, now=NOW) == (1, [])
    assert acted_on() == 1
    assert Receipt.objects.filter(is_ours=True, rank=Rank.DELIVERED).exists()
    assert first_fault() is None


def test_nobody_but_the_desk_opens_its_mail(post: Post) -> None:
    post.bring(post.offer())
    worker = post.here.actor(Role.CASE_WORKER)

    with pytest.raises(NotFound):
        actions.open_messages(actor=worker, now=NOW)

    assert nothing_happened()


@LAWS
@given(data=st.data())
def test_one_changed_byte_anywhere_in_a_parcel_is_refused_and_logged(
    post: Post, data: st.DataObject
) -> None:
    carried = bytearray(parcel(post.offer(), post.there.node))
    place = data.draw(st.integers(0, len(carried) - 1))
    carried[place] ^= data.draw(st.integers(1, 255))
    before = Message.objects.count()

    with pytest.raises(Unacceptable) as refused:
        receive_message(bytes(carried), by=post.there, now=NOW)

    # A length field that was changed makes the parcel end elsewhere; the rest breaks a signature.
    assert refused.value.reason in (Reason.CHANGED, Reason.TRUNCATED, Reason.MALFORMED)
    assert refusals()[-1] == refused.value.reason.value
    assert Message.objects.count() == before


@LAWS
@given(data=st.data())
def test_one_changed_byte_in_a_stored_container_is_refused_at_the_desk(
    post: Post, data: st.DataObject
) -> None:
    Message.objects.all().delete()
    post.bring(post.offer())
    stored = Message.objects.get()
    container = bytearray(bytes(stored.container))
    container[data.draw(st.integers(0, len(container) - 1))] ^= data.draw(st.integers(1, 255))
    Message.objects.update(container=bytes(container))

    opened, refused = actions.open_messages(actor=post.desk, now=NOW)

    assert opened == 0
    assert refused == [Reason.NOT_FOR_US]
    assert nothing_happened()
    Receipt.objects.all().delete()


@LAWS
@given(cut=st.integers(1, 6000))
def test_a_truncated_parcel_is_refused_as_truncated(post: Post, cut: int) -> None:
    carried = parcel(post.offer(), post.there.node)

    with pytest.raises(Unacceptable) as refused:
        receive_message(carried[: max(0, len(carried) - cut)], by=post.there, now=NOW)

    assert refused.value.reason is Reason.TRUNCATED
    assert refusals()[-1] == "truncated"
    assert nothing_happened()


def test_an_unknown_country_is_refused(post: Post) -> None:
    with pytest.raises(Unacceptable) as refused:
        receive_message(parcel(post.offer(), post.there.node), by=other_country("ZZ"), now=NOW)

    assert refused.value.reason is Reason.UNKNOWN_SENDER
    assert refusals() == ["unknown_sender"]
    assert nothing_happened()


def test_a_known_country_s_desk_with_another_key_is_refused_at_the_desk(post: Post) -> None:
    honest = post.offer()
    forged = sealed(
        honest.header,
        offer_body(),
        signer=new_seed(),
        to_public=public_of(post.here.keys[DESK].seed),
        to_country="MA",
    )
    post.bring(forged)

    assert actions.open_messages(actor=post.desk, now=NOW) == (0, [Reason.UNKNOWN_SENDER])
    assert refusals() == ["unknown_sender"]
    assert nothing_happened()


@pytest.mark.parametrize(
    ("spoiled", "reason"),
    [
        ({"to": "MA/GOV/somebody/else"}, Reason.NOT_FOR_US),
        ({"to_kids": ["0000000000000000"]}, Reason.NOT_FOR_US),
        ({"sender": "CI/GOV/somebody/else"}, Reason.UNKNOWN_SENDER),
        ({"v": 2}, Reason.UNSUPPORTED),
        ({"type": "referral.unheard-of"}, Reason.UNKNOWN_KIND),
        ({"seq": 2}, Reason.OUT_OF_ORDER),
        ({"seq": 0}, Reason.CONFLICT),
        ({"iat": (NOW + timedelta(days=3)).isoformat()}, Reason.FROM_THE_FUTURE),
        ({"iat": "yesterday"}, Reason.MALFORMED),
        ({"iat": "0001-01-01T00:00:00+14:00"}, Reason.MALFORMED),
        ({"iat": (NOW - timedelta(days=2)).isoformat()}, Reason.MALFORMED),
        ({"conv": "f" * 33}, Reason.MALFORMED),
        ({"in_reply_to": "../../etc"}, Reason.MALFORMED),
    ],
)
def test_a_header_that_says_something_wrong_is_refused_for_its_own_reason(
    post: Post, spoiled: dict[str, object], reason: Reason
) -> None:
    post.bring(post.offer(**spoiled))

    opened, _ = actions.open_messages(actor=post.desk, now=NOW)

    assert opened == 0
    assert refusals()[-1] == reason.value
    assert nothing_happened()


def test_a_message_sealed_for_somebody_else_does_not_open(post: Post) -> None:
    honest = post.offer()
    post.bring(
        sealed(
            honest.header,
            offer_body(),
            signer=post.there.desk,
            to_public=public_of(new_seed()),
            to_country="MA",
        )
    )

    assert actions.open_messages(actor=post.desk, now=NOW) == (0, [Reason.NOT_FOR_US])
    assert nothing_happened()


def test_a_parcel_for_another_country_is_refused_at_the_door(post: Post) -> None:
    honest = post.offer()
    elsewhere = replace(honest, outer=replace(honest.outer, to="SN"))

    with pytest.raises(Unacceptable) as refused:
        post.bring(elsewhere)

    assert refused.value.reason is Reason.NOT_FOR_US
    assert refusals() == ["not_for_us"]


def test_an_expired_message_is_refused_at_the_door_and_at_the_desk(post: Post) -> None:
    honest = post.offer()
    post.bring(honest)
    later = NOW + rules.LIFETIME + timedelta(seconds=1)
    carried = parcel(post.offer(), post.there.node)

    with pytest.raises(Unacceptable) as refused:
        receive_message(carried, by=post.there, now=later)

    assert refused.value.reason is Reason.EXPIRED
    assert actions.open_messages(actor=post.desk, now=later) == (0, [Reason.EXPIRED])
    assert nothing_happened()


def test_a_signed_container_under_another_outer_header_is_refused(post: Post) -> None:
    honest = post.offer()
    post.bring(replace(honest, outer=replace(honest.outer, mid=new_id())))

    assert actions.open_messages(actor=post.desk, now=NOW) == (0, [Reason.CHANGED])
    assert nothing_happened()


@LAWS
@given(times=st.integers(1, 5))
def test_a_replayed_message_has_one_effect_and_always_the_same_receipt(
    post: Post, times: int
) -> None:
    message = post.offer()
    first = post.bring(message)
    actions.open_messages(actor=post.desk, now=NOW)
    before = acted_on()

    again = [post.bring(message) for _ in range(times)]

    said = {read(r, padded=True).header for r in (first, *again)}
    assert len(said) == 1
    assert actions.open_messages(actor=post.desk, now=NOW) == (0, [])
    assert acted_on() == before
    assert refusals()[-times:] == ["replayed"] * times


def test_other_bytes_under_a_known_number_are_a_conflict(post: Post) -> None:
    message = post.offer()
    post.bring(message)
    other = post.seal(message.header, offer_body(by="Autre"))

    with pytest.raises(Unacceptable) as refused:
        post.bring(other)

    assert refused.value.reason is Reason.CONFLICT
    assert Message.objects.get().sha256 == digest(message.container).hex()


def test_a_message_that_comes_too_early_waits_and_is_acted_on_in_order(post: Post) -> None:
    offer = post.offer()
    too_early = post.seal(
        replace(
            offer.header,
            mid=new_id(),
            seq=2,
            type="referral.case",
            schema="referral.case/1.0.0",
            in_reply_to="",
        )
    )
    post.bring(too_early)

    # However often somebody opens the tray meanwhile, it is said once on record.
    for _ in range(3):
        assert actions.open_messages(actor=post.desk, now=NOW) == (0, [])
        assert refusals() == ["out_of_order"]
    assert nothing_happened()

    post.bring(offer)
    # The offer is taken in; what follows it is looked at next, and lacks all that a dossier says.
    opened, refused = actions.open_messages(actor=post.desk, now=NOW)
    assert (opened, refused) == (1, [Reason.MALFORMED])


def test_a_lapsed_directory_keeps_good_mail_sealed_until_it_is_signed_anew(post: Post) -> None:
    post.bring(post.offer())
    long_after = NOW + timedelta(days=20)
    lapsed = post.there.directory_file(NOW - timedelta(days=365 + 70), version=1)
    Peer.objects.update(directory=lapsed)

    assert actions.open_messages(actor=post.desk, now=long_after) == (0, [])
    assert refusals()[-1] == "directory_expired"
    file = post.there.directory_file(NOW, version=2)
    actions.pin_peer(file=file, fingerprint=fingerprint_in(file), now=NOW, by="test")

    assert actions.open_messages(actor=post.desk, now=long_after) == (1, [])


@pytest.mark.parametrize("nonsense", ['{"by": "\\ud800"}', '{"by": "\\u0000"}', "[]", "{", "7"])
def test_a_body_that_no_page_can_hold_is_refused_and_the_next_message_opens(
    post: Post, nonsense: str
) -> None:
    offer = post.offer()
    frame = pack(
        rules.ENVELOPE, rules.encode(offer.header), nonsense.encode(), post.there.desk, padded=True
    )
    container = age.encrypt([public_of(post.here.keys[DESK].seed)], frame)
    post.bring(replace(offer, container=container))
    post.bring(post.offer())

    assert actions.open_messages(actor=post.desk, now=NOW) == (1, [Reason.MALFORMED])


def test_a_second_message_under_a_used_sequence_number_is_refused(post: Post) -> None:
    offer = post.offer()
    post.bring(offer)
    actions.open_messages(actor=post.desk, now=NOW)
    again = post.seal(replace(offer.header, mid=new_id(), type="referral.update"))
    post.bring(again)

    assert actions.open_messages(actor=post.desk, now=NOW) == (0, [Reason.CONFLICT])


def test_a_second_offer_under_a_known_reference_is_refused_and_stops_no_other_mail(
    post: Post,
) -> None:
    first, other = post.offer(), post.offer()
    body = offer_body()
    for message in (post.seal(first.header, body), post.seal(other.header, body), post.offer()):
        post.bring(message)

    assert actions.open_messages(actor=post.desk, now=NOW) == (2, [Reason.CONFLICT])


def test_a_conversation_cannot_be_entered_by_a_third_country(post: Post) -> None:
    offer = post.offer()
    post.bring(offer)
    actions.open_messages(actor=post.desk, now=NOW)
    third = other_country("SN")
    file = third.directory_file(NOW)
    fingerprint = fingerprint_in(file)
    actions.pin_peer(file=file, fingerprint=fingerprint, now=NOW, by="test")
    header = replace(
        offer.header, mid=new_id(), seq=2, type="referral.update", sender=third.desk_address
    )
    intruder = sealed(
        header,
        {},
        signer=third.desk,
        to_public=public_of(post.here.keys[DESK].seed),
        to_country="MA",
    )
    receive_message(parcel(intruder, third.node), by=third, now=NOW)

    assert actions.open_messages(actor=post.desk, now=NOW) == (0, [Reason.NOT_THEIRS])


def test_a_directory_under_another_root_or_an_older_version_is_refused(post: Post) -> None:
    newer = post.there.directory_file(NOW, version=3)
    pinned = Peer.objects.get().pinned_root
    actions.pin_peer(file=newer, fingerprint=pinned, now=NOW, by="test")
    impostor = other_country("CI").directory_file(NOW, version=9)
    its_own = fingerprint_in(impostor)
    old = post.there.directory_file(NOW, version=2)

    with pytest.raises(Unacceptable) as wrong_root:
        actions.pin_peer(file=impostor, fingerprint=pinned, now=NOW, by="test")
    with pytest.raises(Unacceptable) as another_root:
        actions.pin_peer(file=impostor, fingerprint=its_own, now=NOW, by="test")
    with pytest.raises(Unacceptable) as older:
        actions.pin_peer(file=old, fingerprint=pinned, now=NOW, by="test")

    assert wrong_root.value.reason is Reason.UNKNOWN_SENDER
    assert another_root.value.reason is Reason.UNKNOWN_SENDER
    assert older.value.reason is Reason.ROLLED_BACK
    assert Peer.objects.get().version == 3


def test_a_changed_letter_in_a_directory_is_refused(post: Post) -> None:
    file = json.loads(post.there.directory_file(NOW))
    file["directory"] = file["directory"].replace("127.0.0.1", "127.0.0.2")
    spoiled = json.dumps(file, indent=1).encode()
    fingerprint = fingerprint_in(spoiled)

    with pytest.raises(Unacceptable) as refused:
        actions.pin_peer(file=spoiled, fingerprint=fingerprint, now=NOW, by="test")

    assert refused.value.reason is Reason.CHANGED
    assert len(base64.b64decode(file["signature"])) == 64 + 3309


# Our own messages, and the receipts that come back.


def posted(post: Post, conversation: str = "") -> Message:
    """Return a message of ours in the outbox."""
    from amana.access.actions.keys import issue_key  # noqa: PLC0415 - only this test makes keys by hand

    held_id, key = issue_key(DESK)
    letter = actions.Letter(
        "referral.offer",
        "CI",
        conversation or new_id(),
        offer_body(),
        legal_basis="CONSENT",
        purpose="CARE_AFTER_RETURN",
    )
    return actions.post(letter, actor=post.desk, key_id_=held_id, key=key, now=NOW)


def bring_receipt(post: Post, message: Message, rank: Rank, **more: object) -> None:
    carried = receipt_parcel(
        post.there,
        mid=message.mid,
        sha256=str(more.pop("sha256", message.sha256)),
        rank=rank,
        own_public=public_of(queries.own().seed),
        own_country="MA",
        now=NOW,
        **more,
    )
    receive_receipt(carried, caller="CI", now=NOW)


@LAWS
@given(
    ranks=st.lists(
        st.sampled_from([Rank.RELAYED, Rank.DELIVERED, Rank.ACCEPTED, Rank.REFUSED]),
        min_size=1,
        max_size=8,
    )
)
def test_receipts_in_any_order_only_ever_raise_a_message(post: Post, ranks: list[Rank]) -> None:
    message = posted(post)
    seen = [Rank.QUEUED]

    for rank in ranks:
        bring_receipt(post, message, rank)
        message.refresh_from_db()
        seen.append(Rank(message.rank))

    heights = [rank.height for rank in seen]
    assert heights == sorted(heights)
    assert heights[-1] == max(rank.height for rank in ranks)
    ends = [rank for rank in seen if rank.height == 3]
    assert len(set(ends)) <= 1


@pytest.mark.parametrize("rank", [Rank.DELIVERED, Rank.ACCEPTED, Rank.REFUSED])
def test_the_other_node_cannot_speak_for_its_desk(post: Post, rank: Rank) -> None:
    message = posted(post)

    with pytest.raises(Unacceptable) as refused:
        bring_receipt(post, message, rank, signer=post.there.node)

    message.refresh_from_db()
    assert refused.value.reason is Reason.CHANGED
    assert message.rank == Rank.QUEUED


def test_a_receipt_for_other_bytes_or_another_message_is_refused(post: Post) -> None:
    message = posted(post)

    with pytest.raises(Unacceptable) as other_bytes:
        bring_receipt(post, message, Rank.RELAYED, sha256="0" * 64)
    message.mid = new_id()
    with pytest.raises(Unacceptable) as other_message:
        bring_receipt(post, message, Rank.RELAYED)

    assert other_bytes.value.reason is Reason.CONFLICT
    assert other_message.value.reason is Reason.NOT_THEIRS
    assert refusals() == ["conflict", "not_theirs"]


def test_what_is_not_carried_is_tried_again_and_nothing_is_sent_twice_by_two_workers(
    post: Post,
) -> None:
    message = posted(post)
    tries = []

    def dead(**parcel_: object) -> Answer:
        tries.append(parcel_)
        # A second worker comes in while the first one is still trying: it finds the claim.
        deliver_due(now=NOW, clock=lambda: NOW, jitter=0.5, via=dead)
        raise NotCarried("nobody there")

    deliver_due(now=NOW, clock=lambda: NOW, jitter=0.5, via=dead)

    message.refresh_from_db()
    assert len(tries) == 1
    assert message.attempts == 1
    assert message.rank == Rank.QUEUED
    assert message.not_before is not None
    assert message.not_before > NOW


def test_a_message_that_was_never_carried_in_its_life_says_so(post: Post) -> None:
    message = posted(post)
    later = NOW + rules.LIFETIME + timedelta(days=1)

    deliver_due(now=later, clock=lambda: later, jitter=0.5, via=_never)

    message.refresh_from_db()
    assert message.refused_for == "expired"
    assert queries.waiting() == (0, 0)


def _never(**_parcel: object) -> Answer:
    raise AssertionError("an expired message must not leave")


@LAWS
@given(first=st.integers(1, 40), more=st.integers(1, 10), jitter=st.floats(0, 1))
def test_patience_grows_and_has_an_end(first: int, more: int, jitter: float) -> None:
    wait = rules.retry_after(first, base=30, jitter=jitter)
    longer = rules.retry_after(first + more, base=30, jitter=jitter)

    assert timedelta() < wait <= longer <= timedelta(hours=1)


def test_the_door_answers_a_machine_with_the_reason_and_no_page(client: Client, post: Post) -> None:
    answer = client.post(
        "/exchange/messages", b"garbage", content_type="application/octet-stream",
        headers={"Amana-Node": "CI"},
    )  # fmt: skip

    assert answer.status_code == 422
    assert answer.content in (b"truncated", b"malformed")


@LAWS
@given(garbage=st.binary(max_size=300))
def test_no_garbage_at_the_door_breaks_anything(post: Post, garbage: bytes) -> None:
    for receive in (arrivals.receive_messages, arrivals.receive_receipts):
        with pytest.raises(Unacceptable):
            receive(garbage, caller="CI", now=NOW)

    assert nothing_happened()


def test_a_revoked_key_signs_nothing_more_and_what_came_after_waits_for_a_person(
    post: Post,
) -> None:
    before, dated_back = post.offer(), post.offer()
    after = post.offer(iat=(NOW + timedelta(hours=2)).isoformat())
    post.bring(before)
    Message.objects.update(stored_at=NOW - timedelta(hours=1))
    key = key_id(sign_public_of(post.there.desk))
    since = (NOW + timedelta(hours=1)).isoformat()
    for message in (dated_back, after):
        post.bring(message)
    Message.objects.exclude(pk=before.header.mid).update(stored_at=NOW + timedelta(hours=3))
    file = post.there.directory_file(NOW, version=2, revoked={key: since})
    actions.pin_peer(file=file, fingerprint=fingerprint_in(file), now=NOW, by="test")

    opened, refused = actions.open_messages(actor=post.desk, now=NOW + timedelta(hours=3))

    assert (opened, refused) == (1, [Reason.REVOKED])
    held = Message.objects.get(pk=dated_back.header.mid)
    assert (held.kind, held.refused_for, held.held_for) == ("", "", "in_doubt")
    assert queries.n_held("CI") == 1
