"""Who owes whom a word, how high each silence stands, who is on duty, how both answered."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from amana.access.documents import open_document
from amana.access.queries import held_keys, newest_notice, of_role
from amana.access.rules import Actor, NotFound, Role
from amana.crypto.boxes import Place
from amana.exchange import queries as exchange
from amana.exchange.rules import Line
from amana.letters import queries as letters
from amana.letters.models import Thread
from amana.referrals import queries as referrals
from amana.referrals.models import Referral
from amana.referrals.rules import Terms, Watch
from amana.standards import clocks, countries, ladder
from amana.standards.ladder import OWES, WAITS, Step
from amana.watch import rules
from amana.watch.models import Call, Duty, Missed, Ping, PlanB, Rung

# Where a silence that nobody hears any more has climbed every rung long ago.
LONGEST_CLIMB = timedelta(days=120)


def call_place(call_id: str, key_id: str) -> Place:
    """Return where the words about a call lie."""
    return Place("watch_call", call_id, "sealed", key_id)


def plan_place(plan_id: str, key_id: str) -> Place:
    """Return where the words about a plan lie."""
    return Place("watch_planb", plan_id, "sealed", key_id)


# Who waits for whom.


@dataclass(frozen=True)
class Owed:
    """A word that a country owes: by which clock, since when, how high its silence stands."""

    code: str
    tier: str
    clock: str
    country: str
    is_ours: bool
    due_at: datetime
    level: int | None
    next_at: datetime | None
    does: str
    is_plan_missing: bool = False

    @property
    def is_thread(self) -> bool:
        """Say whether it is owed in a conversation outside every referral."""
        return self.code.startswith("L-")

    @property
    def urgency(self) -> tuple[int, datetime]:
        """Return what the list is sorted by: the highest rung first, then the nearest hour."""
        return -1 if self.level is None else self.level, self.due_at


def owed(now: datetime) -> list[Owed]:
    """Return every word that is owed, in both directions, the most urgent first."""
    found = [one for source in SOURCES for one in source(now)]
    found.sort(key=lambda one: one.due_at)
    found.sort(key=lambda one: one.urgency[0], reverse=True)
    return found


def _owed_in_referrals(now: datetime) -> list[Owed]:
    told = [one for one in referrals.everything() if one.story.offer is not None]
    planned = set(PlanB.objects.values_list("referral_id", flat=True))
    return [
        _owed(one.referral, watch, one.terms, now, is_planned=one.referral.pk in planned)
        for one in told
        for watch in one.watches
        if not watch.is_met and watch.key in ladder.load().clocks
    ]


def _owed_in_letters(now: datetime) -> list[Owed]:
    return [
        # What is done for a person meanwhile is planned with her referral.
        _owed(one.row, said.watch, one.terms, now, is_planned=True)
        for one in letters.everything()
        for said in one.owed()
        if not said.watch.is_met and said.watch.key in ladder.load().clocks
    ]


TONES = {None: "waiting", 0: "waiting", 1: "attention"}


def row(one: Owed) -> dict[str, Any]:
    """Return what a list shows of an owed word: the word, and how much it presses."""
    return {"owed": one, "tone": TONES.get(one.level, "urgent")}


# What may owe a word; a room whose letters are answered adds its own function here.
SOURCES: list[Callable[[datetime], list[Owed]]] = [_owed_in_referrals, _owed_in_letters]


def _owed(
    of: Referral | Thread, watch: Watch, terms: Terms, now: datetime, *, is_planned: bool
) -> Owed:
    found = rules.rungs(watch, terms, ladder.load())
    level = rules.level(watch, found, now)
    own = exchange.own().country
    side = OWES if watch.country == own else WAITS
    must_plan = side == WAITS and level is not None and level >= rules.PLAN_B_FROM
    return Owed(
        code=of.code,
        tier=of.tier,
        clock=watch.key,
        country=watch.country,
        is_ours=side == OWES,
        due_at=watch.due_at,
        level=level,
        next_at=min((r.at for r in found if r.at > now), default=None),
        does=_step(0 if level is None else level).does[side],
        is_plan_missing=must_plan and not is_planned,
    )


def _step(level: int) -> Step:
    return ladder.load().steps[level]


def access_silence(actor: Actor, code: str) -> Referral:
    """Return a referral for its clocks: a coordinator needs no key, because she opens nothing."""
    if actor.role is not Role.COORDINATOR:
        return referrals.access_referral(actor, code)
    referral = Referral.objects.filter(code=code).first()
    if referral is None:
        raise NotFound
    return referral


@dataclass(frozen=True)
class Climbing:
    """A conversation whose silence may still climb: its code, its clocks, by which terms."""

    code: str
    referral: Referral | None
    watches: list[Watch]
    terms: Terms
    lines: list[Line]


def climbing(now: datetime) -> list[Climbing]:
    """Return what was stirred in these months, each conversation with the clocks of its letters."""
    recent = exchange.stirred(now - LONGEST_CLIMB)
    told = referrals.told_all(list(Referral.objects.filter(pk__in=recent).order_by("pk")))
    found = {t.referral.pk: t.watches for t in told}
    written = letters.of_referrals([t.referral for t in told])
    written += letters.of_threads(list(Thread.objects.filter(pk__in=recent).order_by("pk")))
    known = ladder.load().clocks
    return [
        Climbing(
            one.code,
            one.referral,
            found.get(one.row.pk, [])
            + [o.watch for o in one.owed() if o.watch.key in known and not one.setting.is_recalled],
            one.terms,
            one.lines,
        )
        for one in written
    ]


@dataclass(frozen=True)
class Silence:
    """What is known of one referral's silences: rungs, missed receipts, calls, plans."""

    rungs: list[Rung]
    missed: list[Missed]
    calls: list[tuple[Call, str]]
    plans: list[tuple[PlanB, str]]


