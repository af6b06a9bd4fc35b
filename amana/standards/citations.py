"""The texts that indicators, clocks and lists rest on: each cited once, here."""

from dataclasses import dataclass
from datetime import date
from functools import cache

from amana.standards.datafile import MARKS, Place, Words, once, opened


@dataclass(frozen=True)
class Citation:
    """One public text; `mark` says how far its content was checked."""

    id: str
    words: Words
    adopted_on: date
    checked_on: date
    mark: str


def read(root: Place) -> dict[str, Citation]:
    """Return the citations of a file by their id."""
    found = [
        Citation(
            id=place.at("id").text(),
            words=place.at("words").words(),
            adopted_on=place.at("adopted_on").day(),
            checked_on=place.at("checked_on").day(),
            mark=place.at("mark").one_of(MARKS),
        )
        for place in root.at("citations").each()
    ]
    once(root, [citation.id for citation in found])
    return {citation.id: citation for citation in found}


@cache
def load() -> dict[str, Citation]:
    return read(opened("citations.json"))
