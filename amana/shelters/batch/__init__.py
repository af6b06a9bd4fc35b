"""Beds for many people at once, by an optimisation library, with a bound on what could be better.

Pure. What it returns is rooms by person, as `matching` gives them for one party. `crowd` puts
people and houses as a choice of counts, asking `rules` for every hard rule; `program` has the
library decide it. What is left out on purpose: a family that can have one room, or beds in shared
rooms, is not parted over both, and of a room whose count is old nothing is given.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from amana.shelters import matching, rules
from amana.shelters.batch import program
from amana.shelters.batch.crowd import Crowd
from amana.shelters.rules import House, Person, Sleeper
from amana.standards.shelters import Shelters

# One point of preference weighs this little beside a person's bed.
BED = 10
# This share of the time is searched; in the rest rooms and reasons are read.
SEARCHED = 0.92


@dataclass(frozen=True)
class Waiting:
    """People who belong together and got no bed, and every reason that may be told."""

    party: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Placed:
    """Who sleeps where, who waits and why, and how far from the best this can be at most.

    `gap` is the share of `bound` by which a better placement could at most be better.
    """

    rooms: Mapping[str, str]
    waiting: tuple[Waiting, ...]
    value: float
    bound: float
    lp_bound: float

    @property
    def gap(self) -> float:
        """Return the share by which the best placement could at most be better."""
        return max(0.0, (self.bound - self.value) / self.bound) if self.bound > 0 else 0.0


def place(
    people: Sequence[Person],
    houses: Sequence[House],
    now: datetime,
    table: Shelters,
    *,
    seconds: float = 10.0,
    stays: Mapping[str, str] | None = None,
) -> Placed:
    """Place as many as the rules allow, whom danger presses first, in at most so many seconds.

    `stays` names the house that a party has already: when a house drops out, the others stay where
    they are as far as that costs nobody a bed.
    """
    until = monotonic() + SEARCHED * seconds
    crowd = Crowd(people, houses, now, table, stays or {}, lambda party: worth(party, table) * BED)
    return _placed(crowd, program.solve(crowd.program, until))


def alone(
    people: Sequence[Person],
    houses: Sequence[House],
    now: datetime,
    table: Shelters,
    *,
    seconds: float,
) -> Placed:
    """Place them as the library does it with the whole: to be measured beside, and a bound."""
    crowd = Crowd(people, houses, now, table, {}, lambda party: worth(party, table) * BED)
    return _placed(crowd, program.whole(crowd.program, seconds))


def _placed(crowd: Crowd, chosen: program.Chosen) -> Placed:
    rooms = crowd.read(chosen.counts)
    waiting = tuple(_waiting(crowd, rooms))
    return Placed(rooms, waiting, chosen.value, chosen.bound, chosen.relaxed)


def _waiting(crowd: Crowd, rooms: Mapping[str, str]) -> Iterable[Waiting]:
    """Say of everybody without a bed why: what stands against every house, or that all is full.

    Of an incompatibility nothing is told here at all: it is one of many houses.
    """
    for group, ways in zip(crowd.alike, crowd.ways, strict=True):
        waits = [party for party in group.parties if party[0].code not in rooms]
        if not waits:
            continue
        # Mostly the first house would have taken them, had others not been there before.
        likely = [crowd.houses[h] for h in ways] + crowd.houses
        reasons = _why(group.like, likely, crowd)
        for party in waits:
            yield Waiting(tuple(one.code for one in party), reasons)


def _why(party: Sequence[Person], houses: Sequence[House], crowd: Crowd) -> tuple[str, ...]:
    refused = []
    for house in houses:
        found = matching.look_at(party, house, crowd.now, crowd.table)
        if isinstance(found, matching.Offer):
            return ("NO_FREE_BED",)
        refused.append(found.reasons)
    return min(refused, key=lambda one: (len(one), one), default=("NO_FREE_BED",))


def worth(party: Sequence[Person], table: Shelters) -> int:
    """Return how much a bed for these people weighs: each person counts, danger counts more."""
    weigh = table.priority
    total = 0
    for one in party:
        total += weigh["BASE"].value
        if rules.may_be_child(one.age_band, table):
            total += weigh["CHILD_ALONE" if len(party) == 1 else "CHILD"].value
        if one.is_mother:
            total += weigh["MOTHER_WITH_CHILD"].value
        if one.risk in ("CRITICAL", "HIGH"):
            total += weigh[f"RISK_{one.risk}"].value
    return total


def value_of(party: Sequence[Person], house: House, table: Shelters) -> int:
    """Return what this house is worth for these people: their beds first, then what they prefer."""
    score = sum(table.soft[r].value for r in matching.preferences(party, house, table)[0])
    return worth(party, table) * BED + score


# What somebody would do by hand, to be measured beside.


def by_hand(
    people: Sequence[Person], houses: Sequence[House], now: datetime, table: Shelters
) -> dict[str, str]:
    """Place one party after the other in the best house that is left, as a worker would."""
    by_party: dict[str, list[Person]] = defaultdict(list)
    for one in people:
        by_party[one.party].append(one)
    order: Callable[[list[Person]], tuple[int, str]] = lambda p: (-worth(p, table), p[0].party)  # noqa: E731
    left, rooms = {h.code: h for h in houses}, dict[str, str]()
    for party in sorted(by_party.values(), key=order):
        offers = matching.search(party, left.values(), now, table).offers
        sure = [one for one in offers if one.is_sure]
        if not sure:
            continue
        best = sure[0]
        rooms |= best.rooms
        guests: dict[str, list[Sleeper]] = defaultdict(list)
        for one in party:
            guests[best.rooms[one.code]].append(one.sleeper)
        left[best.house.code] = matching.with_guests(best.house, guests)
    return rooms


def worth_of(
    people: Iterable[Person], houses: Iterable[House], rooms: Mapping[str, str], table: Shelters
) -> int:
    """Return what a placement is worth, party by party."""
    of = {u.code: h for h in houses for u in h.units}
    by_party: dict[str, list[Person]] = defaultdict(list)
    for one in people:
        by_party[one.party].append(one)
    return sum(
        value_of(party, of[rooms[party[0].code]], table)
        for party in by_party.values()
        if party[0].code in rooms
    )
