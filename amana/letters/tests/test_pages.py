"""Letters on the pages that people press: each is drawn, refuses in words, and leads on."""

import re

import pytest
from django.conf import settings as site
from django.test import Client

from amana.access.rules import Role
from amana.exchange.models import Message
from amana.letters.models import Draft, Thread
from amana.letters.tests.builders import accepted, begun, hosted, release, says, sent, write
from amana.referrals.tests import test_actions as told
from amana.referrals.tests.test_actions import Corridor
from amana.standards import messages
from tests.cast import THE_MOMENT as NOW
from tests.cast import StoppedClock, name_of

pytestmark = pytest.mark.django_db
corridor = told.corridor


@pytest.fixture(autouse=True)
def clock(settings: object) -> None:
    settings.CLOCK = StoppedClock(NOW)  # type: ignore[attr-defined]


def browser(corridor: Corridor, role: Role) -> Client:
    client = Client()
    client.cookies[site.SESSION_COOKIE] = corridor.cast.cookie(name_of(role)).hex()
    return client


def page(corridor: Corridor, role: Role, path: str) -> str:
    answer = browser(corridor, role).get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


def press(corridor: Corridor, role: Role, path: str, **fields: object) -> tuple[int, str]:
    answer = browser(corridor, role).post(path, fields)
    return answer.status_code, answer.get("Location", "") or answer.content.decode()


def test_every_letter_has_a_form_of_its_own_fields(corridor: Corridor) -> None:
    begin = [f.kind for f in messages.letters() if f.where != "referral" and f.waits]
    for kind in begin:
        if kind == "cancel":
            continue
        shown = page(corridor, Role.DESK, f"/letters/new/{kind}")
        for name in messages.families()[kind].fields:
            assert f'name="{name}' in shown, (kind, name)


def test_a_worker_writes_a_desk_releases_and_everybody_reads_where_it_stands(
    corridor: Corridor,
) -> None:
    referral = accepted(corridor)
    way = f"/letters/{referral.code}/write/assessment.request"
    assert page(corridor, Role.CASE_WORKER, f"/letters/{referral.code}/")
    assert page(corridor, Role.CASE_WORKER, way)
    status, shown = press(corridor, Role.CASE_WORKER, way)
    assert status == 422
    assert "assess_topics" in shown

    status, to = press(
        corridor, Role.CASE_WORKER, way, assess_topics="CAREGIVER", text="Elle est enceinte."
    )
    assert (status, 'data-objection="SECOND_LOOK_NEEDED"' in to) == (422, True)
    assert '<select name="look_reason"' in to
    status, to = press(
        corridor,
        Role.CASE_WORKER,
        way,
        assess_topics="CAREGIVER",
        text="Elle est enceinte.",
        look="1",
        look_reason="PERSON_ASKED",
    )
    assert status == 302
    draft = Draft.objects.get()
    seen = page(corridor, Role.DESK, f"/letters/prepared/{draft.pk}/")
    assert "data-looked" in seen
    assert "enceinte" in seen
    assert "leaves-letter" in seen
    assert "With this letter" in seen
    status, to = press(corridor, Role.DESK, f"/letters/prepared/{draft.pk}/release")
    assert (status, to) == (302, f"/letters/{referral.code}/?said=letter_released")
    for role in (Role.CASE_WORKER, Role.SUPERVISOR, Role.DESK):
        assert 'data-kind="assessment.request"' in page(
            corridor, role, f"/letters/{referral.code}/"
        )
        assert page(corridor, role, "/letters/")
        assert page(corridor, role, f"/letters/prepared/{draft.pk}/")


def test_a_record_is_signed_too_with_one_press(corridor: Corridor) -> None:
    referral = hosted(corridor)
    there, code = referral.pk, referral.code
    proposal = says(corridor, there, "return.proposal")
    status, shown = press(corridor, Role.DESK, f"/letters/{code}/{proposal}/say/letter.accept")
    assert status == 422
    assert "worker_name" in shown
    yes = {"decision": "ACCEPT", "worker_name": "Hicham", "worker_phone": "000"}
    assert (
        press(corridor, Role.DESK, f"/letters/{code}/{proposal}/say/letter.accept", **yes)[0] == 302
    )
    notice = says(corridor, there, "departure.notice")
    assert press(corridor, Role.DESK, f"/letters/{code}/{notice}/say/letter.read")[0] == 302
    handed = says(corridor, there, "handover.complete")
    path = f"/letters/{code}/{handed}/say/handover.countersign"
    assert path in page(corridor, Role.DESK, f"/letters/{code}/")

    assert press(corridor, Role.DESK, path)[0] == 302
    assert press(corridor, Role.DESK, path)[0] == 422
    assert Message.objects.filter(kind="handover.countersign").count() == 1


def test_a_cancelled_letter_is_struck_through_on_both_sides(corridor: Corridor) -> None:
    release(corridor, begun(corridor, "info.notice"))
    thread, first = Thread.objects.get(), Message.objects.get()
    sent(corridor, thread.code, "cancel", to=first.pk, role=Role.DESK)
    theirs = says(corridor, thread.pk, "letter.read", to=first.pk)
    assert theirs
    shown = page(corridor, Role.DESK, f"/letters/{thread.code}/")

    assert re.search(f'data-letter="{first.pk}"[^>]*data-cancelled', shown)
    assert "<s>" in shown


def test_a_group_is_shown_as_a_list_and_an_unknown_code_is_flagged(corridor: Corridor) -> None:
    says(corridor, "ab" * 16, "group.arrival", arrival_place="Aéroport")
    says(corridor, "cd" * 16, "alert", alert_kind="FROM_TOMORROW")
    group, alert = Thread.objects.get(pk="ab" * 16), Thread.objects.get(pk="cd" * 16)

    assert page(corridor, Role.DESK, f"/letters/{group.code}/").count('<tr><th scope="row"') == 5
    shown = page(corridor, Role.DESK, f"/letters/{alert.code}/")
    assert "data-unknown" in shown
    assert "FROM_TOMORROW" in shown


def test_what_is_not_for_a_person_is_missing_for_her(corridor: Corridor) -> None:
    referral = accepted(corridor)
    draft = write(corridor, referral.code, "judicial.request")
    says(corridor, "ab" * 16, "alert")
    thread = Thread.objects.get()

    worker = browser(corridor, Role.CASE_WORKER)
    for path in (f"/letters/{thread.code}/", "/letters/new/info.notice", "/letters/new/gossip"):
        assert worker.get(path).status_code == 404, path
    assert press(corridor, Role.CASE_WORKER, f"/letters/prepared/{draft.pk}/release")[0] == 404
    assert browser(corridor, Role.FIRST_RESPONDER).get("/letters/").status_code == 404
