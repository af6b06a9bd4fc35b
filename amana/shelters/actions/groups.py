"""Beds for everybody of an operation: files opened, beds asked, answered and taken, many at once.

Each file, request, ask, hold and acceptance is a transaction of its own, by the same act as for one
person alone. Whoever is cut off in the middle presses again, and what was done is not done twice.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from amana.access.rules import Actor, Refused
from amana.cases.actions import open_case
from amana.shelters import groups, queries, rules
from amana.shelters.actions import asking
from amana.standards.shelters import load

# So many files are opened with one press; the page says how many are left.
AT_ONCE = 25


@dataclass
class Done:
    """How many of many were done, how many are left, and what stood against the others."""

    n: int = 0
    n_left: int = 0
    against: set[str] = field(default_factory=set)


def open_files(*, code: str, country: str, actor: Actor, now: datetime) -> Done:
    """Open a case for those who have none yet: a bed for the night waits for no decision."""
    told = Done()
    lines = [one.line for one in groups.guests(actor, code) if one.stage == groups.NO_FILE]
    for line in lines[:AT_ONCE]:
        try:
            open_case(
                screening_code=line.screening,
                country=country,
                actor=actor,
                now=now,
                before_decision=True,
            )
            told.n += 1
        except Refused as refused:
            told.against |= set(refused.objections)
    told.n_left = max(0, len(lines) - AT_ONCE)
    return told


def ask_beds(*, code: str, agreed: Collection[str], actor: Actor, now: datetime) -> Done:
    """Ask a bed for everybody who has a file and no request: who belong together in one request.

    `agreed` names the adults who said yes. Who did not is asked for all the same, and waits with
    the reason on record until she has.
    """
    table, told = load(), Done()
    answers = groups.answers_of(actor, code)
    for party in groups.parties(groups.guests(actor, code)):
        if not all(one.stage == groups.NO_REQUEST for one in party):
            told.n_left += sum(one.stage == groups.NO_REQUEST for one in party)
            continue
        said = groups.said_of(party, answers, agreed, table)
        try:
            asking.request_bed(people=said, actor=actor, now=now, operation=code)
            told.n += len(party)
        except Refused as refused:
            told.against |= set(refused.objections)
    return told


def agree(*, code: str, agreed: Collection[str], actor: Actor, now: datetime) -> Done:
    """Note that adults who wait said yes now: what was asked for them is asked anew."""
    told = Done()
    rows = groups.open_requests(actor, code)
    for opened in queries.opened_requests(actor, rows):
        late = [p for p in opened.people if p.code in agreed and not p.is_agreed]
        if not any(rules.is_adult(p.age_band, load()) for p in late):
            continue
        said = {
            p.code: {
                **asking.told(p),
                "area": p.area,
                "avoids": p.avoids,
                "basis": "EMERGENCY" if p.has_basis
                else "ADULT_AGREES" if p.is_agreed or p in late else "",
            }
            for p in opened.people
        }  # fmt: skip
        asking.withdraw(request_id=opened.row.pk, actor=actor, now=now)
        asking.request_bed(people=said, actor=actor, now=now, operation=code)
        told.n += len(late)
    return told


def ask_houses(*, code: str, places: Sequence[groups.Asked], actor: Actor, now: datetime) -> Done:
    """Ask the houses of a proposal: `places` as they were shown.

    The rules are asked anew for each; what no longer fits is told, and the others are asked.
    """
    told = Done()
    mine = {row.pk for row in groups.open_requests(actor, code)}
    for one in places:
        if one.request not in mine:
            told.n_left += 1
            continue
        try:
            asking.ask(
                request_id=one.request,
                shelters=[one.house],
                plan=one.rooms,
                actor=actor,
                now=now,
            )
            told.n += 1
        except Refused as refused:
            told.against |= set(refused.objections)
    return told


def answer_all(
    *, code: str, asks: Collection[int], reason: str, actor: Actor, now: datetime
) -> Done:
    """Answer for a whole group, as the house: yes to these asks, or no with this reason."""
    told = Done()
    for row in groups.asks_of(actor, code):
        if row.pk not in asks or row.state != "OPEN":
            continue
        try:
            if reason:
                asking.answer_no(ask_id=row.pk, reason=reason, actor=actor, now=now)
            else:
                asking.hold(ask_id=row.pk, actor=actor, now=now)
            told.n += 1
        except Refused as refused:
            told.against |= set(refused.objections)
            told.n_left += 1
    return told


def take_all(*, code: str, escorts: Mapping[str, str], actor: Actor, now: datetime) -> Done:
    """Take every bed that houses hold; `escorts` names who brings them, by house."""
    told = Done()
    for rows in groups.holds(actor, code).values():
        for row in rows:
            escort = escorts.get(row.shelter_id, "")
            if not escort:
                told.n_left += 1
                continue
            try:
                asking.accept(ask_id=row.pk, escort=escort, actor=actor, now=now)
                told.n += 1
            except Refused as refused:
                told.against |= set(refused.objections)
    return told


def record_waiting(*, code: str, actor: Actor, now: datetime) -> Done:
    """Note for everybody who waits that nothing fitted, and go on to the next step of the ladder.

    For whom it was noted within the time of a hold, nothing is noted twice.
    """
    told = Done()
    since = now - load().hours("hold")
    for row in groups.open_requests(actor, code):
        if row.unmet_set.filter(at__gt=since).exists():
            continue
        step = rules.next_rung(queries.taken_steps(row), load())
        if step:
            asking.climb(request_id=row.pk, step=step, actor=actor, now=now)
            told.n += 1
    return told
