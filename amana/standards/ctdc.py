"""Reading the public CTDC releases, counting them, and saying them in the words of this house.

A release describes no reachable person. What has no honest counterpart here stays unmapped and
is listed; nothing is inferred from what a row leaves empty.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from amana.standards import codes, countries
from amana.standards.ctdc_file import (
    MOST_KEPT,
    Faulty,
    Line,
    Progress,
    Report,
    Said,
    line_counts,
    lines,
)
from amana.standards.ctdc_releases import Header, Release, alphabet, load

# Whether the person was a child at two more moments, which only the k-anonymised release asks.
OTHER_MAJORITIES = ("majorityStatus", "majorityEntry")


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
    release: str = "2021"
    other_majorities: tuple[str, ...] = ()


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


def read(
    path: Path, *, report: Report | None = None, progress: Progress | None = None
) -> Iterator[Row]:
    """Yield the rows of a plain or gzipped file of any release; its header says which.

    Without a report the first fault is raised as BadRow, with line, column and remedy. With one,
    every fault is noted there and its row is left out.
    """
    header, found = lines(path, report=report, progress=progress)
    typed: dict[Line, Row] = {}
    for line in found:
        if line not in typed:
            if len(typed) >= MOST_KEPT:
                typed.clear()
            # Most rows of a release stand many times: each is typed once.
            typed[line] = _row(line.said, header)
        yield typed[line]


def _row(said: Said, header: Header) -> Row:
    columns = header.columns
    named = {columns[at].name: value for at, value in said.values}
    year = named.get("yearOfRegistration")
    flags = [name for name, value in named.items() if value == "1" and name in header.flags]
    return Row(
        year=int(year) if year else None,
        gender=named.get("gender"),
        age=named.get("ageBroad"),
        majority=named.get("majorityStatusAtExploit"),
        months=named.get("traffickMonths"),
        citizenship=named.get("citizenship"),
        exploited_in=named.get("CountryOfExploitation"),
        flags=frozenset(flags),
        release=header.release.key,
        other_majorities=tuple(named[name] for name in OTHER_MAJORITIES if name in named),
    )


@dataclass
class Tally:
    """What a file holds, counted: values by column, where people come from and were exploited.

    `counts` leaves out what a row does not say: `missing` gives it. `known` is the number of rows
    that answer a block of flags at all, the denominator of the codebooks: a row may hold several
    values, so shares add up to more than one. `distinct` and `unique` are None where a file holds
    too many different lines to be kept.
    """

    release: str
    report: Report
    rows: int = 0
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    known: Counter[str] = field(default_factory=Counter)
    corridors: Counter[tuple[str | None, str | None]] = field(default_factory=Counter)
    distinct: int | None = None
    unique: int | None = None

    def missing(self, column: str) -> int:
        """Return how many rows do not say what this column asks."""
        return self.rows - self.counts[column].total()

    def share(self, flag: str) -> float:
        """Return the part of the rows that answer this flag's block and hold the flag, 0 to 1."""
        block = load(self.release).called[flag].block
        return self.counts[flag]["1"] / self.known[block] if self.known[block] else 0.0

    def exploited_in(self, country: str) -> Counter[str | None]:
        """Return who was exploited in a country, by citizenship; None where it is not said."""
        found = ((a, n) for (a, b), n in self.corridors.most_common() if b == country)
        return Counter(dict(found))


def tally(path: Path, *, most: int = 100, progress: Progress | None = None) -> Tally:
    """Return the counts of a file of any release and the report of what was wrong in it.

    Rows with a fault are in no count. The report keeps the first `most` faults and counts all. A
    file with a fault is read twice, and `progress` begins again.
    """
    try:
        return _quick(path, Report(most=most), progress)
    except Faulty:
        # Once more, line by line: each fault is named where it stands.
        return _slow(path, Report(most=most), progress)


def _quick(path: Path, report: Report, progress: Progress | None) -> Tally:
    header, found = line_counts(path, report=report, progress=progress)
    return _counted(header, report, found)


def _slow(path: Path, report: Report, progress: Progress | None) -> Tally:
    header, found = lines(path, report=report, progress=progress)
    return _counted(header, report, ((line, 1) for line in found))


def _counted(header: Header, report: Report, found: Iterable[tuple[Line, int]]) -> Tally:
    counted = Tally(header.release.key, report, counts={c.name: Counter() for c in header.columns})
    different: Counter[bytes] | None = Counter()
    for line, n in found:
        _add(counted, line.said, n, header)
        if different is not None:
            different[line.key.rstrip(b"\r\n")] += n
            if len(different) > MOST_KEPT:
                different = None
    if different is not None:
        counted.distinct = len(different)
        counted.unique = sum(n == 1 for n in different.values())
    return counted


def _add(counted: Tally, said: Said, n: int, header: Header) -> None:
    counted.rows += n
    answered: set[str] = set()
    ends: dict[str, str] = {}
    for at, value in said.values:
        name, kind, block = header.short[at]
        counted.counts[name][value] += n
        if block:
            answered.add(block)
        elif kind == "country":
            ends[name] = value
    for block in answered:
        counted.known[block] += n
    counted.corridors[ends.get("citizenship"), ends.get("CountryOfExploitation")] += n


def names_a_form(row: Row) -> bool:
    """Whether the row names a form of exploitation: an `is…` or a `typeOf…` column is set."""
    return not row.flags.isdisjoint(_in_group(row.release, "form"))


def names_a_means(row: Row) -> bool:
    """Whether the row names a means of control: any `meansOfControl…` is set, `Other` included."""
    return not row.flags.isdisjoint(_in_group(row.release, "means"))


def minor(row: Row) -> str:
    """Return `yes`, `no` or `doubtful`: whether the person was a child when exploited.

    Whoever was a minor at exploitation or entry, or is under 18 at registration, was a child then.
    A row that gives neither age nor status is doubtful, and the doubt benefits the child.
    """
    age = load(row.release).ages.get(row.age or "")
    said = {row.majority, *row.other_majorities}
    if "Minor" in said or (age and age.is_minor):
        return "yes"
    return "no" if "Adult" in said or age else "doubtful"


def mapped(row: Row) -> Mapped:
    """Return the row in the codes of this house; what has no counterpart is listed, not guessed."""
    release = load(row.release)
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
    groups = dict.fromkeys(column.group for column in release.columns if column.group)
    return tuple(
        group
        for group in groups
        if (
            single[group] is None
            if group in single
            else row.flags.isdisjoint(_in_group(row.release, group))
        )
    )


@cache
def _in_group(release: str, group: str) -> frozenset[str]:
    return load(release).in_group(group)


def _in_order(found: set[str]) -> tuple[str, ...]:
    return tuple(code for code in alphabet() if code in found)
