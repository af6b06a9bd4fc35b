"""Between the two countries: both directions, each point with its source, and never a person."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from amana.access.rules import Role
from amana.agreements import actions as agreements
from amana.knowledge import actions, corridor
from amana.knowledge.rules import PERSON, Definition
from amana.knowledge.tests.test_actions import SINCE, a_coded_case, some
from amana.standards import clocks
from amana.standards.flows import SERIES, Flow
from tests.cast import Cast, StoppedClock

pytestmark = pytest.mark.django_db


def point(year: int, value: int | None, source: str = SERIES) -> Flow:
    return Flow("CI", "MA", year, value, source)


def test_both_directions_stand_there_and_what_nobody_publishes_says_so(
    client: Client, stopped_clock: StoppedClock, cast: Cast
) -> None:
    page = client.get("/data/corridor/", headers={"accept-language": "en"}).content.decode()

    assert page.count("data-corridor") == 2
    assert page.count("Not loaded: since 2016") == 2
    assert "not loaded. No source that we hold publishes countries of transit." in page
    assert "/data/corridor/" in client.get("/data/flows/").content.decode()


def test_several_points_of_one_source_are_drawn_and_a_year_without_a_figure_is_a_gap() -> None:
    drawing = corridor.drawn([point(2016, 12), point(2018, None), point(2019, 20)])

    assert drawing is not None
    for said in ("2016", "2017", "2018", "2019", ">12<", ">20<"):
        assert said in drawing
    assert "withheld" in drawing
    assert corridor.drawn([point(2016, 12)]) is None
    assert corridor.drawn([point(2016, 12), point(2017, 12, "ci-official-2023")]) is None


def test_a_text_that_is_suspended_is_not_called_in_force(cast: Cast, now: datetime) -> None:
    (held,) = corridor.shown_corridor(now)["agreements"]
    assert held["signed_on"].isoformat() == "2024-12-18"
    assert held["source"]
    assert held["mark"]
    second = cast.hire("second", "Deuxième Inventée", Role.COORDINATOR)
    name = "ci-ma-memorandum"
    step = agreements.note_step(
        name=name,
        kind="SUSPENDED",
        on=now.date(),
        reason="INCIDENT",
        actor=cast.actor(Role.COORDINATOR),
        now=now,
    )
    other = cast.who(second.sign_in_name)
    agreements.confirm_step(name=name, number=step.pk, actor=other, now=now)

    assert corridor.shown_corridor(now + timedelta(days=1))["agreements"] == []


def test_every_clock_that_is_promised_stands_with_its_source(cast: Cast, now: datetime) -> None:
    (held,) = corridor.shown_corridor(now)["clocks"]

    (grid,) = held["grids"]
    promised = {key for key, _tier in clocks.load().held} - corridor.OWN_CLOCKS
    assert len(grid.rows) == len(promised)
    assert all(len(spans) == len(clocks.TIERS) for _clock, spans in grid.rows)
    assert held["sources"]
    assert all(said for said, _which in held["sources"])


def test_of_the_partners_citizens_only_what_is_published_is_told(cast: Cast, now: datetime) -> None:
    (before,) = corridor.shown_corridor(now)["published"]
    assert before["rows"] == []
    some(cast, now, 6, 7)
    for number in range(50, 60):
        a_coded_case(cast, number, now, citizenship="ML")
    (counted,) = corridor.shown_corridor(now)["published"]
    assert counted["rows"] == []
    until = (now - timedelta(days=1)).date()
    wanted = Definition(PERSON, SINCE, until, (("citizenship", "sex"),), 5)
    row = actions.publish(wanted=wanted, actor=cast.actor(Role.STATISTICIAN), now=now)

    (after,) = corridor.shown_corridor(now)["published"]
    assert [found["value"] for found in after["rows"]] == ["13"]
    assert row.series in after["rows"][0]["url"]
