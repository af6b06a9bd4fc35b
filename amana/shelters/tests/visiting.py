"""A browser of somebody of the cast, and people of other ages, for the tests of pages."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.test import Client

from amana.access.rules import Role
from amana.cases.models import Case
from amana.cases.tests.builders import a_case
from tests.cast import Cast, StoppedClock, name_of

WORKER, SUPERVISOR = name_of(Role.CASE_WORKER), name_of(Role.SUPERVISOR)
COORDINATOR = name_of(Role.COORDINATOR)
MANAGER = "manager-shelter"


def visit(cast: Cast, name: str, path: str, **said: Any) -> Any:
    """Open a page as somebody, in English; or press a button on it where something is said."""
    browser = Client()
    browser.cookies[settings.SESSION_COOKIE] = cast.cookie(name).hex()
    browser.cookies["language"] = "en"
    return browser.post(path, said) if said else browser.get(path)


def words(answer: Any) -> str:
    """Return what a page says."""
    return str(answer.content.decode())


def somebody(cast: Cast, age_band: str = "18_24", sex: str = "F") -> Case:
    """Return a case of the worker's, of this age and sex."""
    case = a_case(cast)
    Case.objects.filter(pk=case.pk).update(age_band=age_band, sex=sex)
    case.refresh_from_db()
    return case


def later(cast: Cast, clock: StoppedClock, moment: datetime, *names: str) -> None:
    """Let time pass: whoever is named signs in anew, since a session does not last."""
    clock.moment = moment
    for name in names:
        del cast.cookies[name]
        cast.cookie(name, moment)
