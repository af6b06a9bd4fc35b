"""Twelve people, as a practitioner would tell of them. Every one is invented.

Each is lived by the real actions with several people of several roles, and ends with where the
tracks stand, which duties were met on which day, a wrong step that was refused with everything that
stood against it, and a record that verifies. Source: the field's own order of steps for adults, for
accompanied children, for the eight steps of unaccompanied ones, for smuggled adults.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from amana.access.rules import Actor, Refused, Role
from amana.audit.models import Entry
from amana.audit.queries import first_fault
from amana.cases import actions as cases
from amana.cases.models import Case
from amana.cases.queries import timeline
from amana.identification import actions as identification
from amana.identification.answers import Change
from amana.identification.tests.builders import answers_yielding
from amana.protection import actions, queries, rules
from amana.protection.rules import Wanted
from amana.standards import journey as table
from tests.cast import Cast

pytestmark = pytest.mark.django_db

WORKER, SUPERVISOR, LAWYER = Role.CASE_WORKER, Role.SUPERVISOR, Role.LAWYER
PANEL, TRACING, HEALTH, GUARDIAN = Role.PANEL, Role.TRACING, Role.HEALTH, Role.GUARDIAN
SHELTER, DESK = Role.SHELTER_MANAGER, Role.DESK
TEAMS = {LAWYER: "legal", PANEL: "panel", TRACING: "tracing", HEALTH: "health"} | {
    GUARDIAN: "guardian",
    SHELTER: "shelter",
}
PROTECTION, IDENTIFICATION, STAY, SOLUTION = "PROTECTION", "IDENTIFICATION", "STAY", "SOLUTION"
FAMILY, PLACEMENT, JUSTICE = "FAMILY", "PLACEMENT", "JUSTICE"
SIGNS = ("T1", "R1", "D1", "X1")


@dataclass
class Story:
    """One person's case, and the hour in it; time passes only when the story says so."""

    cast: Cast
    case: Case
    now: datetime
    begun: datetime
    hired: dict[Role, Actor] = field(default_factory=dict)

    def who(self, role: Role) -> Actor:
        """Return whoever holds a role; a colleague of another team is asked to the case first."""
        if role in (WORKER, SUPERVISOR):
            return self.cast.actor(role)
        if role not in self.hired:
            name = f"{role.name.lower()}-{self.case.pk.lower()}"
            self.cast.hire(name, f"{role.name.title()} Inventée", role)
            self.hired[role] = self.cast.who(name)
            if role in TEAMS:
                self.involve(role)
        return self.hired[role]

    def involve(self, role: Role) -> None:
        worker = self.cast.actor(WORKER)
        cases.involve(case=self.case, team_code=TEAMS[role], actor=worker, now=self.now)

    def after(self, **time: float) -> "Story":
        """Let time pass: `after(hours=3)`, `after(days=7)`."""
        self.now += timedelta(**time)
        return self

    def _enter(self, role: Role, track: str, kind: str, strikes: int = 0) -> None:
        actor = self.who(role)
        wanted = Wanted(track, kind, self.now, actor.account_id, role.value, strikes)
        actions.enter(case=self.case, wanted=wanted, reason="Inventé", actor=actor, now=self.now)

    def says(self, *facts: str, by: Role = WORKER) -> "Story":
        for fact in facts:
            self._enter(by, "", fact)
        return self

    def goes(self, track: str, *states: str, by: Role = WORKER) -> "Story":
        for state in states:
            self._enter(by, track, state)
        return self

    def refuses(self, track: str, kind: str, *, by: Role = WORKER) -> set[tuple[str, str]]:
        """Try a wrong step; return what stood against it, each with what it speaks of."""
        before = len(self.lines)
        actor = self.who(by)
        wanted = Wanted(track, kind, self.now, actor.account_id, by.value)
        with pytest.raises(Refused) as refused:
            actions.enter(
                case=self.case, wanted=wanted, reason="Inventé", actor=actor, now=self.now
            )
        against = actions.objections(self.lines, wanted, case=self.case, actor=actor, now=self.now)
        assert refused.value.objections == list(dict.fromkeys(one.code for one in against))
        assert len(self.lines) == before
        return {(one.code, one.about) for one in against}

    # What stands at the end.

    @property
    def lines(self) -> list[queries.Line]:
        return queries.course(self.cast.actor(SUPERVISOR), self.case)

    @property
    def here(self) -> rules.Standing:
        return rules.standing(self.lines, table.load(), self.now)

    @property
    def status(self) -> str:
        return rules.status(self.here, self.owed(), now=self.now)

    def owed(self) -> list[rules.Owed]:
        return queries.owed(self.case, self.lines, self.now)

    def met(self) -> dict[str, int]:
        """Return the duties that were met, with the day of the case on which they were."""
        return {one.duty.key: (one.met_at - self.begun).days for one in self.owed() if one.met_at}

    def open(self) -> dict[str, int]:
        """Return the duties that run, with the day of the case by which they are due."""
        return {
            one.duty.key: (one.due_at - self.begun).days
            for one in self.owed()
            if one.met_at is None
        }

    def late(self) -> set[str]:
        return {one.duty.key for one in self.owed() if one.is_late(self.now)}

    def ends(self, **states: str) -> None:
        """Hold that the tracks stand so and the others where they began; the record verifies."""
        begun = {track.id: track.starts for track in table.load().tracks.values()}
        assert self.here.states == {**begun, IDENTIFICATION: "SCREENED", **states}
        kinds = [m.kind for m in timeline(self.case)]
        assert kinds[:3] == ["screened", "decided", "opened"]
        entered = [e for e in self.lines if e.number > 0]
        told = [bytes(entry.event or b"") for entry in Entry.objects.all()]
        of_case = [e for e in told if self.case.pk.encode() in e]
        # One entry of the record for each line of the case, and never what it says.
        assert sum(b"protection.enter" in e for e in of_case) == len(entered)
        for word in ("Inventé", *(e.kind for e in entered if len(e.kind) > 6)):
            assert not [e for e in of_case if word.encode() in e]
        assert first_fault() is None

    def papers(self) -> list[str]:
        return [one.kind for one in queries.issued(self.cast.actor(SUPERVISOR), self.case)][::-1]

    def prints(self, kind: str, *, language: str = "fr", by: Role = WORKER) -> "Story":
        actor = self.who(by)
        sections = queries.sections_of(actor, self.case, kind, language, self.now)
        actions.issue_paper(
            case=self.case,
            kind=kind,
            sections=sections,
            language=language,
            actor=actor,
            now=self.now,
        )
        return self


