"""The sheets on their pages: filled without script, judged by the field, and never lost."""

import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from amana.access.rules import Role
from amana.cases.tests.builders import a_case
from amana.protection import queries
from amana.protection.tests.answers import ASSESSED, DECIDED, MEMBERS, PLAN, RISK
from amana.protection.tests.test_actions import enter
from amana.protection.tests.test_sheets import a_child, involve, keep
from amana.standards import sheets as data
from tests.cast import Cast, StoppedClock, name_of

pytestmark = pytest.mark.django_db


def browser(cast: Cast, role: Role, language: str = "fr") -> Client:
    """Return a browser in which somebody of a role is signed in."""
    found = Client()
    found.cookies[settings.SESSION_COOKIE] = cast.cookie(name_of(role)).hex()
    found.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    return found


def typed(values: dict[str, Any], over: int = 0) -> dict[str, Any]:
    """Return answers as the form sends them."""
    sent: dict[str, Any] = {"over": str(over)}
    for name, value in values.items():
        if not isinstance(value, list) or not value or isinstance(value[0], str):
            sent[name] = value
            continue
        sent[f"{name}-n"] = str(len(value))
        for number, row in enumerate(value):
            sent |= {f"{name}-{number}-{inner}": said for inner, said in row.items()}
    return sent


def test_the_list_says_what_comes_next_what_each_is_for_and_who_kept_it(
    cast: Cast, stopped_clock: StoppedClock
) -> None:
    case = a_case(cast)
    page = browser(cast, Role.CASE_WORKER).get(f"/cases/{case.pk}/sheets/").content.decode()
    assert page.index("Demande d’hébergement") < page.index("Plan d’accompagnement")
    assert "Peser chaque risque" in page
    assert "RISK_SHEET" in page
    assert "BEST_INTERESTS" not in page
    keep(cast.actor(Role.CASE_WORKER), case, "RISK_SHEET", RISK, stopped_clock.moment)
    page = browser(cast, Role.SUPERVISOR).get(f"/cases/{case.pk}/sheets/").content.decode()
    assert cast.actor(Role.CASE_WORKER).name in page


def test_a_child_s_list_says_until_when_the_assessment_is_due(
    cast: Cast, stopped_clock: StoppedClock
) -> None:
    case = a_child(cast)
    rows = browser(cast, Role.CASE_WORKER).get(f"/cases/{case.pk}/sheets/").context["others"]
    assert all(row["due_at"] is None for row in rows)
    enter(cast.actor(Role.CASE_WORKER), case, "STABILISE", stopped_clock.moment, track="PROTECTION")
    context = browser(cast, Role.CASE_WORKER).get(f"/cases/{case.pk}/sheets/").context
    due = [r["due_at"] for r in (*context["wanted"], *context["others"]) if r["due_at"]]
    assert [(d - stopped_clock.moment).days for d in due] == [14]


@pytest.mark.parametrize("sheet", data.load())
@pytest.mark.parametrize("language", ["fr", "ar"])
def test_every_sheet_is_drawn_for_who_writes_it(
    cast: Cast, stopped_clock: StoppedClock, sheet: str, language: str
) -> None:
    case = a_child(cast) if data.load()[sheet].tier == "child" else a_case(cast)
    role = next(
        (r for r in (Role.CASE_WORKER, Role.SUPERVISOR) if r in data.load()[sheet].by), None
    )
    if role is None:
        pytest.skip("the panel has its own test")
    answer = browser(cast, role, language).get(f"/cases/{case.pk}/sheets/{sheet}")
    assert answer.status_code == 200
    page = answer.content.decode()
    assert data.load()[sheet].aim.said_in(language) in page
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_what_was_typed_is_kept_and_read_in_words(cast: Cast, stopped_clock: StoppedClock) -> None:
    case, client = a_case(cast), browser(cast, Role.CASE_WORKER)
    path = f"/cases/{case.pk}/sheets/RISK_SHEET"
    answer = client.post(path, typed(RISK))
    assert answer.status_code == 302
    (kept,) = queries.kept_sheets(cast.actor(Role.CASE_WORKER), case)
    assert dict(kept.values) == RISK
    page = client.get(path).content.decode()
    assert "Les personnes mises en cause" in page
    assert "25 novembre 2026" in page
    assert "<textarea" not in page
    form = client.get(f"{path}?write=1").content.decode()
    assert RISK["why"] in form
    assert f'value="{kept.number}"' in form


