"""What climbs is written once, the same at both ends, whatever a worker or its clock does."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings as site
from django.db import transaction
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amana.access.actions.keys import issue_key
from amana.access.models import Notice
from amana.access.queries import of_role
from amana.access.rules import DESK, NotFound, Refused, Role
from amana.audit.models import Entry
from amana.audit.queries import first_fault
from amana.crypto.hybrid import public_of
from amana.exchange import actions as exchange
from amana.exchange import queries as post_office
from amana.exchange.directory import fingerprint_in
from amana.exchange.models import Message
from amana.exchange.tests.builders import (
    OtherCountry,
    header_for,
    other_country,
    parcel,
    receive_message,
    sealed,
)
from amana.letters.models import Thread
from amana.referrals import rules as referrals
from amana.referrals.models import Referral
from amana.referrals.queries import everything
from amana.standards import agreements, clocks
from amana.watch import actions, queries, rules
from amana.watch.models import Call, Duty, Missed, Ping, PlanB, Rung
from tests.cast import THE_MOMENT as NOW
from tests.cast import Cast

pytestmark = pytest.mark.django_db

CI, MA = "CI", "MA"
CODE = "R-AAAA-AAA"
# Long after everything: every rung has been reached, or never will be.
END = NOW + timedelta(days=60)


@dataclass(frozen=True)
class Line:
    """One message of a referral that Côte d'Ivoire offered to Morocco."""

    mid: str
    kind: str
    sender: str
    seq: int
    after: timedelta
    in_reply_to: str = ""

    def arrive(self, country: str) -> None:
        """Lie at a node of this country, opened."""
        Message.objects.create(
            mid=self.mid,
            is_ours=self.sender == country,
            country=MA if country == CI else CI,
            container=b"",
            sha256="",
            outer=b"",
            expires_at=END,
            stored_at=NOW + self.after,
            rank=2,
            kind=self.kind,
            conversation="c" * 32,
            seq=self.seq,
            in_reply_to=self.in_reply_to,
            written_at=NOW + self.after,
        )


@contextmanager
def a_node_of(country: str, tier: str) -> Iterator[Referral]:
    """Be the node of a country that holds this one referral, and leave no trace of it."""
    own = replace(site.OWN, country=country)
    with override_settings(OWN=own), transaction.atomic():
        yield Referral.objects.create(
            id="c" * 32,
            code=CODE,
            is_ours=country == CI,
            country=MA if country == CI else CI,
            tier=tier,
            age_band="UNK",
            sex="UNK",
            prepared_at=NOW,
            key_id="k",
        )
        transaction.set_rollback(True)


OFFER = Line("m0", referrals.OFFER, CI, 1, timedelta())


def standing() -> set[tuple[str, str, int, str, datetime]]:
    """Return the rungs that count, as the other country would name them."""
    return {
        (r.mid, r.clock, r.level, r.country, r.at) for r in Rung.objects.filter(cleared_at=None)
    }


def hours(low: int, high: int) -> st.SearchStrategy[timedelta]:
    return st.integers(low * 60, high * 60).map(lambda minutes: timedelta(minutes=minutes))


@st.composite
def logs(draw: st.DrawFn) -> list[Line]:
    """Draw what two countries said after an offer: nothing, some of it, or all, late or in time."""
    found, at = [OFFER], timedelta()
    for kind in (referrals.ACKNOWLEDGE, referrals.ASK, referrals.ACCEPT):
        if not draw(st.booleans()):
            continue
        at += draw(hours(0, 24 * 12))
        found.append(Line(f"t{len(found)}", kind, MA, len(found), at))
        if kind == referrals.ASK and draw(st.booleans()):
            reply = at + draw(hours(0, 24 * 9))
            found.append(Line("r", referrals.REPLY, CI, 2, reply, found[-1].mid))
    return found


