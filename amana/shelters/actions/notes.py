"""The log of a house and its incidents. What accuses the staff goes past the house."""

from datetime import datetime

from django.db import transaction

from amana.access.actions import tell
from amana.access.actions.keys import issue_key
from amana.access.documents import seal_document
from amana.access.queries import members, of_role, teams_of_kind
from amana.access.rules import CARE, Actor, NotFound, Role
from amana.audit.actions import record
from amana.crypto.secrets import new_id
from amana.shelters import queries
from amana.shelters.models import Note, Shelter
from amana.standards import codes

LOG = "LOG"


@transaction.atomic
def write_note(
    *,
    code: str,
    kind: str,
    words: str,
    actor: Actor,
    now: datetime,
    case_code: str = "",
) -> Note:
    """Write a line of the log, or an incident, as somebody of the house or as who leads a case.

    An abuse by staff is sealed to the care units and told to data protection and coordination;
    nobody of the house can open it, see it or count it, whoever of them wrote it.
    """
    if kind != LOG:
        codes.check("INCIDENT", kind)
    row = queries.shelter(code)
    case = _case_inside(row, case_code) if case_code else None
    if actor.role in queries.STAFF:
        queries.access_own(actor, code)
    elif actor.role not in queries.ASKING or kind == LOG:
        raise NotFound
    readers = [t.pk for t in teams_of_kind(CARE)]
    if kind != queries.ABUSE:
        readers.append(row.team)
    key_id, key = issue_key(*readers, actor=actor)
    note = Note(
        id=new_id(), shelter=row, case_id=case, kind=kind, at=now, by=actor.account_id,
        key_id=key_id,
    )  # fmt: skip
    note.sealed = seal_document(key, {"words": words}, queries.note_place(note.pk, key_id))
    note.save(force_insert=True)
    _tell(row, kind, actor, now)
    # The record is read by whoever reads it: it says that something was written, not of what kind.
    record(at=now, actor=actor.account_id, verb="shelters.write_note", subject=note.pk)
    return note


def _case_inside(row: Shelter, case_code: str) -> str:
    found = next((s for s in queries.inside(row) if s.case_id == case_code), None)
    if found is None:
        raise NotFound
    return found.case_id


def _tell(row: Shelter, kind: str, actor: Actor, now: datetime) -> None:
    if kind == LOG:
        return
    if kind == queries.ABUSE:
        told = {a.pk for a in (*of_role(Role.DATA_PROTECTION), *of_role(Role.COORDINATOR))}
        tell(told, "ABUSE_REPORTED", reference=row.pk, now=now)
        return
    tell(
        {a.pk for a in members(row.team)} - {actor.account_id},
        "INCIDENT_NOTED",
        reference=row.pk,
        now=now,
    )


@transaction.atomic
def close_note(*, note_id: str, actor: Actor, now: datetime) -> None:
    """Close an incident. A report of abuse by staff is closed by the coordination alone."""
    row = Note.objects.filter(pk=note_id, closed_at=None).first()
    if row is None:
        raise NotFound
    if row.kind == queries.ABUSE:
        if actor.role is not Role.COORDINATOR:
            raise NotFound
    elif actor.role is not Role.SHELTER_MANAGER:
        raise NotFound
    else:
        queries.access_own(actor, row.shelter_id)
    row.closed_at = now
    row.save(update_fields=["closed_at"])
    record(at=now, actor=actor.account_id, verb="shelters.close_note", subject=note_id)
