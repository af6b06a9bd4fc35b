"""What a sheet may hold, what follows from it, and that nothing kept is ever lost."""

import threading
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amana.access.queries import account_names, keeper
from amana.access.rules import Actor, NotFound, Refused, Role
from amana.cases import actions as cases
from amana.cases import queries as case_queries
from amana.cases.models import Case, Compartment
from amana.cases.tests.builders import a_case
from amana.protection import actions, queries, rules, sheets
from amana.protection.models import Due
from amana.protection.sheets import SheetRefused
from amana.protection.tests.answers import (
    ASSESSED,
    BEFORE,
    CHOSEN,
    CLOSURE,
    CONFIDENTIAL,
    DECIDED,
    GUARDIAN,
    LATER,
    MEMBERS,
    MISSING,
    NEEDS,
    PLAN,
    RISK,
    SAFE,
    SOON,
)
from amana.standards import journey as table
from amana.standards import sheets as data
from tests.cast import Cast

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 21)


def keep(
    actor: Actor, case: Case, sheet: str, values: dict[str, Any], now: datetime, *, over: int = 0
) -> int:
    return actions.keep_sheet(
        case=case, sheet=sheet, values=values, replaces=over, actor=actor, now=now
    )


def refused(*args: Any, **kwargs: Any) -> list[str]:
    """Return the codes of everything that stood against keeping a sheet."""
    with pytest.raises(SheetRefused) as why:
        keep(*args, **kwargs)
    return why.value.objections


def facts(actor: Actor, case: Case, now: datetime) -> set[str]:
    return set(rules.standing(queries.course(actor, case), table.load(), now).facts)


def a_child(cast: Cast) -> Case:
    case = a_case(cast)
    Case.objects.filter(pk=case.pk).update(tier="child", age_band="10_14")
    case.refresh_from_db()
    return case


def involve(cast: Cast, case: Case, role: Role, kind: str, now: datetime) -> Actor:
    cast.hire(f"a-{kind}", f"Personne {kind} Inventée", role)
    cases.involve(case=case, team_code=kind, actor=cast.actor(Role.CASE_WORKER), now=now)
    return cast.who(f"a-{kind}")


def faults(sheet: str, values: dict[str, Any], role: str = "R03", **known: Any) -> list[str]:
    """Return the codes of what stands against a sheet that nobody kept before."""
    found = sheets.objections(
        data.load()[sheet], values, values, role, sheets.Known(TODAY, **known)
    )
    return [fault.code for fault in found]