def found(cast: Cast, now: datetime, decided: str = "TRAITE_PRESUMEE", **person: Any) -> Story:
    """Screen somebody, let the supervisor decide and the worker open the case: the same hour."""
    told: dict[str, Any] = {
        "alias": "Invention",
        "sex": "F",
        "age_band": "18_24",
        "minor": "no",
        "situation": "alone",
        "language": "dyu",
        "citizenship": "CI",
        "place": "Derb Kandilia",
    }
    known = {name: value for name, value in {**told, **person}.items() if value}
    said = answers_yielding(SIGNS, **known)
    responder = cast.actor(Role.FIRST_RESPONDER)
    draft = identification.start_draft(actor=responder, now=now)
    identification.save_draft(draft_id=draft.pk, change=Change(said=said), actor=responder, now=now)
    screening = identification.send_screening(
        draft_id=draft.pk, observation="", actor=responder, now=now
    )
    identification.decide(
        code=screening.pk,
        decided_class=decided,
        reason="vu",
        actor=cast.actor(SUPERVISOR),
        now=now,
    )
    worker = cast.actor(WORKER)
    case = cases.open_case(screening_code=screening.pk, country="MA", actor=worker, now=now)
    return Story(cast, case, now, begun=now)


CHILD = {"minor": "yes", "age_band": "10_14", "sex": "M"}


def sheltered(story: Story) -> Story:
    """Bring somebody to safety in the first day: a bed, an interpreter, a doctor, her rights."""
    story.goes(PROTECTION, "STABILISE").says("COORDINATION_TOLD", by=SUPERVISOR)
    story.after(hours=2).goes(PLACEMENT, "REQUESTED", "OFFERED", "ACCEPTED", "PLACED")
    story.after(hours=3).says("INTERPRETER_FOUND", "RIGHTS_EXPLAINED", "BASIC_NEEDS_MET")
    story.prints("RIGHTS_SHEET").prints("CONFIDENTIALITY_SHEET")
    if story.case.tier == "child":
        story.says("GUARDIAN_REQUESTED")
    return story.after(hours=10).says("MEDICAL_CHECKED", by=HEALTH)


def presumed(story: Story) -> Story:
    story.goes(IDENTIFICATION, "PRESUMED", by=SUPERVISOR)
    return story.prints("PRESUMED_CERTIFICATE", by=SUPERVISOR)


