"""From people who belong together to the houses that may take them, best first, with reasons. Pure.

No hard rule gives way to a preference: preferences only put in order what the rules allow. A
person chooses; nothing here gives a bed.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from amana.shelters import rules
from amana.shelters.rules import House, Person, Sleeper, Unit
from amana.standards.shelters import Shelters

# Of two people who belong together each could have a dozen rooms: more ways than this are not
# tried, and the house counts as one without room for them together.
MOST_TRIES = 20_000


@dataclass(frozen=True)
class Offer:
    """A house that may take all of them: who would sleep where, and what speaks for it.

    `is_sure` says that every room of it was confirmed in time; else somebody must ask first.
    """

    house: House
    rooms: Mapping[str, str]
    score: int
    for_it: tuple[str, ...]
    lacking: tuple[str, ...]
    is_sure: bool


@dataclass(frozen=True)
class Refusal:
    """A house that may not take them, with every reason that may be told."""

    house: House
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """What a search found: offers, the best first, and every other house with its reasons."""

    offers: tuple[Offer, ...]
    refused: tuple[Refusal, ...]


def search(
    party: Sequence[Person], houses: Iterable[House], now: datetime, table: Shelters
) -> Found:
    """Return where these people, who stay together, may sleep; what is unsure comes last."""
    offers, refused = [], []
    for house in houses:
        found = look_at(party, house, now, table)
        if isinstance(found, Offer):
            offers.append(found)
        else:
            refused.append(found)
    offers.sort(key=lambda one: (not one.is_sure, -one.score, one.house.code))
    refused.sort(key=lambda one: (len(one.reasons), one.house.code))
    return Found(tuple(offers), tuple(refused))


def look_at(
    party: Sequence[Person], house: House, now: datetime, table: Shelters
) -> Offer | Refusal:
    """Return what this house is for these people: an offer, or a refusal with all its reasons."""
    against = set[str]()
    inside = {one.code for one in party}
    for person in party:
        against |= rules.against_house(person, house, now, table)
        if person.incompatible & inside:
            against.add("INCOMPATIBLE")
    rooms = arrange(party, house, table)
    if rooms is None:
        against |= _why_no_room(party, house, table)
    if against or rooms is None:
        # What two codes say is said alone: beside other reasons it could be guessed at.
        told = {"INCOMPATIBLE"} if "INCOMPATIBLE" in against else against
        return Refusal(house, tuple(sorted(told)))
    used = set(rooms.values())
    for_it, lacking = preferences(party, house, table)
    return Offer(
        house=house,
        rooms=rooms,
        score=sum(table.soft[reason].value for reason in for_it),
        for_it=for_it,
        lacking=lacking,
        is_sure=all(rules.is_sure(u, now, table) for u in house.units if u.code in used),
    )


def arrange(party: Sequence[Person], house: House, table: Shelters) -> dict[str, str] | None:
    """Return a room for each of them (H1 to H4, H7, H10), or None where there is no way.

    Mother and child have one room, all of them one house. Rooms with a young claim are not
    preferred here: whether a claim is sure is said beside the offer.
    """
    units = sorted(house.units, key=lambda unit: (unit.is_one_party, unit.code))
    free = {unit.code: rules.claimed_free(unit) for unit in units}
    inside = {unit.code: list(unit.sleepers) for unit in units}
    # Children after their mothers, so that each finds her room chosen.
    order = sorted(party, key=lambda one: (bool(one.child_of), one.code))
    rooms: dict[str, str] = {}
    tries = [0]

    def give(number: int) -> bool:
        if number == len(order):
            return True
        person = order[number]
        for unit in units:
            tries[0] += 1
            if tries[0] > MOST_TRIES:
                return False
            if not free[unit.code] or (
                person.child_of in rooms and rooms[person.child_of] != unit.code
            ):
                continue
            if rules.against_room(person, unit, inside[unit.code], table):
                continue
            rooms[person.code] = unit.code
            free[unit.code] -= 1
            inside[unit.code].append(person.sleeper)
            if give(number + 1):
                return True
            del rooms[person.code]
            free[unit.code] += 1
            inside[unit.code].pop()
        return False

    return dict(rooms) if give(0) else None


def fits(party: Sequence[Person], house: House, rooms: Mapping[str, str], table: Shelters) -> bool:
    """Say whether these people may have these rooms now (H1 to H4, H7, H10)."""
    units = {unit.code: unit for unit in house.units}
    if set(rooms) != {one.code for one in party} or not set(rooms.values()) <= set(units):
        return False
    taken = Counter(rooms.values())
    if any(n > rules.claimed_free(units[code]) for code, n in taken.items()):
        return False
    for one in party:
        unit = units[rooms[one.code]]
        beside = [o.sleeper for o in party if o is not one and rooms[o.code] == unit.code]
        if rules.against_room(one, unit, [*unit.sleepers, *beside], table):
            return False
        if one.child_of in rooms and rooms[one.child_of] != unit.code:
            return False
    return True


def _why_no_room(party: Sequence[Person], house: House, table: Shelters) -> set[str]:
    """Return why no arrangement was found: by what each lacks alone, else by what all lack."""
    against = set[str]()
    for person in party:
        against |= _why_no_bed(person, house, table)
    if against:
        return against
    if any(one.child_of for one in party):
        pairs = [
            [one, next(m for m in party if m.code == one.child_of)]
            for one in party
            if any(m.code == one.child_of for m in party)
        ]
        if any(arrange(pair, house, table) is None for pair in pairs):
            return {"NO_ROOM_FOR_MOTHER_AND_CHILD"}
    return {"NO_ROOM_TOGETHER"}


def _why_no_bed(person: Person, house: House, table: Shelters) -> set[str]:
    found = []
    for unit in house.units:
        against = rules.against_room(person, unit, unit.sleepers, table)
        if not rules.claimed_free(unit):
            against.add("NO_FREE_BED")
        if not against:
            return set()
        found.append(against)
    # The room that lacks least says why; a house without rooms has no bed.
    return min(found, key=lambda one: (len(one), sorted(one)), default={"NO_FREE_BED"})


# Preferences.


def preferences(
    party: Sequence[Person], house: House, table: Shelters
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what speaks for a house, and what it lacks of what was asked; the weightiest first."""
    wanted = {reason: met for reason, met in _wanted(party, house, table) if reason in table.soft}
    order = sorted(wanted, key=lambda reason: (-table.soft[reason].value, reason))
    return (
        tuple(reason for reason in order if wanted[reason]),
        tuple(reason for reason in order if not wanted[reason]),
    )


