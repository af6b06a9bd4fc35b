"""People who belong together are asked for in one request, on one page, and never parted."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from amana.access.rules import NotFound, Refused, Role
from amana.cases.models import Case, Conflict
from amana.cases.tests.builders import a_case
from amana.shelters import actions, people, queries, rules
from amana.shelters.models import Ask, Member, Request, Stay, Unmet
from amana.shelters.tests.builders import a_request, a_shelter, accepted, asked, staff
from amana.shelters.tests.visiting import (
    MANAGER,
    SUPERVISOR,
    WORKER,
    later,
    somebody,
    visit,
    words,
)
from amana.standards.shelters import load
from tests.cast import Cast, StoppedClock

pytestmark = pytest.mark.django_db
GROWN = {"basis": "ADULT_AGREES", "risk": "LOW", "languages": ["dyu"]}
CHILD = {"basis": "EMERGENCY", "risk": "LOW"}


def said_of(case: Case, said: dict[str, Any]) -> dict[str, Any]:
    """Return what is said of who comes along, under the names that her form gives."""
    return {f"{case.pk}-{name}": value for name, value in said.items()}


def test_a_mother_and_her_child_are_asked_for_on_one_page_and_sleep_in_one_room(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    mother, child = somebody(cast, "25_34"), somebody(cast, "5_9", "M")
    house, unit = a_shelter(cast, now)
    unit.is_one_party = True
    unit.save(update_fields=["is_one_party"])
    page = f"/cases/{mother.pk}/bed/"

    chosen = words(visit(cast, WORKER, f"{page}?with={child.pk}"))
    assert f'name="{child.pk}-child_of"' in chosen
    # A grown woman is nobody's child here.
    assert 'name="child_of"' not in chosen
    kept = visit(
        cast,
        WORKER,
        page,
        **GROWN,
        **said_of(child, {**CHILD, "child_of": mother.pk}),
        **{"with": [child.pk]},
    )
    assert kept.status_code == 302

    (request,) = Request.objects.all()
    assert set(queries.members_of(request)) == {mother.pk, child.pk}
    opened = queries.access_request(cast.who(WORKER), request.pk)
    by_code = {one.code: one for one in opened.people}
    assert by_code[mother.pk].is_mother
    assert by_code[child.pk].child_of == mother.pk
    (ask,) = asked(cast, now, request, house)
    stays = actions.hold(ask_id=ask.pk, actor=staff(cast), now=now)
    assert {(s.case_id, s.unit_id) for s in stays} == {
        (mother.pk, unit.pk),
        (child.pk, unit.pk),
    }


def test_the_page_of_each_of_them_shows_the_same_request(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    one, other = somebody(cast), somebody(cast)
    house, _ = a_shelter(cast, now)
    a_request(cast, now, one, other)

    pages = [words(visit(cast, WORKER, f"/cases/{case.pk}/bed/")) for case in (one, other)]

    for page in pages:
        assert one.pk in page
        assert other.pk in page
        assert "They stay together" in page
        assert house.alias in page


def test_every_fault_in_the_form_of_any_of_them_is_told_and_nothing_is_kept(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    one, other = somebody(cast), somebody(cast)

    answer = visit(
        cast,
        WORKER,
        f"/cases/{one.pk}/bed/",
        **GROWN,
        **said_of(other, {"risk": "LOW"}),
        **{"with": [other.pk]},
    )

    assert answer.status_code == 422
    assert f"#id_{other.pk}-basis" in words(answer)
    assert not Request.objects.exists()


def test_a_case_of_somebody_else_is_never_offered_and_is_missing_when_it_is_named(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    mine, hers, known = somebody(cast), somebody(cast), somebody(cast)
    cast.hire("colleague", "Collègue Inventée", Role.CASE_WORKER, ("care",))
    Case.objects.filter(pk=hers.pk).update(worker=cast.who("colleague").account_id)
    account = cast.who(WORKER).account_id
    Conflict.objects.create(case=known, account=account, at=now)
    page = f"/cases/{mine.pk}/bed/"

    assert hers.pk not in words(visit(cast, WORKER, page))
    for code in (hers.pk, known.pk, "MA-NOWHERE"):
        assert visit(cast, WORKER, f"{page}?with={code}").status_code == 404
        named = visit(cast, WORKER, page, **GROWN, **{"with": [code]})
        assert named.status_code == 404
    assert not Request.objects.exists()


def test_who_is_asked_for_already_is_not_offered_to_be_asked_for_again(
    cast: Cast, now: datetime
) -> None:
    one, other, asked_for = a_case(cast), a_case(cast), a_case(cast)
    a_request(cast, now, asked_for)

    found = people.could_come_along(cast.who(WORKER), one)

    assert [(case.pk, is_likely) for case, is_likely in found] == [(other.pk, True)]


@pytest.mark.parametrize(
    ("age_band", "named"),
    [("5_9", "elsewhere"), ("25_34", "here"), ("5_9", "child")],
)
def test_a_mother_is_of_the_party_and_a_child_is_no_grown_up_and_no_mother(
    cast: Cast, now: datetime, age_band: str, named: str
) -> None:
    mother, child, third = somebody(cast, "25_34"), somebody(cast, age_band), somebody(cast, "5_9")
    whom = {"elsewhere": a_case(cast).pk, "here": mother.pk, "child": third.pk}[named]
    said: dict[str, dict[str, Any]] = {
        mother.pk: GROWN,
        child.pk: {**CHILD, "child_of": whom},
        third.pk: {**CHILD, "child_of": mother.pk},
    }

    with pytest.raises(Refused, match="MOTHER_NOT_OF_THE_PARTY"):
        actions.request_bed(people=said, actor=cast.who(WORKER), now=now)
    assert not Member.objects.exists()


# What a house said, and what the unit does with it.


def test_a_held_bed_is_let_go_for_a_reason_and_the_request_stays_open(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    case, (house, _) = a_case(cast), a_shelter(cast, now)
    (ask,) = asked(cast, now, a_request(cast, now, case), house)
    actions.hold(ask_id=ask.pk, actor=staff(cast), now=now)

    assert visit(cast, WORKER, f"/beds/asks/{ask.pk}/decline", reason="").status_code == 422
    gone = visit(cast, WORKER, f"/beds/asks/{ask.pk}/decline", reason="PERSON_SAYS_NO")

    assert gone.status_code == 302
    ask.refresh_from_db()
    assert (ask.state, ask.declined) == ("WITHDRAWN", "PERSON_SAYS_NO")
    assert not Stay.objects.filter(ended_at=None).exists()
    page = words(visit(cast, WORKER, f"/cases/{case.pk}/bed/"))
    assert "The person does not want it" in page


def test_the_page_says_why_a_house_said_no(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    case, (house, _) = a_case(cast), a_shelter(cast, now)
    (ask,) = asked(cast, now, a_request(cast, now, case), house)
    actions.answer_no(ask_id=ask.pk, reason="STAFF_MISSING", actor=staff(cast), now=now)

    assert "Too few staff tonight" in words(visit(cast, WORKER, f"/cases/{case.pk}/bed/"))


def test_a_request_is_ended_only_after_the_page_said_what_follows(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    case, (house, _) = a_case(cast), a_shelter(cast, now)
    request = a_request(cast, now, case)
    (ask,) = asked(cast, now, request, house)
    page = f"/cases/{case.pk}/bed/withdraw"

    assert house.alias in words(visit(cast, WORKER, page))
    request.refresh_from_db()
    assert request.state == "OPEN"
    assert visit(cast, WORKER, page, sure="1").status_code == 302
    request.refresh_from_db()
    ask.refresh_from_db()
    assert (request.state, ask.state) == ("WITHDRAWN", "WITHDRAWN")
    assert visit(cast, WORKER, page).status_code == 404


def test_a_person_who_is_on_her_way_gets_no_second_bed_on_the_pages_and_nothing_half_is_stored(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    case = a_case(cast)
    (first, _), (second, _) = a_shelter(cast, now), a_shelter(cast, now, team="shelter-2")
    accepted(cast, now, case, first)
    request = a_request(cast, now, case)
    (ask,) = asked(cast, now, request, second)
    actions.hold(ask_id=ask.pk, actor=staff(cast, "shelter-2"), now=now)
    before = list(Stay.objects.order_by("pk").values())
    escort = cast.who(WORKER).account_id

    answer = visit(cast, WORKER, f"/beds/asks/{ask.pk}/take", escort=escort)

    assert answer.status_code == 422
    assert 'data-objection="ALREADY_PLACED"' in words(answer)
    assert list(Stay.objects.order_by("pk").values()) == before
    request.refresh_from_db()
    ask.refresh_from_db()
    assert (request.state, ask.state, ask.escort) == ("OPEN", "HELD", "")


def test_a_stay_that_would_overlap_another_is_refused_at_the_door_and_nothing_half_is_stored(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    case, (house, _) = a_case(cast), a_shelter(cast, now)
    ask = accepted(cast, now, case, house)
    stay = ask.stays.get()
    # Somebody wrote down an earlier stay of hers with an end that lies ahead.
    _, unit = a_shelter(cast, now, team="shelter-2")
    Stay.objects.create(
        id="0" * 32, ask=ask, case=case, unit=unit, bed=1, sex="F", state="ENDED", held_at=now,
        accepted_at=now, admitted_at=now, ended_at=now.replace(year=now.year + 1), exit="PLANNED",
    )  # fmt: skip

    answer = visit(cast, MANAGER, f"/beds/asks/{ask.pk}/answer", act="admit", arrived=[stay.pk])

    assert answer.status_code == 422
    assert 'data-objection="STAYS_OVERLAP"' in words(answer)
    stay.refresh_from_db()
    assert (stay.state, stay.admitted_at) == ("ACCEPTED", None)


# When nothing fits.


def test_the_ladder_is_climbed_on_the_page_and_each_step_is_counted_as_a_bed_that_was_missing(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    case, (house, _) = a_case(cast), a_shelter(cast, now, beds=1)
    accepted(cast, now, a_case(cast), house)
    a_request(cast, now, case)
    page = f"/cases/{case.pk}/bed/"
    assert "No place fits now." in words(visit(cast, WORKER, page))

    out_of_turn = visit(cast, WORKER, f"{page}climb", step="COORDINATION")
    assert 'data-objection="NOT_THE_NEXT_STEP"' in words(out_of_turn)
    assert visit(cast, WORKER, f"{page}climb", step="FLY").status_code == 404
    for step in load().ladder:
        shown = words(visit(cast, WORKER, page))
        assert shown.count('name="step"') == 1
        assert f'name="step" value="{step}"' in shown
        visit(cast, WORKER, f"{page}climb", step=step)

    assert list(Unmet.objects.order_by("at", "pk").values_list("step", flat=True)) == list(
        load().ladder
    )
    shown = words(visit(cast, WORKER, page))
    assert 'name="step"' not in shown
    # The mattress of the second step is a place that fits.
    assert f'value="{house.pk}"' in shown


def test_an_offer_says_its_area_how_far_it_is_and_that_it_is_not_sure(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    case = a_case(cast)
    a_shelter(cast, now, area="MA_NORTH")
    a_shelter(cast, now, team="shelter-2", area="MA_RABAT", minutes={"MA_NORTH": 190})
    a_shelter(cast, now, team="shelter-3", area="MA_SOUTH")
    a_request(cast, now, case, area="MA_NORTH")

    page = words(visit(cast, WORKER, f"/cases/{case.pk}/bed/"))
    near, far = page.index("In the area that was asked for"), page.index("Farther away")

    assert near < page.index("Maison shelter<") < far
    assert "190 min from Tangier – Tetouan" in page[far:]
    assert "how far, nobody has said" in page[far:]
    assert "At night somebody speaks the language" in page
    later(cast, stopped_clock, now + load().hours("claim") * 2, WORKER)
    assert "Not sure whether a bed is free" in words(visit(cast, WORKER, f"/cases/{case.pk}/bed/"))


# The list of what is asked for.


def test_the_unit_sees_its_open_requests_the_oldest_first_and_what_is_late(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    first, second = a_case(cast), a_case(cast)
    house, _ = a_shelter(cast, now)
    a_request(cast, now, first)
    soon = now + timedelta(minutes=1)
    (ask,) = asked(cast, soon, a_request(cast, soon, second), house)

    found = people.waiting(cast.who(WORKER), ask.answer_due)

    assert [(one.codes, one.standing.state) for one in found] == [
        ((first.pk,), "NOBODY_ASKED"),
        ((second.pk,), "ASKED"),
    ]
    assert all(one.standing.is_late for one in found)
    cast.cookie(SUPERVISOR)
    later(cast, stopped_clock, ask.answer_due, SUPERVISOR, MANAGER)
    page = words(visit(cast, SUPERVISOR, "/beds/"))
    assert page.index(first.pk) < page.index(second.pk)
    assert "late since" in page
    assert first.pk not in words(visit(cast, MANAGER, "/beds/"))


def test_where_every_house_said_no_it_is_the_unit_that_must_act(now: datetime) -> None:
    no = rules.Asked("REFUSED", None, now)

    stands = rules.standing([no], now, now, load())

    assert (stands.state, stands.until, stands.is_late) == (
        "ALL_SAID_NO",
        now + load().answer_time,
        False,
    )


def test_only_who_asks_may_let_go_end_or_climb(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    case, (house, _) = a_case(cast), a_shelter(cast, now)
    (ask,) = asked(cast, now, a_request(cast, now, case), house)
    cast.hire("colleague", "Collègue Inventée", Role.CASE_WORKER, ("care",))

    for name in (MANAGER, "colleague"):
        for path, said in (
            (f"/beds/asks/{ask.pk}/decline", {"reason": "TOO_FAR"}),
            (f"/cases/{case.pk}/bed/withdraw", {"sure": "1"}),
            (f"/cases/{case.pk}/bed/climb", {"step": "WIDEN_RADIUS"}),
        ):
            assert visit(cast, name, path, **said).status_code == 404
    assert Ask.objects.get().state == "OPEN"
    with pytest.raises(NotFound):
        actions.decline(ask_id=ask.pk, reason="TOO_FAR", actor=staff(cast), now=now)
