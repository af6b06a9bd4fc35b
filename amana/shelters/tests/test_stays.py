"""A stay on a page: for who leads the case and who works in the house, and what is raised of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from amana.access.models import KeyWrap, Notice
from amana.access.rules import NotFound, Refused, Role
from amana.cases.models import Case, Conflict
from amana.cases.tests.builders import a_case
from amana.shelters import actions, people, rules
from amana.shelters.models import Stay
from amana.shelters.rules import Life
from amana.shelters.tests.builders import a_request, a_shelter, accepted, asked, staff
from amana.shelters.tests.visiting import (
    COORDINATOR,
    MANAGER,
    SUPERVISOR,
    WORKER,
    later,
    visit,
    words,
)
from amana.standards import codes
from amana.standards.shelters import load
from tests.cast import Cast, StoppedClock

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SHEET = {
    "rights_told": "yes",
    "rules_told": "yes",
    "phone": "IN_SAFE",
    "allergies": "Zibéline-allergie",
    "valuables": "Une montre inventée",
    "safety_plan": "Appeler Karidja",
}


def admitted(cast: Cast, now: datetime, case: Case | None = None) -> Stay:
    """Return the stay of somebody who was admitted now."""
    house, _ = a_shelter(cast, now)
    ask = accepted(cast, now, case or a_case(cast), house)
    (stay,) = actions.admit(ask_id=ask.pk, arrived=[ask.stays.get().pk], actor=staff(cast), now=now)
    return stay


def page_of(stay: Stay, more: str = "") -> str:
    return f"/beds/stays/{stay.pk}/{more}"


# Who sees a stay.


def test_who_leads_the_case_and_who_works_in_the_house_see_a_stay_and_nobody_else(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    stay = admitted(cast, now)
    staff(cast, "shelter-2")
    cast.hire("colleague", "Collègue Inventée", Role.CASE_WORKER, ("care",))

    for name in (WORKER, SUPERVISOR, MANAGER):
        for more in ("", "end", "missing", "exit"):
            assert visit(cast, name, page_of(stay, more)).status_code == 200, (name, more)
    for name in ("manager-shelter-2", "colleague", COORDINATOR):
        for more in ("", "end", "missing", "exit"):
            assert visit(cast, name, page_of(stay, more)).status_code == 404, (name, more)
    assert stay.case_id not in words(visit(cast, "colleague", "/beds/stays/"))


def test_whoever_of_the_house_knows_the_person_finds_no_stay_of_hers(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    stay = admitted(cast, now)
    Conflict.objects.create(case=stay.case, account=staff(cast).account_id, at=now)

    for more in ("", "end", "missing", "exit"):
        assert visit(cast, MANAGER, page_of(stay, more)).status_code == 404
    for path in ("/beds/stays/", "/beds/raised/"):
        assert stay.case_id not in words(visit(cast, MANAGER, path))


def test_in_which_room_somebody_sleeps_is_for_the_house_alone(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    stay = admitted(cast, now)

    assert "Chambre 1" in words(visit(cast, MANAGER, page_of(stay)))
    assert "Chambre 1" not in words(visit(cast, WORKER, page_of(stay)))
    assert "Chambre 1" not in words(visit(cast, WORKER, "/beds/stays/"))


def test_a_bed_that_is_only_held_is_nobody_s_stay_yet(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    house, _ = a_shelter(cast, now)
    (ask,) = asked(cast, now, a_request(cast, now, a_case(cast)), house)
    (stay,) = actions.hold(ask_id=ask.pk, actor=staff(cast), now=now)

    assert visit(cast, WORKER, page_of(stay)).status_code == 404
    assert visit(cast, MANAGER, page_of(stay, "end"), exit="PLANNED").status_code == 404
    with pytest.raises(Refused, match="EXIT_OUT_OF_PLACE"):
        actions.end_stay(stay_id=stay.pk, exit_="PLANNED", actor=staff(cast), now=now)


# The key worker.


def test_who_runs_the_house_names_a_key_worker_of_the_house_and_both_sides_see_who_it_is(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    stay = admitted(cast, now)
    cast.hire("night", "Nuit Inventée", Role.SHELTER_WORKER, ("shelter",))
    night = cast.who("night").account_id

    named = visit(cast, MANAGER, page_of(stay), act="key_worker", account=night)

    assert named.status_code == 302
    assert "Nuit Inventée" in words(visit(cast, WORKER, page_of(stay)))
    stranger = cast.who(WORKER).account_id
    assert (
        visit(cast, MANAGER, page_of(stay), act="key_worker", account=stranger).status_code == 422
    )
    for name in ("night", WORKER):
        again = visit(cast, name, page_of(stay), act="key_worker", account=night)
        assert again.status_code == 404
    with pytest.raises(Refused, match="NOT_OF_THIS_HOUSE"):
        actions.name_key_worker(stay_id=stay.pk, account_id=stranger, actor=staff(cast), now=now)


# The admission sheet.


def test_the_admission_sheet_is_sealed_to_the_house_and_the_unit_and_to_nobody_else(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    stay = admitted(cast, now)

    assert visit(cast, MANAGER, page_of(stay), act="sheet", **SHEET).status_code == 302

    stay.refresh_from_db()
    assert b"Zib" not in bytes(stay.sealed or b"")
    teams = KeyWrap.objects.filter(key_id=stay.key_id).values_list("team_id", flat=True)
    assert set(teams) == {"care", "shelter"}
    for name in (MANAGER, WORKER, SUPERVISOR):
        assert "Zibéline-allergie" in words(visit(cast, name, page_of(stay)))
    assert visit(cast, WORKER, page_of(stay), act="sheet", **SHEET).status_code == 404


def test_a_sheet_that_is_written_again_takes_the_place_of_the_first_whose_key_is_gone(
    cast: Cast, now: datetime
) -> None:
    stay = admitted(cast, now)
    actions.write_sheet(stay_id=stay.pk, said=SHEET, actor=staff(cast), now=now)
    stay.refresh_from_db()
    first = stay.key_id

    actions.write_sheet(
        stay_id=stay.pk, said={**SHEET, "allergies": ""}, actor=staff(cast), now=now
    )

    assert not KeyWrap.objects.filter(key_id=first).exists()
    stay.refresh_from_db()
    said = people.sheet(staff(cast), stay)
    assert said is not None
    assert said["allergies"] == ""


def test_a_sheet_that_lacks_an_answer_is_told_and_not_kept(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    stay = admitted(cast, now)

    lacking = visit(cast, MANAGER, page_of(stay), act="sheet", allergies="Zibéline")

    assert lacking.status_code == 422
    assert "Zibéline" in words(lacking)
    stay.refresh_from_db()
    assert stay.sealed is None


@pytest.mark.parametrize("how", ["ended", "moved"])
def test_the_house_reads_no_sheet_of_who_has_left_it_and_the_unit_still_does(
    cast: Cast, now: datetime, how: str
) -> None:
    case = a_case(cast)
    stay = admitted(cast, now, case)
    actions.write_sheet(stay_id=stay.pk, said=SHEET, actor=staff(cast), now=now)
    next_day = now + DAY

    if how == "ended":
        actions.end_stay(stay_id=stay.pk, exit_="LEFT", actor=staff(cast), now=next_day)
    else:
        second, _ = a_shelter(cast, next_day, team="shelter-2")
        ask = accepted(cast, next_day, case, second)
        actions.admit(
            ask_id=ask.pk,
            arrived=[ask.stays.get().pk],
            actor=staff(cast, "shelter-2"),
            now=next_day,
        )

    stay.refresh_from_db()
    assert people.sheet(staff(cast), stay) is None
    assert people.sheet(cast.who(WORKER), stay) is not None


def test_with_the_case_goes_the_key_of_its_admission_sheet(cast: Cast, now: datetime) -> None:
    stay = admitted(cast, now)
    actions.write_sheet(stay_id=stay.pk, said=SHEET, actor=staff(cast), now=now)
    stay.refresh_from_db()

    actions.forget(stay.case_id, "worker", now)

    assert not KeyWrap.objects.filter(key_id=stay.key_id).exists()
    assert not Stay.objects.exists()


# Review, and the end.


def test_a_review_lets_a_stay_go_on_and_plans_its_exit(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    stay = admitted(cast, now)
    late = now + load().longest_stay("EMERGENCY") + DAY
    later(cast, stopped_clock, late, WORKER)
    assert 'data-trouble="OVERSTAY"' in words(visit(cast, WORKER, page_of(stay)))
    day = (late + 3 * DAY).date()
    said = {"exit_on_day": day.day, "exit_on_month": day.month, "exit_on_year": day.year}

    assert visit(cast, WORKER, page_of(stay), act="review", **said).status_code == 302

    stay.refresh_from_db()
    assert (stay.exit_planned_on, stay.reviewed_at) == (day, late)
    assert 'data-trouble="OVERSTAY"' not in words(visit(cast, WORKER, page_of(stay)))
    past = {**said, "exit_on_year": day.year - 1}
    refused = visit(cast, WORKER, page_of(stay), act="review", **past)
    assert 'data-objection="EXIT_DAY_IS_PAST"' in words(refused)


def test_a_stay_ends_by_a_code_after_the_page_said_what_follows(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    stay = admitted(cast, now)
    shown = words(visit(cast, WORKER, page_of(stay, "end")))
    assert "cannot be undone" in shown
    assert 'value="MISSING"' not in shown
    assert 'value="NEVER_CAME"' not in shown

    assert visit(cast, WORKER, page_of(stay, "end"), exit="").status_code == 422
    assert visit(cast, WORKER, page_of(stay, "end"), exit="NEVER_CAME").status_code == 422
    assert visit(cast, WORKER, page_of(stay, "end"), exit="PLANNED").status_code == 302

    stay.refresh_from_db()
    assert (stay.state, stay.exit) == ("ENDED", "PLANNED")
    assert visit(cast, WORKER, page_of(stay)).status_code == 200
    for more in ("end", "missing", "exit"):
        assert visit(cast, WORKER, page_of(stay, more)).status_code == 404


def test_the_exit_sheet_says_what_to_take_and_names_no_house_and_no_place_to_go(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    stay = admitted(cast, now)
    actions.write_sheet(stay_id=stay.pk, said=SHEET, actor=staff(cast), now=now)

    for name in (WORKER, MANAGER):
        sheet = words(visit(cast, name, page_of(stay, "exit")))
        main = sheet[sheet.index("<main") : sheet.index("</main>")]
        assert stay.case_id in main
        for one in codes.values("EXIT_TAKE").values():
            assert one.en in main
        for word in ("Maison", stay.unit.shelter_id, "Chambre", "Karidja", "montre", "Karité"):
            assert word not in main


# Somebody is missing.


def test_who_is_missing_is_raised_at_once_and_stays_raised_until_somebody_says_what_came_of_it(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    stay = admitted(cast, now)
    cast.cookie(COORDINATOR)
    assert "are told at once" in words(visit(cast, MANAGER, page_of(stay, "missing")))
    assert not Notice.objects.filter(kind="PERSON_MISSING").exists()

    assert visit(cast, MANAGER, page_of(stay, "missing"), sure="1").status_code == 302

    told = set(Notice.objects.filter(kind="PERSON_MISSING").values_list("account_id", flat=True))
    assert {cast.who(name).account_id for name in (WORKER, SUPERVISOR, COORDINATOR)} <= told
    for name in (WORKER, SUPERVISOR, MANAGER):
        assert "Missing: nobody has noted yet" in words(visit(cast, name, "/beds/raised/"))
    assert "Call the police of the place" in words(visit(cast, WORKER, page_of(stay)))
    # The house does not say what came of it: who leads the case does.
    said = {"act": "settle", "how": "FOUND_SAFE"}
    assert visit(cast, MANAGER, page_of(stay), **said).status_code == 404
    assert visit(cast, WORKER, page_of(stay), **said).status_code == 302
    assert people.raised(cast.who(SUPERVISOR), now) == []
    assert visit(cast, WORKER, page_of(stay), **said).status_code == 404
    with pytest.raises(Refused, match="NOTHING_TO_SETTLE"):
        actions.settle(stay_id=stay.pk, how="FOUND_SAFE", actor=cast.who(WORKER), now=now)


def test_whoever_is_admitted_again_is_not_looked_for_any_more(cast: Cast, now: datetime) -> None:
    case = a_case(cast)
    stay = admitted(cast, now, case)
    actions.end_stay(stay_id=stay.pk, exit_="MISSING", actor=cast.who(WORKER), now=now)
    assert [one.troubles for one in people.raised(cast.who(SUPERVISOR), now)] == [["MISSING"]]
    then = now + timedelta(hours=3)

    ask = accepted(cast, then, case, stay.unit.shelter)
    actions.admit(ask_id=ask.pk, arrived=[ask.stays.get().pk], actor=staff(cast), now=then)

    assert people.raised(cast.who(SUPERVISOR), then) == []


@pytest.mark.parametrize("how", ["at the door", "on the page"])
def test_who_never_came_is_told_and_raised(
    cast: Cast, now: datetime, stopped_clock: StoppedClock, how: str
) -> None:
    house, _ = a_shelter(cast, now)
    ask = accepted(cast, now, a_case(cast), house)
    stay = ask.stays.get()

    if how == "at the door":
        actions.admit(ask_id=ask.pk, arrived=[], actor=staff(cast), now=now)
    else:
        visit(cast, MANAGER, page_of(stay, "end"), exit="NEVER_CAME")

    assert Notice.objects.filter(kind="NOT_ARRIVED").exists()
    assert [one.troubles for one in people.raised(cast.who(WORKER), now)] == [["NOT_ARRIVED"]]


def test_a_bed_that_was_let_go_before_anybody_accepted_it_is_nobody_missing(
    cast: Cast, now: datetime
) -> None:
    house, _ = a_shelter(cast, now)
    (ask,) = asked(cast, now, a_request(cast, now, a_case(cast)), house)
    actions.hold(ask_id=ask.pk, actor=staff(cast), now=now)
    actions.decline(ask_id=ask.pk, reason="TOO_FAR", actor=cast.who(WORKER), now=now)

    assert people.raised(cast.who(WORKER), now) == []


# The list of what is raised.


def test_the_coordination_sees_houses_and_nobody_who_lives_there(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    stay = admitted(cast, now)
    actions.set_status(
        code=stay.unit.shelter_id,
        status="SUSPENDED",
        actor=cast.actor(Role.COORDINATOR),
        now=now,
    )
    actions.end_stay(stay_id=stay.pk, exit_="MISSING", actor=cast.who(WORKER), now=now)
    other = accepted(cast, now, a_case(cast), _open_again(cast, stay, now))
    actions.set_status(
        code=stay.unit.shelter_id,
        status="SUSPENDED",
        actor=cast.actor(Role.COORDINATOR),
        now=now,
    )

    page = words(visit(cast, COORDINATOR, "/beds/raised/"))

    assert stay.unit.shelter.alias in page
    assert "suspended" in page
    assert "nobody has said what came of it: 1" in " ".join(page.split())
    for code in (stay.case_id, other.stays.get().case_id):
        assert code not in page
    supervisor = words(visit(cast, SUPERVISOR, "/beds/raised/"))
    assert stay.case_id in supervisor


def _open_again(cast: Cast, stay: Stay, now: datetime) -> Any:
    house = stay.unit.shelter
    actions.set_status(code=house.pk, status="OPEN", actor=cast.actor(Role.COORDINATOR), now=now)
    house.refresh_from_db()
    return house


def test_another_unit_s_people_and_another_house_s_are_raised_to_nobody_else(
    cast: Cast, now: datetime
) -> None:
    stay = admitted(cast, now)
    actions.end_stay(stay_id=stay.pk, exit_="MISSING", actor=cast.who(WORKER), now=now)
    cast.hire("colleague", "Collègue Inventée", Role.CASE_WORKER, ("care",))

    for actor in (cast.who("colleague"), staff(cast, "shelter-2"), cast.actor(Role.COORDINATOR)):
        assert people.raised(actor, now) == []


NOW = datetime.fromisoformat("2026-11-21T16:00+00:00")
HERE = Life(
    rules.ADMITTED,
    "EMERGENCY",
    accepted_at=NOW,
    admitted_at=NOW,
    has_key_worker=True,
    has_sheet=True,
)


@pytest.mark.parametrize(
    ("stay", "after", "raised"),
    [
        (HERE, timedelta(days=14), []),
        (HERE, timedelta(days=14, seconds=1), ["OVERSTAY"]),
        (replace(HERE, reviewed_at=NOW + 10 * DAY), timedelta(days=20), []),
        (replace(HERE, exit_planned_on=NOW.date()), timedelta(hours=7), []),
        (replace(HERE, exit_planned_on=NOW.date()), timedelta(hours=9), ["EXIT_DAY_PASSED"]),
        (replace(HERE, has_key_worker=False), timedelta(hours=24), []),
        (replace(HERE, has_key_worker=False), timedelta(hours=25), ["KEY_WORKER_MISSING"]),
        (replace(HERE, has_sheet=False), timedelta(minutes=30), []),
        (replace(HERE, has_sheet=False), timedelta(minutes=31), ["SHEET_MISSING"]),
        (replace(HERE, state=rules.TRAVELLING), timedelta(hours=12), []),
        (replace(HERE, state=rules.TRAVELLING), timedelta(hours=13), ["NOT_HERE_YET"]),
        (replace(HERE, state=rules.ENDED, exit="MISSING"), 90 * DAY, ["MISSING"]),
        (replace(HERE, state=rules.ENDED, exit="NEVER_CAME"), 90 * DAY, ["NOT_ARRIVED"]),
        (replace(HERE, state=rules.ENDED, exit="MISSING", is_settled=True), DAY, []),
        (replace(HERE, state=rules.ENDED, exit="MISSING", came_back=True), DAY, []),
        (replace(HERE, state=rules.ENDED, exit="PLANNED"), DAY, []),
        (replace(HERE, state=rules.HELD), 90 * DAY, []),
    ],
)
def test_what_must_be_seen_to_of_a_stay_is_raised_to_the_minute(
    stay: Life, after: timedelta, raised: list[str]
) -> None:
    assert rules.stay_troubles(stay, NOW + after, load()) == raised


def test_every_trouble_and_every_exit_has_its_words() -> None:
    ways = {code for exits in rules.EXITS.values() for code in exits}

    assert ways == set(codes.values("STAY_EXIT"))
    assert set(codes.values("UNMET_STEP_DOES")) == set(load().ladder)


def test_only_who_may_changes_a_stay(cast: Cast, now: datetime) -> None:
    stay = admitted(cast, now)
    stranger = staff(cast, "shelter-2")

    acts: list[Callable[[], object]] = [
        lambda: actions.name_key_worker(
            stay_id=stay.pk, account_id=stranger.account_id, actor=stranger, now=now
        ),
        lambda: actions.write_sheet(stay_id=stay.pk, said=SHEET, actor=stranger, now=now),
        lambda: actions.write_sheet(stay_id=stay.pk, said=SHEET, actor=cast.who(WORKER), now=now),
        lambda: actions.settle(stay_id=stay.pk, how="FOUND_SAFE", actor=stranger, now=now),
        lambda: actions.review(stay_id=stay.pk, actor=staff(cast), now=now),
    ]
    for act in acts:
        with pytest.raises(NotFound):
            act()
