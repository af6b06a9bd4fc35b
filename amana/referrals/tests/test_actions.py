"""The journey through the actions a person uses, on the real database, with a real other desk."""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings as site
from django.test import Client
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amana.access.actions.keys import renew_team_key
from amana.access.models import Session
from amana.access.queries import held_keys, published_keys, team
from amana.access.rules import (
    CARE,
    DESK,
    FORMER_SEEDS,
    STEP_UP,
    Actor,
    NotFound,
    Refused,
    Role,
)
from amana.audit.models import Entry
from amana.audit.queries import first_fault
from amana.cases import actions as cases
from amana.cases.models import Case, Compartment, Consent, Milestone
from amana.cases.queries import access_case, access_compartment, card_key
from amana.cases.rules import ACCOUNT, IDENTITY, LOCATION
from amana.crypto import age
from amana.crypto.framing import read
from amana.crypto.hybrid import public_of
from amana.crypto.secrets import CannotOpen, new_id
from amana.exchange import actions as exchange
from amana.exchange import queries as post_office
from amana.exchange import rules as exchange_rules
from amana.exchange.directory import fingerprint_in
from amana.exchange.models import Message
from amana.exchange.rules import Rank
from amana.exchange.tests.builders import (
    OtherCountry,
    header_for,
    offer_body,
    other_country,
    parcel,
    receipt_parcel,
    receive_message,
    receive_receipt,
    sealed,
)
from amana.identification import actions as identification
from amana.identification.answers import Change
from amana.identification.models import Screening
from amana.identification.tests.builders import answers_yielding
from amana.look import coded
from amana.referrals import actions, queries, rules
from amana.referrals.models import Referral
from amana.referrals.rules import State
from amana.standards import codes
from tests.cast import THE_MOMENT as NOW
from tests.cast import Cast, StoppedClock, name_of

pytestmark = pytest.mark.django_db

ALIAS, FULL_NAME, PHONE = "Zoumana", "Nafissatou Gbagbelé", "+225 07 00 00 00 00"
CONTENT = ["FIRST_NAME", "IDENTITY", "SAFE_CONTACT", "NEEDS", "CLASS", "WISHES"]
FIELDS = ["first_name", "full_name", "safe_contact", "wishes"]
YES = {
    "m": "M04",
    "by": "Mariam",
    "decision": "ACCEPT",
    "worker_name": "Koffi",
    "service": "un lit",
    "from_on": "2026-11-24",
}
WANTED = {
    "purpose": "CARE_AFTER_RETURN",
    "urgency": "normal",
    "needs": ["SHELTER"],
    "risk": "HIGH",
}


@dataclass
class Corridor:
    """This node's people, and the desk of the other country with its own keys."""

    cast: Cast
    there: OtherCountry
    sent: dict[str, int] = field(default_factory=dict)

    def who(self, role: Role) -> Actor:
        """Return who works in a role."""
        return self.cast.actor(role)

    def say(self, conversation: str, kind: str, body: dict[str, Any], *, to: str = "") -> str:
        """Let the other desk say something, and open it here; return its number."""
        self.sent[conversation] = self.sent.get(conversation, 0) + 1
        own_public = public_of(self.cast.keys[DESK].seed)
        header = header_for(
            self.there,
            to=post_office.own().desk,
            to_public=own_public,
            kind=kind,
            conversation=conversation,
            seq=self.sent[conversation],
            now=NOW,
            in_reply_to=to,
        )
        message = sealed(
            header, body, signer=self.there.desk, to_public=own_public, to_country="MA"
        )
        receive_message(parcel(message, self.there.node), by=self.there, now=NOW)
        exchange.open_messages(actor=self.who(Role.DESK), now=NOW)
        return header.mid

    def reads(self, message: Message) -> dict[str, Any]:
        """Return what the other desk reads in a message of ours."""
        frame = read(age.decrypt(self.there.desk, bytes(message.container)), padded=True)
        body: dict[str, Any] = json.loads(frame.body)
        return body


@pytest.fixture
def corridor(cast: Cast) -> Iterator[Corridor]:
    there = other_country()
    file = there.directory_file(NOW)
    exchange.pin_peer(file=file, fingerprint=fingerprint_in(file), now=NOW, by="test")
    yield Corridor(cast, there)
    # Whatever a test did, the record stays whole.
    assert first_fault() is None


