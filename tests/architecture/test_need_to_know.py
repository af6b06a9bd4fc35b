"""The matrix of roles and classes, its mapping to sealed parts, and what live sessions really open.

Three things say who may see what: the matrix (data), the mapping (a decision, written out in
docs/decisions), and the keys (made by the real actions). They are compared part by part.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoDbBlocker

from amana.access import actions as access
from amana.access import policy, rules
from amana.access.models import Account
from amana.access.queries import held_keys
from amana.access.rules import CARE, GLASS, TEAM_KINDS, Actor, NotFound, Refused, Role
from amana.cases import actions, queries
from amana.cases.actions.parts import write_new
from amana.cases.models import Case, Compartment, Involved
from amana.standards import need_to_know
from tests.cast import THE_MOMENT, Cast, StoppedClock, assemble

ROOT = Path(__file__).resolve().parents[2]
DECISION = ROOT / "docs" / "decisions" / "0012-need-to-know.md"
KNOWN = need_to_know.load()
PEOPLE = [r for r in Role if r not in rules.WITHOUT_ACCOUNT]


@dataclass
class Files:
    """A social and a police file on which their kinds of team work, with every part written."""

    cast: Cast
    care: Case
    police: Case
    others: Case

    def who(self, role: Role) -> Actor:
        """Return the one person of this role who stands in the first team of its kind."""
        return self.cast.who(f"one-{role.lower()}")


def a_case(code: str, team: str, file: str = need_to_know.CARE_FILE) -> Case:
    return Case.objects.create(
        code=code,
        file=file,
        team=team,
        opened_at=THE_MOMENT,
        origin="report" if file == need_to_know.POLICE_FILE else "referral",
        age_band="18_24",
        sex="F",
        tier="adult",
    )


def fill(case: Case, teams: list[str], actor: Actor) -> None:
    for team in teams:
        Involved.objects.create(case=case, team=team, since=THE_MOMENT)
    for part in KNOWN.parts.values():
        if part.file == case.file:
            write_new(case, part.name, {"text": f"Invented {part.name}"}, actor, THE_MOMENT)


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Files]:
    """Everybody who can work at a node, and three files."""
    with django_db_blocker.unblock(), transaction.atomic():
        cast = assemble()
        for role in PEOPLE:
            cast.hire(f"one-{role.lower()}", f"{role.name.title()} Inventée", role)
        cast.hire("elsewhere", "Khadija Inventée", Role.CASE_WORKER, ("care-2",))
        kinds = sorted({k for ks in TEAM_KINDS.values() for k in ks} - {GLASS, "desk"})
        care, police = a_case("C-OURS", CARE), a_case("P-FILE", "police", need_to_know.POLICE_FILE)
        others = a_case("C-THEIRS", "care-2")
        worker = cast.who("one-r03")
        fill(care, kinds, worker)
        fill(police, ["police", "justice"], worker)
        fill(others, ["care-2"], cast.who("elsewhere"))
        yield Files(cast, care, police, others)
        transaction.set_rollback(True)


@pytest.fixture
def files(house: Files, db: None) -> Iterator[Files]:
    """The house, with whatever a test does to it undone."""
    cookies = dict(house.cast.cookies)
    with override_settings(CLOCK=StoppedClock(THE_MOMENT)):
        yield house
    house.cast.cookies = cookies


def keys_open(actor: Actor, case: Case) -> set[str]:
    """Return the parts of a case whose key this person's session really unwraps."""
    rows = list(Compartment.objects.filter(case=case))
    found = held_keys(actor, {r.key_id for r in rows})
    return {r.name for r in rows if r.key_id in found and queries.opened_with(found[r.key_id], r)}


# Three say the same.


@pytest.mark.parametrize("role", PEOPLE, ids=lambda r: r.name.lower())
def test_a_live_session_opens_the_parts_that_its_row_of_the_matrix_names_and_no_other(
    files: Files, role: Role
) -> None:
    actor = files.who(role)

    assert keys_open(actor, files.care) | keys_open(actor, files.police) == policy.opens(role)