class TestKeeping:
    def test_what_is_kept_is_read_back_by_who_leads_and_what_follows_stands_in_the_course(
        self, cast: Cast, now: datetime
    ) -> None:
        case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
        number = keep(worker, case, "RISK_SHEET", RISK, now)

        (kept,) = queries.kept_sheets(cast.actor(Role.SUPERVISOR), case)
        assert (kept.number, kept.sheet, kept.by) == (number, "RISK_SHEET", worker.account_id)
        assert dict(kept.values) == RISK
        assert "RISK_HIGH" in facts(worker, case, now)
        assert queries.course(worker, case)[-1].sheet == "RISK_SHEET"
        assert Due.objects.get(case=case).due_at is not None

    @pytest.mark.parametrize(
        ("level", "score"), [("CRITICAL", "3"), ("HIGH", "3"), ("MEDIUM", "2"), ("LOW", "1")]
    )
    def test_the_level_decided_is_the_level_that_holds(
        self, cast: Cast, now: datetime, level: str, score: str
    ) -> None:
        case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
        risks = [{"domain": "FAMILY", "score": score}]
        keep(worker, case, "RISK_SHEET", {**RISK, "risks": risks, "level": level}, now)
        held = {f for f in facts(worker, case, now) if f.startswith("RISK_")}
        assert held == {f"RISK_{level}"}

    def test_a_later_version_stands_and_the_earlier_one_stays_to_be_read(
        self, cast: Cast, now: datetime
    ) -> None:
        case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
        first = keep(worker, case, "RISK_SHEET", RISK, now)
        low = {**RISK, "risks": [{"domain": "ONLINE", "score": "1"}], "level": "LOW"}
        second = keep(worker, case, "RISK_SHEET", low, now, over=first)

        versions = actions.read_sheet(case=case, sheet="RISK_SHEET", actor=worker, now=now)
        assert [v.number for v in versions] == [second, first]
        assert [v.values["level"] for v in versions] == ["LOW", "HIGH"]
        assert [o.part for o in case_queries.openings(case)] == ["sheets"]

    def test_who_may_not_write_a_sheet_finds_none(self, cast: Cast, now: datetime) -> None:
        case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
        for sheet in ("PRESUMED_CERTIFICATE", "BEST_INTERESTS_SHORT", "NO_SUCH_SHEET"):
            with pytest.raises(NotFound):
                keep(worker, case, sheet, RISK, now)

    def test_what_was_judged_wrong_leaves_nothing(self, cast: Cast, now: datetime) -> None:
        case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
        before = Compartment.objects.count()
        values = {**RISK, "valid_until": BEFORE, "escape": "", "why": ""}
        assert refused(worker, case, "RISK_SHEET", values, now) == [
            "MISSING",
            "RISK_REVIEW_PAST",
            "RISK_WITHOUT_PLAN",
        ]
        assert Compartment.objects.count() == before

    def test_a_role_that_may_write_and_not_read_adds_unread(
        self, cast: Cast, now: datetime
    ) -> None:
        case = a_case(cast)
        manager = involve(cast, case, Role.SHELTER_MANAGER, "shelter", now)
        alerted = [{"body": "POLICE", "on": BEFORE}]
        log = {"since": BEFORE, "seen": "au marché", "alerted": alerted}
        keep(manager, case, "MISSING_LOG", log, now)

        assert queries.kept_sheets(manager, case) == []
        assert actions.read_sheet(case=case, sheet="MISSING_LOG", actor=manager, now=now) == []
        worker = cast.actor(Role.CASE_WORKER)
        assert [k.sheet for k in queries.kept_sheets(worker, case)] == ["MISSING_LOG"]
        assert "MISSING_ALERTED" in facts(worker, case, now)

    def test_the_words_of_a_sheet_lie_nowhere_in_clear(self, cast: Cast, now: datetime) -> None:
        case, worker = a_child(cast), cast.actor(Role.CASE_WORKER)
        canary = "Gnanhoré Zibéline"
        keep(worker, case, "RISK_SHEET", {**RISK, "why": canary}, now)
        keep(worker, case, "BEST_INTERESTS_ASSESSMENT", {**ASSESSED, "child_views": canary}, now)
        stored = []
        with connection.cursor() as cursor:
            for name in connection.introspection.table_names():
                cursor.execute(f'SELECT * FROM "{name}"')  # noqa: S608 - the name is our table's
                stored += [bytes(v) if isinstance(v, memoryview) else v for r in cursor for v in r]
        for word in (*canary.split(), "RISK_SHEET", "BEST_INTERESTS", "child_views"):
            assert word not in repr(stored)
            assert not any(word.encode() in v for v in stored if isinstance(v, bytes))


TYPED = st.text(min_size=1, max_size=60)


@st.composite
def answered(draw: st.DrawFn) -> dict[str, Any]:
    """Whatever somebody might write into the reopening note: every kind but rows."""
    words = st.tuples(TYPED).map(lambda t: t[0].strip()).filter(bool)
    return {
        "why": draw(
            st.lists(st.sampled_from(["NEW_RISK", "ASKS", "COURT"]), min_size=1, unique=True)
        ),
        "changed": draw(words),
        "danger": draw(st.sampled_from(["yes", "no"])),
        "first": draw(words),
        "reopen_now": "no",
    }