def screened(corridor: Corridor, *, indicators: Sequence[str] = ("T1", "R1", "D1", "X1")) -> str:
    """Return a decided screening of an adult."""
    responder = corridor.who(Role.FIRST_RESPONDER)
    draft = identification.start_draft(actor=responder, now=NOW)
    told = answers_yielding(
        indicators,
        alias=ALIAS,
        sex="F",
        age_band="18_24",
        minor="no",
        situation="alone",
        language="dyu",
        citizenship="CI",
        place="Derb Kandilia",
    )
    identification.save_draft(draft_id=draft.pk, change=Change(said=told), actor=responder, now=NOW)
    screening = identification.send_screening(
        draft_id=draft.pk, observation="", actor=responder, now=NOW
    )
    identification.decide(
        code=screening.pk,
        decided_class="TRAITE_PRESUMEE",
        reason="vu de mes yeux",
        actor=corridor.who(Role.SUPERVISOR),
        now=NOW,
    )
    return screening.pk


def opened(corridor: Corridor, **more: Sequence[str]) -> Case:
    """Return an open case with its parts filled in."""
    worker = corridor.who(Role.CASE_WORKER)
    case = cases.open_case(
        screening_code=screened(corridor, **more), country="MA", actor=worker, now=NOW
    )
    for name, changes in (
        (IDENTITY, {"full_name": FULL_NAME}),
        (LOCATION, {"safe_contact": PHONE}),
        (ACCOUNT, {"wishes": "rentrer"}),
    ):
        cases.write_compartment(
            case=case, name=name, changes=changes, version=1, actor=worker, now=NOW
        )
    return case


def agreed(corridor: Corridor, case: Case, content: Sequence[str] = CONTENT) -> Consent:
    """Record the person's consent for Côte d'Ivoire."""
    details = {
        "ground": "CONSENT",
        "given_by": "PERSON",
        "mode": "SIGNATURE",
        "language": "dyu",
        "interpreter": "",
        "content": content,
        "explained_by": "Hicham",
    }
    worker = corridor.who(Role.CASE_WORKER)
    return cases.record_consent(case=case, country="CI", details=details, actor=worker, now=NOW)


def prepared(corridor: Corridor, case: Case) -> Referral:
    """Prepare a referral and hand it to the desk."""
    return actions.prepare(
        case=case,
        country="CI",
        wanted=WANTED,
        fields=FIELDS,
        actor=corridor.who(Role.CASE_WORKER),
        now=NOW,
    )


def offered(corridor: Corridor) -> Referral:
    """Return a referral whose offer has left."""
    case = opened(corridor)
    agreed(corridor, case)
    referral = prepared(corridor, case)
    actions.release_offer(referral=referral, actor=corridor.who(Role.DESK), now=NOW)
    return referral


def story(referral: Referral) -> State:
    return queries.told(referral).story.state


def kinds_of(case: Case) -> list[str]:
    return list(Milestone.objects.filter(case=case).order_by("pk").values_list("kind", flat=True))


def verbs() -> list[str]:
    events = Entry.objects.order_by("seq").values_list("event", flat=True)
    return [json.loads(bytes(event or b"{}"))["verb"] for event in events]


def test_without_consent_nothing_is_prepared_and_everything_against_it_is_told(
    corridor: Corridor,
) -> None:
    case = opened(corridor, indicators=("T1", "R1", "X1", "P4"))

    with pytest.raises(Refused) as refused:
        actions.prepare(
            case=case,
            country="CI",
            wanted={**WANTED, "needs": []},
            fields=FIELDS,
            actor=corridor.who(Role.CASE_WORKER),
            now=NOW,
        )

    assert refused.value.objections == [
        "NO_CONSENT_FOR_THIS_COUNTRY",
        "FEAR_OF_RETURN",
        "NO_NEED_NAMED",
    ]
    assert not Referral.objects.exists()


def test_a_consent_that_does_not_cover_a_field_stops_it(corridor: Corridor) -> None:
    case = opened(corridor)
    agreed(corridor, case, content=["NEEDS", "CLASS"])

    with pytest.raises(Refused) as refused:
        prepared(corridor, case)

    assert refused.value.objections == ["CONTENT_NOT_COVERED"]


