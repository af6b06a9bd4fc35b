"""A case that goes: decided by two, gone here at once, gone from backups in weeks, asked abroad."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core import serializers
from django.db import models
from django.db.utils import ConnectionHandler
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from amana.access.actions import keys
from amana.access.models import Erased, KeyWrap, Notice
from amana.access.queries import erased_keys, held_keys, open_wrap, peeled
from amana.access.rules import Actor, NotFound, Refused, Role, StepUp
from amana.cases import actions as cases
from amana.cases import queries as case_queries
from amana.cases.models import (
    Attachment,
    Card,
    Case,
    Compartment,
    Consent,
    Erasure,
    MatchToken,
)
from amana.cases.rules import IDENTITY
from amana.crypto.hybrid import public_of
from amana.exchange import queries as post_office
from amana.exchange.models import Message, Receipt
from amana.exchange.rules import Rank
from amana.exchange.tests.builders import other_country, receipt_parcel, receive_receipt
from amana.files import store
from amana.files.tests import samples
from amana.identification.models import Screening
from amana.referrals import actions, bodies, queries, rules
from amana.referrals.models import Referral
from amana.referrals.rules import State
from amana.referrals.tests import test_actions as told
from amana.referrals.tests.test_actions import Corridor
from tests.cast import THE_MOMENT as NOW
from tests.cast import Cast, StoppedClock, assemble, name_of
from tests.keeping import a_keeper

pytestmark = pytest.mark.django_db

# The same two desks as in the tests of the journey.
corridor = told.corridor
LATER = NOW + timedelta(days=1)


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings: Settings) -> Path:
    folder = tmp_path / "media"
    folder.mkdir()
    settings.MEDIA_ROOT = str(folder)
    return folder


@pytest.fixture
def officer(cast: Cast) -> Actor:
    """The data protection officer."""
    cast.hire("hind", "Hind Inventée", Role.DATA_PROTECTION)
    return cast.who("hind")


def asked(corridor: Corridor, case: Case) -> Erasure:
    return cases.ask_erasure(
        case=case, reason="PERSON_ASKS", actor=corridor.who(Role.SUPERVISOR), now=NOW
    )


def approved(corridor: Corridor, case: Case, by: Actor) -> Erasure:
    asked(corridor, case)
    return cases.approve_erasure(code=case.code, actor=by, now=NOW)


def erased(corridor: Corridor, case: Case, by: Actor) -> Erasure:
    approved(corridor, case, by)
    assert actions.erase_approved(LATER) == [case.code]
    return Erasure.objects.get(pk=case.code)


def carried(corridor: Corridor) -> None:
    """Let every message of ours arrive at the other country's node."""
    for message in Message.objects.filter(is_ours=True, rank=Rank.QUEUED):
        parcel = receipt_parcel(
            corridor.there,
            mid=message.mid,
            sha256=message.sha256,
            rank=Rank.RELAYED,
            own_public=public_of(post_office.own().seed),
            own_country="MA",
            now=NOW,
        )
        receive_receipt(parcel, caller="CI", now=NOW)


def referred(corridor: Corridor) -> Referral:
    """Return a referral whose dossier has left, with a file in the case."""
    referral = told.offered(corridor)
    assert referral.case is not None
    corridor.say(referral.pk, rules.ACKNOWLEDGE, {"by": "Mariam"})
    corridor.say(referral.pk, rules.ACCEPT, told.YES)
    actions.release_dossier(referral=referral, actor=corridor.who(Role.DESK), now=NOW)
    carried(corridor)
    cases.card_and_compare(case=referral.case, actor=corridor.who(Role.CASE_WORKER), now=NOW)
    cases.attach(
        case=referral.case,
        part=IDENTITY,
        content=samples.jpeg(),
        name="a.jpg",
        caption="",
        actor=corridor.who(Role.CASE_WORKER),
        now=NOW,
    )
    return referral


