"""Which bed may be given to whom, and what may be told where it may not. Pure.

Start at `against_house` (what a whole house cannot do for a person) and `against_sharing` (who may
not sleep in one room). `matching` puts them together. Every reason is a code of the list
PLACE_REFUSED; which hard rule of the field stands behind it is data.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from amana.standards import codes
from amana.standards.shelters import Shelters

OPEN = "OPEN"
FREE, FULL, UNSURE = "FREE", "FULL", "UNSURE"
OWN_ROOM = "OWN_ROOM"
ANY = "ANY"
HELD, ACCEPTED, TRAVELLING, ADMITTED, ENDED = (
    "HELD", "ACCEPTED", "TRAVELLING", "ADMITTED", "ENDED",
)  # fmt: skip


# A place.


@dataclass(frozen=True)
class Claim:
    """What somebody of the house said: how many beds of a unit were free, and when."""

    free: int
    at: datetime


@dataclass(frozen=True)
class Sleeper:
    """Somebody who has a bed or is given one: what a room must know of her, and no more.

    `party` binds those who belong together; nobody else shares it.
    """

    code: str
    party: str
    sex: str
    age_band: str


@dataclass(frozen=True)
class Unit:
    """A room or a dormitory: its beds, for whom, and who sleeps there.

    `is_one_party` is a room for one family, or for one person. A unit with no claim is unsure.
    `since_claim` counts the beds that were given here after the claim was made.
    """

    code: str
    beds: int
    sex: str
    ages: frozenset[str]
    is_one_party: bool = False
    is_step_free: bool = False
    sleepers: tuple[Sleeper, ...] = ()
    claim: Claim | None = None
    since_claim: int = 0


@dataclass(frozen=True)
class House:
    """A shelter as a search for a bed sees it: no name and no address stand here."""

    code: str
    kind: str
    status: str
    licence_valid_to: date | None
    security: int
    profiles: frozenset[str]
    area: str
    units: tuple[Unit, ...]
    # Minutes of travel to other areas, as somebody who went there said.
    minutes: Mapping[str, int] = field(default_factory=dict)
    languages: frozenset[str] = frozenset()
    night_languages: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()


def claimed_free(unit: Unit) -> int:
    """Return how many beds are left by the house's own word; none where nobody ever said one."""
    left = unit.beds - len(unit.sleepers)
    said = unit.claim.free - unit.since_claim if unit.claim else left
    return max(0, min(left, said))


def is_sure(unit: Unit, now: datetime, table: Shelters) -> bool:
    """Say whether a unit's claim is young enough to be relied on, and not of a time to come."""
    return unit.claim is not None and unit.claim.at <= now <= unit.claim.at + table.hours("claim")


def claim_state(unit: Unit, now: datetime, table: Shelters) -> str:
    """Return what may be shown of a unit: an old claim is unsure, and never free.

    Where every bed is taken by our own count, no claim is needed to call it full.
    """
    if len(unit.sleepers) >= unit.beds:
        return FULL
    if not is_sure(unit, now, table):
        return UNSURE
    return FREE if claimed_free(unit) else FULL


# A person.


@dataclass(frozen=True)
class Person:
    """Who needs a bed, as far as a bed depends on it.

    `child_of` names the mother in the same party, and of her `is_mother` is true. `wish` is where a
    trans or intersex person wants to sleep; it goes before the entry of a paper. `is_agreed` is an
    adult's yes; `has_basis` a placement order or an emergency for a child. `avoids` is the area of
    the exploitation, where the person asks to be out of its reach. `incompatible` holds opaque
    codes of houses and people.
    """

    code: str
    party: str
    sex: str
    age_band: str
    child_of: str = ""
    is_mother: bool = False
    wish: str = ""
    needs: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    risk: str = "LOW"
    is_agreed: bool = False
    has_basis: bool = False
    avoids: str = ""
    area: str = ""
    stays_in: str = ""
    wants_near: frozenset[str] = frozenset()
    incompatible: frozenset[str] = frozenset()

    @property
    def sleeper(self) -> Sleeper:
        """Return what a room must know of this person."""
        return Sleeper(self.code, self.party, self.wish or self.sex, self.age_band)


