"""What is said of a house and in it: its beds by several sources, its log, who is at the door."""

import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from amana.access.models import Notice
from amana.access.rules import Role
from amana.shelters import actions, queries, rules
from amana.shelters.directory import exported
from amana.shelters.models import Capacity, Note, Shelter, Stay
from amana.shelters.rules import Inside
from amana.shelters.tests.builders import ADDRESS, a_shelter, accepted
from amana.shelters.tests.visiting import (
    COORDINATOR,
    MANAGER,
    SUPERVISOR,
    WORKER,
    somebody,
    visit,
    words,
)
from amana.standards.shelters import load
from tests.cast import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]


# At the door.


def at_the_door(cast: Cast, now: datetime) -> tuple[str, list[Stay], list[str]]:
    """Return where the roll is called, and who is expected: a woman and another, one request."""
    first, second = somebody(cast), somebody(cast)
    house, _ = a_shelter(cast, now, beds=4)
    people = {
        case.pk: {"basis": "ADULT_AGREES", "risk": "LOW", "languages": []}
        for case in (first, second)
    }
    worker = cast.actor(Role.CASE_WORKER)
    request = actions.request_bed(people=people, actor=worker, now=now)
    (ask,) = actions.ask(request_id=request.pk, shelters=[house.pk], actor=worker, now=now)
    actions.hold(ask_id=ask.pk, actor=cast.who(MANAGER), now=now)
    actions.accept(ask_id=ask.pk, escort=worker.account_id, actor=worker, now=now)
    return f"/beds/asks/{ask.pk}/answer", list(ask.stays.all()), [first.pk, second.pk]


def test_nobody_is_raised_as_missing_before_somebody_said_that_it_is_so(
    cast: Cast, now: datetime
) -> None:
    door, stays, _cases = at_the_door(cast, now)
    page = words(visit(cast, MANAGER, "/beds/"))
    assert page.count('name="arrived"') == 2
    assert "checked" not in page[page.index('name="arrived"') :][:200]

    asked = visit(cast, MANAGER, door, act="admit", arrived=[stays[0].pk])

    assert asked.status_code == 200
    absent = next(stay for stay in stays if stay.pk != stays[0].pk)
    assert absent.case_id in words(asked)
    assert not Notice.objects.filter(kind="NOT_ARRIVED").exists()
    assert {s.state for s in Stay.objects.all()} == {rules.ACCEPTED}

    visit(cast, MANAGER, door, act="admit", arrived=[stays[0].pk], sure="yes")

    assert Stay.objects.get(pk=stays[0].pk).state == rules.ADMITTED
    assert Stay.objects.get(pk=absent.pk).exit == "NEVER_CAME"
    assert Notice.objects.filter(kind="NOT_ARRIVED", reference=absent.case_id).exists()


def test_with_one_button_all_are_here(cast: Cast, now: datetime) -> None:
    door, _stays, _cases = at_the_door(cast, now)

    assert visit(cast, MANAGER, door, act="all").status_code == 302
    assert {s.state for s in Stay.objects.all()} == {rules.ADMITTED}


# Rooms.


def test_two_sources_may_disagree_and_both_stay_to_be_seen(cast: Cast, now: datetime) -> None:
    house, unit = a_shelter(cast, now, beds=64)
    page = f"/beds/houses/{house.pk}/"

    said = {"act": "beds", "unit": unit.pk, "beds": 80, "source": "PRESS"}
    assert visit(cast, COORDINATOR, page, **said).status_code == 302

    shown = words(visit(cast, COORDINATOR, page))
    assert "80 · " in shown
    assert "64 · " in shown
    assert list(Capacity.objects.order_by("pk").values_list("beds", "source")) == [
        (64, "DIRECTOR"),
        (80, "PRESS"),
    ]


def test_nobody_who_sleeps_there_is_counted_away(cast: Cast, now: datetime) -> None:
    case = somebody(cast)
    house, unit = a_shelter(cast, now)
    accepted(cast, now, case, house)

    said = {"act": "beds", "unit": unit.pk, "beds": 0, "source": "DIRECTOR"}
    refused = visit(cast, MANAGER, f"/beds/houses/{house.pk}/", **said)

    assert refused.status_code == 422
    unit.refresh_from_db()
    assert unit.beds == 2
    wrong = visit(cast, MANAGER, f"/beds/houses/{house.pk}/", **{**said, "beds": "many"})
    assert wrong.status_code == 422


def test_another_number_than_all_or_none_is_said_in_figures(cast: Cast, now: datetime) -> None:
    _house, unit = a_shelter(cast, now, beds=4)

    visit(cast, MANAGER, f"/beds/rooms/{unit.pk}/count", free=3)

    (found,) = queries.houses()
    assert rules.claimed_free(found.units[0]) == 3


# What stands in the list of houses.


