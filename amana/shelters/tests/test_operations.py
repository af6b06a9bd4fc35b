"""What really happened, as a load: everybody has a bed or a reason, and no hard rule is broken."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from amana.shelters import matching
from amana.shelters.batch import place
from amana.shelters.rules import House, Person, Sleeper
from amana.shelters.tests.checker import faults
from amana.shelters.tests.operations import DESIGN, OPERATIONS, Operation, crowd_of, houses_of
from amana.standards.shelters import load

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
TABLE = load()


def waves(people: list[Person], days: int) -> list[list[Person]]:
    """Return who arrives when: as many each day, and nobody after her own family."""
    parties: dict[str, list[Person]] = {}
    for one in people:
        parties.setdefault(one.party, []).append(one)
    n_waves = min(days, 6)
    found: list[list[Person]] = [[] for _ in range(n_waves)]
    for party in parties.values():
        min(found, key=len).extend(party)
    return found


def taken_in(houses: list[House], people: list[Person], rooms: dict[str, str]) -> list[House]:
    """Return the houses with the people who sleep there now, each room's beds counted again."""
    of = {u.code: h.code for h in houses for u in h.units}
    guests: dict[str, dict[str, list[Sleeper]]] = {}
    for one in people:
        if one.code in rooms:
            room = rooms[one.code]
            guests.setdefault(of[room], {}).setdefault(room, []).append(one.sleeper)
    return [matching.with_guests(house, guests.get(house.code, {})) for house in houses]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_in_every_operation_of_the_notes_everybody_has_a_bed_or_a_reason(
    operation: Operation,
) -> None:
    people, houses = crowd_of(operation), houses_of(operation.country, NOW)
    assert len(people) == operation.n_children + operation.n_adults
    placed = waiting = 0
    now = NOW
    for wave in waves(people, operation.days):
        found = place(wave, houses, now, TABLE, seconds=5)

        assert faults(wave, houses, found.rooms, now) == []
        assert all(one.reasons for one in found.waiting)
        placed += len(found.rooms)
        waiting += sum(len(one.party) for one in found.waiting)
        assert found.gap <= 0.002
        houses = taken_in(houses, wave, dict(found.rooms))
        now += timedelta(hours=2)

    assert placed + waiting == len(people)
    assert placed > 0


def test_the_design_load_two_houses_full_after_sixty_four() -> None:
    """150 people in 48 hours, 70 % children, eight languages, twelve hours without a line."""
    people, houses = crowd_of(DESIGN), houses_of("CI", NOW)
    assert len({language for one in people for language in one.languages}) == 8
    assert sum(one.age_band not in ("18_24", "25_34", "35_44") for one in people) >= 105
    first, rest = people[:64], people[64:]
    while rest and rest[0].party == first[-1].party:
        first.append(rest.pop(0))

    early = place(first, houses, NOW, TABLE, seconds=5)

    assert faults(first, houses, early.rooms, NOW) == []
    houses = taken_in(houses, first, dict(early.rooms))
    # Two houses say that they are full; for twelve hours nobody hears of any, and counts grow old.
    houses = [h if h.code not in ("SOU", "BOU") else _full(h) for h in houses]
    late = NOW + timedelta(hours=12)

    then = place(rest, houses, late, TABLE, seconds=5)

    assert faults(rest, houses, then.rooms, late) == []
    reasons = {code: one.reasons for one in (*early.waiting, *then.waiting) for code in one.party}
    assert {*early.rooms, *then.rooms, *reasons} == {one.code for one in people}
    assert all(reasons.values())


def _full(house: House) -> House:

    return replace(house, status="FULL")
