"""Instruments: loaded whole, or refused with the place named; a version is never another's."""

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest

from amana.standards.datafile import BadData, Place
from amana.standards.instrument import Instrument, NotLoaded
from amana.standards.instrument_file import read
from amana.standards.instruments import INSTRUMENTS, load_all, shelf, shelf_of

VERSION = "2026-11-26"
LOADED = {
    "field-catalogue": 55,
    "first-pass": 17,
    "full-interview": 129,
    "ilo-adult-labour": 79,
    "ilo-child-labour": 78,
    "ilo-forced-labour": 23,
    "rapid-screening": 24,
    "unodc-general": 35,
}


def raw(name: str) -> Any:
    path = INSTRUMENTS / f"{name}.{VERSION}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def reads(document: Any, name: str = "x.json") -> Instrument:
    return read(Place(document, name), shelf().find)


def broken(name: str, *path: str | int, put: object = None, drop: bool = False) -> Any:
    """Return an instrument's document with one thing put elsewhere, or gone."""
    document = copy.deepcopy(raw(name))
    at = document
    for step in path[:-1]:
        at = at[step]
    if drop:
        del at[path[-1]]
    else:
        at[path[-1]] = put
    return document


def test_every_instrument_is_loaded_whole() -> None:
    assert {i.name: len(list(i.questions)) for i in load_all()} == LOADED


def test_a_first_pass_is_one_question_a_page_and_each_has_words_for_a_child() -> None:
    *_, own = shelf().find("first-pass").sections

    assert not own.is_one_page
    assert len(own.questions) == 5
    assert all(question.child_ask for question in own.questions)


def test_only_what_brings_the_person_back_may_leave_signs_unsaid(tmp_path: Path) -> None:
    unsaid = broken("first-pass", "again_in_days", drop=True)

    with pytest.raises(BadData, match="no answer can say"):
        reads(unsaid)


def test_the_interview_has_a_branch_for_each_kind_of_exploitation() -> None:
    sections = {section.id for section in shelf().find("full-interview").sections}

    assert sections >= {
        *("domestic", "begging", "agriculture", "mining", "fishing"),
        *("sport", "crime", "marriage", "organ"),
    }


def test_what_is_not_loaded_is_offered_as_not_loaded_and_never_read_as_another() -> None:
    absent = {one.name for one in shelf().absent}

    assert {"ilo-adult-sexual", "ilo-child-sexual"} <= absent
    for name in absent:
        with pytest.raises(NotLoaded):
            shelf().find(name)


CATALOGUE, RAPID, ADULT = "field-catalogue", "rapid-screening", "ilo-adult-labour"
NO_WORDS = {"fr": "x", "ar": "", "en": "x"}


@pytest.mark.parametrize(
    ("name", "path", "put", "where"),
    [
        # The shape, by the schema.
        (RAPID, ("version",), "soon", "x.json.version"),
        (RAPID, ("mark",), "sure", "x.json.mark"),
        (RAPID, ("colour",), "red", "x.json"),
        (RAPID, ("sections", 0, "layout"), "free", "x.json.sections[0].layout"),
        (RAPID, ("sections", 0, "questions", 2, "kind"), "essay", "sections[0].questions[2].kind"),
        (CATALOGUE, ("indicators", 3, "weight"), "huge", "x.json.indicators[3].weight"),
        (CATALOGUE, ("rules", 0, "when"), {"if": 1}, "x.json.rules[0].when"),
        (ADULT, ("patterns",), ["SX"], "x.json.patterns[0]"),
        # A language that is missing.
        (RAPID, ("sections", 0, "questions", 0, "ask"), NO_WORDS, "questions[0].ask.ar"),
        (CATALOGUE, ("indicators", 0, "label"), {"fr": "x", "en": "x"}, "indicators[0].label"),
        # A branch that leads nowhere, or forward.
        (
            RAPID,
            ("sections", 0, "questions", 1, "when"),
            {"has": ["q99.yes"]},
            "sections[0].questions[1].when.has[0]: 'q99.yes' leads nowhere",
        ),
        (
            RAPID,
            ("sections", 0, "questions", 1, "when"),
            {"has": ["q05.debt"]},
            "'q05.debt' leads nowhere",
        ),
        (RAPID, ("sections", 0, "when"), {"has": ["@NOSET"]}, "'@NOSET' is no set"),
        (RAPID, ("sections", 0, "when"), {"positive": "D9"}, "sections[0].when.positive"),
        (RAPID, ("sections", 0, "when"), {"number": "q01", "below": 3}, "sections[0].when.number"),
        (CATALOGUE, ("rules", 0, "when"), {"has": ["rule.3"]}, "'rule.3' leads nowhere"),
        (CATALOGUE, ("checks", 0, "at"), "q99", "checks[0].at"),
        (RAPID, ("reads_by", "version"), "2031-01-01", "reads_by: field-catalogue 2031-01-01"),
        (RAPID, ("begins_with", "sections"), ["danger", "story"], "begins_with.sections[1]"),
        # A code that stands twice, or is none.
        (CATALOGUE, ("indicators", 1, "code"), "T1", "x.json.indicators: 'T1' stands twice"),
        (RAPID, ("sections", 0, "questions", 1, "id"), "q01", "'q01' stands twice"),
        (RAPID, ("sections", 0, "questions", 1, "id"), "minor", "'minor' stands twice"),
        (RAPID, ("sections", 0, "questions", 1, "id"), "child", "'child' is a word"),
        (CATALOGUE, ("rules", 1, "number"), 1, "'1' stands twice"),
        (RAPID, ("sections", 0, "questions", 0, "answers", 1, "codes"), ["Z9"], "codes[0]"),
        (CATALOGUE, ("sets", "EXPL"), ["X9"], "sets.EXPL[0]"),
        (CATALOGUE, ("indicators", 0, "legal"), ["codex"], "indicators[0].legal[0]"),
        (CATALOGUE, ("rules", 0, "outcome"), "GUILTY", "rules[0].outcome"),
        # What would hide a sign, or lose a child.
        (
            RAPID,
            ("sections", 0, "questions", 4, "answers", 1, "codes"),
            [],
            "no answer can say 'R3'",
        ),
        (CATALOGUE, ("rules", 3, "when"), {"has": ["E1"]}, "a child who is alone would end"),
        # The rules stand in the order of what they lead to.
        (CATALOGUE, ("rules", 0, "outcome"), "AUTRE_VULNERABILITE", "rules[1]: rules must stand"),
        (CATALOGUE, ("rules", 4, "when"), {"has": ["SM1"], "at_least": 2}, "can never hold"),
    ],
)
def test_a_broken_instrument_is_refused_with_its_place_named(
    name: str, path: tuple[str | int, ...], put: object, where: str
) -> None:
    with pytest.raises(BadData) as refused:
        reads(broken(name, *path, put=put))

    assert str(refused.value).startswith("x.json")
    assert where in str(refused.value)