def _wanted(party: Sequence[Person], house: House, table: Shelters) -> Iterable[tuple[str, bool]]:
    """Yield each preference that somebody of the party has, and whether the house meets it."""
    speak = [one.languages for one in party if one.languages]
    if speak:
        yield "NIGHT_LANGUAGE", all(said & house.night_languages for said in speak)
        yield "DAY_LANGUAGE", all(said & house.languages for said in speak)
    if stays := {one.stays_in for one in party if one.stays_in}:
        yield "SAME_PLACE", stays == {house.code}
    if areas := {one.area for one in party if one.area}:
        yield "NEAR", house.area in areas
    if near := frozenset(code for one in party for code in one.wants_near):
        there = {s.code for unit in house.units for s in unit.sleepers}
        yield "TOGETHER", near <= there
    if any(one.age_band in table.ages["small"] and not one.child_of for one in party):
        yield "FAMILY_CARE", house.kind in table.family_types
    asked = frozenset(need for one in party for need in one.needs)
    for need in ("PSYCHOLOGIST", "SCHOOL", "FOOD_FAITH"):
        if need in asked:
            yield need, need in house.services
    yield "SPECIALISED", house.kind == "SPECIALISED_TIP"


def with_guests(house: House, guests: Mapping[str, Sequence[Sleeper]]) -> House:
    """Return the house as it would be with these people in these rooms, for what comes next."""
    units = tuple(_with_guests(unit, guests.get(unit.code, ())) for unit in house.units)
    return replace(house, units=units)


def _with_guests(unit: Unit, guests: Sequence[Sleeper]) -> Unit:
    if not guests:
        return unit
    return replace(
        unit,
        sleepers=(*unit.sleepers, *guests),
        since_claim=unit.since_claim + len(guests),
    )