def may_be_child(age_band: str, table: Shelters) -> bool:
    """Say whether this may be a child; an unknown age is one, by the presumption of minority."""
    return age_band in table.ages["child"]


def may_be_adult(age_band: str, table: Shelters) -> bool:
    """Say whether this may be an adult; an unknown age is both."""
    return age_band in table.ages["adult"]


def is_adult(age_band: str, table: Shelters) -> bool:
    """Say whether this is an adult beyond doubt."""
    return may_be_adult(age_band, table) and not may_be_child(age_band, table)


def profile(person: Person, table: Shelters) -> str:
    """Return as which of the house's profiles a person is asked for."""
    if person.child_of or person.is_mother:
        return "MOTHER_WITH_CHILD"
    if person.wish or person.sex not in ("F", "M"):
        return "ANY_GENDER"
    if may_be_child(person.age_band, table):
        return {"F": "GIRL", "M": "BOY"}[person.sex]
    return {"F": "WOMAN", "M": "MAN"}[person.sex]


# The hard rules.


def against_house(person: Person, house: House, now: datetime, table: Shelters) -> set[str]:
    """Return what stands against this house for this person, whichever room it would be."""
    against = _against_any(person, house, now, table)
    if profile(person, table) not in house.profiles:
        against.add("PROFILE_NOT_TAKEN")
    level = table.security.get(person.risk, max(table.security.values()))
    if house.security < level:
        against.add("SECURITY_TOO_LOW")
    if _incompatible(person, house):
        against.add("INCOMPATIBLE")
    if (person.needs & table.binding_needs) - house.services - {"STEP_FREE"}:
        against.add("NEED_NOT_MET")
    return against | _against_distance(person, house, table)


def _against_any(person: Person, house: House, now: datetime, table: Shelters) -> set[str]:
    against = set()
    if house.kind not in codes.values("SHELTER_TYPE"):
        against.add("NOT_A_SHELTER")
    if house.status != OPEN:
        against.add("NOT_OPEN")
    if house.licence_valid_to is None or house.licence_valid_to < now.date():
        against.add("LICENCE_NOT_VALID")
    if may_be_child(person.age_band, table):
        if not person.has_basis:
            against.add("CHILD_WITHOUT_BASIS")
    elif not person.is_agreed:
        against.add("ADULT_HAS_NOT_AGREED")
    return against


def _incompatible(person: Person, house: House) -> bool:
    """Two opaque codes and nothing behind them: this house, or somebody who sleeps in it."""
    there = {one.code for unit in house.units for one in unit.sleepers}
    return bool(person.incompatible & (there | {house.code}))


def _against_distance(person: Person, house: House, table: Shelters) -> set[str]:
    if not person.avoids:
        return set()
    if house.area == person.avoids:
        return {"WITHIN_REACH"}
    minutes = house.minutes.get(person.avoids)
    if minutes is None:
        return {"DISTANCE_UNKNOWN"}
    return {"WITHIN_REACH"} if minutes < table.reach.value else set()


def against_unit(person: Person, unit: Unit, table: Shelters) -> set[str]:
    """Return what stands against this room for this person, were nobody else in it."""
    against = set()
    if not _fits_sex(person, unit, table):
        against.add("SEX_NOT_TAKEN")
    if person.age_band not in unit.ages and not (person.child_of and unit.is_one_party):
        against.add("AGE_NOT_TAKEN")
    if "STEP_FREE" in person.needs and not unit.is_step_free:
        against.add("NEED_NOT_MET")
    return against


def _fits_sex(person: Person, unit: Unit, table: Shelters) -> bool:
    if unit.is_one_party and unit.sex == ANY:
        return True
    if person.wish == OWN_ROOM:
        return unit.is_one_party
    sex = person.wish or person.sex
    if unit.sex == ANY:
        # A room without a sex is for one family, or for children who are small beyond doubt.
        return person.age_band in table.ages["surely_under_12"]
    if sex in ("F", "M"):
        # A child goes where its mother sleeps, as long as it is small beyond doubt.
        small = person.age_band in table.ages["surely_under_12"]
        return sex == unit.sex or bool(person.child_of and unit.is_one_party and small)
    return unit.is_one_party


