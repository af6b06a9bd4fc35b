"""What no agreement lets pass does not leave; what comes outside of it is flagged, never lost."""

from dataclasses import replace
from datetime import timedelta

import pytest

from amana.access.actions.keys import issue_key
from amana.access.rules import DESK, Actor, Refused, Role
from amana.agreements.models import Step, Word
from amana.crypto.hybrid import public_of
from amana.crypto.secrets import new_id
from amana.exchange import actions, queries
from amana.exchange.actions import Letter
from amana.exchange.actions.delivery import deliver_due
from amana.exchange.carrier import Answer, NotCarried
from amana.exchange.directory import fingerprint_in
from amana.exchange.models import Message, Receipt
from amana.exchange.tests.builders import (
    OtherCountry,
    header_for,
    offer_body,
    other_country,
    parcel,
    receive_message,
    sealed,
)
from amana.standards import agreements
from tests.cast import THE_MOMENT as NOW
from tests.cast import Cast

pytestmark = pytest.mark.django_db

MEMORANDUM = agreements.find("ci-ma-memorandum")


def later(minutes: int) -> timedelta:
    return timedelta(minutes=minutes)


def noted(kind: str, *, minutes: int = 0) -> None:
    """Put a step into the register that two people agreed on."""
    at = NOW + later(minutes)
    step = Step.objects.create(
        agreement=MEMORANDUM.name,
        version=MEMORANDUM.version,
        kind=kind,
        on=at.date(),
        reason="NOTE",
        asked_by="one",
        asked_at=at,
    )
    Word.objects.create(step=step, is_yes=True, by="another", at=at)


@pytest.fixture
def there(cast: Cast) -> OtherCountry:
    country = other_country()
    file = country.directory_file(NOW)
    actions.pin_peer(file=file, fingerprint=fingerprint_in(file), now=NOW, by="test")
    return country


@pytest.fixture
def desk(cast: Cast, there: OtherCountry) -> Actor:
    return cast.actor(Role.DESK)


OFFER = Letter(
    "referral.offer",
    "CI",
    "",
    offer_body(),
    legal_basis="CONSENT",
    purpose="CARE_AFTER_RETURN",
)


def post(letter: Letter, desk: Actor, *, minutes: int = 1) -> Message:
    """Post a letter in a conversation of its own."""
    key_id, key = issue_key(DESK)
    new = replace(letter, conversation=new_id())
    return actions.post(new, actor=desk, key_id_=key_id, key=key, now=NOW + later(minutes))


def refused(letter: Letter, desk: Actor) -> dict[str, str]:
    """Return what stands against a letter, with the articles; nothing may have left."""
    before = Message.objects.count()
    with pytest.raises(Refused) as why:
        post(letter, desk)
    assert Message.objects.count() == before
    assert why.value.objections == list(why.value.under)
    return why.value.under


def answer(kind: str, **body: str) -> Letter:
    """Return an answer of the desk, which names no purpose and no ground."""
    return Letter(kind, "CI", "", {"m": "M02", "by": "Inventée", **body})


def test_an_offer_leaves_and_the_row_that_let_it_is_kept_with_it(desk: Actor) -> None:
    assert post(OFFER, desk).under == MEMORANDUM.reference("OFFER")


def test_a_suspended_agreement_stops_the_next_offer_and_names_its_article(desk: Actor) -> None:
    noted("SUSPENDED")

    assert refused(OFFER, desk) == {"AGREEMENT_SUSPENDED": MEMORANDUM.reference("R12")}


def test_an_emergency_leaves_although_the_agreement_is_suspended(desk: Actor) -> None:
    noted("SUSPENDED")

    emergency = post(replace(OFFER, legal_basis="VITAL_INTEREST"), desk)

    assert emergency.under == MEMORANDUM.reference("EMERGENCY_OFFER")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("referral.acknowledge", {}),
        ("erase.request", {"recall_for": "ERASED_HERE"}),
        ("erase.done", {"erased_on": "2026-11-20", "in_backups_until": "2027-01-01"}),
    ],
)
@pytest.mark.parametrize("ending", ["SUSPENDED", "DENOUNCED"])
def test_what_protects_leaves_to_the_end_and_after_it(
    desk: Actor, ending: str, kind: str, body: dict[str, str]
) -> None:
    noted(ending)

    assert post(answer(kind, **body), desk).pk