def every_key(case: Case) -> set[str]:
    """Return every key under which something of this person is sealed."""
    found = case_queries.key_ids_of(case)
    if case.screening is not None:
        found.add(case.screening.key_id)
    for referral in Referral.objects.filter(case=case):
        found.add(referral.key_id)
        for message in Message.objects.filter(conversation=referral.pk):
            found |= {message.key_id, message.cover_id} - {""}
    return found


# Two people.


def test_nobody_erases_a_case_alone(corridor: Corridor) -> None:
    case, supervisor = told.opened(corridor), corridor.who(Role.SUPERVISOR)
    asked(corridor, case)

    with pytest.raises(Refused, match="SECOND_PERSON_IS_THE_FIRST"):
        cases.approve_erasure(code=case.code, actor=supervisor, now=NOW)
    with pytest.raises(Refused, match="ERASURE_NOT_APPROVED"):
        actions.carry_out(code=case.code, by="command", now=NOW)
    assert actions.erase_approved(LATER) == []
    assert Case.objects.filter(pk=case.pk).exists()


def test_the_second_is_another_supervisor_of_the_case_or_the_data_protection_officer(
    corridor: Corridor, officer: Actor
) -> None:
    case = told.opened(corridor)
    asked(corridor, case)

    strangers = [corridor.cast.who("driss"), corridor.who(Role.CASE_WORKER)]
    for stranger in [*strangers, corridor.who(Role.DESK), corridor.who(Role.ADMINISTRATOR)]:
        with pytest.raises(NotFound):
            cases.approve_erasure(code=case.code, actor=stranger, now=NOW)
    assert [e.pk for e in case_queries.erasures_to_approve(officer)] == [case.code]
    assert case_queries.erasures_to_approve(corridor.who(Role.SUPERVISOR)) == []

    cases.approve_erasure(code=case.code, actor=corridor.cast.who("rachid"), now=NOW)

    with pytest.raises(Refused, match="NOTHING_TO_CONFIRM"):
        cases.approve_erasure(code=case.code, actor=officer, now=NOW)


def test_who_sat_there_for_long_shows_first_that_it_is_still_she(corridor: Corridor) -> None:
    case = told.opened(corridor)

    with pytest.raises(StepUp):
        cases.ask_erasure(
            case=case,
            reason="PERSON_ASKS",
            actor=corridor.who(Role.SUPERVISOR),
            now=NOW + timedelta(minutes=30),
        )


def test_a_case_that_somebody_lets_stand_stands(corridor: Corridor, officer: Actor) -> None:
    case = told.opened(corridor)
    asked(corridor, case)

    cases.decline_erasure(code=case.code, actor=officer, now=NOW)

    assert actions.erase_approved(LATER) == []
    assert asked(corridor, case).approved_by == ""


# Gone here.


def test_after_the_erasure_nothing_of_the_person_is_left_but_what_proves_the_exchange(
    corridor: Corridor, officer: Actor, media: Path
) -> None:
    referral = referred(corridor)
    case = referral.case
    assert case is not None
    held, receipts = every_key(case), Receipt.objects.count()
    numbers = set(Message.objects.values_list("mid", "sha256"))
    assert store.names(media)
    assert MatchToken.objects.exists()

    erasure = erased(corridor, case, officer)

    assert not KeyWrap.objects.filter(key_id__in=held).exists()
    assert set(Erased.objects.values_list("key_id", flat=True)) >= held
    for model in (Case, Compartment, Consent, Attachment, Card, MatchToken, Screening):
        assert not model.objects.exists(), model
    assert store.names(media) == set()
    assert set(Message.objects.values_list("mid", "sha256")) == numbers
    assert Receipt.objects.count() == receipts
    for message in Message.objects.all():
        assert (bytes(message.container), message.sealed_body) == (b"", None)
    referral.refresh_from_db()
    assert (referral.case, referral.sealed, referral.erased_case) == (None, None, case.code)
    assert (referral.age_band, referral.sex) == ("UNK", "UNK")
    # Three that people wrote, and the headline.
    assert erasure.counts["Compartment"] == 4
    assert erasure.counts["Attachment"] == erasure.counts["Consent"] == 1
    assert erasure.counts["Card"] == 1
    assert erasure.counts["Message"] == 4
    assert queries.told(referral).story.state is State.DOSSIER_SENT