@pytest.mark.parametrize("role", PEOPLE, ids=lambda r: r.name.lower())
def test_the_gate_opens_what_the_keys_open(files: Files, role: Role) -> None:
    actor = files.who(role)
    opened = set()
    for case in (files.care, files.police):
        for part in KNOWN.parts:
            try:
                queries.access_compartment(actor, case, part)
                opened.add(part)
            except (NotFound, KeyError):
                # What another country sent is empty here, which its own reader notices.
                if part == "received" and part in keys_open(actor, case):
                    opened.add(part)

    assert opened == policy.opens(role)


def test_a_key_given_by_mistake_opens_a_part_but_not_the_gate(files: Files) -> None:
    """The matrix and the key must both agree; this also shows that the test above can fail."""
    from amana.access.actions.keys import share_key  # noqa: PLC0415 - only this test gives a key away

    row = Compartment.objects.get(case=files.care, name="therapy")
    key = held_keys(files.who(Role.PSYCHOLOGIST), {row.key_id})[row.key_id]
    share_key(key_id=row.key_id, key=key, team="legal")
    lawyer = files.who(Role.LAWYER)

    assert keys_open(lawyer, files.care) - policy.opens(Role.LAWYER) == {"therapy"}
    with pytest.raises(NotFound):
        queries.access_compartment(lawyer, files.care, "therapy")


def decided() -> dict[tuple[str, str], set[str]]:
    """Return the mapping as the decision writes it out: class, right, parts."""
    rows = re.findall(r"^\| (D\d+) \| (\w+) \| ([\w, ]+) \|$", DECISION.read_text(), re.MULTILINE)
    return {(c, right): set(parts.replace(" ", "").split(",")) for c, right, parts in rows}


def test_the_decision_and_the_data_map_every_cell_to_the_same_parts() -> None:
    loaded = {
        (c, r): set(parts) for c, rights in KNOWN.opens.items() for r, parts in rights.items()
    }

    assert decided() == loaded


def test_every_cell_of_the_matrix_is_mapped_or_said_to_open_nothing() -> None:
    for role in Role:
        row = KNOWN.matrix[role]
        assert set(row) == set(KNOWN.classes), role
        for data_class, right in row.items():
            assert right in KNOWN.opens.get(data_class, {}) or right in KNOWN.nothing


def test_a_right_that_opens_something_opens_it_for_somebody() -> None:
    used = {(c, right) for row in KNOWN.matrix.values() for c, right in row.items()}

    assert {(c, r) for c, rights in KNOWN.opens.items() for r in rights} <= used


def test_whoever_stands_in_one_kind_of_team_opens_the_same() -> None:
    """A team has one key: two roles that open different parts must not share it."""
    for kind in {k for kinds in TEAM_KINDS.values() for k in kinds} - {GLASS}:
        sets = {policy.opens(role) for role, kinds in TEAM_KINDS.items() if kind in kinds}
        assert len(sets) == 1, kind


def test_whoever_opens_a_part_stands_in_a_kind_of_team_and_has_words_for_it() -> None:
    for role in PEOPLE:
        assert bool(policy.opens(role)) <= (role in TEAM_KINDS), role


def test_a_copy_is_smaller_than_its_part_and_its_author_does_not_read_it_back() -> None:
    for part in KNOWN.parts.values():
        if part.copy_of:
            assert KNOWN.parts[part.copy_of].data_class == part.data_class
            for role, way in part.writers.items():
                assert way != need_to_know.EDIT
                assert part.name not in policy.opens(Role(role))


# The six rules under the matrix.


@pytest.mark.parametrize("role", PEOPLE, ids=lambda r: r.name.lower())
def test_nobody_sees_identity_narrative_and_offenders_together(files: Files, role: Role) -> None:
    actor = files.who(role)

    assert not policy.together(keys_open(actor, files.care) | keys_open(actor, files.police))