def lived(
    country: str, tier: str, log: Sequence[Line], ran: Sequence[timedelta]
) -> set[tuple[str, str, int, str, datetime]]:
    """Let messages arrive in this order at a node whose worker runs in between, at any hour."""
    with a_node_of(country, tier):
        for number, line in enumerate(log):
            line.arrive(country)
            actions.climb(NOW + ran[number % len(ran)])
        for _ in range(2):
            actions.climb(END)
        # Set back by two months, it takes nothing away.
        actions.climb(NOW - timedelta(days=60))
        return standing()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    log=logs(),
    tier=st.sampled_from(["emergency", "child", "adult"]),
    ran=st.lists(hours(-24, 24 * 50), min_size=1, max_size=6),
    data=st.data(),
)
def test_both_countries_write_the_same_rungs_to_the_second_whatever_came_when(
    cast: Cast, log: list[Line], tier: str, ran: list[timedelta], data: st.DataObject
) -> None:
    here = lived(CI, tier, log, ran)
    there = lived(MA, tier, data.draw(st.permutations(log)), data.draw(st.permutations(ran)))

    assert here == there
    acknowledged = any(line.kind == referrals.ACKNOWLEDGE for line in log)
    assert acknowledged or ("m0", "human_acknowledgement", 4) in {row[:3] for row in here}


@contextmanager
def a_thread_at(country: str) -> Iterator[None]:
    """Be the node of a country in which this call for help stands, and leave no trace of it."""
    own = replace(site.OWN, country=country)
    with override_settings(OWN=own), transaction.atomic():
        Thread.objects.create(
            id="c" * 32,
            code=f"L-{country}",
            is_ours=country == CI,
            country=MA if country == CI else CI,
            topic="emergency",
            tier="emergency",
            begun_at=NOW,
            key_id="k",
        )
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize("answered", [None, 1, 3, 13])
def test_a_call_for_help_climbs_on_both_sides_at_the_same_hours_until_somebody_reads_it(
    cast: Cast, answered: int | None
) -> None:
    call = Line("m0", "emergency", CI, 1, timedelta())
    read = Line("r0", "letter.read", MA, 1, timedelta(hours=answered or 0), "m0")
    found = {}
    for country in (CI, MA):
        with a_thread_at(country):
            call.arrive(country)
            for hour in (0, 1, 2, 3, 4, 5, 12, 13, 24):
                if answered is not None and hour == answered:
                    read.arrive(country)
                actions.climb(NOW + timedelta(hours=hour))
            actions.climb(END)
            found[country] = standing()

    assert found[CI] == found[MA]
    climbed = {(level, int((at - NOW) / timedelta(hours=1))) for _, _, level, _, at in found[CI]}
    # Two hours to be read, a call two hours later, another way after twelve (domain §5.4, §5.5).
    hours_of = {1: 2, 2: 4, 3: 12}
    wanted = {(n, h) for n, h in hours_of.items() if answered is None or h <= answered}
    assert {row for row in climbed if row[0] in hours_of} == wanted


def told(kind: str) -> list[str]:
    return sorted(Notice.objects.filter(kind=kind).values_list("account__role", flat=True))


def test_each_rung_is_told_once_to_whom_it_concerns_on_the_side_that_waits(cast: Cast) -> None:
    cast.hire("plan", "Planificatrice Inventée", Role.PLAN)
    with a_node_of(CI, "adult"):
        OFFER.arrive(CI)
        for ran in (0, 24, 25, 48, 48, 96, 97, 24 * 10, 24 * 20):
            actions.climb(NOW + timedelta(hours=ran))

        assert told("SILENCE_0") == []
        assert told("SILENCE_1") == ["R06"]
        assert told("SILENCE_2") == ["R06", "R07"]
        assert set(told("SILENCE_4")) == {"R07", "R20"}
        assert {n.reference for n in Notice.objects.all()} == {CODE}


