"""Invented people and houses, for tests and benchmarks: each hard rule concerns somebody."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from amana.shelters.rules import ANY, Claim, House, Person, Sleeper, Unit

CHILDREN = ("0_4", "5_9", "10_14", "15_17")
ADULTS = ("18_24", "25_34", "35_44")
ALL_AGES = frozenset({*CHILDREN, *ADULTS, "45_59", "60P", "UNK_CHILD", "UNK_ADULT", "UNK"})
OF_CHILDREN = frozenset({*CHILDREN, "UNK_CHILD", "UNK"})
OF_ADULTS = frozenset({*ADULTS, "45_59", "60P", "UNK_ADULT"})
LANGUAGES = ("fr", "dyu", "mos", "bm", "ff", "ha", "en", "yo")
AREAS = ("CI_ABIDJAN", "CI_SOUTH_EAST", "CI_SOUTH_WEST", "CI_CENTRE", "CI_NORTH", "CI_WEST")
EVERYBODY = frozenset({"WOMAN", "MAN", "GIRL", "BOY", "MOTHER_WITH_CHILD", "ANY_GENDER"})
SERVICES = ("NURSE_NIGHT", "MEDICINE_COLD", "PREGNANCY", "INFANT", "PSYCHOLOGIST", "SCHOOL")


def a_person(code: str = "P-1", **facts: object) -> Person:
    """Return a girl of twelve with a basis for her placement, or whom the facts make of her."""
    person = Person(code, code, "F", "10_14", has_basis=True, is_agreed=True)
    return replace(person, **facts)  # type: ignore[arg-type]


def a_unit(code: str = "U-1", now: datetime | None = None, **facts: object) -> Unit:
    """Return a girls' room with four beds, confirmed now, or what the facts make of it."""
    unit = Unit(code, 4, "F", OF_CHILDREN, claim=Claim(4, now) if now else None)
    return replace(unit, **facts)  # type: ignore[arg-type]


def a_house(now: datetime, *units: Unit, code: str = "S-1", **facts: object) -> House:
    """Return an open, licensed house for everybody, or what the facts make of it."""
    house = House(
        code=code,
        kind="EMERGENCY",
        status="OPEN",
        licence_valid_to=now.date() + timedelta(days=200),
        security=3,
        profiles=EVERYBODY,
        area="CI_ABIDJAN",
        units=units or (a_unit(now=now),),
    )
    return replace(house, **facts)  # type: ignore[arg-type]


# Crowds.


def crowd(n: int, seed: int, now: datetime) -> list[Person]:
    """Return so many people in families, groups of siblings and alone; 70 % are children."""
    dice = random.Random(seed)
    people: list[Person] = []
    while len(people) < n:
        people += _party(dice, f"P{seed}-{len(people)}", n - len(people))
    for n_th, person in enumerate(people):
        if dice.random() < 0.02:
            other = dice.choice(people)
            if other.party != person.party:
                people[n_th] = replace(person, incompatible=frozenset({other.code}))
    return people


def _party(dice: random.Random, name: str, room: int) -> list[Person]:
    kind = dice.choices(("alone", "siblings", "mother"), (75, 15, 10))[0]
    facts = _facts(dice)
    if kind == "alone" or room < 2:
        return [_one(dice, f"{name}.0", f"{name}.0", facts)]
    size = min(room, dice.randint(2, 4))
    if kind == "siblings":
        return [_one(dice, f"{name}.{n}", name, facts, CHILDREN) for n in range(size)]
    mother = replace(_one(dice, f"{name}.0", name, facts, ADULTS), sex="F", is_mother=True, wish="")
    children = [
        replace(
            _one(dice, f"{name}.{n}", name, facts, ("0_4", "5_9", "10_14")),
            child_of=mother.code,
            wish="",
        )
        for n in range(1, size)
    ]
    return [mother, *children]


def _facts(dice: random.Random) -> dict[str, object]:
    """What a family has in common: its language, the place to avoid, its danger."""
    return {
        "languages": frozenset(dice.sample(LANGUAGES, dice.choice((1, 1, 2)))),
        "avoids": dice.choice(AREAS) if dice.random() < 0.1 else "",
        "risk": dice.choices(("LOW", "MEDIUM", "HIGH", "CRITICAL"), (50, 25, 18, 7))[0],
    }


def _one(
    dice: random.Random,
    code: str,
    party: str,
    facts: dict[str, object],
    bands: tuple[str, ...] = (),
) -> Person:
    band = dice.choice(bands or dice.choices((CHILDREN, ADULTS), (70, 30))[0])
    if not bands and dice.random() < 0.02:
        band = "UNK"
    needs = {need for need in SERVICES if dice.random() < 0.03}
    if dice.random() < 0.03:
        needs.add("STEP_FREE")
    sex = dice.choices(("F", "M", "X_OTHER"), (49, 49, 2))[0]
    return Person(
        code=code,
        party=party,
        sex=sex,
        age_band=band,
        wish=dice.choice(("F", "M", "OWN_ROOM")) if dice.random() < 0.02 else "",
        needs=frozenset(needs),
        # Two in a hundred lack what the law asks: they are nobody's to place.
        is_agreed=dice.random() > 0.02,
        has_basis=dice.random() > 0.02,
        **facts,  # type: ignore[arg-type]
    )


