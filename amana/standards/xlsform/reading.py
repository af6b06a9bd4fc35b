"""The sheets of an XLSForm, read back into the document of an instrument.

First the document is read out of the cells that say something. Then the sheets are laid out
anew from it: every cell must be what it was, or somebody edited what only follows from the rest.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from amana.standards import instrument_file
from amana.standards.datafile import LANGUAGES, BadData, Place
from amana.standards.form_nodes import nodes_of
from amana.standards.instrument import Instrument
from amana.standards.instrument_file import STANDING, Of
from amana.standards.xlsform import sheets as laid
from amana.standards.xlsform.book import Row, Sheet
from amana.standards.xlsform.sheets import OWN, TONGUES, form_words, in_three

KINDS = {"select_multiple": "many", "select_one": "one", "integer": "number", "text": "text"}
BEGINS, ENDS = ("begin_group", "begin_repeat"), ("end_group", "end_repeat")
# Rows that only follow from others.
FOLLOWING = ("words", "skip")
# Columns that Kobo's own editor adds for itself.
OF_KOBO = ("$", "kobo--")
YES, NO = ("yes", "true", "true()", "1"), ("no", "false", "false()", "0", "")
FORM = "form"
# The columns that say which row is which, on every sheet.
NAMES = ("type", "name", laid.LIST_NAME)


def document_in(book: Mapping[str, Sequence[Row]], of: Of) -> dict[str, Any]:
    """Return the document of the instrument in the sheets of a workbook. Raises BadData."""
    reading = _Reading(book)
    document = reading.document()
    _leave_labels_to_indicators(document, of)
    instrument = _built(document, of, reading.places)
    _refuse_what_was_written_by_hand(instrument, reading)
    return document


def _leave_labels_to_indicators(document: dict[str, Any], of: Of) -> None:
    """Take away the wording of a question that is the label of its indicator.

    A label that was edited stays: it is the question's own wording from then on.
    """
    reads = document.get("reads_by")
    try:
        there = of(reads["name"], reads["version"]).reader.document if reads else document
        labels = {one["code"]: one["label"] for one in there["indicators"]}
    except (LookupError, TypeError):
        # The document is at fault, and the reading of it says where.
        return
    for section in document["sections"]:
        for question in section["questions"]:
            code = question.get("indicator")
            if code is not None and question.get("ask") == labels.get(code):
                del question["ask"]


def _built(document: dict[str, Any], of: Of, places: Mapping[str, str]) -> Instrument:
    """Return the instrument; a fault in the document is told by the cell that says it."""
    try:
        return instrument_file.read(Place(document, FORM), of)
    except BadData as fault:
        path = str(fault)
        at = [p for p in places if path.startswith(p) and path[len(p) : len(p) + 1] in ":.["]
        place = places[max(at, key=len)] if at else "survey!A1"
        raise BadData(f"{place}: {path}") from None


@dataclass
class _Section:
    """A section while its rows are read."""

    row: Row
    raw: dict[str, Any]
    questions: list[dict[str, Any]] = field(default_factory=list)


class _Reading:
    """One workbook on its way to a document."""

    def __init__(self, book: Mapping[str, Sequence[Row]]) -> None:
        for name in ("survey", "choices", "settings"):
            if not book.get(name):
                raise BadData(
                    f"{name}!A1: this sheet is missing or empty; no XLSForm is without it"
                )
        self.survey, self.choices = book["survey"], book["choices"]
        self.settings = book["settings"][0]
        for row in (*self.survey, *self.choices):
            _refuse_other_columns(row, laid.SURVEY if row.sheet == "survey" else laid.CHOICES)
        self._refuse_other_kinds()
        if not book.get("amana"):
            raise BadData(
                "amana!A1: this sheet is missing or empty: a form from elsewhere has no signs and"
                " no rules; export an instrument and edit that"
            )
        self.amana = book["amana"]
        self.lists: dict[str, list[Row]] = {}
        for row in self.choices:
            self.lists.setdefault(row[laid.LIST_NAME], []).append(row)
        self.asked_lists: dict[str, Row] = {}
        # Where in the sheets each part of the document is said.
        self.places: dict[str, str] = {}
        self.standing_said: dict[str, dict[str, str]] = {}

    def _refuse_other_kinds(self) -> None:
        for row in self.survey:
            kind = row["type"].partition(" ")[0]
            if kind not in {*KINDS, *BEGINS, *ENDS, "note"}:
                raise row.bad("type", f"{row['type']!r} is no kind of question of an instrument")
            if kind == "note" and row[laid.ROLE] != "hint":
                raise row.bad("type", "a note is only read as the hint of a section")
            if kind not in ENDS and not row["name"]:
                raise row.bad("name", "is missing")

    def document(self) -> dict[str, Any]:
        document = self._said_in_amana()
        document |= {"name": self.settings["form_id"], "version": self.settings["version"]}
        self.places |= {
            f"{FORM}.name": self.settings.place("form_id"),
            f"{FORM}.version": self.settings.place("version"),
        }
        if isinstance(document.get("title"), dict):
            document["title"]["fr"] = self.settings["form_title"]
            self.places[f"{FORM}.title.fr"] = self.settings.place("form_title")
        document["sections"] = list(self._sections())
        for one in document.get("standing", []):
            if isinstance(one, dict) and one.get("id") in self.standing_said:
                one["label"] = self.standing_said[one["id"]]
        return document

    def _said_in_amana(self) -> dict[str, Any]:
        texts: dict[str, str] = {}
        for row in self.amana:
            key, so_far = row[laid.KEY], self.places.get(f"{FORM}.{row[laid.KEY]}")
            texts[key] = texts.get(key, "") + row[laid.JSON]
            self.places[f"{FORM}.{key}"] = so_far or row.place(laid.JSON)
        found = {}
        for key, text in texts.items():
            if key in laid.SAID_ELSEWHERE:
                raise BadData(f"{self.places[f'{FORM}.{key}']}: {key!r} is said elsewhere")
            found[key] = _json(text, self.places[f"{FORM}.{key}"])
        return found

    # What is asked.

    def _sections(self) -> Iterator[dict[str, Any]]:
        """Give the instrument's own sections; those taken over are compared later, not read."""
        section: _Section | None = None
        number = 0
        for row in self.survey:
            if row[laid.FROM] or row[laid.ROLE] in FOLLOWING:
                self._note_list(row)
            elif section is None:
                section = self._begun(row)
                self.places[f"{FORM}.sections[{number}]"] = row.place("name")
            elif row["type"] in ENDS:
                yield section.raw | {"questions": section.questions}
                section, number = None, number + 1
            else:
                self._say_in(section, row, f"{FORM}.sections[{number}]")
        if section is not None:
            raise section.row.bad("type", "this section has no end")

    def _begun(self, row: Row) -> _Section:
        if row["type"] not in BEGINS:
            raise row.bad("type", "stands outside every section")
        return _Section(row, self._section(row))

    def _say_in(self, section: _Section, row: Row, at: str) -> None:
        if row["type"] in BEGINS:
            raise row.bad("type", "a section inside a section is not read")
        if row[laid.ROLE] == "hint":
            section.raw["hint"] = _words(row, "label")
        else:
            at = f"{at}.questions[{len(section.questions)}]"
            section.questions.append(self._question(row, at))

    def _note_list(self, row: Row) -> None:
        kind, _, name = row["type"].partition(" ")
        if KINDS.get(kind) in {"many", "one"}:
            self.asked_lists.setdefault(name, row)

    def _section(self, row: Row) -> dict[str, Any]:
        is_repeat = row["type"] == "begin_repeat"
        raw = {"id": row[laid.ID] or row["name"], "title": _words(row, "label")}
        raw["layout"] = "together" if row["appearance"] == laid.TOGETHER else "each"
        raw |= _own(row)
        if is_repeat != ("repeats" in raw):
            raise row.bad(f"{OWN}repeats", "is said of a begin_repeat, and of nothing else")
        return raw

    def _question(self, row: Row, at: str) -> dict[str, Any]:
        kind, _, name = row["type"].partition(" ")
        self._note_list(row)
        self.places[at] = row.place("name")
        raw: dict[str, Any] = {"id": row[laid.ID] or row["name"], **_own(row)}
        is_new = "kind" not in raw
        raw.setdefault("kind", KINDS[kind])
        self._say_whether_required(row, raw)
        for key, header in (("ask", "label"), ("hint", "hint")):
            if any(row[column] for column in in_three(header)):
                raw[key] = _words(row, header)
        if any(row[column] for column in in_three("guidance_hint")):
            raw["child_ask"] = _without_address(_words(row, "guidance_hint"))
        if is_new:
            raw |= self._silences(raw["kind"], name)
        for one in self.lists.get(name, []):
            if one["name"] in _standing(raw):
                self.standing_said.setdefault(one["name"], _words(one, "label"))
        if "answers" in laid.said_of_question(raw):
            raw["answers"] = list(self._answers(row, name, _standing(raw), at))
        return raw

    def _say_whether_required(self, row: Row, raw: dict[str, Any]) -> None:
        is_coded = raw["kind"] in laid.TYPES
        said = _flag(row, "required")
        if said != raw.get("required", is_coded):
            raw["required"] = said

    def _silences(self, kind: str, name: str) -> dict[str, Any]:
        """Return what a question that was added by hand does not say of itself."""
        if kind not in {"many", "one"}:
            return {}
        there = {row["name"] for row in self.lists.get(name, [])}
        return {"words": False, "standing": [one for one in STANDING if one in there]}

    def _answers(
        self, asked: Row, name: str, standing: Sequence[str], at: str
    ) -> Iterator[dict[str, Any]]:
        if name not in self.lists:
            raise asked.bad("type", f"the sheet `choices` has no list {name!r}")
        n = 0
        for row in self.lists[name]:
            if row["name"] in standing:
                continue
            answer = {"id": row["name"], "label": _words(row, "label")}
            answer["codes"] = row[laid.ANSWER_CODES].split()
            if row[laid.ANSWER_WHEN]:
                place = row.place(laid.ANSWER_WHEN)
                answer["when"] = _json(row[laid.ANSWER_WHEN], place)
            self.places[f"{at}.answers[{n}]"] = row.place("name")
            n += 1
            yield answer