def assessed(story: Story, risk: str = "RISK_MEDIUM") -> Story:
    """Let her tell once, and know what she needs and fears."""
    story.says("NEEDS_ASSESSED", risk).goes(PROTECTION, "ASSESS").after(days=5)
    if story.case.tier == "child":
        return story.says("CHILD_HEARD", "BEST_INTERESTS_ASSESSED")
    return story.says("TOLD_ONCE")


def planned(story: Story) -> Story:
    """Write a plan with her; the supervisor, and not its author, approves it."""
    story.goes(PROTECTION, "PLAN").after(days=3).says("PLAN_WRITTEN", "PLAN_AGREED")
    return story.says("PLAN_APPROVED", by=SUPERVISOR).goes(PROTECTION, "IMPLEMENT")


def closed(story: Story) -> Story:
    story.says("CONTACTED", "GOALS_MET", "PERSON_AGREES_TO_CLOSE")
    story.says("CLOSURE_APPROVED", by=SUPERVISOR)
    return story.goes(PROTECTION, "CLOSED", by=SUPERVISOR)


FIRST_DAY = {
    "after_triage": 0,
    "coordination_told": 0,
    "emergency_bed": 0,
    "initial_needs": 0,
    "initial_risk": 0,
    "interpreter": 0,
    "medical_check": 0,
}
SHEETS = ["RIGHTS_SHEET", "CONFIDENTIALITY_SHEET"]


def test_an_adult_woman_who_stays_and_lives_on_her_own(cast: Cast, now: datetime) -> None:
    """She was kept in a house; she has time to reflect, and chooses to stay."""
    story = presumed(sheltered(found(cast, now)))
    story.goes(STAY, "REFLECTION").goes(JUSTICE, "INFORMED")
    planned(assessed(story, "RISK_HIGH"))
    assert story.met() == {**FIRST_DAY, "care_plan": 8}

    story.goes(SOLUTION, "OPTIONS_EXPLAINED", "CHOICE_MADE").says("SOLUTION_HERE")
    story.after(days=5).says("CONTACTED").goes(JUSTICE, "COMPLAINT", by=LAWYER)
    story.says("HEARING_AHEAD", by=LAWYER).goes(PROTECTION, "TRANSITION")
    story.after(days=20).says("INDEPENDENT_LIFE", "RISK_LOW").goes(PROTECTION, "AFTERCARE")
    story.goes(PLACEMENT, "LEFT_PLANNED").prints("HANDOVER_SHEET").after(days=180)

    # A hearing lies ahead, nobody said that she agrees: the case does not close over her head.
    assert story.refuses(PROTECTION, "CLOSED", by=SUPERVISOR) == {
        ("MOVE_NEEDS", "GOALS_MET"),
        ("MOVE_NEEDS", "PERSON_AGREES_TO_CLOSE"),
        ("MOVE_NEEDS", "CLOSURE_APPROVED"),
        ("MOVE_BARRED", "HEARING_AHEAD"),
    }
    assert story.late() >= {"contact_low", "plan_review"}
    story.says("HEARING_OVER", by=LAWYER).says("PLAN_REVIEWED")
    closed(story)
    story.ends(
        PROTECTION="CLOSED",
        IDENTIFICATION="PRESUMED",
        STAY="REFLECTION",
        JUSTICE="COMPLAINT",
        SOLUTION="CHOICE_MADE",
        PLACEMENT="LEFT_PLANNED",
    )
    assert story.papers() == [*SHEETS, "PRESUMED_CERTIFICATE", "HANDOVER_SHEET"]
    assert story.status == "CLOSED"


