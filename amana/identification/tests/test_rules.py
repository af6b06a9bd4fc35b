"""What stands against sending, deciding, and recording what an authority decided."""

import itertools
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amana.access.rules import Role
from amana.identification import rules
from amana.identification.answers import Given
from amana.identification.reading import reader_of_facts
from amana.identification.rules import FORMAL_NEXT, FORMAL_STATES, Formal
from amana.identification.tests.builders import NO_DANGER
from amana.standards import authorities
from amana.standards.instruments import shelf

RAPID = shelf().find("rapid-screening")
TODAY = date(2026, 11, 26)
REFUSED = Formal(
    kind="REFUSED",
    authority="CI_PROSECUTOR",
    law="ci-2016-1111",
    on=date(2026, 11, 20),
    reasons="les faits ne sont pas établis",
    remedy="recours devant la chambre, avant le 20 décembre",
)


def against(
    step: Formal, *before: Formal, country: str = "CI", is_decided: bool = True
) -> list[str]:
    return rules.objections_to_formal(
        step,
        before=before,
        is_decided=is_decided,
        may_decide=authorities.deciding_in(country),
        today=TODAY,
    )


def test_a_stop_half_way_can_be_sent() -> None:
    half = {**NO_DANGER, "minor": "yes", "age_band": "10_14", "q01": ["safe"]}

    assert rules.objections_to_sending(RAPID, Given(half)) == []


def test_everything_that_is_lacking_is_said_at_once() -> None:
    assert rules.objections_to_sending(RAPID, Given({})) == [
        "DANGER_CHECK_FIRST",
        "PERSON_NOT_DESCRIBED",
    ]


@pytest.mark.parametrize(
    ("name", "minor", "band", "said"),
    [
        ("ilo-adult-labour", "doubtful", "UNK", ["INSTRUMENT_FOR_ADULTS"]),
        ("ilo-adult-labour", "yes", "15_17", ["INSTRUMENT_FOR_ADULTS"]),
        ("ilo-child-labour", "no", "18_24", ["INSTRUMENT_FOR_CHILDREN"]),
        ("ilo-child-labour", "doubtful", "UNK", []),
        ("ilo-adult-labour", "no", "18_24", []),
    ],
)
def test_no_list_is_ever_read_for_whom_it_was_not_made(
    name: str, minor: str, band: str, said: list[str]
) -> None:
    told = Given({**NO_DANGER, "minor": minor, "age_band": band})

    assert rules.objections_to_sending(shelf().find(name), told) == said


def test_a_first_responder_begins_what_takes_ten_minutes_and_no_interview() -> None:
    assert rules.may_begin(Role.FIRST_RESPONDER, "rapid-screening")
    assert rules.may_begin(Role.FIRST_RESPONDER, "first-pass")
    assert not rules.may_begin(Role.FIRST_RESPONDER, "full-interview")
    assert rules.may_begin(Role.CASE_WORKER, "full-interview")


def test_a_decision_is_made_once_and_a_change_says_why() -> None:
    assert rules.objections_to_decision(is_decided=True, proposed="A", decided="B", reason=" ") == [
        "ALREADY_DECIDED",
        "CHANGE_NEEDS_REASON",
    ]
    assert not rules.objections_to_decision(is_decided=False, proposed="A", decided="A", reason="")


@pytest.mark.parametrize(
    ("decided", "days"),
    [("TRAITE_A_APPROFONDIR", 30), ("TRAFIC_ILLICITE", 30), ("AUCUN_INDICATEUR", None)],
)
def test_a_class_that_the_supervisor_chose_has_its_own_date_to_be_seen_again(
    decided: str, days: int | None
) -> None:
    found = rules.rescreen_days(
        reader_of_facts(), proposed="TRAITE_PRESUMEE", decided=decided, proposed_days=None
    )

    assert found == days


def test_a_decision_that_follows_the_reading_keeps_its_date() -> None:
    same = "AUTRE_VULNERABILITE"

    assert (
        rules.rescreen_days(reader_of_facts(), proposed=same, decided=same, proposed_days=14) == 14
    )


def test_after_a_first_pass_a_person_is_seen_again_whatever_was_decided() -> None:
    found = rules.rescreen_days(
        reader_of_facts(),
        proposed="TRAITE_PRESUMEE",
        decided="AUCUN_INDICATEUR",
        proposed_days=1,
        again_in_days=1,
    )

    assert found == 1


# The formal identification.


def test_in_ivory_coast_a_prosecutor_or_a_magistrate_decides_and_nobody_else() -> None:
    assert authorities.deciding_in("CI") == ("CI_PROSECUTOR", "CI_MAGISTRATE")
    assert against(REFUSED) == []
    assert against(replace(REFUSED, authority="MA_COMMISSION")) == ["AUTHORITY_MAY_NOT_DECIDE"]


def test_a_country_whose_authorities_are_not_loaded_lets_nobody_be_guessed() -> None:
    assert authorities.deciding_in("BF") == ()
    assert against(REFUSED, country="BF") == ["AUTHORITY_MAY_NOT_DECIDE"]


def test_a_refusal_says_why_and_what_can_be_done_against_it() -> None:
    assert against(replace(REFUSED, reasons=" ", remedy="")) == ["REASONS_NEEDED", "REMEDY_NEEDED"]


def test_a_refusal_is_contested_and_reviewed() -> None:
    contested = replace(REFUSED, kind="CONTESTED", on=date(2026, 11, 22))
    reviewed = replace(REFUSED, kind="IDENTIFIED", on=date(2026, 11, 25), reasons="", remedy="")

    assert against(contested, REFUSED) == []
    assert against(reviewed, REFUSED, contested) == []
    assert rules.formal_state([REFUSED, contested]) == "REVIEW_REQUESTED"
    assert rules.formal_state([REFUSED, contested, reviewed]) == "FORMALLY_IDENTIFIED"


def test_nothing_is_contested_before_it_is_decided() -> None:
    contested = replace(REFUSED, kind="CONTESTED")

    assert against(contested) == ["FORMAL_STEP_OUT_OF_ORDER"]
    assert against(contested, replace(REFUSED, kind="ASKED")) == ["FORMAL_STEP_OUT_OF_ORDER"]


def test_every_objection_is_said_at_once() -> None:
    wrong = Formal(kind="CONTESTED", authority="POLICE", law="", on=date(2027, 1, 1))

    assert against(wrong, is_decided=False) == [
        "FORMAL_NEEDS_DECISION",
        "FORMAL_STEP_OUT_OF_ORDER",
        "AUTHORITY_MAY_NOT_DECIDE",
        "DAY_IN_THE_FUTURE",
        "REASONS_NEEDED",
    ]


def test_no_step_is_older_than_the_step_before_it() -> None:
    early = replace(REFUSED, kind="CONTESTED", on=date(2026, 11, 1))

    assert against(early, REFUSED) == ["BEFORE_THE_STEP_BEFORE"]


@given(st.lists(st.sampled_from(sorted(FORMAL_STATES)), max_size=8))
def test_only_a_contested_decision_is_ever_decided_again(kinds: list[str]) -> None:
    taken: list[Formal] = []
    for kind in kinds:
        step = replace(REFUSED, kind=kind)
        if not against(step, *taken):
            taken.append(step)

    for before, after in itertools.pairwise(taken):
        if before.kind in {"IDENTIFIED", "REFUSED"}:
            assert after.kind == "CONTESTED"
    assert rules.formal_state(taken) in FORMAL_NEXT
