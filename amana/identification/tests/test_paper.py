"""The form on paper asks what the screen asks, in the same order, and gives nobody away."""

import re
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from typing import Any

import pikepdf
import pytest
import zxingcpp
from PIL import Image

from amana.identification import paper
from amana.identification.answers import SKIPPED
from amana.look.paper import SHEETS, CannotPrint, pdf
from amana.look.tests.marks import marked
from amana.standards import codes
from amana.standards.datafile import LANGUAGES
from amana.standards.instrument import Instrument
from amana.standards.instruments import shelf

FORMS = [(i.name, i.version, language) for i in shelf().every() for language in LANGUAGES]
every_form = pytest.mark.parametrize(("name", "version", "language"), FORMS)
# Signs of direction, which a program that reads a page adds for itself.
TURNS = dict.fromkeys([*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A)])


@cache
def printed(name: str, version: str, language: str) -> bytes:
    return paper.form_pdf(shelf().find(name, version), language)


@cache
def form(name: str, version: str, language: str) -> dict[str, Any]:
    return paper.form(shelf().find(name, version), language)


def poppler(tool: str, *arguments: str, sheet: bytes) -> bytes:
    """Return what a program of poppler says about a sheet."""
    if shutil.which(tool) is None:
        pytest.skip("poppler-utils is not installed here")
    asked = [tool, *arguments]
    return subprocess.run(asked, input=sheet, capture_output=True, check=True).stdout


def letters(text: str) -> str:
    """Return the letters of a text as a reader sees them, wherever its lines break.

    The typesetter names an Arabic letter with a vowel twice, once for the letter and once for the
    vowel over it: what stands twice with its vowel counts once, and vowels are left out.
    """
    text = unicodedata.normalize("NFKC", text).translate(TURNS)
    text = re.sub(r"(\w[\u064b-\u0655]+)\1+", r"\1", text)
    return "".join(
        c
        for c in unicodedata.normalize("NFD", text)
        if not unicodedata.combining(c) and not c.isspace()
    )


@cache
def read(name: str, version: str, language: str) -> str:
    """Return everything that a reader of the printed pages finds."""
    sheet = printed(name, version, language)
    if language == "ar":
        return letters(set_from_the_right(sheet))
    return letters(poppler("pdftotext", "-raw", "-", "-", sheet=sheet).decode())


def set_from_the_right(sheet: bytes) -> str:
    """Return the text of pages set from the right, in the order in which one reads it.

    Poppler loses the order where a vowel stands, so the page is read as its standard says: what is
    drawn lies from left to right, inside ReversedChars letter by letter.
    """
    with pikepdf.open(BytesIO(sheet)) as document:
        return "\n".join(line for page in document.pages for line in _lines(page))


def _lines(page: Any) -> Iterator[str]:
    """Give the lines of a page: pieces on one height, each to the right of the one before.

    But for a vowel, which may lie a little before its letter.
    """
    line: list[str] = []
    last_x = last_y = 0.0
    for x, y, piece in _pieces(page):
        if line and (abs(y - last_y) > 5 or x < last_x - 4):
            yield "".join(reversed(line))
            line = []
        line += piece
        last_x, last_y = x, y
    yield "".join(reversed(line))


def _pieces(page: Any) -> Iterator[tuple[float, float, list[str]]]:
    """Give each piece of text with its place: its letters, or words that run from the left."""
    fonts = {key: _letters_of(font) for key, font in page.Resources.Font.items()}
    font: dict[int, str] = {}
    piece: list[str] = []
    x = y = 0.0
    for operator, operands, marks in marked(page):
        match operator:
            case "cm":
                x, y = float(operands[4]), float(operands[5])
            case "Tf":
                font = fonts[str(operands[0])]
            case "BDC" if marks[-1] == "/ActualText":
                piece.append(str(operands[1].ActualText))
            case "TJ" | "Tj" if "/ActualText" not in marks:
                text = _shown(operands[0], font)
                piece += text if "/ReversedChars" in marks else ["".join(text)]
            case "ET":
                yield x, y, piece
                piece = []


