"""A directory travels with its proof; a root is compared by two; both nodes count the same days."""

import json
import struct
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amana.access.queries import team
from amana.access.rules import DESK, Actor, NotFound, Refused, Role
from amana.audit import queries as record
from amana.audit.models import Entry
from amana.crypto import merkle, notes
from amana.crypto.framing import pack
from amana.crypto.hybrid import public_of
from amana.crypto.notes import BadNote, Checkpoint, Proof, Request
from amana.crypto.secrets import Seed, digest, leaf_hash, new_id, new_seed
from amana.crypto.signing import sign_public_of
from amana.exchange import actions, parcels, queries, rules, trust, witness
from amana.exchange.actions import trusting
from amana.exchange.directory import fingerprint_in, open_directory
from amana.exchange.models import HolidayWord, Peer, Receipt
from amana.exchange.rules import Outer, Rank, Reason, Unacceptable
from amana.exchange.tests.builders import (
    OtherCountry,
    header_for,
    offer_body,
    other_country,
    parcel,
    receive_message,
    sealed,
)
from tests.cast import THE_MOMENT as NOW
from tests.cast import Cast, name_of

pytestmark = pytest.mark.django_db
NAME = "amana/CI/1"


@dataclass
class Partner:
    """The other country with a log of its own."""

    there: OtherCountry
    leaves: list[bytes] = field(default_factory=lambda: [bytes([n]) * 32 for n in range(9)])

    def logged(self, file: bytes) -> tuple[int, bytes]:
        """Put a directory on the record there; return its place and what its leaf is made of."""
        event = json.dumps({"verb": trust.PUBLISHED, "sha256": digest(file).hex()}).encode()
        salt = bytes(32)
        self.leaves.append(leaf_hash(salt, event))
        return len(self.leaves) - 1, salt + event

    def checkpoint(self, *, by: Seed | None = None) -> notes.Note:
        tree = Checkpoint(NAME, len(self.leaves), merkle.root(self.leaves))
        return notes.signed(by or self.there.node, tree, at=int(NOW.timestamp()))

    def has_it_witnessed(self) -> None:
        """Let this node vouch for the head of the log there."""
        old = next((row.size for row in record.witnessed() if row.origin == NAME), 0)
        note = bytes(self.checkpoint())
        asked = Request(old, merkle.consistency_proof(self.leaves, old) if old else [], note)
        status, _ = witness.answer(
            self.framed(bytes(asked), rules.CHECKPOINT), caller="CI", now=NOW
        )
        assert status == 200

    def framed(self, body: bytes, context: bytes = rules.UPDATE) -> bytes:
        outer = Outer(1, "MA", new_id(), (NOW + timedelta(minutes=5)).isoformat())
        return pack(context, rules.encode(outer), body, self.there.node, padded=False)

    def update(self, file: bytes, place: tuple[int, bytes]) -> bytes:
        """Return what the node there posts."""
        at, extra = place
        hashes = merkle.inclusion_proof(self.leaves, at)
        proof = bytes(Proof(at, hashes, bytes(self.checkpoint()), extra))
        return self.framed(struct.pack(">I", len(proof)) + proof + file)


@pytest.fixture
def partner(db: None) -> Partner:
    there = other_country()
    file = there.directory_file(NOW)
    actions.pin_peer(file=file, fingerprint=fingerprint_in(file), now=NOW, by="test")
    return Partner(there)


def take(parcel: bytes) -> Reason | None:
    try:
        trusting.receive_directory(parcel, caller="CI", now=NOW)
    except Unacceptable as refused:
        return refused.reason
    return None


def alarms() -> list[str]:
    return [alarm.kind for alarm in record.open_alarms()]


def version() -> int:
    return Peer.objects.get(pk="CI").version


def test_a_newer_directory_is_taken_over_with_its_proof_and_ends_the_alarms(
    partner: Partner,
) -> None:
    file = partner.there.directory_file(NOW, version=2)
    place = partner.logged(file)
    partner.has_it_witnessed()
    old = partner.there.directory_file(NOW + timedelta(1), version=1)

    assert take(partner.update(old, partner.logged(old))) is Reason.ROLLED_BACK
    assert alarms() == ["rolled_back"]
    partner.leaves.pop()
    assert take(partner.update(file, place)) is None
    assert (version(), alarms()) == (2, [])
    assert take(partner.update(file, place)) is None