def _refuse_other_columns(row: Row, known: Sequence[str]) -> None:
    for header in row.cells:
        if header not in known and not header.startswith(OF_KOBO):
            raise row.bad(header, "this column is none that an instrument has")


def _standing(raw: Mapping[str, Any]) -> Sequence[str]:
    """Return the standing answers of a question, said or where it is silent."""
    if "standing" in raw:
        return list(raw["standing"])
    if raw["kind"] == "many":
        return STANDING
    has_answers = raw["kind"] == "yesno" or (raw["kind"] == "one" and "list" not in raw)
    return STANDING[1:] if has_answers else ()


def _words(row: Row, begins: str) -> dict[str, str]:
    """Return what three columns say; one that is empty is a fault."""
    for column in in_three(begins):
        if not row[column].strip():
            raise row.bad(column, "is empty: everything is said in French, Arabic and English")
    return {language: row[f"{begins}::{TONGUES[language]}"] for language in LANGUAGES}


def _without_address(words: Mapping[str, str]) -> dict[str, str]:
    address = form_words("TO_A_CHILD")
    return {
        language: text.removeprefix(f"{address.said_in(language)} ")
        for language, text in words.items()
    }


def _own(row: Row) -> dict[str, Any]:
    """Return what our own columns say of a question or a section."""
    found: dict[str, Any] = {
        key: reads(row, f"{OWN}{key}")
        for keys, reads in _READS
        for key in keys
        if row[f"{OWN}{key}"]
    }
    if row[laid.MORE]:
        more = _json(row[laid.MORE], row.place(laid.MORE))
        if not isinstance(more, dict):
            raise row.bad(laid.MORE, "must be an object in JSON")
        found |= more
    return found