def test_a_list_is_pseudonymous_and_a_name_takes_a_reason_that_is_recorded(files: Files) -> None:
    Case.objects.filter(pk=files.care.pk).update(worker=files.who(Role.CASE_WORKER).account_id)
    browser = Client()
    browser.cookies[settings.SESSION_COOKIE] = files.cast.cookie("one-r03").hex()

    assert b"Invented identity" not in browser.get("/cases/").content
    assert b"Invented identity" not in browser.get(f"/cases/{files.care.pk}/").content
    path = f"/cases/{files.care.pk}/part/identity"
    assert browser.post(path).status_code == 422
    assert b"Invented identity" in browser.post(path, {"reason": "PREPARE_REFERRAL"}).content
    assert [o.reason for o in queries.openings(files.care)] == ["PREPARE_REFERRAL"]


def test_whoever_knows_the_person_declares_it_and_the_case_is_not_there_any_more(
    files: Files,
) -> None:
    worker = files.who(Role.CASE_WORKER)
    actions.assign(case=files.care, account_id=worker.account_id, actor=worker, now=THE_MOMENT)
    case = queries.access_case(worker, files.care.pk, "care")

    actions.declare_conflict(case=case, actor=worker, now=THE_MOMENT)

    assert case.pk not in [c.pk for c in queries.cases(worker)]
    with pytest.raises(NotFound):
        queries.access_case(worker, case.pk, "care")
    case.refresh_from_db()
    assert case.worker == ""
    with pytest.raises(Refused):
        actions.assign(
            case=case,
            account_id=worker.account_id,
            actor=files.who(Role.SUPERVISOR),
            now=THE_MOMENT,
        )


def test_an_account_ends_by_itself(files: Files) -> None:
    cookie = files.cast.cookie("one-r10")
    Account.objects.filter(sign_in_name="one-r10").update(ends_at=THE_MOMENT + timedelta(minutes=5))

    assert access.find_actor(cookie, THE_MOMENT + timedelta(minutes=4)) is not None
    assert access.find_actor(cookie, THE_MOMENT + timedelta(minutes=5)) is None


def test_the_consulate_is_in_no_case_until_it_is_asked_to_one(files: Files) -> None:
    consul = files.who(Role.CONSUL)

    assert [c.pk for c in queries.cases(consul)] == [files.care.pk]
    assert files.others.pk not in [c.pk for c in queries.cases(consul)]


def test_search_by_name_is_for_those_who_care_for_the_person() -> None:
    asked_not_to = {Role.FIRST_RESPONDER, Role.FOCAL_POINT, Role.INVESTIGATOR, Role.CONSUL}

    assert not policy.MAY_SEARCH & (asked_not_to | {Role.OBSERVER})


# Own, the team's, the other team's.


def test_a_worker_finds_her_own_cases_and_not_a_colleague_s(files: Files) -> None:
    worker = files.who(Role.CASE_WORKER)
    colleague = files.cast.hire("two-r03", "Deuxième Inventée", Role.CASE_WORKER)
    Case.objects.filter(pk=files.care.pk).update(worker=colleague.pk)

    with pytest.raises(NotFound):
        queries.access_case(worker, files.care.pk, "care")
    assert queries.access_case(files.cast.who("two-r03"), files.care.pk, "care")
    assert queries.access_case(files.who(Role.SUPERVISOR), files.care.pk, "care")


@pytest.mark.parametrize("role", PEOPLE, ids=lambda r: r.name.lower())
def test_no_role_of_the_first_unit_opens_anything_of_the_second(files: Files, role: Role) -> None:
    actor = files.who(role)

    assert keys_open(actor, files.others) <= ({"stats"} & policy.opens(role))
    with pytest.raises(NotFound):
        queries.access_case(actor, files.others.pk, "care")


