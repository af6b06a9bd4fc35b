"""Answers: which questions are asked, and everything that cannot be, named by its field."""

import contextlib
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amana.identification import answers
from amana.identification.answers import BadAnswers, Change, Fault, Given
from amana.identification.forms import day_from
from amana.identification.path import path
from amana.identification.tests.builders import NO_DANGER
from amana.standards.instruments import shelf

TODAY = date(2026, 11, 26)
RAPID = shelf().find("rapid-screening")
INTERVIEW = shelf().find("full-interview")
ADULT = {**NO_DANGER, "minor": "no", "age_band": "25_34", "situation": "alone"}


def faults(told: dict[str, Any], **more: Any) -> list[tuple[str, str]]:
    found = answers.faults_in(RAPID, Given({**ADULT, **told}, **more), TODAY)
    return [(fault.field, fault.code) for fault in found]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"q99": ["x"]}, [("q99", "UNKNOWN_QUESTION")]),
        ({"q03": ["flown"]}, [("q03", "UNKNOWN_ANSWER")]),
        ({"q03": "brought"}, [("q03", "WRONG_KIND")]),
        ({"q03": []}, [("q03", "WRONG_KIND")]),
        ({"q03": [None]}, [("q03", "WRONG_KIND")]),
        ({"q03": ["none", "brought"]}, [("q03", "STANDS_ALONE")]),
        ({"q03": ["brought", "brought"]}, [("q03", "TWICE")]),
        ({"q10": ["fears_adult"]}, [("q10", "NOT_OFFERED")]),
        ({"minor": "maybe"}, [("minor", "UNKNOWN_ANSWER")]),
        ({"minor": True}, [("minor", "WRONG_KIND")]),
        ({"age": 130}, [("age", "NOT_POSSIBLE")]),
        ({"age": -1}, [("age", "NOT_POSSIBLE")]),
        ({"age": "30"}, [("age", "WRONG_KIND")]),
        ({"age": True}, [("age", "WRONG_KIND")]),
        ({"age": 16}, [("minor", "age_of_a_child"), ("age", "age_outside_its_band")]),
        ({"age_band": "10_14"}, [("minor", "age_of_a_child")]),
        ({"minor": "yes"}, [("age_band", "age_of_an_adult")]),
        ({"age": 60}, [("age", "age_outside_its_band")]),
        ({"alias": "x" * 81}, [("alias", "TOO_LONG")]),
        ({"alias": "ab\u202eba"}, [("alias", "UNSEEN_SIGNS")]),
        ({"alias": 7}, [("alias", "WRONG_KIND")]),
    ],
)
def test_what_cannot_be_is_named_by_its_field(
    told: dict[str, Any], said: list[tuple[str, str]]
) -> None:
    assert faults(told) == said


def test_every_fault_is_told_at_once() -> None:
    assert faults({"q03": ["flown"], "age": 130, "q99": 1}) == [
        ("q03", "UNKNOWN_ANSWER"),
        ("age", "NOT_POSSIBLE"),
        ("q99", "UNKNOWN_QUESTION"),
    ]


def test_words_and_reasons_are_looked_at_too() -> None:
    assert faults({}, words={"q99": "x", "q03": "y" * 501}) == [
        ("q99", "UNKNOWN_QUESTION"),
        ("q03", "TOO_LONG"),
    ]
    assert faults({}, skipped={"danger": "REFUSED"}) == [("danger", "NOT_TO_BE_SKIPPED")]


@pytest.mark.parametrize(
    ("day", "code"),
    [
        ("2025", None),
        ("2025-02", None),
        ("2024-02-29", None),
        ("2026-11-26", None),
        ("2026-11-27", "DAY_TO_COME"),
        ("2027", "DAY_TO_COME"),
        ("2025-02-29", "NO_DAY"),
        ("2025-13", "NO_DAY"),
        ("1899", "NO_DAY"),
        ("17/03/2025", "NO_DAY"),
        ("٢٠٢٥", "NO_DAY"),
        ("", "NO_DAY"),
        (2025, "NO_DAY"),
    ],
)
def test_a_day_may_be_a_month_or_a_year_and_is_never_to_come(day: object, code: str | None) -> None:
    section = next(s for s in INTERVIEW.sections if s.repeats)
    question = next(q for q in section.questions if q.kind == "date")

    found = [fault.code for fault in answers.value_faults(question, day, TODAY)]

    assert found == ([code] if code else [])


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("17/03/2025", "2025-03-17"), ("3/2025", "2025-03"), ("2025", "2025"), ("hier", "hier")],
)
def test_a_day_is_typed_as_people_write_it(typed: str, kept: str) -> None:
    assert day_from(typed) == kept


