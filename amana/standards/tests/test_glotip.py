"""UNODC's tables: read to the last row, repaired by name, broken cells told by line."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amana.standards import glotip

HEAD = ",".join(glotip.COLUMNS)
GOOD = "CIV,Côte d'Ivoire,Africa,West,Detected trafficking victims,Total,Total,Female,Total,2018"
REAL = Path(__file__).parents[4] / "shared/data/ctdc/companions/unodc_glotip_2023-05-30.csv.gz"


def read(folder: Path, *lines: str) -> tuple[list[glotip.Row], glotip.Report]:
    file = folder / "glotip.csv"
    file.write_text("\n".join([HEAD, *lines]) + "\n", encoding="utf-8")
    report = glotip.Report()
    return list(glotip.read(file, report)), report


def test_a_number_and_a_withheld_one(tmp_path: Path) -> None:
    rows, report = read(tmp_path, f"{GOOD},Counts,172,GLOTIP", f"{GOOD},Counts,<5,GLOTIP")
    assert [r.value for r in rows] == [172, None]
    assert (report.rows, report.withheld, report.doubles) == (2, 1, 1)
    assert report.broken_count == 0


def test_what_a_spreadsheet_did_is_repaired_by_name(tmp_path: Path) -> None:
    mojibake = GOOD.replace("Côte", "CÃ´te")
    rows, report = read(tmp_path, f'{mojibake},Counts,"1,757",GLOTIP')
    assert rows[0].value == 1757
    assert rows[0].country == "Côte d'Ivoire"
    assert report.repaired == {"THOUSANDS": 1, "MOJIBAKE": 1}


@pytest.mark.parametrize(
    ("line", "column", "is_kept"),
    [
        (f"{GOOD},Counts,many,GLOTIP", "txtVALUE", False),
        (f"{GOOD},Counts,-3,GLOTIP", "txtVALUE", False),
        (f"{GOOD.replace('2018', '18')},Counts,3,GLOTIP", "Year", False),
        (f"{GOOD.replace('Female', 'F')},Counts,3,GLOTIP", "Sex", False),
        (f"{GOOD.replace('CIV', '')},Counts,3,GLOTIP", "Iso3_code", True),
        (
            f"{GOOD.replace('Total,Total,Female', 'Total,,Female')},Counts,3,GLOTIP",
            "Category",
            True,
        ),
        (f"{GOOD},3", "-", False),
    ],
)
def test_a_broken_cell_is_told_by_its_line_and_counted_as_nothing_else(
    tmp_path: Path, line: str, column: str, *, is_kept: bool
) -> None:
    rows, report = read(tmp_path, f"{GOOD},Counts,5,GLOTIP", line)
    (broken,) = report.broken
    assert (broken.line, broken.column) == (3, column)
    assert broken.remedy
    assert len(rows) == 1 + is_kept


def test_another_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.csv"
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(glotip.NotGlotip, match="thirteen columns"):
        list(glotip.read(file))
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress((HEAD + "\n" + GOOD + ",Counts,3,x\n").encode() * 9)[:-12])
    with pytest.raises(glotip.NotGlotip, match="cannot be read"):
        list(glotip.read(cut))


@given(st.text(alphabet='abc,"\n<5١é', max_size=80))
def test_no_text_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.mktemp("any") / "glotip.csv"
    file.write_text(f"{HEAD}\n{text}", encoding="utf-8")
    report = glotip.Report()
    try:
        rows = list(glotip.read(file, report))
    except glotip.NotGlotip:
        return
    assert report.rows == len(rows)


@pytest.mark.shared
def test_the_release_of_2023_to_the_unit() -> None:
    report = glotip.Report()
    heard: list[int] = []
    rows = list(glotip.read(REAL, report, heard.append))
    assert report.rows == len(rows) == 46_556
    assert len({r.line for r in rows}) == 46_556
    assert heard[-1] == REAL.stat().st_size
    detected = {
        (r.iso3, r.year): r.value
        for r in rows
        if r.indicator == "Detected trafficking victims"
        and (r.dimension, r.sex, r.age) == ("Total", "Total", "Total")
    }
    assert [detected["MAR", y] for y in range(2017, 2022)] == [27, 280, 423, 131, 165]
    assert [detected["CIV", y] for y in range(2014, 2019)] == [15, 10, 16, 8, 172]
    assert report.doubles > 0
    assert report.broken_count == len(report.broken) > 0