def _letters_of(font: Any) -> dict[int, str]:
    table = font.ToUnicode.read_bytes().decode()
    return {
        int(glyph, 16): bytes.fromhex(text).decode("utf-16-be")
        for block in re.findall(r"beginbfchar(.*?)endbfchar", table, re.DOTALL)
        for glyph, text in re.findall(r"<(\w+)>\s*<(\w+)>", block)
    }


def _shown(operand: Any, font: dict[int, str]) -> list[str]:
    parts = operand if isinstance(operand, pikepdf.Array) else [operand]
    data = b"".join(bytes(part) for part in parts if isinstance(part, pikepdf.String))
    return [font[int.from_bytes(data[at : at + 2])] for at in range(0, len(data), 2)]


def spoken(data: dict[str, Any]) -> Iterator[str]:
    """Give every sentence of a form, as the person with the pen reads it."""
    for section in data["sections"]:
        yield from (section["title"], section["hint"], section["when"])
        for question in section["questions"]:
            yield from (question["ask"], question["child_ask"], question["hint"], question["when"])
            for answer in (*question["answers"], *question["standing"]):
                yield from (answer["label"], answer["when"])


def turned(said: str) -> str:
    """Return Arabic as `set_from_the_right` finds it.

    A law's number keeps its own direction, and so comes the other way round to who reads from
    the right. Were it not isolated on the paper, it would not.
    """
    return re.sub(r"(\d+)-(\d+)", r"\2-\1", said)


@every_form
def test_every_question_and_every_answer_is_on_the_paper(
    name: str, version: str, language: str
) -> None:
    data, text = form(name, version, language), read(name, version, language)

    said = [turned(s) if language == "ar" else s for s in spoken(data)]
    assert [s for s in said if letters(s) not in text] == []


@every_form
def test_nothing_of_the_instrument_is_left_off(name: str, version: str, language: str) -> None:
    instrument, data = shelf().find(name, version), form(name, version, language)
    questions = [q for s in data["sections"] for q in s["questions"]]

    assert [q["id"] for q in questions] == [q.id for q in instrument.questions]
    assert [q["number"] for q in questions] == [str(n + 1) for n in range(len(questions))]
    for on_paper, asked in zip(questions, instrument.questions, strict=True):
        labels = [a["label"] for a in (*on_paper["answers"], *on_paper["standing"])]
        assert labels == [a.label.said_in(language) for a in asked.offered]
        assert bool(on_paper["when"]) == (asked.when is not None)


@every_form
def test_the_words_stand_in_the_order_of_the_screen(name: str, version: str, language: str) -> None:
    """A typist goes down the paper and down the screen with the same finger."""
    text, at = read(name, version, language), 0

    for question in (q for s in form(name, version, language)["sections"] for q in s["questions"]):
        found = text.find(letters(question["ask"]), at)
        assert found >= 0, question["id"]
        at = found


@every_form
def test_a_phone_reads_instrument_and_version_from_every_page(
    name: str, version: str, language: str
) -> None:
    sheet = printed(name, version, language)
    # The foot of all pages is one; every page of one long form stands for the others.
    last = [] if (name, language) == ("full-interview", "ar") else ["-l", "2"]
    drawn = poppler("pdftoppm", *last, "-r", "100", "-png", "-", sheet=sheet)
    pages = [b"\x89PNG" + page for page in drawn.split(b"\x89PNG")[1:]]

    assert pages
    for page in pages:
        (code,) = zxingcpp.read_barcodes(Image.open(BytesIO(page)))
        assert code.text == f"amana:instrument:{name}:{version}"


@every_form
def test_a_sheet_says_its_name_and_page_on_every_page(
    name: str, version: str, language: str
) -> None:
    sheet = printed(name, version, language)
    pages = poppler("pdftotext", "-", "-", sheet=sheet).decode().split("\f")[:-1]

    for number, page in enumerate(pages, 1):
        flat = letters(page)
        assert f"{name}·{version}" in flat
        assert f"{number}/{len(pages)}" in flat


# A sheet that lies around.


@every_form
def test_a_form_that_lies_around_betrays_nobody(name: str, version: str, language: str) -> None:
    data = form(name, version, language)

    assert not paper.betrays(data["headline"] + data["lead"])
    with pikepdf.open(BytesIO(printed(name, version, language))) as sheet:
        assert str(sheet.docinfo["/Title"]) == name
        assert set(sheet.docinfo) <= {"/Title", "/Creator", "/Producer"}
        meta = bytes(sheet.Root.Metadata.read_bytes()).decode()
    assert not paper.betrays(meta.replace(name, ""))