def test_what_never_left_goes_without_a_trace_and_nobody_abroad_is_asked(
    corridor: Corridor, officer: Actor
) -> None:
    referral = told.offered(corridor)
    assert referral.case is not None
    held = every_key(referral.case)

    erased(corridor, referral.case, officer)

    assert not KeyWrap.objects.filter(key_id__in=held).exists()
    assert not Referral.objects.exists()
    assert not Message.objects.exists()


def test_a_message_that_waits_to_leave_no_longer_leaves_and_its_number_is_free(
    corridor: Corridor, officer: Actor
) -> None:
    referral = told.offered(corridor)
    case = referral.case
    assert case is not None
    carried(corridor)
    corridor.say(referral.pk, rules.ACKNOWLEDGE, {"by": "Mariam"})
    corridor.say(referral.pk, rules.ACCEPT, told.YES)
    actions.release_dossier(referral=referral, actor=corridor.who(Role.DESK), now=NOW)

    erased(corridor, case, officer)
    actions.recall(referral=Referral.objects.get(), actor=corridor.who(Role.DESK), now=NOW)

    ours = Message.objects.filter(is_ours=True).order_by("seq")
    assert [(m.kind, m.seq) for m in ours] == [(rules.OFFER, 1), (rules.ERASE, 2)]


def test_other_cases_stay_whole(corridor: Corridor, officer: Actor) -> None:
    first, second = told.opened(corridor), told.opened(corridor)
    worker = corridor.who(Role.CASE_WORKER)
    mine = case_queries.part_keys(second)

    erased(corridor, first, officer)

    assert set(held_keys(worker, mine)) == set(mine)
    assert case_queries.access_compartment(worker, second, IDENTITY)[1]["full_name"]
    assert [c.code for c in case_queries.cases(worker)] == [second.code]


# Gone from backups.


def test_a_saved_copy_opens_until_its_epoch_is_destroyed_and_never_after(
    tmp_path: Path, settings: Settings
) -> None:
    with a_keeper(tmp_path / "own-keeper") as process:
        settings.KEEPER = process.line
        cast = assemble()
        cast.hire("hind", "Hind Inventée", Role.DATA_PROTECTION)
        here = Corridor(cast, other_country())
        case = told.opened(here)
        copy = list(KeyWrap.objects.filter(key_id__in=every_key(case), team="care"))
        approved(here, case, cast.who("hind"))
        erasure = actions.carry_out(code=case.code, by="command", now=NOW)

        assert held_keys(here.who(Role.CASE_WORKER), every_of(copy)) == {}
        # Whoever has the copy and a session of the team reads it still: that is what takes weeks.
        worker = here.who(Role.CASE_WORKER)
        assert len([open_wrap(worker, w, inner) for w, inner in peeled(worker, copy)]) == len(copy)

        window = int(process.line.status()["window"])
        assert erasure.backups_until == NOW + timedelta(weeks=window + 1)
        for week in range(1, window + 2):
            keys.rotate(now=NOW + timedelta(weeks=week), by="test", force=True)
            worker = here.who(Role.CASE_WORKER)
            opens = len(peeled(worker, copy))
            assert opens == (len(copy) if week < window else 0), week


def every_of(copy: list[KeyWrap]) -> set[str]:
    return {w.key_id for w in copy}


def test_a_backup_that_is_put_back_is_erased_again(corridor: Corridor, officer: Actor) -> None:
    case, other = told.opened(corridor), told.opened(corridor)
    told.agreed(corridor, case)
    held = every_key(case)
    tables: tuple[type[models.Model], ...] = (Screening, Case, Compartment, Consent, KeyWrap)
    backup = [serializers.serialize("json", m._default_manager.all()) for m in tables]
    erased(corridor, case, officer)
    ledger = erased_keys()

    Erased.objects.all().delete()
    Erasure.objects.all().delete()
    KeyWrap.objects.all().delete()
    for table in backup:
        for row in serializers.deserialize("json", table):
            row.save()
    assert KeyWrap.objects.filter(key_id__in=held).exists()
    keys.replay_erasures(ledger=ledger, now=LATER)

    assert not KeyWrap.objects.filter(key_id__in=held).exists()
    assert cases.give_up_restored(LATER) == [case.code]
    assert actions.erase_approved(LATER) == [case.code]
    assert list(Case.objects.all()) == [other]
    assert cases.give_up_restored(LATER) == []


