"""The sheets as data: every document has one, and a file that contradicts itself is refused."""

from typing import Any

import pytest

from amana.standards import journey, need_to_know, sheets
from amana.standards.datafile import BadData
from amana.standards.tests.test_data import broken, raw

SHEETS = sheets.load()


def place_of(sheet: str) -> int:
    return [one["id"] for one in raw("sheets.json")["sheets"]].index(sheet)


def refused(sheet: str, *path: str | int, put: Any) -> str:
    """Return why a file with one value changed is refused."""
    with pytest.raises(BadData) as why:
        sheets.read(broken("sheets.json", "sheets", place_of(sheet), *path, put=put))
    return str(why.value)


def test_every_document_that_the_journey_names_has_a_sheet() -> None:
    assert set(SHEETS) == set(journey.load().documents)


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=lambda s: s.id)
def test_what_a_sheet_says_somebody_who_writes_it_may_say(sheet: sheets.Sheet) -> None:
    for says in sheet.says:
        answered_by = [set(sheet.items[p.partition(".")[0]].by or sheet.by) for p in says.when]
        writers = set(sheet.by).intersection(*answered_by)
        if says.track:
            moves = journey.load().moves_to(says.track, says.kind, "child")
            moves += journey.load().moves_to(says.track, says.kind, "adult")
            may = {role for move in moves for role in move.by}
        else:
            may = set(journey.load().facts[says.kind].by)
        assert writers & may, (says.track, says.kind)


def test_what_a_panel_and_a_guardian_read_is_no_part_that_holds_an_account() -> None:
    known = need_to_know.load()
    for sheet in SHEETS.values():
        readers = {role for role in known.matrix if sheet.part in known.opened_by(role)}
        assert readers == (
            {"R03", "R04"} | ({"R13", "R14", "R15"} if sheet.tier == "child" else set())
        )


@pytest.mark.parametrize(
    ("sheet", "path", "put", "why"),
    [
        ("RISK_SHEET", ("id",), "NO_SUCH", "'NO_SUCH' is none of"),
        ("RISK_SHEET", ("id",), "NEEDS_SHEET", "stands twice"),
        ("RISK_SHEET", ("part",), "attic", "'attic' is none of"),
        ("RISK_SHEET", ("by",), ["R99"], "'R99' is none of"),
        ("RISK_SHEET", ("planted",), "x", "unknown key 'planted'"),
        ("RISK_SHEET", ("says", 0, "fact"), "SNOWS", "'SNOWS' is none of"),
        ("RISK_SHEET", ("says", 0, "when"), {"no_item": ["*"]}, "unknown key 'no_item'"),
        ("RISK_SHEET", ("says", 0, "when"), {"level": ["TALL"]}, "'TALL' is none of"),
        ("RISK_SHEET", ("asks", 0, "of"), "risks.colour", "'risks.colour' is none of"),
        ("RISK_SHEET", ("asks", 0, "ask"), "guess", "'guess' is none of"),
        ("RISK_SHEET", ("asks", 0, "answers"), ["9"], "'9' is none of"),
        ("RISK_SHEET", ("asks", 1, "code"), "RISK_LEVEL_TOO_LOW", "stands twice"),
        ("RISK_SHEET", ("sections", 1, "items", 0, "id"), "risks", "stands twice"),
        ("RISK_SHEET", ("sections", 1, "items", 0, "id"), "le vel", "must be small letters"),
        ("RISK_SHEET", ("sections", 1, "items", 0, "codes"), "NO_LIST", "is none of"),
        ("RISK_SHEET", ("sections", 1, "items", 1, "codes"), "RISK", "only a choice has a list"),
        ("RISK_SHEET", ("sections", 0, "items", 0, "rows", 0, "kind"), "rows", "is none of"),
        ("CARE_PLAN", ("sections", 0, "items", 0, "by"), ["R14"], "'R14' is none of"),
        ("SOLUTION_SHEET", ("says", 0, "for"), "anybody", "'anybody' is none of"),
        ("BEST_INTERESTS_DECISION", ("says", 5, "move"), "SOLUTION:HEAVEN", "is none of"),
        ("BEST_INTERESTS_DECISION", ("asks", 3, "sheet"), "NO_SHEET", "is none of"),
        ("BEST_INTERESTS_DECISION", ("asks", 3, "in"), ["nobody"], "'nobody' is none of"),
    ],
)
def test_a_sheet_that_contradicts_itself_or_the_journey_is_refused(
    sheet: str, path: tuple[str | int, ...], put: Any, why: str
) -> None:
    assert why in refused(sheet, *path, put=put)
