"""The catalogue, the lists and the questions say what a worker expects of them."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amana.standards import catalogue, codes, next_steps, questions
from amana.standards.datafile import opened

ROOT = Path(__file__).parents[3]
INSTRUMENT = questions.load()
EVERY_QUESTION = (*INSTRUMENT.danger, *INSTRUMENT.questions)


def test_the_catalogue_holds_every_code_of_the_field_set() -> None:
    codes_held = [indicator.code for indicator in catalogue.load().indicators]

    assert codes_held == [
        *("T1", "R1", "R2", "R3", "R4", "R5", "R6", "D1", "D2"),
        *("C1", "C2", "C3", "C4", "C5", "C6", "C7", "X1", "X2", "X3", "X4", "X5"),
        *("S1", "S2", "S3", "M1", "K1", "O1", "G1", "E1", "E2", "E3", "E4", "E5"),
        *("SM1", "SM2", "SM3", "A1", "P1", "P2", "P3", "P4", "N1", "N2"),
    ]


def test_the_sets_the_rules_speak_of_are_exact() -> None:
    sets = catalogue.load().sets

    assert " ".join(sorted(sets["EXPL"])) == "G1 K1 M1 O1 S1 S2 S3 X1 X2 X3 X4 X5"
    assert " ".join(sorted(sets["CTRL"])) == "C1 C2 C3 C4 C5 C6 C7 D1 D2 R1 R2 R3 R4 R6"
    assert " ".join(sorted(sets["CTRL_S"])) == "C1 C2 C3 D1 R1 R2 R3"
    assert sets["CTRL_S"] < sets["CTRL"]


def test_every_strong_means_of_the_sets_weighs_strong() -> None:
    for code in catalogue.load().sets["CTRL_S"]:
        assert catalogue.load().indicator(code).weight == "strong"


def test_an_unknown_code_is_refused_by_name() -> None:
    with pytest.raises(catalogue.UnknownCode, match="'Z9'"):
        catalogue.load().indicator("Z9")


def test_the_seven_classes_stand_in_order_of_precedence() -> None:
    assert list(codes.values("CLASS")) == [
        *("TRAITE_PRESUMEE", "TRAFIC_ILLICITE_AGGRAVE", "TRAITE_A_APPROFONDIR"),
        *("ENFANT_A_RISQUE", "TRAFIC_ILLICITE", "AUTRE_VULNERABILITE", "AUCUN_INDICATEUR"),
    ]


def test_a_value_is_shown_in_the_language_asked_for() -> None:
    assert codes.label("SEX", "F", "fr") == "Féminin"
    assert codes.label("CLASS", "ENFANT_A_RISQUE", "ar") == "طفل في خطر"
    assert codes.choices("CONSENT_MODE", "en")[1] == ("THUMB_MARK", "Thumb mark")


def test_a_value_outside_its_list_is_refused() -> None:
    assert codes.check("RISK", "HIGH") == "HIGH"
    with pytest.raises(codes.UnknownValue, match="'EXTREME' is not in the list RISK"):
        codes.check("RISK", "EXTREME")
    with pytest.raises(codes.UnknownValue, match="unknown code list 'RISKS'"):
        codes.label("RISKS", "HIGH", "fr")


def test_danger_is_looked_at_in_three_glances_and_twelve_questions_follow() -> None:
    assert [question.id for question in INSTRUMENT.danger] == ["d1", "d2", "d3"]
    assert [q.id for q in INSTRUMENT.questions] == [f"q{n:02}" for n in range(1, 13)]
    assert [answer.id for answer in INSTRUMENT.standing] == ["none", "unknown", "declined"]


def test_safety_and_health_are_asked_before_the_story_and_wishes_are_asked_last() -> None:
    first, second, *_, last = INSTRUMENT.questions

    assert "P1" in {code for answer in first.answers for code in answer.codes}
    assert {"P2", "P3"} <= {code for answer in second.answers for code in answer.codes}
    assert not any(answer.codes for answer in last.answers)


def test_the_answers_together_can_say_every_sign() -> None:
    said = {code for q in EVERY_QUESTION for answer in q.answers for code in answer.codes}

    assert said == {indicator.code for indicator in catalogue.load().indicators}


def test_signs_of_children_are_offered_for_children_only() -> None:
    for question in EVERY_QUESTION:
        shown = {code for answer in question.shown("no") for code in answer.codes}
        assert not shown & {"E1", "E2", "E3", "E4", "E5"}
        assert question.shown("yes") == question.shown("doubtful") == question.answers


def test_a_doubtful_age_is_spoken_to_as_a_child() -> None:
    family = INSTRUMENT.question("q10")

    assert family.said_to("doubtful") == family.said_to("yes") == family.child_ask
    assert family.said_to("no") == family.ask


def test_a_question_is_short_enough_to_be_said_in_one_breath() -> None:
    for question in EVERY_QUESTION:
        for words in (question.ask, question.child_ask or question.ask):
            assert max(len(text.split()) for text in (words.fr, words.ar, words.en)) <= 15


def test_silence_is_a_full_answer() -> None:
    silent = {question.id: ["declined"] for question in EVERY_QUESTION}

    assert INSTRUMENT.indicators(silent, minor="doubtful") == ()
    assert INSTRUMENT.indicators({}, minor="no") == ()


@pytest.mark.parametrize(
    ("answers", "minor", "where"),
    [
        ({"q13": ["none"]}, "no", "q13: is no question"),
        ({"q01": ["rich"]}, "no", "q01: 'rich' is not offered"),
        ({"q10": ["fears_adult"]}, "no", "q10: 'fears_adult' is not offered"),
        ({"q01": ["declined", "awaited"]}, "no", "q01: a standing answer stands alone"),
    ],
)
def test_an_answer_that_was_not_offered_is_refused(
    answers: dict[str, list[str]], minor: str, where: str
) -> None:
    with pytest.raises(questions.BadAnswers, match=where):
        INSTRUMENT.indicators(answers, minor=minor)


ticks = st.fixed_dictionaries(
    {q.id: st.sets(st.sampled_from([answer.id for answer in q.answers])) for q in EVERY_QUESTION}
)


@given(ticks)
def test_the_signs_found_are_those_of_the_answers_ticked_and_no_other(
    ticked: dict[str, set[str]],
) -> None:
    expected = {
        code
        for question in EVERY_QUESTION
        for answer in question.answers
        if answer.id in ticked[question.id]
        for code in answer.codes
    }

    assert set(INSTRUMENT.indicators(ticked, minor="yes")) == expected


def test_what_never_to_do_is_told_after_what_to_do() -> None:
    kinds = [step.kind for step in next_steps.load()]

    assert kinds == sorted(kinds)
    assert next_steps.step("rape_care_72h").kind == "do"
    with pytest.raises(LookupError, match="'dance'"):
        next_steps.step("dance")


def test_the_stories_use_only_questions_and_signs_that_exist() -> None:
    stories = ROOT / "tests" / "vectors" / "screening" / "vignettes.json"
    held = json.loads(stories.read_text(encoding="utf-8"))["vignettes"]

    assert [story["id"] for story in held] == [f"V{n:02}" for n in range(1, 13)]
    for story in held:
        catalogue.load().in_order([code.rstrip("*") for code in story["indices"]])


def test_the_glossary_says_every_class_and_every_list() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")

    for code, words in codes.values("CLASS").items():
        assert f"`{code}`" in glossary
        for text in (words.fr, words.ar, words.en):
            assert text in glossary
    for name in codes.read(opened("code_lists.json")):
        assert f"`{name}`" in glossary
