"""A suspended agreement stops a referral where it stands; an emergency and the recall go on."""

import pytest
from django.conf import settings as site
from django.test import Client

from amana.access.rules import Refused, Role
from amana.agreements.models import Step, Word
from amana.cases import actions as cases
from amana.cases.models import Case, Consent
from amana.crypto.secrets import new_id
from amana.exchange.models import Message
from amana.exchange.tests.builders import offer_body
from amana.referrals import actions, bodies, rules
from amana.referrals.models import Referral
from amana.referrals.rules import State
from amana.referrals.tests import test_actions as told
from amana.referrals.tests.test_actions import (
    CONTENT,
    YES,
    Corridor,
    agreed,
    offered,
    opened,
    prepared,
    story,
)
from amana.standards import agreements
from tests.cast import THE_MOMENT as NOW
from tests.cast import StoppedClock, name_of

pytestmark = pytest.mark.django_db
corridor = told.corridor

MEMORANDUM = agreements.find("ci-ma-memorandum")
SUSPENSION = {"AGREEMENT_SUSPENDED": MEMORANDUM.reference("R12")}


def suspend(corridor: Corridor) -> None:
    """Let two people suspend the agreement, just now."""
    step = Step.objects.create(
        agreement=MEMORANDUM.name,
        version=MEMORANDUM.version,
        kind="SUSPENDED",
        on=NOW.date(),
        reason="INCIDENT",
        asked_by="one",
        asked_at=NOW,
    )
    Word.objects.create(step=step, is_yes=True, by="another", at=NOW)


def in_danger(corridor: Corridor) -> Case:
    """Return a case with a vital interest in the place of a consent, as two people saw it."""
    case = opened(corridor)
    details = {
        "ground": "VITAL_INTEREST",
        "given_by": "NOBODY",
        "mode": "SIGNATURE",
        "language": "fr",
        "interpreter": "",
        "content": CONTENT,
        "explained_by": "Hicham",
    }
    worker, supervisor = corridor.who(Role.CASE_WORKER), corridor.who(Role.SUPERVISOR)
    ground = cases.record_consent(case=case, country="CI", details=details, actor=worker, now=NOW)
    cases.confirm_ground(consent_id=ground.pk, actor=supervisor, now=NOW)
    return case


def accepted(corridor: Corridor, referral: Referral) -> None:
    corridor.say(referral.pk, rules.ACKNOWLEDGE, {"m": "M02", "by": "Mariam"})
    corridor.say(referral.pk, rules.ACCEPT, YES)


def test_the_worker_is_told_before_she_prepares_what_could_not_leave(corridor: Corridor) -> None:
    case = opened(corridor)
    agreed(corridor, case)
    suspend(corridor)

    with pytest.raises(Refused) as refused:
        prepared(corridor, case)

    assert refused.value.under == SUSPENSION
    assert not Referral.objects.exists()


def test_a_suspension_between_preparing_and_releasing_stops_the_offer(corridor: Corridor) -> None:
    case = opened(corridor)
    agreed(corridor, case)
    referral = prepared(corridor, case)
    suspend(corridor)

    with pytest.raises(Refused) as refused:
        actions.release_offer(referral=referral, actor=corridor.who(Role.DESK), now=NOW)

    assert refused.value.under == SUSPENSION
    assert not Message.objects.exists()
    referral.refresh_from_db()
    assert referral.released_at is None


def test_a_suspension_after_the_acceptance_stops_the_identity(corridor: Corridor) -> None:
    referral = offered(corridor)
    accepted(corridor, referral)
    suspend(corridor)

    with pytest.raises(Refused) as refused:
        actions.release_dossier(referral=referral, actor=corridor.who(Role.DESK), now=NOW)

    assert refused.value.under == SUSPENSION
    assert story(referral) is State.ACCEPTED


