"""The dashboard: each role's own work in numbers, and nothing of people whose files stay shut."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from amana.access.rules import Actor, Role
from amana.audit import queries as audit
from amana.audit.actions import record
from amana.cases.actions import declare_conflict
from amana.cases.models import Case
from amana.cases.tests.builders import a_case
from amana.desk import dashboard
from amana.desk.dashboard import Block
from amana.identification import actions as identification
from amana.protection.models import Due
from amana.shelters.tests.builders import a_request, a_shelter, accepted, staff
from tests.cast import Cast, name_of

pytestmark = pytest.mark.django_db


def block(actor: Actor, now: datetime, name: str) -> Block:
    """Return one block of what a person sees."""
    return next(one for one in dashboard.blocks(actor, now) if one.name == name)


def numbers(found: Block) -> dict[str, tuple[str, ...]]:
    """Return what the table of a block says: its labels, and the words beside each."""
    (grid,) = found.grids
    return {heads[-1]: said for heads, said in grid.rows}


def test_a_worker_counts_her_own_cases_and_not_a_colleagues(cast: Cast, now: datetime) -> None:
    mine, theirs = a_case(cast), a_case(cast)
    worker = cast.actor(Role.CASE_WORKER)
    Due.objects.filter(case=mine).update(due_at=now - timedelta(hours=1))
    Due.objects.filter(case=theirs).update(due_at=now + timedelta(hours=1))
    Case.objects.filter(pk=theirs.pk).update(worker="somebody-else")

    assert list(numbers(block(worker, now, "due")).values()) == [("1",), ("0",), ("0",), ("0",)]
    assert list(numbers(block(worker, now, "states")).values()) == [("1",)]
    of_unit = numbers(block(cast.actor(Role.SUPERVISOR), now, "due"))
    assert list(of_unit.values()) == [("1",), ("1",), ("0",), ("0",)]


def test_whoever_knows_the_person_does_not_count_her(cast: Cast, now: datetime) -> None:
    case = a_case(cast)
    Due.objects.filter(case=case).update(due_at=now)
    supervisor = cast.actor(Role.SUPERVISOR)
    assert block(supervisor, now, "due").grids
    declare_conflict(case=case, actor=supervisor, now=now)

    assert block(supervisor, now, "due").grids == []
    assert block(supervisor, now, "states").grids == []


def test_nobody_who_opens_no_file_is_told_a_number_about_people(cast: Cast, now: datetime) -> None:
    """Beds and messages are no people; what is known of people is published, or not said."""
    house, _ = a_shelter(cast, now)
    accepted(cast, now, a_case(cast), house)
    cast.hire(name_of(Role.STATISTICIAN), "Salma Inventée", Role.STATISTICIAN)
    cast.hire(name_of(Role.OBSERVER), "Idriss Inventé", Role.OBSERVER)

    about = {
        role: {one.name for one in dashboard.blocks(cast.actor(role), now)}
        for role in (Role.COORDINATOR, Role.STATISTICIAN, Role.OBSERVER, Role.ADMINISTRATOR)
    }

    assert about == {
        Role.COORDINATOR: {"owed", "reciprocity", "network", "agreements", "published"},
        Role.STATISTICIAN: {"published"},
        Role.OBSERVER: {"published"},
        Role.ADMINISTRATOR: {"record", "published"},
    }
    beds = numbers(block(cast.actor(Role.COORDINATOR), now, "network"))
    assert list(beds.values()) == [("2",), ("1",), ("0",)]


def test_a_supervisor_sees_who_is_above_the_ceiling_and_what_waits_by_danger(
    cast: Cast, now: datetime
) -> None:
    case = a_case(cast)
    Due.objects.filter(case=case).update(due_at=now - timedelta(hours=1))
    supervisor = cast.actor(Role.SUPERVISOR)
    name = cast.actor(Role.CASE_WORKER).name

    cases, late, _weight, _most = numbers(block(supervisor, now, "load"))[name]
    assert (cases, late) == ("1", "1")
    assert block(supervisor, now, "screenings").grids == []
    assert "load" not in {one.name for one in dashboard.blocks(cast.actor(Role.CASE_WORKER), now)}


def test_a_first_responder_sees_what_she_began_and_what_became_of_it(
    cast: Cast, now: datetime
) -> None:
    responder = cast.actor(Role.FIRST_RESPONDER)
    assert block(responder, now, "sent").grids == []
    a_case(cast)
    identification.start_draft(actor=responder, now=now)

    assert list(numbers(block(responder, now, "sent")).values()) == [("1",), ("0",), ("1",)]


def test_a_house_counts_its_own_beds_and_not_those_of_another(cast: Cast, now: datetime) -> None:
    house, _ = a_shelter(cast, now, beds=3)
    a_shelter(cast, now, team="shelter-2", beds=9)
    accepted(cast, now, a_case(cast), house)

    (grid,) = block(staff(cast), now, "houses").grids

    assert grid.rows == (((house.alias,), ("1", "2")),)


def test_a_request_that_lies_still_is_seen(cast: Cast, now: datetime) -> None:
    a_request(cast, now, a_case(cast))
    worker = cast.actor(Role.CASE_WORKER)

    early = list(numbers(block(worker, now, "beds")).values())
    late = list(numbers(block(worker, now + timedelta(days=1), "beds")).values())

    assert (early[0], early[1]) == (("0",), ("1",))
    assert (late[0], late[1]) == (("1",), ("0",))


def test_what_was_taken_out_is_counted_by_month(cast: Cast, now: datetime) -> None:
    officer = cast.hire(name_of(Role.DATA_PROTECTION), "Salma Inventée", Role.DATA_PROTECTION)
    actor = cast.who(officer.sign_in_name)
    assert block(actor, now, "taken-out").grids == []
    for back in (0, 0, 40, 400):
        at = now - timedelta(days=back)
        record(at=at, actor=actor.account_id, verb="watch.take_out", subject="2026")
    record(at=now, actor=actor.account_id, verb="watch.climb", subject="watch.take_out")

    counted = [said[1] for said in numbers(block(actor, now, "taken-out")).values()]

    assert counted == ["2", "1", "0", "0", "0", "0"]
    assert sum(audit.months_of(["watch.take_out"]).values()) == 4


def test_the_record_of_the_administrator_is_silent_while_nothing_is_wrong(
    cast: Cast, now: datetime
) -> None:
    found = block(cast.actor(Role.ADMINISTRATOR), now, "record")

    assert found.grids == []
    assert str(audit.length()) in found.does


@pytest.mark.parametrize(
    "role", [Role.CASE_WORKER, Role.SUPERVISOR, Role.DESK, Role.COORDINATOR, Role.FIRST_RESPONDER]
)
def test_a_dashboard_asks_as_often_of_one_case_as_of_many(
    cast: Cast, now: datetime, role: Role
) -> None:
    actor = cast.actor(role)
    house, _ = a_shelter(cast, now, beds=9)

    def another() -> None:
        case = a_case(cast)
        Due.objects.filter(case=case).update(due_at=now)
        accepted(cast, now, case, house)
        a_request(cast, now, a_case(cast))
        identification.start_draft(actor=cast.actor(Role.FIRST_RESPONDER), now=now)

    def asked() -> int:
        with CaptureQueriesContext(connection) as ran:
            dashboard.blocks(actor, now)
        return len(ran)

    another()
    of_one = asked()
    for _ in range(3):
        another()

    assert asked() <= of_one
