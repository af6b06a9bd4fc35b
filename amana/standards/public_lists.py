"""The code lists of public standards, each code with its words, its source and its time.

A list is named `standard.list`, such as `htcds.prs_Gender`, and in one version of its standard
`ctdc.means@2024`; without a version every code it ever had is meant. Countries are ISO 3166-1 as
`iso3166.alpha2` and `iso3166.alpha3`; the lists of this house are `amana.SEX` and so on.

IC-TIP is not among them: its lists were not to be had. A person who obtained them from UNODC or
IOM hands in a file of the same shape; until then, asking for it raises NotLoaded.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

from amana.standards import citations, codes, countries
from amana.standards.datafile import LANGUAGES, MARKS, BadData, Place, Words, once, opened
from amana.standards.instrument import NotLoaded

FILES = (
    *("lists_htcds.json", "lists_ctdc.json", "lists_glotip.json", "lists_sdg.json"),
    "lists_extension.json",
)
IC_TIP = "ic-tip"
# What IC-TIP classifies; each of its lists is about one of these.
UNITS = ("event", "victim", "perpetrator", "reporting-entity")
OURS = "amana"
ISO = "iso3166"
LIST_KEYS = ("name", "words", "mark", "source", "date", "entries")
ENTRY_KEYS = ("code", "aliases", "words", "parent", "since", "until")
# Larger than any list that was met; a file beyond this is not one of code lists.
LARGEST_FILE = 8 * 1024 * 1024


class UnknownList(LookupError):
    """A list or a version that no standard here has."""


@dataclass(frozen=True)
class Version:
    """One version of a standard; the day is None where it is not known."""

    name: str
    day: date | None
    mark: str
    source: str


@dataclass(frozen=True)
class Entry:
    """One code, letter for letter, and the versions of its standard from first to last.

    `valid_from` and `valid_to` are days where those are known: the day of its first version, and
    the day on which a version came that has it no more.
    """

    code: str
    words: Words
    aliases: tuple[str, ...] = ()
    parent: str = ""
    versions: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True)
class PublicList:
    """A list in one version, or in all of them: its title, where it is from, how far checked."""

    name: str
    words: Words
    mark: str
    source: str
    date: date
    entries: Mapping[str, Entry]
    unit: str = ""

    def code(self, said: str) -> str | None:
        """Return the code that a text is, by itself or by an alias of it; None if it is none."""
        if said in self.entries:
            return said
        found = (entry.code for entry in self.entries.values() if said in entry.aliases)
        return next(found, None)


@dataclass(frozen=True)
class Standard:
    """A standard: its versions, the oldest first, and its lists."""

    name: str
    versions: Mapping[str, Version]
    lists: Mapping[str, PublicList]


@dataclass(frozen=True)
class Lists:
    """The standards that are loaded."""

    standards: Mapping[str, Standard] = field(default_factory=dict)

    def find(self, name: str) -> PublicList:
        """Return a list by its name, with `@version` only the codes of that version.

        Raises NotLoaded where the whole standard is missing, UnknownList for a list or a version.
        """
        of, _, version = name.partition("@")
        standard, _, inner = of.partition(".")
        if standard not in self.standards:
            raise NotLoaded(standard, version)
        held = self.standards[standard]
        if inner not in held.lists:
            raise UnknownList(f"{standard} has no list {inner!r}")
        if version and version not in held.versions:
            raise UnknownList(f"{standard} has no version {version!r}")
        return _at(held.lists[inner], version) if version else held.lists[inner]

    def with_file(self, path: Path) -> "Lists":
        """Return these lists and those of a file that a person obtained. Raises BadData."""
        if path.stat().st_size > LARGEST_FILE:
            raise BadData(f"{path.name}: is larger than {LARGEST_FILE // 1024 // 1024} MiB")
        try:
            root = Place(json.loads(path.read_text(encoding="utf-8")), path.name)
        except UnicodeDecodeError:
            raise BadData(f"{path.name}: is not UTF-8") from None
        except (ValueError, RecursionError) as fault:
            raise BadData(f"{path.name}: is not JSON: {fault}") from None
        added = read(root)
        if added.name in self.standards:
            raise root.at("name").bad(f"{added.name!r} is loaded already")
        return Lists({**self.standards, added.name: added})


def _at(held: PublicList, version: str) -> PublicList:
    entries = {code: e for code, e in held.entries.items() if version in e.versions}
    return PublicList(
        f"{held.name}@{version}",
        *(held.words, held.mark, held.source, held.date),
        entries=entries,
        unit=held.unit,
    )


def read(root: Place) -> Standard:
    """Return the standard of a file, or say where the file is at fault."""
    root.keyed(only=("name", "versions", "lists"))
    name = root.at("name").text()
    if set(name) & set(".@ "):
        raise root.at("name").bad("holds a dot, a blank or an @")
    versions = [_version(place) for place in root.at("versions").each()]
    if not versions:
        raise root.at("versions").bad("names no version")
    once(root.at("versions"), [version.name for version in versions])
    lists = [_list(place, name, versions) for place in root.at("lists").each()]
    once(root.at("lists"), [held.name for held in lists])
    return Standard(
        name=name,
        versions={version.name: version for version in versions},
        lists={held.name.partition(".")[2]: held for held in lists},
    )


def _version(place: Place) -> Version:
    place.keyed(only=("version", "date", "mark", "source"))
    day = place.maybe("date")
    return Version(
        name=place.at("version").text(),
        day=day.day() if day else None,
        mark=place.at("mark").one_of(MARKS),
        source=_source(place.at("source")),
    )


def _source(place: Place) -> str:
    """Return a source: one of our citations, or the words of whoever hands in a file."""
    if isinstance(place.value, dict):
        return place.words().en
    return place.one_of(citations.load())


def _list(place: Place, standard: str, versions: Sequence[Version]) -> PublicList:
    is_ic_tip = standard == IC_TIP
    place.keyed(only=(*LIST_KEYS, "unit") if is_ic_tip else LIST_KEYS)
    entries = [_entry(each, versions) for each in place.at("entries").each()]
    if not entries:
        raise place.at("entries").bad("holds no code")
    known = {entry.code for entry in entries}
    once(place.at("entries"), [said for e in entries for said in (e.code, *e.aliases)])
    for number, each in enumerate(place.at("entries").each()):
        if entries[number].parent:
            each.at("parent").one_of(known)
    return PublicList(
        name=f"{standard}.{place.at('name').text()}",
        words=place.at("words").words(),
        mark=place.at("mark").one_of(MARKS),
        source=_source(place.at("source")),
        date=place.at("date").day(),
        entries={entry.code: entry for entry in entries},
        unit=place.at("unit").one_of(UNITS) if is_ic_tip else "",
    )


def _entry(place: Place, versions: Sequence[Version]) -> Entry:
    place.keyed(only=ENTRY_KEYS)
    names = [version.name for version in versions]
    since, until, parent = (place.maybe(key) for key in ("since", "until", "parent"))
    aliases = place.maybe("aliases")
    first = names.index(since.one_of(names)) if since else 0
    last = names.index(until.one_of(names)) if until else len(names) - 1
    if last < first:
        raise place.at("until").bad("comes before the version it began with")
    return Entry(
        code=place.at("code").text(),
        words=place.at("words").words(),
        aliases=aliases.texts() if aliases else (),
        parent=parent.text() if parent else "",
        versions=tuple(names[first : last + 1]),
        valid_from=versions[first].day,
        valid_to=versions[last + 1].day if last + 1 < len(versions) else None,
    )


@cache
def load() -> Lists:
    """Return the lists that come with Amana."""
    standards = [read(opened(file)) for file in FILES]
    standards += [_ours(), _iso()]
    return Lists({standard.name: standard for standard in standards})


def find(name: str) -> PublicList:
    """Return a list that comes with Amana. Raises NotLoaded or UnknownList."""
    return load().find(name)


def _ours() -> Standard:
    """Return the lists of this house as one more standard, so that they can be mapped."""
    held = {
        name: PublicList(
            f"{OURS}.{name}",
            *(one.title, one.mark, one.source, one.date),
            entries={code: Entry(code, words) for code, words in one.values.items()},
        )
        for name, one in codes.read(opened("code_lists.json")).items()
    }
    return Standard(OURS, {}, held)


def _iso() -> Standard:
    held = citations.load()["iso-3166-1"]
    twos = countries.every()

    def listed(name: str, written: Mapping[str, str]) -> PublicList:
        entries = {code: Entry(code, _country(two)) for two, code in written.items()}
        name = f"{ISO}.{name}"
        return PublicList(name, held.words, held.mark, held.id, held.adopted_on, entries)

    return Standard(
        ISO,
        {},
        {
            "alpha2": listed("alpha2", {two: two for two in twos}),
            "alpha3": listed("alpha3", {two: countries.alpha3(two) for two in twos}),
        },
    )


def _country(alpha2: str) -> Words:
    return Words(*(countries.label(alpha2, language) for language in LANGUAGES))