@pytest.mark.parametrize(
    "title",
    [
        "Indicateurs de la traite des êtres humains",
        "Trafficking for sexual exploitation",
        "مؤشرات الاتجار بالأشخاص",
    ],
)
def test_a_title_that_betrays_is_found(title: str) -> None:
    assert paper.betrays(title)


def test_a_title_that_betrays_is_not_the_headline() -> None:
    instrument = with_first_question({})
    object.__setattr__(instrument, "title", codes.values("CLASS")["TRAITE_PRESUMEE"])

    data = paper.form(instrument, "fr")

    assert data["headline"] == "Entretien"
    assert "raite" in data["small_print"][0]


def test_a_sheet_never_asks_for_a_full_name_and_says_so() -> None:
    for language, said in (("fr", "Aucun nom complet"), ("ar", "اسم كامل"), ("en", "No full name")):
        assert said in form("rapid-screening", "2026-11-26", language)["words"]["keep"]


@every_form
def test_what_is_only_proposed_says_so(name: str, version: str, language: str) -> None:
    said = {"proposed": {"fr": "proposé", "ar": "مقترح", "en": "proposed"}}
    mark = shelf().find(name, version).mark
    state = form(name, version, language)["facts"][0]["text"]

    assert said.get(mark, {}).get(language, "") in state
    assert letters(state) in read(name, version, language)


# Injection, letters, bytes.

TEMPLATE_WORDS = [
    '#panic("x") $x$ *bold* _em_',
    '#read("../paper.py")',
    '"), eval("1+1',
    "\\ #let a = 1 // <b>&amp;",
]


@pytest.mark.parametrize("planted", TEMPLATE_WORDS)
def test_words_that_look_like_a_template_come_out_as_words(planted: str) -> None:
    data = form("rapid-screening", "2026-11-26", "en")
    question = {**data["sections"][0]["questions"][0], "ask": planted}
    section = {**data["sections"][0], "questions": [question], "title": planted}

    sheet = pdf("form.typ", {**data, "sections": [section]})

    text = letters(poppler("pdftotext", "-", "-", sheet=sheet).decode())
    assert text.count(letters(planted)) == 2


def test_a_letter_that_no_font_has_is_refused_and_not_left_blank() -> None:
    data = form("rapid-screening", "2026-11-26", "en")

    with pytest.raises(CannotPrint, match="could not be displayed"):
        pdf("form.typ", {**data, "lead": "ⵣ"})


@every_form
def test_the_same_instrument_gives_the_same_bytes(name: str, version: str, language: str) -> None:
    assert paper.form_pdf(shelf().find(name, version), language) == printed(name, version, language)


@every_form
def test_the_paper_is_tagged_a4_in_its_language(name: str, version: str, language: str) -> None:
    with pikepdf.open(BytesIO(printed(name, version, language))) as sheet:
        assert str(sheet.Root.Lang).startswith(language)
        assert bool(sheet.Root.MarkInfo.Marked)
        assert b"pdfuaid" in sheet.Root.Metadata.read_bytes()
        for page in sheet.pages:
            assert [round(float(x)) for x in page.MediaBox] == [0, 0, 595, 842]


def test_the_fonts_are_those_beside_the_templates_and_small() -> None:
    fonts = list((SHEETS / "fonts").glob("*.ttf"))

    assert len(fonts) == 4
    assert sum(font.stat().st_size for font in fonts) < 700_000
    assert "SIL OPEN FONT LICENSE" in (SHEETS / "fonts" / "OFL.txt").read_text()
    with pikepdf.open(BytesIO(printed("rapid-screening", "2026-11-26", "ar"))) as sheet:
        names = {str(f.BaseFont) for p in sheet.pages for f in p.Resources.Font.values()}
    assert {n.split("+")[1].split("-")[0] for n in names} == {"NotoSans", "NotoNaskhArabic"}


# Arabic.


def places(page: Any) -> dict[str, float]:
    """Return how far to the right each piece of a page set from the right begins."""
    return {letters("".join(reversed(piece))): x for x, _, piece in _pieces(page)}


