"""Countries by two letters: their names, their time, and the words their law uses."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from babel.core import get_global

from amana.standards import citations
from amana.standards.datafile import MARKS, Place, Words, opened

# Unknown or invalid territory, as the Unicode tables write it.
ANYWHERE = "ZZ"
# Three-letter codes of former names, which share their two letters with today's country.
FORMER = frozenset({"BUR", "DDR", "FXX", "TMP", "YMD", "ZAR"})
# Named in the public tables, and no country.
NO_COUNTRY = frozenset({"EU", "XA", "XB", ANYWHERE})


class UnknownCountry(LookupError):
    """A code that names no country."""


@dataclass(frozen=True)
class Settings:
    """What the public tables do not say: the zone to choose, and the word of the law."""

    zones: Mapping[str, ZoneInfo]
    terms: Mapping[str, Words]


def known(alpha2: str) -> str:
    """Return the two letters if they name a country, and refuse them otherwise."""
    if alpha2 not in _alpha3_of():
        raise UnknownCountry(f"{alpha2!r} is not the two-letter code of a country")
    return alpha2


def every() -> tuple[str, ...]:
    """Return the two letters of every country, in their order."""
    return tuple(sorted(_alpha3_of()))


def is_alpha2(code: str) -> bool:
    return code in _alpha3_of()


def is_alpha3(code: str) -> bool:
    return code in _alpha2_of()


def alpha2(alpha3: str) -> str:
    """Return the two letters for three: `CIV` is `CI`."""
    if not is_alpha3(alpha3):
        raise UnknownCountry(f"{alpha3!r} is not the three-letter code of a country")
    return _alpha2_of()[alpha3]


def alpha3(alpha2: str) -> str:
    return _alpha3_of()[known(alpha2)]


def label(alpha2: str, language: str) -> str:
    """Return the name of a country in a language of the house."""
    return str(Locale.parse(language, sep="-").territories[known(alpha2)])


def zone(alpha2: str) -> ZoneInfo:
    """Return the time zone of a country, of its capital or largest city where it has several."""
    if alpha2 in load().zones:
        return load().zones[alpha2]
    zones = [zone for zone, held in get_global("zone_territories").items() if held == known(alpha2)]
    return ZoneInfo(zones[0] if len(zones) == 1 else "UTC")


def term(alpha2: str) -> Words:
    """Return what the law of this country calls trafficking."""
    return load().terms.get(alpha2, load().terms[ANYWHERE])


def read(root: Place) -> Settings:
    """Return the settings of a file, or say where it is at fault."""
    zones, terms = root.at("zones").keyed(only=_alpha3_of()), root.at("terms")
    terms.at(ANYWHERE)
    return Settings(
        zones={
            country: ZoneInfo(place.one_of(available_timezones()))
            for country, place in zones.items()
        },
        terms={
            country: _term(place)
            for country, place in terms.keyed(only={*_alpha3_of(), ANYWHERE}).items()
        },
    )


def _term(place: Place) -> Words:
    place.at("mark").one_of(MARKS)
    place.at("source").one_of(citations.load())
    place.at("date").day()
    return place.at("words").words()


@cache
def _alpha3_of() -> dict[str, str]:
    named = Locale("en").territories
    return {
        short[0]: long
        for long, short in get_global("territory_aliases").items()
        if len(long) == 3 and long.isalpha() and long not in FORMER
        if len(short) == 1 and short[0] in named and short[0] not in NO_COUNTRY
    }


@cache
def _alpha2_of() -> dict[str, str]:
    return {long: short for short, long in _alpha3_of().items()}


@cache
def load() -> Settings:
    return read(opened("countries.json"))
