"""Instruments as XLSForms: nothing is lost, Kobo and ODK can use them, and no edit slips by."""

import io
import json
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from pyxform.xls2xform import convert

from amana.standards import instrument_file, xlsform
from amana.standards.datafile import BadData, Place
from amana.standards.instrument import Instrument
from amana.standards.instruments import shelf
from amana.standards.xlsform import book as books
from amana.standards.xlsform.book import Sheet, opened, written

INSTRUMENTS = shelf().every()
RAPID = shelf().find("rapid-screening")
FULL = shelf().find("full-interview")
FIELD = shelf().find("field-catalogue")
LABEL_FR, LABEL_EN = "label::Français (fr)", "label::English (en)"
find = shelf().find


def by_name(instrument: Instrument) -> str:
    return instrument.name


def variant(instrument: Instrument, change: Callable[[dict[str, Any]], None]) -> Instrument:
    """Return an instrument whose document was changed."""
    document = json.loads(json.dumps(instrument.document))
    change(document)
    return instrument_file.read(Place(document, "variant"), find)


def edited(instrument: Instrument, edit: Callable[[Any], None]) -> bytes:
    """Return an exported workbook after a hand edited it."""
    book = load_workbook(io.BytesIO(xlsform.export(instrument)))
    edit(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def column(page: Worksheet, header: str) -> int:
    found: int = next(cell.column for cell in page[1] if cell.value == header)
    return found


def row(page: Worksheet, header: str, value: str) -> int:
    at = column(page, header)
    return next(r for r in range(2, page.max_row + 1) if page.cell(r, at).value == value)


def put(page: Worksheet, name: str, header: str, value: object) -> None:
    page.cell(row(page, "name", name), column(page, header)).value = value


def refused(data: bytes) -> str:
    with pytest.raises(BadData) as fault:
        xlsform.read(data, find)
    return str(fault.value)


@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=by_name)
def test_every_instrument_comes_back_without_loss(instrument: Instrument) -> None:
    assert xlsform.read(xlsform.export(instrument), find) == instrument.document


@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=by_name)
def test_pyxform_takes_every_instrument_in_three_languages_and_warns_of_nothing(
    instrument: Instrument,
) -> None:
    warnings: list[str] = []

    made = convert(xlsform.export(instrument), warnings=warnings, file_type=".xlsx").xform

    assert warnings == []
    assert f'<data id="{instrument.name}" version="{instrument.version}">' in made
    for language in ("Français (fr)", "العربية (ar)", "English (en)"):
        assert f'<translation lang="{language}"' in made
    assert 'lang="Français (fr)" default="true()"' in made
    for question in instrument.questions:
        assert f'/{question.id}"' in made, question.id


def test_sections_taken_over_are_in_the_form_and_are_not_the_instruments_own_on_the_way_back() -> (
    None
):
    survey = opened(xlsform.export(RAPID))["survey"]

    taken = [line for line in survey if line["amana::from"]]
    assert {"minor", "situation"} <= {line["name"] for line in taken}
    assert {line["amana::from"] for line in taken} == {"field-catalogue 2026-11-26"}
    read = xlsform.read(xlsform.export(RAPID), find)
    assert [s["id"] for s in read["sections"]] == ["questions"]


def test_what_a_team_edits_comes_back_edited() -> None:
    def edit(book: Any) -> None:
        survey, choices = book["survey"], book["choices"]
        put(survey, "q01", LABEL_EN, "Are you safe?")
        put(survey, "q01", "hint::English (en)", "Look around.")
        put(survey, "q01", "guidance_hint::English (en)", "Is anyone here bad to you?")
        put(choices, "safe", LABEL_FR, "Oui")
        put(choices, "threatened", "amana_codes", "P1 P3")
        book["settings"]["A2"] = "Dépistage très rapide"
        book["settings"]["C2"] = "2026-12-24"

    read = xlsform.read(edited(RAPID, edit), find)

    question = read["sections"][0]["questions"][0]
    assert question["ask"]["en"] == "Are you safe?"
    assert question["hint"]["en"] == "Look around."
    assert question["child_ask"]["en"] == "Is anyone here bad to you?"
    assert question["answers"][0]["label"]["fr"] == "Oui"
    assert question["answers"][1]["codes"] == ["P1", "P3"]
    assert (read["title"]["fr"], read["version"]) == ("Dépistage très rapide", "2026-12-24")
    before = json.loads(json.dumps(RAPID.document))
    assert read["rules" if "rules" in read else "reads_by"] == before["reads_by"]