def test_a_part_that_was_replaced_comes_back_with_no_backup_either(corridor: Corridor) -> None:
    case, worker = told.opened(corridor), corridor.who(Role.CASE_WORKER)
    n_parts = Compartment.objects.count()
    written = cases.write_compartment(
        case=case, name="location_site", changes={"text": "x"}, version=1, actor=worker, now=NOW
    )
    keys.erase_keys(key_ids=[written.key_id], now=NOW, by="test")

    assert cases.give_up_restored(LATER) == []
    assert Compartment.objects.filter(case=case).count() == n_parts


def test_the_journal_of_the_database_holds_no_row_that_was_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, canary = tmp_path / "a.sqlite3", b"a wrap that must go"
    wal = "PRAGMA journal_mode=WAL;PRAGMA secure_delete=ON;"
    here = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(file)}
    own = ConnectionHandler({"default": {**here, "OPTIONS": {"init_command": wal}}})["default"]
    with own.cursor() as cursor:
        cursor.execute("CREATE TABLE wraps (wrapped BLOB)")
        cursor.execute("INSERT INTO wraps VALUES (%s)", [canary])
        cursor.execute("DELETE FROM wraps")

    def lying() -> bytes:
        return b"".join(p.read_bytes() for p in tmp_path.glob("a.sqlite3*"))

    assert canary in lying()
    monkeypatch.setattr(keys, "connection", own)
    assert keys.leave_no_trace()
    assert canary not in lying()
    own.close()


# The other country.


def test_the_other_country_is_asked_by_the_desk_and_its_answer_is_on_the_certificate(
    corridor: Corridor, officer: Actor
) -> None:
    referral, desk = referred(corridor), corridor.who(Role.DESK)
    assert referral.case is not None
    with pytest.raises(Refused, match="NOTHING_TO_RECALL"):
        actions.recall(referral=referral, actor=desk, now=NOW)
    erasure = erased(corridor, referral.case, officer)
    referral = queries.access_referral(desk, referral.code)
    due = queries.must_recall(desk, queries.told(referral))
    assert due == queries.Recall("ERASED_HERE", [])

    actions.recall(referral=referral, actor=desk, now=LATER)

    request = corridor.reads(Message.objects.get(kind=rules.ERASE))
    assert request == {"m": "M14", "by": desk.name, "recall_for": "ERASED_HERE"}
    assert told.story(referral) is State.RECALLED
    clock = queries.told(referral).watches[-1]
    assert (clock.key, clock.country, clock.is_met) == ("data_recall", "CI", False)
    assert clock.due_at == LATER + timedelta(hours=72)

    fate = {"by": "Mariam", "erased_on": "2026-11-23", "in_backups_until": "2027-01-04"}
    corridor.say(referral.pk, rules.ERASED, fate)

    referral.refresh_from_db()
    assert told.story(referral) is State.RECALL_ANSWERED
    assert [str(referral.erased_on), str(referral.in_backups_until)] == ["2026-11-23", "2027-01-04"]
    assert queries.told(referral).watches[-1].is_met
    assert queries.erased_with(erasure.pk) == [referral]


def test_a_consent_taken_back_lets_the_desk_ask_although_the_case_stands(
    corridor: Corridor,
) -> None:
    referral, desk = referred(corridor), corridor.who(Role.DESK)
    worker = corridor.who(Role.CASE_WORKER)
    cases.withdraw_consent(consent_id=Consent.objects.get().pk, actor=worker, now=NOW)

    actions.recall(referral=referral, actor=desk, now=NOW)
    corridor.say(referral.pk, rules.ERASED, {"by": "Mariam", "kept_for": "PROCEEDINGS"})

    referral.refresh_from_db()
    assert (referral.kept_for, referral.erased_on) == ("PROCEEDINGS", None)
    assert referral.case is not None
    assert told.kinds_of(referral.case)[-2:] == ["recall_sent", "recall_answered"]
    with pytest.raises(Refused, match="NOTHING_TO_RECALL"):
        actions.recall(referral=referral, actor=desk, now=NOW)


