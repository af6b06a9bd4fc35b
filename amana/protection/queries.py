"""The course of a case for those who may read it, and the cases in the order of what is owed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from amana.access import policy
from amana.access.queries import held_keys
from amana.access.rules import CARE, Actor, Role
from amana.cases.models import Case, Compartment
from amana.cases.queries import opened_with, seen_by, timeline
from amana.protection import rules
from amana.protection.models import Due
from amana.standards import journey as table
from amana.standards.calendars import calendar_of

# Facts lie with the course; a track lies in the part that the table names.
COURSE, HEADLINE = "course", "headline"
PARTS = frozenset({COURSE, *(track.part for track in table.load().tracks.values())})


@dataclass(frozen=True)
class Line:
    """One entry of a case's course, opened."""

    number: int
    track: str
    kind: str
    at: datetime
    by: str
    strikes: int
    role: str = ""
    reason: str = ""
    place: str = ""
    noted_at: datetime | None = None


def course(actor: Actor, case: Case) -> list[Line]:
    """Return what this person may read of a case's course, as it was written down."""
    parts = PARTS & policy.opens(actor.role)
    rows = list(Compartment.objects.filter(case=case, name__in=parts).order_by("pk"))
    keys = held_keys(actor, {row.key_id for row in rows})
    opened = [(row, opened_with(keys[row.key_id], row)) for row in rows if row.key_id in keys]
    return [*_begun(case), *(_line(row, said) for row, said in opened)]


def _begun(case: Case) -> list[Line]:
    """Return what the case's own milestones say of its tracks, before all that is entered."""
    begins = table.load().begins
    said = [(m, *begins[m.kind]) for m in timeline(case) if m.kind in begins]
    return [Line(n - len(said), track, to, m.at, m.by, 0) for n, (m, track, to) in enumerate(said)]


def _line(row: Compartment, said: Mapping[str, Any]) -> Line:
    return Line(
        number=row.pk,
        track=str(said["track"]),
        kind=str(said["kind"]),
        at=datetime.fromisoformat(said["at"]),
        by=row.written_by,
        strikes=int(said["strikes"]),
        role=str(said["role"]),
        reason=str(said["reason"]),
        place=str(said["place"]),
        noted_at=row.written_at,
    )


def reads_all(actor: Actor) -> bool:
    """Say whether a role reads the whole course; else she is judged by what she sees."""
    return policy.opens(actor.role) >= PARTS


def owed(case: Case, lines: list[Line], now: datetime) -> list[rules.Owed]:
    """Return the duties of a case, with what its own milestones started or met."""
    milestones = [Line(0, "CASE", m.kind, m.at, m.by, 0) for m in timeline(case)]
    return rules.owed(
        [*milestones, *lines],
        table.duties(),
        tier=case.tier,
        journey=table.load(),
        calendar=calendar_of(settings.NODE.country),
        now=now,
    )


@dataclass(frozen=True)
class Waiting:
    """A case in a list: when something is owed, and what, where this person may read it."""

    case: Case
    due_at: datetime | None
    status: str
    duty: str


# As many as a person can take up in a day; who is further down is asked for page by page.
SHOWN, MOST_PAGES = 25, 400


def worklist(actor: Actor, *, page: int = 1) -> tuple[list[Waiting], bool]:
    """Return the cases that are there for this person in the order of what is owed, and whether
    a further page follows.

    Ordered in the database by the moment alone; what is owed is opened for what is shown.
    """
    begin = (min(max(page, 1), MOST_PAGES) - 1) * SHOWN
    rows = list(
        _listed(actor)
        .filter(due_at__isnull=False)
        .select_related("case")
        .order_by("due_at", "case_id")[begin : begin + SHOWN + 1]
    )
    said = headlines(actor, [row.case_id for row in rows[:SHOWN]])
    found = [
        Waiting(row.case, row.due_at, said[row.case_id]["status"], said[row.case_id]["duty"])
        for row in rows[:SHOWN]
        if row.case_id in said
    ]
    return found, len(rows) > SHOWN


def n_late(actor: Actor, now: datetime) -> int:
    """Return in how many of this person's cases something is late, counted up to a thousand."""
    return int(_listed(actor).filter(due_at__lt=now)[:1000].count())


def _listed(actor: Actor) -> QuerySet[Due]:
    """Return the moments of this person's cases: of her unit, and of a worker only her own.

    The unit's come out of the index in their order; a worker's few are found by her first.
    """
    rows = Due.objects.filter(*seen_by(actor, "case_id"), team=actor.team_of(CARE))
    if actor.role is Role.CASE_WORKER:
        rows = rows.filter(case__in=Case.objects.filter(worker__in=("", actor.account_id)))
    return rows


def headlines(actor: Actor, codes: list[str]) -> dict[str, dict[str, str]]:
    """Return how cases stand and which duty is next, for those who may read it; two queries."""
    rows = list(Compartment.objects.filter(case__in=codes, name=HEADLINE))
    keys = held_keys(actor, {row.key_id for row in rows})
    return {r.case_id: opened_with(keys[r.key_id], r) for r in rows if r.key_id in keys}