def test_a_substituted_directory_is_refused_without_a_place_in_the_log(partner: Partner) -> None:
    file = partner.there.directory_file(NOW, version=2)
    substitute = partner.there.directory_file(NOW, version=2, phone="666")
    place = partner.logged(file)
    partner.has_it_witnessed()

    assert take(partner.update(substitute, place)) is Reason.NOT_LOGGED
    assert (version(), alarms()) == (1, ["not_logged"])


def test_a_proof_under_a_head_that_was_not_vouched_for_here_proves_nothing(
    partner: Partner,
) -> None:
    partner.has_it_witnessed()
    file = partner.there.directory_file(NOW, version=2)
    ahead = partner.update(file, partner.logged(file))
    partner.leaves.pop(0)
    same_size = partner.update(file, (8, json.dumps({}).encode()))

    assert take(ahead) is Reason.OUT_OF_ORDER
    assert take(same_size) is Reason.NOT_LOGGED
    assert version() == 1


def test_a_foreign_root_is_an_alarm_and_the_pinned_one_stays(partner: Partner) -> None:
    stranger = other_country()
    file = OtherCountry(
        "CI", stranger.root, partner.there.node, partner.there.desk, partner.there.unit
    ).directory_file(NOW, version=9)
    place = partner.logged(file)
    partner.has_it_witnessed()

    assert take(partner.update(file, place)) is Reason.UNKNOWN_SENDER
    assert (version(), alarms()) == (1, ["foreign_root"])


def test_nobody_but_the_partner_s_node_brings_its_directory(partner: Partner) -> None:
    file = partner.there.directory_file(NOW, version=2)
    place = partner.logged(file)
    partner.has_it_witnessed()
    parcel = bytearray(partner.update(file, place))
    for at in range(0, len(parcel), 97):
        parcel[at] ^= 1
        assert take(bytes(parcel)) is not None, at
        parcel[at] ^= 1
    with pytest.raises(Unacceptable):
        trusting.receive_directory(bytes(parcel), caller="SN", now=NOW)

    assert version() == 1


@given(at=st.integers(0, 6000), bit=st.integers(0, 7))
@settings(max_examples=300, deadline=None)
def test_no_flipped_bit_of_a_checkpoint_passes(at: int, bit: int) -> None:
    partner = SAMPLE
    note = bytearray(bytes(partner.checkpoint()))
    note[at % len(note)] ^= 1 << bit
    keys = notes.of_kinds(notes.keys_of(partner.there.node, NAME), notes.LOG_KINDS)
    with pytest.raises(BadNote):
        notes.signed_at(notes.read_note(bytes(note)), keys)


SAMPLE = Partner(other_country())


# The own directory.


def test_what_is_published_is_on_record_and_each_number_is_higher(db: None) -> None:
    here = OtherCountry("MA", Seed(b"\x01" * 32), *(Seed(bytes([n]) * 32) for n in (2, 3, 4)))
    first, second = (here.directory_file(NOW, version=n) for n in (1, 2))

    row = trusting.publish(first, now=NOW, by="test")
    assert trusting.publish(first, now=NOW, by="test") == row
    trusting.publish(second, now=NOW, by="test")
    # Asked for the calendar of every message: the same bytes are read once.
    own = queries.own_directory()
    assert own is not None
    assert own.version == 2
    assert queries.own_directory() is own

    said = json.loads(bytes(Entry.objects.get(pk=row.entry).event or b""))
    assert said["sha256"] == digest(first).hex()
    other = OtherCountry("MA", Seed(b"\x09" * 32), here.node, here.desk, here.unit)
    for file, reason in (
        (first, Reason.ROLLED_BACK),
        (other.directory_file(NOW, version=3), Reason.UNKNOWN_SENDER),
        (here.directory_file(NOW - timedelta(days=400), version=3), Reason.DIRECTORY_EXPIRED),
    ):
        with pytest.raises(Unacceptable) as refused:
            trusting.publish(file, now=NOW, by="test")
        assert refused.value.reason is reason


# A new key of the desk.


