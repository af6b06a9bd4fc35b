"""The operations of the domain notes (6.1) as crowds, and what houses a country is known to have.

What the notes say of each is kept: how many, of what age and sex, how many languages. What they do
not say is drawn, the same each time. The people are invented.
"""

import random
from dataclasses import dataclass, replace
from datetime import datetime

from amana.shelters.rules import ANY, Claim, House, Person, Unit
from amana.shelters.tests.people import (
    ADULTS,
    ALL_AGES,
    CHILDREN,
    EVERYBODY,
    LANGUAGES,
    OF_ADULTS,
    OF_CHILDREN,
    SERVICES,
    a_house,
)

YOUNG, TEENS = ("5_9", "10_14"), ("10_14", "15_17")


@dataclass(frozen=True)
class Operation:
    """An operation that happened: how many children and adults were there, and who they were.

    `girls` is the share of girls and women; `languages` how many were spoken, where it is known.
    """

    name: str
    n_children: int
    n_adults: int
    ages: tuple[str, ...] = CHILDREN
    girls: float = 0.5
    languages: int = 3
    days: int = 1
    country: str = "CI"


OPERATIONS = (
    Operation("Bia, 2009", 54, 0, TEENS, languages=7, days=2),
    Operation("Bia II, 2011", 116, 0, ("5_9", "10_14", "15_17")),
    Operation("Nawa, 2014", 76, 0),
    Operation("Akoma, 2015", 48, 0, ("5_9", "10_14", "15_17")),
    Operation("Bia III, 2020", 137, 0, ("5_9", "10_14", "15_17"), languages=5, days=2),
    Operation("Soubré and Sassandra, 2020", 11, 2),
    Operation("Abidjan, 2021", 21, 0, TEENS, girls=0.0, languages=2),
    Operation("Nawa 2, 2021", 68, 0, days=2),
    Operation("Séguéla, 2024", 0, 37, girls=1.0, languages=2),
    Operation("Abidjan, 2025", 0, 33, languages=4, days=60),
    Operation("Vavoua, 2025", 0, 61, languages=3),
    Operation("A return flight, 2025", 2, 101, languages=4),
    Operation("Épervier, 2017", 236, 264, languages=8, days=5),
    Operation("Flash-Weka, 2023", 0, 823, languages=8, days=30),
    Operation("Fnideq, 2024", 141, 3_795, girls=0.2, languages=4, days=6, country="MA"),
    Operation("Béni Ansar, 2018", 120, 0, TEENS, girls=0.1, languages=2, country="MA"),
)
# 150 people in 48 hours, 70 % children, eight languages; two houses full after 64.
DESIGN = Operation("The design load", 105, 45, languages=8, days=2)


def crowd_of(operation: Operation, seed: int = 2026) -> list[Person]:
    """Return the people of an operation: alone, brothers and sisters, mothers with children."""
    dice = random.Random(f"{seed} {operation.name}")
    said = LANGUAGES[: operation.languages]
    people: list[Person] = []
    adults = [_one(dice, f"A{n}", operation, said, ADULTS) for n in range(operation.n_adults)]
    children = [
        _one(dice, f"C{n}", operation, said, operation.ages) for n in range(operation.n_children)
    ]
    while children:
        family = children[: dice.choices((1, 2, 3), (75, 17, 8))[0]]
        del children[: len(family)]
        mother = next((a for a in adults if a.sex == "F" and dice.random() < 0.05), None)
        if mother is not None and all(c.age_band in YOUNG for c in family):
            adults.remove(mother)
            people += [replace(mother, is_mother=True, party=mother.code)]
            family = [replace(c, child_of=mother.code, languages=mother.languages) for c in family]
            people += [replace(c, party=mother.code, wish="") for c in family]
        else:
            people += [
                replace(c, party=family[0].code, languages=family[0].languages) for c in family
            ]
    return people + adults


def _one(
    dice: random.Random,
    code: str,
    operation: Operation,
    said: tuple[str, ...],
    bands: tuple[str, ...],
) -> Person:
    needs = {need for need in SERVICES if dice.random() < 0.03}
    if dice.random() < 0.02:
        needs.add("STEP_FREE")
    band = "UNK" if dice.random() < 0.02 else dice.choice(bands)
    return Person(
        code=code,
        party=code,
        sex="F" if dice.random() < operation.girls else "M",
        age_band=band,
        needs=frozenset(needs),
        languages=frozenset(dice.sample(said, min(len(said), dice.choice((1, 1, 2))))),
        risk=dice.choices(("LOW", "MEDIUM", "HIGH", "CRITICAL"), (40, 30, 23, 7))[0],
        # Of a hundred adults some say no that night, and a child found by the police is an
        # emergency.
        is_agreed=dice.random() > 0.03,
        has_basis=True,
        avoids="CI_SOUTH_EAST" if operation.country == "CI" and dice.random() < 0.05 else "",
    )


