"""The way of a bed on the pages: what each person sees, and what she does not."""

from datetime import datetime
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from amana.access.rules import Role
from amana.cases.tests.builders import a_case
from amana.shelters import actions
from amana.shelters.models import Ask, Count, Request, Shelter, Stay, Transport, Unit
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


HOUSE = {
    "alias": "Maison Inventée",
    "kind": "EMERGENCY",
    "team": "shelter",
    "area": "MA_RABAT",
    "security": "3",
    "profiles": ["WOMAN"],
}
ROOM = {"label": "Chambre 9", "beds": "3", "surge": "0", "sex": "F", "source": "DIRECTOR"}


def test_a_house_is_entered_by_the_coordination_and_furnished_by_who_runs_it(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    staff(cast)
    c, manager = name_of(Role.COORDINATOR), "manager-shelter"

    entered = ask_for(cast, c, "/beds/houses/new", **HOUSE)
    assert entered.status_code == 302
    house = Shelter.objects.get()
    page = f"/beds/houses/{house.pk}/"
    assert ask_for(cast, manager, page, act="room", ages=["25_34"], **ROOM).status_code == 302
    assert Unit.objects.get().beds == 3
    written = ask_for(cast, manager, page, act="address", address=ADDRESS)
    assert written.status_code == 302
    # Sealed at once: nobody is shown it again, not even who wrote it.
    for name in (c, manager):
        assert ADDRESS not in ask_for(cast, name, page).content.decode()
        assert ADDRESS not in ask_for(cast, name, "/beds/").content.decode()
    assert ask_for(cast, c, page, act="status", status="SUSPENDED").status_code == 302
    # What the coordination stopped, no house opens again by itself.
    assert ask_for(cast, manager, page, act="status", status="OPEN").status_code == 422
    house.refresh_from_db()
    assert house.status == "SUSPENDED"


def test_what_is_lacking_of_a_house_or_a_room_is_said_and_nothing_is_kept(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    (house, unit), c = a_shelter(cast, now), name_of(Role.COORDINATOR)

    assert ask_for(cast, c, "/beds/houses/new", alias="X").status_code == 422
    none = ask_for(cast, c, f"/beds/houses/{house.pk}/", act="room", label="Y", beds="0")
    assert none.status_code == 422
    twice = {**ROOM, "label": unit.label}
    again = ask_for(cast, c, f"/beds/houses/{house.pk}/", act="room", ages=["25_34"], **twice)
    assert again.status_code == 422
    assert (Shelter.objects.count(), Unit.objects.count()) == (1, 1)


def test_who_runs_another_house_and_who_runs_none_find_no_house_there(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    house, _ = a_shelter(cast, now)
    cast.hire("elsewhere", "Autre Inventée", Role.SHELTER_MANAGER, ("shelter-b",))
    page = f"/beds/houses/{house.pk}/"

    for name in ("elsewhere", WORKER):
        assert ask_for(cast, name, page).status_code == 404
        assert ask_for(cast, name, page, act="status", status="FULL").status_code == 404
    # The coordination says what a house is, and never where it stands.
    where = ask_for(cast, name_of(Role.COORDINATOR), page, act="address", address=ADDRESS)
    assert where.status_code == 404
