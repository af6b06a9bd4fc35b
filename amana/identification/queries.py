"""Instruments, drafts of a worker, screenings that wait, formal decisions."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from amana.access.documents import open_document
from amana.access.queries import access_key, held_keys, holds_key
from amana.access.rules import Actor, NotFound
from amana.crypto.boxes import Place
from amana.crypto.secrets import Key
from amana.identification.answers import Given
from amana.identification.models import Draft, FormalStep, Screening
from amana.identification.rules import PERSON, Formal
from amana.standards import countries
from amana.standards.calendars import calendar_of, due
from amana.standards.clocks import clock
from amana.standards.instrument import Instrument, NotLoaded
from amana.standards.instruments import INSTRUMENTS, Shelf, shelf_of


def shelf() -> Shelf:
    """Return the instruments of this node: those that come with Amana, and its own."""
    own = Path(settings.INSTRUMENTS) if settings.INSTRUMENTS else None
    changed = own.stat().st_mtime_ns if own is not None and own.is_dir() else 0
    return _shelf(own, changed)


@lru_cache(maxsize=2)
def _shelf(own: Path | None, _changed: int) -> Shelf:
    return shelf_of([INSTRUMENTS, *([own] if own is not None else [])])


def access_instrument(name: str, version: str = "") -> Instrument:
    """Return an instrument in this version, or in its newest; NotFound when it is not loaded."""
    try:
        return shelf().find(name, version)
    except NotLoaded:
        raise NotFound from None


def find_instrument(content: dict[str, Any]) -> Instrument | None:
    """Return the version that a screening was made with, None when this node no longer has it."""
    try:
        return shelf().find(content.get("instrument", ""), content.get("version", ""))
    except NotLoaded:
        return None


def today(now: datetime) -> date:
    """Return the day of a moment, as it is on the walls of this country."""
    return now.astimezone(countries.zone(settings.NODE.country)).date()


def draft_place(draft_id: str) -> Place:
    """Return where a draft lies."""
    return Place("identification_draft", draft_id, "sealed", "own")


def screening_place(code: str, field: str, key_id: str) -> Place:
    """Return where a screening's content or its decision lies."""
    return Place("identification_screening", code, field, key_id)


def formal_place(step_id: str, key_id: str) -> Place:
    """Return where a step of a formal identification lies."""
    return Place("identification_formal", step_id, "sealed", key_id)


def draft_key(actor: Actor, draft: Draft) -> Key:
    """Return the key of a draft: its author's own, of one epoch. NotFound when that is gone."""
    key = actor.own_key(draft.epoch)
    if key is None:
        raise NotFound
    return key


def access_draft(actor: Actor, draft_id: str) -> tuple[Draft, dict[str, Any]]:
    """Return a draft of this person and what it holds, or NotFound."""
    draft = Draft.objects.filter(pk=draft_id, account_id=actor.account_id).first()
    if draft is None:
        raise NotFound
    return draft, open_document(draft_key(actor, draft), bytes(draft.sealed), draft_place(draft.pk))


def given_of(content: dict[str, Any]) -> Given:
    """Return what was answered, the facts about the person among the other answers."""
    person = {key: content[key] for key in content.get(PERSON, ()) if key in content}
    return Given(
        {**person, **content.get("answers", {})},
        content.get("words", {}),
        content.get("skipped", {}),
    )


def drafts(actor: Actor) -> list[Draft]:
    """Return the drafts of this person, newest first."""
    return list(Draft.objects.filter(account_id=actor.account_id).order_by("-updated_at"))


def receipts(actor: Actor) -> list[Screening]:
    """Return what this person sent, as receipts: code and dates, nothing more."""
    return list(Screening.objects.filter(account_id=actor.account_id).order_by("-received_at")[:50])


@dataclass(frozen=True)
class Opened:
    """A screening as the care team reads it."""

    row: Screening
    key: Key
    content: dict[str, Any]
    decision: dict[str, Any] | None


def access_screening(actor: Actor, code: str) -> Opened:
    """Return a screening that this person's team holds the key to, or NotFound."""
    row = Screening.objects.filter(holds_key(actor), pk=code).first()
    if row is None:
        raise NotFound
    return _opened(row, access_key(actor, row.key_id))