def test_one_more_row_is_a_button_and_keeps_what_was_typed(
    cast: Cast, stopped_clock: StoppedClock
) -> None:
    case, client = a_case(cast), browser(cast, Role.CASE_WORKER)
    path = f"/cases/{case.pk}/sheets/RISK_SHEET"
    answer = client.post(path, {**typed({**RISK, "why": "Gardé"}), "more": "risks"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Gardé" in page
    assert 'name="risks-1-domain"' in page
    assert 'name="risks-2-domain"' not in page
    assert not queries.kept_sheets(cast.actor(Role.CASE_WORKER), case)


def test_all_that_is_wrong_stands_by_its_field_also_behind_an_empty_row(
    cast: Cast, stopped_clock: StoppedClock
) -> None:
    case, client = a_case(cast), browser(cast, Role.CASE_WORKER)
    sent = typed(
        {
            **RISK,
            "why": "",
            "valid_until": "hier",
            "risks": [{"domain": ""}, {"domain": "ONLINE", "score": ""}],
        }
    )
    answer = client.post(f"/cases/{case.pk}/sheets/RISK_SHEET", sent)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"why", "valid_until", "risks-1-score"}
    assert "hier" in answer.content.decode()


def test_two_texts_stand_side_by_side_and_the_next_press_keeps_mine(
    cast: Cast, stopped_clock: StoppedClock
) -> None:
    case, client = a_case(cast), browser(cast, Role.CASE_WORKER)
    path = f"/cases/{case.pk}/sheets/RISK_SHEET"
    client.post(path, typed(RISK))
    first = queries.kept_sheets(cast.actor(Role.CASE_WORKER), case)[0].number
    theirs = typed({**RISK, "why": "Vu hier."}, over=first)
    assert browser(cast, Role.SUPERVISOR).post(path, theirs).status_code == 302

    mine = typed({**RISK, "why": "Entendu ce matin."}, over=first)
    answer = client.post(path, mine)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Vu hier." in page
    assert "Entendu ce matin." in page
    (over,) = re.findall(r'name="over" value="(\d+)"', page)
    assert client.post(path, {**mine, "over": over}).status_code == 302
    kept = queries.kept_sheets(cast.actor(Role.CASE_WORKER), case)
    assert [one.values["why"] for one in kept] == [RISK["why"], "Vu hier.", "Entendu ce matin."]


def test_a_sheet_that_is_not_this_role_s_is_missing(
    cast: Cast, stopped_clock: StoppedClock
) -> None:
    case, client = a_case(cast), browser(cast, Role.CASE_WORKER)
    for sheet in ("BEST_INTERESTS_DECISION", "NOWHERE"):
        path = f"/cases/{case.pk}/sheets/{sheet}"
        assert client.get(path).status_code == 404
        assert client.post(path, {"over": "0"}).status_code == 404
    # A supervisor's paper is read by the worker, and not written.
    path = f"/cases/{case.pk}/sheets/PRESUMED_CERTIFICATE"
    assert "<textarea" not in client.get(path).content.decode()
    assert client.post(path, {"over": "0"}).status_code == 404


def test_the_supervisor_approves_what_she_reads_and_changes_nothing_of_it(
    cast: Cast, stopped_clock: StoppedClock
) -> None:
    case = a_case(cast)
    number = keep(cast.actor(Role.CASE_WORKER), case, "CARE_PLAN", PLAN, stopped_clock.moment)
    client = browser(cast, Role.SUPERVISOR)
    path = f"/cases/{case.pk}/sheets/CARE_PLAN"
    page = client.get(f"{path}?write=1").content.decode()
    assert "Apprendre la couture." in page
    assert 'name="own_words"' not in page
    assert 'name="approved"' in page
    assert client.post(path, {"over": str(number), "approved": "yes"}).status_code == 302


def test_nothing_is_approved_before_it_is_written_and_what_is_missing_is_named(
    cast: Cast, stopped_clock: StoppedClock
) -> None:
    case = a_case(cast)
    path = f"/cases/{case.pk}/sheets/CARE_PLAN"
    answer = browser(cast, Role.SUPERVISOR).post(path, {"over": "0", "approved": "yes"})
    assert answer.status_code == 422
    said = answer.context["form"].non_field_errors()
    assert "Objectif – Ce champ est obligatoire." in said


def test_a_panel_reads_the_assessment_and_fills_its_decision(
    cast: Cast, stopped_clock: StoppedClock
) -> None:
    case = a_child(cast)
    worker = cast.actor(Role.CASE_WORKER)
    involve(cast, case, Role.PANEL, "panel", stopped_clock.moment)
    keep(worker, case, "BEST_INTERESTS_ASSESSMENT", ASSESSED, stopped_clock.moment)
    client = Client()
    client.cookies[settings.SESSION_COOKIE] = cast.cookie("a-panel").hex()
    base = f"/cases/{case.pk}/sheets"
    assert client.get(f"{base}/RISK_SHEET").status_code == 404
    assert (
        ASSESSED["child_views"] in client.get(f"{base}/BEST_INTERESTS_ASSESSMENT").content.decode()
    )
    first = client.post(f"{base}/BEST_INTERESTS_DECISION", typed({**DECIDED, "panel": MEMBERS[:2]}))
    assert first.status_code == 422
    assert set(first.context["form"].errors) == {"panel-0-name"}
    assert client.post(f"{base}/BEST_INTERESTS_DECISION", typed(DECIDED)).status_code == 302
    assert client.get(f"{base}/").content.decode().count('class="task"') >= 5
