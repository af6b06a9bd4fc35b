"""A paper has a number, and whoever holds it may ask whether it is ours; nobody asks whose."""

import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from amana.access.models import Failure
from amana.access.rules import CARE, FAILURES_ALLOWED, Actor, NotFound, Refused, Role
from amana.audit.models import Entry
from amana.cases import actions as cases
from amana.cases.models import Case, Compartment
from amana.cases.tests.builders import a_case
from amana.protection import actions, papers, queries
from amana.protection.models import IssuedPaper
from amana.protection.rules import Wanted
from amana.protection.tests import answers
from amana.protection.tests.reading import folded
from amana.protection.tests.test_papers import put_in, read
from amana.standards import codes
from amana.standards.datafile import LANGUAGES
from amana.standards.references import is_reference
from tests.cast import Cast, StoppedClock, name_of

pytestmark = pytest.mark.django_db

SAID = (("Zibéline", ("Un mot inventé.", "Un autre.")),)


def issue(
    actor: Actor,
    case: Case,
    now: datetime,
    *,
    kind: str = "CARE_PLAN",
    sections: papers.Sections = SAID,
    language: str = "fr",
) -> queries.Issued:
    return actions.issue_paper(
        case=case, kind=kind, sections=sections, language=language, actor=actor, now=now
    )


def code_of(found: queries.Issued) -> str:
    return queries.printable(found, "").qr


def visitor(cast: Cast, role: Role) -> Client:
    """Return a browser in which somebody of this role is signed in."""
    client = Client()
    client.cookies[settings.SESSION_COOKIE] = cast.cookie(name_of(role)).hex()
    return client


# Numbers.


def test_a_paper_gets_a_number_that_says_nothing(cast: Cast, now: datetime) -> None:
    case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
    made = issue(worker, case, now)
    assert is_reference(made.row.number)
    assert made.row.number.startswith("P-")
    assert (made.row.day, made.row.account) == (date(2026, 11, 21), worker.account_id)


def test_the_same_words_keep_their_number(cast: Cast, now: datetime) -> None:
    case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
    first = issue(worker, case, now)
    later = issue(cast.actor(Role.SUPERVISOR), case, now + timedelta(days=3))
    assert later.row.pk == first.row.pk
    assert IssuedPaper.objects.count() == 1


def test_changed_words_get_a_new_number_and_the_paper_before_is_replaced(
    cast: Cast, now: datetime
) -> None:
    case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
    first = issue(worker, case, now)
    other = issue(worker, case, now + timedelta(days=2), sections=(("A", ("B",)),))
    beside = issue(worker, case, now, language="en")
    plain = issue(worker, case, now, kind="RISK_SHEET")

    replaced = {row.pk: row.replaced_on for row in IssuedPaper.objects.all()}
    assert replaced == {
        first.row.pk: date(2026, 11, 23),
        other.row.pk: None,
        beside.row.pk: None,
        plain.row.pk: None,
    }


def test_words_that_were_replaced_and_come_back_are_a_new_paper(cast: Cast, now: datetime) -> None:
    case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
    first = issue(worker, case, now)
    issue(worker, case, now, sections=(("A", ("B",)),))
    assert issue(worker, case, now).row.pk != first.row.pk


@pytest.mark.parametrize(
    ("sections", "why"),
    [
        ((), "PAPER_EMPTY"),
        ((("", ("",)),), "PAPER_EMPTY"),
        ((("A", ("ⵣ",)),), "PAPER_CANNOT_BE_SET"),
        ((("A", ("x" * 60_001,)),), "PAPER_TOO_LONG"),
    ],
)
def test_what_no_printer_could_set_gets_no_number(
    cast: Cast, now: datetime, sections: papers.Sections, why: str
) -> None:
    case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
    with pytest.raises(Refused, match=why):
        issue(worker, case, now, sections=sections)
    assert not IssuedPaper.objects.exists()
    assert not Compartment.objects.filter(name="papers").exists()


@pytest.mark.parametrize(("kind", "language"), [("NOTHING", "fr"), ("CARE_PLAN", "de")])
def test_no_paper_of_a_kind_or_a_language_that_the_house_does_not_know(
    cast: Cast, now: datetime, kind: str, language: str
) -> None:
    with pytest.raises(NotFound):
        issue(cast.actor(Role.CASE_WORKER), a_case(cast), now, kind=kind, language=language)


