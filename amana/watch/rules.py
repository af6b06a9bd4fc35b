"""When a silence climbs which rung, who is on duty, how fast two countries answer. Pure.

Everything is a function of the messages that both countries hold, so that both see the same.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from amana.referrals.rules import DELIVERED, RELAYED, Said, Terms, Watch
from amana.standards.clocks import Clock
from amana.standards.ladder import Ladder, Step

PING, PING_ANSWER = "ping", "ping.answer"
# From this rung on both countries phone, and whoever waits must have another plan.
CALLS_FROM, PLAN_B_FROM, FALLBACK_FROM, COMMITTEE_FROM = 2, 2, 3, 4


@dataclass(frozen=True)
class Rung:
    """One rung of one silence and the moment at which it is reached."""

    mid: str
    clock: str
    level: int
    country: str
    at: datetime

    @property
    def key(self) -> tuple[str, str, int]:
        """Return what makes it one: the message, the clock that it started, the level."""
        return self.mid, self.clock, self.level


def rungs(watch: Watch, terms: Terms, ladder: Ladder) -> list[Rung]:
    """Return every rung that the silence of a watch would climb, with its moment in UTC.

    A clock that is not on the ladder climbs none. Working days are those of who owes the word.
    """
    if watch.key not in ladder.clocks:
        return []
    return [
        Rung(watch.mid, watch.key, step.level, watch.country, _reached_at(watch, step, terms))
        for step in ladder.steps
    ]


def _reached_at(watch: Watch, step: Step, terms: Terms) -> datetime:
    start, due = watch.started_at.astimezone(UTC), watch.due_at.astimezone(UTC)
    if step.percent == 100:
        return due
    if step.percent:
        # Whole seconds: both countries name the same moment, and no half of a thousandth.
        return start + timedelta(seconds=int((due - start).total_seconds() * step.percent / 100))
    after = step.after[watch.clock.tier]
    clock = Clock(
        watch.key, watch.clock.tier, after.value, after.unit, step.source, step.mark, step.date
    )
    return terms.due(clock, watch.country, due).astimezone(UTC)


def reached(watch: Watch, found: Iterable[Rung], now: datetime) -> list[Rung]:
    """Return the rungs that were climbed by now: those before the word came, if it came."""
    return [r for r in found if r.at <= now and not _was_answered(watch, r)]


def void(watch: Watch, found: Iterable[Rung]) -> list[Rung]:
    """Return the rungs that were never climbed: the word had been written before.

    Whatever the clock of a node says; only what the other country wrote takes a rung away.
    """
    return [r for r in found if _was_answered(watch, r)]


def _was_answered(watch: Watch, rung: Rung) -> bool:
    return watch.met_at is not None and watch.met_at <= rung.at


def level(watch: Watch, found: Iterable[Rung], now: datetime) -> int | None:
    """Return how high a silence stands now; None where it does not climb or has ended."""
    if watch.is_met:
        return None
    return max((r.level for r in reached(watch, found, now)), default=None)


# What never arrived.


@dataclass(frozen=True)
class Missing:
    """A receipt of one of our messages that did not come in time."""

    mid: str
    clock: str
    at: datetime


RECEIPTS = {"relayed": RELAYED, "delivered": DELIVERED}


def missing(messages: Iterable[Said], *, own: str, tier: str, terms: Terms) -> list[Missing]:
    """Return by when each receipt that is still missing of our messages was due."""
    return [
        Missing(m.mid, key, _receipt_due(m, key, tier, terms))
        for m in messages
        if m.sender == own
        for key, rank in RECEIPTS.items()
        if m.rank < rank
    ]


def _receipt_due(message: Said, key: str, tier: str, terms: Terms) -> datetime:
    clock = terms.clocks.clock(key, tier)
    return terms.due(clock, message.sender, message.written_at).astimezone(UTC)


# Who is on duty.


class Turn(Protocol):
    """Somebody's hours at the desk."""

    @property
    def account_id(self) -> str: ...
    @property
    def is_alternate(self) -> bool: ...
    @property
    def begins(self) -> datetime: ...
    @property
    def ends(self) -> datetime: ...


LONGEST_TURN = timedelta(days=31)
WARNED_AHEAD = timedelta(days=7)


def objections_to_turn(begins: datetime, ends: datetime, *, now: datetime) -> list[str]:
    """Return what stands against planning these hours."""
    if ends <= begins or ends - begins > LONGEST_TURN:
        return ["DUTY_HOURS"]
    return ["DUTY_IS_PAST"] if ends <= now else []


def on_duty(turns: Iterable[Turn], at: datetime, *, is_alternate: bool) -> set[str]:
    """Return the accounts that stand on duty at a moment, first or as alternate."""
    return {
        t.account_id for t in turns if t.is_alternate == is_alternate and t.begins <= at < t.ends
    }


def gaps(
    turns: Iterable[Turn], begins: datetime, ends: datetime
) -> list[tuple[datetime, datetime]]:
    """Return the stretches between two moments in which nobody is first on duty."""
    found, at = [], begins
    first = sorted((t for t in turns if not t.is_alternate), key=lambda t: t.begins)
    for turn in first:
        if turn.begins >= ends:
            break
        if turn.begins > at:
            found.append((at, turn.begins))
        at = max(at, turn.ends)
    if at < ends:
        found.append((at, ends))
    return found


