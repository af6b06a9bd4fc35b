"""Letters through the actions a person uses, on the real database, with a real other desk."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amana.access.models import Notice
from amana.access.rules import Actor, NotFound, Refused, Role
from amana.agreements.models import Step
from amana.cases import actions as cases
from amana.cases.models import Consent
from amana.crypto import age
from amana.crypto.hybrid import public_of
from amana.crypto.secrets import new_id
from amana.exchange.models import Message
from amana.exchange.queries import digest_of
from amana.letters import actions, queries, rules
from amana.letters.actions import Written
from amana.letters.models import Draft, Thread
from amana.letters.tests.builders import (
    accepted,
    answer,
    begun,
    body_of,
    conversation,
    hosted,
    release,
    said,
    says,
    second_of,
    sent,
    values_of,
    write,
)
from amana.referrals import actions as referrals
from amana.referrals import rules as referral_rules
from amana.referrals.tests import test_actions as told
from amana.referrals.tests.test_actions import (
    ALIAS,
    FULL_NAME,
    YES,
    Corridor,
    agreed,
    offered,
    opened,
    verbs,
)
from amana.referrals.tests.test_agreement import suspend
from amana.standards import messages
from tests.cast import THE_MOMENT as NOW

pytestmark = pytest.mark.django_db
corridor = told.corridor


def owed(corridor: Corridor, code: str) -> set[tuple[str, str]]:
    """Return who owes which kind of word in a conversation."""
    found = conversation(corridor, code)
    return {(o.watch.country, o.answer_kind) for o in found.owed() if not o.watch.is_met}


def refused(corridor: Corridor, code: str, kind: str, **more: Any) -> list[str]:
    """Return why a letter is not written."""
    with pytest.raises(Refused) as why:
        write(corridor, code, kind, **more)
    return why.value.objections


# The walk: every family, both ways.


def test_a_child_is_assessed_returned_handed_over_and_followed(corridor: Corridor) -> None:
    referral = accepted(corridor)
    code, there = referral.code, referral.pk

    request = sent(corridor, code, "assessment.request")
    assert owed(corridor, code) == {("CI", "letter.accept"), ("CI", "assessment.report")}
    report = says(corridor, there, "assessment.report", to=request)
    assert owed(corridor, code) == {("MA", "letter.read")}
    answer(corridor, code, "letter.read", report)

    proposal = sent(corridor, code, "return.proposal")
    assert refused(corridor, code, "departure.notice") == ["STEP_BEFORE_NOT_ANSWERED"]
    says(corridor, there, "letter.accept", to=proposal)
    notice = sent(corridor, code, "departure.notice")
    assert refused(corridor, code, "handover.complete", role=Role.CASE_WORKER) == [
        "STEP_BEFORE_NOT_ANSWERED"
    ]
    says(corridor, there, "letter.read", to=notice)

    handed = sent(corridor, code, "handover.complete")
    assert owed(corridor, code) == {("CI", "handover.countersign"), ("CI", "arrival.confirm")}
    says(corridor, there, "handover.countersign", to=handed, record_digest=digest_of(handed))
    arrived = says(corridor, there, "arrival.confirm", to=handed)
    assert owed(corridor, code) == {("CI", "followup.report")}
    followed = says(corridor, there, "followup.report", to=arrived)
    says(corridor, there, "followup.report", to=arrived, follow_point="M1")
    answer(corridor, code, "letter.read", followed)
    sent(corridor, code, "judicial.request")
    says(corridor, there, "closure")

    assert owed(corridor, code) == {("MA", "letter.read")}
    assert [one.cancelled_by for one in conversation(corridor, code).letters] == [None] * 15


def test_the_same_way_is_gone_where_we_are_asked(corridor: Corridor) -> None:
    referral = hosted(corridor)
    code, there = referral.code, referral.pk

    request = says(corridor, there, "assessment.request")
    sent(corridor, code, "assessment.report")
    assert Message.objects.get(kind="assessment.report").in_reply_to == request
    proposal = says(corridor, there, "return.proposal")
    answer(corridor, code, "letter.accept", proposal)
    notice = says(corridor, there, "departure.notice")
    answer(corridor, code, "letter.read", notice)
    handed = says(corridor, there, "handover.complete")
    answer(corridor, code, "handover.countersign", handed)
    signed = Message.objects.get(kind="handover.countersign")
    assert corridor.reads(signed)["record_digest"] == Message.objects.get(pk=handed).sha256
    arrived = sent(corridor, code, "arrival.confirm")
    sent(corridor, code, "followup.report")
    assert Message.objects.get(kind="followup.report").in_reply_to == arrived
    says(corridor, there, "judicial.request")
    sent(corridor, code, "closure")

    assert ("MA", "arrival.confirm") not in owed(corridor, code)


THREADS = [
    family.kind
    for family in messages.letters()
    if family.where != "referral" and family.kind not in rules.ANSWERS | {"cancel"}
]


@pytest.mark.parametrize("kind", THREADS)
def test_a_thread_is_begun_here_read_there_and_cancelled(corridor: Corridor, kind: str) -> None:
    draft = begun(corridor, kind)
    release(corridor, draft)
    thread = Thread.objects.get()
    letter = Message.objects.get(kind=kind)

    body = corridor.reads(letter)
    assert body["m"] == messages.families()[kind].number
    answers = {w.kind for w in messages.families()[kind].waits}
    assert {k for c, k in owed(corridor, thread.code) if c == "CI"} == answers
    says(corridor, thread.pk, answers.pop(), to=letter.pk)
    assert owed(corridor, thread.code) == set()

    sent(corridor, thread.code, "cancel", to=letter.pk, role=Role.DESK)
    letters = {one.said.mid: one for one in conversation(corridor, thread.code).letters}
    assert letters[letter.pk].cancelled_by is not None


@pytest.mark.parametrize("kind", THREADS)
def test_a_thread_is_begun_there_and_answered_here(corridor: Corridor, kind: str) -> None:
    there = new_id()
    first = says(corridor, there, kind)
    thread = Thread.objects.get()
    assert (thread.pk, thread.is_ours, thread.country) == (there, False, "CI")
    wait = messages.families()[kind].waits[0].kind

    if wait in rules.BY_HAND:
        answer(corridor, thread.code, wait, first)
    else:
        sent(corridor, thread.code, wait, role=Role.DESK)

    assert owed(corridor, thread.code) == set()
    with pytest.raises(NotFound):
        queries.conversation(corridor.who(Role.CASE_WORKER), thread.code)
    found = conversation(corridor, thread.code)
    actions.hand_on(found=found, actor=corridor.who(Role.DESK), now=NOW)
    assert queries.conversation(corridor.who(Role.CASE_WORKER), thread.code).lines


def test_every_family_is_walked_here(corridor: Corridor) -> None:
    """A family that is added to the table must be walked above, or this says so."""
    walked = {
        *("assessment.request", "assessment.report", "return.proposal", "departure.notice"),
        *("handover.complete", "handover.countersign", "arrival.confirm", "followup.report"),
        *("judicial.request", "closure", "cancel", "letter.read", "letter.accept"),
        *("letter.decline", "trace.answer", *THREADS),
    }

    assert walked == {family.kind for family in messages.letters()}


def test_a_refusal_ends_what_was_owed(corridor: Corridor) -> None:
    referral = accepted(corridor)
    request = sent(corridor, referral.code, "assessment.request")

    says(corridor, referral.pk, "letter.decline", to=request)

    assert owed(corridor, referral.code) == set()
    waiting = queries.owed(NOW)
    assert {(w.kind, w.answer_kind, w.country, w.clock) for w in waiting} == {
        ("assessment.request", "letter.accept", "CI", "decision"),
        ("assessment.request", "assessment.report", "CI", "family_assessment"),
    }
    assert all(w.answer and w.watch.is_met and w.tier == "adult" for w in waiting)


def test_what_waits_is_told_with_its_clock_and_without_a_key(corridor: Corridor) -> None:
    draft = begun(corridor, "emergency")
    release(corridor, draft)

    (one,) = queries.owed(NOW)

    assert (one.kind, one.clock, one.country, one.tier) == (
        "emergency",
        "human_acknowledgement",
        "CI",
        "emergency",
    )
    assert one.watch.due_at == NOW + timedelta(hours=2)
    assert queries.owed(NOW - timedelta(seconds=1)) == []


# Two people.


def colleague(corridor: Corridor) -> Actor:
    """Return another person of the desk."""
    corridor.cast.hire("second-desk", "Seconde Inventée", Role.DESK, ("desk",))
    return corridor.cast.who("second-desk")


def test_what_needs_two_does_not_leave_by_one(corridor: Corridor) -> None:
    desk = corridor.who(Role.DESK)
    draft = begun(corridor, "emergency")

    with pytest.raises(Refused) as why:
        actions.release(draft=draft, actor=desk, now=NOW)
    assert why.value.objections == ["NEEDS_SECOND_WORD"]
    with pytest.raises(Refused) as why:
        actions.agree(draft=draft, actor=desk, now=NOW)
    assert why.value.objections == ["SECOND_PERSON_IS_THE_FIRST"]

    second = colleague(corridor)
    actions.agree(draft=draft, actor=second, now=NOW)
    with pytest.raises(Refused) as why:
        actions.release(draft=draft, actor=second, now=NOW)
    assert why.value.objections == ["SECOND_PERSON_IS_THE_FIRST"]
    assert not Message.objects.exists()

    actions.release(draft=draft, actor=desk, now=NOW)
    assert Message.objects.get().kind == "emergency"
    assert {"letters.write", "letters.agree", "letters.release"} <= set(verbs())


def test_a_letter_leaves_once_and_its_words_go_with_it(corridor: Corridor) -> None:
    draft = begun(corridor, "info.notice")
    release(corridor, draft)

    with pytest.raises(Refused) as why:
        release(corridor, draft)

    assert why.value.objections == ["LETTER_HAS_LEFT"]
    draft.refresh_from_db()
    assert draft.sealed is None
    assert draft.mid == Message.objects.get().pk


def test_what_was_given_back_never_leaves(corridor: Corridor) -> None:
    draft = begun(corridor, "info.notice")
    actions.give_back(draft=draft, actor=corridor.who(Role.DESK), now=NOW)

    with pytest.raises(Refused) as why:
        release(corridor, draft)

    assert why.value.objections == ["LETTER_HAS_LEFT"]
    assert not Message.objects.exists()


def test_only_a_false_family_makes_an_alert_wait_for_two(corridor: Corridor) -> None:
    assert not begun(corridor, "alert", alert_kind="MISSING").needs_second
    assert begun(corridor, "alert", alert_kind="FALSE_FAMILY").needs_second


def test_whoever_is_not_of_the_desk_releases_and_answers_nothing(corridor: Corridor) -> None:
    referral = accepted(corridor)
    draft = write(corridor, referral.code, "judicial.request")
    for role in (Role.CASE_WORKER, Role.SUPERVISOR):
        with pytest.raises(NotFound):
            actions.release(draft=draft, actor=corridor.who(role), now=NOW)
    with pytest.raises(NotFound):
        write(corridor, referral.code, "assessment.request", role=Role.DESK)


# What never leaves.


@pytest.mark.parametrize("name", [ALIAS, FULL_NAME, FULL_NAME.upper(), "nafissatou"])
def test_a_name_does_not_leave_before_the_dossier_did(corridor: Corridor, name: str) -> None:
    referral = accepted(corridor)

    assert refused(corridor, referral.code, "assessment.request", text=f"Voir {name}.") == [
        "NEVER_SENT"
    ]


def test_a_name_is_looked_at_twice_after_the_dossier(corridor: Corridor) -> None:
    referral = accepted(corridor)
    referrals.release_dossier(referral=referral, actor=corridor.who(Role.DESK), now=NOW)
    words = {"text": f"Voir {ALIAS}."}

    assert refused(corridor, referral.code, "assessment.request", **words) == ["SECOND_LOOK_NEEDED"]
    sent(corridor, referral.code, "assessment.request", look_reason="PERSON_ASKED", **words)


@pytest.mark.parametrize(
    ("text", "against"),
    [
        ("Elle vit à Derb Kandilia.", "NEVER_SENT"),
        ("Ne dites rien à Kassoum.", "NEVER_SENT"),
        ("Elle est enceinte.", "SECOND_LOOK_NEEDED"),
        ("Elle a demandé l’asile.", "SECOND_LOOK_NEEDED"),
        ("هي حامل", "SECOND_LOOK_NEEDED"),
        ("Appeler le +225 07 00 00 00 01", "SECOND_LOOK_NEEDED"),
        ("Écrire à nobody@example.org", "SECOND_LOOK_NEEDED"),
        ("5.3456, -4.0123", "SECOND_LOOK_NEEDED"),
    ],
)
def test_what_is_never_sent_is_found_in_the_words(
    corridor: Corridor, text: str, against: str
) -> None:
    referral = accepted(corridor)
    case = referral.case
    assert case is not None
    worker = corridor.who(Role.CASE_WORKER)
    changes = {"do_not_contact": "Kassoum, l’oncle"}
    cases.write_compartment(
        case=case, name="location", changes=changes, version=2, actor=worker, now=NOW
    )

    assert refused(corridor, referral.code, "assessment.request", text=text) == [against]
    again = refused if against == "NEVER_SENT" else write
    again(corridor, referral.code, "assessment.request", text=text, look_reason="PUBLIC_PLACE")


def test_spontaneous_information_can_name_nobody_whatever_the_reason(corridor: Corridor) -> None:
    for text in ("Appeler le 07 00 00 00 01", "x@example.org", "33.589, -7.603"):
        with pytest.raises(Refused) as why:
            begun(corridor, "info.notice", info_text=text, look_reason="PUBLIC_PLACE")
        assert why.value.objections == ["NEVER_SENT"]


def test_without_a_live_consent_no_letter_speaks_of_a_person(corridor: Corridor) -> None:
    referral = accepted(corridor)
    draft = write(corridor, referral.code, "return.proposal")
    actions.agree(draft=draft, actor=second_of(corridor), now=NOW)
    worker = corridor.who(Role.CASE_WORKER)
    consent = Consent.objects.get(purpose="SHARE_CROSS_BORDER")
    cases.withdraw_consent(consent_id=consent.pk, actor=worker, now=NOW)

    assert refused(corridor, referral.code, "assessment.request") == ["CONSENT_WITHDRAWN"]
    with pytest.raises(Refused) as why:
        actions.release(draft=draft, actor=corridor.who(Role.DESK), now=NOW)

    assert why.value.objections == ["CONSENT_WITHDRAWN"]
    # A child that disappears is told of all the same, in codes.
    sent(corridor, referral.code, "alert", role=Role.DESK)


def test_a_family_is_looked_for_only_after_the_person_said_yes_to_that(corridor: Corridor) -> None:
    referral = offered(corridor)
    assert referral.case is not None
    corridor.say(referral.pk, referral_rules.ACKNOWLEDGE, {"by": "Mariam"})
    corridor.say(referral.pk, referral_rules.ACCEPT, YES)

    # Never asked is no yes, and neither is a no.
    assert refused(corridor, referral.code, "assessment.request") == ["NO_YES_TO_TRACE_FAMILY"]
    said(corridor, referral.case, "TRACE_FAMILY", "NO")
    assert refused(corridor, referral.code, "assessment.request") == ["NO_YES_TO_TRACE_FAMILY"]
    with pytest.raises(Refused) as why:
        begun(corridor, "trace.question", role=Role.CASE_WORKER, case=referral.case)
    assert why.value.objections == ["NO_YES_TO_TRACE_FAMILY"]

    said(corridor, referral.case, "TRACE_FAMILY")
    draft = write(corridor, referral.code, "assessment.request")
    # It is asked again when the letter leaves: a person may take back her yes until then.
    said(corridor, referral.case, "TRACE_FAMILY", "NO")
    with pytest.raises(Refused) as why:
        actions.release(draft=draft, actor=corridor.who(Role.DESK), now=NOW)
    assert why.value.objections == ["NO_YES_TO_TRACE_FAMILY"]
    said(corridor, referral.case, "TRACE_FAMILY")
    actions.release(draft=draft, actor=corridor.who(Role.DESK), now=NOW)


def test_who_wants_no_more_contact_is_asked_nothing_and_the_other_country_hears_that(
    corridor: Corridor,
) -> None:
    referral = hosted(corridor)
    referral.refresh_from_db()
    assert referral.case is not None
    request = says(corridor, referral.pk, "return.proposal")
    answer(corridor, referral.code, "letter.accept", request)
    answer(
        corridor,
        referral.code,
        "letter.read",
        says(corridor, referral.pk, "departure.notice"),
    )
    handed = says(corridor, referral.pk, "handover.complete")
    answer(corridor, referral.code, "handover.countersign", handed)
    sent(corridor, referral.code, "arrival.confirm")
    said(corridor, referral.case, "AFTERCARE_CONTACT", "NO")

    assert refused(corridor, referral.code, "followup.report") == ["NO_YES_TO_AFTERCARE_CONTACT"]
    sent(corridor, referral.code, "followup.report", follow_state="DECLINED")
    # Danger is told of whatever was answered.
    sent(corridor, referral.code, "followup.report", follow_state="IN_DANGER", follow_point="M1")


def test_a_warning_of_a_case_is_told_to_who_works_on_it_and_an_emergency_to_who_leads(
    corridor: Corridor,
) -> None:
    def hearing(kind: str) -> set[tuple[str, str]]:
        rows = Notice.objects.filter(kind=kind).values_list("account__role", "reference")
        return set(rows)

    referral = accepted(corridor)
    says(corridor, referral.pk, "judicial.request")
    assert not hearing("LETTER_URGENT")
    says(corridor, referral.pk, "alert")
    assert hearing("LETTER_URGENT") == {("R03", referral.code), ("R04", referral.code)}

    assert not hearing("LETTER_EMERGENCY")
    says(corridor, new_id(), "emergency")
    assert hearing("LETTER_EMERGENCY") == {("R04", ""), ("R07", "")}


def test_whoever_fears_return_is_not_spoken_of_to_the_country_of_origin(
    corridor: Corridor,
) -> None:
    case = opened(corridor, indicators=("T1", "R1", "X1", "P4"))
    agreed(corridor, case)
    said(corridor, case, "TRACE_FAMILY")

    with pytest.raises(Refused) as why:
        begun(corridor, "trace.question", role=Role.CASE_WORKER, case=case)

    assert why.value.objections == ["FEAR_OF_RETURN"]
    assert not Thread.objects.exists()


def test_the_desk_writes_of_a_person_whose_file_it_cannot_open_in_states_alone(
    corridor: Corridor,
) -> None:
    referral = accepted(corridor)

    assert refused(corridor, referral.code, "alert", role=Role.DESK, text="Vue hier.") == [
        "CASE_WORKER_WRITES"
    ]


def test_what_only_the_unit_reads_is_closed_to_both_desks(corridor: Corridor) -> None:
    referral = accepted(corridor)
    draft = write(corridor, referral.code, "return.proposal", return_wishes="revoir sa mère")
    seen = json.dumps(queries.prepared(corridor.who(Role.DESK), draft))
    assert "revoir" not in seen
    assert "return_wishes" in seen
    release(corridor, draft)

    body = corridor.reads(Message.objects.get(kind="return.proposal"))

    assert "return_wishes" not in body
    part = json.loads(age.decrypt(corridor.there.unit, base64.b64decode(body["unit_sealed"])))
    assert part == {"return_wishes": "revoir sa mère"}


def test_a_part_sealed_for_our_unit_opens_for_it_and_not_for_the_desk(corridor: Corridor) -> None:
    referral = accepted(corridor)
    request = sent(corridor, referral.code, "assessment.request")
    unit = public_of(corridor.cast.keys["care"].founding)
    box = age.encrypt([unit], json.dumps({"assess_summary": "La tante est bonne."}).encode())
    sealed = base64.b64encode(box).decode()
    mid = says(corridor, referral.pk, "assessment.report", to=request, unit_sealed=sealed)

    part = actions.open_unit_part(
        found=conversation(corridor, referral.code, Role.CASE_WORKER),
        mid=mid,
        actor=corridor.who(Role.CASE_WORKER),
        now=NOW,
    )

    assert part == {"assess_summary": "La tante est bonne."}
    with pytest.raises(NotFound):
        actions.open_unit_part(
            found=conversation(corridor, referral.code),
            mid=mid,
            actor=corridor.who(Role.DESK),
            now=NOW,
        )


# Agreements, clocks, crossing.


def test_an_emergency_and_an_alert_pass_a_suspension_and_a_return_does_not(
    corridor: Corridor,
) -> None:
    referral = accepted(corridor)
    suspend(corridor)
    assert Step.objects.exists()

    for kind in ("emergency", "alert", "group.arrival"):
        release(corridor, begun(corridor, kind))
    assert refused(corridor, referral.code, "return.proposal") == ["AGREEMENT_SUSPENDED"]


def test_a_departure_leaves_the_other_country_its_days(corridor: Corridor) -> None:
    referral = accepted(corridor)
    proposal = sent(corridor, referral.code, "return.proposal")
    says(corridor, referral.pk, "letter.accept", to=proposal)
    tomorrow = (NOW + timedelta(days=1)).isoformat()

    assert refused(corridor, referral.code, "departure.notice", departs_at=tomorrow) == [
        "DEPARTURE_TOO_SOON"
    ]


def test_a_yes_that_crosses_the_cancellation_is_kept_and_counts_for_nothing(
    corridor: Corridor,
) -> None:
    referral = accepted(corridor)
    proposal = sent(corridor, referral.code, "return.proposal")
    sent(corridor, referral.code, "cancel", to=proposal, role=Role.DESK)

    says(corridor, referral.pk, "letter.accept", to=proposal)

    assert refused(corridor, referral.code, "departure.notice") == ["STEP_BEFORE_NOT_ANSWERED"]
    with pytest.raises(Refused) as why:
        write(corridor, referral.code, "cancel", to=proposal, role=Role.DESK)
    assert why.value.objections == ["LETTER_WAS_CANCELLED"]


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("handover.countersign", {"record_digest": "00" * 32}),
        ("assessment.request", {}),
        ("letter.read", {}),
        ("cancel", {}),
    ],
)
def test_a_letter_out_of_its_place_changes_nothing(
    corridor: Corridor, kind: str, more: dict[str, Any]
) -> None:
    referral = accepted(corridor)
    request = sent(corridor, referral.code, "judicial.request")

    mid = corridor.say(referral.pk, kind, body_of(kind, **more), to=request)

    assert Message.objects.get(pk=mid).refused_for == "out_of_place"


def test_a_record_is_signed_as_it_stands_or_not_at_all(corridor: Corridor) -> None:
    referral = accepted(corridor)
    code, there = referral.code, referral.pk
    says(corridor, there, "letter.accept", to=sent(corridor, code, "return.proposal"))
    says(corridor, there, "letter.read", to=sent(corridor, code, "departure.notice"))
    handed = sent(corridor, code, "handover.complete")

    mid = corridor.say(there, "handover.countersign", body_of("handover.countersign"), to=handed)

    assert Message.objects.get(pk=mid).refused_for == "conflict"
    assert ("CI", "handover.countersign") in owed(corridor, code)


def test_after_a_recall_no_letter_is_written_or_taken_in(corridor: Corridor) -> None:
    referral = hosted(corridor)
    corridor.say(referral.pk, referral_rules.ERASE, {"by": "M", "recall_for": "ERASED_HERE"})

    assert refused(corridor, referral.code, "closure") == ["WAS_RECALLED"]
    mid = corridor.say(referral.pk, "closure", body_of("closure"))
    assert Message.objects.get(pk=mid).refused_for == "out_of_place"


def test_a_letter_from_a_third_country_does_not_enter_a_thread(corridor: Corridor) -> None:
    draft = begun(corridor, "alert")
    release(corridor, draft)
    thread = Thread.objects.get()
    Thread.objects.update(country="ML")

    mid = corridor.say(thread.pk, "letter.read", body_of("letter.read"), to=draft.mid)

    assert Message.objects.get(pk=mid).refused_for == "out_of_place"


def test_with_a_case_go_the_threads_about_it(corridor: Corridor) -> None:
    case = opened(corridor)
    agreed(corridor, case)
    said(corridor, case, "TRACE_FAMILY")
    draft = begun(corridor, "trace.question", role=Role.CASE_WORKER, case=case)
    release(corridor, draft)
    supervisor = corridor.who(Role.SUPERVISOR)
    cases.ask_erasure(case=case, reason="PERSON_ASKS", actor=supervisor, now=NOW)
    officer = corridor.cast.hire("dpo", "Déléguée Inventée", Role.DATA_PROTECTION)
    assert officer
    cases.approve_erasure(code=case.pk, actor=corridor.cast.who("dpo"), now=NOW)

    erasure = referrals.carry_out(code=case.pk, by="test", now=NOW)

    assert erasure.counts["Thread"] == 1
    assert not Draft.objects.exists()
    assert not Message.objects.exists()
    assert Thread.objects.get().case is None


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_letter_of_any_body_leaves_a_field_that_stands_in_no_row(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from([f.kind for f in messages.letters()]))
    strange = data.draw(st.dictionaries(st.text(max_size=8), st.text(max_size=8)))
    written = Written(kind, {**values_of(kind), **strange})

    left = {**written.open_part, **written.unit_part}

    assert set(left) <= set(messages.families()[kind].fields)
