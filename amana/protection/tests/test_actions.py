"""Entering what happened: sealed to who may read it, in order of what is owed, never changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

from amana.access.rules import Actor, NotFound, Refused, Role
from amana.cases import actions as cases
from amana.cases.models import Case, Compartment
from amana.cases.tests.builders import a_case
from amana.protection import actions, queries
from amana.protection.models import Due
from amana.protection.rules import PROTECTION, STRUCK, Wanted
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def enter(
    actor: Actor, case: Case, kind: str, now: datetime, *, track: str = "", strikes: int = 0
) -> None:
    wanted = Wanted(track, kind, now, actor.account_id, actor.role.value, strikes=strikes)
    actions.enter(case=case, wanted=wanted, reason="Zibéline", actor=actor, now=now)


def test_a_case_begins_where_its_screening_left_it(cast: Cast) -> None:
    case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
    assert [(line.track, line.kind) for line in queries.course(worker, case)] == [
        ("IDENTIFICATION", "SCREENED"),
        (PROTECTION, "TRIAGE"),
    ]


def test_a_case_stands_in_the_list_from_the_moment_it_is_opened(cast: Cast) -> None:
    """Nobody has to begin: what is owed for a person who was found is late all the same."""
    case = a_case(cast)

    ((row,), _is_more) = queries.worklist(cast.actor(Role.SUPERVISOR))
    assert (row.case, row.status) == (case, "STABILISATION")
    assert row.due_at is not None
    assert row.duty


def test_what_is_entered_is_read_by_those_who_lead_and_puts_the_case_in_the_list(
    cast: Cast, now: datetime
) -> None:
    case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
    enter(worker, case, "STABILISE", now, track=PROTECTION)

    supervisor = cast.actor(Role.SUPERVISOR)
    last = queries.course(supervisor, case)[-1]
    assert (last.kind, last.reason, last.by) == ("STABILISE", "Zibéline", worker.account_id)
    ((row,), _is_more) = queries.worklist(supervisor)
    assert (row.case, row.duty, row.status) == (case, "emergency_bed", "STABILISATION")
    assert row.due_at == now + timedelta(hours=6)
    assert queries.n_late(supervisor, now + timedelta(hours=7)) == 1


def test_the_moment_stands_in_clear_and_nothing_else(cast: Cast, now: datetime) -> None:
    case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
    enter(worker, case, "ASYLUM_SEEKER", now, track="STAY")
    enter(worker, case, "RISK_HIGH", now)

    rows = [*Due.objects.values_list(), *Compartment.objects.values_list()]
    stored = repr([bytes(v) if isinstance(v, memoryview) else v for row in rows for v in row])
    for word in ("ASYLUM", "RISK_HIGH", "contact_high", "Zibéline"):
        assert word not in stored


def test_what_cannot_be_is_refused_and_leaves_nothing(cast: Cast, now: datetime) -> None:
    case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
    before, due = Compartment.objects.count(), list(Due.objects.values_list())
    with pytest.raises(Refused) as refused:
        enter(worker, case, "ASSESS", now, track=PROTECTION)
    assert refused.value.objections == ["MOVE_NOT_FROM_HERE", "MOVE_NEEDS"]
    assert Compartment.objects.count() == before
    assert list(Due.objects.values_list()) == due


def test_nobody_enters_in_anothers_name(cast: Cast, now: datetime) -> None:
    case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
    wanted = Wanted("", "PLAN_APPROVED", now, "somebody", "R04")
    with pytest.raises(NotFound):
        actions.enter(case=case, wanted=wanted, reason="x", actor=worker, now=now)


def test_what_was_wrong_is_struck_and_both_stay(cast: Cast, now: datetime) -> None:
    case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
    enter(worker, case, "DANGER", now)
    number = queries.course(worker, case)[-1].number
    enter(cast.actor(Role.SUPERVISOR), case, STRUCK, now, strikes=number)
    assert [line.kind for line in queries.course(worker, case)][-2:] == ["DANGER", STRUCK]
    assert queries.headlines(worker, [case.pk])[case.pk]["status"] != "EMERGENCY"


def test_a_lawyer_adds_what_is_hers_to_say_and_reads_the_care_of_nobody(
    cast: Cast, now: datetime
) -> None:
    case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
    cast.hire("a-lawyer", "Maître Inventée", Role.LAWYER)
    lawyer = cast.who("a-lawyer")
    cases.involve(case=case, team_code="legal", actor=worker, now=now)
    enter(worker, case, "DANGER", now)
    enter(worker, case, "TOLERATED", now, track="STAY")

    seen = {(line.track, line.kind) for line in queries.course(lawyer, case) if line.number > 0}
    assert seen == {("STAY", "TOLERATED")}
    enter(lawyer, case, "NO_JUDICIAL_BAR", now)
    enter(lawyer, case, "REMOVAL_SUSPENDED", now, track="STAY")
    read = [line.kind for line in queries.course(worker, case)]
    assert {"NO_JUDICIAL_BAR", "REMOVAL_SUSPENDED"} <= set(read)
    with pytest.raises(Refused, match="NOT_THIS_ROLE"):
        enter(lawyer, case, "PLAN_APPROVED", now)


def test_what_was_entered_goes_with_the_case(cast: Cast, now: datetime) -> None:
    case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
    enter(worker, case, "STABILISE", now, track=PROTECTION)
    cast.hire("hind", "Hind Inventée", Role.DATA_PROTECTION)
    supervisor, officer = cast.actor(Role.SUPERVISOR), cast.who("hind")
    cases.ask_erasure(case=case, reason="PERSON_ASKS", actor=supervisor, now=now)
    cases.approve_erasure(code=case.pk, actor=officer, now=now)
    cases.erase_case(code=case.pk, more_counts={}, backups_until=now, by="test", now=now)
    assert not Due.objects.exists()


def test_the_list_goes_on_page_by_page_and_loses_nobody(cast: Cast, now: datetime) -> None:
    cases_ = [a_case(cast) for _ in range(3)]
    supervisor = cast.actor(Role.SUPERVISOR)
    for number, case in enumerate(cases_):
        Due.objects.filter(case=case).update(due_at=now + timedelta(hours=number))

    seen = []
    page, is_more = 0, True
    with shown(2):
        while is_more:
            page += 1
            rows, is_more = queries.worklist(supervisor, page=page)
            seen += [row.case for row in rows]

    assert (seen, page) == (cases_, 2)


@contextmanager
def shown(count: int) -> Iterator[None]:
    """Let a page hold so many, that a few cases fill it."""
    before, queries.SHOWN = queries.SHOWN, count
    try:
        yield
    finally:
        queries.SHOWN = before