def silence(actor: Actor, referral: Referral) -> Silence:
    """Return the silences of a referral; the words of calls and plans for who holds its key."""
    calls: list[Call] = list(Call.objects.filter(referral=referral).order_by("-at"))
    plans: list[PlanB] = list(PlanB.objects.filter(referral=referral).order_by("-at"))
    ids = {row.key_id for row in calls} | {row.key_id for row in plans}
    keys = held_keys(actor, ids - {""})
    return Silence(
        rungs=list(Rung.objects.filter(referral=referral).order_by("at", "clock", "level")),
        missed=list(Missed.objects.filter(referral=referral).order_by("at", "clock")),
        calls=[(row, _words(keys, row, call_place(row.pk, row.key_id))) for row in calls],
        plans=[(row, _words(keys, row, plan_place(row.pk, row.key_id))) for row in plans],
    )


def _words(keys: Mapping[str, Any], row: Call | PlanB, place: Place) -> str:
    if row.sealed is None or row.key_id not in keys:
        return ""
    return str(open_document(keys[row.key_id], bytes(row.sealed), place)["words"])


@dataclass(frozen=True)
class Unanswered:
    """An entry for the joint committee: a code and a message's number, and how many days."""

    code: str
    mid: str
    clock: str
    country: str
    since: datetime
    days: int


def unanswered(now: datetime) -> list[Unanswered]:
    """Return what stands on the joint committee's list: silences at the last rung, unanswered."""
    rows = Rung.objects.filter(level=rules.COMMITTEE_FROM, cleared_at=None, at__lte=now)
    still = {(w.mid, w.key): w.due_at for one in climbing(now) for w in one.watches if not w.is_met}
    return [
        Unanswered(
            row.code,
            row.mid,
            row.clock,
            row.country,
            still[row.mid, row.clock],
            (now - still[row.mid, row.clock]).days,
        )
        for row in rows.order_by("at", "mid")
        if (row.mid, row.clock) in still
    ]


# Who is on duty.


def turns(begins: datetime, ends: datetime) -> list[Duty]:
    """Return the hours of duty that touch a stretch of time, by their beginning."""
    rows = Duty.objects.filter(begins__lt=ends, ends__gt=begins)
    return list(rows.order_by("begins", "is_alternate", "pk"))


def on_duty(now: datetime, *, is_alternate: bool = False) -> set[str]:
    """Return the accounts that are on duty now."""
    return rules.on_duty(turns(now, now + timedelta(seconds=1)), now, is_alternate=is_alternate)


def gaps(now: datetime) -> list[tuple[datetime, datetime]]:
    """Return the stretches of the coming week in which nobody is first on duty."""
    until = now + rules.WARNED_AHEAD
    return rules.gaps(turns(now, until), now, until)


def audience(tells: Iterable[str], now: datetime) -> set[str]:
    """Return the accounts that a rung tells now."""
    roles = {role.value for role in Role}
    asked = tuple(tells)
    by_role = {
        name: {a.pk for a in of_role(Role(name))} for name in {*asked, Role.DESK.value} & roles
    }
    return rules.audience(
        asked,
        first=on_duty(now),
        alternates=on_duty(now, is_alternate=True),
        by_role=by_role,
    )


# The monthly call.


@dataclass(frozen=True)
class Partner:
    """How the monthly question stands with a partner, in both directions."""

    country: str
    asked: list[rules.Ping]
    to_answer: list[tuple[str, rules.Ping]]
    is_red: bool
    is_red_for_them: bool
    is_due: bool


def partners(now: datetime) -> list[Partner]:
    """Return every partner with its pings."""
    return [_partner(peer.country, now) for peer in exchange.peers()]


def _partner(country: str, now: datetime) -> Partner:
    rows = list(Ping.objects.filter(country=country).order_by("-month")[:26])
    said = exchange.lines_of([row.conversation for row in rows])
    clock = clocks.load().clock("human_ping", "adult")
    found = [(row, rules.ping(row.month, said[row.conversation], clock)) for row in rows]
    ours = [one for row, one in found if row.is_ours and one]
    theirs = [(row.conversation, one) for row, one in found if not row.is_ours and one]
    return Partner(
        country=country,
        asked=ours,
        to_answer=[(pk, one) for pk, one in theirs if one.answered_at is None],
        is_red=rules.is_red(ours, now),
        is_red_for_them=rules.is_red([one for _, one in theirs], now),
        is_due=not any(row.is_ours and row.month == this_month(now) for row in rows),
    )


def this_month(now: datetime) -> str:
    """Return the calendar month of this country."""
    return rules.month_of(now, countries.zone(exchange.own().country))


# How both answered.


def logged() -> list[rules.Logged]:
    """Return every referral that was offered, as both countries hold it."""
    return [
        rules.Logged(
            one.referral.code,
            referrals.origin_of(one.referral),
            referrals.host_of(one.referral),
            one.story.offer.written_at,
            one.watches,
        )
        for one in referrals.everything()
        if one.story.offer is not None
    ]


def reciprocity(year: int, now: datetime) -> list[rules.Direction]:
    """Return the figures of what was asked in a year of UTC, so that both count the same rows."""
    since, until = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    return rules.reciprocity(logged(), since=since, until=until, now=now)


# What waits for whom, to be said in a mail without content.


def newest_reason(role: Role) -> datetime | None:
    """Return when the newest thing that waits for a role came: a sealed message or a notice."""
    found = [newest_notice(role)]
    if role is Role.DESK:
        found += [message.stored_at for message in exchange.unopened()]
    return max((at for at in found if at is not None), default=None)
