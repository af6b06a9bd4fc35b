"""The releases of the CTDC Global Dataset: the columns and values each may hold, told by header.

Columns and values come from the codebooks and the dictionary of 2017. The prefixes of 2026 are
known through a secondary source only, and its file says so.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from amana.standards import citations, codes
from amana.standards.datafile import MARKS, Place, once, opened
from amana.standards.instruments import shelf

KINDS = ("year", "gender", "age", "majority", "months", "country", "flag", "text")
RELATIONS = ("exact", "broader", "narrower", "partial", "none")
# The newest first: where a damaged header is as near to two releases, the newer is meant.
FILES = {
    "2026": "ctdc-2026.json",
    "2024": "ctdc-2024.json",
    "2021": "ctdc-2021.json",
    "k-anonymised": "ctdc-kanon.json",
}
# The flags of one block are answers to one question; the longer beginning is looked for first.
BLOCKS = (
    *("meansOfControl", "means", "typeOfLabour", "typeOfSex", "sectorOfLabour", "sectorOfSex"),
    *("recruiterRelation", "is"),
)
# What the April 2020 file puts into its first header cell, before or over the column's name.
NOTICE = "terms of use"
NOTICE_REPAIR = "notice-in-the-header"


class BadRow(ValueError):
    """A file that cannot be read as a release; says where, and what to do."""

    def __init__(self, line: int, column: str, fault: str, remedy: str) -> None:
        super().__init__(f"line {line}, column {column}: {fault}. {remedy}")
        self.line = line
        self.column = column
        self.fault = fault
        self.remedy = remedy


@dataclass(frozen=True)
class Column:
    """One column of a release, and what it says here; without a group it says nothing known."""

    name: str
    aliases: tuple[str, ...]
    kind: str
    group: str
    relation: str
    indicators: tuple[str, ...]
    forms: tuple[str, ...]

    @property
    def is_unmapped(self) -> bool:
        return self.kind == "flag" and not (self.indicators or self.forms)

    @property
    def block(self) -> str:
        """Return the question this flag answers; none where it says that the answer is unknown."""
        if self.kind != "flag" or not self.group:
            return ""
        return next(beginning for beginning in BLOCKS if self.name.startswith(beginning))


@dataclass(frozen=True)
class AgeBand:
    """One age band of a release; `ours` is a band of this house only where it fits inside."""

    band: str
    ours: str
    is_minor: bool


@dataclass(frozen=True)
class Repair:
    """A value that is no value of the release, and that is known to stand for "unknown"."""

    name: str
    kind: str
    value: str


@dataclass(frozen=True)
class Release:
    """The columns and values one release may hold.

    `no` is written where a flag was asked and denied, `unsaid` where nothing is known, in any
    column; `unknown` holds more words for that by kind. `optional` columns came with a later file
    of the same release; `copies` are the shorter headers of known copies.
    """

    key: str
    columns: tuple[Column, ...]
    genders: Mapping[str, str]
    majorities: tuple[str, ...]
    months: Mapping[str, str]
    ages: Mapping[str, AgeBand]
    country_letters: int
    no: tuple[str, ...]
    unsaid: tuple[str, ...]
    unknown: Mapping[str, tuple[str, ...]]
    repairs: tuple[Repair, ...]
    optional: tuple[str, ...]
    copies: tuple[frozenset[str], ...]

    @property
    def called(self) -> dict[str, Column]:
        """Return the columns by every name they go by."""
        return {name: column for column in self.columns for name in (column.name, *column.aliases)}

    def in_group(self, group: str) -> frozenset[str]:
        return frozenset(column.name for column in self.columns if column.group == group)

    def whole(self, names: Collection[str]) -> bool:
        """Whether these are all columns of this release, or of a known copy of it."""
        held = frozenset(names)
        least = {column.name for column in self.columns}.difference(self.optional)
        return (least <= held <= {c.name for c in self.columns}) or held in self.copies


@dataclass(frozen=True)
class Header:
    """The release a header names, its columns in the order of the file, and what was repaired."""

    release: Release
    columns: tuple[Column, ...]
    repaired: tuple[str, ...] = ()

    @cached_property
    def flags(self) -> frozenset[str]:
        return frozenset(column.name for column in self.columns if column.kind == "flag")

    @cached_property
    def short(self) -> tuple[tuple[str, str, str], ...]:
        """Return the name, kind and block of each column, for the inner loop of a count."""
        return tuple((column.name, column.kind, column.block) for column in self.columns)


def recognised(names: Sequence[str] | None) -> Header:
    """Return the release whose columns these are; whatever is too much or missing is named.

    Raises BadRow for the release that has most of the names.
    """
    if not names:
        raise BadRow(1, "-", "the file is empty", "Fetch it again.")
    releases = every()
    nearest = max(releases, key=lambda release: len(set(names) & set(release.called)))
    named, repaired = _without_notice(names, nearest)
    for release in releases:
        called = release.called
        columns = [called[name] for name in named if name in called]
        if len(columns) == len(named) and release.whole([column.name for column in columns]):
            _refuse_twice(columns)
            return Header(release, tuple(columns), repaired)
    raise _misfit(named, nearest)


def _without_notice(names: Sequence[str], release: Release) -> tuple[list[str], tuple[str, ...]]:
    """Take the terms out of the first cell: the one column that is missing stands there."""
    first, called = names[0], release.called
    held = {*names[1:], *release.optional}
    missing = [column.name for column in release.columns if column.name not in held]
    if first in called or NOTICE not in first.lower() or len(missing) != 1:
        return list(names), ()
    return [missing[0], *names[1:]], (NOTICE_REPAIR,)


def _refuse_twice(columns: Sequence[Column]) -> None:
    for name, times in Counter(column.name for column in columns).items():
        if times > 1:
            remedy = f"Give the {len(columns) - times + 1} columns, each once."
            raise BadRow(1, repr(name), "duplicate column", remedy)


def _misfit(names: Sequence[str], release: Release) -> BadRow:
    called, wanted = release.called, len(release.columns)
    for name in names:
        if name not in called:
            remedy = f"Remove it: only names of the release {release.key} are read beside the rest."
            return BadRow(1, repr(name), "unknown column", remedy)
    times = Counter(called[name].name for name in names)
    for column in release.columns:
        if times[column.name] != 1 and column.name not in release.optional:
            fault = "missing column" if not times[column.name] else "duplicate column"
            remedy = f"Give the {wanted} columns of the release {release.key}, each once."
            return BadRow(1, repr(column.name), fault, remedy)
    raise AssertionError("every name known and each once is a whole header")


def release_from(root: Place) -> Release:
    """Return the release a crosswalk file describes, or say where it is at fault."""
    root.at("mark").one_of(MARKS)
    root.at("source").one_of(citations.load())
    columns = tuple(_column(place) for place in root.at("columns").each())
    once(root.at("columns"), [name for c in columns for name in (c.name, *c.aliases)])
    names = [column.name for column in columns]
    sexes = codes.values("SEX")
    copies = root.maybe("copies")
    unknown = root.maybe("unknown")
    letters = root.maybe("country_letters")
    return Release(
        key=next((key for key, file in FILES.items() if file == root.path), root.path),
        columns=columns,
        genders={g: place.one_of(sexes) for g, place in root.at("genders").keyed().items()},
        majorities=root.at("majorities").texts(),
        months=_months(root),
        ages=_ages(root.at("ages")),
        country_letters=letters.count() if letters else 3,
        no=_texts(root, "no"),
        unsaid=_texts(root, "unsaid"),
        unknown={k: p.texts() for k, p in unknown.keyed(only=KINDS).items()} if unknown else {},
        repairs=_repairs(root),
        optional=_texts(root, "optional", names),
        copies=tuple(frozenset(p.each_one_of(names)) for p in copies.each()) if copies else (),
    )


def _texts(root: Place, key: str, allowed: Collection[str] = ()) -> tuple[str, ...]:
    place = root.maybe(key)
    if place is None:
        return ()
    return place.each_one_of(allowed) if allowed else place.texts()


def _months(root: Place) -> dict[str, str]:
    bands, aliases = root.at("months").texts(), root.maybe("month_aliases")
    said = (
        {alias: place.one_of(bands) for alias, place in aliases.keyed().items()} if aliases else {}
    )
    return {band: band for band in bands} | said


def _ages(where: Place) -> dict[str, AgeBand]:
    ages: dict[str, AgeBand] = {}
    for place in where.each():
        band = AgeBand(
            band=place.at("band").text(),
            ours=place.at("ours").one_of(codes.values("AGE_BAND")),
            is_minor=place.at("minor").flag(),
        )
        ages |= dict.fromkeys((band.band, *place.at("aliases").texts()), band)
    return ages


def _repairs(root: Place) -> tuple[Repair, ...]:
    held = root.maybe("repairs")
    return tuple(
        Repair(place.at("name").text(), place.at("kind").one_of(KINDS), place.at("value").text())
        for place in (held.each() if held else ())
    )


def _column(place: Place) -> Column:
    aliases, kind = place.maybe("aliases"), place.at("kind").one_of(KINDS)
    is_flag = kind == "flag"
    known = alphabet()
    forms = codes.values("FORM_EXPL")
    group = place.at("group")
    return Column(
        name=place.at("name").text(),
        aliases=aliases.texts() if aliases else (),
        kind=kind,
        group=group.text() if group.value else "",
        relation=place.at("relation").one_of(RELATIONS) if is_flag else "exact",
        indicators=place.at("indicators").each_one_of(known) if is_flag else (),
        forms=place.at("forms").each_one_of(forms) if is_flag else (),
    )


def alphabet() -> tuple[str, ...]:
    """Return the signs of this house in their order."""
    return tuple(shelf().find("field-catalogue").reader.alphabet.codes)


@cache
def load(key: str = "2021") -> Release:
    return release_from(opened(FILES[key]))


def every() -> tuple[Release, ...]:
    """Return all releases, the newest first."""
    return tuple(load(key) for key in FILES)
