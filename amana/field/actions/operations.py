"""Operations: opened with their wristbands beforehand, ended when everybody has an owner."""

from datetime import datetime

from django.db import transaction

from amana.access import queries as access
from amana.access.actions.keys import erase_keys, issue_key
from amana.access.documents import seal_document
from amana.access.rules import CARE, Actor, NotFound, Refused, Role
from amana.audit.actions import record
from amana.field import group, operations, queries, rules
from amana.field.models import Operation, Wristband
from amana.standards.references import new_reference


@transaction.atomic
def open_operation(
    *,
    name: str,
    team: str,
    expected: int,
    n_wristbands: int,
    begins_at: datetime,
    actor: Actor,
    now: datetime,
) -> Operation:
    """Open an operation for a unit, with wristbands to print; its name is sealed to the unit.

    A coordinator may name it and cannot read it again. A supervisor opens one for her own unit.
    """
    if actor.role not in operations.OPENING or not _may_lead(actor, team):
        raise NotFound
    against = group.objections_to_wristbands(n_wristbands)
    if team not in {t.pk for t in access.teams_of_kind(CARE)}:
        against.append("TEAM_TAKES_NO_PHONES")
    if against:
        raise Refused(against)
    code = new_reference("O")
    key_id, key = issue_key(team, actor=actor)
    place = queries.operation_place(code, key_id)
    row = Operation.objects.create(
        code=code,
        team_id=team,
        expected=expected,
        begins_at=begins_at,
        made_by=actor.account_id,
        key_id=key_id,
        sealed=seal_document(key, {"name": name}, place),
    )
    _number(row, n_wristbands)
    record(at=now, actor=actor.account_id, verb="field.open_operation", subject=code)
    return row


def _may_lead(actor: Actor, team: str) -> bool:
    return actor.role is Role.COORDINATOR or actor.holds(team)


def _number(row: Operation, more: int) -> None:
    """Make wristbands whose codes tell neither their order nor their operation."""
    made = Wristband.objects.filter(operation=row).count()
    Wristband.objects.bulk_create(
        Wristband(code=new_reference(rules.BAND), operation=row, number=number)
        for number in range(made + 1, made + more + 1)
    )


@transaction.atomic
def more_wristbands(*, code: str, more: int, actor: Actor, now: datetime) -> None:
    """Make further wristbands when more people were found than expected."""
    row = _locked(code, actor)
    against = group.objections_to_wristbands(more, operations.n_wristbands(row))
    if row.ended_at is not None:
        against.append("OPERATION_ENDED")
    if against:
        raise Refused(against)
    _number(row, more)
    record(at=now, actor=actor.account_id, verb="field.more_wristbands", subject=code)


@transaction.atomic
def end_operation(*, code: str, actor: Actor, now: datetime) -> None:
    """End an operation: everybody has an owner or a closed reason, and no phones differ any more.

    Only the unit's supervisor can, since nobody else reads whether it is so.
    """
    row = _locked(code, actor)
    if not actor.holds(row.team_id):
        raise NotFound
    found = operations.overview(actor, code)
    against = group.objections_to_end(
        is_ended=row.ended_at is not None,
        n_without_owner=found.n_without_owner,
        has_clash=found.n_clashing > 0,
    )
    if against:
        raise Refused(against)
    row.ended_at = now
    row.save(update_fields=["ended_at"])
    record(at=now, actor=actor.account_id, verb="field.end_operation", subject=code)


def _locked(code: str, actor: Actor) -> Operation:
    row = Operation.objects.select_for_update().filter(pk=code).first()
    if row is None or actor.role not in operations.OPENING or not _may_lead(actor, row.team_id):
        raise NotFound
    return row


@transaction.atomic
def sweep_operations(now: datetime) -> int:
    """Erase operations that ended long ago, with their wristbands: late parts no longer come."""
    old = list(Operation.objects.filter(ended_at__lte=now - rules.MEMORY))
    if old:
        erase_keys(key_ids=[row.key_id for row in old], now=now, by="worker")
        Operation.objects.filter(pk__in=[row.pk for row in old]).delete()
        record(at=now, actor="worker", verb="field.sweep_operations", subject=str(len(old)))
    return len(old)
