"""Wristbands: every phone reads them, and whoever finds one on the ground learns nothing."""

import shutil
import subprocess
from io import BytesIO

import pikepdf
import pytest
import zxingcpp
from PIL import Image

from amana.field.paper import wristbands_pdf
from amana.identification.paper import betrays
from amana.standards.references import new_reference

ADDRESS = "https://n1.example.org/field/"
BANDS = [(number, new_reference("B")) for number in range(1, 51)]
A4_IN_POINTS = (595, 842)


@pytest.fixture(scope="module")
def sheet() -> bytes:
    return wristbands_pdf(BANDS, ADDRESS)


def poppler(tool: str, *arguments: str, sheet: bytes) -> bytes:
    """Return what a program of poppler says about a sheet."""
    if shutil.which(tool) is None:
        pytest.skip("poppler-utils is not installed here")
    asked = [tool, *arguments]
    return subprocess.run(asked, input=sheet, capture_output=True, check=True).stdout


def test_every_phone_reads_every_wristband_and_opens_the_app_with_it(sheet: bytes) -> None:
    drawn = poppler("pdftoppm", "-r", "130", "-png", "-", sheet=sheet)
    pages = [b"\x89PNG" + page for page in drawn.split(b"\x89PNG")[1:]]

    read = [
        sorted(code.text for code in zxingcpp.read_barcodes(Image.open(BytesIO(page))))
        for page in pages
    ]

    assert [len(codes) for codes in read] == [24, 24, 2]
    assert sorted(code for codes in read for code in codes) == sorted(
        f"{ADDRESS}#band={code}" for _, code in BANDS
    )


def test_the_number_stands_beside_its_code_to_be_read_aloud(sheet: bytes) -> None:
    words = poppler("pdftotext", "-raw", "-", "-", sheet=sheet).decode().split()

    assert words == [
        word for number, code in BANDS for word in ("B", *code.split("-")[1:], str(number))
    ]


def test_nothing_else_stands_on_it(sheet: bytes) -> None:
    text = poppler("pdftotext", "-", "-", sheet=sheet).decode()

    assert not betrays(text)
    assert "example" not in text
    with pikepdf.open(BytesIO(sheet)) as found:
        assert str(found.docinfo["/Title"]) == "labels"
        assert set(found.docinfo) <= {"/Title", "/Creator", "/Producer"}
        assert {(int(p.mediabox[2]), int(p.mediabox[3]) + 1) for p in found.pages} == {A4_IN_POINTS}


def test_the_same_wristbands_are_the_same_bytes_and_do_not_say_when(sheet: bytes) -> None:
    assert wristbands_pdf(BANDS, ADDRESS) == sheet
