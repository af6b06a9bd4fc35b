"""Figures leave the node as a table that names its reader."""

import csv
import io

import pytest
from django.conf import settings
from django.test import Client

from amana.access.rules import STEP_UP, Role
from amana.audit.queries import latest
from tests.cast import Cast, StoppedClock, name_of

pytestmark = pytest.mark.django_db


def test_the_table_names_who_took_it_and_when_and_it_is_on_record(
    cast: Cast, stopped_clock: StoppedClock
) -> None:
    browser = Client()
    browser.cookies[settings.SESSION_COOKIE] = cast.cookie(name_of(Role.COORDINATOR)).hex()

    answer = browser.post("/figures/table")

    text = answer.content.decode().removeprefix("\ufeff")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[-1] == [cast.actor(Role.COORDINATOR).name, stopped_clock.now().isoformat()]
    assert latest(1)[0]["verb"] == "desk.export"


def test_a_table_leaves_only_after_it_was_shown_who_asks(
    cast: Cast, stopped_clock: StoppedClock
) -> None:
    browser = Client()
    browser.cookies[settings.SESSION_COOKIE] = cast.cookie(name_of(Role.COORDINATOR)).hex()
    at_work = stopped_clock.moment
    stopped_clock.moment = at_work + STEP_UP / 2
    browser.get("/")
    stopped_clock.moment = at_work + STEP_UP

    answer = browser.post("/figures/table")

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/step-up")
