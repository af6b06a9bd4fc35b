"""Drafts of a responder, screenings that wait for a supervisor."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from amana.access.documents import open_document
from amana.access.queries import access_key, held_keys, holds_key
from amana.access.rules import Actor, NotFound
from amana.crypto.boxes import Place
from amana.crypto.secrets import Key
from amana.identification.models import Draft, Screening
from amana.standards.calendars import calendar_of, due
from amana.standards.clocks import clock


def draft_place(draft_id: str) -> Place:
    """Return where a draft lies."""
    return Place("identification_draft", draft_id, "sealed", "own")


def screening_place(code: str, field: str, key_id: str) -> Place:
    """Return where a screening's content or its decision lies."""
    return Place("identification_screening", code, field, key_id)


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


def waiting(actor: Actor) -> list[Opened]:
    """Return what waits for a decision, with what it holds: immediate danger first, then oldest."""
    rows = list(
        Screening.objects.filter(holds_key(actor), decided_at=None).order_by("received_at")[:200]
    )
    keys = held_keys(actor, {r.key_id for r in rows})
    opened = [_opened(r, keys[r.key_id]) for r in rows]
    return sorted(opened, key=lambda o: (not is_urgent(o.content), o.row.received_at))


def decided(actor: Actor) -> list[Screening]:
    """Return what was decided last, pseudonymous."""
    return list(
        Screening.objects.filter(holds_key(actor), decided_at__isnull=False).order_by(
            "-decided_at"
        )[:50]
    )


def n_waiting() -> int:
    """Return how many screenings wait for a decision."""
    return Screening.objects.filter(decided_at=None).count()


def is_urgent(content: dict[str, Any]) -> bool:
    """Say whether a sign of danger now, or of care needed now, was ticked."""
    return bool({"P1", "P2", "P3"} & set(content.get("indicators", [])))


def review_due(row: Screening, country: str) -> datetime:
    """Return by when a supervisor must have decided."""
    return due(row.received_at, clock("screening_review", row.tier), calendar_of(country))
