"""What is printed is what was put in, in three languages, and a paper betrays nobody."""

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from io import BytesIO

import pikepdf
import pytest
import zxingcpp
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from amana.crypto.secrets import digest, new_seed
from amana.identification.paper import betrays
from amana.identification.tests.test_paper import poppler
from amana.look.paper import CannotPrint
from amana.protection import papers
from amana.protection.papers import Claim, Paper, paper_pdf, qr_text, read_qr
from amana.protection.tests.reading import body, folded
from amana.standards import journey, paper_texts
from amana.standards.datafile import LANGUAGES
from amana.standards.references import is_reference

SEED = new_seed()
DAY = date(2026, 11, 27)
CLAIM = Claim("P-2222-2222", DAY, digest(b"invented"))
TEXTS = paper_texts.load()
in_every_language = pytest.mark.parametrize("language", LANGUAGES)
every_text = pytest.mark.parametrize("kind", [k for k, t in TEXTS.papers.items() if t.passages])


def a_paper(language: str, *lines: str, kind: str = "CARE_PLAN") -> Paper:
    return Paper(
        title=journey.load().documents[kind].said_in(language),
        number=CLAIM.number,
        code="MA-K7R4-2D9C",
        day=DAY,
        sections=(({"fr": "Été", "ar": "عنوان", "en": "Heading"}[language], lines),),
        signs=(TEXTS.signers["PERSON"].said_in(language),),
        language=language,
        qr=qr_text(SEED, CLAIM),
        checked_at="https://desk.example/papers/check",
    )


def fixed(kind: str, language: str) -> Paper:
    """Return a paper whose words are data."""
    text = TEXTS.papers[kind]
    days = {"opened": "2026-11-21", "presumed": "2026-11-22"}
    return replace(
        a_paper(language, kind=kind),
        sections=tuple(
            (p.label.said_in(language), tuple(w.said_in(language).format(**days) for w in p.lines))
            for p in text.passages
        ),
        signs=tuple(TEXTS.signers[sign].said_in(language) for sign in text.signs),
    )


def put_in(paper: Paper) -> str:
    """Return what was put in, in the order of the paper, without header and footer."""
    words = {code: said.said_in(paper.language) for code, said in TEXTS.words.items()}
    over = [words["neutral_title"], paper.title] if betrays(paper.title) else [paper.title]
    said = [text for label, lines in paper.sections for text in (label, *lines)]
    signed = [t for sign in paper.signs for t in (sign, words["sign"], words["signed_on"])]
    under = [words["proves"], words["check_at"], paper.checked_at]
    return folded("".join([*over, *said, *signed, *under]))


def read(paper: Paper) -> str:
    return body(paper_pdf(paper), from_the_right=paper.language == "ar")


# What is put in comes out.


@in_every_language
@every_text
def test_every_fixed_text_comes_out_as_it_was_put_in(kind: str, language: str) -> None:
    paper = fixed(kind, language)
    assert read(paper) == put_in(paper)


TEMPLATE_WORDS = (
    '#panic("x") $x$ *bold* _em_ @one <two>',
    "\\ #let a = 1 // <b>&amp; /* a */ `b` ~ = - + /",
)


@in_every_language
@pytest.mark.parametrize("planted", TEMPLATE_WORDS)
def test_words_that_look_like_a_template_come_out_as_words(planted: str, language: str) -> None:
    paper = a_paper(language, f"ولد {planted}" if language == "ar" else planted)
    assert read(paper) == put_in(paper)


def written_with(letters: str, longest: int) -> st.SearchStrategy[str]:
    word = st.text(st.sampled_from(letters), min_size=1, max_size=longest)
    return st.lists(word, min_size=1, max_size=25).map(" ".join)


LATIN = (
    "abcdefghijklmnopqrstuvwxyzABCDÉÈÀÇŒœéèêëàçùûïôɛɔŋ0123456789"
    "«»“”’'\"#*_@$<>\\`~=+-/.,:;!?()[]{}%&"
)


@settings(max_examples=40)
@given(language=st.sampled_from(("fr", "en")), lines=st.lists(written_with(LATIN, 120), max_size=5))
@example(language="fr", lines=["w" * 300, "L’été\u202f: «\u00a0où\u202f?\u00a0»", "fi ffi ﬁ"])
def test_any_text_from_the_left_comes_out_as_it_was_put_in(language: str, lines: list[str]) -> None:
    paper = a_paper(language, *lines)
    assert read(paper) == put_in(paper)