def test_a_resumed_agreement_lets_offers_leave_again(desk: Actor) -> None:
    noted("SUSPENDED")
    noted("RESUMED")

    assert post(OFFER, desk).pk


def test_a_country_with_which_nothing_was_agreed_gets_nothing(desk: Actor) -> None:
    assert refused(replace(OFFER, country="FR"), desk) == {"AGREEMENT_MISSING": ""}


def test_before_two_people_noted_its_entry_into_force_nothing_leaves(desk: Actor) -> None:
    Step.objects.all().delete()

    assert refused(OFFER, desk) == {"AGREEMENT_NOT_IN_FORCE": MEMORANDUM.reference("R11")}


def test_a_field_that_stands_in_no_table_does_not_leave(desk: Actor) -> None:
    body = offer_body()
    body["cover"]["shelter_address"] = "rue Inventée"

    assert set(refused(replace(OFFER, body=body), desk)) == {"AGREEMENT_CATEGORY"}


def test_a_name_in_an_offer_does_not_leave(desk: Actor) -> None:
    body = offer_body(identity={"full_name": "Inventée"})

    assert set(refused(replace(OFFER, body=body), desk)) == {"AGREEMENT_CATEGORY"}


def test_what_lies_in_a_sealed_part_counts_too(desk: Actor) -> None:
    hidden = replace(OFFER, sealed_categories=frozenset({"SAFE_CONTACT"}))

    assert set(refused(hidden, desk)) == {"AGREEMENT_CATEGORY"}


def test_a_kind_that_no_table_knows_does_not_leave(desk: Actor) -> None:
    assert "AGREEMENT_KIND" in refused(replace(OFFER, kind="gossip"), desk)


# The outbox.


def nobody_home(**_: object) -> Answer:
    raise NotCarried("status 503")


def tried(minutes: int) -> int:
    """Let the worker carry at a moment; return how often it tried to bring the message."""
    at = NOW + later(minutes)
    deliver_due(now=at, clock=lambda: at, jitter=0.5, via=nobody_home)
    return Message.objects.get(is_ours=True).attempts


def test_what_a_suspension_met_in_the_outbox_waits_there_until_it_is_lifted(desk: Actor) -> None:
    post(OFFER, desk)
    noted("SUSPENDED", minutes=2)

    assert tried(3) == 0
    noted("RESUMED", minutes=4)
    assert tried(5) == 1


def test_an_emergency_in_the_outbox_does_not_wait_for_a_suspension(desk: Actor) -> None:
    post(replace(OFFER, legal_basis="VITAL_INTEREST"), desk)
    noted("SUSPENDED", minutes=2)

    assert tried(3) == 1


# What comes.


def bring(there: OtherCountry, cast: Cast, *, ground: str = "CONSENT") -> Message:
    """Let the other desk's offer come, and open it here."""
    own_public = public_of(cast.keys[DESK].seed)
    header = replace(
        header_for(
            there,
            to=queries.own().desk,
            to_public=own_public,
            kind="referral.offer",
            conversation=new_id(),
            seq=1,
            now=NOW,
        ),
        legal_basis=ground,
    )
    message = sealed(header, offer_body(), signer=there.desk, to_public=own_public, to_country="MA")
    at = NOW + later(1)
    receive_message(parcel(message, there.node), by=there, now=at)
    opened, why = actions.open_messages(actor=cast.actor(Role.DESK), now=at)
    assert (opened, why) == (1, [])
    return Message.objects.get(is_ours=False)


def test_what_comes_within_the_agreement_bears_no_flag(there: OtherCountry, cast: Cast) -> None:
    assert bring(there, cast).outside == ""


def test_what_comes_during_a_suspension_is_kept_opened_receipted_and_flagged(
    there: OtherCountry, cast: Cast
) -> None:
    noted("SUSPENDED")

    message = bring(there, cast)

    assert message.outside == "AGREEMENT_SUSPENDED"
    assert message.sealed_body
    assert Receipt.objects.filter(mid=message.mid, is_ours=True).count() == 2
    assert queries.lines(message.conversation)[0].outside == ("AGREEMENT_SUSPENDED",)


def test_an_emergency_that_comes_during_a_suspension_bears_no_flag(
    there: OtherCountry, cast: Cast
) -> None:
    noted("SUSPENDED")

    assert bring(there, cast, ground="VITAL_INTEREST").outside == ""
