"""Reading a CTDC file line by line: each different line is typed once, and memory stays flat.

A fault is raised where it stands, or, when a report is asked for, noted there and its row left
out. Whatever is put right is counted by name. Nothing else is changed.
"""

import csv
import gzip
import io
import re
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from amana.standards import countries
from amana.standards.ctdc_releases import BadRow, Column, Header, Release, recognised

GZIP_MAGIC = b"\x1f\x8b"
# Different lines whose typed form is kept: some forty MiB. Then all are forgotten and typed again.
MOST_KEPT = 100_000
# Lines between two words on how far the reading is.
STEP = 1 << 14
# A quote that no line closes would gather the rest of the file.
LONGEST_QUOTE = 100
# The bytes read of the file as it lies on disk, and its size.
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Bad:
    """A fault that was noted: where it stands and what to do."""

    line: int
    column: str
    fault: str
    remedy: str


@dataclass
class Report:
    """What was wrong in a file. `refused` rows are in no count; `bad` holds the first `most`."""

    most: int = 100
    rows: int = 0
    refused: int = 0
    faults: int = 0
    bad: list[Bad] = field(default_factory=list)
    repaired: Counter[str] = field(default_factory=Counter)

    def note(self, line: int, wrong: Sequence[BadRow]) -> None:
        """Count the faults of a row that is left out, and keep them while there is room."""
        self.refused += 1
        self.faults += len(wrong)
        for one in wrong[: max(0, self.most - len(self.bad))]:
            self.bad.append(Bad(line, one.column, one.fault, one.remedy))


@dataclass(frozen=True)
class Said:
    """What one line says: the number of each column that says something, and its value."""

    values: tuple[tuple[int, str], ...]
    repaired: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Line:
    """A line of a file, as its bytes and as what it says; one object for all that are alike."""

    key: bytes
    said: Said


def lines(
    path: Path, *, report: Report | None = None, progress: Progress | None = None
) -> tuple[Header, Iterator[Line]]:
    """Return the header of a plain or gzipped file and its lines, the same object for the same.

    Without a report the first fault is raised as BadRow; with one, it is noted and its row left
    out. What cannot be read further (no release, not gzip, a cut file) is raised either way.
    """
    whole = chain.from_iterable(_parts(path, progress))
    header = _header(whole, report)
    return header, _lines(whole, header, report)


class Faulty(Exception):
    """A file that must be read line by line, since something in it is at fault."""


def line_counts(
    path: Path, *, report: Report, progress: Progress | None = None
) -> tuple[Header, Iterator[tuple[Line, int]]]:
    """Return the header and every different line with how often it stands: the quick way.

    A line comes again where a file holds more different lines than are kept. Raises Faulty at
    anything whose place would have to be said: then `lines` says it.
    """
    whole = chain.from_iterable(_parts(path, progress))
    header = _header(whole, report)
    return header, _line_counts(whole, header, report)


def _line_counts(
    whole: Iterator[bytes], header: Header, report: Report
) -> Iterator[tuple[Line, int]]:
    typed, counted = _Typing(header), Counter[bytes]()
    for line in whole:
        counted[line] += 1
        counted.update(islice(whole, STEP))
        if len(counted) > MOST_KEPT:
            yield from _typed(typed, counted, report)
            counted.clear()
    yield from _typed(typed, counted, report)


def _typed(typed: "_Typing", counted: Counter[bytes], report: Report) -> Iterator[tuple[Line, int]]:
    for key, n in counted.items():
        found = typed.line(key, 0) if key.count(b'"') % 2 == 0 else ()
        if isinstance(found, tuple):
            raise Faulty
        report.rows += n
        for name in found.said.repaired:
            report.repaired[name] += n
        yield found, n


def _header(whole: Iterator[bytes], report: Report | None) -> Header:
    first = next(whole, b"")
    header = recognised(_cells(_text(first, 1), 1) if first else None)
    if report is not None:
        report.repaired.update(header.repaired)
    return header


def _parts(path: Path, progress: Progress | None) -> Iterator[list[bytes]]:
    """Yield the lines of a file, so many at a time."""
    size, number = path.stat().st_size, 0
    with path.open("rb") as raw:
        head = raw.peek(2)[:2]
        if path.suffix == ".gz" and head not in {b"", GZIP_MAGIC}:
            raise BadRow(1, "-", "the file is not gzip", "Rename it .csv, or fetch it again.")
        stream: BinaryIO = raw
        if head == GZIP_MAGIC:
            unpacked = gzip.GzipFile(fileobj=raw)
            # Python's own reading of lines from gzip is ten times slower than this.
            stream = io.BufferedReader(unpacked, 1 << 17)
        part = [b""]
        while part:
            part = []
            try:
                # What was read before a fault stays in the list: the fault is named by its line.
                part.extend(islice(stream, STEP))
            except (EOFError, gzip.BadGzipFile, zlib.error):
                yield part
                fault = "the gzip file is cut short or damaged"
                raise BadRow(number + len(part) + 1, "-", fault, "Fetch it again.") from None
            number += len(part)
            if progress:
                progress(raw.tell() if part else size, size)
            yield part