@pytest.mark.parametrize("key", ["title", "source", "edition", "profile", "sections", "format"])
def test_what_is_missing_is_named(key: str) -> None:
    with pytest.raises(BadData, match=key):
        reads(broken(RAPID, key, drop=True))


def test_an_instrument_of_a_format_to_come_says_so() -> None:
    with pytest.raises(BadData, match="format 2, from the future"):
        reads(broken(RAPID, "format", put=2))


def test_nothing_outside_a_part_that_repeats_leans_on_what_is_said_inside() -> None:
    document = raw("full-interview")
    at = next(n for n, s in enumerate(document["sections"]) if s.get("repeats"))
    inside = document["sections"][at]["questions"][0]
    document["sections"][at + 1]["when"] = {"has": [f"{inside['id']}.{inside['answers'][0]['id']}"]}

    with pytest.raises(BadData, match=rf"sections\[{at + 1}\].when.has\[0\]"):
        reads(document)


def test_an_instrument_that_begins_with_itself_does_not_load(tmp_path: Path) -> None:
    document = raw(RAPID) | {"name": "loop"}
    document["begins_with"] = {"name": "loop", "version": VERSION, "sections": ["danger"]}
    (tmp_path / f"loop.{VERSION}.json").write_text(json.dumps(document), encoding="utf-8")

    with pytest.raises(BadData, match="itself"):
        shelf_of([INSTRUMENTS, tmp_path]).find("loop")


def test_a_file_holds_what_its_name_says(tmp_path: Path) -> None:
    (tmp_path / "rapid-screening.2027-01-01.json").write_text(json.dumps(raw(RAPID)))

    with pytest.raises(BadData, match="another than its name says"):
        shelf_of([INSTRUMENTS, tmp_path]).find(RAPID)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe{}", b"[1]", b"null", b'{"format": 1}'])
def test_what_is_no_instrument_is_refused_by_its_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / f"odd.{VERSION}.json").write_bytes(content)

    with pytest.raises(BadData, match=rf"^odd\.{VERSION}\.json"):
        shelf_of([INSTRUMENTS, tmp_path]).find("odd")


def test_old_versions_stay_beside_the_newest(tmp_path: Path) -> None:
    newer = raw(RAPID) | {"version": "2027-03-01"}
    (tmp_path / "rapid-screening.2027-03-01.json").write_text(json.dumps(newer), encoding="utf-8")
    held = shelf_of([INSTRUMENTS, tmp_path])

    assert held.versions(RAPID) == [VERSION, "2027-03-01"]
    assert held.find(RAPID).version == "2027-03-01"
    assert held.find(RAPID, VERSION).version == VERSION


def test_a_version_to_come_is_told_apart_from_one_that_never_was() -> None:
    with pytest.raises(NotLoaded) as newer:
        shelf().find(RAPID, "2031-01-01")
    with pytest.raises(NotLoaded) as older:
        shelf().find(RAPID, "2020-01-01")

    assert newer.value.is_newer
    assert not older.value.is_newer


def test_no_two_instruments_use_one_code_for_two_signs() -> None:
    labels: dict[str, set[str]] = {}
    for instrument in load_all():
        for indicator in instrument.reader.indicators:
            labels.setdefault(indicator.code, set()).add(indicator.label.fr)

    assert {code: texts for code, texts in labels.items() if len(texts) > 1} == {}


def test_a_document_with_anything_taken_away_is_read_or_refused_and_never_breaks() -> None:
    dice = random.Random(4)  # noqa: S311 - invented faults need no secret dice
    for name in (CATALOGUE, RAPID, ADULT):
        for _ in range(60):
            document = copy.deepcopy(raw(name))
            at: Any = document
            while isinstance(at, dict | list) and at and dice.random() < 0.85:
                key = dice.choice(list(at) if isinstance(at, dict) else range(len(at)))
                if not isinstance(at[key], dict | list) or dice.random() < 0.2:
                    at[key] = dice.choice([None, "", 7, [], {}, "x", True])
                    break
                at = at[key]
            try:
                reads(document)
            except BadData as refused:
                assert str(refused).startswith("x.json")  # noqa: PT017 - it may be read as well
