"""Breaking glass: two supervisors open one part of one case for 24 hours."""

from datetime import datetime
from typing import Any

from django.db import transaction

from amana.access import rules as access
from amana.access.actions import tell
from amana.access.queries import institution_of, keeper, members, of_role, open_wrap, peeled
from amana.access.rules import GLASS, Actor, NotFound, Refused, Role
from amana.audit.actions import record
from amana.cases import queries
from amana.cases.actions.parts import mark, note_opening
from amana.cases.models import Case, Compartment, Glass
from amana.crypto.secrets import Key, new_id
from amana.keeper.answers import Approval
from amana.keeper.client import approve_glass
from amana.keeper.rules import KeeperRefused
from amana.standards import codes


@transaction.atomic
def ask_glass(*, code: str, part: str, reason: str, actor: Actor, now: datetime) -> Glass:
    """Ask, as a supervisor, to open a part that no key of one's own opens. Another must approve."""
    codes.check("GLASS_REASON", reason)
    access.require_step_up(actor, now)
    row = _part(code, part, actor)
    word = approve_glass(account=actor.account_id, seed=actor.seed, key_id=row.key_id, at=now)
    glass = Glass.objects.create(
        id=new_id(),
        part=row,
        reason=reason,
        asked_by=actor.account_id,
        asked_at=now,
        asked_signature=word.signature,
    )
    _tell_who_must_know(row.case, glass, actor, now)
    record(
        at=now,
        actor=actor.account_id,
        verb="cases.ask_glass",
        subject=row.case_id,
        part=part,
        reason=reason,
    )
    return glass


def _part(code: str, part: str, actor: Actor) -> Compartment:
    """Return a part of a case of this supervisor's own institution, or NotFound."""
    if actor.role is not Role.SUPERVISOR or not actor.holds(GLASS):
        raise NotFound
    row = Compartment.objects.select_related("case").filter(case=code, name=part).last()
    if row is None or queries.has_conflict(row.case, actor.account_id):
        raise NotFound
    if institution_of(row.case.team) != institution_of(GLASS):
        raise NotFound
    return row


def _tell_who_must_know(case: Case, glass: Glass, actor: Actor, now: datetime) -> None:
    told = {a.pk for a in of_role(Role.DATA_PROTECTION)}
    told |= {a.pk for a in members(case.team, Role.SUPERVISOR)} | {
        a.pk for a in members(GLASS, Role.SUPERVISOR)
    }
    told |= {a.pk for team in queries.involved_of_kind(case, "guardian") for a in members(team)}
    tell(told - {actor.account_id}, "GLASS", reference=glass.pk, now=now)


@transaction.atomic
def approve(*, glass_id: str, actor: Actor, now: datetime) -> Glass:
    """Give the second word, as another supervisor. Both can then open the part, and nobody else."""
    access.require_step_up(actor, now)
    glass = Glass.objects.select_for_update().filter(pk=glass_id).first()
    if glass is None:
        raise NotFound
    _part(glass.part.case_id, glass.part.name, actor)
    if glass.asked_by == actor.account_id:
        raise Refused(["SECOND_PERSON_IS_THE_FIRST"])
    if glass.approved_by:
        raise Refused(["NOTHING_TO_CONFIRM"])
    key_id = glass.part.key_id
    word = approve_glass(account=actor.account_id, seed=actor.seed, key_id=key_id, at=now)
    glass.approved_by, glass.approved_at = actor.account_id, now
    glass.approved_signature = word.signature
    glass.save()
    mark(glass.part.case, "glass_broken", at=now, by=actor.account_id)
    record(at=now, actor=actor.account_id, verb="cases.approve_glass", subject=glass.part.case_id)
    return glass


@transaction.atomic
def open_glass(*, glass_id: str, actor: Actor, now: datetime) -> tuple[Compartment, dict[str, Any]]:
    """Open the part that two supervisors gave their word for, as one of them, within 24 hours.

    The keeper holds the layer and looks at both words and at its own clock each time.
    """
    glass = Glass.objects.select_related("part__case").filter(pk=glass_id).first()
    if glass is None or actor.account_id not in (glass.asked_by, glass.approved_by):
        raise NotFound
    if not glass.approved_by or glass.approved_at is None or glass.approved_signature is None:
        raise Refused(["GROUND_NEEDS_SECOND_PERSON"])
    row = glass.part
    words = [
        Approval(glass.asked_by, glass.asked_at, bytes(glass.asked_signature)),
        Approval(glass.approved_by, glass.approved_at, bytes(glass.approved_signature)),
    ]
    document = queries.opened_with(_glass_key(actor, row.key_id, words), row)
    note_opening(row.case, row.name, glass.reason, actor, now)
    return row, document


def _glass_key(actor: Actor, key_id: str, words: list[Approval]) -> Key:
    found = peeled(actor, queries.glass_wraps(key_id))
    if not found:
        raise NotFound
    wrap, layered = found[0]
    try:
        inner = keeper().glass_open(key_id=key_id, box=layered, approvals=words)
    except KeeperRefused as refused:
        raise Refused([refused.code]) from None
    return open_wrap(actor, wrap, inner)
