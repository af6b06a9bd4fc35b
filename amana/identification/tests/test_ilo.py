"""The public lists read invented people: each branch of the rules, each border."""

import json
from pathlib import Path
from typing import Any

import pytest

from amana.identification.reading import Facts, read_facts
from amana.standards.instruments import shelf

ROOT = Path(__file__).resolve().parents[3]
STORED = json.loads(
    (ROOT / "tests" / "vectors" / "screening" / "ilo.json").read_text(encoding="utf-8")
)
PERSONS = STORED["persons"]


@pytest.mark.parametrize("vector", PERSONS, ids=[one["why"] for one in PERSONS])
def test_a_person_is_read_as_the_rule_says(vector: dict[str, Any]) -> None:
    reader = shelf().find(vector["instrument"]).reader

    read = read_facts(Facts(**vector["answers"], indicators=vector["indicators"]), reader)

    assert read.primary == vector["outcome"]
    assert read.field_class == vector["class"]
    assert [c for c, d in read.dimensions.items() if d.is_positive] == vector["positive"]
    assert read.rescreen_in_days == vector["rescreen_in_days"]


def test_every_outcome_and_every_rule_of_the_lists_has_its_person() -> None:
    for name in {one["instrument"] for one in PERSONS}:
        reader = shelf().find(name).reader
        people = [one for one in PERSONS if one["instrument"] == name]
        assert {one["outcome"] for one in people} >= {o.code for o in reader.outcomes} - {
            "CARE_NEEDED"
        }
        held = {
            number
            for one in people
            for number in read_facts(
                Facts(**one["answers"], indicators=one["indicators"]), reader
            ).rules
        }
        assert held >= {r.number for r in reader.rules if r.key != "care_needed"}


@pytest.mark.parametrize("name", sorted({one["instrument"] for one in PERSONS}))
@pytest.mark.parametrize("minor", ["yes", "no", "doubtful"])
@pytest.mark.parametrize("situation", ["alone", "separated", "accompanied", "unknown"])
def test_no_sign_ever_lowers_a_reading(name: str, minor: str, situation: str) -> None:
    reader = shelf().find(name).reader
    order = [o.code for o in reader.outcomes]

    signs: list[str] = []
    before = len(order)
    for code in reader.alphabet.codes:
        signs.append(code)
        now = order.index(read_facts(Facts(minor, situation, signs), reader).primary)
        assert now <= before, code
        before = now


@pytest.mark.parametrize("name", sorted({one["instrument"] for one in PERSONS}))
def test_one_sign_of_any_kind_makes_a_child_at_risk_at_least(name: str) -> None:
    reader = shelf().find(name).reader

    for code in reader.alphabet.codes:
        for minor in ("yes", "doubtful"):
            read = read_facts(Facts(minor, "accompanied", [code]), reader)
            assert "CHILD_AT_RISK" in {read.primary, *read.also}, code


def test_the_law_of_children_is_not_shown_for_an_adult() -> None:
    reader = shelf().find("field-catalogue").reader

    adult = read_facts(Facts("no", "unknown", ["T1", "M1"]), reader)
    child = read_facts(Facts("yes", "unknown", ["T1", "M1"]), reader)

    assert "ci-2010-272" not in adult.law
    assert {s.element: s.state for s in child.law["ci-2010-272"]} == {
        "act": "present",
        "purpose": "present",
    }
    assert {s.element: s.state for s in child.law["palermo-3"]}["means"] == "not_needed_child"