def recalled(corridor: Corridor, referral: Referral) -> None:
    corridor.say(referral.pk, rules.ERASE, {"by": "Mariam", "recall_for": "ERASED_HERE"})


def test_asked_from_abroad_the_case_is_erased_by_two_and_the_desk_says_since_when(
    corridor: Corridor, officer: Actor
) -> None:
    referral, desk = told.accepted(corridor), corridor.who(Role.DESK)
    assert referral.case is not None
    recalled(corridor, referral)
    notice = Notice.objects.filter(kind="RECALL", reference=referral.code)
    assert {n.account.role for n in notice} == {Role.SUPERVISOR}
    with pytest.raises(Refused, match="ERASE_THE_CASE_FIRST"):
        actions.answer_recall(referral=referral, actor=desk, now=NOW)

    erased(corridor, referral.case, officer)
    actions.answer_recall(
        referral=queries.access_referral(desk, referral.code), actor=desk, now=LATER
    )

    answer = corridor.reads(Message.objects.get(kind=rules.ERASED))
    assert answer == {
        "m": "M14",
        "by": desk.name,
        "erased_on": "2026-11-22",
        "in_backups_until": str((LATER + timedelta(weeks=6)).date()),
    }
    assert told.story(referral) is State.RECALL_ANSWERED


def test_what_never_became_a_case_is_erased_by_the_answer(corridor: Corridor) -> None:
    referral, desk = told.received(corridor), corridor.who(Role.DESK)
    held = every_key_of(referral)
    recalled(corridor, referral)

    actions.answer_recall(referral=referral, actor=desk, now=NOW)

    assert not KeyWrap.objects.filter(key_id__in=held).exists()
    answer = corridor.reads(Message.objects.get(kind=rules.ERASED))
    assert answer["erased_on"] == "2026-11-21"
    with pytest.raises(Refused, match="RECALL_WAS_ANSWERED"):
        actions.answer_recall(referral=referral, actor=desk, now=NOW)


def every_key_of(referral: Referral) -> set[str]:
    rows = Message.objects.filter(conversation=referral.pk)
    return {k for pair in rows.values_list("key_id", "cover_id") for k in pair} - {""}


def test_a_supervisor_of_the_case_may_state_the_ground_on_which_it_is_kept(
    corridor: Corridor,
) -> None:
    referral, desk = told.accepted(corridor), corridor.who(Role.DESK)
    supervisor = corridor.who(Role.SUPERVISOR)
    with pytest.raises(Refused, match="NOT_RECALLED"):
        actions.keep_on_ground(referral=referral, ground="PROCEEDINGS", actor=supervisor, now=NOW)
    recalled(corridor, referral)
    for stranger in (desk, corridor.who(Role.CASE_WORKER), corridor.cast.who("driss")):
        with pytest.raises(NotFound):
            actions.keep_on_ground(referral=referral, ground="PROCEEDINGS", actor=stranger, now=NOW)

    actions.keep_on_ground(referral=referral, ground="PROCEEDINGS", actor=supervisor, now=NOW)
    actions.answer_recall(referral=referral, actor=desk, now=NOW)

    answer = corridor.reads(Message.objects.get(kind=rules.ERASED))
    assert answer == {"m": "M14", "by": desk.name, "kept_for": "PROCEEDINGS"}
    assert Case.objects.filter(pk=referral.case_id).exists()


def test_after_a_recall_nothing_else_is_said(corridor: Corridor) -> None:
    referral, desk = told.received(corridor), corridor.who(Role.DESK)
    recalled(corridor, referral)

    with pytest.raises(Refused, match="WAS_RECALLED"):
        actions.acknowledge(referral=referral, actor=desk, now=NOW)
    with pytest.raises(Refused, match="WAS_RECALLED"):
        actions.accept(referral=referral, promise=told.YES, actor=desk, now=NOW)