def test_who_may_not_read_papers_issues_none_and_reads_none(cast: Cast, now: datetime) -> None:
    case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
    cast.hire("a-lawyer", "Maître Inventée", Role.LAWYER)
    cases.involve(case=case, team_code="legal", actor=worker, now=now)
    made, lawyer = issue(worker, case, now), cast.who("a-lawyer")

    assert queries.issued(lawyer, case) == []
    with pytest.raises(NotFound):
        issue(lawyer, case, now, sections=(("A", ("B",)),))
    with pytest.raises(NotFound):
        queries.access_paper(lawyer, case, made.row.pk)
    with pytest.raises(NotFound):
        queries.find_paper(lawyer, made.row.pk)


# What lies where.


def test_which_paper_it_is_lies_sealed_and_the_record_knows_its_number_alone(
    cast: Cast, now: datetime
) -> None:
    case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
    made = issue(worker, case, now)
    actions.print_paper(case=case, number=made.row.pk, checked_at="", actor=worker, now=now)

    rows = [*IssuedPaper.objects.values_list(), *Compartment.objects.values_list()]
    stored = repr([bytes(v) if isinstance(v, memoryview) else v for row in rows for v in row])
    events = [json.loads(bytes(entry.event or b"")) for entry in Entry.objects.all()]
    told = [e for e in events if e["verb"].endswith("_paper")]
    assert [e["verb"] for e in told] == ["protection.issue_paper", "protection.print_paper"]
    for word in ("Zibéline", "inventé", "CARE_PLAN"):
        assert word not in stored
        assert word not in repr(told)
    assert all(made.row.pk in repr(e) and worker.account_id in repr(e) for e in told)


def test_the_digest_does_not_tell_which_of_the_public_texts_it_is(
    cast: Cast, now: datetime
) -> None:
    """The fixed texts are known to everybody: a digest of one that is the same twice would say."""
    worker, digests = cast.actor(Role.CASE_WORKER), set()
    for case in (a_case(cast), a_case(cast)):
        sections = queries.sections_of(worker, case, "RIGHTS_SHEET", "fr", now)
        made = issue(worker, case, now, kind="RIGHTS_SHEET", sections=sections)
        plain = papers.fingerprint(
            salt=b"",
            title=made.title,
            code=case.code,
            sections=sections,
            signs=made.signs,
            language="fr",
        )
        assert plain != made.row.digest
        digests.add(made.row.digest)
    assert len(digests) == 2


def test_papers_go_with_their_case_and_their_numbers_are_then_nobodys(
    cast: Cast, now: datetime
) -> None:
    case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
    made = issue(worker, case, now)
    code = code_of(made)
    cast.hire("hind", "Hind Inventée", Role.DATA_PROTECTION)
    supervisor, officer = cast.actor(Role.SUPERVISOR), cast.who("hind")
    cases.ask_erasure(case=case, reason="PERSON_ASKS", actor=supervisor, now=now)
    cases.approve_erasure(code=case.pk, actor=officer, now=now)
    cases.erase_case(code=case.pk, more_counts={}, backups_until=now, by="test", now=now)
    assert not IssuedPaper.objects.exists()
    assert queries.check_paper(code) is None


# Whoever asks.


def test_anybody_is_told_that_a_paper_stands_and_when_it_was_replaced(
    cast: Cast, now: datetime
) -> None:
    case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
    made = issue(worker, case, now)
    number, code = made.row.pk, code_of(made)

    def told(said: str) -> queries.Checked:
        return actions.check_paper(said=said, address="192.0.2.1", now=now)

    day = date(2026, 11, 21)
    assert told(code) == queries.Checked(number, day, None, by_code=True)
    for typed in (number, number.lower(), number.replace("-", " "), f" {number}\n"):
        assert told(typed) == queries.Checked(number, day, None, by_code=False)
    issue(worker, case, now + timedelta(days=1), sections=(("A", ("B",)),))
    assert told(code).replaced_on == date(2026, 11, 22)


# Taking one back.