def test_an_adult_man_who_goes_home(cast: Cast, now: datetime) -> None:
    """He was promised a post and held in a villa. He wants to go home, and is received there."""
    story = presumed(sheltered(found(cast, now, sex="M", age_band="25_34")))
    planned(assessed(story))
    story.goes(STAY, "TOLERATED").goes(SOLUTION, "OPTIONS_EXPLAINED", "CHOICE_MADE")
    story.says("NON_PUNISHMENT_REQUESTED", by=LAWYER).says("SOLUTION_ABROAD")

    # No bus: without a receiver, a weighed risk on both sides and his own yes he does not leave.
    assert story.refuses(PROTECTION, "TRANSITION", by=SUPERVISOR) == {
        ("MOVE_NEEDS", need)
        for need in (
            *("RISK_OF_RETURN_HERE", "RISK_OF_RETURN_THERE", "RECEIVING_NODE_ACCEPTED"),
            *("NO_JUDICIAL_BAR", "FIT_TO_TRAVEL", "RECEIVER_VERIFIED", "RETURN_CONSENTED"),
        )
    }
    story.says("RISK_OF_RETURN_HERE", "RETURN_CONSENTED")
    story.says("RISK_OF_RETURN_THERE", "RECEIVING_NODE_ACCEPTED", "RECEIVER_VERIFIED", by=DESK)
    story.says("NO_JUDICIAL_BAR", by=LAWYER).says("FIT_TO_TRAVEL", by=HEALTH)
    story.goes(PROTECTION, "TRANSITION", by=SUPERVISOR).after(days=6)
    story.says("HANDOVER_SIGNED", "ARRIVAL_CONFIRMED", by=DESK).goes(PROTECTION, "AFTERCARE")
    assert story.open()["first_contact_after"] == 17
    story.after(days=2).says("CONTACTED").prints("HANDOVER_SHEET")
    assert story.met() == {**FIRST_DAY, "care_plan": 8, "first_contact_after": 16}
    story.goes(PLACEMENT, "LEFT_PLANNED")
    story.ends(
        PROTECTION="AFTERCARE",
        IDENTIFICATION="PRESUMED",
        STAY="TOLERATED",
        SOLUTION="CHOICE_MADE",
        PLACEMENT="LEFT_PLANNED",
    )
    assert story.status == "AFTERCARE"


def test_a_mother_and_her_child_are_two_cases_and_stay_together(cast: Cast, now: datetime) -> None:
    """The mother is presumed a victim; the child has a file, a guardian and a voice of its own."""
    mother = presumed(sheltered(found(cast, now, situation="accompanied")))
    child = sheltered(found(cast, now, **{**CHILD, "age_band": "5_9", "situation": "accompanied"}))
    planned(assessed(mother))
    child.says("GUARDIAN_APPOINTED", by=SUPERVISOR)
    assessed(child)

    # The child's plan is not a line of the mother's: who approves it must find one written.
    child.goes(PROTECTION, "PLAN")
    assert child.refuses("", "PLAN_APPROVED", by=SUPERVISOR) == {("MOVE_NEEDS", "PLAN_WRITTEN")}
    child.after(days=3).says("PLAN_WRITTEN", "PLAN_AGREED").says("PLAN_APPROVED", by=SUPERVISOR)
    child.goes(PROTECTION, "IMPLEMENT").goes(SOLUTION, "BIA_DONE")

    assert child.met() == {
        **FIRST_DAY,
        "guardian_request": 0,
        "guardian_appointment": 0,
        "best_interests": 5,
        "care_plan": 8,
    }
    assert mother.here.states[PLACEMENT] == child.here.states[PLACEMENT] == "PLACED"
    child.goes(STAY, "CHILD_NO_PERMIT_NEEDED")
    assert mother.refuses(STAY, "CHILD_NO_PERMIT_NEEDED") == {("NOT_FOR_THIS_PERSON", STAY)}
    child.ends(
        PROTECTION="IMPLEMENT",
        STAY="CHILD_NO_PERMIT_NEEDED",
        SOLUTION="BIA_DONE",
        PLACEMENT="PLACED",
    )
    mother.ends(PROTECTION="IMPLEMENT", IDENTIFICATION="PRESUMED", PLACEMENT="PLACED")


def test_an_accompanied_child_whose_adult_is_the_danger(cast: Cast, now: datetime) -> None:
    """A woman says that she is the aunt. Alone, the child says otherwise: she is no guardian."""
    story = sheltered(found(cast, now, **{**CHILD, "sex": "F", "situation": "accompanied"}))
    story.says("GUARDIAN_APPOINTED").after(hours=2).says("GUARDIAN_SUSPECTED", "DANGER")
    assert "GUARDIAN_APPOINTED" not in story.here.facts
    assert story.status == "EMERGENCY"

    # While danger lasts nothing goes on as if it had not been said.
    assert story.refuses(PROTECTION, "ASSESS") == {("MOVE_BARRED", "DANGER")}
    story.says("NO_DANGER", by=SUPERVISOR).says("GUARDIAN_REQUESTED")
    story.after(days=2).says("GUARDIAN_APPOINTED", by=GUARDIAN)
    presumed(story)
    planned(assessed(story, "RISK_HIGH"))
    story.says("TRACING_UNSAFE", by=TRACING).goes(FAMILY, "CONTRAINDICATED")
    assert story.refuses(FAMILY, "CONSENTED") == {
        ("MOVE_NEEDS", "CONSENT_TO_TRACE"),
        ("MOVE_BARRED", "TRACING_UNSAFE"),
    }
    story.goes(SOLUTION, "BIA_DONE")
    # Another adult is looked for in time: two of three days, counted from the second asking.
    assert story.met() == {
        **FIRST_DAY,
        "initial_needs": 2,
        "initial_risk": 2,
        "guardian_request": 0,
        "guardian_appointment": 2,
        "best_interests": 7,
        "care_plan": 10,
    }
    assert "determination_latest" in story.open()
    story.ends(
        PROTECTION="IMPLEMENT",
        IDENTIFICATION="PRESUMED",
        FAMILY="CONTRAINDICATED",
        SOLUTION="BIA_DONE",
        PLACEMENT="PLACED",
    )


