"""The closed lists: what a form may hold, said in three languages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from amana.standards import citations
from amana.standards.datafile import MARKS, Place, Words, opened


class UnknownValue(LookupError):
    """A list that does not exist, or a code that is not in its list."""


@dataclass(frozen=True)
class CodeList:
    """One list: its title, its source, and its values in the order they are shown."""

    title: Words
    mark: str
    source: str
    date: date
    values: Mapping[str, Words]


def read(root: Place) -> dict[str, CodeList]:
    """Return the lists of a file by name."""
    return {name: _code_list(place) for name, place in root.at("lists").keyed().items()}


def _code_list(place: Place) -> CodeList:
    return CodeList(
        title=place.at("title").words(),
        mark=place.at("mark").one_of(MARKS),
        source=place.at("source").one_of(citations.load()),
        date=place.at("date").day(),
        values={code: words.words() for code, words in place.at("values").keyed().items()},
    )


FILES = (
    "form.json",
    "words.json",
    "code_lists.json",
    "letter_lists.json",
    "sheet_lists.json",
    "shelter_lists.json",
)


@cache
def load() -> dict[str, CodeList]:
    """Return the field's lists, the words of the house and those of forms, by name."""
    return {name: one for file in FILES for name, one in read(opened(file)).items()}


def values(name: str) -> Mapping[str, Words]:
    """Return the values of a list in the order they are shown."""
    if name not in load():
        raise UnknownValue(f"unknown code list {name!r}")
    return load()[name].values


def check(name: str, code: str) -> str:
    """Return the code if it stands in the list, and refuse it otherwise."""
    if code not in values(name):
        raise UnknownValue(f"{code!r} is not in the list {name}")
    return code


def label(name: str, code: str, language: str) -> str:
    return values(name)[check(name, code)].said_in(language)


def choices(name: str, language: str) -> list[tuple[str, str]]:
    return [(code, words.said_in(language)) for code, words in values(name).items()]