def withdraw(actor: Actor, case: Case, number: str, now: datetime) -> None:
    actions.withdraw_paper(case=case, number=number, reason="MISUSED", actor=actor, now=now)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_paper_that_was_withdrawn_says_the_day_and_nothing_else(
    cast: Cast, now: datetime, language: str
) -> None:
    case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
    made = issue(worker, case, now)
    withdraw(worker, case, made.row.pk, now + timedelta(days=4))

    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    page = client.post(reverse("protection:check"), {"said": code_of(made)}).content.decode()
    main = page[page.index('role="status"') : page.index("<form", page.index('role="status"'))]
    assert "25" in main
    assert "2026" in main
    # Neither the day on which it was issued, nor why it was taken back, nor of whom it spoke.
    for secret in ("21", case.pk, "Zibéline", codes.label("PAPER_WITHDRAWN", "MISUSED", language)):
        assert secret not in main
    assert queries.check_paper(made.row.pk) is not None


def test_a_withdrawn_paper_is_printed_no_more_and_the_same_words_are_a_new_one(
    cast: Cast, now: datetime
) -> None:
    case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
    made = issue(worker, case, now)
    withdraw(worker, case, made.row.pk, now)
    with pytest.raises(Refused, match="PAPER_IS_WITHDRAWN"):
        actions.print_paper(case=case, number=made.row.pk, checked_at="", actor=worker, now=now)
    with pytest.raises(Refused, match="PAPER_IS_WITHDRAWN"):
        withdraw(worker, case, made.row.pk, now)
    assert issue(worker, case, now).row.pk != made.row.pk
    assert {one.row.pk: one.withdrawn_why for one in queries.issued(worker, case)}[
        made.row.pk
    ] == "MISUSED"


def test_whoever_issued_it_or_a_supervisor_takes_it_back_and_nobody_else(
    cast: Cast, now: datetime
) -> None:
    case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
    by_supervisor = issue(cast.actor(Role.SUPERVISOR), case, now)
    with pytest.raises(Refused, match="PAPER_OF_ANOTHER"):
        withdraw(worker, case, by_supervisor.row.pk, now)
    made = issue(worker, case, now, kind="RISK_SHEET")
    withdraw(cast.actor(Role.SUPERVISOR), case, made.row.pk, now)
    paper = queries.access_paper(worker, case, by_supervisor.row.pk)
    assert not queries.may_withdraw(worker, paper)


def test_why_a_paper_was_taken_back_lies_sealed(cast: Cast, now: datetime) -> None:
    case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
    withdraw(worker, case, issue(worker, case, now).row.pk, now)
    rows = [*IssuedPaper.objects.values_list(), *Compartment.objects.values_list()]
    stored = repr([bytes(v) if isinstance(v, memoryview) else v for row in rows for v in row])
    told = repr([bytes(entry.event or b"") for entry in Entry.objects.all()])
    assert "MISUSED" not in stored + told
    assert "protection.withdraw_paper" in told


def test_a_code_with_any_bit_changed_is_not_ours(cast: Cast, now: datetime) -> None:
    code = code_of(issue(cast.actor(Role.CASE_WORKER), a_case(cast), now))
    assert queries.check_paper(code) is not None
    for place in range(len(code)):
        for bit in range(8):
            changed = code[:place] + chr(ord(code[place]) ^ 1 << bit) + code[place + 1 :]
            assert queries.check_paper(changed) is None, (place, bit)


def test_a_code_that_the_node_signed_for_a_row_that_says_otherwise_is_not_ours(
    cast: Cast, now: datetime
) -> None:
    """A signature alone is not believed: whoever broke it would forge a code, and still no row."""
    row = issue(cast.actor(Role.CASE_WORKER), a_case(cast), now).row
    day, digest = row.day, bytes(row.digest)
    for claim in (
        papers.Claim(papers.new_number(), day, digest),
        papers.Claim(row.pk, day + timedelta(days=1), digest),
        papers.Claim(row.pk, day, bytes(32)),
    ):
        assert queries.check_paper(papers.qr_text(settings.OWN.seed, claim)) is None


@pytest.mark.parametrize("said", ["", ":", "P-", "AMANA1::::", "P-2222-2222", "MA-K7R4-2D9C"])
def test_rubbish_is_not_ours(db: None, said: str) -> None:
    assert queries.check_paper(said) is None


