"""Climbing, noting, telling, asking: every write of this room."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, models, transaction

from amana.access.actions import tell
from amana.access.actions.keys import issue_key
from amana.access.documents import seal_document
from amana.access.queries import access_key, members, newest_notice
from amana.access.rules import DESK, Actor, NotFound, Refused, Role
from amana.audit.actions import record
from amana.crypto.boxes import Place
from amana.crypto.secrets import Key, new_id
from amana.exchange.actions import Letter, post
from amana.exchange.queries import lines, own, peers
from amana.exchange.rules import Opened, Reason, Unacceptable
from amana.referrals.models import Referral
from amana.standards import codes, ladder
from amana.standards.ladder import OWES, WAITS
from amana.watch import mail, queries, rules
from amana.watch.models import Call, Duty, Mail, Missed, Ping, PlanB, Rung

WORKER = "worker"


# Climbing: the worker's part. It opens nothing; it reads who said what when.


def climb(now: datetime) -> int:
    """Write every rung that a silence has climbed, once, and tell whom it concerns.

    What is written follows from the messages alone: a second worker, a repeated run, a clock set
    back add nothing and take nothing away. Returns how many rungs and missed receipts are new.
    """
    return sum(_climb_one(told, now) for told in queries.climbing(now))


@transaction.atomic
def _climb_one(found: queries.Climbing, now: datetime) -> int:
    new, own_country = 0, own().country
    expected: dict[tuple[str, str, int], bool] = {}
    for watch in found.watches:
        rungs = rules.rungs(watch, found.terms, ladder.load())
        expected |= {rung.key: False for rung in rungs}
        expected |= {rung.key: True for rung in rules.void(watch, rungs)}
        fresh = [r for r in rules.reached(watch, rungs, now) if _note(found, r, now)]
        # Rungs that were climbed while this node slept are noted all; only the highest is told.
        if fresh and not watch.is_met:
            _tell_of(found.code, fresh[-1], own_country, now)
        new += len(fresh)
    _clear(found.code, expected, now)
    return new + (_note_missing(found.referral, found, now) if found.referral else 0)


def _note(found: queries.Climbing, rung: rules.Rung, now: datetime) -> bool:
    row, is_new = Rung.objects.get_or_create(
        mid=rung.mid,
        clock=rung.clock,
        level=rung.level,
        defaults={
            "referral": found.referral,
            "code": found.code,
            "country": rung.country,
            "at": rung.at,
            "noted_at": now,
        },
    )
    if not is_new and row.cleared_at is not None:
        # A word that had taken it away was no word: it was refused for its form.
        row.cleared_at = None
        row.save(update_fields=["cleared_at"])
    if is_new:
        record(
            at=now,
            actor=WORKER,
            verb="watch.climb",
            subject=found.code,
            clock=rung.clock,
            level=str(rung.level),
            since=rung.at.isoformat(timespec="seconds"),
        )
    return is_new


def _tell_of(code: str, rung: rules.Rung, own_country: str, now: datetime) -> None:
    side = OWES if rung.country == own_country else WAITS
    told = queries.audience(ladder.load().steps[rung.level].tells[side], now)
    tell(told, f"SILENCE_{rung.level}", reference=code, now=now)


def _clear(code: str, expected: dict[tuple[str, str, int], bool], now: datetime) -> None:
    """Mark the rungs that were never climbed: a word had been written before they were reached."""
    for row in Rung.objects.filter(code=code, cleared_at=None):
        if expected.get((row.mid, row.clock, row.level), True):
            row.cleared_at = now
            row.save(update_fields=["cleared_at"])
            verb, level = "watch.clear", str(row.level)
            record(
                at=now,
                actor=WORKER,
                verb=verb,
                subject=code,
                clock=row.clock,
                level=level,
            )


def _note_missing(referral: Referral, of: queries.Climbing, now: datetime) -> int:
    """Note receipts that did not come in time, and clear those that came since."""
    new = 0
    found = rules.missing(of.lines, own=own().country, tier=referral.tier, terms=of.terms)
    for one in found:
        if one.at > now:
            continue
        _, is_new = Missed.objects.get_or_create(
            mid=one.mid,
            clock=one.clock,
            defaults={"referral": referral, "at": one.at, "noted_at": now},
        )
        if is_new:
            new += 1
            tell(queries.audience(["DUTY"], now), NOT_THERE[one.clock], reference="", now=now)
            verb = f"watch.{NOT_THERE[one.clock].lower()}"
            record(at=now, actor=WORKER, verb=verb, subject=one.mid, referral=referral.code)
    open_ = {(one.mid, one.clock) for one in found}
    known = {line.mid for line in of.lines}
    for row in Missed.objects.filter(referral=referral, cleared_at=None, mid__in=known):
        if (row.mid, row.clock) not in open_:
            row.cleared_at = now
            row.save(update_fields=["cleared_at"])
    return new


NOT_THERE = {"relayed": "RELAY_FAILED", "delivered": "NON_DELIVERED"}


# What people do about a silence.

# Who phones and who chooses: the desk with words under the case's key, a coordinator without.
ACTS = frozenset({Role.DESK, Role.COORDINATOR})


@transaction.atomic
def log_call(
    *, referral: Referral, whom: str, outcome: str, words: str, actor: Actor, now: datetime
) -> Call:
    """Put on record that somebody phoned about a silence: whom by function, and what came of it."""
    codes.check("CALLED", whom)
    codes.check("CALL_OUTCOME", outcome)
    _acts(actor)
    call = Call(
        id=new_id(),
        referral=referral,
        at=now,
        by=actor.account_id,
        whom=whom,
        outcome=outcome,
    )
    if words:
        key = access_key(actor, referral.key_id)
        call.key_id = referral.key_id
        call.sealed = _sealed(key, words, queries.call_place(call.pk, call.key_id))
    call.save(force_insert=True)
    record(
        at=now,
        actor=actor.account_id,
        verb="watch.log_call",
        subject=referral.code,
        whom=whom,
        outcome=outcome,
    )
    return call


@transaction.atomic
def choose_plan(*, referral: Referral, plan: str, words: str, actor: Actor, now: datetime) -> PlanB:
    """Say what is done for the person while the other country is silent; the newest counts."""
    codes.check("PLAN_B", plan)
    _acts(actor)
    row = PlanB(id=new_id(), referral=referral, at=now, by=actor.account_id, plan=plan)
    if words:
        key = access_key(actor, referral.key_id)
        row.key_id = referral.key_id
        row.sealed = _sealed(key, words, queries.plan_place(row.pk, row.key_id))
    row.save(force_insert=True)
    record(
        at=now, actor=actor.account_id, verb="watch.choose_plan", subject=referral.code, plan=plan
    )
    return row


def _sealed(key: Key, words: str, place: Place) -> bytes:
    return seal_document(key, {"words": words}, place)


def _acts(actor: Actor) -> None:
    if actor.role not in ACTS:
        raise NotFound


# Duty.


@transaction.atomic
def plan_duty(
    *,
    account_id: str,
    begins: datetime,
    ends: datetime,
    is_alternate: bool,
    actor: Actor,
    now: datetime,
) -> Duty:
    """Plan hours of somebody of the desk, first or as alternate."""
    _acts(actor)
    if account_id not in {a.pk for a in members(DESK, Role.DESK)}:
        raise Refused(["DUTY_ACCOUNT"])
    against = rules.objections_to_turn(begins, ends, now=now)
    if against:
        raise Refused(against)
    row, is_new = Duty.objects.get_or_create(
        account_id=account_id,
        begins=begins,
        ends=ends,
        is_alternate=is_alternate,
        defaults={"planned_by": actor.account_id},
    )
    if is_new:
        record(
            at=now,
            actor=actor.account_id,
            verb="watch.plan_duty",
            subject=account_id,
            begins=begins.isoformat(timespec="minutes"),
            ends=ends.isoformat(timespec="minutes"),
            alternate=str(is_alternate).lower(),
        )
    return row


@transaction.atomic
def drop_duty(*, number: int, actor: Actor, now: datetime) -> None:
    """Take planned hours back. What is past stays: who was on duty must stay answerable."""
    _acts(actor)
    row = Duty.objects.select_for_update().filter(pk=number).first()
    if row is None:
        raise NotFound
    if row.ends <= now:
        raise Refused(["DUTY_IS_PAST"])
    if row.begins < now:
        row.ends = now
        row.save(update_fields=["ends"])
    else:
        row.delete()
    verb, begins = "watch.drop_duty", row.begins.isoformat(timespec="minutes")
    record(at=now, actor=actor.account_id, verb=verb, subject=row.account_id, begins=begins)


WARN_EVERY = timedelta(days=1)


def warn_of_gaps(now: datetime) -> int:
    """Tell the coordinators, once a day, that hours of the coming week have nobody on duty."""
    found = queries.gaps(now)
    warned = newest_notice(Role.COORDINATOR, "DUTY_GAP")
    if not found or (warned is not None and abs(now - warned) < WARN_EVERY):
        return 0
    tell(queries.audience([Role.COORDINATOR.value], now), "DUTY_GAP", reference="", now=now)
    return len(found)


# The monthly question to a person.


def ask_partners(actor: Actor, now: datetime) -> int:
    """Ask every partner that was not asked this month whether somebody is there.

    In the desk's hand, when one of the desk opens the tray. What stands against it (no agreement,
    a directory that has lapsed) keeps nobody from her mail; the page says that it is due.
    """
    asked = 0
    for peer in peers():
        try:
            asked += _ask(peer.country, actor, now)
        except (Refused, IntegrityError):
            continue
    return asked


@transaction.atomic
def _ask(country: str, actor: Actor, now: datetime) -> bool:
    month = queries.this_month(now)
    if Ping.objects.filter(country=country, month=month, is_ours=True).exists():
        return False
    key_id, key = issue_key(DESK, actor=actor)
    row = Ping.objects.create(
        conversation=new_id(), country=country, month=month, is_ours=True, key_id=key_id
    )
    _say(row, rules.PING, actor, now, key=key)
    return True


@transaction.atomic
def answer_ping(*, conversation: str, actor: Actor, now: datetime) -> None:
    """Answer, as a person of the desk, that somebody is there."""
    row = Ping.objects.select_for_update().filter(pk=conversation, is_ours=False).first()
    if row is None or not actor.holds(DESK):
        raise NotFound
    said = lines(conversation)
    if any(line.kind == rules.PING_ANSWER for line in said):
        raise Refused(["PING_WAS_ANSWERED"])
    asked = next(line for line in said if line.kind == rules.PING)
    key = access_key(actor, row.key_id)
    _say(row, rules.PING_ANSWER, actor, now, key=key, to=asked.mid)


def _say(row: Ping, kind: str, actor: Actor, now: datetime, *, key: Key, to: str = "") -> None:
    letter = Letter(
        kind=kind,
        country=row.country,
        conversation=row.conversation,
        body={"month": row.month},
        in_reply_to=to,
        minimum_dataset="status",
    )
    post(letter, actor=actor, key_id_=row.key_id, key=key, now=now)


def receive_ping(opened: Opened, actor: Actor, now: datetime) -> tuple[str, Key]:
    """Take in that another desk asks whether somebody is there; whoever is on duty is told."""
    month = _month(opened)
    known = Ping.objects.filter(models.Q(pk=opened.header.conv) | _theirs(opened, month))
    if known.exists():
        raise Unacceptable(Reason.CONFLICT)
    key_id, key = issue_key(DESK, actor=actor)
    Ping.objects.create(
        conversation=opened.header.conv,
        country=opened.country,
        month=month,
        is_ours=False,
        key_id=key_id,
    )
    tell(queries.audience(["DUTY"], now), "PING", reference="", now=now)
    return key_id, key


def _theirs(opened: Opened, month: str) -> models.Q:
    return models.Q(country=opened.country, month=month, is_ours=False)


def receive_ping_answer(opened: Opened, actor: Actor, _now: datetime) -> tuple[str, Key]:
    """Take in that a person answered."""
    month = _month(opened)
    row = Ping.objects.filter(pk=opened.header.conv, is_ours=True).first()
    if row is None or (row.country, row.month) != (opened.country, month):
        raise Unacceptable(Reason.OUT_OF_PLACE)
    return row.key_id, access_key(actor, row.key_id)


def _month(opened: Opened) -> str:
    month = opened.body.get("month")
    if set(opened.body) != {"month"} or not isinstance(month, str):
        raise Unacceptable(Reason.MALFORMED)
    if not rules.MONTH.fullmatch(month):
        raise Unacceptable(Reason.MALFORMED)
    return month


# Mail without content.

MAIL_EVERY = timedelta(hours=1)
FIRST_RETRY = timedelta(minutes=1)


def send_mail(now: datetime) -> int:
    """Tell by mail whom something waits for, at most once an hour an address; return how many.

    Whatever goes wrong on the way is tried again later and keeps nothing else from its turn.
    """
    outlet = mail.outlet(settings.NODE.mail)
    if outlet is None:
        return 0
    _drop_addresses(address for address, _ in outlet.addresses)
    sent = 0
    for address, role in outlet.addresses:
        if _is_wanted(address, role, now) and _claim(address, now):
            sent += _hand_over(outlet, address, now)
    return sent


def _drop_addresses(kept: Iterable[str]) -> None:
    Mail.objects.exclude(pk__in=set(kept)).delete()


def _is_wanted(address: str, role: Role, now: datetime) -> bool:
    newest = queries.newest_reason(role)
    if newest is None:
        return False
    row, _ = Mail.objects.get_or_create(
        pk=address, defaults={"wanted_at": newest, "not_before": now}
    )
    # A wish from a day that has not come was written by a clock that ran ahead.
    if newest > row.wanted_at or row.wanted_at > now:
        row.wanted_at = newest
        row.save(update_fields=["wanted_at"])
    return row.told_at != row.wanted_at


def _claim(address: str, now: datetime) -> bool:
    """Take the next hour for this mail: who is killed after it was handed over sends no second."""
    # A wait that no hour explains was written by a clock that ran ahead.
    due = models.Q(not_before__lte=now) | models.Q(not_before__gt=now + MAIL_EVERY)
    return bool(Mail.objects.filter(due, pk=address).update(not_before=now + MAIL_EVERY))


def _hand_over(outlet: mail.Outlet, address: str, now: datetime) -> int:
    row = Mail.objects.get(pk=address)
    try:
        mail.hand_over(outlet, address, mail.message(outlet, address, settings.LANGUAGE_CODE, now))
    except OSError:
        # The server is away or refuses: smtplib's errors are of this kind.
        wait = min(FIRST_RETRY * 2 ** min(row.attempts, 6), MAIL_EVERY)
        Mail.objects.filter(pk=address).update(attempts=row.attempts + 1, not_before=now + wait)
        return 0
    Mail.objects.filter(pk=address).update(attempts=0, told_at=row.wanted_at)
    return 1


@transaction.atomic
def note_report(*, actor: Actor, year: int, now: datetime) -> None:
    """Put on record who took the figures of a year out of the node."""
    record(at=now, actor=actor.account_id, verb="watch.take_out", subject=str(year))
