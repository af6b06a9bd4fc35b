"""Reading the public synthetic CTDC release of 2021, and saying it in the words of this house.

The release describes no reachable person. What has no honest counterpart here stays unmapped and
is listed; nothing is inferred from what a row leaves empty.
"""

import csv
import gzip
import io
import re
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from amana.standards import citations, codes, countries
from amana.standards.datafile import MARKS, Place, once, opened
from amana.standards.instruments import shelf

KINDS = ("year", "gender", "age", "majority", "months", "country", "flag")
RELATIONS = ("exact", "broader", "narrower", "partial", "none")
GZIP_MAGIC = b"\x1f\x8b"


class BadRow(ValueError):
    """A file that cannot be read as this release; says where, and what to do."""

    def __init__(self, line: int, column: str, fault: str, remedy: str) -> None:
        super().__init__(f"line {line}, column {column}: {fault}. {remedy}")
        self.line = line
        self.column = column


@dataclass(frozen=True)
class Column:
    """One column of the release, and what it says here."""

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


@dataclass(frozen=True)
class AgeBand:
    """One age band of the release; `ours` is a band of this house only where it fits inside."""

    band: str
    ours: str
    is_minor: bool


@dataclass(frozen=True)
class Release:
    """The columns and values the release may hold."""

    columns: tuple[Column, ...]
    genders: Mapping[str, str]
    majorities: tuple[str, ...]
    months: tuple[str, ...]
    ages: Mapping[str, AgeBand]


@dataclass(frozen=True)
class Row:
    """One row of the release, typed; None and absence mean that the release does not say."""

    year: int | None
    gender: str | None
    age: str | None
    majority: str | None
    months: str | None
    citizenship: str | None
    exploited_in: str | None
    flags: frozenset[str]


@dataclass(frozen=True)
class Mapped:
    """A row in the codes of this house, with what it does not say and what could not be said."""

    minor: str
    sex: str
    age_band: str | None
    source_age_band: str | None
    citizenship: str | None
    exploited_in: str | None
    indicators: tuple[str, ...]
    forms: tuple[str, ...]
    not_reported: tuple[str, ...]
    unmapped: tuple[str, ...]


def read(path: Path) -> Iterator[Row]:
    """Yield the rows of a plain or gzipped file, or refuse it with line, column and remedy."""
    with path.open("rb") as raw:
        head = raw.peek(2)[:2]
        if path.suffix == ".gz" and head not in {b"", GZIP_MAGIC}:
            raise BadRow(1, "-", "the file is not gzip", "Rename it .csv, or fetch it again.")
        stream = gzip.GzipFile(fileobj=raw) if head == GZIP_MAGIC else raw
        yield from _rows(_lines(stream))


def _lines(stream: io.BufferedIOBase) -> Iterator[str]:
    """Decode line by line, so that a fault is found where it stands."""
    number = 0
    try:
        for number, line in enumerate(stream, start=1):
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError:
        raise BadRow(number, "-", "the text is not UTF-8", "Save it as UTF-8.") from None
    except (EOFError, gzip.BadGzipFile, zlib.error):
        fault = "the gzip file is cut short or damaged"
        raise BadRow(number + 1, "-", fault, "Fetch it again.") from None


def _rows(lines: Iterator[str]) -> Iterator[Row]:
    reader, release = csv.reader(lines, strict=True), load()
    known: dict[tuple[str, ...], Row] = {}
    try:
        columns = _header(next(reader, None), release)
        for cells in reader:
            key = tuple(cells)
            # Most rows of the release stand many times: each is typed once.
            if key not in known:
                known[key] = _row(cells, columns, release, reader.line_num)
            yield known[key]
    except csv.Error as fault:
        raise BadRow(reader.line_num, "-", str(fault), "Check the quotes of this line.") from None