@settings(
    max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(written=st.lists(answered(), min_size=1, max_size=3))
def test_whatever_is_kept_is_read_back_equal_and_earlier_versions_stay(
    cast: Cast, now: datetime, written: list[dict[str, Any]]
) -> None:
    case = Case.objects.first() or a_case(cast)
    worker = cast.actor(Role.CASE_WORKER)
    already = queries.kept_sheets(worker, case)
    for values in written:
        last = sheets.standing(queries.kept_sheets(worker, case), "REOPENING_NOTE")
        keep(worker, case, "REOPENING_NOTE", values, now, over=last.number if last else 0)
    found = queries.kept_sheets(worker, case)
    assert found[: len(already)] == already
    assert [dict(one.values) for one in found[len(already) :]] == written


class TestTwoAtOnce:
    def test_the_second_is_shown_the_first_and_chooses_and_both_stay(
        self, cast: Cast, now: datetime
    ) -> None:
        case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
        supervisor = cast.actor(Role.SUPERVISOR)
        first = keep(worker, case, "RISK_SHEET", RISK, now)
        theirs = keep(supervisor, case, "RISK_SHEET", {**RISK, "why": "Vu hier."}, now, over=first)
        mine = {**RISK, "why": "Entendu ce matin."}
        with pytest.raises(SheetRefused) as why:
            keep(worker, case, "RISK_SHEET", mine, now, over=first)
        assert why.value.objections == ["KEPT_MEANWHILE"]
        assert why.value.theirs is not None
        assert why.value.theirs.values["why"] == "Vu hier."
        changed = sheets.differences(data.load()["RISK_SHEET"], why.value.theirs.values, mine)
        assert [item.id for item in changed] == ["why"]

        keep(worker, case, "RISK_SHEET", mine, now, over=theirs)
        words = [one.values["why"] for one in queries.kept_sheets(worker, case)]
        assert words == [RISK["why"], "Vu hier.", "Entendu ce matin."]


def test_of_two_who_press_in_one_second_over_two_connections_one_is_kept_and_one_chooses(
    cast: Cast, now: datetime, tmp_path: Path
) -> None:
    case = a_case(cast)
    people = {"one": cast.actor(Role.CASE_WORKER), "two": cast.actor(Role.SUPERVISOR)}
    # Two connections to one file, as two processes of a node have.
    (tmp_path / "node.sqlite3").write_bytes(connection.connection.serialize())
    start = threading.Barrier(len(people))
    said: dict[str, Any] = {}

    def press(name: str) -> None:
        where = {**connection.settings_dict, "NAME": str(tmp_path / "node.sqlite3")}
        connections["default"] = type(connections["default"])(where, "default")
        start.wait()
        try:
            said[name] = keep(people[name], case, "RISK_SHEET", {**RISK, "why": name}, now)
        except SheetRefused as why:
            said[name] = why.theirs.values["why"] if why.theirs else why.objections
        finally:
            connections["default"].close()
            keeper().forget()

    threads = [threading.Thread(target=press, args=(name,)) for name in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first = next(name for name, told in said.items() if isinstance(told, int))
    second = "two" if first == "one" else "one"
    assert said[second] == first


class TestChecks:
    def test_a_panel_without_quorum_is_told_all_of_it_at_once(self) -> None:
        panel = [
            {"name": "Rokia Inventée", "institution": "Tribunal", "field": "JUSTICE"},
            {"name": "Driss Inventé", "institution": "tribunal", "field": "JUSTICE"},
        ]
        found = faults(
            "BEST_INTERESTS_DECISION",
            {**DECIDED, "panel": panel},
            "R14",
            authors={"BEST_INTERESTS_ASSESSMENT": frozenset({"Inventée Rokia"})},
        )
        assert found == [
            "PANEL_TOO_SMALL",
            "PANEL_ONE_INSTITUTION",
            "PANEL_NO_CHILD_PROTECTION",
            "PANEL_DRAFTED",
        ]

    def test_one_member_named_twice_is_one_member(self) -> None:
        twice = [*MEMBERS[:2], {**MEMBERS[1], "name": "INVENTE, Driss"}]
        assert "PANEL_TOO_SMALL" in faults(
            "BEST_INTERESTS_DECISION", {**DECIDED, "panel": twice}, "R14"
        )

    def test_whoever_the_assessment_names_as_its_worker_does_not_decide(self) -> None:
        members = [*MEMBERS, {**MEMBERS[1], "name": "روكيا Inventée"}]
        known = {"BEST_INTERESTS_ASSESSMENT": {"worker": "Rokia Inventée"}}
        found = faults(
            "BEST_INTERESTS_DECISION", {**DECIDED, "panel": members}, "R14", standing=known
        )
        assert found == ["PANEL_DRAFTED"]

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"suspected": "yes"}, "GUARDIAN_IS_SUSPECT"),
            ({"conflict": "yes"}, "GUARDIAN_HAS_CONFLICT"),
            ({"starts": BEFORE, "ends": "2026-11-19"}, "GUARDIAN_TERM_REVERSED"),
            ({"ends": BEFORE}, "GUARDIAN_TERM_OVER"),
            ({"replaces": "Autre Inventé"}, "GUARDIAN_REPLACED_WHY"),
        ],
    )
    def test_who_is_no_guardian(self, change: dict[str, str], code: str) -> None:
        assert code in faults("GUARDIAN_APPOINTMENT", {**GUARDIAN, **change})

    def test_the_uncle_whom_the_child_must_avoid_is_no_guardian_however_he_is_spelt(self) -> None:
        beside = {"RISK_SHEET": RISK}
        for name in ("Tiécoura Inventé", "inventé tiecoura", "Tiécoura Koné Inventé"):
            found = faults("GUARDIAN_APPOINTMENT", {**GUARDIAN, "name": name}, standing=beside)
            assert found == ["GUARDIAN_TO_AVOID"]

    def test_a_guardian_who_is_suspected_since_is_not_appointed_again(self) -> None:
        found = faults(
            "GUARDIAN_APPOINTMENT",
            GUARDIAN,
            standing={"GUARDIAN_APPOINTMENT": GUARDIAN},
            facts=frozenset({"GUARDIAN_SUSPECTED"}),
        )
        assert found == ["GUARDIAN_SUSPECTED_BEFORE"]

    def test_siblings_are_parted_only_with_a_reason(self) -> None:
        parted = {**ASSESSED, "siblings_parted": "yes"}
        assert faults("BEST_INTERESTS_ASSESSMENT", parted) == ["ASSESSED_SIBLINGS"]
        reason = {**parted, "parted_why": "Le frère le menace."}
        assert faults("BEST_INTERESTS_ASSESSMENT", reason) == []

    def test_dates_that_contradict_are_named_in_their_row(self) -> None:
        rows = [
            {"what": "École", "status": "ONGOING", "starts": BEFORE, "ends": LATER},
            {"what": "Soins", "status": "ONGOING", "starts": LATER, "ends": BEFORE},
        ]
        plan = data.load()["CARE_PLAN"]
        whole = {**PLAN, "activities": rows, "review_on": BEFORE}
        found = sheets.objections(plan, whole, whole, "R03", sheets.Known(TODAY))
        assert [(f.code, f.item, f.row) for f in found] == [
            ("PLAN_ACTIVITY_REVERSED", "activities.ends", 1),
            ("PLAN_REVIEW_PAST", "review_on", None),
        ]

    @pytest.mark.parametrize(
        ("values", "code"),
        [
            ({**RISK, "level": "NONE"}, "UNKNOWN_ANSWER"),
            ({**RISK, "valid_until": "demain"}, "NO_DAY"),
            ({**RISK, "why": "x" * 4001}, "TOO_LONG"),
            ({**RISK, "why": ["x"]}, "WRONG_KIND"),
            ({**RISK, "risks": [{"domain": "OFFENDER"}]}, "MISSING"),
            ({**RISK, "risks": [{}] * 41}, "TOO_MANY"),
            ({**RISK, "planted": "x"}, "UNKNOWN_QUESTION"),
            ({**RISK, "triggers": ["MOVE", "MOVE"]}, "UNKNOWN_ANSWER"),
        ],
    )
    def test_what_has_no_shape_is_refused(self, values: dict[str, Any], code: str) -> None:
        assert code in faults("RISK_SHEET", values)

    @pytest.mark.parametrize(
        ("sheet", "whole"),
        [
            ("NEEDS_SHEET", NEEDS),
            ("CONFIDENTIALITY_SHEET", CONFIDENTIAL),
            ("SAFE_CONTACT_SHEET", SAFE),
            ("SOLUTION_SHEET", CHOSEN),
            ("MISSING_LOG", MISSING),
            ("RISK_SHEET", RISK),
            ("CARE_PLAN", PLAN),
            ("CLOSURE_SHEET", CLOSURE),
            ("GUARDIAN_APPOINTMENT", GUARDIAN),
            ("BEST_INTERESTS_ASSESSMENT", ASSESSED),
        ],
    )
    def test_a_sheet_that_is_whole_has_nothing_against_it(
        self, sheet: str, whole: dict[str, Any]
    ) -> None:
        assert faults(sheet, whole) == []

    @pytest.mark.parametrize(
        ("sheet", "whole", "code"),
        [
            ("NEEDS_SHEET", {"needs": NEEDS["needs"][1:]}, "NEEDS_NOT_ALL"),
            ("NEEDS_SHEET", {"needs": [*NEEDS["needs"], NEEDS["needs"][0]]}, "NEEDS_TWICE"),
            (
                "CONFIDENTIALITY_SHEET",
                {**CONFIDENTIAL, "may_know": [{"who": "INVENTÉ Tiecoura"}]},
                "CONFIDENTIALITY_CONTRADICTS",
            ),
            ("SAFE_CONTACT_SHEET", {**SAFE, "duress_word": "Mangue"}, "SAFE_CONTACT_WORDS"),
            (
                "SAFE_CONTACT_SHEET",
                {**SAFE, "phone_owner": "OTHER_CONTROLS", "may_leave_message": "yes"},
                "SAFE_CONTACT_UNSAFE",
            ),
            ("SAFE_CONTACT_SHEET", {**SAFE, "number": ""}, "SAFE_CONTACT_NUMBER"),
            ("SOLUTION_SHEET", {**CHOSEN, "chosen": "ASYLUM"}, "SOLUTION_NOT_EXPLAINED"),
            (
                "SOLUTION_SHEET",
                {**CHOSEN, "abroad": "yes", "risk_here": "x"},
                "SOLUTION_CONTRADICTS",
            ),
            ("MISSING_LOG", {**MISSING, "since": SOON}, "MISSING_TO_COME"),
            (
                "MISSING_LOG",
                {**MISSING, "alerted": [{"body": "BORDERS", "on": BEFORE}]},
                "MISSING_POLICE",
            ),
            ("RISK_SHEET", {**RISK, "valid_until": LATER}, "RISK_REVIEW_TOO_LATE"),
            ("CARE_PLAN", {**PLAN, "written_with": "no"}, "PLAN_WITHOUT_THE_PERSON"),
        ],
    )
    def test_what_contradicts_is_named(self, sheet: str, whole: dict[str, Any], code: str) -> None:
        assert faults(sheet, whole) == [code]

    def test_a_row_that_must_say_something_is_named_by_its_number(self) -> None:
        told = [
            {"module": "FAMILY", "told": "no", "skip": "NOT_READY"},
            {"module": "BEFORE", "told": "yes"},
        ]
        whole = {
            "ready": "yes", "modules": told, "wishes": "x", "conclusion": "x", "whole": "no",
        }  # fmt: skip
        found = sheets.objections(
            data.load()["ASSESSMENT"], whole, whole, "R03", sheets.Known(TODAY)
        )
        assert [(f.code, f.item, f.row) for f in found] == [("INTERVIEW_EMPTY", "modules.words", 1)]

    def test_what_has_no_shape_does_not_hide_what_else_is_wrong(self) -> None:
        rows = [{"domain": "OFFENDER", "score": "9"}, {"domain": "ONLINE", "score": "3"}]
        values = {**RISK, "risks": rows, "level": "LOW", "valid_until": BEFORE, "why": ""}
        assert faults("RISK_SHEET", values) == [
            "UNKNOWN_ANSWER",
            "MISSING",
            "RISK_LEVEL_TOO_LOW",
            "RISK_REVIEW_PAST",
        ]