def test_an_emergency_goes_its_whole_way_during_a_suspension(corridor: Corridor) -> None:
    suspend(corridor)
    referral = prepared(corridor, in_danger(corridor))
    desk = corridor.who(Role.DESK)

    actions.release_offer(referral=referral, actor=desk, now=NOW)
    corridor.say(referral.pk, rules.ACKNOWLEDGE, {"by": "Mariam"})
    corridor.say(referral.pk, rules.ASK, {"by": "Mariam", "topics": ["RISKS"], "text": "?"})
    actions.reply(referral=referral, text="une porte bleue", actor=desk, now=NOW)
    corridor.say(referral.pk, rules.ACCEPT, YES)
    actions.release_dossier(referral=referral, actor=desk, now=NOW)

    assert story(referral) is State.DOSSIER_SENT
    ours = Message.objects.filter(is_ours=True).order_by("seq")
    article = MEMORANDUM.reference
    assert [m.under for m in ours] == [
        article("EMERGENCY_OFFER"),
        article("EMERGENCY_COMPLEMENT"),
        article("EMERGENCY_DOSSIER"),
    ]


def test_a_consent_taken_back_is_told_abroad_although_the_agreement_is_suspended(
    corridor: Corridor,
) -> None:
    referral = offered(corridor)
    suspend(corridor)
    worker = corridor.who(Role.CASE_WORKER)
    cases.withdraw_consent(consent_id=Consent.objects.get().pk, actor=worker, now=NOW)

    actions.recall(referral=referral, actor=corridor.who(Role.DESK), now=NOW)

    assert story(referral) is State.RECALLED


def test_an_offer_that_came_before_a_suspension_is_still_answered(corridor: Corridor) -> None:
    conversation = new_id()
    corridor.say(conversation, rules.OFFER, offer_body())
    suspend(corridor)
    referral, desk = Referral.objects.get(pk=conversation), corridor.who(Role.DESK)

    actions.acknowledge(referral=referral, actor=desk, now=NOW)
    actions.accept(
        referral=referral,
        promise={
            "worker_name": "Hicham",
            "worker_phone": "000",
            "service": "un lit",
            "from_on": "2026-11-24",
            "conditions": "",
            "budget_line": "",
        },
        actor=desk,
        now=NOW,
    )

    assert story(referral) is State.ACCEPTED


def test_the_desk_sees_that_an_offer_came_outside_the_agreement(
    corridor: Corridor, client: Client, stopped_clock: StoppedClock
) -> None:
    suspend(corridor)
    corridor.say(new_id(), rules.OFFER, offer_body())
    referral = Referral.objects.get()

    page = shown(corridor, client, "get", f"/referrals/{referral.code}/")

    assert "data-outside" in page
    assert "The agreement is suspended" in page


def test_the_page_of_a_refusal_names_the_article(
    corridor: Corridor, client: Client, stopped_clock: StoppedClock
) -> None:
    case = opened(corridor)
    agreed(corridor, case)
    referral = prepared(corridor, case)
    suspend(corridor)

    page = shown(corridor, client, "post", f"/referrals/{referral.code}/release")

    assert 'data-objection="AGREEMENT_SUSPENDED"' in page
    assert "by article R12, Suspension" in page


def shown(corridor: Corridor, client: Client, method: str, path: str) -> str:
    """Return what the desk reads at an address."""
    cookie = corridor.cast.cookie(name_of(Role.DESK))
    client.cookies[site.SESSION_COOKIE] = cookie.hex()
    client.cookies[site.LANGUAGE_COOKIE_NAME] = "en"
    page: str = getattr(client, method)(path).content.decode()
    return page


# What a body holds, read from the body.


@pytest.mark.parametrize("kind", sorted(rules.NUMBER))
def test_a_field_of_no_table_is_a_category_that_no_agreement_has(kind: str) -> None:
    assert "OTHER" in bodies.categories(kind, {"by": "Mariam", "shelter_address": "x"})
    assert "OTHER" in bodies.categories(kind, {"cover": {"narrative": "x"}})
    assert "OTHER" in bodies.categories(kind, {"identity": "words in the place of fields"})


def test_an_offer_holds_needs_and_a_reading_and_nothing_else() -> None:
    assert bodies.categories(rules.OFFER, offer_body()) == {"STATUS", "NEEDS", "CLASS"}


def test_a_body_says_whom_it_names_and_what_was_written_freely() -> None:
    assert bodies.categories(rules.ACCEPT, YES) == {"STATUS", "WORKER", "WORDS"}
    held = bodies.categories(rules.CASE, {"identity": {"full_name": "x", "first_name": "y"}})
    assert held == {"IDENTITY", "FIRST_NAME"}
