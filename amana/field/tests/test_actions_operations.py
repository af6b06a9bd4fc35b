"""Many people found at once: wristbands, one list, and nobody whom nobody looks after."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from amana.access.rules import Actor, NotFound, Refused, Role
from amana.audit.queries import latest
from amana.crypto.secrets import CannotOpen
from amana.field import operations, rules
from amana.field.actions import arrivals
from amana.field.actions import operations as acts
from amana.field.models import Operation, Record, Wristband
from amana.field.rules import Urgency
from amana.field.standin import Phone
from amana.field.tests.builders import CHILD, a_phone, open_all, screened, send
from amana.identification.actions import decide
from amana.standards.references import is_reference
from tests.cast import Cast, StoppedClock, name_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def supervisor(cast: Cast) -> Actor:
    return cast.actor(Role.SUPERVISOR)


@pytest.fixture
def phone(cast: Cast, now: datetime) -> Phone:
    return a_phone(cast, now)


def opened(actor: Actor, now: datetime, **other: Any) -> Operation:
    order: dict[str, Any] = {
        "name": "Gare de l’Est",
        "team": "care",
        "expected": 40,
        "n_wristbands": 12,
        "begins_at": now,
        **other,
    }
    return acts.open_operation(**order, actor=actor, now=now)


def bands(row: Operation) -> list[str]:
    return [code for _, code in operations.wristbands(row)]


def child(band: str, *codes: str, **more: Any) -> dict[str, Any]:
    """Return what a phone kept of a child who wears this wristband."""
    person = {**CHILD, **more.pop("person", {})}
    return screened(*codes, person=person, wristband=band, **more)


# Opened.


def test_an_operation_has_its_wristbands_before_anybody_is_found(
    supervisor: Actor, now: datetime
) -> None:
    row = opened(supervisor, now)

    codes = bands(row)
    assert row.pk.startswith("O-")
    assert len(set(codes)) == 12
    assert all(is_reference(code) and rules.is_band(code) for code in codes)
    assert [n for n, _ in operations.wristbands(row)] == list(range(1, 13))
    assert latest(1)[0]["verb"] == "field.open_operation"


def test_its_name_is_read_by_the_unit_alone(cast: Cast, now: datetime) -> None:
    coordinator, worker = cast.actor(Role.COORDINATOR), cast.actor(Role.CASE_WORKER)
    row = opened(coordinator, now)

    assert "Gare" not in bytes(row.sealed).decode("latin-1")
    assert operations.access_operation(worker, row.pk).name == "Gare de l’Est"
    assert operations.access_operation(coordinator, row.pk).name == ""
    assert [listed.row for listed in operations.operations_of(coordinator)] == [row]
    with pytest.raises(NotFound):
        operations.access_operation(cast.actor(Role.DESK), row.pk)
    assert operations.operations_of(cast.actor(Role.DESK)) == []


def test_only_who_leads_opens_one_and_never_with_too_many_wristbands(
    cast: Cast, now: datetime, supervisor: Actor
) -> None:
    with pytest.raises(NotFound):
        opened(cast.actor(Role.CASE_WORKER), now)
    with pytest.raises(Refused) as refused:
        opened(supervisor, now, n_wristbands=501)
    assert refused.value.objections == ["WRISTBANDS_OUT_OF_RANGE"]
    with pytest.raises(Refused) as refused:
        opened(cast.actor(Role.COORDINATOR), now, team="desk")
    assert refused.value.objections == ["TEAM_TAKES_NO_PHONES"]
    assert not Operation.objects.exists()
    assert not Wristband.objects.exists()


def test_more_wristbands_go_on_where_the_first_ended(supervisor: Actor, now: datetime) -> None:
    row = opened(supervisor, now)
    before = bands(row)

    acts.more_wristbands(code=row.pk, more=3, actor=supervisor, now=now)

    assert bands(row)[:12] == before
    assert [n for n, _ in operations.wristbands(row, since=13)] == [13, 14, 15]
    with pytest.raises(Refused) as refused:
        acts.more_wristbands(code=row.pk, more=486, actor=supervisor, now=now)
    assert refused.value.objections == ["WRISTBANDS_OUT_OF_RANGE"]


# The list.


def test_the_list_has_a_line_for_each_wristband_and_no_name(
    supervisor: Actor, phone: Phone, now: datetime
) -> None:
    row = opened(supervisor, now)
    first, second, *_ = bands(row)
    phone.keep(child(second, person={"alias": "Issa", "situation": "accompanied"}))
    phone.keep(child(first, "P1", person={"alias": "Moussa"}), urgency=Urgency.DANGER)
    send(phone, now)
    open_all(supervisor, now)

    found = operations.overview(supervisor, row.pk)

    assert [(line.number, line.band) for line in found.lines] == [(1, first), (2, second)]
    assert [line.urgency for line in found.lines] == [Urgency.DANGER, Urgency.OTHER]
    assert {line.age_band for line in found.lines} == {"10_14"}
    assert "Issa" not in repr(found)
    assert found.median_ms == 60_000
    assert found.n_without_owner == 2


def test_two_phones_that_wrote_of_one_wristband_are_one_line(
    cast: Cast, supervisor: Actor, phone: Phone, now: datetime
) -> None:
    row = opened(supervisor, now)
    band, other, *_ = bands(row)
    second = a_phone(cast, now)
    phone.keep(child(band, "R1"))
    second.keep(child(band, "R1", person={"age_band": "15_17"}))
    second.keep(child(other))
    for one in (phone, second):
        send(one, now)
    open_all(supervisor, now)

    found = operations.overview(supervisor, row.pk)

    assert [line.has_clash for line in found.lines] == [True, False]
    assert found.worn_twice == (band,)
    assert found.n_clashing == 1


def test_brothers_who_named_each_other_on_two_phones_stand_in_one_group(
    supervisor: Actor, phone: Phone, now: datetime
) -> None:
    row = opened(supervisor, now)
    first, second, third, fourth, *_ = bands(row)
    phone.keep(child(first, siblings=[second]))
    phone.keep(child(third, siblings=[second]))
    phone.keep(child(fourth))
    send(phone, now)
    open_all(supervisor, now)

    found = operations.overview(supervisor, row.pk)

    assert found.sibling_groups == ((first, second, third),)
    assert [line.siblings for line in found.lines] == [1, 1, 0]


def test_one_child_with_two_wristbands_is_shown_and_never_joined(
    supervisor: Actor, phone: Phone, now: datetime
) -> None:
    row = opened(supervisor, now)
    first, second, third, *_ = bands(row)
    for band, alias in ((first, "Issa"), (second, "issa "), (third, "Yao")):
        phone.keep(child(band, person={"alias": alias}))
    send(phone, now)
    open_all(supervisor, now)

    found = operations.overview(supervisor, row.pk)

    assert found.possible_doubles == (tuple(sorted([first, second])),)
    assert Record.objects.count() == 3


def test_what_was_registered_is_read_by_no_coordinator(
    cast: Cast, supervisor: Actor, phone: Phone, now: datetime
) -> None:
    row = opened(supervisor, now)
    phone.keep(child(bands(row)[0]))
    send(phone, now)
    open_all(supervisor, now)
    coordinator = cast.actor(Role.COORDINATOR)

    assert operations.overview(coordinator, row.pk).lines == ()
    assert operations.access_operation(coordinator, row.pk).n_registered == 1


# Its end.


def test_it_does_not_end_before_everybody_is_looked_after(
    cast: Cast, supervisor: Actor, phone: Phone, now: datetime
) -> None:
    row = opened(cast.actor(Role.COORDINATOR), now)
    adult = {"minor": "no", "age_band": "18_24", "situation": "accompanied", "alias": "Awa"}
    phone.keep(child(bands(row)[0], person=adult))
    send(phone, now)
    open_all(supervisor, now)
    with pytest.raises(Refused) as refused:
        acts.end_operation(code=row.pk, actor=supervisor, now=now)
    assert refused.value.objections == ["PEOPLE_WITHOUT_OWNER"]
    with pytest.raises(NotFound):
        acts.end_operation(code=row.pk, actor=cast.actor(Role.COORDINATOR), now=now)

    code = str(Record.objects.get().screening_id)
    decide(code=code, decided_class="AUCUN_INDICATEUR", reason="", actor=supervisor, now=now)
    acts.end_operation(code=row.pk, actor=supervisor, now=now)

    row.refresh_from_db()
    assert row.ended_at == now
    with pytest.raises(Refused) as refused:
        acts.end_operation(code=row.pk, actor=supervisor, now=now)
    assert refused.value.objections == ["OPERATION_ENDED"]
    with pytest.raises(Refused) as refused:
        acts.more_wristbands(code=row.pk, more=1, actor=supervisor, now=now)
    assert refused.value.objections == ["OPERATION_ENDED"]


def test_a_part_that_comes_after_the_end_still_finds_its_person(
    cast: Cast, supervisor: Actor, phone: Phone, now: datetime
) -> None:
    row = opened(supervisor, now)
    band = bands(row)[0]
    acts.end_operation(code=row.pk, actor=supervisor, now=now)
    late = a_phone(cast, now)
    for one in (phone, late):
        one.keep(child(band, "R1"))
        send(one, now + timedelta(days=2))
    open_all(supervisor, now)

    assert Record.objects.get().operation_id == row.pk


def test_nobody_drops_from_the_list_while_an_operation_goes_on(
    supervisor: Actor, phone: Phone, now: datetime
) -> None:
    row = opened(supervisor, now)
    phone.keep(child(bands(row)[0]))
    send(phone, now)
    open_all(supervisor, now)
    later = now + rules.RECORD_LIFE + timedelta(days=1)

    assert arrivals.sweep(later) == 0
    assert operations.overview(supervisor, row.pk).n_without_owner == 1

    Operation.objects.update(ended_at=now)
    assert arrivals.sweep(later) == 1


def test_long_after_its_end_an_operation_and_its_key_are_gone(
    cast: Cast, supervisor: Actor, phone: Phone, now: datetime
) -> None:
    ended, running = opened(supervisor, now), opened(supervisor, now)
    acts.end_operation(code=ended.pk, actor=supervisor, now=now)

    assert acts.sweep_operations(now + rules.MEMORY - timedelta(seconds=1)) == 0
    assert acts.sweep_operations(now + rules.MEMORY) == 1

    assert list(Operation.objects.all()) == [running]
    assert set(Wristband.objects.values_list("operation", flat=True)) == {running.pk}
    with pytest.raises((NotFound, CannotOpen)):
        operations._listed(supervisor, ended)


# Pages.


@pytest.fixture
def browser(client: Client, cast: Cast, stopped_clock: StoppedClock) -> Client:
    """A supervisor at her browser, who reads French."""
    client.cookies[settings.SESSION_COOKIE] = cast.cookie(name_of(Role.SUPERVISOR)).hex()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "fr"
    return client


def test_a_supervisor_opens_prints_reads_and_ends_an_operation(
    browser: Client, supervisor: Actor, phone: Phone, now: datetime
) -> None:
    told = {
        "name": "Gare",
        "team": "care",
        "expected": "30",
        "n_wristbands": "30",
        "begins_on_0": "21",
        "begins_on_1": "11",
        "begins_on_2": "2026",
    }
    days = {
        f"begins_on_{part}": v
        for part, v in zip(("day", "month", "year"), ("21", "11", "2026"), strict=True)
    }
    answer = browser.post("/operations/new", {**told, **days})
    assert answer.status_code == 302, answer.content.decode()
    row = Operation.objects.get()
    phone.keep(child(bands(row)[0], person={"alias": "Issa"}))
    send(phone, now)
    arrivals.open_items(actor=supervisor, now=now)

    page = browser.get(answer.headers["Location"]).content.decode()
    sheet = browser.get(f"/operations/{row.pk}/wristbands.pdf")
    assert bands(row)[0] in page
    assert "Issa" not in page
    assert "Sans responsable" in page
    assert sheet.content.startswith(b"%PDF")
    assert "care" not in sheet.headers["Content-Disposition"]
    assert row.pk in browser.get("/operations/").content.decode()
    browser.post(f"/operations/{row.pk}/more", {"more": "5"})
    assert len(bands(row)) == 35
    assert browser.post(f"/operations/{row.pk}/end").status_code == 422


def test_a_form_that_lacks_a_day_is_shown_again(browser: Client) -> None:
    answer = browser.post("/operations/new", {"name": "Gare", "n_wristbands": "9999"})

    assert answer.status_code == 422
    assert not Operation.objects.exists()


def test_a_coordinator_sees_counts_and_no_people(
    browser: Client, cast: Cast, supervisor: Actor, phone: Phone, now: datetime
) -> None:
    row = opened(supervisor, now)
    phone.keep(child(bands(row)[0]))
    send(phone, now)
    open_all(supervisor, now)
    browser.cookies[settings.SESSION_COOKIE] = cast.cookie(name_of(Role.COORDINATOR)).hex()

    page = browser.get(f"/operations/{row.pk}/").content.decode()

    # The codes are listed for who has no printer: the worn one like all others, once.
    assert {page.count(band) for band in bands(row)} == {page.count(bands(row)[1])}
    assert "Gare" not in page
    assert browser.post(f"/operations/{row.pk}/end").status_code == 404