def test_whoever_tries_numbers_must_wait_and_locks_nobody_out(cast: Cast, now: datetime) -> None:
    made = issue(cast.actor(Role.CASE_WORKER), a_case(cast), now)
    for _ in range(FAILURES_ALLOWED["address"]):
        with pytest.raises(Refused, match="PAPER_NOT_OURS"):
            actions.check_paper(said=papers.new_number(), address="192.0.2.1", now=now)
    with pytest.raises(Refused, match="TRY_LATER"):
        actions.check_paper(said=made.row.pk, address="192.0.2.1", now=now)
    assert actions.check_paper(said=made.row.pk, address="192.0.2.2", now=now)
    assert len(set(Failure.objects.values_list("subject", flat=True))) == 1
    cast.cookies.pop(name_of(Role.DESK), None)
    assert cast.cookie(name_of(Role.DESK))


def test_a_number_of_a_foreign_case_and_one_of_nobody_are_one_answer(
    cast: Cast, now: datetime
) -> None:
    case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
    made = issue(worker, case, now)
    cast.hire("elsewhere", "Khadija Inventée", Role.CASE_WORKER, ("care-2",))
    # The second holds the team's key, and the case is in another's hands.
    cast.hire("colleague", "Une Collègue Inventée", Role.CASE_WORKER)
    for stranger in ("elsewhere", "colleague"):
        for said in (made.row.pk, code_of(made), papers.new_number()):
            with pytest.raises(NotFound):
                queries.find_paper(cast.who(stranger), said)
    other = a_case(cast)
    for number in (made.row.pk, papers.new_number()):
        with pytest.raises(NotFound):
            actions.print_paper(case=other, number=number, checked_at="", actor=worker, now=now)
    assert queries.find_paper(worker, code_of(made)).kind == "CARE_PLAN"
    assert CARE in worker.teams


# What nobody has to write.


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["RIGHTS_SHEET", "CONFIDENTIALITY_SHEET", "DANGER_SHEET"])
def test_the_fixed_papers_are_issued_in_every_language(
    cast: Cast, now: datetime, kind: str, language: str
) -> None:
    case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
    sections = queries.sections_of(worker, case, kind, language, now)
    made = issue(worker, case, now, kind=kind, sections=sections, language=language)
    assert made.sections == sections


def say(actor: Actor, case: Case, track: str, kind: str, now: datetime) -> None:
    wanted = Wanted(track, kind, now, actor.account_id, actor.role.value)
    actions.enter(case=case, wanted=wanted, reason="Zibéline", place="Derb", actor=actor, now=now)


def test_a_certificate_is_for_who_is_presumed_and_tells_nothing_of_what_happened(
    cast: Cast, now: datetime
) -> None:
    case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
    with pytest.raises(Refused, match="NOT_PRESUMED"):
        queries.sections_of(worker, case, "PRESUMED_CERTIFICATE", "fr", now)

    day = now + timedelta(days=2)
    say(cast.actor(Role.SUPERVISOR), case, "IDENTIFICATION", "PRESUMED", day)
    sections = queries.sections_of(worker, case, "PRESUMED_CERTIFICATE", "fr", day)

    said = repr(sections)
    assert "2026-11-21" in said
    assert "2026-11-23" in said
    for word in ("{", "Zibéline", "Derb", "Zoumana"):
        assert word not in said


def test_a_handover_tells_where_it_stands_and_what_is_owed_and_no_reason(
    cast: Cast, now: datetime
) -> None:
    case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
    say(worker, case, "PROTECTION", "STABILISE", now)
    say(worker, case, "", "RIGHTS_EXPLAINED", now)
    tracks, holds, owed, happened = (
        lines for _, lines in queries.sections_of(worker, case, "HANDOVER_SHEET", "en", now)
    )
    assert "Protection – Stabilisation – since 2026-11-21" in tracks
    assert len(tracks) == 7
    assert len(holds) == 1
    assert owed[0].endswith("until 2026-11-21 23:00")
    assert happened[0].startswith("2026-11-21 – ")
    for word in ("Zibéline", "Derb"):
        assert word not in repr((tracks, holds, owed, happened))


# The pages.