@pytest.fixture
def here(cast: Cast) -> OtherCountry:
    """This node as its partner knows it, with its first directory signed and taken over."""
    desk = cast.actor(Role.DESK).teams[DESK].seed
    found = OtherCountry("MA", Seed(b"\x01" * 32), queries.own().seed, desk, new_seed())
    there = other_country()
    file = there.directory_file(NOW)
    actions.pin_peer(file=file, fingerprint=fingerprint_in(file), now=NOW, by="test")
    trusting.publish(found.directory_file(NOW), now=NOW, by="test")
    Peer.objects.update(has_ours=1)
    return found


def desk_of(cast: Cast) -> Actor:
    """Return the officer of the desk as she signs in today."""
    cast.cookies.pop(name_of(Role.DESK), None)
    return cast.actor(Role.DESK)


def signed_anew(here: OtherCountry, cast: Cast) -> bytes:
    """Let two officers sign what this node would publish next; return the file."""
    last, now_signs = queries.own_directory(), bytes(team(DESK).signer)
    assert last is not None
    former = trust.rows_of(queries.former_keys(last, now_signs, NOW), now=NOW)
    seed = desk_of(cast).teams[DESK].seed
    file = replace(here, desk=seed).directory_file(NOW, version=last.version + 1, former=former)
    trusting.publish(file, now=NOW, by="test")
    return file


def test_a_new_key_of_the_desk_signs_only_for_who_has_taken_it_over(
    cast: Cast, here: OtherCountry
) -> None:
    first = here.directory_file(NOW)
    assert queries.hand(desk_of(cast), "CI") == here.desk

    trusting.renew_desk_key(actor=desk_of(cast), now=NOW)
    with pytest.raises(Refused):
        trusting.renew_desk_key(actor=desk_of(cast), now=NOW)
    assert queries.hand(desk_of(cast), "CI") == here.desk, "no directory names the new one"

    file = signed_anew(here, cast)
    new = desk_of(cast).teams[DESK].seed
    assert new != here.desk
    assert not trusting.desk_key_waits()
    assert queries.hand(desk_of(cast), "CI") == here.desk, "the partner has not taken it over"
    Peer.objects.update(has_ours=2)
    assert queries.hand(desk_of(cast), "CI") == new

    found, _root = trust.newer(trust.Pinned(fingerprint_in(first), first), file, now=NOW)
    both = {sign_public_of(here.desk), sign_public_of(new)}
    assert set(trust.signers(found, "desk", now=NOW)) == both
    over = NOW + trust.OVERLAP + timedelta(seconds=1)
    assert trust.signers(found, "desk", now=over) == [sign_public_of(new)]


def test_two_new_keys_in_one_overlap_leave_no_partner_behind(
    cast: Cast, here: OtherCountry
) -> None:
    """A partner that slept through both still reads the first key; so do the papers of its day."""
    first = here.directory_file(NOW)
    for _ in range(2):
        trusting.renew_desk_key(actor=desk_of(cast), now=NOW)
        file = signed_anew(here, cast)
        Peer.objects.update(has_ours=1)

        assert queries.hand(desk_of(cast), "CI") == here.desk
        found, _root = trust.newer(trust.Pinned(fingerprint_in(first), first), file, now=NOW)
        assert sign_public_of(here.desk) in trust.signers(found, "desk", now=NOW)
    assert len(trust.signers(found, "desk", now=NOW)) == 3
    Peer.objects.update(has_ours=2)
    between = queries.hand(desk_of(cast), "CI")
    assert between not in (here.desk, desk_of(cast).teams[DESK].seed)
    assert sign_public_of(between) in trust.signers(found, "desk", now=NOW)


def test_what_was_sealed_to_a_former_key_opens_and_its_receipt_is_read(
    cast: Cast, here: OtherCountry
) -> None:
    there = other_country("SN")
    file = there.directory_file(NOW)
    actions.pin_peer(file=file, fingerprint=fingerprint_in(file), now=NOW, by="test")
    Peer.objects.update(has_ours=1)
    header = header_for(
        there,
        to=queries.own().desk,
        to_public=public_of(here.desk),
        kind="referral.offer",
        conversation=new_id(),
        seq=1,
        now=NOW,
    )
    message = sealed(
        header,
        offer_body(),
        signer=there.desk,
        to_public=public_of(here.desk),
        to_country="MA",
    )
    receive_message(parcel(message, there.node), by=there, now=NOW)
    trusting.renew_desk_key(actor=desk_of(cast), now=NOW)
    signed_anew(here, cast)

    assert actions.open_messages(actor=desk_of(cast), now=NOW) == (1, [])

    receipt = Receipt.objects.get(mid=header.mid, rank=Rank.DELIVERED)
    known = open_directory(
        here.directory_file(NOW), pinned=fingerprint_in(here.directory_file(NOW)), now=NOW
    )
    assert parcels.read_note(bytes(receipt.signed), known, NOW).mid == header.mid