def _opened(row: Screening, key: Key) -> Opened:
    content = open_document(key, bytes(row.sealed), screening_place(row.code, "sealed", row.key_id))
    decision = None
    if row.sealed_decision is not None:
        place = screening_place(row.code, "sealed_decision", row.key_id)
        decision = open_document(key, bytes(row.sealed_decision), place)
    return Opened(row, key, content, decision)


def _opened_all(actor: Actor, rows: list[Screening]) -> list[Opened]:
    keys = held_keys(actor, {r.key_id for r in rows})
    return [_opened(r, keys[r.key_id]) for r in rows]


def waiting(actor: Actor) -> list[Opened]:
    """Return what waits for a decision, with what it holds: immediate danger first, then oldest."""
    rows = list(
        Screening.objects.filter(holds_key(actor), decided_at=None).order_by("received_at")[:200]
    )
    opened = _opened_all(actor, rows)
    return sorted(opened, key=lambda o: (not is_urgent(o.content), o.row.received_at))


def decided(actor: Actor) -> list[Screening]:
    """Return what was decided last, pseudonymous."""
    return list(
        Screening.objects.filter(holds_key(actor), decided_at__isnull=False).order_by(
            "-decided_at"
        )[:50]
    )


def to_rescreen(actor: Actor) -> list[tuple[Screening, date]]:
    """Return whom to see again and on which day, the earliest first; once seen, no more.

    Of the last 200 decisions: the day lies sealed in each.
    """
    rows = Screening.objects.filter(
        holds_key(actor), decided_at__isnull=False, is_historical=False, later=None
    ).order_by("-decided_at")[:200]
    found = [
        (o.row, date.fromisoformat(o.decision["rescreen_on"]))
        for o in _opened_all(actor, list(rows))
        if o.decision and o.decision.get("rescreen_on")
    ]
    return sorted(found, key=lambda pair: (pair[1], pair[0].code))


def agreement() -> dict[str, int]:
    """Return how many screenings people decided on, and how often otherwise than the reading."""
    rows = Screening.objects.filter(decided_at__isnull=False, is_historical=False)
    return {"decided": rows.count(), "differs": rows.filter(differs=True).count()}


@dataclass(frozen=True)
class Recorded:
    """A step of a formal identification, with when and by whom it was recorded."""

    step: Formal
    at: datetime
    by: str


def formal_steps(opened: Opened) -> list[Recorded]:
    """Return the steps of a screening's formal identification, in their order, opened."""
    return [
        Recorded(_formal(opened, row), row.recorded_at, row.recorded_by)
        for row in FormalStep.objects.filter(screening=opened.row).order_by("number")
    ]


def _formal(opened: Opened, row: FormalStep) -> Formal:
    place = formal_place(row.pk, opened.row.key_id)
    held = open_document(opened.key, bytes(row.sealed), place)
    return Formal(**{**held, "on": date.fromisoformat(held["on"])})


def related(opened: Opened) -> list[Screening]:
    """Return the screening that this one follows, and those that follow it."""
    row = opened.row
    before = [row.follows] if row.follows else []
    return [*before, *row.later.order_by("received_at")]


def chain_of(code: str) -> list[str]:
    """Return the codes of all screenings of one person: what this follows, and what follows it."""
    chain, ends = {code}, {code}
    while ends:
        rows = Screening.objects.filter(pk__in=ends)
        before = set(rows.exclude(follows=None).values_list("follows_id", flat=True))
        after = set(Screening.objects.filter(follows__in=ends).values_list("pk", flat=True))
        ends = (before | after) - chain
        chain |= ends
    return sorted(chain)


def n_waiting() -> int:
    """Return how many screenings wait for a decision."""
    return Screening.objects.filter(decided_at=None).count()


def is_urgent(content: dict[str, Any]) -> bool:
    """Say whether a sign of danger now, or of care needed now, was ticked."""
    return bool({"P1", "P2", "P3"} & set(content.get("indicators", [])))


def review_due(row: Screening, country: str) -> datetime:
    """Return by when a supervisor must have decided."""
    return due(row.received_at, clock("screening_review", row.tier), calendar_of(country))