def test_an_answer_and_a_question_that_a_team_adds_come_back() -> None:
    def edit(book: Any) -> None:
        survey, choices = book["survey"], book["choices"]
        end = row(survey, "name", "q12_words") + 1
        survey.insert_rows(end)
        cells = {"type": "select_one colour", "name": "cap", "required": "TRUE"}
        cells |= {f"label::{x}": "لون؟" for x in ("Français (fr)", "العربية (ar)", "English (en)")}
        for header, value in cells.items():
            survey.cell(end, column(survey, header)).value = value
        for name in ("red", "unknown"):
            last = choices.max_row + 1
            choices.cell(last, column(choices, "list_name")).value = "colour"
            choices.cell(last, column(choices, "name")).value = name
            for header in (LABEL_FR, "label::العربية (ar)", LABEL_EN):
                words = {"red": dict.fromkeys("123", "أحمر")}.get(name)
                known = choices.cell(row(choices, "name", "unknown"), column(choices, header)).value
                choices.cell(last, column(choices, header)).value = words["1"] if words else known

    added = xlsform.read(edited(RAPID, edit), find)["sections"][0]["questions"][-1]

    assert (added["id"], added["kind"], added["standing"]) == ("cap", "one", ["unknown"])
    assert [a["id"] for a in added["answers"]] == ["red"]
    assert added["answers"][0]["codes"] == []


def test_the_label_of_an_indicator_that_a_team_rewords_becomes_the_questions_own() -> None:
    data = edited(FIELD, lambda book: put(book["survey"], "sign_t1", LABEL_EN, "Brought here"))

    asked = next(
        q
        for s in xlsform.read(data, find)["sections"]
        for q in s["questions"]
        if q["id"] == "sign_t1"
    )

    assert asked["ask"]["en"] == "Brought here"
    assert asked["indicator"] == "T1"


def test_a_standing_answer_is_reworded_everywhere_or_not_at_all() -> None:
    def everywhere(book: Any) -> None:
        page = book["choices"]
        for r in range(2, page.max_row + 1):
            if page.cell(r, column(page, "name")).value == "declined":
                page.cell(r, column(page, LABEL_EN)).value = "Would rather not say"

    read = xlsform.read(edited(FIELD, everywhere), find)
    once = refused(edited(FIELD, lambda book: put(book["choices"], "unknown", LABEL_EN, "?")))

    assert read["standing"][2]["label"]["en"] == "Would rather not say"
    assert once.startswith("choices!")


@pytest.mark.parametrize(
    ("name", "header", "value"),
    [
        ("before", "relevant", "true()"),
        ("before", "relevant", None),
        ("journey", "type", "begin_group"),
        ("child_school", "relevant", "${minor} = 'yes'"),
        ("event_date", "constraint", None),
        ("talk_today_words", LABEL_EN, "Write here"),
        ("minor", LABEL_EN, "Is this a child?"),
        ("minor", "amana::kind", "many"),
        ("before", "amana::when", '{"has": ["child"]}'),
        ("forms", "type", "select_one forms"),
        ("forms", "choice_filter", "true()"),
    ],
)
def test_what_only_follows_from_the_instrument_cannot_be_changed_by_hand(
    name: str, header: str, value: str | None
) -> None:
    """The rule is raw data; an XPath written by hand would part the form from the rule."""
    book = load_workbook(io.BytesIO(xlsform.export(FULL)))
    page = book["survey"]
    number = row(page, "name", name)

    said = refused(edited(FULL, lambda book: put(book["survey"], name, header, value)))

    # Where a raw condition was changed, the first XPath that no longer follows is named.
    first = number - 1 if header == "amana::when" else number
    assert re.match(rf"survey![A-Z]+{first}:", said)
    assert header in said or "amana::" in (header + said)


def test_a_row_taken_out_or_put_in_is_named() -> None:
    def take_out(book: Any) -> None:
        book["survey"].delete_rows(row(book["survey"], "name", "q01_words"))

    def take_standing(book: Any) -> None:
        book["choices"].delete_rows(row(book["choices"], "name", "declined"))

    assert refused(edited(RAPID, take_out)).startswith("survey!")
    assert "declined" in refused(edited(RAPID, take_standing))


def other_form() -> bytes:
    """An XLSForm of somebody else's."""
    survey = {"type": "text", "name": "who"} | {
        f"label::{x}": "اسم" for x in ("Français (fr)", "العربية (ar)", "English (en)")
    }
    return written(
        [
            Sheet("survey", list(survey), [survey]),
            Sheet("choices", ["list_name", "name"], [{"list_name": "a", "name": "b"}]),
            Sheet("settings", ["form_id"], [{"form_id": "theirs"}]),
        ]
    )


def spoiled(name: str, header: str, value: str) -> bytes:
    return edited(RAPID, lambda book: put(book["survey"], name, header, value))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "XLSX"),
        (b"PK\x03\x04 not a zip", "XLSX"),
        (other_form(), "amana!A1"),
        (edited(RAPID, lambda book: book.remove(book["choices"])), "choices!A1"),
        (spoiled("q01", "type", "geopoint"), "geopoint"),
        (spoiled("q01", "type", "select_multiple nowhere"), "nowhere"),
        (spoiled("q01", LABEL_FR, ""), "is empty"),
        (spoiled("q01", LABEL_FR, "=1+1"), "formula"),
        (spoiled("q01", "required", "${minor} = 'no'"), "neither yes nor no"),
        (spoiled("q01", "amana::when", "{"), "is not JSON"),
        (spoiled("q01", "amana::when", '{"has": ["nobody.said"]}'), "leads nowhere"),
        (spoiled("q01", "amana::more", "[1]"), "must be an object"),
        (spoiled("q01", "name", "child"), "word of the conditions"),
        (edited(RAPID, lambda b: b["survey"].cell(1, 60, "calculation")), ""),
    ],
)
def test_a_workbook_at_fault_is_refused_and_the_fault_named(data: bytes, said: str) -> None:
    if said:
        assert said in refused(data)
    else:
        # A header without any cell under it says nothing, and takes nothing away.
        assert xlsform.read(data, find) == RAPID.document


