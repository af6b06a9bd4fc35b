"""The register on its pages: read by who works by it, suspended by two people, said on paper."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from amana.access.rules import Role
from amana.agreements import queries
from amana.agreements.models import Step, Word
from amana.agreements.rules import State
from tests.cast import THE_MOMENT as NOW
from tests.cast import Cast, StoppedClock, name_of

pytestmark = pytest.mark.django_db

NAME = "ci-ma-memorandum"
PAGE = f"/agreements/{NAME}/"
SUSPENSION = {"kind": "SUSPENDED", "on": "2026-11-21", "reason": "INCIDENT"}


@pytest.fixture
def people(cast: Cast, stopped_clock: StoppedClock) -> Cast:
    """The cast with a second coordinator, a data protection officer, and who leads the plan."""
    cast.hire("second", "Deuxième Inventée", Role.COORDINATOR)
    cast.hire("protection", "Protectrice Inventée", Role.DATA_PROTECTION)
    cast.hire("plan", "Planificatrice Inventée", Role.PLAN)
    return cast


@pytest.fixture
def browse(people: Cast, client: Client) -> Callable[..., HttpResponse]:
    """Open a page, or press a button, as somebody: `browse("second", PAGE)`."""

    def go(who: str, path: str, sent: dict[str, str] | None = None, speak: str = "en") -> object:
        client.cookies[settings.SESSION_COOKIE] = people.cookie(who).hex()
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = speak
        return client.get(path) if sent is None else client.post(path, sent)

    return go  # type: ignore[return-value]


Browse = Callable[..., HttpResponse]
FIRST = name_of(Role.COORDINATOR)


def text(page: HttpResponse) -> str:
    return page.content.decode()


@pytest.mark.parametrize("who", [FIRST, name_of(Role.DESK), "protection", "plan"])
def test_who_works_by_an_agreement_reads_all_of_it(browse: Browse, who: str) -> None:
    page = text(browse(who, PAGE))

    assert 'data-state="IN_FORCE"' in page
    assert "18 December 2024" in page
    assert "not the signed text" in page
    assert "The offer before the identity" in page


def test_the_list_shows_what_ends_soon(browse: Browse) -> None:
    page = text(browse(FIRST, "/agreements/"))

    assert 'data-alert="ENDS_SOON"' in page
    assert "8 April 2027" in page


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_the_page_stands_in_the_readers_language(browse: Browse, language: str) -> None:
    page = text(browse(FIRST, PAGE, speak=language))

    assert ("Suspension" if language == "fr" else "التعليق") in page
    assert "not loaded" not in page


def test_a_case_worker_finds_no_agreement(browse: Browse) -> None:
    assert browse(name_of(Role.CASE_WORKER), PAGE).status_code == 404
    assert browse(FIRST, "/agreements/another/").status_code == 404


def test_two_people_suspend_and_resume_it_on_the_page(browse: Browse) -> None:
    assert browse(FIRST, f"{PAGE}note", SUSPENSION).status_code == 302
    step = Step.objects.latest("pk")
    mine, hers = text(browse(FIRST, PAGE)), text(browse("second", PAGE))
    confirm = f"{PAGE}steps/{step.pk}/confirm"

    assert confirm not in mine
    assert confirm in hers
    assert browse("second", confirm, {}).status_code == 302
    page = text(browse("second", PAGE))
    assert 'data-state="SUSPENDED"' in page
    assert "Deuxième Inventée" in page


def test_a_step_may_be_set_aside(browse: Browse) -> None:
    browse(FIRST, f"{PAGE}note", SUSPENSION)
    step = Step.objects.latest("pk")

    browse("protection", f"{PAGE}steps/{step.pk}/decline", {})

    assert not Word.objects.get(pk=step.pk).is_yes
    entry = queries.entry(NAME)
    assert entry is not None
    assert entry.bound.state(NOW) is State.IN_FORCE
    assert "Does not count" in text(browse(FIRST, PAGE))


def test_only_what_may_follow_is_offered(browse: Browse) -> None:
    page = text(browse(FIRST, PAGE))

    assert 'value="SUSPENDED"' in page
    assert 'value="RESUMED"' not in page
    assert 'value="RENDERED"' not in page
    assert 'value="DEMONSTRATION"' not in page


def test_a_step_without_a_day_is_asked_again(browse: Browse) -> None:
    page = browse(FIRST, f"{PAGE}note", SUSPENSION | {"on": ""})

    assert page.status_code == 422
    assert not Step.objects.filter(kind="SUSPENDED").exists()


def test_the_desk_reads_and_notes_nothing(browse: Browse) -> None:
    assert "Note a step" not in text(browse(name_of(Role.DESK), PAGE))
    assert browse(name_of(Role.DESK), f"{PAGE}note", SUSPENSION).status_code == 404


def test_what_waits_stands_on_the_home_page_of_who_may_act(browse: Browse) -> None:
    browse(FIRST, f"{PAGE}note", SUSPENSION)

    assert "Steps of agreements that wait for a second person" in text(browse("second", "/"))
    assert "Agreements: alerts" in text(browse("plan", "/"))


def test_an_empty_register_says_that_nothing_leaves(browse: Browse) -> None:
    Step.objects.all().delete()
    page = text(browse(FIRST, PAGE))

    assert 'data-state="DRAFT"' in page
    assert "nothing leaves" in page
