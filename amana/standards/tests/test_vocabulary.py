"""The catalogue, the lists and the questions say what a worker expects of them."""

import json
from pathlib import Path

import pytest

from amana.standards import codes, next_steps
from amana.standards.datafile import opened
from amana.standards.instruments import shelf

ROOT = Path(__file__).parents[3]
RAPID = shelf().find("rapid-screening")
READER = RAPID.reader
DANGER, PERSON, QUESTIONS = (section.questions for section in RAPID.sections)
EVERY_QUESTION = (*DANGER, *QUESTIONS)


def test_the_catalogue_holds_every_code_of_the_field_set() -> None:
    codes_held = [indicator.code for indicator in READER.indicators]

    assert codes_held == [
        *("T1", "R1", "R2", "R3", "R4", "R5", "R6", "D1", "D2"),
        *("C1", "C2", "C3", "C4", "C5", "C6", "C7", "X1", "X2", "X3", "X4", "X5"),
        *("S1", "S2", "S3", "M1", "K1", "O1", "G1", "E1", "E2", "E3", "E4", "E5"),
        *("SM1", "SM2", "SM3", "A1", "P1", "P2", "P3", "P4", "N1", "N2"),
    ]


def test_the_sets_the_rules_speak_of_are_exact() -> None:
    sets = READER.alphabet.sets

    assert " ".join(sorted(sets["EXPL"])) == "G1 K1 M1 O1 S1 S2 S3 X1 X2 X3 X4 X5"
    assert " ".join(sorted(sets["CTRL"])) == "C1 C2 C3 C4 C5 C6 C7 D1 D2 R1 R2 R3 R4 R6"
    assert " ".join(sorted(sets["CTRL_S"])) == "C1 C2 C3 D1 R1 R2 R3"
    assert sets["CTRL_S"] < sets["CTRL"]


def test_every_strong_means_of_the_sets_weighs_strong() -> None:
    for code in READER.alphabet.sets["CTRL_S"]:
        assert READER.indicator(code).weight == "strong"


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
    assert [question.id for question in DANGER] == ["d1", "d2", "d3"]
    assert [q.id for q in QUESTIONS] == [f"q{n:02}" for n in range(1, 13)]
    assert [answer.id for answer in QUESTIONS[0].standing] == ["none", "unknown", "declined"]


def test_safety_and_health_are_asked_before_the_story_and_wishes_are_asked_last() -> None:
    first, second, *_, last = QUESTIONS

    assert "P1" in {code for answer in first.answers for code in answer.codes}
    assert {"P2", "P3"} <= {code for answer in second.answers for code in answer.codes}
    assert not any(answer.codes for answer in last.answers)


def test_the_answers_together_can_say_every_sign() -> None:
    said = {code for q in EVERY_QUESTION for answer in q.answers for code in answer.codes}

    assert said == set(READER.alphabet.codes)


def test_a_doubtful_age_is_spoken_to_as_a_child() -> None:
    family = RAPID.find_question("q10")

    assert family is not None
    assert family.said_to(is_child=True) == family.child_ask
    assert family.said_to(is_child=False) == family.ask


def test_a_question_is_short_enough_to_be_said_in_one_breath() -> None:
    for question in EVERY_QUESTION:
        for words in (question.ask, question.child_ask or question.ask):
            assert max(len(text.split()) for text in (words.fr, words.ar, words.en)) <= 15


def test_what_never_to_do_is_told_after_what_to_do() -> None:
    kinds = [step.kind for step in next_steps.load().steps]

    assert kinds == sorted(kinds)
    assert next_steps.step("rape_care_72h").kind == "do"
    with pytest.raises(LookupError, match="'dance'"):
        next_steps.step("dance")


def test_the_stories_use_only_questions_and_signs_that_exist() -> None:
    stories = ROOT / "tests" / "vectors" / "screening" / "vignettes.json"
    held = json.loads(stories.read_text(encoding="utf-8"))["vignettes"]

    assert [story["id"] for story in held] == [f"V{n:02}" for n in range(1, 13)]
    for story in held:
        assert {code.rstrip("*") for code in story["indices"]} <= set(READER.alphabet.codes)
        assert set(story["answers"]) <= {q.id for q in RAPID.questions}


def test_the_glossary_says_every_class_and_every_list() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")

    for code, words in codes.values("CLASS").items():
        assert f"`{code}`" in glossary
        for text in (words.fr, words.ar, words.en):
            assert text in glossary
    for name in codes.read(opened("code_lists.json")):
        assert f"`{name}`" in glossary
