"""What follows when nobody answers: the rungs, when each is reached, who is told and what to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from amana.standards import citations, clocks
from amana.standards.clocks import TIERS, UNITS
from amana.standards.datafile import MARKS, BadData, Place, opened

OWES, WAITS = "owes", "waits"
SIDES = (OWES, WAITS)
# Who stands on duty is told by name of the hour; everybody else by the role they hold.
DUTY, ALTERNATE = "DUTY", "ALTERNATE"


@dataclass(frozen=True)
class After:
    """How long after the time has passed a rung is reached."""

    value: int
    unit: str


@dataclass(frozen=True)
class Step:
    """One rung: at a share of the time given, or so long after it has passed.

    `tells` names who is told on the side that owes a word and on the side that waits for it,
    `does` what each of them does then, as a code of the list RUNG_ACT.
    """

    level: int
    percent: int
    after: Mapping[str, After]
    tells: Mapping[str, tuple[str, ...]]
    does: Mapping[str, str]
    source: str
    mark: str
    date: date


@dataclass(frozen=True)
class Ladder:
    """All rungs, lowest first, and the clocks whose silence climbs them."""

    name: str
    version: str
    clocks: frozenset[str]
    steps: tuple[Step, ...]


def read(root: Place) -> Ladder:
    """Return the ladder of a file, or say where it is at fault."""
    known = {key for key, _tier in clocks.load().held}
    steps = tuple(_step(place) for place in root.at("rungs").each())
    if [step.level for step in steps] != list(range(len(steps))):
        raise BadData(f"{root.path}.rungs: the levels must stand in order, each once")
    return Ladder(
        name=root.at("name").text(),
        version=root.at("version").day().isoformat(),
        clocks=frozenset(root.at("clocks").each_one_of(known)),
        steps=steps,
    )


def _step(place: Place) -> Step:
    after = place.maybe("after")
    percent = place.maybe("percent")
    if (after is None) == (percent is None):
        raise place.bad("holds either 'percent' or 'after'")
    held = after.keyed(only=TIERS) if after else {}
    if after and set(held) != set(TIERS):
        raise after.bad("must name every tier")
    return Step(
        level=_level(place.at("level")),
        percent=percent.count() if percent else 0,
        after={tier: _after(one) for tier, one in held.items()},
        tells={side: place.at("tells").at(side).texts() for side in SIDES},
        does={side: place.at("does").at(side).text() for side in SIDES},
        source=place.at("source").one_of(citations.load()),
        mark=place.at("mark").one_of(MARKS),
        date=place.at("date").day(),
    )


def _level(place: Place) -> int:
    return 0 if place.value == 0 else place.count()


def _after(place: Place) -> After:
    return After(place.at("value").count(), place.at("unit").one_of(UNITS))


@cache
def load() -> Ladder:
    """Return the ladder that comes with Amana."""
    return read(opened("ladder.json"))