def against_sharing(one: Sleeper, other: Sleeper, unit: Unit, table: Shelters) -> set[str]:
    """Return what stands against two people in one room. Who belong together share any room.

    Where an age or a sex is unknown, the answer is the careful one.
    """
    if one.party == other.party:
        return set()
    if unit.is_one_party:
        return {"NO_FREE_BED"}
    against = set()
    pairs = ((one, other), (other, one))
    if any(may_be_child(a.age_band, table) and may_be_adult(b.age_band, table) for a, b in pairs):
        against.add("CHILD_AMONG_ADULTS")
    alike = one.sex == other.sex and one.sex in ("F", "M")
    if not alike and any(
        a.age_band in table.ages["under_12"] and b.age_band in table.ages["from_15"]
        for a, b in pairs
    ):
        against.add("YOUNG_AMONG_OLDER")
    return against


def against_room(
    person: Person, unit: Unit, others: Iterable[Sleeper], table: Shelters
) -> set[str]:
    """Return all that stands against this room with those who are in it or come with her."""
    against = against_unit(person, unit, table)
    for other in others:
        against |= against_sharing(person.sleeper, other, unit, table)
    return against


# Order, timers, troubles.


def rule_behind(reason: str, table: Shelters) -> str:
    """Return the hard rule behind a reason: H1 to H13."""
    return table.rules[reason]


def next_rung(taken: Collection[str], table: Shelters) -> str:
    """Return what to try next when nothing fits; "" when the coordination has it already."""
    return next((step for step in table.ladder if step not in taken), "")


@dataclass(frozen=True)
class Inside:
    """A stay in a house: since when, and until when it was last reviewed to go on."""

    since: datetime
    reviewed_at: datetime | None = None
    # The limit that the house sets itself.
    own_days: int | None = None


def overstays(stay: Inside, kind: str, now: datetime, table: Shelters) -> bool:
    """Say whether a stay is longer than this kind of shelter may keep somebody without a review."""
    return now > (stay.reviewed_at or stay.since) + table.longest_stay(kind, stay.own_days)


# How a stay may end, by where it stands.
EXITS = {
    ACCEPTED: ("NEVER_CAME", "MISSING"),
    TRAVELLING: ("NEVER_CAME", "MISSING"),
    ADMITTED: ("PLANNED", "MOVED", "FAMILY", "LEFT", "MISSING", "CLOSED_DOWN"),
}


@dataclass(frozen=True)
class Life:
    """A stay as who answers for the person must see it: its moments, and what was done for her.

    `kind` is the type of the house. `came_back` says that she was admitted somewhere after it.
    """

    state: str
    kind: str
    accepted_at: datetime | None = None
    admitted_at: datetime | None = None
    reviewed_at: datetime | None = None
    exit_planned_on: date | None = None
    exit: str = ""
    has_key_worker: bool = False
    has_sheet: bool = False
    is_settled: bool = False
    came_back: bool = False
    own_days: int | None = None


def stay_troubles(stay: Life, now: datetime, table: Shelters) -> list[str]:
    """Return what must be seen to for the person of a stay, the gravest first."""
    if stay.state == ENDED:
        return _lost(stay)
    if stay.state in (ACCEPTED, TRAVELLING):
        late = stay.accepted_at and now > stay.accepted_at + table.hours("transport")
        return ["NOT_HERE_YET"] if late else []
    if stay.state != ADMITTED or stay.admitted_at is None:
        return []
    found = []
    inside = Inside(stay.admitted_at, stay.reviewed_at, stay.own_days)
    if overstays(inside, stay.kind, now, table):
        found.append("OVERSTAY")
    if stay.exit_planned_on is not None and stay.exit_planned_on < now.date():
        found.append("EXIT_DAY_PASSED")
    if not stay.has_key_worker and now > stay.admitted_at + table.hours("key_worker"):
        found.append("KEY_WORKER_MISSING")
    if not stay.has_sheet and now > stay.admitted_at + table.admission_time:
        found.append("SHEET_MISSING")
    return found


