"""What a person may be asked for, how long a yes holds, what is said first, who must say yes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from amana.standards import citations
from amana.standards.datafile import MARKS, Place, once, opened

# To whom a yes is for: a country, a kind of team here, a body in words, or nobody in particular.
RECIPIENTS = ("country", "team", "body", "none")


@dataclass(frozen=True)
class Purpose:
    """One switch of its own: nobody consents to two things with one word."""

    code: str
    recipient: str
    adult_months: int
    child_months: int
    source: str
    mark: str
    date: date

    def months(self, tier: str) -> int:
        """Return for how many months a yes holds for an adult or a child."""
        return self.child_months if tier == "child" else self.adult_months


@dataclass(frozen=True)
class Limit:
    """What is said aloud before the question; `country` is ALL where it holds everywhere."""

    code: str
    country: str
    source: str
    mark: str
    date: date


@dataclass(frozen=True)
class Consents:
    """The file: purposes in the order they are asked, limits, and the ladder by age."""

    name: str
    version: str
    purposes: Mapping[str, Purpose]
    limits: tuple[Limit, ...]
    ladder: Mapping[str, tuple[str, ...]]

    def limits_in(self, country: str) -> list[str]:
        """Return the limits to say aloud in a country."""
        return [one.code for one in self.limits if one.country in ("ALL", country)]

    def says_yes(self, *, band: str, tier: str) -> tuple[str, ...]:
        """Return who may say yes for somebody of this age; a child of no known age is a child."""
        if tier != "child":
            return ("PERSON",)
        return self.ladder.get(band, self.ladder["UNK_CHILD"])


def read(root: Place) -> Consents:
    """Return the consents of a file, or say where it is at fault."""
    purposes = [_purpose(place) for place in root.at("purposes").each()]
    once(root.at("purposes"), [p.code for p in purposes])
    limits = tuple(_limit(place) for place in root.at("limits").each())
    once(root.at("limits"), [one.code for one in limits])
    bands = list(root.at("ladder").each())
    once(root.at("ladder"), [place.at("band").text() for place in bands])
    return Consents(
        name=root.at("name").text(),
        version=root.at("version").day().isoformat(),
        purposes={p.code: p for p in purposes},
        limits=limits,
        ladder={place.at("band").text(): _rung(place) for place in bands},
    )


def _purpose(place: Place) -> Purpose:
    return Purpose(
        place.at("code").text(),
        place.at("recipient").one_of(RECIPIENTS),
        place.at("adult_months").count(),
        place.at("child_months").count(),
        *_where_from(place),
    )


def _limit(place: Place) -> Limit:
    country = place.at("country").one_of(("ALL", "CI", "MA"))
    return Limit(place.at("code").text(), country, *_where_from(place))


def _rung(place: Place) -> tuple[str, ...]:
    _where_from(place)
    return place.at("says_yes").texts()


def _where_from(place: Place) -> tuple[str, str, date]:
    return (
        place.at("source").one_of(citations.load()),
        place.at("mark").one_of(MARKS),
        place.at("date").day(),
    )


@cache
def load() -> Consents:
    """Return what the node asks for."""
    return read(opened("consent.json"))
