"""Writing and opening the sealed parts of a case, and giving their keys to who may open them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from amana.access import policy
from amana.access.actions.keys import erase_keys, issue_key, share_key
from amana.access.documents import seal_document
from amana.access.queries import access_key, held_keys, teams_of_kind
from amana.access.rules import GLASS, Actor, NotFound, Refused
from amana.audit.actions import record
from amana.cases import queries, rules
from amana.cases.models import Case, Compartment, Milestone, Opening
from amana.standards import codes
from amana.standards.need_to_know import EDIT, REPLACE


def mark(case: Case, kind: str, *, at: datetime, by: str = "", reference: str = "") -> Milestone:
    """Leave a milestone on the case's timeline; later rooms, clocks and figures read it."""
    return Milestone.objects.create(case=case, kind=kind, at=at, by=by, reference=reference)


def write_new(
    case: Case, name: str, document: Mapping[str, Any], actor: Actor, now: datetime
) -> Compartment:
    """Seal a part for the first time, to the teams on this case that may open it.

    The supervisors get a wrap that only two of them open together.
    """
    serial = Compartment.objects.filter(case=case, name=name).count() + 1
    key_id, key = issue_key(*queries.readers(case, name), actor=actor)
    sealed = seal_document(key, document, queries.compartment_place(case.code, name, key_id))
    return Compartment.objects.create(
        case=case,
        name=name,
        serial=serial,
        key_id=key_id,
        sealed=sealed,
        written_at=now,
        written_by=actor.account_id,
    )


def count(
    case: Case,
    content: Mapping[str, Any],
    decision: Mapping[str, Any],
    actor: Actor,
    now: datetime,
) -> None:
    """Seal what may be counted of a case to the statisticians: codes, and never who."""
    coded = {
        "class": decision["class"],
        "indicators": list(content["indicators"]),
        "minor": content["minor"],
        "situation": content["situation"],
        "sex": case.sex,
        "citizenship": content.get("citizenship", ""),
    }
    _seal_to_statisticians(case, coded, actor, now)


def count_more(case: Case, coded: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    """Seal further codes to the statisticians, of a case that is counted: a need, a new episode.

    Of somebody who does not want to be counted nothing lies there, and nothing is added.
    """
    if Compartment.objects.filter(case=case, name=rules.STATS).exists():
        _seal_to_statisticians(case, coded, actor, now)


def _seal_to_statisticians(
    case: Case, coded: Mapping[str, Any], actor: Actor, now: datetime
) -> None:
    teams = [t.pk for t in teams_of_kind("statistics")]
    if not teams:
        return
    serial = Compartment.objects.filter(case=case, name=rules.STATS).count() + 1
    key_id, key = issue_key(*teams, actor=actor)
    place = queries.compartment_place(case.code, rules.STATS, key_id)
    Compartment.objects.create(
        case=case,
        name=rules.STATS,
        serial=serial,
        key_id=key_id,
        sealed=seal_document(key, {"coded": dict(coded)}, place),
        written_at=now,
        written_by=actor.account_id,
    )


def give_out(case: Case, actor: Actor) -> None:
    """Give every part that this person holds to the involved teams that may open it."""
    rows = list(Compartment.objects.filter(case=case))
    keys = held_keys(actor, {r.key_id for r in rows})
    for row in rows:
        if row.key_id in keys:
            for team in queries.readers(case, row.name):
                if team != GLASS:
                    share_key(key_id=row.key_id, key=keys[row.key_id], team=team, actor=actor)


@transaction.atomic
def write_compartment(
    *,
    case: Case,
    name: str,
    changes: Mapping[str, Any],
    version: int,
    actor: Actor,
    now: datetime,
) -> Compartment:
    """Write into one sealed part, in the way that this person's role may.

    Who reads a part changes its fields, and is refused when a colleague changed it in between. Who
    does not read it writes a copy anew, or adds, and never sees what stood there.
    """
    if case.is_historical:
        raise Refused(["HISTORICAL_IS_CLOSED"])
    way = policy.way_of_writing(actor.role, name)
    if not way or set(changes) - set(policy.fields(name)):
        raise NotFound
    if queries.file_of(name) != case.file:
        raise NotFound
    row = Compartment.objects.select_for_update().filter(case=case, name=name).first()
    if row is None:
        written = write_new(case, name, changes, actor, now)
    elif way == EDIT:
        written = _edit(case, row, changes, version, actor, now)
    else:
        if way == REPLACE:
            erase_keys(key_ids=[row.key_id], now=now, by=actor.account_id)
            row.delete()
        written = write_new(case, name, changes, actor, now)
    record(
        at=now, actor=actor.account_id, verb="cases.write_compartment", subject=case.code, part=name
    )
    return written


def edit_part(
    case: Case, name: str, changes: Mapping[str, Any], actor: Actor, now: datetime
) -> None:
    """Change fields of a part that stands, as it stands now, for somebody who reads it."""
    row = Compartment.objects.select_for_update().get(case=case, name=name)
    _edit(case, row, changes, row.version, actor, now)


def _edit(
    case: Case,
    row: Compartment,
    changes: Mapping[str, Any],
    version: int,
    actor: Actor,
    now: datetime,
) -> Compartment:
    _, document = queries.access_compartment(actor, case, row.name)
    if row.version != version:
        raise Refused(["CHANGED_MEANWHILE"])
    key = access_key(actor, row.key_id)
    place = queries.compartment_place(case.code, row.name, row.key_id)
    row.sealed = seal_document(key, {**document, **changes}, place)
    row.version, row.written_at, row.written_by = version + 1, now, actor.account_id
    row.save()
    give_out(case, actor)
    return row


@transaction.atomic
def open_compartment(
    *, case: Case, name: str, reason: str, actor: Actor, now: datetime
) -> tuple[Compartment, dict[str, Any]]:
    """Open one sealed part of a case for a stated reason; the opening is on record.

    A role that may not open the part finds nothing, even where its team should hold a key.
    """
    codes.check("OPEN_REASON", reason)
    row, document = queries.access_compartment(actor, case, name)
    note_opening(case, name, reason, actor, now)
    give_out(case, actor)
    return row, document


def note_opening(case: Case, name: str, reason: str, actor: Actor, now: datetime) -> None:
    """Enter an opening in the list of the case and in the record."""
    Opening.objects.create(case=case, part=name, account=actor.account_id, reason=reason, at=now)
    record(
        at=now,
        actor=actor.account_id,
        verb="cases.open_compartment",
        subject=case.code,
        part=name,
        reason=reason,
    )
