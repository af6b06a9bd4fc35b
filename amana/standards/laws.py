"""The elements of each law as data: what must be there, by which article, what for a child."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from amana.standards import citations, codes
from amana.standards.datafile import FOLDER, MARKS, Place, Words, once, opened


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
    """One text, the matter it rules, and its elements in the order of the text."""

    id: str
    matter: str
    country: str
    citation: str
    title: Words
    adopted_on: date
    mark: str
    elements: tuple[Element, ...]
    note: Words | None


@dataclass(frozen=True)
class Laws:
    """All laws of one version."""

    name: str
    version: str
    laws: tuple[Law, ...]

    def law(self, law_id: str) -> Law:
        return next(one for one in self.laws if one.id == law_id)


def read(root: Place) -> Laws:
    """Return the laws of a file, or say where it is at fault."""
    found = tuple(_law(place) for place in root.at("laws").each())
    once(root.at("laws"), [law.id for law in found])
    return Laws(root.at("name").text(), root.at("version").day().isoformat(), found)


def _law(place: Place) -> Law:
    country, note = place.at("country"), place.maybe("note")
    elements = tuple(_element(p) for p in place.at("elements").each())
    once(place.at("elements"), [e.element for e in elements])
    return Law(
        id=place.at("id").text(),
        matter=place.at("matter").one_of(codes.values("MATTER")),
        country="" if country.value is None else country.text(),
        citation=place.at("citation").one_of(citations.load()),
        title=place.at("title").words(),
        adopted_on=place.at("adopted_on").day(),
        mark=place.at("mark").one_of(MARKS),
        elements=elements,
        note=note.words() if note else None,
    )


def _element(place: Place) -> Element:
    named = place.maybe("codes")
    return Element(
        element=place.at("element").one_of(codes.values("LAW_ELEMENT")),
        article=place.at("article").text(),
        words=place.at("words").words(),
        is_needed_for_child=place.at("needed_for_child").flag(),
        codes=named.texts() if named else (),
    )


def raw() -> list[dict[str, Any]]:
    """Return the laws as they stand in the file, for the browser."""
    return list(opened("laws.json").at("laws").value) if (FOLDER / "laws.json").exists() else []  # type: ignore[call-overload]


@cache
def load() -> Laws:
    if not (FOLDER / "laws.json").exists():
        return Laws("laws", "", ())
    return read(opened("laws.json"))
