"""The reading: what it reads in twelve situations, and what it may never do."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amana.identification import answers
from amana.identification.answers import Given
from amana.identification.reading import (
    MINOR,
    SITUATIONS,
    BadFacts,
    Facts,
    Reading,
    as_json,
    class_of,
    facts_from,
    read_answers,
    read_facts,
    reader_of_facts,
)
from amana.standards import laws, next_steps
from amana.standards.instrument import Instrument
from amana.standards.instruments import shelf

VECTORS = Path(__file__).parents[3] / "tests" / "vectors" / "screening"
VIGNETTES = json.loads((VECTORS / "vignettes.json").read_text(encoding="utf-8"))["vignettes"]
READINGS = json.loads((VECTORS / "readings.json").read_text(encoding="utf-8"))["readings"]
READER = reader_of_facts()
CODES = list(READER.alphabet.codes)
MEANS = READER.alphabet.sets["CTRL"]
PRECEDENCE = [outcome.code for outcome in READER.outcomes]
CLASSES = {rule.number: rule.outcome for rule in (*READER.rules, READER.otherwise)}
INSTRUMENTS = shelf().every()
TODAY = date(2026, 11, 26)
# What `amana assess --json` promised first; programs read it by these names.
FIRST_KEYS = ("primary", "also", "rules", "fired", "noted", "next_steps", "rescreen_in_days")

some_codes = st.frozensets(st.sampled_from(CODES))
some_facts = st.builds(Facts, st.sampled_from(MINOR), st.sampled_from(SITUATIONS), some_codes)


def read(minor: str, situation: str, *codes: str) -> Reading:
    return read_facts(Facts(minor, situation, codes), READER)


def with_codes(facts: Facts, *codes: str) -> Reading:
    return read(facts.minor, facts.situation, *facts.indicators, *codes)


def by_id(case: dict[str, object]) -> str:
    return str(case.get("id", case.get("why")))


@pytest.mark.parametrize("case", VIGNETTES, ids=by_id)
def test_each_of_the_twelve_stories_is_read_as_a_trained_worker_reads_it(
    case: dict[str, Any],
) -> None:
    given_codes = [code.rstrip("*") for code in case["indices"]]

    proposed = read(case["minor"], case["situation"], *given_codes)

    assert proposed.primary == case["classe"]
    assert set(proposed.also) == set(case["aussi"])


@pytest.mark.parametrize("case", VIGNETTES, ids=by_id)
def test_the_answers_of_each_story_yield_its_main_signs_and_the_same_reading(
    case: dict[str, Any],
) -> None:
    starred = {code.rstrip("*") for code in case["indices"] if code.endswith("*")}

    person = {"minor": case["minor"], "situation": case["situation"]}
    proposed = read_answers(shelf().find("rapid-screening"), Given({**case["answers"], **person}))

    assert starred <= {*proposed.fired, *proposed.noted}
    assert (proposed.primary, set(proposed.also)) == (case["classe"], set(case["aussi"]))


@pytest.mark.parametrize("heard", [[], ["someone"], ["paid_smuggler"]])
def test_after_a_first_pass_everybody_is_seen_again_within_a_day(heard: list[str]) -> None:
    told = Given({"minor": "no", "situation": "accompanied", "g2": heard})

    proposed = read_answers(shelf().find("first-pass"), told)

    assert proposed.rescreen_in_days == 1
    assert "rescreen" not in {*proposed.fired, *proposed.noted}


def test_a_first_pass_finds_the_danger_that_cannot_wait() -> None:
    person = {"minor": "yes", "situation": "alone"}
    told = {"g1": ["ill_or_hurt"], "g2": ["someone"], "g4": ["one_in_control"]}

    proposed = read_answers(shelf().find("first-pass"), Given({**told, **person}))

    assert {"P1", "P3", "T1"} == {*proposed.fired, *proposed.noted}
    assert proposed.primary == "ENFANT_A_RISQUE"


@pytest.mark.parametrize("case", READINGS, ids=by_id)
def test_each_line_of_the_rules_is_read_to_the_letter(case: dict[str, Any]) -> None:
    answer = as_json(read_facts(facts_from(case["facts"], READER), READER))

    assert {key: answer[key] for key in case["reading"]} == case["reading"]


def test_the_answer_begins_with_the_seven_keys_that_programs_know() -> None:
    facts = {"minor": "yes", "situation": "separated", "indicators": ["T1", "X1", "R1"]}

    answer = as_json(read_facts(facts_from(facts, READER), READER))

    assert tuple(answer)[: len(FIRST_KEYS)] == FIRST_KEYS
    assert json.loads(json.dumps(answer)) == answer


def test_no_story_without_an_exploiter_is_counted_as_trafficking() -> None:
    for case in VIGNETTES:
        if case["id"] in {"V03", "V05", "V09", "V11"}:
            codes = [code.rstrip("*") for code in case["indices"]]
            assert "TRAITE" not in read(case["minor"], case["situation"], *codes).primary


def test_children_are_presumed_trafficked_without_any_means() -> None:
    for case in VIGNETTES:
        if case["id"] in {"V02", "V06"}:
            codes = {code.rstrip("*") for code in case["indices"]} - MEANS
            assert read(case["minor"], case["situation"], *codes).primary == "TRAITE_PRESUMEE"


def test_a_class_may_change_after_the_return() -> None:
    assert read("no", "accompanied").primary == "AUCUN_INDICATEUR"
    assert read("no", "accompanied", "T1", "R2", "S1").primary == "TRAITE_PRESUMEE"


def test_a_labour_dispute_goes_to_the_labour_inspection() -> None:
    proposed = read("no", "unknown", "X1", "N1")

    assert proposed.vulnerabilities == ("CONFLIT_TRAVAIL",)
    assert "labour_inspection" in proposed.next_steps
    assert "rescreen" not in proposed.next_steps


def test_violence_asylum_and_health_are_named() -> None:
    assert read("no", "unknown", "A1").vulnerabilities == ("VBG",)
    assert read("no", "unknown", "P2", "P3", "P4").vulnerabilities == ("ASILE", "SANTE", "VBG")


def test_post_rape_care_comes_before_everything_but_safety() -> None:
    steps = read("no", "alone", "SM1", "SM3", "P2", "P3", "C1").next_steps

    assert steps[:2] == ("speak_alone", "rape_care_72h")
    assert "never_consulate_unasked" in steps


def test_the_aunt_at_the_bus_station_is_not_given_the_children() -> None:
    steps = read("yes", "accompanied", "T1", "E2", "E5", "R4", "D2", "SM1").next_steps

    wanted = {"keep_siblings_together", "verify_family_claim", "never_hand_over_child"}
    assert wanted <= set(steps)


def test_a_child_in_a_good_foster_home_is_not_taken_away() -> None:
    assert read("yes", "accompanied", "N2").next_steps == (
        *("supervisor_review", "light_follow_up", "never_separate_family"),
    )


def test_danger_nearby_is_never_answered_with_a_visit_in_a_month() -> None:
    steps = read("no", "accompanied", "P1").next_steps

    assert steps[:2] == ("get_away_safely", "speak_alone")
    assert "light_follow_up" not in steps


def test_a_dispute_over_wages_is_not_counted_as_trafficking() -> None:
    assert "never_count_as_trafficking" in read("no", "unknown", "X1", "N1").next_steps
    assert "never_count_as_trafficking" not in read("no", "unknown", "X1", "D1").next_steps


def test_a_record_that_does_not_say_who_was_there_is_read_all_the_same() -> None:
    assert class_of("yes", ("T1", "X5")) == "TRAITE_PRESUMEE"
    assert class_of("doubtful", ()) == "AUCUN_INDICATEUR"


@given(some_facts)
def test_the_signs_given_are_parted_into_those_that_fired_and_those_noted(facts: Facts) -> None:
    proposed = with_codes(facts)

    assert not set(proposed.fired) & set(proposed.noted)
    assert {*proposed.fired, *proposed.noted} == set(facts.indicators)
    assert sorted(proposed.fired, key=CODES.index) == list(proposed.fired)


@given(some_facts)
def test_the_rules_named_are_the_classes_proposed_in_order_of_precedence(facts: Facts) -> None:
    proposed = with_codes(facts)

    assert list(proposed.rules) == sorted(proposed.rules)
    assert [CLASSES[number] for number in proposed.rules] == [proposed.primary, *proposed.also]
    assert not {1, 3} <= set(proposed.rules)
    assert 7 not in proposed.rules or proposed.rules == (7,)


@given(some_facts, st.data())
def test_order_and_repetition_of_the_signs_change_nothing(
    facts: Facts, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations([*facts.indicators, *facts.indicators]))

    assert read(facts.minor, facts.situation, *shuffled) == with_codes(facts)


@given(some_facts)
def test_a_counter_sign_never_changes_the_class(facts: Facts) -> None:
    before, after = with_codes(facts), with_codes(facts, "N1", "N2")

    assert (before.primary, before.also) == (after.primary, after.also)


@given(some_facts, st.sampled_from(CODES))
def test_one_more_sign_never_makes_a_reading_lighter(facts: Facts, code: str) -> None:
    before, after = with_codes(facts), with_codes(facts, code)

    assert PRECEDENCE.index(after.primary) <= PRECEDENCE.index(before.primary)


@given(some_codes)
def test_doubt_about_the_age_is_read_as_a_child(codes: frozenset[str]) -> None:
    for situation in SITUATIONS:
        assert read("doubtful", situation, *codes) == read("yes", situation, *codes)


@given(some_codes)
def test_no_adult_is_a_child_at_risk(codes: frozenset[str]) -> None:
    for situation in SITUATIONS:
        proposed = read("no", situation, *codes)
        assert "ENFANT_A_RISQUE" not in (proposed.primary, *proposed.also)
        assert proposed.next_steps == () or "treat_as_child" not in proposed.next_steps


@given(st.sampled_from(["yes", "doubtful"]), st.sampled_from(["alone", "separated"]), some_codes)
def test_a_child_alone_is_always_at_risk_and_never_given_away(
    minor: str, situation: str, codes: frozenset[str]
) -> None:
    proposed = read(minor, situation, *codes)

    assert "ENFANT_A_RISQUE" in (proposed.primary, *proposed.also)
    assert {"ask_for_guardian", "never_hand_over_child"} <= set(proposed.next_steps)


@given(some_codes)
def test_a_child_needs_no_means_to_be_presumed_trafficked(codes: frozenset[str]) -> None:

    with_means = read("yes", "unknown", *codes).primary == "TRAITE_PRESUMEE"
    without = read("yes", "unknown", *(codes - MEANS)).primary == "TRAITE_PRESUMEE"

    assert with_means == without


@given(some_codes)
def test_an_adult_is_never_presumed_trafficked_without_any_means(codes: frozenset[str]) -> None:
    without = codes - MEANS

    assert read("no", "unknown", *without).primary != "TRAITE_PRESUMEE"


@given(some_facts)
def test_possible_trafficking_and_smuggling_are_always_looked_at_again(facts: Facts) -> None:
    proposed = with_codes(facts)

    if proposed.primary in {"TRAITE_A_APPROFONDIR", "TRAFIC_ILLICITE"}:
        assert proposed.rescreen_in_days in {14, 30}
    assert proposed.rescreen_in_days in {None, 14, 30}
    assert ("rescreen" in proposed.next_steps) == (proposed.rescreen_in_days is not None)


@given(some_facts)
def test_every_reading_leads_to_a_step_and_steps_come_in_order_of_urgency(facts: Facts) -> None:
    order = [step.code for step in next_steps.load().steps]

    steps = with_codes(facts).next_steps

    assert steps
    assert list(steps) == sorted(steps, key=order.index)


@pytest.mark.parametrize(
    ("facts", "field", "said"),
    [
        ({}, "minor", "is missing"),
        ({"minor": "no", "situation": "alone"}, "indicators", "is missing"),
        ({"minor": "maybe"}, "situation", "is missing"),
        ({"minor": "maybe", "situation": "alone", "indicators": []}, "minor", "'maybe'"),
        ({"minor": True, "situation": "alone", "indicators": []}, "minor", "True"),
        ({"minor": "no", "situation": [], "indicators": []}, "situation", "[]"),
        ({"minor": "no", "situation": "alone", "indicators": "T1"}, "indicators", "a list"),
        ({"minor": "no", "situation": "alone", "indicators": None}, "indicators", "a list"),
        ({"minor": "no", "situation": "alone", "indicators": ["Z9"]}, "indicators", "'Z9'"),
        ({"minor": "no", "situation": "alone", "indicators": ["t1"]}, "indicators", "'t1'"),
        ({"minor": "no", "situation": "alone", "indicators": [[]]}, "indicators", "[]"),
        ({"minor": "no", "situation": "alone", "indicators": [], "age": 3}, "age", "not a field"),
    ],
)
def test_facts_that_cannot_be_read_are_refused_by_name(
    facts: dict[str, object], field: str, said: str
) -> None:
    with pytest.raises(BadFacts, match="(?s)^" + field) as refused:
        facts_from(facts, READER)

    assert refused.value.field == field
    assert said in str(refused.value)


@pytest.mark.parametrize("minor", ["Yes", "oui", "", None, True])
def test_a_misspelt_age_is_never_taken_for_an_adult(minor: str) -> None:
    with pytest.raises(BadFacts, match=r"^minor"):
        Facts(minor, "alone", ())


# Laws that hold for every instrument, whoever wrote it.


def outcomes(instrument: Instrument) -> list[str]:
    return [outcome.code for outcome in instrument.reader.outcomes]


def some_answers(instrument: Instrument) -> st.SearchStrategy[dict[str, Any]]:
    """Any answers that the instrument can hold, to any of its questions."""
    plain = [q for s in instrument.sections if not s.repeats for q in s.questions if q.is_coded]

    def an_answer(question: Any) -> st.SearchStrategy[Any]:
        offered = [a.id for a in question.answers]
        standing = [a.id for a in question.standing]
        if question.kind != "many":
            return st.sampled_from([*offered, *standing])
        several = st.lists(st.sampled_from(offered), min_size=1, max_size=4, unique=True)
        return several | st.sampled_from([[one] for one in standing]) if standing else several

    return st.fixed_dictionaries({}, optional={q.id: an_answer(q) for q in plain})


def by_name(instrument: Instrument) -> str:
    return f"{instrument.name}.{instrument.version}"


every_instrument = pytest.mark.parametrize("instrument", INSTRUMENTS, ids=by_name)


@every_instrument
@given(data=st.data())
def test_one_more_sign_never_lowers_any_reading(
    instrument: Instrument, data: st.DataObject
) -> None:
    reader, order = instrument.reader, outcomes(instrument)
    codes = data.draw(st.frozensets(st.sampled_from(list(reader.alphabet.codes))))
    more = data.draw(st.sampled_from(list(reader.alphabet.codes)))
    minor, situation = data.draw(st.sampled_from(MINOR)), data.draw(st.sampled_from(SITUATIONS))

    before = read_facts(Facts(minor, situation, codes), reader)
    after = read_facts(Facts(minor, situation, codes | {more}), reader)

    assert order.index(after.primary) <= order.index(before.primary)


@every_instrument
@given(data=st.data())
def test_the_order_of_the_answers_never_matters(
    instrument: Instrument, data: st.DataObject
) -> None:
    given_answers = data.draw(some_answers(instrument))
    keys = data.draw(st.permutations(list(given_answers)))
    turned = {key: given_answers[key] for key in keys}
    turned |= {key: value[::-1] for key, value in turned.items() if isinstance(value, list)}

    assert as_json(read_answers(instrument, Given(turned))) == as_json(
        read_answers(instrument, Given(given_answers))
    )


@every_instrument
@given(data=st.data())
def test_an_unanswered_question_never_counts_as_no(
    instrument: Instrument, data: st.DataObject
) -> None:
    given_answers = data.draw(some_answers(instrument))
    yesno = [q.id for q in instrument.questions if q.kind == "yesno" and q.id in given_answers]
    silent = dict(given_answers)
    for key in yesno:
        if given_answers[key] in {"unknown", "declined"}:
            del silent[key]

    said, unsaid = (read_answers(instrument, Given(a)) for a in (given_answers, silent))

    assert (said.primary, said.also, said.fired) == (unsaid.primary, unsaid.also, unsaid.fired)
    assert {m.question for m in unsaid.missing} >= {m.question for m in said.missing}


@every_instrument
@given(data=st.data())
def test_a_child_alone_never_ends_where_nothing_was_found(
    instrument: Instrument, data: st.DataObject
) -> None:
    given_answers = data.draw(some_answers(instrument))
    given_answers |= {"minor": "doubtful", "situation": "alone"}

    read_ = read_answers(instrument, Given(given_answers))

    assert read_.rules != (instrument.reader.otherwise.number,)
    assert read_.field_class != "AUCUN_INDICATEUR"


# Each example is read again for every answer to every question that is missing.
@every_instrument
@settings(max_examples=25)
@given(data=st.data())
def test_what_is_named_as_missing_would_change_the_reading_if_it_were_told(
    instrument: Instrument, data: st.DataObject
) -> None:
    given_ = Given(data.draw(some_answers(instrument)))
    before = read_answers(instrument, given_)

    for missing in before.missing:
        question = instrument.find_question(missing.question)
        assert question is not None
        reached = set()
        for answer in question.answers:
            value = [answer.id] if question.kind == "many" else answer.id
            told = Given({**given_.answers, question.id: value})
            reached.add(read_answers(instrument, told).primary)
        assert missing.outcome in reached
        assert missing.outcome != before.primary


@every_instrument
@given(data=st.data())
def test_answers_that_were_kept_are_answers_that_were_asked(
    instrument: Instrument, data: st.DataObject
) -> None:
    kept = answers.kept(instrument, Given(data.draw(some_answers(instrument))))

    asked = answers.walk(instrument, kept).asked_ids
    assert set(kept.answers) <= asked
    assert answers.kept(instrument, kept) == kept
    assert not [f for f in answers.faults_in(instrument, kept, TODAY) if f.code == "NOT_ASKED"]


# The law, element by element.


def test_a_child_needs_no_means_and_the_law_says_so() -> None:
    law = read("yes", "separated", "T1", "X1").law["palermo-3"]

    assert [(s.element, s.state) for s in law] == [
        ("act", "present"),
        ("means", "not_needed_child"),
        ("purpose", "present"),
    ]


def test_an_adult_without_a_means_has_an_element_that_is_not_established() -> None:
    law = read("no", "unknown", "T1", "X1").law["palermo-3"]

    assert [(s.element, s.state) for s in law] == [
        ("act", "present"),
        ("means", "not_established"),
        ("purpose", "present"),
    ]


def test_trafficking_and_smuggling_are_kept_apart_and_allowed_together() -> None:
    law = read("no", "alone", "T1", "D1", "X1", "SM1", "SM3").law
    matters = {one.matter for one in laws.load().laws if one.id in law}

    assert {"trafficking", "smuggling", "aggravated_smuggling"} <= matters


@given(some_facts)
def test_no_element_is_ever_said_to_be_absent(facts: Facts) -> None:
    for states in with_codes(facts).law.values():
        for state in states:
            assert state.state in {"present", "not_established", "not_needed_child"}
            assert (state.state == "present") == bool(state.codes)
