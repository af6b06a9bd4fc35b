"""Reading the data files of this room: a fault is refused by file and place, never passed on."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

FOLDER = Path(__file__).parent / "data"
LANGUAGES = ("fr", "ar", "en")
MARKS = ("verified", "practice", "proposed")


class BadData(ValueError):
    """A data file does not say what it must; the message leads to the place."""


@dataclass(frozen=True)
class Words:
    """One thing said in the three languages of the house."""

    fr: str
    ar: str
    en: str

    def said_in(self, language: str) -> str:
        """Return the words for a language tag such as `fr`, `ar-MA` or `en`."""
        short = language.replace("_", "-").split("-")[0].lower()
        if short not in LANGUAGES:
            raise LookupError(f"no words in {language!r}: this house speaks fr, ar and en")
        return str(getattr(self, short))


@dataclass(frozen=True)
class Place:
    """A value of a data file, and the path that leads to it."""

    value: object
    path: str

    def bad(self, fault: str) -> BadData:
        return BadData(f"{self.path}: {fault}")

    def at(self, key: str) -> "Place":
        """Return the value under a key that must be there."""
        held = self.keyed()
        if key not in held:
            raise self.bad(f"{key!r} is missing")
        return held[key]

    def maybe(self, key: str) -> "Place | None":
        return self.keyed().get(key)

    def keyed(self, only: Collection[str] = ()) -> "dict[str, Place]":
        """Return the values of an object; with `only`, refuse any other key."""
        if not isinstance(self.value, dict):
            raise self.bad("must be an object")
        strange = sorted(set(self.value) - set(only)) if only else []
        if strange:
            raise self.bad(f"unknown key {strange[0]!r}")
        return {key: Place(value, f"{self.path}.{key}") for key, value in self.value.items()}

    def each(self) -> "Iterator[Place]":
        if not isinstance(self.value, list):
            raise self.bad("must be a list")
        for number, value in enumerate(self.value):
            yield Place(value, f"{self.path}[{number}]")

    def text(self) -> str:
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.bad("must be a text that is not empty")
        return self.value

    def texts(self) -> tuple[str, ...]:
        return tuple(place.text() for place in self.each())

    def one_of(self, allowed: Collection[str]) -> str:
        if self.text() not in allowed:
            raise self.bad(f"{self.value!r} is none of {', '.join(sorted(allowed))}")
        return self.text()

    def each_one_of(self, allowed: Collection[str]) -> tuple[str, ...]:
        return tuple(place.one_of(allowed) for place in self.each())

    def count(self) -> int:
        if not isinstance(self.value, int) or isinstance(self.value, bool) or self.value < 1:
            raise self.bad("must be a whole number above zero")
        return self.value

    def number(self) -> float:
        is_number = isinstance(self.value, int | float) and not isinstance(self.value, bool)
        if not is_number or not 0 < float(str(self.value)) < float("inf"):
            raise self.bad("must be a number above zero")
        return float(str(self.value))

    def flag(self) -> bool:
        if not isinstance(self.value, bool):
            raise self.bad("must be true or false")
        return self.value

    def day(self) -> date:
        try:
            return date.fromisoformat(self.text())
        except ValueError:
            raise self.bad("must be a day written 2026-11-22") from None

    def words(self) -> Words:
        """Return the three languages; one that is missing or empty is a fault."""
        said = self.keyed(only=LANGUAGES)
        for language in LANGUAGES:
            if language not in said:
                raise self.bad(f"{language!r} is missing")
        return Words(said["fr"].text(), said["ar"].text(), said["en"].text())


def opened(name: str) -> Place:
    """Return the root of a data file of this room."""
    return Place(json.loads((FOLDER / name).read_text(encoding="utf-8")), name)


def once(where: Place, codes: Collection[str]) -> None:
    """Refuse a list in which a code stands twice."""
    seen: set[str] = set()
    for code in codes:
        if code in seen:
            raise where.bad(f"{code!r} stands twice")
        seen.add(code)
