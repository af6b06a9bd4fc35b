"""From the request to the bed and out again, with real keys: who may, who was first, who reads."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from amana.access.models import KeyWrap, Notice
from amana.access.rules import Actor, NotFound, Refused, Role
from amana.audit.models import Entry
from amana.cases.actions import erase_case
from amana.cases.models import Case, Erasure
from amana.cases.tests.builders import a_case
from amana.crypto.secrets import CannotOpen, new_id
from amana.shelters import actions, queries
from amana.shelters.models import (
    Ask,
    ForEscort,
    Incompatible,
    Member,
    Note,
    Request,
    Stay,
    Transport,
    Unmet,
)
from amana.shelters.tests.builders import (
    ADDRESS,
    a_request,
    a_shelter,
    accepted,
    asked,
    coordinator,
    staff,
)
from amana.standards.shelters import load
from tests.cast import Cast

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def worker(cast: Cast) -> Actor:
    return cast.actor(Role.CASE_WORKER)


def told(kind: str) -> int:
    return Notice.objects.filter(kind=kind).count()


# The way of one bed.


def test_a_bed_is_asked_held_accepted_and_slept_in(cast: Cast, now: datetime) -> None:
    case, (house, unit) = a_case(cast), a_shelter(cast, now)
    request = a_request(cast, now, case)
    (ask,) = asked(cast, now, request, house)

    (stay,) = actions.hold(ask_id=ask.pk, actor=staff(cast), now=now)

    assert (stay.case_id, stay.unit_id, stay.bed, stay.state) == (case.pk, unit.pk, 1, "HELD")
    later = now + 5 * MINUTE
    actions.accept(ask_id=ask.pk, escort=worker(cast).account_id, actor=worker(cast), now=later)
    request.refresh_from_db()
    assert (request.state, request.placed_at) == ("PLACED", later)
    actions.begin_transport(ask_id=ask.pk, actor=staff(cast), now=later)
    actions.admit(ask_id=ask.pk, arrived=[stay.pk], actor=staff(cast), now=later)
    stay.refresh_from_db()
    assert (stay.state, stay.admitted_at) == ("ADMITTED", later)
    assert queries.current_stay(case) == stay
    actions.end_stay(stay_id=stay.pk, exit_="PLANNED", actor=worker(cast), now=later)
    assert queries.current_stay(case) is None
    assert (told("BED_ASKED"), told("BED_HELD"), told("BED_TAKEN")) == (1, 1, 1)


def test_the_record_says_who_did_what_and_of_nobody_where_they_sleep(
    cast: Cast, now: datetime
) -> None:
    case, (house, _) = a_case(cast), a_shelter(cast, now)
    accepted(cast, now, case, house)

    entries = [bytes(e.event).decode() for e in Entry.objects.all() if e.event]
    ours = [text for text in entries if '"shelters.' in text]
    assert len(ours) > 5
    assert not [text for text in ours if case.pk in text and house.pk in text]
    assert ADDRESS not in "".join(entries)


def test_several_houses_are_asked_at_once_and_the_others_are_let_go(
    cast: Cast, now: datetime
) -> None:
    case = a_case(cast)
    (first, _), (second, _) = a_shelter(cast, now), a_shelter(cast, now, team="shelter-2")
    asks = {a.shelter_id: a for a in asked(cast, now, a_request(cast, now, case), first, second)}
    mine, theirs = asks[first.pk], asks[second.pk]
    actions.hold(ask_id=mine.pk, actor=staff(cast), now=now)
    actions.hold(ask_id=theirs.pk, actor=staff(cast, "shelter-2"), now=now)

    actions.accept(ask_id=mine.pk, escort="", actor=worker(cast), now=now)

    theirs.refresh_from_db()
    assert theirs.state == "WITHDRAWN"
    assert not Stay.objects.filter(ask=theirs, ended_at=None).exists()
    with pytest.raises(NotFound):
        queries.asked_people(staff(cast, "shelter-2"), theirs)
    assert not KeyWrap.objects.filter(key_id=theirs.key_id).exists()


def test_a_house_that_says_no_reads_nothing_of_it_any_more(cast: Cast, now: datetime) -> None:
    house, _ = a_shelter(cast, now)
    (ask,) = asked(cast, now, a_request(cast, now, a_case(cast)), house)
    (person,) = queries.asked_people(staff(cast), ask)
    assert person.languages == {"dyu"}

    actions.answer_no(ask_id=ask.pk, reason="STAFF_MISSING", actor=staff(cast), now=now)

    ask.refresh_from_db()
    assert (ask.state, ask.refusal) == ("REFUSED", "STAFF_MISSING")
    with pytest.raises(NotFound):
        queries.asked_people(staff(cast), ask)


def test_a_house_is_told_what_it_needs_and_not_what_she_flees_from(
    cast: Cast, now: datetime
) -> None:
    house, _ = a_shelter(cast, now, minutes={"MA_NORTH": 300})
    request = a_request(cast, now, a_case(cast), avoids="MA_NORTH", wants_near=["MA-X"])
    (ask,) = asked(cast, now, request, house)

    (person,) = queries.asked_people(staff(cast), ask)

    assert (person.avoids, person.wants_near) == ("", frozenset())
    with pytest.raises((NotFound, CannotOpen)):
        queries.opened_requests(staff(cast), [request])


# Hard rules stand at every step.


def test_a_house_against_which_a_rule_stands_is_not_asked(cast: Cast, now: datetime) -> None:
    house, _ = a_shelter(cast, now, licence_valid_to=now.date() - timedelta(days=1))

    with pytest.raises(Refused, match="PLACE_DOES_NOT_FIT"):
        asked(cast, now, a_request(cast, now, a_case(cast)), house)


def test_what_changed_since_the_ask_stands_against_the_yes(cast: Cast, now: datetime) -> None:
    house, _ = a_shelter(cast, now)
    case = a_case(cast)
    (ask,) = asked(cast, now, a_request(cast, now, case), house)
    actions.keep_apart(case=case, other=house.pk, actor=worker(cast), now=now)

    with pytest.raises(Refused) as refused:
        actions.hold(ask_id=ask.pk, actor=staff(cast), now=now)

    # Not why: the house learns of no incompatibility.
    assert refused.value.objections == ["PLACE_DOES_NOT_FIT"]
    assert not Stay.objects.exists()


def test_two_people_who_must_not_meet_get_no_beds_in_one_house(cast: Cast, now: datetime) -> None:
    house, _ = a_shelter(cast, now)
    one, other = a_case(cast), a_case(cast)
    accepted(cast, now, one, house)
    actions.keep_apart(case=one, other=other.pk, actor=worker(cast), now=now)

    with pytest.raises(Refused, match="PLACE_DOES_NOT_FIT"):
        asked(cast, now, a_request(cast, now, other), house)


def test_an_incompatibility_is_two_codes_and_nothing_else(cast: Cast, now: datetime) -> None:
    columns = {f.name for f in Incompatible._meta.get_fields()}

    assert columns == {"id", "case", "other", "at", "by"}


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.SUPERVISOR, Role.DESK])
def test_who_may_not_write_about_offenders_keeps_nobody_apart(
    cast: Cast, now: datetime, role: Role
) -> None:
    case, (house, _) = a_case(cast), a_shelter(cast, now)

    with pytest.raises(NotFound):
        actions.keep_apart(case=case, other=house.pk, actor=cast.actor(role), now=now)


# Who was first.


def test_of_two_who_ask_for_the_last_bed_one_is_told_that_none_is_left(
    cast: Cast, now: datetime
) -> None:
    house, _ = a_shelter(cast, now, beds=1)
    first, second = (
        asked(cast, now, a_request(cast, now, a_case(cast)), house)[0] for _ in range(2)
    )
    actions.hold(ask_id=first.pk, actor=staff(cast), now=now)

    with pytest.raises(Refused, match="NO_BED_LEFT"):
        actions.hold(ask_id=second.pk, actor=staff(cast), now=now)
    assert Stay.objects.count() == 1


def test_the_table_itself_refuses_a_second_person_in_a_bed_and_a_second_bed_for_a_person(
    cast: Cast, now: datetime
) -> None:
    case, (house, unit) = a_case(cast), a_shelter(cast, now)
    ask = accepted(cast, now, case, house)
    other = a_case(cast)

    for who, bed, state in ((other, 1, "HELD"), (case, 2, "ACCEPTED")):
        with pytest.raises(IntegrityError), transaction.atomic():
            Stay.objects.create(
                id=new_id(), ask=ask, case=who, unit=unit, bed=bed, sex="F", state=state,
                held_at=now,
            )  # fmt: skip


def test_nobody_is_placed_twice(cast: Cast, now: datetime) -> None:
    case = a_case(cast)
    (first, _), (second, _) = a_shelter(cast, now), a_shelter(cast, now, team="shelter-2")
    accepted(cast, now, case, first)
    (ask,) = asked(cast, now, a_request(cast, now, case), second)
    actions.hold(ask_id=ask.pk, actor=staff(cast, "shelter-2"), now=now)

    with pytest.raises(Refused, match="ALREADY_PLACED"):
        actions.accept(ask_id=ask.pk, escort="", actor=worker(cast), now=now)

    ask.refresh_from_db()
    assert ask.state == "HELD"


def test_who_moves_leaves_the_first_house_in_the_moment_she_is_admitted_to_the_second(
    cast: Cast, now: datetime
) -> None:
    case = a_case(cast)
    (first, _), (second, _) = a_shelter(cast, now), a_shelter(cast, now, team="shelter-2")
    ask = accepted(cast, now, case, first)
    before = ask.stays.get()
    actions.admit(ask_id=ask.pk, arrived=[before.pk], actor=staff(cast), now=now)
    later = now + timedelta(days=1)

    then = accepted(cast, later, case, second)
    actions.admit(
        ask_id=then.pk,
        arrived=[then.stays.get().pk],
        actor=staff(cast, "shelter-2"),
        now=later,
    )

    before.refresh_from_db()
    assert (before.state, before.exit, before.ended_at) == ("ENDED", "MOVED", later)


def test_a_second_request_for_the_same_person_is_refused(cast: Cast, now: datetime) -> None:
    case = a_case(cast)
    a_request(cast, now, case)

    with pytest.raises(Refused, match="BED_WAS_ASKED"):
        a_request(cast, now, case)


# Timers.


def test_a_house_that_never_answers_is_noted_and_raised(cast: Cast, now: datetime) -> None:
    house, _ = a_shelter(cast, now)
    request = a_request(cast, now, a_case(cast))
    at = now
    for _ in range(load().limits["silent_asks"].value):
        (ask,) = asked(cast, at, request, house)
        at = ask.answer_due
        assert actions.sweep(at - MINUTE) == 0
        assert actions.sweep(at) == 1
        ask.refresh_from_db()
        assert ask.state == "SILENT"
    assert [one.troubles for one in queries.raised(at)] == [["SILENT"]]
    assert told("BED_SILENT") == 3


def test_an_answer_after_the_time_is_refused(cast: Cast, now: datetime) -> None:
    house, _ = a_shelter(cast, now)
    (ask,) = asked(cast, now, a_request(cast, now, a_case(cast)), house)

    with pytest.raises(Refused, match="ANSWER_TOO_LATE"):
        actions.hold(ask_id=ask.pk, actor=staff(cast), now=ask.answer_due)


def test_a_hold_that_nobody_took_is_free_for_the_next_without_waiting_for_the_worker(
    cast: Cast, now: datetime
) -> None:
    house, _ = a_shelter(cast, now, beds=1)
    (first,) = asked(cast, now, a_request(cast, now, a_case(cast)), house)
    actions.hold(ask_id=first.pk, actor=staff(cast), now=now)
    first.refresh_from_db()
    assert first.hold_until is not None
    over = first.hold_until
    second = a_request(cast, now, a_case(cast))

    with pytest.raises(Refused, match="HOLD_RAN_OUT"):
        actions.accept(ask_id=first.pk, escort="", actor=worker(cast), now=over)
    # The registry sees it full until somebody asks; a hold that is over is let go by the sweep.
    assert actions.sweep(over) == 1
    (ask,) = asked(cast, over, second, house)
    assert actions.hold(ask_id=ask.pk, actor=staff(cast), now=over)


def test_a_ladder_is_climbed_in_its_order_and_each_step_counts_as_unmet(
    cast: Cast, now: datetime
) -> None:
    request = a_request(cast, now, a_case(cast))
    with pytest.raises(Refused, match="NOT_THE_NEXT_STEP"):
        actions.climb(request_id=request.pk, step="COORDINATION", actor=worker(cast), now=now)

    for step in load().ladder:
        actions.climb(request_id=request.pk, step=step, actor=worker(cast), now=now)

    request.refresh_from_db()
    assert request.uses_surge
    assert Unmet.objects.count() == len(load().ladder)
    assert told("BED_MISSING") == 1
    assert queries.figures(now).unmet == [("18_24", "F", 6, 6)]


def test_a_mattress_is_a_bed_only_once_nothing_else_was_found(cast: Cast, now: datetime) -> None:
    house, _ = a_shelter(cast, now, beds=1)
    accepted(cast, now, a_case(cast), house)
    request = a_request(cast, now, a_case(cast))
    with pytest.raises(Refused, match="PLACE_DOES_NOT_FIT"):
        asked(cast, now, request, house)

    for step in ("WIDEN_RADIUS", "SURGE_BEDS"):
        actions.climb(request_id=request.pk, step=step, actor=worker(cast), now=now)

    (ask,) = asked(cast, now, request, house)
    (stay,) = actions.hold(ask_id=ask.pk, actor=staff(cast), now=now)
    assert stay.bed == 2


# Where a house stands.


def test_the_escort_reads_the_way_for_one_transport_and_nobody_else_does(
    cast: Cast, now: datetime
) -> None:
    case, (house, _) = a_case(cast), a_shelter(cast, now)
    ask = accepted(cast, now, case, house)
    made = actions.begin_transport(ask_id=ask.pk, actor=staff(cast), now=now)

    words = actions.open_way(transport_id=made.pk, actor=worker(cast), now=now)

    assert words["address"] == ADDRESS
    assert told("WAY_SEEN") == 1
    for role in (Role.SUPERVISOR, Role.COORDINATOR, Role.DESK, Role.ADMINISTRATOR):
        with pytest.raises(NotFound):
            actions.open_way(transport_id=made.pk, actor=cast.actor(role), now=now)
    with pytest.raises(NotFound):
        queries.address(worker(cast), house)


@pytest.mark.parametrize("how", ["arrived", "too late", "gone"])
def test_the_way_is_taken_back_when_the_transport_is_over(
    cast: Cast, now: datetime, how: str
) -> None:
    house, _ = a_shelter(cast, now)
    ask = accepted(cast, now, a_case(cast), house)
    made = actions.begin_transport(ask_id=ask.pk, actor=staff(cast), now=now)
    stay = ask.stays.get()

    if how == "arrived":
        actions.admit(ask_id=ask.pk, arrived=[stay.pk], actor=staff(cast), now=now)
    elif how == "gone":
        actions.end_stay(stay_id=stay.pk, exit_="MISSING", actor=worker(cast), now=now)
    else:
        with pytest.raises(NotFound):
            actions.open_way(transport_id=made.pk, actor=worker(cast), now=made.until)
        assert actions.sweep(made.until) == 1

    with pytest.raises(NotFound):
        actions.open_way(transport_id=made.pk, actor=worker(cast), now=now)
    # Not only is it refused: the key is gone, here and with its week in every backup.
    assert not ForEscort.objects.exists()
    assert not Transport.objects.filter(ended_at=None).exists()


def test_nobody_sets_out_without_an_escort_or_to_a_house_without_an_address(
    cast: Cast, now: datetime
) -> None:
    house, _ = a_shelter(cast, now)
    (ask,) = asked(cast, now, a_request(cast, now, a_case(cast)), house)
    actions.hold(ask_id=ask.pk, actor=staff(cast), now=now)
    actions.accept(ask_id=ask.pk, escort="", actor=worker(cast), now=now)

    with pytest.raises(Refused, match="ESCORT_MISSING"):
        actions.begin_transport(ask_id=ask.pk, actor=staff(cast), now=now)


def test_the_address_lies_nowhere_in_the_database_in_clear(cast: Cast, now: datetime) -> None:
    house, _ = a_shelter(cast, now)
    ask = accepted(cast, now, a_case(cast), house)
    actions.begin_transport(ask_id=ask.pk, actor=staff(cast), now=now)

    from django.apps import apps  # noqa: PLC0415 - every table there is

    for model in apps.get_models():
        for row in model._default_manager.values_list():
            stored = b"".join(
                bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in row
            )
            assert "Karité".encode() not in stored, model


# Bad input.


def test_nobody_is_counted_away(cast: Cast, now: datetime) -> None:
    house, unit = a_shelter(cast, now)
    accepted(cast, now, a_case(cast), house)

    with pytest.raises(Refused, match="BEDS_BELOW_OCCUPANTS"):
        actions.set_beds(
            unit_id=unit.pk, beds=0, source="INSPECTION", actor=coordinator(cast), now=now
        )
    with pytest.raises(Refused, match="MORE_FREE_THAN_BEDS"):
        actions.count_free(unit_id=unit.pk, free=2, actor=staff(cast), now=now)


def test_a_suspended_house_with_people_inside_is_raised_and_its_manager_cannot_open_it(
    cast: Cast, now: datetime
) -> None:
    house, _ = a_shelter(cast, now)
    accepted(cast, now, a_case(cast), house)
    actions.set_status(code=house.pk, status="SUSPENDED", actor=coordinator(cast), now=now)

    assert [one.troubles for one in queries.raised(now)] == [["SUSPENDED_INSIDE"]]
    with pytest.raises(Refused, match="HOUSE_WAS_STOPPED"):
        actions.set_status(code=house.pk, status="OPEN", actor=staff(cast), now=now)


def test_a_licence_that_lapses_with_people_inside_is_raised(cast: Cast, now: datetime) -> None:
    house, _ = a_shelter(cast, now)
    accepted(cast, now, a_case(cast), house)

    later = now + timedelta(days=101)

    assert "LICENCE_LAPSED_INSIDE" in queries.raised(later)[0].troubles


def test_whoever_does_not_arrive_is_raised_at_the_door(cast: Cast, now: datetime) -> None:
    house, _ = a_shelter(cast, now)
    ask = accepted(cast, now, a_case(cast), house)

    actions.admit(ask_id=ask.pk, arrived=[], actor=staff(cast), now=now)

    assert ask.stays.get().exit == "NEVER_CAME"
    assert told("NOT_ARRIVED") > 0


# Who may.


def test_another_house_s_staff_finds_nothing(cast: Cast, now: datetime) -> None:
    house, unit = a_shelter(cast, now)
    ask = accepted(cast, now, a_case(cast), house)
    stranger = staff(cast, "shelter-2")

    for act in (
        lambda: actions.count_free(unit_id=unit.pk, free=1, actor=stranger, now=now),
        lambda: actions.hold(ask_id=ask.pk, actor=stranger, now=now),
        lambda: actions.admit(ask_id=ask.pk, arrived=[], actor=stranger, now=now),
        lambda: actions.write_address(code=house.pk, words={}, actor=stranger, now=now),
        lambda: queries.address(stranger, house),
        lambda: queries.access_stay(stranger, ask.stays.get().pk),
    ):
        with pytest.raises(NotFound):
            act()


def test_the_coordination_keeps_the_registry_and_cannot_read_or_write_an_address(
    cast: Cast, now: datetime
) -> None:
    house, _ = a_shelter(cast, now)

    with pytest.raises(NotFound):
        queries.address(coordinator(cast), house)
    with pytest.raises(NotFound):
        actions.write_address(code=house.pk, words={}, actor=coordinator(cast), now=now)
    with pytest.raises(NotFound):
        actions.add_shelter(facts={"address": "x"}, actor=coordinator(cast), now=now)
    with pytest.raises(NotFound):
        actions.add_shelter(facts={}, actor=worker(cast), now=now)


# Incidents.


def test_a_report_of_abuse_by_staff_goes_past_the_house(cast: Cast, now: datetime) -> None:
    house, _ = a_shelter(cast, now)
    cast.hire("night", "Nuit Inventée", Role.SHELTER_WORKER, ("shelter",))
    said: dict[str, Any] = {"code": house.pk, "actor": cast.who("night"), "now": now}

    note = actions.write_note(kind="ABUSE_BY_STAFF", words="Zibéline", **said)
    actions.write_note(kind="VIOLENCE", words="Karaté", **said)

    assert [words for _, words in queries.notes(staff(cast), house)] == ["Karaté"]
    assert [words for _, words in queries.notes(cast.who("night"), house)] == ["Karaté"]
    assert [words for _, words in queries.abuses(worker(cast))] == ["Zibéline"]
    assert not KeyWrap.objects.filter(key_id=note.key_id, team_id="shelter").exists()
    with pytest.raises(NotFound):
        actions.close_note(note_id=note.pk, actor=staff(cast), now=now)
    assert told("ABUSE_REPORTED") >= 1
    assert not Notice.objects.filter(
        kind="ABUSE_REPORTED", account_id=staff(cast).account_id
    ).exists()


# Erasure.


def test_with_a_case_goes_all_that_was_asked_for_it(cast: Cast, now: datetime) -> None:
    case, (house, _) = a_case(cast), a_shelter(cast, now)
    ask = accepted(cast, now, case, house)
    request, code = ask.request, case.pk
    actions.keep_apart(case=a_case(cast), other=code, actor=worker(cast), now=now)
    actions.write_note(
        code=house.pk, kind="MEDICAL", words="Zibéline", case_code=code, actor=staff(cast), now=now
    )
    two = {"asked_by": "a", "approved_by": "b", "asked_at": now, "approved_at": now}
    Erasure.objects.create(code=code, team=case.team, reason="PERSON_ASKS", **two)

    # What the room above calls before it erases the case itself.
    actions.forget(code, "worker", now)
    erase_case(code=code, more_counts={}, backups_until=now, by="worker", now=now)

    for model in (Request, Ask, Stay, Member, Incompatible, Note):
        assert not model.objects.exists(), model
    assert not KeyWrap.objects.filter(key_id__in=[request.key_id, ask.key_id]).exists()
    assert not Case.objects.filter(pk=code).exists()
