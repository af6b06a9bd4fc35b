"""Many people found at once: who belongs together, who may be there twice. Pure.

Nothing here joins or parts people by itself: it says what a person should look at.
"""

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from statistics import median

# So many wristbands an operation has at most: more than any that was ever led in one place.
MOST_WRISTBANDS = 500


@dataclass(frozen=True)
class Person:
    """Somebody who was registered, as far as the list of an operation has to know her."""

    record: str
    band: str
    alias: str
    age_band: str
    sex: str
    language: str
    siblings: tuple[str, ...] = ()
    is_child: bool = True
    ms: int = 0


def sibling_groups(links: Mapping[str, Collection[str]]) -> tuple[tuple[str, ...], ...]:
    """Return who belongs together: the sister of my brother is my sister, whoever said so first.

    A wristband that was named, and that nobody registered yet, belongs to the group all the same.
    """
    near: dict[str, set[str]] = {}
    for one, others in links.items():
        for other in others:
            if other != one:
                near.setdefault(one, set()).add(other)
                near.setdefault(other, set()).add(one)
    found: list[tuple[str, ...]] = []
    seen: set[str] = set()
    for band in sorted(near):
        if band not in seen:
            group = _reached(band, near)
            seen |= group
            found.append(tuple(sorted(group)))
    return tuple(found)


def _reached(band: str, near: Mapping[str, set[str]]) -> set[str]:
    group, ahead = {band}, [band]
    while ahead:
        new = near[ahead.pop()] - group
        group |= new
        ahead += new
    return group


def possible_doubles(people: Iterable[Person]) -> tuple[tuple[str, ...], ...]:
    """Return wristbands that one person may wear two of: same name used, age, sex and language.

    Only who said a name to be called by is compared: silence is like no other silence.
    """
    alike: dict[tuple[str, ...], set[str]] = {}
    for person in people:
        called = _plain(person.alias)
        if called and person.band:
            key = (called, person.age_band, person.sex, person.language)
            alike.setdefault(key, set()).add(person.band)
    return tuple(sorted(tuple(sorted(bands)) for bands in alike.values() if len(bands) > 1))


def _plain(alias: str) -> str:
    parted = unicodedata.normalize("NFKD", alias.casefold())
    return " ".join("".join(c for c in parted if not unicodedata.combining(c)).split())


def worn_twice(people: Iterable[Person], clashing: Collection[str]) -> tuple[str, ...]:
    """Return wristbands that two people may wear: phones differ, or they were taken apart."""
    worn: dict[str, set[str]] = {}
    for person in people:
        if person.band:
            worn.setdefault(person.band, set()).add(person.record)
    return tuple(
        band
        for band, records in sorted(worn.items())
        if len(records) > 1 or records & set(clashing)
    )


def median_ms(people: Iterable[Person]) -> int | None:
    """Return how long the middle child was spoken with, None before the first."""
    spent = [person.ms for person in people if person.is_child and person.ms > 0]
    return int(median(spent)) if spent else None


def objections_to_wristbands(wanted: int, made: int = 0) -> list[str]:
    """Return what stands against printing so many wristbands more."""
    return [] if 1 <= wanted <= MOST_WRISTBANDS - made else ["WRISTBANDS_OUT_OF_RANGE"]


def objections_to_end(*, is_ended: bool, n_without_owner: int, has_clash: bool) -> list[str]:
    """Return what stands against ending an operation: everybody is looked after first."""
    if is_ended:
        return ["OPERATION_ENDED"]
    against = []
    if n_without_owner:
        against.append("PEOPLE_WITHOUT_OWNER")
    if has_clash:
        against.append("PHONES_STILL_DIFFER")
    return against