def test_an_answer_to_a_question_that_was_not_asked_is_named() -> None:
    branch = next(s for s in INTERVIEW.sections if s.id == "domestic")
    question = branch.questions[0]
    value = [question.answers[0].id] if question.kind == "many" else question.answers[0].id
    told = Given({**ADULT, question.id: value})

    found = answers.faults_in(INTERVIEW, told, TODAY)

    assert Fault(question.id, "NOT_ASKED") in found


def test_an_entry_of_a_part_that_repeats_is_looked_at_by_itself() -> None:
    def codes(entries: object) -> set[str]:
        told = Given({**ADULT, "journey": entries})
        return {f.code for f in answers.faults_in(INTERVIEW, told, TODAY)} - {"NOT_ASKED"}

    assert codes("here") == {"WRONG_KIND"}
    assert codes([{"nothing": "x"}]) == {"UNKNOWN_QUESTION"}
    assert "TOO_MANY" in codes([{}] * 13)


def test_a_sign_of_children_goes_when_the_person_turns_out_to_be_adult() -> None:
    child = {**ADULT, "minor": "yes", "age_band": "15_17"}
    told = Given({**child, "q10": ["fears_adult", "family_knows"]}, {"q10": "j’ai peur"})

    kept = answers.kept(RAPID, Given({**told.answers, "minor": "no"}, told.words))

    assert kept.answers["q10"] == ["family_knows"]
    assert answers.kept(RAPID, told) == told


def test_a_page_changes_its_own_answers_and_no_others() -> None:
    before = Given({"q01": ["safe"], "q02": ["well"]}, {"q01": "oui"}, {"fear": "REFUSED"})
    change = Change(
        said={"q03": ["myself"]}, words={"q03": "moi"}, cleared=["q02"], unskipped=["fear"]
    )

    after = change.applied(before)

    assert after == Given({"q01": ["safe"], "q03": ["myself"]}, {"q01": "oui", "q03": "moi"}, {})


def test_a_branch_opens_only_where_the_answers_lead() -> None:
    domestic = {"forms": ["lab_domestic"], "talk_today": "yes"}
    closed, opened = (
        {page.section.id for page in path(INTERVIEW, Given({**ADULT, **told})).pages}
        for told in ({"talk_today": "yes"}, domestic)
    )

    assert "domestic" in opened - closed
    assert "mining" not in opened


def test_whoever_does_not_want_to_talk_today_is_asked_nothing_more() -> None:
    later = {page.section.id for page in path(INTERVIEW, Given({"talk_today": "later"})).pages}

    assert later == {"danger", "person", "setting", "end"}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], [("", "WRONG_KIND")]),
        ({}, [("instrument", "MISSING"), ("answers", "MISSING")]),
        ({"instrument": "x", "answers": []}, [("answers", "WRONG_KIND")]),
        ({"instrument": 1, "answers": {}}, [("instrument", "WRONG_KIND")]),
        ({"instrument": "x", "answers": {}, "words": {"q": 1}}, [("words", "WRONG_KIND")]),
        ({"instrument": "x", "answers": {}, "rules": {}}, [("rules", "UNKNOWN_FIELD")]),
    ],
)
def test_a_document_of_another_shape_is_refused_by_field(
    document: object, said: list[tuple[str, str]]
) -> None:
    with pytest.raises(BadAnswers) as refused:
        answers.parse(document)

    assert [(f.field, f.code) for f in refused.value.faults] == said


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
keys = st.sampled_from([q.id for q in INTERVIEW.questions] + [s.id for s in INTERVIEW.sections])


@given(st.dictionaries(keys | st.text(max_size=8), json_values, max_size=6), json_values)
def test_whatever_comes_is_read_or_refused_and_never_breaks(
    told: dict[str, Any], more: Any
) -> None:
    for document in (more, {"instrument": "full-interview", "answers": told, "words": more}):
        with contextlib.suppress(BadAnswers):
            _, _, read = answers.parse(document)
            answers.checked(INTERVIEW, read, TODAY)