# Houses.


def network(n: int, beds: int, seed: int, now: datetime) -> list[House]:
    """Return so many houses with about so many beds in all; some may take nobody at all."""
    dice = random.Random(seed + 1)
    each = max(4, round(beds / n))
    return [_house(dice, f"S{number}", each, now) for number in range(n)]


def _house(dice: random.Random, code: str, beds: int, now: datetime) -> House:
    make: Callable[[random.Random, str, int, datetime], tuple[str, list[Unit], frozenset[str]]] = (
        dice.choices((_for_children, _for_women, _for_men, _mixed, _family), (40, 20, 10, 25, 5))[0]
    )
    kind, units, profiles = make(dice, code, beds, now)
    fate = dice.random()
    licence = now.date() + timedelta(days=-3 if fate < 0.03 else dice.randint(0, 700))
    return House(
        code=code,
        kind="POLICE_CELL" if 0.03 <= fate < 0.04 else kind,
        status="SUSPENDED" if 0.04 <= fate < 0.06 else "OPEN",
        licence_valid_to=licence,
        security=dice.choices((1, 2, 3), (30, 40, 30))[0],
        profiles=profiles,
        area=dice.choice(AREAS),
        units=tuple(units),
        minutes={area: dice.randint(30, 600) for area in AREAS if dice.random() < 0.9},
        languages=frozenset(dice.sample(LANGUAGES, 3)),
        night_languages=frozenset(dice.sample(LANGUAGES, 2)),
        services=frozenset(s for s in SERVICES if dice.random() < 0.5),
    )


def _unit(
    dice: random.Random, code: str, beds: int, sex: str, ages: frozenset[str], now: datetime
) -> Unit:
    claim = Claim(beds, now - timedelta(hours=dice.choice((1, 2, 6, 40) if dice.random() < 0.1
                                                         else (1, 2, 6))))  # fmt: skip
    unit = Unit(code, beds, sex, ages, is_step_free=dice.random() < 0.4, claim=claim)
    if beds < 4 or dice.random() > 0.2:
        return unit
    band = dice.choice(sorted(ages & {*CHILDREN, *ADULTS}))
    guest = Sleeper(f"{code}-old", f"{code}-old", sex, band)
    return replace(unit, sleepers=(guest,), since_claim=1)


def _own_rooms(dice: random.Random, code: str, beds: int, now: datetime) -> list[Unit]:
    made: list[Unit] = []
    while beds >= 2:
        size = min(beds, dice.randint(2, 4))
        unit = _unit(dice, f"{code}.r{len(made)}", size, ANY, ALL_AGES, now)
        made.append(replace(unit, is_one_party=True, sleepers=(), since_claim=0))
        beds -= size
    return made


def _for_children(
    dice: random.Random, code: str, beds: int, now: datetime
) -> tuple[str, list[Unit], frozenset[str]]:
    half = max(2, beds // 2)
    units = [
        _unit(dice, f"{code}.f", half, "F", OF_CHILDREN, now),
        _unit(dice, f"{code}.m", half, "M", OF_CHILDREN, now),
    ]
    profiles = frozenset({"GIRL", "BOY", "ANY_GENDER"})
    return "TRANSIT_CHILD", units + _own_rooms(dice, f"{code}.o", 2, now), profiles


def _for_women(
    dice: random.Random, code: str, beds: int, now: datetime
) -> tuple[str, list[Unit], frozenset[str]]:
    half = max(2, beds // 2)
    units = [_unit(dice, f"{code}.w", half, "F", OF_ADULTS, now)]
    profiles = frozenset({"WOMAN", "MOTHER_WITH_CHILD", "ANY_GENDER"})
    return "WOMEN_GBV", units + _own_rooms(dice, code, half, now), profiles


def _for_men(
    dice: random.Random, code: str, beds: int, now: datetime
) -> tuple[str, list[Unit], frozenset[str]]:
    units = [_unit(dice, f"{code}.m", beds, "M", OF_ADULTS, now)]
    return "MEN", units, frozenset({"MAN", "ANY_GENDER"})


def _mixed(
    dice: random.Random, code: str, beds: int, now: datetime
) -> tuple[str, list[Unit], frozenset[str]]:
    part = max(2, beds // 4)
    units = [
        # Rooms that take every age: whoever comes first decides whom else they take.
        _unit(dice, f"{code}.f", part, "F", ALL_AGES, now),
        _unit(dice, f"{code}.m", part, "M", ALL_AGES, now),
        _unit(dice, f"{code}.g", part, "F", OF_CHILDREN, now),
    ]
    return "EMERGENCY", units + _own_rooms(dice, code, part, now), EVERYBODY


def _family(
    dice: random.Random, code: str, beds: int, now: datetime
) -> tuple[str, list[Unit], frozenset[str]]:
    unit = _unit(dice, f"{code}.h", min(4, beds), ANY, frozenset({"0_4", "5_9"}), now)
    unit = replace(unit, sleepers=(), since_claim=0)
    return "FOSTER_FAMILY", [unit], frozenset({"GIRL", "BOY"})
