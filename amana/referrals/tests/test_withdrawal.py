"""A part that the person takes back: no longer sent, asked back abroad, erased and answered."""

from datetime import timedelta

import pytest

from amana.access.models import Erased, KeyWrap, Notice
from amana.access.rules import NotFound, Refused, Role
from amana.cases import actions as cases
from amana.cases import queries as case_queries
from amana.cases.models import Compartment, Consent
from amana.cases.rules import IDENTITY
from amana.exchange.models import Message
from amana.referrals import actions, bodies, queries, rules
from amana.referrals.models import Referral
from amana.referrals.rules import State
from amana.referrals.tests import test_actions as told
from amana.referrals.tests.test_actions import Corridor
from amana.standards import codes
from tests.cast import THE_MOMENT as NOW

pytestmark = pytest.mark.django_db

corridor = told.corridor
LATER = NOW + timedelta(days=3)
IDENTITY_BACK = ("IDENTITY",)


def dossier_left(corridor: Corridor) -> Referral:
    referral = told.offered(corridor)
    corridor.say(referral.pk, rules.ACKNOWLEDGE, {"by": "Mariam"})
    corridor.say(referral.pk, rules.ACCEPT, told.YES)
    actions.release_dossier(referral=referral, actor=corridor.who(Role.DESK), now=NOW)
    return referral


def taken_back(corridor: Corridor, content: tuple[str, ...]) -> Consent:
    worker = corridor.who(Role.CASE_WORKER)
    return cases.withdraw_consent(
        consent_id=Consent.objects.get().pk, actor=worker, now=NOW, content=content
    )


def test_what_was_taken_back_is_asked_back_and_nothing_else_is(corridor: Corridor) -> None:
    referral, desk = dossier_left(corridor), corridor.who(Role.DESK)

    taken_back(corridor, IDENTITY_BACK)
    actions.recall(referral=referral, actor=desk, now=NOW)

    asked = Message.objects.get(kind=rules.ERASE)
    assert corridor.reads(asked)["content"] == ["IDENTITY"]
    assert told.story(referral) is not State.RECALLED
    clock = queries.told(referral).watches[-1]
    assert (clock.key, clock.is_met) == ("data_recall", False)
    assert Notice.objects.filter(kind="TAKEN_BACK").exists()
    with pytest.raises(Refused, match="NOTHING_TO_RECALL"):
        actions.recall(referral=referral, actor=desk, now=NOW)


def test_a_group_taken_back_before_the_dossier_no_longer_leaves_and_is_not_recalled(
    corridor: Corridor,
) -> None:
    referral, desk = told.offered(corridor), corridor.who(Role.DESK)
    corridor.say(referral.pk, rules.ACKNOWLEDGE, {"by": "Mariam"})
    corridor.say(referral.pk, rules.ACCEPT, told.YES)

    taken_back(corridor, IDENTITY_BACK)

    with pytest.raises(Refused, match="CONTENT_NOT_COVERED"):
        actions.release_dossier(referral=referral, actor=desk, now=NOW)
    with pytest.raises(Refused, match="NOTHING_TO_RECALL"):
        actions.recall(referral=referral, actor=desk, now=NOW)


def test_taking_back_what_the_offer_stood_on_takes_all_of_it(corridor: Corridor) -> None:
    referral, desk = dossier_left(corridor), corridor.who(Role.DESK)

    taken_back(corridor, ("NEEDS",))
    actions.recall(referral=referral, actor=desk, now=NOW)

    assert "content" not in corridor.reads(Message.objects.get(kind=rules.ERASE))
    assert told.story(referral) is State.RECALLED


def test_what_another_consent_still_covers_is_not_asked_back(corridor: Corridor) -> None:
    referral = dossier_left(corridor)
    first = Consent.objects.get()
    assert referral.case is not None
    told.agreed(corridor, referral.case)
    worker, desk = corridor.who(Role.CASE_WORKER), corridor.who(Role.DESK)

    cases.withdraw_consent(consent_id=first.pk, actor=worker, now=NOW)

    assert queries.must_recall(desk, queries.told(referral)) is None


def asked_back(corridor: Corridor, content: list[str]) -> Referral:
    """Return a referral that came with a dossier, of which the other desk asks a part back."""
    referral = told.accepted(corridor)
    dossier = {"identity": {"first_name": "Zed", "full_name": "Zed Inventé"}}
    corridor.say(referral.pk, rules.CASE, {**dossier, "by": "M", "ground": "CONSENT"})
    mid = Message.objects.get(kind=rules.CASE).mid
    said = {"by": "M", "recall_for": "CONSENT_WITHDRAWN", "content": content}
    corridor.say(referral.pk, rules.ERASE, said, to=mid)
    return queries.access_referral(corridor.who(Role.DESK), referral.code)