def test_a_paper_is_issued_printed_and_checked_on_the_pages(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    case, client = a_case(cast), visitor(cast, Role.CASE_WORKER)
    path = reverse("protection:papers", args=[case.pk])
    assert client.post(path, {"kind": "RIGHTS_SHEET", "language": "ar"}).status_code == 302
    (row,) = IssuedPaper.objects.all()
    assert row.number in client.get(path).content.decode()

    sheet = client.post(reverse("protection:print", args=[case.pk, row.number]))
    assert sheet["Content-Type"] == "application/pdf"
    assert sheet["Content-Disposition"] == f'attachment; filename="{row.number}.pdf"'
    assert sheet.content.startswith(b"%PDF")

    stranger = Client()
    told = stranger.post(reverse("protection:check"), {"said": row.number})
    assert told.status_code == 200
    page = told.content.decode()
    assert row.number in page
    for word in (case.pk, "Rights sheet", name_of(Role.CASE_WORKER)):
        assert word not in page
    assert case.pk in client.post(reverse("protection:find"), {"said": row.number}).content.decode()


def test_what_is_not_ours_is_refused_with_a_clear_word(
    cast: Cast, stopped_clock: StoppedClock
) -> None:
    answer = Client().post(reverse("protection:check"), {"said": papers.new_number()})
    assert answer.status_code == 422
    assert "not ours" in answer.content.decode()


def test_on_the_pages_too_a_foreign_case_is_a_missing_one(
    cast: Cast, now: datetime, stopped_clock: StoppedClock
) -> None:
    made = issue(cast.actor(Role.CASE_WORKER), a_case(cast), now)
    cast.hire("elsewhere", "Khadija Inventée", Role.CASE_WORKER, ("care-2",))
    client = Client()
    client.cookies[settings.SESSION_COOKIE] = cast.cookie("elsewhere").hex()

    def seen(said: str) -> tuple[int, Any]:
        answer = client.post(reverse("protection:find"), {"said": said})
        return answer.status_code, answer.context["objections"]

    assert seen(made.row.pk) == seen(papers.new_number()) == (422, ["PAPER_NOT_FOUND"])
    paths = [
        reverse("protection:print", args=[code, made.row.pk])
        for code in (made.row.case_id, "MA-NOWHERE")
    ]
    assert [client.post(path).status_code for path in paths] == [404, 404]


# What somebody wrote.

WISHED = {"needs": [{**row, "wish": "un souhait à elle"} for row in answers.NEEDS["needs"]]}
WRITTEN = {
    "RISK_SHEET": answers.RISK,
    "NEEDS_SHEET": WISHED,
    "CARE_PLAN": answers.PLAN,
    "SAFE_CONTACT_SHEET": answers.SAFE,
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", WRITTEN)
def test_a_kept_sheet_is_a_paper_in_every_language_and_says_what_was_kept(
    cast: Cast, now: datetime, kind: str, language: str
) -> None:
    case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
    with pytest.raises(NotFound):
        queries.sections_of(worker, case, kind, language, now)
    actions.keep_sheet(
        case=case, sheet=kind, values=WRITTEN[kind], replaces=0, actor=worker, now=now
    )
    assert kind in queries.kinds_made_here(worker, case)

    sections = queries.sections_of(worker, case, kind, language, now)
    made = issue(worker, case, now, kind=kind, sections=sections, language=language)
    paper = queries.printable(made, "http://localhost/papers/check")

    assert read(paper) == put_in(paper)
    # What was typed stands on it, whatever the code between made of it.
    said = [one for value in WRITTEN[kind].values() for one in typed(value)]
    assert said
    assert [one for one in said if folded(one) not in folded(read(paper))] == []


def typed(value: Any) -> list[str]:
    """Return what somebody wrote in her own words: no code, no day, no yes or no."""
    if isinstance(value, list):
        rows = [row for row in value if isinstance(row, dict)]
        return [one for row in rows for said in row.values() for one in typed(said)]
    return [value] if isinstance(value, str) and " " in value else []


def test_what_somebody_wrote_comes_under_the_fixed_words(cast: Cast, now: datetime) -> None:
    case, worker = a_case(cast), cast.actor(Role.CASE_WORKER)
    kind, values = "CONFIDENTIALITY_SHEET", answers.CONFIDENTIAL
    fixed = queries.sections_of(worker, case, kind, "fr", now)
    actions.keep_sheet(case=case, sheet=kind, values=values, replaces=0, actor=worker, now=now)

    sections = queries.sections_of(worker, case, kind, "fr", now)
    assert sections[: len(fixed)] == fixed
    added = " ".join(line for _, lines in sections[len(fixed) :] for line in lines)
    assert values["limits"] in added
