"""The signs a responder may find, each with its weight, its place in the law and its source."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

from amana.standards import citations
from amana.standards.datafile import MARKS, Place, Words, once, opened

WEIGHTS = (
    *("element", "strong", "medium", "weak"),
    *("smuggling", "aggravated", "other", "priority", "counter"),
)
ELEMENTS = ("act", "means", "purpose", "none")
SETS = ("EXPL", "CTRL", "CTRL_S")


class UnknownCode(LookupError):
    """An indicator code that stands in no catalogue."""

    def __init__(self, code: object) -> None:
        super().__init__(f"unknown indicator code {code!r}")
        self.code = code


@dataclass(frozen=True)
class Indicator:
    """One sign; the weight guides the eye, the class comes from the rules."""

    code: str
    label: Words
    weight: str
    element: str
    legal: tuple[str, ...]
    source: str
    mark: str


@dataclass(frozen=True)
class Catalogue:
    """The indicators in their order, and the three sets the rules speak of."""

    name: str
    version: str
    mark: str
    source: str
    indicators: tuple[Indicator, ...]
    sets: Mapping[str, frozenset[str]]

    def indicator(self, code: str) -> Indicator:
        for indicator in self.indicators:
            if indicator.code == code:
                return indicator
        raise UnknownCode(code)

    def in_order(self, codes: Collection[str]) -> tuple[str, ...]:
        """Return the codes once each, in the order of the catalogue; an unknown one is refused."""
        known = tuple(indicator.code for indicator in self.indicators)
        for code in codes:
            if code not in known:
                raise UnknownCode(code)
        return tuple(code for code in known if code in codes)


def read(root: Place) -> Catalogue:
    """Return the catalogue a file describes, or say where it is at fault."""
    indicators = tuple(_indicator(place) for place in root.at("indicators").each())
    codes = [indicator.code for indicator in indicators]
    once(root.at("indicators"), codes)
    sets = root.at("sets").keyed(only=SETS)
    return Catalogue(
        name=root.at("name").text(),
        version=root.at("version").day().isoformat(),
        mark=root.at("mark").one_of(MARKS),
        source=root.at("source").one_of(citations.load()),
        indicators=indicators,
        sets={name: frozenset(place.each_one_of(codes)) for name, place in sets.items()},
    )


def _indicator(place: Place) -> Indicator:
    return Indicator(
        code=place.at("code").text(),
        label=place.at("label").words(),
        weight=place.at("weight").one_of(WEIGHTS),
        element=place.at("element").one_of(ELEMENTS),
        legal=place.at("legal").each_one_of(citations.load()),
        source=place.at("source").one_of(citations.load()),
        mark=place.at("mark").one_of(MARKS),
    )


@cache
def load() -> Catalogue:
    return read(opened("catalogue.json"))
