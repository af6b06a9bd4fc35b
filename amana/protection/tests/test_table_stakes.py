"""What everybody expects of a case: notes, flags, lists of one's own, giving many, who did what."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from amana.access.rules import Actor, NotFound, Refused, Role
from amana.audit.models import Entry
from amana.audit.queries import acts_on
from amana.cases import actions as cases
from amana.cases.models import Case, Compartment
from amana.cases.tests.builders import a_case
from amana.protection import actions, queries
from amana.protection.models import Due, SavedFilter
from amana.protection.sheets import SheetRefused
from amana.protection.tests.answers import SAFE
from amana.protection.tests.test_actions import enter
from amana.protection.tests.test_pages import browser as visitor
from amana.protection.tests.test_sheets import a_child, keep
from amana.standards import caseload, codes
from tests.cast import Cast, StoppedClock

pytestmark = pytest.mark.django_db

W, S = Role.CASE_WORKER, Role.SUPERVISOR
SAID = "Ne pas appeler avant midi, dit la Zibéline."

WORK = "/work/"


def note(actor: Actor, case: Case, now: datetime, flag: str = "CALL_BACK") -> None:
    actions.add_note(case=case, flag=flag, text=SAID, actor=actor, now=now)


# Notes and flags.


def test_a_note_is_read_by_who_leads_the_case_and_its_flag_stands_in_the_list(
    cast: Cast, stopped_clock: StoppedClock
) -> None:
    case, now = a_case(cast), stopped_clock.moment
    note(cast.actor(W), case, now)
    (read,) = queries.notes(cast.actor(S), case)
    assert (read.text, read.flag, read.by) == (SAID, "CALL_BACK", cast.actor(W).account_id)
    for path in ("/work/", f"/cases/{case.pk}/"):
        page = visitor(cast, S).get(path).content.decode()
        assert codes.label("CASE_FLAG", "CALL_BACK", "fr") in page
        assert SAID not in page

    actions.lower_flag(case=case, number=read.number, actor=cast.actor(S), now=now)
    (read,) = queries.notes(cast.actor(W), case)
    assert (read.text, read.lowered_by) == (SAID, cast.actor(S).account_id)
    assert codes.label("CASE_FLAG", "CALL_BACK", "fr") not in visitor(cast, S).get(
        "/work/"
    ).content.decode().replace("<option", "")


def test_a_note_lies_sealed_and_the_record_knows_neither_its_words_nor_its_flag(
    cast: Cast, now: datetime
) -> None:
    case = a_case(cast)
    note(cast.actor(W), case, now)
    rows = list(Compartment.objects.values_list())
    stored = repr([bytes(v) if isinstance(v, memoryview) else v for row in rows for v in row])
    told = repr([bytes(entry.event or b"") for entry in Entry.objects.all()])
    assert "protection.note" in told
    for word in ("Zibéline", "CALL_BACK"):
        assert word not in stored
        assert word not in told


def test_who_works_beside_the_case_reads_no_note_and_writes_none(cast: Cast, now: datetime) -> None:
    case = a_case(cast)
    note(cast.actor(W), case, now)
    cast.hire("a-lawyer", "Maître Inventée", Role.LAWYER)
    cases.involve(case=case, team_code="legal", actor=cast.actor(W), now=now)
    lawyer = cast.who("a-lawyer")
    assert queries.notes(lawyer, case) == []
    with pytest.raises(NotFound):
        note(lawyer, case, now)


@pytest.mark.parametrize("text", ["", "  \n "])
def test_an_empty_note_is_none(cast: Cast, now: datetime, text: str) -> None:
    with pytest.raises(Refused, match="NOTE_EMPTY"):
        actions.add_note(case=a_case(cast), flag="", text=text, actor=cast.actor(W), now=now)


# Lists of one's own.


def test_the_list_is_narrowed_by_what_stands_in_clear(
    cast: Cast, stopped_clock: StoppedClock
) -> None:
    grown, child = a_case(cast), a_child(cast)
    enter(cast.actor(W), child, "STABILISE", stopped_clock.moment, track="PROTECTION")
    client = visitor(cast, S)

    def listed(**only: str) -> set[str]:
        return {item["row"].case.pk for item in client.get("/work/", only).context["rows"]}

    assert listed() == {grown.pk, child.pk}
    assert listed(tier="child") == {child.pk}
    assert listed(tier="adult", whose=cast.actor(W).account_id) == {grown.pk}
    assert listed(whose="nobody") == set()
    assert listed(due="late") == set()
    # What no list offers narrows nothing, and asks the database nothing.
    assert listed(tier="x' OR 1", due="never") == {grown.pk, child.pk}


def test_a_list_is_kept_once_for_oneself_and_forgotten(
    cast: Cast, stopped_clock: StoppedClock
) -> None:
    a_case(cast)
    client, only = visitor(cast, S), {"tier": "child", "due": "late"}
    for _ in range(2):
        assert client.post(f"{WORK}filters", only).status_code == 302
    (kept,) = client.get("/work/").context["saved"]
    assert kept["title"] == "Enfants · En retard"
    assert client.get("/work/" + kept["url"]).context["is_saved"]
    # Another person's hand finds nothing to drop.
    visitor(cast, W).post(f"{WORK}filters", {"drop": str(kept["number"])})
    assert SavedFilter.objects.count() == 1
    client.post(f"{WORK}filters", {"drop": str(kept["number"])})
    assert not SavedFilter.objects.exists()


def test_nobody_keeps_more_lists_than_she_can_look_through(cast: Cast, now: datetime) -> None:
    actor = cast.actor(S)
    for n in range(queries.MOST_FILTERS):
        actions.save_filter(tier="", whose=str(n), due="", actor=actor)
    with pytest.raises(Refused, match="FILTERS_ENOUGH"):
        actions.save_filter(tier="child", whose="", due="", actor=actor)


# Giving many.


def test_many_cases_are_given_at_once_and_the_ceiling_is_asked_for_each(
    cast: Cast, stopped_clock: StoppedClock
) -> None:
    table = caseload.load()
    most = table.ceiling // table.weigh([""])
    cast.hire("second", "Seconde Inventée", W)
    second = cast.who("second")
    held = [a_case(cast) for _ in range(most)]
    extra = a_case(cast)
    supervisor, now = cast.actor(S), stopped_clock.moment
    given = actions.assign_many(
        cases=held, account_id=second.account_id, reasons="", actor=supervisor, now=now
    )
    assert given == {}
    client = visitor(cast, S)
    sent: dict[str, Any] = {"case": [extra.pk, held[0].pk], "account": second.account_id}
    answer = client.post(f"{WORK}assign", sent)
    assert answer.status_code == 422
    assert [one["code"] for one in answer.context["refused"]] == [extra.pk]
    assert codes.label("OBJECTION", "ABOVE_THE_CEILING", "fr") in answer.content.decode()
    assert Case.objects.get(pk=extra.pk).worker != second.account_id
    # With a reason it is given, and the reason is on record.
    assert client.post(f"{WORK}assign", {**sent, "overload_reason": "TRUST"}).status_code == 302
    assert Case.objects.get(pk=extra.pk).worker == second.account_id
    assert acts_on(extra.pk)[0].codes["overload"] == "TRUST"


def test_only_a_supervisor_gives_cases_and_only_those_of_her_unit(
    cast: Cast, stopped_clock: StoppedClock
) -> None:
    case = a_case(cast)
    account = cast.actor(W).account_id
    assert visitor(cast, W).post(f"{WORK}assign", {"case": case.pk}).status_code in (403, 404)
    nobody = {"case": "MA-0000-0000", "account": account}
    assert visitor(cast, S).post(f"{WORK}assign", nobody).status_code == 404
    assert (
        visitor(cast, S).post(f"{WORK}assign", {"case": case.pk, "account": "x"}).status_code != 302
    )


# Who keeps the country's time.


def test_the_desk_sees_whose_moment_comes_next_and_never_what_it_is(
    cast: Cast, stopped_clock: StoppedClock
) -> None:
    case = a_case(cast)
    Due.objects.update(due_at=stopped_clock.moment - timedelta(hours=1))
    page = visitor(cast, Role.DESK).get("/work/").content.decode()
    main = page[page.index("<main") :]
    assert case.pk in main
    assert codes.label("DUTY", "after_triage", "fr") not in main
    assert f"/cases/{case.pk}" not in main
    assert queries.n_late(cast.actor(Role.DESK), stopped_clock.moment) == 1


# Who did what.


def test_the_history_tells_who_read_and_who_changed_what_and_when(
    cast: Cast, stopped_clock: StoppedClock
) -> None:
    case, now = a_case(cast), stopped_clock.moment
    other = a_case(cast)
    cases.open_compartment(
        case=case, name="identity", reason="ARRANGE_CARE", actor=cast.actor(W), now=now
    )
    note(cast.actor(W), case, now + timedelta(hours=1))
    rows = visitor(cast, S).get(f"/cases/{case.pk}/history").context["rows"]
    assert [(row["what"], row["reads"]) for row in rows[:2]] == [
        ("Note ajoutée ou drapeau baissé", False),
        ("Partie scellée ouverte", True),
    ]
    assert rows[1]["who"] == "Hicham Inventé"
    assert rows[1]["about"] == [
        codes.label("PART", "identity", "fr"),
        codes.label("OPEN_REASON", "ARRANGE_CARE", "fr"),
    ]
    assert not [one for one in acts_on(case.pk) if one.verb.startswith("access.")]
    assert len(acts_on(other.pk)) < len(acts_on(case.pk))
    # Part of a code is not a code.
    assert acts_on(case.pk[:-1]) == []


def test_every_act_on_a_case_has_words(cast: Cast) -> None:
    room = Path(actions.__file__).parent.parent
    text = "".join(
        path.read_text()
        for name in ("cases", "protection")
        for path in (room / name).rglob("*.py")
        if "tests" not in path.parts
    )
    written = set(re.findall(r'verb="((?:cases|protection)\.[a-z_]+)"', text))
    assert len(written) > 20
    assert written <= set(codes.values("RECORD_VERB"))


# Reaching somebody.

CALLED = {
    "on": "2026-11-21",
    "whom": "PERSON",
    "channel": "CALL",
    "ground": "AS_AGREED",
    "reached": "yes",
    "message_left": "no",
}


def refused(cast: Cast, case: Case, now: datetime, **said: str) -> set[str]:
    with pytest.raises(SheetRefused) as found:
        keep(cast.actor(W), case, "CONTACT_NOTE", {**CALLED, **said}, now)
    return {fault.code for fault in found.value.faults}


def test_a_contact_obeys_the_last_safe_contact_sheet(cast: Cast, now: datetime) -> None:
    case, worker = a_case(cast), cast.actor(W)
    assert refused(cast, case, now) == {"CONTACT_NOT_AGREED"}
    never = [{"who": "Tiécoura Inventé"}]
    keep(worker, case, "SAFE_CONTACT_SHEET", {**SAFE, "never_contact": never}, now)
    wrong = refused(
        cast, case, now, channel="TEXT", message_left="yes", whom="FAMILY", name="Inventé Tiécoura"
    )
    assert wrong == {"CONTACT_OTHER_WAY", "CONTACT_NO_MESSAGE", "CONTACT_NEVER"}
    keep(worker, case, "CONTACT_NOTE", CALLED, now)
    assert "CONTACTED" in {line.kind for line in queries.course(worker, case)}


def test_another_ground_is_on_record_with_its_why_and_never_reaches_whom_she_named(
    cast: Cast, now: datetime
) -> None:
    case, worker = a_case(cast), cast.actor(W)
    never = [{"who": "Tiécoura Inventé"}]
    keep(worker, case, "SAFE_CONTACT_SHEET", {**SAFE, "never_contact": never}, now)
    other = {"channel": "VISIT", "ground": "LIFE_IN_DANGER"}
    assert refused(cast, case, now, **other) == {"CONTACT_WHY"}
    why = {**other, "ground_why": "Il est devant sa porte."}
    assert refused(cast, case, now, **why, whom="FAMILY", name="Tiécoura Inventé") == {
        "CONTACT_NEVER"
    }
    keep(worker, case, "CONTACT_NOTE", {**CALLED, **why}, now)


def test_a_sheet_of_last_month_carries_no_contact(cast: Cast, now: datetime) -> None:
    case = a_case(cast)
    keep(cast.actor(W), case, "SAFE_CONTACT_SHEET", SAFE, now)
    assert refused(cast, case, now + timedelta(days=90), on="2026-11-22") == {"CONTACT_NOT_AGREED"}


def test_where_a_safe_way_was_agreed_nobody_just_says_that_she_called(
    cast: Cast, now: datetime
) -> None:
    case, worker = a_case(cast), cast.actor(W)
    enter(worker, case, "CONTACTED", now)
    keep(worker, case, "SAFE_CONTACT_SHEET", SAFE, now)
    with pytest.raises(Refused, match="CONTACT_BY_ITS_SHEET"):
        enter(worker, case, "CONTACTED", now)


def test_whoever_notes_a_contact_is_shown_what_was_agreed(
    cast: Cast, stopped_clock: StoppedClock
) -> None:
    case = a_case(cast)
    keep(cast.actor(W), case, "SAFE_CONTACT_SHEET", SAFE, stopped_clock.moment)
    for path in ("sheets/CONTACT_NOTE?write=1", "papers/"):
        assert (
            SAFE["code_word"] in visitor(cast, W).get(f"/cases/{case.pk}/{path}").content.decode()
        )