def test_a_fault_of_the_instrument_is_told_by_its_cell() -> None:
    data = edited(RAPID, lambda book: put(book["choices"], "threatened", "amana_codes", "QQ"))
    page = load_workbook(io.BytesIO(data))["choices"]

    said = refused(data)

    assert said.startswith(f"choices!B{row(page, 'name', 'threatened')}:")
    assert "QQ" in said


def test_a_column_that_would_be_lost_is_refused() -> None:
    def edit(book: Any) -> None:
        page = book["survey"]
        page.cell(1, page.max_column + 1).value = "calculation"
        page.cell(3, page.max_column).value = "1 + 1"

    assert "calculation" in refused(edited(RAPID, edit))


def test_no_text_becomes_a_formula() -> None:
    def begin_badly(document: dict[str, Any]) -> None:
        for language, text in (("fr", "=1+1"), ("ar", "@سلام"), ("en", "+2-3")):
            document["sections"][0]["questions"][0]["ask"][language] = text

    instrument = variant(RAPID, begin_badly)
    data = xlsform.export(instrument)

    cells = [
        cell
        for line in load_workbook(io.BytesIO(data))["survey"].iter_rows()
        for cell in line
        if str(cell.value).startswith(("=", "@", "+"))
    ]
    assert len(cells) == 3
    assert all(cell.data_type == "s" and cell.quotePrefix for cell in cells)
    assert xlsform.read(data, find) == instrument.document


def test_ids_that_a_form_keeps_for_itself_are_given_other_names() -> None:
    def rename(document: dict[str, Any]) -> None:
        document["sections"][0]["id"] = "q01"
        document["sections"][0]["questions"][1]["id"] = "meta"
        document["sections"][0]["questions"][2]["id"] = "q01_words"
        document["contradictions"] = []

    instrument = variant(RAPID, rename)

    data = xlsform.export(instrument)

    assert xlsform.read(data, find) == instrument.document
    assert convert(data, warnings=[], file_type=".xlsx").xform


def test_keys_that_say_nothing_for_their_kind_are_kept_too() -> None:
    def add(document: dict[str, Any]) -> None:
        questions = document["sections"][0]["questions"]
        answers = questions[0]["answers"]
        say = questions[0]["ask"]
        extra = [
            {"id": "t1", "kind": "text", "ask": say, "answers": answers, "required": True},
            {"id": "y1", "kind": "yesno", "ask": say, "codes": [], "standing": []},
            {"id": "o1", "kind": "one", "ask": say, "list": "SEX", "answers": answers},
            {"id": "n1", "kind": "number", "ask": say, "least": -5, "required": False},
            {"id": "m1", "kind": "many", "ask": say, "answers": answers, "words": True,
             "required": True, "standing": ["none", "unknown", "declined"]},
        ]  # fmt: skip
        questions.extend(extra)

    instrument = variant(RAPID, add)

    assert xlsform.read(xlsform.export(instrument), find) == instrument.document


def test_a_long_value_is_cut_into_cells_and_put_together() -> None:
    instrument = variant(RAPID, lambda document: document.update(edition="é" * 70_000))

    data = xlsform.export(instrument)

    assert len([r for r in opened(data)["amana"] if r["key"] == "edition"]) == 5
    assert xlsform.read(data, find) == instrument.document


def test_what_no_xlsform_can_say_is_not_exported() -> None:
    def fill_in(document: dict[str, Any]) -> None:
        document["sections"][0]["questions"][0]["ask"]["en"] = "Are you ${name}?"

    def too_long(document: dict[str, Any]) -> None:
        document["sections"][0]["questions"][0]["ask"]["en"] = "a" * 32_768

    for change, said in ((fill_in, "q01"), (too_long, "too long")):
        with pytest.raises(BadData, match=said):
            xlsform.export(variant(RAPID, change))


@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60))
def test_any_words_come_back_as_they_were(text: str) -> None:
    if not text.strip() or "${" in text:
        return

    cells = {"a": text, "b": f"={text}", "c": f"_x0041_{text}\n"}

    assert opened(written([Sheet("s", list(cells), [cells])]))["s"][0].cells == cells


def test_a_workbook_that_unpacks_too_far_is_refused_before_it_is_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/worksheets/sheet1.xml", b"0" * (books.LARGEST_UNPACKED + 1))

    assert "unpacks to more" in refused(out.getvalue())
    assert "larger than" in refused(b"0" * (books.LARGEST_FILE + 1))


def test_a_cell_far_out_is_refused() -> None:
    book = Workbook()
    book.active["XFD1048576"] = "far"
    out = io.BytesIO()
    book.save(out)

    assert "beyond" in refused(out.getvalue())