def test_nobody_but_the_desk_renews_its_key(cast: Cast, here: OtherCountry) -> None:
    with pytest.raises(NotFound):
        trusting.renew_desk_key(actor=cast.actor(Role.COORDINATOR), now=NOW)


# Comparing.


def test_a_root_is_pinned_by_the_second_person_who_compared_its_words(cast: Cast) -> None:
    file = other_country("SN").directory_file(NOW)
    root = fingerprint_in(file)
    desk, coordinator = cast.actor(Role.DESK), cast.actor(Role.COORDINATOR)
    trusting.bring_root(file, actor=desk, now=NOW)

    assert trusting.compare_root("SN", root=root, actor=desk, now=NOW) is None
    with pytest.raises(Refused):
        trusting.compare_root("SN", root=root, actor=desk, now=NOW)
    assert not Peer.objects.exists()
    pinned = trusting.compare_root("SN", root=root, actor=coordinator, now=NOW)
    assert pinned is not None
    assert pinned.pinned_root == root
    assert queries.candidates() == []


def test_another_file_begins_the_comparison_anew(cast: Cast) -> None:
    first, second = (other_country("SN").directory_file(NOW) for _ in range(2))
    desk, coordinator = cast.actor(Role.DESK), cast.actor(Role.COORDINATOR)
    trusting.bring_root(first, actor=desk, now=NOW)
    trusting.compare_root("SN", root=fingerprint_in(first), actor=desk, now=NOW)
    trusting.bring_root(second, actor=desk, now=NOW)

    with pytest.raises(Refused):
        trusting.compare_root("SN", root=fingerprint_in(first), actor=coordinator, now=NOW)
    found = trusting.compare_root("SN", root=fingerprint_in(second), actor=coordinator, now=NOW)
    assert found is None
    with pytest.raises(NotFound):
        trusting.bring_root(first, actor=cast.actor(Role.CASE_WORKER), now=NOW)


# Holidays.


def test_both_nodes_count_the_days_that_the_country_signed(partner: Partner) -> None:
    monday = date(2027, 3, 8)
    rows = [{"day": monday.isoformat(), "names": {"fr": "Fête"}, "estimate": False}]
    file = partner.there.directory_file(NOW, version=2, holidays=rows, years=[2027])
    actions.pin_peer(file=file, fingerprint=fingerprint_in(file), now=NOW, by="test")
    theirs = queries.calendar("CI", NOW)
    here = OtherCountry("MA", Seed(b"\x01" * 32), *(Seed(bytes([n]) * 32) for n in (2, 3, 4)))
    own = here.directory_file(NOW, holidays=rows, years=[2027])
    trusting.publish(own, now=NOW, by="test")

    assert theirs.is_rest_day(monday)
    assert queries.calendar("MA", NOW).is_rest_day(monday)
    # A feast of the library that the country did not sign is a working day, here and there.
    assert not theirs.is_rest_day(date(2027, 3, 9))
    assert theirs.is_rest_day(date(2027, 3, 13))
    assert not theirs.is_estimate(monday)
    assert theirs.is_estimate(date(2028, 3, 8))


def test_a_feast_is_an_estimate_until_an_officer_speaks_and_can_be_taken_back(cast: Cast) -> None:
    feast, seen = date(2027, 3, 10), date(2027, 3, 11)
    desk = cast.actor(Role.DESK)
    before = {h.day: h.is_estimate for h in queries.holidays([2027])}

    trusting.say_holiday(feast, is_rest=False, actor=desk, now=NOW)
    trusting.say_holiday(seen, is_rest=True, actor=desk, now=NOW)
    after = {h.day: h.is_estimate for h in queries.holidays([2027])}
    for day in (feast, seen):
        trusting.say_holiday(day, is_rest=None, actor=desk, now=NOW)

    assert before[feast]
    assert feast not in after
    assert after[seen] is False
    assert {h.day: h.is_estimate for h in queries.holidays([2027])} == before
    assert not HolidayWord.objects.exists()