def test_the_side_that_owes_is_reminded_at_half_of_the_time_and_the_other_is_not(
    cast: Cast,
) -> None:
    with a_node_of(MA, "child"):
        OFFER.arrive(MA)
        actions.climb(NOW + timedelta(hours=12))

        assert told("SILENCE_0") == ["R06"]


def test_who_is_on_duty_is_told_first_and_nobody_else_of_the_desk(cast: Cast) -> None:
    second = cast.hire("second", "Seconde Inventée", Role.DESK)
    Duty.objects.create(
        account_id=second.pk, begins=NOW, ends=NOW + timedelta(days=7), planned_by="test"
    )
    with a_node_of(MA, "child"):
        OFFER.arrive(MA)
        actions.climb(NOW + timedelta(hours=12))

        assert [n.account_id for n in Notice.objects.filter(kind="SILENCE_0")] == [second.pk]


def test_a_node_that_slept_a_month_notes_every_rung_and_tells_only_the_highest(
    cast: Cast,
) -> None:
    with a_node_of(CI, "child"):
        OFFER.arrive(CI)
        actions.climb(END)

        rungs = Rung.objects.filter(clock="human_acknowledgement")
        assert sorted(rungs.values_list("level", flat=True)) == [0, 1, 2, 3, 4]
        assert {n.kind for n in Notice.objects.filter(kind__startswith="SILENCE")} == {"SILENCE_4"}
        assert {r.noted_at for r in rungs} == {END}
        assert len({r.at for r in rungs}) == 5


def test_a_word_that_was_on_its_way_clears_what_was_noted_and_tells_nobody_again(
    cast: Cast,
) -> None:
    with a_node_of(CI, "child"):
        OFFER.arrive(CI)
        actions.climb(NOW + timedelta(hours=30))
        before = Notice.objects.count()

        Line("a", referrals.ACKNOWLEDGE, MA, 1, timedelta(hours=3)).arrive(CI)
        actions.climb(NOW + timedelta(hours=31))

        assert {r[:3] for r in standing()} == set()
        assert Rung.objects.filter(cleared_at__isnull=False).count() == 2
        assert Notice.objects.count() == before
        assert on_record("watch.clear") == 2


def on_record(verb: str) -> int:
    """Return how often an act stands in the record."""
    events = Entry.objects.exclude(event=None).values_list("event", flat=True)
    return sum(f'"{verb}"'.encode() in bytes(event or b"") for event in events)


def test_a_receipt_that_does_not_come_is_noted_once_and_cleared_when_it_comes(cast: Cast) -> None:
    with a_node_of(CI, "emergency"):
        OFFER.arrive(CI)
        Message.objects.update(rank=0)
        for minutes in (14, 16, 17, 16):
            actions.climb(NOW + timedelta(minutes=minutes))

        assert told("RELAY_FAILED") == ["R06"]
        assert on_record("watch.relay_failed") == 1
        Message.objects.update(rank=1)
        actions.climb(NOW + timedelta(hours=4))

        assert {(m.clock, m.cleared_at is None) for m in Missed.objects.all()} == {
            ("relayed", False),
            ("delivered", True),
        }
        assert told("NON_DELIVERED") == ["R06"]


def test_the_other_country_notes_no_receipt_of_a_message_that_is_not_its_own(cast: Cast) -> None:
    with a_node_of(MA, "emergency"):
        OFFER.arrive(MA)
        Message.objects.update(rank=0)
        actions.climb(END)

        assert not Missed.objects.exists()


# The list, and what people do about a silence.


@pytest.fixture
def silent(cast: Cast) -> Iterator[Referral]:
    """A child whom we offered five days ago, and nobody answers."""
    with a_node_of(CI, "child") as referral:
        OFFER.arrive(CI)
        desk = cast.actor(Role.DESK)
        referral.key_id, _ = issue_key(DESK, actor=desk)
        referral.save()
        yield referral


LATER = NOW + timedelta(days=5)