def test_arabic_letters_are_joined() -> None:
    """A letter has other shapes at the beginning, in the middle and at the end of a word."""
    with pikepdf.open(BytesIO(printed("rapid-screening", "2026-11-26", "ar"))) as sheet:
        tables = [_letters_of(font) for font in sheet.pages[0].Resources.Font.values()]
    shapes = [text for table in tables for text in table.values()]

    for letter in "بتسعكلمني":
        assert shapes.count(letter) >= 3, letter


def test_arabic_runs_from_the_right() -> None:
    with pikepdf.open(BytesIO(printed("rapid-screening", "2026-11-26", "ar"))) as sheet:
        found = places(sheet.pages[0])

    assert found[letters("رمز الوصل")] > found[letters("التاريخ")] > found[letters("المكان")]
    assert found[letters("أنثى")] > found[letters("ذكر")] > found[letters("آخر")]


def test_dates_and_codes_are_not_turned_around_in_arabic() -> None:
    """Year, month, day from left to right: a date that is turned around is another date."""
    with pikepdf.open(BytesIO(printed("full-interview", "2026-11-26", "ar"))) as sheet:
        found = [places(page) for page in sheet.pages]
        drawn = ["".join(piece) for page in sheet.pages for _, _, piece in _pieces(page)]
    day = next(page for page in found if letters("السنة") in page)

    assert day[letters("السنة")] < day[letters("الشهر")] < day[letters("اليوم")]
    assert "full-interview · " in drawn
    assert "2026-11-26" in drawn


# Conditions in words.


def with_first_question(changes: dict[str, Any]) -> Instrument:
    """Return an instrument of one's own, read from a file, its first question changed."""
    instrument = shelf().find("rapid-screening")
    return Instrument(**{**vars(instrument), **changes})


CONDITIONS = [
    ({"has": ["child"]}, "Only if: a child, or age in doubt"),
    ({"has": ["minor.no"]}, "Only if: question 6, “No”"),
    ({"has": ["q01.safe", "q01.awaited"]}, "Only if: question 13, “Yes, I feel safe” or “Someone"),
    ({"not": {"has": ["minor.no"]}}, "Unless: question 6, “No”"),
    ({"all": [{"has": ["adult"]}, {"not": {"has": ["C1"]}}]}, "Only if: an adult and not (sign “"),
    ({"number": "age", "below": 18}, "Only if: question 7, below 18"),
    ({"number": "age", "from": 18}, "Only if: question 7, 18 or more"),
    ({"number": "age", "from": 12, "below": 18}, "Only if: question 7, from 12 to below 18"),
    ({"has": ["C1", "C2"], "at_least": 2}, "Only if: at least 2 of: sign “"),
    (
        {
            "all": [
                {"has": ["child"]},
                {"any": [{"has": ["minor.no"]}, {"has": ["situation.alone"]}]},
            ]
        },
        "Only if: a child, or age in doubt and (question 6, “No” or question 9, “Alone”)",
    ),
]


@pytest.mark.parametrize(("when", "said"), CONDITIONS)
def test_a_branch_is_said_in_words_with_the_number_on_the_paper(
    when: dict[str, Any], said: str
) -> None:
    assert paper.spoken_condition(shelf().find("rapid-screening"), "en", when).startswith(said)


def test_a_set_of_signs_is_said_by_the_labels_of_its_signs() -> None:
    said = paper.spoken_condition(shelf().find("rapid-screening"), "fr", {"has": ["@CTRL_S"]})

    assert said.count("«") == 7


# The rest of the paper.


def test_a_section_that_repeats_stands_there_three_times() -> None:
    data = form("full-interview", "2026-11-26", "fr")
    (journey,) = [s for s in data["sections"] if s["entries"]]

    assert len(journey["entries"]) == 3
    text = read("full-interview", "2026-11-26", "fr")
    assert text.count(letters("Que s’est-il passé ?")) >= 3


def test_every_reason_to_leave_a_section_out_is_on_the_paper() -> None:
    skips = form("full-interview", "2026-11-26", "fr")["skips"]

    assert len(skips) == len(SKIPPED)
    assert all(letters(reason) in read("full-interview", "2026-11-26", "fr") for reason in skips)
