"""How long each answer across a border may take, with the source of every figure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from amana.standards import citations
from amana.standards.datafile import MARKS, BadData, Place, opened
from amana.standards.instruments import opened_file

TIERS = ("emergency", "child", "adult")
UNITS = ("minute", "hour", "day", "working_day")
# Where sets lie that came with an agreement: beside it.
BESIDE = "clocks"


class UnknownClock(LookupError):
    """A key or a tier for which no clock is kept."""


@dataclass(frozen=True)
class Clock:
    """The time one step may take; hours and days are exact, working days end in the evening."""

    key: str
    tier: str
    value: int
    unit: str
    source: str
    mark: str
    date: date


@dataclass(frozen=True)
class Clocks:
    """All clocks of one version. A set that came with an agreement may hold only what differs."""

    name: str
    version: str
    held: Mapping[tuple[str, str], Clock]

    def clock(self, key: str, tier: str) -> Clock:
        if (key, tier) not in self.held:
            raise UnknownClock(f"no clock {key!r} for {tier!r}")
        return self.held[key, tier]


def read(root: Place) -> Clocks:
    """Return the clocks of a file, or say where it is at fault."""
    held: dict[tuple[str, str], Clock] = {}
    for place in root.at("clocks").each():
        clock = _clock(place)
        if (clock.key, clock.tier) in held:
            raise BadData(f"{place.path}: {clock.key!r} for {clock.tier!r} stands twice")
        held[clock.key, clock.tier] = clock
    return Clocks(root.at("name").text(), root.at("version").day().isoformat(), held)


def _clock(place: Place) -> Clock:
    return Clock(
        key=place.at("key").text(),
        tier=place.at("tier").one_of(TIERS),
        value=place.at("value").count(),
        unit=place.at("unit").one_of(UNITS),
        source=place.at("source").one_of(citations.load()),
        mark=place.at("mark").one_of(MARKS),
        date=place.at("date").day(),
    )


@cache
def load() -> Clocks:
    return read(opened("clocks.json"))


@cache
def every(folders: tuple[Path, ...] = ()) -> tuple[Clocks, ...]:
    """Return the clocks that come with Amana, then every set that lies beside an agreement.

    What such a set does not hold stays as it is in ours. A set is named after what it holds.
    """
    found = [load()]
    for path in sorted(p for folder in folders for p in (folder / BESIDE).glob("*.json")):
        own = read(opened_file(path))
        if path.name != f"{own.name}.{own.version}.json":
            raise BadData(f"{path.name}: holds {own.name}.{own.version}")
        found.append(Clocks(own.name, own.version, {**load().held, **own.held}))
    return tuple(found)


def named(name: str, version: str, folders: tuple[Path, ...] = ()) -> Clocks:
    """Return the set of this name and version. Raises UnknownClock."""
    for one in every(folders):
        if (one.name, one.version) == (name, version):
            return one
    raise UnknownClock(f"no clocks {name}@{version}")


def clock(key: str, tier: str) -> Clock:
    return load().clock(key, tier)