def test_the_offer_that_leaves_names_nobody(corridor: Corridor) -> None:
    referral = offered(corridor)

    read_there = json.dumps(corridor.reads(Message.objects.get(kind=rules.OFFER)))

    assert referral.code in read_there
    for name in (ALIAS, FULL_NAME, PHONE, "rentrer"):
        assert name not in read_there
    assert story(referral) is State.OFFERED


def test_the_identity_leaves_only_after_a_named_person_accepted(corridor: Corridor) -> None:
    referral, desk = offered(corridor), corridor.who(Role.DESK)

    with pytest.raises(Refused) as refused:
        actions.release_dossier(referral=referral, actor=desk, now=NOW)
    assert refused.value.objections == ["NO_ACCEPTANCE"]

    corridor.say(referral.pk, rules.ACKNOWLEDGE, {"m": "M02", "by": "Mariam"})
    corridor.say(referral.pk, rules.ACCEPT, YES)
    actions.release_dossier(referral=referral, actor=desk, now=NOW)

    dossier = corridor.reads(Message.objects.get(kind=rules.CASE))
    assert dossier["identity"] == {"first_name": ALIAS, "full_name": FULL_NAME}
    assert PHONE not in json.dumps(dossier)
    unit = age.decrypt(corridor.there.unit, base64.b64decode(dossier["unit_sealed"]))
    assert json.loads(unit) == {"safe_contact": PHONE, "wishes": "rentrer"}
    assert story(referral) is State.DOSSIER_SENT
    assert referral.case is not None
    assert kinds_of(referral.case)[-3:] == [
        "referral_acknowledged",
        "referral_accepted",
        "dossier_released",
    ]


def test_our_own_desk_cannot_read_what_is_sealed_to_the_unit(corridor: Corridor) -> None:
    referral = offered(corridor)

    draft = queries.prepared(corridor.who(Role.DESK), referral)

    assert [f["name"] for f in draft["unit_fields"]] == ["safe_contact", "wishes"]
    assert PHONE not in json.dumps(draft)
    with pytest.raises(CannotOpen):
        age.decrypt(corridor.cast.keys[DESK].seed, base64.b64decode(draft["unit_sealed"]))


def test_a_consent_taken_back_stops_the_dossier_even_after_the_acceptance(
    corridor: Corridor,
) -> None:
    referral = offered(corridor)
    corridor.say(referral.pk, rules.ACKNOWLEDGE, {"by": "Mariam"})
    corridor.say(referral.pk, rules.ACCEPT, YES)
    worker = corridor.who(Role.CASE_WORKER)
    cases.withdraw_consent(consent_id=Consent.objects.get().pk, actor=worker, now=NOW)

    with pytest.raises(Refused) as refused:
        actions.release_dossier(referral=referral, actor=corridor.who(Role.DESK), now=NOW)

    assert refused.value.objections == ["CONSENT_WITHDRAWN"]
    assert not Message.objects.filter(kind=rules.CASE).exists()


def test_a_ground_instead_of_consent_carries_nothing_before_a_second_person(
    corridor: Corridor,
) -> None:
    case = opened(corridor)
    worker = corridor.who(Role.CASE_WORKER)
    details = {
        "ground": "VITAL_INTEREST",
        "given_by": "NOBODY",
        "mode": "SIGNATURE",
        "language": "fr",
        "interpreter": "",
        "content": CONTENT,
        "explained_by": "Hicham",
    }
    ground = cases.record_consent(case=case, country="CI", details=details, actor=worker, now=NOW)

    with pytest.raises(Refused) as alone:
        prepared(corridor, case)
    with pytest.raises(Refused) as same_person:
        cases.confirm_ground(consent_id=ground.pk, actor=worker, now=NOW)
    cases.confirm_ground(consent_id=ground.pk, actor=corridor.who(Role.SUPERVISOR), now=NOW)

    assert alone.value.objections == ["GROUND_NEEDS_SECOND_PERSON"]
    assert same_person.value.objections == ["SECOND_PERSON_IS_THE_FIRST"]
    assert prepared(corridor, case).code.startswith("R-")