def test_the_coordination_changes_what_the_registry_says_and_keeps_the_rest(
    cast: Cast, now: datetime
) -> None:
    house, _ = a_shelter(cast, now)
    page = f"/beds/houses/{house.pk}/change"
    begun = words(visit(cast, COORDINATOR, page))
    assert 'value="Maison shelter"' in begun
    until = now.date() + timedelta(days=700)
    said: dict[str, Any] = {
        "alias": house.alias,
        "kind": house.kind,
        "team": house.team,
        "area": house.area,
        "licence_valid_to_day": until.day,
        "licence_valid_to_month": until.month,
        "licence_valid_to_year": until.year,
        "security": 3,
        "profiles": house.profiles,
        "staff_checked_percent": 90,
        "inspection_score": 71,
        "night_ratio": 12,
        "max_stay_days": 7,
        "cost_per_day": 40,
        "intake_hours": "18–22",
        "phone_policy": "HOUSE_PHONE",
        "minutes-MA_NORTH": 240,
    }

    assert visit(cast, COORDINATOR, page, **said).status_code == 302

    row = Shelter.objects.get(pk=house.pk)
    assert row.licence_valid_to == until
    assert (row.night_ratio, row.max_stay_days, row.cost_per_day) == (12, 7, 40)
    assert row.minutes == {"MA_NORTH": 240}
    assert row.sealed is not None
    shown = words(visit(cast, COORDINATOR, f"/beds/houses/{house.pk}/"))
    assert "18–22" in shown
    assert visit(cast, MANAGER, page).status_code == 404


def test_a_house_shortens_its_longest_stay_and_never_makes_it_longer() -> None:
    table, since = load(), datetime.fromisoformat("2026-11-01T00:00:00+00:00")
    kind = "EMERGENCY"

    def after(days: int, own: int | None) -> bool:
        stay = Inside(since, own_days=own)
        return rules.overstays(stay, kind, since + timedelta(days=days), table)

    assert after(8, 7)
    assert not after(8, None)
    assert after(15, 90)


# The log, and what goes past the house.


def test_a_line_of_the_log_is_read_by_the_house_and_an_incident_is_closed(
    cast: Cast, now: datetime
) -> None:
    house, _ = a_shelter(cast, now)
    page = f"/beds/houses/{house.pk}/log"

    visit(cast, MANAGER, page, kind="LOG", words="Nuit calme.")
    visit(cast, MANAGER, page, kind="MEDICAL", words="Fièvre, infirmière appelée.")

    shown = words(visit(cast, MANAGER, page))
    assert "Nuit calme." in shown
    incident = Note.objects.get(kind="MEDICAL")
    assert b"Fi" not in bytes(incident.sealed)
    visit(cast, MANAGER, page, close=incident.pk)
    incident.refresh_from_db()
    assert incident.closed_at is not None
    assert visit(cast, WORKER, page).status_code == 404
    assert visit(cast, MANAGER, page, kind="LOG", words="").status_code == 422


def test_an_abuse_by_staff_is_answered_like_any_note_and_seen_by_nobody_of_the_house(
    cast: Cast, now: datetime
) -> None:
    house, _ = a_shelter(cast, now)
    page = f"/beds/houses/{house.pk}/log"
    before = words(visit(cast, MANAGER, page))

    sent = visit(cast, MANAGER, page, kind="ABUSE_BY_STAFF", words="Un geste inventé.")
    any_note = visit(cast, MANAGER, page, kind="LOG", words="Nuit calme.")

    assert (sent.status_code, sent["Location"]) == (any_note.status_code, any_note["Location"])
    shown = words(visit(cast, MANAGER, page))
    assert "Un geste inventé." not in shown
    assert shown.count('class="task"') == before.count('class="task"') + 1
    assert "Un geste inventé." in words(visit(cast, SUPERVISOR, "/beds/reports/"))
    by_house = words(visit(cast, COORDINATOR, "/beds/reports/"))
    assert house.pk in by_house
    assert "Un geste inventé." not in by_house
    report = Note.objects.get(kind="ABUSE_BY_STAFF")
    assert visit(cast, MANAGER, page, close=report.pk).status_code == 404
    visit(cast, COORDINATOR, "/beds/reports/", close=report.pk)
    report.refresh_from_db()
    assert report.closed_at is not None


def test_who_was_told_of_an_abuse_outside_the_house_writes_it(cast: Cast, now: datetime) -> None:
    house, _ = a_shelter(cast, now)
    said = {"house": house.pk, "kind": "ABUSE_BY_STAFF", "words": "Un geste inventé."}

    assert visit(cast, WORKER, "/beds/reports/", **said).status_code == 302
    assert Note.objects.get().shelter_id == house.pk
    # The coordination writes none.
    visit(cast, COORDINATOR, "/beds/reports/", **said)
    assert Note.objects.count() == 1


# What is published.


def test_the_directory_says_whom_a_house_takes_and_never_where_it_is(
    cast: Cast, now: datetime
) -> None:
    house, _ = a_shelter(cast, now)
    hidden = actions.add_shelter(
        facts={
            "alias": "Maison cachée",
            "kind": "SPECIALISED_TIP",
            "team": "shelter",
            "area": "MA_NORTH",
            "profiles": ["WOMAN"],
        },
        actor=cast.actor(Role.COORDINATOR),
        now=now,
    )

    answer = visit(cast, COORDINATOR, "/beds/hsds.json")

    found = json.loads(answer.content)
    (service,) = found["services"]
    assert service["name"] == house.alias
    assert service["status"] == "active"
    (place,) = service["service_at_locations"]
    assert place["location"]["location_type"] == "virtual"
    assert set(place["location"]) == {"id", "location_type", "name", "accessibility"}
    text = answer.content.decode()
    for word in (ADDRESS, "Karité", hidden.alias, hidden.pk, house.pk, "security"):
        assert word not in text, word
    assert visit(cast, MANAGER, "/beds/hsds.json").status_code == 404
    # The same codes make the same numbers: a directory can be brought up to date.
    again = exported(queries.shelters(), queries.houses())
    assert again["services"][0]["id"] == service["id"]
    assert date.fromisoformat(str(now.date()))
