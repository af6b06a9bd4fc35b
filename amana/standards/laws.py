"""The elements of each law as data: what must be there, by which article, what for a child.

It shows a jurist what the field found, element by element; it is never a legal finding.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, cast

from amana.standards import citations, codes, countries
from amana.standards.datafile import MARKS, BadData, Place, Words, once, opened

PERSONS = ("adult", "child")
FILE_KEYS = ("name", "version", "laws", "absent")
LAW_KEYS = (
    *("id", "matter", "country", "citation", "title", "adopted_on", "mark"),
    *("persons", "elements", "note"),
)
ELEMENT_KEYS = ("element", "article", "words", "needed_for_child", "codes")
ABSENT_KEYS = ("id", "matter", "country", "title", "why")


class UnknownLaw(LookupError):
    """A law that no file holds."""


@dataclass(frozen=True)
class Element:
    """One element: its article, and whether a child needs it. `codes` where signs are named."""

    element: str
    article: str
    words: Words
    is_needed_for_child: bool
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Law:
    """One text, the matter it rules, whom it speaks of, and its elements in the text's order."""

    id: str
    matter: str
    country: str
    citation: str
    title: Words
    adopted_on: date
    mark: str
    persons: tuple[str, ...]
    elements: tuple[Element, ...]
    note: Words | None

    def speaks_of(self, *, is_child: bool) -> bool:
        """Say whether this text speaks of such a person at all; some speak of children only."""
        return ("child" if is_child else "adult") in self.persons


@dataclass(frozen=True)
class AbsentLaw:
    """A text that people ask for and that is not loaded: why, and who must bring it."""

    id: str
    matter: str
    country: str
    title: Words
    why: Words


@dataclass(frozen=True)
class Laws:
    """All laws of one version, and those that are not there."""

    name: str
    version: str
    laws: tuple[Law, ...]
    absent: tuple[AbsentLaw, ...]

    def law(self, law_id: str) -> Law:
        for law in self.laws:
            if law.id == law_id:
                return law
        raise UnknownLaw(f"no law {law_id!r}")


def read(root: Place) -> Laws:
    """Return the laws of a file, or say where it is at fault."""
    root.keyed(only=FILE_KEYS)
    found = tuple(_law(place) for place in root.at("laws").each())
    absent = tuple(_absent(place) for place in root.at("absent").each())
    once(root.at("laws"), [law.id for law in found])
    once(root.at("absent"), [*(law.id for law in found), *(law.id for law in absent)])
    return Laws(root.at("name").text(), root.at("version").day().isoformat(), found, absent)


def _law(place: Place) -> Law:
    parts = place.keyed(only=LAW_KEYS)
    elements = tuple(_element(each) for each in place.at("elements").each())
    if not elements:
        raise place.at("elements").bad("a law without elements would say nothing")
    once(place.at("elements"), [element.element for element in elements])
    return Law(
        id=place.at("id").text(),
        matter=place.at("matter").one_of(codes.values("MATTER")),
        country=_country(place.at("country")),
        citation=place.at("citation").one_of(citations.load()),
        title=place.at("title").words(),
        adopted_on=place.at("adopted_on").day(),
        mark=place.at("mark").one_of(MARKS),
        persons=_persons(parts["persons"]) if "persons" in parts else PERSONS,
        elements=elements,
        note=parts["note"].words() if "note" in parts else None,
    )


def _persons(place: Place) -> tuple[str, ...]:
    found = place.each_one_of(PERSONS)
    if not found:
        raise place.bad("a law that speaks of nobody would never be shown")
    return found


def _element(place: Place) -> Element:
    parts = place.keyed(only=ELEMENT_KEYS)
    signs = parts["codes"].texts() if "codes" in parts else ()
    once(place, signs)
    return Element(
        element=place.at("element").one_of(codes.values("LAW_ELEMENT")),
        article=place.at("article").text(),
        words=place.at("words").words(),
        is_needed_for_child=place.at("needed_for_child").flag(),
        codes=signs,
    )


def _absent(place: Place) -> AbsentLaw:
    place.keyed(only=ABSENT_KEYS)
    return AbsentLaw(
        id=place.at("id").text(),
        matter=place.at("matter").one_of(codes.values("MATTER")),
        country=_country(place.at("country")),
        title=place.at("title").words(),
        why=place.at("why").words(),
    )


def _country(place: Place) -> str:
    """Return the country whose text it is; "" for a text between States."""
    if place.value is None:
        return ""
    try:
        return countries.known(place.text())
    except countries.UnknownCountry as unknown:
        raise BadData(f"{place.path}: {unknown}") from None


def raw() -> list[dict[str, Any]]:
    """Return the laws as they stand in the file, for the browser."""
    return [cast("dict[str, Any]", law.value) for law in opened("laws.json").at("laws").each()]


@cache
def load() -> Laws:
    return read(opened("laws.json"))