def traced(story: Story) -> Story:
    """Look for the family as the child wishes, verify who answers, and see how they live."""
    story.says("CONSENT_TO_TRACE").goes(FAMILY, "CONSENTED").after(hours=20)
    story.goes(FAMILY, "SEARCHING").after(days=10).goes(FAMILY, "CANDIDATE", "VERIFYING")
    story.says("LINK_VERIFIED", by=TRACING).goes(FAMILY, "VERIFIED")
    return story.says("FAMILY_FAVOURABLE", by=TRACING).goes(FAMILY, "FAMILY_ASSESSED")


def determined(story: Story) -> Story:
    """Let a panel weigh what is best; the supervisor writes down what it decided."""
    story.goes(SOLUTION, "BIA_DONE", "BID_REQUIRED")
    story.goes(SOLUTION, "BID_SUBMITTED", by=SUPERVISOR).after(days=9)
    assert ("MOVE_NEEDS", "PANEL_QUORATE") in story.refuses(SOLUTION, "BID_DECIDED", by=SUPERVISOR)
    story.says("PANEL_QUORATE", "OPTIONS_WEIGHED", "CHILD_HEARD", by=PANEL)
    return story.goes(SOLUTION, "BID_DECIDED", by=SUPERVISOR)


CHILD_MET = {
    **FIRST_DAY,
    "guardian_request": 0,
    "guardian_appointment": 0,
    "best_interests": 5,
    "care_plan": 8,
}


def test_an_unaccompanied_child_who_returns_to_family_in_the_other_country(
    cast: Cast, now: datetime
) -> None:
    """He mended nets for nobody's wage. The eight steps, from the first night to the visits."""
    story = presumed(sheltered(found(cast, now, **CHILD)))
    story.says("GUARDIAN_APPOINTED", by=GUARDIAN)
    planned(assessed(story))
    traced(story)
    story.says("SOLUTION_ABROAD")

    # A family that was found is no decision: without the panel no child leaves the country.
    against = story.refuses(PROTECTION, "TRANSITION", by=SUPERVISOR)
    assert ("MOVE_WAITS_FOR", SOLUTION) in against
    assert ("MOVE_NEEDS", "RECEIVER_VERIFIED") in against
    assert ("MOVE_NEEDS", "RISK_OF_RETURN_THERE") in against

    determined(story)
    story.says("RISK_OF_RETURN_HERE").says("NO_JUDICIAL_BAR", by=LAWYER)
    story.says("RISK_OF_RETURN_THERE", "RECEIVING_NODE_ACCEPTED", "RECEIVER_VERIFIED", by=DESK)
    story.says("FIT_TO_TRAVEL", by=HEALTH).goes(PROTECTION, "TRANSITION", by=SUPERVISOR)

    # On the way the receiver is lost: whoever travels on it is told to stop.
    story.after(days=1).says("RECEIVER_LOST", by=DESK)
    lost = rules.uncovered(story.lines, tier="child", journey=table.load(), now=story.now)
    assert ("MOVE_NEEDS", "RECEIVER_VERIFIED") in {(one.code, one.about) for one in lost}
    assert story.refuses(PROTECTION, "AFTERCARE") == {
        ("MOVE_NEEDS", need)
        for need in ("RECEIVER_VERIFIED", "HANDOVER_SIGNED", "ARRIVAL_CONFIRMED")
    }
    story.after(days=2).says("RECEIVER_VERIFIED", "HANDOVER_SIGNED", "ARRIVAL_CONFIRMED", by=DESK)
    story.goes(PROTECTION, "AFTERCARE").goes(FAMILY, "REUNIFIED", by=SUPERVISOR)
    story.after(days=1).says("CONTACTED").goes(PLACEMENT, "LEFT_PLANNED")

    assert story.met() == {
        **CHILD_MET,
        "tracing_open": 9,
        "determination": 28,
        "determination_latest": 28,
        "first_contact_after": 32,
    }
    story.ends(
        PROTECTION="AFTERCARE",
        IDENTIFICATION="PRESUMED",
        FAMILY="REUNIFIED",
        SOLUTION="BID_DECIDED",
        PLACEMENT="LEFT_PLANNED",
    )