def _header(names: Sequence[str] | None, release: Release) -> tuple[Column, ...]:
    if names is None:
        raise BadRow(1, "-", "the file is empty", "Fetch it again.")
    called = {name: column for column in release.columns for name in (column.name, *column.aliases)}
    for name in names:
        if name not in called:
            raise BadRow(1, repr(name), "unknown column", "Remove it: only 2021 names are read.")
    columns = tuple(called[name] for name in names)
    times = Counter(column.name for column in columns)
    for column in release.columns:
        if times[column.name] != 1:
            fault = "missing column" if not times[column.name] else "duplicate column"
            raise BadRow(1, repr(column.name), fault, "Give the 37 columns, each once.")
    return columns


def _row(cells: Sequence[str], columns: tuple[Column, ...], release: Release, line: int) -> Row:
    if len(cells) != len(columns):
        fault = f"{len(cells)} cells where the header has {len(columns)}"
        raise BadRow(line, "-", fault, "Check for a missing or extra comma.")
    said = {c.name: _value(cell, c, release, line) for cell, c in zip(cells, columns, strict=True)}
    year = said["yearOfRegistration"]
    return Row(
        year=int(year) if year else None,
        gender=said["gender"],
        age=said["ageBroad"],
        majority=said["majorityStatusAtExploit"],
        months=said["traffickMonths"],
        citizenship=said["citizenship"],
        exploited_in=said["CountryOfExploitation"],
        flags=frozenset(c.name for c in columns if c.kind == "flag" and said[c.name]),
    )


def _value(cell: str, column: Column, release: Release, line: int) -> str | None:
    """Return the canonical value of a cell, or None where the release does not say."""
    if not cell:
        return None
    value = _canonical(cell, column.kind, release)
    if value is None:
        fault = f"{cell!r} is no value of this column"
        raise BadRow(line, repr(column.name), fault, "Correct it, or empty it if unknown.")
    return value


def _canonical(cell: str, kind: str, release: Release) -> str | None:
    if kind == "age" and cell in release.ages:
        return release.ages[cell].band
    listed: dict[str, Collection[str]] = {
        "flag": ("1",),
        "gender": release.genders,
        "majority": release.majorities,
        "months": release.months,
    }
    is_known = cell in listed.get(kind, ())
    is_year = kind == "year" and re.fullmatch("(19|20)[0-9]{2}", cell)
    is_country = kind == "country" and countries.is_alpha3(cell)
    return cell if is_known or is_year or is_country else None


def names_a_form(row: Row) -> bool:
    """Whether the row names a form of exploitation: an `is…` or a `typeOf…` column is set."""
    return not row.flags.isdisjoint(_in_group("form"))


def names_a_means(row: Row) -> bool:
    """Whether the row names a means of control: any `meansOfControl…` is set, `Other` included."""
    return not row.flags.isdisjoint(_in_group("means"))


def minor(row: Row) -> str:
    """Return `yes`, `no` or `doubtful`: whether the person was a child when exploited.

    Whoever was a minor at exploitation, or is under 18 at registration, was a child then. A row
    that gives neither age nor status is doubtful, and the doubt benefits the child.
    """
    age = load().ages.get(row.age or "")
    if row.majority == "Minor" or (age and age.is_minor):
        return "yes"
    return "no" if row.majority == "Adult" or age else "doubtful"


def mapped(row: Row) -> Mapped:
    """Return the row in the codes of this house; what has no counterpart is listed, not guessed."""
    release = load()
    set_columns = [column for column in release.columns if column.name in row.flags]
    return Mapped(
        minor=minor(row),
        sex=release.genders.get(row.gender or "", "UNK"),
        age_band=_age_band(row, release),
        source_age_band=row.age,
        citizenship=countries.alpha2(row.citizenship) if row.citizenship else None,
        exploited_in=countries.alpha2(row.exploited_in) if row.exploited_in else None,
        indicators=_in_order({i for c in set_columns for i in c.indicators}),
        forms=tuple(dict.fromkeys(form for c in set_columns for form in c.forms)),
        not_reported=_not_reported(row, release),
        unmapped=tuple(column.name for column in set_columns if column.is_unmapped),
    )