def test_the_question_and_its_answer_cross_the_border_and_back(corridor: Corridor) -> None:
    referral, desk = offered(corridor), corridor.who(Role.DESK)
    corridor.say(referral.pk, rules.ACKNOWLEDGE, {"by": "Mariam"})
    corridor.say(referral.pk, rules.ASK, {"by": "Mariam", "topics": ["NEEDS"], "text": "?"})
    assert story(referral) is State.QUESTION_OPEN

    actions.reply(referral=referral, text="une couturière", actor=desk, now=NOW)

    assert corridor.reads(Message.objects.get(kind=rules.REPLY))["text"] == "une couturière"
    assert story(referral) is State.ACKNOWLEDGED


def test_nobody_else_releases_answers_or_decides(corridor: Corridor) -> None:
    referral = offered(corridor)

    for role in (Role.CASE_WORKER, Role.SUPERVISOR):
        actor = corridor.who(role)
        for act in (actions.release_offer, actions.release_dossier, actions.acknowledge):
            with pytest.raises(NotFound):
                act(referral=referral, actor=actor, now=NOW)


@pytest.mark.parametrize(
    "spoiled",
    [{}, {"by": ""}, {"worker_name": " "}, {"decision": "DECLINE"}, {"from_on": "soon"}],
)
def test_an_acceptance_that_names_nobody_or_promises_nothing_releases_nothing(
    corridor: Corridor, spoiled: dict[str, str]
) -> None:
    referral = offered(corridor)
    corridor.say(referral.pk, rules.ACKNOWLEDGE, {"by": "Mariam"})

    corridor.say(referral.pk, rules.ACCEPT, {**YES, **spoiled} if spoiled else {})

    assert story(referral) is State.ACKNOWLEDGED
    with pytest.raises(Refused) as refused:
        actions.release_dossier(referral=referral, actor=corridor.who(Role.DESK), now=NOW)
    assert refused.value.objections == ["NO_ACCEPTANCE"]
    # Its number is used up: an honest acceptance after it is taken.
    corridor.say(referral.pk, rules.ACCEPT, YES)
    assert story(referral) is State.ACCEPTED


def test_an_answer_that_crosses_the_decision_stops_nothing(corridor: Corridor) -> None:
    referral, desk = received(corridor), corridor.who(Role.DESK)
    actions.acknowledge(referral=referral, actor=desk, now=NOW)
    actions.ask(referral=referral, topics=["NEEDS"], text="?", actor=desk, now=NOW)
    actions.accept(referral=referral, promise=PROMISE, actor=desk, now=NOW)

    corridor.say(referral.pk, rules.REPLY, {"by": "Mariam", "text": "la couture"})
    dossier = {"identity": {"first_name": ALIAS}, "by": "Mariam", "ground": "CONSENT"}
    corridor.say(referral.pk, rules.CASE, dossier)

    assert story(referral) is State.DOSSIER_RECEIVED


def test_an_answer_names_nobody_before_the_acceptance_and_needs_consent(
    corridor: Corridor,
) -> None:
    referral, desk = offered(corridor), corridor.who(Role.DESK)
    corridor.say(referral.pk, rules.ACKNOWLEDGE, {"by": "Mariam"})
    corridor.say(referral.pk, rules.ASK, {"by": "Mariam", "topics": [], "text": "?"})

    with pytest.raises(Refused) as named:
        actions.reply(referral=referral, text="elle: NAFISSATOU", actor=desk, now=NOW)
    worker = corridor.who(Role.CASE_WORKER)
    cases.withdraw_consent(consent_id=Consent.objects.get().pk, actor=worker, now=NOW)
    with pytest.raises(Refused) as withdrawn:
        actions.reply(referral=referral, text="oui", actor=desk, now=NOW)

    assert named.value.objections == ["NAMES_BEFORE_ACCEPTANCE"]
    assert withdrawn.value.objections == ["CONSENT_WITHDRAWN"]


def test_a_consent_given_anew_carries_what_an_older_one_no_longer_does(corridor: Corridor) -> None:
    referral = offered(corridor)
    corridor.say(referral.pk, rules.ACKNOWLEDGE, {"by": "Mariam"})
    corridor.say(referral.pk, rules.ACCEPT, YES)
    worker = corridor.who(Role.CASE_WORKER)
    cases.withdraw_consent(consent_id=Consent.objects.get().pk, actor=worker, now=NOW)
    assert referral.case is not None
    agreed(corridor, referral.case)

    actions.release_dossier(referral=referral, actor=corridor.who(Role.DESK), now=NOW)

    assert story(referral) is State.DOSSIER_SENT