def test_an_unaccompanied_child_who_comes_back_and_stays_here(cast: Cast, now: datetime) -> None:
    """Back at the airport, "the uncle who came" is no receiver: the same steps begin here."""
    story = found(cast, now, **{**CHILD, "sex": "F", "age_band": "15_17", "citizenship": "MA"})
    story.says("DANGER")
    assert story.refuses(PROTECTION, "INFORMED", by=SUPERVISOR) == {
        ("NOT_FOR_THIS_PERSON", PROTECTION)
    }
    story.says("NO_DANGER", by=SUPERVISOR)
    presumed(sheltered(story)).says("GUARDIAN_APPOINTED", by=GUARDIAN).goes(STAY, "NATIONAL")
    planned(assessed(story, "RISK_HIGH"))
    story.says("SOLUTION_HERE")
    assert story.refuses(PROTECTION, "TRANSITION") == {("MOVE_WAITS_FOR", SOLUTION)}
    determined(story)
    story.goes(PROTECTION, "TRANSITION").after(days=30).says("INDEPENDENT_LIFE", "RISK_LOW")
    story.goes(PROTECTION, "AFTERCARE").prints("HANDOVER_SHEET")
    assert story.met() == {**CHILD_MET, "determination": 17, "determination_latest": 17}
    story.ends(
        PROTECTION="AFTERCARE",
        IDENTIFICATION="PRESUMED",
        STAY="NATIONAL",
        SOLUTION="BID_DECIDED",
        PLACEMENT="PLACED",
    )


def test_siblings_are_heard_one_by_one_and_placed_as_one(cast: Cast, now: datetime) -> None:
    """Seven and fourteen, found asleep near the buses. Each has a file; the bed is the same."""
    two = [
        sheltered(found(cast, now, **{**CHILD, "age_band": band, "situation": "separated"}))
        for band in ("5_9", "10_14")
    ]
    for one in two:
        one.says("GUARDIAN_APPOINTED", by=GUARDIAN)
        assessed(one)
    younger, elder = two
    younger.goes(PROTECTION, "PLAN")
    # The younger is not carried by what the elder said: a child's view is her own.
    elder.says("GOALS_OPEN")
    assert elder.refuses(SOLUTION, "BID_SUBMITTED", by=SUPERVISOR) == {
        ("MOVE_NOT_FROM_HERE", SOLUTION)
    }
    elder.goes(PROTECTION, "PLAN")
    for one in two:
        one.after(days=3).says("PLAN_WRITTEN", "PLAN_AGREED").says("PLAN_APPROVED", by=SUPERVISOR)
        one.goes(PROTECTION, "IMPLEMENT")
        assert one.met() == CHILD_MET
        one.ends(PROTECTION="IMPLEMENT", PLACEMENT="PLACED")
    moves = [[(e.kind, e.at) for e in one.lines if e.track == PLACEMENT] for one in two]
    assert moves[0] == moves[1]


def test_somebody_whose_age_is_in_doubt_is_a_child(cast: Cast, now: datetime) -> None:
    """He says nineteen, his agent answers for him. Doubt speaks for the child."""
    story = found(cast, now, minor="doubtful", age_band="UNK", sex="M")
    assert story.case.tier == "child"
    for adult_step in ("INFORMED", "HUMANITARIAN"):
        assert story.refuses(PROTECTION, adult_step, by=SUPERVISOR) == {
            ("NOT_FOR_THIS_PERSON", PROTECTION)
        }
    presumed(sheltered(story))
    assert story.open()["guardian_appointment"] == 3
    story.says("GUARDIAN_APPOINTED", by=GUARDIAN)
    # An adult would go on to a plan from here; a child first is heard and assessed.
    story.says("NEEDS_ASSESSED", "RISK_MEDIUM", "TOLD_ONCE").goes(PROTECTION, "ASSESS")
    assert story.refuses(PROTECTION, "PLAN") == {
        ("MOVE_NEEDS", "BEST_INTERESTS_ASSESSED"),
        ("MOVE_NEEDS", "CHILD_HEARD"),
    }
    assert story.refuses(STAY, "TOLERATED") == {("NOT_FOR_THIS_PERSON", STAY)}
    story.after(days=5).says("CHILD_HEARD", "BEST_INTERESTS_ASSESSED")
    planned(story).goes(STAY, "CHILD_NO_PERMIT_NEEDED", by=LAWYER)
    assert story.met() == CHILD_MET
    story.ends(
        PROTECTION="IMPLEMENT",
        IDENTIFICATION="PRESUMED",
        STAY="CHILD_NO_PERMIT_NEEDED",
        PLACEMENT="PLACED",
    )