def houses_of(country: str, now: datetime) -> list[House]:
    """Return the network of a country: what the notes know of it, and as many small houses."""
    return _ivorian(now) if country == "CI" else _moroccan(now)


def _dormitories(
    code: str, now: datetime, n: int, beds: int, sexes: str, ages: frozenset[str]
) -> list[Unit]:
    return [
        Unit(f"{code}.{sex}{number}", beds, sex, ages, is_step_free=number == 0,
             claim=Claim(beds, now))
        for sex in sexes
        for number in range(n)
    ]  # fmt: skip


def _families(code: str, now: datetime, n: int, beds: int = 4) -> list[Unit]:
    return [
        Unit(f"{code}.o{number}", beds, ANY, ALL_AGES, is_one_party=True,
             is_step_free=number == 0, claim=Claim(beds, now))
        for number in range(n)
    ]  # fmt: skip


def _ivorian(now: datetime) -> list[House]:
    near = {"CI_SOUTH_EAST": 300, "CI_ABIDJAN": 240, "CI_SOUTH_WEST": 200, "CI_CENTRE": 180}
    facts = {"minutes": near, "languages": frozenset(LANGUAGES), "services": frozenset(SERVICES)}
    child = frozenset({"GIRL", "BOY", "ANY_GENDER"})
    houses = [
        # Soubré: 80 places by the press, 64 beds by its director; two dormitories a sex.
        a_house(now, *_dormitories("SOU", now, 2, 16, "FM", OF_CHILDREN), code="SOU",
                kind="TRANSIT_CHILD", area="CI_SOUTH_WEST", profiles=child,
                night_languages=frozenset({"fr", "dyu", "mos"}), **facts),
        # Bouaké: four dormitories of twenty.
        a_house(now, *_dormitories("BOU", now, 2, 20, "FM", OF_CHILDREN), code="BOU",
                kind="REINSERTION_MINORS", area="CI_CENTRE", profiles=child,
                night_languages=frozenset({"fr", "bm", "dyu"}), **facts),
        a_house(now, *_dormitories("FER", now, 1, 12, "FM", OF_CHILDREN), *_families("FER", now, 2),
                code="FER", kind="TRANSIT_CHILD", area="CI_NORTH", security=2,
                night_languages=frozenset({"fr", "ff"}), **facts),
        # The transit centre at Abobo: women, men, couples, children.
        a_house(now, *_dormitories("ABO", now, 1, 10, "F", OF_ADULTS),
                *_dormitories("ABO-m", now, 1, 10, "M", OF_ADULTS),
                *_dormitories("ABO-c", now, 1, 8, "FM", OF_CHILDREN), *_families("ABO", now, 4),
                code="ABO", area="CI_ABIDJAN",
                night_languages=frozenset({"fr", "en", "ha", "yo"}), **facts),
    ]  # fmt: skip
    for n in range(8):
        code = f"PET{n}"
        rooms = (
            _dormitories(code, now, 1, 6, "F", OF_ADULTS)
            + _dormitories(f"{code}-c", now, 1, 4, "FM"[n % 2], OF_CHILDREN)
            + _families(code, now, 1)
        )
        area = ("CI_ABIDJAN", "CI_WEST", "CI_CENTRE", "CI_SOUTH_EAST")[n % 4]
        houses.append(
            a_house(now, *rooms, code=code, area=area, security=1 + n % 3, profiles=EVERYBODY,
                    night_languages=frozenset(LANGUAGES[n % 8 :][:2]), **facts)
        )  # fmt: skip
    return houses


def _moroccan(now: datetime) -> list[House]:
    facts = {"languages": frozenset(LANGUAGES), "services": frozenset(SERVICES)}
    houses = []
    for n in range(24):
        code = f"MAR{n}"
        rooms = (
            _dormitories(code, now, 1, 8, "FM", OF_CHILDREN)
            + _dormitories(f"{code}-a", now, 2, 12, "M" if n % 3 else "F", OF_ADULTS)
            + _families(code, now, 2)
        )
        areas = ("MA_RABAT", "MA_NORTH", "MA_ORIENTAL", "MA_CASABLANCA")
        houses.append(
            a_house(now, *rooms, code=code, area=areas[n % 4], security=1 + n % 3,
                    profiles=EVERYBODY, night_languages=frozenset({"fr", LANGUAGES[n % 8]}),
                    **facts)
        )  # fmt: skip
    return houses
