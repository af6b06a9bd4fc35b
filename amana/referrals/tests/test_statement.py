"""What a person is told of her own file: who has what, who works on it, and who obeyed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from amana.access.rules import Role
from amana.cases import actions as cases
from amana.cases import queries as case_queries
from amana.cases.models import Case, Consent
from amana.exchange.models import Message
from amana.referrals import actions, queries, rules, statement
from amana.referrals.tests import test_actions as told
from amana.referrals.tests.test_actions import Corridor
from amana.referrals.tests.test_withdrawal import dossier_left, taken_back
from tests.cast import THE_MOMENT as NOW
from tests.cast import StoppedClock, name_of

corridor = told.corridor
DAY = timedelta(days=1)
START = datetime(2026, 11, 1, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Marked:
    """A milestone, as the fold sees it."""

    kind: str
    at: datetime
    reference: str = ""


def test_a_team_that_left_is_told_with_both_days_and_one_that_came_back_twice() -> None:
    happened = [
        Marked("team_involved", START + DAY, "health"),
        Marked("team_involved", START + 2 * DAY, "shelter"),
        Marked("team_released", START + 3 * DAY, "health"),
        Marked("team_involved", START + 4 * DAY, "health"),
    ]

    assert statement.works(happened, own="care", since=START) == [
        statement.Work("care", START),
        statement.Work("health", START + DAY, START + 3 * DAY),
        statement.Work("shelter", START + 2 * DAY),
        statement.Work("health", START + 4 * DAY),
    ]


def test_of_the_police_only_the_days_are_told() -> None:
    happened = [Marked("facts_reported", START, "P-SECRET"), Marked("opened", START)]

    assert statement.reports(happened) == [START]


@pytest.mark.parametrize(
    ("language", "aloud"), [("fr", False), ("ar", False), ("en", False), ("dyu", True), ("", True)]
)
def test_a_language_that_nobody_can_write_here_is_read_aloud(language: str, aloud: bool) -> None:
    assert statement.must_be_read_aloud(language) is aloud


# On the real database.


def fates(corridor: Corridor, case: Case) -> list[statement.Fate]:
    """Return what became of every request to erase, as the worker's session reads it."""
    worker = corridor.who(Role.CASE_WORKER)
    [row] = queries.of_case(worker, case)
    now_told = queries.told(row)
    whole = {
        "erased_on": row.erased_on,
        "in_backups_until": row.in_backups_until,
        "kept_for": row.kept_for,
    }
    said = queries.contents(worker, row)
    return statement.fates(now_told.story, whole=whole, said=said, watches=now_told.watches)


@pytest.mark.django_db
def test_who_obeyed_and_who_is_silent_is_told_of_a_part(corridor: Corridor) -> None:
    referral = dossier_left(corridor)
    assert referral.case is not None
    taken_back(corridor, ("IDENTITY",))
    actions.recall(referral=referral, actor=corridor.who(Role.DESK), now=NOW)

    [silent] = fates(corridor, referral.case)
    assert silent.content == ("IDENTITY",)
    assert silent.due_at is not None
    assert not silent.is_silent(silent.due_at)
    assert silent.is_silent(silent.due_at + timedelta(seconds=1))

    answer = {
        "by": "Mariam",
        "erased": ["IDENTITY"],
        "kept": [],
        "erased_on": "2026-11-24",
        "in_backups_until": "2027-01-05",
    }
    corridor.say(referral.pk, rules.ERASED, answer, to=Message.objects.get(kind=rules.ERASE).mid)

    [obeyed] = fates(corridor, referral.case)
    assert str(obeyed.erased_on) == "2026-11-24"
    assert str(obeyed.in_backups_until) == "2027-01-05"
    assert not obeyed.is_silent(NOW + 365 * DAY)


@pytest.mark.django_db
def test_a_ground_on_which_all_is_kept_is_told(corridor: Corridor) -> None:
    referral = told.offered(corridor)
    assert referral.case is not None
    worker, desk = corridor.who(Role.CASE_WORKER), corridor.who(Role.DESK)
    cases.withdraw_consent(consent_id=Consent.objects.get().pk, actor=worker, now=NOW)
    actions.recall(referral=referral, actor=desk, now=NOW)
    corridor.say(referral.pk, rules.ERASED, {"by": "Mariam", "kept_for": "PROCEEDINGS"})

    [kept] = fates(corridor, referral.case)

    assert (kept.kept_for, kept.content, kept.erased_on) == ("PROCEEDINGS", (), None)


@pytest.mark.django_db
def test_the_making_is_on_record_and_in_the_openings(corridor: Corridor) -> None:
    case, worker = told.opened(corridor), corridor.who(Role.CASE_WORKER)

    actions.make_statement(case=case, language="ar", actor=worker, now=NOW)

    newest = case_queries.openings(case)[0]
    assert (newest.part, newest.reason) == ("statement", "PERSON_ASKS")
    assert told.verbs()[-1] == "referrals.make_statement"


Ask = Callable[..., tuple[int, str]]


@pytest.fixture
def ask(corridor: Corridor, settings: Settings, stopped_clock: StoppedClock) -> Ask:
    client = Client()

    def asked(case: Case, said: dict[str, str] | None = None) -> tuple[int, str]:
        cookie = corridor.cast.cookie(name_of(Role.CASE_WORKER)).hex()
        client.cookies[settings.SESSION_COOKIE] = cookie
        path = reverse("referrals:statement", args=[case.code])
        answer = client.get(path) if said is None else client.post(path, said)
        return answer.status_code, answer.content.decode()

    return asked


@pytest.mark.django_db
def test_nothing_shows_before_somebody_asked_whether_the_paper_is_safe(
    corridor: Corridor, ask: Ask
) -> None:
    case = told.opened(corridor)
    told.agreed(corridor, case)

    assert ask(case)[0] == 200
    status, page = ask(case, {"language": "ar"})

    assert status == 422
    assert 'dir="rtl"' not in page
    assert not case_queries.openings(case)


@pytest.mark.django_db
def test_the_sheet_speaks_her_language_names_no_secret_and_has_a_neutral_title(
    corridor: Corridor, ask: Ask
) -> None:
    referral = dossier_left(corridor)
    assert referral.case is not None

    status, page = ask(referral.case, {"language": "ar", "is_safe": "on"})

    assert status == 200
    assert '<html lang="ar" dir="rtl">' in page
    assert "<title>ورقة معلومات</title>" in page
    for secret in (told.ALIAS, told.FULL_NAME, told.PHONE, "Koffi", "Mariam"):
        assert secret not in page
    assert "ملف الهوية (M01)" in page
    assert len(case_queries.openings(referral.case)) == 1