def asked(files: Files, name: str, path: str) -> tuple[int, bytes, list[str]]:
    """Return the answer to a path, without what differs with every request, and its queries."""
    browser = Client()
    browser.cookies[settings.SESSION_COOKIE] = files.cast.cookie(name).hex()
    with CaptureQueriesContext(connection) as ran:
        answer = browser.get(path)
    body = re.sub(rb'(nonce="|value=")[^"]+', rb"\1", answer.content)
    shapes = [re.sub(r"'[^']*'|\b\d+\b", "?", q["sql"]) for q in ran.captured_queries]
    return answer.status_code, body, shapes


@pytest.mark.parametrize("role", policy.roles_on_files(), ids=lambda r: r.name.lower())
def test_forbidden_is_missing_byte_for_byte_and_by_the_same_queries(
    files: Files, role: Role
) -> None:
    if role in rules.WITHOUT_ACCOUNT:
        pytest.skip("nobody signs in as this")
    name = f"one-{role.lower()}"

    forbidden = asked(files, name, f"/cases/{files.others.pk}/")
    missing = asked(files, name, "/cases/C-NOWHER/")

    assert forbidden == missing
    assert forbidden[0] == 404


# Involving and releasing a team; the second file.


def test_a_team_that_is_released_opens_nothing_of_the_case_any_more(files: Files) -> None:
    doctor, supervisor = files.who(Role.HEALTH), files.who(Role.SUPERVISOR)
    assert keys_open(doctor, files.care)

    actions.release_team(case=files.care, team_code="health", actor=supervisor, now=THE_MOMENT)

    assert keys_open(doctor, files.care) == set()
    with pytest.raises(NotFound):
        queries.access_case(doctor, files.care.pk, "care")
    actions.involve(case=files.care, team_code="health", actor=supervisor, now=THE_MOMENT)
    assert keys_open(doctor, files.care) == {"identity"}


def test_facts_go_to_a_second_file_that_does_not_know_the_first(files: Files) -> None:
    worker = files.who(Role.CASE_WORKER)
    receipt = actions.report(
        case=files.care,
        facts={"text": "Three work without pay.", "suspects": "The one with the van."},
        ground="DUTY",
        actor=worker,
        now=THE_MOMENT,
    )
    file = Case.objects.filter(file="police").exclude(pk=files.police.pk).get()
    investigator = files.who(Role.INVESTIGATOR)

    assert keys_open(investigator, file) == {"facts", "offenders"}
    assert keys_open(worker, file) == set()
    assert actions.is_ours(file, receipt)
    assert not actions.is_ours(files.police, receipt)
    shown = {f: str(getattr(file, f)) for f in ("code", "team", "worker", "receipt", "origin")}
    assert files.care.pk not in shown.values()
    assert receipt not in shown.values()
    _, legal = queries.access_compartment(worker, files.care, "legal")
    assert receipt in legal["police_receipt"]


# Breaking glass.


def test_two_supervisors_open_one_part_for_a_day_and_one_alone_opens_nothing(files: Files) -> None:
    first, second = files.who(Role.SUPERVISOR), files.cast.actor(Role.SUPERVISOR)
    assert "therapy" not in keys_open(first, files.care)
    glass = actions.ask_glass(
        code=files.care.pk, part="therapy", reason="LIFE_AT_RISK", actor=first, now=THE_MOMENT
    )

    for alone in (first, second):
        with pytest.raises((Refused, NotFound)):
            actions.open_glass(glass_id=glass.pk, actor=alone, now=THE_MOMENT)
    with pytest.raises(Refused):
        actions.approve(glass_id=glass.pk, actor=first, now=THE_MOMENT)


@pytest.mark.parametrize("role", [r for r in PEOPLE if r is not Role.SUPERVISOR])
def test_nobody_else_breaks_glass(files: Files, role: Role) -> None:
    with pytest.raises(NotFound):
        actions.ask_glass(
            code=files.care.pk,
            part="therapy",
            reason="LIFE_AT_RISK",
            actor=files.who(role),
            now=THE_MOMENT,
        )