def _ids(row: Row, header: str) -> list[str]:
    said = row[header].split()
    return [] if said == [laid.NOTHING] else said


def _flag(row: Row, header: str) -> bool:
    said = row[header].strip().lower()
    if said not in (*YES, *NO):
        raise row.bad(header, f"{row[header]!r} is neither yes nor no")
    return said in YES


def _number(row: Row, header: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,15}", row[header]):
        raise row.bad(header, f"{row[header][:40]!r} is no whole number")
    return int(row[header])


def _json(text: str, place: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as fault:
        raise BadData(f"{place}: is not JSON: {fault}") from None


_READS: tuple[tuple[Sequence[str], Callable[[Row, str], Any]], ...] = (
    (laid.TEXTS, lambda row, header: row[header]),
    (laid.LISTS, _ids),
    (laid.FLAGS, _flag),
    (laid.NUMBERS, _number),
    (("when",), lambda row, header: _json(row[header], row.place(header))),
)


# What follows from the rest.


def _refuse_what_was_written_by_hand(instrument: Instrument, reading: _Reading) -> None:
    survey, choices, settings, _ = laid.sheets_of(instrument)
    _compare_survey(survey, reading, instrument)
    _compare_choices(choices, reading, instrument)
    for header in ("default_language", "style"):
        _compare_cell(reading.settings, header, settings.rows[0].get(header, ""))


def _compare_survey(expected: Sheet, reading: _Reading, instrument: Instrument) -> None:
    nodes = nodes_of(instrument)
    own = {nodes.questions[q.id] for q in instrument.questions if laid.list_of(q) == q.id}
    for number, wanted in enumerate(expected.rows):
        if number >= len(reading.survey):
            raise BadData(f"survey!A{reading.survey[-1].number + 1}: {_row_of(wanted)} is missing")
        row = reading.survey[number]
        for header in ("name", "type", *laid.SURVEY):
            # These are what the rest follows from, but for what was taken over.
            if header.startswith((OWN, "guidance_hint")) and not wanted.get(laid.FROM):
                continue
            if header == "type" and wanted.get("name") in own and _asks_alike(row, wanted):
                continue
            given = ("yes" if _flag(row, header) else "") if header == "required" else row[header]
            _compare_cell(row, header, wanted.get(header, ""), given)
    if len(reading.survey) > len(expected.rows):
        raise reading.survey[len(expected.rows)].bad("type", "this row follows from nothing")


def _asks_alike(row: Row, wanted: Mapping[str, str]) -> bool:
    """Say whether only the list is named otherwise: a list of one's own may have any name."""
    return row["type"].partition(" ")[0] == wanted["type"].partition(" ")[0]


def _row_of(wanted: Mapping[str, str]) -> str:
    return f"{wanted['type']} {wanted.get('name', '')}".strip()


def _compare_choices(expected: Sheet, reading: _Reading, instrument: Instrument) -> None:
    """Compare each list by name, whatever the order in which the lists stand."""
    nodes = nodes_of(instrument)
    names = {
        row["name"]: row["type"].partition(" ")[2] for row in reading.survey if " " in row["type"]
    }
    wanted: dict[str, list[Mapping[str, str]]] = {}
    for cells in expected.rows:
        wanted.setdefault(cells[laid.LIST_NAME], []).append(cells)
    seen = set()
    for name, rows in wanted.items():
        node = nodes.questions.get(name, name)
        given_name = names.get(node, name) if name in nodes.questions else name
        seen.add(given_name)
        _compare_list(rows, reading.lists.get(given_name, []), name)
    for name, given in reading.lists.items():
        if name not in seen:
            raise given[0].bad(laid.LIST_NAME, f"no question asks the list {name!r}")


def _compare_list(wanted: Sequence[Mapping[str, str]], given: Sequence[Row], name: str) -> None:
    for number, cells in enumerate(wanted):
        if number >= len(given):
            raise BadData(f"choices!A1: the list {name!r} is without {cells['name']!r}")
        for header in ("name", *in_three("label"), laid.OFFERED):
            _compare_cell(given[number], header, cells.get(header, ""))
    if len(given) > len(wanted):
        raise given[len(wanted)].bad("name", "is more than this list can hold")


def _compare_cell(row: Row, header: str, wanted: str, given: str | None = None) -> None:
    found = row[header] if given is None else given
    if found == wanted:
        return
    why = "stands where another row must" if header in NAMES else "was changed by hand"
    raise row.bad(
        header, f"{why}: {_short(found)} here, {_short(wanted)} follows from the instrument"
    )


def _short(text: str) -> str:
    return repr(text if len(text) <= 120 else f"{text[:119]}…")