@pytest.mark.parametrize(
    ("kind", "body", "is_whole"),
    [
        (rules.ERASE, {"by": "M", "recall_for": "ERASED_HERE"}, True),
        (rules.ERASE, {"by": "M", "recall_for": "because"}, False),
        (rules.ERASE, {"by": "M"}, False),
        (rules.ERASED, {"by": "M", "kept_for": "PROCEEDINGS"}, True),
        (rules.ERASED, {"by": "M", "kept_for": "no"}, False),
        (rules.ERASED, {"by": "M"}, False),
        (rules.ERASED, {"by": "M", "erased_on": "2026-11-22"}, False),
        (
            rules.ERASED,
            {"by": "M", "erased_on": "2026-11-22", "in_backups_until": "2027-01-04"},
            True,
        ),
        (rules.ERASED, {"by": "M", "erased_on": 7, "in_backups_until": "2027-01-04"}, False),
    ],
)
def test_a_recall_and_its_answer_say_what_they_must(
    kind: str, body: dict[str, object], is_whole: bool
) -> None:
    assert bodies.is_whole(kind, body) == is_whole


# On the page.


@pytest.fixture
def page(
    corridor: Corridor, officer: Actor, settings: Settings, stopped_clock: StoppedClock
) -> Callable[..., str]:
    client = Client()

    def asked_for(name: str, *args: str, by: str, said: dict[str, str] | None = None) -> str:
        client.cookies[settings.SESSION_COOKIE] = corridor.cast.cookie(by).hex()
        path = reverse(name, args=args)
        answer = client.get(path) if said is None else client.post(path, said, follow=True)
        assert answer.status_code == 200, (name, answer.status_code)
        return answer.content.decode()

    return asked_for


def test_an_erasure_goes_through_the_pages_to_its_certificate(
    corridor: Corridor, page: Callable[..., str]
) -> None:
    referral = referred(corridor)
    assert referral.case is not None
    code, boss = referral.case.code, name_of(Role.SUPERVISOR)
    assert reverse("cases:erase", args=[code]) in page("cases:case", code, by=boss)

    page("cases:erase", code, by=boss)
    page("cases:erase", code, by=boss, said={"reason": "PERSON_ASKS"})
    assert reverse("cases:erasure-approve", args=[code]) in page("cases:erasures", by="hind")
    page("cases:erasure-approve", code, by="hind", said={})
    actions.erase_approved(NOW)

    desk = name_of(Role.DESK)
    assert "data-state" in page("referrals:referral", referral.code, by=desk)
    page("referrals:recall", referral.code, by=desk, said={})
    fate = {"by": "Mariam", "erased_on": "2026-11-23", "in_backups_until": "2027-01-04"}
    corridor.say(referral.pk, rules.ERASED, fate)
    for reader in ("hind", boss):
        certificate = page("referrals:certificate", code, by=reader)
        assert code in certificate
        for name in (told.ALIAS, told.FULL_NAME, told.PHONE):
            assert name not in certificate
    assert page("desk:home", by="hind")


def test_a_recall_from_abroad_is_kept_or_answered_on_the_page(
    corridor: Corridor, page: Callable[..., str]
) -> None:
    referral = told.accepted(corridor)
    recalled(corridor, referral)
    boss, desk = name_of(Role.SUPERVISOR), name_of(Role.DESK)

    assert reverse("referrals:keep", args=[referral.code]) in page(
        "referrals:referral", referral.code, by=boss
    )
    page("referrals:keep", referral.code, by=boss, said={"ground": "PROCEEDINGS"})
    shown = page("referrals:referral", referral.code, by=desk)
    assert reverse("referrals:answer-recall", args=[referral.code]) in shown
    page("referrals:answer-recall", referral.code, by=desk, said={})

    assert told.story(referral) is State.RECALL_ANSWERED