def test_the_list_says_how_high_a_silence_stands_what_to_do_and_asks_for_a_plan(
    cast: Cast, silent: Referral
) -> None:
    first, second = queries.owed(LATER)

    assert (first.clock, first.level, first.does) == ("human_acknowledgement", 3, "FALLBACK")
    assert first.is_plan_missing
    assert not first.is_ours
    assert (second.clock, second.is_plan_missing) == ("decision", False)

    actions.choose_plan(
        referral=silent, plan="OTHER_KIN", words="", actor=cast.actor(Role.DESK), now=LATER
    )
    assert not any(one.is_plan_missing for one in queries.owed(LATER))


def test_the_words_of_a_call_open_for_the_desk_and_for_no_coordinator(
    cast: Cast, silent: Referral
) -> None:
    desk, coordinator = cast.actor(Role.DESK), cast.actor(Role.COORDINATOR)
    said = "La tante Zoumana garde l’enfant"
    for actor, words in ((desk, said), (coordinator, "")):
        actions.log_call(
            referral=silent,
            whom="DUTY_OFFICER",
            outcome="NOBODY",
            words=words,
            actor=actor,
            now=LATER,
        )

    assert sorted(words for _, words in queries.silence(desk, silent).calls) == ["", said]
    assert {words for _, words in queries.silence(coordinator, silent).calls} == {""}
    row = Call.objects.get(by=desk.account_id)
    assert said.encode() not in bytes(row.sealed or b"")
    with pytest.raises(NotFound):
        actions.log_call(
            referral=silent,
            whom="DUTY_OFFICER",
            outcome="NOBODY",
            words=said,
            actor=coordinator,
            now=LATER,
        )
    with pytest.raises(NotFound):
        actions.choose_plan(
            referral=silent, plan="STAY", words="", actor=cast.actor(Role.CASE_WORKER), now=LATER
        )
    assert not PlanB.objects.exists()


def test_the_committees_list_holds_codes_numbers_and_days_and_ends_with_a_word(
    cast: Cast, silent: Referral
) -> None:
    actions.climb(END)
    (acknowledgement, decision) = queries.unanswered(END)

    assert (acknowledgement.code, acknowledgement.mid, acknowledgement.country) == (CODE, "m0", MA)
    assert acknowledgement.days == 59
    assert decision.clock == "decision"

    Line("a", referrals.ACKNOWLEDGE, MA, 1, timedelta(days=58)).arrive(CI)
    assert [one.clock for one in queries.unanswered(END)] == ["decision"]


# Clocks of an agreement.


def test_the_clocks_that_an_agreement_names_hold_on_both_sides(cast: Cast, tmp_path: Path) -> None:
    """A temporary agreement gives 36 hours for a child where our own clocks give 24."""
    folder = an_agreement_with_36_hours(tmp_path)

    def due(country: str) -> datetime:
        with a_node_of(country, "child"):
            OFFER.arrive(country)
            (one,) = everything()
            return next(w.due_at for w in one.watches if w.key == "human_acknowledgement")

    before = {due(CI), due(MA)}
    with override_settings(AGREEMENTS=(folder,)):
        after = {due(CI), due(MA)}
        with a_node_of(CI, "child"):
            OFFER.arrive(CI)
            actions.climb(NOW + timedelta(hours=30))
            assert {r[2] for r in standing()} == {0}

    assert before == {NOW + timedelta(hours=24)}
    assert after == {NOW + timedelta(hours=36)}


def an_agreement_with_36_hours(folder: Path) -> Path:
    """Write a rendering whose clocks lie beside it and differ in one value."""
    source = next(agreements.AGREEMENTS.glob("ci-ma-memorandum.*.json"))
    said = json.loads(source.read_text(encoding="utf-8"))
    said["clocks"] = {"name": "thirty-six", "version": "2026-11-26"}
    (folder / "clocks").mkdir()
    one = clocks.clock("human_acknowledgement", "child")
    row = {
        "key": one.key,
        "tier": one.tier,
        "value": 36,
        "unit": "hour",
        "source": one.source,
        "mark": one.mark,
        "date": "2026-11-26",
    }
    held = {"name": "thirty-six", "version": "2026-11-26", "clocks": [row]}
    (folder / "clocks" / "thirty-six.2026-11-26.json").write_text(json.dumps(held))
    (folder / source.name).write_text(json.dumps(said), encoding="utf-8")
    return folder


