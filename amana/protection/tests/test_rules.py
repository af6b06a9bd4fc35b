"""The eight tracks as a practitioner would check them: what may follow, what is owed."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amana.protection import rules
from amana.protection.rules import PROTECTION, STRUCK, Wanted
from amana.protection.tests.histories import (
    START,
    History,
    broken,
    determined,
    leave,
    live,
    moved,
    ready_to_leave,
    sheltered,
    told,
    with_plan,
)
from amana.standards import journey as table
from amana.standards.calendars import calendar_of
from amana.standards.journey import Journey

HISTORIES = 400


class TestAChildDoesNotTravel:
    def test_without_a_determination_everything_that_is_missing_is_said_at_once(self) -> None:
        history = with_plan("child")
        told(history, "SOLUTION_ABROAD")
        against = leave(history)
        assert against.count("MOVE_NEEDS") == 7
        assert "MOVE_WAITS_FOR" in against

    def test_with_a_determination_a_receiver_and_both_risks_weighed_she_may(self) -> None:
        history = with_plan("child")
        determined(history)
        ready_to_leave(history)
        assert leave(history) == []

    def test_a_determination_of_last_year_carries_no_journey(self) -> None:
        history = with_plan("child")
        determined(history)
        history.now += timedelta(days=366)
        ready_to_leave(history)
        assert leave(history) == ["MOVE_WAITS_FOR"]

    def test_when_she_does_not_want_to_go_she_does_not(self) -> None:
        history = with_plan("child")
        determined(history)
        ready_to_leave(history)
        told(history, "RETURN_REFUSED")
        assert leave(history) == ["MOVE_BARRED"]

    def test_a_panel_that_is_not_whole_decides_nothing(self) -> None:
        history = with_plan("child")
        moved(history, "SOLUTION", "BIA_DONE", "BID_REQUIRED")
        moved(history, "SOLUTION", "BID_SUBMITTED", role="R04")
        told(history, "OPTIONS_WEIGHED", role="R14")
        assert history.say("BID_DECIDED", track="SOLUTION", role="R14") == ["MOVE_NEEDS"]

    def test_when_the_receiver_is_gone_the_journey_under_way_is_called_uncovered(self) -> None:
        history = with_plan("child")
        determined(history)
        ready_to_leave(history)
        assert leave(history) == []
        told(history, "RECEIVER_LOST", role="R06")
        found = rules.uncovered(
            history.entries, tier="child", journey=table.load(), now=history.now
        )
        assert [(a.code, a.about) for a in found] == [("MOVE_NEEDS", "RECEIVER_VERIFIED")]
        assert "MOVE_NEEDS" in history.say("AFTERCARE", track=PROTECTION)

    def test_she_has_not_arrived_before_both_sides_signed(self) -> None:
        history = with_plan("child")
        determined(history)
        ready_to_leave(history)
        assert leave(history) == []
        assert history.say("AFTERCARE", track=PROTECTION).count("MOVE_NEEDS") == 2
        told(history, "HANDOVER_SIGNED", "ARRIVAL_CONFIRMED", role="R06")
        assert history.say("AFTERCARE", track=PROTECTION) == []


class TestAnAdult:
    def test_leaves_only_when_she_wants_to(self) -> None:
        history = with_plan("adult")
        moved(history, "SOLUTION", "OPTIONS_EXPLAINED", "CHOICE_MADE")
        told(history, "SOLUTION_ABROAD")
        ready_to_leave(history)
        assert leave(history) == ["MOVE_NEEDS"]
        told(history, "RETURN_CONSENTED")
        assert leave(history) == []

    def test_who_says_no_to_help_keeps_an_open_door(self) -> None:
        history = sheltered("adult")
        told(history, "REFUSAL_INFORMED")
        moved(history, PROTECTION, "DECLINED_HELP", "STABILISE")

    def test_in_danger_nobody_is_let_go_as_one_who_declined(self) -> None:
        history = sheltered("adult")
        told(history, "REFUSAL_INFORMED", "DANGER")
        assert history.say("DECLINED_HELP", track=PROTECTION) == ["MOVE_BARRED"]

    def test_a_screening_that_shows_nothing_never_ends_the_case_of_a_child(self) -> None:
        for tier, stands in (("adult", []), ("child", ["NOT_FOR_THIS_PERSON"])):
            history = History(tier)
            moved(history, PROTECTION, "TRIAGE")
            told(history, "NO_DANGER")
            told(history, "REFERRED_ELSEWHERE", role="R04")
            assert history.say("INFORMED", track=PROTECTION, role="R04") == stands


class TestClosing:
    def to_the_end(self) -> History:
        history = with_plan("adult")
        moved(history, "SOLUTION", "OPTIONS_EXPLAINED", "CHOICE_MADE")
        told(history, "SOLUTION_HERE")
        moved(history, PROTECTION, "TRANSITION")
        told(history, "INDEPENDENT_LIFE", "GOALS_MET", "PERSON_AGREES_TO_CLOSE")
        moved(history, PROTECTION, "AFTERCARE")
        return history

    def test_needs_the_person_and_another_one_who_approves(self) -> None:
        history = self.to_the_end()
        assert history.say("CLOSED", track=PROTECTION, role="R04") == ["MOVE_NEEDS"]
        told(history, "CLOSURE_APPROVED", role="R04")
        assert history.say("CLOSED", track=PROTECTION, role="R04") == []

    @pytest.mark.parametrize("open_", ["RISK_HIGH", "REFERRAL_PENDING", "HEARING_AHEAD"])
    def test_with_something_open_needs_the_supervisors_reason(self, open_: str) -> None:
        history = self.to_the_end()
        told(history, open_)
        told(history, "CLOSURE_APPROVED", role="R04")
        assert history.say("CLOSED", track=PROTECTION, role="R04") != []
        told(history, "OPEN_DUTY_OVERRIDDEN", role="R04")
        assert history.say("CLOSED", track=PROTECTION, role="R04") == []

    def test_nobody_approves_her_own_plan(self) -> None:
        history = sheltered("adult")
        assert history.say("PLAN_WRITTEN", role="R03", by="awa") == []
        against = history.say("PLAN_APPROVED", role="R04", by="awa")
        assert against == ["SECOND_PERSON_IS_THE_FIRST"]

    def test_a_plan_that_is_written_anew_is_approved_anew(self) -> None:
        history = with_plan("adult")
        moved(history, PROTECTION, "REVIEW")
        told(history, "PLAN_WRITTEN")
        here = rules.standing(history.entries, table.load(), history.now)
        assert "PLAN_APPROVED" not in here.facts


class TestTheHistory:
    def test_what_was_wrong_is_struck_and_stays_to_be_read(self) -> None:
        history = sheltered("adult")
        told(history, "DANGER")
        number = history.entries[-1].number
        wanted = Wanted("", STRUCK, history.now, "R04", "R04", strikes=number)
        assert history.attempt(wanted) == []
        here = rules.standing(history.entries, table.load(), history.now)
        assert "DANGER" not in here.facts
        assert any(e.kind == "DANGER" for e in history.entries)

    def test_a_move_on_which_others_stand_is_not_struck(self) -> None:
        history = sheltered("adult")
        first = Wanted("", STRUCK, history.now, "R04", "R04", strikes=1)
        assert history.attempt(first) == ["NOT_THE_LAST_MOVE"]

    def test_nothing_is_entered_of_a_day_to_come_or_before_the_last(self) -> None:
        history = sheltered("adult")
        later = Wanted("", "DANGER", history.now + timedelta(hours=1), "R03", "R03")
        assert history.attempt(later) == ["ENTRY_IS_TO_COME"]
        earlier = Wanted(PROTECTION, "ASSESS", history.now - timedelta(days=1), "R03", "R03")
        assert history.attempt(earlier) == ["ENTRY_BEFORE_THE_LAST"]

    @settings(max_examples=HISTORIES, deadline=None)
    @given(seed=st.integers(0, 2**32))
    def test_whatever_people_try_no_invariant_breaks(self, seed: int) -> None:
        history = live(seed)
        assert broken(history) == []
        assert [e.number for e in history.entries] == list(range(1, len(history.entries) + 1))

    @settings(max_examples=60, deadline=None)
    @given(seed=st.integers(0, 2**32))
    def test_the_steps_that_are_shown_as_open_are_the_ones_that_can_be_taken(
        self, seed: int
    ) -> None:
        history = live(seed, tries=30)
        for role in ("R03", "R04", "R14"):
            steps = rules.next_steps(
                history.entries,
                tier=history.tier,
                role=role,
                journey=table.load(),
                now=history.now,
            )
            for step in steps:
                wanted = Wanted(step.move.track, step.move.to, history.now, "somebody", role)
                against = rules.objections(
                    history.entries,
                    wanted,
                    tier=history.tier,
                    journey=table.load(),
                    now=history.now,
                )
                assert (against == []) == (step.against == ())


def without(journey: Journey, to: str, tier: str, need: str) -> Journey:
    """Return the table with one need forgotten on every way of a tier into a state."""
    moves = [
        replace(
            move,
            needs=tuple(n for n in move.needs if n != need),
            beside={} if need == "SOLUTION" else move.beside,
        )
        if move.to == to and move.tier == tier
        else move
        for move in journey.moves
    ]
    return replace(journey, moves=moves)


@pytest.mark.parametrize(
    ("tier", "need"),
    [
        ("child", "SOLUTION"),
        ("child", "RECEIVER_VERIFIED"),
        ("child", "GUARDIAN_APPOINTED"),
        ("child", "RISK_OF_RETURN_THERE"),
        ("adult", "RETURN_CONSENTED"),
        ("adult", "RECEIVING_NODE_ACCEPTED"),
    ],
)
def test_a_table_that_forgets_one_need_is_found_out(
    tier: str, need: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oracle is one: it sees every need of the journey that the table might lose."""
    forgetful = without(table.load(), "TRANSITION", tier, need)
    monkeypatch.setattr(table, "load", lambda: forgetful)
    assert any(broken(live(seed, tries=60)) for seed in range(300))