ARABIC = "ابتثجحخدذرزسشصضطظعغفقكلمنهويىةءأإؤئآ"
MARKS = "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652"


@st.composite
def arabic_words(draw: st.DrawFn) -> str:
    """A word as somebody writes it: letters, here and there a vowel or two, or a long stroke."""
    letters = draw(st.text(st.sampled_from(ARABIC), min_size=1, max_size=12))
    over = st.sampled_from(["", "", "", "ـ", *MARKS, "\u0651\u064e", "\u0651\u0650"])
    return "".join(letter + draw(over) for letter in letters)


OTHERS = (
    '2026-11-26 MA-K7R4-2D9C 14 ٢٠٢٦ abc a@b.c # * _ $x$ <a> « » " ؟ ، ؛ . : ! % / - – & \\ = +'
)
other_words = st.sampled_from(OTHERS.split())


@settings(max_examples=60)
@given(st.lists(st.lists(arabic_words() | other_words, min_size=1, max_size=25), max_size=5))
@example([["مُحَمَّدٌ", "«أخيه»", "كتـــاب", "الله", "(MA-K7R4-2D9C)", "abc."], ["ا" * 200]])
@example([["2026-11-26", "ء", "ء", "!", *["2026-11-26"] * 3, "ء", "ء", "2026-11-26", "،"] * 2])
@example([["*", "كّ", "أذضئسضةصشضصة", "ءً", "أً", "لًا", "آْآ"], ["اُ" * 60]])
def test_any_text_from_the_right_comes_out_as_it_was_put_in(lines: list[list[str]]) -> None:
    paper = a_paper("ar", *(" ".join(words) for words in lines))
    assert read(paper) == put_in(paper)


def test_signs_of_direction_that_somebody_planted_turn_nothing_around() -> None:
    paper = a_paper("en", "pay \u202e001\u202c now\u2067!", "a\x00b\x1bc\tnext")
    assert "pay001now!abcnext" in read(paper)


def test_a_long_text_flows_over_pages_and_each_says_which_it_is() -> None:
    paper = a_paper("fr", *(f"Ligne {n} d’un texte inventé qui continue." for n in range(150)))
    assert read(paper) == put_in(paper)
    pages = poppler("pdftotext", "-", "-", sheet=paper_pdf(paper)).decode().split("\f")[:-1]
    assert len(pages) > 2
    for number, page in enumerate(pages, 1):
        flat = " ".join(page.split())
        assert f"Page {number} sur {len(pages)}" in flat
        assert paper.number in flat
        assert paper.code in flat
        assert "2026-11-27" in flat


def test_another_reader_finds_the_same_words() -> None:
    """The reading of these tests is our own; what a program of others finds agrees with it."""
    paper = fixed("RIGHTS_SHEET", "fr")
    found = folded(poppler("pdftotext", "-raw", "-", "-", sheet=paper_pdf(paper)).decode())
    assert [
        line for _, lines in paper.sections for line in lines if folded(line) not in found
    ] == []


def test_a_letter_that_no_font_has_is_refused_and_not_left_blank() -> None:
    with pytest.raises(CannotPrint):
        paper_pdf(a_paper("fr", "ⵣ"))
    assert papers.objections(a_paper("fr", "ⵣ")) == ["PAPER_CANNOT_BE_SET"]


# A paper that lies around.


@in_every_language
@pytest.mark.parametrize("kind", list(journey.load().documents))
def test_no_paper_betrays_a_person_at_first_glance(kind: str, language: str) -> None:
    paper = a_paper(language, kind=kind)
    laid = papers.laid_out(paper)
    assert not betrays(laid["headline"])
    assert folded(paper.title) in (folded(laid["headline"]), folded(laid["lead"]))
    assert papers.file_name(paper) == "P-2222-2222.pdf"


