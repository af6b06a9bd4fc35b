"""What people needed: from what is published, as it is published."""

from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.test import Client

from amana.access.rules import Role
from amana.cases.actions.parts import count_more
from amana.knowledge import actions, needs, rules
from amana.knowledge.needs import Needed
from amana.knowledge.rules import PERSON, ROUND, WITHHOLD, Definition
from amana.knowledge.tests.test_actions import SINCE, a_coded_case, some
from tests.cast import Cast, StoppedClock, name_of

pytestmark = pytest.mark.django_db
A_DAY = timedelta(days=1)


def publish(cast: Cast, now: datetime, by: list[str], method: str = WITHHOLD) -> None:
    """Publish needs of the girls and boys who were asked: shelter for all but the last."""
    tables = tuple((*by, need) for need in ("need.EDUCATION", "need.SHELTER"))
    wanted = Definition(PERSON, SINCE, (now - A_DAY).date(), tables, 5, method)
    actions.publish(wanted=wanted, actor=cast.actor(Role.STATISTICIAN), now=now)


def asked(cast: Cast, now: datetime, girls: int, boys: int, *, without: int = 0) -> None:
    """Of so many girls and boys all but the last `without` needed a shelter, and all a school."""
    found = some(cast, now, girls, boys)
    for at, case in enumerate(found, start=1):
        said = ["EDUCATION", *(["SHELTER"] if at <= len(found) - without else [])]
        count_more(case, {"needs": said}, cast.actor(Role.CASE_WORKER), now - A_DAY)


def tables(now: datetime) -> list[Needed]:
    found: list[Needed] = needs.shown_needs(now, may_count=False)["tables"]
    return found


def row(table: Needed, profile: str, need: str) -> tuple[str, ...]:
    """Return what one profile's table says of one need."""
    (grid,) = next(p.grids for p in table.profiles if p.title == profile)
    return next(said for (head,), said in grid.rows if head == need)


def test_each_profile_says_how_many_needed_what_and_the_share_of_those_asked(
    cast: Cast, now: datetime
) -> None:
    asked(cast, now, 20, 20, without=10)
    publish(cast, now, ["sex"])

    (table,) = tables(now)

    assert [p.title for p in table.profiles] == ["Everybody", "Female", "Male"]
    assert row(table, "Everybody", "Shelter") == ("30", "10", "0", "75 %")
    assert row(table, "Female", "Shelter")[:2] == ("20", "0")
    assert row(table, "Male", "Shelter") == ("10", "10", "0", "50 %")
    assert [p.number for p in table.profiles] == ["40", "20", "20"]


def test_what_is_withheld_is_shown_as_withheld_and_no_share_leads_back_to_it(
    cast: Cast, now: datetime
) -> None:
    asked(cast, now, 20, 20, without=2)
    publish(cast, now, ["sex"])

    (table,) = tables(now)

    needed, others, _unasked, share = row(table, "Male", "Shelter")
    assert (needed, others, share) == ("withheld", "withheld", "–")
    boys = next(p for p in table.profiles if p.title == "Male")
    assert boys.drawing is not None
    assert "drawing-withheld" in boys.drawing


def test_a_share_is_not_made_of_a_shown_part_and_a_withheld_one(cast: Cast, now: datetime) -> None:
    asked(cast, now, 22, 0, without=2)
    for number in (91, 92):
        a_coded_case(cast, number, now)
    publish(cast, now, [])

    (table,) = tables(now)

    assert row(table, "Everybody", "Shelter") == ("20", "withheld", "withheld", "–")


def test_of_rounded_numbers_no_share_is_made(cast: Cast, now: datetime) -> None:
    asked(cast, now, 20, 20, without=10)
    publish(cast, now, ["sex"], ROUND)

    (table,) = tables(now)

    assert row(table, "Everybody", "Shelter")[3] == "–"


def test_the_newest_table_of_each_breakdown_stands_there_once(cast: Cast, now: datetime) -> None:
    asked(cast, now, 20, 20)
    publish(cast, now, ["sex"])
    publish(cast, now + A_DAY / 100, ["sex"])
    publish(cast, now + A_DAY / 99, ["age"])

    assert [(len(t.profiles), t.version) for t in tables(now)] == [(2, 1), (3, 2)]


def test_a_need_that_nobody_counted_is_not_there_and_tables_without_needs_are_none(
    cast: Cast, now: datetime
) -> None:
    asked(cast, now, 20, 20)
    wanted = Definition(PERSON, SINCE, (now - A_DAY).date(), (("sex",),), 5)
    actions.publish(wanted=wanted, actor=cast.actor(Role.STATISTICIAN), now=now)
    assert tables(now) == []
    only = (("need.SHELTER", "sex"),)
    narrow = Definition(PERSON, SINCE, (now - A_DAY).date(), only, 5)
    actions.publish(wanted=narrow, actor=cast.actor(Role.STATISTICIAN), now=now)

    (table,) = tables(now)
    assert [len(p.grids[0].rows) for p in table.profiles] == [1, 1, 1]


def test_nothing_published_says_so_and_leads_a_statistician_to_the_count(
    cast: Cast, now: datetime, client: Client, stopped_clock: StoppedClock
) -> None:
    asked(cast, now, 20, 20)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    assert "No table of needs is published yet." in client.get("/data/needs/").content.decode()
    assert "/data/count/" not in client.get("/data/needs/").content.decode()
    client.cookies[settings.SESSION_COOKIE] = cast.cookie(name_of(Role.STATISTICIAN)).hex()
    page = client.get("/data/needs/").content.decode()
    assert "/data/count/?" in page
    # The days of the last publication, so that both can stand beside each other.
    wanted = Definition(PERSON, SINCE, (now - A_DAY).date(), (("sex",),), 5)
    actions.publish(wanted=wanted, actor=cast.actor(Role.STATISTICIAN), now=now)

    url = needs.shown_needs(now, may_count=True)["count_url"]
    counted = client.get(url)
    assert counted.status_code == 200
    assert counted.context["ready"].definition.since == SINCE
    assert rules.NEED + "SHELTER" in counted.context["ready"].definition.dimensions
