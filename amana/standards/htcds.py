"""HTCDS 2.0 (IOM): sheets of cases read into documents of our JSON profile, and written again.

The standard's own templates contradict it in twelve places (our note on standards, 1.5); each is
put right by name, HTCDS-1 to HTCDS-12, and counted with the cells it touched. HTCDS-10, definition
texts that stand twice, touches no case: sheets of definitions are not read. A cell at fault is
raised, or with a report noted and left out of the document. Blanks at the ends of a text are no
part of it. A sheet with the column `x-amana:case` gives several rows to one case; in any other
sheet each row is a case.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import fastjsonschema

from amana.standards.datafile import FOLDER, BadData
from amana.standards.htcds_cells import NotSaid, cell
from amana.standards.htcds_fields import (
    INDUSTRY,
    MORE_INDUSTRIES,
    PLACES,
    PROFILE,
    VERSION,
    Field,
    known,
    of_object,
)
from amana.standards.htcds_header import CASE, PERSON, Layout, layout
from amana.standards.tables import NO_TEXT, Table, column, shielded, tables
from amana.standards.xlsform.book import Sheet, written

# One case in our profile.
Document = dict[str, Any]
DETAILS = "cas_IncomingReferralDetails"
MOST = 1000


class BadCell(ValueError):
    """A cell that cannot be read; says where, and what to do."""

    def __init__(self, bad: "Bad") -> None:
        super().__init__(f"{bad.sheet}!{bad.column}{bad.row}: {bad.fault}. {bad.remedy}")
        self.bad = bad


@dataclass(frozen=True)
class Bad:
    """A fault: its sheet, row and column as people who use spreadsheets say it, and what to do."""

    sheet: str
    row: int
    column: str
    field: str
    fault: str
    remedy: str


@dataclass(frozen=True)
class Touched:
    """A cell that was put right, and by which repair."""

    sheet: str
    row: int
    column: str
    repair: str


@dataclass
class Report:
    """What a reading met. The lists hold the first `most` of their kind; all are counted."""

    most: int = MOST
    rows: int = 0
    faults: int = 0
    bad: list[Bad] = field(default_factory=list)
    repaired: Counter[str] = field(default_factory=Counter)
    touched: list[Touched] = field(default_factory=list)
    deprecated: Counter[str] = field(default_factory=Counter)
    core_missing: Counter[str] = field(default_factory=Counter)
    sheets_not_read: list[str] = field(default_factory=list)

    def note(self, bad: Bad) -> None:
        """Count a fault, and keep it while there is room."""
        self.faults += 1
        if len(self.bad) < self.most:
            self.bad.append(bad)

    def touch(self, touched: Touched) -> None:
        """Count a repair, and keep its place while there is room."""
        self.repaired[touched.repair] += 1
        if len(self.touched) < self.most:
            self.touched.append(touched)


def read(*paths: Path, report: Report | None = None) -> list[Document]:
    """Return the cases of workbooks and CSV files, in the order in which they first stand.

    Without a report the first fault is raised as BadCell; with one, every fault is noted there and
    its cell left out. A file that is no table at all raises BadData either way.
    """
    reading = _Reading(report or Report(), is_strict=report is None)
    for path in paths:
        for table in tables(path):
            reading.table(table)
    for document in reading.documents:
        _count_core(document, reading.report)
    return reading.documents


def validate(document: object) -> None:
    """Raise BadData at the first place where a document is not a case of our profile."""
    try:
        _shape()(document)
    except fastjsonschema.JsonSchemaValueException as fault:
        steps = [f"[{step}]" if step.isdigit() else f".{step}" for step in map(str, fault.path[1:])]
        raise BadData(f"case{''.join(steps)}: is not as the schema asks") from None


@cache
def _shape() -> Callable[[object], object]:
    path = FOLDER / "htcds_profile.schema.json"
    found: Callable[[object], object] = fastjsonschema.compile(
        json.loads(path.read_text(encoding="utf-8"))
    )
    return found


def workbook(documents: Iterable[Document]) -> bytes:
    """Return cases as an XLSX workbook, a sheet for each object. Raises BadData."""
    return written(_sheets(documents))


def csv_files(documents: Iterable[Document]) -> dict[str, bytes]:
    """Return cases as CSV files by name, one for each object. Raises BadData.

    A text that a spreadsheet program would compute has a sign before it, which `read` takes away.
    """
    found = {}
    for sheet in _sheets(documents):
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(sheet.headers)
        for row in sheet.rows:
            writer.writerow([shielded(row.get(header, "")) for header in sheet.headers])
        found[f"{sheet.name}.csv"] = out.getvalue().encode("utf-8")
    return found


def _sheets(documents: Iterable[Document]) -> list[Sheet]:
    rows: dict[str, list[dict[str, str]]] = {name: [] for name in ("case", *PLACES, "consent")}
    for number, document in enumerate(documents, start=1):
        validate(document)
        case = {CASE: str(number)}
        rows["case"].append(case | _row(document["case"]))
        for name, place in PLACES.items():
            for at, held in enumerate(document[place], start=1):
                person = {PERSON: f"{number}.{at}"} if name == "person" else {}
                rows[name].append(case | person | _row(held))
                for consent in held.get("consents", ()):
                    rows["consent"].append(case | person | _row(consent))
    return [
        Sheet(name, [*_keys(name), *(of.name for of in of_object(name))], held)
        for name, held in rows.items()
    ]


def _keys(name: str) -> tuple[str, ...]:
    return (CASE, PERSON) if name in {"person", "consent"} else (CASE,)


def _row(held: Mapping[str, Any]) -> dict[str, str]:
    fields = known()
    return {name: _said(value) for name, value in held.items() if name in fields}


def _said(value: Any) -> str:  # noqa: ANN401 - whatever the schema lets into a field
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ";".join(value) if isinstance(value, list) else str(value)


def _count_core(document: Document, report: Report) -> None:
    held = {"case": [document["case"]], **{name: document[at] for name, at in PLACES.items()}}
    held["consent"] = [c for person in document["persons"] for c in person.get("consents", [{}])]
    for name, objects in held.items():
        for of in of_object(name):
            if of.is_core and not of.is_deprecated:
                report.core_missing[of.name] += sum(of.name not in one for one in objects)


@dataclass(frozen=True)
class _At:
    """A place in a sheet."""

    sheet: str
    row: int
    at: int

    @property
    def column(self) -> str:
        return column(self.at)


class _Reading:
    """The cases as they grow, sheet by sheet and row by row."""

    def __init__(self, report: Report, *, is_strict: bool) -> None:
        self.report, self.is_strict = report, is_strict
        self.documents: list[Document] = []
        self._cases: dict[str, Document] = {}
        self._persons: dict[tuple[str, str], dict[str, Any]] = {}

    def table(self, table: Table) -> None:
        """Read one sheet; one without a field of the standard is named as not read."""
        rows = iter(table.rows)
        start = next(rows, None)
        if start is None:
            return
        second = next(rows, None)
        found = layout(start[1], second[1] if second else [])
        if not found.is_htcds:
            self.report.sheets_not_read.append(table.name)
            self._definitions(table.name, start[1], chain([second] if second else [], rows))
            return
        self._header(table.name, start[0], found)
        if second and found.has_labels:
            self._touch(_At(table.name, second[0], 0), "HTCDS-12")
        elif second:
            rows = chain([second], rows)
        for number, cells in rows:
            self._row(found, table.name, number, cells)

    def _definitions(
        self, sheet: str, header: Sequence[str], rows: Iterable[tuple[int, list[str]]]
    ) -> None:
        """Note where a definition repeats another: it belongs to one code and not to both."""
        at = next((n for n, text in enumerate(header) if "definition" in text.lower()), None)
        seen: set[str] = set()
        for number, cells in rows:
            text = cells[at].strip() if at is not None and at < len(cells) else ""
            if text and text in seen:
                self._touch(_At(sheet, number, at or 0), "HTCDS-10")
            seen.add(text)

    def _header(self, sheet: str, row: int, found: Layout) -> None:
        for at, held in enumerate(found.columns):
            if held.fault:
                self._bad(_At(sheet, row, at), "", held.fault, held.remedy)

    def _row(self, found: Layout, sheet: str, number: int, cells: Sequence[str]) -> None:
        said: dict[str, dict[str, Any]] = {}
        keys: dict[str, str] = {}
        is_filled = False
        for at, text in enumerate(cells):
            held = found.columns[at] if at < len(found.columns) else None
            where = _At(sheet, number, at)
            if not text or (held and held.fault):
                continue
            if held and held.key:
                keys[held.key] = text.strip()
            elif held and held.field:
                is_filled = True
                if held.repair:
                    self._touch(where, held.repair)
                self._cell(where, held.field, text, said)
            elif found.is_numbered and at == 0 and text.strip().isdigit():
                # The templates number a thousand rows: a number alone is no case.
                self._touch(where, "HTCDS-12")
            else:
                self._bad(where, "", "stands in a column without a name", "Name the column.")
        if is_filled or CASE in keys:
            self.report.rows += 1
            self._add(_At(sheet, number, 0), said, keys)

    def _cell(self, at: _At, of: Field, text: str, said: dict[str, dict[str, Any]]) -> None:
        if text == NO_TEXT:
            self._bad(at, of.name, "holds a formula or an error", "Write the value itself.")
            return
        try:
            found = cell(of, text)
        except NotSaid as wrong:
            self._bad(at, of.name, wrong.fault, wrong.remedy)
            return
        for repair in found.repaired:
            self._touch(at, repair)
        if found.value is None:
            return
        if of.is_deprecated:
            self.report.deprecated[of.name] += 1
        held = said.setdefault(of.object, {})
        _put(held, of.name, found.value)
        if found.more:
            # What a field has no room for: more industries, or a reason in free words.
            is_industry = of.name == INDUSTRY
            more = (MORE_INDUSTRIES, found.more) if is_industry else (DETAILS, found.more[0])
            _put(held, *more)

    def _add(self, at: _At, said: Mapping[str, dict[str, Any]], keys: Mapping[str, str]) -> None:
        document = self._document(keys.get(CASE, ""))
        self._merge(at, document["case"], said.get("case", {}))
        if said.keys() & {"person", "consent"} or PERSON in keys:
            person = self._person(document, keys)
            self._merge(at, person, said.get("person", {}))
            if "consent" in said:
                person.setdefault("consents", []).append(said["consent"])
        for name, place in PLACES.items():
            if name in said and name != "person":
                document[place].append(_ordered(name, said[name]))

    def _document(self, key: str) -> Document:
        if key and key in self._cases:
            return self._cases[key]
        document: Document = {"profile": PROFILE, "version": VERSION, "case": {}}
        document |= {place: [] for place in PLACES.values()}
        self.documents.append(document)
        if key:
            self._cases[key] = document
        return document

    def _person(self, document: Document, keys: Mapping[str, str]) -> dict[str, Any]:
        key = (keys.get(CASE, ""), keys.get(PERSON, ""))
        if all(key) and key in self._persons:
            return self._persons[key]
        person: dict[str, Any] = {}
        document["persons"].append(person)
        if all(key):
            self._persons[key] = person
        return person

    def _merge(self, at: _At, held: dict[str, Any], said: Mapping[str, Any]) -> None:
        for name, value in said.items():
            if name in held and held[name] != value:
                remedy = "Give each case and each person one value, in one row."
                self._bad(at, name, f"{name} says something else than an earlier row", remedy)
            held.setdefault(name, value)

    def _touch(self, at: _At, repair: str) -> None:
        self.report.touch(Touched(at.sheet, at.row, at.column, repair))

    def _bad(self, at: _At, name: str, fault: str, remedy: str) -> None:
        bad = Bad(at.sheet, at.row, at.column, name, fault, remedy)
        if self.is_strict:
            raise BadCell(bad)
        self.report.note(bad)


def _put(held: dict[str, Any], name: str, value: Any) -> None:  # noqa: ANN401 - as JSON has it
    """Keep a value; what was kept there from another column of the row is not lost."""
    before = held.get(name)
    if isinstance(before, list):
        held[name] = list(dict.fromkeys([*before, *value]))
    else:
        held[name] = value if before is None else f"{before}\n{value}"


def _ordered(name: str, said: Mapping[str, Any]) -> dict[str, Any]:
    return {of.name: said[of.name] for of in of_object(name) if of.name in said}