def audience(
    tells: Collection[str],
    *,
    first: set[str],
    alternates: set[str],
    by_role: Mapping[str, set[str]],
) -> set[str]:
    """Return the accounts that a rung tells; where nobody is on duty, the whole desk."""
    desk = by_role.get("R06", set())
    named = {"DUTY": first or desk, "ALTERNATE": alternates or desk}
    return set().union(*(named.get(who, by_role.get(who, set())) for who in tells), set())


# The monthly call between two people.

MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")
RED_AFTER = 2


def month_of(now: datetime, zone: ZoneInfo) -> str:
    """Return the calendar month of a moment at a place, as it travels."""
    return f"{now.astimezone(zone):%Y-%m}"


def categories(_kind: str, body: Mapping[str, object]) -> frozenset[str]:
    """Return the categories of data in a ping: its month is status, the rest in no article."""
    return frozenset({"STATUS"} if set(body) <= {"month"} else {"STATUS", "OTHER"})


@dataclass(frozen=True)
class Ping:
    """One month's question whether somebody is there, and the answer of a person."""

    month: str
    asked_by: str
    asked_at: datetime
    due_at: datetime
    answered_at: datetime | None

    def was_missed(self, now: datetime) -> bool:
        """Say whether nobody answered in time."""
        return (self.answered_at or now) > self.due_at


def ping(month: str, messages: Iterable[Said], clock: Clock) -> Ping | None:
    """Return a month's ping from its conversation, the same at both ends; None before it is said.

    Its day is exact, weekends and feasts included: a desk is on duty every day.
    """
    said = sorted(messages, key=lambda m: (m.sender, m.seq))
    asked = next((m for m in said if m.kind == PING), None)
    if asked is None:
        return None
    answer = next((m for m in said if m.kind == PING_ANSWER and m.sender != asked.sender), None)
    due = asked.written_at + timedelta(**{f"{clock.unit}s": clock.value})
    return Ping(month, asked.sender, asked.written_at, due, answer.written_at if answer else None)


def is_red(pings: Iterable[Ping], now: datetime) -> bool:
    """Say whether the last two pings whose time is over were both missed by who was asked."""
    over = sorted((p for p in pings if p.answered_at or p.due_at < now), key=lambda p: p.month)
    last = over[-RED_AFTER:]
    return len(last) == RED_AFTER and all(p.was_missed(now) for p in last)


# How both countries answer each other.


@dataclass(frozen=True)
class Logged:
    """One referral as both countries hold it: its code, who asks, who owes, and its clocks."""

    code: str
    origin: str
    host: str
    asked_at: datetime
    watches: Sequence[Watch]


@dataclass(frozen=True)
class Late:
    """A step that was done late, or is not done: by its referral's code alone."""

    code: str
    clock: str
    due_at: datetime
    met_at: datetime | None


@dataclass(frozen=True)
class Direction:
    """What one country asked of another, and how it was answered, in whole seconds."""

    origin: str
    host: str
    n_requests: int
    n_answers: Mapping[str, int]
    medians: Mapping[str, int]
    n_in_time: Mapping[str, int]
    n_over: Mapping[str, int]
    late: Sequence[Late]
    n_silent: int


COUNTED = ("human_acknowledgement", "decision")


def reciprocity(
    logged: Iterable[Logged], *, since: datetime, until: datetime, now: datetime
) -> list[Direction]:
    """Return the figures of every direction for what was asked in a stretch of time.

    In time counts what was met by its hour, of all whose hour is over or that were met.
    """
    by_direction: dict[tuple[str, str], list[Logged]] = {}
    for one in logged:
        if since <= one.asked_at < until:
            by_direction.setdefault((one.origin, one.host), []).append(one)
    return [_direction(o, h, rows, now) for (o, h), rows in sorted(by_direction.items())]


def _direction(origin: str, host: str, rows: Sequence[Logged], now: datetime) -> Direction:
    owed = [
        (row.code, w) for row in rows for w in row.watches if w.key in COUNTED and w.country == host
    ]
    late = [
        Late(code, w.key, w.due_at.astimezone(UTC), w.met_at)
        for code, w in owed
        if (w.met_at or now) > w.due_at
    ]
    by_clock = {key: [w for _, w in owed if w.key == key] for key in COUNTED}
    waits = {key: [_seconds(w) for w in found if w.met_at] for key, found in by_clock.items()}
    over = {
        key: [w for w in found if w.met_at or now > w.due_at] for key, found in by_clock.items()
    }
    return Direction(
        origin=origin,
        host=host,
        n_requests=len(rows),
        n_answers={key: len(found) for key, found in waits.items()},
        medians={key: median(found) for key, found in waits.items() if found},
        n_in_time={
            key: sum(w.met_at is not None and w.met_at <= w.due_at for w in found)
            for key, found in over.items()
        },
        n_over={key: len(found) for key, found in over.items()},
        late=sorted(late, key=lambda one: (one.due_at, one.code, one.clock)),
        n_silent=sum(one.met_at is None for one in late),
    )


def _seconds(watch: Watch) -> int:
    met = watch.met_at or watch.started_at
    return max(0, int((met - watch.started_at).total_seconds()))


def median(values: Sequence[int]) -> int:
    """Return the middle of whole numbers; of two in the middle the lower half, without a rest."""
    ordered = sorted(values)
    half = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[half]
    return (ordered[half - 1] + ordered[half]) // 2
