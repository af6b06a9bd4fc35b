"""Which authority may formally identify a victim, in which country, by which text."""

from dataclasses import dataclass
from datetime import date
from functools import cache

from amana.standards import citations, codes
from amana.standards.datafile import MARKS, Place, once, opened


@dataclass(frozen=True)
class Authority:
    """One authority that decides in one country; its words stand in the list FORMAL_AUTHORITY."""

    code: str
    country: str
    source: str
    mark: str
    date: date


def read(root: Place) -> tuple[Authority, ...]:
    """Return the authorities of a file, or say where it is at fault."""
    found = tuple(
        Authority(
            code=place.at("code").one_of(codes.values("FORMAL_AUTHORITY")),
            country=place.at("country").one_of(codes.values("COUNTRY")),
            source=place.at("source").one_of(citations.load()),
            mark=place.at("mark").one_of(MARKS),
            date=place.at("date").day(),
        )
        for place in root.at("authorities").each()
    )
    once(root.at("authorities"), [a.code for a in found])
    return found


@cache
def load() -> tuple[Authority, ...]:
    return read(opened("authorities.json"))


def deciding_in(country: str) -> tuple[str, ...]:
    """Return the codes of the authorities that decide in a country; none is "not loaded"."""
    return tuple(a.code for a in load() if a.country == country)