def test_the_same_person_is_not_offered_twice_to_the_same_country(corridor: Corridor) -> None:
    referral = offered(corridor)
    assert referral.case is not None

    with pytest.raises(Refused) as refused:
        prepared(corridor, referral.case)

    assert refused.value.objections == ["ALREADY_REFERRED"]


def test_what_was_released_cannot_be_given_back_and_what_was_given_back_not_released(
    corridor: Corridor,
) -> None:
    desk = corridor.who(Role.DESK)
    referral = offered(corridor)
    referral.refresh_from_db()

    with pytest.raises(Refused):
        actions.return_to_worker(referral=referral, actor=desk, now=NOW)
    referral.refresh_from_db()
    assert referral.returned_at is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)
FIELDS_OF_A_BODY = st.sampled_from(
    (
        *("m", "by", "cover", "identity", "indicators", "topics", "text", "decision", "from_on"),
        *("ground", "needs", "reference", "purpose", "urgency", "unit_sealed", "worker_name"),
        *("service", "reason", "consent", "conditions"),
    )
)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(sorted(rules.NUMBER)), body=st.dictionaries(FIELDS_OF_A_BODY, JSON))
def test_whatever_a_signed_body_says_the_desk_s_mail_and_pages_go_on(
    corridor: Corridor, kind: str, body: dict[str, Any]
) -> None:
    known = Referral.objects.filter(is_ours=False).first() or received(corridor)

    corridor.say(known.pk, kind, body)
    corridor.say(new_id(), kind, body)

    assert not post_office.unopened()
    for referral in Referral.objects.all():
        told = queries.told(referral)
        for contents in queries.contents(corridor.who(Role.DESK), referral).values():
            assert all(coded.spoken(name, value) is not None for name, value in contents.items())
        assert told.story.state


def received(corridor: Corridor, **more: Any) -> Referral:
    """Return an offer of the other country, opened at this desk."""
    conversation = new_id()
    corridor.say(conversation, rules.OFFER, offer_body(**more))
    return Referral.objects.get(pk=conversation)


PROMISE = {
    "worker_name": "Hicham",
    "worker_phone": "0000",
    "service": "un lit",
    "from_on": "2026-11-24",
    "conditions": "",
    "budget_line": "",
}


def accepted(corridor: Corridor) -> Referral:
    """Return an offer that was acknowledged and accepted here."""
    referral, desk = received(corridor), corridor.who(Role.DESK)
    actions.acknowledge(referral=referral, actor=desk, now=NOW)
    actions.accept(referral=referral, promise=PROMISE, actor=desk, now=NOW)
    referral.refresh_from_db()
    return referral


def test_an_acceptance_opens_a_case_that_the_care_team_reads_and_the_desk_does_not(
    corridor: Corridor,
) -> None:
    referral = accepted(corridor)

    assert referral.case is not None
    code = referral.case.code
    assert access_case(corridor.who(Role.CASE_WORKER), code, "care") == referral.case
    with pytest.raises(NotFound):
        access_case(corridor.who(Role.DESK), code, "care")
    assert corridor.reads(Message.objects.get(kind=rules.ACCEPT))["worker_name"] == "Hicham"


def test_the_dossier_reaches_the_care_team_and_its_sealed_part_opens_for_it_alone(
    corridor: Corridor,
) -> None:
    referral = accepted(corridor)
    unit_part = age.encrypt([public_of(corridor.cast.keys[CARE].seed)], b'{"safe_contact": "0707"}')
    corridor.say(
        referral.pk,
        rules.CASE,
        {
            "identity": {"first_name": ALIAS},
            "unit_sealed": base64.b64encode(unit_part).decode(),
            "by": "Mariam",
            "ground": "CONSENT",
        },
    )

    assert referral.case is not None
    worker = corridor.who(Role.CASE_WORKER)
    case = Case.objects.get(pk=referral.case.pk)
    assert access_compartment(worker, case, IDENTITY)[1] == {"first_name": ALIAS}
    _, shown = cases.open_compartment(
        case=case, name="received", reason="ARRANGE_CARE", actor=worker, now=NOW
    )
    assert shown == {"safe_contact": "0707"}
    assert story(referral) is State.DOSSIER_RECEIVED


