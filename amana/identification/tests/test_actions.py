"""A screening from the first answer to what an authority decided, on the real database."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from amana.access.rules import NotFound, Refused, Role
from amana.audit import queries as audit
from amana.identification import actions, queries
from amana.identification.answers import BadAnswers, Change, Given
from amana.identification.models import FormalStep, Screening
from amana.identification.rules import Formal
from amana.identification.tests.builders import answers_yielding
from amana.standards.instruments import shelf
from tests.cast import Cast

pytestmark = pytest.mark.django_db

RAPID = shelf().find("rapid-screening")
AWA: dict[str, Any] = {
    "alias": "Zoumana",
    "sex": "F",
    "minor": "no",
    "age_band": "18_24",
    "situation": "alone",
    "language": "dyu",
}


def screened(cast: Cast, now: datetime, *signs: str, **person: Any) -> Screening:
    responder = cast.actor(Role.FIRST_RESPONDER)
    draft = actions.start_draft(actor=responder, now=now)
    told = answers_yielding(signs, **{**AWA, **person})
    actions.save_draft(draft_id=draft.pk, change=Change(said=told), actor=responder, now=now)
    return actions.send_screening(draft_id=draft.pk, observation="", actor=responder, now=now)


def decided(cast: Cast, now: datetime, code: str, chosen: str, reason: str = "") -> Screening:
    supervisor = cast.actor(Role.SUPERVISOR)
    return actions.decide(code=code, decided_class=chosen, reason=reason, actor=supervisor, now=now)


def test_a_screening_keeps_the_version_it_was_made_with_and_the_words_that_were_used(
    cast: Cast, now: datetime
) -> None:
    responder = cast.actor(Role.FIRST_RESPONDER)
    draft = actions.start_draft(actor=responder, now=now)
    told = answers_yielding(("T1", "D1", "X1"), **AWA)
    change = Change(said=told, words={"q06": "elle garde mon passeport"})
    actions.save_draft(draft_id=draft.pk, change=change, actor=responder, now=now)

    sent = actions.send_screening(draft_id=draft.pk, observation="", actor=responder, now=now)

    content = queries.access_screening(cast.actor(Role.SUPERVISOR), sent.pk).content
    assert (content["instrument"], content["version"]) == (RAPID.name, RAPID.version)
    assert content["words"] == {"q06": "elle garde mon passeport"}
    assert content["reading"]["sources"]["D1"] == ["q06"]
    assert content["reading"]["why"]["1"] == ["D1", "X1"]


def test_a_changed_decision_needs_a_reason_and_is_counted(cast: Cast, now: datetime) -> None:
    first, second = (screened(cast, now, "T1", "D1", "X1") for _ in range(2))

    with pytest.raises(Refused) as refused:
        decided(cast, now, first.pk, "TRAITE_A_APPROFONDIR")
    decided(cast, now, first.pk, "TRAITE_A_APPROFONDIR", "le récit change")
    decided(cast, now, second.pk, "TRAITE_PRESUMEE")

    assert refused.value.objections == ["CHANGE_NEEDS_REASON"]
    assert queries.agreement() == {"decided": 2, "differs": 1}


def test_the_day_to_be_seen_again_comes_with_the_decision_and_goes_when_seen(
    cast: Cast, now: datetime
) -> None:
    supervisor = cast.actor(Role.SUPERVISOR)
    sent = screened(cast, now, "R1")
    decided(cast, now, sent.pk, "TRAITE_A_APPROFONDIR")
    due = queries.to_rescreen(supervisor)

    worker = cast.actor(Role.CASE_WORKER)
    draft = actions.start_draft(actor=worker, now=now, follows=sent.pk)
    told = answers_yielding(("R1",))
    actions.save_draft(draft_id=draft.pk, change=Change(said=told), actor=worker, now=now)
    again = actions.send_screening(draft_id=draft.pk, observation="", actor=worker, now=now)

    assert due == [(sent, queries.today(now) + timedelta(days=30))]
    assert again.follows_id == sent.pk
    assert queries.to_rescreen(supervisor) == []


def test_what_was_told_once_is_not_asked_again_by_the_interview(cast: Cast, now: datetime) -> None:
    sent = screened(cast, now, "T1", "D1", "X1")
    worker = cast.actor(Role.CASE_WORKER)

    draft = actions.start_draft(actor=worker, now=now, name="full-interview", follows=sent.pk)

    _, content = queries.access_draft(worker, draft.pk)
    assert content["known"] == ["D1", "T1", "X1"]
    assert content["answers"]["alias"] == "Zoumana"
    assert "d1" not in content["answers"]


def test_nobody_interviews_a_person_whose_screening_is_not_hers_to_read(
    cast: Cast, now: datetime
) -> None:
    sent = screened(cast, now, "T1", "D1", "X1")
    responder = cast.actor(Role.FIRST_RESPONDER)

    for name in ("full-interview", "rapid-screening"):
        with pytest.raises(NotFound):
            actions.start_draft(actor=responder, now=now, name=name, follows=sent.pk)


def test_answers_that_cannot_be_are_not_sent_and_nothing_is_lost(cast: Cast, now: datetime) -> None:
    responder = cast.actor(Role.FIRST_RESPONDER)
    draft = actions.start_draft(actor=responder, now=now)
    told = answers_yielding((), **{**AWA, "age": 15})
    actions.save_draft(draft_id=draft.pk, change=Change(said=told), actor=responder, now=now)

    with pytest.raises(Refused) as refused:
        actions.send_screening(draft_id=draft.pk, observation="", actor=responder, now=now)

    assert refused.value.objections == ["ANSWERS_CANNOT_BE"]
    assert queries.access_draft(responder, draft.pk)[1]["answers"] == told
    assert not Screening.objects.exists()


def test_a_submission_twice_is_one_screening(cast: Cast, now: datetime) -> None:
    given = Given(answers_yielding(("T1", "X1"), **AWA))

    kept = [
        actions.receive_submission(
            submission="uuid1", instrument=RAPID, given=given, now=now, actor=None
        )
        for _ in range(2)
    ]

    assert [is_new for _, is_new in kept] == [True, False]
    assert kept[0][0].pk == kept[1][0].pk
    acts = [entry["verb"] for entry in audit.latest(10)]
    assert acts.count("identification.receive_submission") == 1


@pytest.mark.parametrize("first", [None, Role.CASE_WORKER])
@pytest.mark.parametrize("second", [None, Role.CASE_WORKER])
def test_a_submission_without_an_account_is_the_same_whoever_brings_it_again(
    cast: Cast, now: datetime, first: Role | None, second: Role | None
) -> None:
    rows = [brought(cast, now, role) for role in (first, second)]

    assert [is_new for _, is_new in rows] == [True, False]
    assert rows[0][0].pk == rows[1][0].pk
    assert Screening.objects.count() == 1


def brought(cast: Cast, now: datetime, role: Role | None) -> tuple[Screening, bool]:
    return actions.receive_submission(
        submission="uuid:1",
        instrument=RAPID,
        given=Given(answers_yielding(("T1", "X1"), **AWA)),
        actor=cast.actor(role) if role else None,
        now=now,
    )


def test_what_a_colleague_brought_is_refused_and_her_screening_not_shown(
    cast: Cast, now: datetime
) -> None:
    brought(cast, now, Role.CASE_WORKER)

    with pytest.raises(Refused) as refused:
        brought(cast, now, Role.SUPERVISOR)

    assert refused.value.objections == ["SUBMISSION_ALREADY_TAKEN"]
    assert Screening.objects.count() == 1


@pytest.mark.parametrize("by", [None, Role.SUPERVISOR])
def test_a_draft_whose_number_another_submission_took_is_refused_and_kept(
    cast: Cast, now: datetime, by: Role | None
) -> None:
    """Nobody can know it beforehand; should it ever be, the draft stays and the words say why."""
    responder = cast.actor(Role.FIRST_RESPONDER)
    draft = actions.start_draft(actor=responder, now=now)
    told = answers_yielding(("T1",), **AWA)
    actions.save_draft(draft_id=draft.pk, change=Change(said=told), actor=responder, now=now)
    actions.receive_submission(
        submission=draft.pk,
        instrument=RAPID,
        given=Given(told),
        actor=cast.actor(by) if by else None,
        now=now,
    )

    with pytest.raises(Refused) as refused:
        actions.send_screening(draft_id=draft.pk, observation="", actor=responder, now=now)

    assert refused.value.objections == ["SUBMISSION_ALREADY_TAKEN"]
    assert queries.access_draft(responder, draft.pk)[1]["answers"] == told


@pytest.mark.parametrize(
    ("change", "problem"),
    [({"q03": ["flown"]}, BadAnswers), ({"age": 300}, BadAnswers), ({"minor": None}, BadAnswers)],
)
def test_a_submission_at_fault_leaves_nothing_behind(
    cast: Cast, now: datetime, change: dict[str, Any], problem: type[Exception]
) -> None:
    given = Given({**answers_yielding(("T1",), **AWA), **change})

    with pytest.raises(problem):
        actions.receive_submission(submission="u", instrument=RAPID, given=given, now=now)

    assert not Screening.objects.exists()


def test_half_a_submission_is_refused_with_everything_it_lacks(cast: Cast, now: datetime) -> None:
    with pytest.raises(Refused) as refused:
        actions.receive_submission(submission="u", instrument=RAPID, given=Given({}), now=now)

    assert refused.value.objections == ["DANGER_CHECK_FIRST", "PERSON_NOT_DESCRIBED"]


# The formal identification.


def a_refusal(now: datetime) -> Formal:
    return Formal(
        kind="REFUSED",
        authority="MA_PROSECUTOR",
        law="ma-27-14",
        on=queries.today(now) - timedelta(days=3),
        reasons="éléments insuffisants",
        remedy="réexamen avant trente jours",
    )


def test_a_refusal_is_contested_and_reviewed(cast: Cast, now: datetime) -> None:
    worker = cast.actor(Role.CASE_WORKER)
    sent = screened(cast, now, "T1", "D1", "X1")
    decided(cast, now, sent.pk, "TRAITE_PRESUMEE")
    refusal = a_refusal(now)

    actions.record_formal(code=sent.pk, step=refusal, actor=worker, now=now)
    for kind in ("CONTESTED", "IDENTIFIED"):
        step = replace(refusal, kind=kind, on=queries.today(now))
        actions.record_formal(code=sent.pk, step=step, actor=worker, now=now)

    steps = queries.formal_steps(queries.access_screening(worker, sent.pk))
    assert [s.step.kind for s in steps] == ["REFUSED", "CONTESTED", "IDENTIFIED"]
    assert steps[0].step == refusal


def test_nothing_of_a_formal_decision_lies_in_clear(cast: Cast, now: datetime) -> None:
    worker = cast.actor(Role.CASE_WORKER)
    sent = screened(cast, now, "T1", "D1", "X1")
    decided(cast, now, sent.pk, "TRAITE_PRESUMEE")

    actions.record_formal(code=sent.pk, step=a_refusal(now), actor=worker, now=now)

    row = FormalStep.objects.values().get()
    clear = repr({key: value for key, value in row.items() if key != "sealed"})
    for word in ("REFUSED", "MA_PROSECUTOR", "ma-27-14", "insuffisants"):
        assert word not in clear
        assert word.encode() not in bytes(row["sealed"])


def test_no_formal_step_comes_before_the_supervisors_word(cast: Cast, now: datetime) -> None:
    sent = screened(cast, now, "T1", "D1", "X1")

    with pytest.raises(Refused) as refused:
        actions.record_formal(
            code=sent.pk, step=a_refusal(now), actor=cast.actor(Role.CASE_WORKER), now=now
        )

    assert refused.value.objections == ["FORMAL_NEEDS_DECISION"]
    assert not FormalStep.objects.exists()


def test_an_interview_goes_with_the_case_when_it_is_erased(cast: Cast, now: datetime) -> None:
    worker = cast.actor(Role.CASE_WORKER)
    sent = screened(cast, now, "T1", "D1", "X1")
    decided(cast, now, sent.pk, "TRAITE_PRESUMEE")
    draft = actions.start_draft(actor=worker, now=now, name="full-interview", follows=sent.pk)
    told = answers_yielding((), age_band="18_24", minor="no")
    actions.save_draft(draft_id=draft.pk, change=Change(said=told), actor=worker, now=now)
    interview = actions.send_screening(draft_id=draft.pk, observation="", actor=worker, now=now)

    assert queries.chain_of(sent.pk) == sorted([sent.pk, interview.pk])
    assert queries.chain_of(interview.pk) == queries.chain_of(sent.pk)


def test_a_day_is_the_day_of_this_country(now: datetime) -> None:
    assert queries.today(now) == date(now.year, now.month, now.day)
