"""What is publicly known of flows and of victims detected: every point with its source.

Counts of people whom an authority met, not of people who moved. What nobody published is not there;
"not loaded" is an answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from amana.standards import citations, countries
from amana.standards.datafile import MARKS, Place, once, opened

# The one source that counts both countries alike, year by year.
SERIES = "unodc-glotip-2023"


@dataclass(frozen=True)
class Detected:
    """Victims that a country detected in some days; `value` None where the source withholds it."""

    country: str
    since: date
    until: date
    value: int | None
    source: str


@dataclass(frozen=True)
class Flow:
    """Citizens of one country detected as victims in another, in a year."""

    origin: str
    destination: str
    year: int
    value: int | None
    source: str


@dataclass(frozen=True)
class Flows:
    """Everything that is loaded, and where countries lie on a map, in degrees."""

    detected: Sequence[Detected]
    flows: Sequence[Flow]
    transit: Sequence[Flow]
    places: dict[str, tuple[float, float]]


def read(root: Place) -> Flows:
    """Return what a file describes, or say where it is at fault."""
    root.at("mark").one_of(MARKS)
    root.at("source").one_of(citations.load())
    detected = [
        Detected(
            _country(place.at("country")),
            place.at("since").day(),
            place.at("until").day(),
            _value(place),
            place.at("source").one_of(citations.load()),
        )
        for place in root.at("detected").each()
    ]
    for one, place in zip(detected, root.at("detected").each(), strict=True):
        if one.since > one.until:
            raise place.bad("ends before it begins")
    places = {
        _country(place.at("country")): (_degrees(place.at("east")), _degrees(place.at("north")))
        for place in root.at("places").each()
    }
    flows = [_flow(place) for place in root.at("flows").each()]
    once(root.at("flows"), [f"{f.origin}>{f.destination} {f.year}" for f in flows])
    for flow, place in zip(flows, root.at("flows").each(), strict=True):
        if not {flow.origin, flow.destination} <= set(places):
            raise place.bad("goes to a country without a place on the map")
    transit = [_flow(place) for place in root.at("transit").each()]
    return Flows(detected, flows, transit, places)


def _flow(place: Place) -> Flow:
    return Flow(
        _country(place.at("origin")),
        _country(place.at("destination")),
        place.at("year").count(),
        _value(place),
        place.at("source").one_of(citations.load()),
    )


def _value(place: Place) -> int | None:
    found = place.at("value")
    return None if found.value is None else found.count()


def _degrees(place: Place) -> float:
    if not isinstance(place.value, (int, float)) or not -180 <= place.value <= 180:
        raise place.bad("is no number of degrees")
    return float(place.value)


def _country(place: Place) -> str:
    try:
        return countries.known(place.text())
    except countries.UnknownCountry:
        raise place.bad("names no country") from None


@cache
def load() -> Flows:
    """Return what is loaded."""
    return read(opened("flows.json"))
