"""Reading UNODC's tables on trafficking in persons: thirteen columns, a number or "<5" a row.

The file is read line by line. What a spreadsheet broke is repaired by name and counted; what cannot
be read is listed with its line and what to do, and never counted as something else.
"""

import csv
import gzip
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COLUMNS = (
    "Iso3_code", "Country", "Region", "Subregion", "Indicator", "Dimension", "Category", "Sex",
    "Age", "Year", "Unit of measurement", "txtVALUE", "Source",
)  # fmt: skip
INDICATORS = (
    "Detected trafficking victims",
    "Offences of trafficking in persons",
    "Persons brought into formal contact",
    "Persons prosecuted",
    "Persons convicted",
)
SEXES = ("Total", "Female", "Male", "Other", "Unknown")
AGES = ("Total", "0 to 17 years", "18 years or over", "Unknown")
# "<5" is how UNODC withholds: zero to four.
WITHHELD, WITHHELD_MOST = "<5", 4
GZIP_MAGIC = b"\x1f\x8b"
# So many broken cells are named one by one; all are counted.
NAMED = 200
# Repairs, by name.
THOUSANDS, MOJIBAKE = "THOUSANDS", "MOJIBAKE"


class NotGlotip(ValueError):
    """A file that is not these tables; says why, and what to do."""


@dataclass(frozen=True)
class Broken:
    """A cell that cannot be read: where it stands, what it holds, what to do."""

    line: int
    column: str
    found: str
    remedy: str


@dataclass(frozen=True)
class Row:
    """One number of the tables; `value` is None where it is withheld."""

    line: int
    iso3: str
    country: str
    indicator: str
    dimension: str
    category: str
    sex: str
    age: str
    year: int
    value: int | None

    @property
    def key(self) -> tuple[str, ...]:
        """What the number is of; two rows with one key are a double of the file."""
        return (
            self.iso3, self.indicator, str(self.year), self.dimension, self.category, self.sex,
            self.age,
        )  # fmt: skip


@dataclass
class Report:
    """What a file holds and what was found wrong in it."""

    rows: int = 0
    withheld: int = 0
    doubles: int = 0
    broken_count: int = 0
    by_indicator: Counter[str] = field(default_factory=Counter)
    repaired: Counter[str] = field(default_factory=Counter)
    broken: list[Broken] = field(default_factory=list)
    countries: set[str] = field(default_factory=set)
    _keys: set[int] = field(default_factory=set)

    def count(self, row: Row) -> None:
        """Count a row that could be read."""
        self.rows += 1
        self.withheld += row.value is None
        self.by_indicator[row.indicator] += 1
        self.countries.add(row.iso3)
        # A key is remembered as a number: a file of millions of rows stays small in memory.
        mark = hash(row.key)
        self.doubles += mark in self._keys
        self._keys.add(mark)

    def name(self, broken: Broken) -> None:
        """Keep a broken cell; of very many, only the first by name."""
        self.broken_count += 1
        if len(self.broken) < NAMED:
            self.broken.append(broken)

    def as_json(self) -> dict[str, Any]:
        """Return the report as it is printed."""
        return {
            "rows": self.rows,
            "countries": len(self.countries),
            "withheld": self.withheld,
            "by_indicator": dict(self.by_indicator),
            "doubles": self.doubles,
            "repaired": dict(self.repaired),
            "broken": self.broken_count,
            "broken_cells": [vars(b) for b in self.broken],
        }


def unheard(_done: int) -> None:
    """Nobody watches how far the reading is."""


def read(
    path: Path, report: Report | None = None, progress: Callable[[int], None] = unheard
) -> Iterator[Row]:
    """Yield the rows of a plain or gzipped file; what cannot be read goes to the report.

    `progress` hears how many bytes of the file were read. Raises NotGlotip where the file is
    something else.
    """
    report = Report() if report is None else report
    with path.open("rb") as raw:
        is_packed = raw.peek(2)[:2] == GZIP_MAGIC
        stream = gzip.GzipFile(fileobj=raw) if is_packed else raw
        try:
            text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
            lines = csv.reader(text, strict=True)
            if tuple(next(lines, ())) != COLUMNS:
                raise NotGlotip("Line 1 does not name the thirteen columns of UNODC's tables.")
            for cells in lines:
                row = _row(cells, lines.line_num, report)
                if row is not None:
                    report.count(row)
                    yield row
                if lines.line_num % 4096 == 0:
                    progress(raw.tell())
            progress(raw.tell())
        except (UnicodeDecodeError, EOFError, gzip.BadGzipFile, csv.Error) as fault:
            message = f"After line {lines.line_num} the file cannot be read: {fault}"
            raise NotGlotip(message) from None


def _row(cells: list[str], line: int, report: Report) -> Row | None:
    if len(cells) != len(COLUMNS):
        remedy = f"Give {len(COLUMNS)} cells; a comma may be missing or too many."
        report.name(Broken(line, "-", f"{len(cells)} cells", remedy))
        return None
    said = dict(zip(COLUMNS, cells, strict=True))
    if fault := _fault(said):
        column, remedy = fault
        report.name(Broken(line, column, said[column], remedy))
        return None
    if not said["Category"]:
        # The number stands, and its part of the whole has no name: it is kept, and said.
        report.name(Broken(line, "Category", "", "Say which part it is of; read as not named."))
    if not re.fullmatch("[A-Z]{3}", said["Iso3_code"]):
        remedy = "Give a country code; read under its country's name."
        report.name(Broken(line, "Iso3_code", said["Iso3_code"], remedy))
    return Row(
        line=line,
        iso3=said["Iso3_code"] or said["Country"],
        country=_mended(said["Country"], report),
        indicator=said["Indicator"],
        dimension=said["Dimension"],
        category=_mended(said["Category"], report),
        sex=said["Sex"],
        age=said["Age"],
        year=int(said["Year"]),
        value=_value(said["txtVALUE"], report),
    )


def _fault(said: dict[str, str]) -> tuple[str, str] | None:
    """Return the first column that cannot be read, and what to do."""
    value = said["txtVALUE"]
    checks = (
        ("Country", bool(said["Iso3_code"] or said["Country"]), "Say which country it is of."),
        ("Indicator", said["Indicator"] in INDICATORS, "Give one of the five indicators."),
        ("Dimension", bool(said["Dimension"]), "Say what the number is split by, or Total."),
        ("Sex", said["Sex"] in SEXES, f"Give one of {', '.join(SEXES)}."),
        ("Age", said["Age"] in AGES, f"Give one of {', '.join(AGES)}."),
        ("Year", bool(re.fullmatch("(19|20)[0-9]{2}", said["Year"])), "Give a year, four digits."),
        (
            "txtVALUE",
            value == WITHHELD or bool(re.fullmatch("[0-9]+|[0-9]{1,3}(,[0-9]{3})+", value)),
            "Give a whole number, or <5.",
        ),
    )
    return next(((column, remedy) for column, is_good, remedy in checks if not is_good), None)


def _value(text: str, report: Report) -> int | None:
    if text == WITHHELD:
        return None
    if "," in text:
        report.repaired[THOUSANDS] += 1
    return int(text.replace(",", ""))


def _mended(name: str, report: Report) -> str:
    """Return a name whose letters were read in the wrong encoding as it was meant."""
    if "Ã" not in name:
        return name
    try:
        meant = name.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return name
    report.repaired[MOJIBAKE] += 1
    return meant