def test_a_smuggled_adult_is_received_told_and_looked_at_again(cast: Cast, now: datetime) -> None:
    """He paid for a boat and kept his passport. He is no offender, and no victim of trafficking."""
    story = found(cast, now, "TRAFIC_ILLICITE", sex="M", age_band="25_34")
    assert story.refuses(PROTECTION, "HUMANITARIAN") == {("MOVE_NEEDS", "NO_DANGER")}
    story.says("NO_DANGER").goes(PROTECTION, "HUMANITARIAN").says("RIGHTS_EXPLAINED")
    story.prints("RIGHTS_SHEET", language="en").goes(PROTECTION, "OPTIONS")
    story.goes(IDENTIFICATION, "INCONCLUSIVE_RESCREEN", by=SUPERVISOR).goes(STAY, "ASYLUM_SEEKER")
    assert story.open() == {"screen_again": 30}
    story.after(days=29).goes(IDENTIFICATION, "SCREENED", by=WORKER).goes(PROTECTION, "RESCREEN")
    assert story.met() == {"after_triage": 0, "screen_again": 29}
    # A certificate is not a favour: it says what nobody found here.
    with pytest.raises(Refused, match="NOT_PRESUMED"):
        story.prints("PRESUMED_CERTIFICATE")
    assert story.refuses(PROTECTION, "CLOSED", by=SUPERVISOR) == {
        ("MOVE_NEEDS", "PERSON_AGREES_TO_CLOSE"),
        ("MOVE_NEEDS", "CLOSURE_APPROVED"),
    }
    story.goes(IDENTIFICATION, "NOT_INDICATED", by=SUPERVISOR)
    story.says("PERSON_AGREES_TO_CLOSE").says("CLOSURE_APPROVED", by=SUPERVISOR)
    story.goes(PROTECTION, "CLOSED", by=SUPERVISOR)
    story.ends(PROTECTION="CLOSED", IDENTIFICATION="NOT_INDICATED", STAY="ASYLUM_SEEKER")


def test_a_missing_child_is_looked_for_within_the_hour_and_found(cast: Cast, now: datetime) -> None:
    """She did not come back from school. Everybody is told, and she is asked why by another."""
    story = presumed(sheltered(found(cast, now, **{**CHILD, "sex": "F", "age_band": "15_17"})))
    story.says("GUARDIAN_APPOINTED", by=GUARDIAN)
    planned(assessed(story)).after(days=12)
    lost = story.now
    story.goes(PROTECTION, "MISSING").goes(PLACEMENT, "LEFT_UNPLANNED")
    (alert,) = (one for one in story.owed() if one.duty.key == "missing_alert")
    assert alert.due_at == lost + timedelta(hours=1)
    assert story.status == "MISSING"
    # Nobody says that she is safe before somebody saw her.
    assert story.refuses(PROTECTION, "STABILISE") == {("MOVE_NEEDS", "FOUND")}
    story.after(minutes=40).says("MISSING_ALERTED", by=SUPERVISOR).says("RISK_HIGH")
    story.after(days=4).says("FOUND").goes(PROTECTION, "STABILISE")
    story.goes(PLACEMENT, "REQUESTED", "OFFERED", "ACCEPTED", "PLACED")
    story.after(days=2).says("RETURN_INTERVIEW", by=SUPERVISOR).says("CONTACTED")
    met = story.met()
    assert met.items() >= {"missing_alert": 20, "return_interview": 26, "emergency_bed": 24}.items()
    story.ends(PROTECTION="STABILISE", IDENTIFICATION="PRESUMED", PLACEMENT="PLACED")