def test_what_a_partner_seals_to_the_unit_and_every_search_card_opens_after_any_renewal(
    corridor: Corridor,
) -> None:
    """The partner knows the key in the directory that it pinned, and the cards lie under it too."""
    referral, before = accepted(corridor), corridor.who(Role.CASE_WORKER)
    known, _ = published_keys(team(CARE))
    unit_part = age.encrypt([known], b'{"safe_contact": "0707"}')
    said = {"unit_sealed": base64.b64encode(unit_part).decode(), "by": "M", "ground": "CONSENT"}

    for _ in range(FORMER_SEEDS + 1):
        renew_team_key(team_code=CARE, actor=corridor.who(Role.CASE_WORKER), now=NOW)
    corridor.say(referral.pk, rules.CASE, {"identity": {"first_name": ALIAS}, **said})
    renew_team_key(team_code=CARE, actor=corridor.who(Role.CASE_WORKER), now=NOW)

    worker = corridor.who(Role.CASE_WORKER)
    assert referral.case is not None
    _, shown = cases.open_compartment(
        case=referral.case, name="received", reason="ARRANGE_CARE", actor=worker, now=NOW
    )
    assert shown == {"safe_contact": "0707"}
    assert worker.teams[CARE].seed != before.teams[CARE].seed
    assert card_key(worker, CARE) == card_key(before, CARE)


def test_a_dossier_that_nobody_accepted_is_refused_and_opens_no_case(corridor: Corridor) -> None:
    referral = received(corridor)

    corridor.say(
        referral.pk, rules.CASE, {"identity": {"first_name": ALIAS}, "by": "M", "ground": "CONSENT"}
    )

    refused = Message.objects.exclude(refused_for="").get()
    assert refused.refused_for == "out_of_place"
    assert not Case.objects.exists()


def test_a_declined_offer_tells_its_reason_and_leaves_nothing_here(corridor: Corridor) -> None:
    referral, desk = received(corridor), corridor.who(Role.DESK)
    actions.acknowledge(referral=referral, actor=desk, now=NOW)
    actions.decline(referral=referral, reason="NO_CAPACITY", text="", actor=desk, now=NOW)

    assert corridor.reads(Message.objects.get(kind=rules.DECLINE))["reason"] == "NO_CAPACITY"
    assert not Case.objects.exists()
    assert Message.objects.get(kind=rules.OFFER).rank == Rank.REFUSED
    with pytest.raises(Refused) as refused:
        actions.accept(referral=referral, promise=PROMISE, actor=desk, now=NOW)
    assert refused.value.objections == ["ALREADY_DECIDED"]


@pytest.mark.parametrize(
    "spoiled",
    [
        {"cover": {"age_band": "NOBODY", "sex": "F"}},
        {"cover": {"age_band": "18_24", "sex": "F", "full_name": FULL_NAME}},
        {"cover": "?"},
        {"reference": "R-0000-0000"},
        {"ground": 7},
    ],
)
def test_an_offer_that_says_nonsense_or_a_name_is_refused_whole(
    corridor: Corridor, spoiled: dict[str, Any]
) -> None:
    corridor.say(new_id(), rules.OFFER, offer_body(**spoiled))

    assert not Referral.objects.exists()
    assert Message.objects.get().refused_for == "malformed"


def test_every_act_leaves_one_entry_of_its_own(corridor: Corridor) -> None:
    before = len(verbs())
    referral = offered(corridor)

    after = verbs()[before:]

    for verb in (
        "identification.send_screening",
        "identification.decide",
        "cases.open_case",
        "cases.record_consent",
        "referrals.prepare",
        "referrals.release_offer",
        "exchange.post",
    ):
        assert after.count(verb) == 1
    assert referral.case is not None


def test_a_refused_act_leaves_nothing_half_done(corridor: Corridor) -> None:
    case = opened(corridor)
    before = (len(verbs()), Milestone.objects.count(), Compartment.objects.count())

    with pytest.raises(Refused):
        prepared(corridor, case)

    assert (len(verbs()), Milestone.objects.count(), Compartment.objects.count()) == before


def test_a_case_s_keys_are_wrapped_to_the_care_team_and_to_nobody_else(corridor: Corridor) -> None:
    case = opened(corridor)
    key_ids = set(Compartment.objects.filter(case=case).values_list("key_id", flat=True))

    # Three parts that people wrote, and the headline.
    assert len(held_keys(corridor.who(Role.CASE_WORKER), key_ids)) == len(key_ids) == 4
    for role in (Role.DESK, Role.FIRST_RESPONDER, Role.COORDINATOR, Role.ADMINISTRATOR):
        assert held_keys(corridor.who(role), key_ids) == {}


