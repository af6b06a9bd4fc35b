"""What a published file shows: its cells, the sums that hold between them, and what is withheld.

UNODC's tables are known by their thirteen columns. Any other file is read as a table with a column
for each dimension and one for the number: the whole of a dimension is called `Total` or `_T`, and a
withheld number is empty, `..`, or `<N`. Pure but for reading.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from amana.knowledge.safe.cells import TOTAL, Flags, Numbers, Sum, Tables
from amana.knowledge.safe.program import INF
from amana.standards import glotip

VALUES = ("OBS_VALUE", "value", "txtVALUE", "count")
WHOLE = ("Total", TOTAL)
# Columns that describe a number and are no dimension of it.
BESIDE = frozenset({
    "STRUCTURE", "STRUCTURE_ID", "ACTION", "OBS_STATUS", "CONF_STATUS", "UNIT_MEASURE", "Source",
    "Unit of measurement", "source", "unit",
})  # fmt: skip


class NotATable(ValueError):
    """A file without numbers that can be attacked; says what is missing."""


@dataclass(frozen=True)
class Shown:
    """A published file: what is told of each cell, and which ones it withholds."""

    tables: Tables
    low: Numbers
    high: Numbers
    withheld: Flags
    groups: tuple[str, ...]
    report: glotip.Report | None = None


@dataclass
class _Builder:
    keys: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    sums: list[Sum] = field(default_factory=list)

    def cell(self, key: str, group: str, low: float, high: float) -> int:
        self.keys.append(key)
        self.groups.append(group)
        self.low.append(low)
        self.high.append(high)
        return len(self.keys) - 1

    def sum(self, total: int | None, parts: Iterable[int]) -> None:
        """Add a sum, where its total is in the file and it has parts to be the sum of."""
        listed = tuple(parts)
        if total is not None and len(listed) > 1:
            self.sums.append(Sum(total, listed))

    def shown(self, report: glotip.Report | None = None) -> Shown:
        low, high = np.array(self.low), np.array(self.high)
        return Shown(
            Tables(tuple(self.keys), tuple(self.sums)), low, high, low < high,
            tuple(self.groups), report,
        )  # fmt: skip


def read(path: Path, progress: Callable[[int], None] = glotip.unheard) -> Shown:
    """Return what a file shows. Raises NotATable or glotip.NotGlotip, which say what to do."""
    report = glotip.Report()
    try:
        return of_glotip(glotip.read(path, report, progress), report)
    except glotip.NotGlotip:
        if report.rows:
            raise
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return of_table(csv.DictReader(lines))


Cells = Mapping[tuple[str, str, str, str], Sequence[int]]


def of_glotip(rows: Iterable[glotip.Row], report: glotip.Report | None = None) -> Shown:
    """Return UNODC's tables: one block for each country, indicator and year."""
    built = _Builder()
    blocks: dict[tuple[str, str, int], dict[tuple[str, str, str, str], list[int]]] = {}
    for row in rows:
        value = row.value
        low, high = (0, glotip.WITHHELD_MOST) if value is None else (value, value)
        cell = built.cell("/".join(row.key), row.indicator, low, high)
        block = blocks.setdefault((row.iso3, row.indicator, row.year), defaultdict(list))
        block[row.dimension, row.category, row.sex, row.age].append(cell)
    for block in blocks.values():
        for total, parts in _glotip_sums(dict(block)):
            built.sum(total, parts)
    return built.shown(report)


_CHILD, _ADULT = glotip.AGES[1:3]
_SEXES, _UNKNOWN = glotip.SEXES[1:4], "Unknown"
# These split all that is counted. Repatriation does not: not everybody was sent anywhere.
_SPLITS = ("by form of exploitation", "by citizenship")


def _glotip_sums(cells: Cells) -> Iterator[tuple[int | None, list[int]]]:
    """Yield the sums that a block should hold: by sex, by age, by form, by citizenship."""
    for kind in dict.fromkeys(key[:2] for key in cells):
        yield from _by_sex_and_age(cells, *kind)
    for split in _SPLITS:
        for sex in glotip.SEXES:
            for age in glotip.AGES:
                parts = [
                    cell
                    for (dimension, _, *who), listed in cells.items()
                    if dimension == split and who == [sex, age]
                    for cell in listed
                ]
                yield _only(cells, ("Total", "Total", sex, age)), parts


def _by_sex_and_age(
    cells: Cells, dimension: str, category: str
) -> Iterator[tuple[int | None, list[int]]]:
    def some(sex: str, age: str) -> Sequence[int]:
        return cells.get((dimension, category, sex, age), ())

    unknown = some(_UNKNOWN, _UNKNOWN)
    whole = _only(cells, (dimension, category, "Total", "Total"))
    for age in ("Total", _CHILD, _ADULT):
        parts = [cell for sex in _SEXES for cell in some(sex, age)]
        if age == "Total":
            parts += unknown
        yield _only(cells, (dimension, category, "Total", age)), parts
    for sex in ("Total", *_SEXES):
        parts = [*some(sex, _CHILD), *some(sex, _ADULT)]
        if sex == "Total" and parts:
            parts += unknown
        yield _only(cells, (dimension, category, sex, "Total")), parts
    if dimension != "Total":
        # Of a form, the margins by sex are not published, and the leaves are.
        leaves = [cell for sex in _SEXES for age in (_CHILD, _ADULT) for cell in some(sex, age)]
        yield whole, [*leaves, *unknown] if leaves else []


def _only(cells: Cells, key: tuple[str, str, str, str]) -> int | None:
    """Return the cell of a key; a key that stands twice is no total."""
    found = cells.get(key, ())
    return found[0] if len(found) == 1 else None


def of_table(rows: Iterable[Mapping[str, str]]) -> Shown:
    """Return a table of any dimensions: the whole of each is the sum of its codes."""
    built = _Builder()
    at: dict[tuple[str, ...], int] = {}
    for line, (place, text) in enumerate(_placed(rows), start=2):
        if place in at:
            raise NotATable(f"Line {line}: {'/'.join(place)} stands twice. Keep one of them.")
        at[place] = built.cell("/".join(place), "", *_told(text, line))
    if not at:
        raise NotATable("The file holds no row.")
    for axis in range(len(next(iter(at)))):
        families: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for place, cell in at.items():
            if place[axis] != TOTAL:
                families[(*place[:axis], TOTAL, *place[axis + 1 :])].append(cell)
        for place, parts in families.items():
            built.sum(at.get(place), parts)
    return built.shown()


def _placed(rows: Iterable[Mapping[str, str]]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield of each row what its number is of, and the number as it stands."""
    for row in rows:
        number = next((name for name in VALUES if name in row), "")
        if not number:
            raise NotATable(f"No column with the numbers: call it {' or '.join(VALUES)}.")
        axes = (name for name in row if name != number and name not in BESIDE)
        yield tuple(TOTAL if row[a] in WHOLE else row[a] for a in axes), row[number]


def _told(text: str, line: int) -> tuple[float, float]:
    """Return the limits of a number that a cell tells."""
    text = text.strip()
    if re.fullmatch("[0-9]+([.]0+)?", text):
        return float(text), float(text)
    if found := re.fullmatch("<([0-9]+)", text):
        return 0.0, float(found[1]) - 1
    if text in {"", "..", "c", "x", "NaN"}:
        return 0.0, INF
    raise NotATable(f"Line {line}: {text!r} is no number. Empty it, or write .. if it is withheld.")
