"""Judges a placement by the field's hard rules, and shares no line with whatever made it.

Written from the list H1 to H13 alone: it imports no rule, no matching, no solver and no data of
ours, so that a fault there cannot hide here. It reads the shape of people and houses, nothing else.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

KINDS = {
    "TRANSIT_CHILD", "EMERGENCY", "MEDIUM", "SPECIALISED_TIP", "WOMEN_GBV", "MEN", "MOTHER_CHILD",
    "FOSTER_FAMILY", "HOST_FAMILY", "REINSERTION_MINORS", "RETURNEE_HUB",
}  # fmt: skip
CHILD = {"0_4", "5_9", "10_14", "15_17", "UNK_CHILD", "UNK"}
ADULT = {"18_24", "25_34", "35_44", "45_59", "60P", "UNK_ADULT", "UNK"}
UNDER_TWELVE = {"0_4", "5_9", "10_14", "UNK_CHILD", "UNK"}
SMALL = {"0_4", "5_9"}
FROM_FIFTEEN = {"15_17", "UNK_CHILD", "UNK"}
SECURITY = {"CRITICAL": 3, "HIGH": 2, "MEDIUM": 1, "LOW": 1}
CLINICAL = {"NURSE_NIGHT", "MEDICINE_COLD", "PREGNANCY", "INFANT"}
OUT_OF_REACH = 120
OLD = timedelta(hours=18)


def faults(
    people: Iterable[Any],
    houses: Iterable[Any],
    rooms: Mapping[str, str],
    now: datetime,
    *,
    is_confirmed: bool = True,
) -> list[str]:
    """Return every hard rule that these rooms break, as `H4 of P-12`; none where all is well.

    `rooms` gives a person's room by code; whoever is not in it has no bed. With `is_confirmed` a
    room must also have a claim that is young enough.
    """
    everybody = {p.code: p for p in people}
    where = {u.code: (h, u) for h in houses for u in h.units}
    found: list[str] = []
    for code, room in rooms.items():
        found += [f"{rule} of {code}" for rule in _alone(everybody[code], *where[room], now)]
    found += _parties(everybody, rooms, where)
    found += _rooms(everybody, rooms, where, now, is_confirmed=is_confirmed)
    return found


def _alone(person: Any, house: Any, unit: Any, now: datetime) -> list[str]:  # noqa: C901 - a list
    found = []
    if not _sex_is_right(person, unit):
        found.append("H1")
    if person.age_band not in unit.ages and not (person.child_of and unit.is_one_party):
        found.append("H2")
    if person.avoids and (
        house.area == person.avoids or house.minutes.get(person.avoids, 0) < OUT_OF_REACH
    ):
        found.append("H6")
    if (person.needs & CLINICAL) - house.services or (
        "STEP_FREE" in person.needs and not unit.is_step_free
    ):
        found.append("H7")
    if house.security < SECURITY[person.risk]:
        found.append("H8")
    if house.licence_valid_to is None or house.licence_valid_to < now.date():
        found.append("H9")
    if house.status != "OPEN" or _profile(person) not in house.profiles:
        found.append("H9")
    if person.age_band in CHILD and not person.has_basis:
        found.append("H11")
    if house.kind not in KINDS:
        found.append("H12")
    if person.age_band not in CHILD and not person.is_agreed:
        found.append("H13")
    return found


def _profile(person: Any) -> str:
    if person.child_of or person.is_mother:
        return "MOTHER_WITH_CHILD"
    if person.wish or person.sex not in {"F", "M"}:
        return "ANY_GENDER"
    names = {("F", True): "GIRL", ("M", True): "BOY", ("F", False): "WOMAN", ("M", False): "MAN"}
    return names[person.sex, person.age_band in CHILD]


def _sex_is_right(person: Any, unit: Any) -> bool:
    wanted = person.wish or person.sex
    own_room = unit.is_one_party
    if wanted in {"OWN_ROOM", "X_OTHER", "UNK"}:
        return bool(own_room)
    if unit.sex == "ANY":
        return bool(own_room or person.age_band in SMALL)
    with_mother = person.child_of and own_room and person.age_band in SMALL
    return bool(wanted == unit.sex or with_mother)


def _parties(everybody: Any, rooms: Mapping[str, str], where: Any) -> list[str]:
    found = []
    together = defaultdict(set)
    for code, person in everybody.items():
        together[person.party].add(where[rooms[code]][0].code if code in rooms else "")
        if person.child_of and rooms.get(code) != rooms.get(person.child_of):
            found.append(f"H3 of {code}")
    return found + [f"H4 of {party}" for party, at in together.items() if len(at) > 1]


def _rooms(  # noqa: C901 - read from top to bottom
    everybody: Any, rooms: Mapping[str, str], where: Any, now: datetime, *, is_confirmed: bool
) -> list[str]:
    found = []
    inside = defaultdict(list)
    for code, room in rooms.items():
        person = everybody[code]
        inside[room].append((code, person.party, person.wish or person.sex, person.age_band))
    by_house: dict[str, set[str]] = defaultdict(set)
    for room, guests in inside.items():
        house, unit = where[room]
        there = [(s.code, s.party, s.sex, s.age_band) for s in unit.sleepers]
        claim = unit.claim
        free = unit.beds - len(there)
        if claim is not None:
            free = min(free, claim.free - unit.since_claim)
        if len(guests) > free:
            found.append(f"H10 of {room}")
        if is_confirmed and (claim is None or not claim.at <= now <= claim.at + OLD):
            found.append(f"H10 of {room}: not confirmed")
        for n, one in enumerate(guests):
            for other in guests[n + 1 :] + there:
                found += [f"{rule} of {one[0]}" for rule in _pair(one, other, unit)]
        by_house[house.code] |= {code for code, *_ in guests}
        by_house[house.code] |= {s.code for u in house.units for s in u.sleepers} | {house.code}
    for code, room in rooms.items():
        if everybody[code].incompatible & by_house[where[room][0].code]:
            found.append(f"H5 of {code}")
    return found


def _pair(one: Any, other: Any, unit: Any) -> list[str]:
    if one[1] == other[1]:
        return []
    found = ["H2"] if unit.is_one_party else []
    for a, b in ((one, other), (other, one)):
        if a[3] in CHILD and b[3] in ADULT:
            found.append("H2")
        differ = a[2] != b[2] or a[2] not in {"F", "M"}
        if a[3] in UNDER_TWELVE and b[3] in FROM_FIFTEEN and differ:
            found.append("H2")
    return found