def _lines(whole: Iterator[bytes], header: Header, report: Report | None) -> Iterator[Line]:
    typed, known = _Typing(header), dict[bytes, Line | tuple[BadRow, ...]]()
    number = 1
    for line in whole:
        number += 1
        found = known.get(line)
        if found is None:
            if len(known) >= MOST_KEPT:
                known.clear()
            key, more = _quoted(line, whole, number) if line.count(b'"') % 2 else (line, 0)
            number += more
            found = known[key] = typed.line(key, number)
        if report is not None:
            _note(report, found, number)
        if not isinstance(found, tuple):
            yield found
        elif report is None:
            raise found[0]


def _note(report: Report, found: Line | tuple[BadRow, ...], number: int) -> None:
    report.rows += 1
    if isinstance(found, tuple):
        report.note(number, found)
    elif found.said.repaired:
        report.repaired.update(found.said.repaired)


def _quoted(line: bytes, whole: Iterator[bytes], number: int) -> tuple[bytes, int]:
    """Return a line with those it goes on in, up to the closing quote, and how many they were."""
    held = [line]
    for more in whole:
        held.append(more)
        if more.count(b'"') % 2:
            return b"".join(held), len(held) - 1
        if len(held) == LONGEST_QUOTE:
            break
    raise BadRow(number, "-", "a quote is left open", "Check the quotes of this line.")


def _text(line: bytes, number: int) -> str:
    try:
        return line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise BadRow(number, "-", "the text is not UTF-8", "Save it as UTF-8.") from None


def _cells(text: str, number: int) -> list[str]:
    if '"' not in text:
        return text.split(",")
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error as fault:
        raise BadRow(number, "-", str(fault), "Check the quotes of this line.") from None


class _Typing:
    """Types the lines under one header; each different cell of a column is looked at once."""

    def __init__(self, header: Header) -> None:
        self._columns = header.columns
        self._values = [_Values(column, header.release) for column in header.columns]
        self._repairs = [
            (number, repair.value, repair.name)
            for number, column in enumerate(header.columns)
            for repair in header.release.repairs
            if repair.kind == column.kind
        ]

    def line(self, line: bytes, number: int) -> Line | tuple[BadRow, ...]:
        """Return the line typed, or all that is wrong with it."""
        try:
            cells = _cells(_text(line, number), number)
        except BadRow as wrong:
            return (wrong,)
        if len(cells) != len(self._columns):
            fault = f"{len(cells)} cells where the header has {len(self._columns)}"
            return (BadRow(number, "-", fault, "Check for a missing or extra comma."),)
        known = self._values
        try:
            # Most cells are empty, and an empty one says nothing in any column.
            values = [
                (at, value)
                for at, cell in enumerate(cells)
                if cell and (value := known[at][cell]) is not None
            ]
        except _NoValue:
            return self._wrong(cells, number)
        repaired = tuple([name for at, value, name in self._repairs if cells[at] == value])
        return Line(line, Said(tuple(values), repaired))

    def _wrong(self, cells: Sequence[str], number: int) -> tuple[BadRow, ...]:
        found = []
        for column, known, cell in zip(self._columns, self._values, cells, strict=True):
            try:
                known[cell]
            except _NoValue:
                fault = f"{cell!r} is no value of this column"
                remedy = "Correct it, or empty it if unknown."
                found.append(BadRow(number, repr(column.name), fault, remedy))
        return tuple(found)


class _NoValue(LookupError):
    """A cell that holds no value of its column."""


class _Values(dict[str, str | None]):
    """The canonical value of every cell of a column that was met; None where it says nothing."""

    def __init__(self, column: Column, release: Release) -> None:
        super().__init__({"": None})
        self._kind, self._release = column.kind, release
        repaired = (repair.value for repair in release.repairs if repair.kind == column.kind)
        unknown = release.unknown.get(column.kind, ())
        self.update(dict.fromkeys((*release.unsaid, *unknown, *repaired)))

    def __missing__(self, cell: str) -> str | None:
        value = _canonical(cell, self._kind, self._release)
        if value is None:
            raise _NoValue
        # Free text has no end of values; what is closed is kept.
        if self._kind != "text":
            self[cell] = value
        return value


def _canonical(cell: str, kind: str, release: Release) -> str | None:
    if kind == "text":
        return cell
    if kind == "age":
        return release.ages[cell].band if cell in release.ages else None
    if kind == "months":
        return release.months.get(cell)
    if kind == "country":
        return _alpha3(cell, release)
    listed: dict[str, Collection[str]] = {
        "flag": ("1", *release.no),
        "gender": release.genders,
        "majority": release.majorities,
    }
    is_year = kind == "year" and re.fullmatch("(19|20)[0-9]{2}", cell)
    return cell if cell in listed.get(kind, ()) or is_year else None


def _alpha3(cell: str, release: Release) -> str | None:
    if release.country_letters == 3:
        return cell if countries.is_alpha3(cell) else None
    try:
        return countries.alpha3(cell)
    except countries.UnknownCountry:
        return None
