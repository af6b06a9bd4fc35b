"""A sign of the field and its counterparts: all are accounted for, none by guess."""

import json
from typing import Any

import pytest

from amana.standards import crosswalk
from amana.standards.datafile import FOLDER, BadData, Place
from amana.standards.instruments import shelf


def raw() -> Any:
    return json.loads((FOLDER / "crosswalk.json").read_text(encoding="utf-8"))


def broken(*path: str | int, put: object) -> Place:
    root = raw()
    held = root
    for key in path[:-1]:
        held = held[key]
    held[path[-1]] = put
    return Place(root, "crosswalk.json")


def test_a_sign_of_the_field_leads_to_its_counterparts_each_with_its_relation() -> None:
    found = {row.relation: row.to for row in crosswalk.load().outside("D1")}

    assert found["exact"] == {"ilo-forced-labour": ("F7",), "unodc-general": ("U15",)}
    assert found["broader"]["ilo-adult-labour"] == ("CR5", "CD1")


def test_a_sign_without_counterpart_is_said_to_be_unmapped() -> None:
    assert crosswalk.load().outside("O1") == ()
    assert "O1" in crosswalk.load().unmapped


def test_every_sign_of_the_field_is_mapped_or_named_as_unmapped() -> None:
    held = crosswalk.load()
    mapped = {row.code for row in held.rows}

    assert mapped.isdisjoint(held.unmapped)
    assert mapped | set(held.unmapped) == set(shelf().find("field-catalogue").reader.by_code)


@pytest.mark.parametrize(
    ("signs", "fed"),
    [
        (["DR1"], ("F2",)),
        (["AV16"], ("F1",)),
        (["AD7"], ("F1",)),
        (["CR6"], ("F3", "F4")),
        (["CD4"], ("F5",)),
        (["CD15"], ("F6",)),
        (["CD1"], ("F7",)),
        (["CR10", "EX3"], ("F8",)),
        (["CD2"], ("F9",)),
        (["EX6"], ("F10",)),
        (["EX1"], ("F11",)),
        (["EX8", "CD7"], ()),
    ],
)
def test_the_six_dimensions_feed_the_eleven_signs(signs: list[str], fed: tuple[str, ...]) -> None:
    assert crosswalk.load().feeds.fed_by(signs) == fed


def test_all_eleven_signs_can_be_fed() -> None:
    eleven = [code for code in shelf().find("ilo-forced-labour").reader.by_code if code[0] == "F"]
    everything = shelf().find("ilo-adult-labour").reader.by_code

    assert set(crosswalk.load().feeds.fed_by(everything)) == set(eleven)


@pytest.mark.parametrize(
    ("path", "put", "where"),
    [
        (("version",), "soon", "version: must be a day"),
        (("more",), 1, "unknown key 'more'"),
        (("source",), "nowhere-1", "source: 'nowhere-1' is none of"),
        (("instruments", "ilo-adult-labour"), "2020-01-01", "instruments.ilo-adult-labour: ilo"),
        (("instruments",), {}, "'field-catalogue' is missing"),
        (("rows", 0, "code"), "Z9", "rows[0].code: 'Z9' is none of"),
        (("rows", 0, "relation"), "cousin", "rows[0].relation: 'cousin' is none of"),
        (("rows", 0, "mark"), "sure", "rows[0].mark"),
        (("rows", 0, "weight"), 1, "rows[0]: unknown key 'weight'"),
        (("rows", 0, "to"), {"ilo-adult-sexual": ["X"]}, "unknown key 'ilo-adult-sexual'"),
        (("rows", 0, "to"), {"ilo-child-labour": ["AV8"]}, "to.ilo-child-labour[0]: 'AV8'"),
        (("rows", 0, "to"), {"ilo-child-labour": ["P1"]}, "to.ilo-child-labour[0]: 'P1'"),
        (("rows", 0, "to"), {}, "rows[0].to: leads to no list"),
        (("rows", 0, "code"), "O1", "unmapped: 'T1' is neither mapped nor left out"),
        (("unmapped", 0), "T1", "unmapped: 'T1' is mapped and yet left out"),
        (("unmapped", 0), "R4", "unmapped: 'R4' stands twice"),
        (("unfed", 0), "CD6", "unfed: 'CD6' stands twice"),
        (("feeds", "to"), "nowhere", "feeds.to: 'nowhere' is none of"),
        (("feeds", "more"), 1, "feeds: unknown key 'more'"),
        (("feeds", "rows", 0, "to"), "F12", "feeds.rows[0].to: 'F12' is none of"),
        (("feeds", "rows", 0, "from"), "C1", "feeds.rows[0].from: 'C1' is none of"),
        (("feeds", "rows", 0, "from"), "AV2", "feeds.rows: 'AV2 to F1' stands twice"),
        (("feeds", "rows", 0, "from"), "CR3", "unfed: 'CR3' is mapped and yet left out"),
    ],
)
def test_a_crosswalk_at_fault_is_refused_and_the_message_leads_to_the_place(
    path: tuple[str | int, ...], put: object, where: str
) -> None:
    with pytest.raises(BadData) as refused:
        crosswalk.read(broken(*path, put=put))

    assert str(refused.value).startswith("crosswalk.json")
    assert where in str(refused.value)


def test_a_pair_that_stands_twice_is_refused() -> None:
    root = raw()
    root["rows"].append({**root["rows"][0], "relation": "partial"})

    with pytest.raises(BadData, match="'T1 to ilo-child-labour ACT1' stands twice"):
        crosswalk.read(Place(root, "crosswalk.json"))
