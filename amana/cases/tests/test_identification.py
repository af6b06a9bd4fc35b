"""No help waits for an authority, and one person has one case however often she was asked."""

from datetime import datetime, timedelta

import pytest

from amana.access.rules import Refused, Role
from amana.cases import actions, queries
from amana.cases.models import Case
from amana.cases.tests.builders import TOLD
from amana.identification import actions as identification
from amana.identification.answers import Change
from amana.identification.models import Screening
from amana.identification.queries import today
from amana.identification.rules import Formal
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def decided(cast: Cast, now: datetime, follows: str = "") -> Screening:
    """Return a decided screening, or one that follows another of the same person."""
    worker = cast.actor(Role.CASE_WORKER)
    draft = identification.start_draft(actor=worker, now=now, follows=follows)
    identification.save_draft(draft_id=draft.pk, change=Change(said=TOLD), actor=worker, now=now)
    sent = identification.send_screening(draft_id=draft.pk, observation="", actor=worker, now=now)
    return identification.decide(
        code=sent.pk,
        decided_class="TRAITE_PRESUMEE",
        reason="",
        actor=cast.actor(Role.SUPERVISOR),
        now=now,
    )


def test_a_case_opens_also_when_an_authority_refused(cast: Cast, now: datetime) -> None:
    worker, screening = cast.actor(Role.CASE_WORKER), decided(cast, now)
    refusal = Formal(
        kind="REFUSED",
        authority="MA_JUDGE",
        law="ma-27-14",
        on=today(now) - timedelta(days=1),
        reasons="éléments insuffisants",
        remedy="réexamen avant trente jours",
    )
    identification.record_formal(code=screening.pk, step=refusal, actor=worker, now=now)

    case = actions.open_case(screening_code=screening.pk, country="MA", actor=worker, now=now)

    assert Case.objects.get().pk == case.pk


def test_whoever_is_asked_again_keeps_her_one_case(cast: Cast, now: datetime) -> None:
    worker, first = cast.actor(Role.CASE_WORKER), decided(cast, now)
    case = actions.open_case(screening_code=first.pk, country="MA", actor=worker, now=now)
    later = decided(cast, now, follows=first.pk)

    with pytest.raises(Refused):
        actions.open_case(screening_code=later.pk, country="MA", actor=worker, now=now)

    assert queries.find_case_of(worker, later.pk) == case
    assert queries.has_case(later.pk)