@in_every_language
def test_the_file_says_of_itself_a_number_and_its_language(language: str) -> None:
    sheet = paper_pdf(fixed("PRESUMED_CERTIFICATE", language))
    with pikepdf.open(BytesIO(sheet)) as document:
        assert str(document.docinfo["/Title"]) == CLAIM.number
        assert set(document.docinfo) <= {"/Title", "/Creator", "/Producer"}
        assert not betrays(bytes(document.Root.Metadata.read_bytes()).decode())
        assert str(document.Root.Lang).startswith(language)
        assert bool(document.Root.MarkInfo.Marked)
        for page in document.pages:
            assert [round(float(x)) for x in page.MediaBox] == [0, 0, 595, 842]


@in_every_language
def test_the_same_paper_gives_the_same_bytes(language: str) -> None:
    paper = fixed("CONFIDENTIALITY_SHEET", language)
    assert paper_pdf(paper) == paper_pdf(paper)


# The code.


@in_every_language
def test_a_telephone_reads_the_code_from_the_paper(language: str) -> None:
    sheet = paper_pdf(fixed("RIGHTS_SHEET", language))
    drawn = poppler("pdftoppm", "-r", "110", "-png", "-", sheet=sheet)
    pages = [b"\x89PNG" + page for page in drawn.split(b"\x89PNG")[1:]]
    found = [c.text for p in pages for c in zxingcpp.read_barcodes(Image.open(BytesIO(p)))]
    assert [read_qr(SEED, text) for text in found] == [CLAIM]


@given(st.binary(min_size=32, max_size=32), st.dates())
def test_a_code_says_what_was_signed(said: bytes, day: date) -> None:
    claim = Claim(papers.new_number(), day, said)
    code = qr_text(SEED, claim)
    assert read_qr(SEED, code) == read_qr(SEED, f"  {code}\n") == claim
    assert len(code) < 200


def test_a_code_with_any_bit_changed_is_refused() -> None:
    code = qr_text(SEED, CLAIM).encode()
    for place in range(len(code)):
        for bit in range(8):
            changed = bytearray(code)
            changed[place] ^= 1 << bit
            assert read_qr(SEED, changed.decode("latin-1")) is None, (place, bit)


@given(st.text() | st.from_regex(r"AMANA1:P-2222-2222:2026-11-27:[A-Z2-7]{0,60}:[A-Z2-7]{0,110}"))
@example("AMANA1:P-2222-2222:2026-11-27::")
def test_nothing_that_we_did_not_sign_is_a_code(text: str) -> None:
    assert read_qr(SEED, text) is None


def test_a_code_of_another_node_is_refused() -> None:
    assert read_qr(new_seed(), qr_text(SEED, CLAIM)) is None


# Numbers.


def typed(number: str) -> Sequence[str]:
    wide = "".join(chr(ord(c) + 0xFEE0) if c != "-" else c for c in number)
    return (number, number.lower(), number.replace("-", ""), f" {number} ", wide)


def test_a_number_is_read_however_it_is_typed() -> None:
    for _ in range(50):
        number = papers.new_number()
        assert is_reference(number)
        assert {papers.read_number(said) for said in typed(number)} == {number}


@pytest.mark.parametrize("said", ["", "P", "MA-K7R4-2D9C", "P-2222-2223", "P-2222-22222", "بيان"])
def test_what_is_no_number_is_read_as_none(said: str) -> None:
    assert papers.read_number(said) == ""


# The words.


def test_the_fixed_texts_are_proposed_and_name_their_sources() -> None:
    for text in TEXTS.papers.values():
        assert text.mark == "proposed"
        assert all(p.source for p in text.passages)
        assert len({p.label.fr for p in text.passages}) == len(text.passages)


def test_what_is_read_aloud_has_short_sentences_and_no_legal_word() -> None:
    """At most twenty words a sentence: a frightened sixteen-year-old must be able to follow."""
    forbidden = ("victim", "trafi", "exploit", "ضحية", "اتجار", "استغلال", "procédure", "consent")
    for kind in ("RIGHTS_SHEET", "CONFIDENTIALITY_SHEET"):
        for passage in TEXTS.papers[kind].passages:
            for words in (passage.label, *passage.lines):
                for text in (words.fr, words.ar, words.en):
                    assert not [w for w in forbidden if w in text.lower()], text
                    for sentence in unicodedata.normalize("NFKC", text).split("."):
                        assert len(sentence.split()) <= 24, sentence
