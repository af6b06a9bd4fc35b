"""The course of a case for those who may read it, and the cases in the order of what is owed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.timezone import localdate

from amana.access import policy
from amana.access.queries import account_names, held_keys
from amana.access.rules import Actor
from amana.cases.models import Case, Compartment
from amana.cases.queries import opened_with, timeline, visible_to
from amana.protection import rules, sheets
from amana.protection.models import Due
from amana.standards import journey as table
from amana.standards import sheets as sheet_table
from amana.standards.calendars import calendar_of
from amana.standards.sheets import Sheet

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
    # The sheet from which it follows, if it was not entered by itself.
    sheet: str = ""


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
        sheet=str(said.get("sheet", "")),
    )


@dataclass(frozen=True)
class Kept:
    """One kept version of a sheet, opened. `over` is the number of the one it was written over."""

    number: int
    sheet: str
    values: Mapping[str, Any] = field(repr=False)
    over: int
    by: str
    role: str
    at: datetime


def kept_sheets(actor: Actor, case: Case) -> list[Kept]:
    """Return every version of every sheet that this person may read, the oldest first."""
    parts = sheet_table.parts() & policy.opens(actor.role)
    rows = list(Compartment.objects.filter(case=case, name__in=parts).order_by("pk"))
    keys = held_keys(actor, {row.key_id for row in rows})
    return [_kept(row, opened_with(keys[row.key_id], row)) for row in rows if row.key_id in keys]


def _kept(row: Compartment, said: Mapping[str, Any]) -> Kept:
    return Kept(
        number=row.pk,
        sheet=str(said["sheet"]),
        values=said["values"],
        over=int(said["over"]),
        by=row.written_by,
        role=str(said["role"]),
        at=row.written_at,
    )


def reads(actor: Actor, sheet: Sheet) -> bool:
    """Say whether a role reads what lies in the part of a sheet."""
    return sheet.part in policy.opens(actor.role)


def may_open(actor: Actor, case: Case, name: str) -> bool:
    """Say whether a document of a case is one that this person reads or writes."""
    sheet = sheet_table.load().get(name)
    if sheet is None or not sheet.is_for(case.tier):
        return False
    return reads(actor, sheet) or actor.role.value in sheet.by


def beside(lines: list[Line], kept: list[Kept], now: datetime) -> sheets.Known:
    """Return what this person can see beside a sheet that she fills."""
    names = account_names()
    authors: dict[str, set[str]] = {}
    for one in kept:
        authors.setdefault(one.sheet, set()).add(names.get(one.by, ""))
    newest = {one.sheet: one.values for one in kept}
    return sheets.Known(
        today=localdate(now),
        facts=frozenset(rules.standing(lines, table.load(), now).facts),
        standing=newest,
        authors={name: frozenset(found) for name, found in authors.items()},
    )


def reads_all(actor: Actor) -> bool:
    """Say whether a role reads the whole course; else she is judged by what she sees."""
    return policy.opens(actor.role) >= PARTS


def reads_track(actor: Actor, track: str) -> bool:
    """Say whether a role sees where a track stands; of a fact, which has none, whether any."""
    part = table.load().tracks[track].part if track else COURSE
    return part in policy.opens(actor.role)


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


SHOWN = 100


def worklist(actor: Actor) -> list[Waiting]:
    """Return the cases that are there for this person in the order of what is owed, the first 100.

    Ordered in the database by the moment alone; what is owed is opened for what is shown.
    """
    rows = list(
        Due.objects.filter(case__in=visible_to(actor), due_at__isnull=False)
        .select_related("case")
        .order_by("due_at", "case_id")[:SHOWN]
    )
    said = headlines(actor, [row.case_id for row in rows])
    return [
        Waiting(row.case, row.due_at, said[row.case_id]["status"], said[row.case_id]["duty"])
        for row in rows
        if row.case_id in said
    ]


def n_late(actor: Actor, now: datetime) -> int:
    """Return in how many of this person's cases something is late."""
    return Due.objects.filter(case__in=visible_to(actor), due_at__lt=now).count()


def headlines(actor: Actor, codes: list[str]) -> dict[str, dict[str, str]]:
    """Return how cases stand and which duty is next, for those who may read it; two queries."""
    rows = list(Compartment.objects.filter(case__in=codes, name=HEADLINE))
    keys = held_keys(actor, {row.key_id for row in rows})
    return {r.case_id: opened_with(keys[r.key_id], r) for r in rows if r.key_id in keys}