def _lost(stay: Life) -> list[str]:
    """Whoever disappeared or never arrived stands here until somebody says what came of it."""
    if stay.is_settled or stay.came_back or stay.accepted_at is None:
        return []
    return {"MISSING": ["MISSING"], "NEVER_CAME": ["NOT_ARRIVED"]}.get(stay.exit, [])


# A request that is open.


@dataclass(frozen=True)
class Asked:
    """What one house was asked: where that stands, and by when it is over."""

    state: str
    until: datetime | None
    answered_at: datetime | None = None


@dataclass(frozen=True)
class Standing:
    """Where a request stands, until when somebody has to act, and whether that is past."""

    state: str
    until: datetime
    is_late: bool


def standing(
    asked: Sequence[Asked], opened_at: datetime, now: datetime, table: Shelters
) -> Standing:
    """Return where an open request stands; where nobody's answer is awaited, it is ours to act."""
    for ask_state, state in ((HELD, "HELD"), (OPEN, "ASKED")):
        found = [one.until for one in asked if one.state == ask_state and one.until is not None]
        if found:
            return Standing(state, min(found), min(found) <= now)
    answers = [one.answered_at for one in asked if one.answered_at is not None]
    until = max([opened_at, *answers]) + table.answer_time
    return Standing("ALL_SAID_NO" if asked else "NOBODY_ASKED", until, until <= now)


# Who belongs together.


def against_mothers(people: Mapping[str, tuple[str, str]], table: Shelters) -> list[str]:
    """Return what stands against who is whose child: `people` says age band and mother by code."""
    for band, mother in people.values():
        if not mother:
            continue
        known = people.get(mother)
        # A mother is of the party, and nobody's child in it; who is grown up is no child.
        if known is None or known[1] or not may_be_child(band, table):
            return ["MOTHER_NOT_OF_THE_PARTY"]
    return []


def minutes_to(house: House, area: str) -> int | None:
    """Return the minutes of travel from an area to a house; None where nobody ever said."""
    return 0 if house.area == area else house.minutes.get(area)


def troubles(
    house: House,
    stays: Sequence[Inside],
    n_silent: int,
    now: datetime,
    table: Shelters,
) -> list[str]:
    """Return what must be raised about a house; nothing of it is ever silently absorbed."""
    is_inside = any(unit.sleepers for unit in house.units)
    found = []
    lapsed = house.licence_valid_to is None or house.licence_valid_to < now.date()
    if is_inside and lapsed:
        found.append("LICENCE_LAPSED_INSIDE")
    if is_inside and house.status == "SUSPENDED":
        found.append("SUSPENDED_INSIDE")
    if any(len(unit.sleepers) > unit.beds for unit in house.units):
        found.append("OVER_CAPACITY")
    if any(overstays(stay, house.kind, now, table) for stay in stays):
        found.append("OVERSTAY")
    if n_silent >= table.limits["silent_asks"].value:
        found.append("SILENT")
    if house.status == OPEN and any(not is_sure(unit, now, table) for unit in house.units):
        found.append("CLAIM_OLD")
    return found


def against_beds(beds: int, n_inside: int) -> list[str]:
    """Return what stands against a new number of beds: nobody who sleeps there is counted away."""
    return ["BEDS_BELOW_OCCUPANTS"] if beds < n_inside else []


def against_claim(free: int, beds: int, n_inside: int) -> list[str]:
    """Return what stands against a count of free beds."""
    return ["MORE_FREE_THAN_BEDS"] if free > beds - n_inside else []


def against_dates(
    since: datetime, until: datetime | None, others: Iterable[tuple[datetime, datetime | None]]
) -> list[str]:
    """Return what stands against a stay beside the other stays of its bed or of its person."""
    if until is not None and until < since:
        return ["STAY_ENDS_BEFORE_IT_BEGINS"]
    for begun, ended in others:
        if (until is None or begun < until) and (ended is None or since < ended):
            return ["STAYS_OVERLAP"]
    return []
