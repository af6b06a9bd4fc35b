"""What a country's people do to a referral, through the actions: from a screening to an offer."""

from collections.abc import Mapping
from datetime import datetime

from amana.access.rules import Actor, Role
from amana.cases import actions as cases
from amana.cases.rules import ACCOUNT, IDENTITY, LOCATION
from amana.exchange.queries import own
from amana.identification import actions as identification
from amana.identification.answers import Change
from amana.identification.tests.builders import answers_yielding
from amana.referrals import actions as referrals
from amana.referrals.models import Referral
from tests.faults.writes import CONSENT, WANTED

FIELDS = ["first_name", "full_name", "safe_contact", "wishes"]


def prepared(actors: Mapping[Role, Actor], to: str, now: datetime) -> Referral:
    """Screen an invented person, decide, open a case, take consent and prepare a referral."""
    responder, worker = actors[Role.FIRST_RESPONDER], actors[Role.CASE_WORKER]
    draft = identification.start_draft(actor=responder, now=now)
    told = answers_yielding(
        ("T1", "R1", "D1", "X1"),
        alias="Zoumana",
        sex="F",
        age_band="18_24",
        minor="no",
        situation="alone",
        language="dyu",
        citizenship=to,
        place="Derb Kandilia",
    )
    identification.save_draft(draft_id=draft.pk, change=Change(said=told), actor=responder, now=now)
    screening = identification.send_screening(
        draft_id=draft.pk, observation="", actor=responder, now=now
    )
    identification.decide(
        code=screening.pk,
        decided_class="TRAITE_PRESUMEE",
        reason="vu de mes yeux",
        actor=actors[Role.SUPERVISOR],
        now=now,
    )
    case = cases.open_case(
        screening_code=screening.pk, country=own().country, actor=worker, now=now
    )
    for name, changes in (
        (IDENTITY, {"full_name": "Nafissatou Gbagbelé"}),
        (LOCATION, {"safe_contact": "+000 00"}),
        (ACCOUNT, {"wishes": "rentrer"}),
    ):
        cases.write_compartment(
            case=case, name=name, changes=changes, version=1, actor=worker, now=now
        )
    cases.record_consent(case=case, country=to, details=CONSENT, actor=worker, now=now)
    return referrals.prepare(
        case=case, country=to, wanted=WANTED, fields=FIELDS, actor=worker, now=now
    )


def offered(actors: Mapping[Role, Actor], to: str, now: datetime) -> Referral:
    """Do all of that and release the offer."""
    referral = prepared(actors, to, now)
    referrals.release_offer(referral=referral, actor=actors[Role.DESK], now=now)
    return referral