def test_two_colleagues_who_change_the_same_part_do_not_lose_each_other_s_words(
    corridor: Corridor,
) -> None:
    case, worker = opened(corridor), corridor.who(Role.CASE_WORKER)
    changes = {"first_name": "Autre"}
    cases.write_compartment(
        case=case, name=IDENTITY, changes=changes, version=2, actor=worker, now=NOW
    )

    with pytest.raises(Refused) as refused:
        cases.write_compartment(
            case=case, name=IDENTITY, changes={"full_name": ""}, version=2, actor=worker, now=NOW
        )

    assert refused.value.objections == ["CHANGED_MEANWHILE"]
    assert access_compartment(worker, case, IDENTITY)[1]["full_name"] == FULL_NAME


def test_receipts_of_the_other_desk_raise_our_offer_and_both_tell_the_same_story(
    corridor: Corridor,
) -> None:
    referral = offered(corridor)
    message = Message.objects.get(kind=rules.OFFER)

    for rank in (Rank.DELIVERED, Rank.RELAYED):
        carried = receipt_parcel(
            corridor.there,
            mid=message.mid,
            sha256=message.sha256,
            rank=rank,
            own_public=public_of(post_office.own().seed),
            own_country="MA",
            now=NOW,
        )
        receive_receipt(carried, caller="CI", now=NOW)

    assert queries.told(referral).lines[0].rank is Rank.DELIVERED
    assert exchange_rules.Rank.DELIVERED.height == 2


def test_the_same_screening_sent_twice_is_one_screening(corridor: Corridor) -> None:
    responder = corridor.who(Role.FIRST_RESPONDER)
    draft = identification.start_draft(actor=responder, now=NOW)
    told = answers_yielding((), age_band="10_14", minor="yes", sex="M", situation="alone")
    identification.save_draft(draft_id=draft.pk, change=Change(said=told), actor=responder, now=NOW)

    codes = {
        identification.send_screening(
            draft_id=draft.pk, observation="", actor=responder, now=NOW
        ).pk
        for _ in range(2)
    }

    assert len(codes) == Screening.objects.count() == 1


def test_a_screening_is_decided_once_and_a_change_says_why(corridor: Corridor) -> None:
    supervisor = corridor.who(Role.SUPERVISOR)
    code = screened(corridor)

    with pytest.raises(Refused) as refused:
        identification.decide(
            code=code, decided_class="TRAFIC_ILLICITE", reason=" ", actor=supervisor, now=NOW
        )

    assert refused.value.objections == ["ALREADY_DECIDED", "CHANGE_NEEDS_REASON"]


def test_who_screened_reads_it_no_more_once_it_is_sent(corridor: Corridor) -> None:
    from amana.identification.queries import access_screening  # noqa: PLC0415 - of this test alone

    code = screened(corridor)

    for role in (Role.FIRST_RESPONDER, Role.DESK, Role.ADMINISTRATOR, Role.COORDINATOR):
        with pytest.raises(NotFound):
            access_screening(corridor.who(role), code)
    assert access_screening(corridor.who(Role.CASE_WORKER), code).content["alias"] == ALIAS


# Over the border, and into an identity, only for who has just shown that it is still she.


@pytest.mark.parametrize("act", ["release", "dossier", "identity"])
def test_what_leaves_or_names_somebody_asks_first_who_sits_there(
    corridor: Corridor, client: Client, stopped_clock: StoppedClock, act: str
) -> None:
    case = opened(corridor)
    agreed(corridor, case)
    referral = prepared(corridor, case)
    desk = corridor.who(Role.DESK)
    cookie = corridor.cast.cookie(name_of(Role.DESK))
    client.cookies[site.SESSION_COOKIE] = cookie.hex()
    Session.objects.filter(pk=desk.session_id).update(stepped_up_at=NOW - STEP_UP)

    answer = client.post(f"/referrals/{referral.code}/{act}")

    assert answer.headers.get("Location", "").startswith("/step-up?back="), answer.status_code
    referral.refresh_from_db()
    assert referral.released_at is None


