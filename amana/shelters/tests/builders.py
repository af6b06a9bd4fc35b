"""A network with a girls' room, a request for a bed, and who works there: by the real actions."""

from datetime import datetime, timedelta
from typing import Any

from amana.access.rules import Actor, Role
from amana.cases.models import Case
from amana.shelters import actions
from amana.shelters.actions import Room
from amana.shelters.models import Ask, Request, Shelter, Unit
from amana.shelters.tests.people import ALL_AGES, EVERYBODY
from tests.cast import Cast

ADDRESS = "Villa Karité, derrière la pharmacie Zibéline"
GROWN_UP = {"basis": "ADULT_AGREES", "risk": "LOW", "languages": ["dyu"]}


def staff(cast: Cast, team: str = "shelter") -> Actor:
    """Return the manager of a house; the first is of the cast, another is hired."""
    name = f"manager-{team}"
    if name not in cast.cookies:
        cast.hire(name, "Rokia Inventée", Role.SHELTER_MANAGER, (team,))
    return cast.who(name)


def coordinator(cast: Cast) -> Actor:
    """Return who enters houses and suspends them."""
    return cast.actor(Role.COORDINATOR)


def a_shelter(
    cast: Cast, now: datetime, *, team: str = "shelter", beds: int = 2, **facts: Any
) -> tuple[Shelter, Unit]:
    """Return a licensed house with one women's room, confirmed now, its address sealed."""
    manager = staff(cast, team)
    row = actions.add_shelter(
        facts={
            "alias": f"Maison {team}",
            "kind": "EMERGENCY",
            "team": team,
            "area": "MA_RABAT",
            "licence_valid_to": now.date() + timedelta(days=100),
            "security": 3,
            "profiles": sorted(EVERYBODY),
            "night_languages": ["dyu"],
            **facts,
        },
        actor=coordinator(cast),
        now=now,
    )
    room = Room("Chambre 1", beds, "F", tuple(sorted(ALL_AGES)), surge=1)
    unit = actions.add_unit(code=row.pk, room=room, actor=manager, now=now)
    actions.count_free(unit_id=unit.pk, free=beds, actor=manager, now=now)
    actions.write_address(code=row.pk, words={"address": ADDRESS}, actor=manager, now=now)
    row.refresh_from_db()
    return row, unit


def a_request(cast: Cast, now: datetime, *cases: Case, **said: Any) -> Request:
    """Return a request of the case worker for these people, grown up and agreed."""
    people = {case.pk: {**GROWN_UP, **said} for case in cases}
    return actions.request_bed(people=people, actor=cast.actor(Role.CASE_WORKER), now=now)


def asked(cast: Cast, now: datetime, request: Request, *houses: Shelter) -> list[Ask]:
    """Return what these houses were asked."""
    return actions.ask(
        request_id=request.pk,
        shelters=[house.pk for house in houses],
        actor=cast.actor(Role.CASE_WORKER),
        now=now,
    )


def accepted(cast: Cast, now: datetime, case: Case, house: Shelter) -> Ask:
    """Return an ask whose bed was held and taken; the case worker is the escort."""
    (ask,) = asked(cast, now, a_request(cast, now, case), house)
    actions.hold(ask_id=ask.pk, actor=staff(cast, house.team), now=now)
    worker = cast.actor(Role.CASE_WORKER)
    actions.accept(ask_id=ask.pk, escort=worker.account_id, actor=worker, now=now)
    ask.refresh_from_db()
    return ask