# Duty.


def plan(cast: Cast, days: tuple[int, int], *, by: Role = Role.COORDINATOR) -> Duty:
    return actions.plan_duty(
        account_id=cast.actor(Role.DESK).account_id,
        begins=NOW + timedelta(days=days[0]),
        ends=NOW + timedelta(days=days[1]),
        is_alternate=False,
        actor=cast.actor(by),
        now=NOW,
    )


def test_hours_are_planned_once_by_who_may_and_only_for_the_desk(cast: Cast) -> None:
    assert plan(cast, (0, 7)) == plan(cast, (0, 7))
    assert queries.on_duty(NOW) == {cast.actor(Role.DESK).account_id}
    assert queries.on_duty(NOW + timedelta(days=7)) == set()
    for days, code in (((2, 2), "DUTY_HOURS"), ((0, 32), "DUTY_HOURS"), ((-3, -1), "DUTY_IS_PAST")):
        with pytest.raises(Refused) as refused:
            plan(cast, days)
        assert refused.value.objections == [code]
    with pytest.raises(NotFound):
        plan(cast, (0, 1), by=Role.CASE_WORKER)
    with pytest.raises(Refused):
        actions.plan_duty(
            account_id=cast.actor(Role.CASE_WORKER).account_id,
            begins=NOW,
            ends=NOW + timedelta(days=1),
            is_alternate=False,
            actor=cast.actor(Role.DESK),
            now=NOW,
        )


def test_hours_that_began_are_cut_and_never_forgotten(cast: Cast) -> None:
    row, now = plan(cast, (-1, 7)), NOW
    actions.drop_duty(number=row.pk, actor=cast.actor(Role.DESK), now=now)

    row.refresh_from_db()
    assert row.ends == now
    with pytest.raises(Refused):
        actions.drop_duty(number=row.pk, actor=cast.actor(Role.DESK), now=now)
    ahead = plan(cast, (1, 2))
    actions.drop_duty(number=ahead.pk, actor=cast.actor(Role.DESK), now=now)
    assert list(Duty.objects.all()) == [row]


def test_a_gap_of_the_coming_week_is_told_once_a_day_until_somebody_is_planned(cast: Cast) -> None:
    plan(cast, (0, 6))
    assert actions.warn_of_gaps(NOW) == 1
    assert actions.warn_of_gaps(NOW + timedelta(hours=1)) == 0
    assert actions.warn_of_gaps(NOW + timedelta(days=1, hours=1)) == 1
    assert told("DUTY_GAP") == ["R07", "R07"]

    plan(cast, (6, 12))
    assert actions.warn_of_gaps(NOW + timedelta(days=3)) == 0


# The monthly question.


@dataclass
class Partner:
    """The desk of the other country, with its own keys."""

    cast: Cast
    there: OtherCountry

    def say(
        self, conversation: str, kind: str, body: dict[str, str], *, seq: int = 1, to: str = ""
    ) -> None:
        """Let the other desk say something, and open it here."""
        own_public = public_of(self.cast.keys[DESK].seed)
        header = header_for(
            self.there,
            to=post_office.own().desk,
            to_public=own_public,
            kind=kind,
            conversation=conversation,
            seq=seq,
            now=NOW,
            in_reply_to=to,
        )
        message = sealed(header, body, signer=self.there.desk, to_public=own_public, to_country=MA)
        receive_message(parcel(message, self.there.node), by=self.there, now=NOW)
        exchange.open_messages(actor=self.cast.actor(Role.DESK), now=NOW)


