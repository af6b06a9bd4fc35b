"""Where a person stands on each track, what may come next, what is owed by when. Pure.

No guard is written here: the table is data (`standards.journey`). A history is only added to; what
was wrong is struck by a later entry.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from amana.standards import codes
from amana.standards.calendars import Calendar, due
from amana.standards.journey import Duty, Journey, Move

# An entry of this kind strikes the one that it names; both stay to be read.
STRUCK = "STRUCK"
PROTECTION, SOLUTION = "PROTECTION", "SOLUTION"


class Entry(Protocol):
    """One line of a case's history: a state of a track, or a fact where `track` is empty."""

    @property
    def number(self) -> int: ...
    @property
    def track(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def by(self) -> str: ...
    @property
    def strikes(self) -> int: ...


@dataclass(frozen=True)
class Wanted:
    """What somebody wants to enter: which state or fact, when it was so, who says it."""

    track: str
    kind: str
    at: datetime
    by: str
    role: str
    strikes: int = 0


@dataclass(frozen=True)
class Against:
    """One thing that stands against an entry; `about` names the fact or track that it speaks of."""

    code: str
    about: str = ""


@dataclass(frozen=True)
class Standing:
    """The state of every track with the entry that led there, and the facts that hold.

    A state in `lapsed` was reached too long ago to be relied on: a determination of last year.
    """

    states: Mapping[str, str]
    reached: Mapping[str, Entry]
    facts: Mapping[str, Entry]
    lapsed: frozenset[str]

    def holds(self, fact: str, journey: Journey) -> bool:
        """Say whether a fact holds, or any of its kind."""
        return any(one in self.facts for one in journey.kinds_of.get(fact, (fact,)))


def standing(entries: Iterable[Entry], journey: Journey, now: datetime) -> Standing:
    """Fold a history in the order in which it was written down, as it may be relied on now."""
    states = {track.id: track.starts for track in journey.tracks.values()}
    reached: dict[str, Entry] = {}
    facts: dict[str, Entry] = {}
    for entry in counted(entries):
        if entry.track:
            states[entry.track] = entry.kind
            reached[entry.track] = entry
            continue
        fact = journey.facts.get(entry.kind)
        if fact is None:
            continue
        for ended in fact.ends:
            facts.pop(ended, None)
        facts[entry.kind] = entry
    return Standing(
        states,
        reached,
        {name: entry for name, entry in facts.items() if not _has_lapsed(entry, journey, now)},
        frozenset(track for track, e in reached.items() if _has_lapsed(e, journey, now)),
    )


def _has_lapsed(entry: Entry, journey: Journey, now: datetime) -> bool:
    name = f"{entry.track}:{entry.kind}" if entry.track else entry.kind
    clock = journey.lapses.get(name)
    return clock is not None and entry.at + timedelta(**{f"{clock.unit}s": clock.value}) < now


def counted(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries that count, as they were written down: what was struck does not."""
    held = sorted(entries, key=lambda entry: entry.number)
    struck = {entry.strikes for entry in held if entry.kind == STRUCK}
    return [e for e in held if e.kind != STRUCK and e.number not in struck]


# What may be entered.


def objections(
    entries: Sequence[Entry], wanted: Wanted, *, tier: str, journey: Journey, now: datetime
) -> list[Against]:
    """Return everything that stands against an entry now, all at once."""
    here = standing(entries, journey, now)
    against = [Against("ENTRY_IS_TO_COME")] if wanted.at > now else []
    if wanted.kind == STRUCK:
        return against + _against_striking(entries, wanted, here)
    if wanted.track:
        return against + _against_moving(wanted, here, tier, journey)
    return against + _against_stating(wanted, here, journey)


def _against_striking(entries: Sequence[Entry], wanted: Wanted, here: Standing) -> list[Against]:
    """What was wrong is struck where nothing else was built on it: a fact, or a last move."""
    found = next((e for e in counted(entries) if e.number == wanted.strikes), None)
    # What a milestone of the case says has no number above zero, and is not struck here.
    if found is None or found.number < 1:
        return [Against("NOTHING_TO_STRIKE")]
    if found.track and here.reached.get(found.track) is not found:
        return [Against("NOT_THE_LAST_MOVE", found.track)]
    return []


def _against_stating(wanted: Wanted, here: Standing, journey: Journey) -> list[Against]:
    fact = journey.facts.get(wanted.kind)
    if fact is None:
        return [Against("FACT_UNKNOWN")]
    against = [] if wanted.role in fact.by else [Against("NOT_THIS_ROLE", fact.id)]
    if fact.other_than:
        first = here.facts.get(fact.other_than)
        if first is None:
            against.append(Against("MOVE_NEEDS", fact.other_than))
        elif first.by == wanted.by:
            against.append(Against("SECOND_PERSON_IS_THE_FIRST", fact.id))
    return against


def _against_moving(wanted: Wanted, here: Standing, tier: str, journey: Journey) -> list[Against]:
    ways = _ways(wanted.track, wanted.kind, here, tier, journey)
    if not ways:
        return [Against("NOT_FOR_THIS_PERSON", wanted.track)]
    # Of several ways the one from where she stands is explained, and not one that lacks less.
    from_here = [move for move in ways if here.states[move.track] in move.origins]
    against = [_against_way(move, wanted, here, journey) for move in from_here or ways]
    found = min(against, key=_number)
    before = here.reached.get(wanted.track)
    if before is not None and wanted.at < before.at:
        found = [*found, Against("ENTRY_BEFORE_THE_LAST", wanted.track)]
    return found


def _ways(track: str, to: str, here: Standing, tier: str, journey: Journey) -> list[Move]:
    """Return the ways into a state that are meant here: those whose choice was made, else all."""
    ways = journey.moves_to(track, to, tier)
    meant = [m for m in ways if all(here.holds(fact, journey) for fact in m.when)]
    return meant or ways


def _number(against: Iterable[Against]) -> int:
    return sum(1 for _ in against)


def _against_way(move: Move, wanted: Wanted, here: Standing, journey: Journey) -> list[Against]:
    against = []
    if here.states[move.track] not in move.origins:
        against.append(Against("MOVE_NOT_FROM_HERE", move.track))
    if wanted.role not in move.by:
        against.append(Against("NOT_THIS_ROLE", move.track))
    return against + lacks(move, here, journey)


def lacks(move: Move, here: Standing, journey: Journey) -> list[Against]:
    """Return what a way needs and does not have, and what bars it."""
    return [
        *(
            Against("MOVE_NEEDS", n)
            for n in (*move.when, *move.needs)
            if not here.holds(n, journey)
        ),
        *(Against("MOVE_BARRED", b) for b in move.bars if here.holds(b, journey)),
        *(
            Against("MOVE_WAITS_FOR", other)
            for other, states in move.beside.items()
            if here.states[other] not in states or other in here.lapsed
        ),
    ]


@dataclass(frozen=True)
class Step:
    """A state that could come next, and what still stands against it for this reader."""

    move: Move
    against: tuple[Against, ...]


def next_steps(
    entries: Sequence[Entry], *, tier: str, role: str, journey: Journey, now: datetime
) -> list[Step]:
    """Return every state that can follow from where each track stands, the open ones first."""
    here = standing(entries, journey, now)
    best: dict[tuple[str, str], Step] = {}
    reachable = {(m.track, m.to) for m in journey.moves if here.states[m.track] in m.origins}
    for track, to in sorted(reachable):
        for move in _ways(track, to, here, tier, journey):
            if here.states[track] not in move.origins:
                continue
            against = lacks(move, here, journey)
            if role not in move.by:
                against.append(Against("NOT_THIS_ROLE", track))
            if (track, to) not in best or len(against) < len(best[track, to].against):
                best[track, to] = Step(move, tuple(against))
    return sorted(best.values(), key=lambda step: len(step.against))


def uncovered(
    entries: Sequence[Entry], *, tier: str, journey: Journey, now: datetime
) -> list[Against]:
    """Return what a state that was reached has lost since: a journey whose ground fell away stops.

    A receiver who is gone, a determination that was reopened: whoever travels on it must be told.
    """
    here = standing(entries, journey, now)
    found: list[Against] = []
    for track, state in here.states.items():
        if track not in here.reached or journey.tracks[track].states[state].rests:
            continue
        lacking = [lacks(m, here, journey) for m in _ways(track, state, here, tier, journey)]
        found += min(lacking, key=_number, default=[])
    return found


# What is owed.


@dataclass(frozen=True)
class Owed:
    """A duty of a case: since when, until when, and when it was done."""

    duty: Duty
    started_at: datetime
    due_at: datetime
    met_at: datetime | None

    def is_late(self, now: datetime) -> bool:
        """Say whether its time has passed and it is not done."""
        return self.met_at is None and now > self.due_at


def is_new_episode(
    entries: Sequence[Entry], wanted: Wanted, journey: Journey, now: datetime
) -> bool:
    """Say whether an entry lets a case go on that rested: the same person, once more."""
    if wanted.track != PROTECTION or wanted.strikes:
        return False
    states = journey.tracks[PROTECTION].states
    before = standing(entries, journey, now).states[PROTECTION]
    return states[before].rests and not states[wanted.kind].rests


def owed(
    entries: Sequence[Entry],
    duties: Iterable[Duty],
    *,
    tier: str,
    journey: Journey,
    calendar: Calendar,
    now: datetime,
) -> list[Owed]:
    """Return the duties of a case, the first to fall due first. In a state that rests none runs."""
    here = standing(entries, journey, now)
    if journey.tracks[PROTECTION].states[here.states[PROTECTION]].rests:
        return []
    held = counted(entries)
    mine = [duty for duty in duties if duty.clock.tier == tier]
    found = [one for duty in mine if (one := _owed(held, duty, here, journey, calendar))]
    return sorted(found, key=lambda one: (one.met_at is not None, one.due_at, one.duty.key))


def _owed(
    held: Sequence[Entry], duty: Duty, here: Standing, journey: Journey, calendar: Calendar
) -> Owed | None:
    starts = [e for e in held if _is_one_of(e, duty.starts, journey)]
    if not starts or not _still_runs(duty, here, journey):
        return None
    start = starts[-1]
    done = [e for e in held if _is_one_of(e, duty.met_by, journey) and e.number > start.number]
    # What was done before it was asked for is done: nobody is examined twice for the clock's sake.
    # But for what no longer stands: a bed that she left, a screening that came to no end.
    if duty.repeats:
        begun = max((e.at for e in (start, *done)), default=start.at)
        return Owed(duty, begun, due(begun, duty.clock, calendar), None)
    met = done or [
        e for e in _standing_before(start, held, journey) if _is_one_of(e, duty.met_by, journey)
    ]
    return Owed(duty, start.at, due(start.at, duty.clock, calendar), met[0].at if met else None)


def _standing_before(start: Entry, held: Sequence[Entry], journey: Journey) -> list[Entry]:
    """Return what was done before a duty began, and what its beginning did not undo.

    A case that rested and goes on is a new episode: what was owed the first time is owed again.
    """
    earlier = [e for e in held if e.number < start.number]
    resting = journey.tracks[PROTECTION].states
    rests = [e.number for e in earlier if e.track == PROTECTION and resting[e.kind].rests]
    then = standing([*earlier, start], journey, start.at)
    stood = {e.number for e in (*then.reached.values(), *then.facts.values())}
    # A milestone of the case itself is neither: it was opened once.
    return [
        e
        for e in earlier
        if e.track not in ("", *journey.tracks)
        or (e.number in stood and e.number > max(rests, default=e.number - 1))
    ]


def _still_runs(duty: Duty, here: Standing, journey: Journey) -> bool:
    """A duty that repeats runs for as long as the fact that started it holds."""
    facts = [name for name in duty.starts if name in journey.facts]
    return not duty.repeats or any(here.holds(name, journey) for name in facts)


def _is_one_of(entry: Entry, events: Sequence[str], journey: Journey) -> bool:
    names = {f"{entry.track}:{entry.kind}"} if entry.track else {entry.kind}
    names |= {kind for kind, facts in journey.kinds_of.items() if entry.kind in facts}
    return bool(names & set(events))


BEST_INTERESTS = "best_interests"


def best_interests_due(found: Iterable[Owed]) -> datetime | None:
    """Return the last moment for the full best-interests assessment, or None once it was held.

    It is one of the duties that `owed` found, by the clock `best_interests` of the data, which
    carries the article; no second computation can say another day.
    """
    mine = (one for one in found if one.duty.key == BEST_INTERESTS and one.met_at is None)
    return next((one.due_at for one in mine), None)


# What is shown.

# Domain 3.10, the first that holds; each is words in the list CASE_STATUS.
_BY_STATE = {
    "ALERT": "STABILISATION", "TRIAGE": "STABILISATION", "STABILISE": "STABILISATION",
    "HUMANITARIAN": "STABILISATION", "RESCREEN": "ASSESSMENT", "OPTIONS": "ASSESSMENT",
    "ASSESS": "ASSESSMENT", "PLAN": "ASSESSMENT", "IMPLEMENT": "PLAN_ACTIVE",
    "REVIEW": "PLAN_ACTIVE", "ON_HOLD": "PLAN_ACTIVE", "TRANSITION": "SOLUTION",
    "AFTERCARE": "AFTERCARE",
}  # fmt: skip


# What people state of a risk begins so; the rest is its level in the list RISK_LEVEL.
RISK_IS = "RISK_"


def level_of(here: Standing) -> str:
    """Return the level of risk that was stated last and still holds, or "" where none was."""
    return next(
        (level for level in codes.values("RISK_LEVEL") if RISK_IS + level in here.facts), ""
    )


def status(here: Standing, duties: Iterable[Owed], *, now: datetime) -> str:
    """Return the one word that a list shows of a case, computed and never stored."""
    state = here.states[PROTECTION]
    if state in ("DECEASED", "MISSING"):
        return state
    if "DANGER" in here.facts or "RISK_CRITICAL" in here.facts:
        return "EMERGENCY"
    if any(one.is_late(now) for one in duties):
        return "LATE"
    if "REFERRAL_PENDING" in here.facts:
        return "AWAITING_OTHER_COUNTRY"
    return _BY_STATE.get(state, "CLOSED")
