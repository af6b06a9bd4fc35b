"""XLSForm: every instrument goes out whole, pyxform takes it, and it comes back without loss."""

import io
from typing import Any

import openpyxl
import pytest
from lxml import etree
from pyxform.xls2xform import convert

from amana.standards import xlsform
from amana.standards.datafile import BadData, Place
from amana.standards.instrument import Instrument
from amana.standards.instrument_file import read
from amana.standards.instruments import load_all, shelf

INSTRUMENTS = load_all()
RAPID = shelf().find("rapid-screening")
XFORMS = {"x": "http://www.w3.org/2002/xforms"}
every = pytest.mark.parametrize("instrument", INSTRUMENTS, ids=lambda i: i.name)


def straight(text: str) -> str:
    """Return a text as pyxform leaves it: it takes curly quotes for a slip of a text processor."""
    for curly, plain in (("’", "'"), ("‘", "'"), ("“", '"'), ("”", '"')):
        text = text.replace(curly, plain)
    return " ".join(text.replace("\u00a0", " ").replace("\u202f", " ").split())


def converted(data: bytes) -> Any:
    """Return the form that pyxform makes; it must have nothing to warn of."""
    warnings: list[str] = []
    result = convert(xlsform=data, file_type=".xlsx", validate=False, warnings=warnings)
    assert warnings == []
    return etree.fromstring(result.xform.encode())


@every
def test_every_instrument_comes_back_as_it_went(instrument: Instrument) -> None:
    back = xlsform.read(xlsform.export(instrument), shelf().find)

    assert back == instrument.document
    assert read(Place(back, "x"), shelf().find).version == instrument.version


@every
def test_pyxform_takes_every_instrument_in_three_languages(instrument: Instrument) -> None:
    form = converted(xlsform.export(instrument))

    languages = form.xpath("//x:translation/@lang", namespaces=XFORMS)
    assert [lang.rpartition("(")[2].rstrip(")") for lang in languages] == ["fr", "ar", "en"]
    text = straight("\n".join(form.itertext()))
    for question in instrument.questions:
        for words in (question.ask.fr, question.ask.ar, question.ask.en):
            assert straight(words)[:30] in text, question.id
    asked = {node.rpartition("/")[2] for node in form.xpath("//@nodeset")}
    assert {question.id for question in instrument.questions} <= asked


@every
def test_every_branch_is_a_relevance_and_every_check_a_constraint(instrument: Instrument) -> None:
    form = converted(xlsform.export(instrument))

    binds = {
        b.get("nodeset").rpartition("/")[2]: b for b in form.xpath("//x:bind", namespaces=XFORMS)
    }
    for section in instrument.sections:
        for question in section.questions:
            is_branch = question.when is not None
            assert not is_branch or binds[question.id].get("relevant"), question.id
    for check in instrument.checks:
        assert binds[check.at].get("constraint"), check.code


def edited(instrument: Instrument, sheet: str, find: str, column: str, put: str) -> bytes:
    """Return an exported form in which somebody wrote something else into one cell."""
    book = openpyxl.load_workbook(io.BytesIO(xlsform.export(instrument)))
    page = book[sheet]
    header = {cell.value: cell.column for cell in page[1]}
    row = next(r for r in range(2, page.max_row + 1) if page.cell(r, header["name"]).value == find)
    page.cell(row, header[column]).value = put
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_words_that_a_team_changed_come_back_changed() -> None:
    label = next(
        cell.value
        for cell in openpyxl.load_workbook(io.BytesIO(xlsform.export(RAPID)))["survey"][1]
        if str(cell.value).startswith("label") and "(fr)" in str(cell.value)
    )
    back = xlsform.read(
        edited(RAPID, "survey", "q05", label, "Avez-vous une dette ?"), shelf().find
    )

    asked = {q["id"]: q for q in back["sections"][-1]["questions"]}
    assert asked["q05"]["ask"]["fr"] == "Avez-vous une dette ?"
    assert asked["q05"]["ask"]["ar"] == RAPID.document["sections"][-1]["questions"][4]["ask"]["ar"]


@pytest.mark.parametrize(
    ("column", "put"), [("relevant", "1 = 1"), ("constraint", "true()"), ("type", "audio")]
)
def test_a_branch_that_somebody_rewrote_is_refused_by_its_cell(column: str, put: str) -> None:
    with pytest.raises(BadData, match=r"survey") as refused:
        xlsform.read(edited(RAPID, "survey", "minor", column, put), shelf().find)

    assert any(mark.isdigit() for mark in str(refused.value))


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"name,type\n", b"\x00" * 100])
def test_what_is_no_sheet_is_refused(data: bytes) -> None:
    with pytest.raises(BadData):
        xlsform.read(data, shelf().find)


def test_a_sheet_of_fifty_megabytes_is_refused_before_it_is_opened() -> None:
    with pytest.raises(BadData):
        xlsform.read(b"PK\x03\x04" + b"\x00" * 50_000_000, shelf().find)


def test_a_form_of_strangers_is_refused_with_words() -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = "survey"
    page.append(["type", "name", "label"])
    page.append(["text", "who", "Who?"])
    out = io.BytesIO()
    book.save(out)

    with pytest.raises(BadData):
        xlsform.read(out.getvalue(), shelf().find)


def test_no_cell_is_ever_a_formula() -> None:
    document = {**RAPID.document, "edition": "=HYPERLINK(1)"}
    spoilt = read(Place(document, "x"), shelf().find)

    book = openpyxl.load_workbook(io.BytesIO(xlsform.export(spoilt)))

    assert not [c for page in book for row in page for c in row if c.data_type == "f"]
    assert xlsform.read(xlsform.export(spoilt), shelf().find) == document