class TestExplaining:
    def test_of_several_ways_the_one_from_where_she_stands_is_explained(self) -> None:
        history = sheltered("child")
        moved(history, PROTECTION, "MISSING")
        wanted = Wanted(PROTECTION, "STABILISE", history.now, "R03", "R03")
        against = rules.objections(
            history.entries, wanted, tier="child", journey=table.load(), now=history.now
        )
        assert [(one.code, one.about) for one in against] == [("MOVE_NEEDS", "FOUND")]


class TestDuties:
    def owed(self, history: History) -> dict[str, rules.Owed]:
        found = rules.owed(
            history.entries,
            table.duties(),
            tier=history.tier,
            journey=table.load(),
            calendar=calendar_of("CI"),
            now=history.now,
        )
        return {one.duty.key: one for one in found}

    def test_a_child_needs_a_bed_in_four_hours_and_a_guardian_asked_for_in_a_day(self) -> None:
        history = History("child")
        moved(history, PROTECTION, "TRIAGE", "STABILISE")
        found = self.owed(history)
        assert found["emergency_bed"].due_at == history.now + timedelta(hours=4)
        assert found["guardian_request"].due_at == history.now + timedelta(hours=24)
        assert not found["emergency_bed"].is_late(history.now)
        assert found["emergency_bed"].is_late(history.now + timedelta(hours=5))

    def test_the_best_interests_assessment_is_due_in_fourteen_days_until_it_is_held(self) -> None:
        history = sheltered("child")
        last = rules.best_interests_due(self.owed(history).values())
        assert last == START + timedelta(days=14)
        told(history, "CHILD_HEARD", "BEST_INTERESTS_ASSESSED")
        assert rules.best_interests_due(self.owed(history).values()) is None

    def test_no_adult_is_owed_a_best_interests_assessment(self) -> None:
        assert rules.best_interests_due(self.owed(sheltered("adult")).values()) is None

    def test_what_was_done_before_it_was_asked_is_done(self) -> None:
        history = History("child")
        told(history, "MEDICAL_CHECKED")
        moved(history, PROTECTION, "TRIAGE", "STABILISE")
        assert self.owed(history)["medical_check"].met_at is not None

    def test_what_was_undone_before_it_was_asked_is_owed(self) -> None:
        history = History("adult")
        moved(history, "IDENTIFICATION", "SCREENED", role="R04")
        moved(history, "IDENTIFICATION", "INCONCLUSIVE_RESCREEN", role="R04")
        assert self.owed(history)["screen_again"].met_at is None

        moved(history, "PLACEMENT", "REQUESTED", "OFFERED", "ACCEPTED", "PLACED", "LEFT_PLANNED")
        moved(history, PROTECTION, "TRIAGE", "STABILISE")
        assert self.owed(history)["emergency_bed"].met_at is None

    def test_what_stood_when_it_was_asked_stays_done_when_it_ends_later(self) -> None:
        history = History("adult")
        moved(history, "PLACEMENT", "REQUESTED", "OFFERED", "ACCEPTED", "PLACED")
        moved(history, PROTECTION, "TRIAGE", "STABILISE")
        moved(history, "PLACEMENT", "LEFT_PLANNED")
        assert self.owed(history)["emergency_bed"].met_at is not None

    def test_a_case_that_rested_owes_everything_anew(self) -> None:
        history = sheltered("adult")
        told(history, "REFUSAL_INFORMED")
        moved(history, PROTECTION, "DECLINED_HELP", "STABILISE")
        assert self.owed(history)["medical_check"].met_at is None

    def test_a_child_who_is_missing_again_is_reported_again(self) -> None:
        history = sheltered("child")
        for _ in range(2):
            moved(history, PROTECTION, "MISSING")
            assert self.owed(history)["missing_alert"].met_at is None
            told(history, "MISSING_ALERTED")
            assert history.say("STABILISE", track=PROTECTION) == ["MOVE_NEEDS"]
            told(history, "FOUND")
            assert self.owed(history)["return_interview"].met_at is None
            told(history, "RETURN_INTERVIEW")
            moved(history, PROTECTION, "STABILISE")

    def test_somebody_at_high_risk_is_seen_again_and_again(self) -> None:
        history = sheltered("adult")
        told(history, "RISK_HIGH")
        assert self.owed(history)["contact_high"].due_at == history.now + timedelta(days=7)
        history.now += timedelta(days=5)
        told(history, "CONTACTED")
        assert self.owed(history)["contact_high"].due_at == history.now + timedelta(days=7)
        told(history, "RISK_LOW")
        assert "contact_high" not in self.owed(history)
        assert self.owed(history)["contact_low"].due_at > history.now + timedelta(days=20)

    def test_of_a_case_that_rests_nothing_falls_due(self) -> None:
        history = sheltered("adult")
        told(history, "REFUSAL_INFORMED")
        moved(history, PROTECTION, "DECLINED_HELP")
        assert self.owed(history) == {}

    def test_the_missing_child_is_reported_at_once(self) -> None:
        history = sheltered("child")
        moved(history, PROTECTION, "MISSING")
        assert self.owed(history)["missing_alert"].due_at == history.now + timedelta(hours=1)


class TestTheWordOnAList:
    def status(self, history: History) -> str:
        here = rules.standing(history.entries, table.load(), history.now)
        found = TestDuties().owed(history).values()
        return rules.status(here, found, now=history.now)

    def test_danger_comes_before_lateness_and_a_missing_person_before_all(self) -> None:
        history = sheltered("child")
        assert self.status(history) == "STABILISATION"
        history.now += timedelta(days=2)
        assert self.status(history) == "LATE"
        told(history, "DANGER")
        assert self.status(history) == "EMERGENCY"
        moved(history, PROTECTION, "MISSING")
        assert self.status(history) == "MISSING"
