"""The way of a bed on the pages: what each person sees, and what she does not."""

from datetime import datetime
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from amana.access.rules import Role
from amana.cases.tests.builders import a_case
from amana.shelters import actions
from amana.shelters.models import Ask, Count, Request, Stay, Transport
from amana.shelters.tests.builders import ADDRESS, a_request, a_shelter, accepted, staff
from tests.cast import Cast, StoppedClock, name_of

pytestmark = pytest.mark.django_db
NEEDS = {"basis": "ADULT_AGREES", "risk": "LOW", "languages": ["dyu"]}


def ask_for(cast: Cast, name: str, path: str, **said: Any) -> Any:
    """Open a page as somebody, or press a button on it where something is said."""
    browser = Client()
    browser.cookies[settings.SESSION_COOKIE] = cast.cookie(name).hex()
    if said:
        return browser.post(path, said)
    return browser.get(path)


WORKER = name_of(Role.CASE_WORKER)


def test_a_bed_is_found_on_the_pages_from_the_request_to_the_door(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    case, (house, _) = a_case(cast), a_shelter(cast, now)
    staff(cast)
    manager = "manager-shelter"

    assert ask_for(cast, WORKER, f"/cases/{case.pk}/bed/", **NEEDS).status_code == 302
    offers = ask_for(cast, WORKER, f"/cases/{case.pk}/bed/").content.decode()
    assert house.alias in offers
    ask_for(cast, WORKER, f"/cases/{case.pk}/bed/ask", shelters=[house.pk])
    ask = Ask.objects.get()
    assert str(ask.pk) in ask_for(cast, manager, "/beds/").content.decode()
    ask_for(cast, manager, f"/beds/asks/{ask.pk}/answer", act="yes")
    escort = cast.who(WORKER).account_id
    ask_for(cast, WORKER, f"/beds/asks/{ask.pk}/take", escort=escort)
    assert Request.objects.get().state == "PLACED"
    ask_for(cast, manager, f"/beds/asks/{ask.pk}/answer", act="leave")
    way = Transport.objects.get()
    shown = ask_for(cast, WORKER, f"/beds/way/{way.pk}", look="1").content.decode()
    assert ADDRESS in shown
    stay = Stay.objects.get()
    ask_for(cast, manager, f"/beds/asks/{ask.pk}/answer", act="admit", arrived=[stay.pk])

    stay.refresh_from_db()
    assert stay.state == "ADMITTED"
    assert ask_for(cast, WORKER, f"/beds/way/{way.pk}", look="1").status_code == 404


def test_the_night_staff_confirms_a_count_with_one_tap(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    _, unit = a_shelter(cast, now)
    staff(cast)

    answer = ask_for(cast, "manager-shelter", f"/beds/rooms/{unit.pk}/count", free="2")

    assert answer.status_code == 302
    assert Count.objects.filter(unit=unit).count() == 2
    too_many = ask_for(cast, "manager-shelter", f"/beds/rooms/{unit.pk}/count", free="3")
    assert too_many.status_code == 422


def test_a_place_that_does_not_fit_is_shown_with_its_reason_and_of_an_incompatibility_one_word(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    case, (house, _) = a_case(cast), a_shelter(cast, now)
    a_request(cast, now, case, risk="LOW")
    actions.keep_apart(case=case, other=house.pk, actor=cast.who(WORKER), now=now)
    browser = Client(headers={"accept-language": "en"})
    browser.cookies[settings.SESSION_COOKIE] = cast.cookie(WORKER).hex()
    browser.cookies["language"] = "en"

    page = browser.get(f"/cases/{case.pk}/bed/").content.decode()

    assert "Incompatible." in page
    assert "No place fits now." in page


def test_the_coordination_sees_hours_and_counts_and_no_place(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    house, _ = a_shelter(cast, now)
    accepted(cast, now, a_case(cast), house)

    page = ask_for(cast, name_of(Role.COORDINATOR), "/beds/figures/").content.decode()

    assert "0.0" in page or "0,0" in page
    assert house.alias not in page
    assert house.pk not in page