def test_asked_from_abroad_the_supervisor_erases_the_part_and_the_desk_says_since_when(
    corridor: Corridor,
) -> None:
    referral = asked_back(corridor, ["IDENTITY"])
    supervisor, desk = corridor.who(Role.SUPERVISOR), corridor.who(Role.DESK)
    assert referral.case is not None
    old = Compartment.objects.get(case=referral.case, name=IDENTITY).key_id
    message = Message.objects.get(kind=rules.CASE).key_id
    with pytest.raises(Refused, match="ERASE_THE_FIELDS_FIRST"):
        actions.answer_recall(referral=referral, actor=desk, now=NOW)
    with pytest.raises(NotFound):
        actions.erase_part(referral=referral, keep=[], ground="", actor=desk, now=NOW)

    gone = actions.erase_part(referral=referral, keep=[], ground="", actor=supervisor, now=LATER)
    actions.answer_recall(referral=referral, actor=desk, now=LATER)

    left = case_queries.access_compartment(supervisor, referral.case, IDENTITY)[1]
    assert gone == ["IDENTITY"]
    assert left == {"first_name": "Zed"}
    assert not KeyWrap.objects.filter(key_id__in=(old, message)).exists()
    assert Erased.objects.filter(key_id__in=(old, message)).count() == 2
    answer = corridor.reads(Message.objects.get(kind=rules.ERASED))
    assert (answer["erased"], answer["kept"]) == (["IDENTITY"], [])
    assert answer["erased_on"] == LATER.date().isoformat()
    assert told.story(referral) is not State.RECALL_ANSWERED
    # A second press of either finds it done.
    with pytest.raises(Refused, match="NOT_RECALLED"):
        actions.erase_part(referral=referral, keep=[], ground="", actor=supervisor, now=LATER)
    with pytest.raises(Refused):
        actions.answer_recall(referral=referral, actor=desk, now=LATER)


def test_a_part_may_stay_on_a_ground_and_the_answer_names_it(corridor: Corridor) -> None:
    referral = asked_back(corridor, ["FIRST_NAME", "IDENTITY"])
    supervisor, desk = corridor.who(Role.SUPERVISOR), corridor.who(Role.DESK)
    with pytest.raises(codes.UnknownValue):
        actions.erase_part(
            referral=referral, keep=["FIRST_NAME"], ground="", actor=supervisor, now=NOW
        )

    actions.erase_part(
        referral=referral,
        keep=["FIRST_NAME"],
        ground="PROCEEDINGS",
        actor=supervisor,
        now=NOW,
    )
    actions.answer_recall(referral=referral, actor=desk, now=NOW)

    answer = corridor.reads(Message.objects.get(kind=rules.ERASED))
    assert bodies.is_whole(rules.ERASED, answer)
    assert (answer["erased"], answer["kept"]) == (["IDENTITY"], ["FIRST_NAME"])
    assert answer["kept_for"] == "PROCEEDINGS"


def test_the_police_are_told_on_her_word_only_where_she_gave_it(corridor: Corridor) -> None:
    case, worker = told.opened(corridor), corridor.who(Role.CASE_WORKER)
    with pytest.raises(Refused, match="CONSENT_NOT_ASKED"):
        cases.report(
            case=case, facts={"text": "x", "suspects": "y"}, ground="CONSENT", actor=worker, now=NOW
        )


@pytest.mark.parametrize("purpose", ["POLICE_REPORT", "PHOTO", "STATISTICS"])
def test_a_no_is_on_record_and_ends_the_yes_before_it(corridor: Corridor, purpose: str) -> None:
    case, worker = told.opened(corridor), corridor.who(Role.CASE_WORKER)
    details = {
        "ground": "CONSENT",
        "given_by": "PERSON",
        "mode": "SIGNATURE",
        "language": "dyu",
        "interpreter": "",
        "content": [],
        "explained_by": "Hicham",
    }
    for answer in ("YES", "NO"):
        cases.record_consent(
            case=case,
            country="",
            details=details,
            actor=worker,
            now=NOW,
            purpose=purpose,
            answer=answer,
        )

    assert case_queries.objections_to(case, purpose, now=NOW) == ["PERSON_SAID_NO"]
    assert Consent.objects.get(answer="YES").withdrawn_at == NOW