def test_a_code_of_a_newer_list_does_not_keep_a_person_waiting(corridor: Corridor) -> None:
    body = offer_body()
    body["cover"] |= {"age_band": "15_16", "needs": ["SHELTER", "MIDWIFE"]}

    corridor.say(new_id(), rules.OFFER, body)

    referral = Referral.objects.get()
    assert referral.age_band == "UNK"
    with translation.override("en"):
        assert coded.spoken("needs", ["SHELTER", "MIDWIFE"]).endswith(
            "code not known here: MIDWIFE"
        )


@pytest.mark.parametrize("field", ["!must_be_read", "!"])
def test_a_field_that_must_not_be_skipped_is_refused_and_another_is_kept(
    corridor: Corridor, field: str
) -> None:
    corridor.say(new_id(), rules.OFFER, offer_body(**{field: "x"}))
    assert [m.refused_for for m in post_office.refused()] == ["schema"]

    corridor.say(new_id(), rules.OFFER, offer_body(new_in_1_1="kept"))

    referral = Referral.objects.get()
    held = queries.contents(corridor.who(Role.DESK), referral)
    assert [body["new_in_1_1"] for body in held.values()] == ["kept"]


def declined_again(corridor: Corridor, referral: Referral) -> None:
    corridor.say(referral.pk, rules.ACKNOWLEDGE, {"by": "Mariam"})
    corridor.say(referral.pk, rules.DECLINE, {"by": "Mariam", "reason": "NO_CAPACITY"})


def test_what_was_declined_is_asked_once_more_with_something_new_and_then_people_meet(
    corridor: Corridor,
) -> None:
    referral = offered(corridor)
    case = referral.case
    assert case is not None
    declined_again(corridor, referral)

    with pytest.raises(Refused) as refused:
        prepared(corridor, case)
    assert refused.value.objections == ["NOTHING_NEW"]

    worker, desk = corridor.who(Role.CASE_WORKER), corridor.who(Role.DESK)
    cases.write_compartment(
        case=case, name=ACCOUNT, changes={"wishes": "étudier"}, version=2, actor=worker, now=NOW
    )
    second = prepared(corridor, case)
    actions.release_offer(referral=second, actor=desk, now=NOW)
    declined_again(corridor, second)

    with pytest.raises(Refused) as refused:
        prepared(corridor, case)
    assert refused.value.objections == ["CASE_CONFERENCE"]


def test_words_for_the_unit_are_looked_at_a_second_time(corridor: Corridor) -> None:
    case = opened(corridor)
    agreed(corridor, case)
    worker = corridor.who(Role.CASE_WORKER)
    for version, wishes, against in (
        (2, "Elle est enceinte.", ["SECOND_LOOK_NEEDED"]),
        (3, "Rester à Derb Kandilia.", ["NEVER_SENT"]),
    ):
        cases.write_compartment(
            case=case,
            name=ACCOUNT,
            changes={"wishes": wishes},
            version=version,
            actor=worker,
            now=NOW,
        )
        with pytest.raises(Refused) as refused:
            prepared(corridor, case)
        assert refused.value.objections == against


def test_the_answers_of_the_receiving_desk_are_looked_at_a_second_time(corridor: Corridor) -> None:
    """A question, a promise, a refusal: the one who answers writes free words as well."""
    referral, desk = received(corridor), corridor.who(Role.DESK)
    actions.acknowledge(referral=referral, actor=desk, now=NOW)
    words = "Est-elle enceinte ?"

    def ask(**more: str) -> None:
        actions.ask(referral=referral, topics=["NEEDS"], text=words, actor=desk, now=NOW, **more)

    def accept(**more: str) -> None:
        promise = {**PROMISE, "conditions": words}
        actions.accept(referral=referral, promise=promise, actor=desk, now=NOW, **more)

    def decline(**more: str) -> None:
        told = {"reason": "NO_CAPACITY", "text": words}
        actions.decline(referral=referral, actor=desk, now=NOW, **told, **more)

    for say in (ask, accept, decline):
        with pytest.raises(Refused) as refused:
            say()
        assert refused.value.objections == ["SECOND_LOOK_NEEDED"], say.__name__
    assert not Case.objects.exists()

    ask(look_reason=next(iter(codes.values("LOOK_REASON"))))
    assert corridor.reads(Message.objects.get(kind=rules.ASK))["text"] == words
