"""The public lists as they were taken over: every sign, its weight, and the rule of a dimension."""

import json
from collections import Counter
from pathlib import Path

import pytest

from amana.standards.instrument import Instrument, NotLoaded
from amana.standards.instruments import shelf
from amana.standards.logic import is_positive

ROOT = Path(__file__).resolve().parents[3]
VECTORS = json.loads(
    (ROOT / "tests" / "vectors" / "screening" / "ilo.json").read_text(encoding="utf-8")
)
LISTS = ("ilo-adult-labour", "ilo-child-labour", "ilo-forced-labour", "unodc-general")
# What comes along from the danger check of the field, beside the signs of each list.
DANGER = {"P1", "P2", "P3", "C6", "C7"}
PER_DIMENSION = {
    "ilo-adult-labour": {"D1": 10, "D2": 10, "D3": 16, "D4": 9, "D5": 15, "D6": 7},
    "ilo-child-labour": {"D1": 10, "D2": 10, "D3": 15, "D4": 8, "D5": 15, "D6": 7},
}
WEIGHTS = {
    "ilo-adult-labour": {"strong": 7, "medium": 53, "weak": 7},
    "ilo-child-labour": {"strong": 15, "medium": 50},
}


def found(name: str) -> Instrument:
    return shelf().find(name)


@pytest.mark.parametrize("name", list(PER_DIMENSION))
def test_each_dimension_has_its_signs_and_their_weights(name: str) -> None:
    signs = [i for i in found(name).reader.indicators if i.dimension]

    assert Counter(i.dimension for i in signs) == PER_DIMENSION[name]
    assert Counter(i.weight for i in signs) == WEIGHTS[name]


def test_the_lists_without_weights_have_all_their_signs() -> None:
    for name, n_signs in (("ilo-forced-labour", 11), ("unodc-general", 23)):
        listed = [i for i in found(name).reader.indicators if i.weight == "listed"]
        assert len(listed) == n_signs, name
        assert not found(name).reader.dimensions


def test_a_child_needs_stronger_words_for_nothing_that_an_adult_has() -> None:
    order = ("weak", "medium", "strong")
    adult, child = (found(n).reader.by_code for n in PER_DIMENSION)

    assert set(adult) - set(child) == {"AV8", "EX8"}
    assert set(child) - set(adult) == {"ACT1"}
    for code in set(adult) & set(child):
        if adult[code].dimension:
            assert order.index(child[code].weight) >= order.index(adult[code].weight), code
            assert child[code].label == adult[code].label


def test_debt_documents_and_isolation_weigh_more_where_the_adult_is_held() -> None:
    adult = found("ilo-adult-labour").reader

    for before, there in (("CR4", "CD2"), ("CR5", "CD1"), ("CR6", "CD3")):
        assert adult.indicator(before).weight == "medium"
        assert adult.indicator(there).weight == "strong"


@pytest.mark.parametrize("name", LISTS)
def test_every_list_begins_with_the_danger_check_and_reads_what_it_finds(name: str) -> None:
    field = found("field-catalogue").reader
    held = found(name)

    assert [s.id for s in held.sections[:2]] == ["danger", "person"]
    assert set(held.reader.by_code) & set(field.by_code) == DANGER
    for code in DANGER:
        assert held.reader.indicator(code) == field.indicator(code)


@pytest.mark.parametrize("name", LISTS)
def test_every_list_rests_on_a_text_and_says_that_it_was_not_checked_there(name: str) -> None:
    held = found(name)

    assert held.mark == "practice"
    assert "secondary source" in held.edition or "restatement" in held.edition
    assert {i.source for i in held.reader.indicators if i.code not in DANGER} == {held.source}


@pytest.mark.parametrize("name", LISTS)
def test_no_two_signs_of_a_list_read_the_same(name: str) -> None:
    for language in ("fr", "ar", "en"):
        said = [i.label.said_in(language) for i in found(name).reader.indicators]
        assert len(set(said)) == len(said), (name, language)


@pytest.mark.parametrize("name", LISTS)
def test_a_level_is_called_a_level(name: str) -> None:
    for outcome in found(name).reader.outcomes:
        assert outcome.label.fr.startswith("Niveau")
        assert outcome.label.en.startswith("Level")
        assert "مستوى" in outcome.label.ar


def test_what_is_not_loaded_is_named_with_who_must_bring_it() -> None:
    absent = {one.name: one for one in shelf().absent}

    assert {"ilo-adult-sexual", "ilo-child-sexual", "unodc-children", "iom-screening"} <= set(
        absent
    )
    for name, one in absent.items():
        assert one.why.en.startswith("Not loaded")
        with pytest.raises(NotLoaded):
            shelf().find(name)
    assert "WCMS_105023" in absent["ilo-adult-sexual"].why.ar


@pytest.mark.parametrize("vector", VECTORS["dimensions"], ids=str)
def test_the_rule_of_one_dimension(vector: dict[str, int]) -> None:
    counts = (vector["strong"], vector["medium"], vector["weak"])

    for name in PER_DIMENSION:
        for dimension in found(name).reader.alphabet.dimensions.values():
            assert is_positive(counts, dimension.patterns) == vector["positive"]
