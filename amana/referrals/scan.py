"""A second look at words before they leave: what is never sent, and what is seldom meant. Pure.

It finds spellings and not meanings. What it can know for certain stops a letter; of the rest it
asks a person to look again and to say why it stays. The table of fields is the first guard.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from amana.standards import never_sent

# What stops a letter, whatever reason is given.
BLOCKING = frozenset({"DO_NOT_CONTACT", "PLACE"})
# What stops it where nobody may be named at all.
NAMING = frozenset({"NAME", "PHONE", "EMAIL", "COORDINATES"})

_PATTERNS = {
    "EMAIL": re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+"),
    "COORDINATES": re.compile(r"-?\d{1,3}[.,]\d{3,}\s*[,;/ ]\s*-?\d{1,3}[.,]\d{3,}|\d\s*°"),
    "PHONE": re.compile(r"(?:\+|\b)\d(?:[ .\-()]?\d){7,}"),
}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{4}")


@dataclass(frozen=True)
class Guard:
    """What the session of who writes may read of a person, to be kept out of the words."""

    names: str = ""
    places: str = ""
    never: str = ""


@dataclass(frozen=True)
class Find:
    """Something that was found in a field."""

    topic: str
    field: str


def finds(
    texts: Mapping[str, str], guard: Guard, *, contacts: Iterable[str] = ()
) -> tuple[Find, ...]:
    """Return what was found in which field; a number is expected in the fields of `contacts`."""
    found = []
    for name, text in texts.items():
        topics = _topics(text, guard)
        expected = {"PHONE"} if name in set(contacts) else set()
        found += [Find(topic, name) for topic in sorted(topics - expected)]
    return tuple(found)


def objections(
    found: Iterable[Find], *, is_named_there: bool, reason: str, is_strict: bool = False
) -> list[str]:
    """Return what stands against sending: for ever, or until a person says why it stays.

    A name stops a letter until the other country knows it by an accepted dossier.
    """
    topics = {find.topic for find in found}
    stops = BLOCKING if is_named_there else BLOCKING | {"NAME"}
    if topics & (stops | NAMING if is_strict else stops):
        return ["NEVER_SENT"]
    return ["SECOND_LOOK_NEEDED"] if topics and not reason else []


def _topics(text: str, guard: Guard) -> set[str]:
    words = _words(text)
    said = f" {' '.join(words)} "
    found = {
        topic
        for topic, listed in never_sent.load().items()
        if any(f" {' '.join(_words(word))} " in said for word in listed)
    }
    bare = _DAY.sub(" ", text)
    found |= {topic for topic, pattern in _PATTERNS.items() if pattern.search(bare)}
    if _names(guard.names) & set(words):
        found.add("NAME")
    if _names(guard.never) & set(words):
        found.add("DO_NOT_CONTACT")
    # A town alone is no address; two words of it beside each other are.
    place = _words(guard.places)
    if any(f" {one} {two} " in said for one, two in pairwise(place)):
        found.add("PLACE")
    return found


def _names(text: str) -> set[str]:
    return {word for word in _words(text) if len(word) >= 3}


def _words(text: str) -> list[str]:
    """Return the words of a text without case, accents and vowel signs, in any script."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(c for c in plain if not unicodedata.combining(c) and c != "\u0640")
    return re.findall(r"[^\W_]+", bare)