@pytest.fixture
def partner(cast: Cast) -> Iterator[Partner]:
    there = other_country()
    file = there.directory_file(NOW)
    exchange.pin_peer(file=file, fingerprint=fingerprint_in(file), now=NOW, by="test")
    yield Partner(cast, there)
    assert first_fault() is None


def test_a_desk_that_opens_its_tray_asks_once_a_month_and_no_more(partner: Partner) -> None:
    desk = partner.cast.actor(Role.DESK)
    for day in (0, 0, 5, 8):
        exchange.open_tray(actor=desk, now=NOW + timedelta(days=day))
    assert [p.month for p in Ping.objects.all()] == ["2026-11"]

    exchange.open_tray(actor=desk, now=NOW + timedelta(days=10))
    assert sorted(p.month for p in Ping.objects.all()) == ["2026-11", "2026-12"]
    assert set(Message.objects.values_list("kind", flat=True)) == {"ping"}


def test_what_no_agreement_lets_pass_is_not_asked_and_keeps_nobody_from_the_mail(
    partner: Partner, tmp_path: Path
) -> None:
    with override_settings(AGREEMENTS=(tmp_path,)):
        exchange.open_tray(actor=partner.cast.actor(Role.DESK), now=NOW)

    assert not Ping.objects.exists()
    (found,) = queries.partners(NOW)
    assert found.is_due


def test_a_person_answers_the_other_desks_question_once(partner: Partner) -> None:
    conversation, desk = "d" * 32, partner.cast.actor(Role.DESK)
    partner.say(conversation, rules.PING, {"month": "2026-11"})

    assert told("PING") == ["R06"]
    (found,) = queries.partners(NOW)
    assert [pk for pk, _ in found.to_answer] == [conversation]
    with pytest.raises(NotFound):
        actions.answer_ping(
            conversation=conversation, actor=partner.cast.actor(Role.COORDINATOR), now=NOW
        )

    actions.answer_ping(conversation=conversation, actor=desk, now=NOW)
    with pytest.raises(Refused):
        actions.answer_ping(conversation=conversation, actor=desk, now=NOW)
    assert queries.partners(NOW)[0].to_answer == []


def test_the_other_desks_answer_ends_our_question(partner: Partner) -> None:
    exchange.open_tray(actor=partner.cast.actor(Role.DESK), now=NOW)
    asked = Message.objects.get(kind="ping")

    partner.say(asked.conversation, rules.PING_ANSWER, {"month": "2026-11"}, to=asked.mid)

    (found,) = queries.partners(NOW + timedelta(days=2))
    assert found.asked[0].answered_at == NOW
    assert not found.asked[0].was_missed(NOW + timedelta(days=2))


@pytest.mark.parametrize(
    "body", [{}, {"month": "2026-13"}, {"month": "2026-11", "words": "x"}, {"month": "x"}]
)
def test_a_question_that_says_more_or_less_than_a_month_is_refused(
    partner: Partner, body: dict[str, str]
) -> None:
    partner.say("d" * 32, rules.PING, body)

    assert not Ping.objects.exists()
    assert Message.objects.get().refused_for == "malformed"


def test_a_second_question_in_a_month_and_an_answer_to_none_are_refused(partner: Partner) -> None:
    partner.say("d" * 32, rules.PING, {"month": "2026-11"})
    partner.say("e" * 32, rules.PING, {"month": "2026-11"})
    partner.say("f" * 32, rules.PING_ANSWER, {"month": "2026-11"})

    found = set(Message.objects.exclude(refused_for="").values_list("refused_for", flat=True))
    assert found == {"conflict", "out_of_place"}
    assert Ping.objects.count() == 1


def test_everybody_of_the_desk_is_told_of_a_question_where_nobody_is_on_duty(
    partner: Partner,
) -> None:
    partner.cast.hire("second", "Seconde Inventée", Role.DESK)
    partner.say("d" * 32, rules.PING, {"month": "2026-11"})

    assert len(told("PING")) == len(of_role(Role.DESK)) == 2