def test_somebody_who_refuses_help_keeps_her_rights_and_an_open_door(
    cast: Cast, now: datetime
) -> None:
    """She says no. That is her right, once she knows what she says no to; the door stays open."""
    story = presumed(sheltered(found(cast, now)))
    story.says("DANGER")
    assert story.refuses(PROTECTION, "DECLINED_HELP") == {
        ("MOVE_NEEDS", "REFUSAL_INFORMED"),
        ("MOVE_BARRED", "DANGER"),
    }
    story.says("NO_DANGER", "REFUSAL_INFORMED", "NEEDS_ASSESSED", "RISK_MEDIUM")
    assert story.met() == FIRST_DAY
    story.goes(PLACEMENT, "LEFT_PLANNED").goes(PROTECTION, "DECLINED_HELP")
    # Nothing runs against her, and nothing that she was given is taken back.
    assert story.owed() == []
    assert story.here.states[IDENTIFICATION] == "PRESUMED"
    assert story.papers() == [*SHEETS, "PRESUMED_CERTIFICATE"]
    story.after(days=40).goes(PROTECTION, "STABILISE").goes(PROTECTION, "ASSESS")
    story.ends(PROTECTION="ASSESS", IDENTIFICATION="PRESUMED", PLACEMENT="LEFT_PLANNED")


def test_a_person_who_was_trafficked_again_comes_back_to_the_same_case(
    cast: Cast, now: datetime
) -> None:
    """The uncle who sold her waited outside. The case that was closed goes on as a new episode."""
    story = presumed(sheltered(found(cast, now)))
    planned(assessed(story))
    story.goes(SOLUTION, "OPTIONS_EXPLAINED", "CHOICE_MADE").says("SOLUTION_HERE")
    story.goes(PROTECTION, "TRANSITION").says("INDEPENDENT_LIFE").goes(PROTECTION, "AFTERCARE")
    story.goes(PLACEMENT, "LEFT_PLANNED").says("RISK_LOW").after(days=185)
    closed(story)
    before = len(story.lines)

    story.after(days=90).goes(PROTECTION, "STABILISE").says("DANGER", "RISK_CRITICAL")
    assert story.status == "EMERGENCY"
    assert len(story.lines) == before + 3
    again = story.open()
    # A bed is owed anew; the closing of the first time does not close the second.
    assert again["emergency_bed"] == 283
    assert again["contact_critical"] == 284
    story.after(hours=3).goes(PLACEMENT, "REQUESTED", "OFFERED", "ACCEPTED", "PLACED")
    assert story.met()["emergency_bed"] == 283
    assert story.refuses(PROTECTION, "CLOSED", by=SUPERVISOR) >= {
        ("MOVE_NOT_FROM_HERE", PROTECTION),
        ("MOVE_BARRED", "DANGER"),
    }
    story.says("NO_DANGER", "CONTACTED", by=SUPERVISOR).goes(SOLUTION, "CHOICE_CHANGED")
    story.ends(
        PROTECTION="STABILISE",
        IDENTIFICATION="PRESUMED",
        SOLUTION="CHOICE_CHANGED",
        PLACEMENT="PLACED",
    )


def test_a_person_whom_no_country_calls_its_own(cast: Cast, now: datetime) -> None:
    """Born on the road, written down nowhere: her nationality is asked about while care goes on."""
    story = presumed(sheltered(found(cast, now, citizenship="", age_band="18_24")))
    story.goes(STAY, "STATELESS_REVIEW", by=LAWYER).goes(JUSTICE, "INFORMED", by=LAWYER)
    planned(assessed(story))
    story.goes(SOLUTION, "OPTIONS_EXPLAINED", "CHOICE_MADE").says("SOLUTION_ABROAD")
    story.says("JUDICIAL_BAR", by=LAWYER)
    # To which country should she go? None has said yes, and her lawyer holds her back.
    assert story.refuses(PROTECTION, "TRANSITION", by=SUPERVISOR) >= {
        ("MOVE_NEEDS", "RECEIVING_NODE_ACCEPTED"),
        ("MOVE_NEEDS", "NO_JUDICIAL_BAR"),
    }
    story.after(days=60).goes(STAY, "REMOVAL_SUSPENDED", by=LAWYER).says("CONTACTED")
    story.says("SOLUTION_HERE").goes(SOLUTION, "CHOICE_CHANGED").goes(PROTECTION, "TRANSITION")
    story.goes(STAY, "PERMIT", by=LAWYER)
    assert story.met() == {**FIRST_DAY, "care_plan": 8}
    story.ends(
        PROTECTION="TRANSITION",
        IDENTIFICATION="PRESUMED",
        STAY="PERMIT",
        JUSTICE="INFORMED",
        SOLUTION="CHOICE_CHANGED",
        PLACEMENT="PLACED",
    )
    assert story.status == "LATE"
    assert story.late() == {"risk_again_medium"}