def summary(path: Path, class_of: Callable[[str, tuple[str, ...]], str]) -> dict[str, object]:
    """Return what a file holds, without writing: counts, and the class proposed for each row.

    `class_of` gives the class of a row from `minor` and its indicators. The release does not say
    who was with a child.

    `minors` is the count that is quoted of this release: majority status Minor, or age band 0--8.
    It misses the band `09--17` where no status is given. `protected_as_children` is the number of
    people whom the engine reads as children: a minor at exploitation, or under 18 at registration.
    """
    rows = Counter(read(path))
    classes: Counter[str] = Counter()
    cached = cache(class_of)
    for row, times in rows.items():
        found = mapped(row)
        classes[cached(found.minor, found.indicators)] += times

    def counted(holds: Callable[[Row], bool]) -> int:
        return sum(times for row, times in rows.items() if holds(row))

    return {
        "rows": rows.total(),
        "by_class": {name: classes[name] for name in codes.values("CLASS") if classes[name]},
        "names_a_form": counted(names_a_form),
        "names_a_form_and_a_means": counted(lambda row: names_a_form(row) and names_a_means(row)),
        "minors": counted(lambda row: row.majority == "Minor" or row.age == "0--8"),
        "protected_as_children": counted(lambda row: minor(row) == "yes"),
    }


def _age_band(row: Row, release: Release) -> str | None:
    """Return our band; without age or status there is none, since a guess would count children."""
    if row.age:
        return release.ages[row.age].ours
    return {"yes": "UNK_CHILD", "no": "UNK_ADULT", "doubtful": None}[minor(row)]


def _not_reported(row: Row, release: Release) -> tuple[str, ...]:
    single = {
        "year": row.year,
        "gender": row.gender,
        "age": row.age,
        "majority": row.majority,
        "duration": row.months,
        "citizenship": row.citizenship,
        "exploited_in": row.exploited_in,
    }
    groups = dict.fromkeys(column.group for column in release.columns)
    return tuple(
        group
        for group in groups
        if (single[group] is None if group in single else row.flags.isdisjoint(_in_group(group)))
    )


@cache
def _in_group(group: str) -> frozenset[str]:
    return frozenset(column.name for column in load().columns if column.group == group)


def release_from(root: Place) -> Release:
    """Return the release a crosswalk file describes, or say where it is at fault."""
    root.at("mark").one_of(MARKS)
    root.at("source").one_of(citations.load())
    columns = tuple(_column(place) for place in root.at("columns").each())
    once(root.at("columns"), [name for c in columns for name in (c.name, *c.aliases)])
    sexes = codes.values("SEX")
    genders = root.at("genders").keyed()
    ages: dict[str, AgeBand] = {}
    for place in root.at("ages").each():
        band = AgeBand(
            band=place.at("band").text(),
            ours=place.at("ours").one_of(codes.values("AGE_BAND")),
            is_minor=place.at("minor").flag(),
        )
        ages |= dict.fromkeys((band.band, *place.at("aliases").texts()), band)
    return Release(
        columns=columns,
        genders={gender: place.one_of(sexes) for gender, place in genders.items()},
        majorities=root.at("majorities").texts(),
        months=root.at("months").texts(),
        ages=ages,
    )


def _column(place: Place) -> Column:
    aliases, kind = place.maybe("aliases"), place.at("kind").one_of(KINDS)
    is_flag = kind == "flag"
    known = _known()
    forms = codes.values("FORM_EXPL")
    return Column(
        name=place.at("name").text(),
        aliases=aliases.texts() if aliases else (),
        kind=kind,
        group=place.at("group").text(),
        relation=place.at("relation").one_of(RELATIONS) if is_flag else "exact",
        indicators=place.at("indicators").each_one_of(known) if is_flag else (),
        forms=place.at("forms").each_one_of(forms) if is_flag else (),
    )


@cache
def load() -> Release:
    return release_from(opened("ctdc-2021.json"))


def _known() -> tuple[str, ...]:
    return tuple(shelf().find("field-catalogue").reader.alphabet.codes)


def _in_order(found: set[str]) -> tuple[str, ...]:
    return tuple(code for code in _known() if code in found)