class TestWhatFollows:
    def test_a_panel_decides_and_the_case_worker_sees_the_determination(
        self, cast: Cast, now: datetime
    ) -> None:
        case, worker = a_child(cast), cast.actor(Role.CASE_WORKER)
        panel = involve(cast, case, Role.PANEL, "panel", now)
        keep(worker, case, "BEST_INTERESTS_ASSESSMENT", ASSESSED, now)
        assert {k.sheet for k in queries.kept_sheets(panel, case)} == {"BEST_INTERESTS_ASSESSMENT"}
        keep(panel, case, "BEST_INTERESTS_DECISION", DECIDED, now)

        here = rules.standing(queries.course(worker, case), table.load(), now)
        assert here.states["SOLUTION"] == "BID_DECIDED"
        assert {"PANEL_QUORATE", "OPTIONS_WEIGHED", "SOLUTION_HERE", "CHILD_HEARD"} <= set(
            here.facts
        )

    def test_whoever_keeps_the_assessment_is_kept_off_the_panel_by_her_account(
        self, cast: Cast, now: datetime
    ) -> None:
        case, worker = a_child(cast), cast.actor(Role.CASE_WORKER)
        panel = involve(cast, case, Role.PANEL, "panel", now)
        keep(worker, case, "BEST_INTERESTS_ASSESSMENT", {**ASSESSED, "worker": "Une autre"}, now)
        names = account_names()
        members = [*MEMBERS, {**MEMBERS[0], "name": names[worker.account_id]}]
        assert refused(
            panel, case, "BEST_INTERESTS_DECISION", {**DECIDED, "panel": members}, now
        ) == ["PANEL_DRAFTED"]

    def test_a_plan_is_approved_by_another_person_and_a_changed_plan_anew(
        self, cast: Cast, now: datetime
    ) -> None:
        case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
        supervisor = cast.actor(Role.SUPERVISOR)
        first = keep(worker, case, "CARE_PLAN", PLAN, now)
        own = {**PLAN, "approved": "yes"}
        assert "NOT_THIS_ROLE" in refused(worker, case, "CARE_PLAN", own, now, over=first)
        assert "NOT_THIS_ROLE" in refused(supervisor, case, "CARE_PLAN", PLAN, now, over=first)
        second = keep(supervisor, case, "CARE_PLAN", {"approved": "yes"}, now, over=first)
        approved = queries.kept_sheets(worker, case)[-1].values
        assert dict(approved) == {**PLAN, "approved": "yes"}
        assert {"PLAN_WRITTEN", "PLAN_AGREED", "PLAN_APPROVED"} <= facts(worker, case, now)

        changed = {**PLAN, "own_words": "Ouvrir un atelier."}
        keep(worker, case, "CARE_PLAN", changed, now, over=second)
        assert "approved" not in queries.kept_sheets(worker, case)[-1].values
        assert "PLAN_APPROVED" not in facts(worker, case, now)

    def test_no_case_is_closed_while_a_duty_is_open_and_all_of_it_is_said(
        self, cast: Cast, now: datetime
    ) -> None:
        case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
        supervisor = cast.actor(Role.SUPERVISOR)
        keep(worker, case, "RISK_SHEET", RISK, now)
        first = keep(worker, case, "CLOSURE_SHEET", CLOSURE, now)
        said = {"approved": "yes", "close_now": "yes"}
        with pytest.raises(SheetRefused) as why:
            keep(supervisor, case, "CLOSURE_SHEET", said, now, over=first)
        assert {(f.code, f.about) for f in why.value.faults} == {
            ("MOVE_NOT_FROM_HERE", "PROTECTION"),
            ("MOVE_BARRED", "RISK_HIGH"),
        }
        keep(supervisor, case, "CLOSURE_SHEET", {"approved": "yes"}, now, over=first)
        assert "CLOSURE_APPROVED" in facts(worker, case, now)

    def test_an_adult_chooses_and_for_a_child_the_panel_does(self) -> None:
        sheet = data.load()["SOLUTION_SHEET"]
        values = {"chosen": "STAY", "abroad": "no"}
        adult = [one.kind for one in sheets.follows(sheet, values, values, "adult")]
        child = [one.kind for one in sheets.follows(sheet, values, values, "child")]
        assert (adult, child) == (["SOLUTION_HERE"], [])

    def test_what_a_historical_row_holds_takes_no_sheet(self, cast: Cast, now: datetime) -> None:
        case = a_case(cast)
        case.origin = "historical"
        with pytest.raises(Refused, match="HISTORICAL_IS_CLOSED"):
            keep(cast.actor(Role.CASE_WORKER), case, "RISK_SHEET", RISK, now)


class TestInWords:
    @pytest.mark.parametrize("language", ["fr", "ar", "en"])
    def test_every_code_and_day_is_a_word_of_the_language(self, language: str) -> None:
        found = sheets.laid_out(data.load()["RISK_SHEET"], RISK, language)
        said = repr(found)
        assert RISK["why"] in said
        for code in ("HIGH", "OFFENDER", "2026-11-25", "domain"):
            assert code not in said

    def test_a_row_is_one_label_with_its_lines(self) -> None:
        found = dict(sheets.laid_out(data.load()["RISK_SHEET"], RISK, "fr"))
        (label, lines) = found["Risques"][0]
        assert label == "Risque 1"
        assert lines[1] == "Force\u00a0: Fort"
        assert dict(found["Niveau"])["À revoir avant le"] == ["25 novembre 2026"]
