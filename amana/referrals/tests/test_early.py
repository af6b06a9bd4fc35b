"""Of somebody whose file was opened before the decision, nothing goes abroad."""

from datetime import datetime

import pytest

from amana.access.rules import Role
from amana.cases.actions import open_case
from amana.cases.tests.builders import TOLD
from amana.identification import actions as identification
from amana.identification.answers import Change
from amana.referrals import queries
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_nobody_is_offered_abroad_before_a_supervisor_decided(cast: Cast, now: datetime) -> None:
    responder, worker = cast.actor(Role.FIRST_RESPONDER), cast.actor(Role.CASE_WORKER)
    draft = identification.start_draft(actor=responder, now=now)
    identification.save_draft(draft_id=draft.pk, change=Change(said=TOLD), actor=responder, now=now)
    screening = identification.send_screening(
        draft_id=draft.pk, observation="", actor=responder, now=now
    )
    case = open_case(
        screening_code=screening.pk, country="MA", actor=worker, now=now, before_decision=True
    )

    def against() -> list[str]:
        case.refresh_from_db()
        return queries.objections(
            actor=worker, case=case, country="CI", groups=set(), needs=["SHELTER"], now=now
        )

    assert "CLASS_NOT_DECIDED" in against()
    identification.decide(
        code=screening.pk,
        decided_class="TRAITE_PRESUMEE",
        reason="vu",
        actor=cast.actor(Role.SUPERVISOR),
        now=now,
    )
    assert "CLASS_NOT_DECIDED" not in against()
